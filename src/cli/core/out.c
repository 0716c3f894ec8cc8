// SPDX-License-Identifier: Apache-2.0
// What commands print: results to stdout, messages to stderr, exit codes.
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "cli/core/ins.h"
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
    __fpurge(stdout); // said once
    clearerr(stdout);
    return false;
  }
  return true;
}

bool wg_out_all(const void *p, size_t n_bytes) {
  if (n_bytes > 0) {                      // p may be NULL
    (void)!fwrite(p, 1, n_bytes, stdout); // flush knows
  }
  return wg_out_flush();
}

// A line on stderr. Names in it may come from an image or an XML: none moves the cursor or begins a
// line of its own.
static void out_line(const wg_cli *c, const char *prefix, wg_str text) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_z(&b, prefix);
  WG_AUTO(wg_buf) told = {0};
  wg_buf_init(&told, wg_heap(), 0);
  wg_mask_add_text(c->mask, text, &told);
  wg_ins_add_plain(&b, wg_buf_str(&told));
  wg_buf_add_byte(&b, '\n');
  (void)fputs(wg_buf_z(&b), stderr); // one write, so that lines stay whole
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
  out_line(c, "wingo: ", wg_buf_str(&b));
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

void wg_cli_kv_error(wg_jsonw *j, wg_code code, int exit_code, const char *text) {
  wg_jsonw_key_z(j, "error");
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_z(j, "code", wg_code_name(code));
  wg_jsonw_kv_u64(j, "exit", (uint64_t)exit_code);
  wg_jsonw_kv_z(j, "text", text);
  wg_jsonw_end_object(j);
}

void wg_cli_json_error(const wg_cli *c, wg_code code, int exit_code, const char *text) {
  if (!c->json) {
    return;
  }
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_jsonw j;
  wg_jsonw_init(&j, &b, 2);
  wg_jsonw_begin_object(&j);
  WG_AUTO(wg_buf) told = {0};
  wg_buf_init(&told, wg_heap(), 0);
  wg_mask_add_text(c->mask, wg_str_of(text), &told);
  wg_cli_kv_error(&j, code, exit_code, wg_buf_z(&told));
  wg_jsonw_end_object(&j);
  wg_error ignored = WG_ERROR_INIT; // the message on stderr has said it
  if (wg_jsonw_finish(&j, &ignored) == WG_OK) {
    wg_out_bytes(b.p, b.n);
  }
}

void wg_cli_tell(const wg_cli *c, const wg_error *err) {
  if (err->code == WG_E_CANCELED) {
    out_line(c, "wingo: ", wg_str_of(err->text));
  } else {
    out_line(c, c->color_err ? "wingo: \033[1;31merror:\033[0m " : "wingo: error: ",
             wg_str_of(err->text));
  }
}

int wg_cli_fail_as(const wg_cli *c, const wg_error *err, int exit_code) {
  wg_cli_json_error(c, err->code, exit_code, err->text);
  wg_cli_tell(c, err);
  return exit_code;
}

int wg_cli_fail(const wg_cli *c, const wg_error *err) {
  return wg_cli_fail_as(c, err, wg_exit_code(err->code));
}

static void cli_on_wait(const void *ctx, const char *path, uint64_t waited_ms) {
  const char *limit = wg_cli_value(ctx, "wait");
  if (waited_ms > 0) {
    wg_note(ctx, "waited %llu.%u s for '%s'", (unsigned long long)(waited_ms / 1000),
            (unsigned)(waited_ms % 1000 / 100), path);
  } else if (limit != NULL) {
    wg_note(ctx, "another wingo works on '%s'; waiting for it, %s at most", path, limit);
  } else {
    wg_note(ctx, "another wingo works on '%s'; waiting for it", path);
  }
}

wg_inplace_options wg_cli_place(const wg_cli *c) {
  wg_inplace_options o = {
      .force = wg_cli_has(c, "force"), .on_wait = cli_on_wait, .ctx = c, .cancel = c->cancel};
  const char *limit = wg_cli_value(c, "wait");
  o.wait_limited = limit != NULL && wg_parse_duration(limit, &o.wait_ms); // cli_run has checked it
  return o;
}

int wg_cli_end_json(const wg_cli *c, wg_jsonw *j, const wg_buf *out) {
  wg_error err = WG_ERROR_INIT;
  if (wg_jsonw_finish(j, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_out_bytes(out->p, out->n);
  return 0;
}

int wg_cli_end_text(const wg_cli *c, const wg_buf *text) {
  if (!c->json) {
    wg_out_bytes(text->p, text->n);
    return 0;
  }
  WG_AUTO(wg_buf) out = {0};
  wg_jsonw j;
  wg_buf_init(&out, wg_heap(), 0);
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_kv_str(&j, "text", wg_buf_str(text));
  wg_jsonw_end_object(&j);
  return wg_cli_end_json(c, &j, &out);
}

int wg_cli_end_made(const wg_cli *c, const char *path) {
  if (!c->json) {
    return 0;
  }
  WG_AUTO(wg_buf) out = {0};
  wg_error ignored = WG_ERROR_INIT;
  wg_stat st = {0};
  wg_jsonw j;
  wg_buf_init(&out, wg_heap(), 0);
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_kv_z(&j, "file", path);
  if (wg_os_stat(WG_CWD, path, true, &st, &ignored) == WG_OK) {
    wg_jsonw_kv_u64(&j, "bytes", st.size_bytes);
  }
  wg_jsonw_end_object(&j);
  return wg_cli_end_json(c, &j, &out);
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
  wg_cli_json_error(c, WG_E_USAGE, 2, wg_buf_z(&text));
  if (c->cmd != NULL) {
    wg_cli_full_name(&name, c->cmd);
    wg_buf_printf(&text, "; see 'wingo %s --help'", wg_buf_z(&name));
    WG_AUTO(wg_cstr) prefix = wg_xprintf("wingo %s: ", wg_buf_z(&name));
    out_line(c, prefix, wg_buf_str(&text));
  } else {
    wg_buf_add_z(&text, "; see 'wingo --help'");
    out_line(c, "wingo: ", wg_buf_str(&text));
  }
  return 2;
}

wg_code wg_cli_epoch(int64_t *out, bool *out_set, wg_error *err) {
  const char *text = wg_os_getenv("SOURCE_DATE_EPOCH");
  *out_set = text != NULL && text[0] != '\0';
  if (*out_set && !wg_parse_epoch(text, out)) {
    return wg_fail(err, WG_E_USAGE,
                   "the environment variable SOURCE_DATE_EPOCH is '%.40s', which is not a count of "
                   "seconds since 1970; unset it, or set it to what 'date +%%s' prints",
                   text);
  }
  return WG_OK;
}
