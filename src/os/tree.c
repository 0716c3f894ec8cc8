// SPDX-License-Identifier: Apache-2.0
// Directories as wholes: listing, removing, temporary ones.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"
#include "os/proc.h"

typedef DIR *tree_dir;
static void tree_dir_done(tree_dir *d) {
  if (*d != NULL) {
    int saved = errno;
    (void)closedir(*d);
    errno = saved;
  }
}
WG_DEFINE_AUTO(tree_dir, tree_dir_done);

static wg_ftype tree_type(int at_fd, const struct dirent *e) {
  struct stat st = {0};
  switch (e->d_type) {
  case DT_REG:
    return WG_FT_FILE;
  case DT_DIR:
    return WG_FT_DIR;
  case DT_LNK:
    return WG_FT_SYMLINK;
  case DT_UNKNOWN:
    if (fstatat(at_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
      return S_ISREG(st.st_mode)   ? WG_FT_FILE
             : S_ISDIR(st.st_mode) ? WG_FT_DIR
             : S_ISLNK(st.st_mode) ? WG_FT_SYMLINK
                                   : WG_FT_OTHER;
    }
    return WG_FT_OTHER;
  default:
    return WG_FT_OTHER;
  }
}

static int tree_cmp(const void *a, const void *b) {
  return strcmp(((const wg_dirent *)a)->name, ((const wg_dirent *)b)->name);
}

static bool tree_is_dots(const char *name) {
  return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

// Opens a directory stream; *out NULL on failure.
static wg_code tree_open(int at_fd, const char *path, tree_dir *out, wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  if (wg_os_open_dir(at_fd, path, &fd, err) != WG_OK) {
    return wg_code_of_failure(err->code);
  }
  *out = fdopendir(fd);
  if (*out == NULL) {
    return wg_fail_errno(err, errno, "cannot list '%s'", path);
  }
  (void)wg_fd_take(&fd); // closedir closes it
  return WG_OK;
}

typedef struct tree_list {
  wg_dirent *v;
  size_t n, cap;
} tree_list;

static wg_code tree_add(tree_list *l, const char *name, wg_ftype type, wg_arena *arena,
                        wg_error *err) {
  if (l->n == l->cap) {
    size_t cap = l->cap == 0 ? 32 : l->cap * 2;
    wg_dirent *bigger = wg_arena_new_array(arena, wg_dirent, cap);
    if (bigger == NULL) {
      return wg_arena_fail(arena, err);
    }
    if (l->n > 0) {
      memcpy(bigger, l->v, l->n * sizeof(*l->v));
    }
    l->v = bigger;
    l->cap = cap;
  }
  const char *copy = wg_arena_strdup(arena, name);
  if (copy == NULL) {
    return wg_arena_fail(arena, err);
  }
  l->v[l->n++] = (wg_dirent){.name = copy, .type = type};
  return WG_OK;
}

wg_code wg_os_list_dir(int at_fd, const char *path, wg_arena *arena, wg_dirent **out, size_t *out_n,
                       wg_error *err) {
  WG_AUTO(tree_dir) d = NULL;
  if (tree_open(at_fd, path, &d, err) != WG_OK) {
    return err->code;
  }
  tree_list list = {0};
  for (;;) {
    errno = wg_os_fault("readdir") ? EIO : 0;
    const struct dirent *e =
        errno != 0 ? NULL : readdir(d); // NOLINT(concurrency-mt-unsafe): own stream
    if (e == NULL) {
      break;
    }
    if (!tree_is_dots(e->d_name) &&
        tree_add(&list, e->d_name, tree_type(dirfd(d), e), arena, err) != WG_OK) {
      return err->code;
    }
  }
  if (errno != 0) {
    return wg_fail_errno(err, errno, "cannot list '%s'", path);
  }
  if (list.n > 1) {
    qsort(list.v, list.n, sizeof(*list.v), tree_cmp);
  }
  *out = list.v;
  *out_n = list.n;
  return WG_OK;
}

// Name of one entry of path that can be removed next; false when it is empty.
static wg_code tree_first_entry(int at_fd, const char *path, char **out_name, bool *out_is_dir,
                                wg_error *err) {
  WG_AUTO(tree_dir) d = NULL;
  if (tree_open(at_fd, path, &d, err) != WG_OK) {
    return err->code;
  }
  *out_name = NULL;
  for (const struct dirent *e; (e = readdir(d)) != NULL;) { // NOLINT(concurrency-mt-unsafe)
    if (!tree_is_dots(e->d_name)) {
      *out_name = wg_xstrdup(e->d_name);
      *out_is_dir = tree_type(dirfd(d), e) == WG_FT_DIR;
      return WG_OK;
    }
  }
  return WG_OK;
}

// Removes the plain entries of path and collects nothing: directories are handled by the caller.
static wg_code tree_remove_files(int at_fd, const char *path, wg_error *err) {
  WG_AUTO(tree_dir) d = NULL;
  if (tree_open(at_fd, path, &d, err) != WG_OK) {
    return err->code;
  }
  (void)fchmod(dirfd(d), 0700); // a module cache's directories are read-only
  for (const struct dirent *e; (e = readdir(d)) != NULL;) { // NOLINT(concurrency-mt-unsafe)
    if (!tree_is_dots(e->d_name) && tree_type(dirfd(d), e) != WG_FT_DIR &&
        wg_os_unlink(dirfd(d), e->d_name, err) != WG_OK && err->code != WG_E_NOT_FOUND) {
      return err->code;
    }
  }
  return WG_OK;
}

wg_code wg_os_rmtree(int at_fd, const char *path, wg_error *err) {
  struct stat st = {0};
  if (fstatat(at_fd, path, &st, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? WG_OK : wg_fail_errno(err, errno, "cannot look at '%s'", path);
  }
  if (!S_ISDIR(st.st_mode)) {
    return wg_os_unlink(at_fd, path, err);
  }
  // Depth first by path text, no recursion: go down while there is a directory, else remove and up.
  WG_AUTO(wg_cstr) at = wg_xstrdup(path);
  size_t root = strlen(path);
  for (;;) {
    WG_AUTO(wg_cstr) name = NULL;
    bool is_dir = false;
    if (tree_remove_files(at_fd, at, err) != WG_OK ||
        tree_first_entry(at_fd, at, &name, &is_dir, err) != WG_OK) {
      return err->code;
    }
    if (name != NULL) {
      char *down = wg_path_join(at, name);
      wg_xfree(at);
      at = down;
      continue;
    }
    if (wg_os_rmdir(at_fd, at, err) != WG_OK && err->code != WG_E_NOT_FOUND) {
      return err->code;
    }
    if (strlen(at) == root) {
      return WG_OK;
    }
    char *up = wg_path_dirname(at);
    wg_xfree(at);
    at = up;
  }
}

wg_code wg_os_mkdtemp(const char *parent, const char *prefix, char **out, wg_error *err) {
  for (unsigned tries = 0;; tries++) {
    uint8_t r[6];
    wg_os_random(r, sizeof(r));
    WG_AUTO(wg_cstr)
    path = wg_xprintf("%s/%s%02x%02x%02x%02x%02x%02x", parent, prefix, r[0], r[1], r[2], r[3], r[4],
                      r[5]);
    if (wg_os_mkdir(WG_CWD, path, 0700, err) == WG_OK) {
      *out = wg_take(&path);
      return WG_OK;
    }
    if (err->code != WG_E_CONFLICT || tries > 16) {
      return err->code;
    }
  }
}
