// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <stdarg.h>
#include <string.h>

#include "base/bytes.h"

#if __STDC_HOSTED__
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#endif

static const char *const code_names[] = {
    [WG_OK] = "OK",
    [WG_E_NOMEM] = "NOMEM",
    [WG_E_IO] = "IO",
    [WG_E_FORMAT] = "FORMAT",
    [WG_E_LIMIT] = "LIMIT",
    [WG_E_UNSUPPORTED] = "UNSUPPORTED",
    [WG_E_VERIFY] = "VERIFY",
    [WG_E_NOT_FOUND] = "NOT_FOUND",
    [WG_E_CONFLICT] = "CONFLICT",
    [WG_E_CANCELED] = "CANCELED",
    [WG_E_USAGE] = "USAGE",
    [WG_E_CONFIG] = "CONFIG",
    [WG_E_FAILED] = "FAILED",
    [WG_E_TIMEOUT] = "TIMEOUT",
    [WG_E_REMOTE] = "REMOTE",
    [WG_E_BUG] = "BUG",
};

const char *wg_code_name(wg_code code) {
  if ((unsigned)code >= WG_ARRAY_LEN(code_names)) {
    return "?";
  }
  return code_names[code];
}

// Marks text that did not fit.
static void error_mark_cut(wg_error *err, size_t wanted) {
  if (wanted >= sizeof(err->text)) {
    memcpy(err->text + sizeof(err->text) - 4, "...", 4);
  }
}

void wg_error_set(wg_error *err, wg_code code, int saved_errno, uint64_t off_bytes, const char *fmt,
                  ...) {
  err->code = code;
  err->saved_errno = saved_errno;
  err->off_bytes = off_bytes;
  size_t n = 0;
  if (off_bytes != WG_NO_OFFSET) {
    n = wg_format(err->text, sizeof(err->text), "offset 0x%llx: ", (unsigned long long)off_bytes);
  }
  va_list ap;
  va_start(ap, fmt);
  n += wg_vformat(err->text + n, sizeof(err->text) - n, fmt, ap);
  va_end(ap);
  error_mark_cut(err, n);
}

void wg_error_text(wg_error *err, const char *text) {
  error_mark_cut(err, wg_format(err->text, sizeof(err->text), "%s", text));
}

void wg_error_wrap(wg_error *err, const char *fmt, ...) {
  char context[WG_ERROR_TEXT_BYTES / 2];
  va_list ap;
  va_start(ap, fmt);
  size_t n = wg_vformat(context, sizeof(context), fmt, ap);
  va_end(ap);
  if (n >= sizeof(context)) {
    n = sizeof(context) - 1;
    memcpy(context + n - 3, "...", 3);
  }
  size_t old = strnlen(err->text, sizeof(err->text) - 1);
  size_t room = sizeof(err->text) - 1 - n - 2;
  size_t keep = old < room ? old : room;
  memmove(err->text + n + 2, err->text, keep);
  memcpy(err->text, context, n);
  memcpy(err->text + n, ": ", 2);
  err->text[n + 2 + keep] = '\0';
  if (keep < old) {
    error_mark_cut(err, sizeof(err->text));
  }
}

#if __STDC_HOSTED__

static wg_code errno_code(int e) {
  switch (e) {
  case ENOENT:
  case ENOTDIR:
    return WG_E_NOT_FOUND;
  case EEXIST:
    return WG_E_CONFLICT;
  case ENOMEM:
    return WG_E_NOMEM;
  default:
    return WG_E_IO;
  }
}

wg_code wg_error_set_errno(wg_error *err, int saved_errno, const char *fmt, ...) {
  err->code = errno_code(saved_errno);
  err->saved_errno = saved_errno;
  err->off_bytes = WG_NO_OFFSET;
  va_list ap;
  va_start(ap, fmt);
  size_t n = wg_vformat(err->text, sizeof(err->text), fmt, ap);
  va_end(ap);
  if (n < sizeof(err->text)) {
    n += wg_format(err->text + n, sizeof(err->text) - n, ": %s", wg_errno_text(saved_errno));
  }
  error_mark_cut(err, n);
  return err->code;
}

void wg_assert_fail(const char *expr, const char *file, int line) {
  (void)fprintf(stderr, "wingo: internal error: %s:%d: '%s' does not hold; please report this\n",
                file, line, expr);
  abort();
}

#endif
