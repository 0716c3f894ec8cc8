// SPDX-License-Identifier: Apache-2.0
// wingo driver add, remove
#include <limits.h>
#include <string.h>

#include "base/near.h"
#include "cli/driver/image.h"
#include "cli/wim/verified.h"
#include "cli/wim/wim.h"
#include "driver/package/package.h"

static int add_allow(const wg_cli *c, unsigned v[WG_DRIVER_N_FAULTS + 1], size_t *out_n) {
  size_t n = 0;
  const char **given = wg_cli_values(c, "allow", &n);
  int rc = 0;
  *out_n = 0;
  if (wg_cli_has(c, "allow-unsigned")) {
    v[(*out_n)++] = WG_DRIVER_UNSIGNED;
  }
  for (size_t i = 0; rc == 0 && i < n; i++) {
    size_t f = 0;
    while (f < WG_DRIVER_N_FAULTS &&
           strcmp(given[i], wg_driver_fault_name((wg_driver_fault)f)) != 0) {
      f++;
    }
    if (f == WG_DRIVER_N_FAULTS) {
      rc = wg_cli_usage(c,
                        "--allow=%s: no such fault; they are no-models, missing-file, uncovered, "
                        "unsigned, coinstaller, malformed, no-section, overwrite",
                        given[i]);
    } else {
      v[*out_n] = (unsigned)f;
      *out_n += *out_n < WG_DRIVER_N_FAULTS ? 1 : 0;
    }
  }
  wg_xfree(given);
  return rc;
}

static wg_cfg_str *add_list(const char *const *v, size_t n) {
  wg_cfg_str *out = wg_xarray(n + 1, sizeof(*out));
  for (size_t i = 0; i < n; i++) {
    out[i].s = v[i];
  }
  return out;
}

// All values of a repeated option; to be freed.
static wg_cfg_str *add_values(const wg_cli *c, const char *opt, size_t *out_n) {
  const char **given = wg_cli_values(c, opt, out_n);
  wg_cfg_str *v = add_list(given, *out_n);
  wg_xfree(given);
  return v;
}

// Arguments behind the image: folders, or INF files, of which the folder is taken and only that
// one. *folders: heap texts.
static int add_sources(const wg_cli *c, char **folders, wg_cfg_drivers *want) {
  size_t n = c->n_args - 1, n_only = 0;
  const char **only = wg_xarray(n + 1, sizeof(*only));
  for (size_t i = 0; i < n; i++) {
    const char *arg = c->args[i + 1];
    if (arg[0] == '/' && strchr(arg + 1, '/') == NULL && !wg_os_exists(WG_CWD, arg)) {
      wg_xfree(only);
      return wg_cli_usage(c, "'%s' is not there; options are written --%s", arg,
                          wg_str_eq_nocase(wg_str_of(arg), "/ForceUnsigned")
                              ? "allow-unsigned"
                              : "recurse, folders without an option");
    }
    size_t len = strlen(arg);
    wg_stat st = {0};
    wg_error e = WG_ERROR_INIT; // what is not there is told later
    bool is_inf = len > 4 && wg_str_eq_nocase(wg_str_of(arg + len - 4), ".inf") &&
                  (wg_os_stat(WG_CWD, arg, true, &st, &e) != WG_OK || st.type != WG_FT_DIR);
    folders[i] = is_inf ? wg_path_dirname(arg) : wg_xstrdup(arg);
    if (is_inf) {
      only[n_only++] = wg_path_basename(arg);
    }
  }
  want->from = add_list((const char *const *)folders, n);
  want->n_from = n;
  want->only = add_list(only, n_only);
  want->n_only = n_only;
  wg_xfree(only);
  if (n_only > 0 && n_only < n) {
    return wg_cli_usage(c, "name folders or INF files, not both in one command");
  }
  return n_only > 0 && want->n_hardware > 0
             ? wg_cli_usage(c, "--hardware chooses among folders: name those, not INF files")
             : 0;
}

static int add_run(wg_cli *c) {
  unsigned allow[WG_DRIVER_N_FAULTS + 1];
  wg_cfg_drivers want = {.present = true,
                         .everything = true,
                         .no_recurse = !wg_cli_has(c, "recurse"),
                         .replace = wg_cli_has(c, "replace"),
                         .allow = allow};
  wg_cfg_str *hardware = add_values(c, "hardware", &want.n_hardware);
  wg_cfg_str *pins = add_values(c, "pin", &want.n_pins);
  wg_cfg_str *prefers = add_values(c, "prefer", &want.n_prefers);
  wg_cfg_str *boot = add_values(c, "boot", &want.n_boot);
  wg_cfg_str *exclude = add_values(c, "exclude", &want.n_exclude);
  char **folders = wg_xarray(c->n_args, sizeof(*folders));
  want.hardware = hardware;
  want.pins = pins;
  want.prefers = prefers;
  want.boot = boot;
  want.exclude = exclude;
  int rc = add_allow(c, allow, &want.n_allow);
  if (rc == 0) {
    rc = add_sources(c, folders, &want);
  }
  rc = rc == 0 ? wg_driver_change(c, &want) : rc;
  for (size_t i = 0; i + 1 < c->n_args; i++) {
    wg_xfree(folders[i]);
  }
  wg_xfree(folders);
  wg_xfree((void *)(uintptr_t)want.from);
  wg_xfree((void *)(uintptr_t)want.only);
  wg_xfree(hardware);
  wg_xfree(pins);
  wg_xfree(prefers);
  wg_xfree(boot);
  wg_xfree(exclude);
  return rc;
}

static const wg_cli_opt add_opts[] = {
    {.name = "recurse", .letter = 'r', .help = "INF files of all folders below, too"},
    {.name = "out", .letter = 'o', .arg = "NEW", .help = "write NEW and leave FILE as it is"},
    {.name = "allow-unsigned",
     .help = "packages without a signature that counts",
     .also = "ForceUnsigned"},
    {.name = "allow",
     .arg = "FAULT",
     .help = "take it nevertheless, or leave it out; the faults are named below",
     .many = true,
     .complete =
         "no-models missing-file uncovered unsigned coinstaller malformed no-section overwrite"},
    {.name = "boot",
     .arg = "INF",
     .help = "this INF's devices are needed for the start",
     .many = true},
    {.name = "hardware",
     .arg = "FILE",
     .help = "only what the devices of this machine get: a profile, pnputil, lspci, SYSTEM, ...",
     .many = true,
     .complete = "file"},
    {.name = "pin",
     .arg = "DEVICE=DRIVERS",
     .help = "such a device gets one of these or none",
     .many = true},
    {.name = "prefer",
     .arg = "DRIVERS",
     .help = "come before all others that fit, the first such option first",
     .many = true},
    {.name = "exclude",
     .arg = "WHICH",
     .help = "leave these packages out: an INF, a folder, provider=...",
     .many = true},
    {.name = "replace", .help = "other versions of the same INF go"},
    WG_CLI_NO_VERIFY_OPT,
    WG_CLI_FORCE_OPT,
    WG_CLI_WAIT_OPT,
    WG_CLI_THREADS_OPT};
const wg_cli_cmd wg_cmd_driver_add = {
    .noun = "driver",
    .name = "add",
    .args = "FILE[:IMAGE] FOLDER|INF...",
    .summary = "put driver packages into an image",
    .text = "Each package goes into the driver store as a whole, with its catalogue, its published "
            "INF and "
            "Windows' record of it, so that its devices bind; drivers that the start may need get "
            "their "
            "services and files as well. All packages are looked at first: a missing file, a "
            "catalogue that "
            "does not cover a file, no section for this Windows, no signature are refused, and "
            "then nothing "
            "is written. What is there already stays. The result is read back.\n\n"
            "Faults that --allow takes: no-models and malformed (such a package is left out), "
            "missing-file, uncovered, unsigned, coinstaller, no-section, overwrite.\n\n"
            "Of several packages of one version that are for several Windows, as the virtio-win "
            "medium has "
            "them, the one for this Windows is taken, and that is said. DEVICE and DRIVERS are as "
            "'wingo driver match' has them.\n\n"
            "Examples:\n  wingo driver add install.wim:1 drivers/net\n"
            "  wingo driver add boot.wim:2 virtio-win/ --recurse --exclude=qxl.inf\n"
            "  wingo driver add install.wim:'Windows 11 Pro' vioscsi.inf --out=new.wim\n",
    .opts = add_opts,
    .n_opts = WG_ARRAY_LEN(add_opts),
    .min_args = 2,
    .max_args = UINT_MAX,
    .complete = "file,file",
    .run = add_run};

static int remove_run(wg_cli *c) {
  wg_cfg_drivers want = {.present = true, .force = wg_cli_has(c, "force")};
  wg_cfg_str *names = add_list(c->args + 1, c->n_args - 1);
  want.remove = names;
  want.n_remove = c->n_args - 1;
  int rc = wg_driver_change(c, &want);
  wg_xfree(names);
  return rc;
}

static const wg_cli_opt remove_opts[] = {
    {.name = "out", .letter = 'o', .arg = "NEW", .help = "write NEW and leave FILE as it is"},
    WG_CLI_NO_VERIFY_OPT,
    {.name = "force",
     .letter = 'f',
     .help = "also what the start needs; replace what is there, change what is read-only"},
    WG_CLI_WAIT_OPT,
    WG_CLI_THREADS_OPT};
const wg_cli_cmd wg_cmd_driver_remove = {
    .noun = "driver",
    .name = "remove",
    .args = "FILE[:IMAGE] oemN.inf|NAME.inf...",
    .summary = "take driver packages out of an image",
    .text = "By the image's own record of them, whoever put them there: the package in the driver "
            "store, its "
            "published INF and catalogue, what its devices lead to, services and files that nobody "
            "else owns. "
            "Drivers of Windows itself are refused. One that starts with the machine and that "
            "nothing else "
            "stands in for needs --force.\n\n"
            "Examples:\n  wingo driver remove install.wim:1 oem3.inf\n"
            "  wingo driver remove install.wim:1 netkvm.inf --out=new.wim\n",
    .opts = remove_opts,
    .n_opts = WG_ARRAY_LEN(remove_opts),
    .min_args = 2,
    .max_args = UINT_MAX,
    .complete = "file",
    .run = remove_run};
