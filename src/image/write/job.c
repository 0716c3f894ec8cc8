// SPDX-License-Identifier: Apache-2.0
#include "image/write/job.h"

#include "fmt/plan/record.h"
#include "image/tree/changetext.h"

static const char *const job_bases[] = {
    [WG_IMAGE_BASE_WIM] = "file", [WG_IMAGE_BASE_DIR] = "folder", [WG_IMAGE_BASE_NTFS] = "ntfs"};
static const char *const job_wims[] = {[WG_IMAGE_DISC_ANY] = "any",
                                       [WG_IMAGE_DISC_INSTALL] = "install",
                                       [WG_IMAGE_DISC_BOOT] = "boot"};
static const char *const job_formats[] = {
    [WG_IMAGE_FORMAT_WIM] = "wim", [WG_IMAGE_FORMAT_ESD] = "esd"};
static const char *const job_trusts[] = {[WG_IMAGE_VERIFY] = "verify",
                                         [WG_IMAGE_VERIFIED] = "verified",
                                         [WG_IMAGE_UNVERIFIED] = "unverified"};
#define JOB_MAX_IMAGES 65535U // of a WIM

static void job_write_change(const wg_image_change *c, wg_buf *out) {
  wg_record_begin(out, "change", WG_STR(""));
  wg_image_change_write_fields(c, out);
  wg_record_end(out);
}

static void job_write_names(const wg_image_names *n, wg_buf *out) {
  wg_record_z(out, "name", n->name);
  wg_record_z(out, "description", n->description);
  wg_record_z(out, "display-name", n->display_name);
  wg_record_z(out, "display-description", n->display_description);
}

static void job_read_names(wg_record *r, wg_image_names *n) {
  wg_record_get_z(r, "name", &n->name);
  wg_record_get_z(r, "description", &n->description);
  wg_record_get_z(r, "display-name", &n->display_name);
  wg_record_get_z(r, "display-description", &n->display_description);
}

static void job_write_pick(const wg_image_pick *p, wg_buf *out) {
  wg_record_begin(out, "pick", WG_STR(""));
  wg_record_z(out, "image", p->image);
  job_write_names(&p->names, out);
  wg_record_str(out, "plan", p->plan);
  wg_record_end(out);
}

static void job_write_gather(const wg_image_gather *g, wg_buf *out) {
  wg_record_begin(out, "gather", WG_STR(""));
  wg_record_z(out, "from", g->from);
  wg_record_z(out, "image", g->image);
  wg_record_z(out, "name", g->name);
  wg_record_z(out, "clash", g->clash);
  wg_record_end(out);
}

void wg_image_job_write(const wg_image_job *job, wg_buf *out) {
  const wg_image_options *o = &job->opt;
  wg_record_begin(out, "job", WG_STR(""));
  wg_record_z(out, "base-kind", job_bases[job->base.kind]);
  wg_record_z(out, "base-wim", job_wims[job->base.wim]);
  wg_record_z(out, "base", job->base.path);
  wg_record_z(out, "image", job->base.image);
  wg_record_z(out, "out", o->out_path);
  wg_record_z(out, "format", job_formats[o->format]);
  wg_record_z(out, "tmp", o->tmp_dir);
  wg_record_z(out, "packed", o->packed_at);
  wg_record_z(out, "captured-name", o->name);
  wg_record_flag(out, "own-name", o->own_name);
  job_write_names(&o->names, out);
  wg_record_z(out, "arch", o->arch);
  wg_record_u64(out, "threads", o->threads);
  wg_record_u64(out, "memory", o->memory_bytes);
  wg_record_i64(out, "time", o->time_s);
  wg_record_z(out, "trust", job_trusts[o->trust]);
  wg_record_flag(out, "compact", o->compact);
  wg_record_flag(out, "keep-times", o->keep_times);
  wg_record_flag(out, "retime", o->retime);
  wg_record_flag(out, "ntfs", job->ntfs);
  wg_record_z(out, "take", job->take);
  wg_record_flag(out, "tries", job->tries);
  wg_record_str(out, "plan", o->plan);
  wg_record_u64(out, "picks", o->n_picks);
  wg_record_u64(out, "gathers", job->n_gathers);
  wg_record_end(out);
  for (size_t i = 0; i < o->n_picks; i++) {
    job_write_pick(&o->picks[i], out);
  }
  for (size_t i = 0; i < job->n_gathers; i++) {
    job_write_gather(&job->gathers[i], out);
  }
  for (size_t i = 0; i < job->n_changes; i++) {
    job_write_change(&job->changes[i], out);
  }
}

typedef struct job_counts { // of records behind the head
  uint32_t picks, gathers;
} job_counts;

static wg_code job_read_head(wg_record *r, wg_image_job *out, job_counts *counts, wg_error *err) {
  wg_image_options *o = &out->opt;
  unsigned base = 0, wim = 0, format = 0, trust = 0;
  uint32_t threads = 0;
  wg_record_get_word(r, "base-kind", job_bases, WG_ARRAY_LEN(job_bases), &base);
  wg_record_get_word(r, "base-wim", job_wims, WG_ARRAY_LEN(job_wims), &wim);
  wg_record_get_z(r, "base", &out->base.path);
  wg_record_get_z(r, "image", &out->base.image);
  wg_record_get_z(r, "out", &o->out_path);
  wg_record_get_word(r, "format", job_formats, WG_ARRAY_LEN(job_formats), &format);
  wg_record_get_z(r, "tmp", &o->tmp_dir);
  wg_record_get_z(r, "packed", &o->packed_at);
  wg_record_get_z(r, "captured-name", &o->name);
  wg_record_get_flag(r, "own-name", &o->own_name);
  job_read_names(r, &o->names);
  wg_record_get_z(r, "arch", &o->arch);
  wg_record_get_u32(r, "threads", &threads);
  wg_record_get_u64(r, "memory", UINT64_MAX, &o->memory_bytes);
  wg_record_get_i64(r, "time", &o->time_s);
  wg_record_get_word(r, "trust", job_trusts, WG_ARRAY_LEN(job_trusts), &trust);
  wg_record_get_flag(r, "compact", &o->compact);
  wg_record_get_flag(r, "keep-times", &o->keep_times);
  wg_record_get_flag(r, "retime", &o->retime);
  wg_record_get_flag(r, "ntfs", &out->ntfs);
  wg_record_get_z(r, "take", &out->take);
  wg_record_get_flag(r, "tries", &out->tries);
  wg_record_need(r, "plan", wg_record_take(r, "plan", &o->plan));
  wg_record_get_u32(r, "picks", &counts->picks);
  wg_record_get_u32(r, "gathers", &counts->gathers);
  wg_record_need(
      r, "out", out->base.path != NULL && (o->out_path != NULL || out->take != NULL || out->tries));
  out->base.kind = (wg_image_base_kind)base;
  out->base.wim = (wg_image_disc_wim)wim;
  o->format = (wg_image_format)format;
  o->trust = (wg_image_trust)trust;
  o->threads = threads;
  return wg_record_done(r, err);
}

static wg_code job_read_change(wg_record *r, wg_image_change *c, wg_error *err) {
  wg_image_change_read_fields(r, c);
  return wg_record_done(r, err);
}

// The next record, which is of that kind.
static wg_code job_next(wg_reader *r, wg_arena *arena, const char *kind, wg_record *out,
                        wg_error *err) {
  bool any = false;
  if (wg_record_next(r, arena, out, &any, err) != WG_OK) {
    return err->code;
  }
  return any && wg_str_eqz(out->kind, kind)
             ? WG_OK
             : wg_fail(err, WG_E_FORMAT, "the job is not one of ours");
}

static wg_code job_read_gathers(wg_reader *r, wg_arena *arena, uint32_t n, wg_image_job *out,
                                wg_error *err) {
  if (n > JOB_MAX_IMAGES) {
    return wg_fail(err, WG_E_FORMAT, "the job is not one of ours");
  }
  wg_image_gather *v = wg_arena_new_array(arena, wg_image_gather, n);
  if (v == NULL) {
    return wg_arena_fail(arena, err);
  }
  for (uint32_t i = 0; i < n; i++) {
    wg_record rec;
    if (job_next(r, arena, "gather", &rec, err) != WG_OK) {
      return err->code;
    }
    wg_record_get_z(&rec, "from", &v[i].from);
    wg_record_get_z(&rec, "image", &v[i].image);
    wg_record_get_z(&rec, "name", &v[i].name);
    wg_record_get_z(&rec, "clash", &v[i].clash);
    wg_record_need(&rec, "from", v[i].from != NULL && v[i].name != NULL && v[i].clash != NULL);
    if (wg_record_done(&rec, err) != WG_OK) {
      return err->code;
    }
  }
  out->gathers = v;
  out->n_gathers = n;
  return WG_OK;
}

static wg_code job_read_picks(wg_reader *r, wg_arena *arena, uint32_t n, wg_image_options *out,
                              wg_error *err) {
  if (n > JOB_MAX_IMAGES) {
    return wg_fail(err, WG_E_FORMAT, "the job is not one of ours");
  }
  wg_image_pick *v = wg_arena_new_array(arena, wg_image_pick, n);
  if (v == NULL) {
    return wg_arena_fail(arena, err);
  }
  for (uint32_t i = 0; i < n; i++) {
    wg_record rec;
    if (job_next(r, arena, "pick", &rec, err) != WG_OK) {
      return err->code;
    }
    wg_record_get_z(&rec, "image", &v[i].image);
    job_read_names(&rec, &v[i].names);
    wg_record_need(&rec, "plan", wg_record_take(&rec, "plan", &v[i].plan));
    if (wg_record_done(&rec, err) != WG_OK) {
      return err->code;
    }
  }
  out->picks = v;
  out->n_picks = n;
  return WG_OK;
}

// What follows the head; *out is in the arena.
static wg_code job_read_changes(wg_reader *r, wg_arena *arena, const wg_image_change **out,
                                size_t *out_n, wg_error *err) {
  wg_reader count = *r;
  wg_record rec;
  size_t n = 0;
  bool any = true;
  while (wg_record_next(&count, arena, &rec, &any, err) == WG_OK && any) {
    n++;
  }
  wg_image_change *v = wg_arena_new_array(arena, wg_image_change, n);
  if (v == NULL) {
    return wg_arena_fail(arena, err);
  }
  for (size_t i = 0; !any && i < n; i++) {
    if (wg_record_next(r, arena, &rec, &any, err) != WG_OK ||
        job_read_change(&rec, &v[i], err) != WG_OK) {
      return err->code;
    }
    any = false;
  }
  *out = v;
  *out_n = n;
  return any ? err->code : WG_OK;
}

wg_code wg_image_job_read(wg_str text, wg_arena *arena, wg_image_job *out, wg_error *err) {
  wg_reader r = wg_reader_of(text.p, text.n);
  wg_record rec;
  wg_image_job job = {0};
  job_counts n = {0};
  if (job_next(&r, arena, "job", &rec, err) != WG_OK ||
      job_read_head(&rec, &job, &n, err) != WG_OK ||
      job_read_picks(&r, arena, n.picks, &job.opt, err) != WG_OK ||
      job_read_gathers(&r, arena, n.gathers, &job, err) != WG_OK ||
      job_read_changes(&r, arena, &job.changes, &job.n_changes, err) != WG_OK) {
    return err->code;
  }
  *out = job;
  return WG_OK;
}
