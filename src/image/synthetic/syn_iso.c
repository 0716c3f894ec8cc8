// SPDX-License-Identifier: Apache-2.0
// The installation medium of a synthetic base: data/synthetic/media.txt on a UDF volume.
#include <string.h>

#include "base/civil.h"
#include "base/sort.h"
#include "base/utf.h"
#include "fmt/udf/write.h"
#include "image/synthetic/syn.h"

#define ISO_NOTE                                                                                   \
  "The files of this disc are on its UDF volume. What reads ISO 9660 only finds this text.\r\n"

typedef struct iso_file {
  const char *path; // "sources\\install.wim"; of the root ""
  bool is_dir;
  wg_str bytes;
} iso_file;

typedef struct iso_maker {
  const wg_syn_wim_job *job;
  wg_arena arena;
  wg_syn_env env;
  iso_file *files;
  size_t n, cap;
  wg_udf_node *nodes; // of files, one for one
} iso_maker;

static void iso_maker_done(iso_maker *m) {
  wg_xfree(m->files);
  wg_xfree(m->nodes);
  wg_arena_done(&m->arena);
}
WG_DEFINE_AUTO(iso_maker, iso_maker_done);

static const char *iso_copy(iso_maker *m, wg_str s) {
  const char *z = wg_arena_strndup(&m->arena, s.p, s.n);
  wg_assert(z != NULL); // the heap ends the program when it is out of memory
  return z;
}

static size_t iso_find(const iso_maker *m, wg_str path) {
  for (size_t i = 0; i < m->n; i++) {
    if (wg_str_eqz(path, m->files[i].path)) {
      return i;
    }
  }
  return SIZE_MAX;
}

static wg_str iso_parent(wg_str path) {
  while (path.n > 0 && path.p[path.n - 1] != '\\') {
    path.n--;
  }
  return (wg_str){path.p, path.n > 0 ? path.n - 1 : 0};
}

// The folders around a path, the outer ones first.
static void iso_add_folders(iso_maker *m, wg_str path) {
  for (size_t i = 0; i < path.n; i++) {
    wg_str folder = {path.p, i};
    if (path.p[i] == '\\' && iso_find(m, folder) == SIZE_MAX) {
      wg_vec_push(&m->files, &m->n, &m->cap) =
          (iso_file){.path = iso_copy(m, folder), .is_dir = true};
    }
  }
}

// "KIND \PATH [< SOURCE]"
static wg_code iso_line(iso_maker *m, wg_str line, wg_error *err) {
  size_t n_kind = wg_str_find(line, ' ');
  wg_str kind = {line.p, n_kind}, source = WG_STR("");
  if (n_kind + 2 > line.n || line.p[n_kind + 1] != '\\') {
    return wg_fail(err, WG_E_BUG, "a line is KIND PATH [< SOURCE]");
  }
  wg_str path = {line.p + n_kind + 2, line.n - n_kind - 2};
  size_t n_path = wg_str_find(path, '<');
  if (n_path < path.n) {
    source = wg_syn_trim((wg_str){path.p + n_path + 1, path.n - n_path - 1});
    path = wg_syn_trim((wg_str){path.p, n_path});
  }
  iso_file f = {.path = iso_copy(m, path)};
  if (wg_syn_content(&m->env, kind, source, path, &f.bytes, err) != WG_OK) {
    return err->code;
  }
  iso_add_folders(m, path);
  wg_vec_push(&m->files, &m->n, &m->cap) = f;
  return WG_OK;
}

// Folders before what is in them, names of one folder in UDF's order.
static int iso_compare(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const iso_file *x = a, *y = b;
  wg_str s = wg_str_of(x->path), t = wg_str_of(y->path);
  while (s.n > 0 && t.n > 0) {
    size_t n = wg_str_find(s, '\\'), k = wg_str_find(t, '\\');
    int order = wg_name_cmp_nocase((wg_str){s.p, n}, (wg_str){t.p, k});
    if (order != 0) {
      return order;
    }
    n += n < s.n;
    k += k < t.n;
    s = (wg_str){s.p + n, s.n - n};
    t = (wg_str){t.p + k, t.n - k};
  }
  return (s.n > 0) - (t.n > 0);
}

static wg_code iso_read_media(iso_maker *m, wg_error *err) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  if (wg_syn_text(&m->env, "media.txt", false, &text, err) != WG_OK) {
    return err->code;
  }
  wg_vec_push(&m->files, &m->n, &m->cap) = (iso_file){.path = "", .is_dir = true};
  wg_str rest = wg_buf_str(&text), line;
  for (unsigned n = 1; wg_syn_line(&rest, &line); n++) {
    if (line.n > 0 && line.p[0] != ';' && iso_line(m, line, err) != WG_OK) {
      return wg_wrap(err, "data/synthetic/media.txt line %u", n);
    }
  }
  wg_sort(m->files, m->n, sizeof(*m->files), iso_compare, NULL);
  return WG_OK;
}

static wg_code iso_sink(void *ctx, uint64_t off_bytes, const void *p, size_t n_bytes,
                        wg_error *err) {
  const wg_outfile *o = ctx;
  return wg_os_pwrite_all(o->fd, p, n_bytes, off_bytes, err);
}

static wg_code iso_write(iso_maker *m, wg_udf_volume *v, wg_error *err) {
  WG_AUTO(wg_outfile) o = WG_OUTFILE_INIT;
  const wg_syn_wim_job *job = m->job;
  if (!job->force && wg_os_exists(WG_CWD, job->out_path)) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' exists already", job->out_path);
  }
  if (wg_udf_plan(v, err) != WG_OK ||
      wg_outfile_begin(&o, WG_CWD, job->out_path, 0644, true, err) != WG_OK) {
    return err->code;
  }
  o.new = !job->force;
  if (wg_udf_write(v, wg_heap(), iso_sink, &o, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < m->n; i++) {
    const iso_file *f = &m->files[i];
    if (wg_cancel_check(job->cancel, err) != WG_OK ||
        (f->bytes.n > 0 &&
         wg_os_pwrite_all(o.fd, f->bytes.p, f->bytes.n, v->nodes[i].off_bytes, err) != WG_OK)) {
      return err->code;
    }
  }
  return wg_outfile_commit(&o, err);
}

// Nodes of a volume whose id follows from what is on it.
static wg_code iso_volume(iso_maker *m, wg_syn_totals *totals, wg_error *err) {
  WG_AUTO(wg_buf) sums = {0};
  uint64_t time_s = 0;
  wg_buf_init(&sums, wg_heap(), 0);
  m->nodes = wg_xalloc(m->n * sizeof(*m->nodes));
  for (size_t i = 0; i < m->n; i++) {
    const iso_file *f = &m->files[i];
    wg_str path = wg_str_of(f->path), folder = iso_parent(path);
    wg_digest d = wg_sha256(f->bytes.p, f->bytes.n);
    wg_buf_printf(&sums, "%s %s\n", wg_digest_hex(&d).s, f->path);
    m->nodes[i] = (wg_udf_node){.name = f->path + (folder.n > 0 ? folder.n + 1 : 0),
                                .parent = (uint32_t)iso_find(m, folder),
                                .is_dir = f->is_dir,
                                .n_bytes = f->bytes.n};
  }
  if (wg_buf_check(&sums, err) != WG_OK) {
    return err->code;
  }
  if (!wg_parse_u64(wg_str_of(wg_syn_value(&m->env, "time")), &time_s)) {
    return wg_fail(err, WG_E_BUG, "'time' of %s is no number", m->env.product);
  }
  wg_digest all = wg_sha256(sums.p, sums.n);
  WG_AUTO(wg_cstr) id = wg_xprintf("%.16s", wg_digest_hex(&all).s);
  WG_AUTO(wg_cstr) label = wg_xprintf("wingo %s %s", m->env.product, m->env.arch);
  wg_udf_volume v = {.label = label,
                     .id = id,
                     .note = ISO_NOTE,
                     .time = wg_civil_of((int64_t)time_s),
                     .nodes = m->nodes,
                     .n_nodes = m->n};
  wg_code code = iso_write(m, &v, err);
  totals->out_bytes = v.size_bytes;
  return code;
}

// boot.wim and install.wim, beside the output for as long as they are made.
static wg_code iso_wims(iso_maker *m, wg_syn_totals *totals, wg_error *err) {
  WG_AUTO(wg_cstr) boot = wg_xprintf("%s-setup", m->env.product);
  const struct {
    const char *name, *product, *state;
  } wims[] = {{"boot", boot, NULL}, {"install", m->env.product, m->job->what.state}};
  for (size_t i = 0; i < WG_ARRAY_LEN(wims); i++) {
    wg_syn_wim_job inner = *m->job;
    wg_syn_totals one;
    inner.what = (wg_syn_what){wims[i].product, m->job->what.arch, wims[i].state};
    inner.commit = false;
    inner.force = true; // nothing gets that name
    inner.arena = &m->arena;
    m->env.wims[i].name = wims[i].name;
    if (wg_syn_wim(&inner, &one, &m->env.wims[i].bytes, err) != WG_OK) {
      return err->code;
    }
    totals->n_images += one.n_images;
    totals->n_files += one.n_files;
    totals->n_dirs += one.n_dirs;
  }
  m->env.n_wims = WG_ARRAY_LEN(wims);
  return WG_OK;
}

wg_code wg_syn_iso(const wg_syn_wim_job *job, wg_syn_totals *out, wg_error *err) {
  WG_AUTO(iso_maker) m = {.job = job};
  wg_syn_totals totals = {0};
  wg_arena_init(&m.arena, wg_heap(), 0);
  m.env.arena = &m.arena;
  if (wg_syn_product(&m.env, &job->what, false, err) != WG_OK ||
      iso_wims(&m, &totals, err) != WG_OK || iso_read_media(&m, err) != WG_OK ||
      iso_volume(&m, &totals, err) != WG_OK) {
    return err->code;
  }
  *out = totals;
  return WG_OK;
}
