// SPDX-License-Identifier: Apache-2.0
// Locks that other runs hold: a step waits for who makes the same, or publishes to the same place,
// and says so.
#include "engine/int.h"
#include "os/proc.h"

#define LOCKS_SAID_MS 1000u // a shorter wait is none
#define LOCKS_POLL_MS 50u

typedef wg_code (*locks_try)(const step_run *r, const void *what, wg_fd *out, wg_error *err);

static void locks_note(const step_run *r, const char *text) {
  wg_build_emit(r, (wg_event){.type = WG_EV_STEP_WARNING, .text = text});
}

static wg_code locks_wait(const step_run *r, locks_try try_lock, const void *what, wg_fd *out,
                          wg_error *err) {
  uint64_t from = wg_os_mono_ns(), waited_ms = 0;
  const build_env *e = r->env;
  bool told = false;
  for (unsigned sleep_ms = 1;; sleep_ms = sleep_ms < LOCKS_POLL_MS ? sleep_ms * 2 : LOCKS_POLL_MS) {
    wg_code code = try_lock(r, what, out, err);
    waited_ms = (wg_os_mono_ns() - from) / 1000000;
    if (code != WG_E_CONFLICT) {
      break;
    }
    if (e->wait_limited && waited_ms >= e->wait_ms) {
      return wg_fail(err, WG_E_CONFLICT,
                     "another run makes the same still after %llu.%u s; run this when it is done, "
                     "or with a longer --wait",
                     (unsigned long long)(waited_ms / 1000), (unsigned)(waited_ms % 1000 / 100));
    }
    *err = (wg_error)WG_ERROR_INIT;
    if (!told && waited_ms >= LOCKS_SAID_MS) {
      locks_note(r, "another run makes the same; waiting for it");
      told = true;
    }
    if (wg_cancel_check(e->cancel, err) != WG_OK) {
      return err->code;
    }
    wg_os_sleep_ms(sleep_ms);
  }
  if (told && *out >= 0) {
    WG_AUTO(wg_cstr)
    text = wg_xprintf("waited %llu.%u s for another run", (unsigned long long)(waited_ms / 1000),
                      (unsigned)(waited_ms % 1000 / 100));
    locks_note(r, text);
  }
  return *out >= 0 ? WG_OK : err->code;
}

static wg_code locks_try_key(const step_run *r, const void *what, wg_fd *out, wg_error *err) {
  return wg_store_try_lock_key(r->env->store, what, out, err);
}

wg_code wg_build_lock_key(const step_run *r, const wg_digest *key, wg_fd *out, wg_error *err) {
  return locks_wait(r, locks_try_key, key, out, err);
}

static wg_code locks_try_path(const step_run *r, const void *what, wg_fd *out, wg_error *err) {
  (void)r;
  return wg_os_lock(WG_CWD, what, true, true, NULL, out, err);
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
  return locks_wait(r, locks_try_path, path, out, err);
}
