// SPDX-License-Identifier: Apache-2.0
// A package for one Windows: [Version], models, and what each install section does.
#include <string.h>

#include "base/sort.h"
#include "fmt/inf/driver_int.h"

#define DRV_MAX_MODELS 200000U // of one INF and Windows

// --- what the other files use

void *wg_drv_push(drv *d, drv_vec *v, size_t size) {
  if (v->n == v->cap) {
    uint32_t cap = v->cap == 0 ? 4 : v->cap * 2;
    uint8_t *grown = cap <= v->cap ? NULL : wg_arena_array(d->arena, cap, size);
    if (grown == NULL) {
      (void)wg_arena_fail(d->arena, d->err);
      return NULL;
    }
    if (v->n > 0) {
      memcpy(grown, v->v, v->n * size);
    }
    v->v = grown;
    v->cap = cap;
  }
  return (uint8_t *)v->v + (size_t)v->n++ * size;
}

wg_code wg_drv_work(drv *d, uint64_t n) {
  d->work += n;
  return d->work <= DRV_MAX_WORK ? WG_OK
                                 : wg_fail(d->err, WG_E_LIMIT,
                                           "the sections name each other too often: more than %u "
                                           "million lines would be read",
                                           (unsigned)(DRV_MAX_WORK >> 20));
}

wg_code wg_drv_fail(drv *d, uint32_t line, const char *fmt, ...) {
  char text[512];
  va_list ap;
  va_start(ap, fmt);
  (void)wg_vformat(text, sizeof(text), fmt, ap);
  va_end(ap);
  return wg_fail(d->err, WG_E_FORMAT, "line %u: %s", line, text);
}

wg_code wg_drv_unhandled(drv *d, const wg_inf *from, wg_str section, wg_str directive,
                         uint32_t line) {
  wg_inf_unhandled *u = wg_drv_push(d, &d->unhandled, sizeof(*u));
  if (u == NULL) {
    return d->err->code;
  }
  *u = (wg_inf_unhandled){from, section, directive, line};
  return WG_OK;
}

wg_str wg_drv_text(drv *d, const char *fmt, ...) {
  WG_AUTO(wg_buf) text = {0};
  va_list ap;
  wg_buf_init(&text, d->arena->alloc, 0);
  va_start(ap, fmt);
  wg_buf_vprintf(&text, fmt, ap);
  va_end(ap);
  const char *own = text.failed ? NULL : wg_arena_strndup(d->arena, wg_buf_z(&text), text.n);
  d->starved = d->starved || own == NULL;
  return own == NULL ? WG_STR("") : (wg_str){own, text.n};
}

static wg_str driver_lower(drv *d, wg_str s) {
  char *own = wg_arena_strndup(d->arena, s.n == 0 ? "" : s.p, s.n);
  d->starved = d->starved || own == NULL;
  for (size_t i = 0; own != NULL && i < s.n; i++) {
    own[i] = own[i] >= 'A' && own[i] <= 'Z' ? (char)(own[i] + ('a' - 'A')) : own[i];
  }
  return own == NULL ? WG_STR("") : (wg_str){own, s.n};
}

bool wg_drv_eq(wg_str a, wg_str b) {
  return wg_name_cmp_nocase(a, b) == 0;
}

wg_str wg_drv_key(const wg_inf *inf, const wg_inf_line *l) {
  return l->key != NULL ? wg_inf_expand(inf, l->key->text) : wg_inf_field_text(inf, l, 0);
}

wg_str wg_drv_token(wg_str raw) {
  if (raw.n < 3 || raw.p[0] != '%' || raw.p[raw.n - 1] != '%' ||
      wg_str_find((wg_str){raw.p + 1, raw.n - 2}, '%') < raw.n - 2) {
    return WG_STR("");
  }
  return raw;
}

uint32_t wg_drv_number(const wg_inf *inf, const wg_inf_line *l, uint32_t field,
                       uint32_t otherwise) {
  uint32_t v = 0;
  wg_str text = wg_inf_field_text(inf, l, field);
  return text.n > 0 && wg_inf_number(text, &v) ? v : otherwise;
}

// --- [Version]

static bool version_guid(wg_str text, uint8_t *out) {
  // {8-4-4-4-12}; the first three are little-endian where Windows stores them.
  static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
  char hex[32];
  uint8_t b[16];
  size_t n = 0;
  if (text.n != 38 || text.p[0] != '{' || text.p[37] != '}') {
    return false;
  }
  for (size_t i = 1; i < 37; i++) {
    bool dash = i == 9 || i == 14 || i == 19 || i == 24;
    if (dash != (text.p[i] == '-')) {
      return false;
    }
    if (!dash) {
      hex[n++] = text.p[i];
    }
  }
  if (!wg_parse_hex((wg_str){hex, 32}, b, 16)) {
    return false;
  }
  for (size_t i = 0; i < 16; i++) {
    out[i] = b[order[i]];
  }
  return true;
}

static bool version_date(wg_str text, wg_inf_package *p) {
  uint32_t v[3] = {0};
  for (size_t i = 0; i < 3; i++) {
    size_t n = 0;
    while (n < text.n && text.p[n] != '/' && text.p[n] != '-') {
      n++;
    }
    uint64_t part = 0;
    if (!wg_parse_u64((wg_str){text.p, n}, &part) || part > 9999) {
      return false;
    }
    v[i] = (uint32_t)part;
    text = n < text.n ? (wg_str){text.p + n + 1, text.n - n - 1} : WG_STR("");
  }
  if (v[0] < 1 || v[0] > 12 || v[1] < 1 || v[1] > 31 || v[2] < 1601) {
    return false;
  }
  p->month = v[0];
  p->day = v[1];
  p->year = v[2];
  return true;
}

static bool version_number(wg_str text, uint16_t *out) {
  uint16_t v[4] = {0};
  for (size_t i = 0; i < 4 && text.n > 0; i++) {
    size_t n = wg_str_find(text, '.');
    uint64_t part = 0;
    if (!wg_parse_u64((wg_str){text.p, n}, &part) || part > UINT16_MAX) {
      return false;
    }
    v[i] = (uint16_t)part;
    text = n < text.n ? (wg_str){text.p + n + 1, text.n - n - 1} : WG_STR("");
  }
  if (text.n > 0) {
    return false;
  }
  memcpy(out, v, sizeof(v));
  return true;
}

static wg_str version_catalog(drv *d, const wg_inf_section *s) {
  // The one of the architecture comes first.
  wg_str keys[3] = {wg_drv_text(d, "CatalogFile.NT%s", wg_inf_arch_name(d->target->arch)),
                    WG_STR("CatalogFile.NT"), WG_STR("CatalogFile")};
  for (size_t i = 0; i < 3; i++) {
    wg_str name = wg_inf_field_text(d->inf, wg_inf_line_of(d->inf, s, keys[i].p), 0);
    if (name.n > 2 && name.p[0] == '.' && name.p[1] == '\\') { // the folder itself
      name = (wg_str){name.p + 2, name.n - 2};
    }
    if (name.n > 0) {
      return name;
    }
  }
  return WG_STR("");
}

static wg_code version_class(drv *d, const wg_inf_line *guid, wg_inf_package *p) {
  wg_str text = wg_inf_field_text(d->inf, guid, 0);
  if (guid == NULL) {
    return WG_OK;
  }
  if (!version_guid(text, p->class_guid)) {
    return wg_drv_fail(d, guid->line, "ClassGuid '%.*s' is none: {8-4-4-4-12 hexadecimal digits}",
                       WG_STR_ARG(text));
  }
  wg_str lower = driver_lower(d, text); // "" when memory ran out
  memcpy(p->class_guid_text, lower.p, lower.n);
  p->has_class_guid = true;
  return WG_OK;
}

static wg_code version_driver(drv *d, const wg_inf_line *ver, wg_inf_package *p) {
  wg_str date = wg_inf_field_text(d->inf, ver, 0), number = wg_inf_field_text(d->inf, ver, 1);
  if (ver == NULL) {
    return WG_OK;
  }
  p->has_version = version_date(date, p) && version_number(number, p->version);
  return p->has_version
             ? WG_OK
             : wg_drv_fail(d, ver->line, "DriverVer '%.*s,%.*s' is no mm/dd/yyyy,w.x.y.z",
                           WG_STR_ARG(date), WG_STR_ARG(number));
}

static wg_code version_read(drv *d, wg_inf_package *p) {
  const wg_inf *inf = d->inf;
  const wg_inf_section *s = wg_inf_section_of(inf, WG_STR("Version"));
  const wg_inf_line *ext = wg_inf_line_of(inf, s, "ExtensionId");
  p->inf = inf;
  p->class_name = wg_inf_field_text(inf, wg_inf_line_of(inf, s, "Class"), 0);
  p->provider = wg_inf_field_text(inf, wg_inf_line_of(inf, s, "Provider"), 0);
  p->catalog = version_catalog(d, s);
  p->pnp_lockdown = wg_drv_number(inf, wg_inf_line_of(inf, s, "PnpLockdown"), 0, 0);
  p->has_extension_id =
      ext != NULL && version_guid(wg_inf_field_text(inf, ext, 0), p->extension_id);
  return version_class(d, wg_inf_line_of(inf, s, "ClassGuid"), p) == WG_OK
             ? version_driver(d, wg_inf_line_of(inf, s, "DriverVer"), p)
             : d->err->code;
}

// --- models

typedef struct models { // in the making
  drv *d;
  wg_inf_package *p;
  drv_vec v, configs; // wg_inf_model, wg_inf_config
  drv_vec elsewhere;  // wg_str
} models;

// Place of the config of that name, made when it is new.
static wg_code models_config(models *m, wg_str name, uint32_t *out) {
  wg_inf_config *v = m->configs.v;
  for (uint32_t i = m->configs.n; i > 0; i--) { // the last ones first: they stand together
    if (wg_drv_eq(v[i - 1].name, name)) {
      *out = i - 1;
      return WG_OK;
    }
  }
  wg_inf_config *c = wg_drv_push(m->d, &m->configs, sizeof(*c));
  if (c == NULL || wg_drv_work(m->d, m->configs.n) != WG_OK) {
    return m->d->err->code;
  }
  const wg_inf_section *s = wg_drv_actual(m->d, m->d->inf, name);
  c->name = name;
  c->section = s == NULL ? name : s->name;
  c->sections = wg_drv_suffixes(m->d, c->section);
  c->line = s == NULL ? 0 : s->line;
  c->first = s == NULL || s->n_lines == 0 ? NULL : s->lines;
  c->feature_score = 0xFF;
  const wg_inf_line *score = wg_inf_line_of(m->d->inf, s, "FeatureScore");
  wg_str text = wg_inf_field_text(m->d->inf, score, 0);
  uint64_t hex = 0;
  if (wg_str_starts(text, "0x") || wg_str_starts(text, "0X")) {
    text = (wg_str){text.p + 2, text.n - 2};
  }
  if (score != NULL && wg_parse_hex64(text, &hex) && hex <= 0xFF) { // always hexadecimal
    c->feature_score = (uint32_t)hex;
  }
  *out = m->configs.n - 1;
  return WG_OK;
}

static wg_code models_line(models *m, const wg_inf_line *maker, const wg_inf_line *l) {
  drv *d = m->d;
  wg_str name = wg_inf_field_text(d->inf, l, 0);
  if (l->key == NULL || name.n == 0) {
    return wg_drv_unhandled(d, d->inf, WG_STR("Models"), wg_inf_field_text(d->inf, l, 0), l->line);
  }
  wg_inf_model *o = wg_drv_push(d, &m->v, sizeof(*o));
  wg_str *ids = wg_arena_new_array(d->arena, wg_str, l->n_fields);
  if (o == NULL || ids == NULL) {
    return wg_arena_fail(d->arena, d->err);
  }
  if (m->v.n > DRV_MAX_MODELS) {
    return wg_fail(d->err, WG_E_LIMIT, "line %u: more than %u models", l->line, DRV_MAX_MODELS);
  }
  uint32_t n = 0;
  for (uint32_t i = 1; i < l->n_fields; i++) {
    ids[n] = wg_inf_field_text(d->inf, l, i);
    n += i == 1 || ids[n].n > 0; // the first place is the hardware id's, even where it is empty
  }
  *o = (wg_inf_model){.description = wg_inf_expand(d->inf, l->key->text),
                      .manufacturer = wg_drv_key(d->inf, maker),
                      .description_token = driver_lower(d, wg_drv_token(l->key->text)),
                      .manufacturer_token = maker->key == NULL
                                                ? WG_STR("")
                                                : driver_lower(d, wg_drv_token(maker->key->text)),
                      .ids = ids,
                      .n_ids = n,
                      .line = l->line};
  return models_config(m, name, &o->config);
}

static wg_code models_elsewhere(models *m, wg_str decoration) {
  const wg_str *v = m->elsewhere.v;
  wg_str shown = decoration.n == 0 ? WG_STR("x86 without decoration") : decoration;
  for (uint32_t i = 0; i < m->elsewhere.n; i++) {
    if (wg_drv_eq(v[i], shown)) {
      return WG_OK;
    }
  }
  wg_str *s = m->elsewhere.n >= 64 ? NULL : wg_drv_push(m->d, &m->elsewhere, sizeof(*s));
  if (s != NULL) {
    *s = shown;
  }
  return m->elsewhere.n >= 64 || s != NULL ? WG_OK : m->d->err->code;
}

static const wg_inf_section *models_section(drv *d, wg_str name, wg_str decoration) {
  return wg_inf_section_of(d->inf, decoration.n == 0 ? name
                                                     : wg_drv_text(d, "%.*s.%.*s", WG_STR_ARG(name),
                                                                   WG_STR_ARG(decoration)));
}

typedef struct models_best { // of the decorations of a line
  wg_inf_decoration decoration;
  wg_str text;
  bool fits;
} models_best;

// What is no decoration that is known, "ME" say, is of another Windows.
static wg_code models_try(models *m, wg_str text, models_best *best) {
  wg_inf_decoration dec;
  if (!wg_inf_decoration_parse(text, &dec) || !wg_inf_decoration_fits(&dec, m->d->target)) {
    return models_elsewhere(m, text);
  }
  if (!best->fits || wg_inf_decoration_cmp(&dec, &best->decoration) > 0) {
    *best = (models_best){.decoration = dec, .text = text, .fits = true};
  }
  return WG_OK;
}

// The decoration of a line of [Manufacturer] that fits best. A line without any is for x86.
static wg_code models_choose(models *m, const wg_inf_line *l, models_best *best) {
  bool any = false;
  for (uint32_t i = 1; i < l->n_fields; i++) {
    wg_str text = wg_inf_field_text(m->d->inf, l, i);
    any = any || text.n > 0;
    if (text.n > 0 && models_try(m, text, best) != WG_OK) {
      return m->d->err->code;
    }
  }
  return any ? WG_OK : models_try(m, WG_STR(""), best);
}

static wg_code models_maker(models *m, const wg_inf_line *l) {
  drv *d = m->d;
  // "name" alone is maker and section in one.
  wg_str name = wg_inf_field_text(d->inf, l, 0);
  models_best best = {.text = WG_STR("")};
  if (models_choose(m, l, &best) != WG_OK) {
    return d->err->code;
  }
  const wg_inf_section *s = best.fits ? models_section(d, name, best.text) : NULL;
  if (s != NULL && wg_drv_work(d, s->n_lines) != WG_OK) {
    return d->err->code;
  }
  for (uint32_t i = 0; s != NULL && i < s->n_lines; i++) {
    if (models_line(m, l, &s->lines[i]) != WG_OK) {
      return d->err->code;
    }
  }
  return WG_OK;
}

static wg_code models_give(models *m) {
  wg_str all = WG_STR("");
  const wg_str *v = m->elsewhere.v;
  for (uint32_t i = 0; i < m->elsewhere.n; i++) {
    all = i == 0 ? v[i] : wg_drv_text(m->d, "%.*s, %.*s", WG_STR_ARG(all), WG_STR_ARG(v[i]));
  }
  m->p->models = m->v.v;
  m->p->n_models = m->v.n;
  m->p->configs = m->configs.v;
  m->p->n_configs = m->configs.n;
  m->p->has_models_elsewhere = m->elsewhere.n > 0;
  m->p->elsewhere = all;
  m->p->unhandled = m->d->unhandled.v;
  m->p->n_unhandled = m->d->unhandled.n;
  return m->d->starved || wg_inf_starved(m->d->inf) ? wg_fail(m->d->err, WG_E_NOMEM, "no memory")
                                                    : WG_OK;
}

static wg_code models_read(models *m) {
  const wg_inf_section *s = wg_inf_section_of(m->d->inf, WG_STR("Manufacturer"));
  for (uint32_t i = 0; s != NULL && i < s->n_lines; i++) {
    if (models_maker(m, &s->lines[i]) != WG_OK) {
      return m->d->err->code;
    }
  }
  return models_give(m);
}

wg_code wg_inf_models(const wg_inf *inf, const wg_inf_target *target, wg_arena *arena,
                      wg_inf_package *out, wg_error *err) {
  drv d = {.inf = inf, .target = target, .arena = arena, .err = err};
  wg_inf_package p = {0};
  models m = {.d = &d, .p = &p};
  if (version_read(&d, &p) != WG_OK || models_read(&m) != WG_OK) {
    return err->code;
  }
  *out = p;
  return WG_OK;
}

// --- all of it

static wg_code compile_configs(drv *d, wg_inf_config *v, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    drv_config c = {.d = d, .out = &v[i]};
    if (wg_drv_config(&c) != WG_OK) {
      return d->err->code;
    }
  }
  return WG_OK;
}

// Files that only other versions of Windows take, of the same architecture: they are part of the
// package. Nothing else of what those sections say is kept.
static wg_code compile_elsewhere(drv *d) {
  wg_inf_target newest = *d->target;
  newest.product_type = 0;
  const wg_inf_target *target = d->target;
  const wg_inf_section *makers = wg_inf_section_of(d->inf, WG_STR("Manufacturer"));
  wg_inf_package p = {0};
  models m = {.d = d, .p = &p};
  drv_vec unhandled = d->unhandled;
  d->target = &newest;
  d->for_target = false;
  for (uint32_t i = 0; makers != NULL && i < makers->n_lines; i++) {
    const wg_inf_line *l = &makers->lines[i];
    for (uint32_t k = 1; k < l->n_fields; k++) {
      wg_inf_decoration dec;
      wg_str text = wg_inf_field_text(d->inf, l, k);
      const wg_inf_section *s = models_section(d, wg_inf_field_text(d->inf, l, 0), text);
      if (!wg_inf_decoration_parse(text, &dec) || !dec.has_arch || dec.arch != target->arch ||
          s == NULL) {
        continue;
      }
      for (uint32_t j = 0; j < s->n_lines; j++) {
        if (wg_drv_work(d, 1) != WG_OK || models_line(&m, l, &s->lines[j]) != WG_OK) {
          return d->err->code;
        }
      }
    }
  }
  wg_code code = compile_configs(d, m.configs.v, m.configs.n);
  d->unhandled = unhandled;
  d->target = target;
  return code;
}

// ClassInstall32 copies files, too; they are the target's.
static wg_code compile_class(drv *d) {
  const wg_inf_section *s = wg_drv_actual(d, d->inf, WG_STR("ClassInstall32"));
  drv_vec copies = {0};
  for (uint32_t i = 0; s != NULL && i < s->n_lines; i++) {
    if (wg_str_eq_nocase(wg_drv_key(d->inf, &s->lines[i]), "CopyFiles") &&
        wg_drv_copy_line(d, d->inf, &s->lines[i], &copies) != WG_OK) {
      return d->err->code;
    }
  }
  return WG_OK;
}

static int compile_file_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const wg_inf_file *x = a;
  const wg_inf_file *y = b;
  int by_name = wg_name_cmp_nocase(x->path, y->path);
  return by_name != 0 ? by_name : (int)y->for_target - (int)x->for_target;
}

static void compile_files(drv *d, wg_inf_package *p) {
  wg_inf_file *v = d->files.v;
  uint32_t n = 0;
  wg_sort(v, d->files.n, sizeof(*v), compile_file_cmp, NULL);
  for (uint32_t i = 0; i < d->files.n; i++) {
    if (n == 0 || !wg_drv_eq(v[n - 1].path, v[i].path)) {
      v[n++] = v[i];
    }
  }
  p->files = v;
  p->n_files = n;
}

wg_code wg_inf_compile(const wg_inf *inf, const wg_inf_target *target,
                       const wg_inf_library *library, wg_arena *arena, wg_inf_package *out,
                       wg_error *err) {
  drv d = {.inf = inf,
           .target = target,
           .library = library,
           .arena = arena,
           .err = err,
           .for_target = true};
  wg_inf_package p = {0};
  models m = {.d = &d, .p = &p};
  if (version_read(&d, &p) != WG_OK || models_read(&m) != WG_OK ||
      compile_configs(&d, m.configs.v, m.configs.n) != WG_OK || compile_class(&d) != WG_OK ||
      compile_elsewhere(&d) != WG_OK || models_give(&m) != WG_OK) {
    return err->code;
  }
  compile_files(&d, &p);
  *out = p;
  return WG_OK;
}
