// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "os/thread.h"

static void thread_must(int rc) {
  wg_assert(rc == 0);
}

void wg_mutex_init(wg_mutex *m) {
  thread_must(pthread_mutex_init(&m->m, NULL));
}
void wg_mutex_done(wg_mutex *m) {
  thread_must(pthread_mutex_destroy(&m->m));
}
void wg_mutex_lock(wg_mutex *m) {
  thread_must(pthread_mutex_lock(&m->m));
}
void wg_mutex_unlock(wg_mutex *m) {
  thread_must(pthread_mutex_unlock(&m->m));
}

void wg_cond_init(wg_cond *c) {
  pthread_condattr_t attr;
  thread_must(pthread_condattr_init(&attr));
  thread_must(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC));
  thread_must(pthread_cond_init(&c->c, &attr));
  thread_must(pthread_condattr_destroy(&attr));
}
void wg_cond_done(wg_cond *c) {
  thread_must(pthread_cond_destroy(&c->c));
}
void wg_cond_wait(wg_cond *c, wg_mutex *m) {
  thread_must(pthread_cond_wait(&c->c, &m->m));
}

bool wg_cond_wait_ms(wg_cond *c, wg_mutex *m, uint64_t ms) {
  struct timespec t;
  thread_must(clock_gettime(CLOCK_MONOTONIC, &t));
  t.tv_sec += (time_t)(ms / 1000);
  t.tv_nsec += (long)(ms % 1000) * 1000000;
  if (t.tv_nsec >= 1000000000) {
    t.tv_sec++;
    t.tv_nsec -= 1000000000;
  }
  int rc = pthread_cond_timedwait(&c->c, &m->m, &t);
  wg_assert(rc == 0 || rc == ETIMEDOUT);
  return rc == 0;
}

void wg_cond_all(wg_cond *c) {
  thread_must(pthread_cond_broadcast(&c->c));
}

wg_code wg_thread_start(wg_thread *out, void *(*fn)(void *), void *arg, wg_error *err) {
  // Signals go to the main thread; a worker inherits this mask.
  sigset_t all, old;
  (void)sigfillset(&all);
  thread_must(pthread_sigmask(SIG_BLOCK, &all, &old));
  int rc = pthread_create(out, NULL, fn, arg);
  thread_must(pthread_sigmask(SIG_SETMASK, &old, NULL));
  if (rc != 0) {
    return wg_fail_errno(err, rc, "cannot start a thread");
  }
  return WG_OK;
}

void wg_thread_join(wg_thread t) {
  thread_must(pthread_join(t, NULL));
}
