// SPDX-License-Identifier: Apache-2.0
#include "cli/project/schema_file.h"

#include <string.h>

#include "project/load.h"

#define SCHEMA_MAX_PROJECT ((uint64_t)1 << 20) // a longer one is no project file

static wg_code schema_write(const char *project_dir, const char *name, void (*make)(wg_buf *out),
                            wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_path_join(project_dir, name);
  WG_AUTO(wg_cstr) folder = wg_path_dirname(path);
  WG_AUTO(wg_buf) want = {0};
  WG_AUTO(wg_buf) have = {0};
  wg_error ignored = WG_ERROR_INIT;
  wg_buf_init(&want, wg_heap(), 0);
  wg_buf_init(&have, wg_heap(), 0);
  make(&want);
  if (wg_os_read_file(WG_CWD, path, want.n, &have, &ignored) == WG_OK &&
      wg_str_eq(wg_buf_str(&have), wg_buf_str(&want))) {
    return WG_OK;
  }
  if (wg_os_mkdirs(WG_CWD, folder, 0755, err) != WG_OK) {
    return err->code;
  }
  return wg_os_write_file(WG_CWD, path, want.p, want.n, 0644, false, err);
}

wg_code wg_schema_file_write(const char *project_dir, wg_error *err) {
  if (schema_write(project_dir, WG_SCHEMA_FILE, wg_project_write_schema, err) != WG_OK) {
    return err->code;
  }
  return schema_write(project_dir, WG_SCHEMA_OVERLAY_FILE, wg_project_write_overlay_schema, err);
}

void wg_schema_file_refresh(const char *project_file) {
  WG_AUTO(wg_cstr) dir = wg_path_dirname(project_file);
  WG_AUTO(wg_buf) text = {0};
  wg_error ignored = WG_ERROR_INIT; // an editor's help is no reason to stop
  wg_buf_init(&text, wg_heap(), 0);
  if (wg_os_read_file(WG_CWD, project_file, SCHEMA_MAX_PROJECT, &text, &ignored) == WG_OK &&
      memmem(text.p == NULL ? (const uint8_t *)"" : text.p, text.n, WG_SCHEMA_MODELINE,
             strlen(WG_SCHEMA_MODELINE)) != NULL) {
    (void)!wg_schema_file_write(dir, &ignored);
  }
}
