// SPDX-License-Identifier: Apache-2.0
#include "goapp/readback.h"

#include <string.h>

#include "fmt/pe/pe.h"

typedef struct readback {
  const wg_reader *file;
  const wg_go_expect *expect;
  wg_arena *arena;
  wg_go_readback *out;
} readback;

static wg_code readback_arch(const readback *r, const char *arch, wg_error *err) {
  if (arch == NULL || strcmp(arch, r->expect->arch) != 0) {
    return wg_fail(err, WG_E_VERIFY, "the program is for %s, not for %s",
                   arch == NULL ? "an unknown machine" : arch, r->expect->arch);
  }
  return WG_OK;
}

static wg_code readback_libraries(const readback *r, size_t n, wg_str **out, wg_error *err) {
  *out = wg_arena_new_array(r->arena, wg_str, n);
  if (*out == NULL) {
    return wg_arena_fail(r->arena, err);
  }
  r->out->libraries = *out;
  r->out->n_libraries = n;
  return WG_OK;
}

static wg_code readback_pe(const readback *r, wg_error *err) {
  const wg_pe *pe;
  if (r->file->n_bytes > SIZE_MAX ||
      wg_pe_parse(r->file->p, (size_t)r->file->n_bytes, r->arena, &pe, err) != WG_OK) {
    return err->code;
  }
  if (readback_arch(r, wg_pe_machine_goarch(pe->machine), err) != WG_OK) {
    return err->code;
  }
  uint16_t want = r->expect->gui ? WG_PE_SUBSYSTEM_GUI : WG_PE_SUBSYSTEM_CONSOLE;
  if (pe->subsystem != want) {
    const char *is = wg_pe_subsystem_name(pe->subsystem);
    return wg_fail(err, WG_E_VERIFY,
                   "the program's subsystem is %s, asked for was %s (check -H in ldflags:)",
                   is == NULL ? "unknown" : is, wg_pe_subsystem_name(want));
  }
  if (r->expect->resources && pe->n_resources == 0) {
    return wg_fail(err, WG_E_VERIFY,
                   "the program has no resources, although windows: asks for some");
  }
  wg_str *libraries;
  if (readback_libraries(r, pe->n_imports, &libraries, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < pe->n_imports; i++) {
    libraries[i] = pe->imports[i].dll;
  }
  return WG_OK;
}

static wg_code readback_elf(const readback *r, wg_error *err) {
  wg_elf elf;
  if (wg_elf_parse(r->file, r->arena, &elf, err) != WG_OK ||
      readback_arch(r, wg_elf_goarch(&elf), err) != WG_OK) {
    return err->code;
  }
  wg_str *libraries;
  if (readback_libraries(r, elf.n_needed, &libraries, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < elf.n_needed; i++) {
    libraries[i] = elf.needed[i];
  }
  return WG_OK;
}

static wg_code readback_macho(const readback *r, wg_error *err) {
  wg_macho_file file;
  if (wg_macho_parse(r->file, r->arena, &file, err) != WG_OK) {
    return err->code;
  }
  const wg_macho *m = &file.images[0];
  if (readback_arch(r, wg_macho_goarch(m), err) != WG_OK) {
    return err->code;
  }
  wg_str *libraries;
  if (readback_libraries(r, m->n_dylibs, &libraries, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < m->n_dylibs; i++) {
    libraries[i] = m->dylibs[i].name;
  }
  return WG_OK;
}

typedef enum readback_kind {
  READBACK_NONE,
  READBACK_PE,
  READBACK_MACHO,
  READBACK_ELF
} readback_kind;

static const char *const readback_names[] = {
    [READBACK_NONE] = "of no known format",
    [READBACK_PE] = "a PE file",
    [READBACK_MACHO] = "a Mach-O file",
    [READBACK_ELF] = "an ELF file",
};

static readback_kind readback_is(const wg_reader *file) {
  if (file->n_bytes > 1 && file->p[0] == 'M' && file->p[1] == 'Z') {
    return READBACK_PE;
  }
  return wg_elf_detect(file)     ? READBACK_ELF
         : wg_macho_detect(file) ? READBACK_MACHO
                                 : READBACK_NONE;
}

// What programs of a system are; NONE where that is a format without a reader here.
static readback_kind readback_wanted(const char *os) {
  static const char *const others[] = {"plan9", "js", "wasip1", "aix"};
  for (size_t i = 0; i < WG_ARRAY_LEN(others); i++) {
    if (strcmp(os, others[i]) == 0) {
      return READBACK_NONE;
    }
  }
  if (strcmp(os, "windows") == 0) {
    return READBACK_PE;
  }
  return strcmp(os, "darwin") == 0 || strcmp(os, "ios") == 0 ? READBACK_MACHO : READBACK_ELF;
}

static wg_code readback_format(const readback *r, wg_error *err) {
  readback_kind is = readback_is(r->file), want = readback_wanted(r->expect->os);
  if (want == READBACK_NONE) {
    return wg_fail(err, WG_E_UNSUPPORTED, "programs for %s are not read back", r->expect->os);
  }
  if (is != want) {
    return wg_fail(err, WG_E_VERIFY, "the program is %s, not %s as %s needs", readback_names[is],
                   readback_names[want], r->expect->os);
  }
  return want == READBACK_PE      ? readback_pe(r, err)
         : want == READBACK_MACHO ? readback_macho(r, err)
                                  : readback_elf(r, err);
}

static wg_code readback_same(const char *what, wg_str is, const char *want, wg_error *err) {
  if (wg_str_eqz(is, want)) {
    return WG_OK;
  }
  return wg_fail(err, WG_E_VERIFY, "the program's build info says %s \"%.*s\", expected was \"%s\"",
                 what, WG_STR_ARG(is), want);
}

// The version without the experiments that were switched on: "go1.26.8-X:jsonv2", before Go 1.26
// "go1.25.0 X:jsonv2". What the toolchain calls itself has none.
static wg_str readback_release(wg_str version) {
  version.n = wg_str_find(version, ' ');
  const char *experiments = version.n == 0 ? NULL : memmem(version.p, version.n, "-X:", 3);
  if (experiments != NULL) {
    version.n = (size_t)(experiments - version.p);
  }
  return version;
}

static wg_code readback_info(const readback *r, wg_error *err) {
  const wg_go_expect *e = r->expect;
  wg_gobuildinfo *info = &r->out->info;
  wg_code c = wg_gobuildinfo_of_file(r->file, r->arena, info, err);
  if (c == WG_E_NOT_FOUND) {
    return wg_fail(
        err, WG_E_VERIFY,
        "the program has no Go build info: it says neither what it was built from nor how");
  }
  if (c != WG_OK) {
    return c;
  }
  wg_str version = readback_release(info->go_version);
  wg_str want = readback_release(wg_str_of(e->go_version));
  if (!wg_str_eq(version, want)) {
    return wg_fail(err, WG_E_VERIFY, "the program was built by %.*s, not by %.*s",
                   WG_STR_ARG(version), WG_STR_ARG(want));
  }
  if (readback_same("path", info->path, e->import_path, err) != WG_OK ||
      readback_same("GOOS", wg_gobuildinfo_setting(info, "GOOS"), e->os, err) != WG_OK ||
      readback_same("GOARCH", wg_gobuildinfo_setting(info, "GOARCH"), e->arch, err) != WG_OK ||
      readback_same("-trimpath", wg_gobuildinfo_setting(info, "-trimpath"), "true", err) != WG_OK) {
    return err->code;
  }
  if (!info->has_main) {
    return wg_fail(err, WG_E_VERIFY, "the program's build info names no main module");
  }
  return readback_same("module", info->main.path, e->module, err);
}

static wg_code readback_cgo(const readback *r, wg_error *err) {
  wg_str enabled = wg_gobuildinfo_setting(&r->out->info, "CGO_ENABLED");
  if (r->expect->cgo || wg_str_eqz(enabled, "0")) {
    return WG_OK;
  }
  wg_str first = r->out->n_libraries > 0 ? r->out->libraries[0] : WG_STR("none");
  return wg_fail(err, WG_E_VERIFY,
                 "the program was built with CGO_ENABLED=\"%.*s\" (libraries: %.*s%s), but cgo was "
                 "not asked for; "
                 "set env: {CGO_ENABLED: \"1\"} if it is meant",
                 WG_STR_ARG(enabled), WG_STR_ARG(first), r->out->n_libraries > 1 ? ", ..." : "");
}

wg_code wg_go_read_back(const wg_reader *file, const wg_go_expect *expect, wg_arena *arena,
                        wg_go_readback *out, wg_error *err) {
  wg_go_readback result = {0};
  readback r = {file, expect, arena, &result};
  if (readback_format(&r, err) != WG_OK || readback_info(&r, err) != WG_OK ||
      readback_cgo(&r, err) != WG_OK) {
    return err->code;
  }
  *out = result;
  return WG_OK;
}

bool wg_go_can_read_back(const char *os) {
  return readback_wanted(os) != READBACK_NONE;
}
