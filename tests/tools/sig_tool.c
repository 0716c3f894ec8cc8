// SPDX-License-Identifier: Apache-2.0
// What src/driver/package/signature.h says of a package, for test scripts:
//   sig_tool DIR CATALOG NOW TRUST FILE...
// CATALOG "": none; NOW: seconds since 1970; TRUST: SHA-256 of a public key in hex, or "".
// Prints key=value lines, for each file "file NAME cover=... pe=... embedded=... signer=...".
// Errors: "CODE offset: text" on stderr, exit 1.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "driver/package/signature.h"
#include "os/file.h"

#include "no_leaks.h"

static int fail(const wg_error *err) {
  fprintf(stderr, "%s %" PRId64 ": %s\n", wg_code_name(err->code), (int64_t)err->off_bytes,
          err->text);
  return 1;
}

static const char *text(const char *s) {
  return s == NULL ? "" : s;
}

static void print(const wg_driver_signature *s, wg_arena *arena) {
  static const char *const covers[] = {"no", "yes", "crlf", "absent"};
  printf("class=%s\nscore=%08X\ncatalog=%s\nsigner=%s\nissuer=%s\nanchor=%s\nwhy=%s\n",
         wg_sig_class_name(s->cls), (unsigned)s->score, text(s->catalog_path), text(s->signer),
         text(s->issuer), text(s->anchor), text(s->why));
  if (s->has_time) {
    printf("time=%" PRId64 "\ntime_signer=%s\n", s->time_s, text(s->time_signer));
  }
  printf("os=%s\nsubmission=%s\nnot_covered=%u\ncrlf=%u\n", text(s->os), text(s->submission_ids),
         (unsigned)s->n_not_covered, (unsigned)s->n_crlf);
  for (uint32_t i = 0; i < s->n_files; i++) {
    const wg_sig_file *f = &s->files[i];
    printf("file %.*s cover=%s pe=%d embedded=%s signer=%s\n", WG_STR_ARG(f->name),
           covers[f->cover], f->is_pe, f->has_embedded ? wg_sig_class_name(f->embedded) : "-",
           text(f->embedded_signer));
    printf("problem %s\n", text(wg_sig_file_problem(s, f, arena)));
  }
}

int main(int argc, char **argv) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_fd) dir = -1;
  wg_digest trust;
  wg_driver_signature s;
  wg_arena_init(&arena, wg_heap(), 0);
  if (argc < 5) {
    fprintf(stderr, "usage: sig_tool DIR CATALOG NOW TRUST FILE...\n");
    return 2;
  }
  uint32_t n = (uint32_t)argc - 5;
  wg_str *files = wg_arena_new_array(&arena, wg_str, n);
  for (uint32_t i = 0; files != NULL && i < n; i++) {
    files[i] = wg_str_of(argv[5 + i]);
  }
  uint64_t now = 0;
  bool trusts = argv[4][0] != '\0';
  if (files == NULL || !wg_parse_u64(wg_str_of(argv[3]), &now) ||
      (trusts && !wg_digest_parse(wg_str_of(argv[4]), &trust))) {
    fprintf(stderr, "NOW or TRUST is none\n");
    return 2;
  }
  if (wg_os_open_dir(WG_CWD, argv[1], &dir, &err) != WG_OK) {
    return fail(&err);
  }
  wg_sig_want want = {.dir = dir,
                      .shown = argv[1],
                      .files = files,
                      .n_files = n,
                      .catalog = wg_str_of(argv[2]),
                      .now_s = (int64_t)now,
                      .trust = &trust,
                      .n_trust = trusts ? 1 : 0};
  if (wg_driver_signature_of(&want, NULL, &arena, &s, &err) != WG_OK) {
    return fail(&err);
  }
  print(&s, &arena);
  return 0;
}
