// Stand-in for bcryptprimitives.dll, which Go's runtime loads since 1.23 and old Wine lacks. Beside a
// program it lets that program run in Wine; it has no other use.
//   x86_64-w64-mingw32-gcc -shared -o bcryptprimitives.dll bcryptprimitives.c -ladvapi32
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG n_bytes); // RtlGenRandom

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T n_bytes);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T n_bytes) {
  while (n_bytes > 0) {
    ULONG part = n_bytes > 0x10000 ? 0x10000 : (ULONG)n_bytes;
    if (!SystemFunction036(data, part)) {
      return FALSE;
    }
    data += part;
    n_bytes -= part;
  }
  return TRUE;
}
