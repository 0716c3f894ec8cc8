# SPDX-License-Identifier: Apache-2.0
"""tests/broken: project files as people get them wrong. Every fault at its line, in one run, with a cure; exit code 3."""
import json
import re

import pytest
from conftest import ROOT

FOLDER = ROOT / "tests" / "broken"


def listed():
    """{file: [(line, text, part of the hint)]}"""
    found = {}
    for line in (FOLDER / "README.md").read_text().splitlines():
        if m := re.fullmatch(r"- (\S+\.yaml)", line):
            at = found.setdefault(m.group(1), [])
        elif m := re.fullmatch(r"  - (\d+) (.*?)(?: -> (.*))?", line):
            at.append((int(m.group(1)), m.group(2), m.group(3) or ""))
    return found


LISTED = listed()


def test_every_file_is_listed_and_there_are_enough():
    assert set(LISTED) == {p.name for p in FOLDER.glob("*.yaml")} and len(LISTED) >= 60
    assert all(LISTED.values())


@pytest.mark.parametrize("name", LISTED)
def test_all_faults_at_their_lines_in_one_run(run, tmp_path, name):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "wingo.yaml").write_bytes((FOLDER / name).read_bytes())
    r = run("check", "--json", cwd=tmp_path / "p")
    assert r.code == 3, r
    faults = json.loads(r.out)["faults"]
    assert [(f["line"], f["text"]) for f in faults] == [(line, text) for line, text, _ in LISTED[name]], r
    for f, (_, _, hint) in zip(faults, LISTED[name]):
        assert hint in f.get("hint", ""), (f, hint)
        assert len(f["text"]) < 1200 and "\n" not in f["text"]
    # What a build says of it is the same, and it makes nothing.
    b = run("build", cwd=tmp_path / "p")
    assert b.code == 3 and not (tmp_path / "p" / "out").exists(), b


def test_every_section_of_the_file_is_among_them():
    texts = " ".join(p.read_text("utf-8", "replace") for p in FOLDER.glob("*.yaml"))
    sections = ["apps", "windows", "version_info", "manifest", "archive", "targets", "env", "vars", "images", "base", "files", "registry", "values",
                "expect", "map", "service", "environment", "failures", "firewall", "uninstall", "shortcut", "winre", "indexes", "outputs", "publish"]
    assert [s for s in sections if not re.search(rf"\b{s}:", texts)] == []
