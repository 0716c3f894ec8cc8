// SPDX-License-Identifier: Apache-2.0
// Our own printf formatter: firmware has none, and ours never allocates or looks at the locale.
#include <string.h>

#include "base/bytes.h"

typedef struct format_out {
  char *p;
  size_t cap, n; // n counts what would have been written
} format_out;

typedef struct format_spec {
  bool left, zero, has_precision;
  size_t width, precision;
  size_t length; // bytes of the integer argument: 1, 2, 4, 8
} format_spec;

static void format_char(format_out *o, char c) {
  if (o->n + 1 < o->cap) {
    o->p[o->n] = c;
  }
  o->n++;
}

static void format_pad(format_out *o, char c, size_t have, size_t want) {
  for (; have < want; have++) {
    format_char(o, c);
  }
}

static void format_text(format_out *o, const format_spec *s, const char *p, size_t n) {
  if (!s->left) {
    format_pad(o, ' ', n, s->width);
  }
  for (size_t i = 0; i < n; i++) {
    format_char(o, p[i]);
  }
  if (s->left) {
    format_pad(o, ' ', n, s->width);
  }
}

static void format_number(format_out *o, const format_spec *s, uint64_t v, bool negative,
                          unsigned base, bool upper) {
  const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  char rev[24];
  size_t n = 0;
  do {
    rev[n++] = digits[v % base];
    v /= base;
  } while (v != 0);
  size_t min_digits = s->has_precision ? s->precision : 0;
  size_t sign = negative ? 1 : 0;
  if (s->zero && !s->left && !s->has_precision && s->width > sign) {
    min_digits = s->width - sign;
  }
  size_t total = (n > min_digits ? n : min_digits) + sign;
  if (!s->left) {
    format_pad(o, ' ', total, s->width);
  }
  if (negative) {
    format_char(o, '-');
  }
  format_pad(o, '0', n, min_digits);
  while (n > 0) {
    format_char(o, rev[--n]);
  }
  if (s->left) {
    format_pad(o, ' ', total, s->width);
  }
}

static size_t format_string_length(const format_spec *s, const char *p) {
  return s->has_precision ? strnlen(p, s->precision) : strlen(p);
}

// Reads a decimal number or '*' at *fmt.
static size_t format_count(const char **fmt, va_list *ap) {
  size_t n = 0;
  if (**fmt == '*') {
    (*fmt)++;
    int v = va_arg(*ap, int);
    return v < 0 ? 0 : (size_t)v;
  }
  while (**fmt >= '0' && **fmt <= '9' && n < 100000) {
    n = n * 10 + (size_t)(**fmt - '0');
    (*fmt)++;
  }
  return n;
}

// The size of the type that was named: a long has 4 bytes on Windows, a size_t on 32-bit machines.
static size_t format_length(const char **fmt) {
  size_t length = sizeof(int);
  for (char before = '\0';; before = *(*fmt)++) {
    switch (**fmt) {
    case 'h':
      length = before == 'h' ? sizeof(char) : sizeof(short);
      break;
    case 'l':
      length = sizeof(long);
      if (before == 'l') {
        length = sizeof(long long);
      }
      break;
    case 'z':
      length = sizeof(size_t);
      break;
    case 'j':
      length = sizeof(intmax_t);
      break;
    case 't':
      length = sizeof(ptrdiff_t);
      break;
    default:
      return length;
    }
  }
}

static format_spec format_parse_spec(const char **fmt, va_list *ap) {
  format_spec s = {0};
  for (;; (*fmt)++) {
    if (**fmt == '-') {
      s.left = true;
    } else if (**fmt == '0') {
      s.zero = true;
    } else {
      break;
    }
  }
  s.width = format_count(fmt, ap);
  if (**fmt == '.') {
    (*fmt)++;
    s.has_precision = true;
    s.precision = format_count(fmt, ap);
  }
  s.length = format_length(fmt);
  return s;
}

// Arguments are read as the one or the other of these.
_Static_assert(sizeof(int) == 4 && sizeof(long long) == 8, "an int has 32 bits, a long long 64");

static uint64_t format_unsigned(const format_spec *s, va_list *ap) {
  if (s->length == 8) {
    return va_arg(*ap, unsigned long long);
  }
  unsigned v = va_arg(*ap, unsigned);
  if (s->length == 1) {
    return v & 0xFF;
  }
  return s->length == 2 ? (v & 0xFFFF) : v;
}

static int64_t format_signed(const format_spec *s, va_list *ap) {
  if (s->length == 8) {
    return va_arg(*ap, long long);
  }
  int v = va_arg(*ap, int);
  if (s->length == 1) {
    return (signed char)v;
  }
  return s->length == 2 ? (short)v : v;
}

static void format_one(format_out *o, const format_spec *s, char kind, va_list *ap) {
  switch (kind) {
  case 's': {
    const char *p = va_arg(*ap, const char *);
    p = p == NULL ? "(null)" : p;
    format_text(o, s, p, format_string_length(s, p));
    break;
  }
  case 'c': {
    char c = (char)va_arg(*ap, int);
    format_text(o, s, &c, 1);
    break;
  }
  case 'd':
  case 'i': {
    int64_t v = format_signed(s, ap);
    format_number(o, s, v < 0 ? (uint64_t)(-(v + 1)) + 1 : (uint64_t)v, v < 0, 10, false);
    break;
  }
  case 'u':
    format_number(o, s, format_unsigned(s, ap), false, 10, false);
    break;
  case 'x':
  case 'X':
    format_number(o, s, format_unsigned(s, ap), false, 16, kind == 'X');
    break;
  case 'p':
    format_text(o, &(format_spec){0}, "0x", 2);
    format_number(o, s, (uint64_t)(uintptr_t)va_arg(*ap, void *), false, 16, false);
    break;
  default:
    format_char(o, kind);
    break;
  }
}

size_t wg_vformat(char *out, size_t cap_bytes, const char *fmt, va_list ap) {
  format_out o = {.p = out, .cap = cap_bytes};
  va_list args;
  va_copy(args, ap);
  while (*fmt != '\0') {
    if (*fmt != '%') {
      format_char(&o, *fmt++);
      continue;
    }
    fmt++;
    format_spec s = format_parse_spec(&fmt, &args);
    if (*fmt == '\0') {
      break;
    }
    format_one(&o, &s, *fmt++, &args);
  }
  va_end(args);
  if (cap_bytes > 0) {
    out[o.n < cap_bytes ? o.n : cap_bytes - 1] = '\0';
  }
  return o.n;
}

size_t wg_format(char *out, size_t cap_bytes, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  size_t n = wg_vformat(out, cap_bytes, fmt, ap);
  va_end(ap);
  return n;
}
