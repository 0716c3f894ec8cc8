# SPDX-License-Identifier: Apache-2.0
"""Several images of one base in one file: `indexes:`, and the names that images have."""
import json
import re

import pytest

from conftest import needs, start

HEAD = "version: 1\nname: t\nimages:\n  setup:\n"
INDEXES = r"""    base: %s
    files: [{from: all.txt, to: 'C:\All\'}]
    registry: [{key: 'HKLM\SOFTWARE\Ours', values: {All: 1}}]
    indexes:
      2: {name: Setup of ours, registry: [{key: 'HKLM\SOFTWARE\Ours', values: {Only: two}}]}
      1: {display_name: PE of ours, files: [{from: one.txt, to: 'C:\One\'}], registry: [{key: 'HKLM\SOFTWARE\Ours', values: {Only: one}}]}
    outputs: [%s]
"""
SYNTHETIC = "{synthetic: windows-11-setup}"


def tool(*argv):
    r = start(argv)
    assert r.code == 0, r
    return r.out


def info(path):
    """What wimlib says of each image, and which one boots."""
    out = tool("wimlib-imagex", "info", path)
    images = [dict(re.findall(r"^([A-Z][A-Za-z ]+):\s+(.*)$", part, re.M)) for part in re.split(r"^Index:", out, flags=re.M)[1:]]
    return images, re.search(r"^Boot Index:\s+(\d+)", out, re.M).group(1)


def paths(path, image):
    return tool("wimlib-imagex", "dir", path, image).splitlines()


def value(folder, path, image, name):
    """A value of HKLM\\SOFTWARE\\Ours in an image, as hivex has it."""
    tool("wimlib-imagex", "extract", path, image, "/Windows/System32/config/SOFTWARE", "--dest-dir", folder)
    return tool("hivexget", folder / "SOFTWARE", "\\Ours", name).strip()


@pytest.fixture
def make(tmp_path, run):
    """make(base, outputs) writes a project with two indexes and builds it."""
    needs("wimlib-imagex", "hivexget")

    def call(base=SYNTHETIC, outputs="wim"):
        (tmp_path / "all.txt").write_text("all\n")
        (tmp_path / "one.txt").write_text("one\n")
        (tmp_path / "wingo.yaml").write_text(HEAD + INDEXES % (base, outputs))
        r = run("build")
        assert r.code == 0, r
        return tmp_path / "out"

    return call


@pytest.mark.parametrize("output", ["wim", "esd", "swm"])
def test_two_indexes(make, run, tmp_path, output):
    out = make(outputs=output) / f"setup.{output}"
    images, boots = info(out)
    assert boots == "2" and len(images) == 2
    assert [i["Name"] for i in images] == ["Microsoft Windows PE (amd64)", "Setup of ours"]
    assert [i["Display Name"] for i in images] == ["PE of ours", "Microsoft Windows Setup (amd64)"]
    for image, only in ((1, "one"), (2, "two")):
        assert "/All/all.txt" in paths(out, image)
        assert ("/One/one.txt" in paths(out, image)) == (image == 1)
        assert value(tmp_path, out, image, "All") == "0x00000001" or value(tmp_path, out, image, "All") == "1"
        assert value(tmp_path, out, image, "Only") == only
    tool("wimlib-imagex", "verify", out)
    assert run("wim", "verify", out).code == 0
    r = run("build")
    assert r.code == 0 and " ran" not in r.err, r
    assert run("build", "--recheck").code == 0
    log = "".join(p.read_text() for p in (tmp_path / ".wingo" / "log").glob("*.jsonl"))
    facts = {e["name"]: e.get("number") for e in map(json.loads, log.splitlines()) if e["event"] == "step_fact"}
    rows = [row for e in map(json.loads, log.splitlines()) if e["event"] == "step_table" and e["name"] == "changes" for row in e["rows"]]
    entries = {(row["entry"].split(" ")[1], row["object"]) for row in rows}
    assert {("1:", "C:\\All\\all.txt"), ("2:", "C:\\All\\all.txt"), ("1:", "C:\\One\\one.txt")} < entries, entries
    assert "index 1: files[1] to C:\\One\\one.txt" in "".join(p.read_text() for p in (tmp_path / ".wingo" / "report").glob("*.html"))
    assert facts["images_serviced"] == 2 and facts["images_kept"] == 0 and facts["files_put"] == 3 + 2, facts


def test_content_of_both_is_there_once(make, run, tmp_path):
    out = make() / "setup.wim"
    blobs = tool("wimlib-imagex", "info", "--blobs", out)
    sha1 = tool("sha1sum", tmp_path / "all.txt").split()[0]
    assert blobs.lower().count(sha1) == 1
    r = run("build", "--set", "images.setup.compact=true")
    assert r.code == 0, r
    tool("wimlib-imagex", "verify", out)
    assert "/One/one.txt" in paths(out, 1) and "/One/one.txt" not in paths(out, 2)


def test_an_image_that_is_not_named_is_kept(run, tmp_path):
    needs("wimlib-imagex")
    assert run("wim", "synthetic", "windows-11", "base.wim").code == 0
    was, _ = info(tmp_path / "base.wim")
    assert len(was) >= 3
    (tmp_path / "wingo.yaml").write_text(
        HEAD + "    base: {file: base.wim}\n    outputs: [wim]\n    indexes: {Windows 11 Pro: {files: [{mkdir: 'C:\\Pro'}]}, "
        "Windows 11 Home: {files: [{mkdir: 'C:\\Home'}]}}\n")
    r = run("build")
    assert r.code == 0, r
    out = tmp_path / "out" / "setup.wim"
    images, _ = info(out)
    assert [i["Name"] for i in images] == [i["Name"] for i in was]
    for number, image in enumerate(images, 1):
        found = [p for p in ("/Pro", "/Home") if p in paths(out, number)]
        assert found == [p for p in ("/Pro", "/Home") if image["Name"] == f"Windows 11 {p[1:]}"], image
        if not found:
            assert image == was[number - 1]
    assert f"does not name are kept as they were: {len(was) - 2} of {len(was)}" in "".join(
        p.read_text() for p in (tmp_path / ".wingo" / "log").glob("*.jsonl")), r


def test_plan_says_which_index(make, run, tmp_path):
    make()
    text = (tmp_path / "wingo.yaml").read_text()
    (tmp_path / "wingo.yaml").write_text(text.replace("Only: two", "Only: three"))
    r = run("plan")
    lines = [line.strip() for line in r.out.splitlines() if "changed" in line]
    assert lines == ["changed: index 2: registry[1] Only (wingo.yaml:9:80)"], r
    (tmp_path / "one.txt").write_text("another\n")
    r = run("plan", "--json")
    assert "index 1: files/1" in r.out, r
    (tmp_path / "wingo.yaml").write_text(text)
    assert run("build").code == 0
    r = run("diff", "out/setup.wim:1", "out/setup.wim:2")
    assert r.code == 1 and "One" in r.out, r


@pytest.mark.parametrize("base,image,line,text", [
    (SYNTHETIC, "3: {name: x}", 6, "images.setup.indexes.3: synthetic base windows-11-setup has no image '3'"),
    ("{file: boot.wim}", "3: {name: x}", 6, "images.setup.indexes.3: "),
    (SYNTHETIC, "1: {}", 6, "images.setup.indexes.1"),
    ("{synthetic: windows-11-setup, image: 2}", "1: {name: x}", 5, "'image' chooses one image"),
    (SYNTHETIC, "1: {name: x}, Microsoft Windows PE (amd64): {name: y}", 6,
     "'Microsoft Windows PE (amd64)' is the same image of the base as '1'"),
    (SYNTHETIC, "1: {name: x}, 2: {name: x}", 6, "indexes '1' and '2' would both have the name 'x'"),
    (SYNTHETIC, "0: {name: x}", 6, "is not the number of an image"),
    (SYNTHETIC, "1: {files: [{mkdir: 'C:\\A'}, {delete: 'C:\\A'}]}", 6, "images.setup.indexes.1: files"),
    (SYNTHETIC, "1: {outputs: [wim]}", 6, "unknown key 'outputs'"),
    ("{dir: tree}\n    arch: amd64", "1: {name: x}", 7, "the base is a folder, which is one image"),
])
def test_what_is_refused(run, tmp_path, base, image, line, text):
    (tmp_path / "tree").mkdir()
    assert run("wim", "synthetic", "windows-11-setup", "boot.wim").code == 0
    (tmp_path / "wingo.yaml").write_text(HEAD + f"    base: {base}\n    indexes: {{{image}}}\n    outputs: [wim]\n")
    r = run("check", "--json")
    found = [(f["line"], f["text"]) for f in json.loads(r.out)["faults"] if f["severity"] == "error"]
    if image == "1: {}":  # nothing more than for all
        assert r.code == 0, r
        return
    assert r.code == 3 and [f for f in found if f[0] == line and text in f[1]], r
    r = run("build")
    assert r.code != 0 and not list((tmp_path / "out").glob("*")), r


CONTRARY = r"""    base: {synthetic: windows-11-setup}
    name: Ours
    files: [{mkdir: 'C:\All'}]
    registry: [{key: 'HKLM\SOFTWARE\K', values: {A: 1, B: same}}]
    indexes:
      1:
        name: Mine
        files: [{delete: 'c:\all'}]
        registry: [{key: 'hklm\software\k', values: {a: 2, B: same}}]
    outputs: [wim]
"""


def test_what_holds_for_all_and_its_contrary(run, tmp_path):
    (tmp_path / "wingo.yaml").write_text(HEAD + CONTRARY)
    r = run("check", "--json")
    found = [(f["line"], f["text"]) for f in json.loads(r.out)["faults"]]
    assert [line for line, _ in found] == [11, 12, 13], r
    assert "'Mine', and for all indexes it is 'Ours' (wingo.yaml:6:11)" in found[0][1]
    assert "see wingo.yaml:7:21" in found[1][1] and "is another for all indexes: wingo.yaml:8:50" in found[2][1], r


def test_a_name_that_another_image_has(run, tmp_path):
    (tmp_path / "wingo.yaml").write_text(
        HEAD + "    base: {synthetic: windows-11-setup, image: 2}\n    name: Microsoft Windows PE (amd64)\n    outputs: [wim]\n")
    r = run("build")
    assert r.code != 0 and "image 2 cannot be called 'Microsoft Windows PE (amd64)': image 1 is; choose another name" in r.err, r


def test_names(run, tmp_path):
    needs("wimlib-imagex")
    (tmp_path / "wingo.yaml").write_text(
        HEAD + "    base: {synthetic: windows-11, image: Windows 11 Pro}\n    name: 'A & <b>'\n    description: d\n    display_name: Kiosk\n"
        "    display_description: For kiosks\n    outputs: [wim]\n")
    r = run("build")
    assert r.code == 0, r
    images, _ = info(tmp_path / "out" / "setup.wim")
    ours = [i for i in images if i["Name"] == "A & <b>"]
    assert len(ours) == 1 and (ours[0]["Description"], ours[0]["Display Name"], ours[0]["Display Description"]) == (
        "d", "Kiosk", "For kiosks"), images
