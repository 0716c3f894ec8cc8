// Checks that need the file system.
#include <string.h>

#include "base/near.h"
#include "config/cfg.h"
#include "crypto/digest.h"
#include "image/file/base.h"
#include "image/synthetic/synthetic.h"
#include "os/proc.h"
#include "project/project.h"

typedef struct files_check {
  wg_cfg *c;
  const wg_project *p;
} files_check;

static void files_fault(files_check *k, wg_severity s, wg_pos pos, const char *text,
                        const char *hint) {
  wg_cfg_add_fault(k->c, s, pos, text, hint);
}

static char *files_path(const files_check *k, const char *given) {
  return wg_path_join(k->p->dir, given);
}

// The name in the folder that the user may have meant.
static const char *files_near(files_check *k, const char *path) {
  WG_AUTO(wg_cstr) folder = wg_path_dirname(path);
  wg_dirent *e = NULL;
  size_t n = 0;
  wg_error err = WG_ERROR_INIT;
  if (wg_os_list_dir(WG_CWD, folder, &k->c->arena, &e, &n, &err) != WG_OK || n > 5000) {
    return NULL;
  }
  const char **names = wg_cfg_alloc(k->c, n, sizeof(*names));
  for (size_t i = 0; i < n; i++) {
    names[i] = e[i].name;
  }
  return wg_nearest(wg_path_basename(path), names, n);
}

// Stats a named file or folder (want; 0: either). False after adding a fault.
static bool files_stat(files_check *k, const char *label, const char *given, wg_pos pos, int want,
                       wg_stat *out) {
  WG_AUTO(wg_cstr) path = files_path(k, given);
  wg_error err = WG_ERROR_INIT;
  wg_code code = wg_os_stat(WG_CWD, path, true, out, &err);
  if (code == WG_E_NOT_FOUND) {
    const char *near = files_near(k, path);
    files_fault(k, WG_FAULT_ERROR, pos, wg_cfg_printf(k->c, "%s: there is no '%s'", label, given),
                near != NULL ? wg_cfg_printf(k->c, "did you mean '%s'?", near)
                             : "paths are relative to the folder of the project file");
    return false;
  }
  if (code != WG_OK) {
    files_fault(k, WG_FAULT_ERROR, pos, wg_cfg_printf(k->c, "%s: %s", label, err.text), NULL);
    return false;
  }
  bool fits =
      want == 0 ? out->type == WG_FT_FILE || out->type == WG_FT_DIR : (int)out->type == want;
  if (!fits) {
    files_fault(k, WG_FAULT_ERROR, pos,
                wg_cfg_printf(k->c, "%s: '%s' is not a %s", label, given,
                              want == WG_FT_DIR    ? "folder"
                              : want == WG_FT_FILE ? "file"
                                                   : "file or folder"),
                NULL);
  }
  return fits;
}

static bool files_has(const char *folder, const char *name) {
  WG_AUTO(wg_cstr) path = wg_path_join(folder, name);
  return wg_os_exists(WG_CWD, path);
}

// A folder is good when it, or a folder above it, has go.mod (go.work alone makes no module).
static bool files_in_module(const char *folder) {
  WG_AUTO(wg_cstr) at = wg_path_absolute(folder);
  for (;;) {
    if (files_has(at, "go.mod")) {
      return true;
    }
    char *up = wg_path_dirname(at);
    bool top = strcmp(up, at) == 0 || strcmp(at, "/") == 0;
    wg_xfree(at);
    at = up;
    if (top) {
      return false;
    }
  }
}

static bool files_has_go_source(files_check *k, const char *folder) {
  wg_dirent *e = NULL;
  size_t n = 0;
  wg_error err = WG_ERROR_INIT;
  if (wg_os_list_dir(WG_CWD, folder, &k->c->arena, &e, &n, &err) != WG_OK) {
    return true; // said elsewhere
  }
  for (size_t i = 0; i < n; i++) {
    if (wg_str_ends(wg_str_of(e[i].name), ".go")) {
      return true;
    }
  }
  return false;
}

static void files_main(files_check *k, const wg_cfg_app *app, const char *folder) {
  const char *label = wg_cfg_printf(k->c, "apps.%s.main", app->name);
  if (app->main == NULL || app->main[0] != '.') { // an import path: only go knows where it is
    return;
  }
  const char *given = wg_cfg_printf(k->c, "%s/%s", app->dir, app->main);
  WG_AUTO(wg_cstr) clean = wg_path_clean(given);
  wg_pos pos = app->main_pos.line != 0 ? app->main_pos : app->pos;
  wg_stat st;
  if (!files_stat(k, label, clean, pos, WG_FT_DIR, &st)) {
    return;
  }
  WG_AUTO(wg_cstr) path = wg_path_join(folder, app->main);
  if (!files_has_go_source(k, path)) {
    files_fault(k, WG_FAULT_ERROR, pos,
                wg_cfg_printf(k->c, "%s: '%s' has no Go source", label, clean),
                "name the package that holds func main");
  }
}

static void files_icon(files_check *k, const wg_cfg_app *app) {
  const char *icon = app->windows.icon;
  const char *label = wg_cfg_printf(k->c, "apps.%s.windows.icon", app->name);
  wg_stat st;
  if (icon == NULL || !files_stat(k, label, icon, app->windows.icon_pos, WG_FT_FILE, &st)) {
    return;
  }
  WG_AUTO(wg_cstr) path = files_path(k, icon);
  WG_AUTO(wg_fd) fd = -1;
  wg_error err = WG_ERROR_INIT;
  uint8_t head[4] = {0};
  size_t n = 0;
  if (wg_os_open_read(WG_CWD, path, &fd, &err) != WG_OK ||
      wg_os_read(fd, head, sizeof(head), &n, &err) != WG_OK) {
    files_fault(k, WG_FAULT_ERROR, app->windows.icon_pos,
                wg_cfg_printf(k->c, "%s: %s", label, err.text), NULL);
  } else if (n < 4 || wg_le32(head) != 0x00010000) { // ICONDIR: reserved 0, type 1
    files_fault(k, WG_FAULT_ERROR, app->windows.icon_pos,
                wg_cfg_printf(k->c, "%s: '%s' is not an icon file", label, icon),
                "give an .ico file; a .png must be put into one first");
  }
}

static void files_app(files_check *k, const wg_cfg_app *app) {
  wg_stat st;
  wg_pos pos = app->dir_pos.line != 0 ? app->dir_pos : app->pos;
  const char *label = wg_cfg_printf(k->c, "apps.%s.dir", app->name);
  if (app->dir != NULL && files_stat(k, label, app->dir, pos, WG_FT_DIR, &st)) {
    WG_AUTO(wg_cstr) folder = files_path(k, app->dir);
    if (!files_in_module(folder)) {
      files_fault(k, WG_FAULT_ERROR, pos,
                  wg_cfg_printf(k->c, "%s: '%s' is not in a Go module: there is no go.mod", label,
                                app->dir),
                  "run 'go mod init' there");
    } else {
      files_main(k, app, folder);
    }
  }
  files_icon(k, app);
  if (app->windows.manifest.file != NULL) {
    (void)files_stat(k, wg_cfg_printf(k->c, "apps.%s.windows.manifest.file", app->name),
                     app->windows.manifest.file, app->windows.manifest.pos, WG_FT_FILE, &st);
  }
}

// Compares the pin with the file, or offers one. A split base's pin is of the part that is named.
static void files_pin(files_check *k, const wg_cfg_image *img) {
  WG_AUTO(wg_cstr) path = files_path(k, img->base.path);
  WG_AUTO(wg_fd) fd = -1;
  wg_error err = WG_ERROR_INIT;
  wg_digest d, pin;
  if (wg_os_open_read(WG_CWD, path, &fd, &err) != WG_OK ||
      wg_sha256_fd(fd, NULL, &d, NULL, &err) != WG_OK) {
    files_fault(
        k, WG_FAULT_ERROR, img->base.path_pos,
        wg_cfg_printf(k->c, "images.%s.base.file: '%s': %s", img->name, img->base.path, err.text),
        NULL);
    return;
  }
  const char *hex = wg_cfg_printf(k->c, "%s", wg_digest_hex(&d).s);
  if (img->base.sha256 == NULL) {
    files_fault(
        k, WG_FAULT_WARNING, img->base.path_pos,
        wg_cfg_printf(k->c, "images.%s.base: no 'sha256' pins '%s'", img->name, img->base.path),
        wg_cfg_printf(k->c, "add 'sha256: %s'", hex));
  } else if (!wg_digest_parse(wg_str_of(img->base.sha256), &pin) || !wg_digest_eq(&pin, &d)) {
    files_fault(k, WG_FAULT_ERROR, img->base.sha256_pos,
                wg_cfg_printf(k->c, "images.%s.base.sha256: '%s' is not the file that is pinned",
                              img->name, img->base.path),
                wg_cfg_printf(k->c, "if this file is meant, write 'sha256: %s'", hex));
  }
}

// Is it a base we can change, is the image there, and do the architectures agree?
static void files_base(files_check *k, const wg_cfg_image *img) {
  if (img->base.image == NULL && img->base.image_pos.line != 0) {
    return; // which image is meant is a fault already
  }
  WG_AUTO(wg_cstr) path = files_path(k, img->base.path);
  wg_image_base base = {.kind = WG_IMAGE_BASE_WIM, .path = path, .image = img->base.image};
  wg_image_base_facts facts = {.arch = ""};
  wg_error err = WG_ERROR_INIT;
  wg_code code = wg_image_base_look(&base, &facts, &err);
  const char *arch = facts.arch;
  if (code != WG_OK) {
    bool of_image = (code == WG_E_NOT_FOUND || code == WG_E_CONFLICT) && img->base.image != NULL;
    files_fault(k, WG_FAULT_ERROR, of_image ? img->base.image_pos : img->base.path_pos,
                wg_cfg_printf(k->c, "images.%s.base: %s", img->name, err.text), NULL);
  } else if (img->arch != NULL && arch[0] != '\0' && !wg_str_eqz(wg_str_of(img->arch), arch)) {
    files_fault(
        k, WG_FAULT_ERROR, img->arch_pos,
        wg_cfg_printf(k->c, "images.%s.arch: %s, but the base is %s", img->name, img->arch, arch),
        "remove 'arch:' or choose another base");
  } else if (img->arch == NULL && arch[0] == '\0') {
    files_fault(
        k, WG_FAULT_ERROR, img->pos,
        wg_cfg_printf(k->c, "images.%s: its base does not state an architecture", img->name),
        "add 'arch: amd64' (or arm64, 386)");
  }
}

// Is there such a product for this architecture, and has it that image?
static void files_synthetic(files_check *k, const wg_cfg_image *img) {
  wg_error err = WG_ERROR_INIT;
  const wg_cfg_base *b = &img->base;
  if (wg_synthetic_check(b->path, img->arch, NULL, NULL, NULL, &err) != WG_OK) {
    files_fault(k, WG_FAULT_ERROR, img->arch_pos,
                wg_cfg_printf(k->c, "images.%s.arch: %s", img->name, err.text), NULL);
  } else if (wg_synthetic_check(b->path, img->arch, b->state, NULL, NULL, &err) != WG_OK) {
    files_fault(k, WG_FAULT_ERROR, b->state_pos,
                wg_cfg_printf(k->c, "images.%s.base: %s", img->name, err.text), "remove 'state'");
  } else if (wg_synthetic_check(b->path, img->arch, b->state, b->image, NULL, &err) != WG_OK) {
    files_fault(k, WG_FAULT_ERROR, img->base.image_pos,
                wg_cfg_printf(k->c, "images.%s.base: %s", img->name, err.text), NULL);
  }
}

static void files_image(files_check *k, const wg_cfg_image *img) {
  wg_stat st;
  bool is_file = img->base.kind == WG_BASE_FILE;
  const char *label = wg_cfg_printf(k->c, "images.%s.base.%s", img->name, is_file ? "file" : "dir");
  if (img->base.path != NULL && img->base.kind == WG_BASE_SYNTHETIC) {
    files_synthetic(k, img);
  } else if (img->base.path != NULL &&
             files_stat(k, label, img->base.path, img->base.path_pos,
                        is_file ? WG_FT_FILE : WG_FT_DIR, &st) &&
             is_file) {
    files_base(k, img);
    if (img->base.sha256 != NULL || img->base.sha256_pos.line == 0) { // else it is a fault already
      files_pin(k, img);
    }
  }
  for (size_t i = 0; i < img->n_registry; i++) {
    if (img->registry[i].file != NULL) {
      (void)files_stat(k, wg_cfg_printf(k->c, "images.%s.registry", img->name),
                       img->registry[i].file, img->registry[i].file_pos, WG_FT_FILE, &st);
    }
  }
  for (size_t i = 0; i < img->n_files; i++) {
    if (img->files[i].from != NULL) {
      (void)files_stat(k, wg_cfg_printf(k->c, "images.%s.files", img->name), img->files[i].from,
                       img->files[i].path_pos, 0, &st);
    }
  }
}

wg_code wg_project_check_files(wg_cfg *c, wg_error *err) {
  if (c->model == NULL) {
    return WG_OK; // nothing was understood
  }
  files_check k = {c, c->model};
  size_t before = c->n_errors;
  for (size_t i = 0; i < k.p->n_apps; i++) {
    files_app(&k, &k.p->apps[i]);
  }
  for (size_t i = 0; i < k.p->n_images; i++) {
    files_image(&k, &k.p->images[i]);
  }
  wg_cfg_sort_faults(c);
  return c->n_errors == before ? WG_OK : wg_cfg_fail_faulty(c, k.p->file, err);
}
