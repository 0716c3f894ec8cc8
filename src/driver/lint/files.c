// SPDX-License-Identifier: Apache-2.0
// CopyFiles and its like, SourceDisksFiles, DestinationDirs.
#include <string.h>

#include "base/sort.h"
#include "driver/lint/int.h"

#define FILES_STORE 13U // the driver store
#define FILES_OWN_FIRST 32768U
#define FILES_PRINTER_FIRST 65536U // folders that Windows gives printers are numbered from here
#define FILES_ABSOLUTE 65535U      // -1: a path that is written out

// Folder numbers that no driver may use since Windows 11 24H2.
static const uint32_t files_old_dirids[] = {1,     17,    18,    20,    21,    24,    25,
                                            30,    50,    53,    54,    16406, 16407, 16408,
                                            16409, 16415, 16419, 16429, 16430, 65535};

// The section with the architecture at its end comes first, then that without.
static const wg_inf_line *files_disk_line(lint *l, const char *section, uint8_t arch,
                                          const char *key) {
  wg_str with = wg_lint_printf(l, "%s.%s", section, wg_lint_arch_name(arch));
  const wg_inf_line *line = wg_inf_line_of(l->inf, wg_inf_section_of(l->inf, with), key);
  return line != NULL ? line
                      : wg_inf_line_of(l->inf, wg_inf_section_of(l->inf, wg_str_of(section)), key);
}

// --- where files go

typedef struct files_dest {
  bool known;
  uint32_t dirid;
  wg_str subdir;
} files_dest;

static void files_say_dirid(lint *l, const wg_inf_field *at, wg_str section, uint32_t dirid) {
  bool own = dirid >= FILES_OWN_FIRST && dirid < FILES_ABSOLUTE;
  if (own) {
    wg_lint_say(l, 1241, at, "folder %u of [%s] is one of your own, which only a program can set",
                dirid, wg_lint_z(l, section));
  } else if (dirid < FILES_OWN_FIRST && dirid != 1 && dirid != FILES_STORE &&
             wg_inf_dirid_path(dirid) == NULL) {
    wg_lint_say(l, 1242, at, "folder %u of [%s] is none of Windows", dirid, wg_lint_z(l, section));
  }
}

static void files_say_place(lint *l, const wg_inf_field *at, const files_dest *d) {
  bool system = d->dirid == 11 || d->dirid == 12 || d->dirid == FILES_STORE ||
                d->dirid >= FILES_PRINTER_FIRST || (d->dirid == 10 && d->subdir.n > 0);
  if (!system) {
    wg_lint_say(l, 1306, at, "files go to folder %u, which is not for drivers: 13, 12 and 11 are",
                d->dirid);
  }
  if (d->dirid != FILES_STORE) {
    wg_lint_say(l, 1322, at, "files go to folder %u, not into the driver store (13)", d->dirid);
  }
  for (size_t i = 0; i < sizeof(files_old_dirids) / sizeof(*files_old_dirids); i++) {
    if (files_old_dirids[i] == d->dirid) {
      wg_lint_say(l, 1340, at, "folder %u is no longer for drivers, since Windows 11 24H2",
                  d->dirid);
    }
  }
}

// Of a list of files; name "" is a file by itself. at: who names it.
static files_dest files_dest_of(lint *l, wg_str name, const wg_inf_field *at) {
  files_dest d = {0};
  const wg_inf_section *dirs = wg_inf_section_of(l->inf, WG_STR("DestinationDirs"));
  const wg_inf_line *line = name.n == 0 ? NULL : wg_inf_line_of(l->inf, dirs, wg_lint_z(l, name));
  line = line != NULL ? line : wg_inf_line_of(l->inf, dirs, "DefaultDestDir");
  if (line == NULL || line->n_fields == 0) {
    wg_lint_say(l, 1275, at, "'%s' is not in [DestinationDirs], and there is no DefaultDestDir",
                wg_lint_z(l, name.n > 0 ? name : at->text));
    return d;
  }
  if (!wg_lint_number(l, line, 0, &d.dirid) || wg_lint_text(l, line, 0).n == 0) {
    wg_lint_say(l, 1243, &line->fields[0], "folder '%s' of '%s' is no number",
                wg_lint_z(l, wg_lint_text(l, line, 0)), wg_lint_z(l, wg_lint_head(line)->text));
    return d;
  }
  d.known = true;
  d.dirid = d.dirid == UINT32_MAX ? FILES_ABSOLUTE : d.dirid;
  d.subdir = wg_lint_text(l, line, 1);
  files_say_dirid(l, &line->fields[0], wg_lint_head(line)->text, d.dirid);
  return d;
}

// --- where files come from

// The folder in the package; says what is wrong with the disk.
static wg_str files_disk_folder(lint *l, const wg_inf_line *entry, wg_str file, uint8_t arch) {
  uint32_t disk = 0;
  wg_str id = wg_lint_text(l, entry, 0);
  if (id.n == 0 || !wg_inf_number(id, &disk)) {
    wg_lint_say(l, 1008, entry->n_fields > 0 ? &entry->fields[0] : wg_lint_head(entry),
                "the disk '%s' of '%s' is no number", wg_lint_z(l, id), wg_lint_z(l, file));
    return (wg_str){"", 0};
  }
  const wg_inf_line *name = files_disk_line(l, "SourceDisksNames", arch, wg_lint_z(l, id));
  if (name == NULL) {
    wg_lint_say(l, 1273, &entry->fields[0], "disk %s of '%s' is not in [SourceDisksNames]",
                wg_lint_z(l, id), wg_lint_z(l, file));
  }
  wg_str path = wg_lint_text(l, name, 3);
  wg_str sub = wg_lint_text(l, entry, 1);
  while (path.n > 0 && (path.p[0] == '\\' || path.p[0] == '.')) {
    path = (wg_str){path.p + 1, path.n - 1};
  }
  return wg_lint_printf(l, "%s%s%s", wg_lint_z(l, path), path.n > 0 && sub.n > 0 ? "\\" : "",
                        wg_lint_z(l, sub));
}

// Slashes, no empty parts and no dots.
static wg_str files_path(lint *l, wg_str folder, wg_str name) {
  wg_str whole = wg_lint_printf(l, "%s\\%s", wg_lint_z(l, folder), wg_lint_z(l, name));
  char *to = wg_arena_strndup(l->arena, whole.p, whole.n);
  size_t n = 0;
  l->starved = l->starved || to == NULL;
  for (size_t i = 0; to != NULL && i < whole.n;) {
    wg_str rest = {whole.p + i, whole.n - i};
    size_t len = 0;
    while (len < rest.n && rest.p[len] != '\\' && rest.p[len] != '/') {
      len++;
    }
    if (len > 0 && !(len == 1 && rest.p[0] == '.')) {
      if (n > 0) {
        to[n++] = '/';
      }
      memmove(to + n, rest.p, len);
      n += len;
    }
    i += len + 1;
  }
  return (wg_str){to == NULL ? "" : to, to == NULL ? 0 : n};
}

static void files_source(lint *l, lint_place *p, wg_str source, wg_str subdir) {
  const wg_inf_line *entry = files_disk_line(l, "SourceDisksFiles", p->arch, wg_lint_z(l, source));
  if (entry == NULL) {
    if (!l->has_layout) {
      wg_lint_say(l, 1230, p->at, "'%s' is not in [SourceDisksFiles] or [SourceDisksFiles.%s]",
                  wg_lint_z(l, source), wg_lint_arch_name(p->arch));
    }
    return;
  }
  wg_str folder = files_disk_folder(l, entry, source, p->arch);
  p->source = files_path(l, folder, source);
  if (l->opt->has_file != NULL && wg_lint_is_wanted(l, p->arch) &&
      !l->opt->has_file(l->opt->ctx, p->source)) {
    wg_lint_say(l, 9001, p->at, "the file '%s' is not there", wg_lint_z(l, p->source));
  }
  wg_str there = files_path(l, subdir, p->name);
  if (p->dirid == FILES_STORE && wg_name_cmp_nocase(there, p->source) != 0) {
    wg_lint_say(l, 1100, p->at,
                "'%s' would be '%s' in the driver store: there it keeps folder and name",
                wg_lint_z(l, p->source), wg_lint_z(l, there));
  }
}

static void files_copy(lint *l, const wg_inf_field *at, wg_str name, wg_str source,
                       const files_dest *d, uint8_t arch) {
  lint_place *p = wg_lint_push(l, &l->places, sizeof(*p));
  if (p == NULL) {
    return;
  }
  *p = (lint_place){.dirid = d->known ? d->dirid : UINT32_MAX,
                    .subdir = d->subdir,
                    .name = name,
                    .group = l->group,
                    .arch = arch,
                    .at = at};
  files_source(l, p, source.n > 0 ? source : name, d->subdir);
}

static void files_entry(lint *l, const wg_inf_line *line, lint_use use, const files_dest *d,
                        uint8_t arch) {
  wg_str name = wg_lint_text(l, line, 0);
  const wg_inf_field *at = line->n_fields > 0 ? &line->fields[0] : wg_lint_head(line);
  if (line->key != NULL) { // "name = ..." is no entry of a list
    return;
  }
  if (name.n == 0) {
    wg_lint_say(l, 1229, at, "the entry names no file");
  } else if (use == LINT_COPY) {
    if (line->n_fields > 5) {
      wg_lint_say(l, 1201, &line->fields[5], "'%s' has more than five values", wg_lint_z(l, name));
    }
    if (wg_lint_text(l, line, 4).n > 0 && d->known && d->dirid == FILES_STORE) {
      wg_lint_say(l, 1101, &line->fields[4],
                  "'%s' goes to the driver store (13), where it has no descriptor of its own",
                  wg_lint_z(l, name));
    }
    files_copy(l, at, name, wg_lint_text(l, line, 1), d, arch);
  } else if (use == LINT_DEL) {
    wg_lint_say(l, 1309, at, "'%s' is deleted: Windows takes away what a driver brought",
                wg_lint_z(l, name));
  }
}

static void files_alone(lint *l, const wg_inf_field *f, wg_str name, uint8_t arch) {
  const files_dest d = files_dest_of(l, (wg_str){"", 0}, f);
  if (d.known) {
    files_say_place(l, f, &d);
  }
  files_copy(l, f, name, (wg_str){"", 0}, &d, arch);
}

static void files_list(lint *l, const wg_inf_line *line, uint32_t f, lint_use use,
                       const lint_at *at) {
  const wg_inf_section *s = wg_lint_named(l, line, f, use);
  if (s == NULL || !wg_lint_first(l, s, at->arch)) {
    return;
  }
  const files_dest d = files_dest_of(l, wg_lint_text(l, line, f), &line->fields[f]);
  if (d.known && use == LINT_COPY) {
    files_say_place(l, &line->fields[f], &d);
  } else if (d.known && d.dirid == FILES_STORE) {
    wg_lint_say(l, 1102, line->key, "%s may not be used on the driver store (13)",
                wg_lint_z(l, line->key->text));
  }
  for (uint32_t i = 0; i < s->n_lines && wg_lint_more(l); i++) {
    files_entry(l, &s->lines[i], use, &d, at->arch);
  }
  wg_str secure = wg_lint_printf(l, "%s.Security", wg_lint_z(l, s->name));
  const wg_inf_section *sd = wg_lint_use(l, secure, LINT_OTHER);
  if (sd != NULL && d.known && d.dirid == FILES_STORE) {
    wg_lint_say_at(l, 1101, sd->line, 1,
                   "files of the driver store (13) have no descriptor of "
                   "their own: [%s]",
                   wg_lint_z(l, sd->name));
  }
}

void wg_lint_files(lint *l, const wg_inf_line *line, lint_use use, const lint_at *at) {
  for (uint32_t f = 0; f < line->n_fields && wg_lint_more(l); f++) {
    wg_str name = wg_lint_text(l, line, f);
    if (name.n == 0) {
      continue;
    }
    if (use == LINT_COPY && name.p[0] == '@') {
      files_alone(l, &line->fields[f], (wg_str){name.p + 1, name.n - 1}, at->arch);
    } else {
      files_list(l, line, f, use, at);
    }
  }
}

// --- SourceDisksFiles by itself

static void files_disk_entry(lint *l, const wg_inf_line *line) {
  wg_str name = wg_lint_head(line) == NULL ? (wg_str){"", 0}
                                           : wg_inf_expand(l->inf, wg_lint_head(line)->text);
  if (name.n > 4 && wg_str_eq_nocase((wg_str){name.p + name.n - 4, 4}, ".cat")) {
    wg_lint_say(l, 1213, wg_lint_head(line), "the catalogue '%s' is named by CatalogFile alone",
                wg_lint_z(l, name));
  }
  if (name.n > 3 && name.p[name.n - 1] == '_') {
    wg_lint_say(l, 1231, wg_lint_head(line), "'%s' is the name of a compressed file",
                wg_lint_z(l, name));
  }
  if (line->key != NULL && line->n_fields > 3) {
    wg_lint_say(l, 1201, &line->fields[3], "'%s' has more than three values", wg_lint_z(l, name));
  }
}

void wg_lint_source_disks(lint *l) {
  static const char prefix[] = "SourceDisksFiles";
  size_t n = sizeof(prefix) - 1;
  for (uint32_t i = 0; i < l->inf->n_sections; i++) {
    const wg_inf_section *s = &l->inf->sections[i];
    if (s->name.n < n || !wg_str_eq_nocase((wg_str){s->name.p, n}, prefix)) {
      continue;
    }
    for (uint32_t k = 0; k < s->n_lines && wg_lint_more(l); k++) {
      files_disk_entry(l, &s->lines[k]);
    }
  }
}

// --- two files for one place

static int files_cmp(const void *a, const void *b, void *ctx) {
  const lint_place *x = a, *y = b;
  (void)ctx;
  if (x->dirid != y->dirid || x->arch != y->arch) {
    return x->arch != y->arch ? (int)x->arch - (int)y->arch : x->dirid < y->dirid ? -1 : 1;
  }
  int c = wg_name_cmp_nocase(x->subdir, y->subdir);
  return c != 0 ? c : wg_name_cmp_nocase(x->name, y->name);
}

void wg_lint_end_files(lint *l) {
  lint_place *v = l->places.v;
  wg_sort(v, l->places.n, sizeof(*v), files_cmp, NULL);
  for (uint32_t i = 1; i < l->places.n; i++) {
    if (files_cmp(&v[i - 1], &v[i], NULL) == 0 && wg_str_eq(v[i - 1].group, v[i].group) &&
        v[i].source.n > 0 && v[i - 1].source.n > 0 &&
        wg_name_cmp_nocase(v[i - 1].source, v[i].source) != 0) {
      bool later = v[i - 1].at->line < v[i].at->line;
      wg_lint_say(l, 1330, later ? v[i].at : v[i - 1].at, "'%s' and '%s' are both copied to '%s'",
                  wg_lint_z(l, v[later ? i - 1 : i].source),
                  wg_lint_z(l, v[later ? i : i - 1].source), wg_lint_z(l, v[i].name));
    }
  }
}
