// SPDX-License-Identifier: Apache-2.0
// What the go command prints, made fit for people: paths as they would open them, no credentials, a
// cure for what is known.
#ifndef WG_GOAPP_TEXT_H
#define WG_GOAPP_TEXT_H

#include "goapp/env.h"

// Appends text with the path of each "path:line" at the start of a line made relative to the
// project (absolute where it lies outside) and credentials in URLs replaced. dir: what relative
// paths are relative to.
void wg_go_text_add(wg_buf *out, wg_str text, const char *dir, const char *project_dir);
// Appends text with user and password of every URL replaced by "***".
void wg_go_text_redact(wg_buf *out, wg_str text);
// Appends text without the lines that only tell of progress ("go: downloading ...").
void wg_go_text_complaints(wg_buf *out, wg_str text);
// The first line of a go command's complaint that says what is wrong (not "# package"), without
// "go: ", trimmed. Borrowed from text; empty when there is none.
wg_str wg_go_text_first(wg_str text);
// How many lines of a compiler's output are complaints with a position.
size_t wg_go_text_count(wg_str text);
// True when a module had to be fetched but fetching was switched off.
bool wg_go_text_wants_fetch(wg_str text);
// What to do about it, for the module in dir (as shown to the user); empty when nothing is known.
// Appends to out.
void wg_go_text_cure(wg_buf *out, wg_str text, const char *dir, const char *target);
// The code that fits: VERIFY for a checksum that is wrong, NOT_FOUND for what is missing, IO for
// the network, FAILED else.
wg_code wg_go_text_code(wg_str text);

#endif
