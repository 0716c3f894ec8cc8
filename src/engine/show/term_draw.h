// SPDX-License-Identifier: Apache-2.0
// Drawing what runs now. Private to src/engine.
#ifndef WG_ENGINE_SHOW_TERM_DRAW_H
#define WG_ENGINE_SHOW_TERM_DRAW_H

#include "base/human.h"
#include "engine/model.h"

#define TERM_PLAIN "0"
#define TERM_DIM "2"
#define TERM_RED "1;31"
#define TERM_GREEN "32"
#define TERM_YELLOW "33"
#define TERM_BLUE "34"

typedef struct term_style {
  bool color, ascii;
} term_style;

typedef struct term_frame {
  term_style style;
  unsigned cols;     // that may be filled
  unsigned max_rows; // at least 2
  uint64_t now_ns;   // since the run began
} term_frame;

// Nothing without color.
void wg_term_add_color(wg_buf *b, const term_style *s, const char *code);
// "45%, 12.3 MiB/s, 0:12 left".
void wg_term_add_progress_text(wg_buf *b, const model_step *s, uint64_t now_ns);
// A row for the whole, one for each step that runs; each ends with a newline. Columns of row i go
// to widths[i]. Returns the number of rows, at most f->max_rows.
unsigned wg_term_draw_frame(wg_buf *out, const term_frame *f, const run_model *m, unsigned *widths);

#endif
