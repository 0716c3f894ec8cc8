// SPDX-License-Identifier: Apache-2.0
// The tree that was read back: against what was meant, against the base, against the changes.
#include <string.h>

#include "base/utf.h"
#include "image/write/check.h"

typedef struct tree_check {
  const wg_image_run *r;
  wg_wim_tree *was, *now;
  wg_arena *arena;
  uint32_t *now_of; // by entry that was meant: where it is in what was read back
} tree_check;

static wg_code tree_fail(const wg_wim_tree *t, uint32_t entry, const char *what, wg_error *err) {
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

static bool security_eq(const wg_wim_tree *s, const wg_wim_entry *a, const wg_wim_tree *t,
                        const wg_wim_entry *b) {
  if (a->security == WG_WIM_NO_SECURITY || b->security == WG_WIM_NO_SECURITY) {
    return a->security == b->security;
  }
  return wg_str_eq(s->descriptors[a->security], t->descriptors[b->security]);
}

static bool tail_eq(wg_str a, wg_str b) { // padding of what we wrote anew is zeros
  const wg_str *longer = a.n > b.n ? &a : &b, *shorter = a.n > b.n ? &b : &a;
  for (size_t i = shorter->n; i < longer->n; i++) {
    if (longer->p[i] != '\0') {
      return false;
    }
  }
  return longer->n - shorter->n < 8 && (shorter->n == 0 || memcmp(a.p, b.p, shorter->n) == 0);
}

static bool other_data_eq(const wg_wim_entry *a, const wg_wim_entry *b) {
  return a->unknown54 == b->unknown54 && a->unused1 == b->unused1 && a->unused2 == b->unused2;
}

// --- What was meant and what is there: everything.

static const char *meant_differs(const tree_check *c, const wg_wim_entry *a,
                                 const wg_wim_entry *b) {
  if (!wg_str_eq(a->short16, b->short16)) {
    return "another short name than was meant";
  }
  if (a->attributes != b->attributes) {
    return "other attributes than were meant";
  }
  if (a->create_time != b->create_time || a->access_time != b->access_time ||
      a->write_time != b->write_time) {
    return "other times than were meant";
  }
  if (!security_eq(&c->r->tree, a, c->now, b)) {
    return "another security descriptor than was meant";
  }
  if (a->link_or_reparse != b->link_or_reparse) {
    return "another hard-link group or reparse tag than was meant";
  }
  if (!streams_eq(a, b)) {
    return "other content than was meant";
  }
  return tail_eq(a->tail, b->tail) && other_data_eq(a, b) ? NULL
                                                          : "other extra data than was meant";
}

static wg_code check_meant(tree_check *c, wg_error *err) {
  const wg_wim_tree *t = &c->r->tree;
  c->now_of = wg_arena_new_array(c->arena, uint32_t, t->n);
  bool *seen = wg_arena_new_array(c->arena, bool, c->now->n);
  if (c->now_of == NULL || seen == NULL) {
    return wg_arena_fail(c->arena, err);
  }
  seen[0] = true;
  for (uint32_t i = 0; i < t->n; i++) { // parents come before their children
    const wg_wim_entry *e = &t->entries[i];
    uint32_t at = 0;
    if (i > 0 && wg_wim_tree_find(c->now, c->now_of[e->parent], e->name16, &at, err) != WG_OK) {
      return err->code;
    }
    if (at == WG_WIM_NO_ENTRY || (i > 0 && seen[at]) ||
        !wg_str_eq(e->name16, c->now->entries[at].name16)) {
      return tree_fail(t, i, "is missing", err);
    }
    c->now_of[i] = at;
    seen[at] = true;
    const char *what = meant_differs(c, e, &c->now->entries[at]);
    if (what != NULL) {
      return tree_fail(c->now, at, what, err);
    }
  }
  for (uint32_t i = 0; i < c->now->n; i++) {
    if (!seen[i]) {
      return tree_fail(c->now, i, "nobody asked for it", err);
    }
  }
  return WG_OK;
}

// --- The base and what is there: what no change asked for is as it was.

// A tree's times are not inputs unless they were asked for: all are the project's.
static bool times_are_kept(const tree_check *c) {
  return (!c->r->captured || c->r->job->opt.keep_times) && !c->r->job->opt.retime;
}

static const char *times_differ(const tree_check *c, const wg_wim_entry *a, const wg_wim_entry *b) {
  if (!times_are_kept(c)) {
    uint64_t t = wg_wim_time(c->r->job->opt.time_s);
    return b->create_time == t && b->access_time == t && b->write_time == t ? NULL : "other times";
  }
  return a->create_time == b->create_time && a->access_time == b->access_time &&
                 a->write_time == b->write_time
             ? NULL
             : "other times";
}

static const char *content_differs(const tree_check *c, const wg_wim_entry *a,
                                   const wg_wim_entry *b) {
  bool reparse = (a->attributes & WG_WIM_ATTR_REPARSE) != 0;
  if (times_differ(c, a, b) != NULL) {
    return times_differ(c, a, b);
  }
  if (a->link_or_reparse != b->link_or_reparse && (reparse || !c->r->captured)) {
    return "another hard-link group or reparse tag";
  }
  if (c->r->captured ? !streams_mean_same(a, b) : !streams_eq(a, b)) {
    return "other streams";
  }
  return tail_eq(a->tail, b->tail) && other_data_eq(a, b) ? NULL : "other extra data";
}

// what: what changes asked for.
static const char *base_differs(const tree_check *c, unsigned what, const wg_wim_entry *a,
                                const wg_wim_entry *b) {
  const uint32_t mask = WG_IMAGE_ATTRIBUTE_MASK | WG_WIM_ATTR_NORMAL;
  uint32_t other = a->attributes ^ b->attributes;
  if ((what & WG_EDIT_NAME) == 0 &&
      (!wg_str_eq(a->name16, b->name16) || !wg_str_eq(a->short16, b->short16))) {
    return "another name or short name";
  }
  if ((what & WG_EDIT_SECURITY) == 0 && !security_eq(c->was, a, c->now, b) &&
      !((what & WG_EDIT_CONTENT) != 0 && a->security == WG_WIM_NO_SECURITY)) {
    return "another security descriptor";
  }
  if ((what & WG_EDIT_CONTENT) != 0) {
    if ((what & WG_EDIT_ATTRIBUTES) == 0 && (other & WG_IMAGE_ATTRIBUTES_KEPT) != 0) {
      return "other attributes";
    }
    return times_are_kept(c) && a->create_time != b->create_time ? "another creation time" : NULL;
  }
  if ((what & WG_EDIT_ATTRIBUTES) != 0 ? (other & ~mask) != 0 : other != 0) {
    return "other attributes";
  }
  if ((what & WG_EDIT_NAME) == 0 && a->length != 0 && a->length != b->length) {
    return "another length";
  }
  return content_differs(c, a, b);
}

static wg_code check_base(const tree_check *c, wg_error *err) {
  const wg_image_edit *edit = &c->r->edit;
  uint64_t n_gone = 0;
  for (uint32_t i = 0; i < c->was->n; i++) {
    const wg_wim_entry *a = &c->was->entries[i];
    uint32_t meant = edit->now_of[i];
    if (meant == WG_WIM_NO_ENTRY) {
      n_gone++;
      continue;
    }
    uint32_t at = c->now_of[meant];
    const wg_wim_entry *b = &c->now->entries[at];
    unsigned what = edit->what[meant];
    if (i > 0 && (what & WG_EDIT_NAME) == 0) { // below the same folder
      uint32_t parent = edit->now_of[a->parent];
      if (parent == WG_WIM_NO_ENTRY || c->now_of[parent] != b->parent) {
        return tree_fail(c->was, i, "is in another folder", err);
      }
    }
    const char *differs = base_differs(c, what, a, b);
    if (differs != NULL) {
      return tree_fail(c->now, at, differs, err);
    }
  }
  if (n_gone != c->r->result.n_deleted || c->was->n != edit->n_base) {
    return wg_fail(err, WG_E_VERIFY, "%llu entries of the base are gone, and %llu were deleted",
                   (unsigned long long)n_gone, (unsigned long long)c->r->result.n_deleted);
  }
  return WG_OK;
}

// --- The changes and what is there.

// Is a the path b, or a folder above it?
static bool path_covers(const wg_winpath *a, const wg_winpath *b) {
  for (size_t i = 0; i < a->n_names; i++) {
    if (i >= b->n_names || wg_name_cmp_nocase(a->names[i], b->names[i]) != 0) {
      return false;
    }
  }
  return true;
}

static bool path_has_tilde(const wg_winpath *p) {
  bool has = false;
  for (size_t i = 0; i < p->n_names; i++) {
    has = has || wg_str_find(p->names[i], '~') < p->names[i].n;
  }
  return has;
}

// Whether a later change may show at the path instead: one at it, above it or below it. Short names
// make two texts one path, so with one in either this says yes.
static bool path_is_changed_later(const tree_check *c, size_t change, const wg_winpath *path) {
  const wg_image_job *job = c->r->job;
  if (c->was->odd_short_names || path_has_tilde(path)) {
    return change + 1 < job->n_changes;
  }
  for (size_t i = change + 1; i < job->n_changes; i++) {
    const wg_winpath *to = &c->r->paths[i];
    if (job->changes[i].op == WG_IMAGE_RENAME || path_covers(to, path) || path_covers(path, to) ||
        path_has_tilde(to)) {
      return true;
    }
  }
  return false;
}

// Whether what stands at a path in the output is not what stood there in the base, but has a name
// that differs in letter case.
static bool is_another(const tree_check *c, const wg_winpath *path, uint32_t at) {
  wg_error ignored = WG_ERROR_INIT;
  uint32_t was = WG_WIM_NO_ENTRY;
  if (wg_image_edit_find(c->was, path, c->arena, &was, &ignored) != WG_OK ||
      was == WG_WIM_NO_ENTRY || c->r->edit.now_of[was] != WG_WIM_NO_ENTRY) {
    return false;
  }
  for (uint32_t i = 0; i < c->was->n; i++) {
    uint32_t meant = c->r->edit.now_of[i];
    if (meant != WG_WIM_NO_ENTRY && c->now_of[meant] == at) {
      return !wg_str_eq(c->was->entries[i].name16, c->was->entries[was].name16);
    }
  }
  return false;
}

static wg_code check_one_gone(const tree_check *c, size_t change, const wg_winpath *path,
                              wg_error *err) {
  uint32_t at = WG_WIM_NO_ENTRY;
  if (path_is_changed_later(c, change, path)) {
    return WG_OK;
  }
  if (wg_image_edit_find(c->now, path, c->arena, &at, err) != WG_OK) {
    return err->code;
  }
  if (at == WG_WIM_NO_ENTRY || is_another(c, path, at)) {
    return WG_OK;
  }
  return tree_fail(c->now, at, "was to be gone", err);
}

// Old names of what was renamed, and what was deleted.
static wg_code check_gone(const tree_check *c, wg_error *err) {
  const wg_image_job *job = c->r->job;
  for (size_t i = 0; i < job->n_changes; i++) {
    wg_winpath from;
    if (job->changes[i].op == WG_IMAGE_DELETE) {
      if (check_one_gone(c, i, &c->r->paths[i], err) != WG_OK) {
        return err->code;
      }
    } else if (job->changes[i].op == WG_IMAGE_RENAME) {
      if (wg_winpath_parse(job->changes[i].from, c->arena, &from, err) != WG_OK ||
          (!path_covers(&from, &c->r->paths[i]) && !path_has_tilde(&from) &&
           check_one_gone(c, i, &from, err) != WG_OK)) {
        return err->code;
      }
    }
  }
  return WG_OK;
}

static wg_code check_attributes(const tree_check *c, size_t change, uint32_t at, wg_error *err) {
  const wg_image_change *x = &c->r->job->changes[change];
  uint32_t have = c->now->entries[at].attributes & WG_IMAGE_ATTRIBUTE_MASK;
  if ((x->flags & WG_IMAGE_ATTRIBUTES) == 0) {
    return WG_OK;
  }
  bool later = path_is_changed_later(c, change, &c->r->paths[change]) ||
               c->now->entries[at].link_or_reparse != 0; // by another name of the file
  if (!later && have != x->attributes) {
    return tree_fail(c->now, at, "not the attributes it was given", err);
  }
  return WG_OK;
}

static wg_code check_one_there(const tree_check *c, size_t change, wg_error *err) {
  const wg_image_change *x = &c->r->job->changes[change];
  uint32_t at = WG_WIM_NO_ENTRY;
  if (wg_image_edit_find(c->now, &c->r->paths[change], c->arena, &at, err) != WG_OK) {
    return err->code;
  }
  if (at == WG_WIM_NO_ENTRY) {
    return (x->flags & WG_IMAGE_IF_PRESENT) != 0
               ? WG_OK
               : wg_fail(err, WG_E_VERIFY, "'%s' is not in the written image", x->to);
  }
  bool dir = (c->now->entries[at].attributes & WG_WIM_ATTR_DIRECTORY) != 0;
  if (x->op == WG_IMAGE_PUT_FILE && dir) {
    return tree_fail(c->now, at, "a folder, not a file", err);
  }
  if (x->op == WG_IMAGE_PUT_DIR && !dir) {
    return tree_fail(c->now, at, "a file, not a folder", err);
  }
  return check_attributes(c, change, at, err);
}

// What is put, made or set stands at its path.
static wg_code check_there(const tree_check *c, wg_error *err) {
  const wg_image_job *job = c->r->job;
  size_t first = 0; // what came before a rename may be elsewhere now
  for (size_t i = 0; i < job->n_changes; i++) {
    first = job->changes[i].op == WG_IMAGE_RENAME ? i : first;
  }
  for (size_t i = first; i < job->n_changes; i++) {
    if (job->changes[i].op != WG_IMAGE_DELETE && check_one_there(c, i, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code check_content(const tree_check *c, wg_error *err) {
  const wg_image_run *r = c->r;
  uint64_t time = wg_wim_time(r->job->opt.time_s);
  for (size_t i = 0; i < r->edit.n_puts; i++) {
    const wg_image_put *p = &r->edit.puts[i];
    if (p->entry == WG_WIM_NO_ENTRY) {
      continue; // a stream's
    }
    uint32_t at = c->now_of[p->entry];
    const wg_wim_entry *e = &c->now->entries[at];
    wg_sha1 data = wg_wim_entry_data(e);
    if (memcmp(&data, &p->hash, sizeof(data)) != 0 || e->n_streams != 0) {
      return tree_fail(c->now, at, "not the content that was put", err);
    }
    if (e->write_time != time || e->access_time != time || e->link_or_reparse != 0 ||
        (e->attributes & ~WG_IMAGE_ATTRIBUTES_KEPT) != WG_WIM_ATTR_ARCHIVE) {
      return tree_fail(c->now, at, "not the attributes and times it was given", err);
    }
  }
  return WG_OK;
}

wg_code wg_image_check_tree(const wg_image_run *r, wg_wim_tree *was, wg_wim_tree *now,
                            wg_arena *arena, wg_error *err) {
  tree_check c = {.r = r, .was = was, .now = now, .arena = arena};
  if (check_meant(&c, err) != WG_OK || check_base(&c, err) != WG_OK ||
      check_gone(&c, err) != WG_OK || check_there(&c, err) != WG_OK) {
    return err->code;
  }
  return check_content(&c, err);
}
