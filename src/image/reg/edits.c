// SPDX-License-Identifier: Apache-2.0
#include "image/reg/edits.h"

#include <string.h>

void wg_reg_edits_init(wg_reg_edits *e) {
  *e = (wg_reg_edits){0};
  wg_arena_init(&e->arena, wg_heap(), 0);
}

void wg_reg_edits_done(wg_reg_edits *e) {
  wg_xfree(e->v);
  wg_arena_done(&e->arena);
  e->v = NULL;
  e->n = e->cap = 0;
}

// Arena copies; above fmt, no memory ends the program.
static char *edits_dup(wg_reg_edits *e, const void *p, size_t n) {
  char *s = wg_arena_strndup(&e->arena, p, n);
  wg_assert(s != NULL);
  return s;
}

wg_reg_edit *wg_reg_edits_new(wg_reg_edits *e, const char *origin, wg_reg_edit_op op,
                              const char *key, const char *name) {
  wg_reg_edit *n = &wg_vec_push(&e->v, &e->n, &e->cap);
  *n = (wg_reg_edit){.op = op,
                     .key = edits_dup(e, key, strlen(key)),
                     .name = edits_dup(e, name, strlen(name)),
                     .origin = edits_dup(e, origin, strlen(origin))};
  return n;
}

void wg_reg_edits_bytes(wg_reg_edits *e, const char *origin, const char *key, const char *name,
                        uint32_t type, const void *p, size_t n_bytes) {
  wg_reg_edit *n = wg_reg_edits_new(e, origin, WG_REG_SET, key, name);
  n->type = type;
  n->data = (const uint8_t *)edits_dup(e, p, n_bytes);
  n->n_bytes = (uint32_t)n_bytes;
}

void wg_reg_edits_dword(wg_reg_edits *e, const char *origin, const char *key, const char *name,
                        uint32_t v) {
  uint8_t b[4];
  wg_put_le32(b, v);
  wg_reg_edits_bytes(e, origin, key, name, WG_REG_DWORD, b, sizeof(b));
}

// Appends text with its NUL; what is not UTF-8 (the loader lets none through) becomes nothing.
static void edits_add_text(wg_buf *b, const char *text) {
  if (!wg_utf8_to_utf16le(wg_str_of(text), b)) {
    b->failed = true;
  }
  wg_buf_add_le16(b, 0);
}

void wg_reg_edits_text(wg_reg_edits *e, const char *origin, const char *key, const char *name,
                       uint32_t type, const char *text) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  edits_add_text(&b, text);
  wg_reg_edits_bytes(e, origin, key, name, type, b.p, b.n);
}

void wg_reg_edits_list(wg_reg_edits *e, const char *origin, const char *key, const char *name,
                       const char *const *items, size_t n_items) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  for (size_t i = 0; i < n_items; i++) {
    edits_add_text(&b, items[i]);
  }
  wg_buf_add_le16(&b, 0);
  wg_reg_edits_bytes(e, origin, key, name, WG_REG_MULTI_SZ, b.p, b.n);
}

void wg_reg_edits_items(wg_reg_edits *e, wg_reg_edit *edit, const char *const *items,
                        size_t n_items) {
  const char **own = (const char **)wg_arena_new_array(&e->arena, const char *, n_items + 1);
  wg_assert(own != NULL);
  for (size_t i = 0; i < n_items; i++) {
    own[i] = edits_dup(e, items[i], strlen(items[i]));
  }
  edit->items = own;
  edit->n_items = n_items;
}

void wg_reg_edits_take(wg_reg_edits *e, const char *origin, wg_reg_edit_op op, const char *key,
                       const char *name, const char *owner, const char *const *items,
                       size_t n_items) {
  wg_reg_edits_text(e, origin, key, name, WG_REG_SZ, owner);
  wg_reg_edit *n = &e->v[e->n - 1];
  n->op = op;
  n->n_bytes -= 2; // without its NUL
  wg_reg_edits_items(e, n, items, n_items);
}

void wg_reg_edits_regtext(wg_reg_edits *e, const char *file, const wg_regtext *t,
                          const wg_reg_map *maps, size_t n_maps) {
  static const wg_reg_edit_op ops[] = {
      [WG_REGOP_KEY] = WG_REG_MAKE_KEY,
      [WG_REGOP_DELETE_KEY] = WG_REG_DELETE_KEY,
      [WG_REGOP_VALUE] = WG_REG_SET,
      [WG_REGOP_DELETE_VALUE] = WG_REG_DELETE_VALUE,
  };
  const char *key = NULL; // of the operation before: most have the same
  WG_AUTO(wg_buf) mapped = {0};
  wg_buf_init(&mapped, wg_heap(), 0);
  for (size_t i = 0; i < t->n_ops; i++) {
    const wg_regop *op = &t->ops[i];
    if (i == 0 || op->key.p != op[-1].key.p || op->key.n != op[-1].key.n) {
      wg_buf_clear(&mapped);
      wg_reg_map_key(maps, n_maps, op->key, &mapped);
      key = edits_dup(e, mapped.p, mapped.n);
    }
    const char *origin = wg_arena_printf(&e->arena, "%s:%u", file, op->line);
    wg_assert(origin != NULL);
    wg_vec_push(&e->v, &e->n, &e->cap) =
        (wg_reg_edit){.op = ops[op->kind],
                      .key = key,
                      .name = op->name.n == 0 ? "" : edits_dup(e, op->name.p, op->name.n),
                      .origin = origin,
                      .type = op->type,
                      .data = op->data,
                      .n_bytes = op->n_bytes};
  }
}
