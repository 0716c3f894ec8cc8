# SPDX-License-Identifier: Apache-2.0
"""What is built survives kill -9, a full disk, two builds at once, and an os call that fails.

WINGO_TEST_KILLS=200 kills that often (a few times otherwise); WINGO_FAULT_BUILD names a wingo built with -Dfault=true.
"""
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import threading

import pytest

from conftest import needs, needs_user_namespaces, start, wait_for

KILLS = int(os.environ.get("WINGO_TEST_KILLS", "12"))


def digests(folder):
    """SHA-256 of every file below folder, by relative path."""
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def built(run, project):
    """A project built once: (folder, what out/ then held)."""
    needs("go")
    r = run("build", cwd=project, timeout=600)
    assert r.code == 0, r
    return project, digests(project / "out")


def store_is_sound(run):
    r = run("clean", "--verify", "--json")
    assert r.code == 0, r
    assert '"bad": 0' in r.out or json.loads(r.out).get("bad", 0) == 0, r


@pytest.mark.slow
def test_killed_at_random_moments(run, wingo, env, built, home):
    project, want = built
    rng = random.Random(20261124)
    survived = 0
    for i in range(KILLS):
        shutil.rmtree(project / "out", ignore_errors=True)
        if i % 2:
            shutil.rmtree(home / ".cache" / "wingo", ignore_errors=True)
        p = subprocess.Popen([wingo, "build"], cwd=project, env=env, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            # Short waits as often as long ones: opening and closing take milliseconds, compiling takes long.
            p.wait(timeout=rng.choice([0.003, 0.02, 0.1, 0.5, 2.0]) * rng.random() * 2)
            survived += 1
        except subprocess.TimeoutExpired:
            p.send_signal(signal.SIGKILL)
            p.wait()
        # Nothing half-written under a final name.
        for path, sha in (digests(project / "out") if (project / "out").exists() else {}).items():
            if ".wgtmp-" not in path:
                assert want.get(path) == sha, f"kill {i}: {path} is not what a whole build gives"
        if i % 10 == 9:
            store_is_sound(run)
    r = run("build", cwd=project, timeout=600)
    assert r.code == 0, r
    assert digests(project / "out") == want  # also: no temporary file is left
    store_is_sound(run)
    assert survived < KILLS


def slow_go(folder):
    """A PATH whose `go build` never ends, and the file it makes when it is asked to."""
    (folder / "bin").mkdir()
    begun = folder / "begun"
    script = folder / "bin" / "go"
    script.write_text(f'#!/bin/sh\nif [ "$1" = build ]; then\n  : >{begun}\n  exec sleep 600\nfi\nexec {shutil.which("go")} "$@"\n')
    script.chmod(0o755)
    return f"{folder / 'bin'}:{os.environ['PATH']}", begun


@pytest.mark.slow
def test_interrupt_cleans_up(run, wingo, env, built, home, tmp_path):
    project, want = built
    path, begun = slow_go(tmp_path)
    shutil.rmtree(home / ".cache" / "wingo", ignore_errors=True)
    shutil.rmtree(project / "out", ignore_errors=True)
    for sig, code in ((signal.SIGINT, 130), (signal.SIGTERM, 130)):
        begun.unlink(missing_ok=True)
        p = subprocess.Popen([wingo, "build"], cwd=project, env={**env, "PATH": path}, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for(begun.exists, "go build")
        p.send_signal(sig)
        out, err = p.communicate(timeout=60)
        assert p.returncode == code, (p.returncode, out, err)
        left = [f for f in digests(project) if ".wgtmp-" in f]
        assert left == []
    r = run("build", cwd=project, timeout=600)
    assert r.code == 0, r
    assert digests(project / "out") == want


@pytest.mark.slow
def test_two_builds_at_once_share_the_work(run, built, home):
    project, want = built
    shutil.rmtree(home / ".cache" / "wingo", ignore_errors=True)
    shutil.rmtree(project / "out", ignore_errors=True)
    results = []

    def one():
        results.append(run("build", "--json", cwd=project, timeout=600))

    threads = [threading.Thread(target=one) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [r.code for r in results] == [0, 0], results
    told = [json.loads(r.out) for r in results]
    assert sum(t["ran"] for t in told) == told[0]["steps"], told
    assert digests(project / "out") == want
    store_is_sound(run)


@pytest.mark.slow
def test_two_projects_share_the_store(run, built, tmp_path):
    project, want = built
    shutil.copytree(project, tmp_path / "elsewhere" / "deep", ignore=shutil.ignore_patterns("out", ".wingo"))
    other = tmp_path / "elsewhere" / "deep"
    r = run("build", "--json", cwd=other, timeout=600)
    assert r.code == 0, r
    told = json.loads(r.out)
    # Compiled code is taken over; only what lives once, in the other project's out/, may be copied or made again.
    assert told["ran"] <= 1, told
    assert digests(other / "out") == want


@pytest.mark.slow
def test_full_disk_is_a_clear_error(run, wingo, env, built, tmp_path):
    project, want = built
    needs_user_namespaces()
    small = tmp_path / "small"
    small.mkdir()
    script = (f"mount -t tmpfs -o size=2m none '{small}' && cd '{project}' && "
              f"'{wingo}' build --store '{small}/store'; echo code=$?; "
              f"'{wingo}' clean --store '{small}/store' --verify --json; echo verify=$?; "
              f"mount -o remount,size=500m '{small}' && '{wingo}' build --store '{small}/store'; echo again=$?")
    shutil.rmtree(project / "out", ignore_errors=True)
    r = start(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script], env=env, timeout=600)
    assert "code=1" in r.out, r
    assert "no room" in r.err or "No space left" in r.err, r
    assert "verify=0" in r.out and "again=0" in r.out, r
    assert digests(project / "out") == want


@pytest.mark.slow
def test_full_output_disk_is_a_clear_error(run, wingo, env, built):
    project, want = built
    needs_user_namespaces()
    shutil.rmtree(project / "out", ignore_errors=True)
    script = (f"cd '{project}' && mkdir out && mount -t tmpfs -o size=1m none out && '{wingo}' build; echo code=$?; "
              f"find out -name '*.wgtmp-*' | wc -l; umount out; '{wingo}' build; echo again=$?")
    r = start(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script], env=env, timeout=600)
    assert "code=1" in r.out and "again=0" in r.out, r
    assert "No space left" in r.err, r
    assert r.out.split("code=1")[1].split()[0] == "0", r
    assert digests(project / "out") == want


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fail", "exit"])
def test_every_os_call_fails_once(kind, run, env, built, home, tmp_path):
    """The N-th os call fails, or ends the process, N rising until a build passes untouched."""
    fault = os.environ.get("WINGO_FAULT_BUILD")
    if not fault:
        pytest.skip("needs WINGO_FAULT_BUILD, a wingo built with -Dfault=true")
    project, want = built
    count = tmp_path / "count"
    fresh = lambda: (shutil.rmtree(project / "out", ignore_errors=True),
                     shutil.rmtree(project / ".wingo", ignore_errors=True),
                     shutil.rmtree(home / ".cache" / "wingo", ignore_errors=True))
    fresh()
    r = start([fault, "build"], cwd=project, env={**env, "WINGO_FAULT": f"count:{count}"}, timeout=600)
    assert r.code == 0, r
    total = int(count.read_text())
    assert total > 100
    step = max(1, total // int(os.environ.get("WINGO_TEST_FAULTS", "8")))
    for n in range(1, total + 1, step):
        fresh()
        r = start([fault, "build"], cwd=project, env={**env, "WINGO_FAULT": f"{kind}:{n}"}, timeout=600)
        assert r.code >= 0, r  # an error, never a crash
        if kind == "fail" and r.code != 0:
            assert r.err.strip(), r
        for path, sha in (digests(project / "out") if (project / "out").exists() else {}).items():
            if ".wgtmp-" not in path:
                assert want.get(path) == sha, (kind, n, path)
        again = run("build", cwd=project, timeout=600)
        assert again.code == 0, (kind, n, again)
        assert digests(project / "out") == want, (kind, n)
