# SPDX-License-Identifier: Apache-2.0
"""What a base file can be: WIM, ESD, split WIM, ISO. Made by wimlib and genisoimage, judged by wimlib and 7-Zip."""
import hashlib
import random
import shutil

import pytest

from conftest import needs, start
from test_image import WIM, bases, check_only_asked, extract, put, run as do, tools, wimgen  # noqa: F401 (fixtures)


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
    do(WIM, "capture", tree, path, "Part Test", "--check", "--quiet")
    return path


@pytest.fixture
def split(whole, tmp_path):
    """install.swm, install2.swm, ... and how many there are."""
    folder = tmp_path / "set"
    folder.mkdir()
    do(WIM, "split", whole, folder / "install.swm", "1", "--check", "--quiet")
    n = len(list(folder.iterdir()))
    assert n >= 4
    return folder, n


@pytest.fixture
def fails(tools, tmp_path):  # noqa: F811
    def go(path, code, *texts, tool="verify"):
        done = start([tools / "wim_tool", tool, path])
        assert done.code == 1, done
        assert done.err.startswith(code + ":"), done.err
        for text in texts:
            assert text in done.err, done.err
        assert str(path) in done.err
        return done.err
    return go


@pytest.mark.slow
def test_split_like_whole(whole, split, tools, put, tmp_path):  # noqa: F811
    folder, n = split
    first, last = folder / "install.swm", folder / f"install{n}.swm"
    got = do(tools / "wim_tool", "verify", whole).split(" integrity")[0]
    for part in (first, last, folder / "install2.swm"):
        assert do(tools / "wim_tool", "verify", part, "3").split(" integrity")[0] == got
    assert do(tools / "wim_tool", "list", whole, "1") == do(tools / "wim_tool", "list", last, "1")
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
    do(tools / "wim_tool", "verify", folder / "install.swm")


# --- ISO images.

def udf(folder, iso, *options):
    needs("genisoimage")
    do("genisoimage", "-quiet", "-udf", "-allow-limited-size", "-V", "WINTEST", *options, "-o", iso, folder)
    return iso


@pytest.fixture(scope="module")
def media(whole, tmp_path_factory):
    """The same image in ISOs: as .wim, .esd and .swm, with names in other letter case and files around it."""
    made = {}
    for kind in ("wim", "esd", "swm"):
        top = tmp_path_factory.mktemp(kind)
        sources = top / {"wim": "sources", "esd": "SOURCES", "swm": "Sources"}[kind]
        sources.mkdir()
        (top / "setup.exe").write_bytes(b"MZ" + bytes(3000))
        for i in range(300):  # a folder of several blocks
            (sources / f"some file with a long name {i:03}.dll").write_bytes(b"%d" % i)
        if kind == "wim":
            shutil.copy(whole, sources / "INSTALL.WIM")
        elif kind == "esd":
            do(WIM, "export", whole, "all", sources / "Install.esd", "--solid", "--quiet")
        else:
            do(WIM, "split", whole, sources / "install.swm", "1", "--quiet")
        made[kind] = udf(top, tmp_path_factory.mktemp("iso") / f"{kind}.iso", "-iso-level", "3", "-l"), sources
    return made


@pytest.mark.parametrize("kind", ["wim", "esd", "swm"])
@pytest.mark.slow
def test_iso_like_the_file_in_it(kind, media, whole, tools, put, tmp_path):  # noqa: F811
    iso, sources = media[kind]
    got = do(tools / "wim_tool", "verify", whole).split(" integrity")[0]
    assert do(tools / "wim_tool", "verify", iso, "2").split(" integrity")[0] == got
    assert do(tools / "wim_tool", "list", iso, "1") == do(tools / "wim_tool", "list", whole, "1")
    # 7-Zip finds the same bytes where we say that they lie.
    data, mine = iso.read_bytes(), b""
    for line in do(tools / "wim_tool", "segments", iso).splitlines():
        off, n, host, at = line.split()
        assert int(off) == len(mine) and host == str(iso)
        mine += data[int(at):int(at) + int(n)]
    needs("7z")
    do("7z", "x", f"-o{tmp_path / 'x'}", "-tudf", iso, "-y")
    out = tmp_path / "x" / sources.name
    parts = sorted((p for p in out.iterdir() if p.name.lower().startswith("install")), key=lambda p: (len(p.name), p.name))
    assert b"".join(p.read_bytes() for p in parts) == mine
    new = tmp_path / "new"
    new.write_bytes(b"n" * 1000)
    put(iso, tmp_path / "out.wim", f"file:C:\\Dir0\\n={new}", image="1")
    check_only_asked(whole, tmp_path / "out.wim", 1, tmp_path, ["/Dir0/n"])


@pytest.mark.slow
def test_iso_that_cannot_be(whole, media, fails, tmp_path):
    needs("genisoimage")
    top = tmp_path / "top"
    (top / "sources").mkdir(parents=True)
    fails(udf(top, tmp_path / "empty.iso"), "NOT_FOUND", "'WINTEST'", "sources/install.wim", "install.esd", "install.swm")
    (top / "sources" / "install.wim").mkdir()
    fails(udf(top, tmp_path / "folder.iso"), "NOT_FOUND", "sources/install.wim")
    (top / "sources" / "install.wim").rmdir()
    (top / "sources" / "install.wim").write_bytes(b"x" * 100000)
    fails(udf(top, tmp_path / "nowim.iso"), "FORMAT", "sources/install.wim", "not a WIM")
    (top / "sources" / "install.wim").write_bytes(b"")
    fails(udf(top, tmp_path / "empty-wim.iso"), "FORMAT", "sources/install.wim", "less than its header")
    shutil.copy(whole, top / "sources" / "install.wim")
    do("genisoimage", "-quiet", "-iso-level", "3", "-o", tmp_path / "plain.iso", top)
    fails(tmp_path / "plain.iso", "UNSUPPORTED", "ISO 9660 image without UDF", "extract")
    (tmp_path / "both" / "x64" / "sources").mkdir(parents=True)
    (tmp_path / "both" / "x86" / "sources").mkdir(parents=True)
    for arch in ("x64", "x86"):
        shutil.copy(whole, tmp_path / "both" / arch / "sources" / "install.esd")
    fails(udf(tmp_path / "both", tmp_path / "both.iso"), "UNSUPPORTED", "several architectures",
          "x64/sources/install.esd, x86/sources/install.esd")
    (tmp_path / "nosources").mkdir()
    (tmp_path / "nosources" / "sources").write_bytes(b"a file")
    fails(udf(tmp_path / "nosources", tmp_path / "file.iso"), "NOT_FOUND", "sources/install.wim")
    iso, sources = media["swm"]
    (top / "sources" / "install.wim").unlink()
    for part in sources.glob("install*.swm"):
        if part.name != "install2.swm":
            shutil.copy(part, top / "sources")
    fails(udf(top, tmp_path / "missing.iso"), "NOT_FOUND", "part 2 of", "'install2.swm'")


@pytest.mark.slow
def test_iso_cut_short_and_damaged(media, tools, tmp_path):  # noqa: F811
    """Whatever is cut off or changed: an error of one line, or nothing that matters was hit."""
    iso, _ = media["wim"]
    data = iso.read_bytes()
    rng = random.Random(9)
    path = tmp_path / "bad.iso"
    end = max(int(at) + int(n) for _, n, _, at in map(str.split, do(tools / "wim_tool", "segments", iso).splitlines()))
    for n in [0, 100, 32768, 32768 + 2048 * 3, 256 * 2048, 257 * 2048, 300 * 2048] + [end - 1, end] + [rng.randrange(len(data)) for _ in range(25)]:
        path.write_bytes(data[:n])
        done = start([tools / "wim_tool", "verify", path])
        assert done.code == (0 if n >= end else 1), (n, done)
        assert done.code == 0 or (done.err.split(":")[0] == "FORMAT" and done.err.count("\n") == 1), (n, done)
    for _ in range(150):  # the structures are in the first 600 blocks
        bad = bytearray(data)
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(16 * 2048, 700 * 2048)
            bad[at] = rng.choice([0, 0xFF, bad[at] ^ (1 << rng.randrange(8))])
        path.write_bytes(bad)
        done = start([tools / "wim_tool", "verify", path], timeout=20)
        assert done.code in (0, 1), done
        assert done.code == 0 or (done.err.split(":")[0] in ("FORMAT", "NOT_FOUND", "VERIFY", "UNSUPPORTED", "LIMIT")
                                  and done.err.count("\n") == 1), done


# --- Which image.

def test_image_by_name_number_display_name_and_edition(tools, tmp_path):  # noqa: F811
    w = wimgen.Wim()
    for name, shown, edition, flags in [
            ("Windows 11 Home", "Windows 11 Home", "Core", "Core"), ("Windows 11 Pro", "Windows 11 Pro", "Professional", ""),
            ("3", "Anzeige", "ServerStandard", "SERVERSTANDARDCORE"), ("Server", "Full \u00dcbersicht", "ServerStandard", "ServerStandard"),
            ("windows 11 home", "Windows 11 Pro", "", "")]:
        w.add(wimgen.Node(children=[]), f"<NAME>{name}</NAME><DISPLAYNAME>{shown}</DISPLAYNAME><FLAGS>{flags}</FLAGS>"
              f"<WINDOWS><EDITIONID>{edition}</EDITIONID></WINDOWS>")
    base = tmp_path / "b.wim"
    base.write_bytes(w.build())

    def find(which):
        done = start([tools / "wim_tool", "find", base, which])
        return int(done.out) if done.code == 0 else done.err
    assert [find(x) for x in ("Windows 11 Home", "windows 11 home", "WINDOWS 11 PRO")] == [1, 5, 2]
    assert find("3") == 3 and find("4") == 4 and find("1") == 1, "a NAME wins over a number"
    assert find("Anzeige") == 3 and find("anzeige") == 3 and find("full \u00fcbersicht") == 4
    assert find("Core") == 1 and find("core") == 1 and find("professional") == 2 and find("SERVERSTANDARDCORE") == 3
    err = find("ServerStandard")
    assert err.startswith("CONFLICT:") and "2 images are meant by 'ServerStandard': 3 '3' (shown as 'Anzeige', edition " \
        "ServerStandard), 4 'Server' (shown as" in err, err
    err = find("WINDOWS 11 HOME")
    assert err.startswith("CONFLICT:") and "1 'Windows 11 Home' (edition Core), 5 'windows 11 home'" in err, err
    err = find("Enterprise")
    assert err.startswith("NOT_FOUND:") and "there is no image 'Enterprise'; there are 1 'Windows 11 Home' (edition Core), " \
        "2 'Windows 11 Pro' (edition Professional), 3 '3' (shown as 'Anzeige', edition ServerStandard)" in err, err
    assert find("").startswith("NOT_FOUND:") and find("0").startswith("NOT_FOUND:") and find("6").startswith("NOT_FOUND:")


# --- What can't be a base.

def gpt_disk(boot):
    disk = bytearray(64 * 512)
    disk[446:462] = bytes([0, 0, 2, 0, 0xEE, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0, 63, 0, 0, 0])
    disk[510:512] = b"\x55\xAA"
    disk[512:520] = b"EFI PART"
    disk[512 + 72:512 + 88] = (2).to_bytes(8, "little") + (128).to_bytes(4, "little") + (128).to_bytes(4, "little")
    disk[1024 + 32:1024 + 40] = (40).to_bytes(8, "little")
    disk[40 * 512:40 * 512 + len(boot)] = boot
    return bytes(disk)


def mbr_disk(boot):
    disk = bytearray(64 * 512)
    disk[446:462] = bytes([0x80, 0, 2, 0, 7, 0xFF, 0xFF, 0xFF, 40, 0, 0, 0, 20, 0, 0, 0])
    disk[510:512] = b"\x55\xAA"
    disk[40 * 512:40 * 512 + len(boot)] = boot
    return bytes(disk)


NTFS, FVE = b"\xEB\x52\x90NTFS    " + bytes(600), b"\xEB\x58\x90-FVE-FS-" + bytes(600)


@pytest.mark.parametrize("name,data,what,instead", [pytest.param(*row, id=row[0]) for row in [
    ("u.msu", b"MSCF" + bytes(900), "a cabinet", "let Windows install it"), ("u.cab", b"MSCF" + bytes(9), "a cabinet", "updates"),
    ("d.vhdx", b"vhdxfile" + bytes(900), "VHDX", "capture the Windows partition"),
    ("d.vhd", b"conectix" + bytes(900), "(VHD)", "capture"), ("fixed.vhd", mbr_disk(NTFS) + b"conectix" + bytes(504), "(VHD)", "capture"),
    ("d.vmdk", b"KDMV" + bytes(900), "VMDK", "capture"), ("d.qcow2", b"QFI\xfb" + bytes(900), "qcow2", "capture"),
    ("d.vdi", bytes(64) + b"\x7f\x10\xda\xbe" + bytes(900), "VDI", "capture"),
    ("f.ffu", b"\x20\0\0\0SignedImage " + bytes(900), "FFU", "/Apply-Ffu"),
    ("p.img", FVE, "BitLocker", "unlock it"), ("n.img", NTFS, "NTFS partition", "wimlib-imagex capture"),
    ("mbr.img", mbr_disk(NTFS), "a raw disk,", "capture"), ("gpt.img", gpt_disk(NTFS), "a raw disk,", "capture"),
    ("mbr-bl.img", mbr_disk(FVE), "a raw disk with a partition encrypted with BitLocker", "unlock it"),
    ("gpt-bl.img", gpt_disk(FVE), "a raw disk with a partition encrypted with BitLocker", "unlock it"),
    ("a.zip", b"PK\x03\x04" + bytes(900), "zip", "unpack it"), ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(900), "7z", "unpack it")]])
def test_refused_by_name(name, data, what, instead, fails, tmp_path):
    path = tmp_path / name
    path.write_bytes(data)
    fails(path, "UNSUPPORTED", what, instead)


def test_new_updates_are_wims_by_content(whole, fails, tmp_path):
    shutil.copy(whole, tmp_path / "update.msu")
    fails(tmp_path / "update.msu", "UNSUPPORTED", "an update (.msu)", "let Windows install it")


@pytest.mark.parametrize("data", [b"", b"x", b"MZ" + bytes(5000), bytes(2 << 20)], ids=["empty", "byte", "program", "zeros"])
def test_unknown_content(data, fails, tmp_path):
    (tmp_path / "base").write_bytes(data)
    fails(tmp_path / "base", "FORMAT", "not a WIM, ESD, split WIM or Windows ISO")


# --- Verification.

@pytest.mark.slow
def test_verify_finds_what_is_damaged(whole, tree, tools, fails, tmp_path):  # noqa: F811
    data = whole.read_bytes()
    path = tmp_path / "v.wim"
    for at, text in [(len(data) // 2, "integrity table"), (300, "at 0xd0 have not the SHA-1 that the integrity table gives")]:
        bad = bytearray(data)
        bad[at] ^= 1
        path.write_bytes(bad)
        fails(path, "VERIFY", text)
    do(WIM, "export", whole, "all", tmp_path / "plain.wim", "--compress=none", "--quiet")
    data = bytearray((tmp_path / "plain.wim").read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    fails(path, "VERIFY", "the resource at 0x", "not the SHA-1 that the blob table gives")
    do(WIM, "export", whole, "all", tmp_path / "solid.esd", "--solid", "--quiet")
    data = bytearray((tmp_path / "solid.esd").read_bytes())
    data[len(data) // 2] ^= 0x55
    path.write_bytes(data)
    done = start([tools / "wim_tool", "verify", path])
    assert done.code == 1 and done.err.startswith(("FORMAT:", "VERIFY:")) and str(path) in done.err, done
    assert start([WIM, "verify", path, "--quiet"]).code != 0, "wimlib agrees"
    (tree / "more").write_bytes(b"more")
    do(WIM, "capture", tree, tmp_path / "delta.wim", f"--delta-from={whole}", "--quiet")
    (tree / "more").unlink()
    fails(tmp_path / "delta.wim", "UNSUPPORTED", "delta or incomplete WIM", "--ref")


def test_contents_that_overlap(tools, fails, tmp_path):  # noqa: F811
    w = wimgen.Wim()
    w.add(wimgen.Node(children=[wimgen.Node("a", b"a" * 5000), wimgen.Node("b", b"b" * 6000)]))
    data = bytearray(w.build())
    at = int.from_bytes(data[0x38:0x40], "little")
    rows = [at + 50 * i for i in range(int.from_bytes(data[0x40:0x48], "little") // 50)]
    a, b = [r for r in rows if data[r + 16:r + 24] in ((5000).to_bytes(8, "little"), (6000).to_bytes(8, "little"))]
    data[b + 8:b + 16] = data[a + 8:a + 16]
    (tmp_path / "o.wim").write_bytes(data)
    fails(tmp_path / "o.wim", "FORMAT", "two contents overlap at 0xd0")


# --- In a project.

YAML = """version: 1
name: box
images:
  box:
    arch: amd64
    base: {file: base/%s, image: part test}
    files: [{from: hello.txt, to: 'C:\\Hello\\'}]
    outputs: [wim]
"""


def test_project_with_a_split_base(run, split, whole, tmp_path):
    folder, n = split
    home = tmp_path / "p"
    home.mkdir()
    folder.rename(home / "base")
    (home / "hello.txt").write_text("hello")
    (home / "wingo.yaml").write_text(YAML % "install.swm")
    r = run("check", cwd=home)
    digest = hashlib.sha256((home / "base" / "install.swm").read_bytes()).hexdigest()
    assert r.code == 0 and f"add 'sha256: {digest}'" in r.out, r
    r = run("build", cwd=home)
    assert r.code == 0, r
    check_only_asked(whole, home / "out" / "box.wim", 1, tmp_path, ["/Hello", "/Hello/hello.txt"])
    first = (home / "out" / "box.wim").read_bytes()
    r = run("build", cwd=home)
    assert r.code == 0 and " ran" not in r.err.splitlines()[0], r
    third = home / "base" / "install3.swm"
    keep = third.read_bytes()
    bad = bytearray(keep)
    bad[len(bad) // 2] ^= 0x10
    third.write_bytes(bad)
    r = run("build", cwd=home)
    assert r.code != 0 and "part 3" in r.err, "a part that changed is read again"
    third.unlink()
    r = run("build", cwd=home)
    assert r.code != 0 and "'install3.swm' should be in" in r.err, r
    assert run("check", cwd=home).code == 3
    third.write_bytes(keep)
    r = run("build", cwd=home)
    assert r.code == 0 and (home / "out" / "box.wim").read_bytes() == first, r


@pytest.mark.parametrize("kind", ["wim", "esd", "swm"])
@pytest.mark.slow
def test_project_with_an_iso_as_base(kind, run, media, whole, tmp_path):
    home = tmp_path / "p"
    (home / "base").mkdir(parents=True)
    shutil.copy(media[kind][0], home / "base" / "Win.iso")
    (home / "hello.txt").write_text("hello")
    (home / "wingo.yaml").write_text(YAML % "Win.iso")
    assert run("check", cwd=home).code == 0
    r = run("build", cwd=home)
    assert r.code == 0, r
    check_only_asked(whole, home / "out" / "box.wim", 1, tmp_path, ["/Hello", "/Hello/hello.txt"])
    (home / "wingo.yaml").write_text((YAML % "Win.iso").replace("part test", "Enterprise"))
    r = run("check", cwd=home)
    assert r.code == 3 and "there is no image 'Enterprise'; there is 1 'Part Test'" in r.out, r


@pytest.mark.slow
def test_inspect_looks_into_an_iso(run, media, split, tmp_path):
    r = run("inspect", media["swm"][0])
    assert r.code == 0 and "Format            ISO" in r.out and "sources/install.swm" in r.out.lower(), r
    assert "Name              Part Test" in r.out and "Parts " in r.out, r
    r = run("inspect", split[0] / "install2.swm")
    assert r.code == 0 and f"2 of {split[1]}" in r.out, r
    (tmp_path / "d.vhdx").write_bytes(b"vhdxfile" + bytes(900))
    r = run("wim", "info", tmp_path / "d.vhdx")
    assert r.code == 1 and "a virtual disk (VHDX)" in r.err, r
