// SPDX-License-Identifier: Apache-2.0
// The driver database of any image read: which packages are there, for which devices, and what of
// them is broken.
#ifndef WG_DRIVER_DB_DB_H
#define WG_DRIVER_DB_DB_H

#include "driver/package/windows.h"

typedef struct wg_db_id { // an id that the package is indexed for
  const char *id;         // "PCI\\VEN_1AF4&DEV_1001"
  bool hardware, compatible;
  uint32_t score, place; // FeatureScore; place among compatible ids
} wg_db_id;

typedef struct wg_db_service { // that names the package among its owners
  const char *name, *binary;   // binary: ImagePath as it stands there; ""
  uint32_t type, start;
  bool others; // it has other owners, too
} wg_db_service;

typedef struct wg_db_file { // that the package put into Windows (PnpLockdownFiles)
  const char *key;          // "%SystemRoot%/System32/drivers/viostor.sys"
  const char *path;         // "Windows\\System32\\drivers\\viostor.sys"
  bool others;
} wg_db_file;

typedef struct wg_db_package {
  const char *label;     // "viostor.inf_amd64_..."
  const char *published; // "oem3.inf", "disk.inf"; "" when nothing is
  const char *inf_name;  // the INF's own name; of an in-box package the published one
  const char *provider, *catalog, *signer, *class_guid, *class_name; // "" when not said
  bool in_box;                                                       // Windows' own
  bool in_drivers;                                                   // found in the hive DRIVERS
  bool active;                                                       // it is the published INF's
  bool critical; // a service of it starts with the machine
  uint32_t arch, score, status;
  uint64_t date; // FILETIME; 0: none
  uint16_t version[4];
  const wg_db_id *ids;
  size_t n_ids;
  const char *const *configs;
  size_t n_configs;
  const wg_db_service *services;
  size_t n_services;
  const wg_db_file *files;
  size_t n_files;
} wg_db_package;

typedef struct wg_driver_db {
  wg_arena arena;
  wg_db_package *v; // by published name (oem2 before oem10), then by label
  size_t n;
  // A published INF that names a package which is not there, or the other way round.
  const char *const *dangling;
  size_t n_dangling;
} wg_driver_db;
void wg_driver_db_done(wg_driver_db *db);
WG_DEFINE_AUTO(wg_driver_db, wg_driver_db_done);
// Everything that the registry says. *out is zeroed by the caller. LIMIT.
wg_code wg_driver_db_read(const wg_driver_windows *w, wg_driver_db *out, wg_error *err);

// The same of one hive, SYSTEM or DRIVERS, which is borrowed. NOT_FOUND: it has no database.
wg_code wg_driver_db_of_hive(wg_hive *h, wg_driver_db *out, wg_error *err);

// What is broken of a package in the image (NULL: files are not looked for): told once for each,
// with what is missing.
wg_code wg_driver_db_check(const wg_db_package *p, wg_image_reader *image,
                           void (*told)(void *ctx, const char *text), void *ctx, wg_error *err);
// Of "oem12.inf" 12; -1: it has no such name.
int wg_driver_oem_number(const char *name);
// Numbers of published INFs that a database knows, into a map of 10,000 bits: 0x80 of the first
// byte is oem0.inf, as OemInfMap has them.
void wg_driver_oem_taken(const wg_driver_windows *w, uint8_t map[1250]);
// The lowest number that is free, which is taken then. -1: none is.
int wg_driver_oem_next(uint8_t map[1250]);
// "amd64" of the numbers in the database; "" of others.
const char *wg_db_arch_name(uint32_t arch);

#endif
