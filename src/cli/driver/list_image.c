// SPDX-License-Identifier: Apache-2.0
// The drivers that an image has, whoever put them there.
#include <string.h>

#include "base/civil.h"
#include "base/human.h"
#include "cli/driver/image.h"
#include "driver/db/db.h"
#include "image/file/spec.h"
#include "image/reg/hivefile.h"

typedef struct list_broken { // texts of one package
  wg_jsonw *j;               // NULL: into text
  wg_buf *text;
  size_t n;
} list_broken;

static void list_tell(void *ctx, const char *text) {
  list_broken *b = ctx;
  b->n++;
  if (b->j != NULL) {
    wg_jsonw_str_z(b->j, text);
  } else {
    wg_buf_printf(b->text, "           broken: %s\n", text);
  }
}

static void list_date(const wg_db_package *p, char out[16]) {
  if (p->date == 0) {
    out[0] = '\0';
    return;
  }
  wg_civil d = wg_civil_of_filetime(p->date);
  (void)wg_format(out, 16, "%04u-%02u-%02u", (unsigned)d.year, d.month, d.day);
}

static const char *list_signature(uint32_t score) {
  switch (score) {
  case 0x0D000003U:
    return "in-box";
  case 0x0D000001U:
  case 0x0D000002U:
  case 0x0D000005U:
    return "WHQL";
  case 0x0D000004U:
    return "Microsoft";
  case 0x0F000000U:
    return "Authenticode";
  case 0x80000000U:
    return "unsigned";
  default:
    return "unknown";
  }
}

static wg_code list_json_one(const wg_db_package *p, wg_image_reader *image, wg_jsonw *j,
                             wg_error *err) {
  char date[16];
  list_date(p, date);
  WG_AUTO(wg_cstr)
  version = wg_xprintf("%u.%u.%u.%u", (unsigned)p->version[0], (unsigned)p->version[1],
                       (unsigned)p->version[2], (unsigned)p->version[3]);
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_z(j, "published", p->published);
  wg_jsonw_kv_z(j, "inf", p->inf_name);
  wg_jsonw_kv_z(j, "package", p->label);
  wg_jsonw_kv_z(j, "provider", p->provider);
  wg_jsonw_kv_z(j, "class", p->class_name);
  wg_jsonw_kv_z(j, "class_guid", p->class_guid);
  wg_jsonw_kv_z(j, "date", date);
  wg_jsonw_kv_z(j, "version", version);
  wg_jsonw_kv_z(j, "arch", wg_db_arch_name(p->arch));
  wg_jsonw_kv_z(j, "signature", list_signature(p->score));
  wg_jsonw_kv_z(j, "signer", p->signer);
  wg_jsonw_kv_z(j, "catalog", p->catalog);
  wg_jsonw_kv_z(j, "store", p->in_drivers ? "DRIVERS" : "SYSTEM");
  wg_jsonw_kv_bool(j, "in_box", p->in_box);
  wg_jsonw_kv_bool(j, "boot_critical", p->critical);
  wg_jsonw_key_z(j, "ids");
  wg_jsonw_begin_array(j);
  for (size_t i = 0; i < p->n_ids; i++) {
    wg_jsonw_str_z(j, p->ids[i].id);
  }
  wg_jsonw_end_array(j);
  wg_jsonw_key_z(j, "configurations");
  wg_jsonw_begin_array(j);
  for (size_t i = 0; i < p->n_configs; i++) {
    wg_jsonw_str_z(j, p->configs[i]);
  }
  wg_jsonw_end_array(j);
  wg_jsonw_key_z(j, "services");
  wg_jsonw_begin_array(j);
  for (size_t i = 0; i < p->n_services; i++) {
    wg_jsonw_str_z(j, p->services[i].name);
  }
  wg_jsonw_end_array(j);
  wg_jsonw_key_z(j, "broken");
  wg_jsonw_begin_array(j);
  list_broken b = {.j = j};
  wg_code code = wg_driver_db_check(p, image, list_tell, &b, err);
  wg_jsonw_end_array(j);
  wg_jsonw_end_object(j);
  return code;
}

typedef struct list_widths { // of columns
  int published, inf, class_name;
} list_widths;

static int list_wider(int width, const char *text) {
  size_t n = strlen(text);
  return n > (size_t)width && n < 100 ? (int)n : width;
}

static list_widths list_width(const wg_driver_db *db, bool all) {
  list_widths w = {.published = 10, .inf = 20, .class_name = 12};
  for (size_t i = 0; i < db->n; i++) {
    if (all || !db->v[i].in_box) {
      w.published = list_wider(w.published, db->v[i].published);
      w.inf = list_wider(w.inf, db->v[i].inf_name);
      w.class_name = list_wider(w.class_name, db->v[i].class_name);
    }
  }
  return w;
}

static wg_code list_text_one(const wg_db_package *p, wg_image_reader *image, bool ids,
                             const list_widths *w, wg_buf *out, size_t *n_broken, wg_error *err) {
  char date[16];
  list_date(p, date);
  WG_AUTO(wg_cstr)
  version = wg_xprintf("%u.%u.%u.%u", (unsigned)p->version[0], (unsigned)p->version[1],
                       (unsigned)p->version[2], (unsigned)p->version[3]);
  wg_buf_printf(out, "%-*s %-*s %-*s %-16s %-10s %-12s %s%s\n", w->published,
                p->published[0] == '\0' ? "-" : p->published, w->inf, p->inf_name, w->class_name,
                p->class_name[0] == '\0' ? "-" : p->class_name, version, date,
                list_signature(p->score), p->provider,
                p->critical ? "  (starts with the machine)" : "");
  for (size_t i = 0; ids && i < p->n_ids; i++) {
    wg_buf_printf(out, "           %s\n", p->ids[i].id);
  }
  list_broken b = {.text = out};
  wg_code code = wg_driver_db_check(p, image, list_tell, &b, err);
  *n_broken += b.n > 0 ? 1 : 0;
  return code;
}

static wg_code list_all(const wg_cli *c, const wg_driver_db *db, wg_image_reader *image,
                        wg_jsonw *j, wg_buf *out, size_t *n_broken, size_t *n_shown,
                        wg_error *err) {
  const list_widths w = list_width(db, wg_cli_has(c, "all"));
  for (size_t i = 0; i < db->n; i++) {
    const wg_db_package *p = &db->v[i];
    if (p->in_box && !wg_cli_has(c, "all")) {
      continue;
    }
    (*n_shown)++;
    if ((c->json
             ? list_json_one(p, image, j, err)
             : list_text_one(p, image, wg_cli_has(c, "ids"), &w, out, n_broken, err)) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static int list_end_json(const wg_cli *c, const wg_driver_db *db, wg_jsonw *j, wg_buf *out) {
  wg_jsonw_end_array(j);
  wg_jsonw_key_z(j, "dangling");
  wg_jsonw_begin_array(j);
  for (size_t i = 0; i < db->n_dangling; i++) {
    wg_jsonw_str_z(j, db->dangling[i]);
  }
  wg_jsonw_end_array(j);
  wg_jsonw_end_object(j);
  return wg_cli_end_json(c, j, out);
}

static int list_end_text(const wg_cli *c, const wg_driver_db *db, const wg_driver_windows *w,
                         size_t n_shown, size_t n_broken, wg_buf *out) {
  for (size_t i = 0; i < db->n_dangling; i++) {
    wg_buf_printf(out, "broken: %s\n", db->dangling[i]);
  }
  if (!wg_out_all(out->p == NULL ? (const uint8_t *)"" : out->p, out->n)) {
    return 1;
  }
  WG_AUTO(wg_cstr) windows = wg_driver_windows_text(w);
  WG_AUTO(wg_buf) told = {0};
  wg_buf_init(&told, wg_heap(), 0);
  wg_text_add_count(&told, n_shown, "driver package", "driver packages");
  if (!w->has_database) {
    wg_buf_add_z(&told, "; this Windows keeps no database of them in its registry");
  } else if (!wg_cli_has(c, "all")) {
    wg_buf_add_z(&told, " of others than Windows; --all shows those of Windows, too");
  }
  if (n_broken > 0) {
    wg_buf_printf(&told, "; %zu broken", n_broken);
  }
  wg_note(c, "Windows %s: %s", windows, wg_buf_z(&told));
  return 0;
}

static wg_code list_open(const wg_cli *c, const wg_spec *spec, wg_image_reader **reader,
                         wg_hivefile *file, wg_driver_windows *w, wg_error *err) {
  if (spec->kind == WG_SPEC_HIVE) {
    return wg_hivefile_open(spec->path, wg_cli_has(c, "force-dirty"), false, file, err) == WG_OK
               ? wg_driver_windows_of_hive(file->hive, w, err)
               : err->code;
  }
  const wg_image_base base = {.kind = spec->kind == WG_SPEC_FOLDER ? WG_IMAGE_BASE_DIR
                                                                   : WG_IMAGE_BASE_WIM,
                              .path = spec->path,
                              .image = spec->image};
  return wg_image_reader_open(&base, reader, err) == WG_OK ? wg_driver_windows_of(*reader, w, err)
                                                           : err->code;
}

int wg_driver_list_image(const wg_cli *c, const char *arg) {
  WG_AUTO(wg_spec) spec = {0};
  WG_AUTO_PTR(wg_image_reader) reader = NULL;
  WG_AUTO(wg_hivefile) file = {0};
  WG_AUTO(wg_driver_windows) w = {0};
  WG_AUTO(wg_driver_db) db = {0};
  WG_AUTO(wg_buf) out = {0};
  wg_error err = WG_ERROR_INIT;
  wg_jsonw j;
  size_t n_broken = 0, n_shown = 0;
  if (wg_spec_parse(arg, &spec, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_buf_init(&out, wg_heap(), 0);
  wg_jsonw_init(&j, &out, 2);
  if (c->json) {
    wg_jsonw_begin_object(&j);
    wg_jsonw_key_z(&j, "drivers");
    wg_jsonw_begin_array(&j);
  }
  if (list_open(c, &spec, &reader, &file, &w, &err) != WG_OK ||
      wg_driver_db_read(&w, &db, &err) != WG_OK ||
      list_all(c, &db, reader, &j, &out, &n_broken, &n_shown, &err) != WG_OK) {
    if (strstr(err.text, spec.path) == NULL) {
      (void)wg_wrap(&err, "'%s'", arg);
    }
    return wg_cli_fail(c, &err);
  }
  return c->json ? list_end_json(c, &db, &j, &out)
                 : list_end_text(c, &db, &w, n_shown, n_broken, &out);
}
