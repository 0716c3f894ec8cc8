// SPDX-License-Identifier: Apache-2.0
#include "image/file/looks.h"

#include <string.h>

#include "image/file/file.h"

struct wg_image_looked {
  wg_image_file file;
  wg_image_disc_wim wim;
  char *path;
  bool has_format[2];
};

static void looked_free(wg_image_looked *x) {
  if (x != NULL) {
    wg_image_file_done(&x->file);
    wg_xfree(x->path);
    wg_xfree(x);
  }
}
WG_DEFINE_AUTO_PTR(wg_image_looked, looked_free);

void wg_image_looks_done(wg_image_looks *l) {
  for (size_t i = 0; i < l->n; i++) {
    looked_free(l->v[i]);
  }
  wg_xfree(l->v);
  *l = (wg_image_looks){0};
}

static wg_code looks_open(wg_image_looks *l, const wg_image_base *base, wg_error *err) {
  WG_AUTO_PTR(wg_image_looked) x = wg_xarray(1, sizeof(*x));
  x->file = (wg_image_file)WG_IMAGE_FILE_INIT;
  x->wim = base->wim;
  x->path = wg_xstrdup(base->path);
  if (wg_image_file_open_base(&x->file, base, err) != WG_OK) {
    return err->code;
  }
  for (size_t k = 0; k < WG_ARRAY_LEN(x->has_format); k++) {
    x->has_format[k] = true;
    for (size_t i = 0; x->has_format[k] && i < x->file.wim.n_blobs; i++) {
      x->has_format[k] = wg_image_can_keep(&x->file.wim, &x->file.wim.blobs[i], (wg_image_format)k);
    }
  }
  l->v = wg_xrealloc(l->v, l->n + 1, sizeof(wg_image_looked *));
  l->v[l->n++] = wg_take(&x);
  return WG_OK;
}

wg_code wg_image_looks_at(wg_image_looks *l, const wg_image_base *base, wg_image_base_facts *out,
                          const char **out_name, wg_error *err) {
  wg_image_base_facts facts = {.arch = ""};
  const char *name = "";
  if (base->kind != WG_IMAGE_BASE_DIR) { // a tree does not say; `arch:` does
    size_t i = 0;
    uint32_t image = 0;
    while (i < l->n && (l->v[i]->wim != base->wim || strcmp(l->v[i]->path, base->path) != 0)) {
      i++;
    }
    if (i == l->n && looks_open(l, base, err) != WG_OK) {
      return err->code;
    }
    const wg_image_looked *x = l->v[i];
    if (wg_image_file_find(&x->file, base->image, &image, err) != WG_OK) {
      return wg_wrap(err, "'%s'", base->path);
    }
    name = x->file.wim.facts[image].name;
    facts.arch = wg_image_arch_name(&x->file.wim.facts[image]);
    facts.image = image + 1;
    facts.n_images = x->file.wim.n_images;
    memcpy(facts.has_format, x->has_format, sizeof(facts.has_format));
  }
  *out = facts;
  if (out_name != NULL) {
    *out_name = name;
  }
  return WG_OK;
}
