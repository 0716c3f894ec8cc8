# SPDX-License-Identifier: Apache-2.0
"""wingo check: exit codes, output forms, where the project file is found."""
import hashlib
import json
import os
import re
import shutil

import pytest
from conftest import ROOT, needs, start

BAD = ROOT / "tests" / "bad" / "config"
GOOD = "version: 1\nname: kiosk\napps: {agent: {targets: [linux/amd64]}}\n"


@pytest.fixture
def good(tmp_path):
    """A folder with a project that has no faults."""
    path = tmp_path / "p"
    path.mkdir()
    (path / "wingo.yaml").write_text(GOOD)
    (path / "go.mod").write_text("module x\n")
    (path / "main.go").write_text("package main\nfunc main() {}\n")
    return path


def test_a_project_without_faults(run, good):
    r = run("check", cwd=good)
    assert (r.code, r.out, r.err) == (0, "wingo.yaml: no faults\n", ""), r
    r = run("check", "--json", cwd=good)
    assert r.code == 0 and json.loads(r.out) == {"file": "wingo.yaml", "overlay": "", "errors": 0, "warnings": 0, "faults": []}, r
    assert run("check", "--quiet", cwd=good).out == ""


def test_the_file_is_found_from_below(run, good):
    deep = good / "a" / "b"
    deep.mkdir(parents=True)
    r = run("check", cwd=deep)
    assert r.code == 0 and r.out == "../../wingo.yaml: no faults\n", r
    (good / "wingo.yaml").write_text(GOOD + "x: 1\n")
    r = run("check", cwd=deep)
    assert r.code == 3 and r.out.startswith("../../wingo.yaml:4:1: error: unknown key 'x'\n"), r


def test_no_project_file(run, tmp_path):
    r = run("check", cwd=tmp_path)
    assert r.code == 3 and r.out == "" and "wingo init" in r.err, r
    r = run("check", "--file", "nowhere.yaml", cwd=tmp_path)
    assert r.code == 3 and "nowhere.yaml" in r.err, r
    (tmp_path / "d").mkdir()
    r = run("check", "-f", "d", cwd=tmp_path)
    assert r.code == 3 and "'d' is not a project file" in r.err, r


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wingo.yml", "Wingo.yaml", "WINGO.YML"])
def test_a_project_file_of_nearly_the_right_name(run, tmp_path, name):
    (tmp_path / name).write_text("version: 1\nname: p\n")
    r = run("build", cwd=tmp_path)
    assert r.code == 3 and f"no wingo.yaml in this folder or above it; rename '{name}' to wingo.yaml" in r.err, r


def test_every_faulty_file_is_refused_and_reads_the_same_as_json(run, tmp_path):
    files = sorted(BAD.glob("*.yaml"))
    assert len(files) >= 60
    env = {"WINGO_TEST_EMPTY": "", "WINGO_TEST_WORD": "word"}
    for f in files:
        local = tmp_path / f.name
        local.write_bytes(f.read_bytes())
        text = run("check", "-f", f.name, cwd=tmp_path, env=env)
        as_json = run("check", "--json", "-f", f.name, cwd=tmp_path, env=env)
        assert text.code == as_json.code == 3, (f.name, text, as_json)
        assert text.err == as_json.err == "", (f.name, text)
        faults = json.loads(as_json.out)["faults"]
        lines = [ln for ln in text.out.splitlines() if not ln.startswith("  hint: ")]
        assert len(lines) == len(faults) + 1, (f.name, text)
        for line, fault in zip(lines, faults):
            want = "%s:%d:%d: %s: %s" % (f.name, fault["line"], fault["column"], fault["severity"],
                                         fault["text"])
            assert line == want, f.name


def test_warnings_do_not_fail(run, good, tmp_path):
    needs("wimlib-imagex")
    (tmp_path / "tree").mkdir()
    assert start(["wimlib-imagex", "capture", tmp_path / "tree", good / "base.wim", "One"]).code == 0
    image = GOOD + "images: {i: {arch: amd64, base: {file: base.wim%s}, outputs: [wim]}}\n"
    (good / "wingo.yaml").write_text(image % "")
    r = run("check", cwd=good)
    digest = hashlib.sha256((good / "base.wim").read_bytes()).hexdigest()
    assert r.code == 0 and "warning: images.i.base: no 'sha256' pins 'base.wim'" in r.out, r
    m = re.search(r"add '(sha256: [0-9a-f]{64})'", r.out)
    assert m and digest in m.group(1), r
    (good / "wingo.yaml").write_text(image % (", " + m.group(1)))
    assert run("check", cwd=good).out == "wingo.yaml: no faults\n"
    (good / "wingo.yaml").write_text(image % (", sha256: " + "0" * 64))
    r = run("check", cwd=good)
    assert r.code == 3 and "error: images.i.base.sha256: 'base.wim' is not the file that is pinned" in r.out, r
    assert f"write 'sha256: {digest}'" in r.out, r


def test_overlays_and_single_values(run, good):
    (good / "config").mkdir()
    (good / "config" / "prod.yaml").write_text("release: 2.0\napps: {agent: {mod: none}}\n")
    r = run("check", "--env", "prod", cwd=good)
    assert r.code == 3 and r.out.startswith("config/prod.yaml:2:21: error: apps.agent.mod: 'none'"), r
    r = run("check", "--env", "prod", "--set", "apps.agent.mod=vendor", cwd=good)
    assert r.code == 0, r
    r = run("check", "--env", "prd", cwd=good)
    assert r.code == 3 and "did you mean 'prod'?" in r.err, r
    r = run("check", "--env", "../prod", cwd=good)
    assert r.code == 2, r


def test_variables_come_from_the_environment(run, good):
    (good / "wingo.yaml").write_text(GOOD + "release: ${REL}\n")
    assert run("check", cwd=good, env={"REL": "1.2"}).code == 0
    for value in (None, ""):
        r = run("check", cwd=good, env={"REL": value})
        assert r.code == 3 and ":4:10: error: release: takes ${REL}" in r.out, r


def test_nothing_from_the_file_reaches_the_terminal_raw(run, good):
    (good / "wingo.yaml").write_text(GOOD + '"a\\e[31mb": 1\n')
    r = run("check", cwd=good)
    assert r.code == 3 and "\x1b" not in r.out and "\\x1b[31m" in r.out, r


def test_the_time_of_the_last_commit(run, good, env, tmp_path):
    needs("git")
    (good / "wingo.yaml").write_text(GOOD + "time: commit\n")
    r = run("check", cwd=good, env={"GIT_CEILING_DIRECTORIES": str(good.parent)})
    assert r.code == 3 and ":4:7: error: time: the time of the last commit can't be had" in r.out, r
    if os.getuid() == 0:  # of a repository that another user has, git says nothing: committing is no cure
        theirs = tmp_path / "theirs"
        shutil.copytree(good, theirs)
        assert start(["git", "init", "-q", theirs]).code == 0
        for path in [theirs, *theirs.rglob("*")]:
            os.chown(path, 4711, 4711)
        r = run("check", cwd=theirs)
        assert r.code == 3 and "dubious ownership" in r.out and "chown" in r.out and "commit first" not in r.out, r
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@example.com"]
    for args in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        assert start(git + args, cwd=good, env=env).code == 0
    assert run("check", cwd=good).code == 0


def test_the_committed_reference_and_schema_are_current(run):
    assert run("__schema").out == (ROOT / "docs" / "wingo.schema.json").read_text()
    assert run("__reference").out == (ROOT / "docs" / "wingo.yaml.md").read_text()


def test_hidden_commands_are_not_in_help(run):
    assert "__schema" not in run("help").out and "__reference" not in run("help").out


@pytest.mark.slow
def test_a_big_file_is_checked_quickly(run, good):
    apps = "".join(f"  a{i}: {{targets: [linux/amd64], env: {{A: b}}}}\n" for i in range(2000))
    (good / "wingo.yaml").write_text("version: 1\nname: kiosk\napps:\n" + apps)
    r = run("check", cwd=good, timeout=20)
    assert r.code == 0, r


def test_each_fault_is_printed_once(run, good):
    """By check, and by a build, a plan and a publish, which end with the count."""
    (good / "wingo.yaml").write_text(GOOD + "releas: 1\ntime: yesterday\n")
    for command in ("check", "build", "plan", "publish"):
        r = run(command, cwd=good)
        said = r.out + r.err
        assert r.code == 3 and said.count("unknown key 'releas'") == said.count("'yesterday' is not a time") == 1, r
        assert ("2 errors" if command == "check" else "2 faults") in said, r


def test_the_result_names_the_overlay(good, run):
    (good / "config").mkdir()
    (good / "config" / "prod.yaml").write_text("name: other\n")
    r = run("check", "-E", "prod", cwd=good)
    assert (r.code, r.out) == (0, "wingo.yaml with config/prod.yaml: no faults\n"), r
    value = json.loads(run("check", "--env", "prod", "--json", cwd=good).out)
    assert (value["file"], value["overlay"]) == ("wingo.yaml", "config/prod.yaml"), value
    assert json.loads(run("check", "--json", cwd=good).out)["overlay"] == ""
    (good / "config" / "prod.yaml").write_text("nam: other\n")
    r = run("check", "-E", "prod", cwd=good)
    assert r.code == 3 and r.out.splitlines()[-1] == "wingo.yaml with config/prod.yaml: 1 error, 0 warnings", r


def test_index_in_a_base_says_how_to_choose(run, tmp_path):
    (tmp_path / "wingo.yaml").write_text("version: 1\nname: t\nimages:\n  std: {base: {synthetic: windows-11}, outputs: [wim]}\n"
                                         "  two: {base: {image: std, index: 1}, outputs: [wim]}\n")
    r = run("check")
    assert r.code == 3 and "wingo.yaml:5:28: error: images.two.base: unknown key 'index'" in r.out, r
    assert "write 'image: 2'" in r.out and "'image' names an image of this project" in r.out and "'indexes: {2: {...}}'" in r.out, r


def test_a_target_is_suggested_as_short_as_it_can_be_typed(run, tmp_path):
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent" / "go.mod").write_text("module x\n\ngo 1.21\n")
    (tmp_path / "agent" / "main.go").write_text("package main\n\nfunc main() {}\n")
    head = "version: 1\nname: t\napps: {agent: {dir: agent, targets: [windows/amd64]}}\nimages:\n"
    (tmp_path / "wingo.yaml").write_text(head + "  std: {base: {synthetic: windows-11}, outputs: [wim]}\n")
    for typed, meant in (("agnt", "agent"), ("sdt", "std"), ("app/agnt", "app/agent"), ("windows-amd64", "app/agent/windows-amd64"),
                         ("std/wim", "image/std/wim"), ("image/sdt", "image/std")):
        r = run("plan", typed)
        assert r.code == 1 and f"unknown target '{typed}': did you mean '{meant}'?" in r.err, r
        assert run("plan", meant).code == 0
    (tmp_path / "wingo.yaml").write_text(head + "  agent: {base: {synthetic: windows-11}, outputs: [wim]}\n")
    r = run("plan", "agnt")  # a bare name would mean both
    assert "did you mean 'app/agent'?" in r.err, r


def test_check_and_plan_write_nothing_into_the_projects_folder(run, tmp_path):
    """So they work in a folder that may only be read."""
    p = tmp_path / "p"
    p.mkdir()
    (p / "wingo.yaml").write_text("version: 1\nname: p\nimages: {k: {base: {synthetic: windows-11}, outputs: [wim]}}\n"
                                  "publish: {share: {to: ../share}}\n")
    for args in (("check",), ("plan",), ("publish", "--dry-run"), ("config",), ("clean", "--dry-run")):
        r = run(*args, cwd=p)
        assert r.code == 0 and [x.name for x in p.iterdir()] == ["wingo.yaml"], (args, r)
    assert run("build", cwd=p).code == 0 and (p / ".wingo" / ".gitignore").read_text() == "*\n"
