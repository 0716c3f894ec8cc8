# SPDX-License-Identifier: Apache-2.0
"""Installation media made by wingo: the file system, what is on it, and images built on it. Judges: 7-Zip, isoinfo, udfinfo, wimlib, hivex."""
import re
import shutil
import struct

import pytest

from conftest import needs
from test_synthetic import MADE, at, hive, ok, walk

BOOT = {"amd64": "bootx64.efi", "386": "bootia32.efi", "arm64": "bootaa64.efi"}


@pytest.mark.parametrize("product,arch", MADE)
@pytest.mark.slow
def test_medium(wingo, tmp_path, product, arch):
    needs("7z", "wimlib-imagex", "isoinfo")
    iso, again, x = tmp_path / "m.iso", tmp_path / "again.iso", tmp_path / "x"
    for path in (iso, again):
        ok(wingo, "wim", "synthetic", f"{product}-iso", path, "--arch", arch)
    assert iso.read_bytes() == again.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.iso", "m.iso"]
    assert "Everything is Ok" in ok("7z", "t", "-tudf", iso)
    listing = ok("7z", "l", "-slt", "-tudf", iso)
    assert re.search(r"DomainId: \*OSTA UDF Compliant::1\.02", listing) and "Warning" not in listing
    ok("7z", "x", "-tudf", f"-o{x}", "-y", iso)
    files = {p.relative_to(x).as_posix() for p in x.rglob("*") if p.is_file()}
    assert {"setup.exe", "bootmgr", "sources/setup.exe", "boot/etfsboot.com", "efi/microsoft/boot/efisys.bin",
            f"efi/boot/{BOOT[arch]}", "sources/install.wim", "sources/boot.wim"} <= files
    for name, other in (("install.wim", product), ("boot.wim", f"{product}-setup")):
        alone = tmp_path / name
        ok(wingo, "wim", "synthetic", other, alone, "--arch", arch)
        assert (x / "sources" / name).read_bytes() == alone.read_bytes()
        ok("wimlib-imagex", "verify", x / "sources" / name)
    for path in ("boot/bcd", "efi/microsoft/boot/bcd"):
        h = hive(x / path)
        assert walk(h, h.root())[0] > 20
        elements = r"Objects\{7619dcc9-fafe-11d9-b411-000476eba25f}\Elements"
        device = h.value_value(h.node_get_value(at(h, elements + r"\11000001"), "Element"))[1]
        assert device[140:].decode("utf-16le") == "\\sources\\boot.wim\0" and struct.unpack_from("<I", device, 0x18)[0] == len(device) - 16
    # What knows no UDF sees one text and no damage.
    assert re.findall(r"(\S+;1)", ok("isoinfo", "-l", "-i", iso)) == ["README.TXT;1"]
    assert "UDF" in ok("isoinfo", "-x", "/README.TXT;1", "-i", iso)


def test_udfinfo_has_nothing_to_say(run, tmp_path):
    needs("udfinfo")
    assert run("wim", "synthetic", "windows-11-iso", "m.iso").code == 0
    out = ok("udfinfo", tmp_path / "m.iso")
    facts = dict(re.findall(r"^(\w+)=(.*)$", out, re.M))
    assert facts["udfrev"] == "1.02" and facts["integrity"] == "closed" and facts["label"] == "wingo windows-11 amd64"
    assert int(facts["numfiles"]) == 35 and int(facts["numdirs"]) == 15 and facts["winserialnum"] != ""


@pytest.mark.slow
def test_medium_as_base(run, tmp_path):
    """In a project, by its product and as a file; the image is what the same build of install.wim gives."""
    needs("wimlib-imagex")
    assert run("wim", "synthetic", "server-2025-iso", "m.iso", "--state", "complete").code == 0
    (tmp_path / "note.txt").write_text("note\n")
    image = "    files: [{from: note.txt, to: 'C:\\note.txt'}]\n    registry: [{key: 'HKLM\\SOFTWARE\\K', values: {A: 1}}]\n    outputs: [wim]\n"
    bases = {"iso": "{synthetic: server-2025-iso, state: complete}", "wim": "{synthetic: server-2025, state: complete}",
             "file": "{file: m.iso, image: 2}", "esd": "{synthetic: windows-10-iso, image: Windows 10 Home}"}
    (tmp_path / "wingo.yaml").write_text("version: 1\nname: p\nimages:\n" + "".join(
        f"  {n}:\n    base: {b}\n{image.replace('[wim]', '[esd]') if n == 'esd' else image}" for n, b in bases.items()))
    r = run("check")
    assert r.code == 0, r
    r = run("build", timeout=600)
    assert r.code == 0, r
    built = {n: (tmp_path / "out" / f"{n}.{'esd' if n == 'esd' else 'wim'}") for n in bases}
    for wim in built.values():
        assert "successfully verified" in ok("wimlib-imagex", "verify", wim)
    names = re.findall(r"^Name: +(.*)$", ok("wimlib-imagex", "info", built["iso"]), re.M)
    assert names.count("Windows Server 2025 Standard (Desktop Experience)") == 1
    assert built["iso"].read_bytes() == built["wim"].read_bytes() == built["file"].read_bytes()
    assert "/note.txt" in ok("wimlib-imagex", "dir", built["esd"], "Windows 10 Home").splitlines()
    r = run("build", "--json")
    assert r.code == 0 and '"run"' not in r.out.replace(" ", ""), r


def test_medium_that_is_there(run, tmp_path):
    (tmp_path / "m.iso").write_text("mine")
    r = run("wim", "synthetic", "windows-11-iso", "m.iso")
    assert r.code == 1 and "exists already" in r.err and (tmp_path / "m.iso").read_text() == "mine", r
    assert run("wim", "synthetic", "windows-11-iso", "m.iso", "--force").code == 0
    assert shutil.disk_usage(tmp_path) and (tmp_path / "m.iso").stat().st_size > 1 << 20
    assert not list(tmp_path.glob("*wgtmp*"))


@pytest.mark.slow
def test_boot_wim_of_a_medium(run, tmp_path):
    """`wim: boot` of a file and of a product; the install.wim of the same file beside it."""
    needs("wimlib-imagex")
    assert run("wim", "synthetic", "windows-11-iso", "m.iso").code == 0
    (tmp_path / "note.txt").write_text("note\n")
    more = "    files: [{from: note.txt, to: 'C:\\note.txt'}]\n    outputs: [%s]\n"
    bases = {"boot": "{file: m.iso, wim: boot, image: 2}", "install": "{file: m.iso, wim: install, image: Windows 11 Pro}",
             "made": "{synthetic: windows-11-iso, wim: boot}", "plain": "{synthetic: windows-11-setup}",
             "pe": "{synthetic: windows-11-iso, wim: boot, image: 1}", "whole": "{synthetic: windows-11-iso, wim: install}",
             "esd": "{file: m.iso, wim: boot, image: 2}"}
    yaml = "version: 1\nname: p\nimages:\n"
    for n, b in bases.items():
        compact = "    compact: true\n" if n == "pe" else ""
        yaml += f"  {n}:\n    base: {b}\n{compact}{more % ('esd' if n == 'esd' else 'wim')}"
    (tmp_path / "wingo.yaml").write_text(yaml)
    r = run("check")
    assert r.code == 0, r
    r = run("build", timeout=600)
    assert r.code == 0, r
    built = {n: tmp_path / "out" / f"{n}.{'esd' if n == 'esd' else 'wim'}" for n in bases}
    for n, wim in built.items():
        assert "successfully verified" in ok("wimlib-imagex", "verify", wim)
        info = ok("wimlib-imagex", "info", wim)
        pe = "Microsoft Windows Setup (amd64)" in info
        assert pe == (n not in ("install", "whole")), n
        assert re.search(r"^Boot Index: +%d$" % (2 if pe else 0), info, re.M), n
        index = "1" if n == "pe" else "2"
        assert "/note.txt" in ok("wimlib-imagex", "dir", wim, index).splitlines()
    assert built["boot"].read_bytes() == built["made"].read_bytes() == built["plain"].read_bytes()
    assert built["install"].read_bytes() == built["whole"].read_bytes()
    r = run("build", "--recheck", timeout=600)
    assert r.code == 0, r


def test_wim_that_cannot_be(run, tmp_path):
    needs("genisoimage")
    assert run("wim", "synthetic", "windows-11", "m.wim").code == 0
    (tmp_path / "tree").mkdir()
    (tmp_path / "pe" / "sources").mkdir(parents=True)
    assert run("wim", "synthetic", "windows-11-setup", "pe/sources/boot.wim").code == 0
    ok("genisoimage", "-quiet", "-udf", "-V", "WINPE", "-o", tmp_path / "pe.iso", tmp_path / "pe")
    rows = [("{file: m.wim, image: 1, wim: boot}", "boot", "no ISO"), ("{synthetic: windows-11, wim: install}", "install", "is none"),
            ("{synthetic: windows-11-setup, wim: boot}", "boot", "is none"), ("{dir: tree, wim: boot}", "boot", "'wim' chooses"),
            ("{file: pe.iso}", "pe.iso", "write 'wim: boot'"),
            ("{synthetic: windows-11-iso, wim: boot, image: 3}", "3", "2 'Microsoft Windows Setup")]
    for base, at_word, want in rows:
        column = base.index(at_word) + len("    base: ") + 1
        (tmp_path / "wingo.yaml").write_text(
            f"version: 1\nname: p\nimages:\n  a:\n    base: {base}\n    arch: amd64\n    outputs: [wim]\n")
        r = run("check")
        assert r.code == 3 and want in r.out, (base, r)
        assert re.search(rf"wingo.yaml:5:{column}: error", r.out), (base, r.out)
        assert run("build").code != 0
    (tmp_path / "wingo.yaml").write_text(
        "version: 1\nname: p\nimages:\n  a: {base: {file: pe.iso, wim: boot, image: 2}, outputs: [wim]}\n")
    r = run("build")
    assert r.code == 0, r
