// SPDX-License-Identifier: Apache-2.0
#include "driver/match/pack.h"

#include <string.h>

#include "base/near.h"
#include "driver/match/put.h"

WG_WRAPS uint32_t wg_drv_hash(wg_str id) {
  uint32_t h = 0x811C9DC5;
  for (size_t i = 0; i < id.n; i++) {
    h = (h ^ (uint8_t)wg_ascii_lower(id.p[i])) * 0x01000193;
  }
  return h;
}

uint32_t wg_drv_catalog_of(const wg_drv_info *info, wg_inf_arch arch) {
  char own[16];
  (void)wg_format(own, sizeof(own), ".nt%s", wg_inf_arch_name(arch));
  const char *const order[] = {own, ".nt", ""};
  for (size_t k = 0; k < WG_ARRAY_LEN(order); k++) {
    for (uint32_t i = 0; i < info->n_catalogs; i++) {
      if (wg_str_eq_nocase(info->catalogs[i].suffix, order[k]) && info->catalogs[i].name.n > 0) {
        return i;
      }
    }
  }
  return info->n_catalogs;
}

// --- written

typedef struct pk {
  const wg_inf *inf;
  wg_arena *arena;
  wg_buf *out;
  wg_str *installs; // names, in the order in which models name them
  uint32_t n_installs, cap_installs;
  uint32_t *slots; // of them by hash; number plus one
  uint32_t mask;
  uint32_t n_ids;
} pk;

// --- [Version]

static const wg_inf_section *pk_version(const pk *k) {
  return wg_inf_section_of(k->inf, WG_STR("Version"));
}

static bool pk_guid(wg_str text, uint8_t out[16]) {
  static const uint8_t at[16] = {7, 5, 3, 1, 12, 10, 17, 15, 20, 22, 25, 27, 29, 31, 33, 35};
  if (text.n != 38 || text.p[0] != '{' || text.p[37] != '}') {
    return false;
  }
  for (size_t i = 0; i < 16; i++) {
    if (!wg_parse_hex((wg_str){text.p + at[i], 2}, &out[i], 1)) {
      return false;
    }
  }
  return true;
}

static void pk_guid_of(pk *k, const char *key) {
  uint8_t guid[16];
  wg_str text = wg_inf_field_text(k->inf, wg_inf_line_of(k->inf, pk_version(k), key), 0);
  bool has = pk_guid(text, guid);
  wg_buf_add_byte(k->out, has);
  if (has) {
    wg_buf_add(k->out, guid, 16);
  }
}

// "mm/dd/yyyy", also with '-'.
static bool pk_date(wg_str s, uint32_t out[3]) {
  for (size_t i = 0; i < 3; i++) {
    size_t n = 0;
    uint64_t v = 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9') {
      n++;
    }
    if (n == 0 || n > 4 || !wg_parse_u64((wg_str){s.p, n}, &v)) {
      return false;
    }
    out[i] = (uint32_t)v;
    n += n < s.n;
    s = (wg_str){s.p + n, s.n - n};
  }
  return true;
}

static void pk_driver_ver(pk *k) {
  const wg_inf_line *line = wg_inf_line_of(k->inf, pk_version(k), "DriverVer");
  uint32_t date[3] = {0};
  wg_str v = wg_inf_field_text(k->inf, line, 1);
  bool has_date = line != NULL && pk_date(wg_inf_field_text(k->inf, line, 0), date);
  wg_drv_put_num(k->out, has_date ? date[2] : 0);
  wg_drv_put_num(k->out, has_date ? date[0] : 0);
  wg_drv_put_num(k->out, has_date ? date[1] : 0);
  wg_buf_add_byte(k->out, v.n > 0);
  for (size_t i = 0; i < 4; i++) {
    size_t n = wg_str_find(v, '.');
    uint64_t part = 0;
    if (!wg_parse_u64((wg_str){v.p, n}, &part) || part > 0xFFFF) {
      part = 0;
    }
    wg_drv_put_num(k->out, part);
    v = n < v.n ? (wg_str){v.p + n + 1, v.n - n - 1} : (wg_str){0};
  }
}

static void pk_catalogs(pk *k) {
  const wg_inf_section *s = pk_version(k);
  uint32_t n = 0;
  for (int pass = 0; pass < 2; pass++) {
    if (pass == 1) {
      wg_drv_put_num(k->out, n);
    }
    for (uint32_t i = 0; s != NULL && i < s->n_lines; i++) {
      const wg_inf_line *l = &s->lines[i];
      wg_str key = l->key != NULL ? l->key->text : (wg_str){0};
      if (key.n < 11 || !wg_str_eq_nocase((wg_str){key.p, 11}, "CatalogFile") || key.n > 40) {
        continue;
      }
      n += pass == 0;
      if (pass == 1) {
        wg_drv_put_str(k->out, (wg_str){key.p + 11, key.n - 11});
        wg_drv_put_str(k->out, wg_inf_field_text(k->inf, l, 0));
      }
    }
  }
}

static void pk_head(pk *k) {
  const wg_inf_section *s = pk_version(k);
  wg_drv_put_str(k->out, wg_inf_field_text(k->inf, wg_inf_line_of(k->inf, s, "Class"), 0));
  wg_drv_put_str(k->out, wg_inf_field_text(k->inf, wg_inf_line_of(k->inf, s, "Provider"), 0));
  pk_guid_of(k, "ClassGuid");
  pk_guid_of(k, "ExtensionId");
  pk_driver_ver(k);
  pk_catalogs(k);
}

// --- models

static wg_code pk_install_of(pk *k, wg_str name, uint32_t *out, wg_error *err) {
  uint32_t at = wg_drv_hash(name) & k->mask;
  for (; k->slots[at] != 0; at = (at + 1) & k->mask) {
    wg_str known = k->installs[k->slots[at] - 1];
    if (known.n == name.n && wg_name_cmp_nocase(known, name) == 0) {
      *out = k->slots[at] - 1;
      return WG_OK;
    }
  }
  if (k->n_installs == k->cap_installs) {
    return wg_fail(err, WG_E_LIMIT, "more than %u install sections", k->cap_installs);
  }
  k->installs[k->n_installs++] = name;
  k->slots[at] = k->n_installs;
  *out = k->n_installs - 1;
  return WG_OK;
}

static bool pk_is_model(const pk *k, const wg_inf_line *l) {
  return l->key != NULL && wg_inf_field_text(k->inf, l, 0).n > 0;
}

// The first place is the hardware id's, even where it is empty.
static bool pk_is_id(const pk *k, const wg_inf_line *l, uint32_t i) {
  return i == 1 || wg_inf_field_text(k->inf, l, i).n > 0;
}

static wg_code pk_model(pk *k, const wg_inf_line *l, wg_str *before, wg_error *err) {
  uint32_t install = 0, n = 0;
  if (pk_install_of(k, wg_inf_field_text(k->inf, l, 0), &install, err) != WG_OK) {
    return err->code;
  }
  wg_drv_put_str(k->out, wg_inf_expand(k->inf, l->key->text));
  wg_drv_put_num(k->out, install);
  for (uint32_t i = 1; i < l->n_fields; i++) {
    n += pk_is_id(k, l, i);
  }
  wg_drv_put_num(k->out, n);
  for (uint32_t i = 1; i < l->n_fields; i++) {
    if (pk_is_id(k, l, i)) {
      wg_drv_put_id(k->out, before, wg_inf_field_text(k->inf, l, i));
    }
  }
  k->n_ids += n;
  return k->n_ids <= WG_DRV_MAX_IDS
             ? WG_OK
             : wg_fail(err, WG_E_LIMIT, "line %u: more than %u ids", l->line, WG_DRV_MAX_IDS);
}

static wg_code pk_group(pk *k, uint32_t maker, wg_str manufacturer, wg_str models,
                        wg_str decoration, wg_str *before, wg_error *err) {
  const char *name = decoration.n == 0 ? wg_arena_strndup(k->arena, models.p, models.n)
                                       : wg_arena_printf(k->arena, "%.*s.%.*s", WG_STR_ARG(models),
                                                         WG_STR_ARG(decoration));
  uint32_t n = 0;
  if (name == NULL) {
    return wg_arena_fail(k->arena, err);
  }
  const wg_inf_section *s = wg_inf_section_of(k->inf, wg_str_of(name));
  wg_drv_put_num(k->out, maker);
  wg_drv_put_str(k->out, manufacturer);
  wg_drv_put_str(k->out, decoration);
  for (uint32_t i = 0; s != NULL && i < s->n_lines; i++) {
    n += pk_is_model(k, &s->lines[i]);
  }
  wg_drv_put_num(k->out, n);
  for (uint32_t i = 0; s != NULL && i < s->n_lines; i++) {
    if (pk_is_model(k, &s->lines[i]) && pk_model(k, &s->lines[i], before, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// The first field from i on that is a decoration; n_fields: there is none.
static uint32_t pk_decoration_at(const wg_inf *inf, const wg_inf_line *l, uint32_t i) {
  while (i < l->n_fields && wg_inf_field_text(inf, l, i).n == 0) {
    i++;
  }
  return i < l->n_fields ? i : l->n_fields;
}

// How many models sections a line of [Manufacturer] names: one for each decoration, or the plain
// one.
static uint32_t pk_n_decorations(const wg_inf *inf, const wg_inf_line *l) {
  uint32_t n = 0;
  for (uint32_t i = pk_decoration_at(inf, l, 1); i < l->n_fields;
       i = pk_decoration_at(inf, l, i + 1)) {
    n++;
  }
  return n == 0 ? 1 : n;
}

// [Manufacturer]: "%name% = models, NTamd64, NTx86", or a name alone that is that of its section.
static wg_code pk_groups(pk *k, wg_error *err) {
  const wg_inf_section *s = wg_inf_section_of(k->inf, WG_STR("Manufacturer"));
  wg_str before = {0};
  uint32_t n = 0;
  for (uint32_t i = 0; s != NULL && i < s->n_lines; i++) {
    n += pk_n_decorations(k->inf, &s->lines[i]);
  }
  wg_drv_put_num(k->out, n);
  for (uint32_t i = 0; s != NULL && i < s->n_lines; i++) {
    const wg_inf_line *l = &s->lines[i];
    wg_str models = wg_inf_field_text(k->inf, l, 0);
    wg_str maker = l->key != NULL ? wg_inf_expand(k->inf, l->key->text) : models;
    uint32_t left = pk_n_decorations(k->inf, l);
    bool bare = left == 1 && (l->n_fields < 2 || pk_decoration_at(k->inf, l, 1) == l->n_fields);
    for (uint32_t d = 0; left > 0; left--) {
      d = bare ? 0 : pk_decoration_at(k->inf, l, d + 1);
      wg_str decoration = bare ? (wg_str){0} : wg_inf_field_text(k->inf, l, d);
      if (pk_group(k, i, maker, models, decoration, &before, err) != WG_OK) {
        return err->code;
      }
    }
  }
  return WG_OK;
}

// --- install sections

static uint8_t pk_feature(const pk *k, const wg_inf_section *s) {
  wg_str text = wg_inf_field_text(k->inf, wg_inf_line_of(k->inf, s, "FeatureScore"), 0);
  uint64_t v = 0;
  if (text.n > 2 && text.p[0] == '0' && (text.p[1] == 'x' || text.p[1] == 'X')) {
    text = (wg_str){text.p + 2, text.n - 2};
  }
  return text.n > 0 && wg_parse_hex64(text, &v) && v <= 0xFF ? (uint8_t)v : 0xFF;
}

// Ids of the software components that [section.Components] adds; pass 0 counts.
static uint32_t pk_components(pk *k, wg_str section, bool write) {
  const char *name = wg_arena_printf(k->arena, "%.*s.Components", WG_STR_ARG(section));
  const wg_inf_section *s = name == NULL ? NULL : wg_inf_section_of(k->inf, wg_str_of(name));
  uint32_t n = 0;
  for (uint32_t i = 0; s != NULL && i < s->n_lines; i++) {
    const wg_inf_line *l = &s->lines[i];
    if (l->key == NULL || !wg_str_eq_nocase(l->key->text, "AddComponent")) {
      continue;
    }
    const wg_inf_section *c = wg_inf_section_of(k->inf, wg_inf_field_text(k->inf, l, 2));
    const wg_inf_line *ids = wg_inf_line_of(k->inf, c, "ComponentIDs");
    for (uint32_t f = 0; ids != NULL && f < ids->n_fields; f++) {
      n++;
      if (write) {
        wg_drv_put_str(k->out, wg_inf_field_text(k->inf, ids, f));
      }
    }
  }
  return n;
}

// Which install section a section is a variant of, and its suffix. Sections with what belongs to
// one (".Services", ".HW") are none.
static bool pk_variant_of(const pk *k, wg_str name, uint32_t *out, wg_str *suffix) {
  for (size_t dot = name.n;; dot--) {
    if (dot == name.n || name.p[dot] == '.') {
      wg_str head = {name.p, dot};
      wg_inf_decoration d;
      wg_str decoration =
          dot == name.n ? (wg_str){0} : (wg_str){name.p + dot + 1, name.n - dot - 1};
      for (uint32_t at = wg_drv_hash(head) & k->mask; k->slots[at] != 0; at = (at + 1) & k->mask) {
        wg_str known = k->installs[k->slots[at] - 1];
        if (known.n == head.n && wg_name_cmp_nocase(known, head) == 0 &&
            wg_inf_decoration_parse(decoration, &d) && !d.has_version && !d.has_product &&
            !d.has_suite && !d.has_build) {
          *out = k->slots[at] - 1;
          *suffix = (wg_str){name.p + dot, name.n - dot};
          return true;
        }
      }
    }
    if (dot == 0) {
      return false;
    }
  }
}

typedef struct pk_variant {
  uint32_t install, section;
  wg_str suffix;
} pk_variant;

static void pk_install(pk *k, uint32_t install, const pk_variant *v, uint32_t n) {
  uint32_t mine = 0;
  for (uint32_t i = 0; i < n; i++) {
    mine += v[i].install == install;
  }
  wg_drv_put_str(k->out, k->installs[install]);
  wg_drv_put_num(k->out, mine);
  for (uint32_t i = 0; i < n && mine > 0; i++) {
    if (v[i].install == install) {
      const wg_inf_section *s = &k->inf->sections[v[i].section];
      wg_drv_put_str(k->out, v[i].suffix);
      wg_buf_add_byte(k->out, pk_feature(k, s));
      wg_drv_put_num(k->out, pk_components(k, s->name, false));
      (void)pk_components(k, s->name, true);
    }
  }
}

static wg_code pk_installs(pk *k, wg_error *err) {
  pk_variant *v = wg_arena_new_array(k->arena, pk_variant, k->inf->n_sections);
  uint32_t *first = wg_arena_new_array(k->arena, uint32_t, (size_t)k->n_installs + 1);
  pk_variant *sorted = wg_arena_new_array(k->arena, pk_variant, k->inf->n_sections);
  uint32_t n = 0;
  if (v == NULL || first == NULL || sorted == NULL) {
    return wg_arena_fail(k->arena, err);
  }
  for (uint32_t i = 0; i < k->inf->n_sections; i++) {
    pk_variant x = {.section = i};
    if (pk_variant_of(k, k->inf->sections[i].name, &x.install, &x.suffix)) {
      v[n++] = x;
      first[x.install + 1]++;
    }
  }
  for (uint32_t i = 0; i < k->n_installs; i++) { // by install section, in the order of the file
    first[i + 1] += first[i];
  }
  for (uint32_t i = 0; i < n; i++) {
    sorted[first[v[i].install]++] = v[i];
  }
  wg_drv_put_num(k->out, k->n_installs);
  for (uint32_t i = 0; i < k->n_installs; i++) {
    uint32_t from = i == 0 ? 0 : first[i - 1];
    pk_install(k, i, sorted + from, first[i] - from);
  }
  return WG_OK;
}

wg_code wg_drv_pack(const wg_inf *inf, wg_arena *arena, wg_buf *out, wg_error *err) {
  pk k = {.inf = inf, .arena = arena, .out = out, .cap_installs = inf->n_lines + 1};
  uint32_t n_slots = 16;
  while (n_slots / 2 < k.cap_installs && n_slots < (1U << 24)) {
    n_slots *= 2;
  }
  k.mask = n_slots - 1;
  k.cap_installs = k.cap_installs < n_slots / 2 ? k.cap_installs : n_slots / 2;
  k.slots = wg_arena_new_array(arena, uint32_t, n_slots);
  k.installs = wg_arena_new_array(arena, wg_str, k.cap_installs);
  if (k.slots == NULL || k.installs == NULL) {
    return wg_arena_fail(arena, err);
  }
  pk_head(&k);
  if (pk_groups(&k, err) != WG_OK || pk_installs(&k, err) != WG_OK) {
    return err->code;
  }
  if (wg_inf_starved(inf)) {
    return wg_fail(err, WG_E_NOMEM, "out of memory");
  }
  return wg_buf_check(out, err);
}

// --- read

typedef struct un {
  wg_reader r;
  wg_arena *arena;
  bool starved;
} un;

static bool un_num(un *u, uint32_t max, uint32_t *out) {
  uint64_t v = 0;
  if (!wg_read_uvarint(&u->r, &v) || v > max) {
    return false;
  }
  *out = (uint32_t)v;
  return true;
}

// A count of things of at least one byte each.
static bool un_count(un *u, uint32_t *out) {
  uint64_t left = wg_reader_left(&u->r);
  return un_num(u, left < UINT32_MAX ? (uint32_t)left : UINT32_MAX, out);
}

static bool un_str(un *u, wg_str *out) {
  uint64_t n = 0;
  const uint8_t *p = NULL;
  if (!wg_read_uvarint(&u->r, &n) || !wg_read_bytes(&u->r, n, &p)) {
    return false;
  }
  *out = (wg_str){(const char *)p, (size_t)n};
  return true;
}

static bool un_guid(un *u, bool *has, uint8_t out[16]) {
  uint8_t flag = 0;
  const uint8_t *p = NULL;
  if (!wg_read_u8(&u->r, &flag) || flag > 1 || (flag == 1 && !wg_read_bytes(&u->r, 16, &p))) {
    return false;
  }
  *has = flag == 1;
  if (p != NULL) {
    memcpy(out, p, 16);
  }
  return true;
}

static void *un_array(un *u, size_t n, size_t size) {
  void *p = wg_arena_array(u->arena, n, size);
  u->starved = u->starved || p == NULL;
  return p;
}

static bool un_head(un *u, wg_drv_info *out) {
  uint8_t has_version = 0;
  uint32_t part = 0;
  if (!un_str(u, &out->class_name) || !un_str(u, &out->provider) ||
      !un_guid(u, &out->has_guid, out->guid) ||
      !un_guid(u, &out->has_extension_id, out->extension_id) || !un_num(u, 9999, &out->year) ||
      !un_num(u, 9999, &out->month) || !un_num(u, 9999, &out->day) ||
      !wg_read_u8(&u->r, &has_version)) {
    return false;
  }
  out->has_version = has_version == 1;
  for (size_t i = 0; i < 4; i++) {
    if (!un_num(u, 0xFFFF, &part)) {
      return false;
    }
    out->version[i] = (uint16_t)part;
  }
  const uint8_t *g = out->guid;
  if (out->has_guid) {
    (void)wg_format(out->guid_text, sizeof(out->guid_text),
                    "{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}", wg_le32(g),
                    wg_le16(g + 4), wg_le16(g + 6), g[8], g[9], g[10], g[11], g[12], g[13], g[14],
                    g[15]);
  }
  if (!un_count(u, &out->n_catalogs)) {
    return false;
  }
  wg_drv_catalog *c = un_array(u, out->n_catalogs, sizeof(*c));
  out->catalogs = c;
  for (uint32_t i = 0; c != NULL && i < out->n_catalogs; i++) {
    if (!un_str(u, &c[i].suffix) || !un_str(u, &c[i].name)) {
      return false;
    }
  }
  return c != NULL;
}

// The ids of a blob: a first walk counts models and ids, a second fills them in.
typedef struct un_fill {
  wg_drv_group *groups;
  wg_drv_model *models;
  wg_str *ids;
  uint32_t *id_models;
  uint32_t n_models, n_ids;
  wg_str before;
} un_fill;

static bool un_id(un *u, un_fill *f, uint32_t model) {
  uint32_t same = 0;
  wg_str rest = {0};
  if (!un_num(u, 255, &same) || !un_str(u, &rest) || rest.n > UINT16_MAX ||
      f->n_ids >= WG_DRV_MAX_IDS) {
    return false;
  }
  if (f->ids == NULL) { // counting; the length is what matters to the next
    if (same > f->before.n) {
      return false;
    }
    f->before = (wg_str){NULL, same + rest.n};
    f->n_ids++;
    return true;
  }
  char *p = un_array(u, same + rest.n + 1, 1);
  if (p == NULL) {
    return false;
  }
  memcpy(p, f->before.p != NULL ? f->before.p : "", same);
  memcpy(p + same, rest.p != NULL ? rest.p : "", rest.n);
  f->before = f->ids[f->n_ids] = (wg_str){p, same + rest.n};
  f->id_models[f->n_ids++] = model;
  return true;
}

static bool un_model(un *u, un_fill *f) {
  wg_drv_model m = {.first_id = f->n_ids};
  if (!un_str(u, &m.description) || !un_num(u, UINT32_MAX, &m.install) || !un_count(u, &m.n_ids)) {
    return false;
  }
  for (uint32_t i = 0; i < m.n_ids; i++) {
    if (!un_id(u, f, f->n_models)) {
      return false;
    }
  }
  if (f->models != NULL) {
    f->models[f->n_models] = m;
  }
  f->n_models++;
  return true;
}

static bool un_groups(un *u, uint32_t n, un_fill *f) {
  f->before = (wg_str){0};
  f->n_models = f->n_ids = 0;
  for (uint32_t i = 0; i < n; i++) {
    wg_drv_group g = {.first_model = f->n_models};
    if (!un_num(u, UINT32_MAX, &g.maker) || !un_str(u, &g.manufacturer) ||
        !un_str(u, &g.decoration) || !un_count(u, &g.n_models)) {
      return false;
    }
    for (uint32_t k = 0; k < g.n_models; k++) {
      if (!un_model(u, f)) {
        return false;
      }
    }
    if (f->groups != NULL) {
      f->groups[i] = g;
    }
  }
  return true;
}

static bool un_models(un *u, wg_drv_info *out) {
  un_fill f = {0};
  if (!un_count(u, &out->n_groups)) {
    return false;
  }
  const uint64_t at = u->r.pos;
  if (!un_groups(u, out->n_groups, &f) || !wg_read_seek(&u->r, at)) {
    return false;
  }
  out->n_models = f.n_models;
  out->n_ids = f.n_ids;
  f.groups = un_array(u, out->n_groups, sizeof(*f.groups));
  f.models = un_array(u, out->n_models, sizeof(*f.models));
  f.ids = un_array(u, out->n_ids, sizeof(*f.ids));
  f.id_models = un_array(u, out->n_ids, sizeof(*f.id_models));
  if (u->starved) {
    return false;
  }
  out->groups = f.groups;
  out->models = f.models;
  out->ids = f.ids;
  out->id_models = f.id_models;
  return un_groups(u, out->n_groups, &f);
}

static bool un_variant(un *u, wg_drv_variant *v) {
  if (!un_str(u, &v->suffix) || !wg_read_u8(&u->r, &v->feature_score) ||
      !un_count(u, &v->n_components)) {
    return false;
  }
  wg_str *c = un_array(u, v->n_components, sizeof(*c));
  v->components = c;
  for (uint32_t i = 0; c != NULL && i < v->n_components; i++) {
    if (!un_str(u, &c[i])) {
      return false;
    }
  }
  return c != NULL;
}

static bool un_installs(un *u, wg_drv_info *out) {
  if (!un_count(u, &out->n_installs)) {
    return false;
  }
  wg_drv_install *in = un_array(u, out->n_installs, sizeof(*in));
  out->installs = in;
  for (uint32_t i = 0; in != NULL && i < out->n_installs; i++) {
    if (!un_str(u, &in[i].name) || !un_count(u, &in[i].n_variants)) {
      return false;
    }
    wg_drv_variant *v = un_array(u, in[i].n_variants, sizeof(*v));
    in[i].variants = v;
    for (uint32_t k = 0; v != NULL && k < in[i].n_variants; k++) {
      if (!un_variant(u, &v[k])) {
        return false;
      }
    }
  }
  for (uint32_t i = 0; i < out->n_models; i++) {
    if (out->models[i].install >= out->n_installs) {
      return false;
    }
  }
  return in != NULL && wg_reader_left(&u->r) == 0;
}

wg_code wg_drv_unpack(const void *p, size_t n_bytes, bool head_only, wg_arena *arena,
                      wg_drv_info *out, wg_error *err) {
  un u = {.r = wg_reader_of(p, n_bytes), .arena = arena};
  wg_drv_info info = {0};
  bool good = un_head(&u, &info) && (head_only || (un_models(&u, &info) && un_installs(&u, &info)));
  if (u.starved) {
    return wg_arena_fail(arena, err);
  }
  if (!good) {
    return wg_fail_at(err, WG_E_FORMAT, wg_reader_at(&u.r), "the index's record is damaged");
  }
  *out = info;
  return WG_OK;
}
