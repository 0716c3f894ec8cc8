// SPDX-License-Identifier: Apache-2.0
#include "image/tree/read.h"

#include <string.h>

#include "base/utf.h"
#include "image/file/file.h"
#include "image/tree/edit.h"
#include "image/tree/winpath.h"

struct wg_image_reader {
  wg_image_base_kind kind;
  char *path;
  wg_arena arena;
  wg_buf bytes; // the metadata resource that tree points into
  wg_image_file file;
  wg_wim_tree tree;
  const wg_image_packed *packed;
  void *kept; // packed's; NULL: none
};

wg_code wg_image_reader_open(const wg_image_base *base, wg_image_reader **out, wg_error *err) {
  WG_AUTO_PTR(wg_image_reader) r = wg_xalloc(sizeof(*r));
  uint32_t image = 0;
  r->kind = base->kind;
  r->path = wg_xstrdup(base->path);
  wg_arena_init(&r->arena, wg_heap(), 0);
  wg_buf_init(&r->bytes, wg_heap(), (size_t)1 << 31);
  if (base->kind == WG_IMAGE_BASE_WIM &&
      (wg_image_file_open_base(&r->file, base, err) != WG_OK ||
       (wg_image_file_find(&r->file, base->image, &image, err) != WG_OK &&
        wg_wrap(err, "'%s'", base->path) != WG_OK) ||
       wg_image_file_check(&r->file, image, err) != WG_OK ||
       wg_image_file_tree(&r->file, image, &r->arena, 0, &r->bytes, &r->tree, err) != WG_OK)) {
    return err->code;
  }
  *out = wg_take(&r);
  return WG_OK;
}

void wg_image_reader_close(wg_image_reader *r) {
  if (r != NULL) {
    if (r->kept != NULL) {
      r->packed->close(r->kept);
    }
    wg_image_file_done(&r->file);
    wg_buf_done(&r->bytes);
    wg_arena_done(&r->arena);
    wg_xfree(r->path);
    wg_xfree(r);
  }
}

void wg_image_reader_keep(wg_image_reader *r, const wg_image_packed *packed, const char *at) {
  if (packed != NULL && at != NULL && r->kept == NULL) {
    r->packed = packed;
    r->kept = packed->open(at);
  }
}

// Below a folder of the host: each name as it stands there, letter case ignored. *out heap; NULL
// when a name is not there.
static wg_code read_host_path(const wg_image_reader *r, const wg_winpath *p, char **out,
                              wg_error *err) {
  WG_AUTO(wg_cstr) at = wg_xstrdup(r->path);
  *out = NULL;
  for (size_t i = 0; i < p->n_names; i++) {
    WG_AUTO(wg_arena) arena;
    wg_arena_init(&arena, wg_heap(), 0);
    wg_dirent *list = NULL;
    size_t n = 0;
    const char *found = NULL;
    if (wg_os_list_dir(WG_CWD, at, &arena, &list, &n, err) != WG_OK) {
      return err->code == WG_E_NOT_FOUND ? WG_OK : err->code;
    }
    for (size_t k = 0; k < n; k++) {
      if (wg_name_cmp_nocase(wg_str_of(list[k].name), p->names[i]) == 0 &&
          (found == NULL || wg_str_eqz(p->names[i], list[k].name))) {
        found = list[k].name;
      }
    }
    if (found == NULL) {
      return WG_OK;
    }
    char *down = wg_path_join(at, found);
    wg_xfree(at);
    at = down;
  }
  *out = wg_take(&at);
  return WG_OK;
}

// The blob of the file at the path; *out_empty: it has none.
static wg_code read_wim_find(wg_image_reader *r, const wg_winpath *p, const char *path,
                             uint32_t *out, bool *out_empty, wg_error *err) {
  uint32_t entry = WG_WIM_NO_ENTRY;
  if (wg_image_edit_find(&r->tree, p, &r->arena, &entry, err) != WG_OK) {
    return err->code;
  }
  if (entry == WG_WIM_NO_ENTRY) {
    return wg_fail(err, WG_E_NOT_FOUND, "the image in '%s' has no '%s'", r->path, path);
  }
  const wg_wim_entry *e = &r->tree.entries[entry];
  if ((e->attributes & (WG_WIM_ATTR_DIRECTORY | WG_WIM_ATTR_REPARSE)) != 0) {
    return wg_fail(err, WG_E_UNSUPPORTED, "'%s' in the image is a folder or a link", path);
  }
  wg_sha1 hash = wg_wim_entry_data(e);
  *out_empty = wg_sha1_is_zero(&hash);
  if (!*out_empty && !wg_wim_find_blob(&r->file.wim, &hash, out)) {
    return wg_fail(err, WG_E_FORMAT, "'%s': the content of '%s' is not in the file", r->path, path);
  }
  return WG_OK;
}

// The host's file at the path.
static wg_code read_host_find(wg_image_reader *r, const wg_winpath *p, const char *path, char **out,
                              wg_error *err) {
  if (read_host_path(r, p, out, err) != WG_OK) {
    return err->code;
  }
  return *out != NULL ? WG_OK : wg_fail(err, WG_E_NOT_FOUND, "'%s' has no '%s'", r->path, path);
}

static wg_sha1 read_kept_key(const wg_wim_blob *b) {
  static const char label[] = "wingo content 1";
  uint8_t text[sizeof(label) + sizeof(b->hash.b)];
  memcpy(text, label, sizeof(label));
  memcpy(text + sizeof(label), b->hash.b, sizeof(b->hash.b));
  return wg_sha1_of(text, sizeof(text));
}

// A content out of a solid resource: what lies before it in its chunk, up to 64 MiB, is
// decompressed, too.
static wg_code read_solid(wg_image_reader *r, uint32_t blob, uint64_t max_bytes, wg_buf *out,
                          wg_error *err) {
  const wg_wim_blob *b = &r->file.wim.blobs[blob];
  wg_sha1 key = read_kept_key(b);
  size_t at = out->n;
  if (b->orig_bytes <= max_bytes && r->packed->get(r->kept, &key, b->orig_bytes, out) &&
      out->n - at == b->orig_bytes) {
    wg_sha1 got = wg_sha1_of(out->p + at, out->n - at);
    if (memcmp(&got, &b->hash, sizeof(got)) == 0) {
      return wg_buf_check(out, err);
    }
  }
  out->n = at;
  if (wg_wim_load_blob(&r->file.wim, r->file.decoder, blob, max_bytes, out, err) != WG_OK) {
    return err->code;
  }
  r->packed->put(r->kept, &key, b->orig_bytes, (wg_str){(const char *)out->p + at, out->n - at});
  return WG_OK;
}

static wg_code read_blob(wg_image_reader *r, uint32_t blob, uint64_t max_bytes, wg_buf *out,
                         wg_error *err) {
  const wg_wim_blob *b = &r->file.wim.blobs[blob];
  bool keep = r->kept != NULL && b->solid != WG_WIM_NO_SOLID && b->orig_bytes > 0 &&
              b->orig_bytes <= WG_IMAGE_PACKED_MAX_BYTES;
  return keep ? read_solid(r, blob, max_bytes, out, err)
              : wg_wim_load_blob(&r->file.wim, r->file.decoder, blob, max_bytes, out, err);
}

wg_code wg_image_reader_file(wg_image_reader *r, const char *path, uint64_t max_bytes, wg_buf *out,
                             wg_error *err) {
  WG_AUTO(wg_cstr) host = NULL;
  wg_winpath p;
  uint32_t blob = 0;
  bool empty = false;
  if (wg_winpath_parse(path, &r->arena, &p, err) != WG_OK) {
    return err->code;
  }
  if (r->kind == WG_IMAGE_BASE_DIR) {
    return read_host_find(r, &p, path, &host, err) == WG_OK
               ? wg_os_read_file(WG_CWD, host, max_bytes, out, err)
               : err->code;
  }
  if (read_wim_find(r, &p, path, &blob, &empty, err) != WG_OK) {
    return err->code;
  }
  if (!empty && read_blob(r, blob, max_bytes, out, err) != WG_OK) {
    return wg_wrap(err, "'%s': '%s'", r->path, path);
  }
  return WG_OK;
}

typedef struct read_save {
  int fd;
  wg_hash *hash;
  const wg_cancel *cancel;
} read_save;

static wg_code read_save_sink(void *ctx, const uint8_t *p, size_t n_bytes, wg_error *err) {
  const read_save *s = ctx;
  wg_hash_add(s->hash, p, n_bytes);
  return wg_os_write_all(s->fd, p, n_bytes, err) == WG_OK ? wg_cancel_check(s->cancel, err)
                                                          : err->code;
}

static wg_code read_save_blob(wg_image_reader *r, uint32_t blob, int fd, const wg_cancel *cancel,
                              wg_error *err) {
  WG_AUTO_PTR(wg_hash) h = NULL;
  wg_sha1 got;
  if (wg_hash_new(WG_SHA1, &h, err) != WG_OK) {
    return err->code;
  }
  read_save s = {fd, h, cancel};
  if (wg_wim_read_blob(&r->file.wim, r->file.decoder, blob, read_save_sink, &s, err) != WG_OK) {
    return err->code;
  }
  wg_hash_end(h, got.b);
  if (memcmp(&got, &r->file.wim.blobs[blob].hash, sizeof(got)) != 0) {
    return wg_fail(err, WG_E_VERIFY, "its content has another SHA-1: the file is damaged");
  }
  return WG_OK;
}

wg_code wg_image_reader_save(wg_image_reader *r, const char *path, const char *to,
                             const wg_cancel *cancel, wg_error *err) {
  WG_AUTO(wg_outfile) o = WG_OUTFILE_INIT;
  WG_AUTO(wg_cstr) host = NULL;
  WG_AUTO(wg_fd) in = -1;
  wg_winpath p;
  uint32_t blob = 0;
  bool empty = false;
  if (wg_winpath_parse(path, &r->arena, &p, err) != WG_OK) {
    return err->code;
  }
  if ((r->kind == WG_IMAGE_BASE_DIR ? read_host_find(r, &p, path, &host, err)
                                    : read_wim_find(r, &p, path, &blob, &empty, err)) != WG_OK ||
      wg_outfile_begin(&o, WG_CWD, to, 0600, false, err) != WG_OK) {
    return err->code;
  }
  if (host != NULL) {
    if (wg_os_open_read(WG_CWD, host, &in, err) != WG_OK ||
        wg_os_copy_fd(in, o.fd, cancel, NULL, err) != WG_OK) {
      return wg_wrap(err, "'%s'", host);
    }
  } else if (!empty && read_save_blob(r, blob, o.fd, cancel, err) != WG_OK) {
    return wg_os_is_room_error(err) ? err->code : wg_wrap(err, "'%s': '%s'", r->path, path);
  }
  return wg_outfile_commit(&o, err);
}

wg_code wg_image_reader_exists(wg_image_reader *r, const char *path, bool *out, wg_error *err) {
  wg_winpath p;
  uint32_t entry = WG_WIM_NO_ENTRY;
  WG_AUTO(wg_cstr) host = NULL;
  if (wg_winpath_parse(path, &r->arena, &p, err) != WG_OK) {
    return err->code;
  }
  wg_code code = r->kind == WG_IMAGE_BASE_DIR
                     ? read_host_path(r, &p, &host, err)
                     : wg_image_edit_find(&r->tree, &p, &r->arena, &entry, err);
  *out = host != NULL || entry != WG_WIM_NO_ENTRY;
  return code;
}
