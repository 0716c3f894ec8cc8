# SPDX-License-Identifier: Apache-2.0
"""A content is packed once: the next image takes its packed bytes from the store, and is the same as one without."""
import json
import pathlib
import random
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
