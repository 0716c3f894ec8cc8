// SPDX-License-Identifier: Apache-2.0
// What the parts of src/cli share and commands don't need.
#ifndef WG_CLI_CORE_INTERNAL_H
#define WG_CLI_CORE_INTERNAL_H

#include "cli/core/cli.h"

typedef struct wg_cli_given { // one option as given
  const wg_cli_opt *opt;      // in the command's table or among the common ones
  const char *value;          // borrowed from argv; NULL for a switch
} wg_cli_given;

// The options that every command has.
extern const wg_cli_opt wg_cli_common_opts[];
extern const size_t wg_cli_n_common_opts;

// What the command line asked for.
typedef enum wg_cli_want {
  WG_CLI_RUN,
  WG_CLI_HELP,    // of cmd, of noun, or of the program when both are NULL
  WG_CLI_VERSION, // --version
  WG_CLI_BAD,     // a usage error, said already
} wg_cli_want;

// Fills c (zeroed by the caller) from argv; c->given and c->args are heap arrays of strings that
// are borrowed from argv. *out_noun is set when the command line names only a noun.
wg_cli_want wg_cli_parse(wg_cli *c, size_t n_argv, char *const *argv, const char **out_noun);
void wg_cli_done(wg_cli *c);

// The command called name (under noun, NULL for none); NULL when there is none.
const wg_cli_cmd *wg_cli_find(const char *noun, const char *name);
// The command of that noun (NULL: the command or noun) that is near to word; NULL when none is.
const char *wg_cli_near(const char *noun, const char *word);
bool wg_cli_is_noun(const char *name);

// Help as text appended to out. noun NULL: the whole program.
void wg_cli_help_overview(wg_buf *out, const char *noun);
void wg_cli_help_command(wg_buf *out, const wg_cli_cmd *cmd);
// Paragraphs, broken at spaces; what is indented stays as it is.
void wg_cli_help_text(wg_buf *out, const char *text);
// `wingo help keys [KEY]`: prints what the reference says of a key, its exit code. KEY is a path
// with wildcards for parts, or a word alone; NULL: the list. For completion: all of them, one a
// line.
int wg_cli_help_keys(const wg_cli *c, const char *word);
void wg_cli_help_key_names(wg_buf *out);
// "build" or "wim info".
void wg_cli_full_name(wg_buf *out, const wg_cli_cmd *cmd);

// With --json: {"error": {...}} on stdout, so that there is something to read whatever happens.
void wg_cli_json_error(const wg_cli *c, wg_code code, int exit_code, const char *text);
// Flushes stdout; false when something could not be written.
bool wg_out_flush(void);

#endif
