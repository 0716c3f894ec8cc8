// SPDX-License-Identifier: Apache-2.0
// Hives of a synthetic base, from registry text with directives in its comments.
#include <string.h>

#include "fmt/regtext/regtext.h"
#include "fmt/sd/sd.h"
#include "image/reg/apply.h"
#include "image/reg/hivefile.h"
#include "image/synthetic/syn.h"

typedef enum hive_directive_kind {
  HIVE_SD,
  HIVE_CLASS,
  HIVE_LINK
} hive_directive_kind;

typedef struct hive_directive { // a comment that says more of the key above it
  hive_directive_kind kind;
  uint32_t line;
  wg_str key, text;
} hive_directive;

typedef struct hive_maker {
  const wg_syn_env *env;
  wg_str text;        // filled in
  wg_arena temporary; // of the parse
  uint64_t minor;
  wg_str root_name;
  const char *prefix; // of all keys
  hive_directive *directives;
  size_t n_directives, cap_directives;
  uint64_t filetime;
} hive_maker;

static void hive_maker_done(hive_maker *m) {
  wg_xfree(m->directives);
  wg_arena_done(&m->temporary);
}
WG_DEFINE_AUTO(hive_maker, hive_maker_done);

static wg_str hive_word(wg_str *rest) {
  size_t n = wg_str_find(*rest, ' ');
  wg_str word = {rest->p, n};
  size_t skip = n < rest->n ? n + 1 : n;
  *rest = (wg_str){rest->p + skip, rest->n - skip};
  return word;
}

// ";hive MINOR ROOT-NAME PREFIX"
static wg_code hive_head(hive_maker *m, wg_str rest, wg_error *err) {
  wg_str minor = hive_word(&rest);
  m->root_name = hive_word(&rest);
  m->prefix = wg_arena_strndup(&m->temporary, rest.p, rest.n);
  if (m->prefix == NULL || !wg_parse_u64(minor, &m->minor)) {
    return wg_fail(err, WG_E_BUG, "';hive' wants a minor version, a name and a prefix");
  }
  return WG_OK;
}

// Notes the directive that a line may be.
static void hive_note(hive_maker *m, wg_str key, wg_str line, uint32_t n) {
  static const struct {
    const char *mark;
    hive_directive_kind kind;
  } marks[] = {{";sd ", HIVE_SD}, {";class ", HIVE_CLASS}, {";link ", HIVE_LINK}};
  for (size_t i = 0; i < WG_ARRAY_LEN(marks); i++) {
    if (wg_str_starts(line, marks[i].mark)) {
      size_t skip = strlen(marks[i].mark);
      wg_vec_push(&m->directives, &m->n_directives, &m->cap_directives) = (hive_directive){
          .kind = marks[i].kind, .line = n, .key = key, .text = {line.p + skip, line.n - skip}};
    }
  }
}

static wg_code hive_scan(hive_maker *m, wg_error *err) {
  wg_str rest = m->text, line, key = WG_STR("");
  for (uint32_t n = 1; wg_syn_line(&rest, &line); n++) {
    if (wg_str_starts(line, "[") && wg_str_ends(line, "]")) {
      key = (wg_str){line.p + 1, line.n - 2};
    }
    if (wg_str_starts(line, ";hive ") &&
        hive_head(m, (wg_str){line.p + 6, line.n - 6}, err) != WG_OK) {
      return err->code;
    }
    hive_note(m, key, line, n);
  }
  return m->prefix != NULL ? WG_OK : wg_fail(err, WG_E_BUG, "no ';hive'");
}

static wg_code hive_sd(hive_maker *m, wg_str sddl, wg_buf *out, wg_error *err) {
  wg_sd sd;
  if (wg_sddl_parse(sddl, &m->temporary, &sd, err) != WG_OK) {
    return err->code;
  }
  wg_sd_write(&sd, out);
  return wg_buf_check(out, err);
}

static wg_code hive_direct(hive_maker *m, wg_hive *h, const hive_directive *d, wg_error *err) {
  wg_str path = WG_STR("");
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  if (d->key.n > 0 && !wg_hive_strip_prefix(d->key, m->prefix, &path)) {
    return wg_fail(err, WG_E_BUG, "the key is not below %s", m->prefix);
  }
  wg_regkey *k = wg_hive_find(h, path);
  if (k == NULL) {
    return wg_fail(err, WG_E_BUG, "there is no key yet");
  }
  if (d->kind == HIVE_SD) {
    return hive_sd(m, d->text, &b, err) != WG_OK
               ? err->code
               : wg_regkey_set_sd(h, k, b.p, (uint32_t)b.n, m->filetime, err);
  }
  if (!wg_utf8_to_utf16le(d->text, &b)) {
    return wg_fail(err, WG_E_BUG, "not text");
  }
  if (d->kind == HIVE_CLASS) {
    return wg_regkey_set_class(h, k, b.p, b.n, err);
  }
  wg_regkey_set_link(h, k, true);
  return wg_regkey_set(h, k, WG_STR("SymbolicLinkValue"), WG_REG_LINK, b.p, (uint32_t)b.n,
                       m->filetime, err);
}

// Keys and directives in the order of the file: a key gets what its parent has by then.
static wg_code hive_apply(hive_maker *m, wg_hive *h, wg_error *err) {
  wg_regtext t;
  WG_AUTO(wg_reg_edits) edits = {0};
  wg_reg_edits_init(&edits);
  if (wg_regtext_parse(m->text.p, m->text.n, NULL, &edits.arena, &t, err) != WG_OK) {
    return err->code;
  }
  size_t d = 0;
  WG_AUTO(wg_reg_target) target = {.filetime = m->filetime};
  wg_reg_edits_regtext(&edits, "line", &t, NULL, 0);
  wg_reg_target_hive(&target, h, "hive", m->prefix);
  for (size_t i = 0; i <= t.n_ops; i++) {
    uint32_t line = i < t.n_ops ? t.ops[i].line : UINT32_MAX;
    for (; d < m->n_directives && m->directives[d].line < line; d++) {
      if (hive_direct(m, h, &m->directives[d], err) != WG_OK) {
        return wg_wrap(err, "line %u", m->directives[d].line);
      }
    }
    if (i < t.n_ops && wg_reg_apply(&target, &edits.v[i], 1, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code hive_make(hive_maker *m, wg_str *out, wg_error *err) {
  WG_AUTO(wg_buf) sd = {0};
  WG_AUTO(wg_buf) bytes = {0};
  WG_AUTO_PTR(wg_hive) h = NULL;
  wg_buf_init(&sd, wg_heap(), 0);
  wg_buf_init(&bytes, wg_heap(), 0);
  if (hive_scan(m, err) != WG_OK) {
    return err->code;
  }
  const char *root = wg_arena_strndup(&m->temporary, m->root_name.p, m->root_name.n);
  wg_hive_write_options opt = {.filetime = m->filetime};
  // The root's own descriptor is the first directive.
  if (hive_sd(m, WG_STR("O:BAG:SYD:PAI(A;CI;KA;;;SY)(A;CI;KA;;;BA)"), &sd, err) != WG_OK ||
      wg_hive_new((uint32_t)m->minor, root, sd.p, sd.n, m->filetime, wg_heap(), &h, err) != WG_OK ||
      hive_apply(m, h, err) != WG_OK || wg_hive_write(h, &opt, &bytes, err) != WG_OK) {
    return err->code;
  }
  out->p = wg_arena_strndup(m->env->arena, bytes.p, bytes.n);
  out->n = bytes.n;
  return out->p != NULL ? WG_OK : wg_arena_fail(m->env->arena, err);
}

wg_code wg_syn_hive(const wg_syn_env *e, const char *name, wg_str *out, wg_error *err) {
  WG_AUTO(wg_cstr) file = wg_xprintf("reg/%s", name);
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO(hive_maker) m = {.env = e};
  uint64_t time_s = 0;
  wg_buf_init(&text, wg_heap(), 0);
  wg_arena_init(&m.temporary, wg_heap(), 0);
  if (!wg_parse_u64(wg_str_of(wg_syn_value(e, "time")), &time_s)) {
    return wg_fail(err, WG_E_BUG, "'time' of %s is no number", e->product);
  }
  m.filetime = wg_filetime_of((int64_t)time_s);
  if (wg_syn_text(e, file, true, &text, err) != WG_OK) {
    return err->code;
  }
  m.text = wg_buf_str(&text);
  return hive_make(&m, out, err) == WG_OK ? WG_OK : wg_wrap(err, "data/synthetic/%s", file);
}
