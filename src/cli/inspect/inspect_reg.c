// SPDX-License-Identifier: Apache-2.0
// `wingo inspect` of registry hives and registry text.
#include <string.h>

#include "base/civil.h"
#include "cli/inspect/inspect.h"
#include "cli/reg/reg.h"

bool wg_inspect_hive_detect(const wg_reader *head) {
  return head->n_bytes >= 4 && memcmp(head->p, "regf", 4) == 0;
}

// FILETIME as a date, UTC.
static void hive_time(wg_ins *i, const char *key, const char *label, uint64_t filetime) {
  wg_civil t = wg_civil_of_filetime(filetime);
  if (filetime != 0) {
    wg_ins_printf(i, key, label, "%04lld-%02u-%02uT%02u:%02u:%02uZ", (long long)t.year, t.month,
                  t.day, t.hour, t.minute, t.second);
  }
}

static void hive_file_name(wg_ins *i) {
  WG_AUTO(wg_buf) name = {0};
  size_t n = 0;
  wg_buf_init(&name, wg_heap(), 0);
  while (n < 64 && wg_le16(i->file.p + 48 + n) != 0) {
    n += 2;
  }
  if (n > 0 && wg_utf16le_to_utf8(i->file.p + 48, n, &name)) {
    wg_ins_str(i, "name", "Name in it", wg_buf_str(&name));
  }
}

static wg_code hive_logs(wg_ins *i, wg_error *err) {
  WG_AUTO(wg_cstr) dir = wg_path_dirname(i->path);
  WG_AUTO(wg_buf) text = {0};
  wg_dirent *list = NULL;
  size_t n = 0;
  wg_buf_init(&text, wg_heap(), 0);
  if (wg_os_list_dir(WG_CWD, dir, i->arena, &list, &n, err) != WG_OK) {
    return err->code;
  }
  for (size_t k = 0; k < WG_HIVE_N_LOG_ENDS; k++) {
    WG_AUTO(wg_cstr) name = wg_xprintf("%s%s", wg_path_basename(i->path), wg_hive_log_ends[k]);
    for (size_t m = 0; m < n; m++) {
      WG_AUTO(wg_cstr) path = wg_path_join(dir, list[m].name);
      wg_stat st;
      wg_error gone = WG_ERROR_INIT;
      if (wg_name_cmp_nocase(wg_str_of(list[m].name), wg_str_of(name)) == 0 &&
          wg_os_stat(WG_CWD, path, true, &st, &gone) == WG_OK) {
        wg_buf_printf(&text, "%s%s (%llu bytes)", text.n > 0 ? ", " : "", list[m].name,
                      (unsigned long long)st.size_bytes);
      }
    }
  }
  if (text.n > 0) {
    wg_ins_str(i, "logs", "Logs", wg_buf_str(&text));
  }
  return WG_OK;
}

#define ROOT_KEYS_SHOWN 24U // in text without -v

static void hive_root_keys(wg_ins *i, const wg_hive *h) {
  const wg_regkey *root = wg_hive_root(h);
  size_t n = wg_regkey_n_children(root);
  if (i->json == NULL && !i->verbose && n > ROOT_KEYS_SHOWN) {
    wg_ins_printf(i, "root_keys", "Root keys", "%zu (-v lists them)", n);
    return;
  }
  wg_str *names = wg_xarray(n + 1, sizeof(*names));
  size_t kept = 0;
  for (size_t k = 0; k < n; k++) {
    WG_AUTO(wg_buf) name = {0};
    wg_buf_init(&name, wg_heap(), 0);
    wg_regkey_add_name(wg_regkey_child_at(root, k), &name);
    const char *own = wg_arena_strndup(i->arena, name.p, name.n);
    if (own != NULL) {
      names[kept++] = (wg_str){own, name.n};
    }
  }
  wg_ins_strs(i, "root_keys", "Root keys", names, kept);
  wg_xfree(names);
}

wg_code wg_inspect_hive(wg_ins *i, wg_error *err) {
  WG_AUTO(wg_hivefile) f = {0};
  wg_regf_info base = {0};
  wg_error peek = WG_ERROR_INIT;
  wg_code peeked = wg_regf_peek(i->file.p, (size_t)i->file.n_bytes, &base, &peek);
  if (peeked != WG_OK && base.major == 0) {
    *err = peek;
    return err->code;
  }
  wg_ins_printf(i, "version", "Version", "%u.%u", base.major, base.minor);
  hive_time(i, "written", "Written", base.last_written);
  wg_ins_printf(i, "sequence", "Sequence", "%u, %u", base.seq1, base.seq2);
  bool dirty = base.seq1 != base.seq2 || peeked != WG_OK;
  wg_ins_bool(i, "dirty", "Dirty", dirty);
  hive_file_name(i);
  if (wg_hivefile_open(i->path, true, false, &f, err) != WG_OK || hive_logs(i, err) != WG_OK) {
    return err->code;
  }
  if (dirty) {
    wg_ins_u64(i, "replayed", "Replayed", f.replay.n);
  }
  wg_regf_info info = wg_hive_info(f.hive);
  WG_AUTO(wg_buf) root = {0};
  wg_buf_init(&root, wg_heap(), 0);
  wg_regkey_add_name(wg_hive_root(f.hive), &root);
  wg_ins_str(i, "root", "Root", wg_buf_str(&root));
  wg_ins_u64(i, "keys", "Keys", info.n_keys);
  wg_ins_u64(i, "values", "Values", info.n_values);
  wg_ins_bytes(i, "live_bytes", "In use", info.live_bytes);
  wg_ins_bytes(i, "slack_bytes", "Slack",
               f.bytes.n > info.live_bytes ? f.bytes.n - info.live_bytes : 0);
  if (info.n_lost_cells > 0) {
    wg_ins_u64(i, "lost_cells", "Lost cells", info.n_lost_cells);
  }
  hive_root_keys(i, f.hive);
  return WG_OK;
}

bool wg_inspect_regtext_detect(const wg_reader *head) {
  return wg_spec_is_regtext(head->p, (size_t)head->n_bytes);
}

wg_code wg_inspect_regtext(wg_ins *i, wg_error *err) {
  const uint8_t *p = i->file.p;
  size_t n = (size_t)i->file.n_bytes;
  uint64_t counts[4] = {0};
  wg_regtext t;
  wg_regtext_options opt = {0};
  if (wg_regtext_parse(p, n, &opt, i->arena, &t, err) != WG_OK) {
    return err->code;
  }
  bool wide = n >= 2 && p[0] == 0xFF && p[1] == 0xFE;
  for (size_t k = 0; k < t.n_ops; k++) {
    counts[t.ops[k].kind]++;
  }
  wg_ins_z(i, "version", "Version", t.version4 ? "REGEDIT4" : "5.00");
  wg_ins_z(i, "encoding", "Encoding",
           wide         ? "UTF-16LE"
           : t.version4 ? "code page (read as 1252)"
                        : "UTF-8");
  wg_ins_u64(i, "keys", "Keys", counts[WG_REGOP_KEY]);
  wg_ins_u64(i, "values", "Values", counts[WG_REGOP_VALUE]);
  wg_ins_u64(i, "deleted_keys", "Deletes keys", counts[WG_REGOP_DELETE_KEY]);
  wg_ins_u64(i, "deleted_values", "Deletes values", counts[WG_REGOP_DELETE_VALUE]);
  return WG_OK;
}
