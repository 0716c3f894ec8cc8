// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "cli/core/internal.h"
#include "support.h"

static void every_cause_has_its_exit_code(void **state) {
  (void)state;
  assert_int_equal(wg_exit_code(WG_OK), 0);
  assert_int_equal(wg_exit_code(WG_E_USAGE), 2);
  assert_int_equal(wg_exit_code(WG_E_CONFIG), 3);
  assert_int_equal(wg_exit_code(WG_E_FORMAT), 4);
  assert_int_equal(wg_exit_code(WG_E_VERIFY), 5);
  assert_int_equal(wg_exit_code(WG_E_REMOTE), 6);
  assert_int_equal(wg_exit_code(WG_E_TIMEOUT), 7);
  assert_int_equal(wg_exit_code(WG_E_CANCELED), 130);
  for (wg_code code = WG_E_NOMEM; code <= WG_E_BUG; code++) {
    assert_int_not_equal(wg_exit_code(code), 0);
  }
}

// What the parser makes of an array of words.
static wg_cli_want parse(wg_cli *c, const char *const *words, size_t n, const char **noun) {
  char *argv[16] = {0};
  assert_true(n < WG_ARRAY_LEN(argv));
  memcpy(argv, words, n * sizeof(*argv));
  *c = (wg_cli){0};
  return wg_cli_parse(c, n, argv, noun);
}

static void options_and_arguments(void **state) {
  (void)state;
  wg_cli c;
  const char *noun = NULL;
  const char *const one[] = {"wingo", "-v", "init", "--name=a", "-v", "dir", "--name", "b", "-q"};
  assert_int_equal(parse(&c, one, WG_ARRAY_LEN(one), &noun), WG_CLI_RUN);
  assert_ptr_equal(c.cmd, &wg_cmd_init);
  assert_int_equal(c.verbose, 2);
  assert_true(c.quiet);
  assert_int_equal(c.n_args, 1);
  assert_string_equal(c.args[0], "dir");
  assert_string_equal(wg_cli_value(&c, "name"), "b"); // the last one counts
  assert_false(wg_cli_has(&c, "json"));
  assert_null(wg_cli_value(&c, "color"));
  size_t n = 0;
  const char **all = wg_cli_values(&c, "name", &n);
  assert_int_equal(n, 2);
  assert_string_equal(all[0], "a");
  assert_string_equal(all[1], "b");
  wg_xfree(all);
  wg_cli_done(&c);

  const char *const two[] = {"wingo", "init", "--", "--name"};
  assert_int_equal(parse(&c, two, WG_ARRAY_LEN(two), &noun), WG_CLI_RUN);
  assert_string_equal(c.args[0], "--name");
  wg_cli_done(&c);

  const char *const three[] = {"wingo", "init", "-", "-h"};
  assert_int_equal(parse(&c, three, WG_ARRAY_LEN(three), &noun), WG_CLI_HELP);
  assert_ptr_equal(c.cmd, &wg_cmd_init);
  wg_cli_done(&c);

  const char *const four[] = {"wingo"};
  assert_int_equal(parse(&c, four, WG_ARRAY_LEN(four), &noun), WG_CLI_RUN);
  assert_null(c.cmd);
  wg_cli_done(&c);

  const char *const five[] = {"wingo", "init", "--name"};
  assert_int_equal(parse(&c, five, WG_ARRAY_LEN(five), &noun), WG_CLI_BAD);
  wg_cli_done(&c);
}

// The table itself: what help, completion and the manual rely on.
static void the_table_is_sound(void **state) {
  (void)state;
  for (size_t i = 0; i < wg_cli_n_commands(); i++) {
    const wg_cli_cmd *cmd = wg_cli_command(i);
    assert_non_null(cmd->name);
    assert_non_null(cmd->summary);
    assert_non_null(cmd->run);
    assert_true(cmd->min_args <= cmd->max_args);
    assert_ptr_equal(wg_cli_find(cmd->noun, cmd->name), cmd); // no two with one name
    size_t n = strlen(cmd->summary);
    assert_true(n > 0 && cmd->summary[n - 1] != '.');
    for (size_t o = 0; o < cmd->n_opts; o++) {
      assert_non_null(cmd->opts[o].name);
      assert_non_null(cmd->opts[o].help);
      for (size_t k = 0; k < wg_cli_n_common_opts; k++) {
        assert_string_not_equal(cmd->opts[o].name, wg_cli_common_opts[k].name);
        assert_true(cmd->opts[o].letter == 0 ||
                    cmd->opts[o].letter != wg_cli_common_opts[k].letter);
      }
      for (size_t k = 0; k < o; k++) {
        assert_string_not_equal(cmd->opts[o].name, cmd->opts[k].name);
        assert_true(cmd->opts[o].letter == 0 || cmd->opts[o].letter != cmd->opts[k].letter);
      }
    }
  }
}

// A command says the noun of the group that it stands in, and no command stands in two.
static void test_groups(void **state) {
  (void)state;
  for (size_t g = 0; wg_cli_groups[g] != NULL; g++) {
    const wg_cli_group *group = wg_cli_groups[g];
    assert_true(group->n > 0 && group->heading[0] != '\0');
    for (size_t i = 0; i < group->n; i++) {
      const char *noun = group->cmds[i]->noun;
      assert_true(noun == group->noun ||
                  (noun != NULL && group->noun != NULL && strcmp(noun, group->noun) == 0));
    }
  }
  for (size_t i = 0; i < wg_cli_n_commands(); i++) {
    for (size_t k = 0; k < i; k++) {
      assert_ptr_not_equal(wg_cli_command(i), wg_cli_command(k));
    }
  }
  assert_null(wg_cli_command(wg_cli_n_commands()));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_groups),

      cmocka_unit_test(every_cause_has_its_exit_code),
      cmocka_unit_test(options_and_arguments),
      cmocka_unit_test(the_table_is_sound),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
