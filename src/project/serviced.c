// SPDX-License-Identifier: Apache-2.0
#include "project/serviced.h"

#include <string.h>

#include "base/utf.h"
#include "image/part/part.h"
#include "project/image.h"

// Two lists, one behind the other.
static const void *serviced_join(wg_cfg *c, const void *a, size_t n_a, const void *b, size_t n_b,
                                 size_t size) {
  char *v = wg_cfg_alloc(c, n_a + n_b + 1, size);
  if (n_a > 0) {
    memcpy(v, a, n_a * size);
  }
  if (n_b > 0) {
    memcpy(v + n_a * size, b, n_b * size);
  }
  return v;
}

#define SERVICED_JOIN(field)                                                                       \
  out.field =                                                                                      \
      serviced_join(c, img->field, img->n_##field, x->field, x->n_##field, sizeof(*img->field));   \
  out.n_##field = img->n_##field + x->n_##field

static wg_cfg_name serviced_name(const wg_cfg_name *all, const wg_cfg_name *own) {
  return own->text != NULL ? *own : *all;
}

#define SERVICED_DRIVERS(field)                                                                    \
  out.field = serviced_join(c, all->field, all->n_##field, own->field, own->n_##field,             \
                            sizeof(*all->field));                                                  \
  out.n_##field = all->n_##field + own->n_##field

static wg_cfg_drivers serviced_drivers(wg_cfg *c, const wg_cfg_drivers *all,
                                       const wg_cfg_drivers *own) {
  wg_cfg_drivers out = own->present ? *own : *all;
  SERVICED_DRIVERS(from);
  SERVICED_DRIVERS(only);
  SERVICED_DRIVERS(exclude);
  SERVICED_DRIVERS(boot);
  SERVICED_DRIVERS(hardware);
  SERVICED_DRIVERS(pins);
  SERVICED_DRIVERS(prefers);
  SERVICED_DRIVERS(remove);
  SERVICED_DRIVERS(allow);
  out.setup_network = all->setup_network || own->setup_network;
  out.replace = all->replace || own->replace;
  return out;
}

static wg_cfg_image serviced_of(wg_cfg *c, const wg_cfg_image *img, const wg_cfg_image *x) {
  const wg_cfg_names *a = &img->names, *b = &x->names;
  wg_cfg_image out = *img;
  out.index = x->name;
  out.pos = x->pos;
  out.base.image = x->name;
  out.base.image_pos = x->pos;
  out.names = (wg_cfg_names){serviced_name(&a->name, &b->name),
                             serviced_name(&a->description, &b->description),
                             serviced_name(&a->display_name, &b->display_name),
                             serviced_name(&a->display_description, &b->display_description)};
  SERVICED_JOIN(apps);
  SERVICED_JOIN(files);
  SERVICED_JOIN(registry);
  out.drivers = serviced_drivers(c, &img->drivers, &x->drivers);
  return out;
}

static const char *serviced_label(wg_cfg *c, const wg_cfg_image *s) {
  return wg_cfg_printf(c, "images.%s.indexes.%s", s->name, s->index);
}

// --- contradictions

static void serviced_two_names(wg_cfg *c, const wg_cfg_image *img, const wg_cfg_image *x) {
  const struct {
    const char *key;
    const wg_cfg_name *all, *own;
  } names[] = {
      {"name", &img->names.name, &x->names.name},
      {"description", &img->names.description, &x->names.description},
      {"display_name", &img->names.display_name, &x->names.display_name},
      {"display_description", &img->names.display_description, &x->names.display_description}};
  for (size_t i = 0; i < WG_ARRAY_LEN(names); i++) {
    const wg_cfg_name *a = names[i].all, *b = names[i].own;
    if (a->text != NULL && b->text != NULL && strcmp(a->text, b->text) != 0) {
      wg_cfg_error(c, b->pos,
                   wg_cfg_printf(c,
                                 "images.%s.indexes.%s.%s: '%s', and for all indexes it is '%s' "
                                 "(%s:%u:%u)",
                                 img->name, x->name, names[i].key, b->text, a->text, a->pos.file,
                                 a->pos.line, a->pos.col),
                   "keep one of the two");
    }
  }
}

static bool serviced_same_value(const wg_cfg_regvalue *a, const wg_cfg_regvalue *b) {
  if (a->kind != b->kind || (a->kind != WG_REGVALUE_SET && a->kind != WG_REGVALUE_DELETE)) {
    return a->kind == WG_REGVALUE_APPEND || a->kind == WG_REGVALUE_REMOVE ||
           b->kind == WG_REGVALUE_APPEND || b->kind == WG_REGVALUE_REMOVE; // these add up
  }
  return a->type == b->type && a->n_bytes == b->n_bytes &&
         (a->n_bytes == 0 || memcmp(a->data, b->data, a->n_bytes) == 0);
}

static void serviced_two_values(wg_cfg *c, const wg_cfg_image *s, const wg_cfg_registry *all,
                                const wg_cfg_registry *own) {
  if (all->key == NULL || own->key == NULL || (all->view == 32) != (own->view == 32) ||
      wg_name_cmp_nocase(wg_str_of(all->key), wg_str_of(own->key)) != 0) {
    return;
  }
  for (size_t i = 0; i < own->n_values; i++) {
    const wg_cfg_regvalue *b = &own->values[i];
    for (size_t k = 0; k < all->n_values; k++) {
      const wg_cfg_regvalue *a = &all->values[k];
      if (wg_name_cmp_nocase(wg_str_of(a->name), wg_str_of(b->name)) == 0 &&
          !serviced_same_value(a, b)) {
        wg_cfg_error(c, b->pos,
                     wg_cfg_printf(c,
                                   "%s.registry: '%s' of '%s' is another for all indexes: "
                                   "%s:%u:%u",
                                   serviced_label(c, s), b->name, own->key, a->pos.file,
                                   a->pos.line, a->pos.col),
                     "keep one of the two, or give each index its own");
      }
    }
  }
}

// Rules over the joined lists find again what those over each found: it is told once.
static void serviced_drop_known(wg_cfg *c, size_t first) {
  size_t n = first;
  for (size_t i = first; i < c->n_faults; i++) {
    const wg_cfg_fault *f = &c->faults[i];
    bool known = false;
    for (size_t k = 0; k < n && !known; k++) {
      const wg_cfg_fault *g = &c->faults[k];
      known = g->severity == f->severity && g->pos.file == f->pos.file &&
              g->pos.line == f->pos.line && g->pos.col == f->pos.col;
    }
    if (!known) {
      c->faults[n++] = *f;
    } else {
      c->n_errors -= f->severity == WG_FAULT_ERROR ? 1 : 0;
    }
  }
  c->n_faults = n;
}

static void serviced_rules(wg_cfg *c, const wg_cfg_image *img, wg_cfg_image *s,
                           const wg_cfg_image *x) {
  size_t first = c->n_faults;
  const char *label = serviced_label(c, s);
  const wg_place all = {.self = s, .path = label, .pos = s->pos};
  const wg_place apps = {
      .self = (void *)(uintptr_t)s->apps, .n = s->n_apps, .path = label, .pos = s->pos};
  serviced_two_names(c, img, x);
  for (size_t i = 0; i < img->n_registry; i++) {
    for (size_t k = 0; k < x->n_registry; k++) {
      serviced_two_values(c, s, &img->registry[i], &x->registry[k]);
    }
  }
  wg_section_image_apps.rules(c, &apps);
  wg_section_puts.rules(c, &all);
  serviced_drop_known(c, first);
}

// Two images of one file that would have one name.
static void serviced_one_name(wg_cfg *c, const wg_cfg_image *v, size_t n) {
  for (size_t i = 1; i < n; i++) {
    for (size_t k = 0; k < i; k++) {
      const wg_cfg_name *a = &v[k].names.name, *b = &v[i].names.name;
      if (a->text != NULL && b->text != NULL && strcmp(a->text, b->text) == 0) {
        wg_cfg_error(c, b->pos,
                     wg_cfg_printf(c,
                                   "images.%s: indexes '%s' and '%s' would both have the name "
                                   "'%s', and a file has each name once",
                                   v[i].name, v[k].index, v[i].index, b->text),
                     "give each index a 'name' of its own");
        return;
      }
    }
  }
}

static void serviced_base(wg_cfg *c, const wg_cfg_image *img) {
  const wg_cfg_base *b = &img->base;
  if (b->image_pos.line != 0) {
    wg_cfg_error(c, b->image_pos,
                 wg_cfg_printf(c,
                               "images.%s.base: 'image' chooses one image, and 'indexes' says "
                               "which are serviced",
                               img->name),
                 "remove it");
  }
  if (b->path_pos.line != 0 && b->kind == WG_BASE_DIR) {
    wg_cfg_error(
        c, img->indexes[0].pos,
        wg_cfg_printf(c, "images.%s.indexes: the base is a folder, which is one image", img->name),
        "remove 'indexes'");
  }
}

// What is done to an image's Winre.wim stands in no image of the file: its entries meet here.
static void serviced_winre(wg_cfg *c, const wg_cfg_image *img, bool files) {
  wg_cfg_image inner = wg_part_winre_image(img);
  const wg_place all = {.self = &inner,
                        .path = wg_cfg_printf(c, "images.%s.winre", img->name),
                        .pos = img->winre.pos};
  (files ? wg_section_puts.files : wg_section_puts.rules)(c, &all);
}

void wg_serviced_fill(wg_cfg *c, wg_cfg_image *img) {
  size_t n = img->n_indexes;
  serviced_winre(c, img, false);
  wg_cfg_image *v = wg_cfg_alloc(c, n + 1, sizeof(*v));
  v[0] = *img;
  for (size_t i = 0; i < n; i++) {
    v[i] = serviced_of(c, img, &img->indexes[i]);
    serviced_rules(c, img, &v[i], &img->indexes[i]);
  }
  if (n > 0) {
    serviced_base(c, img);
    serviced_one_name(c, v, n);
  }
  img->serviced = v;
  img->n_serviced = n > 0 ? n : 1;
}

void wg_serviced_files(wg_cfg *c, const wg_cfg_image *img) {
  serviced_winre(c, img, true);
  for (size_t i = 0; i < img->n_serviced && img->n_indexes > 0; i++) {
    wg_cfg_image *s = &img->serviced[i];
    size_t first = c->n_faults;
    const wg_place all = {.self = s, .path = serviced_label(c, s), .pos = s->pos};
    wg_section_puts.files(c, &all);
    serviced_drop_known(c, first);
  }
}
