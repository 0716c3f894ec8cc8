// SPDX-License-Identifier: Apache-2.0
// The command line: one table of commands from which parsing, --help, completion and the man page
// come. A command parses its arguments, calls one function, prints. Results go to stdout,
// progress and messages to stderr.
#ifndef WG_CLI_CORE_CLI_H
#define WG_CLI_CORE_CLI_H

#include "base/mask.h"
#include "fmt/json/jsonw.h"
#include "os/dest.h"
#include "os/proc.h"
#include "os/walk.h"

typedef struct wg_cli_opt {
  const char *name; // "keep-going": --keep-going
  char letter;      // 'k' or 0
  const char *arg;  // NULL: a switch; else the value's name for help: "N", "FILE", "DIR"
  const char *help; // one line
  bool many;        // may be repeated
  // What completes the value, as wg_cli_cmd.complete says; NULL: by arg, a FILE or DIR, or nothing.
  const char *complete;
  // Words that others call it by, with blanks between: not taken, but "did you mean" knows them.
  const char *also;
} wg_cli_opt;

typedef struct wg_cli wg_cli;

typedef struct wg_cli_cmd {
  const char *noun;       // NULL, or "wim" for `wingo wim info`
  const char *name;       // "build"
  const char *args;       // "[TARGET...]"
  const char *summary;    // one line, lower case, no full stop
  const char *text;       // for --help and the man page: paragraphs, and examples indented by 2
  const wg_cli_opt *opts; // beside the common ones (-q -v -h --json --color)
  size_t n_opts;
  unsigned min_args, max_args; // UINT_MAX: any
  // What completes arguments: "file", "dir", "command", words "a b c", or what `wingo __complete`
  // knows: "?target". With a comma the first argument and the others: "?synthetic,file".
  const char *complete;
  bool hidden;
  int (*run)(wg_cli *cli); // exit code
} wg_cli_cmd;

// Commands that stand together: those of one noun, or under one heading of help. Each is a table in
// src/cli/<room>/.
typedef struct wg_cli_group {
  const char *noun;    // NULL, or "wim" for `wingo wim info`; as its commands say
  const char *heading; // of help and manual
  const wg_cli_cmd *const *cmds;
  size_t n;
} wg_cli_group;

#define WG_CLI_BY_KIND "By kind of file, without a project" // the heading of nouns

// All of them, in the order of help; ends with NULL. src/cli/commands.c
extern const wg_cli_group *const wg_cli_groups[];
// The i-th command of all groups, NULL behind the last.
const wg_cli_cmd *wg_cli_command(size_t i);
size_t wg_cli_n_commands(void);

struct wg_cli {
  const wg_cli_cmd *cmd;
  const char *const *args; // positional
  size_t n_args;
  bool json, quiet;
  int verbose;
  bool color_out, color_err;  // already decided: terminal, NO_COLOR, --color
  wg_cancel *cancel;          // set by signals
  struct wg_cli_given *given; // options as given
  size_t n_given;
  wg_walk_watch walks; // of walks through folders that a project names
  wg_mask *mask;       // what variables of a project gave: said by name in all that is said
};

bool wg_cli_has(const wg_cli *c, const char *opt);
const char *wg_cli_value(const wg_cli *c, const char *opt); // last one given, NULL when none
// All values of a repeated option in order; heap array of borrowed strings, wg_xfree it.
const char **wg_cli_values(const wg_cli *c, const char *opt, size_t *out_n);

// SOURCE_DATE_EPOCH in *out; *out_set is false when it is not set, or empty. USAGE when it is no
// such time.
wg_code wg_cli_epoch(int64_t *out, bool *out_set, wg_error *err);

// Writes to stdout (buffered; a failed write ends the program with 1).
void wg_out(const char *fmt, ...) WG_PRINTF(1, 2);
void wg_out_bytes(const void *p, size_t n_bytes);
// The same of all that a command has to say, flushed; false, and said, when it can't be written.
WG_MUST_CHECK bool wg_out_all(const void *p, size_t n_bytes);
// One line on stderr, "wingo: ..." (not with quiet, for notes).
void wg_note(const wg_cli *c, const char *fmt, ...) WG_PRINTF(2, 3);
// Prints "wingo: error: <chain>" and gives the exit code that belongs to err->code:
// 1 failed, 2 USAGE, 3 CONFIG, 4 FORMAT, 5 VERIFY, 6 REMOTE, 7 TIMEOUT, 130 CANCELED.
int wg_cli_fail(const wg_cli *c, const wg_error *err);
int wg_cli_fail_as(const wg_cli *c, const wg_error *err, int exit_code); // with that exit code
void wg_cli_tell(const wg_cli *c, const wg_error *err); // only prints it, to stderr
// How a file that is there is changed or replaced: by --force, and saying so when another wingo has
// it. c outlives it.
wg_inplace_options wg_cli_place(const wg_cli *c);
// Ends a command's JSON and prints it. The exit code: 0, or as wg_cli_fail.
int wg_cli_end_json(const wg_cli *c, wg_jsonw *j, const wg_buf *out);
// Text that a command prints and nothing else; with --json {"text": ...}. The exit code, 0.
int wg_cli_end_text(const wg_cli *c, const wg_buf *text);
// A command has made a file and has nothing more to say: with --json {"file": ..., "bytes": ...}.
// The exit code, 0.
int wg_cli_end_made(const wg_cli *c, const char *path);
// "error": {...} in an object: of a command that has more to say than that it failed.
void wg_cli_kv_error(wg_jsonw *j, wg_code code, int exit_code, const char *text);
// "wingo build: <text>; see 'wingo build --help'", exit code 2.
int wg_cli_usage(const wg_cli *c, const char *fmt, ...) WG_PRINTF(2, 3);
int wg_exit_code(wg_code code);

#define WG_CLI_FORCE_OPT                                                                           \
  { .name = "force", .letter = 'f', .help = "replace what is there, change what is read-only" }
#define WG_CLI_WAIT_OPT                                                                            \
  {                                                                                                \
    .name = "wait", .arg = "TIME",                                                                 \
    .help = "how long for another wingo at the same file, 30s; 0s: not at all (default: no limit)" \
  }

// The commands, one file each: src/cli/<noun>/cmd_<name>.c defines `const wg_cli_cmd
// wg_cmd_<name>`.
extern const wg_cli_cmd wg_cmd_init, wg_cmd_check, wg_cmd_plan, wg_cmd_build, wg_cmd_publish,
    wg_cmd_inspect, wg_cmd_clean, wg_cmd_doctor, wg_cmd_completion, wg_cmd_help, wg_cmd_version;

int wg_cli_main(int argc, char **argv); // src/cli/core/cli.c; main.c only calls it

#endif
