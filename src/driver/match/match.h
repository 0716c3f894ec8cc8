// SPDX-License-Identifier: Apache-2.0
// Which packages of indexed trees a device of a Windows gets: the best base driver by Windows'
// ranks, the extensions that fit, and the software components that these add.
#ifndef WG_DRIVER_MATCH_MATCH_H
#define WG_DRIVER_MATCH_MATCH_H

#include "driver/hardware/hardware.h"
#include "driver/match/index.h"
#include "driver/match/rank.h"
#include "driver/match/rules.h"

typedef struct wg_drv_repo {
  const wg_drv_index *index;
  const char *root; // for messages
} wg_drv_repo;

typedef enum wg_drv_signed { // what is known of a package's signature
  WG_DRV_NOT_SIGNED,         // the INF names no catalogue for the architecture
  WG_DRV_NO_CATALOG,         // it names one that is not there
  WG_DRV_NOT_VERIFIED,       // there is one; what it says was not looked at: taken for signed
  WG_DRV_IN_BOX,             // Microsoft's own INF without a catalogue, as Windows\INF has them
  WG_DRV_VERIFIED,           // looked at: signed
  WG_DRV_REFUSED,            // looked at: not signed, or not these files
} wg_drv_signed;

typedef enum wg_drv_fate { // of a candidate
  WG_DRV_BASE,             // chosen
  WG_DRV_EXTENSION,        // chosen, too: an extension
  WG_DRV_RANK,             // its rank is higher
  WG_DRV_DATE,             // equal rank, older
  WG_DRV_VERSION,          // equal rank and date, lower version
  WG_DRV_EQUAL,            // equal in all; the path decides
  WG_DRV_PREFERENCE,       // another is preferred by a rule
  WG_DRV_OTHER_EXTENSION,  // one of the same ExtensionId is newer
  WG_DRV_OTHER_TARGET,     // its models for this device are for another Windows
  WG_DRV_EXCLUDED,         // by a rule
  WG_DRV_NOT_PINNED,       // the device is pinned to others
  WG_DRV_OTHER_MODEL,      // below byModel, of another machine
} wg_drv_fate;

typedef struct wg_drv_candidate {
  const wg_drv_repo *repo;
  const wg_drv_package *package;
  const wg_drv_info *info;
  const char *path; // of the INF below the root; in an archive "x.zip/a/b.inf"
  wg_drv_fate fate;
  wg_drv_signed is_signed;
  const char *signer; // what was found by looking: who signed it, or what is wrong; NULL
  wg_drv_rank rank;
  uint32_t rank_value; // 0xFFFFFFFF: OTHER_TARGET
  uint32_t preference; // of the rules that it is of the first one; UINT32_MAX: none; 0: byModel
  const wg_drv_model *model;
  const wg_drv_group *group;
  const wg_drv_variant *variant; // of the install section; NULL: there is no such section
  wg_str id;                     // that both have, as the INF says it
} wg_drv_candidate;

typedef struct wg_drv_choice wg_drv_choice;
typedef struct wg_drv_component { // a software component that a chosen package adds
  wg_str id;                      // "SWC\..."
  const wg_drv_candidate *by;
  const wg_drv_choice *choice; // what it gets itself
} wg_drv_component;
struct wg_drv_choice { // of one device
  const wg_hw_device *device;
  const wg_drv_candidate *v; // the chosen first, then the best
  uint32_t n;
  const wg_drv_candidate *base; // NULL: none
  uint32_t n_extensions;        // of v, behind base
  const wg_drv_component *components;
  uint32_t n_components;
};

typedef struct wg_drv_match_options {
  wg_inf_target target;
  const wg_drv_rules *rules; // NULL: none
  // Looks at the signature of a package that may be chosen; NULL: none is looked at. out_signer as
  // wg_drv_candidate.signer, of the arena of the matcher or static.
  wg_drv_signed (*verify)(void *ctx, const wg_drv_candidate *c, const char **out_signer);
  void *verify_ctx;
} wg_drv_match_options;

typedef struct wg_drv_matcher wg_drv_matcher;
// Of indexes, which it borrows, as all in opt. Everything lives in the arena. NOMEM.
wg_code wg_drv_matcher_new(const wg_drv_repo *repos, uint32_t n_repos,
                           const wg_drv_match_options *opt, wg_arena *arena, wg_drv_matcher **out,
                           wg_error *err);
// What a device gets. Ids of PCI devices are taken in the lists of the target's Windows, whichever
// the profile is of. FORMAT: an index is damaged. NOMEM, LIMIT.
wg_code wg_drv_match(wg_drv_matcher *m, const wg_hw_device *d, wg_drv_choice *out, wg_error *err);

// The models section of each line of [Manufacturer] that Windows takes; chosen has n_groups of the
// info.
void wg_drv_choose_groups(const wg_drv_info *info, const wg_inf_target *t, bool *chosen);
// [section.ntamd64], else [section.nt], else [section]; NULL.
const wg_drv_variant *wg_drv_choose_variant(const wg_drv_info *info, const wg_drv_model *m,
                                            wg_inf_arch arch);

#endif
