// SPDX-License-Identifier: Apache-2.0
#include "driver/match/match.h"

#include "bad.h"
#include "driver/match/pci.h"
#include "os/sys.h"

// What setupapi logged on real machines.
static void ranks_are_those_that_windows_logged(void **state) {
  (void)state;
  static const struct {
    uint32_t logged;
    wg_drv_rank r;
  } facts[] = {
      // PCI\VEN_8086&DEV_8C4F, the 2. compatible id, signed (WHQL)
      {0x00ff2001, {.feature = 0xFF, .device_compatible = true, .device_at = 1}},
      // GenDisk, the 7. hardware id
      {0x00ff0006, {.feature = 0xFF, .device_at = 6}},
      // STORAGE\VolumeSnapshot, SW\{96E080C7-...}
      {0x00ff0000, {.feature = 0xFF}},
      // HDAUDIO\FUNC_01, the 13. compatible id, and the 1. of the line
      {0x00ff300c,
       {.feature = 0xFF, .device_compatible = true, .driver_compatible = true, .device_at = 12}},
      // USB\Class_03&SubClass_01, the 2. of both lists
      {0x00ff3101,
       {.feature = 0xFF,
        .device_compatible = true,
        .driver_compatible = true,
        .device_at = 1,
        .driver_at = 1}},
      // ROOT\UPDATE on Vista, where signers differ
      {0x0dff0000, {.signature = WG_DRV_MICROSOFT, .feature = 0xFF}},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(facts); i++) {
    assert_int_equal(wg_drv_rank_value(&facts[i].r), facts[i].logged);
  }
  const wg_drv_rank far = {.device_compatible = true, .driver_compatible = true, .driver_at = 500};
  assert_int_equal(wg_drv_rank_value(&far), 0x3FFF);
}

// --- what is packed says what the whole of the INF says

static void same_models(const wg_inf_package *p, const wg_drv_info *info, const bool *chosen,
                        wg_inf_arch arch, const char *name) {
  uint32_t at = 0;
  for (uint32_t g = 0; g < info->n_groups; g++) {
    for (uint32_t k = 0; chosen[g] && k < info->groups[g].n_models; k++) {
      const wg_drv_model *m = &info->models[info->groups[g].first_model + k];
      if (at >= p->n_models) {
        fail_msg("%s: more models than %u", name, p->n_models);
      }
      const wg_inf_model *want = &p->models[at++];
      const wg_drv_variant *v = wg_drv_choose_variant(info, m, arch);
      if (!wg_str_eq(m->description, want->description) || m->n_ids != want->n_ids ||
          (v != NULL ? v->feature_score : 0xFF) != p->configs[want->config].feature_score) {
        fail_msg("%s: line %u differs", name, want->line);
      }
      for (uint32_t i = 0; i < m->n_ids; i++) {
        if (!wg_str_eq(info->ids[m->first_id + i], want->ids[i])) {
          fail_msg("%s: line %u: id %u differs", name, want->line, i);
        }
      }
    }
  }
  if (at != p->n_models) {
    fail_msg("%s: %u models, not %u", name, at, p->n_models);
  }
}

static bool compare(const char *path) {
  static const wg_inf_target targets[] = {
      {.arch = WG_INF_AMD64, .major = 10, .build = 26100},
      {.arch = WG_INF_AMD64, .major = 6, .minor = 1, .build = 7601, .product_type = 3},
      {.arch = WG_INF_X86, .major = 5, .minor = 1, .build = 2600},
      {.arch = WG_INF_ARM64, .major = 10, .build = 22000}};
  WG_AUTO(wg_buf) bytes = {0};
  WG_AUTO(wg_buf) packed = {0};
  WG_AUTO(wg_arena) arena = {0};
  wg_error err = WG_ERROR_INIT;
  wg_inf inf;
  wg_drv_info info;
  wg_buf_init(&bytes, wg_heap(), 0);
  wg_buf_init(&packed, wg_heap(), 0);
  wg_arena_init(&arena, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, path, 128 << 20, &bytes, &err), &err);
  if (wg_inf_parse(bytes.p, bytes.n, NULL, &arena, &inf, &err) != WG_OK) {
    return false;
  }
  assert_ok(wg_drv_pack(&inf, &arena, &packed, &err), &err);
  assert_ok(wg_drv_unpack(packed.p, packed.n, false, &arena, &info, &err), &err);
  bool *chosen = wg_arena_new_array(&arena, bool, info.n_groups);
  for (size_t i = 0; i < WG_ARRAY_LEN(targets); i++) {
    wg_inf_package p = {0};
    if (wg_inf_compile(&inf, &targets[i], NULL, &arena, &p, &err) != WG_OK) {
      return false; // Windows refuses it
    }
    wg_drv_choose_groups(&info, &targets[i], chosen);
    same_models(&p, &info, chosen, targets[i].arch, path);
    assert_true(wg_str_eq(info.provider, p.provider) && wg_str_eq(info.class_name, p.class_name));
    assert_int_equal(info.year, p.year);
    assert_memory_equal(info.version, p.version, sizeof(p.version));
    uint32_t cat = wg_drv_catalog_of(&info, targets[i].arch);
    assert_true(cat == info.n_catalogs ? p.catalog.n == 0
                                       : wg_str_eq(info.catalogs[cat].name, p.catalog));
  }
  return true;
}

// WG_INF_LIST may name a file with paths of more INF files, one a line.
static void the_index_says_what_the_inf_says(void **state) {
  (void)state;
  WG_AUTO(wg_cstr)
  one = wg_xprintf("%s/fuzz/drvindex/corpus/net.inf", wg_os_getenv("WG_SOURCE_ROOT"));
  assert_true(compare(one));
  const char *list = wg_os_getenv("WG_INF_LIST");
  if (list != NULL) {
    WG_AUTO(wg_buf) text = {0};
    wg_error err = WG_ERROR_INIT;
    char *next = NULL;
    unsigned n = 0;
    wg_buf_init(&text, wg_heap(), 0);
    assert_ok(wg_os_read_file(WG_CWD, list, 64 << 20, &text, &err), &err);
    wg_buf_z(&text);
    for (char *line = strtok_r((char *)text.p, "\n", &next); line != NULL;
         line = strtok_r(NULL, "\n", &next)) {
      n += compare(line);
    }
    print_message("%u INF files compared\n", n);
  }
}

static wg_code check_bad(const void *p, size_t n, const char *rest, wg_error *err) {
  (void)rest;
  WG_AUTO(wg_arena) arena = {0};
  wg_drv_index x;
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_drv_index_open(p, n, &arena, &x, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < x.n_packages; i++) {
    wg_drv_info info;
    if (wg_drv_unpack(x.packages[i].packed, x.packages[i].n_packed, false, &arena, &info, err) !=
        WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static void bad_indexes(void **state) {
  (void)state;
  bad_all("drvindex", 10, check_bad);
}

static bool which_is(const char *text, const char *path, const char *provider, uint16_t major) {
  WG_AUTO(wg_arena) arena = {0};
  wg_error err = WG_ERROR_INIT;
  wg_drv_which w;
  const uint16_t version[4] = {major, 5, 0, 0};
  const wg_drv_facts f = {
      .path = path, .provider = provider, .class_name = "Net", .version = version};
  wg_arena_init(&arena, wg_heap(), 0);
  assert_ok(wg_drv_which_parse(text, &arena, &w, &err), &err);
  return wg_drv_which_is(&w, &f);
}

static void rules_say_which(void **state) {
  (void)state;
  assert_true(which_is("net/intel", "net/intel/a/e1.inf", "", 1));
  assert_true(which_is("E1.INF", "net/intel/a/e1.inf", "", 1));
  assert_true(which_is("intel/", "net/intel/a/e1.inf", "", 1));
  assert_false(which_is("net/realtek", "net/intel/a/e1.inf", "", 1));
  assert_true(which_is("provider=intel*,version=20..22", "x.inf", "Intel(R)", 22));
  assert_false(which_is("provider=intel*,version=20..21", "x.inf", "Intel(R)", 22));
  assert_true(which_is("version=..22.5", "x.inf", "", 22));
  assert_true(which_is("version=22", "x.inf", "", 22));
  assert_false(which_is("version=23..", "x.inf", "", 22));
  assert_false(which_is("class=Display", "x.inf", "", 22));
  static const char *const wrong[] = {
      "",           "a,",         "provider=",         "version=x",
      "version=..", "colour=red", "version=1.2.3.4.5", "version=70000"};
  for (size_t i = 0; i < WG_ARRAY_LEN(wrong); i++) {
    WG_AUTO(wg_arena) arena = {0};
    wg_error err = WG_ERROR_INIT;
    wg_drv_which w;
    wg_arena_init(&arena, wg_heap(), 0);
    assert_int_equal(wg_drv_which_parse(wrong[i], &arena, &w, &err), WG_E_USAGE);
  }
  const wg_drv_rules r = {.vendor = WG_STR("Dell Inc."), .model = WG_STR("A/B 1")};
  assert_int_equal(wg_drv_by_model(&r, "byModel/dell inc./A_B 1/x.inf"), 1);
  assert_int_equal(wg_drv_by_model(&r, "drv/byAudit/Dell Inc./A_B 2/x.inf"), -1);
  assert_int_equal(wg_drv_by_model(&r, "drv/x.inf"), 0);
}

static void pci_ids_move_between_the_lists(void **state) {
  (void)state;
  const wg_str hw[] = {WG_STR("PCI\\VEN_106B&DEV_003F&SUBSYS_00000000&REV_00"),
                       WG_STR("PCI\\VEN_106B&DEV_003F&SUBSYS_00000000"),
                       WG_STR("PCI\\VEN_106B&DEV_003F&CC_0C0310"),
                       WG_STR("PCI\\VEN_106B&DEV_003F&CC_0C03")};
  const wg_str co[] = {WG_STR("PCI\\VEN_106B&DEV_003F&REV_00"), WG_STR("PCI\\VEN_106B&DEV_003F"),
                       WG_STR("PCI\\VEN_106B&CC_0C0310")};
  // As Windows 8.1 has it in Enum.
  const wg_str old[] = {WG_STR("PCI\\VEN_106B&DEV_003F&SUBSYS_00000000&REV_00"),
                        WG_STR("PCI\\VEN_106B&DEV_003F&SUBSYS_00000000"),
                        WG_STR("PCI\\VEN_106B&DEV_003F&REV_00"),
                        WG_STR("PCI\\VEN_106B&DEV_003F"),
                        WG_STR("PCI\\VEN_106B&DEV_003F&CC_0C0310"),
                        WG_STR("PCI\\VEN_106B&DEV_003F&CC_0C03")};
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  const wg_hw_device d = {
      .hardware_ids = hw, .n_hardware = 4, .compatible_ids = co, .n_compatible = 3};
  wg_hw_device was, back;
  assert_true(wg_drv_pci_as(&d, false, &arena, &was));
  assert_int_equal(was.n_hardware, 6);
  for (size_t i = 0; i < 6; i++) {
    assert_true(wg_str_eq(was.hardware_ids[i], old[i]));
  }
  assert_int_equal(was.n_compatible, 1);
  assert_true(wg_drv_pci_as(&was, true, &arena, &back));
  for (size_t i = 0; i < 4; i++) {
    assert_true(wg_str_eq(back.hardware_ids[i], hw[i]));
  }
  for (size_t i = 0; i < 3; i++) {
    assert_true(wg_str_eq(back.compatible_ids[i], co[i]));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ranks_are_those_that_windows_logged),
      cmocka_unit_test(the_index_says_what_the_inf_says),
      cmocka_unit_test(bad_indexes),
      cmocka_unit_test(rules_say_which),
      cmocka_unit_test(pci_ids_move_between_the_lists),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
