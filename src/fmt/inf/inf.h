// SPDX-License-Identifier: Apache-2.0
// Setup information files (".inf"): bytes -> sections, lines and fields, as Windows' SetupAPI
// splits them. What the sections of a driver mean is in fmt/inf/driver.h.
//
// Facts: docs/formats/inf.md. Names of sections and keys compare without regard to letter case.
#ifndef WG_FMT_INF_H
#define WG_FMT_INF_H

#include "base/utf.h"

typedef enum wg_inf_encoding {
  WG_INF_ANSI,    // a code page: InfVerif takes it
  WG_INF_UTF16LE, // with its mark: InfVerif takes it
  WG_INF_UTF16BE,
  WG_INF_UTF8, // with its mark, or without one and not plain ASCII but valid
} wg_inf_encoding;

typedef struct wg_inf_field {
  wg_str text;     // UTF-8 (WTF-8), quotes taken off, continued lines joined; %tokens% as written
  uint32_t line;   // 1-based
  uint32_t column; // 1-based, in characters
  bool quoted;     // any of it stood in quotes
} wg_inf_field;

typedef struct wg_inf_line { // "key = field, field", or "field, field"
  const wg_inf_field *key;   // NULL: the line has no '='
  const wg_inf_field *fields;
  uint32_t n_fields; // a line without '=' that has one field has that one here, and no key
  uint32_t line;
} wg_inf_line;

typedef struct wg_inf_section {
  wg_str name;              // as written where it stands first
  const wg_inf_line *lines; // of all places of that name, in the order of the file
  uint32_t n_lines;
  uint32_t line;    // of its first header
  uint32_t n_parts; // headers of that name
} wg_inf_section;

// Something odd that Windows lets pass.
typedef enum wg_inf_oddity_kind {
  WG_INF_ODD_BEFORE_SECTION, // text before the first section
  WG_INF_ODD_AFTER_HEADER,   // text behind the ']' of a header
  WG_INF_ODD_QUOTE,          // a quote that is not closed on its line
  WG_INF_ODD_CTRL_Z,         // what follows is not read
  WG_INF_ODD_BYTES,          // bytes that the encoding does not have
  WG_INF_ODD_NUL,            // read as a space
  WG_INF_ODD_LONG,           // a field of more than 4096 characters: the rest is not read
} wg_inf_oddity_kind;
typedef struct wg_inf_oddity {
  wg_inf_oddity_kind kind;
  uint32_t line, column;
} wg_inf_oddity;

typedef struct wg_inf {
  wg_inf_encoding encoding;
  const wg_inf_section *sections; // in the order in which they begin
  uint32_t n_sections, n_lines;
  const wg_inf_oddity *oddities; // the first 100
  uint32_t n_oddities;
  uint64_t n_bytes;
  bool has_mark;              // of UTF-16 or UTF-8
  struct wg_inf_index *index; // of names
  wg_arena *arena;
} wg_inf;

typedef struct wg_inf_options {
  unsigned code_page;  // of ANSI text; 0: 1252, and UTF-8 without its mark is known as such
  uint32_t language;   // LANGID of [Strings.LLLL] that comes before [Strings]; 0: 0x0409. Then its
                       // language alone, then another country's of it, then [Strings].
  uint64_t max_bytes;  // 0: 128 MiB
  uint32_t max_lines;  // 0: 2 million
  uint32_t max_fields; // of one line; 0: 65536
} wg_inf_options;

// Parses a whole file; opt NULL: the defaults. Everything lives in the arena, which the inf may go
// on to use; bytes are not needed any more. FORMAT with the line in the text ("line 7: ..."): a
// header without ']' or with more than 255 characters, a line before any section in a file without
// [Strings], no [Version] or a Signature that is none of "$Chicago$", "$Windows NT$", "$Windows
// 95$". UNSUPPORTED: a code page that is not known. LIMIT, NOMEM.
wg_code wg_inf_parse(const void *p, size_t n_bytes, const wg_inf_options *opt, wg_arena *arena,
                     wg_inf *out, wg_error *err);

// NULL when there is none.
const wg_inf_section *wg_inf_section_of(const wg_inf *inf, wg_str name);
// The first line of a section with that key, its tokens replaced; a line that is one field without
// '=' has that as its key too. NULL (also for section NULL). An index is made for a section when it
// is first asked for: one thread at a time for one inf.
const wg_inf_line *wg_inf_line_of(const wg_inf *inf, const wg_inf_section *s, const char *key);
// Field i of a line with its %tokens% replaced out of the strings of the language, "%%" by "%"; a
// token that is not there stays as it is, and so does %<number>%, a folder. "" when the line is
// NULL or has no such field. Lives in the inf's arena; after NOMEM it is "" and inf->index says
// failed.
wg_str wg_inf_field_text(const wg_inf *inf, const wg_inf_line *line, uint32_t i);
// The same of any text; strings of strings are not replaced again.
wg_str wg_inf_expand(const wg_inf *inf, wg_str text);
// The text of a string by its token, without percent signs. False: there is none.
WG_MUST_CHECK bool wg_inf_string(const wg_inf *inf, wg_str token, wg_str *out);
// Whether memory ran out in one of the three above.
bool wg_inf_starved(const wg_inf *inf);
// "UTF-16 LE" and the like. Static.
const char *wg_inf_encoding_name(wg_inf_encoding e);
// A number as INF files have them: decimal, 0x, a leading '-'; "" is 0. False: it is none.
WG_MUST_CHECK bool wg_inf_number(wg_str text, uint32_t *out);

#endif
