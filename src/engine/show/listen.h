// SPDX-License-Identifier: Apache-2.0
// Listeners of the event bus: the terminal, the run log, the run report. Each is attached to a bus
// before the run starts and freed after it, before or after the bus.
#ifndef WG_ENGINE_SHOW_LISTEN_H
#define WG_ENGINE_SHOW_LISTEN_H

#include "engine/event.h"
#include "engine/exec.h"
#include "os/proc.h"

// --- the terminal (standard error)

typedef struct wg_term_options {
  int fd;      // where to write: 2
  bool color;  // already decided: terminal, NO_COLOR, --color
  bool quiet;  // failures only
  int verbose; // 1: cached steps, reasons and notes too
  int live;    // 1: redraw in place; 0: plain lines; -1: decided here (a terminal that is not dumb)
  const char *project_dir; // paths below it are shown relative; NULL: as they are
} wg_term_options;

typedef struct wg_listen_term wg_listen_term;
// A live tree of what runs with a bar, rate and time left, or plain lines where that can't be had.
// Finished steps and warnings scroll by; failures are told once, at the end, whole. Never hides the
// cursor, so that nothing has to be restored however the program ends.
wg_listen_term *wg_listen_term_new(wg_bus *bus, const wg_term_options *opt);
// Takes away what is drawn and not for good. NULL-safe.
void wg_listen_term_free(wg_listen_term *t);
WG_DEFINE_AUTO_PTR(wg_listen_term, wg_listen_term_free);

// --- files in the project

// "20260131T120000Z-1234" for this process and moment (UTC): names what one run leaves. Heap.
char *wg_run_name(void);

typedef struct wg_listen_log wg_listen_log;
// JSON lines, one object an event, in <project_dir>/.wingo/log/<run_name>.jsonl, made at the first
// event; "latest.jsonl" is a symbolic link to it. Keeps the newest 50. A log that can't be written
// (disk full) is given up without stopping the run; wg_listen_log_error tells. closed: for its
// owner only.
wg_listen_log *wg_listen_log_new(wg_bus *bus, const char *project_dir, const char *run_name,
                                 bool closed);
// WG_OK, or what stopped the log.
wg_code wg_listen_log_error(const wg_listen_log *l, wg_error *err);
void wg_listen_log_free(wg_listen_log *l); // NULL-safe
WG_DEFINE_AUTO_PTR(wg_listen_log, wg_listen_log_free);

typedef struct wg_report_options {
  const char *project_dir; // report goes to <project_dir>/.wingo/report/<run_name>.html
  const char *run_name;
  const char *title;   // the project's name
  const char *version; // of wingo
  wg_run_info info;    // strings NULL where not known
  bool closed;         // for its owner only
} wg_report_options;

typedef struct wg_listen_report wg_listen_report;
// Collects the run; wg_listen_report_write makes one self-contained HTML file of it.
wg_listen_report *wg_listen_report_new(wg_bus *bus, const wg_report_options *opt);
// After the run. *out_path (may be NULL) gets the file's path, heap, NULL when there was no run;
// "latest.html" is a symbolic link to it. Keeps the newest 50.
wg_code wg_listen_report_write(wg_listen_report *r, char **out_path, wg_error *err);
void wg_listen_report_free(wg_listen_report *r); // NULL-safe
WG_DEFINE_AUTO_PTR(wg_listen_report, wg_listen_report_free);

#endif
