// SPDX-License-Identifier: Apache-2.0
// Drives wg_image_write from test scripts, without a project file.
//   image_tool [options] BASE OUT [file:TO=FROM | dir:TO | tree:TO=FROM | delete:TO |
//                                  rename:TO=FROM | set:TO]...
//     each with [attributes=rhs] [replace] [if-present] [any] [owner=X] [sddl=X] behind it, after
//     '|'
//   options: --dir (BASE is a tree) --image X --arch A --threads N --time S --tmp DIR --name N
//            --memory BYTES --in-process --quiet --esd --compact --retime
// Prints the result as key=value lines; the error as "CODE: text" on stderr, exit 1.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/write/write.h"
#include "os/proc.h"

typedef struct tool {
  wg_image_base base;
  wg_image_options opt;
  wg_image_changes changes;
  int at, argc;
  char **argv;
} tool;

static void on_progress(void *ctx, const char *stage, uint64_t done, uint64_t total,
                        const char *unit) {
  (void)ctx;
  fprintf(stderr, "progress %s %llu/%llu %s\n", stage, (unsigned long long)done,
          (unsigned long long)total, unit);
}

static const char *next_arg(tool *t) {
  if (t->at + 1 >= t->argc) {
    fprintf(stderr, "USAGE: a value is missing\n");
    exit(2);
  }
  return t->argv[++t->at];
}

static void read_options(tool *t) {
  for (t->at = 1; t->at < t->argc && strncmp(t->argv[t->at], "--", 2) == 0; t->at++) {
    const char *o = t->argv[t->at];
    if (strcmp(o, "--dir") == 0) {
      t->base.kind = WG_IMAGE_BASE_DIR;
    } else if (strcmp(o, "--in-process") == 0) {
      t->opt.in_process = true;
    } else if (strcmp(o, "--esd") == 0) {
      t->opt.format = WG_IMAGE_FORMAT_ESD;
    } else if (strcmp(o, "--compact") == 0) {
      t->opt.compact = true;
    } else if (strcmp(o, "--retime") == 0) {
      t->opt.retime = true;
    } else if (strcmp(o, "--quiet") == 0) {
      t->opt.on_progress = NULL;
    } else if (strcmp(o, "--image") == 0) {
      t->base.image = next_arg(t);
    } else if (strcmp(o, "--arch") == 0) {
      t->opt.arch = next_arg(t);
    } else if (strcmp(o, "--tmp") == 0) {
      t->opt.tmp_dir = next_arg(t);
    } else if (strcmp(o, "--name") == 0) {
      t->opt.name = next_arg(t);
    } else if (strcmp(o, "--threads") == 0) {
      t->opt.threads = (unsigned)strtoul(next_arg(t), NULL, 10);
    } else if (strcmp(o, "--time") == 0) {
      t->opt.time_s = strtoll(next_arg(t), NULL, 10);
    } else if (strcmp(o, "--memory") == 0) {
      t->opt.memory_bytes = strtoull(next_arg(t), NULL, 10);
    } else {
      fprintf(stderr, "USAGE: %s\n", o);
      exit(2);
    }
  }
}

static wg_code read_flag(wg_image_change *c, const char *text, wg_error *err) {
  if (strcmp(text, "replace") == 0) {
    c->flags |= WG_IMAGE_REPLACE;
  } else if (strcmp(text, "if-present") == 0) {
    c->flags |= WG_IMAGE_IF_PRESENT;
  } else if (strcmp(text, "any") == 0) {
    c->flags |= WG_IMAGE_PROTECTED_TOO;
  } else if (strncmp(text, "owner=", 6) == 0) {
    c->owner = text + 6;
  } else if (strncmp(text, "sddl=", 5) == 0) {
    c->sddl = text + 5;
  } else if (strncmp(text, "attributes=", 11) == 0) {
    c->flags |= WG_IMAGE_ATTRIBUTES;
    c->attributes = (strchr(text + 11, 'r') != NULL ? 1U : 0) |
                    (strchr(text + 11, 'h') != NULL ? 2U : 0) |
                    (strchr(text + 11, 's') != NULL ? 4U : 0);
  } else {
    return wg_fail(err, WG_E_USAGE, "'%s' is no flag", text);
  }
  return WG_OK;
}

static wg_code add_change(tool *t, char *arg, wg_error *err) {
  static const char *const ops[] = {[WG_IMAGE_PUT_FILE] = "file",
                                    [WG_IMAGE_PUT_DIR] = "dir",
                                    [WG_IMAGE_DELETE] = "delete",
                                    [WG_IMAGE_RENAME] = "rename",
                                    [WG_IMAGE_SET] = "set"};
  wg_image_change c = {0};
  char *next = NULL;
  char *what = strtok_r(arg, "|", &next);
  char *colon = what == NULL ? NULL : strchr(what, ':');
  if (colon == NULL) {
    return wg_fail(err, WG_E_USAGE, "'%s' is no change", arg);
  }
  *colon = '\0';
  char *eq = strchr(colon + 1, '=');
  if (eq != NULL) {
    *eq = '\0';
  }
  c.to = colon + 1;
  c.from = eq == NULL ? NULL : eq + 1;
  for (char *f = strtok_r(NULL, "|", &next); f != NULL; f = strtok_r(NULL, "|", &next)) {
    if (read_flag(&c, f, err) != WG_OK) {
      return err->code;
    }
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(ops); i++) {
    if (strcmp(what, ops[i]) == 0) {
      c.op = (wg_image_op)i;
      wg_image_changes_push(&t->changes, &c);
      return WG_OK;
    }
  }
  return wg_image_changes_add_tree(&t->changes, c.from, c.to, NULL, NULL, err);
}

static wg_code run(tool *t, wg_image_result *res, wg_error *err) {
  for (; t->at < t->argc; t->at++) {
    if (add_change(t, t->argv[t->at], err) != WG_OK) {
      return err->code;
    }
  }
  return wg_image_write(&t->base, t->changes.v, t->changes.n, &t->opt, res, err);
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "__wim-worker") == 0) {
    return wg_image_worker_main(&(wg_image_worker){0});
  }
  wg_cancel cancel;
  wg_error err = WG_ERROR_INIT;
  if (wg_cancel_init(&cancel, &err) != WG_OK || wg_os_catch_signals(&cancel, &err) != WG_OK) {
    return 1;
  }
  tool t = {.argc = argc, .argv = argv};
  t.opt = (wg_image_options){.threads = 1,
                             .time_s = 1577836800,
                             .tmp_dir = "/tmp",
                             .name = "test",
                             .on_progress = on_progress,
                             .cancel = &cancel};
  read_options(&t);
  if (t.at + 2 > argc) {
    fprintf(stderr, "USAGE: image_tool [options] BASE OUT [change]...\n");
    return 2;
  }
  t.base.path = argv[t.at++];
  t.opt.out_path = argv[t.at++];
  wg_image_result r = {0};
  wg_code code = run(&t, &r, &err);
  wg_image_changes_done(&t.changes);
  if (code != WG_OK) {
    fprintf(stderr, "%s: %s\n", wg_code_name(code), err.text);
    return 1;
  }
  printf("image_index=%u\nn_images=%u\nbase_bytes=%llu\nout_bytes=%llu\nn_files=%llu\nn_dirs=%llu\n"
         "n_replaced=%llu\nadded_bytes=%llu\nstored_bytes=%llu\nn_dedup=%llu\nkept_bytes=%llu\n"
         "repacked_bytes=%llu\ndead_bytes=%llu\ndedup_bytes=%llu\nn_deleted=%llu\nn_renamed=%llu\n",
         r.image_index, r.n_images, (unsigned long long)r.base_bytes,
         (unsigned long long)r.out_bytes, (unsigned long long)r.n_files,
         (unsigned long long)r.n_dirs, (unsigned long long)r.n_replaced,
         (unsigned long long)r.added_bytes, (unsigned long long)r.stored_bytes,
         (unsigned long long)r.n_dedup, (unsigned long long)r.kept_bytes,
         (unsigned long long)r.repacked_bytes, (unsigned long long)r.dead_bytes,
         (unsigned long long)r.dedup_bytes, (unsigned long long)r.n_deleted,
         (unsigned long long)r.n_renamed);
  for (size_t i = 0; i < r.n_warnings; i++) {
    fprintf(stderr, "warning: %s\n", r.warnings[i]);
  }
  wg_image_result_done(&r);
  return 0;
}
