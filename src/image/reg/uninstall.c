// SPDX-License-Identifier: Apache-2.0
#include "image/reg/uninstall.h"

void wg_uninstall_edits(wg_reg_edits *e, const wg_uninstall_entry *u, const char *origin) {
  WG_AUTO(wg_cstr)
  key = wg_xprintf("HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\%s", u->id);
  // An entry without UninstallString is not listed. There is nothing that could remove the program:
  // it is part of the image. Who runs this all the same gets an error code and nothing else.
  const char *const text[][2] = {
      {"DisplayName", u->display_name},
      {"DisplayVersion", u->version},
      {"Publisher", u->publisher},
      {"InstallLocation", u->location},
      {"DisplayIcon", u->icon},
      {"UninstallString", "C:\\Windows\\System32\\cmd.exe /d /c exit /b 1"}};
  const char *own[WG_ARRAY_LEN(text)];
  for (size_t i = 0; i < WG_ARRAY_LEN(text); i++) {
    own[i] = text[i][0];
  }
  if (u->replace || u->icon == NULL) {
    (void)wg_reg_edits_new(e, origin, WG_REG_DELETE_KEY, key, "");
  } else {
    wg_reg_edits_take(e, origin, WG_REG_TAKE_KEY, key, "DisplayIcon", u->icon, own,
                      WG_ARRAY_LEN(own));
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(text); i++) {
    if (text[i][1] != NULL) {
      wg_reg_edits_text(e, origin, key, text[i][0], WG_REG_SZ, text[i][1]);
    }
  }
  wg_reg_edits_dword(e, origin, key, "NoModify", 1);
  wg_reg_edits_dword(e, origin, key, "NoRepair", 1);
  wg_reg_edits_dword(e, origin, key, "NoRemove", 1);
}
