// SPDX-License-Identifier: Apache-2.0
// One file's bytes out of a base image, by Windows path.
#ifndef WG_IMAGE_TREE_READ_H
#define WG_IMAGE_TREE_READ_H

#include "image/file/base.h"
#include "image/file/kept.h"

typedef struct wg_image_reader wg_image_reader;

// Opens the base for reading. Errors as wg_image_write has for a base.
wg_code wg_image_reader_open(const wg_image_base *base, wg_image_reader **out, wg_error *err);
void wg_image_reader_close(wg_image_reader *r);
// From here on wg_image_reader_file keeps, with packed (NULL: none) at that place, what it had to
// decompress much of the file for, and looks there first. Both outlive r.
void wg_image_reader_keep(wg_image_reader *r, const wg_image_packed *packed, const char *at);
WG_DEFINE_AUTO_PTR(wg_image_reader, wg_image_reader_close);
// Content of the file at a Windows path (letter case ignored, short names too) into out
// (initialised), hash checked. NOT_FOUND when nothing is there, UNSUPPORTED for a folder or a
// reparse point, LIMIT over max_bytes.
wg_code wg_image_reader_file(wg_image_reader *r, const char *path, uint64_t max_bytes, wg_buf *out,
                             wg_error *err);
// The same content into the new file to, however large it is.
wg_code wg_image_reader_save(wg_image_reader *r, const char *path, const char *to,
                             const wg_cancel *cancel, wg_error *err);
// Whether anything is at the path.
wg_code wg_image_reader_exists(wg_image_reader *r, const char *path, bool *out, wg_error *err);

#endif
