# SPDX-License-Identifier: Apache-2.0
"""The registry: `wingo reg` beside hivex, and edits of an image from the project file."""
import pytest

from conftest import needs, start

PROJECT = r"""
version: 1
name: shop
apps:
  agent:
    dir: agent
    targets: [windows/amd64]
images:
  shop:
    base: {dir: base}
    arch: amd64
    apps:
      - app: agent
        to: 'C:\Program Files\Shop Agent'
        path: true
        service:
          name: ShopAgent
          description: Keeps the shop open
          args: [--config, 'C:\Program Data\x "y"\']
          start: delayed
          account: 'NT SERVICE\ShopAgent'
          sid: unrestricted
          privileges: [SeChangeNotifyPrivilege]
          depends: [Tcpip]
          environment: {LEVEL: info}
          failures: [{action: restart, delay: 10s}, {action: reboot, delay: 1m}]
          event_source: true
          triggers: [network-up]
        firewall: [{name: Shop, ports: "80,8000-8010"}]
        uninstall: {name: Shop agent, publisher: Example}
    registry:
      - file: tweaks.reg
      - key: 'HKLM\SOFTWARE\Policies\Shop'
        values:
          Mode: single
          Retries: 3
          Big: 0x100000000
          On: true
          Servers: [a, b]
          Path: {type: expand_sz, value: '%SystemRoot%'}
          Blob: {type: binary, value: 00ff10}
          "": default
      - {key: 'HKLM\SOFTWARE\Policies\Shop', view: 32, values: {Only: x}}
      - {key: 'HKLM\SOFTWARE\Shop', view: 32, values: {Only: y}}
      - {key: 'HKCU\Software\Shop', values: {Theme: dark}}
      - {delete_key: 'HKLM\SOFTWARE\Old'}
    outputs: [wim]
"""
GO = "package main\n\nfunc main() { println(\"hello\") }\n"


def hive(run, path, *adds):
    path.parent.mkdir(parents=True, exist_ok=True)
    r = run("reg", "create", path)
    assert r.code == 0, r
    for key, *value in adds:
        r = run("reg", "add", path, key, *value)
        assert r.code == 0, r


@pytest.fixture
def shop(run, tmp_path):
    needs("go")
    p = tmp_path / "shop"
    config = p / "base" / "Windows" / "System32" / "config"
    (p / "agent").mkdir(parents=True)
    (p / "agent" / "go.mod").write_text("module example.com/agent\n\ngo 1.19\n")
    (p / "agent" / "main.go").write_text(GO)
    (p / "wingo.yaml").write_text(PROJECT)
    (p / "tweaks.reg").write_text("Windows Registry Editor Version 5.00\n\n"
                                  "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Tweak]\n\"A\"=dword:00000007\n")
    hive(run, config / "SOFTWARE", (r"Old\Deep",), ("Policies",))
    hive(run, config / "SYSTEM", ("Select", "--value=Default", "-t", "REG_DWORD", "-d", "1"),
         ("Select", "--value=Current", "-t", "REG_DWORD", "-d", "1"),
         (r"ControlSet001\Services\Tcpip", "--value=ImagePath", "-d", r"System32\drivers\tcpip.sys"),
         (r"ControlSet001\Control\Session Manager\Environment", "--value=Path", "-t", "REG_EXPAND_SZ", "-d",
          r"%SystemRoot%\system32"))
    hive(run, p / "base" / "Users" / "Default" / "NTUSER.DAT", ("Software",))
    return p


def out_of_image(image, path, to):
    r = start(["wimlib-imagex", "extract", image, "1", path, "--dest-dir", to])
    assert r.code == 0, r
    return to / path.rsplit("/", 1)[1]


def value(h, node, name):
    """(type, bytes) by hivex, a reader of others."""
    v = h.node_get_value(node, name)
    return h.value_type(v)[0], h.value_value(v)[1]


def at(h, path):
    node = h.root()
    for part in path.split("\\"):
        node = h.node_get_child(node, part)
        assert node is not None, (path, part)
    return node


def sz(s):
    return (s + "\0").encode("utf-16le")


@pytest.mark.slow
def test_edits_are_in_the_image(run, shop, tmp_path):
    needs("wimlib-imagex")
    hivex = pytest.importorskip("hivex", reason="needs python3-hivex")
    r = run("build", cwd=shop, timeout=600)
    assert r.code == 0, r
    config = "/Windows/System32/config/"
    soft = hivex.Hivex(str(out_of_image(shop / "out" / "shop.wim", config + "SOFTWARE", tmp_path)))
    system = hivex.Hivex(str(out_of_image(shop / "out" / "shop.wim", config + "SYSTEM", tmp_path)))
    user = hivex.Hivex(str(out_of_image(shop / "out" / "shop.wim", "/Users/Default/NTUSER.DAT", tmp_path)))
    k = at(soft, r"Policies\Shop")
    assert value(soft, k, "Mode") == (1, sz("single"))
    assert value(soft, k, "Retries") == (4, b"\3\0\0\0")
    assert value(soft, k, "Big") == (11, (1 << 32).to_bytes(8, "little"))
    assert value(soft, k, "On") == (4, b"\1\0\0\0")
    assert value(soft, k, "Servers") == (7, sz("a") + sz("b") + b"\0\0")
    assert value(soft, k, "Path") == (2, sz("%SystemRoot%"))
    assert value(soft, k, "Blob") == (3, b"\x00\xff\x10")
    assert value(soft, k, "") == (1, sz("default"))
    assert value(soft, k, "Only") == (1, sz("x"))  # both views share SOFTWARE\Policies
    assert value(soft, at(soft, r"WOW6432Node\Shop"), "Only") == (1, sz("y"))
    assert soft.node_get_child(at(soft, "WOW6432Node"), "Policies") is None
    assert value(soft, at(soft, "Tweak"), "A") == (4, b"\7\0\0\0")
    assert value(user, at(user, r"Software\Shop"), "Theme") == (1, sz("dark"))
    assert soft.node_get_child(soft.root(), "Old") is None
    s = at(system, r"ControlSet001\Services\ShopAgent")
    assert value(system, s, "ImagePath") == (2, sz(
        r'"C:\Program Files\Shop Agent\agent.exe" --config "C:\Program Data\x \"y\"\\"'))
    assert value(system, s, "Start")[1] == b"\2\0\0\0" and value(system, s, "DelayedAutostart")[1] == b"\1\0\0\0"
    assert value(system, s, "ObjectName") == (1, sz(r"NT SERVICE\ShopAgent"))
    assert value(system, s, "FailureActions")[1] == (86400).to_bytes(4, "little") + bytes(8) + \
        b"\2\0\0\0\x14\0\0\0" + b"\1\0\0\0" + (10000).to_bytes(4, "little") + b"\2\0\0\0" + (60000).to_bytes(4, "little")
    assert value(system, s, "DependOnService") == (7, sz("Tcpip") + b"\0\0")
    path = value(system, at(system, r"ControlSet001\Control\Session Manager\Environment"), "Path")
    assert path == (2, sz(r"%SystemRoot%\system32;C:\Program Files\Shop Agent"))
    rules = at(system, r"ControlSet001\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules")
    assert b"A\0p\0p\0=\0C\0" in value(system, rules, "wingo-Shop")[1]
    # Twice is the same: nothing runs, and a build elsewhere gives the same bytes.
    r = run("build", cwd=shop)
    assert "0 ran" in r.err or "cached" in r.err, r


@pytest.mark.parametrize("arch, key", [("386", "Shop"), ("amd64", r"WOW6432Node\Shop")])
def test_windows_of_32_bits_has_one_view(run, tmp_path, arch, key):
    hivex = pytest.importorskip("hivex", reason="needs python3-hivex")
    (tmp_path / "wingo.yaml").write_text(
        "version: 1\nname: shop\nimages:\n  shop:\n    base: {synthetic: windows-10}\n    arch: '%s'\n    registry:\n"
        "      - {key: 'HKLM\\SOFTWARE\\Shop', view: 32, values: {Only: y}}\n"
        "      - {key: 'HKLM\\SOFTWARE\\Shop\\Made', view: 32}\n"
        "      - {key: 'HKLM\\SOFTWARE\\Shop', view: 32, expect: {Other: null}}\n    outputs: [wim]\n" % arch)
    r = run("build", timeout=600)
    assert r.code == 0, r
    r = start(["wimlib-imagex", "extract", tmp_path / "out/shop.wim", "Windows 10 Pro", "/Windows/System32/config/SOFTWARE",
               "--dest-dir", tmp_path])
    assert r.code == 0, r
    software = hivex.Hivex(str(tmp_path / "SOFTWARE"))
    assert value(software, at(software, key), "Only") == (1, sz("y"))
    assert at(software, key + r"\Made") is not None
    names = [software.node_name(n) for n in software.node_children(software.root())]
    assert ("Shop" in names) == (arch == "386") and ("WOW6432Node" in names) == (arch == "amd64"), names


def test_what_cannot_be_changed_is_refused_at_its_line(run, shop):
    yaml = shop / "wingo.yaml"
    for old, new, says in (
            (r"HKLM\SOFTWARE\Policies\Shop', view: 32", r"HKLM\SAM\X', view: 64", "setup"),
            ("account: 'NT SERVICE\\ShopAgent'", r"account: 'DOMAIN\user'", "password"),
            ("Mode: single", "Mode: [a, {b: c}]", "item"),
            ("Retries: 3", "Retries: 3.5", "whole number"),
            ("Retries: 3", "Retries: {type: dwrd, value: 3}", "type"),
            (r"key: 'HKCU\Software\Shop'", "key: 'HKCU/Software'", "HKLM"),
            ("start: delayed", "start: later", "delayed"),
            ('ports: "80,8000-8010"', 'ports: "80,x"', "ports")):
        text = PROJECT.replace(old, new)
        assert text != PROJECT, old
        yaml.write_text(text)
        r = run("build", cwd=shop, timeout=600)
        assert r.code != 0, (new, r)
        assert says in r.err and "wingo.yaml:" in r.err, (new, r)
        assert not (shop / "out" / "shop.wim").exists()


def test_an_expectation_that_does_not_hold_stops_the_build(run, shop):
    yaml = shop / "wingo.yaml"
    yaml.write_text(PROJECT.replace("view: 32, values: {Only: x}", "values: {Mode: y}, expect: {Mode: nope}"))
    r = run("build", cwd=shop, timeout=600)
    assert r.code == 5, r
    assert "expect" in r.err and not (shop / "out" / "shop.wim").exists()
    yaml.write_text(PROJECT.replace("view: 32, values: {Only: x}", "values: {Mode: y}, expect: {Mode: single}"))
    r = run("build", cwd=shop, timeout=600)
    assert r.code == 0, r


def test_reg_agrees_with_hivexregedit(run, tmp_path):
    needs("hivexregedit")
    text = tmp_path / "in.reg"
    text.write_text("Windows Registry Editor Version 5.00\n\n" + "".join(
        f"[HKEY_LOCAL_MACHINE\\SOFTWARE\\K{k}]\n" + "".join(f'"V{v}"="d {k} {v}"\n' for v in range(20)) + "\n"
        for k in range(50)))
    h = tmp_path / "SOFTWARE"
    for args in (("create", h), ("import", h, text)):
        r = run("reg", *args)
        assert r.code == 0, r
    r = start(["hivexregedit", "--export", "--prefix", "HKEY_LOCAL_MACHINE\\SOFTWARE", h, "\\"])
    assert r.code == 0, r
    assert r.out.count("[HKEY_LOCAL_MACHINE\\SOFTWARE\\K") == 50 and r.out.count('"V') == 1000
    # What hivex writes, we read.
    r = run("reg", "export", h)
    assert r.out.count('"V') == 1000 and '"V7"="d 49 7"' in r.out, r


def test_diff_shows_what_changed_and_nothing_else(run, tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    for h in (a, b):
        hive(run, h, (r"Same\Deep", "--value=V", "-d", "x"), ("Both", "--value=N", "-t", "REG_DWORD", "-d", "1"),
             ("Both", "--value=Old", "-d", "o"), ("Gone" if h == a else "New",))
    assert run("reg", "add", b, "both", "--value=n", "-t", "REG_DWORD", "-d", "2").code == 0
    assert run("reg", "delete", b, "Both", "--value=Old").code == 0
    r = run("reg", "diff", a, b)
    assert r.code == 1, r
    assert r.out.splitlines() == ["- Gone", "+ New", "Both", "  - N  REG_DWORD  0x1", "  + N  REG_DWORD  0x2",
                                  "  - Old  REG_SZ  o"], r
    r = run("reg", "diff", a, a)
    assert r.out == "" and r.code == 0, r
