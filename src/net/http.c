// SPDX-License-Identifier: Apache-2.0
#include "net/http.h"

#include <string.h>

#include "os/proc.h"

#define HTTP_MAX_REDIRECTS 10U
#define HTTP_DEFAULT_TRIES 4U
#define HTTP_FIRST_WAIT_MS 500U
#define HTTP_MAX_WAIT_MS 60000U

void wg_http_resp_done(wg_http_resp *r) {
  wg_buf_done(&r->body);
  wg_arena_done(&r->arena);
  *r = (wg_http_resp){.status = 0};
}

const char *wg_http_resp_header(const wg_http_resp *r, const char *name) {
  for (size_t i = 0; i < r->n_headers; i++) {
    if (wg_str_eq_nocase(wg_str_of(r->headers[i].name), name)) {
      return r->headers[i].value;
    }
  }
  return NULL;
}

static void http_resp_init(wg_http_resp *r, size_t max_body_bytes) {
  *r = (wg_http_resp){.status = 0};
  wg_arena_init(&r->arena, wg_heap(), (size_t)64 << 20);
  wg_buf_init(&r->body, wg_heap(), max_body_bytes == 0 ? (size_t)16 << 20 : max_body_bytes);
}

// --- headers

static bool http_header_ok(const wg_http_header *h) {
  if (h->name[0] == '\0') {
    return false;
  }
  for (const char *p = h->name; *p != '\0'; p++) {
    if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7F ||
        strchr("()<>@,;:\\\"/[]?={}", *p) != NULL) {
      return false;
    }
  }
  return strpbrk(h->value, "\r\n") == NULL;
}

// What belongs to one origin and is not carried to another.
static bool http_is_credential(const char *name) {
  return wg_str_eq_nocase(wg_str_of(name), "Authorization") ||
         wg_str_eq_nocase(wg_str_of(name), "Cookie");
}

static bool http_has(const wg_http_req *req, const char *name) {
  for (size_t i = 0; i < req->n_headers; i++) {
    if (wg_str_eq_nocase(wg_str_of(req->headers[i].name), name)) {
      return true;
    }
  }
  return false;
}

// --- one request on its way

typedef struct http_run {
  const wg_http *h;
  wg_http_req req; // method and body as redirects left them
  wg_arena arena;
  wg_url first, now;
  char *url;       // of now, without credentials; heap
  char *challenge; // of the last 401, heap
  bool sunk;       // bytes went into the sink
} http_run;

static void http_run_done(http_run *r) {
  wg_xfree(r->url);
  wg_xfree(r->challenge);
  wg_arena_done(&r->arena);
}
WG_DEFINE_AUTO(http_run, http_run_done);

static wg_code http_sunk(void *ctx, const void *p, size_t n_bytes, wg_error *err) {
  http_run *r = ctx;
  r->sunk = r->sunk || n_bytes > 0;
  return r->req.sink(r->req.sink_ctx, p, n_bytes, err);
}

static wg_code http_authorize(http_run *r, wg_buf *out, wg_error *err) {
  if (r->h->auth != NULL) {
    return r->h->auth(r->h->auth_ctx, &r->now, r->challenge == NULL ? "" : r->challenge, out, err);
  }
  if (r->now.user != NULL) {
    wg_http_basic(out, r->now.user, r->now.password == NULL ? "" : r->now.password);
  }
  return WG_OK;
}

static wg_code http_exchange(http_run *r, wg_http_resp *out, wg_error *err) {
  bool same = wg_url_same_origin(&r->first, &r->now);
  WG_AUTO(wg_buf) value = {0};
  wg_buf_init(&value, wg_heap(), 0);
  wg_http_header *v = wg_arena_new_array(&r->arena, wg_http_header, r->req.n_headers + 2);
  size_t n = 0;
  if (v == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  for (size_t i = 0; i < r->req.n_headers; i++) {
    if (same || !http_is_credential(r->req.headers[i].name)) {
      v[n++] = r->req.headers[i];
    }
  }
  if (!http_has(&r->req, "Authorization") && http_authorize(r, &value, err) != WG_OK) {
    return wg_wrap(err, "credentials for %s", r->now.host);
  }
  if (value.n > 0) {
    v[n++] = (wg_http_header){"Authorization", wg_buf_z(&value)};
  }
  if (!http_has(&r->req, "User-Agent") && r->h->user_agent != NULL) {
    v[n++] = (wg_http_header){"User-Agent", r->h->user_agent};
  }
  wg_http_req req = r->req;
  if (req.sink != NULL) {
    req.sink = http_sunk;
    req.sink_ctx = r;
  }
  const wg_http_exchange x = {
      .req = &req, .url = r->url, .headers = v, .n_headers = n, .cancel = r->h->cancel};
  http_resp_init(out, r->req.max_body_bytes);
  wg_code code = r->h->transport.send(r->h->transport.ctx, &x, out, err);
  wg_wipe(value.p, value.n);
  return code;
}

// --- another try

static bool http_repeatable(const char *method) {
  static const char *const names[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"};
  for (size_t i = 0; i < WG_ARRAY_LEN(names); i++) {
    if (strcmp(names[i], method) == 0) {
      return true;
    }
  }
  return false;
}

static bool http_try_again(const http_run *r, wg_code code, uint32_t status) {
  if (r->req.no_retry || r->sunk) {
    return false;
  }
  if (code != WG_OK) {
    return (code == WG_E_REMOTE || code == WG_E_TIMEOUT) && http_repeatable(r->req.method);
  }
  bool refused = status == 429 || status == 503; // nothing was done
  return refused || ((status == 502 || status == 504) && http_repeatable(r->req.method));
}

static uint64_t http_wait_ms(const wg_http_resp *resp, uint32_t n_tries) {
  const char *after = wg_http_resp_header(resp, "Retry-After");
  uint64_t seconds = 0;
  uint64_t wait = (uint64_t)HTTP_FIRST_WAIT_MS << (n_tries < 8 ? n_tries : 8);
  if (after != NULL && wg_parse_u64(wg_str_of(after), &seconds)) { // a date is not worth a clock
    wait = seconds > HTTP_MAX_WAIT_MS / 1000 ? HTTP_MAX_WAIT_MS : seconds * 1000;
  }
  return wait < HTTP_MAX_WAIT_MS ? wait : HTTP_MAX_WAIT_MS;
}

static wg_code http_pause(const http_run *r, uint64_t ms, wg_error *err) {
  if (r->h->sleep != NULL) {
    r->h->sleep(r->h->sleep_ctx, ms);
    return wg_cancel_check(r->h->cancel, err);
  }
  for (uint64_t slept = 0; slept < ms; slept += 50) {
    if (wg_cancel_check(r->h->cancel, err) != WG_OK) {
      return err->code;
    }
    wg_os_sleep_ms(ms - slept < 50 ? ms - slept : 50);
  }
  return WG_OK;
}

// One address until it answers for good.
static wg_code http_tries(http_run *r, wg_http_resp *out, wg_error *err) {
  uint32_t max = r->h->max_tries == 0 ? HTTP_DEFAULT_TRIES : r->h->max_tries;
  bool asked = false;
  for (uint32_t n = 0;; n++) {
    wg_code code = http_exchange(r, out, err);
    out->n_tries = n + 1;
    const char *challenge =
        code == WG_OK && out->status == 401 ? wg_http_resp_header(out, "WWW-Authenticate") : NULL;
    if (challenge != NULL && r->h->auth != NULL && !asked) {
      asked = true; // once: the same credentials again would be the same answer
      wg_xfree(r->challenge);
      r->challenge = wg_xstrdup(challenge);
      max++;
    } else if (n + 1 >= max || !http_try_again(r, code, out->status)) {
      return code;
    } else if (http_pause(r, http_wait_ms(out, n), err) != WG_OK) {
      return err->code;
    }
    wg_http_resp_done(out);
  }
}

// --- redirects

static wg_code http_go_to(http_run *r, wg_str url, wg_error *err) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  if (wg_url_parse(url, &r->arena, &r->now, err) != WG_OK) {
    return err->code;
  }
  wg_url_text(&r->now, &text);
  wg_xfree(r->url);
  r->url = wg_xstrdup(wg_buf_z(&text));
  return WG_OK;
}

static bool http_is_redirect(uint32_t status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static wg_code http_redirect(http_run *r, const wg_http_resp *resp, wg_error *err) {
  const char *to = wg_http_resp_header(resp, "Location");
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  bool was_secure = strcmp(r->now.scheme, "https") == 0;
  if (to == NULL) {
    return wg_fail(err, WG_E_REMOTE, "%s: %u without a Location", r->url, resp->status);
  }
  if (wg_url_resolve(&r->now, wg_str_of(to), &text, err) != WG_OK ||
      http_go_to(r, wg_buf_str(&text), err) != WG_OK) {
    return wg_wrap(err, "%s: the Location it names", r->url);
  }
  if (was_secure && strcmp(r->now.scheme, "http") == 0) {
    return wg_fail(err, WG_E_VERIFY, "%s is where https leads to without https: not followed",
                   r->url);
  }
  bool post = strcmp(r->req.method, "POST") == 0;
  if (resp->status == 303 || (post && (resp->status == 301 || resp->status == 302))) {
    r->req.method = strcmp(r->req.method, "HEAD") == 0 ? "HEAD" : "GET";
    r->req.body = NULL;
    r->req.source = NULL;
    r->req.body_bytes = 0;
  }
  return WG_OK;
}

static wg_code http_follow(http_run *r, wg_http_resp *out, wg_error *err) {
  for (unsigned n = 0;; n++) {
    if (http_tries(r, out, err) != WG_OK) {
      return wg_wrap(err, "%s %s", r->req.method, r->url);
    }
    if (r->req.no_redirects || !http_is_redirect(out->status)) {
      break;
    }
    if (n == HTTP_MAX_REDIRECTS) {
      return wg_fail(err, WG_E_REMOTE, "%s %s: more than %u redirects", r->req.method, r->url,
                     HTTP_MAX_REDIRECTS);
    }
    wg_code code = http_redirect(r, out, err);
    wg_http_resp_done(out);
    if (code != WG_OK) {
      return code;
    }
  }
  out->url = wg_arena_strdup(&out->arena, r->url);
  return out->url == NULL ? wg_arena_fail(&out->arena, err) : WG_OK;
}

wg_code wg_http_do(const wg_http *h, const wg_http_req *req, wg_http_resp *out, wg_error *err) {
  WG_AUTO(http_run) r = {.h = h, .req = *req};
  wg_arena_init(&r.arena, wg_heap(), (size_t)1 << 20);
  http_resp_init(out, req->max_body_bytes);
  for (size_t i = 0; i < req->n_headers; i++) {
    if (!http_header_ok(&req->headers[i])) {
      return wg_fail(err, WG_E_FORMAT,
                     "'%.60s' cannot be a header: a name or value with line ends "
                     "or signs that HTTP has no place for",
                     req->headers[i].name);
    }
  }
  if (http_go_to(&r, wg_str_of(req->url), err) != WG_OK) {
    return err->code;
  }
  r.first = r.now;
  return http_follow(&r, out, err);
}
