// SPDX-License-Identifier: Apache-2.0
#include "project/publish.h"

#include <string.h>

#include "config/walk.h"
#include "os/file.h"
#include "project/values.h"

#define PUBLISH_MAX_KEEP 10000U

// --- types

static void keep_read(wg_walk *w, const wg_key *row, const wg_yaml_node *v, void *out) {
  uint64_t n = 0;
  if (wg_yaml_is_null(v) || v->style != WG_YAML_PLAIN ||
      !wg_parse_u64((wg_str){v->text, v->n}, &n) || n == 0 || n > PUBLISH_MAX_KEEP) {
    wg_walk_error(w, v, "is not a number of releases from 1 to 10000", wg_walk_example(w, row));
    return;
  }
  unsigned *keep = wg_key_field(out, row->at);
  *keep = (unsigned)n;
}

static void keep_schema(wg_jsonw *w) {
  wg_jsonw_kv_z(w, "type", "integer");
  wg_jsonw_kv_u64(w, "minimum", 1);
  wg_jsonw_kv_u64(w, "maximum", PUBLISH_MAX_KEEP);
}

static const wg_key_kind keep_kind = {.node = WG_YAML_SCALAR,
                                      .wanted = "a number of releases",
                                      .type = "number",
                                      .read = keep_read,
                                      .schema = keep_schema};

static bool publish_check_to(wg_cfg_text *t) {
  if (strstr(t->text, "://") != NULL) {
    t->why = "is an address, and wingo publishes to folders";
    t->hint = "mount the far side and name the folder, such as /mnt/share/kiosk";
    return false;
  }
  return wg_cfg_check_host_path(t);
}

static const wg_choice pointers[] = {{"link", WG_PUBLISH_LINK, false},
                                     {"file", WG_PUBLISH_FILE, false},
                                     {"none", WG_PUBLISH_NONE, false},
                                     {NULL, 0, false}};
static const wg_key output_item[] = {{.name = "",
                                      .type = WG_KEY_STRING,
                                      .at = WG_AT(wg_cfg_str, s),
                                      .pos_at = WG_AT(wg_cfg_str, pos)}};

#define PUB(field) WG_AT(wg_cfg_publish, field)
static const wg_key publish_keys[] = {
    {.name = "to",
     .type = WG_KEY_PATH,
     .flags = WG_KF_REQUIRED | WG_KF_VAR,
     .at = PUB(to),
     .pos_at = PUB(to_pos),
     .check = publish_check_to,
     .doc = "The folder. Each release is a folder in it, named by `release:`, or by its content "
            "(`sha256-...`) where there is no release. It must be new, empty, or written by this "
            "project before; the folder around it must be there.",
     .example = "/srv/share/kiosk"},
    {.name = "outputs",
     .type = WG_KEY_LIST,
     .flags = WG_KF_UNIQUE,
     .sub = output_item,
     .at = PUB(outputs),
     .count_at = PUB(n_outputs),
     .size = sizeof(wg_cfg_str),
     .doc = "What is published, by the names that `wingo build` takes. Left out: everything.",
     .example = "[image/kiosk, app/agent/windows-amd64]"},
    {.name = "keep",
     .type = WG_KEY_OWN,
     .kind = &keep_kind,
     .at = PUB(keep),
     .doc = "How many releases stay in the folder, the new one counted; the oldest go. Left out: "
            "all stay.",
     .example = "5"},
    {.name = "replace",
     .type = WG_KEY_BOOL,
     .def = "false",
     .at = PUB(replace),
     .doc = "Replace a release that is in the folder already with other content. Without it that "
            "is an error: what was published once stays what it was.",
     .example = "true"},
    {.name = "pointer",
     .type = WG_KEY_ENUM,
     .choices = pointers,
     .def = "link",
     .at = PUB(pointer),
     .doc = "How `current` tells which release was published last: a symbolic `link` to its "
            "folder, a `file` with its name in it (for file systems without links), or `none`.",
     .example = "file"},
    {.name = "allow_secrets",
     .type = WG_KEY_BOOL,
     .def = "false",
     .at = PUB(allow_secrets),
     .doc = "Publish outputs that hold a secret, too. Whoever can read the folder has it then.",
     .example = "true"},
    {.name = NULL}};

static const wg_key publish_item[] = {{.name = "",
                                       .type = WG_KEY_MAP,
                                       .sub = publish_keys,
                                       .pos_at = PUB(pos),
                                       .flags = WG_KF_POSITION_OF_KEY,
                                       .example = "{to: /srv/share/kiosk, keep: 5}"}};

static const wg_key rows[] = {
    {.name = "publish",
     .type = WG_KEY_NAMED,
     .sub = publish_item,
     .at = WG_AT(wg_cfg_list, items),
     .count_at = WG_AT(wg_cfg_list, n),
     .size = sizeof(wg_cfg_publish),
     .name_at = PUB(name),
     .check_name = wg_cfg_check_name,
     .name_pattern = wg_cfg_name_pattern,
     .doc = "Folders that get the outputs, by name. `wingo publish` copies them there; `wingo "
            "build` never does. See docs/guide/publish.md.",
     .example = "{share: {to: /srv/share/kiosk, keep: 5}}"},
    {.name = NULL}};

// --- rules

static char *publish_place(const wg_cfg *c, const char *to) {
  WG_AUTO(wg_cstr) joined = wg_path_join(c->dir, to);
  return wg_path_clean(joined);
}

// Two entries of one folder, and the project's own folders.
static void publish_folder(wg_cfg *c, const wg_cfg_publish *all, size_t at) {
  const wg_cfg_publish *pub = &all[at];
  if (pub->to == NULL) {
    return;
  }
  WG_AUTO(wg_cstr) place = publish_place(c, pub->to);
  WG_AUTO(wg_cstr) out = wg_path_join(c->dir, "out");
  if (wg_path_is_below(place, out) || wg_path_is_below(c->dir, place)) {
    wg_cfg_error(c, pub->to_pos,
                 wg_cfg_printf(c, "publish.%s.to: '%s' is where the project itself lies", pub->name,
                               pub->to),
                 "name a folder beside or outside of the project, such as 'releases'");
  }
  for (size_t i = 0; i < at; i++) {
    WG_AUTO(wg_cstr) other = all[i].to == NULL ? NULL : publish_place(c, all[i].to);
    if (other != NULL && strcmp(other, place) == 0) {
      wg_cfg_error(c, pub->to_pos,
                   wg_cfg_printf(c, "publish.%s.to: publish.%s goes to '%s', too", pub->name,
                                 all[i].name, pub->to),
                   "give each a folder of its own");
    }
  }
}

static void publish_rules(wg_cfg *c, const wg_place *at) {
  for (size_t i = 0; i < at->n; i++) {
    publish_folder(c, at->self, i);
  }
}

const wg_section wg_section_publish = {.rows = rows, .rules = publish_rules};
