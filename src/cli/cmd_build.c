// `wingo build`: runs what is not cached.
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/graph.h"
#include "fmt/json/jsonw.h"

// Outputs of the run, in the order they came.
typedef struct build_output {
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
    wg_vec_push(&o->v, &o->n, &o->cap) = (build_output){.identity = wg_xstrdup(ev->identity),
                                                        .name = wg_xstrdup(ev->name),
                                                        .path = wg_xstrdup(ev->path),
                                                        .digest = *ev->digest,
                                                        .size_bytes = ev->size_bytes};
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
  wg_error err = WG_ERROR_INIT;
  if (wg_jsonw_finish(&j, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_out_bytes(out.p, out.n);
  return 0;
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

static int build_execute(wg_cli *c, wg_cli_graph *p, wg_exec_options *opt) {
  WG_AUTO_PTR(wg_bus) bus = wg_bus_new();
  WG_AUTO(build_outputs) outputs = {0};
  WG_AUTO(wg_exec_result) result = {0};
  wg_error err = WG_ERROR_INIT;
  opt->bus = bus;
  wg_bus_listen(bus, build_collect, &outputs);
  wg_code code = wg_exec_run(p->graph, p->store, opt, &result, &err);
  if (c->json) {
    int rc = build_print_json(c, &outputs, &result);
    return code != WG_OK ? wg_exit_code(code) : rc;
  }
  if (code != WG_OK) {
    for (size_t i = 0; i < result.n_failures; i++) {
      (void)fprintf(stderr, "%s: %s\n%s\n", result.failures[i].identity, result.failures[i].text,
                    result.failures[i].details != NULL ? result.failures[i].details : "");
    }
    return result.n_failures > 0 ? wg_exit_code(code) : wg_cli_fail(c, &err);
  }
  wg_note(c, "%u ran, %u cached", result.n_ran, result.n_cached);
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
