// SPDX-License-Identifier: Apache-2.0
#include "project/bases.h"

#include <string.h>

#include "base/near.h"
#include "project/hostfile.h"

const wg_cfg_image *wg_bases_find(const wg_cfg_image *images, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(images[i].name, name) == 0) {
      return &images[i];
    }
  }
  return NULL;
}

// Whether the image's output of that kind is at the path; of a split one any part.
static bool bases_is_output(wg_cfg *c, const char *out_dir, const wg_cfg_image *img,
                            wg_output_kind kind, const char *path) {
  const char *stem = wg_cfg_printf(c, "%s/%s", out_dir, img->name);
  size_t n = strlen(stem);
  if (strncmp(path, stem, n) != 0) {
    return false;
  }
  while (kind == WG_OUTPUT_SWM && path[n] >= '0' && path[n] <= '9') {
    n++;
  }
  return path[n] == '.' && strcmp(path + n + 1, wg_output_ending(kind)) == 0;
}

static bool bases_is_into(wg_cfg *c, const wg_project *p, const wg_cfg_image *img,
                          const char *path) {
  return strcmp(path, wg_cfg_printf(c, "%s/%s", p->out_dir, img->into)) == 0 ||
         strcmp(path, wg_cfg_printf(c, "%s/out/%s", p->dir, img->into)) == 0;
}

static bool bases_has_output(const wg_cfg_image *img, wg_output_kind kind) {
  for (size_t i = 0; i < img->n_outputs; i++) {
    if (img->outputs[i].kind == kind) {
      return true;
    }
  }
  return false;
}

static void bases_of_file(wg_cfg *c, const wg_project *p, const wg_cfg_image *images, size_t n,
                          wg_cfg_image *img) {
  wg_cfg_base *b = &img->base;
  WG_AUTO(wg_cstr) given = wg_hostfile_path(c, b->path);
  WG_AUTO(wg_cstr) path = wg_path_clean(given);
  for (size_t i = 0; i < n; i++) {
    if (images[i].into != NULL && bases_is_into(c, p, &images[i], path)) {
      wg_cfg_error(c, b->path_pos,
                   wg_cfg_printf(c, "images.%s.base: '%s' is where image '%s' goes", img->name,
                                 b->path, images[i].name),
                   wg_cfg_printf(c, "write 'base: {image: %s}'", images[i].name));
      b->path = NULL;
      return;
    }
    for (unsigned k = WG_OUTPUT_WIM; k <= WG_OUTPUT_SWM; k++) {
      // With --env both are meant: there is one of that name, and this run makes it.
      if (!bases_is_output(c, p->out_dir, &images[i], (wg_output_kind)k, path) &&
          !bases_is_output(c, wg_cfg_printf(c, "%s/out", p->dir), &images[i], (wg_output_kind)k,
                           path)) {
        continue;
      }
      if (!bases_has_output(&images[i], (wg_output_kind)k)) {
        wg_cfg_error(
            c, b->path_pos,
            wg_cfg_printf(c,
                          "images.%s.base: '%s' is where image '%s' would put its %s, "
                          "which is not among its outputs",
                          img->name, b->path, images[i].name, wg_output_ending((wg_output_kind)k)),
            wg_cfg_printf(c, "add '%s' to images.%s.outputs, or write 'base: {image: %s}'",
                          wg_output_ending((wg_output_kind)k), images[i].name, images[i].name));
        b->path = NULL; // what may lie there is of an earlier run
        return;
      }
      b->kind = WG_BASE_IMAGE;
      b->of = images[i].name;
      b->of_kind = (int)k;
      wg_base_of_image_rules(c, b, wg_cfg_printf(c, "images.%s", img->name));
      return;
    }
  }
}

static void bases_unknown(wg_cfg *c, const wg_cfg_image *images, size_t n,
                          const wg_cfg_image *img) {
  const char **names = wg_cfg_alloc(c, n, sizeof(*names));
  for (size_t i = 0; i < n; i++) {
    names[i] = images[i].name;
  }
  const char *near = wg_nearest(img->base.of, names, n);
  wg_cfg_error(
      c, img->base.path_pos,
      wg_cfg_printf(c, "images.%s.base: the project has no image '%s'", img->name, img->base.of),
      near != NULL && strcmp(near, img->name) != 0
          ? wg_cfg_printf(c, "did you mean '%s'?", near)
          : "name one of 'images', or give the 'file' that it is an image of");
}

// Which of the images that the other one changes is meant.
static void bases_which(wg_cfg *c, const wg_cfg_image *img, const wg_cfg_image *of) {
  if (img->n_indexes == 0 && img->base.image == NULL && of->n_indexes > 1) {
    wg_cfg_error(c, img->base.path_pos,
                 wg_cfg_printf(c,
                               "images.%s.base: image '%s' changes %zu images of its base, and "
                               "which of them is meant is not said",
                               img->name, of->name, of->n_indexes),
                 wg_cfg_printf(c, "add 'indexes: {%s: ...}'", of->indexes[0].name));
  }
}

// "a -> b -> a", told at the first of the circle.
static void bases_circle(wg_cfg *c, const wg_cfg_image *images, size_t n, const wg_cfg_image *img) {
  const char *chain = img->name;
  const wg_cfg_image *at = img;
  for (size_t i = 0; i < n && at != NULL && at->base.kind == WG_BASE_IMAGE; i++) {
    at = wg_bases_find(images, n, at->base.of);
    if (at == NULL || at < img) {
      return; // none, or one that was told before
    }
    chain = wg_cfg_printf(c, "%s -> %s", chain, at->name);
    if (at == img) {
      wg_cfg_error(c, img->base.path_pos,
                   wg_cfg_printf(c, "images.%s.base: images are made of each other in a circle: %s",
                                 img->name, chain),
                   "let one of them have a base that is no image of this project");
      return;
    }
  }
}

void wg_bases_bind(wg_cfg *c, const wg_project *p, wg_cfg_image *images, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (images[i].base.kind == WG_BASE_FILE && images[i].base.path != NULL) {
      bases_of_file(c, p, images, n, &images[i]);
    }
  }
  for (size_t i = 0; i < n; i++) {
    if (images[i].base.kind != WG_BASE_IMAGE) {
      continue;
    }
    const wg_cfg_image *of = wg_bases_find(images, n, images[i].base.of);
    if (of == NULL) {
      bases_unknown(c, images, n, &images[i]);
      continue;
    }
    bases_which(c, &images[i], of);
    bases_circle(c, images, n, &images[i]);
  }
}
