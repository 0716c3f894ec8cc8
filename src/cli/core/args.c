// SPDX-License-Identifier: Apache-2.0
// Parsing of a command line against the table of commands.
#include <stdio.h>
#include <string.h>

#include "base/near.h"
#include "cli/core/internal.h"

const wg_cli_opt wg_cli_common_opts[] = {
    {.name = "quiet", .letter = 'q', .help = "say only what went wrong"},
    {.name = "verbose", .letter = 'v', .help = "say more; twice: say everything", .many = true},
    {.name = "json", .help = "print results as JSON"},
    {.name = "color", .arg = "WHEN", .help = "colours: auto (default), always or never"},
    {.name = "help", .letter = 'h', .help = "print help and end"},
};
const size_t wg_cli_n_common_opts = WG_ARRAY_LEN(wg_cli_common_opts);

// The parse under way.
typedef struct args_parse {
  wg_cli *c;
  char *const *argv;
  size_t n_argv, pos;
  size_t given_cap, args_cap;
  const char **args;
  const char *noun;
  bool help, version;
} args_parse;

const wg_cli_cmd *wg_cli_find(const char *noun, const char *name) {
  for (size_t i = 0; i < wg_cli_n_commands(); i++) {
    const wg_cli_cmd *cmd = wg_cli_command(i);
    bool same_noun =
        noun == NULL ? cmd->noun == NULL : cmd->noun != NULL && strcmp(cmd->noun, noun) == 0;
    if (same_noun && strcmp(cmd->name, name) == 0) {
      return cmd;
    }
  }
  return NULL;
}

bool wg_cli_is_noun(const char *name) {
  for (size_t i = 0; i < wg_cli_n_commands(); i++) {
    if (wg_cli_command(i)->noun != NULL && strcmp(wg_cli_command(i)->noun, name) == 0) {
      return true;
    }
  }
  return false;
}

const char *wg_cli_near(const char *noun, const char *word) {
  const char **names = wg_xarray(wg_cli_n_commands() + 1, sizeof(*names));
  size_t n = 0;
  for (size_t i = 0; i < wg_cli_n_commands(); i++) {
    const wg_cli_cmd *cmd = wg_cli_command(i);
    if (cmd->hidden) {
      continue;
    }
    if (noun != NULL) {
      if (cmd->noun != NULL && strcmp(cmd->noun, noun) == 0) {
        names[n++] = cmd->name;
      }
    } else {
      names[n++] = cmd->noun != NULL ? cmd->noun : cmd->name;
    }
  }
  const char *near = wg_nearest(word, names, n);
  wg_xfree(names);
  return near;
}

// Reports a usage error of the part before the command is known.
static wg_cli_want args_bad_command(const args_parse *a, const char *word) {
  const char *near = wg_cli_near(a->noun, word);
  const char *noun = a->noun != NULL ? a->noun : "";
  const char *gap = a->noun != NULL ? " " : "";
  WG_AUTO(wg_cstr)
  text = word[0] == '\0' && a->noun != NULL
             ? wg_xprintf("'%s' needs a command; 'wingo help %s' lists them", noun, noun)
         : near != NULL ? wg_xprintf("no command '%s%s%s'; did you mean '%s%s%s'?", noun, gap, word,
                                     noun, gap, near)
                        : wg_xprintf("no command '%s%s%s'; 'wingo help%s%s' lists them", noun, gap,
                                     word, gap, noun);
  (void)fprintf(stderr, "wingo: %s\n", text);
  wg_cli_json_error(a->c, WG_E_USAGE, 2, text);
  return WG_CLI_BAD;
}

static const wg_cli_opt *args_find_long(const wg_cli *c, const char *name, size_t n) {
  for (size_t i = 0; c->cmd != NULL && i < c->cmd->n_opts; i++) {
    const wg_cli_opt *o = &c->cmd->opts[i];
    if (strlen(o->name) == n && memcmp(o->name, name, n) == 0) {
      return o;
    }
  }
  for (size_t i = 0; i < wg_cli_n_common_opts; i++) {
    const wg_cli_opt *o = &wg_cli_common_opts[i];
    if (strlen(o->name) == n && memcmp(o->name, name, n) == 0) {
      return o;
    }
  }
  return NULL;
}

static const wg_cli_opt *args_find_letter(const wg_cli *c, char letter) {
  for (size_t i = 0; c->cmd != NULL && i < c->cmd->n_opts; i++) {
    if (c->cmd->opts[i].letter == letter) {
      return &c->cmd->opts[i];
    }
  }
  for (size_t i = 0; i < wg_cli_n_common_opts; i++) {
    if (wg_cli_common_opts[i].letter == letter) {
      return &wg_cli_common_opts[i];
    }
  }
  return NULL;
}

static const char *args_by_other_name(const wg_cli *c, const char *word) {
  for (size_t i = 0; c->cmd != NULL && i < c->cmd->n_opts; i++) {
    wg_str also = wg_str_of(c->cmd->opts[i].also != NULL ? c->cmd->opts[i].also : "");
    while (also.n > 0) {
      size_t n = wg_str_find(also, ' ');
      if (wg_str_eq_nocase((wg_str){also.p, n}, word)) {
        return c->cmd->opts[i].name;
      }
      also = n < also.n ? (wg_str){also.p + n + 1, also.n - n - 1} : (wg_str){"", 0};
    }
  }
  return NULL;
}

static bool args_unknown_long(const wg_cli *c, const char *name, size_t n_chars) {
  size_t n_own = c->cmd != NULL ? c->cmd->n_opts : 0;
  const char **names = wg_xarray(n_own + wg_cli_n_common_opts, sizeof(*names));
  size_t n = 0;
  for (size_t i = 0; i < n_own; i++) {
    names[n++] = c->cmd->opts[i].name;
  }
  for (size_t i = 0; i < wg_cli_n_common_opts; i++) {
    names[n++] = wg_cli_common_opts[i].name;
  }
  WG_AUTO(wg_cstr) word = wg_xstrndup(name, n_chars);
  const char *near = args_by_other_name(c, word);
  near = near != NULL ? near : wg_nearest(word, names, n);
  if (near != NULL) {
    (void)wg_cli_usage(c, "no option '--%s'; did you mean '--%s'?", word, near);
  } else {
    (void)wg_cli_usage(c, "no option '--%s'", word);
  }
  wg_xfree(names);
  return false;
}

// Takes one option with its value (NULL for a switch); false after a usage error.
static bool args_take(args_parse *a, const wg_cli_opt *o, const char *value) {
  wg_cli *c = a->c;
  if (strcmp(o->name, "help") == 0) {
    a->help = true;
    return true;
  }
  if (strcmp(o->name, "quiet") == 0) {
    c->quiet = true;
  } else if (strcmp(o->name, "verbose") == 0) {
    c->verbose++;
  } else if (strcmp(o->name, "json") == 0) {
    c->json = true;
  } else if (strcmp(o->name, "color") == 0 && value != NULL && strcmp(value, "auto") != 0 &&
             strcmp(value, "always") != 0 && strcmp(value, "never") != 0) {
    (void)wg_cli_usage(c, "--color takes auto, always or never, not '%s'", value);
    return false;
  }
  wg_vec_push(&c->given, &c->n_given, &a->given_cap) = (wg_cli_given){.opt = o, .value = value};
  return true;
}

static bool args_long(args_parse *a, const char *word) {
  const char *eq = strchr(word, '=');
  size_t n = eq != NULL ? (size_t)(eq - word) : strlen(word);
  if (a->c->cmd == NULL && a->noun == NULL && strcmp(word, "version") == 0) {
    a->version = true;
    return true;
  }
  const wg_cli_opt *o = args_find_long(a->c, word, n);
  if (o == NULL) {
    return args_unknown_long(a->c, word, n);
  }
  if (o->arg == NULL) {
    if (eq != NULL) {
      (void)wg_cli_usage(a->c, "--%s takes no value", o->name);
      return false;
    }
    return args_take(a, o, NULL);
  }
  if (eq != NULL) {
    return args_take(a, o, eq + 1);
  }
  if (a->pos >= a->n_argv) {
    (void)wg_cli_usage(a->c, "--%s needs a value: --%s=%s", o->name, o->name, o->arg);
    return false;
  }
  return args_take(a, o, a->argv[a->pos++]);
}

// "-qv", "-j4", "-j 4".
static bool args_letters(args_parse *a, const char *word) {
  for (const char *p = word; *p != '\0'; p++) {
    const wg_cli_opt *o = args_find_letter(a->c, *p);
    if (o == NULL) {
      (void)wg_cli_usage(a->c, "no option '-%c'", *p);
      return false;
    }
    if (o->arg == NULL) {
      if (!args_take(a, o, NULL)) {
        return false;
      }
      continue;
    }
    if (p[1] != '\0') {
      return args_take(a, o, p + 1);
    }
    if (a->pos >= a->n_argv) {
      (void)wg_cli_usage(a->c, "-%c needs a value: -%c %s", *p, *p, o->arg);
      return false;
    }
    return args_take(a, o, a->argv[a->pos++]);
  }
  return true;
}

// A word that is no option: the noun, the command, or an argument.
static wg_cli_want args_word(args_parse *a, const char *word) {
  if (a->c->cmd != NULL) {
    wg_vec_push(&a->args, &a->c->n_args, &a->args_cap) = word;
    return WG_CLI_RUN;
  }
  if (a->noun == NULL && wg_cli_find(NULL, word) == NULL && wg_cli_is_noun(word)) {
    a->noun = word;
    return WG_CLI_RUN;
  }
  a->c->cmd = wg_cli_find(a->noun, word);
  return a->c->cmd != NULL ? WG_CLI_RUN : args_bad_command(a, word);
}

// Who knows reg.exe writes '-v NAME'.
static const char *args_value_hint(const wg_cli *c) {
  bool has = false;
  for (size_t i = 0; i < c->cmd->n_opts; i++) {
    has = has || strcmp(c->cmd->opts[i].name, "value") == 0;
  }
  return has && c->verbose > 0 ? " (-v says more; the name of a value is --value=NAME)" : "";
}

static bool args_count_right(const wg_cli *c) {
  const wg_cli_cmd *cmd = c->cmd;
  if (c->n_args < cmd->min_args) {
    (void)wg_cli_usage(c, "needs %s", cmd->args != NULL ? cmd->args : "an argument");
    return false;
  }
  if (c->n_args > cmd->max_args && c->args != NULL) {
    if (cmd->max_args == 0) {
      (void)wg_cli_usage(c, "takes no arguments, so '%s' means nothing", c->args[0]);
    } else {
      (void)wg_cli_usage(c, "one argument too many: '%s'%s", c->args[cmd->max_args],
                         args_value_hint(c));
    }
    return false;
  }
  return true;
}

// Goes through the words; WG_CLI_RUN when they make sense so far.
static wg_cli_want args_words(args_parse *a) {
  bool only_args = false;
  while (a->pos < a->n_argv) {
    const char *word = a->argv[a->pos++];
    if (only_args || word[0] != '-' || word[1] == '\0') {
      wg_cli_want w = args_word(a, word);
      if (w != WG_CLI_RUN) {
        return a->help ? WG_CLI_HELP : w;
      }
    } else if (strcmp(word, "--") == 0) {
      only_args = true;
    } else if (word[1] == '-' ? !args_long(a, word + 2) : !args_letters(a, word + 1)) {
      return WG_CLI_BAD;
    }
    if (a->help && a->c->cmd != NULL) {
      break; // `wingo build --help whatever`
    }
  }
  return WG_CLI_RUN;
}

wg_cli_want wg_cli_parse(wg_cli *c, size_t n_argv, char *const *argv, const char **out_noun) {
  args_parse a = {.c = c, .argv = argv, .n_argv = n_argv, .pos = 1};
  wg_cli_want w = args_words(&a);
  c->args = a.args;
  *out_noun = a.noun;
  if (w != WG_CLI_RUN) {
    return w;
  }
  if (a.help) {
    return WG_CLI_HELP;
  }
  if (a.version) {
    return WG_CLI_VERSION;
  }
  if (c->cmd == NULL) {
    return a.noun != NULL ? args_bad_command(&a, "") : WG_CLI_RUN;
  }
  return args_count_right(c) ? WG_CLI_RUN : WG_CLI_BAD;
}

void wg_cli_done(wg_cli *c) {
  wg_xfree(c->given);
  wg_xfree((void *)(uintptr_t)c->args); // heap made by args_word; only the strings are const
  c->given = NULL;
  c->args = NULL;
}

static const wg_cli_given *args_last(const wg_cli *c, const char *opt) {
  for (size_t i = c->n_given; i > 0; i--) {
    if (strcmp(c->given[i - 1].opt->name, opt) == 0) {
      return &c->given[i - 1];
    }
  }
  return NULL;
}

bool wg_cli_has(const wg_cli *c, const char *opt) {
  return args_last(c, opt) != NULL;
}

const char *wg_cli_value(const wg_cli *c, const char *opt) {
  const wg_cli_given *g = args_last(c, opt);
  return g != NULL ? g->value : NULL;
}

const char **wg_cli_values(const wg_cli *c, const char *opt, size_t *out_n) {
  const char **v = wg_xarray(c->n_given + 1, sizeof(*v));
  size_t n = 0;
  for (size_t i = 0; i < c->n_given; i++) {
    if (strcmp(c->given[i].opt->name, opt) == 0) {
      v[n++] = c->given[i].value;
    }
  }
  *out_n = n;
  return v;
}
