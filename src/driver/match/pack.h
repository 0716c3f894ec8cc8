// SPDX-License-Identifier: Apache-2.0
// What an index keeps of one INF file: enough to match it with devices for any Windows. Packed, it
// is self-contained, so that an index that is written anew takes it over as it is.
#ifndef WG_DRIVER_MATCH_PACK_H
#define WG_DRIVER_MATCH_PACK_H

#include "fmt/inf/driver.h"

typedef struct wg_drv_variant { // [section.suffix]
  wg_str suffix;                // ".NTamd64"; ""
  uint8_t feature_score;        // 0xFF: it says none
  const wg_str *components;     // ids that AddComponent gives: "SWC\..." without the prefix
  uint32_t n_components;
} wg_drv_variant;

typedef struct wg_drv_install { // a DDInstall section that a model names
  wg_str name;
  const wg_drv_variant *variants;
  uint32_t n_variants; // 0: no such section
} wg_drv_install;

typedef struct wg_drv_model {
  wg_str description;
  uint32_t install;         // of the package's installs
  uint32_t first_id, n_ids; // of the package's ids; the first is the hardware id
} wg_drv_model;

typedef struct wg_drv_group {      // a models section, as a manufacturer line names it
  uint32_t maker;                  // which line
  wg_str manufacturer, decoration; // "NTamd64.10.0"; ""
  uint32_t first_model, n_models;
} wg_drv_group;

typedef struct wg_drv_catalog { // CatalogFile
  wg_str suffix, name;          // ".ntamd64"; ""
} wg_drv_catalog;

typedef struct wg_drv_info {
  wg_str class_name, provider;
  bool has_guid, has_extension_id, has_version;
  uint8_t guid[16], extension_id[16];
  char guid_text[39]; // "" without one
  uint32_t year, month, day;
  uint16_t version[4];
  const wg_drv_catalog *catalogs;
  uint32_t n_catalogs;
  const wg_drv_install *installs;
  uint32_t n_installs;
  const wg_drv_group *groups;
  uint32_t n_groups;
  const wg_drv_model *models;
  uint32_t n_models;
  const wg_str *ids;
  const uint32_t *id_models; // which model an id is of
  uint32_t n_ids;
} wg_drv_info;

#define WG_DRV_MAX_IDS 500000U // of one INF

// Appends what the index keeps of an INF. FORMAT with the line: no package can be made of it.
// LIMIT, NOMEM.
wg_code wg_drv_pack(const wg_inf *inf, wg_arena *arena, wg_buf *out, wg_error *err);
// The same of what is known otherwise (the database of an image). NOMEM, LIMIT.
wg_code wg_drv_pack_info(const wg_drv_info *info, wg_buf *out, wg_error *err);
// Reads it back; texts are borrowed from p. head_only: up to the catalogues. FORMAT, NOMEM.
wg_code wg_drv_unpack(const void *p, size_t n_bytes, bool head_only, wg_arena *arena,
                      wg_drv_info *out, wg_error *err);
// By which ids are found; letter case of ASCII does not count.
uint32_t wg_drv_hash(wg_str id);
// The catalogue for an architecture: CatalogFile.ntamd64 before CatalogFile.nt before CatalogFile.
// The number of it, n_catalogs: none.
uint32_t wg_drv_catalog_of(const wg_drv_info *info, wg_inf_arch arch);

#endif
