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
    wg_lint_say(l, 1304, at, "%.*s\\%.*s is not below HKR", WG_STR_ARG(root), WG_STR_ARG(key));
  }
  if (reg_is(root, "HKCR")) {
    wg_lint_say(l, 2660, at, "HKCR\\%.*s: write it below HKR", WG_STR_ARG(key));
  } else if (name.n == 0) {
    wg_lint_say(l, 1320, at, "%.*s\\%.*s is not below HKR", WG_STR_ARG(root), WG_STR_ARG(key));
  } else {
    wg_lint_say(l, 1321, at, "'%.*s' of %.*s\\%.*s is not below HKR", WG_STR_ARG(name),
                WG_STR_ARG(root), WG_STR_ARG(key));
  }
  if (reg_is(root, "HKLM") && reg_below(key, "SYSTEM") &&
      !reg_below(key, "SYSTEM\\CurrentControlSet")) {
    wg_lint_say(l, 1222, at, "HKLM\\%.*s may not be changed; HKLM\\SYSTEM\\CurrentControlSet may",
                WG_STR_ARG(key));
  }
  if (com && reg_has(key, "\\LocalServer32")) {
    wg_lint_say(l, 1325, at, "COM class %.*s is no InprocServer32", WG_STR_ARG(key));
  }
}

static void reg_relative(lint *l, const wg_inf_line *line, wg_str key, const lint_at *at) {
  wg_str name = wg_lint_text(l, line, 2);
  bool parameters = reg_below(key, "Parameters");
  if (at->service.n > 0 && !at->event && !parameters) {
    wg_lint_say(l, 1323, line->n_fields > 1 ? &line->fields[1] : &line->fields[0],
                "'%.*s' of service '%.*s' is not below Parameters",
                WG_STR_ARG(name.n > 0 ? name : key), WG_STR_ARG(at->service));
  }
  bool filters = reg_is(name, "UpperFilters") || reg_is(name, "LowerFilters");
  if (filters && at->service.n == 0) {
    wg_lint_say(l, l->is_extension ? 1384 : 1329, &line->fields[2],
                "%.*s: filters belong into [%.*s.Filters]", WG_STR_ARG(name),
                WG_STR_ARG(at->install->name));
    if (l->is_extension) {
      wg_lint_say(l, 1329, &line->fields[2], "%.*s: filters belong into [%.*s.Filters]",
                  WG_STR_ARG(name), WG_STR_ARG(at->install->name));
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
    wg_lint_say(l, 1224, wg_lint_head(line), "'%.*s' is no root of the registry: HKR is, and HKLM",
                WG_STR_ARG(line->key != NULL ? line->key->text : root));
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

static void reg_numbers(lint *l, const wg_inf_line *line, uint32_t type) {
  bool bytes = line->n_fields > 5;
  for (uint32_t f = 4; f < line->n_fields; f++) {
    uint32_t v = 0;
    uint64_t wide = 0;
    wg_str s = wg_lint_text(l, line, f);
    bool hex0x = s.n > 2 && s.p[0] == '0' && (s.p[1] == 'x' || s.p[1] == 'X');
    wg_str digits = hex0x ? (wg_str){s.p + 2, s.n - 2} : s;
    if (type == REG_TYPE_DWORD || type == REG_TYPE_QWORD) {
      bool good = bytes ? wg_parse_hex64(digits, &wide) && wide <= 0xFF
                        : wg_inf_number(s, &v) ||
                              (type == REG_TYPE_QWORD &&
                               (hex0x ? wg_parse_hex64((wg_str){s.p + 2, s.n - 2}, &wide)
                                      : wg_parse_u64(s, &wide)));
      if (!good) {
        wg_lint_say(l, 1268, &line->fields[f], "'%.*s' is no number of %u bits", WG_STR_ARG(s),
                    type == REG_TYPE_DWORD ? 32U : 64U);
      }
    } else {
      if (!(s.n == 0 && line->n_fields == 5) && !(wg_parse_hex64(digits, &wide) && wide <= 0xFF)) {
        wg_lint_say(l, 1267, &line->fields[f], "'%.*s' is no byte, 00 to FF", WG_STR_ARG(s));
      }
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
                    "'%.*s': %s is known only where it is installed; write %s (with %%%%)",
                    WG_STR_ARG(raw), fixed[i].dirid, fixed[i].better);
      }
    }
    if (raw.n > 10 && reg_has((wg_str){raw.p, 11}, ":\\Windows")) {
      wg_lint_say(l, 1257, &line->fields[f], "'%.*s': write %%%%SystemRoot%%%% for the folder",
                  WG_STR_ARG(raw));
    }
  }
}

static void reg_type(lint *l, const wg_inf_line *line, uint32_t flags) {
  uint32_t type = flags & REG_TYPE_MASK;
  uint32_t high = flags >> 16;
  const wg_inf_field *at = &line->fields[3];
  if ((flags & REG_APPEND) != 0) {
    if (type == REG_TYPE_MULTI_SZ) {
      wg_lint_say(l, 1305, at, "a text is appended to the list '%.*s'",
                  WG_STR_ARG(wg_lint_text(l, line, 2)));
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
                "%.*s: Windows no longer loads co-installers and class "
                "installers of drivers",
                WG_STR_ARG(name));
    if (l->is_extension) {
      wg_lint_say(l, 1382, &line->fields[2], "an extension may not have co-installers");
    }
  }
  if (!wg_lint_number(l, line, 3, &flags)) {
    wg_lint_say(l, 1268, &line->fields[3], "the flags '%.*s' are no number",
                WG_STR_ARG(wg_lint_text(l, line, 3)));
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
      (flags & 0x00018002U) == 0x00018002U) {
    wg_lint_say(l, 1305, &line->fields[3], "a text is taken from the list '%.*s'",
                WG_STR_ARG(wg_lint_text(l, line, 2)));
  }
}

static void reg_bit(lint *l, const wg_inf_line *line, const lint_at *at) {
  uint32_t mask = 0;
  wg_str text = wg_lint_text(l, line, 4);
  if (reg_root(l, line, at, false) && line->n_fields > 4 &&
      (!wg_inf_number(text, &mask) || mask > 0xFF)) {
    wg_lint_say(l, 1262, &line->fields[4], "the mask '%.*s' is no byte", WG_STR_ARG(text));
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
                "'%.*s' of %.*s\\%.*s is set differently in [%.*s] and [%.*s]", WG_STR_ARG(b->name),
                WG_STR_ARG(b->owner.n > 0 ? b->owner : b->root), WG_STR_ARG(b->key),
                WG_STR_ARG(a->at->line > b->at->line ? b->from : a->from),
                WG_STR_ARG(a->at->line > b->at->line ? a->from : b->from));
  }
}
