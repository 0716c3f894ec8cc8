// SPDX-License-Identifier: Apache-2.0
#include "image/reg/command.h"

#include <string.h>

// One argument by the rules of CommandLineToArgvW: backslashes count double in front of a quote.
static void command_add_word(wg_buf *out, const char *word, bool force) {
  if (!force && word[0] != '\0' && strpbrk(word, " \t\"") == NULL) {
    wg_buf_add_z(out, word);
    return;
  }
  wg_buf_add_byte(out, '"');
  size_t slashes = 0;
  for (const char *p = word;; p++) {
    if (*p == '\\') {
      slashes++;
      continue;
    }
    bool doubled = *p == '"' || *p == '\0';
    for (size_t i = 0; i < (doubled ? 2 * slashes : slashes); i++) {
      wg_buf_add_byte(out, '\\');
    }
    slashes = 0;
    if (*p == '\0') {
      break;
    }
    if (*p == '"') {
      wg_buf_add_byte(out, '\\');
    }
    wg_buf_add_byte(out, (uint8_t)*p);
  }
  wg_buf_add_byte(out, '"');
}

void wg_windows_command_line(const char *program, const char *const *args, size_t n_args,
                             wg_buf *out) {
  command_add_word(out, program, strchr(program, ' ') != NULL);
  for (size_t i = 0; i < n_args; i++) {
    wg_buf_add_byte(out, ' ');
    command_add_word(out, args[i], false);
  }
}
