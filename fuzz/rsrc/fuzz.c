// SPDX-License-Identifier: Apache-2.0
// Resources from any texts and any icon: three texts with a length byte each (version, name,
// manifest), then the icon. Options: the settings of a made manifest. What is built must read back
// the same.
#include "../fuzz.h"
#include "../../tests/pe_image.h"
#include "fmt/ico/ico.h"
#include "fmt/pe/pe.h"
#include "fmt/rsrc/rsrc.h"
#include "os/mem.h"

// Takes a text of up to 255 bytes; z gets a copy with a NUL.
static wg_str take_text(wg_reader *r, char z[256]) {
  uint8_t n = 0;
  const uint8_t *p = NULL;
  if (!wg_read_u8(r, &n) || !wg_read_bytes(r, n, &p)) {
    z[0] = 0;
    return (wg_str){0};
  }
  memcpy(z, p, n);
  z[n] = 0;
  return (wg_str){(const char *)p, n};
}

static void require(bool ok) {
  if (!ok) {
    abort();
  }
}

static void check_image(const wg_rsrc_spec *spec, const wg_buf *syso, wg_arena *arena) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) image = {0};
  wg_buf_init(&image, wg_heap(), 0);
  require(pe_image_from_syso(syso, &image));
  const wg_pe *pe = NULL;
  require(wg_pe_parse(image.p, image.n, arena, &pe, &err) == WG_OK);
  const wg_pe_version *v = NULL;
  require(wg_pe_version_info(pe, arena, &v, &err) == WG_OK);
  require(wg_str_eqz(wg_pe_version_get(v, "FileVersion"), spec->version->file_version));
  require(wg_str_eqz(wg_pe_version_get(v, "CompanyName"), spec->version->company));
  if (spec->manifest_xml.n != 0) {
    require(wg_str_eq(wg_pe_manifest(pe), spec->manifest_xml));
  }
  if (spec->manifest != NULL) {
    require(wg_rsrc_manifest_check(wg_pe_manifest(pe), &err) == WG_OK);
  }
  const wg_pe_icon_group *groups = NULL;
  uint32_t n = 0;
  require(wg_pe_icon_groups(pe, arena, &groups, &n, &err) == WG_OK);
  require(n == (spec->icon.n != 0 ? 1U : 0U));
  if (n == 1) {
    const wg_ico *a = NULL, *b = NULL;
    WG_AUTO(wg_buf) ico = {0};
    wg_buf_init(&ico, wg_heap(), 0);
    require(wg_pe_icon_write_ico(pe, &groups[0], &ico, &err) == WG_OK);
    require(wg_ico_parse(spec->icon.p, spec->icon.n, NULL, arena, &a, &err) == WG_OK);
    require(wg_ico_parse(ico.p, ico.n, NULL, arena, &b, &err) == WG_OK);
    require(a->n_images == b->n_images);
    for (uint32_t i = 0; i < a->n_images; i++) {
      require(wg_str_eq(a->images[i].data, b->images[i].data));
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const archs[] = {"amd64", "arm64", "386"};
  fuzz_input in;
  fuzz_begin(&in, data, size);
  unsigned set = in.options & 255, more = in.options >> 8;
  wg_reader r = wg_reader_of(in.p, in.n);
  char version[256], name[256], xml[256];
  (void)take_text(&r, version);
  (void)take_text(&r, name);
  wg_str manifest_xml = take_text(&r, xml);
  wg_rsrc_version_info info = {.file_version = version, .company = name, .description = name};
  wg_rsrc_manifest made = {.level = (wg_rsrc_level)(set & 3),
                           .dpi = (wg_rsrc_dpi)(set >> 2 & 3),
                           .long_paths = (set & 16) != 0,
                           .utf8 = (set & 32) != 0,
                           .ui_access = (set & 64) != 0,
                           .name = (more & 4) != 0 ? name : NULL,
                           .description = name};
  wg_rsrc_spec spec = {.goarch = archs[more % 3],
                       .version = &info,
                       .icon = {(const char *)r.p + r.pos, (size_t)wg_reader_left(&r)}};
  if ((more & 8) != 0) {
    spec.manifest = &made;
  } else {
    spec.manifest_xml = manifest_xml;
  }
  wg_arena arena = {0}, check = {0};
  wg_arena_init(&arena, &in.alloc, 16U << 20);
  wg_arena_init(&check, wg_heap(), 16U << 20);
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, &in.alloc, 0);
  wg_error err = WG_ERROR_INIT;
  wg_code code = wg_rsrc_build_syso(&spec, &arena, &out, &err);
  if (code == WG_OK) {
    check_image(&spec, &out, &check);
  }
  require(code != WG_E_BUG);
  wg_arena_done(&arena);
  wg_arena_done(&check);
  fuzz_end(&in);
  return 0;
}
