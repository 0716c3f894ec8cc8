// What commands print: results to stdout, messages to stderr, exit codes.
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/core/internal.h"

static void out_failed(int e) {
  if (e != EPIPE) { // the reader has gone: nobody is there to be told
    (void)fprintf(stderr, "wingo: error: cannot write to standard output: %s\n", wg_errno_text(e));
  }
  _Exit(1);
}

void wg_out_bytes(const void *p, size_t n_bytes) {
  if (n_bytes > 0 && fwrite(p, 1, n_bytes, stdout) != n_bytes) {
    out_failed(errno);
  }
}

void wg_out(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  int n = vprintf(fmt, ap);
  int e = errno;
  va_end(ap);
  if (n < 0) {
    out_failed(e);
  }
}

bool wg_out_flush(void) {
  if (fflush(stdout) != 0 || ferror(stdout) != 0) {
    int e = errno;
    if (e != EPIPE) {
      (void)fprintf(stderr, "wingo: error: cannot write to standard output: %s\n",
                    wg_errno_text(e));
    }
    return false;
  }
  return true;
}

void wg_note(const wg_cli *c, const char *fmt, ...) {
  if (c->quiet) {
    return;
  }
  WG_AUTO(wg_buf) b;
  wg_buf_init(&b, wg_heap(), 0);
  va_list ap;
  va_start(ap, fmt);
  wg_buf_vprintf(&b, fmt, ap);
  va_end(ap);
  (void)fprintf(stderr, "wingo: %s\n", wg_buf_z(&b)); // one write, so that lines stay whole
}

int wg_exit_code(wg_code code) {
  switch (code) {
  case WG_OK:
    return 0;
  case WG_E_USAGE:
    return 2;
  case WG_E_CONFIG:
    return 3;
  case WG_E_FORMAT:
    return 4;
  case WG_E_VERIFY:
    return 5;
  case WG_E_REMOTE:
    return 6;
  case WG_E_TIMEOUT:
    return 7;
  case WG_E_CANCELED:
    return 130;
  case WG_E_NOMEM:
  case WG_E_IO:
  case WG_E_LIMIT:
  case WG_E_UNSUPPORTED:
  case WG_E_NOT_FOUND:
  case WG_E_CONFLICT:
  case WG_E_FAILED:
  case WG_E_BUG:
    return 1;
  }
  return 1;
}

int wg_cli_fail(const wg_cli *c, const wg_error *err) {
  if (err->code == WG_E_CANCELED) {
    (void)fprintf(stderr, "wingo: %s\n", err->text);
  } else {
    const char *on = c->color_err ? "\033[1;31m" : "";
    const char *off = c->color_err ? "\033[0m" : "";
    (void)fprintf(stderr, "wingo: %serror:%s %s\n", on, off, err->text);
  }
  return wg_exit_code(err->code);
}

static void cli_on_wait(const void *ctx, const char *path) {
  wg_note(ctx, "another wingo works on '%s'; waiting for it", path);
}

wg_inplace_options wg_cli_place(const wg_cli *c) {
  return (wg_inplace_options){
      .force = wg_cli_has(c, "force"), .on_wait = cli_on_wait, .ctx = c, .cancel = c->cancel};
}

int wg_cli_end_json(const wg_cli *c, wg_jsonw *j, const wg_buf *out) {
  wg_error err = WG_ERROR_INIT;
  if (wg_jsonw_finish(j, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_out_bytes(out->p, out->n);
  return 0;
}

int wg_cli_usage(const wg_cli *c, const char *fmt, ...) {
  WG_AUTO(wg_buf) name;
  WG_AUTO(wg_buf) text;
  wg_buf_init(&name, wg_heap(), 0);
  wg_buf_init(&text, wg_heap(), 0);
  va_list ap;
  va_start(ap, fmt);
  wg_buf_vprintf(&text, fmt, ap);
  va_end(ap);
  if (c->cmd != NULL) {
    wg_cli_full_name(&name, c->cmd);
    (void)fprintf(stderr, "wingo %s: %s; see 'wingo %s --help'\n", wg_buf_z(&name), wg_buf_z(&text),
                  wg_buf_z(&name));
  } else {
    (void)fprintf(stderr, "wingo: %s; see 'wingo --help'\n", wg_buf_z(&text));
  }
  return 2;
}
