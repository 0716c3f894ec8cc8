// SPDX-License-Identifier: Apache-2.0
// Runs a graph of toy steps from a text file, for tests that need a whole process: kill it, stop
// it, two of them at once, look at its terminal.
//
//   build_toy STORE PROJECT GRAPH [-j N] [-k] [--recheck] [--plan] [-v] [-q] [--live|--plain]
//   [--color]
//             [--report] [TARGET...]
//
// GRAPH has a line a step: the identity and key=value fields, separated by tabs ("\n" in a value is
// a newline): ms (how long it works), in (file), found (a file, or a folder of files, found by
// discovery), dep (identity; may be repeated), out (published path below the project), big=1, size
// (bytes of output), cpus, fail, details, warn, note, verb. Each run of a step adds "identity\n" to
// PROJECT/ran.txt.
#include <stdio.h>
#include <string.h>

#include "engine/exec.h"
#include "engine/show/listen.h"

#include "no_leaks.h"

#define TOY_MAX_DEPS 16

typedef struct toy_step {
  char *identity, *verb;
  uint64_t ms, size, cpus;
  char *in, *found, *out, *fail, *details, *warn, *note;
  char *deps[TOY_MAX_DEPS];
  size_t n_deps;
  bool big;
  const char *project;
  wg_step_kind kind;
  wg_step *step;
} toy_step;

// Every file of a folder, and that there are no others.
static wg_code toy_discover_folder(wg_step_ctx *c, const char *dir, wg_error *err) {
  wg_dirent *list = NULL;
  size_t n = 0;
  if (wg_os_list_dir(WG_CWD, dir, wg_ctx_arena(c), &list, &n, err) != WG_OK ||
      wg_ctx_observe_names(c, dir, ".go", err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) path = wg_path_join(dir, list[i].name);
    WG_AUTO(wg_cstr) label = wg_xprintf("src/example.com/some/module/%s", list[i].name);
    wg_digest d;
    if (wg_ctx_observe_file(c, path, &d, err) != WG_OK) {
      return err->code;
    }
    wg_ctx_add_input(c, label, &d);
  }
  return WG_OK;
}

static wg_code toy_discover(wg_step_ctx *c, wg_error *err) {
  const toy_step *t = wg_ctx_user(c);
  wg_digest d;
  wg_stat st;
  if (wg_os_stat(WG_CWD, t->found, true, &st, err) != WG_OK) {
    return err->code;
  }
  if (st.type == WG_FT_DIR) {
    return toy_discover_folder(c, t->found, err);
  }
  if (wg_ctx_observe_file(c, t->found, &d, err) != WG_OK) {
    return err->code;
  }
  wg_ctx_add_input(c, "found", &d);
  return WG_OK;
}

static wg_code toy_note_run(const toy_step *t, wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_path_join(t->project, "ran.txt");
  WG_AUTO(wg_cstr) line = wg_xprintf("%s\n", t->identity);
  WG_AUTO(wg_fd) fd = -1;
  if (wg_os_open_append(WG_CWD, path, 0644, &fd, err) != WG_OK) {
    return err->code;
  }
  return wg_os_write_all(fd, line, strlen(line), err);
}

static wg_code toy_work(wg_step_ctx *c, const toy_step *t, wg_error *err) {
  uint64_t start = wg_os_mono_ns();
  for (;;) {
    uint64_t ms = (wg_os_mono_ns() - start) / 1000000;
    if (ms >= t->ms) {
      return WG_OK;
    }
    if (t->ms > 0 && t->size > 0) {
      wg_ctx_progress(c, ms * t->size / t->ms, t->size, "bytes");
    }
    if (wg_cancel_check(wg_ctx_cancel(c), err) != WG_OK) {
      return err->code;
    }
    wg_os_sleep_ms(t->ms - ms < 10 ? t->ms - ms : 10);
  }
}

// The output: the inputs' digests, then a pattern made from them up to the size asked for.
static wg_code toy_content(wg_step_ctx *c, const toy_step *t, wg_buf *out, wg_error *err) {
  wg_digest d;
  wg_error none = WG_ERROR_INIT;
  wg_buf_printf(out, "%s\n", t->identity);
  if (wg_ctx_input(c, "in", &d, &none) == WG_OK) {
    wg_buf_printf(out, "in %s\n", wg_digest_hex(&d).s);
  }
  if (wg_ctx_input(c, "found", &d, &none) == WG_OK) {
    wg_buf_printf(out, "found %s\n", wg_digest_hex(&d).s);
  }
  for (size_t i = 0; i < t->n_deps; i++) {
    WG_AUTO(wg_cstr) path = NULL;
    if (wg_ctx_input_path(c, t->deps[i], &path, err) != WG_OK ||
        wg_ctx_input(c, t->deps[i], &d, err) != WG_OK) {
      return err->code;
    }
    WG_AUTO(wg_fd) fd = -1;
    wg_digest read;
    if (wg_os_open_read(WG_CWD, path, &fd, err) != WG_OK ||
        wg_sha256_fd(fd, NULL, &read, NULL, err) != WG_OK) {
      return err->code;
    }
    if (!wg_digest_eq(&d, &read)) {
      return wg_fail(err, WG_E_VERIFY, "'%s' does not hold what its digest says", path);
    }
    wg_buf_printf(out, "%s %s\n", t->deps[i], wg_digest_hex(&d).s);
  }
  d = wg_sha256(out->p, out->n);
  while (out->n < t->size) {
    wg_buf_add(out, d.b, sizeof(d.b));
    d = wg_sha256(d.b, sizeof(d.b));
  }
  return wg_buf_check(out, err);
}

static wg_code toy_run(wg_step_ctx *c, wg_error *err) {
  const toy_step *t = wg_ctx_user(c);
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  if (t->note != NULL) {
    wg_ctx_noted(c, "%s", t->note);
  }
  if (t->warn != NULL) {
    wg_ctx_warn(c, "%s", t->warn);
  }
  if (toy_work(c, t, err) != WG_OK) {
    return err->code;
  }
  if (t->fail != NULL) {
    wg_ctx_details(c, wg_str_of(t->details));
    return wg_fail(err, WG_E_FAILED, "%s", t->fail);
  }
  if (toy_content(c, t, &out, err) != WG_OK) {
    return err->code;
  }
  wg_ctx_fact_u64(c, "bytes", out.n);
  WG_AUTO(wg_cstr) path = NULL;
  wg_code code;
  if (t->big) {
    code = wg_ctx_output_big_path(c, "out", &path, err);
  } else {
    path = wg_path_join(wg_ctx_tmp(c), "out");
    code = WG_OK;
  }
  if (code != WG_OK || wg_os_write_file(WG_CWD, path, out.p, out.n, 0644, false, err) != WG_OK) {
    return err->code;
  }
  if (!t->big && wg_ctx_output_file(c, "out", path, err) != WG_OK) {
    return err->code;
  }
  return toy_note_run(t, err);
}

// --- the graph file

static char *toy_value(wg_str v) {
  char *s = wg_xalloc(v.n + 1);
  size_t n = 0;
  for (size_t i = 0; i < v.n; i++) {
    if (v.p[i] == '\\' && i + 1 < v.n && v.p[i + 1] == 'n') {
      s[n++] = '\n';
      i++;
    } else {
      s[n++] = v.p[i];
    }
  }
  return s;
}

static void toy_field(toy_step *t, wg_str key, wg_str value) {
  struct {
    const char *key;
    char **to;
  } const texts[] = {{"in", &t->in},     {"found", &t->found},     {"out", &t->out},
                     {"fail", &t->fail}, {"details", &t->details}, {"warn", &t->warn},
                     {"note", &t->note}, {"verb", &t->verb}};
  struct {
    const char *key;
    uint64_t *to;
  } const numbers[] = {{"ms", &t->ms}, {"size", &t->size}, {"cpus", &t->cpus}};
  for (size_t i = 0; i < WG_ARRAY_LEN(texts); i++) {
    if (wg_str_eqz(key, texts[i].key)) {
      *texts[i].to = toy_value(value);
      return;
    }
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(numbers); i++) {
    if (wg_str_eqz(key, numbers[i].key)) {
      bool good = wg_parse_u64(value, numbers[i].to);
      wg_assert(good);
      return;
    }
  }
  if (wg_str_eqz(key, "dep")) {
    wg_assert(t->n_deps < TOY_MAX_DEPS);
    t->deps[t->n_deps++] = toy_value(value);
  } else {
    wg_assert(wg_str_eqz(key, "big"));
    t->big = true;
  }
}

static void toy_line(toy_step *t, wg_str line, const char *project) {
  t->project = project;
  t->cpus = 1;
  for (bool first = true; line.n > 0; first = false) {
    wg_str field = {line.p, wg_str_find(line, '\t')};
    size_t eq = wg_str_find(field, '=');
    if (first) {
      t->identity = wg_xstrndup(field.p, field.n);
    } else {
      wg_assert(eq < field.n);
      toy_field(t, (wg_str){field.p, eq}, (wg_str){field.p + eq + 1, field.n - eq - 1});
    }
    size_t n = field.n < line.n ? field.n + 1 : field.n;
    line = (wg_str){line.p + n, line.n - n};
  }
}

static void toy_add(wg_graph *g, toy_step *all, size_t at) {
  toy_step *t = &all[at];
  t->kind = (wg_step_kind){.name = "toy",
                           .version = 1,
                           .verb = t->verb == NULL ? "toy" : t->verb,
                           .discover = t->found == NULL ? NULL : toy_discover,
                           .run = toy_run};
  t->step = wg_graph_add(g, &t->kind, t->identity, t);
  WG_AUTO(wg_cstr) size = wg_xprintf("%llu", (unsigned long long)t->size);
  wg_step_param(t->step, "size", size);
  wg_step_param(t->step, "identity", t->identity);
  wg_step_need(t->step, (unsigned)t->cpus, 0);
  if (t->in != NULL) {
    wg_step_input_file(t->step, "in", t->in);
  }
  for (size_t i = 0; i < t->n_deps; i++) {
    size_t k = 0;
    while (k < at && strcmp(all[k].identity, t->deps[i]) != 0) {
      k++;
    }
    wg_assert(k < at); // steps name earlier ones
    wg_step_input_step(t->step, t->deps[i], all[k].step, "out");
  }
  if (t->out != NULL) {
    WG_AUTO(wg_cstr) path = wg_path_join(t->project, t->out);
    wg_step_publish(t->step, "out", path, 0644, t->big);
  }
}

static toy_step *toy_load(wg_graph *g, const char *path, const char *project) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  wg_code code = wg_os_read_file(WG_CWD, path, 1 << 24, &text, &err);
  wg_assert(code == WG_OK);
  toy_step *all = wg_xarray(text.n + 1, sizeof(*all));
  wg_str left = wg_buf_str(&text);
  for (size_t n = 0; left.n > 0;) {
    wg_str line = {left.p, wg_str_find(left, '\n')};
    if (line.n > 0) {
      toy_line(&all[n], line, project);
      toy_add(g, all, n);
      n++;
    }
    size_t step = line.n < left.n ? line.n + 1 : line.n;
    left = (wg_str){left.p + step, left.n - step};
  }
  return all; // for the life of the process
}

// --- running

typedef struct toy_args {
  wg_exec_options opt;
  wg_term_options term;
  bool plan, report;
  const char *targets[64];
} toy_args;

static void toy_parse(toy_args *a, int argc, char **argv) {
  a->term = (wg_term_options){.fd = 2, .live = -1};
  for (int i = 4; i < argc; i++) {
    const char *v = argv[i];
    uint64_t n = 0;
    if (strcmp(v, "-j") == 0 && i + 1 < argc && wg_parse_u64(wg_str_of(argv[i + 1]), &n)) {
      a->opt.cpus = (unsigned)n;
      i++;
    } else if (strcmp(v, "-k") == 0) {
      a->opt.keep_going = true;
    } else if (strcmp(v, "--recheck") == 0) {
      a->opt.recheck = true;
    } else if (strcmp(v, "--plan") == 0) {
      a->plan = true;
    } else if (strcmp(v, "--report") == 0) {
      a->report = true;
    } else if (strcmp(v, "-v") == 0) {
      a->term.verbose++;
    } else if (strcmp(v, "-q") == 0) {
      a->term.quiet = true;
    } else if (strcmp(v, "--live") == 0) {
      a->term.live = 1;
    } else if (strcmp(v, "--plain") == 0) {
      a->term.live = 0;
    } else if (strcmp(v, "--color") == 0) {
      a->term.color = true;
    } else {
      wg_assert(a->opt.n_targets < WG_ARRAY_LEN(a->targets));
      a->targets[a->opt.n_targets++] = v;
    }
  }
  a->opt.targets = a->targets;
}

static int toy_plan(wg_graph *g, wg_store *s, const wg_exec_options *opt) {
  WG_AUTO(wg_plan) plan = {0};
  wg_error err = WG_ERROR_INIT;
  if (wg_exec_plan(g, s, opt, &plan, &err) != WG_OK) {
    (void)fprintf(stderr, "%s\n", err.text);
    return 1;
  }
  static const char *const words[] = {"cached", "run", "unknown"};
  for (size_t i = 0; i < plan.n_steps; i++) {
    printf("%s %s", words[plan.steps[i].state], plan.steps[i].identity);
    for (size_t k = 0; k < plan.steps[i].n_reasons; k++) {
      printf(" | %s", plan.steps[i].reasons[k]);
    }
    printf("\n");
  }
  return 0;
}

static int toy_build(wg_graph *g, wg_store *s, toy_args *a) {
  WG_AUTO_PTR(wg_bus) bus = wg_bus_new();
  WG_AUTO(wg_cstr) name = wg_run_name();
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_listen_term) term = wg_listen_term_new(bus, &a->term);
  (void)term; // it listens
  WG_AUTO_PTR(wg_listen_log) log = NULL;
  WG_AUTO_PTR(wg_listen_report) report = NULL;
  const wg_report_options ro = {.project_dir = a->opt.project_dir,
                                .run_name = name,
                                .title = "toy <project>",
                                .version = "0",
                                .info = {.command = "build_toy"}};
  if (a->report) {
    report = wg_listen_report_new(bus, &ro);
    log = wg_listen_log_new(bus, a->opt.project_dir, name, false);
  }
  a->opt.bus = bus;
  WG_AUTO(wg_exec_result) res = {0};
  wg_code code = wg_exec_run(g, s, &a->opt, &res, &err);
  if (code != WG_OK && res.n_failures == 0) {
    (void)fprintf(stderr, "%s: %s\n", wg_code_name(code), err.text);
  }
  WG_AUTO(wg_cstr) path = NULL;
  if (report != NULL && wg_listen_report_write(report, &path, &err) == WG_OK) {
    printf("%s\n", path);
  }
  return code == WG_OK ? 0 : code == WG_E_CANCELED ? 130 : 1;
}

int main(int argc, char **argv) {
  wg_assert(argc >= 4);
  wg_cancel cancel;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_store) store = NULL;
  WG_AUTO_PTR(wg_graph) g = wg_graph_new();
  WG_AUTO(wg_cstr) project = wg_path_absolute(argv[2]);
  toy_args a = {0};
  toy_parse(&a, argc, argv);
  a.opt.project_dir = project;
  a.term.project_dir = project;
  if (wg_cancel_init(&cancel, &err) != WG_OK || wg_os_catch_signals(&cancel, &err) != WG_OK ||
      wg_store_open(argv[1], &store, &err) != WG_OK) {
    (void)fprintf(stderr, "%s\n", err.text);
    return 1;
  }
  a.opt.cancel = &cancel;
  (void)toy_load(g, argv[3], project);
  return a.plan ? toy_plan(g, store, &a.opt) : toy_build(g, store, &a);
}
