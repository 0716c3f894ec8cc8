// SPDX-License-Identifier: Apache-2.0
// Windows shortcuts (.lnk). Byte facts with sources: docs/formats/lnk.md.
#ifndef WG_FMT_LNK_LNK_H
#define WG_FMT_LNK_LNK_H

#include "base/bytes.h"

enum { // LinkFlags (MS-SHLLINK 2.1.1); those that we act on
  WG_LNK_HAS_IDLIST = 0x1,
  WG_LNK_HAS_INFO = 0x2,
  WG_LNK_HAS_NAME = 0x4,
  WG_LNK_HAS_RELATIVE = 0x8,
  WG_LNK_HAS_WORKING_DIR = 0x10,
  WG_LNK_HAS_ARGS = 0x20,
  WG_LNK_HAS_ICON = 0x40,
  WG_LNK_UNICODE = 0x80,
  WG_LNK_HAS_EXP_STRING = 0x200,
  WG_LNK_HAS_EXP_ICON = 0x4000,
};
// What Windows' own programs take (MAX_PATH, INFOTIPSIZE), without the NUL.
#define WG_LNK_MAX_PATH_CHARS16 259
#define WG_LNK_MAX_ARGS_CHARS16 1023

// Strings are UTF-8; NULL: absent.
typedef struct wg_lnk {
  uint32_t flags;                                // as read; the writer makes its own
  uint32_t file_attributes;                      // of the target, FILE_ATTRIBUTE_*
  uint64_t create_time, access_time, write_time; // of the target, 100 ns since 1601
  uint32_t file_bytes;                           // of the target, low 32 bits
  int32_t icon_index;                            // in `icon`, or in the target
  uint32_t show;                                 // 1 normal, 3 maximised, 7 minimised
  uint16_t hotkey;
  uint32_t n_items;    // of the list of shell items that names the target
  const char *id_path; // what those items say, "C:\a\b"; NULL: items we don't know
  const char *path;    // local path of LinkInfo
  uint32_t drive_type; // 3: fixed; with path
  uint32_t drive_serial;
  const char *volume_label;
  const char *name; // description
  const char *relative, *working_dir, *args, *icon;
  const char *env_path, *env_icon; // target and icon with %VARIABLES%
  uint32_t *blocks;                // signatures of all extra data blocks
  size_t n_blocks;
  uint64_t n_trailing; // bytes behind the end
} wg_lnk;

// Reads a file whole. Everything lives in the arena. FORMAT with offset: no shortcut, sizes that
// do not fit, text without its end. LIMIT: more than 65,535 shell items or extra blocks. NOMEM.
wg_code wg_lnk_parse(const void *p, size_t n_bytes, wg_arena *arena, wg_lnk *out, wg_error *err);
// Whether the first bytes are a shortcut's.
bool wg_lnk_detect(const wg_reader *head);

// A file that leads to `path`, an absolute path of a drive (C:\a\b; a folder with file_attributes
// 0x10): list of shell items, LinkInfo, texts as UTF-16, blocks for env_path and env_icon. id_path,
// flags and blocks of l are not used. Same model, same bytes. FORMAT: path is not such a path, text
// that is not UTF-8. LIMIT: longer than Windows takes. Appends to out.
wg_code wg_lnk_write(const wg_lnk *l, wg_buf *out, wg_error *err);

#endif
