// SPDX-License-Identifier: Apache-2.0
// Entries in Programs and Features.
#ifndef WG_IMAGE_REG_UNINSTALL_H
#define WG_IMAGE_REG_UNINSTALL_H

#include "image/reg/edits.h"

typedef struct wg_uninstall_entry {
  const char *id;                                    // key name
  const char *display_name;                          // shown
  const char *version, *publisher, *location, *icon; // NULL: left out
  bool replace; // an entry of that id that is not this program's is replaced
} wg_uninstall_entry;
void wg_uninstall_edits(wg_reg_edits *e, const wg_uninstall_entry *u, const char *origin);

#endif
