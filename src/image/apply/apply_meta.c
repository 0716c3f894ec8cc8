// SPDX-License-Identifier: Apache-2.0
// The sidecar of what was applied: all that the host's files don't show.
#include <string.h>

#include "base/utf.h"
#include "fmt/meta/meta.h"
#include "fmt/meta/rules.h"
#include "image/apply/apply_run.h"

typedef struct apply_meta {
  wg_apply_run *r;
  wg_arena arena;
  wg_buf old_text;
  wg_meta old; // of what is in the target already
  wg_meta m;
} apply_meta;

static void apply_meta_done(apply_meta *a) {
  wg_buf_done(&a->old_text);
  wg_arena_done(&a->arena);
}
WG_DEFINE_AUTO(apply_meta, apply_meta_done);

// The bytes of a stream; none for one of zeros or none.
static wg_code meta_content(apply_meta *a, const wg_wim_entry *e, uint32_t stream, wg_str *out,
                            wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  const wg_wim *w = &a->r->f->wim;
  uint32_t blob = 0;
  wg_buf_init(&b, wg_heap(), (size_t)WG_META_MAX_BYTES);
  *out = (wg_str){NULL, 0};
  if (stream == WG_WIM_NO_STREAM || wg_sha1_is_zero(wg_wim_entry_hash(e, stream))) {
    return WG_OK;
  }
  if (!wg_wim_find_blob(w, wg_wim_entry_hash(e, stream), &blob)) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "content of one of its streams is not in the file: a delta or incomplete WIM");
  }
  if (wg_wim_load_blob(w, a->r->f->decoder, blob, WG_META_MAX_BYTES / 4, &b, err) != WG_OK) {
    return err->code;
  }
  *out = (wg_str){wg_arena_strndup(&a->arena, b.p, b.n), b.n};
  return out->p == NULL ? wg_arena_fail(&a->arena, err) : WG_OK;
}

static wg_code meta_streams(apply_meta *a, const wg_wim_entry *e, wg_meta_entry *row,
                            wg_error *err) {
  row->streams = wg_arena_new_array(&a->arena, wg_meta_stream, e->n_streams);
  if (row->streams == NULL) {
    return wg_arena_fail(&a->arena, err);
  }
  for (uint32_t k = 1; k <= e->n_streams; k++) {
    wg_str name16 = e->streams[k - 1].name16;
    if (name16.n == 0) {
      continue;
    }
    wg_meta_stream *s = &row->streams[row->n_streams++];
    s->name16 = name16;
    if (meta_content(a, e, k, &s->data, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static bool meta_any_byte(wg_str s) {
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] != '\0') {
      return true;
    }
  }
  return false;
}

static wg_code meta_special(apply_meta *a, const wg_apply_node *n, wg_meta_entry *row,
                            wg_error *err) {
  const wg_wim_entry *e = &a->r->tree->entries[n->entry];
  wg_wim_roles roles = wg_wim_entry_roles(e);
  if ((e->attributes & WG_WIM_ATTR_REPARSE) != 0) {
    row->has |= WG_META_REPARSE | WG_META_REPARSE_DATA;
    row->reparse = e->link_or_reparse;
    if (meta_content(a, e, roles.reparse, &row->reparse_data, err) != WG_OK) {
      return err->code;
    }
  } else if (e->link_or_reparse != 0) {
    row->has |= WG_META_LINKS;
    row->links = e->link_or_reparse;
  }
  if (n->target != NULL) {
    row->has |= WG_META_TARGET;
    row->target = wg_str_of(n->target);
  }
  if ((e->attributes & (WG_WIM_ATTR_ENCRYPTED | WG_WIM_ATTR_DIRECTORY)) == WG_WIM_ATTR_ENCRYPTED) {
    row->has |= WG_META_EFS;
    return meta_content(a, e, roles.efs, &row->efs, err);
  }
  return WG_OK;
}

static wg_code meta_entry(apply_meta *a, const wg_apply_node *n, wg_error *err) {
  const wg_wim_entry *e = &a->r->tree->entries[n->entry];
  wg_meta_entry *row = &a->m.entries[a->m.n++];
  *row = (wg_meta_entry){.path = strcmp(n->path, ".") == 0 ? "" : n->path,
                         .has = WG_META_ATTRIBUTES | WG_META_CREATED | WG_META_ACCESSED |
                                WG_META_WRITTEN,
                         .attributes = e->attributes,
                         .created = e->create_time,
                         .accessed = e->access_time,
                         .written = e->write_time};
  if (e->security != WG_WIM_NO_SECURITY) {
    row->has |= WG_META_DESCRIPTOR;
    row->descriptor = e->security;
  }
  if (e->short16.n > 0) {
    row->has |= WG_META_SHORT;
    row->short16 = e->short16;
  }
  if (meta_any_byte(e->tail)) {
    row->has |= WG_META_ITEMS;
    row->items = e->tail;
  }
  return meta_special(a, n, row, err) == WG_OK && meta_streams(a, e, row, err) == WG_OK
             ? WG_OK
             : wg_beneath_wrap(&a->r->at, n->path, err);
}

// What the XML says of the image, less what is counted anew. Of two of one name readers take the
// first.
static wg_code meta_image(apply_meta *a, wg_error *err) {
  wg_wim_xml_element *v = NULL;
  size_t n = 0;
  if (wg_wim_xml_elements(a->r->f->wim.xml, a->r->opt->image + 1, &a->arena, &v, &n, err) !=
      WG_OK) {
    return wg_wrap(err, "XML");
  }
  a->m.image = wg_arena_new_array(&a->arena, wg_str, n);
  if (a->m.image == NULL) {
    return wg_arena_fail(&a->arena, err);
  }
  for (size_t i = 0; i < n; i++) {
    wg_error ignored = WG_ERROR_INIT; // what is not kept is found anew
    if (wg_meta_check_image(v[i].text, a->m.image, a->m.n_image, &ignored) == WG_OK) {
      a->m.image[a->m.n_image++] = v[i].text;
    }
  }
  return WG_OK;
}

// What another image left in the same folder.
static wg_code meta_old(apply_meta *a, wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  wg_stat st;
  if (!a->r->opt->overlay) {
    return WG_OK;
  }
  if (wg_beneath_stat(&a->r->at, WG_META_FILE, &st, err) != WG_OK) {
    return err->code == WG_E_NOT_FOUND ? WG_OK : err->code;
  }
  if (st.type != WG_FT_FILE) {
    (void)wg_fail(err, WG_E_CONFLICT, "no file, where --meta puts one of its own");
    return wg_beneath_wrap(&a->r->at, WG_META_FILE, err);
  }
  if (wg_beneath_open_read(&a->r->at, WG_META_FILE, &fd, err) != WG_OK ||
      wg_os_read_fd(fd, WG_META_MAX_BYTES, &a->old_text, err) != WG_OK) {
    return err->code;
  }
  return wg_meta_parse(wg_buf_str(&a->old_text), WG_META_FILE, &a->arena, &a->old, err);
}

static wg_code meta_rows(apply_meta *a, wg_error *err) {
  const wg_apply_run *r = a->r;
  size_t n_now = r->tree->n_descriptors;
  a->m.entries = wg_arena_new_array(&a->arena, wg_meta_entry, r->n_nodes + a->old.n);
  a->m.descriptors = wg_arena_new_array(&a->arena, wg_str, n_now + a->old.n_descriptors);
  if (a->m.entries == NULL || a->m.descriptors == NULL) {
    return wg_arena_fail(&a->arena, err);
  }
  for (size_t i = 0; i < r->n_nodes; i++) {
    if (wg_cancel_check(r->opt->cancel, err) != WG_OK ||
        meta_entry(a, &r->nodes[i], err) != WG_OK) {
      return err->code;
    }
  }
  if (n_now > 0) {
    memcpy(a->m.descriptors, r->tree->descriptors, n_now * sizeof(wg_str));
  }
  if (a->old.n_descriptors > 0) {
    memcpy(a->m.descriptors + n_now, a->old.descriptors, a->old.n_descriptors * sizeof(wg_str));
  }
  a->m.n_descriptors = n_now + a->old.n_descriptors;
  return wg_meta_sort(&a->m, WG_META_FILE, &a->arena, err);
}

// Those of files that this run did not write.
static void meta_keep_old(apply_meta *a) {
  const wg_meta now = a->m;
  for (size_t i = 0; i < a->old.n; i++) {
    wg_meta_entry row = a->old.entries[i];
    if (wg_meta_find(&now, row.path) == NULL) {
      row.descriptor += (uint32_t)(a->m.n_descriptors - a->old.n_descriptors);
      a->m.entries[a->m.n++] = row;
    }
  }
}

wg_code wg_apply_meta(wg_apply_run *r, wg_error *err) {
  WG_AUTO(apply_meta) a = {.r = r};
  WG_AUTO(wg_buf) text = {0};
  wg_arena_init(&a.arena, wg_heap(), (size_t)4 << 30);
  wg_buf_init(&a.old_text, wg_heap(), (size_t)WG_META_MAX_BYTES);
  wg_buf_init(&text, wg_heap(), (size_t)WG_META_MAX_BYTES);
  if (meta_old(&a, err) != WG_OK || meta_image(&a, err) != WG_OK || meta_rows(&a, err) != WG_OK) {
    return err->code;
  }
  meta_keep_old(&a);
  wg_meta_write(&a.m, &text);
  if (wg_buf_check(&text, err) != WG_OK) {
    return wg_wrap(err, "%s: too much for one file; --ntfs keeps it", WG_META_FILE);
  }
  r->res.n_meta = r->n_nodes;
  return wg_os_write_file(r->dirfd, WG_META_FILE, text.p, text.n, 0666, false, err) == WG_OK
             ? WG_OK
             : wg_beneath_wrap(&r->at, WG_META_FILE, err);
}
