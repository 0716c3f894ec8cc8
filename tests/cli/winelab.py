# SPDX-License-Identifier: Apache-2.0
"""Windows programs under Wine, in a prefix made for the tests."""
import os
import shutil
import subprocess

import pytest

from conftest import ROOT, needs, start


def wineboot(env, timeout, *args):
    """Runs wineboot. What it starts lives on and would keep a pipe open: its output goes nowhere."""
    done = subprocess.run(["wineboot", *args], env=env, timeout=timeout, check=False, start_new_session=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert done.returncode == 0, f"wineboot ended with {done.returncode}"


def make_prefix(folder):
    """Makes a Wine prefix in folder and returns the environment to run Wine with."""
    needs("wine")
    home = folder / "home"
    home.mkdir(parents=True)
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "WINEPREFIX": str(folder / "prefix"), "WINEDEBUG": "-all",
           "WINEDLLOVERRIDES": "mscoree,mshtml=", "LC_ALL": "C.UTF-8", "WINEARCH": "win64"}
    wineboot(env, 300, "--init")
    system32 = folder / "prefix" / "drive_c" / "windows" / "system32"
    if not system32.is_dir():
        pytest.skip("wine makes no prefix here")
    if not (system32 / "bcryptprimitives.dll").exists():
        needs("x86_64-w64-mingw32-gcc")
        r = start(["x86_64-w64-mingw32-gcc", "-O2", "-shared", "-o", system32 / "bcryptprimitives.dll",
                   ROOT / "tests" / "lab" / "bcryptprimitives.c", "-ladvapi32"])
        assert r.code == 0, r
    return env


@pytest.fixture(scope="session")
def wine(tmp_path_factory):
    """wine(program, *args) -> Result."""
    folder = tmp_path_factory.mktemp("wine")
    env = make_prefix(folder)
    yield lambda program, *args, **kw: start(["wine", program, *args], env=env, timeout=120, **kw)
    if shutil.which("wineserver"):
        start(["wineserver", "-k"], env=env, timeout=60)
