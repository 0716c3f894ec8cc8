// SPDX-License-Identifier: Apache-2.0
#include "image/tree/changetext.h"

// A field that was added must be written and read below: what decides an image is in its key.
_Static_assert(sizeof(void *) != 8 || sizeof(wg_image_change) == 48, "wg_image_change: see below");

static const char *const change_ops[] = {
    [WG_IMAGE_PUT_FILE] = "put-file", [WG_IMAGE_PUT_DIR] = "put-folder",
    [WG_IMAGE_DELETE] = "delete",     [WG_IMAGE_RENAME] = "rename",
    [WG_IMAGE_SET] = "set",
};

void wg_image_change_write_fields(const wg_image_change *c, wg_buf *out) {
  wg_assert((size_t)c->op < WG_ARRAY_LEN(change_ops) && change_ops[c->op] != NULL);
  wg_record_z(out, "do", change_ops[c->op]);
  wg_record_z(out, "to", c->to);
  wg_record_z(out, "from", c->from);
  wg_record_u64(out, "flags", c->flags);
  wg_record_u64(out, "attributes", c->attributes);
  wg_record_z(out, "owner", c->owner);
  wg_record_z(out, "sddl", c->sddl);
}

void wg_image_change_read_fields(wg_record *r, wg_image_change *out) {
  unsigned op = 0;
  uint64_t flags = 0;
  wg_record_get_word(r, "do", change_ops, WG_ARRAY_LEN(change_ops), &op);
  wg_record_get_z(r, "to", &out->to);
  wg_record_get_z(r, "from", &out->from);
  wg_record_get_u64(r, "flags", UINT16_MAX, &flags);
  wg_record_get_u32(r, "attributes", &out->attributes);
  wg_record_get_z(r, "owner", &out->owner);
  wg_record_get_z(r, "sddl", &out->sddl);
  wg_record_need(r, "to", out->to != NULL);
  out->op = (wg_image_op)op;
  out->flags = (unsigned)flags;
}
