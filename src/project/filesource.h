// SPDX-License-Identifier: Apache-2.0
// What an entry of files: takes from this machine: a file, a folder, what wildcards match.
#ifndef WG_PROJECT_FILESOURCE_H
#define WG_PROJECT_FILESOURCE_H

#include "config/key.h"
#include "image/part/want.h"
#include "os/mem.h"

bool wg_cfg_check_source(wg_cfg_text *t);  // wg_cfg_check_host_path; of wildcards also their form
bool wg_cfg_check_exclude(wg_cfg_text *t); // a pattern of wg_select
// Tells that it is not there, that nothing matches, that nothing is left. label begins each text.
void wg_filesource_check(wg_cfg *c, const char *label, const wg_cfg_image_file *f);

// What a list of files that go under their own names means: wildcards written out. Paths relative
// to dir, in bytewise order; heap.
typedef struct wg_filesource_list {
  char **v;
  size_t n, cap;
} wg_filesource_list;
void wg_filesource_list_done(wg_filesource_list *l);
WG_DEFINE_AUTO(wg_filesource_list, wg_filesource_list_done);
// Appends `from` itself where it has no wildcards, else what it matches. NOT_FOUND, IO; with watch
// (may be NULL) LIMIT, CANCELED.
wg_code wg_filesource_expand(const char *dir, const char *from, const wg_walk_watch *watch,
                             wg_filesource_list *out, wg_error *err);

#endif
