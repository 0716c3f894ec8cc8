// SPDX-License-Identifier: Apache-2.0
// How differences between hives are printed, for `wingo reg diff` and `wingo diff`.
#include "cli/core/ins.h"
#include "cli/reg/reg.h"
#include "fmt/sd/sd.h"

static const char *const print_facts[] = {
    [WG_REGDIFF_KEY] = "key",
    [WG_REGDIFF_VALUE] = "value",
    [WG_REGDIFF_DESCRIPTOR] = "security descriptor",
    [WG_REGDIFF_CLASS] = "class",
    [WG_REGDIFF_FLAGS] = "symbolic link or layer",
    [WG_REGDIFF_TIME] = "last-written time",
};

static const char *print_word(const void *a, const void *b) {
  return a == NULL ? "added" : b == NULL ? "removed" : "changed";
}

static void print_path(const wg_regkey *k, wg_buf *out) {
  wg_regkey_add_path(k, out);
  if (out->n == 0) {
    wg_buf_add_byte(out, '\\');
  }
}

void wg_reg_value_name(const wg_regvalue *v, wg_buf *out) {
  if (v->name16.n == 0) {
    wg_buf_add_z(out, "(Default)");
  } else {
    wg_regvalue_add_name(v, out);
  }
}

void wg_sddl_of(wg_str sd, wg_buf *out) {
  WG_AUTO(wg_arena) arena;
  wg_error err = WG_ERROR_INIT;
  wg_sd parsed;
  wg_arena_init(&arena, wg_heap(), 0);
  if (sd.n == 0) {
    wg_buf_add_z(out, "none");
  } else if (wg_sd_parse(sd.p, sd.n, &arena, &parsed, &err) == WG_OK) {
    wg_sddl_write(&parsed, out);
  } else {
    wg_buf_add_hex(out, sd.p, sd.n);
  }
}

// --- JSON

void wg_reg_json_text(wg_jsonw *j, const char *key, wg_str wtf8) {
  wg_jsonw_kv_str(j, key, wtf8);
  if (!wg_utf8_valid(wtf8)) {
    WG_AUTO(wg_cstr) raw = wg_xprintf("%s_utf16le", key);
    WG_AUTO(wg_buf) wide = {0};
    wg_buf_init(&wide, wg_heap(), 0);
    if (wg_utf8_to_utf16le(wtf8, &wide)) {
      wg_jsonw_kv_hex(j, raw, wide.p, wide.n);
    }
  }
}

void wg_reg_json_value(wg_jsonw *j, const wg_regvalue *v) {
  char type[WG_REGTYPE_NAME_BYTES];
  WG_AUTO(wg_buf) data = {0};
  wg_buf_init(&data, wg_heap(), 0);
  wg_regvalue_text(v, &data);
  wg_jsonw_kv_z(j, "type", wg_regtype_name(v->type, type));
  wg_jsonw_kv_str(j, "data", wg_buf_str(&data));
  wg_jsonw_kv_hex(j, "bytes", v->data, v->n_bytes);
  if (v->tombstone) {
    wg_jsonw_kv_bool(j, "tombstone", true);
  }
}

static void json_value(wg_jsonw *j, const char *key, const wg_regvalue *v) {
  if (v != NULL) {
    wg_jsonw_key_z(j, key);
    wg_jsonw_begin_object(j);
    wg_reg_json_value(j, v);
    wg_jsonw_end_object(j);
  }
}

static void json_text(wg_jsonw *j, const char *key, const wg_reg_printer *p, const wg_hive *h,
                      const wg_regkey *k, wg_regdiff_what what) {
  WG_AUTO(wg_buf) text = {0};
  (void)p;
  wg_buf_init(&text, wg_heap(), 0);
  if (what == WG_REGDIFF_DESCRIPTOR) {
    wg_str sd = wg_regkey_sd(h, k);
    WG_AUTO(wg_cstr) raw = wg_xprintf("%s_bytes", key);
    wg_sddl_of(sd, &text);
    wg_jsonw_kv_str(j, key, wg_buf_str(&text));
    wg_jsonw_kv_hex(j, raw, sd.p, sd.n);
  } else if (what == WG_REGDIFF_CLASS) {
    wg_str c = wg_regkey_class(k);
    wg_jsonw_kv_hex(j, key, c.p, c.n);
  } else if (what == WG_REGDIFF_TIME) {
    wg_jsonw_kv_u64(j, key, wg_regkey_time(k));
  }
}

// --- what a key that is new holds

#define PRINT_MAX_BELOW 200U // keys and values; more are counted

typedef struct print_below {
  const wg_regkey **stack;
  size_t n, cap;
  uint64_t n_told, n_more;
} print_below;

static void print_below_done(print_below *b) {
  wg_xfree(b->stack);
}
WG_DEFINE_AUTO(print_below, print_below_done);

// The next key, in the order of their names; NULL behind the last.
static const wg_regkey *print_next(print_below *b) {
  if (b->n == 0) {
    return NULL;
  }
  const wg_regkey *k = b->stack[--b->n];
  for (size_t i = wg_regkey_n_children(k); i > 0; i--) {
    // NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers
    wg_vec_push(&b->stack, &b->n, &b->cap) = wg_regkey_child_at(k, i - 1);
  }
  return k;
}

static bool print_room(print_below *b) {
  bool room = b->n_told < PRINT_MAX_BELOW;
  b->n_told += room ? 1 : 0;
  b->n_more += room ? 0 : 1;
  return room;
}

static void json_below(wg_jsonw *j, const wg_regkey *top) {
  WG_AUTO(print_below) b = {0};
  // NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers
  wg_vec_push(&b.stack, &b.n, &b.cap) = top;
  wg_jsonw_key_z(j, "values");
  wg_jsonw_begin_array(j);
  for (const wg_regkey *k; (k = print_next(&b)) != NULL;) {
    for (size_t i = 0; i < wg_regkey_n_values(k); i++) {
      WG_AUTO(wg_buf) path = {0};
      WG_AUTO(wg_buf) name = {0};
      if (!print_room(&b)) {
        continue;
      }
      wg_buf_init(&path, wg_heap(), 0);
      wg_buf_init(&name, wg_heap(), 0);
      print_path(k, &path);
      wg_reg_value_name(wg_regkey_value_at(k, i), &name);
      wg_jsonw_begin_object(j);
      wg_reg_json_text(j, "key", wg_buf_str(&path));
      wg_reg_json_text(j, "name", wg_buf_str(&name));
      wg_reg_json_value(j, wg_regkey_value_at(k, i));
      wg_jsonw_end_object(j);
    }
  }
  wg_jsonw_end_array(j);
  wg_jsonw_kv_u64(j, "more_values", b.n_more);
}

static void print_json(const wg_reg_printer *p, const wg_regdiff_item *item) {
  wg_jsonw *j = p->json;
  WG_AUTO(wg_buf) text = {0};
  bool value = item->what == WG_REGDIFF_VALUE;
  wg_buf_init(&text, wg_heap(), 0);
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_z(j, "what", print_facts[item->what]);
  wg_jsonw_kv_z(j, "change", value ? print_word(item->va, item->vb) : print_word(item->a, item->b));
  print_path(item->b != NULL ? item->b : item->a, &text);
  wg_reg_json_text(j, "key", wg_buf_str(&text));
  if (value) {
    wg_buf_clear(&text);
    wg_reg_value_name(item->va != NULL ? item->va : item->vb, &text);
    wg_reg_json_text(j, "name", wg_buf_str(&text));
    json_value(j, "old", item->va);
    json_value(j, "new", item->vb);
  } else if (item->what != WG_REGDIFF_KEY) {
    json_text(j, "old", p, p->a, item->a, item->what);
    json_text(j, "new", p, p->b, item->b, item->what);
  } else if (item->b != NULL) {
    json_below(j, item->b);
  }
  wg_jsonw_end_object(j);
}

// --- text

static void text_value(const wg_reg_printer *p, char sign, const wg_regvalue *v) {
  char type[WG_REGTYPE_NAME_BYTES];
  WG_AUTO(wg_buf) text = {0};
  if (v == NULL) {
    return;
  }
  wg_buf_init(&text, wg_heap(), 0);
  wg_reg_value_name(v, &text);
  wg_buf_printf(p->out, "%s  %c ", p->indent, sign);
  wg_ins_add_plain(p->out, wg_buf_str(&text));
  wg_buf_printf(p->out, "  %s  ", wg_regtype_name(v->type, type));
  wg_buf_clear(&text);
  wg_regvalue_text(v, &text);
  wg_ins_add_plain(p->out, wg_buf_str(&text));
  wg_buf_add_byte(p->out, '\n');
}

// The values of a key that is new, and the keys below it with theirs.
static void text_below(const wg_reg_printer *p, const wg_regkey *top) {
  WG_AUTO(print_below) b = {0};
  // NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers
  wg_vec_push(&b.stack, &b.n, &b.cap) = top;
  for (const wg_regkey *k; (k = print_next(&b)) != NULL;) {
    WG_AUTO(wg_buf) path = {0};
    wg_buf_init(&path, wg_heap(), 0);
    if (k != top && print_room(&b)) {
      print_path(k, &path);
      wg_buf_printf(p->out, "%s+ ", p->indent);
      wg_ins_add_plain(p->out, wg_buf_str(&path));
      wg_buf_add_byte(p->out, '\n');
    }
    for (size_t i = 0; i < wg_regkey_n_values(k); i++) {
      if (print_room(&b)) {
        text_value(p, '+', wg_regkey_value_at(k, i));
      }
    }
  }
  if (b.n_more > 0) {
    wg_buf_printf(p->out, "%s  ... and %llu keys and values more\n", p->indent,
                  (unsigned long long)b.n_more);
  }
}

static void text_descriptor(const wg_reg_printer *p, const wg_regdiff_item *item) {
  WG_AUTO(wg_buf) a = {0};
  WG_AUTO(wg_buf) b = {0};
  wg_str old = wg_regkey_sd(p->a, item->a), now = wg_regkey_sd(p->b, item->b);
  wg_buf_init(&a, wg_heap(), 0);
  wg_buf_init(&b, wg_heap(), 0);
  wg_sddl_of(old, &a);
  wg_sddl_of(now, &b);
  bool alike = wg_str_eq(wg_buf_str(&a), wg_buf_str(&b));
  if (alike) { // control bits, order in the cell, bytes that nothing refers to
    wg_buf_printf(p->out, "%s    = %s\n%s    SDDL does not show what differs; the bytes:\n",
                  p->indent, wg_buf_z(&a), p->indent);
    wg_buf_clear(&a);
    wg_buf_clear(&b);
    wg_buf_add_hex(&a, old.p, old.n);
    wg_buf_add_hex(&b, now.p, now.n);
  }
  wg_buf_printf(p->out, "%s    - %s\n", p->indent, wg_buf_z(&a));
  wg_buf_printf(p->out, "%s    + %s\n", p->indent, wg_buf_z(&b));
}

void wg_reg_print_item(void *printer, const wg_regdiff_item *item) {
  wg_reg_printer *p = printer;
  WG_AUTO(wg_buf) path = {0};
  wg_buf_init(&path, wg_heap(), 0);
  if (p->json != NULL) {
    print_json(p, item);
    return;
  }
  const wg_regkey *k = item->b != NULL ? item->b : item->a;
  print_path(k, &path);
  if (item->what == WG_REGDIFF_KEY) {
    wg_buf_printf(p->out, "%s%c ", p->indent, item->a == NULL ? '+' : '-');
    wg_ins_add_plain(p->out, wg_buf_str(&path));
    wg_buf_add_byte(p->out, '\n');
    if (item->b != NULL) {
      text_below(p, item->b);
    }
    return;
  }
  if (p->headed != k) { // a key's heading is printed once, before its first difference
    wg_buf_add_z(p->out, p->indent);
    wg_ins_add_plain(p->out, wg_buf_str(&path));
    wg_buf_add_byte(p->out, '\n');
    p->headed = k;
  }
  if (item->what == WG_REGDIFF_VALUE) {
    text_value(p, '-', item->va);
    text_value(p, '+', item->vb);
    return;
  }
  wg_buf_printf(p->out, "%s  ~ %s\n", p->indent, print_facts[item->what]);
  if (item->what == WG_REGDIFF_DESCRIPTOR) {
    text_descriptor(p, item);
  }
}

int wg_diff_end(const wg_buf *out, uint64_t n_differences) {
  if (!wg_out_all(out->p, out->n)) {
    return 2; // 1 would say "different"
  }
  return n_differences == 0 ? 0 : 1;
}

int wg_diff_fail(const wg_cli *c, const wg_error *err) {
  int code = wg_exit_code(err->code);
  return wg_cli_fail_as(c, err, code == 1 ? 2 : code);
}
