// SPDX-License-Identifier: Apache-2.0
// drivers: packages that go into an image.
#include <string.h>

#include "driver/match/rules.h"
#include "driver/package/package.h"
#include "project/hostfile.h"
#include "project/image.h"

#define DRIVERS(field) WG_AT(wg_cfg_drivers, field)

static const wg_choice stages[] = {
    {"store", 0, false}, {"setup", 1, true}, {"firstboot", 2, true}, {NULL, 0, false}};
static const wg_choice faults[] = {{"no-models", WG_DRIVER_NO_MODELS, false},
                                   {"missing-file", WG_DRIVER_MISSING, false},
                                   {"uncovered", WG_DRIVER_UNCOVERED, false},
                                   {"unsigned", WG_DRIVER_UNSIGNED, false},
                                   {"coinstaller", WG_DRIVER_COINSTALLER, false},
                                   {"malformed", WG_DRIVER_MALFORMED, false},
                                   {"no-section", WG_DRIVER_NO_SECTION, false},
                                   {"overwrite", WG_DRIVER_OVERWRITE, false},
                                   {NULL, 0, false}};

static bool drivers_inf_name(wg_cfg_text *t) {
  size_t n = strlen(t->text);
  if (n < 5 || !wg_str_eq_nocase(wg_str_of(t->text + n - 4), ".inf") ||
      strpbrk(t->text, "/\\") != NULL) {
    t->why = "is no name of an INF file";
    t->hint = "write the name alone: netkvm.inf";
    return false;
  }
  t->value = t->text;
  return true;
}

static const wg_key folder_item[] = {{.name = "",
                                      .type = WG_KEY_PATH,
                                      .flags = WG_KF_VAR,
                                      .at = WG_AT(wg_cfg_str, s),
                                      .pos_at = WG_AT(wg_cfg_str, pos),
                                      .example = "drivers/net"}};
static const wg_key inf_item[] = {{.name = "",
                                   .type = WG_KEY_STRING,
                                   .at = WG_AT(wg_cfg_str, s),
                                   .pos_at = WG_AT(wg_cfg_str, pos),
                                   .check = drivers_inf_name,
                                   .example = "netkvm.inf"}};
static bool drivers_pin(wg_cfg_text *t) {
  wg_drv_pin pin;
  wg_error err = WG_ERROR_INIT;
  t->value = t->text;
  t->why = "is no rule DEVICE=DRIVERS";
  t->hint = "write it like 'PCI\\VEN_8086&DEV_15D7*=net/intel'";
  return wg_drv_pin_parse(t->text, t->arena, &pin, &err) == WG_OK;
}

static bool drivers_prefer(wg_cfg_text *t) {
  wg_drv_which which;
  wg_error err = WG_ERROR_INIT;
  t->value = t->text;
  t->why = "is no rule of packages";
  t->hint = "write it like 'net/intel' or 'provider=Intel*,version=20.0..21.9'";
  return wg_drv_which_parse(t->text, t->arena, &which, &err) == WG_OK;
}

static const wg_key profile_item[] = {{.name = "",
                                       .type = WG_KEY_PATH,
                                       .flags = WG_KF_VAR,
                                       .at = WG_AT(wg_cfg_str, s),
                                       .pos_at = WG_AT(wg_cfg_str, pos),
                                       .example = "hardware/latitude.yaml"}};
static const wg_key pin_item[] = {{.name = "",
                                   .type = WG_KEY_STRING,
                                   .at = WG_AT(wg_cfg_str, s),
                                   .pos_at = WG_AT(wg_cfg_str, pos),
                                   .check = drivers_pin,
                                   .example = "'PCI\\VEN_8086&DEV_15D7*=net/intel'"}};
static const wg_key prefer_item[] = {{.name = "",
                                      .type = WG_KEY_STRING,
                                      .at = WG_AT(wg_cfg_str, s),
                                      .pos_at = WG_AT(wg_cfg_str, pos),
                                      .check = drivers_prefer,
                                      .example = "'provider=Intel*'"}};
static const wg_key fault_item[] = {
    {.name = "", .type = WG_KEY_ENUM, .choices = faults, .at = 1, .example = "unsigned"}};

#define INFS(field)                                                                                \
  .type = WG_KEY_LIST, .flags = WG_KF_UNIQUE, .sub = inf_item, .at = DRIVERS(field),               \
  .count_at = DRIVERS(n_##field), .size = sizeof(wg_cfg_str)

static const wg_key driver_keys[] = {
    {.name = "from",
     .since = "0.2",
     .type = WG_KEY_LIST,
     .flags = WG_KF_UNIQUE,
     .sub = folder_item,
     .at = DRIVERS(from),
     .count_at = DRIVERS(n_from),
     .size = sizeof(wg_cfg_str),
     .doc =
         "Folders with driver packages: every INF file below them is one, with its catalogue and "
         "all files it names. Of several packages of one version for several Windows the one for "
         "this Windows is taken.",
     .example = "[drivers]"},
    {.name = "hardware",
     .since = "0.2",
     .type = WG_KEY_LIST,
     .flags = WG_KF_UNIQUE,
     .sub = profile_item,
     .at = DRIVERS(hardware),
     .count_at = DRIVERS(n_hardware),
     .size = sizeof(wg_cfg_str),
     .doc = "Machines the image is for: profiles that `wingo driver profile` writes, output of "
            "pnputil, "
            "Get-PnpDevice, lspci or lsusb, a setupapi.dev.log, a SYSTEM hive. Only what their "
            "devices "
            "get by Windows' own ranks goes in, with its extensions and software components; the "
            "report says which device gets what and which none.",
     .example = "[hardware/latitude.yaml]"},
    {.name = "pin",
     .since = "0.2",
     .type = WG_KEY_LIST,
     .flags = WG_KF_UNIQUE,
     .sub = pin_item,
     .at = DRIVERS(pins),
     .count_at = DRIVERS(n_pins),
     .size = sizeof(wg_cfg_str),
     .doc = "With `hardware`: devices (a pattern of an id) that get one of these packages or none, "
            "written "
            "DEVICE=DRIVERS as `wingo driver match --pin` has it.",
     .example = "['PCI\\VEN_8086&DEV_15D7*=net/intel']"},
    {.name = "prefer",
     .since = "0.2",
     .type = WG_KEY_LIST,
     .flags = WG_KF_UNIQUE,
     .sub = prefer_item,
     .at = DRIVERS(prefers),
     .count_at = DRIVERS(n_prefers),
     .size = sizeof(wg_cfg_str),
     .doc =
         "With `hardware`: packages that come before all others that fit, the first rule first: a "
         "folder, or provider=, class=, version=, path=.",
     .example = "['provider=Intel*']"},
    {.name = "only",
     .since = "0.2",
     INFS(only),
     .doc = "Of what is there only these INF files.",
     .example = "[viostor.inf, netkvm.inf]"},
    {.name = "exclude",
     .since = "0.2",
     .type = WG_KEY_LIST,
     .flags = WG_KF_UNIQUE,
     .sub = prefer_item,
     .at = DRIVERS(exclude),
     .count_at = DRIVERS(n_exclude),
     .size = sizeof(wg_cfg_str),
     .doc = "Packages that stay out: the name of an INF file, a folder, or provider=, class=, "
            "version=, path=.",
     .example = "[qxl.inf]"},
    {.name = "boot",
     .since = "0.2",
     INFS(boot),
     .doc = "INF files whose devices are needed for the start, although neither their class nor a "
            "service says so: the network card of a machine that starts over it.",
     .example = "[netkvm.inf]"},
    {.name = "allow",
     .since = "0.2",
     .type = WG_KEY_LIST,
     .flags = WG_KF_UNIQUE,
     .sub = fault_item,
     .at = DRIVERS(allow),
     .count_at = DRIVERS(n_allow),
     .size = sizeof(unsigned),
     .doc =
         "Faults that don't keep a package out. Without it a build refuses packages that have "
         "nothing for this Windows (`no-models`), lack a file that their INF names, have a file "
         "that their catalogue doesn't cover, are not signed for a 64-bit Windows, need "
         "co-installers, can't be read (`malformed`: left out then), name an install section that "
         "is not there, or would put a file or service over one that Windows has (`overwrite`).",
     .example = "[unsigned]"},
    {.name = "setup_network",
     .since = "0.2",
     .type = WG_KEY_BOOL,
     .at = DRIVERS(setup_network),
     .def = "false",
     .doc = "Into Windows PE (boot.wim, and Winre.wim) go drivers of disks and their controllers: "
            "classes DiskDrive, SCSIAdapter, HDC, USB, SDHost and PCMCIA; with `true` those of the "
            "network (Net) as well.",
     .example = "true"},
    {.name = "replace",
     .since = "0.2",
     .type = WG_KEY_BOOL,
     .at = DRIVERS(replace),
     .def = "false",
     .doc = "Other versions of the same INF of the same provider, which the base has, go.",
     .example = "true"},
    {.name = "remove",
     .since = "0.2",
     INFS(remove),
     .doc =
         "Packages of the base that go, by their INF or published name, whoever put them there. "
         "Drivers of Windows itself can't, nor one that starts with the machine and that nothing "
         "else stands in for.",
     .example = "[oem3.inf]"},
    {.name = "stage",
     .since = "0.2",
     .type = WG_KEY_ENUM,
     .choices = stages,
     .at = DRIVERS(stage),
     .def = "store",
     .doc =
         "Where packages wait for their devices: in the driver store of the image. On the medium "
         "(`setup`) or for the first start (`firstboot`) they can't wait yet.",
     .example = "store"},
    {.name = NULL}};

static const wg_key rows[] = {
    {.name = "drivers",
     .type = WG_KEY_MAP,
     .flags = WG_KF_POSITION_OF_KEY,
     .sub = driver_keys,
     .at = WG_WHOLE,
     .pos_at = DRIVERS(pos),
     .present_at = DRIVERS(present),
     .since = "0.2",
     .doc =
         "Driver packages for the devices of the machines that the image is for, put into its "
         "driver store with their catalogues and Windows' record of them, so that they bind; "
         "what the start may need gets its services and files, too. docs/drivers.md says what is "
         "written and what of it is only inferred.",
     .example = "{from: [drivers]}"},
    {.name = NULL}};

static void drivers_rules(wg_cfg *c, const wg_place *at) {
  const wg_cfg_drivers *d = at->self;
  if (d->present && d->n_from == 0 && d->n_remove == 0) {
    wg_cfg_error(c, d->pos, wg_cfg_printf(c, "%s.drivers: no packages are named", at->path),
                 "add the folders they lie in: from: [drivers]");
  }
  if (d->n_hardware == 0 && d->n_pins + d->n_prefers > 0) {
    const wg_cfg_str *rule = d->n_pins > 0 ? &d->pins[0] : &d->prefers[0];
    if (rule->s == NULL) {
      return; // a fault of its own
    }
    wg_cfg_error(c, rule->pos,
                 wg_cfg_printf(c, "%s.drivers: '%s' chooses for devices, and none are named",
                               at->path, d->n_pins > 0 ? "pin" : "prefer"),
                 "add 'hardware' with the machines, or remove it");
  }
}

static void drivers_winre(wg_cfg *c, const wg_place *at) {
  const wg_cfg_image *image = at->self;
  bool any = image->drivers.n_from > 0;
  for (size_t i = 0; i < image->n_indexes; i++) {
    any = any || image->indexes[i].drivers.n_from > 0;
  }
  if (image->winre.drivers && !any) {
    wg_cfg_error(c, image->winre.drivers_pos,
                 wg_cfg_printf(c, "%s.winre.drivers: the image has no drivers", at->path),
                 "add 'drivers: {from: [...]}' to the image, or remove it");
  }
}

static void drivers_folder(wg_cfg *c, const wg_place *at, const wg_cfg_drivers *d,
                           const wg_cfg_str *from) {
  const char *label = wg_cfg_printf(c, "%s.drivers.from", at->path);
  WG_AUTO(wg_cstr) path = wg_hostfile_path(c, from->s);
  WG_AUTO(wg_arena) arena = {0};
  const char *const *infs = NULL;
  size_t n = 0;
  wg_stat st;
  wg_error err = WG_ERROR_INIT;
  if (!wg_hostfile_stat(c, label, from->s, from->pos, WG_FT_DIR, &st)) {
    return;
  }
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_driver_find_infs(path, true, c->watch == NULL ? NULL : c->watch->cancel, &arena, &infs, &n,
                          &err) != WG_OK) {
    wg_cfg_error(c, from->pos, wg_cfg_printf(c, "%s: %s", label, err.text), NULL);
  } else if (n == 0) {
    wg_cfg_error(c, from->pos,
                 wg_cfg_printf(c, "%s: no INF file lies in or below '%s'", label, from->s),
                 "name a folder with unpacked driver packages");
  }
  for (size_t i = 0; n > 0 && d->n_from == 1 && i < d->n_only; i++) {
    bool any = false;
    for (size_t k = 0; k < n; k++) {
      any = any ||
            wg_name_cmp_nocase(wg_str_of(wg_path_basename(infs[k])), wg_str_of(d->only[i].s)) == 0;
    }
    if (!any) {
      wg_cfg_error(c, d->only[i].pos,
                   wg_cfg_printf(c, "%s.drivers.only: no '%s' is below '%s'", at->path,
                                 d->only[i].s, from->s),
                   NULL);
    }
  }
}

static void drivers_files(wg_cfg *c, const wg_place *at) {
  const wg_cfg_drivers *d = at->self;
  const char *label = wg_cfg_printf(c, "%s.drivers.hardware", at->path);
  for (size_t i = 0; i < d->n_hardware; i++) {
    wg_stat st;
    if (d->hardware[i].s != NULL) {
      (void)!wg_hostfile_stat(c, label, d->hardware[i].s, d->hardware[i].pos, WG_FT_FILE, &st);
    }
  }
  for (size_t i = 0; i < d->n_from; i++) {
    if (d->from[i].s != NULL) {
      drivers_folder(c, at, d, &d->from[i]);
    }
  }
}

static const wg_key no_rows[] = {{.name = NULL}};
const wg_section wg_section_drivers_across = {.rows = no_rows, .files = drivers_winre};

const wg_section wg_section_drivers = {
    .rows = rows, .rules = drivers_rules, .files = drivers_files};
