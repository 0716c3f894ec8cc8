// SPDX-License-Identifier: Apache-2.0
// Copying bytes between descriptors: reflink, copy_file_range, read and write.
#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "os/file.h"
#include "os/proc.h"

#define COPY_CHUNK_BYTES ((size_t)8 << 20)
#define COPY_ALIGN ((size_t)4096)

wg_code wg_os_reflink_fd(int in, int out, wg_error *err) {
  if (wg_os_fault("reflink") || ioctl(out, FICLONE, in) != 0) {
    return wg_fail(err, WG_E_UNSUPPORTED, "no reflink here");
  }
  return WG_OK;
}

static wg_code copy_by_hand(int in, int out, const wg_cancel *cancel, uint64_t *total,
                            wg_error *err) {
  const size_t cap = (size_t)1 << 20;
  WG_AUTO(wg_cstr) chunk = wg_xalloc(cap);
  for (;;) {
    if (wg_cancel_check(cancel, err) != WG_OK) {
      return err->code;
    }
    if (wg_os_fault("pread")) {
      return wg_fail_errno(err, EIO, "cannot read");
    }
    ssize_t n = pread(in, chunk, cap, (off_t)*total);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return wg_fail_errno(err, errno, "cannot read");
    }
    if (n == 0) {
      return WG_OK;
    }
    if (wg_os_write_all(out, chunk, (size_t)n, err) != WG_OK) {
      return err->code;
    }
    *total += (uint64_t)n;
  }
}

// As much as the kernel can copy by itself; what is left is for copy_by_hand.
static wg_code copy_in_kernel(int in, int out, const wg_cancel *cancel, uint64_t *total,
                              wg_error *err) {
  off_t in_off = 0;
  for (;;) {
    if (wg_cancel_check(cancel, err) != WG_OK) {
      return err->code;
    }
    if (wg_os_fault("copy_file_range")) {
      return wg_fail_errno(err, EIO, "cannot copy");
    }
    ssize_t n = copy_file_range(in, &in_off, out, NULL, COPY_CHUNK_BYTES, 0);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO)) {
      return wg_fail_errno(err, errno, "cannot copy");
    }
    if (n <= 0) {
      return WG_OK; // the end, or not possible between these two
    }
    *total += (uint64_t)n;
  }
}

wg_code wg_os_copy_fd(int in, int out, const wg_cancel *cancel, uint64_t *out_n, wg_error *err) {
  uint64_t total = 0;
  wg_error no_reflink = WG_ERROR_INIT;
  if (wg_os_reflink_fd(in, out, &no_reflink) == WG_OK) {
    wg_stat st;
    if (wg_os_fstat(out, &st, err) != WG_OK) {
      return err->code;
    }
    total = st.size_bytes;
  } else if (copy_in_kernel(in, out, cancel, &total, err) != WG_OK ||
             copy_by_hand(in, out, cancel, &total, err) != WG_OK) {
    return err->code;
  }
  if (out_n != NULL) {
    *out_n = total;
  }
  return WG_OK;
}

typedef struct copy_range {
  int in, out;
  uint64_t in_off, out_off, n_bytes; // what is left
} copy_range;

static void range_done(copy_range *r, size_t n) {
  r->in_off += n;
  r->out_off += n;
  r->n_bytes -= n;
}

// As much as the kernel can copy by itself. An error of it is left to the way by hand to name.
static void range_in_kernel(copy_range *r) {
  while (r->n_bytes > 0 && !wg_os_fault("copy_file_range")) {
    off_t from = (off_t)r->in_off, to = (off_t)r->out_off;
    size_t some = r->n_bytes < COPY_CHUNK_BYTES ? (size_t)r->n_bytes : COPY_CHUNK_BYTES;
    size_t ahead = (size_t)(r->in_off % COPY_ALIGN);
    if (ahead != 0 && ahead == r->out_off % COPY_ALIGN && COPY_ALIGN - ahead < some) {
      some = COPY_ALIGN - ahead; // from there on blocks can be shared
    }
    ssize_t n = copy_file_range(r->in, &from, r->out, &to, some, 0);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return;
    }
    range_done(r, (size_t)n);
  }
}

wg_code wg_os_copy_range(int in, uint64_t in_off, int out, uint64_t out_off, uint64_t n_bytes,
                         wg_error *err) {
  copy_range r = {in, out, in_off, out_off, n_bytes};
  range_in_kernel(&r);
  const size_t cap = (size_t)1 << 20;
  WG_AUTO(wg_cstr) chunk = NULL;
  if (r.n_bytes > 0) {
    chunk = wg_xalloc(r.n_bytes < cap ? (size_t)r.n_bytes : cap);
  }
  while (r.n_bytes > 0) {
    size_t n = r.n_bytes < cap ? (size_t)r.n_bytes : cap;
    if (wg_os_pread_exact(in, chunk, n, r.in_off, err) != WG_OK ||
        wg_os_pwrite_all(out, chunk, n, r.out_off, err) != WG_OK) {
      return err->code;
    }
    range_done(&r, n);
  }
  return WG_OK;
}

wg_code wg_os_copy_sparse(int in, int out, const wg_cancel *cancel, wg_error *err) {
  wg_stat st;
  wg_error no_reflink = WG_ERROR_INIT;
  if (wg_os_reflink_fd(in, out, &no_reflink) == WG_OK) {
    return WG_OK;
  }
  if (wg_os_fstat(in, &st, err) != WG_OK || wg_os_ftruncate(out, st.size_bytes, err) != WG_OK) {
    return err->code;
  }
  for (uint64_t at = 0; at < st.size_bytes;) {
    off_t from = lseek(in, (off_t)at, SEEK_DATA);
    if (from < 0 && errno == ENXIO) {
      return WG_OK; // a hole up to the end
    }
    from = from < 0 ? (off_t)at : from;
    off_t to = lseek(in, from, SEEK_HOLE);
    to = to <= from ? (off_t)st.size_bytes : to;
    uint64_t n = (uint64_t)(to - from);
    n = n < COPY_CHUNK_BYTES ? n : COPY_CHUNK_BYTES;
    if (wg_cancel_check(cancel, err) != WG_OK ||
        wg_os_copy_range(in, (uint64_t)from, out, (uint64_t)from, n, err) != WG_OK) {
      return err->code;
    }
    at = (uint64_t)from + n;
  }
  return WG_OK;
}
