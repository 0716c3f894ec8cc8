// SPDX-License-Identifier: Apache-2.0
// Our own form of a profile, read and written. docs/formats/hardware.md has it.
#include "fmt/yaml/yaml.h"

#include "driver/hardware/build.h"

static wg_code ym_fault(const wg_yaml_node *n, const char *what, wg_error *err) {
  return wg_fail(err, WG_E_FORMAT, "line %u: %s", n->line, what);
}

static wg_str ym_text(wg_hw_build *b, const wg_yaml_node *map, const char *key) {
  const wg_yaml_node *n = wg_yaml_get(map, key);
  return n == NULL || n->kind != WG_YAML_SCALAR || wg_yaml_is_null(n)
             ? (wg_str){0}
             : wg_hw_text(b, (wg_str){n->text, n->n});
}

static wg_code ym_id(wg_hw_build *b, bool compatible, const wg_yaml_node *n, wg_error *err) {
  const wg_hw_device *d = &b->v[b->n - 1];
  uint32_t before = d->n_hardware + d->n_compatible;
  if (n->kind != WG_YAML_SCALAR || wg_yaml_is_null(n)) {
    return ym_fault(n, "an id is a text such as 'PCI\\VEN_8086&DEV_15D7'", err);
  }
  wg_hw_add_id(b, compatible, (wg_str){n->text, n->n});
  if (d->n_hardware + d->n_compatible == before && !b->starved) {
    return ym_fault(n,
                    "this id is there twice, has a comma, a control character, more than 512 "
                    "bytes, or is one of more than 1,000",
                    err);
  }
  return WG_OK;
}

static wg_code ym_ids(wg_hw_build *b, bool compatible, const wg_yaml_node *list, wg_error *err) {
  if (list == NULL || wg_yaml_is_null(list)) {
    return WG_OK;
  }
  if (list->kind == WG_YAML_SCALAR) {
    return ym_id(b, compatible, list, err);
  }
  if (list->kind != WG_YAML_LIST) {
    return ym_fault(list, "a list of ids is wanted", err);
  }
  for (size_t i = 0; i < list->n; i++) {
    if (ym_id(b, compatible, list->items[i], err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static const char *const device_keys[] = {"name",  "class",    "class_guid",   "manufacturer",
                                          "where", "instance", "hardware_ids", "compatible_ids"};

static wg_code ym_keys(const wg_yaml_node *map, const char *const *known, size_t n_known,
                       wg_error *err) {
  for (size_t i = 0; i < map->n; i++) {
    const wg_yaml_node *key = map->pairs[i].key;
    bool found = false;
    for (size_t k = 0; k < n_known; k++) {
      found = found || wg_str_eqz((wg_str){key->text, key->n}, known[k]);
    }
    if (!found) {
      return wg_fail(err, WG_E_FORMAT, "line %u: a profile has no '%.*s' here", key->line,
                     WG_STR_ARG(((wg_str){key->text, key->n})));
    }
  }
  return WG_OK;
}

static wg_code ym_device(wg_hw_build *b, const wg_yaml_node *n, wg_error *err) {
  wg_hw_device *d = wg_hw_add(b);
  if (d == NULL) {
    return wg_hw_full(b, err);
  }
  if (n->kind == WG_YAML_SCALAR) { // an id alone
    return ym_id(b, false, n, err);
  }
  if (n->kind != WG_YAML_MAP) {
    return ym_fault(n, "a device is a map with 'hardware_ids', or an id alone", err);
  }
  if (ym_keys(n, device_keys, WG_ARRAY_LEN(device_keys), err) != WG_OK) {
    return err->code;
  }
  d->name = ym_text(b, n, "name");
  d->class_name = ym_text(b, n, "class");
  d->class_guid = ym_text(b, n, "class_guid");
  d->manufacturer = ym_text(b, n, "manufacturer");
  d->where = ym_text(b, n, "where");
  d->instance = ym_text(b, n, "instance");
  if (ym_ids(b, false, wg_yaml_get(n, "hardware_ids"), err) != WG_OK ||
      ym_ids(b, true, wg_yaml_get(n, "compatible_ids"), err) != WG_OK) {
    return err->code;
  }
  return d->n_hardware + d->n_compatible == 0 && !b->starved
             ? ym_fault(n, "the device has neither hardware_ids nor compatible_ids", err)
             : WG_OK;
}

static wg_code ym_tree(wg_hw_build *b, const wg_yaml_node *root, wg_error *err) {
  static const char *const top[] = {"machine", "devices", "source", "notes"}; // of --json
  static const char *const machine_keys[] = {"vendor", "model"};
  const wg_yaml_node *devices = wg_yaml_get(root, "devices");
  const wg_yaml_node *machine = wg_yaml_get(root, "machine");
  if (root == NULL || root->kind != WG_YAML_MAP || devices == NULL ||
      devices->kind != WG_YAML_LIST) {
    return wg_fail(err, WG_E_FORMAT, "a profile has a list 'devices:'");
  }
  if (ym_keys(root, top, WG_ARRAY_LEN(top), err) != WG_OK) {
    return err->code;
  }
  if (machine != NULL && machine->kind != WG_YAML_MAP && !wg_yaml_is_null(machine)) {
    return ym_fault(machine, "'machine' is a map with vendor and model", err);
  }
  if (machine != NULL && machine->kind == WG_YAML_MAP) {
    if (ym_keys(machine, machine_keys, WG_ARRAY_LEN(machine_keys), err) != WG_OK) {
      return err->code;
    }
    b->vendor = ym_text(b, machine, "vendor");
    b->model = ym_text(b, machine, "model");
  }
  for (size_t i = 0; i < devices->n; i++) {
    if (ym_device(b, devices->items[i], err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

wg_code wg_hw_read_yaml(wg_hw_build *b, wg_str text, wg_error *err) {
  const wg_yaml_limits limits = {.max_bytes = 32U << 20, .max_depth = 8, .max_nodes = 2000000};
  WG_AUTO(wg_arena) arena = {0};
  wg_yaml_doc doc = {0};
  wg_arena_init(&arena, b->arena->alloc, (size_t)512 << 20);
  if (wg_yaml_parse(text, &limits, 0, &arena, &doc, err) != WG_OK) {
    if (doc.n_faults > 0 && (err->code == WG_E_FORMAT || err->code == WG_E_LIMIT)) {
      return wg_fail(err, WG_E_FORMAT, "line %u: %s", doc.faults[0].line, doc.faults[0].text);
    }
    return err->code;
  }
  if (doc.n_faults > 0) {
    return wg_fail(err, WG_E_FORMAT, "line %u: %s", doc.faults[0].line, doc.faults[0].text);
  }
  return ym_tree(b, doc.root, err);
}

// --- written

// In single quotes, where nothing else is special; in double quotes where it has a single one, so
// that no reader's way with doubled ones matters.
static void yw_text(wg_buf *out, wg_str s) {
  bool doubled = wg_str_find(s, '\'') < s.n;
  wg_buf_add_byte(out, doubled ? '"' : '\'');
  while (s.n > 0) {
    size_t n = 0;
    while (n < s.n && (!doubled || (s.p[n] != '"' && s.p[n] != '\\'))) {
      n++;
    }
    wg_hw_add_visible(out, (wg_str){s.p, n});
    if (n < s.n) {
      wg_buf_add_byte(out, '\\');
      wg_buf_add_byte(out, (uint8_t)s.p[n]);
    }
    s = wg_hw_after(s, n + 1);
  }
  wg_buf_add_byte(out, doubled ? '"' : '\'');
}

static void yw_key(wg_buf *out, bool *first, const char *key, wg_str v) {
  if (v.n > 0) {
    wg_buf_printf(out, "  %s %s: ", *first ? "-" : " ", key);
    yw_text(out, v);
    wg_buf_add_byte(out, '\n');
    *first = false;
  }
}

static void yw_ids(wg_buf *out, bool *first, const char *key, const wg_str *ids, uint32_t n) {
  if (n > 0) {
    wg_buf_printf(out, "  %s %s:\n", *first ? "-" : " ", key);
    *first = false;
  }
  for (uint32_t i = 0; i < n; i++) {
    wg_buf_add_z(out, "      - ");
    yw_text(out, ids[i]);
    wg_buf_add_byte(out, '\n');
  }
}

void wg_hw_write_yaml(const wg_hw_profile *p, wg_buf *out) {
  if (p->vendor.n + p->model.n > 0) {
    wg_buf_add_z(out, "machine:\n  vendor: ");
    yw_text(out, p->vendor);
    wg_buf_add_z(out, "\n  model: ");
    yw_text(out, p->model);
    wg_buf_add_byte(out, '\n');
  }
  wg_buf_add_z(out, p->n_devices == 0 ? "devices: []\n" : "devices:\n");
  for (uint32_t i = 0; i < p->n_devices; i++) {
    const wg_hw_device *d = &p->devices[i];
    bool first = true;
    yw_key(out, &first, "name", d->name);
    yw_key(out, &first, "class", d->class_name);
    yw_key(out, &first, "class_guid", d->class_guid);
    yw_key(out, &first, "manufacturer", d->manufacturer);
    yw_key(out, &first, "where", d->where);
    yw_key(out, &first, "instance", d->instance);
    yw_ids(out, &first, "hardware_ids", d->hardware_ids, d->n_hardware);
    yw_ids(out, &first, "compatible_ids", d->compatible_ids, d->n_compatible);
  }
}

static void jw_ids(wg_jsonw *j, const char *key, const wg_str *ids, uint32_t n) {
  wg_jsonw_key_z(j, key);
  wg_jsonw_begin_array(j);
  for (uint32_t i = 0; i < n; i++) {
    wg_jsonw_str(j, ids[i]);
  }
  wg_jsonw_end_array(j);
}

void wg_hw_write_json(const wg_hw_profile *p, wg_jsonw *j) {
  wg_jsonw_key_z(j, "machine");
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_str(j, "vendor", p->vendor);
  wg_jsonw_kv_str(j, "model", p->model);
  wg_jsonw_end_object(j);
  wg_jsonw_key_z(j, "devices");
  wg_jsonw_begin_array(j);
  for (uint32_t i = 0; i < p->n_devices; i++) {
    const wg_hw_device *d = &p->devices[i];
    wg_jsonw_begin_object(j);
    wg_jsonw_kv_str(j, "name", d->name);
    wg_jsonw_kv_str(j, "class", d->class_name);
    wg_jsonw_kv_str(j, "class_guid", d->class_guid);
    wg_jsonw_kv_str(j, "manufacturer", d->manufacturer);
    wg_jsonw_kv_str(j, "where", d->where);
    wg_jsonw_kv_str(j, "instance", d->instance);
    jw_ids(j, "hardware_ids", d->hardware_ids, d->n_hardware);
    jw_ids(j, "compatible_ids", d->compatible_ids, d->n_compatible);
    wg_jsonw_end_object(j);
  }
  wg_jsonw_end_array(j);
  jw_ids(j, "notes", p->notes, p->n_notes);
}
