// SPDX-License-Identifier: Apache-2.0
// What an INF file says of a driver package, for one Windows: models, install sections with all
// they need from other INFs taken in, services, registry, files. Decorations, architectures,
// strings and folders are resolved; nothing is looked up on a disk.
//
// Facts: docs/formats/inf.md. Everything lives in the arena of the call or in that of the inf.
#ifndef WG_FMT_INF_DRIVER_H
#define WG_FMT_INF_DRIVER_H

#include "fmt/inf/inf.h"

typedef enum wg_inf_arch { // numbers: PROCESSOR_ARCHITECTURE_*
  WG_INF_X86 = 0,
  WG_INF_ARM = 5,
  WG_INF_AMD64 = 9,
  WG_INF_ARM64 = 12,
} wg_inf_arch;
// "amd64"; Go's "386" and "arm" are understood too. "" when there is none; false likewise.
const char *wg_inf_arch_name(wg_inf_arch arch); // as INF decorations have it: "x86", "amd64", ...
WG_MUST_CHECK bool wg_inf_arch_of(wg_str name, wg_inf_arch *out);

typedef struct wg_inf_target { // the Windows that it is for
  wg_inf_arch arch;
  uint32_t major, minor, build; // 10.0.26100
  uint32_t product_type;        // 1 workstation, 2 domain controller, 3 server; 0: whichever
  uint32_t suite_mask;
} wg_inf_target;

// How a TargetOSVersion decoration ("NTamd64.10.0...16299") stands to a Windows.
typedef struct wg_inf_decoration {
  bool has_arch, has_version, has_product, has_suite, has_build;
  wg_inf_arch arch;
  uint32_t major, minor, product_type, suite_mask, build;
} wg_inf_decoration;
// FORMAT: it is none. "" is the empty decoration.
WG_MUST_CHECK bool wg_inf_decoration_parse(wg_str text, wg_inf_decoration *out);
// Whether a driver that says so is for it.
bool wg_inf_decoration_fits(const wg_inf_decoration *d, const wg_inf_target *t);
// Of two that fit: less than 0 when a is less special than b.
int wg_inf_decoration_cmp(const wg_inf_decoration *a, const wg_inf_decoration *b);

typedef enum wg_inf_reg_op {
  WG_INF_REG_ADD, // AddReg
  WG_INF_REG_DEL, // DelReg
  WG_INF_REG_BIT, // BitReg
} wg_inf_reg_op;
// Bits of flags (setupapi.h FLG_ADDREG_*); the type is apart.
enum {
  WG_INF_NOCLOBBER = 0x2,
  WG_INF_DELVAL = 0x4,
  WG_INF_APPEND = 0x8,
  WG_INF_KEYONLY = 0x10,
  WG_INF_OVERWRITEONLY = 0x20,
  WG_INF_64BITKEY = 0x1000,
  WG_INF_KEYONLY_COMMON = 0x2000,
  WG_INF_32BITKEY = 0x4000,
};
typedef struct wg_inf_reg {
  wg_inf_reg_op op;
  wg_str root; // "HKR", "HKLM", "HKCR", "HKCU", "HKU"
  wg_str key;  // below it; ""
  wg_str name; // of the value; "" the default one
  uint32_t flags;
  uint32_t type;       // WG_REG_* number; ADD
  const uint8_t *data; // as the registry holds it: strings in UTF-16LE with their NUL
  uint32_t n_bytes;
  uint32_t bit_mask, bit_byte; // BIT: what is set or cleared (flags bit 0: set) in which byte
  const wg_inf *from;          // the file it stands in
  uint32_t line;
} wg_inf_reg;

typedef struct wg_inf_regs {
  const wg_inf_reg *v;
  uint32_t n;
} wg_inf_regs;

typedef struct wg_inf_copy { // one file that CopyFiles names
  wg_str name;               // where it is put
  wg_str source;             // in the package
  uint32_t dirid;            // 11, 12, 13, ...; 0xFFFFFFFF: none is known
  wg_str subdir;             // below it; ""
  uint32_t flags;            // COPYFLG_*
  bool has_disk;             // SourceDisksFiles (or the layout) names it
  wg_str folder; // in the package, '\' between parts, none at its ends; "" the folder of the INF
  const wg_inf *from;
  uint32_t line;
} wg_inf_copy;

typedef struct wg_inf_service {
  wg_str name;
  uint32_t flags; // SPSVCINST_*: 2 is the function driver of the device
  bool has_section;
  wg_str section; // that says the rest
  uint32_t type, start, error_control;
  wg_str binary;         // %12%\x.sys as "\SystemRoot" paths have it: "System32\drivers\x.sys"
  uint32_t binary_dirid; // 12, 13, ...; 0xFFFFFFFF: none
  wg_str binary_name;    // "x.sys", with the folder below the dirid
  wg_str display_name, description;        // expanded; ""
  wg_str display_token, description_token; // "%key%" as written when it is one token; ""
  wg_str group, start_name, security;
  const wg_str *dependencies;
  uint32_t n_dependencies;
  bool has_boot_flags;
  uint32_t boot_flags;
  wg_inf_regs regs;              // HKR is the key of the service
  wg_str event_type, event_name; // of the event log section: "System", the service; ""
  wg_inf_regs event_regs;        // HKR is the key of the event source
  bool deletes;                  // DelService
  const wg_inf *from;
  uint32_t line;
} wg_inf_service;

typedef struct wg_inf_interface { // AddInterface
  wg_str guid, reference, section;
  uint32_t flags;
  wg_inf_regs regs; // HKR is the key of the interface
  const wg_inf *from;
  uint32_t line;
} wg_inf_interface;

typedef struct wg_inf_filter { // AddFilter of .Filters
  wg_str name, section, level; // level: FilterLevel; position: "Upper" or "Lower"
  wg_str position;
  uint32_t flags;
  uint32_t line;
} wg_inf_filter;

typedef struct wg_inf_named { // AddComponent, AddSoftware, AddEventProvider, KmdfService: what has
                              // a section
  wg_str directive, name, section;
  const wg_inf *from;
  uint32_t line;
} wg_inf_named;

typedef struct wg_inf_property { // AddProperty: a device property, or of the package
  bool has_name;                 // one of the names that the directive knows
  wg_str name, guid;
  uint32_t id, type, flags;
  const uint8_t *data;
  uint32_t n_bytes;
  uint32_t line;
} wg_inf_property;

// A directive that was met and says something that this model has no place for.
typedef struct wg_inf_unhandled {
  const wg_inf *from;
  wg_str section, directive;
  uint32_t line;
} wg_inf_unhandled;

enum { // wg_inf_config.sections: which of them the file has (ConfigScope's bits where known)
  WG_INF_HAS_BASE = 0x1,
  WG_INF_HAS_HW = 0x2,
  WG_INF_HAS_SERVICES = 0x4,
  WG_INF_HAS_INTERFACES = 0x8,
  WG_INF_HAS_WDF = 0x100,
  WG_INF_HAS_COINSTALLERS = 0x10000,
  WG_INF_HAS_COMPONENTS = 0x20000,
  WG_INF_HAS_SOFTWARE = 0x40000,
  WG_INF_HAS_FILTERS = 0x80000,
  WG_INF_HAS_EVENTS = 0x100000,
  WG_INF_HAS_LOGCONFIG = 0x200000,
  WG_INF_HAS_FACTDEF = 0x400000,
};
typedef struct wg_inf_config { // one DDInstall section, as this Windows takes it
  wg_str name;                 // as written in the models line: "scsi_inst"
  wg_str section;              // with the decoration that was chosen: "scsi_inst.NTamd64"
  uint32_t sections;           // WG_INF_HAS_*
  uint32_t feature_score;      // 0..0xFF; 0xFF when it says none
  bool reboot;
  const wg_inf_copy *copies;
  uint32_t n_copies;
  const wg_str *deletes, *renames; // names that DelFiles and RenFiles say
  uint32_t n_deletes, n_renames;
  wg_inf_regs driver_regs; // AddReg of the section: HKR is the software key
  wg_inf_regs device_regs; // AddReg of .HW: HKR is the hardware key
  wg_inf_regs co_regs;     // of .CoInstallers
  const wg_inf_service *services;
  uint32_t n_services;
  const wg_inf_interface *interfaces;
  uint32_t n_interfaces;
  const wg_inf_filter *filters;
  uint32_t n_filters;
  const wg_inf_named *named;
  uint32_t n_named;
  const wg_inf_property *properties;
  uint32_t n_properties;
  const wg_str *includes; // INFs that something was needed from, in their order
  uint32_t n_includes;
  const wg_str *exclude_ids;
  uint32_t n_exclude_ids;
  const wg_inf_line *first; // a line of it, for messages; NULL: it has none
  uint32_t line;            // of its header; 0: there is no such section
} wg_inf_config;

typedef struct wg_inf_model {
  wg_str description, manufacturer;             // expanded
  wg_str description_token, manufacturer_token; // as written, tokens in lower case: "%vendor%"
  uint32_t config;                              // of the package's configs
  const wg_str *ids; // upper case kept as written; the first is the hardware id
  uint32_t n_ids;
  uint32_t line;
} wg_inf_model;

typedef struct wg_inf_file {
  wg_str path;     // below the INF's folder, with backslashes
  bool for_target; // the target's own models name it
  uint32_t line;   // of the first line that does
} wg_inf_file;

typedef struct wg_inf_package {
  const wg_inf *inf;
  // [Version]
  wg_str class_name, provider;
  bool has_class_guid;
  uint8_t class_guid[16];   // as Windows stores GUIDs
  char class_guid_text[39]; // "{4d36e97b-e325-11ce-bfc1-08002be10318}"
  bool has_version;
  uint32_t year, month, day; // of DriverVer; 0: none
  uint16_t version[4];       // a.b.c.d
  wg_str catalog;            // for the architecture; "": it has none
  uint32_t pnp_lockdown;
  bool has_extension_id;
  uint8_t extension_id[16];
  // for the target
  const wg_inf_model *models;
  uint32_t n_models;
  const wg_inf_config *configs;
  uint32_t n_configs;
  // Every file of the package that CopyFiles names for this architecture, whatever Windows, each
  // once, sorted. Neither the INF nor its catalogue.
  const wg_inf_file *files;
  uint32_t n_files;
  const wg_inf_unhandled *unhandled;
  uint32_t n_unhandled;
  bool has_models_elsewhere; // for another Windows or architecture
  wg_str elsewhere;          // which: "NTx86, NTamd64.6.1"; for messages
} wg_inf_package;

// What reads an INF that Include names. NOT_FOUND when it is not there; then what is needed from it
// is unhandled. out lives as long as the package.
typedef struct wg_inf_library {
  wg_code (*open)(void *ctx, wg_str name, const wg_inf **out, wg_error *err);
  void *ctx;
} wg_inf_library;

// Version, models and the name, sections and feature score of each config; nothing of what they do.
// Errors as wg_inf_compile.
wg_code wg_inf_models(const wg_inf *inf, const wg_inf_target *target, wg_arena *arena,
                      wg_inf_package *out, wg_error *err);
// All of it. library may be NULL: nothing is included. A package without models for the target is
// not an error: n_models is 0. FORMAT with the line ("line 7: ..."): what Windows refuses. LIMIT:
// sections that include each other without end. NOMEM.
wg_code wg_inf_compile(const wg_inf *inf, const wg_inf_target *target,
                       const wg_inf_library *library, wg_arena *arena, wg_inf_package *out,
                       wg_error *err);

// Where a dirid is, below the root of the image's volume and without a drive:
// "Windows\System32\drivers" for 12. NULL: not known (or 13, which is the package's own folder).
const char *wg_inf_dirid_path(uint32_t dirid);

#endif
