# SPDX-License-Identifier: Apache-2.0
"""Synthetic bases: what `wingo wim synthetic` makes, and images built on each. Judges: wimlib, 7-Zip, hivex, NTFS-3G."""
import json
import re
import struct

import pytest

from conftest import needs, start

PRODUCTS = {"windows-7": ("amd64", "386"), "windows-10": ("amd64", "386", "arm64"), "windows-11": ("amd64", "arm64"),
            "server-2022": ("amd64",), "server-2025": ("amd64",)}
MADE = [(p, a) for p, arches in PRODUCTS.items() for a in arches]
HIVES = ["SYSTEM", "SOFTWARE", "DEFAULT", "SAM", "SECURITY", "COMPONENTS", "BCD-Template"]
GO = "package main\n\nfunc main() { println(\"hello\") }\n"


def ok(*argv, **more):
    r = start(argv, **more)
    assert r.code == 0, r
    return r.out


@pytest.fixture(scope="module")
def made(wingo, tmp_path_factory):
    """made(product, arch) -> the WIM."""
    folder = tmp_path_factory.mktemp("synthetic")

    def get(product, arch="amd64"):
        path = folder / f"{product}-{arch}.wim"
        if not path.exists():
            ok(wingo, "wim", "synthetic", product, path, "--arch", arch)
        return path
    return get


def hive(path):
    hivex = pytest.importorskip("hivex", reason="needs python3-hivex")
    return hivex.Hivex(str(path))


def at(h, path):
    node = h.root()
    for part in path.split("\\"):
        node = h.node_get_child(node, part)
        assert node is not None, (path, part)
    return node


def text(h, path, name):
    kind, data = h.value_value(h.node_get_value(at(h, path), name))
    assert kind in (1, 2), (path, name)
    return data.decode("utf-16le").rstrip("\0")


def walk(h, node):
    """(keys, values) below and with node; every value is read."""
    keys, values = 1, 0
    for v in h.node_values(node):
        h.value_value(v)
        values += 1
    for child in h.node_children(node):
        k, n = walk(h, child)
        keys, values = keys + k, values + n
    return keys, values


@pytest.mark.parametrize("product,arch", MADE)
@pytest.mark.slow
def test_wimlib_reads_all_of_it(wingo, made, tmp_path, product, arch):
    needs("wimlib-imagex")
    wim = made(product, arch)
    assert "successfully verified" in ok("wimlib-imagex", "verify", wim)
    again = tmp_path / "again.wim"
    ok(wingo, "wim", "synthetic", product, again, "--arch", arch)
    assert again.read_bytes() == wim.read_bytes()
    info = ok("wimlib-imagex", "info", wim)
    assert {"amd64": "x86_64", "386": "x86", "arm64": "ARM64"}[arch] in re.findall(r"Architecture: +(\S+)", info)
    kinds = set(re.findall(r"Installation Type: +(.+)", info))
    assert kinds == ({"Server", "Server Core"} if "server" in product else {"Client"})
    assert set(re.findall(r"Product Type: +(.+)", info)) == {"ServerNT" if "server" in product else "WinNT"}
    assert set(re.findall(r"System Root: +(.+)", info)) == {"WINDOWS"}
    assert all(re.findall(rf"{key}: +\S", info) for key in ("Build", "Service Pack Level", "Default Language", "Edition ID"))
    names = re.findall(r"^Name: +(.+)", info, re.M)
    assert len(names) >= 3 and len(set(names)) == len(names)
    ok("wimlib-imagex", "apply", wim, "1", tmp_path / "tree")
    wow = (tmp_path / "tree" / "Windows" / "SysWOW64" / "cmd.exe").exists()
    assert wow == (arch != "386") == (tmp_path / "tree" / "Program Files (x86)").is_dir()


def test_seven_zip_reads_it(made):
    needs("7z")
    assert "Everything is Ok" in ok("7z", "t", made("server-2025"))


@pytest.mark.parametrize("product", PRODUCTS)
def test_hivex_reads_every_hive(made, tmp_path, product):
    needs("wimlib-imagex")
    wim = made(product)
    ok("wimlib-imagex", "apply", wim, "2", tmp_path)
    config = tmp_path / "Windows" / "System32" / "config"
    names = HIVES + ([] if product == "windows-7" else ["DRIVERS"])
    sizes = {name: walk(h, h.root()) for name in names for h in [hive(config / name)]}
    user = hive(tmp_path / "Users" / "Default" / "NTUSER.DAT")
    assert walk(user, user.root())[0] > 20
    assert sizes["SYSTEM"][0] > 150 and sizes["SYSTEM"][1] > 300, sizes
    assert (config / "DRIVERS").exists() == (product != "windows-7")
    system, soft = hive(config / "SYSTEM"), hive(config / "SOFTWARE")
    has_database = system.node_get_child(system.root(), "DriverDatabase") is not None
    assert has_database == (product != "windows-7")
    for key in ("Default", "Current", "LastKnownGood"):
        assert system.value_value(system.node_get_value(at(system, "Select"), key)) == (4, struct.pack("<I", 1))
    environment = r"ControlSet001\Control\Session Manager\Environment"
    assert system.value_type(system.node_get_value(at(system, environment), "Path"))[0] == 2
    assert text(system, environment, "Path").startswith(r"%SystemRoot%\system32;%SystemRoot%;")
    jd = at(system, r"ControlSet001\Control\Lsa\JD")
    assert system.node_name(jd) == "JD"
    version = r"Microsoft\Windows NT\CurrentVersion"
    build = {"windows-7": "7601", "windows-10": "19045", "server-2022": "20348"}.get(product, "26100")
    assert text(soft, version, "CurrentBuild") == build
    info = ok("wimlib-imagex", "info", wim, "2")
    assert text(soft, version, "EditionID") == re.search(r"Edition ID: +(.+)", info).group(1)
    assert text(soft, version, "InstallationType") == re.search(r"Installation Type: +(.+)", info).group(1)


def test_links_and_attributes(made):
    """Reparse points, hard links, short names and descriptors, as wimlib reports them."""
    needs("wimlib-imagex")
    dump = ok("wimlib-imagex", "dir", made("windows-11"), "2", "--detailed")
    parts = {m.group(1): p for p in dump.split("-" * 76) for m in [re.search(r'Full Path += "(.*)"', p)] if m}
    assert re.search(r'Short Name += "PROGRA~2"', parts["/Program Files (x86)"])
    assert "Reparse Tag         = 0xa0000003" in parts["/Documents and Settings"]
    assert "Reparse Tag         = 0xa000000c" in parts["/Users/All Users"]
    for path in ("/ProgramData", "/Users/Default"):
        assert "FILE_ATTRIBUTE_HIDDEN is set" in parts[path]
    kernels = [p for path, p in parts.items() if path.endswith("/ntoskrnl.exe")]
    assert len(kernels) == 2 and all("Link Count          = 2" in p for p in kernels)
    assert len({re.search(r"Link Group ID += (\S+)", p).group(1) for p in kernels}) == 1
    assert not [path for path, p in parts.items() if not re.search(r"Security Descriptor = [0-9a-f]{40}", p)]
    assert len(parts) > 400


def ntfs(wim, index, tmp_path, size="192M"):
    volume = tmp_path / "ntfs.img"
    ok("truncate", "-s", size, volume)
    ok("mkntfs", "-F", "-Q", volume)
    ok("wimlib-imagex", "apply", wim, index, volume)
    return volume


PROJECT = """
version: 1
name: all
apps:
  agent: {dir: agent, targets: [windows/amd64, windows/386, windows/arm64], env: {CGO_ENABLED: "0"}}
images:
"""
IMAGE = r"""
  %s:
    base: {synthetic: %s}
    arch: %s
    apps:
      - app: agent
        to: 'C:\Program Files\Kiosk'
        path: true
        service: {name: KioskAgent, account: LocalService, event_source: true, failures: [{action: restart, delay: 5s}]}
        firewall: [{name: Kiosk, ports: "8080"}]
        uninstall: {name: Kiosk agent}
    files: [{from: data, to: 'C:\ProgramData\Kiosk'}]
    registry:
      - {key: 'HKLM\SOFTWARE\Policies\Kiosk', values: {Mode: single}}
      - {key: 'HKCU\Software\Kiosk', values: {Theme: dark}}
      - {key: 'HKU\.DEFAULT\Software\Kiosk', values: {Theme: light}}
    outputs: [wim]
"""


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    needs("go")
    p = tmp_path_factory.mktemp("project")
    (p / "agent").mkdir()
    (p / "data").mkdir()
    (p / "agent" / "go.mod").write_text("module example.com/agent\n\ngo 1.19\n")
    (p / "agent" / "main.go").write_text(GO)
    (p / "data" / "note.txt").write_text("note\n")
    (p / "wingo.yaml").write_text(PROJECT + "".join(IMAGE % (f"{n}-{a}", n, a) for n, a in MADE))
    return p


@pytest.mark.slow
def test_all_versions_take_all_servicing(run, everything, tmp_path):
    needs("wimlib-imagex")
    p = everything
    r = run("build", cwd=p, timeout=900)
    assert r.code == 0 and "warning" not in r.err, r
    first = {}
    for product, arch in MADE:
        image = p / "out" / f"{product}-{arch}.wim"
        assert "successfully verified" in ok("wimlib-imagex", "verify", image)
        tree = tmp_path / image.stem
        info = ok("wimlib-imagex", "info", image)
        pro = {"windows-7": "Windows 7 Professional", "windows-10": "Windows 10 Pro", "windows-11": "Windows 11 Pro"}
        name = pro.get(product, f"Windows Server {product[-4:]} Standard (Desktop Experience)")
        assert name in info
        ok("wimlib-imagex", "apply", image, name, tree)
        assert (tree / "ProgramData" / "Kiosk" / "note.txt").read_text() == "note\n"
        built = p / "out" / "agent" / f"windows-{arch}" / "agent.exe"
        assert (tree / "Program Files" / "Kiosk" / "agent.exe").read_bytes() == built.read_bytes()
        system = hive(tree / "Windows/System32/config/SYSTEM")
        service = r"ControlSet001\Services\KioskAgent"
        assert text(system, service, "ImagePath") == r'"C:\Program Files\Kiosk\agent.exe"'
        path = text(system, r"ControlSet001\Control\Session Manager\Environment", "Path")
        assert path.endswith(r";C:\Program Files\Kiosk") and path.count("Kiosk") == 1
        rules = r"ControlSet001\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"
        assert "LPort=8080" in text(system, rules, "wingo-Kiosk")
        at(system, r"ControlSet001\Services\EventLog\Application\KioskAgent")
        soft = hive(tree / "Windows/System32/config/SOFTWARE")
        assert text(soft, r"Policies\Kiosk", "Mode") == "single"
        assert text(soft, r"Microsoft\Windows\CurrentVersion\Uninstall\agent", "DisplayName") == "Kiosk agent"
        assert text(hive(tree / "Users/Default/NTUSER.DAT"), r"Software\Kiosk", "Theme") == "dark"
        assert text(hive(tree / "Windows/System32/config/DEFAULT"), r"Software\Kiosk", "Theme") == "light"
        first[image] = image.read_bytes()
    r = run("build", "--json", cwd=p, env={"XDG_CACHE_HOME": str(tmp_path / "other")}, timeout=900)
    assert r.code == 0 and json.loads(r.out), r
    for image, data in first.items():
        assert image.read_bytes() == data, f"{image.name}: a second build gives other bytes"


def test_descriptors_of_what_was_put_in(run, everything, tmp_path):
    """As NTFS has them: users may read the program and write nothing below Program Files."""
    needs("wimlib-imagex", "mkntfs", "ntfssecaudit")
    p = everything
    r = run("build", "image/windows-11-amd64", cwd=p, timeout=900)
    assert r.code == 0, r
    volume = ntfs(p / "out" / "windows-11-amd64.wim", "2", tmp_path)

    def acl(path):
        """(owner, the SIDs of the list)"""
        out = start(["ntfssecaudit", "-vv", volume, path]).out
        return re.search(r"O:dec (\S+)", out).group(1), set(re.findall(r" dec (\S+)", out))
    trusted = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
    assert acl("/Windows/System32/ntoskrnl.exe")[0] == trusted
    for path in ("/Program Files/Kiosk/agent.exe", "/ProgramData/Kiosk/note.txt", "/Program Files/Kiosk"):
        owner, sids = acl(path)
        assert owner == "S-1-5-32-544", path  # Administrators
        assert {"S-1-5-18", "S-1-5-32-544", "S-1-5-32-545"} <= sids and "S-1-1-0" not in sids, (path, sids)


def test_the_component_store_stays_whole(run, tmp_path):
    """A file that WinSxS links too is replaced under its own name only, with a warning; WinSxS itself is refused."""
    needs("wimlib-imagex")
    (tmp_path / "new.exe").write_text("mine\n")
    yaml = ("version: 1\nname: p\nimages:\n  a:\n    base: {synthetic: windows-10, image: Professional}\n"
            "    files: [{from: new.exe, to: '%s'}]\n    registry: [{key: 'HKCU\\Software\\Classes\\.x', values: {'': y}}]\n"
            "    outputs: [wim]\n")
    (tmp_path / "wingo.yaml").write_text(yaml % r"C:\Windows\System32\cmd.exe")
    r = run("build")
    assert r.code == 0 and "cmd.exe" in r.err and "warning" in r.err, r
    ok("wimlib-imagex", "apply", tmp_path / "out" / "a.wim", "Windows 10 Pro", tmp_path / "tree")
    windows = tmp_path / "tree" / "Windows"
    assert (windows / "System32" / "cmd.exe").read_text() == "mine\n"
    stored = list((windows / "WinSxS").glob("*/cmd.exe"))
    assert len(stored) == 1 and "Placeholder" in stored[0].read_text()
    classes = tmp_path / "tree" / "Users/Default/AppData/Local/Microsoft/Windows/UsrClass.dat"
    assert text(hive(classes), ".x", "") == "y"
    (tmp_path / "wingo.yaml").write_text(yaml % r"C:\Windows\WinSxS\x.exe")
    r = run("build")
    assert r.code != 0 and "component store" in r.err, r


def test_what_there_is_not(run, tmp_path):
    r = run("wim", "synthetic", "windows-12", "x.wim")
    assert r.code != 0 and "windows-7, windows-10, windows-11, server-2022, server-2025" in r.err, r
    r = run("wim", "synthetic", "windows-11", "x.wim", "--arch=386")
    assert r.code != 0 and "amd64 arm64" in r.err, r
    (tmp_path / "x.wim").write_text("mine")
    r = run("wim", "synthetic", "windows-11", "x.wim")
    assert r.code != 0 and (tmp_path / "x.wim").read_text() == "mine", r
    for image, arch, want in (("Windows 11 Ultimate", "amd64", "2 'Windows 11 Pro'"), ("2", "386", "amd64 arm64")):
        (tmp_path / "wingo.yaml").write_text(
            "version: 1\nname: p\nimages:\n  a:\n    base: {synthetic: windows-11, image: '%s'}\n    arch: '%s'\n"
            "    outputs: [wim]\n" % (image, arch))
        for command in ("check", "build"):
            r = run(command)
            assert r.code == (3 if command == "check" else 1) and want in r.out + r.err, r
