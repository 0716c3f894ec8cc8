// SPDX-License-Identifier: Apache-2.0
#include "config/cfg.h"

#include <stdlib.h>
#include <string.h>

#include "os/mem.h"

// Memory for the arena; the program ends when there is none.
static void *cfg_alloc_fn(void *ctx, void *p, size_t n_bytes) {
  (void)ctx;
  if (n_bytes == 0) {
    wg_xfree(p);
    return NULL;
  }
  return wg_xrealloc(p, n_bytes, 1);
}

static const wg_alloc cfg_alloc = {cfg_alloc_fn, NULL};

wg_cfg *wg_cfg_new(void) {
  wg_cfg *c = wg_xalloc(sizeof(*c));
  wg_arena_init(&c->arena, &cfg_alloc, 0);
  wg_mask_init(&c->own_mask, &cfg_alloc);
  c->mask = &c->own_mask;
  return c;
}

void wg_cfg_free(wg_cfg *c) {
  if (c != NULL) {
    wg_xfree(c->faults);
    wg_mask_done(&c->own_mask);
    wg_arena_done(&c->arena);
    wg_xfree(c);
  }
}

void *wg_cfg_alloc(wg_cfg *c, size_t count, size_t size_bytes) {
  void *p = wg_arena_array(&c->arena, count, size_bytes);
  wg_assert(p != NULL); // what a project file can ask for is bounded far below the ceiling
  return p;
}

char *wg_cfg_printf(wg_cfg *c, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  size_t n = wg_vformat(NULL, 0, fmt, ap);
  va_end(ap);
  char *s = wg_cfg_alloc(c, n + 1, 1);
  va_start(ap, fmt);
  (void)wg_vformat(s, n + 1, fmt, ap);
  va_end(ap);
  return s;
}

wg_pos wg_cfg_pos(const wg_cfg *c, const wg_yaml_node *n) {
  return (wg_pos){n->source < c->n_sources ? c->sources[n->source] : "", n->line, n->col};
}

// Text as it may be shown.
static const char *cfg_shown(wg_cfg *c, const char *text) {
  if (text == NULL || !wg_mask_any(c->mask)) {
    return text;
  }
  wg_buf b;
  wg_buf_init(&b, &cfg_alloc, 0);
  wg_mask_add_text(c->mask, wg_str_of(text), &b);
  const char *shown = wg_cfg_printf(c, "%s", wg_buf_z(&b));
  wg_buf_done(&b);
  return shown;
}

#define CFG_WORD_MAX 100U // bytes of a word in a message
#define CFG_WORD_HEAD 60U // what is shown of a longer one
#define CFG_WORD_TAIL 12U
#define CFG_TEXT_MAX 1000U // bytes of a message

// A word; of a very long one the beginning and the end.
static void cfg_add_word(wg_buf *out, const char *p, size_t n) {
  if (n <= CFG_WORD_MAX) {
    wg_buf_add(out, p, n);
    return;
  }
  size_t head = CFG_WORD_HEAD, tail = n - CFG_WORD_TAIL;
  while (((uint8_t)p[head] & 0xC0) == 0x80) { // between characters
    head--;
  }
  while (tail < n && ((uint8_t)p[tail] & 0xC0) == 0x80) {
    tail++;
  }
  wg_buf_add(out, p, head);
  wg_buf_add_z(out, "...");
  wg_buf_add(out, p + tail, n - tail);
}

// Names and values of the file are quoted in messages, whatever their length.
static const char *cfg_short(wg_cfg *c, const char *text) {
  size_t n = text == NULL ? 0 : strlen(text);
  bool fits = n <= CFG_WORD_MAX;
  for (const char *p = text; !fits && *p != '\0';) {
    size_t word = strcspn(p, " ");
    if (word > CFG_WORD_MAX) {
      break;
    }
    p += word + strspn(p + word, " ");
    fits = *p == '\0' && n <= CFG_TEXT_MAX;
  }
  if (fits) {
    return text;
  }
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  for (const char *p = text; *p != '\0' && out.n < CFG_TEXT_MAX;) {
    size_t word = strcspn(p, " "), spaces = strspn(p + word, " ");
    cfg_add_word(&out, p, word);
    wg_buf_add(&out, p + word, spaces);
    p += word + spaces;
  }
  return wg_cfg_printf(c, "%s%s", wg_buf_z(&out), out.n >= CFG_TEXT_MAX ? "..." : "");
}

void wg_cfg_add_fault(wg_cfg *c, wg_severity severity, wg_pos pos, const char *text,
                      const char *hint) {
  c->n_errors += severity == WG_FAULT_ERROR ? 1 : 0;
  if (c->n_faults > WG_CFG_MAX_FAULTS) {
    return;
  }
  if (c->n_faults == WG_CFG_MAX_FAULTS) {
    text = "more faults are not shown";
    hint = NULL;
    severity = WG_FAULT_ERROR;
    c->n_errors++;
  }
  wg_vec_push(&c->faults, &c->n_faults, &c->cap_faults) = (wg_cfg_fault){
      severity, pos, cfg_short(c, cfg_shown(c, text)), cfg_short(c, cfg_shown(c, hint))};
}

void wg_cfg_error(wg_cfg *c, wg_pos pos, const char *text, const char *hint) {
  wg_cfg_add_fault(c, WG_FAULT_ERROR, pos, text, hint);
}

static size_t cfg_source_index(const wg_cfg *c, const char *file) {
  size_t i = 0;
  while (i < c->n_sources && c->sources[i] != file) {
    i++;
  }
  return i;
}

static int cfg_compare(const wg_cfg *c, const wg_cfg_fault *a, const wg_cfg_fault *b) {
  size_t sa = cfg_source_index(c, a->pos.file), sb = cfg_source_index(c, b->pos.file);
  if (sa != sb) {
    return sa < sb ? -1 : 1;
  }
  int by_name = sa == c->n_sources ? strcmp(a->pos.file, b->pos.file) : 0; // files that are named
  if (by_name != 0) {
    return by_name;
  }
  if (a->pos.line != b->pos.line) {
    return a->pos.line < b->pos.line ? -1 : 1;
  }
  return a->pos.col < b->pos.col ? -1 : a->pos.col > b->pos.col;
}

// The text without the path of keys in front.
static const char *cfg_bare_text(const char *text) {
  const char *colon = strstr(text, ": ");
  return colon == NULL ? text : colon + 2;
}

// A fault behind an anchor shows once, though each alias leads to it.
static bool cfg_is_repeated(const wg_cfg *c, size_t n_kept, const wg_cfg_fault *f) {
  for (size_t i = n_kept; i > 0 && cfg_compare(c, &c->faults[i - 1], f) == 0; i--) {
    if (strcmp(cfg_bare_text(c->faults[i - 1].text), cfg_bare_text(f->text)) == 0) {
      return true;
    }
  }
  return false;
}

// Insertion sort: stable, and there are at most WG_CFG_MAX_FAULTS.
void wg_cfg_sort_faults(wg_cfg *c) {
  for (size_t i = 1; i < c->n_faults; i++) {
    wg_cfg_fault f = c->faults[i];
    size_t k = i;
    for (; k > 0 && cfg_compare(c, &c->faults[k - 1], &f) > 0; k--) {
      c->faults[k] = c->faults[k - 1];
    }
    c->faults[k] = f;
  }
  size_t kept = 0;
  for (size_t i = 0; i < c->n_faults; i++) {
    if (!cfg_is_repeated(c, kept, &c->faults[i])) {
      c->faults[kept++] = c->faults[i];
    }
  }
  c->n_faults = kept;
}

wg_code wg_cfg_fail_faulty(const wg_cfg *c, const char *file, wg_error *err) {
  size_t n = 0;
  const wg_cfg_fault *first = NULL;
  for (size_t i = 0; i < c->n_faults; i++) {
    if (c->faults[i].severity == WG_FAULT_ERROR) {
      first = first == NULL ? &c->faults[i] : first;
      n++;
    }
  }
  wg_assert(first != NULL);
  return wg_fail(err, WG_E_CONFIG, "%s has %zu fault%s, the first: %s:%u:%u: %s", file, n,
                 n == 1 ? "" : "s", first->pos.file, (unsigned)first->pos.line,
                 (unsigned)first->pos.col, first->text);
}

const char *wg_cfg_file(const wg_cfg *c) {
  return c->n_sources == 0 ? "" : c->sources[0];
}

const char *wg_cfg_overlay(const wg_cfg *c) {
  return c->overlay == NULL ? "" : c->overlay;
}

const wg_cfg_fault *wg_cfg_faults(const wg_cfg *c, size_t *out_n) {
  *out_n = c->n_faults;
  return c->faults;
}

void wg_cfg_fault_count(const wg_cfg *c, wg_error *err) {
  size_t n = 0;
  for (size_t i = 0; i < c->n_faults; i++) {
    n += c->faults[i].severity == WG_FAULT_ERROR ? 1 : 0;
  }
  if (n > 0) {
    (void)wg_fail(err, WG_E_CONFIG, "%s has %zu fault%s", wg_cfg_file(c), n, n == 1 ? "" : "s");
  }
}
