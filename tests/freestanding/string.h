// SPDX-License-Identifier: Apache-2.0
// What firmware offers of <string.h>: for scripts/check-freestanding.
#ifndef WG_FREESTANDING_STRING_H
#define WG_FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *p, int c, size_t n);
void *memchr(const void *p, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
char *strchr(const char *s, int c);

#endif
