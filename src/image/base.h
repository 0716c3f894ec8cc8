// A WIM file on disk, opened with our own reader.
#ifndef WG_IMAGE_BASE_H
#define WG_IMAGE_BASE_H

#include "fmt/wim/wim.h"
#include "image/image.h"

typedef struct wg_image_file {
  wg_fd fd;    // -1 after wg_image_file_use
  int read_fd; // what is read
  char *path;  // as opened, for messages
  wg_stat st;
  wg_arena arena;
  wg_wim wim;
  wg_wim_decoder *decoder;
} wg_image_file;
// Zero is a valid, closed one except for fd: use WG_IMAGE_FILE_INIT.
#define WG_IMAGE_FILE_INIT                                                                         \
  { .fd = -1 }
// Opens path read-only; the file must be a WIM. Errors as wg_wim_open, wrapped with the path. f
// must not move afterwards.
wg_code wg_image_file_open(wg_image_file *f, const char *path, wg_error *err);
// The same of a descriptor, which is borrowed; errors are not wrapped.
wg_code wg_image_file_use(wg_image_file *f, int fd, wg_error *err);
void wg_image_file_done(wg_image_file *f);
WG_DEFINE_AUTO(wg_image_file, wg_image_file_done);

// 0-based number of the image that `which` names: NULL (there is just one), a 1-based index, or a
// NAME (first as written, then ignoring letter case). NOT_FOUND with a list of those that are
// there. First refuses a part of a split WIM (UNSUPPORTED) and one that was not finished (FORMAT).
wg_code wg_image_file_find(const wg_image_file *f, const char *which, uint32_t *out, wg_error *err);
// Refuses an image that we cannot change, saying what to do: WIMBoot. UNSUPPORTED.
wg_code wg_image_file_check(const wg_image_file *f, uint32_t image, wg_error *err);
// The image's metadata, parsed into arena, with room for n_extra entries. bytes (initialised) gets
// the resource and must live as long as the tree.
wg_code wg_image_file_tree(const wg_image_file *f, uint32_t image, wg_arena *arena, size_t n_extra,
                           wg_buf *bytes, wg_wim_tree *out, wg_error *err);
// Go's name for WINDOWS/ARCH, "" when absent or not one of Go's.
const char *wg_image_arch_name(const wg_wim_facts *facts);

#endif
