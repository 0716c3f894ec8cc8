// SPDX-License-Identifier: Apache-2.0
// Changes that cannot both be done, seen without the base: what edit.c and edit_ops.c would refuse
// when they get there.
#include <string.h>

#include "base/utf.h"
#include "image/tree/change.h"
#include "image/tree/winpath.h"

typedef enum conflict_kind {
  CONFLICT_UNKNOWN, // the base decides
  CONFLICT_FILE,
  CONFLICT_FOLDER
} conflict_kind;

typedef struct conflict_place {
  char *path; // "\\WINDOWS\\WEB", letter case folded
  uint32_t hash;
  size_t change;
  conflict_kind kind;
  bool gone; // deleted, or renamed away, by a later change
} conflict_place;

typedef struct conflict_run {
  const wg_image_change *v;
  void (*found)(void *ctx, size_t earlier, size_t later, const char *text);
  void *ctx;
  conflict_place *places; // what earlier changes made
  size_t n_places, cap_places;
  size_t *slots; // by hash: index of a place + 1; of places with one path the last
  size_t n_slots;
} conflict_run;

// The path with letter case folded; heap, NULL when it is none.
static char *conflict_fold(const char *path) {
  WG_AUTO(wg_arena) arena = {0};
  wg_winpath p;
  wg_error ignored = WG_ERROR_INIT;
  wg_arena_init(&arena, wg_heap(), 0);
  if (path == NULL || wg_winpath_parse(path, &arena, &p, &ignored) != WG_OK) {
    return NULL;
  }
  char *text = wg_winpath_text(&p, &arena);
  wg_str s = wg_str_of(text);
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  size_t at = 0;
  for (uint32_t cp = 0; wg_utf8_next(s, &at, &cp);) {
    uint32_t up = cp < 0x10000 ? wg_upcase16((uint16_t)cp) : cp;
    wg_buf_add(&b, &up, sizeof(up)); // fixed width: only compared
  }
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  for (size_t i = 0; i < b.n; i += sizeof(uint32_t)) {
    uint32_t up = 0;
    memcpy(&up, b.p + i, sizeof(up));
    if (up < 0x80) {
      wg_buf_add_byte(&out, (uint8_t)up);
    } else {
      wg_buf_printf(&out, "<%x>", (unsigned)up);
    }
  }
  return wg_xstrdup(wg_buf_z(&out));
}

static uint32_t conflict_hash(const char *s, size_t n) { // FNV-1a
  uint32_t h = 2166136261U;
  for (size_t i = 0; i < n; i++) {
    h = (h ^ (uint8_t)s[i]) * 16777619U;
  }
  return h;
}

// The last place of that path that is still there, NULL when there is none.
static conflict_place *conflict_at(conflict_run *r, const char *path, size_t n) {
  uint32_t hash = conflict_hash(path, n);
  for (size_t k = hash & (r->n_slots - 1); r->slots[k] != 0; k = (k + 1) & (r->n_slots - 1)) {
    wg_assert(r->places != NULL && r->slots[k] <= r->n_places); // a slot names a place
    conflict_place *p = &r->places[r->slots[k] - 1];
    if (p->hash == hash && strlen(p->path) == n && memcmp(p->path, path, n) == 0) {
      return p->gone ? NULL : p;
    }
  }
  return NULL;
}

// Puts a place into its slot; of places with one path the last counts.
static void conflict_slot(conflict_run *r, size_t place) {
  const conflict_place *new = &r->places[place];
  size_t k = new->hash &(r->n_slots - 1);
  for (; r->slots[k] != 0; k = (k + 1) & (r->n_slots - 1)) {
    const conflict_place *p = &r->places[r->slots[k] - 1];
    if (p->hash == new->hash && strcmp(p->path, new->path) == 0) {
      break;
    }
  }
  r->slots[k] = place + 1;
}

static void conflict_add(conflict_run *r, wg_str path, size_t change, conflict_kind kind) {
  wg_vec_push(&r->places, &r->n_places, &r->cap_places) = (conflict_place){
      wg_xstrndup(path.p, path.n), conflict_hash(path.p, path.n), change, kind, false};
  if (r->n_places * 2 <= r->n_slots) {
    conflict_slot(r, r->n_places - 1);
    return;
  }
  wg_xfree(r->slots);
  r->n_slots *= 4;
  r->slots = wg_xalloc(r->n_slots * sizeof(*r->slots));
  for (size_t i = 0; i < r->n_places; i++) {
    conflict_slot(r, i);
  }
}

// The folders on the way to path, which a change makes where they are not there. False when one of
// them is put as a file.
static bool conflict_parents(conflict_run *r, size_t i, const char *path) {
  for (size_t n = strlen(path); n > 1; n--) {
    if (path[n - 1] != '\\') {
      continue;
    }
    const conflict_place *p = conflict_at(r, path, n - 1);
    if (p == NULL) {
      conflict_add(r, (wg_str){path, n - 1}, i, CONFLICT_FOLDER);
    } else if (p->kind == CONFLICT_FILE) {
      WG_AUTO(wg_cstr)
      text =
          wg_xprintf("'%s' needs a folder where '%s' puts a file", r->v[i].to, r->v[p->change].to);
      r->found(r->ctx, p->change, i, text);
      return false;
    }
  }
  return true;
}

static void conflict_put(conflict_run *r, size_t i, const char *path) {
  const wg_image_change *c = &r->v[i];
  bool is_file = c->op == WG_IMAGE_PUT_FILE;
  const conflict_place *p = conflict_at(r, path, strlen(path));
  bool fits = p == NULL || (!is_file && p->kind != CONFLICT_FILE);
  if (!conflict_parents(r, i, path)) {
    return;
  }
  p = conflict_at(r, path, strlen(path));
  if (fits) {
    if (p == NULL || p->kind == CONFLICT_UNKNOWN) {
      conflict_add(r, wg_str_of(path), i, is_file ? CONFLICT_FILE : CONFLICT_FOLDER);
    }
    return;
  }
  WG_AUTO(wg_cstr) text = NULL;
  if (p->kind == CONFLICT_UNKNOWN) {
    text = wg_xprintf("'%s' was changed before, and what is put would undo that", c->to);
  } else if (is_file && p->kind == CONFLICT_FILE) {
    text = wg_xprintf("'%s' is put there twice", c->to);
  } else {
    text = wg_xprintf("'%s' is a %s here, and a %s before", c->to, is_file ? "file" : "folder",
                      is_file ? "folder" : "file");
  }
  r->found(r->ctx, p->change, i, text);
}

static bool conflict_is_below(const char *path, const char *top) {
  size_t n = strlen(top);
  return strncmp(path, top, n) == 0 && (path[n] == '\0' || path[n] == '\\');
}

// All that is at the path or below it goes, and nothing that an earlier change made may be there.
static void conflict_remove(conflict_run *r, size_t i, const char *path, const char *shown,
                            const char *how) {
  for (size_t k = 0; k < r->n_places; k++) {
    const conflict_place *p = &r->places[k];
    if (!p->gone && conflict_is_below(p->path, path)) {
      WG_AUTO(wg_cstr)
      text = wg_xprintf("'%s' would be %s, with '%s' of an earlier change", shown, how,
                        r->v[p->change].to);
      r->found(r->ctx, p->change, i, text);
      return;
    }
  }
}

// What earlier changes made moves along.
static void conflict_rename(conflict_run *r, size_t i, const char *to) {
  const wg_image_change *c = &r->v[i];
  WG_AUTO(wg_cstr) from = conflict_fold(c->from);
  if (from == NULL) {
    return;
  }
  size_t n = strlen(from), n_places = r->n_places;
  if (conflict_is_below(to, from) && to[n] == '\\') {
    r->found(r->ctx, i, i, "a folder cannot go below itself");
    return;
  }
  if (strcmp(from, to) != 0) {
    conflict_remove(r, i, to, c->to, "replaced");
  }
  bool any = false;
  for (size_t k = 0; k < n_places; k++) {
    if (r->places[k].gone || !conflict_is_below(r->places[k].path, from)) {
      continue;
    }
    WG_AUTO(wg_cstr) moved = wg_xprintf("%s%s", to, r->places[k].path + n);
    r->places[k].gone = true;
    conflict_add(r, wg_str_of(moved), r->places[k].change, r->places[k].kind);
    any = true;
  }
  bool happens = any || (c->flags & WG_IMAGE_IF_PRESENT) == 0;
  if (happens && conflict_parents(r, i, to) && conflict_at(r, to, strlen(to)) == NULL) {
    conflict_add(r, wg_str_of(to), i, CONFLICT_UNKNOWN);
  }
}

static void conflict_change(conflict_run *r, size_t i, const char *path) {
  switch (r->v[i].op) {
  case WG_IMAGE_PUT_FILE:
  case WG_IMAGE_PUT_DIR:
    conflict_put(r, i, path);
    return;
  case WG_IMAGE_DELETE:
    conflict_remove(r, i, path, r->v[i].to, "deleted");
    return;
  case WG_IMAGE_RENAME:
    conflict_rename(r, i, path);
    return;
  case WG_IMAGE_SET:
    break;
  }
  if ((r->v[i].flags & WG_IMAGE_IF_PRESENT) == 0 && conflict_at(r, path, strlen(path)) == NULL) {
    conflict_add(r, wg_str_of(path), i, CONFLICT_UNKNOWN);
  }
}

void wg_image_changes_conflicts(const wg_image_change *v, size_t n,
                                void (*found)(void *ctx, size_t earlier, size_t later,
                                              const char *text),
                                void *ctx) {
  conflict_run r = {.v = v, .found = found, .ctx = ctx, .n_slots = 64};
  r.slots = wg_xalloc(r.n_slots * sizeof(*r.slots));
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) path = conflict_fold(v[i].to);
    if (path != NULL) {
      conflict_change(&r, i, path);
    }
  }
  for (size_t k = 0; k < r.n_places; k++) {
    wg_xfree(r.places[k].path);
  }
  wg_xfree(r.places);
  wg_xfree(r.slots);
}
