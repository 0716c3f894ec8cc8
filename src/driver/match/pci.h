// SPDX-License-Identifier: Apache-2.0
// The ids of a PCI device in the lists of a Windows: before 10 VEN&DEV&REV and VEN&DEV were
// hardware ids, since then they are compatible ids.
#ifndef WG_DRIVER_MATCH_PCI_H
#define WG_DRIVER_MATCH_PCI_H

#include "driver/hardware/hardware.h"

// The device with its ids in the lists of Windows 10 and later, or of those before; what is no PCI
// device is as it was. False: out of memory.
WG_MUST_CHECK bool wg_drv_pci_as(const wg_hw_device *d, bool windows10, wg_arena *arena,
                                 wg_hw_device *out);

#endif
