// SPDX-License-Identifier: Apache-2.0
// `wingo inspect FILE...`: what is this file.
#include "cli/core/cli.h"
#include "cli/inspect/inspect.h"
#include "crypto/digest.h"
#include "fmt/cat/cat.h"
#include "fmt/lnk/lnk.h"
#include "fmt/sbom/sbom.h"
#include "os/proc.h"

#define INSPECT_MAX_BYTES ((uint64_t)2 << 30)
#define INSPECT_HEAD_BYTES ((size_t)64 << 10)

typedef struct inspect_format {
  const char *name;
  bool (*detect)(const wg_reader *head); // from the file's first bytes
  bool needs_all;                        // the whole file is read into memory first
  wg_code (*run)(wg_ins *i, wg_error *err);
} inspect_format;

// In order of detection. To add a format, add a row.
static const inspect_format inspect_formats[] = {
    {"PE", wg_inspect_pe_detect, true, wg_inspect_pe},
    {"ELF", wg_elf_detect, true, wg_inspect_elf},
    {"Mach-O", wg_macho_detect, true, wg_inspect_macho},
    {"icon", wg_inspect_ico_detect, true, wg_inspect_ico},
    {"shortcut", wg_lnk_detect, true, wg_inspect_lnk},
    {"catalogue", wg_cat_detect, true, wg_inspect_cat},
    {"WIM", wg_wim_detect, false, wg_inspect_wim},
    {"registry hive", wg_inspect_hive_detect, true, wg_inspect_hive},
    {"registry text", wg_inspect_regtext_detect, true, wg_inspect_regtext},
    {"ISO", wg_iso_detect, false, wg_inspect_wim},
};

static wg_code inspect_unknown(uint64_t n_bytes, wg_error *err) {
  if (n_bytes == 0) {
    return wg_fail(err, WG_E_UNSUPPORTED, "the file is empty");
  }
  WG_AUTO(wg_buf) names = {0};
  wg_buf_init(&names, wg_heap(), 0);
  for (size_t k = 0; k < WG_ARRAY_LEN(inspect_formats); k++) {
    wg_buf_printf(&names, "%s%s", k == 0 ? "" : ", ", inspect_formats[k].name);
  }
  return wg_fail(
      err, WG_E_UNSUPPORTED,
      "not a format that inspect knows (it knows: %s; of INF files see 'wingo inf show')",
      wg_buf_z(&names));
}

static const inspect_format *inspect_detect(const wg_reader *head) {
  for (size_t k = 0; k < WG_ARRAY_LEN(inspect_formats); k++) {
    if (inspect_formats[k].detect(head)) {
      return &inspect_formats[k];
    }
  }
  return NULL;
}

static wg_code inspect_describe(const inspect_format *f, wg_ins *i, const wg_cancel *cancel,
                                wg_error *err) {
  wg_digest digest;
  if (wg_sha256_fd(i->fd, cancel, &digest, NULL, err) != WG_OK) {
    return err->code;
  }
  wg_ins_begin(i, NULL, i->path);
  if (i->json != NULL) {
    wg_ins_z(i, "file", "", i->path);
  }
  wg_ins_z(i, "format", "Format", f->name);
  wg_ins_bytes(i, "bytes", "Size", i->n_bytes);
  wg_ins_z(i, "sha256", "SHA-256", wg_digest_hex(&digest).s);
  if (f->run(i, err) != WG_OK) {
    return err->code;
  }
  wg_ins_end(i);
  return i->json != NULL ? wg_jsonw_finish(i->json, err) : wg_buf_check(i->out, err);
}

// The time that goes into an SBOM: none unless the environment gives one.
static wg_code inspect_epoch(wg_sbom_in *in, wg_error *err) {
  return wg_cli_epoch(&in->time_s, &in->has_time, err);
}

static wg_code inspect_sbom(const wg_ins *i, const wg_cancel *cancel, wg_error *err) {
  wg_gobuildinfo info = {0};
  wg_digest digest;
  if (wg_gobuildinfo_of_file(&i->file, i->arena, &info, err) != WG_OK ||
      wg_sha256_fd(i->fd, cancel, &digest, NULL, err) != WG_OK) {
    return err->code;
  }
  wg_sbom_in in = {.info = &info,
                   .file_name = wg_str_of(wg_path_basename(i->path)),
                   .sha256 = &digest,
                   .tool_version = WG_STR(WINGO_VERSION)};
  if (inspect_epoch(&in, err) != WG_OK) {
    return err->code;
  }
  return wg_sbom_write(&in, i->out, err);
}

static wg_code inspect_head(int fd, uint64_t n_bytes, wg_buf *out, wg_error *err) {
  size_t n = n_bytes < INSPECT_HEAD_BYTES ? (size_t)n_bytes : INSPECT_HEAD_BYTES;
  wg_buf_add_zeros(out, n);
  if (wg_buf_check(out, err) != WG_OK) {
    return err->code;
  }
  return n == 0 ? WG_OK : wg_os_pread_exact(fd, out->p, n, 0, err);
}

static wg_code inspect_open_file(const wg_cli *cli, const char *path, int fd, uint64_t n_bytes,
                                 wg_buf *out, wg_error *err) {
  WG_AUTO(wg_buf) bytes = {0};
  wg_buf_init(&bytes, wg_heap(), (size_t)INSPECT_MAX_BYTES + 1);
  if (inspect_head(fd, n_bytes, &bytes, err) != WG_OK) {
    return err->code;
  }
  wg_reader head = wg_reader_of(bytes.p, bytes.n);
  const inspect_format *f = inspect_detect(&head);
  if (f == NULL) {
    return inspect_unknown(n_bytes, err);
  }
  if (f->needs_all && n_bytes > bytes.n) {
    wg_buf_clear(&bytes);
    if (wg_os_read_file(WG_CWD, path, INSPECT_MAX_BYTES, &bytes, err) != WG_OK) {
      return err->code;
    }
  }
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_jsonw json;
  wg_jsonw_init(&json, out, 2);
  wg_ins ins = {.path = path,
                .fd = fd,
                .n_bytes = n_bytes,
                .file = wg_reader_of(bytes.p, bytes.n),
                .arena = &arena,
                .verbose = cli->verbose > 0,
                .json = cli->json ? &json : NULL,
                .out = out};
  return wg_cli_has(cli, "sbom") ? inspect_sbom(&ins, cli->cancel, err)
                                 : inspect_describe(f, &ins, cli->cancel, err);
}

// The description of one file appended to out, whole or not at all.
static wg_code inspect_one(const wg_cli *cli, const char *path, wg_buf *out, wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  wg_stat st;
  if (wg_os_open_read(WG_CWD, path, &fd, err) != WG_OK) {
    return err->code;
  }
  if (wg_os_fstat(fd, &st, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  if (st.type == WG_FT_DIR) {
    return wg_fail(err, WG_E_UNSUPPORTED, "'%s' is a directory; name the files in it", path);
  }
  if (inspect_open_file(cli, path, fd, st.size_bytes, out, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  return WG_OK;
}

// A file that can't be described, among others that can.
static wg_code inspect_failed(const char *path, const wg_error *why, wg_buf *out, wg_error *err) {
  wg_jsonw j;
  wg_buf_clear(out);
  wg_jsonw_init(&j, out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_kv_z(&j, "file", path);
  wg_cli_kv_error(&j, why->code, wg_exit_code(why->code), why->text);
  wg_jsonw_end_object(&j);
  return wg_jsonw_finish(&j, err);
}

// Several files as one object: each as it is for itself.
static int inspect_several(const wg_cli *cli) {
  wg_error first = WG_ERROR_INIT;
  int exit_code = 0;
  for (size_t k = 0; k < cli->n_args; k++) {
    wg_error err = WG_ERROR_INIT;
    wg_error ignored = WG_ERROR_INIT; // out of memory ends the program above fmt
    WG_AUTO(wg_buf) out = {0};
    wg_buf_init(&out, wg_heap(), 0);
    if (inspect_one(cli, cli->args[k], &out, &err) != WG_OK) {
      wg_cli_tell(cli, &err);
      first = exit_code == 0 ? err : first;
      exit_code = exit_code == 0 ? wg_exit_code(err.code) : exit_code;
      (void)!inspect_failed(cli->args[k], &err, &out, &ignored);
    }
    wg_out(k == 0 ? "{\"files\": [\n" : ",\n");
    wg_out_bytes(out.p, out.n);
  }
  wg_out("]");
  if (exit_code != 0) {
    WG_AUTO(wg_buf) out = {0};
    wg_error ignored = WG_ERROR_INIT;
    wg_jsonw j;
    wg_buf_init(&out, wg_heap(), 0);
    wg_jsonw_init(&j, &out, 2);
    wg_jsonw_begin_object(&j);
    wg_cli_kv_error(&j, first.code, exit_code, first.text);
    wg_jsonw_end_object(&j);
    if (wg_jsonw_finish(&j, &ignored) == WG_OK && out.n > 1) {
      wg_out(",");
      wg_out_bytes(out.p + 1, out.n - 1); // goes on in the object that is open
      return exit_code;
    }
  }
  wg_out("}\n");
  return exit_code;
}

static int inspect_run(wg_cli *cli) {
  int exit_code = 0;
  if (cli->json && cli->n_args > 1) {
    return inspect_several(cli);
  }
  for (size_t k = 0; k < cli->n_args; k++) {
    wg_error err = WG_ERROR_INIT;
    WG_AUTO(wg_buf) out = {0};
    wg_buf_init(&out, wg_heap(), 0);
    if (inspect_one(cli, cli->args[k], &out, &err) != WG_OK) {
      int code = wg_cli_fail(cli, &err);
      exit_code = exit_code == 0 ? code : exit_code;
      continue;
    }
    if (k != 0 && !cli->json && !wg_cli_has(cli, "sbom")) {
      wg_out("\n");
    }
    wg_out_bytes(out.p, out.n);
  }
  return exit_code;
}

static const wg_cli_opt inspect_opts[] = {
    {.name = "sbom", .help = "write a CycloneDX bill of materials of a Go program instead"},
};

const wg_cli_cmd wg_cmd_inspect = {
    .name = "inspect",
    .args = "FILE...",
    .summary = "say what a file is and what is in it",
    .text =
        "Detects the format by the file's content, never by its name, and describes it: programs "
        "(ELF, Mach-O) with machine, sections, libraries and, for programs written in Go, Go "
        "version, modules and build settings; images (WIM, ESD, parts of a split one); registry "
        "hives and .reg files; catalogues of drivers with members, signer and time stamp.\n\n"
        "With --json several files are one object, {\"files\": [...]}. A file that is broken is "
        "refused with the offset and the reason; the exit code is then 4. With several files the "
        "others are still described, and the exit code is that of the first that failed.\n\n"
        "Examples:\n"
        "  wingo inspect out/agent-windows-amd64.exe\n"
        "  wingo inspect --json out/agent-linux-arm64 | jq .go.version\n",
    .opts = inspect_opts,
    .n_opts = WG_ARRAY_LEN(inspect_opts),
    .min_args = 1,
    .max_args = UINT32_MAX,
    .complete = "file",
    .run = inspect_run,
};
