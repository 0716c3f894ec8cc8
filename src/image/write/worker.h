// SPDX-License-Identifier: Apache-2.0
// Runs a job in a child of ourselves, so that a crash, a hang or a memory hog in libwim is an error
// of one step.
#ifndef WG_IMAGE_WRITE_WORKER_H
#define WG_IMAGE_WRITE_WORKER_H

#include "image/write/job.h"

// As wg_image_do, through `wingo __wim-worker`. FAILED when the child died without saying why.
wg_code wg_image_worker_call(const wg_image_job *job, wg_image_result *out, wg_error *err);

#endif
