// SPDX-License-Identifier: Apache-2.0
// Files and directories. The only place with raw system calls. Every descriptor is close-on-exec.
// Paths are relative to dirfd (WG_CWD for the working directory) or absolute. Thread-safe.
#ifndef WG_OS_FILE_H
#define WG_OS_FILE_H

#include "os/cancel.h"
#include "os/mem.h"

#define WG_CWD (-100) // AT_FDCWD

// A descriptor closed at scope end; -1 is none.
typedef int wg_fd;
void wg_fd_done(wg_fd *fd); // closes, sets -1, keeps errno
WG_DEFINE_AUTO(wg_fd, wg_fd_done);
static inline wg_fd wg_fd_take(wg_fd *fd) {
  wg_fd taken = *fd;
  *fd = -1;
  return taken;
}

typedef enum wg_ftype {
  WG_FT_FILE = 1,
  WG_FT_DIR,
  WG_FT_SYMLINK,
  WG_FT_OTHER
} wg_ftype;

typedef struct wg_stat {
  uint64_t size_bytes;
  int64_t mtime_ns, ctime_ns, atime_ns; // since 1970
  uint64_t ino, dev;
  uint32_t mode; // permission bits only
  uint32_t n_links;
  uint32_t uid;
  wg_ftype type;
} wg_stat;

// NOT_FOUND when absent (or a parent is). follow: through a final symbolic link.
wg_code wg_os_stat(int dirfd, const char *path, bool follow, wg_stat *out, wg_error *err);
wg_code wg_os_fstat(int fd, wg_stat *out, wg_error *err);
bool wg_os_exists(int dirfd, const char *path); // anything there, links not followed

wg_code wg_os_open_read(int dirfd, const char *path, wg_fd *out, wg_error *err);
// O_RDONLY | O_NONBLOCK-safe: refuses anything but a regular file with UNSUPPORTED.
wg_code wg_os_open_dir(int dirfd, const char *path, wg_fd *out, wg_error *err);
wg_code wg_os_open_append(int dirfd, const char *path, uint32_t mode, wg_fd *out, wg_error *err);
// Fails with CONFLICT when it exists.
wg_code wg_os_create_new(int dirfd, const char *path, uint32_t mode, wg_fd *out, wg_error *err);
// One read, retried on EINTR; *out_n 0 at the end.
wg_code wg_os_read(int fd, void *p, size_t cap_bytes, size_t *out_n, wg_error *err);
// Exactly n bytes at off; a shorter file is FORMAT.
wg_code wg_os_pread_exact(int fd, void *p, size_t n_bytes, uint64_t off_bytes, wg_error *err);
wg_code wg_os_write_all(int fd, const void *p, size_t n_bytes, wg_error *err);
wg_code wg_os_pwrite_all(int fd, const void *p, size_t n_bytes, uint64_t off_bytes, wg_error *err);
// Whole file into out (initialised by the caller); larger than max_bytes is LIMIT.
wg_code wg_os_read_file(int dirfd, const char *path, uint64_t max_bytes, wg_buf *out,
                        wg_error *err);
wg_code wg_os_read_fd(int fd, uint64_t max_bytes, wg_buf *out, wg_error *err);

// Whether the error says that what is written has no room: a full disk, a quota, a limit, a file
// system that is read-only. Then what is read is not what the message is to name.
bool wg_os_is_room_error(const wg_error *err);
// Puts the path of what was being written before such an error; leaves others. Yields the code.
wg_code wg_os_name_output(wg_error *err, const char *path);

// A file that appears whole or not at all: begin makes "<path>.wgtmp-xxxxxxxxxxxx" (os/temp.h)
// beside the target, commit fsyncs (when durable) and renames, done without commit removes it.
typedef struct wg_outfile {
  wg_fd fd;
  int dirfd; // borrowed
  char *path, *tmp_path;
  bool durable;
  bool new; // to be set after begin: CONFLICT at commit when something has the name
} wg_outfile;
#define WG_OUTFILE_INIT                                                                            \
  { .fd = -1 }
wg_code wg_outfile_begin(wg_outfile *o, int dirfd, const char *path, uint32_t mode, bool durable,
                         wg_error *err);
wg_code wg_outfile_commit(wg_outfile *o, wg_error *err);
void wg_outfile_done(wg_outfile *o);
WG_DEFINE_AUTO(wg_outfile, wg_outfile_done);
// The three of them at once.
wg_code wg_os_write_file(int dirfd, const char *path, const void *p, size_t n_bytes, uint32_t mode,
                         bool durable, wg_error *err);

// All of in (from offset 0) to out: reflink, else copy_file_range, else read and write.
// out_n (may be NULL) gets the bytes copied.
wg_code wg_os_copy_fd(int in, int out, const wg_cancel *cancel, uint64_t *out_n, wg_error *err);
// The same with holes where in has some, by reflink or by copying what is data.
wg_code wg_os_copy_sparse(int in, int out, const wg_cancel *cancel, wg_error *err);
wg_code wg_os_reflink_fd(int in, int out, wg_error *err); // UNSUPPORTED where it can't be had
// Exactly n_bytes from in_off of in to out_off of out, by the kernel where it can (some file
// systems then share whole blocks when both offsets are alike within one). A shorter in is FORMAT.
wg_code wg_os_copy_range(int in, uint64_t in_off, int out, uint64_t out_off, uint64_t n_bytes,
                         wg_error *err);

wg_code wg_os_fsync(int fd, wg_error *err);
// Asks the kernel to begin writing the range to the disk, so that an fsync later has less to do. A
// hint: promises nothing.
void wg_os_start_writeback(int fd, uint64_t off_bytes, uint64_t n_bytes);
wg_code wg_os_fsync_dir(int dirfd, const char *path, wg_error *err);
wg_code wg_os_ftruncate(int fd, uint64_t n_bytes, wg_error *err);
wg_code wg_os_rename(int from_dirfd, const char *from, int to_dirfd, const char *to, wg_error *err);
// Only to a name that nothing has: CONFLICT otherwise, also when it appears meanwhile.
wg_code wg_os_rename_new(int from_dirfd, const char *from, int to_dirfd, const char *to,
                         wg_error *err);
// Two things that are there change their names at one moment. UNSUPPORTED where the system can't.
wg_code wg_os_exchange(int a_dirfd, const char *a, int b_dirfd, const char *b, wg_error *err);
wg_code wg_os_unlink(int dirfd, const char *path, wg_error *err);
wg_code wg_os_rmdir(int dirfd, const char *path, wg_error *err);
wg_code wg_os_mkdir(int dirfd, const char *path, uint32_t mode, wg_error *err); // CONFLICT if there
wg_code wg_os_mkdirs(int dirfd, const char *path, uint32_t mode, wg_error *err); // fine if there
wg_code wg_os_chmod(int dirfd, const char *path, uint32_t mode, wg_error *err);
wg_code wg_os_set_mtime(int dirfd, const char *path, int64_t mtime_ns, wg_error *err); // and atime
// A time as the system keeps it: seconds since 1970, nanoseconds 0..999,999,999.
typedef struct wg_os_time {
  int64_t s;
  uint32_t ns;
} wg_os_time;
// Both times. What the file system can't hold it clamps.
wg_code wg_os_set_fd_times(int fd, wg_os_time access, wg_os_time modified, wg_error *err);
wg_code wg_os_symlink(const char *target, int dirfd, const char *path, wg_error *err);
wg_code wg_os_link(int from_dirfd, const char *from, int to_dirfd, const char *to, wg_error *err);
// Link text into out (NUL-terminated heap string, caller frees).
wg_code wg_os_readlink(int dirfd, const char *path, char **out, wg_error *err);
wg_code wg_os_realpath(const char *path, char **out, wg_error *err);
char *wg_os_getcwd(void); // heap; exits on failure
// Removes path and all below it; never follows links; fine if absent. Read-only dirs are opened up.
wg_code wg_os_rmtree(int at_fd, const char *path, wg_error *err);

typedef struct wg_dirent {
  const char *name;
  wg_ftype type;
} wg_dirent;
// Entries without . and .., sorted bytewise, in the arena.
wg_code wg_os_list_dir(int at_fd, const char *path, wg_arena *arena, wg_dirent **out, size_t *out_n,
                       wg_error *err);

// flock on path (made if absent, 0600; UNSUPPORTED when it is a symbolic link). Waits while polling
// cancel; try_only: CONFLICT at once. The lock goes with the descriptor.
wg_code wg_os_lock(int dirfd, const char *path, bool exclusive, bool try_only,
                   const wg_cancel *cancel, wg_fd *out, wg_error *err);
bool wg_os_is_mount(int dirfd);         // the root of a mount
bool wg_os_may_write(const char *path); // by permissions and mounts
uint32_t wg_os_umask(void);             // of the process as it started
// Calls one for each extended attribute user.* of what is at path itself, in order of the names;
// before them for `first` and those of `unlisted` (NULL at its end), which file systems do not
// list: they are asked for only where the first is there. IO: one can't be read.
typedef wg_code (*wg_os_xattr_one)(void *ctx, const char *name, wg_str value, wg_error *err);
wg_code wg_os_xattrs(const char *path, const char *first, const char *const *unlisted,
                     wg_os_xattr_one one, void *ctx, wg_error *err);
// Owner, permissions and extended attributes (lists of access rights, labels) of one open file or
// folder to another. What this user may not set is left out but for user.* and access rights: IO.
wg_code wg_os_copy_xattrs(int from, int to, wg_error *err);
wg_code wg_os_copy_meta(int from, int to, wg_error *err);
// A fresh directory "<parent>/<prefix>XXXXXXXX", mode 0700; heap path.
wg_code wg_os_mkdtemp(const char *parent, const char *prefix, char **out, wg_error *err);
// Free bytes for an unprivileged user on the file system of path.
wg_code wg_os_free_bytes(const char *path, uint64_t *out, wg_error *err);

// Path text, no system calls. Heap results.
char *wg_path_join(const char *a, const char *b); // b absolute: b
char *wg_path_dirname(const char *path);          // "." when there is none
const char *wg_path_basename(const char *path);   // borrowed
char *wg_path_clean(const char *path);            // lexical: no ".", "..", "//", trailing "/"
char *wg_path_absolute(const char *path);         // cleaned, against the working directory
// What comes behind "dir/" in a path below it, borrowed; NULL: it is not below. dir may be NULL.
const char *wg_path_below(const char *path, const char *dir);
bool wg_path_is_below(const char *path, const char *dir); // both clean; equal counts

#endif
