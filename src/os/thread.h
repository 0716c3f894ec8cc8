// SPDX-License-Identifier: Apache-2.0
// Threads, mutexes and conditions.
#ifndef WG_OS_THREAD_H
#define WG_OS_THREAD_H

#include <pthread.h>

#include "base/error.h"

// Thin names over pthreads; failures other than thread_start are our bugs and abort.
typedef struct wg_mutex {
  pthread_mutex_t m;
} wg_mutex;
typedef struct wg_cond {
  pthread_cond_t c;
} wg_cond;
typedef pthread_t wg_thread;
void wg_mutex_init(wg_mutex *m);
void wg_mutex_done(wg_mutex *m);
void wg_mutex_lock(wg_mutex *m);
void wg_mutex_unlock(wg_mutex *m);
void wg_cond_init(wg_cond *c); // monotonic clock
void wg_cond_done(wg_cond *c);
void wg_cond_wait(wg_cond *c, wg_mutex *m);
// False on timeout.
bool wg_cond_wait_ms(wg_cond *c, wg_mutex *m, uint64_t ms);
void wg_cond_all(wg_cond *c);
wg_code wg_thread_start(wg_thread *out, void *(*fn)(void *), void *arg, wg_error *err);
void wg_thread_join(wg_thread t);

#endif
