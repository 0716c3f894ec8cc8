// SPDX-License-Identifier: Apache-2.0
#include "fmt/sd/sd.h"

#include <string.h>

#include "os/mem.h"
#include "support.h"

static wg_arena arena;

static int setup(void **state) {
  (void)state;
  wg_arena_init(&arena, wg_heap(), 0);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  wg_arena_done(&arena);
  return 0;
}

static void text_of(const wg_sd *sd, wg_buf *out) {
  wg_buf_init(out, wg_heap(), 0);
  wg_sddl_write(sd, out);
}

static void sddl_round_trips_through_bytes(void **state) {
  (void)state;
  // What Windows itself shows for Program Files, an audit list, a label, a null DACL, a capability
  // SID.
  static const char *const cases[] = {
      ("O:S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464G:SYD:PAI(A;OICIIO;GA;;;CO)"
       "(A;OICIIO;GA;;;SY)(A;;0x1301bf;;;SY)(A;OICIIO;GA;;;BA)(A;;0x1301bf;;;BA)(A;OICIIO;"
       "0xa0000000;;;BU)"
       "(A;;0x1200a9;;;BU)(A;OICIIO;0xa0000000;;;AC)(A;;0x1200a9;;;AC)"),
      ("O:BAG:SYD:(D;;FW;;;AN)(A;;FA;;;SY)S:(AU;SAFA;FA;;;WD)"),
      ("O:BAG:BAD:S:(ML;;0x1;;;LW)"),
      ("D:NO_ACCESS_CONTROL"),
      ("O:S-1-15-3-1024-1065365936-1281604716-3511738428-1654721687-432734479-3232135806-"
       "4053264122-"
       "3456934681D:P"),
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    wg_error err = WG_ERROR_INIT;
    wg_sd sd, back;
    WG_AUTO(wg_buf) bytes = {0};
    WG_AUTO(wg_buf) text = {0};
    wg_buf_init(&bytes, wg_heap(), 0);
    assert_ok(wg_sddl_parse(wg_str_of(cases[i]), &arena, &sd, &err), &err);
    wg_sd_write(&sd, &bytes);
    assert_ok(wg_sd_parse(bytes.p, bytes.n, &arena, &back, &err), &err);
    text_of(&back, &text);
    assert_string_equal(wg_buf_z(&text), cases[i]);
  }
}

static void check_child(const char *parent, bool is_dir, const char *want) {
  wg_error err = WG_ERROR_INIT;
  wg_sd p, child;
  wg_str owner, group;
  WG_AUTO(wg_buf) text = {0};
  assert_ok(wg_sid_parse(WG_STR("BA"), &arena, &owner, &err), &err);
  assert_ok(wg_sid_parse(WG_STR("SY"), &arena, &group, &err), &err);
  assert_ok(wg_sddl_parse(wg_str_of(parent), &arena, &p, &err), &err);
  assert_ok(wg_sd_inherit(&p, is_dir, owner, group, &arena, &child, &err), &err);
  text_of(&child, &text);
  assert_string_equal(wg_buf_z(&text), want);
}

static void children_inherit_as_windows_does(void **state) {
  (void)state;
  // Program Files: known from icacls on new files and folders there.
  static const char program_files[] =
      "O:SYG:SYD:PAI(A;OICIIO;GA;;;CO)(A;OICIIO;GA;;;SY)(A;;0x1301bf;;;SY)(A;OICIIO;GA;;;BA)"
      "(A;;0x1301bf;;;BA)(A;OICIIO;GXGR;;;BU)(A;;0x1200a9;;;BU)";
  check_child(program_files, false,
              "O:BAG:SYD:AI(A;ID;FA;;;BA)(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;0x1200a9;;;BU)");
  check_child(program_files, true,
              "O:BAG:SYD:AI(A;ID;FA;;;BA)(A;OICIIOID;GA;;;CO)(A;ID;FA;;;SY)(A;OICIIOID;GA;;;SY)"
              "(A;ID;FA;;;BA)(A;OICIIOID;GA;;;BA)(A;ID;0x1200a9;;;BU)(A;OICIIOID;0xa0000000;;;BU)");
  // Object-inherit only: a folder hands it on, does not get it; no-propagate ends after one level.
  check_child("D:(A;OI;FR;;;BU)", true, "O:BAG:SYD:AI(A;OIIOID;FR;;;BU)");
  check_child("D:(A;OI;FR;;;BU)", false, "O:BAG:SYD:AI(A;ID;FR;;;BU)");
  check_child("D:(A;OICINP;FR;;;BU)", true, "O:BAG:SYD:AI(A;ID;FR;;;BU)");
  check_child("D:(A;CI;FR;;;BU)(A;OICI;FA;;;SY)", false, "O:BAG:SYD:AI(A;ID;FA;;;SY)");
  // A label and an audit entry come along.
  check_child("D:(A;OICI;FA;;;SY)S:(ML;OICI;0x1;;;LW)(AU;OICISA;FA;;;WD)", false,
              "O:BAG:SYD:AI(A;ID;FA;;;SY)S:AI(ML;ID;0x1;;;LW)(AU;IDSA;FA;;;WD)");
  // Nothing to inherit: never everyone.
  check_child("D:(A;;FA;;;WD)", false, "O:BAG:SYD:(A;;FA;;;SY)(A;;FA;;;BA)");
  check_child("D:NO_ACCESS_CONTROL", true, "O:BAG:SYD:(A;;FA;;;SY)(A;;FA;;;BA)");
}

static void bad_text_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"X:BA",
                                    "O:ZZ",
                                    "D:(A;OICI;FA;;;SY",
                                    "D:(A;QQ;FA;;;SY)",
                                    "D:(A;;QQ;;;SY)",
                                    "D:(A;;FA;;;S-1-5-)",
                                    "D:(OA;;FA;x;;SY)",
                                    "O:S-1-5-4294967296",
                                    "D:(A;;FA;;;)",
                                    "O:"};
  for (size_t i = 0; i < WG_ARRAY_LEN(bad); i++) {
    wg_error err = WG_ERROR_INIT;
    wg_sd sd;
    if (wg_sddl_parse(wg_str_of(bad[i]), &arena, &sd, &err) == WG_OK) {
      fail_msg("'%s' was taken", bad[i]);
    }
  }
}

static void lying_bytes_are_refused(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  wg_sd sd;
  WG_AUTO(wg_buf) good = {0};
  wg_buf_init(&good, wg_heap(), 0);
  assert_ok(wg_sddl_parse(WG_STR("O:BAG:SYD:(A;;FA;;;SY)(A;;FA;;;BA)S:(AU;SA;FA;;;WD)"), &arena,
                          &sd, &err),
            &err);
  wg_sd_write(&sd, &good);
  for (size_t n = 0; n < good.n; n++) { // every truncation
    WG_AUTO(wg_cstr) cut = wg_xstrndup((const char *)good.p, n);
    assert_int_equal(wg_sd_parse(cut, n, &arena, &sd, &err), WG_E_FORMAT);
  }
  for (size_t i = 0; i < good.n * 8; i++) { // every flipped bit: refused or read, never beyond
    WG_AUTO(wg_cstr) bent = wg_xstrndup((const char *)good.p, good.n);
    bent[i / 8] = (char)(bent[i / 8] ^ (1 << (i % 8)));
    WG_AUTO(wg_buf) text = {0};
    wg_buf_init(&text, wg_heap(), 0);
    if (wg_sd_parse(bent, good.n, &arena, &sd, &err) == WG_OK) {
      wg_sddl_write(&sd, &text);
    }
  }
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {T(sddl_round_trips_through_bytes),
                                     T(children_inherit_as_windows_does), T(bad_text_is_refused),
                                     T(lying_bytes_are_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
