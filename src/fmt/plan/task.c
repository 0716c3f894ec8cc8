// SPDX-License-Identifier: Apache-2.0
#include "fmt/plan/task.h"

#include <string.h>

static const char *const task_kinds[] = {
    [WG_TASK_RUN] = "run",           [WG_TASK_POWERSHELL] = "powershell",
    [WG_TASK_REGISTRY] = "registry", [WG_TASK_SERVICE] = "service",
    [WG_TASK_FILE] = "file",         [WG_TASK_DRIVER] = "driver",
    [WG_TASK_PACKAGE] = "package",   [WG_TASK_REBOOT] = "reboot"};
static const char *const task_detects[] = {[WG_DETECT_NONE] = "none",
                                           [WG_DETECT_FILE] = "file",
                                           [WG_DETECT_REGISTRY] = "registry",
                                           [WG_DETECT_PRODUCT] = "product"};
static const char *const task_interrupts[] = {[WG_TASK_INTERRUPT_FAIL] = "fail",
                                              [WG_TASK_INTERRUPT_RERUN] = "rerun",
                                              [WG_TASK_INTERRUPT_SKIP] = "skip"};
static const char *const task_failures[] = {
    [WG_TASK_FAILURE_STOP] = "stop", [WG_TASK_FAILURE_CONTINUE] = "continue"};

static wg_code task_check_labels(const wg_task *t, const char *const *v, size_t n, const char *what,
                                 wg_error *err) {
  for (size_t i = 0; i < n; i++) {
    if (v[i][0] == '\0') {
      return wg_fail(err, WG_E_FORMAT, "task '%s': an empty name in '%s'", t->identity, what);
    }
    for (size_t k = 0; k < i; k++) {
      if (strcmp(v[i], v[k]) == 0) {
        return wg_fail(err, WG_E_FORMAT, "task '%s': '%s' stands twice in '%s'", t->identity, v[i],
                       what);
      }
    }
  }
  return WG_OK;
}

static wg_code task_check_detect(const wg_task *t, wg_error *err) {
  bool path = t->detect.path != NULL, name = t->detect.name != NULL;
  bool good = t->detect.kind == WG_DETECT_NONE
                  ? !path && !name && t->detect.version == NULL
                  : path && name == (t->detect.kind == WG_DETECT_REGISTRY) &&
                        (t->detect.kind != WG_DETECT_PRODUCT || t->detect.version == NULL);
  if (!good) {
    return wg_fail(err, WG_E_FORMAT,
                   "task '%s': a detection rule is a file with or without a version, a registry "
                   "key with a value, or a product code",
                   t->identity);
  }
  return WG_OK;
}

wg_code wg_task_check(const wg_task *t, wg_error *err) {
  if (t->identity == NULL || t->identity[0] == '\0') {
    return wg_fail(err, WG_E_FORMAT, "a task without an identity");
  }
  if (t->limit_s > WG_TASK_MAX_LIMIT_S || t->retries > WG_TASK_MAX_RETRIES ||
      t->backoff_s > WG_TASK_MAX_LIMIT_S) {
    return wg_fail(err, WG_E_FORMAT, "task '%s': a limit of more than %u s or %u retries",
                   t->identity, WG_TASK_MAX_LIMIT_S, WG_TASK_MAX_RETRIES);
  }
  for (size_t i = 0; i < t->n_needs; i++) {
    if (strcmp(t->needs[i], t->identity) == 0) {
      return wg_fail(err, WG_E_FORMAT, "task '%s' needs itself", t->identity);
    }
  }
  if (task_check_labels(t, t->needs, t->n_needs, "needs", err) != WG_OK ||
      task_check_labels(t, t->payloads, t->n_payloads, "payloads", err) != WG_OK ||
      task_check_labels(t, t->secrets, t->n_secrets, "secrets", err) != WG_OK) {
    return err->code;
  }
  return task_check_detect(t, err);
}

static void task_codes(wg_buf *out, const char *field, const uint32_t *v, size_t n) {
  for (size_t i = 0; i < n; i++) {
    char text[16];
    size_t len = wg_format(text, sizeof(text), "%u", v[i]);
    wg_record_str(out, field, (wg_str){text, len}); // 0 is a code, too
  }
}

void wg_task_write_fields(const wg_task *t, wg_buf *out) {
  wg_record_z(out, "kind", task_kinds[t->kind]);
  wg_record_z(out, "identity", t->identity);
  wg_record_list(out, "need", t->needs, t->n_needs);
  wg_record_list(out, "payload", t->payloads, t->n_payloads);
  wg_record_list(out, "arg", t->args, t->n_args);
  wg_record_z(out, "detect", task_detects[t->detect.kind]);
  wg_record_z(out, "detect-path", t->detect.path);
  wg_record_z(out, "detect-name", t->detect.name);
  wg_record_z(out, "detect-version", t->detect.version);
  wg_record_u64(out, "limit-s", t->limit_s);
  wg_record_u64(out, "retries", t->retries);
  wg_record_u64(out, "backoff-s", t->backoff_s);
  wg_record_z(out, "on-interrupt", task_interrupts[t->on_interrupt]);
  wg_record_z(out, "on-failure", task_failures[t->on_failure]);
  task_codes(out, "ok-code", t->ok_codes, t->n_ok_codes);
  task_codes(out, "reboot-code", t->reboot_codes, t->n_reboot_codes);
  wg_record_list(out, "secret", t->secrets, t->n_secrets);
}

void wg_task_write(const wg_task *t, wg_str title, wg_buf *out) {
  wg_record_begin(out, "task", title);
  wg_task_write_fields(t, out);
  wg_record_end(out);
}

static void task_read_codes(wg_record *r, const char *field, const uint32_t **out, size_t *out_n) {
  const char *const *texts = NULL;
  size_t n = 0;
  wg_record_get_list(r, field, &texts, &n);
  if (n == 0) {
    return;
  }
  uint32_t *v = wg_arena_new_array(r->arena, uint32_t, n);
  if (v == NULL) {
    wg_record_no_memory(r);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    uint64_t code = 0;
    wg_str s = wg_str_of(texts[i]);
    wg_record_need(r, field,
                   wg_parse_u64(s, &code) && code <= UINT32_MAX && (s.p[0] != '0' || s.n == 1));
    v[i] = (uint32_t)code;
  }
  *out = v;
  *out_n = n;
}

void wg_task_read_fields(wg_record *r, wg_task *out) {
  wg_task t = {0};
  unsigned kind = 0, detect = 0, interrupt = 0, failure = 0;
  wg_record_get_word(r, "kind", task_kinds, WG_ARRAY_LEN(task_kinds), &kind);
  wg_record_get_z(r, "identity", &t.identity);
  wg_record_get_list(r, "need", &t.needs, &t.n_needs);
  wg_record_get_list(r, "payload", &t.payloads, &t.n_payloads);
  wg_record_get_list(r, "arg", &t.args, &t.n_args);
  wg_record_get_word(r, "detect", task_detects, WG_ARRAY_LEN(task_detects), &detect);
  wg_record_get_z(r, "detect-path", &t.detect.path);
  wg_record_get_z(r, "detect-name", &t.detect.name);
  wg_record_get_z(r, "detect-version", &t.detect.version);
  wg_record_get_u32(r, "limit-s", &t.limit_s);
  wg_record_get_u32(r, "retries", &t.retries);
  wg_record_get_u32(r, "backoff-s", &t.backoff_s);
  wg_record_get_word(r, "on-interrupt", task_interrupts, WG_ARRAY_LEN(task_interrupts), &interrupt);
  wg_record_get_word(r, "on-failure", task_failures, WG_ARRAY_LEN(task_failures), &failure);
  task_read_codes(r, "ok-code", &t.ok_codes, &t.n_ok_codes);
  task_read_codes(r, "reboot-code", &t.reboot_codes, &t.n_reboot_codes);
  wg_record_get_list(r, "secret", &t.secrets, &t.n_secrets);
  wg_record_need(r, "identity", t.identity != NULL);
  t.kind = (wg_task_kind)kind;
  t.detect.kind = (wg_detect_kind)detect;
  t.on_interrupt = (wg_task_interrupt)interrupt;
  t.on_failure = (wg_task_failure)failure;
  *out = t;
}

wg_code wg_task_parse(wg_record *r, wg_task *out, wg_error *err) {
  wg_task t;
  if (!wg_str_eqz(r->kind, "task")) {
    return wg_fail(err, WG_E_FORMAT, "record '%.*s' is no task", WG_STR_ARG(r->kind));
  }
  wg_task_read_fields(r, &t);
  if (wg_record_done(r, err) != WG_OK || wg_task_check(&t, err) != WG_OK) {
    return err->code;
  }
  *out = t;
  return WG_OK;
}
