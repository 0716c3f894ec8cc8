// SPDX-License-Identifier: Apache-2.0
// What a response that is no success says, and the values of the header Authorization.
#include <string.h>

#include "fmt/json/json.h"
#include "net/http.h"

#define EXPECT_MAX_SAID 300U

static const char *expect_reason(uint32_t status) {
  static const struct {
    uint32_t status;
    const char *reason;
  } known[] = {
      {301, "Moved Permanently"},
      {302, "Found"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {422, "Unprocessable Content"},
      {429, "Too Many Requests"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(known); i++) {
    if (known[i].status == status) {
      return known[i].reason;
    }
  }
  return "";
}

// The message in a body of JSON as registries and Kubernetes write them, in arena memory of the
// tree.
static wg_str expect_message(const json_t *root) {
  const json_t *errors = json_object_get(root, "errors");
  const json_t *first = json_array_get(errors, 0);
  const json_t *message = json_object_get(first != NULL ? first : root, "message");
  if (!json_is_string(message)) {
    message = json_object_get(root, "error");
  }
  return json_is_string(message) ? (wg_str){json_string_value(message), json_string_length(message)}
                                 : (wg_str){"", 0};
}

static void expect_add_said(wg_buf *out, const wg_http_resp *resp) {
  WG_AUTO_PTR(json_t) root = NULL;
  wg_error ignored = WG_ERROR_INIT;
  wg_str said = {"", 0};
  if (wg_json_parse(wg_buf_str(&resp->body), NULL, &root, &ignored) == WG_OK) {
    said = expect_message(root);
  } else if (memchr(resp->body.p == NULL ? (const uint8_t *)"" : resp->body.p, '<', resp->body.n) ==
             NULL) { // no page for browsers
    said = wg_buf_str(&resp->body);
    said.n = wg_str_find(said, '\n');
  }
  said.n = said.n < EXPECT_MAX_SAID ? said.n : EXPECT_MAX_SAID;
  if (said.n > 0) {
    wg_buf_printf(out, ": %.*s", WG_STR_ARG(said));
  }
}

wg_code wg_http_expect(const wg_http_req *req, const wg_http_resp *resp, wg_error *err) {
  if (resp->status >= 200 && resp->status < 300) {
    return WG_OK;
  }
  WG_AUTO(wg_buf) text = {0};
  const char *reason = expect_reason(resp->status);
  wg_buf_init(&text, wg_heap(), 0);
  wg_buf_printf(&text, "%s %s: %u%s%s", req->method, resp->url == NULL ? req->url : resp->url,
                resp->status, reason[0] == '\0' ? "" : " ", reason);
  expect_add_said(&text, resp);
  wg_code code = resp->status == 404 || resp->status == 410   ? WG_E_NOT_FOUND
                 : resp->status == 409 || resp->status == 412 ? WG_E_CONFLICT
                                                              : WG_E_REMOTE;
  wg_error_set(err, code, 0, WG_NO_OFFSET, "%s", wg_buf_z(&text));
  return code;
}

static void expect_base64(wg_buf *out, const uint8_t *p, size_t n) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < n; i += 3) {
    size_t left = n - i < 3 ? n - i : 3;
    uint32_t v = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
                 (left > 2 ? p[i + 2] : 0U);
    for (unsigned k = 0; k < 4; k++) {
      wg_buf_add_byte(out, k <= left ? (uint8_t)digits[(v >> (18 - 6 * k)) & 63U] : (uint8_t)'=');
    }
  }
}

void wg_http_basic(wg_buf *out, const char *user, const char *password) {
  WG_AUTO(wg_buf) pair = {0};
  wg_buf_init(&pair, wg_heap(), 0);
  wg_buf_printf(&pair, "%s:%s", user, password);
  wg_buf_add_z(out, "Basic ");
  expect_base64(out, pair.p, pair.n);
  wg_wipe(pair.p, pair.n);
}

void wg_http_bearer(wg_buf *out, const char *token) {
  wg_buf_printf(out, "Bearer %s", token);
}
