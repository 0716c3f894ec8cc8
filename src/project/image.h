// SPDX-License-Identifier: Apache-2.0
// The sections of an image. What they fill is image/part/want.h, which the parts of an image read.
#ifndef WG_PROJECT_IMAGE_H
#define WG_PROJECT_IMAGE_H

#include "config/section.h"
#include "image/part/want.h"

// The products and states of synthetic bases.
extern const wg_choice wg_cfg_synthetic_products[], wg_cfg_synthetic_states[];

extern const wg_section wg_section_images;
extern const wg_section wg_section_base;  // base and arch
extern const wg_section wg_section_names; // name, description, ...: what the XML says
extern const wg_section wg_section_indexes;
extern const wg_section wg_section_image_apps;
extern const wg_section wg_section_service; // this one and the next three: of an app in an image
extern const wg_section wg_section_firewall;
extern const wg_section wg_section_uninstall;
extern const wg_section wg_section_shortcut;
extern const wg_section wg_section_image_files;
extern const wg_section wg_section_registry;
extern const wg_section wg_section_puts; // no keys: what two of these put at one place
extern const wg_section wg_section_winre;
extern const wg_section wg_section_winre_drivers;
extern const wg_section wg_section_drivers;
extern const wg_section wg_section_drivers_across; // no keys: those and what is around them
extern const wg_section wg_section_outputs;
extern const wg_section wg_section_into;
extern const wg_section wg_section_compact;
extern const wg_section wg_section_unserviced; // keys that an image has not, and why

// output.c: "wim", "esd", "swm"; and the file in out/, "kiosk.wim".
const char *wg_output_ending(wg_output_kind kind);
const char *wg_output_file(wg_cfg *c, const wg_cfg_image *image, const wg_cfg_output *o);

// base.c: tells keys that don't stand beside a base which an image of the project makes. path:
// "images.kiosk".
void wg_base_of_image_rules(wg_cfg *c, const wg_cfg_base *b, const char *path);

#endif
