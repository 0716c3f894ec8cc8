// SPDX-License-Identifier: Apache-2.0
#include "config/expand.h"

#include <string.h>

#include "config/git.h"
#include "config/section.h"
#include "os/mem.h"

// All of a file's ${} together.
#define EXPAND_MAX_BYTES ((uint64_t)4 << 20)

#define EXPAND_GIT "git."

static size_t expand_name_len(const char *s) {
  size_t n = strncmp(s, EXPAND_GIT, strlen(EXPAND_GIT)) == 0 ? strlen(EXPAND_GIT) : 0;
  while ((s[n] >= 'A' && s[n] <= 'Z') || (s[n] >= 'a' && s[n] <= 'z') || s[n] == '_' ||
         (n > 0 && s[n] >= '0' && s[n] <= '9')) {
    n++;
  }
  return n;
}

// What git says, asked once a load.
static const wg_cfg_fact *expand_fact(wg_cfg *c, const char *what) {
  for (const wg_cfg_fact *f = c->facts; f != NULL; f = f->next) {
    if (strcmp(f->what, what) == 0) {
      return f;
    }
  }
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), EXPAND_MAX_BYTES);
  wg_error err = WG_ERROR_INIT;
  wg_code code = c->world.git(c->world.ctx, what, &out, &err);
  bool fine = code == WG_OK && out.n > 0;
  wg_cfg_fact *f = wg_cfg_alloc(c, 1, sizeof(*f));
  *f = (wg_cfg_fact){.next = c->facts,
                     .what = wg_cfg_printf(c, "%s", what),
                     .value = fine ? wg_cfg_printf(c, "%s", wg_buf_z(&out)) : NULL,
                     .why = fine ? NULL
                                 : wg_cfg_printf(c, "%s", code == WG_OK ? "nothing" : err.text)};
  c->facts = f;
  return f;
}

const char *wg_cfg_git(wg_cfg *c, const char *what, const char **why) {
  const wg_cfg_fact *f = expand_fact(c, what);
  *why = f->why;
  return f->value;
}

// A value of a variable, and what is said when there is none.
typedef struct expand_var {
  const char *value; // NULL: there is none
  const char *why, *hint;
} expand_var;

static expand_var expand_git(wg_cfg *c, const char *name) {
  const char *what = name + strlen(EXPAND_GIT), *list = "";
  bool known = false;
  for (size_t i = 0; wg_git_facts[i] != NULL; i++) {
    known = known || strcmp(wg_git_facts[i], what) == 0;
    list = wg_cfg_printf(c, "%s%s${git.%s}", list, i == 0 ? "" : ", ", wg_git_facts[i]);
  }
  if (!known) {
    return (expand_var){.why = wg_cfg_printf(c, "takes ${%s}, which there is not", name),
                        .hint = wg_cfg_printf(c, "there are %s", list)};
  }
  const wg_cfg_fact *f = expand_fact(c, what);
  return (expand_var){
      .value = f->value,
      .why =
          wg_cfg_printf(c, "takes ${%s}, and git says: %s", name, f->value == NULL ? f->why : ""),
      .hint = wg_cfg_printf(c, "give a default for where that is so: ${%s:-default}", name)};
}

static expand_var expand_env(wg_cfg *c, const char *name) {
  const char *value = c->world.getenv(c->world.ctx, name);
  if (value != NULL && value[0] != '\0') {
    if (!c->expand_shown) {
      wg_mask_note(c->mask, value, wg_cfg_printf(c, "${%s}", name));
      c->expand_noted = true;
    }
    return (expand_var){.value = value};
  }
  return (expand_var){
      .why = wg_cfg_printf(c, "takes ${%s}, and the environment variable %s is %s", name, name,
                           value == NULL ? "not set" : "empty"),
      .hint = wg_cfg_printf(c, "set %s, or give a default: ${%s:-default}", name, name)};
}

static expand_var expand_variable(wg_cfg *c, const char *name) {
  expand_var v = {0};
  if (strncmp(name, EXPAND_GIT, strlen(EXPAND_GIT)) == 0) {
    return expand_git(c, name);
  }
  int own = c->lang->variable == NULL ? 0 : c->lang->variable(c, name, &v.value, &v.why, &v.hint);
  if (own != 0) {
    v.value = own > 0 ? v.value : NULL;
    return v;
  }
  return expand_env(c, name);
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
  expand_var v = expand_variable(c, name);
  if (v.value != NULL) {
    wg_buf_add_z(to, v.value);
  } else if (has_default) {
    wg_buf_add(to, rest + 2, (size_t)(end - rest) - 2);
  } else {
    *why = v.why;
    *hint = v.hint;
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
  bool outer_noted = c->expand_noted;
  c->expand_noted = false;
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
  if (c->expand_noted) { // a short value is known by what is around it
    wg_mask_note_text(c->mask, *out, text);
  }
  c->expand_noted = c->expand_noted || outer_noted;
  return true;
}
