// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target over files and folders named on the command line: the corpus under any
// compiler. An input that says nothing about allocations (see fuzz.h) runs again with each of the
// first few failing.
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fuzz.h"

#define REPLAY_FAILING 24

static unsigned n_run;

static void replay_file(const char *path) {
  FILE *f = fopen(path, "rbe");
  if (f == NULL) {
    perror(path);
    exit(1);
  }
  size_t cap = 1 << 16, n = 0;
  uint8_t *p = malloc(cap);
  for (;;) {
    size_t got = fread(p + n, 1, cap - n, f);
    n += got;
    if (got == 0) {
      break;
    }
    if (n == cap) {
      cap *= 2;
      p = realloc(p, cap);
    }
  }
  (void)fclose(f);
  uint8_t *exact = malloc(n + FUZZ_TAIL_BYTES);
  memcpy(exact, p, n);
  free(p);
  (void)LLVMFuzzerTestOneInput(exact, n);
  if (n < FUZZ_TAIL_BYTES || memcmp(exact + n - FUZZ_TAIL_BYTES, FUZZ_TAIL, 4) != 0) {
    for (uint8_t fail_at = 1; fail_at <= REPLAY_FAILING; fail_at++) {
      const uint8_t tail[FUZZ_TAIL_BYTES] = {'w', 'g', 'f', 'z', fail_at};
      memcpy(exact + n, tail, sizeof(tail));
      (void)LLVMFuzzerTestOneInput(exact, n + FUZZ_TAIL_BYTES);
    }
  }
  free(exact);
  n_run++;
}

static void replay_path(const char *path) {
  struct stat st = {0};
  if (stat(path, &st) != 0) {
    return; // no corpus yet
  }
  if (!S_ISDIR(st.st_mode)) {
    replay_file(path);
    return;
  }
  DIR *d = opendir(path);
  if (d == NULL) {
    perror(path);
    exit(1);
  }
  for (const struct dirent *e; (e = readdir(d)) != NULL;) {
    if (e->d_name[0] == '.') {
      continue;
    }
    char sub[2048];
    if (snprintf(sub, sizeof(sub), "%s/%s", path, e->d_name) < (int)sizeof(sub)) {
      replay_path(sub);
    }
  }
  (void)closedir(d);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    replay_path(argv[i]);
  }
  printf("%u inputs\n", n_run);
  return 0;
}
