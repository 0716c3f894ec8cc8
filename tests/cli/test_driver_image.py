# SPDX-License-Identifier: Apache-2.0
"""Driver packages put into images, listed, taken out: `wingo driver add|list|remove` and `drivers:`. Judges: hivex reads the registry,
wimlib the files, osslsigncode the catalogues; the values are those of docs/formats/driverdb.md."""
import json
import os
import shutil
import struct
import subprocess
import sys

import pytest

from conftest import ROOT, needs, start

sys.path.insert(0, str(ROOT / "tests/tools"))
import drvgen  # noqa: E402

hivex = pytest.importorskip("hivex")
CATROOT = "Windows/System32/CatRoot/{F750E6C3-38EE-11D1-85E5-00C04FC295EE}"
STORE = "Windows/System32/DriverStore/FileRepository"


@pytest.fixture(scope="module")
def made(tmp_path_factory, wingo):
    """Bases, and packages that a test root signed."""
    needs("openssl", "wimlib-imagex")
    d = tmp_path_factory.mktemp("drivers")
    for product in ("windows-7", "windows-10", "windows-11", "server-2022", "windows-11-setup"):
        assert start([wingo, "wim", "synthetic", product, d / f"{product}.wim"]).code == 0
    maker = drvgen.Maker(d)
    maker.viostor(d / "viostor")
    maker.netkvm(d / "netkvm")
    return type("Made", (), {"dir": d, "maker": maker})


@pytest.fixture
def image(made, tmp_path, run):
    """A copy of a base; call(...) runs `wingo driver` on it."""
    class Image:
        def __init__(self, product="windows-11", index=1):
            self.path = tmp_path / f"{product}.wim"
            shutil.copy(made.dir / f"{product}.wim", self.path)
            self.spec = f"{self.path}:{index}"
            self.index = index

        def add(self, *args, code=0):
            r = run("driver", "add", self.spec, *args, cwd=tmp_path)
            assert r.code == code, r
            return r

        def remove(self, *args, code=0):
            r = run("driver", "remove", self.spec, *args, cwd=tmp_path)
            assert r.code == code, r
            return r

        def list(self, *args):
            r = run("driver", "list", self.spec, "--json", *args, cwd=tmp_path)
            assert r.code == 0, r
            return json.loads(r.out)

        def tree(self):
            to = tmp_path / f"tree{len(os.listdir(tmp_path))}"
            subprocess.run(["wimlib-imagex", "apply", self.path, str(self.index), to, "--no-acls"], check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            return to

        def hive(self, name):
            return Hive(self.tree() / "Windows/System32/config" / name)
    return Image


class Hive:
    """A hive as hivex reads it: h[path] is {name: (type, bytes)}, None when the key is not there."""

    def __init__(self, path):
        self.h = hivex.Hivex(str(path))

    def node(self, path):
        at = self.h.root()
        for part in path.split("\\"):
            at = at and self.h.node_get_child(at, part)
        return at

    def __getitem__(self, path):
        at = self.node(path)
        return at and {self.h.value_key(v): self.h.value_value(v) for v in self.h.node_values(at)}

    def names(self, path):
        at = self.node(path)
        return [self.h.node_name(n) for n in self.h.node_children(at)] if at else []


def sz(text):
    return (1, (text + "\0").encode("utf-16-le"))


def dword(n):
    return (4, struct.pack("<I", n))


def multi(*items):
    return (7, "".join(i + "\0" for i in items).encode("utf-16-le") + b"\0\0")


def test_a_storage_driver_has_all_that_the_start_needs(made, image):
    i = image()
    r = i.add(made.dir / "viostor")
    assert "added" in r.out and "oem0.inf" in r.out and "read back" in r.err, r
    tree, system, software = i.tree(), i.hive("SYSTEM"), i.hive("SOFTWARE")
    (label,) = [n for n in os.listdir(tree / STORE) if n.startswith("viostor.inf_amd64_")]
    for name in ("viostor.inf", "viostor.cat", "viostor.sys"):
        assert (tree / STORE / label / name).read_bytes() == (made.dir / "viostor" / name).read_bytes()
    assert (tree / "Windows/INF/oem0.inf").read_bytes() == (made.dir / "viostor/viostor.inf").read_bytes()
    assert (tree / CATROOT / "oem0.cat").read_bytes() == (made.dir / "viostor/viostor.cat").read_bytes()
    assert (tree / "Windows/System32/drivers/viostor.sys").read_bytes() == (made.dir / "viostor/viostor.sys").read_bytes()
    service = system["ControlSet001\\Services\\viostor"]
    assert service["Start"] == dword(0) and service["Type"] == dword(1) and service["ErrorControl"] == dword(1)
    assert service["Group"] == sz("SCSI miniport") and service["Owners"] == multi("oem0.inf") and service["Tag"][0] == 4
    assert service["ImagePath"] == (2, "System32\\drivers\\viostor.sys\0".encode("utf-16-le"))
    assert system["ControlSet001\\Services\\viostor\\Parameters"] == {"BusType": dword(1)}
    assert system["ControlSet001\\Services\\viostor\\Parameters\\PnpInterface"] == {"5": dword(1)}
    events = system["ControlSet001\\Services\\EventLog\\System\\viostor"]
    assert events["EventMessageFile"] == (2, "%SystemRoot%\\System32\\IoLogMsg.dll\0".encode("utf-16-le")) and events["TypesSupported"] == dword(7)
    db = "DriverDatabase\\"
    assert system[db + "DeviceIds\\PCI\\VEN_1AF4&DEV_1001"] == {"oem0.inf": (3, b"\2\xff\0\0")}
    assert system[db + "DeviceIds\\PCI\\VEN_1AF4&DEV_1001&SUBSYS_00021AF4&REV_00"] == {"oem0.inf": (3, b"\1\xff\0\0")}
    assert system[db + "DeviceIds\\{4d36e97b-e325-11ce-bfc1-08002be10318}"]["oem0.inf"] == (0, b"")
    assert system[db + "DriverInfFiles\\oem0.inf"] == {"": multi(label), "Active": sz(label), "Configurations": multi("Install")}
    package = system[db + "DriverPackages\\" + label]
    assert package[""] == sz("oem0.inf") and package["InfName"] == sz("viostor.inf") and package["Catalog"] == sz("viostor.cat")
    assert package["Provider"] == sz("Test, Inc.") and package["SignerScore"] == dword(0x0F000000) and package["StatusFlags"] == dword(0x12)
    date = (116444736000000000 + 1688947200 * 10000000).to_bytes(8, "little")  # 2023-07-10
    guid = bytes.fromhex("7be9364d25e3ce11bfc108002be10318")
    assert package["Version"] == (3, b"\0\xff\x09\0\0\0\0\0" + guid + date + struct.pack("<4H", 24800, 104, 94, 100) + bytes(8))
    config = db + f"DriverPackages\\{label}\\Configurations\\Install"
    assert system[config] == {"Service": sz("viostor"), "ConfigScope": dword(7), "ConfigFlags": dword(0)}
    assert system[config + "\\Services\\viostor\\Parameters"] == {"BusType": dword(1)}
    assert system[config + "\\Device\\Interrupt Management\\MessageSignaledInterruptProperties"] == {"MSISupported": dword(1)}
    about = system[db + f"DriverPackages\\{label}\\Descriptors\\PCI\\VEN_1AF4&DEV_1001"]
    assert about == {"Configuration": sz("Install"), "Manufacturer": sz("%vendor%"), "Description": sz("%device%")}
    strings = system[db + f"DriverPackages\\{label}\\Strings"]
    assert strings == {"vendor": sz("Test, Inc."), "device": sz("Test VirtIO SCSI controller")}
    assert system["DriverDatabase"]["OemInfMap"] == (3, b"\x80")
    lock = software["Microsoft\\Windows\\CurrentVersion\\Setup\\PnpLockdownFiles\\%SystemRoot%/System32/drivers/viostor.sys"]
    assert lock["Class"] == dword(4) and lock["Owners"] == multi("oem0.inf")
    assert lock["Source"] == (2, f"%SystemRoot%\\System32\\DriverStore\\FileRepository\\{label}\\viostor.sys\0".encode("utf-16-le"))
    assert subprocess.run(["wimlib-imagex", "verify", i.path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def test_a_network_driver_is_in_the_other_hive_and_waits_in_the_store(made, image):
    i = image()
    i.add(made.dir / "netkvm")
    tree, system, drivers = i.tree(), i.hive("SYSTEM"), i.hive("DRIVERS")
    (label,) = [n for n in os.listdir(tree / STORE) if n.startswith("netkvm.inf_amd64_")]
    assert drivers["DriverDatabase\\DeviceIds\\PCI\\VEN_1AF4&DEV_1000"] == {"oem0.inf": (3, b"\1\xff\0\0")}
    assert drivers["DriverDatabase\\DriverInfFiles\\oem0.inf"]["Configurations"] == multi("Install.NT")
    assert drivers["DriverDatabase\\DriverPackages\\" + label]["InfName"] == sz("netkvm.inf")
    assert system["DriverDatabase\\DriverInfFiles\\oem0.inf"] is None and system["ControlSet001\\Services\\netkvm"] is None
    assert system["DriverDatabase"]["OemInfMap"] == (3, b"\x80") and drivers["DriverDatabase"]["OemInfMap"] == (3, b"\x80")
    assert not (tree / "Windows/System32/drivers/netkvm.sys").exists()


def test_the_catalogue_is_what_osslsigncode_verifies(made, image):
    needs("osslsigncode")
    i = image()
    i.add(made.dir / "viostor")
    tree = i.tree()
    (label,) = [n for n in os.listdir(tree / STORE) if n.startswith("viostor.inf")]
    r = subprocess.run(["osslsigncode", "verify", "-CAfile", made.maker.root.pem, "-catalog", tree / CATROOT / "oem0.cat",
                        tree / STORE / label / "viostor.sys"], capture_output=True, text=True)
    assert "Signature verification: ok" in r.stdout, r.stdout + r.stderr


def test_adding_twice_changes_nothing(made, image):
    i = image()
    i.add(made.dir / "viostor")
    before = i.path.read_bytes()
    r = i.add(made.dir / "viostor")
    assert "present" in r.out and i.path.read_bytes() == before, r


def test_remove_leaves_the_image_as_it_was(made, image, run):
    i = image()
    i.add(made.dir, "--recurse")
    assert {p["inf"] for p in i.list()["drivers"]} == {"viostor.inf", "netkvm.inf"}
    r = i.remove("oem0.inf", "oem1.inf", code=1)
    assert "nothing else drives 'PCI\\VEN_1AF4&DEV_1001'" in r.err and "--force" in r.err, r
    assert len(i.list()["drivers"]) == 2
    i.remove("viostor.inf", "netkvm.inf", "--force")
    assert i.list()["drivers"] == []
    diff = run("diff", made.dir / "windows-11.wim:1", i.spec)
    changed = [line for line in diff.out.splitlines() if line.strip().startswith(("+", "-"))]
    assert all("UpdateDate" in line for line in changed), diff.out
    system = i.hive("SYSTEM")
    assert system["DriverDatabase"]["OemInfMap"] == (3, b"\0")
    assert system["DriverDatabase\\DeviceIds\\PCI\\VEN_1AF4&DEV_1001"] is None


def records(run, i, text):
    """Writes records into SYSTEM and SOFTWARE as another program might have left them."""
    path = i.path.parent / "records.reg"
    path.write_bytes(("\ufeffWindows Registry Editor Version 5.00\n\n" + text).replace("\n", "\r\n").encode("utf-16-le"))
    assert run("reg", "import", i.spec, path).code == 0


DATABASE = "HKEY_LOCAL_MACHINE\\SYSTEM\\DriverDatabase"
VERSION = "hex:00,ff,09,00,00,00,00,00,7b,e9,36,4d,25,e3,ce,11,bf,c1,08,00,2b,e1,03,18," + ",".join(["00"] * 24)


def hex_list(*items):
    return "hex(7):" + ",".join(f"{b:02x}" for b in multi(*items)[1])


def test_of_two_packages_under_one_name_the_older_goes_alone(made, image, run):
    i = image()
    i.add(made.dir / "viostor")
    label = [n for n in os.listdir(i.tree() / STORE) if n.startswith("viostor.inf_amd64_")][0]
    records(run, i, f'[{DATABASE}\\DriverInfFiles\\oem0.inf]\n@={hex_list(label, "old.inf_amd64_1")}\n'
                    f'[{DATABASE}\\DriverPackages\\old.inf_amd64_1]\n@="oem0.inf"\n"InfName"="old.inf"\n"Version"={VERSION}\n')
    before = i.path.read_bytes()
    i.remove("old.inf")
    (left,) = i.list()["drivers"]
    system, tree = i.hive("SYSTEM"), i.tree()
    assert left["inf"] == "viostor.inf" and len(left["ids"]) == 4 and (tree / "Windows/INF/oem0.inf").exists()
    assert system["DriverDatabase\\DriverInfFiles\\oem0.inf"][""] == multi(label)
    assert system["ControlSet001\\Services\\viostor"]["Owners"] == multi("oem0.inf")
    i.path.write_bytes(before)
    i.remove("viostor.inf", "--force")  # the published name goes, with all that had it
    assert i.list()["drivers"] == [] and i.hive("SYSTEM")["DriverDatabase\\DriverPackages\\old.inf_amd64_1"] is None


def test_records_that_lead_elsewhere_delete_nothing(made, image, run):
    i = image()
    i.add(made.dir / "viostor")
    lock = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Setup\\PnpLockdownFiles"
    records(run, i, "".join(f'[{lock}\\%SystemRoot%/{p}]\n"Owners"={hex_list("oem0.inf")}\n' for p in ("System32/drivers", "../x")))
    assert len(i.list()["drivers"]) == 1
    i.remove("viostor.inf", "--force")
    assert i.list()["drivers"] == [] and (i.tree() / "Windows/System32/drivers").is_dir()


def test_diff_names_drivers(made, image, run):
    i = image()
    i.add(made.dir / "viostor", made.dir / "netkvm")
    r = run("diff", made.dir / "windows-11.wim:1", i.spec)
    assert "+ oem0.inf  viostor.inf 100.94.104.24800  (SCSIAdapter, Test, Inc.)" in r.out and "drivers: 2 added, 0 removed" in r.out, r
    found = json.loads(run("diff", i.spec, made.dir / "windows-11.wim:1", "--json").out)
    assert sorted((d["change"], d["inf"]) for d in found["drivers"]) == [("removed", "netkvm.inf"), ("removed", "viostor.inf")]
    assert found["summary"]["drivers"]["removed"] == 2


def test_what_is_windows_own_stays(made, image):
    i = image()
    assert any(p["in_box"] for p in i.list("--all")["drivers"])
    r = i.remove("disk.inf", code=1)
    assert "Windows itself" in r.err, r
    r = i.remove("nothere.inf", code=1)
    assert "no driver 'nothere.inf'" in r.err and "driver list" in r.err, r


def test_two_versions_stand_beside_each_other_or_replace(made, image, tmp_path):
    made.maker.viostor(tmp_path / "new", version="100.95.104.1", text=b"new")
    i = image()
    i.add(made.dir / "viostor")
    i.add(tmp_path / "new")
    assert [(p["published"], p["version"]) for p in i.list()["drivers"]] == [("oem0.inf", "100.94.104.24800"), ("oem1.inf", "100.95.104.1")]
    assert i.hive("SYSTEM")["ControlSet001\\Services\\viostor"]["Owners"] == multi("oem0.inf", "oem1.inf")
    i.remove("oem0.inf")  # the other one stands in for it
    assert i.hive("SYSTEM")["ControlSet001\\Services\\viostor"]["Owners"] == multi("oem1.inf")
    made.maker.viostor(tmp_path / "newer", version="100.96.104.1", text=b"newer")
    i.add(tmp_path / "newer", "--replace")
    assert [p["version"] for p in i.list()["drivers"]] == ["100.96.104.1"]
    assert (i.tree() / "Windows/System32/drivers/viostor.sys").read_bytes() == (tmp_path / "newer/viostor.sys").read_bytes()


def test_an_older_version_does_not_take_the_place_of_a_newer_one(made, image, tmp_path):
    made.maker.viostor(tmp_path / "old", version="100.90.104.1", text=b"old", bus="9")
    i = image()
    i.add(made.dir / "viostor")
    i.add(tmp_path / "old")
    system = i.hive("SYSTEM")
    assert system["ControlSet001\\Services\\viostor"]["Owners"] == multi("oem0.inf", "oem1.inf")
    assert system["ControlSet001\\Services\\viostor\\Parameters"] == {"BusType": dword(1)}
    assert (i.tree() / "Windows/System32/drivers/viostor.sys").read_bytes() == (made.dir / "viostor/viostor.sys").read_bytes()
    j = image()  # both at once
    j.add(tmp_path / "old", made.dir / "viostor")
    assert j.hive("SYSTEM")["ControlSet001\\Services\\viostor\\Parameters"] == {"BusType": dword(1)}
    assert (j.tree() / "Windows/System32/drivers/viostor.sys").read_bytes() == (made.dir / "viostor/viostor.sys").read_bytes()


# --- refused

def damaged(d, what):
    """Makes the package in d wrong in one way."""
    inf = (d / "viostor.inf").read_bytes()
    if what == "no sys":
        (d / "viostor.sys").unlink()
    elif what == "no cat":
        (d / "viostor.cat").unlink()
    elif what == "other sys":
        (d / "viostor.sys").write_bytes((d / "viostor.sys").read_bytes()[:-1] + b"x")
    elif what == "lf":
        (d / "viostor.inf").write_bytes(inf.replace(b"\r\n", b"\n"))
    elif what == "other inf":
        (d / "viostor.inf").write_bytes(inf + b"; more\r\n")
    elif what == "no catalogue line":
        (d / "viostor.inf").write_bytes(inf.replace(b"CatalogFile = viostor.cat\r\n", b""))
    elif what == "x86 only":
        (d / "viostor.inf").write_bytes(inf.replace(b"NTamd64", b"NTx86"))
    elif what == "newer windows":
        (d / "viostor.inf").write_bytes(inf.replace(b"NTamd64", b"NTamd64.10.0...99999"))
    elif what == "no section":
        (d / "viostor.inf").write_bytes(inf.replace(b"= Install,", b"= Missing,"))
    elif what == "no inf":
        (d / "viostor.inf").unlink()
    elif what == "no version":
        (d / "viostor.inf").write_bytes(inf.replace(b"[Version]", b"[Versoin]"))
    elif what == "bad guid":
        (d / "viostor.inf").write_bytes(inf.replace(b"{4D36E97B", b"{4D36"))
    elif what == "bad date":
        (d / "viostor.inf").write_bytes(inf.replace(b"07/10/2023", b"2023-07-10"))
    elif what == "bad cat":
        (d / "viostor.cat").write_bytes(b"no catalogue")
    elif what == "cut cat":
        (d / "viostor.cat").write_bytes((d / "viostor.cat").read_bytes()[:-40])
    elif what == "bad start":
        (d / "viostor.inf").write_bytes(inf.replace(b"StartType = 0", b"StartType = zero"))
    elif what == "bad decoration":
        (d / "viostor.inf").write_bytes(inf.replace(b"Models,NTamd64", b"Models,Winamd64"))
    elif what == "bad data":
        (d / "viostor.inf").write_bytes(inf.replace(b"\"BusType\", 0x00010001, 1", b"\"BusType\", 0x00010001, one"))
    elif what == "empty inf":
        (d / "viostor.inf").write_bytes(b"")
    elif what == "folder for a file":
        (d / "viostor.sys").unlink()
        (d / "viostor.sys").mkdir()
    else:
        raise AssertionError(what)


@pytest.mark.parametrize("what,code,text", [
    ("no sys", 5, "'viostor.sys' is not there"), ("no cat", 5, "catalogue 'viostor.cat' is not there"),
    ("other sys", 5, "viostor.sys"), ("lf", 5, "CRLF"), ("other inf", 5, "viostor.inf"),
    ("no catalogue line", 5, "not signed"), ("x86 only", 5, "only for NTx86"), ("newer windows", 5, "only for NTamd64.10.0...99999"),
    ("no section", 5, "[Missing]"), ("no inf", 1, "no INF file"), ("no version", 4, "Version"), ("bad guid", 4, "line 4: ClassGuid"),
    ("bad date", 4, "line 6: DriverVer"), ("bad cat", 4, "viostor.cat"), ("cut cat", 4, "viostor.cat"), ("bad start", 4, "StartType 'zero'"),
    ("bad decoration", 5, "only for Winamd64"), ("bad data", 4, "'one'"), ("empty inf", 4, "viostor.inf"),
    ("folder for a file", 5, "'viostor.sys' is not there")])
def test_a_damaged_package_is_refused_and_nothing_written(made, image, tmp_path, what, code, text):
    shutil.copytree(made.dir / "viostor", tmp_path / "bad")
    damaged(tmp_path / "bad", what)
    i = image()
    before = i.path.read_bytes()
    r = i.add(tmp_path / "bad", code=code)
    assert text in r.err and i.path.read_bytes() == before, r
    assert not [n for n in os.listdir(tmp_path) if n.startswith(".wg")]


@pytest.mark.parametrize("what,allow", [("no sys", ["missing-file"]), ("no cat", ["missing-file", "unsigned"]), ("other sys", ["uncovered"]),
                                        ("no catalogue line", ["unsigned"]), ("no section", ["no-section", "uncovered"])])
def test_each_fault_can_be_allowed(made, image, tmp_path, what, allow):
    shutil.copytree(made.dir / "viostor", tmp_path / "bad")
    damaged(tmp_path / "bad", what)
    i = image()
    if what == "no sys":  # the read-back still wants the program of a service
        r = i.add(tmp_path / "bad", *(f"--allow={a}" for a in allow), code=5)
        assert "viostor.sys" in r.err, r
        return
    i.add(tmp_path / "bad", *(f"--allow={a}" for a in allow))
    assert [p["inf"] for p in i.list()["drivers"]] == ["viostor.inf"]


def test_all_faults_of_all_packages_are_named(made, image, tmp_path):
    for name, what in (("a", "no sys"), ("b", "x86 only")):
        shutil.copytree(made.dir / "viostor", tmp_path / "all" / name)
        damaged(tmp_path / "all" / name, what)
        inf = (tmp_path / "all" / name / "viostor.inf").read_bytes()
        (tmp_path / "all" / name / f"{name}.inf").write_bytes(inf)
        (tmp_path / "all" / name / "viostor.inf").unlink()
    r = image().add(tmp_path / "all", "-r", code=5)
    assert "a/a.inf: " in r.err and "b/b.inf: no models" in r.err, r


def test_habits_of_other_tools_and_slips_are_answered(made, image, tmp_path):
    i = image()
    folder = made.dir / "viostor"
    for args, code, said in (
            ([folder, "/Recurse"], 2, "options are written --recurse"), ([folder, "/ForceUnsigned"], 2, "--allow-unsigned"),
            ([folder, "--ForceUnsigned"], 2, "did you mean '--allow-unsigned'?"), ([made.dir], 1, "with --recurse"),
            ([folder / "viostor.sys"], 3, "error: '%s' is no folder: name the package's folder" % (folder / "viostor.sys")),
            ([folder, "--boot=viostr.inf"], 1, "'viostr.inf' is to be ready for the start")):
        r = i.add(*args, code=code)
        assert said in r.err, r
    i.add(folder)
    for slip in ("viostr.inf", "viostor"):
        r = i.remove(slip, code=1)
        assert "did you mean 'viostor.inf'?" in r.err, r


def test_a_file_with_its_line_ends_changed_is_named_once(made, image, tmp_path):
    shutil.copytree(made.dir / "viostor", tmp_path / "bad")
    damaged(tmp_path / "bad", "lf")
    r = image().add(tmp_path / "bad", code=5)
    assert "amd64: viostor.inf: not the bytes" in r.err, r


def test_the_list_has_columns_as_wide_as_its_names(made, image, run):
    i = image()
    r = run("driver", "list", i.spec, "--all")
    assert r.code == 0 and len({line.index("in-box") for line in r.out.splitlines()}) == 1, r
    r = run("driver", "list", i.path)
    assert r.code == 1 and r.err.count(f"'{i.path}'") == 1, r


def test_one_that_cannot_be_read_is_named_beside_the_others_and_can_be_left_out(made, image, tmp_path):
    shutil.copytree(made.dir / "viostor", tmp_path / "all/good")
    for name, what in (("a", "bad guid"), ("b", "bad start")):
        shutil.copytree(made.dir / "viostor", tmp_path / "all" / name)
        damaged(tmp_path / "all" / name, what)
    i = image()
    r = i.add(tmp_path / "all", "-r", code=5)
    assert "ClassGuid" in r.err and "StartType" in r.err, r
    r = i.add(tmp_path / "all", "-r", "--allow=malformed")
    assert r.out.count("skipped") == 2 and [p["inf"] for p in i.list()["drivers"]] == ["viostor.inf"], r


def test_packages_of_one_name_for_other_devices_are_no_variants(made, image, tmp_path):
    for name, device in (("a", "DEV_1001"), ("b", "DEV_2002")):
        d = tmp_path / "v" / name
        d.mkdir(parents=True)
        inf = drvgen.viostor().replace("DEV_1001", device)
        made.maker.package(d, "viostor.inf", inf, {"viostor.sys": drvgen.g.program(name.encode())})
    i = image()
    i.add(tmp_path / "v", "-r")
    assert len(i.list()["drivers"]) == 2


def test_a_self_made_signature_does_not_count(made, image, tmp_path):
    made.maker.viostor(tmp_path / "self")
    own = drvgen.g.Id(tmp_path, "Own", usages=["codeSigning"])
    contents = [(tmp_path / "self" / n).read_bytes() for n in ("viostor.inf", "viostor.sys")]
    (tmp_path / "self/viostor.cat").write_bytes(drvgen.g.signed(drvgen.g.ctl([drvgen.g.member(c) for c in contents]), own, [own]))
    i = image()
    assert "not signed" in i.add(tmp_path / "self", code=5).err
    i.add(tmp_path / "self", "--allow-unsigned")
    assert i.list()["drivers"][0]["signature"] == "Authenticode"


# --- what is Windows' own

def changed_viostor(made, to, *pairs):
    """The package viostor with texts of its INF replaced, signed."""
    text = drvgen.viostor()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return made.maker.package(to, "viostor.inf", text, {"viostor.sys": drvgen.g.program(b"viostor")})


KERNEL = (("Files = 12", "Files = 11"), ("viostor.sys,,,2", "ntoskrnl.exe,viostor.sys,,2"), ("%12%\\viostor.sys", "%11%\\ntoskrnl.exe"))


@pytest.mark.parametrize("pairs,text", [(KERNEL, "line 28: 'Windows\\System32\\ntoskrnl.exe' is a file of Windows"),
                                        ((("AddService = viostor,", "AddService = Tcpip,"),), "the service 'Tcpip' is one of Windows"),
                                        ((("AddService = viostor,", "AddService = disk,"),), "the service 'disk' is one of Windows")])
def test_what_windows_has_is_not_put_over(made, image, tmp_path, pairs, text):
    d = changed_viostor(made, tmp_path / "over", *pairs)
    i = image()
    before = i.path.read_bytes()
    r = i.add(d, code=5)
    assert text in r.err and "overwrite" in r.err and i.path.read_bytes() == before, r


def test_what_was_put_over_with_leave_does_not_go_with_the_package(made, image, tmp_path):
    kernel = changed_viostor(made, tmp_path / "kernel", *KERNEL)
    service = changed_viostor(made, tmp_path / "service", ("AddService = viostor,", "AddService = Tcpip,"), ("viostor.sys,,,2", "tcpip2.sys,viostor.sys"),
                              ("%12%\\viostor.sys", "%12%\\tcpip2.sys"))
    i = image()
    for d in (kernel, service):
        i.add(d, "--allow=overwrite")
    assert (i.tree() / "Windows/System32/ntoskrnl.exe").read_bytes() == (kernel / "viostor.sys").read_bytes()
    i.remove("viostor.inf", "--force")
    assert i.list()["drivers"] == [] and (i.tree() / "Windows/System32/ntoskrnl.exe").exists()
    assert i.hive("SYSTEM")["ControlSet001\\Services\\Tcpip"]["ImagePath"][0] == 2
    assert not (i.tree() / "Windows/System32/drivers/tcpip2.sys").exists()


def test_the_same_file_that_is_there_stays_windows_own(made, image, run, tmp_path):
    i = image()
    assert run("wim", "update", i.path, "1", f"--add={made.dir}/viostor/viostor.sys:\\Windows\\System32\\drivers\\viostor.sys").code == 0
    i.add(made.dir / "viostor")
    i.remove("viostor.inf", "--force")
    assert (i.tree() / "Windows/System32/drivers/viostor.sys").exists()


@pytest.mark.parametrize("old,new,text", [
    ("AddService = viostor,", 'AddService = "Tcpip\\Parameters",', "line 34: 'Tcpip\\Parameters' is no name of a service"),
    ("AddService = viostor,", 'AddService = "..",', "line 34: '..' is no name of a service"),
    ("AddService = viostor,", f'AddService = "{"a" * 257}",', "is no name of a service"),
    ("Service, Events", 'Service, Events, "..\\..", x', "line 34: '..\\..' is no name of an event log"),
    ("Service, Events", 'Service, Events, System, "x\\y"', "line 34: 'x\\y' is no name of an event source"),
    ("PCI\\VEN_1AF4&DEV_1042\n", '"\\"\n', "line 24: '\\' is no id of a device"),
    ("PCI\\VEN_1AF4&DEV_1042\n", "PCI\\\\X\n", "line 24: 'PCI\\\\X' is no id of a device"),
    ("PCI\\VEN_1AF4&DEV_1042\n", "PCI\\" + "V" * 196 + "\n", "is no id of a device"),
    ("Files = 12", 'Files = 10, "..\\.."', "line 28: 'Windows\\..\\..\\viostor.sys': '..' is not a name"),
    ("viostor.sys,,,2", "con.sys,viostor.sys", "line 28: 'Windows\\System32\\drivers\\con.sys'")])
def test_names_that_lead_elsewhere_are_refused_at_their_line(made, image, tmp_path, old, new, text):
    d = changed_viostor(made, tmp_path / "odd", (old, new))
    i = image()
    before = i.path.read_bytes()
    r = i.add(d, "--allow=overwrite", "--allow=missing-file", "--allow=uncovered", code=5)
    assert "viostor.inf: " in r.err and text in r.err and i.path.read_bytes() == before, r


def test_ids_of_many_parts_go_with_their_keys(made, image, run, tmp_path):
    d = changed_viostor(made, tmp_path / "deep", ("PCI\\VEN_1AF4&DEV_1042\n", "ROOT\\A\\B\\C\\D\n"))
    i = image()
    i.add(d)
    assert i.hive("SYSTEM")["DriverDatabase\\DeviceIds\\ROOT\\A\\B\\C\\D"] is not None
    i.remove("viostor.inf", "--force")
    system = i.hive("SYSTEM")
    assert system["DriverDatabase\\DeviceIds\\ROOT\\A"] is None
    assert system["DriverDatabase\\DeviceIds\\PCI\\VEN_1AF4&DEV_1001"] is None


def test_a_folder_may_be_called_as_an_inf_file(made, image, tmp_path):
    i = image()
    i.add(made.maker.viostor(tmp_path / "viostor.inf"))
    assert [p["inf"] for p in i.list()["drivers"]] == ["viostor.inf"]


# --- several Windows

def test_the_variant_for_this_windows_is_taken_and_said(made, image, tmp_path):
    """As the virtio-win medium has them: one version, a folder for each Windows."""
    for folder, attr in (("w7", "2:6.1"), ("w10", "2:10.0"), ("w11", "2:10.0"), ("2k22", "2:10.0")):
        made.maker.viostor(tmp_path / "virtio/viostor" / folder / "amd64", text=folder.encode(), os_attr=attr)
    for product, index, want in (("windows-11", 1, "w11"), ("windows-10", 1, "w10"), ("server-2022", 1, "2k22")):
        i = image(product, index)
        r = i.add(tmp_path / "virtio", "-r")
        assert f"chosen of 4 by its {want}" in r.out and r.out.count("for another Windows") == 3, r
        assert (i.tree() / "Windows/System32/drivers/viostor.sys").read_bytes() == \
            (tmp_path / "virtio/viostor" / want / "amd64/viostor.sys").read_bytes()


def test_an_inf_that_copies_itself_and_names_with_a_dot(made, image, tmp_path):
    inf = drvgen.viostor().replace("viostor.sys,,,2", "viostor.sys,,,2\nviostor.inf,.\\viostor.inf").replace(
        "CatalogFile = viostor.cat", "CatalogFile = .\\viostor.cat")
    made.maker.package(tmp_path / "d", "viostor.inf", inf, {"viostor.sys": drvgen.g.program(b"viostor")})
    i = image()
    i.add(tmp_path / "d")
    assert i.list()["drivers"][0]["broken"] == []


def test_two_variants_that_are_equally_good_are_an_error(made, image, tmp_path):
    for folder in ("one", "two"):
        made.maker.viostor(tmp_path / "v" / folder, text=folder.encode())
    r = image().add(tmp_path / "v", "-r", code=5)
    assert "name the folder that is meant" in r.err, r


def test_decorations_choose_the_models(made, image, tmp_path):
    made.maker.viostor(tmp_path / "d", decorations="NTamd64.6.1,NTamd64.10.0,NTx86")
    i = image()
    i.add(tmp_path / "d")
    assert len(i.list()["drivers"][0]["ids"]) == 4


def test_windows_7_starts_with_it(made, image):
    i = image("windows-7")
    r = i.add(made.dir / "viostor", "--allow=uncovered")
    assert "published at the first start" in r.out, r
    system = i.hive("SYSTEM")
    critical = system["ControlSet001\\Control\\CriticalDeviceDatabase\\PCI#VEN_1AF4&DEV_1001&SUBSYS_00021AF4&REV_00"]
    assert critical == {"Service": sz("viostor"), "ClassGUID": sz("{4D36E97B-E325-11CE-BFC1-08002BE10318}")}
    assert system["ControlSet001\\Services\\viostor"]["Start"] == dword(0) and system["DriverDatabase"] is None
    assert (i.tree() / "Windows/System32/drivers/viostor.sys").exists()


def test_windows_7_has_each_package_under_its_own_name(made, image):
    i = image("windows-7")
    assert "oem0.inf" in i.add(made.dir / "viostor", "--allow=uncovered").out
    assert "oem1.inf" in i.add(made.dir / "netkvm", "--allow=uncovered").out
    before = i.path.read_bytes()
    assert "present" in i.add(made.dir / "viostor", "--allow=uncovered").out and i.path.read_bytes() == before
    tree = i.tree()
    for n, name in ((0, "viostor"), (1, "netkvm")):
        assert (tree / f"Windows/INF/oem{n}.inf").read_bytes() == (made.dir / name / f"{name}.inf").read_bytes()
        assert (tree / CATROOT / f"oem{n}.cat").read_bytes() == (made.dir / name / f"{name}.cat").read_bytes()


def test_windows_pe_by_hand_takes_what_is_asked(made, image):
    i = image("windows-11-setup", 2)
    i.add(made.dir / "viostor", made.dir / "netkvm")
    assert {p["inf"] for p in i.list()["drivers"]} == {"viostor.inf", "netkvm.inf"}


def test_only_what_a_machine_needs_and_why(made, image, tmp_path):
    (tmp_path / "hw.yaml").write_text("devices: ['PCI\\VEN_1AF4&DEV_1042', 'PCI\\VEN_9999&DEV_0001']\n")
    i = image()
    r = i.add(made.dir, "-r", f"--hardware={tmp_path}/hw.yaml")
    assert "viostor/viostor.inf" in r.out and "00FF1000  by PCI\\VEN_" in r.out and "no driver" in r.out, r
    assert [p["inf"] for p in i.list()["drivers"]] == ["viostor.inf"]
    made.maker.viostor(tmp_path / "t/new", version="100.99.104.1", text=b"new")
    made.maker.viostor(tmp_path / "t/old", version="100.10.104.1", text=b"old")
    for more, want, said in (([], "100.99.104.1", "00FF1000"), (["--prefer=old"], "100.10.104.1", "00FF1000"),
                             (["--pin=PCI*=old"], "100.10.104.1", "00FF1000"),
                             (["--pin=PCI*=other"], None, "'new/viostor.inf' has it, and the device is pinned to others"),
                             (["--exclude=viostor.inf"], None, "no driver: 'new/viostor.inf' is excluded")):
        j = image()
        assert said in j.add(tmp_path / "t", "-r", f"--hardware={tmp_path}/hw.yaml", *more).out
        assert [p["version"] for p in j.list()["drivers"]] == [want] * (want is not None)


def test_what_stays_out_gives_its_place_to_the_next(made, image, tmp_path, run):
    (tmp_path / "hw.yaml").write_text("devices: ['PCI\\VEN_1AF4&DEV_1042']\n")
    made.maker.viostor(tmp_path / "t/new", version="100.99.104.1")
    made.maker.package(tmp_path / "t/old", "other.inf", drvgen.viostor(version="100.10.104.1").replace("viostor.cat", "other.cat"),
                       {"viostor.sys": drvgen.g.program(b"old")})
    for rule, want in ((["--exclude=ViOstor.inf"], "other.inf"), (["--exclude=new/"], "other.inf"),
                       (["--exclude=version=100.99"], "other.inf"), ([], "viostor.inf")):
        i = image()
        i.add(tmp_path / "t", "-r", f"--hardware={tmp_path}/hw.yaml", *rule)
        assert [p["inf"] for p in i.list()["drivers"]] == [want], rule
    (tmp_path / "wingo.yaml").write_text((PROJECT % (", only: [OTHER.inf], hardware: [hw.yaml]", "")).replace("[drivers]", "[t]"))
    assert run("build", cwd=tmp_path).code == 0
    assert [p["inf"] for p in json.loads(run("driver", "list", "out/i.wim:2", "--json", cwd=tmp_path).out)["drivers"]] == ["other.inf"]


def test_what_stays_out_is_a_rule_that_says_something(made, image, tmp_path):
    (tmp_path / "hw.yaml").write_text("devices: ['PCI\\VEN_1AF4&DEV_1042']\n")
    for more in ([], [f"--hardware={tmp_path}/hw.yaml"]):
        r = image().add(made.dir, "-r", "--exclude=misspelled.inf", "--exclude=netkvm.inf", *more)
        assert r.err.count("keeps no package out") == 1 and "warning: drivers: exclude 'misspelled.inf' keeps" in r.err, r
    for rule in ("netkvm/", "class=Net", "NETKVM.inf", "path=net*,provider=Test*"):
        i = image()
        i.add(made.dir, "-r", f"--exclude={rule}")
        assert [p["inf"] for p in i.list()["drivers"]] == ["viostor.inf"], rule


def test_a_profile_that_is_none(made, image, tmp_path):
    (tmp_path / "hw.yaml").write_text("machine: x\n")
    r = image().add(made.dir, "-r", f"--hardware={tmp_path}/hw.yaml", code=4)
    assert "hw.yaml" in r.err, r


# --- a project

PROJECT = """version: 1
name: t
images:
  i:
    base: {synthetic: windows-11, image: Windows 11 Pro}
    drivers: {from: [drivers]%s}
%s    outputs: [wim]
"""


@pytest.fixture
def project(made, tmp_path, run):
    shutil.copytree(made.dir / "viostor", tmp_path / "p/drivers/viostor")
    shutil.copytree(made.dir / "netkvm", tmp_path / "p/drivers/netkvm")

    def call(*args, more="", below="", code=0):
        (tmp_path / "p/wingo.yaml").write_text(PROJECT % (more, below))
        r = run(*args, cwd=tmp_path / "p")
        assert r.code == code, r
        return r
    call.dir = tmp_path / "p"
    return call


def listed(run, spec):
    r = run("driver", "list", spec, "--json")
    assert r.code == 0, r
    return {p["inf"] for p in json.loads(r.out)["drivers"]}


def test_a_project_builds_with_drivers(project, run):
    project("check")
    project("build")
    assert listed(run, f"{project.dir}/out/i.wim:2") == {"viostor.inf", "netkvm.inf"} and listed(run, f"{project.dir}/out/i.wim:1") == set()
    page = (project.dir / ".wingo/report/latest.html").read_text()
    assert "<h2>Drivers of image/i/wim</h2>" in page and '<td data-c="inf">viostor.inf</td>' in page, page
    assert "ran" not in project("build").err
    (project.dir / "drivers/netkvm/netkvm.sys").write_bytes(drvgen.g.program(b"another"))
    r = project("build", code=5)
    assert "netkvm.inf: " in r.err and "netkvm.sys" in r.err and "wingo.yaml:6:5" in r.err, r


def test_pe_takes_storage_and_the_network_when_asked(project, made, run):
    pe = f"    base: {{file: {made.dir}/windows-11-setup.wim, image: 2}}\n"
    for more, want in (("", {"viostor.inf"}), (", setup_network: true", {"viostor.inf", "netkvm.inf"})):
        (project.dir / "wingo.yaml").write_text((PROJECT % (more, "")).replace(
            "    base: {synthetic: windows-11, image: Windows 11 Pro}\n", pe))
        assert run("build", cwd=project.dir).code == 0
        assert listed(run, f"{project.dir}/out/i.wim:2") == want


def test_winre_takes_them_too(project, run, tmp_path):
    project("build", below="    winre: {drivers: true}\n")
    assert run("wim", "extract", project.dir / "out/i.wim", "2", "\\Windows\\System32\\Recovery\\Winre.wim", f"--to={tmp_path}/re").code == 0
    assert listed(run, tmp_path / "re/Winre.wim") == {"viostor.inf"}


@pytest.mark.parametrize("more,text,line", [
    (", only: [viostor]", "is no name of an INF file", 6), (", only: [nothere.inf]", "no 'nothere.inf' is below 'drivers'", 6),
    (", allow: [everything]", "everything", 6), (", stage: firstboot", "firstboot", 6), (", fro: [x]", "unknown key 'fro'", 6),
    (", stage: setup", "setup", 6), (", hardware: [none.yaml]", "there is no 'none.yaml'", 6), (", pin: [a]", "DEVICE=DRIVERS", 6),
    (", prefer: ['provider=x']", "none are named", 6)])
def test_check_names_what_is_wrong_at_its_line(project, more, text, line):
    r = project("check", more=more, code=3)
    assert text in r.err + r.out and f"wingo.yaml:{line}:" in r.err + r.out, r


def test_check_says_what_a_build_would_refuse(project, made):
    (project.dir / "drivers/viostor/viostor.sys").unlink()
    (project.dir / "wingo.yaml").write_text((PROJECT % ("", "")).replace("{synthetic: windows-11, image: Windows 11 Pro}",
                                                                         f"{{file: {made.dir}/windows-11.wim, image: 2}}"))
    r = start([os.environ.get("WINGO", ROOT / "build/wingo"), "check"], cwd=project.dir)
    assert r.code == 3 and "'viostor.sys' is not there" in r.out and "wingo.yaml:6:5" in r.out, r


def test_a_folder_that_is_not_there(project):
    shutil.rmtree(project.dir / "drivers")
    r = project("check", code=3)
    assert "there is no 'drivers'" in r.out and "wingo.yaml:6:22" in r.out, r
    (project.dir / "drivers").mkdir()
    assert "no INF file" in project("check", code=3).out
