// SPDX-License-Identifier: Apache-2.0
// The run log: one JSON object a line.
#include <string.h>

#include "base/human.h"
#include "engine/show/listen.h"
#include "engine/show/run_files.h"
#include "fmt/json/jsonw.h"

struct wg_listen_log {
  char *project_dir, *run_name;
  bool closed;    // for its owner only
  wg_fd fd;       // -1 before the first event
  wg_error error; // set: given up
  wg_buf line;
};

static const char *log_type_name(wg_event_type t) {
  switch (t) {
  case WG_EV_RUN_STARTED:
    return "run_started";
  case WG_EV_STEP_CHECKING:
    return "step_checking";
  case WG_EV_STEP_STARTED:
    return "step_started";
  case WG_EV_STEP_PROGRESS:
    return "step_progress";
  case WG_EV_STEP_NOTE:
    return "step_note";
  case WG_EV_STEP_WARNING:
    return "step_warning";
  case WG_EV_STEP_FACT:
    return "step_fact";
  case WG_EV_STEP_TABLE:
    return "step_table";
  case WG_EV_STEP_OUTPUT:
    return "step_output";
  case WG_EV_STEP_CACHED:
    return "step_cached";
  case WG_EV_STEP_DONE:
    return "step_done";
  case WG_EV_STEP_FAILED:
    return "step_failed";
  case WG_EV_STEP_SKIPPED:
    return "step_skipped";
  case WG_EV_STEP_CANCELED:
    return "step_canceled";
  case WG_EV_STEP_CHANGE:
    return "step_change";
  case WG_EV_STEP_UNDONE:
    return "step_undone";
  case WG_EV_RUN_ENDED:
    return "run_ended";
  }
  return "unknown";
}

static void log_optional(wg_jsonw *j, const char *key, const char *value) {
  if (value != NULL && value[0] != '\0') {
    wg_jsonw_kv_z(j, key, value);
  }
}

static void log_run(wg_jsonw *j, const wg_event *ev) {
  log_optional(j, "environment", ev->name);
  wg_jsonw_kv_u64(j, "steps", ev->n_total);
  if (ev->type == WG_EV_RUN_ENDED) {
    wg_jsonw_kv_u64(j, "ran", ev->n_done);
    wg_jsonw_kv_u64(j, "cached", ev->n_cached);
    wg_jsonw_kv_u64(j, "failed", ev->n_failed);
    wg_jsonw_kv_u64(j, "skipped", ev->n_skipped);
    wg_jsonw_kv_z(j, "code", wg_code_name(ev->code));
    log_optional(j, "text", ev->text);
  }
}

// Each row an object by the names of the columns.
static void log_table(wg_jsonw *j, const wg_table *t) {
  wg_jsonw_key_z(j, "rows");
  wg_jsonw_begin_array(j);
  for (size_t i = 0; i < t->n_rows; i++) {
    wg_jsonw_begin_object(j);
    for (size_t k = 0; k < t->n_texts; k++) {
      wg_jsonw_kv_z(j, t->columns[k], t->texts[i * t->n_texts + k]);
    }
    for (size_t k = 0; k < t->n_numbers; k++) {
      wg_jsonw_kv_u64(j, t->columns[t->n_texts + k], t->numbers[i * t->n_numbers + k]);
    }
    wg_jsonw_end_object(j);
  }
  wg_jsonw_end_array(j);
}

static void log_step(wg_jsonw *j, const wg_event *ev) {
  wg_jsonw_kv_u64(j, "step", ev->step);
  wg_jsonw_kv_z(j, "identity", ev->identity);
  wg_jsonw_kv_z(j, "verb", ev->verb);
  if (ev->is_action) {
    wg_jsonw_kv_bool(j, "action", true);
  }
  log_optional(j, "name", ev->name);
  if (ev->type == WG_EV_STEP_FACT && ev->text == NULL) {
    wg_jsonw_kv_u64(j, "number", ev->done);
  }
  if (ev->type == WG_EV_STEP_CHANGE) {
    log_optional(j, "before", ev->text);
    log_optional(j, "after", ev->details);
  } else {
    log_optional(j, "text", ev->text);
    log_optional(j, "details", ev->details);
  }
  log_optional(j, "path", ev->path);
  if (ev->table != NULL) {
    log_table(j, ev->table);
  }
  if (ev->type == WG_EV_STEP_PROGRESS) {
    wg_jsonw_kv_u64(j, "done", ev->done);
    wg_jsonw_kv_u64(j, "total", ev->total);
    log_optional(j, "unit", ev->unit);
  }
  if (ev->type == WG_EV_STEP_STARTED && ev->total != 0) {
    wg_jsonw_kv_u64(j, "expected_ms", ev->total / 1000000);
  }
  if (ev->digest != NULL) {
    wg_jsonw_kv_hex(j, "sha256", ev->digest->b, sizeof(ev->digest->b));
    wg_jsonw_kv_u64(j, "bytes", ev->size_bytes);
  }
  if (ev->key != NULL) {
    wg_jsonw_kv_hex(j, "key", ev->key->b, sizeof(ev->key->b));
  }
  if (ev->type == WG_EV_STEP_FAILED) {
    wg_jsonw_kv_z(j, "code", wg_code_name(ev->code));
  }
}

static wg_code log_open(wg_listen_log *l) {
  WG_AUTO(wg_cstr) path = NULL;
  if (wg_run_files_prepare(l->project_dir, "log", l->run_name, "jsonl", &path, &l->error) !=
          WG_OK ||
      wg_os_open_append(WG_CWD, path, l->closed ? 0600 : 0644, &l->fd, &l->error) != WG_OK) {
    return l->error.code;
  }
  wg_run_files_latest(path, "jsonl");
  return WG_OK;
}

static void log_event(void *ctx, const wg_event *ev) {
  wg_listen_log *l = ctx;
  if (l->error.code != WG_OK || (l->fd < 0 && log_open(l) != WG_OK)) {
    return;
  }
  WG_AUTO(wg_buf) time = {0};
  wg_buf_init(&time, wg_heap(), 0);
  wg_text_add_utc(&time, ev->wall_ns);
  wg_buf_clear(&l->line);
  wg_jsonw j;
  wg_jsonw_init(&j, &l->line, 0);
  wg_jsonw_begin_object(&j);
  wg_jsonw_kv_str(&j, "time", wg_buf_str(&time));
  wg_jsonw_kv_u64(&j, "ms", ev->time_ns / 1000000);
  wg_jsonw_kv_z(&j, "event", log_type_name(ev->type));
  if (ev->step == UINT32_MAX) {
    log_run(&j, ev);
  } else {
    log_step(&j, ev);
  }
  wg_jsonw_end_object(&j);
  if (wg_jsonw_finish(&j, &l->error) != WG_OK) {
    return;
  }
  wg_buf_add_byte(&l->line, '\n');
  (void)!wg_os_write_all(l->fd, l->line.p, l->line.n, &l->error);
}

wg_listen_log *wg_listen_log_new(wg_bus *bus, const char *project_dir, const char *run_name,
                                 bool closed) {
  wg_listen_log *l = wg_xalloc(sizeof(*l));
  l->fd = -1;
  l->closed = closed;
  l->project_dir = wg_xstrdup(project_dir);
  l->run_name = wg_xstrdup(run_name);
  l->error = (wg_error)WG_ERROR_INIT;
  wg_buf_init(&l->line, wg_heap(), 0);
  wg_bus_listen(bus, log_event, l);
  return l;
}

wg_code wg_listen_log_error(const wg_listen_log *l, wg_error *err) {
  if (l->error.code == WG_OK) {
    return WG_OK;
  }
  *err = l->error;
  return wg_wrap(err, "no log, or only a part, of this run");
}

void wg_listen_log_free(wg_listen_log *l) {
  if (l == NULL) {
    return;
  }
  wg_fd_done(&l->fd);
  wg_buf_done(&l->line);
  wg_xfree(l->project_dir);
  wg_xfree(l->run_name);
  wg_xfree(l);
}
