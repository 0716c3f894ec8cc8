// SPDX-License-Identifier: Apache-2.0
// Windows shortcuts.
#include "cli/inspect/inspect.h"
#include "fmt/lnk/lnk.h"

static void lnk_text(wg_ins *i, const char *key, const char *label, const char *v) {
  if (v != NULL) {
    wg_ins_z(i, key, label, v);
  }
}

static const char *lnk_show(uint32_t show) {
  return show == 1 ? "normal" : show == 3 ? "maximised" : show == 7 ? "minimised" : NULL;
}

wg_code wg_inspect_lnk(wg_ins *i, wg_error *err) {
  wg_lnk l;
  if (wg_lnk_parse(i->file.p, (size_t)i->file.n_bytes, i->arena, &l, err) != WG_OK) {
    return err->code;
  }
  lnk_text(i, "target", "Target", l.path);
  lnk_text(i, "target_items", "By shell items", l.id_path);
  lnk_text(i, "target_variables", "With variables", l.env_path);
  lnk_text(i, "arguments", "Arguments", l.args);
  lnk_text(i, "working_dir", "Working folder", l.working_dir);
  lnk_text(i, "relative", "Relative path", l.relative);
  lnk_text(i, "description", "Description", l.name);
  lnk_text(i, "icon", "Icon", l.icon);
  lnk_text(i, "icon_variables", "Icon, variables", l.env_icon);
  if (l.icon_index != 0) {
    wg_ins_printf(i, "icon_index", "Icon number", "%d", (int)l.icon_index);
  }
  wg_ins_named(i, "show", "Window", lnk_show(l.show), l.show);
  wg_ins_addr(i, "target_attributes", "Attributes", l.file_attributes);
  wg_ins_u64(i, "items", "Shell items", l.n_items);
  if (l.path != NULL) {
    bool labelled = l.volume_label != NULL && l.volume_label[0] != '\0';
    lnk_text(i, "volume_label", "Volume label", labelled ? l.volume_label : NULL);
    wg_ins_addr(i, "volume_serial", "Volume serial", l.drive_serial);
  }
  wg_str *blocks = wg_arena_new_array(i->arena, wg_str, l.n_blocks);
  if (blocks == NULL) {
    return wg_arena_fail(i->arena, err);
  }
  for (size_t k = 0; k < l.n_blocks; k++) {
    const char *text = wg_arena_printf(i->arena, "0x%08X", (unsigned)l.blocks[k]);
    blocks[k] = wg_str_of(text == NULL ? "" : text);
  }
  wg_ins_strs(i, "extra_blocks", "Extra blocks", blocks, l.n_blocks);
  if (l.n_trailing > 0) {
    wg_ins_bytes(i, "trailing_bytes", "Behind the end", l.n_trailing);
  }
  return WG_OK;
}
