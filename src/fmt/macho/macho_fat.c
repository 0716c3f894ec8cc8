// SPDX-License-Identifier: Apache-2.0
// Fat files, and the entry point of the module.
#include "fmt/macho/macho_int.h"

static bool macho_magics(const wg_reader *file, uint32_t *be, uint32_t *le, uint32_t *second_be) {
  wg_reader r = *file, again = *file;
  return wg_read_seek(&r, 0) && wg_read_seek(&again, 0) && wg_read_be32(&r, be) &&
         wg_read_le32(&again, le) && wg_read_be32(&r, second_be);
}

bool wg_macho_detect(const wg_reader *file) {
  uint32_t be = 0, le = 0, second = 0;
  if (!macho_magics(file, &be, &le, &second)) {
    return false;
  }
  if (be == MACHO_FAT_32) {
    return second < 45; // a Java class has its minor and major version here; 45 is Java 1.0
  }
  return be == MACHO_FAT_64 || be == MACHO_MAGIC_32 || be == MACHO_MAGIC_64 ||
         le == MACHO_MAGIC_32 || le == MACHO_MAGIC_64;
}

typedef struct macho_part {
  uint32_t cpu, cpu_subtype, align_log2;
  uint64_t off, n_bytes;
} macho_part;

static bool macho_read_part(wg_reader *r, bool wide, macho_part *p) {
  uint32_t off = 0, n_bytes = 0;
  if (!wg_read_be32(r, &p->cpu) || !wg_read_be32(r, &p->cpu_subtype)) {
    return false;
  }
  if (wide) {
    return wg_read_be64(r, &p->off) && wg_read_be64(r, &p->n_bytes) &&
           wg_read_be32(r, &p->align_log2) && wg_read_skip(r, 4);
  }
  if (!wg_read_be32(r, &off) || !wg_read_be32(r, &n_bytes) || !wg_read_be32(r, &p->align_log2)) {
    return false;
  }
  p->off = off;
  p->n_bytes = n_bytes;
  return true;
}

static wg_code macho_check_parts(const wg_reader *file, const macho_part *parts, uint32_t n,
                                 uint64_t header_end, wg_error *err) {
  for (uint32_t i = 0; i < n; i++) {
    const macho_part *p = &parts[i];
    wg_reader body;
    if (!wg_reader_slice(file, p->off, p->n_bytes, &body) || p->off < header_end) {
      return wg_fail_at(err, WG_E_FORMAT, file->base_off + 8,
                        "fat part %u: 0x%llx bytes at 0x%llx are not within the file", i,
                        (unsigned long long)p->n_bytes, (unsigned long long)p->off);
    }
    if (p->align_log2 > 31 || (p->off & (((uint64_t)1 << p->align_log2) - 1)) != 0) {
      return wg_fail_at(err, WG_E_FORMAT, file->base_off + 8,
                        "fat part %u: offset 0x%llx is not aligned to 2^%u", i,
                        (unsigned long long)p->off, p->align_log2);
    }
    for (uint32_t k = 0; k < i; k++) {
      if (p->off < parts[k].off + parts[k].n_bytes && parts[k].off < p->off + p->n_bytes) {
        return wg_fail_at(err, WG_E_FORMAT, file->base_off + 8, "fat parts %u and %u overlap", k,
                          i);
      }
    }
  }
  return WG_OK;
}

static wg_code macho_parse_part(const wg_reader *file, const macho_part *p, uint32_t i,
                                wg_arena *arena, wg_macho *m, wg_error *err) {
  bool fits = wg_reader_slice(file, p->off, p->n_bytes, &m->file);
  wg_assert(fits); // macho_check_parts
  if (wg_macho_parse_image(m, arena, err) != WG_OK) {
    return wg_wrap(err, "fat part %u", i);
  }
  if (m->cpu != p->cpu) {
    return wg_fail_at(err, WG_E_FORMAT, m->file.base_off + 4,
                      "fat part %u is for CPU 0x%x, the fat header says 0x%x", i, m->cpu, p->cpu);
  }
  return WG_OK;
}

static wg_code macho_parse_fat(const wg_reader *file, bool wide, wg_arena *arena,
                               wg_macho_file *out, wg_error *err) {
  wg_reader r = *file;
  uint32_t n = 0;
  if (!wg_read_seek(&r, 4) || !wg_read_be32(&r, &n)) {
    return wg_fail_at(err, WG_E_FORMAT, file->base_off + 4, "fat header is cut short");
  }
  if (n == 0) {
    return wg_fail_at(err, WG_E_FORMAT, file->base_off + 4, "fat file without parts");
  }
  if (n > MACHO_MAX_IMAGES) {
    return wg_fail_at(err, WG_E_LIMIT, file->base_off + 4, "fat file with more than %u parts",
                      MACHO_MAX_IMAGES);
  }
  macho_part *parts = wg_arena_new_array(arena, macho_part, n);
  wg_macho *images = wg_arena_new_array(arena, wg_macho, n);
  if (parts == NULL || images == NULL) {
    return wg_arena_fail(arena, err);
  }
  for (uint32_t i = 0; i < n; i++) {
    if (!macho_read_part(&r, wide, &parts[i])) {
      return wg_fail_at(err, WG_E_FORMAT, wg_reader_at(&r), "fat header is cut short");
    }
  }
  if (macho_check_parts(file, parts, n, r.pos, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < n; i++) {
    if (macho_parse_part(file, &parts[i], i, arena, &images[i], err) != WG_OK) {
      return err->code;
    }
  }
  *out = (wg_macho_file){.is_fat = true, .images = images, .n_images = n};
  return WG_OK;
}

wg_code wg_macho_parse(const wg_reader *file, wg_arena *arena, wg_macho_file *out, wg_error *err) {
  uint32_t be = 0, le = 0, second = 0;
  if (!macho_magics(file, &be, &le, &second) || !wg_macho_detect(file)) {
    return wg_fail_at(err, WG_E_FORMAT, file->base_off, "not a Mach-O file");
  }
  if (be == MACHO_FAT_32 || be == MACHO_FAT_64) {
    return macho_parse_fat(file, be == MACHO_FAT_64, arena, out, err);
  }
  wg_macho *m = wg_arena_new(arena, wg_macho);
  if (m == NULL) {
    return wg_arena_fail(arena, err);
  }
  m->file = *file;
  if (wg_macho_parse_image(m, arena, err) != WG_OK) {
    return err->code;
  }
  *out = (wg_macho_file){.images = m, .n_images = 1};
  return WG_OK;
}
