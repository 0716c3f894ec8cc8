// SPDX-License-Identifier: Apache-2.0
// `wingo driver profile`: the hardware of a machine, written down.
#include "cli/driver/driver.h"

static int profile_run(wg_cli *c) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) out = {0};
  WG_AUTO(wg_dest) dest = WG_DEST_INIT;
  wg_hw_profile p = {0};
  wg_error err = WG_ERROR_INIT;
  const char *to = wg_cli_value(c, "out");
  const wg_inplace_options place = wg_cli_place(c);
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&out, wg_heap(), 0);
  if (wg_driver_hardware(c->n_args > 0 ? c->args[0] : "/sys", &arena, &p, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  for (uint32_t i = 0; i < p.n_notes; i++) {
    wg_note(c, "%.*s", WG_STR_ARG(p.notes[i]));
  }
  if (to != NULL) {
    wg_hw_write_yaml(&p, &out);
    if (wg_buf_check(&out, &err) != WG_OK ||
        wg_dest_begin(&dest, to, WG_DEST_NEW, &place, &err) != WG_OK ||
        wg_dest_write(&dest, out.p, out.n, &err) != WG_OK) {
      return wg_cli_fail(c, &err);
    }
    return wg_cli_end_made(c, to);
  }
  if (c->json) {
    wg_jsonw j;
    wg_jsonw_init(&j, &out, 2);
    wg_jsonw_begin_object(&j);
    wg_jsonw_kv_z(&j, "source", wg_hw_kind_name(p.kind));
    wg_hw_write_json(&p, &j);
    wg_jsonw_end_object(&j);
    return wg_cli_end_json(c, &j, &out);
  }
  wg_hw_write_yaml(&p, &out);
  wg_out_bytes(out.p, out.n);
  return 0;
}

static const wg_cli_opt profile_opts[] = {
    {.name = "out", .letter = 'o', .arg = "FILE", .help = "write the profile there"},
    WG_CLI_FORCE_OPT,
    WG_CLI_WAIT_OPT,
};

const wg_cli_cmd wg_cmd_driver_profile = {
    .noun = "driver",
    .name = "profile",
    .args = "[SOURCE]",
    .summary = "write down the hardware of a machine",
    .text =
        "Prints the devices with their hardware ids and compatible ids, in Windows' order, as YAML "
        "that 'wingo driver match' takes. Without SOURCE it is this machine (/sys). SOURCE is a "
        "file that a tool made, or - for standard input; what it is, its content says:\n\n"
        "  pnputil /enum-devices /ids                     on Windows, in any language\n"
        "  Get-PnpDevice | ConvertTo-Json -Depth 3        also Get-PnpDeviceProperty\n"
        "  lspci -vnn, lsusb -v                           either, or both in one file\n"
        "  setupapi.dev.log                               what drivers were searched for\n"
        "  SYSTEM, install.wim:1                          a hive, or that of an image\n"
        "  a folder that is /sys, or a copy of it\n\n"
        "Examples:\n  wingo driver profile > this-machine.yaml\n"
        "  wingo driver profile laptop-pnputil.txt -o laptop.yaml\n"
        "  (lspci -vnn; lsusb -v) 2>/dev/null | wingo driver profile -\n",
    .opts = profile_opts,
    .n_opts = WG_ARRAY_LEN(profile_opts),
    .max_args = 1,
    .complete = "file",
    .run = profile_run};
