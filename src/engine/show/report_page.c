// SPDX-License-Identifier: Apache-2.0
// The report's page: plain HTML and CSS, nothing fetched, no script.
#include <string.h>

#include "engine/int.h"
#include "engine/show/report.h"

static const char report_css[] =
    ":root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b2430;--dim:#5c6b7d;"
    "--line:#dfe4ea;--stripe:#f4f6f9;--ran:#2f6fde;--cached:#7d8da1;--failed:#cf2f3c;"
    "--stopped:#b8740a;--look:#9bbcf2;--good:#1c7f4b;--warn:#8f5c00;--code:#eef1f5}"
    "@media(prefers-color-scheme:dark){:root{--bg:#12161c;--card:#1a2028;--ink:#e4e9ef;"
    "--dim:#98a5b5;--line:#2c3542;--stripe:#1e252e;--ran:#4c8bf5;--cached:#66758a;"
    "--failed:#f0596a;--stopped:#e0a03a;--look:#33568f;--good:#4cc38a;--warn:#e3b341;"
    "--code:#12161c}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);"
    "font:15px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu Sans\",sans-serif}"
    "main{max-width:1140px;margin:0 auto;padding:28px 20px 60px}"
    "header{display:flex;flex-wrap:wrap;gap:6px 14px;align-items:center}"
    "h1{font-size:26px;margin:0;letter-spacing:-.01em}"
    "h2{font-size:17px;margin:0 0 12px}h3{font-size:15px;margin:0}"
    "p.meta{color:var(--dim);margin:6px 0 18px;overflow-wrap:anywhere}"
    "section{background:var(--card);border:1px solid var(--line);border-radius:10px;"
    "padding:18px 20px;margin:16px 0}"
    ".badge{border-radius:99px;padding:2px 11px;font-size:13px;font-weight:600;color:#fff;"
    "white-space:nowrap;background:var(--cached)}"
    ".badge.good{background:#1c7f4b}.badge.ran{background:#2f6fde}.badge.failed{background:#cf2f3c}"
    ".badge.stopped{background:#b8740a}.badge.cached,.badge.skipped{background:#66758a}"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(104px,1fr));gap:12px;"
    "margin:0;padding:0;list-style:none}"
    ".cards li{background:var(--card);border:1px solid var(--line);border-radius:10px;"
    "padding:10px 14px}.cards "
    "b{display:block;white-space:nowrap;font-size:20px;font-weight:650;line-height:1.25}"
    ".cards span{color:var(--dim);font-size:13px}.cards .failed b{color:var(--failed)}"
    ".cards .warn b{color:var(--warn)}"
    "section.failures{border-color:var(--failed)}section.failures h2{color:var(--failed)}"
    ".fail+.fail{margin-top:18px}.fail p{margin:4px 0 8px;overflow-wrap:anywhere}"
    "pre{background:var(--code);border:1px solid var(--line);border-radius:8px;padding:10px 12px;"
    "margin:0;overflow:auto;max-height:480px;font-size:13px;line-height:1.45}"
    "code,pre,.mono{font-family:ui-monospace,\"SF Mono\",Menlo,Consolas,\"DejaVu Sans Mono\","
    "monospace}code{font-size:12.5px;overflow-wrap:anywhere}"
    "ul.warnings{margin:0;padding-left:20px}ul.warnings li{margin:3px 0;overflow-wrap:anywhere}"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px}"
    "th{text-align:left;color:var(--dim);font-weight:600;font-size:12.5px;padding:4px 10px 6px 0;"
    "border-bottom:1px solid var(--line);white-space:nowrap}"
    "td{padding:6px 10px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}"
    "tr:last-child td{border-bottom:0}td.num,th.num{text-align:right;white-space:nowrap;"
    "padding-right:22px}.tall{max-height:620px;overflow:auto}thead th{position:sticky;top:0;"
    "background:var(--card)}"
    ".changes td[data-c]{overflow-wrap:anywhere;min-width:90px}"
    "td.name{overflow-wrap:anywhere;min-width:170px}td.why{color:var(--dim);"
    "overflow-wrap:anywhere;min-width:200px}td code{color:var(--dim)}"
    ".bar{display:block;height:5px;border-radius:3px;background:var(--ran);margin-top:3px;"
    "min-width:2px}.dim{color:var(--dim)}details{margin-top:2px}"
    "summary{cursor:pointer;color:var(--dim);font-size:13px}"
    ".legend{display:flex;flex-wrap:wrap;gap:4px 16px;margin:10px 0 0;color:var(--dim);"
    "font-size:13px}.legend i{display:inline-block;width:14px;height:10px;border-radius:3px;"
    "margin-right:6px}.legend .l{height:4px;vertical-align:middle}";
static const char report_css_map[] =
    "svg.map{display:block;width:100%;min-width:760px;height:auto;font:11px ui-monospace,\"SF "
    "Mono\",Menlo,Consolas,\"DejaVu Sans Mono\",monospace}"
    "svg.map text{fill:#fff;pointer-events:none}svg.map .top{opacity:.75}"
    "svg.map .c0{fill:#3b6ea8}svg.map .c1{fill:#5b7f4b}svg.map .c2{fill:#8a5a9e}"
    "svg.map .c3{fill:#9c6b30}svg.map .c4{fill:#3f8585}svg.map .c5{fill:#99506a}"
    "svg.map .c6{fill:#63708a}svg.map .c7{fill:#7d7a3a}"
    "svg.map .put{stroke:#e8b429;stroke-width:2.5}"
    ".legend i.put{background:none;border:2px solid #e8b429}";
static const char report_css_svg[] =
    "svg.timeline{display:block;width:100%;min-width:760px;height:auto;"
    "font:11.5px ui-monospace,\"SF Mono\",Menlo,Consolas,\"DejaVu Sans Mono\",monospace}"
    "svg .grid{stroke:var(--line);stroke-width:1}svg .stripe{fill:var(--stripe)}"
    "svg .tick{fill:var(--dim);text-anchor:middle;font-size:11px}svg .name{fill:var(--ink)}"
    "svg .took{fill:var(--dim)}svg .in{fill:#fff}svg .ran{fill:var(--ran)}"
    "svg .running{fill:var(--stopped)}svg .failed{fill:var(--failed)}"
    "svg .cached{fill:var(--cached)}svg .stopped{fill:var(--stopped)}svg .look{fill:var(--look)}"
    "svg g:hover rect{filter:brightness(1.15)}"
    "footer{color:var(--dim);font-size:13px;margin-top:20px}"
    "a{color:var(--ran)}"
    "@media(max-width:640px){main{padding:16px 10px 40px}section{padding:12px}"
    "h1{font-size:21px}td.name,td.why{min-width:0}td code{word-break:break-all}"
    "#outputs td:nth-child(4),#outputs th:nth-child(4){display:none}"
    "#steps thead{display:none}#steps tr{display:grid;grid-template-columns:auto 1fr auto;"
    "gap:0 8px;padding:6px 0;border-bottom:1px solid var(--line)}#steps td{border:0;padding:1px 0}"
    "#steps td:nth-child(3){grid-column:1/-1;order:2}#steps td:nth-child(5){grid-column:1/-1;"
    "order:3}.changes tr{display:block;padding:6px 0;border-bottom:1px solid var(--line)}"
    ".changes td{display:block;border:0;padding:0}.changes thead,.changes td:empty{display:none}"
    ".changes td[data-c]::before{content:attr(data-c) \": \";color:var(--dim)}"
    ".tall{max-height:none}}"
    "@media print{body{background:#fff}section,.cards li{break-inside:avoid}}";

void wg_report_text(wg_buf *b, const char *z) {
  wg_text_add_html(b, wg_str_of(z));
}

static const char *report_short_path(const wg_report_options *opt, const char *path) {
  const char *rel = wg_path_below(path, opt->project_dir);
  return rel != NULL ? rel : path;
}

static bool report_given(const char *s) {
  return s != NULL && s[0] != '\0';
}

static void report_meta(wg_buf *b, const char *name, const char *value) {
  if (report_given(value)) {
    wg_buf_printf(b, " &#183; %s <code>", name);
    wg_report_text(b, value);
    wg_buf_add_z(b, "</code>");
  }
}

// A link to a file of the project, from .wingo/report/.
static void report_link(wg_buf *b, const char *rel, const char *text) {
  wg_buf_add_z(b, "<a href=\"../../");
  for (const char *p = rel; *p != '\0'; p++) {
    bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
                 strchr("/._-~", *p) != NULL;
    if (plain) {
      wg_buf_add_byte(b, (uint8_t)*p);
    } else {
      wg_buf_printf(b, "%%%02X", (unsigned)(uint8_t)*p);
    }
  }
  wg_buf_add_z(b, "\">");
  wg_report_text(b, text);
  wg_buf_add_z(b, "</a>");
}

static void report_head(wg_buf *b, const run_model *m, const wg_report_options *opt) {
  bool good = m->code == WG_OK;
  bool stopped = m->code == WG_E_CANCELED;
  wg_buf_add_z(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src 'unsafe-inline'; img-src data:\">\n"
                  "<link rel=\"icon\" href=\"data:,\">\n<title>");
  wg_report_text(b, opt->title);
  wg_buf_printf(b, ": %s</title>\n<style>%s%s%s</style>\n</head>\n<body>\n<main>\n<header>\n<h1>",
                good      ? "built"
                : stopped ? "stopped"
                          : "failed",
                report_css, report_css_svg, report_css_map);
  wg_report_text(b, opt->title);
  wg_buf_printf(b, "</h1>\n<span class=\"badge %s\">%s</span>\n</header>\n<p class=\"meta\">",
                good      ? "good"
                : stopped ? "stopped"
                          : "failed",
                good      ? "built"
                : stopped ? "stopped"
                          : "failed");
  wg_civil t = wg_text_utc(m->start_wall_ns);
  wg_buf_printf(b, "%04lld-%02u-%02u %02u:%02u:%02u UTC", (long long)t.year, t.month, t.day, t.hour,
                t.minute, t.second);
  const wg_run_info *r = &opt->info;
  report_meta(b, "", r->command);
  report_meta(b, "environment", r->env_name);
  report_meta(b, "release", r->release);
  report_meta(b, "commit", r->commit);
  WG_AUTO(wg_cstr) log = wg_xprintf(".wingo/log/%s.jsonl", opt->run_name);
  wg_buf_add_z(b, " &#183; ");
  report_link(b, log, "log");
  wg_buf_add_z(b, "</p>\n");
}

static void report_card(wg_buf *b, const char *class, const char *word, uint32_t n) {
  wg_buf_printf(b, "<li class=\"%s\"><b>%u</b><span>%s</span></li>\n", n > 0 ? class : "", n, word);
}

static void report_cards(wg_buf *b, const run_model *m) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < m->n_steps; i++) {
    for (size_t k = 0; k < m->steps[i].n_outputs; k++) {
      const model_output *o = &m->steps[i].outputs[k];
      bytes += o->path[0] != '\0' && !m->steps[i].is_action ? o->size_bytes : 0;
    }
  }
  wg_buf_add_z(b, "<ul class=\"cards\">\n<li><b>");
  wg_text_add_duration(b, m->end_ns);
  wg_buf_add_z(b, "</b><span>duration</span></li>\n");
  report_card(b, "", m->n_total == 1 ? "step" : "steps", m->n_total);
  report_card(b, "", "ran", m->n_done);
  report_card(b, "", "cached", m->n_cached);
  report_card(b, "failed", "failed", m->n_failed);
  if (m->n_skipped > 0) {
    report_card(b, "", m->code == WG_E_CANCELED ? "stopped" : "skipped", m->n_skipped);
  }
  if (m->n_warnings > 0) {
    report_card(b, "warn", m->n_warnings == 1 ? "warning" : "warnings", m->n_warnings);
  }
  wg_buf_add_z(b, "<li><b>");
  wg_text_add_size(b, bytes);
  wg_buf_add_z(b, "</b><span>outputs</span></li>\n</ul>\n");
}

static bool report_same_failure(const model_step *a, const model_step *b) {
  return a->state == MODEL_FAILED && b->state == MODEL_FAILED && strcmp(a->text, b->text) == 0 &&
         strcmp(a->details, b->details) == 0;
}

static void report_failure(wg_buf *b, const run_model *m, size_t at) {
  const model_step *s = &m->steps[at];
  for (size_t k = 0; k < at; k++) {
    if (report_same_failure(&m->steps[k], s)) {
      return; // told with that one
    }
  }
  wg_buf_add_z(b, "<div class=\"fail\"><h3 class=\"mono\">");
  wg_report_text(b, s->identity);
  for (size_t k = at + 1; k < m->n_steps; k++) {
    if (report_same_failure(&m->steps[k], s)) {
      wg_buf_add_z(b, ", ");
      wg_report_text(b, m->steps[k].identity);
    }
  }
  wg_buf_add_z(b, "</h3><p>");
  wg_report_text(b, s->text);
  wg_buf_add_z(b, "</p>");
  if (s->details[0] != '\0') {
    wg_buf_add_z(b, "<pre>");
    wg_report_text(b, s->details);
    wg_buf_add_z(b, "</pre>");
  }
  wg_buf_add_z(b, "</div>\n");
}

static void report_failures(wg_buf *b, const run_model *m) {
  if (m->n_failed == 0) {
    return;
  }
  wg_buf_add_z(b, "<section class=\"failures\" id=\"failures\">\n<h2>Failures</h2>\n");
  for (size_t i = 0; i < m->n_steps; i++) {
    if (m->steps[i].state == MODEL_FAILED) {
      report_failure(b, m, i);
    }
  }
  wg_buf_add_z(b, "</section>\n");
}

// Who gave this warning; empty when an earlier step has told it already.
static uint32_t report_warned_by(const run_model *m, size_t step, size_t at, wg_buf *names) {
  const char *text = m->steps[step].warnings[at].text;
  uint32_t n = 0;
  for (size_t i = 0; i < m->n_steps; i++) {
    for (size_t k = 0; k < m->steps[i].n_warnings; k++) {
      if (strcmp(m->steps[i].warnings[k].text, text) != 0) {
        continue;
      }
      if (i < step || (i == step && k < at)) {
        return 0;
      }
      wg_buf_add_z(names, n == 0 ? "" : ", ");
      wg_report_text(names, m->steps[i].identity);
      n++;
      break;
    }
  }
  return n;
}

static void report_warnings(wg_buf *b, const run_model *m) {
  if (m->n_warnings == 0) {
    return;
  }
  wg_buf_add_z(b, "<section id=\"warnings\">\n<h2>Warnings</h2>\n<ul class=\"warnings\">\n");
  for (size_t i = 0; i < m->n_steps; i++) {
    for (size_t k = 0; k < m->steps[i].n_warnings; k++) {
      WG_AUTO(wg_buf) names = {0};
      wg_buf_init(&names, wg_heap(), 0);
      if (report_warned_by(m, i, k, &names) > 0) {
        wg_buf_add_z(b, "<li>");
        wg_report_text(b, m->steps[i].warnings[k].text);
        wg_buf_add_z(b, " <span class=\"dim mono\">");
        wg_buf_add_str(b, wg_buf_str(&names));
        wg_buf_add_z(b, "</span></li>\n");
      }
    }
  }
  wg_buf_add_z(b, "</ul>\n</section>\n");
}

static void report_timeline(wg_buf *b, const run_model *m) {
  wg_buf_add_z(b, "<section id=\"timeline\">\n<h2>Timeline</h2>\n");
  wg_report_add_timeline(b, m);
  wg_buf_add_z(
      b,
      "<div class=\"legend\"><span><i style=\"background:var(--ran)\"></i>ran</span>"
      "<span><i style=\"background:var(--cached)\"></i>cached</span>"
      "<span><i style=\"background:var(--failed)\"></i>failed</span>"
      "<span><i style=\"background:var(--stopped)\"></i>stopped</span>"
      "<span><i class=\"l\" style=\"background:var(--look)\"></i>reading its inputs, waiting its "
      "turn</span></div>\n</section>\n");
}

static uint64_t report_largest(const run_model *m) {
  uint64_t largest = 1;
  for (size_t i = 0; i < m->n_steps; i++) {
    for (size_t k = 0; k < m->steps[i].n_outputs; k++) {
      const model_output *o = &m->steps[i].outputs[k];
      largest = o->path[0] != '\0' && o->size_bytes > largest ? o->size_bytes : largest;
    }
  }
  return largest;
}

static void report_output(wg_buf *b, const wg_report_options *opt, const model_step *s,
                          const model_output *o, uint64_t largest) {
  const char *path = report_short_path(opt, o->path);
  wg_buf_add_z(b, "<tr><td class=\"name mono\">");
  if (path[0] != '/') {
    report_link(b, path, path);
  } else {
    wg_report_text(b, path);
  }
  wg_buf_add_z(b, "</td><td class=\"num\">");
  wg_text_add_size(b, o->size_bytes);
  wg_buf_printf(b, "<span class=\"bar\" style=\"width:%u%%\"></span></td><td>",
                (unsigned)((double)o->size_bytes * 100.0 / (double)largest));
  wg_buf_printf(b, "<span class=\"badge %s\">%s</span></td><td><code>%s</code></td></tr>\n",
                wg_report_state_word(s), wg_report_state_word(s), wg_digest_hex(&o->digest).s);
}

static void report_outputs(wg_buf *b, const run_model *m, const wg_report_options *opt) {
  uint64_t largest = report_largest(m);
  bool any = false;
  for (size_t i = 0; i < m->n_steps; i++) {
    const model_step *s = &m->steps[i];
    for (size_t k = 0; k < s->n_outputs; k++) {
      if (s->outputs[k].path[0] == '\0') {
        continue;
      }
      if (!any) {
        wg_buf_add_z(
            b, "<section id=\"outputs\">\n<h2>Outputs</h2>\n<div class=\"scroll tall\"><table>"
               "<thead><tr><th>File</th><th class=\"num\">Size</th><th>From</th>"
               "<th>SHA-256</th></tr></thead><tbody>\n");
        any = true;
      }
      report_output(b, opt, s, &s->outputs[k], largest);
    }
  }
  if (any) {
    wg_buf_add_z(b, "</tbody></table></div>\n</section>\n");
  }
}

static void report_change_rows(wg_buf *b, const wg_table *t) {
  wg_buf_add_z(b, "<div class=\"scroll tall\"><table><tbody>\n");
  for (size_t i = 0; i < t->n_rows; i++) {
    const char *const *row = &t->texts[i * t->n_texts];
    wg_buf_add_z(b, "<tr><td class=\"dim\">");
    wg_report_text(b, row[0]);
    wg_buf_add_z(b, "</td><td class=\"name mono\">");
    wg_report_text(b, row[1]);
    wg_buf_add_z(b, "</td><td class=\"dim\">");
    wg_report_text(b, row[2]);
    wg_buf_add_z(b, " <code>");
    wg_report_text(b, row[3]);
    wg_buf_add_z(b, "</code></td></tr>\n");
  }
  wg_buf_add_z(b, "</tbody></table></div>\n");
}

// What the project changes in each image; what each action changed in the world.
static void report_changes(wg_buf *b, const run_model *m) {
  for (size_t i = 0; i < m->n_steps; i++) {
    const model_step *s = &m->steps[i];
    for (size_t k = 0; k < s->n_tables; k++) {
      if (strcmp(s->tables[k].name, WG_REPORT_CHANGES) == 0 && s->tables[k].n_texts == 4) {
        wg_buf_printf(b, "<section class=\"changes\" id=\"changes-%zu\"><h2>What is changed in ",
                      i);
        wg_report_text(b, s->identity);
        wg_buf_add_z(b, "</h2>\n");
        report_change_rows(b, &s->tables[k]);
        wg_buf_add_z(b, "</section>\n");
      }
    }
    for (size_t k = 0; k < s->n_changes; k++) {
      const model_change *d = &s->changes[k];
      WG_AUTO(wg_cstr) text = wg_action_change_text(d->object, d->before, d->after);
      if (k == 0) {
        wg_buf_printf(b, "<section class=\"changes\" id=\"done-%zu\"><h2>What was done: ", i);
        wg_report_text(b, s->identity);
        wg_buf_add_z(b, "</h2>\n<ul class=\"warnings\">\n");
      }
      wg_buf_add_z(b, "<li>");
      wg_report_text(b, text);
      wg_buf_add_z(b, k + 1 == s->n_changes ? "</li>\n</ul></section>\n" : "</li>\n");
    }
  }
}

// Tables of steps that have no picture of their own: as they are, under their names.
static void report_table(wg_buf *b, const model_step *s, const wg_table *t, size_t id) {
  wg_buf_printf(b, "<section class=\"changes\" id=\"table-%zu\"><h2>", id);
  WG_AUTO(wg_cstr) name = wg_xstrdup(t->name);
  name[0] = (char)(name[0] >= 'a' && name[0] <= 'z' ? name[0] - 'a' + 'A' : name[0]);
  wg_report_text(b, name);
  wg_buf_add_z(b, " of ");
  wg_report_text(b, s->identity);
  wg_buf_add_z(b, "</h2>\n<div class=\"scroll tall\"><table><thead><tr>");
  for (size_t k = 0; k < t->n_texts; k++) {
    wg_buf_add_z(b, "<th>");
    wg_report_text(b, t->columns[k]);
    wg_buf_add_z(b, "</th>");
  }
  wg_buf_add_z(b, "</tr></thead><tbody>\n");
  for (size_t i = 0; i < t->n_rows; i++) {
    wg_buf_add_z(b, "<tr>");
    for (size_t k = 0; k < t->n_texts; k++) {
      wg_buf_add_z(b, "<td data-c=\"");
      wg_report_text(b, t->columns[k]);
      wg_buf_add_z(b, k == 0 ? "\" class=\"dim\">" : "\">");
      wg_report_text(b, t->texts[i * t->n_texts + k]);
      wg_buf_add_z(b, "</td>");
    }
    wg_buf_add_z(b, "</tr>\n");
  }
  wg_buf_add_z(b, "</tbody></table></div>\n</section>\n");
}

static void report_tables(wg_buf *b, const run_model *m) {
  size_t id = 0;
  for (size_t i = 0; i < m->n_steps; i++) {
    const model_step *s = &m->steps[i];
    for (size_t k = 0; k < s->n_tables; k++) {
      const wg_table *t = &s->tables[k];
      if (strcmp(t->name, WG_REPORT_CHANGES) != 0 && strcmp(t->name, WG_REPORT_FOLDERS) != 0 &&
          t->n_texts > 0 && t->n_numbers == 0) {
        report_table(b, s, t, id++);
      }
    }
  }
}

static void report_maps(wg_buf *b, const run_model *m) {
  bool any = false;
  for (size_t i = 0; i < m->n_steps; i++) {
    const model_step *s = &m->steps[i];
    for (size_t k = 0; k < s->n_tables; k++) {
      if (strcmp(s->tables[k].name, WG_REPORT_FOLDERS) == 0) {
        wg_buf_add_z(b, any ? "" : "<section id=\"maps\">\n");
        any = true;
        wg_report_add_map(b, s->identity, &s->tables[k]);
      }
    }
  }
  wg_buf_add_z(b, any ? "</section>\n" : "");
}

static void report_facts(wg_buf *b, const model_step *s) {
  if (s->n_facts == 0 && s->n_notes == 0 && !s->has_key) {
    return;
  }
  wg_buf_add_z(b, "<details><summary>details</summary>");
  for (size_t i = 0; i < s->n_facts; i++) {
    wg_buf_add_z(b, "<div>");
    wg_report_text(b, s->facts[i].name);
    wg_buf_add_z(b, ": ");
    wg_report_text(b, s->facts[i].text);
    wg_buf_add_z(b, "</div>");
  }
  for (size_t i = 0; i < s->n_notes; i++) {
    wg_buf_add_z(b, "<div class=\"dim\">");
    wg_report_text(b, s->notes[i].text);
    wg_buf_add_z(b, "</div>");
  }
  if (s->has_key) {
    wg_buf_printf(b, "<div>key: <code>%s</code></div>", wg_digest_hex(&s->key).s);
  }
  wg_buf_add_z(b, "</details>");
}

static void report_step(wg_buf *b, const run_model *m, const model_step *s) {
  const char *word = wg_report_state_word(s);
  wg_buf_printf(b, "<tr><td><span class=\"badge %s\">%s</span></td><td>", word, word);
  wg_report_text(b, s->verb);
  wg_buf_add_z(b, "</td><td class=\"name mono\">");
  wg_report_text(b, s->identity);
  wg_buf_add_z(b, "</td><td class=\"num\">");
  uint64_t from = 0, to = 0;
  if (s->has_start) {
    wg_text_add_duration(b, (s->has_end ? s->end_ns : m->end_ns) - s->start_ns);
  } else if (wg_report_span(m, s, &from, &to)) {
    wg_text_add_duration(b, to - from);
  }
  wg_buf_add_z(b, "</td><td class=\"why\">");
  wg_report_text(b, s->state == MODEL_SKIPPED || s->state == MODEL_CANCELED ? s->text : s->reason);
  report_facts(b, s);
  wg_buf_add_z(b, "</td></tr>\n");
}

static void report_steps(wg_buf *b, const run_model *m) {
  // Failed ones first, then those that ran, then the rest; in the order of the graph.
  static const model_state order[] = {MODEL_FAILED, MODEL_CANCELED, MODEL_RUNNING, MODEL_CHECKING,
                                      MODEL_DONE,   MODEL_CACHED,   MODEL_SKIPPED, MODEL_WAITING};
  wg_buf_add_z(
      b, "<section id=\"steps\">\n<h2>Steps</h2>\n<div class=\"scroll tall\"><table><thead><tr>"
         "<th>State</th><th>What</th><th>Step</th><th class=\"num\">Time</th>"
         "<th>Why</th></tr></thead><tbody>\n");
  for (size_t o = 0; o < WG_ARRAY_LEN(order); o++) {
    for (size_t i = 0; i < m->n_steps; i++) {
      if (m->steps[i].known && m->steps[i].state == order[o]) {
        report_step(b, m, &m->steps[i]);
      }
    }
  }
  wg_buf_add_z(b, "</tbody></table></div>\n</section>\n");
}

void wg_report_add_page(wg_buf *b, const run_model *m, const wg_report_options *opt) {
  report_head(b, m, opt);
  report_cards(b, m);
  report_failures(b, m);
  report_warnings(b, m);
  report_timeline(b, m);
  report_outputs(b, m, opt);
  report_changes(b, m);
  report_tables(b, m);
  report_maps(b, m);
  report_steps(b, m);
  wg_buf_add_z(b, "<footer>wingo ");
  wg_report_text(b, opt->version);
  wg_buf_add_z(b, "</footer>\n</main>\n</body>\n</html>\n");
}
