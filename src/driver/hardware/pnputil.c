// SPDX-License-Identifier: Apache-2.0
// pnputil /enum-devices /ids, in whatever language: labels are translated, what stands behind them
// and in which order is not.
#include "driver/hardware/build.h"

typedef struct pn_labels { // as this text has them
  wg_str first;            // "Instance ID"
  wg_str hardware, compatible;
} pn_labels;

// "Label:   value". False: a continued value, or nothing.
static bool pn_split(wg_str line, wg_str *label, wg_str *value) {
  if (line.n == 0 || line.p[0] == ' ' || line.p[0] == '\t') {
    return false;
  }
  for (size_t i = 0; i < line.n; i++) {
    if (line.p[i] == ':' && (i + 1 == line.n || line.p[i + 1] == ' ' || line.p[i + 1] == '\t')) {
      *label = wg_hw_trim((wg_str){line.p, i});
      *value = wg_hw_trim(wg_hw_after(line, i + 1));
      return label->n > 0;
    }
  }
  return false;
}

static size_t pn_backslashes(wg_str v) {
  size_t n = 0;
  for (size_t i = 0; i < v.n; i++) {
    n += v.p[i] == '\\';
  }
  return n;
}

static bool pn_is_guid(wg_str v) {
  return v.n == 38 && v.p[0] == '{' && v.p[37] == '}' && v.p[9] == '-';
}

// An id has at most one backslash and no space; an instance path has two.
static bool pn_is_id(wg_str v) {
  return v.n > 2 && wg_str_find(v, ' ') == v.n && !pn_is_guid(v) &&
         (pn_backslashes(v) == 1 || (v.p[0] == '*' && pn_backslashes(v) == 0));
}

static bool pn_is_instance(wg_str v) {
  return pn_backslashes(v) >= 2 && v.n < WG_HW_MAX_ID_BYTES;
}

// The label of the first line that has an instance path begins each device; in English the two
// lists have names, else they are, within a device, the first two lists of ids.
static pn_labels pn_learn(wg_str text) {
  pn_labels l = {.hardware = WG_STR("Hardware IDs"), .compatible = WG_STR("Compatible IDs")};
  wg_str rest = text, line = {0}, label = {0}, value = {0}, list = {0}, lone = {0};
  bool english = false, paired = false;
  while (wg_hw_line(&rest, &line) && !english) {
    if (!pn_split(line, &label, &value)) {
      continue;
    }
    english = wg_str_eqz(label, "Hardware IDs") || wg_str_eqz(label, "Compatible IDs");
    if (pn_is_instance(value) && (l.first.n == 0 || wg_str_eq(label, l.first))) {
      l.first = label;
      list = (wg_str){0};
    } else if (pn_is_id(value) && list.n == 0) {
      list = label;
      lone = lone.n == 0 ? label : lone;
    } else if (pn_is_id(value) && !paired) {
      l.hardware = list;
      l.compatible = label;
      paired = true;
    }
  }
  if (english) {
    l.hardware = WG_STR("Hardware IDs");
    l.compatible = WG_STR("Compatible IDs");
  } else if (!paired && lone.n > 0) {
    l.hardware = lone;
  }
  return l;
}

typedef struct pn_state {
  wg_hw_device *d;
  unsigned n_fields;
  wg_str before; // the value of the field before
  enum {
    PN_OTHER,
    PN_HARDWARE,
    PN_COMPATIBLE
  } at;
} pn_state;

static void pn_field(wg_hw_build *b, pn_state *s, const pn_labels *l, wg_str label, wg_str value) {
  s->n_fields++;
  s->at = wg_str_eq(label, l->hardware)     ? PN_HARDWARE
          : wg_str_eq(label, l->compatible) ? PN_COMPATIBLE
                                            : PN_OTHER;
  if (s->at != PN_OTHER) {
    wg_hw_add_id(b, s->at == PN_COMPATIBLE, value);
  } else if (s->n_fields == 2) {
    s->d->name = wg_hw_text(b, value);
  } else if (pn_is_guid(value) && s->d->class_guid.n == 0) {
    s->d->class_guid = wg_hw_text(b, value);
    s->d->class_name = wg_hw_text(b, s->before);
  } else if (s->d->class_guid.n > 0 && s->d->manufacturer.n == 0) {
    s->d->manufacturer = wg_hw_text(b, value);
  }
  s->before = value;
}

wg_code wg_hw_read_pnputil(wg_hw_build *b, wg_str text, wg_error *err) {
  pn_labels l = pn_learn(text);
  pn_state s = {0};
  wg_str rest = text, line = {0}, label = {0}, value = {0};
  bool has_ids = false;
  while (wg_hw_line(&rest, &line)) {
    if (!pn_split(line, &label, &value)) {
      if (s.d != NULL && s.at != PN_OTHER && line.n > 0) {
        wg_hw_add_id(b, s.at == PN_COMPATIBLE, line);
      }
    } else if (l.first.n > 0 && wg_str_eq(label, l.first)) {
      s = (pn_state){.d = wg_hw_add(b), .n_fields = 1, .before = value};
      if (s.d == NULL) {
        return WG_OK; // the builder says why
      }
      s.d->instance = wg_hw_text(b, value);
    } else if (s.d != NULL) {
      pn_field(b, &s, &l, label, value);
      has_ids = has_ids || s.at != PN_OTHER;
    }
  }
  if (b->n > 0 && !has_ids) {
    return wg_fail(err, WG_E_FORMAT,
                   "pnputil tells no ids: run 'pnputil /enum-devices /ids' (/deviceids before "
                   "Windows 11 21H2)");
  }
  return WG_OK;
}
