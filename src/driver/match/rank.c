// SPDX-License-Identifier: Apache-2.0
#include "driver/match/rank.h"

uint32_t wg_drv_rank_value(const wg_drv_rank *r) {
  uint32_t type = (r->device_compatible ? 0x2000U : 0) | (r->driver_compatible ? 0x1000U : 0);
  // j + k * 0x100 where both are compatible ids; else the place in the device's list alone.
  uint64_t at = r->device_at;
  if (r->device_compatible && r->driver_compatible) {
    at += (uint64_t)r->driver_at * 0x100;
  }
  uint32_t place = at > 0xFFF ? 0xFFF : (uint32_t)at;
  return (uint32_t)r->signature << 24 | (uint32_t)r->feature << 16 | type | place;
}
