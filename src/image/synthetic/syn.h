// SPDX-License-Identifier: Apache-2.0
// Parts of the synthetic base. Private to src/image.
#ifndef WG_IMAGE_SYNTHETIC_SYN_H
#define WG_IMAGE_SYNTHETIC_SYN_H

#include "image/pack/wimout.h"
#include "os/mem.h"

#define WG_SYN_MAX_VARS 64u
#define WG_SYN_MAX_IMAGES 8u

typedef struct wg_syn_var {
  const char *name, *value;
} wg_syn_var;

typedef enum wg_syn_kind {
  WG_SYN_INSTALL, // what Setup installs: install.wim
  WG_SYN_SETUP,   // "<product>-setup": Windows PE and Setup, boot.wim
  WG_SYN_WINRE,   // the recovery environment, in images that Setup installs
  WG_SYN_ISO      // "<product>-iso": the medium that has the first two
} wg_syn_kind;

typedef struct wg_syn_edition { // a line "image = ...", or an image of Windows PE
  const char *name, *flags, *edition, *installation, *registry_name;
  const char *word; // for conditions: "install", "pe", "setup", "winre"
} wg_syn_edition;

typedef struct wg_syn_env { // what the texts may ask about
  wg_arena *arena;
  const char *product, *arch; // "windows-11", whatever kind of it
  wg_syn_kind kind;
  struct {
    const char *name; // "winre", "boot", "install"
    wg_str bytes;
  } wims[2]; // that were made before, to be put into files
  size_t n_wims;
  wg_syn_var vars[WG_SYN_MAX_VARS];
  size_t n_vars;
  wg_syn_edition editions[WG_SYN_MAX_IMAGES];
  size_t n_editions;
} wg_syn_env;

// Text after text of data/synthetic. The errors of the functions below are BUG: the texts are part
// of the program.

// An embedded file by its name below data/synthetic.
wg_code wg_syn_file(const char *name, wg_str *out, wg_error *err);
// Cuts the next line off *rest; false at the end. No line ending in *out.
WG_MUST_CHECK bool wg_syn_line(wg_str *rest, wg_str *out);
wg_str wg_syn_trim(wg_str s);
// "" when there is no such variable.
const char *wg_syn_value(const wg_syn_env *e, const char *name);
void wg_syn_set(wg_syn_env *e, const char *name, const char *value);
// The file with ";if" parts chosen, ";include FILE" put in and ${variables} filled in; lines that
// are left out become empty ones. registry: expand: and multi: become hex(2): and hex(7):.
wg_code wg_syn_text(const wg_syn_env *e, const char *name, bool registry, wg_buf *out,
                    wg_error *err);
// The same as Windows has text files: lines end in CR LF; utf16 with byte order mark, else as they
// are. In the arena.
wg_code wg_syn_text_file(const wg_syn_env *e, const char *name, bool utf16, wg_str *out,
                         wg_error *err);

// Is it Windows PE?
static inline bool wg_syn_is_pe(const wg_syn_env *e) {
  return e->kind == WG_SYN_SETUP || e->kind == WG_SYN_WINRE;
}

typedef struct wg_syn_what { // as in wg_synthetic_options
  const char *product, *arch, *state;
} wg_syn_what;
// Fills e from products.txt. kind: WG_SYN_WINRE or, by the end of the product's name, one of the
// others. NOT_FOUND lists the products, the architectures of this one, or the states.
wg_code wg_syn_product(wg_syn_env *e, const wg_syn_what *what, bool winre, wg_error *err);
// Sets the variables of one edition.
void wg_syn_set_edition(wg_syn_env *e, const wg_syn_edition *d);

// What a file of that kind and source has ("hive", "text", "inf", "wim", "file"; else nothing), in
// the arena. path: what a placeholder stands for.
wg_code wg_syn_content(const wg_syn_env *e, wg_str kind, wg_str source, wg_str path, wg_str *out,
                       wg_error *err);

// The bytes of the hive that data/synthetic/reg/<name> describes, in the arena.
wg_code wg_syn_hive(const wg_syn_env *e, const char *name, wg_str *out, wg_error *err);

typedef struct wg_syn_blob {
  wg_sha1 hash;
  wg_str bytes;
  uint32_t refcount;
  wg_wimout_place place;
} wg_syn_blob;

typedef struct wg_syn_blobs {
  wg_syn_blob *v; // heap
  size_t n, cap;
} wg_syn_blobs;

typedef struct wg_syn_tree {
  wg_wim_tree tree;
  uint64_t n_dirs, n_files, total_bytes, hard_link_bytes; // as the XML counts
} wg_syn_tree;

// The tree of tree.txt or pe.txt; contents are added to blobs, their bytes are in the arena. Lines
// "set NAME VALUE" of it set variables for what follows.
wg_code wg_syn_tree_make(wg_syn_env *e, wg_syn_blobs *blobs, wg_syn_tree *out, wg_error *err);

typedef struct wg_syn_totals {
  uint32_t n_images;
  uint64_t n_files, n_dirs, out_bytes;
} wg_syn_totals;
typedef struct wg_syn_wim_job {
  wg_syn_what what;
  bool winre;           // the product's Winre.wim instead
  const char *out_path; // with commit its name, else only the folder for the time of the call
  bool commit, force;
  unsigned threads;
  const wg_cancel *cancel;
  wg_arena *arena; // for *out_bytes
} wg_syn_wim_job;
// Makes a WIM. out_bytes (may be NULL): what is in it. Errors as wg_synthetic_write.
wg_code wg_syn_wim(const wg_syn_wim_job *job, wg_syn_totals *out, wg_str *out_bytes, wg_error *err);
// Makes the installation medium of media.txt at job->out_path. Totals are of the images on it.
wg_code wg_syn_iso(const wg_syn_wim_job *job, wg_syn_totals *out, wg_error *err);
// Of a product's name.
wg_syn_kind wg_syn_kind_of(const char *product);

#endif
