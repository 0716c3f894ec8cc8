// SPDX-License-Identifier: Apache-2.0
// A check, not an XML parser: tags nest and close, attributes are quoted and not doubled, the root
// is <assembly>. Windows' own loader is stricter about the vocabulary, which grows; this catches
// what a hand edit breaks.
#include "base/utf.h"
#include "fmt/rsrc/rsrc.h"

enum {
  MAX_DEPTH = 64,
  MAX_ATTRIBUTES = 64,
};
#define MAX_MANIFEST_BYTES (1U << 20)

typedef struct xml_scan {
  wg_str s;
  size_t pos;
  wg_str open[MAX_DEPTH]; // names of the elements that are open
  uint32_t depth;
  bool root_seen;
} xml_scan;

static bool at(const xml_scan *x, const char *z) {
  return wg_str_starts((wg_str){x->s.p + x->pos, x->s.n - x->pos}, z);
}

static bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool skip_space(xml_scan *x) {
  size_t from = x->pos;
  while (x->pos < x->s.n && is_space(x->s.p[x->pos])) {
    x->pos++;
  }
  return x->pos != from;
}

static wg_code bad(const xml_scan *x, size_t off, const char *what, wg_error *err) {
  size_t line = 1;
  for (size_t i = 0; i < off && i < x->s.n; i++) {
    line += x->s.p[i] == '\n' ? 1 : 0;
  }
  return wg_fail_at(err, WG_E_FORMAT, off, "line %zu: %s", line, what);
}

// Moves behind the next `end`; FORMAT when there is none.
static wg_code skip_to(xml_scan *x, const char *end, const char *what, wg_error *err) {
  size_t from = x->pos;
  for (; x->pos < x->s.n; x->pos++) {
    if (at(x, end)) {
      x->pos += wg_str_of(end).n;
      return WG_OK;
    }
  }
  return bad(x, from, what, err);
}

static wg_str take_name(xml_scan *x) {
  size_t from = x->pos;
  for (; x->pos < x->s.n; x->pos++) {
    char c = x->s.p[x->pos];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
                  ((unsigned char)c >= 0x80);
    bool later = (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (!letter && !(later && x->pos != from)) {
      break;
    }
  }
  return (wg_str){x->s.p + from, x->pos - from};
}

// & must begin a known or numeric entity; the position is at it.
static wg_code check_entity(xml_scan *x, wg_error *err) {
  static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
  for (size_t i = 0; i < WG_ARRAY_LEN(known); i++) {
    if (at(x, known[i])) {
      x->pos += wg_str_of(known[i]).n;
      return WG_OK;
    }
  }
  size_t from = x->pos;
  bool hex = at(x, "&#x");
  x->pos += hex ? 3 : 2;
  size_t digits = x->pos;
  uint64_t v = 0;
  while (x->pos < x->s.n && x->s.p[x->pos] != ';' && x->pos - digits < 8) {
    x->pos++;
  }
  wg_str num = {x->s.p + (digits < x->s.n ? digits : x->s.n),
                x->pos > digits ? x->pos - digits : 0};
  bool ok = x->s.n - from > 2 && x->s.p[from + 1] == '#' && x->pos < x->s.n &&
            x->s.p[x->pos] == ';' && (hex ? wg_parse_hex64(num, &v) : wg_parse_u64(num, &v)) &&
            v != 0 && v <= 0x10FFFF;
  if (!ok) {
    return bad(x, from, "'&' that begins no known entity: write &amp;", err);
  }
  x->pos++;
  return WG_OK;
}

static wg_code check_value(xml_scan *x, wg_error *err) {
  size_t from = x->pos;
  if (!at(x, "\"") && !at(x, "'")) {
    return bad(x, from, "an attribute's value is not quoted", err);
  }
  char quote = x->s.p[x->pos++];
  while (x->pos < x->s.n && x->s.p[x->pos] != quote) {
    if (x->s.p[x->pos] == '<') {
      return bad(x, from, "an attribute's value has no end", err);
    }
    if (x->s.p[x->pos] != '&') {
      x->pos++;
    } else if (check_entity(x, err) != WG_OK) {
      return err->code;
    }
  }
  if (x->pos == x->s.n) {
    return bad(x, from, "an attribute's value has no end", err);
  }
  x->pos++;
  return WG_OK;
}

static wg_code check_attributes(xml_scan *x, wg_error *err) {
  wg_str names[MAX_ATTRIBUTES];
  for (uint32_t n = 0;; n++) {
    bool spaced = skip_space(x);
    if (at(x, ">") || at(x, "/>") || at(x, "?>")) {
      return WG_OK;
    }
    size_t from = x->pos;
    wg_str name = take_name(x);
    if (name.n == 0 || !spaced) {
      return bad(x, from, "a tag is broken", err);
    }
    if (n == MAX_ATTRIBUTES) {
      return wg_fail_at(err, WG_E_LIMIT, from, "more than %d attributes", MAX_ATTRIBUTES);
    }
    for (uint32_t i = 0; i < n; i++) {
      if (wg_str_eq(names[i], name)) {
        return bad(x, from, "an attribute stands twice in a tag", err);
      }
    }
    names[n] = name;
    (void)skip_space(x);
    if (!at(x, "=")) {
      return bad(x, x->pos, "an attribute without a value", err);
    }
    x->pos++;
    (void)skip_space(x);
    if (check_value(x, err) != WG_OK) {
      return err->code;
    }
  }
}

static wg_code close_tag(xml_scan *x, wg_error *err) {
  size_t from = x->pos;
  x->pos += 2;
  wg_str name = take_name(x);
  (void)skip_space(x);
  if (x->depth == 0 || !wg_str_eq(name, x->open[x->depth - 1]) || !at(x, ">")) {
    return bad(x, from, "an end tag that closes nothing", err);
  }
  x->pos++;
  x->depth--;
  return WG_OK;
}

static wg_code open_tag(xml_scan *x, wg_error *err) {
  size_t from = x->pos++;
  wg_str name = take_name(x);
  if (name.n == 0) {
    return bad(x, from, "'<' that begins no tag: write &lt;", err);
  }
  if (x->depth == 0) {
    size_t colon = wg_str_find(name, ':');
    wg_str local = colon == name.n ? name : (wg_str){name.p + colon + 1, name.n - colon - 1};
    if (x->root_seen || !wg_str_eqz(local, "assembly")) {
      return bad(x, from, "the root element must be one <assembly>", err);
    }
    x->root_seen = true;
  }
  if (x->depth == MAX_DEPTH) {
    return wg_fail_at(err, WG_E_LIMIT, from, "elements nested more than %d deep", MAX_DEPTH);
  }
  if (check_attributes(x, err) != WG_OK) {
    return err->code;
  }
  if (at(x, "?>")) {
    return bad(x, x->pos, "a tag is broken", err);
  }
  if (at(x, "/>")) {
    x->pos += 2;
    return WG_OK;
  }
  x->pos++;
  x->open[x->depth++] = name;
  return WG_OK;
}

static wg_code check_markup(xml_scan *x, wg_error *err) {
  if (at(x, "<!--")) {
    x->pos += 4;
    return skip_to(x, "-->", "a comment has no end", err);
  }
  if (at(x, "<![CDATA[") && x->depth != 0) {
    return skip_to(x, "]]>", "a CDATA section has no end", err);
  }
  if (at(x, "<!DOCTYPE")) {
    return wg_fail_at(err, WG_E_UNSUPPORTED, x->pos, "a document type in a manifest");
  }
  if (at(x, "<?")) {
    return skip_to(x, "?>", "a processing instruction has no end", err);
  }
  return at(x, "</") ? close_tag(x, err) : open_tag(x, err);
}

// Size and encoding.
static wg_code check_text(const xml_scan *x, wg_error *err) {
  wg_str xml = x->s;
  if (xml.n > MAX_MANIFEST_BYTES) {
    return wg_fail_at(err, WG_E_LIMIT, MAX_MANIFEST_BYTES, "%zu bytes, more than %u", xml.n,
                      MAX_MANIFEST_BYTES);
  }
  if (wg_str_starts(xml, "\xFF\xFE") || wg_str_starts(xml, "\xFE\xFF")) {
    return wg_fail_at(err, WG_E_UNSUPPORTED, 0, "UTF-16 text: save it as UTF-8");
  }
  uint32_t cp = 1;
  for (size_t pos = 0, from = 0; pos < xml.n; from = pos) {
    if (!wg_utf8_next(xml, &pos, &cp) || cp == 0) {
      return bad(x, from, "the text is not UTF-8", err);
    }
  }
  return WG_OK;
}

// What stands at the position: markup, an entity or one byte of text.
static wg_code check_piece(xml_scan *x, wg_error *err) {
  char c = x->s.p[x->pos];
  if (c == '<') {
    return check_markup(x, err);
  }
  if (x->depth == 0 && !is_space(c)) {
    return bad(x, x->pos, "text outside of the root element", err);
  }
  if (c == '&') {
    return check_entity(x, err);
  }
  x->pos++;
  return WG_OK;
}

wg_code wg_rsrc_manifest_check(wg_str xml, wg_error *err) {
  xml_scan x = {.s = xml};
  if (check_text(&x, err) != WG_OK) {
    return err->code;
  }
  x.pos = at(&x, "\xEF\xBB\xBF") ? 3 : 0;
  while (x.pos < x.s.n) {
    if (check_piece(&x, err) != WG_OK) {
      return err->code;
    }
  }
  if (x.depth != 0 || !x.root_seen) {
    return bad(&x, x.pos, x.root_seen ? "an element is not closed" : "no <assembly> element", err);
  }
  return WG_OK;
}
