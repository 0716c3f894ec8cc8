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
  size_t n_top; // bytes of the folder's own path
  wg_image_side *side;
  uint64_t n_bad;
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

// Below the folder.
static const char *scan_below(const dir_scan *s, const char *path) {
  return path + s->n_top + (path[s->n_top] == '/' ? 1 : 0);
}

static wg_code scan_entry(dir_scan *s, const char *dir, const wg_dirent *e, wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_path_join(dir, e->name);
  WG_AUTO(wg_buf) name16 = {0};
  wg_buf_init(&name16, wg_heap(), 0);
  if (wg_image_side_look(s->side, scan_below(s, path), path, e->type, err) != WG_OK) {
    return err->code;
  }
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

// Windows keeps two names that differ only in letter case apart in no ordinary folder; the sidecar
// of an image that has them names both.
static void scan_twins(dir_scan *s, const char *dir, const char *a, const char *b) {
  WG_AUTO(wg_cstr) x = wg_path_join(dir, a);
  WG_AUTO(wg_cstr) y = wg_path_join(dir, b);
  if (wg_name_cmp_nocase(wg_str_of(a), wg_str_of(b)) != 0 ||
      (wg_image_side_knows(s->side, scan_below(s, x)) &&
       wg_image_side_knows(s->side, scan_below(s, y)))) {
    return;
  }
  WG_AUTO(wg_cstr)
  what = wg_xprintf("has '%s' and '%s', which for Windows are the same name; rename one", a, b);
  scan_bad(s, WG_E_CONFLICT, dir, what);
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
    bool sidecar = path[s->n_top] == '\0' && strcmp(list[i].name, WG_META_FILE) == 0;
    if (!sidecar && scan_entry(s, path, &list[i], err) != WG_OK) {
      return err->code;
    }
    if (i > 0) {
      scan_twins(s, path, list[i - 1].name, list[i].name);
    }
  }
  return WG_OK;
}

wg_code wg_image_scan_dir(const char *path, const wg_cancel *cancel, wg_image_side *side,
                          wg_error *err) {
  WG_AUTO(dir_scan) s = {.side = side, .n_top = strlen(path), .first = WG_ERROR_INIT};
  wg_arena_init(&s.arena, wg_heap(), (size_t)8 << 30);
  char *top = wg_arena_strdup(&s.arena, path);
  if (top == NULL) {
    return wg_arena_fail(&s.arena, err);
  }
  wg_vec_push(&s.stack, &s.n_stack, &s.cap_stack) = top;
  if (wg_image_side_look(side, "", path, WG_FT_DIR, err) != WG_OK) {
    return err->code;
  }
  while (s.n_stack > 0) {
    if (wg_cancel_check(cancel, err) != WG_OK ||
        scan_folder(&s, s.stack[--s.n_stack], err) != WG_OK) {
      return err->code;
    }
  }
  if (s.n_bad == 0) {
    return wg_image_side_end(side, err);
  }
  *err = s.first;
  return s.n_bad == 1
             ? err->code
             : wg_wrap(err, "%llu names can't be packed; the first", (unsigned long long)s.n_bad);
}

wg_code wg_image_side_check(const char *dir, const char *arch, wg_error *err) {
  WG_AUTO(wg_image_side) side = {0};
  return wg_image_side_begin(&side, dir, err) == WG_OK &&
                 (arch == NULL || wg_image_side_arch_is(&side, arch, err) == WG_OK)
             ? wg_image_scan_dir(dir, NULL, &side, err)
             : err->code;
}
