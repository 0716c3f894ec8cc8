// SPDX-License-Identifier: Apache-2.0
#include "steps/project.h"

#include <string.h>

#include "image/file/base.h"
#include "image/synthetic/synthetic.h"
#include "steps/base_facts.h"
#include "steps/image_base.h"
#include "steps/image_into.h"
#include "steps/image_wim.h"

#define POS_FMT "%s:%u:%u: "
#define POS_ARG(p) (p).file, (p).line, (p).col

// Go steps of all apps: steps[app][target]; and the images whose steps are there.
typedef struct project_steps {
  wg_step ***of_app;
  size_t n;
  const wg_image_one **of_image; // by image: its ones; NULL: not added yet
  bool *alias;                   // by image: its bare name is a target
  wg_store *store;               // may be NULL
  wg_image_looks looks;
} project_steps;

static void project_steps_done(project_steps *s) {
  for (size_t i = 0; i < s->n; i++) {
    wg_xfree(s->of_app[i]);
  }
  wg_xfree(s->of_app);
  wg_xfree(s->of_image);
  wg_xfree(s->alias);
  wg_image_looks_done(&s->looks);
}
WG_DEFINE_AUTO(project_steps, project_steps_done);

static wg_code project_synthetic(const wg_cfg_image *image, wg_pos image_pos, wg_arena *memory,
                                 wg_image_one *out, wg_error *err) {
  const wg_cfg_base *base = &image->base;
  WG_AUTO(wg_cstr) name = NULL;
  out->arch = image->arch != NULL ? image->arch : WG_SYNTHETIC_ARCH;
  if (wg_synthetic_check_disc(base->path, out->arch, base->state, (wg_image_disc_wim)base->wim,
                              base->image, &name, err) != WG_OK) {
    return wg_wrap(err, POS_FMT "image '%s'", POS_ARG(image_pos), image->name);
  }
  out->base_image = wg_arena_strdup(memory, name);
  return out->base_image != NULL ? WG_OK : wg_arena_fail(memory, err);
}

static size_t project_image_index(const wg_project *p, const char *name) {
  size_t i = 0;
  while (i < p->n_images && strcmp(p->images[i].name, name) != 0) {
    i++;
  }
  wg_assert(i < p->n_images); // the load bound it
  return i;
}

// Of an image of the project: the one that it changes, as its output has it.
static wg_code project_of_image(const wg_project *p, const project_steps *steps,
                                const wg_cfg_image *image, wg_arena *memory, wg_image_one *out,
                                wg_error *err) {
  const wg_image_one *of = steps->of_image[project_image_index(p, image->base.of)];
  wg_assert(of != NULL);
  out->arch = image->arch != NULL ? image->arch : of->arch;
  out->base_image = image->base.image != NULL ? image->base.image : wg_image_in_output(of, memory);
  if (out->base_image == NULL) {
    return wg_arena_fail(memory, err);
  }
  if (strcmp(out->arch, of->arch) != 0) {
    return wg_fail(err, WG_E_CONFIG,
                   POS_FMT "image '%s' says arch: %s, but image '%s', its base, is %s: remove "
                           "'arch:'",
                   POS_ARG(image->arch_pos), image->name, image->arch, image->base.of, of->arch);
  }
  return WG_OK;
}

// Looks at the base. The image's architecture: what the project says, else what the base says; both
// must agree.
static wg_code project_look(const wg_project *p, project_steps *steps, const wg_cfg_image *image,
                            wg_pos image_pos, wg_image_one *out, wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_image_host_path(p, image->base.path);
  const wg_image_base base = wg_image_base_of(&image->base, path);
  if (wg_base_facts(steps->store, &steps->looks, &base, &out->base, err) != WG_OK) {
    return wg_wrap(err, POS_FMT "image '%s'", POS_ARG(image_pos), image->name);
  }
  const char *of_base = out->base.arch;
  if (image->arch == NULL && of_base[0] == '\0') {
    return wg_fail(err, WG_E_CONFIG,
                   POS_FMT "the base of image '%s' does not state its architecture: write "
                           "'arch: amd64' (or arm64, 386) beside 'base:'",
                   POS_ARG(image->pos), image->name);
  }
  if (image->arch != NULL && of_base[0] != '\0' && strcmp(image->arch, of_base) != 0) {
    return wg_fail(err, WG_E_CONFIG,
                   POS_FMT "image '%s' says arch: %s, but its base is %s: remove 'arch:' or "
                           "choose another base",
                   POS_ARG(image->arch_pos), image->name, image->arch, of_base);
  }
  out->arch = image->arch != NULL ? image->arch : of_base;
  out->base_image = image->base.image;
  return WG_OK;
}

static wg_code project_image_base(const wg_project *p, project_steps *steps,
                                  const wg_cfg_image *image, wg_arena *memory, wg_image_one *out,
                                  wg_error *err) {
  const wg_cfg_base *base = &image->base;
  wg_pos image_pos = base->image_pos.line != 0 ? base->image_pos : base->path_pos;
  switch (base->kind) {
  case WG_BASE_SYNTHETIC:
    return project_synthetic(image, image_pos, memory, out, err);
  case WG_BASE_IMAGE:
    return project_of_image(p, steps, image, memory, out, err);
  case WG_BASE_FILE:
  case WG_BASE_DIR:
    break;
  }
  return project_look(p, steps, image, image_pos, out, err);
}

// The app's step for windows/<arch>: the one without a variant when there are several.
static wg_code project_app_step(const wg_project *p, const project_steps *steps,
                                const wg_cfg_image *image, const wg_cfg_image_app *a,
                                const char *arch, wg_step **out, wg_error *err) {
  const wg_cfg_app *app = &p->apps[a->app_index];
  *out = NULL;
  for (size_t i = 0; i < app->n_targets; i++) {
    const wg_cfg_target *t = &app->targets[i];
    if (strcmp(t->os, "windows") == 0 && strcmp(t->arch, arch) == 0 &&
        (*out == NULL || t->variant[0] == '\0')) {
      *out = steps->of_app[a->app_index][i];
    }
  }
  if (*out == NULL) {
    return wg_fail(err, WG_E_CONFIG,
                   POS_FMT "image '%s' is %s, but app '%s' has no target windows/%s: add it to "
                           "the app's targets",
                   POS_ARG(a->pos), image->name, arch, a->app, arch);
  }
  return WG_OK;
}

// A bare name is a target where it is clear: no app and image share it.
static bool project_name_is_clear(const wg_project *p, const char *name) {
  bool app = false, image = false;
  for (size_t i = 0; i < p->n_apps; i++) {
    app = app || strcmp(p->apps[i].name, name) == 0;
  }
  for (size_t i = 0; i < p->n_images; i++) {
    image = image || strcmp(p->images[i].name, name) == 0;
  }
  return app != image;
}

// An image of the base: what the base says of it, and the programs it gets.
static wg_code project_one(const wg_project *p, project_steps *steps, const wg_cfg_image *image,
                           wg_arena *memory, wg_image_one *out, wg_error *err) {
  const char **app_steps =
      (const char **)wg_arena_new_array(memory, const char *, image->n_apps + 1);
  if (app_steps == NULL) {
    return wg_arena_fail(memory, err);
  }
  *out = (wg_image_one){.image = image, .app_steps = app_steps, .arch = "", .base = {.arch = ""}};
  if (project_image_base(p, steps, image, memory, out, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < image->n_apps; i++) {
    wg_step *step = NULL;
    if (project_app_step(p, steps, image, &image->apps[i], out->arch, &step, err) != WG_OK) {
      return err->code;
    }
    app_steps[i] = wg_step_identity(step);
  }
  return WG_OK;
}

static wg_code project_add_image(wg_graph *g, const wg_project *p, project_steps *steps, size_t at,
                                 wg_arena *memory, wg_error *err) {
  const wg_cfg_image *image = &p->images[at];
  wg_image_one *ones = wg_arena_new_array(memory, wg_image_one, image->n_serviced);
  if (ones == NULL) {
    return wg_arena_fail(memory, err);
  }
  for (size_t i = 0; i < image->n_serviced; i++) {
    if (project_one(p, steps, &image->serviced[i], memory, &ones[i], err) != WG_OK) {
      return err->code;
    }
  }
  steps->of_image[at] = ones;
  const wg_image_plan plan = {.project = p,
                              .image = image,
                              .ones = ones,
                              .n_ones = image->n_serviced,
                              .alias = steps->alias[at],
                              .memory = memory};
  return wg_image_add_steps(g, &plan, err);
}

// Those first that others are made of; the load saw to it that there is no circle.
static wg_code project_add_images(wg_graph *g, const wg_project *p, project_steps *steps,
                                  wg_arena *memory, wg_error *err) {
  size_t n_left = p->n_images;
  while (n_left > 0) {
    size_t before = n_left;
    for (size_t i = 0; i < p->n_images; i++) {
      const wg_cfg_base *base = &p->images[i].base;
      bool waits =
          base->kind == WG_BASE_IMAGE && steps->of_image[project_image_index(p, base->of)] == NULL;
      if (steps->of_image[i] != NULL || waits) {
        continue;
      }
      if (project_add_image(g, p, steps, i, memory, err) != WG_OK) {
        return err->code;
      }
      n_left--;
    }
    wg_assert(n_left < before);
  }
  return WG_OK;
}

wg_code wg_project_add_steps(wg_graph *g, wg_store *store, const wg_project *project,
                             wg_go_env *env, wg_error *err) {
  WG_AUTO(project_steps)
  steps = {.of_app = wg_xarray(project->n_apps + 1, sizeof(*steps.of_app)),
           .n = project->n_apps,
           .store = store,
           .alias = wg_xarray(project->n_images + 1, sizeof(bool)),
           .of_image = (const wg_image_one **)wg_xarray(project->n_images + 1,
                                                        sizeof(const wg_image_one *))};
  for (size_t i = 0; i < project->n_apps; i++) {
    const wg_cfg_app *app = &project->apps[i];
    steps.of_app[i] = wg_xarray(app->n_targets + 1, sizeof(wg_step *));
    if (wg_go_add_steps(g, project, app, env, steps.of_app[i], err) != WG_OK) {
      return wg_wrap(err, "app '%s'", app->name);
    }
    for (size_t t = 0; t < app->n_targets && project_name_is_clear(project, app->name); t++) {
      wg_step_alias(steps.of_app[i][t], app->name);
    }
  }
  for (size_t i = 0; i < project->n_images; i++) {
    steps.alias[i] = project_name_is_clear(project, project->images[i].name);
  }
  if (project_add_images(g, project, &steps, &env->arena, err) != WG_OK) {
    return err->code;
  }
  return wg_image_into_steps(g, project, steps.of_image, steps.alias, &env->arena, err);
}
