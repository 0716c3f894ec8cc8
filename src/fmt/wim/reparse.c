// SPDX-License-Identifier: Apache-2.0
// Source of the layouts: MS-FSCC 2.1.2.4 (symbolic link), 2.1.2.5 (mount point). In a WIM the
// header (tag, length) is in the entry.
#include "fmt/wim/reparse.h"

#include <string.h>

#include "base/utf.h"

#define REPARSE_NOT_FIXED                                                                          \
  0x1u // of the flags in an entry: its target was not made relative to the root

static bool reparse_strip(wg_str *s, const char *prefix) {
  size_t n = strlen(prefix);
  if (s->n < n || !wg_str_eq_nocase((wg_str){s->p, n}, prefix)) {
    return false;
  }
  s->p += n;
  s->n -= n;
  return true;
}

static wg_reparse_kind reparse_kind(wg_str *s, bool relative) {
  if (relative) {
    bool rooted = s->n > 0 && (s->p[0] == '\\' || s->p[0] == '/');
    return rooted ? WG_REPARSE_ROOTED : WG_REPARSE_RELATIVE;
  }
  if (!reparse_strip(s, "\\??\\")) {
    (void)reparse_strip(s, "\\\\?\\");
  }
  bool drive = s->n >= 2 && s->p[1] == ':' && (s->n == 2 || s->p[2] == '\\' || s->p[2] == '/');
  return drive ? WG_REPARSE_ABSOLUTE : WG_REPARSE_ELSEWHERE;
}

static wg_code reparse_names(wg_reparse_link *l, wg_str s, wg_arena *arena, wg_error *err) {
  s = l->kind == WG_REPARSE_ABSOLUTE ? (wg_str){s.p + 2, s.n - 2} : s;
  while (s.n > 0 && l->kind != WG_REPARSE_RELATIVE && (s.p[0] == '\\' || s.p[0] == '/')) {
    s.p++;
    s.n--;
  }
  while (s.n > 1 && (s.p[s.n - 1] == '\\' || s.p[s.n - 1] == '/')) {
    s.n--;
  }
  l->names = wg_arena_strndup(arena, s.p, s.n);
  if (l->names == NULL) {
    return wg_arena_fail(arena, err);
  }
  for (size_t i = 0; i < s.n; i++) {
    if (l->names[i] == '\\') {
      l->names[i] = '/';
    }
  }
  return WG_OK;
}

static wg_code reparse_text(wg_reparse_link *l, wg_str target16, bool relative, wg_arena *arena,
                            wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, arena->alloc, 0);
  if (!wg_utf16le_to_utf8((const uint8_t *)target16.p, target16.n, &b)) {
    return wg_fail(err, WG_E_FORMAT, "its target is not text");
  }
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  wg_str s = wg_buf_str(&b);
  if (s.n == 0 || memchr(s.p, 0, s.n) != NULL) {
    return wg_fail(err, WG_E_FORMAT, "its target is empty or has a NUL");
  }
  l->kind = reparse_kind(&s, relative);
  l->text = wg_arena_strndup(arena, s.p, s.n);
  if (l->text == NULL) {
    return wg_arena_fail(arena, err);
  }
  return reparse_names(l, s, arena, err);
}

static wg_code reparse_posix(const uint8_t *p, size_t n, wg_arena *arena, wg_reparse_link *out,
                             wg_error *err) {
  if (n <= 4 || memchr(p + 4, 0, n - 4) != NULL) {
    return wg_fail(err, WG_E_FORMAT, "its target is empty or has a NUL");
  }
  out->kind = WG_REPARSE_POSIX;
  out->text = out->names = wg_arena_strndup(arena, p + 4, n - 4);
  return out->text == NULL ? wg_arena_fail(arena, err) : WG_OK;
}

wg_code wg_reparse_read(const wg_wim_entry *e, bool file_fixes_links, const uint8_t *p,
                        size_t n_bytes, wg_arena *arena, bool *out_is_link, wg_reparse_link *out,
                        wg_error *err) {
  uint32_t tag = (uint32_t)(e->link_or_reparse & UINT32_MAX);
  uint16_t entry_flags = (uint16_t)(e->link_or_reparse >> 48);
  *out = (wg_reparse_link){.in_tree = file_fixes_links && (entry_flags & REPARSE_NOT_FIXED) == 0};
  *out_is_link = tag == WG_REPARSE_TAG_SYMLINK || tag == WG_REPARSE_TAG_JUNCTION ||
                 tag == WG_REPARSE_TAG_LX_SYMLINK;
  if (!*out_is_link) {
    return WG_OK;
  }
  if (tag == WG_REPARSE_TAG_LX_SYMLINK) {
    return reparse_posix(p, n_bytes, arena, out, err);
  }
  wg_reader r = wg_reader_of(p, n_bytes), body;
  uint16_t off = 0, n = 0, print_off = 0, print_n = 0;
  uint32_t flags = 0;
  const uint8_t *s = NULL;
  if (!wg_read_le16(&r, &off) || !wg_read_le16(&r, &n) || !wg_read_le16(&r, &print_off) ||
      !wg_read_le16(&r, &print_n) || (tag == WG_REPARSE_TAG_SYMLINK && !wg_read_le32(&r, &flags)) ||
      !wg_reader_slice(&r, r.pos + off, n, &body) || !wg_read_bytes(&body, n, &s) || n % 2 != 0) {
    return wg_fail(err, WG_E_FORMAT, "its reparse data is damaged");
  }
  return reparse_text(out, (wg_str){(const char *)s, n}, (flags & 1) != 0, arena, err);
}

wg_code wg_reparse_host_text(const wg_reparse_link *l, size_t depth, wg_arena *arena, char **out,
                             wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, arena->alloc, 0);
  *out = NULL;
  bool from_root = l->kind == WG_REPARSE_ROOTED || (l->kind == WG_REPARSE_ABSOLUTE && l->in_tree);
  if (l->kind == WG_REPARSE_ELSEWHERE) {
    return WG_OK;
  }
  for (size_t i = 0; from_root && i < depth; i++) {
    wg_buf_add_z(&b, "../");
  }
  if (l->kind == WG_REPARSE_ABSOLUTE && !l->in_tree) {
    wg_buf_add_byte(&b, '/');
  }
  wg_buf_add_z(&b, l->names);
  if (b.n == 0) {
    wg_buf_add_byte(&b, '.');
  }
  if (b.n > 1 && from_root && b.p[b.n - 1] == '/') {
    b.n--; // the root itself
  }
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  *out = wg_arena_strndup(arena, b.p, b.n);
  return *out == NULL ? wg_arena_fail(arena, err) : WG_OK;
}
