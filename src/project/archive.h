// SPDX-License-Identifier: Apache-2.0
// The section apps.*.archive: each target's program packed for download, with checksums.
#ifndef WG_PROJECT_ARCHIVE_H
#define WG_PROJECT_ARCHIVE_H

#include "config/section.h"

typedef enum wg_archive_format {
  WG_ARCHIVE_NONE,
  WG_ARCHIVE_AUTO, // zip for Windows, tar.gz for the others
  WG_ARCHIVE_ZIP,
  WG_ARCHIVE_TAR_GZ
} wg_archive_format;

typedef struct wg_cfg_archive {
  wg_archive_format format;
  wg_pos pos;
  const char *name; // template; NULL: the usual one
  wg_pos name_pos;
  const wg_cfg_str *files; // paths as given, relative to the project folder
  size_t n_files;
} wg_cfg_archive;

extern const wg_section wg_section_archive;

// What the parts of a template stand for.
typedef struct wg_archive_names {
  const char *app, *release, *os, *arch, *variant; // release, variant: "" for none
} wg_archive_names;
// Whether the archive for an operating system is a zip, not a tar.gz.
bool wg_archive_is_zip(const wg_cfg_archive *a, const char *os);
// The archive's name with its ending, from the template of `name` ({arch} has the variant behind
// it: amd64v3, armv7). Heap.
char *wg_archive_file(const wg_cfg_archive *a, const wg_archive_names *n);

#endif
