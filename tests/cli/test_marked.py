# SPDX-License-Identifier: Apache-2.0
"""What variables give is told by name. A marked value stands everywhere a variable can stand; then everything that was
written and said is searched for it: it may be in what was made of it, and nowhere else."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import stat
import sys

import pytest

from conftest import ROOT, needs

sys.path.insert(0, str(ROOT / "tests/tools"))
import drvgen  # noqa: E402

MARK = "mArK3d"


def mark(name):
    return f"{MARK}{name.lower()}9z"


# Values by variable. Those that are paths or digests are made by the fixture.
PLAIN = {n: mark(n) for n in (
    "LDFLAG", "GCFLAG", "APPENV", "TARGETENV", "VAR", "REVISION", "COMPANY", "DESC", "PRODUCT", "COPYRIGHT", "TRADEMARK",
    "COMMENT", "INTERNAL", "ORIGINAL", "REGTEXT", "REGLIST", "REGAPPEND", "SVCARG", "SVCNAME", "SVCDESC", "SVCENV", "LNKNAME",
    "LNKFOLDER", "LNKARG", "LNKDESC", "UNNAME", "UNVERSION", "UNPUBLISHER")}

PROJECT = r"""version: 1
name: marked
apps:
  agent:
    dir: ${SRC}
    targets: [windows/amd64, {target: linux/amd64, env: {TARGET_ONE: "${TARGETENV}"}}]
    env: {APP_ONE: "${APPENV}", GOFLAGS: "-gcflags=-d=panic"}
    ldflags: ["-X main.flag=${LDFLAG}"]
    gcflags: ["-trimpath=/x/${GCFLAG}"]
    vars: {main.version: "v-${VAR}"}
    revision: ${REVISION}
    windows:
      version_info: {company: "${COMPANY}", description: "${DESC}", product: "${PRODUCT}", copyright: "${COPYRIGHT}",
                     trademarks: "${TRADEMARK}", comments: "${COMMENT}", internal_name: "${INTERNAL}",
                     original_filename: "${ORIGINAL}"}
images:
  img:
    base: {file: "${BASE}", image: "${IMAGE}", sha256: "${SUM}"}
    apps:
      - app: agent
        to: 'C:\Program Files\Agent'
        service: {name: Agent, args: ["--token=${SVCARG}"], display_name: "${SVCNAME}", description: "${SVCDESC}",
                  environment: {TOKEN: "${SVCENV}"}}
        shortcut: {name: "${LNKNAME}", folder: "${LNKFOLDER}", args: "${LNKARG}", description: "${LNKDESC}"}
        uninstall: {name: "${UNNAME}", version: "${UNVERSION}", publisher: "${UNPUBLISHER}"}
    files: [{from: "${FROM}", to: 'C:\data'}]
    registry:
      - {key: 'HKLM\SOFTWARE\Marked', values: {Text: "${REGTEXT}", List: [a, "${REGLIST}"], More: {append: ["${REGAPPEND}"]}}}
      - {file: "${REGFILE}"}
    drivers: {from: ["${DRIVERS}"], hardware: ["${HARDWARE}"]}
    outputs: [wim]
publish:
  share: {to: "${SHARE}"}
"""

MAIN = """package main

import "fmt"

var version, flag = "", ""

func main() { fmt.Println(version, flag) }
"""


@pytest.fixture
def marked(run, tmp_path):
    """(folder, environment) of a project with a marked value in every place."""
    needs("go", "openssl")
    folder = tmp_path / "p"
    source = folder / mark("src")
    source.mkdir(parents=True)
    (source / "go.mod").write_text("module example.com/agent\n\ngo 1.19\n")
    (source / "main.go").write_text(MAIN)
    (folder / "wingo.yaml").write_text(PROJECT)
    base = folder / f"{mark('base')}.wim"
    assert run("wim", "synthetic", "windows-11", base).code == 0
    data = folder / mark("from")
    data.mkdir()
    (data / "a.txt").write_text("a")
    (folder / f"{mark('regfile')}.reg").write_text(
        "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\FromFile]\r\n\"A\"=\"b\"\r\n")

    drvgen.Maker(tmp_path).netkvm(folder / mark("drivers"))
    hardware = folder / f"{mark('hardware')}.yaml"
    hardware.write_text("devices: ['PCI\\VEN_1AF4&DEV_1000']\n")

    values = dict(PLAIN, DRIVERS=mark("drivers"), HARDWARE=hardware.name, SRC=mark("src"), BASE=base.name, IMAGE="Windows 11 Pro", FROM=data.name, REGFILE=f"{mark('regfile')}.reg",
                  SUM=hashlib.sha256(base.read_bytes()).hexdigest(), SHARE=str(tmp_path / mark("share")))
    return folder, values


def every_variable_place():
    """How many keys take variables, by the sources: the project above has one for each."""
    n = 0
    for path in (ROOT / "src" / "project").glob("*.c"):
        n += len(re.findall(r"WG_KF_VAR", path.read_text()))
    return n


def test_every_place_has_a_marked_value():
    used = set(re.findall(r"\$\{(\w+)\}", PROJECT))
    exempt = 4  # release and time, which are shown; file_version and product_version, which are numbers
    others = 1  # base.dir, which excludes base.file: a test of its own
    registry = 3  # text, list and append are read by hand: one flag for none of them
    assert len(used) >= every_variable_place() - exempt - others + registry - 1, sorted(used)


def needles(values):
    """The values as bytes, in the ways that they can be written."""
    found = {MARK.lower().encode(), MARK.lower().encode("utf-16-le")}
    for v in (values["SUM"],):
        found.add(v.lower().encode())
    return found


def search(folder, values, but=()):
    """Files below folder that hold a value, but those that `but` names."""
    found = []
    for path in folder.rglob("*"):
        rel = str(path.relative_to(folder))
        if path.is_file() and not path.is_symlink() and not any(re.fullmatch(b, rel) for b in but):
            data = path.read_bytes().lower()
            found += [f"{rel}: {n}" for n in needles(values) if n in data]
    return found


def said(r, values):
    text = (r.out + r.err).lower()
    at = text.find(MARK.lower())
    assert at < 0, text[max(0, at - 300):at + 100]
    assert values["SUM"] not in text, r


def modes(folder):
    return {str(p.relative_to(folder)): stat.S_IMODE(p.stat().st_mode) for p in (folder / ".wingo").rglob("*")
            if p.is_file() and not p.is_symlink() and p.name != ".gitignore" and "locks" not in p.parts}


@pytest.mark.slow
def test_values_are_told_by_name_and_kept_nowhere(run, marked, home):
    folder, values = marked
    for args in (["check"], ["plan"], ["plan", "--json"], ["plan", "-v"], ["build", "-v", "-v"], ["plan", "-v"], ["build", "--json"],
                 ["publish", "--dry-run"], ["publish", "-v"], ["publish", "--json"], ["config"], ["config", "--json"], ["clean"],
                 ["build", "--recheck"]):
        r = run(*args, cwd=folder, env=values)
        assert r.code == 0, r
        said(r, values)
    left = {m for path, m in modes(folder).items() if m & 0o077}
    assert not left, {p: oct(m) for p, m in modes(folder).items() if m & 0o077}
    # Below .wingo nothing; what the program and the image are made of holds them.
    assert not search(folder / ".wingo", values)
    store = home / ".cache" / "wingo"
    # The store keeps what was made, by its digest, and where the sources lie, which it must look at again.
    for path in store.rglob("*"):
        if path.is_file() and "blobs" not in path.parts:
            data = path.read_bytes().lower()
            for name in PLAIN:
                for n in (mark(name).lower().encode(), mark(name).lower().encode("utf-16-le")):
                    assert n not in data, (path, name)


@pytest.mark.slow
def test_changed_values_are_told_by_name(run, marked):
    folder, values = marked
    assert run("build", cwd=folder, env=values).code == 0
    for name in PLAIN:
        other = dict(values, **{name: mark(name + "other")})
        for args in (["plan"], ["plan", "-v"], ["plan", "--json"]):
            r = run(*args, cwd=folder, env=other)
            assert r.code == 0, r
            said(r, other)
        if name in ("LDFLAG", "VAR"):
            assert "has another value" in r.out and f"${{{name}}}" in r.out, r
        assert '"run"' in r.out, (name, r)


@pytest.mark.parametrize("name, broken", [
    ("SRC", MARK + "/not-there"), ("BASE", MARK + "/not-there.wim"), ("SUM", "0" * 60 + "3d9a"), ("FROM", MARK + "-not-there"),
    ("REGFILE", MARK + ".reg"), ("SHARE", f"/proc/{MARK}/x"), ("DRIVERS", MARK + "-not-there"),
    ("HARDWARE", MARK + "-not-there.yaml"), ("IMAGE", f"Windows {MARK}"), ("LDFLAG", f"x -badflag-{MARK}"),
    ("GCFLAG", f"x -badflag={MARK}"), ("ORIGINAL", f"{MARK}\x01"), ("VAR", f"'\"{MARK}"), ("APPENV", f"a\n{MARK}"),
    ("SVCNAME", MARK + "x" * 700), ("LNKNAME", f"a/{MARK}"), ("LNKFOLDER", f"Q:|{MARK}"), ("UNVERSION", MARK * 40)])
@pytest.mark.slow
def test_errors_tell_values_by_name(run, marked, name, broken):
    """Errors of wingo, of Go's tools, of the worker that reads the image."""
    folder, values = marked
    values[name] = broken
    for args in (["check"], ["check", "--json"], ["plan"], ["build", "-k"], ["build", "--json"], ["publish"], ["publish", "--json"]):
        r = run(*args, cwd=folder, env=values)
        text = (r.out + r.err).lower()
        at = text.find(MARK.lower())
        assert at < 0, (args, text[max(0, at - 300):at + 100])
        if name == "SUM":
            assert broken not in text, r
    if (folder / ".wingo").exists():
        assert not search(folder / ".wingo", values)


def test_what_the_compiler_prints(run, marked):
    """A compiler that fails prints flags, values and lines of the source."""
    folder, values = marked
    (folder / values["SRC"] / "main.go").write_text(MAIN + "\nfunc f() { undefined_thing() }\n")
    for args in (["build"], ["build", "--json"], ["build", "-v", "-v"]):
        r = run(*args, cwd=folder, env=values)
        assert r.code == 1 and "undefined_thing" in r.out + r.err, r
        said(r, values)
    assert not search(folder / ".wingo", values)


def test_a_run_without_variables_is_as_open_as_ever(run, tmp_path):
    (tmp_path / "wingo.yaml").write_text(
        "version: 1\nname: p\nrelease: ${REL}\nimages: {i: {base: {synthetic: windows-11}, outputs: [wim]}}\n")
    old = os.umask(0o022)
    try:
        assert run("build", cwd=tmp_path, env={"REL": "7.8.9"}).code == 0
    finally:
        os.umask(old)
    assert set(modes(tmp_path).values()) == {0o644}
    assert "7.8.9" in (tmp_path / ".wingo" / "report" / "latest.html").read_text()  # a release is no secret


def test_short_values_are_known_by_what_is_around_them(run, tmp_path):
    """One letter is not replaced everywhere, but where it was filled in."""
    (tmp_path / "wingo.yaml").write_text(
        "version: 1\nname: p\nimages: {i: {base: {synthetic: windows-11}, outputs: [wim], files: [{from: 'dir-${N}-x', "
        "to: 'C:\\x'}]}}\n")
    r = run("check", cwd=tmp_path, env={"N": "1"})
    assert r.code == 3 and "dir-${N}-x" in r.out and "1 error" in r.out and "dir-1-x" not in r.out, r
    assert r.out.startswith("wingo.yaml:3:"), r


def test_paths_of_outputs_are_told_as_they_are(run, tmp_path):
    """A variable whose value is the beginning of the project's own path (${HOME}) hides no output from scripts."""
    d = tmp_path / "p"
    d.mkdir()
    (d / "a.txt").write_text("a")
    (d / "wingo.yaml").write_text(
        "version: 1\nname: p\nrelease: 1.0.0\nimages: {i: {base: {synthetic: windows-11}, outputs: [wim], "
        "files: [{from: '${TOP}/p/a.txt', to: 'C:\\x'}]}}\npublish: {share: {to: ../share}}\n")
    env = {"TOP": str(tmp_path)}
    assert json.loads(run("build", "--json", cwd=d, env=env).out)["outputs"][0]["path"] == str(d / "out" / "i.wim")
    r = run("publish", cwd=d, env=env)
    assert r.code == 0 and r.out == f"{tmp_path}/share/1.0.0/i.wim\n", r
    (d / "wingo.yaml").write_text((d / "wingo.yaml").read_text().replace("to: ../share", "to: '${TOP}/other'"))
    r = run("publish", cwd=d, env=env)
    assert r.code == 0 and r.out == "${TOP}/other/1.0.0/i.wim\n", r
