"""What a base file can be: WIM, ESD, split WIM. Made by wimlib; read and written by us, judged by wimlib."""
import hashlib
import random
import shutil

import pytest

from conftest import needs
from test_image import WIM, bases, check_only_asked, details, extract, put, run, tools  # noqa: F401 (fixtures)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A tree whose contents fill several parts of 1 MB."""
    top = tmp_path_factory.mktemp("tree")
    rng = random.Random(5)
    for i in range(40):
        d = top / f"Dir{i % 7}" / f"sub{i % 3}"
        d.mkdir(parents=True, exist_ok=True)
        (d / f"file{i}.bin").write_bytes(rng.randbytes(rng.randrange(1, 300000)) + b"text" * rng.randrange(50000))
    (top / "same").write_bytes((top / "Dir0" / "sub0" / "file0.bin").read_bytes())
    (top / "empty").write_bytes(b"")
    return top


@pytest.fixture(scope="module")
def whole(tree, tmp_path_factory):
    needs(WIM)
    path = tmp_path_factory.mktemp("whole") / "whole.wim"
    run(WIM, "capture", tree, path, "Part Test", "--check", "--quiet")
    return path


@pytest.fixture
def split(whole, tmp_path):
    """install.swm, install2.swm, ... and how many there are."""
    folder = tmp_path / "set"
    folder.mkdir()
    run(WIM, "split", whole, folder / "install.swm", "1", "--check", "--quiet")
    n = len(list(folder.iterdir()))
    assert n >= 4
    return folder, n


@pytest.fixture
def fails(tools, tmp_path):  # noqa: F811
    def go(path, code, *texts, tool="verify"):
        from conftest import start
        done = start([tools / "wim_tool", tool, path])
        assert done.code == 1, done
        assert done.err.startswith(code + ":"), done.err
        for text in texts:
            assert text in done.err, done.err
        assert str(path) in done.err
        return done.err
    return go


def test_split_like_whole(whole, split, tools, put, tmp_path):  # noqa: F811
    folder, n = split
    first, last = folder / "install.swm", folder / f"install{n}.swm"
    got = run(tools / "wim_tool", "verify", whole).split(" integrity")[0]
    for part in (first, last, folder / "install2.swm"):
        assert run(tools / "wim_tool", "verify", part, "3").split(" integrity")[0] == got
    assert run(tools / "wim_tool", "list", whole, "1") == run(tools / "wim_tool", "list", last, "1")
    new = tmp_path / "new"
    new.write_bytes(b"n" * 1000)
    outs = []
    for base, name in ((whole, "a.wim"), (first, "b.wim"), (last, "c.wim")):
        put(base, tmp_path / name, f"file:C:\\Dir0\\n={new}", image="Part Test")
        outs.append(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert outs[1] == outs[2], "whichever part is named"
    check_only_asked(whole, tmp_path / "b.wim", 1, tmp_path, ["/Dir0/n"])
    assert extract(tmp_path / "b.wim", 1, "/Dir0/n", tmp_path) == new.read_bytes()


def test_split_faults(whole, split, fails, tmp_path):
    folder, n = split
    first = folder / "install.swm"
    third = folder / "install3.swm"
    keep = third.read_bytes()
    third.unlink()
    fails(first, "NOT_FOUND", f"part 3 of {n}", "'install3.swm' should be in")
    fails(folder / "install2.swm", "NOT_FOUND", f"part 3 of {n}", "'install3.swm' should be in")
    third.write_bytes(keep[:100])
    fails(first, "FORMAT", f"part 3 of {n}", "'install3.swm', which is", "less than its header")
    third.write_bytes(b"x" * 5000)
    fails(first, "FORMAT", f"part 3 of {n}", "'install3.swm', which is", "not a WIM")
    other = bytearray(keep)
    other[0x18] ^= 1
    third.write_bytes(other)
    fails(first, "FORMAT", "install3.swm", "of another split WIM")
    third.write_bytes(keep[:len(keep) // 2])
    fails(first, "FORMAT", "part 3", "cut short")
    third.write_bytes(keep)
    shutil.copy(third, folder / "install33.swm")
    fails(first, "CONFLICT", "install3.swm", "install33.swm", "part 3")
    (folder / "install33.swm").unlink()
    (folder / "install7777.swm").mkdir()
    (folder / "install-2.swm").write_bytes(keep)  # no name of the set: not looked at
    damaged = bytearray(keep)
    at = len(keep) // 3
    damaged[at] ^= 0xFF
    third.write_bytes(damaged)
    fails(first, "VERIFY", "part 3", "integrity table")
    (folder / "install-2.swm").rename(folder / "INSTALL3.SWM")
    fails(first, "CONFLICT", "INSTALL3.SWM")


def test_split_swapped_parts(split, tools):  # noqa: F811
    """Which part a file is its header tells, not its name."""
    folder, n = split
    a, b, t = folder / "install2.swm", folder / "install3.swm", folder / "t"
    a.rename(t)
    b.rename(a)
    t.rename(b)
    run(tools / "wim_tool", "verify", folder / "install.swm")
