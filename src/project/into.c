// SPDX-License-Identifier: Apache-2.0
#include "project/into.h"

#include <string.h>

#include "base/utf.h"
#include "project/bases.h"

static bool into_same(const char *a, const char *b) {
  return wg_name_cmp_nocase(wg_str_of(a), wg_str_of(b)) == 0;
}

static void into_taken(wg_cfg *c, const wg_cfg_image *img, const char *by) {
  wg_cfg_error(c, img->into_pos,
               wg_cfg_printf(c, "images.%s.into: out/%s is %s", img->name, img->into, by),
               "choose another name");
}

// Names of out/ that something else has.
static void into_file(wg_cfg *c, const wg_project *p, const wg_cfg_image *img) {
  for (size_t i = 0; i < p->n_apps; i++) {
    if (strcmp(p->apps[i].name, img->into) == 0) {
      into_taken(c, img, wg_cfg_printf(c, "the folder of app '%s'", img->into));
    }
  }
  for (size_t i = 0; i < p->n_images; i++) {
    const wg_cfg_image *x = &p->images[i];
    if (strcmp(x->name, img->into) == 0) {
      into_taken(c, img, wg_cfg_printf(c, "what the image of that name is called as a target"));
    }
    for (size_t k = 0; k < x->n_outputs; k++) {
      const char *file = wg_output_file(c, x, &x->outputs[k]);
      if (strcmp(file, img->into) == 0) {
        into_taken(c, img, wg_cfg_printf(c, "an output of image '%s'", x->name));
      }
    }
  }
}

static void into_two_names(wg_cfg *c, const wg_cfg_image *a, const wg_cfg_image *b,
                           const char *name) {
  wg_cfg_error(c, b->names.name.text != NULL ? b->names.name.pos : b->pos,
               wg_cfg_printf(c,
                             "images.%s: %s would have two images of the name '%s': see %s:%u:%u",
                             b->name, b->into, name, a->pos.file, a->pos.line, a->pos.col),
               "give each a 'name' of its own");
}

typedef void (*into_pair)(wg_cfg *c, const wg_project *p, const wg_cfg_image *a,
                          const wg_cfg_image *b);

static void into_given(wg_cfg *c, const wg_project *p, const wg_cfg_image *a,
                       const wg_cfg_image *b) {
  (void)p;
  const char *x = a->names.name.text, *y = b->names.name.text;
  if (x != NULL && y != NULL && into_same(x, y)) {
    into_two_names(c, a, b, y);
  }
}

// Whether `which` means that one of an image's serviced, by what it is called in the output.
static bool into_is_meant(const wg_cfg_image *x, const char *which) {
  const char *named = x->names.name.text != NULL ? x->names.name.text : x->base_name;
  const char *const calls[] = {x->index, x->base_image, named};
  for (size_t i = 0; i < WG_ARRAY_LEN(calls); i++) {
    if (calls[i] != NULL && into_same(calls[i], which)) {
      return true;
    }
  }
  return false;
}

// What one of serviced is made of, itself one of another image's serviced; NULL when that one does
// nothing to it.
static const wg_cfg_image *into_of(const wg_project *p, const wg_cfg_image *s) {
  const wg_cfg_image *of = wg_bases_find(p->images, p->n_images, s->base.of);
  const char *which = s->base.image;
  for (size_t i = 0; of != NULL && i < of->n_serviced; i++) {
    const wg_cfg_image *x = &of->serviced[i];
    if (which == NULL ? of->n_serviced == 1 : into_is_meant(x, which)) {
      return x;
    }
  }
  return NULL;
}

// One of serviced: the name that it ends with, NULL when that is not known before it is made: a
// base that can't be read, or an image that another one keeps as its base has it.
static const char *into_name(const wg_project *p, const wg_cfg_image *s) {
  size_t left = p->n_images; // images may be made of each other, which is told elsewhere
  while (s != NULL && s->names.name.text == NULL && s->base.kind == WG_BASE_IMAGE) {
    s = left-- > 0 ? into_of(p, s) : NULL;
  }
  return s == NULL ? NULL : s->names.name.text != NULL ? s->names.name.text : s->base_name;
}

static void into_found(wg_cfg *c, const wg_project *p, const wg_cfg_image *a,
                       const wg_cfg_image *b) {
  const char *x = into_name(p, a), *y = into_name(p, b);
  bool given = a->names.name.text != NULL && b->names.name.text != NULL; // was told by the rules
  if (!given && x != NULL && y != NULL && x[0] != '\0' && into_same(x, y)) {
    into_two_names(c, a, b, y);
  }
}

// Every two images of one file that come from two images of the project.
static void into_pairs(wg_cfg *c, const wg_project *p, into_pair tell) {
  for (size_t i = 1; i < p->n_images; i++) {
    for (size_t k = 0; k < i; k++) {
      const wg_cfg_image *a = &p->images[k], *b = &p->images[i];
      if (a->into == NULL || b->into == NULL || strcmp(a->into, b->into) != 0) {
        continue;
      }
      for (size_t x = 0; x < a->n_serviced; x++) {
        for (size_t y = 0; y < b->n_serviced; y++) {
          tell(c, p, &a->serviced[x], &b->serviced[y]);
        }
      }
    }
  }
}

void wg_into_rules(wg_cfg *c, const wg_project *p) {
  for (size_t i = 0; i < p->n_images; i++) {
    if (p->images[i].into != NULL) {
      into_file(c, p, &p->images[i]);
    }
  }
  into_pairs(c, p, into_given);
}

void wg_into_files(wg_cfg *c, const wg_project *p) {
  into_pairs(c, p, into_found);
}
