# SPDX-License-Identifier: Apache-2.0
"""It runs: an image is built, its programs and what changed in its registry go into a fresh Wine prefix, and Wine's service
manager starts the Go services from what wingo wrote in SYSTEM.

Wine loads its registry from text, so the hives go there through `wingo reg export`: what differs between the base's hive and the
image's, ControlSet001 as CurrentControlSet. Nothing else is put into the prefix but the files of the image.
"""
import json
import os
import re
import shutil
import subprocess
import time

import pytest

from conftest import ROOT, needs, start
from winelab import make_prefix, wineboot

SOURCE = ROOT / "tests" / "lab" / "service"
SUM = ("golang.org/x/sys v0.15.0 h1:h48lPFYpsTvQJZF4EKyI4aLHaev3CxivZmv7yZig9pc=\n"
       "golang.org/x/sys v0.15.0/go.mod h1:/VUhepiaJMQUp4+oa/7Zr1D23ma6VTLIYjOOTFZPUcA=\n")
PROJECT = r"""
version: 1
name: runs
apps:
  keeper: {dir: keeper, targets: [windows/amd64], env: {CGO_ENABLED: "0"}, vars: {main.name: RunsKeeper}}
  helper: {dir: helper, targets: [windows/amd64], env: {CGO_ENABLED: "0"}, vars: {main.name: RunsHelper}}
images:
  runs:
    base: {synthetic: windows-10}
    apps:
      - app: keeper
        to: 'C:\Runs'
        service: {name: RunsKeeper, display_name: Keeper of the test, description: Started with the system, start: auto}
      - app: helper
        to: 'C:\Program Files\Runs Helper'
        path: true
        service:
          name: RunsHelper
          start: manual
          args: [--config, 'C:\Program Data\with space.json', 'a "quoted" word', 'ends in\']
          environment: {RUNS_LEVEL: debug}
    files: [{from: data, to: 'C:\ProgramData\Runs'}]
    outputs: [wim]
"""
LONG = 300  # seconds: Wine on a machine with other work


def ok(*argv, **more):
    r = start(argv, **more)
    assert r.code == 0, r
    return r.out


def has_x_sys(folder, env):
    """Whether go can have golang.org/x/sys here; without, both services are made from the standard library."""
    (folder / "go.mod").write_text("module example.com/probe\n\ngo 1.19\n\nrequire golang.org/x/sys v0.15.0\n")
    (folder / "go.sum").write_text(SUM)
    return start(["go", "mod", "download", "golang.org/x/sys"], cwd=folder, env=env, timeout=120).code == 0


def write_project(p, x_sys):
    for app, kind in (("keeper", "xsys" if x_sys else "plain"), ("helper", "plain")):
        folder = p / app
        folder.mkdir(parents=True)
        shutil.copy(SOURCE / "main.go", folder)
        shutil.copy(SOURCE / f"{kind}.go", folder)
        more = "\nrequire golang.org/x/sys v0.15.0\n" if kind == "xsys" else ""
        (folder / "go.mod").write_text(f"module example.com/{app}\n\ngo 1.19\n{more}")
        if more:
            (folder / "go.sum").write_text(SUM)
    (p / "data").mkdir()
    (p / "data" / "note.txt").write_text("from the image\n")
    (p / "wingo.yaml").write_text(PROJECT)


def registry(wingo, hive):
    """{key: {value name: the whole entry}} of `wingo reg export`."""
    out = ok(wingo, "reg", "export", hive)
    keys, at = {}, None
    for line in re.sub(r"\\\r?\n *", "", out).splitlines():
        if line.startswith("["):
            at = keys.setdefault(line[1:-1], {})
        elif at is not None and re.match(r'"|@', line):
            at[re.match(r'"(?:[^"\\]|\\.)*"|@', line).group(0)] = line
    return keys


def changes(wingo, before, after):
    """Registry text of what is new or different in after."""
    old, new = registry(wingo, before), registry(wingo, after)
    lines = ["Windows Registry Editor Version 5.00", ""]
    for key, values in new.items():
        changed = [v for name, v in values.items() if old.get(key, {}).get(name) != v]
        if changed or key not in old:
            lines += [f"[{key}]", *changed, ""]
    return "\r\n".join(lines).replace("\\ControlSet001", "\\CurrentControlSet")


class Prefix:
    def __init__(self, folder):
        self.env = make_prefix(folder)
        self.drive = folder / "prefix" / "drive_c"
        self.keep = None

    def wine(self, *argv, **more):
        return start(["wine", *argv], env=self.env, timeout=LONG, **more)

    def down(self):
        if self.keep is not None:
            self.keep.kill()
            self.keep.wait()
            self.keep = None
        start(["wineserver", "-k"], env=self.env, timeout=LONG)
        start(["wineserver", "-w"], env=self.env, timeout=LONG)

    def boot(self):
        """Starts Windows, so to say. A program that waits keeps it up."""
        self.keep = subprocess.Popen(["wine", "cmd"], env=self.env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
        wineboot(self.env, LONG)

    def wait_for(self, name):
        path = self.drive / "ProgramData" / "Runs" / f"{name}.json"
        end = time.monotonic() + LONG
        while not path.exists():
            bad = path.with_suffix(".err")
            assert not bad.exists(), bad.read_text()
            assert time.monotonic() < end, f"service {name} did not write {path}"
            time.sleep(0.5)
        return json.loads(path.read_text())

    def state(self, service):
        out = self.wine("sc", "query", service).out
        m = re.search(r"STATE\s*:\s*(\d)", out)
        return int(m.group(1)) if m else out


@pytest.fixture(scope="module")
def booted(wingo, tmp_path_factory, go_caches):
    """The built image in a Wine prefix that has been started."""
    needs("go", "wine", "wineserver", "wimlib-imagex")
    p = tmp_path_factory.mktemp("runs")
    env = {**{k: v for k, v in os.environ.items() if k in ("PATH", "GOPROXY", "GOSUMDB", "GOFLAGS", "GONOSUMDB")
              or k.lower().endswith("_proxy") or k == "SSL_CERT_FILE"},
           "HOME": str(p), "XDG_CACHE_HOME": str(p / "cache"), "LC_ALL": "C.UTF-8", **go_caches}
    (p / "probe").mkdir()
    x_sys = has_x_sys(p / "probe", env)
    write_project(p / "project", x_sys)
    ok(wingo, "build", cwd=p / "project", env=env, timeout=600)
    ok("wimlib-imagex", "apply", p / "project" / "out" / "runs.wim", "Windows 10 Pro", p / "image")
    ok(wingo, "wim", "synthetic", "windows-10", p / "base.wim")
    ok("wimlib-imagex", "apply", p / "base.wim", "Windows 10 Pro", p / "base")
    system = "Windows/System32/config/SYSTEM"
    text = changes(wingo, p / "base" / system, p / "image" / system)
    assert "Services\\RunsKeeper]" in text and "Session Manager\\Environment]" in text
    prefix = Prefix(p / "wine")
    for folder in ("Runs", "Program Files/Runs Helper", "ProgramData/Runs"):
        shutil.copytree(p / "image" / folder, prefix.drive / folder)
    (p / "changes.reg").write_bytes(b"\xff\xfe" + text.encode("utf-16-le"))
    r = prefix.wine("regedit", "/S", p / "changes.reg")
    assert r.code == 0, r
    prefix.down()
    assert not list((prefix.drive / "ProgramData" / "Runs").glob("*.json")), "a service ran before the start"
    prefix.boot()
    prefix.x_sys, prefix.text = x_sys, text
    yield prefix
    prefix.down()


@pytest.mark.slow
def test_the_service_runs_from_the_start(booted):
    said = booted.wait_for("RunsKeeper")
    assert said["kind"] == ("x/sys" if booted.x_sys else "plain")
    assert said["args"] == [r"C:\Runs\keeper.exe"] and said["exe"].lower() == r"c:\runs\keeper.exe"
    assert said["start_args"] == ["RunsKeeper"] and said["user"]
    assert booted.state("RunsKeeper") == 4  # running
    assert "Keeper of the test" in booted.wine("net", "start").out
    assert (booted.drive / "ProgramData" / "Runs" / "note.txt").read_text() == "from the image\n"


@pytest.mark.slow
def test_a_manual_service_starts_when_asked(booted):
    booted.wait_for("RunsKeeper")
    assert booted.state("RunsHelper") == 1  # stopped
    assert not (booted.drive / "ProgramData" / "Runs" / "RunsHelper.json").exists()
    r = booted.wine("net", "start", "RunsHelper")
    assert r.code == 0, r
    said = booted.wait_for("RunsHelper")
    assert said["kind"] == "plain" and said["start_args"] == ["RunsHelper"]
    assert said["args"] == [r"C:\Program Files\Runs Helper\helper.exe", "--config", r"C:\Program Data\with space.json",
                            'a "quoted" word', "ends in\\"]
    assert booted.state("RunsHelper") == 4
    assert r"C:\Program Files\Runs Helper" in said["path"]
    # Wine's service manager (8.0) does not read Environment; that it got there as Windows wants it, its registry says.
    r = booted.wine("reg", "query", r"HKLM\System\CurrentControlSet\Services\RunsHelper", "/v", "Environment")
    assert "REG_MULTI_SZ" in r.out and "RUNS_LEVEL=debug" in r.out, r
    assert said["level"] in ("", "debug")
    r = booted.wine("net", "stop", "RunsHelper")
    assert r.code == 0, r
    assert booted.state("RunsHelper") == 1


def test_a_program_is_found_through_path(booted):
    r = booted.wine("cmd", "/c", "helper say")
    assert r.code == 0 and "here is RunsHelper" in r.out, r
    assert booted.wine("cmd", "/c", "keeper say").code != 0  # which has no path: true
