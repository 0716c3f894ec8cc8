// SPDX-License-Identifier: Apache-2.0
// `wingo wim info|dir|cat|verify`: looking at a file with images.
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/utf.h"
#include "cli/inspect/inspect.h"
#include "cli/wim/wim.h"
#include "fmt/sd/sd.h"
#include "fmt/wim/reparse.h"
#include "image/apply/apply.h"

#define DIR_FLUSH_BYTES ((size_t)1 << 16)

// In the file it is UTF-16, and its declaration may say so; here it is UTF-8, and says that.
static int info_xml(const wg_cli *c, const wg_image_file *f) {
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  wg_str xml = f->wim.xml;
  size_t end = wg_str_starts(xml, "<?xml") ? wg_str_find(xml, '>') : 0;
  size_t at = 0;
  static const char key[] = "encoding=";
  while (at < end && (end - at < sizeof(key) || memcmp(xml.p + at, key, sizeof(key) - 1) != 0)) {
    at++;
  }
  if (at + sizeof(key) <= end) {
    at += sizeof(key); // behind the quote
    size_t close = at;
    while (close < end && xml.p[close] != xml.p[at - 1]) {
      close++;
    }
    wg_buf_add(&out, xml.p, at);
    wg_buf_add_z(&out, "UTF-8");
    xml = (wg_str){xml.p + close, xml.n - close};
  }
  wg_buf_add(&out, xml.p, xml.n);
  wg_buf_add_byte(&out, '\n');
  return wg_cli_end_text(c, &out);
}

// One row for each content: what the blob table says.
static void info_blobs(wg_ins *i, const wg_wim *w) {
  static const wg_ins_col cols[] = {
      {"sha1", "SHA-1", WG_COL_STR},          {"bytes", "bytes", WG_COL_U64},
      {"stored_bytes", "stored", WG_COL_U64}, {"offset", "offset", WG_COL_ADDR},
      {"uses", "uses", WG_COL_U64},           {"kind", "kind", WG_COL_STR}};
  wg_ins_cell *rows = wg_xarray(w->n_blobs + 1, WG_ARRAY_LEN(cols) * sizeof(wg_ins_cell));
  for (size_t k = 0; k < w->n_blobs; k++) {
    const wg_wim_blob *b = &w->blobs[k];
    wg_ins_cell *row = rows + k * WG_ARRAY_LEN(cols);
    const char *hex = wg_arena_printf(i->arena, "%08x%08x%08x%08x%08x", wg_be32(b->hash.b),
                                      wg_be32(b->hash.b + 4), wg_be32(b->hash.b + 8),
                                      wg_be32(b->hash.b + 12), wg_be32(b->hash.b + 16));
    row[0].s = wg_str_of(hex);
    row[1].v = b->orig_bytes;
    row[2].v = b->stored_bytes;
    row[3].v = b->off_bytes;
    row[4].v = b->refcount;
    row[5].s = wg_str_of((b->flags & WG_WIM_RES_METADATA) != 0     ? "metadata"
                         : b->solid != WG_WIM_NO_SOLID             ? "solid"
                         : (b->flags & WG_WIM_RES_COMPRESSED) != 0 ? "compressed"
                                                                   : "stored");
  }
  wg_ins_table(i, "blobs", "Blobs", cols, WG_ARRAY_LEN(cols), rows, w->n_blobs);
  wg_xfree(rows);
}

static int info_run(wg_cli *c) {
  WG_AUTO(wg_image_file) f = WG_IMAGE_FILE_INIT;
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) out = {0};
  wg_error err = WG_ERROR_INIT;
  uint32_t only = UINT32_MAX;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&out, wg_heap(), (size_t)1 << 31);
  if (wg_image_file_open(&f, c->args[0], &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  if (c->n_args > 1 && wg_image_file_find(&f, c->args[1], &only, &err) != WG_OK) {
    (void)!wg_wrap(&err, "'%s'", c->args[0]);
    return wg_cli_fail(c, &err);
  }
  if (wg_cli_has(c, "xml")) {
    return info_xml(c, &f);
  }
  wg_jsonw json;
  wg_jsonw_init(&json, &out, 2);
  wg_ins ins = {.path = c->args[0], .arena = &arena, .json = c->json ? &json : NULL, .out = &out};
  wg_ins_begin(&ins, NULL, c->args[0]);
  if (c->json) {
    wg_ins_z(&ins, "file", "File", c->args[0]);
  }
  wg_ins_bytes(&ins, "bytes", "Size", f.wim.src.size_bytes);
  wg_inspect_wim_of(&ins, &f.wim, only);
  if (wg_cli_has(c, "blobs")) {
    info_blobs(&ins, &f.wim);
  }
  wg_ins_end(&ins);
  if ((c->json ? wg_jsonw_finish(&json, &err) : wg_buf_check(&out, &err)) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_out_bytes(out.p, out.n);
  return 0;
}

static const struct {
  uint32_t bit;
  const char *name;
} dir_attributes[] = {{0x1, "readonly"},     {0x2, "hidden"},     {0x4, "system"},
                      {0x10, "folder"},      {0x20, "archive"},   {0x80, "normal"},
                      {0x100, "temporary"},  {0x200, "sparse"},   {0x400, "reparse"},
                      {0x800, "compressed"}, {0x1000, "offline"}, {0x2000, "not-indexed"},
                      {0x4000, "encrypted"}};

static void dir_time(wg_ins *i, const char *key, const char *label, uint64_t filetime) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_cli_add_filetime(&b, filetime);
  wg_ins_str(i, key, label, wg_buf_str(&b));
}

static void dir_name16(wg_ins *i, const char *key, const char *label, wg_str name16) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  if (name16.n > 0 && wg_utf16le_to_utf8((const uint8_t *)name16.p, name16.n, &b)) {
    wg_ins_str(i, key, label, wg_buf_str(&b));
  }
}

static void dir_attributes_of(wg_ins *i, uint32_t attributes) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  for (size_t k = 0; k < WG_ARRAY_LEN(dir_attributes); k++) {
    if ((attributes & dir_attributes[k].bit) != 0) {
      wg_buf_printf(&b, "%s%s", b.n > 0 ? " " : "", dir_attributes[k].name);
    }
  }
  wg_ins_printf(i, "attributes", "Attributes", "0x%x", (unsigned)attributes);
  wg_ins_str(i, "attribute_names", "", wg_buf_str(&b));
}

static void dir_security(wg_ins *i, const wg_cli_image *im, const wg_wim_entry *e) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) b = {0};
  wg_error err = WG_ERROR_INIT;
  wg_sd sd;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&b, wg_heap(), 0);
  if (e->security == WG_WIM_NO_SECURITY || e->security >= im->tree.n_descriptors) {
    return;
  }
  wg_str bytes = im->tree.descriptors[e->security];
  if (wg_sd_parse(bytes.p, bytes.n, &arena, &sd, &err) != WG_OK) {
    wg_ins_digits(i, "security", "Security", bytes.p, bytes.n);
    return;
  }
  wg_sddl_write(&sd, &b);
  wg_ins_str(i, "security", "Security", wg_buf_str(&b));
}

static void dir_stream_content(wg_ins *i, const wg_wim *w, const wg_sha1 *h) {
  uint32_t blob = 0;
  if (wg_sha1_is_zero(h)) {
    wg_ins_bytes(i, "bytes", "Size", 0);
    return;
  }
  if (wg_wim_find_blob(w, h, &blob)) {
    wg_ins_bytes(i, "bytes", "Size", w->blobs[blob].orig_bytes);
  }
  wg_ins_digits(i, "sha1", "SHA-1", h->b, sizeof(h->b));
}

static void dir_link(wg_ins *i, wg_cli_image *im, const wg_wim_entry *e, uint32_t stream) {
  WG_AUTO(wg_buf) b = {0};
  wg_error err = WG_ERROR_INIT;
  wg_reparse_link link;
  bool is_link = false;
  uint32_t blob = 0;
  wg_buf_init(&b, wg_heap(), 0);
  wg_ins_printf(i, "reparse_tag", "Reparse tag", "0x%08x",
                (unsigned)(e->link_or_reparse & UINT32_MAX));
  if (stream != WG_WIM_NO_STREAM &&
      wg_wim_find_blob(&im->file.wim, wg_wim_entry_hash(e, stream), &blob) &&
      wg_wim_load_blob(&im->file.wim, im->file.decoder, blob, WG_REPARSE_MAX_BYTES, &b, &err) ==
          WG_OK &&
      wg_reparse_read(e, true, b.p, b.n, i->arena, &is_link, &link, &err) == WG_OK && is_link) {
    wg_ins_z(i, "target", "Target", link.text);
  }
}

static void dir_named_streams(wg_ins *i, const wg_wim *w, const wg_wim_entry *e) {
  bool any = false;
  for (uint32_t k = 0; k < e->n_streams; k++) {
    any = any || e->streams[k].name16.n > 0;
  }
  if (!any) {
    return;
  }
  wg_ins_begin_list(i, "streams");
  for (uint32_t k = 0; k < e->n_streams; k++) {
    const wg_wim_stream *s = &e->streams[k];
    if (s->name16.n > 0) {
      wg_ins_begin(i, NULL, "Stream");
      dir_name16(i, "name", "Name", s->name16);
      dir_stream_content(i, w, &s->hash);
      wg_ins_end(i);
    }
  }
  wg_ins_end_list(i);
}

static void dir_details(wg_ins *i, wg_cli_image *im, uint32_t entry) {
  const wg_wim_entry *e = &im->tree.entries[entry];
  wg_wim_roles roles = wg_wim_entry_roles(e);
  WG_AUTO(wg_buf) path = {0};
  wg_buf_init(&path, wg_heap(), 0);
  wg_wim_tree_path(&im->tree, entry, &path);
  wg_ins_begin(i, NULL, wg_buf_z(&path));
  if (i->json != NULL) {
    wg_ins_str(i, "path", "Path", wg_buf_str(&path));
  }
  dir_name16(i, "short_name", "Short name", e->short16);
  dir_attributes_of(i, e->attributes);
  dir_time(i, "created", "Created", e->create_time);
  dir_time(i, "written", "Written", e->write_time);
  dir_time(i, "accessed", "Accessed", e->access_time);
  if ((e->attributes & WG_WIM_ATTR_DIRECTORY) == 0) {
    wg_sha1 data = wg_wim_entry_data(e);
    dir_stream_content(i, &im->file.wim, &data);
  }
  if ((e->attributes & WG_WIM_ATTR_REPARSE) != 0) {
    dir_link(i, im, e, roles.reparse);
  } else if (e->link_or_reparse != 0) {
    wg_ins_addr(i, "link_group", "Link group", e->link_or_reparse);
  }
  dir_security(i, im, e);
  dir_named_streams(i, &im->file.wim, e);
  wg_ins_end(i);
}

static void dir_plain(const wg_cli_image *im, uint32_t entry, wg_buf *out, wg_buf *path) {
  wg_buf_clear(path);
  wg_wim_tree_path(&im->tree, entry, path);
  wg_ins_add_plain(out, wg_buf_str(path));
  wg_buf_add_byte(out, '\n');
}

static wg_code dir_all(const wg_cli *c, wg_cli_image *im, uint32_t root, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) out = {0};
  WG_AUTO(wg_buf) path = {0};
  wg_jsonw json;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&out, wg_heap(), 0);
  wg_buf_init(&path, wg_heap(), 0);
  wg_jsonw_init(&json, &out, 2);
  wg_ins ins = {.arena = &arena, .json = c->json ? &json : NULL, .out = &out};
  if (c->json) {
    wg_ins_begin(&ins, NULL, "");
    wg_ins_u64(&ins, "image", "", (uint64_t)im->image + 1);
    wg_ins_begin_list(&ins, "entries");
  }
  bool detailed = c->json || wg_cli_has(c, "detailed");
  for (uint32_t at = root; at != WG_WIM_NO_ENTRY; at = wg_image_walk(&im->tree, root, at)) {
    if (wg_cancel_check(c->cancel, err) != WG_OK) {
      return err->code;
    }
    if (detailed) {
      dir_details(&ins, im, at);
      wg_arena_done(&arena);
    } else {
      dir_plain(im, at, &out, &path);
    }
    if (out.n > DIR_FLUSH_BYTES) {
      wg_out_bytes(out.p, out.n);
      wg_buf_clear(&out);
    }
  }
  if (c->json) {
    wg_ins_end_list(&ins);
    wg_ins_end(&ins);
  }
  if ((c->json ? wg_jsonw_finish(&json, err) : wg_buf_check(&out, err)) != WG_OK) {
    return err->code;
  }
  wg_out_bytes(out.p, out.n);
  return WG_OK;
}

static int dir_run(wg_cli *c) {
  WG_AUTO(wg_cli_image) im = {.file = WG_IMAGE_FILE_INIT};
  wg_error err = WG_ERROR_INIT;
  const char *path = wg_cli_value(c, "path");
  uint32_t root = 0;
  if (wg_cli_image_open(&im, c->args[0], c->n_args > 1 ? c->args[1] : NULL, &err) != WG_OK ||
      wg_cli_image_find(&im, path != NULL ? path : "", &root, &err) != WG_OK ||
      dir_all(c, &im, root, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  return 0;
}

typedef struct cat_sink {
  wg_hash *hash;
  const wg_cancel *cancel;
} cat_sink;

static wg_code cat_add(void *ctx, const uint8_t *p, size_t n, wg_error *err) {
  const cat_sink *s = ctx;
  wg_hash_add(s->hash, p, n);
  if (wg_os_write_all(1, p, n, err) != WG_OK) {
    return wg_wrap(err, "standard output");
  }
  return wg_cancel_check(s->cancel, err);
}

static wg_code cat_blob(const wg_cli *c, const wg_cli_image *im, const wg_sha1 *hash,
                        const char *path, wg_error *err) {
  const wg_wim *w = &im->file.wim;
  uint32_t blob = 0;
  WG_AUTO_PTR(wg_hash) h = NULL;
  wg_sha1 got;
  if (wg_sha1_is_zero(hash)) {
    return WG_OK; // empty
  }
  if (!wg_wim_find_blob(w, hash, &blob)) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "the content of '%s' is not in the file: a delta or incomplete WIM", path);
  }
  if (wg_hash_new(WG_SHA1, &h, err) != WG_OK ||
      wg_wim_read_blob(w, im->file.decoder, blob, cat_add, &(cat_sink){h, c->cancel}, err) !=
          WG_OK) {
    return err->code == WG_E_CANCELED ? WG_E_CANCELED : wg_wrap(err, "'%s'", path);
  }
  wg_hash_end(h, got.b);
  if (memcmp(&got, hash, sizeof(got)) != 0) {
    return wg_fail(err, WG_E_VERIFY,
                   "'%s': what was written has not the SHA-1 that the file gives: it is damaged",
                   path);
  }
  return WG_OK;
}

// The hash of a file's stream: unnamed, or by name.
static wg_code cat_stream(const wg_wim_entry *e, const char *path, const char *stream, wg_sha1 *out,
                          wg_error *err) {
  if (stream == NULL) {
    if ((e->attributes & (WG_WIM_ATTR_DIRECTORY | WG_WIM_ATTR_ENCRYPTED)) != 0) {
      return wg_fail(err, WG_E_UNSUPPORTED, "'%s' is %s", path,
                     (e->attributes & WG_WIM_ATTR_DIRECTORY) != 0 ? "a folder" : "encrypted (EFS)");
    }
    *out = wg_wim_entry_data(e);
    return WG_OK;
  }
  WG_AUTO(wg_buf) name16 = {0};
  wg_buf_init(&name16, wg_heap(), 0);
  if (wg_utf8_to_utf16le(wg_str_of(stream), &name16)) {
    for (uint32_t k = 0; k < e->n_streams; k++) {
      wg_str n = e->streams[k].name16;
      if (n.n > 0 && wg_name16_cmp_nocase((const uint8_t *)n.p, n.n, name16.p, name16.n) == 0) {
        *out = e->streams[k].hash;
        return WG_OK;
      }
    }
  }
  return wg_fail(err, WG_E_NOT_FOUND, "'%s' has no stream '%s'", path, stream);
}

static int cat_run(wg_cli *c) {
  WG_AUTO(wg_cli_image) im = {.file = WG_IMAGE_FILE_INIT};
  WG_AUTO(wg_cstr) path = wg_xstrdup(c->args[2]);
  wg_error err = WG_ERROR_INIT;
  uint32_t entry = 0;
  wg_sha1 hash;
  if (c->json) {
    return wg_cli_usage(c, "what it prints is the file itself: --json has no place in it");
  }
  char *colon = strrchr(path, ':'); // of a stream, when it is not the drive's
  if (colon != NULL && colon - path > 1) {
    *colon = '\0';
  } else {
    colon = NULL;
  }
  if (wg_cli_image_open(&im, c->args[0], c->args[1], &err) != WG_OK ||
      wg_cli_image_find(&im, path, &entry, &err) != WG_OK ||
      cat_stream(&im.tree.entries[entry], path, colon != NULL ? colon + 1 : NULL, &hash, &err) !=
          WG_OK ||
      cat_blob(c, &im, &hash, path, &err) != WG_OK) {
    return err.saved_errno == EPIPE ? 1 : wg_cli_fail(c, &err); // the reader has gone
  }
  return 0;
}

static const wg_cli_opt info_opts[] = {
    {.name = "xml", .help = "the XML that is in the file, as UTF-8"},
    {.name = "blobs", .help = "also the table of contents: SHA-1, sizes, place, uses"}};
const wg_cli_cmd wg_cmd_wim_info = {
    .noun = "wim",
    .name = "info",
    .args = "FILE [IMAGE]",
    .summary = "show a WIM, ESD or SWM file and its images",
    .text = "IMAGE is a 1-based index or a name; without it all images are shown.\n\n"
            "Examples:\n  wingo wim info install.wim\n  wingo wim info install.esd 6 --json\n"
            "  wingo wim info install.wim --xml | xmllint --format -\n",
    .opts = info_opts,
    .n_opts = WG_ARRAY_LEN(info_opts),
    .min_args = 1,
    .max_args = 2,
    .complete = "file",
    .run = info_run};

static const wg_cli_opt dir_opts[] = {
    {.name = "path", .arg = "PATH", .help = "only this file or folder and what is in it"},
    {.name = "detailed",
     .letter = 'l',
     .help = "times, sizes, attributes, security, links and streams"}};
const wg_cli_cmd wg_cmd_wim_dir = {
    .noun = "wim",
    .name = "dir",
    .args = "FILE [IMAGE]",
    .summary = "list what is in an image",
    .text = "One path a line, folders before what is in them. Letter case in PATH does not count, "
            "'/' and '\\' are the same.\n\n"
            "Examples:\n  wingo wim dir install.wim 1 --path='\\Windows\\System32\\drivers'\n"
            "  wingo wim dir install.wim 1 --json | jq '.entries[] | select(.bytes > 10000000)'\n",
    .opts = dir_opts,
    .n_opts = WG_ARRAY_LEN(dir_opts),
    .min_args = 1,
    .max_args = 2,
    .complete = "file",
    .run = dir_run};

const wg_cli_cmd wg_cmd_wim_cat = {
    .noun = "wim",
    .name = "cat",
    .args = "FILE IMAGE PATH",
    .summary = "write one file of an image to standard output",
    .text =
        "PATH:STREAM is a named stream. The content is compared with its SHA-1; when it "
        "differs, the exit code is 5.\n\n"
        "Example:\n  wingo wim cat install.wim 1 'C:\\Windows\\System32\\drivers\\etc\\hosts'\n",
    .min_args = 3,
    .max_args = 3,
    .complete = "file",
    .run = cat_run};
