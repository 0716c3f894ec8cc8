// SPDX-License-Identifier: Apache-2.0
// indexes: several images of one base, and the names that an image has in the file.
#include "base/utf.h"
#include "project/image.h"
#include "project/values.h"

#define IMG(field) WG_AT(wg_cfg_image, field)
#define NAMES(field) WG_AT(wg_cfg_names, field)

// NOLINTBEGIN(bugprone-macro-parentheses): names of fields
#define NAME_ROW(key_, doc_, example_)                                                             \
  {                                                                                                \
    .name = #key_, .type = WG_KEY_STRING, .flags = WG_KF_VAR, .at = NAMES(key_.text),              \
    .pos_at = NAMES(key_.pos), .since = "0.2", .doc = (doc_), .example = (example_)                \
  }
// NOLINTEND(bugprone-macro-parentheses)
static const wg_key name_rows[] = {
    NAME_ROW(name,
             "The image's NAME in the file, by which tools and answer files choose it. No other "
             "image of the file may have it. Left out, it stays.",
             "Kiosk"),
    NAME_ROW(description, "Its DESCRIPTION. Left out, it stays.", "The kiosk of shop 12"),
    NAME_ROW(display_name, "Its DISPLAYNAME: what Setup shows in its list. Left out, it stays.",
             "Windows 11 for kiosks"),
    NAME_ROW(display_description, "Its DISPLAYDESCRIPTION. Left out, it stays.",
             "Windows 11 with the kiosk in it"),
    {.name = NULL}};

const wg_section wg_section_names = {.rows = name_rows};

static const wg_key index_item[] = {{.name = "",
                                     .type = WG_KEY_MAP,
                                     .under = "images.*.indexes.*",
                                     .pos_at = IMG(pos),
                                     .flags = WG_KF_POSITION_OF_KEY,
                                     .example = "{files: [{mkdir: 'C:\\Kiosk'}]}"}};

static const wg_key rows[] = {
    {.name = "indexes",
     .type = WG_KEY_NAMED,
     .sub = index_item,
     .at = WG_AT(wg_cfg_list, items),
     .count_at = WG_AT(wg_cfg_list, n),
     .size = sizeof(wg_cfg_image),
     .name_at = IMG(name),
     .since = "0.2",
     .check_name = wg_cfg_check_base_image,
     .name_pattern = "^.+$",
     .doc =
         "Several images of the base, each by its number or name as `base.image` has it: what "
         "stands beside `indexes` (names, apps, files, registry) is done to each of them, and then "
         "what stands below its number. All of them end in one file, in the order of the base; "
         "images of the base that are not named here are kept in it as they are.",
     .example = "{1: {files: [{from: branding, to: 'C:\\Windows\\Web\\Kiosk'}]}, 2: {registry: "
                "[{key: 'HKLM\\SOFTWARE\\Kiosk'}]}}"},
    {.name = NULL}};

// What says which image, beside indexes, which say it.
static void indexes_rules(wg_cfg *c, const wg_place *at) {
  for (size_t i = 0; i < at->n; i++) {
    const wg_cfg_image *x = &((const wg_cfg_image *)at->self)[i];
    for (size_t k = 0; k < i; k++) {
      const char *other = ((const wg_cfg_image *)at->self)[k].name;
      if (wg_name_cmp_nocase(wg_str_of(x->name), wg_str_of(other)) == 0) {
        wg_cfg_error(c, x->pos,
                     wg_cfg_printf(c, "%s.indexes: '%s' is there already", at->path, other),
                     "make it one entry");
      }
    }
  }
}

const wg_section wg_section_indexes = {.rows = rows, .rules = indexes_rules};
