// SPDX-License-Identifier: Apache-2.0
#include "image/reg/hivefile.h"

#include <string.h>
#include <strings.h>

#include "image/file/spec.h"

#define HIVE_MAX_BYTES ((uint64_t)2 << 30)
#define HIVE_PATCH_BYTES ((size_t)1 << 20) // and a 64th of the file

void wg_hivefile_done(wg_hivefile *f) {
  wg_hive_free(f->hive);
  f->hive = NULL;
  wg_buf_done(&f->bytes);
  wg_xfree(wg_take(&f->path));
}

uint64_t wg_filetime_of(int64_t unix_s) {
  return (uint64_t)(unix_s + 11644473600) * 10000000U;
}

const char *const wg_hive_log_ends[WG_HIVE_N_LOG_ENDS] = {".LOG1", ".LOG2", ".LOG"};

// The hive's bytes with its logs applied, in place of what bytes held.
static wg_code hive_replay(wg_buf *bytes, wg_hive_read_log read_log, void *ctx, uint32_t *out_n,
                           wg_error *err) {
  WG_AUTO(wg_buf) log1 = {0};
  WG_AUTO(wg_buf) log2 = {0};
  WG_AUTO(wg_buf) image = {0};
  wg_buf_init(&log1, wg_heap(), HIVE_MAX_BYTES);
  wg_buf_init(&log2, wg_heap(), HIVE_MAX_BYTES);
  wg_buf_init(&image, wg_heap(), HIVE_MAX_BYTES + 8192);
  if (read_log(ctx, wg_hive_log_ends[0], &log1, err) != WG_OK ||
      read_log(ctx, wg_hive_log_ends[1], &log2, err) != WG_OK ||
      (log1.n == 0 && read_log(ctx, wg_hive_log_ends[2], &log1, err) != WG_OK) ||
      wg_regf_recover(bytes->p, bytes->n, log1.p, log1.n, log2.p, log2.n, &image, out_n, err) !=
          WG_OK) {
    return err->code;
  }
  wg_buf old = *bytes;
  *bytes = image;
  image = old; // freed on the way out
  return WG_OK;
}

// A dirty hive that is opened as it stands, when that is asked for and only its logs are at fault.
static wg_code hive_replay_or_leave(wg_buf *bytes, wg_hive_read_log read_log, void *ctx,
                                    bool force_dirty, wg_hive_replay *out, wg_error *err) {
  wg_error fault = WG_ERROR_INIT;
  wg_code code = hive_replay(bytes, read_log, ctx, &out->n, &fault);
  if (code == WG_OK) {
    return WG_OK;
  }
  if (code != WG_E_VERIFY && code != WG_E_FORMAT) {
    *err = fault;
    return code;
  }
  if (force_dirty) {
    (void)wg_format(out->fault, sizeof(out->fault), "%s", fault.text);
    return WG_OK;
  }
  return wg_fail(err, code, "%s; --force-dirty opens the hive as it stands, without its logs",
                 fault.text);
}

// Room for new bins behind the hive's, before anything points into them.
static wg_code hive_parse_edit(wg_buf *bytes, bool force_dirty, wg_hive **out, wg_error *err) {
  if (wg_buf_room(bytes, HIVE_PATCH_BYTES + bytes->n / 64) == NULL) {
    return wg_buf_check(bytes, err);
  }
  return wg_hive_parse_edit(bytes->p, bytes->n, NULL, force_dirty, wg_heap(), out, err);
}

wg_code wg_hive_open_bytes(wg_buf *bytes, wg_hive_read_log read_log, void *ctx, bool force_dirty,
                           bool edit, wg_hive **out, wg_hive_replay *out_replay, wg_error *err) {
  wg_regf_info info = {0};
  wg_error peek = WG_ERROR_INIT;
  wg_hive_replay replay = {0};
  wg_code peeked = wg_regf_peek(bytes->p, bytes->n, &info, &peek);
  bool torn = peeked != WG_OK && info.major != 0;
  if (((peeked == WG_OK && info.seq1 != info.seq2) || torn) &&
      hive_replay_or_leave(bytes, read_log, ctx, force_dirty, &replay, err) != WG_OK) {
    return err->code;
  }
  wg_code code = edit ? hive_parse_edit(bytes, force_dirty, out, err)
                      : wg_hive_parse(bytes->p, bytes->n, NULL, force_dirty, wg_heap(), out, err);
  if (code != WG_OK) {
    return code;
  }
  *out_replay = replay;
  return WG_OK;
}

// Whether the log named name is that of a file in the list which is not the hive itself.
static bool hivefile_others_log(const wg_dirent *list, size_t n, const char *name, size_t n_stem,
                                const char *hive) {
  for (size_t i = 0; i < n; i++) {
    if (strlen(list[i].name) == n_stem && memcmp(list[i].name, name, n_stem) == 0 &&
        strcmp(list[i].name, hive) != 0) {
      return true;
    }
  }
  return false;
}

// The log with that ending beside the hive: of exactly its name, or, unless exact, in another case
// when no other file has that as its own; heap, NULL: none.
static wg_code hivefile_log(const char *path, const char *end, bool exact, char **out,
                            wg_error *err) {
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, wg_heap(), 0);
  WG_AUTO(wg_cstr) dir = wg_path_dirname(path);
  const char *hive = wg_path_basename(path);
  WG_AUTO(wg_cstr) name = wg_xprintf("%s%s", hive, end);
  wg_dirent *list = NULL;
  size_t n = 0, found = SIZE_MAX;
  *out = NULL;
  if (wg_os_list_dir(WG_CWD, dir, &arena, &list, &n, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    if (strcmp(list[i].name, name) == 0) {
      found = i;
      break;
    }
    if (!exact && found == SIZE_MAX && strcasecmp(list[i].name, name) == 0 &&
        !hivefile_others_log(list, n, list[i].name, strlen(hive), hive)) {
      found = i;
    }
  }
  *out = found == SIZE_MAX ? NULL : wg_path_join(dir, list[found].name);
  return WG_OK;
}

static wg_code hivefile_read_log(void *ctx, const char *end, wg_buf *out, wg_error *err) {
  const wg_hivefile *f = ctx;
  WG_AUTO(wg_cstr) log = NULL;
  if (hivefile_log(f->path, end, false, &log, err) != WG_OK) {
    return err->code;
  }
  return log == NULL ? WG_OK : wg_os_read_file(WG_CWD, log, HIVE_MAX_BYTES, out, err);
}

// Of a damaged hive the error says what can be done about it.
static wg_code hivefile_fail(const wg_hivefile *f, wg_error *err) {
  wg_regf_info info = {0};
  wg_error unused = WG_ERROR_INIT;
  bool hive = wg_regf_peek(f->bytes.p, f->bytes.n, &info, &unused) == WG_OK || info.major != 0;
  if (err->code == WG_E_FORMAT && wg_spec_is_regtext(f->bytes.p, f->bytes.n)) {
    return wg_fail(err, WG_E_FORMAT,
                   "'%s' is registry text, not a hive: 'wingo reg import HIVE %s' puts it into one",
                   f->path, f->path);
  }
  if (err->code == WG_E_FORMAT && hive && strstr(err->text, "--force-dirty") == NULL) {
    wg_error was = *err;
    (void)!wg_fail(err, was.code, "%s; 'wingo reg check --salvage' takes what is left", was.text);
    err->off_bytes = was.off_bytes;
  }
  return wg_wrap(err, "'%s'", f->path);
}

wg_code wg_hivefile_open(const char *path, bool force_dirty, bool edit, wg_hivefile *out,
                         wg_error *err) {
  WG_AUTO(wg_hivefile) f = {.path = wg_xstrdup(path)};
  wg_stat st;
  wg_buf_init(&f.bytes, wg_heap(), HIVE_MAX_BYTES + HIVE_MAX_BYTES / 32);
  if (wg_os_stat(WG_CWD, path, true, &st, err) != WG_OK ||
      wg_os_read_file(WG_CWD, path, HIVE_MAX_BYTES, &f.bytes, err) != WG_OK) {
    return err->code;
  }
  f.mode = st.mode;
  if (wg_hive_open_bytes(&f.bytes, hivefile_read_log, &f, force_dirty, edit, &f.hive, &f.replay,
                         err) != WG_OK) {
    return hivefile_fail(&f, err);
  }
  *out = f;
  f = (wg_hivefile){0};
  return WG_OK;
}

wg_code wg_hivefile_salvage(const char *path, wg_hivefile *out, wg_regf_salvage *out_report,
                            wg_error *err) {
  WG_AUTO(wg_hivefile) f = {.path = wg_xstrdup(path)};
  wg_regf_info info = {0};
  wg_error unused = WG_ERROR_INIT;
  wg_stat st;
  wg_buf_init(&f.bytes, wg_heap(), HIVE_MAX_BYTES);
  if (wg_os_stat(WG_CWD, path, true, &st, err) != WG_OK ||
      wg_os_read_file(WG_CWD, path, HIVE_MAX_BYTES, &f.bytes, err) != WG_OK) {
    return err->code;
  }
  f.mode = st.mode;
  wg_code peeked = wg_regf_peek(f.bytes.p, f.bytes.n, &info, &unused);
  bool dirty = peeked == WG_OK ? info.seq1 != info.seq2 : info.major != 0;
  if (dirty && hive_replay(&f.bytes, hivefile_read_log, &f, &f.replay.n, &unused) != WG_OK) {
    f.replay.n = 0;
  }
  if (wg_hive_salvage(f.bytes.p, f.bytes.n, NULL, wg_heap(), &f.hive, out_report, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  *out = f;
  f = (wg_hivefile){0};
  return WG_OK;
}

static wg_code hivefile_empty_log(const char *log, wg_error *err) {
  wg_stat st;
  if (wg_os_stat(WG_CWD, log, false, &st, err) != WG_OK) {
    return err->code;
  }
  return st.size_bytes == 0 ? WG_OK : wg_os_write_file(WG_CWD, log, "", 0, st.mode, false, err);
}

wg_code wg_hivefile_save(wg_dest *dest, const void *p, size_t n_bytes, wg_error *err) {
  bool exact = !dest->exists;
  if (wg_dest_write(dest, p, n_bytes, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < WG_HIVE_N_LOG_ENDS; i++) {
    WG_AUTO(wg_cstr) log = NULL;
    if (hivefile_log(dest->path, wg_hive_log_ends[i], exact, &log, err) != WG_OK ||
        (log != NULL && hivefile_empty_log(log, err) != WG_OK)) {
      return err->code;
    }
  }
  return WG_OK;
}

#define HIVE_DEPTH 514U // the parser's limit and the root

typedef size_t *hive_sizes;
static void hive_sizes_done(hive_sizes *p) {
  wg_xfree(*p);
}
WG_DEFINE_AUTO(hive_sizes, hive_sizes_done);

// Why registry text cannot say the name; NULL when it can.
static const char *hive_name_fault(wg_str name16) {
  const uint8_t *p = (const uint8_t *)name16.p;
  for (size_t i = 0; i + 1 < name16.n; i += 2) {
    uint16_t u = wg_le16(p + i);
    uint16_t next = i + 3 < name16.n ? wg_le16(p + i + 2) : 0;
    if (u == 0) {
      return "has a NUL character in its name";
    }
    if (u == '\n' || u == '\r') {
      return "has a line end in its name";
    }
    bool pair = u >= 0xD800 && u < 0xDC00 && next >= 0xDC00 && next < 0xE000;
    if (u >= 0xD800 && u < 0xE000 && !pair) {
      return "has half a surrogate pair in its name, which is no text";
    }
    i += pair ? 2 : 0;
  }
  return NULL;
}

static wg_code hive_export_fail(const wg_regkey *k, const wg_regvalue *v, const char *why,
                                wg_error *err) {
  WG_AUTO(wg_buf) path = {0};
  WG_AUTO(wg_buf) name = {0};
  wg_buf_init(&path, wg_heap(), 0);
  wg_buf_init(&name, wg_heap(), 0);
  wg_regkey_show_path(k, &path);
  if (v != NULL) {
    wg_buf_add_z(&name, ", value '");
    wg_regname_show(v->name16, &name);
    wg_buf_add_z(&name, "'");
  }
  return wg_fail(
      err, WG_E_UNSUPPORTED,
      "key '%s'%s %s: registry text cannot say that, and its import would make something "
      "else; 'wingo reg query -r --json' shows it",
      wg_buf_z(&path), wg_buf_z(&name), why);
}

static wg_code hive_export_key(const wg_regkey *k, const char *prefix, wg_buf *path, wg_buf *name,
                               wg_buf *out, wg_error *err) {
  bool root = wg_regkey_parent(k) == NULL;
  const char *why = root ? NULL : hive_name_fault(wg_regkey_name16(k));
  if (why == NULL && wg_regkey_layer(k) != 0) {
    why = "belongs to a layer over another hive";
  }
  if (why != NULL) {
    return hive_export_fail(k, NULL, why, err);
  }
  wg_buf_clear(path);
  wg_buf_add_z(path, prefix);
  if (!root) {
    wg_buf_add_byte(path, '\\');
    wg_regkey_add_path(k, path);
  }
  wg_regtext_put_key(out, wg_buf_str(path), false);
  for (size_t i = 0; i < wg_regkey_n_values(k); i++) {
    const wg_regvalue *v = wg_regkey_value_at(k, i);
    why = v->tombstone ? "deletes a value of the layer below" : hive_name_fault(v->name16);
    if (why != NULL) {
      return hive_export_fail(k, v, why, err);
    }
    wg_buf_clear(name);
    wg_regvalue_add_name(v, name);
    wg_regtext_put_value(out, wg_buf_str(name), v->type, v->data, v->n_bytes);
  }
  return WG_OK;
}

wg_code wg_hive_export_regtext(const wg_regkey *k, const char *prefix, wg_buf *out, wg_error *err) {
  WG_AUTO(wg_buf) path = {0};
  WG_AUTO(wg_buf) name = {0};
  wg_buf_init(&path, wg_heap(), 0);
  wg_buf_init(&name, wg_heap(), 0);
  // Depth first without recursion: a key's position among its parent's children leads on.
  WG_AUTO(hive_sizes) next = wg_xarray(HIVE_DEPTH, sizeof(*next));
  size_t depth = 0;
  const wg_regkey *at = k;
  if (hive_export_key(at, prefix, &path, &name, out, err) != WG_OK) {
    return err->code;
  }
  next[0] = 0;
  for (;;) {
    if (next[depth] < wg_regkey_n_children(at) && depth + 1 < HIVE_DEPTH) {
      at = wg_regkey_child_at(at, next[depth]++);
      next[++depth] = 0;
      if (hive_export_key(at, prefix, &path, &name, out, err) != WG_OK) {
        return err->code;
      }
    } else if (depth == 0) {
      break;
    } else {
      at = wg_regkey_parent(at);
      depth--;
    }
  }
  out->failed = out->failed || path.failed || name.failed;
  return wg_buf_check(out, err);
}
