// SPDX-License-Identifier: Apache-2.0
// The reference of a table of keys: key by key, and as a page in Markdown.
#ifndef WG_CONFIG_REFERENCE_H
#define WG_CONFIG_REFERENCE_H

#include "config/section.h"

// A key as the reference has it. Texts live for the call.
typedef struct wg_key_doc {
  const char *path;              // "images.<name>.files[].from"
  const char *name;              // "from"
  const char *doc, *type, *need; // in words: "list of text", "exactly one of `a`, `b`"
  const char *example, *def;     // NULL: none
  const char *since;
  bool takes_variables, is_unique; // of a list: no item twice
  // The section stands in several places: the path of the key in the first one, else NULL.
  const char *same_as;
  bool is_repeated; // it is below such a key
} wg_key_doc;
// Every key that there is, in the order of the reference: what is below a key follows it.
void wg_cfg_each_key(const wg_cfg_lang *lang, void (*visit)(void *ctx, const wg_key_doc *key),
                     void *ctx);

// intro comes first; it ends with the heading of the keys.
void wg_cfg_write_reference(const wg_cfg_lang *lang, const char *intro, wg_buf *out);

#endif
