// SPDX-License-Identifier: Apache-2.0
#include "cli/reg/reg.h"

#include <string.h>

wg_code wg_reg_now(uint64_t *out_filetime, wg_error *err) {
  int64_t s = 0;
  if (wg_reg_now_s(&s, err) != WG_OK) {
    return err->code;
  }
  const char *epoch = wg_os_getenv("SOURCE_DATE_EPOCH");
  bool fixed = epoch != NULL && epoch[0] != '\0';
  *out_filetime =
      fixed ? wg_filetime_of(s) : (uint64_t)(wg_os_wall_ns() / 100) + 116444736000000000U;
  return WG_OK;
}

wg_code wg_reg_now_s(int64_t *out_s, wg_error *err) {
  bool set = false;
  if (wg_cli_epoch(out_s, &set, err) != WG_OK) {
    return err->code;
  }
  if (!set) {
    *out_s = wg_os_wall_ns() / 1000000000;
  }
  return WG_OK;
}

void wg_reg_maps_done(wg_reg_maps *m) {
  for (size_t i = 0; i < m->n; i++) {
    wg_xfree(m->memory[i]);
  }
  wg_xfree(m->memory);
  wg_xfree(m->v);
  *m = (wg_reg_maps){0};
}

int wg_reg_maps_of(const wg_cli *c, wg_reg_maps *out) {
  size_t n = 0;
  const char **given = wg_cli_values(c, "map", &n);
  int rc = 0;
  out->v = wg_xarray(n + 1, sizeof(*out->v));
  out->memory = wg_xarray(n + 1, sizeof(*out->memory));
  for (size_t i = 0; i < n && rc == 0; i++) {
    const char *why = NULL, *hint = NULL;
    char *from = wg_xstrdup(given[i]);
    char *to = strchr(from, '=');
    out->memory[out->n++] = from;
    if (to == NULL) {
      rc = wg_cli_usage(c, "--map takes FROM=TO, such as 'HKLM\\RTS=HKLM\\SOFTWARE', not '%s'",
                        given[i]);
      break;
    }
    *to++ = '\0';
    out->v[i] = (wg_reg_map){from, to};
    if (!wg_reg_map_rule(from, &why, &hint) || !wg_reg_map_rule(to, &why, &hint)) {
      rc = wg_cli_usage(c, "--map='%s': a side %s; %s", given[i], why, hint);
    }
  }
  wg_xfree(given);
  return rc;
}
