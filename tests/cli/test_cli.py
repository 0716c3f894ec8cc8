# SPDX-License-Identifier: Apache-2.0
"""The command line itself: help, typing errors, exit codes, completion, manual page."""
import json
import os
import re
import shutil
import subprocess

import pytest
from conftest import needs, start

COMMON = ["--quiet", "--verbose", "--json", "--color", "--help"]


def commands(run):
    """The names in the overview, nouns' verbs as two words."""
    out = run("help").out
    found = []
    for line in out.split("Options of every command")[0].splitlines():
        m = re.match(r"  ([a-z]+(?: [a-z]+)?)(?: [\[A-Z(<|]|\s\s|$| [a-z]+\|)", line)
        if m and not line.startswith("    "):
            found.append(m.group(1))
    return found


def test_without_a_command_prints_the_overview_and_is_a_usage_error(run):
    r = run()
    assert r.code == 2 and r.out == "" and "Usage: wingo COMMAND" in r.err, r


def test_help_is_the_same_three_ways_and_goes_to_stdout(run):
    long, short, word = run("--help"), run("-h"), run("help")
    assert long.code == short.code == word.code == 0
    assert long.out == short.out == word.out and long.err == ""


def test_every_command_explains_itself_with_an_example(run):
    names = commands(run)
    assert {"init", "doctor", "completion", "help", "version"} <= set(names)
    for name in names:
        a, b = run("help", *name.split()), run(*name.split(), "--help")
        assert a.code == b.code == 0 and a.out == b.out, (name, a, b)
        assert a.out.startswith(f"Usage: wingo {name} "), a
        assert f"  wingo {name}" in a.out.split("\n", 1)[1], f"no example in the help of {name}"
        for option in COMMON:
            assert option in a.out, a


def test_help_lines_are_not_too_long(run):
    for name in [None, *commands(run)]:
        for line in run("help", *(name.split() if name else [])).out.splitlines():
            assert len(line) <= 110, (name, line)


def test_a_mistyped_command_gets_the_nearest(run):
    for typed, meant in [("versoin", "version"), ("docter", "doctor"), ("complete", "completion"), ("INIT", None)]:
        r = run(typed)
        assert r.code == 2 and r.out == "" and r.err.count("\n") == 1, r
        assert f"no command '{typed}'" in r.err
        if meant:
            assert f"did you mean '{meant}'" in r.err, r
    r = run("quux")
    assert r.code == 2 and "did you mean" not in r.err and "wingo help" in r.err, r


def test_a_mistyped_option_gets_the_nearest(run):
    r = run("version", "--jsno")
    assert r.code == 2 and "no option '--jsno'; did you mean '--json'?" in r.err, r
    assert "wingo version --help" in r.err
    assert run("version", "-Z").code == 2
    assert "takes no value" in run("version", "--json=yes").err
    assert "auto, always or never" in run("version", "--color=sometimes").err
    assert run("version", "--color").code == 2


@pytest.mark.parametrize("argv", [
    ["--json", "version"], ["version", "--json"], ["-q", "version", "-v", "--json"], ["-qvv", "version", "--json"],
    ["version", "--color", "never", "--json"], ["version", "--color=always", "--json", "--"], ["--json", "--version"],
])
def test_options_may_stand_anywhere(run, argv):
    r = run(*argv)
    assert r.code == 0 and json.loads(r.out)["name"] == "wingo", r


def test_arguments_are_counted(run):
    assert "takes no arguments, so 'extra' means nothing" in run("version", "extra").err
    assert "takes no arguments, so '--json' means nothing" in run("version", "--", "--json").err
    r = run("completion")
    assert r.code == 2 and "needs bash|zsh|fish" in r.err
    assert "one argument too many: 'zsh'" in run("completion", "bash", "zsh").err


def test_version_agrees_with_the_build(run, root):
    want = re.search(r"version: '([^']+)'", (root / "meson.build").read_text()).group(1)
    assert run("--version").out == run("version").out == f"wingo {want}\n"


def test_a_full_device_is_an_error(wingo, env):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([wingo, "help"], env=env, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert done.returncode == 1 and b"No space left on device" in done.stderr


def test_a_reader_that_leaves_is_not_told_about_it(wingo, env):
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run([wingo, "help"], env=env, stdout=write_end, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(write_end)
    assert done.returncode == 1 and done.stderr == b""


# --- completion

def bash_complete(run, wingo, env, cwd, line):
    """What bash offers at the end of line."""
    needs("bash")
    script = run("completion", "bash")
    assert script.code == 0
    words = line.split(" ")
    code = script.out + "\nCOMP_WORDS=(%s)\nCOMP_CWORD=%d\n_wingo\nprintf '%%s\\n' \"${COMPREPLY[@]}\"\n" % (
        " ".join("'" + w + "'" for w in words), len(words) - 1)
    e = dict(env, PATH=f"{wingo.parent}:{env['PATH']}")
    r = start(["bash", "--norc", "-c", code], env=e, cwd=cwd)
    assert r.code == 0 and r.err == "", r
    return [w for w in r.out.split("\n") if w]


def test_bash_completes_commands_options_files(run, wingo, env, tmp_path):
    def offered(line):
        return bash_complete(run, wingo, env, tmp_path, line)

    (tmp_path / "some folder").mkdir()
    assert "init" in offered("wingo in")
    assert "version" in offered("wingo -q ver")
    assert offered("wingo version --js") == ["--json"]
    assert "--name" in offered("wingo init --")
    assert set(offered("wingo completion ")) == {"bash", "zsh", "fish"}
    assert set(offered("wingo version --color = a")) == {"auto", "always"}
    assert "some folder" in offered("wingo init som")
    assert not [w for w in offered("wingo __") if w.startswith("__")]


@pytest.fixture
def shop(tmp_path):
    """A project with environments, targets and a folder to publish to."""
    (tmp_path / "shop" / "config").mkdir(parents=True)
    for name in ("production", "staging", ".hidden"):
        (tmp_path / "shop" / "config" / f"{name}.yaml").write_text("name: shop\n")
    (tmp_path / "shop" / "config" / "notes.txt").write_text("")
    (tmp_path / "shop" / "wingo.yaml").write_text(
        "version: 1\nname: shop\napps: {till: {targets: [windows/amd64, linux/arm64]}}\n"
        "images: {shop: {base: {synthetic: windows-11}, outputs: [wim]}}\npublish: {share: {to: ../share}}\n")
    return tmp_path / "shop"


# What is offered at the end of a line: at least these words.
OFFERED = [
    ("wingo build --env ", {"production", "staging"}),
    ("wingo publish -E ", {"production", "staging"}),
    ("wingo config --env pro", {"production"}),
    ("wingo build ", {"app/till", "app/till/windows-amd64", "app/till/linux-arm64", "image/shop"}),
    ("wingo plan --env production image", {"image/shop"}),
    ("wingo publish ", {"share"}),
    ("wingo wim synthetic ", {"windows-7", "windows-11", "windows-11-iso", "server-2025-setup"}),
    ("wingo wim synthetic --state ", {"generalized", "specialized-audit", "complete"}),
    ("wingo wim synthetic --arch ", {"amd64", "arm64", "386"}),
    ("wingo reg add -t ", {"REG_SZ", "REG_MULTI_SZ", "REG_DWORD", "REG_QWORD", "REG_BINARY"}),
    ("wingo build --color ", {"auto", "always", "never"}),
]


@pytest.mark.parametrize("line, words", OFFERED)
def test_bash_completes_what_a_project_has(run, wingo, env, shop, line, words):
    offered = set(bash_complete(run, wingo, env, shop, line))
    assert words <= offered and not {".hidden", "notes", "notes.txt"} & offered, offered
    if line.endswith(" "):
        assert line.startswith("wingo wim synthetic ") or offered == words or "REG_SZ" in offered


def test_bash_completes_a_file_behind_the_product(run, wingo, env, shop):
    (shop / "base.wim").write_text("")
    assert "base.wim" in bash_complete(run, wingo, env, shop, "wingo wim synthetic windows-11 ")
    assert "base.wim" in bash_complete(run, wingo, env, shop, "wingo wim synthetic --arch = amd64 windows-11 ")
    assert set(bash_complete(run, wingo, env, shop, "wingo build --env = st")) == {"staging"}


@pytest.mark.parametrize("line, words", OFFERED)
def test_fish_completes_what_a_project_has(run, tmp_path, env, wingo, shop, line, words):
    needs("fish")
    script = tmp_path / "wingo.fish"
    script.write_text(run("completion", "fish").out)
    e = dict(env, PATH=f"{wingo.parent}:{env['PATH']}")
    r = start(["fish", "--no-config", "-c", f"source {script}; complete -C '{line}'"], env=e, cwd=shop)
    assert r.code == 0 and words <= {w.split("\t")[0] for w in r.out.splitlines()}, r


@pytest.mark.parametrize("line, words", OFFERED)
@pytest.mark.slow
def test_zsh_completes_what_a_project_has(run, tmp_path, env, wingo, shop, line, words):
    """zsh's own completion on a terminal of its own (zpty): what compadd is given is written down."""
    needs("zsh")
    (tmp_path / "_wingo").write_text(run("completion", "zsh").out)
    code = f"""
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'fpath=({tmp_path} $fpath); autoload -Uz compinit; compinit -u -D; PS1=; unsetopt zle_bracketed_paste'
zpty -w z 'compadd() {{ if [[ ${{@[(I)-O|-A|-D]}} -gt 0 ]]; then builtin compadd "$@"; return; fi; local -a _m; builtin compadd -O _m "$@"; print -rl -- $_m >> {tmp_path}/offered; builtin compadd "$@" }}'
zpty -w z 'bindkey "^I" complete-word; cd {shop}; print READY'
zpty -r -m z o '*READY*READY*'
zpty -w -n z $'{line}\t\t'
for i in {{1..100}}; do sleep 0.05; [[ -s {tmp_path}/offered ]] && break; done
sleep 0.2
zpty -d z
"""
    e = dict(env, PATH=f"{wingo.parent}:{env['PATH']}", TERM="xterm")
    r = start(["zsh", "-f", "-c", code], env=e, cwd=shop, timeout=60)
    offered = set((tmp_path / "offered").read_text().split("\n")) if (tmp_path / "offered").exists() else set()
    assert words <= offered, (offered, r)


def test_the_offered_types_are_types(run, tmp_path):
    run("wim", "synthetic", "windows-7", "b.wim", cwd=tmp_path)
    script = run("completion", "bash").out
    types = next(line for line in script.splitlines() if "'reg add':-t" in line).split("words='")[1].split("'")[0].split()
    assert len(types) == 8
    for t in types:
        r = run("reg", "add", "b.wim:1", "HKLM\\SOFTWARE\\X", "--value=" + t, "-t", t, "-d",
                "1" if "WORD" in t else "00" if t in ("REG_BINARY", "REG_NONE") else "x", cwd=tmp_path)
        assert "is not a type" not in r.err, r


def test_bash_completes_every_command_of_the_help(run, wingo, env, tmp_path):
    offered = bash_complete(run, wingo, env, tmp_path, "wingo ")
    assert sorted(set(offered)) == sorted({name.split()[0] for name in commands(run)})


def test_bash_completion_passes_shellcheck(run):
    needs("shellcheck")
    r = start(["shellcheck", "-s", "bash", "-"], stdin=run("completion", "bash").out.encode())
    assert r.code == 0, r


def test_zsh_loads_the_completion(run, tmp_path, env):
    needs("zsh")
    (tmp_path / "_wingo").write_text(run("completion", "zsh").out)
    r = start(["zsh", "-f", "-c", f"fpath=({tmp_path} $fpath); autoload -Uz compinit; compinit -u -D; "
               "autoload -Uz +X _wingo && print -- $_comps[wingo]"], env=env, cwd=tmp_path)
    assert r.code == 0 and r.out.strip() == "_wingo", r


def test_fish_completes(run, tmp_path, env, wingo):
    needs("fish")
    script = tmp_path / "wingo.fish"
    script.write_text(run("completion", "fish").out)
    e = dict(env, PATH=f"{wingo.parent}:{env['PATH']}")
    r = start(["fish", "--no-config", "-c", f"source {script}; complete -C 'wingo ver'; complete -C 'wingo completion '"],
              env=e, cwd=tmp_path)
    assert r.code == 0 and "version" in r.out and "zsh" in r.out, r


# --- manual page

def test_the_manual_page_has_every_command_and_no_warning(run, tmp_path):
    page = run("__man")
    assert page.code == 0
    needs("man")
    if shutil.which("groff") is None:
        pytest.skip("needs groff, which is not installed")
    source = tmp_path / "wingo.1"
    source.write_text(page.out)
    r = start(["groff", "-man", "-Tutf8", "-ww", "-P-c", source])
    assert r.code == 0 and r.err == "", r
    text = r.out.replace("\u2010", "-").replace("\u2212", "-")
    for name in commands(run):
        assert f"wingo {name}" in text, name
    assert "__man" not in text


def test_the_manual_of_the_project_file_has_every_key_and_no_warning(run, root, tmp_path):
    page = run("__manual")
    assert page.code == 0
    needs("groff")
    source = tmp_path / "wingo.yaml.5"
    source.write_text(page.out)
    r = start(["groff", "-man", "-Tutf8", "-ww", "-P-cbou", source])
    assert r.code == 0 and r.err == "", r
    text = r.out.replace("\u2010", "-").replace("\u2212", "-")
    keys = re.findall(r"^### `(.*)`$", (root / "docs/wingo.yaml.md").read_text(), re.M)
    assert len(keys) > 50
    for key in keys:
        assert f"   {key}\n" in text, key
    assert "'C:\\Program Files\\Kiosk'" in text
    assert "`" not in text and not re.search(r"\*\*\w", text)


def test_targets_of_the_project_are_completed(run, wingo, env, project, tmp_path):
    r = run("__complete", "target", cwd=project / "agent")  # below the project's folder, too
    assert r.code == 0 and r.out.split() == ["app/agent", "app/agent/windows-amd64", "app/agent/linux-amd64", "image/kiosk"], r
    assert run("__complete", "target", cwd=tmp_path).out == ""
    if "build" in commands(run):
        assert bash_complete(run, wingo, env, project, "wingo build im") == ["image/kiosk"]
        assert "app/agent/linux-amd64" in bash_complete(run, wingo, env, project, "wingo build -q app/")


def test_every_target_that_is_completed_can_be_planned(run, tmp_path):
    (tmp_path / "go.mod").write_text("module example.com/a\n\ngo 1.19\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {}\n")
    (tmp_path / "wingo.yaml").write_text(
        "version: 1\nname: shop\nrelease: 1.0.0\napps:\n  till: {targets: [windows/amd64, linux/arm64], archive: zip}\n"
        "  bare: {targets: [linux/amd64]}\nimages:\n"
        "  one: {base: {synthetic: windows-11}, outputs: [esd]}\n"
        "  many: {base: {synthetic: windows-11}, outputs: [wim, esd, {swm: 100MiB}]}\n"
        "  pro: {base: {synthetic: windows-11}, into: all.wim}\n"
        "  home: {base: {synthetic: windows-11}, into: all.wim, name: Home}\n")
    offered = run("__complete", "target").out.split()
    assert offered == ["app/till", "app/till/windows-amd64", "app/till/linux-arm64", "archive/till", "archive/till/windows-amd64",
                       "archive/till/linux-arm64", "app/bare", "app/bare/linux-amd64", "image/one", "image/many", "image/many/wim",
                       "image/many/esd", "image/many/swm", "image/pro", "image/all.wim", "image/home"]
    needs("go")
    for target in offered:
        r = run("plan", "--json", target)
        assert r.code == 0 and json.loads(r.out)["steps"], (target, r)


def test_words_of_reg_exe(run):
    r = run("reg", "add", "H", "K", "-v", "name", "-d", "1")
    assert r.code == 2 and "one argument too many: 'name' (-v says more; the name of a value is --value=NAME)" in r.err, r
    assert "(-v" not in run("reg", "add", "H", "K", "name").err


def test_help_suggests_a_command(run):
    for typed, meant in ((("biuld",), "build"), (("wim", "inf"), "wim info"), (("wmi", "info"), "wim")):
        r = run("help", *typed)
        assert r.code == 2 and f"no command '{' '.join(typed)}'; did you mean '{meant}'?" in r.err, r
    assert "did you mean" not in run("help", "nonsense").err


def test_one_is_not_told_as_many(run, tmp_path):
    (tmp_path / "f").write_text("x")
    assert run("wim", "synthetic", "-q", "windows-11", "b.wim").code == 0
    r = run("wim", "update", "b.wim", "2", "--add=f:\\D\\f")
    assert r.code == 0 and "1 file put (0 replaced), 1 folder made, 0 entries deleted, 0 renamed" in r.err, r
    r = run("wim", "update", "b.wim", "2", "--delete=\\D\\f", "--mkdir=\\E", "--mkdir=\\F")
    assert r.code == 0 and "0 files put (0 replaced), 2 folders made, 1 entry deleted" in r.err, r
    assert run("reg", "create", "-q", "SOFTWARE").code == 0
    r = run("reg", "add", "SOFTWARE", "A\\B", "--value=x", "--data=1")
    assert r.code == 0 and "1 value set, 2 keys made, 0 values and 0 keys deleted" in r.err, r
