// SPDX-License-Identifier: Apache-2.0
#include "project/secret.h"

#include <string.h>

#include "config/walk.h"
#include "os/file.h"
#include "os/mem.h"
#include "project/values.h"

static const struct {
  const char *name;
  wg_secret_kind kind;
  wg_cfg_check_fn check;
} secret_forms[] = {{"env", WG_SECRET_ENV, wg_cfg_check_env_name},
                    {"file", WG_SECRET_FILE, wg_cfg_check_host_path},
                    {"prompt", WG_SECRET_PROMPT, NULL},
                    {"plain", WG_SECRET_PLAIN, NULL}};

static const char secret_hint[] =
    "write {env: NAME}, {file: path}, {prompt: text}, or {plain: text} where it is no secret";

// The text of one form; its value is never part of a message.
static void secret_form(wg_walk *w, size_t form, const wg_yaml_node *v, wg_secret *out) {
  wg_cfg_text t = {.arena = &w->c->arena, .text = v->text, .value = v->text};
  bool is_text = v->kind == WG_YAML_SCALAR && !wg_yaml_is_null(v);
  if (!is_text || (v->n == 0 && secret_forms[form].kind != WG_SECRET_PLAIN)) {
    wg_walk_error(w, v, wg_cfg_printf(w->c, "'%s' needs text", secret_forms[form].name),
                  secret_hint);
    return;
  }
  if (secret_forms[form].check != NULL && !secret_forms[form].check(&t)) {
    wg_walk_check_failed(w, v, &t);
    return;
  }
  wg_pos pos = wg_cfg_pos(w->c, v);
  out->kind = secret_forms[form].kind;
  out->name = wg_cfg_printf(w->c, "%s", v->text);
  if (out->kind == WG_SECRET_FILE) { // from the project's folder, as every path
    WG_AUTO(wg_cstr) joined = wg_path_join(w->c->dir, v->text);
    WG_AUTO(wg_cstr) clean = wg_path_clean(joined);
    out->name = wg_cfg_printf(w->c, "%s", clean);
  }
  out->pos = pos;
  out->label = wg_cfg_printf(w->c, "%s", w->path);
  out->origin = wg_cfg_printf(w->c, "%s:%u:%u", pos.file, (unsigned)pos.line, (unsigned)pos.col);
}

static void secret_read(wg_walk *w, const wg_key *row, const wg_yaml_node *v, void *out) {
  size_t form = WG_ARRAY_LEN(secret_forms);
  for (size_t i = 0; v->n == 1 && i < WG_ARRAY_LEN(secret_forms); i++) {
    form = strcmp(v->pairs[0].key->text, secret_forms[i].name) == 0 ? i : form;
  }
  if (form == WG_ARRAY_LEN(secret_forms)) {
    wg_walk_error(w, v, "a secret has exactly one of 'env', 'file', 'prompt' and 'plain'",
                  secret_hint);
    return;
  }
  secret_form(w, form, v->pairs[0].value, wg_key_field(out, row->at));
}

static void secret_schema(wg_jsonw *w) {
  wg_jsonw_key_z(w, "type");
  wg_jsonw_str_z(w, "object");
  wg_jsonw_key_z(w, "minProperties");
  wg_jsonw_u64(w, 1);
  wg_jsonw_key_z(w, "maxProperties");
  wg_jsonw_u64(w, 1);
  wg_jsonw_key_z(w, "additionalProperties");
  wg_jsonw_bool(w, false);
  wg_jsonw_key_z(w, "properties");
  wg_jsonw_begin_object(w);
  for (size_t i = 0; i < WG_ARRAY_LEN(secret_forms); i++) {
    wg_jsonw_key_z(w, secret_forms[i].name);
    wg_jsonw_begin_object(w);
    wg_jsonw_key_z(w, "type");
    wg_jsonw_str_z(w, "string");
    wg_jsonw_end_object(w);
  }
  wg_jsonw_end_object(w);
}

bool wg_secret_env_absent(const wg_secret *s, const char *value, char **out_why, char **out_cure) {
  if (value != NULL && value[0] != '\0') {
    return false;
  }
  *out_why = wg_xprintf("the environment variable '%s', which has a secret, is %s", s->name,
                        value == NULL ? "not set" : "empty");
  *out_cure = wg_xprintf("set %s for wingo", s->name);
  return true;
}

const wg_key_kind wg_key_secret = {
    .node = WG_YAML_MAP,
    .wanted = "a secret ({env: NAME}, {file: path}, {prompt: text} or {plain: text})",
    .type = "secret: `{env: NAME}`, `{file: path}`, `{prompt: text}` or `{plain: text}`",
    .hidden = true,
    .read = secret_read,
    .schema = secret_schema};
