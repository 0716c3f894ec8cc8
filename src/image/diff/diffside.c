// SPDX-License-Identifier: Apache-2.0
// One side of a comparison: an image's tree or a folder of this machine as nodes with sorted
// children, and the facts of a node.
#include <string.h>

#include "base/sort.h"
#include "base/utf.h"
#include "fmt/meta/meta.h"
#include "image/diff/diffint.h"
#include "image/reg/hivefile.h"

static int name_cmp(const void *a, const void *b, void *ctx) {
  const diff_node *nodes = ctx;
  wg_str x = nodes[*(const uint32_t *)a].name16, y = nodes[*(const uint32_t *)b].name16;
  int c = wg_name16_cmp_nocase((const uint8_t *)x.p, x.n, (const uint8_t *)y.p, y.n);
  return c != 0 ? c : wg_str_cmp(x, y);
}

static void side_sort(wg_diff_side *s, const diff_node *dir) {
  uint32_t *v = s->order + dir->first;
  for (uint32_t i = 1; i < dir->n; i++) {
    if (name_cmp(&v[i - 1], &v[i], s->nodes) > 0) {
      wg_sort(v, dir->n, sizeof(*v), name_cmp, s->nodes);
      return;
    }
  }
}

// Runs of children, from the parents of all nodes.
static void side_children(wg_diff_side *s) {
  uint32_t at = 0;
  s->order = wg_xarray(s->n + 1, sizeof(*s->order));
  for (size_t i = 1; i < s->n; i++) {
    s->nodes[s->nodes[i].parent].n++;
  }
  for (size_t i = 0; i < s->n; i++) {
    s->nodes[i].first = at;
    at += s->nodes[i].n;
    s->nodes[i].n = 0;
  }
  for (uint32_t i = 1; i < s->n; i++) {
    diff_node *dir = &s->nodes[s->nodes[i].parent];
    s->order[dir->first + dir->n++] = i;
  }
  for (size_t i = 0; i < s->n; i++) {
    side_sort(s, &s->nodes[i]);
  }
}

static int link_cmp(const void *a, const void *b, void *ctx) {
  const link_group *x = a, *y = b;
  (void)ctx;
  return (x->id > y->id) - (x->id < y->id);
}

static uint64_t side_link_id(const wg_diff_side *s, uint32_t node) {
  const wg_wim_entry *e = &s->tree.entries[node];
  bool none = (e->attributes & (WG_WIM_ATTR_DIRECTORY | WG_WIM_ATTR_REPARSE)) != 0;
  return none ? 0 : e->link_or_reparse;
}

static void side_link_groups(wg_diff_side *s) {
  size_t n = 0, kept = 0;
  link_group *v = wg_xarray(s->n, sizeof(*v));
  for (uint32_t i = 0; i < s->n; i++) {
    uint64_t id = side_link_id(s, i);
    if (id != 0) {
      v[n++] = (link_group){.id = id, .n = 1};
    }
  }
  wg_sort(v, n, sizeof(*v), link_cmp, NULL);
  for (size_t i = 0; i < n; i++) {
    if (kept > 0 && v[kept - 1].id == v[i].id) {
      v[kept - 1].n++;
    } else {
      v[kept++] = v[i];
    }
  }
  s->links = v;
  s->n_links = kept;
}

link_group *wg_diff_links(const wg_diff_side *s, uint32_t node) {
  uint64_t id = s->is_wim ? side_link_id(s, node) : 0;
  size_t lo = 0, hi = s->n_links;
  while (id != 0 && lo < hi) {
    size_t mid = lo + (hi - lo) / 2;
    if (s->links[mid].id == id) {
      return s->links[mid].n > 1 ? &s->links[mid] : NULL;
    }
    if (s->links[mid].id < id) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  return NULL;
}

static wg_code side_open_wim(wg_diff_side *s, const wg_spec *spec, wg_error *err) {
  uint32_t image = 0;
  if (wg_image_file_open(&s->file, spec->path, err) != WG_OK) {
    return err->code;
  }
  if (wg_image_file_find(&s->file, spec->image, &image, err) != WG_OK) {
    return wg_wrap(err, "'%s'", spec->path);
  }
  if (wg_image_file_tree(&s->file, image, &s->arena, 0, &s->bytes, &s->tree, err) != WG_OK) {
    return err->code;
  }
  s->n = s->tree.n;
  s->nodes = wg_xarray(s->n, sizeof(*s->nodes));
  for (size_t i = 0; i < s->n; i++) {
    const wg_wim_entry *e = &s->tree.entries[i];
    bool link = (e->attributes & WG_WIM_ATTR_REPARSE) != 0;
    s->nodes[i] = (diff_node){.name16 = e->name16,
                              .parent = i == 0 ? WG_DIFF_NONE : e->parent,
                              .link = link,
                              .folder = !link && (e->attributes & WG_WIM_ATTR_DIRECTORY) != 0};
  }
  side_link_groups(s);
  return WG_OK;
}

static wg_code side_add_host(wg_diff_side *s, uint32_t parent, const char *dir, const char *name,
                             wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_path_join(dir, name);
  WG_AUTO(wg_buf) name16 = {0};
  diff_node node = {.parent = parent};
  wg_buf_init(&name16, wg_heap(), 0);
  if (!wg_utf8_to_utf16le(wg_str_of(name), &name16)) {
    return wg_fail(err, WG_E_FORMAT, "'%s': its name is not UTF-8", path);
  }
  if (wg_os_stat(WG_CWD, path, false, &node.st, err) != WG_OK) {
    return err->code;
  }
  const char *own = wg_arena_strndup(&s->arena, name16.p, name16.n);
  if (own == NULL) {
    return wg_arena_fail(&s->arena, err);
  }
  node.name16 = (wg_str){own, name16.n};
  node.folder = node.st.type == WG_FT_DIR;
  node.link = node.st.type == WG_FT_SYMLINK;
  wg_vec_push(&s->nodes, &s->n, &s->cap) = node;
  return WG_OK;
}

// Breadth first: a folder's number is known before what is in it is listed.
static wg_code side_open_folder(wg_diff_side *s, wg_error *err) {
  wg_vec_push(&s->nodes, &s->n, &s->cap) = (diff_node){.parent = WG_DIFF_NONE, .folder = true};
  for (uint32_t i = 0; i < s->n; i++) {
    WG_AUTO(wg_arena) arena;
    wg_arena_init(&arena, wg_heap(), 0);
    wg_dirent *list = NULL;
    size_t n = 0;
    if (!s->nodes[i].folder) {
      continue;
    }
    WG_AUTO(wg_cstr) dir = wg_diff_host_path(s, i);
    if (wg_os_list_dir(WG_CWD, dir, &arena, &list, &n, err) != WG_OK) {
      return err->code;
    }
    for (size_t k = 0; k < n; k++) {
      bool sidecar = i == 0 && strcmp(list[k].name, WG_META_FILE) == 0; // no file of the tree
      if (!sidecar && side_add_host(s, i, dir, list[k].name, err) != WG_OK) {
        return err->code;
      }
    }
  }
  return WG_OK;
}

wg_code wg_diff_open(const wg_spec *spec, wg_diff_side **out, wg_error *err) {
  WG_AUTO_PTR(wg_diff_side) s = wg_xalloc(sizeof(*s));
  s->is_wim = spec->kind == WG_SPEC_WIM;
  s->path = wg_xstrdup(spec->path);
  s->file = (wg_image_file)WG_IMAGE_FILE_INIT;
  wg_arena_init(&s->arena, wg_heap(), (size_t)4 << 30);
  wg_buf_init(&s->bytes, wg_heap(), (size_t)1 << 31);
  if ((s->is_wim ? side_open_wim(s, spec, err) : side_open_folder(s, err)) != WG_OK) {
    return err->code;
  }
  side_children(s);
  *out = wg_take(&s);
  return WG_OK;
}

void wg_diff_close(wg_diff_side *s) {
  if (s != NULL) {
    wg_image_file_done(&s->file);
    wg_buf_done(&s->bytes);
    wg_arena_done(&s->arena);
    wg_xfree(s->nodes);
    wg_xfree(s->order);
    wg_xfree(s->links);
    wg_xfree(s->path);
    wg_xfree(s);
  }
}

// Names from the root down to node, each after sep.
static void side_names(const wg_diff_side *s, uint32_t node, char sep, wg_buf *out) {
  uint32_t *up = NULL;
  size_t n = 0, cap = 0;
  for (; s->nodes[node].parent != WG_DIFF_NONE; node = s->nodes[node].parent) {
    wg_vec_push(&up, &n, &cap) = node;
  }
  while (n-- > 0) {
    wg_buf_add_byte(out, (uint8_t)sep);
    wg_diff_name(s, up[n], out);
  }
  wg_xfree(up);
}

void wg_diff_path(const wg_diff_side *s, uint32_t node, wg_buf *out) {
  if (s->nodes[node].parent == WG_DIFF_NONE) {
    wg_buf_add_byte(out, '\\');
  }
  side_names(s, node, '\\', out);
}

char *wg_diff_host_path(const wg_diff_side *s, uint32_t node) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_z(&b, s->path);
  side_names(s, node, '/', &b);
  return wg_xstrdup(wg_buf_z(&b));
}

uint32_t wg_diff_parent(const wg_diff_side *s, uint32_t node) {
  return s->nodes[node].parent;
}

void wg_diff_name(const wg_diff_side *s, uint32_t node, wg_buf *out) {
  wg_str n = s->nodes[node].name16;
  (void)!wg_utf16le_to_utf8((const uint8_t *)n.p, n.n, out);
}

bool wg_diff_is_folder(const wg_diff_side *s, uint32_t node) {
  return s->nodes[node].folder;
}

bool wg_diff_is_link(const wg_diff_side *s, uint32_t node) {
  return s->nodes[node].link;
}

uint64_t wg_diff_bytes(const wg_diff_side *s, uint32_t node) {
  uint32_t blob = 0;
  if (!s->is_wim) {
    return s->nodes[node].st.type == WG_FT_FILE ? s->nodes[node].st.size_bytes : 0;
  }
  wg_sha1 hash = wg_wim_entry_data(&s->tree.entries[node]);
  return wg_wim_find_blob(&s->file.wim, &hash, &blob) ? s->file.wim.blobs[blob].orig_bytes : 0;
}

bool wg_diff_has_facts(const wg_diff_side *s) {
  return s->is_wim;
}

uint32_t wg_diff_attributes(const wg_diff_side *s, uint32_t node) {
  return s->is_wim ? s->tree.entries[node].attributes : 0;
}

wg_str wg_diff_descriptor(const wg_diff_side *s, uint32_t node) {
  uint32_t id = s->is_wim ? s->tree.entries[node].security : WG_WIM_NO_SECURITY;
  return id < s->tree.n_descriptors ? s->tree.descriptors[id] : (wg_str){0};
}

wg_str wg_diff_short16(const wg_diff_side *s, uint32_t node) {
  return s->is_wim ? s->tree.entries[node].short16 : (wg_str){0};
}

uint32_t wg_diff_n_links(const wg_diff_side *s, uint32_t node) {
  const link_group *g = wg_diff_links(s, node);
  return g == NULL ? 1 : g->n;
}

void wg_diff_stream_names(const wg_diff_side *s, uint32_t node, wg_buf *out) {
  const wg_wim_entry *e = s->is_wim ? &s->tree.entries[node] : NULL;
  for (size_t i = 0, told = 0; e != NULL && i < e->n_streams; i++) {
    wg_str n = e->streams[i].name16;
    if (n.n > 0) {
      wg_buf_add_z(out, told++ > 0 ? ", " : "");
      (void)!wg_utf16le_to_utf8((const uint8_t *)n.p, n.n, out);
    }
  }
}

wg_code wg_diff_hash(const wg_diff_side *s, uint32_t node, const wg_cancel *cancel, wg_sha1 *out,
                     wg_error *err) {
  if (s->is_wim) {
    *out = wg_wim_entry_data(&s->tree.entries[node]);
    return WG_OK;
  }
  WG_AUTO(wg_fd) fd = -1;
  WG_AUTO(wg_cstr) path = wg_diff_host_path(s, node);
  uint64_t n = 0;
  *out = (wg_sha1){{0}};
  if (s->nodes[node].st.type != WG_FT_FILE || s->nodes[node].st.size_bytes == 0) {
    return WG_OK;
  }
  if (wg_os_open_read(WG_CWD, path, &fd, err) != WG_OK) {
    return err->code;
  }
  return wg_sha1_fd(fd, cancel, out, &n, err) == WG_OK ? WG_OK : wg_wrap(err, "'%s'", path);
}

// Content of the unnamed stream, hash checked. LIMIT over max_bytes.
static wg_code diff_load(const wg_diff_side *s, uint32_t node, uint64_t max_bytes, wg_buf *out,
                         wg_error *err) {
  uint32_t blob = 0;
  if (!s->is_wim) {
    WG_AUTO(wg_cstr) path = wg_diff_host_path(s, node);
    return wg_os_read_file(WG_CWD, path, max_bytes, out, err);
  }
  wg_sha1 hash = wg_wim_entry_data(&s->tree.entries[node]);
  if (wg_sha1_is_zero(&hash)) {
    return WG_OK;
  }
  if (!wg_wim_find_blob(&s->file.wim, &hash, &blob)) {
    return wg_fail(err, WG_E_FORMAT, "'%s': a content is not in the file", s->path);
  }
  return wg_wim_load_blob(&s->file.wim, s->file.decoder, blob, max_bytes, out, err);
}

#define SIDE_MAX_HIVE ((uint64_t)1 << 30)

static uint32_t side_child(const wg_diff_side *s, uint32_t dir, const char *name) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  for (uint32_t i = 0; i < s->nodes[dir].n; i++) {
    uint32_t node = s->order[s->nodes[dir].first + i];
    wg_buf_clear(&b);
    wg_diff_name(s, node, &b);
    if (wg_name_cmp_nocase(wg_buf_str(&b), wg_str_of(name)) == 0) {
      return node;
    }
  }
  return WG_DIFF_NONE;
}

typedef struct side_beside {
  const wg_diff_side *s;
  uint32_t node;
} side_beside;

static wg_code side_read_log(void *ctx, const char *end, wg_buf *out, wg_error *err) {
  const side_beside *b = ctx;
  WG_AUTO(wg_buf) name = {0};
  wg_buf_init(&name, wg_heap(), 0);
  wg_diff_name(b->s, b->node, &name);
  wg_buf_add_z(&name, end);
  uint32_t log = side_child(b->s, b->s->nodes[b->node].parent, wg_buf_z(&name));
  return log == WG_DIFF_NONE ? WG_OK : diff_load(b->s, log, SIDE_MAX_HIVE, out, err);
}

static bool text_ends(const char *s, const char *end) {
  size_t n = strlen(s), m = strlen(end);
  return n >= m && wg_name_cmp_nocase((wg_str){s + n - m, m}, wg_str_of(end)) == 0;
}

bool wg_diff_maybe_hive(const wg_diff_side *s, uint32_t node) {
  WG_AUTO(wg_buf) path = {0};
  wg_buf_init(&path, wg_heap(), 0);
  if (s->nodes[node].folder || s->nodes[node].link || wg_diff_bytes(s, node) < 8192) {
    return false; // a base block and one bin
  }
  wg_diff_name(s, node, &path);
  const char *name = wg_buf_z(&path);
  if (wg_hive_prefix_of(name) != NULL || text_ends(name, ".hve") || text_ends(name, ".hiv") ||
      text_ends(name, "settings.dat")) {
    return true;
  }
  bool plain = strchr(name, '.') == NULL;
  wg_buf_clear(&path);
  wg_diff_path(s, s->nodes[node].parent, &path);
  return plain && text_ends(wg_buf_z(&path), "\\System32\\config");
}

wg_code wg_diff_open_hive(const wg_diff_side *s, uint32_t node, bool force_dirty, wg_buf *bytes,
                          wg_hive **out, wg_error *err) {
  side_beside b = {s, node};
  wg_hive_replay replay;
  *out = NULL;
  if (diff_load(s, node, SIDE_MAX_HIVE, bytes, err) != WG_OK) {
    return err->code;
  }
  if (bytes->n < 4 || memcmp(bytes->p, "regf", 4) != 0) {
    return WG_OK;
  }
  return wg_hive_open_bytes(bytes, side_read_log, &b, force_dirty, false, out, &replay, err);
}
