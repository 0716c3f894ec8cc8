// SPDX-License-Identifier: Apache-2.0
// Drives fmt/pe, fmt/ico and fmt/rsrc from test scripts.
//   pe_tool syso GOARCH OUT key=value...   writes a resource object
//   pe_tool dump FILE                      prints a PE image as key=value lines
//   pe_tool digest FILE                    prints its Authenticode SHA-256 and header checksum
//   pe_tool icon FILE OUT.ico              writes the first icon group as a file
//   pe_tool ico FILE                       prints the images of an icon file
// Errors: "CODE offset: text" on stderr, exit 1.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "fmt/ico/ico.h"
#include "fmt/pe/pe.h"
#include "fmt/rsrc/rsrc.h"
#include "os/file.h"

#include "no_leaks.h"

static int fail(const wg_error *err) {
  fprintf(stderr, "%s %" PRId64 ": %s\n", wg_code_name(err->code), (int64_t)err->off_bytes,
          err->text);
  return 1;
}

static wg_buf read_file(const char *path) {
  wg_buf b = {0};
  wg_error err = WG_ERROR_INIT;
  wg_buf_init(&b, wg_heap(), 0);
  if (wg_os_read_file(WG_CWD, path, 1U << 30, &b, &err) != WG_OK) {
    exit(fail(&err));
  }
  return b;
}

static void write_file(const char *path, const wg_buf *b) {
  wg_error err = WG_ERROR_INIT;
  if (wg_os_write_file(WG_CWD, path, b->p, b->n, 0644, false, &err) != WG_OK) {
    exit(fail(&err));
  }
}

typedef struct syso_args {
  wg_rsrc_spec spec;
  wg_rsrc_version_info version;
  wg_rsrc_manifest manifest;
} syso_args;

static bool set_text(syso_args *a, const char *key, const char *value) {
  const struct {
    const char *key;
    const char **to;
  } texts[] = {
      {"company", &a->version.company},
      {"description", &a->version.description},
      {"product", &a->version.product},
      {"copyright", &a->version.copyright},
      {"trademarks", &a->version.trademarks},
      {"comments", &a->version.comments},
      {"internal_name", &a->version.internal_name},
      {"original_filename", &a->version.original_filename},
      {"file_version", &a->version.file_version},
      {"product_version", &a->version.product_version},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(texts); i++) {
    if (strcmp(key, texts[i].key) == 0) {
      *texts[i].to = value;
      a->spec.version = &a->version;
      return true;
    }
  }
  return false;
}

static bool set_manifest(syso_args *a, const char *key, const char *value) {
  wg_rsrc_manifest *m = &a->manifest;
  bool on = strcmp(value, "true") == 0;
  if (strcmp(key, "level") == 0) {
    m->level = strcmp(value, "admin") == 0     ? WG_RSRC_LEVEL_ADMIN
               : strcmp(value, "highest") == 0 ? WG_RSRC_LEVEL_HIGHEST
                                               : WG_RSRC_LEVEL_AS_INVOKER;
  } else if (strcmp(key, "dpi") == 0) {
    m->dpi = (wg_rsrc_dpi)atoi(value);
  } else if (strcmp(key, "ui_access") == 0) {
    m->ui_access = on;
  } else if (strcmp(key, "long_paths") == 0) {
    m->long_paths = on;
  } else if (strcmp(key, "utf8") == 0) {
    m->utf8 = on;
  } else if (strcmp(key, "common_controls") == 0) {
    m->common_controls_v6 = on;
  } else if (strcmp(key, "name") == 0) {
    m->name = value;
  } else {
    return false;
  }
  a->spec.manifest = m;
  return true;
}

static int cmd_syso(int argc, char **argv) {
  syso_args a = {.spec = {.goarch = argv[2]}};
  wg_error err = WG_ERROR_INIT;
  for (int i = 4; i < argc; i++) {
    char *eq = strchr(argv[i], '=');
    if (eq == NULL) {
      return 2;
    }
    *eq = 0;
    if (strcmp(argv[i], "icon") == 0 || strcmp(argv[i], "manifest") == 0) {
      wg_buf b = read_file(eq + 1);
      *(argv[i][0] == 'i' ? &a.spec.icon : &a.spec.manifest_xml) = wg_buf_str(&b);
    } else if (!set_text(&a, argv[i], eq + 1) && !set_manifest(&a, argv[i], eq + 1)) {
      fprintf(stderr, "unknown key %s\n", argv[i]);
      return 2;
    }
  }
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  if (wg_rsrc_build_syso(&a.spec, &arena, &out, &err) != WG_OK) {
    return fail(&err);
  }
  write_file(argv[3], &out);
  return 0;
}

static void dump_id(const wg_pe_res_id *id) {
  if (id->is_name) {
    printf(" \"%.*s\"", WG_STR_ARG(id->name));
  } else {
    printf(" %u", id->id);
  }
}

static void dump_headers(const wg_pe *pe) {
  printf("machine=0x%04x\nplus=%d\nsubsystem=%u\nentry=0x%x\ncharacteristics=0x%04x\n", pe->machine,
         pe->plus, pe->subsystem, pe->entry_rva, pe->characteristics);
  printf("dll_characteristics=0x%04x\nimage_base=0x%" PRIx64
         "\nimage_bytes=0x%x\nheader_bytes=0x%x\nchecksum=0x%08x\n",
         pe->dll_characteristics, pe->image_base, pe->image_bytes, pe->header_bytes, pe->checksum);
  for (uint32_t i = 0; i < pe->n_sections; i++) {
    const wg_pe_section *s = &pe->sections[i];
    printf("section=%.*s 0x%x 0x%x 0x%x 0x%x 0x%08x\n", WG_STR_ARG(s->name), s->rva,
           s->virtual_bytes, s->file_off, s->file_bytes, s->characteristics);
  }
  for (uint32_t i = 0; i < pe->n_certs; i++) {
    printf("cert=0x%" PRIx64 " %u 0x%x %u\n", pe->certs[i].off, pe->certs[i].n_bytes,
           pe->certs[i].revision, pe->certs[i].type);
  }
  if (pe->pdb.present) {
    printf("pdb=%.*s\n", WG_STR_ARG(pe->pdb.path));
  }
}

static void dump_symbols(const wg_pe *pe) {
  for (uint32_t i = 0; i < pe->n_imports; i++) {
    const wg_pe_import *d = &pe->imports[i];
    for (uint32_t k = 0; k < d->n_fns; k++) {
      printf("%s=%.*s ", d->delayed ? "delay_import" : "import", WG_STR_ARG(d->dll));
      if (d->fns[k].by_ordinal) {
        printf("#%u\n", d->fns[k].ordinal);
      } else {
        printf("%.*s\n", WG_STR_ARG(d->fns[k].name));
      }
    }
  }
  for (uint32_t i = 0; i < pe->n_exports; i++) {
    printf("export=%u 0x%x %.*s %.*s\n", pe->exports[i].ordinal, pe->exports[i].rva,
           WG_STR_ARG(pe->exports[i].name), WG_STR_ARG(pe->exports[i].forwarder));
  }
}

static wg_code dump_resources(const wg_pe *pe, wg_arena *arena, wg_error *err) {
  for (uint32_t i = 0; i < pe->n_resources; i++) {
    const wg_pe_resource *r = &pe->resources[i];
    wg_hex hex = {0};
    wg_digest d = wg_sha256(r->data.p, r->data.n);
    hex = wg_digest_hex(&d);
    printf("resource=");
    dump_id(&r->type);
    dump_id(&r->name);
    dump_id(&r->lang);
    printf(" %u %s\n", r->n_bytes, r->in_file ? hex.s : "-");
  }
  const wg_pe_version *v = NULL;
  wg_code code = wg_pe_version_info(pe, arena, &v, err);
  if (code == WG_OK) {
    printf("file_version=%u.%u.%u.%u\nproduct_version=%u.%u.%u.%u\nfile_flags=0x%x\nlang=0x%08x\n",
           v->file_version[0], v->file_version[1], v->file_version[2], v->file_version[3],
           v->product_version[0], v->product_version[1], v->product_version[2],
           v->product_version[3], v->file_flags, v->lang_code_page);
    for (uint32_t i = 0; i < v->n_strings; i++) {
      printf("string=%.*s:%.*s\n", WG_STR_ARG(v->strings[i].key), WG_STR_ARG(v->strings[i].value));
    }
    for (uint32_t i = 0; i < v->n_translations; i++) {
      printf("translation=0x%08x\n", v->translations[i]);
    }
  } else if (code != WG_E_NOT_FOUND) {
    return code;
  }
  const wg_pe_icon_group *groups = NULL;
  uint32_t n = 0;
  if (wg_pe_icon_groups(pe, arena, &groups, &n, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t g = 0; g < n; g++) {
    for (uint32_t i = 0; i < groups[g].n_images; i++) {
      const wg_pe_icon_image *m = &groups[g].images[i];
      printf("icon=%u %ux%u %u %s %zu\n", g, m->width_px, m->height_px, m->bits_per_pixel,
             m->is_png ? "png" : "dib", m->data.n);
    }
  }
  return WG_OK;
}

static int cmd_pe(const char *cmd, const char *path, const char *out_path) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = read_file(path);
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  const wg_pe *pe = NULL;
  if (wg_pe_parse(b.p, b.n, &arena, &pe, &err) != WG_OK) {
    return fail(&err);
  }
  if (strcmp(cmd, "dump") == 0) {
    dump_headers(pe);
    dump_symbols(pe);
    return dump_resources(pe, &arena, &err) == WG_OK ? 0 : fail(&err);
  }
  if (strcmp(cmd, "digest") == 0) {
    wg_pe_hash_plan plan;
    wg_hash *h = NULL;
    wg_digest d;
    static const uint8_t zeros[8];
    if (wg_pe_hash_ranges(pe, &plan, &err) != WG_OK || wg_hash_new(WG_SHA256, &h, &err) != WG_OK) {
      return fail(&err);
    }
    for (uint32_t i = 0; i < plan.n_ranges; i++) {
      wg_hash_add(h, b.p + plan.ranges[i].off, (size_t)plan.ranges[i].n_bytes);
    }
    wg_hash_add(h, zeros, plan.n_pad_zero_bytes);
    wg_hash_end(h, d.b);
    wg_hash_free(h);
    printf("sha256=%s\ngaps=%d\nchecksum=0x%08x\n", wg_digest_hex(&d).s, plan.has_gaps,
           wg_pe_compute_checksum(b.p, b.n, pe->checksum_off));
    return 0;
  }
  const wg_pe_icon_group *groups = NULL;
  uint32_t n = 0;
  WG_AUTO(wg_buf) ico = {0};
  wg_buf_init(&ico, wg_heap(), 0);
  if (wg_pe_icon_groups(pe, &arena, &groups, &n, &err) != WG_OK || n == 0 ||
      wg_pe_icon_write_ico(pe, &groups[0], &ico, &err) != WG_OK) {
    return fail(&err);
  }
  write_file(out_path, &ico);
  return 0;
}

static int cmd_ico(const char *path) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = read_file(path);
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  const wg_ico *ico = NULL;
  if (wg_ico_parse(b.p, b.n, NULL, &arena, &ico, &err) != WG_OK) {
    return fail(&err);
  }
  for (uint32_t i = 0; i < ico->n_images; i++) {
    const wg_ico_image *m = &ico->images[i];
    printf("image=%ux%u %u %s %zu\n", m->width_px, m->height_px, m->bits_per_pixel,
           m->is_png ? "png" : "dib", m->data.n);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc >= 4 && strcmp(argv[1], "syso") == 0) {
    return cmd_syso(argc, argv);
  }
  if (argc == 3 && strcmp(argv[1], "ico") == 0) {
    return cmd_ico(argv[2]);
  }
  if (argc >= 3 && (argc == 4 || strcmp(argv[1], "icon") != 0)) {
    return cmd_pe(argv[1], argv[2], argc == 4 ? argv[3] : NULL);
  }
  fprintf(stderr, "usage: see the head of tests/tools/pe_tool.c\n");
  return 2;
}
