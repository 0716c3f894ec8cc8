// SPDX-License-Identifier: Apache-2.0
// `wingo completion SHELL`: completion scripts, made from the table of commands.
#include <string.h>

#include "cli/core/internal.h"

// What completes a word.
typedef enum complete_kind {
  COMPLETE_NOTHING,
  COMPLETE_FILE,
  COMPLETE_DIR,
  COMPLETE_ASK, // `wingo __complete` knows
  COMPLETE_COMMAND,
  COMPLETE_WORDS
} complete_kind;

// What completes something, and with what: a name for `wingo __complete`, or the words.
typedef struct complete_way {
  complete_kind kind;
  wg_str with;
} complete_way;

static complete_way complete_way_of(wg_str what) {
  if (what.n == 0) {
    return (complete_way){COMPLETE_NOTHING, what};
  }
  if (what.p[0] == '?') {
    return (complete_way){COMPLETE_ASK, {what.p + 1, what.n - 1}};
  }
  return (complete_way){wg_str_eqz(what, "file")      ? COMPLETE_FILE
                        : wg_str_eqz(what, "dir")     ? COMPLETE_DIR
                        : wg_str_eqz(what, "command") ? COMPLETE_COMMAND
                                                      : COMPLETE_WORDS,
                        what};
}

// Of a command's first argument, and of the others.
static complete_way complete_first(const wg_cli_cmd *cmd) {
  wg_str what = wg_str_of(cmd->complete);
  return complete_way_of((wg_str){what.p, wg_str_find(what, ',')});
}

static complete_way complete_rest(const wg_cli_cmd *cmd) {
  wg_str what = wg_str_of(cmd->complete);
  size_t comma = wg_str_find(what, ',');
  return comma == what.n ? complete_way_of(what)
                         : complete_way_of((wg_str){what.p + comma + 1, what.n - comma - 1});
}

// Of an option's value; without a word about it by the name that help gives it.
static complete_way complete_value(const wg_cli_opt *o) {
  const char *by_name = strcmp(o->arg, "DIR") == 0    ? "dir"
                        : strcmp(o->arg, "FILE") == 0 ? "file"
                        : strcmp(o->arg, "WHEN") == 0 ? "auto always never"
                                                      : "";
  return complete_way_of(wg_str_of(o->complete != NULL ? o->complete : by_name));
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

// What sets the variables of the script for one way.
static void bash_way(wg_buf *out, complete_way w, bool value) {
  switch (w.kind) {
  case COMPLETE_NOTHING:
    wg_buf_add_z(out, "kind='none'");
    return;
  case COMPLETE_FILE:
    wg_buf_add_z(out, "kind='file'");
    return;
  case COMPLETE_DIR:
    wg_buf_add_z(out, "kind='dir'");
    return;
  case COMPLETE_ASK:
    wg_buf_printf(out, "kind=ask words='%.*s'", WG_STR_ARG(w.with));
    return;
  case COMPLETE_COMMAND:
    wg_buf_add_z(out, "words=$commands");
    return;
  case COMPLETE_WORDS:
    wg_buf_printf(out, "%swords='%.*s'", value ? "kind=value " : "", WG_STR_ARG(w.with));
    return;
  }
}

// "'build:--env' | 'build:-E')" lines of the options that take a value.
static void bash_option_values(wg_buf *out, const wg_cli_cmd *cmd) {
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
    wg_buf_add_z(out, ") ");
    bash_way(out, complete_value(o), true);
    wg_buf_add_z(out, " ;;\n");
  }
}

static void bash_command(wg_buf *out, const wg_cli_cmd *cmd) {
  wg_buf_add_z(out, "    '");
  wg_cli_full_name(out, cmd);
  wg_buf_add_z(out, "')\n      opts='");
  bash_add_options(out, cmd->opts, cmd->n_opts);
  bash_add_options(out, wg_cli_common_opts, wg_cli_n_common_opts);
  wg_buf_add_z(out, "'\n      ");
  complete_way first = complete_first(cmd), rest = complete_rest(cmd);
  if (first.with.p == rest.with.p) {
    bash_way(out, first, false);
  } else {
    wg_buf_add_z(out, "if ((given == 0)); then ");
    bash_way(out, first, false);
    wg_buf_add_z(out, "; else ");
    bash_way(out, rest, false);
    wg_buf_add_z(out, "; fi");
  }
  wg_buf_add_z(out, "\n      ;;\n");
}

static const char bash_head[] = "# bash completion for wingo; made by 'wingo completion bash'\n"
                                "_wingo() {\n"
                                "  local cur=${COMP_WORDS[COMP_CWORD]} prev='' cmd='' opts='' "
                                "kind=none words='' given=0 done=0 i w\n"
                                "  COMPREPLY=()\n"
                                "  ((COMP_CWORD > 0)) && prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
                                "  if [[ $cur == '=' ]]; then\n"
                                "    cur=\n"
                                "  elif [[ $prev == '=' ]]; then\n"
                                "    prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
                                "  fi\n";

static const char bash_loop[] =
    "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "    w=${COMP_WORDS[i]}\n"
    "    [[ $w == -* || $w == '=' || ${COMP_WORDS[i - 1]} == '=' ]] && continue\n"
    "    if ((done)); then\n"
    "      ((given++))\n"
    "    elif [[ -z $cmd ]]; then\n"
    "      cmd=$w\n"
    "      [[ \" $nouns \" == *\" $w \"* ]] || done=1\n"
    "    else\n"
    "      cmd=\"$cmd $w\"\n"
    "      done=1\n"
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
                                "    ask) words=$(wingo __complete \"$words\" 2>/dev/null) ;;\n"
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

static void zsh_action(wg_buf *out, complete_way w) {
  switch (w.kind) {
  case COMPLETE_FILE:
    wg_buf_add_z(out, "_files");
    return;
  case COMPLETE_DIR:
    wg_buf_add_z(out, "_files -/");
    return;
  case COMPLETE_ASK:
    wg_buf_printf(out, "{_wingo_ask %.*s}", WG_STR_ARG(w.with));
    return;
  case COMPLETE_COMMAND:
    wg_buf_add_z(out, "_wingo_commands");
    return;
  case COMPLETE_WORDS:
    wg_buf_printf(out, "(%.*s)", WG_STR_ARG(w.with));
    return;
  case COMPLETE_NOTHING:
    wg_buf_add_byte(out, ' ');
    return;
  }
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
    wg_buf_add_byte(out, ':');
    complete_quote(out, o->arg, true);
    wg_buf_add_byte(out, ':');
    zsh_action(out, complete_value(o));
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
  complete_way first = complete_first(cmd), rest = complete_rest(cmd);
  if (first.with.p != rest.with.p) {
    wg_buf_add_z(out, " \\\n        '1:argument:");
    zsh_action(out, first);
    wg_buf_add_byte(out, '\'');
  }
  if (rest.kind != COMPLETE_NOTHING) {
    wg_buf_add_z(out, " \\\n        '*:argument:");
    zsh_action(out, rest);
    wg_buf_add_byte(out, '\'');
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

// Helpers: what wingo is asked, and the list of commands with what they do.
static void zsh_head(wg_buf *out) {
  wg_buf_add_z(out, "#compdef wingo\n# zsh completion for wingo; made by 'wingo completion zsh'\n\n"
                    "_wingo_ask() {\n  local -a found\n"
                    "  found=(${(f)\"$(wingo __complete $1 2>/dev/null)\"})\n"
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

static void fish_way(wg_buf *out, complete_way w) {
  switch (w.kind) {
  case COMPLETE_NOTHING:
    return;
  case COMPLETE_FILE:
    wg_buf_add_z(out, " -F");
    return;
  case COMPLETE_DIR:
    wg_buf_add_z(out, " -a '(__fish_complete_directories)'");
    return;
  case COMPLETE_ASK:
    wg_buf_printf(out, " -a '(wingo __complete %.*s 2>/dev/null)'", WG_STR_ARG(w.with));
    return;
  case COMPLETE_COMMAND:
    wg_buf_add_z(out, " -a '");
    complete_add_names(out, NULL);
    wg_buf_add_byte(out, '\'');
    return;
  case COMPLETE_WORDS:
    wg_buf_printf(out, " -a '%.*s'", WG_STR_ARG(w.with));
    return;
  }
}

static void fish_option(wg_buf *out, const wg_cli_opt *o) {
  if (o->letter != 0) {
    wg_buf_printf(out, " -s %c", o->letter);
  }
  wg_buf_printf(out, " -l %s", o->name);
  if (o->arg != NULL) {
    complete_way w = complete_value(o);
    wg_buf_add_z(out, w.kind == COMPLETE_FILE ? " -r" : " -x");
    fish_way(out, w);
  }
  wg_buf_add_z(out, " -d '");
  complete_quote(out, o->help, false);
  wg_buf_add_z(out, "'\n");
}

static void fish_arguments(wg_buf *out, const wg_cli_cmd *cmd) {
  complete_way first = complete_first(cmd), rest = complete_rest(cmd);
  if (first.kind != COMPLETE_NOTHING) {
    fish_condition(out, cmd);
    fish_way(out, first);
    wg_buf_add_byte(out, '\n');
  }
  if (first.with.p != rest.with.p && rest.kind != COMPLETE_NOTHING) {
    fish_condition(out, cmd);
    fish_way(out, rest);
    wg_buf_add_byte(out, '\n');
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
  return wg_cli_end_text(c, &b);
}

const wg_cli_cmd wg_cmd_completion = {
    .name = "completion",
    .args = "bash|zsh|fish",
    .summary = "print a completion script for a shell",
    .text =
        "Completes commands, options, files, and of the project at hand targets, environments and\n"
        "publish names; products and states of synthetic bases, types of registry values.\n\n"
        "Examples:\n"
        "  source <(wingo completion bash)\n"
        "  wingo completion zsh > ~/.zfunc/_wingo\n"
        "  wingo completion fish > ~/.config/fish/completions/wingo.fish\n",
    .min_args = 1,
    .max_args = 1,
    .complete = "bash zsh fish",
    .run = completion_run,
};
