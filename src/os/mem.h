// SPDX-License-Identifier: Apache-2.0
// The process heap. Above fmt, running out of memory ends a one-shot command with one message.
#ifndef WG_OS_MEM_H
#define WG_OS_MEM_H

#include "base/bytes.h"

// The malloc-backed allocator. Thread-safe; lives for the whole process.
const wg_alloc *wg_heap(void);
// These never return NULL: on no memory they print one line and exit(1). Free with wg_xfree.
WG_RETURNS_NONNULL void *wg_xalloc(size_t n_bytes);                  // zeroed
WG_RETURNS_NONNULL void *wg_xarray(size_t count, size_t size_bytes); // zeroed, overflow-checked
// The new part is not zeroed.
WG_RETURNS_NONNULL void *wg_xrealloc(void *p, size_t count, size_t size_bytes);
WG_RETURNS_NONNULL char *wg_xstrdup(const char *s);
WG_RETURNS_NONNULL char *wg_xstrndup(const char *s, size_t n_bytes);
WG_RETURNS_NONNULL char *wg_xprintf(const char *fmt, ...) WG_PRINTF(1, 2);
void wg_xfree(void *p);
// Overwrites what held a secret; no compiler leaves it out. p may be NULL when n_bytes is 0.
void wg_wipe(void *p, size_t n_bytes);

// A char * freed at scope end: WG_AUTO(wg_cstr) s = wg_xprintf(...).
typedef char *wg_cstr;
static inline void wg_cstr_done(wg_cstr *s) {
  wg_xfree(*s);
}
WG_DEFINE_AUTO(wg_cstr, wg_cstr_done);

// Grows a heap vector so that it holds one more: wg_vec_push(&v, &n, &cap) = x;
#define wg_vec_push(pv, pn, pcap)                                                                  \
  (*__extension__({                                                                                \
    if (*(pv) == NULL || *(pn) == *(pcap)) {                                                       \
      *(pcap) = *(pcap) == 0 ? 8 : *(pcap)*2;                                                      \
      *(pv) = wg_xrealloc(*(pv), *(pcap), sizeof(**(pv)));                                         \
    }                                                                                              \
    &(*(pv))[(*(pn))++];                                                                           \
  }))

#endif
