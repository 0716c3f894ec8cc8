// SPDX-License-Identifier: Apache-2.0
#include "image/tree/protect.h"

#include "base/sort.h"
#include "base/utf.h"
#include "image/reg/hives.h"

typedef struct protect_rule {
  const char *path; // components separated by '\'
  bool is_hive;     // a file, with its logs: X.LOG1, X{...}.TM.blf
  const char *why;  // reason and cure
} protect_rule;

static const protect_rule protect_folders[] = {
    {"Windows\\WinSxS", false,
     "it is the component store, which only Windows servicing may change; updates and features are "
     "installed at the first start"},
    {"Windows\\servicing", false,
     "it is what Windows servicing knows of its packages; updates and features are installed at "
     "the first start"},
};

// The n-th rule: folders, then hives. False behind the last.
static bool protect_rule_at(size_t n, protect_rule *out) {
  if (n < WG_ARRAY_LEN(protect_folders)) {
    *out = protect_folders[n];
    return true;
  }
  n -= WG_ARRAY_LEN(protect_folders);
  if (n >= WG_HIVE_N) {
    return false;
  }
  const wg_hive_facts *h = wg_hive_facts_of((wg_hive_id)n);
  *out = (protect_rule){h->file == NULL ? NULL : h->file + 1, true, h->no_writes};
  return true;
}
#define PROTECT_MAX_DEPTH 8

// The k-th component of a rule's path; false when there are fewer.
static bool rule_name(const protect_rule *r, size_t k, wg_str *out, bool *out_last) {
  wg_str rest = wg_str_of(r->path);
  for (;; k--) {
    size_t n = wg_str_find(rest, '\\');
    if (k == 0) {
      *out = (wg_str){rest.p, n};
      *out_last = n == rest.n;
      return true;
    }
    if (n == rest.n) {
      return false;
    }
    rest = (wg_str){rest.p + n + 1, rest.n - n - 1};
  }
}

// The hive itself, or a log of it: its name and then '.' or '{'.
static bool rule_is_hive_name(wg_str hive, wg_str name) {
  if (name.n > hive.n && name.p[hive.n] != '.' && name.p[hive.n] != '{') {
    return false;
  }
  return name.n >= hive.n && wg_name_cmp_nocase((wg_str){name.p, hive.n}, hive) == 0;
}

// Is the path the rule's, or below it?
static bool rule_covers(const protect_rule *r, const wg_str *names, size_t n_names) {
  wg_str want;
  bool last = false;
  for (size_t k = 0; k < n_names; k++) {
    if (!rule_name(r, k, &want, &last)) {
      return true;
    }
    bool same = last && r->is_hive ? rule_is_hive_name(want, names[k])
                                   : wg_name_cmp_nocase(want, names[k]) == 0;
    if (!same) {
      return false;
    }
    if (last) {
      return true;
    }
  }
  return false;
}

static const char *protect_why(const wg_str *names, size_t n_names) {
  protect_rule r;
  for (size_t i = 0; protect_rule_at(i, &r); i++) {
    if (r.path != NULL && rule_covers(&r, names, n_names)) {
      return r.why;
    }
  }
  return NULL;
}

const char *wg_image_protected(const wg_winpath *path) {
  return protect_why(path->names, path->n_names);
}

// The entry's names from the root, at most max of them, as UTF-8 in the arena; extra16 is one more
// at the end. Returns how many there are.
static wg_code protect_names(wg_image_edit *e, uint32_t entry, wg_str extra16, wg_str *names,
                             size_t *out_n, wg_error *err) {
  const wg_wim_tree *t = e->tree;
  size_t depth = t->entries[entry].depth, total = depth + (extra16.n > 0 ? 1 : 0);
  for (size_t k = total; k > 0; k--) {
    bool extra = extra16.n > 0 && k == total;
    wg_str name16 = extra ? extra16 : t->entries[entry].name16;
    if (!extra) {
      entry = t->entries[entry].parent;
    }
    if (k > PROTECT_MAX_DEPTH) {
      continue;
    }
    WG_AUTO(wg_buf) b = {0};
    wg_buf_init(&b, e->arena->alloc, 0);
    (void)!wg_utf16le_to_utf8((const uint8_t *)name16.p, name16.n, &b);
    char *copy = wg_arena_strndup(e->arena, b.p, b.n);
    if (copy == NULL) {
      return wg_arena_fail(e->arena, err);
    }
    names[k - 1] = (wg_str){copy, b.n};
  }
  *out_n = total < PROTECT_MAX_DEPTH ? total : PROTECT_MAX_DEPTH;
  return WG_OK;
}

static wg_code protect_fail(const char *path, const char *why, wg_error *err) {
  return wg_fail(err, WG_E_USAGE, "'C:\\%s' is not changed: %s", path, why);
}

static wg_code protect_check(wg_image_edit *e, uint32_t entry, wg_str extra16, wg_error *err) {
  wg_str names[PROTECT_MAX_DEPTH] = {{NULL, 0}};
  size_t n = 0;
  if (protect_names(e, entry, extra16, names, &n, err) != WG_OK) {
    return err->code;
  }
  const char *why = protect_why(names, n);
  if (why == NULL) {
    return WG_OK;
  }
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  for (size_t i = 0; i < n; i++) {
    wg_buf_printf(&b, "%s%.*s", i == 0 ? "" : "\\", WG_STR_ARG(names[i]));
  }
  return protect_fail(wg_buf_z(&b), why, err);
}

// A folder on the way to what is protected and there.
static wg_code protect_check_below(wg_image_edit *e, uint32_t entry, wg_error *err) {
  wg_error ignored = WG_ERROR_INIT;
  protect_rule r;
  for (size_t i = 0; protect_rule_at(i, &r); i++) {
    wg_winpath path;
    uint32_t at = WG_WIM_NO_ENTRY;
    if (r.path == NULL) {
      continue;
    }
    if (wg_winpath_parse(r.path, e->arena, &path, err) != WG_OK) {
      return err->code;
    }
    if (wg_image_edit_resolve(e, &path, &at, &ignored) != WG_OK) {
      continue; // through a link: not below
    }
    for (uint32_t up = at; up != WG_WIM_NO_ENTRY; up = e->tree->entries[up].parent) {
      if (up == entry) {
        return protect_fail(r.path, r.why, err);
      }
    }
  }
  return WG_OK;
}

wg_code wg_image_edit_protect(wg_image_edit *e, size_t change, uint32_t entry, bool below,
                              wg_error *err) {
  if ((e->changes[change].flags & WG_IMAGE_PROTECTED_TOO) != 0) {
    return WG_OK;
  }
  if (protect_check(e, entry, (wg_str){NULL, 0}, err) != WG_OK) {
    return err->code;
  }
  return below ? protect_check_below(e, entry, err) : WG_OK;
}

wg_code wg_image_edit_protect_new(wg_image_edit *e, size_t change, uint32_t parent, wg_str name16,
                                  wg_error *err) {
  if ((e->changes[change].flags & WG_IMAGE_PROTECTED_TOO) != 0 ||
      e->tree->entries[parent].depth >= PROTECT_MAX_DEPTH) {
    return WG_OK;
  }
  return protect_check(e, parent, name16, err);
}

static bool protect_has_links(const wg_wim_entry *x) {
  return (x->attributes & (WG_WIM_ATTR_DIRECTORY | WG_WIM_ATTR_REPARSE)) == 0 &&
         x->link_or_reparse != 0;
}

static int protect_u64_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const uint64_t *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

static wg_code protect_know_store(wg_image_edit *e, wg_error *err) {
  wg_winpath path;
  uint32_t top = WG_WIM_NO_ENTRY;
  wg_error ignored = WG_ERROR_INIT;
  e->store_known = true;
  if (wg_winpath_parse("Windows\\WinSxS", e->arena, &path, err) != WG_OK) {
    return err->code;
  }
  if (wg_image_edit_resolve(e, &path, &top, &ignored) != WG_OK || top == WG_WIM_NO_ENTRY) {
    return WG_OK;
  }
  const wg_wim_tree *t = e->tree;
  size_t n = 0;
  for (uint32_t i = top; i != WG_WIM_NO_ENTRY; i = wg_wim_tree_walk(t, top, i)) {
    n += protect_has_links(&t->entries[i]);
  }
  e->store_links = wg_arena_new_array(e->arena, uint64_t, n);
  if (e->store_links == NULL) {
    return wg_arena_fail(e->arena, err);
  }
  for (uint32_t i = top; i != WG_WIM_NO_ENTRY; i = wg_wim_tree_walk(t, top, i)) {
    if (protect_has_links(&t->entries[i])) {
      e->store_links[e->n_store_links++] = t->entries[i].link_or_reparse;
    }
  }
  if (n > 1) {
    wg_sort(e->store_links, n, sizeof(e->store_links[0]), protect_u64_cmp, NULL);
  }
  return WG_OK;
}

wg_code wg_image_edit_in_store(wg_image_edit *e, uint32_t entry, bool *out, wg_error *err) {
  const wg_wim_entry *x = &e->tree->entries[entry];
  *out = false;
  if (!protect_has_links(x)) {
    return WG_OK;
  }
  if (!e->store_known && protect_know_store(e, err) != WG_OK) {
    return err->code;
  }
  size_t lo = 0, hi = e->n_store_links;
  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;
    if (e->store_links[mid] < x->link_or_reparse) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  *out = lo < e->n_store_links && e->store_links[lo] == x->link_or_reparse;
  return WG_OK;
}
