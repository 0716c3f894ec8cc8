// SPDX-License-Identifier: Apache-2.0
// Resources of Windows programs: icon, version information, manifest as an object for Go's linker.
#include <string.h>

#include "fmt/rsrc/rsrc.h"
#include "steps/go_steps.h"

typedef struct go_resources {
  const char *arch;
  const wg_cfg_windows *windows;
  wg_rsrc_version_info version; // with the defaults filled in
  wg_rsrc_manifest manifest;
} go_resources;

static wg_code resources_read(wg_step_ctx *c, const char *label, uint64_t max_bytes, wg_buf *out,
                              wg_error *err) {
  WG_AUTO(wg_cstr) path = NULL;
  wg_buf_init(out, wg_heap(), 0);
  if (wg_ctx_input_path(c, label, &path, err) != WG_OK) {
    return err->code;
  }
  return wg_os_read_file(WG_CWD, path, max_bytes, out, err);
}

// The file that err's offset is one of, when the builder refused.
static wg_code resources_fail(const go_resources *r, wg_error *err) {
  const wg_cfg_windows *w = r->windows;
  if (w->icon != NULL && w->manifest.file == NULL) {
    return wg_wrap(err, "resources for windows/%s (icon %s)", r->arch, w->icon);
  }
  if (w->manifest.file != NULL && w->icon == NULL) {
    return wg_wrap(err, "resources for windows/%s (manifest %s)", r->arch, w->manifest.file);
  }
  return wg_wrap(err, "resources for windows/%s", r->arch);
}

static wg_code resources_run(wg_step_ctx *c, wg_error *err) {
  const go_resources *r = wg_ctx_user(c);
  const wg_cfg_windows *w = r->windows;
  WG_AUTO(wg_buf) icon = {0}, xml = {0}, out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  wg_rsrc_spec spec = {.goarch = r->arch};
  if (w->icon != NULL) {
    if (resources_read(c, "icon", WG_CFG_MAX_ICON_BYTES, &icon, err) != WG_OK) {
      return wg_wrap(err, "icon %s", w->icon);
    }
    spec.icon = wg_buf_str(&icon);
  }
  if (w->version_info.present) {
    spec.version = &r->version;
  }
  if (w->manifest.file != NULL) {
    if (resources_read(c, "manifest", WG_CFG_MAX_MANIFEST_BYTES, &xml, err) != WG_OK) {
      return wg_wrap(err, "manifest %s", w->manifest.file);
    }
    spec.manifest_xml = wg_buf_str(&xml);
  } else if (w->manifest.present) {
    spec.manifest = &r->manifest;
  }
  if (wg_rsrc_build_syso(&spec, wg_ctx_arena(c), &out, err) != WG_OK) {
    return resources_fail(r, err);
  }
  if (wg_buf_check(&out, err) != WG_OK) {
    return err->code;
  }
  return wg_ctx_output_bytes(c, "syso", out.p, out.n, err);
}

static const wg_step_kind resources_kind = {
    .name = "go.resources",
    .version = 1,
    .verb = "make resources",
    .run = resources_run,
};

static const char *resources_or(const char *given, const char *otherwise) {
  return given != NULL && given[0] != '\0' ? given : otherwise;
}

static char *resources_text(wg_arena *arena, const char *a, const char *b) {
  char *s = wg_arena_printf(arena, "%s%s", a, b);
  wg_assert(s != NULL); // as every allocation above fmt
  return s;
}

// What Explorer and Task Manager show is never left empty: names come from the app and the project,
// versions from the release.
static wg_rsrc_version_info resources_version(const wg_project *project, const wg_cfg_app *app,
                                              wg_arena *arena) {
  const wg_cfg_windows *w = &app->windows;
  const char *release = resources_or(project->release, "0.0.0");
  const char *revision = app->revision != NULL && app->revision[0] != '\0'
                             ? resources_text(arena, "revision ", app->revision)
                             : NULL;
  return (wg_rsrc_version_info){
      .company = w->version_info.company,
      .description = resources_or(w->version_info.description, app->name),
      .product = resources_or(w->version_info.product, project->name),
      .copyright = w->version_info.copyright,
      .trademarks = w->version_info.trademarks,
      .comments = resources_or(w->version_info.comments, revision),
      .internal_name = resources_or(w->version_info.internal_name, app->name),
      .original_filename =
          resources_or(w->version_info.original_filename, resources_text(arena, app->name, ".exe")),
      .file_version = resources_or(w->version_info.file_version, release),
      .product_version = resources_or(w->version_info.product_version, release),
  };
}

static wg_rsrc_manifest resources_manifest(const wg_cfg_windows *w) {
  static const wg_rsrc_level levels[] = {
      [WG_EXEC_UNSET] = WG_RSRC_LEVEL_UNSET,
      [WG_EXEC_AS_INVOKER] = WG_RSRC_LEVEL_AS_INVOKER,
      [WG_EXEC_HIGHEST] = WG_RSRC_LEVEL_HIGHEST,
      [WG_EXEC_ADMIN] = WG_RSRC_LEVEL_ADMIN,
  };
  static const wg_rsrc_dpi dpis[] = {
      [WG_DPI_UNSET] = WG_RSRC_DPI_UNSET,
      [WG_DPI_UNAWARE] = WG_RSRC_DPI_UNAWARE,
      [WG_DPI_SYSTEM] = WG_RSRC_DPI_SYSTEM,
      [WG_DPI_PER_MONITOR] = WG_RSRC_DPI_PER_MONITOR,
      [WG_DPI_PER_MONITOR_V2] = WG_RSRC_DPI_PER_MONITOR_V2,
  };
  return (wg_rsrc_manifest){
      .level = levels[w->manifest.level],
      .ui_access = w->manifest.ui_access,
      .long_paths = w->manifest.long_paths,
      .utf8 = w->manifest.utf8,
      .dpi = dpis[w->manifest.dpi],
  };
}

static void resources_params(wg_step *s, const go_resources *r) {
  const wg_rsrc_version_info *v = &r->version;
  const struct {
    const char *name, *value;
  } texts[] = {
      {"company", v->company},
      {"description", v->description},
      {"product", v->product},
      {"copyright", v->copyright},
      {"trademarks", v->trademarks},
      {"comments", v->comments},
      {"internal_name", v->internal_name},
      {"original_filename", v->original_filename},
      {"file_version", v->file_version},
      {"product_version", v->product_version},
  };
  wg_step_param(s, "arch", r->arch);
  for (size_t i = 0; r->windows->version_info.present && i < WG_ARRAY_LEN(texts); i++) {
    if (texts[i].value != NULL) {
      wg_step_param(s, texts[i].name, texts[i].value);
    }
  }
  if (r->windows->manifest.present && r->windows->manifest.file == NULL) {
    const wg_rsrc_manifest *m = &r->manifest;
    WG_AUTO(wg_cstr)
    text = wg_xprintf("level %u, ui access %u, long paths %u, utf8 %u, dpi %u", (unsigned)m->level,
                      (unsigned)m->ui_access, (unsigned)m->long_paths, (unsigned)m->utf8,
                      (unsigned)m->dpi);
    wg_step_param(s, "manifest", text);
  }
}

wg_step *wg_go_add_resources(wg_graph *g, const wg_project *project, const wg_cfg_app *app,
                             const char *arch, wg_arena *arena) {
  const wg_cfg_windows *w = &app->windows;
  if (!w->present || (w->icon == NULL && !w->version_info.present && !w->manifest.present)) {
    return NULL;
  }
  go_resources *r = wg_arena_new(arena, go_resources);
  wg_assert(r != NULL);
  r->arch = arch;
  r->windows = w;
  r->version = resources_version(project, app, arena);
  r->manifest = resources_manifest(w);
  WG_AUTO(wg_cstr) identity = wg_xprintf("app/%s/resources-%s", app->name, arch);
  wg_step *s = wg_graph_add(g, &resources_kind, identity, r);
  resources_params(s, r);
  if (w->icon != NULL) {
    WG_AUTO(wg_cstr) path = wg_path_join(project->dir, w->icon);
    wg_step_input_file(s, "icon", path);
  }
  if (w->manifest.file != NULL) {
    WG_AUTO(wg_cstr) path = wg_path_join(project->dir, w->manifest.file);
    wg_step_input_file(s, "manifest", path);
  }
  return s;
}
