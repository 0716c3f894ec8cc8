// Inside of the store. Private to src/store.
#ifndef WG_STORE_INT_H
#define WG_STORE_INT_H

#include "os/proc.h"
#include "store/store.h"

// Objects carry this modification time from the moment they are complete. A later write moves it,
// so that a damaged object is noticed without reading it. Last use is in the access time.
#define STORE_MTIME_NS ((int64_t)1000000000)

typedef struct stat_entry {
  char *path; // NULL: empty slot; directories have a '/' at the end
  uint64_t hash;
  uint64_t size, ino, dev;
  int64_t mtime_ns, ctime_ns;
  uint32_t used_day;
  wg_digest digest;
} stat_entry;

typedef struct stat_table {
  stat_entry *slots; // open-addressed, capacity a power of two
  size_t cap, n;
  bool dirty;
} stat_table;

struct wg_store {
  char *root, *v1;
  char *lease_path, *lease_name;
  wg_fd lease;
  int64_t start_ns; // wall clock: objects used since then are in use
  wg_mutex lock;    // guards table and n_tmp
  stat_table table;
  unsigned n_tmp;
};

// "<v1>/<map>/ab/abcd..." heap.
char *store_object_path(const wg_store *s, const char *map, const wg_digest *d);
// Shared while objects are looked up and touched, exclusive while they are removed.
wg_code store_gc_lock(wg_store *s, bool exclusive, wg_fd *out, wg_error *err);
// A file that we made ourselves this moment: its digest is known without reading it.
void store_stat_remember(wg_store *s, const char *abs_path, const wg_digest *d);
void store_stat_load(wg_store *s);
void store_stat_save(wg_store *s);
void store_stat_free(wg_store *s);
// Oldest start of a running process (ours included); leases of dead ones and their files are
// removed.
wg_code store_sweep(wg_store *s, int64_t *out_oldest_ns, wg_error *err);
// A name under v1/tmp that belongs to us, heap.
char *store_tmp_name(wg_store *s);
// Adds what can be done about it to "no space" errors.
wg_code store_explain(const wg_store *s, wg_error *err);
// Record framing: "wgrec1\n", SHA-256 of the body, body. False when it does not hold.
WG_MUST_CHECK bool wg_store_record_body(const void *p, size_t n_bytes, wg_str *out);
// Parses a saved stat table into `out`; false (and nothing added) when it is damaged.
WG_MUST_CHECK bool wg_store_stat_parse(const void *p, size_t n_bytes, stat_table *out);
void wg_store_stat_table_done(stat_table *t);

#endif
