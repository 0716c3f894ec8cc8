// SPDX-License-Identifier: Apache-2.0
#include "driver/inject/inject.h"

#include <string.h>

#include "fmt/regf/regf.h"

void wg_inject_done(wg_inject *in) {
  wg_driver_windows_done(&in->w);
  wg_driver_library_done(&in->library);
  wg_driver_db_done(&in->db);
  wg_driver_tags_done(&in->tags);
  wg_driver_names_done(&in->services);
  wg_driver_names_done(&in->places);
  wg_reg_edits_done(&in->edits);
}

wg_code wg_inject_open(wg_inject *in, wg_error *err) {
  in->origin = "";
  wg_reg_edits_init(&in->edits);
  wg_driver_library_init(&in->library, in->base);
  if (wg_driver_windows_of(in->base, &in->w, err) != WG_OK ||
      wg_driver_db_read(&in->w, &in->db, err) != WG_OK) {
    return err->code;
  }
  wg_driver_oem_taken(&in->w, in->taken);
  return WG_OK;
}

void wg_inject_row(wg_inject *in, const char *what, const char *published, const char *inf,
                   const char *version, const char *class_name, const char *hive,
                   const char *signature, const char *note) {
  const char *const cells[] = {what, published, inf, version, class_name, hive, signature, note};
  wg_image_result_row(in->run->result, "drivers", cells, WG_ARRAY_LEN(cells));
}

char *wg_inject_version(const uint16_t v[4]) {
  return wg_xprintf("%u.%u.%u.%u", (unsigned)v[0], (unsigned)v[1], (unsigned)v[2], (unsigned)v[3]);
}

static char *inject_title(wg_inject *in) {
  return wg_xprintf("drivers #%zu", in->n_titles++);
}

void wg_inject_change(wg_inject *in, const wg_image_change *c, const wg_src *src) {
  WG_AUTO(wg_cstr) title = inject_title(in);
  wg_part_plan_change(in->plan, (wg_part_who){.title = title, .origin = in->origin}, c, *src);
}

void wg_inject_did(wg_inject *in, const wg_driver_did *did) {
  WG_AUTO(wg_cstr) title = inject_title(in);
  WG_AUTO(wg_buf) text = {0};
  const wg_driver_job job = {.kind = WG_DRIVER_JOB_DID, .did = *did};
  wg_buf_init(&text, wg_heap(), 0);
  wg_driver_job_write(&job, &text);
  wg_part_plan_own(in->plan, (wg_part_who){.title = title, .origin = in->origin}, wg_buf_z(&text));
}

// The map of published INFs, one bit a number, as long as it was or needs to be.
static void inject_root(wg_inject *in, const wg_regkey *database, const char *key) {
  const wg_regvalue *had = database == NULL ? NULL : wg_regkey_value(database, WG_STR("OemInfMap"));
  size_t n = had != NULL && had->n_bytes <= sizeof(in->taken) ? had->n_bytes : 1;
  uint8_t date[8], map[sizeof(in->taken)];
  for (size_t i = 0; i < sizeof(map); i++) {
    map[i] = in->taken[i] & (uint8_t)~in->freed[i];
    n = in->taken[i] != 0 && i >= n ? i + 1 : n;
  }
  wg_put_le64(date, wg_filetime_of(in->run->time_s));
  wg_reg_edits_bytes(&in->edits, in->origin, key, "OemInfMap", WG_REG_BINARY, map, n);
  wg_reg_edits_bytes(&in->edits, in->origin, key, "UpdateDate", WG_REG_BINARY, date, sizeof(date));
}

void wg_inject_finish(wg_inject *in) {
  bool any = in->in_system || in->in_drivers;
  if (any && in->w.in_system != NULL) {
    inject_root(in, in->w.in_system, "HKLM\\SYSTEM\\DriverDatabase");
  }
  if (any && in->w.in_drivers != NULL) {
    inject_root(in, in->w.in_drivers, "HKLM\\DRIVERS\\DriverDatabase");
  }
  for (size_t i = 0; i < in->edits.n; i++) {
    WG_AUTO(wg_cstr) title = inject_title(in);
    wg_part_plan_reg(in->plan, (wg_part_who){.title = title, .origin = in->edits.v[i].origin},
                     &in->edits.v[i]);
  }
  wg_image_result_fact(in->run->result, "drivers_added", in->n_added);
  wg_image_result_fact(in->run->result, "drivers_present", in->n_present);
  wg_image_result_fact(in->run->result, "drivers_skipped", in->n_skipped);
  wg_image_result_fact(in->run->result, "drivers_removed", in->n_removed);
}
