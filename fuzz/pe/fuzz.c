// SPDX-License-Identifier: Apache-2.0
// Any bytes as a PE image. Options: the low byte picks the parts to leave out, the high byte lowers
// limits. After a good parse every part of the model is touched, and what can be written is read
// back.
#include "../fuzz.h"
#include "fmt/ico/ico.h"
#include "fmt/pe/pe.h"

static void touch_model(const wg_pe *pe) {
  for (uint32_t i = 0; i < pe->n_sections; i++) {
    wg_reader r = wg_pe_section_data(pe, &pe->sections[i]);
    fuzz_touch_str(pe->sections[i].name);
    fuzz_touch(r.p, (size_t)r.n_bytes);
  }
  for (uint32_t i = 0; i < pe->n_certs; i++) {
    fuzz_touch_str(pe->certs[i].data);
  }
  for (uint32_t i = 0; i < pe->n_imports; i++) {
    fuzz_touch_str(pe->imports[i].dll);
    for (uint32_t k = 0; k < pe->imports[i].n_fns; k++) {
      fuzz_touch_str(pe->imports[i].fns[k].name);
    }
  }
  fuzz_touch_str(pe->export_dll);
  for (uint32_t i = 0; i < pe->n_exports; i++) {
    fuzz_touch_str(pe->exports[i].name);
    fuzz_touch_str(pe->exports[i].forwarder);
  }
  for (uint32_t i = 0; i < pe->n_resources; i++) {
    const wg_pe_resource *r = &pe->resources[i];
    fuzz_touch_str(r->type.name);
    fuzz_touch_str(r->name.name);
    if (i < 64) { // resources may share bytes: not all of them, or time grows with the square
      fuzz_touch_str(r->data);
    }
  }
  fuzz_touch_str(pe->pdb.path);
}

static void touch_resources(const wg_pe *pe, wg_arena *arena, const wg_alloc *alloc) {
  wg_error err = WG_ERROR_INIT;
  const wg_pe_version *v = NULL;
  if (wg_pe_version_info(pe, arena, &v, &err) == WG_OK) {
    for (uint32_t i = 0; i < v->n_strings; i++) {
      fuzz_touch_str(v->strings[i].key);
      fuzz_touch_str(v->strings[i].value);
    }
    fuzz_touch(v->translations, v->n_translations * sizeof(v->translations[0]));
    fuzz_touch_str(wg_pe_version_get(v, "CompanyName"));
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
  fuzz_sum = fuzz_sum + wg_pe_compute_checksum(pe->bytes, (size_t)pe->n_bytes, pe->checksum_off);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in;
  fuzz_begin(&in, data, size);
  unsigned low = in.options >> 8;
  wg_arena arena = {0};
  wg_arena_init(&arena, &in.alloc, 64U << 20);
  wg_pe_limits limits = wg_pe_default_limits;
  if (low != 0) {
    limits.sections = limits.import_dlls = limits.export_names = low & 15;
    limits.import_functions = limits.resource_nodes = limits.version_nodes = low;
    limits.name_bytes = limits.icon_images = low & 31;
    limits.all_names_bytes = limits.icon_bytes = low * 4U;
  }
  wg_error err = WG_ERROR_INIT;
  const wg_pe *pe = NULL;
  wg_code code = wg_pe_parse_with(in.p, in.n, &limits, ~in.options & 15U, &arena, &pe, &err);
  if (code == WG_OK) {
    touch_model(pe);
    touch_resources(pe, &arena, &in.alloc);
    check_hash_plan(pe);
  } else if (code == WG_E_BUG || (code == WG_E_FORMAT && err.off_bytes == WG_NO_OFFSET)) {
    abort();
  }
  wg_arena_done(&arena);
  fuzz_end(&in);
  return 0;
}
