# SPDX-License-Identifier: Apache-2.0
"""wingo publish: outputs into a folder of releases, whole or not at all."""
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import time

import pytest

from conftest import needs, needs_user_namespaces, start


@pytest.fixture
def share(tmp_path):
    """A folder in which the folder of releases can be made."""
    path = tmp_path / "share"
    path.mkdir()
    return path


@pytest.fixture
def kiosk(tmp_path, share):
    """kiosk(publish="...", content="...") writes a project whose image has one file, and gives its folder."""

    def make(publish="{to: %s/kiosk}" % share, content="one", name="kiosk", release="release: 1.0.0\n", more=""):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "a.txt").write_text(content)
        (folder / "wingo.yaml").write_text(
            f"version: 1\nname: {name}\n{release}"
            "images:\n  kiosk:\n    base: {synthetic: windows-11}\n"
            "    files: [{from: a.txt, to: 'C:\\a.txt'}]\n    outputs: [wim]\n"
            f"publish:\n  share: {publish}\n{more}")
        return folder

    return make


def tree(folder):
    """All below a folder but its lock: path -> bytes, or where a link points to."""
    found = {}
    for p in sorted(folder.rglob("*")):
        name = str(p.relative_to(folder))
        if p.is_symlink():
            found[name] = "-> " + os.readlink(p)
        elif p.is_file() and p.name != ".wingo-publish.lock":
            found[name] = p.read_bytes()
    return found


def test_first_and_again(run, kiosk, share):
    needs("sha256sum")
    p = kiosk()
    assert run("build", cwd=p).code == 0
    assert not (share / "kiosk").exists(), "build touches nothing of the world"
    r = run("plan", cwd=p)
    assert "publish/share" in r.out and "release 1.0.0: new (1 file, sha256" in r.out, r
    r = run("publish", cwd=p)
    assert r.code == 0 and r.out == f"{share}/kiosk/1.0.0/kiosk.wim\n", r
    assert os.readlink(share / "kiosk" / "current") == "1.0.0"
    assert (share / "kiosk/1.0.0/kiosk.wim").read_bytes() == (p / "out/kiosk.wim").read_bytes()
    assert start(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=share / "kiosk/current").code == 0
    manifest = json.loads((share / "kiosk/1.0.0/manifest.json").read_text())
    assert manifest["project"] == "kiosk" and manifest["files"][0]["step"] == "image/kiosk/wim"
    record = json.loads(next((p / ".wingo/releases").iterdir()).read_text())
    assert record["actions"][0]["state"] == "done" and "error" not in record["actions"][0]
    assert record["release"] == "1.0.0" and record["actions"][0]["changes"][1]["after"] == "1.0.0"
    before = {n: (share / "kiosk" / n).lstat().st_mtime_ns for n in tree(share / "kiosk")}
    r = run("publish", cwd=p)
    assert r.code == 0 and "same" in r.err and r.out == f"{share}/kiosk/1.0.0/kiosk.wim\n", r
    assert before == {n: (share / "kiosk" / n).lstat().st_mtime_ns for n in tree(share / "kiosk")}
    assert len(list((p / ".wingo/releases").iterdir())) == 1, "what did nothing leaves no record"
    assert "1 as it should be" in run("plan", cwd=p).out


def test_dry_run_writes_nothing(run, kiosk, share):
    p = kiosk()
    r = run("publish", "--dry-run", cwd=p)
    assert r.code == 0 and "takes the outputs of image/kiosk/wim, which may run" in r.out, r
    assert not (p / "out").exists() and not list(share.iterdir())
    assert run("build", cwd=p).code == 0
    r = run("publish", "-n", "--json", cwd=p)
    action = json.loads(r.out)["steps"][-1]
    assert action["state"] == "change" and action["changes"][0]["object"] == "release 1.0.0", r
    assert not list(share.iterdir())


def test_a_release_stays_what_it_is(run, kiosk, share):
    p = kiosk()
    assert run("publish", cwd=p).code == 0
    before = tree(share / "kiosk")
    kiosk(content="two")
    r = run("publish", cwd=p)
    assert r.code == 1 and "with other content (kiosk.wim differs)" in r.err and "replace: true" in r.err, r
    assert tree(share / "kiosk") == before
    kiosk(content="two", publish="{to: %s/kiosk, replace: true}" % share)
    r = run("publish", cwd=p)
    assert r.code == 0 and "release 1.0.0: sha256" in r.err, r
    assert (share / "kiosk/1.0.0/kiosk.wim").read_bytes() == (p / "out/kiosk.wim").read_bytes()
    assert not [n for n in os.listdir(share / "kiosk") if "wgtmp" in n]


def test_damage_at_the_far_side_is_seen(run, kiosk, share):
    p = kiosk()
    assert run("publish", cwd=p).code == 0
    wim = share / "kiosk/1.0.0/kiosk.wim"
    data = bytearray(wim.read_bytes())
    data[len(data) // 2] ^= 1
    wim.write_bytes(data)
    r = run("publish", cwd=p)
    assert r.code == 1 and "kiosk.wim differs" in r.err, r
    kiosk(publish="{to: %s/kiosk, replace: true}" % share)
    assert run("publish", cwd=p).code == 0
    assert wim.read_bytes() == (p / "out/kiosk.wim").read_bytes()


def test_keep_and_go_back(run, kiosk, share):
    p = kiosk(publish="{to: %s/kiosk, keep: 2}" % share)
    for i, release in enumerate(["1.0.0", "1.1.0", "1.2.0"]):
        kiosk(content=release, publish="{to: %s/kiosk, keep: 2}" % share)
        assert run("publish", "--set", f"release={release}", cwd=p).code == 0
        (share / "kiosk" / "notes").mkdir(exist_ok=True)  # somebody's own: never removed
        assert (share / "kiosk" / "1.0.0").exists() == (i < 2)
    assert sorted(os.listdir(share / "kiosk")) == [
        ".wingo-publish.json", ".wingo-publish.lock", "1.1.0", "1.2.0", "current", "notes"]
    kiosk(content="1.1.0", publish="{to: %s/kiosk, keep: 2}" % share)
    r = run("publish", "--set", "release=1.1.0", cwd=p)
    assert r.code == 0 and "current: 1.2.0 -> 1.1.0" in r.err and "release 1.1.0" not in r.err, r
    assert os.readlink(share / "kiosk/current") == "1.1.0" and (share / "kiosk/1.2.0").exists()


def test_without_release_by_content(run, kiosk, share):
    p = kiosk(release="", publish="{to: %s/kiosk, pointer: file}" % share)
    names = set()
    for content in ("one", "two", "one"):
        kiosk(content=content, release="", publish="{to: %s/kiosk, pointer: file}" % share)
        assert run("publish", cwd=p).code == 0
        name = (share / "kiosk/current").read_text().strip()
        assert name.startswith("sha256-") and (share / "kiosk" / name / "kiosk.wim").exists()
        names.add(name)
    assert len(names) == 2


@pytest.mark.parametrize("what,says", [
    ("other things", "has other things in it"), ("another project", "releases of the project 'shop'"),
    ("no parent", "mount or make it"), ("file", "is no folder"), ("damaged mark", ".wingo-publish.json': "),
])
def test_not_ours(run, kiosk, share, what, says):
    p = kiosk()
    target = share / "kiosk"
    if what == "other things":
        target.mkdir()
        (target / "precious").write_text("x")
    elif what == "another project":
        assert run("publish", cwd=kiosk(name="shop", publish=f"{{to: {target}}}")).code == 0
    elif what == "no parent":
        share.rmdir()
    elif what == "file":
        target.write_text("x")
    else:
        target.mkdir()
        (target / ".wingo-publish.json").write_text("{")
    before = tree(share) if share.exists() else None
    r = run("publish", cwd=p)
    assert r.code in (1, 4) and says in r.err and str(share) in r.err, r
    assert not (p / "out").exists(), "it is said before anything is built"
    r = run("plan", cwd=p)
    assert r.code == 0 and says in r.out and "1 would fail" in r.out, r
    assert before == (tree(share) if share.exists() else None)


def test_two_at_once(run, kiosk, share, env, wingo):
    p = kiosk()
    assert run("build", cwd=p).code == 0
    others = []
    for i in range(4):  # the same project, checked out four times
        copy = p.parent / f"copy{i}"
        shutil.copytree(p, copy, symlinks=True)
        others.append(subprocess.Popen([wingo, "publish"], cwd=copy, env=env, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE))
    for o in others:
        err = o.communicate(timeout=120)[1]
        assert o.returncode == 0, err
    assert sorted(os.listdir(share / "kiosk")) == [
        ".wingo-publish.json", ".wingo-publish.lock", "1.0.0", "current"]
    assert start(["sha256sum", "-c", "SHA256SUMS"], cwd=share / "kiosk/1.0.0").code == 0


@pytest.mark.slow
def test_killed_in_the_middle(run, kiosk, share, env, wingo):
    """A release that has its name is whole, and the next run leaves nothing behind."""
    p = kiosk(publish="{to: %s/kiosk, keep: 1, replace: true}" % share)
    (p / "a.txt").write_bytes(random.Random(1).randbytes(3 << 20))
    assert run("build", cwd=p).code == 0
    rng = random.Random(7)
    for i in range(int(os.environ.get("WINGO_TEST_KILLS", "16"))):
        (p / "a.txt").write_bytes(random.Random(i).randbytes(1 << 20))
        release = f"--set=release=1.0.{i % 3}"
        assert run("build", release, cwd=p).code == 0
        proc = subprocess.Popen([wingo, "publish", release], cwd=p, env=env, start_new_session=True,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.0, 0.12))
        os.killpg(proc.pid, signal.SIGKILL)
        proc.wait()
        for folder in (share / "kiosk").glob("[0-9]*"):
            assert start(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=folder).code == 0, folder
        if (share / "kiosk/current").is_symlink():
            assert (share / "kiosk/current/SHA256SUMS").exists()
    r = run("publish", release, cwd=p)
    assert r.code == 0, r
    assert sorted(os.listdir(share / "kiosk")) == [
        ".wingo-publish.json", ".wingo-publish.lock", release[-5:], "current"], r


@pytest.mark.slow
def test_stopped_is_taken_back(run, kiosk, share, env, wingo):
    p = kiosk()
    (p / "a.txt").write_bytes(random.Random(1).randbytes(40 << 20))
    assert run("build", cwd=p).code == 0
    for _ in range(30):
        proc = subprocess.Popen([wingo, "publish"], cwd=p, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while proc.poll() is None and not list((share / "kiosk").glob(".wgtmp-*")):
            time.sleep(0.001)
        proc.send_signal(signal.SIGINT)
        err = proc.communicate(timeout=60)[1]
        if proc.returncode == 130:
            assert not (share / "kiosk").exists(), err
            return
        assert proc.returncode == 0, err
        shutil.rmtree(share / "kiosk")
    pytest.fail("it was never stopped while it copied")


def test_full_disk_and_read_only(run, kiosk, share, env, wingo, tmp_path):
    """What could not be written is named, and taken back."""
    needs_user_namespaces()
    p = kiosk()
    (p / "a.txt").write_bytes(random.Random(1).randbytes(8 << 20))
    assert run("build", cwd=p).code == 0
    in_tmpfs = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    script = (f"mount -t tmpfs -o size=4m none {share} && cd {p} && {wingo} publish; echo code=$?; ls -A {share}; "
              f"mount -o remount,size=64m {share} && {wingo} publish && mount -o remount,ro {share}; "
              f"{wingo} publish; echo same=$?; {wingo} publish --set release=2.0.0; echo ro=$?; ls {share}/kiosk")
    r = start([*in_tmpfs, script], env=env)
    if "mount" in r.err and "code=" not in r.out:
        pytest.skip("needs to mount a tmpfs in a user namespace, which this machine refuses")
    assert "code=1\n" + f"{share}/kiosk/1.0.0/kiosk.wim\n" in r.out, r  # nothing is left of the first
    assert "No space left on device" in r.err and f"{share}/kiosk/1.0.0/kiosk.wim" in r.err, r
    assert "taken back: what was copied removed" in r.err, r
    assert "same=0" in r.out and "ro=1" in r.out and "Read-only file system" in r.err, r
    assert "2.0.0" not in r.out.split("ro=1")[1]


def test_faults_of_the_project_file(run, kiosk, share):
    p = kiosk(publish="{to: %s/a, keep: 0}" % share, more="  e: {to: 'ssh://h/x'}\n")
    r = run("check", cwd=p)
    assert r.code == 3 and "number of releases from 1" in r.out and "is an address" in r.out, r
    p = kiosk(publish="{to: %s/a, outputs: [image/kisok]}" % share,
              more="  b: {to: out/x}\n  c: {to: '%s/c'}\n  d: {to: '%s/x/../c'}\n"
                   % (share, share))
    r = run("check", cwd=p)
    assert r.code == 3
    for text in ("nothing here makes 'image/kisok'", "did you mean 'image/kiosk'?", "publish.b.to",
                 "publish.d.to: publish.c goes to"):
        assert text in r.out, (text, r)
    (p / "wingo.yaml").write_text("version: 1\nname: x\nimages: {k: {base: {synthetic: windows-11}, outputs: [wim]}}\n")
    r = run("publish", cwd=p)
    assert r.code == 3 and "has no 'publish:'" in r.err, r


def test_names_and_json(run, kiosk, share):
    p = kiosk(more="  other: {to: '%s/other', outputs: [image/kiosk, kiosk]}\n" % share)
    r = run("publish", "other", "--json", cwd=p)
    assert r.code == 0, r
    out = json.loads(r.out)
    assert [a["action"] for a in out["actions"]] == ["publish/other"] and out["actions"][0]["state"] == "done"
    assert (share / "other/1.0.0/kiosk.wim").exists() and not (share / "kiosk").exists()
    assert "'wingo publish share' does it" in run("build", "share", cwd=p).err
    assert "'wingo build kiosk'" in run("publish", "kiosk", cwd=p).err
    r = run("publish", "shrae", cwd=p)
    assert r.code == 1 and "did you mean" in r.err, r


def test_modes_obey_the_umask(run, kiosk, share, env, wingo):
    p = kiosk()
    assert start(["sh", "-c", f"umask 027; exec {wingo} publish"], cwd=p, env=env).code == 0
    for path in pathlib.Path(share / "kiosk").rglob("*"):
        if not path.is_symlink():
            assert path.stat().st_mode & 0o007 == 0, path


def test_the_example(run, root, tmp_path):
    """examples/publish does what docs/guide/publish.md shows."""
    needs("sha256sum")
    p = tmp_path / "example"
    shutil.copytree(root / "examples" / "publish", p)
    for release in ("1.0.0", "1.1.0"):
        r = run("publish", "--set", f"release={release}", cwd=p)
        assert r.code == 0 and r.out == f"releases/{release}/kiosk.wim\n", r
    assert os.readlink(p / "releases/current") == "1.1.0"
    assert start(["sha256sum", "-c", "SHA256SUMS"], cwd=p / "releases/current").code == 0


def test_the_report_says_who_what_and_where(run, kiosk, share):
    """Command, release, commit, the base, what changed in the image and in the world; links to log and outputs."""
    needs("git")
    p = kiosk()
    git = ["git", "-c", "user.email=a@b", "-c", "user.name=n", "-C", p]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        assert start([*git, *words]).code == 0
    head = start([*git, "rev-parse", "HEAD"]).out[:12]
    (p / "a b.txt").write_text("x")
    assert run("publish", cwd=p).code == 0
    page = (p / ".wingo/report/latest.html").read_text()
    for text in ("<code>wingo publish</code>", "release <code>1.0.0</code>", f"commit <code>{head}", "base: synthetic windows-11",
                 "What is changed in image/kiosk/wim", "put file", "C:\\a.txt", "wingo.yaml:", "What was done: publish/share",
                 "release 1.0.0: new (1 file"):
        assert text in page, text
    for link in re.findall(r'href="([^"]+)"', page):
        if link.startswith("../"):
            assert (p / ".wingo/report" / link).exists(), link
    assert 'href="../../out/kiosk.wim"' in page and f'href="../../.wingo/log/' in page
