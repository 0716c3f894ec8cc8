// SPDX-License-Identifier: Apache-2.0
// What an image is made of: a base, told apart by kind; what a build wants to know of it.
#ifndef WG_IMAGE_FILE_BASE_H
#define WG_IMAGE_FILE_BASE_H

#include "os/file.h"

typedef enum wg_image_base_kind {
  WG_IMAGE_BASE_WIM,
  WG_IMAGE_BASE_DIR, // a tree that becomes the only image
  WG_IMAGE_BASE_NTFS // the same of a file with an NTFS volume, which keeps what a host has no form
                     // for; written only, no project has it
} wg_image_base_kind;

typedef enum wg_image_disc_wim { // of an ISO
  WG_IMAGE_DISC_ANY,             // what Setup installs; the base need not be an ISO
  WG_IMAGE_DISC_INSTALL,         // sources/install.wim, .esd or .swm
  WG_IMAGE_DISC_BOOT             // sources/boot.wim
} wg_image_disc_wim;

typedef struct wg_image_base {
  wg_image_base_kind kind;
  wg_image_disc_wim wim;
  const char *path;  // host path
  const char *image; // 1-based index as text, or NAME; NULL: the file has just one
  // Of a file that is made in this process (file/holes.h): what it lacks. NULL: it is whole.
  const struct wg_image_holes *holes;
} wg_image_base;

typedef enum wg_image_format {
  WG_IMAGE_FORMAT_WIM, // LZX in 32 KiB chunks: everything that reads WIM files reads it
  WG_IMAGE_FORMAT_ESD  // solid LZMS: smallest; Windows 8 and later
} wg_image_format;

// Packed data of another file goes over as it is, and with it any damage that it has.
typedef enum wg_image_trust {
  WG_IMAGE_VERIFY,    // what goes over is read and compared with its digests first
  WG_IMAGE_VERIFIED,  // that was done before: it goes over unread
  WG_IMAGE_UNVERIFIED // nobody did; the output has no integrity table, which would say otherwise
} wg_image_trust;

// stage: "verify", "pack base", "add files", "write", "check". unit: "bytes" or "files".
typedef void (*wg_image_progress)(void *ctx, const char *stage, uint64_t done, uint64_t total,
                                  const char *unit);

typedef struct wg_image_base_facts { // wg_image_looks_at
  const char *arch; // of the image: Go's name ("amd64", "arm64", "386", "arm"), "" when the base
                    // does not say; static
  uint32_t image, n_images; // 1-based number of the image that was named, and how many there are; 0
                            // of a directory
  bool has_format[2]; // by wg_image_format: all packed data can go over into such a file as it is
} wg_image_base_facts;

#endif
