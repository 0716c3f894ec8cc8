#include "image/file.h"

#include "base/utf.h"

static wg_code find_list(const wg_wim *w, const char *which, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  for (uint32_t i = 0; i < w->n_images; i++) {
    const char *name = w->facts[i].name;
    wg_buf_printf(&b, "%s%u", i > 0 ? ", " : "", (unsigned)i + 1);
    if (name[0] != '\0') {
      wg_buf_printf(&b, " '%s'", name);
    }
  }
  if (w->n_images == 0) {
    return wg_fail(err, WG_E_NOT_FOUND, "the file has no image");
  }
  if (which == NULL) {
    return wg_fail(err, WG_E_NOT_FOUND, "the file has %u images; name one: %s",
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

wg_code wg_image_file_find(const wg_image_file *f, const char *which, uint32_t *out,
                           wg_error *err) {
  const wg_wim *w = &f->wim;
  if (wg_image_file_check_whole(f, err) != WG_OK) {
    return err->code;
  }
  if (which == NULL && w->n_images == 1) {
    *out = 0;
    return WG_OK;
  }
  if (which == NULL) {
    return find_list(w, which, err);
  }
  for (uint32_t i = 0; i < w->n_images; i++) {
    if (wg_str_eq(wg_str_of(w->facts[i].name), wg_str_of(which))) {
      *out = i;
      return WG_OK;
    }
  }
  uint64_t index = 0;
  if (wg_parse_u64(wg_str_of(which), &index)) {
    if (index == 0 || index > w->n_images) {
      return find_list(w, which, err);
    }
    *out = (uint32_t)index - 1;
    return WG_OK;
  }
  for (uint32_t i = 0; i < w->n_images; i++) {
    if (which[0] != '\0' &&
        wg_name_cmp_nocase(wg_str_of(w->facts[i].name), wg_str_of(which)) == 0) {
      *out = i;
      return WG_OK;
    }
  }
  return find_list(w, which, err);
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

wg_code wg_image_base_has_format(const wg_image_base *base, wg_image_format format, bool *out,
                                 wg_error *err) {
  *out = false;
  if (base->kind == WG_IMAGE_BASE_DIR) {
    return WG_OK;
  }
  WG_AUTO(wg_image_file) f = WG_IMAGE_FILE_INIT;
  if (wg_image_file_open(&f, base->path, err) != WG_OK) {
    return err->code;
  }
  *out = true;
  for (size_t i = 0; *out && i < f.wim.n_blobs; i++) {
    *out = wg_image_can_keep(&f.wim, &f.wim.blobs[i], format);
  }
  return WG_OK;
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

wg_code wg_image_base_arch(const wg_image_base *base, const char **out, wg_error *err) {
  if (base->kind == WG_IMAGE_BASE_DIR) {
    *out = ""; // a tree does not say; `arch:` does
    return WG_OK;
  }
  WG_AUTO(wg_image_file) f = WG_IMAGE_FILE_INIT;
  uint32_t image = 0;
  if (wg_image_file_open(&f, base->path, err) != WG_OK) {
    return err->code;
  }
  if (wg_image_file_find(&f, base->image, &image, err) != WG_OK) {
    return wg_wrap(err, "'%s'", base->path);
  }
  *out = wg_image_arch_name(&f.wim.facts[image]);
  return WG_OK;
}
