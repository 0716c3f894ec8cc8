// SPDX-License-Identifier: Apache-2.0
#include "image/file/spec.h"

#include <string.h>

void wg_spec_done(wg_spec *s) {
  wg_xfree(wg_take(&s->path));
  wg_xfree(wg_take(&s->image));
}

bool wg_spec_is_regtext(const uint8_t *p, size_t n) {
  static const char *const marks[] = {"REGEDIT4", "Windows Registry Editor"};
  char narrow[32];
  size_t step = n >= 2 && p[0] == 0xFF && p[1] == 0xFE ? 2 : 1, k = 0;
  size_t at = step == 2 ? 2 : n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  for (; at < n && k + 1 < sizeof(narrow); at += step) {
    if (k > 0 || (p[at] != '\r' && p[at] != '\n' && p[at] != ' ')) {
      narrow[k++] = (char)p[at];
    }
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(marks); i++) {
    if (wg_str_starts((wg_str){narrow, k}, marks[i])) {
      return true;
    }
  }
  return false;
}

// A disc image: its volume recognition area begins at 32 KiB.
static bool spec_is_disc(int fd, uint64_t size_bytes) {
  uint8_t id[8];
  wg_error err = WG_ERROR_INIT;
  return size_bytes >= 0x8800 && wg_os_pread_exact(fd, id, sizeof(id), 0x8000, &err) == WG_OK &&
         (memcmp(id + 1, "CD001", 5) == 0 || memcmp(id + 1, "BEA01", 5) == 0);
}

static wg_code spec_kind(wg_spec *s, wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  wg_stat st;
  uint8_t head[512];
  if (wg_os_stat(WG_CWD, s->path, true, &st, err) != WG_OK) {
    return err->code;
  }
  if (st.type == WG_FT_DIR) {
    s->kind = WG_SPEC_FOLDER;
    return WG_OK;
  }
  size_t n = st.size_bytes < sizeof(head) ? (size_t)st.size_bytes : sizeof(head);
  if (wg_os_open_read(WG_CWD, s->path, &fd, err) != WG_OK ||
      wg_os_pread_exact(fd, head, n, 0, err) != WG_OK) {
    return err->code;
  }
  bool wim = n >= 8 && (memcmp(head, "MSWIM\0\0\0", 8) == 0 || memcmp(head, "WLPWM\0\0\0", 8) == 0);
  s->disc = !wim && spec_is_disc(fd, st.size_bytes);
  if (wim || s->disc) {
    s->kind = WG_SPEC_WIM;
  } else if (n >= 4 && memcmp(head, "regf", 4) == 0) {
    s->kind = WG_SPEC_HIVE;
  } else if (wg_spec_is_regtext(head, n)) {
    s->kind = WG_SPEC_REGTEXT;
  } else {
    return wg_fail(
        err, WG_E_UNSUPPORTED,
        "'%s' is no image (.wim, .esd, .swm, .iso), registry hive, registry text or folder",
        s->path);
  }
  return WG_OK;
}

wg_code wg_spec_parse(const char *arg, wg_spec *out, wg_error *err) {
  WG_AUTO(wg_spec) s = {0};
  wg_stat st;
  wg_error first = WG_ERROR_INIT, later = WG_ERROR_INIT;
  size_t at = strlen(arg);
  s.path = wg_xstrdup(arg);
  // From the longest name to the shortest: names of files may have colons, so may those of images.
  wg_code code = wg_os_stat(WG_CWD, s.path, true, &st, &first);
  while (code != WG_OK) {
    while (at > 0 && arg[at - 1] != ':') {
      at--;
    }
    if (at <= 1) {
      *err = first;
      return err->code;
    }
    at--;
    wg_xfree(s.path);
    wg_xfree(s.image);
    s.path = wg_xstrndup(arg, at);
    s.image = wg_xstrdup(arg + at + 1);
    code = wg_os_stat(WG_CWD, s.path, true, &st, &later);
  }
  if (spec_kind(&s, err) != WG_OK) {
    return err->code;
  }
  if (s.image != NULL && s.kind != WG_SPEC_WIM) {
    return wg_fail(err, WG_E_UNSUPPORTED, "'%s' has no images to choose '%s' from", s.path,
                   s.image);
  }
  *out = s;
  s = (wg_spec){0};
  return WG_OK;
}
