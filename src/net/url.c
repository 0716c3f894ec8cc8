// SPDX-License-Identifier: Apache-2.0
#include "net/url.h"

#include <arpa/inet.h>
#include <string.h>

#define URL_MAX_BYTES 8192U
#define URL_MAX_HOST_BYTES 253U

static bool url_is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool url_is_unreserved(char c) {
  return url_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static char url_lower(char c) {
  return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static int url_hex(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

static wg_str url_from(wg_str s, size_t n) {
  n = n < s.n ? n : s.n;
  return (wg_str){s.p + n, s.n - n};
}

// NUL-terminated copy in lower case.
static const char *url_copy_lower(wg_arena *arena, wg_str s) {
  char *out = wg_arena_get(arena, s.n + 1);
  for (size_t i = 0; out != NULL && i < s.n; i++) {
    out[i] = url_lower(s.p[i]);
  }
  return out;
}

static const char *url_copy(wg_arena *arena, wg_str s) {
  char *out = wg_arena_get(arena, s.n + 1);
  if (out != NULL && s.n > 0) {
    memcpy(out, s.p, s.n);
  }
  return out;
}

// "%41" -> "A"; NULL for a broken escape or a NUL.
static const char *url_decode(wg_arena *arena, wg_str s) {
  char *out = wg_arena_get(arena, s.n + 1);
  size_t n = 0;
  for (size_t i = 0; out != NULL && i < s.n; i++) {
    char c = s.p[i];
    if (c == '%') {
      int high = i + 2 < s.n ? url_hex(s.p[i + 1]) : -1;
      int low = i + 2 < s.n ? url_hex(s.p[i + 2]) : -1;
      if (high < 0 || low < 0 || (high == 0 && low == 0)) {
        return NULL;
      }
      c = (char)(high * 16 + low);
      i += 2;
    }
    out[n++] = c;
  }
  return out;
}

// Every character may stand in a URL, and escapes are whole.
static bool url_is_clean(wg_str s) {
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    if (c == '%') {
      if (s.n - i < 3 || url_hex(s.p[i + 1]) < 0 || url_hex(s.p[i + 2]) < 0) {
        return false;
      }
    } else if (!url_is_alnum(c) && strchr("-._~:/?#[]@!$&'()*+,;=", c) == NULL) {
      return false;
    }
    if (c == '\0') {
      return false;
    }
  }
  return true;
}

// In brackets only an address of IPv6 (RFC 3986, 3.2.2; no "IPvFuture": there is none).
static bool url_host_ok(wg_str h, bool brackets) {
  if (h.n == 0 || h.n > URL_MAX_HOST_BYTES) {
    return false;
  }
  if (brackets) {
    char text[INET6_ADDRSTRLEN] = "";
    struct in6_addr v6;
    if (h.n >= sizeof text) {
      return false;
    }
    memcpy(text, h.p, h.n);
    return inet_pton(AF_INET6, text, &v6) == 1;
  }
  for (size_t i = 0; i < h.n; i++) {
    char c = h.p[i];
    if (!url_is_alnum(c) && c != '-' && c != '.' && c != '_') {
      return false;
    }
  }
  return h.p[0] != '.' && h.p[0] != '-';
}

static bool url_port(wg_str s, uint16_t *out) {
  uint64_t v = 0;
  if (s.n == 0) {
    return true; // "host:" is the scheme's own
  }
  if (s.n > 5 || !wg_parse_u64(s, &v) || v == 0 || v > UINT16_MAX) {
    return false;
  }
  *out = (uint16_t)v;
  return true;
}

static wg_code url_userinfo(wg_str info, wg_arena *arena, wg_url *u, wg_error *err) {
  size_t colon = wg_str_find(info, ':');
  u->user = url_decode(arena, (wg_str){info.p, colon});
  u->password = colon < info.n ? url_decode(arena, url_from(info, colon + 1)) : NULL;
  if (u->user == NULL || (colon < info.n && u->password == NULL)) {
    return wg_fail(err, WG_E_FORMAT, "the URL's user or password has a broken %% escape");
  }
  return WG_OK;
}

// "host:port" or "[::1]:port" in two. False when the bracket does not end where it must.
static bool url_split_host(wg_str a, bool brackets, wg_str *out_host, wg_str *out_port) {
  if (!brackets) {
    size_t colon = wg_str_find(a, ':');
    *out_host = (wg_str){a.p, colon};
    *out_port = url_from(a, colon + 1);
    return true;
  }
  size_t end = wg_str_find(a, ']');
  wg_str rest = url_from(a, end + 1);
  if (end == a.n || (rest.n > 0 && rest.p[0] != ':')) {
    return false;
  }
  *out_host = (wg_str){a.p + 1, end - 1};
  *out_port = url_from(rest, 1);
  return true;
}

// "user:password@host:port"
static wg_code url_authority(wg_str a, wg_arena *arena, wg_url *u, wg_error *err) {
  const char *at = a.n == 0 ? NULL : memrchr(a.p, '@', a.n);
  if (at != NULL) {
    size_t n = (size_t)(at - a.p);
    if (url_userinfo((wg_str){a.p, n}, arena, u, err) != WG_OK) {
      return err->code;
    }
    a = url_from(a, n + 1);
  }
  bool brackets = a.n > 0 && a.p[0] == '[';
  wg_str host = {"", 0}, port = {"", 0};
  if (!url_split_host(a, brackets, &host, &port)) {
    return wg_fail(err, WG_E_FORMAT, "the URL's address has no ']' where it must end");
  }
  if (!url_host_ok(host, brackets)) {
    return wg_fail(err, WG_E_FORMAT, "'%.*s' is not the name of a host", WG_STR_ARG(host));
  }
  if (!url_port(port, &u->port)) {
    return wg_fail(err, WG_E_FORMAT, "'%.*s' is not a port: 1 to 65535", WG_STR_ARG(port));
  }
  u->host = url_copy_lower(arena, host);
  return u->host == NULL ? wg_arena_fail(arena, err) : WG_OK;
}

wg_code wg_url_parse(wg_str text, wg_arena *arena, wg_url *out, wg_error *err) {
  wg_url u = {.port = 443, .scheme = "https"};
  if (text.n > URL_MAX_BYTES) {
    return wg_fail(err, WG_E_FORMAT, "the URL is longer than %u bytes", URL_MAX_BYTES);
  }
  size_t colon = wg_str_find(text, ':');
  wg_str scheme = {text.p, colon};
  if (wg_str_eq_nocase(scheme, "http")) {
    u.scheme = "http";
    u.port = 80;
  } else if (!wg_str_eq_nocase(scheme, "https")) {
    return wg_fail(err, WG_E_FORMAT, "the URL does not begin with https:// or http://");
  }
  wg_str rest = url_from(text, colon + 1);
  if (!wg_str_starts(rest, "//") || !url_is_clean(rest)) {
    return wg_fail(err, WG_E_FORMAT,
                   "the URL has a character that must be written as %%XX, or no // behind its "
                   "scheme");
  }
  rest = url_from(rest, 2);
  size_t end = 0;
  while (end < rest.n && strchr("/?#", rest.p[end]) == NULL) {
    end++;
  }
  if (url_authority((wg_str){rest.p, end}, arena, &u, err) != WG_OK) {
    return err->code;
  }
  rest = url_from(rest, end);
  rest.n = wg_str_find(rest, '#');
  size_t question = wg_str_find(rest, '?');
  u.path = question == 0 ? "/" : url_copy(arena, (wg_str){rest.p, question});
  u.query = question < rest.n ? url_copy(arena, url_from(rest, question + 1)) : NULL;
  if (u.path == NULL || (question < rest.n && u.query == NULL)) {
    return wg_arena_fail(arena, err);
  }
  *out = u;
  return WG_OK;
}

static bool url_port_is_own(const wg_url *u) {
  return u->port == (strcmp(u->scheme, "https") == 0 ? 443 : 80);
}

static void url_origin_text(const wg_url *u, wg_buf *out) {
  wg_assert(u->host != NULL); // it was parsed
  bool v6 = strchr(u->host, ':') != NULL;
  wg_buf_printf(out, "%s://%s%s%s", u->scheme, v6 ? "[" : "", u->host, v6 ? "]" : "");
  if (!url_port_is_own(u)) {
    wg_buf_printf(out, ":%u", (unsigned)u->port);
  }
}

void wg_url_text(const wg_url *u, wg_buf *out) {
  url_origin_text(u, out);
  wg_buf_printf(out, "%s%s%s", u->path, u->query != NULL ? "?" : "",
                u->query != NULL ? u->query : "");
}

bool wg_url_same_origin(const wg_url *a, const wg_url *b) {
  return strcmp(a->scheme, b->scheme) == 0 && strcmp(a->host, b->host) == 0 && a->port == b->port;
}

void wg_url_escape(wg_buf *out, wg_str s, const char *keep) {
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    if (url_is_unreserved(c) || (c != '\0' && strchr(keep, c) != NULL)) {
      wg_buf_add_byte(out, (uint8_t)c);
    } else {
      wg_buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
    }
  }
}

bool wg_url_is_loopback(const wg_url *u) {
  return strcmp(u->host, "localhost") == 0 || strcmp(u->host, "::1") == 0 ||
         (strncmp(u->host, "127.", 4) == 0 && strspn(u->host, "0123456789.") == strlen(u->host));
}

// Takes the last name off what stands behind `from`.
static void url_up(wg_buf *out, size_t from) {
  size_t up = out->n;
  while (up > from && out->p[up - 1] != '/') {
    up--;
  }
  out->n = up > from ? up - 1 : from;
}

// RFC 3986, 5.2.4: no "." and ".." in a path. Appends to out.
static void url_add_without_dots(wg_buf *out, wg_str path) {
  size_t from = out->n;
  while (path.n > 0) {
    size_t n = 1 + wg_str_find(url_from(path, 1), '/');
    wg_str part = {path.p, n < path.n ? n : path.n};
    path = url_from(path, part.n);
    bool up = wg_str_eqz(part, "/.."), dots = up || wg_str_eqz(part, "/.");
    if (up) {
      url_up(out, from);
    }
    if (!dots) {
      wg_buf_add_str(out, part);
    } else if (path.n == 0) { // the last
      wg_buf_add_byte(out, '/');
    }
  }
}

wg_code wg_url_resolve(const wg_url *base, wg_str reference, wg_buf *out, wg_error *err) {
  reference.n = wg_str_find(reference, '#');
  size_t colon = wg_str_find(reference, ':');
  size_t slash = wg_str_find(reference, '/');
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO(wg_arena) arena;
  wg_url whole = {.host = NULL};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&text, wg_heap(), 0);
  if (colon < reference.n && colon < slash) {
    wg_buf_add_str(&text, reference);
  } else if (wg_str_starts(reference, "//")) {
    wg_buf_printf(&text, "%s:%.*s", base->scheme, WG_STR_ARG(reference));
  } else {
    url_origin_text(base, &text);
    wg_str base_path = wg_str_of(base->path);
    size_t question = wg_str_find(reference, '?');
    WG_AUTO(wg_buf) path = {0};
    wg_buf_init(&path, wg_heap(), 0);
    if (question > 0 && reference.n > 0 && reference.p[0] != '/') { // beside the base's last name
      const char *last = memrchr(base_path.p, '/', base_path.n);
      wg_buf_add(&path, base_path.p, last == NULL ? 0 : (size_t)(last - base_path.p) + 1);
    } else if (question == 0 || reference.n == 0) {
      wg_buf_add_str(&path, base_path);
    }
    wg_buf_add(&path, reference.p, question);
    url_add_without_dots(&text, wg_buf_str(&path));
    wg_buf_add_str(&text, url_from(reference, question));
  }
  if (wg_url_parse(wg_buf_str(&text), &arena, &whole, err) != WG_OK) {
    return err->code;
  }
  wg_url_text(&whole, out);
  return WG_OK;
}
