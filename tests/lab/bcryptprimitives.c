// SPDX-License-Identifier: Apache-2.0
// Go programs since 1.21 ask this DLL for random bytes; Wine has it since version 9, Debian 12
// ships 8. Built and put into a test's own Wine prefix by tests/cli/winelab.py.
#include <windows.h>

#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *p, SIZE_T n);
__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *p, SIZE_T n) {
  while (n > 0) {
    ULONG piece = n > 0x10000000 ? 0x10000000 : (ULONG)n;
    if (!RtlGenRandom(p, piece)) {
      return FALSE;
    }
    p += piece;
    n -= piece;
  }
  return TRUE;
}
