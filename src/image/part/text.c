// SPDX-License-Identifier: Apache-2.0
// The text of a plan: one record an item. What stands in it is the key of a step, so everything
// that decides the image is here, and nothing else but, for the worker, who asked for it.
#include <string.h>

#include "image/part/plan_int.h"
#include "image/tree/changetext.h"

// A field that was added must be written and read below.
_Static_assert(sizeof(void *) != 8 || sizeof(wg_reg_edit) == 96, "wg_reg_edit: see text_reg");

static const char *const text_kinds[] = {
    [WG_PART_CHANGE] = "change", [WG_PART_REG] = "registry",  [WG_PART_REG_FILE] = "registry-file",
    [WG_PART_TASK] = "task",     [WG_PART_ANSWER] = "answer", [WG_PART_OWN] = "own"};
static const char *const text_src_kinds[] = {[WG_SRC_NONE] = "none",
                                             [WG_SRC_INPUT] = "input",
                                             [WG_SRC_BYTES] = "bytes",
                                             [WG_SRC_SECRET] = "secret"};
static const char *const text_reg_ops[] = {
    [WG_REG_MAKE_KEY] = "make-key", [WG_REG_DELETE_KEY] = "delete-key",
    [WG_REG_SET] = "set",           [WG_REG_DELETE_VALUE] = "delete-value",
    [WG_REG_APPEND] = "append",     [WG_REG_REMOVE] = "remove",
    [WG_REG_EXPECT] = "expect",     [WG_REG_TAKE_KEY] = "take-key",
    [WG_REG_DROP_KEY] = "drop-key", [WG_REG_NEED_KEYS] = "need-keys",
};

// --- writing

// A word of one of the lists above. What is in none of them would be missing from keys.
static void text_word(wg_buf *out, const char *field, const char *const *words, size_t n,
                      unsigned i) {
  wg_assert(i < n && words[i] != NULL);
  wg_record_z(out, field, words[i]);
}

static void text_src(const wg_src *s, wg_buf *out) {
  text_word(out, "source", text_src_kinds, WG_ARRAY_LEN(text_src_kinds), s->kind);
  wg_record_z(out, "label", s->label);
  wg_record_z(out, "below", s->below);
  wg_record_z(out, "only", s->select.only);
  wg_record_list(out, "exclude", s->select.exclude, s->select.n_exclude);
  wg_record_hex(out, "bytes", s->bytes.p, s->bytes.n);
}

static void text_reg(const wg_reg_edit *e, wg_buf *out) {
  text_word(out, "do", text_reg_ops, WG_ARRAY_LEN(text_reg_ops), e->op);
  wg_record_z(out, "key", e->key);
  wg_record_z(out, "name", e->name);
  wg_record_flag(out, "view32", e->view32);
  wg_record_flag(out, "keep-type", e->keep_type);
  wg_record_u64(out, "type", e->type);
  wg_record_hex(out, "data", e->data, e->n_bytes);
  wg_record_list(out, "item", e->items, e->n_items);
  wg_record_flag(out, "expect", e->has_expect);
  wg_record_flag(out, "expect-absent", e->expect_absent);
  wg_record_u64(out, "expect-type", e->expect_type);
  wg_record_hex(out, "expect-data", e->expect, e->n_expect);
}

void wg_part_item_write(const wg_part_item *i, bool origin, wg_buf *out) {
  wg_record_begin(out, text_kinds[i->kind], wg_str_of(i->title));
  wg_record_z(out, "part", i->part);
  switch (i->kind) {
  case WG_PART_CHANGE:
    wg_image_change_write_fields(&i->change, out);
    text_src(&i->src, out);
    break;
  case WG_PART_REG:
    text_reg(&i->reg, out);
    wg_record_z(out, "secret", i->src.label);
    break;
  case WG_PART_REG_FILE:
    text_src(&i->src, out);
    wg_record_list(out, "map", i->reg.items, i->reg.n_items);
    wg_record_z(out, "shown", origin ? i->shown : NULL);
    break;
  case WG_PART_TASK:
    wg_task_write_fields(&i->task, out);
    break;
  case WG_PART_ANSWER:
    wg_answer_write_fields(&i->answer, out);
    break;
  case WG_PART_OWN:
    wg_record_z(out, "text", i->own);
    break;
  }
  wg_record_z(out, "origin", origin ? i->origin : NULL);
  wg_record_end(out);
}

void wg_part_plan_write(const wg_part_plan *p, bool origin, wg_buf *out) {
  for (size_t i = 0; i < p->n_parts; i++) {
    if (!p->parts[i].used) {
      continue;
    }
    wg_record_begin(out, "part", wg_str_of(p->parts[i].name));
    wg_record_i64(out, "order", p->parts[i].order);
    wg_record_u64(out, "version", p->parts[i].version);
    wg_record_end(out);
  }
  for (size_t i = 0; i < p->n_items; i++) {
    wg_part_item_write(&p->items[i].item, origin, out);
  }
}

wg_code wg_part_plan_job(const wg_part_plan *p, const wg_part_source *from, wg_buf *out,
                         wg_error *err) {
  wg_part_plan_write(p, true, out);
  for (size_t i = 0; i < p->n_inputs; i++) {
    WG_AUTO(wg_cstr) path = NULL;
    if (from->path(from->ctx, &p->inputs[i], &path, err) != WG_OK) {
      return err->code;
    }
    wg_record_begin(out, "input", wg_str_of(p->inputs[i].label));
    wg_record_z(out, "path", path);
    wg_record_end(out);
  }
  for (size_t i = 0; i < p->n_secrets; i++) {
    WG_AUTO(wg_buf) bytes = {0};
    wg_buf_init(&bytes, wg_heap(), 0);
    if (from->secret(from->ctx, &p->secrets[i].secret, &bytes, err) != WG_OK) {
      return err->code;
    }
    wg_record_begin(out, "secret", wg_str_of(p->secrets[i].secret.label));
    wg_record_str(out, "bytes", wg_buf_str(&bytes));
    wg_record_end(out);
  }
  return WG_OK;
}

// --- reading

static void read_src(wg_record *r, wg_src *out) {
  unsigned kind = 0;
  const uint8_t *bytes = NULL;
  size_t n = 0;
  wg_record_get_word(r, "source", text_src_kinds, WG_ARRAY_LEN(text_src_kinds), &kind);
  wg_record_get_z(r, "label", &out->label);
  wg_record_get_z(r, "below", &out->below);
  wg_record_get_z(r, "only", &out->select.only);
  wg_record_get_list(r, "exclude", &out->select.exclude, &out->select.n_exclude);
  wg_record_get_hex(r, "bytes", &bytes, &n);
  out->kind = (wg_src_kind)kind;
  out->bytes = (wg_str){(const char *)bytes, n};
  bool labelled = out->kind == WG_SRC_INPUT || out->kind == WG_SRC_SECRET;
  wg_record_need(r, "label", labelled == (out->label != NULL));
}

static void read_change(wg_record *r, wg_image_change *out) {
  wg_image_change_read_fields(r, out);
  wg_record_need(r, "from", (out->op == WG_IMAGE_RENAME) == (out->from != NULL));
}

static void read_reg(wg_record *r, wg_reg_edit *out) {
  unsigned op = 0;
  size_t n_data = 0, n_expect = 0;
  wg_record_get_word(r, "do", text_reg_ops, WG_ARRAY_LEN(text_reg_ops), &op);
  wg_record_get_z(r, "key", &out->key);
  wg_record_get_z(r, "name", &out->name);
  wg_record_get_flag(r, "view32", &out->view32);
  wg_record_get_flag(r, "keep-type", &out->keep_type);
  wg_record_get_u32(r, "type", &out->type);
  wg_record_get_hex(r, "data", &out->data, &n_data);
  wg_record_get_list(r, "item", &out->items, &out->n_items);
  wg_record_get_flag(r, "expect", &out->has_expect);
  wg_record_get_flag(r, "expect-absent", &out->expect_absent);
  wg_record_get_u32(r, "expect-type", &out->expect_type);
  wg_record_get_hex(r, "expect-data", &out->expect, &n_expect);
  out->op = (wg_reg_edit_op)op;
  out->n_bytes = (uint32_t)n_data;
  out->n_expect = (uint32_t)n_expect;
  wg_record_need(r, "key", out->key != NULL && out->name != NULL);
}

static wg_code read_item(wg_part_plan *p, wg_record *r, wg_part_item_kind kind, wg_error *err) {
  WG_AUTO(wg_cstr) title = wg_xstrndup(r->title.p, r->title.n);
  const char *part = NULL;
  wg_part_item got = {.kind = kind};
  wg_record_get_z(r, "part", &part);
  switch (kind) {
  case WG_PART_CHANGE:
    read_change(r, &got.change);
    read_src(r, &got.src);
    break;
  case WG_PART_REG:
    read_reg(r, &got.reg);
    wg_record_get_z(r, "secret", &got.src.label);
    got.src.kind = got.src.label != NULL ? WG_SRC_SECRET : WG_SRC_NONE;
    wg_record_need(r, "secret", got.src.label == NULL || got.reg.op == WG_REG_SET);
    break;
  case WG_PART_REG_FILE:
    read_src(r, &got.src);
    wg_record_get_list(r, "map", &got.reg.items, &got.reg.n_items);
    wg_record_need(r, "map", got.reg.n_items % 2 == 0);
    wg_record_get_z(r, "shown", &got.shown);
    break;
  case WG_PART_TASK:
    wg_task_read_fields(r, &got.task);
    break;
  case WG_PART_ANSWER:
    wg_answer_read_fields(r, &got.answer);
    break;
  case WG_PART_OWN:
    wg_record_get_z(r, "text", &got.own);
    wg_record_need(r, "text", got.own != NULL);
    break;
  }
  wg_record_get_z(r, "origin", &got.origin);
  if (wg_record_done(r, err) != WG_OK ||
      (kind == WG_PART_TASK && wg_task_check(&got.task, err) != WG_OK) ||
      (kind == WG_PART_ANSWER && wg_answer_check(&got.answer, err) != WG_OK)) {
    return err->code;
  }
  size_t turn = 0;
  while (turn < p->n_parts && (part == NULL || strcmp(p->parts[turn].name, part) != 0)) {
    turn++;
  }
  if (turn == p->n_parts) {
    return wg_fail(err, WG_E_FORMAT, "plan: '%s' belongs to no part", title);
  }
  p->turn = turn;
  wg_part_item *i = wg_plan_add(p, kind, title, got.origin);
  got.part = i->part;
  got.title = i->title;
  got.origin = got.reg.origin = got.answer.origin = i->origin;
  *i = got;
  return WG_OK;
}

static wg_code read_part(wg_part_plan *p, wg_record *r, wg_error *err) {
  WG_AUTO(wg_cstr) name = wg_xstrndup(r->title.p, r->title.n);
  int64_t order = 0;
  uint32_t version = 0;
  wg_record_get_i64(r, "order", &order);
  wg_record_get_u32(r, "version", &version);
  wg_record_need(r, "order", order >= INT32_MIN && order <= INT32_MAX);
  if (wg_record_done(r, err) != WG_OK) {
    return err->code;
  }
  wg_part_plan_turn(p, name, (int)order, version);
  p->parts[p->turn].used = true;
  return WG_OK;
}

static wg_code read_has_parts(const wg_part_plan *p, wg_error *err) {
  return p->n_parts > 0 ? WG_OK : wg_fail(err, WG_E_FORMAT, "plan: an input before the first part");
}

static wg_code read_input(wg_part_plan *p, wg_record *r, wg_error *err) {
  WG_AUTO(wg_cstr) label = wg_xstrndup(r->title.p, r->title.n);
  const char *path = NULL;
  wg_record_get_z(r, "path", &path);
  wg_record_need(r, "path", path != NULL);
  if (wg_record_done(r, err) != WG_OK || read_has_parts(p, err) != WG_OK) {
    return err->code;
  }
  wg_part_plan_input_file(p, label, path);
  return WG_OK;
}

static wg_code read_secret(wg_part_plan *p, wg_record *r, wg_error *err) {
  WG_AUTO(wg_cstr) label = wg_xstrndup(r->title.p, r->title.n);
  wg_str bytes = {NULL, 0};
  wg_record_need(r, "bytes", wg_record_take(r, "bytes", &bytes));
  if (wg_record_done(r, err) != WG_OK || read_has_parts(p, err) != WG_OK) {
    return err->code;
  }
  const wg_secret named = {.label = label};
  wg_part_plan_secret(p, &named);
  char *copy = wg_arena_strndup(&p->arena, bytes.n == 0 ? "" : bytes.p, bytes.n);
  wg_assert(copy != NULL);
  p->secrets[p->n_secrets - 1].bytes = (wg_str){copy, bytes.n};
  return WG_OK;
}

static wg_code read_record(wg_part_plan *p, wg_record *r, wg_error *err) {
  for (size_t k = 0; k < WG_ARRAY_LEN(text_kinds); k++) {
    if (wg_str_eqz(r->kind, text_kinds[k])) {
      return read_item(p, r, (wg_part_item_kind)k, err);
    }
  }
  if (wg_str_eqz(r->kind, "part")) {
    return read_part(p, r, err);
  }
  if (wg_str_eqz(r->kind, "input")) {
    return read_input(p, r, err);
  }
  if (wg_str_eqz(r->kind, "secret")) {
    return read_secret(p, r, err);
  }
  return wg_fail(err, WG_E_FORMAT, "plan: a record '%.*s' that is none of ours",
                 WG_STR_ARG(r->kind));
}

wg_code wg_part_plan_parse(wg_str text, wg_part_plan **out, wg_error *err) {
  WG_AUTO_PTR(wg_part_plan) p = wg_part_plan_new();
  wg_reader r = wg_reader_of(text.p, text.n);
  wg_record rec;
  bool any = true;
  while (wg_record_next(&r, &p->arena, &rec, &any, err) == WG_OK && any) {
    if (read_record(p, &rec, err) != WG_OK) {
      return err->code;
    }
  }
  if (any) {
    return err->code;
  }
  *out = wg_take(&p);
  return WG_OK;
}
