#include "project/rules.h"

#include <string.h>

#include "base/near.h"

// The model may have holes where keys were faulty: NULL strings are passed over.

static void rules_error(wg_cfg *c, wg_pos pos, const char *text, const char *hint) {
  wg_cfg_add_fault(c, WG_FAULT_ERROR, pos, text, hint);
}

// The variable that a linker flag sets with -X, NULL when it sets none. *prev is the flag before.
static const char *rules_x_variable(const char *prev, const char *flag) {
  if (prev != NULL && (strcmp(prev, "-X") == 0 || strcmp(prev, "--X") == 0)) {
    return flag;
  }
  const char *x = strstr(flag, "-X");
  if (x == NULL || (x != flag && x[-1] != ' ' && x[-1] != '-') || (x[2] != ' ' && x[2] != '=')) {
    return NULL;
  }
  return x + 3 + strspn(x + 3, " '\"");
}

static void rules_ldflags(wg_cfg *c, const wg_cfg_app *app) {
  for (size_t i = 0; i < app->n_ldflags; i++) {
    const char *flag = app->ldflags[i].s;
    const char *x =
        flag == NULL ? NULL : rules_x_variable(i == 0 ? NULL : app->ldflags[i - 1].s, flag);
    for (size_t k = 0; x != NULL && k < app->n_vars; k++) {
      size_t n = strlen(app->vars[k].name);
      if (strncmp(x, app->vars[k].name, n) == 0 && x[n] == '=') {
        rules_error(c, app->ldflags[i].pos,
                    wg_cfg_printf(c, "apps.%s.ldflags: -X sets '%s', and 'vars' sets it too",
                                  app->name, app->vars[k].name),
                    "keep it in 'vars' only");
      }
    }
  }
}

static void rules_version_info(wg_cfg *c, const wg_cfg_app *app) {
  const wg_cfg_windows *w = &app->windows;
  const char *release = wg_project_model(c)->release;
  if (!w->version_info.present || release == NULL || release[0] == '\0' ||
      (w->version_info.file_version != NULL && w->version_info.product_version != NULL)) {
    return;
  }
  wg_str s = wg_str_of(release);
  size_t n = 0;
  while (n < s.n && ((s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '.')) {
    n++;
  }
  s.n = n;
  while (s.n > 0) {
    size_t dot = wg_str_find(s, '.');
    uint64_t v = 0;
    if (!wg_parse_u64((wg_str){s.p, dot}, &v) || v > 65535) {
      rules_error(c, w->version_info.pos,
                  wg_cfg_printf(c,
                                "apps.%s.windows.version_info: release %s has a number above "
                                "65535, which no Windows version can hold",
                                app->name, release),
                  "give 'file_version' and 'product_version' here: \"1.4.0.0\"");
      return;
    }
    size_t skip = dot < s.n ? dot + 1 : dot;
    s = (wg_str){s.p + skip, s.n - skip};
  }
}

static void rules_manifest(wg_cfg *c, const wg_cfg_app *app) {
  const wg_cfg_windows *w = &app->windows;
  bool made = w->manifest.level != WG_EXEC_UNSET || w->manifest.dpi != WG_DPI_UNSET ||
              w->manifest.ui_access || w->manifest.long_paths || w->manifest.utf8;
  if (w->manifest.file != NULL && made) {
    rules_error(c, w->manifest.pos,
                wg_cfg_printf(c,
                              "apps.%s.windows.manifest: 'file' is a whole manifest, and other "
                              "keys are given with it",
                              app->name),
                "write the settings into that file, or remove 'file'");
  }
}

static void rules_windows(wg_cfg *c, const wg_cfg_app *app) {
  bool any = app->n_targets == 0;
  for (size_t i = 0; i < app->n_targets; i++) {
    const char *os = app->targets[i].os;
    any = any || os == NULL || strcmp(os, "windows") == 0;
  }
  if (app->windows.present && !any) {
    wg_cfg_add_fault(
        c, WG_FAULT_WARNING, app->pos,
        wg_cfg_printf(c, "apps.%s: 'windows' is given, and no target is Windows", app->name),
        "add a target such as windows/amd64, or remove 'windows'");
  }
  rules_version_info(c, app);
  rules_manifest(c, app);
}

// How many Windows targets of the architecture an app has; *out_plain: one of them has no variant.
static size_t rules_count_targets(const wg_cfg_app *app, const char *arch, bool *out_plain,
                                  bool *out_holes) {
  size_t n = 0;
  for (size_t i = 0; i < app->n_targets; i++) {
    const wg_cfg_target *t = &app->targets[i];
    if (t->os == NULL) {
      *out_holes = true;
    } else if (strcmp(t->os, "windows") == 0 && (arch == NULL || strcmp(t->arch, arch) == 0)) {
      n++;
      *out_plain = *out_plain || t->variant[0] == '\0';
    }
  }
  return n;
}

static void rules_image_app_target(wg_cfg *c, const wg_cfg_image *img, const wg_cfg_image_app *ia,
                                   const wg_cfg_app *app) {
  bool plain = false, holes = app->n_targets == 0;
  size_t n = rules_count_targets(app, img->arch, &plain, &holes);
  if (n == 0 && !holes) {
    rules_error(c, ia->app_pos,
                img->arch == NULL
                    ? wg_cfg_printf(c, "images.%s.apps: app '%s' has no Windows target", img->name,
                                    app->name)
                    : wg_cfg_printf(c, "images.%s.apps: app '%s' has no target windows/%s",
                                    img->name, app->name, img->arch),
                wg_cfg_printf(c, "add 'windows/%s' to apps.%s.targets",
                              img->arch == NULL ? "amd64" : img->arch, app->name));
  }
  if (img->arch != NULL && n > 1 && !plain) {
    rules_error(c, ia->app_pos,
                wg_cfg_printf(c,
                              "images.%s.apps: app '%s' has %zu targets for windows/%s, and an "
                              "image takes one",
                              img->name, app->name, n, img->arch),
                wg_cfg_printf(c, "add plain 'windows/%s' to apps.%s.targets, or keep one variant",
                              img->arch, app->name));
  }
}

static void rules_unknown_app(wg_cfg *c, const wg_cfg_image *img, const wg_cfg_image_app *ia) {
  const wg_project *p = wg_project_model(c);
  const char **names = wg_cfg_alloc(c, p->n_apps, sizeof(*names));
  const char *list = "";
  for (size_t i = 0; i < p->n_apps; i++) {
    names[i] = p->apps[i].name;
    list = i >= 20 ? list : wg_cfg_printf(c, "%s%s%s", list, i == 0 ? "" : ", ", names[i]);
  }
  const char *near = wg_nearest(ia->app, names, p->n_apps);
  const char *hint = "define it under 'apps' first";
  if (near != NULL) {
    hint = wg_cfg_printf(c, "did you mean '%s'?", near);
  } else if (p->n_apps > 0) {
    hint = wg_cfg_printf(c, "apps there are: %s", list);
  }
  rules_error(c, ia->app_pos,
              wg_cfg_printf(c, "images.%s.apps: there is no app '%s'", img->name, ia->app), hint);
}

static void rules_image_app(wg_cfg *c, const wg_cfg_image *img, wg_cfg_image_app *ia) {
  const wg_project *p = wg_project_model(c);
  if (ia->app == NULL) {
    return;
  }
  for (size_t i = 0; i < p->n_apps; i++) {
    if (strcmp(p->apps[i].name, ia->app) == 0) {
      ia->app_index = i;
      rules_image_app_target(c, img, ia, &p->apps[i]);
      return;
    }
  }
  rules_unknown_app(c, img, ia);
}

static void rules_same_app_twice(wg_cfg *c, const wg_cfg_image *img) {
  for (size_t i = 1; i < img->n_apps; i++) {
    const wg_cfg_image_app *a = &img->apps[i];
    for (size_t k = 0; k < i && k < 1000; k++) {
      const wg_cfg_image_app *b = &img->apps[k];
      if (a->app != NULL && b->app != NULL && a->to != NULL && b->to != NULL &&
          strcmp(a->app, b->app) == 0 && wg_str_eq_nocase(wg_str_of(a->to), b->to)) {
        rules_error(c, a->pos,
                    wg_cfg_printf(c, "images.%s.apps: app '%s' goes to '%s' twice", img->name,
                                  a->app, a->to),
                    "remove one of the two");
        break;
      }
    }
  }
}

static void rules_base(wg_cfg *c, const wg_cfg_image *img) {
  const wg_cfg_base *b = &img->base;
  if (b->path_pos.line != 0 && b->kind == WG_BASE_SYNTHETIC && b->sha256_pos.line != 0) {
    rules_error(c, b->sha256_pos,
                wg_cfg_printf(c, "images.%s.base: 'sha256' pins a file, and the base is synthetic",
                              img->name),
                "remove it");
  }
  if (b->path_pos.line != 0 && b->kind != WG_BASE_SYNTHETIC && b->state_pos.line != 0) {
    rules_error(c, b->state_pos,
                wg_cfg_printf(c, "images.%s.base: 'state' is for a synthetic base", img->name),
                "remove it");
  }
  if (b->path_pos.line == 0 || b->kind != WG_BASE_DIR) {
    return;
  }
  if (img->arch_pos.line == 0) {
    rules_error(
        c, img->pos,
        wg_cfg_printf(c, "images.%s: 'arch' is missing, and a folder as base does not state it",
                      img->name),
        "add 'arch: amd64' (or arm64, 386)");
  }
  if (b->sha256_pos.line != 0) {
    rules_error(c, b->sha256_pos,
                wg_cfg_printf(c, "images.%s.base: 'sha256' pins a file, and the base is a folder",
                              img->name),
                "remove it");
  }
  if (b->image_pos.line != 0) {
    rules_error(c, b->image_pos,
                wg_cfg_printf(c,
                              "images.%s.base: 'image' picks an image of a file, and the base is "
                              "a folder",
                              img->name),
                "remove it");
  }
}

// What belongs to a key stands beside one.
static void rules_registry(wg_cfg *c, const wg_cfg_image *img) {
  for (size_t i = 0; i < img->n_registry; i++) {
    const wg_cfg_registry *r = &img->registry[i];
    const char *extra = r->n_values > 0   ? "values"
                        : r->n_expect > 0 ? "expect"
                        : r->view != 0    ? "view"
                                          : NULL;
    if (r->key == NULL && extra != NULL && (r->file != NULL || r->delete_key != NULL)) {
      rules_error(c, r->pos,
                  wg_cfg_printf(c, "images.%s.registry: '%s' belongs to 'key', not to '%s'",
                                img->name, extra, r->file != NULL ? "file" : "delete_key"),
                  "make it two entries of the list");
    }
  }
}

// An app's folder in out/ and an image's file in out/ must not be the same name.
static void rules_out_names(wg_cfg *c, const wg_cfg_image *img) {
  static const char *const endings[] = {"wim", "esd", "swm"};
  const wg_project *p = wg_project_model(c);
  for (size_t k = 0; k < img->n_outputs; k++) {
    const char *file = wg_cfg_printf(c, "%s.%s", img->name, endings[img->outputs[k].kind]);
    for (size_t i = 0; i < p->n_apps; i++) {
      if (strcmp(p->apps[i].name, file) == 0) {
        rules_error(c, p->apps[i].pos,
                    wg_cfg_printf(c,
                                  "apps.%s: the name clashes with out/%s, the output of image '%s'",
                                  file, file, img->name),
                    "choose another name");
      }
    }
  }
}

#define RULES_MIN_PART_BYTES ((uint64_t)1 << 20)

static void rules_outputs(wg_cfg *c, const wg_cfg_image *img) {
  for (size_t i = 0; i < img->n_outputs; i++) {
    const wg_cfg_output *o = &img->outputs[i];
    for (size_t k = 0; k < i; k++) {
      if (o->kind == WG_OUTPUT_SWM && img->outputs[k].kind == WG_OUTPUT_SWM) {
        rules_error(c, o->pos,
                    wg_cfg_printf(c, "images.%s.outputs: 'swm' is in the list twice", img->name),
                    "remove one of the two");
      }
    }
    if (o->kind == WG_OUTPUT_SWM && o->part_bytes != 0 && o->part_bytes < RULES_MIN_PART_BYTES) {
      rules_error(c, o->pos,
                  wg_cfg_printf(c, "images.%s.outputs: parts of less than 1 MiB", img->name),
                  "write a size such as 3800MiB");
    }
  }
}

// Finds the app of each images.*.apps item: fills app_index in a copy of the items.
static void rules_bind_apps(wg_cfg *c) {
  wg_project *p = wg_project_model(c);
  wg_cfg_image *images = wg_cfg_alloc(c, p->n_images, sizeof(*images));
  for (size_t i = 0; i < p->n_images; i++) {
    images[i] = p->images[i];
    wg_cfg_image_app *apps = wg_cfg_alloc(c, images[i].n_apps, sizeof(*apps));
    for (size_t k = 0; k < images[i].n_apps; k++) {
      apps[k] = images[i].apps[k];
      rules_image_app(c, &images[i], &apps[k]);
    }
    images[i].apps = apps;
  }
  p->images = images;
}

void wg_cfg_rules(wg_cfg *c, wg_project *p) {
  for (size_t i = 0; i < p->n_apps; i++) {
    rules_ldflags(c, &p->apps[i]);
    rules_windows(c, &p->apps[i]);
  }
  for (size_t i = 0; i < p->n_images; i++) {
    const wg_cfg_image *img = &p->images[i];
    rules_base(c, img);
    rules_registry(c, img);
    wg_cfg_rules_files(c, img);
    rules_out_names(c, img);
    rules_outputs(c, img);
    rules_same_app_twice(c, img);
  }
  rules_bind_apps(c);
}
