// SPDX-License-Identifier: Apache-2.0
#include "image/tree/result.h"

#include <string.h>

#define RESULT_MAX_REFUSED 10000U // a record of the worker has room for them

void wg_image_result_done(wg_image_result *r) {
  for (size_t i = 0; i < r->n_warnings; i++) {
    wg_xfree(r->warnings[i]);
  }
  for (size_t i = 0; i < r->n_folders; i++) {
    wg_xfree(r->folders[i].top);
    wg_xfree(r->folders[i].below);
  }
  for (size_t i = 0; i < r->n_facts; i++) {
    wg_xfree(r->facts[i].name);
  }
  for (size_t i = 0; i < r->n_refused; i++) {
    wg_xfree(r->refused[i].origin);
    wg_xfree(r->refused[i].text);
  }
  for (size_t i = 0; i < r->n_rows; i++) {
    for (size_t k = 0; k < r->rows[i].n_cells; k++) {
      wg_xfree(r->rows[i].cells[k]);
    }
    wg_xfree(r->rows[i].cells);
    wg_xfree(r->rows[i].table);
  }
  wg_xfree(r->rows);
  r->rows = NULL;
  r->n_rows = r->cap_rows = 0;
  wg_xfree(r->refused);
  r->refused = NULL;
  r->n_refused = r->cap_refused = 0;
  wg_xfree(r->warnings);
  wg_xfree(r->folders);
  wg_xfree(r->facts);
  r->warnings = NULL;
  r->folders = NULL;
  r->facts = NULL;
  r->n_warnings = r->cap_warnings = r->n_folders = r->cap_folders = r->n_facts = r->cap_facts = 0;
}

void wg_image_result_warn(wg_image_result *r, const char *text) {
  for (size_t i = 0; i < r->n_warnings; i++) {
    if (strcmp(r->warnings[i], text) == 0) {
      return;
    }
  }
  wg_vec_push(&r->warnings, &r->n_warnings, &r->cap_warnings) = wg_xstrdup(text);
}

void wg_image_result_refused(wg_image_result *r, uint64_t change, const char *origin,
                             const char *text) {
  if (r->n_refused == RESULT_MAX_REFUSED) {
    return;
  }
  wg_vec_push(&r->refused, &r->n_refused, &r->cap_refused) =
      (wg_image_refused){.change = change,
                         .origin = origin == NULL ? NULL : wg_xstrdup(origin),
                         .text = wg_xstrdup(text)};
}

void wg_image_result_fact(wg_image_result *r, const char *name, uint64_t v) {
  wg_vec_push(&r->facts, &r->n_facts, &r->cap_facts) =
      (wg_image_fact){.name = wg_xstrdup(name), .v = v};
}

void wg_image_result_row(wg_image_result *r, const char *table, const char *const *cells,
                         size_t n) {
  wg_image_row row = {.table = wg_xstrdup(table), .n_cells = n};
  row.cells = wg_xarray(n + 1, sizeof(*row.cells));
  for (size_t i = 0; i < n; i++) {
    row.cells[i] = wg_xstrdup(cells[i]);
  }
  wg_vec_push(&r->rows, &r->n_rows, &r->cap_rows) = row;
}

void wg_image_result_folder(wg_image_result *r, wg_str top, wg_str below, uint64_t n_bytes,
                            uint64_t n_added) {
  wg_vec_push(&r->folders, &r->n_folders, &r->cap_folders) =
      (wg_image_folder){.top = wg_xstrndup(top.p, top.n),
                        .below = wg_xstrndup(below.p, below.n),
                        .n_bytes = n_bytes,
                        .n_added = n_added};
}

static void result_add_fact(wg_image_result *r, const wg_image_fact *f) {
  for (size_t i = 0; i < r->n_facts; i++) {
    if (strcmp(r->facts[i].name, f->name) == 0) {
      r->facts[i].v += f->v;
      return;
    }
  }
  wg_image_result_fact(r, f->name, f->v);
}

void wg_image_result_add(wg_image_result *r, const wg_image_result *more, const char *label) {
  r->image_index = more->image_index;
  r->n_images = more->n_images;
  r->out_bytes = more->out_bytes;
  r->dead_bytes = more->dead_bytes;
  r->n_files += more->n_files;
  r->n_dirs += more->n_dirs;
  r->n_replaced += more->n_replaced;
  r->added_bytes += more->added_bytes;
  r->stored_bytes += more->stored_bytes;
  r->n_dedup += more->n_dedup;
  r->dedup_bytes += more->dedup_bytes;
  r->repacked_bytes += more->repacked_bytes;
  r->n_deleted += more->n_deleted;
  r->n_renamed += more->n_renamed;
  for (size_t i = 0; i < more->n_warnings; i++) {
    wg_image_result_warn(r, more->warnings[i]);
  }
  for (size_t i = 0; i < more->n_folders; i++) {
    const wg_image_folder *f = &more->folders[i];
    WG_AUTO(wg_cstr) top = wg_xprintf("%s: %s", label, f->top);
    wg_image_result_folder(r, wg_str_of(top), wg_str_of(f->below), f->n_bytes, f->n_added);
  }
  for (size_t i = 0; i < more->n_facts; i++) {
    result_add_fact(r, &more->facts[i]);
  }
  for (size_t i = 0; i < more->n_rows; i++) {
    const wg_image_row *row = &more->rows[i];
    wg_image_result_row(r, row->table, (const char *const *)row->cells, row->n_cells);
  }
}
