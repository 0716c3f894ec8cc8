# SPDX-License-Identifier: Apache-2.0
"""The build engine as whole processes: killed, stopped, several at once, on a terminal.

Driven through tests/tools/build_toy.c, whose steps take as long and make as much as a text file says.
WINGO_TEST_KILLS=200 kills that often (fewer times otherwise).
"""
import fcntl
import hashlib
import json
import os
import pty
import random
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time

import pytest

from conftest import start, wait_for

KILLS = int(os.environ.get("WINGO_TEST_KILLS", "40"))


@pytest.fixture(scope="session")
def toy_program(wingo):
    path = wingo.parent / "tests" / "unit" / "engine" / "build_toy"
    assert path.exists(), "build first: ninja -C build"
    return path


class Toy:
    """A project of toy steps with a store of its own."""

    def __init__(self, program, folder, env):
        self.program, self.env, self.folder = program, env, folder
        self.store, self.project, self.graph = folder / "store", folder / "project", folder / "graph"
        self.project.mkdir()
        self.source = self.project / "in.txt"
        self.source.write_text("one")

    def steps(self, *lines):
        """Each a dict: id, and the fields of build_toy."""
        text = ""
        for line in lines:
            fields = [f"{k}={v}".replace("\n", "\\n").replace("\t", "    ") for k, v in line.items() if k not in ("id", "deps")]
            fields += [f"dep={d}" for d in line.get("deps", ())]
            text += "\t".join([line["id"], *fields]) + "\n"
        self.graph.write_text(text)

    def argv(self, *args):
        return [self.program, self.store, self.project, self.graph, *args]

    def run(self, *args, **env):
        return start(self.argv(*args), cwd=self.folder, env={**self.env, **env}, timeout=120)

    def popen(self, *args):
        return subprocess.Popen(list(map(str, self.argv(*args))), cwd=self.folder, env=self.env,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ran(self):
        """Which steps ran to their end since the last call."""
        path = self.project / "ran.txt"
        names = path.read_text().split("\n")[:-1] if path.exists() else []
        path.unlink(missing_ok=True)
        return names

    def out(self):
        return {str(p.relative_to(self.project)): hashlib.sha256(p.read_bytes()).hexdigest()
                for p in sorted((self.project / "out").rglob("*")) if p.is_file()}


@pytest.fixture
def toy(toy_program, tmp_path, env):
    return Toy(toy_program, tmp_path, env)


def chain(toy, ms=30, size=300_000):
    """a, b (found by discovery) -> image (big) -> list; and c that fails nobody."""
    toy.steps(
        dict(id="app/a", ms=ms, size=size, out="out/a", **{"in": toy.source}),
        dict(id="app/b", ms=ms, size=size, out="out/b", found=toy.source),
        dict(id="image/i", ms=ms, size=size * 4, out="out/i.wim", big=1, deps=["app/a", "app/b"]),
        dict(id="list", ms=ms, out="out/list", deps=["image/i"]),
        dict(id="app/c", ms=ms, size=size, out="out/c"))


@pytest.mark.slow
def test_killed_at_random_moments(toy):
    chain(toy)
    assert toy.run("-j", "4").code == 0
    want = {}
    for text in ("one", "two"):
        toy.source.write_text(text)
        assert toy.run("-j", "4").code == 0
        want[text] = toy.out()
    assert want["one"] != want["two"]
    rng = random.Random(4)
    survived = 0
    for i in range(KILLS):
        text = ("one", "two")[i % 2]
        toy.source.write_text(text)
        if i % 3 == 0:
            shutil.rmtree(toy.store, ignore_errors=True)
        if i % 5 == 0:
            shutil.rmtree(toy.project / "out", ignore_errors=True)
        p = toy.popen("-j", "4")
        try:
            p.wait(timeout=rng.random() * 0.25)
            survived += 1
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
        for path, sha in toy.out().items():
            if ".wgtmp-" not in path:
                assert sha in (want["one"][path], want["two"][path]), f"kill {i}: {path}"
        if rng.random() < 0.3:
            assert toy.run("-j", "4").code == 0
            assert toy.out() == want[text], f"after kill {i}"
    assert toy.run("-j", "4").code == 0
    assert toy.out() == want[text]
    assert survived < KILLS
    assert list((toy.store / "v1" / "tmp").iterdir()) == []


def test_many_processes_do_the_work_once(toy):
    chain(toy, ms=150)
    ps = [toy.popen("-j", "2") for _ in range(6)]
    assert [p.wait(timeout=120) for p in ps] == [0] * 6
    assert sorted(toy.ran()) == ["app/a", "app/b", "app/c", "image/i", "list"]


def test_stopped_by_a_signal(toy):
    chain(toy, ms=100)
    toy.steps(dict(id="quick", ms=0, out="out/quick"),
              dict(id="slow", ms=600_000, size=9_000_000, out="out/slow", big=1, deps=["quick"]))
    for sig in (signal.SIGINT, signal.SIGTERM):
        (toy.project / "out" / "quick").unlink(missing_ok=True)
        p = toy.popen()
        wait_for((toy.project / "out" / "quick").exists, "the first step")
        p.send_signal(sig)  # the second one has ten minutes to go
        assert p.wait(timeout=120) == 130
        assert list(toy.out()) == ["out/quick"]
    assert toy.ran() == ["quick"]


def test_reasons_and_plan(toy):
    chain(toy, ms=0)
    assert toy.run().code == 0
    assert toy.run("--plan").out.count("cached ") == 5
    toy.source.write_text("two")
    plan = toy.run("--plan").out.splitlines()
    assert plan == ["run app/a | changed: in", "run app/b | changed: found",
                    "unknown image/i | depends on 'out' of app/a, which will run | depends on 'out' of app/b, which will run",
                    "unknown list | depends on 'out' of image/i, which may run", "cached app/c"]
    r = toy.run("-v")
    assert re.search(r"start +toy +app/a: changed: in\n", r.err), r


@pytest.mark.slow
def test_no_op_reads_no_file(toy, tmp_path):
    """6 steps that each observe 1,000 files of their own."""
    steps = []
    for s in range(6):
        folder = tmp_path / f"src{s}"
        folder.mkdir()
        for f in range(1000):
            (folder / f"file{f:04}.go").write_text(f"package p // {s} {f}\n")
        steps.append(dict(id=f"app/s{s}", ms=0, out=f"out/s{s}", found=folder))
    toy.steps(*steps)
    time.sleep(0.1)  # the clock's grain: younger files are read again
    assert toy.run("-j", "2").code == 0
    assert len(toy.ran()) == 6
    assert toy.run("-j", "2").code == 0  # learns what was too young
    p = toy.popen("-j", "2")
    os.waitid(os.P_PID, p.pid, os.WEXITED | os.WNOWAIT)  # ended, and its account is still there
    account = dict(line.split(": ") for line in open(f"/proc/{p.pid}/io", encoding="ascii").read().splitlines())
    assert p.wait() == 0 and toy.ran() == []
    assert int(account["syscr"]) < 600, account  # 6,000 files are asked for their stat and none is read


# --- the terminal

class Terminal:
    """A pseudo-terminal that a program runs on; .screen() is what a user would see."""

    def __init__(self, argv, cwd, env, cols=100, rows=24):
        self.raw, self.cols, self.rows = b"", cols, rows
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execvpe(str(argv[0]), list(map(str, argv)), env)
        self.resize(cols, rows)

    def resize(self, cols, rows):
        self.cols, self.rows = cols, rows
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def read(self, seconds):
        end = time.time() + seconds
        while time.time() < end:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.time()))
            if not ready:
                continue
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return False
            if not data:
                return False
            self.raw += data
        return True

    def wait(self):
        while self.read(60):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def screen(self):
        """Lines after all cursor movement, colours dropped."""
        lines, row, col = [""], 0, 0
        text = self.raw.decode("utf-8")
        for m in re.finditer(r"\x1b\[([0-9;?]*)([A-Za-z])|\r|\n|[^\x1b\r\n]+", text):
            if m.group(2) == "A":
                row = max(0, row - int(m.group(1) or 1))
            elif m.group(2) == "J":
                lines = lines[:row] + [lines[row][:col]]
            elif m.group(2) == "m":
                pass
            elif m.group(2):
                raise AssertionError(f"unexpected sequence {m.group(0)!r}")
            elif m.group(0) == "\r":
                col = 0
            elif m.group(0) == "\n":
                row, col = row + 1, 0
                while len(lines) <= row:
                    lines.append("")
            else:
                line = lines[row].ljust(col)
                lines[row] = line[:col] + m.group(0) + line[col + len(m.group(0)):]
                col += len(m.group(0))
        return [line.rstrip() for line in lines]


@pytest.fixture
def terminal(toy):
    def make(*args, cols=100, rows=24, **env):
        return Terminal(toy.argv(*args), toy.folder, {**toy.env, "TERM": "xterm", **env}, cols, rows)
    return make


def slow_steps(toy):
    toy.steps(dict(id="app/agent/windows-amd64", verb="compile", ms=900, size=9_000_000, out="out/agent.exe"),
              dict(id="app/agent/linux-amd64", verb="compile", ms=1200, out="out/agent"),
              dict(id="image/kiosk", verb="write image", ms=300, size=9_000_000, out="out/kiosk.wim", big=1,
                   deps=["app/agent/windows-amd64"]))


def test_live_tree(toy, terminal):
    slow_steps(toy)
    t = terminal("-j", "2")
    t.read(0.75)
    lines = t.screen()
    at = next(i for i, line in enumerate(lines) if "0/3 steps, 2 running" in line)
    assert re.match(r"├─ compile      app/agent/windows-amd64 +━+─+ \d+%", lines[at + 1]), lines
    assert lines[at + 2].startswith("└─ compile      app/agent/linux-amd64"), lines
    assert all(len(line) < 100 for line in lines)
    assert t.wait() == 0
    lines = sorted(line for line in t.screen() if line)
    assert len(lines) == 4, lines  # nothing of the live part stays
    assert re.match(r" +done  compile      app/agent/windows-amd64  \d.* s  out/agent.exe 8.5 MiB$", lines[1]), lines
    assert re.match(r" +done  write image  image/kiosk  .* out/kiosk.wim 8.5 MiB$", lines[2]), lines
    assert re.match(r"wingo: 3 ran in .* s; 3 outputs, 17.1 MiB$", lines[3]), lines
    assert b"\x1b[?25l" not in t.raw  # the cursor is never hidden
    frames = t.raw.count(b"running, 0:0")
    assert 5 <= frames <= 40, frames  # at most ten a second


@pytest.mark.slow
def test_live_tree_knows_how_long_it_took(toy, terminal):
    slow_steps(toy)
    assert toy.run().code == 0
    shutil.rmtree(toy.store)
    t = terminal("-j", "2")
    t.read(0.9)
    assert any(re.search(r"linux-amd64 .*━.* \d+%, 0:0\d left", line) for line in t.screen()), t.screen()
    assert t.wait() == 0


def test_live_tree_does_not_stand_at_99(toy, terminal):
    """What takes longer than the last time shows how long it runs, and no share."""
    toy.steps(dict(id="app/agent", verb="compile", ms=200))
    assert toy.run().code == 0
    shutil.rmtree(toy.store)
    toy.steps(dict(id="app/agent", verb="compile", ms=2500))
    t = terminal()
    t.read(1.9)
    line = next(line for line in t.screen() if "app/agent" in line)
    assert "%" not in line and re.search(r"0:0\d$", line), line
    assert t.wait() == 0


@pytest.mark.parametrize("cols", (60, 80))
def test_done_lines_take_one_row(toy, terminal, cols):
    toy.steps(dict(id="image/kiosk/with-a-long-name", verb="write image", ms=50, size=2_000_000,
                   out="out/a-folder-with-a-long-name/kiosk-with-a-long-name.wim"))
    t = terminal(cols=cols)
    assert t.wait() == 0
    done = [line for line in t.screen() if " done " in line]
    assert len(done) == 1 and len(done[0]) <= cols and done[0].endswith("\u2026"), done


@pytest.mark.parametrize("cols", (20, 40, 79, 200))
@pytest.mark.slow
def test_live_tree_fits(toy, terminal, cols):
    toy.steps(*[dict(id=f"app/имя-что-длиннее-окна-{'много' * 6}-{i}", verb="compile", ms=4000, size=1000) for i in range(30)])
    t = terminal("-j", "30", cols=cols, rows=12)
    t.read(0.5)
    live = [line for line in t.screen() if line]
    assert len(live) <= 6 and "more" in live[-1], live
    assert all(len(line) < cols for line in live), live
    t.resize(max(10, cols // 2), 12)
    assert t.wait() == 0


def test_dumb_terminal_gets_plain_lines(toy, terminal):
    slow_steps(toy)
    t = terminal("-j", "2", TERM="dumb")
    assert t.wait() == 0
    assert b"\x1b" not in t.raw


def test_ascii_locale(toy, terminal):
    slow_steps(toy)
    t = terminal("-j", "2", LC_ALL="C")
    t.read(0.6)
    lines = t.screen()
    assert any(re.match(r"\|- compile      app/agent/windows-amd64 +#*-+ ", line) for line in lines), lines
    t.wait()
    assert all(b < 128 for b in t.raw)


def test_names_cannot_move_the_cursor(toy):
    toy.steps(dict(id="app/\x1b[2Jx", ms=0, warn="\x1b]0;title\x07", fail="bad \x1b[31mred", details="d\x1b[2J\n    indented\n"))
    r = toy.run()
    assert "\x1b" not in r.err and "\x07" not in r.err
    assert "app/?[2Jx: bad ?[31mred\nd?[2J\n    indented\n" in r.err, r


def test_failures_are_told_once_and_whole(toy):
    details = "".join(f"main.go:{n}: undefined: x{n}\n" for n in range(300))
    toy.steps(*[dict(id=f"app/{n}", ms=100, fail="go build: exit status 1", details=details) for n in "abc"],
              dict(id="app/d", ms=100, fail="another", details="other.go:1: no\n"),
              dict(id="image", deps=["app/a"]))
    r = toy.run("-k", "-j", "4")
    assert r.code == 1
    assert r.err.count("main.go:299: undefined: x299\n") == 1
    assert "wingo: error: app/a, app/b, app/c: go build: exit status 1\nmain.go:0:" in r.err, r
    assert "wingo: error: app/d: another\nother.go:1: no\n" in r.err
    assert re.search(r"wingo: 4 failed, 1 skipped in ", r.err), r
    assert toy.run("-q", "-k", "-j", "4").err.startswith("wingo: error: app/a, app/b, app/c: ")


def test_colors(toy):
    toy.steps(dict(id="a", ms=0))
    assert "\x1b[32m" in toy.run("--color").err
    assert "\x1b" not in toy.run().err


# --- the log

def test_log(toy):
    hostile = 'quote " backslash \\\\ tab \x01 \u2028 ünï'
    toy.steps(dict(id="app/a", ms=60, size=5000, out="out/a", note=hostile, warn=hostile),
              dict(id="app/b", ms=0, fail=hostile, details="line 1\nline 2\n", deps=["app/a"]),
              dict(id="app/c", ms=0, deps=["app/b"]))
    assert toy.run("--report").code == 1
    folder = toy.project / ".wingo" / "log"
    latest = folder / "latest.jsonl"
    assert latest.is_symlink() and re.fullmatch(r"\d{8}T\d{6}Z-\d+\.jsonl", os.readlink(latest))
    events = [json.loads(line) for line in latest.read_text().split("\n")[:-1]]
    assert events[0]["event"] == "run_started" and events[0]["steps"] == 3
    assert events[-1] == {**events[-1], "event": "run_ended", "ran": 1, "failed": 1, "skipped": 1, "code": "FAILED"}
    by_type = {e["event"]: e for e in events}
    shown = hostile.replace("\\\\", "\\\\")
    assert by_type["step_note"]["text"] == shown
    assert by_type["step_warning"]["identity"] == "app/a"
    assert by_type["step_failed"]["details"] == "line 1\nline 2\n"
    assert by_type["step_skipped"]["text"] == "needs 'app/b'"
    out = toy.project / "out" / "a"
    assert by_type["step_output"]["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert by_type["step_output"]["bytes"] == out.stat().st_size
    ms = [e["ms"] for e in events]
    assert ms == sorted(ms)
    progress = [e for e in events if e["event"] == "step_progress"]
    assert 1 <= len(progress) <= 4


def test_old_logs_and_reports_go(toy):
    toy.steps(dict(id="a", ms=0))
    for kind, ext in (("log", "jsonl"), ("report", "html")):
        folder = toy.project / ".wingo" / kind
        folder.mkdir(parents=True)
        for i in range(70):
            (folder / f"20200101T0000{i:02}Z-1.{ext}").write_text("old")
        (folder / "notes.txt").write_text("somebody's")
    assert toy.run("--report").code == 0
    for kind, ext in (("log", "jsonl"), ("report", "html")):
        names = sorted(p.name for p in (toy.project / ".wingo" / kind).iterdir() if not p.is_symlink())
        assert len(names) == 51 and "notes.txt" in names, names
        assert f"20200101T000021Z-1.{ext}" in names and f"20200101T000020Z-1.{ext}" not in names


def test_a_log_that_cannot_be_written_stops_nothing(toy):
    toy.steps(dict(id="a", ms=0, out="out/a"))
    (toy.project / ".wingo").mkdir()
    (toy.project / ".wingo" / "log").write_text("a file where a folder should be")
    r = toy.run("--report")
    assert r.code == 0, r
    assert (toy.project / "out" / "a").exists()
