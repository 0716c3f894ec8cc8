// SPDX-License-Identifier: Apache-2.0
// AddReg, DelReg, BitReg.
#include <string.h>

#include "base/sort.h"
#include "driver/lint/int.h"

#define REG_RAW 0x1U
#define REG_APPEND 0x8U
#define REG_TYPE_MULTI_SZ 0x00010000U
#define REG_TYPE_EXPAND_SZ 0x00020000U
#define REG_TYPE_DWORD 0x00010001U
#define REG_TYPE_NONE 0x00020001U
#define REG_TYPE_QWORD 0x000B0001U
#define REG_DEL_TEXT 0x00018002U // of DelReg: one text of a list
#define REG_TYPE_MASK 0xFFFF0001U

static bool reg_is(wg_str s, const char *z) {
  return wg_str_eq_nocase(s, z);
}

static bool reg_below(wg_str key, const char *top) {
  size_t n = strlen(top);
  return key.n >= n && wg_str_eq_nocase((wg_str){key.p, n}, top) &&
         (key.n == n || key.p[n] == '\\');
}

static bool reg_has(wg_str s, const char *part) { // ASCII, letter case ignored
  size_t n = strlen(part);
  for (size_t i = 0; i + n <= s.n; i++) {
    if (wg_str_eq_nocase((wg_str){s.p + i, n}, part)) {
      return true;
    }
  }
  return false;
}

// --- where it is written

static void reg_outside(lint *l, const wg_inf_line *line, wg_str root, wg_str key) {
  wg_str name = wg_lint_text(l, line, 2);
  const wg_inf_field *at = &line->fields[0];
  bool com = reg_is(root, "HKCR") || (reg_is(root, "HKLM") && reg_below(key, "SOFTWARE\\Classes"));
  bool media = reg_is(root, "HKLM") && reg_has(key, "Microsoft\\Windows Media Foundation");
  if (!com && !media) {
    wg_lint_say(l, 1304, at, "%s\\%s is not below HKR", wg_lint_z(l, root), wg_lint_z(l, key));
  }
  if (reg_is(root, "HKCR") && reg_below(key, "AudioEngine")) {
    wg_lint_say(l, 2660, at, "HKCR\\%s: write it below HKR", wg_lint_z(l, key));
  } else if (name.n == 0) {
    wg_lint_say(l, 1320, at, "%s\\%s is not below HKR", wg_lint_z(l, root), wg_lint_z(l, key));
  } else {
    wg_lint_say(l, 1321, at, "'%s' of %s\\%s is not below HKR", wg_lint_z(l, name),
                wg_lint_z(l, root), wg_lint_z(l, key));
  }
  if (reg_is(root, "HKLM") && reg_below(key, "SYSTEM") &&
      !reg_below(key, "SYSTEM\\CurrentControlSet")) {
    wg_lint_say(l, 1222, at, "HKLM\\%s may not be changed; HKLM\\SYSTEM\\CurrentControlSet may",
                wg_lint_z(l, key));
  }
  if (com && reg_has(key, "\\LocalServer32")) {
    wg_lint_say(l, 1325, at, "COM class %s is no InprocServer32", wg_lint_z(l, key));
  }
}

static void reg_relative(lint *l, const wg_inf_line *line, wg_str key, const lint_at *at) {
  wg_str name = wg_lint_text(l, line, 2);
  bool parameters = reg_below(key, "Parameters");
  if (at->service.n > 0 && !at->event && !parameters) {
    wg_lint_say(l, 1323, line->n_fields > 1 ? &line->fields[1] : &line->fields[0],
                "'%s' of service '%s' is not below Parameters",
                wg_lint_z(l, name.n > 0 ? name : key), wg_lint_z(l, at->service));
  }
  bool filters = reg_is(name, "UpperFilters") || reg_is(name, "LowerFilters");
  if (filters && at->service.n == 0) {
    wg_lint_say(l, l->is_extension ? 1384 : 1329, &line->fields[2],
                "%s: filters belong into [%s.Filters]", wg_lint_z(l, name),
                wg_lint_z(l, at->install->name));
    if (l->is_extension) {
      wg_lint_say(l, 1329, &line->fields[2], "%s: filters belong into [%s.Filters]",
                  wg_lint_z(l, name), wg_lint_z(l, at->install->name));
    }
  }
}

// False: nothing more can be said of the line.
static bool reg_root(lint *l, const wg_inf_line *line, const lint_at *at, bool adds) {
  static const char *const roots[] = {"HKR", "HKLM", "HKCR", "HKCU", "HKU"};
  wg_str root = wg_lint_text(l, line, 0);
  bool known = false;
  for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
    known = known || reg_is(root, roots[i]);
  }
  if (line->key != NULL || !known) {
    wg_lint_say(l, 1224, wg_lint_head(line), "'%s' is no root of the registry: HKR is, and HKLM",
                wg_lint_z(l, line->key != NULL ? line->key->text : root));
    return false;
  }
  wg_str key = wg_lint_text(l, line, 1);
  if (!adds) {
    return true;
  }
  if (reg_is(root, "HKR")) {
    reg_relative(l, line, key, at);
  } else {
    reg_outside(l, line, root, key);
  }
  return true;
}

// --- what is written

// Whether a field is a number of 32 or 64 bits.
static bool reg_is_number(wg_str s, wg_str digits, bool wide64) {
  uint32_t v = 0;
  uint64_t wide = 0;
  if (wg_inf_number(s, &v)) {
    return true;
  }
  return wide64 && (digits.n < s.n ? wg_parse_hex64(digits, &wide) : wg_parse_u64(s, &wide));
}

static bool reg_is_byte(wg_str digits) {
  uint64_t v = 0;
  return wg_parse_hex64(digits, &v) && v <= 0xFF;
}

static void reg_numbers(lint *l, const wg_inf_line *line, uint32_t type) {
  bool number = type == REG_TYPE_DWORD || type == REG_TYPE_QWORD;
  bool one = line->n_fields == 5;
  for (uint32_t f = 4; f < line->n_fields; f++) {
    wg_str s = wg_lint_text(l, line, f);
    bool hex0x = s.n > 2 && s.p[0] == '0' && (s.p[1] == 'x' || s.p[1] == 'X');
    wg_str digits = hex0x ? (wg_str){s.p + 2, s.n - 2} : s;
    bool whole = number && one;
    if (whole && !reg_is_number(s, digits, type == REG_TYPE_QWORD)) {
      wg_lint_say(l, 1268, &line->fields[f], "'%s' is no number of %u bits", wg_lint_z(l, s),
                  type == REG_TYPE_DWORD ? 32U : 64U);
    } else if (!whole && !(one && s.n == 0) && !reg_is_byte(digits)) {
      wg_lint_say(l, number ? 1268 : 1267, &line->fields[f], "'%s' is no byte, 00 to FF",
                  wg_lint_z(l, s));
    }
  }
}

static void reg_texts(lint *l, const wg_inf_line *line) {
  static const struct {
    const char *dirid, *better;
  } fixed[] = {{"%10%", "%SystemRoot%"},
               {"%11%", "%SystemRoot%\\System32"},
               {"%12%", "%SystemRoot%\\System32\\drivers"}};
  for (uint32_t f = 4; f < line->n_fields; f++) {
    wg_str raw = line->fields[f].text;
    for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++) {
      if (raw.n >= 4 && memmem(raw.p, raw.n, fixed[i].dirid, 4) != NULL) {
        wg_lint_say(l, 1258, &line->fields[f],
                    "'%s': %s is known only where it is installed; write %s (with %%%%)",
                    wg_lint_z(l, raw), fixed[i].dirid, fixed[i].better);
      }
    }
    if (raw.n > 10 && reg_has((wg_str){raw.p, 11}, ":\\Windows")) {
      wg_lint_say(l, 1257, &line->fields[f], "'%s': write %%%%SystemRoot%%%% for the folder",
                  wg_lint_z(l, raw));
    }
  }
}

static void reg_type(lint *l, const wg_inf_line *line, uint32_t flags) {
  uint32_t type = flags & REG_TYPE_MASK;
  uint32_t high = flags >> 16;
  const wg_inf_field *at = &line->fields[3];
  if ((flags & REG_APPEND) != 0) {
    if (type == REG_TYPE_MULTI_SZ) {
      wg_lint_say(l, 1305, at, "a text is appended to the list '%s'",
                  wg_lint_z(l, wg_lint_text(l, line, 2)));
    } else {
      wg_lint_say(l, 1265, at, "flags 0x%08x append to a value that is no list", flags);
    }
  }
  if ((flags & REG_RAW) == 0) {
    if (high > 2) {
      wg_lint_say(l, 1264, at, "type %u in flags 0x%08x lacks the flag 1 for raw data", high,
                  flags);
    }
    reg_texts(l, line);
  } else if (high == 7) { // 0, 1 and 2 mean REG_BINARY, REG_DWORD and REG_NONE
    wg_lint_say(l, 1263, at,
                "flags 0x%08x give raw data to REG_MULTI_SZ, which has flags of its own", flags);
  } else if (type != REG_TYPE_NONE) {
    reg_numbers(l, line, high == 4 ? REG_TYPE_DWORD : type);
  }
}

static void reg_set(lint *l, const wg_inf_line *line, const lint_at *at) {
  WG_AUTO(wg_buf) b = {0};
  wg_str root = wg_lint_text(l, line, 0);
  bool relative = reg_is(root, "HKR");
  if (relative && (at->service.n == 0 || at->event)) {
    return; // of each device its own
  }
  wg_buf_init(&b, l->arena->alloc, 1 << 20);
  for (uint32_t f = 3; f < line->n_fields; f++) {
    wg_buf_add_str(&b, wg_lint_text(l, line, f));
    wg_buf_add_byte(&b, ',');
  }
  lint_setting *s = wg_lint_push(l, &l->settings, sizeof(*s));
  const char *value = wg_arena_strndup(l->arena, b.p, b.n);
  if (s == NULL || value == NULL || b.failed) {
    l->starved = l->starved || s == NULL || value == NULL || (b.failed && !b.over_ceiling);
    if (s != NULL) {
      l->settings.n--;
    }
    return;
  }
  *s = (lint_setting){.root = root,
                      .key = wg_lint_text(l, line, 1),
                      .name = wg_lint_text(l, line, 2),
                      .value = {value, b.n},
                      .owner = relative ? at->service : (wg_str){"", 0},
                      .from = at->install->name,
                      .group = l->group,
                      .arch = at->arch,
                      .at = wg_lint_head(line)};
}

static void reg_add(lint *l, const wg_inf_line *line, const lint_at *at) {
  uint32_t flags = 0;
  wg_str name = wg_lint_text(l, line, 2);
  if (!reg_root(l, line, at, true)) {
    return;
  }
  if (reg_is(name, "CoInstallers32") || reg_is(name, "Installer32")) {
    wg_lint_say(l, 1303, &line->fields[2],
                "%s: Windows no longer loads co-installers and class "
                "installers of drivers",
                wg_lint_z(l, name));
    if (l->is_extension) {
      wg_lint_say(l, 1382, &line->fields[2], "an extension may not have co-installers");
    }
  }
  if (!wg_lint_number(l, line, 3, &flags)) {
    wg_lint_say(l, 1268, &line->fields[3], "the flags '%s' are no number",
                wg_lint_z(l, wg_lint_text(l, line, 3)));
    return;
  }
  if (line->n_fields > 3) {
    reg_type(l, line, flags);
  } else {
    reg_texts(l, line);
  }
  reg_set(l, line, at);
}

static void reg_del(lint *l, const wg_inf_line *line, const lint_at *at) {
  uint32_t flags = 0;
  if (reg_root(l, line, at, false) && wg_lint_number(l, line, 3, &flags) &&
      (flags & REG_DEL_TEXT) == REG_DEL_TEXT) {
    bool named = wg_lint_text(l, line, 4).n > 0;
    wg_lint_say(l, named ? 1305 : 1266, &line->fields[3],
                named ? "a text is taken from the list '%s'"
                      : "the text that is to be taken from the list '%s' is missing",
                wg_lint_z(l, wg_lint_text(l, line, 2)));
  }
}

static void reg_bit(lint *l, const wg_inf_line *line, const lint_at *at) {
  uint32_t mask = 0;
  wg_str text = wg_lint_text(l, line, 4);
  if (reg_root(l, line, at, false) && line->n_fields > 4 &&
      (!wg_inf_number(text, &mask) || mask > 0xFF)) {
    wg_lint_say(l, 1262, &line->fields[4], "the mask '%s' is no byte", wg_lint_z(l, text));
  }
}

void wg_lint_registry(lint *l, const wg_inf_line *line, lint_use use, const lint_at *at) {
  for (uint32_t f = 0; f < line->n_fields && wg_lint_more(l); f++) {
    if (wg_lint_text(l, line, f).n == 0) {
      continue;
    }
    const wg_inf_section *s = wg_lint_named(l, line, f, use);
    for (uint32_t i = 0; s != NULL && i < s->n_lines && wg_lint_more(l); i++) {
      if (use == LINT_ADDREG) {
        reg_add(l, &s->lines[i], at);
      } else if (use == LINT_DELREG) {
        reg_del(l, &s->lines[i], at);
      } else {
        reg_bit(l, &s->lines[i], at);
      }
    }
  }
}

// --- two sections that disagree

static int reg_cmp(const void *a, const void *b, void *ctx) {
  const lint_setting *x = a, *y = b;
  (void)ctx;
  if (x->arch != y->arch) {
    return (int)x->arch - (int)y->arch;
  }
  int c = wg_name_cmp_nocase(x->owner, y->owner);
  c = c != 0 ? c : wg_name_cmp_nocase(x->root, y->root);
  c = c != 0 ? c : wg_name_cmp_nocase(x->key, y->key);
  return c != 0 ? c : wg_name_cmp_nocase(x->name, y->name);
}

void wg_lint_end_registry(lint *l) {
  lint_setting *v = l->settings.v;
  wg_sort(v, l->settings.n, sizeof(*v), reg_cmp, NULL);
  for (uint32_t i = 1; i < l->settings.n; i++) {
    const lint_setting *a = &v[i - 1], *b = &v[i];
    if (reg_cmp(a, b, NULL) != 0 || !wg_str_eq(a->group, b->group) ||
        wg_str_eq(a->value, b->value) || wg_name_cmp_nocase(a->from, b->from) == 0) {
      continue;
    }
    wg_lint_say(l, b->owner.n > 0 ? 1332 : 1331, a->at->line > b->at->line ? a->at : b->at,
                "'%s' of %s\\%s is set differently in [%s] and [%s]", wg_lint_z(l, b->name),
                wg_lint_z(l, b->owner.n > 0 ? b->owner : b->root), wg_lint_z(l, b->key),
                wg_lint_z(l, a->at->line > b->at->line ? b->from : a->from),
                wg_lint_z(l, a->at->line > b->at->line ? a->from : b->from));
  }
}
