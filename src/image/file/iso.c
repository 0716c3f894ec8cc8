// SPDX-License-Identifier: Apache-2.0
// A Windows ISO: the WIM, ESD or split WIM under its sources folder, as runs of the ISO's bytes.
#include <string.h>

#include "base/utf.h"
#include "fmt/udf/udf.h"
#include "image/file/open.h"
#include "os/proc.h"

typedef struct iso {
  wg_image_file *f;
  int fd; // borrowed
  wg_udf *udf;
  const char *dir; // "sources"
} iso;

static wg_code iso_read(void *ctx, uint64_t off, void *p, size_t n, wg_error *err) {
  const int *fd = ctx;
  return wg_os_pread_exact(*fd, p, n, off, err);
}

static wg_code iso_open(void *ctx, const char *name, wg_image_piece *out, wg_error *err) {
  const iso *s = ctx;
  wg_arena *arena = &s->f->arena;
  const char *path = wg_arena_printf(arena, "%s/%s", s->dir, name);
  wg_udf_extent *extents = NULL;
  wg_image_piece p = {.name = name};
  if (path == NULL) {
    return wg_arena_fail(arena, err);
  }
  if (wg_udf_extents(s->udf, path, arena, &extents, &p.n_segments, err) != WG_OK) {
    return err->code;
  }
  p.segments = wg_arena_new_array(arena, wg_image_segment, p.n_segments);
  if (p.segments == NULL) {
    return wg_arena_fail(arena, err);
  }
  for (size_t i = 0; i < p.n_segments; i++) {
    p.segments[i] = (wg_image_segment){
        .n_bytes = extents[i].n_bytes, .fd = s->fd, .fd_off_bytes = extents[i].off_bytes};
    p.n_bytes += extents[i].n_bytes;
  }
  if (wg_image_piece_header(&p, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  *out = p;
  return WG_OK;
}

static const char *const iso_names[] = {"install.wim", "install.esd", "install.swm"};
static const char *const iso_boot_names[] = {"boot.wim"};

// Names of the WIM that is wanted, the best one first.
static const char *const *iso_wanted(const wg_image_file *f, size_t *out_n) {
  bool boot = f->disc_wim == WG_IMAGE_DISC_BOOT;
  *out_n = boot ? WG_ARRAY_LEN(iso_boot_names) : WG_ARRAY_LEN(iso_names);
  return boot ? iso_boot_names : iso_names;
}

// Media for several architectures have a folder for each.
static void iso_add_elsewhere(const iso *s, const char *dir, wg_buf *out) {
  WG_AUTO(wg_arena) arena = {0};
  wg_udf_entry *list = NULL;
  size_t n = 0, n_names = 0;
  const char *const *names = iso_wanted(s->f, &n_names);
  wg_error ignored = WG_ERROR_INIT;
  wg_arena_init(&arena, wg_heap(), (size_t)64 << 20);
  if (wg_udf_list(s->udf, dir, &arena, &list, &n, &ignored) != WG_OK) {
    return;
  }
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < n_names; k++) {
      if (!list[i].is_dir && wg_str_eq_nocase(wg_str_of(list[i].name), names[k])) {
        wg_buf_printf(out, "%s%s/%s", out->n > 0 ? ", " : "", dir, list[i].name);
      }
    }
  }
}

// boot.wim is there where nothing of what Setup installs is: a medium of Windows PE.
static bool iso_has_boot(const wg_image_place *place) {
  for (size_t i = 0; i < place->n_names; i++) {
    if (wg_str_eq_nocase(wg_str_of(place->names[i]), iso_boot_names[0])) {
      return true;
    }
  }
  return false;
}

static wg_code iso_not_there(const iso *s, const wg_image_place *place, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  iso_add_elsewhere(s, "x64/sources", &b);
  iso_add_elsewhere(s, "x86/sources", &b);
  iso_add_elsewhere(s, "arm64/sources", &b);
  const char *label = wg_udf_label(s->udf);
  if (b.n > 0) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "the ISO '%s' is for several architectures; extract one of its images (7z x) "
                   "and name that file: %s",
                   label, wg_buf_z(&b));
  }
  if (s->f->disc_wim == WG_IMAGE_DISC_BOOT) {
    return wg_fail(err, WG_E_NOT_FOUND,
                   "the ISO '%s' has no sources/boot.wim: no installation medium of Windows; where "
                   "the image lies elsewhere in it, extract that (7z x) and name the file",
                   label);
  }
  return wg_fail(
      err, WG_E_NOT_FOUND,
      "the ISO '%s' has no sources/install.wim, sources/install.esd or "
      "sources/install.swm: no installation medium of Windows; %s",
      label,
      iso_has_boot(place)
          ? "for its sources/boot.wim write 'wim: boot' beside 'file'"
          : "where the image lies elsewhere in it, extract that (7z x) and name the file");
}

// Files of the folder, and the one of them that is the image.
static wg_code iso_look(iso *s, wg_image_place *place, const char **out, wg_error *err) {
  wg_udf_entry *list = NULL;
  size_t n = 0, n_names = 0;
  const char *const *names = iso_wanted(s->f, &n_names);
  if (wg_udf_list(s->udf, s->dir, place->arena, &list, &n, err) != WG_OK) {
    return err->code == WG_E_NOT_FOUND ? iso_not_there(s, place, err) : err->code;
  }
  place->names = wg_arena_new_array(place->arena, const char *, n);
  if (place->names == NULL) {
    return wg_arena_fail(place->arena, err);
  }
  for (size_t i = 0; i < n; i++) {
    if (!list[i].is_dir) {
      place->names[place->n_names++] = list[i].name;
    }
  }
  for (size_t k = 0; k < n_names; k++) {
    for (size_t i = 0; i < place->n_names; i++) {
      if (wg_str_eq_nocase(wg_str_of(place->names[i]), names[k])) {
        *out = place->names[i];
        return WG_OK;
      }
    }
  }
  return iso_not_there(s, place, err);
}

static wg_code iso_pieces(wg_image_file *f, int fd, wg_image_piece **out, size_t *out_n,
                          wg_error *err) {
  wg_udf_source src = {.read = iso_read, .ctx = &fd, .size_bytes = f->hosts[0].st.size_bytes};
  WG_AUTO_PTR(wg_udf) udf = NULL;
  if (wg_udf_open(&src, wg_heap(), &udf, err) != WG_OK) {
    return err->code;
  }
  iso s = {.f = f, .fd = fd, .udf = udf, .dir = "sources"};
  wg_image_place place = {.open = iso_open, .ctx = &s, .name = s.dir, .arena = &f->arena};
  const char *name = NULL;
  wg_image_piece *piece = wg_arena_new(&f->arena, wg_image_piece);
  if (piece == NULL) {
    return wg_arena_fail(&f->arena, err);
  }
  if (iso_look(&s, &place, &name, err) != WG_OK || iso_open(&s, name, piece, err) != WG_OK) {
    return err->code;
  }
  f->inside = wg_xprintf("%s/%s", s.dir, name);
  *out = piece;
  *out_n = 1;
  if (piece->hdr.n_parts > 1) {
    return wg_image_parts_find(&place, piece, out, out_n, err);
  }
  return WG_OK;
}

wg_code wg_image_iso_pieces(wg_image_file *f, int fd, wg_image_piece **out, size_t *out_n,
                            wg_error *err) {
  wg_os_mute_stdio(true); // libudfread says there what we say in an error
  wg_code code = iso_pieces(f, fd, out, out_n, err);
  wg_os_mute_stdio(false);
  return code;
}
