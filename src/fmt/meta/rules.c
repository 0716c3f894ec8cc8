// SPDX-License-Identifier: Apache-2.0
// Facts: MS-FSCC 2.1.2.1 (tags), 2.1.2.4 and 2.1.2.5 (links), 2.1.5 (names); MS-FSA 2.1.5.15.2
// (attributes and times that are refused).
#include "fmt/meta/rules.h"

#include <string.h>

#include "base/sort.h"
#include "base/utf.h"
#include "fmt/sd/sd.h"
#include "fmt/wim/reparse.h"

#define RULES_MAX_STREAM_CHARS 255u
#define RULES_MAX_REPARSE_BYTES (WG_REPARSE_MAX_BYTES - 8u) // with its header 16 KiB
#define RULES_MAX_IMAGE_ELEMENTS 100u
#define RULES_TAGS_RESERVED 3u
#define RULES_TAG_SURROGATE 0x20000000u

static uint16_t rules_unit(wg_str s16, size_t i) {
  return wg_le16((const uint8_t *)s16.p + 2 * i);
}

// Whether there is no character of `not_these` in a name, and none below `lowest`.
static bool rules_chars(wg_str name16, uint16_t lowest, const char *not_these) {
  for (size_t i = 0; i < name16.n / 2; i++) {
    uint16_t c = rules_unit(name16, i);
    if (c < lowest || (c > 0 && c < 0x80 && strchr(not_these, c) != NULL)) {
      return false;
    }
  }
  return true;
}

bool wg_meta_is_short(wg_str short16) {
  size_t n = short16.n / 2, dot = 0;
  while (dot < n && rules_unit(short16, dot) != '.') {
    dot++;
  }
  size_t n_type = dot < n ? n - dot - 1 : 0;
  for (size_t i = dot + 1; i < n; i++) {
    if (rules_unit(short16, i) == '.') {
      return false;
    }
  }
  return dot >= 1 && dot <= 8 && n_type <= 3 && (dot == n || n_type > 0) &&
         rules_chars(short16, 0x20, "\"*+,/:;<=>?[\\]|");
}

// A link's target must be there, and be text.
static wg_code rules_link(const wg_meta_entry *e, const wg_alloc *alloc, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  const wg_wim_entry as_in_wim = {.link_or_reparse = e->reparse};
  wg_reparse_link link;
  wg_error why = WG_ERROR_INIT;
  bool is_link = false;
  wg_arena_init(&arena, alloc, 0);
  if (wg_reparse_read(&as_in_wim, false, (const uint8_t *)e->reparse_data.p, e->reparse_data.n,
                      &arena, &is_link, &link, &why) == WG_OK) {
    return WG_OK;
  }
  if (why.code == WG_E_NOMEM) {
    *err = why;
    return why.code;
  }
  return wg_fail(err, WG_E_FORMAT,
                 "a link (tag 0x%08x), and %s; without 'reparse' and 'reparse-data' the entry is "
                 "what stands in the folder",
                 (unsigned)(e->reparse & UINT32_MAX), why.text);
}

static wg_code rules_reparse(const wg_meta_entry *e, const wg_alloc *alloc, wg_error *err) {
  uint32_t tag = (uint32_t)(e->reparse & UINT32_MAX);
  bool encrypted = (e->has & WG_META_EFS) != 0 || (e->attributes & WG_WIM_ATTR_ENCRYPTED) != 0;
  if ((e->has & WG_META_REPARSE) == 0) {
    return (e->has & WG_META_REPARSE_DATA) == 0
               ? WG_OK
               : wg_fail(err, WG_E_FORMAT, "'reparse-data' without 'reparse', which has its tag");
  }
  if (tag < RULES_TAGS_RESERVED) {
    return wg_fail(err, WG_E_FORMAT, "0x%08x is the tag of no reparse point", (unsigned)tag);
  }
  if (e->reparse_data.n > RULES_MAX_REPARSE_BYTES) {
    return wg_fail(err, WG_E_FORMAT, "%zu bytes of reparse data: Windows takes %u at most",
                   e->reparse_data.n, RULES_MAX_REPARSE_BYTES);
  }
  if (encrypted && e->reparse_data.n > 0) {
    return wg_fail(err, WG_E_FORMAT,
                   "encrypted, and with reparse data: an image has room for one of the two; take "
                   "one out");
  }
  if (e->path[0] == '\0' && (tag & RULES_TAG_SURROGATE) != 0) {
    return wg_fail(err, WG_E_FORMAT,
                   "the top folder of an image can't be a link (tag 0x%08x); take 'reparse' and "
                   "'reparse-data' out",
                   (unsigned)tag);
  }
  return rules_link(e, alloc, err);
}

wg_code wg_meta_check_fields(const wg_meta_entry *e, const wg_alloc *alloc, wg_error *err) {
  const struct {
    unsigned flag;
    const char *name;
    uint64_t v;
  } times[] = {{WG_META_CREATED, "created", e->created},
               {WG_META_ACCESSED, "accessed", e->accessed},
               {WG_META_WRITTEN, "written", e->written}};
  const uint32_t temporary_folder = WG_WIM_ATTR_DIRECTORY | 0x100u;
  for (size_t i = 0; i < WG_ARRAY_LEN(times); i++) {
    if ((e->has & times[i].flag) != 0 && times[i].v > INT64_MAX) {
      return wg_fail(err, WG_E_FORMAT,
                     "'%s' is a time before 1601 or after the year 30827, which Windows refuses; 0 "
                     "is none",
                     times[i].name);
    }
  }
  if ((e->attributes & temporary_folder) == temporary_folder) {
    return wg_fail(err, WG_E_FORMAT,
                   "a folder with the attribute 0x100 (temporary), which Windows gives to files "
                   "only; take it out of 'attributes'");
  }
  return rules_reparse(e, alloc, err);
}

wg_code wg_meta_check_descriptor(wg_str sd, const wg_alloc *alloc, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  wg_sd parsed;
  wg_error why = WG_ERROR_INIT;
  wg_arena_init(&arena, alloc, 0);
  if (sd.n == 0 || wg_sd_parse(sd.p, sd.n, &arena, &parsed, &why) == WG_OK) {
    return WG_OK;
  }
  if (why.code == WG_E_NOMEM) {
    *err = why;
    return why.code;
  }
  return wg_fail(err, WG_E_FORMAT,
                 "Windows would refuse this security descriptor: %s; a descriptor without bytes "
                 "stands for none",
                 why.text);
}

wg_code wg_meta_check_stream(wg_str name16, wg_error *err) {
  if (!rules_chars(name16, 1, "/:\\") || wg_str_eq(name16, (wg_str){".\0", 2}) ||
      wg_str_eq(name16, (wg_str){".\0.\0", 4})) {
    return wg_fail(
        err, WG_E_FORMAT,
        "the stream has a name that Windows refuses ('/', ':', '\\', '.', '..'); give it "
        "another");
  }
  return name16.n / 2 <= RULES_MAX_STREAM_CHARS
             ? WG_OK
             : wg_fail(err, WG_E_FORMAT,
                       "the stream's name has %zu characters: Windows takes %u at most",
                       name16.n / 2, RULES_MAX_STREAM_CHARS);
}

wg_code wg_meta_check_image(wg_str text, const wg_str *before, size_t n, wg_error *err) {
  wg_wim_xml_element e, other;
  if (n >= RULES_MAX_IMAGE_ELEMENTS) {
    return wg_fail(err, WG_E_FORMAT, "more than %u elements of an image", RULES_MAX_IMAGE_ELEMENTS);
  }
  if (wg_wim_xml_element_of(text, &e, err) != WG_OK) {
    return wg_wrap(err, "what the image's XML says");
  }
  if (wg_wim_xml_is_counted(e.name)) {
    return wg_fail(err, WG_E_FORMAT, "<%.*s> is counted when an image is written; remove the line",
                   WG_STR_ARG(e.name));
  }
  for (size_t i = 0; i < n; i++) {
    wg_error ignored = WG_ERROR_INIT; // each was read before
    if (wg_wim_xml_element_of(before[i], &other, &ignored) == WG_OK &&
        wg_str_eq(e.name, other.name)) {
      return wg_fail(err, WG_E_FORMAT, "<%.*s> stands twice; remove one", WG_STR_ARG(e.name));
    }
  }
  return WG_OK;
}

static int rules_stream_cmp(const void *a, const void *b, void *ctx) {
  const wg_meta_stream *streams = ctx;
  size_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
  int c = wg_name16_cmp_nocase((const uint8_t *)streams[i].name16.p, streams[i].name16.n,
                               (const uint8_t *)streams[k].name16.p, streams[k].name16.n);
  return c != 0 ? c : (i > k) - (i < k);
}

wg_code wg_meta_check_streams(const wg_meta_entry *e, const wg_alloc *alloc, size_t *out_second,
                              wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  if (e->n_streams < 2) {
    return WG_OK;
  }
  wg_arena_init(&arena, alloc, 0);
  uint32_t *order = wg_arena_new_array(&arena, uint32_t, e->n_streams);
  if (order == NULL) {
    return wg_arena_fail(&arena, err);
  }
  for (size_t i = 0; i < e->n_streams; i++) {
    order[i] = (uint32_t)i;
  }
  wg_sort(order, e->n_streams, sizeof(order[0]), rules_stream_cmp, e->streams);
  for (size_t i = 1; i < e->n_streams; i++) {
    const wg_str a = e->streams[order[i - 1]].name16, b = e->streams[order[i]].name16;
    if (wg_name16_cmp_nocase((const uint8_t *)a.p, a.n, (const uint8_t *)b.p, b.n) == 0) {
      *out_second = order[i];
      return wg_fail(err, WG_E_FORMAT,
                     "for Windows this stream has the name of one above; rename or remove one");
    }
  }
  return WG_OK;
}
