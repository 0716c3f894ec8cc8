// SPDX-License-Identifier: Apache-2.0
// CopyFiles and where files lie: in the package, and in Windows.
#include <string.h>

#include "fmt/inf/driver_int.h"

static wg_str files_trim(wg_str s) {
  while (s.n > 0 && (s.p[0] == '\\' || s.p[0] == '/' || s.p[0] == ' ')) {
    s = (wg_str){s.p + 1, s.n - 1};
  }
  while (s.n > 0 && (s.p[s.n - 1] == '\\' || s.p[s.n - 1] == '/' || s.p[s.n - 1] == ' ')) {
    s.n--;
  }
  // "." and ".\x" are the folder itself.
  if (s.n > 0 && s.p[0] == '.' && (s.n == 1 || s.p[1] == '\\' || s.p[1] == '/')) {
    return files_trim((wg_str){s.p + 1, s.n - 1});
  }
  return s;
}

static wg_str files_join(drv *d, wg_str folder, wg_str name) {
  return folder.n == 0 ? name : wg_drv_text(d, "%.*s\\%.*s", WG_STR_ARG(folder), WG_STR_ARG(name));
}

// Line of a file or disk: of the architecture's own section, else of the one for all; of the INF
// or of its layout.
static const wg_inf_line *files_line(drv *d, const wg_inf *from, const char *section, wg_str key) {
  WG_AUTO(wg_buf) name = {0};
  wg_buf_init(&name, d->arena->alloc, 0);
  for (int with_arch = 1; with_arch >= 0; with_arch--) {
    wg_buf_clear(&name);
    wg_buf_printf(&name, "%s%s%s", section, with_arch ? "." : "",
                  with_arch ? wg_inf_arch_name(d->target->arch) : "");
    const wg_inf_section *s = wg_inf_section_of(from, wg_buf_str(&name));
    const wg_inf_line *l = s == NULL ? NULL : wg_inf_line_of(from, s, key.p);
    if (l != NULL) {
      return l;
    }
  }
  return NULL;
}

// A name for wg_inf_line_of, which wants it with a NUL.
static wg_str files_key(drv *d, wg_str name) {
  const char *z = wg_arena_strndup(d->arena, name.n == 0 ? "" : name.p, name.n);
  return z == NULL ? WG_STR("") : (wg_str){z, name.n};
}

// The INF that says where its files lie: itself, or one of its LayoutFile.
static const wg_inf *files_layout(drv *d, const wg_inf *from, wg_str key,
                                  const wg_inf_line **out_line) {
  *out_line = files_line(d, from, "SourceDisksFiles", key);
  if (*out_line != NULL || d->library == NULL) {
    return from;
  }
  const wg_inf_line *l =
      wg_inf_line_of(from, wg_inf_section_of(from, WG_STR("Version")), "LayoutFile");
  for (uint32_t i = 0; l != NULL && i < l->n_fields && i < 16; i++) {
    const wg_inf *layout = NULL;
    wg_error e = WG_ERROR_INIT;
    if (d->library->open(d->library->ctx, wg_inf_field_text(from, l, i), &layout, &e) == WG_OK) {
      *out_line = files_line(d, layout, "SourceDisksFiles", key);
      if (*out_line != NULL) {
        return layout;
      }
    }
  }
  return from;
}

// Where a file lies in the package: the path of its disk, then its own.
static void files_source(drv *d, const wg_inf *from, wg_inf_copy *c) {
  const wg_inf_line *l = NULL;
  wg_str key = files_key(d, c->source);
  const wg_inf *layout = files_layout(d, from, key, &l);
  c->has_disk = l != NULL;
  if (l == NULL) {
    return;
  }
  wg_str disk = files_key(d, wg_inf_field_text(layout, l, 0));
  const wg_inf_line *names = files_line(d, layout, "SourceDisksNames", disk);
  wg_str path = files_trim(wg_inf_field_text(layout, names, 3));
  wg_str below = files_trim(wg_inf_field_text(layout, l, 1));
  c->folder = below.n == 0 ? path : files_join(d, path, below);
}

// The folder that a section's files go to.
static void files_target(drv *d, const wg_inf *from, wg_str section, wg_inf_copy *c) {
  const wg_inf_section *dirs = wg_inf_section_of(from, WG_STR("DestinationDirs"));
  wg_str key = files_key(d, section);
  const wg_inf_line *l = section.n == 0 ? NULL : wg_inf_line_of(from, dirs, key.p);
  if (l == NULL) {
    l = wg_inf_line_of(from, dirs, "DefaultDestDir");
  }
  c->dirid = l == NULL ? UINT32_MAX : wg_drv_number(from, l, 0, UINT32_MAX);
  c->subdir = files_trim(wg_inf_field_text(from, l, 1));
}

// The same file twice: once.
static wg_code files_note(drv *d, const wg_inf_copy *c, const wg_inf *from, uint32_t line) {
  if (from != d->inf) {
    return WG_OK; // lies in the image, with the INF that names it
  }
  wg_inf_file *f = wg_drv_push(d, &d->files, sizeof(*f));
  if (f == NULL) {
    return d->err->code;
  }
  *f = (wg_inf_file){
      .path = files_join(d, c->folder, c->source), .for_target = d->for_target, .line = line};
  return WG_OK;
}

static wg_code files_add(drv *d, const wg_inf *from, wg_str section, wg_inf_copy c, drv_vec *out) {
  files_target(d, from, section, &c);
  files_source(d, from, &c);
  wg_inf_copy *copy = wg_drv_push(d, out, sizeof(*copy));
  if (copy == NULL || files_note(d, &c, from, c.line) != WG_OK) {
    return d->err->code;
  }
  *copy = c;
  return WG_OK;
}

static wg_code files_section(drv *d, const wg_inf *from, wg_str name, drv_vec *out) {
  const wg_inf_section *s = wg_inf_section_of(from, name);
  if (s == NULL) {
    return wg_drv_unhandled(d, from, name, WG_STR("(no such section)"), 0);
  }
  if (wg_drv_work(d, (uint64_t)s->n_lines * 4) != WG_OK) {
    return d->err->code;
  }
  for (uint32_t i = 0; i < s->n_lines; i++) {
    const wg_inf_line *l = &s->lines[i];
    wg_str to = wg_inf_field_text(from, l, 0);
    wg_str source = files_trim(wg_inf_field_text(from, l, 1));
    if (to.n == 0) {
      continue;
    }
    const wg_inf_copy c = {.name = to,
                           .source = source.n == 0 ? files_trim(to) : source,
                           .flags = wg_drv_number(from, l, 3, 0),
                           .from = from,
                           .line = l->line};
    if (files_add(d, from, name, c, out) != WG_OK) {
      return d->err->code;
    }
  }
  return WG_OK;
}

wg_code wg_drv_copy_line(drv *d, const wg_inf *from, const wg_inf_line *l, drv_vec *out) {
  for (uint32_t i = 0; i < l->n_fields; i++) {
    wg_str name = wg_inf_field_text(from, l, i);
    wg_code code = WG_OK;
    if (name.n > 1 && name.p[0] == '@') {
      wg_str file = {name.p + 1, name.n - 1};
      const wg_inf_copy c = {.name = file, .source = file, .from = from, .line = l->line};
      code = wg_drv_work(d, 4) == WG_OK ? files_add(d, from, WG_STR(""), c, out) : d->err->code;
    } else if (name.n > 0) {
      code = files_section(d, from, name, out);
    }
    if (code != WG_OK) {
      return code;
    }
  }
  return WG_OK;
}

wg_code wg_drv_name_line(drv *d, const wg_inf *from, const wg_inf_line *l, drv_vec *out) {
  for (uint32_t i = 0; i < l->n_fields; i++) {
    const wg_inf_section *s = wg_inf_section_of(from, wg_inf_field_text(from, l, i));
    if (s != NULL && wg_drv_work(d, s->n_lines) != WG_OK) {
      return d->err->code;
    }
    for (uint32_t k = 0; s != NULL && k < s->n_lines; k++) {
      wg_str *name = wg_drv_push(d, out, sizeof(*name));
      if (name == NULL) {
        return d->err->code;
      }
      *name = wg_inf_field_text(from, &s->lines[k], 0);
    }
  }
  return WG_OK;
}

wg_str wg_drv_folder_path(drv *d, wg_str raw, uint32_t *out_dirid, wg_str *out_rest) {
  size_t end =
      raw.n > 1 && raw.p[0] == '%' ? 1 + wg_str_find((wg_str){raw.p + 1, raw.n - 1}, '%') : raw.n;
  uint32_t id = 0;
  *out_dirid = UINT32_MAX;
  *out_rest = (wg_str){"", 0};
  if (end >= raw.n || !wg_inf_number((wg_str){raw.p + 1, end - 1}, &id)) {
    return raw;
  }
  *out_dirid = id;
  *out_rest = files_trim((wg_str){raw.p + end + 1, raw.n - end - 1});
  const char *folder = wg_inf_dirid_path(id);
  return folder == NULL ? *out_rest : files_join(d, wg_str_of(folder), *out_rest);
}
