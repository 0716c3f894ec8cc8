# SPDX-License-Identifier: Apache-2.0
"""Files that commands change in place or write anew: nobody's change is lost, nothing is replaced that was not to be."""
import json
import os
import shutil
import stat
import subprocess
import threading

import pytest

N = 8


@pytest.fixture
def base(run, tmp_path):
    path = tmp_path / "a.wim"
    assert run("wim", "synthetic", "-q", "windows-11", path).code == 0
    return path


@pytest.fixture
def hive(run, tmp_path):
    path = tmp_path / "SOFTWARE"
    assert run("reg", "create", path).code == 0
    return path


def at_once(calls):
    results = [None] * len(calls)

    def one(i):
        results[i] = calls[i]()
    threads = [threading.Thread(target=one, args=(i,)) for i in range(len(calls))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return results


def paths_of(run, wim, image="2"):
    return {e["path"] for e in json.loads(run("wim", "dir", wim, image, "--json").out)["entries"]}


def left_in(folder):
    return [p.name for p in folder.iterdir() if "wgtmp" in p.name or "wingo-reg" in p.name]


def test_eight_on_one_hive(run, hive, tmp_path):
    got = at_once([lambda i=i: run("reg", "add", hive, f"Key{i}", "--value=v", "-d", str(i)) for i in range(N)])
    assert [r.code for r in got] == [0] * N, got
    keys = run("reg", "export", hive).out
    assert all(f"Key{i}" in keys for i in range(N)) and not left_in(tmp_path)


@pytest.mark.slow
def test_eight_on_one_image(run, base, tmp_path):
    (tmp_path / "f").write_text("x")
    got = at_once([lambda i=i: run("wim", "update", base, "2", f"--add={tmp_path}/f:\\new{i}") for i in range(N)])
    assert [r.code for r in got] == [0] * N, got
    assert {f"\\new{i}" for i in range(N)} <= paths_of(run, base)
    got = at_once([lambda i=i: run("reg", "add", f"{base}:2", "HKLM\\SOFTWARE\\Many", f"--value=v{i}", "-d", "x") for i in range(N)])
    assert [r.code for r in got] == [0] * N, got
    there = run("reg", "query", f"{base}:2", "HKLM\\SOFTWARE\\Many").out
    assert all(f"v{i}" in there for i in range(N)) and not left_in(tmp_path)
    assert run("wim", "verify", base).code == 0


def test_eight_exports_into_one_file(run, base, tmp_path):
    def export(to, i):
        return run("wim", "export", base, "1", to, f"--name=copy {i}")
    there = tmp_path / "there.wim"
    assert export(there, "x").code == 0
    got = at_once([lambda i=i: export(there, i) for i in range(N)])
    assert [r.code for r in got] == [0] * N, got
    names = {i["name"] for i in json.loads(run("wim", "info", there, "--json").out)["images"]}
    assert names == {f"copy {i}" for i in [*range(N), "x"]}
    # into a file that is not there yet one wins, and who lost says so; nothing that ended well is missing
    new = tmp_path / "new.wim"
    got = at_once([lambda i=i: export(new, i) for i in range(N)])
    names = {i["name"] for i in json.loads(run("wim", "info", new, "--json").out)["images"]}
    assert names == {f"copy {i}" for i, r in enumerate(got) if r.code == 0} and names
    assert all(r.code == 0 or "appeared meanwhile" in r.err for r in got), got
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "f").write_text("x")
    got = at_once([lambda i=i: run("wim", "capture", tree, new, f"tree {i}", "--append") for i in range(N)])
    assert [r.code for r in got] == [0] * N, got
    assert len(json.loads(run("wim", "info", new, "--json").out)["images"]) == len(names) + N and not left_in(tmp_path)


def test_changed_meanwhile_by_another_program(run, wingo, env, base, tmp_path):
    """A program without our lock puts another file there while we work: that one stays."""
    other = tmp_path / "other"
    other.write_text("somebody else's")
    (tmp_path / "commands").write_text("")
    p = subprocess.Popen([wingo, "wim", "update", base, "2", "--command=-"], cwd=tmp_path, env=env, stdin=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    os.utime(base, ns=(1, 1))
    out, err = p.communicate("mkdir \\X\n")
    if p.returncode == 0:  # it began after the change
        assert "\\X" in paths_of(run, base)
    # the same with the lock held by a program that replaces the file before it gives it back
    import fcntl
    with open(base, "rb") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        p = subprocess.Popen([wingo, "wim", "update", base, "2", "--mkdir=\\Y"], cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            p.wait(timeout=1.5)
        os.rename(other, base)
    err = p.communicate()[1]
    assert p.returncode != 0 and "waiting" in err and base.read_text() == "somebody else's", err


COMMANDS = {
    "update": lambda w, h: ("wim", "update", w, "2", "--mkdir=\\X"),
    "export": lambda w, h: ("wim", "export", w, "2", w, "--name=other"),
    "reg add, image": lambda w, h: ("reg", "add", f"{w}:2", "HKLM\\SOFTWARE\\X", "--value=a", "-d", "b"),
    "reg add": lambda w, h: ("reg", "add", h, "X", "--value=a", "-d", "b"),
    "reg delete": lambda w, h: ("reg", "delete", h, "Old"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_file_is_stays(command, run, base, hive, tmp_path):
    assert run("reg", "add", hive, "Old").code == 0
    words = COMMANDS[command](base, hive)
    path = hive if str(hive) in map(str, words) else base
    path.chmod(0o600)
    owner = (12, 34) if os.getuid() == 0 else None
    if owner:
        os.chown(path, *owner)
    xattr = True
    try:
        os.setxattr(path, "user.note", b"mine")
    except OSError:
        xattr = False
    assert run(*words).code == 0
    st = path.stat()
    assert stat.S_IMODE(st.st_mode) == 0o600
    assert not owner or (st.st_uid, st.st_gid) == owner
    assert not xattr or os.getxattr(path, "user.note") == b"mine"
    # a link is followed
    if command != "export" and command != "reg delete":
        (tmp_path / "sub").mkdir()
        moved = tmp_path / "sub" / path.name
        shutil.move(path, moved)
        path.symlink_to(os.path.join("sub", path.name))
        before = moved.stat().st_ino
        assert run(*words).code == 0
        assert path.is_symlink() and moved.stat().st_ino != before and stat.S_IMODE(moved.stat().st_mode) == 0o600
        assert not left_in(tmp_path / "sub") and not left_in(tmp_path)


@pytest.mark.parametrize("command", COMMANDS)
def test_read_only_is_refused(command, run, base, hive, tmp_path):
    assert run("reg", "add", hive, "Old").code == 0
    words = COMMANDS[command](base, hive)
    path = hive if str(hive) in map(str, words) else base
    path.chmod(0o444)
    before = path.read_bytes()
    r = run(*words)
    assert r.code == 1 and "read-only" in r.err and "--force" in r.err and path.read_bytes() == before, r
    r = run(*words, "-f")
    assert r.code == 0 and path.read_bytes() != before and stat.S_IMODE(path.stat().st_mode) == 0o444, r


@pytest.mark.slow
def test_outputs_replace_nothing(run, base, hive, tmp_path):
    reg = tmp_path / "t.reg"
    reg.write_text("Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\T]\n\"a\"=\"b\"\n")
    (tmp_path / "tree").mkdir()
    assert run("wim", "split", base, tmp_path / "p.swm", "100MiB").code == 0
    there = tmp_path / "there"
    for words in (("wim", "update", base, "2", "--mkdir=\\X", "-o"), ("wim", "join", None, tmp_path / "p.swm"),
                  ("wim", "capture", tmp_path / "tree", None), ("wim", "synthetic", "windows-11", None),
                  ("wim", "split", base, None, "100MiB"), ("reg", "create", None), ("reg", "add", hive, "X", "--out"),
                  ("reg", "import", hive, reg, "--out"), ("reg", "add", f"{base}:2", "HKLM\\SOFTWARE\\X", "--out"),
                  ("reg", "export", hive, "-o"), ("reg", "check", hive, "--salvage", "--out")):
        def call(target, *more):
            return run(*[target if w is None else w for w in words], *([] if None in words else [target]), *more)
        there.write_text("mine")
        there.chmod(0o640)
        r = call(there)
        assert r.code != 0 and there.read_text() == "mine" and "exists already" in r.err, r
        inputs = [w for w in (base, hive) if any(str(x) == str(w) for x in words)]
        for same in inputs:
            before = same.read_bytes()
            r = call(same)
            assert r.code != 0 and same.read_bytes() == before, r
        node = tmp_path / "node"
        if not node.exists():
            os.mkfifo(node)
        for more in ((), ("--force",)):
            r = call(node, *more)
            assert r.code != 0 and stat.S_ISFIFO(node.stat().st_mode), r
        if words[:2] != ("wim", "split"):
            r = call(there, "--force")
            assert r.code == 0 and there.read_bytes() != b"mine" and stat.S_IMODE(there.stat().st_mode) == 0o640, r
        there.unlink()
    assert not left_in(tmp_path)


@pytest.mark.parametrize("mask,mode", [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
@pytest.mark.slow
def test_umask_is_obeyed(mask, mode, wingo, env, base, hive, tmp_path):
    (tmp_path / "tree").mkdir()

    def run(*words):
        r = subprocess.run([wingo, *map(str, words)], cwd=tmp_path, env=env, umask=mask, capture_output=True, text=True)
        assert r.returncode == 0, r
    run("wim", "update", base, "2", "--mkdir=\\X", "-o", "u.wim")
    run("wim", "export", base, "1", "e.wim")
    run("wim", "capture", "tree", "c.wim")
    run("wim", "synthetic", "windows-10", "s.wim")
    run("wim", "split", base, "p.swm", "100MiB")
    run("wim", "join", "j.wim", "p.swm")
    run("reg", "create", "h")
    run("reg", "export", hive, "-o", "x.reg")
    for name in ("u.wim", "e.wim", "c.wim", "s.wim", "p.swm", "j.wim", "h", "x.reg"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == mode, name
    run("wim", "apply", "c.wim", "applied")
    assert stat.S_IMODE((tmp_path / "applied").stat().st_mode) == 0o777 & ~mask


def test_only_a_hives_own_logs_are_emptied(run, hive, tmp_path):
    for name in ("Other.LOG1", "OUT.LOG1", "out.LOG2", "SOFTWARE.LOG1", "software.LOG2"):
        (tmp_path / name).write_bytes(b"log of " + name.encode())
    assert run("reg", "add", hive, "X", "--out", tmp_path / "out").code == 0
    sizes = {p.name: p.stat().st_size for p in tmp_path.glob("*LOG*")}
    assert sizes["out.LOG2"] == 0 and sizes["OUT.LOG1"] > 0 and sizes["SOFTWARE.LOG1"] > 0 and sizes["Other.LOG1"] > 0
    shutil.copy(hive, tmp_path / "software")  # whose log2 is its own
    assert run("reg", "add", hive, "Y").code == 0
    sizes = {p.name: p.stat().st_size for p in tmp_path.glob("*LOG*")}
    assert sizes["SOFTWARE.LOG1"] == 0 and sizes["software.LOG2"] > 0


def test_split_again_after_a_killed_one(run, base, tmp_path):
    """Parts without the first one are what a killed run left; those of another file are not touched."""
    (tmp_path / "f").write_bytes(os.urandom(500000))
    assert run("wim", "update", base, "2", f"--add={tmp_path}/f:\\f").code == 0
    first = tmp_path / "p.swm"
    r = run("wim", "split", base, first, "128KiB")
    parts = [tmp_path / line.strip() for line in r.out.splitlines()]
    assert r.code == 0 and len(parts) > 2
    want = {p.name: p.read_bytes() for p in parts}
    r = run("wim", "split", base, first, "128KiB")
    assert r.code == 1 and "exists already" in r.err, r
    first.unlink()
    (tmp_path / f"p{len(parts) + 1}.swm").write_bytes(want["p2.swm"])  # a longer set was begun
    r = run("wim", "split", base, first, "128KiB")
    assert r.code == 0 and {p.name: p.read_bytes() for p in tmp_path.glob("p*.swm")} == want, r
    first.unlink()
    (tmp_path / "p2.swm").write_text("mine")
    r = run("wim", "split", base, first, "128KiB")
    assert r.code == 1 and (tmp_path / "p2.swm").read_text() == "mine" and not first.exists(), r
    r = run("wim", "split", base, first, "128KiB", "--force")
    assert r.code == 0 and {p.name: p.read_bytes() for p in tmp_path.glob("p*.swm")} == want, r


def held(path, seconds=None):
    """Another program's lock on path, for so long, or until it is closed."""
    import fcntl
    fd = os.open(path, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    if seconds is not None:
        threading.Timer(seconds, os.close, (fd,)).start()
    return fd


@pytest.mark.slow
def test_waiting_for_another(run, base, hive, tmp_path):
    """As long as it takes, or as --wait says; how long is said, and what was there is untouched."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "f").write_text("x")
    (tmp_path / "empty").mkdir()
    for path, words in ((hive, ("reg", "add", hive, "X")), (base, ("wim", "update", base, "2", "--mkdir=\\X")),
                        (base, ("wim", "export", base, "1", base, "--name=o")), (base, ("wim", "capture", "tree", base, "t", "--append")),
                        (tmp_path / "empty", ("wim", "apply", base, "1", "empty")), (tmp_path, ("wim", "split", base, "p.swm", "100MiB"))):
        fd = held(path)
        before = path.read_bytes() if path.is_file() else sorted(os.listdir(path))
        r = run(*words, "--wait=0s")
        assert r.code == 1 and "another wingo works on" in r.err and "--wait" in r.err, r
        r = run(*words, "--wait=300ms")
        assert r.code == 1 and "waiting for it, 300ms at most" in r.err and "still works on" in r.err and "after 0." in r.err, r
        assert before == (path.read_bytes() if path.is_file() else sorted(os.listdir(path)))
        os.close(fd)
        held(path, 0.6)
        r = run(*words)
        assert r.code == 0 and "waiting for it" in r.err and "waited 0." in r.err, r
    r = run("reg", "add", hive, "X", "--wait=soon")
    assert r.code == 2 and "'soon' is not a time" in r.err, r
    assert not left_in(tmp_path)


@pytest.mark.slow
def test_builds_wait_for_another(run, tmp_path):
    (tmp_path / "wingo.yaml").write_text("version: 1\nname: p\nimages:\n  k: {base: {synthetic: windows-11}, outputs: [wim], files: [{mkdir: 'C:\\X'}]}\n")
    assert run("build").code == 0
    before = (tmp_path / "out" / "k.wim").read_bytes()
    (tmp_path / "wingo.yaml").write_text((tmp_path / "wingo.yaml").read_text().replace("C:\\X", "C:\\Y"))
    locks = [held(p) for p in (tmp_path / ".wingo" / "locks").iterdir()]
    assert locks
    r = run("build", "--wait=100ms")
    assert r.code == 1 and "another run makes the same still after 0." in r.err and "--wait" in r.err, r
    assert (tmp_path / "out" / "k.wim").read_bytes() == before
    for fd in locks:
        threading.Timer(2.5, os.close, (fd,)).start()
    r = run("build")
    assert r.code == 0 and "another run makes the same; waiting for it" in r.err and "s for another run" in r.err, r
    assert (tmp_path / "out" / "k.wim").read_bytes() != before


@pytest.mark.slow
def test_eight_of_every_other_command(run, base, tmp_path):
    """What can be done by one only is done by one, and the others say so; what can be done by all is done by all."""
    (tmp_path / "big").write_bytes(os.urandom(600000))
    assert run("wim", "update", base, "2", f"--add={tmp_path}/big:\\big").code == 0
    assert run("wim", "split", base, "s.swm", "200KiB").code == 0
    parts = sorted(p.name for p in tmp_path.glob("s*.swm"))
    trees = []
    for i in range(N):
        t = tmp_path / f"tree{i}"
        t.mkdir()
        (t / "who").write_text(str(i))
        (tmp_path / f"{i}.reg").write_text(f"Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\R{i}]\n\"a\"=\"b\"\n")
        assert run("wim", "capture", t, f"{i}.wim").code == 0
        trees.append(t)
    (tmp_path / "empty").mkdir()

    def lost(r, *words):
        return r.code == 1 and any(w in r.err for w in ("exists already", "appeared meanwhile", "is not empty", *words))
    # one new file, or one folder: exactly one has it, whole
    for made, call in (("new.wim", lambda i: run("wim", "capture", trees[i], "new.wim")), ("joined.wim", lambda i: run("wim", "join", "joined.wim", *parts)),
                       ("newdir", lambda i: run("wim", "apply", f"{i}.wim", "1", "newdir")), ("empty", lambda i: run("wim", "apply", f"{i}.wim", "1", "empty")),
                       ("p.swm", lambda i: run("wim", "split", base, "p.swm", f"{150 + 20 * i}KiB"))):
        got = at_once([lambda i=i: call(i) for i in range(N)])
        won = [i for i, r in enumerate(got) if r.code == 0]
        assert len(won) == 1 and all(lost(r) for i, r in enumerate(got) if i not in won), (made, got)
        path = tmp_path / made
        if path.is_dir():
            assert (path / "who").read_text() == str(won[0]) and os.listdir(path) == ["who"]
        elif made == "p.swm":
            want = sorted(line.strip() for line in got[won[0]].out.splitlines())
            assert sorted(p.name for p in tmp_path.glob("p*.swm")) == want
            r = run("wim", "join", "again.wim", *want)
            assert r.code == 0 and run("wim", "verify", "again.wim").code == 0, r
        else:
            assert run("wim", "verify", made).code == 0
    # over what is there: one after the other, and the last one's set is whole
    got = at_once([lambda i=i: run("wim", "split", base, "p.swm", "170KiB", "--force") for i in range(N)])
    assert all(r.code == 0 or "would not belong to the new set" in r.err for r in got), got
    assert run("wim", "join", "over.wim", *[p.name for p in sorted(tmp_path.glob("p*.swm"))]).code == 0
    # registry files into one image and one hive
    assert run("reg", "create", "SOFTWARE").code == 0
    for target in (f"{base}:2", "SOFTWARE"):
        got = at_once([lambda i=i: run("reg", "import", target, f"{i}.reg") for i in range(N)])
        assert [r.code for r in got] == [0] * N, got
        keys = run("reg", "query", target, "HKLM\\SOFTWARE", "-r").out
        assert all(f"\\R{i}" in keys or f"\nR{i}" in keys for i in range(N)), keys
    # a hive that is mended
    got = at_once([lambda i=i: run("reg", "check", "SOFTWARE", "--salvage", "--out", "mended") for i in range(N)])
    assert sum(r.code == 0 for r in got) == 1 and all(r.code == 0 or lost(r) for r in got), got
    assert run("reg", "check", "mended").code == 0 and not left_in(tmp_path)


@pytest.mark.slow
def test_eight_builds_of_one_project(run, tmp_path):
    (tmp_path / "wingo.yaml").write_text("version: 1\nname: p\nimages:\n  k: {base: {synthetic: windows-11}, outputs: [wim, esd], files: [{mkdir: 'C:\\X'}]}\n")
    got = at_once([lambda: run("build") for _ in range(N)])
    assert [r.code for r in got] == [0] * N, got
    assert "\\X" in paths_of(run, tmp_path / "out" / "k.wim", "2")
    assert run("wim", "verify", tmp_path / "out" / "k.esd").code == 0 and not left_in(tmp_path / "out")
    # one file that two builds write: each is whole
    got = at_once([lambda i=i: run("wim", "update", "out/k.wim", "2", f"--mkdir=\\Y{i}") for i in range(N)])
    assert [r.code for r in got] == [0] * N and run("wim", "verify", tmp_path / "out" / "k.wim").code == 0
