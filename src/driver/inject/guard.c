// SPDX-License-Identifier: Apache-2.0
#include "driver/inject/guard.h"

#include <string.h>

#include "fmt/regf/regf.h"
#include "image/tree/winpath.h"

#define GUARD_MAX_ID 199U // characters of a device id
#define GUARD_MAX_SERVICE 256U
#define GUARD_MAX_FILE ((uint64_t)256 << 20) // that is compared; a longer one is another

typedef struct guard {
  wg_inject *in;
  const wg_driver_package *p;
  void (*told)(void *ctx, wg_driver_fault fault, const char *text);
  void *ctx;
} guard;

// --- names

static bool guard_id_is_good(wg_str id) {
  bool empty = true; // the part that is being read
  for (size_t i = 0; i < id.n; i++) {
    if (id.p[i] == '\\' && empty) {
      return false;
    }
    empty = id.p[i] == '\\';
  }
  return !empty && id.n <= GUARD_MAX_ID;
}

static void guard_ids(const guard *g) {
  for (uint32_t i = 0; i < g->p->p.n_models; i++) {
    const wg_inf_model *m = &g->p->p.models[i];
    for (uint32_t k = 0; k < m->n_ids; k++) {
      if (m->ids[k].n > 0 && !guard_id_is_good(m->ids[k])) {
        WG_AUTO(wg_cstr)
        text = wg_xprintf("line %u: '%.*s' is no id of a device: parts between '\\' are not empty, "
                          "and it has at most %u characters",
                          m->line, WG_STR_ARG(m->ids[k]), GUARD_MAX_ID);
        g->told(g->ctx, WG_DRIVER_N_FAULTS, text);
      }
    }
  }
}

static void guard_key_name(const guard *g, const char *what, wg_str name, uint32_t line) {
  bool bad = name.n > GUARD_MAX_SERVICE || wg_str_eqz(name, ".") || wg_str_eqz(name, "..");
  for (size_t i = 0; i < name.n && !bad; i++) {
    bad = name.p[i] == '\\' || name.p[i] == '/';
  }
  if (bad) {
    WG_AUTO(wg_cstr)
    text = wg_xprintf("line %u: '%.*s' is no name of %s: it has neither '\\' nor '/', and at most "
                      "%u characters",
                      line, WG_STR_ARG(name), what, GUARD_MAX_SERVICE);
    g->told(g->ctx, WG_DRIVER_N_FAULTS, text);
  }
}

static void guard_file_name(const guard *g, const wg_inf_copy *c) {
  WG_AUTO(wg_cstr) to = wg_driver_copy_target(c);
  WG_AUTO(wg_arena) arena = {0};
  wg_winpath path;
  wg_error e = WG_ERROR_INIT;
  wg_arena_init(&arena, wg_heap(), 0);
  if (to != NULL && wg_winpath_parse(to, &arena, &path, &e) != WG_OK) {
    WG_AUTO(wg_cstr) text = wg_xprintf("line %u: '%s': %s", c->line, to, e.text);
    g->told(g->ctx, WG_DRIVER_N_FAULTS, text);
  }
}

// --- places

// Whether published packages own it, and nobody else does.
static bool guard_is_published(const wg_regkey *k) {
  WG_AUTO(wg_arena) arena = {0};
  const char *const *owners = NULL;
  bool any = false;
  wg_arena_init(&arena, wg_heap(), 0);
  size_t n = k == NULL ? 0 : wg_driver_reg_list(k, "Owners", &arena, &owners);
  for (size_t i = 0; i < n; i++) {
    if (owners[i][0] == '!') {
      continue; // a package that was replaced
    }
    if (wg_driver_oem_number(owners[i]) < 0) {
      return false;
    }
    any = true;
  }
  return any;
}

static const wg_regkey *guard_services(const wg_inject *in) {
  WG_AUTO(wg_cstr) path = wg_xprintf("%s\\Services", in->w.control_set);
  return wg_hive_find(in->w.system.hive, wg_str_of(path));
}

static bool guard_ends(const char *text, const char *end) {
  size_t n = strlen(text), m = strlen(end);
  return n >= m && wg_name_cmp_nocase(wg_str_of(text + n - m), wg_str_of(end)) == 0;
}

// Whether a published package has a service that runs it: older Windows keep no list of files.
static bool guard_runs(const wg_inject *in, const char *below_windows) {
  const wg_regkey *all = guard_services(in);
  for (size_t i = 0; all != NULL && i < wg_regkey_n_children(all); i++) {
    const wg_regkey *k = wg_regkey_child_at(all, i);
    WG_AUTO(wg_cstr) binary = wg_driver_reg_text(k, "ImagePath");
    if (binary != NULL && guard_ends(binary, below_windows) && guard_is_published(k)) {
      return true;
    }
  }
  return false;
}

bool wg_inject_is_theirs(wg_inject *in, const char *to) {
  static const char windows[] = "Windows\\", lockdown[] = WG_DRIVER_LOCKDOWN "\\%SystemRoot%/";
  WG_AUTO(wg_cstr) path = wg_xprintf("\\%s", to);
  bool there = false;
  wg_error e = WG_ERROR_INIT; // a path that can't be is refused by its name
  if (wg_image_reader_exists(in->base, path, &there, &e) != WG_OK || !there) {
    return false;
  }
  const char *below = wg_str_starts(wg_str_of(to), windows) ? to + sizeof(windows) - 1 : to;
  WG_AUTO(wg_cstr) key = wg_xprintf("%s%s", lockdown + strlen("HKLM\\SOFTWARE\\"), below);
  for (char *c = key + sizeof(lockdown) - 1 - strlen("HKLM\\SOFTWARE\\"); *c != '\0'; c++) {
    *c = *c == '\\' ? '/' : *c;
  }
  const wg_regkey *k = in->w.software.hive == NULL || below == to
                           ? NULL
                           : wg_driver_reg_below(wg_hive_root(in->w.software.hive), key);
  return !guard_is_published(k) && !guard_runs(in, below);
}

static bool guard_is_same(wg_inject *in, const char *to, const wg_digest *sum) {
  WG_AUTO(wg_cstr) path = wg_xprintf("\\%s", to);
  WG_AUTO(wg_buf) bytes = {0};
  wg_error e = WG_ERROR_INIT;
  wg_buf_init(&bytes, wg_heap(), 0);
  if (wg_image_reader_file(in->base, path, GUARD_MAX_FILE, &bytes, &e) != WG_OK) {
    return false;
  }
  wg_digest has = wg_sha256(bytes.p, bytes.n);
  return wg_digest_eq(&has, sum);
}

static void guard_place(const guard *g, const wg_inf_copy *c) {
  WG_AUTO(wg_cstr) to = c->from == &g->p->inf ? wg_driver_copy_target(c) : NULL;
  const wg_driver_file *f = to == NULL ? NULL : wg_driver_package_file(g->p, c);
  if (f == NULL || f->host == NULL || !wg_inject_is_theirs(g->in, to) ||
      guard_is_same(g->in, to, &f->sha256)) {
    return;
  }
  WG_AUTO(wg_cstr)
  text = wg_xprintf("line %u: '%s' is a file of Windows or of another program, and not the same "
                    "one: 'overwrite' allows it, and nothing brings the old one back",
                    c->line, to);
  g->told(g->ctx, WG_DRIVER_OVERWRITE, text);
}

static void guard_service(const guard *g, const wg_inf_service *s) {
  const wg_regkey *k =
      s->from != &g->p->inf || s->deletes || s->name.n == 0 ? NULL : guard_services(g->in);
  WG_AUTO(wg_cstr) name = wg_xstrndup(s->name.n == 0 ? "" : s->name.p, s->name.n);
  k = k == NULL ? NULL : wg_driver_reg_below(k, name);
  if (k == NULL || guard_is_published(k)) {
    return;
  }
  WG_AUTO(wg_cstr)
  text = wg_xprintf("line %u: the service '%s' is one of Windows or of another program: "
                    "'overwrite' allows it, and nothing brings the old one back",
                    s->line, name);
  g->told(g->ctx, WG_DRIVER_OVERWRITE, text);
}

static void guard_config(const guard *g, const wg_inf_config *c, bool in_place) {
  for (uint32_t k = 0; k < c->n_copies; k++) {
    guard_file_name(g, &c->copies[k]);
    if (in_place) {
      guard_place(g, &c->copies[k]);
    }
  }
  for (uint32_t k = 0; k < c->n_services; k++) {
    const wg_inf_service *s = &c->services[k];
    guard_key_name(g, "a service", s->name, s->line);
    guard_key_name(g, "an event log", s->event_type, s->line);
    guard_key_name(g, "an event source", s->event_name, s->line);
    if (in_place) {
      guard_service(g, s);
    }
  }
}

void wg_inject_guard(wg_inject *in, const wg_driver_package *p, bool in_place,
                     void (*told)(void *ctx, wg_driver_fault fault, const char *text), void *ctx) {
  const guard g = {.in = in, .p = p, .told = told, .ctx = ctx};
  guard_ids(&g);
  for (uint32_t i = 0; i < p->p.n_configs; i++) {
    guard_config(&g, &p->p.configs[i], in_place);
  }
}
