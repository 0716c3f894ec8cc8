// SPDX-License-Identifier: Apache-2.0
// What an entry may say: what image, apply or Windows would refuse is refused where it is read.
#ifndef WG_FMT_META_RULES_H
#define WG_FMT_META_RULES_H

#include "fmt/meta/meta.h"

// All: FORMAT with the cause and the cure; NOMEM. Nothing is said of where it stands.
// The fields of an entry.
wg_code wg_meta_check_fields(const wg_meta_entry *e, const wg_alloc *alloc, wg_error *err);
// A self-relative security descriptor; none (no byte) is good.
wg_code wg_meta_check_descriptor(wg_str sd, const wg_alloc *alloc, wg_error *err);
wg_code wg_meta_check_stream(wg_str name16, wg_error *err);
// One element of the image's XML, not one that is counted anew and not named as one of the n
// before.
wg_code wg_meta_check_image(wg_str text, const wg_str *before, size_t n, wg_error *err);
// Streams that Windows takes for one. *out_second: the later one.
wg_code wg_meta_check_streams(const wg_meta_entry *e, const wg_alloc *alloc, size_t *out_second,
                              wg_error *err);
// A short name as Windows takes it: 8.3.
WG_MUST_CHECK bool wg_meta_is_short(wg_str short16);

#endif
