// SPDX-License-Identifier: Apache-2.0
// Asking at the terminal for what is not to be seen.
#include <errno.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "os/file.h"
#include "os/sys.h"

#define ASK_MAX_BYTES 4096U

static wg_code ask_read(int fd, wg_buf *out, wg_error *err) {
  for (size_t n = 0; n < ASK_MAX_BYTES; n++) {
    char c = 0;
    ssize_t got = read(fd, &c, 1);
    if (got < 0 && errno == EINTR) {
      return wg_fail(err, WG_E_CANCELED, "stopped at the question");
    }
    if (got < 0) {
      return wg_fail_errno(err, errno, "cannot read from the terminal");
    }
    if (got == 0 || c == '\n') {
      return WG_OK;
    }
    wg_buf_add_byte(out, (uint8_t)c);
  }
  return wg_fail(err, WG_E_LIMIT, "an answer of more than %u bytes", ASK_MAX_BYTES);
}

wg_code wg_os_ask_hidden(const char *question, wg_buf *out, wg_error *err) {
  WG_AUTO(wg_fd) fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  struct termios was;
  if (fd < 0 || tcgetattr(fd, &was) != 0) {
    return wg_fail(err, WG_E_NOT_FOUND, "there is no terminal to ask '%s' at", question);
  }
  WG_AUTO(wg_cstr) text = wg_xprintf("%s: ", question);
  struct termios hidden = was;
  hidden.c_lflag &= ~(tcflag_t)ECHO;
  hidden.c_lflag |= ECHONL;
  if (wg_os_write_all(fd, text, wg_str_of(text).n, err) != WG_OK) {
    return err->code;
  }
  (void)tcsetattr(fd, TCSAFLUSH, &hidden);
  wg_code code = ask_read(fd, out, err);
  (void)tcsetattr(fd, TCSAFLUSH, &was);
  return code;
}
