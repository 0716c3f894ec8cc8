// SPDX-License-Identifier: Apache-2.0
// The XML of an export: elements stay as they are but for their number.
#include <string.h>

#include "image/move/export_run.h"

// The document without its images.
static wg_code xml_skeleton(const wg_wim *w, wg_buf *out, wg_error *err) {
  wg_buf_add_str(out, w->xml);
  for (uint32_t i = 1; i <= w->hdr.n_images; i++) {
    wg_wim_xml_image at;
    if (wg_buf_check(out, err) != WG_OK ||
        wg_wim_xml_find_image(wg_buf_str(out), i, &at, err) != WG_OK) {
      return err->code;
    }
    if (at.to > at.from) { // nothing is there in a document that is empty
      memmove(out->p + at.from, out->p + at.to, out->n - at.to);
      out->n -= at.to - at.from;
    }
  }
  return WG_OK;
}

static wg_code xml_image(const wg_export_image *image, uint32_t number, wg_buf *out,
                         wg_error *err) {
  wg_str xml = image->source->file.wim.xml;
  wg_wim_xml_image at;
  if (wg_wim_xml_find_image(xml, image->image + 1, &at, err) != WG_OK) {
    return err->code;
  }
  if (at.from == at.to) {
    wg_buf_printf(out, "<IMAGE INDEX=\"%u\"></IMAGE>", (unsigned)number);
    return WG_OK;
  }
  wg_buf_add_str(out, (wg_str){xml.p + at.from, at.index_from - at.from});
  wg_buf_printf(out, "%u", (unsigned)number);
  wg_buf_add_str(out, (wg_str){xml.p + at.index_to, at.to - at.index_to});
  return WG_OK;
}

static wg_code xml_put(wg_buf *text, uint32_t image, const char *path, const char *value,
                       wg_error *err) {
  WG_AUTO(wg_buf) next = {0};
  wg_buf_init(&next, wg_heap(), 0);
  if (wg_buf_check(text, err) != WG_OK ||
      wg_wim_xml_put(wg_buf_str(text), image, path, value, &next, err) != WG_OK) {
    return err->code;
  }
  wg_buf swap = *text;
  *text = next;
  next = swap;
  return WG_OK;
}

wg_code wg_export_xml(const wg_export_run *r, uint64_t total_bytes, wg_buf *out, wg_error *err) {
  WG_AUTO(wg_buf) base = {0};
  wg_buf_init(&base, wg_heap(), 0);
  const wg_wim *old = &r->sources[r->has_old ? 0 : 1].file.wim;
  if (xml_skeleton(old, &base, err) != WG_OK) {
    return wg_wrap(err, "XML");
  }
  if (base.n == 0) {
    wg_buf_add_z(&base, "<WIM></WIM>");
  }
  size_t end = base.n; // of what stands before the end tag of the root
  for (size_t i = 0; i + 1 < base.n; i++) {
    end = base.p[i] == '<' && base.p[i + 1] == '/' ? i : end;
  }
  wg_buf_add(out, base.p, end);
  for (uint32_t i = 0; i < r->n_images; i++) {
    if (xml_image(&r->images[i], i + 1, out, err) != WG_OK) {
      return wg_wrap(err, "XML");
    }
  }
  wg_buf_add(out, base.p + end, base.n - end);
  char number[24];
  (void)wg_format(number, sizeof(number), "%llu", (unsigned long long)total_bytes);
  if (xml_put(out, 0, "TOTALBYTES", number, err) != WG_OK ||
      (r->opt->name != NULL && xml_put(out, r->n_old + 1, "NAME", r->opt->name, err) != WG_OK)) {
    return wg_wrap(err, "XML");
  }
  return wg_buf_check(out, err);
}
