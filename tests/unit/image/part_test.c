// SPDX-License-Identifier: Apache-2.0
// Plans of parts: their text, what parts see of each other, and a plan carried out in an image.
#include "image/part/part.h"

#include <string.h>

#include "support.h"

#define WHO(t, o) ((wg_part_who){.title = (t), .origin = (o)})

static char *tmp; // a folder of this test

static int setup(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  return wg_os_mkdtemp("/tmp", "part-", &tmp, &err) == WG_OK ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  (void)wg_os_rmtree(WG_CWD, tmp, &err);
  wg_xfree(tmp);
  return 0;
}

static void text_of(const wg_part_plan *p, bool origin, wg_buf *out) {
  wg_buf_init(out, wg_heap(), 0);
  wg_part_plan_write(p, origin, out);
}

// Everything a plan can hold, with fields that are empty, binary or like a record.
static wg_part_plan *full_plan(void) {
  static const char *const items[] = {"a|b", "", "c\n 1:x"};
  static const uint8_t data[] = {0, 255, 10};
  static const char *const labels[] = {"apps/0"};
  wg_error err = WG_ERROR_INIT;
  wg_part_plan *p = wg_part_plan_new();
  wg_part_plan_turn(p, "one", 10, 1);
  wg_part_plan_input_file(p, "files/0", "/host/one");
  wg_part_plan_input_tree(p, "files/1", "/host/tree");
  wg_part_plan_input_step(p, "apps/0", "app/agent/windows-amd64", "bin");
  const wg_image_change put = {.op = WG_IMAGE_PUT_FILE,
                               .to = "C:\\a",
                               .flags = WG_IMAGE_ATTRIBUTES,
                               .attributes = 2,
                               .owner = "SYSTEM",
                               .sddl = "D:P"};
  const wg_image_change move = {.op = WG_IMAGE_RENAME, .to = "C:\\b", .from = "C:\\c"};
  wg_part_plan_change(p, WHO("files[0] to C:\\a", "w:1:2"), &put,
                      (wg_src){.kind = WG_SRC_INPUT, .label = "files/1", .below = "x/y"});
  wg_part_plan_change(p, WHO("files[1]", "w:2:2"), &move, (wg_src){.kind = WG_SRC_NONE});
  wg_part_plan_change(p, WHO("files[1]", "w:3:2"), &put,
                      (wg_src){.kind = WG_SRC_BYTES, .bytes = {"a\0b", 3}});
  static const char *const out[] = {"*.pdb", "!a\n1:b"};
  const wg_select select = {.only = "**/*.dll", .exclude = out, .n_exclude = WG_ARRAY_LEN(out)};
  const wg_image_change tree = {
      .op = WG_IMAGE_PUT_DIR, .to = "C:\\d", .flags = WG_IMAGE_ALL_BELOW | WG_IMAGE_ATTRIBUTES};
  wg_part_plan_input_selected(p, "files/3", "/host/some", &select);
  wg_part_plan_change(p, WHO("files[3]", "w:4:2"), &tree,
                      (wg_src){.kind = WG_SRC_INPUT, .label = "files/3", .select = select});
  wg_part_plan_turn(p, "two", 90, 7);
  const wg_reg_edit edit = {.op = WG_REG_SET,
                            .key = "HKLM\\SOFTWARE\\X",
                            .name = "",
                            .view32 = true,
                            .keep_type = true,
                            .type = 3,
                            .data = data,
                            .n_bytes = 3,
                            .items = items,
                            .n_items = 3,
                            .has_expect = true,
                            .expect_type = 1,
                            .expect = data,
                            .n_expect = 2};
  wg_part_plan_reg(p, WHO("registry[0] (default)", "w:4:2"), &edit);
  static const char *const maps[] = {"HKLM\\A", "HKLM\\SOFTWARE"};
  wg_part_plan_reg_file(p, WHO("registry[1] file", "w:5:2"), "files/0", "t.reg", maps, 1);
  const wg_task task = {
      .kind = WG_TASK_RUN, .identity = "run/a", .payloads = labels, .n_payloads = 1};
  const wg_answer_setting answer = {
      .pass = WG_PASS_SPECIALIZE, .component = "C", .path = "A/B", .value = ""};
  assert_ok(wg_part_plan_task(p, WHO("firstboot[0] run", "w:6:2"), &task, &err), &err);
  assert_ok(wg_part_plan_answer(p, WHO("answer A/B", "w:7:2"), &answer, &err), &err);
  return p;
}

static void a_plan_comes_back(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_part_plan) p = full_plan();
  WG_AUTO_PTR(wg_part_plan) back = NULL;
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO(wg_buf) again = {0};
  text_of(p, true, &text);
  assert_ok(wg_part_plan_parse(wg_buf_str(&text), &back, &err), &err);
  text_of(back, true, &again);
  assert_string_equal(wg_buf_z(&again), wg_buf_z(&text));
  assert_int_equal(wg_part_plan_count(back), wg_part_plan_count(p));
  assert_string_equal(wg_part_plan_item(back, 2)->title, "files[1] (2)");
  assert_string_equal(wg_part_plan_item(back, 2)->origin, "w:3:2");
  assert_int_equal(wg_part_plan_item(back, 2)->src.bytes.n, 3);
  const wg_select *s = &wg_part_plan_item(back, 3)->src.select;
  assert_string_equal(s->only, "**/*.dll");
  assert_int_equal(s->n_exclude, 2);
  assert_string_equal(s->exclude[1], "!a\n1:b");
  const wg_reg_edit *e = &wg_part_plan_item(back, 4)->reg;
  assert_true(e->view32 && e->keep_type && e->has_expect && !e->expect_absent);
  assert_int_equal(e->n_items, 3);
  assert_string_equal(e->items[2], "c\n 1:x");
  assert_memory_equal(e->data, "\x00\xff\x0a", 3);
}

// Who asked for it, and where its bytes lie on this machine, is no part of a key.
static void places_and_host_paths_are_in_no_key(void **state) {
  (void)state;
  WG_AUTO_PTR(wg_part_plan) p = full_plan();
  WG_AUTO(wg_buf) text = {0};
  text_of(p, false, &text);
  assert_null(strstr(wg_buf_z(&text), "/host"));
  assert_null(strstr(wg_buf_z(&text), "w:"));
  assert_null(strstr(wg_buf_z(&text), "t.reg"));
}

static void add_value(wg_part_plan *p, const char *key, const char *name) {
  const wg_reg_edit e = {.op = WG_REG_MAKE_KEY, .key = key, .name = name};
  wg_part_plan_reg(p, WHO("registry[0]", "w:1:1"), &e);
}

static void fields_that_join_to_one_text_are_two_keys(void **state) {
  (void)state;
  WG_AUTO_PTR(wg_part_plan) a = wg_part_plan_new();
  WG_AUTO_PTR(wg_part_plan) b = wg_part_plan_new();
  WG_AUTO(wg_buf) x = {0};
  WG_AUTO(wg_buf) y = {0};
  wg_part_plan_turn(a, "registry", 90, 1);
  wg_part_plan_turn(b, "registry", 90, 1);
  add_value(a, "HKLM\\SOFTWARE\\A|B", "C");
  add_value(b, "HKLM\\SOFTWARE\\A", "B|C");
  text_of(a, false, &x);
  text_of(b, false, &y);
  assert_string_not_equal(wg_buf_z(&x), wg_buf_z(&y));
}

static void hostile_text_is_refused(void **state) {
  (void)state;
  static const char *const texts[] = {
      "change 1:x\n part 1:a\n do 8:put-file\n to 1:a\n source 4:none\n\n", // of no part
      "part 1:a\n order 1:1\n version 1:1\n\nchange 1:x\n part 1:a\n do 3:fly\n to 1:a\n source "
      "4:none\n\n",
      "part 1:a\n order 1:1\n version 1:1\n\nchange 1:x\n part 1:a\n do 6:rename\n to 1:a\n source "
      "4:none\n\n", // from where
      "part 1:a\n order 1:1\n version 1:1\n\nchange 1:x\n part 1:a\n do 8:put-file\n to 1:a\n "
      "source 5:input\n\n", // of which
      "input 1:x\n path 1:/\n\n",
      "part 1:a\n version 1:1\n order 1:1\n\n",
      "magic 0:\n\n",
      "part 1:a\n order 1:1\n version 1:1\n"};
  for (size_t i = 0; i < WG_ARRAY_LEN(texts); i++) {
    wg_error err = WG_ERROR_INIT;
    wg_part_plan *p = NULL;
    if (wg_part_plan_parse(wg_str_of(texts[i]), &p, &err) != WG_E_FORMAT) {
      fail_msg("text %zu is taken", i);
    }
    assert_null(p);
  }
}

// --- parts of this test: one contributes, one comes last and uses what was contributed

static wg_code early_plan(const wg_part_in *in, wg_part_plan *plan, wg_error *err) {
  const wg_task task = {.kind = WG_TASK_REBOOT, .identity = "reboot/1"};
  const wg_answer_setting answer = {.pass = WG_PASS_OOBE_SYSTEM,
                                    .component = "Shell",
                                    .path = "OOBE/X",
                                    .value = in->image->name};
  if (wg_part_plan_task(plan, WHO("early reboot", "w:1:1"), &task, err) != WG_OK) {
    return err->code;
  }
  return wg_part_plan_answer(plan, WHO("early answer", "w:2:2"), &answer, err);
}

static size_t n_of(const wg_part_plan *plan, wg_part_item_kind kind) {
  size_t n = 0;
  for (size_t i = 0; i < wg_part_plan_count(plan); i++) {
    n += wg_part_plan_item(plan, i)->kind == kind;
  }
  return n;
}

static wg_code late_plan(const wg_part_in *in, wg_part_plan *plan, wg_error *err) {
  (void)in;
  WG_AUTO(wg_cstr)
  text = wg_xprintf("%zu tasks, %zu answers", n_of(plan, WG_PART_TASK), n_of(plan, WG_PART_ANSWER));
  const wg_image_change c = {.op = WG_IMAGE_PUT_FILE, .to = "C:\\plan.txt"};
  wg_part_plan_change(plan, WHO("late plan", "w:3:3"), &c,
                      (wg_src){.kind = WG_SRC_BYTES, .bytes = wg_str_of(text)});
  (void)err;
  return WG_OK;
}

// What the base has decides what the image gets.
static wg_code late_fill(const wg_part_run *run, wg_image_reader *base, wg_part_plan *plan,
                         wg_error *err) {
  WG_AUTO(wg_buf) bytes = {0};
  wg_buf_init(&bytes, wg_heap(), 0);
  if (wg_image_reader_file(base, "C:\\seed.txt", 1 << 20, &bytes, err) != WG_OK) {
    return err->code;
  }
  wg_buf_add_z(&bytes, ", grown");
  const wg_image_change c = {.op = WG_IMAGE_PUT_FILE, .to = "C:\\grown.txt"};
  wg_part_plan_change(plan, WHO("late fill", "w:3:3"), &c,
                      (wg_src){.kind = WG_SRC_BYTES, .bytes = wg_buf_str(&bytes)});
  wg_image_result_fact(run->result, "grown", bytes.n);
  return WG_OK;
}

static wg_code late_check(const wg_part_run *run, wg_image_reader *out, const wg_part_plan *plan,
                          wg_error *err) {
  (void)run;
  WG_AUTO(wg_buf) bytes = {0};
  wg_buf_init(&bytes, wg_heap(), 0);
  if (wg_image_reader_file(out, "C:\\plan.txt", 1 << 20, &bytes, err) != WG_OK) {
    return err->code;
  }
  if (!wg_str_eqz(wg_buf_str(&bytes), "1 tasks, 1 answers") || wg_part_plan_count(plan) != 4) {
    return wg_fail(err, WG_E_VERIFY, "%s", wg_buf_z(&bytes));
  }
  return WG_OK;
}

static const wg_image_part early = {.name = "early", .version = 1, .order = 50, .plan = early_plan};
static const wg_image_part late = {.name = "late",
                                   .version = 3,
                                   .order = 120,
                                   .plan = late_plan,
                                   .fill = late_fill,
                                   .check = late_check};

static wg_code run_parts(const wg_part_table *table, const char *out_name, wg_image_result *result,
                         wg_error *err) {
  WG_AUTO_PTR(wg_part_plan) plan = NULL;
  WG_AUTO(wg_buf) job = {0};
  WG_AUTO(wg_cstr) tree = wg_path_join(tmp, "tree");
  WG_AUTO(wg_cstr) out = wg_path_join(tmp, out_name);
  const wg_cfg_image image = {.name = "i"};
  const wg_part_in in = {.image = &image, .arch = "amd64", .project_dir = tmp, .release = ""};
  const wg_part_source none = {0};
  const wg_image_planner planner = wg_part_planner(table);
  wg_buf_init(&job, wg_heap(), 0);
  if (wg_part_plan_all(table, &in, &plan, err) != WG_OK ||
      wg_part_plan_job(plan, &none, &job, err) != WG_OK) {
    return err->code;
  }
  const wg_image_base base = {.kind = WG_IMAGE_BASE_DIR, .path = tree};
  const wg_image_options opt = {.out_path = out,
                                .tmp_dir = tmp,
                                .name = "i",
                                .plan = wg_buf_str(&job),
                                .planner = &planner,
                                .in_process = true,
                                .threads = 1};
  return wg_image_write(&base, NULL, 0, &opt, result, err);
}

static void make_tree(void) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) tree = wg_path_join(tmp, "tree");
  WG_AUTO(wg_cstr) seed = wg_path_join(tree, "seed.txt");
  assert_ok(wg_os_mkdirs(WG_CWD, tree, 0755, &err), &err);
  assert_ok(wg_os_write_file(WG_CWD, seed, "seed", 4, 0644, false, &err), &err);
}

static void later_parts_see_what_was_contributed(void **state) {
  (void)state;
  static const wg_image_part *const parts[] = {&early, &late};
  const wg_part_table table = {parts, WG_ARRAY_LEN(parts)};
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_image_result) result = {0};
  WG_AUTO_PTR(wg_image_reader) reader = NULL;
  WG_AUTO(wg_buf) bytes = {0};
  WG_AUTO(wg_cstr) out = wg_path_join(tmp, "seen.wim");
  make_tree();
  assert_ok(run_parts(&table, "seen.wim", &result, &err), &err);
  const wg_image_base made = {.kind = WG_IMAGE_BASE_WIM, .path = out};
  wg_buf_init(&bytes, wg_heap(), 0);
  assert_ok(wg_image_reader_open(&made, &reader, &err), &err);
  assert_ok(wg_image_reader_file(reader, "C:\\grown.txt", 1 << 20, &bytes, &err), &err);
  assert_string_equal(wg_buf_z(&bytes), "seed, grown");
  assert_int_equal(result.n_facts, 1);
  assert_string_equal(result.facts[0].name, "grown");
  assert_int_equal(result.facts[0].v, 11);
}

static wg_code refuse_check(const wg_part_run *run, wg_image_reader *out, const wg_part_plan *plan,
                            wg_error *err) {
  (void)run;
  (void)out;
  (void)plan;
  return wg_fail_at(err, WG_E_VERIFY, 77, "not as planned");
}

// What a part's check refuses is no output.
static void a_check_that_fails_leaves_nothing(void **state) {
  (void)state;
  wg_image_part bad = late;
  bad.check = refuse_check;
  const wg_image_part *const parts[] = {&early, &bad};
  const wg_part_table table = {parts, WG_ARRAY_LEN(parts)};
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_image_result) result = {0};
  WG_AUTO(wg_cstr) out = wg_path_join(tmp, "refused.wim");
  make_tree();
  assert_int_equal(run_parts(&table, "refused.wim", &result, &err), WG_E_VERIFY);
  assert_non_null(strstr(err.text, "not as planned"));
  assert_int_equal(err.off_bytes, 77);
  assert_false(wg_os_exists(WG_CWD, out));
}

static wg_code contrary_plan(const wg_part_in *in, wg_part_plan *plan, wg_error *err) {
  (void)in;
  const wg_answer_setting answer = {
      .pass = WG_PASS_OOBE_SYSTEM, .component = "Shell", .path = "OOBE/X", .value = "other"};
  return wg_part_plan_answer(plan, WHO("contrary", "w:9:9"), &answer, err);
}

static void two_parts_that_want_different_answers_are_named(void **state) {
  (void)state;
  static const wg_image_part contrary = {
      .name = "contrary", .version = 1, .order = 60, .plan = contrary_plan};
  static const wg_image_part *const parts[] = {&early, &contrary};
  const wg_part_table table = {parts, WG_ARRAY_LEN(parts)};
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_image_result) result = {0};
  assert_int_equal(run_parts(&table, "never.wim", &result, &err), WG_E_CONFLICT);
  assert_non_null(strstr(err.text, "w:2:2"));
  assert_non_null(strstr(err.text, "w:9:9"));
}

// The worker's plan knows no host path but those of its inputs, and asks for each once.
static wg_code job_path(void *ctx, const wg_part_input *in, char **out, wg_error *err) {
  (void)err;
  (*(size_t *)ctx)++;
  *out = wg_xprintf("/real/%s", in->label);
  return WG_OK;
}

static void the_workers_text_has_the_inputs_paths(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  size_t n = 0;
  const wg_part_source from = {.path = job_path, .ctx = &n};
  WG_AUTO_PTR(wg_part_plan) p = full_plan();
  WG_AUTO_PTR(wg_part_plan) back = NULL;
  WG_AUTO(wg_buf) job = {0};
  WG_AUTO(wg_cstr) path = NULL;
  wg_buf_init(&job, wg_heap(), 0);
  assert_ok(wg_part_plan_job(p, &from, &job, &err), &err);
  assert_int_equal(n, 4);
  assert_ok(wg_part_plan_parse(wg_buf_str(&job), &back, &err), &err);
  const wg_part_run run = {.plan = back};
  assert_ok(wg_part_run_path(&run, &wg_part_plan_item(back, 0)->src, &path, &err), &err);
  assert_string_equal(path, "/real/files/1/x/y");
  const wg_src none = {.kind = WG_SRC_INPUT, .label = "other"};
  WG_AUTO(wg_cstr) never = NULL;
  assert_int_equal(wg_part_run_path(&run, &none, &never, &err), WG_E_NOT_FOUND);
}

static wg_code job_secret(void *ctx, const wg_secret *secret, wg_buf *out, wg_error *err) {
  (void)ctx;
  (void)err;
  assert_string_equal(secret->label, "users[0].password");
  wg_buf_add_z(out, "marked\nsecret");
  return WG_OK;
}

// Its bytes are in the worker's text alone, and become a file there.
static void a_secret_is_in_the_workers_text_only(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  const wg_secret secret = {
      .kind = WG_SECRET_ENV, .label = "users[0].password", .name = "PASSWORD", .origin = "w:1:1"};
  const wg_image_change c = {.op = WG_IMAGE_PUT_FILE, .to = "C:\\secret.bin"};
  const wg_part_source from = {.secret = job_secret};
  WG_AUTO_PTR(wg_part_plan) p = wg_part_plan_new();
  WG_AUTO_PTR(wg_part_plan) back = NULL;
  WG_AUTO(wg_buf) key = {0};
  WG_AUTO(wg_buf) job = {0};
  wg_buf_init(&job, wg_heap(), 0);
  wg_part_plan_turn(p, "one", 10, 1);
  wg_part_plan_secret(p, &secret);
  wg_part_plan_change(p, WHO("secret", "w:1:1"), &c,
                      (wg_src){.kind = WG_SRC_SECRET, .label = "users[0].password"});
  text_of(p, true, &key);
  assert_null(strstr(wg_buf_z(&key), "marked"));
  assert_null(strstr(wg_buf_z(&key), "PASSWORD"));
  assert_ok(wg_part_plan_job(p, &from, &job, &err), &err);
  assert_ok(wg_part_plan_parse(wg_buf_str(&job), &back, &err), &err);
  assert_int_equal(wg_part_plan_n_secrets(back), 1);
  assert_true(wg_str_eqz(wg_part_plan_secret_at(back, 0)->bytes, "marked\nsecret"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_plan_comes_back),
      cmocka_unit_test(places_and_host_paths_are_in_no_key),
      cmocka_unit_test(fields_that_join_to_one_text_are_two_keys),
      cmocka_unit_test(hostile_text_is_refused),
      cmocka_unit_test(later_parts_see_what_was_contributed),
      cmocka_unit_test(a_check_that_fails_leaves_nothing),
      cmocka_unit_test(two_parts_that_want_different_answers_are_named),
      cmocka_unit_test(the_workers_text_has_the_inputs_paths),
      cmocka_unit_test(a_secret_is_in_the_workers_text_only),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
