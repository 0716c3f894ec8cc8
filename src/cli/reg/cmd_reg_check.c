// SPDX-License-Identifier: Apache-2.0
// `wingo reg check`: a hive from end to end.
#include <stddef.h>
#include <string.h>

#include "cli/core/ins.h"
#include "cli/reg/reg.h"

// --- salvage

static void salvage_json(const wg_regf_salvage *s, wg_jsonw *j) {
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_u64(j, "keys", s->n_keys);
  wg_jsonw_kv_u64(j, "values", s->n_values);
  wg_jsonw_kv_u64(j, "lost_keys", s->n_lost_keys);
  wg_jsonw_kv_u64(j, "lost_values", s->n_lost_values);
  wg_jsonw_kv_u64(j, "reattached", s->n_reattached);
  wg_jsonw_kv_u64(j, "orphans", s->n_orphans);
  wg_jsonw_kv_u64(j, "skipped_bytes", s->n_skipped_bytes);
  wg_jsonw_kv_u64(j, "faults", s->n_faults);
  wg_jsonw_key_z(j, "first_faults");
  wg_jsonw_begin_array(j);
  for (size_t i = 0; i < s->n_faults && i < WG_REGF_MAX_FAULTS; i++) {
    wg_jsonw_begin_object(j);
    if (s->faults[i].off_bytes != WG_NO_OFFSET) {
      wg_jsonw_kv_u64(j, "offset", s->faults[i].off_bytes);
    }
    wg_jsonw_kv_z(j, "text", s->faults[i].text);
    wg_jsonw_end_object(j);
  }
  wg_jsonw_end_array(j);
  if (s->n_faults > 0) {
    wg_cli_kv_error(j, WG_E_FORMAT, wg_exit_code(WG_E_FORMAT), "the hive is damaged");
  }
  wg_jsonw_end_object(j);
}

static void salvage_text(const wg_regf_salvage *s, wg_buf *out) {
  for (size_t i = 0; i < s->n_faults && i < WG_REGF_MAX_FAULTS; i++) {
    if (s->faults[i].off_bytes != WG_NO_OFFSET) {
      wg_buf_printf(out, "offset 0x%llx: ", (unsigned long long)s->faults[i].off_bytes);
    }
    wg_ins_add_plain(out, wg_str_of(s->faults[i].text));
    wg_buf_add_byte(out, '\n');
  }
  if (s->n_faults > WG_REGF_MAX_FAULTS) {
    wg_buf_printf(out, "and %llu faults more\n",
                  (unsigned long long)(s->n_faults - WG_REGF_MAX_FAULTS));
  }
  wg_buf_printf(out,
                "keys           %llu\nvalues         %llu\nlost keys      %llu\n"
                "lost values    %llu\nput back       %llu keys\norphans        %llu keys, below "
                "'Salvaged keys'\nskipped        %llu bytes\n",
                (unsigned long long)s->n_keys, (unsigned long long)s->n_values,
                (unsigned long long)s->n_lost_keys, (unsigned long long)s->n_lost_values,
                (unsigned long long)s->n_reattached, (unsigned long long)s->n_orphans,
                (unsigned long long)s->n_skipped_bytes);
}

// The report goes to stdout, the recovered hive to --out. Exit code 4 when there was damage, as
// without --salvage.
static int reg_salvage_run(const wg_cli *c) {
  WG_AUTO(wg_hivefile) f = {0};
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO(wg_buf) bytes = {0};
  wg_regf_salvage *report = wg_xalloc(sizeof(*report));
  const char *to = wg_cli_value(c, "out");
  wg_error err = WG_ERROR_INIT;
  wg_jsonw j;
  wg_buf_init(&text, wg_heap(), 0);
  wg_buf_init(&bytes, wg_heap(), (size_t)2 << 30);
  wg_hive_write_options opt = {.bump_sequence = true};
  wg_code code = wg_hivefile_salvage(c->args[0], &f, report, &err);
  WG_AUTO(wg_dest) dest = WG_DEST_INIT;
  const wg_inplace_options place = wg_cli_place(c);
  if (code == WG_OK && to != NULL) {
    code = wg_dest_begin(&dest, to, WG_DEST_NEW, &place, &err);
    dest.mode = f.mode;
  }
  if (code == WG_OK && to != NULL) {
    code = wg_hive_write(f.hive, &opt, &bytes, &err);
  }
  if (code == WG_OK && to != NULL) {
    code = wg_dest_write(&dest, bytes.p, bytes.n, &err);
  }
  if (code == WG_OK && c->json) {
    wg_jsonw_init(&j, &text, 2);
    salvage_json(report, &j);
    code = wg_jsonw_finish(&j, &err);
  } else if (code == WG_OK) {
    salvage_text(report, &text);
  }
  bool damaged = report->n_faults > 0;
  wg_xfree(report);
  if (code != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_out_bytes(text.p, text.n);
  return damaged ? wg_exit_code(WG_E_FORMAT) : 0;
}

// --- check

#define LINT_N 5U
static const struct lint_text {
  size_t at;
  const char *name, *text;
} lint_texts[LINT_N] = {
    {offsetof(wg_regf_lint, order), "order",
     "subkeys out of order: Windows bisects the list and does not find some"},
    {offsetof(wg_regf_lint, hash), "hash",
     "entries whose hash is not their key's: Windows does not find these"},
    {offsetof(wg_regf_lint, parent), "parent", "keys that name another parent than their own"},
    {offsetof(wg_regf_lint, refs), "security_counts",
     "security descriptors with another count than keys that use them"},
    {offsetof(wg_regf_lint, ring), "security_ring",
     "security descriptors whose neighbours do not name them"},
};

static wg_regf_lint_item lint_item(const wg_regf_lint *l, size_t i) {
  wg_regf_lint_item item;
  memcpy(&item, (const char *)l + lint_texts[i].at, sizeof(item));
  return item;
}

static bool lint_is_clean(const wg_regf_lint *l) {
  for (size_t i = 0; i < LINT_N; i++) {
    if (lint_item(l, i).n > 0) {
      return false;
    }
  }
  return true;
}

static wg_code reg_check_lint(const wg_reg_subject *s, wg_regf_lint *out, wg_error *err) {
  WG_AUTO_PTR(wg_hive) h = NULL;
  const wg_buf *bytes = s->in_image ? &s->image.bytes : &s->file.bytes;
  return wg_hive_parse_lint(bytes->p, bytes->n, NULL, true, wg_heap(), &h, out, err);
}

static void check_text(const wg_reg_subject *t, const wg_regf_lint *lint, wg_buf *out) {
  wg_regf_info i = wg_hive_info(t->hive);
  wg_buf_printf(
      out,
      "version        %u.%u\nsequence       %u, %u\nkeys           %llu\nvalues         %llu\n"
      "live bytes     %llu\nfile bytes     %zu\nlost cells     %llu (%llu bytes)\n"
      "replayed       %u log entries\n",
      i.major, i.minor, i.seq1, i.seq2, (unsigned long long)i.n_keys,
      (unsigned long long)i.n_values, (unsigned long long)i.live_bytes, t->n_file_bytes,
      (unsigned long long)i.n_lost_cells, (unsigned long long)i.lost_bytes, t->replay.n);
  for (size_t k = 0; k < LINT_N; k++) {
    wg_regf_lint_item item = lint_item(lint, k);
    if (item.n > 0) {
      wg_buf_printf(out, "fault          %llu %s (first at offset 0x%llx)\n",
                    (unsigned long long)item.n, lint_texts[k].text,
                    (unsigned long long)item.first_off);
    }
  }
  if (!lint_is_clean(lint)) {
    wg_buf_add_z(out, "Any change by 'wingo reg' writes the hive without these faults.\n");
  }
}

static void check_json(const wg_reg_subject *t, const wg_regf_lint *lint, wg_jsonw *j) {
  wg_regf_info i = wg_hive_info(t->hive);
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_u64(j, "major", i.major);
  wg_jsonw_kv_u64(j, "minor", i.minor);
  wg_jsonw_kv_u64(j, "sequence1", i.seq1);
  wg_jsonw_kv_u64(j, "sequence2", i.seq2);
  wg_jsonw_kv_u64(j, "keys", i.n_keys);
  wg_jsonw_kv_u64(j, "values", i.n_values);
  wg_jsonw_kv_u64(j, "live_bytes", i.live_bytes);
  wg_jsonw_kv_u64(j, "file_bytes", t->n_file_bytes);
  wg_jsonw_kv_u64(j, "lost_cells", i.n_lost_cells);
  wg_jsonw_kv_u64(j, "lost_bytes", i.lost_bytes);
  wg_jsonw_kv_u64(j, "replayed", t->replay.n);
  wg_jsonw_key_z(j, "faults");
  wg_jsonw_begin_array(j);
  for (size_t k = 0; k < LINT_N; k++) {
    wg_regf_lint_item item = lint_item(lint, k);
    if (item.n > 0) {
      wg_jsonw_begin_object(j);
      wg_jsonw_kv_z(j, "fault", lint_texts[k].name);
      wg_jsonw_kv_u64(j, "count", item.n);
      wg_jsonw_kv_u64(j, "first_offset", item.first_off);
      wg_jsonw_end_object(j);
    }
  }
  wg_jsonw_end_array(j);
  if (!lint_is_clean(lint)) {
    wg_cli_kv_error(j, WG_E_FORMAT, wg_exit_code(WG_E_FORMAT),
                    "the hive has faults that any change by 'wingo reg' mends");
  }
  wg_jsonw_end_object(j);
}

static int reg_check_run(wg_cli *c) {
  if (wg_cli_has(c, "salvage") && wg_reg_in_image(c->args[0])) {
    return wg_cli_usage(c, "--salvage takes a hive file; take it out first: wingo wim extract");
  }
  if (wg_cli_has(c, "salvage")) {
    return reg_salvage_run(c);
  }
  if (wg_cli_value(c, "out") != NULL) {
    return wg_cli_usage(c, "--out goes with --salvage");
  }
  WG_AUTO(wg_reg_subject) t = {0};
  int rc = wg_reg_subject_of(c, c->args[0], c->n_args > 1 ? c->args[1] : NULL, &t);
  if (rc != 0) {
    return rc;
  }
  wg_regf_lint lint = {0};
  wg_error err = WG_ERROR_INIT;
  if (reg_check_lint(&t, &lint, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  if (c->json) {
    wg_jsonw j;
    wg_jsonw_init(&j, &out, 2);
    check_json(&t, &lint, &j);
    rc = wg_cli_end_json(c, &j, &out);
  } else {
    check_text(&t, &lint, &out);
    wg_out_bytes(out.p, out.n);
  }
  return rc != 0 ? rc : lint_is_clean(&lint) ? 0 : wg_exit_code(WG_E_FORMAT);
}

static const wg_cli_opt check_opts[] = {
    WG_CLI_FORCE_OPT,
    WG_CLI_WAIT_OPT,
    {.name = "force-dirty", .help = "open a dirty hive although no log fits it"},
    {.name = "salvage", .help = "of a damaged hive file: say what is lost, take what is left"},
    {.name = "out", .arg = "FILE", .help = "with --salvage: write what is left as a new hive"}};

const wg_cli_cmd wg_cmd_reg_check = {
    .noun = "reg",
    .name = "check",
    .args = "HIVE|IMAGE [KEY]",
    .summary = "check a hive from end to end",
    .text = "Every cell, list, name and value is looked at; the first fault is reported with its "
            "offset, and the exit code is 4. So are the order of subkeys, parents, and the counts "
            "and ring of security descriptors, which any change mends. Of an image, KEY "
            "(HKLM\\SYSTEM) says which hive.\n\n"
            "--salvage, as the last resort, walks over whatever holds, lists the faults, puts keys "
            "back below the parent they name where its list is damaged, and puts keys whose parent "
            "is gone below 'Salvaged keys'. What is not whole is lost, never guessed.\n\n"
            "Examples:\n  wingo reg check config/SYSTEM\n"
            "  wingo reg check install.wim:2 'HKLM\\SOFTWARE'\n"
            "  wingo reg check --salvage broken/SYSTEM --out SYSTEM\n",
    .opts = check_opts,
    .n_opts = WG_ARRAY_LEN(check_opts),
    .min_args = 1,
    .max_args = 2,
    .complete = "file",
    .run = reg_check_run};
