// SPDX-License-Identifier: Apache-2.0
// `wingo driver match` and `wingo driver explain`: which driver a device gets, and why.
#include <string.h>

#include "cli/core/ins.h"
#include "cli/driver/driver.h"
#include "cli/driver/repo.h"

static const char *fate_name(wg_drv_fate f) {
  switch (f) {
  case WG_DRV_BASE:
    return "chosen";
  case WG_DRV_EXTENSION:
    return "extension";
  case WG_DRV_RANK:
    return "rank";
  case WG_DRV_DATE:
    return "date";
  case WG_DRV_VERSION:
    return "version";
  case WG_DRV_EQUAL:
    return "equal";
  case WG_DRV_PREFERENCE:
    return "preference";
  case WG_DRV_OTHER_EXTENSION:
    return "other-extension";
  case WG_DRV_OTHER_TARGET:
    return "other-windows";
  case WG_DRV_EXCLUDED:
    return "excluded";
  case WG_DRV_NOT_PINNED:
    return "not-pinned";
  case WG_DRV_OTHER_MODEL:
    return "other-model";
  }
  return "";
}

static const char *signed_name(wg_drv_signed s) {
  switch (s) {
  case WG_DRV_NOT_SIGNED:
    return "unsigned";
  case WG_DRV_NO_CATALOG:
    return "catalogue-missing";
  case WG_DRV_NOT_VERIFIED:
    return "not-verified";
  case WG_DRV_IN_BOX:
    return "in-box";
  case WG_DRV_VERIFIED:
    return "signed";
  case WG_DRV_REFUSED:
    return "refused";
  }
  return "";
}

static const char *signed_text(wg_drv_signed s) {
  switch (s) {
  case WG_DRV_NOT_SIGNED:
    return "the INF names no catalogue: unsigned";
  case WG_DRV_NO_CATALOG:
    return "its catalogue is missing: unsigned";
  case WG_DRV_NOT_VERIFIED:
    return "signed (the catalogue was not looked into)";
  case WG_DRV_IN_BOX:
    return "signed (Windows' own)";
  case WG_DRV_VERIFIED:
    return "signed";
  case WG_DRV_REFUSED:
    return "its catalogue does not hold: unsigned";
  }
  return "";
}

// Why a candidate was not taken, beside the one that was.
static void why_text(const wg_drv_choice *ch, const wg_drv_candidate *c, wg_buf *out) {
  const wg_drv_candidate *w = ch->base;
  switch (c->fate) {
  case WG_DRV_BASE:
    wg_buf_add_z(out, "the best that fits");
    return;
  case WG_DRV_EXTENSION:
    wg_buf_add_z(out, "an extension that fits: installed beside");
    return;
  case WG_DRV_RANK:
    wg_buf_printf(out, "rank %08X is higher than %08X", c->rank_value,
                  w != NULL ? w->rank_value : 0);
    return;
  case WG_DRV_DATE:
    wg_buf_add_z(out, "equal rank, and older");
    return;
  case WG_DRV_VERSION:
    wg_buf_add_z(out, "equal rank and date, and a lower version");
    return;
  case WG_DRV_EQUAL:
    wg_buf_add_z(out, "equal in rank, date and version: Windows may take either; here the path "
                      "decides");
    return;
  case WG_DRV_PREFERENCE:
    wg_buf_add_z(out, w != NULL && w->preference == 0 ? "another is for this model (byModel)"
                                                      : "another is preferred by a rule");
    return;
  case WG_DRV_OTHER_EXTENSION:
    wg_buf_add_z(out, "an extension of the same ExtensionId is newer");
    return;
  case WG_DRV_OTHER_TARGET:
    wg_buf_add_z(out, "for another Windows or architecture: ");
    wg_ins_add_plain(out, c->group->decoration.n > 0 ? c->group->decoration
                                                     : WG_STR("x86, without a decoration"));
    return;
  case WG_DRV_EXCLUDED:
    wg_buf_add_z(out, "excluded by a rule");
    return;
  case WG_DRV_NOT_PINNED:
    wg_buf_add_z(out, "the device is pinned to others");
    return;
  case WG_DRV_OTHER_MODEL:
    wg_buf_add_z(out, "below byModel, for another machine");
    return;
  }
}

static const char *ordinal_of(uint32_t at, char buf[24]) {
  (void)wg_format(buf, 24, "%u.", at + 1);
  return buf;
}

// "00FF2001: 00 signed, FF no feature score, 2001 the 2. compatible id of the device is the
// hardware id of the driver".
static void rank_text(const wg_drv_candidate *c, wg_buf *out) {
  char device[24], driver[24];
  if (c->fate == WG_DRV_OTHER_TARGET) {
    wg_buf_add_z(out, "none");
    return;
  }
  wg_buf_printf(out, "%08X: %02X %s, %02X %s, %04X the %s %s id of the device is the ",
                c->rank_value, c->rank.signature, signed_text(c->is_signed), c->rank.feature,
                c->rank.feature == 0xFF ? "no feature score" : "feature score",
                c->rank_value & 0xFFFF, ordinal_of(c->rank.device_at, device),
                c->rank.device_compatible ? "compatible" : "hardware");
  if (c->rank.driver_compatible) {
    wg_buf_printf(out, "%s compatible id of the driver", ordinal_of(c->rank.driver_at, driver));
  } else {
    wg_buf_add_z(out, "hardware id of the driver");
  }
}

static void candidate_text(const wg_drv_choice *ch, const wg_drv_candidate *c, const char *what,
                           bool explain, wg_buf *out) {
  wg_buf_printf(out, "    %-10s ", what);
  wg_driver_add_path(c->repo, c->package, out);
  wg_buf_add_z(out, "\n               ");
  wg_ins_add_plain(out, c->model->description);
  wg_buf_add_z(out, "; ");
  wg_ins_add_plain(out, c->info->class_name);
  wg_buf_add_z(out, ", ");
  wg_ins_add_plain(out, c->info->provider);
  wg_buf_add_z(out, ", ");
  wg_driver_add_version(c->info, out);
  wg_buf_add_z(out, "\n               rank ");
  rank_text(c, out);
  wg_buf_add_z(out, "\n               by ");
  wg_ins_add_plain(out, c->id);
  if (c->signer != NULL) {
    wg_buf_add_z(out, "\n               signature: ");
    wg_ins_add_plain(out, wg_str_of(c->signer));
  }
  if (explain) {
    wg_buf_add_z(out, "\n               ");
    why_text(ch, c, out);
  }
  wg_buf_add_byte(out, '\n');
}

static void ids_text(const wg_hw_device *d, wg_buf *out) {
  for (uint32_t i = 0; i < d->n_hardware; i++) {
    wg_buf_add_z(out, "        ");
    wg_ins_add_plain(out, d->hardware_ids[i]);
    wg_buf_add_byte(out, '\n');
  }
  for (uint32_t i = 0; i < d->n_compatible; i++) {
    wg_buf_add_z(out, "        ");
    wg_ins_add_plain(out, d->compatible_ids[i]);
    wg_buf_add_z(out, " (compatible)\n");
  }
}

static void device_text(const wg_hw_device *d, wg_buf *out) {
  wg_str label = wg_hw_label(d);
  wg_ins_add_plain(out, label);
  wg_str first = d->n_hardware > 0 ? d->hardware_ids[0] : (wg_str){0};
  if (first.n > 0 && !wg_str_eq(first, label)) {
    wg_buf_add_z(out, "  ");
    wg_ins_add_plain(out, first);
  }
  wg_buf_add_byte(out, '\n');
}

static void components_text(const wg_drv_choice *ch, wg_buf *out) {
  for (uint32_t i = 0; i < ch->n_components; i++) {
    const wg_drv_component *c = &ch->components[i];
    if (c->choice->base != NULL) {
      candidate_text(c->choice, c->choice->base, "component", false, out);
    } else {
      wg_buf_add_z(out, "    component  ");
      wg_ins_add_plain(out, c->id);
      wg_buf_add_z(out, ": no package has it\n");
    }
    components_text(c->choice, out);
  }
}

static void choice_text(const wg_drv_choice *ch, bool explain, wg_buf *out) {
  device_text(ch->device, out);
  for (uint32_t i = 0; i < ch->n; i++) {
    const wg_drv_candidate *c = &ch->v[i];
    bool chosen = c->fate <= WG_DRV_EXTENSION;
    if (chosen || explain) {
      candidate_text(ch, c,
                     c->fate == WG_DRV_BASE        ? "driver"
                     : c->fate == WG_DRV_EXTENSION ? "extension"
                                                   : "not",
                     explain, out);
    }
  }
  components_text(ch, out);
}

// --- JSON

static void candidate_json(const wg_drv_choice *ch, const wg_drv_candidate *c, wg_jsonw *j) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_driver_add_path(c->repo, c->package, &text);
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_str(j, "path", wg_buf_str(&text));
  wg_jsonw_kv_z(j, "fate", fate_name(c->fate));
  wg_buf_clear(&text);
  why_text(ch, c, &text);
  wg_jsonw_kv_str(j, "why", wg_buf_str(&text));
  wg_jsonw_kv_str(j, "class", c->info->class_name);
  wg_jsonw_kv_str(j, "provider", c->info->provider);
  wg_driver_json_release(j, c->info);
  wg_jsonw_kv_str(j, "description", c->model->description);
  wg_jsonw_kv_str(j, "manufacturer", c->group->manufacturer);
  wg_jsonw_kv_str(j, "decoration", c->group->decoration);
  wg_jsonw_kv_str(j, "install_section", c->info->installs[c->model->install].name);
  wg_jsonw_kv_str(j, "id", c->id);
  wg_jsonw_kv_z(j, "signature", signed_name(c->is_signed));
  if (c->signer != NULL) {
    wg_jsonw_kv_z(j, "signer", c->signer);
  }
  if (c->fate != WG_DRV_OTHER_TARGET) {
    wg_jsonw_key_z(j, "rank");
    wg_jsonw_printf(j, "%08X", c->rank_value);
    wg_jsonw_key_z(j, "rank_parts");
    wg_jsonw_begin_object(j);
    wg_jsonw_kv_u64(j, "signature", c->rank.signature);
    wg_jsonw_kv_u64(j, "feature", c->rank.feature);
    wg_jsonw_kv_z(j, "device_list", c->rank.device_compatible ? "compatible" : "hardware");
    wg_jsonw_kv_u64(j, "device_place", c->rank.device_at);
    wg_jsonw_kv_z(j, "driver_list", c->rank.driver_compatible ? "compatible" : "hardware");
    wg_jsonw_kv_u64(j, "driver_place", c->rank.driver_at);
    wg_jsonw_end_object(j);
  }
  wg_jsonw_end_object(j);
}

static void strs_json(wg_jsonw *j, const char *key, const wg_str *v, uint32_t n) {
  wg_jsonw_key_z(j, key);
  wg_jsonw_begin_array(j);
  for (uint32_t i = 0; i < n; i++) {
    wg_jsonw_str(j, v[i]);
  }
  wg_jsonw_end_array(j);
}

static void components_json(const wg_drv_choice *ch, wg_jsonw *j) {
  wg_jsonw_key_z(j, "components");
  wg_jsonw_begin_array(j);
  for (uint32_t i = 0; i < ch->n_components; i++) {
    const wg_drv_component *c = &ch->components[i];
    wg_jsonw_begin_object(j);
    wg_jsonw_kv_str(j, "id", c->id);
    wg_jsonw_key_z(j, "driver");
    if (c->choice->base != NULL) {
      candidate_json(c->choice, c->choice->base, j);
    } else {
      wg_jsonw_null(j);
    }
    components_json(c->choice, j);
    wg_jsonw_end_object(j);
  }
  wg_jsonw_end_array(j);
}

static void choice_json(const wg_drv_choice *ch, bool explain, wg_jsonw *j) {
  const wg_hw_device *d = ch->device;
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_str(j, "name", d->name);
  wg_jsonw_kv_str(j, "where", d->where);
  wg_jsonw_kv_str(j, "instance", d->instance);
  strs_json(j, "hardware_ids", d->hardware_ids, d->n_hardware);
  strs_json(j, "compatible_ids", d->compatible_ids, d->n_compatible);
  wg_jsonw_key_z(j, "driver");
  if (ch->base != NULL) {
    candidate_json(ch, ch->base, j);
  } else {
    wg_jsonw_null(j);
  }
  wg_jsonw_key_z(j, "extensions");
  wg_jsonw_begin_array(j);
  for (uint32_t i = 0; i < ch->n; i++) {
    if (ch->v[i].fate == WG_DRV_EXTENSION) {
      candidate_json(ch, &ch->v[i], j);
    }
  }
  wg_jsonw_end_array(j);
  components_json(ch, j);
  if (explain) {
    wg_jsonw_key_z(j, "candidates");
    wg_jsonw_begin_array(j);
    for (uint32_t i = 0; i < ch->n; i++) {
      candidate_json(ch, &ch->v[i], j);
    }
    wg_jsonw_end_array(j);
  } else {
    wg_jsonw_kv_u64(j, "candidates", ch->n);
  }
  wg_jsonw_end_object(j);
}

// --- both commands

typedef struct match_job {
  wg_arena arena;
  wg_hw_profile profile;
  wg_drv_rules rules;
  wg_drv_match_options opt;
  wg_driver_verify verify;
  wg_driver_trees trees;
  wg_drv_choice *choices; // of the devices of the profile
} match_job;

static void match_job_done(match_job *m) {
  wg_driver_trees_done(&m->trees);
  wg_arena_done(&m->arena);
}
WG_DEFINE_AUTO(match_job, match_job_done);

static wg_code match_all(const wg_cli *c, match_job *m, size_t n_dirs, wg_error *err) {
  wg_drv_matcher *matcher = NULL;
  const char *image = wg_cli_value(c, "image");
  if (n_dirs == 0 && image == NULL) {
    return wg_fail(err, WG_E_USAGE, "out of which drivers? Give a DIR, or --image, or both");
  }
  m->opt.target = (wg_inf_target){.arch = WG_INF_AMD64};
  if (wg_driver_target(c, image != NULL, &m->opt.target, err) != WG_OK ||
      wg_driver_rules(c, &m->profile, &m->arena, &m->rules, err) != WG_OK ||
      wg_driver_trees_open(c, c->args, n_dirs, &m->trees, err) != WG_OK ||
      (image != NULL && (wg_driver_trees_image(image, &m->trees, &m->opt.target, err) != WG_OK ||
                         wg_driver_target(c, true, &m->opt.target, err) != WG_OK))) {
    return err->code;
  }
  m->opt.rules = &m->rules;
  m->verify = (wg_driver_verify){.target = &m->opt.target, .arena = &m->arena, .cancel = c->cancel};
  if (wg_cli_has(c, "verify")) {
    if (wg_driver_verify_now(&m->verify, err) != WG_OK) {
      return err->code;
    }
    m->opt.verify = wg_driver_verify_one;
    m->opt.verify_ctx = &m->verify;
  }
  if (wg_drv_matcher_new(m->trees.repos, (uint32_t)m->trees.n, &m->opt, &m->arena, &matcher, err) !=
      WG_OK) {
    return err->code;
  }
  m->choices = wg_arena_new_array(&m->arena, wg_drv_choice, m->profile.n_devices);
  if (m->choices == NULL) {
    return wg_arena_fail(&m->arena, err);
  }
  for (uint32_t i = 0; i < m->profile.n_devices; i++) {
    if (wg_drv_match(matcher, &m->profile.devices[i], &m->choices[i], err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static void target_json(const match_job *m, wg_jsonw *j) {
  const wg_inf_target *t = &m->opt.target;
  wg_jsonw_key_z(j, "for");
  wg_jsonw_printf(j, "%u.%u.%u", t->major, t->minor, t->build);
  wg_jsonw_kv_z(j, "arch", wg_inf_arch_name(t->arch));
}

static int match_json(const wg_cli *c, const match_job *m, bool explain) {
  WG_AUTO(wg_buf) out = {0};
  wg_jsonw j;
  wg_buf_init(&out, wg_heap(), 0);
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  target_json(m, &j);
  wg_jsonw_key_z(&j, "devices");
  wg_jsonw_begin_array(&j);
  for (uint32_t i = 0; i < m->profile.n_devices; i++) {
    choice_json(&m->choices[i], explain, &j);
  }
  wg_jsonw_end_array(&j);
  wg_jsonw_end_object(&j);
  return wg_cli_end_json(c, &j, &out);
}

static void without_text(const match_job *m, bool image, uint32_t n, wg_buf *out) {
  if (n > 0) {
    wg_buf_add_z(out, out->n > 0 ? "\nWithout a driver" : "Without a driver");
    wg_buf_add_z(out, image ? ", also of the image:\n"
                            : " (Windows may have one of its own: --image):\n");
  }
  for (uint32_t i = 0; i < m->profile.n_devices && n > 0; i++) {
    const wg_drv_choice *ch = &m->choices[i];
    if (ch->base == NULL) {
      wg_buf_add_z(out, "  ");
      wg_ins_add_plain(out, wg_hw_label(ch->device));
      wg_buf_add_byte(out, '\n');
      ids_text(ch->device, out);
    }
  }
}

static int match_run(wg_cli *c) {
  WG_AUTO(match_job) m = {0};
  WG_AUTO(wg_buf) out = {0};
  wg_error err = WG_ERROR_INIT;
  const char *hardware = wg_cli_value(c, "hardware");
  wg_arena_init(&m.arena, wg_heap(), (size_t)8 << 30);
  wg_buf_init(&out, wg_heap(), 0);
  if (hardware == NULL) {
    return wg_cli_usage(c, "say for which machine: --hardware FILE (of 'wingo driver profile')");
  }
  if (wg_driver_hardware(hardware, &m.arena, &m.profile, &err) != WG_OK ||
      match_all(c, &m, c->n_args, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  if (c->json) {
    return match_json(c, &m, false);
  }
  uint32_t n_without = 0;
  for (uint32_t i = 0; i < m.profile.n_devices; i++) {
    n_without += m.choices[i].base == NULL;
    if (m.choices[i].base != NULL || m.choices[i].n_extensions > 0) {
      choice_text(&m.choices[i], false, &out);
    }
  }
  without_text(&m, wg_cli_value(c, "image") != NULL, n_without, &out);
  const wg_inf_target *t = &m.opt.target;
  wg_buf_printf(&out, "\nWindows %u.%u.%u %s: %u devices, %u with a driver, %u without\n", t->major,
                t->minor, t->build, wg_inf_arch_name(t->arch), m.profile.n_devices,
                m.profile.n_devices - n_without, n_without);
  wg_out_bytes(out.p, out.n);
  return 0;
}

// The device of the profile that has the id or instance path; without a profile a device that has
// the id alone.
static wg_code explain_device(match_job *m, const char *hardware, const char *id, wg_error *err) {
  wg_str name = wg_str_of(id);
  if (hardware == NULL) {
    wg_hw_device *d = wg_arena_new(&m->arena, wg_hw_device);
    wg_str *ids = wg_arena_new_array(&m->arena, wg_str, 1);
    if (d == NULL || ids == NULL) {
      return wg_arena_fail(&m->arena, err);
    }
    ids[0] = name;
    *d = (wg_hw_device){.hardware_ids = ids, .n_hardware = 1};
    m->profile = (wg_hw_profile){.devices = d, .n_devices = 1};
    return WG_OK;
  }
  if (wg_driver_hardware(hardware, &m->arena, &m->profile, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < m->profile.n_devices; i++) {
    const wg_hw_device *d = &m->profile.devices[i];
    bool is = wg_str_eq_nocase(d->instance, id) || wg_str_eq_nocase(d->where, id) ||
              wg_str_eq_nocase(d->name, id);
    for (uint32_t k = 0; k < d->n_hardware && !is; k++) {
      is = wg_str_eq_nocase(d->hardware_ids[k], id);
    }
    for (uint32_t k = 0; k < d->n_compatible && !is; k++) {
      is = wg_str_eq_nocase(d->compatible_ids[k], id);
    }
    if (is) {
      m->profile.devices = d;
      m->profile.n_devices = 1;
      return WG_OK;
    }
  }
  return wg_fail(err, WG_E_NOT_FOUND, "'%s' has no device with the id, name or place '%s'",
                 hardware, id);
}

static int explain_run(wg_cli *c) {
  WG_AUTO(match_job) m = {0};
  WG_AUTO(wg_buf) out = {0};
  wg_error err = WG_ERROR_INIT;
  wg_arena_init(&m.arena, wg_heap(), (size_t)8 << 30);
  wg_buf_init(&out, wg_heap(), 0);
  if (explain_device(&m, wg_cli_value(c, "hardware"), c->args[c->n_args - 1], &err) != WG_OK ||
      match_all(c, &m, c->n_args - 1, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  if (c->json) {
    return match_json(c, &m, true);
  }
  choice_text(&m.choices[0], true, &out);
  ids_text(m.choices[0].device, &out);
  if (m.choices[0].n == 0) {
    wg_buf_add_z(&out, "No package of these trees has one of its ids.\n");
  }
  wg_out_bytes(out.p, out.n);
  return 0;
}

static const wg_cli_opt match_opts[] = {
    {.name = "hardware",
     .arg = "FILE",
     .help = "the machine: a profile, or what 'wingo driver profile' takes"},
    {.name = "image",
     .arg = "FILE:IMAGE",
     .help = "count the drivers that an image has, too; it is the Windows that they are for",
     .complete = "file"},
    WG_DRIVER_TARGET_OPTS,
    WG_DRIVER_RULE_OPTS,
    {.name = "verify",
     .help = "look into catalogues: hash the files of packages that may be taken"},
    WG_DRIVER_NO_CACHE_OPT,
    WG_DRIVER_AS_INDEXED_OPT,
};

const wg_cli_cmd wg_cmd_driver_match = {
    .noun = "driver",
    .name = "match",
    .args = "[DIR...]",
    .summary = "find which drivers a machine gets",
    .text =
        "For each device of --hardware the driver out of DIR that Windows would take: the "
        "lowest rank, then the newest date, then the highest version, of those whose models "
        "are for that Windows; with it all extensions that fit (of each ExtensionId the "
        "newest) and the software components that these add. Devices without a driver are "
        "named with their ids. Nothing is changed.\n\n"
        "That a package is signed is taken from its catalogue being there.\n\n" WG_DRIVER_RULE_TEXT
        "Examples:\n"
        "  wingo driver match drivers/ --hardware laptop.yaml --for 10.0.26100\n"
        "  wingo driver match drivers/ --hardware laptop.yaml --for 10.0.26100 \\\n"
        "    --prefer 'provider=Intel*,version=22..23' --exclude old/\n",
    .opts = match_opts,
    .n_opts = WG_ARRAY_LEN(match_opts),
    .max_args = UINT32_MAX,
    .complete = "dir",
    .run = match_run};

const wg_cli_cmd wg_cmd_driver_explain = {
    .noun = "driver",
    .name = "explain",
    .args = "[DIR...] DEVICE",
    .summary = "say why a device gets a driver",
    .text = "Every package with an id of the device, the best first, with its rank taken apart and "
            "why it was not taken. DEVICE is an id, instance path, name or place of a device of "
            "--hardware; without that, a hardware id alone.\n\n" WG_DRIVER_RULE_TEXT "Examples:\n"
            "  wingo driver explain drivers/ 'PCI\\VEN_8086&DEV_15D7' --for 10.0.26100\n"
            "  wingo driver explain drivers/ 00:1f.6 --hardware laptop.yaml --for 10.0.26100\n",
    .opts = match_opts,
    .n_opts = WG_ARRAY_LEN(match_opts),
    .min_args = 1,
    .max_args = UINT32_MAX,
    .complete = "dir",
    .run = explain_run};
