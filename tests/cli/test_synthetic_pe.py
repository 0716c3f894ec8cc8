# SPDX-License-Identifier: Apache-2.0
"""Windows PE of synthetic bases: boot.wim with Setup, and Winre.wim in the images. Judges: wimlib, 7-Zip, hivex."""
import re

import pytest

from conftest import needs
from test_synthetic import MADE, at, hive, made, ok, text  # noqa: F401

NAME = {"386": "x86", "arm64": "arm64"}
WINPE = r"Microsoft\Windows NT\CurrentVersion\WinPE"


def pe_arch(product, arch):
    return NAME.get(arch) or ("amd64" if product in ("windows-11", "server-2025") else "x64")


def facts(info):
    """Of each image, what wimlib says."""
    return [dict(re.findall(r"^(\S[^:]*):\s+(.*?)\s*$", part, re.M)) for part in re.split(r"\n(?=Index: )", info)[1:]]


def is_pe(folder, name):
    """The hives are those of Windows PE."""
    soft, system = hive(folder / "SOFTWARE"), hive(folder / "SYSTEM")
    assert text(soft, WINPE, "InstRoot") == "X:\\"
    assert text(soft, r"Microsoft\Windows NT\CurrentVersion", "EditionID") == "WindowsPE"
    assert text(soft, r"Microsoft\Windows NT\CurrentVersion", "SystemRoot") == r"X:\Windows"
    assert soft.node_get_child(at(soft, r"Microsoft\Windows\CurrentVersion\Setup"), "State") is None
    assert text(system, "Setup", "CmdLine") == "winpeshl.exe"
    services = at(system, r"ControlSet001\Services")
    assert system.node_get_child(services, "disk") and system.node_get_child(services, "wuauserv") is None
    assert (system.node_get_child(system.root(), "DriverDatabase") is None) == (name == "windows-7")


HIVES = ["/Windows/System32/config/SYSTEM", "/Windows/System32/config/SOFTWARE"]


@pytest.mark.parametrize("product,arch", MADE)
@pytest.mark.slow
def test_boot_wim(wingo, tmp_path, product, arch):
    needs("wimlib-imagex", "7z")
    wim, again = tmp_path / "boot.wim", tmp_path / "again.wim"
    for path in (wim, again):
        ok(wingo, "wim", "synthetic", f"{product}-setup", path, "--arch", arch)
    assert wim.read_bytes() == again.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.wim", "boot.wim"]
    assert "successfully verified" in ok("wimlib-imagex", "verify", wim)
    assert "Everything is Ok" in ok("7z", "t", wim)
    info = ok("wimlib-imagex", "info", wim)
    assert re.search(r"^Boot Index: +2$", info, re.M) and re.search(r"^Compression: +LZX$", info, re.M)
    a = pe_arch(product, arch)
    images = facts(info)
    assert [i["Name"] for i in images] == [f"Microsoft Windows PE ({a})", f"Microsoft Windows Setup ({a})"]
    assert [i["Flags"] for i in images] == ["9", "2"]
    for i in images:
        assert (i["Edition ID"], i["Installation Type"], i["Product Type"]) == ("WindowsPE", "WindowsPE", "WinNT")
    for n, setup in (("1", False), ("2", True)):
        files = ok("wimlib-imagex", "dir", wim, n).splitlines()
        assert ("/sources/setup.exe" in files) == ("/setup.exe" in files) == setup
        assert "/Windows/System32/startnet.cmd" in files and "/Windows/INF/machine.inf" in files
        ok("wimlib-imagex", "extract", wim, n, *HIVES, f"--dest-dir={tmp_path / n}")
        is_pe(tmp_path / n, product)


@pytest.mark.parametrize("product,arch", MADE)
@pytest.mark.slow
def test_winre_in_each_image(made, tmp_path, product, arch):  # noqa: F811
    needs("wimlib-imagex")
    wim = made(product, arch)
    n = len(facts(ok("wimlib-imagex", "info", wim)))
    for i in range(1, n + 1):
        ok("wimlib-imagex", "extract", wim, str(i), "/Windows/System32/Recovery/Winre.wim", f"--dest-dir={tmp_path / str(i)}")
    inner = tmp_path / "1" / "Winre.wim"
    assert len({(tmp_path / str(i) / "Winre.wim").read_bytes() for i in range(1, n + 1)}) == 1
    assert "successfully verified" in ok("wimlib-imagex", "verify", inner)
    info = ok("wimlib-imagex", "info", inner)
    images = facts(info)
    assert [i["Name"] for i in images] == [f"Microsoft Windows Recovery Environment ({pe_arch(product, arch)})"]
    assert re.search(r"^Boot Index: +1$", info, re.M)
    ok("wimlib-imagex", "extract", inner, "1", *HIVES, "/Windows/System32/winpeshl.ini", f"--dest-dir={tmp_path / 'x'}")
    assert b"\\sources\\recovery\\RecEnv.exe\r\n" in (tmp_path / "x" / "winpeshl.ini").read_bytes()
    is_pe(tmp_path / "x", product)
    files = ok("wimlib-imagex", "dir", inner, "1").splitlines()
    assert "/sources/recovery/RecEnv.exe" in files and not [f for f in files if f.lower().endswith(".wim")]


def test_setup_is_serviced(run, tmp_path):
    """Index 2 is what is taken when none is named, and what the file starts stays that."""
    needs("wimlib-imagex")
    (tmp_path / "a.xml").write_text("<unattend/>\n")
    (tmp_path / "wingo.yaml").write_text(r"""
version: 1
name: p
images:
  boot:
    base: {synthetic: windows-11-setup}
    files: [{from: a.xml, to: 'C:\Autounattend.xml'}]
    registry: [{key: 'HKLM\SYSTEM\Setup\LabConfig', values: {BypassTPMCheck: 1}}]
    outputs: [wim]
  pe:
    base: {synthetic: windows-11-setup, image: 1}
    files: [{from: a.xml, to: 'C:\a.xml'}]
    outputs: [wim]
""")
    r = run("build")
    assert r.code == 0, r
    for name, n, other, file in (("boot", "2", "1", "/Autounattend.xml"), ("pe", "1", "2", "/a.xml")):
        wim = tmp_path / "out" / f"{name}.wim"
        assert "successfully verified" in ok("wimlib-imagex", "verify", wim)
        assert re.search(r"^Boot Index: +2$", ok("wimlib-imagex", "info", wim), re.M)
        assert file in ok("wimlib-imagex", "dir", wim, n).splitlines()
        assert file not in ok("wimlib-imagex", "dir", wim, other).splitlines()
    ok("wimlib-imagex", "extract", tmp_path / "out" / "boot.wim", "2", HIVES[0], f"--dest-dir={tmp_path / 'x'}")
    h = hive(tmp_path / "x" / "SYSTEM")
    assert h.value_dword(h.node_get_value(at(h, r"Setup\LabConfig"), "BypassTPMCheck")) == 1


def test_setup_has_no_state(run, tmp_path):
    r = run("wim", "synthetic", "windows-11-setup", "b.wim", "--state", "complete")
    assert r.code != 0 and "no state" in r.err and not (tmp_path / "b.wim").exists(), r
    (tmp_path / "wingo.yaml").write_text("version: 1\nname: p\nimages:\n  a:\n"
                                         "    base: {synthetic: windows-11-setup, state: complete}\n    outputs: [wim]\n")
    r = run("check")
    assert r.code == 3 and ":5:48" in r.out + r.err and "no state" in r.out + r.err, r
    assert not [p for p in tmp_path.iterdir() if p.suffix != ".yaml" and p.is_file()]
