# SPDX-License-Identifier: Apache-2.0
"""What the program stands on: its descriptors, its store, signals, a hostile name on the way to the terminal."""
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from conftest import ROOT, needs_user_namespaces, start


@pytest.fixture
def small(tmp_path):
    """A project of one synthetic image."""
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "wingo.yaml").write_text(
        "version: 1\nname: small\nimages: {k: {base: {synthetic: windows-11}, outputs: [wim]}}\n")
    return folder


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 2>&-", "0<&- 1>&- 2>&-"])
def test_closed_descriptors(small, env, wingo, closed):
    """No file that is opened gets the number of a closed one, and lost output is an error."""
    r = start(["bash", "-c", f"{wingo} build {closed}"], cwd=small, env=env)
    assert r.code == (1 if "1>" in closed else 0), r
    logs = list((small / ".wingo/log").glob("2*.jsonl"))
    for line in logs[0].read_text().splitlines():
        json.loads(line)  # nothing else was written into it
    assert (small / "out/k.wim").read_bytes()[:8] == b"MSWIM\0\0\0"


def test_lock_that_is_a_link(small, run, env, tmp_path):
    assert run("build", cwd=small).code == 0
    victim = tmp_path / "victim"
    for lock in (small / ".wingo/locks").iterdir():
        lock.unlink()
        lock.symlink_to(victim)
    (small / "out/k.wim").unlink()
    r = run("build", cwd=small)
    assert r.code == 1 and "is a symbolic link: remove it" in r.err, r
    assert not victim.exists()


def test_store_of_another_user(small, env, wingo, tmp_path):
    """Root's own folder looks like another user's from within a namespace that maps us to somebody else."""
    needs_user_namespaces()
    store = tmp_path / "theirs"
    store.mkdir()
    if os.geteuid() == 0:
        os.chown(store, 4711, 4711)
        r = start([wingo, "build", "--store", store], cwd=small, env=env)
    else:
        r = start([wingo, "build", "--store", "/"], cwd=small, env=env)
    assert r.code == 1 and "belongs to another user" in r.err or "Permission denied" in r.err, r
    if os.geteuid() == 0:
        assert "(4711)" in r.err and not list((small / "out").glob("*")), r


def test_outputs_obey_the_umask(small, env, wingo):
    assert start(["sh", "-c", f"umask 077; exec {wingo} build"], cwd=small, env=env).code == 0
    assert (small / "out/k.wim").stat().st_mode & 0o777 == 0o600


def test_term_then_int_cleans_up(small, env, wingo):
    """An impatient Ctrl-C behind a SIGTERM is the first, not the second."""
    (small / "big").write_bytes(os.urandom(60 << 20))
    (small / "wingo.yaml").write_text(
        "version: 1\nname: small\nimages: {k: {base: {synthetic: windows-11}, "
        "files: [{from: big, to: 'C:/big'}], outputs: [wim]}}\n")
    for _ in range(20):
        p = subprocess.Popen([wingo, "build"], cwd=small, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while p.poll() is None and not list((small / "out").glob("*.wgtmp-*")):
            time.sleep(0.001)
        p.send_signal(signal.SIGTERM)
        p.send_signal(signal.SIGINT)
        err = p.communicate(timeout=60)[1]
        if p.returncode == 130:
            assert b"stopped" in err and not list((small / "out").glob("*.wgtmp-*")), err
            return
        (small / "out/k.wim").unlink()
        env["XDG_CACHE_HOME"] += "x"
    pytest.fail("it was never stopped while it wrote")


def test_names_do_not_reach_the_terminal(run, tmp_path):
    """What would move the cursor or begin a line of its own is shown as what it is."""
    hostile = "a\x1b[2J\nwingo: error: forged\u202e"
    r = run("wim", "info", hostile)
    assert r.code == 1 and "\x1b" not in r.err and "\u202e" not in r.err and r.err.count("\n") == 1, r
    assert "a\\x1b[2J\\x0awingo" in r.err, r
    r = run("build", hostile, cwd=tmp_path)
    assert "\x1b" not in r.err


@pytest.mark.parametrize("argv,code,exit_code", [
    (["build", "--json"], "CONFIG", 3), (["build", "--nonsense", "--json"], "USAGE", 2), (["nonsense", "--json"], "USAGE", 2),
    (["plan", "--json", "--set", "x"], None, None), (["wim", "info", "--json", "absent.wim"], "NOT_FOUND", 1),
    (["inspect", "--json"], "USAGE", 2), (["wim", "--json"], "USAGE", 2)])
def test_json_says_something_whatever_happens(run, tmp_path, argv, code, exit_code):
    r = run(*argv, cwd=tmp_path)
    error = json.loads(r.out)["error"]
    assert error["exit"] == r.code != 0 and error["text"] in r.err.replace("\n", "\\x0a"), r
    if code:
        assert (error["code"], r.code) == (code, exit_code), r


def test_names_of_images_do_not_reach_the_terminal(run, tmp_path):
    """Names of entries, streams and images, in warnings, errors, lists and progress: escaped, one line each."""
    sys.path.insert(0, str(ROOT / "tests" / "tools"))
    import wimgen
    n = wimgen.Node
    bad = "x\x1b[31m\r\nwingo: error: forged\u202e"
    root = n(children=[n(bad, b"1", streams={bad: b"2"}), n("Y" + bad, b"1"), n("y" + bad, b"2"), n("r" + bad, reparse=(0x80000017, b"data")),
                       n("e" + bad, b"raw", attributes=0x4020), n("d" + bad, children=[n(bad, b"3")])])
    xml = "<NAME>one\x1b[31m\u202etwo</NAME><DESCRIPTION>\x9b1m</DESCRIPTION>"
    (tmp_path / "a.wim").write_bytes(wimgen.Wim().add(root, xml=xml).build())
    damaged = bytearray((tmp_path / "a.wim").read_bytes())
    damaged[damaged.index(b"raw")] ^= 1
    (tmp_path / "b.wim").write_bytes(bytes(damaged))
    (tmp_path / "f").write_text("x")
    for words in (["wim", "info", "a.wim"], ["wim", "dir", "a.wim"], ["wim", "dir", "a.wim", "-l"], ["wim", "apply", "a.wim", "t"],
                  ["wim", "apply", "a.wim", "m", "--meta"], ["wim", "capture", "m", "c.wim"], ["wim", "verify", "b.wim"], ["wim", "verify", "a.wim"],
                  ["wim", "export", "b.wim", "1", "d.wim"], ["wim", "export", "a.wim", "none", "d.wim"], ["wim", "update", "a.wim", "1", f"--delete=\\{bad}z"],
                  ["wim", "apply", "b.wim", "u"], ["wim", "split", "b.wim", "s.swm", "1MiB"], ["wim", "cat", "a.wim", "1", "\\" + bad + "q"],
                  ["diff", "a.wim", "b.wim"], ["diff", "a.wim", "m"], ["wim", "extract", "a.wim", "1", bad + "z", "--to=x"],
                  ["wim", "update", "a.wim", "1", f"--add=f:\\{bad}", "-o", "g.wim"]):
        r = run(*words)
        for text in (r.out, r.err):
            assert not any(c in text for c in "\x1b\x9b\u202e\r"), (words, r)
            assert not any(line.startswith("wingo: error: forged") for line in text.splitlines()), (words, r)


@pytest.mark.slow
def test_sixty_thousand_streams(run, tmp_path):
    """One file with that many is compared and kept; each stream is looked at once, not once for each other one."""
    sys.path.insert(0, str(ROOT / "tests" / "tools"))
    import wimgen

    def wim(name, last):
        streams = {f"stream {i}": b"same" for i in range(60000)}
        streams["the last"] = last
        (tmp_path / name).write_bytes(wimgen.Wim().add(wimgen.Node(children=[wimgen.Node("f", b"x", streams=streams)])).build())
    wim("a.wim", b"one")
    wim("b.wim", b"two")
    r = run("diff", "a.wim", "b.wim", timeout=60)
    said = r.code, "~ f" in r.out, r.err[:500]  # not the megabyte of names
    assert said == (1, True, ""), said
    assert run("diff", "a.wim", "a.wim", timeout=60).code == 0
    assert run("wim", "apply", "a.wim", "t", "--meta", timeout=60).code == 0
    assert run("wim", "capture", "t", "c.wim", timeout=60).code == 0
    assert run("diff", "a.wim", "c.wim", timeout=60).code == 0


def test_term_then_int_of_a_command_by_hand(env, wingo, run, tmp_path):
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "big").write_bytes(os.urandom(60 << 20))
    for _ in range(20):
        p = subprocess.Popen([wingo, "wim", "capture", "t", "a.wim"], cwd=tmp_path, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while p.poll() is None and not list(tmp_path.glob(".wgtmp-*/*")):
            time.sleep(0.001)
        p.send_signal(signal.SIGTERM)
        p.send_signal(signal.SIGINT)
        err = p.communicate(timeout=60)[1]
        if p.returncode == 130:
            assert b"stopped" in err and not list(tmp_path.glob("*wgtmp-*")) and not (tmp_path / "a.wim").exists(), err
            return
        (tmp_path / "a.wim").unlink(missing_ok=True)
    pytest.fail("it was never stopped while it wrote")
