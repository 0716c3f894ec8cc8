# SPDX-License-Identifier: Apache-2.0
"""wingo driver index, list, match, explain: trees of packages, Windows' ranks, rules. zip and 7z make the archives."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import zipfile

import pytest

from conftest import ROOT, needs

sys.path.insert(0, str(ROOT / "tests/tools"))
import catgen  # noqa: E402

GUID = {"Net": "{4d36e972-e325-11ce-bfc1-08002be10318}", "Extension": "{e2f84ce7-8efa-411c-aa69-97454ca4cb57}",
        "SoftwareComponent": "{5c4c3332-344d-483c-8739-259e934c9cc8}"}
LONG_AGO = 1_500_000_000
ID = "PCI\\VEN_8086&DEV_15D7"
HARDWARE = {"machine": {"vendor": "Dell Inc.", "model": "Latitude 7490"}, "devices": [
    {"name": "Ethernet", "where": "00:1f.6", "hardware_ids": [ID + "&SUBSYS_07E61028&REV_21", ID + "&SUBSYS_07E61028", ID + "&CC_020000", ID + "&CC_0200"],
     "compatible_ids": [ID + "&REV_21", ID, "PCI\\VEN_8086&CC_0200", "PCI\\CC_0200"]},
    {"name": "Unknown", "hardware_ids": ["ACPI\\XMPL0001", "*XMPL0001"]}]}


def package(folder, name, models, version="1.0.0.0", date="01/02/2023", cls="Net", decoration="NTamd64", extra="", version_extra="", catalog=True):
    """An INF with these (section, ids) lines, and its catalogue."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = "\n".join(f"%Dev%={section},{','.join(ids)}" for section, *ids in models)
    cat = f"CatalogFile={name}.cat\n" if catalog is not None else ""
    inf = folder / f"{name}.inf"
    inf.write_text(f'[Version]\nSignature="$WINDOWS NT$"\nClass={cls}\nClassGuid={GUID[cls]}\nProvider=%Prov%\nDriverVer={date},{version}\n{cat}{version_extra}'
                   f'[Manufacturer]\n%Prov%=M,{decoration}\n[M.{decoration}]\n{lines}\n[Inst.NT]\n[Inst.NT.Services]\n{extra}\n[Strings]\nProv="Example"\nDev="Device of {name}"\n')
    os.utime(inf, (LONG_AGO, LONG_AGO))
    if catalog:
        (folder / f"{name}.cat").write_bytes(b"catalogue")
    return inf


@pytest.fixture
def lab(run, tmp_path):
    """.match(*words) and .explain(...) over tmp_path/drivers with a profile and a store of its own."""
    env = dict(os.environ, XDG_CACHE_HOME=str(tmp_path / "cache"))
    (tmp_path / "hw.yaml").write_text(json.dumps(HARDWARE))
    (tmp_path / "drivers").mkdir()

    class Lab:
        drivers = tmp_path / "drivers"

        @staticmethod
        def call(*words, code=0):
            r = run("driver", *words, "--json", env=env)
            assert r.code == code, r
            return json.loads(r.out)

        @staticmethod
        def text(*words):
            r = run("driver", *words, env=env)
            assert r.code == 0, r
            return r.out

        def match(self, *words, to="10.0.26100"):
            return self.call("match", self.drivers, "--hardware", tmp_path / "hw.yaml", "--for", to, *words)["devices"]

        def explain(self, *words, device="Ethernet", to="10.0.26100"):
            return self.call("explain", self.drivers, device, "--hardware", tmp_path / "hw.yaml", "--for", to, *words)["devices"][0]

        def index(self, *words):
            return self.call("index", self.drivers, *words)["folders"][0]

    return Lab()


def name(candidate):
    return pathlib.Path(candidate["path"]).stem if candidate else None


def fates(device):
    return {name(c): c["fate"] for c in device["candidates"]}


def test_the_lowest_rank_wins_and_every_loser_is_told_why(lab):
    package(lab.drivers / "a", "generic", [("Inst", "PCI\\CC_0200")], version="99.0.0.0", date="12/31/2025")
    package(lab.drivers / "b", "plain", [("Inst", ID)], version="5.0.0.0")
    package(lab.drivers / "c", "special", [("Inst", ID + "&SUBSYS_07E61028")])
    package(lab.drivers / "d", "compat", [("Inst", "PCI\\NONE", ID + "&SUBSYS_07E61028")])
    package(lab.drivers / "e", "both", [("Inst", "PCI\\NONE", "PCI\\OTHER", ID.lower())])
    package(lab.drivers / "f", "x86", [("Inst", ID + "&SUBSYS_07E61028&REV_21")], decoration="NTx86")
    package(lab.drivers / "g", "later", [("Inst", ID + "&SUBSYS_07E61028&REV_21")], decoration="NTamd64.10.0...30000")
    package(lab.drivers / "h", "unsigned", [("Inst", ID + "&SUBSYS_07E61028&REV_21")], catalog=False)
    device = lab.explain()
    assert name(device["driver"]) == "special"
    ranks = {name(c): c.get("rank") for c in device["candidates"]}
    assert ranks == {"special": "00FF0001", "compat": "00FF1001", "plain": "00FF2001", "both": "00FF3101", "generic": "00FF2003",
                     "unsigned": "80FF0000", "x86": None, "later": None}
    assert fates(device) == {"special": "chosen", "compat": "rank", "plain": "rank", "both": "rank", "generic": "rank", "unsigned": "rank",
                             "x86": "other-windows", "later": "other-windows"}
    assert "NTamd64.10.0...30000" in next(c["why"] for c in device["candidates"] if name(c) == "later")
    text = lab.text("explain", lab.drivers, "00:1f.6", "--hardware", lab.drivers.parent / "hw.yaml", "--for", "10.0.26100")
    assert "the 2. hardware id of the device is the hardware id of the driver" in text
    assert "rank 00FF2003 is higher than 00FF0001" in text and "its catalogue is missing" in text
    assert name(lab.match(to="10.0.30000")[0]["driver"]) == "later"
    assert name(lab.match("--arch=x86")[0]["driver"]) == "x86"
    # Before Windows 10 PCI\VEN&DEV was a hardware id, the fourth.
    old = lab.explain(to="6.1.7601")
    assert {name(c): c.get("rank") for c in old["candidates"]}["plain"] == "00FF0003"


def test_equal_ranks_are_decided_by_date_then_version(lab):
    package(lab.drivers / "a", "old", [("Inst", ID)], version="9.0.0.0", date="01/01/2020")
    package(lab.drivers / "b", "new", [("Inst", ID)], version="1.2.0.0", date="02/01/2023")
    package(lab.drivers / "c", "newer", [("Inst", ID)], version="1.10.0.0", date="02/01/2023")
    package(lab.drivers / "d", "same", [("Inst", ID)], version="1.10.0.0", date="02/01/2023")
    device = lab.explain()
    assert name(device["driver"]) == "newer"
    assert fates(device) == {"newer": "chosen", "same": "equal", "new": "version", "old": "date"}


def test_a_feature_score_counts_before_the_ids(lab):
    package(lab.drivers / "a", "scored", [("Inst", "PCI\\CC_0200")], extra="[Inst.NTamd64]\nFeatureScore=F9")
    package(lab.drivers / "b", "exact", [("Inst", ID)])
    package(lab.drivers / "c", "elsewhere", [("Inst", ID)], extra="[Inst.NTx86]\nFeatureScore=01\n[Inst.NT.HW]\nFeatureScore=02")
    device = lab.explain()
    assert name(device["driver"]) == "scored" and device["driver"]["rank"] == "00F92003"
    assert all(c["rank"].startswith("00FF") for c in device["candidates"][1:])


def test_extensions_and_their_components_come_beside(lab):
    def ext(which, ident, version, date, extra=""):
        package(lab.drivers / which, which, [("Inst", ID)], cls="Extension", version=version, date=date, extra=extra,
                version_extra=f"ExtensionId={{{ident * 8}-0000-0000-0000-000000000000}}\n")

    package(lab.drivers / "base", "base", [("Inst", ID)])
    ext("ext1", "1", "1.0.0.0", "01/01/2023", "[Inst.NT.Components]\nAddComponent=Panel,,Panel_Inst\n[Panel_Inst]\nComponentIDs=VID8086&PID1,ABSENT")
    ext("ext1old", "1", "9.0.0.0", "01/01/2022")
    ext("ext2", "2", "1.0.0.0", "01/01/2023")
    package(lab.drivers / "panel", "panel", [("Inst", "SWC\\VID8086&PID1")], cls="SoftwareComponent")
    device = lab.explain()
    assert name(device["driver"]) == "base" and [name(e) for e in device["extensions"]] == ["ext1", "ext2"]
    assert fates(device)["ext1old"] == "other-extension"
    assert [(c["id"], name(c["driver"])) for c in device["components"]] == [("SWC\\VID8086&PID1", "panel"), ("SWC\\ABSENT", None)]
    shutil.rmtree(lab.drivers / "base")
    device = lab.explain()
    assert device["driver"] is None and device["components"] == []  # an extension alone drives nothing


def test_rules_pin_exclude_prefer_and_models(lab):
    package(lab.drivers / "intel", "intel", [("Inst", ID + "&CC_0200")], version="22.1.0.0")
    package(lab.drivers / "intel", "intel20", [("Inst", ID + "&CC_0200")], version="20.1.0.0")
    package(lab.drivers / "oem", "oem", [("Inst", ID)])
    package(lab.drivers / "byModel/Dell Inc_/Latitude 7490", "model", [("Inst", "PCI\\CC_0200")])
    package(lab.drivers / "byModel/dell inc./latitude 7490", "right", [("Inst", "PCI\\CC_0200")])
    package(lab.drivers / "byModel/HP/X", "other", [("Inst", ID + "&SUBSYS_07E61028&REV_21")])
    device = lab.explain()
    assert name(device["driver"]) == "right"  # "Inc_" is another name: '.' may be in a folder's
    assert fates(device)["other"] == fates(device)["model"] == "other-model" and fates(device)["intel"] == "preference"
    device = lab.explain("--exclude", "byModel/")
    assert name(device["driver"]) == "intel" and fates(device)["right"] == "excluded"
    assert name(lab.match("--exclude", "byModel", "--prefer", "oem/")[0]["driver"]) == "oem"
    assert name(lab.match("--exclude", "byModel", "--prefer", "version=20..21")[0]["driver"]) == "intel20"
    assert name(lab.match("--exclude", "byModel", "--exclude", "provider=ex*,version=22")[0]["driver"]) == "intel20"
    device = lab.explain("--pin", "PCI\\VEN_8086*=oem.inf")
    assert name(device["driver"]) == "oem" and fates(device)["intel"] == "not-pinned"
    assert lab.match("--pin", ID + "=nothing.inf")[0]["driver"] is None
    for wrong in (["--pin", "x"], ["--prefer", "colour=red"], ["--exclude", "version=x"], ["--for", "ten"], ["--arch", "z80"], ["--product", "x"]):
        r = lab.call("match", lab.drivers, "--hardware", lab.drivers.parent / "hw.yaml", "--for", "10.0.26100", *wrong, code=2)
        assert r["error"]["code"] == "USAGE"


def test_devices_without_a_driver_are_named_with_their_ids(lab):
    package(lab.drivers, "net", [("Inst", ID)])
    text = lab.text("match", lab.drivers, "--hardware", lab.drivers.parent / "hw.yaml", "--for", "10.0.26100")
    assert "ACPI\\XMPL0001" in text and "*XMPL0001" in text and "2 devices, 1 with a driver, 1 without" in text
    assert lab.match()[1]["driver"] is None
    lab.call("match", lab.drivers, "--hardware", lab.drivers.parent / "hw.yaml", code=2)  # for which Windows?
    lab.call("match", lab.drivers, "--for", "10.0.26100", code=2)
    lab.call("explain", lab.drivers, "nobody", "--hardware", lab.drivers.parent / "hw.yaml", "--for", "10.0.26100", code=1)
    device = lab.call("explain", lab.drivers, ID.lower(), "--for", "10.0.26100")["devices"][0]
    assert device["driver"]["rank"] == "00FF0000"


def test_windows_own_files_count_as_signed(lab):
    inf = package(lab.drivers, "inbox", [("Inst", ID)], catalog=None)
    assert lab.match()[0]["driver"]["signature"] == "unsigned"
    inf.write_text(inf.read_text().replace('Prov="Example"', 'Prov="Microsoft"'))
    assert lab.match()[0]["driver"]["signature"] == "in-box"


def test_only_what_changed_is_read_again(lab):
    for i in range(20):
        package(lab.drivers / str(i), f"n{i}", [("Inst", f"PCI\\VEN_8086&DEV_{i:04X}")])
    # What changed just now is not relied on: the change time of these is now.
    first = lab.index()
    assert (first["packages"], first["files_read"], first["inf_files_parsed"], first["faults"]) == (20, 20, 20, [])
    time.sleep(2.1)
    lab.index()
    warm = lab.index()
    assert (warm["packages"], warm["files_read"], warm["inf_files_parsed"]) == (20, 0, 0)
    package(lab.drivers / "3", "n3", [("Inst", ID)])
    shutil.copytree(lab.drivers / "4", lab.drivers / "copy")
    shutil.rmtree(lab.drivers / "5")
    changed = lab.index()
    assert (changed["packages"], changed["files_read"], changed["inf_files_parsed"], changed["files_gone"]) == (20, 2, 1, 1)
    assert name(lab.match()[0]["driver"]) == "n3"
    (lab.drivers / "3/n3.cat").unlink()
    assert lab.match()[0]["driver"]["signature"] == "catalogue-missing"
    assert lab.index("--no-cache")["files_read"] == 20
    # A damaged index is made anew.
    for record in (lab.drivers.parent / "cache").rglob("*"):
        if record.is_file() and b"WGDRVIX1" in record.read_bytes():
            record.write_bytes(record.read_bytes()[:-7])
    assert lab.index()["packages"] == 20


def test_the_last_index_can_be_taken_as_it_is(lab):
    package(lab.drivers / "a", "first", [("Inst", ID)])
    assert name(lab.match("--as-indexed")[0]["driver"]) == "first"  # there was none
    package(lab.drivers / "b", "better", [("Inst", ID + "&CC_0200")])
    assert name(lab.match("--as-indexed")[0]["driver"]) == "first"
    assert name(lab.match()[0]["driver"]) == name(lab.match("--as-indexed")[0]["driver"]) == "better"


def test_the_drivers_of_an_image_count_too(run, lab, tmp_path):
    assert run("wim", "synthetic", "windows-11", tmp_path / "i.wim").code == 0
    image = f"--image={tmp_path}/i.wim:1"
    (tmp_path / "hw.yaml").write_text("devices: [{hardware_ids: ['PCI\\VEN_144D&DEV_A808&CC_010802'], compatible_ids: ['PCI\\VEN_144D', 'PCI\\CC_010802']}]")
    found = lab.call("match", "--hardware", tmp_path / "hw.yaml", image)
    driver = found["devices"][0]["driver"]
    assert driver["path"].endswith("i.wim:1/Windows/INF/stornvme.inf") and driver["rank"] == "00FF2001" and found["arch"] == "amd64"
    listed = json.loads(run("driver", "list", f"{tmp_path}/i.wim:1", "--all", "--json").out)  # what the image says of it
    assert [d["version"] for d in listed["drivers"] if d["published"] == "stornvme.inf"] == [driver["version"]]
    package(lab.drivers, "vendor", [("Inst", "PCI\\VEN_144D")])
    device = lab.call("explain", lab.drivers, "PCI\\CC_010802", "--hardware", tmp_path / "hw.yaml", image)["devices"][0]
    assert name(device["driver"]) == "vendor" and fates(device)["stornvme"] == "rank"
    assert lab.match(image, to="6.1.7601")[0]["driver"]["decoration"] == "NTamd64"
    lab.call("match", "--hardware", tmp_path / "hw.yaml", "--for", "10.0.26100", code=2)
    lab.call("match", lab.drivers, "--hardware", tmp_path / "hw.yaml", f"--image={lab.drivers}", code=1)


def test_verify_looks_into_catalogues(lab, tmp_path):
    needs("openssl")
    root = catgen.Id(tmp_path, "Root", ca=True, days=20000)
    maker = catgen.Id(tmp_path, "Maker of drivers", root, usages=["codeSigning"])

    def sign(folder, stem, who, certs, spoil=False):
        data = (folder / f"{stem}.inf").read_bytes()
        (folder / f"{stem}.cat").write_bytes(catgen.signed(catgen.ctl([catgen.member(data + b";" if spoil else data)]), who, certs))

    loner = catgen.Id(tmp_path, "Loner", usages=["codeSigning"])
    for stem, ids in {"good": ID, "spoiled": ID + "&CC_0200", "selfmade": ID + "&CC_020000", "noise": ID + "&SUBSYS_07E61028"}.items():
        package(lab.drivers / stem, stem, [("Inst", ids)])
    sign(lab.drivers / "good", "good", maker, [maker, root])
    sign(lab.drivers / "spoiled", "spoiled", maker, [maker, root], spoil=True)
    sign(lab.drivers / "selfmade", "selfmade", loner, [loner])
    assert name(lab.match()[0]["driver"]) == "noise"
    device = lab.explain("--verify")
    assert name(device["driver"]) == "good" and device["driver"]["signature"] == "signed" and "Maker of drivers" in device["driver"]["signer"]
    found = {name(c): c for c in device["candidates"]}
    assert all(found[n]["signature"] == "refused" and found[n]["rank"].startswith("80FF") for n in ("spoiled", "selfmade", "noise")), found
    assert "spoiled.inf" in found["spoiled"]["signer"] and "self-signed" in found["selfmade"]["signer"] and "noise.cat" in found["noise"]["signer"]


def test_archives_are_looked_into(lab, tmp_path):
    package(tmp_path / "in/deep", "zipped", [("Inst", ID)])
    (tmp_path / "in/deep/big.sys").write_bytes(bytes(100000))
    with zipfile.ZipFile(lab.drivers / "vendor.zip", "w", zipfile.ZIP_DEFLATED) as z:
        z.write(tmp_path / "in/deep/zipped.inf", "Drivers/Net/zipped.inf")
        z.write(tmp_path / "in/deep/zipped.cat", "Drivers/Net/Zipped.CAT")
        z.write(tmp_path / "in/deep/big.sys", "Drivers/Net/big.sys")
    device = lab.explain()
    assert device["driver"]["path"].endswith("/vendor.zip!/Drivers/Net/zipped.inf") and device["driver"]["signature"] == "not-verified"
    assert name(lab.match("--prefer", "vendor.zip/Drivers")[0]["driver"]) == "zipped"
    seven = shutil.which("7z")
    if seven:
        subprocess.run([seven, "a", lab.drivers / "v.7z", tmp_path / "in/deep"], check=True, stdout=subprocess.DEVNULL)
        # What vendors give out: a program with the archive behind it.
        stub = b"MZ" + bytes(600)
        (lab.drivers / "setup.exe").write_bytes(stub + (lab.drivers / "v.7z").read_bytes())
        (lab.drivers / "program.exe").write_bytes(b"MZ" + os.urandom(5000))
        got = lab.index()
        assert got["archives"] == 4 and got["packages"] >= 2 and not [f for f in got["faults"] if "program" in f["path"]], got
    (lab.drivers / "vendor.zip").write_bytes((lab.drivers / "vendor.zip").read_bytes()[:300])
    (lab.drivers / "bad.cab").write_bytes(b"MSCF" + bytes(40))
    faults = {f["path"] for f in lab.index()["faults"]}
    assert "bad.cab" in faults


def test_faults_name_the_file_and_the_line(lab):
    package(lab.drivers, "good", [("Inst", ID)])
    (lab.drivers / "autorun.inf").write_text("[autorun]\nopen=setup.exe\n")
    (lab.drivers / "broken.inf").write_text("[Version]\nSignature=\"$WINDOWS NT$\"\n[Manu\n")
    got = lab.index()
    assert {f["path"] for f in got["faults"]} == {"autorun.inf", "broken.inf"} and "line 3" in str(got["faults"])
    text = lab.text("index", lab.drivers)
    assert "broken.inf: line 3" in text and "2 faults" in text
    listed = lab.call("list", lab.drivers)["packages"]
    assert [pathlib.Path(p["path"]).name for p in listed] == ["good.inf"]
    p = listed[0]
    assert (p["class"], p["provider"], p["date"], p["version"], p["decorations"], p["models"]) == ("Net", "Example", "2023-01-02", "1.0.0.0", ["NTamd64"], 1)
    assert p["catalogs"] == [{"file": "good.cat", "for": "", "present": True}]
    assert "Net, Example, 2023-01-02 1.0.0.0, 1 models, NTamd64, good.cat" in lab.text("list", lab.drivers)
    lab.call("index", lab.drivers / "absent", code=1)
