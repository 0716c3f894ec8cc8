// `wingo wim extract|apply`: an image's files on the host.
#include <limits.h>
#include <string.h>

#include "base/sort.h"
#include "base/utf.h"
#include "cli/wim/wim.h"
#include "engine/text.h"
#include "fmt/json/jsonw.h"
#include "image/apply/apply.h"
#include "image/write/write.h"

static void apply_note(const wg_cli *c, const wg_image_apply_note *n, const char *what) {
  if (n->n > 0) {
    wg_note(c, "warning: %llu %s%s; the first: %s", (unsigned long long)n->n, what,
            n->n == 1 ? "" : "s", n->first);
  }
}

// "3 folders"; nothing for none, but for the first.
static void apply_count(wg_buf *b, const char *before, uint64_t n, const char *what) {
  if (n > 0 || before[0] == '\0') {
    wg_buf_printf(b, "%s%llu %s%s", before, (unsigned long long)n, what, n == 1 ? "" : "s");
  }
}

static int apply_report(const wg_cli *c, const wg_image_apply_result *r) {
  apply_note(c, &r->streams, "named stream left out, which this host has no form for, file");
  apply_note(c, &r->reparse, "reparse point left out that is no link of this host, entry");
  apply_note(c, &r->encrypted, "encrypted (EFS) file left out, entry");
  apply_note(c, &r->same_but_case, "name differing from another by letter case only, entry");
  WG_AUTO(wg_buf) out = {0};
  wg_jsonw j;
  wg_buf_init(&out, wg_heap(), 0);
  if (!c->json) {
    apply_count(&out, "", r->n_files, "file");
    apply_count(&out, ", ", r->n_hard_links, "more hard link");
    apply_count(&out, ", ", r->n_dirs, "folder");
    apply_count(&out, ", ", r->n_symlinks, "symbolic link");
    wg_buf_add_z(&out, ", ");
    wg_text_add_size(&out, r->n_bytes);
    wg_note(c, "%s", wg_buf_z(&out));
    return 0;
  }
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_kv_u64(&j, "files", r->n_files);
  wg_jsonw_kv_u64(&j, "hard_links", r->n_hard_links);
  wg_jsonw_kv_u64(&j, "folders", r->n_dirs);
  wg_jsonw_kv_u64(&j, "symbolic_links", r->n_symlinks);
  wg_jsonw_kv_u64(&j, "bytes", r->n_bytes);
  wg_jsonw_kv_u64(&j, "left_out_streams", r->streams.n);
  wg_jsonw_kv_u64(&j, "left_out_reparse_points", r->reparse.n);
  wg_jsonw_kv_u64(&j, "left_out_encrypted", r->encrypted.n);
  wg_jsonw_kv_u64(&j, "same_but_case", r->same_but_case.n);
  wg_jsonw_end_object(&j);
  return wg_cli_end_json(c, &j, &out);
}

typedef enum apply_place {
  APPLY_NEW,    // nothing there: made beside it and renamed
  APPLY_EMPTY,  // an empty folder: filled, emptied again on failure
  APPLY_OVERLAY // --force
} apply_place;

static wg_code apply_look(const wg_cli *c, const char *target, apply_place *out, wg_error *err) {
  wg_stat st;
  WG_AUTO(wg_arena) arena = {0};
  wg_dirent *list = NULL;
  size_t n = 0;
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_os_stat(WG_CWD, target, true, &st, err) != WG_OK) {
    *out = APPLY_NEW;
    return err->code == WG_E_NOT_FOUND ? WG_OK : err->code;
  }
  if (st.type != WG_FT_DIR) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' is no folder%s", target,
                   st.type == WG_FT_FILE ? "; --ntfs applies to a file with an NTFS volume" : "");
  }
  if (wg_os_list_dir(WG_CWD, target, &arena, &list, &n, err) != WG_OK) {
    return err->code;
  }
  *out = n == 0 ? APPLY_EMPTY : APPLY_OVERLAY;
  if (n > 0 && !wg_cli_has(c, "force")) {
    return wg_fail(err, WG_E_CONFLICT,
                   "'%s' is not empty; --force writes into it, over files that are there", target);
  }
  return WG_OK;
}

static void apply_empty_again(const char *target) {
  WG_AUTO(wg_arena) arena = {0};
  wg_error ignored = WG_ERROR_INIT;
  wg_dirent *list = NULL;
  size_t n = 0;
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_os_list_dir(WG_CWD, target, &arena, &list, &n, &ignored) != WG_OK) {
    return;
  }
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) path = wg_path_join(target, list[i].name);
    (void)!wg_os_rmtree(WG_CWD, path, &ignored);
  }
}

static wg_code apply_new(wg_cli_image *im, const char *target, const wg_image_apply_options *opt,
                         wg_image_apply_result *res, wg_error *err) {
  WG_AUTO(wg_cli_tmp) tmp = WG_CLI_TMP_INIT;
  WG_AUTO(wg_cstr) clean = wg_path_clean(target);
  WG_AUTO(wg_cstr) parent = wg_path_dirname(clean);
  wg_image_apply_item root = {.entry = 0, .as = ""};
  if (wg_cli_tmp_make(&tmp, parent, err) != WG_OK ||
      wg_image_apply(&im->file, &im->tree, &root, 1, tmp.fd, opt, res, err) != WG_OK ||
      wg_os_chmod(WG_CWD, tmp.path, 0755, err) != WG_OK ||
      wg_os_rename(WG_CWD, tmp.path, WG_CWD, clean, err) != WG_OK) {
    return err->code;
  }
  wg_xfree(wg_take(&tmp.path));
  return WG_OK;
}

static wg_code apply_to(const wg_cli *c, wg_cli_image *im, const char *target,
                        wg_image_apply_options *opt, wg_image_apply_result *res, wg_error *err) {
  apply_place place = APPLY_NEW;
  if (apply_look(c, target, &place, err) != WG_OK) {
    return err->code;
  }
  if (place == APPLY_NEW) {
    return apply_new(im, target, opt, res, err);
  }
  WG_AUTO(wg_fd) fd = -1;
  wg_image_apply_item root = {.entry = 0, .as = ""};
  opt->overlay = place == APPLY_OVERLAY;
  if (wg_os_open_dir(WG_CWD, target, &fd, err) != WG_OK) {
    return err->code;
  }
  wg_code code = wg_image_apply(&im->file, &im->tree, &root, 1, fd, opt, res, err);
  if (code != WG_OK && place == APPLY_EMPTY) {
    apply_empty_again(target);
  }
  return code;
}

static int apply_ntfs(const wg_cli *c, unsigned threads) {
  wg_error err = WG_ERROR_INIT;
  wg_cli_progress p = {.cli = c};
  wg_image_base base = {
      .kind = WG_IMAGE_BASE_WIM, .path = c->args[0], .image = c->n_args > 2 ? c->args[1] : NULL};
  wg_image_options opt = {.out_path = c->args[c->n_args - 1],
                          .threads = threads,
                          .on_progress = wg_cli_progress_show,
                          .ctx = &p,
                          .cancel = c->cancel};
  wg_code code = wg_image_apply_ntfs(&base, &opt, &err);
  wg_cli_progress_end(&p);
  return code == WG_OK ? 0 : wg_cli_fail(c, &err);
}

static int apply_run(wg_cli *c) {
  WG_AUTO(wg_cli_image) im = {.file = WG_IMAGE_FILE_INIT};
  wg_error err = WG_ERROR_INIT;
  wg_cli_progress p = {.cli = c};
  wg_image_apply_result res = {0};
  wg_image_apply_options opt = {
      .on_progress = wg_cli_progress_show, .ctx = &p, .cancel = c->cancel};
  const char *which = c->n_args > 2 ? c->args[1] : NULL;
  if (!wg_cli_threads(c, &opt.threads)) {
    return 2;
  }
  if (wg_cli_has(c, "ntfs")) {
    return apply_ntfs(c, opt.threads);
  }
  if (wg_cli_image_open(&im, c->args[0], which, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_code code = apply_to(c, &im, c->args[c->n_args - 1], &opt, &res, &err);
  wg_cli_progress_end(&p);
  return code == WG_OK ? apply_report(c, &res) : wg_cli_fail(c, &err);
}

// --- extract

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

// The folders above an item, with --full-paths.
static wg_code extract_parents(int dirfd, const char *as, wg_error *err) {
  const char *slash = strrchr(as, '/');
  if (slash == NULL) {
    return WG_OK;
  }
  WG_AUTO(wg_cstr) dir = wg_xstrndup(as, (size_t)(slash - as));
  return wg_os_mkdirs(dirfd, dir, 0777, err);
}

// Moves one finished item into the folder; what is there is replaced as a whole.
static wg_code extract_move(const wg_cli *c, const wg_cli_tmp *tmp, const char *to, int dirfd,
                            const char *as, wg_error *err) {
  if (extract_parents(dirfd, as, err) != WG_OK) {
    return wg_wrap(err, "'%s'", to);
  }
  if (wg_os_exists(dirfd, as)) {
    if (!wg_cli_has(c, "force")) {
      return wg_fail(err, WG_E_CONFLICT, "'%s/%s' exists already", to, as);
    }
    if (wg_os_rmtree(dirfd, as, err) != WG_OK) {
      return err->code;
    }
  }
  return wg_os_rename(tmp->fd, as, dirfd, as, err);
}

static wg_code extract_to(const wg_cli *c, wg_cli_image *im, const extract_list *l, const char *to,
                          const wg_image_apply_options *opt, wg_image_apply_result *res,
                          wg_error *err) {
  WG_AUTO(wg_cli_tmp) tmp = WG_CLI_TMP_INIT;
  WG_AUTO(wg_fd) dirfd = -1;
  if (wg_os_mkdirs(WG_CWD, to, 0777, err) != WG_OK ||
      wg_os_open_dir(WG_CWD, to, &dirfd, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < l->n; i++) {
    if (!wg_cli_has(c, "force") && wg_os_exists(dirfd, l->v[i].as)) {
      return wg_fail(err, WG_E_CONFLICT, "'%s/%s' exists already", to, l->v[i].as);
    }
  }
  if (wg_cli_tmp_make(&tmp, to, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < l->n; i++) {
    if (extract_parents(tmp.fd, l->v[i].as, err) != WG_OK) {
      return err->code;
    }
  }
  if (wg_image_apply(&im->file, &im->tree, l->v, l->n, tmp.fd, opt, res, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < l->n; i++) {
    if (extract_move(c, &tmp, to, dirfd, l->v[i].as, err) != WG_OK) {
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
  return code == WG_OK ? apply_report(c, &res) : wg_cli_fail(c, &err);
}

static const wg_cli_opt apply_opts[] = {
    {.name = "ntfs", .help = "DIR is a file with an NTFS volume: apply to that"},
    WG_CLI_FORCE_OPT,
    WG_CLI_THREADS_OPT};
const wg_cli_cmd wg_cmd_wim_apply = {
    .noun = "wim",
    .name = "apply",
    .args = "FILE [IMAGE] DIR",
    .summary = "write a whole image to a folder or an NTFS volume",
    .text =
        "DIR is made, or must be empty. Times, letter case, hard links and symbolic links are "
        "kept; a link or junction into the image becomes a relative symbolic link. What a Linux "
        "file system has no form for (named streams, other reparse points, encrypted files) is "
        "left out and counted.\n\n"
        "With --ntfs, DIR is a file that holds an NTFS volume and nothing before it; the image "
        "goes "
        "to its root with security descriptors, streams, short names and all. No mount, no root. "
        "When that fails, make the volume anew.\n\n"
        "Examples:\n  wingo wim apply install.wim 1 tree\n"
        "  wingo wim apply install.swm 'Windows 11 Pro' tree\n"
        "  truncate -s 20G c.img && mkntfs -F -Q c.img && wingo wim apply install.wim 1 c.img "
        "--ntfs\n",
    .opts = apply_opts,
    .n_opts = WG_ARRAY_LEN(apply_opts),
    .min_args = 2,
    .max_args = 3,
    .complete = "file",
    .run = apply_run};

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
