// SPDX-License-Identifier: Apache-2.0
// What our reader makes of a WIM, for test scripts.
//   wim_tool roundtrip FILE   metadata of each image parsed and written again must be equal
//   wim_tool list FILE IMAGE  one line an entry
//   wim_tool verify FILE [THREADS]  all of it read and compared with its SHA-1s
//   wim_tool find FILE [WHICH]      number of the image
//   wim_tool segments FILE    runs of host files: offset, bytes, host file, offset there
//   wim_tool meta FILE IMAGE OUT  the uncompressed metadata resource into a file
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/file/file.h"

static wg_code roundtrip(wg_image_file *f, wg_error *err) {
  for (uint32_t i = 0; i < f->wim.n_images; i++) {
    wg_arena arena;
    wg_buf in, out;
    wg_arena_init(&arena, wg_heap(), 0);
    wg_buf_init(&in, wg_heap(), 0);
    wg_buf_init(&out, wg_heap(), 0);
    wg_wim_tree t;
    if (wg_image_file_tree(f, i, &arena, 0, &in, &t, err) != WG_OK ||
        wg_wim_tree_write(&t, &out, err) != WG_OK) {
      return err->code;
    }
    size_t k = 0;
    while (k < in.n && k < out.n && in.p[k] == out.p[k]) {
      k++;
    }
    if (in.n != out.n || k != in.n) {
      return wg_fail(err, WG_E_VERIFY, "image %u: %zu bytes in, %zu out, first difference at %zu",
                     i + 1, in.n, out.n, k);
    }
    printf("image %u: %zu entries, %zu bytes, equal\n", i + 1, t.n, in.n);
    wg_buf_done(&in);
    wg_buf_done(&out);
    wg_arena_done(&arena);
  }
  return WG_OK;
}

static wg_code list(wg_image_file *f, uint32_t image, wg_error *err) {
  wg_arena arena;
  wg_buf in, path;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&in, wg_heap(), 0);
  wg_buf_init(&path, wg_heap(), 0);
  wg_wim_tree t;
  if (wg_image_file_tree(f, image, &arena, 0, &in, &t, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < t.n; i++) {
    const wg_wim_entry *e = &t.entries[i];
    wg_buf_clear(&path);
    wg_wim_tree_path(&t, i, &path);
    wg_sha1 h = wg_wim_entry_data(e);
    printf("%s attr=0x%x sec=%d streams=%u link=%llu short=%u data=", wg_buf_z(&path),
           e->attributes, (int)e->security, e->n_streams, (unsigned long long)e->link_or_reparse,
           (unsigned)e->short16.n / 2);
    for (size_t k = 0; k < 20; k++) {
      printf("%02x", h.b[k]);
    }
    printf(" time=%llu\n", (unsigned long long)e->write_time);
  }
  wg_buf_done(&in);
  wg_buf_done(&path);
  wg_arena_done(&arena);
  return WG_OK;
}

static wg_code verify(wg_image_file *f, unsigned threads, wg_error *err) {
  wg_image_verified v;
  if (wg_image_file_verify(f, threads, NULL, NULL, NULL, &v, err) != WG_OK) {
    return err->code;
  }
  printf("blobs=%llu bytes=%llu images=%u entries=%llu references=%llu integrity=%llu\n",
         (unsigned long long)v.n_blobs, (unsigned long long)v.n_bytes, (unsigned)v.n_images,
         (unsigned long long)v.n_entries, (unsigned long long)v.n_references,
         (unsigned long long)v.n_integrity_chunks);
  return WG_OK;
}

// Runs of host files that the WIM is made of.
static void segments(const wg_image_file *f) {
  for (size_t i = 0; i < f->n_segments; i++) {
    const wg_image_segment *s = &f->segments[i];
    printf("%llu %llu %s %llu\n", (unsigned long long)s->off_bytes, (unsigned long long)s->n_bytes,
           f->hosts[s->host].path, (unsigned long long)s->fd_off_bytes);
  }
}

static wg_code meta(wg_image_file *f, uint32_t image, const char *path, wg_error *err) {
  wg_buf in;
  wg_buf_init(&in, wg_heap(), 0);
  wg_code code =
      wg_wim_load_blob(&f->wim, f->decoder, f->wim.metadata[image], UINT64_MAX, &in, err);
  if (code == WG_OK) {
    code = wg_os_write_file(WG_CWD, path, in.p, in.n, 0644, false, err);
  }
  wg_buf_done(&in);
  return code;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    return 2;
  }
  wg_error err = WG_ERROR_INIT;
  wg_image_file f = WG_IMAGE_FILE_INIT;
  wg_code code = wg_image_file_open(&f, argv[2], &err);
  uint32_t image = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) - 1 : 0;
  if (code == WG_OK && strcmp(argv[1], "roundtrip") == 0) {
    code = roundtrip(&f, &err);
  } else if (code == WG_OK && strcmp(argv[1], "list") == 0) {
    code = list(&f, image, &err);
  } else if (code == WG_OK && strcmp(argv[1], "verify") == 0) {
    code = verify(&f, argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 1, &err);
  } else if (code == WG_OK && strcmp(argv[1], "find") == 0) {
    code = wg_image_file_find(&f, argc > 3 ? argv[3] : NULL, &image, &err);
    if (code == WG_OK) {
      printf("%u\n", image + 1);
    }
  } else if (code == WG_OK && strcmp(argv[1], "segments") == 0) {
    segments(&f);
  } else if (code == WG_OK && argc > 4) {
    code = meta(&f, image, argv[4], &err);
  }
  wg_image_file_done(&f);
  if (code != WG_OK) {
    fprintf(stderr, "%s: %s\n", wg_code_name(code), err.text);
    return 1;
  }
  return 0;
}
