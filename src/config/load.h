// From files to a model: the table of keys comes from above (src/project).
#ifndef WG_CONFIG_LOAD_H
#define WG_CONFIG_LOAD_H

#include "config/cfg.h"
#include "config/key.h"

typedef struct wg_cfg_input {
  const char *file; // name for messages
  wg_str bytes;
  const char *overlay; // name for messages, NULL for none
  wg_str overlay_bytes;
  const char *const *sets;
  size_t n_sets;
  const char *dir; // absolute folder of the file
  const char *env_name;
  wg_cfg_world world;
} wg_cfg_input;

// What is loaded.
typedef struct wg_cfg_lang {
  const wg_key *root; // a MAP whose struct is the model
  size_t model_bytes;
  // Fills in what does not come from keys, before they are read. in is borrowed for the call.
  void (*begin)(wg_cfg *c, const wg_cfg_input *in, void *model);
  // What one key alone can't tell. The model may have holes where keys were faulty.
  void (*rules)(wg_cfg *c, void *model);
} wg_cfg_lang;

// Reads the file, its overlay and --set values, and validates. *out is made even when the file is
// faulty. WG_E_CONFIG when there is no file, or it has errors.
wg_code wg_cfg_load(const wg_cfg_lang *lang, const wg_cfg_options *opt, wg_cfg **out,
                    wg_error *err);
// As wg_cfg_load, from memory. Borrows nothing after the call.
wg_code wg_cfg_load_bytes(const wg_cfg_lang *lang, const wg_cfg_input *in, wg_cfg **out,
                          wg_error *err);

#endif
