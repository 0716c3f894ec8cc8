// SPDX-License-Identifier: Apache-2.0
// Synthetic bases: what a fresh Windows image looks like to servicing (folders, descriptors, hives,
// the facts of the XML), made from the text files in data/synthetic. Nothing in them is Microsoft's
// and none starts: docs/synthetic.md.
#ifndef WG_IMAGE_SYNTHETIC_SYNTHETIC_H
#define WG_IMAGE_SYNTHETIC_SYNTHETIC_H

#include "crypto/digest.h"
#include "image/file/base.h"

#define WG_SYNTHETIC_ARCH "amd64" // when none is asked for

// Checks that product ("windows-11") exists for arch (Go's name, NULL: WG_SYNTHETIC_ARCH) and state
// (as in wg_synthetic_options), and that it has an image with that NAME, edition or 1-based number
// (NULL: any). *out_image (may be NULL): that image's NAME; with image NULL the one that is taken
// when none is named. Heap. NOT_FOUND lists what there is; USAGE for a state of Windows PE.
wg_code wg_synthetic_check(const char *product, const char *arch, const char *state,
                           const char *image, char **out_image, wg_error *err);

// The same where a WIM of a medium ("windows-11-iso") is chosen: image is one of that WIM. USAGE
// for a choice where there is none.
wg_code wg_synthetic_check_disc(const char *product, const char *arch, const char *state,
                                wg_image_disc_wim wim, const char *image, char **out_image,
                                wg_error *err);

// Whether the images of that product have a recovery environment: those that Setup installs.
WG_MUST_CHECK bool wg_synthetic_has_winre(const char *product, wg_image_disc_wim wim);

// SHA-256 over the texts that all synthetic bases are made from.
wg_digest wg_synthetic_digest(void);

typedef struct wg_synthetic_options {
  const char *product;  // "windows-7", "windows-10", "windows-11", "server-2022", "server-2025"; or
                        // "windows-11-setup" (any of them): Windows PE and Setup, as boot.wim; or
                        // "windows-11-iso": the installation medium
  const char *arch;     // Go's name, NULL: amd64
  const char *state;    // how far Setup has come with it: "generalized" (NULL), "complete", ...;
                        // NULL for Windows PE
  const char *out_path; // appears whole or not at all
  bool force;           // replaces what is at out_path
  unsigned threads;     // at least 1; the bytes do not depend on it
  const wg_cancel *cancel;
} wg_synthetic_options;

typedef struct wg_synthetic_result {
  uint32_t n_images;
  uint64_t n_files, n_dirs; // of all images
  uint64_t out_bytes;
} wg_synthetic_result;

// Writes the WIM, an image for each edition, or the medium. Same product and arch, same bytes.
// NOT_FOUND as wg_synthetic_check, CONFLICT when out_path is there, IO, CANCELED.
wg_code wg_synthetic_write(const wg_synthetic_options *opt, wg_synthetic_result *out,
                           wg_error *err);

#endif
