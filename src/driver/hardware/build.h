// SPDX-License-Identifier: Apache-2.0
// Shared by the readers of hardware: a profile that grows, lines of a text.
#ifndef WG_DRIVER_HARDWARE_BUILD_H
#define WG_DRIVER_HARDWARE_BUILD_H

#include "driver/hardware/hardware.h"

typedef struct wg_hw_build {
  wg_arena *arena;
  wg_hw_device *v;
  uint32_t n, cap;
  wg_str *hardware, *compatible; // of the last device
  uint32_t cap_hardware, cap_compatible;
  wg_str *notes;
  uint32_t n_notes;
  wg_str vendor, model;
  bool starved, full; // no memory; too many devices
} wg_hw_build;

// A new device, the last one from now on. NULL: no memory, or too many.
wg_hw_device *wg_hw_add(wg_hw_build *b);
// An id of the last device, copied, trimmed; what can be none, or is there already, is left out.
void wg_hw_add_id(wg_hw_build *b, bool compatible, wg_str id);
void wg_hw_printf_id(wg_hw_build *b, bool compatible, const char *fmt, ...) WG_PRINTF(3, 4);
void wg_hw_note(wg_hw_build *b, const char *text); // static
// A copy in the arena, without space at its ends; what is no visible text is a space.
wg_str wg_hw_text(wg_hw_build *b, wg_str s);
wg_code wg_hw_full(const wg_hw_build *b, wg_error *err); // what wg_hw_add's NULL was
// Leaves out devices without ids. NOT_FOUND: nothing is left; NOMEM, LIMIT.
wg_code wg_hw_finish(wg_hw_build *b, wg_hw_kind kind, wg_hw_profile *out, wg_error *err);

// The next line without its end; false at the end.
WG_MUST_CHECK bool wg_hw_line(wg_str *rest, wg_str *out);
wg_str wg_hw_trim(wg_str s);
wg_str wg_hw_after(wg_str s, size_t n); // without its first n bytes
// Where needle begins in s, letter case of ASCII ignored; s.n when it does not.
size_t wg_hw_find(wg_str s, const char *needle);
bool wg_hw_visible(uint32_t cp); // a character that a line of text may have
void wg_hw_add_visible(wg_buf *out,
                       wg_str s); // each character that a line of text can't have is a space
// Hex digits from the start of s, at most max; false when there is none.
WG_MUST_CHECK bool wg_hw_hex(wg_str s, size_t max, uint32_t *out, size_t *out_n);

// The readers, each of UTF-8 text.
wg_code wg_hw_read_yaml(wg_hw_build *b, wg_str text, wg_error *err);
wg_code wg_hw_read_pnputil(wg_hw_build *b, wg_str text, wg_error *err);
wg_code wg_hw_read_json(wg_hw_build *b, wg_str text, wg_error *err);
wg_code wg_hw_read_linux(wg_hw_build *b, wg_str text, wg_error *err);
wg_code wg_hw_read_setupapi(wg_hw_build *b, wg_str text, wg_error *err);
bool wg_hw_is_lspci(wg_str line); // begins a device
bool wg_hw_is_lsusb(wg_str line);

#endif
