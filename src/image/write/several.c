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

typedef struct several {
  const wg_image_job *job;
  const char *dir;       // for what comes of all but the last, "0", "1", ...
  wg_image_holes *holes; // of these
  uint32_t *images;      // numbers of those that are picked
} several;

// The i-th of them: from the base or what came of those before to dir or the output. Only the last
// takes over what is the base's: the others have holes there.
static wg_code several_step(several *s, size_t i, wg_image_do_one one, wg_image_result *out,
                            wg_error *err) {
  const wg_image_options *o = &s->job->opt;
  wg_assert(s->images != NULL); // found before the first step
  const wg_image_pick *pick = &o->picks[i];
  bool last = i + 1 == o->n_picks;
  WG_AUTO(wg_cstr) from = i > 0 ? wg_xprintf("%s/%zu", s->dir, i - 1) : NULL;
  WG_AUTO(wg_cstr) to = last ? wg_xstrdup(o->out_path) : wg_xprintf("%s/%zu", s->dir, i);
  WG_AUTO(wg_cstr) number = wg_xprintf("%u", (unsigned)s->images[i] + 1);
  WG_AUTO(wg_cstr) tmp = NULL;
  if (wg_os_mkdtemp(s->dir, "tmp-", &tmp, err) != WG_OK) {
    return err->code;
  }
  wg_image_job all = *s->job;
  all.opt.picks = NULL;
  all.opt.n_picks = 0;
  all.opt.plan = pick->plan;
  all.opt.names = pick->names;
  all.opt.out_path = to;
  all.opt.tmp_dir = tmp;
  all.opt.compact = o->compact && last; // then all of it is packed anew, and only then
  all.base.image = number;
  all.holes = last ? NULL : &s->holes[i];
  if (i > 0) {
    all.base = (wg_image_base){
        .kind = WG_IMAGE_BASE_WIM, .path = from, .image = number, .holes = &s->holes[i - 1]};
    all.opt.trust = o->trust == WG_IMAGE_UNVERIFIED ? WG_IMAGE_UNVERIFIED : WG_IMAGE_VERIFIED;
    all.opt.retime = false;
  }
  wg_code code = one(&all, out, err);
  wg_error ignored = WG_ERROR_INIT;
  (void)wg_os_rmtree(WG_CWD, tmp, &ignored);
  return code == WG_OK ? WG_OK : wg_wrap(err, "image '%s' of the base", pick->image);
}

static wg_code several_all(several *s, wg_image_do_one one, wg_image_result *sum, wg_error *err) {
  const wg_image_options *o = &s->job->opt;
  for (size_t i = 0; i < o->n_picks; i++) {
    WG_AUTO(wg_image_result) result = {0};
    wg_image_holes_init(&s->holes[i]);
    if (several_step(s, i, one, &result, err) != WG_OK) {
      return err->code;
    }
    if (i == 0) {
      sum->base_bytes = result.base_bytes;
      sum->kept_bytes = result.kept_bytes;
      sum->base_verified = result.base_verified;
    }
    wg_image_result_add(sum, &result, o->picks[i].image);
  }
  return WG_OK;
}

wg_code wg_image_do_several(const wg_image_job *job, wg_image_do_one one, wg_image_result *out,
                            wg_error *err) {
  WG_AUTO(wg_image_result) sum = {0};
  WG_AUTO(wg_cstr) dir = NULL;
  several s = {.job = job};
  if (several_find(job, &s.images, err) != WG_OK ||
      wg_os_mkdtemp(job->opt.tmp_dir, "images-", &dir, err) != WG_OK) {
    wg_xfree(s.images);
    return err->code;
  }
  s.dir = dir;
  s.holes = wg_xarray(job->opt.n_picks, sizeof(*s.holes));
  wg_code code = several_all(&s, one, &sum, err);
  for (size_t i = 0; i < job->opt.n_picks; i++) {
    wg_image_holes_done(&s.holes[i]);
  }
  wg_xfree(s.holes);
  wg_xfree(s.images);
  wg_error ignored = WG_ERROR_INIT;
  (void)wg_os_rmtree(WG_CWD, dir, &ignored);
  if (code != WG_OK) {
    return code;
  }
  *out = sum;
  sum = (wg_image_result){0};
  return WG_OK;
}
