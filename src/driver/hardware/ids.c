// SPDX-License-Identifier: Apache-2.0
#include "driver/hardware/ids.h"

#define HW false
#define COMPAT true

void wg_hw_pci_ids(wg_hw_build *b, const wg_hw_pci *p) {
  unsigned v = p->vendor, d = p->device, r = p->revision;
  unsigned long sub = (unsigned long)p->sub_device << 16 | p->sub_vendor;
  unsigned c6 = p->class_code & 0xFFFFFF, c4 = c6 >> 8;
  if (p->has_subsystem) {
    wg_hw_printf_id(b, HW, "PCI\\VEN_%04X&DEV_%04X&SUBSYS_%08lX&REV_%02X", v, d, sub, r);
    wg_hw_printf_id(b, HW, "PCI\\VEN_%04X&DEV_%04X&SUBSYS_%08lX", v, d, sub);
  }
  if (p->has_interface) {
    wg_hw_printf_id(b, HW, "PCI\\VEN_%04X&DEV_%04X&CC_%06X", v, d, c6);
  }
  if (p->has_class) {
    wg_hw_printf_id(b, HW, "PCI\\VEN_%04X&DEV_%04X&CC_%04X", v, d, c4);
  }
  wg_hw_printf_id(b, COMPAT, "PCI\\VEN_%04X&DEV_%04X&REV_%02X", v, d, r);
  wg_hw_printf_id(b, COMPAT, "PCI\\VEN_%04X&DEV_%04X", v, d);
  if (p->has_interface) {
    wg_hw_printf_id(b, COMPAT, "PCI\\VEN_%04X&CC_%06X", v, c6);
  }
  if (p->has_class) {
    wg_hw_printf_id(b, COMPAT, "PCI\\VEN_%04X&CC_%04X", v, c4);
  }
  wg_hw_printf_id(b, COMPAT, "PCI\\VEN_%04X", v);
  for (int whole = 1; whole >= 0 && p->has_class; whole--) {
    int digits = whole ? 6 : 4;
    unsigned c = whole ? c6 : c4;
    if (whole && !p->has_interface) {
      continue;
    }
    if (p->port_type >= 0) {
      wg_hw_printf_id(b, COMPAT, "PCI\\CC_%0*X&DT_%X", digits, c, (unsigned)p->port_type);
    }
    wg_hw_printf_id(b, COMPAT, "PCI\\CC_%0*X", digits, c);
  }
}

// "USB\Class_08&SubClass_06&Prot_50" and its shorter forms, first those of the vendor (Windows 10
// from 1709 on).
static void usb_class_ids(wg_hw_build *b, const wg_hw_usb *u, const char *word) {
  for (int of_vendor = 1; of_vendor >= 0; of_vendor--) {
    char head[40];
    (void)wg_format(head, sizeof(head), of_vendor ? "USB\\COMPAT_VID_%04X&" : "USB\\",
                    (unsigned)u->vendor);
    unsigned c = u->class_code, s = u->subclass, p = u->protocol;
    wg_hw_printf_id(b, COMPAT, "%s%s_%02X&SubClass_%02X&Prot_%02X", head, word, c, s, p);
    wg_hw_printf_id(b, COMPAT, "%s%s_%02X&SubClass_%02X", head, word, c, s);
    wg_hw_printf_id(b, COMPAT, "%s%s_%02X", head, word, c);
  }
}

void wg_hw_usb_ids(wg_hw_build *b, const wg_hw_usb *u) {
  char mi[16] = "";
  unsigned v = u->vendor, p = u->product;
  if (u->function >= 0) {
    (void)wg_format(mi, sizeof(mi), "&MI_%02X", (unsigned)u->function & 0xFF);
  }
  if (u->has_revision) {
    wg_hw_printf_id(b, HW, "USB\\VID_%04X&PID_%04X&REV_%04X%s", v, p, (unsigned)u->revision, mi);
  }
  wg_hw_printf_id(b, HW, "USB\\VID_%04X&PID_%04X%s", v, p, mi);
  if (u->has_class) {
    usb_class_ids(b, u, u->composite ? "DevClass" : "Class");
  }
  if (u->composite) {
    wg_hw_add_id(b, COMPAT, WG_STR("USB\\COMPOSITE"));
  }
}

void wg_hw_acpi_ids(wg_hw_build *b, wg_str hid, const wg_str *cids, uint32_t n_cids) {
  // Three or four letters of the vendor, four digits of the device.
  size_t n_vendor = hid.n == 7 ? 3 : 4;
  if (hid.n == 7 || hid.n == 8) {
    wg_hw_printf_id(b, HW, "ACPI\\VEN_%.*s&DEV_%.*s", (int)n_vendor, hid.p, 4, hid.p + n_vendor);
  }
  wg_hw_printf_id(b, HW, "ACPI\\%.*s", WG_STR_ARG(hid));
  wg_hw_printf_id(b, HW, "*%.*s", WG_STR_ARG(hid));
  for (uint32_t i = 0; i < n_cids; i++) {
    wg_hw_printf_id(b, COMPAT, "ACPI\\%.*s", WG_STR_ARG(cids[i]));
    wg_hw_add_id(b, COMPAT, cids[i]);
  }
}

static const char *hid_system(unsigned page, unsigned usage) {
  if (page == 0x0C) {
    return usage == 1 ? "CONSUMER" : NULL;
  }
  if (page != 1) {
    return NULL;
  }
  switch (usage) {
  case 1:
  case 2:
    return "MOUSE";
  case 4:
  case 5:
    return "GAME";
  case 6:
  case 7:
    return "KEYBOARD";
  case 0x80:
    return "CONTROL";
  default:
    return NULL;
  }
}

static void hid_named(wg_hw_build *b, const char *star, wg_str name, wg_str suffix) {
  if (name.n > 0 && name.n + suffix.n < WG_HW_MAX_ID_BYTES) {
    wg_hw_printf_id(b, HW, "HID\\%s%.*s%.*s", star, (int)name.n, name.p, (int)suffix.n,
                    suffix.n > 0 ? suffix.p : "");
  }
}

static void hid_usage_ids(wg_hw_build *b, const wg_hw_hid *h) {
  unsigned page = h->usage_page, usage = h->usage;
  const char *system = hid_system(page, usage);
  if (h->vendor.n > 0) {
    wg_hw_printf_id(b, HW, "HID\\%.*s&UP:%04X_U:%04X", (int)h->vendor.n, h->vendor.p, page, usage);
  }
  if (system != NULL) {
    wg_hw_printf_id(b, HW, "HID_DEVICE_SYSTEM_%s", system);
  }
  wg_hw_printf_id(b, HW, "HID_DEVICE_UP:%04X_U:%04X", page, usage);
}

void wg_hw_hid_ids(wg_hw_build *b, const wg_hw_hid *h) {
  hid_named(b, "", h->prefix_rev, h->suffix);
  hid_named(b, "", h->prefix, h->suffix);
  if (h->acpi) {
    hid_named(b, "*", h->prefix, h->suffix);
  }
  if (h->usage_page != 0) {
    hid_usage_ids(b, h);
  }
  wg_hw_add_id(b, HW, WG_STR("HID_DEVICE"));
}
