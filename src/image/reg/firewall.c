// SPDX-License-Identifier: Apache-2.0
#include "image/reg/firewall.h"

#include <string.h>

#define FIREWALL_RULES                                                                             \
  "HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallR" \
  "ules"

bool wg_firewall_ports_rule(const char *ports, const char **hint) {
  *hint = "write \"8080\", \"80,443\" or \"5000-5010\"";
  wg_str rest = wg_str_of(ports);
  if (rest.n == 0) {
    return false;
  }
  while (rest.n > 0) {
    size_t n = wg_str_find(rest, ',');
    wg_str item = {rest.p, n};
    size_t dash = wg_str_find(item, '-');
    uint64_t from = 0, to = 0;
    if (!wg_parse_u64((wg_str){item.p, dash}, &from) ||
        (dash < item.n && !wg_parse_u64((wg_str){item.p + dash + 1, item.n - dash - 1}, &to))) {
      return false;
    }
    to = dash < item.n ? to : from;
    if (from == 0 || to > 65535 || to < from || n + 1 == rest.n) {
      return false;
    }
    size_t skip = n < rest.n ? n + 1 : n;
    rest = (wg_str){rest.p + skip, rest.n - skip};
  }
  return true;
}

static bool firewall_is_taken(const wg_reg_edits *e, const char *value) {
  for (size_t i = 0; i < e->n; i++) {
    if (e->v[i].op == WG_REG_SET && strcmp(e->v[i].key, FIREWALL_RULES) == 0 &&
        wg_name_cmp_nocase(wg_str_of(e->v[i].name), wg_str_of(value)) == 0) {
      return true;
    }
  }
  return false;
}

// The rule's value: rules that share a name get numbers, in the order of the project.
static char *firewall_value(const wg_reg_edits *e, const char *name) {
  char *value = wg_xprintf("wingo-%s", name);
  for (unsigned n = 2; firewall_is_taken(e, value); n++) {
    wg_xfree(value);
    value = wg_xprintf("wingo-%s-%u", name, n);
  }
  return value;
}

bool wg_firewall_name_rule(const char *name, const char **hint) {
  *hint = "a name without '|', which separates the fields of a rule";
  return name[0] != '\0' && strchr(name, '|') == NULL;
}

wg_code wg_firewall_edits(wg_reg_edits *e, const wg_firewall_rule *r, const char *program,
                          const char *origin, wg_error *err) {
  const char *hint = NULL;
  if (r->name == NULL || !wg_firewall_name_rule(r->name, &hint) || strpbrk(program, "|") != NULL ||
      (r->ports != NULL && !wg_firewall_ports_rule(r->ports, &hint))) {
    return wg_fail(err, WG_E_USAGE,
                   "%s: a firewall rule has a name without '|' and ports as 80,443 or 5000-5010",
                   origin);
  }
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_cstr) value = firewall_value(e, r->name);
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_printf(&b, "v2.10|Action=%s|Active=TRUE|Dir=%s|Protocol=%d|", r->block ? "Block" : "Allow",
                r->outbound ? "Out" : "In", r->udp ? WG_FIREWALL_UDP : WG_FIREWALL_TCP);
  if (r->ports != NULL) {
    // One field a port or range, as Windows itself writes several.
    for (wg_str rest = wg_str_of(r->ports); rest.n > 0;) {
      size_t n = wg_str_find(rest, ',');
      bool range = memchr(rest.p, '-', n) != NULL;
      wg_buf_printf(&b, "%s%s=%.*s|", r->outbound ? "RPort" : "LPort", range ? "2_10" : "", (int)n,
                    rest.p);
      size_t skip = n < rest.n ? n + 1 : n;
      rest = (wg_str){rest.p + skip, rest.n - skip};
    }
  }
  wg_buf_printf(&b, "App=%s|Name=%s|", program, r->name);
  wg_reg_edits_text(e, origin, FIREWALL_RULES, value, WG_REG_SZ, wg_buf_z(&b));
  return WG_OK;
}
