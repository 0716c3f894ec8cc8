// SPDX-License-Identifier: Apache-2.0
// Packages chosen, refused, and put into the image.
#include <string.h>

#include "base/sort.h"
#include "driver/inject/add_int.h"
#include "driver/inject/choose.h"

#define ADD_MAX_SAID 12 // faults that an error names one by one

static void add_run_done(add_run *a) {
  for (size_t i = 0; i < a->n; i++) {
    wg_driver_package_free(a->v[i].p);
    wg_xfree(a->v[i].below);
    wg_xfree(a->v[i].why);
    wg_xfree(a->v[i].published);
    wg_xfree(a->v[i].name);
  }
  wg_xfree(a->v);
  wg_arena_done(&a->arena);
  wg_buf_done(&a->faults);
  wg_xfree(a->excludes);
  wg_xfree(a->hits);
}
WG_DEFINE_AUTO(add_run, add_run_done);

// inf: with the folder it lies below; texts that begin with its name don't say it twice.
static void add_said(add_run *a, const char *inf, const char *name, const char *text) {
  if (a->n_faults++ < ADD_MAX_SAID) {
    WG_AUTO(wg_cstr) twice = wg_xprintf("%s: ", name);
    size_t n = strlen(twice);
    wg_buf_printf(&a->faults, "%s%s: %s", a->n_faults > 1 ? "; " : "", inf,
                  strncmp(text, twice, n) == 0 ? text + n : text);
  }
}

// --- reading

// A package that can't be read is a fault of it, not of the others.
static wg_code add_malformed(add_run *a, const char *inf, wg_error *err) {
  if (err->code != WG_E_FORMAT && err->code != WG_E_LIMIT && err->code != WG_E_UNSUPPORTED) {
    return err->code;
  }
  if ((a->job->allow & (1U << WG_DRIVER_MALFORMED)) != 0) {
    a->in->n_skipped++;
    wg_inject_row(a->in, "skipped", "", inf, "", "", "", "", err->text);
    return WG_OK;
  }
  if (a->n_faults == 0) {
    a->first = *err;
  }
  a->n_malformed++;
  add_said(a, inf, inf, err->text);
  return WG_OK;
}

static bool add_rule_of_path(const wg_drv_which *w) {
  return w->provider == NULL && w->class_name == NULL && !w->has_min && !w->has_max;
}

// By a rule of `exclude`. p: NULL as long as it was not read; then only its path tells.
static bool add_excluded(add_run *a, const char *path, const wg_inf_package *p) {
  static const uint16_t none[4];
  WG_AUTO(wg_cstr) provider = p == NULL ? NULL : wg_xstrndup(p->provider.p, p->provider.n);
  WG_AUTO(wg_cstr) class_name = p == NULL ? NULL : wg_xstrndup(p->class_name.p, p->class_name.n);
  const wg_drv_facts facts = {.path = path,
                              .provider = provider,
                              .class_name = class_name,
                              .version = p == NULL ? none : p->version};
  bool out = false;
  for (size_t i = 0; i < a->job->n_exclude; i++) {
    const wg_drv_which *w = &a->excludes[i];
    if (add_rule_of_path(w) == (p == NULL) && wg_drv_which_is(w, &facts)) {
      a->hits[i] = true;
      out = true;
    }
  }
  return out;
}

static wg_code add_rules(add_run *a, wg_error *err) {
  a->excludes = wg_xarray(a->job->n_exclude + 1, sizeof(*a->excludes));
  a->hits = wg_xarray(a->job->n_exclude + 1, sizeof(*a->hits));
  for (size_t i = 0; i < a->job->n_exclude; i++) {
    if (wg_drv_which_parse(a->job->exclude[i], &a->arena, &a->excludes[i], err) != WG_OK) {
      return wg_wrap(err, "exclude");
    }
  }
  return WG_OK;
}

// A rule that keeps nothing out may be misspelled.
static void add_unused(const add_run *a) {
  for (size_t i = 0; i < a->job->n_exclude; i++) {
    if (!a->hits[i]) {
      WG_AUTO(wg_cstr)
      text = wg_xprintf("drivers: exclude '%s' keeps no package out", a->job->exclude[i]);
      wg_image_result_warn(a->in->run->result, text);
    }
  }
}

static wg_code add_read(add_run *a, const char *label, const char *root, const char *path,
                        wg_error *err) {
  const char *slash = strrchr(path, '/');
  const char *name = slash == NULL ? path : slash + 1;
  if ((a->job->n_only > 0 && !wg_drv_is_named(a->job->only, a->job->n_only, name)) ||
      add_excluded(a, path, NULL)) {
    return WG_OK;
  }
  WG_AUTO(wg_cstr)
  below = slash == NULL ? wg_xstrdup("") : wg_xstrndup(path, (size_t)(slash - path));
  WG_AUTO(wg_cstr) folder = below[0] == '\0' ? wg_xstrdup(root) : wg_path_join(root, below);
  WG_AUTO_PTR(wg_driver_package) p = NULL;
  const wg_driver_want want = {
      .target = &a->in->w.target, .library = &a->in->library.library, .now_s = a->in->run->time_s};
  if (wg_driver_package_open(folder, name, &want, &p, err) != WG_OK) {
    return add_malformed(a, name, err);
  }
  if (add_excluded(a, path, &p->p)) {
    return WG_OK;
  }
  wg_vec_push(&a->v, &a->n, &a->cap) =
      (add_candidate){.p = wg_take(&p), .label = label, .below = wg_take(&below)};
  return WG_OK;
}

static wg_code add_folder(add_run *a, const char *label, wg_error *err) {
  WG_AUTO(wg_cstr) root = NULL;
  const wg_src src = {.kind = WG_SRC_INPUT, .label = label};
  const char *const *infs = NULL;
  size_t n = 0;
  if (wg_part_run_path(a->in->run, &src, &root, err) != WG_OK ||
      wg_driver_find_infs(root, !a->job->no_recurse, NULL, &a->arena, &infs, &n, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    if (add_read(a, label, root, infs[i], err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// Which rules of `exclude` keep something out, as far as paths tell.
static wg_code add_look(add_run *a, wg_error *err) {
  for (size_t i = 0; a->job->n_exclude > 0 && i < a->job->n_labels; i++) {
    WG_AUTO(wg_cstr) root = NULL;
    const wg_src src = {.kind = WG_SRC_INPUT, .label = a->job->labels[i]};
    const char *const *infs = NULL;
    size_t n = 0;
    if (wg_part_run_path(a->in->run, &src, &root, err) != WG_OK ||
        wg_driver_find_infs(root, true, NULL, &a->arena, &infs, &n, err) != WG_OK) {
      return err->code;
    }
    for (size_t k = 0; k < n; k++) {
      (void)add_excluded(a, infs[k], NULL);
    }
  }
  for (size_t i = 0; i < a->job->n_exclude; i++) {
    a->hits[i] = a->hits[i] || !add_rule_of_path(&a->excludes[i]);
  }
  add_unused(a);
  return WG_OK;
}

// Only what the machines need.
static wg_code add_picks(add_run *a, wg_error *err) {
  const wg_inject_pick *picks = NULL;
  size_t n = 0;
  if (add_look(a, err) != WG_OK || wg_inject_choose(a->in, a->job, a->excludes, a->job->n_exclude,
                                                    &a->arena, &picks, &n, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) root = NULL;
    const wg_src src = {.kind = WG_SRC_INPUT, .label = picks[i].label};
    if (wg_part_run_path(a->in->run, &src, &root, err) != WG_OK ||
        add_read(a, picks[i].label, root, picks[i].path, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// --- choosing

// Whether both are for the same devices, or one for none of this Windows.
static bool add_same_devices(const wg_inf_package *x, const wg_inf_package *y) {
  if (x->n_models == 0 || y->n_models == 0) {
    return true;
  }
  if (x->n_models != y->n_models) {
    return false;
  }
  for (uint32_t i = 0; i < x->n_models; i++) {
    if (x->models[i].n_ids == 0 || y->models[i].n_ids == 0 ||
        wg_name_cmp_nocase(x->models[i].ids[0], y->models[i].ids[0]) != 0) {
      return false;
    }
  }
  return true;
}

static bool add_same_release(const wg_driver_package *x, const wg_driver_package *y) {
  return add_same_devices(&x->p, &y->p) &&
         wg_name_cmp_nocase(wg_str_of(x->name), wg_str_of(y->name)) == 0 &&
         wg_name_cmp_nocase(x->p.provider, y->p.provider) == 0 && x->p.year == y->p.year &&
         x->p.month == y->p.month && x->p.day == y->p.day &&
         memcmp(x->p.version, y->p.version, sizeof(x->p.version)) == 0;
}

// Folders as the virtio-win medium has them, and which Windows each is for.
static const struct {
  const char *folder;
  uint32_t major, minor, build, last_build; // last 0: no end
  bool server;
} add_folders[] = {{"w7", 6, 1, 0, 0, false},           {"2k8R2", 6, 1, 0, 0, true},
                   {"w8", 6, 2, 0, 0, false},           {"2k12", 6, 2, 0, 0, true},
                   {"w8.1", 6, 3, 0, 0, false},         {"2k12R2", 6, 3, 0, 0, true},
                   {"w10", 10, 0, 10240, 21999, false}, {"2k16", 10, 0, 14393, 17762, true},
                   {"2k19", 10, 0, 17763, 20347, true}, {"2k22", 10, 0, 20348, 26099, true},
                   {"2k25", 10, 0, 26100, 0, true},     {"w11", 10, 0, 22000, 0, false}};

static bool add_folder_is_for(const char *folder, size_t n, const wg_inf_target *t) {
  for (size_t i = 0; i < WG_ARRAY_LEN(add_folders); i++) {
    if (wg_str_eq_nocase((wg_str){folder, n}, add_folders[i].folder)) {
      return t->major == add_folders[i].major && t->minor == add_folders[i].minor &&
             t->build >= add_folders[i].build &&
             (add_folders[i].last_build == 0 || t->build <= add_folders[i].last_build) &&
             (t->product_type != 1) == add_folders[i].server;
    }
  }
  return false;
}

// The folder on the way to the package that says it is for this Windows; NULL.
static char *add_hint(const add_candidate *c, const wg_inf_target *t) {
  wg_str rest = wg_str_of(c->below);
  while (rest.n > 0) {
    size_t n = wg_str_find(rest, '/');
    if (add_folder_is_for(rest.p, n, t)) {
      return wg_xstrndup(rest.p, n);
    }
    rest = n < rest.n ? (wg_str){rest.p + n + 1, rest.n - n - 1} : (wg_str){"", 0};
  }
  return NULL;
}

// Whether the catalogue says the package was made for this Windows; it may say nothing.
static bool add_signed_for(const wg_driver_package *p, const wg_inf_target *t) {
  if (p->signature.os == NULL) {
    return false;
  }
  WG_AUTO(wg_cstr) want = wg_xprintf("2:%u.%u", t->major, t->minor);
  wg_str rest = wg_str_of(p->signature.os);
  while (rest.n > 0) {
    size_t n = wg_str_find(rest, ',');
    if (wg_str_eqz((wg_str){rest.p, n}, want)) {
      return true;
    }
    rest = n < rest.n ? (wg_str){rest.p + n + 1, rest.n - n - 1} : (wg_str){"", 0};
  }
  return false;
}

static void add_skip(add_run *a, add_candidate *c, const char *note) {
  WG_AUTO(wg_cstr) version = wg_inject_version(c->p->p.version);
  WG_AUTO(wg_cstr) class_name = wg_xstrndup(c->p->p.class_name.p, c->p->p.class_name.n);
  c->out = true;
  a->in->n_skipped++;
  wg_inject_row(a->in, "skipped", "", c->p->name, version, class_name, "",
                wg_sig_class_name(c->p->signature.cls), note);
}

static bool add_fits(const wg_driver_package *p) {
  return p->p.n_models > 0 || wg_inf_section_of(&p->inf, WG_STR("Manufacturer")) == NULL;
}

static void add_fault(add_run *a, const add_candidate *c, const char *text) {
  WG_AUTO(wg_cstr)
  inf = wg_xprintf("%s%s%s", c->below, c->below[0] == '\0' ? "" : "/", c->p->name);
  add_said(a, inf, c->p->name, text);
}

typedef struct add_best { // of several packages of one release
  add_candidate *c;
  int score;
  bool tie; // with one that is not the same
  size_t n; // how many there are
} add_best;

static add_best add_find_best(add_run *a, size_t first) {
  const wg_inf_target *t = &a->in->w.target;
  add_best b = {.score = -1};
  for (size_t i = first; i < a->n; i++) {
    add_candidate *c = &a->v[i];
    if (c->out || !add_same_release(a->v[first].p, c->p)) {
      continue;
    }
    WG_AUTO(wg_cstr) hint = add_hint(c, t);
    int score =
        (add_fits(c->p) ? 8 : 0) + (hint != NULL ? 4 : 0) + (add_signed_for(c->p, t) ? 2 : 0);
    b.n++;
    if (score > b.score) {
      b.c = c;
      b.score = score;
      b.tie = false;
    } else if (score == b.score) {
      b.tie = b.tie || !wg_digest_eq(&c->p->digest, &b.c->p->digest);
    }
  }
  return b;
}

// One of several packages of one release for several Windows: the others are skipped, and why is
// said. The best is by catalogue, then by folder; two that are equally good and not the same are an
// error.
static void add_choose(add_run *a, size_t first) {
  const wg_inf_target *t = &a->in->w.target;
  add_best best = add_find_best(a, first);
  if (best.n < 2) {
    return;
  }
  if (best.tie && best.score >= 8) {
    WG_AUTO(wg_cstr)
    text =
        wg_xprintf("%zu different packages of one version fit this Windows, one of them in '%s': "
                   "name the folder that is meant",
                   best.n, best.c->below[0] == '\0' ? "." : best.c->below);
    add_fault(a, best.c, text);
  }
  WG_AUTO(wg_cstr) hint = add_hint(best.c, t);
  best.c->why = wg_xprintf("chosen of %zu by its %s", best.n,
                           hint != NULL                   ? hint
                           : add_signed_for(best.c->p, t) ? "catalogue"
                                                          : "models");
  for (size_t i = first; i < a->n; i++) {
    if (&a->v[i] != best.c && !a->v[i].out && add_same_release(a->v[first].p, a->v[i].p)) {
      bool same = wg_digest_eq(&a->v[i].p->digest, &best.c->p->digest);
      add_skip(a, &a->v[i],
               same ? "the same package again" : "the same version for another Windows");
    }
  }
}

// Into Windows PE goes what Setup needs to reach the disk; the network when it is asked for.
static bool add_into_pe(const add_run *a, const wg_driver_package *p) {
  static const char *const classes[] = {"DiskDrive", "SCSIAdapter", "HDC",
                                        "USB",       "SDHost",      "PCMCIA"};
  for (size_t i = 0; i < WG_ARRAY_LEN(classes); i++) {
    if (wg_str_eq_nocase(p->p.class_name, classes[i])) {
      return true;
    }
  }
  return a->job->everything || (a->job->setup_network && wg_str_eq_nocase(p->p.class_name, "Net"));
}

static void add_told(void *ctx, wg_driver_fault fault, const char *text) {
  add_run *a = ctx;
  if ((a->job->allow & (1U << (unsigned)fault)) == 0) {
    add_fault(a, a->now, text);
  }
}

static char *add_label(const wg_driver_package *p, wg_inf_arch arch) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  for (const char *c = p->name; *c != '\0'; c++) {
    wg_buf_add_byte(&b, (uint8_t)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c));
  }
  wg_buf_printf(&b, "_%s_", wg_inf_arch_name(arch));
  wg_buf_add_hex(&b, p->digest.b, 8);
  return wg_xstrdup(wg_buf_z(&b));
}

// The package as the image has it already: put by us, or by Windows with the very same INF.
static const wg_db_package *add_there(add_run *a, const wg_driver_package *p, const char *label) {
  for (size_t i = 0; i < a->in->db.n; i++) {
    const wg_db_package *d = &a->in->db.v[i];
    if (d->in_box || !d->active) {
      continue;
    }
    if (wg_name_cmp_nocase(wg_str_of(d->label), wg_str_of(label)) == 0) {
      return d;
    }
    if (wg_name_cmp_nocase(wg_str_of(d->inf_name), wg_str_of(p->name)) != 0 ||
        memcmp(d->version, p->p.version, sizeof(d->version)) != 0) {
      continue;
    }
    WG_AUTO(wg_cstr) path = wg_xprintf("\\" WG_DRIVER_STORE "\\%s\\%s", d->label, d->inf_name);
    WG_AUTO(wg_buf) bytes = {0};
    wg_error e = WG_ERROR_INIT;
    wg_buf_init(&bytes, wg_heap(), 0);
    if (wg_image_reader_file(a->in->base, path, (uint64_t)128 << 20, &bytes, &e) == WG_OK) {
      wg_digest sum = wg_sha256(bytes.p, bytes.n);
      if (wg_digest_eq(&sum, &p->files[0].sha256)) {
        return d;
      }
    }
  }
  return NULL;
}

static bool add_starts_early(const wg_inf_package *p) {
  for (uint32_t i = 0; i < p->n_configs; i++) {
    for (uint32_t k = 0; k < p->configs[i].n_services; k++) {
      if (!p->configs[i].services[k].deletes && p->configs[i].services[k].start == 0) {
        return true;
      }
    }
  }
  return false;
}

// Whether its record is in SYSTEM, and its services and files are put in place.
static bool add_is_critical(const add_run *a, const wg_driver_package *p) {
  return wg_drv_is_named(a->job->boot, a->job->n_boot, p->name) || add_starts_early(&p->p) ||
         wg_driver_class_in_system(&a->in->w, &p->p);
}

// The package as it was put into the store alone, which no record says: of an image that has no
// database for it.
static bool add_is_staged(const add_run *a, const wg_driver_package *p, const char *label) {
  bool recorded = a->in->w.has_database && (add_is_critical(a, p) || a->in->w.has_drivers);
  WG_AUTO(wg_cstr) path = wg_xprintf("\\" WG_DRIVER_STORE "\\%s\\%s", label, p->name);
  bool there = false;
  wg_error e = WG_ERROR_INIT; // what can't be read is put once more
  return !recorded && wg_image_reader_exists(a->in->base, path, &there, &e) == WG_OK && there;
}

// A number that neither a record nor a file has.
static int add_number(const add_run *a) {
  for (;;) {
    int n = wg_driver_oem_next(a->in->taken);
    WG_AUTO(wg_cstr) inf = wg_xprintf("\\Windows\\INF\\oem%d.inf", n);
    WG_AUTO(wg_cstr) cat = wg_xprintf("\\" WG_DRIVER_CATROOT "\\oem%d.cat", n);
    bool has_inf = false, has_cat = false;
    wg_error e = WG_ERROR_INIT;
    if (n < 0 || (wg_image_reader_exists(a->in->base, inf, &has_inf, &e) == WG_OK && !has_inf &&
                  wg_image_reader_exists(a->in->base, cat, &has_cat, &e) == WG_OK && !has_cat)) {
      return n;
    }
  }
}

static void add_judge(add_run *a) {
  for (size_t i = 0; i < a->n; i++) {
    if (!a->v[i].out) {
      add_choose(a, i);
    }
  }
  for (size_t i = 0; i < a->n; i++) {
    add_candidate *c = &a->v[i];
    if (c->out) {
      continue;
    }
    if (a->in->w.is_pe && !add_into_pe(a, c->p)) {
      add_skip(a, c, "Windows PE needs no such class");
      continue;
    }
    a->now = c;
    wg_driver_package_faults(c->p, &a->in->w.target, add_told, a);
    WG_AUTO(wg_cstr) label = add_label(c->p, a->in->w.target.arch);
    bool in_place = add_is_critical(a, c->p) && add_there(a, c->p, label) == NULL &&
                    !add_is_staged(a, c->p, label);
    wg_inject_guard(a->in, c->p, in_place, add_told, a);
    if (!add_fits(c->p)) {
      add_skip(a, c, "it has no models for this Windows");
    }
  }
}

// --- putting

void wg_add_put(add_run *a, const add_candidate *c, const char *host, const char *to) {
  WG_AUTO(wg_cstr)
  below = c->below[0] == '\0' ? wg_xstrdup(host) : wg_xprintf("%s/%s", c->below, host);
  WG_AUTO(wg_cstr) path = wg_xprintf("C:\\%s", to);
  const wg_image_change change = {.op = WG_IMAGE_PUT_FILE, .to = path};
  const wg_src src = {.kind = WG_SRC_INPUT, .label = c->label, .below = below};
  wg_inject_change(a->in, &change, &src);
}

static void add_store(add_run *a, const add_candidate *c, const char *label,
                      const char *published) {
  const wg_driver_package *p = c->p;
  for (uint32_t i = 0; i < p->n_files; i++) {
    if (p->files[i].host != NULL) {
      WG_AUTO(wg_cstr) to = wg_xprintf(WG_DRIVER_STORE "\\%s\\%s", label, p->files[i].path);
      wg_add_put(a, c, p->files[i].host, to);
    }
  }
  WG_AUTO(wg_cstr) inf = wg_xprintf("Windows\\INF\\%s", published);
  wg_add_put(a, c, p->name, inf);
  if (p->catalog != NULL) {
    WG_AUTO(wg_cstr)
    cat = wg_xprintf(WG_DRIVER_CATROOT "\\%.*s.cat", (int)(strlen(published) - 4), published);
    wg_add_put(a, c, p->catalog, cat);
  }
}

static uint64_t add_count_ids(const wg_driver_package *p) {
  uint64_t n = 0;
  WG_AUTO(wg_buf) seen = {0};
  wg_buf_init(&seen, wg_heap(), 0);
  for (uint32_t i = 0; i < p->p.n_models; i++) {
    for (uint32_t k = 0; k < p->p.models[i].n_ids; k++) {
      n += p->p.models[i].ids[k].n > 0 ? 1 : 0;
    }
  }
  return n;
}

// The first start stages the package once more, so that Windows completes its record: once, and
// whatever comes of it nothing waits for it.
static wg_code add_task(add_run *a, const add_candidate *c, const char *label, wg_error *err) {
  static const uint32_t ok[] = {0, 259}, reboot[] = {3010, 1641}; // 259: a better one is bound
  WG_AUTO(wg_cstr) identity = wg_xprintf("drivers/%s", label);
  WG_AUTO(wg_cstr)
  inf = c->below[0] == '\0' ? wg_xstrdup(c->p->name) : wg_xprintf("%s/%s", c->below, c->p->name);
  const char *const payloads[] = {c->label};
  const char *const args[] = {inf};
  const wg_task task = {.kind = WG_TASK_DRIVER,
                        .identity = identity,
                        .payloads = payloads,
                        .n_payloads = 1,
                        .args = args,
                        .n_args = 1,
                        .limit_s = 600,
                        .on_interrupt = WG_TASK_INTERRUPT_SKIP,
                        .on_failure = WG_TASK_FAILURE_CONTINUE,
                        .ok_codes = ok,
                        .n_ok_codes = WG_ARRAY_LEN(ok),
                        .reboot_codes = reboot,
                        .n_reboot_codes = WG_ARRAY_LEN(reboot)};
  return wg_part_plan_task(a->in->plan, (wg_part_who){.title = identity, .origin = a->in->origin},
                           &task, err);
}

static const char *add_note(const wg_driver_record *r, const add_candidate *c) {
  return !r->windows->has_database
             ? (r->critical ? "this Windows keeps no database in its registry: it starts with the "
                              "driver, and the package is published at the first start"
                            : "this Windows keeps no database in its registry: the package is "
                              "published at the first start")
         : r->in_drivers && !r->windows->has_drivers
             ? "the image has no hive DRIVERS: the package is in the store and not published"
         : c->why != NULL    ? c->why
         : r->windows->is_pe ? ""
                             : "in the store, not staged for the first start";
}

const char *wg_add_origin(const add_run *a, const wg_driver_package *p) {
  const char *origin = a->in->origin;
  const char *own = wg_arena_printf(&a->in->edits.arena, "%s%s%s", origin,
                                    origin[0] == '\0' ? "" : ": ", p->name);
  wg_assert(own != NULL);
  return own;
}

static void add_row(add_run *a, const wg_driver_package *p, const char *did, const char *published,
                    const char *store, const char *note) {
  WG_AUTO(wg_cstr) version = wg_inject_version(p->p.version);
  WG_AUTO(wg_cstr) class_name = wg_xstrndup(p->p.class_name.p, p->p.class_name.n);
  wg_inject_row(a->in, did, published, p->name, version, class_name, store,
                wg_sig_class_name(p->signature.cls), note);
}

// Whether the image has it already; then that is told.
static bool add_is_present(add_run *a, const wg_driver_package *p, const char *label) {
  const wg_db_package *there = add_there(a, p, label);
  if (there == NULL && !add_is_staged(a, p, label)) {
    return false;
  }
  a->in->n_present++;
  add_row(a, p, "present", there == NULL ? "" : there->published,
          there == NULL       ? ""
          : there->in_drivers ? "DRIVERS"
                              : "SYSTEM",
          "it is there already");
  return true;
}

static wg_code add_one(add_run *a, add_candidate *c, wg_error *err) {
  wg_inject *in = a->in;
  const wg_driver_package *p = c->p;
  WG_AUTO(wg_cstr) label = add_label(p, in->w.target.arch);
  if (add_is_present(a, p, label)) {
    return WG_OK;
  }
  int number = add_number(a);
  if (number < 0) {
    return wg_fail(err, WG_E_LIMIT, "all 10,000 names oemN.inf are taken");
  }
  WG_AUTO(wg_cstr) published = wg_xprintf("oem%d.inf", number);
  bool in_system = add_is_critical(a, p);
  const wg_driver_record r = {.windows = &in->w,
                              .package = p,
                              .published = published,
                              .label = label,
                              .in_drivers = !in_system,
                              .critical = in_system,
                              .time_s = in->run->time_s,
                              .origin = wg_add_origin(a, p)};
  bool recorded = in->w.has_database && (in_system || in->w.has_drivers);
  add_store(a, c, label, published);
  if (recorded || !in->w.has_database) {
    wg_driver_record_edits(&r, &in->edits);
  }
  c->critical = r.critical;
  c->published = wg_xstrdup(published);
  c->name = wg_xstrdup(label);
  in->in_system = in->in_system || (recorded && in_system);
  in->in_drivers = in->in_drivers || (recorded && !in_system);
  in->n_added++;
  if (!in->w.is_pe && add_task(a, c, label, err) != WG_OK) {
    return err->code;
  }
  wg_inject_did(in, &(wg_driver_did){.label = label,
                                     .published = published,
                                     .n_ids = add_count_ids(p),
                                     .recorded = recorded});
  add_row(a, p, "added", published,
          !recorded   ? ""
          : in_system ? "SYSTEM"
                      : "DRIVERS",
          add_note(&r, c));
  return WG_OK;
}

static void add_replace(add_run *a, const wg_driver_package *p) {
  for (size_t i = 0; a->job->replace && i < a->in->db.n; i++) {
    const wg_db_package *d = &a->in->db.v[i];
    if (!d->in_box && d->active && wg_driver_oem_number(d->published) >= 0 &&
        wg_name_cmp_nocase(wg_str_of(d->inf_name), wg_str_of(p->name)) == 0 &&
        wg_name_cmp_nocase(wg_str_of(d->provider), p->p.provider) == 0) {
      WG_AUTO(wg_cstr) label = add_label(p, a->in->w.target.arch);
      if (add_there(a, p, label) != d) {
        wg_inject_drop(a->in, d);
      }
    }
  }
}

// "wingo.yaml:7:5: ..."
static wg_code add_wrap(const wg_inject *in, wg_error *err) {
  return in->origin[0] == '\0' ? err->code : wg_wrap(err, "%s", in->origin);
}

static bool add_has(const add_run *a, const char *inf) {
  for (size_t k = 0; k < a->n; k++) {
    if (wg_name_cmp_nocase(wg_str_of(a->v[k].p->name), wg_str_of(inf)) == 0) {
      return true;
    }
  }
  return false;
}

// Every package of the folders, or those that `only` names.
static wg_code add_all(add_run *a, wg_error *err) {
  for (size_t i = 0; i < a->job->n_labels; i++) {
    if (add_folder(a, a->job->labels[i], err) != WG_OK) {
      return err->code;
    }
  }
  add_unused(a);
  for (size_t i = 0; i < a->job->n_only; i++) {
    if (!add_has(a, a->job->only[i])) {
      return wg_fail(err, WG_E_NOT_FOUND, "no INF file '%s' is there", a->job->only[i]);
    }
  }
  for (size_t i = 0; i < a->job->n_boot; i++) {
    if (!add_has(a, a->job->boot[i])) {
      return wg_fail(
          err, WG_E_NOT_FOUND,
          "'%s' is to be ready for the start, and no such INF file is among the packages",
          a->job->boot[i]);
    }
  }
  if (a->n > 0 || a->n_faults > 0 || a->in->n_skipped > 0) {
    return WG_OK;
  }
  return wg_fail(err, WG_E_NOT_FOUND,
                 a->job->no_recurse ? "no INF file is in the folder; with --recurse those of "
                                      "all folders below are taken"
                                    : "no INF file is in the folder or below it");
}

static wg_code add_refuse(add_run *a, wg_error *err) {
  if (a->n_faults == 0) {
    return WG_OK;
  }
  if (a->n_faults == 1 && a->n_malformed == 1) {
    *err = a->first;
    return err->code;
  }
  if (a->n_faults > ADD_MAX_SAID) {
    wg_buf_printf(&a->faults, "; and %zu more", a->n_faults - ADD_MAX_SAID);
  }
  WG_AUTO(wg_cstr) windows = wg_driver_windows_text(&a->in->w);
  return wg_fail(err, WG_E_VERIFY, "refused for Windows %s: %s", windows, wg_buf_z(&a->faults));
}

wg_code wg_inject_add(wg_inject *in, const wg_driver_add *job, wg_error *err) {
  WG_AUTO(add_run) a = {.in = in, .job = job};
  wg_arena_init(&a.arena, wg_heap(), 0);
  wg_buf_init(&a.faults, wg_heap(), 0);
  if (add_rules(&a, err) != WG_OK ||
      (job->n_hardware > 0 ? add_picks(&a, err) : add_all(&a, err)) != WG_OK) {
    return add_wrap(in, err);
  }
  add_judge(&a);
  if (add_refuse(&a, err) != WG_OK) {
    return add_wrap(in, err);
  }
  for (size_t i = 0; i < a.n; i++) {
    if (a.v[i].out) {
      continue;
    }
    add_replace(&a, a.v[i].p);
    if (add_one(&a, &a.v[i], err) != WG_OK) {
      return err->code;
    }
  }
  wg_add_start(&a);
  return WG_OK;
}
