// SPDX-License-Identifier: Apache-2.0
// The plan of an image's parts, as the worker gets it by its pipe. No options. What was read is
// written, read again, and written the same.
#include "../fuzz.h"
#include "image/part/plan.h"
#include "os/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in;
  WG_AUTO_PTR(wg_part_plan) p = NULL;
  WG_AUTO_PTR(wg_part_plan) again = NULL;
  WG_AUTO(wg_buf) once = {0};
  WG_AUTO(wg_buf) twice = {0};
  wg_error err = WG_ERROR_INIT;
  fuzz_begin(&in, data, size);
  wg_buf_init(&once, wg_heap(), 0);
  wg_buf_init(&twice, wg_heap(), 0);
  if (wg_part_plan_parse((wg_str){(const char *)in.p, in.n}, &p, &err) == WG_OK) {
    wg_part_plan_write(p, true, &once);
    wg_assert(wg_part_plan_parse(wg_buf_str(&once), &again, &err) == WG_OK);
    wg_part_plan_write(again, true, &twice);
    wg_assert(once.n == twice.n && (once.n == 0 || memcmp(once.p, twice.p, once.n) == 0));
  } else {
    wg_assert(err.text[0] != '\0' && p == NULL);
  }
  fuzz_end(&in);
  return 0;
}
