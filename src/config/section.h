// SPDX-License-Identifier: Apache-2.0
// Sections: keys that stand together, and the table that says where each section stands. The table
// is the project's (src/project/sections.c); nothing here knows what is in it.
#ifndef WG_CONFIG_SECTION_H
#define WG_CONFIG_SECTION_H

#include "config/key.h"

// A section in a project that was read, for its rules.
typedef struct wg_place {
  void *self;       // the section's struct; of a list: the first item
  size_t n;         // of a list: how many
  const char *path; // of the map that has the section's keys: "images.kiosk"
  wg_pos pos;       // of that map; line 0 where its row keeps none
} wg_place;

// The order of both checks is that of the table; their faults are sorted. A struct may have holes
// where keys were faulty. A section whose map is left out is not visited.
typedef struct wg_section {
  const wg_key *rows; // ends with a row without a name; offsets are of the section's own struct
  // What one key alone can't tell; NULL: nothing.
  void (*rules)(wg_cfg *c, const wg_place *at);
  // What takes a look at the files that are named; NULL: nothing. For `wingo check` only.
  void (*files)(wg_cfg *c, const wg_place *at);
} wg_section;

// A line of the table.
typedef struct wg_section_at {
  const char *under; // the maps that have its keys: "" the file, "images.*", "images.*.apps[]"
  const wg_section *section;
  size_t at; // WG_AT of its struct in that map's; WG_AT_LIST of a list or of named maps
} wg_section_at;

// A section that is a list keeps it like this, and its row says WG_AT(wg_cfg_list, items), ...n.
typedef struct wg_cfg_list {
  void *items;
  size_t n;
} wg_cfg_list;

// `const T *field; size_t n_field;`, one behind the other, are a wg_cfg_list.
#define WG_AT_LIST(T, field)                                                                       \
  (WG_AT(T, field) +                                                                               \
   0 * sizeof(char[offsetof(T, n_##field) == offsetof(T, field) + offsetof(wg_cfg_list, n) ? 1     \
                                                                                           : -1]))

// What is loaded: all that the language knows of a project.
typedef struct wg_cfg_input wg_cfg_input;
struct wg_cfg_lang {
  const wg_key *root;            // a MAP whose struct is the model
  const wg_section_at *sections; // ends with a line without a section
  size_t model_bytes;
  // Fills in what does not come from keys, before they are read. in is borrowed for the call.
  void (*begin)(wg_cfg *c, const wg_cfg_input *in, void *model);
  // A variable of the project itself, such as ${release}. 0: there is none of that name; 1: in
  // *out; -1 after setting *why and *hint (may be NULL).
  int (*variable)(wg_cfg *c, const char *name, const char **out, const char **why,
                  const char **hint);
  // What no section alone can tell, after the rules of all of them.
  void (*across)(wg_cfg *c, void *model);
};

// The keys of a map: its own rows, then those of the sections that stand in it.
typedef struct wg_key_iter {
  const wg_cfg_lang *lang;
  const wg_key *map;
  const wg_key *key;          // the one at hand
  size_t n;                   // how many there were with it
  size_t shift;               // where the struct of its section begins in the map's
  const wg_key *next;         // of the rows at hand
  const wg_section_at *below; // the sections that are still to come
} wg_key_iter;
wg_key_iter wg_key_iter_of(const wg_cfg_lang *lang, const wg_key *map);
bool wg_key_next(wg_key_iter *it); // sets it->key; false after the last

// Calls the rules, or the file checks, of every section of the model.
void wg_sections_rules(wg_cfg *c);
void wg_sections_files(wg_cfg *c);

#endif
