// SPDX-License-Identifier: Apache-2.0
// A change of an image's files as fields of a record: in a plan's text, and in a worker's job.
#ifndef WG_IMAGE_TREE_CHANGETEXT_H
#define WG_IMAGE_TREE_CHANGETEXT_H

#include "fmt/plan/record.h"
#include "image/tree/change.h"

void wg_image_change_write_fields(const wg_image_change *c, wg_buf *out);
// Takes them from r; strings live in its arena. `to` must be there; what else the operation needs,
// `from` say, is the caller's to ask for. The caller ends with wg_record_done.
void wg_image_change_read_fields(wg_record *r, wg_image_change *out);

#endif
