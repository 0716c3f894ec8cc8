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

wg_code wg_os_copy_range(int in, uint64_t in_off, int out, uint64_t out_off, uint64_t n_bytes,
                         wg_error *err) {
  while (n_bytes > 0 && n_bytes <= INT64_MAX && !wg_os_fault("copy_file_range")) {
    off_t from = (off_t)in_off, to = (off_t)out_off;
    size_t some = n_bytes < COPY_CHUNK_BYTES ? (size_t)n_bytes : COPY_CHUNK_BYTES;
    if (in_off % COPY_ALIGN == out_off % COPY_ALIGN && in_off % COPY_ALIGN != 0) {
      size_t head = COPY_ALIGN - (size_t)(in_off % COPY_ALIGN);
      some = head < some ? head : some; // from there on blocks can be shared
    }
    ssize_t n = copy_file_range(in, &from, out, &to, some, 0);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      break; // not possible between these two, or an error that the way by hand will name
    }
    in_off += (uint64_t)n;
    out_off += (uint64_t)n;
    n_bytes -= (uint64_t)n;
  }
  const size_t cap = (size_t)1 << 20;
  WG_AUTO(wg_cstr) chunk = n_bytes == 0 ? NULL : wg_xalloc(n_bytes < cap ? (size_t)n_bytes : cap);
  while (n_bytes > 0) {
    size_t n = n_bytes < cap ? (size_t)n_bytes : cap;
    if (wg_os_pread_exact(in, chunk, n, in_off, err) != WG_OK ||
        wg_os_pwrite_all(out, chunk, n, out_off, err) != WG_OK) {
      return err->code;
    }
    in_off += n;
    out_off += n;
    n_bytes -= n;
  }
  return WG_OK;
}
