// SPDX-License-Identifier: Apache-2.0
// What a file is beside its content: owner, permissions, extended attributes.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/sort.h"
#include "os/file.h"

#define META_MAX_XATTR ((size_t)1 << 20)

// Attributes that nobody but the kernel's own parts may set are theirs to set again.
static bool meta_must_keep(const char *name) {
  return strncmp(name, "user.", 5) == 0 || strncmp(name, "system.posix_acl_", 17) == 0;
}

static wg_code meta_xattr(int from, int to, const char *name, wg_error *err) {
  ssize_t n = fgetxattr(from, name, NULL, 0);
  if (n < 0 || (size_t)n > META_MAX_XATTR) {
    return WG_OK; // gone meanwhile
  }
  WG_AUTO(wg_cstr) value = wg_xalloc((size_t)n + 1);
  n = fgetxattr(from, name, value, (size_t)n);
  if (n >= 0 && fsetxattr(to, name, value, (size_t)n, 0) != 0 && meta_must_keep(name)) {
    return wg_fail_errno(err, errno, "cannot keep the extended attribute '%s'", name);
  }
  return WG_OK;
}

wg_code wg_os_copy_xattrs(int from, int to, wg_error *err) {
  ssize_t n = flistxattr(from, NULL, 0);
  if (n <= 0 || (size_t)n > META_MAX_XATTR) {
    return WG_OK; // none, or a file system without
  }
  WG_AUTO(wg_cstr) names = wg_xalloc((size_t)n + 1);
  n = flistxattr(from, names, (size_t)n);
  for (const char *at = names; n > 0 && at < names + n; at += strlen(at) + 1) {
    if (meta_xattr(from, to, at, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// The attribute's bytes, if there is one. errno otherwise.
static bool meta_get(const char *path, const char *name, wg_buf *out) {
  ssize_t n = lgetxattr(path, name, NULL, 0);
  if (n < 0) {
    return false;
  }
  if ((size_t)n > META_MAX_XATTR) {
    errno = E2BIG;
    return false;
  }
  wg_buf_clear(out);
  wg_buf_add_zeros(out, (size_t)n + 1);
  n = lgetxattr(path, name, out->p, (size_t)n);
  out->n = n > 0 ? (size_t)n : 0;
  return n >= 0;
}

// Those of a user, sorted: pointers into names. *out heap.
static size_t meta_user_names(const char *names, size_t n_bytes, const char ***out) {
  const char **v = NULL;
  size_t n = 0, cap = 0;
  for (const char *at = names; at < names + n_bytes; at += strlen(at) + 1) {
    if (strncmp(at, "user.", 5) == 0) {
      wg_vec_push(&v, &n, &cap) = at;
    }
  }
  if (n > 1) {
    wg_sort((void *)v, n, sizeof(*v), wg_sort_cmp_z, NULL);
  }
  *out = v;
  return n;
}

static wg_code meta_user(const char *path, wg_os_xattr_one one, void *ctx, wg_buf *value,
                         wg_error *err) {
  ssize_t n_bytes = llistxattr(path, NULL, 0);
  if (n_bytes <= 0 || (size_t)n_bytes > META_MAX_XATTR) {
    return WG_OK; // none, or a file system without
  }
  WG_AUTO(wg_cstr) names = wg_xalloc((size_t)n_bytes + 1);
  n_bytes = llistxattr(path, names, (size_t)n_bytes);
  const char **v = NULL;
  size_t n = meta_user_names(names, n_bytes > 0 ? (size_t)n_bytes : 0, &v);
  wg_code code = WG_OK;
  for (size_t i = 0; i < n && code == WG_OK; i++) {
    if (meta_get(path, v[i], value)) {
      code = one(ctx, v[i], wg_buf_str(value), err);
    } else if (errno == E2BIG || errno == ERANGE) {
      code = wg_fail(err, WG_E_LIMIT,
                     "'%s': '%s' is larger than Linux gives out as an extended attribute (64 KiB)",
                     path, v[i]);
    } else if (errno != ENODATA) { // that is: gone meanwhile
      code = wg_fail_errno(err, errno, "'%s': cannot read the extended attribute '%s'", path, v[i]);
    }
  }
  wg_xfree((void *)v);
  return code;
}

wg_code wg_os_xattrs(const char *path, const char *first, const char *const *unlisted,
                     wg_os_xattr_one one, void *ctx, wg_error *err) {
  WG_AUTO(wg_buf) value = {0};
  wg_buf_init(&value, wg_heap(), 0);
  if (meta_get(path, first, &value)) {
    if (one(ctx, first, wg_buf_str(&value), err) != WG_OK) {
      return err->code;
    }
    for (size_t i = 0; unlisted[i] != NULL; i++) {
      if (meta_get(path, unlisted[i], &value) &&
          one(ctx, unlisted[i], wg_buf_str(&value), err) != WG_OK) {
        return err->code;
      }
    }
  }
  return meta_user(path, one, ctx, &value, err);
}

wg_code wg_os_copy_meta(int from, int to, wg_error *err) {
  struct stat st = {0};
  if (fstat(from, &st) != 0) {
    return wg_fail_errno(err, errno, "cannot look at a folder");
  }
  (void)!fchown(to, st.st_uid, st.st_gid);
  if (wg_os_copy_xattrs(from, to, err) != WG_OK) {
    return err->code;
  }
  return fchmod(to, st.st_mode & 07777) == 0 ? WG_OK
                                             : wg_fail_errno(err, errno, "cannot set permissions");
}

bool wg_os_is_mount(int dirfd) {
  struct statx sx;
  return statx(dirfd, "", AT_EMPTY_PATH, STATX_INO, &sx) == 0 &&
         (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

bool wg_os_may_write(const char *path) {
  return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0;
}

uint32_t wg_os_umask(void) {
  // There is no way to ask but to set it; for that moment it is as strict as can be.
  mode_t was = umask(0777);
  (void)umask(was);
  return was & 0777;
}
