// The output read again with our own reader and compared with base and changes.
#include <string.h>

#include "image/check.h"

typedef struct check {
  const wg_image_run *r;
  wg_image_file out;
  wg_arena arena;
  wg_buf was_bytes, now_bytes;
  wg_wim_tree was, now;
  uint32_t *put; // by entry of now: 1 + change that put it, or a folder on the way
} check;

static void check_done(check *c) {
  wg_buf_done(&c->was_bytes);
  wg_buf_done(&c->now_bytes);
  wg_image_file_done(&c->out);
  wg_arena_done(&c->arena);
}
WG_DEFINE_AUTO(check, check_done);

static wg_code check_fail(const wg_wim_tree *t, uint32_t entry, const char *what, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_wim_tree_path(t, entry, &b);
  return wg_fail(err, WG_E_VERIFY, "'%s' in the written image: %s", wg_buf_z(&b), what);
}

// The stream with that number, as what stands for nothing is the same as an empty one.
static wg_sha1 stream_of(const wg_wim_entry *e, uint32_t i) {
  return i == WG_WIM_NO_STREAM ? (wg_sha1){{0}} : *wg_wim_entry_hash(e, i);
}

// For captured trees, whose folders are written in another form than libwim's.
static bool streams_mean_same(const wg_wim_entry *a, const wg_wim_entry *b) {
  wg_wim_roles x = wg_wim_entry_roles(a), y = wg_wim_entry_roles(b);
  wg_sha1 xd = stream_of(a, x.data), yd = stream_of(b, y.data);
  wg_sha1 xr = stream_of(a, x.reparse), yr = stream_of(b, y.reparse);
  return memcmp(&xd, &yd, sizeof(xd)) == 0 && memcmp(&xr, &yr, sizeof(xr)) == 0;
}

static bool streams_eq(const wg_wim_entry *a, const wg_wim_entry *b) {
  if (a->n_streams != b->n_streams || memcmp(&a->hash, &b->hash, sizeof(a->hash)) != 0) {
    return false;
  }
  for (size_t i = 0; i < a->n_streams; i++) {
    const wg_wim_stream *x = &a->streams[i], *y = &b->streams[i];
    if (!wg_str_eq(x->name16, y->name16) || memcmp(&x->hash, &y->hash, sizeof(x->hash)) != 0 ||
        x->length != y->length || x->reserved != y->reserved || !wg_str_eq(x->tail, y->tail)) {
      return false;
    }
  }
  return true;
}

static bool security_eq(const check *c, const wg_wim_entry *a, const wg_wim_entry *b) {
  if (a->security == WG_WIM_NO_SECURITY || b->security == WG_WIM_NO_SECURITY) {
    return a->security == b->security;
  }
  return wg_str_eq(c->was.descriptors[a->security], c->now.descriptors[b->security]);
}

// A tree's times are not inputs: all are the project's.
static bool times_are_kept(const check *c) {
  return !c->r->captured && !c->r->job->opt.retime;
}

static const char *times_differ(const check *c, const wg_wim_entry *a, const wg_wim_entry *b) {
  if (!times_are_kept(c)) {
    uint64_t t = wg_wim_time(c->r->job->opt.time_s);
    return b->create_time == t && b->access_time == t && b->write_time == t ? NULL : "other times";
  }
  return a->create_time == b->create_time && a->access_time == b->access_time &&
                 a->write_time == b->write_time
             ? NULL
             : "other times";
}

// What differs between an entry that was not asked to change and the base's; NULL: nothing.
static const char *entry_differs(const check *c, const wg_wim_entry *a, const wg_wim_entry *b) {
  if (!wg_str_eq(a->name16, b->name16)) {
    return "another name";
  }
  if (!wg_str_eq(a->short16, b->short16)) {
    return "another short name";
  }
  if (a->attributes != b->attributes) {
    return "other attributes";
  }
  if (times_differ(c, a, b) != NULL) {
    return times_differ(c, a, b);
  }
  if (!security_eq(c, a, b)) {
    return "another security descriptor";
  }
  bool reparse = (a->attributes & WG_WIM_ATTR_REPARSE) != 0;
  if (a->link_or_reparse != b->link_or_reparse && (reparse || !c->r->captured)) {
    return "another hard-link group or reparse tag";
  }
  if (c->r->captured ? !streams_mean_same(a, b) : !streams_eq(a, b)) {
    return "other streams";
  }
  if (!wg_str_eq(a->tail, b->tail) || a->length != b->length || a->unknown54 != b->unknown54 ||
      a->unused1 != b->unused1 || a->unused2 != b->unused2) {
    return "other extra data";
  }
  return NULL;
}

// Marks the entries of the output that the changes name, and looks at those put.
static wg_code check_puts(check *c, wg_error *err) {
  const wg_image_run *r = c->r;
  c->put = wg_arena_new_array(&c->arena, uint32_t, c->now.n);
  if (c->put == NULL) {
    return wg_arena_fail(&c->arena, err);
  }
  for (size_t i = 0; i < r->job->n_changes; i++) {
    uint32_t at = WG_WIM_NO_ENTRY;
    if (wg_image_edit_find(&c->now, &r->paths[i], &c->arena, &at, err) != WG_OK) {
      return err->code;
    }
    const wg_image_change *change = &r->job->changes[i];
    if (at == WG_WIM_NO_ENTRY) {
      return wg_fail(err, WG_E_VERIFY, "'%s' is not in the written image", change->to);
    }
    bool dir = (c->now.entries[at].attributes & WG_WIM_ATTR_DIRECTORY) != 0;
    if (dir != (change->op == WG_IMAGE_PUT_DIR)) {
      return check_fail(&c->now, at, dir ? "a folder, not a file" : "a file, not a folder", err);
    }
    for (uint32_t up = at; up != WG_WIM_NO_ENTRY && c->put[up] == 0;
         up = c->now.entries[up].parent) {
      c->put[up] = (uint32_t)i + 1;
    }
    c->put[at] = (uint32_t)i + 1;
  }
  return WG_OK;
}

static bool put_security_eq(const check *c, const wg_wim_entry *want, const wg_wim_entry *got) {
  if (want->security == WG_WIM_NO_SECURITY || got->security == WG_WIM_NO_SECURITY) {
    return want->security == got->security;
  }
  return wg_str_eq(c->r->tree.descriptors[want->security], c->now.descriptors[got->security]);
}

static wg_code check_put_content(check *c, wg_error *err) {
  const wg_image_run *r = c->r;
  uint64_t time = wg_wim_time(r->job->opt.time_s);
  for (size_t i = 0; i < r->edit.n_puts; i++) {
    const wg_image_put *p = &r->edit.puts[i];
    // The change's path leads to the entry; the run's own entry number means nothing here.
    size_t change = r->edit.touched[p->entry] - 1;
    uint32_t at = WG_WIM_NO_ENTRY;
    if (wg_image_edit_find(&c->now, &r->paths[change], &c->arena, &at, err) != WG_OK) {
      return err->code;
    }
    const wg_wim_entry *e = &c->now.entries[at];
    wg_sha1 data = wg_wim_entry_data(e);
    if (memcmp(&data, &p->hash, sizeof(data)) != 0 || e->n_streams != 0) {
      return check_fail(&c->now, at, "not the content that was put", err);
    }
    if (!put_security_eq(c, &r->tree.entries[p->entry], e)) {
      return check_fail(&c->now, at, "another security descriptor than it was given", err);
    }
    if (e->write_time != time || e->access_time != time || e->attributes != WG_WIM_ATTR_ARCHIVE ||
        e->link_or_reparse != 0) {
      return check_fail(&c->now, at, "not the attributes and times it was given", err);
    }
  }
  return WG_OK;
}

static wg_code check_same_entry(check *c, uint32_t was, uint32_t now, wg_error *err) {
  const wg_wim_entry *a = &c->was.entries[was], *b = &c->now.entries[now];
  bool dir = (a->attributes & WG_WIM_ATTR_DIRECTORY) != 0;
  if (c->put[now] != 0 && !dir) { // written over: what stays is name, short name, descriptor
    bool had = a->security != WG_WIM_NO_SECURITY;
    if (!wg_str_eq(a->name16, b->name16) || !wg_str_eq(a->short16, b->short16) ||
        (had && !security_eq(c, a, b)) || (times_are_kept(c) && a->create_time != b->create_time)) {
      return check_fail(&c->now, now, "writing over it changed its name or descriptor", err);
    }
    return WG_OK;
  }
  const char *what = entry_differs(c, a, b);
  return what == NULL ? WG_OK : check_fail(&c->now, now, what, err);
}

// Every entry of the base is there as it was; every other entry was asked for.
static wg_code check_tree(check *c, wg_error *err) {
  uint32_t *now_of = wg_arena_new_array(&c->arena, uint32_t, c->was.n);
  bool *seen = wg_arena_new_array(&c->arena, bool, c->now.n);
  if (now_of == NULL || seen == NULL) {
    return wg_arena_fail(&c->arena, err);
  }
  seen[0] = true;
  for (uint32_t i = 0; i < c->was.n; i++) { // parents come before their children
    const wg_wim_entry *e = &c->was.entries[i];
    uint32_t at = 0;
    if (i > 0 && wg_wim_tree_find(&c->now, now_of[e->parent], e->name16, &at, err) != WG_OK) {
      return err->code;
    }
    if (at == WG_WIM_NO_ENTRY || (i > 0 && seen[at])) {
      return check_fail(&c->was, i, "is missing", err);
    }
    now_of[i] = at;
    seen[at] = true;
    if (check_same_entry(c, i, at, err) != WG_OK) {
      return err->code;
    }
  }
  for (uint32_t i = 0; i < c->now.n; i++) {
    if (!seen[i] && c->put[i] == 0) {
      return check_fail(&c->now, i, "nobody asked for it", err);
    }
  }
  return WG_OK;
}

// New folders: what was meant is what is there.
static wg_code check_new_folders(check *c, wg_error *err) {
  const wg_wim_tree *t = &c->r->tree;
  uint32_t *now_of = wg_arena_new_array(&c->arena, uint32_t, t->n);
  if (now_of == NULL) {
    return wg_arena_fail(&c->arena, err);
  }
  for (uint32_t i = 1; i < t->n; i++) { // parents come before their children
    const wg_wim_entry *want = &t->entries[i];
    uint32_t at = WG_WIM_NO_ENTRY;
    if (wg_wim_tree_find(&c->now, now_of[want->parent], want->name16, &at, err) != WG_OK) {
      return err->code;
    }
    if (at == WG_WIM_NO_ENTRY) {
      return check_fail(t, i, "is missing", err);
    }
    now_of[i] = at;
    const wg_wim_entry *got = &c->now.entries[at];
    if (c->r->edit.touched[i] != 0 &&
        (!put_security_eq(c, want, got) || want->attributes != got->attributes ||
         want->create_time != got->create_time || want->write_time != got->write_time)) {
      return check_fail(&c->now, at, "other attributes, times or descriptor than it was given",
                        err);
    }
  }
  return WG_OK;
}

static wg_code sink_hash(void *ctx, const uint8_t *p, size_t n_bytes, wg_error *err) {
  (void)err;
  wg_hash_add(ctx, p, n_bytes);
  return WG_OK;
}

static wg_code check_blob(const check *c, const wg_image_blob *b, uint32_t at, wg_error *err) {
  const wg_wim_blob *o = &c->out.wim.blobs[at];
  bool solid = b->solid != WG_WIM_NO_SOLID;
  bool same = solid ? o->solid != WG_WIM_NO_SOLID && o->off_bytes == b->solid_off &&
                          c->out.wim.solids[o->solid].off_bytes == c->r->solids[b->solid].off_bytes
                    : o->solid == WG_WIM_NO_SOLID && o->off_bytes == b->res.off_bytes &&
                          o->stored_bytes == b->res.stored_bytes;
  if (!same || o->orig_bytes != b->n_bytes || o->refcount != b->refcount) {
    return wg_fail(err, WG_E_VERIFY, "a row of the written blob table differs");
  }
  if (!b->packed) {
    return WG_OK;
  }
  WG_AUTO_PTR(wg_hash) h = NULL;
  wg_sha1 got;
  if (wg_hash_new(WG_SHA1, &h, err) != WG_OK ||
      wg_wim_read_blob(&c->out.wim, c->out.decoder, at, sink_hash, h, err) != WG_OK) {
    return err->code;
  }
  wg_hash_end(h, got.b);
  if (memcmp(&got, &b->hash, sizeof(got)) != 0) {
    return wg_fail(err, WG_E_VERIFY, "the written resource at 0x%llx has another SHA-1",
                   (unsigned long long)o->off_bytes);
  }
  return wg_cancel_check(c->r->job->opt.cancel, err);
}

// The table: all contents, none else. New and recompressed ones are decompressed and hashed; copied
// ones were read as they were.
static wg_code check_blobs(const check *c, wg_error *err) {
  const wg_image_run *r = c->r;
  const wg_wim *w = &c->out.wim;
  if (w->n_by_hash != r->n_blobs || w->n_images != r->base.wim.n_images) {
    return wg_fail(err, WG_E_VERIFY, "the written blob table has %zu contents, not %zu",
                   w->n_by_hash, r->n_blobs);
  }
  for (size_t i = 0; i < r->n_blobs; i++) {
    const wg_image_blob *b = &r->blobs[i];
    uint32_t at = 0;
    if (!wg_wim_find_blob(w, &b->hash, &at)) {
      return wg_fail(err, WG_E_VERIFY, "the written blob table lacks a content");
    }
    if (check_blob(c, b, at, err) != WG_OK) {
      return b->base == WG_IMAGE_NEW ? wg_wrap(err, "'%s'", r->edit.puts[b->put].from) : err->code;
    }
  }
  return WG_OK;
}

static wg_code check_other_images(const check *c, wg_error *err) {
  const wg_wim *a = &c->r->base.wim, *b = &c->out.wim;
  for (uint32_t i = 0; i < a->n_images; i++) {
    const wg_sha1 *was = &a->blobs[a->metadata[i]].hash, *now = &b->blobs[b->metadata[i]].hash;
    if (i == c->r->image) {
      continue;
    }
    WG_AUTO(wg_buf) bytes = {0};
    wg_buf_init(&bytes, wg_heap(), 0);
    if (memcmp(was, now, sizeof(*was)) != 0) {
      return wg_fail(err, WG_E_VERIFY, "image %u, which was not to change, has other metadata",
                     (unsigned)i + 1);
    }
    if (wg_wim_load_blob(b, c->out.decoder, b->metadata[i], UINT64_MAX, &bytes, err) != WG_OK) {
      return wg_wrap(err, "metadata of image %u", (unsigned)i + 1);
    }
  }
  return WG_OK;
}

// The header, and the XML: with the base's values put back into it, it is the base's text again.
static wg_code check_header_and_xml(const check *c, wg_error *err) {
  const wg_image_run *r = c->r;
  const wg_wim_header *a = &r->base.wim.hdr, *b = &c->out.wim.hdr;
  if (b->n_images != r->base.wim.n_images || b->boot_index != a->boot_index ||
      ((a->flags ^ b->flags) & WG_WIM_HDR_RP_FIX) != 0) {
    return wg_fail(err, WG_E_VERIFY, "the written header differs");
  }
  for (uint32_t i = 0; i < r->base.wim.n_images; i++) {
    const wg_wim_facts *x = &r->base.wim.facts[i], *y = &c->out.wim.facts[i];
    const char *const pairs[][2] = {
        {x->name, y->name},
        {x->description, y->description},
        {x->display_name, y->display_name},
        {x->display_description, y->display_description},
        {x->flags, y->flags},
        {x->arch, y->arch},
        {x->product_name, y->product_name},
        {x->edition, y->edition},
        {x->installation_type, y->installation_type},
        {x->product_type, y->product_type},
        {x->system_root, y->system_root},
        {x->major, y->major},
        {x->minor, y->minor},
        {x->build, y->build},
        {x->spbuild, y->spbuild},
        {x->language, y->language},
        {x->dir_count, i == r->image ? x->dir_count : y->dir_count},
        {x->file_count, i == r->image ? x->file_count : y->file_count},
        {x->total_bytes, i == r->image ? x->total_bytes : y->total_bytes},
    };
    for (size_t k = 0; k < WG_ARRAY_LEN(pairs); k++) {
      if (strcmp(pairs[k][0], pairs[k][1]) != 0) {
        return wg_fail(err, WG_E_VERIFY, "image %u: the XML says '%s', not '%s'", (unsigned)i + 1,
                       pairs[k][1], pairs[k][0]);
      }
    }
  }
  return WG_OK;
}

wg_code wg_image_check(const wg_image_run *r, wg_error *err) {
  WG_AUTO(check) c = {.r = r, .out = WG_IMAGE_FILE_INIT};
  wg_arena_init(&c.arena, wg_heap(), 0);
  wg_buf_init(&c.was_bytes, wg_heap(), 0);
  wg_buf_init(&c.now_bytes, wg_heap(), 0);
  if (wg_image_file_open(&c.out, r->job->opt.out_path, err) != WG_OK ||
      check_header_and_xml(&c, err) != WG_OK ||
      wg_image_file_tree(&r->base, r->image, &c.arena, 0, &c.was_bytes, &c.was, err) != WG_OK ||
      wg_image_file_tree(&c.out, r->image, &c.arena, 0, &c.now_bytes, &c.now, err) != WG_OK ||
      (r->captured && wg_image_check_dir(r, &c.was, &c.arena, err) != WG_OK) ||
      check_puts(&c, err) != WG_OK || check_tree(&c, err) != WG_OK ||
      check_put_content(&c, err) != WG_OK || check_new_folders(&c, err) != WG_OK ||
      check_blobs(&c, err) != WG_OK || check_other_images(&c, err) != WG_OK) {
    return wg_wrap(err, "reading the written image back");
  }
  return WG_OK;
}
