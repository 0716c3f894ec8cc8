# SPDX-License-Identifier: Apache-2.0
"""A content is packed once: the next image takes its packed bytes from the store, and is the same as one without."""
import json
import pathlib
import random
import re
import shutil

import pytest

from conftest import needs, start

PROJECT = """version: 1
name: packed
images:
  std:
    base: {{dir: base}}
    arch: amd64
    files:
      - {{from: app.exe, to: 'C:\\App\\app.exe'}}
      - {{from: note.txt, to: 'C:\\App\\note.txt'}}
    outputs: [{out}]
"""


@pytest.fixture
def image(tmp_path):
    rnd = random.Random(3)
    words = [rnd.randbytes(9) for _ in range(500)]
    (tmp_path / "base" / "Windows").mkdir(parents=True)
    (tmp_path / "base" / "Windows" / "a.txt").write_text("a\n" * 100)
    (tmp_path / "app.exe").write_bytes(b"".join(rnd.choice(words) for _ in range(40000)))
    (tmp_path / "note.txt").write_text("1\n")
    (tmp_path / "wingo.yaml").write_text(PROJECT.format(out="wim"))
    return tmp_path


def before(folder):
    """What the last run says of contents that it needn't pack, by step."""
    log = max((folder / ".wingo" / "log").rglob("*.jsonl"), key=lambda p: p.stat().st_mtime_ns)
    found = {}
    for line in log.read_text().splitlines():
        e = json.loads(line)
        if e.get("name") == "bytes_packed_before":
            found[e["step"]] = int(e.get("value", e.get("number", e.get("done", 0))))
    return found


def build(run, *args, **env):
    r = run("build", *args, env=env)
    assert r.code == 0, r


def records(env):
    return list((pathlib.Path(env["XDG_CACHE_HOME"]) / "wingo" / "v1" / "records").rglob("*"))


def test_an_unchanged_content_is_not_packed_again(run, image, tmp_path):
    needs("wimlib-imagex")
    size = (image / "app.exe").stat().st_size
    build(run)
    assert before(image) == {}
    (image / "note.txt").write_text("2\n")
    build(run)
    assert list(before(image).values()) == [size]
    out = image / "out" / "std.wim"
    with_store = out.read_bytes()
    r = start(["wimlib-imagex", "verify", out])
    assert r.code == 0, r
    shutil.rmtree(image / "out")
    shutil.rmtree(image / ".wingo")
    build(run, XDG_CACHE_HOME=str(tmp_path / "other cache"))
    assert before(image) == {} and out.read_bytes() == with_store


def test_a_damaged_one_is_packed_again(run, image, env):
    build(run)
    known = {p for p in records(env) if p.is_file() and p.stat().st_size > 20_000}
    assert known  # the packed app
    for p in known:
        data = bytearray(p.read_bytes())
        data[len(data) // 2] ^= 1
        p.chmod(0o600)
        p.write_bytes(data)
    (image / "note.txt").write_text("2\n")
    build(run)
    assert before(image) == {}
    damaged = (image / "out" / "std.wim").read_bytes()
    assert run("clean", "--all").code == 0
    shutil.rmtree(image / ".wingo")
    shutil.rmtree(image / "out")
    build(run)
    assert (image / "out" / "std.wim").read_bytes() == damaged


def test_clean_counts_and_removes_it(run, image, env):
    build(run)
    assert any(p.is_file() and p.stat().st_size > 20_000 for p in records(env))
    assert run("clean", "--all").code == 0
    assert not any(p.is_file() for p in records(env))
    (image / "note.txt").write_text("2\n")
    build(run)
    assert before(image) == {}


def test_recheck_packs_everything(run, image):
    build(run)
    (image / "note.txt").write_text("2\n")
    build(run)
    assert before(image) != {}
    build(run, "--recheck")


MANY = """version: 1
name: many
images:
  std:
    base: {{file: base.wim}}
    arch: amd64
    files: [{{from: note.txt, to: 'C:\\Bench\\note.txt'}}{more}]
    outputs: [{out}]
"""


@pytest.mark.parametrize("out", ["wim", "esd"])
def test_metadata_whose_chunks_were_packed_before_is_the_same(run, tmp_path, env, out):
    """Most chunks of the metadata of many files are as they were: the image is the one that is made without the store."""
    needs("wimlib-imagex")
    for i in range(3000):
        p = tmp_path / "tree" / f"d{i % 7}" / f"file number {i}.txt"
        p.parent.mkdir(parents=True, exist_ok=True)
        p.write_text(f"{i}\n")
    r = start(["wimlib-imagex", "capture", "--quiet", tmp_path / "tree", tmp_path / "base.wim", "many"])
    assert r.code == 0, r
    shutil.rmtree(tmp_path / "tree")
    image = tmp_path / "out" / f"std.{out}"

    def check(more=""):
        (tmp_path / "wingo.yaml").write_text(MANY.format(out=out, more=more))
        build(run)
        with_store = image.read_bytes()
        known = sum(before(tmp_path).values())
        r = start(["wimlib-imagex", "verify", image])
        assert r.code == 0, r
        shutil.copytree(tmp_path / "out", tmp_path / "kept")
        shutil.copytree(tmp_path / ".wingo", tmp_path / "state")
        shutil.rmtree(tmp_path / "out")
        shutil.rmtree(tmp_path / ".wingo")
        build(run, XDG_CACHE_HOME=str(tmp_path / "other cache"))
        assert image.read_bytes() == with_store
        for name, to in (("kept", "out"), ("state", ".wingo")):
            shutil.rmtree(tmp_path / to)
            (tmp_path / name).rename(tmp_path / to)
        shutil.rmtree(tmp_path / "other cache")
        return known

    def kept():
        return {p: p.stat().st_mtime_ns for p in records(env) if p.is_file() and p.stat().st_size > 30_000}

    for n in ("1", "2"):
        (tmp_path / "note.txt").write_text(f"{n}\n")
        known = check()
        assert kept() and (known > 200_000 if n == "2" else known == 0)  # the chunks
    was = kept()
    for p in was:  # damaged: nobody depends on them
        data = bytearray(p.read_bytes())
        data[len(data) // 2] ^= 1
        p.write_bytes(data)
    (tmp_path / "note.txt").write_text("3\n")
    assert check() == 0
    check(", {from: note.txt, to: 'C:\\Bench\\another name.txt'}")  # all that follows is elsewhere


def test_a_hive_out_of_a_solid_base_is_decompressed_once(run, wingo, tmp_path, env):
    """With it all that lies before it in its chunk would be; damage in the store is no harm."""
    needs("wimlib-imagex", "strace", "hivexget")
    config = tmp_path / "tree" / "Windows" / "System32" / "config"
    config.mkdir(parents=True)
    assert run("reg", "create", config / "SOFTWARE").code == 0
    (tmp_path / "tree" / "Windows" / "a.bin").write_bytes(random.Random(7).randbytes(3_000_000))
    r = start(["wimlib-imagex", "capture", "--quiet", tmp_path / "tree", tmp_path / "base.esd", "one", "--solid"])
    assert r.code == 0, r
    (tmp_path / "note.txt").write_text("1\n")
    (tmp_path / "wingo.yaml").write_text(
        "version: 1\nname: solid\nimages:\n  std:\n    base: {file: base.esd}\n    arch: amd64\n"
        "    files: [{from: note.txt, to: 'C:\\note.txt'}]\n"
        "    registry: [{key: 'HKLM\\SOFTWARE\\Ours', values: {Run: 7}}]\n    outputs: [esd]\n")

    def changed(n):
        """Bytes read (not copied) of the base by a build with another note."""
        (tmp_path / "note.txt").write_text(f"{n}\n")
        log = tmp_path / "trace"
        r = start(["strace", "-f", "-y", "-o", log, "-e", "trace=pread64", wingo, "build"], cwd=tmp_path, env=env)
        assert r.code == 0, r
        out = tmp_path / "out" / "std.esd"
        assert start(["wimlib-imagex", "verify", out]).code == 0
        r = start(["wimlib-imagex", "extract", out, "1", "/Windows/System32/config/SOFTWARE", "--dest-dir", tmp_path / f"x{n}"])
        assert r.code == 0, r
        assert start(["hivexget", tmp_path / f"x{n}" / "SOFTWARE", "Ours", "Run"]).out.strip() in ("7", "0x7", "dword:00000007")
        return sum(int(b) for b in re.findall(r"pread64\(\d+<[^>]*base\.esd>.* = (\d+)$", log.read_text(), re.M))

    build(run)
    assert changed(2) < 500_000
    for p in records(env):
        if p.is_file() and b"regf" in p.read_bytes():
            data = bytearray(p.read_bytes())
            data[-1] ^= 1
            p.write_bytes(data)
    assert changed(3) > 3_000_000
    assert changed(4) < 500_000
