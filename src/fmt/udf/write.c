// SPDX-License-Identifier: Apache-2.0
// Writes what a UDF volume has beside contents. Numbers of sections: ECMA-167 2nd edition, part 3
// and 4; UDF 1.02.
#include "fmt/udf/write.h"

#include <string.h>

#include "base/num.h"
#include "fmt/udf/udf.h"

#define B WG_UDF_BLOCK_BYTES
#define UDF_ANCHOR_BLOCK 256u
#define UDF_MAIN_BLOCK 257u
#define UDF_RESERVE_BLOCK 273u
#define UDF_INTEGRITY_BLOCK 289u
#define UDF_SEQUENCE_BYTES (16u * B)
#define UDF_REVISION 0x0102u
#define UDF_PERMISSIONS 0x14A5u // everyone reads and runs
#define UDF_FIRST_ID 16u        // of files and folders but the root
#define UDF_EA_BYTES 56u        // of each file entry: a header and the time it was made

typedef enum udf_tag { // 3/7.2.1, 4/7.2.1
  UDF_PVD = 1,
  UDF_AVDP = 2,
  UDF_IUVD = 4,
  UDF_PD = 5,
  UDF_LVD = 6,
  UDF_USD = 7,
  UDF_TD = 8,
  UDF_LVID = 9,
  UDF_FSD = 256,
  UDF_FID = 257,
  UDF_FE = 261,
  UDF_EAHD = 262
} udf_tag;

typedef struct udf_out {
  const wg_udf_volume *v;
  wg_udf_sink sink;
  void *ctx;
  uint8_t block[B];
} udf_out;

// CRC-CCITT, as 3/7.2.6 has it.
static uint16_t udf_crc(const uint8_t *p, size_t n) {
  uint16_t crc = 0;
  for (size_t i = 0; i < n; i++) {
    crc = (uint16_t)(crc ^ (unsigned)p[i] << 8);
    for (int bit = 0; bit < 8; bit++) {
      crc = (uint16_t)((crc & 0x8000) != 0 ? (unsigned)crc << 1 ^ 0x1021u : (unsigned)crc << 1);
    }
  }
  return crc;
}

// The tag in front of a structure of n bytes, which is complete by then (3/7.2).
static void udf_tag_put(uint8_t *p, udf_tag id, uint32_t location, size_t n) {
  wg_put_le16(p, (uint16_t)id);
  wg_put_le16(p + 2, 2); // of the standard's second edition
  p[4] = p[5] = 0;
  wg_put_le16(p + 6, 0);
  wg_put_le16(p + 8, udf_crc(p + 16, n - 16));
  wg_put_le16(p + 10, (uint16_t)(n - 16));
  wg_put_le32(p + 12, location);
  for (size_t i = 0; i < 16; i++) {
    p[4] = (uint8_t)(p[4] + (i == 4 ? 0 : p[i]));
  }
}

static void udf_time(uint8_t *p, const wg_civil *t) { // 1/7.3
  wg_put_le16(p, 0x1000);                             // local time, no minutes off UTC
  wg_put_le16(p + 2, (uint16_t)t->year);
  p[4] = (uint8_t)t->month;
  p[5] = (uint8_t)t->day;
  p[6] = (uint8_t)t->hour;
  p[7] = (uint8_t)t->minute;
  p[8] = (uint8_t)t->second;
}

static void udf_charset(uint8_t *p) { // 1/7.2.1
  memcpy(p + 1, "OSTA Compressed Unicode", 23);
}

static void udf_entity(uint8_t *p, const char *id) { // 1/7.4: an implementation
  memcpy(p + 1, id, strlen(id));
}

static void udf_domain(uint8_t *p) { // UDF 2.1.5.3
  udf_entity(p, "*OSTA UDF Compliant");
  wg_put_le16(p + 24, UDF_REVISION);
  p[26] = 3; // not to be written to
}

// Text in a field of n bytes, whose last one counts (1/7.2.12).
static void udf_dstring(uint8_t *p, size_t n, wg_str text) {
  size_t used = wg_udf_cs0(text, p, n - 1); // the plan saw that it fits
  p[n - 1] = (uint8_t)used;
}

static void udf_extent(uint8_t *p, uint32_t n_bytes, uint32_t block) {
  wg_put_le32(p, n_bytes);
  wg_put_le32(p + 4, block);
}

static wg_code udf_put(udf_out *o, uint64_t block, wg_error *err) {
  wg_code code = o->sink(o->ctx, block * B, o->block, B, err);
  memset(o->block, 0, B);
  return code;
}

static wg_code udf_put_tagged(udf_out *o, udf_tag id, uint64_t block, uint32_t location, size_t n,
                              wg_error *err) {
  udf_tag_put(o->block, id, location, n);
  return udf_put(o, block, err);
}

// --- ISO 9660: a volume with one text.

static void iso_both32(uint8_t *p, uint32_t v) { // in both orders of bytes
  wg_put_le32(p, v);
  for (unsigned i = 0; i < 4; i++) {
    p[4 + i] = p[3 - i];
  }
}

static void iso_both16(uint8_t *p, uint16_t v) {
  wg_put_le16(p, v);
  p[2] = p[1];
  p[3] = p[0];
}

#define ISO_TABLE_BLOCK 21u // and the other order of bytes behind it
#define ISO_ROOT_BLOCK 23u
#define ISO_TEXT_BLOCK 24u

// A record of a folder; its length.
static size_t iso_record(const udf_out *o, uint8_t *p, uint32_t block, uint32_t n_bytes,
                         uint8_t flags, const char *name, size_t n_name) {
  const wg_civil *t = &o->v->time;
  size_t n = (33 + n_name + 1) & ~(size_t)1;
  p[0] = (uint8_t)n;
  iso_both32(p + 2, block);
  iso_both32(p + 10, n_bytes);
  p[18] = (uint8_t)(t->year - 1900);
  p[19] = (uint8_t)t->month;
  p[20] = (uint8_t)t->day;
  p[21] = (uint8_t)t->hour;
  p[22] = (uint8_t)t->minute;
  p[23] = (uint8_t)t->second;
  p[25] = flags;
  iso_both16(p + 28, 1);
  p[32] = (uint8_t)n_name;
  memcpy(p + 33, name, n_name);
  return n;
}

static wg_code iso_descriptor(udf_out *o, wg_error *err) {
  uint8_t *p = o->block;
  char when[32];
  const wg_civil *t = &o->v->time;
  p[0] = 1;
  memcpy(p + 1, "CD001\1", 6);
  memset(p + 8, ' ', 64);
  for (size_t i = 0, n = strlen(o->v->label); i < n && i < 32; i++) {
    char c = o->v->label[i];
    char up = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    bool known = (up >= 'A' && up <= 'Z') || (up >= '0' && up <= '9');
    p[40 + i] = known ? (uint8_t)up : (uint8_t)'_';
  }
  iso_both32(p + 80, (uint32_t)(o->v->size_bytes / B));
  iso_both16(p + 120, 1);
  iso_both16(p + 124, 1);
  iso_both16(p + 128, B);
  iso_both32(p + 132, 10); // path table: the root
  wg_put_le32(p + 140, ISO_TABLE_BLOCK);
  p[151] = ISO_TABLE_BLOCK + 1; // the other order
  (void)iso_record(o, p + 156, ISO_ROOT_BLOCK, B, 2, "", 1);
  memset(p + 190, ' ', 623);
  (void)wg_format(when, sizeof(when), "%04lld%02u%02u%02u%02u%02u00", (long long)t->year, t->month,
                  t->day, t->hour, t->minute, t->second);
  memcpy(p + 813, when, 16);
  memcpy(p + 830, when, 16);
  memset(p + 847, '0', 16);
  memset(p + 864, '0', 16);
  p[881] = 1;
  return udf_put(o, 16, err);
}

static wg_code iso_write(udf_out *o, wg_error *err) {
  uint32_t n_text = (uint32_t)strlen(o->v->note);
  if (iso_descriptor(o, err) != WG_OK) {
    return err->code;
  }
  static const char *const sequence[] = {"\377CD001\1", "\0BEA01\1", "\0NSR02\1", "\0TEA01\1"};
  for (uint64_t i = 0; i < WG_ARRAY_LEN(sequence); i++) {
    memcpy(o->block, sequence[i], 7);
    if (udf_put(o, 17 + i, err) != WG_OK) {
      return err->code;
    }
  }
  for (uint32_t big = 0; big < 2; big++) {
    o->block[0] = 1;
    o->block[big != 0 ? 5 : 2] = ISO_ROOT_BLOCK;
    o->block[big != 0 ? 7 : 6] = 1;
    if (udf_put(o, ISO_TABLE_BLOCK + big, err) != WG_OK) {
      return err->code;
    }
  }
  size_t at = iso_record(o, o->block, ISO_ROOT_BLOCK, B, 2, "", 1);
  at += iso_record(o, o->block + at, ISO_ROOT_BLOCK, B, 2, "\1", 1);
  (void)iso_record(o, o->block + at, ISO_TEXT_BLOCK, n_text, 0, "README.TXT;1", 12);
  if (udf_put(o, ISO_ROOT_BLOCK, err) != WG_OK) {
    return err->code;
  }
  memcpy(o->block, o->v->note, n_text);
  return udf_put(o, ISO_TEXT_BLOCK, err);
}

// --- The volume descriptors (3/10).

static void udf_pvd(uint8_t *p, const wg_udf_volume *v) {
  char set[64];
  udf_dstring(p + 24, 32, wg_str_of(v->label));
  wg_put_le16(p + 56, 1);
  wg_put_le16(p + 58, 1);
  wg_put_le16(p + 60, 2);
  wg_put_le16(p + 62, 2);
  wg_put_le32(p + 64, 1);
  wg_put_le32(p + 68, 1);
  // Begins with digits that are unique (UDF 2.2.2.5).
  (void)wg_format(set, sizeof(set), "%s wingo", v->id);
  udf_dstring(p + 72, 128, wg_str_of(set));
  udf_charset(p + 200);
  udf_charset(p + 264);
  udf_time(p + 376, &v->time);
  udf_entity(p + 388, "*wingo");
}

static void udf_iuvd(uint8_t *p, const wg_udf_volume *v) {
  udf_entity(p + 20, "*UDF LV Info");
  wg_put_le16(p + 44, UDF_REVISION);
  udf_charset(p + 52);
  udf_dstring(p + 116, 128, wg_str_of(v->label));
  udf_entity(p + 352, "*wingo");
}

static void udf_pd(uint8_t *p, const wg_udf_volume *v) {
  wg_put_le16(p + 20, 1);
  udf_entity(p + 24, "+NSR02");
  wg_put_le32(p + 184, 1); // read only
  wg_put_le32(p + 188, WG_UDF_PARTITION_BLOCK);
  wg_put_le32(p + 192, v->partition_blocks);
  udf_entity(p + 196, "*wingo");
}

static void udf_lvd(uint8_t *p, const wg_udf_volume *v) {
  udf_charset(p + 20);
  udf_dstring(p + 84, 128, wg_str_of(v->label));
  wg_put_le32(p + 212, B);
  udf_domain(p + 216);
  wg_put_le32(p + 248, 2 * B); // the file set and what ends it, at block 0 of partition 0
  wg_put_le32(p + 264, 6);
  wg_put_le32(p + 268, 1);
  udf_entity(p + 272, "*wingo");
  udf_extent(p + 432, 2 * B, UDF_INTEGRITY_BLOCK);
  p[440] = 1; // the partition as it is
  p[441] = 6;
  wg_put_le16(p + 442, 1);
}

static wg_code udf_sequence(udf_out *o, uint32_t at, wg_error *err) {
  static const struct {
    udf_tag tag;
    size_t n;
    void (*fill)(uint8_t *p, const wg_udf_volume *v);
  } all[] = {{UDF_PVD, 512, udf_pvd}, {UDF_IUVD, 512, udf_iuvd}, {UDF_PD, 512, udf_pd},
             {UDF_LVD, 446, udf_lvd}, {UDF_USD, 24, NULL},       {UDF_TD, 512, NULL}};
  for (uint32_t i = 0; i < WG_ARRAY_LEN(all); i++) {
    if (all[i].fill != NULL) {
      all[i].fill(o->block, o->v);
    }
    if (all[i].tag != UDF_TD) {
      wg_put_le32(o->block + 16, i);
    }
    if (udf_put_tagged(o, all[i].tag, at + i, at + i, all[i].n, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code udf_integrity(udf_out *o, wg_error *err) {
  uint8_t *p = o->block;
  const wg_udf_volume *v = o->v;
  udf_time(p + 16, &v->time);
  wg_put_le32(p + 28, 1); // closed
  wg_put_le64(p + 40, UDF_FIRST_ID + (uint64_t)v->n_nodes);
  wg_put_le32(p + 72, 1);
  wg_put_le32(p + 76, 48);
  wg_put_le32(p + 84, v->partition_blocks);
  udf_entity(p + 88, "*wingo");
  wg_put_le32(p + 120, v->n_files);
  wg_put_le32(p + 124, v->n_dirs);
  for (size_t i = 0; i < 3; i++) {
    wg_put_le16(p + 128 + 2 * i, UDF_REVISION);
  }
  return udf_put_tagged(o, UDF_LVID, UDF_INTEGRITY_BLOCK, UDF_INTEGRITY_BLOCK, 512, err) != WG_OK
             ? err->code
             : udf_put_tagged(o, UDF_TD, UDF_INTEGRITY_BLOCK + 1, UDF_INTEGRITY_BLOCK + 1, 512,
                              err);
}

static wg_code udf_anchor(udf_out *o, uint32_t block, wg_error *err) {
  udf_extent(o->block + 16, UDF_SEQUENCE_BYTES, UDF_MAIN_BLOCK);
  udf_extent(o->block + 24, UDF_SEQUENCE_BYTES, UDF_RESERVE_BLOCK);
  return udf_put_tagged(o, UDF_AVDP, block, block, 512, err);
}

// --- The partition (4/14).

static wg_code udf_file_set(udf_out *o, wg_error *err) {
  uint8_t *p = o->block;
  const wg_udf_volume *v = o->v;
  udf_time(p + 16, &v->time);
  wg_put_le16(p + 28, 3);
  wg_put_le16(p + 30, 3);
  wg_put_le32(p + 32, 1);
  wg_put_le32(p + 36, 1);
  udf_charset(p + 48);
  udf_dstring(p + 112, 128, wg_str_of(v->label));
  udf_charset(p + 240);
  udf_dstring(p + 304, 32, wg_str_of(v->label));
  wg_put_le32(p + 400, B);
  wg_put_le32(p + 404, v->nodes[0].entry_block);
  udf_domain(p + 416);
  return udf_put_tagged(o, UDF_FSD, WG_UDF_PARTITION_BLOCK, 0, 512, err) != WG_OK
             ? err->code
             : udf_put_tagged(o, UDF_TD, WG_UDF_PARTITION_BLOCK + 1, 1, 512, err);
}

// When the file was made: Windows wants the attribute in every entry.
static void udf_attributes(uint8_t *p, const wg_civil *time, uint32_t location) {
  wg_put_le32(p + 16, UDF_EA_BYTES); // none of implementations
  wg_put_le32(p + 20, UDF_EA_BYTES); // none of applications
  udf_tag_put(p, UDF_EAHD, location, 24);
  wg_put_le32(p + 24, 5); // file times
  p[28] = 1;
  wg_put_le32(p + 32, 32);
  wg_put_le32(p + 36, 12);
  wg_put_le32(p + 40, 1); // of making
  udf_time(p + 44, time);
}

static wg_code udf_entry(udf_out *o, uint32_t i, uint64_t n_dirs_in, wg_error *err) {
  uint8_t *p = o->block;
  const wg_udf_node *e = &o->v->nodes[i];
  uint64_t n_bytes = e->is_dir ? e->list_bytes : e->n_bytes, left = n_bytes;
  wg_put_le16(p + 20, 4); // strategy
  wg_put_le16(p + 24, 1);
  p[27] = e->is_dir ? 4 : 5;
  wg_put_le32(p + 36, UINT32_MAX);
  wg_put_le32(p + 40, UINT32_MAX);
  wg_put_le32(p + 44, UDF_PERMISSIONS);
  wg_put_le16(p + 48, (uint16_t)(1 + n_dirs_in));
  wg_put_le64(p + 56, n_bytes);
  wg_put_le64(p + 64, (n_bytes + B - 1) / B);
  for (size_t t = 0; t < 3; t++) {
    udf_time(p + 72 + 12 * t, &o->v->time);
  }
  wg_put_le32(p + 108, 1);
  udf_entity(p + 128, "*wingo");
  wg_put_le64(p + 160, i == 0 ? 0 : UDF_FIRST_ID + (uint64_t)i);
  wg_put_le32(p + 168, UDF_EA_BYTES);
  udf_attributes(p + 176, &o->v->time, e->entry_block);
  size_t at = 176 + UDF_EA_BYTES;
  for (uint32_t block = e->data_block; left > 0; at += 8) {
    uint32_t n = left < WG_UDF_MAX_EXTENT_BYTES ? (uint32_t)left : WG_UDF_MAX_EXTENT_BYTES;
    udf_extent(p + at, n, block);
    block += n / B;
    left -= n;
  }
  wg_put_le32(p + 172, (uint32_t)(at - 176 - UDF_EA_BYTES));
  return udf_put_tagged(o, UDF_FE, WG_UDF_PARTITION_BLOCK + (uint64_t)e->entry_block,
                        e->entry_block, at, err);
}

// One name of a folder (4/14.4); up: the one that leads to the folder above.
static void udf_identifier(const wg_udf_volume *v, uint32_t dir, uint32_t to, bool up,
                           wg_buf *out) {
  uint8_t name[WG_UDF_MAX_NAME_BYTES];
  size_t at = out->n;
  size_t n_name = up ? 0 : wg_udf_cs0(wg_str_of(v->nodes[to].name), name, sizeof(name));
  wg_buf_add_zeros(out, WG_UDF_FID_BYTES);
  wg_buf_add(out, name, n_name);
  wg_buf_align(out, 4);
  if (out->failed) {
    return;
  }
  uint8_t *p = out->p + at;
  wg_put_le16(p + 16, 1);
  p[18] = (uint8_t)((v->nodes[to].is_dir ? 2 : 0) | (up ? 8 : 0));
  p[19] = (uint8_t)n_name;
  wg_put_le32(p + 20, B);
  wg_put_le32(p + 24, v->nodes[to].entry_block);
  wg_put_le32(p + 32, to == 0 ? 0 : UDF_FIRST_ID + to);
  udf_tag_put(p, UDF_FID, v->nodes[dir].data_block + (uint32_t)(at / B), out->n - at);
}

static wg_code udf_folder(udf_out *o, uint32_t i, wg_buf *list, wg_error *err) {
  const wg_udf_volume *v = o->v;
  const wg_udf_node *e = &v->nodes[i];
  wg_buf_clear(list);
  udf_identifier(v, i, e->parent, true, list);
  for (uint32_t c = e->first_child; c != WG_UDF_NO_NODE; c = v->nodes[c].next) {
    udf_identifier(v, i, c, false, list);
  }
  wg_buf_add_zeros(list, (B - list->n % B) % B);
  return wg_buf_check(list, err) != WG_OK
             ? err->code
             : o->sink(o->ctx, (WG_UDF_PARTITION_BLOCK + (uint64_t)e->data_block) * B, list->p,
                       list->n, err);
}

static wg_code udf_partition(udf_out *o, const wg_alloc *alloc, wg_error *err) {
  const wg_udf_volume *v = o->v;
  WG_AUTO(wg_buf) list = {0};
  wg_buf_init(&list, alloc, 0);
  if (udf_file_set(o, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < v->n_nodes; i++) {
    uint64_t n_dirs = 0;
    for (uint32_t c = v->nodes[i].first_child; c != WG_UDF_NO_NODE; c = v->nodes[c].next) {
      n_dirs += v->nodes[c].is_dir;
    }
    if (udf_entry(o, i, n_dirs, err) != WG_OK) {
      return err->code;
    }
  }
  for (uint32_t i = 0; i < v->n_nodes; i++) {
    if (v->nodes[i].is_dir && udf_folder(o, i, &list, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

wg_code wg_udf_write(const wg_udf_volume *v, const wg_alloc *alloc, wg_udf_sink sink, void *ctx,
                     wg_error *err) {
  udf_out o = {.v = v, .sink = sink, .ctx = ctx};
  if (iso_write(&o, err) != WG_OK || udf_anchor(&o, UDF_ANCHOR_BLOCK, err) != WG_OK ||
      udf_sequence(&o, UDF_MAIN_BLOCK, err) != WG_OK ||
      udf_sequence(&o, UDF_RESERVE_BLOCK, err) != WG_OK || udf_integrity(&o, err) != WG_OK ||
      udf_partition(&o, alloc, err) != WG_OK) {
    return err->code;
  }
  return udf_anchor(&o, WG_UDF_PARTITION_BLOCK + v->partition_blocks, err);
}
