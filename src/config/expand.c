// SPDX-License-Identifier: Apache-2.0
#include "config/expand.h"

#include <string.h>

#include "os/mem.h"

// All of a file's ${} together.
#define EXPAND_MAX_BYTES ((uint64_t)4 << 20)

static size_t expand_name_len(const char *s) {
  size_t n = 0;
  while ((s[n] >= 'A' && s[n] <= 'Z') || (s[n] >= 'a' && s[n] <= 'z') || s[n] == '_' ||
         (n > 0 && s[n] >= '0' && s[n] <= '9')) {
    n++;
  }
  return n;
}

// One ${...} at s. Appends its value, sets *out_n to the bytes it takes.
static bool expand_one(wg_cfg *c, const char *s, wg_buf *to, size_t *out_n, const char **why,
                       const char **hint) {
  const char *end = strchr(s, '}');
  size_t n = expand_name_len(s + 2);
  if (end == NULL || n == 0) {
    *why = end == NULL ? "has '${' without '}'" : "has '${' without a name after it";
    *hint = "write ${NAME} or ${NAME:-default}; a '${' that is meant is written '$${'";
    return false;
  }
  const char *name = wg_cfg_printf(c, "%.*s", (int)n, s + 2);
  const char *rest = s + 2 + n;
  bool has_default = strncmp(rest, ":-", 2) == 0;
  if (!has_default && rest != end) {
    *why =
        wg_cfg_printf(c, "has '${%s' with something else than '}' or ':-' behind the name", name);
    *hint = "write ${NAME} or ${NAME:-default}";
    return false;
  }
  const char *value = c->world.getenv(c->world.ctx, name);
  if (value != NULL && value[0] != '\0') {
    wg_buf_add_z(to, value);
  } else if (has_default) {
    wg_buf_add(to, rest + 2, (size_t)(end - rest) - 2);
  } else {
    *why = wg_cfg_printf(c, "takes ${%s}, and the environment variable %s is %s", name, name,
                         value == NULL ? "not set" : "empty");
    *hint = wg_cfg_printf(c, "set %s, or give a default: ${%s:-default}", name, name);
    return false;
  }
  *out_n = (size_t)(end - s) + 1;
  return true;
}

bool wg_cfg_expand(wg_cfg *c, const char *text, const char **out, const char **why,
                   const char **hint) {
  if (strstr(text, "${") == NULL) {
    *out = text;
    return true;
  }
  WG_AUTO(wg_buf) to = {0};
  wg_buf_init(&to, wg_heap(), 0);
  for (const char *s = text; *s != '\0';) {
    size_t n = 1;
    if (strncmp(s, "$${", 3) == 0) {
      wg_buf_add_z(&to, "${");
      n = 3;
    } else if (strncmp(s, "${", 2) == 0) {
      if (!expand_one(c, s, &to, &n, why, hint)) {
        return false;
      }
    } else {
      wg_buf_add_byte(&to, (uint8_t)*s);
    }
    s += n;
    if (to.n + c->expanded_bytes > EXPAND_MAX_BYTES) {
      *why = "is too long with its variables filled in";
      *hint = NULL;
      return false;
    }
  }
  c->expanded_bytes += to.n;
  *out = wg_cfg_printf(c, "%s", wg_buf_z(&to));
  return true;
}
