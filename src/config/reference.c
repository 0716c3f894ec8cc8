// The reference page of the table of keys, in Markdown.
#include <string.h>

#include "config/key.h"
#include "os/mem.h"

static const char reference_intro[] =
    "# wingo.yaml\n"
    "\n"
    "<!-- Made from the table in src/config/keys.c by `wingo __reference`. -->\n"
    "\n"
    "The project file. It stands beside the sources; commands look for it in the working folder "
    "and\n"
    "the folders above it. `wingo check` finds what is wrong with it, and "
    "`docs/wingo.schema.json`\n"
    "gives editors completion.\n"
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
    "key, lists and values replace what was there, `null` deletes a key.\n"
    "\n"
    "**Single values.** `--set apps.agent.mod=vendor` goes over both. The value is YAML, so\n"
    "`--set 'apps.agent.targets=[linux/arm64]'` sets a list and `--set apps.agent.env=null` "
    "deletes a\n"
    "key. A name with a dot in it is quoted: `--set 'apps.\"a.b\".mod=vendor'`.\n"
    "\n"
    "**Variables.** Where the key says so, `${NAME}` takes an environment variable; one that is "
    "not set\n"
    "or empty is an error. `${NAME:-default}` has a default, `$${` is a plain `${`.\n"
    "\n"
    "## Keys\n";

static const char *reference_type(const wg_key *row) {
  switch (row->type) {
  case WG_KEY_STRING:
    return "text";
  case WG_KEY_BOOL:
    return "boolean";
  case WG_KEY_INT:
    return "number";
  case WG_KEY_ENUM:
    return "one of";
  case WG_KEY_PATH:
    return "path";
  case WG_KEY_WINPATH:
    return "Windows path";
  case WG_KEY_SIZE:
    return "size, such as `3800MiB`";
  case WG_KEY_DURATION:
    return "duration, such as `1h30m`";
  case WG_KEY_TIME:
    return "time";
  case WG_KEY_TARGET:
    return "target";
  case WG_KEY_MAP:
    return "map";
  case WG_KEY_NAMED:
    return "map of name to map";
  case WG_KEY_PAIRS:
    return "map of name to text";
  case WG_KEY_REGVALUES:
    return "map of value name to data";
  case WG_KEY_LIST:
    break;
  }
  return "list of";
}

static void reference_choices(wg_buf *out, const wg_choice *choices) {
  bool first = true;
  for (const wg_choice *c = choices; c->name != NULL; c++) {
    if (!c->planned) {
      wg_buf_printf(out, "%s`%s`", first ? " " : ", ", c->name);
      first = false;
    }
  }
}

static void reference_write_type(wg_buf *out, const wg_key *row) {
  if (row->type == WG_KEY_LIST) {
    const wg_key *item = &row->sub[0];
    bool plural = item->type == WG_KEY_MAP || item->type == WG_KEY_TARGET;
    wg_buf_printf(out, "list of %s%s", reference_type(item), plural ? "s" : "");
    if (item->type == WG_KEY_ENUM) {
      reference_choices(out, item->choices);
    }
    if (item->map_form != NULL) {
      wg_buf_add_z(out, ", or a map");
    }
    return;
  }
  wg_buf_add_z(out, reference_type(row));
  if (row->choices != NULL) {
    wg_buf_add_z(out, row->type == WG_KEY_INT ? ":" : "");
    reference_choices(out, row->choices);
  }
  if (row->map_form != NULL) {
    wg_buf_add_z(out, ", or a map");
  }
}

static const wg_key *reference_inner(const wg_key *row) {
  if (row->type == WG_KEY_MAP) {
    return row;
  }
  if (row->map_form != NULL) {
    return row->map_form;
  }
  if (row->type == WG_KEY_LIST && row->sub[0].map_form != NULL) {
    return row->sub[0].map_form;
  }
  bool holds = row->type == WG_KEY_NAMED || row->type == WG_KEY_LIST;
  return holds && row->sub[0].type == WG_KEY_MAP ? &row->sub[0] : NULL;
}

static void reference_need(wg_buf *out, const wg_key *rows, const wg_key *row) {
  if ((row->flags & WG_KF_REQUIRED) != 0) {
    wg_buf_add_z(out, "required");
    return;
  }
  if (row->group == 0) {
    wg_buf_add_z(out, "optional");
    return;
  }
  wg_buf_add_z(out, row->group > 0 ? "exactly one of" : "at least one of");
  const char *sep = " ";
  for (const wg_key *r = rows; r->name != NULL; r++) {
    if (r->group == row->group) {
      wg_buf_printf(out, "%s`%s`", sep, r->name);
      sep = ", ";
    }
  }
}

static void reference_row(wg_buf *out, const wg_key *rows, const wg_key *row, const char *path) {
  wg_buf_printf(out, "\n### `%s`\n\n%s\n\n", path, row->doc);
  wg_buf_add_z(out, "- Type: ");
  reference_write_type(out, row);
  wg_buf_add_z(out, "; ");
  reference_need(out, rows, row);
  wg_buf_add_byte(out, '\n');
  if (row->def != NULL && row->def[0] != '\0') {
    wg_buf_printf(out, "- Default: `%s`\n", row->def);
  }
  unsigned flags = row->type == WG_KEY_LIST ? row->flags | row->sub[0].flags : row->flags;
  if ((flags & WG_KF_VAR) != 0 && row->type != WG_KEY_MAP) {
    wg_buf_add_z(out, "- Takes `${NAME}`\n");
  }
  if ((flags & WG_KF_UNIQUE) != 0) {
    wg_buf_add_z(out, "- No item twice\n");
  }
  wg_buf_printf(out, "- Since: %s\n", row->since == NULL ? "0.1" : row->since);
  if (row->example != NULL) {
    wg_buf_printf(out, "\n```yaml\n%s: %s\n```\n", row->name, row->example);
  }
}

// What stands before the keys below a row; heap.
static char *reference_deeper(const wg_key *row, const char *path) {
  const char *step = row->type == WG_KEY_NAMED  ? ".<name>."
                     : row->type == WG_KEY_LIST ? "[]."
                                                : ".";
  return wg_xprintf("%s%s", path, step);
}

static void reference_rows(wg_buf *out, const wg_key *rows, const char *prefix) {
  for (const wg_key *r = rows; r->name != NULL; r++) {
    if ((r->flags & WG_KF_PLANNED) != 0) {
      continue;
    }
    WG_AUTO(wg_cstr) path = wg_xprintf("%s%s", prefix, r->name);
    reference_row(out, rows, r, path);
    const wg_key *inner = reference_inner(r);
    if (inner != NULL) {
      WG_AUTO(wg_cstr) deeper = reference_deeper(r, path);
      reference_rows(out, inner->sub, deeper);
    }
  }
}

static void reference_refused(wg_buf *out, const wg_key *rows, const char *prefix) {
  for (const wg_key *r = rows; r->name != NULL; r++) {
    WG_AUTO(wg_cstr) path = wg_xprintf("%s%s", prefix, r->name);
    if (r->refused != NULL) {
      wg_buf_printf(out, "- `%s`: %s Instead: %s.\n", path, r->doc, r->refused);
      continue;
    }
    const wg_key *inner = (r->flags & WG_KF_PLANNED) == 0 ? reference_inner(r) : NULL;
    if (inner != NULL && r->type == WG_KEY_NAMED) {
      WG_AUTO(wg_cstr) deeper = wg_xprintf("%s.<name>.", path);
      reference_refused(out, inner->sub, deeper);
    }
  }
}

static void reference_planned(wg_buf *out, const wg_key *rows, const char *prefix) {
  for (const wg_key *r = rows; r->name != NULL; r++) {
    WG_AUTO(wg_cstr) path = wg_xprintf("%s%s", prefix, r->name);
    if (r->refused != NULL) {
      continue;
    }
    if ((r->flags & WG_KF_PLANNED) != 0) {
      wg_buf_printf(out, "- `%s`: %s\n", path, r->doc);
      continue;
    }
    const wg_choice *choices = r->type == WG_KEY_LIST ? r->sub[0].choices : r->choices;
    for (const wg_choice *c = choices; c != NULL && c->name != NULL; c++) {
      if (c->planned) {
        wg_buf_printf(out, "- `%s: %s`\n", path, c->name);
      }
    }
    const wg_key *inner = reference_inner(r);
    if (inner != NULL) {
      WG_AUTO(wg_cstr) deeper = reference_deeper(r, path);
      reference_planned(out, inner->sub, deeper);
    }
  }
}

void wg_cfg_write_reference(wg_buf *out) {
  wg_buf_add_z(out, reference_intro);
  reference_rows(out, wg_cfg_root_key.sub, "");
  wg_buf_add_z(out, "\n## Not built yet\n"
                    "\n"
                    "These keys have their place and are refused by name until they are built:\n"
                    "\n");
  reference_planned(out, wg_cfg_root_key.sub, "");
  wg_buf_add_z(out, "\n## What is not done in an image file\n"
                    "\n"
                    "These keys are refused with the way to do it: it takes Windows itself.\n"
                    "\n");
  reference_refused(out, wg_cfg_root_key.sub, "");
}
