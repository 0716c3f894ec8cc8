// SPDX-License-Identifier: Apache-2.0
#include "fmt/tar/tar.h"

#include <string.h>

#define TAR_BLOCK 512U
#define TAR_MAX_NAME 100U

// Octal digits and a NUL into a field of n bytes.
static void tar_octal(char *field, size_t n, uint64_t v) {
  field[n - 1] = '\0';
  for (size_t i = n - 1; i > 0; i--) {
    field[i - 1] = (char)('0' + (v & 7U));
    v >>= 3;
  }
}

static bool tar_name_ok(const char *name) {
  for (const char *p = name; *p != '\0';) {
    size_t n = strcspn(p, "/");
    if (n == 0 || (n == 2 && p[0] == '.' && p[1] == '.')) {
      return false;
    }
    p += n + (p[n] == '/');
  }
  return name[0] != '\0' && strlen(name) <= TAR_MAX_NAME;
}

wg_code wg_tar_add_file(wg_buf *out, const char *name, uint32_t mode, int64_t time_s,
                        const void *data, size_t n_bytes, wg_error *err) {
  char h[TAR_BLOCK] = {0};
  if (!tar_name_ok(name)) {
    return wg_fail(err, WG_E_FORMAT, "'%.200s' cannot be a name in a tar archive: at most %u bytes",
                   name, TAR_MAX_NAME);
  }
  if ((uint64_t)n_bytes >> 33 != 0 || time_s < 0 || (uint64_t)time_s >> 33 != 0) {
    return wg_fail(err, WG_E_LIMIT, "'%s' is too large or too late for a tar archive", name);
  }
  memcpy(h, name, strlen(name));
  tar_octal(h + 100, 8, mode & 07777U);
  tar_octal(h + 108, 8, 0);
  tar_octal(h + 116, 8, 0);
  tar_octal(h + 124, 12, n_bytes);
  tar_octal(h + 136, 12, (uint64_t)time_s);
  memset(h + 148, ' ', 8);
  h[156] = '0';
  memcpy(h + 257,
         "ustar\0"
         "00",
         8);
  uint64_t sum = 0;
  for (size_t i = 0; i < sizeof(h); i++) {
    sum += (unsigned char)h[i];
  }
  tar_octal(h + 148, 7, sum);
  h[155] = ' ';
  wg_buf_add(out, h, sizeof(h));
  wg_buf_add(out, data, n_bytes);
  for (size_t n = n_bytes % TAR_BLOCK; n > 0 && n < TAR_BLOCK; n++) {
    wg_buf_add_byte(out, 0);
  }
  return wg_buf_check(out, err);
}

wg_code wg_tar_end(wg_buf *out, wg_error *err) {
  const char zero[2 * TAR_BLOCK] = {0};
  wg_buf_add(out, zero, sizeof(zero));
  return wg_buf_check(out, err);
}
