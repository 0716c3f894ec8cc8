// SPDX-License-Identifier: Apache-2.0
// The release record: what a run's actions did to the world. docs/release-record.md has the fields.
//
// One JSON file a run, written anew, synced and renamed before an action begins and after it ended:
// one that says "started" and belongs to no living process was cut short.
#include <string.h>

#include "base/human.h"
#include "engine/int.h"
#include "fmt/json/jsonw.h"

typedef struct release_entry {
  const action_run *act;
  release_state state;
  char *error; // owned, NULL when there is none
  // As they were at the last put: the action's thread goes on changing its own while another's put
  // writes the record.
  int64_t end_wall_ns;
  const char **undone; // owned; the texts are the action's
  size_t n_undone;
} release_entry;

struct release_record {
  const char *project_dir; // NULL: nothing is kept
  const wg_run_info *info;
  const wg_mask *mask; // may be NULL
  wg_mutex lock;       // what follows
  release_entry *entries;
  size_t n_entries, cap_entries;
};

release_record *wg_build_release_new(const char *project_dir, const wg_run_info *info,
                                     const wg_mask *mask) {
  release_record *r = wg_xalloc(sizeof(*r));
  r->project_dir = info == NULL || info->run_name == NULL ? NULL : project_dir;
  r->info = info;
  r->mask = mask;
  wg_mutex_init(&r->lock);
  return r;
}

void wg_build_release_free(release_record *r) {
  if (r == NULL) {
    return;
  }
  for (size_t i = 0; i < r->n_entries; i++) {
    wg_xfree(r->entries[i].error);
    wg_xfree((void *)r->entries[i].undone);
  }
  wg_xfree(r->entries);
  wg_mutex_done(&r->lock);
  wg_xfree(r);
}

static const char *release_state_name(release_state s) {
  switch (s) {
  case RELEASE_STARTED:
    return "started";
  case RELEASE_DONE:
    return "done";
  case RELEASE_FAILED:
    return "failed";
  case RELEASE_CANCELED:
    return "stopped";
  }
  return "?";
}

static void release_text(wg_jsonw *j, const char *key, const char *value) {
  if (value != NULL && value[0] != '\0') {
    wg_jsonw_kv_z(j, key, value);
  }
}

static void release_time(wg_jsonw *j, const char *key, int64_t wall_ns) {
  if (wall_ns != 0) {
    WG_AUTO(wg_buf) b = {0};
    wg_buf_init(&b, wg_heap(), 0);
    wg_text_add_utc(&b, wall_ns);
    wg_jsonw_kv_str(j, key, wg_buf_str(&b));
  }
}

static void release_end_of_change(wg_jsonw *j, const char *key, const char *value) {
  wg_jsonw_key_z(j, key);
  if (value == NULL) {
    wg_jsonw_null(j);
  } else {
    wg_jsonw_str_z(j, value);
  }
}

static void release_inputs(wg_jsonw *j, const action_run *a) {
  wg_jsonw_key_z(j, "inputs");
  wg_jsonw_begin_array(j);
  for (size_t i = 0; i < a->n_inputs; i++) {
    wg_jsonw_begin_object(j);
    wg_jsonw_kv_z(j, "step", a->inputs[i].step);
    wg_jsonw_kv_z(j, "output", a->inputs[i].output);
    wg_jsonw_kv_hex(j, "sha256", a->inputs[i].digest.b, sizeof(a->inputs[i].digest.b));
    wg_jsonw_kv_u64(j, "bytes", a->inputs[i].size_bytes);
    wg_jsonw_end_object(j);
  }
  wg_jsonw_end_array(j);
  wg_jsonw_key_z(j, "changes");
  wg_jsonw_begin_array(j);
  for (size_t i = 0; i < a->n_changes; i++) {
    wg_jsonw_begin_object(j);
    wg_jsonw_kv_z(j, "object", a->changes[i].object);
    release_end_of_change(j, "before", a->changes[i].before);
    release_end_of_change(j, "after", a->changes[i].after);
    wg_jsonw_end_object(j);
  }
  wg_jsonw_end_array(j);
}

static void release_entry_json(wg_jsonw *j, const release_entry *e) {
  const action_run *a = e->act;
  const wg_step *s = a->ctx.r->s;
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_z(j, "action", s->identity);
  wg_jsonw_kv_z(j, "kind", s->action->name);
  wg_jsonw_kv_z(j, "state", release_state_name(e->state));
  release_time(j, "started", a->start_wall_ns);
  release_time(j, "ended", e->end_wall_ns);
  release_text(j, "error", e->error);
  release_inputs(j, a);
  if (e->n_undone > 0) {
    wg_jsonw_key_z(j, "undone");
    wg_jsonw_begin_array(j);
    for (size_t i = 0; i < e->n_undone; i++) {
      wg_jsonw_str_z(j, e->undone[i]);
    }
    wg_jsonw_end_array(j);
  }
  wg_jsonw_end_object(j);
}

// The lock is held.
static wg_code release_write(const release_record *r, wg_error *err) {
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  wg_jsonw j;
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_kv_u64(&j, "version", 1);
  wg_jsonw_kv_z(&j, "run", r->info->run_name);
  release_text(&j, "project", r->info->project);
  release_text(&j, "release", r->info->release);
  release_text(&j, "environment", r->info->env_name);
  release_text(&j, "commit", r->info->commit);
  release_text(&j, "command", r->info->command);
  release_text(&j, "wingo", r->info->version);
  wg_jsonw_key_z(&j, "actions");
  wg_jsonw_begin_array(&j);
  for (size_t i = 0; i < r->n_entries; i++) {
    release_entry_json(&j, &r->entries[i]);
  }
  wg_jsonw_end_array(&j);
  wg_jsonw_end_object(&j);
  WG_AUTO(wg_cstr) dir = wg_path_join(r->project_dir, ".wingo/releases");
  WG_AUTO(wg_cstr) path = wg_xprintf("%s/%s.json", dir, r->info->run_name);
  if (wg_jsonw_finish(&j, err) != WG_OK || wg_os_mkdirs(WG_CWD, dir, 0755, err) != WG_OK ||
      wg_os_write_file(WG_CWD, path, out.p, out.n, wg_mask_any(r->mask) ? 0600 : 0644, true, err) !=
          WG_OK) {
    return err->code;
  }
  return WG_OK;
}

// The lock is held, on the thread of the action.
static void release_snapshot(release_entry *e) {
  const action_run *a = e->act;
  e->end_wall_ns = a->end_wall_ns;
  e->n_undone = a->ctx.n_undone;
  wg_xfree((void *)e->undone);
  e->undone = wg_xarray(e->n_undone + 1, sizeof(char *)); // NOLINT(bugprone-sizeof-expression)
  for (size_t i = 0; i < e->n_undone; i++) {
    e->undone[i] = a->ctx.undone[i];
  }
}

static char *release_error(const release_record *r, const wg_error *failure) {
  wg_error told = *failure;
  wg_mask_error(r->mask, &told);
  return wg_xstrdup(told.text);
}

wg_code wg_build_release_put(release_record *r, const action_run *act, release_state state,
                             const wg_error *failure, wg_error *err) {
  if (r->project_dir == NULL) {
    return WG_OK;
  }
  wg_mutex_lock(&r->lock);
  size_t i = 0;
  while (i < r->n_entries && r->entries[i].act != act) {
    i++;
  }
  if (i == r->n_entries) {
    wg_vec_push(&r->entries, &r->n_entries, &r->cap_entries) = (release_entry){.act = act};
  }
  r->entries[i].state = state;
  release_snapshot(&r->entries[i]);
  if (failure != NULL && failure->code != WG_OK) {
    wg_xfree(r->entries[i].error);
    r->entries[i].error = release_error(r, failure);
  }
  wg_code code = release_write(r, err);
  wg_mutex_unlock(&r->lock);
  return code;
}
