// SPDX-License-Identifier: Apache-2.0
// Text rules that the image has: they are asked, not repeated.
#include <string.h>

#include "base/utf.h"
#include "fmt/sd/sd.h"
#include "image/reg/firewall.h"
#include "image/reg/hives.h"
#include "image/reg/service.h"
#include "image/tree/change.h"
#include "image/tree/winpath.h"
#include "project/values.h"

static bool file_bad(wg_cfg_text *t, const wg_error *why, const char *hint) {
  t->why = wg_arena_printf(t->arena, "%s", why->text);
  t->hint = hint;
  return false;
}

bool wg_cfg_check_owner(wg_cfg_text *t) {
  WG_AUTO(wg_buf) sid = {0};
  wg_error why = WG_ERROR_INIT;
  wg_buf_init(&sid, wg_heap(), 0);
  if (wg_image_account_sid(t->text, &sid, &why) == WG_OK) {
    return true;
  }
  t->why = "is no account that every Windows has";
  t->hint = "write a SID (S-1-5-...), or an account such as SYSTEM, Administrators or "
            "'NT SERVICE\\name'";
  return false;
}

bool wg_cfg_check_sddl(wg_cfg_text *t) {
  wg_sd sd;
  wg_error why = WG_ERROR_INIT;
  if (wg_sddl_parse(wg_str_of(t->text), t->arena, &sd, &why) != WG_OK) {
    t->why = wg_arena_printf(t->arena, "is not SDDL: %s", why.text);
    t->hint = "write it as in 'D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)'";
    return false;
  }
  if (sd.owner.n == 0 && sd.group.n == 0 && !sd.dacl.present && !sd.sacl.present) {
    t->why = "names no part of a descriptor";
    t->hint = "write at least one of O:, G:, D: and S:";
    return false;
  }
  return true;
}

bool wg_cfg_check_windows_name(wg_cfg_text *t) {
  wg_error why = WG_ERROR_INIT;
  if (wg_winpath_check_name(wg_str_of(t->text), &why) != WG_OK) {
    t->why = wg_arena_printf(t->arena, "cannot be a file's name: %s", why.text);
    t->hint = "choose another name";
    return false;
  }
  return true;
}

bool wg_cfg_check_shortcut_path(wg_cfg_text *t) {
  WG_AUTO(wg_arena) arena = {0};
  wg_winpath path;
  wg_error why = WG_ERROR_INIT;
  wg_str text = wg_str_of(t->text);
  wg_arena_init(&arena, wg_heap(), 0);
  if (text.n > 1 && text.p[0] == '%' && wg_str_find((wg_str){text.p + 1, text.n - 1}, '%') > 0 &&
      wg_str_find((wg_str){text.p + 1, text.n - 1}, '%') < text.n - 1) {
    return true;
  }
  if (text.n < 3 || text.p[1] != ':') {
    t->why = "is not an absolute Windows path";
    t->hint = "write it from the drive on, or with a variable: '%USERPROFILE%\\Documents'";
    return false;
  }
  if (wg_winpath_parse(t->text, &arena, &path, &why) != WG_OK) {
    return file_bad(t, &why, "correct the path");
  }
  return true;
}

bool wg_cfg_check_reg_key(wg_cfg_text *t) {
  return wg_reg_key_rule(t->text, false, &t->why, &t->hint);
}

bool wg_cfg_check_reg_delete(wg_cfg_text *t) {
  return wg_reg_key_rule(t->text, true, &t->why, &t->hint);
}

bool wg_cfg_check_service_name(wg_cfg_text *t) {
  t->why = "cannot be a service's name";
  return wg_service_name_rule(t->text, &t->hint);
}

bool wg_cfg_check_reg_env(wg_cfg_text *t) {
  t->why = "is not the name of an environment variable";
  t->hint = "no '=' in it";
  return t->text[0] != '\0' && strchr(t->text, '=') == NULL;
}

bool wg_cfg_check_ports(wg_cfg_text *t) {
  t->why = "is not a list of ports";
  return wg_firewall_ports_rule(t->text, &t->hint);
}

bool wg_cfg_check_firewall_name(wg_cfg_text *t) {
  t->why = "cannot be a firewall rule's name";
  return wg_firewall_name_rule(t->text, &t->hint);
}

// A component that Windows refuses, as the image says it.
static bool file_component(wg_cfg_text *t, wg_str c) {
  wg_error why = WG_ERROR_INIT;
  if (wg_winpath_check_name(c, &why) == WG_OK) {
    return true;
  }
  t->why = wg_arena_printf(t->arena, "is no path in an image: %s", why.text);
  t->hint = "correct the path";
  return false;
}

// What escapes in double quotes make of \t \N \_ \L \P: a path that was meant with them.
static bool file_has_escapes(const char *text) {
  wg_str s = wg_str_of(text);
  size_t at = 0;
  for (uint32_t cp = 0; wg_utf8_next(s, &at, &cp);) {
    if (cp < 0x20 || cp == 0x7F || cp == 0x85 || cp == 0xA0 || cp == 0x2028 || cp == 0x2029) {
      return true;
    }
  }
  return false;
}

// The names behind the drive.
static bool file_components(wg_cfg_text *t, wg_str rest) {
  while (rest.n > 0) {
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '\\' && rest.p[n] != '/') {
      n++;
    }
    if (n == 0) {
      t->why = "has two separators in a row";
      t->hint = "remove one of them";
      return false;
    }
    if (!file_component(t, (wg_str){rest.p, n})) {
      return false;
    }
    size_t skip = n < rest.n ? n + 1 : n; // a separator at the end is fine
    rest = (wg_str){rest.p + skip, rest.n - skip};
  }
  return true;
}

bool wg_cfg_check_windows_path(wg_cfg_text *t) {
  const char *s = t->text;
  bool letter = (s[0] >= 'a' && s[0] <= 'z') || (s[0] >= 'A' && s[0] <= 'Z');
  t->hint = "write it from the drive on, in single quotes: 'C:\\Program Files\\Kiosk'";
  if (!letter || s[1] != ':') {
    t->why = s[0] == '%' ? "has an environment variable; an image has none"
                         : "is not an absolute Windows path";
    return false;
  }
  if (s[0] != 'C' && s[0] != 'c') {
    t->why = wg_arena_printf(t->arena, "is on drive %c:, and an image is drive C:", s[0]);
    t->hint = "write it with C:";
    return false;
  }
  if (s[2] != '\\' && s[2] != '/') {
    t->why = "has no separator behind the drive";
    return false;
  }
  if (file_has_escapes(s)) {
    t->why = "has a character that a Windows name can't have";
    t->hint = "in double quotes a backslash starts an escape: write the path in single quotes";
    return false;
  }
  return file_components(t, wg_str_of(s + 3));
}
