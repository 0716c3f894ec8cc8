// SPDX-License-Identifier: Apache-2.0
// data/synthetic/products.txt: which versions there are, and what is said of each.
#include <string.h>

#include "image/synthetic/syn.h"
#include "image/synthetic/synthetic.h"

#define PRODUCTS "products.txt"
#define SETUP_SUFFIX "-setup"
#define ISO_SUFFIX "-iso"

static const char *product_copy(const wg_syn_env *e, wg_str s) {
  const char *z = wg_arena_strndup(e->arena, s.p == NULL ? "" : s.p, s.n);
  wg_assert(z != NULL); // the heap ends the program when it is out of memory
  return z;
}

// "[name]", else nothing.
static bool product_section(wg_str line, wg_str *out) {
  if (!wg_str_starts(line, "[") || !wg_str_ends(line, "]")) {
    return false;
  }
  *out = (wg_str){line.p + 1, line.n - 2};
  return true;
}

static wg_str product_field(wg_str *rest) {
  size_t n = wg_str_find(*rest, '|');
  wg_str field = wg_syn_trim((wg_str){rest->p, n});
  size_t skip = n < rest->n ? n + 1 : n;
  *rest = (wg_str){rest->p + skip, rest->n - skip};
  return field;
}

static void product_entry(wg_syn_env *e, wg_str line) {
  size_t n = wg_str_find(line, '=');
  wg_str key = wg_syn_trim((wg_str){line.p, n});
  wg_str value = n < line.n ? wg_syn_trim((wg_str){line.p + n + 1, line.n - n - 1}) : WG_STR("");
  if (!wg_str_eqz(key, "image")) {
    wg_syn_set(e, product_copy(e, key), product_copy(e, value));
    return;
  }
  wg_assert(e->n_editions < WG_SYN_MAX_IMAGES);
  wg_syn_edition *d = &e->editions[e->n_editions++];
  d->name = product_copy(e, product_field(&value));
  d->flags = product_copy(e, product_field(&value));
  d->edition = product_copy(e, product_field(&value));
  d->installation = product_copy(e, product_field(&value));
  d->registry_name = product_copy(e, product_field(&value));
  d->word = "install";
}

// Images of Windows PE, which are the same whatever the editions. FLAGS are those of boot.wim: 9 is
// Windows PE, 2 Setup, which the file starts.
static void product_pe(wg_syn_env *e) {
  static const struct {
    wg_syn_kind kind;
    const char *name, *flags, *word;
  } images[] = {{WG_SYN_SETUP, "Microsoft Windows PE", "9", "pe"},
                {WG_SYN_SETUP, "Microsoft Windows Setup", "2", "setup"},
                {WG_SYN_WINRE, "Microsoft Windows Recovery Environment", "9", "winre"}};
  const char *arch =
      strcmp(e->arch, "amd64") == 0 ? wg_syn_value(e, "pe_arch") : wg_syn_value(e, "arch_registry");
  e->n_editions = 0;
  for (size_t i = 0; i < WG_ARRAY_LEN(images); i++) {
    const char *name = wg_arena_printf(e->arena, "%s (%s)", images[i].name, arch);
    wg_assert(name != NULL);
    if (images[i].kind == e->kind) {
      e->editions[e->n_editions++] = (wg_syn_edition){.name = name,
                                                      .flags = images[i].flags,
                                                      .edition = "WindowsPE",
                                                      .installation = "WindowsPE",
                                                      .registry_name = "Windows PE",
                                                      .word = images[i].word};
      wg_syn_set(e, "default", name); // the last one
    }
  }
  wg_syn_set(e, "product_type", "WinNT");
}

static wg_code product_unknown(const char *product, wg_error *err) {
  wg_str rest, line, name;
  WG_AUTO(wg_buf) list = {0};
  wg_buf_init(&list, wg_heap(), 0);
  if (wg_syn_file(PRODUCTS, &rest, err) != WG_OK) {
    return err->code;
  }
  while (wg_syn_line(&rest, &line)) {
    if (product_section(line, &name)) {
      wg_buf_printf(&list, "%s%.*s", list.n > 0 ? ", " : "", WG_STR_ARG(name));
    }
  }
  return wg_fail(
      err, WG_E_NOT_FOUND,
      "there is no synthetic base '%s'; there are %s, and each of these with " SETUP_SUFFIX
      " or " ISO_SUFFIX,
      product, wg_buf_z(&list));
}

// Does the list of words have it?
static bool product_has_word(const char *list, const char *word) {
  size_t n = strlen(word);
  for (const char *p = strstr(list, word); p != NULL; p = strstr(p + 1, word)) {
    if ((p == list || p[-1] == ' ') && (p[n] == '\0' || p[n] == ' ')) {
      return true;
    }
  }
  return false;
}

// Variables that follow from others.
static void product_derive(wg_syn_env *e) {
  static const struct {
    const char *arch, *number, *registry, *env;
  } arches[] = {{"amd64", "9", "amd64", "AMD64"},
                {"arm64", "12", "arm64", "ARM64"},
                {"386", "0", "x86", "x86"}};
  for (size_t i = 0; i < WG_ARRAY_LEN(arches); i++) {
    if (strcmp(arches[i].arch, e->arch) == 0) {
      wg_syn_set(e, "arch_number", arches[i].number);
      wg_syn_set(e, "arch_registry", arches[i].registry);
      wg_syn_set(e, "arch_env", arches[i].env);
    }
  }
  bool client = strcmp(wg_syn_value(e, "family"), "client") == 0;
  wg_syn_set(e, "client", client ? "1" : "0");
  wg_syn_set(e, "firewall_quiet", client ? "0" : "1");
  wg_syn_set(e, "product_type", client ? "WinNT" : "ServerNT");
  wg_syn_set(e, "execution_policy", client ? "Restricted" : "RemoteSigned");
  wg_syn_set(e, "csd_number", wg_syn_value(e, "csd")[0] != '\0' ? "256" : "0");
  // A value may name another one: "7601.${arch_registry}fre".
  const char *lab = wg_syn_value(e, "labex");
  const char *at = strstr(lab, "${arch_registry}");
  if (at != NULL) {
    lab = wg_arena_printf(e->arena, "%.*s%s%s", (int)(at - lab), lab,
                          wg_syn_value(e, "arch_registry"), at + strlen("${arch_registry}"));
    wg_assert(lab != NULL);
    wg_syn_set(e, "labex", lab);
  }
}

// How far Setup has come with an image: the words that Windows uses in its registry.
static wg_code product_state(wg_syn_env *e, const char *state, wg_error *err) {
  static const struct {
    const char *name, *image_state;
  } states[] = {{"generalized", "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"},
                {"generalized-audit", "IMAGE_STATE_GENERALIZE_RESEAL_TO_AUDIT"},
                {"specialized", "IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE"},
                {"specialized-audit", "IMAGE_STATE_SPECIALIZE_RESEAL_TO_AUDIT"},
                {"undeployable", "IMAGE_STATE_UNDEPLOYABLE"},
                {"complete", "IMAGE_STATE_COMPLETE"}};
  const char *want = state != NULL ? state : states[0].name;
  WG_AUTO(wg_buf) list = {0};
  wg_buf_init(&list, wg_heap(), 0);
  for (size_t i = 0; i < WG_ARRAY_LEN(states); i++) {
    if (strcmp(want, states[i].name) == 0) {
      wg_syn_set(e, "state", states[i].name);
      wg_syn_set(e, "image_state", states[i].image_state);
      return WG_OK;
    }
    wg_buf_printf(&list, "%s%s", i > 0 ? ", " : "", states[i].name);
  }
  return wg_fail(err, WG_E_NOT_FOUND, "an image has no state '%s'; there are %s", want,
                 wg_buf_z(&list));
}

// The section of e->product; whether there is one.
static wg_code product_read(wg_syn_env *e, bool *out_found, wg_error *err) {
  wg_str rest, line, name;
  bool in = false;
  *out_found = false;
  if (wg_syn_file(PRODUCTS, &rest, err) != WG_OK) {
    return err->code;
  }
  while (wg_syn_line(&rest, &line)) {
    if (product_section(line, &name)) {
      in = wg_str_eqz(name, e->product);
      *out_found = *out_found || in;
    } else if (in && line.n > 0 && line.p[0] != ';') {
      product_entry(e, line);
    }
  }
  return WG_OK;
}

static const struct {
  const char *suffix;
  wg_syn_kind kind;
} product_kinds[] = {{SETUP_SUFFIX, WG_SYN_SETUP}, {ISO_SUFFIX, WG_SYN_ISO}};

wg_syn_kind wg_syn_kind_of(const char *product) {
  for (size_t i = 0; i < WG_ARRAY_LEN(product_kinds); i++) {
    if (wg_str_ends(wg_str_of(product), product_kinds[i].suffix)) {
      return product_kinds[i].kind;
    }
  }
  return WG_SYN_INSTALL;
}

// "windows-11-setup" is Setup of windows-11.
static void product_split(wg_syn_env *e, wg_str product) {
  for (size_t i = 0; i < WG_ARRAY_LEN(product_kinds); i++) {
    if (e->kind == product_kinds[i].kind) {
      product.n -= strlen(product_kinds[i].suffix);
    }
  }
  e->product = product_copy(e, product);
}

wg_code wg_syn_product(wg_syn_env *e, const wg_syn_what *what, bool winre, wg_error *err) {
  bool found = false;
  e->kind = wg_syn_kind_of(what->product);
  product_split(e, wg_str_of(what->product));
  e->kind = winre ? WG_SYN_WINRE : e->kind;
  e->arch = what->arch == NULL ? "amd64" : what->arch;
  if (product_read(e, &found, err) != WG_OK) {
    return err->code;
  }
  if (!found) {
    return product_unknown(what->product, err);
  }
  const char *arches = wg_syn_value(e, "arches");
  if (!product_has_word(arches, e->arch)) {
    return wg_fail(err, WG_E_NOT_FOUND, "%s is not made for %s; the synthetic one is there for: %s",
                   wg_syn_value(e, "title"), e->arch, arches);
  }
  product_derive(e);
  if (wg_syn_is_pe(e)) {
    product_pe(e);
  }
  if (e->kind == WG_SYN_SETUP && what->state != NULL) {
    return wg_fail(err, WG_E_USAGE, "%s is Windows PE, which has no state", what->product);
  }
  return product_state(e, what->state, err);
}

void wg_syn_set_edition(wg_syn_env *e, const wg_syn_edition *d) {
  bool client = strcmp(wg_syn_value(e, "family"), "client") == 0;
  wg_syn_set(e, "flags", d->flags);
  wg_syn_set(e, "edition", d->edition);
  wg_syn_set(e, "installation", d->installation);
  wg_syn_set(e, "registry_name", d->registry_name);
  wg_syn_set(e, "word", d->word);
  wg_syn_set(e, "drive", wg_syn_is_pe(e) ? "X:" : "C:");
  // Client editions are cut from Enterprise, Home ones from Core.
  wg_syn_set(e, "composition",
             !client                           ? d->edition
             : strcmp(d->edition, "Core") == 0 ? "Core"
                                               : "Enterprise");
}

// By number, by NAME, or by the edition that FLAGS has; NULL when there is none.
static const wg_syn_edition *product_edition(const wg_syn_env *e, const char *want) {
  uint64_t number = 0;
  if (wg_parse_u64(wg_str_of(want), &number)) {
    return number >= 1 && number <= e->n_editions ? &e->editions[number - 1] : NULL;
  }
  for (int flags = 0; flags < 2; flags++) {
    for (size_t i = 0; i < e->n_editions; i++) {
      const wg_syn_edition *d = &e->editions[i];
      if (wg_str_eq_nocase(wg_str_of(want), flags == 0 ? d->name : d->flags)) {
        return d;
      }
    }
  }
  return NULL;
}

wg_code wg_synthetic_check(const char *product, const char *arch, const char *state,
                           const char *image, char **out_image, wg_error *err) {
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_syn_env e = {.arena = &arena};
  const wg_syn_what what = {product, arch, state};
  WG_AUTO(wg_buf) list = {0};
  wg_buf_init(&list, wg_heap(), 0);
  if (wg_syn_product(&e, &what, false, err) != WG_OK) {
    return err->code;
  }
  const char *want = image != NULL ? image : wg_syn_value(&e, "default");
  const wg_syn_edition *found = product_edition(&e, want);
  if (found != NULL) {
    if (out_image != NULL) {
      *out_image = wg_xstrdup(found->name);
    }
    return WG_OK;
  }
  for (size_t i = 0; i < e.n_editions; i++) {
    wg_buf_printf(&list, "%s%zu '%s'", i > 0 ? ", " : "", i + 1, e.editions[i].name);
  }
  return wg_fail(err, WG_E_NOT_FOUND, "synthetic base %s has no image '%s'; there are %s", product,
                 want, wg_buf_z(&list));
}

wg_code wg_synthetic_check_disc(const char *product, const char *arch, const char *state,
                                wg_image_disc_wim wim, const char *image, char **out_image,
                                wg_error *err) {
  if (wim != WG_IMAGE_DISC_ANY && wg_syn_kind_of(product) != WG_SYN_ISO) {
    return wg_fail(err, WG_E_USAGE,
                   "'wim' chooses a file of a medium, and %s is none: leave it out, or take a "
                   "product whose name ends in " ISO_SUFFIX,
                   product);
  }
  bool boot = wim == WG_IMAGE_DISC_BOOT;
  if (!boot) {
    return wg_synthetic_check(product, arch, state, image, out_image, err);
  }
  if (wg_synthetic_check(product, arch, state, NULL, NULL, err) != WG_OK) {
    return err->code;
  }
  size_t n = strlen(product) - strlen(ISO_SUFFIX);
  WG_AUTO(wg_cstr) setup = wg_xprintf("%.*s" SETUP_SUFFIX, (int)n, product);
  return wg_synthetic_check(setup, arch, NULL, image, out_image, err);
}

bool wg_synthetic_has_winre(const char *product, wg_image_disc_wim wim) {
  return !wg_str_ends(wg_str_of(product), SETUP_SUFFIX) && wim != WG_IMAGE_DISC_BOOT;
}
