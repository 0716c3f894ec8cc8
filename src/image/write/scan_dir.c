// SPDX-License-Identifier: Apache-2.0
// A folder looked through before it is packed: what an image can't hold is found at once, and
// named.
#include <string.h>

#include "base/sort.h"
#include "base/utf.h"
#include "image/write/check.h"

typedef struct dir_scan {
  wg_arena arena; // of the whole walk
  char **stack;   // folders still to be looked at
  size_t n_stack, cap_stack;
  uint64_t n_bad, n_xattrs;
  wg_error first; // of them
} dir_scan;

static void dir_scan_done(dir_scan *s) {
  wg_xfree((void *)s->stack);
  wg_arena_done(&s->arena);
}
WG_DEFINE_AUTO(dir_scan, dir_scan_done);

static int scan_cmp(const void *a, const void *b, void *ctx) {
  const wg_dirent *x = a, *y = b;
  (void)ctx;
  int c = wg_name_cmp_nocase(wg_str_of(x->name), wg_str_of(y->name));
  return c != 0 ? c : strcmp(x->name, y->name);
}

// Bytes that are no UTF-8 as \xNN, so that the message shows which.
static void scan_add_name(wg_buf *b, const char *path) {
  for (const char *p = path; *p != '\0'; p++) {
    WG_AUTO(wg_buf) unit = {0};
    size_t n = (uint8_t)*p < 0x80 ? 1 : (uint8_t)*p < 0xE0 ? 2 : (uint8_t)*p < 0xF0 ? 3 : 4;
    wg_buf_init(&unit, wg_heap(), 0);
    if (strnlen(p, n) == n && wg_utf8_to_utf16le((wg_str){p, n}, &unit)) {
      wg_buf_add(b, p, n);
      p += n - 1;
    } else {
      wg_buf_printf(b, "\\x%02x", (unsigned)(uint8_t)*p);
    }
  }
}

static void scan_bad(dir_scan *s, wg_code code, const char *path, const char *what) {
  if (s->n_bad++ == 0) {
    WG_AUTO(wg_buf) shown = {0};
    wg_buf_init(&shown, wg_heap(), 0);
    scan_add_name(&shown, path);
    wg_error_set(&s->first, code, 0, WG_NO_OFFSET, "'%s' %s", wg_buf_z(&shown), what);
  }
}

static wg_code scan_entry(dir_scan *s, const char *dir, const wg_dirent *e, wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_path_join(dir, e->name);
  WG_AUTO(wg_buf) name16 = {0};
  wg_buf_init(&name16, wg_heap(), 0);
  s->n_xattrs += wg_os_has_user_xattrs(path) ? 1u : 0u;
  if (!wg_utf8_to_utf16le(wg_str_of(e->name), &name16)) {
    scan_bad(s, WG_E_UNSUPPORTED, path, "has a name that is not UTF-8; rename it");
  } else if (e->type == WG_FT_OTHER) {
    scan_bad(s, WG_E_UNSUPPORTED, path,
             "is a device, pipe or socket, which an image can't hold; move it elsewhere");
  } else if (e->type == WG_FT_DIR) {
    char *copy = wg_arena_strdup(&s->arena, path);
    if (copy == NULL) {
      return wg_arena_fail(&s->arena, err);
    }
    wg_vec_push(&s->stack, &s->n_stack, &s->cap_stack) = copy;
  }
  return WG_OK;
}

static wg_code scan_folder(dir_scan *s, const char *path, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  wg_dirent *list = NULL;
  size_t n = 0;
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_os_list_dir(WG_CWD, path, &arena, &list, &n, err) != WG_OK) {
    return err->code;
  }
  wg_sort(list, n, sizeof(*list), scan_cmp, NULL);
  for (size_t i = 0; i < n; i++) {
    if (scan_entry(s, path, &list[i], err) != WG_OK) {
      return err->code;
    }
    // Windows keeps two names that differ only in letter case apart in no ordinary folder.
    if (i > 0 && wg_name_cmp_nocase(wg_str_of(list[i - 1].name), wg_str_of(list[i].name)) == 0) {
      WG_AUTO(wg_cstr)
      what = wg_xprintf("has '%s' and '%s', which for Windows are the same name; rename one",
                        list[i - 1].name, list[i].name);
      scan_bad(s, WG_E_CONFLICT, path, what);
    }
  }
  return WG_OK;
}

wg_code wg_image_scan_dir(const char *path, const wg_cancel *cancel, uint64_t *out_n_xattrs,
                          wg_error *err) {
  WG_AUTO(dir_scan) s = {.first = WG_ERROR_INIT};
  wg_arena_init(&s.arena, wg_heap(), (size_t)8 << 30);
  char *top = wg_arena_strdup(&s.arena, path);
  if (top == NULL) {
    return wg_arena_fail(&s.arena, err);
  }
  wg_vec_push(&s.stack, &s.n_stack, &s.cap_stack) = top;
  while (s.n_stack > 0) {
    if (wg_cancel_check(cancel, err) != WG_OK ||
        scan_folder(&s, s.stack[--s.n_stack], err) != WG_OK) {
      return err->code;
    }
  }
  if (s.n_bad == 0) {
    *out_n_xattrs = s.n_xattrs;
    return WG_OK;
  }
  *err = s.first;
  return s.n_bad == 1
             ? err->code
             : wg_wrap(err, "%llu names can't be packed; the first", (unsigned long long)s.n_bad);
}
