// SPDX-License-Identifier: Apache-2.0
// Devices as PowerShell's ConvertTo-Json writes them: of Get-PnpDevice and Win32_PnPEntity an
// object a device, of Get-PnpDeviceProperty an object a property.
#include <string.h>

#include "driver/hardware/build.h"
#include "fmt/json/json.h"

// The first of the names (NULL behind the last) that the object has, letter case ignored.
static const json_t *js_get(json_t *o, const char *const *names) {
  const char *key = NULL;
  json_t *v = NULL;
  for (; *names != NULL; names++) {
    json_object_foreach(o, key, v) {
      if (wg_str_eq_nocase(wg_str_of(key), *names) && !json_is_null(v)) {
        return v;
      }
    }
  }
  return NULL;
}

static wg_str js_str(const json_t *v) {
  return json_is_string(v) ? (wg_str){json_string_value(v), json_string_length(v)} : (wg_str){0};
}

static wg_str js_text(wg_hw_build *b, json_t *o, const char *const *names) {
  return wg_hw_text(b, js_str(js_get(o, names)));
}

// A list, a lone string, or what Windows PowerShell makes of a list: {"value": [...], "Count": 2}.
static void js_ids(wg_hw_build *b, bool compatible, const json_t *v) {
  if (json_is_object(v)) {
    v = json_object_get(v, "value");
  }
  if (!json_is_array(v)) {
    wg_str s = js_str(v); // a depth too small joins a list with spaces
    while (s.n > 0) {
      size_t n = wg_str_find(s, ' ');
      wg_hw_add_id(b, compatible, (wg_str){s.p, n});
      s = wg_hw_after(s, n + 1);
    }
    return;
  }
  for (size_t i = 0; i < json_array_size(v); i++) {
    wg_hw_add_id(b, compatible, js_str(json_array_get(v, i)));
  }
}

static const char *const k_instance[] = {"InstanceId", "PNPDeviceID", "DeviceID", NULL};
static const char *const k_name[] = {"FriendlyName", "Name", "Caption", "Description", NULL};
static const char *const k_class[] = {"PNPClass", "Class", NULL};
static const char *const k_guid[] = {"ClassGuid", NULL};
static const char *const k_maker[] = {"Manufacturer", NULL};
static const char *const k_hardware[] = {"HardwareID", "HardwareIds", NULL};
static const char *const k_compatible[] = {"CompatibleID", "CompatibleIds", NULL};
static const char *const k_key[] = {"KeyName", NULL};
static const char *const k_data[] = {"Data", NULL};

static bool js_device(wg_hw_build *b, json_t *o) {
  wg_hw_device *d = wg_hw_add(b);
  if (d == NULL) {
    return false;
  }
  d->instance = js_text(b, o, k_instance);
  d->name = js_text(b, o, k_name);
  d->class_name = js_text(b, o, k_class);
  d->class_guid = js_text(b, o, k_guid);
  d->manufacturer = js_text(b, o, k_maker);
  js_ids(b, false, js_get(o, k_hardware));
  js_ids(b, true, js_get(o, k_compatible));
  return true;
}

// One property; those of a device stand together.
static bool js_property(wg_hw_build *b, json_t *o, wg_str key) {
  wg_str instance = js_str(js_get(o, k_instance));
  wg_hw_device *d = b->n > 0 ? &b->v[b->n - 1] : NULL;
  if (d == NULL || !wg_str_eq(d->instance, wg_hw_trim(instance))) {
    d = wg_hw_add(b);
    if (d == NULL) {
      return false;
    }
    d->instance = wg_hw_text(b, instance);
  }
  const json_t *data = js_get(o, k_data);
  if (wg_str_eqz(key, "DEVPKEY_Device_HardwareIds")) {
    js_ids(b, false, data);
  } else if (wg_str_eqz(key, "DEVPKEY_Device_CompatibleIds")) {
    js_ids(b, true, data);
  } else if (wg_str_eqz(key, "DEVPKEY_Device_Class")) {
    d->class_name = wg_hw_text(b, js_str(data));
  } else if (wg_str_eqz(key, "DEVPKEY_Device_ClassGuid")) {
    d->class_guid = wg_hw_text(b, js_str(data));
  } else if (wg_str_eqz(key, "DEVPKEY_Device_Manufacturer")) {
    d->manufacturer = wg_hw_text(b, js_str(data));
  } else if (wg_str_eqz(key, "DEVPKEY_Device_FriendlyName") ||
             (wg_str_eqz(key, "DEVPKEY_Device_DeviceDesc") && d->name.n == 0)) {
    d->name = wg_hw_text(b, js_str(data));
  }
  return true;
}

// Lists within lists are walked: a list of the properties of each device is one.
static bool js_walk(wg_hw_build *b, json_t *v, unsigned depth) {
  if (json_is_array(v)) {
    for (size_t i = 0; i < json_array_size(v); i++) {
      if (depth > 8 || !js_walk(b, json_array_get(v, i), depth + 1)) {
        return false;
      }
    }
    return true;
  }
  if (!json_is_object(v)) {
    return true;
  }
  wg_str key = js_str(js_get(v, k_key));
  if (key.n > 0) {
    return js_property(b, v, key);
  }
  if (js_get(v, k_instance) != NULL || js_get(v, k_hardware) != NULL) {
    return js_device(b, v);
  }
  json_t *inner = json_object_get(v, "value");
  return inner == NULL || depth > 8 || js_walk(b, inner, depth + 1);
}

wg_code wg_hw_read_json(wg_hw_build *b, wg_str text, wg_error *err) {
  WG_AUTO_PTR(json_t) root = NULL;
  if (wg_json_parse(text, NULL, &root, err) != WG_OK) {
    return err->code;
  }
  if (!js_walk(b, root, 0)) {
    return WG_OK; // the builder says why
  }
  if (b->n > 0 && b->v[0].n_hardware + b->v[0].n_compatible == 0 && b->n == 1) {
    return wg_fail(err, WG_E_FORMAT,
                   "the device has no ids: write HardwareID and CompatibleID, too (Get-PnpDevice | "
                   "Select-Object * | ConvertTo-Json -Depth 3)");
  }
  return WG_OK;
}
