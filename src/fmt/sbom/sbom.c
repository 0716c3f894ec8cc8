// SPDX-License-Identifier: Apache-2.0
#include "fmt/sbom/sbom.h"

#include "base/civil.h"
#include "fmt/json/jsonw.h"

// Stands where the serial number will be: that is made from the document with this in it.
static const char sbom_no_serial[] = "urn:uuid:00000000-0000-0000-0000-000000000000";

typedef struct sbom {
  const wg_sbom_in *in;
  const wg_gobuildinfo *info;
  wg_jsonw w;
  wg_buf text; // scratch, for one value
} sbom;

static void sbom_property(sbom *s, const char *name, wg_str suffix, wg_str value) {
  wg_buf_clear(&s->text);
  wg_buf_add_z(&s->text, name);
  wg_buf_add_str(&s->text, suffix);
  wg_jsonw_begin_object(&s->w);
  wg_jsonw_kv_str(&s->w, "name", wg_buf_str(&s->text));
  wg_jsonw_kv_str(&s->w, "value", value);
  wg_jsonw_end_object(&s->w);
}

static void sbom_kv_purl(sbom *s, wg_str path, wg_str version) {
  wg_buf_clear(&s->text);
  wg_purl_golang(&s->text, path, version);
  wg_jsonw_kv_str(&s->w, "purl", wg_buf_str(&s->text));
}

// "(devel)" and "" are no versions that anybody can fetch.
static wg_str sbom_real_version(wg_str v) {
  return v.n != 0 && v.p[0] != '(' ? v : (wg_str){0};
}

// A replacement by a folder: Go gives it no version of its own.
static bool sbom_is_local(const wg_go_module *m) {
  return m->replace != NULL && sbom_real_version(m->replace->version).n == 0;
}

// The reference of dependency k: its path as it is imported, which Go has once in a program; made
// unique by its number where the list is not in order (Go sorts it; a forged one may repeat
// itself).
static wg_str sbom_dep_ref(sbom *s, size_t k, wg_str *max_path) {
  const wg_go_module *m = &s->info->deps[k];
  wg_buf_clear(&s->text);
  wg_buf_add_z(&s->text, "module:");
  wg_buf_add_str(&s->text, m->path);
  if (k != 0 && wg_str_cmp(m->path, *max_path) <= 0) {
    wg_buf_printf(&s->text, "@%zu", k);
  } else {
    *max_path = m->path;
  }
  return wg_buf_str(&s->text);
}

static void sbom_sum(sbom *s, wg_str sum) {
  if (sum.n != 0) { // "h1:...": a hash over a listing of the module's files, not of any file
    sbom_property(s, "wingo:go:sum", (wg_str){0}, sum);
  }
}

// What the component was made from, for a module that stands in for another.
static void sbom_pedigree(sbom *s, const wg_go_module *m) {
  wg_str version = sbom_real_version(m->version);
  wg_jsonw_key_z(&s->w, "pedigree");
  wg_jsonw_begin_object(&s->w);
  wg_jsonw_key_z(&s->w, "ancestors");
  wg_jsonw_begin_array(&s->w);
  wg_jsonw_begin_object(&s->w);
  wg_jsonw_kv_z(&s->w, "type", "library");
  wg_jsonw_kv_str(&s->w, "name", m->path);
  if (version.n != 0) {
    wg_jsonw_kv_str(&s->w, "version", version);
  }
  sbom_kv_purl(s, m->path, version);
  wg_jsonw_end_object(&s->w);
  wg_jsonw_end_array(&s->w);
  wg_jsonw_end_object(&s->w);
}

// What is in the program is the replacement. One by a folder has no public name: it keeps the path
// it is imported by, and gets no purl, so that nobody takes it for the published module.
static void sbom_component(sbom *s, size_t k, wg_str *max_path) {
  const wg_go_module *m = &s->info->deps[k];
  bool local = sbom_is_local(m);
  const wg_go_module *named = m->replace != NULL && !local ? m->replace : m;
  wg_str version = local ? (wg_str){0} : sbom_real_version(named->version);
  wg_str sum = m->replace != NULL ? m->replace->sum : m->sum;
  wg_jsonw_begin_object(&s->w);
  wg_jsonw_kv_z(&s->w, "type", "library");
  wg_jsonw_kv_str(&s->w, "bom-ref", sbom_dep_ref(s, k, max_path));
  wg_jsonw_kv_str(&s->w, "name", named->path);
  if (version.n != 0) {
    wg_jsonw_kv_str(&s->w, "version", version);
  }
  wg_jsonw_kv_z(&s->w, "scope", "required");
  if (!local) {
    sbom_kv_purl(s, named->path, version);
  }
  if (m->replace != NULL) {
    sbom_pedigree(s, m);
  }
  if (sum.n != 0 || m->replace != NULL) {
    wg_jsonw_key_z(&s->w, "properties");
    wg_jsonw_begin_array(&s->w);
    sbom_sum(s, sum);
    if (m->replace != NULL) {
      sbom_property(s, "wingo:go:replaced_by", (wg_str){0}, m->replace->path);
    }
    wg_jsonw_end_array(&s->w);
  }
  wg_jsonw_end_object(&s->w);
}

// "go1.26.8 X:exp" is version 1.26.8 of package std; a development version has no number.
static wg_str sbom_std_version(wg_str go_version) {
  if (!wg_str_starts(go_version, "go")) {
    return (wg_str){0};
  }
  wg_str v = {go_version.p + 2, go_version.n - 2};
  return (wg_str){v.p, wg_str_find(v, ' ')};
}

static void sbom_std(sbom *s) {
  wg_jsonw_begin_object(&s->w);
  wg_jsonw_kv_z(&s->w, "type", "library");
  wg_jsonw_kv_z(&s->w, "bom-ref", "std");
  wg_jsonw_kv_z(&s->w, "name", "std");
  wg_jsonw_kv_str(&s->w, "version", s->info->go_version);
  wg_jsonw_kv_z(&s->w, "description", "Go standard library and runtime, as of the Go toolchain");
  wg_jsonw_kv_z(&s->w, "scope", "required");
  sbom_kv_purl(s, WG_STR("std"), sbom_std_version(s->info->go_version));
  wg_jsonw_end_object(&s->w);
}

static bool sbom_is_env_name(wg_str key) {
  for (size_t i = 0; i < key.n; i++) {
    char c = key.p[i];
    if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_') {
      return false;
    }
  }
  return key.n != 0;
}

// Names in cdx:gomod are CycloneDX's registered ones; what it has no name for is in wingo:go.
static void sbom_setting(sbom *s, const wg_go_setting *set) {
  wg_str none = {0};
  if (wg_str_eqz(set->key, "-compiler")) {
    sbom_property(s, "cdx:gomod:build:compiler", none, set->value);
  } else if (wg_str_eqz(set->key, "vcs")) {
    sbom_property(s, "cdx:gomod:build:vcs", none, set->value);
  } else if (wg_str_starts(set->key, "vcs.")) {
    sbom_property(s, "cdx:gomod:build:vcs:", (wg_str){set->key.p + 4, set->key.n - 4}, set->value);
  } else if (sbom_is_env_name(set->key)) {
    sbom_property(s, "cdx:gomod:build:env:", set->key, set->value);
  } else {
    sbom_property(s, "wingo:go:build:", set->key, set->value);
  }
}

static void sbom_main_properties(sbom *s) {
  wg_str none = {0};
  wg_jsonw_key_z(&s->w, "properties");
  wg_jsonw_begin_array(&s->w);
  if (s->in->file_name.n != 0) {
    sbom_property(s, "cdx:gomod:binary:name", none, s->in->file_name);
  }
  if (s->info->path.n != 0) {
    sbom_property(s, "wingo:go:package", none, s->info->path);
  }
  if (s->in->revision.n != 0) {
    sbom_property(s, "wingo:revision", none, s->in->revision);
  }
  sbom_sum(s, s->info->main.sum);
  sbom_property(s, "cdx:gomod:build:env:GOVERSION", none, s->info->go_version);
  for (size_t i = 0; i < s->info->n_settings; i++) {
    sbom_setting(s, &s->info->settings[i]);
  }
  wg_jsonw_end_array(&s->w);
}

static wg_str sbom_main_name(const sbom *s) {
  wg_str path = s->info->path;
  size_t start = path.n;
  while (start > 0 && path.p[start - 1] != '/') {
    start--;
  }
  if (s->in->name.n != 0) {
    return s->in->name;
  }
  if (start < path.n) {
    return (wg_str){path.p + start, path.n - start};
  }
  return s->in->file_name.n != 0 ? s->in->file_name : WG_STR("program");
}

static void sbom_main_component(sbom *s) {
  const wg_go_module *m = &s->info->main;
  wg_str module_version = sbom_real_version(m->version);
  wg_str version = s->in->version.n != 0 ? s->in->version : module_version;
  wg_jsonw_key_z(&s->w, "component");
  wg_jsonw_begin_object(&s->w);
  wg_jsonw_kv_z(&s->w, "type", "application");
  wg_jsonw_kv_z(&s->w, "bom-ref", "main");
  wg_jsonw_kv_str(&s->w, "name", sbom_main_name(s));
  if (version.n != 0) {
    wg_jsonw_kv_str(&s->w, "version", version);
  }
  if (s->in->sha256 != NULL) {
    wg_jsonw_key_z(&s->w, "hashes");
    wg_jsonw_begin_array(&s->w);
    wg_jsonw_begin_object(&s->w);
    wg_jsonw_kv_z(&s->w, "alg", "SHA-256");
    wg_jsonw_kv_hex(&s->w, "content", s->in->sha256->b, sizeof(s->in->sha256->b));
    wg_jsonw_end_object(&s->w);
    wg_jsonw_end_array(&s->w);
  }
  if (s->info->has_main && m->path.n != 0) {
    sbom_kv_purl(s, m->path, module_version);
  }
  sbom_main_properties(s);
  wg_jsonw_end_object(&s->w);
}

// "2024-02-29T12:00:00Z"
static void sbom_time(sbom *s, int64_t time_s) {
  wg_civil t = wg_civil_of(time_s);
  wg_jsonw_key_z(&s->w, "timestamp");
  wg_jsonw_printf(&s->w, "%04lld-%02u-%02uT%02u:%02u:%02uZ", (long long)t.year, t.month, t.day,
                  t.hour, t.minute, t.second);
}

static void sbom_metadata(sbom *s) {
  wg_jsonw_key_z(&s->w, "metadata");
  wg_jsonw_begin_object(&s->w);
  if (s->in->has_time) {
    sbom_time(s, s->in->time_s);
  }
  wg_jsonw_key_z(&s->w, "tools");
  wg_jsonw_begin_object(&s->w);
  wg_jsonw_key_z(&s->w, "components");
  wg_jsonw_begin_array(&s->w);
  wg_jsonw_begin_object(&s->w);
  wg_jsonw_kv_z(&s->w, "type", "application");
  wg_jsonw_kv_z(&s->w, "name", "wingo");
  if (s->in->tool_version.n > 0) {
    wg_jsonw_kv_str(&s->w, "version", s->in->tool_version);
  }
  wg_jsonw_end_object(&s->w);
  wg_jsonw_end_array(&s->w);
  wg_jsonw_end_object(&s->w);
  sbom_main_component(s);
  wg_jsonw_end_object(&s->w);
}

// The build info lists modules, not who needs whom: only the program's own edges are known, and a
// component that is absent here has, by the specification, unknown dependencies.
static void sbom_dependencies(sbom *s) {
  wg_str max_path = {0};
  wg_jsonw_key_z(&s->w, "dependencies");
  wg_jsonw_begin_array(&s->w);
  wg_jsonw_begin_object(&s->w);
  wg_jsonw_kv_z(&s->w, "ref", "main");
  wg_jsonw_key_z(&s->w, "dependsOn");
  wg_jsonw_begin_array(&s->w);
  for (size_t k = 0; k < s->info->n_deps; k++) {
    wg_jsonw_str(&s->w, sbom_dep_ref(s, k, &max_path));
  }
  wg_jsonw_str_z(&s->w, "std");
  wg_jsonw_end_array(&s->w);
  wg_jsonw_end_object(&s->w);
  wg_jsonw_end_array(&s->w);
}

static void sbom_document(sbom *s, size_t *out_serial_off) {
  wg_jsonw_begin_object(&s->w);
  wg_jsonw_kv_z(&s->w, "$schema", "http://cyclonedx.org/schema/bom-1.5.schema.json");
  wg_jsonw_kv_z(&s->w, "bomFormat", "CycloneDX");
  wg_jsonw_kv_z(&s->w, "specVersion", "1.5");
  wg_jsonw_kv_z(&s->w, "serialNumber", sbom_no_serial);
  size_t n = s->w.buf->n, n_serial = sizeof(sbom_no_serial); // the closing quote counts for the NUL
  *out_serial_off = n > n_serial ? n - n_serial : 0;         // 0: there was no memory
  wg_jsonw_kv_u64(&s->w, "version", 1);
  sbom_metadata(s);
  wg_jsonw_key_z(&s->w, "components");
  wg_jsonw_begin_array(&s->w);
  wg_str max_path = {0};
  for (size_t k = 0; k < s->info->n_deps; k++) {
    sbom_component(s, k, &max_path);
  }
  sbom_std(s);
  wg_jsonw_end_array(&s->w);
  sbom_dependencies(s);
  wg_jsonw_end_object(&s->w);
}

// A version 8 UUID (RFC 9562: made by the application's own rule) from the document's digest.
static void sbom_set_serial(uint8_t *at, const wg_digest *digest) {
  static const char digits[] = "0123456789abcdef";
  uint8_t id[16];
  for (size_t i = 0; i < sizeof(id); i++) {
    id[i] = digest->b[i];
  }
  id[6] = (uint8_t)(0x80 | (id[6] & 0x0F));
  id[8] = (uint8_t)(0x80 | (id[8] & 0x3F));
  size_t k = sizeof("urn:uuid:") - 1;
  for (size_t i = 0; i < sizeof(id); i++) {
    k += i == 4 || i == 6 || i == 8 || i == 10 ? 1 : 0;
    at[k++] = (uint8_t)digits[id[i] >> 4];
    at[k++] = (uint8_t)digits[id[i] & 15];
  }
}

wg_code wg_sbom_write(const wg_sbom_in *in, wg_buf *out, wg_error *err) {
  const int64_t last_second = 253402300799; // of year 9999
  if (in->has_time && (in->time_s < 0 || in->time_s > last_second)) {
    return wg_fail(err, WG_E_USAGE, "time %lld is not within the years 1970 to 9999",
                   (long long)in->time_s);
  }
  sbom s = {.in = in, .info = in->info};
  wg_buf_init(&s.text, out->alloc, 0);
  size_t start = out->n, serial_off = 0;
  wg_jsonw_init(&s.w, out, 2);
  sbom_document(&s, &serial_off);
  bool scratch_failed = wg_buf_check(&s.text, err) != WG_OK;
  wg_buf_done(&s.text);
  if (scratch_failed || wg_jsonw_finish(&s.w, err) != WG_OK) {
    return err->code;
  }
  wg_digest digest = wg_sha256(out->p + start, out->n - start);
  sbom_set_serial(out->p + serial_off, &digest);
  return WG_OK;
}
