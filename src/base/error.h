// SPDX-License-Identifier: Apache-2.0
// The one error type (style.md 5). Fixed size, never allocates, lives in the caller's frame.
#ifndef WG_BASE_ERROR_H
#define WG_BASE_ERROR_H

#include "base/attr.h"

// Closed set of causes; callers branch on these, never on the text.
typedef enum WG_MUST_CHECK_TYPE wg_code {
  WG_OK = 0,
  WG_E_NOMEM,       // memory could not be had
  WG_E_IO,          // the system refused an operation; saved_errno says why
  WG_E_FORMAT,      // the input is wrong; off_bytes or the text says where
  WG_E_LIMIT,       // the input is larger than a limit allows
  WG_E_UNSUPPORTED, // the input is right, but we do not do this
  WG_E_VERIFY,      // a digest, signature or read-back does not match
  WG_E_NOT_FOUND,   // a named thing is not there
  WG_E_CONFLICT,    // a named thing is there already, or two requests disagree
  WG_E_CANCELED,    // the user or a failing neighbour stopped it
  WG_E_USAGE,       // the command line is wrong
  WG_E_CONFIG,      // the project file is wrong
  WG_E_FAILED,      // a child program or a step ran and failed; its own output says why
  WG_E_TIMEOUT,     // a time limit ran out
  WG_E_REMOTE,      // the far side refused, failed or can't be reached
  WG_E_BUG,         // a broken invariant of ours
} wg_code;

#define WG_ERROR_TEXT_BYTES 1024
#define WG_NO_OFFSET UINT64_MAX

typedef struct wg_error {
  wg_code code;
  int saved_errno;                // errno of the failing call, 0 when none
  uint64_t off_bytes;             // offset in the input, WG_NO_OFFSET when none
  char text[WG_ERROR_TEXT_BYTES]; // "outer object: inner object: cause", NUL-terminated
} wg_error;

#define WG_ERROR_INIT                                                                              \
  { .code = WG_OK, .off_bytes = WG_NO_OFFSET }

// Records a cause and yields its code: `return wg_fail(err, WG_E_IO, "...", ...)`.
// Macros, so that analyzers see the result is not WG_OK. `code` is evaluated once or twice:
// constants only.
#define wg_fail(err, code_, ...)                                                                   \
  (wg_error_set((err), (code_), 0, WG_NO_OFFSET, __VA_ARGS__), (code_))
#define wg_fail_at(err, code_, off_, ...)                                                          \
  (wg_error_set((err), (code_), 0, (off_), __VA_ARGS__), (code_))
// As wg_fail with WG_E_IO (or WG_E_NOT_FOUND for ENOENT/ENOTDIR, WG_E_CONFLICT for EEXIST,
// WG_E_NOMEM for ENOMEM); appends the errno's meaning. Yields the chosen code.
#define wg_fail_errno(err, errno_, ...)                                                            \
  wg_code_of_failure(wg_error_set_errno((err), (errno_), __VA_ARGS__))

// Prepends "context: " to the text of an error that is already set; yields its code.
#define wg_wrap(err, ...) (wg_error_wrap((err), __VA_ARGS__), wg_code_of_failure((err)->code))

// Sets every field of *err. Never fails; overlong text is cut with "...".
void wg_error_set(wg_error *err, wg_code code, int saved_errno, uint64_t off_bytes, const char *fmt,
                  ...) WG_PRINTF(5, 6);
// Sets *err from an errno value; see wg_fail_errno. Returns the code, never WG_OK.
wg_code wg_error_set_errno(wg_error *err, int saved_errno, const char *fmt, ...) WG_PRINTF(3, 4);
// Puts "context: " in front of err->text; the tail is cut if it does not fit.
void wg_error_wrap(wg_error *err, const char *fmt, ...) WG_PRINTF(2, 3);
// Another text for an error that is set; overlong text is cut with "...".
void wg_error_text(wg_error *err, const char *text);
// Static name of a code: "FORMAT", "IO", ...
const char *wg_code_name(wg_code code);
// Static English text for the errno values that users meet; "error N" style text is in a static
// table too, so this is thread-safe. Never NULL.
const char *wg_errno_text(int e);

// Ends the process with a message: our own bug. Hosted builds write to stderr and abort.
WG_NORETURN void wg_assert_fail(const char *expr, const char *file, int line);
#define wg_assert(e) ((e) ? (void)0 : wg_assert_fail(#e, __FILE__, __LINE__))

// Its argument, which is never WG_OK: analyzers learn it here.
static inline wg_code wg_code_of_failure(wg_code code) {
  wg_assert(code != WG_OK);
  return code;
}

#endif
