// SPDX-License-Identifier: Apache-2.0
// Builds the resources of a Windows program: version information, icon, application manifest, as
// a COFF object with one .rsrc section (a ".syso" for Go's linker; ld and lld take it too).
//
// Byte facts: docs/formats/rsrc.md. Pure: the same spec gives the same bytes, no time stamp.
#ifndef WG_FMT_RSRC_RSRC_H
#define WG_FMT_RSRC_RSRC_H

#include "base/bytes.h"

// Text fields are UTF-8; NULL or "" leaves the field out.
typedef struct wg_rsrc_version_info {
  const char *company, *description, *product, *copyright, *trademarks, *comments;
  const char *internal_name, *original_filename;
  // As wg_rsrc_version_parse takes them; the string fields keep the text. product_version defaults
  // to file_version.
  const char *file_version, *product_version;
  bool is_dll; // file type: DLL instead of application
} wg_rsrc_version_info;

typedef enum wg_rsrc_level { // requestedExecutionLevel
  WG_RSRC_LEVEL_UNSET,       // no trustInfo: Windows guesses (installer detection, 32-bit)
  WG_RSRC_LEVEL_AS_INVOKER,
  WG_RSRC_LEVEL_HIGHEST,
  WG_RSRC_LEVEL_ADMIN,
} wg_rsrc_level;

typedef enum wg_rsrc_dpi {
  WG_RSRC_DPI_UNSET,
  WG_RSRC_DPI_UNAWARE,
  WG_RSRC_DPI_SYSTEM,
  WG_RSRC_DPI_PER_MONITOR,
  WG_RSRC_DPI_PER_MONITOR_V2,
} wg_rsrc_dpi;

enum { // supportedOS; 0 in the options means all of them
  WG_RSRC_OS_VISTA = 1U << 0,
  WG_RSRC_OS_7 = 1U << 1,
  WG_RSRC_OS_8 = 1U << 2,
  WG_RSRC_OS_8_1 = 1U << 3,
  WG_RSRC_OS_10 = 1U << 4, // also 11 and the servers since 2016
  WG_RSRC_OS_ALL = 0x1F,
};

typedef struct wg_rsrc_manifest {
  wg_rsrc_level level;
  bool ui_access;        // only together with a level
  bool long_paths, utf8; // longPathAware; activeCodePage UTF-8
  wg_rsrc_dpi dpi;
  uint32_t supported_os;   // set of WG_RSRC_OS_*
  bool common_controls_v6; // dependency on comctl32 6.0
  const char *name;        // assemblyIdentity name, NULL: no identity. Letters, digits, ._-
  const char *description; // UTF-8, NULL: none
  uint16_t version[4];     // of the identity
} wg_rsrc_manifest;

typedef struct wg_rsrc_spec {
  const char *goarch;                  // "amd64", "arm64", "386"
  wg_str icon;                         // a whole .ico file; n 0: none
  const wg_rsrc_version_info *version; // NULL: none
  wg_str manifest_xml;                 // a ready manifest, put in as it is after a check; n 0: none
  const wg_rsrc_manifest *manifest;    // made from options; NULL: none
} wg_rsrc_spec;

// Appends the object file's bytes to out; nothing when the spec asks for no resource. arena holds
// scratch data. Errors: UNSUPPORTED (an architecture whose linker takes no resource object, a kind
// of icon image), FORMAT (icon, manifest, version or a text is wrong; the offset is one of that
// input), CONFLICT (manifest_xml and manifest at once), LIMIT, NOMEM.
wg_code wg_rsrc_build_syso(const wg_rsrc_spec *spec, wg_arena *arena, wg_buf *out, wg_error *err);

// "1.2.3.4", "1.4.0", "v1.4.0-rc1", "2" to four numbers, missing ones 0. What follows the numbers
// from '-', '+' or a letter is no number; after '-' or a letter it makes *out_prerelease true. A
// text that does not begin with a number ("main", a commit id) gives 0.0.0.0. FORMAT: more than
// four numbers, or one above 65535.
wg_code wg_rsrc_version_parse(wg_str text, uint16_t out_quad[4], bool *out_prerelease,
                              wg_error *err);
// Appends a VS_VERSIONINFO block. FORMAT as above, or a text that is not UTF-8 or holds a NUL;
// LIMIT when it is over 65,535 bytes; NOMEM.
wg_code wg_rsrc_version_write(const wg_rsrc_version_info *info, wg_buf *out, wg_error *err);

// Appends a manifest as UTF-8 XML. FORMAT: a name or description that cannot stand there; CONFLICT:
// ui_access without a level; NOMEM.
wg_code wg_rsrc_manifest_write(const wg_rsrc_manifest *m, wg_buf *out, wg_error *err);
// Whether xml can be a program's manifest: UTF-8, well-formed tags, root element <assembly>.
// Windows refuses to start a program whose manifest is not. FORMAT with offset; UNSUPPORTED:
// UTF-16, a DTD; LIMIT.
wg_code wg_rsrc_manifest_check(wg_str xml, wg_error *err);

// One resource of a tree. Names are UTF-8 and are stored upper-case, as Windows looks them up.
typedef struct wg_rsrc_id {
  wg_str name; // n 0: id is used
  uint16_t id;
} wg_rsrc_id;
typedef struct wg_rsrc_item {
  wg_rsrc_id type, name;
  uint16_t lang;
  uint32_t code_page;
  wg_str data;
} wg_rsrc_item;

// Appends a resource section to out, which must be empty: the tree in Windows' order, then data at
// multiples of 8. Each data entry's first word holds the data's offset in the section;
// *out_relocs (in arena, ascending, *out_n_relocs of them) lists those words' offsets. CONFLICT:
// two items with the same type, name and language; FORMAT: a name that is not UTF-8; LIMIT; NOMEM.
wg_code wg_rsrc_tree_write(const wg_rsrc_item *items, uint32_t n_items, wg_arena *arena,
                           wg_buf *out, const uint32_t **out_relocs, uint32_t *out_n_relocs,
                           wg_error *err);

#endif
