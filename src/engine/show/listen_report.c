// SPDX-License-Identifier: Apache-2.0
// The run report: collects a run, and writes it as one file.
#include "engine/model.h"
#include "engine/show/listen.h"
#include "engine/show/report.h"
#include "engine/show/run_files.h"

struct wg_listen_report {
  wg_report_options opt; // strings are ours
  char *own[8];
  wg_mutex lock; // model
  run_model model;
};

static void report_event(void *ctx, const wg_event *ev) {
  wg_listen_report *r = ctx;
  wg_mutex_lock(&r->lock);
  (void)wg_model_apply(&r->model, ev);
  wg_mutex_unlock(&r->lock);
}

wg_listen_report *wg_listen_report_new(wg_bus *bus, const wg_report_options *opt) {
  wg_listen_report *r = wg_xalloc(sizeof(*r));
  r->own[0] = wg_xstrdup(opt->project_dir);
  r->own[1] = wg_xstrdup(opt->run_name);
  r->own[2] = wg_xstrdup(opt->title == NULL ? "" : opt->title);
  r->own[3] = wg_xstrdup(opt->version == NULL ? "" : opt->version);
  const wg_run_info *info = &opt->info;
  const char *const more[] = {info->command, info->env_name, info->release, info->commit};
  for (size_t i = 0; i < WG_ARRAY_LEN(more); i++) {
    r->own[4 + i] = wg_xstrdup(more[i] == NULL ? "" : more[i]);
  }
  r->opt = (wg_report_options){
      .closed = opt->closed,
      .project_dir = r->own[0],
      .run_name = r->own[1],
      .title = r->own[2],
      .version = r->own[3],
      .info = {
          .command = r->own[4], .env_name = r->own[5], .release = r->own[6], .commit = r->own[7]}};
  wg_mutex_init(&r->lock);
  wg_model_init(&r->model);
  wg_bus_listen(bus, report_event, r);
  return r;
}

wg_code wg_listen_report_write(wg_listen_report *r, char **out_path, wg_error *err) {
  WG_AUTO(wg_cstr) path = NULL;
  WG_AUTO(wg_buf) page = {0};
  wg_buf_init(&page, wg_heap(), 0);
  wg_mutex_lock(&r->lock);
  bool any = r->model.ended;
  wg_report_add_page(&page, &r->model, &r->opt);
  wg_mutex_unlock(&r->lock);
  if (!any) {
    if (out_path != NULL) {
      *out_path = NULL;
    }
    return WG_OK;
  }
  if (wg_buf_check(&page, err) != WG_OK ||
      wg_run_files_prepare(r->opt.project_dir, "report", r->opt.run_name, "html", &path, err) !=
          WG_OK ||
      wg_os_write_file(WG_CWD, path, page.p, page.n, r->opt.closed ? 0600 : 0644, false, err) !=
          WG_OK) {
    return wg_wrap(err, "cannot write the report of this run");
  }
  wg_run_files_latest(path, "html");
  if (out_path != NULL) {
    *out_path = wg_take(&path);
  }
  return WG_OK;
}

void wg_listen_report_free(wg_listen_report *r) {
  if (r == NULL) {
    return;
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(r->own); i++) {
    wg_xfree(r->own[i]);
  }
  wg_model_done(&r->model);
  wg_mutex_done(&r->lock);
  wg_xfree(r);
}
