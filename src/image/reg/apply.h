// SPDX-License-Identifier: Apache-2.0
// Edits applied to a target, whichever it is, and read back.
#ifndef WG_IMAGE_REG_APPLY_H
#define WG_IMAGE_REG_APPLY_H

#include "image/reg/target.h"

// Applies all edits, in order, to the hives in memory; the edits must outlive the target. USAGE,
// NOT_FOUND, FORMAT as wg_reg_resolve. NOT_FOUND: must_exist, and it is not there. CONFLICT: a
// value of another type, a key that is taken. VERIFY: an expectation that does not hold.
wg_code wg_reg_apply(wg_reg_target *t, const wg_reg_edit *edits, size_t n_edits, wg_error *err);
// The bytes of an edited hive, read back. A large hive is changed where it stands, in own, the
// bytes that it borrows from (NULL: not wanted), any other is written compact into out
// (initialised); *written borrows from one of them. VERIFY: something reads back otherwise.
wg_code wg_reg_write(const wg_reg_target *t, const wg_reg_hive *h, wg_buf *own, wg_buf *out,
                     wg_str *written, wg_error *err);

// The list value of an APPEND or REMOVE: what is there (NULL: nothing), changed, into out
// (initialised). Everything that is not named keeps its form: variables are never expanded, empty
// items stay, and so does what stands behind the end of the list. In a list of folders separated by
// ';' one folder is one item however it is written. vars: a key whose values are variables, NULL:
// only those of every Windows. CONFLICT: the value is no list. USAGE: an item that cannot be one.
wg_code wg_reg_list(const wg_reg_edit *e, const wg_regvalue *old, const wg_regkey *vars,
                    uint32_t *out_type, wg_buf *out, wg_error *err);
// Whether the first word of a command line, or a path, is that program: quotes, variables of every
// Windows, slashes and letter case do not count.
WG_MUST_CHECK bool wg_reg_same_program(const wg_regvalue *v, const uint8_t *program16, size_t n);

#endif
