// SPDX-License-Identifier: Apache-2.0
// The folder looked through: its sidecar, and the extended attributes of what is in it.
#include "image/write/side.h"

#include <string.h>

#include "fmt/meta/rules.h"
#include "image/file/file.h"

void wg_image_side_done(wg_image_side *s) {
  wg_xfree(s->same_link);
  wg_xfree(s->shorts.seen);
  wg_xfree(s->shorts.taken);
  wg_xfree(s->own);
  wg_xfree(s->descriptors);
  wg_xfree(s->contents);
  wg_buf_done(&s->text);
  wg_arena_done(&s->arena);
}

wg_code wg_image_side_begin(wg_image_side *s, const char *dir, wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_path_join(dir, WG_META_FILE);
  wg_stat st;
  wg_arena_init(&s->arena, wg_heap(), (size_t)8 << 30);
  wg_buf_init(&s->text, wg_heap(), (size_t)WG_META_MAX_BYTES);
  if (wg_os_stat(WG_CWD, path, false, &st, err) != WG_OK) {
    return err->code == WG_E_NOT_FOUND ? WG_OK : err->code;
  }
  if (st.type != WG_FT_FILE) {
    return wg_fail(err, WG_E_CONFLICT,
                   "'%s' is %s, where 'wingo wim apply --meta' puts a file of its own", path,
                   st.type == WG_FT_DIR       ? "a folder"
                   : st.type == WG_FT_SYMLINK ? "a symbolic link"
                                              : "a device, pipe or socket");
  }
  if (wg_os_read_file(WG_CWD, path, WG_META_MAX_BYTES, &s->text, err) != WG_OK ||
      wg_meta_parse(wg_buf_str(&s->text), path, &s->arena, &s->file, err) != WG_OK) {
    return err->code;
  }
  s->name = wg_arena_strdup(&s->arena, path);
  if (s->name == NULL) {
    return wg_arena_fail(&s->arena, err);
  }
  s->has_file = true;
  s->same_link = wg_xarray(s->file.n + 1, sizeof(*s->same_link));
  return wg_side_shorts_begin(s, err);
}

bool wg_image_side_knows(const wg_image_side *s, const char *path) {
  return wg_meta_find(&s->file, path) != NULL;
}

typedef struct side_look {
  wg_image_side *s;
  const char *host;
  wg_meta_entry own;
  wg_str descriptor;
  bool ntfs, any, others;
} side_look;

static wg_code side_xattr(void *ctx, const char *name, wg_str value, wg_error *err) {
  side_look *l = ctx;
  bool known = false;
  l->ntfs = l->ntfs || strcmp(name, WG_META_XATTR_NTFS) == 0;
  if (wg_meta_take_xattr(&l->own, &l->descriptor, l->ntfs, name, value, &l->s->arena, &known,
                         err) != WG_OK) {
    return wg_wrap(err, "'%s': extended attribute '%s'", l->host, name);
  }
  l->any = l->any || known;
  l->others = l->others || !known;
  return WG_OK;
}

// A link is the one that stands for what the image has as long as it leads to the same place.
static wg_code side_link(wg_image_side *s, const wg_meta_entry *row, const char *host,
                         wg_error *err) {
  WG_AUTO(wg_cstr) text = NULL;
  if (wg_os_readlink(WG_CWD, host, &text, err) != WG_OK) {
    return err->code;
  }
  s->same_link[row - s->file.entries] = wg_str_eqz(row->target, text);
  return WG_OK;
}

// What attributes say beside themselves.
static uint32_t side_kind(uint32_t attributes, wg_ftype type) {
  if (type == WG_FT_DIR) {
    return WG_WIM_ATTR_DIRECTORY;
  }
  return attributes == 0 ? WG_WIM_ATTR_NORMAL : 0;
}

static void side_keep_descriptor(side_look *l) {
  wg_image_side *s = l->s;
  if (l->descriptor.n > 0) {
    l->own.has |= WG_META_DESCRIPTOR;
    l->own.descriptor = (uint32_t)s->n_descriptors;
    wg_vec_push(&s->descriptors, &s->n_descriptors, &s->cap_descriptors) = l->descriptor;
  }
}

// What the attributes say, as a row.
static wg_code side_keep(side_look *l, wg_ftype type, wg_error *err) {
  wg_image_side *s = l->s;
  s->n_xattrs += l->others ? 1u : 0u;
  if (!l->any) {
    return WG_OK;
  }
  size_t second = 0;
  wg_code code = wg_meta_check_descriptor(l->descriptor, wg_heap(), err);
  for (size_t i = 0; code == WG_OK && i < l->own.n_streams; i++) {
    code = wg_meta_check_stream(l->own.streams[i].name16, err);
  }
  if (code != WG_OK || wg_meta_check_fields(&l->own, wg_heap(), err) != WG_OK ||
      wg_meta_check_streams(&l->own, wg_heap(), &second, err) != WG_OK) {
    return wg_wrap(err, "'%s': its extended attributes", l->host);
  }
  l->own.path = wg_arena_strdup(&s->arena, l->own.path);
  if (l->own.path == NULL) {
    return wg_arena_fail(&s->arena, err);
  }
  side_keep_descriptor(l);
  if ((l->own.has & WG_META_ATTRIBUTES) != 0) {
    l->own.attributes |= side_kind(l->own.attributes, type);
  }
  wg_vec_push(&s->own, &s->n_own, &s->cap_own) = l->own;
  return WG_OK;
}

wg_code wg_image_side_look(wg_image_side *s, const char *path, const char *host, wg_ftype type,
                           wg_error *err) {
  const wg_meta_entry *row = wg_meta_find(&s->file, path);
  if (wg_side_shorts_look(s, path, err) != WG_OK) {
    return err->code;
  }
  if (type == WG_FT_SYMLINK) {
    return row != NULL && (row->has & WG_META_TARGET) != 0 ? side_link(s, row, host, err) : WG_OK;
  }
  side_look l = {.s = s, .host = host, .own = {.path = path}};
  if (wg_os_xattrs(host, WG_META_XATTR_NTFS, wg_meta_xattr_unlisted, side_xattr, &l, err) !=
      WG_OK) {
    return err->code;
  }
  return side_keep(&l, type, err);
}

// The sidecar's word counts; what it does not say, the file's own attributes may.
static void side_add(wg_meta_entry *row, const wg_meta_entry *own) {
  unsigned more = own->has & ~row->has;
  row->attributes = (more & WG_META_ATTRIBUTES) != 0 ? own->attributes : row->attributes;
  row->descriptor = (more & WG_META_DESCRIPTOR) != 0 ? own->descriptor : row->descriptor;
  row->created = (more & WG_META_CREATED) != 0 ? own->created : row->created;
  row->short16 = (more & WG_META_SHORT) != 0 ? own->short16 : row->short16;
  row->has |= more & (WG_META_ATTRIBUTES | WG_META_DESCRIPTOR | WG_META_CREATED | WG_META_SHORT);
  if (row->n_streams == 0) {
    row->streams = own->streams;
    row->n_streams = own->n_streams;
  }
}

wg_code wg_image_side_end(wg_image_side *s, wg_error *err) {
  size_t n_before = s->file.n_descriptors;
  wg_meta *m = &s->all;
  if (wg_side_shorts_end(s, err) != WG_OK) {
    return err->code;
  }
  m->entries = wg_arena_new_array(&s->arena, wg_meta_entry, s->file.n + s->n_own);
  m->descriptors = wg_arena_new_array(&s->arena, wg_str, n_before + s->n_descriptors);
  if (m->entries == NULL || m->descriptors == NULL) {
    return wg_arena_fail(&s->arena, err);
  }
  for (size_t i = 0; i < s->file.n; i++) {
    m->entries[m->n++] = s->file.entries[i];
  }
  for (size_t i = 0; i < n_before; i++) {
    m->descriptors[i] = s->file.descriptors[i];
  }
  for (size_t i = 0; i < s->n_descriptors; i++) {
    m->descriptors[n_before + i] = s->descriptors[i];
  }
  m->n_descriptors = n_before + s->n_descriptors;
  for (size_t i = 0; i < s->n_own; i++) {
    wg_meta_entry own = s->own[i];
    own.descriptor += (uint32_t)n_before;
    const wg_meta_entry *known = wg_meta_find(&s->file, own.path);
    if (known != NULL) {
      side_add(&m->entries[known - s->file.entries], &own);
    } else {
      m->entries[m->n++] = own;
    }
  }
  return wg_meta_sort(m, WG_META_FILE, &s->arena, err);
}

wg_code wg_image_side_arch_is(const wg_image_side *s, const char *arch, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) xml = {0};
  wg_wim_facts facts;
  bool encrypted = false;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&xml, wg_heap(), 0);
  wg_buf_add_z(&xml, "<WIM><IMAGE INDEX=\"1\">");
  for (size_t i = 0; i < s->file.n_image; i++) {
    wg_buf_add_str(&xml, s->file.image[i]);
  }
  wg_buf_add_z(&xml, "</IMAGE></WIM>");
  if (wg_buf_check(&xml, err) != WG_OK ||
      wg_wim_xml_facts(wg_buf_str(&xml), &arena, &facts, 1, &encrypted, err) != WG_OK) {
    return err->code;
  }
  const char *have = wg_image_arch_name(&facts);
  return have[0] == '\0' || strcmp(have, arch) == 0
             ? WG_OK
             : wg_fail(err, WG_E_CONFLICT,
                       "'%s' says that the image is for %s, and 'arch: %s' was asked for", s->name,
                       have, arch);
}
