// SPDX-License-Identifier: Apache-2.0
#include "engine/show/term_draw.h"

#include <string.h>

#define DRAW_BAR_COLS 20U
#define DRAW_VERB_COLS 12U
#define DRAW_MIN_FOR_BAR 72U

void wg_term_add_color(wg_buf *b, const term_style *s, const char *code) {
  if (s->color) {
    wg_buf_printf(b, "\033[%sm", code);
  }
}

// Parts of a thousand, and what is left of the time; false when there is nothing to tell.
static bool draw_share(const model_step *s, uint64_t now_ns, unsigned *out_permille,
                       uint64_t *out_left_s, bool *out_has_left) {
  uint64_t ran = now_ns > s->start_ns ? now_ns - s->start_ns : 0;
  *out_has_left = false;
  if (s->has_progress && s->total > 0) {
    uint64_t done = s->done < s->total ? s->done : s->total;
    *out_permille = (unsigned)((double)done * 1000.0 / (double)s->total);
    uint64_t worked = s->done - s->first_done,
             took = now_ns > s->first_ns ? now_ns - s->first_ns : 0;
    if (worked > 0 && took > 1000000000 && s->done < s->total) {
      *out_left_s = (uint64_t)((double)took / (double)worked * (double)(s->total - s->done) / 1e9);
      *out_has_left = true;
    }
    return true;
  }
  // By how long it took last time; once that is over nothing is known but the time that it runs.
  if (s->state == MODEL_RUNNING && s->expected_ns > ran) {
    *out_permille = (unsigned)((double)ran / (double)s->expected_ns * 1000.0);
    *out_left_s = (s->expected_ns - ran) / 1000000000;
    *out_has_left = true;
    return true;
  }
  return false;
}

static void draw_rate(wg_buf *b, const model_step *s, uint64_t now_ns) {
  uint64_t took = now_ns > s->first_ns ? now_ns - s->first_ns : 0;
  if (!s->has_progress || took < 500000000 || s->done <= s->first_done) {
    return;
  }
  double rate = (double)(s->done - s->first_done) * 1e9 / (double)took;
  wg_buf_add_z(b, ", ");
  if (strcmp(s->unit, "bytes") == 0 || strcmp(s->unit, "B") == 0) {
    wg_text_add_size(b, (uint64_t)rate);
    wg_buf_add_z(b, "/s");
  } else if (rate >= 10) {
    wg_buf_printf(b, "%llu %s/s", (unsigned long long)rate, s->unit);
  } else {
    wg_buf_printf(b, "%u.%u %s/s", (unsigned)rate, (unsigned)(rate * 10) % 10, s->unit);
  }
}

void wg_term_add_progress_text(wg_buf *b, const model_step *s, uint64_t now_ns) {
  unsigned permille = 0;
  uint64_t left = 0;
  bool has_left = false;
  if (draw_share(s, now_ns, &permille, &left, &has_left)) {
    wg_buf_printf(b, "%u%%", permille / 10);
  } else if (s->has_progress) {
    wg_buf_printf(b, "%llu %s", (unsigned long long)s->done, s->unit);
  }
  draw_rate(b, s, now_ns);
  if (has_left) {
    wg_buf_add_z(b, b->n > 0 ? ", " : "");
    wg_text_add_clock(b, left);
    wg_buf_add_z(b, " left");
  } else {
    uint64_t since = s->state == MODEL_CHECKING ? s->check_ns : s->start_ns;
    wg_buf_add_z(b, b->n > 0 ? ", " : "");
    wg_text_add_clock(b, (now_ns > since ? now_ns - since : 0) / 1000000000);
  }
}

static void draw_bar(wg_buf *b, const term_style *st, unsigned permille, unsigned cols) {
  unsigned full = permille * cols / 1000;
  wg_term_add_color(b, st, TERM_GREEN);
  for (unsigned i = 0; i < cols; i++) {
    if (i == full) {
      wg_term_add_color(b, st, TERM_DIM);
    }
    bool on = i < full;
    wg_buf_add_z(b, st->ascii ? (on ? "#" : "-") : (on ? "\xE2\x94\x81" : "\xE2\x94\x80"));
  }
  wg_term_add_color(b, st, TERM_PLAIN);
}

static void draw_spaces(wg_buf *b, unsigned n) {
  for (unsigned i = 0; i < n; i++) {
    wg_buf_add_byte(b, ' ');
  }
}

// One step that runs. Returns its columns.
static unsigned draw_step(wg_buf *b, const term_frame *f, const model_step *s, bool is_last) {
  const term_style *st = &f->style;
  WG_AUTO(wg_buf) right = {0};
  wg_buf_init(&right, wg_heap(), 0);
  bool checking = s->state == MODEL_CHECKING;
  if (checking) {
    wg_buf_add_z(&right, "reading inputs, ");
  }
  wg_term_add_progress_text(&right, s, f->now_ns);
  unsigned permille = 0;
  uint64_t left = 0;
  bool has_left = false;
  bool bar = !checking && f->cols >= DRAW_MIN_FOR_BAR &&
             draw_share(s, f->now_ns, &permille, &left, &has_left);
  unsigned right_cols = wg_text_columns(wg_buf_str(&right)) + (bar ? DRAW_BAR_COLS + 1 : 0);
  wg_term_add_color(b, st, TERM_DIM);
  wg_buf_add_z(b, st->ascii
                      ? (is_last ? "`- " : "|- ")
                      : (is_last ? "\xE2\x94\x94\xE2\x94\x80 " : "\xE2\x94\x9C\xE2\x94\x80 "));
  wg_term_add_color(b, st, TERM_PLAIN);
  unsigned cols = 3;
  if (f->cols >= 50) {
    unsigned verb = wg_text_add_fit(b, wg_str_of(s->verb), DRAW_VERB_COLS, st->ascii);
    draw_spaces(b, DRAW_VERB_COLS + 1 - verb);
    cols += DRAW_VERB_COLS + 1;
  }
  unsigned room = f->cols > cols + right_cols + 2 ? f->cols - cols - right_cols - 2 : 0;
  if (room < 8) { // a narrow window: the name alone
    room = f->cols > cols ? f->cols - cols : 0;
    return cols + wg_text_add_fit(b, wg_str_of(s->identity), room, st->ascii);
  }
  unsigned name = wg_text_add_fit(b, wg_str_of(s->identity), room, st->ascii);
  draw_spaces(b, room - name + 2);
  if (bar) {
    draw_bar(b, st, permille, DRAW_BAR_COLS);
    wg_buf_add_byte(b, ' ');
  }
  wg_buf_add_str(b, wg_buf_str(&right));
  return f->cols;
}

static unsigned draw_head(wg_buf *b, const term_frame *f, const run_model *m) {
  uint32_t ended = m->n_done + m->n_cached + m->n_failed + m->n_skipped;
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_buf_printf(&text, " %u/%u steps, %u running", ended, m->n_total, m->n_running);
  if (m->n_failed > 0) {
    wg_buf_printf(&text, ", %u failed", m->n_failed);
  }
  wg_buf_add_z(&text, ", ");
  wg_text_add_clock(&text, f->now_ns / 1000000000);
  unsigned cols = 0;
  if (f->cols >= 50) {
    draw_bar(b, &f->style, m->n_total == 0 ? 0 : ended * 1000 / m->n_total, DRAW_BAR_COLS);
    cols = DRAW_BAR_COLS;
  }
  return cols + wg_text_add_fit(b, wg_buf_str(&text), f->cols - cols, f->style.ascii);
}

static bool draw_is_active(const model_step *s) {
  return s->state == MODEL_RUNNING || s->state == MODEL_CHECKING;
}

unsigned wg_term_draw_frame(wg_buf *out, const term_frame *f, const run_model *m,
                            unsigned *widths) {
  uint32_t n_active = 0, shown = 0;
  for (size_t i = 0; i < m->n_steps; i++) {
    n_active += draw_is_active(&m->steps[i]) ? 1U : 0U;
  }
  uint32_t room = f->max_rows - 1;
  uint32_t n_steps = n_active <= room ? n_active : room - 1; // the last row counts the rest
  unsigned rows = 0;
  widths[rows++] = draw_head(out, f, m);
  wg_buf_add_byte(out, '\n');
  for (size_t i = 0; i < m->n_steps && shown < n_steps; i++) {
    if (draw_is_active(&m->steps[i])) {
      shown++;
      widths[rows++] = draw_step(out, f, &m->steps[i], shown == n_active);
      wg_buf_add_byte(out, '\n');
    }
  }
  if (shown < n_active) {
    WG_AUTO(wg_buf) text = {0};
    wg_buf_init(&text, wg_heap(), 0);
    wg_buf_printf(&text, "   and %u more", n_active - shown);
    widths[rows++] = wg_text_add_fit(out, wg_buf_str(&text), f->cols, f->style.ascii);
    wg_buf_add_byte(out, '\n');
  }
  return rows;
}
