// SPDX-License-Identifier: Apache-2.0
// The end of a program whose base was built for firmware, which brings its own: see wg_assert_fail.
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

void wg_assert_fail(const char *expr, const char *file, int line) {
  (void)printf("# %s:%d: '%s' does not hold\n", file, line, expr);
  exit(99);
}
