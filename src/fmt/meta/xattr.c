// SPDX-License-Identifier: Apache-2.0
// Facts: Samba's librpc/idl/xattr.idl (what user.DOSATTRIB holds, NDR, little-endian), its
// vfs_streams_xattr(8); the NTFS-3G manual and the kernel's Documentation/filesystems/ntfs3.rst.
#include "fmt/meta/xattr.h"

#include <string.h>

#include "base/utf.h"
#include "fmt/meta/rules.h"

#define XATTR_STREAM "user.DosStream."
#define XATTR_STREAM_TYPE ":$DATA"
#define XATTR_REPARSE_HEADER_BYTES 8u
// Attributes that say how a file is meant, not how a volume stores it.
#define XATTR_ATTRIBUTES 0x3127u // read-only, hidden, system, archive, temporary, offline, no index

const char *const wg_meta_xattr_unlisted[] = {
    "system.ntfs_acl",   "system.ntfs_security", // ntfs-3g's name, the kernel's
    "system.ntfs_times", "system.ntfs_dos_name", "system.ntfs_reparse_data", NULL};

static wg_code xattr_copy(wg_arena *arena, const void *p, size_t n, wg_str *out, wg_error *err) {
  *out = (wg_str){wg_arena_strndup(arena, p, n), n};
  return out->p == NULL ? wg_arena_fail(arena, err) : WG_OK;
}

static wg_code xattr_utf16(wg_arena *arena, wg_str text, wg_str *out, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, arena->alloc, 0);
  if (text.n == 0 || memchr(text.p, 0, text.n) != NULL || !wg_utf8_to_utf16le(text, &b)) {
    return wg_fail(err, WG_E_FORMAT, "a name in it is no text");
  }
  return wg_buf_check(&b, err) == WG_OK ? xattr_copy(arena, b.p, b.n, out, err) : err->code;
}

static void xattr_attributes(wg_meta_entry *e, uint32_t v) {
  if ((e->has & WG_META_ATTRIBUTES) == 0) {
    e->has |= WG_META_ATTRIBUTES;
    e->attributes = v & XATTR_ATTRIBUTES;
  }
}

static void xattr_created(wg_meta_entry *e, uint64_t v) {
  if ((e->has & WG_META_CREATED) == 0 && v != 0) {
    e->has |= WG_META_CREATED;
    e->created = v;
  }
}

// Versions 1 to 3: attributes, EA size, size, allocated size, creation, change; 3 has flags first.
// 4: flags, attributes, itime, creation. 5: flags, attributes, creation.
static bool xattr_samba_info(wg_reader *r, uint16_t version, wg_meta_entry *e) {
  uint32_t flags = 0x11, attributes = 0; // attributes and creation time are there
  uint64_t created = 0;
  uint64_t skip = version <= 3 ? 20 : version == 4 ? 8 : 0;
  if ((version >= 2 && !wg_read_le32(r, &flags)) || !wg_read_le32(r, &attributes)) {
    return false;
  }
  if (version != 0xFFFF && (!wg_read_skip(r, skip) || !wg_read_le64(r, &created))) {
    return false;
  }
  if ((flags & 0x01) != 0 || version < 3) {
    xattr_attributes(e, attributes);
  }
  if (version != 0xFFFF && ((flags & 0x10) != 0 || version < 3)) {
    xattr_created(e, created);
  }
  return true;
}

// "0x22" alone (Samba before 3.5), or that text, a version and what that version has.
static wg_code xattr_samba(wg_meta_entry *e, wg_str value, wg_error *err) {
  wg_reader r = wg_reader_of(value.p, value.n);
  size_t n = wg_str_find(value, '\0');
  wg_str hex = {value.p, n};
  uint64_t v = 0;
  uint16_t version = 0, again = 0;
  bool is_hex = wg_str_starts(hex, "0x") && wg_parse_hex64((wg_str){hex.p + 2, hex.n - 2}, &v);
  if (is_hex && n + 1 >= value.n) {
    xattr_attributes(e, (uint32_t)v);
    return WG_OK;
  }
  uint64_t at = (n + 2) & ~(uint64_t)1; // behind the text's NUL, at a multiple of 2
  if (!wg_read_seek(&r, at) || !wg_read_le16(&r, &version) || !wg_read_le16(&r, &again) ||
      again != version || !wg_read_seek(&r, (at + 7) & ~(uint64_t)3)) {
    return wg_fail(err, WG_E_FORMAT, "it holds no attributes as Samba writes them");
  }
  if (version == 0 || (version > 5 && version != 0xFFFF)) {
    return wg_fail(err, WG_E_FORMAT, "version %u of Samba's attributes is not known",
                   (unsigned)version);
  }
  if (version == 0xFFFF) {
    uint32_t attributes = 0;
    if (wg_read_le32(&r, &attributes)) {
      xattr_attributes(e, attributes);
      return WG_OK;
    }
    return wg_fail(err, WG_E_FORMAT, "it is cut off");
  }
  return xattr_samba_info(&r, version, e) ? WG_OK : wg_fail(err, WG_E_FORMAT, "it is cut off");
}

// Creation, modification, access, change.
static wg_code xattr_times(wg_meta_entry *e, wg_str value, wg_error *err) {
  wg_reader r = wg_reader_of(value.p, value.n);
  uint64_t created = 0, written = 0, accessed = 0;
  if (!wg_read_le64(&r, &created) || !wg_read_le64(&r, &written)) {
    return wg_fail(err, WG_E_FORMAT, "it is cut off");
  }
  xattr_created(e, created);
  if ((e->has & WG_META_WRITTEN) == 0) {
    e->has |= WG_META_WRITTEN;
    e->written = written;
  }
  if ((e->has & WG_META_ACCESSED) == 0 && wg_read_le64(&r, &accessed)) {
    e->has |= WG_META_ACCESSED;
    e->accessed = accessed;
  }
  return WG_OK;
}

static wg_code xattr_reparse(wg_meta_entry *e, wg_str value, wg_arena *arena, wg_error *err) {
  wg_reader r = wg_reader_of(value.p, value.n), data;
  uint32_t tag = 0;
  uint16_t n = 0, reserved = 0;
  if (!wg_read_le32(&r, &tag) || !wg_read_le16(&r, &n) || !wg_read_le16(&r, &reserved) ||
      !wg_reader_slice(&r, XATTR_REPARSE_HEADER_BYTES, n, &data)) {
    return wg_fail(err, WG_E_FORMAT, "its reparse data is damaged");
  }
  // Symbolic links and junctions are links here, too: those are taken as such.
  if (tag == 0xA0000003u || tag == 0xA000000Cu || (e->has & WG_META_REPARSE) != 0) {
    return WG_OK;
  }
  e->has |= WG_META_REPARSE | WG_META_REPARSE_DATA;
  e->reparse = tag;
  return xattr_copy(arena, data.p, n, &e->reparse_data, err);
}

static wg_code xattr_stream(wg_meta_entry *e, wg_str name, wg_str data, wg_arena *arena,
                            wg_error *err) {
  wg_meta_stream *more = wg_arena_new_array(arena, wg_meta_stream, e->n_streams + 1);
  if (more == NULL) {
    return wg_arena_fail(arena, err);
  }
  if (e->n_streams > 0) {
    memcpy(more, e->streams, e->n_streams * sizeof(*more));
  }
  e->streams = more;
  if (xattr_utf16(arena, name, &more[e->n_streams].name16, err) != WG_OK ||
      xattr_copy(arena, data.p, data.n, &more[e->n_streams].data, err) != WG_OK) {
    return err->code;
  }
  e->n_streams++;
  return WG_OK;
}

static wg_code xattr_user(wg_meta_entry *e, bool ntfs, const char *name, wg_str value,
                          wg_arena *arena, bool *out_known, wg_error *err) {
  wg_str s = wg_str_of(name);
  if (strcmp(name, "user.DOSATTRIB") == 0) {
    return xattr_samba(e, value, err);
  }
  if (wg_str_starts(s, XATTR_STREAM) && value.n > 0) { // a NUL stands behind the data
    size_t type = wg_str_ends(s, XATTR_STREAM_TYPE) ? sizeof(XATTR_STREAM_TYPE) - 1 : 0;
    size_t from = sizeof(XATTR_STREAM) - 1;
    if (from + type >= s.n) {
      return wg_fail(err, WG_E_FORMAT, "a stream without a name");
    }
    return xattr_stream(e, (wg_str){s.p + from, s.n - from - type}, (wg_str){value.p, value.n - 1},
                        arena, err);
  }
  if (ntfs && s.n > 5) {
    return xattr_stream(e, (wg_str){s.p + 5, s.n - 5}, value, arena, err);
  }
  *out_known = false;
  return WG_OK;
}

wg_code wg_meta_take_xattr(wg_meta_entry *e, wg_str *descriptor, bool ntfs, const char *name,
                           wg_str value, wg_arena *arena, bool *out_known, wg_error *err) {
  *out_known = true;
  if (strncmp(name, "user.", 5) == 0) {
    return xattr_user(e, ntfs, name, value, arena, out_known, err);
  }
  if (strcmp(name, WG_META_XATTR_NTFS) == 0) {
    wg_reader r = wg_reader_of(value.p, value.n);
    uint32_t v = 0;
    if (!wg_read_le32(&r, &v)) {
      return wg_fail(err, WG_E_FORMAT, "it is cut off");
    }
    xattr_attributes(e, v);
    return WG_OK;
  }
  if (strcmp(name, "system.ntfs_acl") == 0 || strcmp(name, "system.ntfs_security") == 0) {
    return descriptor->n > 0 ? WG_OK : xattr_copy(arena, value.p, value.n, descriptor, err);
  }
  if (strcmp(name, "system.ntfs_times") == 0) {
    return xattr_times(e, value, err);
  }
  if (strcmp(name, "system.ntfs_reparse_data") == 0) {
    return xattr_reparse(e, value, arena, err);
  }
  if (strcmp(name, "system.ntfs_dos_name") == 0) {
    if ((e->has & WG_META_SHORT) != 0 || value.n == 0) {
      return WG_OK;
    }
    e->has |= WG_META_SHORT;
    if (xattr_utf16(arena, value, &e->short16, err) != WG_OK) {
      return err->code;
    }
    return wg_meta_is_short(e->short16) ? WG_OK
                                        : wg_fail(err, WG_E_FORMAT, "it is no name in 8.3 form");
  }
  *out_known = false;
  return WG_OK;
}
