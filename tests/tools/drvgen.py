# SPDX-License-Identifier: Apache-2.0
"""Makes driver packages for tests: an INF, files, and a catalogue that covers them, signed by a certificate of its own root."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import catgen as g  # noqa: E402

VIOSTOR = """[Version]
Signature = "$Windows NT$"
Class = SCSIAdapter
ClassGUID = {4D36E97B-E325-11CE-BFC1-08002BE10318}
Provider = %%VENDOR%%
DriverVer = 07/10/2023,%(version)s
CatalogFile = viostor.cat
PnpLockdown = 1

[SourceDisksNames]
1 = %%Disk%%,,,""

[SourceDisksFiles]
viostor.sys = 1,,

[DestinationDirs]
Files = 12

[Manufacturer]
%%VENDOR%% = Models,%(decorations)s

%(models)s

[Files]
viostor.sys,,,2

[Install]
CopyFiles = Files

[Install.Services]
AddService = viostor, 0x00000002, Service, Events

[Install.HW]
AddReg = Hardware

[Service]
ServiceType = 1
StartType = 0
ErrorControl = 1
ServiceBinary = %%12%%\\viostor.sys
LoadOrderGroup = SCSI miniport
AddReg = Parameters

[Events]
AddReg = EventValues

[EventValues]
HKR,,EventMessageFile,0x00020000,"%%%%SystemRoot%%%%\\System32\\IoLogMsg.dll"
HKR,,TypesSupported,0x00010001,7

[Parameters]
HKR, "Parameters\\PnpInterface", "5", 0x00010001, 0x00000001
HKR, "Parameters", "BusType", 0x00010001, %(bus)s

[Hardware]
HKR, "Interrupt Management",, 0x00000010
HKR, "Interrupt Management\\MessageSignaledInterruptProperties",, 0x00000010
HKR, "Interrupt Management\\MessageSignaledInterruptProperties", MSISupported, 0x00010001, 1

[Strings]
VENDOR = "Test, Inc."
Disk = "Disk"
Device = "Test VirtIO SCSI controller"
"""
MODELS = """[Models.%s]
%%Device%% = Install, PCI\\VEN_1AF4&DEV_1001&SUBSYS_00021AF4&REV_00, PCI\\VEN_1AF4&DEV_1001
%%Device%% = Install, PCI\\VEN_1AF4&DEV_1042&SUBSYS_11001AF4&REV_01, PCI\\VEN_1AF4&DEV_1042
"""
NETKVM = """[Version]
Signature = "$Windows NT$"
Class = Net
ClassGUID = {4D36E972-E325-11CE-BFC1-08002BE10318}
Provider = "Test, Inc."
DriverVer = 07/10/2023,%(version)s
CatalogFile = netkvm.cat

[SourceDisksNames]
1 = "Disk"

[SourceDisksFiles]
netkvm.sys = 1

[DestinationDirs]
DefaultDestDir = 13

[Manufacturer]
"Test, Inc." = Models,NTamd64

[Models.NTamd64]
"Test network" = Install, PCI\\VEN_1AF4&DEV_1000

[Install.NT]
CopyFiles = @netkvm.sys

[Install.NT.Services]
AddService = netkvm, 2, Service

[Service]
ServiceType = 1
StartType = 3
ErrorControl = 1
ServiceBinary = %%13%%\\netkvm.sys
"""


def viostor(decorations="NTamd64", version="100.94.104.24800", bus="1"):
    models = "\n".join(MODELS % d for d in decorations.split(","))
    return VIOSTOR % {"version": version, "decorations": decorations, "models": models, "bus": bus}


def netkvm(version="100.94.104.24800"):
    return NETKVM % {"version": version}


class Maker:
    """A root and a maker of drivers whose certificate it signed; keys lie in the folder."""

    def __init__(self, folder):
        self.root = g.Id(folder, "Test Root", ca=True, days=20000)
        self.maker = g.Id(folder, "Test Maker", self.root, usages=["codeSigning"], days=20000)

    def catalogue(self, *contents, os_attr="2:10.0"):
        return g.signed(g.ctl([g.member(c, os_attr=os_attr) for c in contents]), self.maker, [self.maker, self.root])

    def package(self, folder, inf_name, inf, files, os_attr="2:10.0"):
        """Writes the package; its INF has CRLF line ends."""
        folder.mkdir(parents=True, exist_ok=True)
        text = inf.replace("\n", "\r\n").encode()
        (folder / inf_name).write_bytes(text)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        (folder / (inf_name[:-4] + ".cat")).write_bytes(self.catalogue(text, *files.values(), os_attr=os_attr))
        return folder

    def viostor(self, folder, os_attr="2:10.0", text=b"viostor", **how):
        return self.package(folder, "viostor.inf", viostor(**how), {"viostor.sys": g.program(text)}, os_attr)

    def netkvm(self, folder, **how):
        return self.package(folder, "netkvm.inf", netkvm(**how), {"netkvm.sys": g.program(b"netkvm")})
