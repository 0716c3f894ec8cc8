// SPDX-License-Identifier: Apache-2.0
// http_tool [-X METHOD] [-H NAME:VALUE]... [-d FILE] [--ca FILE] [--cert FILE] [--key FILE] [--name
// HOST] [--idle MS]
// [--max BYTES] URL: one request through wg_http over libcurl. Prints the status, then the body.
// Ends as wingo does: 6 when the far side cannot be reached, 5 when its certificate is not trusted,
// 7 when it is silent.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http.h"
#include "os/file.h"

static wg_code source(void *ctx, uint64_t off_bytes, void *p, size_t cap, size_t *out_n,
                      wg_error *err) {
  (void)err;
  const wg_buf *b = ctx;
  size_t left = b->n - (size_t)off_bytes;
  *out_n = left < cap ? left : cap;
  memcpy(p, b->p + off_bytes, *out_n);
  return WG_OK;
}

static int code_of(wg_code code) {
  return code == WG_OK          ? 0
         : code == WG_E_VERIFY  ? 5
         : code == WG_E_REMOTE  ? 6
         : code == WG_E_TIMEOUT ? 7
         : code == WG_E_LIMIT   ? 8
                                : 1;
}

int main(int argc, char **argv) {
  wg_http_header headers[16];
  wg_http_tls tls = {.insecure = false};
  wg_http_req req = {.method = "GET", .headers = headers, .tls = &tls};
  wg_error err = WG_ERROR_INIT;
  wg_buf body;
  wg_buf_init(&body, wg_heap(), 0);
  for (int i = 1; i + 1 < argc; i += 2) {
    char *v = argv[i + 1];
    if (strcmp(argv[i], "-X") == 0) {
      req.method = v;
    } else if (strcmp(argv[i], "-H") == 0) {
      char *colon = strchr(v, ':');
      *colon = '\0';
      headers[req.n_headers++] = (wg_http_header){v, colon + 1};
    } else if (strcmp(argv[i], "-d") == 0) {
      if (wg_os_read_file(WG_CWD, v, (uint64_t)1 << 30, &body, &err) != WG_OK) {
        return 2;
      }
      req.source = source;
      req.source_ctx = &body;
      req.body_bytes = body.n;
    } else if (strcmp(argv[i], "--ca") == 0) {
      tls.ca_file = v;
    } else if (strcmp(argv[i], "--cert") == 0) {
      tls.cert_file = v;
    } else if (strcmp(argv[i], "--key") == 0) {
      tls.key_file = v;
    } else if (strcmp(argv[i], "--name") == 0) {
      tls.server_name = v;
    } else if (strcmp(argv[i], "--idle") == 0) {
      req.idle_ms = (uint32_t)strtoul(v, NULL, 10);
    } else if (strcmp(argv[i], "--max") == 0) {
      req.max_body_bytes = strtoul(v, NULL, 10);
    }
  }
  req.url = argv[argc - 1];
  WG_AUTO_PTR(wg_http_curl) curl = NULL;
  WG_AUTO(wg_http_resp) resp = {.status = 0};
  wg_code code = wg_http_curl_new(&curl, &err);
  if (code == WG_OK) {
    const wg_http h = {.transport = wg_http_curl_transport(curl), .max_tries = 2};
    code = wg_http_do(&h, &req, &resp, &err);
  }
  if (code == WG_OK) {
    (void)printf("%u %s\n%.*s", resp.status, resp.url, (int)resp.body.n, (const char *)resp.body.p);
    code = wg_http_expect(&req, &resp, &err);
  }
  if (code != WG_OK) {
    (void)fprintf(stderr, "%s\n", err.text);
  }
  wg_buf_done(&body);
  return code_of(code);
}
