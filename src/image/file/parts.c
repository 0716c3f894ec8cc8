// SPDX-License-Identifier: Apache-2.0
// The parts of a split WIM: found by name, told apart by what their headers say.
#include <string.h>

#include "base/utf.h"
#include "image/file/open.h"

typedef struct parts_name { // "install2.swm": "install", 2, ".swm"
  wg_str stem, ext;
} parts_name;

static bool parts_digit(char c) {
  return c >= '0' && c <= '9';
}

// The name without the number that part k > 1 has at its end.
static parts_name parts_split(const char *name, uint16_t part) {
  wg_str all = wg_str_of(name);
  size_t dot = all.n;
  for (size_t i = 0; i < all.n; i++) {
    dot = name[i] == '.' ? i : dot;
  }
  parts_name p = {.stem = {name, dot}, .ext = {name + dot, all.n - dot}};
  char digits[8];
  size_t n = wg_format(digits, sizeof(digits), "%u", (unsigned)part);
  if (part > 1 && p.stem.n > n && memcmp(p.stem.p + p.stem.n - n, digits, n) == 0) {
    p.stem.n -= n;
  }
  return p;
}

static bool parts_fits(const parts_name *p, const char *name) {
  wg_str s = wg_str_of(name);
  if (s.n < p->stem.n + p->ext.n || wg_name_cmp_nocase((wg_str){name, p->stem.n}, p->stem) != 0 ||
      wg_name_cmp_nocase((wg_str){name + s.n - p->ext.n, p->ext.n}, p->ext) != 0) {
    return false;
  }
  for (size_t i = p->stem.n; i < s.n - p->ext.n; i++) {
    if (!parts_digit(name[i])) {
      return false;
    }
  }
  return true;
}

typedef struct parts_find {
  const wg_image_place *place;
  const wg_image_piece *first;
  parts_name name;
  wg_image_piece *found; // by part; name NULL: not yet
  const char *other;     // a file of that name which is of another set
  wg_error other_err;    // or is no WIM
} parts_find;

static wg_code parts_take(parts_find *t, const wg_image_piece *p, wg_error *err) {
  wg_image_piece *slot = &t->found[p->hdr.part - 1];
  if (slot->name != NULL) {
    return wg_fail(err, WG_E_CONFLICT,
                   "both '%s' and '%s' in '%s' are part %u of it: move one of them away",
                   slot->name, p->name, t->place->name, (unsigned)p->hdr.part);
  }
  *slot = *p;
  return WG_OK;
}

static wg_code parts_look(parts_find *t, const char *name, wg_error *err) {
  wg_image_piece p;
  wg_error why = WG_ERROR_INIT;
  const wg_wim_header *h = &t->first->hdr;
  if (t->place->open(t->place->ctx, name, &p, &why) != WG_OK) {
    if (why.code == WG_E_NOMEM || why.code == WG_E_LIMIT || why.code == WG_E_IO) {
      *err = why;
      return err->code;
    }
    t->other = name;
    t->other_err = why;
    return WG_OK;
  }
  if (memcmp(p.hdr.guid, h->guid, sizeof(h->guid)) != 0 || p.hdr.n_parts != h->n_parts) {
    t->other = name;
    (void)wg_fail_at(&t->other_err, WG_E_FORMAT, 0x18,
                     "part %u of %u of another split WIM: its GUID or number of parts differs",
                     (unsigned)p.hdr.part, (unsigned)p.hdr.n_parts);
    return WG_OK;
  }
  return parts_take(t, &p, err);
}

static wg_code parts_missing(const parts_find *t, unsigned part, wg_error *err) {
  char number[8] = "";
  if (part > 1) {
    (void)wg_format(number, sizeof(number), "%u", part);
  }
  WG_AUTO(wg_cstr)
  want = wg_xprintf("%.*s%s%.*s", (int)t->name.stem.n, t->name.stem.p, number, (int)t->name.ext.n,
                    t->name.ext.p);
  if (t->other != NULL && wg_name_cmp_nocase(wg_str_of(t->other), wg_str_of(want)) == 0) {
    return wg_fail(err, WG_E_FORMAT, "part %u of %u of this split WIM should be '%s', which is: %s",
                   part, (unsigned)t->first->hdr.n_parts, t->other, t->other_err.text);
  }
  return wg_fail(err, WG_E_NOT_FOUND,
                 "part %u of %u of this split WIM is missing: '%s' should be in '%s' (all parts "
                 "in one folder, named %.*s%.*s, %.*s2%.*s, ...)",
                 part, (unsigned)t->first->hdr.n_parts, want, t->place->name, (int)t->name.stem.n,
                 t->name.stem.p, (int)t->name.ext.n, t->name.ext.p, (int)t->name.stem.n,
                 t->name.stem.p, (int)t->name.ext.n, t->name.ext.p);
}

wg_code wg_image_parts_find(const wg_image_place *place, const wg_image_piece *first,
                            wg_image_piece **out, size_t *out_n, wg_error *err) {
  size_t n = first->hdr.n_parts;
  parts_find t = {.place = place,
                  .first = first,
                  .name = parts_split(first->name, first->hdr.part),
                  .found = wg_arena_new_array(place->arena, wg_image_piece, n)};
  if (t.found == NULL) {
    return wg_arena_fail(place->arena, err);
  }
  if (parts_take(&t, first, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < place->n_names; i++) {
    const char *name = place->names[i];
    if (strcmp(name, first->name) != 0 && parts_fits(&t.name, name) &&
        parts_look(&t, name, err) != WG_OK) {
      return err->code;
    }
  }
  for (size_t i = 0; i < n; i++) {
    if (t.found[i].name == NULL) {
      return parts_missing(&t, (unsigned)i + 1, err);
    }
  }
  *out = t.found;
  *out_n = n;
  return WG_OK;
}
