// SPDX-License-Identifier: Apache-2.0
#include "cli/inf/inf.h"

#include "driver/package/windows.h"
#include "os/file.h"

#define INF_MAX_BYTES ((uint64_t)128 << 20)

int wg_inf_cli_options(const wg_cli *c, wg_inf_options *out) {
  const char *page = wg_cli_value(c, "code-page");
  const char *language = wg_cli_value(c, "language");
  uint64_t v = 0;
  *out = (wg_inf_options){0};
  if (page != NULL && (!wg_parse_u64(wg_str_of(page), &v) || v == 0 || v > UINT16_MAX)) {
    return wg_cli_usage(c, "--code-page '%s' is no number of a code page, such as 1252 or 932",
                        page);
  }
  out->code_page = (unsigned)v;
  v = 0;
  if (language != NULL && (!wg_parse_hex64(wg_str_of(language), &v) || v == 0 || v > UINT16_MAX)) {
    return wg_cli_usage(c, "--language '%s' is no LANGID in hex, such as 0409 or 0407", language);
  }
  out->language = (uint32_t)v;
  return 0;
}

int wg_inf_cli_target(const wg_cli *c, wg_inf_target *out) {
  const char *version = wg_cli_value(c, "for");
  const char *arch = wg_cli_value(c, "arch");
  version = version == NULL ? "10.0.26100" : version;
  arch = arch == NULL ? "amd64" : arch;
  wg_inf_arch known = WG_INF_AMD64;
  if (!wg_inf_arch_of(wg_str_of(arch), &known)) {
    return wg_cli_usage(c, "--arch=%s is none of amd64, arm64, x86, arm", arch);
  }
  if (!wg_driver_target_of(version, arch, out)) {
    return wg_cli_usage(
        c, "--for=%s is no version of Windows, such as 10.0.26100 (Windows 11 24H2)", version);
  }
  return 0;
}

wg_code wg_inf_cli_read(const char *path, const wg_inf_options *opt, wg_arena *arena, wg_inf *out,
                        wg_error *err) {
  WG_AUTO(wg_buf) bytes = {0};
  wg_buf_init(&bytes, wg_heap(), 0);
  if (wg_os_read_file(WG_CWD, path, INF_MAX_BYTES, &bytes, err) != WG_OK) {
    return err->code;
  }
  if (wg_inf_parse(bytes.p, bytes.n, opt, arena, out, err) != WG_OK) {
    return wg_wrap(err, "%s", path);
  }
  return WG_OK;
}

void wg_inf_folder_done(wg_inf_folder *f) {
  wg_arena_done(&f->arena);
}

static wg_code folder_open(void *ctx, wg_str name, const wg_inf **out, wg_error *err) {
  wg_inf_folder *f = ctx;
  for (size_t i = 0; i < f->n; i++) {
    if (f->v[i].type == WG_FT_DIR || wg_name_cmp_nocase(wg_str_of(f->v[i].name), name) != 0) {
      continue;
    }
    if (f->infs[i] == NULL) {
      WG_AUTO(wg_cstr) path = wg_path_join(f->path, f->v[i].name);
      wg_inf *inf = wg_arena_new(&f->arena, wg_inf);
      if (inf == NULL) {
        return wg_arena_fail(&f->arena, err);
      }
      if (wg_inf_cli_read(path, &f->opt, &f->arena, inf, err) != WG_OK) {
        return err->code;
      }
      f->infs[i] = inf;
    }
    *out = f->infs[i];
    return WG_OK;
  }
  return wg_fail(err, WG_E_NOT_FOUND, "%s has no '%.*s'", f->path, WG_STR_ARG(name));
}

wg_code wg_inf_cli_folder(const wg_cli *c, const wg_inf_options *opt, wg_inf_folder *out,
                          const wg_inf_library **out_library, wg_error *err) {
  out->path = wg_cli_value(c, "include");
  out->opt = *opt;
  *out_library = NULL;
  wg_arena_init(&out->arena, wg_heap(), 0);
  if (out->path == NULL) {
    return WG_OK;
  }
  if (wg_os_list_dir(WG_CWD, out->path, &out->arena, &out->v, &out->n, err) != WG_OK) {
    return err->code;
  }
  out->infs = wg_arena_new_array(&out->arena, const wg_inf *, out->n + 1);
  if (out->infs == NULL) {
    return wg_arena_fail(&out->arena, err);
  }
  out->library = (wg_inf_library){.open = folder_open, .ctx = out};
  *out_library = &out->library;
  return WG_OK;
}

const char *wg_inf_service_type(uint32_t type) {
  static const struct {
    uint32_t type;
    const char *name;
  } names[] = {{0x1, "kernel driver"},          {0x2, "file system driver"},
               {0x8, "file system recognizer"}, {0x10, "program"},
               {0x20, "shared program"},        {0x50, "user program"},
               {0x60, "shared user program"},   {0x110, "interactive program"}};
  for (size_t i = 0; i < WG_ARRAY_LEN(names); i++) {
    if (names[i].type == type) {
      return names[i].name;
    }
  }
  return "";
}

const char *wg_inf_service_start(uint32_t start) {
  static const char *const names[] = {"boot", "system", "automatic", "on demand", "disabled"};
  return start < WG_ARRAY_LEN(names) ? names[start] : "";
}
