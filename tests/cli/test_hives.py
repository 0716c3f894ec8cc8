# SPDX-License-Identifier: Apache-2.0
"""Hives proved from the format itself (tests/tools/hivecheck.py) and beside readers of others.

WINGO_TEST_HIVES names folders (separated by ':') with hives of Windows; WINGO_TEST_YARP a folder with the package yarp
of github.com/msuhanov/yarp (PyPI's yarp is another program); WINGO_HIVE_PYTHON a Python that has regipy and
python-registry (made from PyPI below the build folder where it is not set).
"""
import json
import os
import pathlib
import random
import sys

import pytest

from conftest import ROOT, needs, start

sys.path.insert(0, str(ROOT / "tests" / "tools"))
import hivecheck  # noqa: E402  (a tool of the tests, in its own folder)

READERS = ROOT / "tests" / "tools" / "hive_readers.py"
PACKAGES = ["regipy==6.5.0", "python-registry==1.3.1"]
PREFIX = "HKEY_LOCAL_MACHINE\\SOFTWARE"


@pytest.fixture(scope="session")
def readers():
    """readers(name, FILE, *LOGS) -> {path: {value name: [type, hex]}}; regipy and registry need PyPI."""
    python = os.environ.get("WINGO_HIVE_PYTHON")
    if not python:
        venv = ROOT / "build" / "venv-hives"
        python = venv / "bin" / "python"
        if not (venv / "ready").exists():
            r = start([sys.executable, "-m", "venv", venv], timeout=120)
            if r.code == 0:
                r = start([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *PACKAGES], timeout=300)
            if r.code != 0:
                pytest.skip(f"needs PyPI's {' and '.join(PACKAGES)}: {r.err[-300:]}")
            (venv / "ready").touch()

    def call(name, *paths):
        own = [sys.executable if name in ("hivex", "yarp") else python, READERS, name, *paths]
        r = start(own, timeout=600, env=dict(os.environ, PYTHONPATH=os.environ.get("WINGO_TEST_YARP", "")))
        if name == "hivex" and "No module named" in r.err:
            pytest.skip("needs python3-hivex")
        return json.loads(r.out) if r.code == 0 else r.err.strip().rsplit("\n", 1)[-1]

    return call


def ours(run, path, *args):
    """As the readers give it; a text when the hive is refused."""
    r = run("reg", "query", path, "-r", "--json", *args, timeout=600)
    if r.code != 0:
        return r.err.strip()
    types = {n: i for i, n in enumerate((
        "REG_NONE", "REG_SZ", "REG_EXPAND_SZ", "REG_BINARY", "REG_DWORD", "REG_DWORD_BIG_ENDIAN", "REG_LINK",
        "REG_MULTI_SZ", "REG_RESOURCE_LIST", "REG_FULL_RESOURCE_DESCRIPTOR", "REG_RESOURCE_REQUIREMENTS_LIST",
        "REG_QWORD"))}
    return {k["key"]: {v["name"]: [types[v["type"]] if v["type"] in types else int(v["type"], 16), v["bytes"]]
                       for v in k["values"]} for k in json.loads(r.out)["keys"]}


def as_hex(keys):
    return {p: {n: [t, d.hex()] for n, (t, d) in v.items()} for p, v in keys.items()}


def same(a, b, decoded=False):
    """None, or the first difference. decoded: bytes that a reader does not keep are null there."""
    if isinstance(a, str) or isinstance(b, str):
        return f"{str(a)[:200]} | {str(b)[:200]}"
    if set(a) != set(b):
        return f"keys: {sorted(set(a) ^ set(b))[:5]}"
    for path, values in a.items():
        if set(values) != set(b[path]):
            return f"values of {path}: {sorted(set(values) ^ set(b[path]))[:5]}"
        for name, (t, data) in values.items():
            t2, data2 = b[path][name]
            if t != t2 and not (decoded and not isinstance(t2, int)) or data != data2 and not (decoded and data2 is None):
                return f"{path}: {name!r}: {t} {data[:60]} | {t2} {str(data2)[:60]}"
    return None


def known_types(a, keys):
    """Those of keys whose type in a has an empty upper half: regipy takes short data of the others for a place in the file."""
    return {path: {n: v for n, v in values.items() if a.get(path, {}).get(n, [0])[0] < 1 << 16} for path, values in keys.items()}


# --- random edits

NAMES = ["a", "B", "key", "Key With Spaces", "\u00e4\u00f6", "\u65e5\u672c\u8a9e", "\U0001F600", "Z" * 255, "x.y", "_", "{0}"]


def text_of(s):
    return s.replace("\\", "\\\\").replace('"', '\\"')


class Model:
    """What the registry must hold; makes registry text and applies the same to itself."""

    def __init__(self, seed, big):
        self.r, self.keys, self.big = random.Random(seed), {"": {}}, big

    def find(self, path):
        return next((p for p in self.keys if p.upper() == path.upper()), None)

    def make(self, path):
        at = ""
        for part in path.split("\\"):
            nxt = at + "\\" + part if at else part
            at = self.find(nxt) or nxt
            self.keys.setdefault(at, {})
        return at

    def step(self, out):
        r, op = self.r, self.r.random()
        path = r.choice(list(self.keys))
        if op < 0.25 or path == "":
            path = (path + "\\" if path else "") + r.choice(NAMES) + (str(r.randrange(200)) if r.random() < 0.7 else "")
            if len(path.split("\\")[-1]) > 255 or path.count("\\") > 20:
                return
            out.append(f"[{PREFIX}\\{path}]")
            self.make(path)
        elif op < 0.32:
            out.append(f"[-{PREFIX}\\{path}]")
            for p in [p for p in self.keys if p == path or p.startswith(path + "\\")]:
                del self.keys[p]
        else:
            values = self.keys[path]
            name = r.choice(list(values)) if values and r.random() < 0.4 else r.choice(NAMES + [""]) * (r.random() < 0.95)
            name = next((n for n in values if n.upper() == name.upper()), name)
            label = "@" if name == "" else f'"{text_of(name)}"'
            out.append(f"[{PREFIX}\\{path}]")
            if op > 0.9:
                values.pop(name, None)
                out.append(f"{label}=-")
                return
            n = r.choice([0, 1, 2, 3, 4, 5, 8, 100, 1000] + ([4080, 16343, 16344, 16345, 32688, 50000] if self.big else []))
            kind, data = r.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 0x12345, 0xFFFF0011]), r.randbytes(n)
            values[name] = (kind, data)
            out.append(f"{label}=hex({kind:x}):" + ",".join(f"{b:02x}" for b in data))


def test_create_refuses_another_minor_version(run, tmp_path):
    r = run("reg", "create", tmp_path / "x", "--minor=9")
    assert r.code == 2 and "--minor takes 3, 4, 5 or 6" in r.err and not (tmp_path / "x").exists(), r


@pytest.mark.parametrize("minor", [3, 4, 5, 6])
@pytest.mark.slow
def test_random_edits_hold_by_the_format_and_by_two_readers(run, readers, tmp_path, minor):
    path, text = tmp_path / "SOFTWARE", tmp_path / "x.reg"
    assert run("reg", "create", path, f"--minor={minor}").code == 0
    model = Model(minor, big=minor > 3)
    for turn in range(10):
        out = ["Windows Registry Editor Version 5.00", ""]
        for _ in range(80):
            model.step(out)
        text.write_bytes(b"\xff\xfe" + "\r\n".join(out + [""]).encode("utf-16-le"))
        r = run("reg", "import", path, text)
        assert r.code == 0, r
        faults, _, keys = hivecheck.check(path.read_bytes())
        assert faults == [], (turn, faults[:10])
        want = as_hex(model.keys)
        assert same(want, as_hex(keys)) is None, turn
        assert same(want, ours(run, path)) is None, turn
        if turn % 4 == 1:
            assert same(want, readers("hivex", path)) is None, turn
            assert same(want, readers("registry", path), decoded=True) is None, turn


def test_random_edits_of_a_large_hive_hold_by_the_format_and_by_other_readers(run, readers, tmp_path):
    """It is changed where it stands: free cells become one, nothing that isn't changed moves."""
    needs("hivexml")
    path, text, model = tmp_path / "SOFTWARE", tmp_path / "x.reg", Model(17, big=True)

    def imported(out):
        text.write_bytes(b"\xff\xfe" + "\r\n".join(["Windows Registry Editor Version 5.00", "", *out, ""]).encode("utf-16-le"))
        r = run("reg", "import", path, text)
        assert r.code == 0, r

    out = []
    for k in range(700):
        at = model.make(f"Tree{k % 20}\\Key{k}")
        model.keys[at]["Data"] = (3, model.r.randbytes(7000))
        out += [f"[{PREFIX}\\{at}]", '"Data"=hex:' + ",".join(f"{b:02x}" for b in model.keys[at]["Data"][1])]
    assert run("reg", "create", path).code == 0
    imported(out)
    for turn in range(8):
        out, was = [], path.read_bytes()
        for _ in range(12):
            model.step(out)
        imported(out)
        now = path.read_bytes()
        stay = sum(was[i:i + 4096] == now[i:i + 4096] for i in range(4096, len(was), 4096))
        assert stay > len(was) // 4096 // 2, "the hive was written anew"
        faults, _, keys = hivecheck.check(now)
        assert faults == [], (turn, faults[:10])
        want = as_hex(model.keys)
        assert same(want, as_hex(keys)) is None, turn
        assert same(want, ours(run, path)) is None, turn
        if turn % 4 == 3:
            assert same(want, readers("hivex", path)) is None, turn
            assert same(want, readers("registry", path), decoded=True) is None, turn
            r = start(["hivexml", path])
            assert r.code == 0 and r.out.count("<node ") == len(want), (turn, r.err[-300:])


def rewrite(run, path, tmp_path):
    """The hive written anew without a change."""
    empty, out = tmp_path / "empty.reg", tmp_path / "rewritten"
    empty.write_text("Windows Registry Editor Version 5.00\n\n")
    out.unlink(missing_ok=True)
    r = run("reg", "import", path, empty, "--out", out, f"--prefix={PREFIX}", env={"SOURCE_DATE_EPOCH": "1"})
    assert r.code == 0, r
    return out


@pytest.mark.slow
def test_an_unchanged_hive_keeps_its_cells(run, tmp_path):
    path, text = tmp_path / "SOFTWARE", tmp_path / "x.reg"
    assert run("reg", "create", path).code == 0
    model, out = Model(99, True), ["Windows Registry Editor Version 5.00", ""]
    for _ in range(700):
        model.step(out)
    text.write_text("\n".join(out + [""]), encoding="utf-8")
    assert run("reg", "import", path, text).code == 0
    faults, before, _ = hivecheck.check(path.read_bytes())
    assert faults == [] and before["db"] > 3 and before["nk"] > 20, before
    again = rewrite(run, path, tmp_path)
    faults, after, _ = hivecheck.check(again.read_bytes())
    assert faults == [] and after == before
    a, b = path.read_bytes(), again.read_bytes()
    assert len(a) == len(b) and a[4128:] == b[4128:]  # all but the base block and the first bin's time


def test_a_key_with_thousands_of_subkeys(run, tmp_path):
    path, text = tmp_path / "SOFTWARE", tmp_path / "x.reg"
    assert run("reg", "create", path).code == 0
    text.write_text("Windows Registry Editor Version 5.00\n\n" +
                    "".join(f"[{PREFIX}\\Many\\k{i * 7919 % 5000:04}]\n" for i in range(5000)))
    assert run("reg", "import", path, text).code == 0
    faults, inv, keys = hivecheck.check(path.read_bytes())
    assert faults == [] and inv["ri"] == 1 and inv["nk"] == 5002 and len(keys) == 5002, inv


# --- what Wine and hivex write

def test_what_hivex_writes_reads_the_same(run, readers, tmp_path):
    hivex = pytest.importorskip("hivex", reason="needs python3-hivex")
    path = tmp_path / "SOFTWARE"
    assert run("reg", "create", path).code == 0
    h = hivex.Hivex(str(path), write=True)
    for k in range(40):
        node = h.node_add_child(h.root(), f"Key{k}")
        h.node_set_values(node, [{"key": n, "t": t, "value": d} for n, t, d in (
            ("", 1, b"d\0\0\0"), ("Bin", 3, bytes(range(k + 1))), ("Big", 3, b"b" * (k * 100)),
            ("Num", 4, k.to_bytes(4, "little")), ("Multi", 7, "a\0b\0\0".encode("utf-16-le")))])
    h.commit(None)
    a = ours(run, path)
    assert len(a) == 41 and same(a, readers("hivex", path)) is None
    assert same(a, readers("registry", path), decoded=True) is None
    assert same(a, readers("regipy", path), decoded=True) is None
    again = rewrite(run, path, tmp_path)
    assert hivecheck.check(again.read_bytes())[0] == []
    assert same(a, ours(run, again)) is None and same(a, readers("hivex", again)) is None


SYNTHETIC = [f"Windows/System32/config/{h}" for h in (
    "SYSTEM", "SOFTWARE", "DEFAULT", "SAM", "SECURITY", "COMPONENTS", "DRIVERS", "ELAM", "BCD-Template")] + [
    "Users/Default/NTUSER.DAT", "Users/Default/AppData/Local/Microsoft/Windows/UsrClass.dat"]


@pytest.mark.parametrize("product", ["windows-7", "windows-10", "windows-11", "server-2022", "server-2025"])
@pytest.mark.slow
def test_hives_of_synthetic_bases_read_the_same(run, readers, tmp_path, product):
    needs("wimlib-imagex")
    base, n = tmp_path / "base.wim", 0
    assert run("wim", "synthetic", product, base).code == 0
    r = start(["wimlib-imagex", "apply", base, "1", tmp_path / "tree"])
    assert r.code == 0, r
    for h in SYNTHETIC:
        path = tmp_path / "tree" / h
        if not path.exists():
            continue
        n += 1
        faults, _, keys = hivecheck.check(path.read_bytes())
        assert faults == [], (h, faults[:5])
        a = as_hex(keys)
        assert same(a, ours(run, path)) is None, h
        assert same(a, readers("hivex", path)) is None, h
        if product == "windows-11":
            assert same(a, readers("registry", path), decoded=True) is None, h
            theirs = readers("regipy", path)
            assert same(known_types(a, a), known_types(a, theirs), decoded=True) is None, h
    assert n >= 7, n


# --- logs

@pytest.mark.parametrize("kind", [6, 1])
def test_logs_are_replayed_wherever_a_hive_lies(run, readers, tmp_path, kind):
    config = tmp_path / "image" / "Windows" / "System32" / "config"
    config.mkdir(parents=True)
    path, ends = config / "SOFTWARE", (".LOG1", ".LOG2") if kind == 6 else (".LOG",)
    assert run("reg", "create", path).code == 0
    for i in range(30):
        assert run("reg", "add", path, f"Key{i}", "--value=V", "-d", "x" * 500).code == 0
    old = path.read_bytes()
    assert run("reg", "add", path, "Key7", "--value=V", "-d", "y" * 500).code == 0
    if kind == 6:  # regipy's recovery, which refuses a log that makes the hive longer
        mid, seq = path.read_bytes(), int.from_bytes(old[8:12], "little")
        (tmp_path / "R").write_bytes(hivecheck.dirty(old, seq))
        (tmp_path / "R.LOG1").write_bytes(hivecheck.log_of(old, mid, seq))
        assert len(mid) == len(old)
        assert same(ours(run, path), readers("regipy", tmp_path / "R", tmp_path / "R.LOG1"), decoded=True) is None
        assert same(ours(run, path), ours(run, tmp_path / "R")) is None
    assert run("reg", "add", path, "Fresh\\Deep", "--value=W", "-d", "z" * 9000).code == 0
    want, new = ours(run, path), path.read_bytes()
    base, seq = bytearray(new), int.from_bytes(old[8:12], "little")
    log = hivecheck.log_of(old, new, seq, kind)
    path.write_bytes(hivecheck.dirty(old, seq))
    r = run("reg", "query", path)
    assert r.code != 0 and "no transaction log fits" in r.err, r
    for e in ends:
        (config / ("software" + e.lower())).write_bytes(log if e == ends[0] else b"")
    assert same(want, ours(run, path)) is None
    whole = path.read_bytes()
    # Of a folder that is an image, of an image file, compared, beside regipy's recovery.
    r = run("reg", "query", tmp_path / "image", r"HKLM\SOFTWARE\Key7", "--json")
    assert r.code == 0 and json.loads(r.out)["keys"][0]["values"][0]["data"] == "y" * 500, r
    needs("wimlib-imagex")
    assert start(["wimlib-imagex", "capture", tmp_path / "image", tmp_path / "i.wim"]).code == 0
    r = run("reg", "export", tmp_path / "i.wim", r"HKLM\SOFTWARE\Fresh")
    assert r.code == 0 and "z" * 9000 in r.out, r
    (tmp_path / "other" / "Windows" / "System32" / "config").mkdir(parents=True)
    (tmp_path / "other" / "Windows" / "System32" / "config" / "SOFTWARE").write_bytes(bytes(base))
    d = json.loads(run("diff", tmp_path / "i.wim", tmp_path / "other", "--json").out)
    assert [h["differences"] for h in d["registry"]] == [[]]
    # An edit writes the replayed hive and empties the logs.
    assert path.read_bytes() == whole
    r = run("reg", "add", tmp_path / "i.wim", r"HKLM\SOFTWARE\Key7", "--value=N", "-d", "n")
    assert r.code == 0, r
    assert run("reg", "check", tmp_path / "i.wim", r"HKLM\SOFTWARE").out.find("replayed       0") > 0
    assert run("reg", "add", path, "Key7", "--value=N", "-d", "n").code == 0
    assert (config / ("software" + ends[0].lower())).stat().st_size == 0
    assert hivecheck.check(path.read_bytes())[0] == []


# --- salvage

@pytest.fixture
def sound(run, tmp_path):
    """A hive of 300 keys; (path, {key: values})."""
    path, text = tmp_path / "SOFTWARE", tmp_path / "x.reg"
    assert run("reg", "create", path).code == 0
    text.write_text("Windows Registry Editor Version 5.00\n\n" + "".join(
        f"[{PREFIX}\\G{g}\\K{k:02}]\n\"Num\"=dword:{g * 100 + k:08x}\n\"Text\"=\"value {g} {k}\"\n\"Big\"=hex:" +
        ",".join(["%02x" % k] * (20000 if k == 3 else 30)) + "\n" for g in range(10) for k in range(29)))
    assert run("reg", "import", path, text).code == 0
    return path, as_hex(hivecheck.check(path.read_bytes())[2])


def salvage(run, path, tmp_path):
    """(report, keys of the new hive); the new hive holds by the format and for our strict parser."""
    out = tmp_path / "salvaged"
    out.unlink(missing_ok=True)
    r = run("reg", "check", "--salvage", path, "--out", out, "--json")
    assert r.code in (0, 4), r
    report = json.loads(r.out)
    assert (r.code == 4) == (report["faults"] > 0), r
    faults, _, keys = hivecheck.check(out.read_bytes())
    assert faults == [], faults[:5]
    assert run("reg", "check", out).code == 0
    assert len(keys) == report["keys"] and sum(map(len, keys.values())) == report["values"], report
    return report, as_hex(keys)


def cell(data, name):
    """Offset in the file of the body of the key cell with that name."""
    at = data.index(name.encode() + b"\0" * 0, 4096)
    while data[at - 76:at - 74] != b"nk":
        at = data.index(name.encode(), at + 1)
    return at - 76


def test_salvage_of_a_sound_hive_loses_nothing(run, sound, tmp_path):
    path, keys = sound
    report, got = salvage(run, path, tmp_path)
    assert got == keys and report["lost_keys"] == report["orphans"] == report["faults"] == 0


def test_salvage_by_kind_of_damage(run, sound, tmp_path):
    path, keys = sound
    whole = path.read_bytes()
    damaged = tmp_path / "damaged"

    def try_it(off, patch):
        data = bytearray(whole)
        data[off:off + len(patch)] = patch
        damaged.write_bytes(data)
        assert run("reg", "check", damaged).code != 0
        return salvage(run, damaged, tmp_path)

    def u32(off):
        return int.from_bytes(whole[off:off + 4], "little")

    g5, k7 = cell(whole, "G5"), cell(whole, "K07")
    # A parent's list: its keys know it, and go back.
    report, got = try_it(4096 + 4 + u32(g5 + 28), b"xx")
    assert got == keys and report["reattached"] == 29 and report["lost_keys"] == report["orphans"] == 0
    # The parent itself: its keys are orphans, whole.
    report, got = try_it(g5, b"xx")
    assert report["lost_keys"] == 1 and report["orphans"] == 29, report
    orphans = {p.split("\\")[1].split(" ")[0]: v for p, v in got.items() if p.startswith("Salvaged keys\\")}
    assert orphans == {p.split("\\")[1]: v for p, v in keys.items() if p.startswith("G5\\")}
    assert {p: v for p, v in got.items() if not p.startswith("Salvaged keys")} == \
        {p: v for p, v in keys.items() if p != "G5" and not p.startswith("G5\\")}
    # One value, one list of values, one descriptor, the base block, a bin's header.
    first = 4096 + 4 + u32(4096 + 4 + u32(k7 + 40))
    report, got = try_it(first, b"xx")
    assert report["lost_values"] == 1 and report["lost_keys"] == 0 and sum(map(len, got.values())) == 290 * 3 - 1
    report, got = try_it(k7 + 40, b"\xff\xff\xff\x7f")
    assert report["lost_values"] == 3 and set(got) == set(keys)
    report, got = try_it(4096 + 4 + u32(k7 + 44), b"xx")
    assert got == keys and report["faults"] > 0
    for off, patch in ((0, b"XXXX"), (36, b"\xff\xff\xff\x7f"), (508, b"\1\2\3\4"), (8192, b"hbix"), (8192 + 8, b"\7")):
        report, got = try_it(off, patch)
        assert got == keys and report["faults"] > 0, (off, report)


@pytest.mark.slow
def test_salvage_of_random_damage_gives_only_what_was_there(run, sound, tmp_path):
    path, keys = sound
    whole = path.read_bytes()
    damaged = tmp_path / "damaged"
    known = {(n, t, d) for v in keys.values() for n, (t, d) in v.items()}
    for seed in range(60):
        r, data = random.Random(seed), bytearray(whole)
        for _ in range(r.randrange(1, 40)):
            at = r.randrange(len(data))
            if seed % 3 == 0:
                data[at] ^= 1 << r.randrange(8)
            else:
                data[at:at + 64] = bytes(len(data[at:at + 64]))
        if seed % 5 == 0:
            del data[r.randrange(4096, len(data)):]
        damaged.write_bytes(data)
        report, got = salvage(run, damaged, tmp_path)
        if seed % 3:  # zeros in a value's bytes cannot be told from data, but few are hit
            new = {(n, t, d) for v in got.values() for n, (t, d) in v.items()} - known
            assert len(new) <= 40, (seed, len(new))
        assert len(got) + report["lost_keys"] > 0


def test_salvage_of_hostile_files(run, tmp_path):
    """Circles, cells that overlap, depths and counts that cannot be."""
    def hive(bins, root=32):
        base = bytearray(b"regf" + b"\1\0\0\0" * 2 + bytes(8) + b"\1\0\0\0\5\0\0\0\0\0\0\0\1\0\0\0" +
                         root.to_bytes(4, "little") + len(bins).to_bytes(4, "little") + b"\1\0\0\0").ljust(4096, b"\0")
        total = 0
        for i in range(0, 508, 4):
            total ^= int.from_bytes(base[i:i + 4], "little")
        base[508:512] = total.to_bytes(4, "little")
        return bytes(base) + bins

    def cell_of(body):
        body = body + bytes(-(len(body) + 4) % 8)
        return (-(len(body) + 4) & 0xFFFFFFFF).to_bytes(4, "little") + body

    def nk(name, parent, n_sub, subs, flags=0x20, n_val=0, vals=0xFFFFFFFF):
        b = bytearray(76)
        b[0:2], b[2:4] = b"nk", flags.to_bytes(2, "little")
        for off, v in ((16, parent), (20, n_sub), (28, subs), (32, 0xFFFFFFFF), (36, n_val), (40, vals),
                       (44, 0xFFFFFFFF), (48, 0xFFFFFFFF)):
            b[off:off + 4] = v.to_bytes(4, "little")
        b[72:74] = len(name).to_bytes(2, "little")
        return cell_of(bytes(b) + name)

    def bins(*cells):
        body = b"".join(cells)
        size = -(-(len(body) + 32) // 4096) * 4096
        free = size - 32 - len(body)
        return b"hbin" + bytes(4) + size.to_bytes(4, "little") + bytes(20) + body + \
            (free.to_bytes(4, "little") + bytes(free - 4) if free else b"")

    bad = tmp_path / "bad"
    one = len(nk(b"ROOT", 0, 0, 0))
    lists = [cell_of(b"li\1\0" + (32).to_bytes(4, "little")),                     # the root is its own child
             cell_of(b"li\xff\xff" + (32).to_bytes(4, "little")),                 # a count that does not fit
             cell_of(b"ri\1\0" + (32 + one).to_bytes(4, "little")),               # a list that lists itself
             cell_of(b"lh\2\0" + ((32 + one + 16).to_bytes(4, "little") + bytes(4)) * 2)]  # one key twice
    for body in lists:
        child = nk(b"C", 32, 4000000000, 32 + one, n_val=4000000000, vals=32 + one)
        bad.write_bytes(hive(bins(nk(b"ROOT", 0, 4000000000, 32 + one, 0x2C), body, child)))
        assert run("reg", "check", bad).code == 4
        salvage(run, bad, tmp_path)
    # Two orphans that are each other's parents; a name with a separator; a deep chain by parent fields alone.
    at = 32 + one
    step = len(nk(b"A", 0, 0, 0))
    bad.write_bytes(hive(bins(nk(b"ROOT", 0, 0, 0xFFFFFFFF, 0x2C), nk(b"A", at + step, 0, 0), nk(b"B", at, 0, 0),
                              nk(b"x\\y", 5, 0, 0))))
    report, got = salvage(run, bad, tmp_path)
    assert report["orphans"] == 3 and len(got) == 5, (report, got)
    for junk in (b"", b"regf", bytes(8192), b"regf" + bytes(9000), os.urandom(9000)):
        bad.write_bytes(junk)
        r = run("reg", "check", "--salvage", bad, "--out", tmp_path / "none")
        assert r.code == 4 and not (tmp_path / "none").exists(), r


# --- hives of Windows, where somebody has them

def corpus():
    out = []
    for folder in filter(None, os.environ.get("WINGO_TEST_HIVES", "").split(":")):
        for p in sorted(pathlib.Path(folder).rglob("*")):
            if p.is_file() and ".log" not in p.name.lower() and p.stat().st_size > 4096 and \
                    p.open("rb").read(4) == b"regf":
                out.append(p)
    return out


def logs_of(p):
    names = {q.name.lower(): q for q in p.parent.iterdir()}
    return [names[p.name.lower() + e] for e in (".log1", ".log2") if p.name.lower() + e in names and
            names[p.name.lower() + e].stat().st_size > 0]


@pytest.mark.slow
def test_hives_of_windows(run, readers, tmp_path, record_property):
    if not corpus():
        pytest.skip("needs hives of Windows: WINGO_TEST_HIVES names their folders")
    counts, notes, bad = {"read": 0, "refused": 0, "agree": 0, "replayed": 0}, [], []
    for p in corpus():
        a = ours(run, p)
        if isinstance(a, str):
            counts["refused"] += 1
            notes.append(f"{p.name}: {a}")
            continue
        counts["read"] += 1
        # Written anew: holds by the format, says the same, is not larger.
        again = rewrite(run, p, tmp_path)
        faults, _, keys = hivecheck.check(again.read_bytes())
        # What the hive said of itself before is kept: a root without its flag, a value name there twice.
        # Nor is an order changed that Windows made by another table of letter case.
        faults = [f for f in faults if not f.endswith(("root flag", "two values of one name", "are not in order"))]
        d = same(a, as_hex(keys))
        if faults or d and not any("\ud800" <= c < "\ue000" for k in keys for c in k):  # JSON has no lone surrogates
            bad.append((p.name, faults[:5], d))
        live = json.loads(run("reg", "check", p, "--json").out)["live_bytes"]
        if again.stat().st_size > live * 1.05 + 16384:
            bad.append((p.name, again.stat().st_size, live))
        for reader in ("hivex", "registry", "regipy"):
            d = same(a, readers(reader, again), decoded=reader != "hivex")
            counts["agree"] += d is None
            if d is not None:
                notes.append(f"{p.name}: {reader}: {d}")
        logs = logs_of(p)
        if logs and json.loads(run("reg", "check", p, "--json").out)["replayed"]:
            counts["replayed"] += 1
            d = same(a, readers("regipy", p, *logs), decoded=True)
            notes.append(f"{p.name}: recovered, regipy: {d or 'the same'}")
            if os.environ.get("WINGO_TEST_YARP"):
                d = same(a, readers("yarp", p, *logs))
                notes.append(f"{p.name}: recovered, yarp: {d or 'the same'}")
                if d:
                    bad.append((p.name, "yarp", d))
    print(counts, *notes, sep="\n  ")
    assert bad == []
    assert counts["read"] > 0 and counts["agree"] >= counts["read"] * 2, (counts, notes)
