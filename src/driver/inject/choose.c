// SPDX-License-Identifier: Apache-2.0
#include "driver/inject/choose.h"

#include <string.h>

#include "driver/match/match.h"
#include "driver/match/scan.h"
#include "fmt/regf/regf.h"

typedef struct choose_run {
  wg_inject *in;
  const wg_driver_add *job;
  wg_arena *arena; // of what is given back
  wg_arena work;   // of indexes and matches
  wg_buf *bytes;   // of each index
  wg_drv_index *indexes;
  wg_drv_repo *repos;
  char **roots;
  wg_drv_rules rules;
  wg_inject_pick *v;
  size_t n, cap;
} choose_run;

static void choose_run_done(choose_run *c) {
  for (size_t i = 0; i < c->job->n_labels; i++) {
    wg_buf_done(&c->bytes[i]);
    wg_xfree(c->roots[i]);
  }
  wg_xfree(c->bytes);
  wg_xfree(c->indexes);
  wg_xfree(c->repos);
  wg_xfree(c->roots);
  wg_xfree(c->v);
  wg_xfree((void *)(uintptr_t)c->rules.pins);
  wg_xfree((void *)(uintptr_t)c->rules.prefers);
  wg_arena_done(&c->work);
}
WG_DEFINE_AUTO(choose_run, choose_run_done);

static wg_code choose_index(choose_run *c, size_t i, wg_error *err) {
  const wg_src src = {.kind = WG_SRC_INPUT, .label = c->job->labels[i]};
  const wg_drv_scan_options opt = {.threads = 1};
  wg_drv_scan_stats stats;
  wg_buf_init(&c->bytes[i], wg_heap(), 0);
  if (wg_part_run_path(c->in->run, &src, &c->roots[i], err) != WG_OK ||
      wg_drv_scan(c->roots[i], &opt, &c->work, &c->bytes[i], &c->indexes[i], &stats, err) !=
          WG_OK) {
    return err->code;
  }
  c->repos[i] = (wg_drv_repo){.index = &c->indexes[i], .root = c->roots[i]};
  return WG_OK;
}

static wg_code choose_rules(choose_run *c, const wg_drv_which *excludes, size_t n_excludes,
                            wg_error *err) {
  const wg_driver_add *job = c->job;
  wg_drv_pin *pins = wg_xarray(job->n_pins + 1, sizeof(*pins));
  wg_drv_which *prefers = wg_xarray(job->n_prefers + 1, sizeof(*prefers));
  c->rules.pins = pins;
  c->rules.prefers = prefers;
  for (size_t i = 0; i < job->n_pins; i++) {
    if (wg_drv_pin_parse(job->pins[i], &c->work, &pins[i], err) != WG_OK) {
      return err->code;
    }
  }
  for (size_t i = 0; i < job->n_prefers; i++) {
    if (wg_drv_which_parse(job->prefers[i], &c->work, &prefers[i], err) != WG_OK) {
      return err->code;
    }
  }
  c->rules.n_pins = job->n_pins;
  c->rules.n_prefers = job->n_prefers;
  c->rules.only = job->only;
  c->rules.n_only = job->n_only;
  c->rules.excludes = excludes;
  c->rules.n_excludes = n_excludes;
  return WG_OK;
}

static wg_code choose_profile(choose_run *c, const char *label, wg_hw_profile *out, wg_error *err) {
  WG_AUTO(wg_cstr) path = NULL;
  WG_AUTO(wg_buf) bytes = {0};
  WG_AUTO_PTR(wg_hive) hive = NULL;
  const wg_src src = {.kind = WG_SRC_INPUT, .label = label};
  wg_buf_init(&bytes, wg_heap(), (size_t)WG_HW_MAX_BYTES + 1);
  if (wg_part_run_path(c->in->run, &src, &path, err) != WG_OK ||
      wg_os_read_file(WG_CWD, path, WG_HW_MAX_BYTES, &bytes, err) != WG_OK) {
    return err->code;
  }
  bool is_hive = wg_str_starts(wg_buf_str(&bytes), "regf");
  wg_code code = !is_hive ? wg_hw_parse(wg_buf_str(&bytes), &c->work, out, err)
                 : wg_hive_parse(bytes.p, bytes.n, NULL, true, wg_heap(), &hive, err) == WG_OK
                     ? wg_hw_of_hive(hive, &c->work, out, err)
                     : err->code;
  return code == WG_OK ? WG_OK : wg_wrap(err, "hardware '%s'", path);
}

static const char *choose_label(const choose_run *c, const wg_drv_repo *repo) {
  return c->job->labels[repo - c->repos];
}

static wg_code choose_take(choose_run *c, const wg_drv_candidate *v, wg_error *err) {
  const char *label = choose_label(c, v->repo);
  if (v->package->inner.n > 0) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "'%s' is needed and lies in an archive: unpack it into the folder", v->path);
  }
  for (size_t i = 0; i < c->n; i++) {
    if (strcmp(c->v[i].label, label) == 0 && strcmp(c->v[i].path, v->path) == 0) {
      return WG_OK;
    }
  }
  const char *path = wg_arena_strdup(c->arena, v->path);
  wg_assert(path != NULL);
  wg_vec_push(&c->v, &c->n, &c->cap) = (wg_inject_pick){.label = label, .path = path};
  return WG_OK;
}

static void choose_row(choose_run *c, const wg_hw_device *d, const char *inf, const char *rank,
                       const char *why) {
  wg_str name = wg_hw_label(d);
  wg_str id = d->n_hardware > 0 ? d->hardware_ids[0] : d->compatible_ids[0];
  WG_AUTO(wg_cstr) device = wg_xstrndup(name.p, name.n);
  WG_AUTO(wg_cstr) first = wg_xstrndup(id.p, id.n);
  const char *const cells[] = {device, first, inf, rank, why};
  wg_image_result_row(c->in->run->result, "devices", cells, WG_ARRAY_LEN(cells));
}

static bool choose_has_id(const wg_db_package *p, const wg_str *ids, uint32_t n) {
  for (size_t i = 0; i < p->n_ids; i++) {
    for (uint32_t k = 0; k < n; k++) {
      if (wg_name_cmp_nocase(wg_str_of(p->ids[i].id), ids[k]) == 0) {
        return true;
      }
    }
  }
  return false;
}

// A package of the image itself that drives the device; NULL.
static const wg_db_package *choose_own(const choose_run *c, const wg_hw_device *d) {
  for (size_t i = 0; i < c->in->db.n; i++) {
    const wg_db_package *p = &c->in->db.v[i];
    if (p->active && (choose_has_id(p, d->hardware_ids, d->n_hardware) ||
                      choose_has_id(p, d->compatible_ids, d->n_compatible))) {
      return p;
    }
  }
  return NULL;
}

static wg_code choose_choice(choose_run *c, const wg_drv_choice *choice, unsigned depth,
                             wg_error *err) {
  if (choice->base != NULL && choose_take(c, choice->base, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < choice->n; i++) {
    if (choice->v[i].fate == WG_DRV_EXTENSION && choose_take(c, &choice->v[i], err) != WG_OK) {
      return err->code;
    }
  }
  for (uint32_t i = 0; depth < 8 && i < choice->n_components; i++) {
    if (choice->components[i].choice != NULL &&
        choose_choice(c, choice->components[i].choice, depth + 1, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// Why no package was chosen: what kept the first that has an id of the device.
static char *choose_none(const wg_drv_choice *choice) {
  if (choice->n == 0) {
    return wg_xstrdup("no driver");
  }
  const wg_drv_candidate *v = &choice->v[0];
  const char *what = v->fate == WG_DRV_EXCLUDED       ? "is excluded"
                     : v->fate == WG_DRV_NOT_PINNED   ? "has it, and the device is pinned to others"
                     : v->fate == WG_DRV_OTHER_MODEL  ? "is below byModel for another machine"
                     : v->fate == WG_DRV_OTHER_TARGET ? "has it for another Windows or architecture"
                                                      : "is an extension only";
  return wg_xprintf("no driver: '%s' %s", v->path, what);
}

static void choose_tell(choose_run *c, const wg_hw_device *d, const wg_drv_choice *choice) {
  if (choice->base != NULL) {
    WG_AUTO(wg_cstr) rank = wg_xprintf("%08X", choice->base->rank_value);
    WG_AUTO(wg_cstr) why = wg_xprintf("by %.*s", WG_STR_ARG(choice->base->id));
    choose_row(c, d, choice->base->path, rank, why);
    return;
  }
  const wg_db_package *own = choose_own(c, d);
  WG_AUTO(wg_cstr)
  why = own == NULL ? choose_none(choice) : wg_xstrdup("the image has it already");
  choose_row(c, d, own == NULL ? "" : own->published, "", why);
}

static wg_code choose_machine(choose_run *c, const char *label, wg_error *err) {
  wg_hw_profile profile = {0};
  wg_drv_matcher *matcher = NULL;
  if (choose_profile(c, label, &profile, err) != WG_OK) {
    return err->code;
  }
  c->rules.vendor = profile.vendor;
  c->rules.model = profile.model;
  const wg_drv_match_options opt = {.target = c->in->w.target, .rules = &c->rules};
  if (wg_drv_matcher_new(c->repos, (uint32_t)c->job->n_labels, &opt, &c->work, &matcher, err) !=
      WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < profile.n_devices; i++) {
    wg_drv_choice choice = {0};
    if (wg_drv_match(matcher, &profile.devices[i], &choice, err) != WG_OK ||
        choose_choice(c, &choice, 0, err) != WG_OK) {
      return err->code;
    }
    choose_tell(c, &profile.devices[i], &choice);
  }
  return WG_OK;
}

wg_code wg_inject_choose(wg_inject *in, const wg_driver_add *job, const wg_drv_which *excludes,
                         size_t n_excludes, wg_arena *arena, const wg_inject_pick **out,
                         size_t *out_n, wg_error *err) {
  WG_AUTO(choose_run) c = {.in = in, .job = job, .arena = arena};
  wg_arena_init(&c.work, wg_heap(), 0);
  c.bytes = wg_xarray(job->n_labels + 1, sizeof(*c.bytes));
  c.indexes = wg_xarray(job->n_labels + 1, sizeof(*c.indexes));
  c.repos = wg_xarray(job->n_labels + 1, sizeof(*c.repos));
  c.roots = wg_xarray(job->n_labels + 1, sizeof(*c.roots));
  if (choose_rules(&c, excludes, n_excludes, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < job->n_labels; i++) {
    if (choose_index(&c, i, err) != WG_OK) {
      return err->code;
    }
  }
  for (size_t i = 0; i < job->n_hardware; i++) {
    if (choose_machine(&c, job->hardware[i], err) != WG_OK) {
      return err->code;
    }
  }
  wg_inject_pick *own = wg_arena_new_array(arena, wg_inject_pick, c.n + 1);
  wg_assert(own != NULL);
  if (c.n > 0) {
    memcpy(own, c.v, c.n * sizeof(*own));
  }
  *out = own;
  *out_n = c.n;
  return WG_OK;
}
