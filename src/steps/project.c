// SPDX-License-Identifier: Apache-2.0
#include "steps/project.h"

#include <string.h>

#include "image/file/base.h"
#include "image/synthetic/synthetic.h"
#include "steps/image_base.h"
#include "steps/image_wim.h"

#define POS_FMT "%s:%u:%u: "
#define POS_ARG(p) (p).file, (p).line, (p).col

// Go steps of all apps: steps[app][target].
typedef struct project_steps {
  wg_step ***of_app;
  size_t n;
} project_steps;

static void project_steps_done(project_steps *s) {
  for (size_t i = 0; i < s->n; i++) {
    wg_xfree(s->of_app[i]);
  }
  wg_xfree(s->of_app);
}
WG_DEFINE_AUTO(project_steps, project_steps_done);

// Looks at the base. The image's architecture: what the project says, else what the base says; both
// must agree.
static wg_code project_image_base(const wg_project *p, const wg_cfg_image *image,
                                  wg_image_base_facts *out, const char **out_arch, wg_error *err) {
  wg_pos image_pos = image->base.image_pos.line != 0 ? image->base.image_pos : image->base.path_pos;
  if (image->base.kind == WG_BASE_SYNTHETIC) {
    *out_arch = image->arch != NULL ? image->arch : WG_SYNTHETIC_ARCH;
    if (wg_synthetic_check_disc(image->base.path, *out_arch, image->base.state,
                                (wg_image_disc_wim)image->base.wim, image->base.image, NULL,
                                err) != WG_OK) {
      return wg_wrap(err, POS_FMT "image '%s'", POS_ARG(image_pos), image->name);
    }
    return WG_OK;
  }
  WG_AUTO(wg_cstr) path = wg_image_host_path(p, image->base.path);
  const wg_image_base base = wg_image_base_of(&image->base, path);
  if (wg_image_base_look(&base, out, err) != WG_OK) {
    return wg_wrap(err, POS_FMT "image '%s'", POS_ARG(image_pos), image->name);
  }
  const char *of_base = out->arch;
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
  *out_arch = image->arch != NULL ? image->arch : of_base;
  return WG_OK;
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
static wg_code project_one(const wg_project *p, const project_steps *steps,
                           const wg_cfg_image *image, wg_arena *memory, wg_image_one *out,
                           wg_error *err) {
  const char **app_steps =
      (const char **)wg_arena_new_array(memory, const char *, image->n_apps + 1);
  if (app_steps == NULL) {
    return wg_arena_fail(memory, err);
  }
  *out = (wg_image_one){.image = image, .app_steps = app_steps, .arch = "", .base = {.arch = ""}};
  if (project_image_base(p, image, &out->base, &out->arch, err) != WG_OK) {
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

static wg_code project_add_image(wg_graph *g, const wg_project *p, const project_steps *steps,
                                 const wg_cfg_image *image, wg_arena *memory, wg_error *err) {
  wg_image_one *ones = wg_arena_new_array(memory, wg_image_one, image->n_serviced);
  if (ones == NULL) {
    return wg_arena_fail(memory, err);
  }
  for (size_t i = 0; i < image->n_serviced; i++) {
    if (project_one(p, steps, &image->serviced[i], memory, &ones[i], err) != WG_OK) {
      return err->code;
    }
  }
  const wg_image_plan plan = {.project = p,
                              .image = image,
                              .ones = ones,
                              .n_ones = image->n_serviced,
                              .alias = project_name_is_clear(p, image->name),
                              .memory = memory};
  return wg_image_add_steps(g, &plan, err);
}

wg_code wg_project_add_steps(wg_graph *g, const wg_project *project, wg_go_env *env,
                             wg_error *err) {
  WG_AUTO(project_steps)
  steps = {.of_app = wg_xarray(project->n_apps + 1, sizeof(*steps.of_app)), .n = project->n_apps};
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
    if (project_add_image(g, project, &steps, &project->images[i], &env->arena, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}
