// SPDX-License-Identifier: Apache-2.0
#include "fmt/udf/udf.h"

#include <string.h>

#include <udfread/blockinput.h>
#include <udfread/udfread.h>

#include "base/utf.h"

#define UDF_FIRST_BLOCK 16u // of the volume recognition sequence
#define UDF_RECOGNITION_BLOCKS 64u
#define UDF_OPEN_BLOCKS 4096u // that opening may read: descriptors and the root folder
#define UDF_DIR_BLOCKS 16384u // a folder: 32 MiB
#define UDF_FILE_BLOCKS 16u   // a file's record and what continues its list of extents
#define UDF_MAX_REFUSED 64u
#define UDF_MAX_EXTENTS 16384u

struct wg_udf {
  udfread_block_input input; // first: libudfread hands back a pointer to it
  wg_udf_source src;
  const wg_alloc *alloc;
  udfread *lib;
  uint32_t budget;    // blocks that may still be read
  uint32_t n_refused; // reads refused since
  uint64_t behind;    // first offset asked for behind the end; UINT64_MAX: none
  wg_error err;       // what src reported first
};

wg_code wg_udf_detect(const wg_udf_source *src, wg_udf_kind *out, wg_error *err) {
  bool iso = false;
  *out = WG_UDF_NONE;
  for (uint32_t i = 0; i < UDF_RECOGNITION_BLOCKS; i++) {
    uint8_t id[7];
    uint64_t at = (uint64_t)(UDF_FIRST_BLOCK + i) * WG_UDF_BLOCK_BYTES;
    if (at + WG_UDF_BLOCK_BYTES > src->size_bytes && !iso) {
      break;
    }
    if (at + WG_UDF_BLOCK_BYTES > src->size_bytes) {
      return wg_fail_at(err, WG_E_FORMAT, src->size_bytes,
                        "an ISO image that ends after %llu bytes: it is cut short",
                        (unsigned long long)src->size_bytes);
    }
    if (src->read(src->ctx, at, id, sizeof(id), err) != WG_OK) {
      return err->code;
    }
    if (memcmp(id + 1, "NSR02", 5) == 0 || memcmp(id + 1, "NSR03", 5) == 0) {
      *out = WG_UDF_VOLUME;
      return WG_OK;
    }
    bool cd = memcmp(id + 1, "CD001", 5) == 0;
    iso = iso || cd;
    if (!cd && memcmp(id + 1, "BEA01", 5) != 0 && memcmp(id + 1, "BOOT2", 5) != 0) {
      break;
    }
  }
  *out = iso ? WG_UDF_ISO_9660 : WG_UDF_NONE;
  return WG_OK;
}

// A block that ends every search of libudfread: a terminating descriptor. Otherwise it would go on
// over millions of blocks that are not there.
static void udf_put_end(uint8_t *p) {
  memset(p, 0, WG_UDF_BLOCK_BYTES);
  p[0] = 8;     // tag
  p[2] = 2;     // descriptor version
  p[4] = 8 + 2; // checksum: sum of the other bytes of the tag
}

static int udf_refuse(wg_udf *u, uint8_t *p) {
  if (u->n_refused++ < UDF_MAX_REFUSED) {
    return -1;
  }
  udf_put_end(p);
  return 1;
}

static int udf_read(udfread_block_input *input, uint32_t lba, void *buf, uint32_t n_blocks,
                    int flags) {
  wg_udf *u = (wg_udf *)(void *)input;
  uint64_t off = (uint64_t)lba * WG_UDF_BLOCK_BYTES, size = u->src.size_bytes;
  (void)flags;
  if (n_blocks == 0) {
    return 0;
  }
  if (off >= size || size - off < WG_UDF_BLOCK_BYTES) {
    u->behind = off < u->behind ? off : u->behind;
    return udf_refuse(u, buf);
  }
  if (u->budget == 0 || u->err.code != WG_OK) {
    return udf_refuse(u, buf);
  }
  u->budget--;
  if (u->src.read(u->src.ctx, off, buf, WG_UDF_BLOCK_BYTES, &u->err) != WG_OK) {
    return udf_refuse(u, buf);
  }
  return 1;
}

static uint32_t udf_size(udfread_block_input *input) {
  const wg_udf *u = (const wg_udf *)(const void *)input;
  uint64_t n = u->src.size_bytes / WG_UDF_BLOCK_BYTES;
  return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static void udf_start(wg_udf *u, uint32_t budget) {
  u->budget = budget;
  u->n_refused = 0;
  u->behind = UINT64_MAX;
  u->err = (wg_error)WG_ERROR_INIT;
}

// Why libudfread gave nothing.
static wg_code udf_fail(const wg_udf *u, const char *what, wg_error *err) {
  if (u->err.code != WG_OK) {
    *err = u->err;
    return err->code;
  }
  if (u->behind != UINT64_MAX) {
    return wg_fail_at(err, WG_E_FORMAT, u->behind,
                      "%s can't be read: it should be at 0x%llx, behind the end of the %llu bytes: "
                      "the file is cut short or damaged",
                      what, (unsigned long long)u->behind, (unsigned long long)u->src.size_bytes);
  }
  if (u->budget == 0) {
    return wg_fail(err, WG_E_LIMIT, "%s is larger than it may be", what);
  }
  return wg_fail(err, WG_E_FORMAT, "%s can't be read: its UDF file system is damaged", what);
}

void wg_udf_close(wg_udf *u) {
  if (u != NULL) {
    udfread_close(u->lib);
    wg_alloc_free(u->alloc, u);
  }
}

wg_code wg_udf_open(const wg_udf_source *src, const wg_alloc *alloc, wg_udf **out, wg_error *err) {
  WG_AUTO_PTR(wg_udf) u = wg_alloc_get(alloc, sizeof(*u));
  if (u == NULL) {
    return wg_fail(err, WG_E_NOMEM, "no memory for a UDF volume");
  }
  *u = (wg_udf){.input = {.read = udf_read, .size = udf_size}, .src = *src, .alloc = alloc};
  udf_start(u, UDF_OPEN_BLOCKS);
  u->lib = udfread_init();
  if (u->lib == NULL) {
    return wg_fail(err, WG_E_NOMEM, "no memory for a UDF volume");
  }
  if (udfread_open_input(u->lib, &u->input) < 0) {
    return udf_fail(u, "the UDF volume", err);
  }
  *out = wg_take(&u);
  return WG_OK;
}

const char *wg_udf_label(const wg_udf *u) {
  const char *label = udfread_get_volume_id(u->lib);
  return label == NULL ? "" : label;
}

typedef UDFDIR *udf_dir;
static void udf_dir_done(udf_dir *d) {
  if (*d != NULL) {
    udfread_closedir(*d);
  }
}
WG_DEFINE_AUTO(udf_dir, udf_dir_done);

typedef UDFFILE *udf_file;
static void udf_file_done(udf_file *f) {
  udfread_file_close(*f);
}
WG_DEFINE_AUTO(udf_file, udf_file_done);

// The name in the folder that is meant, as it stands there; NULL when it is not there.
static const char *udf_match(UDFDIR *dir, wg_str name, bool is_dir) {
  struct udfread_dirent e;
  const char *found = NULL;
  udfread_rewinddir(dir);
  while (udfread_readdir(dir, &e) != NULL) {
    if ((e.d_type == UDF_DT_DIR) != is_dir || e.d_name == NULL) {
      continue;
    }
    if (wg_str_eqz(name, e.d_name)) {
      return e.d_name;
    }
    if (found == NULL && wg_name_cmp_nocase(wg_str_of(e.d_name), name) == 0) {
      found = e.d_name;
    }
  }
  return found;
}

static wg_code udf_not_found(const char *path, wg_error *err) {
  return wg_fail(err, WG_E_NOT_FOUND, "there is no '%s'", path);
}

// Opens the folder that path's first n_bytes name.
static wg_code udf_open_dir(wg_udf *u, const char *path, size_t n_bytes, udf_dir *out,
                            wg_error *err) {
  udf_start(u, UDF_DIR_BLOCKS);
  WG_AUTO(udf_dir) dir = udfread_opendir(u->lib, "/");
  if (dir == NULL) {
    return udf_fail(u, "the root folder", err);
  }
  for (size_t at = 0; at < n_bytes;) {
    wg_str name = {path + at, 0};
    while (at + name.n < n_bytes && name.p[name.n] != '/') {
      name.n++;
    }
    at += name.n + 1;
    const char *as_is = udf_match(dir, name, true);
    if (as_is == NULL) {
      return udf_not_found(path, err);
    }
    udf_start(u, UDF_DIR_BLOCKS);
    UDFDIR *down = udfread_opendir_at(dir, as_is);
    if (down == NULL) {
      return udf_fail(u, as_is, err);
    }
    udfread_closedir(dir);
    dir = down;
  }
  *out = dir;
  dir = NULL;
  return WG_OK;
}

wg_code wg_udf_list(wg_udf *u, const char *path, wg_arena *arena, wg_udf_entry **out, size_t *out_n,
                    wg_error *err) {
  WG_AUTO(udf_dir) dir = NULL;
  struct udfread_dirent e;
  size_t n = 0;
  if (udf_open_dir(u, path, strlen(path), &dir, err) != WG_OK) {
    return err->code;
  }
  while (udfread_readdir(dir, &e) != NULL) {
    n++;
  }
  wg_udf_entry *list = wg_arena_new_array(arena, wg_udf_entry, n);
  if (list == NULL) {
    return wg_arena_fail(arena, err);
  }
  udfread_rewinddir(dir);
  n = 0;
  while (udfread_readdir(dir, &e) != NULL) {
    if (e.d_name != NULL && e.d_name[0] != '\0') {
      list[n] = (wg_udf_entry){wg_arena_strdup(arena, e.d_name), e.d_type == UDF_DT_DIR};
      if (list[n++].name == NULL) {
        return wg_arena_fail(arena, err);
      }
    }
  }
  *out = list;
  *out_n = n;
  return WG_OK;
}

typedef struct udf_extents {
  wg_udf_extent v[UDF_MAX_EXTENTS];
  size_t n;
} udf_extents;

static wg_code udf_add_block(const wg_udf *u, udf_extents *x, uint32_t lba, uint64_t n_bytes,
                             wg_error *err) {
  uint64_t off = (uint64_t)lba * WG_UDF_BLOCK_BYTES;
  if (off > u->src.size_bytes || n_bytes > u->src.size_bytes - off) {
    return wg_fail_at(err, WG_E_FORMAT, off,
                      "its bytes from 0x%llx on are behind the end of the %llu bytes: the file is "
                      "cut short or damaged",
                      (unsigned long long)off, (unsigned long long)u->src.size_bytes);
  }
  if (x->n > 0 && x->v[x->n - 1].off_bytes + x->v[x->n - 1].n_bytes == off) {
    x->v[x->n - 1].n_bytes += n_bytes;
    return WG_OK;
  }
  if (x->n == UDF_MAX_EXTENTS) {
    return wg_fail_at(err, WG_E_LIMIT, off, "it is in more than %u pieces", UDF_MAX_EXTENTS);
  }
  x->v[x->n++] = (wg_udf_extent){off, n_bytes};
  return WG_OK;
}

static wg_code udf_map(const wg_udf *u, UDFFILE *f, udf_extents *x, wg_error *err) {
  int64_t size = udfread_file_size(f);
  if (size < 0 || (uint64_t)size > u->src.size_bytes) {
    return wg_fail(err, WG_E_FORMAT, "it says that it has %lld bytes, more than the %llu of all",
                   (long long)size, (unsigned long long)u->src.size_bytes);
  }
  uint64_t left = (uint64_t)size;
  for (uint32_t i = 0; left > 0; i++) {
    uint64_t n = left < WG_UDF_BLOCK_BYTES ? left : WG_UDF_BLOCK_BYTES;
    uint32_t lba = udfread_file_lba(f, i);
    if (lba == 0 && i == 0 && left < WG_UDF_BLOCK_BYTES) {
      return wg_fail(err, WG_E_UNSUPPORTED, "its %llu bytes are kept in its directory record",
                     (unsigned long long)left);
    }
    if (lba == 0) {
      return wg_fail_at(err, WG_E_FORMAT, (uint64_t)i * WG_UDF_BLOCK_BYTES,
                        "its byte 0x%llx is not recorded: the UDF file system is damaged",
                        (unsigned long long)i * WG_UDF_BLOCK_BYTES);
    }
    if (udf_add_block(u, x, lba, n, err) != WG_OK) {
      return err->code;
    }
    left -= n;
  }
  return WG_OK;
}

wg_code wg_udf_extents(wg_udf *u, const char *path, wg_arena *arena, wg_udf_extent **out,
                       size_t *out_n, wg_error *err) {
  WG_AUTO(udf_dir) dir = NULL;
  WG_AUTO(udf_file) file = NULL;
  const char *slash = strrchr(path, '/');
  wg_str name = slash == NULL ? wg_str_of(path) : wg_str_of(slash + 1);
  if (udf_open_dir(u, path, slash == NULL ? 0 : (size_t)(slash - path), &dir, err) != WG_OK) {
    return err->code;
  }
  const char *as_is = udf_match(dir, name, false);
  if (as_is == NULL) {
    return udf_not_found(path, err);
  }
  udf_start(u, UDF_FILE_BLOCKS);
  file = udfread_file_openat(dir, as_is);
  if (file == NULL) {
    return udf_fail(u, path, err);
  }
  udf_extents *x = wg_arena_new(arena, udf_extents);
  if (x == NULL) {
    return wg_arena_fail(arena, err);
  }
  if (udf_map(u, file, x, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  *out = x->v;
  *out_n = x->n;
  return WG_OK;
}
