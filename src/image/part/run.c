// SPDX-License-Identifier: Apache-2.0
// A plan carried out: in the worker, beside the base's content.
#include <string.h>

#include "base/utf.h"
#include "fmt/regtext/regtext.h"
#include "image/part/part.h"
#include "image/part/plan_int.h"
#include "image/tree/registry.h"

#define RUN_MAX_REGTEXT_BYTES ((uint64_t)256 << 20)

typedef struct part_state {
  const wg_part_table *table;
  wg_part_plan *plan;
  wg_part_run run;
  wg_image_result told; // what checks tell is not kept
  size_t n_staged;
} part_state;

static void part_state_free(part_state *s) {
  if (s != NULL) {
    wg_part_plan_free(s->plan);
    wg_image_result_done(&s->told);
    wg_xfree(s);
  }
}
WG_DEFINE_AUTO_PTR(part_state, part_state_free);

static void state_done(void *state) {
  part_state_free(state);
}

wg_code wg_part_run_path(const wg_part_run *r, const wg_src *src, char **out, wg_error *err) {
  for (size_t i = 0; i < r->plan->n_inputs; i++) {
    const wg_part_input *in = &r->plan->inputs[i];
    if (src->label != NULL && strcmp(in->label, src->label) == 0) {
      *out = src->below == NULL ? wg_xstrdup(in->path) : wg_path_join(in->path, src->below);
      return WG_OK;
    }
  }
  return wg_fail(err, WG_E_NOT_FOUND, "no input '%s' was declared",
                 src->label == NULL ? "" : src->label);
}

// Bytes of the plan as a file of the temporary folder; heap.
static wg_code run_stage(part_state *s, wg_str bytes, char **out, wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_xprintf("%s/part-%zu", s->run.tmp_dir, s->n_staged++);
  if (wg_os_write_file(WG_CWD, path, bytes.p, bytes.n, 0600, false, err) != WG_OK) {
    return err->code;
  }
  *out = wg_take(&path);
  return WG_OK;
}

static wg_code run_secret(const part_state *s, const char *label, wg_str *out, wg_error *err) {
  for (size_t i = 0; i < s->plan->n_secrets; i++) {
    if (strcmp(s->plan->secrets[i].secret.label, label) == 0) {
      *out = s->plan->secrets[i].bytes;
      return WG_OK;
    }
  }
  return wg_fail(err, WG_E_NOT_FOUND, "no secret '%s' was declared", label);
}

static wg_code run_source(part_state *s, const wg_src *src, char **out, wg_error *err) {
  switch (src->kind) {
  case WG_SRC_NONE:
    return WG_OK;
  case WG_SRC_INPUT:
    return wg_part_run_path(&s->run, src, out, err);
  case WG_SRC_BYTES:
    return run_stage(s, src->bytes, out, err);
  case WG_SRC_SECRET:
    break;
  }
  wg_str bytes;
  return run_secret(s, src->label, &bytes, err) == WG_OK ? run_stage(s, bytes, out, err)
                                                         : err->code;
}

static char *run_dup(const char *s) {
  return s == NULL ? NULL : wg_xstrdup(s);
}

// What is selected of a host folder. Of a folder attributes and descriptor are of the folder it
// becomes, or of all below as well, the owner is of everything. What a wildcard matches are files:
// all three are theirs.
static wg_code run_tree(const wg_part_item *i, const char *from, wg_image_changes *out,
                        wg_error *err) {
  const wg_image_change *given = &i->change;
  bool matching = i->src.select.only != NULL;
  size_t first = out->n;
  if (wg_image_changes_add_tree(out, from, given->to, &i->src.select, NULL, err) != WG_OK) {
    return err->code;
  }
  for (size_t k = first; k < out->n; k++) {
    wg_image_change *c = &out->v[k];
    bool all = matching ? c->op == WG_IMAGE_PUT_FILE
                        : k == first || (given->flags & WG_IMAGE_ALL_BELOW) != 0;
    c->owner = matching && !all ? NULL : run_dup(given->owner);
    if (all) {
      c->sddl = run_dup(given->sddl);
      c->flags = given->flags & ~(unsigned)WG_IMAGE_ALL_BELOW; // said of each
      c->attributes = given->attributes;
    }
  }
  return WG_OK;
}

static wg_code run_change(part_state *s, const wg_part_item *i, wg_image_changes *out,
                          wg_error *err) {
  WG_AUTO(wg_cstr) from = NULL;
  if (run_source(s, &i->src, &from, err) != WG_OK) {
    return err->code;
  }
  if (i->change.op == WG_IMAGE_PUT_DIR && from != NULL) {
    return run_tree(i, from, out, err);
  }
  wg_image_change c = i->change;
  c.from = i->change.op == WG_IMAGE_RENAME ? i->change.from : from;
  wg_image_changes_push(out, &c);
  return WG_OK;
}

static wg_code run_regtext(part_state *s, const wg_part_item *i, wg_reg_edits *out, wg_error *err) {
  WG_AUTO(wg_cstr) path = NULL;
  WG_AUTO(wg_buf) bytes = {0};
  const char *shown = i->shown == NULL ? i->src.label : i->shown;
  wg_regtext text;
  wg_buf_init(&bytes, wg_heap(), 0);
  if (wg_part_run_path(&s->run, &i->src, &path, err) != WG_OK ||
      wg_os_read_file(WG_CWD, path, RUN_MAX_REGTEXT_BYTES, &bytes, err) != WG_OK) {
    return err->code;
  }
  if (wg_regtext_parse(bytes.p, bytes.n, NULL, &out->arena, &text, err) != WG_OK) {
    return wg_wrap(err, "'%s'", shown);
  }
  size_t n_maps = i->reg.n_items / 2;
  wg_reg_map *maps = wg_xarray(n_maps + 1, sizeof(*maps));
  for (size_t k = 0; k < n_maps; k++) {
    maps[k] = (wg_reg_map){i->reg.items[2 * k], i->reg.items[2 * k + 1]};
  }
  wg_reg_edits_regtext(out, shown, &text, maps, n_maps);
  wg_xfree(maps);
  return WG_OK;
}

// All edits of all parts, in order; each hive is written once.
static wg_code run_registry(part_state *s, wg_image_reader *base, const wg_reg_edits *edits,
                            wg_image_changes *changes, wg_error *err) {
  WG_AUTO(wg_reg_result) result = {0};
  const wg_reg_options opt = {.tmp_dir = s->run.tmp_dir, .time_s = s->run.time_s};
  if (wg_image_registry(base, edits->v, edits->n, &opt, &result, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < result.n_files; i++) {
    wg_image_changes_push(changes, &(wg_image_change){.op = WG_IMAGE_PUT_FILE,
                                                      .to = result.files[i].to,
                                                      .from = result.files[i].staged,
                                                      .flags = WG_IMAGE_PROTECTED_TOO});
  }
  for (size_t i = 0; i < result.n_warnings; i++) {
    wg_image_result_warn(s->run.result, result.warnings[i]);
  }
  wg_image_result_fact(s->run.result, "registry_values_set", result.n_set);
  wg_image_result_fact(s->run.result, "registry_deleted", result.n_deleted);
  wg_image_result_fact(s->run.result, "registry_absent", result.n_absent);
  return WG_OK;
}

// A value whose data are the bytes of a secret. No message says what they are.
static wg_code run_secret_value(const part_state *s, const wg_part_item *i, wg_reg_edits *out,
                                wg_error *err) {
  wg_reg_edit e = i->reg;
  wg_str bytes;
  if (run_secret(s, i->src.label, &bytes, err) != WG_OK) {
    return err->code;
  }
  bool is_text = e.type == WG_REG_SZ || e.type == WG_REG_EXPAND_SZ;
  WG_AUTO(wg_buf) data = {0};
  wg_buf_init(&data, wg_heap(), 0);
  if (is_text && (!wg_utf8_to_utf16le(bytes, &data) || wg_str_find(bytes, '\0') < bytes.n)) {
    wg_wipe(data.p, data.p == NULL ? 0 : data.cap);
    return wg_fail(err, WG_E_FORMAT,
                   "%s: the secret of value '%s' is no text in UTF-8: write 'type: binary' beside "
                   "'secret:' to take its bytes",
                   i->origin, e.name);
  }
  if (is_text) {
    wg_buf_add_le16(&data, 0);
  } else {
    wg_buf_add_str(&data, bytes);
  }
  const uint8_t *copy = (const uint8_t *)wg_arena_strndup(
      &out->arena, data.n == 0 ? "" : (const char *)data.p, data.n);
  wg_wipe(data.p, data.p == NULL ? 0 : data.cap);
  wg_assert(copy != NULL);
  e.data = copy;
  e.n_bytes = (uint32_t)data.n;
  wg_vec_push(&out->v, &out->n, &out->cap) = e;
  return WG_OK;
}

static wg_code run_item(part_state *s, const wg_part_item *i, wg_image_changes *changes,
                        wg_reg_edits *edits, wg_error *err) {
  if (i->kind == WG_PART_CHANGE) {
    return run_change(s, i, changes, err) == WG_OK ? WG_OK : wg_wrap(err, "%s", i->origin);
  }
  if (i->kind == WG_PART_REG_FILE) {
    return run_regtext(s, i, edits, err);
  }
  if (i->kind == WG_PART_REG && i->src.kind == WG_SRC_SECRET) {
    return run_secret_value(s, i, edits, err);
  }
  if (i->kind == WG_PART_REG) {
    wg_vec_push(&edits->v, &edits->n, &edits->cap) = i->reg;
  }
  return WG_OK;
}

static wg_code run_items(part_state *s, wg_image_changes *changes, wg_reg_edits *edits,
                         wg_error *err) {
  for (size_t k = 0; k < s->plan->n_items; k++) {
    if (run_item(s, &s->plan->items[k].item, changes, edits, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static bool run_needs_base(const part_state *s) {
  bool needs = false;
  for (size_t i = 0; i < s->table->n_parts; i++) {
    const wg_image_part *part = s->table->parts[i];
    needs = needs || (part->fill != NULL && wg_plan_used(s->plan, part->name));
  }
  for (size_t i = 0; i < s->plan->n_items; i++) {
    wg_part_item_kind kind = s->plan->items[i].item.kind;
    needs = needs || kind == WG_PART_REG || kind == WG_PART_REG_FILE;
  }
  return needs;
}

static wg_code run_fill(part_state *s, wg_image_reader *base, wg_error *err) {
  for (size_t i = 0; i < s->table->n_parts; i++) {
    const wg_image_part *part = s->table->parts[i];
    if (part->fill == NULL || !wg_plan_used(s->plan, part->name)) {
      continue;
    }
    wg_part_plan_turn(s->plan, part->name, part->order, part->version);
    if (part->fill(&s->run, base, s->plan, err) != WG_OK) {
      return wg_wrap(err, "%s", part->name);
    }
  }
  return WG_OK;
}

static wg_code planner_fill(const void *ctx, const wg_image_base *base, const wg_image_options *opt,
                            wg_image_changes *changes, wg_image_result *result, void **out_state,
                            wg_error *err) {
  part_state *s = wg_xalloc(sizeof(*s));
  *out_state = s;
  s->table = ctx;
  if (wg_part_plan_parse(opt->plan, &s->plan, err) != WG_OK) {
    return wg_wrap(err, "plan of the image");
  }
  s->run = (wg_part_run){.tmp_dir = opt->tmp_dir,
                         .time_s = opt->time_s,
                         .arch = opt->arch,
                         .plan = s->plan,
                         .result = result};
  WG_AUTO_PTR(wg_image_reader) reader = NULL;
  WG_AUTO(wg_reg_edits) edits = {0};
  wg_reg_edits_init(&edits);
  if (run_needs_base(s) && wg_image_reader_open(base, &reader, err) != WG_OK) {
    return err->code;
  }
  if (reader != NULL) {
    wg_image_reader_keep(reader, opt->packed, opt->packed_at);
  }
  if (run_fill(s, reader, err) != WG_OK || run_items(s, changes, &edits, err) != WG_OK) {
    return err->code;
  }
  return edits.n == 0 ? WG_OK : run_registry(s, reader, &edits, changes, err);
}

static wg_code planner_check(void *state, const wg_image_base *out, wg_error *err) {
  part_state *s = state;
  WG_AUTO_PTR(wg_image_reader) reader = NULL;
  s->run.result = &s->told;
  for (size_t i = 0; i < s->table->n_parts; i++) {
    const wg_image_part *part = s->table->parts[i];
    if (part->check == NULL || !wg_plan_used(s->plan, part->name)) {
      continue;
    }
    if (reader == NULL && wg_image_reader_open(out, &reader, err) != WG_OK) {
      return wg_wrap(err, "read-back");
    }
    if (part->check(&s->run, reader, s->plan, err) != WG_OK) {
      return wg_wrap(err, "read-back");
    }
  }
  return WG_OK;
}

// --- what would be refused

static void run_refused(void *ctx, const wg_reg_edit *e, const char *text) {
  size_t n = strlen(e->origin); // its messages begin with it
  bool said = strncmp(text, e->origin, n) == 0 && text[n] == ':' && text[n + 1] == ' ';
  wg_image_result_refused(ctx, 0, e->origin, said ? text + n + 2 : text);
}

// What a part's fill has against the base: at the place of what it planned first.
static void run_fill_refused(const part_state *s, const wg_image_part *part, const wg_error *e,
                             wg_image_result *result) {
  for (size_t k = 0; k < s->plan->n_items; k++) {
    const wg_part_item *i = &s->plan->items[k].item;
    if (strcmp(i->part, part->name) == 0) {
      const wg_reg_edit at = {.origin = i->origin};
      run_refused(result, &at, e->text);
      return;
    }
  }
}

// Parts that look at the base themselves: what they would do is not kept.
static wg_code run_try_fills(part_state *s, wg_image_reader *base, wg_image_result *result,
                             wg_error *err) {
  for (size_t i = 0; i < s->table->n_parts; i++) {
    const wg_image_part *part = s->table->parts[i];
    wg_error e = WG_ERROR_INIT;
    if (part->fill == NULL || !wg_plan_used(s->plan, part->name)) {
      continue;
    }
    wg_part_plan_turn(s->plan, part->name, part->order, part->version);
    wg_code code = part->fill(&s->run, base, s->plan, &e);
    if (code == WG_E_CANCELED || code == WG_E_NOMEM) {
      *err = e;
      return code;
    }
    if (code != WG_OK) {
      run_fill_refused(s, part, &e, result);
    }
  }
  return WG_OK;
}

// The edits that the plan names; secrets are not there.
static wg_code run_try_edits(part_state *s, wg_reg_edits *edits, wg_error *err) {
  for (size_t k = 0; k < s->plan->n_items; k++) {
    const wg_part_item *i = &s->plan->items[k].item;
    if (i->kind == WG_PART_REG && i->src.kind != WG_SRC_SECRET) {
      wg_vec_push(&edits->v, &edits->n, &edits->cap) = i->reg;
    } else if (i->kind == WG_PART_REG_FILE && run_regtext(s, i, edits, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code planner_refuses(const void *ctx, const wg_image_base *base,
                               const wg_image_options *opt, wg_image_result *result,
                               wg_error *err) {
  WG_AUTO_PTR(part_state) s = wg_xalloc(sizeof(*s));
  WG_AUTO_PTR(wg_image_reader) reader = NULL;
  WG_AUTO(wg_reg_edits) edits = {0};
  wg_reg_edits_init(&edits);
  s->table = ctx;
  if (wg_part_plan_parse(opt->plan, &s->plan, err) != WG_OK) {
    return wg_wrap(err, "plan of the image");
  }
  s->run = (wg_part_run){.tmp_dir = opt->tmp_dir,
                         .time_s = opt->time_s,
                         .arch = opt->arch,
                         .plan = s->plan,
                         .result = &s->told};
  if (!run_needs_base(s)) {
    return WG_OK;
  }
  if (wg_image_reader_open(base, &reader, err) != WG_OK) {
    return err->code;
  }
  wg_image_reader_keep(reader, opt->packed, opt->packed_at);
  if (run_try_fills(s, reader, result, err) != WG_OK || run_try_edits(s, &edits, err) != WG_OK) {
    return err->code;
  }
  return edits.n == 0 ? WG_OK
                      : wg_image_registry_try(reader, edits.v, edits.n, run_refused, result, err);
}

wg_image_planner wg_part_planner(const wg_part_table *table) {
  return (wg_image_planner){.ctx = table,
                            .fill = planner_fill,
                            .check = planner_check,
                            .refuses = planner_refuses,
                            .done = state_done};
}
