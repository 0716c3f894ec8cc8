// SPDX-License-Identifier: Apache-2.0
#include "driver/match/inbox.h"

#include <string.h>

#include "base/civil.h"

#define UNSIGNED_SCORE 0x80000000U
#define MAX_PLACE 255U

// A record of a package in the making.
typedef struct ib {
  wg_arena *arena;
  wg_drv_info info;
  wg_drv_model *models;
  wg_str *ids;
  wg_drv_install *installs; // one for each feature score
  bool starved;
} ib;

static void *ib_array(ib *b, size_t n, size_t size) {
  void *p = wg_arena_array(b->arena, n, size);
  b->starved = b->starved || p == NULL;
  return p;
}

// The install section of that feature score.
static uint32_t ib_install(ib *b, uint8_t score) {
  for (uint32_t i = 0; i < b->info.n_installs; i++) {
    if (b->installs[i].variants[0].feature_score == score) {
      return i;
    }
  }
  wg_drv_variant *v = ib_array(b, 1, sizeof(*v));
  if (v == NULL) {
    return 0;
  }
  *v = (wg_drv_variant){.feature_score = score};
  b->installs[b->info.n_installs] =
      (wg_drv_install){.name = WG_STR("(as Windows recorded it)"), .variants = v, .n_variants = 1};
  return b->info.n_installs++;
}

// A line with the id as its hardware id, or as a compatible id at its place.
static void ib_model(ib *b, const wg_db_id *id, bool compatible) {
  uint32_t place = id->place < MAX_PLACE ? id->place : MAX_PLACE;
  uint32_t n = compatible ? place + 2 : 1;
  b->models[b->info.n_models++] =
      (wg_drv_model){.description = wg_str_of(id->id),
                     .install = ib_install(b, (uint8_t)(id->score & 0xFF)),
                     .first_id = b->info.n_ids,
                     .n_ids = n};
  b->info.n_ids += n; // those before it are empty
  b->ids[b->info.n_ids - 1] = wg_str_of(id->id);
}

static size_t ib_n_ids(const wg_db_package *p) {
  size_t n = 0;
  for (size_t i = 0; i < p->n_ids; i++) {
    uint32_t place = p->ids[i].place < MAX_PLACE ? p->ids[i].place : MAX_PLACE;
    n += (p->ids[i].hardware ? 1U : 0U) + (p->ids[i].compatible ? place + 2 : 0U);
  }
  return n;
}

static void ib_head(ib *b, const wg_db_package *p, wg_drv_catalog *catalog, wg_drv_group *group,
                    wg_inf_arch arch) {
  wg_civil d = wg_civil_of_filetime(p->date);
  const char *decoration = wg_arena_printf(b->arena, "NT%s", wg_inf_arch_name(arch));
  b->starved = b->starved || decoration == NULL;
  *catalog = (wg_drv_catalog){.name = WG_STR("(as Windows recorded it)")};
  *group = (wg_drv_group){.manufacturer = wg_str_of(p->provider),
                          .decoration = wg_str_of(decoration != NULL ? decoration : ""),
                          .n_models = b->info.n_models};
  // Of class Extension nothing but its name is asked.
  b->info.class_name =
      wg_str_of(strcmp(p->class_guid, "{e2f84ce7-8efa-411c-aa69-97454ca4cb57}") == 0 ? "Extension"
                : p->class_name[0] != '\0'                                           ? p->class_name
                                           : p->class_guid);
  b->info.provider = wg_str_of(p->provider);
  b->info.has_version = true;
  memcpy(b->info.version, p->version, sizeof(b->info.version));
  if (p->date != 0) {
    b->info.year = (uint32_t)d.year;
    b->info.month = d.month;
    b->info.day = d.day;
  }
  b->info.catalogs = catalog;
  b->info.n_catalogs = 1;
  b->info.groups = group;
  b->info.n_groups = 1;
}

static wg_code ib_package(const wg_db_package *p, wg_inf_arch arch, wg_arena *arena, wg_buf *out,
                          wg_error *err) {
  ib b = {.arena = arena};
  size_t n_ids = ib_n_ids(p);
  wg_drv_catalog *catalog = ib_array(&b, 1, sizeof(*catalog));
  wg_drv_group *group = ib_array(&b, 1, sizeof(*group));
  b.models = ib_array(&b, p->n_ids * 2, sizeof(*b.models));
  b.ids = ib_array(&b, n_ids, sizeof(*b.ids));
  b.installs = ib_array(&b, 256, sizeof(*b.installs));
  if (n_ids > WG_DRV_MAX_IDS) {
    return wg_fail(err, WG_E_LIMIT, "'%s' has too many ids", p->published);
  }
  if (b.starved) {
    return wg_arena_fail(arena, err);
  }
  for (size_t i = 0; i < p->n_ids; i++) {
    if (p->ids[i].hardware) {
      ib_model(&b, &p->ids[i], false);
    }
    if (p->ids[i].compatible) {
      ib_model(&b, &p->ids[i], true);
    }
  }
  ib_head(&b, p, catalog, group, arch);
  b.info.models = b.models;
  b.info.ids = b.ids;
  b.info.installs = b.installs;
  return b.starved ? wg_arena_fail(arena, err) : wg_drv_pack_info(&b.info, out, err);
}

static bool ib_counts(const wg_db_package *p) {
  return p->active && p->published[0] != '\0' && p->n_ids > 0;
}

wg_code wg_drv_of_db(const wg_driver_db *db, wg_inf_arch arch, wg_arena *arena, wg_buf *bytes,
                     wg_drv_index *out, wg_error *err) {
  wg_drv_source *sources = wg_arena_new_array(arena, wg_drv_source, db->n);
  wg_drv_package *packages = wg_arena_new_array(arena, wg_drv_package, db->n);
  uint32_t n = 0;
  for (size_t i = 0; sources != NULL && packages != NULL && i < db->n; i++) {
    const wg_db_package *p = &db->v[i];
    WG_AUTO(wg_buf) record = {0};
    if (!ib_counts(p)) {
      continue;
    }
    wg_buf_init(&record, arena->alloc, 0);
    const char *path = wg_arena_printf(arena, "Windows/INF/%s", p->published);
    if (path == NULL || ib_package(p, arch, arena, &record, err) != WG_OK) {
      return path == NULL ? wg_arena_fail(arena, err) : err->code;
    }
    char *mine = wg_arena_strndup(arena, record.p, record.n);
    if (mine == NULL) {
      return wg_arena_fail(arena, err);
    }
    sources[n] = (wg_drv_source){.path = wg_str_of(path), .first_package = n, .n_packages = 1};
    packages[n] = (wg_drv_package){.source = n,
                                   .catalogs = p->score != UNSIGNED_SCORE,
                                   .packed = (const uint8_t *)mine,
                                   .n_packed = (uint32_t)record.n};
    n++;
  }
  if (sources == NULL || packages == NULL) {
    return wg_arena_fail(arena, err);
  }
  return wg_drv_index_write(sources, n, packages, n, arena, bytes, err) == WG_OK
             ? wg_drv_index_open(bytes->p, bytes->n, arena, out, err)
             : err->code;
}
