// SPDX-License-Identifier: Apache-2.0
// The terminal: lines that stay (finished steps, warnings), and below them what runs now.
#include <string.h>

#include "engine/int.h"
#include "engine/model.h"
#include "engine/show/listen.h"
#include "engine/show/term_draw.h"

#define TERM_TICK_MS 100U
#define TERM_PLAIN_PROGRESS_NS ((uint64_t)30 * 1000000000)
#define TERM_MAX_ROWS 40U

struct wg_listen_term {
  wg_term_options opt;
  char *project_dir;
  wg_mutex lock; // everything below
  wg_cond wake;
  wg_thread ticker;
  bool has_ticker, stop;
  bool live;
  term_style style;
  run_model model;
  uint64_t base_ns; // what the monotonic clock said when the run began
  wg_buf pending;   // lines that stay, not written yet
  wg_buf out;
  unsigned widths[TERM_MAX_ROWS]; // columns of the rows that are drawn
  unsigned n_drawn;
  uint64_t *told; // plain: when progress of a step was last told
  size_t n_told;
};

static void term_write(const wg_listen_term *t, const wg_buf *b) {
  wg_error ignored = WG_ERROR_INIT; // nobody looks any more: the build goes on
  if (b->n > 0 && !b->failed) {
    (void)!wg_os_write_all(t->opt.fd, b->p, b->n, &ignored);
  }
}

// Goes back over what is drawn, also when the window became narrower and rows were wrapped.
static void term_erase(wg_listen_term *t, unsigned cols) {
  unsigned rows = 0;
  for (unsigned i = 0; i < t->n_drawn; i++) {
    rows += t->widths[i] <= cols || cols == 0 ? 1 : (t->widths[i] + cols - 1) / cols;
  }
  if (rows > 0) {
    wg_buf_printf(&t->out, "\033[%uA\r\033[J", rows);
  }
  t->n_drawn = 0;
}

static void term_draw(wg_listen_term *t, unsigned cols) {
  unsigned screen = wg_os_tty_rows(t->opt.fd);
  unsigned max_rows = screen > 6 ? screen / 2 : 3;
  max_rows = max_rows > TERM_MAX_ROWS ? TERM_MAX_ROWS : max_rows;
  term_frame f = {.style = t->style,
                  .cols = cols > 1 ? cols - 1 : 1,
                  .max_rows = max_rows,
                  .now_ns = wg_os_mono_ns() - t->base_ns};
  t->n_drawn = wg_term_draw_frame(&t->out, &f, &t->model, t->widths);
}

// The lock is held. draw: leave the live part on the screen.
static void term_flush(wg_listen_term *t, bool draw) {
  unsigned cols = t->live ? wg_os_tty_columns(t->opt.fd) : 0;
  wg_buf_clear(&t->out);
  term_erase(t, cols);
  wg_buf_add_str(&t->out, wg_buf_str(&t->pending));
  wg_buf_clear(&t->pending);
  if (draw) {
    term_draw(t, cols);
  }
  term_write(t, &t->out);
}

static void *term_tick(void *arg) {
  wg_listen_term *t = arg;
  wg_mutex_lock(&t->lock);
  while (!t->stop) {
    (void)wg_cond_wait_ms(&t->wake, &t->lock, TERM_TICK_MS);
    if (!t->stop && t->model.n_total > 0 && !t->model.ended) {
      term_flush(t, true);
    }
  }
  wg_mutex_unlock(&t->lock);
  return NULL;
}

// --- lines that stay

static const char *term_short_path(const wg_listen_term *t, const char *path) {
  const char *rel = wg_path_below(path, t->project_dir);
  return rel != NULL ? rel : path;
}

static void term_word(wg_listen_term *t, const char *color, const char *word) {
  wg_term_add_color(&t->pending, &t->style, color);
  wg_buf_printf(&t->pending, "%8s", word);
  wg_term_add_color(&t->pending, &t->style, TERM_PLAIN);
  wg_buf_add_z(&t->pending, "  ");
}

static void term_name(wg_listen_term *t, const model_step *s) {
  wg_buf_printf(&t->pending, "%-12s ", s->verb);
  wg_text_add_clean(&t->pending, wg_str_of(s->identity));
}

// "  out/kiosk.wim 132.2 KiB"; of several outputs the largest, and how many more there are.
static void term_add_outputs(const wg_listen_term *t, const model_step *s, wg_buf *out) {
  const model_output *largest = NULL;
  size_t n = 0;
  for (size_t i = 0; i < s->n_outputs; i++) {
    const model_output *o = &s->outputs[i];
    if (o->path[0] != '\0') {
      n++;
      largest = largest == NULL || o->size_bytes > largest->size_bytes ? o : largest;
    }
  }
  if (largest == NULL) {
    return;
  }
  wg_buf_add_z(out, "  ");
  wg_text_add_clean(out, wg_str_of(term_short_path(t, largest->path)));
  wg_buf_add_z(out, " ");
  wg_text_add_size(out, largest->size_bytes);
  if (n > 1) {
    wg_buf_printf(out, " and %zu more", n - 1);
  }
}

// One row where the terminal says how wide it is: what does not fit is in the log.
static void term_told_done(wg_listen_term *t, const model_step *s) {
  WG_AUTO(wg_buf) rest = {0};
  wg_buf_init(&rest, wg_heap(), 0);
  wg_buf_add_z(&rest, "  ");
  wg_text_add_duration(&rest, s->end_ns - s->start_ns);
  term_add_outputs(t, s, &rest);
  term_word(t, TERM_GREEN, "done");
  WG_AUTO(wg_buf) name = {0};
  wg_buf_init(&name, wg_heap(), 0);
  wg_buf_printf(&name, "%-12s ", s->verb);
  wg_text_add_clean(&name, wg_str_of(s->identity));
  unsigned cols = t->live ? wg_os_tty_columns(t->opt.fd) : UINT32_MAX;
  unsigned room = cols > 10 ? cols - 10 : 0;
  unsigned used = wg_text_add_fit(&t->pending, wg_buf_str(&name), room, t->style.ascii);
  (void)wg_text_add_fit(&t->pending, wg_buf_str(&rest), room - used, t->style.ascii);
  wg_buf_add_z(&t->pending, "\n");
}

static void term_told(wg_listen_term *t, const model_step *s, const char *color, const char *word,
                      const char *text) {
  term_word(t, color, word);
  term_name(t, s);
  if (text != NULL && text[0] != '\0') {
    wg_buf_add_z(&t->pending, ": ");
    wg_text_add_clean(&t->pending, wg_str_of(text));
  }
  wg_buf_add_z(&t->pending, "\n");
}

// "change  publish  publish/share: 1.4.0: new, sha256 12ab..."
static void term_told_change(wg_listen_term *t, const model_step *s, const wg_event *ev) {
  WG_AUTO(wg_cstr) text = wg_action_change_text(ev->name, ev->text, ev->details);
  term_told(t, s, TERM_DIM, "change", text);
}

// A warning that several steps give is told once.
static bool term_warned_before(const run_model *m, const char *text) {
  unsigned n = 0;
  for (size_t i = 0; i < m->n_steps; i++) {
    for (size_t k = 0; k < m->steps[i].n_warnings; k++) {
      n += strcmp(m->steps[i].warnings[k].text, text) == 0 ? 1U : 0U;
    }
  }
  return n > 1;
}

static void term_plain_progress(wg_listen_term *t, const model_step *s, const wg_event *ev) {
  if (t->live || t->opt.quiet || s->state != MODEL_RUNNING) {
    return;
  }
  if (ev->step >= t->n_told) {
    size_t n = (size_t)ev->step + 32;
    t->told = wg_xrealloc(t->told, n, sizeof(*t->told));
    memset(t->told + t->n_told, 0, (n - t->n_told) * sizeof(*t->told));
    t->n_told = n;
  }
  uint64_t last = t->told[ev->step] > s->start_ns ? t->told[ev->step] : s->start_ns;
  if (ev->time_ns - last >= TERM_PLAIN_PROGRESS_NS) {
    t->told[ev->step] = ev->time_ns;
    WG_AUTO(wg_buf) b = {0};
    wg_buf_init(&b, wg_heap(), 0);
    wg_term_add_progress_text(&b, s, ev->time_ns);
    term_told(t, s, TERM_DIM, "running", wg_buf_z(&b));
  }
}

// What only -v asks for; false for events that are told without it, too.
static bool term_verbose_line(wg_listen_term *t, const model_step *s, const wg_event *ev) {
  switch ((int)ev->type) {
  case WG_EV_STEP_STARTED:
    term_told(t, s, TERM_DIM, "start", s->reason);
    return true;
  case WG_EV_STEP_NOTE:
    term_told(t, s, TERM_DIM, "note", ev->text);
    return true;
  case WG_EV_STEP_SKIPPED:
    term_told(t, s, TERM_DIM, "skipped", ev->text);
    return true;
  default:
    return false;
  }
}

static void term_fact_line(wg_listen_term *t, const model_step *s, const wg_event *ev) {
  WG_AUTO(wg_cstr)
  text = ev->text != NULL ? wg_xprintf("%s = %s", ev->name, ev->text)
                          : wg_xprintf("%s = %llu", ev->name, (unsigned long long)ev->done);
  term_told(t, s, TERM_DIM, "fact", text);
}

static void term_cached_line(wg_listen_term *t, const model_step *s) {
  if (s->is_action) {
    term_told(t, s, TERM_BLUE, "same", NULL);
  } else if (t->opt.verbose > 0) {
    term_told(t, s, TERM_BLUE, "cached", NULL);
  }
}

static void term_step_lines(wg_listen_term *t, const model_step *s, const wg_event *ev) {
  if (t->opt.verbose > 0 && term_verbose_line(t, s, ev)) {
    return;
  }
  switch ((int)ev->type) {
  case WG_EV_STEP_FACT:
    if (t->opt.verbose > 1) {
      term_fact_line(t, s, ev);
    }
    break;
  case WG_EV_STEP_WARNING:
    if (!term_warned_before(&t->model, ev->text)) {
      term_told(t, s, TERM_YELLOW, "warning", ev->text);
    }
    break;
  case WG_EV_STEP_CHANGE:
    term_told_change(t, s, ev);
    break;
  case WG_EV_STEP_UNDONE:
    term_told(t, s, TERM_YELLOW, "undone", ev->text);
    break;
  case WG_EV_STEP_CACHED:
    term_cached_line(t, s);
    break;
  case WG_EV_STEP_DONE:
    term_told_done(t, s);
    break;
  case WG_EV_STEP_FAILED:
    term_told(t, s, TERM_RED, "FAILED", NULL); // the whole story comes at the end
    break;
  case WG_EV_STEP_CANCELED:
    term_told(t, s, TERM_YELLOW, "stopped", s->is_action ? s->text : NULL);
    break;
  case WG_EV_STEP_PROGRESS:
    term_plain_progress(t, s, ev);
    break;
  default:
    break;
  }
}

// --- the end

static bool term_same_failure(const model_step *a, const model_step *b) {
  return a->state == MODEL_FAILED && b->state == MODEL_FAILED && strcmp(a->text, b->text) == 0 &&
         strcmp(a->details, b->details) == 0;
}

// One failure; steps that failed in the same way are named with it.
static void term_failure(wg_listen_term *t, size_t at) {
  const run_model *m = &t->model;
  const model_step *s = &m->steps[at];
  wg_buf *b = &t->pending;
  wg_buf_add_z(b, "wingo: ");
  wg_term_add_color(b, &t->style, TERM_RED);
  wg_buf_add_z(b, "error: ");
  wg_term_add_color(b, &t->style, TERM_PLAIN);
  wg_text_add_clean(b, wg_str_of(s->identity));
  for (size_t i = at + 1; i < m->n_steps; i++) {
    if (term_same_failure(s, &m->steps[i])) {
      wg_buf_add_z(b, ", ");
      wg_text_add_clean(b, wg_str_of(m->steps[i].identity));
    }
  }
  wg_buf_add_z(b, ": ");
  wg_text_add_clean(b, wg_str_of(s->text));
  wg_buf_add_z(b, "\n");
  if (s->details[0] != '\0') {
    wg_text_add_clean(b, wg_str_of(s->details));
    if (s->details[strlen(s->details) - 1] != '\n') {
      wg_buf_add_z(b, "\n");
    }
  }
}

static void term_failures(wg_listen_term *t) {
  const run_model *m = &t->model;
  for (size_t i = 0; i < m->n_steps; i++) {
    bool first = m->steps[i].state == MODEL_FAILED;
    for (size_t k = 0; first && k < i; k++) {
      first = !term_same_failure(&m->steps[k], &m->steps[i]);
    }
    if (first) {
      term_failure(t, i);
    }
  }
}

static void term_count(wg_buf *b, uint32_t n, const char *word, bool *any) {
  if (n > 0) {
    wg_buf_printf(b, "%s%u %s", *any ? ", " : "", n, word);
    *any = true;
  }
}

static void term_summary(wg_listen_term *t) {
  const run_model *m = &t->model;
  wg_buf *b = &t->pending;
  bool any = false;
  bool good = m->code == WG_OK;
  uint64_t bytes = 0;
  uint32_t n_outputs = 0;
  for (size_t i = 0; i < m->n_steps; i++) {
    for (size_t k = 0; k < m->steps[i].n_outputs; k++) {
      bool counts = m->steps[i].outputs[k].path[0] != '\0' && !m->steps[i].is_action;
      n_outputs += counts ? 1U : 0U;
      bytes += counts ? m->steps[i].outputs[k].size_bytes : 0;
    }
  }
  wg_buf_add_z(b, "wingo: ");
  wg_term_add_color(b, &t->style, good ? TERM_GREEN : TERM_RED);
  term_count(b, m->n_failed, "failed", &any);
  term_count(b, m->n_skipped, m->code == WG_E_CANCELED ? "stopped" : "skipped", &any);
  term_count(b, m->n_done, "ran", &any);
  term_count(b, m->n_cached, "cached", &any);
  if (!any) {
    wg_buf_add_z(b, "nothing to do");
  }
  wg_term_add_color(b, &t->style, TERM_PLAIN);
  wg_buf_add_z(b, " in ");
  wg_text_add_duration(b, m->end_ns);
  if (n_outputs > 0) {
    wg_buf_printf(b, "; %u output%s, ", n_outputs, n_outputs == 1 ? "" : "s");
    wg_text_add_size(b, bytes);
  }
  if (m->n_warnings > 0) {
    wg_buf_printf(b, "; %u warning%s", m->n_warnings, m->n_warnings == 1 ? "" : "s");
  }
  wg_buf_add_z(b, "\n");
}

static void term_event(void *ctx, const wg_event *ev) {
  wg_listen_term *t = ctx;
  wg_mutex_lock(&t->lock);
  t->base_ns = wg_os_mono_ns() - ev->time_ns;
  const model_step *s = wg_model_apply(&t->model, ev);
  if (s != NULL && !t->opt.quiet) {
    term_step_lines(t, s, ev);
  }
  if (ev->type == WG_EV_RUN_ENDED) {
    term_failures(t);
    if (!t->opt.quiet) {
      term_summary(t);
    }
  }
  if (!t->live || ev->type == WG_EV_RUN_ENDED) {
    term_flush(t, false);
  }
  wg_mutex_unlock(&t->lock);
}

// --- making and ending

static bool term_env_is_utf8(void) {
  static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  for (size_t i = 0; i < WG_ARRAY_LEN(names); i++) {
    const char *v = wg_os_getenv(names[i]);
    if (v != NULL && v[0] != '\0') { // the first that is set counts
      const char *dot = strchr(v, '.');
      return dot != NULL && (wg_str_eq_nocase(wg_str_of(dot + 1), "UTF-8") ||
                             wg_str_eq_nocase(wg_str_of(dot + 1), "UTF8"));
    }
  }
  return false;
}

static bool term_can_move(int fd) {
  const char *term = wg_os_getenv("TERM");
  return wg_os_is_tty(fd) && term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

wg_listen_term *wg_listen_term_new(wg_bus *bus, const wg_term_options *opt) {
  wg_listen_term *t = wg_xalloc(sizeof(*t));
  t->opt = *opt;
  t->project_dir = opt->project_dir == NULL ? NULL : wg_xstrdup(opt->project_dir);
  t->live = !opt->quiet && (opt->live < 0 ? term_can_move(opt->fd) : opt->live > 0);
  t->style = (term_style){.color = opt->color, .ascii = !term_env_is_utf8()};
  t->base_ns = wg_os_mono_ns();
  wg_model_init(&t->model);
  wg_mutex_init(&t->lock);
  wg_cond_init(&t->wake);
  wg_buf_init(&t->pending, wg_heap(), 0);
  wg_buf_init(&t->out, wg_heap(), 0);
  if (t->live) {
    wg_error ignored = WG_ERROR_INIT; // then without redrawing
    t->has_ticker = wg_thread_start(&t->ticker, term_tick, t, &ignored) == WG_OK;
    t->live = t->has_ticker;
  }
  wg_bus_listen(bus, term_event, t);
  return t;
}

void wg_listen_term_free(wg_listen_term *t) {
  if (t == NULL) {
    return;
  }
  wg_mutex_lock(&t->lock);
  t->stop = true;
  wg_cond_all(&t->wake);
  wg_mutex_unlock(&t->lock);
  if (t->has_ticker) {
    wg_thread_join(t->ticker);
  }
  term_flush(t, false);
  wg_model_done(&t->model);
  wg_buf_done(&t->pending);
  wg_buf_done(&t->out);
  wg_mutex_done(&t->lock);
  wg_cond_done(&t->wake);
  wg_xfree(t->told);
  wg_xfree(t->project_dir);
  wg_xfree(t);
}
