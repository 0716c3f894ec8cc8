// SPDX-License-Identifier: Apache-2.0
// The certificate table, the Authenticode digest's byte ranges, and the header checksum.
#include "fmt/pe/pe_parse.h"

enum {
  CERT_HEADER_BYTES = 8,
  CERT_ALIGN = 8,
  SECURITY_DIR_BYTES = 8,
  CHECKSUM_BYTES = 4,
};

// Reads the entry at r's position and moves to the next. *out may be written before a failure.
static wg_code cert_next(wg_reader *r, wg_pe_cert *out, wg_error *err) {
  wg_reader h, body;
  uint64_t at = wg_reader_at(r);
  if (!wg_reader_slice(r, r->pos, CERT_HEADER_BYTES, &h)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "certificate table: an entry is cut short");
  }
  *out = (wg_pe_cert){
      .off = at, .n_bytes = wg_le32(h.p), .revision = wg_le16(h.p + 4), .type = wg_le16(h.p + 6)};
  if (out->n_bytes < CERT_HEADER_BYTES || !wg_reader_slice(r, r->pos, out->n_bytes, &body)) {
    return wg_fail_at(err, WG_E_FORMAT, at,
                      "certificate table: an entry of %u bytes does not fit into it", out->n_bytes);
  }
  out->data =
      (wg_str){(const char *)body.p + CERT_HEADER_BYTES, (size_t)out->n_bytes - CERT_HEADER_BYTES};
  uint64_t next = r->pos + ((uint64_t)out->n_bytes + CERT_ALIGN - 1) / CERT_ALIGN * CERT_ALIGN;
  return wg_read_seek(r, next < r->n_bytes ? next : r->n_bytes)
             ? WG_OK
             : wg_fail(err, WG_E_BUG, "certificate table: position");
}

wg_code wg_pe_parse_certs(pe_parser *ps, wg_error *err) {
  wg_pe *pe = ps->pe;
  const wg_pe_dir *dir = &pe->dirs[WG_PE_DIR_SECURITY];
  wg_reader table;
  if (dir->rva == 0 || dir->n_bytes == 0) {
    return WG_OK;
  }
  if (!wg_reader_slice(&ps->file, dir->rva, dir->n_bytes, &table)) {
    return wg_fail_at(err, WG_E_FORMAT, pe->security_dir_off,
                      "certificate table, 0x%x bytes at 0x%x, is beyond the end of the file",
                      dir->n_bytes, dir->rva);
  }
  if (dir->rva < pe->end_of_sections) {
    return wg_fail_at(err, WG_E_FORMAT, pe->security_dir_off,
                      "certificate table at 0x%x overlaps the sections", dir->rva);
  }
  pe->cert_table = (wg_pe_range){dir->rva, dir->n_bytes};
  wg_pe_cert c;
  uint32_t n = 0;
  for (wg_reader r = table; wg_reader_left(&r) != 0; n++) {
    if (n >= pe->limits.certificates) {
      return wg_fail_at(err, WG_E_LIMIT, wg_reader_at(&r), "more than %u certificates",
                        pe->limits.certificates);
    }
    if (cert_next(&r, &c, err) != WG_OK) {
      return err->code;
    }
  }
  wg_pe_cert *list = wg_arena_new_array(ps->arena, wg_pe_cert, n);
  if (list == NULL) {
    return wg_arena_fail(ps->arena, err);
  }
  for (uint32_t i = 0; i < n; i++) {
    if (cert_next(&table, &list[i], err) != WG_OK) {
      return err->code;
    }
  }
  pe->certs = list;
  pe->n_certs = n;
  return WG_OK;
}

// Whether every byte from 0 to end_of_sections belongs to the headers or one section. Sections
// ascend in memory but may lie in the file in any order: each step looks for the one that begins
// where the last ended.
static bool sections_tile(const wg_pe *pe) {
  uint64_t at = pe->header_bytes;
  uint32_t n_used = 0, n_with_data = 0, next = 0;
  for (uint32_t i = 0; i < pe->n_sections; i++) {
    n_with_data += pe->sections[i].file_bytes != 0 ? 1 : 0;
  }
  while (n_used < n_with_data) {
    uint32_t tried = 0;
    for (; tried < pe->n_sections; tried++, next = (next + 1) % pe->n_sections) {
      const wg_pe_section *s = &pe->sections[next];
      if (s->file_bytes != 0 && s->file_off == at) {
        break;
      }
    }
    if (tried == pe->n_sections) {
      return false;
    }
    at += pe->sections[next].file_bytes;
    n_used++;
  }
  return at == pe->end_of_sections;
}

wg_code wg_pe_hash_ranges(const wg_pe *pe, wg_pe_hash_plan *out, wg_error *err) {
  if (pe->security_dir_off == 0) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "the header has no certificate directory entry: the file cannot be signed");
  }
  uint64_t after_sum = pe->checksum_off + CHECKSUM_BYTES;
  uint64_t after_dir = pe->security_dir_off + SECURITY_DIR_BYTES;
  uint64_t end = pe->cert_table.n_bytes != 0 ? pe->cert_table.off : pe->n_bytes;
  uint64_t cert_end = end + pe->cert_table.n_bytes;
  if (cert_end != pe->n_bytes) {
    return wg_fail_at(
        err, WG_E_FORMAT, cert_end,
        "%llu bytes follow the certificate table: no digest is defined for such a file",
        (unsigned long long)(pe->n_bytes - cert_end));
  }
  if (end < after_dir) {
    return wg_fail_at(err, WG_E_FORMAT, pe->security_dir_off,
                      "the certificate table begins inside of the headers");
  }
  *out = (wg_pe_hash_plan){
      .ranges = {{0, pe->checksum_off},
                 {after_sum, pe->security_dir_off - after_sum},
                 {after_dir, end - after_dir}},
      .n_ranges = 3,
      .has_gaps = !sections_tile(pe),
  };
  if (pe->cert_table.n_bytes == 0) {
    out->n_pad_zero_bytes = (uint32_t)((CERT_ALIGN - end % CERT_ALIGN) % CERT_ALIGN);
  }
  return WG_OK;
}

static bool hash_in_field(size_t at, uint64_t field_off) {
  return at >= field_off && at - field_off < CHECKSUM_BYTES;
}

uint32_t wg_pe_compute_checksum(const void *bytes, size_t n_bytes, uint64_t checksum_off) {
  const uint8_t *p = bytes;
  uint32_t sum = 0;
  // 16-bit words with the carry added back; the field counts as zero, a last odd byte as a word.
  for (size_t i = 0; i < n_bytes; i += 2) {
    uint32_t low = hash_in_field(i, checksum_off) ? 0 : p[i];
    uint32_t high = i + 1 >= n_bytes || hash_in_field(i + 1, checksum_off) ? 0 : p[i + 1];
    sum += low | high << 8;
    sum = (sum & 0xFFFF) + (sum >> 16);
  }
  return sum + (uint32_t)(n_bytes & UINT32_MAX);
}
