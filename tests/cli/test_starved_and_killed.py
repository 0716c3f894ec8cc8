# SPDX-License-Identifier: Apache-2.0
"""Commands by hand that are killed, or have no room: nothing half made under a final name, the cause names what could
not be written, and the same command can be run again.

WINGO_TEST_KILLS=1000 kills that often (a few times otherwise).
"""
import hashlib
import os
import random
import resource
import shutil
import signal
import subprocess

import pytest

from conftest import ROOT, needs, needs_user_namespaces, start

KILLS = int(os.environ.get("WINGO_TEST_KILLS", "12"))


def left_in(folder):
    return [p for p in folder.rglob("*") if ".wgtmp-" in p.name or ".wingo-reg-" in p.name]


def sums(path):
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return {str(p.relative_to(path)): os.readlink(p) if p.is_symlink() else p.read_bytes() if p.is_file() else None
            for p in path.rglob("*") if ".wgtmp-" not in str(p)}


@pytest.fixture(scope="module")
def world(wingo, tmp_path_factory):
    """A base, a hive, a tree and a file that takes a while to pack. Tests work in copies."""
    w = tmp_path_factory.mktemp("world")
    rnd = random.Random(5)
    (w / "big").write_bytes(rnd.randbytes(1 << 20) + b"text " * 400000)
    for words in (["wim", "synthetic", "-q", "windows-11", w / "base.wim"], ["reg", "create", w / "hive"],
                  ["wim", "update", w / "base.wim", "2", f"--add={w}/big:\\big"], ["wim", "split", w / "base.wim", w / "old.swm", "1MiB"]):
        r = start([wingo, *words], env={"PATH": os.environ["PATH"], "HOME": str(w)})
        assert r.code == 0, r
    (w / "x.reg").write_text("Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\X]\n\"a\"=\"" + "b" * 5000 + "\"\n")
    assert sorted(p.name for p in w.glob("old*.swm")) == ["old.swm", "old2.swm"]
    (w / "tree").mkdir()
    for i in range(60):
        (w / "tree" / f"f{i}").write_bytes(rnd.randbytes(30000))
    return w


# name: (words, what appears, whether it is there before)
COMMANDS = {
    "apply to a new folder": (["wim", "apply", "base.wim", "2", "out"], "out"),
    "apply to an empty folder": (["wim", "apply", "base.wim", "2", "empty"], "empty"),
    "extract": (["wim", "extract", "base.wim", "2", "big", "--to=x"], "x/big"),
    "export": (["wim", "export", "base.wim", "all", "out.esd"], "out.esd"),
    "capture": (["wim", "capture", "tree", "out.wim", "t"], "out.wim"),
    "split": (["wim", "split", "base.wim", "p.swm", "512KiB"], "p.swm"),
    "update": (["wim", "update", "base.wim", "2", "--add=big:\\more"], "base.wim"),
    "update --out": (["wim", "update", "base.wim", "2", "--add=big:\\more", "-o", "out.wim"], "out.wim"),
    "export into": (["wim", "export", "base.wim", "2", "base.wim", "--name=other"], "base.wim"),
    "reg add": (["reg", "add", "hive", "X", "--value=a", "-d", "x" * 4000], "hive"),
    "reg add to an image": (["reg", "add", "base.wim:2", "HKLM\\SOFTWARE\\X", "--value=a", "-d", "b"], "base.wim"),
    "synthetic": (["wim", "synthetic", "windows-10", "out.wim"], "out.wim"),
    "init": (["init", "project"], "project/wingo.yaml"),
}


# The same, with a pattern of what appears; None: files among others.
MORE = {
    "apply --meta": (["wim", "apply", "base.wim", "2", "out", "--meta"], "out"),
    "apply over files": (["wim", "apply", "base.wim", "1", "full", "--force"], None),
    "split over an older set": (["wim", "split", "base.wim", "old.swm", "300KiB", "--force"], "old*.swm"),
    "join": (["wim", "join", "joined.wim", "old.swm", "old2.swm"], "joined.wim"),
    "reg import": (["reg", "import", "hive", "x.reg", "--prefix=HKLM\\SOFTWARE"], "hive"),
    "reg import to an image": (["reg", "import", "base.wim:2", "x.reg"], "base.wim"),
    "salvage": (["reg", "check", "hive", "--salvage", "--out", "mended"], "mended"),
    "capture --append": (["wim", "capture", "tree", "base.wim", "t", "--append"], "base.wim"),
}
ALL = {**{name: (words, "p*.swm" if name == "split" else made) for name, (words, made) in COMMANDS.items()}, **MORE}


def fresh(world, tmp_path):
    place = tmp_path / "place"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name in ("base.wim", "hive", "big", "x.reg", "old.swm", "old2.swm"):
        shutil.copy(world / name, place / name)
    (place / "tree").symlink_to(world / "tree")
    (place / "empty").mkdir()
    return place


def state(place, made):
    """What is there, by name."""
    return {p.name: sums(p) for p in sorted(place.glob(made))}


def kill_after(p, rng):
    """Lets it run for a while, then ends it in one of three ways. The way, or None when it was done before."""
    try:
        p.wait(timeout=rng.choice([0.003, 0.02, 0.1, 0.4]) * rng.random() * 2)
        return None
    except subprocess.TimeoutExpired:
        how = rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
        p.send_signal(how)
        p.wait()
        return how


@pytest.mark.slow
def test_killed_at_random_moments(run, wingo, env, world, tmp_path):
    def begin():
        place = fresh(world, tmp_path)
        (place / "full").mkdir()
        (place / "full" / "mine").write_text("mine")
        return place
    fixed = {"SOURCE_DATE_EPOCH": "1700000000"}
    e = {**env, **fixed}
    want = {}
    for name, (words, made) in ALL.items():
        place = begin()
        r = run(*words, cwd=place, env=fixed)
        assert r.code == 0 and not left_in(place), r
        want[name] = state(place, made) if made else sums(place / "full")
    rng, killed, names = random.Random(os.environ.get("WINGO_TEST_SEED", "20261128")), 0, list(ALL)
    for i in range(KILLS):
        name = names[i % len(names)] if KILLS > len(names) else rng.choice(names)
        words, made = ALL[name]
        place = begin()
        before = state(place, made) if made else None
        p = subprocess.Popen([wingo, *words], cwd=place, env=e, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        how = kill_after(p, rng)
        killed += how is not None
        if how in (signal.SIGTERM, signal.SIGINT):  # it tidies up behind itself
            assert not left_in(place), (i, name, how, left_in(place))
            assert p.returncode in (0, 130, -how), (i, name, how, p.returncode)
        assert (place / "full" / "mine").read_text() == "mine"
        if made:
            there = state(place, made)
            first = {"p*.swm": "p.swm", "old*.swm": "old.swm"}.get(made)
            # of a set without its first part the others are nothing: that can be seen, and done again
            assert there in (before, want[name]) or (first and first not in there), f"kill {i}, {name}: neither old nor new"
            if there == want[name] and there != before:
                continue  # it had come to its end
        r = run(*words, cwd=place, env=fixed)
        assert r.code == 0, (i, name, r)
        assert (state(place, made) if made else sums(place / "full")) == want[name], (i, name)
        assert not left_in(place), (i, name, left_in(place))
    assert killed > 0
    print(f"{KILLS} runs, {killed} killed")


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in ALL if ALL[n][1]])
def test_every_os_call_of_a_command_fails_once(name, run, env, world, tmp_path):
    """The N-th os call fails, or ends the process: an error that says something, nothing half made, and the same command works
    when it is run again."""
    fault = os.environ.get("WINGO_FAULT_BUILD")
    if not fault:
        pytest.skip("needs WINGO_FAULT_BUILD, a wingo built with -Dfault=true")
    words, made = ALL[name]
    fixed = {"SOURCE_DATE_EPOCH": "1700000000"}
    count = tmp_path / "count"
    place = fresh(world, tmp_path)
    before = state(place, made)
    r = start([fault, *words], cwd=place, env={**env, **fixed, "WINGO_FAULT": f"count:{count}"})
    assert r.code == 0, r
    want, total = state(place, made), int(count.read_text())
    step = max(1, total // int(os.environ.get("WINGO_TEST_FAULTS", "5")))
    for kind in ("fail", "exit"):
        for n in range(1, total + 1, step):
            place = fresh(world, tmp_path)
            r = start([fault, *words], cwd=place, env={**env, **fixed, "WINGO_FAULT": f"{kind}:{n}"})
            assert r.code >= 0 and (r.code == 0 or kind == "exit" or r.err.strip()), (n, r)
            there = state(place, made)
            first = {"p*.swm": "p.swm", "old*.swm": "old.swm"}.get(made)
            assert there in (before, want) or (first and first not in there), (kind, n, r)
            if r.code == 0:
                assert there == want, (kind, n, r)
            if kind == "fail" and r.code != 0 and there != want:
                again = run(*words, cwd=place, env=fixed)
                assert again.code == 0 and state(place, made) == want and not left_in(place), (kind, n, r, again)


@pytest.mark.slow
def test_builds_killed_at_random_moments(run, wingo, env, world, tmp_path):
    """What is in out/ is a whole output of the old or the new project; the next build makes all, and nothing is left over, in
    the project or in the store."""
    place = tmp_path / "project"
    place.mkdir()
    text = ("version: 1\nname: p\ntime: 2026-01-01T00:00:00Z\nimages:\n  k:\n    base: {file: base.wim, image: '2'}\n"
            "    outputs: [wim, {swm: 1MiB}]\n    files: [{from: big, to: 'C:\\big%s'}]\n    registry: [{key: 'HKLM\\SOFTWARE\\X', values: {a: '%s'}}]\n")
    shutil.copy(world / "base.wim", place / "base.wim")
    shutil.copy(world / "big", place / "big")

    def outputs():
        return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted((place / "out").glob("*")) if ".wgtmp-" not in p.name}
    want = []
    for v in ("1", "2"):
        (place / "wingo.yaml").write_text(text % (v, v))
        r = run("build", cwd=place)
        assert r.code == 0, r
        want.append(outputs())
    rng, killed, n = random.Random(os.environ.get("WINGO_TEST_SEED", "20261129")), 0, max(KILLS // 4, 3)
    for i in range(n):
        new = i % 2
        (place / "wingo.yaml").write_text(text % ("12"[new], "12"[new]))
        if rng.random() < 0.5:  # all of it anew
            shutil.rmtree(tmp_path / "home" / ".cache" / "wingo", ignore_errors=True)
        p = subprocess.Popen([wingo, "build"], cwd=place, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        killed += kill_after(p, rng) is not None
        there = outputs()
        for name, sha in there.items():
            assert sha in {w.get(name) for w in want}, (i, name)
        if (place / "out" / "k.wim").exists():
            assert run("wim", "verify", place / "out" / "k.wim").code == 0, i
        r = run("build", cwd=place)
        assert r.code == 0 and outputs() == want[new], (i, r)
        assert not left_in(place), (i, left_in(place))
        tmp = tmp_path / "home" / ".cache" / "wingo" / "v1" / "tmp"
        assert not tmp.exists() or not list(tmp.iterdir()), (i, list(tmp.iterdir()))
    print(f"{n} builds, {killed} killed")
    assert run("clean", "--verify", cwd=place).code == 0


NO_ROOM = [n for n in ALL if n not in ("reg import", "salvage")]  # which need less than any limit here


@pytest.mark.parametrize("name", NO_ROOM)
@pytest.mark.slow
def test_full_disk(name, run, wingo, env, world, tmp_path):
    """The message names what could not be written; what was there stays; with room the same command works."""
    needs_user_namespaces()
    words, made = ALL[name]
    made = {"p*.swm": "p.swm", "old*.swm": "old.swm", None: "full"}.get(made, made)
    place = fresh(world, tmp_path)
    small = tmp_path / "small"
    small.mkdir()
    quoted = " ".join(f"'{w}'" for w in words)
    room = {"reg add": 4, "init": 8}.get(name, 64)
    script = (f"mount -t tmpfs -o size=60m none '{small}' && cd '{small}' && cp '{place}'/base.wim '{place}'/hive '{place}'/big '{place}'/x.reg '{place}'/*.swm . && mkdir full && touch full/mine && "
              f"mkdir empty && ln -s '{world}/tree' tree && sha256sum base.wim hive full/mine >'{tmp_path}/before' && "
              f"mount -o remount,size=$(( $(df -k . | awk 'END {{{{print $3}}}}') + {room} ))k '{small}'; "
              f"'{wingo}' {quoted} >/dev/null; echo code=$?; sha256sum -c --quiet '{tmp_path}/before' && echo same; "
              f"find . -name '*wgtmp-*' | wc -l; mount -o remount,size=60m '{small}'; "
              f"'{wingo}' {quoted} >/dev/null; echo again=$?; find . -name '*wgtmp-*' | wc -l").replace("{{", "{").replace("}}", "}")
    r = start(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script], env=env)
    assert "code=0" not in r.out, r
    target = made.split("/")[0]
    assert "No space left" in r.err and target in r.err.splitlines()[0], r
    assert "again=0" in r.out and "same" in r.out, r
    assert r.out.split("same")[1].split()[0] == "0" and r.out.split("again=0")[1].split()[0] == "0", r


@pytest.mark.parametrize("name", NO_ROOM)
@pytest.mark.slow
def test_limited_file_size_is_an_error_and_no_death(name, wingo, env, world, tmp_path):
    words, made = ALL[name]
    made = {"p*.swm": "p.swm", "old*.swm": "old.swm", None: "full"}.get(made, made)
    place = fresh(world, tmp_path)
    (place / "full").mkdir()
    (place / "full" / "mine").write_text("mine")
    before = sums(place / made) if (place / made).exists() and made != "full" else None
    limit = 64 if name == "init" else 4096

    def small():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    r = subprocess.run([wingo, *words], cwd=place, env=env, preexec_fn=small, capture_output=True, text=True)
    assert r.returncode == 1 and "File too large" in r.stderr, r
    assert made.split("/")[0] in r.stderr, r
    there = sums(place / made) if (place / made).exists() and made != "full" else None
    assert there == before and not left_in(place), r
    r = subprocess.run([wingo, *words], cwd=place, env=env, capture_output=True, text=True)
    assert r.returncode == 0, r


def test_what_was_left_is_found(run, world, tmp_path):
    """Names as killed commands leave them; a folder that a living one uses, and other people's files, stay."""
    import fcntl
    place = fresh(world, tmp_path)
    (place / ".wgtmp-0123456789ab" / "deep").mkdir(parents=True)
    (place / ".wgtmp-0123456789ab" / "deep" / "f").write_text("x")
    (place / "out.wim.wgtmp-0123456789ab").write_text("x")
    (place / ".wingo-reg-0123456789ab").mkdir()
    (place / "used.wgtmp-0123456789ab").write_text("x")
    for other in ("my.wgtmp-notes", "x.wgtmp-0123456789AB", "wgtmp-0123456789ab"):
        (place / other).write_text("mine")
    with open(place / "used.wgtmp-0123456789ab") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        assert run("wim", "update", "base.wim", "2", "--mkdir=\\X", cwd=place).code == 0
    names = {p.name for p in place.iterdir()}
    assert {"my.wgtmp-notes", "x.wgtmp-0123456789AB", "wgtmp-0123456789ab", "used.wgtmp-0123456789ab"} <= names
    assert not names & {".wgtmp-0123456789ab", "out.wim.wgtmp-0123456789ab", ".wingo-reg-0123456789ab"}
    # an empty folder that holds only such a thing is empty
    (place / "empty" / ".wgtmp-0123456789ab").mkdir()
    assert run("wim", "apply", "base.wim", "1", "empty", cwd=place).code == 0


def test_empty_folders_are_filled_at_one_moment(run, world, tmp_path):
    """Also one that is a link's end, the working directory, or has rights of its own."""
    place = fresh(world, tmp_path)
    (place / "empty").chmod(0o750)
    inode = (place / "empty").stat().st_ino
    (place / "link").symlink_to("empty")
    assert run("wim", "apply", "base.wim", "1", "link", cwd=place).code == 0
    assert (place / "link").is_symlink() and (place / "empty" / "Windows").is_dir()
    assert (place / "empty").stat().st_mode & 0o777 == 0o750 and (place / "empty").stat().st_ino != inode
    here = place / "here"
    here.mkdir()
    inode = here.stat().st_ino
    assert run("wim", "apply", "../base.wim", "1", ".", cwd=here).code == 0
    assert here.stat().st_ino == inode and sums(here) == sums(place / "empty") and not left_in(place)


def test_init_can_be_run_again(run, tmp_path):
    assert run("init", "p").code == 0
    whole = sums(tmp_path / "p")
    for gone in (["wingo.yaml"], ["wingo.yaml", "agent/main.go", "README.md"], ["wingo.yaml", "agent"]):
        for g in gone:
            path = tmp_path / "p" / g
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        (tmp_path / "p" / "wingo.yaml.wgtmp-0123456789ab").write_text("half")
        r = run("init", "p")
        assert r.code == 0 and sums(tmp_path / "p") == whole, r
    r = run("init", "p")
    assert r.code == 1 and "holds a project already" in r.err, r
    (tmp_path / "p" / "wingo.yaml").unlink()
    (tmp_path / "p" / "agent" / "main.go").write_text("mine")
    r = run("init", "p")
    assert r.code == 1 and "main.go" in r.err and (tmp_path / "p" / "agent" / "main.go").read_text() == "mine", r


def test_diff_to_a_full_device(run, wingo, env, world, tmp_path):
    world = fresh(world, tmp_path)
    assert run("reg", "add", world / "hive", "X").code == 0
    shutil.copy(world / "hive", world / "hive2")
    assert run("reg", "add", world / "hive2", "Y").code == 0
    for words in (("diff", "hive", "hive2"), ("reg", "diff", "hive", "hive2"), ("diff", "hive", "hive2", "--json")):
        with open("/dev/full", "w") as full:
            r = subprocess.run([wingo, *words], cwd=world, env=env, stdout=full, stderr=subprocess.PIPE, text=True)
        assert r.returncode == 2 and r.stderr.count("cannot write to standard output") == 1, r
        assert run(*words, cwd=world).code == 1


def test_capture_names_what_it_refuses(run, tmp_path):
    """Before anything is packed; the first one, and how many."""
    t = tmp_path / "t"
    (t / "sub").mkdir(parents=True)
    for make, undo, word in (
            (lambda: os.mkfifo(t / "sub" / "pipe"), lambda: (t / "sub" / "pipe").unlink(), "'t/sub/pipe' is a device, pipe or socket"),
            (lambda: open(os.fsencode(t) + b"/sub/x\xff", "w").close(), lambda: os.unlink(os.fsencode(t) + b"/sub/x\xff"), "'t/sub/x\\xff' has a name"),
            (lambda: [(t / "sub" / n).write_text("") for n in ("Case", "case")], lambda: None, "'t/sub' has 'Case' and 'case'")):
        make()
        r = run("wim", "capture", "t", "a.wim")
        assert r.code == 1 and word in r.err and not (tmp_path / "a.wim").exists() and not left_in(tmp_path), r
        undo()
    os.mkfifo(t / "p1")
    os.mkfifo(t / "p2")
    r = run("wim", "capture", "t", "a.wim")
    assert r.code == 1 and "3 names can't be packed; the first: " in r.err, r


def test_sparse_files_stay_sparse(run, tmp_path):
    (tmp_path / "t").mkdir()
    with open(tmp_path / "t" / "f", "wb") as f:
        f.write(b"start")
        f.truncate(50 << 20)
    assert run("wim", "capture", "t", "a.wim").code == 0
    assert run("wim", "apply", "a.wim", "out").code == 0
    st = (tmp_path / "out" / "f").stat()
    assert st.st_size == 50 << 20 and st.st_blocks * 512 < 1 << 20
    assert sums(tmp_path / "out") == sums(tmp_path / "t")


def test_ntfs_both_ways_loses_nothing(run, world, tmp_path):
    import json
    needs("mkntfs")
    volume = tmp_path / "v.img"
    volume.write_bytes(b"")
    os.truncate(volume, 64 << 20)
    assert start(["mkntfs", "-F", "-Q", volume]).code == 0
    assert run("wim", "apply", world / "base.wim", "2", volume, "--ntfs").code == 0
    r = run("wim", "capture", volume, tmp_path / "back.wim", "back", "--ntfs")
    assert r.code == 0 and "warning" not in r.err, r
    assert run("wim", "verify", tmp_path / "back.wim").code == 0
    r = run("diff", f"{world}/base.wim:2", f"{tmp_path}/back.wim:1", "--json")
    told = json.loads(r.out)
    # the volume's root has a descriptor of its own, and a file that NTFS calls archived
    assert [f for f in told["files"] if f.get("path") not in ("\\",)] == [], r
    r = run("wim", "capture", tmp_path / "t", tmp_path / "x.wim", "--ntfs")
    assert r.code == 1, r


def test_loss_is_said(run, world, tmp_path):
    import json
    r = run("wim", "apply", world / "base.wim", "2", "tree")
    assert r.code == 0 and "security descriptors" in r.err and "--ntfs" in r.err, r
    r = run("wim", "apply", world / "base.wim", "2", "tree2", "--json")
    told = json.loads(r.out)
    assert told["left_out_descriptors"] > 100 and told["left_out_attributes"] > 0
    r = run("wim", "capture", "tree", "a.wim", "t")
    assert r.code == 0 and "no security descriptor" in r.err, r
    info = json.loads(run("wim", "info", "a.wim", "--json").out)["images"][0]
    assert info["display_name"].startswith("Windows 11"), info
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "f").write_text("x")
    r = run("wim", "capture", "plain", "b.wim")
    assert r.code == 0 and r.err == "", r
    try:
        os.setxattr(plain / "f", "user.note", b"x")
    except OSError:
        return
    r = run("wim", "capture", "plain", "c.wim")
    assert r.code == 0 and "extended attributes of 1 files" in r.err, r


def test_names_of_an_image_made_of_a_folder(run, world, tmp_path):
    import json
    assert run("wim", "apply", "-q", world / "base.wim", "2", "tree").code == 0
    (tmp_path / "wingo.yaml").write_text("version: 1\nname: p\nimages:\n  k: {base: {dir: tree}, arch: amd64, outputs: [wim], "
                                         "files: [{mkdir: 'C:\\X'}]}\n")
    r = run("build")
    assert r.code == 0 and "no security descriptor" in r.err + r.out, r
    info = json.loads(run("wim", "info", "out/k.wim", "--json").out)["images"][0]
    assert info["display_name"] == "Windows 11 Pro" and info["arch"] == "amd64", info
    r = start(["wimlib-imagex", "info", tmp_path / "out/k.wim", "1"])
    assert r.code != 0 or [line.split()[1:] for line in r.out.splitlines() if line.startswith("Languages:")] == [["en-US"]], r


def test_attributes_that_an_edit_does_not_ask_for_stay(run, tmp_path):
    """A hive that is not to be indexed is still so when its registry was edited."""
    import json
    import sys
    sys.path.insert(0, str(ROOT / "tests" / "tools"))
    import wimgen
    assert run("reg", "create", "h").code == 0
    root = wimgen.Node(children=[wimgen.Node("Users", children=[wimgen.Node("Default", children=[
        wimgen.Node("NTUSER.DAT", (tmp_path / "h").read_bytes(), attributes=0x2022)])])])
    (tmp_path / "a.wim").write_bytes(wimgen.Wim().add(root).build())
    (tmp_path / "f").write_text("new")
    r = run("wim", "update", "a.wim", "1", "--add=f:\\Users\\Default\\NTUSER.DAT", "--protected")
    assert r.code == 0, r
    entry, = (e for e in json.loads(run("wim", "dir", "a.wim", "1", "--json").out)["entries"] if e["path"].endswith("NTUSER.DAT"))
    assert entry["attributes"] == "0x2022", entry


def test_words_of_update(run, world, tmp_path):
    world = fresh(world, tmp_path)
    (world / "c.txt").write_bytes(b"\xef\xbb\xbfmkdir \\Z\n")
    assert run("wim", "update", "base.wim", "2", "--command=c.txt", cwd=world).code == 0
    r = run("wim", "update", "base.wim", "2", "--delete=\\nope", cwd=world)
    assert r.code == 1 and "delete --force" in r.err, r
    r = run("wim", "update", "base.wim", "2", "--add=big:\\D\\z", "--delete=\\D", cwd=world)
    assert r.code == 1 and "would be deleted" in r.err, r
