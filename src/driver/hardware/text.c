// SPDX-License-Identifier: Apache-2.0
// What a text is, by its content, in whatever encoding.
#include "base/utf.h"
#include "driver/hardware/build.h"

const char *wg_hw_kind_name(wg_hw_kind kind) {
  switch (kind) {
  case WG_HW_YAML:
    return "yaml";
  case WG_HW_PNPUTIL:
    return "pnputil";
  case WG_HW_JSON:
    return "json";
  case WG_HW_LINUX:
    return "linux";
  case WG_HW_SETUPAPI:
    return "setupapi";
  case WG_HW_HIVE:
    return "hive";
  case WG_HW_SYS:
    return "sys";
  case WG_HW_UNKNOWN:
    break;
  }
  return "unknown";
}

// UTF-16 becomes UTF-8, as do bytes of a code page: ids are ASCII, and names are for people.
static wg_code text_decode(wg_str in, wg_buf *out, wg_error *err) {
  const uint8_t *p = (const uint8_t *)in.p;
  bool little = in.n >= 2 && p[0] == 0xFF && p[1] == 0xFE;
  bool big = in.n >= 2 && p[0] == 0xFE && p[1] == 0xFF;
  if (little || big) {
    WG_AUTO(wg_buf) swapped = {0};
    wg_buf_init(&swapped, out->alloc, 0);
    size_t n = (in.n - 2) & ~(size_t)1;
    for (size_t i = 0; big && i < n; i += 2) {
      wg_buf_add_byte(&swapped, p[2 + i + 1]);
      wg_buf_add_byte(&swapped, p[2 + i]);
    }
    if (big && wg_buf_check(&swapped, err) != WG_OK) {
      return err->code;
    }
    if (!wg_utf16le_to_utf8(big ? swapped.p : p + 2, n, out) && !out->failed) {
      return wg_fail(err, WG_E_FORMAT, "the UTF-16 text is damaged");
    }
    return wg_buf_check(out, err);
  }
  if (wg_str_starts(in, "\xEF\xBB\xBF")) {
    in = wg_hw_after(in, 3);
  }
  if (wg_utf8_valid(in)) {
    wg_buf_add_str(out, in);
    return wg_buf_check(out, err);
  }
  for (size_t i = 0; i < in.n; i++) {
    wg_utf8_add(out, (uint8_t)in.p[i]);
  }
  return wg_buf_check(out, err);
}

// "Instance ID:                PCI\VEN_...": no space in front, a label, an id behind it.
static bool line_is_pnputil(wg_str line) {
  size_t colon = wg_str_find(line, ':');
  if (line.n == 0 || line.p[0] == ' ' || line.p[0] == '\t' || line.p[0] == '#' ||
      line.p[0] == '-' || colon + 2 >= line.n || line.p[colon + 1] != ' ') {
    return false;
  }
  wg_str v = wg_hw_trim(wg_hw_after(line, colon + 1));
  return v.n > 3 && v.p[0] != '\'' && v.p[0] != '"' && wg_str_find(v, '\\') < v.n;
}

static bool text_has(wg_str text, const char *needle) {
  return wg_hw_find(text, needle) < text.n;
}

static wg_hw_kind line_kind(wg_str line) {
  return wg_str_starts(line, ">>>  [")                  ? WG_HW_SETUPAPI
         : wg_hw_is_lspci(line) || wg_hw_is_lsusb(line) ? WG_HW_LINUX
         : wg_str_starts(line, "devices:")              ? WG_HW_YAML
         : line_is_pnputil(line)                        ? WG_HW_PNPUTIL
                                                        : WG_HW_UNKNOWN;
}

// A profile says so in its first line that is no comment, whatever the names in it say.
static bool text_is_profile(wg_str text) {
  wg_str line = {0};
  while (wg_hw_line(&text, &line)) {
    wg_str said = wg_hw_trim(line);
    if (said.n > 0 && said.p[0] != '#' && !wg_str_starts(said, "---")) {
      return wg_str_starts(line, "devices:") || wg_str_starts(line, "machine:");
    }
  }
  return false;
}

// An object, or a list of some: logs begin with '[', too.
static bool text_is_json(wg_str trimmed) {
  if (trimmed.n == 0 || trimmed.p[0] != '[') {
    return trimmed.n > 0 && trimmed.p[0] == '{';
  }
  wg_str in = wg_hw_trim(wg_hw_after(trimmed, 1));
  return in.n > 0 && (in.p[0] == '{' || in.p[0] == ']');
}

static wg_hw_kind text_kind(wg_str text) {
  wg_str rest = text, line = {0}, first = wg_hw_trim(text);
  wg_hw_kind kind = WG_HW_UNKNOWN;
  if (text_is_profile(text)) {
    return WG_HW_YAML;
  }
  bool log = !text_is_json(first) && (text_has(text, "[Device Install Log]") ||
                                      text_has(text, "Searching for hardware ID(s)"));
  if (log) {
    return WG_HW_SETUPAPI;
  }
  if (first.n > 0 && (first.p[0] == '{' || first.p[0] == '[')) {
    // JSON is YAML, too: what 'wingo driver profile --json' prints.
    return text_has(text, "\"devices\"") && text_has(text, "\"hardware_ids\"") ? WG_HW_YAML
                                                                               : WG_HW_JSON;
  }
  while (kind == WG_HW_UNKNOWN && wg_hw_line(&rest, &line)) {
    kind = line_kind(line);
  }
  return kind;
}

static wg_code text_read(wg_hw_build *b, wg_hw_kind kind, wg_str text, wg_error *err) {
  switch (kind) {
  case WG_HW_YAML:
    return wg_hw_read_yaml(b, text, err);
  case WG_HW_PNPUTIL:
    return wg_hw_read_pnputil(b, text, err);
  case WG_HW_JSON:
    return wg_hw_read_json(b, text, err);
  case WG_HW_LINUX:
    return wg_hw_read_linux(b, text, err);
  case WG_HW_SETUPAPI:
    return wg_hw_read_setupapi(b, text, err);
  case WG_HW_UNKNOWN:
  case WG_HW_HIVE:
  case WG_HW_SYS:
    break;
  }
  return wg_fail(
      err, WG_E_FORMAT,
      "it names no hardware: neither a profile ('devices:'), pnputil /enum-devices /ids, "
      "Get-PnpDevice as JSON, lspci -nn, lsusb, setupapi.dev.log nor a SYSTEM hive");
}

wg_code wg_hw_parse(wg_str text, wg_arena *arena, wg_hw_profile *out, wg_error *err) {
  WG_AUTO(wg_buf) utf8 = {0};
  wg_hw_build b = {.arena = arena};
  wg_buf_init(&utf8, arena->alloc, 0);
  if (text.n > WG_HW_MAX_BYTES) {
    return wg_fail(err, WG_E_LIMIT, "more than %llu MiB",
                   (unsigned long long)WG_HW_MAX_BYTES >> 20);
  }
  if (text_decode(text, &utf8, err) != WG_OK) {
    return err->code;
  }
  wg_hw_kind kind = text_kind(wg_buf_str(&utf8));
  if (text_read(&b, kind, wg_buf_str(&utf8), err) != WG_OK) {
    return err->code;
  }
  return wg_hw_finish(&b, kind, out, err);
}
