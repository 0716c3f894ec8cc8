// SPDX-License-Identifier: Apache-2.0
#include "image/file/open.h"

#include <string.h>

#include "base/utf.h"

// "1 'Windows 11 Pro' (shown as '...', edition Professional)"
static void find_list_one(const wg_wim_facts *f, uint32_t i, wg_buf *b) {
  bool shown = f->display_name[0] != '\0' && strcmp(f->display_name, f->name) != 0;
  const char *edition = f->edition[0] != '\0' ? f->edition : f->flags;
  wg_buf_printf(b, "%u", (unsigned)i + 1);
  if (f->name[0] != '\0') {
    wg_buf_printf(b, " '%s'", f->name);
  }
  if (shown) {
    wg_buf_printf(b, " (shown as '%s'%s", f->display_name, edition[0] == '\0' ? ")" : "");
  }
  if (edition[0] != '\0') {
    wg_buf_printf(b, "%sedition %s)", shown ? ", " : " (", edition);
  }
}

// only: NULL or which to list.
static void find_list(const wg_wim *w, const bool *only, wg_buf *b) {
  size_t n = 0;
  for (uint32_t i = 0; i < w->n_images; i++) {
    if (only == NULL || only[i]) {
      wg_buf_printf(b, "%s", n++ > 0 ? ", " : "");
      find_list_one(&w->facts[i], i, b);
    }
  }
}

static wg_code find_none(const wg_wim *w, const char *which, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  find_list(w, NULL, &b);
  if (w->n_images == 0) {
    return wg_fail(err, WG_E_NOT_FOUND, "the file has no image");
  }
  if (which == NULL) {
    return wg_fail(err, WG_E_NOT_FOUND,
                   "the file has %u images; name one (IMAGE behind the file, or FILE:1): %s",
                   (unsigned)w->n_images, wg_buf_z(&b));
  }
  return wg_fail(err, WG_E_NOT_FOUND, "there is no image '%s'; there %s %s", which,
                 w->n_images == 1 ? "is" : "are", wg_buf_z(&b));
}

// Before anything is looked for: a part of a split WIM may have no image at all.
wg_code wg_image_file_check_whole(const wg_image_file *f, wg_error *err) {
  const wg_wim *w = &f->wim;
  const wg_wim_header *h = &w->hdr;
  if (!wg_wim_is_whole(w)) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "part %u of %u of a split WIM by itself; put the other parts beside it",
                   (unsigned)h->part, (unsigned)h->n_parts);
  }
  if ((h->flags & WG_WIM_HDR_WRITE_IN_PROGRESS) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, 0x10,
                      "its writing was not finished (a flag in the header says so); make it again");
  }
  return WG_OK;
}

typedef enum find_by { // what a name is compared with, in this order
  FIND_NAME,
  FIND_INDEX,
  FIND_DISPLAY_NAME,
  FIND_EDITION,
  FIND_END
} find_by;

static bool find_text(const char *have, wg_str which, bool nocase) {
  wg_str s = wg_str_of(have);
  return s.n > 0 && (nocase ? wg_name_cmp_nocase(s, which) == 0 : wg_str_eq(s, which));
}

static bool find_fits(const wg_wim *w, uint32_t i, find_by by, wg_str which, bool nocase) {
  const wg_wim_facts *f = &w->facts[i];
  uint64_t index = 0;
  switch (by) {
  case FIND_NAME:
    return find_text(f->name, which, nocase);
  case FIND_INDEX:
    return wg_parse_u64(which, &index) && index == (uint64_t)i + 1;
  case FIND_DISPLAY_NAME:
    return find_text(f->display_name, which, nocase);
  case FIND_EDITION:
    return find_text(f->edition, which, nocase) || find_text(f->flags, which, nocase);
  case FIND_END:
    break;
  }
  return false;
}

// The images that fit: *out is the last of them.
static size_t find_all(const wg_wim *w, find_by by, wg_str which, bool nocase, bool *fits,
                       uint32_t *out) {
  size_t n = 0;
  for (uint32_t i = 0; i < w->n_images; i++) {
    fits[i] = find_fits(w, i, by, which, nocase);
    if (fits[i]) {
      *out = i;
      n++;
    }
  }
  return n;
}

static wg_code find_named(const wg_wim *w, const char *which, bool *fits, uint32_t *out,
                          wg_error *err) {
  for (int nocase = 0; nocase < 2; nocase++) {
    for (find_by by = FIND_NAME; by < FIND_END; by++) {
      size_t n = find_all(w, by, wg_str_of(which), nocase == 1, fits, out);
      if (n == 1) {
        return WG_OK;
      }
      if (n > 1) {
        WG_AUTO(wg_buf) b = {0};
        wg_buf_init(&b, wg_heap(), 0);
        find_list(w, fits, &b);
        return wg_fail(err, WG_E_CONFLICT, "%zu images are meant by '%s': %s; give the number", n,
                       which, wg_buf_z(&b));
      }
    }
  }
  return find_none(w, which, err);
}

wg_code wg_image_file_find(const wg_image_file *f, const char *which, uint32_t *out,
                           wg_error *err) {
  const wg_wim *w = &f->wim;
  uint32_t found = 0;
  if (wg_image_file_check_whole(f, err) != WG_OK) {
    return err->code;
  }
  if (which == NULL && w->n_images == 1) {
    *out = 0;
    return WG_OK;
  }
  if (which == NULL) {
    return find_none(w, which, err);
  }
  bool *fits = wg_xarray((size_t)w->n_images + 1, sizeof(*fits));
  wg_code code = find_named(w, which, fits, &found, err);
  wg_xfree(fits);
  if (code == WG_OK) {
    *out = found;
  }
  return code;
}

wg_code wg_image_file_check(const wg_image_file *f, uint32_t image, wg_error *err) {
  if (wg_str_eqz(wg_str_of(f->wim.facts[image].wimboot), "1")) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "image %u is a WIMBoot image, which cannot be serviced offline; use an ordinary "
                   "install.wim",
                   (unsigned)image + 1);
  }
  return WG_OK;
}

wg_code wg_image_file_tree(const wg_image_file *f, uint32_t image, wg_arena *arena, size_t n_extra,
                           wg_buf *bytes, wg_wim_tree *out, wg_error *err) {
  const wg_wim *w = &f->wim;
  if (wg_wim_load_blob(w, f->decoder, w->metadata[image], w->limits.max_metadata_bytes, bytes,
                       err) != WG_OK ||
      wg_wim_tree_parse(bytes->p, bytes->n, arena, &w->limits, n_extra, out, err) != WG_OK) {
    return wg_wrap(err, "'%s': metadata of image %u", f->path, (unsigned)image + 1);
  }
  return WG_OK;
}

wg_code wg_image_file_check_trees(const wg_image_file *f, wg_error *err) {
  for (uint32_t i = 0; i < f->wim.n_images; i++) {
    WG_AUTO(wg_arena) arena = {0};
    WG_AUTO(wg_buf) bytes = {0};
    wg_wim_tree t;
    wg_arena_init(&arena, wg_heap(), (size_t)8 << 30);
    wg_buf_init(&bytes, wg_heap(), (size_t)1 << 31);
    if (wg_image_file_tree(f, i, &arena, 0, &bytes, &t, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// In an ESD everything is LZMS; a solid resource goes over whole. Stored bytes of a compressed file
// are those that did not get smaller.
bool wg_image_can_keep(const wg_wim *w, const wg_wim_blob *b, wg_image_format format) {
  bool esd = format == WG_IMAGE_FORMAT_ESD;
  if (b->solid != WG_WIM_NO_SOLID) {
    const wg_wim_solid *s = &w->solids[b->solid];
    return esd && s->codec == WG_WIM_CODEC_LZMS && s->chunk_bytes <= WG_WIM_SOLID_CHUNK_BYTES;
  }
  if ((b->flags & WG_WIM_RES_COMPRESSED) == 0) {
    return w->hdr.codec != WG_WIM_CODEC_NONE;
  }
  wg_wim_codec codec = esd ? WG_WIM_CODEC_LZMS : WG_WIM_CODEC_LZX;
  return w->hdr.codec == codec &&
         w->hdr.chunk_bytes == (esd ? WG_WIM_LZMS_CHUNK_BYTES : WG_WIM_LZX_CHUNK_BYTES);
}

const char *wg_image_arch_name(const wg_wim_facts *facts) {
  static const struct {
    const char *number, *name;
  } known[] = {{"0", "386"}, {"5", "arm"}, {"9", "amd64"}, {"12", "arm64"}};
  for (size_t i = 0; i < WG_ARRAY_LEN(known); i++) {
    if (wg_str_eqz(wg_str_of(facts->arch), known[i].number)) {
      return known[i].name;
    }
  }
  return "";
}
