// SPDX-License-Identifier: Apache-2.0
// Locks that other runs hold: a step waits for who makes the same, or publishes to the same place,
// and says so.
#include "engine/int.h"
#include "os/wait.h"

#define LOCKS_SAID_MS 1000u // a shorter wait is none

typedef struct locks_wait {
  const step_run *r;
  const void *what; // a key or a path
  wg_fd *out;
} locks_wait;

static void locks_tell(const void *ctx, uint64_t waited_ms) {
  const locks_wait *l = ctx;
  WG_AUTO(wg_cstr)
  text = waited_ms == 0 ? wg_xstrdup("another run makes the same; waiting for it")
                        : wg_xprintf("waited %llu.%u s for another run",
                                     (unsigned long long)(waited_ms / 1000),
                                     (unsigned)(waited_ms % 1000 / 100));
  wg_build_emit(l->r, (wg_event){.type = WG_EV_STEP_WARNING, .text = text});
}

static wg_code locks_get(const step_run *r, wg_wait_try try_once, const void *what, wg_fd *out,
                         wg_error *err) {
  const build_env *e = r->env;
  locks_wait l = {.r = r, .what = what};
  l.out = out;
  uint64_t waited_ms = 0;
  const wg_wait wait = {.limited = e->wait_limited,
                        .limit_ms = e->wait_ms,
                        .told_ms = LOCKS_SAID_MS,
                        .tell = locks_tell,
                        .ctx = &l,
                        .cancel = e->cancel};
  wg_code code = wg_os_wait(&wait, try_once, &l, &waited_ms, err);
  if (code != WG_E_CONFLICT) {
    return code;
  }
  return wg_fail(err, WG_E_CONFLICT,
                 "another run makes the same still after %llu.%u s; run this when it is done, or "
                 "with a longer --wait",
                 (unsigned long long)(waited_ms / 1000), (unsigned)(waited_ms % 1000 / 100));
}

static wg_code locks_try_key(void *what, wg_error *err) {
  const locks_wait *l = what;
  return wg_store_try_lock_key(l->r->env->store, l->what, l->out, err);
}

wg_code wg_build_lock_key(const step_run *r, const wg_digest *key, wg_fd *out, wg_error *err) {
  return locks_get(r, locks_try_key, key, out, err);
}

static wg_code locks_try_path(void *what, wg_error *err) {
  const locks_wait *l = what;
  return wg_os_lock(WG_CWD, l->what, true, true, NULL, l->out, err);
}

wg_code wg_build_publish_lock(const step_run *r, wg_fd *out, wg_error *err) {
  if (r->env->project_dir == NULL) {
    return WG_OK;
  }
  wg_hex hex = wg_digest_hex(&r->identity_digest);
  WG_AUTO(wg_cstr) dir = wg_path_join(r->env->project_dir, ".wingo/locks");
  WG_AUTO(wg_cstr) path = wg_xprintf("%s/%.32s", dir, hex.s);
  if (wg_os_mkdirs(WG_CWD, dir, 0755, err) != WG_OK) {
    return err->code;
  }
  return locks_get(r, locks_try_path, path, out, err);
}
