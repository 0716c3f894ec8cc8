// SPDX-License-Identifier: Apache-2.0
// Several images of one base changed in one run.
#include <string.h>

#include "image/file/file.h"
#include "image/synthetic/synthetic.h"
#include "image/tree/read.h"
#include "image/write/job.h"
#include "support.h"

static char *tmp;

static char *base_file(void) {
  wg_error err = WG_ERROR_INIT;
  char *path = wg_path_join(tmp, "boot.wim");
  wg_synthetic_result made;
  const wg_synthetic_options opt = {
      .product = "windows-11-setup", .out_path = path, .threads = 1, .force = true};
  assert_ok(wg_synthetic_write(&opt, &made, &err), &err);
  assert_int_equal(made.n_images, 2);
  return path;
}

static wg_code write_picks(const char *base, const wg_image_pick *picks, size_t n, const char *name,
                           wg_image_result *out, wg_error *err) {
  WG_AUTO(wg_cstr) to = wg_path_join(tmp, name);
  const wg_image_base from = {.kind = WG_IMAGE_BASE_WIM, .path = base};
  const wg_image_options opt = {.out_path = to,
                                .tmp_dir = tmp,
                                .picks = picks,
                                .n_picks = n,
                                .threads = 1,
                                .in_process = true};
  return wg_image_write(&from, NULL, 0, &opt, out, err);
}

static void each_image_gets_what_is_its_own(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) base = base_file();
  WG_AUTO(wg_cstr) out = wg_path_join(tmp, "both.wim");
  WG_AUTO(wg_image_result) result = {0};
  WG_AUTO(wg_image_file) was = WG_IMAGE_FILE_INIT;
  WG_AUTO(wg_image_file) now = WG_IMAGE_FILE_INIT;
  // The second is named as it was before the first changed.
  const wg_image_pick picks[] = {
      {.image = "2", .names = {.name = "two", .description = "d"}},
      {.image = "Microsoft Windows PE (amd64)", .names = {.display_name = "one"}}};
  assert_ok(write_picks(base, picks, 2, "both.wim", &result, &err), &err);
  assert_int_equal(result.n_images, 2);
  assert_ok(wg_image_file_open(&was, base, &err), &err);
  assert_ok(wg_image_file_open(&now, out, &err), &err);
  assert_string_equal(now.wim.facts[0].name, was.wim.facts[0].name);
  assert_string_equal(now.wim.facts[0].display_name, "one");
  assert_string_equal(now.wim.facts[1].name, "two");
  assert_string_equal(now.wim.facts[1].description, "d");
  assert_int_equal(now.wim.hdr.boot_index, was.wim.hdr.boot_index);
  WG_AUTO(wg_arena) arena = {0};
  wg_dirent *left = NULL;
  size_t n = 0;
  wg_arena_init(&arena, wg_heap(), 0);
  assert_ok(wg_os_list_dir(WG_CWD, tmp, &arena, &left, &n, &err), &err);
  assert_int_equal(n, 2); // nothing of the way is left
}

static void picks_that_cannot_be(void **state) {
  (void)state;
  static const struct {
    wg_image_pick picks[2];
    wg_code code;
    const char *text;
  } rows[] = {
      {{{.image = "1"}, {.image = "microsoft windows pe (amd64)"}}, WG_E_CONFLICT, "same image"},
      {{{.image = "1"}, {.image = "3"}}, WG_E_NOT_FOUND, "'3'"},
      {{{.image = "1", .names = {.name = "x"}}, {.image = "2", .names = {.name = "x"}}},
       WG_E_CONFLICT,
       "cannot be called 'x': image 1 is"},
  };
  WG_AUTO(wg_cstr) base = base_file();
  WG_AUTO(wg_cstr) out = wg_path_join(tmp, "none.wim");
  for (size_t i = 0; i < WG_ARRAY_LEN(rows); i++) {
    wg_error err = WG_ERROR_INIT;
    WG_AUTO(wg_image_result) result = {0};
    assert_int_equal(write_picks(base, rows[i].picks, 2, "none.wim", &result, &err), rows[i].code);
    assert_non_null(strstr(err.text, rows[i].text));
    assert_false(wg_os_exists(WG_CWD, out));
  }
}

static void a_job_of_several_goes_through_its_pipe(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO(wg_buf) again = {0};
  WG_AUTO(wg_arena) arena = {0};
  const wg_image_pick picks[] = {{.image = "1", .plan = WG_STR("p1"), .names = {.name = "n"}},
                                 {.image = "2", .plan = WG_STR("")}};
  const wg_image_gather gathers[] = {{.from = "f", .image = "3", .name = "m", .clash = "c"}};
  const wg_image_job job = {
      .base = {.path = "b"},
      .gathers = gathers,
      .n_gathers = 1,
      .opt = {
          .out_path = "o", .picks = picks, .n_picks = 2, .names = {.display_description = "x"}}};
  wg_image_job back;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&text, wg_heap(), 0);
  wg_buf_init(&again, wg_heap(), 0);
  wg_image_job_write(&job, &text);
  assert_ok(wg_image_job_read(wg_buf_str(&text), &arena, &back, &err), &err);
  assert_int_equal(back.opt.n_picks, 2);
  assert_string_equal(back.opt.picks[0].names.name, "n");
  assert_string_equal(back.opt.picks[1].image, "2");
  assert_string_equal(back.opt.names.display_description, "x");
  assert_int_equal(back.n_gathers, 1);
  assert_string_equal(back.gathers[0].image, "3");
  assert_string_equal(back.gathers[0].clash, "c");
  wg_image_job_write(&back, &again);
  assert_true(wg_str_eq(wg_buf_str(&text), wg_buf_str(&again)));
  for (size_t n = 0; n < text.n; n++) { // cut anywhere it is none
    wg_error cut = WG_ERROR_INIT;
    assert_int_not_equal(wg_image_job_read((wg_str){(const char *)text.p, n}, &arena, &back, &cut),
                         WG_OK);
  }
}

// One file out of an image, by a job of its own kind.
static void one_file_is_taken(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) base = base_file();
  WG_AUTO(wg_cstr) out = wg_path_join(tmp, "taken");
  WG_AUTO(wg_cstr) none = wg_path_join(tmp, "none");
  WG_AUTO(wg_buf) taken = {0};
  WG_AUTO(wg_buf) want = {0};
  WG_AUTO_PTR(wg_image_reader) reader = NULL;
  const wg_image_base from = {.kind = WG_IMAGE_BASE_WIM, .path = base, .image = "2"};
  wg_image_options opt = {.out_path = out, .tmp_dir = tmp, .threads = 1, .in_process = true};
  static const char hive[] = "c:\\windows\\system32\\CONFIG\\software";
  wg_buf_init(&taken, wg_heap(), 0);
  wg_buf_init(&want, wg_heap(), 0);
  assert_ok(wg_image_take(&from, hive, &opt, &err), &err);
  assert_ok(wg_image_reader_open(&from, &reader, &err), &err);
  assert_ok(wg_image_reader_file(reader, hive, 1U << 24, &want, &err), &err);
  assert_ok(wg_os_read_file(WG_CWD, out, 1U << 24, &taken, &err), &err);
  assert_true(want.n > 4096 && wg_str_eq(wg_buf_str(&taken), wg_buf_str(&want)));
  opt.out_path = none;
  assert_int_equal(wg_image_take(&from, "C:\\nothing", &opt, &err), WG_E_NOT_FOUND);
  err = (wg_error)WG_ERROR_INIT;
  assert_int_equal(wg_image_take(&from, "C:\\Windows", &opt, &err), WG_E_UNSUPPORTED);
  assert_false(wg_os_exists(WG_CWD, none));
}

static int setup(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  return wg_os_mkdtemp("/tmp", "wg-several-", &tmp, &err) == WG_OK ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  wg_code code = wg_os_rmtree(WG_CWD, tmp, &err);
  wg_xfree(tmp);
  return code == WG_OK ? 0 : -1;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(each_image_gets_what_is_its_own, setup, teardown),
      cmocka_unit_test_setup_teardown(picks_that_cannot_be, setup, teardown),
      cmocka_unit_test_setup_teardown(one_file_is_taken, setup, teardown),
      cmocka_unit_test(a_job_of_several_goes_through_its_pipe),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
