// SPDX-License-Identifier: Apache-2.0
#include "driver/match/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

enum {
  MAX_ENTRIES = 500000,
  MAX_INNER_BYTES = 1000,
};
#define MAX_INF_BYTES ((size_t)64 << 20)
#define MAX_ALL_BYTES ((uint64_t)1 << 30) // of INF files of one archive

typedef struct archive ar;
static void ar_done(ar **a) {
  if (*a != NULL) {
    (void)archive_read_free(*a);
  }
}

static bool ends(const char *name, const char *end) {
  size_t n = strlen(name), m = strlen(end);
  return n >= m && wg_str_eq_nocase((wg_str){name + n - m, m}, end);
}

bool wg_drv_is_archive(const char *name) {
  return ends(name, ".zip") || ends(name, ".cab") || ends(name, ".7z") || ends(name, ".exe");
}

// What libarchive says has no line ends to rely on.
static wg_code ar_fail(ar *a, wg_error *err) {
  const char *text = archive_error_string(a);
  wg_code code =
      wg_fail(err, WG_E_FORMAT, "the archive can't be read: %s", text != NULL ? text : "damaged");
  for (char *p = err->text; *p != '\0'; p++) {
    *p = *p == '\n' ? ' ' : *p;
  }
  return code;
}

static wg_code ar_read(ar *a, uint64_t *all, wg_buf *out, wg_error *err) {
  uint8_t part[2048];
  for (;;) {
    la_ssize_t n = archive_read_data(a, part, sizeof(part));
    if (n < 0) {
      return ar_fail(a, err);
    }
    if (n == 0) {
      return wg_buf_check(out, err);
    }
    *all += (uint64_t)n;
    if (*all > MAX_ALL_BYTES || out->n + (size_t)n > MAX_INF_BYTES) {
      return wg_fail(err, WG_E_LIMIT, "the INF files of the archive are too large");
    }
    wg_buf_add(out, part, (size_t)n);
  }
}

// With '/' between names and none in front; false: too long, or no text.
static bool ar_name(struct archive_entry *e, char out[MAX_INNER_BYTES + 1]) {
  const char *name = archive_entry_pathname_utf8(e);
  name = name != NULL ? name : archive_entry_pathname(e);
  if (name == NULL || strlen(name) > MAX_INNER_BYTES) {
    return false;
  }
  while (*name == '/' || *name == '\\' || (name[0] == '.' && name[1] == '/')) {
    name += *name == '.' ? 2 : 1;
  }
  size_t n = 0;
  for (; name[n] != '\0'; n++) {
    if ((unsigned char)name[n] < ' ') {
      return false;
    }
    out[n] = name[n] == '\\' ? '/' : name[n];
  }
  out[n] = '\0';
  return n > 0;
}

static wg_code ar_entry(ar *a, struct archive_entry *e, const wg_drv_archived *to, uint64_t *all,
                        wg_error *err) {
  char name[MAX_INNER_BYTES + 1];
  if (archive_entry_filetype(e) != AE_IFREG || !ar_name(e, name)) {
    return WG_OK;
  }
  if (ends(name, ".cat")) {
    to->catalog(to->ctx, name);
    return WG_OK;
  }
  if (!ends(name, ".inf")) {
    return WG_OK;
  }
  WG_AUTO(wg_buf) bytes = {0};
  wg_buf_init(&bytes, wg_heap(), MAX_INF_BYTES + 1);
  return ar_read(a, all, &bytes, err) == WG_OK ? to->inf(to->ctx, name, wg_buf_str(&bytes), err)
                                               : wg_wrap(err, "%s", name);
}

static wg_code ar_walk(ar *a, const wg_drv_archived *to, const wg_cancel *cancel, bool *any,
                       wg_error *err) {
  uint64_t all = 0;
  for (size_t n = 0;; n++) {
    struct archive_entry *e = NULL;
    int rc = archive_read_next_header(a, &e);
    if (rc == ARCHIVE_EOF) {
      return WG_OK;
    }
    if (rc < ARCHIVE_WARN) {
      return ar_fail(a, err);
    }
    *any = true;
    if (n >= MAX_ENTRIES) {
      return wg_fail(err, WG_E_LIMIT, "the archive has more than %u entries", MAX_ENTRIES);
    }
    if (wg_cancel_check(cancel, err) != WG_OK || ar_entry(a, e, to, &all, err) != WG_OK) {
      return err->code;
    }
  }
}

wg_code wg_drv_archive_walk(const char *path, const wg_drv_archived *to, const wg_cancel *cancel,
                            wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  __attribute__((cleanup(ar_done))) ar *a = archive_read_new();
  bool any = false;
  if (a == NULL) {
    return wg_fail(err, WG_E_NOMEM, "out of memory");
  }
  if (wg_os_open_read(WG_CWD, path, &fd, err) != WG_OK) {
    return err->code;
  }
  if (archive_read_support_format_zip(a) < ARCHIVE_WARN ||
      archive_read_support_format_7zip(a) < ARCHIVE_WARN ||
      archive_read_support_format_cab(a) < ARCHIVE_WARN) {
    return ar_fail(a, err);
  }
  wg_code code = archive_read_open_fd(a, fd, 1 << 16) == ARCHIVE_OK
                     ? ar_walk(a, to, cancel, &any, err)
                     : ar_fail(a, err);
  // A program that unpacks nothing.
  return code == WG_E_FORMAT && !any && ends(path, ".exe") ? WG_OK : code;
}
