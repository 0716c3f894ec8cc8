# SPDX-License-Identifier: Apache-2.0
"""Solid files (ESD): what is written, what is kept of a solid base, and what `compact` leaves out.

wimlib and 7-Zip read everything that is made here; sizes stand beside wimlib's own.
"""
import json
import os
import random
import re
import signal
import subprocess
import time

import pytest

from conftest import needs, start, wait_for
from test_image import WIM, bases, check_only_asked, details, extract, put, run, tools  # noqa: F401 (fixtures)


def header(path):
    text = run(WIM, "info", path, "--header")
    return {k.strip(): v.strip() for k, v in re.findall(r"^(.*?)=(.*)$", text, re.M)}


def solids(path):
    """offset -> (uncompressed, stored) of each solid resource, as wimlib sees it."""
    found = re.findall(r"Solid resource += (\d+) => (\d+) bytes @ offset (\d+)", run(WIM, "info", path, "--blobs"))
    return {int(off): (int(plain), int(stored)) for plain, stored, off in found}


@pytest.fixture
def tree(tmp_path):
    """Programs, text and noise: something for a solid packer to do."""
    rng = random.Random(7)
    folder = tmp_path / "tree"
    words = [rng.randbytes(rng.randrange(3, 12)) for _ in range(4000)]
    for i in range(120):
        path = folder / f"d{i % 9}" / f"file{i:03}.{'exe dll txt ini'.split()[i % 4]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b" ".join(rng.choice(words) for _ in range(rng.randrange(1, 9000))))
    (folder / "same.dll").write_bytes((folder / "d1" / "file001.dll").read_bytes())
    (folder / "empty").write_bytes(b"")
    (folder / "noise.bin").write_bytes(rng.randbytes(300_000))
    return folder


def judged(path):
    needs("7z")
    run(WIM, "verify", path, "--quiet")
    out = run("7z", "t", path)
    assert "Everything is Ok" in out and "Errors" not in out, out


@pytest.mark.parametrize("kind", ["plain", "xpress", "lzx", "lzms", "lzx128k", "solid", "check"])
def test_only_what_was_asked_changes(kind, bases, put, tmp_path):  # noqa: F811
    src = tmp_path / "new"
    src.write_bytes(b"something new " * 5000)
    out = tmp_path / "out.esd"
    put(bases[kind], out, f"file:added\\new.txt={src}", image="2", esd=True)
    check_only_asked(bases[kind], out, 2, tmp_path, ["/added", "/added/new.txt"])
    judged(out)
    assert extract(out, 2, "/added/new.txt", tmp_path) == src.read_bytes()
    h = header(out)
    assert h["Version"] == "0xe00" and h["Chunk Size"] == "131072", h


@pytest.mark.slow
def test_as_small_as_wimlibs(tree, put, tmp_path):  # noqa: F811
    run(WIM, "capture", tree, tmp_path / "w.esd", "--solid", "--check", "--quiet", "--norpfix")
    got = put(tree, tmp_path / "o.esd", dir=True, esd=True)
    judged(tmp_path / "o.esd")
    ours, theirs = (tmp_path / "o.esd").stat().st_size, (tmp_path / "w.esd").stat().st_size
    assert ours <= theirs * 1.02, (ours, theirs)
    assert int(got["out_bytes"]) == ours
    run(WIM, "apply", tmp_path / "o.esd", 1, tmp_path / "applied", "--quiet")
    run("diff", "-r", tree, tmp_path / "applied")


@pytest.mark.slow
def test_a_change_costs_what_it_is(tree, put, tmp_path):  # noqa: F811
    base, out = tmp_path / "base.esd", tmp_path / "out.esd"
    put(tree, base, dir=True, esd=True)
    (tmp_path / "new").write_bytes(b"hello " * 1000)
    got = put(base, out, f"file:d1\\file001.dll={tmp_path / 'new'}", f"file:x={tmp_path / 'new'}", esd=True)
    judged(out)
    (was,), now = solids(base).values(), solids(out)
    assert len(now) == 2 and was in now.values(), (was, now)
    assert int(got["kept_bytes"]) == was[1] and int(got["stored_bytes"]) < 1000
    assert got["repacked_bytes"] == "0" and got["n_dedup"] == "1" and got["dedup_bytes"] == "6000"
    # d1\file001.dll has a copy, same.dll: nothing of it is dead.
    assert got["dead_bytes"] == "0"
    got = put(out, tmp_path / "out2.esd", f"file:same.dll={tmp_path / 'new'}", esd=True)
    size = (tree / "same.dll").stat().st_size
    assert int(got["dead_bytes"]) == size, got


@pytest.mark.slow
def test_compact_leaves_nothing_inside(tree, put, tmp_path):  # noqa: F811
    secret = tree / "secret.txt"
    secret.write_bytes(random.Random(1).randbytes(200_000))
    base, kept, compact = tmp_path / "b.esd", tmp_path / "k.esd", tmp_path / "c.esd"
    put(tree, base, dir=True, esd=True)
    (tmp_path / "new").write_bytes(b"clean")
    got = put(base, kept, f"file:secret.txt={tmp_path / 'new'}", esd=True)
    assert got["dead_bytes"] == "200000"
    got = put(base, compact, f"file:secret.txt={tmp_path / 'new'}", esd=True, compact=True)
    assert got["dead_bytes"] == "0" and got["kept_bytes"] == "0"
    judged(compact)
    assert compact.stat().st_size < kept.stat().st_size - 195_000
    assert {k: v for k, v in details(kept, 1).items()} == details(compact, 1)


@pytest.mark.slow
def test_same_bytes_whatever_threads(tree, put, tmp_path):  # noqa: F811
    made = []
    for n in (1, 2, 5):
        put(tree, tmp_path / f"{n}.esd", dir=True, esd=True, threads=str(n))
        made.append((tmp_path / f"{n}.esd").read_bytes())
    assert made[0] == made[1] == made[2]


@pytest.mark.slow
def test_there_and_back(tree, put, tmp_path):  # noqa: F811
    """WIM to ESD to WIM: the same contents and the same metadata."""
    put(tree, tmp_path / "a.wim", dir=True)
    put(tmp_path / "a.wim", tmp_path / "b.esd", esd=True)
    put(tmp_path / "b.esd", tmp_path / "c.wim")
    judged(tmp_path / "c.wim")
    assert details(tmp_path / "a.wim", 1) == details(tmp_path / "b.esd", 1) == details(tmp_path / "c.wim", 1)
    assert (tmp_path / "a.wim").stat().st_size == (tmp_path / "c.wim").stat().st_size


@pytest.mark.slow
def test_damage_in_a_solid_base_is_found(tree, put, tmp_path):  # noqa: F811
    base = tmp_path / "b.esd"
    put(tree, base, dir=True, esd=True)
    (off, (_, stored)), = solids(base).items()
    raw = bytearray(base.read_bytes())
    raw[off + stored // 2] ^= 0x40
    (tmp_path / "bad.esd").write_bytes(raw)
    err = put(tmp_path / "bad.esd", tmp_path / "o.wim", ok=False)
    assert err.startswith(("FORMAT:", "VERIFY:")) and "bad.esd" in err, err
    err = put(tmp_path / "bad.esd", tmp_path / "o.esd", esd=True, compact=True, ok=False)
    assert err.startswith(("FORMAT:", "VERIFY:")), err


def solid_job(tools, base, tmp_path, out, n_words=3_000_000):  # noqa: F811
    big = tmp_path / "big"
    if not big.exists():
        rng = random.Random(4)
        words = [rng.randbytes(8) for _ in range(5000)]
        big.write_bytes(b"".join(rng.choices(words, k=n_words)))
    return [str(a) for a in (tools / "image_tool", "--esd", "--tmp", tmp_path, "--threads", "2", base, out,
                             f"file:big={big}")]


@pytest.fixture
def small(put, tmp_path):  # noqa: F811
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "a").write_bytes(b"a" * 1000)
    put(tmp_path / "small", tmp_path / "small.esd", dir=True, esd=True)
    return tmp_path / "small.esd"


def worker_seconds(pid):
    """Processor time that the children of a process have used."""
    used = 0
    for child in open(f"/proc/{pid}/task/{pid}/children", encoding="ascii").read().split():
        fields = open(f"/proc/{child}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
        used += int(fields[11]) + int(fields[12])
    return used / os.sysconf("SC_CLK_TCK")


@pytest.mark.slow
def test_canceled_while_it_packs(small, tools, tmp_path):  # noqa: F811
    """Ctrl-C in the middle of a big chunk is not waited out, and leaves nothing."""
    before = small.read_bytes()
    with subprocess.Popen(solid_job(tools, small, tmp_path, tmp_path / "o.esd"), stderr=subprocess.PIPE) as p:
        p.stderr.readline()
        wait_for(lambda: worker_seconds(p.pid) > 0.2, "the first chunk")  # of processor time: all of it takes seconds
        p.send_signal(signal.SIGINT)
        err = p.stderr.read()
        assert p.wait() == 1
    assert b"CANCELED:" in err and not (tmp_path / "o.esd").exists() and small.read_bytes() == before


@pytest.mark.slow
def test_killed_at_any_moment(small, tools, tmp_path):  # noqa: F811
    before, began = small.read_bytes(), time.monotonic()
    assert start(solid_job(tools, small, tmp_path, tmp_path / "whole.esd", 600_000)).code == 0
    took = time.monotonic() - began
    for i in range(6):
        out = tmp_path / f"o{i}.esd"
        with subprocess.Popen(solid_job(tools, small, tmp_path, out), stderr=subprocess.DEVNULL) as p:
            time.sleep(took * (i + 0.5) / 6)
            p.kill()
        time.sleep(0.3)
        assert small.read_bytes() == before
        if out.exists() and out.read_bytes()[:8] == bytes(8):  # a header that says nothing is there yet
            assert start([WIM, "info", out]).code != 0, "taken for a whole one"
        elif out.exists():
            run(WIM, "verify", out, "--quiet")


def test_build_makes_all_outputs(wingo, tmp_path):
    """Through wingo.yaml: a base is packed once for each format, a change does not pack it again."""
    (tmp_path / "tree").mkdir()
    for i in range(40):
        (tmp_path / "tree" / f"{i}.txt").write_text(f"file {i} " * 300)
    (tmp_path / "note.txt").write_text("one")
    (tmp_path / "wingo.yaml").write_text("""version: 1
name: t
images:
  i:
    base: {dir: tree}
    arch: amd64
    files: [{from: note.txt, to: 'C:\\note.txt'}]
    outputs: [wim, esd]
""")
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    first = start([wingo, "build"], cwd=tmp_path, env=env)
    assert first.code == 0 and first.err.count("pack base") == 2, first
    (tmp_path / "note.txt").write_text("two")
    second = start([wingo, "build"], cwd=tmp_path, env=env)
    assert second.code == 0 and "pack base" not in second.err and second.err.count("write image") == 2, second
    for name in ("i.wim", "i.esd"):
        judged(tmp_path / "out" / name)
        assert extract(tmp_path / "out" / name, 1, "/note.txt", tmp_path) == b"two"
    a, b = details(tmp_path / "out" / "i.wim", 1), details(tmp_path / "out" / "i.esd", 1)
    assert a == b


def test_report_has_a_map_of_the_image(wingo, tmp_path):
    """Each folder's bytes as they are: hard-linked content once, what the project put in marked."""
    sizes = {"Windows/System32/a.dll": 300_000, "Windows/System32/b.dll": 200_000, "Windows/x": 40_000,
             "Users/Default/y": 10_000, "root.bin": 5_000, "Users/a &c/z": 7_000}
    for name, n in sizes.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(random.Random(name).randbytes(n))
    (tmp_path / "tree/Windows/link.dll").hardlink_to(tmp_path / "tree/Windows/System32/b.dll")
    (tmp_path / "note.bin").write_bytes(random.Random(1).randbytes(60_000))
    (tmp_path / "wingo.yaml").write_text("""version: 1
name: t
images:
  i: {base: {dir: tree}, arch: amd64, files: [{from: note.bin, to: 'C:\\Program Files\\K\\n'}], outputs: [wim]}
""")
    done = start([wingo, "build"], cwd=tmp_path, env={"XDG_CACHE_HOME": str(tmp_path / "cache")})
    assert done.code == 0, done
    log = "".join(p.read_text() for p in (tmp_path / ".wingo" / "log").glob("*.jsonl"))
    rows = None
    for line in log.splitlines():
        event = json.loads(line)
        if event.get("name") == "folders":
            rows = {(r["folder"], r["below"]): (r["bytes"], r["bytes_put"]) for r in event["rows"]}
    assert rows is not None, log[:2000]
    links = {k: v for k, v in rows.items() if k in (("Windows", "System32"), ("Windows", "(files)"))}
    assert sum(v[0] for v in links.values()) == 540_000, rows
    assert rows[("Users", "Default")] == (10_000, 0) and rows[("Users", "a &c")] == (7_000, 0)
    assert rows[("(files)", "(files)")] == (5_000, 0) and rows[("Program Files", "K")] == (60_000, 60_000)
    page = (tmp_path / ".wingo" / "report" / "latest.html").read_text()
    assert 'svg class="map"' in page and "Program Files\\K: 58.5 KiB, of it put by the project 58.5 KiB" in page
    assert "Users\\a &amp;c: " in page


@pytest.mark.slow
def test_build_makes_parts(wingo, tmp_path):
    """swm: parts no larger than asked, an older and longer set does not leave parts behind."""
    (tmp_path / "tree").mkdir()
    rng = random.Random(3)
    for i in range(30):
        (tmp_path / "tree" / f"{i}.bin").write_bytes(rng.randbytes(200_000))
    project = """version: 1
name: t
images:
  i: {base: {dir: tree}, arch: amd64, outputs: [%s]}
"""
    out = tmp_path / "out"
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    for outputs, n in (("{swm: 1MiB}", 6), ("{swm: 3MiB}, wim", 2), ("swm", 1)):
        (tmp_path / "wingo.yaml").write_text(project % outputs)
        done = start([wingo, "build"], cwd=tmp_path, env=env)
        assert done.code == 0, done
        parts = sorted(out.glob("i*.swm"))
        assert len(parts) == n, parts
        run(WIM, "verify", out / "i.swm", f"--ref={out}/i*.swm", "--quiet")
        run(WIM, "join", tmp_path / f"{n}.wim", *parts, "--quiet")
        run(WIM, "apply", tmp_path / f"{n}.wim", 1, tmp_path / f"applied{n}", "--quiet")
        run("diff", "-r", tmp_path / "tree", tmp_path / f"applied{n}")
    assert details(out / "i.wim", 1) == details(tmp_path / "6.wim", 1)


def test_a_small_solid_block_arrives_on_ntfs_with_its_descriptors(bases, put, tmp_path):  # noqa: F811
    needs(WIM, "mkntfs")
    volume, out, back, new = (tmp_path / n for n in ("v.img", "out.esd", "back.wim", "new"))
    new.write_bytes(b"new in a block of its own " * 40)
    put(bases["solid"], out, f"file:C:\\Program Files\\Kiosk\\a.exe={new}", f"file:C:\\Program Files\\Common\\b={new}",
        image="1", esd=True)
    assert len(solids(out)) == 2
    with open(volume, "wb") as f:
        f.truncate(64 << 20)
    run("mkntfs", "-F", "-Q", volume)
    run(WIM, "apply", out, "1", volume, "--quiet")
    run(WIM, "capture", volume, back, "Back", "--quiet")
    meant, there = details(out, 1), details(back, 1)
    for path in ("/PROGRAM FILES/Kiosk", "/PROGRAM FILES/Kiosk/a.exe", "/PROGRAM FILES/Common/b"):
        sd = re.findall(r"Security Descriptor = (\w+)", meant[path])
        assert sd and sd == re.findall(r"Security Descriptor = (\w+)", there[path]), path
    assert extract(back, 1, "/PROGRAM FILES/Kiosk/a.exe", tmp_path) == new.read_bytes()
