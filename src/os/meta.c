// SPDX-License-Identifier: Apache-2.0
// What a file is beside its content: owner, permissions, extended attributes.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

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

bool wg_os_has_user_xattrs(const char *path) {
  char some[2048];
  ssize_t n = llistxattr(path, some, sizeof(some));
  if (n < 0) {
    return errno == ERANGE; // very many
  }
  for (const char *at = some; at < some + n; at += strlen(at) + 1) {
    if (strncmp(at, "user.", 5) == 0 || strncmp(at, "system.ntfs_", 12) == 0) {
      return true;
    }
  }
  return false;
}

wg_code wg_os_copy_meta(int from, int to, wg_error *err) {
  struct stat st;
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
