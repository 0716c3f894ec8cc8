// SPDX-License-Identifier: Apache-2.0
// Help from the table: the overview, one command, `wingo help`, `wingo version`.
#include <string.h>

#include "cli/core/internal.h"

#define HELP_WIDTH 88
#define HELP_COLUMN 26 // where the explanation of an option or command begins

const wg_cli_cmd *wg_cli_command(size_t i) {
  for (size_t g = 0; wg_cli_groups[g] != NULL; g++) {
    if (i < wg_cli_groups[g]->n) {
      return wg_cli_groups[g]->cmds[i];
    }
    i -= wg_cli_groups[g]->n;
  }
  return NULL;
}

size_t wg_cli_n_commands(void) {
  size_t n = 0;
  for (size_t g = 0; wg_cli_groups[g] != NULL; g++) {
    n += wg_cli_groups[g]->n;
  }
  return n;
}

void wg_cli_full_name(wg_buf *out, const wg_cli_cmd *cmd) {
  if (cmd->noun != NULL) {
    wg_buf_printf(out, "%s ", cmd->noun);
  }
  wg_buf_add_z(out, cmd->name);
}

// "  left   text", or on two lines when left is long.
static void help_row(wg_buf *out, const char *left, const char *text) {
  size_t n = strlen(left);
  wg_buf_printf(out, "  %s", left);
  if (n + 4 > HELP_COLUMN) {
    wg_buf_add_z(out, "\n");
    n = 0;
    wg_buf_add_z(out, "  ");
  }
  for (size_t i = n + 2; i < HELP_COLUMN; i++) {
    wg_buf_add_byte(out, ' ');
  }
  wg_buf_printf(out, "%s\n", text);
}

static void help_options(wg_buf *out, const char *title, const wg_cli_opt *opts, size_t n) {
  if (n == 0) {
    return;
  }
  wg_buf_printf(out, "\n%s:\n", title);
  for (size_t i = 0; i < n; i++) {
    const wg_cli_opt *o = &opts[i];
    WG_AUTO(wg_buf) left;
    wg_buf_init(&left, wg_heap(), 0);
    if (o->letter != 0) {
      wg_buf_printf(&left, "-%c, ", o->letter);
    } else {
      wg_buf_add_z(&left, "    ");
    }
    wg_buf_printf(&left, "--%s", o->name);
    if (o->arg != NULL) {
      wg_buf_printf(&left, "=%s", o->arg);
    }
    help_row(out, wg_buf_z(&left), o->help);
  }
}

static void help_group(wg_buf *out, const wg_cli_group *group) {
  for (size_t i = 0; i < group->n; i++) {
    const wg_cli_cmd *cmd = group->cmds[i];
    if (cmd->hidden) {
      continue;
    }
    WG_AUTO(wg_buf) left;
    wg_buf_init(&left, wg_heap(), 0);
    wg_cli_full_name(&left, cmd);
    if (cmd->args != NULL && cmd->args[0] != '\0') {
      wg_buf_printf(&left, " %s", cmd->args);
    }
    help_row(out, wg_buf_z(&left), cmd->summary);
  }
}

static void help_groups(wg_buf *out, const char *noun) {
  const char *heading = "";
  for (size_t g = 0; wg_cli_groups[g] != NULL; g++) {
    const wg_cli_group *group = wg_cli_groups[g];
    if (noun != NULL && (group->noun == NULL || strcmp(group->noun, noun) != 0)) {
      continue;
    }
    if (strcmp(group->heading, heading) != 0) {
      heading = group->heading;
      wg_buf_printf(out, "\n%s:\n", noun == NULL ? heading : "Commands");
    }
    help_group(out, group);
  }
}

void wg_cli_help_overview(wg_buf *out, const char *noun) {
  if (noun == NULL) {
    wg_buf_add_z(out, "wingo turns Go source, a Windows base image and one wingo.yaml into images "
                      "ready to deploy.\n\nUsage: wingo COMMAND [OPTION...] [ARGUMENT...]\n");
  } else {
    wg_buf_printf(out, "Usage: wingo %s COMMAND [OPTION...] [ARGUMENT...]\n", noun);
  }
  help_groups(out, noun);
  help_options(out, "Options of every command", wg_cli_common_opts, wg_cli_n_common_opts);
  if (noun == NULL) {
    wg_buf_add_z(out, "\n'wingo help COMMAND' explains a command, with examples. "
                      "Start with 'wingo init'.\n");
  }
}

// A line of a paragraph, broken at spaces so that none is longer than HELP_WIDTH; examples, which
// are indented, stay as they are.
static void help_line(wg_buf *out, const char *p, size_t n) {
  while (n > HELP_WIDTH && p[0] != ' ') {
    size_t cut = HELP_WIDTH;
    while (cut > 0 && p[cut] != ' ') {
      cut--;
    }
    if (cut == 0) {
      break; // one long word
    }
    wg_buf_add(out, p, cut);
    wg_buf_add_z(out, "\n");
    p += cut + 1;
    n -= cut + 1;
  }
  wg_buf_add(out, p, n);
  wg_buf_add_z(out, "\n");
}

void wg_cli_help_text(wg_buf *out, const char *text) {
  while (*text != '\0') {
    size_t n = strcspn(text, "\n");
    help_line(out, text, n);
    text += n + (text[n] == '\n' ? 1 : 0);
  }
}

void wg_cli_help_command(wg_buf *out, const wg_cli_cmd *cmd) {
  wg_buf_add_z(out, "Usage: wingo ");
  wg_cli_full_name(out, cmd);
  wg_buf_add_z(out, " [OPTION...]");
  if (cmd->args != NULL && cmd->args[0] != '\0') {
    wg_buf_printf(out, " %s", cmd->args);
  }
  wg_buf_printf(out, "\n\n%c%s.\n",
                cmd->summary[0] >= 'a' && cmd->summary[0] <= 'z' ? cmd->summary[0] - 'a' + 'A'
                                                                 : cmd->summary[0],
                cmd->summary + 1);
  if (cmd->text != NULL && cmd->text[0] != '\0') {
    wg_buf_add_z(out, "\n");
    wg_cli_help_text(out, cmd->text);
  }
  help_options(out, "Options", cmd->opts, cmd->n_opts);
  help_options(out, "Options of every command", wg_cli_common_opts, wg_cli_n_common_opts);
}

static int help_unknown(const wg_cli *c) {
  bool two = c->n_args == 2;
  const char *noun = two && wg_cli_is_noun(c->args[0]) ? c->args[0] : NULL;
  const char *near = wg_cli_near(noun, noun != NULL ? c->args[1] : c->args[0]);
  const char *gap = noun != NULL ? " " : "";
  WG_AUTO(wg_cstr) meant = NULL;
  if (near != NULL) {
    meant = wg_xprintf("; did you mean '%s%s%s'?", noun != NULL ? noun : "", gap, near);
  }
  return wg_cli_usage(c, "no command '%s%s%s'%s", c->args[0], two ? " " : "", two ? c->args[1] : "",
                      meant != NULL ? meant : "");
}

static int help_run(wg_cli *c) {
  WG_AUTO(wg_buf) b;
  wg_buf_init(&b, wg_heap(), 0);
  const wg_cli_cmd *cmd = NULL;
  if (c->n_args > 0 && strcmp(c->args[0], "keys") == 0) {
    return wg_cli_help_keys(c, c->n_args > 1 ? c->args[1] : NULL);
  }
  if (c->n_args == 0) {
    wg_cli_help_overview(&b, NULL);
  } else if (c->n_args == 1 && wg_cli_find(NULL, c->args[0]) == NULL &&
             wg_cli_is_noun(c->args[0])) {
    wg_cli_help_overview(&b, c->args[0]);
  } else {
    bool two = c->n_args == 2;
    cmd = two ? wg_cli_find(c->args[0], c->args[1]) : wg_cli_find(NULL, c->args[0]);
    if (cmd == NULL) {
      return help_unknown(c);
    }
    wg_cli_help_command(&b, cmd);
  }
  return wg_cli_end_text(c, &b);
}

const wg_cli_cmd wg_cmd_help = {
    .name = "help",
    .args = "[COMMAND] | keys [KEY]",
    .summary = "explain wingo, one of its commands, or a key of wingo.yaml",
    .text = "'keys' is the reference of wingo.yaml, as in its manual page. A key is written with "
            "dots; '*' stands for any part, as for the name of an app. A word alone is looked for "
            "everywhere. With --json it is data.\n\n"
            "Examples:\n"
            "  wingo help                           the list of commands\n"
            "  wingo help build                     the same as 'wingo build --help'\n"
            "  wingo help keys                      the keys at the top of wingo.yaml\n"
            "  wingo help keys images.*.files.from  one key\n"
            "  wingo help keys sddl                 wherever it stands\n",
    .max_args = 2,
    .complete = "?help,?keys",
    .run = help_run,
};

static int version_run(wg_cli *c) {
  if (c->json) {
    wg_out("{\"name\": \"wingo\", \"version\": \"%s\"}\n", WINGO_VERSION);
  } else {
    wg_out("wingo %s\n", WINGO_VERSION);
  }
  return 0;
}

const wg_cli_cmd wg_cmd_version = {
    .name = "version",
    .args = "",
    .summary = "print wingo's version",
    .text = "The same as 'wingo --version'.\n\nExamples:\n  wingo version --json\n",
    .run = version_run,
};
