// SPDX-License-Identifier: Apache-2.0
// setupapi.dev.log of Windows Vista and later, setupapi.log of those before: what was searched for,
// and for which device.
#include <string.h>

#include "driver/hardware/build.h"

typedef struct sa_state {
  wg_str instance; // of the section
  uint32_t device; // of b->v, that the section has filled; UINT32_MAX: none yet
  enum {
    SA_OTHER,
    SA_HARDWARE,
    SA_COMPATIBLE
  } at;
  bool again; // the device had ids by an earlier section: they are as they were
} sa_state;

// "BUS\device\instance", not a file.
static bool sa_is_instance(wg_str s) {
  size_t bus = wg_str_find(s, '\\');
  size_t device = bus < s.n ? wg_str_find(wg_hw_after(s, bus + 1), '\\') : 0;
  return bus > 0 && bus + 1 < s.n && wg_str_find(s, ':') > bus && s.p[0] != '\\' &&
         s.n <= WG_HW_MAX_ID_BYTES && bus + 1 + device < s.n;
}

// What stands behind " - " and in front of '}' or ']', of a line that names a device.
static wg_str sa_named(wg_str line) {
  size_t dash = wg_hw_find(line, " - ");
  if (dash == line.n) {
    return (wg_str){0};
  }
  wg_str s = wg_hw_after(line, dash + 3);
  size_t end = s.n;
  while (end > 0 && s.p[end - 1] != '}' && s.p[end - 1] != ']') {
    end--;
  }
  s = wg_hw_trim((wg_str){s.p, end > 0 ? end - 1 : 0});
  return sa_is_instance(s) ? s : (wg_str){0};
}

static void sa_open(wg_hw_build *b, sa_state *s, bool compatible) {
  if (s->again) {
    return;
  }
  if (s->device != UINT32_MAX) { // searched for twice in one section, and the same
    s->again = !compatible;
    return;
  }
  for (uint32_t i = 0; i < b->n && s->instance.n > 0; i++) {
    if (wg_str_eq(b->v[i].instance, s->instance)) {
      s->again = true;
      return;
    }
  }
  wg_hw_device *d = wg_hw_add(b);
  if (d != NULL) {
    d->instance = wg_hw_text(b, s->instance);
    s->device = b->n - 1;
  }
}

// An id stands alone on its line, further in than what announced it.
static bool sa_is_id(wg_str s) {
  return s.n > 0 && s.n <= WG_HW_MAX_ID_BYTES && s.p[0] != '{' && s.p[s.n - 1] != '}' &&
         wg_str_find(s, ' ') == s.n && s.p[s.n - 1] != ':' && wg_hw_find(s, "...") == s.n;
}

static void sa_list(wg_hw_build *b, bool compatible, wg_str list) {
  while (list.n > 0) { // Windows before Vista: all on the line, with commas
    size_t n = wg_str_find(list, ',');
    wg_str id = wg_hw_trim((wg_str){list.p, n});
    if (sa_is_id(id)) {
      wg_hw_add_id(b, compatible, id);
    }
    list = wg_hw_after(list, n + 1);
  }
}

static bool sa_search(wg_hw_build *b, sa_state *s, wg_str line) {
  static const char hw[] = "Searching for hardware ID(s):";
  static const char compat[] = "Searching for compatible ID(s):";
  size_t h = wg_hw_find(line, hw), c = wg_hw_find(line, compat);
  if (h == line.n && c == line.n) {
    return false;
  }
  bool compatible = c < line.n;
  s->at = compatible ? SA_COMPATIBLE : SA_HARDWARE;
  sa_open(b, s, compatible);
  wg_str list = wg_hw_after(line, compatible ? c + sizeof(compat) - 1 : h + sizeof(hw) - 1);
  if (!s->again && wg_hw_trim(list).n > 0) {
    sa_list(b, compatible, list);
    s->at = SA_OTHER;
  }
  return true;
}

// 'Doing full install of "PCI\...\3&...".' of Windows before Vista, behind what was searched for.
static void sa_old_name(wg_hw_build *b, sa_state *s, wg_str line) {
  size_t at = wg_hw_find(line, "install of \"");
  if (at == line.n || s->device == UINT32_MAX || b->v[s->device].instance.n > 0) {
    return;
  }
  wg_str name = wg_hw_after(line, at + strlen("install of \""));
  name.n = wg_str_find(name, '"');
  b->v[s->device].instance = wg_hw_text(b, name);
}

static void sa_line(wg_hw_build *b, sa_state *s, wg_str line) {
  bool section = wg_str_starts(line, ">>>  [");
  bool old_section = line.n > 20 && line.p[0] == '[' && line.p[5] == '/';
  if (section || old_section) {
    *s = (sa_state){.device = UINT32_MAX, .instance = section ? sa_named(line) : (wg_str){0}};
    return;
  }
  if (sa_search(b, s, line)) {
    return;
  }
  if (line.n > 0 && line.p[0] == '#') {
    sa_old_name(b, s, line);
    s->at = SA_OTHER;
    return;
  }
  // "     dvi:           pci\ven_..."
  size_t colon = wg_str_find(line, ':');
  wg_str body = wg_hw_trim(wg_hw_after(line, colon + 1));
  if (s->at != SA_OTHER && sa_is_id(body)) {
    if (!s->again) {
      wg_hw_add_id(b, s->at == SA_COMPATIBLE, body);
    }
    return;
  }
  s->at = SA_OTHER;
  wg_str named = body.n > 0 && body.p[0] == '{' ? sa_named(body) : (wg_str){0};
  if (named.n > 0 && !wg_str_eq(named, s->instance)) {
    *s = (sa_state){.device = UINT32_MAX, .instance = named};
  }
}

wg_code wg_hw_read_setupapi(wg_hw_build *b, wg_str text, wg_error *err) {
  sa_state s = {.device = UINT32_MAX};
  wg_str rest = text, line = {0};
  while (wg_hw_line(&rest, &line)) {
    sa_line(b, &s, line);
    if (b->full || b->starved) {
      break;
    }
  }
  if (b->n == 0 && !b->full && !b->starved) {
    return wg_fail(err, WG_E_NOT_FOUND, "the log has no device for which a driver was searched");
  }
  return WG_OK;
}
