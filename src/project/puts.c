// SPDX-License-Identifier: Apache-2.0
// What an image's sections put at one place; the rule is the parts' own.
#include "image/part/clash.h"
#include "project/image.h"

static const wg_key rows[] = {{.name = NULL}};

static void puts_fault(void *ctx, wg_pos pos, const char *text, const char *hint) {
  wg_cfg *c = ctx;
  wg_cfg_error(c, pos, wg_cfg_printf(c, "%s", text),
               hint == NULL ? NULL : wg_cfg_printf(c, "%s", hint));
}

static void puts_rules(wg_cfg *c, const wg_place *at) {
  wg_part_find_clashes(at->self, at->path, c->dir, WG_PART_LOOK_NOT, NULL, puts_fault, c);
}

static void puts_files(wg_cfg *c, const wg_place *at) {
  wg_part_find_clashes(at->self, at->path, c->dir, WG_PART_LOOK_ALL, c->watch, puts_fault, c);
}

const wg_section wg_section_puts = {.rows = rows, .rules = puts_rules, .files = puts_files};
