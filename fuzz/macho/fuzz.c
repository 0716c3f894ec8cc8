// SPDX-License-Identifier: Apache-2.0
// Any bytes as a Mach-O file, thin or fat. After a good parse everything is touched.
#include "fmt/macho/macho.h"

#include "../fuzz.h"
#include "fmt/gobuildinfo/gobuildinfo.h"

static void touch_areas(const wg_macho *m) {
  wg_reader r;
  for (size_t i = 0; i < m->n_segments; i++) {
    const wg_macho_segment *s = &m->segments[i];
    fuzz_touch_str(s->name);
    if (!wg_reader_slice(&m->file, s->off, s->file_bytes, &r) ||
        s->first_section + s->n_sections > m->n_sections) {
      abort();
    }
    if (i < 64 && s->file_bytes != 0 && wg_macho_read_va(m, s->vaddr, &r)) {
      fuzz_touch(r.p, (size_t)r.n_bytes);
    }
  }
  bool has_contents = m->type != WG_MACHO_DSYM && m->type != WG_MACHO_DYLIB_STUB;
  for (size_t i = 0; i < m->n_sections; i++) {
    const wg_macho_section *s = &m->sections[i];
    fuzz_touch_str(s->name);
    fuzz_touch_str(s->segment);
    if (has_contents && !s->is_zerofill && s->n_bytes != 0 &&
        !wg_reader_slice(&m->file, s->off, s->n_bytes, &r)) {
      abort();
    }
  }
}

static void touch_image(const wg_macho *m, wg_arena *arena) {
  char text[16];
  wg_error err = WG_ERROR_INIT;
  touch_areas(m);
  for (size_t i = 0; i < m->n_dylibs; i++) {
    fuzz_touch_str(m->dylibs[i].name);
    (void)wg_macho_version_text(m->dylibs[i].current, text);
  }
  for (size_t i = 0; i < m->n_rpaths; i++) {
    fuzz_touch_str(m->rpaths[i]);
  }
  fuzz_touch_str(m->id);
  fuzz_touch_str(m->linker);
  (void)wg_macho_cpu_name(m->cpu, m->cpu_subtype);
  (void)wg_macho_type_name(m->type);
  (void)wg_macho_platform_name(m->platform);
  (void)wg_macho_goarch(m);
  wg_go_image image = wg_go_image_of_macho(m);
  wg_gobuildinfo info = {0};
  (void)wg_gobuildinfo_read(&image, arena, &info, &err);
}

static void body(const uint8_t *data, size_t size, const wg_alloc *alloc) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, alloc, 64u << 20);
  wg_reader file = wg_reader_of(data, size);
  wg_macho_file f = {0};
  wg_code code = wg_macho_parse(&file, &arena, &f, &err);
  if (code == WG_E_FORMAT && err.off_bytes == WG_NO_OFFSET) {
    abort();
  }
  if (code != WG_OK) {
    return;
  }
  for (size_t i = 0; i < f.n_images; i++) {
    touch_image(&f.images[i], &arena);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_run(data, size, body);
}
