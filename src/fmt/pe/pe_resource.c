// SPDX-License-Identifier: Apache-2.0
// The resource tree: three levels, type / name / language (PE 6.9), flattened to its leaves.
#include "base/utf.h"
#include "fmt/pe/pe_parse.h"

enum {
  RES_DIR_BYTES = 16,
  RES_ENTRY_BYTES = 8,
  RES_DATA_BYTES = 16,
  RES_LEVELS = 3,
};
#define RES_HIGH_BIT 0x80000000U

typedef struct res_dir { // one directory being walked
  wg_reader entries;     // its entry array
  uint32_t n_left;
} res_dir;

typedef struct res_walk {
  pe_parser *ps;
  wg_reader tree; // offsets inside of the tree start here
  res_dir level[RES_LEVELS];
  wg_pe_res_id ids[RES_LEVELS]; // of the entry being visited at each level
  uint32_t n_nodes;
  wg_pe_resource *leaves; // NULL while counting
  uint32_t n_leaves;
} res_walk;

static wg_code res_open_dir(res_walk *w, uint32_t off, uint64_t from, res_dir *out, wg_error *err) {
  wg_reader h;
  if (!wg_reader_slice(&w->tree, off, RES_DIR_BYTES, &h)) {
    return wg_fail_at(err, WG_E_FORMAT, from, "resource directory at 0x%x is outside of the tree",
                      off);
  }
  uint32_t n = (uint32_t)wg_le16(h.p + 12) + wg_le16(h.p + 14);
  if (!wg_reader_slice(&w->tree, (uint64_t)off + RES_DIR_BYTES, (uint64_t)n * RES_ENTRY_BYTES,
                       &out->entries)) {
    return wg_fail_at(err, WG_E_FORMAT, h.base_off + 12,
                      "resource directory: %u entries do not fit into the tree", n);
  }
  out->n_left = n;
  return WG_OK;
}

static wg_code res_read_name(res_walk *w, uint32_t off, uint64_t from, wg_str *out, wg_error *err) {
  wg_reader h, units;
  if (!wg_reader_slice(&w->tree, off, 2, &h) ||
      !wg_reader_slice(&w->tree, (uint64_t)off + 2, 2 * (uint64_t)wg_le16(h.p), &units)) {
    return wg_fail_at(err, WG_E_FORMAT, from, "resource name at 0x%x is outside of the tree", off);
  }
  if (units.n_bytes > w->ps->pe->limits.name_bytes || units.n_bytes > w->ps->names_left_bytes) {
    return wg_fail_at(err, WG_E_LIMIT, h.base_off, "resource names are too long");
  }
  w->ps->names_left_bytes -= units.n_bytes;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, w->ps->arena->alloc, 0);
  // Cannot be refused: the length is even.
  (void)!wg_utf16le_to_utf8(units.p, (size_t)units.n_bytes, &b);
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  const char *s = wg_arena_strndup(w->ps->arena, b.p, b.n);
  if (s == NULL) {
    return wg_arena_fail(w->ps->arena, err);
  }
  *out = (wg_str){s, b.n};
  return WG_OK;
}

static wg_code res_read_id(res_walk *w, uint32_t v, uint64_t from, wg_pe_res_id *out,
                           wg_error *err) {
  *out = (wg_pe_res_id){.is_name = (v & RES_HIGH_BIT) != 0, .id = v};
  if (out->is_name) {
    out->id = 0;
    return w->leaves == NULL ? WG_OK : res_read_name(w, v & ~RES_HIGH_BIT, from, &out->name, err);
  }
  return WG_OK;
}

static wg_code res_read_leaf(res_walk *w, uint32_t off, uint64_t from, wg_error *err) {
  const wg_pe *pe = w->ps->pe;
  wg_reader e, data;
  if (!wg_reader_slice(&w->tree, off, RES_DATA_BYTES, &e)) {
    return wg_fail_at(err, WG_E_FORMAT, from, "resource data entry at 0x%x is outside of the tree",
                      off);
  }
  if (w->leaves == NULL) {
    w->n_leaves++;
    return WG_OK;
  }
  wg_pe_resource *leaf = &w->leaves[w->n_leaves++];
  *leaf = (wg_pe_resource){.type = w->ids[0],
                           .name = w->ids[1],
                           .lang = w->ids[2],
                           .rva = wg_le32(e.p),
                           .n_bytes = wg_le32(e.p + 4),
                           .code_page = wg_le32(e.p + 8)};
  if ((uint64_t)leaf->rva + leaf->n_bytes > pe->image_bytes) {
    return wg_fail_at(err, WG_E_FORMAT, e.base_off,
                      "resource data, 0x%x bytes at 0x%x, is outside of the image", leaf->n_bytes,
                      leaf->rva);
  }
  const wg_pe_section *s = wg_pe_section_at(pe, leaf->rva);
  if (wg_pe_slice_rva(pe, leaf->rva, leaf->n_bytes, &data)) {
    leaf->in_file = true;
    leaf->data = (wg_str){(const char *)data.p, (size_t)data.n_bytes};
    leaf->file_off = data.base_off;
  } else if (s == NULL || s->file_bytes != 0) {
    return wg_fail_at(err, WG_E_FORMAT, e.base_off,
                      "resource data, 0x%x bytes at 0x%x, is not in the file", leaf->n_bytes,
                      leaf->rva);
  }
  return WG_OK;
}

// Visits one entry of the directory at depth; *out_depth is the level to go on with.
static wg_code res_visit(res_walk *w, uint32_t depth, uint32_t *out_depth, wg_error *err) {
  uint32_t id = 0, target = 0;
  res_dir *d = &w->level[depth];
  uint64_t at = wg_reader_at(&d->entries);
  if (!wg_read_le32(&d->entries, &id) || !wg_read_le32(&d->entries, &target)) {
    return wg_fail(err, WG_E_BUG, "resource entry outside of its checked table");
  }
  d->n_left--;
  if (++w->n_nodes > w->ps->pe->limits.resource_nodes) {
    return wg_fail_at(err, WG_E_LIMIT, at, "more than %u resource entries",
                      w->ps->pe->limits.resource_nodes);
  }
  if (res_read_id(w, id, at, &w->ids[depth], err) != WG_OK) {
    return err->code;
  }
  bool is_dir = (target & RES_HIGH_BIT) != 0;
  if (is_dir != (depth + 1 < RES_LEVELS)) {
    return wg_fail_at(err, WG_E_FORMAT, at + 4,
                      is_dir ? "the resource tree has more than three levels"
                             : "resource data where a directory should be (level %u)",
                      depth + 1);
  }
  if (!is_dir) {
    return res_read_leaf(w, target, at + 4, err);
  }
  *out_depth = depth + 1;
  return res_open_dir(w, target & ~RES_HIGH_BIT, at + 4, &w->level[depth + 1], err);
}

static wg_code res_walk_all(res_walk *w, wg_error *err) {
  w->n_nodes = 0;
  w->n_leaves = 0;
  uint32_t depth = 0;
  if (res_open_dir(w, 0, wg_pe_dir_off(w->ps->pe, WG_PE_DIR_RESOURCE), &w->level[0], err) !=
      WG_OK) {
    return err->code;
  }
  for (;;) {
    if (w->level[depth].n_left == 0) {
      if (depth == 0) {
        return WG_OK;
      }
      depth--;
      continue;
    }
    if (res_visit(w, depth, &depth, err) != WG_OK) {
      return err->code;
    }
  }
}

wg_code wg_pe_parse_resources(pe_parser *ps, wg_error *err) {
  const wg_pe_dir *dir = &ps->pe->dirs[WG_PE_DIR_RESOURCE];
  if (dir->rva == 0 || dir->n_bytes == 0) {
    return WG_OK;
  }
  res_walk w = {.ps = ps};
  if (!wg_pe_read_rva(ps->pe, dir->rva, &w.tree)) {
    return wg_fail_at(err, WG_E_FORMAT, wg_pe_dir_off(ps->pe, WG_PE_DIR_RESOURCE),
                      "resource tree: no bytes of the file are at 0x%x", dir->rva);
  }
  if (res_walk_all(&w, err) != WG_OK) {
    return err->code;
  }
  uint32_t n = w.n_leaves;
  w.leaves = wg_arena_new_array(ps->arena, wg_pe_resource, n);
  if (w.leaves == NULL) {
    return wg_arena_fail(ps->arena, err);
  }
  if (res_walk_all(&w, err) != WG_OK) {
    return err->code;
  }
  ps->pe->resources = w.leaves;
  ps->pe->n_resources = n;
  return WG_OK;
}

const wg_pe_resource *wg_pe_find_resource(const wg_pe *pe, uint32_t type) {
  for (uint32_t i = 0; i < pe->n_resources; i++) {
    if (!pe->resources[i].type.is_name && pe->resources[i].type.id == type) {
      return &pe->resources[i];
    }
  }
  return NULL;
}

wg_str wg_pe_manifest(const wg_pe *pe) {
  const wg_pe_resource *r = wg_pe_find_resource(pe, WG_RT_MANIFEST);
  return r == NULL ? (wg_str){0} : r->data;
}
