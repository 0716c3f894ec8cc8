// SPDX-License-Identifier: Apache-2.0
// `wingo inspect`: one file per format describes a parsed file through the output layer
// cli/core/ins.h.
//
// To add a format: write inspect_<x>.c with a `wg_code wg_inspect_<x>(wg_ins *, wg_error *)`, and
// add a row to the table in cmd_inspect.c.
#ifndef WG_CLI_INSPECT_INSPECT_H
#define WG_CLI_INSPECT_INSPECT_H

#include "cli/core/ins.h"
#include "fmt/gobuildinfo/gobuildinfo.h"

// The formats, and how to know those whose parser has no detection.
bool wg_inspect_pe_detect(const wg_reader *head);
wg_code wg_inspect_pe(wg_ins *i, wg_error *err);
bool wg_inspect_ico_detect(const wg_reader *head);
wg_code wg_inspect_ico(wg_ins *i, wg_error *err);
wg_code wg_inspect_cat(wg_ins *i, wg_error *err);
wg_code wg_inspect_lnk(wg_ins *i, wg_error *err);
wg_code wg_inspect_elf(wg_ins *i, wg_error *err);
wg_code wg_inspect_macho(wg_ins *i, wg_error *err);
bool wg_wim_detect(const wg_reader *head); // a Windows image file, pipable ones included
bool wg_iso_detect(const wg_reader *head); // ISO 9660 or UDF; wg_inspect_wim describes it
wg_code wg_inspect_wim(wg_ins *i, wg_error *err);
// The same of one that is open; only: the image to describe, 0-based, or UINT32_MAX for all.
typedef struct wg_wim wg_wim;
void wg_inspect_wim_of(wg_ins *i, const wg_wim *w, uint32_t only);
bool wg_inspect_hive_detect(const wg_reader *head);
wg_code wg_inspect_hive(wg_ins *i, wg_error *err);
bool wg_inspect_regtext_detect(const wg_reader *head);
wg_code wg_inspect_regtext(wg_ins *i, wg_error *err);
// Go's part, for all programs: writes the group "go" when image has build info, nothing when it has
// none. FORMAT: it is broken.
wg_code wg_inspect_go(wg_ins *i, const wg_go_image *image, wg_error *err);

#endif
