# SPDX-License-Identifier: Apache-2.0
"""no_openat2.py PROGRAM [ARGUMENT...]: runs it with the system call openat2 refused, as old kernels and sandboxes have it."""
import ctypes
import os
import struct
import sys

OPENAT2 = 437  # on every architecture
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ERRNO, ALLOW, ENOSYS = 0x00050000, 0x7FFF0000, 38


def refuse():
    rules = b"".join(struct.pack("HBBI", *r) for r in (
        (LOAD, 0, 0, 0), (EQUAL, 0, 1, OPENAT2), (RETURN, 0, 0, ERRNO | ENOSYS), (RETURN, 0, 0, ALLOW)))
    code = ctypes.create_string_buffer(rules)
    program = struct.pack("HxxxxxxP", 4, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, program, 0, 0) != 0:  # no new privileges; a filter
        sys.exit(f"no seccomp here: {os.strerror(ctypes.get_errno())}")
    return code


if __name__ == "__main__":
    kept = refuse()
    os.execvp(sys.argv[1], sys.argv[1:])
