// SPDX-License-Identifier: Apache-2.0
// Shared by reader and writer: the fields of an entry, in their order.
#ifndef WG_FMT_META_FIELDS_H
#define WG_FMT_META_FIELDS_H

#include "fmt/meta/meta.h"

typedef enum meta_kind {
  META_HEX32, // 0x20
  META_HEX64,
  META_NUMBER32,
  META_NUMBER64,
  META_TEXT,   // UTF-8, escaped
  META_TEXT16, // the same, UTF-16LE in the model
  META_BYTES   // hex digits
} meta_kind;

typedef struct meta_field {
  const char *name;
  meta_kind kind;
  unsigned flag; // WG_META_*
  size_t at;     // in wg_meta_entry
} meta_field;

#define META_N_FIELDS 12
extern const meta_field wg_meta_fields[META_N_FIELDS];

#endif
