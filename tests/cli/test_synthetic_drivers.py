# SPDX-License-Identifier: Apache-2.0
"""What synthetic bases say of drivers: INF texts, classes, DriverDatabase. Judges: wimlib, hivex, and what drivers in the field include."""
import re
import struct

import pytest

from conftest import ROOT, needs, start
from test_synthetic import at, hive, made, ok, text, walk  # noqa: F401

# (INF, section): what Include and Needs of drivers in the field name. Sections end in .HW and .Services where those are asked for.
NEEDED = [("machine.inf", s) for s in (
    "PciIoSpaceNotRequired", "PciIoSpaceNotRequired.HW", "PciSriovSupported.HW", "PciASPMOptIn.HW", "PciASPMOptOut.HW",
    "PciD3ColdSupported.HW", "NO_DRV", "NO_DRV.Services", "MSISADRV.Services")] + [
    ("pci.inf", s) for s in ("PciIoSpaceNotRequired", "PciIoSpaceNotRequired.HW", "PciSriovSupported", "PciD3ColdSupported.HW",
                             "PciAcsNotRequired.HW", "PciAtomicsOptIn.HW", "PciExtraSettleTimeRequired.HW", "PciForceSBR.HW")] + [
    ("keyboard.inf", s) for s in ("STANDARD_Inst", "STANDARD_Inst.HW", "STANDARD_Inst.Services", "HID_Keyboard_Inst.NT",
                                  "HID_Keyboard_Inst.NT.Services", "KbdClass", "i8042prt_Inst.Services")] + [
    ("msmouse.inf", s) for s in ("PS2_Inst", "PS2_Inst.HW", "PS2_Inst.Services", "HID_Mouse_Inst.NT", "HID_Mouse_Inst.NT.HW",
                                 "HID_Mouse_Inst.NT.Services", "MouClass.Services")] + [
    ("disk.inf", s) for s in ("disk_install.NT", "disk_install.NT.Services")] + [
    ("input.inf", s) for s in ("HID_Inst.NT", "HID_Inst.NT.HW", "HID_Inst.NT.Services", "HID_Raw_Inst.NT.Services",
                               "HID_SelSus_Inst.NT.HW")]
# Classes whose packages are in SYSTEM, as Windows 10 has them; and some that are not.
BOOT = set("""1394 Battery CDROM Computer DiskDrive EhStorSilo Extension FDC Firmware FloppyDisk HDC HIDClass Keyboard Memory Mouse
    PCMCIA Ports Processor SBP2 SCSIAdapter SDHost ScmDisk ScmVolume SecurityDevices SmrDisk SmrVolume System UCM USB USBDevice
    USBFunctionController Volume VolumeSnapshot""".split())
OTHERS = {"Net", "Display", "MEDIA", "Monitor", "Printer", "Bluetooth", "SoftwareComponent"}
PROPERTY = r"Properties\{6a3433f4-5626-40e8-a9b9-dbd9ecd2884b}\0003"
ARCH = {"amd64": ("amd64", 9), "386": ("x86", 0), "arm64": ("arm64", 12)}
MADE = [("windows-10", "amd64"), ("windows-10", "386"), ("windows-11", "arm64"), ("server-2025", "amd64")]


def read_inf(path):
    """{section in lower case: [lines]}; checks how the file is written."""
    raw = path.read_bytes()
    words = raw.decode("utf-16") if raw[:2] == b"\xff\xfe" else raw.decode("ascii")
    assert "${" not in words and ";if" not in words and words.count("\n") == words.count("\r\n")
    out, section = {}, None
    for line in words.split("\r\n"):
        line = line.split(";")[0].strip()
        if line.startswith("["):
            section = out.setdefault(line[1:line.index("]")].lower(), [])
        elif line:
            section.append(line)
    return out


def get(h, node, *path):
    for p in path:
        node = node and h.node_get_child(node, p)
    return node


def names(h, node):
    return [h.node_name(c) for c in h.node_children(node)]


def multi(h, node, name):
    return [v for v in h.value_value(h.node_get_value(node, name))[1].decode("utf-16le").split("\0") if v]


@pytest.fixture(scope="module")
def tree(made, tmp_path_factory):  # noqa: F811
    needs("wimlib-imagex")
    done = {}

    def get_tree(product, arch):
        if (product, arch) not in done:
            folder = tmp_path_factory.mktemp("tree")
            ok("wimlib-imagex", "apply", made(product, arch), "2", folder)
            done[product, arch] = folder
        return done[product, arch]
    return get_tree


def test_generated_files_are_what_the_script_makes():
    r = start([ROOT / "scripts" / "gen-synthetic-drivers", "--check"])
    assert r.code == 0, r


@pytest.mark.parametrize("product,arch", MADE + [("windows-7", "386")])
def test_what_drivers_include_is_there(tree, product, arch):
    inf = tree(product, arch) / "Windows" / "INF"
    seven = product == "windows-7"
    files = {p.name: read_inf(p) for p in inf.glob("*.inf") if b"Placeholder" not in p.read_bytes()[:20]}
    assert not list(inf.glob("*.[pP][nN][fF]"))
    assert ("pci.inf" in files) != seven
    missing = [(f, s) for f, s in NEEDED if not (seven and "Pci" in s) and s.lower() not in files.get(f, {})]
    assert not missing
    for name, sections in files.items():
        version = dict(re.split(r"\s*=\s*", line, maxsplit=1) for line in sections["version"])
        assert version["Signature"] == '"$WINDOWS NT$"' and re.fullmatch(r"\{[0-9a-f-]{36}\}", version["ClassGuid"])
        build = {"windows-7": "6.1.7601.17514", "windows-10": "10.0.19045.2006"}.get(product, "10.0.26100.1742")
        assert version["DriverVer"] == f"06/21/2006,{build}"
        strings = {line.split(" = ")[0].lower() for line in sections["strings"]}
        used = {t.lower() for s, lines in sections.items() if s != "strings" for line in lines
                for t in re.findall(r"%([^%]+)%", line.replace("%%", "")) if not t.isdigit()}
        assert used <= strings, (name, used - strings)
        for line in sections.get("manufacturer", []):
            models = re.fullmatch(r"%.+% = (\S+),NT(\S+)", line)
            assert models.group(2) == ARCH[arch][0] and f"{models.group(1)}.NT{models.group(2)}".lower() in sections
        for s, lines in sections.items():  # what a section names is in the file
            for line in lines:
                for kind, rest in re.findall(r"^(CopyFiles|AddReg|AddService) = (.+)", line):
                    named = rest.split(",")[2:] if kind == "AddService" else rest.split(",")
                    assert all(n.lower() in sections for n in named), (name, s, line)
        for line in sections.get("sourcedisksfiles", []):
            assert (tree(product, arch) / "Windows/System32/drivers" / line.split(" ")[0]).exists(), (name, line)


@pytest.mark.parametrize("product,arch", MADE)
def test_database_and_inf_files_agree(tree, product, arch):
    """Every id leads to a package, its section, its service and its file; and every id of an INF is in the database."""
    top = tree(product, arch)
    config = top / "Windows/System32/config"
    system = hive(config / "SYSTEM")
    seen = {}
    for where in ("SYSTEM", "DRIVERS"):
        h = hive(config / where)
        db = get(h, h.root(), "DriverDatabase")
        assert h.value_dword(h.node_get_value(db, "Version")) == 0x0A000000
        assert h.value_dword(h.node_get_value(db, "Architecture")) == ARCH[arch][1]
        packages = get(h, db, "DriverPackages")
        infs = {n: get(h, db, "DriverInfFiles", n) for n in names(h, get(h, db, "DriverInfFiles"))}
        assert len(infs) == len(h.node_children(packages)) > 5
        ids = {}

        def collect(node, path):
            for v in h.node_values(node):
                ids.setdefault(h.value_key(v), {})["\\".join(path)] = h.value_value(v)
            for c in h.node_children(node):
                collect(c, path + [h.node_name(c)])
        collect(get(h, db, "DeviceIds"), [])
        for name, node in infs.items():
            label = h.value_string(h.node_get_value(node, "Active"))
            assert label == f"{name}_{ARCH[arch][0]}_{'0' * 16}" and multi(h, node, "") == [label]
            package = get(h, packages, label)
            assert h.value_string(h.node_get_value(package, "")) == name
            text_of = read_inf(top / "Windows/INF" / name)
            store = top / "Windows/System32/DriverStore/FileRepository" / label
            assert (store / name).read_bytes() == (top / "Windows/INF" / name).read_bytes()
            check_version(h, package, text_of, product, arch)
            guid = re.search(r"ClassGuid = (\S+)", "\n".join(text_of["version"])).group(1)
            assert ids[name].pop(guid) == (0, b"")
            check_package(h, system, node, package, text_of, ids[name], store)
            seen[name] = where
    assert {seen[n] for n in ("pci.inf", "machine.inf", "keyboard.inf", "msmouse.inf", "disk.inf", "input.inf")} == {"SYSTEM"}
    assert seen["monitor.inf"] == "DRIVERS"


def check_version(h, package, inf, product, arch):
    data = h.value_value(h.node_get_value(package, "Version"))[1]
    lines = "\n".join(inf["version"])
    guid = re.search(r"ClassGuid = \{(\S+)\}", lines).group(1).split("-")
    a, b, c, d = map(int, re.search(r"DriverVer = 06/21/2006,(\d+)\.(\d+)\.(\d+)\.(\d+)", lines).groups())
    want = b"\xff\xff" + struct.pack("<HI", ARCH[arch][1], 0)
    want += struct.pack("<IHH", *(int(x, 16) for x in guid[:3])) + bytes.fromhex(guid[3] + guid[4])
    want += struct.pack("<QHHHHQ", 127953216000000000, d, c, b, a, 0)  # 21 June 2006, 00:00 UTC
    assert data == want


def check_package(h, system, inf_node, package, inf, ids, store):
    want = {}
    for line in inf.get("manufacturer", []):
        section = line.split(" = ")[1].replace(",", ".").lower()
        for row in inf[section]:
            desc, rest = row.split(" = ")
            install, hardware, *compatible = rest.split(",")
            for n, x in enumerate([hardware] + compatible):
                if x:
                    want[x] = ((1, 0) if n == 0 else (2, n - 1), install, desc)
    for x, ((bit, place), install, desc) in want.items():
        assert ids.pop(x) == (3, bytes([bit, 0xFF, place, 0])), x
        d = get(h, package, "Descriptors", *x.split("\\"))
        assert h.value_string(h.node_get_value(d, "Configuration")) == install
        assert h.value_string(h.node_get_value(d, "Description")) == desc.lower()
        assert h.node_get_value(get(h, package, "Strings"), desc.strip("%").lower())
        at_config = get(h, package, "Configurations", install)
        service = h.value_string(h.node_get_value(at_config, "Service"))
        if service:
            key = at(system, rf"ControlSet001\Services\{service}")
            path = system.value_string(system.node_get_value(key, "ImagePath"))
            assert (store.parents[2] / "drivers" / path.split("\\")[-1]).exists()
            assert [n for n in multi(system, key, "Owners") if n.endswith(".inf")]
    assert not ids
    configurations = get(h, package, "Configurations")
    if want:
        assert sorted(multi(h, inf_node, "Configurations")) == sorted(names(h, configurations))
        for n in names(h, configurations):
            scope = sum(b for b, s in ((1, ""), (2, ".hw"), (4, ".services")) if n.lower() + s in inf)
            assert h.value_dword(h.node_get_value(get(h, configurations, n), "ConfigScope")) == scope & 7 != 0
    else:
        assert configurations is None and "classinstall32" in inf


@pytest.mark.parametrize("product,arch", MADE)
def test_class_decides_the_hive(tree, product, arch):
    config = tree(product, arch) / "Windows/System32/config"
    system, drivers = hive(config / "SYSTEM"), hive(config / "DRIVERS")
    keys = at(system, r"ControlSet001\Control\Class")
    by_guid = {}
    for c in system.node_children(keys):
        name = system.value_string(system.node_get_value(c, "Class"))
        mark = get(system, c, *PROPERTY.split("\\"))
        by_guid[system.node_name(c)] = name
        assert (mark is not None) == (name in BOOT - {"Extension"}), name
        if mark is not None:
            assert system.value_value(system.node_get_value(mark, ""))[1] == b"\xff"
    in_hive = [{by_guid[n] for n in names(h, at(h, r"DriverDatabase\DeviceIds")) if n.startswith("{")} for h in (system, drivers)]
    assert in_hive[0] == BOOT and OTHERS <= in_hive[1] and not in_hive[1] & BOOT


def test_windows_7_is_older(tree):
    top = tree("windows-7", "386")
    system = hive(top / "Windows/System32/config/SYSTEM")
    critical = at(system, r"ControlSet001\Control\CriticalDeviceDatabase")
    assert {"GenDisk", "PCI#CC_0604", "*PNP0303"} <= set(names(system, critical))
    assert text(system, r"ControlSet001\Control\CriticalDeviceDatabase\GenDisk", "Service") == "disk"
    store = top / "Windows/System32/DriverStore"
    assert (store / "INFCACHE.1").exists() and (store / "FileRepository" / f"disk.inf_x86_neutral_{'0' * 16}" / "disk.inf").exists()
    assert not (top / "Windows/INF/stornvme.inf").exists()


STATES = {"generalized": "GENERALIZE_RESEAL_TO_OOBE", "generalized-audit": "GENERALIZE_RESEAL_TO_AUDIT",
          "specialized": "SPECIALIZE_RESEAL_TO_OOBE", "specialized-audit": "SPECIALIZE_RESEAL_TO_AUDIT",
          "undeployable": "UNDEPLOYABLE", "complete": "COMPLETE"}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.slow
def test_state(run, tmp_path, state):
    needs("wimlib-imagex")
    assert run("wim", "synthetic", "windows-11", "base.wim", "--state", state).code == 0
    (tmp_path / "wingo.yaml").write_text(
        f"version: 1\nname: p\nimages:\n  a: {{base: {{synthetic: windows-11, state: {state}}}, outputs: [wim]}}\n")
    assert run("build").code == 0
    for wim in ("base.wim", "out/a.wim"):
        folder = tmp_path / wim.replace("/", "-").replace(".", "-")
        ok("wimlib-imagex", "extract", tmp_path / wim, "2", "/Windows/System32/config/SOFTWARE", "/Windows/System32/config/SYSTEM",
           "/Windows/Setup/State/State.ini", f"--dest-dir={folder}")
        want = "IMAGE_STATE_" + STATES[state]
        assert text(hive(folder / "SOFTWARE"), r"Microsoft\Windows\CurrentVersion\Setup\State", "ImageState") == want
        assert (folder / "State.ini").read_bytes() == f"[State]\r\nImageState={want}\r\n".encode()
        h = hive(folder / "SYSTEM")
        node = at(h, "Setup")
        running = h.value_dword(h.node_get_value(node, "SystemSetupInProgress"))
        assert running == (state != "complete") and (h.value_string(h.node_get_value(node, "CmdLine")) == "") == (not running)


def test_state_that_cannot_be(run, tmp_path):
    r = run("wim", "synthetic", "windows-11", "base.wim", "--state", "done")
    assert r.code == 1 and "generalized-audit" in r.err and not (tmp_path / "base.wim").exists(), r
    (tmp_path / "t").mkdir()
    for base, want in (("synthetic: windows-11, state: done", "'done' is not one of"), ("dir: t, state: complete", "'state' is for")):
        (tmp_path / "wingo.yaml").write_text(
            f"version: 1\nname: p\nimages:\n  a:\n    base: {{{base}}}\n    arch: amd64\n    outputs: [wim]\n")
        r = run("check")
        assert r.code == 3 and want in r.out + r.err, r
