// SPDX-License-Identifier: Apache-2.0
// Services that differ between two SYSTEM hives, in the words of the service manager.
#include <string.h>

#include "image/reg/regdiff.h"
#include "image/reg/service.h"
#include "image/reg/target.h"
#include "os/mem.h"

typedef struct field_list {
  wg_service_field *v;
  size_t n, cap;
} field_list;

typedef struct change_list {
  wg_service_change *v;
  size_t n, cap;
} change_list;

static uint32_t service_number(const wg_regkey *k, const char *value) {
  const wg_regvalue *v = k == NULL ? NULL : wg_regkey_value(k, wg_str_of(value));
  return v != NULL && v->type == WG_REG_DWORD && v->n_bytes == 4 ? wg_le32(v->data) : UINT32_MAX;
}

static const char *service_type_name(uint32_t n) {
  switch (n & ~0x100U) { // 0x100: may show windows
  case 0x1:
    return "kernel driver";
  case 0x2:
    return "file system driver";
  case 0x4:
    return "adapter";
  case 0x8:
    return "recognizer driver";
  case 0x10:
    return "own process";
  case 0x20:
    return "shared process";
  case 0x50:
    return "own process, for each user";
  case 0x60:
    return "shared process, for each user";
  default:
    return NULL;
  }
}

static const char *service_word(const char *value, uint32_t n) {
  static const char *const starts[] = {"boot", "system", "auto", "manual", "disabled"};
  static const char *const errors[] = {"ignore", "normal", "severe", "critical"};
  static const char *const sids[] = {"none", "unrestricted", NULL, "restricted"};
  if (strcmp(value, "Type") == 0) {
    return service_type_name(n);
  }
  if (strcmp(value, "Start") == 0 && n < WG_ARRAY_LEN(starts)) {
    return starts[n];
  }
  if (strcmp(value, "ErrorControl") == 0 && n < WG_ARRAY_LEN(errors)) {
    return errors[n];
  }
  if (strcmp(value, "ServiceSidType") == 0 && n < WG_ARRAY_LEN(sids)) {
    return sids[n];
  }
  return NULL;
}

static const char *service_text(const char *value, const wg_regvalue *v, wg_arena *arena) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  if (v == NULL) {
    return NULL;
  }
  const char *word =
      v->type == WG_REG_DWORD && v->n_bytes == 4 ? service_word(value, wg_le32(v->data)) : NULL;
  if (word != NULL) {
    return word;
  }
  wg_regvalue_text(v, &b);
  return wg_arena_strndup(arena, b.p, b.n);
}

static bool service_same(const wg_regvalue *a, const wg_regvalue *b) {
  return a == b || (a != NULL && b != NULL && a->type == b->type && a->n_bytes == b->n_bytes &&
                    (a->n_bytes == 0 || memcmp(a->data, b->data, a->n_bytes) == 0));
}

static const wg_regvalue *service_value(const wg_regkey *k, const char *name) {
  return k == NULL ? NULL : wg_regkey_value(k, wg_str_of(name));
}

static void service_known(const wg_regkey *a, const wg_regkey *b, wg_arena *arena,
                          field_list *out) {
  for (size_t i = 0; i < WG_SERVICE_N_FACTS; i++) {
    const char *value = wg_service_facts[i].value;
    const wg_regvalue *x = service_value(a, value), *y = service_value(b, value);
    if (!service_same(x, y)) {
      wg_vec_push(&out->v, &out->n, &out->cap) =
          (wg_service_field){.name = wg_service_facts[i].word,
                             .old_text = service_text(value, x, arena),
                             .new_text = service_text(value, y, arena)};
    }
  }
}

typedef struct rest_ctx {
  const wg_regkey *a, *b;
  wg_arena *arena;
  field_list *out;
  uint64_t n_below;
} rest_ctx;

static bool service_is_known(wg_str name) {
  for (size_t i = 0; i < WG_SERVICE_N_FACTS; i++) {
    if (wg_name_cmp_nocase(name, wg_str_of(wg_service_facts[i].value)) == 0) {
      return true;
    }
  }
  return false;
}

// Differences that no field of the table tells: other values by name, the rest by number.
static void service_rest(void *ctx, const wg_regdiff_item *item) {
  rest_ctx *c = ctx;
  WG_AUTO(wg_buf) name = {0};
  wg_buf_init(&name, wg_heap(), 0);
  if (item->what != WG_REGDIFF_VALUE || item->a != c->a) {
    c->n_below++;
    return;
  }
  wg_str name16 = item->va != NULL ? item->va->name16 : item->vb->name16;
  if (!wg_utf16le_to_utf8((const uint8_t *)name16.p, name16.n, &name) ||
      service_is_known(wg_buf_str(&name))) {
    return;
  }
  wg_vec_push(&c->out->v, &c->out->n, &c->out->cap) =
      (wg_service_field){.name = wg_arena_strndup(c->arena, name.p, name.n),
                         .old_text = service_text("", item->va, c->arena),
                         .new_text = service_text("", item->vb, c->arena)};
}

static void service_compare(const wg_hive *ha, const wg_hive *hb, const wg_regkey *a,
                            const wg_regkey *b, wg_arena *arena, field_list *out) {
  rest_ctx c = {.a = a, .b = b, .arena = arena, .out = out};
  wg_regdiff d = {.a = ha, .b = hb, .sink = service_rest, .ctx = &c};
  service_known(a, b, arena, out);
  if (a != NULL && b != NULL) {
    wg_regdiff_keys(&d, a, b);
  }
  if (c.n_below > 0) {
    wg_vec_push(&out->v, &out->n, &out->cap) = (wg_service_field){
        .name = "parameters and security",
        .new_text = wg_arena_printf(arena, "%llu %s", (unsigned long long)c.n_below,
                                    c.n_below == 1 ? "difference" : "differences")};
  }
}

// ControlSetNNN\Services of what starts next; NULL when this is no SYSTEM hive.
static const wg_regkey *services_key(const wg_hive *h) {
  char set[16];
  const wg_regkey *k = wg_reg_control_set(h, set) ? wg_hive_find(h, wg_str_of(set)) : NULL;
  return k == NULL ? NULL : wg_regkey_child(k, WG_STR("Services"));
}

static const wg_regkey *services_child(const wg_regkey *services, const wg_regkey *like) {
  WG_AUTO(wg_buf) name = {0};
  wg_buf_init(&name, wg_heap(), 0);
  wg_regkey_add_name(like, &name);
  return wg_regkey_child(services, wg_buf_str(&name));
}

// Keys without Type and Start are no services but places for parameters.
static bool services_is_one(const wg_regkey *k) {
  return k != NULL && service_number(k, "Type") != UINT32_MAX;
}

static void services_add(change_list *out, const wg_regkey *a, const wg_regkey *b,
                         const field_list *fields, wg_arena *arena) {
  WG_AUTO(wg_buf) name = {0};
  const wg_regkey *k = b != NULL ? b : a;
  wg_service_field *own = wg_arena_new_array(arena, wg_service_field, fields->n);
  wg_buf_init(&name, wg_heap(), 0);
  wg_regkey_add_name(k, &name);
  if (own != NULL) {
    memcpy(own, fields->v, fields->n * sizeof(*own));
  }
  wg_vec_push(&out->v, &out->n, &out->cap) =
      (wg_service_change){.name = wg_arena_strndup(arena, name.p, name.n),
                          .added = a == NULL,
                          .removed = b == NULL,
                          .driver = (service_number(k, "Type") & 0xF) != 0,
                          .fields = own,
                          .n_fields = own == NULL ? 0 : fields->n};
}

static void services_pair(const wg_hive *ha, const wg_hive *hb, const wg_regkey *a,
                          const wg_regkey *b, wg_arena *arena, change_list *out) {
  field_list fields = {0};
  a = services_is_one(a) ? a : NULL;
  b = services_is_one(b) ? b : NULL;
  if (a == NULL && b == NULL) {
    return;
  }
  service_compare(ha, hb, a, b, arena, &fields);
  if (fields.n > 0) {
    services_add(out, a, b, &fields, arena);
  }
  wg_xfree(fields.v);
}

// NOLINTNEXTLINE(readability-function-cognitive-complexity): a merge of two sorted lists
bool wg_services_diff(const wg_hive *a, const wg_hive *b, wg_arena *arena, wg_service_change **out,
                      size_t *out_n) {
  const wg_regkey *sa = services_key(a), *sb = services_key(b);
  change_list list = {0};
  size_t i = 0, k = 0;
  if (sa == NULL || sb == NULL) {
    return false;
  }
  while (i < wg_regkey_n_children(sa) || k < wg_regkey_n_children(sb)) {
    const wg_regkey *x = i < wg_regkey_n_children(sa) ? wg_regkey_child_at(sa, i) : NULL;
    const wg_regkey *y = k < wg_regkey_n_children(sb) ? wg_regkey_child_at(sb, k) : NULL;
    wg_str m = x == NULL ? (wg_str){0} : wg_regkey_name16(x);
    wg_str n = y == NULL ? (wg_str){0} : wg_regkey_name16(y);
    int cmp = x == NULL ? 1
              : y == NULL
                  ? -1
                  : wg_name16_cmp_nocase((const uint8_t *)m.p, m.n, (const uint8_t *)n.p, n.n);
    if (cmp == 0) {
      services_pair(a, b, x, y, arena, &list);
    } else if (cmp < 0) { // looked up, too: Windows' order may differ from ours in a letter
      services_pair(a, b, x, services_child(sb, x), arena, &list);
    } else if (services_child(sa, y) == NULL) {
      services_pair(a, b, NULL, y, arena, &list);
    }
    i += cmp <= 0 ? 1 : 0;
    k += cmp >= 0 ? 1 : 0;
  }
  *out = wg_arena_new_array(arena, wg_service_change, list.n);
  *out_n = *out == NULL ? 0 : list.n;
  if (*out_n > 0) {
    memcpy(*out, list.v, list.n * sizeof(**out));
  }
  wg_xfree(list.v);
  return true;
}
