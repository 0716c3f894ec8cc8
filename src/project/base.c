// SPDX-License-Identifier: Apache-2.0
#include "project/image.h"

#include <string.h>

#include "crypto/digest.h"
#include "image/file/looks.h"
#include "image/part/part.h"
#include "image/synthetic/synthetic.h"
#include "image/write/side.h"
#include "project/hostfile.h"
#include "project/values.h"

static const wg_choice arches[] = {
    {"amd64", 0, false}, {"arm64", 0, false}, {"386", 0, false}, {NULL, 0, false}};

#define IMG(field) WG_AT(wg_cfg_image, field)
#define BASE(field) WG_AT(wg_cfg_base, field)
const wg_choice wg_cfg_synthetic_products[] = {
    {"windows-7", 0, false},         {"windows-10", 0, false},
    {"windows-11", 0, false},        {"server-2022", 0, false},
    {"server-2025", 0, false},       {"windows-7-setup", 0, false},
    {"windows-10-setup", 0, false},  {"windows-11-setup", 0, false},
    {"server-2022-setup", 0, false}, {"server-2025-setup", 0, false},
    {"windows-7-iso", 0, false},     {"windows-10-iso", 0, false},
    {"windows-11-iso", 0, false},    {"server-2022-iso", 0, false},
    {"server-2025-iso", 0, false},   {NULL, 0, false}};
const wg_choice wg_cfg_synthetic_states[] = {{"generalized", 0, false},
                                             {"generalized-audit", 0, false},
                                             {"specialized", 0, false},
                                             {"specialized-audit", 0, false},
                                             {"undeployable", 0, false},
                                             {"complete", 0, false},
                                             {NULL, 0, false}};
static const wg_choice disc_wims[] = {{"install", WG_IMAGE_DISC_INSTALL, false},
                                      {"boot", WG_IMAGE_DISC_BOOT, false},
                                      {NULL, 0, false}};
static const wg_key base_keys[] = {
    {.name = "file",
     .type = WG_KEY_PATH,
     .flags = WG_KF_VAR,
     .group = 1,
     .at = BASE(path),
     .pos_at = BASE(path_pos),
     .mark_at = BASE(kind),
     .mark = WG_BASE_FILE,
     .check = wg_cfg_check_host_path,
     .doc =
         "A .wim or .esd file, a part of a split one (.swm; the other parts lie beside it), or a "
         "Windows .iso with sources/install.wim, .esd or .swm in it. The content tells what it "
         "is, not the name. It is opened read-only and never changed.",
     .example = "base/base.wim"},
    {.name = "dir",
     .type = WG_KEY_PATH,
     .flags = WG_KF_VAR,
     .group = 1,
     .at = BASE(path),
     .pos_at = BASE(path_pos),
     .mark_at = BASE(kind),
     .mark = WG_BASE_DIR,
     .check = wg_cfg_check_host_path,
     .doc = "A folder that holds the tree of drive C:. What Linux has no form for (descriptors, "
            "attributes, short names, streams, links) comes from the file `.wingo-meta` in it, "
            "which `wingo wim apply --meta` writes, and from what Samba and NTFS drivers keep in "
            "extended attributes (docs/formats/meta.md).",
     .example = "base/tree"},
    {.name = "synthetic",
     .type = WG_KEY_ENUM,
     .flags = WG_KF_STORE_NAME,
     .choices = wg_cfg_synthetic_products,
     .group = 1,
     .at = BASE(path),
     .pos_at = BASE(path_pos),
     .mark_at = BASE(kind),
     .mark = WG_BASE_SYNTHETIC,
     .doc =
         "A base that wingo makes itself, for demos, tests and CI: the folders and the registry of "
         "that version, placeholders for its programs, nothing of Microsoft's. It does not start. "
         "`image` may be left out: the Pro or Standard edition then; `arch` too: amd64. `-setup` "
         "is "
         "the boot.wim of that version: Windows PE, and Setup, which is taken without `image`; "
         "`-iso` is its installation medium, whose install.wim is the base.",
     .example = "windows-11"},
    {.name = "state",
     .type = WG_KEY_ENUM,
     .flags = WG_KF_STORE_NAME,
     .choices = wg_cfg_synthetic_states,
     .at = BASE(state),
     .pos_at = BASE(state_pos),
     .doc = "How far Setup has come with a synthetic base, as its ImageState says: `generalized` "
            "when left out, as on media; `complete` is a system that was started and set up.",
     .example = "complete"},
    {.name = "wim",
     .type = WG_KEY_ENUM,
     .choices = disc_wims,
     .at = BASE(wim),
     .pos_at = BASE(wim_pos),
     .doc = "Which WIM of an ISO: what Setup installs (sources/install.wim, .esd or .swm), as "
            "without it, or Windows PE with Setup (sources/boot.wim).",
     .example = "boot"},
    {.name = "image",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR | WG_KF_FOR_GROUP,
     .group = 1,
     .at = BASE(image),
     .pos_at = BASE(image_pos),
     .check = wg_cfg_check_base_image,
     .doc =
         "Which image of the file: its NAME, its number counted from 1, its DISPLAYNAME or its "
         "edition, the first of these that fits; letter case counts only where it must. It may "
         "be left out when the file has just one. Without `file`, `dir` and `synthetic`: another "
         "image of this project, by its name in `images`; what that one makes is the base, and "
         "is made first.",
     .example = "Windows 11 Pro"},
    {.name = "index",
     .flags = WG_KF_PLANNED,
     .refused = "of a file or a synthetic base write 'image: 2' (the number, or the name); where "
                "'image' names an image of this project, 'indexes: {2: {...}}' beside 'base' says "
                "which of its images are meant"},
    {.name = "sha256",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = BASE(sha256),
     .pos_at = BASE(sha256_pos),
     .check = wg_cfg_check_sha256,
     .pattern = "^(sha256:)?[0-9A-Fa-f]{64}$",
     .doc = "The SHA-256 of the file: another file is refused. `wingo check` prints the line to "
            "paste. Of a split image pin part 1: what it says of all contents is checked when the "
            "base is read.",
     .example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
    {.name = NULL}};

static const wg_key rows[] = {
    {.name = "base",
     .type = WG_KEY_MAP,
     .flags = WG_KF_REQUIRED | WG_KF_POSITION_OF_KEY,
     .sub = base_keys,
     .at = IMG(base),
     .pos_at = IMG(base.pos),
     .doc = "The Windows image to start from: exactly one of `file`, `dir` and `synthetic`, or "
            "another image of the project, `image`.",
     .example = "{file: base/base.wim, image: Windows 11 Pro}"},
    {.name = "arch",
     .type = WG_KEY_ENUM,
     .flags = WG_KF_STORE_NAME,
     .choices = arches,
     .at = IMG(arch),
     .pos_at = IMG(arch_pos),
     .doc = "The image's architecture, which picks the programs. It is needed only where the base "
            "states none; where the base states another one, that is an error.",
     .example = "amd64"},
    {.name = NULL}};

// What is said of a file, and is not of what an image of the project makes.
void wg_base_of_image_rules(wg_cfg *c, const wg_cfg_base *b, const char *path) {
  const struct {
    const char *key;
    wg_pos pos;
  } keys[] = {{"sha256", b->sha256_pos}, {"wim", b->wim_pos}, {"state", b->state_pos}};
  for (size_t i = 0; i < WG_ARRAY_LEN(keys); i++) {
    if (keys[i].pos.line != 0) {
      wg_cfg_error(c, keys[i].pos,
                   wg_cfg_printf(c, "%s.base: '%s' beside a base that image '%s' makes", path,
                                 keys[i].key, b->of),
                   "remove it");
    }
  }
}

static void base_rules(wg_cfg *c, const wg_place *at) {
  wg_cfg_image *img = at->self;
  wg_cfg_base *b = &img->base;
  if (b->path_pos.line == 0 && b->image != NULL) {
    b->kind = WG_BASE_IMAGE;
    b->of = b->path = b->image;
    b->of_kind = -1;
    b->path_pos = b->image_pos;
    b->image = NULL;
    b->image_pos = (wg_pos){0};
    wg_base_of_image_rules(c, b, at->path);
    return;
  }
  if (b->path_pos.line != 0 && b->kind == WG_BASE_SYNTHETIC && b->sha256_pos.line != 0) {
    wg_cfg_error(
        c, b->sha256_pos,
        wg_cfg_printf(c, "%s.base: 'sha256' pins a file, and the base is synthetic", at->path),
        "remove it");
  }
  if (b->path_pos.line != 0 && b->kind != WG_BASE_SYNTHETIC && b->state_pos.line != 0) {
    wg_cfg_error(c, b->state_pos,
                 wg_cfg_printf(c, "%s.base: 'state' is for a synthetic base", at->path),
                 "remove it");
  }
  if (b->path_pos.line != 0 && b->kind == WG_BASE_DIR && b->wim_pos.line != 0) {
    wg_cfg_error(c, b->wim_pos,
                 wg_cfg_printf(c,
                               "%s.base: 'wim' chooses a file of an ISO, and the base is a folder",
                               at->path),
                 "remove it");
  }
  if (b->path_pos.line == 0 || b->kind != WG_BASE_DIR) {
    return;
  }
  if (img->arch_pos.line == 0) {
    wg_cfg_error(
        c, at->pos,
        wg_cfg_printf(c, "%s: 'arch' is missing, and a folder as base does not state it", at->path),
        "add 'arch: amd64' (or arm64, 386)");
  }
  if (b->sha256_pos.line != 0) {
    wg_cfg_error(
        c, b->sha256_pos,
        wg_cfg_printf(c, "%s.base: 'sha256' pins a file, and the base is a folder", at->path),
        "remove it");
  }
  if (b->image_pos.line != 0) {
    wg_cfg_error(c, b->image_pos,
                 wg_cfg_printf(c,
                               "%s.base: 'image' picks an image of a file, and the base is "
                               "a folder",
                               at->path),
                 "remove it");
  }
}

// Remembered by what stat says of the file, where somebody does.
static wg_code base_digest(wg_cfg *c, const char *path, wg_hex *out, wg_error *err) {
  if (c->digests != NULL) {
    return c->digests->of_file(c->digests->ctx, path, out, err);
  }
  WG_AUTO(wg_fd) fd = -1;
  wg_digest d;
  if (wg_os_open_read(WG_CWD, path, &fd, err) != WG_OK ||
      wg_sha256_fd(fd, NULL, &d, NULL, err) != WG_OK) {
    return err->code;
  }
  *out = wg_digest_hex(&d);
  return WG_OK;
}

// Compares the pin with the file, or offers one. A split base's pin is of the part that is named.
static void base_pin(wg_cfg *c, const wg_cfg_base *b, const char *where) {
  WG_AUTO(wg_cstr) path = wg_hostfile_path(c, b->path);
  wg_error err = WG_ERROR_INIT;
  wg_hex hex;
  if (base_digest(c, path, &hex, &err) != WG_OK) {
    wg_cfg_error(c, b->path_pos,
                 wg_cfg_printf(c, "%s.base.file: '%s': %s", where, b->path, err.text), NULL);
    return;
  }
  if (b->sha256 == NULL) {
    wg_cfg_add_fault(c, WG_FAULT_WARNING, b->path_pos,
                     wg_cfg_printf(c, "%s.base: no 'sha256' pins '%s'", where, b->path),
                     wg_cfg_printf(c, "add 'sha256: %s'", hex.s));
  } else if (strcmp(b->sha256, hex.s) != 0) {
    wg_cfg_error(
        c, b->sha256_pos,
        wg_cfg_printf(c, "%s.base.sha256: '%s' is not the file that is pinned", where, b->path),
        wg_cfg_printf(c, "if this file is meant, write 'sha256: %s'", hex.s));
  }
}

// What a fault of the base is of: the base, or the image of it that is meant.
static const char *base_where(wg_cfg *c, const wg_cfg_image *one, const char *path) {
  return one->index == NULL ? wg_cfg_printf(c, "%s.base", path)
                            : wg_cfg_printf(c, "%s.indexes.%s", path, one->index);
}

// Is it a base we can change, is the image there, and do the architectures agree?
static void base_look(wg_cfg *c, wg_image_looks *looks, wg_cfg_image *img, const wg_place *at) {
  const wg_cfg_base *b = &img->base;
  const char *where = at->path;
  if (b->image == NULL && b->image_pos.line != 0) {
    return; // which image is meant is a fault already
  }
  WG_AUTO(wg_cstr) path = wg_hostfile_path(c, b->path);
  wg_image_base base = {
      .kind = WG_IMAGE_BASE_WIM, .wim = (wg_image_disc_wim)b->wim, .path = path, .image = b->image};
  wg_image_base_facts facts = {.arch = ""};
  const char *name = "";
  wg_error err = WG_ERROR_INIT;
  wg_code code = wg_image_looks_at(looks, &base, &facts, &name, &err);
  const char *arch = facts.arch;
  img->arch_found = wg_cfg_printf(c, "%s", arch);
  img->base_image = code == WG_OK ? wg_cfg_printf(c, "%u", (unsigned)facts.image) : NULL;
  img->base_name = code == WG_OK ? wg_cfg_printf(c, "%s", name) : NULL;
  if (code != WG_OK) {
    bool of_image = (code == WG_E_NOT_FOUND || code == WG_E_CONFLICT) && b->image != NULL;
    bool of_wim = code == WG_E_USAGE && b->wim_pos.line != 0;
    wg_cfg_error(
        c,
        of_wim     ? b->wim_pos
        : of_image ? b->image_pos
                   : b->path_pos,
        wg_cfg_printf(c, "%s: %s",
                      of_image ? base_where(c, img, where) : wg_cfg_printf(c, "%s.base", where),
                      err.text),
        NULL);
  } else if (img->arch != NULL && arch[0] != '\0' && !wg_str_eqz(wg_str_of(img->arch), arch)) {
    wg_cfg_error(c, img->arch_pos,
                 wg_cfg_printf(c, "%s.arch: %s, but the base is %s", where, img->arch, arch),
                 "remove 'arch:' or choose another base");
  } else if (img->arch == NULL && arch[0] == '\0') {
    wg_cfg_error(c, at->pos, wg_cfg_printf(c, "%s: its base does not state an architecture", where),
                 "add 'arch: amd64' (or arm64, 386)");
  }
}

// Is there such a product for this architecture, and has it that image?
static void base_synthetic(wg_cfg *c, wg_cfg_image *img, const char *where) {
  const wg_cfg_base *b = &img->base;
  WG_AUTO(wg_cstr) image = NULL;
  img->arch_found = WG_SYNTHETIC_ARCH;
  wg_error err = WG_ERROR_INIT;
  if (wg_synthetic_check(b->path, img->arch, NULL, NULL, NULL, &err) != WG_OK) {
    wg_cfg_error(c, img->arch_pos, wg_cfg_printf(c, "%s.arch: %s", where, err.text), NULL);
  } else if (wg_synthetic_check(b->path, img->arch, b->state, NULL, NULL, &err) != WG_OK) {
    wg_cfg_error(c, b->state_pos, wg_cfg_printf(c, "%s.base: %s", where, err.text),
                 "remove 'state'");
  } else if (wg_synthetic_check_disc(b->path, img->arch, b->state, (wg_image_disc_wim)b->wim,
                                     b->image, &image, &err) != WG_OK) {
    wg_cfg_error(c, err.code == WG_E_USAGE ? b->wim_pos : b->image_pos,
                 wg_cfg_printf(c, "%s: %s", base_where(c, img, where), err.text), NULL);
  } else {
    img->base_image = img->base_name = wg_cfg_printf(c, "%s", image);
  }
}

// winre: of an image that has none.
static void base_winre(wg_cfg *c, const wg_cfg_image *one, const char *where) {
  const wg_cfg_base *b = &one->base;
  bool there = true;
  wg_error err = WG_ERROR_INIT;
  if (!one->winre.present || (one->base_image == NULL && b->kind != WG_BASE_DIR)) {
    return; // not wanted, or the base is faulty
  }
  if (b->kind == WG_BASE_SYNTHETIC) {
    there = wg_synthetic_has_winre(b->path, (wg_image_disc_wim)b->wim);
  } else {
    WG_AUTO(wg_cstr) path = wg_hostfile_path(c, b->path);
    const wg_image_base base = {.kind =
                                    b->kind == WG_BASE_DIR ? WG_IMAGE_BASE_DIR : WG_IMAGE_BASE_WIM,
                                .wim = (wg_image_disc_wim)b->wim,
                                .path = path,
                                .image = b->image};
    if (wg_image_has(&base, WG_PART_WINRE_PATH, &there, &err) != WG_OK) {
      wg_cfg_error(c, b->path_pos, wg_cfg_printf(c, "%s.base: %s", where, err.text), NULL);
      return;
    }
  }
  if (!there) {
    WG_AUTO(wg_cstr)
    text = wg_part_winre_absent(b->kind == WG_BASE_SYNTHETIC ? one->base_image : b->image);
    wg_cfg_error(c, one->winre.pos, wg_cfg_printf(c, "%s.winre: %s", where, text),
                 WG_PART_WINRE_CURE);
  }
}

// Two names of one image.
static void base_twice(wg_cfg *c, const wg_cfg_image *img, const char *where) {
  for (size_t i = 0; i < img->n_serviced; i++) {
    const wg_cfg_image *x = &img->serviced[i];
    for (size_t k = 0; k < i && x->base_image != NULL; k++) {
      const wg_cfg_image *y = &img->serviced[k];
      if (y->base_image != NULL && strcmp(x->base_image, y->base_image) == 0) {
        wg_cfg_error(c, x->pos,
                     wg_cfg_printf(c, "%s.indexes: '%s' is the same image of the base as '%s'",
                                   where, x->index, y->index),
                     "make it one entry");
      }
    }
  }
}

// What a build would refuse of a folder: a mistake in its sidecar, names that no image can have.
static void base_dir(wg_cfg *c, const wg_cfg_image *img, const char *where) {
  const wg_cfg_base *b = &img->base;
  WG_AUTO(wg_cstr) path = wg_hostfile_path(c, b->path);
  wg_error err = WG_ERROR_INIT;
  if (wg_image_side_check(path, img->arch, &err) != WG_OK) {
    wg_cfg_error(c, b->path_pos, wg_cfg_printf(c, "%s.base: %s", where, err.text), NULL);
  }
}

static void base_files(wg_cfg *c, const wg_place *at) {
  wg_cfg_image *img = at->self;
  const wg_cfg_base *b = &img->base;
  wg_stat st;
  bool is_file = b->kind == WG_BASE_FILE;
  WG_AUTO(wg_image_looks) looks = {0};
  if (b->path == NULL || b->kind == WG_BASE_IMAGE) {
    return; // what is not made yet can't be looked at
  }
  for (size_t i = 0; i < img->n_serviced && b->kind == WG_BASE_SYNTHETIC; i++) {
    base_synthetic(c, &img->serviced[i], at->path);
    base_winre(c, &img->serviced[i], at->path);
  }
  if (b->kind == WG_BASE_SYNTHETIC) {
    base_twice(c, img, at->path);
    return;
  }
  const char *label = wg_cfg_printf(c, "%s.base.%s", at->path, is_file ? "file" : "dir");
  if (!wg_hostfile_stat(c, label, b->path, b->path_pos, is_file ? WG_FT_FILE : WG_FT_DIR, &st)) {
    return;
  }
  if (!is_file) {
    base_dir(c, img, at->path);
  }
  for (size_t i = 0; i < img->n_serviced; i++) {
    if (is_file) {
      base_look(c, &looks, &img->serviced[i], at);
    } else {
      img->serviced[i].base_name = img->name;
    }
    base_winre(c, &img->serviced[i], at->path);
  }
  base_twice(c, img, at->path);
  if (is_file && (b->sha256 != NULL || b->sha256_pos.line == 0)) { // else it is a fault already
    base_pin(c, b, at->path);
  }
}

const wg_section wg_section_base = {.rows = rows, .rules = base_rules, .files = base_files};
