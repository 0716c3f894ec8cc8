// SPDX-License-Identifier: Apache-2.0
// `wingo doctor`: what is installed, and what each missing thing would give.
#include <jansson.h>
#include <libfyaml.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <wimlib.h>

#include "cli/core/internal.h"

#define DOCTOR_TIMEOUT_MS 20000 // chromium and wine start slowly on a busy machine
#define DOCTOR_COLUMNS "%-16s %-14s %s\n"

typedef struct doctor_tool {
  const char *name;           // as shown
  const char *programs[4];    // any of these, in order
  const char *version_arg[2]; // prints the version
  bool needed;                // wingo build does not work without it
  const char *gives;          // what it is for
  const char *get;            // Debian package
} doctor_tool;

static const doctor_tool doctor_tools[] = {
    {"go", {"go"}, {"version"}, true, "builds the apps", "golang-go"},
    {"git", {"git"}, {"--version"}, false, "go fetches modules that no proxy has", "git"},
    {"wimlib-imagex",
     {"wimlib-imagex"},
     {"--version"},
     false,
     "a second opinion on a WIM",
     "wimtools"},
    {"wine",
     {"wine64", "wine"},
     {"--version"},
     false,
     "tries a Windows program on this machine",
     "wine"},
    {"chromium",
     {"chromium", "chromium-browser", "google-chrome"},
     {"--version"},
     false,
     "shows a run's report; the tests look at it there",
     "chromium"},
    {"qemu",
     {"qemu-system-x86_64"},
     {"--version"},
     false,
     "tries an image in a virtual machine",
     "qemu-system-x86"},
};

typedef struct doctor_found {
  char *path;    // heap, NULL: not there
  char *version; // heap, NULL: did not say
} doctor_found;

static void doctor_sink(void *ctx, const char *p, size_t n_bytes) {
  wg_buf_add(ctx, p, n_bytes);
}

static void doctor_ignore(void *ctx, const char *p, size_t n_bytes) {
  (void)ctx;
  (void)p;
  (void)n_bytes;
}

// Of the environment, a tool that is asked gets what it needs to start; what else is in it (tokens,
// passwords) is none of its business. GOTOOLCHAIN: go says what is installed and fetches no other.
typedef struct doctor_env {
  const char *vars[16];
  char *heap[16];
  size_t n;
} doctor_env;

static void doctor_env_done(doctor_env *e) {
  for (size_t i = 0; i < e->n; i++) {
    wg_xfree(e->heap[i]);
  }
}
WG_DEFINE_AUTO(doctor_env, doctor_env_done);

static void doctor_env_init(doctor_env *e) {
  static const char *const kept[] = {"PATH",
                                     "HOME",
                                     "USER",
                                     "TMPDIR",
                                     "XDG_CACHE_HOME",
                                     "XDG_CONFIG_HOME",
                                     "XDG_RUNTIME_DIR",
                                     "GOROOT",
                                     "WINEPREFIX"};
  *e = (doctor_env){0};
  e->heap[e->n++] = wg_xstrdup("LC_ALL=C.UTF-8");
  e->heap[e->n++] = wg_xstrdup("GOTOOLCHAIN=local");
  for (size_t i = 0; i < WG_ARRAY_LEN(kept); i++) {
    const char *value = wg_os_getenv(kept[i]);
    if (value != NULL) {
      e->heap[e->n++] = wg_xprintf("%s=%s", kept[i], value);
    }
  }
  for (size_t i = 0; i < e->n; i++) {
    e->vars[i] = e->heap[i];
  }
}

// Output of a program that ended well; false otherwise.
static bool doctor_ask(const wg_cli *c, const char *const *argv, wg_buf *out) {
  WG_AUTO(doctor_env) env;
  wg_proc_result res = {0};
  wg_error err = WG_ERROR_INIT;
  doctor_env_init(&env);
  wg_proc spec = {.argv = argv,
                  .envp = env.vars,
                  .on_stdout = doctor_sink,
                  .on_stderr = doctor_ignore,
                  .ctx = out,
                  .cancel = c->cancel,
                  .timeout_ms = DOCTOR_TIMEOUT_MS};
  return wg_os_run(&spec, &res, &err) == WG_OK && res.exit_code == 0;
}

// The first word with a digit and a dot in it: "1.26.8" of "go version go1.26.8 linux/amd64".
static char *doctor_version_of(const char *text) {
  for (const char *p = text; *p != '\0' && *p != '\n'; p++) {
    bool digit = *p >= '0' && *p <= '9';
    if (!digit) {
      continue;
    }
    size_t n = strspn(p, "0123456789.");
    if (memchr(p, '.', n) != NULL) {
      return wg_xstrndup(p, p[n - 1] == '.' ? n - 1 : n);
    }
    p += n - 1;
  }
  return NULL;
}

static doctor_found doctor_look(const wg_cli *c, const doctor_tool *t) {
  doctor_found f = {0};
  for (size_t i = 0; i < WG_ARRAY_LEN(t->programs) && t->programs[i] != NULL && f.path == NULL;
       i++) {
    f.path = wg_os_which(t->programs[i], NULL);
  }
  if (f.path == NULL) {
    return f;
  }
  WG_AUTO(wg_buf) text;
  wg_buf_init(&text, wg_heap(), 0);
  const char *const argv[] = {f.path, t->version_arg[0], NULL};
  if (doctor_ask(c, argv, &text)) {
    f.version = doctor_version_of(wg_buf_z(&text));
  }
  return f;
}

static bool doctor_user_namespaces(const wg_cli *c) {
  WG_AUTO(wg_buf) text;
  wg_buf_init(&text, wg_heap(), 0);
  const char *const argv[] = {"unshare", "--user", "--map-root-user", "--net", "true", NULL};
  return doctor_ask(c, argv, &text);
}

static char *doctor_wimlib_version(void) {
  uint32_t v = wimlib_get_version();
  return wg_xprintf("%u.%u.%u", v >> 20, (v >> 10) & 0x3FF, v & 0x3FF);
}

// The folder of the store, and the bytes free where it is or will be.
static char *doctor_store(uint64_t *out_free_bytes) {
  const char *cache = wg_os_getenv("XDG_CACHE_HOME");
  const char *home = wg_os_getenv("HOME");
  WG_AUTO(wg_cstr)
  base = cache != NULL && cache[0] == '/' ? wg_xstrdup(cache)
                                          : wg_path_join(home != NULL ? home : "/", ".cache");
  WG_AUTO(wg_cstr) at = wg_xstrdup(base);
  wg_error err = WG_ERROR_INIT;
  *out_free_bytes = 0;
  while (wg_os_free_bytes(at, out_free_bytes, &err) != WG_OK && strcmp(at, "/") != 0) {
    char *up = wg_path_dirname(at);
    wg_xfree(at);
    at = up;
  }
  return wg_path_join(base, "wingo");
}

typedef struct doctor_report {
  doctor_found found[WG_ARRAY_LEN(doctor_tools)];
  bool namespaces;
  char *wimlib, *store;
  uint64_t free_bytes;
  bool good;
} doctor_report;

static void doctor_print(const doctor_report *r) {
  for (size_t i = 0; i < WG_ARRAY_LEN(doctor_tools); i++) {
    const doctor_tool *t = &doctor_tools[i];
    const doctor_found *f = &r->found[i];
    WG_AUTO(wg_cstr)
    text = f->path != NULL ? wg_xprintf("%s (%s)", t->gives, f->path)
                           : wg_xprintf("would be for: %s; apt install %s", t->gives, t->get);
    const char *version = f->version != NULL ? f->version : "installed";
    wg_out(DOCTOR_COLUMNS, t->name,
           f->path != NULL ? version
           : t->needed     ? "MISSING"
                           : "missing",
           text);
  }
  wg_out(DOCTOR_COLUMNS, "user namespaces", r->namespaces ? "yes" : "no",
         r->namespaces ? "compile steps run without network"
                       : "would be for: compile steps that can't reach the network");
  wg_out(DOCTOR_COLUMNS, "libwim", r->wimlib, "writes WIM files");
  wg_out(DOCTOR_COLUMNS, "libfyaml", fy_library_version(), "reads wingo.yaml");
  wg_out(DOCTOR_COLUMNS, "jansson", jansson_version_str(), "reads and writes JSON");
  wg_out(DOCTOR_COLUMNS, "openssl", OpenSSL_version(OPENSSL_VERSION_STRING), "digests");
  wg_out("%-16s %llu GiB free   %s\n", "store", (unsigned long long)(r->free_bytes >> 30),
         r->store);
  wg_out("%-16s %u cpus, %llu GiB memory\n", "machine", wg_os_cpu_count(),
         (unsigned long long)(wg_os_memory_bytes() >> 30));
  if (!r->good) {
    wg_out("\nwingo build needs what is MISSING.\n");
  }
}

static void doctor_print_json(const doctor_report *r) {
  json_t *tools = json_array();
  for (size_t i = 0; i < WG_ARRAY_LEN(doctor_tools); i++) {
    const doctor_tool *t = &doctor_tools[i];
    const doctor_found *f = &r->found[i];
    (void)json_array_append_new(
        tools, json_pack("{s:s, s:b, s:s?, s:s?, s:b, s:s, s:s}", "name", t->name, "installed",
                         f->path != NULL, "path", f->path, "version", f->version, "needed",
                         (int)t->needed, "for", t->gives, "debian_package", t->get));
  }
  json_t *all = json_pack("{s:s, s:b, s:o, s:b, s:{s:s, s:s, s:s, s:s}, s:{s:s, s:I}, s:i, s:I}",
                          "wingo", WINGO_VERSION, "good", (int)r->good, "tools", tools,
                          "user_namespaces", (int)r->namespaces, "libraries", "libwim", r->wimlib,
                          "libfyaml", fy_library_version(), "jansson", jansson_version_str(),
                          "openssl", OpenSSL_version(OPENSSL_VERSION_STRING), "store", "path",
                          r->store, "free_bytes", (json_int_t)r->free_bytes, "cpus",
                          (int)wg_os_cpu_count(), "memory_bytes", (json_int_t)wg_os_memory_bytes());
  if (!r->good) {
    (void)json_object_set_new(all, "error",
                              json_pack("{s:s, s:i, s:s}", "code", wg_code_name(WG_E_FAILED),
                                        "exit", 1, "text",
                                        "a tool is missing that every build needs"));
  }
  char *text = json_dumps(all, JSON_INDENT(2));
  wg_out("%s\n", text != NULL ? text : "null");
  free(text);
  json_decref(all);
}

static int doctor_run(wg_cli *c) {
  doctor_report r = {.good = true};
  for (size_t i = 0; i < WG_ARRAY_LEN(doctor_tools); i++) {
    r.found[i] = doctor_look(c, &doctor_tools[i]);
    r.good = r.good && (r.found[i].path != NULL || !doctor_tools[i].needed);
  }
  r.namespaces = doctor_user_namespaces(c);
  r.wimlib = doctor_wimlib_version();
  r.store = doctor_store(&r.free_bytes);
  wg_error err = WG_ERROR_INIT;
  bool stopped = wg_cancel_check(c->cancel, &err) != WG_OK;
  if (!stopped) {
    if (c->json) {
      doctor_print_json(&r);
    } else {
      doctor_print(&r);
    }
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(doctor_tools); i++) {
    wg_xfree(r.found[i].path);
    wg_xfree(r.found[i].version);
  }
  wg_xfree(r.wimlib);
  wg_xfree(r.store);
  return stopped ? wg_cli_fail(c, &err) : r.good ? 0 : 1;
}

const wg_cli_cmd wg_cmd_doctor = {
    .name = "doctor",
    .args = "",
    .summary = "say what is installed and what a missing tool would give",
    .text = "Ends with 1 when something is missing that 'wingo build' needs.\n\n"
            "Examples:\n"
            "  wingo doctor\n"
            "  wingo doctor --json | jq '.tools[] | select(.installed | not) | .debian_package'\n",
    .run = doctor_run,
};
