# SPDX-License-Identifier: Apache-2.0
"""An image that another image of the project is made of: `base: {image: std}`."""
import json
import re

import pytest

from conftest import needs, start

STD = "  std:\n    base: {synthetic: windows-11}\n    files: [{mkdir: 'C:\\Std'}]\n%s    outputs: [%s]\n"
HEAD = "version: 1\nname: t\nimages:\n"
OURS = "  kiosk:\n    base: {%s}\n    files: [{from: a.txt, to: 'C:\\Kiosk\\'}]\n    outputs: [%s]\n"


def tool(*argv):
    r = start(argv)
    assert r.code == 0, r
    return r.out


def folders(path, image):
    found = tool("wimlib-imagex", "dir", path, str(image)).splitlines()
    return [name for name in ("Std", "Kiosk", "Third") if f"/{name}" in found]


@pytest.fixture
def make(tmp_path, run):
    needs("wimlib-imagex")
    (tmp_path / "a.txt").write_text("a\n")

    def call(text, *args, code=0):
        (tmp_path / "wingo.yaml").write_text(HEAD + text)
        r = run("check")
        assert code != 0 or r.code == 0, r
        r = run("build", *args)
        assert r.code == code, r
        return r

    return call


@pytest.mark.parametrize("base,outputs,of", [
    ("image: std", "wim", "wim"), ("image: std", "esd", "wim"), ("image: std", "esd", "wim, esd"), ("image: std", "wim", "esd"),
    ("image: std", "swm", "swm"), ("file: out/std.wim, image: Windows 11 Pro", "wim", "wim"),
    ("file: out/std.esd, image: 2", "esd", "wim, esd"), ("file: ./out/std.swm, image: 2", "wim", "swm")])
@pytest.mark.slow
def test_it_is_made_first(make, run, tmp_path, base, outputs, of):
    make(OURS % (base, outputs) + STD % ("", of))
    out = tmp_path / "out" / f"kiosk.{outputs}"
    tool("wimlib-imagex", "verify", out)
    assert [folders(out, i) for i in (1, 2, 3)] == [[], ["Std", "Kiosk"], []]
    again = run("build")
    assert again.code == 0 and " ran" not in again.err, again
    assert run("build", "--recheck").code == 0


def test_a_change_goes_through(make, run, tmp_path):
    text = OURS % ("image: std", "wim") + STD % ("", "wim")
    make(text)
    steps = {s["step"]: s["state"] for s in json.loads(run("plan", "--json").out)["steps"]}
    assert set(steps.values()) == {"cached"} and {"image/std/wim", "image/kiosk/wim"} < set(steps), steps
    make(text.replace("'C:\\Std'", "'C:\\Std'}, {mkdir: 'C:\\Third'"), "image/kiosk")
    assert folders(tmp_path / "out" / "kiosk.wim", 2) == ["Std", "Kiosk", "Third"]
    (tmp_path / "out" / "std.wim").write_bytes(b"not what was made")
    r = run("build", "image/kiosk")
    assert r.code == 0, r
    tool("wimlib-imagex", "verify", tmp_path / "out" / "std.wim")


@pytest.mark.slow
def test_which_image_of_it(make, tmp_path):
    """The one that was changed, whatever it is called now, whatever its base called it."""
    make(OURS % ("image: std", "wim") + STD % ("    name: Ours\n", "wim"))
    assert folders(tmp_path / "out" / "kiosk.wim", 2) == ["Std", "Kiosk"]
    text = OURS % ("image: std", "wim") + "  std:\n    base: {file: base.wim, image: '%s'}\n    files: [{mkdir: 'C:\\Std'}]\n    outputs: [wim]\n"
    tool("cp", tmp_path / "out" / "std.wim", tmp_path / "base.wim")
    for name, number in (("Windows 11 Home", 1), ("3", 3)):
        make(text % name)
        assert folders(tmp_path / "out" / "kiosk.wim", number) == ["Std", "Kiosk"]
    (tmp_path / "tree" / "Windows").mkdir(parents=True)
    make(OURS % ("image: std", "wim") + "  std: {base: {dir: tree}, arch: amd64, files: [{mkdir: 'C:\\Std'}], outputs: [wim]}\n")
    assert folders(tmp_path / "out" / "kiosk.wim", 1) == ["Std", "Kiosk"]


@pytest.mark.slow
def test_a_chain_and_indexes(make, run, tmp_path):
    make("  third:\n    base: {image: kiosk}\n    winre: {files: [{mkdir: 'C:\\Tools'}]}\n    files: [{mkdir: 'C:\\Third'}]\n"
         "    outputs: [esd]\n" + "  kiosk:\n    base: {image: std}\n    indexes: {1: {}, 2: {files: [{mkdir: 'C:\\Kiosk'}]}}\n"
         "    outputs: [wim]\n" + STD % ("", "wim"), code=3)
    make("  third:\n    base: {image: kiosk}\n    winre: {files: [{mkdir: 'C:\\Tools'}]}\n    indexes: {2: {files: [{mkdir: 'C:\\Third'}]}}\n"
         "    outputs: [esd]\n" + "  kiosk:\n    base: {image: std}\n    indexes: {1: {name: One}, 2: {files: [{mkdir: 'C:\\Kiosk'}]}}\n"
         "    outputs: [wim]\n" + STD % ("", "wim"))
    out = tmp_path / "out" / "third.esd"
    assert folders(out, 2) == ["Std", "Kiosk", "Third"] and folders(out, 1) == []
    assert re.search(r"^Name: +One$", tool("wimlib-imagex", "info", out), re.M)
    assert run("build", "--recheck").code == 0


def test_environments(make, run, tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "shop.yaml").write_text("images: {std: {files: [{mkdir: 'C:\\Third'}]}}\n")
    for base in ("image: std", "file: out/std.wim, image: 2"):
        make(OURS % (base, "wim") + STD % ("", "wim"), "--env", "shop")
        assert folders(tmp_path / "out" / "shop" / "kiosk.wim", 2) == ["Kiosk", "Third"]
        assert not (tmp_path / "out" / "std.wim").exists()


def test_architectures(make, run, tmp_path):
    text = OURS % ("image: std", "wim") + STD % ("    arch: arm64\n", "wim")
    make(text)
    r = make(text.replace("    base: {image: std}\n", "    base: {image: std}\n    arch: amd64\n"), code=3)
    assert "image 'kiosk' says arch: amd64, but image 'std', its base, is arm64" in r.err, r
    (tmp_path / "wingo.yaml").write_text(HEAD + text.replace("    base: {image: std}\n",
                                                            "    base: {image: std}\n    apps: [{app: a, to: 'C:\\A'}]\n") +
                                         "apps: {a: {dir: a, targets: [windows/amd64]}}\n")
    r = run("check")
    assert r.code == 3 and "app 'a' has no target windows/arm64" in r.err + r.out, r
