// SPDX-License-Identifier: Apache-2.0
// A file with Windows images, opened with our own reader: a WIM or ESD, the parts of a split one
// (SWM), or one of these inside a Windows ISO.
#ifndef WG_IMAGE_FILE_FILE_H
#define WG_IMAGE_FILE_FILE_H

#include "fmt/wim/wim.h"
#include "image/file/base.h"

// The WIM's bytes, one run after the other, are runs of bytes of host files: one for a .wim, one a
// part for a split one, one an extent for a file in an ISO.
typedef struct wg_image_segment {
  uint64_t off_bytes, n_bytes; // of the WIM: what wg_wim_blob.off_bytes counts
  int fd;                      // borrowed
  uint64_t fd_off_bytes;       // where that is in the host file
  uint32_t host;               // which of hosts
} wg_image_segment;

typedef struct wg_image_host {
  wg_fd fd;
  char *path; // NULL with wg_image_file_use
  wg_stat st;
} wg_image_host;

typedef struct wg_image_file {
  wg_image_disc_wim disc_wim;         // which one of an ISO: to be set before it is opened
  char *path;                         // as opened, for messages
  char *inside;                       // "sources/install.wim": what was opened in an ISO; else NULL
  const struct wg_image_holes *holes; // as the base says; borrowed
  wg_image_host *hosts;
  size_t n_hosts;
  wg_image_segment *segments; // by off_bytes, without gaps; in the arena
  size_t n_segments;
  wg_arena arena;
  wg_wim wim; // wim.src.size_bytes is the size of all of it
  wg_wim_decoder *decoder;
} wg_image_file;
// Zero is a valid, closed one.
#define WG_IMAGE_FILE_INIT                                                                         \
  { .path = NULL }
// Opens path read-only. What it is is told by its content: a WIM or ESD; any part of a split one,
// whose other parts lie beside it (name.swm, name2.swm, ...; found by name, told apart by GUID and
// part number); an ISO with UDF that holds sources/install.wim, .esd or .swm. UNSUPPORTED with the
// way to do it for other things that hold a Windows (disk images, packages, archives, an encrypted
// ESD). NOT_FOUND for a part that is missing. Else errors as wg_wim_open. All name the file. f must
// not move afterwards.
wg_code wg_image_file_open(wg_image_file *f, const char *path, wg_error *err);
// The same of a base that is no folder: of an ISO the WIM that it names. USAGE when it names one
// and the file is no ISO.
wg_code wg_image_file_open_base(wg_image_file *f, const wg_image_base *base, wg_error *err);
// The same of a descriptor, which is borrowed; of a split WIM the part by itself. Errors of this
// call don't name the file; path is for those of later ones.
wg_code wg_image_file_use(wg_image_file *f, int fd, const char *path, wg_error *err);
void wg_image_file_done(wg_image_file *f);
WG_DEFINE_AUTO(wg_image_file, wg_image_file_done);

// Paths of the host files that a base is made of: base->path first, then the other parts of a split
// WIM by number. In the arena. A directory is itself. Errors as wg_image_file_open; of the content
// only headers are read.
wg_code wg_image_base_files(const wg_image_base *base, wg_arena *arena, const char *const **out,
                            size_t *out_n, wg_error *err);

// The run of a host file that holds byte off_bytes, cut so that it begins there and is no longer
// than max_bytes. off_bytes must be below wim.src.size_bytes. Thread-safe, so raw copies can be
// made of several.
wg_image_segment wg_image_file_segment(const wg_image_file *f, uint64_t off_bytes,
                                       uint64_t max_bytes);
// Exactly n_bytes at off_bytes. Thread-safe. FORMAT when a file became shorter, IO.
wg_code wg_image_file_read(const wg_image_file *f, uint64_t off_bytes, void *p, size_t n_bytes,
                           wg_error *err);
// Sorts indices of blobs by the place of their bytes. Reading many in this order decompresses each
// chunk of a solid resource once.
void wg_image_file_order(const wg_image_file *f, uint32_t *blobs, size_t n);

// 0-based number of the image that `which` names: NULL (there is just one), a NAME, a 1-based
// index, a DISPLAYNAME, an edition (EDITIONID or FLAGS): the first of these that fits as written,
// else ignoring letter case. NOT_FOUND with a list of those that are there; CONFLICT with a list of
// those that fit when there are several. First refuses one part of a split WIM alone (UNSUPPORTED)
// and a file that was not finished (FORMAT).
wg_code wg_image_file_find(const wg_image_file *f, const char *which, uint32_t *out, wg_error *err);
// Refuses an image that we cannot change, saying what to do: WIMBoot. UNSUPPORTED.
wg_code wg_image_file_check(const wg_image_file *f, uint32_t image, wg_error *err);
// The image's metadata, parsed into arena, with room for n_extra entries. bytes (initialised) gets
// the resource and must live as long as the tree.
wg_code wg_image_file_tree(const wg_image_file *f, uint32_t image, wg_arena *arena, size_t n_extra,
                           wg_buf *bytes, wg_wim_tree *out, wg_error *err);
// Every image's metadata read, compared with its SHA-1 and parsed. Errors as wg_image_file_tree.
wg_code wg_image_file_check_trees(const wg_image_file *f, wg_error *err);
// Whether the blob's packed bytes can go over into a file of that format as they are.
bool wg_image_can_keep(const wg_wim *w, const wg_wim_blob *b, wg_image_format format);
// Go's name for WINDOWS/ARCH, "" when absent or not one of Go's.
const char *wg_image_arch_name(const wg_wim_facts *facts);

// Appends the SHA-1s of the file's integrity table to out (initialised), one for every 10 MiB
// behind the header; nothing when it has no such table, or is in parts. Of a file with holes those
// of the first ones that are known.
void wg_image_file_sums(const wg_image_file *f, wg_buf *out);

typedef struct wg_image_verified {
  uint64_t n_blobs, n_bytes;        // contents read, uncompressed bytes
  uint64_t n_integrity_chunks;      // compared with integrity tables
  uint64_t n_entries, n_references; // of all images' trees: entries, uses of contents
  uint32_t n_images;
  bool has_integrity; // every part has an integrity table
} wg_image_verified;
// Reads all of the file: integrity tables where there are any, every content and every image's
// metadata against its SHA-1, every tree parsed and each content it names looked for. VERIFY with
// the place of what is damaged, FORMAT; UNSUPPORTED for content that is not in the file (a delta
// WIM). progress (NULL: none): stages "integrity" and "contents", in bytes; on the caller's thread.
// threads at least 1; the calling thread's work included.
wg_code wg_image_file_verify(wg_image_file *f, unsigned threads, wg_image_progress progress,
                             void *ctx, const wg_cancel *cancel, wg_image_verified *out,
                             wg_error *err);
// The same of some contents, and of the integrity tables' ranges that they lie in: what is to be
// taken over packed as it is.
wg_code wg_image_file_verify_some(wg_image_file *f, const uint32_t *blobs, size_t n,
                                  unsigned threads, wg_image_progress progress, void *ctx,
                                  const wg_cancel *cancel, wg_error *err);
// Of an error about a content's bytes (FORMAT, VERIFY): adds the file, and which entry of which
// image they are of or that they are metadata, where that can be told. Other errors stay. The
// error's code.
wg_code wg_image_file_blame(const wg_image_file *f, uint32_t blob, wg_error *err);

#endif
