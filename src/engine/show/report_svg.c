// SPDX-License-Identifier: Apache-2.0
// The timeline: one row a step while that is readable, else as few rows as the parallelism needs.
#include <stdlib.h>
#include <string.h>

#include "engine/int.h"
#include "engine/show/report.h"

#define SVG_WIDTH ((uint64_t)1080)
#define SVG_LABEL ((uint64_t)270) // left column, when there is a row a step
#define SVG_ROW 24U
#define SVG_TOP 30U
#define SVG_MAX_ROWS 60U
#define SVG_CHAR_TENTHS ((uint64_t)66) // width of a character of the labels, tenths of a unit
#define SVG_MIN_NAME_CHARS 14U         // less of a name tells nothing: the tooltip has it

typedef struct svg_bar {
  const model_step *s;
  uint64_t from, to; // ns
  uint32_t row;
} svg_bar;

typedef struct svg_chart {
  wg_buf *b;
  const run_model *m;
  svg_bar *bars;
  size_t n_bars, cap_bars;
  uint32_t n_rows;
  bool row_each;
  bool has_cached;
  uint64_t left; // where time begins
  uint64_t end_ns;
} svg_chart;

bool wg_report_span(const run_model *m, const model_step *s, uint64_t *out_from, uint64_t *out_to) {
  if (!s->has_start && !s->has_check) {
    return false;
  }
  *out_from = s->has_check ? s->check_ns : s->start_ns;
  if (s->has_check && s->has_start && s->start_ns < s->check_ns) {
    *out_from = s->start_ns;
  }
  *out_to = s->has_end ? s->end_ns : m->end_ns;
  *out_to = *out_to < *out_from ? *out_from : *out_to;
  return true;
}

const char *wg_report_state_word(const model_step *s) {
  switch (s->state) {
  case MODEL_WAITING:
    return "waiting";
  case MODEL_CHECKING:
  case MODEL_RUNNING:
    return "running";
  case MODEL_CACHED:
    return "cached";
  case MODEL_DONE:
    return "ran";
  case MODEL_FAILED:
    return "failed";
  case MODEL_SKIPPED:
    return "skipped";
  case MODEL_CANCELED:
    return "stopped";
  }
  return "";
}

static int svg_bar_cmp(const void *a, const void *b) {
  const svg_bar *x = a, *y = b;
  if (x->from != y->from) {
    return x->from < y->from ? -1 : 1;
  }
  return strcmp(x->s->identity, y->s->identity);
}

// Rows: each bar its own, or the first that is free by then.
static void svg_rows(svg_chart *c) {
  uint64_t *free_at = wg_xarray(c->n_bars + 1, sizeof(*free_at));
  for (size_t i = 0; i < c->n_bars; i++) {
    uint32_t row = c->row_each ? c->n_rows : 0;
    while (row < c->n_rows && free_at[row] > c->bars[i].from) {
      row++;
    }
    c->n_rows = row == c->n_rows ? row + 1 : c->n_rows;
    free_at[row] = c->bars[i].to;
    c->bars[i].row = row;
  }
  wg_xfree(free_at);
}

// Position in tenths of a unit.
static uint64_t svg_x(const svg_chart *c, uint64_t ns) {
  double share = (double)(ns < c->end_ns ? ns : c->end_ns) / (double)c->end_ns;
  return c->left * 10 + (uint64_t)(share * (double)((SVG_WIDTH - 14 - c->left) * 10));
}

static void svg_num(wg_buf *b, uint64_t tenths) {
  wg_buf_printf(b, "%llu.%u", (unsigned long long)(tenths / 10), (unsigned)(tenths % 10));
}

static void svg_tick_label(wg_buf *b, uint64_t ns, uint64_t step) {
  if (ns >= 120 * (uint64_t)1000000000) {
    wg_text_add_clock(b, ns / 1000000000);
  } else if (step >= 1000000000) {
    wg_buf_printf(b, "%llu s", (unsigned long long)(ns / 1000000000));
  } else if (step >= 100000000) {
    wg_buf_printf(b, "%llu.%llu s", (unsigned long long)(ns / 1000000000),
                  (unsigned long long)(ns / 100000000 % 10));
  } else {
    wg_buf_printf(b, "%llu ms", (unsigned long long)(ns / 1000000));
  }
}

static void svg_axis(svg_chart *c, unsigned bottom) {
  static const uint64_t steps_ms[] = {1,     2,      5,      10,     20,      50,     100,
                                      200,   500,    1000,   2000,   5000,    10000,  30000,
                                      60000, 120000, 300000, 600000, 1800000, 3600000};
  uint64_t step = steps_ms[0] * 1000000;
  for (size_t i = 0; i < WG_ARRAY_LEN(steps_ms) && c->end_ns / step > 8; i++) {
    step = steps_ms[i] * 1000000;
  }
  while (c->end_ns / step > 12) {
    step *= 2;
  }
  for (uint64_t t = 0; t <= c->end_ns; t += step) {
    wg_buf_add_z(c->b, "<line class=\"grid\" x1=\"");
    svg_num(c->b, svg_x(c, t));
    wg_buf_add_z(c->b, "\" x2=\"");
    svg_num(c->b, svg_x(c, t));
    wg_buf_printf(c->b, "\" y1=\"%u\" y2=\"%u\"/><text class=\"tick\" x=\"", SVG_TOP - 8, bottom);
    svg_num(c->b, svg_x(c, t));
    wg_buf_printf(c->b, "\" y=\"%u\">", SVG_TOP - 14);
    svg_tick_label(c->b, t, step);
    wg_buf_add_z(c->b, "</text>\n");
  }
}

static void svg_rect(svg_chart *c, const char *class, uint64_t from, uint64_t to, unsigned y,
                     unsigned height) {
  uint64_t x = svg_x(c, from), x2 = svg_x(c, to);
  wg_buf_printf(c->b, "<rect class=\"%s\" x=\"", class);
  svg_num(c->b, x);
  wg_buf_printf(c->b, "\" y=\"%u\" height=\"%u\" rx=\"%u\" width=\"", y, height,
                height > 8 ? 4U : 2U);
  svg_num(c->b, x2 > x + 20 ? x2 - x : 20);
  wg_buf_add_z(c->b, "\"/>");
}

static void svg_label(svg_chart *c, const char *class, uint64_t x_tenths, unsigned y,
                      const char *text, uint64_t room_tenths) {
  unsigned chars = (unsigned)(room_tenths / SVG_CHAR_TENTHS);
  if (chars < 3) {
    return;
  }
  WG_AUTO(wg_buf) cut = {0};
  wg_buf_init(&cut, wg_heap(), 0);
  (void)wg_text_add_fit(&cut, wg_str_of(text), chars, false);
  wg_buf_printf(c->b, "<text class=\"%s\" x=\"", class);
  svg_num(c->b, x_tenths);
  wg_buf_printf(c->b, "\" y=\"%u\">", y);
  wg_text_add_html(c->b, wg_buf_str(&cut));
  wg_buf_add_z(c->b, "</text>");
}

static void svg_title(svg_chart *c, const svg_bar *bar) {
  wg_buf *b = c->b;
  wg_buf_add_z(b, "<title>");
  wg_report_text(b, bar->s->verb);
  wg_buf_add_z(b, " ");
  wg_report_text(b, bar->s->identity);
  wg_buf_printf(b, ": %s, ", wg_report_state_word(bar->s));
  wg_text_add_duration(b, bar->to - bar->from);
  if (bar->s->reason[0] != '\0') {
    wg_buf_add_z(b, "\n");
    wg_report_text(b, bar->s->reason);
  }
  wg_buf_add_z(b, "</title>");
}

static void svg_bar_row(svg_chart *c, const svg_bar *bar) {
  const model_step *s = bar->s;
  unsigned y = SVG_TOP + bar->row * SVG_ROW;
  wg_buf_add_z(c->b, "<g>");
  svg_title(c, bar);
  uint64_t run_from = s->has_start ? s->start_ns : bar->to;
  if (bar->from < run_from) { // its inputs were looked for, then it waited its turn
    svg_rect(c, "look", bar->from, run_from, y + 9, 4);
  }
  if (s->has_start) {
    svg_rect(c, wg_report_state_word(s), s->start_ns, bar->to, y + 2, SVG_ROW - 6);
  } else if (s->state == MODEL_FAILED) {
    svg_rect(c, "failed", bar->from, bar->to, y + 2, SVG_ROW - 6);
  }
  uint64_t x = svg_x(c, s->has_start ? s->start_ns : bar->from), x2 = svg_x(c, bar->to);
  if (c->row_each) {
    svg_label(c, "name", 80, y + 15, s->identity, (SVG_LABEL - 18) * 10);
    WG_AUTO(wg_buf) took = {0};
    wg_buf_init(&took, wg_heap(), 0);
    wg_text_add_duration(&took, bar->to - (s->has_start ? s->start_ns : bar->from));
    uint64_t width = wg_text_columns(wg_buf_str(&took)) * SVG_CHAR_TENTHS + 60;
    bool inside = x2 - x > width + 40 && s->has_start;
    bool before = !inside && x2 + width > (SVG_WIDTH - 4) * 10;
    svg_label(c, inside ? "in" : "took",
              inside   ? x + 60
              : before ? x - width
                       : x2 + 50,
              y + 15, wg_buf_z(&took), width);
  } else if (s->has_start && x2 > x + SVG_MIN_NAME_CHARS * SVG_CHAR_TENTHS) {
    svg_label(c, "in", x + 50, y + 15, s->identity, x2 - x - 80);
  }
  wg_buf_add_z(c->b, "</g>\n");
}

// Steps that were not run, as ticks in one row.
static void svg_cached(svg_chart *c, unsigned y) {
  svg_label(c, c->row_each ? "name" : "took", 80, y + 15, "cached", (SVG_LABEL - 18) * 10);
  for (size_t i = 0; i < c->m->n_steps; i++) {
    const model_step *s = &c->m->steps[i];
    if (s->known && s->state == MODEL_CACHED && !s->has_start) {
      wg_buf_add_z(c->b, "<g><title>");
      wg_report_text(c->b, s->verb);
      wg_buf_add_z(c->b, " ");
      wg_report_text(c->b, s->identity);
      wg_buf_add_z(c->b, ": cached</title>");
      svg_rect(c, "cached", s->end_ns, s->end_ns, y + 4, SVG_ROW - 10);
      wg_buf_add_z(c->b, "</g>");
    }
  }
  wg_buf_add_z(c->b, "\n");
}

static void svg_collect(svg_chart *c) {
  for (size_t i = 0; i < c->m->n_steps; i++) {
    const model_step *s = &c->m->steps[i];
    svg_bar bar = {.s = s};
    bool plain_hit = s->state == MODEL_CACHED && !s->has_start;
    c->has_cached = c->has_cached || (s->known && plain_hit);
    if (s->known && !plain_hit && wg_report_span(c->m, s, &bar.from, &bar.to)) {
      wg_vec_push(&c->bars, &c->n_bars, &c->cap_bars) = bar;
    }
  }
  if (c->n_bars > 1) {
    qsort(c->bars, c->n_bars, sizeof(*c->bars), svg_bar_cmp);
  }
}

void wg_report_add_timeline(wg_buf *b, const run_model *m) {
  svg_chart c = {.b = b, .m = m, .end_ns = m->end_ns == 0 ? 1 : m->end_ns};
  svg_collect(&c);
  c.row_each = c.n_bars <= SVG_MAX_ROWS;
  c.left = c.row_each ? SVG_LABEL : 60;
  svg_rows(&c);
  uint32_t rows = c.n_rows + (c.has_cached ? 1 : 0);
  unsigned bottom = SVG_TOP + (rows == 0 ? 1 : rows) * SVG_ROW;
  wg_buf_printf(
      b,
      "<div class=\"scroll\"><svg class=\"timeline\" role=\"img\" aria-label=\"Timeline of "
      "steps\" viewBox=\"0 0 %u %u\">\n",
      (unsigned)SVG_WIDTH, bottom + 6);
  for (uint32_t i = 0; i < rows; i += 2) {
    wg_buf_printf(b, "<rect class=\"stripe\" x=\"0\" y=\"%u\" width=\"%u\" height=\"%u\"/>",
                  SVG_TOP + i * SVG_ROW - 1, (unsigned)SVG_WIDTH, SVG_ROW);
  }
  svg_axis(&c, bottom);
  for (size_t i = 0; i < c.n_bars; i++) {
    svg_bar_row(&c, &c.bars[i]);
  }
  if (c.has_cached) {
    svg_cached(&c, SVG_TOP + c.n_rows * SVG_ROW);
  }
  wg_buf_add_z(b, "</svg></div>\n");
  wg_xfree(c.bars);
}
