// SPDX-License-Identifier: Apache-2.0
// Imports, delay imports, exports and the debug directory.
#include <string.h>

#include "fmt/pe/pe_parse.h"

enum {
  IMPORT_BYTES = 20,
  DELAY_BYTES = 32,
  EXPORT_BYTES = 40,
  DEBUG_BYTES = 28,
  DEBUG_TYPE_CODEVIEW = 2,
};

typedef struct import_desc {
  uint32_t name_rva, table_rva;
  uint64_t off; // of the descriptor
} import_desc;

// Reads one entry of the lookup table at *r; *more false at the end mark.
static wg_code import_entry(pe_parser *ps, wg_reader *r, wg_pe_import_fn *out, bool *more,
                            wg_error *err) {
  uint64_t at = wg_reader_at(r), v = 0;
  uint32_t v32 = 0;
  bool ok = ps->pe->plus ? wg_read_le64(r, &v) : wg_read_le32(r, &v32);
  if (!ok) {
    return wg_fail_at(err, WG_E_FORMAT, at, "the import lookup table has no end");
  }
  v = ps->pe->plus ? v : v32;
  *more = v != 0;
  if (v == 0 || out == NULL) {
    return WG_OK;
  }
  if ((v & (ps->pe->plus ? 1ULL << 63 : 1ULL << 31)) != 0) {
    *out = (wg_pe_import_fn){.by_ordinal = true, .ordinal = (uint16_t)v};
    return WG_OK;
  }
  wg_reader hint;
  if (v > UINT32_MAX - 2 || !wg_pe_slice_rva(ps->pe, (uint32_t)v, 2, &hint)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "import name: no bytes of the file are at 0x%llx",
                      (unsigned long long)v);
  }
  *out = (wg_pe_import_fn){.ordinal = wg_le16(hint.p)};
  return wg_pe_name_at(ps, (uint32_t)v + 2, "import name", at, &out->name, err);
}

static wg_code import_functions(pe_parser *ps, const import_desc *d, uint32_t *fns_left,
                                wg_pe_import *out, wg_error *err) {
  wg_reader table;
  if (!wg_pe_read_rva(ps->pe, d->table_rva, &table)) {
    return wg_fail_at(err, WG_E_FORMAT, d->off,
                      "imports of '%.*s': no bytes of the file are at address 0x%x",
                      WG_STR_ARG(out->dll), d->table_rva);
  }
  wg_reader scan = table;
  uint32_t n = 0;
  for (bool more = true; more; n++) {
    if (n > *fns_left) {
      return wg_fail_at(err, WG_E_LIMIT, d->off, "more than %u imported functions",
                        ps->pe->limits.import_functions);
    }
    if (import_entry(ps, &scan, NULL, &more, err) != WG_OK) {
      return err->code;
    }
  }
  n--; // the end mark
  *fns_left -= n;
  wg_pe_import_fn *fns = wg_arena_new_array(ps->arena, wg_pe_import_fn, n);
  if (fns == NULL) {
    return wg_arena_fail(ps->arena, err);
  }
  for (uint32_t i = 0; i < n; i++) {
    bool more = false;
    if (import_entry(ps, &table, &fns[i], &more, err) != WG_OK) {
      return err->code;
    }
  }
  out->fns = fns;
  out->n_fns = n;
  return WG_OK;
}

// PE 6.4.1: ends at a descriptor with no name or no address table, as Windows' loader has it.
static wg_code import_desc_at(const pe_parser *ps, wg_reader *r, import_desc *out, bool *more,
                              wg_error *err) {
  const uint8_t *p = NULL;
  out->off = wg_reader_at(r);
  if (!wg_read_bytes(r, IMPORT_BYTES, &p)) {
    return wg_fail_at(err, WG_E_FORMAT, out->off, "the import table has no end");
  }
  uint32_t lookup = wg_le32(p), iat = wg_le32(p + 16);
  (void)ps;
  out->name_rva = wg_le32(p + 12);
  out->table_rva = lookup != 0 ? lookup : iat;
  *more = out->name_rva != 0 && iat != 0;
  return WG_OK;
}

// Old tables hold virtual addresses; what is below the base wraps to where nothing lies.
WG_WRAPS static uint32_t dirs_rva(uint32_t address, uint32_t base) {
  return address - base;
}

// PE 4.8 (delay-load). Attributes bit 0 clear: addresses of the first format include the base.
static wg_code delay_desc_at(const pe_parser *ps, wg_reader *r, import_desc *out, bool *more,
                             wg_error *err) {
  const uint8_t *p = NULL;
  out->off = wg_reader_at(r);
  if (!wg_read_bytes(r, DELAY_BYTES, &p)) {
    return wg_fail_at(err, WG_E_FORMAT, out->off, "the delay-import table has no end");
  }
  uint32_t base = (wg_le32(p) & 1) != 0 ? 0 : (uint32_t)(ps->pe->image_base & UINT32_MAX);
  *more = wg_le32(p + 4) != 0;
  out->name_rva = dirs_rva(wg_le32(p + 4), base);
  out->table_rva = dirs_rva(wg_le32(p + 16), base);
  return WG_OK;
}

typedef wg_code (*desc_fn)(const pe_parser *ps, wg_reader *r, import_desc *out, bool *more,
                           wg_error *err);

// Opens a directory's table and counts its descriptors; absent gives 0.
static wg_code count_descs(pe_parser *ps, uint32_t dir, desc_fn next, wg_reader *out_table,
                           uint32_t *out_n, wg_error *err) {
  const wg_pe_dir *d = &ps->pe->dirs[dir];
  *out_n = 0;
  if (d->rva == 0) {
    return WG_OK;
  }
  if (!wg_pe_read_rva(ps->pe, d->rva, out_table)) {
    return wg_fail_at(err, WG_E_FORMAT, wg_pe_dir_off(ps->pe, dir),
                      "%s: no bytes of the file are at 0x%x",
                      dir == WG_PE_DIR_IMPORT ? "import table" : "delay-import table", d->rva);
  }
  wg_reader scan = *out_table;
  import_desc desc;
  bool more = true;
  for (;; ++*out_n) {
    if (next(ps, &scan, &desc, &more, err) != WG_OK) {
      return err->code;
    }
    if (!more) {
      return WG_OK;
    }
    if (*out_n >= ps->pe->limits.import_dlls) {
      return wg_fail_at(err, WG_E_LIMIT, desc.off, "more than %u imported DLLs",
                        ps->pe->limits.import_dlls);
    }
  }
}

static wg_code fill_imports(pe_parser *ps, wg_reader *table, desc_fn next, uint32_t n,
                            uint32_t *fns_left, wg_pe_import *out, wg_error *err) {
  for (uint32_t i = 0; i < n; i++) {
    import_desc d;
    bool more = false;
    out[i].delayed = next == delay_desc_at;
    if (next(ps, table, &d, &more, err) != WG_OK ||
        wg_pe_name_at(ps, d.name_rva, "imported DLL's name", d.off, &out[i].dll, err) != WG_OK ||
        import_functions(ps, &d, fns_left, &out[i], err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

wg_code wg_pe_parse_imports(pe_parser *ps, wg_error *err) {
  wg_reader plain = {0}, delayed = {0};
  uint32_t n_plain = 0, n_delayed = 0, fns_left = ps->pe->limits.import_functions;
  if (count_descs(ps, WG_PE_DIR_IMPORT, import_desc_at, &plain, &n_plain, err) != WG_OK ||
      count_descs(ps, WG_PE_DIR_DELAY_IMPORT, delay_desc_at, &delayed, &n_delayed, err) != WG_OK) {
    return err->code;
  }
  wg_pe_import *list =
      wg_arena_new_array(ps->arena, wg_pe_import, (size_t)n_plain + (size_t)n_delayed);
  if (list == NULL) {
    return wg_arena_fail(ps->arena, err);
  }
  if (fill_imports(ps, &plain, import_desc_at, n_plain, &fns_left, list, err) != WG_OK ||
      fill_imports(ps, &delayed, delay_desc_at, n_delayed, &fns_left, list + n_plain, err) !=
          WG_OK) {
    return err->code;
  }
  ps->pe->imports = list;
  ps->pe->n_imports = n_plain + n_delayed;
  return WG_OK;
}

typedef struct export_tables {
  wg_reader functions, names, ordinals;
  uint32_t base, n_functions, n_names;
} export_tables;

static wg_code open_exports(pe_parser *ps, export_tables *t, wg_error *err) {
  const wg_pe_dir *dir = &ps->pe->dirs[WG_PE_DIR_EXPORT];
  wg_reader d;
  if (!wg_pe_slice_rva(ps->pe, dir->rva, EXPORT_BYTES, &d)) {
    return wg_fail_at(err, WG_E_FORMAT, wg_pe_dir_off(ps->pe, WG_PE_DIR_EXPORT),
                      "export directory: no bytes of the file are at 0x%x", dir->rva);
  }
  t->base = wg_le32(d.p + 16);
  t->n_functions = wg_le32(d.p + 20);
  t->n_names = wg_le32(d.p + 24);
  if (t->n_names > ps->pe->limits.export_names) {
    return wg_fail_at(err, WG_E_LIMIT, d.base_off + 24, "%u exported names, more than %u",
                      t->n_names, ps->pe->limits.export_names);
  }
  if ((t->n_functions != 0 &&
       !wg_pe_slice_rva(ps->pe, wg_le32(d.p + 28), (uint64_t)t->n_functions * 4, &t->functions)) ||
      (t->n_names != 0 &&
       (!wg_pe_slice_rva(ps->pe, wg_le32(d.p + 32), (uint64_t)t->n_names * 4, &t->names) ||
        !wg_pe_slice_rva(ps->pe, wg_le32(d.p + 36), (uint64_t)t->n_names * 2, &t->ordinals)))) {
    return wg_fail_at(err, WG_E_FORMAT, d.base_off + 20,
                      "export directory: tables of %u functions and %u names are not in the file",
                      t->n_functions, t->n_names);
  }
  uint32_t name_rva = wg_le32(d.p + 12);
  return name_rva == 0 ? WG_OK
                       : wg_pe_name_at(ps, name_rva, "export directory's DLL name", d.base_off + 12,
                                       &ps->pe->export_dll, err);
}

wg_code wg_pe_parse_exports(pe_parser *ps, wg_error *err) {
  const wg_pe_dir *dir = &ps->pe->dirs[WG_PE_DIR_EXPORT];
  export_tables t = {0};
  if (dir->rva == 0 || dir->n_bytes == 0) {
    return WG_OK;
  }
  if (open_exports(ps, &t, err) != WG_OK) {
    return err->code;
  }
  wg_pe_export *list = wg_arena_new_array(ps->arena, wg_pe_export, t.n_names);
  if (list == NULL) {
    return wg_arena_fail(ps->arena, err);
  }
  for (uint32_t i = 0; i < t.n_names; i++) {
    uint16_t index = wg_le16(t.ordinals.p + 2 * (size_t)i);
    uint64_t at = t.names.base_off + 4 * (uint64_t)i;
    if (index >= t.n_functions) {
      return wg_fail_at(err, WG_E_FORMAT, t.ordinals.base_off + 2 * (uint64_t)i,
                        "export %u: function %u of %u", i, index, t.n_functions);
    }
    if (wg_pe_name_at(ps, wg_le32(t.names.p + 4 * (size_t)i), "exported name", at, &list[i].name,
                      err) != WG_OK) {
      return err->code;
    }
    list[i].ordinal = (uint32_t)((uint64_t)t.base + index);
    list[i].rva = wg_le32(t.functions.p + 4 * (size_t)index);
    if (list[i].rva >= dir->rva &&
        list[i].rva - dir->rva < dir->n_bytes) { // inside of the directory: a forwarder
      if (wg_pe_name_at(ps, list[i].rva, "export forwarder", at, &list[i].forwarder, err) !=
          WG_OK) {
        return err->code;
      }
      list[i].rva = 0;
    }
  }
  ps->pe->exports = list;
  ps->pe->n_exports = t.n_names;
  ps->pe->n_export_functions = t.n_functions;
  return WG_OK;
}

// "RSDS", GUID, age, path. false when it is something else.
static bool read_codeview(wg_reader r, wg_pe_pdb *out) {
  const uint8_t *sig = NULL, *guid = NULL;
  uint32_t age = 0;
  if (!wg_read_bytes(&r, 4, &sig) || memcmp(sig, "RSDS", 4) != 0 || !wg_read_bytes(&r, 16, &guid) ||
      !wg_read_le32(&r, &age)) {
    return false;
  }
  wg_str rest = {(const char *)r.p + r.pos, (size_t)wg_reader_left(&r)};
  *out = (wg_pe_pdb){.present = true, .age = age, .path = {rest.p, wg_str_find(rest, '\0')}};
  memcpy(out->guid, guid, sizeof(out->guid));
  return true;
}

// Nothing needs debug data to run a program, and strip leaves dangling entries: what cannot be read
// is taken as absent.
wg_code wg_pe_parse_debug(pe_parser *ps, wg_error *err) {
  const wg_pe_dir *dir = &ps->pe->dirs[WG_PE_DIR_DEBUG];
  wg_reader table, data;
  uint32_t n = dir->n_bytes / DEBUG_BYTES;
  if (n > ps->pe->limits.debug_entries) {
    return wg_fail_at(err, WG_E_LIMIT, wg_pe_dir_off(ps->pe, WG_PE_DIR_DEBUG),
                      "%u debug directory entries, more than %u", n, ps->pe->limits.debug_entries);
  }
  if (dir->rva == 0 || !wg_pe_slice_rva(ps->pe, dir->rva, (uint64_t)n * DEBUG_BYTES, &table)) {
    return WG_OK;
  }
  for (uint32_t i = 0; i < n && !ps->pe->pdb.present; i++) {
    const uint8_t *p = table.p + (size_t)i * DEBUG_BYTES;
    uint32_t n_bytes = wg_le32(p + 16);
    if (wg_le32(p + 12) == DEBUG_TYPE_CODEVIEW && n_bytes <= ps->pe->limits.name_bytes &&
        wg_reader_slice(&ps->file, wg_le32(p + 24), n_bytes, &data)) {
      (void)read_codeview(data, &ps->pe->pdb);
    }
  }
  return WG_OK;
}
