// SPDX-License-Identifier: Apache-2.0
#include "steps/image_changes.h"

#include <string.h>

#include "engine/event.h"

#define CHANGES_MAX 2000U
#define CHANGES_COLUMNS 4U

static const char *changes_reg_verb(wg_reg_edit_op op) {
  switch (op) {
  case WG_REG_MAKE_KEY:
    return "make key";
  case WG_REG_DELETE_KEY:
  case WG_REG_DROP_KEY:
    return "delete key";
  case WG_REG_SET:
    return "set value";
  case WG_REG_DELETE_VALUE:
    return "delete value";
  case WG_REG_APPEND:
    return "append to value";
  case WG_REG_REMOVE:
    return "remove from value";
  case WG_REG_EXPECT:
    return "expect value";
  case WG_REG_TAKE_KEY:
    return "take over key";
  case WG_REG_NEED_KEYS:
    return "need keys";
  }
  return "edit";
}

static const char *changes_file_verb(wg_image_op op) {
  switch (op) {
  case WG_IMAGE_PUT_FILE:
    return "put file";
  case WG_IMAGE_PUT_DIR:
    return "put folder";
  case WG_IMAGE_DELETE:
    return "delete";
  case WG_IMAGE_RENAME:
    return "rename";
  case WG_IMAGE_SET:
    return "set attributes";
  }
  return "change";
}

static const char *changes_or_empty(const char *s) {
  return s == NULL ? "" : s;
}

// True when the item changes something; fills verb and object.
static bool changes_words(const wg_part_item *item, wg_arena *a, const char **out) {
  if (item->kind == WG_PART_CHANGE) {
    out[0] = changes_file_verb(item->change.op);
    out[1] = changes_or_empty(item->change.to);
    return true;
  }
  if (item->kind == WG_PART_REG) {
    bool is_value = item->reg.name != NULL && item->reg.name[0] != '\0';
    out[0] = changes_reg_verb(item->reg.op);
    out[1] = is_value
                 ? wg_arena_printf(a, "%s\\%s", changes_or_empty(item->reg.key), item->reg.name)
                 : changes_or_empty(item->reg.key);
    wg_assert(out[1] != NULL);
    return item->reg.op != WG_REG_EXPECT && item->reg.op != WG_REG_NEED_KEYS;
  }
  if (item->kind == WG_PART_REG_FILE) {
    out[0] = "import";
    out[1] = changes_or_empty(item->shown);
    return true;
  }
  return false;
}

// Rows of a plan's items, at most n; how many there were.
static size_t changes_rows(const wg_image_told_plan *of, size_t n, wg_arena *a,
                           const char **texts) {
  size_t n_rows = 0;
  for (size_t i = 0; i < n; i++) {
    const wg_part_item *item = wg_part_plan_item(of->plan, i);
    const char **row = &texts[n_rows * CHANGES_COLUMNS];
    if (changes_words(item, a, row)) {
      row[2] = wg_arena_printf(a, "%s%s", of->of, changes_or_empty(item->title));
      row[3] = changes_or_empty(item->origin);
      wg_assert(row[2] != NULL);
      n_rows++;
    }
  }
  return n_rows;
}

void wg_image_tell_changes(wg_step_ctx *c, const wg_image_told_plan *plans, size_t n) {
  static const char *const columns[CHANGES_COLUMNS] = {"change", "object", "entry", "where"};
  size_t total = 0, n_rows = 0;
  for (size_t i = 0; i < n; i++) {
    total += wg_part_plan_count(plans[i].plan);
  }
  total = total < CHANGES_MAX ? total : CHANGES_MAX;
  const char **texts =
      (const char **)wg_arena_new_array(wg_ctx_arena(c), const char *, total *CHANGES_COLUMNS + 1);
  wg_assert(texts != NULL);
  for (size_t i = 0; i < n; i++) {
    size_t items = wg_part_plan_count(plans[i].plan), left = total - n_rows;
    n_rows += changes_rows(&plans[i], items < left ? items : left, wg_ctx_arena(c),
                           &texts[n_rows * CHANGES_COLUMNS]);
  }
  if (n_rows > 0) {
    wg_ctx_table(c, &(wg_table){.name = "changes",
                                .columns = columns,
                                .n_texts = CHANGES_COLUMNS,
                                .n_rows = n_rows,
                                .texts = texts});
  }
}

// What takes the room: the report draws a map of it.
static void changes_folders(wg_step_ctx *c, const wg_image_result *r) {
  static const char *const columns[] = {"folder", "below", "bytes", "bytes_put"};
  const char **texts =
      (const char **)wg_arena_new_array(wg_ctx_arena(c), const char *, 2 * r->n_folders);
  uint64_t *numbers = wg_arena_new_array(wg_ctx_arena(c), uint64_t, 2 * r->n_folders);
  wg_assert(texts != NULL && numbers != NULL);
  for (size_t i = 0; i < r->n_folders; i++) {
    texts[2 * i] = r->folders[i].top;
    texts[2 * i + 1] = r->folders[i].below;
    numbers[2 * i] = r->folders[i].n_bytes;
    numbers[2 * i + 1] = r->folders[i].n_added;
  }
  wg_ctx_table(c, &(wg_table){.name = "folders",
                              .columns = columns,
                              .n_texts = 2,
                              .n_numbers = 2,
                              .n_rows = r->n_folders,
                              .texts = texts,
                              .numbers = numbers});
}

// A table of a part: rows of one name.
static void changes_table(wg_step_ctx *c, const wg_image_result *r, const char *name,
                          const char *const *columns, size_t n_columns) {
  const char **texts =
      (const char **)wg_arena_new_array(wg_ctx_arena(c), const char *, n_columns * r->n_rows + 1);
  size_t n = 0;
  wg_assert(texts != NULL);
  for (size_t i = 0; i < r->n_rows; i++) {
    const wg_image_row *row = &r->rows[i];
    if (strcmp(row->table, name) == 0 && row->n_cells == n_columns) {
      for (size_t k = 0; k < n_columns; k++) {
        texts[n * n_columns + k] = row->cells[k];
      }
      n++;
    }
  }
  if (n > 0) {
    wg_ctx_table(
        c,
        &(wg_table){
            .name = name, .columns = columns, .n_texts = n_columns, .n_rows = n, .texts = texts});
  }
}

// What became of driver packages, and which device gets what.
static void changes_drivers(wg_step_ctx *c, const wg_image_result *r) {
  static const char *const drivers[] = {"did",   "published", "inf",       "version",
                                        "class", "store",     "signature", "note"};
  static const char *const devices[] = {"device", "id", "inf", "rank", "why"};
  changes_table(c, r, "drivers", drivers, WG_ARRAY_LEN(drivers));
  changes_table(c, r, "devices", devices, WG_ARRAY_LEN(devices));
}

void wg_image_tell_result(wg_step_ctx *c, const wg_image_result *r) {
  wg_ctx_fact_u64(c, "base_bytes", r->base_bytes);
  wg_ctx_fact_u64(c, "out_bytes", r->out_bytes);
  wg_ctx_fact_u64(c, "files_put", r->n_files);
  wg_ctx_fact_u64(c, "files_replaced", r->n_replaced);
  wg_ctx_fact_u64(c, "entries_deleted", r->n_deleted);
  wg_ctx_fact_u64(c, "entries_renamed", r->n_renamed);
  wg_ctx_fact_u64(c, "bytes_added", r->added_bytes);
  wg_ctx_fact_u64(c, "bytes_stored", r->stored_bytes);
  wg_ctx_fact_u64(c, "files_deduplicated", r->n_dedup);
  wg_ctx_fact_u64(c, "bytes_deduplicated", r->dedup_bytes);
  wg_ctx_fact_u64(c, "bytes_reused", r->kept_bytes);
  wg_ctx_fact_u64(c, "bytes_repacked", r->repacked_bytes);
  for (size_t i = 0; i < r->n_facts; i++) {
    wg_ctx_fact_u64(c, r->facts[i].name, r->facts[i].v);
  }
  changes_folders(c, r);
  changes_drivers(c, r);
  if (r->dead_bytes > 0) {
    wg_ctx_fact_u64(c, "bytes_replaced_but_inside", r->dead_bytes);
    wg_ctx_noted(
        c,
        "%llu bytes of content that no file has any more are still inside the file's solid "
        "data; 'compact: true' packs it anew without them",
        (unsigned long long)r->dead_bytes);
  }
  for (size_t i = 0; i < r->n_warnings; i++) {
    wg_ctx_warn(c, "%s", r->warnings[i]);
  }
}
