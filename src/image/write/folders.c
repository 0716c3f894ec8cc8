// SPDX-License-Identifier: Apache-2.0
// What takes the room in an image, by folder: two levels, for the report's map.
#include <string.h>

#include "base/sort.h"
#include "base/utf.h"
#include "image/write/run.h"

#define FOLDERS_TOP ((size_t)24)
#define FOLDERS_BELOW ((size_t)14)
#define FOLDERS_NAME_BYTES ((size_t)60)

typedef struct folder_row {
  uint32_t top, below; // entries; WG_WIM_NO_ENTRY: files that lie in the folder itself
  uint64_t n_bytes, n_added;
} folder_row;

static uint64_t folders_file_bytes(const wg_image_run *r, const wg_wim_entry *e) {
  uint64_t n = 0;
  for (size_t k = 0; k <= e->n_streams; k++) {
    uint32_t b = 0;
    if (wg_image_content_find(r, wg_wim_entry_hash(e, k), &b)) {
      n += r->blobs[b].n_bytes;
    }
  }
  return n;
}

static int folders_link_cmp(const void *a, const void *b, void *ctx) {
  const wg_wim_entry *entries = ctx;
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  uint64_t i = entries[x].link_or_reparse, j = entries[y].link_or_reparse;
  return i != j ? (i < j ? -1 : 1) : (x > y) - (x < y);
}

// Marks all names of a file but the first.
static wg_code folders_mark_links(wg_image_run *r, bool *again, wg_error *err) {
  const wg_wim_tree *t = &r->tree;
  uint32_t *links = wg_arena_raw_array(&r->arena, uint32_t, t->n);
  size_t n = 0;
  if (links == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  for (uint32_t i = 0; i < t->n; i++) {
    const wg_wim_entry *e = &t->entries[i];
    if (e->link_or_reparse != 0 && (e->attributes & WG_WIM_ATTR_REPARSE) == 0) {
      links[n++] = i;
    }
  }
  if (n > 1) {
    wg_sort(links, n, sizeof(links[0]), folders_link_cmp, t->entries);
  }
  for (size_t i = 1; i < n; i++) {
    again[links[i]] =
        t->entries[links[i]].link_or_reparse == t->entries[links[i - 1]].link_or_reparse;
  }
  return WG_OK;
}

static void folders_place(const wg_wim_tree *t, uint32_t entry, folder_row *out) {
  out->top = out->below = WG_WIM_NO_ENTRY;
  for (uint32_t at = t->entries[entry].parent; at != WG_WIM_NO_ENTRY && at != 0;
       at = t->entries[at].parent) {
    out->below = out->top;
    out->top = at;
  }
}

static int folders_place_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const folder_row *x = a, *y = b;
  return x->top != y->top ? (x->top < y->top ? -1 : 1)
                          : (x->below > y->below) - (x->below < y->below);
}

typedef struct folder_top {
  size_t first, n;
  uint64_t n_bytes;
} folder_top;

static int folders_top_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const folder_top *x = a, *y = b;
  return x->n_bytes != y->n_bytes ? (x->n_bytes > y->n_bytes ? -1 : 1)
                                  : (x->first > y->first) - (x->first < y->first);
}

static int folders_size_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const folder_row *x = a, *y = b;
  return x->n_bytes != y->n_bytes ? (x->n_bytes > y->n_bytes ? -1 : 1)
                                  : (x->below > y->below) - (x->below < y->below);
}

static void folders_name(const wg_wim_tree *t, uint32_t entry, const char *none, wg_buf *out) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  if (entry == WG_WIM_NO_ENTRY || !wg_utf16le_to_utf8((const uint8_t *)t->entries[entry].name16.p,
                                                      t->entries[entry].name16.n, &b)) {
    wg_buf_add_z(out, none);
    return;
  }
  size_t n = b.n < FOLDERS_NAME_BYTES ? b.n : FOLDERS_NAME_BYTES;
  while (n > 0 && n < b.n && (b.p[n] & 0xC0) == 0x80) { // not through a character
    n--;
  }
  wg_buf_add(out, b.p, n);
}

static void folders_row(wg_image_run *r, const folder_row *row) {
  WG_AUTO(wg_buf) top = {0};
  WG_AUTO(wg_buf) below = {0};
  wg_buf_init(&top, wg_heap(), 0);
  wg_buf_init(&below, wg_heap(), 0);
  folders_name(&r->tree, row->top, "(files)", &top);
  folders_name(&r->tree, row->below, "(files)", &below);
  wg_image_result_folder(&r->result, wg_buf_str(&top), wg_buf_str(&below), row->n_bytes,
                         row->n_added);
}

static void folders_add(wg_image_run *r, folder_row *rows, size_t n) {
  folder_row rest = {0};
  wg_sort(rows, n, sizeof(rows[0]), folders_size_cmp, NULL);
  for (size_t i = 0; i < n; i++) {
    if (i < FOLDERS_BELOW) {
      folders_row(r, &rows[i]);
    } else {
      rest.n_bytes += rows[i].n_bytes;
      rest.n_added += rows[i].n_added;
    }
  }
  if (rest.n_bytes > 0) {
    WG_AUTO(wg_buf) top = {0};
    wg_buf_init(&top, wg_heap(), 0);
    folders_name(&r->tree, rows[0].top, "(files)", &top);
    wg_image_result_folder(&r->result, wg_buf_str(&top), WG_STR("(others)"), rest.n_bytes,
                           rest.n_added);
  }
}

// Rows of one place become one; returns how many are left.
static size_t folders_sum(folder_row *rows, size_t n) {
  size_t m = 0;
  wg_sort(rows, n, sizeof(rows[0]), folders_place_cmp, NULL);
  for (size_t i = 0; i < n; i++) {
    if (m > 0 && rows[m - 1].top == rows[i].top && rows[m - 1].below == rows[i].below) {
      rows[m - 1].n_bytes += rows[i].n_bytes;
      rows[m - 1].n_added += rows[i].n_added;
    } else {
      rows[m++] = rows[i];
    }
  }
  return m;
}

static void folders_write(wg_image_run *r, folder_row *rows, size_t n, folder_top *tops) {
  size_t n_tops = 0;
  for (size_t i = 0; i < n; i++) {
    if (i == 0 || rows[i].top != rows[i - 1].top) {
      tops[n_tops++] = (folder_top){.first = i};
    }
    tops[n_tops - 1].n++;
    tops[n_tops - 1].n_bytes += rows[i].n_bytes;
  }
  folder_row rest = {0};
  if (n_tops > 1) {
    wg_sort(tops, n_tops, sizeof(tops[0]), folders_top_cmp, NULL);
  }
  for (size_t i = 0; i < n_tops; i++) {
    if (i < FOLDERS_TOP) {
      folders_add(r, rows + tops[i].first, tops[i].n);
      continue;
    }
    for (size_t k = 0; k < tops[i].n; k++) {
      rest.n_bytes += rows[tops[i].first + k].n_bytes;
      rest.n_added += rows[tops[i].first + k].n_added;
    }
  }
  if (rest.n_bytes > 0) {
    wg_image_result_folder(&r->result, WG_STR("(others)"), WG_STR("(others)"), rest.n_bytes,
                           rest.n_added);
  }
}

wg_code wg_image_folders(wg_image_run *r, wg_error *err) {
  const wg_wim_tree *t = &r->tree;
  folder_row *rows = wg_arena_raw_array(&r->arena, folder_row, t->n);
  folder_top *tops = wg_arena_raw_array(&r->arena, folder_top, t->n);
  bool *again = wg_arena_new_array(&r->arena, bool, t->n);
  if (rows == NULL || tops == NULL || again == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  if (folders_mark_links(r, again, err) != WG_OK) {
    return err->code;
  }
  size_t n = 0;
  for (uint32_t i = 0; i < t->n; i++) {
    uint64_t bytes = t->entries[i].gone || again[i] ? 0 : folders_file_bytes(r, &t->entries[i]);
    if (bytes > 0) {
      folders_place(t, i, &rows[n]);
      rows[n].n_bytes = bytes;
      rows[n++].n_added = r->edit.touched[i] != 0 ? bytes : 0;
    }
  }
  folders_write(r, rows, folders_sum(rows, n), tops);
  return WG_OK;
}
