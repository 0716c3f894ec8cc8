// SPDX-License-Identifier: Apache-2.0
// The event bus.
#include "engine/int.h"
#include "os/proc.h"

#define BUS_PROGRESS_NS ((uint64_t)100000000)

typedef struct bus_listener {
  wg_listener_fn fn;
  void *ctx;
} bus_listener;

struct wg_bus {
  wg_mutex lock; // all of it
  bus_listener *listeners;
  size_t n_listeners, cap_listeners;
  uint64_t start_ns;
  bool started;
  uint64_t *last_progress; // by step: when one was let through, 0 none
  size_t n_last;
  const wg_mask *mask; // may be NULL
};

wg_bus *wg_bus_new(void) {
  wg_bus *b = wg_xalloc(sizeof(*b));
  wg_mutex_init(&b->lock);
  return b;
}

void wg_bus_free(wg_bus *b) {
  if (b == NULL) {
    return;
  }
  wg_mutex_done(&b->lock);
  wg_xfree(b->listeners);
  wg_xfree(b->last_progress);
  wg_xfree(b);
}

void wg_bus_listen(wg_bus *b, wg_listener_fn fn, void *ctx) {
  wg_vec_push(&b->listeners, &b->n_listeners, &b->cap_listeners) = (bus_listener){fn, ctx};
}

// False when this progress comes too soon after the last of its step. The end is never held
// back, nor the beginning of a stretch.
static bool bus_lets_through(wg_bus *b, const wg_event *ev) {
  if (ev->type != WG_EV_STEP_PROGRESS || ev->step == UINT32_MAX) {
    return true;
  }
  if (ev->step >= b->n_last) {
    size_t n = (size_t)ev->step + 64;
    b->last_progress = wg_xrealloc(b->last_progress, n, sizeof(*b->last_progress));
    for (size_t i = b->n_last; i < n; i++) {
      b->last_progress[i] = 0;
    }
    b->n_last = n;
  }
  uint64_t *last = &b->last_progress[ev->step];
  bool is_end = ev->total > 0 && (ev->done == 0 || ev->done >= ev->total);
  if (*last != 0 && !is_end && ev->time_ns - *last < BUS_PROGRESS_NS) {
    return false;
  }
  *last = ev->time_ns + (ev->time_ns == 0 ? 1 : 0);
  return true;
}

void wg_bus_mask(wg_bus *b, const wg_mask *mask) {
  b->mask = mask;
}

// Text as it may be told, in the arena.
static const char *bus_text(const wg_bus *b, wg_arena *a, const char *s) {
  return s == NULL ? NULL : wg_build_masked(b->mask, a, s);
}

static void bus_hide(const wg_bus *b, wg_arena *a, wg_event *ev, wg_table *table) {
  ev->text = bus_text(b, a, ev->text);
  ev->details = bus_text(b, a, ev->details);
  if (ev->type == WG_EV_STEP_CHANGE) {
    ev->name = bus_text(b, a, ev->name);
  }
  if (ev->table != NULL) {
    *table = wg_build_table_copy(ev->table, b->mask, a);
    ev->table = table;
  }
}

void wg_bus_emit(wg_bus *b, wg_event *ev) {
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_table table;
  if (wg_mask_any(b->mask)) {
    bus_hide(b, &arena, ev, &table);
  }
  wg_mutex_lock(&b->lock);
  uint64_t now = wg_os_mono_ns();
  if (!b->started) {
    b->started = true;
    b->start_ns = now;
  }
  ev->time_ns = now - b->start_ns;
  ev->wall_ns = wg_os_wall_ns();
  if (bus_lets_through(b, ev)) {
    for (size_t i = 0; i < b->n_listeners; i++) {
      b->listeners[i].fn(b->listeners[i].ctx, ev);
    }
  }
  wg_mutex_unlock(&b->lock);
}
