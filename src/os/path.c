// SPDX-License-Identifier: Apache-2.0
// Path text; no system calls but the working directory.
#include <string.h>

#include "os/file.h"

char *wg_path_join(const char *a, const char *b) {
  if (b[0] == '/' || a[0] == '\0') {
    return wg_xstrdup(b);
  }
  bool slash = a[strlen(a) - 1] == '/';
  return wg_xprintf("%s%s%s", a, slash ? "" : "/", b);
}

char *wg_path_dirname(const char *path) {
  const char *slash = strrchr(path, '/');
  if (slash == NULL) {
    return wg_xstrdup(".");
  }
  if (slash == path) {
    return wg_xstrdup("/");
  }
  return wg_xstrndup(path, (size_t)(slash - path));
}

const char *wg_path_basename(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

// Removes the last component of the n bytes at out (which start after an optional root at `root`).
static size_t path_drop_last(const char *out, size_t n, size_t root) {
  while (n > root && out[n - 1] != '/') {
    n--;
  }
  return n > root ? n - 1 : n;
}

static bool path_ends_dotdot(const char *out, size_t n, size_t root) {
  return n - root >= 2 && out[n - 1] == '.' && out[n - 2] == '.' &&
         (n - root == 2 || out[n - 3] == '/');
}

char *wg_path_clean(const char *path) {
  char *out = wg_xalloc(strlen(path) + 2);
  size_t n = 0;
  size_t root = path[0] == '/' ? 1 : 0;
  if (root == 1) {
    out[n++] = '/';
  }
  for (const char *p = path; *p != '\0';) {
    size_t len = strcspn(p, "/");
    bool dot = len == 1 && p[0] == '.';
    bool dotdot = len == 2 && p[0] == '.' && p[1] == '.';
    if (dotdot && n > root && !path_ends_dotdot(out, n, root)) {
      n = path_drop_last(out, n, root);
    } else if (len > 0 && !dot && !(dotdot && root == 1)) {
      if (n > root) {
        out[n++] = '/';
      }
      memcpy(out + n, p, len);
      n += len;
    }
    p += len;
    p += strspn(p, "/");
  }
  if (n == 0) {
    out[n++] = '.';
  }
  out[n] = '\0';
  return out;
}

char *wg_path_absolute(const char *path) {
  WG_AUTO(wg_cstr) cwd = wg_os_getcwd();
  WG_AUTO(wg_cstr) joined = wg_path_join(cwd, path);
  return wg_path_clean(joined);
}

const char *wg_path_below(const char *path, const char *dir) {
  size_t n = dir == NULL ? 0 : strlen(dir);
  return n > 0 && strncmp(path, dir, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

bool wg_path_is_below(const char *path, const char *dir) {
  size_t n = strlen(dir);
  if (strcmp(dir, "/") == 0) {
    return path[0] == '/';
  }
  return strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/');
}
