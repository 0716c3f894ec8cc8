// SPDX-License-Identifier: Apache-2.0
#include "project/across.h"

#include <string.h>

#include "base/near.h"
#include "project/bases.h"
#include "project/into.h"
#include "project/serviced.h"

// The model may have holes where keys were faulty: NULL strings are passed over.

static void across_version_info(wg_cfg *c, const wg_project *p, const wg_cfg_app *app) {
  const wg_cfg_windows *w = &app->windows;
  const char *release = p->release;
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
      wg_cfg_error(c, w->version_info.pos,
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

// How many Windows targets of the architecture an app has; *out_plain: one of them has no variant.
static size_t across_count_targets(const wg_cfg_app *app, const char *arch, bool *out_plain,
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

static void across_image_app_target(wg_cfg *c, const wg_cfg_image *img, const char *arch,
                                    const wg_cfg_image_app *ia, const wg_cfg_app *app) {
  bool plain = false, holes = app->n_targets == 0;
  size_t n = across_count_targets(app, arch, &plain, &holes);
  if (n == 0 && !holes) {
    wg_cfg_error(c, ia->app_pos,
                 arch == NULL
                     ? wg_cfg_printf(c, "images.%s.apps: app '%s' has no Windows target", img->name,
                                     app->name)
                     : wg_cfg_printf(c, "images.%s.apps: app '%s' has no target windows/%s",
                                     img->name, app->name, arch),
                 wg_cfg_printf(c, "add 'windows/%s' to apps.%s.targets",
                               arch == NULL ? "amd64" : arch, app->name));
  }
  if (arch != NULL && n > 1 && !plain) {
    wg_cfg_error(c, ia->app_pos,
                 wg_cfg_printf(c,
                               "images.%s.apps: app '%s' has %zu targets for windows/%s, and an "
                               "image takes one",
                               img->name, app->name, n, arch),
                 wg_cfg_printf(c, "add plain 'windows/%s' to apps.%s.targets, or keep one variant",
                               arch, app->name));
  }
}

static void across_targets(wg_cfg *c, const wg_project *p, const wg_cfg_image *img,
                           const char *arch) {
  for (size_t i = 0; i < img->n_apps; i++) {
    for (size_t k = 0; img->apps[i].app != NULL && k < p->n_apps; k++) {
      if (strcmp(p->apps[k].name, img->apps[i].app) == 0) {
        across_image_app_target(c, img, arch, &img->apps[i], &p->apps[k]);
      }
    }
  }
}

static void across_unknown_app(wg_cfg *c, const wg_project *p, const wg_cfg_image *img,
                               const wg_cfg_image_app *ia) {
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
  wg_cfg_error(c, ia->app_pos,
               wg_cfg_printf(c, "images.%s.apps: there is no app '%s'", img->name, ia->app), hint);
}

static void across_image_app(wg_cfg *c, const wg_project *p, const wg_cfg_image *img,
                             wg_cfg_image_app *ia) {
  if (ia->app == NULL) {
    return;
  }
  for (size_t i = 0; i < p->n_apps; i++) {
    if (strcmp(p->apps[i].name, ia->app) == 0) {
      ia->app_index = i;
      across_image_app_target(c, img, img->arch, ia, &p->apps[i]);
      return;
    }
  }
  across_unknown_app(c, p, img, ia);
}

// An app's folder in out/ and an image's file in out/ must not be the same name.
static void across_out_names(wg_cfg *c, const wg_project *p, const wg_cfg_image *img) {
  for (size_t k = 0; k < img->n_outputs; k++) {
    const char *file = wg_output_file(c, img, &img->outputs[k]);
    for (size_t i = 0; i < p->n_apps; i++) {
      if (strcmp(p->apps[i].name, file) == 0) {
        wg_cfg_error(
            c, p->apps[i].pos,
            wg_cfg_printf(c, "apps.%s: the name clashes with out/%s, the output of image '%s'",
                          file, file, img->name),
            "choose another name");
      }
    }
  }
}

// The folder of an environment's outputs is below out/, too.
static void across_env_folder(wg_cfg *c, const wg_project *p) {
  const char *what = NULL;
  wg_pos pos = {0};
  for (size_t i = 0; i < p->n_apps; i++) {
    if (strcmp(p->apps[i].name, p->env_name) == 0) {
      what = wg_cfg_printf(c, "apps.%s", p->env_name);
      pos = p->apps[i].pos;
    }
  }
  for (size_t i = 0; i < p->n_images; i++) {
    const wg_cfg_image *img = &p->images[i];
    for (size_t k = 0; k < img->n_outputs; k++) {
      if (strcmp(wg_output_file(c, img, &img->outputs[k]), p->env_name) == 0) {
        what = wg_cfg_printf(c, "images.%s", img->name);
        pos = img->pos;
      }
    }
  }
  if (what != NULL) {
    wg_cfg_error(c, pos,
                 wg_cfg_printf(c,
                               "%s: its outputs without --env go where those of --env %s go, to "
                               "out/%s",
                               what, p->env_name, p->env_name),
                 wg_cfg_printf(c, "give config/%s.yaml another name", p->env_name));
  }
}

// Finds the app of each item: fills app_index in a copy of the items. named: the image, as faults
// call it.
static const wg_cfg_image_app *across_bind_apps(wg_cfg *c, const wg_project *p,
                                                const wg_cfg_image *named,
                                                const wg_cfg_image_app *items, size_t n) {
  wg_cfg_image_app *apps = wg_cfg_alloc(c, n, sizeof(*apps));
  for (size_t k = 0; k < n; k++) {
    apps[k] = items[k];
    across_image_app(c, p, named, &apps[k]);
  }
  return apps;
}

static void across_image(wg_cfg *c, const wg_project *p, wg_cfg_image *img) {
  wg_cfg_image *indexes = wg_cfg_alloc(c, img->n_indexes, sizeof(*indexes));
  img->apps = across_bind_apps(c, p, img, img->apps, img->n_apps);
  for (size_t i = 0; i < img->n_indexes; i++) {
    wg_cfg_image *x = &indexes[i];
    wg_cfg_image named = *img;
    *x = img->indexes[i];
    named.name = wg_cfg_printf(c, "%s.indexes.%s", img->name, x->name);
    x->apps = across_bind_apps(c, p, &named, x->apps, x->n_apps);
  }
  img->indexes = indexes;
  wg_serviced_fill(c, img);
}

static void across_images(wg_cfg *c, wg_project *p) {
  wg_cfg_image *images = wg_cfg_alloc(c, p->n_images, sizeof(*images));
  for (size_t i = 0; i < p->n_images; i++) {
    images[i] = p->images[i];
  }
  wg_bases_bind(c, p, images, p->n_images);
  for (size_t i = 0; i < p->n_images; i++) {
    across_image(c, p, &images[i]);
  }
  p->images = images;
}

static void across_epoch(wg_cfg *c, wg_project *p) {
  const char *epoch = c->world.getenv(c->world.ctx, "SOURCE_DATE_EPOCH");
  if (epoch == NULL || epoch[0] == '\0') {
    return;
  }
  if (!wg_parse_epoch(epoch, &p->time_s)) {
    wg_cfg_add_fault(c, WG_FAULT_ERROR, (wg_pos){c->sources[0], 1, 1},
                     wg_cfg_printf(c,
                                   "the environment variable SOURCE_DATE_EPOCH is '%.40s', which "
                                   "is not a count of seconds since 1970",
                                   epoch),
                     "unset it, or set it to a number such as the output of 'date +%s'");
  }
}

// The names that an output of publish: may begin with: app/NAME, NAME, image/NAME, and in the end
// "app" and "image" for all of them.
static const char **across_target_names(wg_cfg *c, const wg_project *p, size_t *out_n) {
  size_t n = 0;
  const char **v = wg_cfg_alloc(c, p->n_apps * 2 + p->n_images * 3 + 2, sizeof(*v));
  for (size_t i = 0; i < p->n_apps; i++) {
    v[n++] = wg_cfg_printf(c, "app/%s", p->apps[i].name);
    v[n++] = p->apps[i].name;
  }
  for (size_t i = 0; i < p->n_images; i++) {
    v[n++] = wg_cfg_printf(c, "image/%s", p->images[i].name);
    v[n++] = p->images[i].name;
    if (p->images[i].into != NULL) {
      v[n++] = wg_cfg_printf(c, "image/%s", p->images[i].into);
    }
  }
  v[n++] = "app";
  v[n++] = "image";
  *out_n = n;
  return v;
}

static void across_publish(wg_cfg *c, const wg_project *p, const wg_cfg_publish *pub) {
  size_t n = 0;
  const char **names = across_target_names(c, p, &n);
  for (size_t i = 0; i < pub->n_outputs; i++) {
    const char *o = pub->outputs[i].s;
    bool found = o == NULL;
    for (size_t k = 0; k < n && !found; k++) {
      size_t len = strlen(names[k]);
      bool is_all = k >= n - 2; // no more than that
      found = strncmp(o, names[k], len) == 0 && (o[len] == '\0' || (o[len] == '/' && !is_all));
    }
    if (!found) {
      const char *near = wg_nearest(o, names, n - 2);
      wg_cfg_error(c, pub->outputs[i].pos,
                   wg_cfg_printf(c, "publish.%s.outputs: nothing here makes '%s'", pub->name, o),
                   near != NULL ? wg_cfg_printf(c, "did you mean '%s'?", near)
                                : "'wingo plan' lists what is made");
    }
  }
}

void wg_project_across(wg_cfg *c, wg_project *p) {
  across_epoch(c, p);
  if (p->env_name[0] != '\0') {
    across_env_folder(c, p);
  }
  for (size_t i = 0; i < p->n_apps; i++) {
    across_version_info(c, p, &p->apps[i]);
  }
  for (size_t i = 0; i < p->n_images; i++) {
    across_out_names(c, p, &p->images[i]);
  }
  for (size_t i = 0; i < p->n_publish; i++) {
    across_publish(c, p, &p->publish[i]);
  }
  across_images(c, p);
  wg_into_rules(c, p);
}

// The architecture of what the base is made of in the end; NULL: not known.
static const char *across_arch_of(const wg_project *p, const wg_cfg_image *img) {
  for (size_t i = 0; i < p->n_images && img != NULL && img->base.kind == WG_BASE_IMAGE; i++) {
    img = wg_bases_find(p->images, p->n_images, img->base.of);
    if (img != NULL && img->arch != NULL) {
      return img->arch;
    }
  }
  return img != NULL && img->n_serviced > 0 ? img->serviced[0].arch_found : NULL;
}

void wg_project_across_files(wg_cfg *c, const wg_project *p) {
  for (size_t i = 0; i < p->n_images; i++) {
    const wg_cfg_image *img = &p->images[i];
    for (size_t k = 0; k < img->n_serviced; k++) {
      wg_cfg_image *s = &img->serviced[k];
      if (s->base.kind == WG_BASE_IMAGE) {
        s->arch_found = across_arch_of(p, s);
      }
      if (s->arch == NULL && s->arch_found != NULL && s->arch_found[0] != '\0') {
        across_targets(c, p, s, s->arch_found);
      }
    }
    wg_serviced_files(c, img);
  }
  wg_into_files(c, p);
}
