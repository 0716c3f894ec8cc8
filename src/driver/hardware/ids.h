// SPDX-License-Identifier: Apache-2.0
// The ids that Windows' bus drivers make of what a bus says of a device, in their order.
// Sources: windows-driver-docs, identifiers-for-pci-devices, standard-usb-identifiers,
// hidclass-hardware-ids-for-top-level-collections; measured: docs/formats/hardware.md.
#ifndef WG_DRIVER_HARDWARE_IDS_H
#define WG_DRIVER_HARDWARE_IDS_H

#include "driver/hardware/build.h"

typedef struct wg_hw_pci {
  uint16_t vendor, device, sub_vendor, sub_device;
  uint8_t revision;
  uint32_t class_code;                          // 0xCCSSPP
  bool has_subsystem, has_class, has_interface; // the class alone; with its programming interface
  int port_type; // of a PCI Express device, as its capability says; -1: none is known
} wg_hw_pci;
void wg_hw_pci_ids(wg_hw_build *b, const wg_hw_pci *p);

typedef struct wg_hw_usb {
  uint16_t vendor, product, revision; // bcdDevice
  uint8_t class_code, subclass, protocol;
  bool has_revision, has_class;
  bool composite; // the device that holds functions
  int function;   // bInterfaceNumber of its first interface; -1: the whole device
} wg_hw_usb;
void wg_hw_usb_ids(wg_hw_build *b, const wg_hw_usb *u);

// hid: "PNP0A08", "DELL0831", "ACPI0003".
void wg_hw_acpi_ids(wg_hw_build *b, wg_str hid, const wg_str *cids, uint32_t n_cids);

typedef struct wg_hw_hid {    // one top-level collection
  wg_str prefix;              // "VID_046D&PID_C52B", "DELL0831"
  wg_str prefix_rev;          // the same with the revision, "VEN_DELL&DEV_0831"; "" without one
  wg_str suffix;              // "&MI_01&Col02"; ""
  wg_str vendor;              // "VID_046D" for the id of vendor and usage; ""
  uint16_t usage_page, usage; // 0, 0: not known
  bool acpi;                  // named by ACPI: with a star, too
} wg_hw_hid;
void wg_hw_hid_ids(wg_hw_build *b, const wg_hw_hid *h);

#endif
