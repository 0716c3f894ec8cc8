# SPDX-License-Identifier: Apache-2.0
"""Nothing that an image says leaves the folder it is applied to, with openat2 and without; nothing that was there is lost."""
import os
import struct
import sys

import pytest

from conftest import ROOT, needs, start

sys.path.insert(0, str(ROOT / "tests" / "tools"))
import wimgen  # noqa: E402

Node = wimgen.Node
DIR, REPARSE = wimgen.DIR, wimgen.REPARSE
BLOCKED = [sys.executable, ROOT / "tests" / "tools" / "no_openat2.py"]


@pytest.fixture(params=["openat2", "switch", "seccomp"])
def go(request, wingo, env, tmp_path):
    """Runs wingo with openat2, with the switch that forces the way without, and with the call refused."""
    before = BLOCKED if request.param == "seccomp" else []
    more = {"WINGO_NO_OPENAT2": "1"} if request.param == "switch" else {}
    if before and start([*before, "true"]).code != 0:
        pytest.skip("needs seccomp, which this machine refuses")
    return lambda *args: start([*before, wingo, *args], cwd=tmp_path, env={**env, **more})


def write(path, root):
    path.write_bytes(wimgen.Wim().add(root).build())
    return path


def relative(target):
    return wimgen.symlink(target, False)


class LinkWithChildren(wimgen.Wim):
    """The folder `name` becomes a link in the metadata, after its entries were written below it."""

    def __init__(self, name, tag):
        super().__init__()
        self.name, self.tag = wimgen.u16(name), tag

    def metadata(self, root, descriptors):
        b = bytearray(super().metadata(root, descriptors))
        at = bytes(b).index(self.name + b"\0\0") - 102
        struct.pack_into("<I", b, at + 8, DIR | REPARSE)
        struct.pack_into("<Q", b, at + 88, self.tag)
        return bytes(b)


@pytest.fixture
def outside(tmp_path):
    folder = tmp_path / "outside"
    (folder / "sub").mkdir(parents=True)
    (folder / "precious").write_text("mine")
    (folder / "sub" / "precious").write_text("mine")
    yield folder
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*")) == ["precious", "sub", "sub/precious"]
    assert (folder / "precious").read_text() == (folder / "sub" / "precious").read_text() == "mine"


def tree_of(folder):
    return {str(p.relative_to(folder)): os.readlink(p) if p.is_symlink() else p.read_bytes() if p.is_file() else "dir"
            for p in sorted(folder.rglob("*"))}


@pytest.mark.parametrize("tag", [0xA000000C, 0xA0000003, 0xA000001D, 0x80000017])
def test_a_link_with_entries_in_it_is_refused(tag, go, outside, tmp_path):
    wim = tmp_path / "a.wim"
    w = LinkWithChildren("jump", tag).add(Node(children=[Node("jump", children=[Node("precious", b"evil")])]))
    wim.write_bytes(w.build())
    target = tmp_path / "t"
    target.mkdir()
    (target / "jump").symlink_to(outside)
    for command in (("verify", wim), ("apply", wim, "new"), ("apply", wim, target, "--force"), ("dir", wim),
                    ("extract", wim, "1", "jump", "--to", target, "--force"), ("export", wim, "1", "out.wim")):
        r = go("wim", *command)
        assert r.code == 4 and "'\\jump' is a reparse point" in r.err, r
    assert os.readlink(target / "jump") == str(outside) and not (tmp_path / "new").exists()


def test_folders_that_hold_although_they_are_reparse_points(go, tmp_path):
    """Tags of cloud files have the bit that says so, and lead nowhere."""
    w = LinkWithChildren("OneDrive", 0x9000001A).add(Node(children=[Node("OneDrive", children=[Node("f", b"cloud")])]))
    (tmp_path / "a.wim").write_bytes(w.build())
    assert go("wim", "verify", "a.wim").code == 0
    r = go("wim", "apply", "a.wim", "t")
    assert r.code == 0 and (tmp_path / "t" / "OneDrive" / "f").read_bytes() == b"cloud", r
    assert "1 reparse point" in r.err


def test_applied_over_what_another_image_made(go, outside, tmp_path):
    """The first image makes links out of the folder, the second has folders and files there."""
    first = write(tmp_path / "1.wim", Node(children=[
        Node("d", b"", reparse=relative("..\\outside")), Node("deep", children=[Node("l", b"", reparse=relative("..\\..\\outside"))]),
        Node("file", b"", reparse=relative("..\\outside\\precious")), Node("kept", b"first")]))
    for root, where in ((Node(children=[Node("d", children=[Node("precious", b"evil")])]), "d"),
                        (Node(children=[Node("a", b"x"), Node("deep", children=[Node("l", children=[Node("sub", children=[
                            Node("precious", b"evil")])])])]), "deep/l")):
        second = write(tmp_path / "2.wim", root)
        for again in range(2):
            target = tmp_path / f"t-{where.replace('/', '-')}"
            if not again:
                assert go("wim", "apply", first, target).code == 0
            before = tree_of(target)
            r = go("wim", "apply", second, target, "--force")
            assert r.code == 1 and where in r.err and "symbolic link" in r.err, r
            assert tree_of(target) == before  # found before anything was written
    # a file takes the link's place: what it led to stays
    target = tmp_path / "over"
    assert go("wim", "apply", first, target).code == 0
    over = write(tmp_path / "3.wim", Node(children=[Node("file", b"new"), Node("d", b"new, too")]))
    for _ in range(2):
        assert go("wim", "apply", over, target, "--force").code == 0
    assert (target / "file").read_bytes() == b"new" and not (target / "file").is_symlink()
    assert (target / "kept").read_bytes() == b"first" and (target / "d").read_bytes() == b"new, too"


def test_applied_over_a_file_keeps_it_until_the_new_one_is_whole(go, tmp_path):
    wim = tmp_path / "a.wim"
    good = wimgen.Wim().add(Node(children=[Node("a", b"A" * 9999), Node("b", b"B" * 9999)])).build()
    wim.write_bytes(good.replace(b"B" * 9999, b"B" * 9998 + b"C"))
    target = tmp_path / "t"
    target.mkdir()
    (target / "b").write_text("what was there")
    r = go("wim", "apply", wim, target, "--force", "-j1")
    assert r.code == 5, r
    assert (target / "b").read_text() == "what was there"
    assert not [p for p in target.iterdir() if "wgtmp" in p.name]


def test_extract_goes_through_no_link(go, outside, tmp_path):
    wim = write(tmp_path / "a.wim", Node(children=[Node("d", children=[Node("precious", b"evil"), Node("sub", children=[
        Node("precious", b"evil")])])]))
    into = tmp_path / "into"
    into.mkdir()
    (into / "d").symlink_to(outside)
    for more in ((), ("--force",)):
        for what in ("d\\precious", "d\\sub", "d\\sub\\precious", "d\\*"):
            r = go("wim", "extract", wim, "1", what, "--to", into, "--full-paths", *more)
            assert r.code == 1 and "into/d' is a symbolic link" in r.err, r
    r = go("wim", "extract", wim, "1", "d", "--to", into, "--force")
    assert r.code == 0 and not (into / "d").is_symlink() and (into / "d" / "precious").read_bytes() == b"evil", r
    # the folder that the user names may be a link
    (tmp_path / "link").symlink_to(into)
    assert go("wim", "extract", wim, "1", "d\\sub", "--to", tmp_path / "link").code == 0
    assert (into / "sub" / "precious").read_bytes() == b"evil"


@pytest.mark.parametrize("name", ["..", ".", "a/b", "../outside/x", "x\0y", "/etc/x"])
def test_names_that_are_none(name, go, outside, tmp_path):
    wim = write(tmp_path / "a.wim", Node(children=[Node("d", children=[Node(name, b"evil")])]))
    for command in (("apply", wim, "out"), ("verify", wim), ("extract", wim, "1", "d", "--to", "out")):
        r = go("wim", *command)
        assert r.code == 4, r
    assert not (tmp_path / "out").exists()


def test_two_of_one_name(go, tmp_path):
    wim = write(tmp_path / "a.wim", Node(children=[Node("d", children=[Node("x", b"1"), Node("A", b""), Node("a", b""), Node("x", b"2")])]))
    for command in (("apply", wim, "out"), ("verify", wim), ("dir", wim), ("extract", wim, "1", "d\\x"),
                    ("update", wim, "1", "--delete=\\d\\x"), ("export", wim, "1", "n.wim"), ("cat", wim, "1", "d\\x")):
        r = go("wim", *command)
        assert r.code == 4 and "'\\d\\x' is there twice" in r.err, r
    assert go("wim", "verify", write(tmp_path / "b.wim", Node(children=[Node("x", b"1"), Node("X", b"2")]))).code == 0


def test_names_of_devices_are_files_here(go, tmp_path):
    wim = write(tmp_path / "a.wim", Node(children=[Node("CON", b"1"), Node("nul.txt", b"2"), Node("a:b", b"3"), Node("..."), Node(" ")]))
    assert go("wim", "apply", wim, "out").code == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [" ", "...", "CON", "a:b", "nul.txt"]


def test_ntfs_refuses_what_folders_refuse(run, tmp_path):
    needs("mkntfs")
    volume = tmp_path / "v.img"
    volume.write_bytes(b"")
    os.truncate(volume, 8 << 20)
    assert start(["mkntfs", "-F", "-Q", volume]).code == 0
    empty = volume.read_bytes()
    bad = [Node(children=[Node(n, b"x")]) for n in ("..", "x\0y", "a/b", "")] + [Node(children=[Node("x", b"1"), Node("x", b"2")])]
    for root in bad:
        wim = write(tmp_path / "a.wim", root)
        r = run("wim", "apply", wim, volume, "--ntfs")
        assert r.code == 4, r
        assert volume.read_bytes() == empty
    assert run("wim", "apply", write(tmp_path / "a.wim", Node(children=[Node("x", b"1")])), volume, "--ntfs").code == 0


def test_long_runs_of_zeros_become_holes(go, tmp_path):
    big = bytes(3 << 20) + b"data" + bytes(5000) + b"more" + bytes(2 << 20)
    wim = write(tmp_path / "a.wim", Node(children=[Node("a", big), Node("b", big, link=0), Node("zeros", bytes(1 << 20))]))
    assert go("wim", "apply", wim, "out").code == 0
    for name in ("a", "b"):
        assert (tmp_path / "out" / name).read_bytes() == big
        assert (tmp_path / "out" / name).stat().st_blocks * 512 < 300000
    assert (tmp_path / "out" / "zeros").read_bytes() == bytes(1 << 20)
    assert (tmp_path / "out" / "zeros").stat().st_blocks == 0
