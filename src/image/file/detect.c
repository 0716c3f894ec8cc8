// SPDX-License-Identifier: Apache-2.0
// What a base file is by its first bytes; and for what can't be a base, what to do instead.
#include <string.h>

#include "fmt/udf/udf.h"
#include "image/file/open.h"

#define DETECT_HEAD_BYTES 512u
#define DETECT_SECTOR 512u
#define DETECT_GPT_BYTES 92u

#define DETECT_DISK                                                                                \
  "wingo changes images, not disks; capture the Windows partition in it to a WIM first (DISM "     \
  "/Capture-Image on Windows, or wimlib-imagex capture) and name that"
#define DETECT_ARCHIVE "unpack it and name the .wim, .esd or .iso that is in it"

typedef struct detect_magic {
  uint32_t off;
  uint8_t n_bytes;
  const char *bytes, *what, *instead;
} detect_magic;

static const detect_magic detect_known[] = {
    {0, 4, "MSCF", "a cabinet (.cab, or an update as .msu)",
     "updates can't be put into an image offline; let Windows install it when it runs, and name an "
     "install.wim as base"},
    {0, 8, "vhdxfile", "a virtual disk (VHDX)", DETECT_DISK},
    {0, 8, "conectix", "a virtual disk (VHD)", DETECT_DISK},
    {0, 4, "KDMV", "a virtual disk (VMDK)", DETECT_DISK},
    {0, 4, "QFI\xFB", "a virtual disk (qcow2)", DETECT_DISK},
    {0x40, 4, "\x7F\x10\xDA\xBE", "a virtual disk (VDI)", DETECT_DISK},
    {4, 12, "SignedImage ", "a full flash update (FFU)",
     "it holds a disk, not files; apply it (DISM /Apply-Ffu), capture its Windows partition to a "
     "WIM and name that"},
    {3, 8, "-FVE-FS-", "a partition encrypted with BitLocker",
     "unlock it, capture its files to a WIM (DISM /Capture-Image) and name that"},
    {3, 8, "NTFS    ", "the raw content of an NTFS partition",
     "capture it to a WIM first (wimlib-imagex capture takes it as it is) and name that"},
    {0, 4, "PK\x03\x04", "a zip archive", DETECT_ARCHIVE},
    {0, 6, "7z\xBC\xAF\x27\x1C", "a 7z archive", DETECT_ARCHIVE},
    {0, 6, "Rar!\x1A\x07", "a RAR archive", DETECT_ARCHIVE},
    {0, 2, "\x1F\x8B", "compressed with gzip", DETECT_ARCHIVE},
    {0, 6,
     "\xFD"
     "7zXZ\0",
     "compressed with xz", DETECT_ARCHIVE},
    {0, 4, "\x28\xB5\x2F\xFD", "compressed with zstd", DETECT_ARCHIVE},
    {0, 3, "BZh", "compressed with bzip2", DETECT_ARCHIVE},
};

static wg_code detect_refuse(const char *what, const char *instead, wg_error *err) {
  return wg_fail(err, WG_E_UNSUPPORTED, "%s, not a WIM, ESD, split WIM or Windows ISO: %s", what,
                 instead);
}

typedef struct detect {
  int fd;
  uint64_t size;
  uint8_t head[DETECT_HEAD_BYTES];
  size_t n;
} detect;

// Reads up to n bytes; fewer only at the end of the file.
static wg_code detect_pread(const detect *d, uint64_t off, uint8_t *p, size_t n, wg_error *err) {
  memset(p, 0, n);
  if (off >= d->size) {
    return WG_OK;
  }
  uint64_t left = d->size - off;
  return wg_os_pread_exact(d->fd, p, left < n ? (size_t)left : n, off, err);
}

static bool detect_is(const detect *d, const detect_magic *m) {
  return (size_t)m->off + m->n_bytes <= d->n && memcmp(d->head + m->off, m->bytes, m->n_bytes) == 0;
}

static bool detect_has_bitlocker(const detect *d, uint64_t off) {
  uint8_t boot[16];
  wg_error ignored = WG_ERROR_INIT;
  return detect_pread(d, off, boot, sizeof(boot), &ignored) == WG_OK &&
         memcmp(boot + 3, "-FVE-FS-", 8) == 0;
}

// A disk with a GPT: does one of its partitions begin as BitLocker's do?
static bool detect_gpt_bitlocker(const detect *d, const uint8_t *gpt, uint64_t sector) {
  uint64_t first = wg_le64(gpt + 72);
  uint32_t n = wg_le32(gpt + 80), each = wg_le32(gpt + 84);
  for (uint32_t i = 0; i < n && i < 128 && each >= 128 && each <= 4096; i++) {
    uint8_t row[40];
    wg_error ignored = WG_ERROR_INIT;
    uint64_t at = 0, off = 0;
    if (!wg_mul(first, sector, &at) || !wg_add(at, (uint64_t)i * each, &at) ||
        detect_pread(d, at, row, sizeof(row), &ignored) != WG_OK) {
      return false;
    }
    if (wg_mul(wg_le64(row + 32), sector, &off) && off > 0 && detect_has_bitlocker(d, off)) {
      return true;
    }
  }
  return false;
}

// A raw disk: a GPT, or a boot sector whose partition table is one.
static wg_code detect_disk(const detect *d, wg_error *err) {
  bool gpt = false, mbr = d->n >= DETECT_SECTOR && d->head[510] == 0x55 && d->head[511] == 0xAA;
  bool locked = false;
  for (uint32_t sector = DETECT_SECTOR; sector <= 4096; sector *= 8) {
    uint8_t head[DETECT_GPT_BYTES];
    if (detect_pread(d, sector, head, sizeof(head), err) != WG_OK) {
      return err->code;
    }
    if (memcmp(head, "EFI PART", 8) == 0) {
      gpt = true;
      locked = locked || detect_gpt_bitlocker(d, head, sector);
    }
  }
  bool partitions = false;
  for (size_t i = 0; mbr && i < 4; i++) {
    const uint8_t *row = d->head + 446 + 16 * i;
    bool used = row[4] != 0 && (row[0] & 0x7F) == 0 && wg_le32(row + 12) != 0;
    partitions = partitions || used;
    locked = locked || (used && detect_has_bitlocker(d, (uint64_t)wg_le32(row + 8) * 512));
  }
  if (!gpt && !partitions) {
    return WG_OK;
  }
  return locked ? detect_refuse("a raw disk with a partition encrypted with BitLocker",
                                "unlock it, capture its files to a WIM (DISM /Capture-Image) and "
                                "name that",
                                err)
                : detect_refuse("a raw disk", DETECT_DISK, err);
}

static bool detect_ends(const char *path, const char *ext) {
  size_t n = strlen(path), k = strlen(ext);
  return n >= k && wg_str_eq_nocase((wg_str){path + n - k, k}, ext);
}

static wg_code detect_source_read(void *ctx, uint64_t off, void *p, size_t n, wg_error *err) {
  const detect *d = ctx;
  return wg_os_pread_exact(d->fd, p, n, off, err);
}

static wg_code detect_iso(detect *d, wg_image_kind *out, wg_error *err) {
  wg_udf_source src = {.read = detect_source_read, .ctx = d, .size_bytes = d->size};
  wg_udf_kind kind = WG_UDF_NONE;
  if (wg_udf_detect(&src, &kind, err) != WG_OK) {
    return err->code;
  }
  if (kind == WG_UDF_ISO_9660) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "an ISO 9660 image without UDF: Windows media have UDF, because ISO 9660 can't "
                   "hold an install.wim over 4 GiB whole; extract its sources/install.wim (7z x) "
                   "and name that");
  }
  *out = kind == WG_UDF_VOLUME ? WG_IMAGE_KIND_ISO : WG_IMAGE_KIND_NONE;
  return WG_OK;
}

static wg_code detect_other(const detect *d, wg_error *err) {
  uint8_t foot[DETECT_SECTOR];
  for (size_t i = 0; i < WG_ARRAY_LEN(detect_known); i++) {
    if (detect_is(d, &detect_known[i])) {
      return detect_refuse(detect_known[i].what, detect_known[i].instead, err);
    }
  }
  if (d->size >= sizeof(foot)) { // a VHD of fixed size has its header at its end
    if (detect_pread(d, d->size - sizeof(foot), foot, sizeof(foot), err) != WG_OK) {
      return err->code;
    }
    if (memcmp(foot, "conectix", 8) == 0) {
      return detect_refuse("a virtual disk (VHD)", DETECT_DISK, err);
    }
  }
  if (detect_disk(d, err) != WG_OK) {
    return err->code;
  }
  return wg_fail_at(err, WG_E_FORMAT, 0,
                    d->size == 0 ? "not a WIM, ESD, split WIM or Windows ISO: it is empty"
                                 : "not a WIM, ESD, split WIM or Windows ISO: it begins with "
                                   "neither MSWIM nor what an ISO has");
}

wg_code wg_image_detect(int fd, uint64_t size_bytes, const char *path, wg_image_kind *out,
                        wg_error *err) {
  detect d = {.fd = fd, .size = size_bytes};
  d.n = size_bytes < sizeof(d.head) ? (size_t)size_bytes : sizeof(d.head);
  if (detect_pread(&d, 0, d.head, d.n, err) != WG_OK) {
    return err->code;
  }
  bool wim = d.n >= 8 && (memcmp(d.head, "MSWIM\0\0\0", 8) == 0 ||
                          memcmp(d.head, "WLPWM\0\0\0", 8) == 0); // refused with its header
  if (wim && detect_ends(path, ".msu")) {
    return detect_refuse("an update (.msu)", detect_known[0].instead, err);
  }
  if (wim) {
    *out = WG_IMAGE_KIND_WIM;
    return WG_OK;
  }
  if (detect_iso(&d, out, err) != WG_OK) {
    return err->code;
  }
  return *out == WG_IMAGE_KIND_ISO ? WG_OK : detect_other(&d, err);
}
