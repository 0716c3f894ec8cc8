// `wingo reg check`: a hive from end to end.
#include "cli/reg.h"

static int reg_check_run(wg_cli *c) {
  WG_AUTO(wg_reg_target) t = {0};
  int rc = wg_reg_target_of(c, c->args[0], c->n_args > 1 ? c->args[1] : NULL, &t);
  if (rc != 0) {
    return rc;
  }
  wg_regf_info i = wg_hive_info(t.hive);
  if (!c->json) {
    wg_out("version        %u.%u\nsequence       %u, %u\nkeys           %llu\nvalues         %llu\n"
           "live bytes     %llu\nfile bytes     %zu\nlost cells     %llu (%llu bytes)\n"
           "replayed       %u log entries\n",
           i.major, i.minor, i.seq1, i.seq2, (unsigned long long)i.n_keys,
           (unsigned long long)i.n_values, (unsigned long long)i.live_bytes, t.n_file_bytes,
           (unsigned long long)i.n_lost_cells, (unsigned long long)i.lost_bytes, t.n_replayed);
    return 0;
  }
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  wg_jsonw j;
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_kv_u64(&j, "major", i.major);
  wg_jsonw_kv_u64(&j, "minor", i.minor);
  wg_jsonw_kv_u64(&j, "sequence1", i.seq1);
  wg_jsonw_kv_u64(&j, "sequence2", i.seq2);
  wg_jsonw_kv_u64(&j, "keys", i.n_keys);
  wg_jsonw_kv_u64(&j, "values", i.n_values);
  wg_jsonw_kv_u64(&j, "live_bytes", i.live_bytes);
  wg_jsonw_kv_u64(&j, "file_bytes", t.n_file_bytes);
  wg_jsonw_kv_u64(&j, "lost_cells", i.n_lost_cells);
  wg_jsonw_kv_u64(&j, "lost_bytes", i.lost_bytes);
  wg_jsonw_kv_u64(&j, "replayed", t.n_replayed);
  wg_jsonw_end_object(&j);
  wg_error err = WG_ERROR_INIT;
  if (wg_jsonw_finish(&j, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_out_bytes(out.p, out.n);
  return 0;
}

static const wg_cli_opt check_opts[] = {
    {.name = "force-dirty", .help = "open a dirty hive although no log fits it"}};

const wg_cli_cmd wg_cmd_reg_check = {
    .noun = "reg",
    .name = "check",
    .args = "HIVE|IMAGE [KEY]",
    .summary = "check a hive from end to end",
    .text = "Every cell, list, name and value is looked at; the first fault is reported with its "
            "offset, and the exit code is 4. Of an image, KEY (HKLM\\SYSTEM) says which hive.\n\n"
            "Examples:\n  wingo reg check config/SYSTEM\n"
            "  wingo reg check install.wim:2 'HKLM\\SOFTWARE'\n",
    .opts = check_opts,
    .n_opts = WG_ARRAY_LEN(check_opts),
    .min_args = 1,
    .max_args = 2,
    .complete = "file",
    .run = reg_check_run};
