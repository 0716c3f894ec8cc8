#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes src/base/upcase.c: the simple upper-case mapping of the BMP, as ranges.

Windows upper-cases file and registry names unit by unit with a table ($UpCase) that follows Unicode's
simple mappings. Where Unicode maps outside the BMP or to several characters, the unit stays.
"""
import unicodedata

runs = []  # first, last, step, delta
pairs = []
for c in range(0x10000):
    if 0xD800 <= c < 0xE000:
        continue
    u = chr(c).upper()
    # str.upper() is the full mapping; a one-character answer is the simple one.
    if len(u) == 1 and u != chr(c) and ord(u) < 0x10000:
        # Windows keeps the dotless i, long s and the micro sign's like as they are: those map into ASCII/Latin-1
        # or into another script's letter. $UpCase of Windows 7+: U+0131, U+017F, U+00B5 unchanged.
        if c in (0x00B5, 0x0131, 0x017F, 0x1FBE):
            continue
        pairs.append((c, (ord(u) - c) & 0xFFFF))
i = 0
while i < len(pairs):
    c, d = pairs[i]
    best = 1, 1
    for step in (1, 2):
        n = 1
        while i + n < len(pairs) and pairs[i + n] == (c + n * step, d):
            n += 1
        if n > best[0]:
            best = n, step
    n, step = best
    runs.append((c, c + (n - 1) * step, step, d))
    i += n
print("""// SPDX-License-Identifier: Apache-2.0
// Made by scripts/gen-upcase.py from Unicode %s; do not edit.
#include "base/utf.h"

typedef struct upcase_run {
  uint16_t first, last, step, delta; // every step-th unit of first..last maps to unit + delta (mod 65536)
} upcase_run;

static const upcase_run upcase_runs[] = {""" % unicodedata.unidata_version)
for r in runs:
    print("    {0x%04X, 0x%04X, %d, 0x%04X}," % r)
print("""};

uint16_t wg_upcase16(uint16_t unit) {
  if (unit < 0x80) {
    return (uint16_t)(unit >= 'a' && unit <= 'z' ? unit - 32 : unit);
  }
  size_t lo = 0, hi = WG_ARRAY_LEN(upcase_runs);
  while (lo < hi) {
    size_t mid = (lo + hi) / 2;
    if (upcase_runs[mid].last < unit) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  // Runs of step 2 may interleave with the next one: look at two.
  for (size_t i = lo; i < WG_ARRAY_LEN(upcase_runs) && i < lo + 2; i++) {
    const upcase_run *r = &upcase_runs[i];
    if (unit >= r->first && unit <= r->last && (unsigned)(unit - r->first) % r->step == 0) {
      return (uint16_t)(unit + r->delta);
    }
  }
  return unit;
}""")
