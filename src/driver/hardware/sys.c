// SPDX-License-Identifier: Apache-2.0
// A running Linux machine: /sys.
#include <string.h>

#include "driver/hardware/ids.h"
#include "os/file.h"

typedef struct sy {
  wg_hw_build b;
  const char *root;
  wg_buf buf; // of the last attribute
} sy;

// An attribute's text without its line end; "" when it is not there.
static wg_str sy_attr(sy *s, const char *device, const char *name) {
  wg_error ignored = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) path = wg_xprintf("%s/%s", device, name);
  wg_buf_clear(&s->buf);
  if (wg_os_read_file(WG_CWD, path, 1 << 16, &s->buf, &ignored) != WG_OK) {
    wg_buf_clear(&s->buf);
  }
  return wg_hw_trim(wg_buf_str(&s->buf));
}

static bool sy_hex(sy *s, const char *device, const char *name, uint32_t *out) {
  wg_str t = sy_attr(s, device, name);
  size_t n = 0;
  if (wg_str_starts(t, "0x")) {
    t = wg_hw_after(t, 2);
  }
  return wg_hw_hex(t, 8, out, &n) && n == t.n;
}

// Calls one for each entry of bus/<bus>/devices. False: there is no such bus.
static bool sy_bus(sy *s, const char *bus, void (*one)(sy *s, const char *path, const char *name)) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_cstr) folder = wg_xprintf("%s/bus/%s/devices", s->root, bus);
  wg_error ignored = WG_ERROR_INIT;
  wg_dirent *entries = NULL;
  size_t n = 0;
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_os_list_dir(WG_CWD, folder, &arena, &entries, &n, &ignored) != WG_OK) {
    return false;
  }
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) path = wg_path_join(folder, entries[i].name);
    one(s, path, entries[i].name);
  }
  return true;
}

static wg_hw_device *sy_add(sy *s, const char *where) {
  wg_hw_device *d = wg_hw_add(&s->b);
  if (d != NULL) {
    d->where = wg_hw_text(&s->b, wg_str_of(where));
  }
  return d;
}

// --- pci

// The device and port type of the PCI Express capability (0x10), where this user may read so much
// of the configuration space; -1.
static int sy_port_type(sy *s, const char *device) {
  wg_error ignored = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) path = wg_xprintf("%s/config", device);
  wg_buf_clear(&s->buf);
  if (wg_os_read_file(WG_CWD, path, 1 << 16, &s->buf, &ignored) != WG_OK || s->buf.n < 0x40) {
    return -1;
  }
  const uint8_t *p = s->buf.p;
  size_t at = (p[6] & 0x10) != 0 ? p[0x34] : 0;
  for (unsigned left = 48; left > 0 && at >= 0x40 && at + 4 <= s->buf.n; left--) {
    if (p[at] == 0x10) {
      return p[at + 2] >> 4;
    }
    at = p[at + 1];
  }
  return -1;
}

static void sy_pci(sy *s, const char *path, const char *name) {
  wg_hw_pci p = {.port_type = -1};
  uint32_t vendor = 0, device = 0, sub_vendor = 0, sub_device = 0, revision = 0;
  if (!sy_hex(s, path, "vendor", &vendor) || !sy_hex(s, path, "device", &device) ||
      sy_add(s, name) == NULL) {
    return;
  }
  p.has_subsystem = sy_hex(s, path, "subsystem_vendor", &sub_vendor) &&
                    sy_hex(s, path, "subsystem_device", &sub_device);
  p.has_class = p.has_interface = sy_hex(s, path, "class", &p.class_code);
  (void)sy_hex(s, path, "revision", &revision);
  p.vendor = (uint16_t)vendor;
  p.device = (uint16_t)device;
  p.sub_vendor = (uint16_t)sub_vendor;
  p.sub_device = (uint16_t)sub_device;
  p.revision = (uint8_t)revision;
  p.port_type = sy_port_type(s, path);
  wg_hw_pci_ids(&s->b, &p);
}

// --- usb

static bool sy_usb_numbers(sy *s, const char *path, wg_hw_usb *u, const char *const names[3]) {
  uint32_t c = 0, sub = 0, prot = 0;
  bool has = sy_hex(s, path, names[0], &c) && sy_hex(s, path, names[1], &sub) &&
             sy_hex(s, path, names[2], &prot);
  if (has) {
    u->class_code = (uint8_t)c;
    u->subclass = (uint8_t)sub;
    u->protocol = (uint8_t)prot;
  }
  return has;
}

static const char *const dev_names[3] = {"bDeviceClass", "bDeviceSubClass", "bDeviceProtocol"};
static const char *const if_names[3] = {"bInterfaceClass", "bInterfaceSubClass",
                                        "bInterfaceProtocol"};
static const char *const iad_names[3] = {"iad_bFunctionClass", "iad_bFunctionSubClass",
                                         "iad_bFunctionProtocol"};

static bool sy_usb_device(sy *s, const char *path, wg_hw_usb *u) {
  uint32_t vendor = 0, product = 0, revision = 0;
  if (!sy_hex(s, path, "idVendor", &vendor) || !sy_hex(s, path, "idProduct", &product)) {
    return false;
  }
  *u = (wg_hw_usb){.vendor = (uint16_t)vendor, .product = (uint16_t)product, .function = -1};
  u->has_revision = sy_hex(s, path, "bcdDevice", &revision);
  u->revision = (uint16_t)revision;
  u->has_class = sy_usb_numbers(s, path, u, dev_names);
  return true;
}

typedef struct sy_functions {
  wg_hw_usb v[64];
  uint32_t n;
} sy_functions;

// The functions of a device: its interfaces, those of an association as one.
static void sy_functions_of(sy *s, const char *path, const char *name, sy_functions *out) {
  uint32_t n_interfaces = 0, configuration = 1;
  (void)sy_hex(s, path, "bNumInterfaces", &n_interfaces);
  (void)sy_hex(s, path, "bConfigurationValue", &configuration);
  for (uint32_t i = 0; i < n_interfaces && i < 32 && out->n < WG_ARRAY_LEN(out->v); i++) {
    WG_AUTO(wg_cstr) at = wg_xprintf("%s/%s:%u.%u", path, name, configuration, i);
    wg_hw_usb f = {.function = (int)i, .has_class = true};
    uint32_t first = 0;
    if (!sy_usb_numbers(s, at, &f, if_names)) {
      continue;
    }
    if (sy_hex(s, at, "iad_bFirstInterface", &first)) {
      if (first != i) {
        continue;
      }
      (void)sy_usb_numbers(s, at, &f, iad_names);
    }
    out->v[out->n++] = f;
  }
}

static void sy_usb(sy *s, const char *path, const char *name) {
  wg_hw_usb u;
  sy_functions f = {.n = 0};
  // Interfaces come with their device; a root hub is the controller's.
  if (strchr(name, ':') != NULL || !sy_usb_device(s, path, &u) || u.vendor == 0x1D6B) {
    return;
  }
  sy_functions_of(s, path, name, &f);
  u.composite = f.n > 1 && (u.class_code == 0 || u.class_code == 0xEF);
  if (!u.composite && u.class_code == 0 && f.n > 0) {
    u.class_code = f.v[0].class_code;
    u.subclass = f.v[0].subclass;
    u.protocol = f.v[0].protocol;
  }
  wg_str product = wg_hw_text(&s->b, sy_attr(s, path, "product"));
  wg_str maker = wg_hw_text(&s->b, sy_attr(s, path, "manufacturer"));
  wg_hw_device *d = sy_add(s, name);
  if (d == NULL) {
    return;
  }
  d->name = product;
  d->manufacturer = maker;
  wg_hw_usb_ids(&s->b, &u);
  for (uint32_t i = 0; u.composite && i < f.n; i++) {
    f.v[i].vendor = u.vendor;
    f.v[i].product = u.product;
    f.v[i].revision = u.revision;
    f.v[i].has_revision = u.has_revision;
    d = sy_add(s, name);
    if (d == NULL) {
      return;
    }
    d->name = product;
    wg_hw_usb_ids(&s->b, &f.v[i]);
  }
}

// --- acpi

// modalias: "acpi:PNP0A08:PNP0A03:", the hardware id first.
static void sy_acpi(sy *s, const char *path, const char *name) {
  wg_str cids[16];
  uint32_t n = 0;
  uint32_t status = 0xF;
  wg_str t = sy_attr(s, path, "status");
  uint64_t v = 0;
  if (wg_parse_u64(t, &v)) {
    status = (uint32_t)v;
  }
  wg_str alias = wg_hw_text(&s->b, sy_attr(s, path, "modalias"));
  if (!wg_str_starts(alias, "acpi:") || (status & 1) == 0) {
    return; // absent
  }
  alias = wg_hw_after(alias, 5);
  wg_str hid = {alias.p, wg_str_find(alias, ':')};
  // Linux' own names for what has no id.
  if (hid.n == 0 || wg_str_starts(hid, "LNX") || wg_str_eqz(hid, "device")) {
    return;
  }
  for (wg_str rest = wg_hw_after(alias, hid.n + 1); rest.n > 0 && n < WG_ARRAY_LEN(cids);) {
    size_t end = wg_str_find(rest, ':');
    if (end > 0) {
      cids[n++] = (wg_str){rest.p, end};
    }
    rest = wg_hw_after(rest, end + 1);
  }
  if (sy_add(s, name) != NULL) {
    wg_hw_acpi_ids(&s->b, hid, cids, n);
  }
}

// --- hid

typedef struct sy_usage {
  uint16_t page, usage;
} sy_usage;

enum {
  HID_MAX_COLLECTIONS = 32
};

typedef struct sy_descriptor { // a report descriptor (HID 1.11, 6.2.2) on the way
  uint32_t depth, page, usage, found;
  sy_usage *out;
} sy_descriptor;

static void sy_item(sy_descriptor *d, unsigned kind, size_t size, uint32_t v) {
  if (kind == 0x04) { // usage page
    d->page = v;
  } else if (kind == 0x08) { // usage
    d->usage = size == 4 ? v : d->page << 16 | v;
  } else if (kind == 0xA0) { // collection; 1: of an application
    if (d->depth == 0 && v == 1 && d->found < HID_MAX_COLLECTIONS) {
      d->out[d->found++] =
          (sy_usage){.page = (uint16_t)(d->usage >> 16), .usage = (uint16_t)d->usage};
    }
    d->depth++;
  } else if (kind == 0xC0) { // its end
    d->depth -= d->depth > 0;
  }
  if ((kind & 0x0C) == 0) { // a main item ends local ones
    d->usage = 0;
  }
}

// Its top-level collections.
static uint32_t sy_collections(const uint8_t *p, size_t n, sy_usage out[HID_MAX_COLLECTIONS]) {
  sy_descriptor d = {.out = out};
  for (size_t at = 0; at < n;) {
    unsigned head = p[at];
    size_t size = (head & 3) == 3 ? 4 : head & 3;
    uint32_t v = 0;
    if (head == 0xFE || at + 1 + size > n) { // a long item: none is defined
      break;
    }
    for (size_t i = 0; i < size; i++) {
      v |= (uint32_t)p[at + 1 + i] << (8 * i);
    }
    at += 1 + size;
    sy_item(&d, head & 0xFC, size, v);
  }
  return d.found;
}

typedef struct sy_hid_texts {
  char prefix[80], prefix_rev[96], vendor[20], mi[16];
} sy_hid_texts;

// "0003:046D:C52B.0001" is below the USB interface "1-2:1.1" below the device "1-2".
static void sy_hid_usb(sy *s, const char *path, unsigned vendor, unsigned product,
                       sy_hid_texts *t) {
  uint32_t revision = 0, interface = 0, n = 0;
  WG_AUTO(wg_cstr) up = wg_xprintf("%s/..", path);
  WG_AUTO(wg_cstr) upper = wg_xprintf("%s/../..", path);
  (void)wg_format(t->prefix, sizeof(t->prefix), "VID_%04X&PID_%04X", vendor, product);
  (void)wg_format(t->vendor, sizeof(t->vendor), "VID_%04X", vendor);
  if (sy_hex(s, upper, "bcdDevice", &revision)) {
    (void)wg_format(t->prefix_rev, sizeof(t->prefix_rev), "%s&REV_%04X", t->prefix, revision);
  }
  if (sy_hex(s, upper, "bNumInterfaces", &n) && n > 1 &&
      sy_hex(s, up, "bInterfaceNumber", &interface)) {
    (void)wg_format(t->mi, sizeof(t->mi), "&MI_%02X", interface);
  }
}

// HID over I2C: below the device of the ACPI name, "i2c-DELL0831:00".
static bool sy_hid_i2c(sy *s, const char *path, unsigned vendor, sy_hid_texts *t) {
  WG_AUTO(wg_cstr) up = wg_xprintf("%s/../firmware_node", path);
  wg_str hid = sy_attr(s, up, "hid");
  if (hid.n != 7 && hid.n != 8) {
    return false;
  }
  size_t n = hid.n - 4;
  (void)wg_format(t->prefix_rev, sizeof(t->prefix_rev), "VEN_%.*s&DEV_%.*s", (int)n, hid.p, 4,
                  hid.p + n);
  (void)wg_format(t->prefix, sizeof(t->prefix), "%.*s", WG_STR_ARG(hid));
  (void)wg_format(t->vendor, sizeof(t->vendor), "VID_%04X", vendor);
  return true;
}

static void sy_hid(sy *s, const char *path, const char *name) {
  enum {
    BUS_USB = 3,
    BUS_I2C = 0x18
  };
  uint32_t bus = 0, vendor = 0, product = 0;
  size_t n = 0;
  sy_usage usages[HID_MAX_COLLECTIONS];
  sy_hid_texts t = {.prefix = ""};
  wg_str id = wg_str_of(name);
  if (id.n < 14 || !wg_hw_hex(id, 4, &bus, &n) || !wg_hw_hex(wg_hw_after(id, 5), 4, &vendor, &n) ||
      !wg_hw_hex(wg_hw_after(id, 10), 4, &product, &n)) {
    return;
  }
  if (bus == BUS_USB) {
    sy_hid_usb(s, path, vendor, product, &t);
  } else if (bus != BUS_I2C || !sy_hid_i2c(s, path, vendor, &t)) {
    return;
  }
  WG_AUTO(wg_cstr) descriptor = wg_xprintf("%s/report_descriptor", path);
  wg_error ignored = WG_ERROR_INIT;
  wg_buf_clear(&s->buf);
  if (wg_os_read_file(WG_CWD, descriptor, 1 << 16, &s->buf, &ignored) != WG_OK) {
    return;
  }
  uint32_t found = sy_collections(s->buf.p, s->buf.n, usages);
  for (uint32_t i = 0; i < found; i++) {
    char suffix[40];
    (void)wg_format(suffix, sizeof(suffix), found > 1 ? "%s&Col%02X" : "%s", t.mi, i + 1);
    const wg_hw_hid h = {.prefix = wg_str_of(t.prefix),
                         .prefix_rev = wg_str_of(t.prefix_rev),
                         .suffix = wg_str_of(suffix),
                         .vendor = wg_str_of(t.vendor),
                         .acpi = bus == BUS_I2C,
                         .usage_page = usages[i].page,
                         .usage = usages[i].usage};
    if (sy_add(s, name) == NULL) {
      return;
    }
    wg_hw_hid_ids(&s->b, &h);
  }
}

wg_code wg_hw_of_sys(const char *root, wg_arena *arena, wg_hw_profile *out, wg_error *err) {
  sy s = {.b = {.arena = arena}, .root = root};
  WG_AUTO(wg_cstr) dmi = wg_xprintf("%s/class/dmi/id", root);
  wg_buf_init(&s.buf, wg_heap(), 0);
  s.b.vendor = wg_hw_text(&s.b, sy_attr(&s, dmi, "sys_vendor"));
  s.b.model = wg_hw_text(&s.b, sy_attr(&s, dmi, "product_name"));
  bool pci = sy_bus(&s, "pci", sy_pci), usb = sy_bus(&s, "usb", sy_usb);
  bool acpi = sy_bus(&s, "acpi", sy_acpi), hid = sy_bus(&s, "hid", sy_hid);
  wg_buf_done(&s.buf);
  if (!pci && !usb && !acpi && !hid) {
    return wg_fail(err, WG_E_NOT_FOUND, "there is no bus/pci, bus/usb, bus/acpi or bus/hid in it");
  }
  return wg_hw_finish(&s.b, WG_HW_SYS, out, err);
}
