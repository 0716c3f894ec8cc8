// SPDX-License-Identifier: Apache-2.0
// The devices that a SYSTEM hive knows: Enum\<bus>\<device>\<instance>.
#include <string.h>

#include "base/utf.h"
#include "driver/hardware/build.h"

typedef struct hv {
  wg_hw_build *b;
  wg_buf text; // reused
} hv;

// UTF-16LE of a value up to its first NUL, in h->text.
static wg_str hv_text(hv *h, const wg_regvalue *v) {
  wg_buf_clear(&h->text);
  if (v == NULL || (v->type != WG_REG_SZ && v->type != WG_REG_EXPAND_SZ)) {
    return (wg_str){0};
  }
  size_t n = 0;
  while (n + 2 <= v->n_bytes && (v->data[n] != 0 || v->data[n + 1] != 0)) {
    n += 2;
  }
  return wg_utf16le_to_utf8(v->data, n, &h->text) ? wg_buf_str(&h->text) : (wg_str){0};
}

static wg_str hv_value(hv *h, const wg_regkey *k, const char *name) {
  return hv_text(h, wg_regkey_value(k, wg_str_of(name)));
}

// "@oem3.inf,%svga%;VMware SVGA 3D": the text behind the last semicolon is what it says.
static wg_str hv_shown(hv *h, const wg_regkey *k, const char *name) {
  wg_str s = hv_value(h, k, name);
  size_t at = 0;
  for (size_t i = 0; i < s.n && s.p[0] == '@'; i++) {
    at = s.p[i] == ';' ? i + 1 : at;
  }
  return wg_hw_text(h->b, wg_hw_after(s, at));
}

static void hv_ids(hv *h, bool compatible, const wg_regvalue *v) {
  if (v == NULL || v->type != WG_REG_MULTI_SZ) {
    return;
  }
  for (size_t at = 0; at + 2 <= v->n_bytes;) {
    size_t n = 0;
    while (at + n + 2 <= v->n_bytes && (v->data[at + n] != 0 || v->data[at + n + 1] != 0)) {
      n += 2;
    }
    wg_buf_clear(&h->text);
    if (n > 0 && wg_utf16le_to_utf8(v->data + at, n, &h->text)) {
      wg_hw_add_id(h->b, compatible, wg_buf_str(&h->text));
    }
    at += n + 2;
  }
}

static void hv_device(hv *h, const wg_regkey *bus, const wg_regkey *device,
                      const wg_regkey *instance) {
  const wg_regvalue *hardware = wg_regkey_value(instance, WG_STR("HardwareID"));
  const wg_regvalue *compatible = wg_regkey_value(instance, WG_STR("CompatibleIDs"));
  wg_hw_device *d = hardware == NULL && compatible == NULL ? NULL : wg_hw_add(h->b);
  if (d == NULL) {
    return;
  }
  wg_buf_clear(&h->text);
  wg_regkey_add_name(bus, &h->text);
  wg_buf_add_byte(&h->text, '\\');
  wg_regkey_add_name(device, &h->text);
  wg_buf_add_byte(&h->text, '\\');
  wg_regkey_add_name(instance, &h->text);
  d->instance = wg_hw_text(h->b, wg_buf_str(&h->text));
  d->name = hv_shown(h, instance, "FriendlyName");
  d->name = d->name.n > 0 ? d->name : hv_shown(h, instance, "DeviceDesc");
  d->class_name = wg_hw_text(h->b, hv_value(h, instance, "Class"));
  d->class_guid = wg_hw_text(h->b, hv_value(h, instance, "ClassGUID"));
  d->manufacturer = hv_shown(h, instance, "Mfg");
  hv_ids(h, false, hardware);
  hv_ids(h, true, compatible);
}

static void hv_enum(hv *h, const wg_regkey *root) {
  for (size_t i = 0; i < wg_regkey_n_children(root); i++) {
    const wg_regkey *bus = wg_regkey_child_at(root, i);
    for (size_t k = 0; k < wg_regkey_n_children(bus); k++) {
      const wg_regkey *device = wg_regkey_child_at(bus, k);
      for (size_t m = 0; m < wg_regkey_n_children(device); m++) {
        hv_device(h, bus, device, wg_regkey_child_at(device, m));
      }
    }
  }
}

// Which control set starts next: Select\Default.
static unsigned hv_control_set(const wg_hive *hive) {
  const wg_regkey *select = wg_hive_find(hive, WG_STR("Select"));
  const wg_regvalue *v = select == NULL ? NULL : wg_regkey_value(select, WG_STR("Default"));
  return v != NULL && v->type == WG_REG_DWORD && v->n_bytes == 4 ? wg_le32(v->data) : 1;
}

wg_code wg_hw_of_hive(const wg_hive *hive, wg_arena *arena, wg_hw_profile *out, wg_error *err) {
  wg_hw_build b = {.arena = arena};
  hv h = {.b = &b};
  char path[80];
  unsigned set = hv_control_set(hive);
  wg_buf_init(&h.text, arena->alloc, 4U << 20);
  (void)wg_format(path, sizeof(path), "ControlSet%03u\\Enum", set);
  const wg_regkey *root = wg_hive_find(hive, wg_str_of(path));
  if (root == NULL) {
    wg_buf_done(&h.text);
    return wg_fail(err, WG_E_NOT_FOUND, "the hive has no key %s: it is no SYSTEM hive", path);
  }
  hv_enum(&h, root);
  (void)wg_format(path, sizeof(path), "ControlSet%03u\\Control\\SystemInformation", set);
  const wg_regkey *machine = wg_hive_find(hive, wg_str_of(path));
  if (machine != NULL) {
    b.vendor = wg_hw_text(&b, hv_value(&h, machine, "SystemManufacturer"));
    b.model = wg_hw_text(&b, hv_value(&h, machine, "SystemProductName"));
  }
  b.starved = b.starved || h.text.failed || wg_hive_starved(hive);
  wg_buf_done(&h.text);
  return wg_hw_finish(&b, WG_HW_HIVE, out, err);
}
