// SPDX-License-Identifier: Apache-2.0
// In a folder of Windows a short name is a name: nothing else there may have it.
#include <string.h>

#include "base/sort.h"
#include "base/utf.h"
#include "image/write/side.h"

// The folder that a path is in.
static wg_str short_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  return (wg_str){path, slash == NULL ? 0 : (size_t)(slash - path)};
}

static int short_cmp(wg_str folder_a, wg_str a16, wg_str folder_b, wg_str b16) {
  size_t n = folder_a.n < folder_b.n ? folder_a.n : folder_b.n;
  int c = n == 0 ? 0 : memcmp(folder_a.p, folder_b.p, n);
  if (c != 0 || folder_a.n != folder_b.n) {
    return c != 0 ? c : (folder_a.n > folder_b.n) - (folder_a.n < folder_b.n);
  }
  return wg_name16_cmp_nocase((const uint8_t *)a16.p, a16.n, (const uint8_t *)b16.p, b16.n);
}

static int short_row_cmp(const void *a, const void *b, void *ctx) {
  const wg_meta_entry *rows = ctx;
  uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
  int c = short_cmp(short_folder(rows[i].path), rows[i].short16, short_folder(rows[k].path),
                    rows[k].short16);
  return c != 0 ? c : (i > k) - (i < k);
}

wg_code wg_side_shorts_begin(wg_image_side *s, wg_error *err) {
  wg_side_shorts *x = &s->shorts;
  x->seen = wg_xarray(s->file.n + 1, sizeof(*x->seen));
  x->order = wg_arena_new_array(&s->arena, uint32_t, s->file.n);
  if (x->order == NULL) {
    return wg_arena_fail(&s->arena, err);
  }
  for (size_t i = 0; i < s->file.n; i++) {
    if ((s->file.entries[i].has & WG_META_SHORT) != 0 && s->file.entries[i].path[0] != '\0') {
      x->order[x->n++] = (uint32_t)i;
    }
  }
  if (x->n > 1) {
    wg_sort(x->order, x->n, sizeof(x->order[0]), short_row_cmp, s->file.entries);
  }
  return WG_OK;
}

// The first in order whose folder and short name do not come before these.
static size_t short_first(const wg_image_side *s, wg_str folder, wg_str name16) {
  size_t lo = 0, hi = s->shorts.n;
  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;
    const wg_meta_entry *e = &s->file.entries[s->shorts.order[mid]];
    bool before = short_cmp(short_folder(e->path), e->short16, folder, name16) < 0;
    lo = before ? mid + 1 : lo;
    hi = before ? hi : mid;
  }
  return lo;
}

static wg_code short_taken(wg_image_side *s, uint32_t row, const char *path, wg_error *err) {
  wg_side_shorts *x = &s->shorts;
  const char *copy = wg_arena_strdup(&s->arena, path);
  if (copy == NULL) {
    return wg_arena_fail(&s->arena, err);
  }
  wg_vec_push(&x->taken, &x->n_taken, &x->cap_taken) = (struct wg_side_taken){row, copy};
  return WG_OK;
}

wg_code wg_side_shorts_look(wg_image_side *s, const char *path, wg_error *err) {
  wg_side_shorts *x = &s->shorts;
  const wg_meta_entry *row = wg_meta_find(&s->file, path);
  const wg_str folder = short_folder(path);
  const char *name = strrchr(path, '/') == NULL ? path : path + folder.n + 1;
  WG_AUTO(wg_buf) name16 = {0};
  wg_buf_init(&name16, wg_heap(), 0);
  if (row != NULL) {
    x->seen[row - s->file.entries] = true;
  }
  if (x->n == 0 || !wg_utf8_to_utf16le(wg_str_of(name), &name16)) {
    return WG_OK; // what is no UTF-8 is refused elsewhere
  }
  for (size_t lo = short_first(s, folder, wg_buf_str(&name16)); lo < x->n; lo++) {
    const wg_meta_entry *e = &s->file.entries[x->order[lo]];
    if (short_cmp(short_folder(e->path), e->short16, folder, wg_buf_str(&name16)) != 0) {
      break;
    }
    if (e != row && short_taken(s, x->order[lo], path, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

wg_code wg_side_shorts_end(const wg_image_side *s, wg_error *err) {
  const wg_side_shorts *x = &s->shorts;
  const wg_meta_entry *before = NULL;
  for (size_t i = 0; i < x->n_taken; i++) {
    const wg_meta_entry *e = &s->file.entries[x->taken[i].row];
    if (x->seen[x->taken[i].row]) {
      return wg_fail(err, WG_E_CONFLICT,
                     "%s:%u: the short name of '%s' is the name of '%s', and so one thing for "
                     "Windows; rename that, or take 'short' out of the line",
                     s->name, (unsigned)e->line, e->path, x->taken[i].path);
    }
  }
  for (size_t i = 0; i < x->n; i++) {
    const wg_meta_entry *e = &s->file.entries[x->order[i]];
    if (!x->seen[x->order[i]]) {
      continue;
    }
    if (before != NULL && short_cmp(short_folder(before->path), before->short16,
                                    short_folder(e->path), e->short16) == 0) {
      return wg_fail(err, WG_E_CONFLICT,
                     "%s:%u: '%s' and '%s' (line %u) have one short name, which Windows refuses; "
                     "take 'short' out of one of the lines",
                     s->name, (unsigned)e->line, e->path, before->path, (unsigned)before->line);
    }
    before = e;
  }
  return WG_OK;
}
