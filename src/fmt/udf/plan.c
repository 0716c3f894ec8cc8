// SPDX-License-Identifier: Apache-2.0
// Where everything of a UDF volume goes.
#include <string.h>

#include "base/utf.h"
#include "fmt/udf/udf.h"
#include "fmt/udf/write.h"

#define PLAN_MAX_BLOCKS ((uint64_t)1 << 31)
#define PLAN_MAX_EXTENTS 200u // descriptors of them fit into a file entry's own block

static uint64_t plan_blocks(uint64_t n_bytes) {
  return n_bytes / WG_UDF_BLOCK_BYTES + (n_bytes % WG_UDF_BLOCK_BYTES != 0);
}

size_t wg_udf_cs0(wg_str name, uint8_t *out, size_t cap_bytes) {
  bool wide = false;
  uint32_t cp = 0;
  size_t pos = 0, n = 1;
  while (wg_utf8_next(name, &pos, &cp)) {
    wide = wide || cp > 0xFF;
  }
  if (pos != name.n || name.n == 0 || cap_bytes == 0) {
    return 0;
  }
  out[0] = wide ? 16 : 8;
  for (pos = 0; wg_utf8_next(name, &pos, &cp);) {
    bool pair = cp > 0xFFFF;
    uint32_t first = pair ? 0xD800 + ((cp - 0x10000) >> 10) : cp;
    uint8_t units[4] = {(uint8_t)(first >> 8), (uint8_t)(first & 0xFF),
                        (uint8_t)(0xDC | (cp >> 8 & 3)), (uint8_t)(cp & 0xFF)};
    size_t from = wide ? 0 : 1, n_units = pair ? 4 : 2 - from;
    if (n + n_units > cap_bytes) {
      return 0;
    }
    memcpy(out + n, units + from, n_units);
    n += n_units;
  }
  return n;
}

// Bytes of a name in CS0, 0 when it can't be one.
static size_t plan_name(wg_str name) {
  uint8_t bytes[WG_UDF_MAX_NAME_BYTES];
  return memchr(name.p, '/', name.n) != NULL ? 0 : wg_udf_cs0(name, bytes, sizeof(bytes));
}

// A file identifier's bytes: a multiple of four.
static uint64_t plan_fid(size_t n_name) {
  return (WG_UDF_FID_BYTES + n_name + 3) & ~(uint64_t)3;
}

static wg_code plan_link(wg_udf_volume *v, uint32_t i, wg_error *err) {
  wg_udf_node *e = &v->nodes[i], *dir = &v->nodes[e->parent];
  if (e->parent >= i || !dir->is_dir) {
    return wg_fail(err, WG_E_BUG, "'%s' is in no folder that stands before it", e->name);
  }
  size_t n_name = plan_name(wg_str_of(e->name));
  if (n_name == 0) {
    return wg_fail(err, WG_E_FORMAT, "'%s' cannot be a name on UDF media", e->name);
  }
  if (dir->last_child != WG_UDF_NO_NODE) {
    wg_udf_node *last = &v->nodes[dir->last_child];
    if (wg_name_cmp_nocase(wg_str_of(last->name), wg_str_of(e->name)) >= 0) {
      return wg_fail(err, WG_E_CONFLICT, "'%s' does not come after '%s' in its folder", e->name,
                     last->name);
    }
    last->next = i;
  } else {
    dir->first_child = i;
  }
  dir->last_child = i;
  dir->list_bytes += plan_fid(n_name);
  return WG_OK;
}

static wg_code plan_tree(wg_udf_volume *v, wg_error *err) {
  v->n_files = 0;
  v->n_dirs = 0;
  for (uint32_t i = 0; i < v->n_nodes; i++) {
    wg_udf_node *e = &v->nodes[i];
    e->first_child = e->last_child = e->next = WG_UDF_NO_NODE;
    e->list_bytes = plan_fid(0); // the one that leads up
    v->n_files += !e->is_dir;
    v->n_dirs += e->is_dir;
    if (e->n_bytes > (uint64_t)PLAN_MAX_EXTENTS * WG_UDF_MAX_EXTENT_BYTES) {
      return wg_fail(err, WG_E_LIMIT, "'%s' has more than 200 GiB", e->name);
    }
    if (i > 0 && plan_link(v, i, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// Files one behind the other, or lists of folders.
static wg_code plan_contents(wg_udf_volume *v, bool folders, uint64_t *block, wg_error *err) {
  for (size_t i = 0; i < v->n_nodes; i++) {
    wg_udf_node *e = &v->nodes[i];
    if (e->is_dir != folders) {
      continue;
    }
    uint64_t n = plan_blocks(folders ? e->list_bytes : e->n_bytes);
    if (*block + n > PLAN_MAX_BLOCKS) {
      return wg_fail(err, WG_E_LIMIT, "a volume of more than 4 TiB");
    }
    e->data_block = n > 0 ? (uint32_t)*block : 0;
    e->off_bytes = n > 0 ? (WG_UDF_PARTITION_BLOCK + *block) * WG_UDF_BLOCK_BYTES : 0;
    *block += n;
  }
  return WG_OK;
}

wg_code wg_udf_plan(wg_udf_volume *v, wg_error *err) {
  if (v->n_nodes == 0 || v->n_nodes > UINT32_MAX - 1 || !v->nodes[0].is_dir) {
    return wg_fail(err, WG_E_BUG, "a volume has a root");
  }
  // 32 bytes hold a number of bytes and the kind of text.
  size_t n_label = plan_name(wg_str_of(v->label));
  if (n_label == 0 || n_label > 31 || strlen(v->id) != 16 || strlen(v->note) > WG_UDF_BLOCK_BYTES) {
    return wg_fail(err, WG_E_LIMIT, "'%s' is too long for the label of a medium, or no text",
                   v->label);
  }
  if (plan_tree(v, err) != WG_OK) {
    return err->code;
  }
  uint64_t block = 2; // behind the file set and its terminator
  for (size_t i = 0; i < v->n_nodes; i++) {
    v->nodes[i].entry_block = (uint32_t)block++;
  }
  if (plan_contents(v, true, &block, err) != WG_OK ||
      plan_contents(v, false, &block, err) != WG_OK) {
    return err->code;
  }
  v->partition_blocks = (uint32_t)block;
  v->size_bytes = (WG_UDF_PARTITION_BLOCK + block + 1) * WG_UDF_BLOCK_BYTES; // and an anchor
  return WG_OK;
}
