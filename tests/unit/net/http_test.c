// SPDX-License-Identifier: Apache-2.0
// The client over a transport that answers from a table and notes what it was asked.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/http.h"

typedef struct answer {
  wg_code code; // not WG_OK: the exchange fails
  uint32_t status;
  const char *header, *value; // NULL: none
  const char *body;
} answer;

typedef struct fake {
  const answer *answers;
  size_t n, at;
  char asked[1024]; // "GET https://a/ [Authorization]; ..."
  uint64_t slept_ms;
} fake;

static wg_code fake_send(void *ctx, const wg_http_exchange *x, wg_http_resp *out, wg_error *err) {
  fake *f = ctx;
  assert_true(f->at < f->n);
  const answer *a = &f->answers[f->at++];
  size_t n = strlen(f->asked);
  n += wg_format(f->asked + n, sizeof(f->asked) - n, "%s%s %s", n > 0 ? "; " : "", x->req->method,
                 x->url);
  for (size_t i = 0; i < x->n_headers; i++) {
    n += wg_format(f->asked + n, sizeof(f->asked) - n, " %s=%s", x->headers[i].name,
                   x->headers[i].value);
  }
  if (a->code != WG_OK) {
    wg_error_set(err, a->code, 0, WG_NO_OFFSET, "it broke");
    return a->code;
  }
  out->status = a->status;
  wg_http_header *h = wg_arena_new(&out->arena, wg_http_header);
  assert_non_null(h);
  if (a->header != NULL) {
    *h = (wg_http_header){a->header, a->value};
    out->headers = h;
    out->n_headers = 1;
  }
  const char *body = a->body == NULL ? "" : a->body;
  if (x->req->sink != NULL && a->status / 100 == 2) {
    return x->req->sink(x->req->sink_ctx, body, strlen(body), err);
  }
  wg_buf_add_z(&out->body, body);
  return WG_OK;
}

static void fake_sleep(void *ctx, uint64_t ms) {
  ((fake *)ctx)->slept_ms += ms;
}

static wg_code run(fake *f, const wg_http_req *req, wg_http_resp *out, wg_error *err) {
  const wg_http h = {.transport = {f, fake_send}, .sleep = fake_sleep, .sleep_ctx = f};
  return wg_http_do(&h, req, out, err);
}

static void another_try(void **state) {
  (void)state;
  const answer answers[] = {{.code = WG_E_REMOTE},
                            {.status = 503, .header = "retry-after", .value = "3"},
                            {.status = 502},
                            {.status = 200, .body = "yes"}};
  fake f = {.answers = answers, .n = 4};
  WG_AUTO(wg_http_resp) resp = {.status = 0};
  wg_error err = WG_ERROR_INIT;
  const wg_http_req req = {.method = "GET", .url = "https://a/x"};
  assert_int_equal(run(&f, &req, &resp, &err), WG_OK);
  assert_int_equal(resp.status, 200);
  assert_int_equal(resp.n_tries, 4);
  assert_int_equal(f.slept_ms, 500 + 3000 + 2000);
  assert_string_equal(wg_buf_z(&resp.body), "yes");
}

static void what_may_have_been_done_is_not_done_twice(void **state) {
  (void)state;
  const answer broke[] = {{.code = WG_E_REMOTE}};
  const answer gateway[] = {{.status = 502}};
  const answer busy[] = {{.status = 429}, {.status = 201}};
  const wg_http_req post = {.method = "POST", .url = "https://a/x", .body = "b", .body_bytes = 1};
  wg_error err = WG_ERROR_INIT;
  fake f = {.answers = broke, .n = 1};
  WG_AUTO(wg_http_resp) one = {.status = 0}, two = {.status = 0}, three = {.status = 0};
  assert_int_equal(run(&f, &post, &one, &err), WG_E_REMOTE);
  assert_string_equal(err.text, "POST https://a/x: it broke");
  f = (fake){.answers = gateway, .n = 1};
  assert_int_equal(run(&f, &post, &two, &err), WG_OK);
  assert_int_equal(two.status, 502);
  f = (fake){.answers = busy, .n = 2};
  assert_int_equal(run(&f, &post, &three, &err), WG_OK);
  assert_int_equal(three.status, 201);
}

static void redirects_keep_credentials_at_home(void **state) {
  (void)state;
  const answer answers[] = {{.status = 307, .header = "Location", .value = "/moved"},
                            {.status = 302, .header = "LOCATION", .value = "https://b/blob"},
                            {.status = 200}};
  fake f = {.answers = answers, .n = 3};
  const wg_http_header headers[] = {{"Authorization", "Bearer t"}, {"Accept", "x"}};
  const wg_http_req req = {
      .method = "GET", .url = "https://a/x", .headers = headers, .n_headers = 2};
  WG_AUTO(wg_http_resp) resp = {.status = 0};
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(run(&f, &req, &resp, &err), WG_OK);
  assert_string_equal(f.asked, "GET https://a/x Authorization=Bearer t Accept=x; "
                               "GET https://a/moved Authorization=Bearer t Accept=x; "
                               "GET https://b/blob Accept=x");
  assert_string_equal(resp.url, "https://b/blob");
}

static void redirects_that_are_not_followed(void **state) {
  (void)state;
  const answer down[] = {{.status = 302, .header = "Location", .value = "http://a/x"}};
  answer loop[12];
  const wg_http_req req = {.method = "GET", .url = "https://a/x"};
  wg_error err = WG_ERROR_INIT;
  fake f = {.answers = down, .n = 1};
  WG_AUTO(wg_http_resp) one = {.status = 0}, two = {.status = 0}, three = {.status = 0};
  assert_int_equal(run(&f, &req, &one, &err), WG_E_VERIFY);
  for (size_t i = 0; i < WG_ARRAY_LEN(loop); i++) {
    loop[i] = (answer){.status = 302, .header = "Location", .value = "x"};
  }
  f = (fake){.answers = loop, .n = WG_ARRAY_LEN(loop)};
  assert_int_equal(run(&f, &req, &two, &err), WG_E_REMOTE);
  assert_non_null(strstr(err.text, "more than 10 redirects"));
  const answer see[] = {{.status = 303, .header = "Location", .value = "done"}, {.status = 200}};
  const wg_http_req post = {.method = "POST", .url = "https://a/x", .body = "b", .body_bytes = 1};
  f = (fake){.answers = see, .n = 2};
  assert_int_equal(run(&f, &post, &three, &err), WG_OK);
  assert_string_equal(f.asked, "POST https://a/x; GET https://a/done");
}

static wg_code token(void *ctx, const wg_url *url, const char *challenge, wg_buf *out,
                     wg_error *err) {
  (void)ctx;
  (void)err;
  if (challenge[0] != '\0') {
    wg_buf_printf(out, "Bearer %s-%s", url->host, challenge);
  }
  return WG_OK;
}

static void a_challenge_is_answered_once(void **state) {
  (void)state;
  const answer answers[] = {{.status = 401, .header = "WWW-Authenticate", .value = "c"},
                            {.status = 401, .header = "WWW-Authenticate", .value = "c"}};
  fake f = {.answers = answers, .n = 2};
  const wg_http h = {.transport = {&f, fake_send}, .auth = token};
  const wg_http_req req = {.method = "GET", .url = "https://a/x"};
  WG_AUTO(wg_http_resp) resp = {.status = 0};
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(wg_http_do(&h, &req, &resp, &err), WG_OK);
  assert_int_equal(resp.status, 401);
  assert_string_equal(f.asked, "GET https://a/x; GET https://a/x Authorization=Bearer a-c");
}

static void users_in_urls(void **state) {
  (void)state;
  const answer answers[] = {
      {.status = 404, .body = "{\"errors\": [{\"message\": \"no such tag\"}]}"}};
  fake f = {.answers = answers, .n = 1};
  const wg_http_req req = {.method = "GET", .url = "https://Aladdin:open%20sesame@a/x"};
  WG_AUTO(wg_http_resp) resp = {.status = 0};
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(run(&f, &req, &resp, &err), WG_OK);
  assert_string_equal(f.asked, "GET https://a/x Authorization=Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  assert_int_equal(wg_http_expect(&req, &resp, &err), WG_E_NOT_FOUND);
  assert_string_equal(err.text, "GET https://a/x: 404 Not Found: no such tag");
}

static void headers_that_are_none(void **state) {
  (void)state;
  const wg_http_header bad[] = {{"A", "x\r\nB: y"}, {"A b", "x"}, {"", "x"}, {"A:", "x"}};
  for (size_t i = 0; i < WG_ARRAY_LEN(bad); i++) {
    fake f = {.answers = NULL};
    const wg_http_req req = {
        .method = "GET", .url = "https://a/x", .headers = &bad[i], .n_headers = 1};
    WG_AUTO(wg_http_resp) resp = {.status = 0};
    wg_error err = WG_ERROR_INIT;
    assert_int_equal(run(&f, &req, &resp, &err), WG_E_FORMAT);
  }
}

static wg_code into_text(void *ctx, const void *p, size_t n_bytes, wg_error *err) {
  (void)err;
  size_t n = strlen(ctx);
  memcpy((char *)ctx + n, p, n_bytes);
  ((char *)ctx)[n + n_bytes] = '\0';
  return WG_OK;
}

static void a_sink_gets_success_alone(void **state) {
  (void)state;
  const answer answers[] = {{.status = 503, .body = "busy"}, {.status = 200, .body = "data"}};
  fake f = {.answers = answers, .n = 2};
  char text[64] = "";
  const wg_http_req req = {
      .method = "GET", .url = "https://a/x", .sink = into_text, .sink_ctx = text};
  WG_AUTO(wg_http_resp) resp = {.status = 0};
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(run(&f, &req, &resp, &err), WG_OK);
  assert_string_equal(text, "data");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(another_try),
      cmocka_unit_test(what_may_have_been_done_is_not_done_twice),
      cmocka_unit_test(redirects_keep_credentials_at_home),
      cmocka_unit_test(redirects_that_are_not_followed),
      cmocka_unit_test(a_challenge_is_answered_once),
      cmocka_unit_test(users_in_urls),
      cmocka_unit_test(headers_that_are_none),
      cmocka_unit_test(a_sink_gets_success_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
