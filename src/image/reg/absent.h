// SPDX-License-Identifier: Apache-2.0
// What was asked for and is not there: how far the path goes, and what is near it. The one place
// for commands that read and that delete, for hive files and hives of images.
#ifndef WG_IMAGE_REG_ABSENT_H
#define WG_IMAGE_REG_ABSENT_H

#include "fmt/regf/regf.h"

// NOT_FOUND: the hive that messages call label has no key at path, below its root.
wg_code wg_reg_no_key(const wg_hive *h, const char *label, const char *path, wg_error *err);
// NOT_FOUND: the key k, which is there, has no value of that name.
wg_code wg_reg_no_value(const wg_regkey *k, const char *label, const char *name, wg_error *err);
// Appends "; did you mean 'X'?" to out (initialised), X the subkey of k whose name is nearest to
// what was asked for; nothing where none is near.
void wg_reg_near_key(const wg_regkey *k, wg_str asked, wg_buf *out);

#endif
