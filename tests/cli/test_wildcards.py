# SPDX-License-Identifier: Apache-2.0
"""Wildcards and `exclude` of files: what check says of them, and walks that meet far more than was meant."""
import json
import subprocess
import time

import pytest

from conftest import needs

HEAD = "version: 1\nname: t\nimages:\n  k:\n    base: {synthetic: windows-11}\n    outputs: [wim]\n    files:\n"


@pytest.fixture
def check(run, tmp_path):
    for name in ("dist/a.dll", "dist/deep/b.dll", "dist/deep/b.pdb", "dist/obj/c.obj", "dist/keep/k.txt", "dist/README"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)

    def call(*entries):
        (tmp_path / "wingo.yaml").write_text(HEAD + "".join(f"      - {e}\n" for e in entries))
        r = run("check", "--json")
        return r.code, [(f["line"], f["column"], f["severity"], f["text"], f.get("hint")) for f in json.loads(r.out)["faults"]]

    return call


@pytest.mark.parametrize("pattern,near", [
    ("'*.pbd'", "did you mean '*.pdb'?"), ("'objj/'", "did you mean 'obj/'?"), ("'README/'", "did you mean 'README'?"),
    ("'/b.pdb'", None), ("'deep/x/*.pdb'", None), ("'!kep/'", "did you mean '!keep/'?"), ("'deap/b.pdb'", "did you mean 'deep/b.pdb'?"),
    ("'x/c.obj'", None), ("'/c.obj'", None), ("'*.[oa]'", "'[' stands for itself here, there are no classes of characters: write several patterns")])
def test_exclude_that_matches_nothing(check, pattern, near):
    code, faults = check("{from: dist, to: 'C:\\Dist', exclude: ['*.pdb', %s]}" % pattern if "pdb" not in pattern else
                         "{from: dist, to: 'C:\\Dist', exclude: ['obj/',  %s]}" % pattern)
    assert code == 0 and len(faults) == 1, faults
    line, column, severity, text, hint = faults[0]
    assert (line, severity) == (8, "warning") and column > 40
    assert text == f"images.k.files: exclude: nothing of 'dist' matches {pattern}"
    assert near is None or hint == near, hint
    if near is None:
        assert hint.startswith("did you mean '") or hint == "remove it, if nothing of that name will be there", hint


@pytest.mark.parametrize("patterns", ["'*.pdb'", "'obj/'", "'/deep/**/*.pdb'", "'**/b.*'", "'obj/*', '!obj/c.obj'", "'/keep'", "README", "'*.PDB'"])
def test_exclude_that_matches_is_no_warning(check, patterns):
    assert check("{from: dist, to: 'C:\\Dist', exclude: [%s]}" % patterns) == (0, [])


def test_exclude_beside_wildcards(check):
    """What the wildcards leave out needs no exclude; what is in an excluded folder needs no second one."""
    code, faults = check("{from: 'dist/**/*.dll', to: 'C:\\D', exclude: ['*.pdb', 'deep/', 'deep/b.dll']}")
    assert code == 0 and [(f[2], f[3]) for f in faults] == [
        ("warning", "images.k.files: exclude: nothing of 'dist/**/*.dll' matches '*.pdb'"),
        ("warning", "images.k.files: exclude: nothing of 'dist/**/*.dll' matches 'deep/b.dll'")], faults


def test_brackets(check):
    code, faults = check("{from: 'dist/*.[ch', to: 'C:\\D'}", "{from: dist, to: 'C:\\E', exclude: ['[ab*']}", "{from: 'dist/*.[ch]', to: 'C:\\F'}")
    assert code == 3 and [(f[0], f[2]) for f in faults] == [(8, "error"), (9, "error"), (10, "error")], faults
    for f in faults[:2]:
        assert "has a '[' that no ']' closes" in f[3] and "write '?' in its place" in f[4], f
    assert "nothing matches 'dist/*.[ch]'" in faults[2][3] and "'[' stands for itself here" in faults[2][4], faults


def test_names_with_brackets_are_names(run, tmp_path):
    for name in ("a[1].txt", "a[2.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / "wingo.yaml").write_text(HEAD + "".join(f"      - {{from: '{n}', to: 'C:\\D\\'}}\n" for n in ("a[1].txt", "a[2.txt", "a[1]*.t?t", "a?2.*")))
    r = run("check")
    assert "images.k.files" in r.out and r.code == 3 and "is put twice" in r.out or "see wingo.yaml" in r.out, r  # found, both ways
    assert "no ']' closes" not in r.out and "nothing matches" not in r.out, r


def slow(wingo, env, tmp_path, *args):
    """A walk through many folders on a slow disk: each listing takes a while."""
    needs("strace")
    for i in range(400):
        (tmp_path / "up" / f"d{i}").mkdir(parents=True)
    place = tmp_path / "up" / "d0" / "p"
    place.mkdir()
    (place / "wingo.yaml").write_text(HEAD + "      - {from: '../../**', to: 'C:\\D'}\n")
    return subprocess.Popen(["strace", "-f", "-o", "/dev/null", "-e", "trace=getdents64", "-e", "inject=getdents64:delay_enter=40000",
                             wingo, *args], cwd=place, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("command", ["check", "plan", "build"])
def test_a_long_walk_is_said_and_can_be_stopped(wingo, env, tmp_path, command):
    p = slow(wingo, env, tmp_path, command)
    line = p.stderr.readline()
    while line and "still looking through" not in line:
        line = p.stderr.readline()
    assert f"still looking through '{tmp_path}/up/d" in line and "files and folders so far" in line, line
    child = subprocess.run(["pgrep", "-P", str(p.pid)], capture_output=True, text=True).stdout.split()
    assert len(child) == 1
    began = time.monotonic()
    subprocess.run(["kill", "-INT", child[0]], check=True)
    out, err = p.communicate(timeout=120)
    assert p.returncode == 130 and "stopped" in err, (p.returncode, out, err)
    assert time.monotonic() - began < 60  # far less than the walk
