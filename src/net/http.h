// SPDX-License-Identifier: Apache-2.0
// One HTTP client for a run: requests over a transport that tests can replace, with credentials
// bound to an origin, redirects, and another try where that is safe.
#ifndef WG_NET_HTTP_H
#define WG_NET_HTTP_H

#include "net/url.h"
#include "os/cancel.h"

typedef struct wg_http_header {
  const char *name, *value; // no line ends
} wg_http_header;

// Bytes of a response as they come. Not WG_OK ends the transfer with that error.
typedef wg_code (*wg_http_sink)(void *ctx, const void *p, size_t n_bytes, wg_error *err);
// The next bytes of a request's body: at most cap, *out_n 0 at its end.
typedef wg_code (*wg_http_source)(void *ctx, uint64_t off_bytes, void *p, size_t cap, size_t *out_n,
                                  wg_error *err);
typedef void (*wg_http_progress)(void *ctx, uint64_t sent_bytes, uint64_t received_bytes);

typedef struct wg_http_tls {        // NULL: not set
  const char *ca_file;              // PEM, in place of the system's
  const char *cert_file, *key_file; // PEM: the client's own
  const char *server_name;          // what the certificate must be for, in place of the URL's host
  bool insecure;                    // no certificate is checked
} wg_http_tls;

typedef struct wg_http_req {
  const char *method; // "GET", "PUT", ...
  const char *url;
  const wg_http_header *headers;
  size_t n_headers;
  // The body: bytes, or a source of known length that can be asked from any offset.
  const void *body;
  wg_http_source source; // NULL: body
  void *source_ctx;
  uint64_t body_bytes;
  // Where a body of status 2xx goes; NULL: into the response. Others always go into the response.
  wg_http_sink sink;
  void *sink_ctx;
  size_t max_body_bytes;  // of what goes into the response; 0: 16 MiB
  uint32_t idle_ms;       // nothing came or went for so long; 0: 60 s
  uint32_t total_ms;      // 0: no limit (watches)
  const wg_http_tls *tls; // NULL: as the system has it
  bool no_redirects;
  bool no_retry; // not even where it is safe
  wg_http_progress on_progress;
  void *progress_ctx;
} wg_http_req;

typedef struct wg_http_resp {
  wg_arena arena;
  uint32_t status;
  const wg_http_header *headers; // in the order they came
  size_t n_headers;
  wg_buf body;
  const char *url; // after redirects, without credentials
  uint32_t n_tries;
} wg_http_resp;
void wg_http_resp_done(wg_http_resp *r);
WG_DEFINE_AUTO(wg_http_resp, wg_http_resp_done);
// The first of that name, letter case ignored; NULL.
const char *wg_http_resp_header(const wg_http_resp *r, const char *name);

// --- the transport: one exchange, no redirects, no second try
typedef struct wg_http_exchange {
  const wg_http_req *req;
  const char *url; // of this exchange
  const wg_http_header *headers;
  size_t n_headers;
  const wg_cancel *cancel;
} wg_http_exchange;
typedef struct wg_http_transport {
  void *ctx;
  // Fills *out (initialised) with status, headers and body. REMOTE: no connection, or it broke.
  // TIMEOUT, CANCELED. VERIFY: the certificate. LIMIT: the body is larger than allowed.
  wg_code (*send)(void *ctx, const wg_http_exchange *x, wg_http_resp *out, wg_error *err);
} wg_http_transport;
typedef struct wg_http_curl wg_http_curl;
// Over libcurl: connections are kept, HTTP/2 where the server has it, the proxy that the
// environment names. One thread at a time.
wg_code wg_http_curl_new(wg_http_curl **out, wg_error *err);
void wg_http_curl_free(wg_http_curl *c);
WG_DEFINE_AUTO_PTR(wg_http_curl, wg_http_curl_free);
wg_http_transport wg_http_curl_transport(wg_http_curl *c);

// --- the client
// Credentials for a URL's origin: appends the value of the header Authorization to out; nothing
// where there are none. challenge: the WWW-Authenticate of a 401, "" before the first try.
typedef wg_code (*wg_http_auth)(void *ctx, const wg_url *url, const char *challenge, wg_buf *out,
                                wg_error *err);

typedef struct wg_http {
  wg_http_transport transport;
  const char *user_agent;
  wg_http_auth auth; // NULL: what a URL has of user and password
  void *auth_ctx;
  const wg_cancel *cancel;
  uint32_t max_tries;                    // 0: 4
  void (*sleep)(void *ctx, uint64_t ms); // between tries; NULL: wg_os_sleep_ms
  void *sleep_ctx;
} wg_http;

// Sends it and waits for the whole response, whatever its status is. A redirect (at most 10) keeps
// method and body at 307 and 308 and becomes GET at 303 (at 301 and 302 what was POST does);
// credentials and the headers Authorization and Cookie go only to the origin they were for. Another
// try, after what Retry-After says or twice as long each time, comes when the connection failed or
// the status is 429, 502, 503 or 504, and the request can be repeated: GET, HEAD, PUT, DELETE,
// OPTIONS; POST and PATCH only at 429 and 503. A body that went into the sink is not asked for
// again. *out is initialised by this and to be freed, also after an error. FORMAT: a URL or header
// that is none. Else as the transport.
wg_code wg_http_do(const wg_http *h, const wg_http_req *req, wg_http_resp *out, wg_error *err);
// REMOTE unless the status is 2xx: "GET https://host/x: 404 Not Found: <what the body says>". A
// body of JSON is read for "message" or "errors[0].message". NOT_FOUND for 404 and 410, CONFLICT
// for 409 and 412: callers that branch.
wg_code wg_http_expect(const wg_http_req *req, const wg_http_resp *resp, wg_error *err);

// "Basic ..." of RFC 7617, "Bearer ..." of RFC 6750.
void wg_http_basic(wg_buf *out, const char *user, const char *password);
void wg_http_bearer(wg_buf *out, const char *token);

#endif
