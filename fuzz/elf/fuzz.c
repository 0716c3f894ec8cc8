// SPDX-License-Identifier: Apache-2.0
// Any bytes as an ELF file. After a good parse every string and every mapped byte is touched, and
// what the header promises of the model is held against it.
#include "fmt/elf/elf.h"

#include "../fuzz.h"
#include "fmt/gobuildinfo/gobuildinfo.h"

static void touch_names(const wg_elf *e) {
  wg_str all[] = {e->interpreter, e->soname, e->rpath, e->runpath, e->gnu_build_id, e->go_build_id};
  for (size_t i = 0; i < WG_ARRAY_LEN(all); i++) {
    fuzz_touch_str(all[i]);
  }
  for (size_t i = 0; i < e->n_needed; i++) {
    fuzz_touch_str(e->needed[i]);
  }
  (void)wg_elf_machine_name(e->machine);
  (void)wg_elf_type_name(e->type);
  (void)wg_elf_os_abi_name(e->os_abi);
  (void)wg_elf_goarch(e);
}

static void touch_areas(const wg_elf *e) {
  wg_reader r;
  for (size_t i = 0; i < e->n_sections; i++) {
    const wg_elf_section *s = &e->sections[i];
    fuzz_touch_str(s->name);
    if (i != 0 && s->type != 0 && s->type != WG_ELF_SHT_NOBITS &&
        !wg_reader_slice(&e->file, s->off, s->size_bytes, &r)) {
      abort(); // promised to lie within the file
    }
  }
  for (size_t i = 0; i < e->n_segments && i < 64; i++) {
    const wg_elf_segment *s = &e->segments[i];
    if (!e->is_detached_debug && !wg_reader_slice(&e->file, s->off, s->file_bytes, &r)) {
      abort();
    }
    if (!e->is_detached_debug && s->type == WG_ELF_PT_LOAD && s->file_bytes != 0) {
      if (!wg_elf_read_va(e, s->vaddr, &r) ||
          !wg_elf_read_va(e, s->vaddr + s->file_bytes - 1, &r)) {
        abort();
      }
      fuzz_touch(r.p, (size_t)r.n_bytes);
    }
  }
}

static void body(const uint8_t *data, size_t size, const wg_alloc *alloc) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, alloc, 64u << 20);
  wg_reader file = wg_reader_of(data, size);
  wg_elf elf = {0};
  wg_code code = wg_elf_parse(&file, &arena, &elf, &err);
  if (code == WG_E_FORMAT && (err.off_bytes == WG_NO_OFFSET || err.text[0] == '\0')) {
    abort(); // every refusal says where
  }
  if (code != WG_OK) {
    return;
  }
  touch_names(&elf);
  touch_areas(&elf);
  wg_go_image image = wg_go_image_of_elf(&elf);
  wg_gobuildinfo info = {0};
  (void)wg_gobuildinfo_read(&image, &arena, &info, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_run(data, size, body);
}
