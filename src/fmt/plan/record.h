// SPDX-License-Identifier: Apache-2.0
// Records: a kind, a title and named fields, as text that a person can read and that means one
// thing only. Every value stands behind its length in bytes, so that nothing in it (line ends,
// separators) needs an escape and no two models have one text:
//
//   registry 18:registry[0] ApiKey
//    key 23:HKLM\SOFTWARE\Example\A
//    name 6:ApiKey
//    data 8:41004200
//                                     an empty line ends the record
//
// Fields stand in the order that a record's writer has; what is absent (NULL, 0, false, no bytes)
// is left out. A reader takes them in the same order, so that what it accepts is what a writer
// makes: write(parse(b)) is b.
#ifndef WG_FMT_PLAN_RECORD_H
#define WG_FMT_PLAN_RECORD_H

#include "base/bytes.h"

#define WG_RECORD_MAX_WORD_BYTES 32 // of a kind, of a field's name: a-z, 0-9, '-'

// --- writing: appends; the buffer's failure is sticky
void wg_record_begin(wg_buf *b, const char *kind, wg_str title);
void wg_record_str(wg_buf *b, const char *field, wg_str v); // also an empty one
void wg_record_z(wg_buf *b, const char *field, const char *v);
void wg_record_list(wg_buf *b, const char *field, const char *const *v, size_t n);
void wg_record_u64(wg_buf *b, const char *field, uint64_t v);
void wg_record_i64(wg_buf *b, const char *field, int64_t v);
void wg_record_flag(wg_buf *b, const char *field, bool v);
void wg_record_hex(wg_buf *b, const char *field, const void *p, size_t n_bytes);
void wg_record_end(wg_buf *b);

// --- reading
typedef struct wg_record {
  wg_str kind, title;
  wg_str text;    // the whole record, as it stands in the input
  wg_reader rest; // fields not taken yet
  wg_arena *arena;
  wg_code code; // of the first fault, which the calls below keep
  uint64_t off_bytes;
  const char *what; // the field it was found at
} wg_record;

// The next record; all of its syntax is checked. Strings borrow from r; copies of the calls below
// go to the arena. *out_any false at the end of the input. FORMAT with the offset.
wg_code wg_record_next(wg_reader *r, wg_arena *arena, wg_record *out, bool *out_any, wg_error *err);
// Each takes the next field if it has that name; otherwise *out is left as it is. A value that the
// writer would not have made is a fault that wg_record_done tells.
bool wg_record_take(wg_record *r, const char *field, wg_str *out); // borrowed; false: not there
void wg_record_get_z(wg_record *r, const char *field, const char **out);
void wg_record_get_list(wg_record *r, const char *field, const char *const **out, size_t *out_n);
void wg_record_get_u64(wg_record *r, const char *field, uint64_t max, uint64_t *out);
void wg_record_get_u32(wg_record *r, const char *field, uint32_t *out);
void wg_record_get_i64(wg_record *r, const char *field, int64_t *out);
void wg_record_get_flag(wg_record *r, const char *field, bool *out);
void wg_record_get_hex(wg_record *r, const char *field, const uint8_t **out, size_t *out_n);
// One of the words (NULL holes are none); *out is its number. The field must be there.
void wg_record_get_word(wg_record *r, const char *field, const char *const *words, size_t n_words,
                        unsigned *out);
// Without that field the record is faulty: FORMAT.
void wg_record_need(wg_record *r, const char *field, bool there);
// Memory could not be had from r's arena.
void wg_record_no_memory(wg_record *r);
// Ends the reading of a record: the first fault, or FORMAT when a field is left that nobody asked
// for.
wg_code wg_record_done(const wg_record *r, wg_error *err);

#endif
