// SPDX-License-Identifier: Apache-2.0
// What Go's linker leaves in a program about how it was built: Go version, modules, settings. Found
// and decoded as Go's own debug/buildinfo and runtime/debug.ParseBuildInfo (Go 1.26) do it, for the
// pointer layout (before Go 1.18) and the inline one. docs/formats/gobuildinfo.md has the facts.
#ifndef WG_FMT_GOBUILDINFO_H
#define WG_FMT_GOBUILDINFO_H

#include "fmt/elf/elf.h"
#include "fmt/macho/macho.h"
#include "fmt/pe/pe.h"

// What is needed of a program's file. data_bytes 0: there is no place where the info could be.
typedef struct wg_go_image {
  const void *ctx; // borrowed: the parsed file
  // The bytes of the file mapped at va up to the end of what holds it; false when nothing does.
  bool (*read)(const void *ctx, uint64_t va, wg_reader *out);
  uint64_t data_va, data_bytes; // where to search, in the program's address space
} wg_go_image;

// The images live as long as what they are of. A PE needs no more than its headers parsed.
wg_go_image wg_go_image_of_elf(const wg_elf *elf);
wg_go_image wg_go_image_of_macho(const wg_macho *m);
wg_go_image wg_go_image_of_pe(const wg_pe *pe);

typedef struct wg_go_module {
  wg_str path, version, sum;          // version "(devel)" and sum "" are usual for the main module
  const struct wg_go_module *replace; // NULL when not replaced; a replacement has none itself
} wg_go_module;

typedef struct wg_go_setting {
  wg_str key, value;
} wg_go_setting;

typedef struct wg_gobuildinfo {
  wg_str go_version; // "go1.26.8", never empty
  wg_str path;       // package path of main, "" when built without modules
  bool has_main;
  wg_go_module main;
  wg_go_module *deps;
  size_t n_deps;
  wg_go_setting *settings;
  size_t n_settings;
  bool is_inline; // the layout of Go 1.18 and later
  wg_str text;    // the module text without its frame, as the linker wrote it
} wg_gobuildinfo;

// Finds and parses. Strings are borrowed from the file's bytes or live in the arena.
// NOT_FOUND: no build info (not a Go program, or one whose info Go itself would not find).
// FORMAT with the offset of the text: the module text breaks its own rules; the message gives the
// line in it. NOMEM, LIMIT from the arena.
wg_code wg_gobuildinfo_read(const wg_go_image *image, wg_arena *arena, wg_gobuildinfo *out,
                            wg_error *err);
// Detects the format of file (ELF, PE, Mach-O; the first part of a fat file, as Go does), parses
// it and reads the info. UNSUPPORTED: another format. Other codes as the parsers' and read's.
wg_code wg_gobuildinfo_of_file(const wg_reader *file, wg_arena *arena, wg_gobuildinfo *out,
                               wg_error *err);
// Parses module text (no frame) into out; go_version and is_inline are left alone. text_off is
// where it starts in the whole input, for messages.
wg_code wg_gobuildinfo_parse_text(wg_str text, uint64_t text_off, wg_arena *arena,
                                  wg_gobuildinfo *out, wg_error *err);
// The value of a build setting ("GOOS", "-ldflags"), "" when not there.
wg_str wg_gobuildinfo_setting(const wg_gobuildinfo *info, const char *key);
// What `go version -m` prints below the file's name, without its leading tab: lines "path\tP\n",
// "mod\t...", "dep\t...", "=>\t...", "build\tK=V".
void wg_gobuildinfo_print(const wg_gobuildinfo *info, wg_buf *out);

#endif
