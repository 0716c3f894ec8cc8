# SPDX-License-Identifier: Apache-2.0
"""The recovery environment of an image, a WIM in it: `winre:`."""
import json

import pytest

from conftest import needs, start

HEAD = "version: 1\nname: t\nimages:\n  i:\n"
WINRE = r"""    winre:
      files: [{from: tool.txt, to: 'C:\Tools\'}]
      registry: [{key: 'HKLM\SOFTWARE\Ours', values: {In: winre}}]
"""
PATH = "/Windows/System32/Recovery/Winre.wim"


def tool(*argv):
    r = start(argv)
    assert r.code == 0, r
    return r.out


def winre_of(folder, path, image):
    """The image's Winre.wim as a file, taken out by wimlib."""
    to = folder / f"{path.name}-{image}"
    tool("wimlib-imagex", "extract", path, str(image), PATH, "--dest-dir", to)
    return to / "Winre.wim"


def header(path):
    """Flags and boot index as they stand in the header."""
    b = path.read_bytes()[:0x90]
    return int.from_bytes(b[0x10:0x14], "little"), int.from_bytes(b[0x78:0x7c], "little")


def details(path, image):
    """The entry of Winre.wim as wimlib has it, without what must change."""
    out = tool("wimlib-imagex", "dir", path, str(image), f"--path={PATH}", "--detailed")
    skip = ("Last Write", "Hash", "Last Access", "Uncompressed size", "Compressed size", "Offset", "Solid",
            "Reference Count", "Flags")
    return [line for line in out.splitlines() if "=" in line and not line.strip().startswith(skip)]


@pytest.fixture
def made(tmp_path, run):
    needs("wimlib-imagex", "hivexget")
    (tmp_path / "tool.txt").write_text("a tool\n")
    assert run("wim", "synthetic", "windows-11", "base.wim").code == 0

    def call(more="", base="{file: base.wim, image: Windows 11 Pro}", outputs="wim", code=0):
        (tmp_path / "wingo.yaml").write_text(HEAD + f"    base: {base}\n{WINRE}{more}    outputs: [{outputs}]\n")
        r = run("build")
        assert r.code == code, r
        return r

    return call


@pytest.mark.parametrize("base", ["{file: base.wim, image: Windows 11 Pro}", "{synthetic: windows-11, image: Windows 11 Pro}"])
@pytest.mark.parametrize("output", ["wim", "esd"])
@pytest.mark.slow
def test_it_is_changed_in_its_place(made, run, tmp_path, base, output):
    made(base=base, outputs=output)
    out = tmp_path / "out" / f"i.{output}"
    was, now = winre_of(tmp_path, tmp_path / "base.wim", 2), winre_of(tmp_path, out, 2)
    assert header(now) == header(was)
    assert details(out, 2) == details(tmp_path / "base.wim", 2) and details(out, 2)
    files = set(tool("wimlib-imagex", "dir", now).splitlines())
    assert files - set(tool("wimlib-imagex", "dir", was).splitlines()) == {"/Tools", "/Tools/tool.txt"}
    tool("wimlib-imagex", "verify", now)
    tool("wimlib-imagex", "verify", out)
    tool("wimlib-imagex", "extract", now, "1", "/Windows/System32/config/SOFTWARE", "--dest-dir", tmp_path / "hive")
    assert tool("hivexget", tmp_path / "hive" / "SOFTWARE", "\\Ours", "In").strip() == "winre"
    for other in (1, 3):
        assert winre_of(tmp_path, out, other).read_bytes() == was.read_bytes()
    assert run("build", "--recheck").code == 0
    again = run("build")
    assert again.code == 0 and " ran" not in again.err, again


def test_it_has_a_key_of_its_own(made, run, tmp_path):
    made()
    text = (tmp_path / "wingo.yaml").read_text()
    (tmp_path / "wingo.yaml").write_text(text.replace("    outputs", "    files: [{mkdir: 'C:\\x'}]\n    outputs"))
    steps = {s["step"]: s for s in json.loads(run("plan", "--json").out)["steps"]}
    assert steps["image/i/winre"]["state"] == steps["image/i/winre/base"]["state"] == "cached", steps
    assert steps["image/i/wim"]["state"] == "run", steps
    (tmp_path / "wingo.yaml").write_text(text.replace("In: winre", "In: other"))
    r = run("plan")
    assert "changed: winre: registry[0] In (wingo.yaml:8:" in r.out, r
    steps = {s["step"]: s for s in json.loads(run("plan", "--json").out)["steps"]}
    assert steps["image/i/winre/base"]["state"] == "cached" and steps["image/i/winre"]["state"] == "run", steps


def test_each_index_has_its_own_and_like_ones_are_made_once(made, tmp_path):
    r = made(base="{file: base.wim}", more="    indexes: {1: {}, 3: {files: [{mkdir: 'C:\\Three'}]}}\n")
    assert r.err.count("write WinRE") == 1 and "image/i/winre/1 " in r.err, r
    out = tmp_path / "out" / "i.wim"
    one, three = winre_of(tmp_path, out, 1), winre_of(tmp_path, out, 3)
    assert one.read_bytes() == three.read_bytes()
    assert "/Tools/tool.txt" in tool("wimlib-imagex", "dir", one)
    assert "/Tools" not in tool("wimlib-imagex", "dir", winre_of(tmp_path, out, 2))
    # One of them is another: then there are two.
    (tmp_path / "more.txt").write_text("more\n")
    tool("wimlib-imagex", "update", one, "1", "--command", f"add {tmp_path}/more.txt /more.txt")
    tool("wimlib-imagex", "update", tmp_path / "base.wim", "1", "--command", f"add {one} {PATH}")
    r = made(base="{file: base.wim}", more="    indexes: {1: {}, 3: {files: [{mkdir: 'C:\\Three'}]}}\n")
    (tmp_path / "b").mkdir()
    names = [set(tool("wimlib-imagex", "dir", winre_of(tmp_path / "b", out, i)).split()) for i in (1, 3)]
    assert names[0] - names[1] == {"/more.txt"} and "/Tools/tool.txt" in names[1]


def test_a_folder_as_base(made, run, tmp_path):
    assert run("wim", "apply", "base.wim", "1", "tree").code == 0
    made(base="{dir: tree}", more="    arch: amd64\n")
    assert "/Tools/tool.txt" in tool("wimlib-imagex", "dir", winre_of(tmp_path, tmp_path / "out" / "i.wim", 1))


def test_an_image_without_one(made, run, tmp_path):
    r = made(base="{synthetic: windows-11-setup, image: 1}", code=1)
    assert "wingo.yaml:6:5: images.i.winre: image 'Microsoft Windows PE (amd64)' of the base has no" in r.err, r
    assert "remove 'winre', or choose a base with a recovery environment" in r.err and not list((tmp_path / "out").glob("*")), r


@pytest.mark.parametrize("base", ["{synthetic: windows-11-setup, image: 1}", "{synthetic: windows-11-iso, wim: boot, image: 1}",
                                  "{file: boot.wim, image: 1}", "{dir: tree}"])
def test_check_says_that_there_is_none(run, tmp_path, base):
    (tmp_path / "tool.txt").write_text("a tool\n")
    (tmp_path / "tree" / "Windows").mkdir(parents=True)
    assert run("wim", "synthetic", "windows-11-setup", "boot.wim").code == 0
    (tmp_path / "wingo.yaml").write_text(HEAD + f"    base: {base}\n    arch: amd64\n{WINRE}    outputs: [wim]\n")
    r = run("check", "--json")
    found = [(f["line"], f["text"], f["hint"]) for f in json.loads(r.out)["faults"] if f["severity"] == "error"]
    assert r.code == 3 and len(found) == 1 and found[0][0] == 7 and "has no 'C:\\Windows\\System32\\Recovery\\Winre.wim'" in found[0][1], r
    assert found[0][2].startswith("remove 'winre', or choose a base"), r
    r = run("build")
    assert r.code == 1 and "has no 'C:\\Windows\\System32\\Recovery\\Winre.wim': remove 'winre'" in r.err, r


def test_one_that_is_damaged(made, run, tmp_path):
    (tmp_path / "bad.wim").write_bytes(b"MSWIM\0\0\0" + bytes(300))
    tool("wimlib-imagex", "update", tmp_path / "base.wim", "2", "--command", f"add {tmp_path}/bad.wim {PATH}")
    r = made(code=4)
    assert "Winre.wim of image 'i'" in r.err, r
    whole = winre_of(tmp_path, tmp_path / "base.wim", 1)
    b = bytearray(whole.read_bytes())
    b[0x200:0x240] = bytes(0x40)  # in what is packed: the digests are there to find it
    (tmp_path / "bad.wim").write_bytes(b)
    tool("wimlib-imagex", "update", tmp_path / "base.wim", "2", "--command", f"add {tmp_path}/bad.wim {PATH}")
    r = made(code=4)
    assert "Winre.wim of image 'i'" in r.err, r


@pytest.mark.parametrize("more,line,text", [
    ("    winre: {}\n", 6, "images.i.winre: nothing is done to it"),
    ("    winre: {drivers: true}\n", 6, "images.i.winre.drivers: the image has no drivers"),
    ("    winre: {apps: []}\n", 6, "unknown key 'apps'"),
    ("    winre: {files: [{from: none.txt, to: 'C:\\'}]}\n", 6, "there is no 'none.txt'"),
    ("    winre: {files: [{mkdir: 'C:\\A'}, {delete: 'C:\\A'}]}\n", 6, "images.i.winre: files"),
    ("    winre: {registry: [{key: 'HKLM\\SAM\\A'}]}\n", 6, "SAM"),
    ("    winre: {files: [{mkdir: 'C:\\A'}]}\n    files: [{from: wingo.yaml, to: 'C:\\Windows\\System32\\Recovery\\winre.WIM'}]\n", 6,
     "see wingo.yaml:7:"),
])
def test_what_check_finds(run, tmp_path, more, line, text):
    (tmp_path / "wingo.yaml").write_text(HEAD + "    base: {synthetic: windows-11}\n" + more + "    outputs: [wim]\n")
    r = run("check", "--json")
    assert r.code == 3 and [f for f in json.loads(r.out)["faults"] if f["line"] == line and text in f["text"]], r
