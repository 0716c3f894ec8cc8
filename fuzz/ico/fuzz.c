// SPDX-License-Identifier: Apache-2.0
// Any bytes as an icon file. No options.
#include "../fuzz.h"
#include "fmt/ico/ico.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in;
  fuzz_begin(&in, data, size);
  wg_arena arena = {0};
  wg_arena_init(&arena, &in.alloc, 1U << 20);
  wg_error err = WG_ERROR_INIT;
  const wg_ico *ico = NULL;
  wg_code code = wg_ico_parse(in.p, in.n, NULL, &arena, &ico, &err);
  if (code == WG_OK) {
    if (ico->n_images == 0) {
      abort();
    }
    for (uint32_t i = 0; i < ico->n_images; i++) {
      const wg_ico_image *m = &ico->images[i];
      if (m->width_px == 0 || m->height_px == 0 || m->width_px > 1024 || m->height_px > 1024) {
        abort();
      }
      fuzz_touch_str(m->data);
    }
  } else if (code == WG_E_BUG || (code == WG_E_FORMAT && err.off_bytes == WG_NO_OFFSET)) {
    abort();
  }
  wg_arena_done(&arena);
  fuzz_end(&in);
  return 0;
}
