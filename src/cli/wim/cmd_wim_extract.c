// SPDX-License-Identifier: Apache-2.0
// `wingo wim extract`: files and folders of an image on the host.
#include <limits.h>
#include <string.h>

#include "base/sort.h"
#include "base/utf.h"
#include "cli/wim/apply.h"
#include "os/beneath.h"

typedef struct extract_list {
  wg_image_apply_item *v;
  size_t n, cap;
  bool *chosen; // by entry
} extract_list;

static void extract_list_done(extract_list *l) {
  wg_xfree(l->v);
  wg_xfree(l->chosen);
}
WG_DEFINE_AUTO(extract_list, extract_list_done);

// Does the UTF-16 name fit the pattern of '*' and '?', letter case ignored?
static bool extract_fits(wg_str pattern16, wg_str name16) {
  const uint8_t *p = (const uint8_t *)pattern16.p, *s = (const uint8_t *)name16.p;
  size_t np = pattern16.n / 2, ns = name16.n / 2, i = 0, k = 0, star = SIZE_MAX, back = 0;
  while (k < ns) {
    uint16_t a = i < np ? wg_le16(p + 2 * i) : 0;
    if (i < np && a == '*') {
      star = i++;
      back = k;
    } else if (i < np && (a == '?' || wg_upcase16(a) == wg_upcase16(wg_le16(s + 2 * k)))) {
      i++;
      k++;
    } else if (star != SIZE_MAX) {
      i = star + 1;
      k = ++back;
    } else {
      return false;
    }
  }
  while (i < np && wg_le16(p + 2 * i) == '*') {
    i++;
  }
  return i == np;
}

// "\a\b" of the entry as "a/b", or its last name only. In the arena.
static wg_code extract_as(wg_cli_image *im, uint32_t entry, bool full, const char **out,
                          wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_wim_tree_path(&im->tree, entry, &b);
  char *path = wg_arena_strdup(&im->arena, wg_buf_z(&b));
  if (path == NULL) {
    return wg_arena_fail(&im->arena, err);
  }
  for (char *p = path; *p != '\0'; p++) {
    *p = *p == '\\' ? '/' : *p;
  }
  *out = full ? path + 1 : strrchr(path, '/') + 1;
  return WG_OK;
}

static wg_code extract_add(wg_cli_image *im, extract_list *l, uint32_t entry, bool full,
                           wg_error *err) {
  wg_image_apply_item item = {.entry = entry};
  if (entry == 0) {
    return wg_fail(err, WG_E_USAGE, "the whole image is what 'wingo wim apply' is for");
  }
  if (l->chosen == NULL) {
    l->chosen = wg_xarray(im->tree.n, sizeof(l->chosen[0]));
  }
  if (l->chosen[entry]) {
    return WG_OK;
  }
  l->chosen[entry] = true;
  if (extract_as(im, entry, full, &item.as, err) != WG_OK) {
    return err->code;
  }
  wg_vec_push(&l->v, &l->n, &l->cap) = item;
  return WG_OK;
}

// All entries in the folder that fit the last part of the pattern.
static wg_code extract_glob(wg_cli_image *im, const char *pattern, extract_list *l, bool full,
                            wg_error *err) {
  size_t cut = strlen(pattern);
  while (cut > 0 && pattern[cut - 1] != '\\' && pattern[cut - 1] != '/') {
    cut--;
  }
  WG_AUTO(wg_cstr) dir = wg_xstrndup(pattern, cut);
  WG_AUTO(wg_buf) last16 = {0};
  uint32_t at = 0;
  size_t before = l->n;
  wg_buf_init(&last16, wg_heap(), 0);
  if (strpbrk(dir, "*?") != NULL) {
    return wg_fail(err, WG_E_USAGE, "'%s': '*' and '?' may be in the last name only", pattern);
  }
  if (!wg_utf8_to_utf16le(wg_str_of(pattern + cut), &last16)) {
    return wg_fail(err, WG_E_USAGE, "'%s' is not UTF-8", pattern);
  }
  if (wg_cli_image_find(im, dir, &at, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t k = im->tree.entries[at].first_child; k != WG_WIM_NO_ENTRY;
       k = im->tree.entries[k].next) {
    if (extract_fits(wg_buf_str(&last16), im->tree.entries[k].name16) &&
        extract_add(im, l, k, full, err) != WG_OK) {
      return err->code;
    }
  }
  return l->n > before ? WG_OK : wg_fail(err, WG_E_NOT_FOUND, "nothing fits '%s'", pattern);
}

// Whether a folder above the item is on the list as well.
static bool extract_covered(const wg_cli_image *im, const extract_list *l, size_t item) {
  uint32_t at = l->v[item].entry;
  while (at != 0) {
    at = im->tree.entries[at].parent;
    if (l->chosen[at]) {
      return true;
    }
  }
  return false;
}

static void extract_drop_covered(const wg_cli_image *im, extract_list *l) {
  size_t n = 0;
  for (size_t i = 0; i < l->n; i++) {
    if (!extract_covered(im, l, i)) {
      l->v[n++] = l->v[i];
    }
  }
  l->n = n;
}

static int extract_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const wg_image_apply_item *x = a, *y = b;
  int c = strcmp(x->as, y->as);
  return c != 0 ? c : (x->entry > y->entry) - (x->entry < y->entry);
}

static wg_code extract_choose(const wg_cli *c, wg_cli_image *im, extract_list *l, wg_error *err) {
  bool full = wg_cli_has(c, "full-paths");
  for (size_t i = 2; i < c->n_args; i++) {
    uint32_t entry = 0;
    if (strpbrk(c->args[i], "*?") != NULL) {
      if (extract_glob(im, c->args[i], l, full, err) != WG_OK) {
        return err->code;
      }
    } else if (wg_cli_image_find(im, c->args[i], &entry, err) != WG_OK ||
               extract_add(im, l, entry, full, err) != WG_OK) {
      return err->code;
    }
  }
  if (full) {
    extract_drop_covered(im, l);
  }
  if (l->n > 1) {
    wg_sort(l->v, l->n, sizeof(l->v[0]), extract_cmp, NULL);
  }
  for (size_t i = 1; i < l->n; i++) {
    if (strcmp(l->v[i].as, l->v[i - 1].as) == 0) {
      return wg_fail(err, WG_E_CONFLICT, "two of them would be '%s'; --full-paths keeps them apart",
                     l->v[i].as);
    }
  }
  return WG_OK;
}

// Moves one finished item into the folder; what is there goes, as a whole, to where we made it.
static wg_code extract_move(const wg_cli *c, wg_beneath *from, wg_beneath *to, const char *as,
                            wg_error *err) {
  if (wg_beneath_mkdirs_above(to, as, err) != WG_OK) {
    return err->code;
  }
  wg_stat st;
  wg_error probe = WG_ERROR_INIT;
  bool swap = wg_cli_has(c, "force") && wg_beneath_stat(to, as, &st, &probe) == WG_OK;
  return wg_beneath_rename(from, as, to, as, swap ? WG_BENEATH_EXCHANGE : WG_BENEATH_REFUSE, err);
}

// Before anything is written: what is there already, and that no link is on the way.
static wg_code extract_look(const wg_cli *c, const extract_list *l, wg_beneath *to, wg_error *err) {
  for (size_t i = 0; i < l->n; i++) {
    wg_stat st;
    wg_error probe = WG_ERROR_INIT;
    if (wg_beneath_stat(to, l->v[i].as, &st, &probe) == WG_OK) {
      if (!wg_cli_has(c, "force")) {
        return wg_fail(err, WG_E_CONFLICT, "'%s/%s' exists already; --force replaces it", to->shown,
                       l->v[i].as);
      }
    } else if (probe.code != WG_E_NOT_FOUND) {
      *err = probe;
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code extract_to(const wg_cli *c, wg_cli_image *im, const extract_list *l, const char *to,
                          wg_image_apply_options *opt, wg_image_apply_result *res, wg_error *err) {
  WG_AUTO(wg_cli_tmp) tmp = WG_CLI_TMP_INIT;
  WG_AUTO(wg_fd) dirfd = -1;
  if (wg_os_mkdirs(WG_CWD, to, 0777, err) != WG_OK ||
      wg_os_open_dir(WG_CWD, to, &dirfd, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_beneath) target = wg_beneath_of(dirfd, to);
  if (extract_look(c, l, &target, err) != WG_OK || wg_cli_tmp_make(&tmp, to, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_beneath) made = wg_beneath_of(tmp.fd, to);
  for (size_t i = 0; i < l->n; i++) {
    if (wg_beneath_mkdirs_above(&made, l->v[i].as, err) != WG_OK) {
      return err->code;
    }
  }
  opt->shown = to;
  if (wg_image_apply(&im->file, &im->tree, l->v, l->n, tmp.fd, opt, res, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < l->n; i++) {
    if (extract_move(c, &made, &target, l->v[i].as, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static int extract_run(wg_cli *c) {
  WG_AUTO(wg_cli_image) im = {.file = WG_IMAGE_FILE_INIT};
  WG_AUTO(extract_list) l = {0};
  wg_error err = WG_ERROR_INIT;
  wg_cli_progress p = {.cli = c};
  wg_image_apply_result res = {0};
  wg_image_apply_options opt = {
      .on_progress = wg_cli_progress_show, .ctx = &p, .cancel = c->cancel};
  const char *to = wg_cli_value(c, "to");
  if (!wg_cli_threads(c, &opt.threads)) {
    return 2;
  }
  if (wg_cli_image_open(&im, c->args[0], c->args[1], &err) != WG_OK ||
      extract_choose(c, &im, &l, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_code code = extract_to(c, &im, &l, to != NULL ? to : ".", &opt, &res, &err);
  wg_cli_progress_end(&p);
  return code == WG_OK ? wg_cli_apply_report(c, &res, NULL) : wg_cli_fail(c, &err);
}

static const wg_cli_opt extract_opts[] = {
    {.name = "to", .arg = "DIR", .help = "where to (default: the working directory)"},
    {.name = "full-paths", .help = "make the folders above, too"},
    WG_CLI_FORCE_OPT,
    WG_CLI_THREADS_OPT};
const wg_cli_cmd wg_cmd_wim_extract = {
    .noun = "wim",
    .name = "extract",
    .args = "FILE IMAGE PATH...",
    .summary = "write files or folders of an image to a folder",
    .text = "A folder comes with everything in it. Letter case in PATH does not count; the last "
            "name may have '*' and '?'. Each is finished before it appears in DIR.\n\n"
            "Examples:\n  wingo wim extract install.wim 1 'Windows\\System32\\config' --to=hives\n"
            "  wingo wim extract boot.wim 2 '\\Windows\\Boot\\EFI\\*.efi' --to=efi\n",
    .opts = extract_opts,
    .n_opts = WG_ARRAY_LEN(extract_opts),
    .min_args = 3,
    .max_args = UINT_MAX,
    .complete = "file",
    .run = extract_run};
