// SPDX-License-Identifier: Apache-2.0
// The map of an image: each folder a rectangle as large as what is in it, two levels, as an inline
// SVG. Rows are laid out so that rectangles come near to squares ("squarified treemap").
#include <string.h>

#include "engine/int.h"
#include "engine/show/report.h"

#define MAP_WIDTH 1080.0
#define MAP_HEIGHT 460.0
#define MAP_HEAD 16.0 // room for a folder's name above what is in it
#define MAP_COLORS 8U
#define MAP_CHAR 6.6 // width of a letter of the labels

typedef struct map_rect {
  double x, y, w, h;
} map_rect;

typedef struct map_item {
  const char *name;
  uint64_t n_bytes, n_added;
  size_t first, n_below; // of the rows below, for a folder of the first level
  map_rect at;
} map_item;

typedef struct map {
  wg_buf *b;
  wg_arena arena;
  map_item *rows, *tops; // those of a folder side by side
  size_t n_rows, n_tops;
} map;

static void map_done(map *m) {
  wg_arena_done(&m->arena);
}
WG_DEFINE_AUTO(map, map_done);

// Rows of one folder stand together.
static void map_read(map *m, const wg_table *t) {
  if (t->n_texts != 2 || t->n_numbers != 2) {
    return;
  }
  m->rows = wg_build_get(&m->arena, t->n_rows, sizeof(*m->rows));
  m->tops = wg_build_get(&m->arena, t->n_rows, sizeof(*m->tops));
  for (size_t i = 0; i < t->n_rows; i++) {
    const char *top = t->texts[2 * i];
    const map_item row = {.name = t->texts[2 * i + 1],
                          .n_bytes = t->numbers[2 * i],
                          .n_added = t->numbers[2 * i + 1]};
    if (row.n_bytes == 0) {
      continue;
    }
    if (m->n_tops == 0 || strcmp(top, m->tops[m->n_tops - 1].name) != 0) {
      m->tops[m->n_tops++] = (map_item){.name = top, .first = m->n_rows};
    }
    map_item *last = &m->tops[m->n_tops - 1];
    last->n_bytes += row.n_bytes;
    last->n_added += row.n_added;
    last->n_below++;
    m->rows[m->n_rows++] = row;
  }
}

// How far from a square the worst of items [0, n) is when they fill a row along a side.
static double map_worst(const map_item *v, size_t n, double sum, double scale, double side) {
  double worst = 1.0;
  for (size_t i = 0; i < n; i++) {
    double a = (double)v[i].n_bytes * scale, along = a * side / (sum * scale);
    double across = sum * scale / side, ratio = along > across ? along / across : across / along;
    worst = ratio > worst ? ratio : worst;
  }
  return worst;
}

// One row of items along the shorter side of what is left; takes it off.
static void map_row(map_item *v, size_t n, double sum, double scale, map_rect *left) {
  bool upright = left->w > left->h;
  double side = upright ? left->h : left->w, across = sum * scale / side, at = 0;
  for (size_t i = 0; i < n; i++) {
    double along = (double)v[i].n_bytes / sum * side;
    v[i].at = upright ? (map_rect){left->x, left->y + at, across, along}
                      : (map_rect){left->x + at, left->y, along, across};
    at += along;
  }
  if (upright) {
    left->x += across;
    left->w -= across;
  } else {
    left->y += across;
    left->h -= across;
  }
}

static void map_layout(map_item *v, size_t n, map_rect in) {
  double total = 0;
  for (size_t i = 0; i < n; i++) {
    total += (double)v[i].n_bytes;
  }
  if (in.w <= 0 || in.h <= 0) {
    return;
  }
  double scale = in.w * in.h / total;
  while (n > 0) {
    double side = in.w > in.h ? in.h : in.w;
    if (side <= 0.01) {
      return; // what is left is too thin to be seen
    }
    size_t k = 1;
    double sum = (double)v[0].n_bytes;
    while (k < n && map_worst(v, k + 1, sum + (double)v[k].n_bytes, scale, side) <=
                        map_worst(v, k, sum, scale, side)) {
      sum += (double)v[k++].n_bytes;
    }
    map_row(v, k, sum, scale, &in);
    v += k;
    n -= k;
  }
}

// Tenths, because our formatter has no fractions.
static void map_number(wg_buf *b, const char *name, double v) {
  int64_t t = (int64_t)(v * 10.0 + 0.5);
  wg_buf_printf(b, " %s=\"%lld.%lld\"", name, (long long)(t / 10), (long long)(t % 10));
}

static void map_label(wg_buf *b, const map_rect *r, const char *name) {
  size_t room = r->w > 8 ? (size_t)((r->w - 8) / MAP_CHAR) : 0;
  if (r->h < 14 || room < 3) {
    return;
  }
  wg_buf_add_z(b, "<text");
  map_number(b, "x", r->x + 4);
  map_number(b, "y", r->y + 12);
  wg_buf_add_byte(b, '>');
  size_t n = 0, chars = 0;
  while (name[n] != '\0' && chars < room) {
    n++;
    while ((name[n] & 0xC0) == 0x80) {
      n++;
    }
    chars++;
  }
  wg_text_add_html(b, (wg_str){name, n});
  wg_buf_add_z(b, name[n] == '\0' ? "</text>" : "&#8230;</text>");
}

static void map_rect_tag(wg_buf *b, const map_rect *r, const char *class, unsigned color) {
  wg_buf_printf(b, "<rect class=\"%s c%u\"", class, color);
  map_number(b, "x", r->x);
  map_number(b, "y", r->y);
  map_number(b, "width", r->w > 0.6 ? r->w - 0.5 : r->w);
  map_number(b, "height", r->h > 0.6 ? r->h - 0.5 : r->h);
  wg_buf_add_z(b, "/>");
}

static void map_title(wg_buf *b, const char *top, const map_item *i) {
  wg_buf_add_z(b, "<title>");
  wg_report_text(b, top);
  if (i->name != top) {
    wg_buf_add_z(b, "\\");
    wg_report_text(b, i->name);
  }
  wg_buf_add_z(b, ": ");
  wg_text_add_size(b, i->n_bytes);
  if (i->n_added > 0) {
    wg_buf_add_z(b, ", of it put by the project ");
    wg_text_add_size(b, i->n_added);
  }
  wg_buf_add_z(b, "</title>");
}

static void map_top(map *m, map_item *top, unsigned color) {
  map_rect in = top->at;
  bool headed = in.h > 3 * MAP_HEAD && in.w > 50;
  wg_buf_add_z(m->b, "<g>");
  map_title(m->b, top->name, top);
  map_rect_tag(m->b, &in, "top", color);
  if (headed) {
    map_label(m->b, &in, top->name);
    in.y += MAP_HEAD;
    in.h -= MAP_HEAD;
  }
  wg_buf_add_z(m->b, "</g>\n");
  map_layout(m->rows + top->first, top->n_below, in);
  for (size_t i = 0; i < top->n_below; i++) {
    map_item *row = &m->rows[top->first + i];
    if (row->at.w < 0.3 || row->at.h < 0.3) {
      continue;
    }
    wg_buf_add_z(m->b, "<g>");
    map_title(m->b, top->name, row);
    map_rect_tag(m->b, &row->at, row->n_added > 0 ? "in put" : "in", color);
    map_label(m->b, &row->at, row->name);
    wg_buf_add_z(m->b, "</g>\n");
  }
}

void wg_report_add_map(wg_buf *b, const char *what, const wg_table *folders) {
  WG_AUTO(map) m = {.b = b};
  wg_arena_init(&m.arena, wg_heap(), 0);
  map_read(&m, folders);
  if (m.n_tops == 0) {
    return;
  }
  uint64_t total = 0;
  for (size_t i = 0; i < m.n_tops; i++) {
    total += m.tops[i].n_bytes;
  }
  wg_buf_add_z(b, "<h2>");
  wg_report_text(b, what);
  wg_buf_add_z(b, ": ");
  wg_text_add_size(b, total);
  wg_buf_printf(b,
                " by folder</h2>\n<div class=\"scroll\"><svg class=\"map\" viewBox=\"0 0 %u %u\" "
                "role=\"img\" aria-label=\"What takes the room, by folder\">\n",
                (unsigned)MAP_WIDTH, (unsigned)MAP_HEIGHT);
  map_layout(m.tops, m.n_tops, (map_rect){0, 0, MAP_WIDTH, MAP_HEIGHT});
  for (size_t i = 0; i < m.n_tops; i++) {
    map_top(&m, &m.tops[i], (unsigned)(i % MAP_COLORS));
  }
  wg_buf_add_z(b, "</svg></div>\n<div class=\"legend\"><span><i class=\"put\"></i>holds what this "
                  "project put in</span></div>\n");
}
