// SPDX-License-Identifier: Apache-2.0
#include "goapp/flags.h"

#include <string.h>

static void flags_sep(wg_buf *out) {
  if (out->n > 0) {
    wg_buf_add_byte(out, ' ');
  }
}

static void flags_word(wg_buf *out, wg_str word) {
  const char *quote = memchr(word.p, ' ', word.n) == NULL ? "" : "'";
  flags_sep(out);
  wg_buf_printf(out, "%s%.*s%s", quote, WG_STR_ARG(word), quote);
}

static wg_str flags_trim(wg_str s) {
  while (s.n > 0 && s.p[0] == ' ') {
    s = (wg_str){s.p + 1, s.n - 1};
  }
  while (s.n > 0 && s.p[s.n - 1] == ' ') {
    s.n--;
  }
  return s;
}

// Bytes of the flag that s begins with, its value or argument included: up to the next word that
// begins with '-'.
static size_t flags_one(wg_str s) {
  if (wg_str_starts(s, "-extldflags") || wg_str_starts(s, "--extldflags")) {
    return s.n;
  }
  for (size_t i = 1; i < s.n; i++) {
    if (s.p[i] == '-' && s.p[i - 1] == ' ') {
      return i;
    }
  }
  return s.n;
}

wg_code wg_go_flags_add(wg_buf *out, const char *item, wg_error *err) {
  wg_str rest = flags_trim(wg_str_of(item));
  if (memchr(rest.p, '\'', rest.n) != NULL || memchr(rest.p, '"', rest.n) != NULL) {
    flags_sep(out);
    wg_buf_add_str(out, rest);
    return wg_buf_check(out, err);
  }
  while (rest.n > 0) {
    size_t n = flags_one(rest);
    wg_str flag = flags_trim((wg_str){rest.p, n});
    rest = flags_trim((wg_str){rest.p + n, rest.n - n});
    size_t name = wg_str_find(flag, ' ');
    if (memchr(flag.p, '=', name) == NULL && name < flag.n) { // "-X main.a=b c", "-H windowsgui"
      flags_word(out, (wg_str){flag.p, name});
      flag = flags_trim((wg_str){flag.p + name, flag.n - name});
    }
    flags_word(out, flag);
  }
  return wg_buf_check(out, err);
}

wg_code wg_go_var_check(const char *name, const char *value, wg_error *err) {
  bool both = strchr(value, '\'') != NULL && strchr(value, '"') != NULL;
  if (both || strchr(value, '\n') != NULL || strchr(name, '\'') != NULL) {
    return wg_fail(err, WG_E_CONFIG,
                   "vars: %s: a value with both kinds of quotes or a line break cannot be handed "
                   "to the linker; "
                   "shorten it or embed a file",
                   name);
  }
  return WG_OK;
}

wg_code wg_go_var_add(wg_buf *out, const char *name, const char *value, wg_error *err) {
  if (wg_go_var_check(name, value, err) != WG_OK) {
    return err->code;
  }
  flags_sep(out);
  wg_buf_printf(out, strchr(value, '\'') != NULL ? "-X \"%s=%s\"" : "-X '%s=%s'", name, value);
  return wg_buf_check(out, err);
}
