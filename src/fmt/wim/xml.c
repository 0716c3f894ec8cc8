// SPDX-License-Identifier: Apache-2.0
// The XML of a WIM: a small reader for the facts we use and a writer that changes single elements
// and keeps every other byte. No DTD, no entities but the five of XML and numbers.
#include <string.h>

#include "base/utf.h"
#include "fmt/wim/internal.h"

#define XML_MAX_DEPTH 64

typedef enum xml_kind {
  XML_OPEN,  // <a ...>
  XML_CLOSE, // </a>
  XML_EMPTY, // <a ... />
  XML_TEXT,  // characters or CDATA
  XML_OTHER, // comment, processing instruction
  XML_END
} xml_kind;

typedef struct xml_token {
  xml_kind kind;
  size_t start, end; // in the document
  wg_str name;       // of tags
  wg_str body;       // attributes of tags; content of text
  bool cdata;
} xml_token;

typedef struct xml_scan {
  wg_str doc;
  size_t pos;
} xml_scan;

static bool xml_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Position of the first `what` at or after from; doc.n when there is none.
static size_t xml_find(wg_str doc, size_t from, const char *what) {
  const char *p = from < doc.n ? memmem(doc.p + from, doc.n - from, what, strlen(what)) : NULL;
  return p == NULL ? doc.n : (size_t)(p - doc.p);
}

static wg_code xml_fail(size_t at, const char *what, wg_error *err) {
  return wg_fail_at(err, WG_E_FORMAT, at, "character %zu: %s", at, what);
}

// A piece that runs up to and with `stop`.
static wg_code xml_until(xml_scan *s, size_t skip, const char *stop, xml_token *t, wg_error *err) {
  size_t end = xml_find(s->doc, s->pos + skip, stop);
  if (end == s->doc.n) {
    return xml_fail(s->pos, "has no end", err);
  }
  t->body = (wg_str){s->doc.p + s->pos + skip, end - s->pos - skip};
  t->end = s->pos = end + strlen(stop);
  return WG_OK;
}

// Finds the '>' of a tag, not counting those in attribute values.
static size_t xml_tag_end(wg_str doc, size_t at) {
  char quote = 0;
  for (; at < doc.n; at++) {
    char c = doc.p[at];
    if (quote != 0) {
      quote = c == quote ? 0 : quote;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>' || c == '<') {
      break;
    }
  }
  return at;
}

static wg_code xml_tag(xml_scan *s, xml_token *t, wg_error *err) {
  size_t at = s->pos + 1, end = xml_tag_end(s->doc, at);
  if (end == s->doc.n || s->doc.p[end] != '>') {
    return xml_fail(s->pos, "a tag has no end", err);
  }
  t->kind = XML_OPEN;
  size_t stop = end;
  if (s->doc.p[at] == '/') {
    t->kind = XML_CLOSE;
    at++;
  } else if (s->doc.p[end - 1] == '/') {
    t->kind = XML_EMPTY;
    stop--;
  }
  size_t n = 0;
  while (at + n < stop && !xml_space(s->doc.p[at + n])) {
    n++;
  }
  if (n == 0) {
    return xml_fail(s->pos, "a tag has no name", err);
  }
  t->name = (wg_str){s->doc.p + at, n};
  t->body = (wg_str){s->doc.p + at + n, stop - at - n};
  t->end = s->pos = end + 1;
  return WG_OK;
}

static wg_code xml_next(xml_scan *s, xml_token *t, wg_error *err) {
  *t = (xml_token){.start = s->pos};
  wg_str left = {s->doc.p + s->pos, s->doc.n - s->pos};
  if (left.n == 0) {
    t->kind = XML_END;
    return WG_OK;
  }
  if (left.p[0] != '<') {
    t->kind = XML_TEXT;
    size_t n = wg_str_find(left, '<');
    t->body = (wg_str){left.p, n};
    t->end = s->pos += n;
    return WG_OK;
  }
  t->kind = XML_OTHER;
  if (wg_str_starts(left, "<!--")) {
    return xml_until(s, 4, "-->", t, err);
  }
  if (wg_str_starts(left, "<![CDATA[")) {
    t->kind = XML_TEXT;
    t->cdata = true;
    return xml_until(s, 9, "]]>", t, err);
  }
  if (wg_str_starts(left, "<?")) {
    return xml_until(s, 2, "?>", t, err);
  }
  if (wg_str_starts(left, "<!")) {
    return xml_fail(s->pos, "a document type, which a WIM's XML does not have", err);
  }
  return xml_tag(s, t, err);
}

// Appends text with its entities resolved; what is no entity stays as it is.
static void xml_unescape(wg_str in, wg_buf *out) {
  static const struct {
    const char *name;
    char c;
  } named[] = {{"amp;", '&'}, {"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'}, {"apos;", '\''}};
  for (size_t i = 0; i < in.n; i++) {
    if (in.p[i] != '&') {
      wg_buf_add_byte(out, (uint8_t)in.p[i]);
      continue;
    }
    wg_str rest = {in.p + i + 1, in.n - i - 1};
    size_t semi = wg_str_find(rest, ';');
    uint64_t cp = 0;
    size_t k = 0;
    while (k < WG_ARRAY_LEN(named) && !wg_str_starts(rest, named[k].name)) {
      k++;
    }
    wg_str dec = {rest.p + 1, semi > 0 ? semi - 1 : 0}, hex = {rest.p + 2, semi > 1 ? semi - 2 : 0};
    if (k < WG_ARRAY_LEN(named)) {
      cp = (uint8_t)named[k].c;
    } else if (semi == rest.n || rest.p[0] != '#' ||
               !(rest.n > 1 && (rest.p[1] == 'x' || rest.p[1] == 'X') ? wg_parse_hex64(hex, &cp)
                                                                      : wg_parse_u64(dec, &cp)) ||
               cp == 0 || cp > 0x10FFFF) {
      wg_buf_add_byte(out, '&');
      continue;
    }
    wg_utf8_add(out, (uint32_t)cp);
    i += semi + 1;
  }
}

// Value of an attribute of a tag, empty when absent.
static wg_str xml_attr(wg_str body, const char *name) {
  size_t i = 0;
  while (i < body.n) {
    while (i < body.n && xml_space(body.p[i])) {
      i++;
    }
    size_t start = i;
    while (i < body.n && body.p[i] != '=' && !xml_space(body.p[i])) {
      i++;
    }
    wg_str key = {body.p + start, i - start};
    while (i < body.n && (xml_space(body.p[i]) || body.p[i] == '=')) {
      i++;
    }
    if (i == body.n || (body.p[i] != '"' && body.p[i] != '\'')) {
      break;
    }
    char quote = body.p[i++];
    wg_str rest = {body.p + i, body.n - i};
    wg_str value = {rest.p, wg_str_find(rest, quote)};
    if (wg_str_eqz(key, name)) {
      return value;
    }
    i += value.n + 1;
  }
  return (wg_str){NULL, 0};
}

// Walks the document with the path of element names.
typedef struct xml_walk {
  xml_scan s;
  xml_token t;
  wg_str names[XML_MAX_DEPTH];
  size_t depth;
  uint32_t image; // INDEX of the IMAGE we are in, 0: none
} xml_walk;

static wg_code walk_open(xml_walk *w, wg_error *err) {
  if (w->depth == XML_MAX_DEPTH) {
    return wg_fail_at(err, WG_E_LIMIT, w->t.start, "elements are nested more than %d deep",
                      XML_MAX_DEPTH);
  }
  w->names[w->depth++] = w->t.name;
  if (w->depth == 2 && wg_str_eqz(w->t.name, "IMAGE")) {
    uint64_t n = 0;
    wg_str index = xml_attr(w->t.body, "INDEX");
    w->image = wg_parse_u64(index, &n) && n <= UINT32_MAX ? (uint32_t)n : 0;
  }
  return WG_OK;
}

static wg_code walk_close(xml_walk *w, wg_error *err) {
  if (w->depth == 0 || !wg_str_eq(w->names[w->depth - 1], w->t.name)) {
    return xml_fail(w->t.start, "an end tag without its start", err);
  }
  w->depth--;
  if (w->depth == 1) {
    w->image = 0;
  }
  return WG_OK;
}

// The next token; depth and image are as inside the element for XML_OPEN, as outside for XML_CLOSE.
static wg_code walk_next(xml_walk *w, wg_error *err) {
  if (xml_next(&w->s, &w->t, err) != WG_OK) {
    return err->code;
  }
  if (w->t.kind == XML_OPEN) {
    return walk_open(w, err);
  }
  if (w->t.kind == XML_CLOSE) {
    return walk_close(w, err);
  }
  if (w->t.kind == XML_END && w->depth > 0) {
    return xml_fail(w->t.start, "the document ends inside an element", err);
  }
  return WG_OK;
}

// Is the current path, below the root or the image, equal to `path`?
static bool walk_at(const xml_walk *w, size_t base, const char *path) {
  wg_str rest = wg_str_of(path);
  for (size_t i = base; i < w->depth; i++) {
    size_t n = wg_str_find(rest, '/');
    if (rest.n == 0 || !wg_str_eq(w->names[i], (wg_str){rest.p, n})) {
      return false;
    }
    rest = n < rest.n ? (wg_str){rest.p + n + 1, rest.n - n - 1} : (wg_str){rest.p + n, 0};
  }
  return rest.n == 0;
}

static const struct {
  const char *path;
  size_t field;
} fact_paths[] = {
    {"NAME", offsetof(wg_wim_facts, name)},
    {"DESCRIPTION", offsetof(wg_wim_facts, description)},
    {"DISPLAYNAME", offsetof(wg_wim_facts, display_name)},
    {"DISPLAYDESCRIPTION", offsetof(wg_wim_facts, display_description)},
    {"FLAGS", offsetof(wg_wim_facts, flags)},
    {"DIRCOUNT", offsetof(wg_wim_facts, dir_count)},
    {"FILECOUNT", offsetof(wg_wim_facts, file_count)},
    {"TOTALBYTES", offsetof(wg_wim_facts, total_bytes)},
    {"HARDLINKBYTES", offsetof(wg_wim_facts, hard_link_bytes)},
    {"WIMBOOT", offsetof(wg_wim_facts, wimboot)},
    {"WINDOWS/ARCH", offsetof(wg_wim_facts, arch)},
    {"WINDOWS/PRODUCTNAME", offsetof(wg_wim_facts, product_name)},
    {"WINDOWS/EDITIONID", offsetof(wg_wim_facts, edition)},
    {"WINDOWS/INSTALLATIONTYPE", offsetof(wg_wim_facts, installation_type)},
    {"WINDOWS/PRODUCTTYPE", offsetof(wg_wim_facts, product_type)},
    {"WINDOWS/SYSTEMROOT", offsetof(wg_wim_facts, system_root)},
    {"WINDOWS/VERSION/MAJOR", offsetof(wg_wim_facts, major)},
    {"WINDOWS/VERSION/MINOR", offsetof(wg_wim_facts, minor)},
    {"WINDOWS/VERSION/BUILD", offsetof(wg_wim_facts, build)},
    {"WINDOWS/VERSION/SPBUILD", offsetof(wg_wim_facts, spbuild)},
    {"WINDOWS/LANGUAGES/DEFAULT", offsetof(wg_wim_facts, language)},
};

static const char **fact_field(wg_wim_facts *f, size_t i) {
  return (const char **)(void *)((char *)f + fact_paths[i].field);
}

// The text up to the end of the element just opened goes to one field, if it is empty yet.
static wg_code facts_text(xml_walk *w, wg_arena *arena, const char **field, wg_error *err) {
  size_t depth = w->depth;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, arena->alloc, 0);
  while (w->depth >= depth) {
    if (walk_next(w, err) != WG_OK) {
      return err->code;
    }
    if (w->t.kind == XML_TEXT && w->depth == depth) {
      if (w->t.cdata) {
        wg_buf_add_str(&b, w->t.body);
      } else {
        xml_unescape(w->t.body, &b);
      }
    }
  }
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  if ((*field)[0] == '\0') {
    *field = wg_arena_strndup(arena, b.p, b.n);
  }
  return *field == NULL ? wg_arena_fail(arena, err) : WG_OK;
}

// NOLINTNEXTLINE(readability-function-cognitive-complexity): one kind of token after the other
wg_code wg_wim_xml_facts(wg_str xml, wg_arena *arena, wg_wim_facts *out, uint32_t n_images,
                         bool *out_encrypted, wg_error *err) {
  *out_encrypted = false;
  for (uint32_t i = 0; i < n_images; i++) {
    for (size_t k = 0; k < WG_ARRAY_LEN(fact_paths); k++) {
      *fact_field(&out[i], k) = "";
    }
  }
  xml_walk w = {.s = {.doc = xml}};
  do {
    if (walk_next(&w, err) != WG_OK) {
      return err->code;
    }
    if (w.t.kind == XML_OPEN || w.t.kind == XML_EMPTY) {
      bool in_esd = w.depth >= 2 && wg_str_eqz(w.names[1], "ESD");
      *out_encrypted = *out_encrypted || (in_esd && wg_str_eqz(w.t.name, "ENCRYPTED"));
    }
    if (w.t.kind != XML_OPEN || w.image == 0 || w.image > n_images || w.depth < 3) {
      continue;
    }
    for (size_t k = 0; k < WG_ARRAY_LEN(fact_paths); k++) {
      if (walk_at(&w, 2, fact_paths[k].path)) {
        if (facts_text(&w, arena, fact_field(&out[w.image - 1], k), err) != WG_OK) {
          return err->code;
        }
        break;
      }
    }
  } while (w.t.kind != XML_END);
  return WG_OK;
}

// --- Changing one element.

typedef struct xml_spot {
  size_t from, to;    // replaced part of the document
  size_t n_missing;   // path components to be made around the value
  bool found, closed; // closed: the tag <a/> itself is replaced
} xml_spot;

// Number of leading components of path that the walk's position matches, or SIZE_MAX when the walk
// is not below base or went another way.
static size_t spot_match(const xml_walk *w, size_t base, wg_str path) {
  size_t n = 0;
  for (size_t i = base; i < w->depth; i++) {
    size_t len = wg_str_find(path, '/');
    if (path.n == 0 || !wg_str_eq(w->names[i], (wg_str){path.p, len})) {
      return SIZE_MAX;
    }
    path = len < path.n ? (wg_str){path.p + len + 1, path.n - len - 1} : (wg_str){path.p, 0};
    n++;
  }
  return n;
}

static size_t path_count(const char *path) {
  size_t n = 1;
  for (; *path != '\0'; path++) {
    n += *path == '/';
  }
  return n;
}

// Finds the first element `path`, or the end of the deepest parent of it that is there.
// NOLINTNEXTLINE(readability-function-cognitive-complexity): a walk along a path
static wg_code spot_find(wg_str xml, uint32_t image, const char *path, xml_spot *out,
                         wg_error *err) {
  xml_walk w = {.s = {.doc = xml}};
  size_t total = path_count(path), base = image == 0 ? 1 : 2, best = SIZE_MAX;
  uint32_t inside = 0; // the image before a close tag moved us out of it
  do {
    inside = w.image;
    size_t was = w.depth;
    if (walk_next(&w, err) != WG_OK) {
      return err->code;
    }
    if (w.t.kind == XML_OPEN && w.image == image && w.depth >= base) {
      if (w.depth == base + total && spot_match(&w, base, wg_str_of(path)) == total) {
        size_t from = w.t.end, depth = w.depth;
        while (w.depth >= depth) {
          if (walk_next(&w, err) != WG_OK) {
            return err->code;
          }
        }
        *out = (xml_spot){.from = from, .to = w.t.start, .found = true};
        return WG_OK;
      }
    }
    if (w.t.kind == XML_EMPTY && w.image == image && w.depth == base + total - 1) {
      wg_str last = wg_str_of(strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1);
      if (wg_str_eq(w.t.name, last) && spot_match(&w, base, wg_str_of(path)) == total - 1) {
        *out = (xml_spot){.from = w.t.start, .to = w.t.end, .found = true, .closed = true};
        return WG_OK;
      }
    }
    if (w.t.kind == XML_CLOSE && inside == image && was >= base && was - base < total) {
      w.depth = was; // look at the element that just ended
      size_t n = spot_match(&w, base, wg_str_of(path));
      w.depth = was - 1;
      if (n != SIZE_MAX && (best == SIZE_MAX || n > best)) {
        best = n;
        *out = (xml_spot){.from = w.t.start, .to = w.t.start, .n_missing = total - n};
      }
    }
  } while (w.t.kind != XML_END);
  if (best == SIZE_MAX) {
    return wg_fail(err, WG_E_FORMAT, "the XML has no %s to put %s in",
                   image == 0 ? "root element" : "such IMAGE", path);
  }
  return WG_OK;
}

static void put_tags(const char *path, size_t skip, bool closing, wg_buf *out) {
  wg_str names[XML_MAX_DEPTH];
  size_t n = 0;
  wg_str rest = wg_str_of(path);
  while (rest.n > 0 && n < XML_MAX_DEPTH) {
    size_t len = wg_str_find(rest, '/');
    names[n++] = (wg_str){rest.p, len};
    rest = len < rest.n ? (wg_str){rest.p + len + 1, rest.n - len - 1} : (wg_str){rest.p, 0};
  }
  for (size_t i = skip; i < n; i++) {
    wg_str name = closing ? names[n - 1 - (i - skip)] : names[i];
    wg_buf_add_z(out, closing ? "</" : "<");
    wg_buf_add_str(out, name);
    wg_buf_add_z(out, ">");
  }
}

static void put_escaped(const char *value, wg_buf *out) {
  for (; *value != '\0'; value++) {
    if (*value == '&') {
      wg_buf_add_z(out, "&amp;");
    } else if (*value == '<') {
      wg_buf_add_z(out, "&lt;");
    } else if (*value == '>') {
      wg_buf_add_z(out, "&gt;");
    } else {
      wg_buf_add_byte(out, (uint8_t)*value);
    }
  }
}

wg_code wg_wim_xml_put(wg_str xml, uint32_t image, const char *path, const char *value, wg_buf *out,
                       wg_error *err) {
  xml_spot spot = {0};
  if (spot_find(xml, image, path, &spot, err) != WG_OK) {
    return err->code;
  }
  size_t total = path_count(path);
  size_t skip = spot.found ? (spot.closed ? total - 1 : total) : total - spot.n_missing;
  wg_buf_add_str(out, (wg_str){xml.p, spot.from});
  put_tags(path, skip, false, out);
  put_escaped(value, out);
  put_tags(path, skip, true, out);
  wg_buf_add_str(out, (wg_str){xml.p + spot.to, xml.n - spot.to});
  return wg_buf_check(out, err);
}

static void image_start(const xml_walk *w, wg_wim_xml_image *out) {
  wg_str index = xml_attr(w->t.body, "INDEX");
  size_t at = index.p == NULL ? w->t.start : (size_t)(index.p - w->s.doc.p);
  *out = (wg_wim_xml_image){
      .from = w->t.start, .to = w->t.end, .index_from = at, .index_to = at + index.n};
}

wg_code wg_wim_xml_find_image(wg_str xml, uint32_t image, wg_wim_xml_image *out, wg_error *err) {
  xml_walk w = {.s = {.doc = xml}};
  *out = (wg_wim_xml_image){0};
  while (w.t.kind != XML_END) {
    if (walk_next(&w, err) != WG_OK) {
      return err->code;
    }
    if (w.t.kind == XML_EMPTY && w.depth == 1 && wg_str_eqz(w.t.name, "IMAGE")) {
      uint64_t n = 0;
      if (wg_parse_u64(xml_attr(w.t.body, "INDEX"), &n) && n == image) {
        image_start(&w, out);
        return WG_OK;
      }
    }
    if (w.t.kind == XML_OPEN && w.depth == 2 && w.image == image && image != 0) {
      wg_wim_xml_image found;
      image_start(&w, &found);
      while (w.depth >= 2) {
        if (walk_next(&w, err) != WG_OK) {
          return err->code;
        }
      }
      found.to = w.t.end;
      *out = found;
      return WG_OK;
    }
  }
  return WG_OK;
}

// --- What is in an image

static bool walk_in_image(const xml_walk *w, uint32_t image) {
  return image != 0 && w->image == image;
}

// Counts them, and keeps them in v where that is not NULL.
static wg_code elements_each(wg_str xml, uint32_t image, wg_wim_xml_element *v, size_t *out_n,
                             wg_error *err) {
  xml_walk w = {.s = {.doc = xml}};
  size_t from = 0, n = 0;
  wg_str name = {NULL, 0};
  while (w.t.kind != XML_END) {
    if (walk_next(&w, err) != WG_OK) {
      return err->code;
    }
    if (!walk_in_image(&w, image)) {
      continue;
    }
    bool empty = w.t.kind == XML_EMPTY && w.depth == 2;
    if (empty || (w.t.kind == XML_OPEN && w.depth == 3)) {
      from = w.t.start;
      name = w.t.name;
    }
    if (empty || (w.t.kind == XML_CLOSE && w.depth == 2)) {
      if (v != NULL) {
        v[n] = (wg_wim_xml_element){name, {xml.p + from, w.t.end - from}};
      }
      n++;
    }
  }
  *out_n = n;
  return WG_OK;
}

wg_code wg_wim_xml_elements(wg_str xml, uint32_t image, wg_arena *arena, wg_wim_xml_element **out,
                            size_t *out_n, wg_error *err) {
  size_t n = 0;
  if (elements_each(xml, image, NULL, &n, err) != WG_OK) {
    return err->code;
  }
  wg_wim_xml_element *v = wg_arena_new_array(arena, wg_wim_xml_element, n);
  if (v == NULL) {
    return wg_arena_fail(arena, err);
  }
  *out = v;
  *out_n = n;
  return elements_each(xml, image, v, &n, err);
}

static bool strict_name_char(char c, bool first) {
  bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (uint8_t)c >= 0x80;
  return letter || (!first && ((c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':'));
}

static bool strict_name(wg_str s) {
  for (size_t i = 0; i < s.n; i++) {
    if (!strict_name_char(s.p[i], i == 0)) {
      return false;
    }
  }
  return s.n > 0;
}

// The bytes of a reference to a character (&amp; &#10;), 0: it is none.
static size_t strict_reference(wg_str s) {
  static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
  for (size_t k = 0; k < WG_ARRAY_LEN(known); k++) {
    if (wg_str_starts(s, known[k])) {
      return strlen(known[k]);
    }
  }
  size_t n = wg_str_find(s, ';');
  uint64_t v = 0;
  bool hex = wg_str_starts(s, "&#x");
  bool number = n < s.n && n > 2 && n < 12 && wg_str_starts(s, "&#") &&
                (hex ? wg_parse_hex64((wg_str){s.p + 3, n - 3}, &v)
                     : wg_parse_u64((wg_str){s.p + 2, n - 2}, &v));
  return number && v >= 0x20 && v < 0xD800 ? n + 1 : 0;
}

// No character that XML has not, and '&' only where it begins a reference.
static bool strict_text(wg_str s) {
  for (size_t i = 0; i < s.n; i++) {
    size_t n = s.p[i] == '&' ? strict_reference((wg_str){s.p + i, s.n - i}) : 1;
    if (n == 0 || ((uint8_t)s.p[i] < 0x20 && !xml_space(s.p[i]))) {
      return false;
    }
    i += n - 1;
  }
  return true;
}

// name="value", as often as wanted, no name twice.
static bool strict_attributes(wg_str body) {
  wg_str names[XML_MAX_DEPTH];
  size_t n_names = 0;
  for (size_t at = 0; at < body.n;) {
    size_t space = at;
    while (at < body.n && xml_space(body.p[at])) {
      at++;
    }
    if (at == body.n) {
      return true;
    }
    wg_str left = {body.p + at, body.n - at};
    wg_str name = {left.p, wg_str_find(left, '=')};
    if (at == space || !strict_name(name) || name.n + 1 >= left.n || n_names == XML_MAX_DEPTH) {
      return false;
    }
    for (size_t i = 0; i < n_names; i++) {
      if (wg_str_eq(names[i], name)) {
        return false;
      }
    }
    names[n_names++] = name;
    char quote = left.p[name.n + 1];
    wg_str value = {left.p + name.n + 2, left.n - name.n - 2};
    size_t n = wg_str_find(value, quote);
    if ((quote != '"' && quote != '\'') || n == value.n || !strict_text((wg_str){value.p, n}) ||
        memchr(value.p, '<', n) != NULL) {
      return false;
    }
    at += name.n + 2 + n + 1;
  }
  return true;
}

wg_code wg_wim_xml_element_of(wg_str text, wg_wim_xml_element *out, wg_error *err) {
  xml_walk w = {.s = {.doc = text}};
  wg_str name = {NULL, 0};
  bool ended = false;
  for (;;) {
    size_t was = w.depth;
    if (walk_next(&w, err) != WG_OK) {
      return err->code;
    }
    bool tag = w.t.kind == XML_OPEN || w.t.kind == XML_EMPTY;
    if (w.t.kind == XML_END) {
      break;
    }
    if (ended || (!tag && name.p == NULL)) {
      return xml_fail(w.t.start, "one element is wanted, and nothing beside it", err);
    }
    if ((tag && (!strict_name(w.t.name) || !strict_attributes(w.t.body))) ||
        (w.t.kind == XML_TEXT && !w.t.cdata && !strict_text(w.t.body))) {
      return xml_fail(w.t.start, "what is no XML", err);
    }
    name = tag && was == 0 ? w.t.name : name;
    ended = w.depth == 0;
  }
  if (name.p == NULL) {
    return xml_fail(0, "one element is wanted, and nothing beside it", err);
  }
  *out = (wg_wim_xml_element){name, text};
  return WG_OK;
}

bool wg_wim_xml_is_counted(wg_str name) {
  static const char *const counted[] = {"DIRCOUNT", "FILECOUNT", "TOTALBYTES", "HARDLINKBYTES",
                                        "LASTMODIFICATIONTIME"};
  for (size_t i = 0; i < WG_ARRAY_LEN(counted); i++) {
    if (wg_str_eqz(name, counted[i])) {
      return true;
    }
  }
  return false;
}

wg_code wg_wim_xml_set_elements(wg_str xml, uint32_t image, const wg_str *elements, size_t n,
                                wg_buf *out, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  wg_wim_xml_element *own = NULL;
  size_t n_own = 0;
  wg_arena_init(&arena, out->alloc, 0);
  if (wg_wim_xml_elements(xml, image, &arena, &own, &n_own, err) != WG_OK) {
    return err->code;
  }
  if (n_own == 0) {
    return wg_fail(err, WG_E_FORMAT, "the XML has no such IMAGE");
  }
  size_t from = (size_t)(own[0].text.p - xml.p);
  const char *end = own[n_own - 1].text.p + own[n_own - 1].text.n;
  wg_buf_add_str(out, (wg_str){xml.p, from});
  for (size_t i = 0; i < n_own; i++) {
    wg_buf_add_str(out, wg_wim_xml_is_counted(own[i].name) ? own[i].text : WG_STR(""));
  }
  for (size_t i = 0; i < n; i++) {
    wg_buf_add_str(out, elements[i]);
  }
  wg_buf_add_str(out, (wg_str){end, (size_t)(xml.p + xml.n - end)});
  return wg_buf_check(out, err);
}
