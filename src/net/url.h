// SPDX-License-Identifier: Apache-2.0
// URLs of the kind that a client of servers uses: http and https. Source: RFC 3986.
#ifndef WG_NET_URL_H
#define WG_NET_URL_H

#include "os/mem.h"

typedef struct wg_url { // strings are NUL-terminated
  const char *scheme;   // "http" or "https", in lower case
  const char *user;     // decoded; NULL: none
  const char *password; // decoded; NULL: none. Never part of wg_url_text
  const char *host;     // lower case; of an IPv6 address what stands in the brackets
  uint16_t port;        // as given, else 80 or 443
  const char *path;     // as written, begins with '/'
  const char *query;    // behind '?', as written; NULL: none
} wg_url;

// At most 8 KiB. A fragment is cut off. FORMAT: not a URL of this kind, a character that must be
// escaped, a host or port that cannot be; the text never shows a password. Strings in the arena.
wg_code wg_url_parse(wg_str text, wg_arena *arena, wg_url *out, wg_error *err);
// Appends it as text, without user and password; the port where it is not the scheme's own.
void wg_url_text(const wg_url *u, wg_buf *out);
// Where reference leads from base: an absolute URL, "//host/x", "/x", "x", "?q" (RFC 3986, 5.2).
// Appends its text. Errors as wg_url_parse.
wg_code wg_url_resolve(const wg_url *base, wg_str reference, wg_buf *out, wg_error *err);
// Same scheme, host and port: what credentials are bound to.
bool wg_url_same_origin(const wg_url *a, const wg_url *b);
// Appends s with all but unreserved characters as %XX; keep: further characters that stay ("/").
void wg_url_escape(wg_buf *out, wg_str s, const char *keep);
// True for "localhost", 127.0.0.0/8 and ::1.
bool wg_url_is_loopback(const wg_url *u);

#endif
