// SPDX-License-Identifier: Apache-2.0
// A WIM or ESD file being written, the one way there is: resources as they come (taken over from
// another file as they are, packed one by one, or packed together as a solid resource), then blob
// table, XML, integrity table, and the header last.
#ifndef WG_IMAGE_PACK_WIMOUT_H
#define WG_IMAGE_PACK_WIMOUT_H

#include "image/file/file.h"
#include "image/file/holes.h"
#include "image/pack/integrity.h"
#include "image/pack/pack.h"
#include "image/pack/solid.h"
#include "os/dest.h"

typedef struct wg_wimout_options {
  wg_image_format format; // what is packed is packed for this
  unsigned threads;       // at least 1
  uint64_t memory_bytes;  // for compressors of solid data, 0: what the machine has
  bool no_integrity;      // no integrity table: nobody knows that what is taken over is sound
  // What would be taken over is noted here instead, and the file gets holes, and no integrity
  // table. NULL: it is taken over. To be initialised; what is taken from lives as long.
  wg_image_holes *holes;
  const wg_cancel *cancel;
  wg_pack_progress progress; // NULL: none; bytes taken over and packed
  void *ctx;
} wg_wimout_options;

typedef struct wg_wimout_place { // where a content is in the output
  wg_wim_res res;                // when it is not solid
  uint32_t solid;                // of wg_wimout.solids, or WG_WIM_NO_SOLID
  uint64_t solid_off;            // in that one's uncompressed bytes
} wg_wimout_place;

typedef struct wg_wimout {
  wg_outfile file;
  wg_dest own;   // begin's
  wg_dest *dest; // begin_at's; NULL: own
  wg_wimout_options opt;
  bool in_place; // under its own name already
  uint16_t part; // in the rows of the table
  wg_pack *pack; // made when something is packed
  wg_solid *solid;
  uint64_t off_bytes; // where the next resource goes, when nothing is queued
  // Taken over and not copied yet: neighbours go over in one piece.
  const wg_image_file *raw_file;
  uint64_t raw_from, raw_bytes;
  uint64_t kept_bytes;             // taken over
  const wg_image_file *solid_file; // whose solid resource was taken over last
  uint32_t solid_of;               // and which
  wg_wim_solid *solids;            // of the output
  size_t n_solids, cap_solids;
  wg_integrity *integrity; // NULL: there will be no table
  // From the header to same_to all is as in same_file at the same place, whose integrity table has
  // these SHA-1s.
  const wg_image_file *same_file;
  uint64_t same_to;
  wg_buf same_sums;
  wg_buf table; // rows of the blob table
  wg_wim_table_run run;
} wg_wimout;
#define WG_WIMOUT_INIT                                                                             \
  { .file = WG_OUTFILE_INIT, .own = WG_DEST_INIT }
void wg_wimout_done(wg_wimout *o); // what was not committed is gone, unless it is in place
WG_DEFINE_AUTO(wg_wimout, wg_wimout_done);

// Starts a file beside path. CONFLICT when something is at path, unless force.
wg_code wg_wimout_begin(wg_wimout *o, const char *path, const wg_inplace_options *place,
                        const wg_wimout_options *opt, wg_error *err);
// The same beside a destination that was begun, which outlives o.
wg_code wg_wimout_begin_at(wg_wimout *o, wg_dest *dest, const wg_wimout_options *opt,
                           wg_error *err);
// Starts path itself, which must not exist; what is unfinished is the caller's to remove.
wg_code wg_wimout_create(wg_wimout *o, const char *path, const wg_wimout_options *opt,
                         wg_error *err);

// Takes a content over with its packed bytes; of a solid resource all of it goes over with the
// first. f and *out live until wg_wimout_flush. Contents of one solid resource are to be taken one
// after the other.
wg_code wg_wimout_keep(wg_wimout *o, const wg_image_file *f, uint32_t blob, wg_wimout_place *out,
                       wg_error *err);
// What is put from here on goes into one solid resource of total_bytes (> 0).
wg_code wg_wimout_solid_begin(wg_wimout *o, uint64_t total_bytes, wg_error *err);
wg_code wg_wimout_solid_end(wg_wimout *o, wg_error *err);
// Packs a content; *out is filled by the time of wg_wimout_flush. n_bytes > 0.
wg_code wg_wimout_put(wg_wimout *o, const wg_pack_source *src, wg_wimout_place *out, wg_error *err);
// The same of bytes, flushed at once. memo: NULL, or chunks that needn't be packed.
wg_code wg_wimout_put_bytes(wg_wimout *o, wg_str bytes, const wg_sha1 *hash,
                            const wg_pack_memo *memo, wg_wimout_place *out, wg_error *err);
// Writes the bytes of a resource that was packed before, in chunks of the output's format.
wg_code wg_wimout_put_packed(wg_wimout *o, wg_str packed, uint64_t orig_bytes, wg_wimout_place *out,
                             wg_error *err);
// Writes what is queued.
wg_code wg_wimout_flush(wg_wimout *o, wg_error *err);

// Appends a row to the table; for metadata the place's flags say so.
void wg_wimout_row(wg_wimout *o, const wg_wimout_place *place, uint32_t refcount,
                   const wg_sha1 *hash, uint64_t n_bytes);
// Size of the file up to the end of the table, which is what the XML calls TOTALBYTES.
uint64_t wg_wimout_total_bytes(const wg_wimout *o);
// The header of a file that is one part: all but images, boot image and places. was: the file that
// it comes from, for what nobody knows the meaning of; NULL: none.
wg_wim_header wg_wimout_header(const wg_wimout *o, const wg_wim_header *was);
// Bytes that finish adds to off_bytes, when n_rows rows are in the table; more than enough for the
// integrity table of a file of file_bytes.
uint64_t wg_wimout_tail_bytes(uint64_t n_rows, wg_str xml, uint64_t file_bytes);

// Ends the file: h says everything but where table, XML and integrity table are, and but the GUID,
// which follows from header, table and XML; same_set: h has the one of the set that the file is of.
// xml is UTF-8.
wg_code wg_wimout_finish(wg_wimout *o, wg_wim_header *h, bool same_set, wg_str xml, wg_error *err);
// Puts all of it on disk and gives it its name; what is in place is the caller's to put on disk.
wg_code wg_wimout_commit(wg_wimout *o, wg_error *err);

#endif
