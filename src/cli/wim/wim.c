// SPDX-License-Identifier: Apache-2.0
#include "cli/wim/wim.h"
#include "base/near.h"

#include <string.h>

#include "base/civil.h"
#include "base/human.h"
#include "base/utf.h"
#include "cli/core/internal.h"
#include "image/tree/edit.h"
#include "os/temp.h"

void wg_cli_image_done(wg_cli_image *i) {
  wg_image_file_done(&i->file);
  wg_buf_done(&i->bytes);
  wg_arena_done(&i->arena);
}

wg_code wg_cli_image_open(wg_cli_image *i, const char *path, const char *which, wg_error *err) {
  i->file = (wg_image_file)WG_IMAGE_FILE_INIT;
  wg_arena_init(&i->arena, wg_heap(), (size_t)8 << 30);
  wg_buf_init(&i->bytes, wg_heap(), (size_t)1 << 31);
  if (wg_image_file_open(&i->file, path, err) != WG_OK) {
    return err->code;
  }
  if (wg_image_file_find(&i->file, which, &i->image, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  return wg_image_file_tree(&i->file, i->image, &i->arena, 0, &i->bytes, &i->tree, err);
}

// The name in the folder that name was perhaps meant to be. In the arena; NULL: none.
static const char *image_near(wg_cli_image *i, uint32_t dir, const char *name) {
  const char **names = NULL;
  size_t n = 0, cap = 0;
  for (uint32_t c = i->tree.entries[dir].first_child; c != WG_WIM_NO_ENTRY;
       c = i->tree.entries[c].next) {
    WG_AUTO(wg_buf) b = {0};
    wg_buf_init(&b, wg_heap(), 0);
    wg_str name16 = i->tree.entries[c].name16;
    char *copy = NULL;
    if (wg_utf16le_to_utf8((const uint8_t *)name16.p, name16.n, &b)) {
      copy = wg_arena_strdup(&i->arena, wg_buf_z(&b));
    }
    if (copy != NULL) {
      wg_vec_push(&names, &n, &cap) = copy;
    }
  }
  const char *near = wg_nearest(name, names, n);
  wg_xfree((void *)names);
  return near;
}

static wg_code image_not_found(wg_cli_image *i, const char *path, const wg_winpath *p,
                               wg_error *err) {
  uint32_t dir = 0;
  for (size_t n = 1; n <= p->n_names; n++) {
    wg_winpath head = {.names = p->names, .n_names = n};
    uint32_t entry = WG_WIM_NO_ENTRY;
    if (wg_image_edit_find(&i->tree, &head, &i->arena, &entry, err) != WG_OK) {
      return err->code;
    }
    if (entry == WG_WIM_NO_ENTRY) {
      WG_AUTO(wg_buf) at = {0};
      WG_AUTO(wg_cstr) name = wg_xstrndup(p->names[n - 1].p, p->names[n - 1].n);
      wg_buf_init(&at, wg_heap(), 0);
      wg_wim_tree_path(&i->tree, dir, &at);
      const char *near = image_near(i, dir, name);
      return wg_fail(err, WG_E_NOT_FOUND, "image %u of '%s' has no '%s': no '%s' in '%s'%s%s%s",
                     (unsigned)i->image + 1, i->file.path, path, name, wg_buf_z(&at),
                     near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                     near != NULL ? "'?" : "");
    }
    dir = entry;
  }
  return wg_fail(err, WG_E_NOT_FOUND, "image %u of '%s' has no '%s'", (unsigned)i->image + 1,
                 i->file.path, path);
}

wg_code wg_cli_image_find(wg_cli_image *i, const char *path, uint32_t *out, wg_error *err) {
  wg_winpath p;
  *out = 0;
  if (path[0] == '\0') {
    return WG_OK;
  }
  if (wg_winpath_parse(path, &i->arena, &p, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  if (wg_image_edit_find(&i->tree, &p, &i->arena, out, err) != WG_OK) {
    return err->code;
  }
  return *out == WG_WIM_NO_ENTRY ? image_not_found(i, path, &p, err) : WG_OK;
}

void wg_cli_progress_show(void *progress, const char *stage, uint64_t done, uint64_t total,
                          const char *unit) {
  wg_cli_progress *p = progress;
  uint64_t now = wg_os_mono_ns();
  if (p->cli->quiet || !wg_os_is_tty(2) || now - p->last_ns < 100000000) {
    return;
  }
  WG_AUTO(wg_buf) b = {0};
  wg_error ignored = WG_ERROR_INIT;
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_printf(&b, "\r\033[K%s %3u %%", stage,
                total == 0 ? 100 : (unsigned)((double)done * 100 / (double)total));
  if (strcmp(unit, "bytes") == 0) {
    wg_buf_add_z(&b, "  ");
    wg_text_add_size(&b, done);
    wg_buf_add_z(&b, " of ");
    wg_text_add_size(&b, total);
  }
  (void)!wg_os_write_all(2, b.p, b.n, &ignored);
  p->last_ns = now;
  p->shown = true;
}

void wg_cli_progress_end(wg_cli_progress *p) {
  wg_error ignored = WG_ERROR_INIT;
  if (p->shown) {
    (void)!wg_os_write_all(2, "\r\033[K", 4, &ignored);
    p->shown = false;
  }
}

wg_code wg_cli_tmp_make(wg_cli_tmp *t, const char *dir, wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  wg_error ignored = WG_ERROR_INIT;
  if (wg_os_open_dir(WG_CWD, dir, &fd, &ignored) == WG_OK) {
    (void)wg_os_sweep(fd, false);
  }
  return wg_os_temp_dir(dir, &t->path, &t->fd, err);
}

void wg_cli_tmp_done(wg_cli_tmp *t) {
  wg_error ignored = WG_ERROR_INIT;
  if (t->path != NULL) {
    (void)!wg_os_rmtree(WG_CWD, t->path, &ignored);
  }
  wg_fd_done(&t->fd); // so long nobody else removes it
  wg_xfree(t->path);
}

bool wg_cli_wants_esd(const wg_cli *c, const char *path) {
  return !wg_cli_has(c, "lzx") &&
         (wg_cli_has(c, "esd") || wg_cli_has(c, "solid") || wg_str_ends(wg_str_of(path), ".esd"));
}

bool wg_cli_threads(const wg_cli *c, unsigned *out) {
  const char *text = wg_cli_value(c, "threads");
  uint64_t n = wg_os_cpu_count();
  if (text != NULL && (!wg_parse_u64(wg_str_of(text), &n) || n < 1 || n > 256)) {
    (void)wg_cli_usage(c, "--threads takes a number from 1 to 256, not '%s'", text);
    return false;
  }
  *out = n > 256 ? 256 : (unsigned)n;
  return true;
}

void wg_cli_add_filetime(wg_buf *out, uint64_t filetime) {
  wg_civil t = wg_civil_of_filetime(filetime);
  wg_buf_printf(out, "%04lld-%02u-%02uT%02u:%02u:%02u.%07uZ", (long long)t.year, t.month, t.day,
                t.hour, t.minute, t.second, (unsigned)(filetime % 10000000));
}
