// SPDX-License-Identifier: Apache-2.0
// Rows of a table of keys: what the loader takes, the JSON Schema and the reference page all come
// from it.
#ifndef WG_CONFIG_KEY_H
#define WG_CONFIG_KEY_H

#include "config/cfg.h"
#include "fmt/json/jsonw.h"

typedef enum wg_key_type {
  WG_KEY_STRING,
  WG_KEY_BOOL,
  WG_KEY_INT,
  WG_KEY_ENUM,
  WG_KEY_PATH,     // of the host, relative to the project folder or absolute
  WG_KEY_WINPATH,  // inside an image: C:\...
  WG_KEY_SIZE,     // 3800MiB; uint64_t bytes
  WG_KEY_DURATION, // 10m, 1h30m; uint64_t milliseconds
  WG_KEY_TIME,     // RFC 3339, Unix seconds, or commit; int64_t seconds since 1970
  WG_KEY_MAP,      // fixed keys: sub
  WG_KEY_NAMED,    // any safe name -> sub[0]
  WG_KEY_PAIRS,    // name -> text; wg_cfg_pair
  WG_KEY_LIST,     // of sub[0]
  WG_KEY_OWN       // as its `kind` says
} wg_key_type;

enum {
  WG_KF_REQUIRED = 1U << 0,
  WG_KF_PLANNED = 1U << 1,         // named by the design, refused by name until it is built
  WG_KF_VAR = 1U << 2,             // ${NAME} takes environment variables
  WG_KF_EMPTY = 1U << 3,           // the text or list may be empty
  WG_KF_LINES = 1U << 4,           // the text may have line breaks
  WG_KF_NO_STORE = 1U << 5,        // checked only
  WG_KF_STORE_NAME = 1U << 6,      // enum: the choice's name is stored, not its value
  WG_KF_UNIQUE = 1U << 7,          // list: no item twice
  WG_KF_POSITION_OF_KEY = 1U << 8, // pos_at gets the key's place, not the value's
  WG_KF_FOR_GROUP = 1U << 9,       // stands beside the one of its group, or in its place
  WG_KF_SHOWN = 1U << 10,          // what a variable gives here is shown: names are made of it
};

typedef struct wg_choice {
  const char *name; // NULL ends the list
  unsigned value;
  bool planned;
} wg_choice;

// A scalar on its way through a check.
typedef struct wg_cfg_text {
  wg_arena *arena;
  const char *text;  // NUL-terminated UTF-8, variables filled in
  const char *value; // what is stored: text, or a normal form of it
  const char *why;   // on failure: "is not a version number"
  const char *hint;  // on failure: the cure, or NULL
} wg_cfg_text;
typedef bool (*wg_cfg_check_fn)(wg_cfg_text *t);

typedef struct wg_key wg_key;
struct wg_walk;

// A type that a section brings along.
typedef struct wg_key_kind {
  wg_yaml_kind node;  // what it is in YAML
  const char *wanted; // "a target": for messages
  const char *type;   // "target": for the reference page
  bool hidden;        // what is written there is shown in no message
  // Checks v and stores it in the struct at out (walk.h).
  void (*read)(struct wg_walk *w, const wg_key *row, const wg_yaml_node *v, void *out);
  void (*schema)(wg_jsonw *w); // its pairs in the JSON Schema
} wg_key_kind;

struct wg_key {
  const char *name; // NULL ends a list of rows; "" in a row that describes elements
  wg_key_type type;
  unsigned flags;
  int group;           // > 0: exactly one of the rows of that group; < 0: at least one
  const char *def;     // what an absent key means, as text; NULL: nothing
  const char *refused; // with PLANNED: it will not come, and this is the way instead; without doc
                       // it is a name that people take for another key
  const char *doc;     // sentences for the reference page and editors
  const char *example;
  const char *since; // wingo version that has it
  const wg_choice *choices;
  const wg_key_kind *kind;    // OWN
  const wg_key *sub;          // MAP: its own keys, NULL for none; NAMED, LIST: what it holds
  const char *under;          // MAP: the name of this place in the table of sections (section.h)
  const wg_key *map_form;     // scalars: the MAP row that reads the long form, NULL: there is none
  wg_cfg_check_fn check;      // text rule beyond the type
  wg_cfg_check_fn check_name; // NAMED, PAIRS: rule of the names
  const char *pattern;        // `check` as an ECMA 262 expression, for editors
  const char *name_pattern;
  // Where the value goes, in the struct of the enclosing map. An offset plus 1; 0 is nowhere.
  size_t at, pos_at;
  size_t count_at;   // LIST, NAMED, PAIRS: size_t
  size_t size;       // LIST, NAMED: bytes of an element
  size_t name_at;    // NAMED: const char * in the element
  size_t present_at; // MAP: bool
  size_t mark_at;    // unsigned that gets `mark` when the key is given
  unsigned mark;
};

#define WG_AT(T, field) (offsetof(T, field) + 1)
// The struct itself.
#define WG_WHOLE ((size_t)1)

// A key that has its place and is refused by name.
#define WG_KEY_PLANNED(name_, doc_)                                                                \
  { .name = (name_), .flags = WG_KF_PLANNED, .doc = (doc_) }

// The field that lies at `at` (WG_AT) of the struct at base.
static inline void *wg_key_field(void *base, size_t at) {
  return (char *)base + (at - 1);
}

#endif
