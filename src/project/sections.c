// SPDX-License-Identifier: Apache-2.0
#include "project/sections.h"

#include <string.h>

#include "config/expand.h"
#include "project/across.h"
#include "project/values.h"

// Where each section stands. The order is that of the reference page.
static const wg_section_at sections[] = {
    {"", &wg_section_project, WG_WHOLE},
    {"", &wg_section_apps, WG_AT_LIST(wg_project, apps)},
    {"apps.*", &wg_section_windows, WG_AT(wg_cfg_app, windows)},
    {"apps.*", &wg_section_archive, WG_AT(wg_cfg_app, archive)},
    {"", &wg_section_images, WG_AT_LIST(wg_project, images)},
    {"images.*", &wg_section_base, WG_WHOLE},
    {"images.*", &wg_section_names, WG_AT(wg_cfg_image, names)},
    {"images.*", &wg_section_image_apps, WG_AT_LIST(wg_cfg_image, apps)},
    {"images.*.apps[]", &wg_section_service, WG_AT(wg_cfg_image_app, service)},
    {"images.*.apps[]", &wg_section_firewall, WG_AT_LIST(wg_cfg_image_app, firewall)},
    {"images.*.apps[]", &wg_section_uninstall, WG_AT(wg_cfg_image_app, uninstall)},
    {"images.*.apps[]", &wg_section_shortcut, WG_AT(wg_cfg_image_app, shortcut)},
    {"images.*", &wg_section_image_files, WG_AT_LIST(wg_cfg_image, files)},
    {"images.*", &wg_section_registry, WG_AT_LIST(wg_cfg_image, registry)},
    {"images.*", &wg_section_puts, WG_WHOLE},
    {"images.*", &wg_section_drivers, WG_AT(wg_cfg_image, drivers)},
    {"images.*", &wg_section_winre, WG_AT(wg_cfg_image, winre)},
    {"images.*.winre", &wg_section_image_files, WG_AT_LIST(wg_cfg_winre, files)},
    {"images.*.winre", &wg_section_registry, WG_AT_LIST(wg_cfg_winre, registry)},
    {"images.*.winre", &wg_section_winre_drivers, WG_WHOLE},
    {"images.*", &wg_section_indexes, WG_AT_LIST(wg_cfg_image, indexes)},
    {"images.*.indexes.*", &wg_section_names, WG_AT(wg_cfg_image, names)},
    {"images.*.indexes.*", &wg_section_image_apps, WG_AT_LIST(wg_cfg_image, apps)},
    {"images.*.indexes.*", &wg_section_image_files, WG_AT_LIST(wg_cfg_image, files)},
    {"images.*.indexes.*", &wg_section_registry, WG_AT_LIST(wg_cfg_image, registry)},
    {"images.*.indexes.*", &wg_section_puts, WG_WHOLE},
    {"images.*.indexes.*", &wg_section_drivers, WG_AT(wg_cfg_image, drivers)},
    {"images.*", &wg_section_drivers_across, WG_WHOLE},
    {"images.*", &wg_section_outputs, WG_AT_LIST(wg_cfg_image, outputs)},
    {"images.*", &wg_section_into, WG_WHOLE},
    {"images.*", &wg_section_compact, WG_AT(wg_cfg_image, compact)},
    {"images.*", &wg_section_unserviced, WG_WHOLE},
    {"", &wg_section_publish, WG_AT_LIST(wg_project, publish)},
    {"", &wg_section_later, WG_WHOLE},
    {NULL, NULL, 0},
};

static const wg_key root = {
    .name = "", .type = WG_KEY_MAP, .under = "", .doc = "The project file of wingo."};

static void project_begin(wg_cfg *c, const wg_cfg_input *in, void *model) {
  wg_project *p = model;
  p->dir = c->dir;
  p->file = c->sources[0];
  p->mask = c->mask;
  p->watch = c->watch;
  bool env = in->env_name != NULL && in->env_name[0] != '\0';
  p->env_name = wg_cfg_printf(c, "%s", env ? in->env_name : "");
  p->out_dir = wg_cfg_printf(c, "%s/out%s%s", c->dir, env ? "/" : "", p->env_name);
}

// ${release}: as the project's release is taken.
static int project_variable(wg_cfg *c, const char *name, const char **out, const char **why,
                            const char **hint) {
  if (strcmp(name, "release") != 0) {
    return 0;
  }
  *hint = NULL;
  const wg_yaml_node *node = wg_yaml_get(c->root, name);
  if (node == NULL || node->kind != WG_YAML_SCALAR || wg_yaml_is_null(node)) {
    *why = "takes ${release}, and the project has none";
    *hint = "add 'release: 1.4.0', or give a default: ${release:-default}";
    return -1;
  }
  if (c->expand_depth > 0) {
    *why = "takes ${release}, which is made of itself";
    return -1;
  }
  const char *text = NULL, *inner = NULL;
  bool shown = c->expand_shown;
  c->expand_depth++;
  c->expand_shown = true;
  bool good = wg_cfg_expand(c, node->text, &text, &inner, hint);
  c->expand_shown = shown;
  c->expand_depth--;
  wg_cfg_text t = {.arena = &c->arena, .text = text, .value = text};
  if (!good || !wg_cfg_check_release(&t)) {
    wg_pos pos = wg_cfg_pos(c, node);
    *why = wg_cfg_printf(c, "takes ${release}, which has a fault of its own, at %s:%u:%u", pos.file,
                         (unsigned)pos.line, (unsigned)pos.col);
    *hint = NULL;
    return -1;
  }
  *out = t.value;
  return 1;
}

static void project_across(wg_cfg *c, void *model) {
  wg_project_across(c, model);
}

const wg_cfg_lang wg_project_lang = {.root = &root,
                                     .sections = sections,
                                     .model_bytes = sizeof(wg_project),
                                     .begin = project_begin,
                                     .variable = project_variable,
                                     .across = project_across};
