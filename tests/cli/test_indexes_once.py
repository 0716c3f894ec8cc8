# SPDX-License-Identifier: Apache-2.0
"""Several images of one base are changed with one copy of the file, whatever the base is."""
import random
import re

import pytest

from conftest import needs, start

PROJECT = """version: 1
name: several
images:
  all:
    base: {file: %s}
    arch: amd64
    indexes:
      1: {name: One, files: [{from: one.txt, to: 'C:\\Put\\one.txt'}]}
      2: {files: [{from: two.bin, to: 'C:\\Put\\two.bin'}]}
      3: {name: Three, files: [{from: one.txt, to: 'C:\\Put\\three.txt'}, {from: two.bin, to: 'C:\\tree\\1.bin'}]}
    outputs: [%s]
"""


def tool(*argv):
    r = start(argv)
    assert r.code == 0, r
    return r.out


@pytest.fixture
def base(tmp_path):
    needs("wimlib-imagex")
    rnd = random.Random(5)
    tree = tmp_path / "tree"
    for image in ("a", "b", "c"):
        (tree / "tree").mkdir(parents=True, exist_ok=True)
        (tree / "Windows").mkdir(exist_ok=True)
        for i in range(6):
            (tree / "tree" / f"{i}.bin").write_bytes(rnd.randbytes(2_000_000) if i == 0 else bytes([i, ord(image)]) * 5000)
        verb = ["capture"] if image == "a" else ["append"]
        tool("wimlib-imagex", *verb, tree, tmp_path / "base.wim", image, "--check")
    (tmp_path / "one.txt").write_text("one\n")
    (tmp_path / "two.bin").write_bytes(rnd.randbytes(70_000))
    return tmp_path


def contents(folder, image, path):
    to = folder / f"x{image}"
    tool("wimlib-imagex", "extract", path, image, "/Put", "/tree", "--dest-dir", to, "--no-acls")
    return {p.relative_to(to).as_posix(): p.read_bytes() for p in to.rglob("*") if p.is_file()}


@pytest.mark.parametrize("kind, out", [("wim", "wim"), ("swm", "wim"), ("esd", "esd")])
def test_all_images_are_what_was_asked(run, base, kind, out):
    if kind == "swm":
        tool("wimlib-imagex", "split", base / "base.wim", base / "base.swm", "3")
        (base / "base.wim").unlink()
    if kind == "esd":
        tool("wimlib-imagex", "export", base / "base.wim", "all", base / "base.esd", "--solid")
    (base / "wingo.yaml").write_text(PROJECT % (f"base.{kind}", out))
    r = run("build")
    assert r.code == 0, r
    image = base / "out" / f"all.{out}"
    tool("wimlib-imagex", "verify", image)
    assert re.findall("^Name: +(.*)$", tool("wimlib-imagex", "info", image), re.M) == ["One", "b", "Three"]
    puts = [{"Put/one.txt"}, {"Put/two.bin"}, {"Put/three.txt"}]
    for i in (1, 2, 3):
        found = contents(base, i, image)
        assert {n for n in found if n.startswith("Put/")} == puts[i - 1]
        letter = "abc"[i - 1]
        assert found["tree/2.bin"] == bytes([2, ord(letter)]) * 5000
        assert found["tree/1.bin"] == ((base / "two.bin").read_bytes() if i == 3 else bytes([1, ord(letter)]) * 5000)
    if start(["which", "7z"]).code == 0:
        tool("7z", "t", image)


def test_the_base_is_copied_once(run, wingo, env, base):
    needs("strace")
    (base / "wingo.yaml").write_text(PROJECT % ("base.wim", "wim"))
    log = base / "trace"
    r = start(["strace", "-f", "-o", log, "-e", "trace=copy_file_range,sendfile,pwrite64", wingo, "build"], cwd=base, env=env)
    assert r.code == 0, r
    written = sum(int(n) for n in re.findall(r"(?:copy_file_range|sendfile|pwrite64)(?:\(.*|.*resumed.*) = (\d+)$", log.read_text(), re.M))
    size = (base / "out" / "all.wim").stat().st_size
    assert size <= written < size * 3 // 2, (size, written)
