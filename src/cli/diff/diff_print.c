// SPDX-License-Identifier: Apache-2.0
// `wingo diff`: files, services and the summary as a tree for people, or as JSON.
#include <string.h>

#include "cli/diff/diff.h"
#include "cli/inspect/inspect.h"
#include "cli/reg/reg.h"

static const char *const change_words[] = {"added", "removed", "changed", "renamed"};
static const char change_signs[] = {'+', '-', '~', '>'};

static bool has_aspect(const wg_diff_item *item, uint32_t bit) {
  return (item->aspects & bit) != 0;
}

// --- JSON

static void json_side(const diff_report *r, const char *key, const wg_diff_side *s, uint32_t node,
                      const wg_diff_item *item) {
  wg_jsonw *j = r->json;
  WG_AUTO(wg_buf) text = {0};
  if (node == WG_DIFF_NONE) {
    return;
  }
  wg_buf_init(&text, wg_heap(), 0);
  wg_jsonw_key_z(j, key);
  wg_jsonw_begin_object(j);
  wg_diff_path(s, node, &text);
  wg_jsonw_kv_str(j, "path", wg_buf_str(&text));
  wg_jsonw_kv_z(j, "kind",
                wg_diff_is_folder(s, node) ? "folder"
                : wg_diff_is_link(s, node) ? "link"
                                           : "file");
  if (!wg_diff_is_folder(s, node)) {
    wg_jsonw_kv_u64(j, "bytes", wg_diff_bytes(s, node));
  }
  if (wg_diff_has_facts(s) && (item->change != WG_DIFF_CHANGED || item->aspects != 0)) {
    wg_jsonw_kv_u64(j, "attributes", wg_diff_attributes(s, node));
    if (item->change != WG_DIFF_CHANGED || has_aspect(item, WG_DIFF_DESCRIPTOR)) {
      wg_buf_clear(&text);
      wg_sddl_of(wg_diff_descriptor(s, node), &text);
      wg_jsonw_kv_str(j, "descriptor", wg_buf_str(&text));
    }
    if (has_aspect(item, WG_DIFF_STREAMS)) {
      wg_buf_clear(&text);
      wg_diff_stream_names(s, node, &text);
      wg_jsonw_kv_str(j, "streams", wg_buf_str(&text));
    }
    if (wg_diff_n_links(s, node) > 1 || has_aspect(item, WG_DIFF_LINKS)) {
      wg_jsonw_kv_u64(j, "links", wg_diff_n_links(s, node));
    }
  }
  wg_jsonw_end_object(j);
}

static void json_item(const diff_report *r, const wg_diff_item *item) {
  wg_jsonw *j = r->json;
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_z(j, "change", change_words[item->change]);
  if (item->change == WG_DIFF_CHANGED) {
    wg_jsonw_key_z(j, "differs");
    wg_jsonw_begin_array(j);
    for (size_t i = 0; i < WG_ARRAY_LEN(wg_diff_aspects); i++) {
      if (has_aspect(item, 1U << i)) {
        wg_jsonw_str_z(j, wg_diff_aspects[i]);
      }
    }
    wg_jsonw_end_array(j);
  }
  json_side(r, "old", r->a, item->a, item);
  json_side(r, "new", r->b, item->b, item);
  wg_jsonw_end_object(j);
}

// --- text

static void add_size(wg_buf *out, uint64_t n) {
  static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
  if (n < 1024) {
    wg_buf_printf(out, "%llu bytes", (unsigned long long)n);
    return;
  }
  uint64_t tenths = n * 10 / 1024;
  size_t u = 0;
  while (tenths >= 10240 && u + 1 < WG_ARRAY_LEN(units)) {
    tenths /= 1024;
    u++;
  }
  wg_buf_printf(out, "%llu.%llu %s", (unsigned long long)tenths / 10,
                (unsigned long long)tenths % 10, units[u]);
}

static void text_name(const wg_diff_side *s, uint32_t node, bool whole, wg_buf *out) {
  WG_AUTO(wg_buf) name = {0};
  wg_buf_init(&name, wg_heap(), 0);
  if (whole || wg_diff_parent(s, node) == WG_DIFF_NONE) {
    wg_diff_path(s, node, &name);
  } else {
    wg_diff_name(s, node, &name);
  }
  wg_ins_add_plain(out, wg_buf_str(&name));
  wg_buf_add_z(out,
               wg_diff_is_folder(s, node) && wg_diff_parent(s, node) != WG_DIFF_NONE ? "\\" : "");
}

// One side's word for what differs, or nothing.
static void text_fact(const wg_diff_side *s, uint32_t node, uint32_t bit, wg_buf *out) {
  wg_str short16;
  switch (bit) {
  case WG_DIFF_CONTENT:
    add_size(out, wg_diff_bytes(s, node));
    break;
  case WG_DIFF_ATTRIBUTES:
    wg_buf_printf(out, "0x%x", wg_diff_attributes(s, node));
    break;
  case WG_DIFF_DESCRIPTOR:
    wg_sddl_of(wg_diff_descriptor(s, node), out);
    break;
  case WG_DIFF_STREAMS:
    wg_diff_stream_names(s, node, out);
    break;
  case WG_DIFF_LINKS:
    wg_buf_printf(out, "%u", wg_diff_n_links(s, node));
    break;
  case WG_DIFF_SHORT_NAME:
    short16 = wg_diff_short16(s, node);
    (void)!wg_utf16le_to_utf8((const uint8_t *)short16.p, short16.n, out);
    break;
  case WG_DIFF_NAME_CASE:
    wg_diff_name(s, node, out);
    break;
  default:
    break;
  }
}

static void text_aspect(const diff_report *r, const wg_diff_item *item, uint32_t bit,
                        const char *name) {
  WG_AUTO(wg_buf) old = {0};
  WG_AUTO(wg_buf) now = {0};
  wg_buf_init(&old, wg_heap(), 0);
  wg_buf_init(&now, wg_heap(), 0);
  text_fact(r->a, item->a, bit, &old);
  text_fact(r->b, item->b, bit, &now);
  wg_buf_printf(r->out, "      %s", name);
  if (old.n > 0 || now.n > 0) {
    wg_buf_add_z(r->out, ": ");
    wg_ins_add_plain(r->out, wg_buf_str(&old));
    wg_buf_add_z(r->out, old.n == 0 ? "none -> " : " -> ");
    wg_ins_add_plain(r->out, wg_buf_str(&now));
    wg_buf_add_z(r->out, now.n == 0 ? "none" : "");
  }
  wg_buf_add_byte(r->out, '\n');
}

static void text_item(const diff_report *r, const wg_diff_item *item) {
  const wg_diff_side *s = item->b != WG_DIFF_NONE ? r->b : r->a;
  uint32_t node = item->b != WG_DIFF_NONE ? item->b : item->a;
  wg_buf_printf(r->out, "  %c ", change_signs[item->change]);
  text_name(s, node, false, r->out);
  if (item->change == WG_DIFF_RENAMED) {
    wg_buf_add_z(r->out, "  was ");
    text_name(r->a, item->a, true, r->out);
  } else if (item->change == WG_DIFF_CHANGED) {
    wg_buf_add_byte(r->out, '\n');
    for (uint32_t i = 0; i < WG_ARRAY_LEN(wg_diff_aspects); i++) {
      if (has_aspect(item, 1U << i)) {
        text_aspect(r, item, 1U << i, wg_diff_aspects[i]);
      }
    }
    return;
  } else if (wg_diff_is_folder(s, node)) {
    wg_buf_printf(r->out, "  %llu %s, ", (unsigned long long)item->n_files,
                  item->n_files == 1 ? "file" : "files");
    add_size(r->out, item->n_bytes);
  } else {
    wg_buf_add_z(r->out, "  ");
    add_size(r->out, wg_diff_bytes(s, node));
  }
  wg_buf_add_byte(r->out, '\n');
}

// The folder an item is in, printed before its first one.
static void text_heading(const diff_report *r, const wg_diff_item *item, wg_buf *last) {
  const wg_diff_side *s = item->b != WG_DIFF_NONE ? r->b : r->a;
  uint32_t node = item->b != WG_DIFF_NONE ? item->b : item->a;
  uint32_t parent = wg_diff_parent(s, node);
  WG_AUTO(wg_buf) path = {0};
  wg_buf_init(&path, wg_heap(), 0);
  wg_diff_path(s, parent == WG_DIFF_NONE ? node : parent, &path);
  if (!wg_str_eq(wg_buf_str(&path), wg_buf_str(last))) {
    wg_ins_add_plain(r->out, wg_buf_str(&path));
    wg_buf_add_byte(r->out, '\n');
    wg_buf_clear(last);
    wg_buf_add(last, path.p, path.n);
  }
}

void wg_diff_print_files(diff_report *r, const wg_diff_list *list) {
  WG_AUTO(wg_buf) heading = {0};
  wg_buf_init(&heading, wg_heap(), 0);
  for (size_t i = 0; i < list->n; i++) {
    const wg_diff_item *item = &list->v[i];
    r->by_change[item->change]++;
    if (r->json != NULL) {
      json_item(r, item);
    } else if (!item->implied || r->cli->verbose > 0 ||
               (item->change == WG_DIFF_RENAMED && list->n < 10000)) {
      text_heading(r, item, &heading);
      text_item(r, item);
    }
  }
  if (r->json == NULL && list->n > 0) {
    wg_buf_add_byte(r->out, '\n');
  }
}

// --- services

static void json_service(const diff_report *r, const wg_service_change *s) {
  wg_jsonw *j = r->json;
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_z(j, "name", s->name);
  wg_jsonw_kv_z(j, "kind", s->driver ? "driver" : "service");
  wg_jsonw_kv_z(j, "change", s->added ? "added" : s->removed ? "removed" : "changed");
  wg_jsonw_key_z(j, "fields");
  wg_jsonw_begin_array(j);
  for (size_t i = 0; i < s->n_fields; i++) {
    wg_jsonw_begin_object(j);
    wg_jsonw_kv_z(j, "name", s->fields[i].name);
    if (s->fields[i].old_text != NULL) {
      wg_jsonw_kv_z(j, "old", s->fields[i].old_text);
    }
    if (s->fields[i].new_text != NULL) {
      wg_jsonw_kv_z(j, "new", s->fields[i].new_text);
    }
    wg_jsonw_end_object(j);
  }
  wg_jsonw_end_array(j);
  wg_jsonw_end_object(j);
}

static void text_service(const diff_report *r, const wg_service_change *s) {
  wg_buf_printf(r->out, "  %c ", s->added ? '+' : s->removed ? '-' : '~');
  wg_ins_add_plain(r->out, wg_str_of(s->name));
  wg_buf_add_z(r->out, s->driver ? "  (driver)\n" : "\n");
  for (size_t i = 0; i < s->n_fields; i++) {
    const wg_service_field *f = &s->fields[i];
    wg_buf_printf(r->out, "      ");
    wg_ins_add_plain(r->out, wg_str_of(f->name));
    wg_buf_add_z(r->out, ": ");
    if (!s->added && f->old_text != NULL) {
      wg_ins_add_plain(r->out, wg_str_of(f->old_text));
      wg_buf_add_z(r->out, s->removed ? "" : " -> ");
    } else if (!s->added && !s->removed && strcmp(f->name, "parameters and security") != 0) {
      wg_buf_add_z(r->out, "none -> ");
    }
    if (!s->removed) {
      wg_ins_add_plain(r->out, wg_str_of(f->new_text != NULL ? f->new_text : "none"));
    }
    wg_buf_add_byte(r->out, '\n');
  }
}

// --- summary

// what: key in JSON, and in text unless it has another name there.
static void count_three(const diff_report *r, const char *what, const char *text, uint64_t added,
                        uint64_t removed, uint64_t changed) {
  if (r->json != NULL) {
    wg_jsonw_key_z(r->json, what);
    wg_jsonw_begin_object(r->json);
    wg_jsonw_kv_u64(r->json, "added", added);
    wg_jsonw_kv_u64(r->json, "removed", removed);
    wg_jsonw_kv_u64(r->json, "changed", changed);
  } else {
    wg_buf_printf(r->out, "%s: %llu added, %llu removed, %llu changed", text,
                  (unsigned long long)added, (unsigned long long)removed,
                  (unsigned long long)changed);
  }
}

static void count_end(const diff_report *r) {
  if (r->json != NULL) {
    wg_jsonw_end_object(r->json);
  } else {
    wg_buf_add_byte(r->out, '\n');
  }
}

static void print_services(const diff_report *r, uint64_t counts[3]) {
  if (r->json != NULL) {
    wg_jsonw_key_z(r->json, "services");
    wg_jsonw_begin_array(r->json);
  } else if (r->n_services > 0) {
    wg_buf_add_z(r->out, "Services\n");
  }
  for (size_t i = 0; i < r->n_services; i++) {
    const wg_service_change *s = &r->services[i];
    counts[s->added ? 0 : s->removed ? 1 : 2]++;
    if (r->json != NULL) {
      json_service(r, s);
    } else {
      text_service(r, s);
    }
  }
  if (r->json != NULL) {
    wg_jsonw_end_array(r->json);
  } else if (r->n_services > 0) {
    wg_buf_add_byte(r->out, '\n');
  }
}

uint64_t wg_diff_print_rest(diff_report *r) {
  uint64_t services[3] = {0}, drivers[3] = {0};
  const uint64_t *f = r->by_change;
  print_services(r, services);
  wg_diff_print_drivers(r, drivers);
  uint64_t n_files = f[0] + f[1] + f[2] + f[3];
  uint64_t n_reg = r->reg_added + r->reg_removed + r->reg_changed;
  if (r->json != NULL) {
    wg_jsonw_key_z(r->json, "summary");
    wg_jsonw_begin_object(r->json);
  }
  if (r->a != NULL) {
    count_three(r, "files", "files and folders", f[WG_DIFF_ADDED], f[WG_DIFF_REMOVED],
                f[WG_DIFF_CHANGED]);
    if (r->json != NULL) {
      wg_jsonw_kv_u64(r->json, "renamed", f[WG_DIFF_RENAMED]);
    } else {
      wg_buf_printf(r->out, ", %llu renamed", (unsigned long long)f[WG_DIFF_RENAMED]);
    }
    count_end(r);
  }
  count_three(r, "registry", "registry", r->reg_added, r->reg_removed, r->reg_changed);
  count_end(r);
  count_three(r, "services", "services", services[0], services[1], services[2]);
  count_end(r);
  if (r->json != NULL || r->n_drivers > 0) {
    count_three(r, "drivers", "drivers", drivers[0], drivers[1], drivers[2]);
    count_end(r);
  }
  if (r->json != NULL) {
    wg_jsonw_end_object(r->json);
  }
  return n_files + n_reg;
}
