// Text rules of files and shortcuts in an image.
#include <string.h>

#include "fmt/sd/sd.h"
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
