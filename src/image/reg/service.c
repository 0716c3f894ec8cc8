#include "image/reg/service.h"

#include <string.h>

#include "fmt/sd/sd.h"

#define SERVICES "HKLM\\SYSTEM\\CurrentControlSet\\Services\\"

void wg_reg_edits_init(wg_reg_edits *e) {
  *e = (wg_reg_edits){0};
  wg_arena_init(&e->arena, wg_heap(), 0);
}

void wg_reg_edits_done(wg_reg_edits *e) {
  wg_xfree(e->v);
  wg_arena_done(&e->arena);
  e->v = NULL;
  e->n = e->cap = 0;
}

// Arena copies; above fmt, no memory ends the program.
static char *edits_dup(wg_reg_edits *e, const void *p, size_t n) {
  char *s = wg_arena_strndup(&e->arena, p, n);
  wg_assert(s != NULL);
  return s;
}

wg_reg_edit *wg_reg_edits_new(wg_reg_edits *e, const char *origin, wg_reg_edit_op op,
                              const char *key, const char *name) {
  wg_reg_edit *n = &wg_vec_push(&e->v, &e->n, &e->cap);
  *n = (wg_reg_edit){.op = op,
                     .key = edits_dup(e, key, strlen(key)),
                     .name = edits_dup(e, name, strlen(name)),
                     .origin = edits_dup(e, origin, strlen(origin))};
  return n;
}

void wg_reg_edits_bytes(wg_reg_edits *e, const char *origin, const char *key, const char *name,
                        uint32_t type, const void *p, size_t n_bytes) {
  wg_reg_edit *n = wg_reg_edits_new(e, origin, WG_REG_SET, key, name);
  n->type = type;
  n->data = (const uint8_t *)edits_dup(e, p, n_bytes);
  n->n_bytes = (uint32_t)n_bytes;
}

void wg_reg_edits_dword(wg_reg_edits *e, const char *origin, const char *key, const char *name,
                        uint32_t v) {
  uint8_t b[4];
  wg_put_le32(b, v);
  wg_reg_edits_bytes(e, origin, key, name, WG_REG_DWORD, b, sizeof(b));
}

// Appends text with its NUL; what is not UTF-8 (the loader lets none through) becomes nothing.
static void edits_add_text(wg_buf *b, const char *text) {
  if (!wg_utf8_to_utf16le(wg_str_of(text), b)) {
    b->failed = true;
  }
  wg_buf_add_le16(b, 0);
}

void wg_reg_edits_text(wg_reg_edits *e, const char *origin, const char *key, const char *name,
                       uint32_t type, const char *text) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  edits_add_text(&b, text);
  wg_reg_edits_bytes(e, origin, key, name, type, b.p, b.n);
}

void wg_reg_edits_list(wg_reg_edits *e, const char *origin, const char *key, const char *name,
                       const char *const *items, size_t n_items) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  for (size_t i = 0; i < n_items; i++) {
    edits_add_text(&b, items[i]);
  }
  wg_buf_add_le16(&b, 0);
  wg_reg_edits_bytes(e, origin, key, name, WG_REG_MULTI_SZ, b.p, b.n);
}

void wg_reg_edits_regtext(wg_reg_edits *e, const char *file, const wg_regtext *t) {
  static const wg_reg_edit_op ops[] = {
      [WG_REGOP_KEY] = WG_REG_MAKE_KEY,
      [WG_REGOP_DELETE_KEY] = WG_REG_DELETE_KEY,
      [WG_REGOP_VALUE] = WG_REG_SET,
      [WG_REGOP_DELETE_VALUE] = WG_REG_DELETE_VALUE,
  };
  for (size_t i = 0; i < t->n_ops; i++) {
    const wg_regop *op = &t->ops[i];
    WG_AUTO(wg_cstr) origin = wg_xprintf("%s:%u", file, op->line);
    WG_AUTO(wg_cstr) key = wg_xstrndup(op->key.p, op->key.n);
    WG_AUTO(wg_cstr) name = wg_xstrndup(op->name.p == NULL ? "" : op->name.p, op->name.n);
    wg_reg_edit *n = wg_reg_edits_new(e, origin, ops[op->kind], key, name);
    n->type = op->type;
    n->data = (const uint8_t *)edits_dup(e, op->data, op->n_bytes);
    n->n_bytes = op->n_bytes;
  }
}

// One argument by the rules of CommandLineToArgvW: backslashes count double in front of a quote.
static void command_add_word(wg_buf *out, const char *word, bool force) {
  if (!force && word[0] != '\0' && strpbrk(word, " \t\"") == NULL) {
    wg_buf_add_z(out, word);
    return;
  }
  wg_buf_add_byte(out, '"');
  size_t slashes = 0;
  for (const char *p = word;; p++) {
    if (*p == '\\') {
      slashes++;
      continue;
    }
    bool doubled = *p == '"' || *p == '\0';
    for (size_t i = 0; i < (doubled ? 2 * slashes : slashes); i++) {
      wg_buf_add_byte(out, '\\');
    }
    slashes = 0;
    if (*p == '\0') {
      break;
    }
    if (*p == '"') {
      wg_buf_add_byte(out, '\\');
    }
    wg_buf_add_byte(out, (uint8_t)*p);
  }
  wg_buf_add_byte(out, '"');
}

void wg_windows_command_line(const char *program, const char *const *args, size_t n_args,
                             wg_buf *out) {
  command_add_word(out, program, strchr(program, ' ') != NULL);
  for (size_t i = 0; i < n_args; i++) {
    wg_buf_add_byte(out, ' ');
    command_add_word(out, args[i], false);
  }
}

static wg_code service_check_name(const wg_service *s, const char *origin, wg_error *err) {
  size_t n = strlen(s->name);
  if (n == 0 || n > 256 || strpbrk(s->name, "/\\") != NULL) {
    return wg_fail(
        err, WG_E_USAGE,
        "%s: '%s' cannot be a service's name: 1 to 256 characters, no slash or backslash", origin,
        s->name);
  }
  return WG_OK;
}

// The account as the registry has it; heap.
static wg_code service_account(const wg_service *s, const char *origin, char **out, wg_error *err) {
  static const char *const known[][2] = {
      {"LocalSystem", "LocalSystem"},
      {"LocalService", "NT AUTHORITY\\LocalService"},
      {"NT AUTHORITY\\LocalService", "NT AUTHORITY\\LocalService"},
      {"NetworkService", "NT AUTHORITY\\NetworkService"},
      {"NT AUTHORITY\\NetworkService", "NT AUTHORITY\\NetworkService"},
  };
  wg_str want = wg_str_of(s->account == NULL ? "LocalSystem" : s->account);
  for (size_t i = 0; i < WG_ARRAY_LEN(known); i++) {
    if (wg_str_eq_nocase(want, known[i][0])) {
      *out = wg_xstrdup(known[i][1]);
      return WG_OK;
    }
  }
  WG_AUTO(wg_cstr) own = wg_xprintf("NT SERVICE\\%s", s->name);
  if (wg_name_cmp_nocase(want, wg_str_of(own)) == 0) {
    *out = wg_take(&own);
    return WG_OK;
  }
  return wg_fail(err, WG_E_USAGE,
                 "%s: service '%s' cannot run as '%.*s': such an account needs a password, which "
                 "Windows keeps sealed with keys that only the installed system has; use "
                 "LocalSystem, LocalService, NetworkService or 'NT SERVICE\\%s'",
                 origin, s->name, WG_STR_ARG(want), s->name);
}

// FailureActions: reset period, two unused pointers, count, offset of the actions, then type and
// delay of each (the structure SERVICE_FAILURE_ACTIONS with 32-bit pointers).
static void service_failures(wg_reg_edits *e, const wg_service *s, const char *key,
                             const char *origin) {
  if (s->n_failures == 0) {
    return;
  }
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_le32(&b, s->failure_reset_s);
  wg_buf_add_zeros(&b, 8);
  wg_buf_add_le32(&b, (uint32_t)s->n_failures);
  wg_buf_add_le32(&b, 20);
  for (size_t i = 0; i < s->n_failures; i++) {
    static const uint32_t types[] = {
        [WG_SERVICE_ACT_NONE] = 0, [WG_SERVICE_ACT_RESTART] = 1, [WG_SERVICE_ACT_REBOOT] = 2};
    wg_buf_add_le32(&b, types[s->failures[i].action]);
    wg_buf_add_le32(&b, s->failures[i].delay_ms);
  }
  wg_reg_edits_bytes(e, origin, key, "FailureActions", WG_REG_BINARY, b.p, b.n);
  if (s->failure_on_exit_code) {
    wg_reg_edits_dword(e, origin, key, "FailureActionsOnNonCrashFailures", 1);
  }
}

// Triggers as winsvc.h names them; GUIDs in their byte order on disk (the text form is beside
// each).
static const struct {
  uint32_t type;
  uint8_t guid[16];
} service_triggers[] = {
    [WG_TRIGGER_NETWORK_UP] = {2,
                               {0xDE, 0xF2, 0x27, 0x4F, 0xE2, 0x14, 0x0B, 0x43, 0xA5, 0x49, 0x7C,
                                0xD4, 0x8C, 0xBC, 0x82,
                                0x45}}, // 4f27f2de-14e2-430b-a549-7cd48cbc8245
    [WG_TRIGGER_NETWORK_DOWN] = {2,
                                 {0x2A, 0xA6, 0x4B, 0xCC, 0x2E, 0x16, 0x48, 0x46, 0x84, 0x7A, 0xB6,
                                  0xBD, 0xF9, 0x93, 0xE3,
                                  0x35}}, // cc4ba62a-162e-4648-847a-b6bdf993e335
    [WG_TRIGGER_DOMAIN_JOIN] = {3,
                                {0xBA, 0x0A, 0xE2, 0x1C, 0x51, 0x98, 0x21, 0x44, 0x94, 0x30, 0x1D,
                                 0xDE, 0xB7, 0x66, 0xE8,
                                 0x09}}, // 1ce20aba-9851-4421-9430-1ddeb766e809
    [WG_TRIGGER_DOMAIN_LEAVE] = {3,
                                 {0x6E, 0x51, 0xAF, 0xDD, 0xC2, 0x58, 0x66, 0x48, 0x95, 0x74, 0xC3,
                                  0xB6, 0x15, 0xD4, 0x2E,
                                  0xA1}}, // ddaf516e-58c2-4866-9574-c3b615d42ea1
    [WG_TRIGGER_MACHINE_POLICY] = {5,
                                   {0xE6, 0xCA, 0x9F, 0x65, 0xDB, 0x5B, 0xA9, 0x4D, 0xB1, 0xFF,
                                    0xCA, 0x2A, 0x17, 0x8D, 0x46,
                                    0xE0}}, // 659fcae6-5bdb-4da9-b1ff-ca2a178d46e0
    [WG_TRIGGER_USER_POLICY] = {5,
                                {0xC8, 0x46, 0xFB, 0x54, 0x89, 0xF0, 0x4C, 0x46, 0xB1, 0xFD, 0x59,
                                 0xD1, 0xB6, 0x2C, 0x3B,
                                 0x50}}, // 54fb46c8-f089-464c-b1fd-59d1b62c3b50
};

static wg_code service_descriptor(wg_reg_edits *e, const wg_service *s, const char *key,
                                  const char *origin, wg_error *err) {
  if (s->sddl == NULL) {
    return WG_OK;
  }
  wg_sd sd;
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_cstr) sub = wg_xprintf("%s\\Security", key);
  wg_buf_init(&b, wg_heap(), 0);
  if (wg_sddl_parse(wg_str_of(s->sddl), &e->arena, &sd, err) != WG_OK) {
    return wg_wrap(err, "%s: descriptor of service '%s'", origin, s->name);
  }
  wg_sd_write(&sd, &b);
  wg_reg_edits_bytes(e, origin, sub, "Security", WG_REG_BINARY, b.p, b.n);
  return WG_OK;
}

static void service_lists(wg_reg_edits *e, const wg_service *s, const char *key,
                          const char *origin) {
  if (s->n_depends > 0) {
    wg_reg_edits_list(e, origin, key, "DependOnService", s->depends, s->n_depends);
  }
  if (s->n_privileges > 0) {
    wg_reg_edits_list(e, origin, key, "RequiredPrivileges", s->privileges, s->n_privileges);
  }
  if (s->n_environment > 0) {
    wg_reg_edits_list(e, origin, key, "Environment", s->environment, s->n_environment);
  }
  if (s->sid != WG_SERVICE_SID_NONE) {
    wg_reg_edits_dword(e, origin, key, "ServiceSidType",
                       s->sid == WG_SERVICE_SID_RESTRICTED ? 3 : 1);
  }
  for (size_t i = 0; i < s->n_triggers; i++) {
    WG_AUTO(wg_cstr) sub = wg_xprintf("%s\\TriggerInfo\\%zu", key, i);
    wg_reg_edits_dword(e, origin, sub, "Type", service_triggers[s->triggers[i]].type);
    wg_reg_edits_dword(e, origin, sub, "Action", 1); // start
    wg_reg_edits_bytes(e, origin, sub, "GUID", WG_REG_BINARY, service_triggers[s->triggers[i]].guid,
                       16);
  }
}

static void service_event_source(wg_reg_edits *e, const wg_service *s, const char *origin) {
  WG_AUTO(wg_cstr) key = wg_xprintf(SERVICES "EventLog\\Application\\%s", s->name);
  // Its messages are "%1": what Go's eventlog package writes through.
  wg_reg_edits_text(e, origin, key, "EventMessageFile", WG_REG_EXPAND_SZ,
                    "%SystemRoot%\\System32\\EventCreate.exe");
  wg_reg_edits_dword(e, origin, key, "TypesSupported", 7);
  wg_reg_edits_dword(e, origin, key, "CustomSource", 1);
}

wg_code wg_service_edits(wg_reg_edits *e, const wg_service *s, const char *program,
                         const char *origin, wg_error *err) {
  WG_AUTO(wg_cstr) key = wg_xprintf(SERVICES "%s", s->name);
  WG_AUTO(wg_cstr) account = NULL;
  WG_AUTO(wg_buf) command = {0};
  wg_buf_init(&command, wg_heap(), 0);
  if (service_check_name(s, origin, err) != WG_OK ||
      service_account(s, origin, &account, err) != WG_OK) {
    return err->code;
  }
  static const uint32_t starts[] = {[WG_SERVICE_AUTO] = 2,
                                    [WG_SERVICE_DELAYED] = 2,
                                    [WG_SERVICE_MANUAL] = 3,
                                    [WG_SERVICE_DISABLED] = 4};
  wg_windows_command_line(program, s->args, s->n_args, &command);
  wg_reg_edits_dword(e, origin, key, "Type", 0x10); // a process of its own
  wg_reg_edits_dword(e, origin, key, "Start", starts[s->start]);
  wg_reg_edits_dword(e, origin, key, "ErrorControl", 1);
  wg_reg_edits_text(e, origin, key, "ImagePath", WG_REG_EXPAND_SZ, wg_buf_z(&command));
  wg_reg_edits_text(e, origin, key, "DisplayName", WG_REG_SZ,
                    s->display_name != NULL ? s->display_name : s->name);
  wg_reg_edits_text(e, origin, key, "ObjectName", WG_REG_SZ, account);
  if (s->description != NULL) {
    wg_reg_edits_text(e, origin, key, "Description", WG_REG_SZ, s->description);
  }
  if (s->start == WG_SERVICE_DELAYED) {
    wg_reg_edits_dword(e, origin, key, "DelayedAutostart", 1);
  }
  service_lists(e, s, key, origin);
  service_failures(e, s, key, origin);
  if (s->event_source) {
    service_event_source(e, s, origin);
  }
  return service_descriptor(e, s, key, origin, err);
}

void wg_path_edits(wg_reg_edits *e, const char *folder, const char *origin) {
  wg_reg_edit *n = wg_reg_edits_new(
      e, origin, WG_REG_APPEND,
      "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment", "Path");
  const char **items = (const char **)wg_arena_new_array(&e->arena, const char *, 1);
  wg_assert(items != NULL);
  items[0] = edits_dup(e, folder, strlen(folder));
  n->type = WG_REG_EXPAND_SZ;
  n->items = items;
  n->n_items = 1;
}

wg_code wg_firewall_edits(wg_reg_edits *e, const wg_firewall_rule *r, const char *program,
                          const char *origin, wg_error *err) {
  if (r->name == NULL || strpbrk(r->name, "|") != NULL || strpbrk(program, "|") != NULL ||
      (r->ports != NULL && strspn(r->ports, "0123456789,-") != strlen(r->ports))) {
    return wg_fail(err, WG_E_USAGE,
                   "%s: a firewall rule has a name without '|' and ports as 80,443 or 5000-5010",
                   origin);
  }
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_cstr) name = wg_xprintf("wingo-%s", r->name);
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_printf(&b, "v2.10|Action=%s|Active=TRUE|Dir=%s|Protocol=%d|", r->block ? "Block" : "Allow",
                r->outbound ? "Out" : "In", r->udp ? 17 : 6);
  if (r->ports != NULL) {
    // One field a port or range, as Windows itself writes several.
    for (wg_str rest = wg_str_of(r->ports); rest.n > 0;) {
      size_t n = wg_str_find(rest, ',');
      bool range = memchr(rest.p, '-', n) != NULL;
      wg_buf_printf(&b, "%s%s=%.*s|", r->outbound ? "RPort" : "LPort", range ? "2_10" : "", (int)n,
                    rest.p);
      size_t skip = n < rest.n ? n + 1 : n;
      rest = (wg_str){rest.p + skip, rest.n - skip};
    }
  }
  wg_buf_printf(&b, "App=%s|Name=%s|", program, r->name);
  wg_reg_edits_text(e, origin, SERVICES "SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules",
                    name, WG_REG_SZ, wg_buf_z(&b));
  return WG_OK;
}

void wg_uninstall_edits(wg_reg_edits *e, const wg_uninstall_entry *u, const char *origin) {
  WG_AUTO(wg_cstr)
  key = wg_xprintf("HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\%s", u->id);
  const char *const text[][2] = {{"DisplayName", u->display_name},
                                 {"DisplayVersion", u->version},
                                 {"Publisher", u->publisher},
                                 {"InstallLocation", u->location},
                                 {"DisplayIcon", u->icon}};
  for (size_t i = 0; i < WG_ARRAY_LEN(text); i++) {
    if (text[i][1] != NULL) {
      wg_reg_edits_text(e, origin, key, text[i][0], WG_REG_SZ, text[i][1]);
    }
  }
  // It is part of the image: there is nothing that could change or remove it.
  wg_reg_edits_dword(e, origin, key, "NoModify", 1);
  wg_reg_edits_dword(e, origin, key, "NoRepair", 1);
  wg_reg_edits_dword(e, origin, key, "NoRemove", 1);
}
