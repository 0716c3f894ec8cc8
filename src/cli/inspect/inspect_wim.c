// SPDX-License-Identifier: Apache-2.0
// `wingo inspect` of a Windows image file, or of the one in an ISO: what its header, blob table and
// XML say.
#include <string.h>

#include "cli/inspect/inspect.h"
#include "fmt/udf/udf.h"
#include "image/file/file.h"

bool wg_wim_detect(const wg_reader *head) {
  return head->n_bytes >= 8 &&
         (wg_str_eq((wg_str){(const char *)head->p, 8}, (wg_str){"MSWIM\0\0\0", 8}) ||
          wg_str_eq((wg_str){(const char *)head->p, 8}, (wg_str){"WLPWM\0\0\0", 8}));
}

static wg_code iso_read(void *ctx, uint64_t off, void *p, size_t n, wg_error *err) {
  const wg_reader *head = ctx;
  (void)err;
  memcpy(p, head->p + off, n);
  return WG_OK;
}

bool wg_iso_detect(const wg_reader *head) {
  wg_udf_source src = {
      .read = iso_read, .ctx = (void *)(uintptr_t)head, .size_bytes = head->n_bytes};
  wg_udf_kind kind = WG_UDF_NONE;
  wg_error ignored = WG_ERROR_INIT;
  return wg_udf_detect(&src, &kind, &ignored) == WG_OK && kind != WG_UDF_NONE;
}

static void wim_codec(wg_ins *i, const wg_wim *w) {
  wg_ins_z(i, "compression", "Compression", wg_wim_codec_name(w->hdr.codec));
  if (w->hdr.codec != WG_WIM_CODEC_NONE) {
    wg_ins_bytes(i, "chunk_bytes", "Chunks", w->hdr.chunk_bytes);
  }
  if (w->n_solids > 0) {
    wg_ins_u64(i, "solid_blocks", "Solid blocks", w->n_solids);
    wg_ins_z(i, "solid_compression", "Solid compr.", wg_wim_codec_name(w->solids[0].codec));
  }
}

static void wim_contents(wg_ins *i, const wg_wim *w) {
  uint64_t orig = 0;
  for (size_t k = 0; k < w->n_by_hash; k++) {
    orig += w->blobs[w->by_hash[k]].orig_bytes;
  }
  wg_ins_u64(i, "contents", "Contents", w->n_by_hash);
  wg_ins_bytes(i, "contents_bytes", "Uncompressed", orig);
}

// A fact that is not there is left out.
static void wim_fact(wg_ins *i, const char *key, const char *label, const char *value) {
  if (value[0] != '\0') {
    wg_ins_z(i, key, label, value);
  }
}

static void wim_number(wg_ins *i, const char *key, const char *label, const char *value) {
  uint64_t n = 0;
  if (wg_parse_u64(wg_str_of(value), &n)) {
    wg_ins_u64(i, key, label, n);
  }
}

static void wim_version(wg_ins *i, const wg_wim_facts *f) {
  if (f->major[0] != '\0') {
    wg_ins_printf(i, "windows_version", "Windows", "%s.%s.%s%s%s", f->major, f->minor, f->build,
                  f->spbuild[0] != '\0' ? "." : "", f->spbuild);
  }
}

static void wim_image(wg_ins *i, const wg_wim *w, uint32_t image) {
  const wg_wim_facts *f = &w->facts[image];
  const char *arch = wg_image_arch_name(f);
  char title[32];
  (void)wg_format(title, sizeof(title), "Image %u", (unsigned)image + 1);
  wg_ins_begin(i, NULL, title);
  if (i->json != NULL) {
    wg_ins_u64(i, "index", "", (uint64_t)image + 1);
  }
  wg_ins_z(i, "name", "Name", f->name);
  wim_fact(i, "display_name", "Shown as", f->display_name);
  wim_fact(i, "description", "Description", f->description);
  wim_fact(i, "edition", "Edition", f->edition);
  wim_fact(i, "flags", "Flags", f->flags);
  wim_fact(i, "installation_type", "Type", f->installation_type);
  if (arch[0] != '\0') {
    wg_ins_z(i, "arch", "Architecture", arch);
  } else if (f->arch[0] != '\0') {
    wg_ins_printf(i, "arch", "Architecture", "number %s", f->arch);
  }
  wim_version(i, f);
  wim_fact(i, "language", "Language", f->language);
  wim_number(i, "folders", "Folders", f->dir_count);
  wim_number(i, "files", "Files", f->file_count);
  uint64_t n = 0;
  if (wg_parse_u64(wg_str_of(f->total_bytes), &n)) {
    wg_ins_bytes(i, "total_bytes", "Content", n);
  }
  if (w->hdr.boot_index == image + 1) {
    wg_ins_bool(i, "boot", "Boots", true);
  }
  wg_ins_end(i);
}

void wg_inspect_wim_of(wg_ins *i, const wg_wim *w, uint32_t only) {
  wim_codec(i, w);
  wg_ins_digits(i, "guid", "GUID", w->hdr.guid, sizeof(w->hdr.guid));
  if (w->hdr.n_parts > 1 && wg_wim_is_whole(w)) {
    wg_ins_u64(i, "parts", "Parts", w->hdr.n_parts);
  } else if (w->hdr.n_parts > 1) {
    wg_ins_printf(i, "part", "Part", "%u of %u", (unsigned)w->hdr.part, (unsigned)w->hdr.n_parts);
  }
  wg_ins_bool(i, "integrity_table", "Integrity", w->hdr.integrity.off_bytes != 0);
  if ((w->hdr.flags & WG_WIM_HDR_WRITE_IN_PROGRESS) != 0) {
    wg_ins_bool(i, "unfinished", "Unfinished", true);
  }
  wim_contents(i, w);
  wg_ins_begin_list(i, "images");
  for (uint32_t k = 0; k < w->n_images; k++) {
    if (only == UINT32_MAX || only == k) {
      wim_image(i, w, k);
    }
  }
  wg_ins_end_list(i);
}

wg_code wg_inspect_wim(wg_ins *i, wg_error *err) {
  WG_AUTO(wg_image_file) f = WG_IMAGE_FILE_INIT;
  if (wg_image_file_use(&f, i->fd, i->path, err) != WG_OK) {
    return err->code;
  }
  if (f.inside != NULL) {
    wg_ins_z(i, "image_file", "Image file", f.inside);
    wg_ins_bytes(i, "image_file_bytes", "Its size", f.wim.src.size_bytes);
    wg_ins_u64(i, "image_file_extents", "Its extents", f.n_segments);
  }
  wg_inspect_wim_of(i, &f.wim, UINT32_MAX);
  return WG_OK;
}
