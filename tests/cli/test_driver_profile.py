# SPDX-License-Identifier: Apache-2.0
"""wingo driver profile: hardware out of what tools and machines tell. PyYAML and hivex are the second readers."""
import json
import os
import pathlib
import re

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT / "fuzz/hardware/corpus"


def profile(run, *words, stdin=None):
    r = run("driver", "profile", *words, "--json")
    assert r.code == 0, r
    return json.loads(r.out)


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


@pytest.mark.parametrize("name, source, devices", [
    ("pnputil.txt", "pnputil", 2), ("german.txt", "pnputil", 2), ("utf16.txt", "pnputil", 1), ("devices.json", "json", 2),
    ("lspci.txt", "linux", 11), ("vmm.txt", "linux", 2), ("setupapi.log", "setupapi", 2), ("old.log", "setupapi", 1), ("profile.yaml", "yaml", 2)])
def test_every_source_gives_a_profile_that_is_read_back(run, tmp_path, name, source, devices):
    first = profile(run, CORPUS / name)
    assert first["source"] == source and len(first["devices"]) == devices
    r = run("driver", "profile", CORPUS / name, "-o", tmp_path / "p.yaml")
    assert r.code == 0, r
    again = profile(run, tmp_path / "p.yaml")
    assert again["devices"] == first["devices"] and again["machine"] == first["machine"]
    tree = yaml.safe_load((tmp_path / "p.yaml").read_text())  # another reader of YAML
    assert [d.get("hardware_ids", []) for d in tree["devices"]] == [d["hardware_ids"] for d in first["devices"]]
    put(tmp_path / "p.json", json.dumps(first))
    assert profile(run, tmp_path / "p.json")["devices"] == first["devices"]
    r = run("driver", "profile", CORPUS / name, "-o", tmp_path / "p.yaml")
    assert r.code == 1 and "--force" in r.err, r


def test_a_translated_text_says_the_same(run):
    german, english = profile(run, CORPUS / "german.txt"), profile(run, CORPUS / "pnputil.txt")
    assert german["devices"] == english["devices"]
    assert english["devices"][0]["class"] == "Net" and english["devices"][1]["compatible_ids"] == ["ACPI\\PNP0C50", "PNP0C50"]


def test_notes_say_what_lspci_left_out(run, tmp_path):
    put(tmp_path / "short", "00:1f.2 SATA controller [0106]: Intel [8086:9d03] (rev 21)\n")
    r = run("driver", "profile", tmp_path / "short")
    assert r.code == 0 and "lspci -vnn" in r.err and "SUBSYS" in r.err, r
    assert yaml.safe_load(r.out)["devices"][0]["hardware_ids"] == ["PCI\\VEN_8086&DEV_9D03&CC_0106"]


def sys_tree(root):
    """What the kernel shows of a small machine, with its links."""
    pci = root / "devices/pci0000:00/0000:00:14.0"
    for name, text in {"vendor": "0x8086", "device": "0x9d2f", "class": "0x0c0330", "revision": "0x21", "subsystem_vendor": "0x1028",
                       "subsystem_device": "0x075b"}.items():
        put(pci / name, text + "\n")
    config = bytearray(256)
    config[6], config[0x34], config[0x50], config[0x52] = 0x10, 0x50, 0x10, 0x92  # PCI Express, an integrated endpoint
    put(pci / "config", bytes(config))
    usb = pci / "usb1/1-2"
    for name, text in {"idVendor": "046d", "idProduct": "c52b", "bcdDevice": "1211", "bDeviceClass": "00", "bDeviceSubClass": "00",
                       "bDeviceProtocol": "00", "bNumInterfaces": " 2", "bConfigurationValue": "1", "product": "Receiver"}.items():
        put(usb / name, text + "\n")
    for i, protocol in enumerate(("01", "02")):
        for name, text in {"bInterfaceNumber": f"0{i}", "bInterfaceClass": "03", "bInterfaceSubClass": "01", "bInterfaceProtocol": protocol}.items():
            put(usb / f"1-2:1.{i}" / name, text + "\n")
    hid = usb / "1-2:1.1/0003:046D:C52B.0002"
    put(hid / "report_descriptor", bytes([0x05, 1, 0x09, 2, 0xA1, 1, 0x09, 1, 0xA1, 0, 0xC0, 0xC0, 0x05, 0x0C, 0x09, 1, 0xA1, 1, 0xC0]))
    put(root / "devices/acpi/PNP0C0A:00/modalias", "acpi:PNP0C0A:XMPL0001:\n")
    put(root / "devices/acpi/LNXVIDEO:00/modalias", "acpi:LNXVIDEO:\n")
    put(root / "class/dmi/id/sys_vendor", "Example Inc.\n")
    put(root / "class/dmi/id/product_name", "7490\n")
    for bus, name, to in [("pci", "0000:00:14.0", pci), ("usb", "1-2", usb), ("usb", "1-2:1.0", usb / "1-2:1.0"), ("hid", hid.name, hid),
                          ("acpi", "PNP0C0A:00", root / "devices/acpi/PNP0C0A:00"), ("acpi", "LNXVIDEO:00", root / "devices/acpi/LNXVIDEO:00")]:
        link = root / "bus" / bus / "devices" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(to, link.parent))


def test_a_folder_as_the_kernel_makes_it(run, tmp_path):
    sys_tree(tmp_path / "sys")
    got = profile(run, tmp_path / "sys")
    assert got["source"] == "sys" and got["machine"] == {"vendor": "Example Inc.", "model": "7490"}
    ids = [d["hardware_ids"] for d in got["devices"]]
    assert ids[0][0] == "PCI\\VEN_8086&DEV_9D2F&SUBSYS_075B1028&REV_21"
    assert "PCI\\CC_0C0330&DT_9" in got["devices"][0]["compatible_ids"]
    assert ids[1] == ["USB\\VID_046D&PID_C52B&REV_1211", "USB\\VID_046D&PID_C52B"] and got["devices"][1]["compatible_ids"][-1] == "USB\\COMPOSITE"
    assert ids[3] == ["USB\\VID_046D&PID_C52B&REV_1211&MI_01", "USB\\VID_046D&PID_C52B&MI_01"]
    assert ids[4] == ["ACPI\\VEN_PNP&DEV_0C0A", "ACPI\\PNP0C0A", "*PNP0C0A"] and got["devices"][4]["compatible_ids"] == ["ACPI\\XMPL0001", "XMPL0001"]
    assert ids[5] == ["HID\\VID_046D&PID_C52B&REV_1211&MI_01&Col01", "HID\\VID_046D&PID_C52B&MI_01&Col01", "HID\\VID_046D&UP:0001_U:0002",
                      "HID_DEVICE_SYSTEM_MOUSE", "HID_DEVICE_UP:0001_U:0002", "HID_DEVICE"]
    assert ids[6][3] == "HID_DEVICE_SYSTEM_CONSUMER" and len(ids) == 7


ENUM = r"""Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SYSTEM\Select]
"Default"=dword:00000002

[HKEY_LOCAL_MACHINE\SYSTEM\ControlSet002\Enum\PCI\VEN_15AD&DEV_0405\3&61aaa01&0&78]
"HardwareID"=hex(7):%s
"CompatibleIDs"=hex(7):%s
"DeviceDesc"="@oem3.inf,%%svga%%;Example; SVGA"
"ClassGUID"="{4d36e968-e325-11ce-bfc1-08002be10318}"
"Mfg"="Example"

[HKEY_LOCAL_MACHINE\SYSTEM\ControlSet002\Enum\SW\none\0]
"DeviceDesc"="no ids"

[HKEY_LOCAL_MACHINE\SYSTEM\ControlSet002\Control\SystemInformation]
"SystemManufacturer"="Example Inc."
"SystemProductName"="Model 1"
"""


def multi(*texts):
    return ",".join(f"{b:02x}" for b in ("\0".join(texts) + "\0\0").encode("utf-16-le"))


def test_a_hive_and_the_image_that_has_it(run, tmp_path):
    reg = ENUM % (multi("PCI\\VEN_15AD&DEV_0405&SUBSYS_040515AD&REV_00", "PCI\\VEN_15AD&DEV_0405&SUBSYS_040515AD"), multi("PCI\\CC_0300"))
    put(tmp_path / "e.reg", reg)
    system = tmp_path / "image/Windows/System32/config/SYSTEM"
    system.parent.mkdir(parents=True)
    assert run("reg", "create", system).code == 0
    r = run("reg", "import", system, tmp_path / "e.reg")
    assert r.code == 0, r
    got = profile(run, system)
    assert got["source"] == "hive" and got["machine"]["model"] == "Model 1" and len(got["devices"]) == 1
    device = got["devices"][0]
    assert device["hardware_ids"][1] == "PCI\\VEN_15AD&DEV_0405&SUBSYS_040515AD" and device["compatible_ids"] == ["PCI\\CC_0300"]
    assert device["name"] == "SVGA" and device["instance"] == "PCI\\VEN_15AD&DEV_0405\\3&61aaa01&0&78"
    r = run("wim", "capture", tmp_path / "image", tmp_path / "i.wim")
    assert r.code == 0, r
    assert profile(run, f"{tmp_path}/i.wim:1")["devices"] == got["devices"]


def test_what_is_no_hardware_is_refused_with_the_cure(run, tmp_path):
    bad = ROOT / "tests/bad/hardware"
    for name, _, _, code in re.findall(r"- (\S+): ((.*) -> (\w+))", (bad / "README.md").read_text()):
        r = run("driver", "profile", bad / name)
        assert r.code != 0 and name in r.err and r.out == "", r
    r = run("driver", "profile", bad / "noids.txt")
    assert "/ids" in r.err and r.code == 4, r
    r = run("driver", "profile", tmp_path / "absent")
    assert r.code == 1 and "absent" in r.err, r
