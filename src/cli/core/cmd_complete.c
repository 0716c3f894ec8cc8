// SPDX-License-Identifier: Apache-2.0
// `wingo __complete WHAT`: hidden; what the completion scripts ask. Reads the project file and
// lists its folder of overlays, nothing else.
#include <string.h>

#include "cli/core/internal.h"
#include "config/find.h"
#include "project/load.h"

static void complete_app(const wg_cfg_app *app) {
  wg_out("app/%s\n", app->name);
  for (size_t t = 0; t < app->n_targets; t++) {
    wg_out("app/%s/%s\n", app->name, app->targets[t].slug);
  }
  if (app->archive.format == WG_ARCHIVE_NONE) {
    return;
  }
  wg_out("archive/%s\n", app->name);
  for (size_t t = 0; t < app->n_targets; t++) {
    wg_out("archive/%s/%s\n", app->name, app->targets[t].slug);
  }
}

// Each of its outputs, where there are several; the file that it goes into, once.
static void complete_image(const wg_project *p, size_t at) {
  const wg_cfg_image *image = &p->images[at];
  wg_out("image/%s\n", image->name);
  for (size_t i = 0; i < image->n_outputs && image->n_outputs > 1; i++) {
    wg_out("image/%s/%s\n", image->name, wg_output_ending(image->outputs[i].kind));
  }
  bool told = image->into == NULL;
  for (size_t k = 0; k < at && !told; k++) {
    told = p->images[k].into != NULL && strcmp(p->images[k].into, image->into) == 0;
  }
  if (!told) {
    wg_out("image/%s\n", image->into);
  }
}

static void complete_target(const wg_project *p) {
  for (size_t i = 0; i < p->n_apps; i++) {
    complete_app(&p->apps[i]);
  }
  for (size_t i = 0; i < p->n_images; i++) {
    complete_image(p, i);
  }
}

static void complete_publish(const wg_project *p) {
  for (size_t i = 0; i < p->n_publish; i++) {
    wg_out("%s\n", p->publish[i].name);
  }
}

static int complete_project(void (*print)(const wg_project *p)) {
  WG_AUTO_PTR(wg_cfg) cfg = NULL;
  wg_error err = WG_ERROR_INIT;
  wg_cfg_options opt = {0};
  if (wg_project_load(&opt, &cfg, &err) != WG_OK) {
    return 1; // a shell that completes has no use for messages
  }
  print(wg_project_of(cfg));
  return 0;
}

static int complete_env(void) {
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, wg_heap(), 0);
  WG_AUTO(wg_cstr) file = wg_cfg_find_file();
  size_t n = 0;
  const char **names = file == NULL ? NULL : wg_cfg_find_envs(file, &arena, &n);
  for (size_t i = 0; i < n; i++) {
    wg_out("%s\n", names[i]);
  }
  return 0;
}

static int complete_choices(const wg_choice *c) {
  for (; c->name != NULL; c++) {
    wg_out("%s\n", c->name);
  }
  return 0;
}

static int complete_keys(void) {
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  wg_cli_help_key_names(&out);
  wg_out_bytes(out.p, out.n);
  return 0;
}

// What `wingo help` explains: commands, nouns, and "keys".
static int complete_help(void) {
  const char *noun = NULL;
  for (size_t i = 0; i < wg_cli_n_commands(); i++) {
    const wg_cli_cmd *cmd = wg_cli_command(i);
    bool again = cmd->noun != NULL && noun != NULL && strcmp(noun, cmd->noun) == 0;
    if (!cmd->hidden && !again) {
      wg_out("%s\n", cmd->noun != NULL ? cmd->noun : cmd->name);
      noun = cmd->noun;
    }
  }
  wg_out("keys\n");
  return 0;
}

static int complete_run(wg_cli *c) {
  const char *what = c->args[0];
  if (strcmp(what, "help") == 0) {
    return complete_help();
  }
  if (strcmp(what, "keys") == 0) {
    return complete_keys();
  }
  if (strcmp(what, "target") == 0) {
    return complete_project(complete_target);
  }
  if (strcmp(what, "publish") == 0) {
    return complete_project(complete_publish);
  }
  if (strcmp(what, "env") == 0) {
    return complete_env();
  }
  if (strcmp(what, "synthetic") == 0) {
    return complete_choices(wg_cfg_synthetic_products);
  }
  if (strcmp(what, "state") == 0) {
    return complete_choices(wg_cfg_synthetic_states);
  }
  return wg_cli_usage(c, "nothing completes '%s'", what);
}

extern const wg_cli_cmd wg_cmd_complete;
const wg_cli_cmd wg_cmd_complete = {
    .name = "__complete",
    .args = "target|publish|env|synthetic|state|help|keys",
    .summary = "print what completes an argument",
    .min_args = 1,
    .max_args = 1,
    .hidden = true,
    .run = complete_run,
};
