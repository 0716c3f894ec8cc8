// `wingo build`: runs what is not cached.
#include <limits.h>
#include <string.h>

#include "cli/project/graph.h"
#include "engine/show/listen.h"
#include "fmt/json/jsonw.h"

// Outputs of the run, in the order of the graph: the same list from every run.
typedef struct build_output {
  uint32_t step;
  char *identity, *name, *path;
  wg_digest digest;
  uint64_t size_bytes;
} build_output;

typedef struct build_outputs {
  build_output *v;
  size_t n, cap;
} build_outputs;

static void build_outputs_done(build_outputs *o) {
  for (size_t i = 0; i < o->n; i++) {
    wg_xfree(o->v[i].identity);
    wg_xfree(o->v[i].name);
    wg_xfree(o->v[i].path);
  }
  wg_xfree(o->v);
}
WG_DEFINE_AUTO(build_outputs, build_outputs_done);

static void build_collect(void *ctx, const wg_event *ev) {
  build_outputs *o = ctx;
  if (ev->type == WG_EV_STEP_OUTPUT && ev->path != NULL && ev->digest != NULL) {
    wg_vec_push(&o->v, &o->n, &o->cap) = (build_output){.step = ev->step,
                                                        .identity = wg_xstrdup(ev->identity),
                                                        .name = wg_xstrdup(ev->name),
                                                        .path = wg_xstrdup(ev->path),
                                                        .digest = *ev->digest,
                                                        .size_bytes = ev->size_bytes};
    for (size_t i = o->n - 1; i > 0 && o->v[i - 1].step > o->v[i].step; i--) {
      build_output later = o->v[i - 1];
      o->v[i - 1] = o->v[i];
      o->v[i] = later;
    }
  }
}

static int build_print_json(const wg_cli *c, const build_outputs *o, const wg_exec_result *r) {
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  wg_jsonw j;
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_kv_u64(&j, "steps", r->n_steps);
  wg_jsonw_kv_u64(&j, "ran", r->n_ran);
  wg_jsonw_kv_u64(&j, "cached", r->n_cached);
  wg_jsonw_kv_u64(&j, "failed", r->n_failed);
  wg_jsonw_kv_u64(&j, "skipped", r->n_skipped);
  wg_jsonw_key_z(&j, "outputs");
  wg_jsonw_begin_array(&j);
  for (size_t i = 0; i < o->n; i++) {
    wg_jsonw_begin_object(&j);
    wg_jsonw_kv_z(&j, "step", o->v[i].identity);
    wg_jsonw_kv_z(&j, "name", o->v[i].name);
    wg_jsonw_kv_z(&j, "path", o->v[i].path);
    wg_jsonw_kv_hex(&j, "sha256", o->v[i].digest.b, sizeof(o->v[i].digest.b));
    wg_jsonw_kv_u64(&j, "bytes", o->v[i].size_bytes);
    wg_jsonw_end_object(&j);
  }
  wg_jsonw_end_array(&j);
  wg_jsonw_key_z(&j, "failures");
  wg_jsonw_begin_array(&j);
  for (size_t i = 0; i < r->n_failures; i++) {
    wg_jsonw_begin_object(&j);
    wg_jsonw_kv_z(&j, "step", r->failures[i].identity);
    wg_jsonw_kv_z(&j, "code", wg_code_name(r->failures[i].code));
    wg_jsonw_kv_z(&j, "text", r->failures[i].text);
    wg_jsonw_kv_z(&j, "details", r->failures[i].details);
    wg_jsonw_end_object(&j);
  }
  wg_jsonw_end_array(&j);
  wg_jsonw_end_object(&j);
  return wg_cli_end_json(c, &j, &out);
}

// Paths below the project folder are shown relative to where the user stands.
static const char *build_short_path(const char *path, const char *cwd) {
  size_t n = strlen(cwd);
  return strncmp(path, cwd, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}

static void build_print(const build_outputs *o) {
  WG_AUTO(wg_cstr) cwd = wg_os_getcwd();
  for (size_t i = 0; i < o->n; i++) {
    wg_out("%s\n", build_short_path(o->v[i].path, cwd));
  }
}

// -j and --memory into opt; an exit code.
static int build_limits(const wg_cli *c, wg_exec_options *opt) {
  const char *jobs = wg_cli_value(c, "jobs"), *memory = wg_cli_value(c, "memory");
  uint64_t n = 0;
  if (jobs != NULL) {
    if (!wg_parse_u64(wg_str_of(jobs), &n) || n == 0 || n > 4096) {
      return wg_cli_usage(c, "-j takes a number from 1 to 4096, not '%s'", jobs);
    }
    opt->cpus = (unsigned)n;
  }
  if (memory != NULL &&
      (!wg_parse_size(wg_str_of(memory), &opt->memory_bytes) || opt->memory_bytes == 0)) {
    return wg_cli_usage(c, "--memory takes a size such as 4GiB, not '%s'", memory);
  }
  return 0;
}

// What the report calls this run: the targets, but no options (--set may hold anything).
static char *build_command(const wg_cli *c) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_z(&b, "wingo build");
  for (size_t i = 0; i < c->n_args; i++) {
    wg_buf_printf(&b, " %s", c->args[i]);
  }
  return wg_xstrdup(wg_buf_z(&b));
}

// Log and report are there to help: that one can't be written fails no build.
static void build_write_report(const wg_cli *c, wg_listen_report *report, const wg_listen_log *log,
                               bool tell) {
  WG_AUTO(wg_cstr) path = NULL;
  wg_error err = WG_ERROR_INIT;
  if (wg_listen_log_error(log, &err) != WG_OK) {
    wg_note(c, "warning: %s", err.text);
  }
  if (wg_listen_report_write(report, &path, &err) != WG_OK) {
    wg_note(c, "warning: %s", err.text);
  } else if (path != NULL && (tell || c->verbose > 0)) {
    WG_AUTO(wg_cstr) cwd = wg_os_getcwd();
    wg_note(c, "report: %s", build_short_path(path, cwd));
  }
}

static wg_code build_run_graph(const wg_cli *c, wg_cli_graph *p, wg_exec_options *opt,
                               build_outputs *outputs, wg_exec_result *result, wg_error *err) {
  WG_AUTO_PTR(wg_bus) bus = wg_bus_new();
  WG_AUTO(wg_cstr) name = wg_run_name();
  WG_AUTO(wg_cstr) command = build_command(c);
  const wg_term_options term_opt = {.fd = 2,
                                    .color = c->color_err,
                                    .quiet = c->quiet,
                                    .verbose = c->verbose,
                                    .live = -1,
                                    .project_dir = opt->project_dir};
  const wg_report_options report_opt = {.project_dir = opt->project_dir,
                                        .run_name = name,
                                        .title = p->project->name,
                                        .version = WINGO_VERSION,
                                        .command = command};
  WG_AUTO_PTR(wg_listen_term) term = wg_listen_term_new(bus, &term_opt);
  WG_AUTO_PTR(wg_listen_log) log = wg_listen_log_new(bus, opt->project_dir, name);
  WG_AUTO_PTR(wg_listen_report) report = wg_listen_report_new(bus, &report_opt);
  (void)term; // it listens
  opt->bus = bus;
  wg_bus_listen(bus, build_collect, outputs);
  wg_code code = wg_exec_run(p->graph, p->store, opt, result, err);
  build_write_report(c, report, log, result->n_failures > 0);
  return code;
}

static int build_execute(wg_cli *c, wg_cli_graph *p, wg_exec_options *opt) {
  WG_AUTO(build_outputs) outputs = {0};
  WG_AUTO(wg_exec_result) result = {0};
  wg_error err = WG_ERROR_INIT;
  wg_code code = build_run_graph(c, p, opt, &outputs, &result, &err);
  if (c->json && result.n_steps > 0) {
    int rc = build_print_json(c, &outputs, &result);
    return code != WG_OK ? wg_exit_code(code) : rc;
  }
  if (code != WG_OK) { // the terminal has told the failures of steps
    return result.n_failures > 0 ? wg_exit_code(code) : wg_cli_fail(c, &err);
  }
  build_print(&outputs);
  return 0;
}

static int build_run(wg_cli *c) {
  WG_AUTO(wg_cli_graph) p = {0};
  wg_exec_options opt = {.keep_going = wg_cli_has(c, "keep-going"),
                         .recheck = wg_cli_has(c, "recheck"),
                         .targets = c->args,
                         .n_targets = c->n_args,
                         .cancel = c->cancel};
  int rc = build_limits(c, &opt);
  if (rc == 0) {
    rc = wg_cli_graph_load(c, &p);
  }
  if (rc != 0) {
    return rc;
  }
  opt.project_dir = p.project->dir;
  return build_execute(c, &p, &opt);
}

static const wg_cli_opt build_opts[] = {
    WG_CLI_PROJECT_OPTS,
    {.name = "jobs", .letter = 'j', .arg = "N", .help = "processors to use (default: all)"},
    {.name = "memory", .arg = "SIZE", .help = "memory to use, as 4GiB (default: three quarters)"},
    {.name = "keep-going", .letter = 'k', .help = "after a failure, build what does not need it"},
    {.name = "recheck", .help = "run cached steps again and compare what they give"},
    WG_CLI_STORE_OPT,
};

const wg_cli_cmd wg_cmd_build = {
    .name = "build",
    .args = "[TARGET...]",
    .summary = "build everything, or the targets named",
    .text =
        "Builds what is not in the store yet and puts the results below out/. Their paths are\n"
        "printed on standard output, everything else on standard error. Each run leaves a log in\n"
        ".wingo/log and a report in .wingo/report.\n\n"
        "Targets are names from the project file: app/agent, app/agent/windows-amd64,\n"
        "image/kiosk; or agent and kiosk where that is clear.\n\n"
        "Examples:\n"
        "  wingo build\n"
        "  wingo build image/kiosk -j 4\n"
        "  wingo build --env=production --set release=1.4.1\n",
    .opts = build_opts,
    .n_opts = WG_ARRAY_LEN(build_opts),
    .max_args = UINT_MAX,
    .complete = "target",
    .run = build_run,
};
