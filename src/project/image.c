// SPDX-License-Identifier: Apache-2.0
#include "project/image.h"

#include "project/values.h"

#define IMG(field) WG_AT(wg_cfg_image, field)
static const wg_key image_item[] = {{.name = "",
                                     .type = WG_KEY_MAP,
                                     .under = "images.*",
                                     .pos_at = IMG(pos),
                                     .flags = WG_KF_POSITION_OF_KEY,
                                     .example = "{base: {file: base.wim}, outputs: [wim]}"}};

static const wg_key rows[] = {{.name = "images",
                               .type = WG_KEY_NAMED,
                               .group = -1,
                               .sub = image_item,
                               .at = WG_AT(wg_cfg_list, items),
                               .count_at = WG_AT(wg_cfg_list, n),
                               .size = sizeof(wg_cfg_image),
                               .name_at = IMG(name),
                               .check_name = wg_cfg_check_name,
                               .name_pattern = wg_cfg_name_pattern,
                               .doc = "The Windows images, by name.",
                               .example = "{kiosk: {base: {file: base.wim}, outputs: [wim]}}"},
                              {.name = NULL}};

const wg_section wg_section_images = {.rows = rows};

static const wg_key compact_rows[] = {
    {.name = "compact",
     .type = WG_KEY_BOOL,
     .def = "false",
     .at = WG_WHOLE,
     .doc = "Pack everything anew instead of taking over the base's packed data. Slow, but of what "
            "was replaced or deleted nothing is left inside: a solid base (`esd`) keeps it "
            "otherwise.",
     .example = "true"},
    {.name = NULL}};

const wg_section wg_section_compact = {.rows = compact_rows};

// What only Windows' own servicing could do.
#define NO_SERVICING(name_, what_, way_)                                                           \
  { .name = (name_), .flags = WG_KF_PLANNED, .doc = (what_), .refused = (way_) }
#define WAY_DISM                                                                                   \
  "put the files in with 'files' and install them at the first start (DISM /Online, or wusa)"

static const wg_key unserviced_rows[] = {
    WG_KEY_PLANNED("software", "Installers to run at first boot."),
    WG_KEY_PLANNED("firstboot", "Commands to run at first boot."),
    WG_KEY_PLANNED("answer", "The answer file of Windows Setup."),
    NO_SERVICING("updates", "Updates (.msu, .cab) are installed by Windows' own servicing.",
                 WAY_DISM),
    NO_SERVICING("packages", "Packages (.cab) are installed by Windows' own servicing.", WAY_DISM),
    NO_SERVICING("features",
                 "Optional features are switched on by Windows' own servicing, which also needs "
                 "their files from the component store.",
                 "switch them on at the first start: DISM /Online /Enable-Feature, or "
                 "Install-WindowsFeature"),
    NO_SERVICING(
        "capabilities", "Features on demand are installed by Windows' own servicing.",
        "add them at the first start: DISM /Online /Add-Capability with their files put in "
        "by 'files'"),
    NO_SERVICING("languages", "Language packs are installed by Windows' own servicing.",
                 "start from a base in that language, or add the pack at the first start: "
                 "DISM /Online /Add-Package"),
    NO_SERVICING("appx", "Apps of the Store's kind are registered by Windows itself.",
                 "put the package in with 'files' and provision it at the first start: "
                 "Add-AppxProvisionedPackage -Online"),
    NO_SERVICING("provisioned_apps", "Apps of the Store's kind are registered by Windows itself.",
                 "put the package in with 'files' and provision it at the first start: "
                 "Add-AppxProvisionedPackage -Online"),
    {.name = NULL}};

const wg_section wg_section_unserviced = {.rows = unserviced_rows};
