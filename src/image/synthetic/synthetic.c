// SPDX-License-Identifier: Apache-2.0
#include "image/synthetic/synthetic.h"

#include "image/synthetic/syn.h"

wg_code wg_synthetic_write(const wg_synthetic_options *opt, wg_synthetic_result *out,
                           wg_error *err) {
  const wg_syn_wim_job job = {.what = {opt->product, opt->arch, opt->state},
                              .commit = true,
                              .force = opt->force,
                              .out_path = opt->out_path,
                              .threads = opt->threads,
                              .cancel = opt->cancel};
  wg_syn_totals totals;
  wg_code code = wg_syn_kind_of(opt->product) == WG_SYN_ISO ? wg_syn_iso(&job, &totals, err)
                                                            : wg_syn_wim(&job, &totals, NULL, err);
  if (code != WG_OK) {
    return wg_os_name_output(err, opt->out_path);
  }
  *out = (wg_synthetic_result){totals.n_images, totals.n_files, totals.n_dirs, totals.out_bytes};
  return WG_OK;
}
