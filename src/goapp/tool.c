// SPDX-License-Identifier: Apache-2.0
#include "goapp/tool.h"

#include <string.h>

#include "fmt/json/json.h"
#include "goapp/text.h"
#include "goapp/version.h"

#define TOOL_MAX_STDERR ((size_t)4 << 20)
#define TOOL_MAX_ENV ((size_t)4 << 20)

wg_code wg_go_find(const wg_go_env *env, const wg_go_observer *obs, wg_arena *arena,
                   const char **out, wg_error *err) {
  const char *path = wg_go_env_get(env, NULL, "PATH");
  wg_str left = wg_str_of(path);
  while (left.n > 0) {
    size_t n = wg_str_find(left, ':');
    wg_str one = {left.p, n};
    size_t step = n < left.n ? n + 1 : n;
    left = (wg_str){left.p + step, left.n - step};
    if (one.n == 0 || one.p[0] != '/') {
      continue; // as Go itself: nothing is run from the working directory
    }
    const char *candidate = wg_arena_printf(arena, "%.*s/go", WG_STR_ARG(one));
    if (candidate == NULL) {
      return wg_arena_fail(arena, err);
    }
    wg_stat st;
    wg_error ignored = WG_ERROR_INIT;
    wg_code c = wg_os_stat(WG_CWD, candidate, true, &st, &ignored);
    if (c == WG_OK && st.type == WG_FT_FILE && (st.mode & 0111) != 0) {
      *out = candidate;
      return WG_OK;
    }
    if (c != WG_OK && obs != NULL && obs->absent(obs->ctx, candidate, err) != WG_OK) {
      return err->code;
    }
  }
  return wg_fail(err, WG_E_NOT_FOUND,
                 "there is no `go` in PATH: install Go (Debian: apt-get install golang-go) or put "
                 "its bin folder in PATH");
}

typedef struct tool_sinks {
  const wg_go_call *call;
  wg_buf *err;
} tool_sinks;

static void tool_on_stdout(void *ctx, const char *p, size_t n) {
  const tool_sinks *s = ctx;
  if (s->call->on_stdout != NULL) {
    s->call->on_stdout(s->call->ctx, p, n);
  }
}

static void tool_on_stderr(void *ctx, const char *p, size_t n) {
  const tool_sinks *s = ctx;
  size_t room = s->err->n < TOOL_MAX_STDERR ? TOOL_MAX_STDERR - s->err->n : 0;
  wg_buf_add(s->err, p, n < room ? n : room);
}

wg_code wg_go_run(const wg_go_call *call, wg_buf *out_stderr, int *out_exit, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  size_t n = 0;
  while (call->args[n] != NULL) {
    n++;
  }
  const char **argv = wg_arena_new_array(&arena, const char *, n + 2);
  if (argv == NULL) {
    return wg_arena_fail(&arena, err);
  }
  argv[0] = call->go;
  memcpy(argv + 1, call->args, n * sizeof(*argv));
  tool_sinks sinks = {call, out_stderr};
  wg_proc p = {
      .argv = argv,
      .envp = wg_go_env_compose(call->env, call->spec, call->phase, call->tmp, &arena),
      .cwd = call->spec == NULL ? call->tmp : call->spec->dir,
      .on_stdout = tool_on_stdout,
      .on_stderr = tool_on_stderr,
      .ctx = &sinks,
      .cancel = call->cancel,
      .no_network = call->phase == WG_GO_OFFLINE,
  };
  wg_proc_result r;
  if (wg_os_run(&p, &r, err) != WG_OK) {
    return wg_wrap(err, "go %s", call->args[0]);
  }
  if (r.term_signal != 0) {
    return wg_fail(err, WG_E_FAILED, "go %s was killed by signal %d%s", call->args[0],
                   r.term_signal, r.term_signal == 9 ? " (out of memory?)" : "");
  }
  *out_exit = r.exit_code;
  return WG_OK;
}

static void tool_collect(void *ctx, const char *p, size_t n) {
  wg_buf_add(ctx, p, n);
}

static wg_code tool_parse(const wg_buf *text, wg_arena *arena, wg_go_tool *t, wg_error *err) {
  WG_AUTO_PTR(json_t) root = NULL;
  if (wg_json_parse(wg_buf_str(text), NULL, &root, err) != WG_OK) {
    return wg_wrap(err, "%s env -json", t->path);
  }
  if (!json_is_object(root)) {
    return wg_fail(err, WG_E_FORMAT, "%s env -json printed no JSON object", t->path);
  }
  wg_go_pair *v = wg_arena_new_array(arena, wg_go_pair, json_object_size(root));
  if (v == NULL) {
    return wg_arena_fail(arena, err);
  }
  t->vars = v;
  const char *key;
  json_t *value;
  json_object_foreach(root, key, value) {
    if (!json_is_string(value)) {
      continue;
    }
    wg_go_pair p = {wg_arena_strdup(arena, key), wg_arena_strdup(arena, json_string_value(value))};
    if (p.name == NULL || p.value == NULL) {
      return wg_arena_fail(arena, err);
    }
    v[t->n_vars++] = p;
  }
  return WG_OK;
}

const char *wg_go_tool_var(const wg_go_tool *t, const char *name) {
  for (size_t i = 0; i < t->n_vars; i++) {
    if (strcmp(t->vars[i].name, name) == 0) {
      return t->vars[i].value;
    }
  }
  return "";
}

wg_code wg_go_tool_load(const wg_go_env *env, const wg_go_spec *spec, const char *go,
                        const char *tmp, const wg_cancel *cancel, wg_arena *arena, wg_go_tool *out,
                        wg_error *err) {
  WG_AUTO(wg_buf) text = {0}, complaint = {0};
  wg_buf_init(&text, wg_heap(), TOOL_MAX_ENV);
  wg_buf_init(&complaint, wg_heap(), 0);
  const char *const args[] = {"env", "-json", NULL};
  wg_go_call call = {.env = env,
                     .spec = spec,
                     .go = go,
                     .tmp = tmp,
                     .cancel = cancel,
                     .args = args,
                     .on_stdout = tool_collect,
                     .ctx = &text};
  int exit_code = -1;
  if (wg_go_run(&call, &complaint, &exit_code, err) != WG_OK) {
    return err->code;
  }
  if (exit_code != 0) {
    wg_str first = wg_go_text_first(wg_buf_str(&complaint));
    return wg_fail(err, WG_E_FAILED, "%s env: %.*s", go, WG_STR_ARG(first));
  }
  if (wg_buf_check(&text, err) != WG_OK) {
    return wg_wrap(err, "%s env", go);
  }
  wg_go_tool t = {.path = go};
  if (tool_parse(&text, arena, &t, err) != WG_OK) {
    return err->code;
  }
  t.version = wg_go_tool_var(&t, "GOVERSION");
  t.goroot = wg_go_tool_var(&t, "GOROOT");
  t.tooldir = wg_go_tool_var(&t, "GOTOOLDIR");
  t.gomod = wg_go_tool_var(&t, "GOMOD");
  t.gowork = wg_go_tool_var(&t, "GOWORK");
  t.modcache = wg_go_tool_var(&t, "GOMODCACHE");
  t.envfile = wg_go_tool_var(&t, "GOENV");
  t.goflags = wg_go_tool_var(&t, "GOFLAGS");
  wg_go_version have;
  const wg_go_version least = {.major = 1, .minor = 19};
  if (!wg_go_version_installed(wg_str_of(t.version), &have) ||
      wg_go_version_cmp(&have, &least) < 0) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "%s is %s; wingo needs Go 1.19 or newer: install one and put it first in PATH",
                   go, t.version[0] == '\0' ? "of an unknown version" : t.version);
  }
  *out = t;
  return WG_OK;
}
