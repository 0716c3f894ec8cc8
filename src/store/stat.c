// Digests of user files by what stat says of them.
//
// One file, v1/stat: magic, SHA-256 of the rest, entries. It is read once when the store opens and
// written when it closes, merged with what other processes wrote meanwhile. Damage costs a re-read
// of the files, nothing else.
#include <string.h>

#include "store/int.h"

#define STAT_MAGIC "wgstat1\n"
#define STAT_MAGIC_BYTES 8U
#define STAT_MAX_ENTRIES ((size_t)2 << 20)
#define STAT_MAX_BYTES ((uint64_t)1 << 30)
#define STAT_KEEP_DAYS 60U
// A file whose last change is younger than this when it is read may change once more without its
// times moving: Linux stamps files with the time of the last timer tick (at most 10 ms ago); whole
// seconds hint at a file system that keeps no finer times.
#define STAT_GRAIN_NS ((int64_t)30000000)
#define STAT_COARSE_GRAIN_NS ((int64_t)2100000000)

static uint64_t stat_hash(const char *path) {
  uint64_t h = 14695981039346656037U; // FNV-1a
  for (const char *p = path; *p != '\0'; p++) {
    h = (h ^ (uint8_t)*p) * 1099511628211U;
  }
  return h ^ h >> 29;
}

static uint32_t stat_today(void) {
  return (uint32_t)(wg_os_wall_ns() / 1000000000 / 86400);
}

static stat_entry *stat_slot(const stat_table *t, const char *path, uint64_t hash) {
  size_t i = hash & (t->cap - 1);
  while (t->slots[i].path != NULL &&
         (t->slots[i].hash != hash || strcmp(t->slots[i].path, path) != 0)) {
    i = (i + 1) & (t->cap - 1);
  }
  return &t->slots[i];
}

static void stat_reserve(stat_table *t, size_t n) {
  size_t cap = t->cap == 0 ? 1024 : t->cap;
  while (cap < n * 2) {
    cap *= 2;
  }
  if (cap == t->cap) {
    return;
  }
  stat_table bigger = {.slots = wg_xarray(cap, sizeof(stat_entry)), .cap = cap, .n = t->n};
  for (size_t i = 0; i < t->cap; i++) {
    if (t->slots[i].path != NULL) {
      *stat_slot(&bigger, t->slots[i].path, t->slots[i].hash) = t->slots[i];
    }
  }
  wg_xfree(t->slots);
  t->slots = bigger.slots;
  t->cap = cap;
}

// Adds or replaces; e->path is copied.
static void stat_put(stat_table *t, const stat_entry *e) {
  stat_reserve(t, t->n + 1);
  stat_entry *slot = stat_slot(t, e->path, e->hash);
  char *path = slot->path;
  if (path == NULL) {
    path = wg_xstrdup(e->path);
    t->n++;
  }
  *slot = *e;
  slot->path = path;
}

void wg_store_stat_table_done(stat_table *t) {
  for (size_t i = 0; i < t->cap; i++) {
    wg_xfree(t->slots[i].path);
  }
  wg_xfree(t->slots);
  *t = (stat_table){0};
}

// One entry: path length u16, path, size, ino, dev, mtime, ctime u64, day u32, digest.
static bool stat_read_entry(wg_reader *r, stat_table *t) {
  uint16_t n = 0;
  uint64_t mtime = 0, ctime = 0;
  const uint8_t *p = NULL, *digest = NULL;
  stat_entry e = {0};
  if (!wg_read_le16(r, &n) || n == 0 || !wg_read_bytes(r, n, &p) || memchr(p, 0, n) != NULL ||
      !wg_read_le64(r, &e.size) || !wg_read_le64(r, &e.ino) || !wg_read_le64(r, &e.dev) ||
      !wg_read_le64(r, &mtime) || !wg_read_le64(r, &ctime) || !wg_read_le32(r, &e.used_day) ||
      !wg_read_bytes(r, 32, &digest)) {
    return false;
  }
  WG_AUTO(wg_cstr) path = wg_xstrndup((const char *)p, n);
  e.path = path;
  e.hash = stat_hash(path);
  e.mtime_ns = (int64_t)mtime;
  e.ctime_ns = (int64_t)ctime;
  memcpy(e.digest.b, digest, 32);
  stat_put(t, &e);
  return true;
}

bool wg_store_stat_parse(const void *p, size_t n_bytes, stat_table *out) {
  wg_reader r = wg_reader_of(p, n_bytes);
  const uint8_t *magic = NULL, *sum = NULL;
  uint32_t n = 0;
  if (!wg_read_bytes(&r, STAT_MAGIC_BYTES, &magic) ||
      memcmp(magic, STAT_MAGIC, STAT_MAGIC_BYTES) != 0 || !wg_read_bytes(&r, 32, &sum)) {
    return false;
  }
  wg_digest got = wg_sha256(r.p + r.pos, (size_t)wg_reader_left(&r));
  // 78: an entry with a path of one byte and all the rest is longer than that.
  if (memcmp(got.b, sum, 32) != 0 || !wg_read_le32(&r, &n) || n > wg_reader_left(&r) / 78) {
    return false;
  }
  stat_reserve(out, n);
  for (uint32_t i = 0; i < n; i++) {
    if (!stat_read_entry(&r, out)) {
      wg_store_stat_table_done(out);
      return false;
    }
  }
  return true;
}

static bool stat_read_file(const wg_store *s, stat_table *out) {
  WG_AUTO(wg_cstr) path = wg_path_join(s->v1, "stat");
  WG_AUTO(wg_buf) raw = {0};
  wg_buf_init(&raw, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  return wg_os_read_file(WG_CWD, path, STAT_MAX_BYTES, &raw, &err) == WG_OK &&
         wg_store_stat_parse(raw.p, raw.n, out);
}

void store_stat_load(wg_store *s) {
  if (!stat_read_file(s, &s->table)) {
    stat_reserve(&s->table, 1); // empty: files are read again
  }
}

void store_stat_free(wg_store *s) {
  wg_store_stat_table_done(&s->table);
}

static void stat_write_entry(wg_buf *b, const stat_entry *e) {
  size_t n = strlen(e->path);
  wg_buf_add_le16(b, (uint16_t)n);
  wg_buf_add(b, e->path, n);
  wg_buf_add_le64(b, e->size);
  wg_buf_add_le64(b, e->ino);
  wg_buf_add_le64(b, e->dev);
  wg_buf_add_le64(b, (uint64_t)e->mtime_ns);
  wg_buf_add_le64(b, (uint64_t)e->ctime_ns);
  wg_buf_add_le32(b, e->used_day);
  wg_buf_add(b, e->digest.b, sizeof(e->digest.b));
}

// The table as bytes; entries not used for long are left out.
static void stat_format(const stat_table *t, wg_buf *out) {
  uint32_t today = stat_today(), n = 0;
  WG_AUTO(wg_buf) body = {0};
  wg_buf_init(&body, wg_heap(), STAT_MAX_BYTES);
  wg_buf_add_le32(&body, 0);
  for (size_t i = 0; i < t->cap; i++) {
    const stat_entry *e = &t->slots[i];
    if (e->path != NULL && e->used_day + STAT_KEEP_DAYS >= today && n < STAT_MAX_ENTRIES) {
      stat_write_entry(&body, e);
      n++;
    }
  }
  wg_buf_set_le32(&body, 0, n);
  wg_digest sum = wg_sha256(body.p, body.n);
  wg_buf_add_z(out, STAT_MAGIC);
  wg_buf_add(out, sum.b, sizeof(sum.b));
  wg_buf_add_str(out, wg_buf_str(&body));
  out->failed = out->failed || body.failed;
}

void store_stat_save(wg_store *s) {
  if (!s->table.dirty) {
    return;
  }
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) lock_path = wg_path_join(s->v1, "stat.lock");
  WG_AUTO(wg_cstr) path = wg_path_join(s->v1, "stat");
  WG_AUTO(wg_fd) lock = -1;
  if (wg_os_lock(WG_CWD, lock_path, true, false, NULL, &lock, &err) != WG_OK) {
    return; // a table that is not saved costs reading files again
  }
  stat_table merged = {0};
  if (!stat_read_file(s, &merged)) {
    stat_reserve(&merged, 1);
  }
  for (size_t i = 0; i < s->table.cap; i++) {
    if (s->table.slots[i].path != NULL) {
      stat_put(&merged, &s->table.slots[i]);
    }
  }
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), STAT_MAX_BYTES);
  stat_format(&merged, &out);
  if (!out.failed) {
    (void)!wg_os_write_file(WG_CWD, path, out.p, out.n, 0644, false, &err);
  }
  wg_store_stat_table_done(&merged);
}

static bool stat_same(const stat_entry *e, const wg_stat *st) {
  return e->size == st->size_bytes && e->ino == st->ino && e->dev == st->dev &&
         e->mtime_ns == st->mtime_ns && e->ctime_ns == st->ctime_ns;
}

// True when the table knows this path in this state.
static bool stat_lookup(wg_store *s, const char *key, uint64_t hash, const wg_stat *st,
                        wg_digest *out) {
  uint32_t today = stat_today();
  wg_mutex_lock(&s->lock);
  stat_entry *e = stat_slot(&s->table, key, hash);
  bool known = e->path != NULL && stat_same(e, st);
  if (known) {
    *out = e->digest;
    // A week's grain, so that a build that changes nothing writes nothing.
    if (e->used_day + 7 < today) {
      e->used_day = today;
      s->table.dirty = true;
    }
  }
  wg_mutex_unlock(&s->lock);
  return known;
}

static void stat_learn(wg_store *s, char *key, uint64_t hash, const wg_stat *st,
                       const wg_digest *d) {
  if (strlen(key) > UINT16_MAX) {
    return;
  }
  stat_entry e = {.path = key,
                  .hash = hash,
                  .size = st->size_bytes,
                  .ino = st->ino,
                  .dev = st->dev,
                  .mtime_ns = st->mtime_ns,
                  .ctime_ns = st->ctime_ns,
                  .used_day = stat_today(),
                  .digest = *d};
  wg_mutex_lock(&s->lock);
  stat_put(&s->table, &e);
  s->table.dirty = true;
  wg_mutex_unlock(&s->lock);
}

// Whether a file in this state, read from start_ns on, can be remembered.
static bool stat_is_settled(const wg_stat *st, int64_t start_ns) {
  int64_t last = st->mtime_ns > st->ctime_ns ? st->mtime_ns : st->ctime_ns;
  bool coarse = st->ctime_ns % 1000000000 == 0;
  return last < start_ns - (coarse ? STAT_COARSE_GRAIN_NS : STAT_GRAIN_NS);
}

static bool stat_unmoved(const wg_stat *a, const wg_stat *b) {
  return a->size_bytes == b->size_bytes && a->ino == b->ino && a->dev == b->dev &&
         a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

void store_stat_remember(wg_store *s, const char *abs_path, const wg_digest *d) {
  wg_stat st;
  wg_error err = WG_ERROR_INIT;
  if (wg_os_stat(WG_CWD, abs_path, true, &st, &err) == WG_OK) {
    WG_AUTO(wg_cstr) key = wg_xstrdup(abs_path);
    stat_learn(s, key, stat_hash(key), &st, d);
  }
}

wg_code wg_store_file_digest(wg_store *s, const char *abs_path, const wg_cancel *cancel,
                             wg_digest *out, uint64_t *out_size, wg_error *err) {
  wg_stat before, after;
  if (wg_os_stat(WG_CWD, abs_path, true, &before, err) != WG_OK) {
    return err->code;
  }
  uint64_t hash = stat_hash(abs_path);
  if (out_size != NULL) {
    *out_size = before.size_bytes;
  }
  if (before.type == WG_FT_FILE && stat_lookup(s, abs_path, hash, &before, out)) {
    return WG_OK;
  }
  WG_AUTO(wg_fd) fd = -1;
  int64_t start_ns = wg_os_wall_ns();
  uint64_t size = 0;
  if (wg_os_open_read(WG_CWD, abs_path, &fd, err) != WG_OK) {
    return err->code;
  }
  if (wg_sha256_fd(fd, cancel, out, &size, err) != WG_OK || wg_os_fstat(fd, &after, err) != WG_OK) {
    return wg_wrap(err, "'%s'", abs_path);
  }
  if (out_size != NULL) {
    *out_size = size;
  }
  if (stat_unmoved(&before, &after) && stat_is_settled(&after, start_ns)) {
    WG_AUTO(wg_cstr) key = wg_xstrdup(abs_path);
    stat_learn(s, key, hash, &after, out);
  }
  return WG_OK;
}

wg_code wg_store_dir_digest(wg_store *s, const char *abs_path, wg_digest *out, wg_error *err) {
  wg_stat before, after;
  WG_AUTO(wg_cstr) key = wg_xprintf("%s/", abs_path);
  uint64_t hash = stat_hash(key);
  if (wg_os_stat(WG_CWD, abs_path, true, &before, err) != WG_OK) {
    return err->code;
  }
  if (stat_lookup(s, key, hash, &before, out)) {
    return WG_OK;
  }
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, wg_heap(), 0);
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_dirent *list = NULL;
  size_t n = 0;
  int64_t start_ns = wg_os_wall_ns();
  if (wg_os_list_dir(WG_CWD, abs_path, &arena, &list, &n, err) != WG_OK ||
      wg_os_stat(WG_CWD, abs_path, true, &after, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    wg_buf_add_byte(&text, (uint8_t)('0' + (int)list[i].type));
    wg_buf_add(&text, list[i].name, strlen(list[i].name) + 1);
  }
  if (wg_buf_check(&text, err) != WG_OK) {
    return wg_wrap(err, "listing of '%s'", abs_path);
  }
  *out = wg_sha256(text.p, text.n);
  if (stat_unmoved(&before, &after) && stat_is_settled(&after, start_ns)) {
    stat_learn(s, key, hash, &after, out);
  }
  return WG_OK;
}
