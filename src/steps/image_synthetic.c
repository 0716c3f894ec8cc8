// SPDX-License-Identifier: Apache-2.0
#include "steps/image_synthetic.h"

#include "image/synthetic/synthetic.h"

#define SYNTHETIC_MEMORY_BYTES ((uint64_t)128 << 20)

typedef struct synthetic_step {
  const char *product, *arch, *state;
} synthetic_step;

static wg_code synthetic_run(wg_step_ctx *c, wg_error *err) {
  const synthetic_step *s = wg_ctx_user(c);
  WG_AUTO(wg_cstr) path = wg_path_join(wg_ctx_tmp(c), "base");
  const wg_synthetic_options opt = {.product = s->product,
                                    .arch = s->arch,
                                    .state = s->state,
                                    .out_path = path,
                                    .threads = wg_ctx_cpus(c),
                                    .cancel = wg_ctx_cancel(c)};
  wg_synthetic_result result;
  if (wg_synthetic_write(&opt, &result, err) != WG_OK) {
    return err->code;
  }
  wg_ctx_fact_u64(c, "out_bytes", result.out_bytes);
  return wg_ctx_output_file(c, "base", path, err);
}

// The texts it is made from are part of the program: their digest is a parameter.
static const wg_step_kind synthetic_kind = {
    .name = "image.synthetic", .version = 4, .verb = "make base", .run = synthetic_run};

wg_code wg_image_synthetic_step(wg_graph *g, const char *product, const char *arch,
                                const char *state, wg_arena *memory, wg_step **out, wg_error *err) {
  WG_AUTO(wg_cstr)
  identity = wg_xprintf("base/%s-%s%s%s/synthetic", product, arch, state != NULL ? "-" : "",
                        state != NULL ? state : "");
  *out = wg_graph_find(g, identity);
  if (*out != NULL) {
    return WG_OK;
  }
  if (wg_synthetic_check(product, arch, state, NULL, NULL, err) != WG_OK) {
    return err->code;
  }
  synthetic_step *user = wg_arena_new(memory, synthetic_step);
  if (user == NULL) {
    return wg_arena_fail(memory, err);
  }
  *user = (synthetic_step){product, arch, state};
  wg_digest texts = wg_synthetic_digest();
  *out = wg_graph_add(g, &synthetic_kind, identity, user);
  wg_step_param(*out, "product", product);
  wg_step_param(*out, "arch", arch);
  wg_step_param(*out, "state", state != NULL ? state : "");
  wg_step_param(*out, "texts", wg_digest_hex(&texts).s);
  wg_step_need(*out, 1, SYNTHETIC_MEMORY_BYTES);
  return WG_OK;
}
