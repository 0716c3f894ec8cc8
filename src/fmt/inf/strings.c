// SPDX-License-Identifier: Apache-2.0
// [Strings]: tokens in percent signs, and numbers.
#include <string.h>

#include "fmt/inf/int.h"

#define STRINGS_PRIMARY 0x3FFU // bits of a LANGID that say the language without its country

// The LANGID that a section's name ends with: "Strings.0407".
static bool strings_language(wg_str name, uint32_t *out) {
  static const char prefix[] = "Strings.";
  size_t n = sizeof(prefix) - 1;
  uint64_t v = 0;
  if (name.n <= n || !wg_str_eq_nocase((wg_str){name.p, n}, prefix) ||
      !wg_parse_hex64((wg_str){name.p + n, name.n - n}, &v) || v > UINT16_MAX) {
    return false;
  }
  *out = (uint32_t)v;
  return true;
}

// How well a section of strings is for a language: 0 not at all.
static unsigned strings_rank(wg_str name, uint32_t language) {
  uint32_t has = 0;
  if (!strings_language(name, &has)) {
    return 0;
  }
  if (has == language) {
    return 3;
  }
  uint32_t primary = language & STRINGS_PRIMARY;
  return has == primary ? 2 : (has & STRINGS_PRIMARY) == primary ? 1 : 0;
}

void wg_inf_choose_strings(wg_inf *inf, uint32_t language) {
  struct wg_inf_index *x = inf->index;
  for (unsigned rank = 3; rank > 0; rank--) {
    for (uint32_t i = 0; i < inf->n_sections; i++) {
      if (strings_rank(inf->sections[i].name, language) == rank) {
        x->strings[x->n_strings++] = &inf->sections[i];
        break;
      }
    }
  }
  const wg_inf_section *plain = wg_inf_section_of(inf, WG_STR("Strings"));
  if (plain != NULL) {
    x->strings[x->n_strings++] = plain;
  }
}

bool wg_inf_string(const wg_inf *inf, wg_str token, wg_str *out) {
  for (uint32_t i = 0; i < inf->index->n_strings; i++) {
    const wg_inf_line *line = wg_inf_find(inf, inf->index->strings[i], token);
    if (line != NULL && line->n_fields > 0) {
      *out = line->fields[0].text;
      return true;
    }
  }
  return false;
}

size_t wg_inf_cut(wg_str text, uint32_t n_chars16) {
  if (text.n <= n_chars16) {
    return text.n;
  }
  uint32_t n = 0;
  for (size_t i = 0; i < text.n; i++) {
    uint8_t c = (uint8_t)text.p[i];
    uint32_t units = c >= 0xF0 ? 2 : c >= 0x80 && c < 0xC0 ? 0 : 1;
    if (units > 0 && n + units > n_chars16) {
      return i;
    }
    n += units;
  }
  return text.n;
}

// One pass over the text: with `to` NULL it is counted, else written.
static size_t strings_replace(const wg_inf *inf, wg_str text, char *to) {
  size_t n = 0;
  for (size_t i = 0; i < text.n;) {
    wg_str rest = {text.p + i, text.n - i};
    wg_str put = {rest.p, wg_str_find(rest, '%')};
    size_t took = put.n;
    if (took == 0) {
      size_t len = wg_str_find((wg_str){rest.p + 1, rest.n - 1}, '%');
      took = len == rest.n - 1 ? rest.n : len + 2;
      put.n = took;
      if (len == 0 && took == 2) {
        put.n = 1; // "%%"
      } else if (len < rest.n - 1) {
        wg_str found = {0};
        put = wg_inf_string(inf, (wg_str){rest.p + 1, len}, &found) ? found : put;
      }
    }
    if (to != NULL && put.n > 0) {
      memcpy(to + n, put.p, put.n);
    }
    n += put.n;
    i += took;
    if (n > (size_t)INF_MAX_FIELD_CHARS16 * 8) {
      break; // more than what is kept, whatever the characters
    }
  }
  return n;
}

wg_str wg_inf_expand(const wg_inf *inf, wg_str text) {
  if (text.n == 0 || memchr(text.p, '%', text.n) == NULL) {
    return text;
  }
  size_t n = strings_replace(inf, text, NULL);
  char *to = wg_arena_raw_array(inf->arena, char, n);
  if (to == NULL || inf->index->starved) {
    inf->index->starved = true;
    return (wg_str){"", 0};
  }
  wg_str all = {to, n};
  (void)strings_replace(inf, text, to);
  all.n = wg_inf_cut(all, INF_MAX_FIELD_CHARS16);
  return all;
}

wg_str wg_inf_field_text(const wg_inf *inf, const wg_inf_line *line, uint32_t i) {
  if (line == NULL || i >= line->n_fields) {
    return (wg_str){"", 0};
  }
  return wg_inf_expand(inf, line->fields[i].text);
}

bool wg_inf_starved(const wg_inf *inf) {
  return inf->index->starved;
}

const char *wg_inf_encoding_name(wg_inf_encoding e) {
  static const char *const names[] = {[WG_INF_ANSI] = "ANSI",
                                      [WG_INF_UTF16LE] = "UTF-16 LE",
                                      [WG_INF_UTF16BE] = "UTF-16 BE",
                                      [WG_INF_UTF8] = "UTF-8"};
  return names[e];
}

bool wg_inf_number(wg_str text, uint32_t *out) {
  bool minus = text.n > 1 && text.p[0] == '-';
  wg_str digits = minus ? (wg_str){text.p + 1, text.n - 1} : text;
  uint64_t v = 0;
  if (digits.n > 2 && digits.p[0] == '0' && (digits.p[1] == 'x' || digits.p[1] == 'X')) {
    if (!wg_parse_hex64((wg_str){digits.p + 2, digits.n - 2}, &v)) {
      return false;
    }
  } else if (digits.n > 0 && !wg_parse_u64(digits, &v)) {
    return false;
  }
  if (v > (minus ? (uint64_t)1 << 31 : UINT32_MAX)) {
    return false;
  }
  *out = (uint32_t)(minus && v > 0 ? ((uint64_t)1 << 32) - v : v);
  return true;
}
