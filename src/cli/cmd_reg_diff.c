// `wingo reg diff`: what changed from one hive to another.
#include <string.h>

#include "cli/reg.h"
#include "fmt/json/jsonw.h"

// One walk over both trees at once; children are sorted by name in both.
typedef struct reg_diff {
  wg_jsonw *json; // NULL: text
  bool times;     // last-written times count
  const wg_hive *a, *b;
  uint64_t n_added, n_removed, n_changed;
} reg_diff;

static void diff_path(const wg_regkey *k, wg_buf *out) {
  wg_regkey_add_path(k, out);
  if (out->n == 0) {
    wg_buf_add_byte(out, '\\');
  }
}

static void diff_value_name(const wg_regvalue *v, wg_buf *out) {
  wg_assert(v != NULL); // one side of a difference is there
  if (v->name16.n == 0) {
    wg_buf_add_z(out, "(Default)");
  } else if (!wg_utf16le_to_utf8((const uint8_t *)v->name16.p, v->name16.n, out)) {
    out->failed = true;
  }
}

static void diff_json_value(wg_jsonw *j, const char *key, const wg_regvalue *v) {
  char type[16];
  if (v == NULL) {
    return;
  }
  wg_jsonw_key_z(j, key);
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_z(j, "type", wg_reg_type_name(v->type, type));
  wg_jsonw_kv_hex(j, "bytes", v->data, v->n_bytes);
  wg_jsonw_end_object(j);
}

static void diff_text_value(char sign, const char *name, const wg_regvalue *v) {
  char type[16];
  WG_AUTO(wg_buf) data = {0};
  wg_buf_init(&data, wg_heap(), 0);
  wg_reg_format_data(v, &data);
  wg_out("  %c %s  %s  %s\n", sign, name, wg_reg_type_name(v->type, type), wg_buf_z(&data));
}

static const char *diff_word(const void *a, const void *b) {
  return a == NULL ? "added" : b == NULL ? "removed" : "changed";
}

static void diff_count(reg_diff *d, const void *a, const void *b) {
  d->n_added += a == NULL ? 1 : 0;
  d->n_removed += b == NULL ? 1 : 0;
  d->n_changed += a != NULL && b != NULL ? 1 : 0;
}

// The key's heading in text is printed once, before its first difference.
static void diff_value(reg_diff *d, const wg_regkey *k, bool *headed, const wg_regvalue *a,
                       const wg_regvalue *b) {
  WG_AUTO(wg_buf) path = {0};
  WG_AUTO(wg_buf) name = {0};
  wg_buf_init(&path, wg_heap(), 0);
  wg_buf_init(&name, wg_heap(), 0);
  diff_path(k, &path);
  diff_value_name(a != NULL ? a : b, &name);
  diff_count(d, a, b);
  if (d->json != NULL) {
    wg_jsonw_begin_object(d->json);
    wg_jsonw_kv_z(d->json, "what", "value");
    wg_jsonw_kv_z(d->json, "change", diff_word(a, b));
    wg_jsonw_kv_str(d->json, "key", wg_buf_str(&path));
    wg_jsonw_kv_str(d->json, "name", wg_buf_str(&name));
    diff_json_value(d->json, "old", a);
    diff_json_value(d->json, "new", b);
    wg_jsonw_end_object(d->json);
    return;
  }
  if (!*headed) {
    wg_out("%s\n", wg_buf_z(&path));
    *headed = true;
  }
  if (a != NULL) {
    diff_text_value('-', wg_buf_z(&name), a);
  }
  if (b != NULL) {
    diff_text_value('+', wg_buf_z(&name), b);
  }
}

static bool diff_same_value(const wg_regvalue *a, const wg_regvalue *b) {
  return a->type == b->type && a->n_bytes == b->n_bytes &&
         (a->n_bytes == 0 || memcmp(a->data, b->data, a->n_bytes) == 0);
}

static const wg_regvalue *diff_find(const wg_regkey *k, const wg_regvalue *v) {
  for (size_t i = 0; i < wg_regkey_n_values(k); i++) {
    const wg_regvalue *x = wg_regkey_value_at(k, i);
    if (wg_name16_cmp_nocase((const uint8_t *)x->name16.p, x->name16.n,
                             (const uint8_t *)v->name16.p, v->name16.n) == 0) {
      return x;
    }
  }
  return NULL;
}

static void diff_fact(reg_diff *d, const wg_regkey *k, const char *what) {
  WG_AUTO(wg_buf) path = {0};
  wg_buf_init(&path, wg_heap(), 0);
  diff_path(k, &path);
  d->n_changed++;
  if (d->json == NULL) {
    wg_out("%s\n  ~ %s\n", wg_buf_z(&path), what);
    return;
  }
  wg_jsonw_begin_object(d->json);
  wg_jsonw_kv_z(d->json, "what", what);
  wg_jsonw_kv_z(d->json, "change", "changed");
  wg_jsonw_kv_str(d->json, "key", wg_buf_str(&path));
  wg_jsonw_end_object(d->json);
}

// Two keys of one name: their own facts and values.
static void diff_key(reg_diff *d, const wg_regkey *a, const wg_regkey *b) {
  bool headed = false;
  if (!wg_str_eq(wg_regkey_sd(d->a, a), wg_regkey_sd(d->b, b))) {
    diff_fact(d, b, "security descriptor");
  }
  if (!wg_str_eq(wg_regkey_class(a), wg_regkey_class(b))) {
    diff_fact(d, b, "class");
  }
  if (d->times && wg_regkey_time(a) != wg_regkey_time(b)) {
    diff_fact(d, b, "last-written time");
  }
  for (size_t i = 0; i < wg_regkey_n_values(a); i++) {
    const wg_regvalue *v = wg_regkey_value_at(a, i), *w = diff_find(b, v);
    if (w == NULL || !diff_same_value(v, w)) {
      diff_value(d, b, &headed, v, w);
    }
  }
  for (size_t i = 0; i < wg_regkey_n_values(b); i++) {
    const wg_regvalue *v = wg_regkey_value_at(b, i);
    if (diff_find(a, v) == NULL) {
      diff_value(d, b, &headed, NULL, v);
    }
  }
}

// A key that only one side has; what is below it goes with it.
static void diff_lone(reg_diff *d, const wg_regkey *a, const wg_regkey *b) {
  WG_AUTO(wg_buf) path = {0};
  wg_buf_init(&path, wg_heap(), 0);
  diff_path(a != NULL ? a : b, &path);
  diff_count(d, a, b);
  if (d->json == NULL) {
    wg_out("%c %s\n", a == NULL ? '+' : '-', wg_buf_z(&path));
    return;
  }
  wg_jsonw_begin_object(d->json);
  wg_jsonw_kv_z(d->json, "what", "key");
  wg_jsonw_kv_z(d->json, "change", diff_word(a, b));
  wg_jsonw_kv_str(d->json, "key", wg_buf_str(&path));
  wg_jsonw_end_object(d->json);
}

typedef struct key_pair {
  const wg_regkey *a, *b;
} key_pair;

typedef struct key_pairs {
  key_pair *v;
  size_t n, cap;
} key_pairs;

static int diff_cmp(const wg_regkey *a, const wg_regkey *b) {
  wg_str x = wg_regkey_name16(a), y = wg_regkey_name16(b);
  return wg_name16_cmp_nocase((const uint8_t *)x.p, x.n, (const uint8_t *)y.p, y.n);
}

// Children of both, merged by name: lone ones are told, pairs are put on the stack (first on top).
// NOLINTNEXTLINE(readability-function-cognitive-complexity): a merge of two sorted lists
static void diff_children(reg_diff *d, const key_pair *p, key_pairs *stack) {
  size_t i = 0, k = 0, first = stack->n;
  size_t n_a = wg_regkey_n_children(p->a), n_b = wg_regkey_n_children(p->b);
  while (i < n_a || k < n_b) {
    const wg_regkey *a = i < n_a ? wg_regkey_child_at(p->a, i) : NULL;
    const wg_regkey *b = k < n_b ? wg_regkey_child_at(p->b, k) : NULL;
    int cmp = a == NULL ? 1 : b == NULL ? -1 : diff_cmp(a, b);
    if (cmp == 0) {
      wg_vec_push(&stack->v, &stack->n, &stack->cap) = (key_pair){a, b};
    } else {
      diff_lone(d, cmp < 0 ? a : NULL, cmp < 0 ? NULL : b);
    }
    i += cmp <= 0 ? 1 : 0;
    k += cmp >= 0 ? 1 : 0;
  }
  for (size_t lo = first, hi = stack->n; lo + 1 < hi; lo++, hi--) {
    key_pair t = stack->v[lo];
    stack->v[lo] = stack->v[hi - 1];
    stack->v[hi - 1] = t;
  }
}

static void diff_trees(reg_diff *d) {
  key_pairs stack = {0};
  wg_vec_push(&stack.v, &stack.n, &stack.cap) = (key_pair){wg_hive_root(d->a), wg_hive_root(d->b)};
  while (stack.n > 0) {
    key_pair p = stack.v[--stack.n];
    diff_key(d, p.a, p.b);
    diff_children(d, &p, &stack);
  }
  wg_xfree(stack.v);
}

static int reg_diff_run(wg_cli *c) {
  WG_AUTO(wg_hivefile) a = {0};
  WG_AUTO(wg_hivefile) b = {0};
  wg_error err = WG_ERROR_INIT;
  bool force = wg_cli_has(c, "force-dirty");
  if (wg_hivefile_open(c->args[0], force, &a, &err) != WG_OK ||
      wg_hivefile_open(c->args[1], force, &b, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  wg_jsonw j;
  reg_diff d = {.a = a.hive, .b = b.hive, .times = wg_cli_has(c, "times")};
  if (c->json) {
    wg_jsonw_init(&j, &out, 2);
    wg_jsonw_begin_array(&j);
    d.json = &j;
  }
  diff_trees(&d);
  if (c->json) {
    wg_jsonw_end_array(&j);
    if (wg_jsonw_finish(&j, &err) != WG_OK) {
      return wg_cli_fail(c, &err);
    }
    wg_out_bytes(out.p, out.n);
    return 0;
  }
  wg_note(c, "%llu added, %llu removed, %llu changed", (unsigned long long)d.n_added,
          (unsigned long long)d.n_removed, (unsigned long long)d.n_changed);
  return 0;
}

static const wg_cli_opt diff_opts[] = {
    {.name = "times", .help = "last-written times count as differences, too"},
    {.name = "force-dirty", .help = "open a dirty hive although no log fits it"}};

const wg_cli_cmd wg_cmd_reg_diff = {
    .noun = "reg",
    .name = "diff",
    .args = "OLD NEW",
    .summary = "show what changed from one hive to another",
    .text =
        "Keys and values that were added (+), removed (-) or changed, security descriptors and\n"
        "class names. A key that is new or gone stands for all below it.\n\n"
        "Examples:\n"
        "  wingo reg diff before/SOFTWARE after/SOFTWARE\n"
        "  wingo reg diff a.hive b.hive --json\n",
    .opts = diff_opts,
    .n_opts = WG_ARRAY_LEN(diff_opts),
    .min_args = 2,
    .max_args = 2,
    .complete = "file",
    .run = reg_diff_run};
