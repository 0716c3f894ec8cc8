# SPDX-License-Identifier: Apache-2.0
"""Names that meet what is there: in the project, and in the image."""
import json
import struct

import pytest

from conftest import needs

GO = "package main\n\nfunc main() {}\n"


class Both:
    """What check says stands on stdout, what build says on stderr."""

    def __init__(self, r):
        self.code, self.err, self.r = r.code, r.out + r.err, r

    def __repr__(self):
        return repr(self.r)


class Shop:
    def __init__(self, run, path):
        self.run, self.path = run, path
        path.mkdir()
        (path / "go.mod").write_text("module example.com/a\n\ngo 1.19\n")
        (path / "main.go").write_text(GO)
        assert run("wim", "synthetic", "windows-11", path / "base.wim").code == 0

    def write(self, *apps, registry=None, base="base.wim"):
        names = sorted({a.split("app: ")[1].split(",")[0] for a in apps})
        self.yaml = self.path / "wingo.yaml"
        self.yaml.write_text(
            "version: 1\nname: p\nrelease: 1.0.0\napps:\n" + "".join(f"  {n}: {{targets: [windows/amd64]}}\n" for n in names) +
            f"images:\n  k:\n    base: {{file: {base}, image: Windows 11 Pro}}\n    apps:\n" +
            "".join(f"      - {{{a}}}\n" for a in apps) + ("" if registry is None else f"    registry: {registry}\n") + "    outputs: [wim]\n")

    def check(self):
        r = self.run("check", cwd=self.path)
        return Both(r)

    def build(self):
        r = self.run("build", cwd=self.path, timeout=300)
        return r

    def query(self, key, image="out/k.wim:2", *opts):
        r = self.run("reg", "query", image, key, "--json", *opts, cwd=self.path)
        return {v["name"]: v["data"] for v in json.loads(r.out)["keys"][0]["values"]} if r.code == 0 else None


@pytest.fixture
def shop(run, tmp_path):
    needs("go")
    return Shop(run, tmp_path / "shop")


S = r"HKLM\SYSTEM\CurrentControlSet\Services"


def test_two_entries_of_one_name_name_both_lines(shop):
    for a, b, says in (
            (r"app: one, to: 'C:\One', service: {name: Agent}", r"app: two, to: 'C:\Two', service: {name: AGENT}", "service"),
            (r"app: one, to: 'C:\One', uninstall: {name: A}", r"app: one, to: 'C:\Two', uninstall: {name: B}", "uninstall"),
            (r"app: one, to: 'C:\Tools', path: true", r"app: two, to: 'c:\tools\', path: true", "PATH"),
            (r"app: one, to: 'C:\Windows\X', path: true", r"app: two, to: 'C:/windows/x', path: true", "PATH")):
        shop.write(a, b)
        lines = shop.yaml.read_text().splitlines()
        first, second = (next(i for i, x in enumerate(lines, 1) if e in x) for e in (a, b))
        for r in (shop.check(), shop.build()):
            assert r.code == 3 and says in r.err, r
            assert f"wingo.yaml:{second}:" in r.err and f"is there already: wingo.yaml:{first}:" in r.err, r


def test_what_no_service_can_be_is_found_by_check(shop):
    for service, says in (("{name: A, depends: [Tcpip, a]}", "itself"), (r"{name: A, account: 'CORP\svc'}", "password"),
                          (r"{name: A, account: 'NT SERVICE\B'}", "password")):
        shop.write(rf"app: one, to: 'C:\One', service: {service}")
        r = shop.check()
        assert r.code == 3 and says in r.err, r


def test_firewall_rules_may_share_a_name(shop):
    shop.write(r"app: one, to: 'C:\One', firewall: [{name: Kiosk, ports: '80'}, {name: Kiosk, protocol: udp, ports: '80'}]",
               r"app: two, to: 'C:\Two', firewall: [{name: kiosk, ports: '81'}]")
    assert shop.check().code == 0
    r = shop.build()
    assert r.code == 0, r
    rules = [v for k, v in shop.query(S + r"\SharedAccess\Parameters\FirewallPolicy\FirewallRules").items() if "wingo" in k]
    assert len(rules) == 3 and {x.split("|")[4] for x in rules} == {"Protocol=6", "Protocol=17"}, rules
    assert sum("C:\\Two" in x for x in rules) == 1


def test_a_service_of_windows_is_not_replaced_unasked(shop):
    shop.write(r"app: one, to: 'C:\One', service: {name: tcpip}")
    r = shop.build()
    assert r.code != 0 and "replace: true" in r.err and "Tcpip.sys" in r.err and "wingo.yaml:" in r.err, r
    assert not (shop.path / "out" / "k.wim").exists()
    shop.write(r"app: one, to: 'C:\One', service: {name: tcpip, replace: true}")
    r = shop.build()
    assert r.code == 0, r
    v = shop.query(S + r"\Tcpip")
    assert v["ImagePath"] == r"C:\One\one.exe" and "Group" not in v and v["Type"] == "0x10", v
    # An event source of Windows' own, too.
    shop.write(r"app: one, to: 'C:\One', service: {name: MsiInstaller, event_source: true}", registry=(
        "[{key: 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\MsiInstaller', "
        "values: {EventMessageFile: 'C:\\x.dll'}}]"))
    assert shop.build().code == 0
    (shop.path / "out" / "k.wim").rename(shop.path / "second.wim")
    shop.write(r"app: one, to: 'C:\One', service: {name: MsiInstaller, event_source: true}", base="second.wim")
    r = shop.build()
    assert r.code != 0 and "EventLog" in r.err and "replace: true" in r.err, r


@pytest.mark.slow
def test_a_service_of_an_earlier_build_becomes_what_the_project_says(shop):
    full = (r"app: one, to: 'C:\One', service: {name: Agent, description: d, start: delayed, account: LocalService, "
            r"sid: unrestricted, privileges: [SeChangeNotifyPrivilege], depends: [Tcpip], environment: {A: b}, "
            r"failures: [{action: restart}], failure_on_exit_code: true, triggers: [network-up], event_source: true, "
            r"descriptor: 'D:(A;;GA;;;SY)'}, uninstall: {name: Agent, publisher: P}")
    shop.write(full, registry=r"[{key: '" + S + r"\Agent\Parameters', values: {Kept: 1}}]")
    assert shop.build().code == 0
    assert set(shop.query(S + r"\Agent")) > {"Description", "DependOnService", "FailureActions", "Environment"}
    (shop.path / "out" / "k.wim").rename(shop.path / "second.wim")
    shop.write(r"app: one, to: 'C:\One', service: {name: Agent}, uninstall: {name: Agent}", base="second.wim")
    r = shop.build()
    assert r.code == 0, r
    assert set(shop.query(S + r"\Agent")) == {"Type", "Start", "ErrorControl", "ImagePath", "DisplayName", "ObjectName"}
    for gone in (r"\Agent\TriggerInfo", r"\Agent\Security", r"\EventLog\Application\Agent"):
        assert shop.query(S + gone) is None, gone
    assert shop.query(S + r"\Agent\Parameters") == {"Kept": "0x1"}
    assert "Publisher" not in shop.query(r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\one")
    # Another program of that name is refused.
    shop.write(r"app: two, to: 'C:\Two', service: {name: agent}", base="second.wim")
    r = shop.build()
    assert r.code != 0 and "C:\\One\\one.exe" in r.err, r


@pytest.mark.slow
def test_depends_on_what_is_not_there(shop):
    shop.write(r"app: one, to: 'C:\One', service: {name: A, depends: [Tcpipp]}")
    r = shop.build()
    assert r.code != 0 and "Tcpipp" in r.err and "did you mean 'Tcpip'?" in r.err and "wingo.yaml:" in r.err, r
    # What the project itself makes is there, in whatever order.
    shop.write(r"app: one, to: 'C:\One', service: {name: A, depends: [b]}", r"app: two, to: 'C:\Two', service: {name: B}")
    r = shop.build()
    assert r.code == 0, r


def test_a_folder_is_on_path_once_whatever_its_spelling(shop):
    env = S.replace("Services", r"Control\Session Manager\Environment")
    shop.write(r"app: one, to: 'C:\Program Files\One', path: true", registry=(
        r"[{key: '" + env + r"', values: {Path: {type: expand_sz, value: '%SystemRoot%;" + "%ProgramFiles%\\one\\'}}}]"))
    assert shop.build().code == 0
    (shop.path / "out" / "k.wim").rename(shop.path / "second.wim")
    before = shop.query(env, "second.wim:2")["Path"]
    shop.write(r"app: one, to: 'C:\Program Files\One', path: true", base="second.wim")
    assert shop.build().code == 0
    assert shop.query(env)["Path"] == before == r"%SystemRoot%;%ProgramFiles%\one" + "\\"


def test_an_uninstall_entry_can_be_listed(shop):
    shop.write(r"app: one, to: 'C:\One', uninstall: {name: Agent, publisher: P}")
    assert shop.build().code == 0
    v = shop.query(r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\one")
    assert v["UninstallString"] and v["NoRemove"] == "0x1" and v["DisplayVersion"] == "1.0.0", v


def test_a_number_keeps_the_size_that_is_there(shop):
    shop.write(r"app: one, to: 'C:\One'", registry=r"[{key: 'HKLM\SOFTWARE\T', values: {q: {type: qword, value: 1}}}, "
               r"{key: 'HKLM\SOFTWARE\T', values: {q: 5}}]")
    assert shop.build().code == 0
    r = shop.run("reg", "query", "out/k.wim:2", r"HKLM\SOFTWARE\T", "--json", cwd=shop.path)
    v = json.loads(r.out)["keys"][0]["values"][0]
    assert v["type"] == "REG_QWORD" and v["bytes"] == struct.pack("<Q", 5).hex(), v


def test_lists_keep_empty_items_and_what_is_behind(shop):
    def multi(*units):
        return "hex(7):" + ",".join(f"{b:02x}" for u in units for b in u.encode("utf-16le"))

    (shop.path / "x.reg").write_text("Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\T]\n" + "".join(
        f'"{n}"={multi(text)}\n' for n, text in (("pairs", "a\0\0b\0c\0\0"), ("behind", "a\0\0cd"), ("empty", "\0\0"),
                                                 ("open", "a\0b"), ("drop", "a\0\0b\0\0"))))
    shop.write(r"app: one, to: 'C:\One'", registry=r"[{file: x.reg}, {key: 'HKLM\SOFTWARE\T', values: {"
               r"pairs: {append: [d, e]}, behind: {append: [new]}, empty: {append: [x]}, open: {append: [c]}, "
               r"drop: {remove: [b]}, set: [a, '', b]}}]")
    r = shop.build()
    assert r.code == 0, r
    r = shop.run("reg", "query", "out/k.wim:2", r"HKLM\SOFTWARE\T", "--json", cwd=shop.path)
    v = {x["name"]: bytes.fromhex(x["bytes"]).decode("utf-16le") for x in json.loads(r.out)["keys"][0]["values"]}
    assert v == {"pairs": "a\0\0b\0c\0d\0e\0\0", "behind": "a\0new\0\0cd", "empty": "x\0\0", "open": "a\0b\0c\0\0",
                 "drop": "a\0\0\0", "set": "a\0\0b\0\0"}


def test_check_reads_registry_text(shop):
    text = shop.path / "x.reg"
    head = "Windows Registry Editor Version 5.00\n\n"
    for body, says in (("[HKEY_LOCAL_MACHINE\\SAM\\X]\n", "x.reg:3:"), ("[HKEY_LOCAL_MACHINE\\Sofware\\X]\n", "in no hive"),
                       ("[HKEY_LOCAL_MACHINE\\SOFTWARE\\X]\n\"a\"=dwrd:1\n", "x.reg:4:"), ("[HKLM\\RTS\\X]\n", "in no hive")):
        text.write_text(head + body)
        shop.write(r"app: one, to: 'C:\One'", registry="[{file: x.reg}]")
        r = shop.check()
        assert r.code == 3 and says in r.err and "x.reg" in r.err, (body, r)
    shop.write(r"app: one, to: 'C:\One'", registry=r"[{file: x.reg, map: {'HKLM\RTS': 'HKLM\SOFTWARE'}}]")
    assert shop.check().code == 0 and shop.build().code == 0
    assert shop.query(r"HKLM\SOFTWARE\X") == {}
    for bad, says in ((r"{file: x.reg, map: {RTS: 'HKLM\SOFTWARE'}}", "begin"), (r"{file: x.reg, map: {'HKLM\A': 'HKLM\SAM'}}", "setup"),
                      (r"{key: 'HKLM\SOFTWARE\A', map: {'HKLM\A': 'HKLM\SOFTWARE'}}", "map")):
        shop.write(r"app: one, to: 'C:\One'", registry=f"[{bad}]")
        r = shop.check()
        assert r.code == 3 and says in r.err, r
    for key, says in ((r"HKLM\SAM\X", "setup"), (r"HKLM\Sofware\X", "in no hive"), (r"HKLM\HARDWARE\X", "on no disk")):
        shop.write(r"app: one, to: 'C:\One'", registry=f"[{{key: '{key}', values: {{a: 1}}}}]")
        r = shop.check()
        assert r.code == 3 and says in r.err, r
