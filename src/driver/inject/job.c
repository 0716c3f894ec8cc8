// SPDX-License-Identifier: Apache-2.0
#include "driver/inject/job.h"

void wg_driver_job_write(const wg_driver_job *j, wg_buf *out) {
  if (j->kind == WG_DRIVER_JOB_DID) {
    const wg_driver_did *d = &j->did;
    wg_record_begin(out, "did", WG_STR(""));
    wg_record_z(out, "label", d->label);
    wg_record_z(out, "published", d->published);
    wg_record_u64(out, "ids", d->n_ids);
    wg_record_flag(out, "recorded", d->recorded);
    wg_record_flag(out, "removed", d->removed);
    wg_record_end(out);
    return;
  }
  if (j->kind == WG_DRIVER_JOB_REMOVE) {
    const wg_driver_remove *r = &j->remove;
    wg_record_begin(out, "remove", WG_STR(""));
    wg_record_list(out, "name", r->names, r->n_names);
    wg_record_flag(out, "force", r->force);
    wg_record_end(out);
    return;
  }
  const wg_driver_add *a = &j->add;
  wg_record_begin(out, "add", WG_STR(""));
  wg_record_list(out, "label", a->labels, a->n_labels);
  wg_record_list(out, "only", a->only, a->n_only);
  wg_record_list(out, "exclude", a->exclude, a->n_exclude);
  wg_record_list(out, "boot", a->boot, a->n_boot);
  wg_record_list(out, "hardware", a->hardware, a->n_hardware);
  wg_record_list(out, "pin", a->pins, a->n_pins);
  wg_record_list(out, "prefer", a->prefers, a->n_prefers);
  wg_record_u64(out, "allow", a->allow);
  wg_record_flag(out, "no-recurse", a->no_recurse);
  wg_record_flag(out, "setup-network", a->setup_network);
  wg_record_flag(out, "everything", a->everything);
  wg_record_flag(out, "replace", a->replace);
  wg_record_end(out);
}

wg_code wg_driver_job_parse(wg_str text, wg_arena *arena, wg_driver_job *out, wg_error *err) {
  wg_reader reader = wg_reader_of(text.p, text.n);
  wg_record r;
  wg_driver_job j = {0};
  bool any = false;
  if (wg_record_next(&reader, arena, &r, &any, err) != WG_OK) {
    return err->code;
  }
  if (any && wg_str_eqz(r.kind, "remove")) {
    j.kind = WG_DRIVER_JOB_REMOVE;
    wg_record_get_list(&r, "name", &j.remove.names, &j.remove.n_names);
    wg_record_get_flag(&r, "force", &j.remove.force);
  } else if (any && wg_str_eqz(r.kind, "add")) {
    wg_driver_add *a = &j.add;
    wg_record_get_list(&r, "label", &a->labels, &a->n_labels);
    wg_record_get_list(&r, "only", &a->only, &a->n_only);
    wg_record_get_list(&r, "exclude", &a->exclude, &a->n_exclude);
    wg_record_get_list(&r, "boot", &a->boot, &a->n_boot);
    wg_record_get_list(&r, "hardware", &a->hardware, &a->n_hardware);
    wg_record_get_list(&r, "pin", &a->pins, &a->n_pins);
    wg_record_get_list(&r, "prefer", &a->prefers, &a->n_prefers);
    wg_record_get_u32(&r, "allow", &a->allow);
    wg_record_get_flag(&r, "no-recurse", &a->no_recurse);
    wg_record_get_flag(&r, "setup-network", &a->setup_network);
    wg_record_get_flag(&r, "everything", &a->everything);
    wg_record_get_flag(&r, "replace", &a->replace);
  } else if (any && wg_str_eqz(r.kind, "did")) {
    j.kind = WG_DRIVER_JOB_DID;
    wg_record_get_z(&r, "label", &j.did.label);
    wg_record_get_z(&r, "published", &j.did.published);
    wg_record_get_u64(&r, "ids", UINT64_MAX, &j.did.n_ids);
    wg_record_get_flag(&r, "recorded", &j.did.recorded);
    wg_record_get_flag(&r, "removed", &j.did.removed);
    wg_record_need(&r, "label", j.did.label != NULL && j.did.published != NULL);
  } else {
    return wg_fail(err, WG_E_FORMAT, "plan: drivers are neither added nor removed");
  }
  if (wg_record_done(&r, err) != WG_OK) {
    return err->code;
  }
  *out = j;
  return WG_OK;
}
