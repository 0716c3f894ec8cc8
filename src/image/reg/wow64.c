// SPDX-License-Identifier: Apache-2.0
// The table "Registry Keys Affected by WOW64" of Microsoft's documentation (win32,
// desktop-src/WinProg64/shared-registry-keys.md), column "Windows Server 2008 R2, Windows 7, and
// Newer". Subkeys go with their parent unless they stand here themselves; what has no parent here
// is shared. One row of the page reads SOFTWARE\Microsoft\SOFTWARE\Microsoft\Shared Tools\MSInfo:
// taken as SOFTWARE\Microsoft\Shared Tools\MSInfo.
#include "image/reg/wow64.h"

#include "base/utf.h"

typedef struct wow64_row {
  wg_hive_id hive;
  const char *path;
  const char *node; // where the redirected copy is, NULL: shared
  const char *tail; // the part of path that follows the node
} wow64_row;

#define NODE "WOW6432Node"
#define SHARED(path)                                                                               \
  { WG_HIVE_SOFTWARE, path, NULL, NULL }
#define CLASS(name)                                                                                \
  {WG_HIVE_SOFTWARE, "Classes\\" name, "Classes\\" NODE, name}, {                                  \
    WG_HIVE_USRCLASS, name, NODE, name                                                             \
  }
#define MS "Microsoft\\"
#define WIN MS "Windows\\CurrentVersion\\"
#define NT MS "Windows NT\\CurrentVersion\\"

static const wow64_row wow64_rows[] = {
    {WG_HIVE_SOFTWARE, "", NODE, ""},
    {WG_HIVE_SOFTWARE, "Classes", NULL, NULL},
    CLASS("CLSID"),
    CLASS("DirectShow"),
    CLASS("Interface"),
    CLASS("Media Type"),
    CLASS("MediaFoundation"),
    {WG_HIVE_SOFTWARE, NODE, NULL, NULL}, // already the other view
    SHARED("Clients"),
    SHARED(MS "COM3"),
    SHARED(MS "Cryptography\\Calais\\Current"),
    SHARED(MS "Cryptography\\Calais\\Readers"),
    SHARED(MS "Cryptography\\Services"),
    SHARED(MS "CTF\\SystemShared"),
    SHARED(MS "CTF\\TIP"),
    SHARED(MS "DFS"),
    SHARED(MS "Driver Signing"),
    SHARED(MS "EnterpriseCertificates"),
    SHARED(MS "EventSystem"),
    SHARED(MS "MSMQ"),
    SHARED(MS "Non-Driver Signing"),
    SHARED(MS "Notepad\\DefaultFonts"),
    SHARED(MS "OLE"),
    SHARED(MS "RAS"),
    SHARED(MS "RPC"),
    SHARED(MS "Shared Tools\\MSInfo"),
    SHARED(MS "SystemCertificates"),
    SHARED(MS "TermServLicensing"),
    SHARED(MS "TransactionServer"),
    SHARED(WIN "App Paths"),
    SHARED(WIN "Control Panel\\Cursors\\Schemes"),
    SHARED(WIN "Explorer\\AutoplayHandlers"),
    SHARED(WIN "Explorer\\DriveIcons"),
    SHARED(WIN "Explorer\\KindMap"),
    SHARED(WIN "Group Policy"),
    SHARED(WIN "Policies"),
    SHARED(WIN "PreviewHandlers"),
    SHARED(WIN "Setup"),
    SHARED(WIN "Telephony\\Locations"),
    SHARED(NT "Console"),
    SHARED(NT "FontDpi"),
    SHARED(NT "FontLink"),
    SHARED(NT "FontMapper"),
    SHARED(NT "Fonts"),
    SHARED(NT "FontSubstitutes"),
    SHARED(NT "Gre_Initialize"),
    SHARED(NT "Image File Execution Options"),
    SHARED(NT "Language Pack"),
    SHARED(NT "NetworkCards"),
    SHARED(NT "Perflib"),
    SHARED(NT "Ports"),
    SHARED(NT "Print"),
    SHARED(NT "ProfileList"),
    SHARED(NT "Time Zones"),
    SHARED("Policies"),
    SHARED("RegisteredApplications"),
};

// What of path follows the row's path; false when path is not at or below it.
static bool wow64_below(const char *row, wg_str path, wg_str *out_rest) {
  wg_str want = wg_str_of(row);
  if (path.n < want.n || wg_name_cmp_nocase((wg_str){path.p, want.n}, want) != 0 ||
      (want.n > 0 && path.n > want.n && path.p[want.n] != '\\')) {
    return false;
  }
  size_t skip = want.n > 0 && path.n > want.n ? want.n + 1 : want.n;
  *out_rest = (wg_str){path.p + skip, path.n - skip};
  return true;
}

void wg_reg_wow64(wg_hive_id hive, wg_str path, wg_buf *out) {
  const wow64_row *best = NULL;
  size_t best_n = 0;
  wg_str rest = {0}, tail = {0};
  for (size_t i = 0; i < WG_ARRAY_LEN(wow64_rows); i++) {
    const wow64_row *r = &wow64_rows[i];
    size_t n = wg_str_of(r->path).n;
    if (r->hive == hive && wow64_below(r->path, path, &rest) && (best == NULL || n >= best_n)) {
      best = r;
      best_n = n;
      tail = rest;
    }
  }
  if (best == NULL || best->node == NULL) {
    wg_buf_add_str(out, path);
    return;
  }
  wg_buf_add_z(out, best->node);
  const wg_str parts[] = {wg_str_of(best->tail), tail};
  for (size_t i = 0; i < WG_ARRAY_LEN(parts); i++) {
    if (parts[i].n > 0) {
      wg_buf_add_byte(out, '\\');
      wg_buf_add_str(out, parts[i]);
    }
  }
}
