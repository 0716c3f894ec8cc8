// Security descriptors of what is put into an image.
#include "fmt/sd/sd.h"
#include "image/edit.h"

// SYSTEM's token: what it makes is owned by Administrators, with SYSTEM as the group.
#define SECURITY_OWNER WG_STR("BA")
#define SECURITY_GROUP WG_STR("SY")

// The nearest folder above with a descriptor; WG_WIM_NO_SECURITY when there is none.
static uint32_t security_above(const wg_wim_tree *t, uint32_t entry) {
  uint32_t up = t->entries[entry].parent;
  while (up != WG_WIM_NO_ENTRY && t->entries[up].security == WG_WIM_NO_SECURITY) {
    up = t->entries[up].parent;
  }
  return up == WG_WIM_NO_ENTRY ? WG_WIM_NO_SECURITY : t->entries[up].security;
}

static wg_code security_make(wg_image_edit *e, uint32_t from, bool is_dir, uint32_t *out,
                             wg_error *err) {
  wg_wim_tree *t = e->tree;
  wg_sd parent, made;
  wg_str owner, group;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_str was = t->descriptors[from];
  if (wg_sd_parse(was.p, was.n, e->arena, &parent, err) != WG_OK) {
    return wg_wrap(err, "security descriptor %u of the base", (unsigned)from);
  }
  if (wg_sid_parse(SECURITY_OWNER, e->arena, &owner, err) != WG_OK ||
      wg_sid_parse(SECURITY_GROUP, e->arena, &group, err) != WG_OK ||
      wg_sd_inherit(&parent, is_dir, owner, group, e->arena, &made, err) != WG_OK) {
    return err->code;
  }
  wg_sd_write(&made, &b);
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  char *bytes = wg_arena_strndup(e->arena, b.p, b.n);
  if (bytes == NULL) {
    return wg_arena_fail(e->arena, err);
  }
  return wg_wim_tree_descriptor(t, (wg_str){bytes, b.n}, out, err);
}

wg_code wg_image_edit_inherit(wg_image_edit *e, uint32_t entry, wg_error *err) {
  uint32_t from = security_above(e->tree, entry), id = 0;
  bool is_dir = (e->tree->entries[entry].attributes & WG_WIM_ATTR_DIRECTORY) != 0;
  if (from == WG_WIM_NO_SECURITY) {
    return WG_OK;
  }
  size_t slot = (size_t)from * 2 + (is_dir ? 1 : 0);
  if (slot >= e->n_inherited) {
    size_t n = slot + slot / 2 + 64;
    uint32_t *v = wg_arena_new_array(e->arena, uint32_t, n);
    if (v == NULL) {
      return wg_arena_fail(e->arena, err);
    }
    for (size_t i = 0; i < e->n_inherited; i++) {
      v[i] = e->inherited[i];
    }
    e->inherited = v;
    e->n_inherited = n;
  }
  if (e->inherited[slot] == 0) {
    if (security_make(e, from, is_dir, &id, err) != WG_OK) {
      return err->code;
    }
    e->inherited[slot] = id + 1;
  }
  e->tree->entries[entry].security = e->inherited[slot] - 1;
  return WG_OK;
}
