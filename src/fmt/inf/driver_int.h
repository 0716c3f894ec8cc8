// SPDX-License-Identifier: Apache-2.0
// A package in the making; for the files of driver.c. Private to src/fmt/inf.
#ifndef WG_FMT_INF_DRIVER_INT_H
#define WG_FMT_INF_DRIVER_INT_H

#include "fmt/inf/driver.h"

#define DRV_MAX_DEPTH 32U                // of Needs
#define DRV_MAX_VISITED 4096U            // sections that one section needs
#define DRV_MAX_WORK ((uint64_t)4 << 20) // lines that are looked at for one package

typedef struct drv_vec { // grows in the arena
  void *v;
  uint32_t n, cap;
} drv_vec;

typedef struct drv_seen { // a section that was done for what is done now
  const wg_inf *inf;
  const wg_inf_section *section;
} drv_seen;

typedef struct drv { // of one call
  const wg_inf *inf;
  const wg_inf_target *target;
  const wg_inf_library *library; // NULL: none
  wg_arena *arena;
  wg_error *err;
  uint64_t work;
  drv_vec unhandled; // wg_inf_unhandled
  drv_vec files;     // wg_inf_file
  bool starved;      // a text could not be made
  bool for_target;   // the files that are met now are the target's
} drv;

typedef struct drv_config { // one install section in the making
  drv *d;
  wg_inf_config *out;
  drv_vec copies, deletes, renames, driver_regs, device_regs, co_regs, services, interfaces,
      filters, named, properties, includes, exclude_ids;
  drv_vec seen; // drv_seen: of the suffix that is done now
} drv_config;

// A new, zeroed item; NULL: no memory, *err is set.
void *wg_drv_push(drv *d, drv_vec *v, size_t size);
// Takes work off; LIMIT.
wg_code wg_drv_work(drv *d, uint64_t n);
// FORMAT "line N: ..." of the file that the line stands in.
wg_code wg_drv_fail(drv *d, uint32_t line, const char *fmt, ...) WG_PRINTF(3, 4);
// A directive that is met and not acted on.
wg_code wg_drv_unhandled(drv *d, const wg_inf *from, wg_str section, wg_str directive,
                         uint32_t line);
wg_str wg_drv_text(drv *d, const char *fmt, ...) WG_PRINTF(2, 3); // in the arena; "" without memory
bool wg_drv_eq(wg_str a, wg_str b);                               // names, letter case ignored
// The key of a line as text; "" when it has none.
wg_str wg_drv_key(const wg_inf *inf, const wg_inf_line *l);
// Text as written when it is one token, "%token%"; else "".
wg_str wg_drv_token(wg_str raw);
uint32_t wg_drv_number(const wg_inf *inf, const wg_inf_line *l, uint32_t field, uint32_t otherwise);

// Lines of the sections that AddReg, DelReg or BitReg names, appended (wg_inf_reg).
wg_code wg_drv_reg_line(drv *d, const wg_inf *from, const wg_inf_line *l, drv_vec *out);
// False: the directive is none of the three.
WG_MUST_CHECK bool wg_drv_is_reg(wg_str key, wg_inf_reg_op *out);

// What CopyFiles says: "@file", or sections (wg_inf_copy).
wg_code wg_drv_copy_line(drv *d, const wg_inf *from, const wg_inf_line *l, drv_vec *out);
// First fields of the sections that DelFiles or RenFiles name (wg_str).
wg_code wg_drv_name_line(drv *d, const wg_inf *from, const wg_inf_line *l, drv_vec *out);
// A path with dirids, "%12%\\x.sys": where it leads and what follows. "" and no dirid: none.
wg_str wg_drv_folder_path(drv *d, wg_str raw, uint32_t *out_dirid, wg_str *out_rest);

// One line of .Services (AddService, DelService), appended (wg_inf_service).
wg_code wg_drv_service_line(drv *d, const wg_inf *from, const wg_inf_line *l, bool deletes,
                            drv_vec *out);
// One AddProperty, AddInterface or AddFilter line.
wg_code wg_drv_property_line(drv *d, const wg_inf *from, const wg_inf_line *l, drv_vec *out);
wg_code wg_drv_interface_line(drv *d, const wg_inf *from, const wg_inf_line *l, drv_vec *out);
wg_code wg_drv_filter_line(drv *d, const wg_inf *from, const wg_inf_line *l, drv_vec *out);

// What the install section c->out->section and those beside it do, into c->out.
wg_code wg_drv_config(drv_config *c);
// The section that this Windows takes of that name: with .NT<arch>, .NT or as it is; NULL: none.
const wg_inf_section *wg_drv_actual(drv *d, const wg_inf *inf, wg_str name);
// Which of the suffixed sections the file has: WG_INF_HAS_*.
uint32_t wg_drv_suffixes(drv *d, wg_str actual);

#endif
