// SPDX-License-Identifier: Apache-2.0
// Several images of one base changed: one after the other, each written over what came of those
// before and read back.
#include <string.h>

#include "image/file/file.h"
#include "image/write/job.h"

// Numbers of the images that are picked, as names may change on the way. *out: heap.
static wg_code several_find(const wg_image_job *job, uint32_t **out, wg_error *err) {
  WG_AUTO(wg_image_file) f = WG_IMAGE_FILE_INIT;
  const wg_image_options *o = &job->opt;
  if (job->base.kind != WG_IMAGE_BASE_WIM) {
    return wg_fail(err, WG_E_USAGE, "'%s' is a folder, which is one image", job->base.path);
  }
  if (wg_image_file_open_base(&f, &job->base, err) != WG_OK) {
    return err->code;
  }
  uint32_t *v = wg_xarray(o->n_picks, sizeof(*v));
  wg_code code = WG_OK;
  for (size_t i = 0; code == WG_OK && i < o->n_picks; i++) {
    code = wg_image_file_find(&f, o->picks[i].image, &v[i], err);
    for (size_t k = 0; code == WG_OK && k < i; k++) {
      if (v[k] == v[i]) {
        code = wg_fail(err, WG_E_CONFLICT, "'%s' is the same image as '%s': number %u",
                       o->picks[i].image, o->picks[k].image, (unsigned)v[i] + 1);
      }
    }
  }
  if (code != WG_OK) {
    wg_xfree(v);
    return wg_wrap(err, "'%s'", job->base.path);
  }
  *out = v;
  return WG_OK;
}

// The i-th of them: from the base or what the one before left in dir, to there or to the output.
static wg_code several_step(const wg_image_job *job, size_t i, uint32_t image, const char *dir,
                            wg_image_do_one one, wg_image_result *out, wg_error *err) {
  const wg_image_options *o = &job->opt;
  const wg_image_pick *pick = &o->picks[i];
  bool last = i + 1 == o->n_picks;
  WG_AUTO(wg_cstr) from = wg_xprintf("%s/%zu", dir, i);
  WG_AUTO(wg_cstr) to = last ? wg_xstrdup(o->out_path) : wg_xprintf("%s/%zu", dir, i + 1);
  WG_AUTO(wg_cstr) number = wg_xprintf("%u", (unsigned)image + 1);
  WG_AUTO(wg_cstr) tmp = NULL;
  if (wg_os_mkdtemp(dir, "tmp-", &tmp, err) != WG_OK) {
    return err->code;
  }
  wg_image_job all = *job;
  all.opt.picks = NULL;
  all.opt.n_picks = 0;
  all.opt.plan = pick->plan;
  all.opt.names = pick->names;
  all.opt.out_path = to;
  all.opt.tmp_dir = tmp;
  all.opt.compact = o->compact && last; // then all of it is packed anew, and only then
  all.base.image = number;
  if (i > 0) {
    all.base = (wg_image_base){.kind = WG_IMAGE_BASE_WIM, .path = from, .image = number};
    all.opt.trust = o->trust == WG_IMAGE_UNVERIFIED ? WG_IMAGE_UNVERIFIED : WG_IMAGE_VERIFIED;
    all.opt.retime = false;
  }
  wg_code code = one(&all, out, err);
  wg_error ignored = WG_ERROR_INIT;
  (void)wg_os_rmtree(WG_CWD, tmp, &ignored);
  if (i > 0) {
    (void)wg_os_unlink(WG_CWD, from, &ignored);
  }
  return code == WG_OK ? WG_OK : wg_wrap(err, "image '%s' of the base", pick->image);
}

wg_code wg_image_do_several(const wg_image_job *job, wg_image_do_one one, wg_image_result *out,
                            wg_error *err) {
  WG_AUTO(wg_image_result) sum = {0};
  WG_AUTO(wg_cstr) dir = NULL;
  uint32_t *images = NULL;
  if (several_find(job, &images, err) != WG_OK ||
      wg_os_mkdtemp(job->opt.tmp_dir, "images-", &dir, err) != WG_OK) {
    wg_xfree(images);
    return err->code;
  }
  wg_assert(images != NULL);
  wg_code code = WG_OK;
  for (size_t i = 0; code == WG_OK && i < job->opt.n_picks; i++) {
    WG_AUTO(wg_image_result) one_result = {0};
    code = several_step(job, i, images[i], dir, one, &one_result, err);
    if (code == WG_OK && i == 0) {
      sum.base_bytes = one_result.base_bytes;
      sum.kept_bytes = one_result.kept_bytes;
      sum.base_verified = one_result.base_verified;
    }
    if (code == WG_OK) {
      wg_image_result_add(&sum, &one_result, job->opt.picks[i].image);
    }
  }
  wg_xfree(images);
  wg_error ignored = WG_ERROR_INIT;
  (void)wg_os_rmtree(WG_CWD, dir, &ignored);
  if (code != WG_OK) {
    return code;
  }
  *out = sum;
  sum = (wg_image_result){0};
  return WG_OK;
}
