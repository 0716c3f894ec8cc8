// SPDX-License-Identifier: Apache-2.0
// Names of sections and keys: hashed without regard to letter case.
#include "fmt/inf/int.h"

#define NAMES_FEW 8U // lines of a section that is walked, not indexed

WG_WRAPS uint64_t wg_inf_hash(uint64_t seed, wg_str name) {
  uint64_t h = seed ^ name.n;
  bool ascii = true;
  for (size_t i = 0; i < name.n; i++) {
    uint32_t c = (uint8_t)name.p[i];
    ascii = ascii && c < 0x80;
    h = (h ^ (c >= 'a' && c <= 'z' ? c - 0x20 : c)) * 0x100000001B3U;
  }
  if (!ascii) { // names that differ in case may differ in length
    h = seed;
    uint32_t cp = 0;
    for (size_t pos = 0; pos < name.n;) {
      if (!wg_utf8_next(name, &pos, &cp)) {
        cp = (uint8_t)name.p[pos++];
      } else if (cp < 0x10000) {
        cp = wg_upcase16((uint16_t)cp);
      }
      h = (h ^ cp) * 0x100000001B3U;
    }
  }
  h ^= h >> 32;
  h *= 0x9E3779B97F4A7C15U;
  return h ^ h >> 29;
}

uint32_t wg_inf_mask(uint32_t n) {
  uint32_t size = 8;
  while (size < (1U << 30) && size / 2 < n) {
    size *= 2;
  }
  return size - 1;
}

const wg_inf_section *wg_inf_section_of(const wg_inf *inf, wg_str name) {
  const struct wg_inf_index *x = inf->index;
  for (uint64_t h = wg_inf_hash(x->seed, name);; h++) {
    uint32_t slot = x->slots[h & x->mask];
    if (slot == 0) {
      return NULL;
    }
    const wg_inf_section *s = &inf->sections[slot - 1];
    if (wg_name_cmp_nocase(s->name, name) == 0) {
      return s;
    }
  }
}

// The key of a line as written; the field that stands for it where there is no '='. NULL: none.
static const wg_inf_field *names_key_field(const wg_inf_line *line) {
  if (line->key != NULL) {
    return line->key;
  }
  return line->n_fields == 1 ? &line->fields[0] : NULL;
}

static bool names_is_strings(const wg_inf *inf, const wg_inf_section *s) {
  for (uint32_t i = 0; i < inf->index->n_strings; i++) {
    if (inf->index->strings[i] == s) {
      return true;
    }
  }
  return false;
}

// The key as it is looked up; false when the line has none.
static bool names_key(const wg_inf *inf, const wg_inf_line *line, bool raw, wg_str *out) {
  const wg_inf_field *k = names_key_field(line);
  if (k == NULL) {
    return false;
  }
  *out = raw ? k->text : wg_inf_expand(inf, k->text);
  return true;
}

static const wg_inf_line *names_walk(const wg_inf *inf, const wg_inf_section *s, bool raw,
                                     wg_str key) {
  wg_str k = {0};
  for (uint32_t i = 0; i < s->n_lines; i++) {
    if (names_key(inf, &s->lines[i], raw, &k) && wg_name_cmp_nocase(k, key) == 0) {
      return &s->lines[i];
    }
  }
  return NULL;
}

// Where the key stands in the table, or the empty slot where it would.
static uint32_t *names_slot(const wg_inf *inf, const inf_keys *keys, bool raw, wg_str key) {
  for (uint64_t h = wg_inf_hash(inf->index->seed, key);; h++) {
    uint32_t *slot = &keys->slots[h & keys->mask];
    wg_str k = {0};
    if (*slot == 0 || (names_key(inf, &keys->section->lines[*slot - 1], raw, &k) &&
                       wg_name_cmp_nocase(k, key) == 0)) {
      return slot;
    }
  }
}

// False when there is no memory for it.
static bool names_build(const wg_inf *inf, const wg_inf_section *s, bool raw, inf_keys *keys) {
  uint32_t mask = wg_inf_mask(s->n_lines);
  uint32_t *slots = wg_arena_new_array(inf->arena, uint32_t, (size_t)mask + 1);
  if (slots == NULL) {
    return false;
  }
  inf_keys made = {.section = s, .slots = slots, .mask = mask};
  wg_str k = {0};
  for (uint32_t i = 0; i < s->n_lines; i++) {
    if (names_key(inf, &s->lines[i], raw, &k)) {
      uint32_t *slot = names_slot(inf, &made, raw, k);
      *slot = *slot == 0 ? i + 1 : *slot;
    }
  }
  *keys = made;
  return true;
}

const wg_inf_line *wg_inf_find(const wg_inf *inf, const wg_inf_section *s, wg_str key) {
  bool raw = names_is_strings(inf, s);
  if (s->n_lines <= NAMES_FEW) {
    return names_walk(inf, s, raw, key);
  }
  inf_keys *keys = &inf->index->keys[s - inf->sections];
  if (keys->slots == NULL && !names_build(inf, s, raw, keys)) {
    inf->index->starved = true;
    return NULL;
  }
  uint32_t n = *names_slot(inf, keys, raw, key);
  return n == 0 ? NULL : &s->lines[n - 1];
}

const wg_inf_line *wg_inf_line_of(const wg_inf *inf, const wg_inf_section *s, const char *key) {
  return s == NULL ? NULL : wg_inf_find(inf, s, wg_str_of(key));
}
