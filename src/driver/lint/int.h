// SPDX-License-Identifier: Apache-2.0
// One look at an INF, for the files of lint.c.
#ifndef WG_DRIVER_LINT_INT_H
#define WG_DRIVER_LINT_INT_H

#include "driver/lint/lint.h"

#define LINT_MAX_WORK ((uint64_t)8 << 20) // lines that are looked at
#define LINT_ARCHS 5U
#define LINT_IA64 6U       // PROCESSOR_ARCHITECTURE_IA64
#define LINT_MAX_DEPTH 32U // of sections that need each other

typedef enum lint_use { // what a section is named as
  LINT_UNUSED,
  LINT_COPY, // lists of files
  LINT_DEL,
  LINT_REN,
  LINT_ADDREG, // lists of registry entries
  LINT_DELREG,
  LINT_BITREG,
  LINT_INSTALL, // install sections and those with their suffixes
  LINT_SERVICE,
  LINT_OTHER,
} lint_use;

typedef struct lint_section { // beside that of the inf
  lint_use use;
  uint8_t archs; // for which it was looked at, a bit each
} lint_section;

typedef struct lint_vec {
  void *v;
  uint32_t n, cap;
} lint_vec;

typedef struct lint_place { // a file that is copied
  uint32_t dirid;
  wg_str subdir, name; // where to
  wg_str source;       // in the package, with its folder
  wg_str group;
  uint8_t arch;
  const wg_inf_field *at;
} lint_place;

typedef struct lint_setting { // a registry value outside HKR, or of a service
  wg_str root, key, name, value;
  wg_str owner; // the service; "" none
  wg_str from;  // the install section
  wg_str group;
  uint8_t arch;
  const wg_inf_field *at;
} lint_setting;

typedef struct lint_service {
  wg_str name, from, group; // from: the install section
  const wg_inf_section *section;
  const wg_inf_field *at;
  uint8_t arch;
} lint_service;

static inline bool lint_is_files(lint_use use) {
  return use >= LINT_COPY && use <= LINT_REN;
}

// Where the lines that are looked at belong.
typedef struct lint_at {
  const wg_inf_section *install; // the install section
  const char *suffix;            // "", "HW", "Services", ...
  wg_str service;                // whose keys HKR is; "" else
  uint8_t arch;                  // one bit
  bool event;                    // HKR is the key of an event source
  unsigned depth;                // sections between this one and what the install section says
} lint_at;

typedef struct lint {
  const wg_inf *inf;
  const wg_lint_options *opt;
  wg_arena *arena;
  lint_section *sections; // beside inf->sections
  lint_vec findings, places, settings, services;
  uint64_t work;
  bool starved, too_much;
  bool is_extension, has_layout, has_includes;
  bool no_service;   // of a class whose devices have none of their own
  uint32_t n_models; // lines
  wg_str group;      // the decoration of the models that are looked at: those of another are for
                     // another Windows, and do not meet
} lint;

// A finding at a field; NULL: at line 1.
void wg_lint_say(lint *l, unsigned code, const wg_inf_field *at, const char *fmt, ...)
    WG_PRINTF(4, 5);
void wg_lint_say_at(lint *l, unsigned code, uint32_t line, uint32_t column, const char *fmt, ...)
    WG_PRINTF(5, 6);
// The key of a line, or its first field.
const wg_inf_field *wg_lint_head(const wg_inf_line *line);
wg_str wg_lint_text(const lint *l, const wg_inf_line *line, uint32_t i); // expanded
wg_str wg_lint_key(const lint *l, const wg_inf_line *line); // expanded; "" when there is none
// A directive: "key = ..." where the key is that.
bool wg_lint_is(const lint *l, const wg_inf_line *line, const char *key);
const char *wg_lint_z(lint *l, wg_str s); // with a NUL, in the arena
wg_str wg_lint_printf(lint *l, const char *fmt, ...) WG_PRINTF(2, 3);
void *wg_lint_push(lint *l, lint_vec *v, size_t size); // zeroed; NULL: starved
bool wg_lint_more(lint *l);                            // counts a line; false: enough
// The section of that name, which is used now; NULL: none.
const wg_inf_section *wg_lint_use(lint *l, wg_str name, lint_use use);
// The same; says 1203 or 1220 when there is none, 1205 and 1206 when it is used otherwise too.
const wg_inf_section *wg_lint_named(lint *l, const wg_inf_line *line, uint32_t field, lint_use use);
// True the first time for that section and architecture.
bool wg_lint_first(lint *l, const wg_inf_section *s, uint8_t arch);
// With .NT<arch>, .NT, or as it is; NULL: none. Marks it.
const wg_inf_section *wg_lint_actual(lint *l, wg_str name, uint8_t arch);
uint8_t wg_lint_arch_bit(uint32_t arch);             // of a PROCESSOR_ARCHITECTURE_*
bool wg_lint_is_wanted(const lint *l, uint8_t arch); // the target is of it, or there is none
const char *wg_lint_arch_name(uint8_t arch);         // "amd64", of one bit
bool wg_lint_is_guid(wg_str s);
bool wg_lint_is_standard(wg_str name); // of a section that Windows looks for by itself
// A number of a field; false: says nothing, it is none.
bool wg_lint_number(const lint *l, const wg_inf_line *line, uint32_t field, uint32_t *out);
// What a class is: its GUID (lower case, in braces) and whose it is. NULL: not known.
typedef struct lint_class {
  const char *name, *guid;
  bool reserved;
} lint_class;
const lint_class *wg_lint_class_of_name(wg_str name);
const lint_class *wg_lint_class_of_guid(wg_str guid);

// --- what is looked at
void wg_lint_version(lint *l);
void wg_lint_strings(lint *l);      // tokens, $ARCH$, encoding, oddities, sections that stand twice
void wg_lint_manufacturer(lint *l); // and what DefaultInstall does
void wg_lint_install(lint *l, const wg_inf_section *s, uint8_t arch);
// The lines of an install section or of one beside it; false: that was done for the architecture.
bool wg_lint_section_lines(lint *l, const wg_inf_section *s, const lint_at *at);
// AddReg, CopyFiles and their like, whose fields are sections. False: it is none of them.
bool wg_lint_directive(lint *l, const wg_inf_line *line, const lint_at *at);
// AddInterface, AddFilter and what else the sections beside have. The same.
bool wg_lint_suffix_line(lint *l, const wg_inf_section *s, const wg_inf_line *line,
                         const lint_at *at);
void wg_lint_files(lint *l, const wg_inf_line *line, lint_use use, const lint_at *at);
void wg_lint_source_disks(lint *l); // entries of SourceDisksFiles and SourceDisksNames themselves
void wg_lint_registry(lint *l, const wg_inf_line *line, lint_use use, const lint_at *at);
void wg_lint_needs(lint *l, const wg_inf_section *s, const lint_at *at);
void wg_lint_services(lint *l, const wg_inf_section *s, const lint_at *at);
// Whether the section makes the service of the device, or takes it from where nobody can look.
bool wg_lint_has_driver(lint *l, const wg_inf_section *s, unsigned depth);
extern const char
    *const wg_lint_suffixes[]; // of sections beside an install section; ends with NULL
// --- when all was seen
void wg_lint_end_files(lint *l);
void wg_lint_end_services(lint *l);
void wg_lint_end_registry(lint *l);

#endif
