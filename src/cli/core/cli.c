// SPDX-License-Identifier: Apache-2.0
// The program: parse, decide on colours, catch signals, run one command.
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cli/core/internal.h"

static bool cli_color(const wg_cli *c, int fd) {
  const char *when = wg_cli_value(c, "color");
  if (when != NULL && strcmp(when, "auto") != 0) {
    return strcmp(when, "always") == 0;
  }
  const char *no_color = wg_os_getenv("NO_COLOR"); // any text at all, by no-color.org
  const char *term = wg_os_getenv("TERM");
  return (no_color == NULL || no_color[0] == '\0') && term != NULL && strcmp(term, "dumb") != 0 &&
         wg_os_is_tty(fd);
}

static int cli_help(const wg_cli *c, const char *noun) {
  WG_AUTO(wg_buf) b;
  wg_buf_init(&b, wg_heap(), 0);
  if (c->cmd != NULL) {
    wg_cli_help_command(&b, c->cmd);
  } else {
    wg_cli_help_overview(&b, noun);
  }
  return wg_cli_end_text(c, &b);
}

// More files and folders than any Windows has.
#define CLI_WALK_MAX 2000000U
#define CLI_WALK_SLOW_MS 2000U

static void cli_walks(void *ctx, const char *folder, uint64_t n_entries) {
  wg_note(ctx, "still looking through '%s': %llu files and folders so far (Ctrl-C stops)", folder,
          (unsigned long long)n_entries);
}

static int cli_run(wg_cli *c) {
  if (c->cmd == NULL) {
    WG_AUTO(wg_buf) b;
    wg_buf_init(&b, wg_heap(), 0);
    wg_cli_help_overview(&b, NULL);
    (void)fputs(wg_buf_z(&b), stderr);
    wg_cli_json_error(c, WG_E_USAGE, 2, "no command; 'wingo help' lists them");
    return 2;
  }
  wg_error err = WG_ERROR_INIT;
  static wg_cancel cancel = {.event_fd = -1}; // the signal handler knows it until the process ends
  if (wg_cancel_init(&cancel, &err) != WG_OK || wg_os_catch_signals(&cancel, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  c->cancel = &cancel;
  c->walks = (wg_walk_watch){.cancel = &cancel,
                             .max_entries = CLI_WALK_MAX,
                             .slow_ms = CLI_WALK_SLOW_MS,
                             .tell = cli_walks,
                             .ctx = c};
  const char *wait = wg_cli_value(c, "wait");
  uint64_t ignored = 0;
  if (wait != NULL && !wg_parse_duration(wait, &ignored)) {
    return wg_cli_usage(c, "'%s' is not a time, such as 30s or 5m", wait);
  }
  return c->cmd->run(c);
}

int wg_cli_main(int argc, char **argv) {
  wg_mask mask;
  wg_mask_init(&mask, wg_heap());
  wg_cli c = {.mask = &mask};
  const char *noun = NULL;
  int code = 2;
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
    c.json = c.json || strcmp(argv[i], "--json") == 0; // for what is wrong before it is reached
  }
  wg_cli_want want = wg_cli_parse(&c, argc < 0 ? 0 : (size_t)argc, argv, &noun);
  c.color_out = cli_color(&c, 1);
  c.color_err = cli_color(&c, 2);
  switch (want) {
  case WG_CLI_HELP:
    code = cli_help(&c, noun);
    break;
  case WG_CLI_VERSION:
    code = wg_cmd_version.run(&c);
    break;
  case WG_CLI_RUN:
    code = cli_run(&c);
    break;
  case WG_CLI_BAD:
    break;
  }
  wg_cli_done(&c);
  wg_mask_done(&mask);
  if (!wg_out_flush() && code == 0) {
    code = 1;
  }
  return code;
}
