// SPDX-License-Identifier: Apache-2.0
// Rules of Windows' firewall.
#ifndef WG_IMAGE_REG_FIREWALL_H
#define WG_IMAGE_REG_FIREWALL_H

#include "image/reg/edits.h"

enum { // numbers of IP, as a rule has them
  WG_FIREWALL_TCP = 6,
  WG_FIREWALL_UDP = 17,
};

typedef struct wg_firewall_rule {
  const char *name;
  bool udp;          // else TCP
  const char *ports; // "8080", "80,443", "5000-5010"; NULL: any
  bool outbound, block;
} wg_firewall_rule;
// Two rules may have one name, as in Windows: each has a value of its own. USAGE: a name or ports
// that no rule can have.
wg_code wg_firewall_edits(wg_reg_edits *e, const wg_firewall_rule *r, const char *program,
                          const char *origin, wg_error *err);

// A name that a rule can have; *hint says what would do.
WG_MUST_CHECK bool wg_firewall_name_rule(const char *name, const char **hint);
// "8080", "80,443", "5000-5010": numbers from 1 to 65535, no empty range. *hint says how to write
// it.
WG_MUST_CHECK bool wg_firewall_ports_rule(const char *ports, const char **hint);

#endif
