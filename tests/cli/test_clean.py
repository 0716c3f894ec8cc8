# SPDX-License-Identifier: Apache-2.0
"""`wingo clean` over a store written here, byte by byte, from the layout in src/store/store.h and frame.h."""
import hashlib
import json
import os
import struct
import time

import pytest

from conftest import start

RECORD, BIG = 1, 2


class Store:
    def __init__(self, cache):
        self.cache, self.root = cache, cache / "wingo"

    def _write(self, kind, name, data, age_s):
        path = self.root / "v1" / kind / name[:2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o444)
        then = time.time() - age_s
        os.utime(path, (then, then))
        return path

    def blob(self, data, age_s=7200):
        return self._write("blobs", hashlib.sha256(data).hexdigest(), data, age_s)

    def record(self, text, body, age_s=7200):
        key = hashlib.sha256(text).digest()
        head = b"wgf1" + struct.pack("<IQ", RECORD, len(body)) + key
        return self._write("records", key.hex(), head + hashlib.sha256(head + body).digest() + body, age_s)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "cache")


@pytest.fixture
def clean(wingo, store):
    def run(*args):
        return start([wingo, "clean", *args], env={"XDG_CACHE_HOME": str(store.cache)})
    return run


def test_what_another_program_wrote_is_whole(store, clean):
    store.blob(b"a blob")
    store.record(b"a key", b"a value")
    r = clean("--verify")
    assert r.code == 0 and "read 2 objects, none damaged" in r.out, r


def test_keep_removes_the_longest_unused(store, clean):
    old = store.blob(b"o" * 5000, age_s=90000)
    young = store.blob(b"y" * 5000, age_s=7200)
    dry = clean("--keep", "6kB", "--dry-run")
    assert dry.code == 0 and "would remove 1 object, 4.8 KiB" in dry.out and old.exists(), dry
    r = clean("--keep", "6kB")
    assert r.code == 0 and not old.exists() and young.exists(), r
    assert "removed 1 object, 4.8 KiB" in r.out and "1 object, 4.8 KiB, remain in" in r.out, r


def test_all_removes_everything(store, clean):
    paths = [store.blob(bytes([i]) * 100, age_s=i) for i in range(20)] + [store.record(b"k", b"v", age_s=0)]
    r = clean("--all", "--json")
    assert r.code == 0 and not any(p.exists() for p in paths), r
    facts = json.loads(r.out)
    assert facts["removed_objects"] == 21 and facts["blobs"] == 0 and facts["records"] == 0


def test_damage_is_named_and_removed(store, clean):
    good, bad, torn = store.blob(b"good"), store.blob(b"bad"), store.record(b"k", b"v")
    for path, data in ((bad, b"BAD"), (torn, torn.read_bytes()[:-1])):
        path.chmod(0o644)
        path.write_bytes(data)
    dry = clean("--verify", "--dry-run")
    assert dry.code == 5 and str(bad) in dry.out and str(torn) in dry.out and bad.exists(), dry
    r = clean("--verify", "--json")
    facts = json.loads(r.out)
    assert r.code == 0 and sorted(facts["damaged"]) == sorted([str(bad), str(torn)]), r
    assert not bad.exists() and not torn.exists() and good.exists()
    assert clean("--verify", "--dry-run").code == 0


@pytest.mark.parametrize("args, text", [
    ([], "say what to do"),
    (["--keep", "lots"], "'lots'"),
    (["--keep", "1", "--all"], "exclude each other"),
])
def test_usage(clean, args, text):
    r = clean(*args)
    assert r.code == 2 and text in r.err and "--help" in r.err, r


def test_no_place_for_the_store(wingo):
    r = start([wingo, "clean", "--all"], env={})
    assert r.code == 3 and "XDG_CACHE_HOME" in r.err and "HOME" in r.err, r


LEFT = (".wgtmp-0123456789ab", ".wingo-reg-0123456789ab", "base.wim.wgtmp-0123456789ab", "out/x.wim.wgtmp-0123456789ab", "out/x.wim.wgtmp-01234567",
        "out/prod/app/.wgtmp-0123456789ab", ".wingo/log/a.wgtmp-0123456789ab")
NOT_LEFT = ("my.wgtmp-notes", "x.wgtmp-0123456789AB", "src/a.wgtmp-0123456789ab", "y.wim.wgtmp-01234567", ".wingo-reg-01234567")


def litter(tmp_path):
    (tmp_path / "wingo.yaml").write_text("version: 1\nname: t\n")
    for name in LEFT + NOT_LEFT:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.name.startswith("."):
            path.mkdir()
            (path / "f").write_text("x")
        else:
            path.write_text("xyz")


@pytest.mark.parametrize("args", [(), ("--outputs",), ("--all",), ("--verify",), ("--keep", "1GiB")])
def test_what_killed_commands_left(run, tmp_path, args):
    litter(tmp_path)
    r = run("clean", *args, "--dry-run")
    assert r.code == 0 and all(f"would remove: {name} (left by a killed command" in r.out for name in LEFT), r
    assert not any(f"{name} " in r.out for name in NOT_LEFT), r
    r = run("clean", *args, "--dry-run", "--json")
    found = {os.path.relpath(x["path"], tmp_path): (x["state"], x["folder"], x["bytes"]) for x in json.loads(r.out)["leftovers"]}
    assert found == {name: ("left", True, 0) if os.path.basename(name)[0] == "." else ("left", False, 3) for name in LEFT}, r
    assert all((tmp_path / name).exists() for name in LEFT + NOT_LEFT)
    r = run("clean", *args)
    assert r.code == 0 and all(f"removed: {name} (left by a killed command" in r.out for name in LEFT), r
    assert not any((tmp_path / name).exists() for name in LEFT) and all((tmp_path / name).exists() for name in NOT_LEFT)
    r = run("clean", *args, "--json")
    assert r.code == 0 and json.loads(r.out)["leftovers"] == [], r


def test_what_a_living_command_has_stays(run, tmp_path):
    """Its lock says so; that of a build's big output is one of the project's."""
    import fcntl
    litter(tmp_path)
    (tmp_path / ".wingo" / "locks").mkdir()
    held = [open(tmp_path / "base.wim.wgtmp-0123456789ab"), open(tmp_path / ".wingo" / "locks" / "abc", "w")]
    for f in held:
        fcntl.flock(f, fcntl.LOCK_EX)
    assert run("clean").code == 0
    assert {name for name in LEFT if (tmp_path / name).exists()} == {"base.wim.wgtmp-0123456789ab", "out/x.wim.wgtmp-01234567"}
    for f in held:
        f.close()
    (tmp_path / "below").mkdir()
    r = run("clean", "--json", cwd=tmp_path / "below")  # from a folder below, with the project's paths
    assert {x["path"] for x in json.loads(r.out)["leftovers"]} == {str(tmp_path / "base.wim.wgtmp-0123456789ab"), str(tmp_path / "out/x.wim.wgtmp-01234567")}, r


def test_links_out_of_the_project_are_not_followed(run, tmp_path):
    place = tmp_path / "place"
    (place / "out").mkdir(parents=True)
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "f.wgtmp-0123456789ab").write_text("x")
    (place / "wingo.yaml").write_text("version: 1\nname: t\n")
    (place / "out" / "link").symlink_to("../../else")
    (place / "l.wgtmp-0123456789ab").symlink_to("../else/f.wgtmp-0123456789ab")
    r = run("clean", "--json", cwd=place)
    assert r.code == 0 and json.loads(r.out)["leftovers"] == [] and (tmp_path / "else" / "f.wgtmp-0123456789ab").exists(), r
