// SPDX-License-Identifier: Apache-2.0
// Package URLs (github.com/package-url/purl-spec), type golang.
#include "fmt/sbom/sbom.h"

static bool purl_is_plain(uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_' || c == '~';
}

static void purl_add(wg_buf *out, uint8_t c) {
  if (purl_is_plain(c)) {
    wg_buf_add_byte(out, c);
  } else {
    wg_buf_printf(out, "%%%02X", (unsigned)c);
  }
}

void wg_purl_golang(wg_buf *out, wg_str path, wg_str version) {
  wg_buf_add_z(out, "pkg:golang/");
  for (size_t i = 0; i < path.n; i++) {
    uint8_t c = (uint8_t)path.p[i];
    if (c == '/') {
      wg_buf_add_byte(out, c);
    } else {
      purl_add(out, c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c);
    }
  }
  if (version.n != 0) {
    wg_buf_add_byte(out, '@');
  }
  for (size_t i = 0; i < version.n; i++) {
    purl_add(out, (uint8_t)version.p[i]);
  }
}
