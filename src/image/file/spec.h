// SPDX-License-Identifier: Apache-2.0
// FILE[:IMAGE] as command lines name an image.
#ifndef WG_IMAGE_FILE_SPEC_H
#define WG_IMAGE_FILE_SPEC_H

#include "os/file.h"

typedef enum wg_spec_kind {
  WG_SPEC_FOLDER,
  WG_SPEC_WIM,     // .wim, .esd, the first part of a .swm, an .iso with one of these
  WG_SPEC_HIVE,    // a registry hive
  WG_SPEC_REGTEXT, // .reg
} wg_spec_kind;

typedef struct wg_spec {
  wg_spec_kind kind;
  bool disc; // an .iso
  char *path;
  char *image; // 1-based index or NAME as given; NULL: none was given
} wg_spec;
void wg_spec_done(wg_spec *s);
WG_DEFINE_AUTO(wg_spec, wg_spec_done);

// What arg names, by the content of the file, never by its name. A name that is there as it stands
// is that file, colons and all; else the part before the last colon that is there is the file and
// the rest chooses the image. NOT_FOUND; UNSUPPORTED for a file that is none of the kinds, or an
// image of what has none.
wg_code wg_spec_parse(const char *arg, wg_spec *out, wg_error *err);
// Whether a file that begins with these bytes is registry text (REGEDIT4, or version 5 in UTF-16LE
// or UTF-8).
bool wg_spec_is_regtext(const uint8_t *p, size_t n_bytes);

#endif
