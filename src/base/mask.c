// SPDX-License-Identifier: Apache-2.0
#include "base/mask.h"

#include <string.h>

#include "base/near.h"

#define MASK_MAX_ITEMS 10000U // far more than a project file has values
#define MASK_ANYWHERE 6U      // bytes from which a value is replaced wherever it stands
#define MASK_WORD 3U          // as a word
#define MASK_PART 8U          // of a word of a value
#define MASK_IN_FLAGS " \t\r\n=,;&"
#define MASK_IN_URL MASK_IN_FLAGS ":/@?"
#define MASK_CUT 4U // bytes of a value before "..." that are known as its beginning

void wg_mask_init(wg_mask *m, const wg_alloc *alloc) {
  *m = (wg_mask){.alloc = alloc};
  wg_arena_init(&m->arena, alloc, 0);
}

void wg_mask_done(wg_mask *m) {
  if (m->alloc != NULL) {
    wg_alloc_free(m->alloc, m->items);
    wg_arena_done(&m->arena);
    m->alloc = NULL;
    m->items = NULL;
    m->n_items = m->cap_items = 0;
  }
}

bool wg_mask_any(const wg_mask *m) {
  return m != NULL && (m->n_items > 0 || m->failed);
}

static bool mask_grow(wg_mask *m) {
  if (m->n_items < m->cap_items) {
    return true;
  }
  size_t cap = m->cap_items == 0 ? 16 : m->cap_items * 2;
  wg_mask_item *v = m->alloc->fn(m->alloc->ctx, m->items, cap * sizeof(*v));
  if (v == NULL) {
    return false;
  }
  m->items = v;
  m->cap_items = cap;
  return true;
}

static void mask_insert(wg_mask *m, const char *value, size_t n, const char *shown) {
  for (size_t i = 0; i < m->n_items; i++) {
    if (m->items[i].n == n && memcmp(m->items[i].value, value, n) == 0) {
      return; // by the name it had first
    }
  }
  char *v = wg_arena_strndup(&m->arena, value, n), *s = wg_arena_strdup(&m->arena, shown);
  if (v == NULL || s == NULL || m->n_items >= MASK_MAX_ITEMS || !mask_grow(m)) {
    m->failed = true;
    return;
  }
  size_t at = m->n_items++;
  for (; at > 0 && m->items[at - 1].n < n; at--) {
    m->items[at] = m->items[at - 1];
  }
  m->items[at] = (wg_mask_item){.value = v, .shown = s, .n = n};
  uint8_t lower = (uint8_t)wg_ascii_lower(v[0]);
  m->begins[lower] = true;
  m->begins[lower >= 'a' && lower <= 'z' ? lower - 'a' + 'A' : lower] = true;
}

// What stands behind a backslash for the character; NUL: it stands for itself.
static char mask_escape(char c) {
  return c == '\n' ? 'n' : c == '\t' ? 't' : c == '\r' ? 'r' : c == '"' || c == '\\' ? c : '\0';
}

static char mask_turned(char c) {
  return c == '/' ? '\\' : c == '\\' ? '/' : c;
}

// The value as other programs print it: with escapes as in C, Go and JSON; with slashes turned.
static void mask_variants(wg_mask *m, const char *value, const char *shown) {
  size_t n = strlen(value), k = 0;
  char *escaped = wg_arena_get(&m->arena, n * 2 + 1), *turned = wg_arena_strdup(&m->arena, value);
  if (escaped == NULL || turned == NULL) {
    m->failed = true;
    return;
  }
  for (size_t i = 0; i < n; i++) {
    char e = mask_escape(value[i]);
    if (e != '\0') {
      escaped[k++] = '\\';
    }
    escaped[k++] = e != '\0' ? e : value[i];
    turned[i] = mask_turned(value[i]);
  }
  mask_insert(m, escaped, k, shown);
  mask_insert(m, turned, n, shown);
}

static bool mask_is_of(char c, const char *chars) {
  return c != '\0' && strchr(chars, c) != NULL;
}

// Its lines, or its words, alone: flags are taken apart by whoever they are for.
static void mask_parts(wg_mask *m, const char *value, const char *between, size_t min_bytes,
                       const char *shown) {
  for (const char *p = value; *p != '\0';) {
    size_t n = 0;
    while (p[n] != '\0' && !mask_is_of(p[n], between)) {
      n++;
    }
    bool is_all = p == value && p[n] == '\0';
    if (n >= min_bytes && !is_all) {
      mask_insert(m, p, n, shown);
    }
    p += n;
    while (mask_is_of(*p, between)) {
      p++;
    }
  }
}

void wg_mask_note_text(wg_mask *m, const char *text, const char *shown) {
  size_t n = strlen(text);
  if (n > 0) {
    mask_insert(m, text, n, shown);
    mask_variants(m, text, shown);
  }
}

void wg_mask_note(wg_mask *m, const char *value, const char *shown) {
  if (value[0] != '\0') {
    wg_mask_note_text(m, value, shown);
    mask_parts(m, value, "\r\n", MASK_ANYWHERE, shown);
    mask_parts(m, value, " \t\r\n", MASK_PART, shown);
    // "token=...", "user:password@host": what another program says may be one of these alone.
    mask_parts(m, value, strchr(value, '@') != NULL ? MASK_IN_URL : MASK_IN_FLAGS, MASK_PART,
               shown);
  }
}

static bool mask_same(const char *a, const char *b, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (wg_ascii_lower(a[i]) != wg_ascii_lower(b[i])) {
      return false;
    }
  }
  return true;
}

static bool mask_wordy(char c) {
  return (c >= '0' && c <= '9') || (wg_ascii_lower(c) >= 'a' && wg_ascii_lower(c) <= 'z') ||
         c == '_' || (uint8_t)c >= 0x80;
}

static bool mask_at_word(wg_str text, size_t at, size_t n) {
  bool before = at == 0 || !mask_wordy(text.p[at - 1]) || !mask_wordy(text.p[at]);
  bool after = at + n == text.n || !mask_wordy(text.p[at + n]) || !mask_wordy(text.p[at + n - 1]);
  return before && after;
}

// In quotes, behind '=', or all there is.
static bool mask_alone(wg_str text, size_t at, size_t n) {
  char before = at == 0 ? '\0' : text.p[at - 1], after = at + n == text.n ? '\0' : text.p[at + n];
  bool begins = before == '\'' || before == '"' || before == '`' || before == '=';
  bool all = at == 0 && at + n == text.n;
  return all || (begins && (after == '\0' || strchr("'\"` ,;\n", after) != NULL));
}

// How many bytes of text at `at` are this value's.
static size_t mask_match(const wg_mask_item *it, wg_str text, size_t at) {
  size_t left = text.n - at;
  if (left >= it->n && mask_same(text.p + at, it->value, it->n)) {
    bool fits = it->n >= MASK_ANYWHERE ||
                (it->n >= MASK_WORD ? mask_at_word(text, at, it->n) : mask_alone(text, at, it->n));
    return fits ? it->n : 0;
  }
  size_t n = 0; // cut short
  while (n < it->n && n < left && wg_ascii_lower(text.p[at + n]) == wg_ascii_lower(it->value[n])) {
    n++;
  }
  bool cut = n >= MASK_CUT && it->n >= MASK_ANYWHERE &&
             (wg_str_starts((wg_str){text.p + at + n, left - n}, "...") ||
              wg_str_starts((wg_str){text.p + at + n, left - n}, "\xE2\x80\xA6"));
  return cut ? n : 0;
}

const char *wg_mask_whole(const wg_mask *m, const char *text) {
  for (size_t i = 0; wg_mask_any(m) && i < m->n_items; i++) {
    if (strcmp(m->items[i].value, text) == 0) {
      return m->items[i].shown;
    }
  }
  return text;
}

void wg_mask_add_text(const wg_mask *m, wg_str text, wg_buf *out) {
  if (!wg_mask_any(m)) {
    wg_buf_add_str(out, text);
    return;
  }
  if (m->failed) {
    wg_buf_add_z(out, "(not shown: there was no memory for what must not be shown)");
    return;
  }
  size_t from = 0;
  for (size_t at = 0; at < text.n;) {
    size_t n = 0, i = 0;
    if (m->begins[(uint8_t)text.p[at]]) {
      for (; i < m->n_items && n == 0; i++) {
        n = mask_match(&m->items[i], text, at);
      }
    }
    if (n == 0) {
      at++;
      continue;
    }
    wg_buf_add(out, text.p + from, at - from);
    wg_buf_add_z(out, m->items[i - 1].shown);
    at += n;
    from = at;
  }
  wg_buf_add(out, text.p + from, text.n - from);
}

void wg_mask_error(const wg_mask *m, wg_error *err) {
  if (!wg_mask_any(m) || err->code == WG_OK) {
    return;
  }
  wg_buf b;
  wg_buf_init(&b, m->alloc, 0);
  wg_mask_add_text(m, wg_str_of(err->text), &b);
  wg_error_text(err, b.failed ? "(not shown: out of memory)" : wg_buf_z(&b));
  wg_buf_done(&b);
}
