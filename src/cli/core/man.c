// SPDX-License-Identifier: Apache-2.0
// The manual page, made from the same table as --help, so that the two can't disagree.
#include <string.h>

#include "cli/core/internal.h"
#include "cli/core/roff.h"

static void man_z(wg_buf *out, const char *s) {
  wg_roff_text(out, s, strlen(s), true);
}

// Paragraphs; lines indented by two spaces are examples and keep their shape.
static void man_paragraphs(wg_buf *out, const char *text) {
  bool verbatim = false;
  while (*text != '\0') {
    size_t n = strcspn(text, "\n");
    bool indented = n > 1 && text[0] == ' ' && text[1] == ' ';
    if (indented != verbatim) {
      wg_buf_add_z(out, indented ? ".RS 4\n.nf\n" : ".fi\n.RE\n");
      verbatim = indented;
    }
    if (n == 0) {
      wg_buf_add_z(out, ".PP\n");
    } else {
      wg_roff_text(out, indented ? text + 2 : text, indented ? n - 2 : n, true);
      wg_buf_add_z(out, "\n");
    }
    text += n + (text[n] == '\n' ? 1 : 0);
  }
  if (verbatim) {
    wg_buf_add_z(out, ".fi\n.RE\n");
  }
}

static void man_options(wg_buf *out, const wg_cli_opt *opts, size_t n) {
  for (size_t i = 0; i < n; i++) {
    wg_buf_add_z(out, ".TP\n");
    if (opts[i].letter != 0) {
      wg_buf_printf(out, "\\fB\\-%c\\fR, ", opts[i].letter);
    }
    wg_buf_add_z(out, "\\fB\\-\\-");
    man_z(out, opts[i].name);
    wg_buf_add_z(out, "\\fR");
    if (opts[i].arg != NULL) {
      wg_buf_add_z(out, "=\\fI");
      man_z(out, opts[i].arg);
      wg_buf_add_z(out, "\\fR");
    }
    wg_buf_add_z(out, "\n");
    man_z(out, opts[i].help);
    wg_buf_add_z(out, "\n");
  }
}

static void man_command(wg_buf *out, const wg_cli_cmd *cmd) {
  wg_buf_add_z(out, ".SS wingo ");
  if (cmd->noun != NULL) {
    man_z(out, cmd->noun);
    wg_buf_add_z(out, " ");
  }
  man_z(out, cmd->name);
  if (cmd->args != NULL && cmd->args[0] != '\0') {
    wg_buf_add_z(out, " ");
    man_z(out, cmd->args);
  }
  wg_buf_add_z(out, "\n");
  WG_AUTO(wg_buf) summary;
  wg_buf_init(&summary, wg_heap(), 0);
  wg_buf_printf(&summary, "%s.", cmd->summary);
  if (summary.n > 0 && summary.p[0] >= 'a' && summary.p[0] <= 'z') {
    summary.p[0] = (uint8_t)(summary.p[0] - 'a' + 'A');
  }
  man_z(out, wg_buf_z(&summary));
  wg_buf_add_z(out, "\n");
  if (cmd->text != NULL && cmd->text[0] != '\0') {
    wg_buf_add_z(out, ".PP\n");
    man_paragraphs(out, cmd->text);
  }
  man_options(out, cmd->opts, cmd->n_opts);
}

static void man_exit_codes(wg_buf *out) {
  static const struct {
    const char *code, *meaning;
  } codes[] = {
      {"0", "done"},
      {"1", "failed"},
      {"2", "the command line is wrong"},
      {"3", "the project file is wrong"},
      {"4", "an input file is malformed"},
      {"5", "verification refused"},
      {"6", "the remote side failed"},
      {"7", "a time limit ran out"},
      {"130", "interrupted"},
  };
  wg_buf_add_z(out, ".SH EXIT STATUS\n");
  for (size_t i = 0; i < WG_ARRAY_LEN(codes); i++) {
    wg_buf_printf(out, ".TP\n.B %s\n%s\n", codes[i].code, codes[i].meaning);
  }
}

static void man_environment(wg_buf *out) {
  wg_buf_add_z(out, ".SH ENVIRONMENT\n"
                    ".TP\n.B XDG_CACHE_HOME\nThe store is in its folder wingo; without it, in "
                    "~/.cache/wingo.\n"
                    ".TP\n.B NO_COLOR\nSet to anything: no colours, unless \\-\\-color=always.\n"
                    ".TP\n.B SOURCE_DATE_EPOCH\nThe time written into outputs, in seconds since "
                    "1970.\n");
}

static void man_page(wg_buf *out) {
  wg_buf_printf(out, ".TH WINGO 1 \"\" \"wingo %s\" \"User Commands\"\n", WINGO_VERSION);
  wg_buf_add_z(out, ".SH NAME\nwingo \\- Go source and a Windows base image into images ready to "
                    "deploy\n");
  wg_buf_add_z(out, ".SH SYNOPSIS\n.B wingo\n\\fICOMMAND\\fR [\\fIOPTION\\fR...] "
                    "[\\fIARGUMENT\\fR...]\n");
  wg_buf_add_z(out, ".SH DESCRIPTION\nwingo reads one file, wingo.yaml, and builds what it names: "
                    "programs for each platform and Windows images with the programs in them. A "
                    "step whose inputs did not change is not run again.\n"
                    "Results go to standard output, progress and messages to standard error.\n");
  wg_buf_add_z(out, ".SH OPTIONS OF EVERY COMMAND\n");
  man_options(out, wg_cli_common_opts, wg_cli_n_common_opts);
  wg_buf_add_z(out, ".SH COMMANDS\n");
  for (size_t i = 0; i < wg_cli_n_commands(); i++) {
    if (!wg_cli_command(i)->hidden) {
      man_command(out, wg_cli_command(i));
    }
  }
  man_exit_codes(out);
  man_environment(out);
  wg_buf_add_z(out, ".SH FILES\n"
                    ".TP\n.I wingo.yaml\nThe project.\n"
                    ".TP\n.I config/NAME.yaml\nWhat \\-\\-env NAME lays over it.\n"
                    ".TP\n.I out/\nWhat was built.\n"
                    ".TP\n.I .wingo/log/, .wingo/report/\nOne log and one report for each run.\n");
}

static int man_run(wg_cli *c) {
  (void)c;
  WG_AUTO(wg_buf) b;
  wg_buf_init(&b, wg_heap(), 0);
  man_page(&b);
  wg_out_bytes(b.p, b.n);
  return 0;
}

extern const wg_cli_cmd wg_cmd_man;
const wg_cli_cmd wg_cmd_man = {
    .name = "__man",
    .summary = "print the manual page in roff",
    .hidden = true,
    .run = man_run,
};
