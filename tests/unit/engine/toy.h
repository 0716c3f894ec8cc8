// SPDX-License-Identifier: Apache-2.0
// Toy step kinds and a project in a temporary folder, shared by the tests of the engine.
#ifndef TOY_H
#define TOY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/exec.h"
#include "os/proc.h"

// What a toy step does.
typedef struct toy {
  const char *src; // "cat": file whose content is the output (observed by discover when it has one)
  const char *dir; // "names": observed folder
  const char *absent;                                // observed absent path
  const char *env;                                   // observed variable
  const char *fail;                                  // fails with this text
  const char *details;                               // and these details
  const char *warn;                                  // a warning
  uint64_t sleep_ms;                                 // while running; looks at cancel
  bool random;                                       // output varies
  bool big;                                          // output through its big path
  bool busy;                                         // counts itself in toy_now / toy_max
  const char *constant;                              // output text instead of the inputs
  void (*hook)(wg_step_ctx *c, const struct toy *t); // called by run
  void (*discover_hook)(wg_step_ctx *c, const struct toy *t);
} toy;

static atomic_uint toy_n_run, toy_n_discover;
static atomic_uint toy_now, toy_max;     // processors in use
static atomic_uint toy_n_now, toy_n_max; // steps running

static inline wg_code toy_discover(wg_step_ctx *c, wg_error *err) {
  const toy *t = wg_ctx_user(c);
  atomic_fetch_add(&toy_n_discover, 1);
  if (t->discover_hook != NULL) {
    wg_os_sleep_ms(30); // what a program would take
    t->discover_hook(c, t);
  }
  if (t->src != NULL) {
    wg_digest d;
    if (wg_ctx_observe_file(c, t->src, &d, err) != WG_OK) {
      return err->code;
    }
    wg_ctx_add_input(c, "late/src", &d);
  }
  if (t->dir != NULL && wg_ctx_observe_dir(c, t->dir, err) != WG_OK) {
    return err->code;
  }
  if (t->absent != NULL && wg_os_exists(WG_CWD, t->absent)) {
    wg_digest d;
    if (wg_ctx_observe_file(c, t->absent, &d, err) != WG_OK) {
      return err->code;
    }
    wg_ctx_add_input(c, "late/extra", &d);
  } else if (t->absent != NULL && wg_ctx_observe_absent(c, t->absent, err) != WG_OK) {
    return err->code;
  }
  if (t->env != NULL) {
    wg_ctx_observe_env(c, t->env);
    const char *v = wg_os_getenv(t->env);
    wg_digest d = wg_sha256(v == NULL ? "" : v, v == NULL ? 0 : strlen(v));
    wg_ctx_add_input(c, "late/env", &d);
  }
  wg_ctx_set_note(c, WG_STR("noted by discover"));
  return WG_OK;
}

static inline wg_code toy_wait(wg_step_ctx *c, const toy *t, wg_error *err) {
  uint64_t left = t->sleep_ms;
  while (left > 0) {
    if (wg_cancel_check(wg_ctx_cancel(c), err) != WG_OK) {
      return err->code;
    }
    uint64_t n = left < 5 ? left : 5;
    wg_os_sleep_ms(n);
    left -= n;
    wg_ctx_progress(c, t->sleep_ms - left, t->sleep_ms, "ms");
  }
  return WG_OK;
}

static inline wg_code toy_make(wg_step_ctx *c, const toy *t, wg_buf *out, wg_error *err) {
  static const char *const labels[] = {"in",         "dep",      "dep2", "late/src",
                                       "late/extra", "late/env", "tree"};
  if (t->constant != NULL) {
    wg_buf_add_z(out, t->constant);
    return WG_OK;
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(labels); i++) {
    wg_digest d;
    wg_error none = WG_ERROR_INIT;
    if (wg_ctx_input(c, labels[i], &d, &none) == WG_OK) {
      wg_buf_printf(out, "%s %s\n", labels[i], wg_digest_hex(&d).s);
    }
  }
  if (t->random) {
    uint8_t r[8];
    wg_os_random(r, sizeof(r));
    wg_buf_add_hex(out, r, sizeof(r));
  }
  return wg_buf_check(out, err);
}

static inline wg_code toy_run(wg_step_ctx *c, wg_error *err) {
  const toy *t = wg_ctx_user(c);
  atomic_fetch_add(&toy_n_run, 1);
  unsigned n = atomic_fetch_add(&toy_n_now, 1) + 1, n_max = atomic_load(&toy_n_max);
  while (n > n_max && !atomic_compare_exchange_weak(&toy_n_max, &n_max, n)) {
  }
  unsigned now = atomic_fetch_add(&toy_now, wg_ctx_cpus(c)) + wg_ctx_cpus(c);
  unsigned max = atomic_load(&toy_max);
  while (now > max && !atomic_compare_exchange_weak(&toy_max, &max, now)) {
  }
  if (t->hook != NULL) {
    t->hook(c, t);
  }
  wg_code code = toy_wait(c, t, err);
  atomic_fetch_sub(&toy_now, wg_ctx_cpus(c));
  atomic_fetch_sub(&toy_n_now, 1);
  if (code != WG_OK) {
    return code;
  }
  if (t->warn != NULL) {
    wg_ctx_warn(c, "%s", t->warn);
  }
  if (t->fail != NULL) {
    if (t->details != NULL) {
      wg_ctx_details(c, wg_str_of(t->details));
    }
    return wg_fail(err, WG_E_FAILED, "%s", t->fail);
  }
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  if (toy_make(c, t, &out, err) != WG_OK) {
    return err->code;
  }
  wg_ctx_fact_u64(c, "bytes", 4711);
  if (t->big) {
    WG_AUTO(wg_cstr) path = NULL;
    if (wg_ctx_output_big_path(c, "out", &path, err) != WG_OK) {
      return err->code;
    }
    return wg_os_write_file(WG_CWD, path, out.p, out.n, 0600, false, err);
  }
  return wg_ctx_output_bytes(c, "out", out.p, out.n, err);
}

static const wg_step_kind toy_kind = {.name = "toy", .version = 1, .verb = "toy", .run = toy_run};
static const wg_step_kind toy_kind2 = {.name = "toy", .version = 2, .verb = "toy", .run = toy_run};
static const wg_step_kind toy_found = {
    .name = "found", .version = 1, .verb = "find", .discover = toy_discover, .run = toy_run};

typedef struct place {
  char *dir, *store_dir, *project;
  wg_store *store;
} place;

static inline void place_open(place *p) {
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(wg_store_open(p->store_dir, &p->store, &err), WG_OK);
}

static inline void place_init(place *p) {
  wg_error err = WG_ERROR_INIT;
  *p = (place){0};
  assert_int_equal(wg_os_mkdtemp("/tmp", "wgbuild-", &p->dir, &err), WG_OK);
  p->store_dir = wg_path_join(p->dir, "store");
  p->project = wg_path_join(p->dir, "project");
  assert_int_equal(wg_os_mkdirs(WG_CWD, p->project, 0755, &err), WG_OK);
  place_open(p);
  toy_n_run = toy_n_discover = toy_max = toy_now = toy_n_now = toy_n_max = 0;
}

// As a new process would see it.
static inline void place_reopen(place *p) {
  wg_store_close(p->store);
  place_open(p);
}

static inline void place_done(place *p) {
  wg_error err = WG_ERROR_INIT;
  wg_store_close(p->store);
  assert_int_equal(wg_os_rmtree(WG_CWD, p->dir, &err), WG_OK);
  wg_xfree(p->dir);
  wg_xfree(p->store_dir);
  wg_xfree(p->project);
}
WG_DEFINE_AUTO(place, place_done);

// Path in the project; heap.
static inline char *at(const place *p, const char *name) {
  return wg_path_join(p->project, name);
}

static inline void put(const place *p, const char *name, const char *text) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) path = at(p, name);
  WG_AUTO(wg_cstr) dir = wg_path_dirname(path);
  assert_int_equal(wg_os_mkdirs(WG_CWD, dir, 0755, &err), WG_OK);
  assert_int_equal(wg_os_write_file(WG_CWD, path, text, strlen(text), 0644, false, &err), WG_OK);
}

// Content of a project file, "<none>" when absent; heap.
static inline char *get(const place *p, const char *name) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) path = at(p, name);
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  if (wg_os_read_file(WG_CWD, path, 1 << 20, &b, &err) != WG_OK) {
    return wg_xstrdup("<none>");
  }
  return wg_xstrdup(wg_buf_z(&b));
}

// --- the order of things

typedef struct seen {
  wg_mutex lock;
  wg_buf text; // "type identity text|details\n"
} seen;

static atomic_uint toy_n_failed_seen;

static inline void seen_event(void *ctx, const wg_event *ev) {
  seen *s = ctx;
  wg_buf_printf(&s->text, "%d %s %s|%s\n", (int)ev->type, ev->identity == NULL ? "-" : ev->identity,
                ev->text == NULL ? "" : ev->text, ev->details == NULL ? "" : ev->details);
  if (ev->type == WG_EV_STEP_FAILED) {
    atomic_fetch_add(&toy_n_failed_seen, 1);
  }
}

static inline bool seen_has(seen *s, wg_event_type type, const char *rest) {
  WG_AUTO(wg_cstr) line = wg_xprintf("%d %s", (int)type, rest);
  return strstr(wg_buf_z(&s->text), line) != NULL;
}

// Order without clocks: each hook waits for what has to be before it. A fault shows as a test that
// does not end, and meson ends it.
static inline void hook_when_three_run(wg_step_ctx *c, const toy *t) {
  (void)c;
  (void)t;
  while (atomic_load(&toy_n_run) < 3) {
    wg_os_sleep_ms(1);
  }
}

static inline void hook_after_a_failure(wg_step_ctx *c, const toy *t) {
  (void)c;
  while (atomic_load(&toy_n_failed_seen) < (t->fail != NULL ? 1 : 2)) {
    wg_os_sleep_ms(1);
  }
}

#endif
