// SPDX-License-Identifier: Apache-2.0
// Which files of a folder are meant: wildcards, and patterns of what stays out. Paths are relative
// to the folder, with '/' between names; letter case is ignored as Windows ignores it.
#ifndef WG_BASE_SELECT_H
#define WG_BASE_SELECT_H

#include <stdbool.h>
#include <stddef.h>

// `*` is any part of a name, `?` one character, a name `**` any number of folders, none included.
// All else is itself: brackets and braces occur in Windows names.
bool wg_glob_is(const char *text); // has a `*` or `?`
bool wg_glob_match(const char *pattern, const char *path);
// Bytes of the folders in front of the first name with a wildcard, and of the '/' behind them:
// "dist/x/*.dll" 7, "*.dll" 0.
size_t wg_glob_fixed(const char *pattern);

// What is taken of a folder.
typedef struct wg_select {
  const char *only; // a pattern: files that match, and the folders they are in; NULL: everything
  // Patterns of what stays out, as in .gitignore: without a '/' inside of a name anywhere, else of
  // a path from the folder on; with '/' at the end of folders alone; with '!' in front not so after
  // all. The last that matches counts; what is in a folder that stays out is not looked at.
  const char *const *exclude;
  size_t n_exclude;
} wg_select;
// Whether the pattern of what stays out, a '!' in front left away, is of that path.
bool wg_select_rule_fits(const char *rule, const char *path, bool is_folder);
// s NULL: everything.
bool wg_select_file(const wg_select *s, const char *path);
// Whether something in that folder may be meant.
bool wg_select_folder(const wg_select *s, const char *path);

#endif
