# SPDX-License-Identifier: Apache-2.0
"""The static checks find what they are for: each is given a small tree with a planted fault."""
import os
import re
import shutil

import pytest
from conftest import needs, start

GOOD_HEADER = "#ifndef WG_X_H\n#define WG_X_H\n\n#include <stddef.h>\n\nsize_t wg_x(size_t n);\n\n#endif\n"
LONG = "int wg_f(int x) {\n" + "  x++;\n" * 61 + "  return x;\n}\n"

PLANTED = {
    "includes-up": ("check-includes", "src/base/x.c", '#include "os/file.h"\n', "src/base/x.c:1: src/base may not include src/os"),
    "includes-libc-in-fmt": ("check-includes", "src/fmt/x/x.c", "#include <stddef.h>\n#include <stdio.h>\n", "src/fmt/x/x.c:2:"),
    "includes-unknown-room": ("check-includes", "src/cli/odd/x.c", '#include "cli/core/cli.h"\n', "src/cli/odd/x.c:1: src/cli/odd is not in ROOMS"),
    "includes-unknown-folder": ("check-includes", "src/odd/x.c", "\n", "src/odd/x.c:1: folder src/odd"),
    "banned-malloc": ("check-banned", "src/fmt/x/x.c", "void *p(void);\nvoid *p(void) {\n  return malloc(3);\n}\n", "src/fmt/x/x.c:3: malloc"),
    "banned-strcpy-even-in-os": ("check-banned", "src/os/x.c", "void f(char *a) {\n  strcpy(a, a);\n}\n", "src/os/x.c:2: strcpy"),
    "banned-printf-in-a-step": ("check-banned", "src/engine/x.c", 'void f(void) {\n  (void)printf("x");\n}\n', "src/engine/x.c:2: printf"),
    "banned-needless-mark": ("check-banned", "src/os/x.c", "int a; // banned-ok: because\n", "src/os/x.c:1: nothing here needs"),
    "auto-without-a-value": ("check-auto", "src/os/x.c", "int wg_f(int x) {\n  WG_AUTO(wg_arena) a;\n  if (x) {\n    return 1;\n  }\n  wg_arena_init(&a);\n  return 0;\n}\n",
                             "src/os/x.c:2: 'a' has no value"),
    "sizes-function": ("check-sizes", "src/os/x.c", LONG, "src/os/x.c:1: a function of 62 lines"),
    "sizes-file": ("check-sizes", "src/os/x.c", "int a;\n" * 801, "src/os/x.c:801: 801 lines"),
    "headers-alone": ("check-headers", "src/base/x.h", GOOD_HEADER.replace("#include <stddef.h>\n", ""), "src/base/x.h:5:"),
    "format": ("check-format", "src/base/x.c", "int  a ;\n", "src/base/x.c:1:"),
    "fuzzers-missing": ("check-fuzzers", "src/fmt/x/meson.build", "\n", "fuzz/x/fuzz.c is missing"),
    "bad-file-without-a-line": ("check-fuzzers", "tests/bad/x/y.bin", "\n", "tests/bad/x/y.bin:1: no line in"),
    "freestanding-libc": ("check-freestanding", "src/base/x.c", "int puts(const char *s);\nint wg_x(void);\nint wg_x(void) {\n  return puts(\"\");\n}\n",
                          "needs puts, which firmware has not"),
    "analyzer": ("check-analyzer", "src/os/x.c", "#include <stdlib.h>\nvoid wg_f(void *p);\nvoid wg_f(void *p) {\n  free(p);\n"
                 "  free(p);\n}\n", "src/os/x.c:5:"),
    "shell": ("check-shell", "scripts/x.sh", "#!/bin/sh\ncd $1\n", "x.sh:2:"),
}

INNOCENT = {
    "check-analyzer": ("src/os/x.c", "#include <stdlib.h>\nvoid wg_f(void *p);\nvoid wg_f(void *p) {\n  free(p);\n}\n"),
    "check-banned": ("src/fmt/x/x.c", "// malloc(3) would be wrong\nint wg_f(struct wg_x *x);\nint wg_f(struct wg_x *x) {\n"
                                      "  return x->read(\"free(p)\") + x->ops.free(x);\n}\n"),
    "check-auto": ("src/os/x.c", "int wg_f(int x) {\n  WG_AUTO(wg_arena) a;\n  WG_AUTO(wg_buf)\n  b = {0};\n  wg_arena_init(&a);\n  return x;\n}\n"),
    "check-includes": ("src/os/x.c", '#include "base/error.h"\n#include <unistd.h>\n'),
    "check-sizes": ("src/os/x.c", LONG.replace("  x++;\n", "", 2)),
    "check-headers": ("src/base/x.h", GOOD_HEADER),
    "check-format": ("src/base/x.c", "int a;\n"),
    "check-freestanding": ("src/base/x.c", "int wg_x(void);\nint wg_x(void) {\n  return 1;\n}\n"),
    "check-shell": ("scripts/x.sh", '#!/bin/sh\ncd "$1" || exit\n'),
}


@pytest.fixture
def tree(root, tmp_path):
    """A repository with the check scripts and nothing to complain about."""
    top = tmp_path / "tree"
    shutil.copytree(root / "scripts", top / "scripts", ignore=shutil.ignore_patterns("__pycache__", "*.sh", "fuzz", "demo"))
    for name in [".clang-format", ".clang-tidy", "fuzz/meson.build", "tests/freestanding/string.h"]:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, top / name)
    for name in ["src/base", "src/fmt/pe", "tests/bad"]:
        (top / name).mkdir(parents=True)
    return top


def check(tree, script, path, text):
    (tree / path).parent.mkdir(parents=True, exist_ok=True)
    (tree / path).write_text(text)
    return start([tree / "scripts" / script, tree / "build"], cwd=tree, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))


NEEDS = {"check-format": "clang-format", "check-freestanding": "clang", "check-shell": "shellcheck", "check-analyzer": "gcc"}


@pytest.mark.parametrize("name", sorted(PLANTED))
def test_a_planted_fault_is_found(tree, name):
    script, path, text, want = PLANTED[name]
    if script in NEEDS:
        needs(NEEDS[script])
    r = check(tree, script, path, text)
    assert r.code != 0 and want in r.out, r


@pytest.mark.parametrize("script", sorted(INNOCENT))
def test_right_code_is_left_alone(tree, script):
    if script in NEEDS:
        needs(NEEDS[script])
    path, text = INNOCENT[script]
    r = check(tree, script, path, text)
    assert r.code == 0, r


def test_symbols(tree, tmp_path):
    needs("gcc", "ar")
    (tree / "build").mkdir()
    (tmp_path / "x.c").write_text("int wg_good; int stray;\n")
    assert start(["gcc", "-c", "x.c", "-o", "x.o"], cwd=tmp_path).code == 0
    assert start(["ar", "rc", tree / "build/libwingo.a", "x.o"], cwd=tmp_path).code == 0
    r = start([tree / "scripts/check-symbols", tree / "build"])
    assert r.code == 1 and "x.o: stray has no prefix wg_" in r.out and "wg_good" not in r.out, r


def test_a_code_that_nobody_looks_at(root, tmp_path):
    """Whatever returns wg_code: the type says it, for clang, with which CI builds all."""
    needs("clang")
    for call, code in (("wg_f(err);", 1), ("(void)!wg_f(err);", 0)):
        (tmp_path / "x.c").write_text('#include "base/error.h"\n\nwg_code wg_f(wg_error *err);\nvoid wg_g(wg_error *err);\n\n'
                                      f"void wg_g(wg_error *err) {{\n  {call}\n}}\n")
        r = start(["clang", "-std=c17", "-I", root / "src", "-fsyntax-only", "-Werror", tmp_path / "x.c"])
        assert r.code == code and ("warn_unused_result" in r.err) == (code == 1), r


@pytest.mark.slow
def test_circles(tree):
    for name, other in (("x", "y"), ("y", "z"), ("z", "x")):
        r = check(tree, "check-circles", f"src/base/{name}.h", f'#include "base/{other}.h"\n')
    assert r.code == 1 and "src/base/x.h:1: a circle: base/x, base/y, base/z" in r.out, r
    (tree / "docs").mkdir()
    (tree / "docs/ARCHITECTURE.md").write_text("## Circles\n\n- `base/x`, `base/y`, `base/z`: why\n\n## More\n")
    assert check(tree, "check-circles", "src/base/w.h", '#include "base/x.h"\n').code == 0
    r = check(tree, "check-circles", "src/base/x.h", '#include "base/y.h"\n#include "base/w.h"\n')
    assert r.code == 1 and "base/w, base/x, base/y, base/z" in r.out, "one that grew"


def test_what_nobody_else_uses(tree, tmp_path):
    needs("gcc")
    (tree / "build/libwingo.a.p").mkdir(parents=True)
    (tree / "src/os").mkdir()
    (tree / "src/os/x.c").write_text("int wg_here(void) {\n  return 1;\n}\n\nint wg_there(void) {\n  return wg_here();\n}\n\n"
                                     "int wg_idle(void) {\n  return 2;\n}\n\nint wg_tested(void) {\n  return 3;\n}\n")
    (tree / "src/os/y.c").write_text("int wg_there(void);\n\nint main(void) {\n  return wg_there();\n}\n")
    (tree / "tests/x_test.c").write_text("int wg_tested(void);\n")
    for name in ("x", "y"):
        object_file = tree / f"build/libwingo.a.p/src_os_{name}.c.o"
        assert start(["gcc", "-c", tree / f"src/os/{name}.c", "-o", object_file]).code == 0
    r = start([tree / "scripts/check-singleuse", tree / "build"])
    assert r.code == 1 and "src/os/x.c:1: wg_here is used in this file only" in r.out, r
    assert "src/os/x.c:9: wg_idle is used nowhere" in r.out and "wg_there" not in r.out and "wg_tested" not in r.out, r


@pytest.mark.slow
def test_the_runner_counts(root, tmp_path):
    """Totals, reasons of skips and the exit code of scripts/run-tests, on a project of three tests."""
    needs("meson", "ninja")
    top = tmp_path / "mini"
    (top / "scripts").mkdir(parents=True)
    (top / "tests/cli").mkdir(parents=True)
    shutil.copy(root / "scripts/run-tests", top / "scripts/run-tests")
    (top / "meson.build").write_text("project('mini')\ntest('good', find_program('true'))\n")
    (top / "tests/cli/test_x.py").write_text(
        "import pytest\ndef test_good(): pass\ndef test_skipped(): pytest.skip('the moon is not up')\n"
        "def test_sometimes(): assert not __import__('os').environ.get('BREAK')\n")
    argv = [top / "scripts/run-tests", "--build", "b"]
    one, two = dict(os.environ, WINGO_TEST_JOBS="1"), dict(os.environ, WINGO_TEST_JOBS="2")  # processes of pytest
    r = start(argv, cwd=top, env=one)
    assert r.code == 0 and r.out.splitlines()[-1] == "3 passed, 0 failed, 1 skipped", r
    assert "test_skipped: the moon is not up" in r.out.replace("tests/cli/test_x/", ""), r
    r = start(argv, cwd=top, env=dict(two, BREAK="1"))
    assert r.code == 1 and r.out.splitlines()[-1] == "2 passed, 1 failed, 1 skipped", r
    (top / "allowed").write_text("*test_other* | *\n")
    r = start([*argv, "--allowed-skips", "allowed"], cwd=top, env=one)
    assert r.code == 1 and r.out.splitlines()[-1] == "3 passed, 1 failed, 0 skipped", r
    (top / "allowed").write_text("# why\n*test_skipped | *moon*\n")
    r = start([*argv, "--allowed-skips", "allowed"], cwd=top, env=one)
    assert r.code == 0 and r.out.splitlines()[-1] == "3 passed, 0 failed, 1 skipped", r


def test_what_a_package_is_built_with_is_installed(root, tmp_path):
    """Of a machine that has nothing: each build dependency of debian/control, and each tool that the scripts call."""
    (tmp_path / "dpkg-query").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "dpkg-query").chmod(0o755)
    env = dict(os.environ, PATH=f"{tmp_path}:{os.environ['PATH']}")
    r = start([root / "scripts" / "install-deps.sh", "--list", "package"], env=env)
    listed = set(r.out.split())
    assert r.code == 1 and listed, r
    control = (root / "debian" / "control").read_text()
    needed = re.search(r"Build-Depends:(.*?)\n\S", control, re.S).group(1).split(",")
    names = {re.split(r"[ :(<]", n.strip().replace("debhelper-compat", "debhelper").replace("pkgconf", "pkg-config"))[0] for n in needed}
    assert len(names) > 8 and names <= listed, names - listed
    assert {"dpkg-dev", "lintian", "mmdebstrap", "uidmap", "umoci", "bubblewrap", "git"} <= listed, listed
    r = start([root / "scripts" / "install-deps.sh", "--list", "lab"], env=env)
    assert "meson" not in r.out.split(), r
