// SPDX-License-Identifier: Apache-2.0
// Which Windows a section is for.
#include <string.h>

#include "fmt/inf/driver.h"

static const struct {
  const char *name;
  wg_inf_arch arch;
} arch_names[] = {{"x86", WG_INF_X86},     {"amd64", WG_INF_AMD64}, {"arm64", WG_INF_ARM64},
                  {"arm", WG_INF_ARM},     {"386", WG_INF_X86},     {"x64", WG_INF_AMD64},
                  {"x86_64", WG_INF_AMD64}};

const char *wg_inf_arch_name(wg_inf_arch arch) {
  for (size_t i = 0; i < sizeof(arch_names) / sizeof(*arch_names); i++) {
    if (arch_names[i].arch == arch) {
      return arch_names[i].name;
    }
  }
  return "";
}

bool wg_inf_arch_of(wg_str name, wg_inf_arch *out) {
  for (size_t i = 0; i < sizeof(arch_names) / sizeof(*arch_names); i++) {
    if (wg_str_eq_nocase(name, arch_names[i].name)) {
      *out = arch_names[i].arch;
      return true;
    }
  }
  return false;
}

// The part before the next '.', which goes with it.
static wg_str decoration_next(wg_str *rest) {
  size_t n = wg_str_find(*rest, '.');
  wg_str part = {rest->p, n};
  *rest = n < rest->n ? (wg_str){rest->p + n + 1, rest->n - n - 1} : (wg_str){"", 0};
  return part;
}

static bool decoration_number(wg_str *rest, bool *out_has, uint32_t *out) {
  wg_str part = decoration_next(rest);
  *out_has = part.n > 0;
  return part.n == 0 || wg_inf_number(part, out);
}

// NT[arch][.[major][.[minor][.[product][.[suite][.[build]]]]]]
bool wg_inf_decoration_parse(wg_str text, wg_inf_decoration *out) {
  wg_inf_decoration d = {0};
  bool has_minor = false;
  if (text.n == 0) {
    *out = d;
    return true;
  }
  wg_str rest = text;
  wg_str first = decoration_next(&rest);
  if (first.n < 2 || !wg_str_eq_nocase((wg_str){first.p, 2}, "nt")) {
    return false;
  }
  wg_str arch = {first.p + 2, first.n - 2};
  if (arch.n > 0) {
    d.has_arch = true;
    if (wg_str_eq_nocase(arch, "ia64")) {
      d.arch = (wg_inf_arch)6;
    } else if (!wg_inf_arch_of(arch, &d.arch)) {
      return false;
    }
  }
  if (!decoration_number(&rest, &d.has_version, &d.major) ||
      !decoration_number(&rest, &has_minor, &d.minor) ||
      !decoration_number(&rest, &d.has_product, &d.product_type) ||
      !decoration_number(&rest, &d.has_suite, &d.suite_mask) ||
      !decoration_number(&rest, &d.has_build, &d.build) || rest.n > 0) {
    return false;
  }
  d.has_version = d.has_version || has_minor;
  *out = d;
  return true;
}

static bool decoration_fits_version(const wg_inf_decoration *d, const wg_inf_target *t) {
  if (!d->has_version) {
    return !d->has_build || t->build >= d->build;
  }
  if (t->major != d->major) {
    return t->major > d->major;
  }
  if (t->minor != d->minor) {
    return t->minor > d->minor;
  }
  return !d->has_build || t->build >= d->build; // compared where the versions are equal only
}

bool wg_inf_decoration_fits(const wg_inf_decoration *d, const wg_inf_target *t) {
  // Nothing but x86 takes what names no architecture (since Server 2003 SP1).
  if (d->has_arch ? d->arch != t->arch : t->arch != WG_INF_X86) {
    return false;
  }
  if (d->has_product && d->product_type != 0 && t->product_type != 0 &&
      d->product_type != t->product_type) {
    return false;
  }
  if (d->has_suite && d->suite_mask != 0 && (d->suite_mask & t->suite_mask) == 0) {
    return false;
  }
  return decoration_fits_version(d, t);
}

static int decoration_cmp_u32(uint32_t a, uint32_t b) {
  return a < b ? -1 : a > b;
}

int wg_inf_decoration_cmp(const wg_inf_decoration *a, const wg_inf_decoration *b) {
  const int by[] = {
      decoration_cmp_u32(a->major, b->major),
      decoration_cmp_u32(a->minor, b->minor),
      decoration_cmp_u32(a->build, b->build),
      decoration_cmp_u32(a->has_product && a->product_type != 0,
                         b->has_product && b->product_type != 0),
      decoration_cmp_u32(a->has_suite && a->suite_mask != 0, b->has_suite && b->suite_mask != 0),
      decoration_cmp_u32(a->has_version, b->has_version),
      decoration_cmp_u32(a->has_arch, b->has_arch)};
  for (size_t i = 0; i < sizeof(by) / sizeof(*by); i++) {
    if (by[i] != 0) {
      return by[i];
    }
  }
  return 0;
}

static const struct {
  uint32_t id;
  const char *path;
} dirids[] = {
    {10, "Windows"},
    {11, "Windows\\System32"},
    {12, "Windows\\System32\\drivers"},
    {17, "Windows\\INF"},
    {18, "Windows\\Help"},
    {20, "Windows\\Fonts"},
    {23, "Windows\\System32\\spool\\drivers\\color"},
    {24, ""},
    {25, "Windows"},
    {30, ""},
    {50, "Windows\\System"},
    {51, "Windows\\System32\\spool"},
    {52, "Windows\\System32\\spool\\drivers"},
    {55, "Windows\\System32\\spool\\prtprocs"},
    // 16384 + CSIDL
    {16406, "ProgramData\\Microsoft\\Windows\\Start Menu"},
    {16407, "ProgramData\\Microsoft\\Windows\\Start Menu\\Programs"},
    {16409, "Users\\Public\\Desktop"},
    {16419, "ProgramData"},
    {16420, "Windows"},
    {16421, "Windows\\System32"},
    {16422, "Program Files"},
    {16425, "Windows\\SysWOW64"},
    {16426, "Program Files (x86)"},
    {16427, "Program Files\\Common Files"},
    {16428, "Program Files (x86)\\Common Files"},
    {16429, "ProgramData\\Microsoft\\Windows\\Templates"},
    {16430, "Users\\Public\\Documents"},
    {66002, "Windows\\System32"},
    {66003, "Windows\\System32\\spool\\drivers\\color"},
};

const char *wg_inf_dirid_path(uint32_t dirid) {
  for (size_t i = 0; i < sizeof(dirids) / sizeof(*dirids); i++) {
    if (dirids[i].id == dirid) {
      return dirids[i].path;
    }
  }
  return NULL;
}
