// SPDX-License-Identifier: Apache-2.0
// What is in a file of a synthetic base.
#include <string.h>

#include "image/synthetic/syn.h"

static wg_code content_hive(const wg_syn_env *e, const char *source, wg_str *out, wg_error *err) {
  return wg_syn_hive(e, source, out, err);
}

static wg_code content_text(const wg_syn_env *e, const char *source, wg_str *out, wg_error *err) {
  WG_AUTO(wg_cstr) name = wg_xprintf("text/%s", source);
  return wg_syn_text_file(e, name, false, out, err);
}

// Since Windows 8 its INF files are UTF-16.
static wg_code content_inf(const wg_syn_env *e, const char *source, wg_str *out, wg_error *err) {
  bool utf16 = strcmp(wg_syn_value(e, "major"), "6") != 0;
  WG_AUTO(wg_cstr) name = wg_xprintf("inf/%s", source);
  return wg_syn_text_file(e, name, utf16, out, err);
}

static wg_code content_wim(const wg_syn_env *e, const char *source, wg_str *out, wg_error *err) {
  for (size_t i = 0; i < e->n_wims; i++) {
    if (strcmp(e->wims[i].name, source) == 0) {
      *out = e->wims[i].bytes;
      return WG_OK;
    }
  }
  return wg_fail(err, WG_E_BUG, "no WIM '%s'", source);
}

static wg_code content_file(const wg_syn_env *e, const char *source, wg_str *out, wg_error *err) {
  (void)e;
  WG_AUTO(wg_cstr) name = wg_xprintf("text/%s", source);
  return wg_syn_file(name, out, err);
}

static wg_code content_placeholder(const wg_syn_env *e, wg_str path, wg_str *out, wg_error *err) {
  const char *text = wg_arena_printf(
      e->arena,
      "Placeholder of a synthetic base made by wingo. It stands for %.*s; it is not "
      "Microsoft's file and does nothing.\r\n",
      WG_STR_ARG(path));
  if (text == NULL) {
    return wg_arena_fail(e->arena, err);
  }
  *out = wg_str_of(text);
  return WG_OK;
}

wg_code wg_syn_content(const wg_syn_env *e, wg_str kind, wg_str source, wg_str path, wg_str *out,
                       wg_error *err) {
  static const struct {
    const char *kind;
    wg_code (*make)(const wg_syn_env *e, const char *source, wg_str *out, wg_error *err);
  } kinds[] = {{"hive", content_hive},
               {"text", content_text},
               {"inf", content_inf},
               {"wim", content_wim},
               {"file", content_file}};
  if (wg_str_eqz(kind, "file") && source.n == 0) {
    return content_placeholder(e, path, out, err);
  }
  WG_AUTO(wg_cstr) name = wg_xprintf("%.*s", WG_STR_ARG(source));
  for (size_t i = 0; i < WG_ARRAY_LEN(kinds); i++) {
    if (wg_str_eqz(kind, kinds[i].kind)) {
      return kinds[i].make(e, name, out, err);
    }
  }
  *out = WG_STR(""); // "empty"
  return WG_OK;
}
