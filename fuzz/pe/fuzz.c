// SPDX-License-Identifier: Apache-2.0
// Any bytes as a PE image. The last four bytes are options: two pick the allocation that fails, one
// picks the parts to parse, one lowers limits. After a good parse every part of the model is
// touched, and what can be written is read back.
#include <stdlib.h>

#include "fmt/ico/ico.h"
#include "fmt/pe/pe.h"
#include "os/mem.h"

typedef struct fuzz_heap {
  unsigned long n_calls, fail_at;
} fuzz_heap;

static void *fuzz_alloc(void *ctx, void *p, size_t n_bytes) {
  fuzz_heap *h = ctx;
  if (n_bytes == 0) {
    free(p);
    return NULL;
  }
  h->n_calls++;
  return h->fail_at != 0 && h->n_calls >= h->fail_at ? NULL : realloc(p, n_bytes);
}

static volatile unsigned sink;

static void touch(const void *p, size_t n) {
  for (size_t i = 0; i < n; i++) {
    sink += ((const uint8_t *)p)[i];
  }
}
static void touch_str(wg_str s) {
  touch(s.p, s.n);
}

static void touch_model(const wg_pe *pe) {
  for (uint32_t i = 0; i < pe->n_sections; i++) {
    wg_reader r = wg_pe_section_data(pe, &pe->sections[i]);
    touch_str(pe->sections[i].name);
    touch(r.p, (size_t)r.n_bytes);
  }
  for (uint32_t i = 0; i < pe->n_certs; i++) {
    touch_str(pe->certs[i].data);
  }
  for (uint32_t i = 0; i < pe->n_imports; i++) {
    touch_str(pe->imports[i].dll);
    for (uint32_t k = 0; k < pe->imports[i].n_fns; k++) {
      touch_str(pe->imports[i].fns[k].name);
    }
  }
  touch_str(pe->export_dll);
  for (uint32_t i = 0; i < pe->n_exports; i++) {
    touch_str(pe->exports[i].name);
    touch_str(pe->exports[i].forwarder);
  }
  for (uint32_t i = 0; i < pe->n_resources; i++) {
    const wg_pe_resource *r = &pe->resources[i];
    touch_str(r->type.name);
    touch_str(r->name.name);
    if (i < 64) { // resources may share bytes: not all of them, or time grows with the square
      touch_str(r->data);
    }
  }
  touch_str(pe->pdb.path);
}

static void touch_resources(const wg_pe *pe, wg_arena *arena, const wg_alloc *alloc) {
  wg_error err = WG_ERROR_INIT;
  const wg_pe_version *v = NULL;
  if (wg_pe_version_info(pe, arena, &v, &err) == WG_OK) {
    for (uint32_t i = 0; i < v->n_strings; i++) {
      touch_str(v->strings[i].key);
      touch_str(v->strings[i].value);
    }
    touch(v->translations, v->n_translations * sizeof(v->translations[0]));
    touch_str(wg_pe_version_get(v, "CompanyName"));
  }
  const wg_pe_icon_group *groups = NULL;
  uint32_t n = 0;
  err = (wg_error)WG_ERROR_INIT;
  if (wg_pe_icon_groups(pe, arena, &groups, &n, &err) != WG_OK) {
    return;
  }
  for (uint32_t i = 0; i < n && i < 4; i++) {
    WG_AUTO(wg_buf) ico = {0};
    wg_buf_init(&ico, alloc, 0);
    err = (wg_error)WG_ERROR_INIT;
    if (wg_pe_icon_write_ico(pe, &groups[i], &ico, &err) == WG_OK) {
      const wg_ico *model = NULL;
      wg_code code = wg_ico_parse(ico.p, ico.n, NULL, arena, &model, &err);
      // Hostile groups make hostile icons; ours come back with as many images.
      if (code == WG_OK && model->n_images != groups[i].n_images) {
        abort();
      }
    }
  }
}

static void check_hash_plan(const wg_pe *pe) {
  wg_error err = WG_ERROR_INIT;
  wg_pe_hash_plan plan;
  if (wg_pe_hash_ranges(pe, &plan, &err) != WG_OK) {
    return;
  }
  uint64_t at = 0, skipped = 0;
  for (uint32_t i = 0; i < plan.n_ranges; i++) {
    if (plan.ranges[i].off < at || plan.ranges[i].off + plan.ranges[i].n_bytes > pe->n_bytes) {
      abort();
    }
    skipped += plan.ranges[i].off - at;
    at = plan.ranges[i].off + plan.ranges[i].n_bytes;
  }
  if (skipped != 12 || at + pe->cert_table.n_bytes != pe->n_bytes || plan.n_pad_zero_bytes > 7) {
    abort();
  }
  sink += wg_pe_compute_checksum(pe->bytes, (size_t)pe->n_bytes, pe->checksum_off);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 4) {
    return 0;
  }
  const uint8_t *opt = data + size - 4;
  size_t n = size - 4;
  uint8_t *exact = malloc(n == 0 ? 1 : n); // unaligned for no one's convenience, and no byte more
  for (size_t i = 0; i < n; i++) {
    exact[i] = data[i];
  }
  fuzz_heap heap = {.fail_at = wg_le16(opt)};
  wg_alloc alloc = {.fn = fuzz_alloc, .ctx = &heap};
  wg_arena arena = {0};
  wg_arena_init(&arena, &alloc, 64U << 20);
  wg_pe_limits limits = wg_pe_default_limits;
  if (opt[3] != 0) {
    limits.sections = limits.import_dlls = limits.export_names = opt[3] & 15;
    limits.import_functions = limits.resource_nodes = limits.version_nodes = opt[3];
    limits.name_bytes = limits.icon_images = opt[3] & 31;
    limits.all_names_bytes = limits.icon_bytes = opt[3] * 4U;
  }
  wg_error err = WG_ERROR_INIT;
  const wg_pe *pe = NULL;
  wg_code code = wg_pe_parse_with(exact, n, &limits, ~opt[2] & 15U, &arena, &pe, &err);
  if (code == WG_OK) {
    touch_model(pe);
    touch_resources(pe, &arena, &alloc);
    check_hash_plan(pe);
  } else if (code == WG_E_BUG || (code == WG_E_FORMAT && err.off_bytes == WG_NO_OFFSET)) {
    abort();
  }
  wg_arena_done(&arena);
  free(exact);
  return 0;
}
