// SPDX-License-Identifier: Apache-2.0
// Compiler attributes and the cleanup discipline used everywhere (style.md 7).
#ifndef WG_BASE_ATTR_H
#define WG_BASE_ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Our formatter reads what C says everywhere; for Windows the compilers would check by MSVC's ways.
#ifdef __MINGW32__
#define WG_PRINTF(fmt_arg, first_arg) __attribute__((format(gnu_printf, fmt_arg, first_arg)))
#else
#define WG_PRINTF(fmt_arg, first_arg) __attribute__((format(printf, fmt_arg, first_arg)))
#endif
#define WG_MUST_CHECK __attribute__((warn_unused_result))
// For a type: what returns it is to be looked at, whoever declares it. GCC knows this for functions
// only; the build with clang, where it is an error, speaks for both.
#ifdef __clang__
#define WG_MUST_CHECK_TYPE __attribute__((warn_unused_result))
#else
#define WG_MUST_CHECK_TYPE
#endif
#define WG_RETURNS_NONNULL __attribute__((returns_nonnull))
#define WG_NORETURN __attribute__((noreturn))
// A function whose unsigned arithmetic wraps on purpose (hashes): the integer sanitizer leaves it
// alone.
#ifdef __clang__
#define WG_WRAPS __attribute__((no_sanitize("unsigned-integer-overflow", "implicit-conversion")))
#else
#define WG_WRAPS
#endif
#define WG_UNUSED __attribute__((unused))

// Declares what WG_AUTO(T) runs at scope end for a type that lives in place.
#define WG_DEFINE_AUTO(T, fn)                                                                      \
  static inline void T##_auto_(T *p) {                                                             \
    fn(p);                                                                                         \
  }                                                                                                \
  struct wg_semicolon_

// Declares what WG_AUTO_PTR(T) runs at scope end for a type that lives on the heap.
#define WG_DEFINE_AUTO_PTR(T, fn)                                                                  \
  static inline void T##_autop_(T **p) {                                                           \
    fn(*p);                                                                                        \
  }                                                                                                \
  struct wg_semicolon_

// A local of type T (or T *) whose destructor runs when it leaves scope. Must be initialised.
#define WG_AUTO(T) __attribute__((cleanup(T##_auto_))) T
#define WG_AUTO_PTR(T) __attribute__((cleanup(T##_autop_))) T *

// Moves a pointer out of a variable under WG_AUTO_PTR: the variable becomes NULL.
#define wg_take(pp)                                                                                \
  __extension__({                                                                                  \
    __typeof__(*(pp)) taken_ = *(pp);                                                              \
    *(pp) = NULL;                                                                                  \
    taken_;                                                                                        \
  })

#define WG_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
