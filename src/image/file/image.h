// A Windows image changed: (base, changes, options) -> one WIM file. The one place where images
// are written.
#ifndef WG_IMAGE_FILE_IMAGE_H
#define WG_IMAGE_FILE_IMAGE_H

#include "os/file.h"

typedef enum wg_image_base_kind {
  WG_IMAGE_BASE_WIM,
  WG_IMAGE_BASE_DIR // a tree that becomes the only image
} wg_image_base_kind;

typedef struct wg_image_base {
  wg_image_base_kind kind;
  const char *path;  // host path
  const char *image; // 1-based index as text, or NAME; NULL: the file has just one
} wg_image_base;

typedef enum wg_image_op {
  WG_IMAGE_PUT_FILE, // from's content becomes the file `to`; an existing file is replaced
  WG_IMAGE_PUT_DIR,  // the folder `to` exists afterwards; `from` is not used
  WG_IMAGE_DELETE,   // `to` goes, a folder with everything below; of a hard link only that name
  WG_IMAGE_RENAME,   // what the Windows path `from` names becomes `to`; parents of `to` are made
  WG_IMAGE_SET       // attributes and descriptor of what is at `to`
} wg_image_op;

enum {                              // wg_image_change.flags
  WG_IMAGE_IF_PRESENT = 1U << 0,    // DELETE, RENAME, SET: nothing there is no error
  WG_IMAGE_REPLACE = 1U << 1,       // RENAME: a file at `to` goes
  WG_IMAGE_ATTRIBUTES = 1U << 2,    // `attributes` says which of the three it has afterwards
  WG_IMAGE_PROTECTED_TOO = 1U << 3, // may touch what projects may not (image/tree/protect.h)
};
// The three of WG_WIM_ATTR_* that a change can give and take.
#define WG_IMAGE_ATTRIBUTE_MASK 0x7U // read-only 1, hidden 2, system 4

// One change. Zero means nothing special; op and to are needed, and from where op says so.
typedef struct wg_image_change {
  wg_image_op op;
  const char *to;   // Windows path; missing parent folders are made by PUT and RENAME
  const char *from; // PUT_FILE: host path of a regular file (links are followed); RENAME: see there
  unsigned flags;   // WG_IMAGE_IF_PRESENT ...
  uint32_t attributes; // with WG_IMAGE_ATTRIBUTES
  // Descriptor of what is at `to` (not DELETE, RENAME). Left out: what is there keeps its own, and
  // something new gets what Windows would compute by inheritance.
  const char *owner; // account or SID (wg_image_account_sid), NULL: as it is
  const char *sddl;  // the parts that it names replace those parts, as written; NULL: none
} wg_image_change;

// A growing list of changes; strings are copied.
typedef struct wg_image_changes {
  wg_image_change *v;
  size_t n, cap;
} wg_image_changes;
void wg_image_changes_add(wg_image_changes *c, wg_image_op op, const char *to, const char *from);
// The whole change; its strings are copied.
void wg_image_changes_push(wg_image_changes *c, const wg_image_change *change);
// Everything below the host folder `from` goes below the Windows folder `to`, in bytewise order of
// names. UNSUPPORTED for what is neither file nor folder (symbolic links included), FORMAT for a
// name that Windows refuses, NOT_FOUND, IO.
wg_code wg_image_changes_add_tree(wg_image_changes *c, const char *from, const char *to,
                                  wg_error *err);
void wg_image_changes_done(wg_image_changes *c);
WG_DEFINE_AUTO(wg_image_changes, wg_image_changes_done);

typedef enum wg_image_format {
  WG_IMAGE_FORMAT_WIM, // LZX in 32 KiB chunks: everything that reads WIM files reads it
  WG_IMAGE_FORMAT_ESD  // solid LZMS: smallest; Windows 8 and later
} wg_image_format;

// stage: "pack base", "add files", "write", "check". unit: "bytes" or "files".
typedef void (*wg_image_progress)(void *ctx, const char *stage, uint64_t done, uint64_t total,
                                  const char *unit);

typedef struct wg_image_options {
  const char *out_path; // made by us, must not exist; the caller renames it
  wg_image_format format;
  bool compact;    // nothing of the base is taken over in packed form: all is packed anew
  bool keep_times; // what is packed of a directory keeps the times the host has
  bool retime;     // all entries of the image get time_s (a packed directory has none of its own)
  const char *tmp_dir;           // for staging; removed content is ours
  const char *name;              // NAME of the image a directory becomes
  unsigned threads;              // at least 1
  uint64_t memory_bytes;         // ceiling for the worker, 0: what the machine has
  int64_t time_s;                // of everything added, since 1970
  const char *arch;              // Go's name ("amd64", "arm64", "386", "arm"), NULL: not stated
  bool in_process;               // no child (tests, or when we are the child)
  wg_image_progress on_progress; // NULL: none; called on the caller's thread
  void *ctx;
  const wg_cancel *cancel; // NULL: none
} wg_image_options;

typedef struct wg_image_result {
  uint32_t image_index, n_images;
  uint64_t base_bytes, out_bytes; // sizes of the files (0 for a directory base)
  uint64_t n_files, n_dirs;       // put by the changes; folders only if they are new
  uint64_t n_replaced;            // of n_files
  uint64_t added_bytes;           // content of the files put, uncompressed
  uint64_t stored_bytes;          // what that takes in the output, compressed, duplicates once
  uint64_t n_dedup, dedup_bytes;  // files whose content was there already, and their size
  uint64_t kept_bytes;            // packed data of the base, taken over as it is
  uint64_t repacked_bytes;        // content of the base that was packed anew, uncompressed
  uint64_t dead_bytes;            // content that no file has any more, in solid data taken over
  uint64_t n_deleted, n_renamed;  // entries gone (folders with all below), entries renamed
  char **warnings;                // what servicing will do to it, and the like; heap
  size_t n_warnings, cap_warnings;
  char *folders; // "folder<TAB>folder below<TAB>bytes<TAB>bytes put" lines, largest first; heap
} wg_image_result;
void wg_image_result_done(wg_image_result *r);
WG_DEFINE_AUTO(wg_image_result, wg_image_result_done);

// Makes out_path from the base with the changes, applied in their order, or fails and leaves
// nothing there. The base is only read; all its images are kept in order and only the chosen one is
// changed; every XML element is kept. Same inputs, same bytes, whatever the paths, threads or the
// clock. The result is read back and compared before this returns. NOT_FOUND: base, image, a file,
// or what is to be deleted or renamed is not there. CONFLICT: two changes to one path, a change
// that undoes an earlier one, a file where a folder is needed or the other way round, an arch that
// disagrees, out_path exists. USAGE: a path that belongs to Windows servicing, or an owner that is
// none. *out is to be freed (wg_image_result_done). FORMAT: the base is damaged, or a Windows path
// is not one. UNSUPPORTED: a base we cannot change. VERIFY: the read-back differs. IO, LIMIT,
// CANCELED, FAILED (the worker died).
wg_code wg_image_write(const wg_image_base *base, const wg_image_change *changes, size_t n_changes,
                       const wg_image_options *opt, wg_image_result *out, wg_error *err);

// The SID text of an account: a SID itself, two SDDL letters, a well-known English name with or
// without its authority ("SYSTEM", "BUILTIN\\Users", "NT SERVICE\\TrustedInstaller"). out is
// initialised. USAGE when there is none: an account of the machine does not exist yet.
wg_code wg_image_account_sid(const char *account, wg_buf *out, wg_error *err);

// Applies an image of a WIM base to the file opt->out_path, which holds an NTFS volume (mkntfs -F),
// with everything Windows has: descriptors, streams, short names, reparse points. Of opt only
// threads, memory_bytes, on_progress, ctx, cancel count besides. Done by libwim in a child. After
// an error the volume is not to be used. CONFLICT: no NTFS volume. UNSUPPORTED: an image in an ISO.
wg_code wg_image_apply_ntfs(const wg_image_base *base, const wg_image_options *opt, wg_error *err);

typedef struct wg_image_base_facts {
  const char *arch;   // of the image: Go's name ("amd64", "arm64", "386", "arm"), "" when the base
                      // does not say; static
  bool has_format[2]; // by wg_image_format: all packed data can go over into such a file as it is
} wg_image_base_facts;

// What a build wants to know of a base beforehand. A directory says nothing and has no format.
// Cheap: reads header, table and XML. Errors as wg_image_write.
wg_code wg_image_base_look(const wg_image_base *base, wg_image_base_facts *out, wg_error *err);

// Entry point of `wingo __wim-worker`: job as JSON on stdin, records as JSON lines on stdout. Exit
// code.
int wg_image_worker_main(void);

#endif
