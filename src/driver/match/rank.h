// SPDX-License-Identifier: Apache-2.0
// How well a driver fits a device: Windows' rank, 0xSSGGTHHH; the lower, the better.
// Source: windows-driver-docs, install/how-windows-ranks-driver-packages, identifier-score,
// overview-of-the-driver-selection-process.
#ifndef WG_DRIVER_MATCH_RANK_H
#define WG_DRIVER_MATCH_RANK_H

#include "base/bytes.h"

typedef struct wg_drv_rank {
  uint8_t signature;      // SS
  uint8_t feature;        // GG
  bool device_compatible; // the device's id is one of its compatible ids
  bool driver_compatible; // the driver's is a compatible id of its line
  uint32_t device_at;     // place in that list of the device, from 0
  uint32_t driver_at;     // place among the compatible ids of the line, from 0
} wg_drv_rank;

enum {                     // signature
  WG_DRV_SIGNED = 0x00,    // all that are signed are equal: Windows 7 and later
  WG_DRV_MICROSOFT = 0x0D, // before Windows 7: signed by Microsoft
  WG_DRV_PUBLISHER = 0x0F, // before Windows 7: signed by somebody else
  WG_DRV_UNSIGNED = 0x80,
};

uint32_t wg_drv_rank_value(const wg_drv_rank *r);

#endif
