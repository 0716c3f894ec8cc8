// SPDX-License-Identifier: Apache-2.0
// The finished program is read back: what the file says of itself must be what was asked for.
#ifndef WG_GOAPP_READBACK_H
#define WG_GOAPP_READBACK_H

#include "fmt/gobuildinfo/gobuildinfo.h"
#include "goapp/env.h"

typedef struct wg_go_expect {
  const char *os, *arch;   // Go's names
  bool gui;                // Windows: GUI subsystem, else console
  bool cgo;                // allowed
  bool resources;          // Windows: must have some
  const char *go_version;  // "go1.26.8"
  const char *import_path; // of the main package
  const char *module;      // of the main package's module
} wg_go_expect;

typedef struct wg_go_readback {
  wg_gobuildinfo info;
  const wg_str *libraries; // that the system's loader must find, as the file names them
  size_t n_libraries;
} wg_go_readback;

// False for a system whose programs have no reader here (plan9, wasm, aix).
bool wg_go_can_read_back(const char *os);
// Reads file with our own readers. Strings of *out are borrowed from file or in the arena.
//
// VERIFY: another machine, file format or subsystem than asked; cgo where it was not allowed; no
// build info, or one that names another program, module, platform or Go version; no resources.
// FORMAT: the file is broken. UNSUPPORTED: a platform whose file format has no reader here (plan9,
// wasm, aix): nothing was checked.
wg_code wg_go_read_back(const wg_reader *file, const wg_go_expect *expect, wg_arena *arena,
                        wg_go_readback *out, wg_error *err);

#endif
