# SPDX-License-Identifier: Apache-2.0
"""wingo inf check: each code that is checked has a file here that has it, and only what comes with it."""
import json
import re
import sys

import pytest

from conftest import ROOT, needs

sys.path.insert(0, str(ROOT / "tests/tools"))
import catgen  # noqa: E402

GOOD = r"""[Version]
Signature = "$Windows NT$"
Class = Net
ClassGuid = {4d36e972-e325-11ce-bfc1-08002be10318}
Provider = %Vendor%
CatalogFile = net.cat
DriverVer = 11/28/2026,1.2.3.4
PnpLockdown = 1

[Manufacturer]
%Vendor% = Models,NTamd64.10.0...16299

[Models.NTamd64.10.0...16299]
%Card% = Install,PCI\VEN_1234&DEV_5678

[Install]
CopyFiles = Files
AddReg = Reg

[Install.HW]
AddReg = Hw

[Install.Services]
AddService = net,2,Service,Events

[Files]
net.sys

[Reg]
HKR,,Speed,0x00010001,5

[Hw]
HKR,,Idle,0x00010001,1

[Service]
DisplayName = %Card%
ServiceType = 1
StartType = 3
ErrorControl = 1
ServiceBinary = %13%\net.sys
AddReg = Params

[Params]
HKR,Parameters,Level,0x00010001,1

[Events]
AddReg = EventReg

[EventReg]
HKR,,TypesSupported,0x00010001,7

[SourceDisksNames]
1 = %Disk%

[SourceDisksFiles]
net.sys = 1

[DestinationDirs]
DefaultDestDir = 13

[Strings]
Vendor = "Example"
Card = "Card"
Disk = "Disk"
"""
SECOND = r"""%Card% = Install,PCI\VEN_1234&DEV_5678
%Card% = Other,PCI\VEN_1234&DEV_9999

[Other]
CopyFiles = Files

[Other.Services]
AddService = """
EXT = [("Class = Net", "Class = Extension"), ("{4d36e972-e325-11ce-bfc1-08002be10318}", "{e2f84ce7-8efa-411c-aa69-97454ca4cb57}\nExtensionId = {12345678-1234-1234-1234-123456789012}"),
       ("net,2,", "net,0,")]
REG = "HKR,,Speed,0x00010001,5"
SVC = "AddService = net,2,Service,Events"
INBOX = '[Version]\nSignature="$Windows NT$"\n[In]\n[In.Services]\nAddService=in,2,InSvc\n[InSvc]\nServiceType=1\n[Files.In]\nx.sys\n'


def swap(*pairs):
    return lambda t: _swap(t, pairs)


def _swap(text, pairs):
    for a, b in pairs:
        assert a in text, a
        text = text.replace(a, b, 1)
    return text


def add(*blocks):  # sections at the end, and lines behind a given one
    return lambda t: t + "".join("\n" + b + "\n" for b in blocks)


def both(*fs):
    def go(t):
        for f in fs:
            t = f(t)
        return t
    return go


def one(a, b):
    return swap((a, b))


def sub(suffix, lines, *more):
    return add(f"[Install.{suffix}]\n{lines}", *more)


# code: (what is made of GOOD, text of the line it stands at, what comes with it, options)
CASES = {
    1001: (one('"$Windows NT$"', '"$Windows 3.1$"'), "3.1", [], []),
    1002: (one("[Reg]", "[Reg"), "[Reg", [], []),
    1005: (sub("Filters", "AddFilter = f,,"), "AddFilter", [], []),
    1008: (one("net.sys = 1", "net.sys = x"), "net.sys = x", [], []),
    1010: (one("{4d36e972-e325", "{4d36e972e325"), "ClassGuid", [], []),
    1011: (one("= Models,NTamd64.10.0...16299", "="), "%Vendor% =", [1297] + [2083] * 11, []),
    1019: (sub("Interfaces", "AddInterface = {x},,"), "AddInterface", [], []),
    1081: (sub("Filters", "AddFilter = f,,F", "[F]\nFilterPosition = Middle"), "Middle", [], []),
    1084: (sub("Wdf", "KmdfService = net,K", "[K]\nOther = 1"), "[K]", [], []),
    1086: (sub("Components", "AddComponent = a,,C\nAddComponent = A,,C", "[C]\nComponentIDs = VID0001"), "= A,", [], []),
    1101: (one("\nnet.sys\n", '\nnet.sys,,,,"D:P(A;;GA;;;SY)"\n'), "D:P", [], []),
    1087: (sub("Filters", "AddFilter = f,,F", "[F]\nFilterPosition = Upper\nFilterLevel = x"), "FilterPosition", [], []),
    1088: (one("StartType = 3", "StartType = 3\nStartType  = 2"), "StartType  ", [], []),
    1100: (one("\nnet.sys\n", "\nother.sys,net.sys\n"), "other.sys,", [2084], []),
    1102: (both(one("AddReg = Reg\n", "AddReg = Reg\nRenFiles = Ren\n"), add("[Ren]\na.sys,b.sys")), "RenFiles", [1308], []),
    1110: (one("AddReg = Reg\n", "AddReg = Reg\nCopyINF = x.sys\n"), "CopyINF", [], []),
    1141: (sub("Software", "AddSoftware = s,,S", "[S]\nSoftwareType = 1\nSoftwareBinary = C:\\x.exe"), "C:\\x.exe", [1144], []),
    1144: (sub("Software", "AddSoftware = s,,S", "[S]\nSoftwareType = 1\nSoftwareBinary = %13%\\x.exe"), "SoftwareType", [], []),
    1142: (sub("Software", "AddSoftware = s,,S", "[S]\nSoftwareType = 1"), "SoftwareType", [], []),
    1150: (sub("Components", "AddComponent = a\\b,,C", "[C]\nComponentIDs = VID0001"), "AddComponent", [], []),
    1160: (sub("COM", "AddComServer = s,,C", "[C]\nServerType = 1\nAddComClass = {12345678-1234-1234-1234-123456789012},,K\n[K]\nThreadingModel = Odd"), "Odd", [], []),
    1201: (one("net.sys = 1", "net.sys = 1,,5,6"), ",5,6", [], []),
    1202: (one("AddReg = Reg\n", "AddReg = Reg\nInclude = absent.inf\n"), "Include", [], ["--include=INF"]),
    1203: (one("AddReg = Reg\n", "AddReg = Reg,Absent\n"), "Absent", [], []),
    1204: (one('"Example"', '"Microsoft Corporation"'), "Provider", [], []),
    1205: (one("AddReg = Reg\n", "AddReg = Reg\nDelReg = Reg\n"), "DelReg", [1308], []),
    1206: (one("AddReg = Reg\n", "AddReg = Reg,Files\n"), "Reg,Files", [], []),
    1209: (add("[Reg]\nHKR,,More,,x"), "[Reg]", [], []),
    1211: (one(SVC, SVC + "\nAddService = two,2,Service"), "= two", [], []),
    1212: (add("[DefaultInstall.NTamd64]\nAddReg = Reg"), "[DefaultInstall", [], []),
    1213: (one("net.sys = 1", "net.sys = 1\nnet.cat = 1"), "net.cat = 1", [], []),
    1214: (one("net.cat", "net.txt"), "net.txt", [], []),
    1217: (one("1.2.3.4", "1.2.70000.4"), "DriverVer", [], []),
    1218: (one("11/28/2026", "28/11/2026"), "DriverVer", [], []),
    1220: (both(one("CopyFiles = Files", "CopyFiles = Files,Files.In\nInclude = in.inf")), "Files.In", [], ["--include=INF"]),
    1222: (one(REG, "HKLM,SYSTEM\\Setup,x,,y"), "HKLM", [1304], []),
    1224: (one(REG, "HKXX,,x,,y"), "HKXX", [], []),
    1229: (one("\nnet.sys\n", "\nnet.sys\n,net.sys\n"), "\n,net.sys", [], []),
    1230: (one("net.sys = 1", "other.sys = 1"), "\nnet.sys", [], []),
    1231: (one("net.sys = 1", "net.sys = 1\nnet.sy_ = 1"), "net.sy_", [], []),
    1233: (one("CatalogFile = net.cat\n", ""), "[Version]", [], []),
    1234: (one("Class = Net\n", ""), "[Version]", [], []),
    1235: (one(REG, "HKR,,Text,,%Absent%"), "%Absent%", [], []),
    1241: (one("DefaultDestDir = 13", "DefaultDestDir = 40000"), "40000", [1306, 2084], []),
    1242: (one("DefaultDestDir = 13", "DefaultDestDir = 99"), "DefaultDestDir", [1306, 2084], []),
    1243: (one("DefaultDestDir = 13", "DefaultDestDir = %13%"), "%13%\n", [2084], []),
    1245: (one("AddReg = Reg\n", "AddReg = Reg\nFeatureScore = 1FF\n"), "1FF", [], []),
    1250: (one(SVC, SVC + ",Log"), ",Log", [], []),
    1251: (one("StartType = 3", "StartType = 4"), "AddService", [], []),
    1252: (swap(("ServiceType = 1", "ServiceType = 0x10"), ("StartType = 3", "StartType = 0")), "AddService", [], []),
    1253: (one(SVC, SVC + "\nAddService = ,0"), ",0", [], []),
    1254: (one("%13%\\net.sys", "%13%\\a b\\net.sys"), "ServiceBinary", [2084], []),
    1257: (one(REG, "HKR,,Text,,C:\\Windows\\x"), "C:\\Windows", [], []),
    1258: (one(REG, "HKR,,Text,,%11%\\x.dll"), "%11%", [], []),
    1260: (one("ErrorControl = 1", "ErrorControl = x"), "ErrorControl", [], []),
    1261: (one("= Install,", "= Absent,"), "= Absent", [2083] * 8, []),
    1262: (both(one("AddReg = Reg\n", "AddReg = Reg\nBitReg = Bits\n"), add("[Bits]\nHKR,,Flags,0,0x100,1")), "0x100", [1308], []),
    1263: (one(REG, "HKR,,List,0x00070001,41,00"), "List", [], []),
    1264: (one(REG, "HKR,,Odd,0x00040000,5"), "Odd", [], []),
    1265: (one(REG, "HKR,,Odd,0x00000008,5"), "Odd", [], []),
    1266: (one("AddReg = Reg\n", "AddReg = Reg\nDelReg = Del\n"), "HKR,,List", [1308], [], "\n[Del]\nHKR,,List,0x00018002\n"),
    1267: (one(REG, "HKR,,Odd,1,00,100"), "Odd", [], []),
    1268: (one(REG, "HKR,,Odd,0x00010001,five"), "Odd", [], []),
    1271: (one("= Install,", "= ,"), "= ,", [2083] * 8, []),
    1272: (one(SVC, SVC + "\nAddService = ,2,Service"), ",2,Service\n", [], []),
    1273: (one("net.sys = 1", "net.sys = 2"), "net.sys = 2", [], []),
    1274: (one("NTamd64.10.0...16299\n", "NTamd64.10.0...16299,NT$ARCH$\n"), "$ARCH$", [1287], []),
    1275: (one("DefaultDestDir = 13", "Others = 13"), "CopyFiles", [2084], []),
    1280: (one("Class = Net", "Class = System"), "Class =", [], []),
    1281: (one("{4d36e972-", "{4d36e900-"), "ClassGuid", [], []),
    1284: (swap(("Class = Net", "Class = Computer"), ("{4d36e972-", "{4d36e966-")), "Class =", [], []),
    1285: (add("[ClassInstall32]\nAddReg = Reg"), "[ClassInstall32]", [], []),
    1286: (swap(("Class = Net", "Class = " + "x" * 32), ("{4d36e972-", "{4d36e900-")), "Class =", [], []),
    1287: (one("NTamd64.10.0...16299\n", "NTamd64.10.0...16299,NTmips\n"), "NTmips", [], []),
    1288: (swap(("NTamd64.10.0...16299\n", "NTamd64.10.0...10240\n"), ("NTamd64.10.0...16299]", "NTamd64.10.0...10240]")), "Vendor% = M", [], []),
    1289: (one("ErrorControl = 1\n", ""), "[Service]", [], []),
    1290: (one("ErrorControl = 1", "ErrorControl = 1\nColour = red"), "Colour", [], []),
    1294: (one('Disk = "Disk"', 'Disk = "Disk"\ndisk = "again"'), "disk =", [], []),
    1295: (add('[Strings.0407]\nVendor = "Beispiel"'), "[Strings.0407]", [], []),
    1296: (one("net,2,", "net,0,"), "DEV_5678", [], []),
    1297: (swap(("[Manufacturer]\n%Vendor% = Models,NTamd64.10.0...16299\n", "")), "[Version]", [2083] * 12, []),
    1301: (both(one("AddReg = Reg\n", "AddReg = Reg\nRegisterDlls = Dlls\n"), add("[Dlls]\n11,,x.dll,1")), "RegisterDlls", [], []),
    1303: (sub("CoInstallers", "AddReg = Co", '[Co]\nHKR,,CoInstallers32,0x00010000,"x.dll"'), "CoInstallers32", [], []),
    1304: (one(REG, "HKLM,Software\\X,y,,z"), "HKLM", [], []),
    1305: (one(REG, "HKR,,List,0x00010008,x"), "List", [], []),
    1306: (swap(("DefaultDestDir = 13", "DefaultDestDir = 23"), ("%13%", "%23%")), "CopyFiles", [], []),
    1307: (both(one("AddReg = Reg\n", "AddReg = Reg\nLogConfig = Log\n"), add("[Log]\nConfigPriority = NORMAL")), "LogConfig", [], []),
    1308: (one("AddReg = Reg\n", "AddReg = Reg\nDelReg = Del\n"), "DelReg", [], [], "\n[Del]\nHKR,,x\n"),
    1309: (both(one("AddReg = Reg\n", "AddReg = Reg\nDelFiles = Del\n"), swap(("DefaultDestDir = 13", "DefaultDestDir = 13\nDel = 12")), add("[Del]\nold.sys")), "old.sys", [1308], []),
    1310: (both(one("AddReg = Reg\n", "AddReg = Reg\nNeeds = N.HW\n"), add("[N.HW]\nAddReg = Hw")), "Needs", [], []),
    1311: (both(one("AddReg = Hw\n", "AddReg = Hw\nNeeds = N\n"), add("[N]\nAddReg = Hw")), "Needs", [], []),
    1312: (both(one("AddReg = Reg\n", "AddReg = Reg\nNeeds = N\n"), add("[N]\nNeeds = M.HW\n[M.HW]\nAddReg = Hw")), "M.HW", [], []),
    1313: (both(one("AddReg = Hw\n", "AddReg = Hw\nNeeds = N.HW\n"), add("[N.HW]\nNeeds = M\n[M]\nAddReg = Hw")), "= M\n", [], []),
    1314: (both(one("AddReg = Reg\n", "AddReg = Reg\nNeeds = In\n"), one("AddReg = Hw\n", "AddReg = Hw\nInclude = in.inf\n")), "Needs", [], ["--include=INF"]),
    1315: (one("AddReg = Reg\n", "AddReg = Reg\nNeeds = Absent\n"), "Needs", [], []),
    1316: (one("AddReg = Reg\n", "AddReg = Reg\nNeeds = Absent.NTamd64\n"), "Needs", [], ["--include=INF"]),
    1319: (swap(("AddReg = Reg\n", "AddReg = Reg\nInclude = in.inf\n"), (SVC, SVC + "\nNeeds = In.Services")), "Needs", [], ["--include=INF"]),
    1320: (one(REG, "HKLM,Software\\X"), "HKLM", [], ["--mode=windows"]),
    1321: (one(REG, "HKLM,Software\\X,y,,z"), "HKLM", [], ["--mode=windows"]),
    1322: (swap(("DefaultDestDir = 13", "DefaultDestDir = 12"), ("%13%", "%12%")), "CopyFiles", [], ["--mode=windows"]),
    1323: (one("HKR,Parameters,", "HKR,,"), "Level", [], ["--mode=windows"]),
    1324: (one("PnpLockdown = 1", "PnpLockdown = 0"), "PnpLockdown", [], []),
    1325: (one(REG, "HKCR,CLSID\\{x}\\LocalServer32,,,y.exe"), "HKCR", [], []),
    1329: (one("HKR,,Idle,0x00010001,1", "HKR,,UpperFilters,0x00010000,f"), "UpperFilters", [], ["--mode=windows"]),
    1330: (swap(("\nnet.sys\n", "\nnet.sys,a.sys\nnet.sys,b.sys\n"), ("net.sys = 1", "a.sys = 1\nb.sys = 1"), ("DefaultDestDir = 13", "DefaultDestDir = 12"),
                ("%13%", "%12%")), "net.sys,b.sys", [9001], []),
    1331: (both(one(REG, "HKLM,Software\\X,y,,1"), one("%Card% = Install,PCI\\VEN_1234&DEV_5678", SECOND + "net,2,Service"),
                one("[Other]\n", "[Other]\nAddReg = R2\n"), add("[R2]\nHKLM,Software\\X,y,,2")), ",y,,2", [1304, 1304], []),
    1332: (both(one("%Card% = Install,PCI\\VEN_1234&DEV_5678", SECOND + "net,2,Service2"),
                add("[Service2]\nServiceType = 1\nStartType = 3\nErrorControl = 1\nServiceBinary = %13%\\net.sys\nAddReg = P2\n[P2]\nHKR,Parameters,Level,0x00010001,2")),
           "0x00010001,2", [], []),
    1333: (both(one("%Card% = Install,PCI\\VEN_1234&DEV_5678", SECOND + "net,2,Service2"),
                add("[Service2]\nServiceType = 1\nStartType = 0\nErrorControl = 1\nServiceBinary = %13%\\net.sys")), "AddService = net,2,Service,", [], []),
    1340: (swap(("DefaultDestDir = 13", "DefaultDestDir = 17"), ("%13%", "%17%")), "CopyFiles", [1322], ["--mode=windows"]),
    1380: (swap(*EXT, ("{12345678-", "{1234567-")), "ExtensionId", [], []),
    1381: (swap(*EXT, ("ExtensionId =", "Extension ID =")), "[Version]", [], []),
    1382: (both(swap(*EXT), sub("FactDef", "ConfigPriority = NORMAL")), "[Install.FactDef]", [1307], []),
    1383: (swap(*EXT, ("net,0,", "net,2,")), "AddService", [], []),
    1384: (swap(*EXT, ("HKR,,Idle,0x00010001,1", "HKR,,UpperFilters,0x00010000,f")), "UpperFilters", [], []),
    1400: (sub("Wdf", "UmdfService = net,K\nUmdfServiceOrder = other", "[K]\nUmdfLibraryVersion = 2.15.0"), "UmdfService =", [], []),
    1402: (sub("Wdf", "UmdfService = net,K\nUmdfServiceOrder = net", "[K]\nUmdfLibraryVersion = 1.11.0"), "1.11.0", [], ["--mode=windows"]),
    1421: (both(swap(("[Manufacturer]\n%Vendor% = Models,NTamd64.10.0...16299\n", ""), ("[Models.NTamd64.10.0...16299]\n%Card% = Install,PCI\\VEN_1234&DEV_5678\n", "")),
                lambda t: t.replace("[Install", "[DefaultInstall")), "[DefaultInstall]", [1423], []),
    1422: (both(swap(("[Manufacturer]\n%Vendor% = Models,NTamd64.10.0...16299\n", ""), ("[Models.NTamd64.10.0...16299]\n%Card% = Install,PCI\\VEN_1234&DEV_5678\n", "")),
                lambda t: t.replace("[Install", "[DefaultInstall.NTamd64"), add("[DefaultUninstall.NTamd64]\nDelService = net")), "[DefaultUninstall", [], []),
    1423: None,  # with 1421
    2006: (one("net,2,Service,", "net,2,Absent,"), "AddService", [2083, 2083], []),
    2008: (both(one("AddReg = Reg\n", "AddReg = Reg\nInclude = in.inf\nNeeds = In\n"), add("[In]\nAddReg = Reg")), "[In]", [], ["--include=INF"]),
    2010: (swap(("NTamd64.10.0...16299\n", "NTx86.10.0\n"), ("[Models.NTamd64.10.0...16299]", "[Models]\n[Models.NTx86.10.0]\n%Card% = Install,PCI\\X\n[Models]")), "[Models]", [1209], []),
    2083: (add("[Alone]\nx = y"), "[Alone]", [], []),
    2084: (one("%13%\\net.sys", "%13%\\other.sys"), "ServiceBinary", [], []),
    2085: (one("%13%\\net.sys", "System32\\net.sys"), "ServiceBinary", [], []),
    2405: (add("[DefaultInstall.NetDrivers]\nx = y"), "[DefaultInstall.NetDrivers]", [1212], []),
    2660: (one(REG, "HKCR,AudioEngine\\X,,,y"), "HKCR", [], ["--mode=windows"]),
    9001: (one("net.sys = 1", "net.sys = 1,amd64"), "\nnet.sys", [1100], []),
    9002: (one("net.cat", "other.cat"), "other.cat", [], []),
    9003: (lambda t: t, "[Manufacturer]", [], ["--for=10.0.14393"]),
    9004: (one(REG, 'HKR,,Text,,"open'), '"open', [], []),
    9005: (one('"Disk"', '"Di\0sk"'), "Di\0sk", [], []),
}


@pytest.fixture
def check(run, tmp_path):
    """check(text, *options) -> (Result, findings of the file)."""
    (tmp_path / "INF").mkdir()
    (tmp_path / "INF/in.inf").write_text(INBOX)
    (tmp_path / "p").mkdir()
    (tmp_path / "p/net.sys").write_bytes(b"x")

    def go(text, *options, encoding="utf-8"):
        inf = text.replace("\n", "\r\n").encode(encoding)
        content = catgen.ctl([catgen.member(inf), catgen.member(b"x")])
        (tmp_path / "p/net.inf").write_bytes(inf)
        (tmp_path / "p/NET.CAT").write_bytes(catgen.unsigned(content))  # nobody signed it
        r = run("inf", "check", "p/net.inf", *options, "--json", cwd=tmp_path)
        [found] = json.loads(r.out)["files"]
        return r, found["findings"]
    return go


def test_a_good_package_has_nothing_wrong(check):
    for mode in ("basic", "universal", "windows"):
        r, found = check(GOOD, "--mode=" + mode, "--for=10.0.26100", "--arch=amd64", "--include=INF")
        assert r.code == 0 and found == [], r


@pytest.mark.parametrize("code", [c for c in CASES if CASES[c]])
def test_each_code_is_found_where_it_is(check, code):
    make, where, also, options = CASES[code][:4]
    text = make(GOOD) + (CASES[code][4] or "" if len(CASES[code]) > 4 else "")
    r, found = check(text, *options or [])
    mine = [f for f in found if f["code"] == code]
    told = [(f["code"], f["line"], f["text"]) for f in found]
    assert mine, told
    assert sorted({f["code"] for f in found} - {code}) == sorted(set(also)), told
    line = text[:text.index(where) + (1 if where[0] == "\n" else 0)].count("\n") + 1
    assert line in [f["line"] for f in mine], (line, told)
    errors = [f for f in found if f["level"] == "error"]
    assert r.code == (4 if errors else 0), r


def test_every_code_that_is_checked_has_a_case(run):
    codes = json.loads(run("inf", "codes", "--json").out)["codes"]
    assert {c["code"] for c in codes if c["checked"]} == set(CASES) | {1000, 1003, 9006}
    assert len([c for c in codes if c["code"] < 9000]) == 202


def test_levels_depend_on_the_mode(check):
    text = _swap(GOOD, [("PnpLockdown = 1\n", "")])
    levels = [check(text, "--mode=" + m)[1][0]["level"] for m in ("basic", "universal", "windows")]
    assert levels == ["warning", "warning", "error"]
    text = _swap(GOOD, [(REG, "HKLM,Software\\X,y,,z")])
    for mode, code, level in (("basic", 1304, "warning"), ("universal", 1304, "error"), ("windows", 1321, "error")):
        [f] = check(text, "--mode=" + mode)[1]
        assert (f["code"], f["level"]) == (code, level)


def test_encodings(check):
    text = _swap(GOOD, [('"Disk"', '"Größe"')])
    assert check(text, encoding="latin-1")[1] == check(text, encoding="utf-16")[1] == []
    [f] = check(text, encoding="utf-8-sig")[1]
    assert (f["code"], f["line"], f["level"]) == (1003, 1, "error")
    [f] = check(text, encoding="utf-8")[1]
    assert f["code"] == 9005 and "UTF-8" in f["text"]
    [f] = check("\ufeff" + text, encoding="utf-16-be")[1]
    assert f["code"] == 1003 and "UTF-16 BE" in f["text"]


def test_files_and_folders(run, tmp_path, check):
    check(GOOD)
    (tmp_path / "p/sub").mkdir()
    (tmp_path / "p/sub/BAD.Inf").write_text("[Version\n")
    (tmp_path / "p/sub/other.txt").write_text("x")
    r = run("inf", "check", "p", "absent.inf", cwd=tmp_path)
    assert r.code == 4 and r.out.splitlines() == [
        "p/sub/BAD.Inf:1:1: error 1002: the ']' of the section's name is missing", "absent.inf:1:1: error 1000: there is no such file"], r
    assert "3 files: 2 errors, 0 warnings" in r.err, r
    (tmp_path / "empty").mkdir()
    r = run("inf", "check", "empty", cwd=tmp_path)
    assert r.code == 0 and "empty: no INF file is in that folder" in r.err, r
    r = run("inf", "check", "p/net.inf", "--mode=strict", cwd=tmp_path)
    assert r.code == 2 and "basic, universal, windows" in r.err, r
    (tmp_path / "p/net.sys").unlink()
    assert "error 9001: the file 'net.sys' is not there" in run("inf", "check", "p/net.inf", cwd=tmp_path).out
    assert run("inf", "check", "p/net.inf", "--no-files", cwd=tmp_path).out == ""


def test_what_the_catalogue_covers(run, tmp_path, check):
    needs("openssl")
    maker = catgen.Id(tmp_path, "Maker", usages=["codeSigning"])
    inf = GOOD.replace("\n", "\r\n").encode()
    (tmp_path / "p/NET.CAT").write_bytes(catgen.signed(catgen.ctl([catgen.member(inf), catgen.member(b"x")]), maker, []))
    (tmp_path / "p/net.inf").write_bytes(inf)
    r = run("inf", "check", "p", cwd=tmp_path)
    assert r.code == 0 and r.out == "", r
    (tmp_path / "p/net.sys").write_bytes(b"y")
    (tmp_path / "p/net.inf").write_bytes(GOOD.encode())
    r = run("inf", "check", "p", cwd=tmp_path)
    assert r.code == 4 and re.search(r"^p/net.inf:6:1: error 9006: net.inf: .*CRLF.*\np/net.inf:27:1: error 9006: net.sys: ", r.out), r
    assert len(r.out.splitlines()) == 2 and run("inf", "check", "p", "--no-files", cwd=tmp_path).out == "", r
    (tmp_path / "p/NET.CAT").write_bytes(b"no catalogue")
    r = run("inf", "check", "p", "--json", cwd=tmp_path)
    assert [(f["code"], f["line"]) for f in json.loads(r.out)["files"][0]["findings"]] == [(9006, 6)], r


def test_files_of_another_architecture_may_be_missing(check):
    text = _swap(GOOD, [("CatalogFile = net.cat", "CatalogFile.NTamd64 = net.cat\nCatalogFile.NTarm64 = arm.cat"),
                        ("NTamd64.10.0...16299\n", "NTamd64.10.0...16299,NTarm64\n"),
                        ("[Install]", "[Models.NTarm64]\n%Card% = Install,PCI\\VEN_1234&DEV_5678\n\n[Install]"),
                        ("[SourceDisksFiles]", "[SourceDisksFiles.arm64]\nnet.sys = 1,arm\n\n[SourceDisksFiles]"),
                        ("DefaultDestDir = 13", "DefaultDestDir = 12"), ("%13%", "%12%")])
    assert [f["code"] for f in check(text)[1]] == [9002, 9001]
    assert check(text, "--arch=amd64")[1] == []
    assert [f["code"] for f in check(text, "--arch=arm64")[1]] == [9002, 9001]


def test_codes_and_their_page(run):
    r = run("inf", "codes", "2084", "1230")
    assert r.code == 0 and [line.split()[:4] for line in r.out.splitlines()[1:]] == [
        ["2084", "warning", "warning", "error"], ["1230", "error", "error", "error"]], r
    r = run("inf", "codes", "1")
    assert r.code == 2 and "'1' is no code" in r.err, r
    page = (ROOT / "docs/inf-codes.md").read_text()
    assert run("inf", "codes", "--markdown").out in page, "build/wingo inf codes --markdown is not what docs/inf-codes.md has"
