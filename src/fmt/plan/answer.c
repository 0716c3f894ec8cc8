// SPDX-License-Identifier: Apache-2.0
#include "fmt/plan/answer.h"

#include <string.h>

static const char *const answer_passes[] = {
    [WG_PASS_WINDOWS_PE] = "windowsPE",     [WG_PASS_OFFLINE_SERVICING] = "offlineServicing",
    [WG_PASS_GENERALIZE] = "generalize",    [WG_PASS_SPECIALIZE] = "specialize",
    [WG_PASS_AUDIT_SYSTEM] = "auditSystem", [WG_PASS_AUDIT_USER] = "auditUser",
    [WG_PASS_OOBE_SYSTEM] = "oobeSystem"};

const char *wg_answer_pass_name(wg_answer_pass pass) {
  return answer_passes[pass];
}

static bool answer_given(const char *s) {
  return s != NULL && s[0] != '\0';
}

wg_code wg_answer_check(const wg_answer_setting *s, wg_error *err) {
  if (!answer_given(s->component) || !answer_given(s->path)) {
    return wg_fail(err, WG_E_FORMAT, "an answer setting without a component or a path");
  }
  size_t n = strlen(s->path);
  if (s->path[0] == '/' || s->path[n - 1] == '/' || strstr(s->path, "//") != NULL) {
    return wg_fail(err, WG_E_FORMAT, "answer setting '%s': an empty name in the path", s->path);
  }
  if ((s->value != NULL) == answer_given(s->secret)) {
    return wg_fail(err, WG_E_FORMAT, "answer setting '%s': a value or a secret, one of them",
                   s->path);
  }
  return WG_OK;
}

// Setup tells names of components apart without case; those of elements are XML.
bool wg_answer_same_place(const wg_answer_setting *a, const wg_answer_setting *b) {
  return a->pass == b->pass && wg_str_eq_nocase(wg_str_of(a->component), b->component) &&
         strcmp(a->path, b->path) == 0;
}

static bool answer_same_text(const char *a, const char *b) {
  return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

wg_code wg_answer_agree(const wg_answer_setting *a, const wg_answer_setting *b, wg_error *err) {
  if (!wg_answer_same_place(a, b) ||
      (answer_same_text(a->value, b->value) && answer_same_text(a->secret, b->secret))) {
    return WG_OK;
  }
  return wg_fail(err, WG_E_CONFLICT,
                 "%s: answer setting '%s' of %s (%s) is wanted otherwise at %s: only one value can "
                 "stand there",
                 b->origin != NULL ? b->origin : "?", b->path, b->component, answer_passes[b->pass],
                 a->origin != NULL ? a->origin : "?");
}

void wg_answer_write_fields(const wg_answer_setting *s, wg_buf *out) {
  wg_record_z(out, "pass", answer_passes[s->pass]);
  wg_record_z(out, "component", s->component);
  wg_record_z(out, "path", s->path);
  wg_record_z(out, "value", s->value);
  wg_record_z(out, "secret", s->secret);
}

void wg_answer_write(const wg_answer_setting *s, wg_str title, bool origin, wg_buf *out) {
  wg_record_begin(out, "answer", title);
  wg_answer_write_fields(s, out);
  wg_record_z(out, "origin", origin ? s->origin : NULL);
  wg_record_end(out);
}

void wg_answer_read_fields(wg_record *r, wg_answer_setting *out) {
  wg_answer_setting s = {0};
  unsigned pass = 0;
  wg_record_get_word(r, "pass", answer_passes, WG_ARRAY_LEN(answer_passes), &pass);
  wg_record_get_z(r, "component", &s.component);
  wg_record_get_z(r, "path", &s.path);
  wg_record_get_z(r, "value", &s.value);
  wg_record_get_z(r, "secret", &s.secret);
  wg_record_need(r, "component", s.component != NULL);
  wg_record_need(r, "path", s.path != NULL);
  s.pass = (wg_answer_pass)pass;
  *out = s;
}

wg_code wg_answer_parse(wg_record *r, wg_answer_setting *out, wg_error *err) {
  wg_answer_setting s;
  if (!wg_str_eqz(r->kind, "answer")) {
    return wg_fail(err, WG_E_FORMAT, "record '%.*s' is no answer setting", WG_STR_ARG(r->kind));
  }
  wg_answer_read_fields(r, &s);
  wg_record_get_z(r, "origin", &s.origin);
  if (wg_record_done(r, err) != WG_OK || wg_answer_check(&s, err) != WG_OK) {
    return err->code;
  }
  *out = s;
  return WG_OK;
}
