// SPDX-License-Identifier: Apache-2.0
// PE images.
#include "cli/inspect/inspect.h"
#include "driver/package/embedded.h"
#include "fmt/pe/pe.h"
#include "os/sys.h"

bool wg_inspect_pe_detect(const wg_reader *head) {
  return head->n_bytes >= 2 && head->p[0] == 'M' && head->p[1] == 'Z';
}

static const char *pe_type(const wg_pe *pe) {
  if ((pe->characteristics & WG_PE_CHAR_DLL) != 0) {
    return "DLL";
  }
  if (pe->subsystem == WG_PE_SUBSYSTEM_NATIVE) {
    return "driver";
  }
  return (pe->characteristics & WG_PE_CHAR_EXECUTABLE) != 0 ? "executable"
                                                            : "not marked executable";
}

static void pe_protections(wg_ins *i, const wg_pe *pe) {
  static const struct {
    uint16_t bit;
    const char *name;
  } bits[] = {{WG_PE_DLLCHAR_HIGH_ENTROPY_VA, "high entropy addresses"},
              {WG_PE_DLLCHAR_DYNAMIC_BASE, "relocatable (ASLR)"},
              {WG_PE_DLLCHAR_FORCE_INTEGRITY, "signature enforced"},
              {WG_PE_DLLCHAR_NX_COMPAT, "data not executable (DEP)"},
              {WG_PE_DLLCHAR_APPCONTAINER, "AppContainer"},
              {WG_PE_DLLCHAR_GUARD_CF, "control flow guard"}};
  wg_str names[WG_ARRAY_LEN(bits)];
  size_t n = 0;
  for (size_t k = 0; k < WG_ARRAY_LEN(bits); k++) {
    if ((pe->dll_characteristics & bits[k].bit) != 0) {
      names[n++] = wg_str_of(bits[k].name);
    }
  }
  wg_ins_strs(i, "protections", "Protections", names, n);
}

static void pe_header(wg_ins *i, const wg_pe *pe) {
  wg_ins_u64(i, "bits", "Bits", pe->plus ? 64 : 32);
  wg_ins_named(i, "machine", "Machine", wg_pe_machine_name(pe->machine), pe->machine);
  wg_ins_z(i, "type", "Type", pe_type(pe));
  wg_ins_named(i, "subsystem", "Subsystem", wg_pe_subsystem_name(pe->subsystem), pe->subsystem);
  wg_ins_printf(i, "min_os", "Minimum OS", "%u.%u", (unsigned)pe->subsystem_major,
                (unsigned)pe->subsystem_minor);
  wg_ins_addr(i, "image_base", "Image base", pe->image_base);
  wg_ins_addr(i, "entry", "Entry", pe->entry_rva);
  wg_ins_u64(i, "time_stamp", "Time stamp", pe->time_stamp);
  wg_ins_printf(i, "linker", "Linker", "%u.%u", (unsigned)pe->linker_major,
                (unsigned)pe->linker_minor);
  pe_protections(i, pe);
  uint32_t sum = wg_pe_compute_checksum(pe->bytes, (size_t)pe->n_bytes, pe->checksum_off);
  wg_ins_z(i, "checksum", "Checksum",
           pe->checksum == 0     ? "not set"
           : pe->checksum == sum ? "right"
                                 : "wrong");
  wg_ins_bool(i, "signature", "Signature", pe->n_certs != 0);
  if (pe->pdb.present) {
    wg_ins_str(i, "pdb", "Debug file", pe->pdb.path);
  }
}

// What the signature is worth that the program carries. As of now: this looks at a file, it makes
// none.
static wg_code pe_signed(wg_ins *i, const wg_pe *pe, wg_error *err) {
  wg_sig_digests d;
  wg_sig_own own;
  wg_p7_trust trust;
  if (pe->n_certs == 0) {
    return WG_OK;
  }
  if (wg_sig_trust(NULL, 0, wg_os_wall_ns() / 1000000000, i->arena, &trust, err) != WG_OK ||
      wg_sig_digest(pe->bytes, (size_t)pe->n_bytes, i->arena, &d, err) != WG_OK ||
      wg_sig_embedded(&d, &trust, i->arena, &own, err) != WG_OK) {
    return err->code;
  }
  if (own.is_there) {
    wg_ins_z(i, "signature_class", "Signature is", wg_sig_class_name(own.cls));
    wg_ins_z(i, "signed_by", "Signed by", own.signer);
  }
  return WG_OK;
}

static wg_code pe_signatures(wg_ins *i, const wg_pe *pe, wg_error *err) {
  static const wg_ins_col cols[] = {{"type", "Type", WG_COL_STR},
                                    {"offset", "Offset", WG_COL_U64},
                                    {"bytes", "Size", WG_COL_U64}};
  const size_t n = WG_ARRAY_LEN(cols);
  wg_ins_cell *rows = wg_arena_array(i->arena, pe->n_certs, n * sizeof(*rows));
  if (rows == NULL) {
    return wg_arena_fail(i->arena, err);
  }
  for (uint32_t k = 0; k < pe->n_certs; k++) {
    const wg_pe_cert *c = &pe->certs[k];
    rows[k * n].s = c->type == 2 ? WG_STR("Authenticode (PKCS #7)") : WG_STR("other");
    rows[k * n + 1].v = c->off;
    rows[k * n + 2].v = c->n_bytes;
  }
  wg_ins_table(i, "signatures", "Signatures", cols, n, rows, pe->n_certs);
  return WG_OK;
}

static wg_code pe_sections(wg_ins *i, const wg_pe *pe, wg_error *err) {
  static const wg_ins_col cols[] = {
      {"name", "Name", WG_COL_STR},          {"flags", "Flags", WG_COL_STR},
      {"address", "Address", WG_COL_ADDR},   {"offset", "Offset", WG_COL_U64},
      {"file_bytes", "In file", WG_COL_U64}, {"memory_bytes", "In memory", WG_COL_U64}};
  static const char rwx[8][4] = {"---", "r--", "-w-", "rw-", "--x", "r-x", "-wx", "rwx"};
  const size_t n = WG_ARRAY_LEN(cols);
  wg_ins_cell *rows = wg_arena_array(i->arena, pe->n_sections, n * sizeof(*rows));
  if (rows == NULL) {
    return wg_arena_fail(i->arena, err);
  }
  for (uint32_t k = 0; k < pe->n_sections; k++) {
    const wg_pe_section *s = &pe->sections[k];
    uint32_t c = s->characteristics; // bits 29, 30, 31: execute, read, write (PE 4.1)
    wg_ins_cell *row = rows + k * n;
    row[0].s = s->name;
    row[1].s = wg_str_of(rwx[(c >> 30 & 1) | (c >> 31 & 1) << 1 | (c >> 29 & 1) << 2]);
    row[2].v = s->rva;
    row[3].v = s->file_off;
    row[4].v = s->file_bytes;
    row[5].v = s->virtual_bytes;
  }
  wg_ins_table(i, "sections", "Sections", cols, n, rows, pe->n_sections);
  return WG_OK;
}

static void pe_import_functions(wg_ins *i, const wg_pe_import *d) {
  for (uint32_t k = 0; k < d->n_fns; k++) {
    const wg_pe_import_fn *f = &d->fns[k];
    if (i->json != NULL) {
      if (f->by_ordinal) {
        wg_jsonw_u64(i->json, f->ordinal);
      } else {
        wg_jsonw_str(i->json, f->name);
      }
    } else if (f->by_ordinal) {
      wg_ins_printf(i, "", "", "#%u", (unsigned)f->ordinal);
    } else {
      wg_ins_str(i, "", "", f->name);
    }
  }
}

static void pe_imports(wg_ins *i, const wg_pe *pe) {
  if (i->json == NULL && pe->n_imports == 0) {
    return;
  }
  if (i->json == NULL) {
    wg_ins_begin(i, NULL, "Imports");
  }
  wg_ins_begin_list(i, "imports");
  for (uint32_t k = 0; k < pe->n_imports; k++) {
    const wg_pe_import *d = &pe->imports[k];
    if (i->json == NULL) {
      WG_AUTO(wg_buf) name = {0};
      wg_buf_init(&name, wg_heap(), 0);
      wg_ins_add_plain(&name, d->dll);
      wg_ins_printf(i, "", wg_buf_z(&name), "%u function%s%s", d->n_fns, d->n_fns == 1 ? "" : "s",
                    d->delayed ? ", delayed" : "");
      if (i->verbose) {
        pe_import_functions(i, d);
      }
      continue;
    }
    wg_jsonw_begin_object(i->json);
    wg_jsonw_kv_str(i->json, "dll", d->dll);
    wg_jsonw_kv_bool(i->json, "delayed", d->delayed);
    wg_jsonw_key_z(i->json, "functions");
    wg_jsonw_begin_array(i->json);
    pe_import_functions(i, d);
    wg_jsonw_end_array(i->json);
    wg_jsonw_end_object(i->json);
  }
  wg_ins_end_list(i);
  if (i->json == NULL) {
    wg_ins_end(i);
  }
}

static wg_code pe_exports(wg_ins *i, const wg_pe *pe, wg_error *err) {
  static const wg_ins_col cols[] = {{"name", "Name", WG_COL_STR},
                                    {"ordinal", "Ordinal", WG_COL_U64},
                                    {"address", "Address", WG_COL_ADDR},
                                    {"forwarder", "Goes to", WG_COL_STR}};
  const size_t n = WG_ARRAY_LEN(cols);
  if (pe->n_export_functions == 0 && i->json == NULL) {
    return WG_OK;
  }
  wg_ins_str(i, "export_dll", "Own name", pe->export_dll);
  wg_ins_u64(i, "export_functions", "Exports", pe->n_export_functions);
  wg_ins_cell *rows = wg_arena_array(i->arena, pe->n_exports, n * sizeof(*rows));
  if (rows == NULL) {
    return wg_arena_fail(i->arena, err);
  }
  for (uint32_t k = 0; k < pe->n_exports; k++) {
    const wg_pe_export *e = &pe->exports[k];
    rows[k * n].s = e->name;
    rows[k * n + 1].v = e->ordinal;
    rows[k * n + 2].v = e->rva;
    rows[k * n + 3].s = e->forwarder;
  }
  if (i->json != NULL || i->verbose || pe->n_exports <= 40) {
    wg_ins_table(i, "exports", "Exports", cols, n, rows, pe->n_exports);
  }
  return WG_OK;
}

// A number or a string; NULL when there is no memory.
static const char *pe_res_id(wg_arena *arena, const wg_pe_res_id *id, bool is_type) {
  const char *name = is_type && !id->is_name ? wg_pe_resource_type_name(id->id) : NULL;
  if (id->is_name) {
    return wg_arena_strndup(arena, id->name.p, id->name.n);
  }
  return name != NULL ? name : wg_arena_printf(arena, "%u", id->id);
}

static wg_code pe_resources(wg_ins *i, const wg_pe *pe, wg_error *err) {
  static const wg_ins_col cols[] = {{"type", "Type", WG_COL_STR},
                                    {"name", "Name", WG_COL_STR},
                                    {"language", "Language", WG_COL_STR},
                                    {"bytes", "Size", WG_COL_U64}};
  const size_t n = WG_ARRAY_LEN(cols);
  wg_ins_cell *rows = wg_arena_array(i->arena, pe->n_resources, n * sizeof(*rows));
  if (rows == NULL) {
    return wg_arena_fail(i->arena, err);
  }
  for (uint32_t k = 0; k < pe->n_resources; k++) {
    const wg_pe_resource *r = &pe->resources[k];
    const char *text[3] = {pe_res_id(i->arena, &r->type, true),
                           pe_res_id(i->arena, &r->name, false),
                           pe_res_id(i->arena, &r->lang, false)};
    for (size_t c = 0; c < WG_ARRAY_LEN(text); c++) {
      if (text[c] == NULL) {
        return wg_arena_fail(i->arena, err);
      }
      rows[k * n + c].s = wg_str_of(text[c]);
    }
    rows[k * n + 3].v = r->n_bytes;
  }
  wg_ins_table(i, "resources", "Resources", cols, n, rows, pe->n_resources);
  return WG_OK;
}

static wg_code pe_version(wg_ins *i, const wg_pe *pe, wg_error *err) {
  const wg_pe_version *v = NULL;
  wg_code code = wg_pe_version_info(pe, i->arena, &v, err);
  if (code != WG_OK) {
    return code == WG_E_NOT_FOUND ? WG_OK : code;
  }
  wg_ins_begin(i, "version", "Version information");
  if (v->has_fixed) {
    const uint16_t *f = v->file_version, *p = v->product_version;
    wg_ins_printf(i, "file_version", "File version", "%u.%u.%u.%u", f[0], f[1], f[2], f[3]);
    wg_ins_printf(i, "product_version", "Product version", "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
  }
  wg_ins_printf(i, "language", "Language", "%04x%04x", v->lang_code_page >> 16,
                v->lang_code_page & 0xFFFF);
  static const wg_ins_col cols[] = {{"key", "Key", WG_COL_STR}, {"value", "Value", WG_COL_STR}};
  wg_ins_cell *rows = wg_arena_array(i->arena, v->n_strings, 2 * sizeof(*rows));
  if (rows == NULL) {
    return wg_arena_fail(i->arena, err);
  }
  for (size_t k = 0; k < v->n_strings; k++) {
    rows[2 * k].s = v->strings[k].key;
    rows[2 * k + 1].s = v->strings[k].value;
  }
  wg_ins_table(i, "strings", "Strings", cols, WG_ARRAY_LEN(cols), rows, v->n_strings);
  wg_ins_end(i);
  return WG_OK;
}

static wg_code pe_icons(wg_ins *i, const wg_pe *pe, wg_error *err) {
  const wg_pe_icon_group *groups = NULL;
  uint32_t n_groups = 0;
  if (wg_pe_icon_groups(pe, i->arena, &groups, &n_groups, err) != WG_OK) {
    return err->code;
  }
  size_t n_rows = 0;
  for (uint32_t g = 0; g < n_groups; g++) {
    n_rows += groups[g].n_images;
  }
  static const wg_ins_col cols[] = {{"group", "Icon", WG_COL_STR},
                                    {"width", "Width", WG_COL_U64},
                                    {"height", "Height", WG_COL_U64},
                                    {"bits", "Bits", WG_COL_U64},
                                    {"kind", "Kind", WG_COL_STR}};
  const size_t n = WG_ARRAY_LEN(cols);
  wg_ins_cell *rows = wg_arena_array(i->arena, n_rows, n * sizeof(*rows)), *row = rows;
  if (rows == NULL) {
    return wg_arena_fail(i->arena, err);
  }
  for (uint32_t g = 0; g < n_groups; g++) {
    const char *name = pe_res_id(i->arena, &groups[g].name, false);
    for (uint32_t k = 0; k < groups[g].n_images; k++, row += n) {
      const wg_pe_icon_image *m = &groups[g].images[k];
      row[0].s = wg_str_of(name);
      row[1].v = m->width_px;
      row[2].v = m->height_px;
      row[3].v = m->bits_per_pixel;
      row[4].s = m->data.n == 0 ? WG_STR("missing") : m->is_png ? WG_STR("PNG") : WG_STR("DIB");
    }
  }
  wg_ins_table(i, "icons", "Icons", cols, n, rows, n_rows);
  return WG_OK;
}

wg_code wg_inspect_pe(wg_ins *i, wg_error *err) {
  const wg_pe *pe = NULL;
  if (wg_pe_parse(i->file.p, (size_t)i->file.n_bytes, i->arena, &pe, err) != WG_OK) {
    return err->code;
  }
  pe_header(i, pe);
  if (pe_signed(i, pe, err) != WG_OK || pe_signatures(i, pe, err) != WG_OK ||
      pe_sections(i, pe, err) != WG_OK) {
    return err->code;
  }
  pe_imports(i, pe);
  if (pe_exports(i, pe, err) != WG_OK || pe_resources(i, pe, err) != WG_OK ||
      pe_version(i, pe, err) != WG_OK || pe_icons(i, pe, err) != WG_OK) {
    return err->code;
  }
  wg_go_image image = wg_go_image_of_pe(pe);
  return wg_inspect_go(i, &image, err);
}
