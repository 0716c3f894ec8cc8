# SPDX-License-Identifier: Apache-2.0
"""Images: what wg_image_write makes of bases of every kind, judged by wimlib, 7-Zip and NTFS.

The image is written by tests/tools/image_tool, which calls the one function that all writing goes through, in a
worker of its own as `wingo build` does.
"""
import hashlib
import os
import random
import re
import signal
import struct
import subprocess
import sys
import time

import pytest

from conftest import ROOT, needs, needs_user_namespaces, start

sys.path.insert(0, str(ROOT / "tests" / "tools"))
import wimgen  # noqa: E402

WIM = "wimlib-imagex"


@pytest.fixture(scope="session")
def tools(wingo):
    """Folder of the test tools."""
    folder = wingo.parent / "tests" / "unit" / "image"
    assert (folder / "image_tool").exists(), "build first: ninja -C build"
    return folder


@pytest.fixture(scope="session")
def bases(tmp_path_factory):
    """The rich image as every kind of file that can be a base."""
    needs(WIM)
    folder = tmp_path_factory.mktemp("bases")
    plain = folder / "plain.wim"
    plain.write_bytes(wimgen.rich_wim().build())
    made = {"plain": plain}
    for kind, how in {"xpress": ["--compress=XPRESS"], "lzx": ["--compress=LZX"], "lzms": ["--compress=LZMS"],
                      "lzx128k": ["--compress=LZX", "--chunk-size=128K"],
                      "solid": ["--solid"], "check": ["--compress=LZX", "--check"]}.items():
        made[kind] = folder / f"{kind}.wim"
        run(WIM, "export", plain, "all", made[kind], *how, "--boot", "--quiet")
    return made


@pytest.fixture
def put(tools, tmp_path):
    """Runs image_tool: put(base, out, *changes, image=..., ...). Temporary files go to a folder that must be empty after."""
    tmp = tmp_path / "tmp"
    tmp.mkdir()

    def go(base, out, *changes, ok=True, **options):
        argv = [tools / "image_tool", "--quiet", "--tmp", tmp]
        for name, value in options.items():
            argv += ["--" + name.replace("_", "-")] + ([] if value is True else [value])
        done = start([*argv, base, out, *changes])
        assert not list(tmp.iterdir()), "temporary files were left"
        if ok:
            assert done.code == 0, done
            return dict(line.split("=") for line in done.out.split())
        assert done.code == 1 and not os.path.exists(out), done
        return done.err
    return go


def run(*argv, **more):
    done = start(argv, **more)
    assert done.code == 0, done
    return done.out


def details(wim, image):
    """path -> what wimlib says of it, without what depends on where in the file the content lies."""
    found = {}
    for block in run(WIM, "dir", wim, image, "--detailed").split("-" * 76)[1:]:
        path = re.search(r'^Full Path +=? *"(.*)"', block, re.M).group(1)
        keep = [line for line in block.splitlines()
                if not re.match(r"(Compressed size|Offset in WIM|Part Number|Reference Count|Flags|Raw|Solid|Link Group)",
                                line.strip()) and line.strip()]
        found[path] = "\n".join(keep)
    return found


def xml(wim, tmp_path):
    run(WIM, "info", wim, "--extract-xml", tmp_path / "x.xml")
    return (tmp_path / "x.xml").read_bytes().decode("utf-16")


COUNTS = re.compile(r"<(TOTALBYTES|DIRCOUNT|FILECOUNT|HARDLINKBYTES)>\d+</\1>|"
                    r"<LASTMODIFICATIONTIME><HIGHPART>\w+</HIGHPART><LOWPART>\w+</LOWPART></LASTMODIFICATIONTIME>")


def check_only_asked(base, out, image, tmp_path, touched):
    """Nothing but the touched paths of that image differs; verified by wimlib and 7-Zip."""
    run(WIM, "verify", out, "--quiet")
    n = int(re.search(r"Image Count: +(\d+)", run(WIM, "info", base)).group(1))
    for i in range(1, n + 1):
        was, now = details(base, i), details(out, i)
        if i == image:
            for path in touched:
                assert path in now, path
                was.pop(path, None)
                del now[path]
            # the other names of a replaced file know one link less
            strip = lambda d: {k: re.sub(r"Link Count .*", "", v) for k, v in d.items()}
            was, now = strip(was), strip(now)
        assert was == now
    assert COUNTS.sub("", xml(base, tmp_path)) == COUNTS.sub("", xml(out, tmp_path))
    boot = re.compile(r"Boot Index: +(\d+)")
    assert boot.search(run(WIM, "info", base)).group(1) == boot.search(run(WIM, "info", out)).group(1)


def extract(wim, image, path, tmp_path):
    done = subprocess.run([WIM, "extract", wim, str(image), path, "--to-stdout", "--no-acls"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=True, cwd=tmp_path)
    return done.stdout


@pytest.mark.parametrize("kind", ["plain", "xpress", "lzx", "lzx128k", "lzms", "solid", "check"])
def test_only_what_was_asked_changes(kind, bases, put, tools, tmp_path):
    base, out = bases[kind], tmp_path / "out.wim"
    before = hashlib.sha256(base.read_bytes()).digest()
    app, same = tmp_path / "app.exe", tmp_path / "same"
    app.write_bytes(random.Random(1).randbytes(100000) + bytes(300000))
    same.write_bytes(b"x" * 70000)
    (tmp_path / "empty").write_bytes(b"")
    got = put(base, out, f"file:C:\\Program Files\\Kiosk\\app.exe={app}", f"file:windows/new.bin={same}",
              f"file:C:/WINDOWS/system32/LINKED1.EXE={app}", f"file:\\Windows\\empty={tmp_path / 'empty'}",
              "dir:C:\\Data\\Inner", image="Rich One", threads=2)
    assert (got["n_files"], got["n_dirs"], got["n_replaced"], got["n_dedup"]) == ("4", "3", "1", "2")
    touched = ["/PROGRAM FILES/Kiosk", "/PROGRAM FILES/Kiosk/app.exe", "/Windows/new.bin",
               "/Windows/System32/linked1.exe", "/Windows/empty", "/Data", "/Data/Inner"]
    check_only_asked(base, out, 1, tmp_path, touched)
    now = details(out, 1)
    assert "Last Write Time     = Wed Jan 01 00:00:00 2020 UTC" in now["/Data/Inner"]
    assert extract(out, 1, "/PROGRAM FILES/Kiosk/app.exe", tmp_path) == app.read_bytes()
    assert extract(out, 1, "/Windows/System32/linked1.exe", tmp_path) == app.read_bytes()
    assert extract(out, 1, "/Windows/System32/linked2.exe", tmp_path) == b"linked content one"
    assert "s1" not in now["/Windows/System32/linked1.exe"] and "s1" in now["/Windows/System32/linked2.exe"]
    assert hashlib.sha256(base.read_bytes()).digest() == before
    run(tools / "wim_tool", "verify", out)
    run(tools / "wim_tool", "roundtrip", out)
    info = run(WIM, "info", out)
    assert "Compression:    LZX" in info and "Chunk Size:     32768" in info
    if start(["7z"]).code == 0:
        assert "Everything is Ok" in run("7z", "t", out)


def test_counts_in_the_xml_are_those_of_wimlib(bases, put, tmp_path):
    """wimlib's own update of the same base gives the same numbers."""
    base, out, theirs = bases["check"], tmp_path / "out.wim", tmp_path / "theirs.wim"
    new = tmp_path / "new"
    new.write_bytes(b"n" * 12345)
    run(WIM, "export", base, "all", theirs, "--boot", "--quiet")
    # wimlib counts anew whatever it touches: give both the same start
    run(WIM, "update", theirs, "1", "--command=add " + str(new) + " /first", "--quiet")
    put(theirs, out, f"file:C:\\second={new}", f"file:C:\\Windows\\System32\\linked1.exe={new}",
        f"dir:C:\\folder", image="1")
    run(WIM, "update", theirs, "1", "--command=add " + str(new) + " /second", "--quiet")
    run(WIM, "update", theirs, "1", "--command=add " + str(new) + " /Windows/System32/linked1.exe", "--quiet")
    (tmp_path / "folder").mkdir()
    run(WIM, "update", theirs, "1", "--command=add " + str(tmp_path / "folder") + " /folder", "--quiet")
    numbers = lambda w: re.findall(r"<(DIRCOUNT|FILECOUNT|TOTALBYTES|HARDLINKBYTES)>(\d+)<",
                                   xml(w, tmp_path).split("</IMAGE>")[0])
    assert numbers(out) == numbers(theirs)


def test_base_from_ntfs(bases, put, tmp_path):
    """Descriptors, streams, links and short names as an NTFS volume really had them, back on NTFS again."""
    needs(WIM, "mkntfs")

    def volume(name):
        path = tmp_path / name
        with open(path, "wb") as f:
            f.truncate(64 << 20)
        run("mkntfs", "-F", "-Q", path)
        return path
    first, second = volume("first.img"), volume("second.img")
    run(WIM, "apply", bases["lzx"], "1", first, "--quiet")
    base, out, back = tmp_path / "ntfs.wim", tmp_path / "out.wim", tmp_path / "back.wim"
    run(WIM, "capture", first, base, "Ntfs", "--quiet")
    new = tmp_path / "new"
    new.write_bytes(b"new")
    put(base, out, f"file:C:\\Progra~1\\new.txt={new}", f"file:C:\\Windows\\System32\\a.dll={new}",
        f"file:C:\\PROGRAM FILES\\READON~1.TXT={new}")
    touched = ["/PROGRAM FILES/new.txt", "/Windows/System32/a.dll", "/PROGRAM FILES/read only.txt"]
    check_only_asked(base, out, 1, tmp_path, touched)
    assert 'Short Name          = "READON~1.TXT"' in details(out, 1)["/PROGRAM FILES/read only.txt"]
    assert extract(out, 1, "/PROGRAM FILES/Common/a.dll", tmp_path) == b"a" * 5000
    run(WIM, "apply", out, "1", second, "--quiet")
    run(WIM, "capture", second, back, "Back", "--quiet")
    was, now = details(base, 1), details(back, 1)
    for path in touched:
        was.pop(path, None)
        now.pop(path)
    strip = lambda d: {k: re.sub(r"(Link Count|Last Access Time).*", "", v) for k, v in d.items()}
    assert strip(was) == strip(now)
    # what was written over keeps its descriptor
    key = lambda wim, p: re.findall(r"Security Descriptor = (\w+)", details(wim, 1)[p])
    assert key(base, touched[1]) == key(out, touched[1]) and key(base, touched[1])
    # a new file has one too, and it is the one that arrives on the volume
    assert key(out, touched[0]) and key(out, touched[0]) == key(back, touched[0])


def test_descriptors_are_inherited(bases, put, tmp_path):
    """Of the nearest folder that has one; owner Administrators, group SYSTEM; one rule, marked as inherited."""
    out, new = tmp_path / "out.wim", tmp_path / "new"
    new.write_bytes(b"new")
    put(bases["lzx"], out, f"file:C:\\Program Files\\Kiosk\\a.exe={new}", f"file:C:\\Program Files\\Common\\b={new}",
        f"file:C:\\at-root={new}", f"file:C:\\Windows\\unknown.bin={new}", image="1")
    found = {k: bytes.fromhex("".join(re.findall(r"Security Descriptor = (\w+)", v))) for k, v in details(out, 1).items()}

    def rule(sd):
        control, owner, group, _, dacl = struct.unpack_from("<xxHIIII", sd)
        assert control & 0x8004 == 0x8004
        assert sd[owner:owner + 16].hex() == "01020000000000052000000020020000"
        assert sd[group:group + 12].hex() == "010100000000000512000000"
        n_aces = struct.unpack_from("<4xH", sd, dacl)[0]
        kind, flags, _, mask = struct.unpack_from("<BBHI", sd, dacl + 8)
        return n_aces, kind, flags, mask
    assert rule(found["/PROGRAM FILES/Kiosk"]) == (1, 0, 0x13, 0x1F01FF)
    assert rule(found["/PROGRAM FILES/Kiosk/a.exe"]) == (1, 0, 0x10, 0x1F01FF)
    assert rule(found["/PROGRAM FILES/Common/b"]) == (1, 0, 0x10, 0x1200A9)
    assert rule(found["/Windows/unknown.bin"]) == (1, 0, 0x10, 0x1F01FF)
    assert found["/at-root"] == b""  # neither has the root one


REFUSED = [
    (["file:D:\\x=@"], "FORMAT", "drive 'D:'"),
    (["file:C:\\Windows\\con.txt=@"], "FORMAT", "reserved"),
    (["file:C:\\Windows\\a.=@"], "FORMAT", "ends in a dot"),
    (["file:C:\\Windows\\a?=@"], "FORMAT", "'?'"),
    (["file:C:\\a\\..\\b=@"], "FORMAT", "'..'"),
    (["file:C:\\Windows=@"], "CONFLICT", "is a folder, where a file is to go"),
    (["file:C:\\=@"], "CONFLICT", "name the file"),
    (["file:C:\\Windows\\unknown.bin\\x=@"], "CONFLICT", "is a file, where a folder is needed"),
    (["dir:C:\\Windows\\Unknown.BIN"], "CONFLICT", "is a file, where a folder is needed"),
    (["file:C:\\Documents and Settings\\x=@"], "CONFLICT", "is a link to another folder"),
    (["file:C:\\Windows\\System32\\link.txt=@"], "CONFLICT", "is a symbolic link"),
    (["file:C:\\n=@", "file:c:/N=@"], "CONFLICT", "put twice"),
    (["file:C:\\n\\m=@", "file:C:\\N=@"], "CONFLICT", "is a folder"),
    (["file:C:\\n=@", "dir:C:\\n"], "CONFLICT", "is a file"),
    (["file:C:\\n=@missing"], "NOT_FOUND", "missing"),
]


@pytest.mark.parametrize("changes,code,text", REFUSED, ids=[c[0][0] + "-" + str(len(c[0])) for c in REFUSED])
def test_refused_changes(changes, code, text, bases, put, tmp_path):
    new = tmp_path / "new"
    new.write_bytes(b"n")
    err = put(bases["lzx"], tmp_path / "out.wim", *[c.replace("@", str(new)) for c in changes], image="1", ok=False)
    assert err.startswith(code + ":") and text in err and err.count("\n") == 1, err


def test_image_that_is_not_there_lists_those_that_are(bases, put, tmp_path):
    out = tmp_path / "out.wim"
    for image in ["Rich Three", "0", "3", "99999999999999999999"]:
        err = put(bases["lzx"], out, image=image, ok=False)
        assert err.startswith("NOT_FOUND:"), err
        assert "1 'Rich One' (shown as 'Shown Rich One', edition Professional), 2 'Rich Two' (" in err, err
    err = put(bases["lzx"], out, ok=False)
    assert "2 images" in err and "'Rich Two'" in err
    put(bases["lzx"], out, image="rich two")


def test_arch(bases, put, tmp_path):
    put(bases["lzx"], tmp_path / "a.wim", image="1", arch="amd64")
    err = put(bases["lzx"], tmp_path / "b.wim", image="2", arch="amd64", ok=False)
    assert err.startswith("CONFLICT:") and "arm64" in err and "amd64" in err


def special_base(kind, bases, folder):
    """Files that look like a base and can't be one."""
    plain, tree = bases["plain"], folder / "tree"
    path = folder / f"{kind}.wim"
    tree.mkdir()
    (tree / "f").write_bytes(b"f" * 100000)
    (tree / "g").write_bytes(random.Random(2).randbytes(3 << 20))
    if kind == "pipable":
        run(WIM, "capture", tree, path, "P", "--pipable", "--quiet")
    elif kind == "wimboot":
        run(WIM, "capture", tree, path, "P", "--wimboot", "--quiet")
    elif kind == "delta":
        run(WIM, "capture", tree, folder / "whole.wim", "P", "--quiet")
        (tree / "h").write_bytes(b"h" * 1000)
        run(WIM, "capture", tree, path, "P", f"--delta-from={folder / 'whole.wim'}", "--quiet")
    elif kind == "encrypted":
        w = wimgen.rich_wim()
        w.images, w.root_xml = w.images[:1], "<ESD><ENCRYPTED/></ESD>"
        w.boot = 0
        path.write_bytes(w.build())
    elif kind == "unfinished":
        data = bytearray(plain.read_bytes())
        data[0x10] |= 0x40
        path.write_bytes(data)
    elif kind == "no-wim":
        path.write_bytes(b"MZ" + bytes(5000))
    elif kind == "short":
        path.write_bytes(plain.read_bytes()[:-3])
    elif kind == "tiny":
        path.write_bytes(b"MSWIM\0\0\0")
    elif kind == "damaged":
        data = bytearray(bases["lzx"].read_bytes())
        data[-len(data) // 2] ^= 0xFF
        path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind,code,text", [
    ("pipable", "UNSUPPORTED", "pipable"), ("wimboot", "UNSUPPORTED", "WIMBoot"),
    ("delta", "UNSUPPORTED", "delta"), ("encrypted", "UNSUPPORTED", "encrypted"),
    ("unfinished", "FORMAT", "not finished"), ("no-wim", "FORMAT", "not a WIM"),
    ("short", "FORMAT", "cut short"), ("tiny", "FORMAT", "not a WIM")])
def test_bases_that_cannot_be(kind, code, text, bases, put, tmp_path):
    base = special_base(kind, bases, tmp_path)
    new = tmp_path / "new"
    new.write_bytes(b"n")
    err = put(base, tmp_path / "out.wim", f"file:C:\\n={new}", image="1", ok=False)
    assert err.startswith(code + ":") and text in err and str(base) in err, err


def test_cut_short_anywhere(bases, put, tmp_path):
    """Whatever is missing at the end: an error that is no crash, and no output."""
    whole = bases["lzx"].read_bytes()
    base = tmp_path / "cut.wim"
    rng = random.Random(3)
    for n in [0, 1, 207, 208, 209] + [rng.randrange(len(whole)) for _ in range(15)]:
        base.write_bytes(whole[:n])
        err = put(base, tmp_path / "out.wim", image="1", ok=False)
        assert err.split(":")[0] in ("FORMAT", "UNSUPPORTED"), (n, err)


def test_same_bytes_whatever_paths_threads_and_time(bases, put, tmp_path):
    outs = []
    for name, threads in [("a", 1), ("some-longer-name", 2), ("b", 3)]:
        home = tmp_path / name
        (home / "tree" / "sub").mkdir(parents=True)
        files = {"tree/z": b"1" * 100000, "tree/a": b"2" * 90000, "tree/sub/m": bytes(range(256)) * 3000, "app": b"1" * 100000}
        for k in sorted(files, reverse=name == "b"):
            (home / k).write_bytes(files[k])
        base = home / "base.wim"
        base.write_bytes(bases["xpress"].read_bytes())
        out = home / "out.wim"
        put(base, out, f"file:C:\\app={home / 'app'}", f"tree:C:\\T={home / 'tree'}", image="2", threads=str(threads))
        outs.append(out.read_bytes())
        time.sleep(0.01)
    assert outs[0] == outs[1] == outs[2]
    other = tmp_path / "other.wim"
    put(bases["xpress"], other, "dir:C:\\T", image="2")
    assert other.read_bytes()[0x18:0x28] != outs[0][0x18:0x28], "another content has another GUID"
    put(bases["xpress"], tmp_path / "later.wim", "dir:C:\\T", image="2", time="1600000000")
    assert (tmp_path / "later.wim").read_bytes() != other.read_bytes()


def make_tree(top, order):
    """Files, links and folders, made in a given order so that folders list them differently."""
    jobs = {
        "Windows/System32/big.txt": b"".join(b"%d\n" % i for i in range(50000)),
        "Windows/dup1": b"d" * 40000, "Windows/dup2": b"d" * 40000, "\u65e5\u672c.txt": b"j", "empty": b"",
        "a b c.bin": random.Random(5).randbytes(70000),
    }
    for k in sorted(jobs, key=lambda k: hashlib.md5((order + k).encode()).digest()):
        (top / k).parent.mkdir(parents=True, exist_ok=True)
        (top / k).write_bytes(jobs[k])
    (top / "folder" / "inner").mkdir(parents=True)
    links = [("h1", "a b c.bin"), ("Windows/h2", "a b c.bin")]
    for k, target in links if order == "x" else reversed(links):
        os.link(top / target, top / k)
    os.symlink("Windows", top / "dirlink")
    os.symlink("empty", top / "filelink")
    return jobs


def test_directory_base(put, tools, tmp_path):
    needs(WIM)
    outs = []
    for order in ["x", "y"]:
        top = tmp_path / order / "tree"
        top.mkdir(parents=True)
        jobs = make_tree(top, order)
        new = tmp_path / "new"
        new.write_bytes(b"new")
        out = tmp_path / order / "out.wim"
        put(top, out, f"file:C:\\WINDOWS\\new={new}", dir=True, name="Tree", threads="2" if order == "x" else "1")
        outs.append(out)
    assert outs[0].read_bytes() == outs[1].read_bytes()
    run(WIM, "verify", outs[0], "--quiet")
    run(tools / "wim_tool", "verify", outs[0])
    run(WIM, "apply", outs[0], "1", tmp_path / "back", "--quiet")
    for k, data in jobs.items():
        assert (tmp_path / "back" / k).read_bytes() == data
    assert os.readlink(tmp_path / "back" / "dirlink") == "Windows"
    assert (tmp_path / "back" / "folder" / "inner").is_dir()
    assert os.stat(tmp_path / "back" / "h1").st_nlink == 3
    info = run(WIM, "info", outs[0])
    assert "Name:                   Tree" in info and "Jan 01 00:00:00 2020" in info
    for line in run(WIM, "dir", outs[0], "1", "--detailed").splitlines():
        if "Time " in line:
            assert "Jan 01 00:00:00 2020" in line


def test_directory_base_that_cannot_be(put, tmp_path):
    top, out = tmp_path / "tree", tmp_path / "out.wim"
    (top / "sub").mkdir(parents=True)
    (top / "sub" / "A").write_bytes(b"1")
    (top / "sub" / "a").write_bytes(b"2")
    err = put(top, out, dir=True, ok=False)
    assert err.startswith("CONFLICT:") and "'A' and 'a'" in err
    os.unlink(top / "sub" / "a")
    os.mkfifo(top / "pipe")
    err = put(top, out, dir=True, ok=False)
    assert err.startswith("UNSUPPORTED:") and "tree" in err
    os.unlink(top / "pipe")
    put(top, out, dir=True)
    err = put(tmp_path / "missing", tmp_path / "o2.wim", dir=True, ok=False)
    assert err.startswith("NOT_FOUND:") and "missing" in err
    err = put(top / "sub" / "A", tmp_path / "o2.wim", dir=True, ok=False)
    assert "is not a directory" in err.lower() or "not a folder" in err.lower(), err


def test_tree_with_what_cannot_go_in(bases, put, tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    os.symlink("x", tree / "link")
    err = put(bases["lzx"], tmp_path / "out.wim", f"tree:C:\\T={tree}", image="1", ok=False)
    assert err.startswith("UNSUPPORTED:") and "symbolic link" in err
    os.unlink(tree / "link")
    (tree / "aux.h").write_bytes(b"")
    err = put(bases["lzx"], tmp_path / "out.wim", f"tree:C:\\T={tree}", image="1", ok=False)
    assert err.startswith("FORMAT:") and "aux.h" in err and "reserved" in err
    os.rename(tree / "aux.h", tree / "ok")
    (tree / "OK").write_bytes(b"")
    err = put(bases["lzx"], tmp_path / "out.wim", f"tree:C:\\T={tree}", image="1", ok=False)
    assert err.startswith("CONFLICT:") and "twice" in err


@pytest.mark.slow
def test_more_than_65536_files(put, tools, tmp_path):
    """In one folder, so that the folder's list is long as well."""
    tree, out = tmp_path / "tree", tmp_path / "out.wim"
    tree.mkdir()
    for i in range(66000):
        (tree / f"file {i:05}").write_bytes(b"%d" % (i % 1000))
    base = tmp_path / "base.wim"
    (tmp_path / "nothing").mkdir()
    run(WIM, "capture", tmp_path / "nothing", base, "E", "--quiet")
    got = put(base, out, f"tree:C:\\Many={tree}", threads="2")
    assert got["n_files"] == "66000" and got["n_dedup"] == "65000"
    run(WIM, "verify", out, "--quiet")
    assert "File Count:             66000" in run(WIM, "info", out)
    assert extract(out, 1, "/Many/file 65999", tmp_path) == b"999"
    again = tmp_path / "again.wim"
    got = put(out, again, f"file:C:\\many\\FILE 00007={tree / 'file 00008'}")
    assert got["n_replaced"] == "1" and got["stored_bytes"] == "0"
    run(WIM, "verify", again, "--quiet")


def long_job(tools, bases, tmp_path, out):
    big = tmp_path / "big"
    if not big.exists():
        big.write_bytes(random.Random(4).randbytes(48 << 20))
    return [str(a) for a in (tools / "image_tool", "--tmp", tmp_path, "--threads", "1", "--image", "1", bases["lzx"], out,
                             f"file:C:\\big={big}")]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_canceled(how, tools, bases, tmp_path):
    out = tmp_path / "out.wim"
    with subprocess.Popen(long_job(tools, bases, tmp_path, out), stderr=subprocess.PIPE) as p:
        while b"progress write" not in p.stderr.readline():
            pass
        p.send_signal(how)
        err = p.stderr.read()
        assert p.wait() == 1
    assert b"CANCELED:" in err and not out.exists()


@pytest.mark.slow
def test_killed_at_any_moment(tools, bases, tmp_path):
    """Not even the temporary file is taken for a whole one; the worker does not outlive its parent."""
    n_unfinished = 0
    began = time.monotonic()
    run(*long_job(tools, bases, tmp_path, tmp_path / "whole.wim"))
    took = time.monotonic() - began
    for i in range(6):
        out = tmp_path / f"out{i}.wim"
        with subprocess.Popen(long_job(tools, bases, tmp_path, out), stderr=subprocess.DEVNULL) as p:
            time.sleep(took * (i + 0.5) / 6)
            p.kill()
        time.sleep(0.2)
        if out.exists():
            size = out.stat().st_size
            time.sleep(0.1)
            assert out.stat().st_size == size, "something goes on writing"
            if out.read_bytes()[:8] == bytes(8):
                n_unfinished += 1
                assert start([WIM, "info", out]).code != 0
                assert start([tools / "wim_tool", "verify", out]).code != 0
            else:
                run(tools / "wim_tool", "verify", out)
            out.unlink()
    assert n_unfinished > 0


def test_worker_that_dies(tools, bases, tmp_path):
    """A crash in the worker is an error that says so, and leaves nothing."""
    out = tmp_path / "out.wim"
    with subprocess.Popen(long_job(tools, bases, tmp_path, out), stderr=subprocess.PIPE) as p:
        while b"progress write" not in p.stderr.readline():
            pass
        children = (f"/proc/{p.pid}/task/{p.pid}/children")
        worker = int(open(children, encoding="ascii").read().split()[0])
        os.kill(worker, signal.SIGABRT)
        err = p.stderr.read()
        assert p.wait() == 1
    assert b"FAILED:" in err and b"signal 6" in err and not out.exists()


@pytest.mark.slow
def test_disk_full(tools, bases, tmp_path):
    needs_user_namespaces()
    (tmp_path / "small").mkdir()
    out = tmp_path / "small" / "out.wim"
    job = long_job(tools, bases, tmp_path, out)
    done = start(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                  'mount -t tmpfs -o size=2m none "$0" && "$@"; code=$?; ls "$0"; exit $code', tmp_path / "small", *job])
    assert done.code == 1 and "No space left" in done.err and "IO:" in done.err, done
    assert done.out.strip() == "", "something was left behind"


def test_out_that_exists_is_left_alone(bases, tools, tmp_path):
    out = tmp_path / "out.wim"
    out.write_bytes(b"mine")
    done = start([tools / "image_tool", "--image", "1", bases["lzx"], out])
    assert done.code == 1 and "CONFLICT" in done.err and out.read_bytes() == b"mine"


def test_inspect(bases, wingo, tmp_path):
    import json
    for kind, base in bases.items():
        got = json.loads(run(wingo, "inspect", "--json", base))
        info = run(WIM, "info", base)
        assert got["format"] == "WIM" and got["bytes"] == base.stat().st_size
        assert got["compression"] == re.search(r"Compression: +(\w+)", info).group(1).replace("None", "none")
        assert got["guid"] == re.search(r"GUID: +0x(\w+)", info).group(1)
        assert got["integrity_table"] == (kind == "check")
        assert [i["name"] for i in got["images"]] == ["Rich One", "Rich Two"]
        assert [i["arch"] for i in got["images"]] == ["amd64", "arm64"]
        assert [i.get("boot", False) for i in got["images"]] == [False, True]
        assert got["images"][0]["description"] == "Rich One & more"
        if kind == "solid":
            assert got["solid_blocks"] >= 1 and got["solid_compression"] == "LZMS"
    text = run(wingo, "inspect", bases["lzx"])
    assert "Shown Rich Two" in text and "10.0.22631" in text
    short = tmp_path / "short.wim"
    short.write_bytes(bases["lzx"].read_bytes()[:-1])
    done = start([wingo, "inspect", short])
    assert done.code == 4 and "cut short" in done.err and done.out == ""
