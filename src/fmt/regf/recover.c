// SPDX-License-Identifier: Apache-2.0
// Transaction logs: what Windows would replay when it loads a dirty hive.
//
// Two formats. Old (to Windows 8): a copy of the base block (file type 1 or 2), "DIRT", a bitmap of
// 512-byte pages, the pages. New (from Windows 8.1, file type 6): a copy of the base block, then
// entries "HvLE", each with its own pages, guarded by Marvin32 hashes. LOG1 and LOG2 take turns:
// entries run on by sequence number from one into the other.
#include <string.h>

#include "fmt/regf/int.h"

#define LOG_SECTOR 512U
#define LOG_ENTRY_HEADER 40U

typedef struct log_file {
  const uint8_t *p;
  size_t n;
  uint32_t type, seq1, seq2;
  uint64_t time;
  bool valid;
  uint32_t first_seq; // of the first valid entry, new format
  bool has_entry;
} log_file;

static uint32_t rotl32(uint32_t v, unsigned n) {
  return v << n | v >> (32 - n);
}

WG_WRAPS static void marvin_mix(uint32_t *lo, uint32_t *hi) {
  *hi ^= *lo;
  *lo = rotl32(*lo, 20) + *hi;
  *hi = rotl32(*hi, 9) ^ *lo;
  *lo = rotl32(*lo, 27) + *hi;
  *hi = rotl32(*hi, 19);
}

WG_WRAPS uint64_t wg_regf_marvin32(uint64_t seed, const uint8_t *p, size_t n) {
  uint32_t lo = (uint32_t)(seed & 0xFFFFFFFFU), hi = (uint32_t)(seed >> 32);
  for (; n >= 4; n -= 4, p += 4) {
    lo += wg_le32(p);
    marvin_mix(&lo, &hi);
  }
  uint32_t tail = 0x80U << (8 * n);
  for (size_t i = 0; i < n; i++) {
    tail |= (uint32_t)p[i] << (8 * i);
  }
  lo += tail;
  marvin_mix(&lo, &hi);
  marvin_mix(&lo, &hi);
  return (uint64_t)hi << 32 | lo;
}

#define HVLE_SEED 0x82EF4D887A4E55C5ULL

typedef struct log_entry {
  uint32_t size, seq, bins_bytes, n_pages;
  const uint8_t *p;
} log_entry;

// The entry at off, when it is whole and its hashes hold.
static bool log_entry_at(const log_file *f, size_t off, log_entry *out) {
  if (off > f->n || f->n - off < LOG_ENTRY_HEADER || memcmp(f->p + off, "HvLE", 4) != 0) {
    return false;
  }
  const uint8_t *p = f->p + off;
  *out = (log_entry){.size = wg_le32(p + 4),
                     .seq = wg_le32(p + 12),
                     .bins_bytes = wg_le32(p + 16),
                     .n_pages = wg_le32(p + 20),
                     .p = p};
  return out->size >= LOG_ENTRY_HEADER && out->size % LOG_SECTOR == 0 && out->size <= f->n - off &&
         out->bins_bytes % 4096 == 0 && out->bins_bytes > 0 && out->bins_bytes <= 0x7FFFF000U &&
         out->n_pages <= (out->size - LOG_ENTRY_HEADER) / 8 &&
         wg_le64(p + 32) == wg_regf_marvin32(HVLE_SEED, p, 32) &&
         wg_le64(p + 24) ==
             wg_regf_marvin32(HVLE_SEED, p + LOG_ENTRY_HEADER, out->size - LOG_ENTRY_HEADER);
}

static log_file log_open(const void *p, size_t n) {
  log_file f = {.p = p, .n = n};
  if (p == NULL || n < LOG_SECTOR || memcmp(p, "regf", 4) != 0 ||
      wg_le32(f.p + 508) != wg_regf_checksum(f.p)) {
    return f;
  }
  f.type = wg_le32(f.p + 28);
  f.seq1 = wg_le32(f.p + 4);
  f.seq2 = wg_le32(f.p + 8);
  f.time = wg_le64(f.p + 12);
  f.valid = f.type == 1 || f.type == 2 || f.type == 6;
  log_entry e;
  if (f.valid && f.type == 6 && log_entry_at(&f, LOG_SECTOR, &e)) {
    f.has_entry = true;
    f.first_seq = e.seq;
  }
  return f;
}

typedef struct recover_ctx {
  wg_buf *out;
  uint32_t bins_bytes;
  uint32_t last_seq;
  uint32_t n_applied;
} recover_ctx;

static wg_code recover_resize(recover_ctx *c, uint32_t bins_bytes, wg_error *err) {
  size_t want = (size_t)REGF_BASE_BYTES + bins_bytes;
  if (c->out->n < want) {
    wg_buf_add_zeros(c->out, want - c->out->n);
  }
  c->bins_bytes = bins_bytes;
  return wg_buf_check(c->out, err);
}

static wg_code recover_put(recover_ctx *c, uint32_t off, const uint8_t *p, uint32_t n,
                           wg_error *err) {
  if (n > c->bins_bytes || off > c->bins_bytes - n) {
    return wg_fail(err, WG_E_FORMAT, "page at 0x%x of 0x%x bytes lies outside the hive", off, n);
  }
  memcpy(c->out->p + REGF_BASE_BYTES + off, p, n);
  return WG_OK;
}

// Pages of one new-format entry.
static wg_code recover_entry(recover_ctx *c, const log_entry *e, wg_error *err) {
  if (recover_resize(c, e->bins_bytes, err) != WG_OK) {
    return err->code;
  }
  uint64_t at = (uint64_t)LOG_ENTRY_HEADER + (uint64_t)e->n_pages * 8;
  for (uint32_t i = 0; i < e->n_pages; i++) {
    const uint8_t *ref = e->p + LOG_ENTRY_HEADER + (size_t)i * 8;
    uint32_t off = wg_le32(ref), n = wg_le32(ref + 4);
    if (n > e->size - at) {
      return wg_fail(err, WG_E_FORMAT, "page of 0x%x bytes does not fit its entry", n);
    }
    if (recover_put(c, off, e->p + at, n, err) != WG_OK) {
      return err->code;
    }
    at += n;
  }
  c->last_seq = e->seq;
  c->n_applied++;
  return WG_OK;
}

// All entries of f from sequence number min_seq on that run on without a gap.
static wg_code recover_new(recover_ctx *c, const log_file *f, uint32_t min_seq, wg_error *err) {
  size_t off = LOG_SECTOR;
  log_entry e;
  while (log_entry_at(f, off, &e)) {
    bool follows = c->n_applied == 0 ? e.seq >= min_seq : e.seq == c->last_seq + 1;
    if (follows) {
      if (recover_entry(c, &e, err) != WG_OK) {
        return err->code;
      }
    } else if (c->n_applied > 0) {
      return WG_OK; // older entries of an earlier round lie behind
    }
    off += e.size;
  }
  return WG_OK;
}

static wg_code recover_old(recover_ctx *c, const log_file *f, wg_error *err) {
  uint32_t bins_bytes = wg_le32(f->p + 40);
  size_t bitmap_bytes = bins_bytes / 4096;
  if (bins_bytes % 4096 != 0 || bins_bytes > 0x7FFFF000U || f->n < LOG_SECTOR + 4 + bitmap_bytes ||
      memcmp(f->p + LOG_SECTOR, "DIRT", 4) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, LOG_SECTOR, "no whole dirty vector");
  }
  if (recover_resize(c, bins_bytes, err) != WG_OK) {
    return err->code;
  }
  const uint8_t *bitmap = f->p + LOG_SECTOR + 4;
  size_t at = (LOG_SECTOR + 4 + bitmap_bytes + LOG_SECTOR - 1) & ~(size_t)(LOG_SECTOR - 1);
  for (uint32_t page = 0; page < bins_bytes / LOG_SECTOR; page++) {
    if ((bitmap[page / 8] >> (page % 8) & 1) == 0) {
      continue;
    }
    if (at > f->n || f->n - at < LOG_SECTOR) {
      return wg_fail_at(err, WG_E_FORMAT, at, "the pages end too early");
    }
    if (recover_put(c, page * LOG_SECTOR, f->p + at, LOG_SECTOR, err) != WG_OK) {
      return err->code;
    }
    at += LOG_SECTOR;
  }
  c->last_seq = f->seq1;
  c->n_applied++;
  return WG_OK;
}

// A torn base block is taken from the newer log's copy: same content, other file type.
static bool recover_base(recover_ctx *c, const log_file *a, const log_file *b) {
  const log_file *from = a->valid && (!b->valid || a->seq1 >= b->seq1) ? a : b;
  if (!from->valid) {
    return false;
  }
  memcpy(c->out->p, from->p, LOG_SECTOR);
  wg_put_le32(c->out->p + 28, 0);
  return true;
}

// What replaying log f of a and the other one gave.
static wg_code recover_of(wg_code code, const log_file *f, const log_file *a, wg_error *err) {
  return code == WG_OK ? WG_OK : wg_wrap(err, "the %s log", f == a ? "first" : "second");
}

// New format: the log whose entries are older goes first.
static wg_code recover_entries(recover_ctx *c, const log_file *a, const log_file *b,
                               uint32_t min_seq, wg_error *err) {
  const log_file *first = a->has_entry && (!b->has_entry || a->first_seq <= b->first_seq) ? a : b;
  const log_file *both[] = {first, first == a ? b : a};
  for (size_t i = 0; i < WG_ARRAY_LEN(both); i++) {
    if (both[i]->has_entry &&
        recover_of(recover_new(c, both[i], min_seq, err), both[i], a, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code recover_replay(recover_ctx *c, const log_file *a, const log_file *b, bool torn,
                              uint32_t min_seq, uint64_t time, wg_error *err) {
  if (a->has_entry || b->has_entry) {
    return recover_entries(c, a, b, min_seq, err);
  }
  const log_file *logs[] = {a, b};
  for (size_t i = 0; i < WG_ARRAY_LEN(logs); i++) {
    const log_file *f = logs[i];
    if (f->valid && f->type != 6 && f->seq1 == f->seq2 && (torn || f->time == time)) {
      return recover_of(recover_old(c, f, err), f, a, err);
    }
  }
  return WG_OK;
}

// Why a log was of no use. Short: hives keep the whole message.
static const char *recover_why(const log_file *f) {
  return f->n == 0                       ? "absent or empty"
         : !f->valid                     ? "damaged"
         : f->type == 6 && !f->has_entry ? "no whole entry"
                                         : "of another time";
}

static void recover_finish(recover_ctx *c) {
  uint8_t *base = c->out->p;
  uint32_t seq = c->last_seq;
  wg_put_le32(base + 4, seq);
  wg_put_le32(base + 8, seq);
  wg_put_le32(base + 40, c->bins_bytes);
  wg_put_le32(base + 508, wg_regf_checksum(base));
}

wg_code wg_regf_recover(const void *primary, size_t n_bytes, const void *log1, size_t log1_bytes,
                        const void *log2, size_t log2_bytes, wg_buf *out, uint32_t *out_n_applied,
                        wg_error *err) {
  const uint8_t *p = primary;
  if (n_bytes < REGF_BASE_BYTES || memcmp(p, "regf", 4) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, 0, "not a registry hive");
  }
  bool torn = wg_le32(p + 508) != wg_regf_checksum(p);
  uint32_t seq1 = wg_le32(p + 4), seq2 = wg_le32(p + 8);
  wg_buf_add(out, primary, n_bytes);
  if (wg_buf_check(out, err) != WG_OK) {
    return err->code;
  }
  *out_n_applied = 0;
  if (!torn && seq1 == seq2) {
    return WG_OK;
  }
  log_file a = log_open(log1, log1_bytes), b = log_open(log2, log2_bytes);
  recover_ctx c = {.out = out, .bins_bytes = wg_le32(p + 40)};
  if (torn && !recover_base(&c, &a, &b)) {
    return wg_fail_at(err, WG_E_VERIFY, 508,
                      "the base block is torn and no transaction log has a copy of it");
  }
  // Of a torn base block no number is known: every entry counts.
  if (recover_replay(&c, &a, &b, torn, torn ? 0 : seq2, wg_le64(p + 12), err) != WG_OK) {
    return err->code;
  }
  if (c.n_applied == 0) {
    bool none = a.n == 0 && b.n == 0;
    return wg_fail(err, WG_E_VERIFY,
                   "the hive is dirty (%u, %u) and no transaction log fits it: %s%s%s%s", seq1,
                   seq2, none ? "there is none" : "first ", none ? "" : recover_why(&a),
                   none ? "" : ", second ", none ? "" : recover_why(&b));
  }
  recover_finish(&c);
  *out_n_applied = c.n_applied;
  return WG_OK;
}
