// SPDX-License-Identifier: Apache-2.0
// The transport over libcurl: one exchange at a time on one handle, which keeps its connections.
#include <curl/curl.h>
#include <string.h>

#include "net/http.h"
#include "os/proc.h"

#define CURL_CONNECT_MS 30000L
#define CURL_IDLE_MS 60000U
#define CURL_MAX_HEADERS 500U

struct wg_http_curl {
  CURL *easy;
};

typedef struct curl_run { // one exchange
  CURL *easy;
  const wg_http_exchange *x;
  wg_http_resp *out;
  wg_error error; // of a callback
  wg_http_header *headers;
  size_t n_headers, cap_headers;
  uint64_t sent_off;
  uint64_t last_bytes, last_ns; // for idle_ms
  uint64_t began_ns;
  bool idle, bad;
} curl_run;

static void curl_run_done(curl_run *r) {
  wg_xfree(r->headers);
}
WG_DEFINE_AUTO(curl_run, curl_run_done);

wg_code wg_http_curl_new(wg_http_curl **out, wg_error *err) {
  WG_AUTO_PTR(wg_http_curl) c = wg_xalloc(sizeof(*c));
  c->easy = curl_easy_init(); // the first one makes libcurl ready; thread-safe since 7.84
  if (c->easy == NULL) {
    return wg_fail(err, WG_E_NOMEM, "libcurl has no memory for a connection");
  }
  *out = wg_take(&c);
  return WG_OK;
}

void wg_http_curl_free(wg_http_curl *c) {
  if (c != NULL) {
    curl_easy_cleanup(c->easy);
    wg_xfree(c);
  }
}

// --- callbacks

// A line of the head; a new status line begins a new head (100 Continue, a proxy's CONNECT).
// NOLINTNEXTLINE(readability-non-const-parameter): as libcurl has it
static size_t curl_on_header(char *p, size_t size, size_t n, void *ctx) {
  curl_run *r = ctx;
  wg_str line = {p, size * n};
  if (wg_str_starts(line, "HTTP/")) {
    r->n_headers = 0;
    return line.n;
  }
  while (line.n > 0 && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == '\n')) {
    line.n--;
  }
  size_t colon = wg_str_find(line, ':');
  if (colon == line.n) {
    return size * n;
  }
  wg_str value = {line.p + colon + 1, line.n - colon - 1};
  while (value.n > 0 && (value.p[0] == ' ' || value.p[0] == '\t')) {
    value = (wg_str){value.p + 1, value.n - 1};
  }
  if (r->n_headers == CURL_MAX_HEADERS) {
    r->bad = true;
    wg_error_set(&r->error, WG_E_LIMIT, 0, WG_NO_OFFSET, "more than %u headers", CURL_MAX_HEADERS);
    return 0;
  }
  wg_http_header h = {wg_arena_printf(&r->out->arena, "%.*s", (int)colon, line.p),
                      wg_arena_printf(&r->out->arena, "%.*s", (int)value.n, value.p)};
  if (h.name == NULL || h.value == NULL) {
    r->bad = true;
    (void)wg_arena_fail(&r->out->arena, &r->error);
    return 0;
  }
  wg_vec_push(&r->headers, &r->n_headers, &r->cap_headers) = h;
  return size * n;
}

// NOLINTNEXTLINE(readability-non-const-parameter): the same
static size_t curl_on_body(char *p, size_t size, size_t n, void *ctx) {
  curl_run *r = ctx;
  long status = 0;
  (void)curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
  if (r->x->req->sink != NULL && status >= 200 && status < 300) {
    if (r->x->req->sink(r->x->req->sink_ctx, p, size * n, &r->error) != WG_OK) {
      r->bad = true;
      return 0;
    }
    return size * n;
  }
  wg_buf_add(&r->out->body, p, size * n);
  if (wg_buf_check(&r->out->body, &r->error) != WG_OK) {
    r->bad = true;
    return 0;
  }
  return size * n;
}

static size_t curl_on_read(char *p, size_t size, size_t n, void *ctx) {
  curl_run *r = ctx;
  const wg_http_req *req = r->x->req;
  uint64_t left = req->body_bytes - r->sent_off;
  size_t cap = size * n < left ? size * n : (size_t)left;
  size_t got = cap;
  if (req->source != NULL) {
    if (req->source(req->source_ctx, r->sent_off, p, cap, &got, &r->error) != WG_OK) {
      r->bad = true;
      return CURL_READFUNC_ABORT;
    }
  } else if (cap > 0) {
    memcpy(p, (const char *)req->body + r->sent_off, cap);
  }
  r->sent_off += got;
  return got;
}

// The body from another place, for a connection that broke or asked for credentials.
static int curl_on_seek(void *ctx, curl_off_t off, int origin) {
  curl_run *r = ctx;
  if (origin != SEEK_SET || off < 0 || (uint64_t)off > r->x->req->body_bytes) {
    return CURL_SEEKFUNC_FAIL;
  }
  r->sent_off = (uint64_t)off;
  return CURL_SEEKFUNC_OK;
}

static int curl_on_progress(void *ctx, curl_off_t dl_total, curl_off_t dl, curl_off_t ul_total,
                            curl_off_t ul) {
  curl_run *r = ctx;
  uint64_t bytes = (uint64_t)dl + (uint64_t)ul, now = wg_os_mono_ns();
  (void)dl_total;
  (void)ul_total;
  if (r->x->req->on_progress != NULL) {
    r->x->req->on_progress(r->x->req->progress_ctx, (uint64_t)ul, (uint64_t)dl);
  }
  if (bytes != r->last_bytes) {
    r->last_bytes = bytes;
    r->last_ns = now;
  }
  uint64_t idle_ms = r->x->req->idle_ms == 0 ? CURL_IDLE_MS : r->x->req->idle_ms;
  r->idle = (now - r->last_ns) / 1000000 > idle_ms;
  return r->idle || wg_canceled(r->x->cancel);
}

// --- setting up

typedef struct curl_slist *curl_list;
static void curl_list_done(curl_list *l) {
  curl_slist_free_all(*l);
}
WG_DEFINE_AUTO(curl_list, curl_list_done);

static bool curl_add_line(curl_list *l, const char *line) {
  struct curl_slist *more = curl_slist_append(*l, line);
  *l = more == NULL ? *l : more;
  return more != NULL;
}

static wg_code curl_headers(curl_run *r, curl_list *out, wg_error *err) {
  // What curl would add by itself, and servers of registries stumble over.
  bool ok = curl_add_line(out, "Expect:");
  for (size_t i = 0; i < r->x->n_headers && ok; i++) {
    const wg_http_header *h = &r->x->headers[i];
    WG_AUTO(wg_cstr)
    line =
        h->value[0] == '\0' ? wg_xprintf("%s;", h->name) : wg_xprintf("%s: %s", h->name, h->value);
    ok = curl_add_line(out, line);
    wg_wipe(line, strlen(line)); // may hold a credential
  }
  return ok ? WG_OK : wg_fail(err, WG_E_NOMEM, "libcurl has no memory for headers");
}

static void curl_method(curl_run *r) {
  const wg_http_req *req = r->x->req;
  bool body = req->body != NULL || req->source != NULL;
  if (strcmp(req->method, "HEAD") == 0) {
    curl_easy_setopt(r->easy, CURLOPT_NOBODY, 1L);
  } else if (body || strcmp(req->method, "PUT") == 0 || strcmp(req->method, "POST") == 0 ||
             strcmp(req->method, "PATCH") == 0) {
    curl_easy_setopt(r->easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(r->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)req->body_bytes);
  }
  curl_easy_setopt(r->easy, CURLOPT_CUSTOMREQUEST, req->method);
}

static void curl_tls(curl_run *r) {
  const wg_http_tls *t = r->x->req->tls;
  if (t == NULL) {
    return;
  }
  if (t->ca_file != NULL) {
    curl_easy_setopt(r->easy, CURLOPT_CAINFO, t->ca_file);
  }
  if (t->cert_file != NULL) {
    curl_easy_setopt(r->easy, CURLOPT_SSLCERT, t->cert_file);
    curl_easy_setopt(r->easy, CURLOPT_SSLKEY, t->key_file != NULL ? t->key_file : t->cert_file);
  }
  if (t->insecure) {
    curl_easy_setopt(r->easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(r->easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
}

// A certificate for another name than the URL's: curl asks that name and is sent to the address.
static wg_code curl_server_name(curl_run *r, curl_list *connect_to, wg_error *err) {
  const wg_http_tls *t = r->x->req->tls;
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) text = {0};
  wg_url u;
  if (t == NULL || t->server_name == NULL) {
    return WG_OK;
  }
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&text, wg_heap(), 0);
  if (wg_url_parse(wg_str_of(r->x->url), &arena, &u, err) != WG_OK) {
    return err->code;
  }
  bool v6 = strchr(u.host, ':') != NULL;
  WG_AUTO(wg_cstr)
  line = wg_xprintf("%s:%u:%s%s%s:%u", t->server_name, (unsigned)u.port, v6 ? "[" : "", u.host,
                    v6 ? "]" : "", (unsigned)u.port);
  u.host = t->server_name;
  wg_url_text(&u, &text);
  if (!curl_add_line(connect_to, line)) {
    return wg_fail(err, WG_E_NOMEM, "libcurl has no memory for a name");
  }
  curl_easy_setopt(r->easy, CURLOPT_CONNECT_TO, *connect_to);
  curl_easy_setopt(r->easy, CURLOPT_URL, wg_buf_z(&text)); // copied
  return WG_OK;
}

static void curl_options(curl_run *r, char *said) {
  CURL *e = r->easy;
  curl_easy_setopt(e, CURLOPT_URL, r->x->url);
  curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(e, CURLOPT_ERRORBUFFER, said);
  curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CURL_CONNECT_MS);
  curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)r->x->req->total_ms);
  curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, curl_on_header);
  curl_easy_setopt(e, CURLOPT_HEADERDATA, r);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, curl_on_body);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, r);
  curl_easy_setopt(e, CURLOPT_READFUNCTION, curl_on_read);
  curl_easy_setopt(e, CURLOPT_READDATA, r);
  curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, curl_on_seek);
  curl_easy_setopt(e, CURLOPT_SEEKDATA, r);
  curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, curl_on_progress);
  curl_easy_setopt(e, CURLOPT_XFERINFODATA, r);
}

// --- what came of it

static wg_code curl_outcome(const curl_run *r, CURLcode code, const char *said, wg_error *err) {
  const char *why = said[0] != '\0' ? said : curl_easy_strerror(code);
  if (code == CURLE_OK) {
    return WG_OK;
  }
  if (r->bad) {
    *err = r->error;
    return err->code;
  }
  if (wg_cancel_check(r->x->cancel, err) != WG_OK) {
    return err->code;
  }
  static const struct {
    CURLcode curl;
    wg_code code;
    const char *what;
  } known[] = {
      {CURLE_OPERATION_TIMEDOUT, WG_E_TIMEOUT, ""},
      {CURLE_ABORTED_BY_CALLBACK, WG_E_TIMEOUT, ""},
      {CURLE_PEER_FAILED_VERIFICATION, WG_E_VERIFY, "the server's certificate is not trusted: "},
      {CURLE_SSL_INVALIDCERTSTATUS, WG_E_VERIFY, "the server's certificate is not trusted: "},
      {CURLE_SSL_ISSUER_ERROR, WG_E_VERIFY, "the server's certificate is not trusted: "},
      {CURLE_SSL_CACERT_BADFILE, WG_E_CONFIG, "the file of trusted certificates: "},
      {CURLE_SSL_CERTPROBLEM, WG_E_CONFIG, "our certificate or key cannot be used: "},
      {CURLE_OUT_OF_MEMORY, WG_E_NOMEM, ""},
  };
  why = r->idle ? "the server was silent for too long" : why;
  for (size_t i = 0; i < WG_ARRAY_LEN(known); i++) {
    if (known[i].curl == code) {
      wg_error_set(err, known[i].code, 0, WG_NO_OFFSET, "%s%s", known[i].what, why);
      return known[i].code;
    }
  }
  return wg_fail(err, WG_E_REMOTE, "%s", why);
}

static wg_code curl_send(void *ctx, const wg_http_exchange *x, wg_http_resp *out, wg_error *err) {
  wg_http_curl *c = ctx;
  WG_AUTO(curl_run)
  r = {.easy = c->easy, .x = x, .out = out, .error = WG_ERROR_INIT, .last_ns = wg_os_mono_ns()};
  WG_AUTO(curl_list) lines = NULL;
  WG_AUTO(curl_list) connect_to = NULL;
  char said[CURL_ERROR_SIZE] = {0};
  long status = 0;
  curl_easy_reset(c->easy); // options go, connections stay
  curl_options(&r, said);
  curl_method(&r);
  curl_tls(&r);
  if (curl_headers(&r, &lines, err) != WG_OK || curl_server_name(&r, &connect_to, err) != WG_OK) {
    return err->code;
  }
  curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, lines);
  CURLcode code = curl_easy_perform(c->easy);
  (void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
  out->status = (uint32_t)status;
  wg_http_header *v = wg_arena_new_array(&out->arena, wg_http_header, r.n_headers + 1);
  if (v == NULL) {
    return wg_arena_fail(&out->arena, err);
  }
  if (r.n_headers > 0) {
    memcpy(v, r.headers, r.n_headers * sizeof(*v));
  }
  out->headers = v;
  out->n_headers = r.n_headers;
  wg_code outcome = curl_outcome(&r, code, said, err);
  curl_easy_reset(c->easy); // nothing of this call's frame stays behind
  return outcome;
}

wg_http_transport wg_http_curl_transport(wg_http_curl *c) {
  return (wg_http_transport){.ctx = c, .send = curl_send};
}
