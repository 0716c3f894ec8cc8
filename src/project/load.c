// SPDX-License-Identifier: Apache-2.0
#include "project/load.h"

#include "config/reference.h"
#include "config/schema.h"
#include "project/across.h"
#include "project/sections.h"

wg_code wg_project_load(const wg_cfg_options *opt, wg_cfg **out, wg_error *err) {
  return wg_cfg_load(&wg_project_lang, opt, out, err);
}

const wg_project *wg_project_of(const wg_cfg *c) {
  return c->is_good ? c->model : NULL;
}

wg_code wg_project_check_files(wg_cfg *c, const wg_cfg_digests *digests, wg_error *err) {
  size_t before = c->n_errors;
  if (c->model == NULL) {
    return WG_OK; // nothing was understood
  }
  c->digests = digests;
  wg_sections_files(c);
  wg_project_across_files(c, c->model);
  c->digests = NULL;
  wg_cfg_sort_faults(c);
  return c->n_errors == before ? WG_OK : wg_cfg_fail_faulty(c, c->sources[0], err);
}

static const char reference_intro[] =
    "# wingo.yaml\n"
    "\n"
    "<!-- Made from the rows in src/project by `wingo __reference`. -->\n"
    "\n"
    "The project file. It stands beside the sources; commands look for it in the working folder "
    "and\n"
    "the folders above it. `wingo check` finds what is wrong with it, `wingo help keys` says what "
    "is on\n"
    "this page, and `wingo schema` gives editors completion.\n"
    "\n"
    "```yaml\n"
    "version: 1\n"
    "name: kiosk\n"
    "release: 1.4.0\n"
    "apps:\n"
    "  agent:\n"
    "    dir: agent\n"
    "    main: ./cmd/agent\n"
    "    targets: [windows/amd64, windows/arm64, linux/amd64]\n"
    "    env: {CGO_ENABLED: \"0\"}\n"
    "    ldflags: [-s, -w]\n"
    "    windows: {icon: agent.ico, version_info: {company: Example, description: Kiosk agent}}\n"
    "images:\n"
    "  kiosk:\n"
    "    base: {file: base/base.wim, image: Windows 11 Pro}\n"
    "    apps: [{app: agent, to: 'C:\\Program Files\\Kiosk'}]\n"
    "    files: [{from: branding, to: 'C:\\Windows\\Web\\Kiosk'}]\n"
    "    outputs: [wim]\n"
    "```\n"
    "\n"
    "## How it is read\n"
    "\n"
    "- It is YAML 1.2, UTF-8, one document, at most 1 MiB. Only `true` and `false` are booleans: "
    "`yes`,\n"
    "  `no`, `on` and `off` are text. Where text is wanted, a number is taken as it is written "
    "(`1.10`\n"
    "  stays `1.10`). Anchors, aliases and merge keys (`<<`) work, up to 50,000 nodes.\n"
    "- A key twice in one map, and a key that is not on this page, is an error.\n"
    "- Write Windows paths in single quotes: in double quotes a backslash starts an escape.\n"
    "- Paths of this machine are relative to the folder of wingo.yaml.\n"
    "\n"
    "**Overlays.** `--env production` lays `config/production.yaml` over the file: maps merge key "
    "by\n"
    "key, lists and values replace what was there, `null` deletes a key, and `+files: [...]` adds "
    "to\n"
    "the list `files`. What is made goes to `out/production/` then, not to `out/`. `wingo config`\n"
    "prints the merged file. See docs/guide/environments.md.\n"
    "\n"
    "**Single values.** `--set apps.agent.mod=vendor` goes over both. The value is YAML, so\n"
    "`--set 'apps.agent.targets=[linux/arm64]'` sets a list, `apps.agent.+targets=` adds to it, "
    "and `--set apps.agent.env=null` "
    "deletes a\n"
    "key. A name with a dot in it is quoted: `--set 'apps.\"a.b\".mod=vendor'`.\n"
    "\n"
    "**Variables.** Where the key says so, `${NAME}` takes an environment variable; one that is "
    "not set\n"
    "or empty is an error. `${NAME:-default}` has a default, `$${` is a plain `${`. `${release}` "
    "is the\n"
    "project's `release`, as it is taken (`v1.2.3` is 1.2.3). Of the git repository that the "
    "project is in\n"
    "there are `${git.commit}`, `${git.short}` (its first 12 digits), `${git.branch}`, "
    "`${git.tag}` (the\n"
    "newest one that the commit has behind it), `${git.describe}` (that and the commits since, "
    "`-dirty` when\n"
    "files differ), `${git.dirty}` (true or false) and `${git.time}` (seconds since 1970). What a "
    "variable\n"
    "gives takes part in the keys of the steps whose text uses it, and in no other's.\n"
    "\n"
    "## Keys\n";

void wg_project_write_schema(wg_buf *out) {
  wg_cfg_write_schema(&wg_project_lang, "wingo.yaml", false, out);
}

void wg_project_write_overlay_schema(wg_buf *out) {
  wg_cfg_write_schema(&wg_project_lang, "config/<env>.yaml of wingo", true, out);
}

void wg_project_write_reference(wg_buf *out) {
  wg_cfg_write_reference(&wg_project_lang, reference_intro, out);
}
