// SPDX-License-Identifier: Apache-2.0
// Application manifest (Microsoft, "Application manifests"): names and ids in docs/formats/rsrc.md.
#include "base/utf.h"
#include "fmt/rsrc/rsrc.h"

static const struct {
  uint32_t os;
  const char *guid, *name;
} supported[] = {
    {WG_RSRC_OS_VISTA, "e2011457-1546-43c5-a5fe-008deee3d3f0", "Windows Vista, Server 2008"},
    {WG_RSRC_OS_7, "35138b9a-5d96-4fbd-8e2d-a2440225f93a", "Windows 7, Server 2008 R2"},
    {WG_RSRC_OS_8, "4a2f28e3-53b9-4441-ba9c-d69d4a4a6e38", "Windows 8, Server 2012"},
    {WG_RSRC_OS_8_1, "1f676c76-80e1-4239-95bb-83d0f6d0da78", "Windows 8.1, Server 2012 R2"},
    {WG_RSRC_OS_10, "8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a",
     "Windows 10, 11, Server 2016 and later"},
};

// Text content; false when a character cannot stand in XML 1.0.
static bool add_text(wg_buf *out, wg_str s) {
  size_t pos = 0;
  uint32_t cp = 0;
  while (pos < s.n) {
    if (!wg_utf8_next(s, &pos, &cp) || (cp < 0x20 && cp != '\t' && cp != '\n' && cp != '\r') ||
        cp == 0xFFFE || cp == 0xFFFF) {
      return false;
    }
    if (cp == '<') {
      wg_buf_add_z(out, "&lt;");
    } else if (cp == '>') {
      wg_buf_add_z(out, "&gt;");
    } else if (cp == '&') {
      wg_buf_add_z(out, "&amp;");
    } else {
      wg_utf8_add(out, cp);
    }
  }
  return true;
}

static bool identity_name_ok(const char *name) {
  for (const char *c = name; *c != 0; c++) {
    bool alnum = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
    if (!alnum && *c != '.' && *c != '-' && *c != '_') {
      return false;
    }
  }
  return name[0] != 0;
}

static wg_code add_identity(const wg_rsrc_manifest *m, wg_buf *out, wg_error *err) {
  if (m->name != NULL) {
    if (!identity_name_ok(m->name)) {
      return wg_fail(err, WG_E_FORMAT,
                     "assembly name '%s': only letters, digits, '.', '-' and '_' are possible",
                     m->name);
    }
    wg_buf_printf(out,
                  "  <assemblyIdentity type=\"win32\" name=\"%s\" version=\"%u.%u.%u.%u\""
                  " processorArchitecture=\"*\"/>\n",
                  m->name, m->version[0], m->version[1], m->version[2], m->version[3]);
  }
  if (m->description != NULL && m->description[0] != 0) {
    wg_buf_add_z(out, "  <description>");
    if (!add_text(out, wg_str_of(m->description))) {
      return wg_fail(err, WG_E_FORMAT, "the description has a character that XML cannot hold");
    }
    wg_buf_add_z(out, "</description>\n");
  }
  return WG_OK;
}

static wg_code add_trust(const wg_rsrc_manifest *m, wg_buf *out, wg_error *err) {
  const char *level = NULL;
  switch (m->level) {
  case WG_RSRC_LEVEL_UNSET:
    return m->ui_access ? wg_fail(err, WG_E_CONFLICT,
                                  "uiAccess needs an execution level: say as-invoker, highest or "
                                  "admin")
                        : WG_OK;
  case WG_RSRC_LEVEL_AS_INVOKER:
    level = "asInvoker";
    break;
  case WG_RSRC_LEVEL_HIGHEST:
    level = "highestAvailable";
    break;
  case WG_RSRC_LEVEL_ADMIN:
    level = "requireAdministrator";
    break;
  }
  wg_buf_printf(out,
                "  <trustInfo xmlns=\"urn:schemas-microsoft-com:asm.v3\">\n"
                "    <security>\n"
                "      <requestedPrivileges>\n"
                "        <requestedExecutionLevel level=\"%s\" uiAccess=\"%s\"/>\n"
                "      </requestedPrivileges>\n"
                "    </security>\n"
                "  </trustInfo>\n",
                level, m->ui_access ? "true" : "false");
  return WG_OK;
}

static void add_supported_os(const wg_rsrc_manifest *m, wg_buf *out) {
  uint32_t set = m->supported_os == 0 ? WG_RSRC_OS_ALL : m->supported_os;
  wg_buf_add_z(out, "  <compatibility xmlns=\"urn:schemas-microsoft-com:compatibility.v1\">\n"
                    "    <application>\n");
  for (size_t i = 0; i < WG_ARRAY_LEN(supported); i++) {
    if ((set & supported[i].os) != 0) {
      wg_buf_printf(out, "      <supportedOS Id=\"{%s}\"/> <!-- %s -->\n", supported[i].guid,
                    supported[i].name);
    }
  }
  wg_buf_add_z(out, "    </application>\n  </compatibility>\n");
}

static void add_setting(wg_buf *out, const char *name, const char *year, const char *value) {
  wg_buf_printf(out,
                "      <%s xmlns=\"http://schemas.microsoft.com/SMI/%s/WindowsSettings\">%s</%s>\n",
                name, year, value, name);
}

// dpiAware is what Windows before 10 1607 reads, dpiAwareness what later ones prefer.
static void add_dpi(wg_rsrc_dpi dpi, wg_buf *out) {
  switch (dpi) {
  case WG_RSRC_DPI_UNSET:
    break;
  case WG_RSRC_DPI_UNAWARE:
    add_setting(out, "dpiAware", "2005", "false");
    add_setting(out, "dpiAwareness", "2016", "unaware");
    break;
  case WG_RSRC_DPI_SYSTEM:
    add_setting(out, "dpiAware", "2005", "true");
    add_setting(out, "dpiAwareness", "2016", "system");
    break;
  case WG_RSRC_DPI_PER_MONITOR:
    add_setting(out, "dpiAware", "2005", "true/pm");
    add_setting(out, "dpiAwareness", "2016", "PerMonitor");
    break;
  case WG_RSRC_DPI_PER_MONITOR_V2:
    add_setting(out, "dpiAware", "2005", "true/pm");
    add_setting(out, "dpiAwareness", "2016", "PerMonitorV2, PerMonitor");
    break;
  }
}

static void add_settings(const wg_rsrc_manifest *m, wg_buf *out) {
  if (m->dpi == WG_RSRC_DPI_UNSET && !m->long_paths && !m->utf8) {
    return;
  }
  wg_buf_add_z(out, "  <application xmlns=\"urn:schemas-microsoft-com:asm.v3\">\n"
                    "    <windowsSettings>\n");
  add_dpi(m->dpi, out);
  if (m->long_paths) {
    add_setting(out, "longPathAware", "2016", "true");
  }
  if (m->utf8) {
    add_setting(out, "activeCodePage", "2019", "UTF-8");
  }
  wg_buf_add_z(out, "    </windowsSettings>\n  </application>\n");
}

wg_code wg_rsrc_manifest_write(const wg_rsrc_manifest *m, wg_buf *out, wg_error *err) {
  wg_buf_add_z(out,
               "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
               "<assembly xmlns=\"urn:schemas-microsoft-com:asm.v1\" manifestVersion=\"1.0\">\n");
  if (add_identity(m, out, err) != WG_OK || add_trust(m, out, err) != WG_OK) {
    return err->code;
  }
  if (m->common_controls_v6) {
    wg_buf_add_z(out,
                 "  <dependency>\n"
                 "    <dependentAssembly>\n"
                 "      <assemblyIdentity type=\"win32\" name=\"Microsoft.Windows.Common-Controls\""
                 " version=\"6.0.0.0\" processorArchitecture=\"*\""
                 " publicKeyToken=\"6595b64144ccf1df\" language=\"*\"/>\n"
                 "    </dependentAssembly>\n"
                 "  </dependency>\n");
  }
  add_supported_os(m, out);
  add_settings(m, out);
  wg_buf_add_z(out, "</assembly>\n");
  return wg_buf_check(out, err);
}
