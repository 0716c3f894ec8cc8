// SPDX-License-Identifier: Apache-2.0
#include "goapp/compile.h"

#include <string.h>

#include "goapp/flags.h"
#include "goapp/precheck.h"
#include "goapp/text.h"

#define COMPILE_MAX_SYSO ((uint64_t)256 << 20) // icons of any sensible size

wg_code wg_go_ldflags(const wg_go_spec *spec, wg_arena *arena, const char **out, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  for (size_t i = 0; i < spec->n_ldflags; i++) {
    if (wg_go_flags_add(&b, spec->ldflags[i], err) != WG_OK) {
      return wg_wrap(err, "ldflags");
    }
  }
  for (size_t i = 0; i < spec->n_vars; i++) {
    if (wg_go_var_add(&b, spec->vars[i].name, spec->vars[i].value, err) != WG_OK) {
      return err->code;
    }
  }
  if (spec->gui && strcmp(spec->os, "windows") == 0) {
    wg_buf_add_z(&b, b.n > 0 ? " -H windowsgui" : "-H windowsgui");
  }
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  *out = wg_arena_strdup(arena, wg_buf_z(&b));
  return *out == NULL ? wg_arena_fail(arena, err) : WG_OK;
}

static wg_code compile_gcflags(const wg_go_spec *spec, wg_arena *arena, const char **out,
                               wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  for (size_t i = 0; i < spec->n_gcflags; i++) {
    if (wg_go_flags_add(&b, spec->gcflags[i], err) != WG_OK) {
      return wg_wrap(err, "gcflags");
    }
  }
  *out = wg_arena_strdup(arena, wg_buf_z(&b));
  return *out == NULL ? wg_arena_fail(arena, err) : WG_OK;
}

// -toolexec=...: a script that, for the linker alone, adds the object to a copy of the main
// package's archive, just as the go command packs a .syso of the source folder (which we never
// write to; -overlay cannot supply one). The object is wrapped as an ar member beforehand, so that
// the script needs but cat. Asked for its version, the linker also names the object's digest (%s):
// the go command takes that line into its action ID, so the build ID in the program depends on the
// resources. A development version's line must end in "buildID=...".
static const char compile_script[] =
    "case $1 in */link) ;; *) exec \"$@\" ;; esac\n"
    "if [ \"$2\" = -V=full ]; then\n"
    "  line=$(\"$@\") || exit\n"
    "  case $line in\n"
    "  *' buildID='*) echo \"${line%%%% buildID=*} rsrc=%s buildID=${line##* buildID=}\" ;;\n"
    "  *) echo \"$line rsrc=%s\" ;;\n"
    "  esac\n"
    "  exit 0\n"
    "fi\n"
    "here=${0%%/*}\n"
    "for last do :; done\n"
    "case $last in -*) exec \"$@\" ;; esac\n"
    "cat -- \"$last\" \"$here/member\" >\"$here/main.a\" || exit 1\n"
    "n=$# i=1\n"
    "for a do\n"
    "  shift\n"
    "  [ $i -ne $n ] || a=$here/main.a\n"
    "  set -- \"$@\" \"$a\"\n"
    "  i=$((i + 1))\n"
    "done\n"
    "exec \"$@\"\n";

static wg_code compile_member(const char *syso, wg_buf *member, wg_hex *out_digest, wg_error *err) {
  WG_AUTO(wg_buf) object = {0};
  wg_buf_init(&object, wg_heap(), 0);
  if (wg_os_read_file(WG_CWD, syso, COMPILE_MAX_SYSO, &object, err) != WG_OK) {
    return err->code;
  }
  wg_digest d = wg_sha256(object.p, object.n);
  *out_digest = wg_digest_hex(&d);
  wg_buf_printf(member, "%-16s%-12d%-6d%-6d%-8s%-10zu`\n", "zz_wingo.syso", 0, 0, 0, "644",
                object.n);
  wg_buf_add_str(member, wg_buf_str(&object));
  wg_buf_align(member, 2);
  return wg_buf_check(member, err);
}

static wg_code compile_toolexec(const wg_go_compile_job *job, wg_arena *arena, const char **out,
                                wg_error *err) {
  *out = NULL;
  if (job->syso == NULL) {
    return WG_OK;
  }
  if (strchr(job->tmp, '\'') != NULL) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "the store's folder %s holds a quote, which the go command cannot be told",
                   job->tmp);
  }
  WG_AUTO(wg_buf) member = {0}, script = {0};
  wg_buf_init(&member, wg_heap(), 0);
  wg_buf_init(&script, wg_heap(), 0);
  wg_hex digest;
  if (compile_member(job->syso, &member, &digest, err) != WG_OK) {
    return err->code;
  }
  wg_buf_printf(&script, compile_script, digest.s, digest.s);
  WG_AUTO(wg_cstr) member_path = wg_path_join(job->tmp, "member");
  WG_AUTO(wg_cstr) script_path = wg_path_join(job->tmp, "link.sh");
  if (wg_os_write_file(WG_CWD, member_path, member.p, member.n, 0600, false, err) != WG_OK ||
      wg_os_write_file(WG_CWD, script_path, script.p, script.n, 0600, false, err) != WG_OK) {
    return err->code;
  }
  *out = wg_arena_printf(arena, "-toolexec=/bin/sh '%s'", script_path);
  return *out == NULL ? wg_arena_fail(arena, err) : WG_OK;
}

typedef struct compile_args {
  const char *v[20];
  size_t n;
} compile_args;

static void compile_arg(compile_args *a, const char *s) {
  if (s != NULL && s[0] != '\0') {
    wg_assert(a->n + 1 < WG_ARRAY_LEN(a->v));
    a->v[a->n++] = s;
  }
}

static wg_code compile_make_args(const wg_go_compile_job *job, wg_arena *arena, compile_args *a,
                                 wg_error *err) {
  const char *ldflags = "", *gcflags = "", *tags = NULL, *toolexec = NULL;
  if (wg_go_ldflags(job->spec, arena, &ldflags, err) != WG_OK ||
      compile_gcflags(job->spec, arena, &gcflags, err) != WG_OK ||
      wg_go_tags_flag(job->spec, arena, &tags, err) != WG_OK ||
      compile_toolexec(job, arena, &toolexec, err) != WG_OK) {
    return err->code;
  }
  compile_arg(a, "build");
  compile_arg(a, "-trimpath");
  compile_arg(a, "-buildvcs=false");
  compile_arg(a, wg_arena_printf(arena, "-p=%u", job->cpus == 0 ? 1 : job->cpus));
  compile_arg(a, job->mod_flag);
  compile_arg(a, tags);
  compile_arg(a, ldflags[0] == '\0' ? NULL : wg_arena_printf(arena, "-ldflags=%s", ldflags));
  compile_arg(a, gcflags[0] == '\0' ? NULL : wg_arena_printf(arena, "-gcflags=%s", gcflags));
  compile_arg(a, toolexec);
  compile_arg(a, "-o");
  compile_arg(a, job->out);
  compile_arg(a, "--");
  compile_arg(a, job->spec->main);
  return WG_OK;
}

// A name that is not there may be one that `go generate` makes.
static bool compile_misses_generated(const wg_go_compile_job *job, wg_str first) {
  static const char sign[] = ": undefined: ";
  size_t n = wg_str_find(first, ':');
  if (first.n == 0 || memmem(first.p, first.n, sign, sizeof(sign) - 1) == NULL) {
    return false;
  }
  WG_AUTO(wg_cstr) file = wg_xstrndup(first.p, n);
  WG_AUTO(wg_cstr) path = wg_path_join(job->spec->project_dir, file);
  WG_AUTO(wg_cstr) folder = wg_path_dirname(path);
  return wg_go_has_generate(folder);
}

static wg_code compile_fail(const wg_go_compile_job *job, const wg_buf *complaint, wg_buf *details,
                            wg_error *err) {
  size_t from = details->n;
  wg_go_text_add(details, wg_buf_str(complaint), job->spec->dir, job->spec->project_dir);
  wg_str text = wg_buf_str(details);
  text = (wg_str){text.p + from, text.n - from};
  wg_str first = wg_go_text_first(text);
  size_t n = wg_go_text_count(text);
  WG_AUTO(wg_buf) more = {0};
  wg_buf_init(&more, wg_heap(), 0);
  if (n > 1) {
    wg_buf_printf(&more, " (and %zu more)", n - 1);
  }
  const char *cure = compile_misses_generated(job, first)
                         ? "; the package has //go:generate lines: run `go generate` there first"
                         : "";
  wg_error_set(err, WG_E_FAILED, 0, WG_NO_OFFSET, "go build: %.*s%s%s",
               (int)(first.n > 600 ? 600 : first.n), first.p, wg_buf_z(&more), cure);
  return err->code;
}

wg_code wg_go_compile(const wg_go_compile_job *job, wg_buf *details, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  WG_AUTO(wg_buf) complaint = {0};
  wg_buf_init(&complaint, wg_heap(), 0);
  compile_args args = {0};
  if (compile_make_args(job, &arena, &args, err) != WG_OK) {
    return err->code;
  }
  wg_go_call call = {.env = job->env,
                     .spec = job->spec,
                     .go = job->go,
                     .tmp = job->tmp,
                     .phase = WG_GO_OFFLINE,
                     .cancel = job->cancel,
                     .args = args.v};
  int exit_code = -1;
  if (wg_go_run(&call, &complaint, &exit_code, err) != WG_OK) {
    return err->code;
  }
  if (exit_code != 0) {
    return compile_fail(job, &complaint, details, err);
  }
  wg_stat st;
  if (wg_os_stat(WG_CWD, job->out, false, &st, err) != WG_OK) {
    return wg_wrap(err, "go build made no program");
  }
  return WG_OK;
}
