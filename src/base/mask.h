// SPDX-License-Identifier: Apache-2.0
// Values that people and files are not shown: each is told by its name instead, "${TOKEN}". What
// was filled in is noted when it is filled in; what is told goes through wg_mask_add_text, whoever
// worded it (the compiler prints the flags it was given, too).
//
// A value is replaced wherever it stands, in any case of letters, also when it is written with
// escapes, with the other slash, in its lines, its longer words and what stands behind '=' in them
// (in a URL with a user also password and host), or cut short by "...". One of 3 to 5 bytes is
// replaced as a word, a shorter one only where it stands for itself: in quotes, or behind '=': a
// lone "1" or "no" is too common for that. The text that it was filled into is noted as well, so
// that a short value is known by what is around it.
#ifndef WG_BASE_MASK_H
#define WG_BASE_MASK_H

#include "base/bytes.h"

typedef struct wg_mask_item { // private
  const char *value, *shown;
  size_t n;
} wg_mask_item;

// Filled by one thread, then read by any.
typedef struct wg_mask {
  const wg_alloc *alloc; // borrowed
  wg_arena arena;
  wg_mask_item *items; // the longest first
  size_t n_items, cap_items;
  bool begins[256]; // with which bytes a value begins
  bool failed;      // a value could not be kept: nothing is told then
} wg_mask;

void wg_mask_init(wg_mask *m, const wg_alloc *alloc);
void wg_mask_done(wg_mask *m);
WG_DEFINE_AUTO(wg_mask, wg_mask_done);

// Notes a value and what is shown for it; both are copied. An empty value is none.
void wg_mask_note(wg_mask *m, const char *value, const char *shown);
// The same of a text that values were filled into, for what is around them: "port=${PORT}".
void wg_mask_note_text(wg_mask *m, const char *text, const char *shown);
// True when something was noted. m may be NULL, as in what follows.
bool wg_mask_any(const wg_mask *m);
// How a whole text is shown that was noted as it is; any other is shown as it is. Borrowed.
const char *wg_mask_whole(const wg_mask *m, const char *text);
// Appends text with every value that was noted replaced.
void wg_mask_add_text(const wg_mask *m, wg_str text, wg_buf *out);
// The same of an error's text, in place.
void wg_mask_error(const wg_mask *m, wg_error *err);

#endif
