// SPDX-License-Identifier: Apache-2.0
// Where a profile of hardware comes from, by what a command's word names.
#include <string.h>

#include "cli/driver/driver.h"
#include "image/file/spec.h"
#include "image/reg/hivefile.h"
#include "image/tree/registry.h"

static wg_code hardware_of_image(const wg_spec *spec, wg_arena *arena, wg_hw_profile *out,
                                 wg_error *err) {
  WG_AUTO_PTR(wg_image_reader) reader = NULL;
  WG_AUTO(wg_image_hive) hive = {0};
  const wg_image_base base = {.kind =
                                  spec->kind == WG_SPEC_WIM ? WG_IMAGE_BASE_WIM : WG_IMAGE_BASE_DIR,
                              .path = spec->path,
                              .image = spec->image};
  return wg_image_reader_open(&base, &reader, err) == WG_OK &&
                 wg_image_hive_open(reader, "HKLM\\SYSTEM", true, NULL, 0, &hive, err) == WG_OK
             ? wg_hw_of_hive(hive.hive, arena, out, err)
             : err->code;
}

static wg_code hardware_of_text(const char *source, wg_arena *arena, wg_hw_profile *out,
                                wg_error *err) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), (size_t)WG_HW_MAX_BYTES + 1);
  wg_code code = strcmp(source, "-") == 0
                     ? wg_os_read_fd(0, WG_HW_MAX_BYTES, &text, err)
                     : wg_os_read_file(WG_CWD, source, WG_HW_MAX_BYTES, &text, err);
  return code == WG_OK ? wg_hw_parse(wg_buf_str(&text), arena, out, err) : err->code;
}

static wg_code hardware_of_hive(const char *source, wg_arena *arena, wg_hw_profile *out,
                                wg_error *err) {
  WG_AUTO(wg_hivefile) f = {0};
  return wg_hivefile_open(source, true, false, &f, err) == WG_OK
             ? wg_hw_of_hive(f.hive, arena, out, err)
             : err->code;
}

static bool hardware_is_sys(const char *source) {
  WG_AUTO(wg_cstr) bus = wg_path_join(source, "bus");
  WG_AUTO(wg_cstr) devices = wg_path_join(source, "devices");
  return wg_os_exists(WG_CWD, bus) && wg_os_exists(WG_CWD, devices);
}

wg_code wg_driver_hardware(const char *source, wg_arena *arena, wg_hw_profile *out, wg_error *err) {
  WG_AUTO(wg_spec) spec = {0};
  wg_error ignored = WG_ERROR_INIT;
  wg_code code = WG_OK;
  bool text = strcmp(source, "-") == 0;
  if (!text && hardware_is_sys(source)) {
    code = wg_hw_of_sys(source, arena, out, err);
  } else if (text || wg_spec_parse(source, &spec, &ignored) != WG_OK ||
             spec.kind == WG_SPEC_REGTEXT) {
    code = hardware_of_text(source, arena, out, err);
  } else if (spec.kind == WG_SPEC_HIVE) {
    code = hardware_of_hive(source, arena, out, err);
  } else {
    code = hardware_of_image(&spec, arena, out, err);
  }
  return code == WG_OK ? WG_OK : wg_wrap(err, "hardware '%s'", source);
}
