// SPDX-License-Identifier: Apache-2.0
// Parts of the run report. Private to src/engine.
#ifndef WG_ENGINE_SHOW_REPORT_H
#define WG_ENGINE_SHOW_REPORT_H

#include "base/human.h"
#include "engine/model.h"
#include "engine/show/listen.h"

// The timeline as an inline SVG.
void wg_report_add_timeline(wg_buf *b, const run_model *m);
// The map of an image's folders: a table of folder, folder below, bytes, bytes that the project
// put.
#define WG_REPORT_FOLDERS "folders" // its name
void wg_report_add_map(wg_buf *b, const char *what, const wg_table *folders);
// What a project changes in an image: a table of change, object, entry, where (all texts).
#define WG_REPORT_CHANGES "changes"
// The whole page.
void wg_report_add_page(wg_buf *b, const run_model *m, const wg_report_options *opt);
// Appends z as HTML text.
void wg_report_text(wg_buf *b, const char *z);
// "ran", "cached", "failed", ...: a word for people, and the name of the CSS class.
const char *wg_report_state_word(const model_step *s);
// What of the run's length a step took, and when; false when it did not run.
bool wg_report_span(const run_model *m, const model_step *s, uint64_t *out_from, uint64_t *out_to);

#endif
