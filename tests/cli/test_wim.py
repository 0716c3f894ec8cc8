# SPDX-License-Identifier: Apache-2.0
"""`wingo wim`: files with images looked at, applied, split and joined; wimlib, 7-Zip and diff judge."""
import hashlib
import json
import os
import random
import re
import signal
import struct
import subprocess
import sys
import time

from xml.etree.ElementTree import fromstring as xml_of

import pytest

from conftest import ROOT, needs, start

sys.path.insert(0, str(ROOT / "tests" / "tools"))
import wimgen  # noqa: E402

WIM = "wimlib-imagex"
KINDS = {"lzx": ["--compress=LZX", "--check"], "xpress": ["--compress=XPRESS"], "none": ["--compress=none"],
         "lzms": ["--compress=LZMS"], "lzx128k": ["--compress=LZX", "--chunk-size=128K"], "solid": ["--solid"]}


def tool(*argv, **more):
    done = start(argv, **more)
    assert done.code == 0, done
    return done.out


def make_tree(folder):
    """Unicode and long names, empty files and folders, hard links, links of all kinds, two equal files."""
    rnd = random.Random(7)
    (folder / "Windows" / "System32").mkdir(parents=True)
    (folder / "empty folder").mkdir()
    (folder / "Windows" / "zero").write_bytes(b"")
    (folder / "Windows" / "big.bin").write_bytes(rnd.randbytes(300000) + bytes(500000))
    for i in range(40):
        (folder / "Windows" / "System32" / f"f{i}.dll").write_bytes(rnd.randbytes(rnd.randrange(1, 40000)) + b"text " * 3000)
    (folder / "Grüße 漢字 \U0001F600.txt").write_text("hello")
    (folder / ("n" * 200)).write_text("long")
    (folder / "same").write_text("hello")
    os.link(folder / "same", folder / "linked")
    os.link(folder / "same", folder / "Windows" / "linked too")
    (folder / "relative").symlink_to("Windows/big.bin")
    (folder / "Windows" / "up").symlink_to("../same")
    (folder / "Windows" / "inside").symlink_to(folder / "empty folder")
    (folder / "outside").symlink_to("/usr/share/nothing")
    for n, path in enumerate(sorted(folder.rglob("*"))):
        os.utime(path, ns=(10**18 + n * 12345678900, 10**18 + n * 98765432100), follow_symlinks=False)


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tree") / "tree"
    folder.mkdir()
    make_tree(folder)
    return folder


@pytest.fixture(scope="session")
def wims(tree, tmp_path_factory):
    """The tree and a second image, in every format."""
    needs(WIM)
    folder = tmp_path_factory.mktemp("wims")
    plain = folder / "plain.wim"
    tool(WIM, "capture", tree, plain, "Tree One", "the first", "--compress=none", "--quiet")
    tool(WIM, "append", tree / "Windows", plain, "Zwei", "--quiet", "--boot")
    made = {}
    for kind, how in KINDS.items():
        made[kind] = folder / f"{kind}.wim"
        tool(WIM, "export", plain, "all", made[kind], *how, "--boot", "--quiet")
    return made


def scan(folder, times=True):
    """path -> what can be seen of it; hard links as the first path of their group."""
    found, inodes = {}, {}
    for path in sorted([folder, *folder.rglob("*")]):
        st = path.lstat()
        name = str(path.relative_to(folder))
        if path.is_symlink():
            what = ("link", os.readlink(path))
        elif path.is_dir():
            what = ("dir",)
        else:
            what = ("file", hashlib.sha1(path.read_bytes()).hexdigest(), inodes.setdefault(st.st_ino, name))
        found[name] = (*what, st.st_mtime_ns) if times else what
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_apply_is_what_wimlib_applies(kind, wims, run, tree, tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    r = run("wim", "apply", wims[kind], "Tree One", ours, "-j3")
    assert r.code == 0 and "warning" not in r.err, r
    tool(WIM, "apply", wims[kind], "1", theirs, "--quiet", "--norpfix")
    a, b = scan(ours), scan(theirs)
    # a link into the image is a relative one here
    assert a["Windows/inside"][:2] == ("link", "../empty folder")
    assert (ours / "Windows" / "inside").resolve() == ours / "empty folder"
    del a["Windows/inside"], b["Windows/inside"]
    assert a == b
    assert a["outside"][1] == "/usr/share/nothing" and a["linked"][2] == a["same"][2] == a["Windows/linked too"][2]


def test_apply_to_what_is_there(wims, run, tmp_path):
    full = tmp_path / "full"
    full.mkdir()
    (full / "keep").write_text("mine")
    (full / "same").write_text("old")
    r = run("wim", "apply", wims["lzx"], "1", full)
    assert r.code == 1 and "not empty" in r.err and "--force" in r.err, r
    r = run("wim", "apply", wims["lzx"], "1", full, "--force")
    assert r.code == 0, r
    assert (full / "keep").read_text() == "mine" and (full / "same").read_text() == "hello"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("wim", "apply", wims["solid"], "2", empty).code == 0
    assert scan(empty, times=False).keys() == scan(full / "Windows", times=False).keys()
    (tmp_path / "file").write_text("x")
    r = run("wim", "apply", wims["lzx"], "1", tmp_path / "file")
    assert r.code == 1 and "no folder" in r.err, r


def test_damage_leaves_nothing(wims, run, tmp_path):
    bad = tmp_path / "bad.wim"
    data = bytearray(wims["none"].read_bytes())
    at = data.index(b"text " * 3000)
    data[at] ^= 1
    bad.write_bytes(data)
    r = run("wim", "apply", bad, "1", tmp_path / "out")
    assert r.code == 5 and "SHA-1" in r.err, r
    (tmp_path / "there").mkdir()
    assert run("wim", "apply", bad, "1", tmp_path / "there").code == 5
    assert not list((tmp_path / "there").iterdir())
    r = run("wim", "extract", bad, "1", "\\Windows", "--to", tmp_path / "some")
    assert r.code == 5 and not list((tmp_path / "some").iterdir()), r
    r = run("wim", "verify", bad)
    assert r.code == 5, r
    assert {p.name for p in tmp_path.iterdir()} == {"bad.wim", "there", "some", "home"}


def test_extract(wims, run, tree, tmp_path):
    to = tmp_path / "to"
    r = run("wim", "extract", wims["lzx"], "1", "WINDOWS/system32/F1*.DLL", "/GRÜSSE 漢字 \U0001F600.TXT".replace("SS", "ß"),
            "C:\\empty folder", "--to", to)
    assert r.code == 0, r
    assert {p.name for p in to.iterdir()} == {f"f1{n}.dll" for n in ["", *range(10)]} | {
        "Grüße 漢字 \U0001F600.txt", "empty folder"}
    assert (to / "f1.dll").read_bytes() == (tree / "Windows" / "System32" / "f1.dll").read_bytes()
    r = run("wim", "extract", wims["lzx"], "1", "\\Windows\\big.bin", "\\Windows", "--full-paths", "--to", to)
    assert r.code == 0, r
    tool("diff", "-r", "--no-dereference", "--exclude=inside", to / "Windows", tree / "Windows")
    r = run("wim", "extract", wims["lzx"], "1", "\\same", "\\Windows", "--to", to)
    assert r.code == 1 and "Windows' exists already" in r.err and not (to / "same").exists(), r
    (to / "Windows" / "more").write_text("x")
    assert run("wim", "extract", wims["lzx"], "1", "\\Windows", "--to", to, "--force").code == 0
    assert not (to / "Windows" / "more").exists()  # replaced as a whole
    for bad, said in (("\\Windwos", "did you mean 'Windows'"), ("\\Windows\\nothing here", "no 'nothing here' in '\\Windows'"),
                      ("..\\x", "not a name"), ("\\no*thing", "nothing fits"), ("\\W*\\x", "last name only")):
        r = run("wim", "extract", wims["lzx"], "1", bad, "--to", to)
        assert r.code != 0 and said in r.err, r


def test_cat(wingo, wims, run, tree, tmp_path):
    for kind in KINDS:
        done = subprocess.run([wingo, "wim", "cat", wims[kind], "1", "c:/windows/BIG.bin"], stdout=subprocess.PIPE, check=True)
        assert done.stdout == (tree / "Windows" / "big.bin").read_bytes()
    assert run("wim", "cat", wims["lzx"], "1", "/windows/zero").out == ""
    with subprocess.Popen([wingo, "wim", "cat", wims["lzx"], "1", "/windows/big.bin"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as p:
        p.stdout.read(10)
        p.stdout.close()  # the reader has gone: no reason to complain
        assert p.stderr.read() == b"" and p.wait() == 1
    r = run("wim", "cat", wims["lzx"], "1", "/windows")
    assert r.code == 1 and "folder" in r.err, r
    rich = tmp_path / "rich.wim"
    rich.write_bytes(wimgen.rich_wim().build())
    listed = json.loads(run("wim", "dir", rich, "1", "--json").out)["entries"]
    with_stream = [e for e in listed if e.get("streams") and "bytes" in e]
    assert with_stream
    for e in with_stream:
        for s in e["streams"]:
            got = subprocess.run([wingo, "wim", "cat", rich, "1", e["path"] + ":" + s["name"].upper()],
                                 stdout=subprocess.PIPE, check=True).stdout
            assert hashlib.sha1(got).hexdigest() == s["sha1"]
    r = run("wim", "cat", rich, "1", with_stream[0]["path"] + ":none")
    assert r.code == 1 and "no stream 'none'" in r.err, r


def test_dir(wims, run, tmp_path):
    theirs = [line.replace("/", "\\") for line in tool(WIM, "dir", wims["solid"], "1").splitlines()]
    ours = run("wim", "dir", wims["solid"], "1").out.splitlines()
    assert sorted(ours) == sorted(theirs) and ours[0] == "\\"
    part = run("wim", "dir", wims["lzx"], "1", "--path=windows/system32").out.splitlines()
    assert part == [p for p in ours if p.startswith("\\Windows\\System32")]
    for kind in ("lzx", "solid"):
        rows = {e["path"]: e for e in json.loads(run("wim", "dir", wims[kind], "1", "--json").out)["entries"]}
        assert set(rows) == set(ours)
        detailed = tool(WIM, "dir", wims[kind], "1", "--detailed")
        for block in detailed.split("-" * 76)[1:]:
            path = re.search(r'^Full Path +=? *"(.*)"', block, re.M).group(1).replace("/", "\\")
            found = re.search(r"Hash += 0x([0-9a-f]{40})", block)
            if found and "sha1" in rows[path]:
                assert rows[path]["sha1"] == found.group(1)
            assert int(rows[path]["attributes"], 16) == int(re.search(r"Attributes += (0x[0-9a-f]+)", block).group(1), 16)
    assert rows["\\outside"]["target"] == "C:\\usr\\share\\nothing"
    rich = tmp_path / "rich.wim"
    rich.write_bytes(wimgen.rich_wim().build())
    text = run("wim", "dir", rich, "1", "--detailed").out
    assert "Security" in text and "O:" in text and "Stream" in text


def test_info(wims, run):
    r = run("wim", "info", wims["lzx"], "--json", "--blobs")
    got = json.loads(r.out)
    assert [i["name"] for i in got["images"]] == ["Tree One", "Zwei"] and got["images"][1]["boot"]
    assert len(got["blobs"]) == got["contents"] + 2
    r = run("wim", "info", wims["lzx"], "zwei")
    assert "Zwei" in r.out and "Tree One" not in r.out, r
    assert run("wim", "info", wims["lzx"], "--xml").out.startswith("<WIM>")
    r = run("wim", "info", wims["lzx"], "3")
    assert r.code == 1 and "1 'Tree One', 2 'Zwei'" in r.err, r
    assert run("wim", "info", "none.wim").code == 1
    assert run("wim", "info", "/etc/passwd").code == 4
    r = run("wim", "inof", wims["lzx"])
    assert r.code == 2 and "info" in r.err, r
    assert run("wim", "apply", wims["lzx"]).code == 2


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "solid"])
def test_split_and_join(kind, wims, run, tmp_path):
    source, first = wims[kind], tmp_path / "in.st.swm"
    before = source.read_bytes()
    r = run("wim", "split", source, first, "200KiB", "--json")
    assert r.code == 0, r
    got = json.loads(r.out)
    parts = [tmp_path / ("in.st.swm" if n == 1 else f"in.st{n}.swm") for n in range(1, len(got["parts"]) + 1)]
    assert [str(p) for p in parts] == got["parts"] and len(parts) > 2
    too_large = [p for p in parts if p.stat().st_size > 200 * 1024]
    assert len(too_large) == got["too_large"] == (1 if kind == "none" or "lz" in kind or kind == "xpress" else 0), r
    assert "larger than asked" in r.err
    tool(WIM, "verify", first, f"--ref={tmp_path}/in.st*.swm")
    tool(WIM, "join", tmp_path / "theirs.wim", *parts)
    tool(WIM, "verify", tmp_path / "theirs.wim")
    assert run("wim", "verify", first).code == 0
    assert run("wim", "join", tmp_path / "ours.wim", *reversed(parts)).code == 0
    assert run("wim", "join", tmp_path / "ours2.wim", first).code == 0
    assert (tmp_path / "ours.wim").read_bytes() == (tmp_path / "ours2.wim").read_bytes()
    tool(WIM, "verify", tmp_path / "ours.wim")
    tool("7z", "t", tmp_path / "ours.wim")
    for out in ("theirs.wim", "ours.wim"):
        a, b = (tool(WIM, "dir", w, "1", "--detailed") for w in (source, tmp_path / out))
        drop = re.compile(r"^(Offset in WIM|Part Number|Reference Count).*\n", re.M)
        assert drop.sub("", a) == drop.sub("", b)
    assert "Boot Index:     2" in tool(WIM, "info", tmp_path / "ours.wim")
    assert run("wim", "apply", parts[0], "1", tmp_path / "tree").code == 0
    assert source.read_bytes() == before


def test_split_as_wimlib_does(wims, run, tmp_path):
    tool(WIM, "split", wims["lzx"], tmp_path / "w.swm", "0.2")
    parts = sorted(tmp_path.glob("w*.swm"))
    assert len(parts) > 2
    assert run("wim", "join", tmp_path / "ours.wim", *parts).code == 0
    tool(WIM, "verify", tmp_path / "ours.wim")
    r = run("wim", "join", tmp_path / "x.wim", *parts[:-1])
    assert r.code == 1 and "missing" in r.err and not (tmp_path / "x.wim").exists(), r
    r = run("wim", "join", tmp_path / "x.wim", *parts, parts[0])
    assert r.code == 1 and "are both part" in r.err, r
    r = run("wim", "join", tmp_path / "x.wim", *parts, wims["lzx"])
    assert r.code == 1 and "not of the same set" in r.err, r


def test_split_refuses(wims, run, tmp_path):
    first = tmp_path / "a.swm"
    r = run("wim", "split", wims["solid"], first, "1MiB")
    assert r.code == 1 and "export" in r.err, r
    r = run("wim", "split", wims["lzx"], first, "3800")
    assert r.code == 2 and "3800MiB" in r.err, r
    assert run("wim", "split", wims["lzx"], first, "many").code == 2
    (tmp_path / "a3.swm").write_text("mine")
    r = run("wim", "split", wims["lzx"], first, "200KiB")
    assert r.code == 1 and "a3.swm' exists already" in r.err, r
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".swm"] == ["a3.swm"]
    assert run("wim", "split", wims["lzx"], first, "200KiB", "--force").code == 0
    r = run("wim", "split", wims["lzx"], first, "600KiB", "--force")
    assert r.code == 1 and "would not belong to the new set" in r.err, r


def contents(wim):
    """Hash -> uses, of all contents in the file (no metadata)."""
    rows = [b for b in json.loads(WINGO("wim", "info", wim, "--blobs", "--json"))["blobs"] if b["kind"] != "metadata"]
    assert len({b["sha1"] for b in rows}) == len(rows)
    return {b["sha1"]: b["uses"] for b in rows}


def WINGO(*argv):
    return tool(os.environ.get("WINGO", ROOT / "build" / "wingo"), *argv)


def same_image(a, n, b, m, tmp_path):
    """Image n of a is image m of b for wimlib: every entry with all that it has, and its XML."""
    drop = re.compile(r"^(Offset in WIM|Part Number|Reference Count|Compressed size|Flags|Raw|Solid).*\n", re.M)
    x, y = (drop.sub("", tool(WIM, "dir", w, str(i), "--detailed")) for w, i in ((a, n), (b, m)))
    assert x == y

    def element(w, i):
        tool(WIM, "info", w, "--extract-xml", tmp_path / "x.xml")
        text = (tmp_path / "x.xml").read_bytes().decode("utf-16")
        return re.search(rf'<IMAGE INDEX="{i}">(.*?)</IMAGE>', text, re.S).group(1)
    return element(a, n), element(b, m)


@pytest.mark.parametrize("target", ["new.wim", "new.esd"])
@pytest.mark.parametrize("kind", KINDS)
def test_export(kind, target, wims, run, tmp_path):
    out, before = tmp_path / target, wims[kind].read_bytes()
    r = run("wim", "export", wims[kind], "all", out, "--json")
    assert r.code == 0, r
    got = json.loads(r.out)
    assert got["images"] == got["exported"] == 2 and got["bytes"] == out.stat().st_size
    tool(WIM, "verify", out)
    tool("7z", "t", out)
    for n in (1, 2):
        a, b = same_image(wims[kind], n, out, n, tmp_path)
        assert a == b
    header = tool(WIM, "info", out, "--header")
    assert re.search(r"Boot Index +=? *2", header) and "Boot Metadata Size          = 0" not in header
    assert contents(out) == contents(wims[kind])
    if kind == "lzx" and target == "new.wim":
        assert got["repacked_bytes"] == 0
    size = out.stat().st_size  # the same again, from scratch, elsewhere
    assert run("wim", "export", wims[kind], "all", tmp_path / ("x" + target), "-j1").code == 0
    assert (tmp_path / ("x" + target)).read_bytes() == out.read_bytes() and size > 0
    assert wims[kind].read_bytes() == before


def test_export_one(wims, run, tree, tmp_path):
    for kind in ("lzx", "solid", "xpress"):
        out = tmp_path / f"{kind}.wim"
        assert run("wim", "export", wims[kind], "Zwei", out, "--name=Drei").code == 0
        a, b = same_image(wims[kind], 2, out, 1, tmp_path)
        assert b == a.replace("<NAME>Zwei</NAME>", "<NAME>Drei</NAME>")
        tool(WIM, "verify", out)
        tool(WIM, "apply", out, "1", tmp_path / kind, "--quiet", "--norpfix")
        tool("diff", "-r", "--no-dereference", "--exclude=inside", tmp_path / kind, tree / "Windows")
        listed = {e["sha1"] for e in json.loads(run("wim", "dir", out, "1", "--json").out)["entries"] if "sha1" in e}
        assert listed <= set(contents(out))  # and nothing that only the other image has:
        hello = hashlib.sha1(b"long").hexdigest()
        assert hello in contents(wims[kind]) and hello not in contents(out)


def test_export_adds(wims, run, tmp_path):
    """Into a file that is there: its images stay, contents are shared, uses are summed."""
    out = tmp_path / "out.wim"
    assert run("wim", "export", wims["lzx"], "2", out).code == 0
    first, had = out.read_bytes(), contents(out)
    assert run("wim", "export", wims["solid"], "1", tmp_path / "one.wim").code == 0
    r = run("wim", "export", wims["solid"], "1", out, "--json")
    assert r.code == 0, r
    got = json.loads(r.out)
    assert got["images"] == 2 and got["exported"] == 1, r
    assert got["shared_contents"] == len(had.keys() & contents(tmp_path / "one.wim").keys()) > 30
    tool(WIM, "verify", out)
    assert contents(out) == contents(wims["lzx"])
    assert "LZX" in tool(WIM, "info", out)
    for n, m in ((2, 1), (1, 2)):
        a, b = same_image(wims["lzx"], n, out, m, tmp_path)
        assert a == b
    r = run("wim", "export", wims["lzx"], "all", out)
    assert r.code == 1 and "has an image 'Tree One' already" in r.err and "--name" in r.err, r
    assert run("wim", "export", wims["lzx"], "1", out, "--name=again", "--boot").code == 0
    assert "Boot Index:     3" in tool(WIM, "info", out)
    assert contents(out).keys() == contents(wims["lzx"]).keys()
    esd = tmp_path / "out.esd"
    esd.write_bytes(first)
    assert run("wim", "export", wims["lzx"], "1", esd).code == 0  # keeps its format, whatever its name
    assert "LZX" in tool(WIM, "info", esd)
    assert run("wim", "export", wims["lzx"], "1", esd, "--esd", "--name=x").code == 0
    assert "Version                     = 0xe00" in tool(WIM, "info", esd, "--header")
    tool(WIM, "verify", esd)
    (tmp_path / "no.wim").write_text("no wim")
    assert run("wim", "export", wims["lzx"], "1", tmp_path / "no.wim").code == 4
    assert (tmp_path / "no.wim").read_text() == "no wim"
    assert run("wim", "export", wims["lzx"], "5", tmp_path / "x.wim").code == 1
    assert not (tmp_path / "x.wim").exists()


def resources(wim, kind):
    """(offset, stored bytes) of what the blob table says is of that kind: contents or metadata."""
    rows = json.loads(WINGO("wim", "info", wim, "--blobs", "--json"))["blobs"]
    return [(int(r["offset"], 0), int(r["stored_bytes"])) for r in rows if (r["kind"] == "metadata") == (kind == "metadata")
            and int(r["stored_bytes"]) > 0]


def flipped(source, at, target):
    data = bytearray(source.read_bytes())
    data[at] ^= 0x10
    target.write_bytes(data)
    return target


TAKE_OVER = {"export": ("wim", "export", "BAD", "all", "OUT"), "update": ("wim", "update", "BAD", "1", "--mkdir=\\New", "--out=OUT"),
             "split": ("wim", "split", "BAD", "OUT", "100KiB"), "append": ("wim", "export", "GOOD", "1", "OUT", "--name=Third")}


@pytest.mark.parametrize("kind, command", [(k, c) for k in ("lzx", "none", "solid") for c in TAKE_OVER if (k, c) != ("solid", "split")])
def test_damage_is_not_passed_on(kind, command, wims, run, tmp_path):
    """A bit of a resource that goes over as it is: the command refuses, and names the file that it belongs to."""
    source, rnd = wims[kind], random.Random(kind)
    metadata = resources(source, "metadata")
    if kind == "solid":  # contents lie between the header and the metadata
        places = [rnd.randrange(208 + 100, metadata[0][0]) for _ in range(3)]
    else:
        places = [off + n // 2 for off, n in rnd.sample(resources(source, "content"), 3)]
    places.append(metadata[1][0] + metadata[1][1] // 2)
    name = "out.esd" if kind == "solid" else "out.wim"
    for n, at in enumerate(places):
        out = tmp_path / f"{n}{name}"
        bad = flipped(source, at, tmp_path / "bad.wim")
        if command == "append":
            out.write_bytes(bad.read_bytes())
        before = out.read_bytes() if out.exists() else None
        more = ["--lzx"] if kind == "none" and command == "export" else []
        argv = [{"BAD": bad, "OUT": out, "GOOD": wims["lzx"]}.get(a, a.replace("OUT", str(out))) for a in TAKE_OVER[command]]
        r = run(*argv, *more)
        assert r.code in (4, 5), (kind, command, at, r)
        assert "(null)" not in r.err and "image" in r.err and "\\" in r.err or "metadata of image" in r.err, r
        assert (out.read_bytes() if out.exists() else None) == before
        assert not list(tmp_path.glob(f"{n}out2*")), "a part is there"


def test_damage_in_a_part_is_not_joined(wims, run, tmp_path):
    tool(WIM, "split", wims["lzx"], tmp_path / "s.swm", "0.2", "--quiet")
    parts = sorted(tmp_path.glob("s*.swm"))
    assert len(parts) > 1
    off, n = resources(parts[1], "content")[1]
    flipped(parts[1], off + n // 2, parts[1])
    r = run("wim", "join", tmp_path / "out.wim", tmp_path / "s.swm")
    assert r.code in (4, 5) and parts[1].name in r.err and not (tmp_path / "out.wim").exists(), r
    assert run("wim", "join", tmp_path / "out.wim", tmp_path / "s.swm", "--no-verify").code == 0
    assert start([WIM, "verify", tmp_path / "out.wim", "--quiet"]).code != 0


def test_integrity_table_of_the_source_counts(wims, run, tmp_path):
    """A table that differs where contents go over: somebody changed the file behind it, though each content reads well."""
    source = wims["lzx"]
    at = struct.unpack_from("<Q", source.read_bytes(), 0x7C + 8)[0] + 12
    r = run("wim", "export", flipped(source, at + 3, tmp_path / "bad.wim"), "all", tmp_path / "out.wim")
    assert r.code == 5 and "integrity table" in r.err and not (tmp_path / "out.wim").exists(), r


def test_no_verify_says_so(wims, run, tmp_path):
    off, n = resources(wims["lzx"], "content")[3]
    bad = flipped(wims["lzx"], off + n // 2, tmp_path / "bad.wim")
    for argv in (["wim", "export", bad, "all", tmp_path / "a.wim"], ["wim", "update", bad, "1", "--mkdir=\\New", f"--out={tmp_path / 'b.wim'}"]):
        r = run(*argv, "--no-verify")
        assert r.code == 0 and "not verified" in r.err, r
    assert json.loads(run("wim", "export", bad, "1", tmp_path / "c.wim", "--no-verify", "--json").out)["verified"] is False
    for name in "abc":
        out = tmp_path / f"{name}.wim"
        assert json.loads(WINGO("wim", "info", out, "--json"))["integrity_table"] is False
        assert start([WIM, "verify", out, "--quiet"]).code != 0
    r = run("wim", "export", wims["lzx"], "all", tmp_path / "d.wim", "--json")
    assert r.code == 0 and json.loads(r.out)["verified"] is True


def test_verified_once(run, wingo, env, tmp_path):
    """A big file that was read once is not read again while it is the same."""
    tree = tmp_path / "tree"
    tree.mkdir()
    for i in range(20):
        (tree / f"f{i}").write_bytes(random.Random(i).randbytes(1 << 20))
    wim = tmp_path / "big.wim"
    tool(WIM, "capture", tree, wim, "Big", "--compress=none", "--quiet")
    tool(WIM, "export", wim, "1", tmp_path / "lzx.wim", "--compress=LZX", "--quiet")
    wim = tmp_path / "lzx.wim"
    assert run("wim", "verify", wim).code == 0
    size, times = wim.stat().st_size, wim.stat()
    at = resources(wim, "content")[5][0] + 1000
    with open(wim, "r+b") as f:  # behind its back: stat says the same but for ctime
        f.seek(at)
        old = f.read(1)
        f.seek(at)
        f.write(bytes([old[0] ^ 1]))
    os.utime(wim, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert wim.stat().st_size == size
    r = run("wim", "export", wim, "1", tmp_path / "o.wim")
    assert r.code in (4, 5), "a changed file was taken for the one that was read"
    with open(wim, "r+b") as f:
        f.seek(at)
        f.write(old)
    needs("strace")
    reads = {}
    for name, cache in (("known", env["XDG_CACHE_HOME"]), ("new", tmp_path / "other")):
        log = tmp_path / name
        r = start(["strace", "-f", "-e", "trace=pread64", "-o", log, wingo, "wim", "export", wim, "1", tmp_path / f"{name}.wim"],
                  env=dict(env, XDG_CACHE_HOME=str(cache)))
        assert r.code == 0, r
        reads[name] = log.read_text().count("pread64(")
    assert reads["known"] < reads["new"] / 2, reads


def test_names_twice(run, tmp_path):
    """Two entries of one name are damage to every command; such that differ by case are named exactly, or not at all."""
    Node = wimgen.Node
    twice = tmp_path / "twice.wim"
    twice.write_bytes(wimgen.Wim().add(Node(children=[Node("d", children=[Node("a", data=b"one"), Node("a", data=b"two")])])).build())
    for argv in (["verify", twice], ["apply", twice, tmp_path / "out"], ["dir", twice], ["export", twice, "all", tmp_path / "o.wim"],
                 ["update", twice, "--mkdir=\\x"], ["cat", twice, "1", "\\d\\a"], ["extract", twice, "1", "\\d", "--to", tmp_path / "x"]):
        r = run("wim", *argv)
        assert r.code == 4 and r.err.count("\\d\\a") >= 1 and "twice" in r.err, (argv, r)
    assert run("diff", twice, twice).code != 0
    case = tmp_path / "case.wim"
    case.write_bytes(wimgen.Wim().add(Node(children=[Node("Read.me", data=b"one"), Node("read.ME", data=b"two")])).build())
    assert run("wim", "cat", case, "1", "\\Read.me").out == "one" and run("wim", "cat", case, "1", "\\read.ME").out == "two"
    r = run("wim", "cat", case, "1", "\\readme")
    assert r.code == 1, r
    for argv in (["cat", case, "1", "\\README".replace("DM", "D.M")], ["update", case, "--delete=\\READ.ME"],
                 ["extract", case, "1", "\\READ.ME", "--to", tmp_path / "y"]):
        r = run("wim", *argv)
        assert r.code == 1 and "\\Read.me" in r.err and "\\read.ME" in r.err and "exactly" in r.err, (argv, r)
    assert run("wim", "update", case, "--delete=\\read.ME").code == 0
    assert WINGO("wim", "dir", case).split() == ["\\", "\\Read.me"]


def test_many_streams_are_compared_in_seconds(run, tmp_path):
    """A file with 60,000 named streams, in another order on the other side."""
    Node, names = wimgen.Node, [f"stream {i}" for i in range(60_000)]
    random.Random(1).shuffle(names)
    for wim, order in (("a.wim", names), ("b.wim", names[::-1])):
        one = Node("f", data=b"x", streams={n: n.encode()[-2:] for n in order})
        (tmp_path / wim).write_bytes(wimgen.Wim().add(Node(children=[one])).build())
    began = time.monotonic()
    r = run("diff", tmp_path / "a.wim", tmp_path / "b.wim")
    assert r.code == 0 and time.monotonic() - began < 30, r


def test_info_xml_says_its_encoding(run, tmp_path):
    """As it is printed, not as it is in the file; and an export of a file without XML."""
    wim = tmp_path / "a.wim"
    data = bytearray(wimgen.Wim().add(wimgen.Node(children=[wimgen.Node("x", data=b"y")])).build())
    xml = b"\xff\xfe" + '<?xml version="1.0" encoding="UTF-16"?><WIM><IMAGE INDEX="1"><NAME>Gr\u00fc\u00dfe</NAME></IMAGE></WIM>'.encode("utf-16-le")
    struct.pack_into("<QQQ", data, 0x48, len(xml) | 2 << 56, len(data), len(xml))
    struct.pack_into("<QQQ", data, 0x7C, 0, 0, 0)
    wim.write_bytes(data + xml)
    r = run("wim", "info", wim, "--xml")
    assert xml_of(r.out.encode()).find("IMAGE/NAME").text == "Gr\u00fc\u00dfe" and 'encoding="UTF-8"' in r.out, r
    assert run("wim", "export", wim, "all", tmp_path / "b.wim").code == 0
    tool(WIM, "verify", tmp_path / "b.wim", "--quiet")


def test_export_tells_files_apart_by_guid(wims, run, tmp_path):
    """The same contents, but another image boots: another file."""
    for name, more in (("a.wim", []), ("b.wim", ["--boot"])):
        assert run("wim", "export", wims["lzx"], "1", tmp_path / name, *more).code == 0
    a, b = ((tmp_path / n).read_bytes() for n in ("a.wim", "b.wim"))
    assert a[0x18:0x28] != b[0x18:0x28] and a[208:300] == b[208:300]


def test_export_keeps_everything(run, tmp_path):
    """Metadata with all that Windows can have in it goes over byte for byte."""
    rich = tmp_path / "rich.wim"
    rich.write_bytes(wimgen.rich_wim().build())
    for target in ("out.wim", "out.esd"):
        assert run("wim", "export", rich, "all", tmp_path / target).code == 0
        tool(WIM, "verify", tmp_path / target)
        pick = lambda w: [b["sha1"] for b in json.loads(run("wim", "info", w, "--blobs", "--json").out)["blobs"]
                          if b["kind"] == "metadata"]
        assert pick(rich) == pick(tmp_path / target)
    a, b = (re.sub(r"<TOTALBYTES>\d+</TOTALBYTES>", "", run("wim", "info", w, "--xml").out, count=1)
            for w in (rich, tmp_path / "out.wim"))
    assert sorted(re.findall(r"<IMAGE.*?</IMAGE>", a, re.S)) == sorted(re.findall(r"<IMAGE.*?</IMAGE>", b, re.S))


def test_export_from_parts(wims, run, tmp_path):
    assert run("wim", "split", wims["lzx"], tmp_path / "p.swm", "200KiB").code == 0
    assert run("wim", "export", tmp_path / "p.swm", "all", tmp_path / "one.wim").code == 0
    tool(WIM, "verify", tmp_path / "one.wim")
    assert contents(tmp_path / "one.wim") == contents(wims["lzx"])
    r = run("wim", "export", wims["lzx"], "1", tmp_path / "p.swm", "--name=x")
    assert r.code == 1 and "no single WIM file" in r.err, r


@pytest.mark.parametrize("target", ["new.wim", "new.esd"])
def test_capture(target, run, tree, tmp_path):
    out = tmp_path / target
    r = run("wim", "capture", tree, out, "My Image")
    assert r.code == 0, r
    tool(WIM, "verify", out)
    tool(WIM, "apply", out, "My Image", tmp_path / "theirs", "--quiet")
    assert run("wim", "apply", out, "1", tmp_path / "ours").code == 0
    want = scan(tree)
    for folder in ("ours", "theirs"):
        got = scan(tmp_path / folder)
        assert {k: v[:-1] for k, v in got.items()} == {k: v[:-1] for k, v in want.items()}
        # Windows counts in 100 ns
        assert all(v[-1] == want[k][-1] // 100 * 100 for k, v in got.items())
    r = run("wim", "capture", tree, out)
    assert r.code == 1 and "--append" in r.err, r
    assert run("wim", "capture", tree / "Windows", out, "--append").code == 0
    assert run("wim", "info", out, "Windows").code == 0
    tool(WIM, "verify", out)
    assert run("wim", "capture", tree / "Windows", out, "--force").code == 0
    assert "Image Count:    1" in tool(WIM, "info", out)
    assert run("wim", "capture", tree / "none", tmp_path / "x.wim").code == 1
    r = run("wim", "capture", tmp_path, tmp_path / "x.wim")
    assert r.code == 1 and "in the folder that is captured" in r.err, r
    assert not [p for p in tmp_path.iterdir() if "tmp" in p.name]
    linux = tmp_path / "linux"
    linux.mkdir()
    (linux / "aux.c").write_text("x")
    (linux / "a:b").write_text("y")
    r = run("wim", "capture", linux, tmp_path / "linux.wim")
    assert r.code == 0 and "2 names that Windows does not take" in r.err, r


def test_capture_is_reproducible(run, tree, tmp_path):
    epoch = {"SOURCE_DATE_EPOCH": "1600000000"}
    made = []
    for name in ("a", "b"):
        copy = tmp_path / name / "tree"
        tool("cp", "-r", "--preserve=links", tree, copy.parent if copy.parent.mkdir() else copy.parent)
        (copy / "Windows" / "inside").unlink()
        assert run("wim", "capture", copy, tmp_path / f"{name}.wim", env=epoch).code == 0
        made.append((tmp_path / f"{name}.wim").read_bytes())
    assert made[0] == made[1]


def test_extract_counts_only_what_was_left_out(run, tmp_path):
    wim = tmp_path / "base.wim"
    assert run("wim", "synthetic", "-q", "windows-11", wim).code == 0
    r = run("wim", "extract", wim, "2", "\\Windows\\Boot", f"--to={tmp_path / 'x'}")
    assert r.code == 0 and " on a volume: " in r.err and " 0 " not in r.err, r
    r = run("wim", "update", wim, "2", "--add=nothing")
    assert r.code != 0 and "'nothing' is not two paths with ':' between them: write FROM:TO" in r.err, r


def test_update(wims, run, tree, tmp_path):
    new = tmp_path / "new"
    (new / "deep").mkdir(parents=True)
    (new / "a.txt").write_text("a")
    (new / "deep" / "b c.txt").write_text("b")
    for kind in ("lzx", "solid", "xpress"):
        wim = tmp_path / f"{kind}.wim"
        wim.write_bytes(wims[kind].read_bytes())
        (tmp_path / "commands").write_text("# a comment\n\nadd 'new/deep/b c.txt' '\\With Space\\b c.txt'\r\n"
                                           "delete --force \\nothing\nmkdir /made\nrename /same /same2\n")
        r = run("wim", "update", wim, "Tree One", f"--add={new}:C:\\New", f"--add={new}/a.txt:\\windows\\ZERO",
                "--delete=/windows/System32", "--mkdir=\\Empty\\Inner", "--rename=C:\\linked:\\moved\\linked",
                "--command=commands", "--json")
        assert r.code == 0, r
        got = json.loads(r.out)
        assert (got["files"], got["replaced"], got["renamed"], got["deleted"]) == (4, 1, 2, 41), r
        tool(WIM, "verify", wim)
        paths = set(run("wim", "dir", wim, "1").out.splitlines())
        assert {"\\New\\deep\\b c.txt", "\\With Space\\b c.txt", "\\Empty\\Inner", "\\moved\\linked", "\\made", "\\same2"} <= paths
        assert not any("System32" in p for p in paths) and "\\same" not in paths
        assert run("wim", "cat", wim, "1", "/Windows/zero").out == "a"
        assert run("wim", "dir", wim, "2").out == run("wim", "dir", wims[kind], "2").out
    r = run("wim", "update", wims["lzx"], "1", "--delete=/same", "--out", tmp_path / "out.wim")
    assert r.code == 0, r
    tool(WIM, "verify", tmp_path / "out.wim")
    assert run("wim", "update", wims["lzx"], "1", "--delete=/same", "--out", tmp_path / "out.wim").code == 1
    r = run("wim", "update", tmp_path / "lzx.wim", "1", "--delete=/none")
    assert r.code == 1 and "none" in r.err, r
    for argv, said in ((["--add=x"], "write FROM:TO"), ([], "nothing to do"), (["--command=-"], "delete")):
        r = run("wim", "update", tmp_path / "lzx.wim", "1", *argv, stdin=b"delte /x\n")
        assert r.code == 2 and said in r.err, r
    r = run("wim", "update", tmp_path / "lzx.wim", "1", "--command=-", stdin=b"\nadd 'x\n")
    assert r.code == 2 and "standard input:2" in r.err and "no end" in r.err, r
    assert run("wim", "split", wims["lzx"], tmp_path / "p.swm", "200KiB").code == 0
    r = run("wim", "update", tmp_path / "p.swm", "1", "--delete=/same")
    assert r.code == 1 and "--out" in r.err, r
    assert run("wim", "update", tmp_path / "p.swm", "1", "--delete=/same", "--out", tmp_path / "joined.wim").code == 0
    tool(WIM, "verify", tmp_path / "joined.wim")


@pytest.mark.slow
def test_killed_at_any_time(wingo, env, tree, tmp_path):
    """kill -9 during each command that writes: inputs as they were, the output whole or as it was, nothing else but a
    temporary file or folder."""
    big = tmp_path / "in" / "tree"
    big.mkdir(parents=True)
    rnd = random.Random(3)
    for i in range(120):
        (big / f"{i}.dat").write_bytes(rnd.randbytes(60000) + b"z" * 100000)
    tool(wingo, "wim", "capture", big, tmp_path / "in" / "a.wim", "one", env=env)
    source = tmp_path / "in" / "a.wim"
    image = source.read_bytes()
    (tmp_path / "in" / "b.wim").write_bytes(image)
    commands = {
        "export": ["export", source, "1", "out.esd"], "export into": ["export", source, "1", "b.wim", "--name=two"],
        "capture": ["capture", big, "out.wim"], "update": ["update", "b.wim", "1", f"--add={big / '1.dat'}:/new"],
        "split": ["split", source, "out.swm", "1MiB"], "join": ["join", "out.wim", source],
        "apply": ["apply", source, "1", "out"], "extract": ["extract", source, "1", "*", "--to=out"]}
    for what, argv in commands.items():
        began = time.monotonic()
        folder = tmp_path / "whole"
        folder.mkdir()
        (folder / "b.wim").write_bytes(image)
        done = start([wingo, "wim", *argv], cwd=folder, env=env)
        took = time.monotonic() - began
        assert done.code == 0, (what, done)
        tool("rm", "-rf", folder)
        folder.mkdir()  # Ctrl-C leaves nothing at all
        (folder / "b.wim").write_bytes(image)
        with subprocess.Popen([wingo, "wim", *map(str, argv)], cwd=folder, env=env, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE) as p:
            time.sleep(took / 2)
            p.send_signal(signal.SIGINT)
            said = p.communicate()[1]
        if p.returncode != 0:
            assert p.returncode == 130 and said.endswith(b"stopped\n"), (what, said)
            left = [x for x in folder.iterdir() if x.name != "out" or list(x.iterdir())]
            assert [x.name for x in left] == ["b.wim"] and (folder / "b.wim").read_bytes() == image, (what, left)
        tool("rm", "-rf", folder)
        for n in range(4):
            folder.mkdir()
            (folder / "b.wim").write_bytes(image)
            with subprocess.Popen([wingo, "wim", *map(str, argv)], cwd=folder, env=env, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, start_new_session=True) as p:
                time.sleep(took * (n + 0.5) / 4.5)
                os.killpg(p.pid, signal.SIGKILL)
            assert source.read_bytes() == image
            left = [x for x in folder.iterdir() if "wgtmp-" not in x.name and x.name != "b.wim"]
            if (folder / "b.wim").read_bytes() != image:
                tool(WIM, "verify", folder / "b.wim", "--quiet")
            if what in ("export", "capture", "join"):
                for x in left:
                    tool(WIM, "verify", x, "--quiet")
            elif what == "split" and (folder / "out.swm").exists():
                tool(WIM, "verify", folder / "out.swm", f"--ref={folder}/out*.swm", "--quiet")
            elif what in ("apply", "extract") and left:
                for x in left[0].iterdir():
                    if "wgtmp-" not in x.name:
                        assert x.read_bytes() == (big / x.name).read_bytes()
            tool("rm", "-rf", folder)


def test_apply_to_ntfs(wims, run, tmp_path):
    """What arrives on the volume is what wimlib brings there, descriptors, streams, short names and all."""
    needs(WIM, "mkntfs")

    def volume(name):
        with open(tmp_path / name, "wb") as f:
            f.truncate(64 << 20)
        tool("mkntfs", "-F", "-Q", tmp_path / name)
        return tmp_path / name
    rich = tmp_path / "rich.wim"
    rich.write_bytes(wimgen.rich_wim().build())
    r = run("wim", "apply", rich, "1", volume("a.img"), "--ntfs")
    assert r.code == 0, r
    tool(WIM, "apply", rich, "1", volume("b.img"), "--quiet")
    rows = {}
    for name in ("a", "b"):
        tool(WIM, "capture", tmp_path / f"{name}.img", tmp_path / f"{name}.wim", "x", "--quiet")
        rows[name] = {e["path"]: {k: v for k, v in e.items() if k not in ("accessed", "link_group")}
                      for e in json.loads(run("wim", "dir", tmp_path / f"{name}.wim", "1", "--json").out)["entries"]}
    assert rows["a"] == rows["b"]
    meant = {e["path"]: e for e in json.loads(run("wim", "dir", rich, "1", "--json").out)["entries"]}
    secured = [p for p, e in meant.items() if "security" in e]
    assert len(secured) > 2
    for p in secured:
        assert rows["a"][p]["security"] == meant[p]["security"], p
    assert run("wim", "split", wims["lzx"], tmp_path / "p.swm", "200KiB").code == 0
    assert run("wim", "apply", tmp_path / "p.swm", "2", volume("c.img"), "--ntfs").code == 0
    tool(WIM, "capture", tmp_path / "c.img", tmp_path / "c.wim", "x", "--quiet")
    got, want = ({(e["path"], e.get("sha1")) for e in json.loads(run("wim", "dir", w, n, "--json").out)["entries"]}
                 for w, n in ((tmp_path / "c.wim", "1"), (wims["lzx"], "2")))
    assert got == want
    (tmp_path / "zeros").write_bytes(bytes(100000))
    r = run("wim", "apply", rich, "1", tmp_path / "zeros", "--ntfs")
    assert r.code == 1 and "mkntfs" in r.err, r
    assert run("wim", "apply", rich, "9", tmp_path / "a.img", "--ntfs").code == 1


def test_hostile_trees(run, tmp_path):
    """Nothing leaves the target: names that are no names, links with files behind them, links out of it."""
    Node, DIR = wimgen.Node, wimgen.DIR

    def link(target, relative):
        t = target.encode("utf-16-le")
        return (0xA000000C, b"\0\0" + len(t).to_bytes(2, "little") + len(t).to_bytes(2, "little") + b"\0\0"
                + relative.to_bytes(4, "little") + t)
    outside = tmp_path / "outside"
    outside.mkdir()
    for n, name in enumerate(("..", ".", "a/b", "../outside/x")):
        wim = tmp_path / f"name{n}.wim"
        wim.write_bytes(wimgen.Wim().add(Node(children=[Node(name, data=b"evil")])).build())
        r = run("wim", "apply", wim, tmp_path / f"out{n}")
        assert r.code == 4 and not (tmp_path / f"out{n}").exists(), r
    wim = tmp_path / "link.wim"
    w = wimgen.Wim()
    w.add(Node(children=[
        Node("up", data=b"", reparse=link("..\\..\\..\\outside", 1)), Node("Up", children=[Node("x", data=b"mine")]),
        Node("drive", data=b"", reparse=link(f"\\??\\C:{outside}".replace("/", "\\"), 0)),
        Node("volume", data=b"", reparse=link("\\??\\Volume{12345678-0000-0000-0000-000000000000}\\x", 0)),
        Node("unc", data=b"", reparse=link("\\??\\UNC\\server\\share", 0)),
        Node("broken", data=b"plain")]))
    wim.write_bytes(w.build())
    r = run("wim", "apply", wim, tmp_path / "out", "--json")
    assert r.code == 0, r
    got = json.loads(r.out)
    assert (got["symbolic_links"], got["left_out_reparse_points"], got["same_but_case"]) == (2, 2, 1), r
    assert "\\volume" in r.err or "\\unc" in r.err
    assert (tmp_path / "out" / "Up" / "x").read_bytes() == b"mine" and not list(outside.iterdir())
    # into a folder where a link waits: it is replaced, not followed
    into = tmp_path / "into"
    into.mkdir()
    (into / "broken").symlink_to(outside / "target")
    assert run("wim", "apply", wim, into, "--force").code == 0
    assert not list(outside.iterdir()) and (into / "broken").read_bytes() == b"plain"
    (into / "Up" / "x").unlink()
    (into / "Up").rmdir()
    (into / "Up").symlink_to(outside)
    r = run("wim", "apply", wim, into, "--force")
    assert r.code == 1 and "a symbolic link is there" in r.err and not list(outside.iterdir()), r
    long = tmp_path / "long.wim"
    long.write_bytes(wimgen.Wim().add(Node(children=[Node("漢" * 100, data=b"x")])).build())
    r = run("wim", "apply", long, tmp_path / "l")
    assert r.code == 1 and "255 bytes" in r.err and not (tmp_path / "l").exists(), r
