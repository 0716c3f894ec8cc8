// SPDX-License-Identifier: Apache-2.0
// go build for one target.
#ifndef WG_GOAPP_COMPILE_H
#define WG_GOAPP_COMPILE_H

#include "goapp/discover.h"

typedef struct wg_go_compile_job {
  const wg_go_env *env;
  const wg_go_spec *spec;
  const char *go;       // the go command
  const char *mod_flag; // as found by wg_go_discover
  unsigned cpus;        // at least 1
  const char *syso;     // a COFF object to link into the main package, NULL for none
  const char *tmp;      // private folder
  const char *out;      // absolute path of the binary
  const wg_cancel *cancel;
} wg_go_compile_job;

// Builds with -trimpath, without network, from the module cache or vendor/ as discovered. FAILED
// when the compiler complains: details get all of it, with paths relative to the project; the error
// names the first. CONFIG when a -X value cannot be quoted.
wg_code wg_go_compile(const wg_go_compile_job *job, wg_buf *details, wg_error *err);

// The value of -ldflags ("" when there are none), in the arena: ldflags as written, vars as -X, and
// -H windowsgui for a GUI program on Windows. CONFIG when a variable's value holds both kinds of
// quotes or a newline.
wg_code wg_go_ldflags(const wg_go_spec *spec, wg_arena *arena, const char **out, wg_error *err);

#endif
