// SPDX-License-Identifier: Apache-2.0
// Opening a base file: what it is, the files that belong to it, and its bytes as runs of theirs.
#include <string.h>

#include "base/sort.h"
#include "base/utf.h"
#include "image/file/holes.h"
#include "image/file/open.h"

wg_image_segment wg_image_file_segment(const wg_image_file *f, uint64_t off_bytes,
                                       uint64_t max_bytes) {
  size_t lo = 0, hi = f->n_segments;
  while (hi - lo > 1) {
    size_t mid = lo + (hi - lo) / 2;
    if (f->segments[mid].off_bytes <= off_bytes) {
      lo = mid;
    } else {
      hi = mid;
    }
  }
  wg_image_segment s = f->segments[lo];
  uint64_t skip = off_bytes - s.off_bytes;
  wg_assert(skip < s.n_bytes);
  s.off_bytes = off_bytes;
  s.fd_off_bytes += skip;
  s.n_bytes -= skip;
  s.n_bytes = s.n_bytes < max_bytes ? s.n_bytes : max_bytes;
  return s;
}

wg_code wg_image_file_read(const wg_image_file *f, uint64_t off_bytes, void *p, size_t n_bytes,
                           wg_error *err) {
  uint8_t *to = p;
  while (n_bytes > 0) {
    wg_image_segment s = wg_image_file_segment(f, off_bytes, n_bytes);
    if (wg_os_pread_exact(s.fd, to, (size_t)s.n_bytes, s.fd_off_bytes, err) != WG_OK) {
      return f->n_hosts > 1 ? wg_wrap(err, "'%s'", f->hosts[s.host].path) : err->code;
    }
    to += s.n_bytes;
    off_bytes += s.n_bytes;
    n_bytes -= (size_t)s.n_bytes;
  }
  return WG_OK;
}

static wg_code file_read(void *ctx, uint64_t off, void *p, size_t n, wg_error *err) {
  return wg_image_file_read(ctx, off, p, n, err);
}

// The pieces, one after the other, as one WIM.
static wg_code file_open_wim(wg_image_file *f, const wg_image_piece *pieces, size_t n,
                             wg_error *err) {
  size_t n_segments = 0;
  for (size_t i = 0; i < n; i++) {
    n_segments += pieces[i].n_segments;
  }
  f->segments = wg_arena_new_array(&f->arena, wg_image_segment, n_segments);
  wg_wim_part *parts = wg_arena_new_array(&f->arena, wg_wim_part, n);
  if (f->segments == NULL || parts == NULL) {
    return wg_arena_fail(&f->arena, err);
  }
  uint64_t at = 0;
  for (size_t i = 0; i < n; i++) {
    parts[i] = (wg_wim_part){.off_bytes = at, .n_bytes = pieces[i].n_bytes};
    for (size_t k = 0; k < pieces[i].n_segments; k++) {
      wg_image_segment *s = &f->segments[f->n_segments++];
      *s = pieces[i].segments[k];
      s->off_bytes = at;
      at += s->n_bytes;
    }
  }
  wg_wim_source src = {.read = file_read, .ctx = f, .size_bytes = at};
  if (wg_wim_decoder_new(wg_heap(), &f->decoder, err) != WG_OK) {
    return err->code;
  }
  return wg_wim_open_parts(&src, parts, n, &f->arena, NULL, &f->wim, err);
}

// A whole host file as a piece.
static wg_code file_host_piece(wg_image_file *f, int fd, const wg_stat *st, uint32_t host,
                               const char *name, wg_image_piece *out, wg_error *err) {
  wg_image_segment *s = wg_arena_new(&f->arena, wg_image_segment);
  if (s == NULL) {
    return wg_arena_fail(&f->arena, err);
  }
  *s = (wg_image_segment){.n_bytes = st->size_bytes, .fd = fd, .host = host};
  *out = (wg_image_piece){
      .name = name, .segments = s, .n_segments = st->size_bytes > 0, .n_bytes = st->size_bytes};
  return WG_OK;
}

wg_code wg_image_piece_header(wg_image_piece *p, wg_error *err) {
  uint8_t head[WG_WIM_HEADER_BYTES];
  if (p->n_bytes < sizeof(head)) {
    return wg_fail_at(err, WG_E_FORMAT, p->n_bytes,
                      "not a WIM: %llu bytes are less than its header",
                      (unsigned long long)p->n_bytes);
  }
  size_t done = 0;
  for (size_t i = 0; done < sizeof(head) && i < p->n_segments; i++) {
    const wg_image_segment *s = &p->segments[i];
    size_t n = s->n_bytes < sizeof(head) - done ? (size_t)s->n_bytes : sizeof(head) - done;
    if (wg_os_pread_exact(s->fd, head + done, n, s->fd_off_bytes, err) != WG_OK) {
      return err->code;
    }
    done += n;
  }
  return wg_wim_header_parse(head, &p->hdr, err);
}

static wg_image_host *file_add_host(wg_image_file *f, const char *path, wg_fd *fd,
                                    const wg_stat *st) {
  f->hosts = wg_xrealloc(f->hosts, f->n_hosts + 1, sizeof(f->hosts[0]));
  wg_image_host *h = &f->hosts[f->n_hosts++];
  *h = (wg_image_host){
      .fd = wg_fd_take(fd), .path = path == NULL ? NULL : wg_xstrdup(path), .st = *st};
  return h;
}

wg_code wg_image_file_use(wg_image_file *f, int fd, const char *path, wg_error *err) {
  wg_arena_init(&f->arena, wg_heap(), 0);
  f->path = wg_xstrdup(path);
  wg_fd none = -1;
  wg_stat st;
  wg_image_kind kind = WG_IMAGE_KIND_NONE;
  wg_image_piece piece, *pieces = &piece;
  size_t n = 1;
  if (wg_os_fstat(fd, &st, err) != WG_OK) {
    return err->code;
  }
  (void)file_add_host(f, NULL, &none, &st);
  if (wg_image_detect(fd, st.size_bytes, "", &kind, err) != WG_OK) {
    return err->code;
  }
  wg_code code = kind == WG_IMAGE_KIND_ISO ? wg_image_iso_pieces(f, fd, &pieces, &n, err)
                                           : file_host_piece(f, fd, &st, 0, NULL, &piece, err);
  return code == WG_OK ? file_open_wim(f, pieces, n, err) : code;
}

// --- The parts of a split WIM in a folder of the host.

typedef struct host_place {
  wg_image_file *f;
  const char *dir;
} host_place;

static wg_code host_open(void *ctx, const char *name, wg_image_piece *out, wg_error *err) {
  const host_place *h = ctx;
  WG_AUTO(wg_cstr) path = wg_path_join(h->dir, name);
  WG_AUTO(wg_fd) fd = -1;
  wg_stat st;
  wg_image_piece p;
  if (wg_os_open_read(WG_CWD, path, &fd, err) != WG_OK || wg_os_fstat(fd, &st, err) != WG_OK ||
      file_host_piece(h->f, fd, &st, (uint32_t)h->f->n_hosts, name, &p, err) != WG_OK ||
      wg_image_piece_header(&p, err) != WG_OK) {
    return err->code;
  }
  *out = p;
  (void)file_add_host(h->f, path, &fd, &st);
  return WG_OK;
}

static wg_code host_parts(wg_image_file *f, const wg_image_piece *first, wg_image_piece **out,
                          size_t *out_n, wg_error *err) {
  WG_AUTO(wg_cstr) dir = wg_path_dirname(f->path);
  wg_dirent *list = NULL;
  size_t n = 0;
  host_place h = {f, dir};
  if (wg_os_list_dir(WG_CWD, dir, &f->arena, &list, &n, err) != WG_OK) {
    return err->code;
  }
  wg_image_place place = {.open = host_open, .ctx = &h, .name = dir, .arena = &f->arena};
  place.names = wg_arena_new_array(&f->arena, const char *, n);
  if (place.names == NULL) {
    return wg_arena_fail(&f->arena, err);
  }
  for (size_t i = 0; i < n; i++) {
    if (list[i].type == WG_FT_FILE || list[i].type == WG_FT_SYMLINK) {
      place.names[place.n_names++] = list[i].name;
    }
  }
  return wg_image_parts_find(&place, first, out, out_n, err);
}

// What path is made of: hosts, and the pieces that are its WIM.
static wg_code file_gather(wg_image_file *f, const char *path, wg_image_piece **out, size_t *out_n,
                           wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  wg_stat st;
  wg_image_kind kind = WG_IMAGE_KIND_NONE;
  wg_image_piece *piece = wg_arena_new(&f->arena, wg_image_piece);
  if (piece == NULL) {
    return wg_arena_fail(&f->arena, err);
  }
  if (wg_os_open_read(WG_CWD, path, &fd, err) != WG_OK) {
    return err->code;
  }
  if (wg_os_fstat(fd, &st, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  wg_image_host *h = file_add_host(f, path, &fd, &st);
  if (wg_image_detect(h->fd, st.size_bytes, path, &kind, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  if (kind != WG_IMAGE_KIND_ISO && f->disc_wim != WG_IMAGE_DISC_ANY) {
    return wg_fail(err, WG_E_USAGE,
                   "'%s' is no ISO, in which 'wim' would choose install.wim or boot.wim: leave "
                   "'wim' out",
                   path);
  }
  if (kind == WG_IMAGE_KIND_ISO) {
    return wg_image_iso_pieces(f, h->fd, out, out_n, err) == WG_OK ? WG_OK
                                                                   : wg_wrap(err, "'%s'", path);
  }
  if (file_host_piece(f, h->fd, &st, 0, wg_path_basename(f->path), piece, err) != WG_OK ||
      wg_image_piece_header(piece, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  *out = piece;
  *out_n = 1;
  if (piece->hdr.n_parts > 1 && host_parts(f, piece, out, out_n, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  return WG_OK;
}

wg_code wg_image_file_open(wg_image_file *f, const char *path, wg_error *err) {
  wg_image_piece *pieces = NULL;
  size_t n = 0;
  f->path = wg_xstrdup(path);
  wg_arena_init(&f->arena, wg_heap(), 0);
  if (file_gather(f, path, &pieces, &n, err) != WG_OK) {
    return err->code;
  }
  if (file_open_wim(f, pieces, n, err) != WG_OK) {
    return f->inside == NULL ? wg_wrap(err, "'%s'", path)
                             : wg_wrap(err, "'%s': %s", path, f->inside);
  }
  return WG_OK;
}

// The files that the holes lead to, as hosts behind f's own.
static wg_code holes_hosts(wg_image_file *f, const wg_image_holes *holes, wg_error *err) {
  for (size_t i = 0; i <= holes->n_paths; i++) {
    const char *path = i == 0 ? f->path : holes->paths[i - 1];
    WG_AUTO(wg_fd) fd = -1;
    wg_stat st;
    if (wg_os_open_read(WG_CWD, path, &fd, err) != WG_OK || wg_os_fstat(fd, &st, err) != WG_OK) {
      return wg_wrap(err, "'%s'", path);
    }
    (void)file_add_host(f, path, &fd, &st);
  }
  return WG_OK;
}

static void holes_run(wg_image_file *f, wg_image_piece *p, size_t host, uint64_t from, uint64_t n) {
  if (n > 0) {
    p->segments[p->n_segments++] = (wg_image_segment){
        .n_bytes = n, .fd = f->hosts[host].fd, .fd_off_bytes = from, .host = (uint32_t)host};
  }
}

static wg_code file_open_holes(wg_image_file *f, const char *path, const wg_image_holes *holes,
                               wg_error *err) {
  wg_image_piece piece = {0};
  f->path = wg_xstrdup(path);
  f->holes = holes;
  wg_arena_init(&f->arena, wg_heap(), 0);
  piece.segments = wg_arena_new_array(&f->arena, wg_image_segment, 2 * holes->n + 1);
  if (piece.segments == NULL) {
    return wg_arena_fail(&f->arena, err);
  }
  if (holes_hosts(f, holes, err) != WG_OK) {
    return err->code;
  }
  uint64_t at = 0;
  for (size_t i = 0; i < holes->n; i++) {
    const wg_image_hole *h = &holes->v[i];
    holes_run(f, &piece, 0, at, h->off_bytes - at);
    holes_run(f, &piece, h->path + 1, h->from_bytes, h->n_bytes);
    at = h->off_bytes + h->n_bytes;
  }
  piece.n_bytes = f->hosts[0].st.size_bytes;
  wg_assert(at <= piece.n_bytes); // what ends a file is written behind all that
  holes_run(f, &piece, 0, at, piece.n_bytes - at);
  return file_open_wim(f, &piece, 1, err) == WG_OK ? WG_OK : wg_wrap(err, "'%s'", path);
}

wg_code wg_image_file_open_base(wg_image_file *f, const wg_image_base *base, wg_error *err) {
  if (base->holes != NULL) {
    return file_open_holes(f, base->path, base->holes, err);
  }
  f->disc_wim = base->wim;
  return wg_image_file_open(f, base->path, err);
}

void wg_image_file_done(wg_image_file *f) {
  for (size_t i = 0; i < f->n_hosts; i++) {
    wg_fd_done(&f->hosts[i].fd);
    wg_xfree(f->hosts[i].path);
  }
  wg_xfree(f->hosts);
  wg_wim_decoder_free(f->decoder);
  wg_xfree(f->path);
  wg_xfree(f->inside);
  wg_arena_done(&f->arena);
  *f = (wg_image_file)WG_IMAGE_FILE_INIT;
}

static wg_code base_files_list(const wg_image_file *f, const wg_image_piece *pieces, size_t n,
                               wg_arena *arena, const char *const **out, size_t *out_n,
                               wg_error *err) {
  const char **list = wg_arena_new_array(arena, const char *, n + 1);
  if (list == NULL) {
    return wg_arena_fail(arena, err);
  }
  size_t n_list = 0;
  list[n_list++] = wg_arena_strdup(arena, f->path);
  for (size_t i = 0; i < n; i++) {
    uint32_t host = pieces[i].segments[0].host;
    if (host != 0) {
      list[n_list++] = wg_arena_strdup(arena, f->hosts[host].path);
    }
  }
  for (size_t i = 0; i < n_list; i++) {
    if (list[i] == NULL) {
      return wg_arena_fail(arena, err);
    }
  }
  *out = list;
  *out_n = n_list;
  return WG_OK;
}

wg_code wg_image_base_files(const wg_image_base *base, wg_arena *arena, const char *const **out,
                            size_t *out_n, wg_error *err) {
  WG_AUTO(wg_image_file) f = WG_IMAGE_FILE_INIT;
  wg_image_piece *pieces = NULL;
  size_t n = 0;
  f.disc_wim = base->wim;
  f.path = wg_xstrdup(base->path);
  wg_arena_init(&f.arena, wg_heap(), 0);
  if (base->kind == WG_IMAGE_BASE_WIM && file_gather(&f, base->path, &pieces, &n, err) != WG_OK) {
    return err->code;
  }
  return base_files_list(&f, pieces, n, arena, out, out_n, err);
}

static int file_order_cmp(const void *a, const void *b, void *ctx) {
  const wg_wim *w = ctx;
  const wg_wim_blob *x = &w->blobs[*(const uint32_t *)a], *y = &w->blobs[*(const uint32_t *)b];
  uint64_t xs = x->solid == WG_WIM_NO_SOLID ? x->off_bytes : w->solids[x->solid].off_bytes;
  uint64_t ys = y->solid == WG_WIM_NO_SOLID ? y->off_bytes : w->solids[y->solid].off_bytes;
  if (xs != ys) {
    return xs < ys ? -1 : 1;
  }
  return x->off_bytes != y->off_bytes ? (x->off_bytes < y->off_bytes ? -1 : 1)
                                      : memcmp(&x->hash, &y->hash, sizeof(x->hash));
}

void wg_image_file_order(const wg_image_file *f, uint32_t *blobs, size_t n) {
  if (n > 1) {
    wg_sort(blobs, n, sizeof(blobs[0]), file_order_cmp, (void *)(uintptr_t)&f->wim);
  }
}
