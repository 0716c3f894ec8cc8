// SPDX-License-Identifier: Apache-2.0
// A driver package on this machine: an INF file, what it says for one Windows, and its files.
#ifndef WG_DRIVER_PACKAGE_PACKAGE_H
#define WG_DRIVER_PACKAGE_PACKAGE_H

#include "driver/package/signature.h"
#include "fmt/inf/driver.h"
#include "os/mem.h"

typedef struct wg_driver_file {
  const char *path; // below the package's folder as the INF says it, with backslashes
  const char *host; // below it as it is written there, with slashes; NULL: it is not there
  uint64_t n_bytes;
  wg_digest sha256;
  bool for_target; // else only another Windows takes it
  uint32_t line;   // of the INF, 0: the INF itself and its catalogue
} wg_driver_file;

typedef struct wg_driver_package {
  wg_arena arena;     // all of it
  const char *folder; // host path
  const char *name;   // of the INF, as it is written there
  wg_inf inf;
  wg_inf_package p;
  wg_driver_file *files; // the INF first, then its catalogue if it names one, then what it copies
  uint32_t n_files;
  const char *catalog; // host name of it; NULL: none is named or there
  uint64_t n_bytes;    // of all files that are there
  wg_digest digest;    // of all names and contents, sorted
  wg_driver_signature signature;
} wg_driver_package;
void wg_driver_package_free(wg_driver_package *p);
WG_DEFINE_AUTO_PTR(wg_driver_package, wg_driver_package_free);

typedef struct wg_driver_want { // how packages are looked at
  const wg_inf_target *target;
  const wg_inf_library *library; // NULL: nothing can be included
  int64_t now_s;                 // as wg_sig_want
  const wg_digest *trust;
  uint32_t n_trust;
  const wg_cancel *cancel;
} wg_driver_want;
// The INF of that name in that folder, its files and its signature. A missing file is a result.
// FORMAT with the line, NOT_FOUND, IO, LIMIT.
wg_code wg_driver_package_open(const char *folder, const char *inf_name, const wg_driver_want *want,
                               wg_driver_package **out, wg_error *err);

// What keeps the package out of an image, one sentence; NULL: nothing. Each can be allowed.
typedef enum wg_driver_fault {
  WG_DRIVER_NO_MODELS,   // nothing in it is for that Windows
  WG_DRIVER_MISSING,     // a file that the INF names
  WG_DRIVER_UNCOVERED,   // the catalogue does not cover a file
  WG_DRIVER_UNSIGNED,    // no signature that counts, and the Windows is a 64-bit one
  WG_DRIVER_COINSTALLER, // Windows would call it not configurable
  WG_DRIVER_MALFORMED,   // its INF or catalogue can't be read: it is left out when allowed
  WG_DRIVER_NO_SECTION,  // a model names an install section that is not there
  WG_DRIVER_OVERWRITE,   // of Windows itself, what it would put in place (of driver/inject)
  WG_DRIVER_N_FAULTS
} wg_driver_fault;
// "no-models", ... as --allow has them. Static.
const char *wg_driver_fault_name(wg_driver_fault f);
// The file of the package that a CopyFiles line of its own INF names; NULL.
const wg_driver_file *wg_driver_package_file(const wg_driver_package *p, const wg_inf_copy *c);
// Calls told for each fault, with a text that names file, cause and cure.
void wg_driver_package_faults(const wg_driver_package *p, const wg_inf_target *target,
                              void (*told)(void *ctx, wg_driver_fault fault, const char *text),
                              void *ctx);

// Every INF file below a folder (path below it with '/'), sorted, letter case of ".inf" ignored.
// recurse false: of the folder itself. CANCELED, IO, LIMIT.
wg_code wg_driver_find_infs(const char *folder, bool recurse, const wg_cancel *cancel,
                            wg_arena *arena, const char *const **out, size_t *out_n, wg_error *err);

#endif
