// SPDX-License-Identifier: Apache-2.0
// lspci (-n, -nn, with -k, -v, -vv, -mm and -vmm) and lsusb (also -v), one or both in one text.
#include <string.h>

#include "base/near.h"
#include "driver/hardware/ids.h"

// --- what begins a device

// "0000:00:1f.6 ", "00:1f.6 "; the bytes of it, 0: it is none.
static size_t slot_of(wg_str s) {
  uint32_t v = 0;
  size_t n = 0, at = 0;
  if (!wg_hw_hex(s, 8, &v, &n) || n == s.n || s.p[n] != ':') {
    return 0;
  }
  at = n + 1;
  bool domain = n >= 4;
  if (domain &&
      (!wg_hw_hex(wg_hw_after(s, at), 2, &v, &n) || at + n >= s.n || s.p[at + n] != ':')) {
    return 0;
  }
  at += domain ? n + 1 : 0;
  if (!wg_hw_hex(wg_hw_after(s, at), 2, &v, &n) || n != 2 || at + 4 > s.n || s.p[at + 2] != '.' ||
      s.p[at + 3] < '0' || s.p[at + 3] > '7') {
    return 0;
  }
  at += 4;
  return at == s.n || s.p[at] == ' ' || s.p[at] == '\t' ? at : 0;
}

bool wg_hw_is_lspci(wg_str line) {
  if (wg_str_starts(line, "Slot:\t") || wg_str_starts(line, "Device:\t")) {
    return slot_of(wg_hw_trim(wg_hw_after(line, wg_str_find(line, ':') + 1))) > 0;
  }
  return slot_of(line) > 0;
}

static bool usb_head(wg_str line, uint32_t *vendor, uint32_t *product) {
  size_t n = 0, at = wg_hw_find(line, ": ID ");
  wg_str id = wg_hw_after(line, at + 5);
  return wg_str_starts(line, "Bus ") && at < line.n && wg_hw_hex(id, 4, vendor, &n) && n == 4 &&
         id.n > 5 && id.p[4] == ':' && wg_hw_hex(wg_hw_after(id, 5), 4, product, &n) && n == 4;
}

bool wg_hw_is_lsusb(wg_str line) {
  uint32_t v = 0, p = 0;
  return usb_head(line, &v, &p);
}

// --- lspci

typedef struct pci_state {
  bool open, verbose; // verbose: -v says a programming interface that is not 0
  bool mm;            // -vmm: "Key:\tvalue"
  wg_hw_pci p;
  wg_str slot, name;
} pci_state;

// The last "[xxxx]" (n digits) of s; false without one.
static bool bracket(wg_str s, size_t n_digits, uint32_t *out) {
  for (size_t k = s.n; k > 0; k--) {
    size_t n = 0, i = k - 1;
    if (s.p[i] == '[' && i + n_digits + 1 < s.n && s.p[i + n_digits + 1] == ']' &&
        wg_hw_hex(wg_hw_after(s, i + 1), n_digits, out, &n) && n == n_digits) {
      return true;
    }
  }
  return false;
}

// The last "xxxx:xxxx", in brackets or not.
static bool id_pair(wg_str s, uint16_t *a, uint16_t *b) {
  for (size_t k = s.n; k > 0; k--) {
    size_t i = k - 1;
    uint32_t x = 0, y = 0;
    size_t n = 0, m = 0;
    if (i + 9 <= s.n && s.p[i + 4] == ':' && wg_hw_hex(wg_hw_after(s, i), 4, &x, &n) && n == 4 &&
        wg_hw_hex(wg_hw_after(s, i + 5), 4, &y, &m) && m == 4) {
      *a = (uint16_t)x;
      *b = (uint16_t)y;
      return true;
    }
  }
  return false;
}

static void paren_hex(wg_str line, const char *word, uint32_t *out, bool *has) {
  size_t at = wg_hw_find(line, word), n = 0;
  if (at < line.n && wg_hw_hex(wg_hw_after(line, at + strlen(word)), 2, out, &n)) {
    *has = true;
  }
}

static void pci_close(wg_hw_build *b, pci_state *s) {
  if (!s->open) {
    return;
  }
  s->open = false;
  wg_hw_device *d = s->p.vendor != 0 && s->p.vendor != 0xFFFF ? wg_hw_add(b) : NULL;
  if (d == NULL) {
    return;
  }
  s->p.has_interface = s->p.has_class && (s->p.has_interface || s->verbose || s->mm);
  d->where = wg_hw_text(b, s->slot);
  d->name = wg_hw_text(b, s->name);
  wg_hw_pci_ids(b, &s->p);
  if (!s->p.has_subsystem && s->p.class_code >> 16 != 6) {
    wg_hw_note(b, "lspci did not tell subsystems: ids with SUBSYS are missing; run 'lspci -vnn'.");
  }
  if (!s->p.has_interface) {
    wg_hw_note(b, "lspci did not tell programming interfaces: ids such as PCI\\CC_010802 are "
                  "missing; run 'lspci -vnn'.");
  }
}

// "Host bridge [0600]" "Intel [8086]" "Device [8a12]" -r03 -p00 "Dell [1028]" "Device [08b0]"; with
// -n the numbers alone.
static bool pci_quoted(pci_state *s, wg_str rest) {
  uint32_t field[5] = {0};
  size_t n_fields = 0, n = 0;
  while (n_fields < WG_ARRAY_LEN(field)) {
    size_t open = wg_str_find(rest, '"');
    wg_str text = wg_hw_after(rest, open + 1);
    size_t close = wg_str_find(text, '"');
    if (open == rest.n || close == text.n) {
      break;
    }
    rest = wg_hw_after(text, close + 1);
    text.n = close;
    if (!bracket(text, 4, &field[n_fields]) && !wg_hw_hex(text, 4, &field[n_fields], &n)) {
      break;
    }
    s->name = n_fields == 2 && text.n > 7 ? (wg_str){text.p, text.n - 7} : s->name;
    n_fields++;
  }
  s->p.vendor = (uint16_t)field[1];
  s->p.device = (uint16_t)field[2];
  s->p.sub_vendor = (uint16_t)field[3];
  s->p.sub_device = (uint16_t)field[4];
  s->p.class_code |= field[0] << 8;
  s->p.has_class = n_fields >= 3;
  s->p.has_subsystem = n_fields == 5;
  return n_fields >= 3;
}

// "00:1f.6 Ethernet controller [0200]: Intel Corporation ... [8086:15d7] (rev 21)", or with -n
// "00:1f.6 0200: 8086:15d7 (rev 21)", or with -mm quoted fields.
static void pci_head(wg_hw_build *b, pci_state *s, wg_str line) {
  size_t n = slot_of(line), m = 0;
  uint32_t v = 0;
  bool has = false;
  pci_close(b, s);
  *s = (pci_state){.open = true, .slot = {line.p, n}, .p = {.port_type = -1}};
  wg_str rest = wg_hw_trim(wg_hw_after(line, n));
  paren_hex(rest, "(rev ", &v, &has);
  paren_hex(rest, " -r", &v, &has);
  s->p.revision = (uint8_t)v;
  has = false;
  paren_hex(rest, "(prog-if ", &v, &has);
  paren_hex(rest, " -p", &v, &has);
  uint32_t interface = has ? v : 0;
  s->p.has_interface = has;
  if (rest.n > 0 && rest.p[0] == '"') {
    s->p.class_code = interface;
    s->open = pci_quoted(s, rest);
    return;
  }
  size_t colon = wg_hw_find(rest, ": ");
  wg_str class_part = {rest.p, colon};
  if (wg_hw_hex(rest, 4, &v, &m) && m == 4 && colon == 4) {
    s->p.has_class = true;
  } else if (bracket(class_part, 4, &v)) {
    s->p.has_class = true;
    s->name = wg_hw_after(rest, colon + 2);
  }
  s->p.class_code = s->p.has_class ? v << 8 | interface : 0;
  if (!id_pair(rest, &s->p.vendor, &s->p.device)) {
    s->open = false;
    return;
  }
  for (size_t i = s->name.n; i > 1; i--) { // "[Radeon] [1002:6823] (rev ff)"
    if (s->name.p[i - 1] == '[' && s->name.p[i - 2] == ' ') {
      s->name.n = i - 2;
      break;
    }
  }
}

static int port_type_of(wg_str line) {
  static const struct {
    const char *name;
    int type;
  } types[] = {{"Legacy Endpoint", 1},
               {"Root Complex Integrated Endpoint", 9},
               {"Root Complex Event", 10},
               {"Endpoint", 0},
               {"Root Port", 4},
               {"Upstream Port", 5},
               {"Downstream Port", 6},
               {"PCI-Express to PCI/PCI-X Bridge", 7},
               {"PCI/PCI-X to PCI-Express", 8}};
  size_t at = wg_hw_find(line, "Express ");
  for (size_t i = 0; at < line.n && i < WG_ARRAY_LEN(types); i++) {
    if (wg_hw_find(line, types[i].name) < line.n) {
      return types[i].type;
    }
  }
  return -1;
}

static void pci_detail(pci_state *s, wg_str line) {
  wg_str t = wg_hw_trim(line);
  if (wg_str_starts(t, "Subsystem:")) {
    s->p.has_subsystem = id_pair(t, &s->p.sub_vendor, &s->p.sub_device);
  } else if (wg_str_starts(t, "Flags:") || wg_str_starts(t, "Control:")) {
    s->verbose = true; // with -v no programming interface means 0
  } else if (wg_str_starts(t, "Capabilities:") && s->p.port_type < 0) {
    s->p.port_type = port_type_of(t);
  }
}

static void pci_number(pci_state *s, wg_str key, wg_str value, uint32_t number, bool numbered) {
  wg_hw_pci *p = &s->p;
  if (wg_str_eqz(key, "Class")) {
    p->has_class = true;
    p->class_code |= number << 8;
  } else if (wg_str_eqz(key, "Vendor")) {
    p->vendor = (uint16_t)number;
  } else if (wg_str_eqz(key, "Device")) {
    p->device = (uint16_t)number;
    s->name = value;
    s->name.n = numbered && value.n > 7 ? value.n - 7 : 0; // "Name [15d7]"
  } else if (wg_str_eqz(key, "SVendor")) {
    p->sub_vendor = (uint16_t)number;
    p->has_subsystem = true;
  } else if (wg_str_eqz(key, "SDevice")) {
    p->sub_device = (uint16_t)number;
  } else if (wg_str_eqz(key, "Rev")) {
    p->revision = (uint8_t)number;
  } else if (wg_str_eqz(key, "ProgIf")) {
    p->class_code |= number & 0xFF;
  }
}

// -vmm: one value a line, "Name [15d7]" or, with -n, the number alone.
static void pci_key(wg_hw_build *b, pci_state *s, wg_str line) {
  size_t colon = wg_str_find(line, ':'), n = 0;
  wg_str key = {line.p, colon}, value = wg_hw_trim(wg_hw_after(line, colon + 1));
  uint32_t v = 0;
  if (wg_str_eqz(key, "Slot") || (wg_str_eqz(key, "Device") && slot_of(value) > 0)) {
    pci_close(b, s);
    *s = (pci_state){.open = true, .mm = true, .slot = value, .p = {.port_type = -1}};
    return;
  }
  bool numbered = bracket(value, 4, &v);
  if (numbered || (wg_hw_hex(value, 4, &v, &n) && n == value.n)) {
    pci_number(s, key, value, v, numbered);
  }
}

// --- lsusb

typedef struct usb_state {
  bool open, verbose;
  wg_hw_usb device, function;
  wg_str where, name;
  int in_group, group_end; // interfaces of an association: its first, and behind its last
  bool counts;             // the lines are of the last function
  wg_hw_usb *found;        // the functions
  uint32_t n_found, cap_found;
} usb_state;

static void usb_close(wg_hw_build *b, usb_state *s) {
  bool open = s->open;
  s->open = false;
  // A root hub is the controller's; Windows makes and drives it without ids of ours.
  if (!open || s->device.vendor == 0x1D6B) {
    return;
  }
  wg_hw_device *d = wg_hw_add(b);
  if (d == NULL) {
    return;
  }
  wg_hw_usb u = s->device;
  u.function = -1;
  u.composite = s->n_found > 1 && (u.class_code == 0 || u.class_code == 0xEF);
  if (!u.composite && u.class_code == 0 && s->n_found > 0) { // the interface says what it is
    u.class_code = s->found[0].class_code;
    u.subclass = s->found[0].subclass;
    u.protocol = s->found[0].protocol;
  }
  d->where = wg_hw_text(b, s->where);
  d->name = wg_hw_text(b, s->name);
  wg_hw_usb_ids(b, &u);
  wg_str where = d->where, name = d->name;
  for (uint32_t i = 0; u.composite && i < s->n_found; i++) {
    d = wg_hw_add(b);
    if (d == NULL) {
      return;
    }
    wg_hw_usb f = s->found[i];
    f.vendor = u.vendor;
    f.product = u.product;
    f.revision = u.revision;
    f.has_revision = u.has_revision;
    f.has_class = true;
    d->where = where;
    d->name = name;
    wg_hw_usb_ids(b, &f);
  }
  if (!s->verbose) {
    wg_hw_note(b,
               "lsusb without -v tells neither classes, revisions nor functions: run 'lsusb -v'.");
  }
}

static void usb_head_line(wg_hw_build *b, usb_state *s, wg_str line) {
  uint32_t v = 0, p = 0;
  usb_close(b, s);
  if (usb_head(line, &v, &p)) {
    size_t colon = wg_hw_find(line, ": ID ");
    wg_hw_usb *found = s->found;
    uint32_t cap = s->cap_found;
    *s = (usb_state){.open = true,
                     .where = {line.p, colon},
                     .name = wg_hw_after(line, colon + 14),
                     .device = {.vendor = (uint16_t)v, .product = (uint16_t)p, .function = -1},
                     .group_end = -1,
                     .found = found,
                     .cap_found = cap};
  }
}

static wg_hw_usb *usb_function(wg_hw_build *b, usb_state *s, int number) {
  enum {
    MAX = 256
  };
  if (s->found == NULL) {
    s->found = wg_arena_new_array(b->arena, wg_hw_usb, MAX);
    s->cap_found = s->found == NULL ? 0 : MAX;
    b->starved = b->starved || s->found == NULL;
  }
  if (s->n_found == s->cap_found) {
    return NULL;
  }
  s->found[s->n_found] = (wg_hw_usb){.function = number};
  return &s->found[s->n_found++];
}

// "  bDeviceClass            0 " is decimal, "  bcdDevice            1.00" and "idVendor 0x..." are
// not.
static bool usb_field(wg_str line, const char *name, uint32_t *out) {
  wg_str t = wg_hw_trim(line);
  size_t n = strlen(name);
  if (!wg_str_starts(t, name) || t.n <= n || t.p[n] != ' ') {
    return false;
  }
  wg_str v = wg_hw_trim(wg_hw_after(t, n));
  size_t digits = 0;
  uint64_t u = 0;
  while (digits < v.n && v.p[digits] >= '0' && v.p[digits] <= '9') {
    digits++;
  }
  if (digits < v.n && v.p[digits] == '.') { // binary coded decimal
    uint32_t low = 0;
    size_t m = 0;
    if (!wg_hw_hex((wg_str){v.p, digits}, 2, out, &m) ||
        !wg_hw_hex(wg_hw_after(v, digits + 1), 2, &low, &m)) {
      return false;
    }
    *out = *out << 8 | low;
    return true;
  }
  if (!wg_parse_u64((wg_str){v.p, digits}, &u) || u > 0xFFFF) {
    return false;
  }
  *out = (uint32_t)u;
  return true;
}

static void usb_association(wg_hw_build *b, usb_state *s, wg_str line, uint32_t v) {
  wg_str t = wg_hw_trim(line);
  if (wg_str_starts(t, "bFirstInterface")) {
    s->in_group = (int)(v & 0xFF);
    (void)usb_function(b, s, s->in_group);
  } else if (wg_str_starts(t, "bInterfaceCount")) {
    s->group_end = s->in_group + (int)(v & 0xFF);
  } else if (s->n_found > 0) {
    wg_hw_usb *f = &s->found[s->n_found - 1];
    f->class_code = wg_str_starts(t, "bFunctionClass") ? (uint8_t)v : f->class_code;
    f->subclass = wg_str_starts(t, "bFunctionSubClass") ? (uint8_t)v : f->subclass;
    f->protocol = wg_str_starts(t, "bFunctionProtocol") ? (uint8_t)v : f->protocol;
  }
}

static void usb_interface(wg_hw_build *b, usb_state *s, uint32_t number) {
  int n = (int)(number & 0xFF);
  bool grouped = s->group_end >= 0 && n >= s->in_group && n < s->group_end;
  for (uint32_t i = 0; i < s->n_found; i++) {
    grouped = grouped || s->found[i].function == n; // an alternate setting
  }
  s->counts = !grouped && usb_function(b, s, n) != NULL;
}

static void usb_detail(wg_hw_build *b, usb_state *s, wg_str line) {
  static const char *const assoc[] = {"bFirstInterface", "bInterfaceCount", "bFunctionClass",
                                      "bFunctionSubClass", "bFunctionProtocol"};
  uint32_t v = 0;
  wg_hw_usb *f = s->counts && s->n_found > 0 ? &s->found[s->n_found - 1] : NULL;
  if (usb_field(line, "bDeviceClass", &v)) {
    s->device.class_code = (uint8_t)v;
    s->device.has_class = s->verbose = true;
  } else if (usb_field(line, "bDeviceSubClass", &v)) {
    s->device.subclass = (uint8_t)v;
  } else if (usb_field(line, "bDeviceProtocol", &v)) {
    s->device.protocol = (uint8_t)v;
  } else if (usb_field(line, "bcdDevice", &v)) {
    s->device.revision = (uint16_t)v;
    s->device.has_revision = true;
  } else if (usb_field(line, "bInterfaceNumber", &v)) {
    usb_interface(b, s, v);
  } else if (f != NULL && usb_field(line, "bInterfaceClass", &v)) {
    f->class_code = (uint8_t)v;
  } else if (f != NULL && usb_field(line, "bInterfaceSubClass", &v)) {
    f->subclass = (uint8_t)v;
  } else if (f != NULL && usb_field(line, "bInterfaceProtocol", &v)) {
    f->protocol = (uint8_t)v;
    s->counts = false; // what follows may be another setting
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(assoc); i++) {
    if (usb_field(line, assoc[i], &v)) {
      usb_association(b, s, line, v);
    }
  }
}

// --- both

wg_code wg_hw_read_linux(wg_hw_build *b, wg_str text, wg_error *err) {
  (void)err;
  pci_state pci = {0};
  usb_state usb = {0};
  wg_str rest = text, line = {0};
  while (wg_hw_line(&rest, &line)) {
    bool key = pci.mm || wg_str_starts(line, "Slot:\t") || wg_str_starts(line, "Device:\t");
    if (key && wg_str_find(line, '\t') < line.n && !wg_hw_is_lsusb(line)) {
      pci_key(b, &pci, line);
    } else if (slot_of(line) > 0) {
      usb_close(b, &usb);
      pci_head(b, &pci, line);
    } else if (wg_hw_is_lsusb(line)) {
      pci_close(b, &pci);
      usb_head_line(b, &usb, line);
    } else if (pci.open) {
      pci_detail(&pci, line);
    } else if (usb.open) {
      usb_detail(b, &usb, line);
    }
    if (b->full || b->starved) {
      return WG_OK; // the builder says why
    }
  }
  pci_close(b, &pci);
  usb_close(b, &usb);
  return WG_OK;
}
