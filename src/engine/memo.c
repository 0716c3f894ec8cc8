// SPDX-License-Identifier: Apache-2.0
// What a run has seen of the file system, looked up once for all steps.
#include <string.h>

#include "engine/int.h"

typedef struct memo_entry {
  char *key; // kind, path, NUL, extra; NULL: empty slot
  size_t n_key;
  uint64_t hash;
  bool busy; // a thread is looking
  bool known;
  memo_value value;
} memo_entry;

struct build_memo {
  wg_store *store;
  wg_mutex lock; // everything below
  wg_cond changed;
  memo_entry **slots; // entries stay where they are when the table grows
  size_t n, cap;
};

build_memo *wg_build_memo_new(wg_store *s) {
  build_memo *m = wg_xalloc(sizeof(*m));
  m->store = s;
  m->cap = 1024;
  m->slots = wg_xarray(m->cap, sizeof(memo_entry *));
  wg_mutex_init(&m->lock);
  wg_cond_init(&m->changed);
  return m;
}

void wg_build_memo_free(build_memo *m) {
  if (m == NULL) {
    return;
  }
  for (size_t i = 0; i < m->cap; i++) {
    if (m->slots[i] != NULL) {
      wg_xfree(m->slots[i]->key);
      wg_xfree(m->slots[i]);
    }
  }
  wg_xfree(m->slots);
  wg_mutex_done(&m->lock);
  wg_cond_done(&m->changed);
  wg_xfree(m);
}

static uint64_t memo_hash(const char *p, size_t n) {
  uint64_t h = 0xcbf29ce484222325U; // FNV-1a
  for (size_t i = 0; i < n; i++) {
    h = (h ^ (uint8_t)p[i]) * 0x100000001b3U;
  }
  return h ^ h >> 29;
}

static memo_entry **memo_slot(memo_entry **slots, size_t cap, const char *key, size_t n_key,
                              uint64_t hash) {
  size_t i = (size_t)hash & (cap - 1);
  while (slots[i] != NULL && (slots[i]->hash != hash || slots[i]->n_key != n_key ||
                              memcmp(slots[i]->key, key, n_key) != 0)) {
    i = (i + 1) & (cap - 1);
  }
  return &slots[i];
}

static void memo_grow(build_memo *m) {
  size_t cap = m->cap * 2;
  memo_entry **slots = wg_xarray(cap, sizeof(memo_entry *));
  for (size_t i = 0; i < m->cap; i++) {
    memo_entry *e = m->slots[i];
    if (e != NULL) {
      *memo_slot(slots, cap, e->key, e->n_key, e->hash) = e;
    }
  }
  wg_xfree(m->slots);
  m->slots = slots;
  m->cap = cap;
}

// Finds or makes the entry of a key. The lock is held.
static memo_entry *memo_entry_of(build_memo *m, wg_str key) {
  uint64_t hash = memo_hash(key.p, key.n);
  memo_entry **slot = memo_slot(m->slots, m->cap, key.p, key.n, hash);
  if (*slot == NULL) {
    if (m->n * 2 >= m->cap) {
      memo_grow(m);
      slot = memo_slot(m->slots, m->cap, key.p, key.n, hash);
    }
    memo_entry *e = wg_xalloc(sizeof(*e));
    e->key = wg_xstrndup(key.p, key.n);
    e->n_key = key.n;
    e->hash = hash;
    *slot = e;
    m->n++;
  }
  return *slot;
}

// True when name ends in one of the space-separated suffixes.
static bool memo_name_counts(const char *name, const char *suffixes) {
  wg_str left = wg_str_of(suffixes), s = wg_str_of(name);
  while (left.n > 0) {
    size_t n = wg_str_find(left, ' ');
    if (n > 0 && s.n >= n && memcmp(s.p + s.n - n, left.p, n) == 0) {
      return true;
    }
    n = n < left.n ? n + 1 : n;
    left = (wg_str){left.p + n, left.n - n};
  }
  return false;
}

static wg_code memo_look_names(const char *path, const char *suffixes, memo_value *out,
                               wg_error *err) {
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, wg_heap(), 0);
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_dirent *list = NULL;
  size_t n = 0;
  // An absent folder counts as one without such entries.
  if (wg_os_list_dir(WG_CWD, path, &arena, &list, &n, err) != WG_OK &&
      err->code != WG_E_NOT_FOUND) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    if (memo_name_counts(list[i].name, suffixes)) {
      wg_buf_add_byte(&text, (uint8_t)('0' + (int)list[i].type));
      wg_buf_add(&text, list[i].name, strlen(list[i].name) + 1);
    }
  }
  out->digest = wg_sha256(text.p, text.n);
  return WG_OK;
}

static wg_code memo_look(build_memo *m, memo_kind kind, const char *path, const char *extra,
                         const wg_cancel *cancel, memo_value *out, wg_error *err) {
  wg_code code = WG_OK;
  wg_stat st;
  const char *value;
  *out = (memo_value){0};
  switch (kind) {
  case MEMO_FILE:
    code = wg_store_file_digest(m->store, path, cancel, &out->digest, NULL, err);
    break;
  case MEMO_DIR:
    code = wg_store_dir_digest(m->store, path, &out->digest, err);
    break;
  case MEMO_NAMES:
    code = memo_look_names(path, extra, out, err);
    break;
  case MEMO_THERE:
    code = wg_os_stat(WG_CWD, path, false, &st, err);
    break;
  case MEMO_ENV:
    value = wg_os_getenv(path);
    out->absent = value == NULL;
    code = value == NULL ? WG_OK
                         : wg_store_secret_digest(m->store, wg_str_of(value), &out->digest, err);
    break;
  }
  if (code == WG_E_NOT_FOUND) {
    *out = (memo_value){.absent = true};
    return WG_OK;
  }
  return code;
}

wg_code wg_build_memo_get(build_memo *m, memo_kind kind, const char *path, const char *extra,
                          bool fresh, const wg_cancel *cancel, memo_value *out, wg_error *err) {
  WG_AUTO(wg_buf) key = {0};
  wg_buf_init(&key, wg_heap(), 0);
  wg_buf_add_byte(&key, (uint8_t)kind);
  wg_buf_add(&key, path, strlen(path) + 1);
  wg_buf_add_z(&key, extra);
  wg_mutex_lock(&m->lock);
  memo_entry *e = memo_entry_of(m, wg_buf_str(&key));
  while (e->busy) {
    wg_cond_wait(&m->changed, &m->lock);
  }
  if (e->known && !fresh) {
    *out = e->value;
    wg_mutex_unlock(&m->lock);
    return WG_OK;
  }
  e->busy = true;
  wg_mutex_unlock(&m->lock);
  memo_value seen;
  wg_code code = memo_look(m, kind, path, extra, cancel, &seen, err);
  wg_mutex_lock(&m->lock);
  e->busy = false;
  e->known = code == WG_OK;
  if (code == WG_OK) {
    e->value = seen;
    *out = seen;
  }
  wg_cond_all(&m->changed);
  wg_mutex_unlock(&m->lock);
  return code;
}
