// SPDX-License-Identifier: Apache-2.0
// Shared by tests and fuzzers: the smallest PE image around one resource section.
#ifndef WG_TESTS_PE_IMAGE_H
#define WG_TESTS_PE_IMAGE_H

#include "base/bytes.h"

enum {
  PE_IMAGE_RSRC_RVA = 0x1000,
  PE_IMAGE_HEADER_BYTES = 0x200,
  // Where wg_coff_write puts the section of an object with one section, and its header.
  PE_IMAGE_COFF_DATA_OFF = 60,
  PE_IMAGE_COFF_SIZE_OFF = 20 + 16,
};

// Links as a linker would: takes the one section of a COFF object, adds the section's address to
// every relocated word, and puts headers in front. false when the object is not such a one.
static inline bool pe_image_from_syso(const wg_buf *syso, wg_buf *out) {
  if (syso->n < PE_IMAGE_COFF_DATA_OFF || wg_le16(syso->p + 2) != 1) {
    return false;
  }
  uint32_t n = wg_le32(syso->p + PE_IMAGE_COFF_SIZE_OFF);
  uint32_t relocs = wg_le32(syso->p + PE_IMAGE_COFF_SIZE_OFF + 8);
  uint16_t n_relocs = wg_le16(syso->p + PE_IMAGE_COFF_SIZE_OFF + 16);
  uint64_t virtual_end = PE_IMAGE_RSRC_RVA + (((uint64_t)n + 0xFFF) & ~0xFFFULL);
  wg_buf_add(out, "MZ", 2);
  wg_buf_add_zeros(out, 0x3A);
  wg_buf_add_le32(out, 0x40);
  wg_buf_add(out, "PE\0\0", 4);
  wg_buf_add(out, syso->p, 2); // machine
  wg_buf_add_le16(out, 1);
  wg_buf_add_zeros(out, 12);
  wg_buf_add_le16(out, 240);
  wg_buf_add_le16(out, 0x22);
  size_t opt = out->n;
  wg_buf_add_zeros(out, 240);
  if (out->failed) {
    return false;
  }
  wg_put_le16(out->p + opt, 0x20B);
  wg_put_le32(out->p + opt + 32, 0x1000);
  wg_put_le32(out->p + opt + 36, 0x200);
  wg_put_le32(out->p + opt + 56, (uint32_t)virtual_end);
  wg_put_le32(out->p + opt + 60, PE_IMAGE_HEADER_BYTES);
  wg_put_le16(out->p + opt + 68, 3);
  wg_put_le32(out->p + opt + 108, 16);
  wg_put_le32(out->p + opt + 112 + 16, PE_IMAGE_RSRC_RVA);
  wg_put_le32(out->p + opt + 112 + 20, n);
  wg_buf_add(out, ".rsrc\0\0\0", 8);
  wg_buf_add_le32(out, n);
  wg_buf_add_le32(out, PE_IMAGE_RSRC_RVA);
  wg_buf_add_le32(out, n);
  wg_buf_add_le32(out, PE_IMAGE_HEADER_BYTES);
  wg_buf_add_zeros(out, 12);
  wg_buf_add_le32(out, 0x40000040);
  wg_buf_align(out, PE_IMAGE_HEADER_BYTES);
  wg_buf_add(out, syso->p + PE_IMAGE_COFF_DATA_OFF, n);
  if (out->failed) {
    return false;
  }
  for (uint32_t i = 0; i < n_relocs; i++) {
    uint8_t *word = out->p + PE_IMAGE_HEADER_BYTES + wg_le32(syso->p + relocs + 10 * (size_t)i);
    wg_put_le32(word, wg_le32(word) + PE_IMAGE_RSRC_RVA);
  }
  return true;
}

#endif
