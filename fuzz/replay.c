// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target over files and folders named on the command line: the corpus under any
// compiler.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned n_run;

static void replay_file(const char *path) {
  FILE *f = fopen(path, "rbe");
  if (f == NULL) {
    perror(path);
    exit(1);
  }
  // An exact-size block, so that AddressSanitizer sees one byte too far.
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
  uint8_t *exact = malloc(n == 0 ? 1 : n);
  memcpy(exact, p, n);
  free(p);
  (void)LLVMFuzzerTestOneInput(exact, n);
  free(exact);
  n_run++;
}

static void replay_path(const char *path) {
  struct stat st;
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
