// SPDX-License-Identifier: Apache-2.0
// `wingo wim update`: files of an image added, deleted, renamed.
#include <string.h>

#include "base/human.h"
#include "base/near.h"
#include "cli/core/internal.h"
#include "cli/wim/verified.h"
#include "cli/wim/wim.h"
#include "fmt/json/jsonw.h"
#include "image/file/base.h"
#include "image/tree/change.h"
#include "image/write/write.h"

#define UPDATE_MAX_COMMANDS ((uint64_t)64 << 20)
#define UPDATE_MAX_WORDS 8

typedef struct update {
  const wg_cli *c;
  wg_image_changes changes;
  unsigned flags; // of every change
} update;

static void update_push(update *u, wg_image_op op, const char *to, const char *from,
                        unsigned flags) {
  wg_image_change change = {.op = op, .to = to, .from = from, .flags = u->flags | flags};
  wg_image_changes_push(&u->changes, &change);
}

// A file, or a folder with all that is in it.
static wg_code update_add(update *u, const char *from, const char *to, wg_error *err) {
  wg_stat st;
  if (wg_os_stat(WG_CWD, from, true, &st, err) != WG_OK) {
    return err->code;
  }
  if (st.type != WG_FT_DIR) {
    update_push(u, WG_IMAGE_PUT_FILE, to, from, 0);
    return WG_OK;
  }
  size_t first = u->changes.n;
  update_push(u, WG_IMAGE_PUT_DIR, to, NULL, 0);
  if (wg_image_changes_add_tree(&u->changes, from, to, NULL, NULL, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = first; i < u->changes.n; i++) {
    u->changes.v[i].flags |= u->flags;
  }
  return WG_OK;
}

// "a:b" in two; the ':' of a drive ("C:\x") does not count.
static wg_code update_pair(const char *text, bool first_is_windows, char **a, char **b,
                           wg_error *err) {
  const char *at = text;
  if (first_is_windows && text[0] != '\0' && text[1] == ':' &&
      (text[2] == '\\' || text[2] == '/')) {
    at = text + 2;
  }
  const char *colon = strchr(at, ':');
  if (colon == NULL || colon == text || colon[1] == '\0') {
    return wg_fail(err, WG_E_USAGE, "'%s' is not two paths with ':' between them: write FROM:TO",
                   text);
  }
  *a = wg_xstrndup(text, (size_t)(colon - text));
  *b = wg_xstrdup(colon + 1);
  return WG_OK;
}

// The next word of a command line: quoted with ' or ", or up to a space. In place; false at the
// end.
static bool update_word(char **at, char **out, bool *bad) {
  char *p = *at;
  while (*p == ' ' || *p == '\t') {
    p++;
  }
  if (*p == '\0') {
    return false;
  }
  char stop = *p == '\'' || *p == '"' ? *p++ : ' ';
  *out = p;
  while (*p != '\0' && *p != stop && !(stop == ' ' && *p == '\t')) {
    p++;
  }
  *bad = *p == '\0' && stop != ' ';
  if (*p != '\0') {
    *p++ = '\0';
  }
  *at = p;
  return true;
}

typedef struct update_line {
  char *words[UPDATE_MAX_WORDS]; // the command and its paths
  size_t n;
  bool force;
} update_line;

static wg_code update_split(char *text, update_line *out, wg_error *err) {
  char *word = NULL;
  bool bad = false;
  *out = (update_line){.n = 0};
  while (update_word(&text, &word, &bad)) {
    if (bad) {
      return wg_fail(err, WG_E_USAGE, "a quote has no end");
    }
    if (strcmp(word, "--force") == 0) {
      out->force = true;
    } else if (strcmp(word, "--recursive") == 0) {
      continue; // folders are deleted with all that is in them
    } else if (word[0] == '-' && word[1] == '-') {
      return wg_fail(err, WG_E_USAGE, "no option '%s'; there are --force and --recursive", word);
    } else if (out->n == UPDATE_MAX_WORDS) {
      return wg_fail(err, WG_E_USAGE, "too many words; quote paths with spaces: 'a b'");
    } else {
      out->words[out->n++] = word;
    }
  }
  return WG_OK;
}

static wg_code update_command(update *u, char *text, wg_error *err) {
  static const struct {
    const char *name, *usage;
    size_t n_words;
  } commands[] = {{"add", "add FROM TO", 3},
                  {"delete", "delete [--force] PATH", 2},
                  {"rename", "rename FROM TO", 3},
                  {"mkdir", "mkdir PATH", 2}};
  static const char *const names[] = {"add", "delete", "rename", "mkdir"};
  update_line l;
  size_t k = 0;
  if (update_split(text, &l, err) != WG_OK) {
    return err->code;
  }
  if (l.n == 0 || l.words[0][0] == '#') {
    return WG_OK;
  }
  while (k < WG_ARRAY_LEN(commands) && strcmp(commands[k].name, l.words[0]) != 0) {
    k++;
  }
  if (k == WG_ARRAY_LEN(commands)) {
    const char *near = wg_nearest(l.words[0], names, WG_ARRAY_LEN(names));
    return wg_fail(err, WG_E_USAGE, "no command '%s'; %s%s%s", l.words[0],
                   near != NULL ? "did you mean '" : "there are add, delete, rename, mkdir",
                   near != NULL ? near : "", near != NULL ? "'?" : "");
  }
  if (l.n != commands[k].n_words) {
    return wg_fail(err, WG_E_USAGE, "'%s' is written: %s", commands[k].name, commands[k].usage);
  }
  switch (k) {
  case 0:
    return update_add(u, l.words[1], l.words[2], err);
  case 1:
    update_push(u, WG_IMAGE_DELETE, l.words[1], NULL, l.force ? WG_IMAGE_IF_PRESENT : 0);
    return WG_OK;
  case 2:
    update_push(u, WG_IMAGE_RENAME, l.words[2], l.words[1], l.force ? WG_IMAGE_REPLACE : 0);
    return WG_OK;
  default:
    update_push(u, WG_IMAGE_PUT_DIR, l.words[1], NULL, 0);
    return WG_OK;
  }
}

static wg_code update_file(update *u, const char *path, wg_error *err) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  bool is_stdin = strcmp(path, "-") == 0;
  if ((is_stdin ? wg_os_read_fd(0, UPDATE_MAX_COMMANDS, &text, err)
                : wg_os_read_file(WG_CWD, path, UPDATE_MAX_COMMANDS, &text, err)) != WG_OK) {
    return err->code;
  }
  if (memchr(text.p != NULL ? text.p : (const uint8_t *)"", 0, text.n) != NULL) {
    return wg_fail(err, WG_E_USAGE, "'%s' is no text", path);
  }
  WG_AUTO(wg_cstr) copy = wg_xstrdup(wg_buf_z(&text));
  unsigned line = 1;
  char *text_at = wg_str_starts(wg_str_of(copy), "\xEF\xBB\xBF") ? copy + 3 : copy; // UTF-8's mark
  for (char *at = text_at; *at != '\0'; line++) {
    char *end = at + strcspn(at, "\n");
    bool more = *end == '\n';
    *end = '\0';
    if (end > at && end[-1] == '\r') {
      end[-1] = '\0';
    }
    if (update_command(u, at, err) != WG_OK) {
      return wg_wrap(err, "%s:%u", is_stdin ? "standard input" : path, line);
    }
    at = end + (more ? 1 : 0);
  }
  return WG_OK;
}

static wg_code update_option(update *u, const char *name, const char *value, wg_error *err) {
  WG_AUTO(wg_cstr) a = NULL;
  WG_AUTO(wg_cstr) b = NULL;
  if (strcmp(name, "add") == 0) {
    return update_pair(value, false, &a, &b, err) == WG_OK ? update_add(u, a, b, err) : err->code;
  }
  if (strcmp(name, "rename") == 0) {
    if (update_pair(value, true, &a, &b, err) != WG_OK) {
      return err->code;
    }
    update_push(u, WG_IMAGE_RENAME, b, a, 0);
  } else if (strcmp(name, "delete") == 0) {
    update_push(u, WG_IMAGE_DELETE, value, NULL, 0);
  } else if (strcmp(name, "mkdir") == 0) {
    update_push(u, WG_IMAGE_PUT_DIR, value, NULL, 0);
  } else if (strcmp(name, "command") == 0) {
    return update_file(u, value, err);
  }
  return WG_OK;
}

// Changes in the order of the command line.
static wg_code update_collect(update *u, wg_error *err) {
  u->flags = wg_cli_has(u->c, "protected") ? WG_IMAGE_PROTECTED_TOO : 0;
  for (size_t i = 0; i < u->c->n_given; i++) {
    const wg_cli_given *g = &u->c->given[i];
    if (g->value != NULL && update_option(u, g->opt->name, g->value, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static int update_report(const wg_cli *c, const wg_image_result *r) {
  WG_AUTO(wg_buf) out = {0};
  wg_jsonw j;
  wg_buf_init(&out, wg_heap(), 0);
  for (size_t i = 0; i < r->n_warnings; i++) {
    wg_note(c, "warning: %s", r->warnings[i]);
  }
  if (!c->json) {
    wg_text_add_count(&out, r->n_files, "file", "files");
    wg_buf_printf(&out, " put (%llu replaced), ", (unsigned long long)r->n_replaced);
    wg_text_add_count(&out, r->n_dirs, "folder", "folders");
    wg_buf_add_z(&out, " made, ");
    wg_text_add_count(&out, r->n_deleted, "entry", "entries");
    wg_buf_printf(&out, " deleted, %llu renamed; ", (unsigned long long)r->n_renamed);
    wg_text_add_size(&out, r->out_bytes);
    wg_note(c, "%s", wg_buf_z(&out));
    wg_cli_wim_say_unverified(c);
    return 0;
  }
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_kv_u64(&j, "image", r->image_index);
  wg_jsonw_kv_u64(&j, "files", r->n_files);
  wg_jsonw_kv_u64(&j, "replaced", r->n_replaced);
  wg_jsonw_kv_u64(&j, "folders", r->n_dirs);
  wg_jsonw_kv_u64(&j, "deleted", r->n_deleted);
  wg_jsonw_kv_u64(&j, "renamed", r->n_renamed);
  wg_jsonw_kv_u64(&j, "added_bytes", r->added_bytes);
  wg_jsonw_kv_u64(&j, "stored_bytes", r->stored_bytes);
  wg_jsonw_kv_u64(&j, "kept_bytes", r->kept_bytes);
  wg_jsonw_kv_u64(&j, "bytes", r->out_bytes);
  wg_jsonw_kv_bool(&j, "verified", !wg_cli_has(c, "no-verify"));
  wg_jsonw_end_object(&j);
  return wg_cli_end_json(c, &j, &out);
}

// What the file is: its format, and whether it can be replaced by one file.
static wg_code update_look(const wg_cli *c, const char *path, const char *out,
                           wg_image_format *format, wg_error *err) {
  WG_AUTO(wg_image_file) f = WG_IMAGE_FILE_INIT;
  if (wg_image_file_open(&f, path, err) != WG_OK) {
    return err->code;
  }
  if (out == NULL && (f.inside != NULL || f.n_hosts != 1)) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "'%s' is no single WIM file; --out=NEW.wim writes the result to another file",
                   path);
  }
  bool esd = out != NULL ? wg_cli_wants_esd(c, out) || (f.wim.n_solids > 0 && !wg_cli_has(c, "lzx"))
                         : f.wim.n_solids > 0;
  *format = esd ? WG_IMAGE_FORMAT_ESD : WG_IMAGE_FORMAT_WIM;
  return WG_OK;
}

static wg_code update_write(const update *u, unsigned threads, wg_cli_progress *p,
                            wg_image_result *res, wg_error *err) {
  const wg_cli *c = u->c;
  const char *out = wg_cli_value(c, "out");
  const char *target = out != NULL ? out : c->args[0];
  WG_AUTO(wg_cli_tmp) tmp = WG_CLI_TMP_INIT;
  WG_AUTO(wg_dest) dest = WG_DEST_INIT;
  const wg_inplace_options place = wg_cli_place(c);
  wg_image_base base = {
      .kind = WG_IMAGE_BASE_WIM, .path = c->args[0], .image = c->n_args > 1 ? c->args[1] : NULL};
  wg_image_options opt = {.threads = threads,
                          .trust = wg_cli_wim_trust(c, c->args[0]),
                          .compact = wg_cli_has(c, "compact"),
                          .on_progress = wg_cli_progress_show,
                          .ctx = p,
                          .cancel = c->cancel};
  bool set = false;
  // Locked before anything of it is read.
  if (wg_dest_begin(&dest, target, out != NULL ? WG_DEST_NEW : WG_DEST_EDIT, &place, err) !=
          WG_OK ||
      update_look(c, c->args[0], out, &opt.format, err) != WG_OK ||
      wg_cli_epoch(&opt.time_s, &set, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_cstr) dir = wg_path_dirname(dest.path);
  if (wg_cli_tmp_make(&tmp, dir, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_cstr) made = wg_path_join(tmp.path, "out.wim");
  opt.out_path = made;
  opt.shown = target;
  opt.tmp_dir = tmp.path;
  opt.time_s = set ? opt.time_s : wg_os_wall_ns() / 1000000000;
  if (wg_image_write(&base, u->changes.v, u->changes.n, &opt, res, err) != WG_OK) {
    return err->code;
  }
  if (res->base_verified != 0 && out != NULL) {
    wg_cli_wim_verified(c, c->args[0], res->base_bytes);
  }
  if (wg_dest_commit(&dest, made, err) != WG_OK) {
    return err->code;
  }
  wg_cli_wim_verified(c, target, res->out_bytes);
  return WG_OK;
}

static int update_run(wg_cli *c) {
  wg_error err = WG_ERROR_INIT;
  wg_cli_progress p = {.cli = c};
  update u = {.c = c};
  WG_AUTO(wg_image_result) res = {0};
  unsigned threads = 1;
  if (!wg_cli_threads(c, &threads)) {
    return 2;
  }
  wg_code code = update_collect(&u, &err);
  if (code == WG_OK && u.changes.n == 0) {
    code = wg_fail(&err, WG_E_USAGE,
                   "nothing to do: give --add, --delete, --rename, --mkdir or "
                   "--command");
  }
  if (code == WG_OK) {
    code = update_write(&u, threads, &p, &res, &err);
  }
  wg_cli_progress_end(&p);
  wg_image_changes_done(&u.changes);
  return code == WG_OK ? update_report(c, &res) : wg_cli_fail(c, &err);
}

static const wg_cli_opt update_opts[] = {
    {.name = "add",
     .arg = "FROM:TO",
     .help = "put the host's file or folder FROM at TO in the image",
     .many = true},
    {.name = "delete",
     .arg = "PATH",
     .help = "delete a file, or a folder with all in it",
     .many = true},
    {.name = "rename", .arg = "FROM:TO", .help = "give what is at FROM another path", .many = true},
    {.name = "mkdir", .arg = "PATH", .help = "make a folder", .many = true},
    {.name = "command",
     .arg = "FILE",
     .help = "changes from a file, one a line; - for stdin",
     .many = true},
    {.name = "out", .letter = 'o', .arg = "NEW", .help = "write NEW and leave FILE as it is"},
    WG_CLI_NO_VERIFY_OPT,
    {.name = "compact", .help = "take no packed data over: deleted contents are really gone"},
    {.name = "protected", .help = "also what belongs to Windows servicing (WinSxS, ...)"},
    {.name = "esd", .help = "with --out: solid LZMS"},
    {.name = "solid", .help = "the same as --esd"},
    {.name = "lzx", .help = "with --out: LZX"},
    WG_CLI_FORCE_OPT,
    WG_CLI_WAIT_OPT,
    WG_CLI_THREADS_OPT};
const wg_cli_cmd wg_cmd_wim_update = {
    .noun = "wim",
    .name = "update",
    .args = "FILE [IMAGE]",
    .summary = "add, delete and rename files of an image",
    .text =
        "Changes are made in the order they are given; all of them, or none. FILE is replaced as a "
        "whole when all is written and checked. Files that are added get the security descriptor "
        "that Windows would give them, and the time of SOURCE_DATE_EPOCH, else now. Commands of a "
        "file: add FROM TO, delete [--force] PATH, rename FROM TO, mkdir PATH; paths with spaces "
        "in "
        "quotes. Unlike wimlib-imagex update, folders are deleted with all in them without "
        "--recursive, nothing is appended to FILE, and what belongs to Windows servicing needs "
        "--protected.\n\n"
        "Examples:\n  wingo wim update install.wim 1 --add=agent.exe:'C:\\Program "
        "Files\\Acme\\agent.exe'\n"
        "  wingo wim update boot.wim 2 --delete='\\sources\\bg.bmp' --out=new.wim\n"
        "  wingo wim update install.wim 1 --command=changes.txt\n",
    .opts = update_opts,
    .n_opts = WG_ARRAY_LEN(update_opts),
    .min_args = 1,
    .max_args = 2,
    .complete = "file",
    .run = update_run};
