// SPDX-License-Identifier: Apache-2.0
#include "cli/driver/repo.h"

#include <string.h>

#include "driver/package/windows.h"
#include "os/sys.h"
#include "store/store.h"

void wg_driver_trees_done(wg_driver_trees *t) {
  for (size_t i = 0; i < t->n; i++) {
    wg_xfree(t->v[i].root);
    wg_buf_done(&t->v[i].bytes);
  }
  wg_xfree(t->v);
  wg_xfree(t->repos);
  wg_arena_done(&t->arena);
}

// --- kept by the store

static wg_digest kept_key(const char *root) {
  WG_AUTO(wg_cstr) text = wg_xprintf("index of drivers 1\n%s", root);
  return wg_sha256(text, strlen(text));
}

static bool kept_get(void *ctx, const char *root, wg_buf *out) {
  wg_digest key = kept_key(root);
  wg_error ignored = WG_ERROR_INIT;
  return wg_store_get_record(ctx, &key, out, &ignored) == WG_OK;
}

static void kept_put(void *ctx, const char *root, wg_str index) {
  wg_digest key = kept_key(root);
  wg_error ignored = WG_ERROR_INIT;
  // Without it the next command reads everything anew.
  (void)!wg_store_put_record(ctx, &key, index.p, index.n, &ignored);
}

static wg_code tree_open(const wg_cli *c, const char *dir, const wg_drv_scan_options *opt,
                         wg_driver_trees *t, wg_error *err) {
  wg_driver_tree *x = &t->v[t->n];
  wg_buf_init(&x->bytes, wg_heap(), 0);
  if (wg_os_realpath(dir, &x->root, err) != WG_OK) {
    return wg_wrap(err, "'%s'", dir);
  }
  t->n++;
  if (wg_drv_scan(x->root, opt, &t->arena, &x->bytes, &x->index, &x->stats, err) != WG_OK) {
    return wg_wrap(err, "drivers of '%s'", dir);
  }
  if (x->index.n_packages == 0) {
    wg_note(c, "'%s' holds no INF file", dir);
  }
  t->repos[t->n - 1] = (wg_drv_repo){.index = &x->index, .root = x->root};
  return WG_OK;
}

wg_code wg_driver_trees_open(const wg_cli *c, const char *const *dirs, size_t n,
                             wg_driver_trees *out, wg_error *err) {
  WG_AUTO_PTR(wg_store) store = NULL;
  wg_error ignored = WG_ERROR_INIT;
  wg_walk_watch watch = c->walks;
  wg_drv_kept kept = {.get = kept_get, .put = kept_put};
  wg_drv_scan_options opt = {.watch = &watch,
                             .threads = wg_os_cpu_count(),
                             .now_ns = wg_os_wall_ns(),
                             .as_kept = wg_cli_has(c, "as-indexed")};
  watch.cancel = c->cancel;
  // A store that can't be had costs time, no more.
  if (!wg_cli_has(c, "no-cache") && wg_store_open(NULL, &store, &ignored) == WG_OK) {
    kept.ctx = store;
    opt.kept = &kept;
  }
  wg_arena_init(&out->arena, wg_heap(), (size_t)8 << 30);
  out->v = wg_xarray(n + 1, sizeof(*out->v));
  out->repos = wg_xarray(n + 1, sizeof(*out->repos));
  for (size_t i = 0; i < n; i++) {
    if (tree_open(c, dirs[i], &opt, out, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

void wg_driver_add_path(const wg_drv_repo *repo, const wg_drv_package *p, wg_buf *out) {
  wg_buf_printf(out, "%s/", repo->root);
  wg_buf_add_str(out, repo->index->sources[p->source].path);
  if (p->inner.n > 0) {
    wg_buf_add_z(out, "!/");
    wg_buf_add_str(out, p->inner);
  }
}

void wg_driver_add_version(const wg_drv_info *i, wg_buf *out) {
  if (i->year != 0) {
    wg_buf_printf(out, "%04u-%02u-%02u", i->year, i->month, i->day);
  }
  if (i->has_version) {
    wg_buf_printf(out, "%s%u.%u.%u.%u", i->year != 0 ? " " : "", i->version[0], i->version[1],
                  i->version[2], i->version[3]);
  }
}

// --- options

wg_code wg_driver_target(const wg_cli *c, bool has_image, wg_inf_target *out, wg_error *err) {
  const char *version = wg_cli_value(c, "for"), *arch = wg_cli_value(c, "arch");
  const char *product = wg_cli_value(c, "product");
  if (version == NULL && !has_image) {
    return wg_fail(err, WG_E_USAGE,
                   "say for which Windows: --for 10.0.26100, or --image install.wim:1");
  }
  if (version != NULL && !wg_driver_target_of(version, "amd64", out)) {
    return wg_fail(err, WG_E_USAGE,
                   "--for=%s is no version of Windows, such as 10.0.26100 (Windows 11 24H2)",
                   version);
  }
  if (arch != NULL && !wg_inf_arch_of(wg_str_of(arch), &out->arch)) {
    return wg_fail(err, WG_E_USAGE, "--arch=%s is none of amd64, arm64, x86, arm", arch);
  }
  if (product != NULL && strcmp(product, "workstation") != 0 && strcmp(product, "server") != 0) {
    return wg_fail(err, WG_E_USAGE, "--product=%s is neither workstation nor server", product);
  }
  if (product != NULL) {
    out->product_type = product[0] == 's' ? 3 : 1;
  }
  return WG_OK;
}

static wg_code rules_whiches(const wg_cli *c, const char *opt, wg_arena *arena,
                             const wg_drv_which **out, size_t *out_n, wg_error *err) {
  size_t n = 0;
  const char **texts = wg_cli_values(c, opt, &n);
  wg_drv_which *v = wg_arena_new_array(arena, wg_drv_which, n);
  wg_code code = v == NULL ? wg_arena_fail(arena, err) : WG_OK;
  for (size_t i = 0; code == WG_OK && i < n; i++) {
    code = wg_drv_which_parse(texts[i], arena, &v[i], err);
  }
  wg_xfree(texts);
  *out = v;
  *out_n = n;
  return code == WG_OK ? WG_OK : wg_wrap(err, "--%s", opt);
}

wg_code wg_driver_rules(const wg_cli *c, const wg_hw_profile *p, wg_arena *arena, wg_drv_rules *out,
                        wg_error *err) {
  size_t n = 0;
  *out = (wg_drv_rules){.vendor = p->vendor, .model = p->model};
  if (rules_whiches(c, "exclude", arena, &out->excludes, &out->n_excludes, err) != WG_OK ||
      rules_whiches(c, "prefer", arena, &out->prefers, &out->n_prefers, err) != WG_OK) {
    return err->code;
  }
  const char **texts = wg_cli_values(c, "pin", &n);
  wg_drv_pin *v = wg_arena_new_array(arena, wg_drv_pin, n);
  wg_code code = v == NULL ? wg_arena_fail(arena, err) : WG_OK;
  for (size_t i = 0; code == WG_OK && i < n; i++) {
    code = wg_drv_pin_parse(texts[i], arena, &v[i], err);
  }
  wg_xfree(texts);
  out->pins = v;
  out->n_pins = n;
  return code == WG_OK ? WG_OK : wg_wrap(err, "--pin");
}

void wg_driver_json_release(wg_jsonw *j, const wg_drv_info *i) {
  wg_jsonw_key_z(j, "date");
  if (i->year != 0) {
    wg_jsonw_printf(j, "%04u-%02u-%02u", i->year, i->month, i->day);
  } else {
    wg_jsonw_str_z(j, "");
  }
  wg_jsonw_key_z(j, "version");
  if (i->has_version) {
    wg_jsonw_printf(j, "%u.%u.%u.%u", i->version[0], i->version[1], i->version[2], i->version[3]);
  } else {
    wg_jsonw_str_z(j, "");
  }
}
