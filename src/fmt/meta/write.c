// SPDX-License-Identifier: Apache-2.0
#include "base/utf.h"
#include "fmt/meta/fields.h"

const meta_field wg_meta_fields[META_N_FIELDS] = {
    {"attributes", META_HEX32, WG_META_ATTRIBUTES, offsetof(wg_meta_entry, attributes)},
    {"descriptor", META_NUMBER32, WG_META_DESCRIPTOR, offsetof(wg_meta_entry, descriptor)},
    {"short", META_TEXT16, WG_META_SHORT, offsetof(wg_meta_entry, short16)},
    {"created", META_NUMBER64, WG_META_CREATED, offsetof(wg_meta_entry, created)},
    {"accessed", META_NUMBER64, WG_META_ACCESSED, offsetof(wg_meta_entry, accessed)},
    {"written", META_NUMBER64, WG_META_WRITTEN, offsetof(wg_meta_entry, written)},
    {"links", META_NUMBER64, WG_META_LINKS, offsetof(wg_meta_entry, links)},
    {"reparse", META_HEX64, WG_META_REPARSE, offsetof(wg_meta_entry, reparse)},
    {"reparse-data", META_BYTES, WG_META_REPARSE_DATA, offsetof(wg_meta_entry, reparse_data)},
    {"target", META_TEXT, WG_META_TARGET, offsetof(wg_meta_entry, target)},
    {"efs", META_BYTES, WG_META_EFS, offsetof(wg_meta_entry, efs)},
    {"items", META_BYTES, WG_META_ITEMS, offsetof(wg_meta_entry, items)},
};

// What would end a word, or is no text: %XX of the byte.
static bool write_needs_escape(wg_str s, size_t i) {
  uint8_t c = (uint8_t)s.p[i], before = i > 0 ? (uint8_t)s.p[i - 1] : 0;
  uint8_t after = i + 1 < s.n ? (uint8_t)s.p[i + 1] : 0;
  bool control = (c == 0xC2 && after >= 0x80 && after < 0xA0) ||
                 (before == 0xC2 && c >= 0x80 && c < 0xA0); // U+0080..U+009F
  bool surrogate = (c == 0xED && after >= 0xA0) || (before == 0xED && c >= 0xA0) ||
                   (i > 1 && (uint8_t)s.p[i - 2] == 0xED && before >= 0xA0);
  return c <= 0x20 || c == 0x7F || c == '%' || control || surrogate;
}

static void write_text(wg_buf *b, wg_str s, bool spaces) {
  for (size_t i = 0; i < s.n; i++) {
    if (write_needs_escape(s, i) && !(spaces && s.p[i] == ' ')) {
      wg_buf_printf(b, "%%%02X", (unsigned)(uint8_t)s.p[i]);
    } else {
      wg_buf_add_byte(b, (uint8_t)s.p[i]);
    }
  }
}

static void write_text16(wg_buf *b, wg_str s16) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, b->alloc, 0);
  b->failed = !wg_utf16le_to_utf8((const uint8_t *)s16.p, s16.n, &text) || b->failed;
  write_text(b, wg_buf_str(&text), false);
}

static void write_field(const wg_meta_entry *e, const meta_field *f, wg_buf *b) {
  const char *at = (const char *)e + f->at;
  wg_buf_printf(b, " %s=", f->name);
  switch (f->kind) {
  case META_HEX32:
    wg_buf_printf(b, "0x%x", (unsigned)*(const uint32_t *)(const void *)at);
    break;
  case META_HEX64:
    wg_buf_printf(b, "0x%llx", (unsigned long long)*(const uint64_t *)(const void *)at);
    break;
  case META_NUMBER32:
    wg_buf_printf(b, "%u", (unsigned)*(const uint32_t *)(const void *)at);
    break;
  case META_NUMBER64:
    wg_buf_printf(b, "%llu", (unsigned long long)*(const uint64_t *)(const void *)at);
    break;
  case META_TEXT:
    write_text(b, *(const wg_str *)(const void *)at, false);
    break;
  case META_TEXT16:
    write_text16(b, *(const wg_str *)(const void *)at);
    break;
  case META_BYTES: {
    const wg_str *s = (const wg_str *)(const void *)at;
    wg_buf_add_hex(b, s->p, s->n);
    break;
  }
  }
}

void wg_meta_write(const wg_meta *m, wg_buf *out) {
  // A wingo that knows version 1 only can read what has nothing else.
  wg_buf_add_z(out, m->n_image > 0 ? "wingo-meta 2\n" : "wingo-meta 1\n");
  for (size_t i = 0; i < m->n_image; i++) {
    wg_buf_add_z(out, "image ");
    write_text(out, m->image[i], true);
    wg_buf_add_byte(out, '\n');
  }
  for (size_t i = 0; i < m->n_descriptors; i++) {
    wg_buf_add_z(out, "descriptor ");
    wg_buf_add_hex(out, m->descriptors[i].p, m->descriptors[i].n);
    wg_buf_add_byte(out, '\n');
  }
  for (size_t i = 0; i < m->n; i++) {
    const wg_meta_entry *e = &m->entries[i];
    wg_buf_add_z(out, "entry ");
    write_text(out, e->path[0] == '\0' ? WG_STR(".") : wg_str_of(e->path), false);
    for (size_t k = 0; k < META_N_FIELDS; k++) {
      if ((e->has & wg_meta_fields[k].flag) != 0) {
        write_field(e, &wg_meta_fields[k], out);
      }
    }
    wg_buf_add_byte(out, '\n');
    for (size_t k = 0; k < e->n_streams; k++) {
      wg_buf_add_z(out, "stream ");
      write_text16(out, e->streams[k].name16);
      wg_buf_add_z(out, " =");
      wg_buf_add_hex(out, e->streams[k].data.p, e->streams[k].data.n);
      wg_buf_add_byte(out, '\n');
    }
  }
  wg_buf_add_z(out, "end\n");
}
