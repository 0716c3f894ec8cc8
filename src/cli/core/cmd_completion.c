// SPDX-License-Identifier: Apache-2.0
// `wingo completion SHELL`: completion scripts, made from the table of commands.
#include <string.h>

#include "cli/core/internal.h"

// What completes a word.
typedef enum complete_kind {
  COMPLETE_NOTHING,
  COMPLETE_FILE,
  COMPLETE_DIR,
  COMPLETE_TARGET,
  COMPLETE_COMMAND,
  COMPLETE_WORDS
} complete_kind;

static complete_kind complete_kind_of(const char *what) {
  if (what == NULL || what[0] == '\0') {
    return COMPLETE_NOTHING;
  }
  if (strcmp(what, "file") == 0) {
    return COMPLETE_FILE;
  }
  if (strcmp(what, "dir") == 0) {
    return COMPLETE_DIR;
  }
  if (strcmp(what, "target") == 0) {
    return COMPLETE_TARGET;
  }
  return strcmp(what, "command") == 0 ? COMPLETE_COMMAND : COMPLETE_WORDS;
}

// By the name that help gives an option's value.
static complete_kind complete_kind_of_arg(const char *arg) {
  if (strcmp(arg, "DIR") == 0) {
    return COMPLETE_DIR;
  }
  return strcmp(arg, "FILE") == 0 ? COMPLETE_FILE : COMPLETE_NOTHING;
}

// The visible commands, each noun once, or the verbs of one noun, separated by spaces.
static void complete_add_names(wg_buf *out, const char *noun) {
  const char *last_noun = NULL;
  for (size_t i = 0; i < wg_cli_n_commands(); i++) {
    const wg_cli_cmd *cmd = wg_cli_command(i);
    if (cmd->hidden) {
      continue;
    }
    if (noun != NULL) {
      if (cmd->noun != NULL && strcmp(cmd->noun, noun) == 0) {
        wg_buf_printf(out, "%s ", cmd->name);
      }
    } else if (cmd->noun == NULL) {
      wg_buf_printf(out, "%s ", cmd->name);
    } else if (last_noun == NULL || strcmp(last_noun, cmd->noun) != 0) {
      wg_buf_printf(out, "%s ", cmd->noun);
      last_noun = cmd->noun;
    }
  }
}

static void bash_add_options(wg_buf *out, const wg_cli_opt *opts, size_t n) {
  for (size_t i = 0; i < n; i++) {
    wg_buf_printf(out, "--%s ", opts[i].name);
    if (opts[i].letter != 0) {
      wg_buf_printf(out, "-%c ", opts[i].letter);
    }
  }
}

// "-e|--env)" lines for options whose value completes in some way.
static void bash_option_values(wg_buf *out, const wg_cli_cmd *cmd) {
  static const char *const how[] = {
      [COMPLETE_NOTHING] = "kind='none'", [COMPLETE_FILE] = "kind='file'",
      [COMPLETE_DIR] = "kind='dir'",      [COMPLETE_TARGET] = "kind='target'",
      [COMPLETE_COMMAND] = "kind='none'", [COMPLETE_WORDS] = "kind='none'"};
  for (size_t i = 0; i < cmd->n_opts; i++) {
    const wg_cli_opt *o = &cmd->opts[i];
    if (o->arg == NULL) {
      continue;
    }
    wg_buf_add_z(out, "      '");
    wg_cli_full_name(out, cmd);
    wg_buf_printf(out, "':--%s", o->name);
    if (o->letter != 0) {
      wg_buf_add_z(out, " | '");
      wg_cli_full_name(out, cmd);
      wg_buf_printf(out, "':-%c", o->letter);
    }
    wg_buf_printf(out, ") %s ;;\n", how[complete_kind_of_arg(o->arg)]);
  }
}

static void bash_command(wg_buf *out, const wg_cli_cmd *cmd) {
  wg_buf_add_z(out, "    '");
  wg_cli_full_name(out, cmd);
  wg_buf_add_z(out, "')\n      opts='");
  bash_add_options(out, cmd->opts, cmd->n_opts);
  bash_add_options(out, wg_cli_common_opts, wg_cli_n_common_opts);
  wg_buf_add_z(out, "'\n");
  switch (complete_kind_of(cmd->complete)) {
  case COMPLETE_NOTHING:
    break;
  case COMPLETE_FILE:
    wg_buf_add_z(out, "      kind='file'\n");
    break;
  case COMPLETE_DIR:
    wg_buf_add_z(out, "      kind='dir'\n");
    break;
  case COMPLETE_TARGET:
    wg_buf_add_z(out, "      kind='target'\n");
    break;
  case COMPLETE_COMMAND:
    wg_buf_add_z(out, "      words=$commands\n");
    break;
  case COMPLETE_WORDS:
    wg_buf_printf(out, "      words='%s'\n", cmd->complete);
    break;
  }
  wg_buf_add_z(out, "      ;;\n");
}

static const char bash_head[] =
    "# bash completion for wingo; made by 'wingo completion bash'\n"
    "_wingo() {\n"
    "  local cur=${COMP_WORDS[COMP_CWORD]} prev='' cmd='' opts='' kind=none words='' i w\n"
    "  COMPREPLY=()\n"
    "  ((COMP_CWORD > 0)) && prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "  if [[ $cur == '=' ]]; then\n"
    "    cur=\n"
    "  elif [[ $prev == '=' ]]; then\n"
    "    prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "  fi\n";

static const char bash_loop[] = "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
                                "    w=${COMP_WORDS[i]}\n"
                                "    [[ $w == -* ]] && continue\n"
                                "    if [[ -z $cmd ]]; then\n"
                                "      cmd=$w\n"
                                "      [[ \" $nouns \" == *\" $w \"* ]] || break\n"
                                "    else\n"
                                "      cmd=\"$cmd $w\"\n"
                                "      break\n"
                                "    fi\n"
                                "  done\n"
                                "  case $cmd in\n";

static const char bash_tail[] = "    esac\n"
                                "  fi\n"
                                "  if [[ $cur == -* && $kind != value ]]; then\n"
                                "    mapfile -t COMPREPLY < <(compgen -W \"$opts\" -- \"$cur\")\n"
                                "    return\n"
                                "  fi\n"
                                "  case $kind in\n"
                                "    target) words=$(wingo __complete target 2>/dev/null) ;;\n"
                                "    file)\n"
                                "      compopt -o filenames 2>/dev/null\n"
                                "      mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
                                "      return\n"
                                "      ;;\n"
                                "    dir)\n"
                                "      compopt -o filenames 2>/dev/null\n"
                                "      mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
                                "      return\n"
                                "      ;;\n"
                                "  esac\n"
                                "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
                                "}\n"
                                "complete -F _wingo wingo\n";

// True when no command before i has the noun of command i.
static bool complete_first_of_noun(size_t i) {
  for (size_t j = 0; j < i; j++) {
    if (wg_cli_command(j)->noun != NULL &&
        strcmp(wg_cli_command(j)->noun, wg_cli_command(i)->noun) == 0) {
      return false;
    }
  }
  return true;
}

static void complete_bash(wg_buf *out) {
  wg_buf_add_z(out, bash_head);
  wg_buf_add_z(out, "  local commands='");
  complete_add_names(out, NULL);
  wg_buf_add_z(out, "'\n  local nouns='");
  for (size_t i = 0; i < wg_cli_n_commands(); i++) {
    if (wg_cli_command(i)->noun != NULL && complete_first_of_noun(i)) {
      wg_buf_printf(out, "%s ", wg_cli_command(i)->noun);
    }
  }
  wg_buf_add_z(out, "'\n");
  wg_buf_add_z(out, bash_loop);
  wg_buf_add_z(out, "    '')\n      words=$commands\n      opts='--version ");
  bash_add_options(out, wg_cli_common_opts, wg_cli_n_common_opts);
  wg_buf_add_z(out, "'\n      ;;\n");
  for (size_t i = 0; i < wg_cli_n_commands(); i++) {
    const wg_cli_cmd *cmd = wg_cli_command(i);
    if (cmd->noun != NULL && complete_first_of_noun(i)) {
      wg_buf_printf(out, "    '%s')\n      words='", cmd->noun);
      complete_add_names(out, cmd->noun);
      wg_buf_add_z(out, "'\n      ;;\n");
    }
    if (!cmd->hidden) {
      bash_command(out, cmd);
    }
  }
  wg_buf_add_z(out, "  esac\n"
                    "  if [[ $prev == --color ]]; then\n"
                    "    kind=value words='auto always never'\n"
                    "  elif [[ $prev == -* ]]; then\n"
                    "    case $cmd:$prev in\n");
  for (size_t i = 0; i < wg_cli_n_commands(); i++) {
    if (!wg_cli_command(i)->hidden) {
      bash_option_values(out, wg_cli_command(i));
    }
  }
  wg_buf_add_z(out, "      *) ;;\n");
  wg_buf_add_z(out, bash_tail);
}

// Text inside '...' of zsh and fish; with zsh, the characters that _arguments gives a meaning.
static void complete_quote(wg_buf *out, const char *s, bool zsh) {
  for (; *s != '\0'; s++) {
    if (*s == '\'') {
      wg_buf_add_z(out, zsh ? "'\\''" : "\\'");
    } else if (zsh && (*s == '[' || *s == ']' || *s == ':' || *s == '\\')) {
      wg_buf_printf(out, "\\%c", *s);
    } else if (!zsh && *s == '\\') {
      wg_buf_add_z(out, "\\\\");
    } else {
      wg_buf_add_byte(out, (uint8_t)*s);
    }
  }
}

static const char *zsh_action(complete_kind kind) {
  switch (kind) {
  case COMPLETE_FILE:
    return "_files";
  case COMPLETE_DIR:
    return "_files -/";
  case COMPLETE_TARGET:
    return "_wingo_targets";
  case COMPLETE_COMMAND:
    return "_wingo_commands";
  case COMPLETE_NOTHING:
  case COMPLETE_WORDS:
    break;
  }
  return " ";
}

static void zsh_option(wg_buf *out, const wg_cli_opt *o, bool letter) {
  wg_buf_add_z(out, " \\\n        '");
  if (o->many) {
    wg_buf_add_byte(out, '*');
  }
  if (letter) {
    wg_buf_printf(out, "-%c%s", o->letter, o->arg != NULL ? "+" : "");
  } else {
    wg_buf_printf(out, "--%s%s", o->name, o->arg != NULL ? "=" : "");
  }
  wg_buf_add_byte(out, '[');
  complete_quote(out, o->help, true);
  wg_buf_add_byte(out, ']');
  if (o->arg != NULL) {
    bool color = strcmp(o->name, "color") == 0;
    wg_buf_add_byte(out, ':');
    complete_quote(out, o->arg, true);
    wg_buf_printf(out, ":%s",
                  color ? "(auto always never)" : zsh_action(complete_kind_of_arg(o->arg)));
  }
  wg_buf_add_byte(out, '\'');
}

static void zsh_options(wg_buf *out, const wg_cli_opt *opts, size_t n) {
  for (size_t i = 0; i < n; i++) {
    zsh_option(out, &opts[i], false);
    if (opts[i].letter != 0) {
      zsh_option(out, &opts[i], true);
    }
  }
}

static void zsh_command(wg_buf *out, const wg_cli_cmd *cmd) {
  wg_buf_printf(out, "    %s)\n      _arguments", cmd->name);
  zsh_options(out, cmd->opts, cmd->n_opts);
  zsh_options(out, wg_cli_common_opts, wg_cli_n_common_opts);
  complete_kind kind = complete_kind_of(cmd->complete);
  if (kind == COMPLETE_WORDS) {
    wg_buf_printf(out, " \\\n        '*:word:(%s)'", cmd->complete);
  } else if (kind != COMPLETE_NOTHING) {
    wg_buf_printf(out, " \\\n        '*:argument:%s'", zsh_action(kind));
  }
  wg_buf_add_z(out, "\n      ;;\n");
}

static void zsh_noun(wg_buf *out, const char *noun) {
  wg_buf_printf(out, "_wingo_%s() {\n  local line state\n  _arguments -C '1: :(", noun);
  complete_add_names(out, noun);
  wg_buf_add_z(out, ")' '*:: :->args'\n  case $line[1] in\n");
  for (size_t i = 0; i < wg_cli_n_commands(); i++) {
    const wg_cli_cmd *cmd = wg_cli_command(i);
    if (!cmd->hidden && cmd->noun != NULL && strcmp(cmd->noun, noun) == 0) {
      zsh_command(out, cmd);
    }
  }
  wg_buf_add_z(out, "  esac\n}\n\n");
}

// Helpers: targets, and the list of commands with what they do.
static void zsh_head(wg_buf *out) {
  wg_buf_add_z(out, "#compdef wingo\n# zsh completion for wingo; made by 'wingo completion zsh'\n\n"
                    "_wingo_targets() {\n  local -a found\n"
                    "  found=(${(f)\"$(wingo __complete target 2>/dev/null)\"})\n"
                    "  compadd -a found\n}\n\n"
                    "_wingo_commands() {\n  local -a found\n  found=(\n");
  for (size_t i = 0; i < wg_cli_n_commands(); i++) {
    const wg_cli_cmd *cmd = wg_cli_command(i);
    bool noun = cmd->noun != NULL;
    if (!cmd->hidden && (!noun || complete_first_of_noun(i))) {
      wg_buf_printf(out, "    '%s:", noun ? cmd->noun : cmd->name);
      complete_quote(out, noun ? "commands for this kind of file" : cmd->summary, true);
      wg_buf_add_z(out, "'\n");
    }
  }
  wg_buf_add_z(out, "  )\n  _describe command found\n}\n\n");
}

static void complete_zsh(wg_buf *out) {
  zsh_head(out);
  for (size_t i = 0; i < wg_cli_n_commands(); i++) {
    if (wg_cli_command(i)->noun != NULL && complete_first_of_noun(i)) {
      zsh_noun(out, wg_cli_command(i)->noun);
    }
  }
  wg_buf_add_z(out, "_wingo() {\n  local line state\n"
                    "  _arguments -C '1: :_wingo_commands' '*:: :->args' \\\n"
                    "        '--version[print the version]'");
  zsh_options(out, wg_cli_common_opts, wg_cli_n_common_opts);
  wg_buf_add_z(out, "\n  [[ $state == args ]] || return\n  case $line[1] in\n");
  for (size_t i = 0; i < wg_cli_n_commands(); i++) {
    const wg_cli_cmd *cmd = wg_cli_command(i);
    if (cmd->noun != NULL && complete_first_of_noun(i)) {
      wg_buf_printf(out, "    %s) _wingo_%s ;;\n", cmd->noun, cmd->noun);
    } else if (cmd->noun == NULL && !cmd->hidden) {
      zsh_command(out, cmd);
    }
  }
  wg_buf_add_z(out, "  esac\n}\n\n"
                    "if [[ $funcstack[1] == _wingo ]]; then\n  _wingo \"$@\"\nelse\n"
                    "  compdef _wingo wingo\nfi\n");
}

// The condition under which fish offers what follows.
static void fish_condition(wg_buf *out, const wg_cli_cmd *cmd) {
  wg_buf_add_z(out, "complete -c wingo -n '__fish_seen_subcommand_from ");
  if (cmd->noun != NULL) {
    wg_buf_printf(out, "%s; and __fish_seen_subcommand_from ", cmd->noun);
  }
  wg_buf_printf(out, "%s'", cmd->name);
}

static void fish_option(wg_buf *out, const wg_cli_opt *o) {
  if (o->letter != 0) {
    wg_buf_printf(out, " -s %c", o->letter);
  }
  wg_buf_printf(out, " -l %s", o->name);
  if (o->arg != NULL) {
    bool color = strcmp(o->name, "color") == 0;
    switch (complete_kind_of_arg(o->arg)) {
    case COMPLETE_FILE:
      wg_buf_add_z(out, " -r -F");
      break;
    case COMPLETE_DIR:
      wg_buf_add_z(out, " -x -a '(__fish_complete_directories)'");
      break;
    case COMPLETE_NOTHING:
    case COMPLETE_TARGET:
    case COMPLETE_COMMAND:
    case COMPLETE_WORDS:
      wg_buf_printf(out, " -x%s", color ? " -a 'auto always never'" : "");
      break;
    }
  }
  wg_buf_add_z(out, " -d '");
  complete_quote(out, o->help, false);
  wg_buf_add_z(out, "'\n");
}

static void fish_arguments(wg_buf *out, const wg_cli_cmd *cmd) {
  complete_kind kind = complete_kind_of(cmd->complete);
  if (kind == COMPLETE_NOTHING) {
    return;
  }
  fish_condition(out, cmd);
  if (kind == COMPLETE_FILE) {
    wg_buf_add_z(out, " -F\n");
  } else if (kind == COMPLETE_DIR) {
    wg_buf_add_z(out, " -a '(__fish_complete_directories)'\n");
  } else if (kind == COMPLETE_TARGET) {
    wg_buf_add_z(out, " -a '(wingo __complete target 2>/dev/null)'\n");
  } else {
    wg_buf_add_z(out, " -a '");
    if (kind == COMPLETE_COMMAND) {
      complete_add_names(out, NULL);
    } else {
      complete_quote(out, cmd->complete, false);
    }
    wg_buf_add_z(out, "'\n");
  }
}

static void fish_command(wg_buf *out, const wg_cli_cmd *cmd) {
  if (cmd->noun == NULL) {
    wg_buf_printf(out, "complete -c wingo -n __fish_use_subcommand -a %s -d '", cmd->name);
  } else {
    wg_buf_printf(out,
                  "complete -c wingo -n '__fish_seen_subcommand_from %s; and not "
                  "__fish_seen_subcommand_from ",
                  cmd->noun);
    complete_add_names(out, cmd->noun);
    wg_buf_printf(out, "' -a %s -d '", cmd->name);
  }
  complete_quote(out, cmd->summary, false);
  wg_buf_add_z(out, "'\n");
  for (size_t i = 0; i < cmd->n_opts; i++) {
    fish_condition(out, cmd);
    fish_option(out, &cmd->opts[i]);
  }
  fish_arguments(out, cmd);
}

static void complete_fish(wg_buf *out) {
  wg_buf_add_z(out, "# fish completion for wingo; made by 'wingo completion fish'\n"
                    "complete -c wingo -f\n"
                    "complete -c wingo -n __fish_use_subcommand -l version -d 'print the "
                    "version'\n");
  for (size_t i = 0; i < wg_cli_n_common_opts; i++) {
    wg_buf_add_z(out, "complete -c wingo");
    fish_option(out, &wg_cli_common_opts[i]);
  }
  for (size_t i = 0; i < wg_cli_n_commands(); i++) {
    const wg_cli_cmd *cmd = wg_cli_command(i);
    if (cmd->noun != NULL && complete_first_of_noun(i)) {
      wg_buf_printf(out,
                    "complete -c wingo -n __fish_use_subcommand -a %s -d 'commands for this kind "
                    "of file'\n",
                    cmd->noun);
    }
    if (!cmd->hidden) {
      fish_command(out, cmd);
    }
  }
}

static int completion_run(wg_cli *c) {
  WG_AUTO(wg_buf) b;
  wg_buf_init(&b, wg_heap(), 0);
  if (strcmp(c->args[0], "bash") == 0) {
    complete_bash(&b);
  } else if (strcmp(c->args[0], "zsh") == 0) {
    complete_zsh(&b);
  } else if (strcmp(c->args[0], "fish") == 0) {
    complete_fish(&b);
  } else {
    return wg_cli_usage(c, "no completion for '%s', only for bash, zsh and fish", c->args[0]);
  }
  wg_out_bytes(b.p, b.n);
  return 0;
}

const wg_cli_cmd wg_cmd_completion = {
    .name = "completion",
    .args = "bash|zsh|fish",
    .summary = "print a completion script for a shell",
    .text = "Completes commands, options, files, and the targets of the project at hand.\n\n"
            "Examples:\n"
            "  source <(wingo completion bash)\n"
            "  wingo completion zsh > ~/.zfunc/_wingo\n"
            "  wingo completion fish > ~/.config/fish/completions/wingo.fish\n",
    .min_args = 1,
    .max_args = 1,
    .complete = "bash zsh fish",
    .run = completion_run,
};
