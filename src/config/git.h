// SPDX-License-Identifier: Apache-2.0
// Facts of the git repository that a folder is in. Whatever the repository's own configuration
// says, nothing that it names is run: no file system monitor, hook, filter, signature program or
// transport.
#ifndef WG_CONFIG_GIT_H
#define WG_CONFIG_GIT_H

#include "os/file.h"

// Appends a fact to out (initialised):
//   commit    the commit that is checked out, all its digits
//   short     its first 12
//   branch    the branch that is checked out
//   tag       the newest tag that the commit has behind it (or is)
//   describe  that tag, and the commits since: v1.4.0-3-g0123456789ab, with -dirty
//   dirty     "true" when files that git knows differ from the commit, else "false"
//   time      when it was committed, seconds since 1970
// FAILED with git's words; NOT_FOUND: there is no git; USAGE: there is no such fact.
wg_code wg_git_fact(const char *dir, const char *what, wg_buf *out, wg_error *err);
// Their names, ending in NULL.
extern const char *const wg_git_facts[];

#endif
