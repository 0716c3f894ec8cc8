// SPDX-License-Identifier: Apache-2.0
// Where each file format keeps what wg_gobuildinfo_read needs.
#include "fmt/gobuildinfo/gobuildinfo.h"

static bool go_read_elf(const void *ctx, uint64_t va, wg_reader *out) {
  return wg_elf_read_va(ctx, va, out);
}

// The section .go.buildinfo, else the first segment that is writable and not executable.
wg_go_image wg_go_image_of_elf(const wg_elf *elf) {
  wg_go_image image = {.ctx = elf, .read = go_read_elf};
  const wg_elf_section *s = wg_elf_find_section(elf, ".go.buildinfo");
  if (s != NULL) {
    image.data_va = s->addr;
    image.data_bytes = s->size_bytes;
    return image;
  }
  for (size_t i = 0; i < elf->n_segments; i++) {
    const wg_elf_segment *p = &elf->segments[i];
    if (p->type == WG_ELF_PT_LOAD && (p->flags & (WG_ELF_PF_X | WG_ELF_PF_W)) == WG_ELF_PF_W) {
      image.data_va = p->vaddr;
      image.data_bytes = p->mem_bytes;
      break;
    }
  }
  return image;
}

static bool go_read_macho(const void *ctx, uint64_t va, wg_reader *out) {
  return wg_macho_read_va(ctx, va, out);
}

// The section __go_buildinfo, else the first non-empty segment that is read-write in both masks.
wg_go_image wg_go_image_of_macho(const wg_macho *m) {
  enum {
    READ_WRITE = 3
  };
  wg_go_image image = {.ctx = m, .read = go_read_macho};
  const wg_macho_section *s = wg_macho_find_section(m, "__go_buildinfo");
  if (s != NULL) {
    image.data_va = s->vaddr;
    image.data_bytes = s->n_bytes;
    return image;
  }
  for (size_t i = 0; i < m->n_segments; i++) {
    const wg_macho_segment *g = &m->segments[i];
    if (g->vaddr != 0 && g->file_bytes != 0 && g->init_prot == READ_WRITE &&
        g->max_prot == READ_WRITE) {
      image.data_va = g->vaddr;
      image.data_bytes = g->mem_bytes;
      break;
    }
  }
  return image;
}

static bool go_read_pe(const void *ctx, uint64_t va, wg_reader *out) {
  return wg_pe_read_va(ctx, va, out);
}

// The first section that is initialised data, readable and writable, and nothing else but aligned.
wg_go_image wg_go_image_of_pe(const wg_pe *pe) {
  const uint32_t data_read_write = 0xC0000040u, align_32 = 0x00600000u;
  wg_go_image image = {.ctx = pe, .read = go_read_pe};
  for (uint32_t i = 0; i < pe->n_sections; i++) {
    const wg_pe_section *s = &pe->sections[i];
    if (s->rva != 0 && s->file_bytes != 0 && (s->characteristics & ~align_32) == data_read_write &&
        wg_add(pe->image_base, (uint64_t)s->rva, &image.data_va)) {
      image.data_bytes = s->virtual_bytes;
      break;
    }
  }
  return image;
}

static wg_code go_info_of_pe(const wg_reader *file, wg_arena *arena, wg_gobuildinfo *out,
                             wg_error *err) {
  const wg_pe *pe = NULL;
  if (wg_pe_parse_with(file->p, (size_t)file->n_bytes, NULL, WG_PE_HEADERS_ONLY, arena, &pe, err) !=
      WG_OK) {
    return err->code;
  }
  wg_go_image image = wg_go_image_of_pe(pe);
  return wg_gobuildinfo_read(&image, arena, out, err);
}

static wg_code go_info_of_elf(const wg_reader *file, wg_arena *arena, wg_gobuildinfo *out,
                              wg_error *err) {
  wg_elf elf = {0};
  if (wg_elf_parse(file, arena, &elf, err) != WG_OK) {
    return err->code;
  }
  wg_go_image image = wg_go_image_of_elf(&elf);
  return wg_gobuildinfo_read(&image, arena, out, err);
}

static wg_code go_info_of_macho(const wg_reader *file, wg_arena *arena, wg_gobuildinfo *out,
                                wg_error *err) {
  wg_macho_file macho = {0};
  if (wg_macho_parse(file, arena, &macho, err) != WG_OK) {
    return err->code;
  }
  wg_go_image image = wg_go_image_of_macho(&macho.images[0]);
  return wg_gobuildinfo_read(&image, arena, out, err);
}

wg_code wg_gobuildinfo_of_file(const wg_reader *file, wg_arena *arena, wg_gobuildinfo *out,
                               wg_error *err) {
  if (wg_elf_detect(file)) {
    return go_info_of_elf(file, arena, out, err);
  }
  if (wg_macho_detect(file)) {
    return go_info_of_macho(file, arena, out, err);
  }
  if (file->n_bytes >= 2 && file->p[0] == 'M' && file->p[1] == 'Z') {
    return go_info_of_pe(file, arena, out, err);
  }
  return wg_fail(err, WG_E_UNSUPPORTED, "not a PE, ELF or Mach-O file");
}
