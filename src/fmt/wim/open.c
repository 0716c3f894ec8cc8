// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/utf.h"
#include "fmt/wim/internal.h"

wg_code wg_wim_check_range(const wg_wim_part *part, uint64_t off_bytes, uint64_t n_bytes,
                           const char *what, wg_error *err) {
  uint64_t size = part->n_bytes;
  if (off_bytes < WG_WIM_HEADER_BYTES && n_bytes > 0) {
    return wg_fail_at(err, WG_E_FORMAT, off_bytes, "the %s lies over the header, at 0x%llx", what,
                      (unsigned long long)off_bytes);
  }
  if (off_bytes > size || n_bytes > size - off_bytes) {
    return wg_fail_at(err, WG_E_FORMAT, off_bytes,
                      "the %s at 0x%llx, %llu bytes long, ends behind the file's %llu bytes: the "
                      "file is cut short or damaged",
                      what, (unsigned long long)off_bytes, (unsigned long long)n_bytes,
                      (unsigned long long)size);
  }
  return WG_OK;
}

const wg_wim_part *wg_wim_part_at(const wg_wim *w, uint64_t off_bytes) {
  for (size_t i = 0; i < w->n_parts; i++) {
    const wg_wim_part *p = &w->parts[i];
    if (off_bytes >= p->off_bytes && off_bytes - p->off_bytes < p->n_bytes) {
      return p;
    }
  }
  return NULL;
}

uint64_t wg_wim_part_off(const wg_wim *w, uint64_t off_bytes) {
  const wg_wim_part *p = wg_wim_part_at(w, off_bytes);
  return p == NULL ? off_bytes : off_bytes - p->off_bytes;
}

bool wg_wim_is_whole(const wg_wim *w) {
  return w->n_parts == w->hdr.n_parts;
}

wg_code wg_wim_sink_buf(void *ctx, const uint8_t *p, size_t n_bytes, wg_error *err) {
  wg_buf *b = ctx;
  wg_buf_add(b, p, n_bytes);
  return wg_buf_check(b, err);
}

typedef struct sink_block {
  uint8_t *p;
  size_t n, cap;
} sink_block;

static wg_code sink_block_add(void *ctx, const uint8_t *p, size_t n_bytes, wg_error *err) {
  sink_block *b = ctx;
  if (n_bytes > b->cap - b->n) {
    return wg_fail(err, WG_E_BUG, "a resource gave more bytes than it has");
  }
  memcpy(b->p + b->n, p, n_bytes);
  b->n += n_bytes;
  return WG_OK;
}

// A resource that stands in the part's header (table, XML), uncompressed into the arena.
static wg_code wim_load_res(wg_wim *w, wg_wim_decoder *d, const wg_wim_part *part,
                            const wg_wim_res *res, uint64_t max_bytes, const char *what,
                            uint8_t **out, wg_error *err) {
  if (wg_wim_check_range(part, res->off_bytes, res->stored_bytes, what, err) != WG_OK) {
    return err->code;
  }
  if (res->orig_bytes > max_bytes) {
    return wg_fail_at(err, WG_E_LIMIT, res->off_bytes, "the %s has %llu bytes, more than %llu",
                      what, (unsigned long long)res->orig_bytes, (unsigned long long)max_bytes);
  }
  bool compressed = (res->flags & WG_WIM_RES_COMPRESSED) != 0;
  if ((res->flags & WG_WIM_RES_SOLID) != 0 && w->hdr.version == WG_WIM_VERSION_SOLID) {
    return wg_fail_at(err, WG_E_UNSUPPORTED, res->off_bytes, "the %s is a solid resource", what);
  }
  if (!compressed && res->stored_bytes != res->orig_bytes) {
    return wg_fail_at(err, WG_E_FORMAT, res->off_bytes, "the %s has two sizes", what);
  }
  if (compressed && res->orig_bytes / 1024 > res->stored_bytes) {
    return wg_fail_at(err, WG_E_FORMAT, res->off_bytes, "the %s says it shrank from %llu to %llu",
                      what, (unsigned long long)res->orig_bytes,
                      (unsigned long long)res->stored_bytes);
  }
  sink_block block = {.p = wg_arena_get(w->arena, (size_t)res->orig_bytes + 2),
                      .cap = (size_t)res->orig_bytes};
  if (block.p == NULL) {
    return wg_arena_fail(w->arena, err);
  }
  wim_extent x = {.off_bytes = part->off_bytes + res->off_bytes,
                  .shown_off = res->off_bytes,
                  .stored_bytes = res->stored_bytes,
                  .orig_bytes = res->orig_bytes,
                  .chunk_bytes = w->hdr.chunk_bytes,
                  .codec = w->hdr.codec,
                  .compressed = compressed};
  if (wg_wim_extent_read(w, d, &x, 0, x.orig_bytes, sink_block_add, &block, err) != WG_OK) {
    return wg_wrap(err, "%s", what);
  }
  *out = block.p;
  return WG_OK;
}

// UTF-16LE with or without a byte order mark to UTF-8 text in the arena.
static wg_code open_xml_text(wg_wim *w, const uint8_t *p, uint64_t n_bytes, wg_error *err) {
  uint64_t off = w->hdr.xml.off_bytes;
  if (n_bytes % 2 != 0) {
    return wg_fail_at(err, WG_E_FORMAT, off, "the XML has %llu bytes, no whole UTF-16 units",
                      (unsigned long long)n_bytes);
  }
  if (p != NULL && n_bytes >= 2 && p[0] == 0xFF && p[1] == 0xFE) {
    p += 2;
    n_bytes -= 2;
  }
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, w->arena->alloc, 0);
  if (!wg_utf16le_to_utf8(p, (size_t)n_bytes, &b)) {
    return wg_fail_at(err, WG_E_FORMAT, off, "the XML is not UTF-16");
  }
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  while (b.n > 0 && b.p[b.n - 1] == 0) {
    b.n--; // padding that some writers leave
  }
  char *text = wg_arena_strndup(w->arena, b.p, b.n);
  if (text == NULL) {
    return wg_arena_fail(w->arena, err);
  }
  w->xml = (wg_str){text, b.n};
  return WG_OK;
}

static wg_code open_xml(wg_wim *w, wg_wim_decoder *d, wg_error *err) {
  w->facts = wg_arena_new_array(w->arena, wg_wim_facts, w->hdr.n_images);
  if (w->facts == NULL) {
    return wg_arena_fail(w->arena, err);
  }
  uint8_t *p = NULL;
  if (w->hdr.xml.orig_bytes > 0 && wim_load_res(w, d, &w->parts[0], &w->hdr.xml,
                                                w->limits.max_xml_bytes, "XML", &p, err) != WG_OK) {
    return err->code;
  }
  if (open_xml_text(w, p, w->hdr.xml.orig_bytes, err) != WG_OK) {
    return err->code;
  }
  bool encrypted = false;
  if (wg_wim_xml_facts(w->xml, w->arena, w->facts, w->hdr.n_images, &encrypted, err) != WG_OK) {
    return wg_wrap(err, "XML");
  }
  if (encrypted) {
    return wg_fail(
        err, WG_E_UNSUPPORTED,
        "an encrypted ESD, as the Media Creation Tool downloads it; let that tool write an ISO and "
        "name the ISO as base (what is in it is not encrypted), or decrypt the ESD first");
  }
  return WG_OK;
}

static void open_limits(wg_wim_limits *l) {
  wg_wim_limits d = wg_wim_limits_default();
  l->max_images = l->max_images != 0 ? l->max_images : d.max_images;
  l->max_table_bytes = l->max_table_bytes != 0 ? l->max_table_bytes : d.max_table_bytes;
  l->max_xml_bytes = l->max_xml_bytes != 0 ? l->max_xml_bytes : d.max_xml_bytes;
  l->max_metadata_bytes = l->max_metadata_bytes != 0 ? l->max_metadata_bytes : d.max_metadata_bytes;
  l->max_depth = l->max_depth != 0 ? l->max_depth : d.max_depth;
  l->max_chunk_bytes = l->max_chunk_bytes != 0 ? l->max_chunk_bytes : d.max_chunk_bytes;
}

static wg_code open_part_header(const wg_wim *w, const wg_wim_part *part, wg_wim_header *out,
                                wg_error *err) {
  uint8_t head[WG_WIM_HEADER_BYTES];
  if (part->n_bytes < sizeof(head)) {
    return wg_fail_at(err, WG_E_FORMAT, part->n_bytes,
                      "not a WIM: %llu bytes are less than its header",
                      (unsigned long long)part->n_bytes);
  }
  if (w->src.read(w->src.ctx, part->off_bytes, head, sizeof(head), err) != WG_OK) {
    return err->code;
  }
  return wg_wim_header_parse(head, out, err);
}

static wg_code open_header(wg_wim *w, wg_error *err) {
  if (open_part_header(w, &w->parts[0], &w->hdr, err) != WG_OK) {
    return err->code;
  }
  if (w->hdr.n_images > w->limits.max_images) {
    return wg_fail_at(err, WG_E_LIMIT, 0x2C, "%u images, more than %u", (unsigned)w->hdr.n_images,
                      (unsigned)w->limits.max_images);
  }
  if (w->hdr.boot_index > w->hdr.n_images) {
    return wg_fail_at(err, WG_E_FORMAT, 0x78, "boot image %u of %u", (unsigned)w->hdr.boot_index,
                      (unsigned)w->hdr.n_images);
  }
  return WG_OK;
}

static wg_code open_table(wg_wim *w, wg_wim_decoder *d, const wg_wim_part *part,
                          const wg_wim_header *h, wim_table *out, wg_error *err) {
  uint8_t *table = NULL;
  if (h->table.orig_bytes == 0) {
    return wg_fail_at(err, WG_E_FORMAT, 0x30,
                      "the header names no blob table: the file was not finished");
  }
  if (wim_load_res(w, d, part, &h->table, w->limits.max_table_bytes, "blob table", &table, err) !=
      WG_OK) {
    return err->code;
  }
  if (h->table.orig_bytes % WG_WIM_TABLE_ENTRY_BYTES != 0) {
    return wg_fail_at(err, WG_E_FORMAT, h->table.off_bytes,
                      "the blob table's %llu bytes are no rows of 50",
                      (unsigned long long)h->table.orig_bytes);
  }
  *out = (wim_table){.part = part,
                     .p = table,
                     .n_rows = (size_t)(h->table.orig_bytes / WG_WIM_TABLE_ENTRY_BYTES),
                     .off_bytes = h->table.off_bytes};
  return WG_OK;
}

// The header of another part of the set that hdr heads.
static wg_code open_other_part(wg_wim *w, wg_wim_decoder *d, size_t i, wim_table *out,
                               wg_error *err) {
  wg_wim_header h = {0};
  const wg_wim_part *part = &w->parts[i];
  if (open_part_header(w, part, &h, err) != WG_OK) {
    return err->code;
  }
  if (memcmp(h.guid, w->hdr.guid, sizeof(h.guid)) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, 0x18, "a part of another split WIM: its GUID differs");
  }
  if (h.part != part->number || h.n_parts != w->hdr.n_parts) {
    return wg_fail_at(err, WG_E_FORMAT, 0x28, "it says that it is part %u of %u, not %u of %u",
                      (unsigned)h.part, (unsigned)h.n_parts, (unsigned)part->number,
                      (unsigned)w->hdr.n_parts);
  }
  if (h.version != w->hdr.version || h.codec != w->hdr.codec ||
      h.chunk_bytes != w->hdr.chunk_bytes) {
    return wg_fail_at(err, WG_E_FORMAT, 0x0C, "another version or compression than part 1");
  }
  return open_table(w, d, part, &h, out, err);
}

static wg_code open_all(wg_wim *w, wg_error *err) {
  WG_AUTO_PTR(wg_wim_decoder) d = NULL;
  wim_table *tables = wg_arena_new_array(w->arena, wim_table, w->n_parts);
  if (tables == NULL) {
    return wg_arena_fail(w->arena, err);
  }
  if (wg_wim_decoder_new(w->arena->alloc, &d, err) != WG_OK || open_header(w, err) != WG_OK) {
    return err->code;
  }
  if (w->n_parts > 1 && (w->hdr.part != 1 || w->hdr.n_parts != w->n_parts)) {
    return wg_fail_at(err, WG_E_FORMAT, 0x28, "part %u of %u where part 1 of %zu should be",
                      (unsigned)w->hdr.part, (unsigned)w->hdr.n_parts, w->n_parts);
  }
  w->parts[0].number = w->hdr.part;
  if (open_xml(w, d, err) != WG_OK || // first: it tells whether the rest is encrypted
      open_table(w, d, &w->parts[0], &w->hdr, &tables[0], err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 1; i < w->n_parts; i++) {
    if (open_other_part(w, d, i, &tables[i], err) != WG_OK) {
      return wg_wrap(err, "part %zu", i + 1);
    }
  }
  return wg_wim_table_parse(w, tables, w->n_parts, err);
}

wg_code wg_wim_open_parts(const wg_wim_source *src, const wg_wim_part *parts, size_t n_parts,
                          wg_arena *arena, const wg_wim_limits *limits, wg_wim *out,
                          wg_error *err) {
  wg_wim w = {.src = *src, .arena = arena, .n_parts = n_parts};
  wg_assert(n_parts > 0 && n_parts <= UINT16_MAX);
  if (limits != NULL) {
    w.limits = *limits;
  }
  open_limits(&w.limits);
  w.parts = wg_arena_new_array(arena, wg_wim_part, n_parts);
  if (w.parts == NULL) {
    return wg_arena_fail(arena, err);
  }
  for (size_t i = 0; i < n_parts; i++) {
    w.parts[i] = (wg_wim_part){parts[i].off_bytes, parts[i].n_bytes, (uint16_t)(i + 1)};
  }
  if (open_all(&w, err) != WG_OK) {
    return err->code;
  }
  *out = w;
  return WG_OK;
}

wg_code wg_wim_open(const wg_wim_source *src, wg_arena *arena, const wg_wim_limits *limits,
                    wg_wim *out, wg_error *err) {
  wg_wim_part whole = {.n_bytes = src->size_bytes};
  return wg_wim_open_parts(src, &whole, 1, arena, limits, out, err);
}
