// SPDX-License-Identifier: Apache-2.0
// --verify of `wingo driver match`: signatures of the packages that may be taken.
#include "cli/driver/repo.h"
#include "driver/package/package.h"
#include "os/sys.h"

wg_code wg_driver_verify_now(wg_driver_verify *v, wg_error *err) {
  bool set = false;
  v->now_s = wg_os_wall_ns() / 1000000000;
  return wg_cli_epoch(&v->now_s, &set, err);
}

static bool verify_counts(wg_sig_class c) {
  return c != WG_SIG_NONE && c != WG_SIG_BROKEN && c != WG_SIG_SELF;
}

// "whql: Microsoft Windows Hardware Compatibility Publisher", with why it counts no more, or what
// is wrong.
static const char *verify_text(const wg_driver_verify *v, const wg_driver_package *p) {
  const wg_driver_signature *s = &p->signature;
  for (uint32_t i = 0; i < s->n_files && verify_counts(s->cls); i++) {
    const char *problem = wg_sig_file_problem(s, &s->files[i], v->arena);
    if (problem != NULL) {
      return wg_arena_strdup(v->arena, problem);
    }
  }
  const char *name = wg_sig_class_name(s->cls);
  const char *who = s->signer != NULL ? s->signer : "", *why = s->why != NULL ? s->why : "";
  return wg_arena_printf(v->arena, "%s%s%s%s%s", name, *who != '\0' ? ": " : "", who,
                         *why != '\0' ? ", " : "", why);
}

wg_drv_signed wg_driver_verify_one(void *ctx, const wg_drv_candidate *c, const char **out_signer) {
  const wg_driver_verify *v = ctx;
  WG_AUTO_PTR(wg_driver_package) p = NULL;
  wg_error err = WG_ERROR_INIT;
  if (c->package->inner.n > 0) {
    *out_signer = "in an archive: not looked into";
    return WG_DRV_NOT_VERIFIED;
  }
  WG_AUTO(wg_cstr) path = wg_path_join(c->repo->root, c->path);
  WG_AUTO(wg_cstr) folder = wg_path_dirname(path);
  const wg_driver_want want = {.target = v->target, .now_s = v->now_s, .cancel = v->cancel};
  if (wg_driver_package_open(folder, wg_path_basename(path), &want, &p, &err) != WG_OK) {
    *out_signer = wg_arena_strdup(v->arena, err.text);
    return WG_DRV_REFUSED;
  }
  *out_signer = verify_text(v, p);
  return verify_counts(p->signature.cls) && p->signature.n_not_covered == 0 ? WG_DRV_VERIFIED
                                                                            : WG_DRV_REFUSED;
}
