// SPDX-License-Identifier: Apache-2.0
#include "image/tree/winpath.h"

#include "base/utf.h"

static bool is_separator(char c) {
  return c == '\\' || c == '/';
}

// Number of UTF-16 units of s, or SIZE_MAX when it is not UTF-8.
static size_t chars16(wg_str s) {
  size_t n = 0, pos = 0;
  uint32_t cp = 0;
  while (pos < s.n) {
    if (!wg_utf8_next(s, &pos, &cp)) {
      return SIZE_MAX;
    }
    n += cp >= 0x10000 ? 2 : 1;
  }
  return n;
}

// Device names keep their meaning in every folder and with any extension; Windows also takes the
// superscript digits 1, 2, 3 for COM and LPT. COM0 and LPT0 are no devices, but Explorer and shells
// refuse them all the same.
bool wg_winpath_is_device(wg_str name) {
  static const char *const plain[] = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"};
  wg_str stem = {name.p, wg_str_find(name, '.')};
  while (stem.n > 0 && stem.p[stem.n - 1] == ' ') {
    stem.n--;
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(plain); i++) {
    if (wg_str_eq_nocase(stem, plain[i])) {
      return true;
    }
  }
  if (stem.n < 4) {
    return false;
  }
  wg_str head = {stem.p, 3}, tail = {stem.p + 3, stem.n - 3};
  if (!wg_str_eq_nocase(head, "COM") && !wg_str_eq_nocase(head, "LPT")) {
    return false;
  }
  return (tail.n == 1 && tail.p[0] >= '0' && tail.p[0] <= '9') || wg_str_eqz(tail, "\xC2\xB9") ||
         wg_str_eqz(tail, "\xC2\xB2") || wg_str_eqz(tail, "\xC2\xB3");
}

// NOLINTNEXTLINE(readability-function-cognitive-complexity): one rule after the other
wg_code wg_winpath_check_name(wg_str name, wg_error *err) {
  if (name.n == 0) {
    return wg_fail(err, WG_E_FORMAT, "a name is empty");
  }
  if (wg_str_eqz(name, ".") || wg_str_eqz(name, "..")) {
    return wg_fail(err, WG_E_FORMAT, "'%.*s' is not a name; write the folder itself",
                   WG_STR_ARG(name));
  }
  for (size_t i = 0; i < name.n; i++) {
    unsigned char c = (unsigned char)name.p[i];
    if (c < 0x20) {
      return wg_fail(err, WG_E_FORMAT, "a name has the control character 0x%02x", (unsigned)c);
    }
    if (c == '<' || c == '>' || c == ':' || c == '"' || c == '|' || c == '?' || c == '*' ||
        is_separator((char)c)) {
      return wg_fail(err, WG_E_FORMAT, "'%.*s': Windows has no names with '%c'", WG_STR_ARG(name),
                     c);
    }
  }
  size_t n16 = chars16(name);
  if (n16 == SIZE_MAX) {
    return wg_fail(err, WG_E_FORMAT, "a name is not UTF-8");
  }
  if (n16 > WG_WINPATH_MAX_NAME_CHARS16) {
    return wg_fail(err, WG_E_FORMAT, "a name has %zu characters; Windows takes at most %d", n16,
                   WG_WINPATH_MAX_NAME_CHARS16);
  }
  char last = name.p[name.n - 1];
  if (last == '.' || last == ' ') {
    return wg_fail(err, WG_E_FORMAT, "'%.*s' ends in a %s, which Windows drops; leave it out",
                   WG_STR_ARG(name), last == '.' ? "dot" : "space");
  }
  if (wg_winpath_is_device(name)) {
    return wg_fail(err, WG_E_FORMAT, "'%.*s' is reserved for a device; choose another name",
                   WG_STR_ARG(name));
  }
  return WG_OK;
}

// Moves past "C:" if it is there; refuses what is no path in the image.
static wg_code skip_root(wg_str text, size_t *pos, wg_error *err) {
  if (text.n >= 2 && is_separator(text.p[0]) && is_separator(text.p[1])) {
    return wg_fail(err, WG_E_FORMAT, "a network or device path; write 'C:\\...'");
  }
  if (text.n < 2 || text.p[1] != ':') {
    return WG_OK;
  }
  if (text.p[0] != 'C' && text.p[0] != 'c') {
    return wg_fail(err, WG_E_FORMAT, "drive '%c:' is not in the image; its drive is C:",
                   text.p[0] >= ' ' && text.p[0] < 0x7F ? text.p[0] : '?');
  }
  if (text.n > 2 && !is_separator(text.p[2])) {
    return wg_fail(err, WG_E_FORMAT, "no separator after 'C:'; write 'C:\\...'");
  }
  *pos = 2;
  return WG_OK;
}

wg_code wg_winpath_parse(const char *z, wg_arena *arena, wg_winpath *out, wg_error *err) {
  char *copy = wg_arena_strdup(arena, z);
  if (copy == NULL) {
    return wg_arena_fail(arena, err);
  }
  wg_str text = wg_str_of(copy);
  if (text.n == 0) {
    return wg_fail(err, WG_E_FORMAT, "the path is empty; write 'C:\\...'");
  }
  size_t n16 = chars16(text);
  if (n16 == SIZE_MAX) {
    return wg_fail(err, WG_E_FORMAT, "the path is not UTF-8");
  }
  if (n16 > WG_WINPATH_MAX_CHARS16) {
    return wg_fail(err, WG_E_FORMAT, "the path has %zu characters; Windows takes at most %d", n16,
                   WG_WINPATH_MAX_CHARS16);
  }
  size_t pos = 0;
  if (skip_root(text, &pos, err) != WG_OK) {
    return err->code;
  }
  wg_str *names = wg_arena_new_array(arena, wg_str, text.n / 2 + 1);
  if (names == NULL) {
    return wg_arena_fail(arena, err);
  }
  size_t n = 0;
  while (pos < text.n) {
    if (is_separator(text.p[pos])) {
      pos++;
      continue;
    }
    size_t end = pos;
    while (end < text.n && !is_separator(text.p[end])) {
      end++;
    }
    names[n] = (wg_str){text.p + pos, end - pos};
    if (wg_winpath_check_name(names[n], err) != WG_OK) {
      return err->code;
    }
    n++;
    pos = end;
  }
  *out = (wg_winpath){.names = names,
                      .n_names = n,
                      .ends_in_separator = n == 0 || is_separator(text.p[text.n - 1])};
  return WG_OK;
}

char *wg_winpath_text(const wg_winpath *p, wg_arena *arena) {
  size_t n_bytes = 2;
  for (size_t i = 0; i < p->n_names; i++) {
    n_bytes += p->names[i].n + 1;
  }
  char *out = wg_arena_get(arena, n_bytes);
  if (out == NULL) {
    return NULL;
  }
  size_t n = 0;
  for (size_t i = 0; i < p->n_names; i++) {
    out[n++] = '\\';
    for (size_t k = 0; k < p->names[i].n; k++) {
      out[n++] = p->names[i].p[k];
    }
  }
  if (n == 0) {
    out[n++] = '\\';
  }
  out[n] = '\0';
  return out;
}
