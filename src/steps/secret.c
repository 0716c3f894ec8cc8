// SPDX-License-Identifier: Apache-2.0
#include "steps/secret.h"

#include "os/proc.h"
#include "project/secret.h"

#define SECRET_MAX_BYTES ((uint64_t)1 << 20)

static wg_code secret_env(const wg_secret *s, wg_buf *out, wg_error *err) {
  const char *v = wg_os_getenv(s->name);
  WG_AUTO(wg_cstr) why = NULL;
  WG_AUTO(wg_cstr) cure = NULL;
  if (wg_secret_env_absent(s, v, &why, &cure)) {
    return wg_fail(err, WG_E_NOT_FOUND, "%s: %s; %s", s->origin, why, cure);
  }
  wg_buf_add_z(out, v);
  return WG_OK;
}

static wg_code secret_file(const wg_secret *s, wg_buf *out, wg_error *err) {
  if (wg_os_read_file(WG_CWD, s->name, SECRET_MAX_BYTES, out, err) != WG_OK) {
    return wg_wrap(err, "%s", s->origin);
  }
  if (out->n > 0 && out->p[out->n - 1] == '\n') {
    out->n -= out->n > 1 && out->p[out->n - 2] == '\r' ? 2 : 1;
  }
  return WG_OK;
}

wg_code wg_secret_fetch_bytes(const void *secret, bool may_ask, wg_buf *out, wg_error *err) {
  const wg_secret *s = secret;
  switch (s->kind) {
  case WG_SECRET_ENV:
    return secret_env(s, out, err);
  case WG_SECRET_FILE:
    return secret_file(s, out, err);
  case WG_SECRET_PLAIN:
    wg_buf_add_z(out, s->name);
    return WG_OK;
  case WG_SECRET_PROMPT:
    if (!may_ask) {
      return wg_fail(err, WG_E_UNSUPPORTED, "%s: it is asked for by a build only", s->origin);
    }
    if (wg_os_ask_hidden(s->name, out, err) != WG_OK) {
      return wg_wrap(err, "%s", s->origin);
    }
    return WG_OK;
  case WG_SECRET_NONE:
    break;
  }
  return wg_fail(err, WG_E_BUG, "%s: a secret of no kind", s->origin);
}
