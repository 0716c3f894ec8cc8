// SPDX-License-Identifier: Apache-2.0
#include "driver/hardware/hardware.h"

#include "bad.h"

typedef struct parsed {
  wg_arena arena;
  wg_hw_profile p;
} parsed;

static void parse(parsed *x, const char *text) {
  wg_error err = WG_ERROR_INIT;
  wg_arena_init(&x->arena, wg_heap(), 0);
  assert_ok(wg_hw_parse(wg_str_of(text), &x->arena, &x->p, &err), &err);
}

static void ids_are(const wg_str *ids, uint32_t n, const char *const *want) {
  uint32_t i = 0;
  for (; want[i] != NULL; i++) {
    if (i >= n || !wg_str_eqz(ids[i], want[i])) {
      fail_msg("id %u is not %s", i, want[i]);
    }
  }
  assert_int_equal(i, n);
}

#define HARDWARE(x, i, ...)                                                                        \
  ids_are((x)->p.devices[i].hardware_ids, (x)->p.devices[i].n_hardware,                            \
          (const char *const[]){__VA_ARGS__, NULL})
#define COMPATIBLE(x, i, ...)                                                                      \
  ids_are((x)->p.devices[i].compatible_ids, (x)->p.devices[i].n_compatible,                        \
          (const char *const[]){__VA_ARGS__, NULL})

// What a Windows 10 machine has in Enum for this disk controller.
static void pci_ids_are_those_of_windows(void **state) {
  (void)state;
  parsed x;
  parse(&x, "03:00.0 Serial Attached SCSI controller [0107]: LSI [1000:0054] (rev 01)\n"
            "\tSubsystem: VMware [15ad:1976]\n\tFlags: bus master\n"
            "\tCapabilities: [98] Express Endpoint, MSI 00\n");
  HARDWARE(&x, 0, "PCI\\VEN_1000&DEV_0054&SUBSYS_197615AD&REV_01",
           "PCI\\VEN_1000&DEV_0054&SUBSYS_197615AD", "PCI\\VEN_1000&DEV_0054&CC_010700",
           "PCI\\VEN_1000&DEV_0054&CC_0107");
  COMPATIBLE(&x, 0, "PCI\\VEN_1000&DEV_0054&REV_01", "PCI\\VEN_1000&DEV_0054",
             "PCI\\VEN_1000&CC_010700", "PCI\\VEN_1000&CC_0107", "PCI\\VEN_1000",
             "PCI\\CC_010700&DT_0", "PCI\\CC_010700", "PCI\\CC_0107&DT_0", "PCI\\CC_0107");
  assert_int_equal(x.p.n_notes, 0);
  wg_arena_done(&x.arena);
}

static void what_lspci_does_not_tell_is_noted(void **state) {
  (void)state;
  parsed x;
  parse(&x, "00:1f.2 0106: 8086:9d03 (rev 21)\n");
  HARDWARE(&x, 0, "PCI\\VEN_8086&DEV_9D03&CC_0106");
  assert_int_equal(x.p.n_notes, 2);
  wg_arena_done(&x.arena);
}

static void functions_of_a_composite_device(void **state) {
  (void)state;
  parsed x;
  parse(&x,
        "Bus 001 Device 005: ID 174f:118d Camera\n  bDeviceClass          239\n"
        "  bDeviceSubClass         2\n  bDeviceProtocol         1\n  bcdDevice            0.08\n"
        "      bFirstInterface         0\n      bInterfaceCount         2\n"
        "      bFunctionClass         14\n      bFunctionSubClass       3\n"
        "      bFunctionProtocol       0\n      bInterfaceNumber        0\n"
        "      bInterfaceClass        14\n      bInterfaceNumber        1\n"
        "      bInterfaceClass        14\n      bInterfaceNumber        1\n"
        "      bInterfaceNumber        2\n      bInterfaceClass       254\n"
        "      bInterfaceSubClass      1\n      bInterfaceProtocol      1\n");
  assert_int_equal(x.p.n_devices, 3);
  HARDWARE(&x, 0, "USB\\VID_174F&PID_118D&REV_0008", "USB\\VID_174F&PID_118D");
  HARDWARE(&x, 1, "USB\\VID_174F&PID_118D&REV_0008&MI_00", "USB\\VID_174F&PID_118D&MI_00");
  COMPATIBLE(&x, 1, "USB\\COMPAT_VID_174F&Class_0E&SubClass_03&Prot_00",
             "USB\\COMPAT_VID_174F&Class_0E&SubClass_03", "USB\\COMPAT_VID_174F&Class_0E",
             "USB\\Class_0E&SubClass_03&Prot_00", "USB\\Class_0E&SubClass_03", "USB\\Class_0E");
  HARDWARE(&x, 2, "USB\\VID_174F&PID_118D&REV_0008&MI_02", "USB\\VID_174F&PID_118D&MI_02");
  wg_arena_done(&x.arena);
}

static void pnputil_of_another_language(void **state) {
  (void)state;
  parsed x;
  parse(&x, "Microsoft-PnP-Hilfsprogramm\n\n"
            "Instanz-ID:                 ACPI\\XMPL0831\\4&2a3e7082&0\n"
            "Ger\xC3\xA4tebeschreibung:         Ger\xC3\xA4t\n"
            "Klassenname:                HIDClass\n"
            "Klassen-GUID:               {745a17a0-74d3-11d0-b6fe-00a0c90f57da}\n"
            "Herstellername:             Hersteller\n"
            "Treibername:                hidi2c.inf\n"
            "Hardware-IDs:               ACPI\\VEN_XMPL&DEV_0831\n"
            "                            ACPI\\XMPL0831\n"
            "                            *XMPL0831\n"
            "Kompatible IDs:             ACPI\\PNP0C50\n"
            "                            PNP0C50\n\n"
            "Instanz-ID:                 PCI\\VEN_1234&DEV_1111\\3&1\n"
            "Ger\xC3\xA4tebeschreibung:         Anderes\n"
            "Kompatible IDs:             PCI\\CC_0300\n");
  assert_int_equal(x.p.n_devices, 2);
  HARDWARE(&x, 0, "ACPI\\VEN_XMPL&DEV_0831", "ACPI\\XMPL0831", "*XMPL0831");
  COMPATIBLE(&x, 0, "ACPI\\PNP0C50", "PNP0C50");
  assert_true(wg_str_eqz(x.p.devices[0].class_name, "HIDClass"));
  assert_true(wg_str_eqz(x.p.devices[0].manufacturer, "Hersteller"));
  assert_int_equal(x.p.devices[1].n_hardware, 0);
  COMPATIBLE(&x, 1, "PCI\\CC_0300");
  wg_arena_done(&x.arena);
}

static wg_code check_bad(const void *p, size_t n, const char *rest, wg_error *err) {
  (void)rest;
  WG_AUTO(wg_arena) arena = {0};
  wg_hw_profile out;
  wg_arena_init(&arena, wg_heap(), 0);
  return wg_hw_parse((wg_str){p, n}, &arena, &out, err);
}

static void bad_texts(void **state) {
  (void)state;
  bad_all("hardware", 15, check_bad);
}

static void a_starved_parse_says_so(void **state) {
  (void)state;
  const char *text =
      "devices:\n  - 'PCI\\VEN_1AF4&DEV_1042'\n  - name: b\n    hardware_ids: [x, y]\n";
  for (unsigned long at = 1;; at++) {
    failing_heap heap = {.fail_at = at};
    wg_alloc alloc = failing_heap_alloc(&heap);
    wg_error err = WG_ERROR_INIT;
    wg_arena arena;
    wg_hw_profile p;
    wg_arena_init(&arena, &alloc, 0);
    wg_code code = wg_hw_parse(wg_str_of(text), &arena, &p, &err);
    wg_arena_done(&arena);
    assert_int_equal(heap.n_live, 0);
    if (code == WG_OK) {
      assert_true(at > 3);
      return;
    }
    assert_int_equal(code, WG_E_NOMEM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pci_ids_are_those_of_windows),
      cmocka_unit_test(what_lspci_does_not_tell_is_noted),
      cmocka_unit_test(functions_of_a_composite_device),
      cmocka_unit_test(pnputil_of_another_language),
      cmocka_unit_test(bad_texts),
      cmocka_unit_test(a_starved_parse_says_so),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
