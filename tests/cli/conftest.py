# SPDX-License-Identifier: Apache-2.0
"""What tests that drive the wingo program share.

Run by `make test`, or alone: /usr/bin/python3 -m pytest tests/cli [-k NAME].
WINGO names the program to test; without it, build/wingo is taken.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import pytest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]


class Result:
    """How a program ended: .code (negative: killed by that signal), .out and .err as text."""

    def __init__(self, argv, code, out, err):
        self.argv, self.code, self.out, self.err = argv, code, out, err

    def __repr__(self):
        words = " ".join(map(str, self.argv))
        return f"\n$ {words}\nexit code {self.code}\nstdout: {self.out}\nstderr: {self.err}"


def start(argv, cwd=None, env=None, timeout=300, stdin=None):
    """Runs argv to its end; a program that hangs is killed with all its children and fails the test."""
    with subprocess.Popen(list(map(str, argv)), cwd=cwd, env=env, start_new_session=True,
                          stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
        try:
            out, err = p.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            try:  # what it started in sessions of its own may hold the pipes
                out, err = p.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                out = err = b"(kept open by a child)"
            pytest.fail(f"{argv} did not end within {timeout} s\nstdout: {out!r}\nstderr: {err!r}")
    return Result(argv, p.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


def wait_for(condition, what="what was waited for", seconds=120):
    """Waits until condition() holds and gives what it gave. The limit only ends a test that hangs: no test says how fast
    a machine is."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            pytest.fail(f"{what}: not within {seconds} s")
        time.sleep(0.005)


def needs(*tools):
    """Skips the test, saying why, unless every one of these programs is installed."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}, which is not installed")
    if "strace" in tools and b"__asan_init" in pathlib.Path(os.environ.get("WINGO", ROOT / "build" / "wingo")).read_bytes():
        pytest.skip("LeakSanitizer does not work in a program that strace looks at")


def needs_user_namespaces():
    """Skips the test where an unprivileged user may not make namespaces."""
    needs("unshare")
    if start(["unshare", "--user", "--map-root-user", "true"]).code != 0:
        pytest.skip("needs user namespaces, which this machine refuses")


@pytest.fixture(scope="session")
def root():
    """The folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def wingo():
    """The program under test, absolute path."""
    path = pathlib.Path(os.environ.get("WINGO", ROOT / "build" / "wingo")).resolve()
    assert path.exists(), f"{path} is not there: build first (ninja -C build)"
    return path


def usable(folder):
    """folder, if it is there or can be made, and files can be made in it; else None."""
    try:
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) else None


@pytest.fixture(scope="session")
def go_caches(tmp_path_factory):
    """Go's caches of the user who runs the tests: the standard library is compiled once for each platform and kept from
    run to run. Tests that are about a cold cache have one of their own. WINGO_TEST_GOCACHE names another build cache."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent  # each worker has a folder of its own in there
    found = {}
    for name, other in (("GOCACHE", "gocache"), ("GOMODCACHE", "gomod")):
        folder = start(["go", "env", name], cwd="/").out.strip() if shutil.which("go") else ""
        if name == "GOCACHE":
            folder = os.environ.get("WINGO_TEST_GOCACHE", folder)
        found[name] = str(folder and folder != "off" and usable(folder) or usable(shared / other))
    return found


@pytest.fixture
def home(tmp_path):
    """A home of its own for this test."""
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def env(home, go_caches):
    """The environment for programs under test: own HOME and store, no colours, C locale."""
    e = {k: v for k, v in os.environ.items()
         if k in ("PATH", "GOPROXY", "GONOSUMDB", "GONOSUMCHECK", "GOFLAGS", "GOSUMDB", "GOTOOLCHAIN",
                  "GOROOT", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "no_proxy",
                  "NO_PROXY", "SSL_CERT_FILE", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS")}
    e.update(HOME=str(home), XDG_CACHE_HOME=str(home / ".cache"), XDG_CONFIG_HOME=str(home / ".config"),
             LC_ALL="C.UTF-8", TERM="dumb", TMPDIR=str(home.parent), **go_caches)
    return e


@pytest.fixture
def run(wingo, env, tmp_path):
    """run("build", "-j2", cwd=..., timeout=..., env={...}) -> Result. env adds to the environment."""

    def call(*args, cwd=None, timeout=300, stdin=None, **more):
        e = dict(env)
        for name, value in more.pop("env", {}).items():
            if value is None:
                e.pop(name, None)
            else:
                e[name] = value
        assert not more, more
        return start([wingo, *args], cwd=cwd or tmp_path, env=e, timeout=timeout, stdin=stdin)

    return call


@pytest.fixture
def project(run, tmp_path):
    """The folder of a fresh `wingo init` project."""
    r = run("init", "project")
    assert r.code == 0, r
    return tmp_path / "project"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """For tests that run in parallel (scripts/run-tests): what takes long is begun first, and tests that share something
    made once at some cost, a Wine prefix, stay in one process. A test that needs such a thing is a slow one."""
    for item in items:
        for fixture in ("booted", "wine"):
            if fixture in item.fixturenames:
                item.add_marker(pytest.mark.xdist_group(fixture))
        if {"booted", "wine", "go_build"} & set(item.fixturenames):
            item.add_marker(pytest.mark.slow)
    long = {"booted", "wine", "go_build", "exe", "make"}
    items.sort(key=lambda item: 0 if long & set(item.fixturenames) else 1 if item.get_closest_marker("slow") else 2)


def pytest_configure(config):
    config.addinivalue_line("markers", "xdist_group(name): tests that run in one process, where there are several")
    config.addinivalue_line("markers", "slow: takes more than a few seconds; left out by `pytest -m 'not slow'`")
