#include <stdlib.h>
#include <string.h>

#include "config/internal.h"
#include "os/mem.h"

// Memory for the arena; the program ends when there is none.
static void *load_alloc_fn(void *ctx, void *p, size_t n_bytes) {
  (void)ctx;
  if (n_bytes == 0) {
    wg_xfree(p);
    return NULL;
  }
  return wg_xrealloc(p, n_bytes, 1);
}

static const wg_alloc load_alloc = {load_alloc_fn, NULL};

wg_cfg *wg_cfg_new(void) {
  wg_cfg *c = wg_xalloc(sizeof(*c));
  wg_arena_init(&c->arena, &load_alloc, 0);
  return c;
}

void wg_cfg_free(wg_cfg *c) {
  if (c != NULL) {
    wg_xfree(c->faults);
    wg_arena_done(&c->arena);
    wg_xfree(c);
  }
}

void *wg_cfg_alloc(wg_cfg *c, size_t count, size_t size_bytes) {
  void *p = wg_arena_array(&c->arena, count, size_bytes);
  wg_assert(p != NULL); // what a project file can ask for is bounded far below the ceiling
  return p;
}

char *wg_cfg_printf(wg_cfg *c, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  size_t n = wg_vformat(NULL, 0, fmt, ap);
  va_end(ap);
  char *s = wg_cfg_alloc(c, n + 1, 1);
  va_start(ap, fmt);
  (void)wg_vformat(s, n + 1, fmt, ap);
  va_end(ap);
  return s;
}

wg_pos wg_cfg_pos(const wg_cfg *c, const wg_yaml_node *n) {
  return (wg_pos){n->source < c->n_sources ? c->sources[n->source] : "", n->line, n->col};
}

void wg_cfg_add_fault(wg_cfg *c, wg_severity severity, wg_pos pos, const char *text,
                      const char *hint) {
  c->n_errors += severity == WG_FAULT_ERROR ? 1 : 0;
  if (c->n_faults > WG_CFG_MAX_FAULTS) {
    return;
  }
  if (c->n_faults == WG_CFG_MAX_FAULTS) {
    text = "more faults are not shown";
    hint = NULL;
    severity = WG_FAULT_ERROR;
    c->n_errors++;
  }
  wg_vec_push(&c->faults, &c->n_faults, &c->cap_faults) = (wg_cfg_fault){severity, pos, text, hint};
}

static size_t load_source_index(const wg_cfg *c, const char *file) {
  size_t i = 0;
  while (i < c->n_sources && c->sources[i] != file) {
    i++;
  }
  return i;
}

static int load_compare(const wg_cfg *c, const wg_cfg_fault *a, const wg_cfg_fault *b) {
  size_t sa = load_source_index(c, a->pos.file), sb = load_source_index(c, b->pos.file);
  if (sa != sb) {
    return sa < sb ? -1 : 1;
  }
  if (a->pos.line != b->pos.line) {
    return a->pos.line < b->pos.line ? -1 : 1;
  }
  return a->pos.col < b->pos.col ? -1 : a->pos.col > b->pos.col;
}

// The text without the path of keys in front.
static const char *load_bare_text(const char *text) {
  const char *colon = strstr(text, ": ");
  return colon == NULL ? text : colon + 2;
}

// A fault behind an anchor shows once, though each alias leads to it.
static bool load_is_repeated(const wg_cfg *c, size_t n_kept, const wg_cfg_fault *f) {
  for (size_t i = n_kept; i > 0 && load_compare(c, &c->faults[i - 1], f) == 0; i--) {
    if (strcmp(load_bare_text(c->faults[i - 1].text), load_bare_text(f->text)) == 0) {
      return true;
    }
  }
  return false;
}

// Insertion sort: stable, and there are at most WG_CFG_MAX_FAULTS.
void wg_cfg_sort_faults(wg_cfg *c) {
  for (size_t i = 1; i < c->n_faults; i++) {
    wg_cfg_fault f = c->faults[i];
    size_t k = i;
    for (; k > 0 && load_compare(c, &c->faults[k - 1], &f) > 0; k--) {
      c->faults[k] = c->faults[k - 1];
    }
    c->faults[k] = f;
  }
  size_t kept = 0;
  for (size_t i = 0; i < c->n_faults; i++) {
    if (!load_is_repeated(c, kept, &c->faults[i])) {
      c->faults[kept++] = c->faults[i];
    }
  }
  c->n_faults = kept;
}

wg_code wg_cfg_fail_faulty(const wg_cfg *c, const char *file, wg_error *err) {
  size_t n = 0;
  const wg_cfg_fault *first = NULL;
  for (size_t i = 0; i < c->n_faults; i++) {
    if (c->faults[i].severity == WG_FAULT_ERROR) {
      first = first == NULL ? &c->faults[i] : first;
      n++;
    }
  }
  wg_assert(first != NULL);
  return wg_fail(err, WG_E_CONFIG, "%s has %zu fault%s, the first: %s:%u:%u: %s", file, n,
                 n == 1 ? "" : "s", first->pos.file, (unsigned)first->pos.line,
                 (unsigned)first->pos.col, first->text);
}

const wg_project *wg_cfg_project(const wg_cfg *c) {
  return c->project;
}

const char *wg_cfg_file(const wg_cfg *c) {
  return c->n_sources == 0 ? "" : c->sources[0];
}

const wg_cfg_fault *wg_cfg_faults(const wg_cfg *c, size_t *out_n) {
  *out_n = c->n_faults;
  return c->faults;
}

// Parses one file. NULL when it can't be used; *out_empty then says that it had nothing in it.
static const wg_yaml_node *load_parse(wg_cfg *c, wg_str bytes, uint32_t source, bool *out_empty,
                                      wg_error *err) {
  wg_yaml_limits limits = WG_YAML_DEFAULT_LIMITS;
  wg_yaml_doc doc = {0};
  wg_code code = wg_yaml_parse(bytes, &limits, source, &c->arena, &doc, err);
  for (size_t i = 0; i < doc.n_faults; i++) {
    const wg_yaml_fault *f = &doc.faults[i];
    wg_cfg_add_fault(c, WG_FAULT_ERROR, (wg_pos){c->sources[source], f->line, f->col}, f->text,
                     f->hint);
  }
  if (code != WG_OK && doc.n_faults == 0) { // memory
    wg_cfg_add_fault(c, WG_FAULT_ERROR, (wg_pos){c->sources[source], 1, 1},
                     wg_cfg_printf(c, "%s", err->text), NULL);
  }
  *out_empty = code == WG_OK && (doc.root == NULL || wg_yaml_is_null(doc.root));
  if (code != WG_OK || *out_empty) {
    return NULL;
  }
  if (doc.root->kind != WG_YAML_MAP) {
    wg_cfg_add_fault(c, WG_FAULT_ERROR, wg_cfg_pos(c, doc.root),
                     wg_cfg_printf(c, "a project file is a map of keys, and this is %s",
                                   doc.root->kind == WG_YAML_LIST ? "a list" : "a single value"),
                     "start it with 'version: 1'");
    return NULL;
  }
  return doc.root;
}

static const wg_yaml_node *load_layers(wg_cfg *c, const wg_cfg_input *in,
                                       const wg_yaml_node *root) {
  wg_error err = WG_ERROR_INIT;
  bool empty = false;
  uint32_t source = 1;
  if (in->overlay != NULL) {
    const wg_yaml_node *over = load_parse(c, in->overlay_bytes, source++, &empty, &err);
    root = over == NULL ? root : wg_cfg_merge(c, root, over, false);
  }
  for (size_t i = 0; i < in->n_sets; i++) {
    const wg_yaml_node *over = wg_cfg_parse_set(c, in->sets[i], source++);
    root = over == NULL ? root : wg_cfg_merge(c, root, over, true);
  }
  return root;
}

static void load_sources(wg_cfg *c, const wg_cfg_input *in) {
  c->sources = wg_cfg_alloc(c, 2 + in->n_sets, sizeof(*c->sources));
  c->sources[c->n_sources++] = wg_cfg_printf(c, "%s", in->file);
  if (in->overlay != NULL) {
    c->sources[c->n_sources++] = wg_cfg_printf(c, "%s", in->overlay);
  }
  for (size_t i = 0; i < in->n_sets; i++) {
    c->sources[c->n_sources++] = wg_cfg_printf(c, "--set"); // each its own string, see the sort
  }
}

static void load_epoch(wg_cfg *c) {
  const char *epoch = c->world.getenv(c->world.ctx, "SOURCE_DATE_EPOCH");
  uint64_t v = 0;
  if (epoch == NULL || epoch[0] == '\0') {
    return;
  }
  if (!wg_parse_u64(wg_str_of(epoch), &v) || v > UINT32_MAX) {
    wg_cfg_add_fault(c, WG_FAULT_ERROR, (wg_pos){c->sources[0], 1, 1},
                     wg_cfg_printf(c,
                                   "the environment variable SOURCE_DATE_EPOCH is '%.40s', which "
                                   "is not a count of seconds since 1970",
                                   epoch),
                     "unset it, or set it to a number such as the output of 'date +%s'");
    return;
  }
  c->model->time_s = (int64_t)v;
}

wg_code wg_cfg_load_bytes(const wg_cfg_input *in, wg_cfg **out, wg_error *err) {
  wg_cfg *c = wg_cfg_new();
  *out = c;
  c->world = in->world;
  c->root_key = &wg_cfg_root_key;
  load_sources(c, in);
  bool empty = false;
  const wg_yaml_node *root = load_parse(c, in->bytes, 0, &empty, err);
  if (empty) {
    wg_cfg_add_fault(c, WG_FAULT_ERROR, (wg_pos){c->sources[0], 1, 1}, "the file is empty",
                     "start it with 'version: 1', or let 'wingo init' write one");
  }
  if (root != NULL) {
    root = load_layers(c, in, root);
    c->model = wg_cfg_alloc(c, 1, sizeof(*c->model));
    c->model->dir = wg_cfg_printf(c, "%s", in->dir);
    c->model->file = c->sources[0];
    c->model->env_name = wg_cfg_printf(c, "%s", in->env_name == NULL ? "" : in->env_name);
    wg_cfg_walk(c, c->root_key, root, c->model);
    load_epoch(c);
    wg_cfg_rules(c);
  }
  wg_cfg_sort_faults(c);
  c->world = (wg_cfg_world){0}; // borrowed for the call only
  if (c->n_errors > 0) {
    return wg_cfg_fail_faulty(c, c->sources[0], err);
  }
  c->project = c->model;
  return WG_OK;
}
