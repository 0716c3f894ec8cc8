// SPDX-License-Identifier: Apache-2.0
// What runs have put into the project's folder of outputs: a note for each file in .wingo/made, so
// that what is no longer made can be told from what the user put there.
#ifndef WG_ENGINE_MADE_H
#define WG_ENGINE_MADE_H

#include "engine/graph.h"

typedef struct wg_made {              // strings in the arena of wg_made_list
  const char *note;                   // the note's own file name
  const char *path;                   // from the project's folder: "out/kiosk.wim"
  const char *step, *file, *env_name; // by which project file ("wingo.yaml") and environment ("")
  wg_digest digest;
  uint64_t size_bytes;
} wg_made;

// All that was noted below project_dir, by path. Notes that are none (damaged, of another version,
// of a path that leaves the project) are left out. An absent folder has none.
wg_code wg_made_list(const char *project_dir, wg_arena *arena, wg_made **out, size_t *out_n,
                     wg_error *err);
// What is at m->path. NOT_FOUND: nothing. *out_same: a file with the noted bytes; anything else
// there was put there by somebody.
wg_code wg_made_look(const char *project_dir, const wg_made *m, const wg_cancel *cancel,
                     bool *out_same, wg_error *err);
// Removes the file, folders below the first one of its path that are empty then, and the note. The
// file is looked at again. CONFLICT: it is not what was noted. A file that is not there is fine.
wg_code wg_made_remove(const char *project_dir, const wg_made *m, const wg_cancel *cancel,
                       wg_error *err);
// True when a step of the graph puts an output there, or may. path absolute.
bool wg_graph_makes(const wg_graph *g, const char *path);

#endif
