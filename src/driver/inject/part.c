// SPDX-License-Identifier: Apache-2.0
// drivers: packages of the project into an image's driver store, so that its devices bind.
#include <string.h>

#include "driver/inject/inject.h"

static const char *const *drivers_texts(const wg_cfg_str *v, size_t n) {
  const char **out = wg_xarray(n + 1, sizeof(*out));
  for (size_t i = 0; i < n; i++) {
    out[i] = v[i].s;
  }
  return out;
}

static void drivers_own(const wg_driver_job *job, const char *origin, wg_part_plan *plan) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_driver_job_write(job, &text);
  wg_part_plan_own(
      plan,
      (wg_part_who){.title = job->kind == WG_DRIVER_JOB_ADD ? "drivers" : "drivers remove",
                    .origin = origin},
      wg_buf_z(&text));
}

static uint32_t drivers_allow(const wg_cfg_drivers *want) {
  uint32_t bits = 0;
  for (size_t i = 0; i < want->n_allow; i++) {
    bits |= 1U << want->allow[i];
  }
  return bits;
}

static wg_code drivers_plan_add(const wg_part_in *in, const wg_cfg_drivers *want,
                                const char *origin, wg_part_plan *plan, wg_error *err) {
  const char **labels = wg_xarray(want->n_from + 1, sizeof(*labels));
  wg_code code = WG_OK;
  for (size_t i = 0; i < want->n_from; i++) {
    WG_AUTO(wg_cstr) path = wg_part_host_path(in, want->from[i].s);
    wg_stat st;
    labels[i] = wg_xprintf("drivers[%zu]", i);
    if (code == WG_OK && wg_os_stat(WG_CWD, path, true, &st, err) != WG_OK) {
      code = err->code;
    } else if (code == WG_OK && st.type != WG_FT_DIR) {
      code = wg_fail(err, WG_E_CONFIG,
                     "%s%s'%s' is no folder: name the package's folder, or its INF file in it",
                     origin, origin[0] == '\0' ? "" : ": ", want->from[i].s);
    } else if (code == WG_OK) {
      wg_part_plan_input_tree(plan, labels[i], path);
    }
  }
  const char **hardware = wg_xarray(want->n_hardware + 1, sizeof(*hardware));
  for (size_t i = 0; i < want->n_hardware; i++) {
    WG_AUTO(wg_cstr) path = wg_part_host_path(in, want->hardware[i].s);
    hardware[i] = wg_xprintf("drivers hardware[%zu]", i);
    wg_part_plan_input_file(plan, hardware[i], path);
  }
  const wg_driver_job job = {.kind = WG_DRIVER_JOB_ADD,
                             .add = {.labels = labels,
                                     .hardware = hardware,
                                     .n_hardware = want->n_hardware,
                                     .pins = drivers_texts(want->pins, want->n_pins),
                                     .n_pins = want->n_pins,
                                     .prefers = drivers_texts(want->prefers, want->n_prefers),
                                     .n_prefers = want->n_prefers,
                                     .n_labels = want->n_from,
                                     .only = drivers_texts(want->only, want->n_only),
                                     .n_only = want->n_only,
                                     .exclude = drivers_texts(want->exclude, want->n_exclude),
                                     .n_exclude = want->n_exclude,
                                     .boot = drivers_texts(want->boot, want->n_boot),
                                     .n_boot = want->n_boot,
                                     .allow = drivers_allow(want),
                                     .no_recurse = want->no_recurse,
                                     .setup_network = want->setup_network,
                                     .everything = want->everything,
                                     .replace = want->replace}};
  if (code == WG_OK) {
    drivers_own(&job, origin, plan);
  }
  for (size_t i = 0; i < want->n_from; i++) {
    wg_xfree((void *)(uintptr_t)labels[i]);
  }
  for (size_t i = 0; i < want->n_hardware; i++) {
    wg_xfree((void *)(uintptr_t)hardware[i]);
  }
  wg_xfree(labels);
  wg_xfree(hardware);
  wg_xfree((void *)(uintptr_t)job.add.pins);
  wg_xfree((void *)(uintptr_t)job.add.prefers);
  wg_xfree((void *)(uintptr_t)job.add.only);
  wg_xfree((void *)(uintptr_t)job.add.exclude);
  wg_xfree((void *)(uintptr_t)job.add.boot);
  return code;
}

static wg_code drivers_plan(const wg_part_in *in, wg_part_plan *plan, wg_error *err) {
  const wg_cfg_drivers *want = &in->image->drivers;
  WG_AUTO(wg_cstr) origin = want->pos.file == NULL ? wg_xstrdup("") : wg_part_origin(want->pos);
  if (!want->present) {
    return WG_OK;
  }
  if (want->n_remove > 0) {
    const char *const *names = drivers_texts(want->remove, want->n_remove);
    const wg_driver_job job = {
        .kind = WG_DRIVER_JOB_REMOVE,
        .remove = {.names = names, .n_names = want->n_remove, .force = want->force}};
    drivers_own(&job, origin, plan);
    wg_xfree((void *)(uintptr_t)names);
  }
  return want->n_from == 0 ? WG_OK : drivers_plan_add(in, want, origin, plan, err);
}

// The part's own entries as they were planned. What fill adds comes behind.
static wg_code drivers_job(const wg_part_item *item, wg_arena *arena, wg_driver_job *out,
                           bool *out_is, wg_error *err) {
  *out_is = item->kind == WG_PART_OWN && strcmp(item->part, wg_part_drivers.name) == 0;
  return *out_is ? wg_driver_job_parse(wg_str_of(item->own), arena, out, err) : WG_OK;
}

typedef struct drivers_entry {
  wg_driver_job job;
  const char *origin;
} drivers_entry;
typedef struct drivers_planned { // own entries, before fill adds more
  drivers_entry *v;
  size_t n, cap;
} drivers_planned;

static void drivers_planned_done(drivers_planned *p) {
  wg_xfree(p->v);
}
WG_DEFINE_AUTO(drivers_planned, drivers_planned_done);

static wg_code drivers_read(const wg_part_plan *plan, wg_arena *arena, drivers_planned *out,
                            wg_error *err) {
  for (size_t i = 0; i < wg_part_plan_count(plan); i++) {
    const wg_part_item *item = wg_part_plan_item(plan, i);
    drivers_entry e = {.origin = item->origin};
    bool is = false;
    if (drivers_job(item, arena, &e.job, &is, err) != WG_OK) {
      return err->code;
    }
    if (is) {
      wg_vec_push(&out->v, &out->n, &out->cap) = e;
    }
  }
  return WG_OK;
}

static wg_code drivers_do(wg_inject *in, const wg_driver_job *job, wg_error *err) {
  switch (job->kind) {
  case WG_DRIVER_JOB_ADD:
    return wg_inject_add(in, &job->add, err);
  case WG_DRIVER_JOB_REMOVE:
    return wg_inject_remove(in, &job->remove, err);
  case WG_DRIVER_JOB_DID:
    break;
  }
  return WG_OK;
}

static wg_code drivers_fill(const wg_part_run *run, wg_image_reader *base, wg_part_plan *plan,
                            wg_error *err) {
  WG_AUTO(wg_inject) in = {.run = run, .base = base, .plan = plan};
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(drivers_planned) jobs = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  if (drivers_read(plan, &arena, &jobs, err) != WG_OK || wg_inject_open(&in, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < jobs.n; i++) {
    in.origin = jobs.v[i].origin;
    if (drivers_do(&in, &jobs.v[i].job, err) != WG_OK) {
      return err->code;
    }
  }
  wg_inject_finish(&in);
  return WG_OK;
}

// --- what was written is read as any image is

static const wg_db_package *drivers_find(const wg_driver_db *db, const char *label) {
  for (size_t i = 0; i < db->n; i++) {
    if (wg_name_cmp_nocase(wg_str_of(db->v[i].label), wg_str_of(label)) == 0) {
      return &db->v[i];
    }
  }
  return NULL;
}

static void drivers_broken(void *ctx, const char *text) {
  wg_error *e = ctx;
  if (e->code == WG_OK) {
    (void)wg_fail(e, WG_E_VERIFY, "%s", text);
  }
}

static wg_code drivers_check_one(const wg_driver_did *did, const wg_driver_db *db,
                                 wg_image_reader *out, wg_error *err) {
  const wg_db_package *p = drivers_find(db, did->label);
  wg_error broken = WG_ERROR_INIT;
  if (did->removed) {
    return p == NULL ? WG_OK
                     : wg_fail(err, WG_E_VERIFY, "driver '%s' is still there", did->published);
  }
  if (!did->recorded) {
    return WG_OK;
  }
  if (p == NULL || !p->active ||
      wg_name_cmp_nocase(wg_str_of(p->published), wg_str_of(did->published)) != 0) {
    return wg_fail(err, WG_E_VERIFY, "driver '%s' is not known to the image as '%s'", did->label,
                   did->published);
  }
  if (p->n_ids == 0 && did->n_ids > 0) {
    return wg_fail(err, WG_E_VERIFY, "driver '%s': no device leads to it", did->published);
  }
  if (wg_driver_db_check(p, out, drivers_broken, &broken, err) != WG_OK) {
    return err->code;
  }
  if (broken.code != WG_OK) {
    *err = broken;
    return wg_wrap(err, "driver '%s'", did->published);
  }
  return WG_OK;
}

static wg_code drivers_check(const wg_part_run *run, wg_image_reader *out, const wg_part_plan *plan,
                             wg_error *err) {
  WG_AUTO(wg_driver_windows) w = {0};
  WG_AUTO(wg_driver_db) db = {0};
  WG_AUTO(wg_arena) arena = {0};
  (void)run;
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_driver_windows_of(out, &w, err) != WG_OK || wg_driver_db_read(&w, &db, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < wg_part_plan_count(plan); i++) {
    wg_driver_job job = {0};
    bool is = false;
    if (drivers_job(wg_part_plan_item(plan, i), &arena, &job, &is, err) != WG_OK ||
        (is && job.kind == WG_DRIVER_JOB_DID &&
         drivers_check_one(&job.did, &db, out, err) != WG_OK)) {
      return err->code;
    }
  }
  return WG_OK;
}

const wg_image_part wg_part_drivers = {.name = "drivers",
                                       .version = 1,
                                       .order = 60,
                                       .plan = drivers_plan,
                                       .fill = drivers_fill,
                                       .check = drivers_check};
