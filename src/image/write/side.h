// SPDX-License-Identifier: Apache-2.0
// What a folder of a host knows of its files beside what the host has a form for: the sidecar
// (fmt/meta) in it, and extended attributes of the files; laid over the tree that was captured.
#ifndef WG_IMAGE_WRITE_SIDE_H
#define WG_IMAGE_WRITE_SIDE_H

#include "crypto/digest.h"
#include "fmt/meta/xattr.h"
#include "fmt/wim/wim.h"
#include "os/file.h"

typedef struct wg_image_side_content { // of a stream
  wg_sha1 hash;
  wg_str data; // not empty
} wg_image_side_content;

// Short names of the sidecar, against each other and against the names that are in the folder.
typedef struct wg_side_shorts {
  uint32_t *order; // rows that have one, by folder and short name
  size_t n;
  bool *seen; // by number in the sidecar: its path is there
  struct wg_side_taken {
    uint32_t row;     // whose short name
    const char *path; // is the name of this
  } * taken;
  size_t n_taken, cap_taken;
} wg_side_shorts;

typedef struct wg_image_side {
  wg_arena arena;
  wg_buf text;
  const char *name; // of the sidecar, for messages
  wg_meta file;     // as the sidecar has it
  bool has_file;    // there is one
  wg_meta all;      // with what the files' own attributes add; sorted. After wg_image_side_end.
  bool *same_link;  // by number in file: the host's link is the one it stands for
  wg_side_shorts shorts;
  wg_meta_entry *own; // of files: what their attributes say
  size_t n_own, cap_own;
  wg_str *descriptors; // of those
  size_t n_descriptors, cap_descriptors;
  uint64_t n_xattrs; // files with extended attributes that Windows has no form for
  const char *tmp;   // folder for contents that are packed; the caller's
  // After wg_image_side_lay:
  wg_image_side_content *contents;
  size_t n_contents, cap_contents;
  uint64_t n_bare; // entries of which nothing is known
} wg_image_side;
void wg_image_side_done(wg_image_side *s);
WG_DEFINE_AUTO(wg_image_side, wg_image_side_done);

// Reads the sidecar of the folder, if it has one. FORMAT with file and line; CONFLICT: no file.
wg_code wg_image_side_begin(wg_image_side *s, const char *dir, wg_error *err);
// One thing in the folder: path below it ("" itself), host where it is. Its attributes are read.
wg_code wg_image_side_look(wg_image_side *s, const char *path, const char *host, wg_ftype type,
                           wg_error *err);
// The sidecar names both of two files, which so are two.
bool wg_image_side_knows(const wg_image_side *s, const char *path);
wg_code wg_image_side_end(wg_image_side *s, wg_error *err);
// Gives the entries of a captured tree what is known of them. keep_times: also times. Entries get
// hashes of contents that are in s->contents. What is in the tree then borrows from s.
wg_code wg_image_side_lay(wg_image_side *s, wg_wim_tree *t, bool keep_times, wg_error *err);

// Whether the folder can become an image: its sidecar, names, attributes. For who packs nothing.
// Errors as those of the functions above and of wg_image_scan_dir.
// arch NULL: not asked for; else as in wg_image_side_arch_is.
wg_code wg_image_side_check(const char *dir, const char *arch, wg_error *err);
// CONFLICT: the sidecar says that the image is for another architecture than this one (Go's name).
wg_code wg_image_side_arch_is(const wg_image_side *s, const char *arch, wg_error *err);

// --- side_short.c; what is wrong is known at the end, when all that is there has been seen
wg_code wg_side_shorts_begin(wg_image_side *s, wg_error *err);
wg_code wg_side_shorts_look(wg_image_side *s, const char *path, wg_error *err);
// CONFLICT with file and line: two things in one folder that are one for Windows.
wg_code wg_side_shorts_end(const wg_image_side *s, wg_error *err);

#endif
