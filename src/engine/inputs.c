// SPDX-License-Identifier: Apache-2.0
// A step's inputs: those the graph names, then what discover() adds; with them, the key.
#include <string.h>

#include "engine/int.h"
#include "fmt/meta/xattr.h"

#define TREE_MAX_DEPTH 128U
#define DISCOVERY_MORE_TRIES 2U

static step_input *inputs_add(step_run *r, input_kind kind, const char *label, const char *path,
                              const wg_digest *d) {
  wg_vec_push(&r->inputs, &r->n_inputs, &r->cap_inputs) =
      (step_input){.kind = kind, .label = label, .path = path, .digest = *d};
  return &r->inputs[r->n_inputs - 1];
}

static wg_code inputs_file(step_run *r, const char *label, const char *path, input_kind kind,
                           check_mode mode, wg_digest *out, wg_error *err) {
  memo_value v;
  if (wg_build_memo_get(r->env->memo, MEMO_FILE, path, "", mode == CHECK_FRESH, r->env->cancel, &v,
                        err) != WG_OK) {
    return wg_wrap(err, "input '%s'", label);
  }
  if (v.absent) {
    return wg_fail(err, WG_E_NOT_FOUND, "input '%s': there is no file '%s'", label, path);
  }
  *out = v.digest;
  inputs_add(r, kind, label, path, &v.digest);
  return WG_OK;
}

typedef struct tree_walk {
  step_run *r;
  const char *label;
  const wg_select *select;
  check_mode mode;
  bool attributes;
  wg_buf manifest; // type, relative path, digest
} tree_walk;

static void tree_add(tree_walk *w, char type, const char *rel, const char *label, const char *path,
                     const wg_digest *d, bool is_named) {
  wg_buf_add_byte(&w->manifest, (uint8_t)type);
  wg_buf_add_le64(&w->manifest, strlen(rel));
  wg_buf_add_z(&w->manifest, rel);
  wg_buf_add(&w->manifest, d->b, sizeof(d->b));
  if (!is_named) {
    inputs_add(w->r, INPUT_ENTRY, label, path, d);
  }
}

static wg_code tree_add_attribute(void *ctx, const char *name, wg_str value, wg_error *err) {
  wg_buf *all = ctx;
  (void)err;
  wg_buf_add(all, name, strlen(name) + 1);
  wg_buf_add_le64(all, value.n);
  wg_buf_add_str(all, value);
  return WG_OK;
}

// Extended attributes of a file or folder, where they count and it has some.
static wg_code tree_attributes(tree_walk *w, const char *rel, const char *label, const char *path,
                               wg_error *err) {
  WG_AUTO(wg_buf) all = {0};
  wg_buf_init(&all, wg_heap(), 0);
  if (!w->attributes) {
    return WG_OK;
  }
  if (wg_os_xattrs(path, WG_META_XATTR_NTFS, wg_meta_xattr_unlisted, tree_add_attribute, &all,
                   err) != WG_OK ||
      wg_buf_check(&all, err) != WG_OK) {
    return wg_wrap(err, "input '%s'", label);
  }
  if (all.n > 0) {
    wg_digest d = wg_sha256(all.p, all.n);
    const char *of = wg_build_printf(&w->r->arena, "%s (attributes)", label);
    tree_add(w, 'x', rel, of, path, &d, false);
  }
  return WG_OK;
}

static wg_code tree_dir(tree_walk *w, const char *rel, const char *path, unsigned depth,
                        wg_error *err);

static wg_code tree_entry(tree_walk *w, const wg_dirent *e, const char *dir_rel, const char *dir,
                          unsigned depth, wg_error *err) {
  wg_arena *a = &w->r->arena;
  const char *rel = dir_rel[0] == '\0' ? wg_build_strdup(a, e->name)
                                       : wg_build_printf(a, "%s/%s", dir_rel, e->name);
  const char *path = wg_build_printf(a, "%s/%s", dir, e->name);
  const char *label = wg_build_printf(a, "%s/%s", w->label, rel);
  wg_digest d;
  bool meant =
      e->type == WG_FT_DIR ? wg_select_folder(w->select, rel) : wg_select_file(w->select, rel);
  if (!meant) {
    return WG_OK;
  }
  switch (e->type) {
  case WG_FT_FILE:
    if (inputs_file(w->r, label, path, INPUT_ENTRY, w->mode, &d, err) != WG_OK) {
      return err->code;
    }
    tree_add(w, 'f', rel, label, path, &d, true);
    return tree_attributes(w, rel, label, path, err);
  case WG_FT_SYMLINK: {
    WG_AUTO(wg_cstr) text = NULL;
    if (wg_os_readlink(WG_CWD, path, &text, err) != WG_OK) {
      return wg_wrap(err, "input '%s'", label);
    }
    d = wg_sha256(text, strlen(text));
    tree_add(w, 'l', rel, label, path, &d, false);
    return WG_OK;
  }
  case WG_FT_DIR:
    return tree_dir(w, rel, path, depth + 1, err);
  case WG_FT_OTHER:
    break;
  }
  return wg_fail(err, WG_E_UNSUPPORTED,
                 "input '%s': '%s' is neither a file, a folder nor a symbolic link", w->label,
                 path);
}

static wg_code tree_dir(tree_walk *w, const char *rel, const char *path, unsigned depth,
                        wg_error *err) {
  static const wg_digest no_content = {{0}};
  if (depth > TREE_MAX_DEPTH) {
    return wg_fail(err, WG_E_LIMIT, "input '%s': folders are more than %u deep at '%s'", w->label,
                   TREE_MAX_DEPTH, path);
  }
  wg_dirent *list = NULL;
  size_t n = 0;
  if (wg_cancel_check(w->r->env->cancel, err) != WG_OK) {
    return err->code;
  }
  if (wg_os_list_dir(WG_CWD, path, &w->r->arena, &list, &n, err) != WG_OK) {
    return wg_wrap(err, "input '%s'", w->label);
  }
  const char *label =
      wg_build_printf(&w->r->arena, "%s/%s%s", w->label, rel, rel[0] == 0 ? "" : "/");
  if (w->select == NULL || w->select->only == NULL) { // else it is there for its files alone
    tree_add(w, 'd', rel, label, path, &no_content, false);
  }
  if (tree_attributes(w, rel, label, path, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    if (tree_entry(w, &list[i], rel, path, depth, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code inputs_tree(step_run *r, const graph_input *in, check_mode mode, wg_error *err) {
  tree_walk w = {
      .r = r, .label = in->label, .select = in->select, .mode = mode, .attributes = in->attributes};
  wg_buf_init(&w.manifest, wg_heap(), 0);
  wg_code code = tree_dir(&w, "", in->path, 0, err);
  if (code == WG_OK) {
    code = wg_buf_check(&w.manifest, err);
  }
  if (code == WG_OK) {
    wg_digest d = wg_sha256(w.manifest.p, w.manifest.n);
    inputs_add(r, INPUT_TREE, in->label, in->path, &d);
  }
  wg_buf_done(&w.manifest);
  return code;
}

static wg_code inputs_step(step_run *r, const graph_input *in, wg_error *err) {
  const step_run *dep = &r->env->runs[in->dep->index];
  wg_assert(dep->has_result);
  for (size_t i = 0; i < dep->result.n_outputs; i++) {
    if (strcmp(dep->result.outputs[i].name, in->output) == 0) {
      inputs_add(r, INPUT_STEP, in->label, dep->out_paths[i], &dep->result.outputs[i].digest);
      return WG_OK;
    }
  }
  return wg_fail(err, WG_E_BUG, "input '%s': step '%s' makes no output '%s'", in->label,
                 in->dep->identity, in->output);
}

// A digest that says nothing to whoever has not the store's key.
static wg_code inputs_secret(step_run *r, const graph_input *in, wg_error *err) {
  wg_str bytes = {NULL, 0};
  wg_digest d;
  if (wg_build_secret(r->env, in, &bytes, err) != WG_OK ||
      wg_store_secret_digest(r->env->store, bytes, &d, err) != WG_OK) {
    return wg_wrap(err, "secret '%s'", in->label);
  }
  inputs_add(r, INPUT_SECRET, in->label, NULL, &d);
  return WG_OK;
}

static wg_code inputs_static(step_run *r, check_mode mode, wg_error *err) {
  r->n_inputs = 0;
  for (size_t i = 0; i < r->s->n_inputs; i++) {
    const graph_input *in = &r->s->inputs[i];
    wg_code code = WG_OK;
    wg_digest ignored;
    switch (in->kind) {
    case INPUT_FILE:
      code = inputs_file(r, in->label, in->path, INPUT_FILE, mode, &ignored, err);
      break;
    case INPUT_TREE:
      code = inputs_tree(r, in, mode, err);
      break;
    case INPUT_STEP:
      code = inputs_step(r, in, err);
      break;
    case INPUT_SECRET:
      code = inputs_secret(r, in, err);
      break;
    case INPUT_OUTPUTS:
    case INPUT_ENTRY:
    case INPUT_LATE:
      code = wg_fail(err, WG_E_BUG, "input '%s': no such kind", in->label);
      break;
    }
    if (code != WG_OK) {
      return code;
    }
  }
  wg_build_sort_inputs(r);
  return WG_OK;
}

// --- discovery

// True when everything that was seen is still so; *out_path tells the first that is not.
static bool discovery_holds(step_run *r, const rec_discovery *d, check_mode mode,
                            const char **out_path) {
  for (size_t i = 0; i < d->n_obs; i++) {
    const rec_obs *o = &d->obs[i];
    memo_value now;
    wg_error err = WG_ERROR_INIT; // what can't be looked at is not what it was
    if (wg_build_memo_get(r->env->memo, o->kind, o->path, o->extra, mode == CHECK_FRESH,
                          r->env->cancel, &now, &err) != WG_OK ||
        now.absent != o->seen.absent || !wg_digest_eq(&now.digest, &o->seen.digest)) {
      *out_path = o->path;
      return false;
    }
  }
  return true;
}

// The recorded discovery, when there is one that holds.
static bool discovery_recall(step_run *r, const wg_digest *key) {
  wg_error err = WG_ERROR_INIT;
  const char *ignored;
  wg_buf_clear(&r->discovery_bytes);
  if (wg_store_get_record(r->env->store, key, &r->discovery_bytes, &err) != WG_OK ||
      wg_build_parse_discovery(r->discovery_bytes.p, r->discovery_bytes.n, &r->arena, &r->discovery,
                               &err) != WG_OK) {
    return false;
  }
  return discovery_holds(r, &r->discovery, CHECK_USE, &ignored);
}

// Calls discover() and leaves its findings, serialised, in out.
static wg_code discovery_make(step_run *r, bool silent, wg_buf *out, wg_str *details,
                              wg_error *err) {
  WG_AUTO(wg_step_ctx) c = {0};
  wg_event ev = {.type = WG_EV_STEP_CHECKING};
  wg_build_emit(r, ev);
  if (wg_ctx_init(&c, r, CTX_DISCOVER, err) != WG_OK) {
    return err->code;
  }
  c.silent = silent;
  if (r->s->kind->discover(&c, err) != WG_OK) {
    *details = wg_str_of(wg_build_strndup(&r->arena, (const char *)c.details.p, c.details.n));
    return err->code;
  }
  if (wg_ctx_settle(&c, err) != WG_OK) {
    return err->code;
  }
  rec_discovery d = {.note = wg_buf_str(&c.note),
                     .obs = c.obs,
                     .n_obs = c.n_obs,
                     .late = c.late,
                     .n_late = c.n_late,
                     .warnings = c.warnings,
                     .n_warnings = c.n_warnings};
  wg_build_put_discovery(out, &d);
  return wg_buf_check(out, err);
}

// True when a file of the project was written since since_ns: what discover() concluded may come
// from what was there before, while the digest is that of what is there now.
static bool discovery_was_overtaken(step_run *r, int64_t since_ns) {
  for (size_t i = 0; i < r->discovery.n_obs; i++) {
    const rec_obs *o = &r->discovery.obs[i];
    wg_stat st;
    wg_error ignored = WG_ERROR_INIT;
    if (o->kind == MEMO_FILE && !o->seen.absent && r->env->project_dir != NULL &&
        wg_path_is_below(o->path, r->env->project_dir) &&
        wg_os_stat(WG_CWD, o->path, true, &st, &ignored) == WG_OK &&
        (st.mtime_ns >= since_ns || st.ctime_ns >= since_ns)) {
      return true;
    }
  }
  return false;
}

static wg_code discovery_fresh(step_run *r, const wg_digest *key, wg_str *details, wg_error *err) {
  bool again = true;
  for (unsigned tries = 0; again; tries++) {
    // Times of files lag behind by a clock tick: no program has read anything by then.
    int64_t since_ns = wg_os_wall_ns();
    wg_buf_clear(&r->discovery_bytes);
    if (discovery_make(r, false, &r->discovery_bytes, details, err) != WG_OK ||
        wg_build_parse_discovery(r->discovery_bytes.p, r->discovery_bytes.n, &r->arena,
                                 &r->discovery, err) != WG_OK) {
      return err->code;
    }
    again = tries < DISCOVERY_MORE_TRIES && discovery_was_overtaken(r, since_ns);
    const char *ignored = NULL;
    if (again) {
      (void)!discovery_holds(r, &r->discovery, CHECK_FRESH,
                             &ignored); // look again, not from memory
    }
  }
  r->discovery_fresh = true;
  return wg_store_put_record(r->env->store, key, r->discovery_bytes.p, r->discovery_bytes.n, err);
}

// With --recheck: a discovery that holds must come out the same when it is made again.
static wg_code discovery_recheck(step_run *r, wg_str *details, wg_error *err) {
  WG_AUTO(wg_buf) again = {0};
  wg_buf_init(&again, wg_heap(), 0);
  rec_discovery d;
  if (discovery_make(r, true, &again, details, err) != WG_OK ||
      wg_build_parse_discovery(again.p, again.n, &r->arena, &d, err) != WG_OK) {
    return err->code;
  }
  const rec_discovery *old = &r->discovery;
  for (size_t i = 0; i < d.n_late || i < old->n_late; i++) {
    const char *label = i < d.n_late ? d.late[i].label : old->late[i].label;
    if (i >= d.n_late || i >= old->n_late || strcmp(label, old->late[i].label) != 0 ||
        !wg_digest_eq(&d.late[i].digest, &old->late[i].digest)) {
      return wg_fail(err, WG_E_VERIFY,
                     "its inputs found again are not those on record, from '%s' on, though nothing "
                     "it looked at has changed",
                     label);
    }
  }
  if (!wg_str_eq(d.note, old->note)) {
    return wg_fail(err, WG_E_VERIFY, "discovery found again is not the one on record");
  }
  return WG_OK;
}

static wg_code inputs_discover(step_run *r, check_mode mode, wg_str *details, wg_error *err) {
  wg_digest key = wg_build_discovery_key(r);
  r->discovery_fresh = false;
  bool known = mode == CHECK_USE && discovery_recall(r, &key);
  if (!known) {
    WG_AUTO(wg_fd) lock = -1;
    if (wg_build_lock_key(r, &key, &lock, err) != WG_OK) {
      return err->code;
    }
    known = mode == CHECK_USE && discovery_recall(r, &key); // another process was at it
    if (!known && discovery_fresh(r, &key, details, err) != WG_OK) {
      return err->code;
    }
  }
  if (known && r->env->recheck && discovery_recheck(r, details, err) != WG_OK) {
    return err->code;
  }
  r->has_discovery = true;
  for (size_t i = 0; i < r->discovery.n_late; i++) {
    inputs_add(r, INPUT_LATE, r->discovery.late[i].label, NULL, &r->discovery.late[i].digest);
  }
  wg_build_sort_inputs(r);
  for (size_t i = 1; i < r->n_inputs; i++) {
    if (strcmp(r->inputs[i - 1].label, r->inputs[i].label) == 0) {
      return wg_fail(err, WG_E_BUG, "discovery adds an input '%s' that is there already",
                     r->inputs[i].label);
    }
  }
  return WG_OK;
}

wg_code wg_build_resolve(step_run *r, check_mode mode, wg_str *details, wg_error *err) {
  r->has_key = false;
  if (inputs_static(r, mode, err) != WG_OK ||
      (r->s->kind->discover != NULL && inputs_discover(r, mode, details, err) != WG_OK)) {
    return err->code;
  }
  r->key = wg_build_step_key(r);
  r->has_key = true;
  return WG_OK;
}

// The first static input that differs between two looks, NULL when none does. Both are sorted.
static const char *inputs_difference(const step_run *then, const step_run *now) {
  size_t i = 0, j = 0;
  while (i < then->n_inputs || j < now->n_inputs) {
    if (i < then->n_inputs && then->inputs[i].kind == INPUT_LATE) {
      i++;
      continue;
    }
    if (i >= then->n_inputs) {
      return now->inputs[j].label;
    }
    if (j >= now->n_inputs || strcmp(then->inputs[i].label, now->inputs[j].label) != 0 ||
        !wg_digest_eq(&then->inputs[i].digest, &now->inputs[j].digest)) {
      return then->inputs[i].label;
    }
    i++;
    j++;
  }
  return NULL;
}

bool wg_build_inputs_still(step_run *r, const char **out_what) {
  step_run probe = {.env = r->env, .s = r->s};
  wg_arena_init(&probe.arena, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT; // what can't be looked at is not what it was
  const char *what = "an input";
  if (inputs_static(&probe, CHECK_FRESH, &err) == WG_OK) {
    what = inputs_difference(r, &probe);
  }
  if (what != NULL) {
    *out_what = wg_build_strdup(&r->arena, what);
  }
  wg_xfree(probe.inputs);
  wg_arena_done(&probe.arena);
  return what == NULL &&
         (!r->has_discovery || discovery_holds(r, &r->discovery, CHECK_FRESH, out_what));
}
