// SPDX-License-Identifier: Apache-2.0
// What the files of the reader share.
#ifndef WG_FMT_INF_INT_H
#define WG_FMT_INF_INT_H

#include "fmt/inf/inf.h"

#define INF_MAX_NAME_CHARS16 255U   // of a section
#define INF_MAX_FIELD_CHARS16 4096U // of a field, also after its tokens were replaced
#define INF_MAX_ODDITIES 100U
#define INF_MAX_STRINGS 4U // sections that a token is looked for in

// Places that a decoder found odd, by offset into the decoded text.
typedef struct inf_odd {
  wg_inf_oddity_kind kind;
  size_t off;
} inf_odd;
typedef struct inf_odds {
  inf_odd v[INF_MAX_ODDITIES];
  uint32_t n;
} inf_odds;

// The bytes as UTF-8 (WTF-8) in the arena, which the lexer writes over; NULs are spaces.
typedef struct inf_text {
  char *p;
  size_t n;
  wg_inf_encoding encoding;
  bool has_mark;
} inf_text;
wg_code wg_inf_decode(const uint8_t *p, size_t n, unsigned code_page, wg_arena *arena,
                      inf_odds *odds, inf_text *out, wg_error *err);

// Keys of a section: open addressing; a slot holds the number of a line plus one. The first line
// of a key is the one that is kept.
typedef struct inf_keys {
  const wg_inf_section *section;
  uint32_t *slots;
  uint32_t mask;
} inf_keys;

struct wg_inf_index {
  uint64_t seed; // of the hash: from the content, so that no file can be made to collide with ease
  uint32_t *slots; // of sections: number plus one
  uint32_t mask;
  inf_keys *keys; // of each section, made when it is first asked for
  const wg_inf_section *strings[INF_MAX_STRINGS]; // where tokens are looked for, in this order
  uint32_t n_strings;
  bool starved;
};

uint64_t wg_inf_hash(uint64_t seed, wg_str name); // without regard to letter case
// The power of two minus one for a table of n entries.
uint32_t wg_inf_mask(uint32_t n);
// The first line of a section with that key; in a section of strings keys stand for themselves, in
// others with their tokens replaced.
const wg_inf_line *wg_inf_find(const wg_inf *inf, const wg_inf_section *s, wg_str key);
// The sections that strings come from for a language.
void wg_inf_choose_strings(wg_inf *inf, uint32_t language);
// How many bytes of the text are its first n UTF-16 units.
size_t wg_inf_cut(wg_str text, uint32_t n_chars16);

#endif
