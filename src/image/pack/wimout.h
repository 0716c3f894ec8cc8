// A WIM file being written beside its target: resources as they come, then the blob table, the XML,
// the integrity table, and the header last. What split, join and export share.
#ifndef WG_IMAGE_PACK_WIMOUT_H
#define WG_IMAGE_PACK_WIMOUT_H

#include "fmt/wim/wim.h"
#include "image/file/base.h"

// Where progress goes, for functions that take long.
typedef struct wg_image_watch {
  const wg_cancel *cancel;       // NULL: none
  wg_image_progress on_progress; // NULL: none
  void *ctx;
  const char *stage;
  uint64_t done_bytes, total_bytes; // of the stage
} wg_image_watch;
// Starts a stage of that many bytes.
void wg_image_watch_stage(wg_image_watch *w, const char *stage, uint64_t total_bytes);
// Counts bytes; CANCELED when that was asked for.
wg_code wg_image_watch_more(wg_image_watch *w, uint64_t n_bytes, wg_error *err);

typedef struct wg_wimout {
  wg_outfile file;
  uint64_t off_bytes; // where the next resource goes
  wg_buf table;       // rows of the blob table
  wg_buf scratch;
  wg_image_watch *watch; // borrowed
} wg_wimout;
#define WG_WIMOUT_INIT                                                                             \
  { .file = WG_OUTFILE_INIT }
void wg_wimout_done(wg_wimout *o); // what was not committed is gone
WG_DEFINE_AUTO(wg_wimout, wg_wimout_done);

// CONFLICT when something is at path, unless force.
wg_code wg_wimout_begin(wg_wimout *o, const char *path, bool force, wg_image_watch *watch,
                        wg_error *err);
// Copies a resource's stored bytes; res gets the place, the rest of it is the caller's.
wg_code wg_wimout_copy(wg_wimout *o, const wg_wim_source *src, uint64_t from_off_bytes,
                       wg_wim_res *res, wg_error *err);
// Ends the file: h says everything but where table, XML and integrity table are. xml is UTF-8. The
// file is complete and on disk afterwards, but still under its temporary name.
wg_code wg_wimout_finish(wg_wimout *o, wg_wim_header *h, wg_str xml, unsigned threads,
                         wg_error *err);
// Gives it its name.
wg_code wg_wimout_commit(wg_wimout *o, wg_error *err);
// Appends the integrity table of what is in the file: SHA-1 of every 10 MiB between the header and
// end_off_bytes, the end of the blob table.
wg_code wg_wimout_integrity(int fd, uint64_t end_off_bytes, unsigned threads,
                            const wg_cancel *cancel, wg_buf *out, wg_error *err);
// Bytes that finish adds to off_bytes, when n_rows rows are in the table; more than enough for the
// integrity table of a file of file_bytes.
uint64_t wg_wimout_tail_bytes(uint64_t n_rows, wg_str xml, uint64_t file_bytes);
// GUID that follows from what the file holds: its table and XML.
wg_code wg_wimout_guid(const wg_wimout *o, wg_str xml, wg_wim_header *h, wg_error *err);

#endif
