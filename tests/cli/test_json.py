# SPDX-License-Identifier: Apache-2.0
"""docs/json.md holds for every command: with --json one object on standard output, whatever happens; `error` when it failed."""
import json
import re

import pytest

from conftest import ROOT, needs, start
from test_cli import commands
from test_inf_check import GOOD as GOOD_INF

GOOD = {  # command: words that end with 0; made in this order, in one folder
    "init": ["proj"], "wim synthetic": ["windows-11", "new.wim"], "check": ["-f", "ok.yaml"], "plan": ["-f", "ok.yaml"],
    "config": ["-f", "ok.yaml"], "build": ["-f", "ok.yaml"], "publish": ["-f", "ok.yaml"], "clean": ["--keep=5GiB"],
    "schema": [], "inspect": ["b.wim"], "diff": ["b.wim:1", "b.wim:1"], "doctor": [], "completion": ["zsh"], "help": [], "version": [],
    "wim info": ["b.wim"], "wim dir": ["b.wim", "1"], "wim extract": ["b.wim", "1", "\\Windows\\explorer.exe", "--to=ex"],
    "wim apply": ["b.wim", "1", "applied"], "wim capture": ["proj", "c.wim"], "wim export": ["b.wim", "1", "e.wim"],
    "wim update": ["b.wim", "1", "--mkdir=\\New"], "wim split": ["b.wim", "s.swm", "1MiB"], "wim join": ["j.wim", "s.swm"],
    "wim verify": ["b.wim"], "reg create": ["H"], "reg add": ["H", "K", "--value=V", "--data=x"], "reg query": ["H", "K"],
    "reg import": ["b.wim:1", "t.reg"], "reg export": ["H"], "reg check": ["H"], "reg diff": ["H", "H"], "reg delete": ["H", "K"],
    "inf show": ["net.inf"], "inf check": ["--no-files", "good.inf"], "inf codes": ["1230"],
    "driver add": ["b.wim:1", "drv", "--allow-unsigned"], "driver list": ["b.wim:1"], "driver remove": ["b.wim:1", "net.inf"],
    "driver profile": ["hw.yaml"], "driver index": ["proj"],
    "driver match": ["proj", "--hardware=hw.yaml", "--for=10.0.26100"], "driver explain": ["proj", "PCI\\X", "--for=10.0.26100"],
}
# Beside those that every command has: an option that there is not, and arguments too many.
BAD = [
    ("check", ["-f", "bad.yaml"]), ("plan", ["-f", "bad.yaml"]), ("build", ["-f", "bad.yaml"]), ("config", ["-f", "bad.yaml"]),
    ("publish", ["-f", "ok.yaml", "nobody"]), ("build", ["-f", "ok.yaml", "nothing"]), ("build", ["-f", "fails.yaml"]),
    ("check", ["-f", "absent.yaml"]), ("init", ["proj"]), ("inspect", ["absent"]), ("inspect", ["b.wim", "absent"]),
    ("diff", ["b.wim:1", "absent"]), ("reg diff", ["H", "absent"]), ("wim info", ["t.reg"]), ("inf check", ["net.inf"]), ("inf show", ["t.reg"]), ("inf codes", ["1"]), ("wim verify", ["damaged.wim"]),
    ("wim cat", ["b.wim", "1", "\\Windows\\explorer.exe"]), ("wim dir", ["b.wim", "9"]), ("reg check", ["t.reg"]),
    ("reg check", ["odd"]), ("wim capture", ["absent", "x.wim"]), ("wim extract", ["b.wim", "1", "\\absent"]),
    ("wim synthetic", ["windows-1", "x.wim"]), ("wim update", ["b.wim", "1", "--delete=\\absent"]), ("reg import", ["H", "absent.reg"]),
    ("completion", ["csh"]), ("help", ["absent"]), ("help", ["keys", "absent.key"]), ("clean", ["--keep=x"]),
    ("wim split", ["b.wim", "y.swm", "x"]), ("reg export", ["H", "absent"]), ("reg create", ["H"]), ("schema", ["x"]), ("driver add", ["b.wim:1", "absent"]),
    ("driver list", ["t.reg"]), ("driver remove", ["b.wim:1", "absent.inf"])]
# Text that is not a value of its own.
TEXT = [("help", ["build"]), ("completion", ["bash"]), ("wim info", ["b.wim", "--xml"]), ("reg export", ["H"]), ("build", ["--help"]), ("--help", [])]

OK = """version: 1
name: p
images: {k: {base: {synthetic: windows-11}, files: [{mkdir: 'C:\\X'}], outputs: [wim]}}
publish: {share: {to: share}}
"""


def value(r):
    """The one object that is on standard output."""
    found = json.loads(r.out)  # anything behind it is an error
    assert type(found) is dict, r
    differ = re.search(r"wingo'?[^ ]* (reg )?diff ", " ".join(map(str, r.argv))) and r.code == 1
    assert ("error" in found) == (r.code != 0 and not differ), r
    if "error" in found:
        error = found["error"]
        assert set(error) == {"code", "exit", "text"} and error["exit"] == r.code, r
        assert re.fullmatch("[A-Z_]+", error["code"]) and error["text"], r
        assert error["code"] in (ROOT / "docs/json.md").read_text()
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory, wingo):
    f = tmp_path_factory.mktemp("json")
    (f / "ok.yaml").write_text(OK)
    (f / "fails.yaml").write_text(OK.replace("{mkdir: 'C:\\X'}", "{set: 'C:\\Users', owner: SYSTEM, all_below: true}"))
    (f / "bad.yaml").write_text(OK.replace("images", "imagess") + "name: again\n")
    (f / "t.reg").write_text("Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\T]\n\"A\"=dword:1\n")
    assert start([wingo, "wim", "synthetic", "windows-11", f / "b.wim"]).code == 0
    (f / "drv").mkdir()
    (f / "drv/net.inf").write_text("[Version]\nSignature = \"$Windows NT$\"\nClass = Net\nProvider = P\n"
                                   "ClassGuid = {4d36e972-e325-11ce-bfc1-08002be10318}\n[Manufacturer]\nP = M,NTamd64\n"
                                   "[M.NTamd64]\nD = I,PCI\\VEN_1234\n[I.NT]\n")
    (f / "good.inf").write_text(GOOD_INF)
    (f / "net.inf").write_bytes((ROOT / "fuzz/inf/corpus/net.inf").read_bytes())
    (f / "hw.yaml").write_text("devices: ['PCI\\VEN_1AF4&DEV_1042']\n")
    data = bytearray((f / "b.wim").read_bytes())
    data[len(data) // 4] ^= 255
    (f / "damaged.wim").write_bytes(data)
    assert start([wingo, "reg", "create", f / "odd"]).code == 0
    odd = bytearray((f / "odd").read_bytes())
    at = odd.index(b"sk", 4096)
    odd[at + 12] += 1  # another count of users than there are
    (f / "odd").write_bytes(odd)
    return f


def test_every_command_has_a_row(run):
    assert set(commands(run)) == set(GOOD) | {"wim cat"}


@pytest.mark.slow
def test_success_and_failure_of_every_command(run, folder):
    needs("go")
    for name, words in GOOD.items():
        r = run(*name.split(), *words, "--json", cwd=folder)
        assert r.code == 0, r
        assert value(r), r
        r = run(*name.split(), "--json", "--no-such-option", cwd=folder)
        assert r.code == 2 and value(r)["error"]["code"] == "USAGE", r
        r = run(*name.split(), *["x"] * 40, "--json", "--no-such-option", cwd=folder)
        assert r.code == 2 and value(r), r
    for name, words in BAD:
        r = run(*name.split(), "--json", *words, cwd=folder)
        assert r.code != 0 and value(r), r
    for name, words in TEXT:
        r = run(*name.split(), *words, "--json", cwd=folder)
        plain = run(*name.split(), *words, cwd=folder)
        assert r.code == 0 and value(r) == {"text": plain.out}, r


def test_outside_of_any_command(run, tmp_path):
    for words, code in (([], 2), (["--version"], 0), (["nonsense"], 2), (["wim"], 2), (["wim", "nonsense"], 2), (["--nonsense"], 2)):
        r = run(*words, "--json", cwd=tmp_path)
        assert r.code == code, r
        value(r)


def test_the_shapes_that_are_documented(run, folder):
    """The keys that docs/json.md names are there."""
    steps = value(run("plan", "-f", "ok.yaml", "--json", cwd=folder))["steps"]
    assert steps and all({"step", "kind", "state", "reasons", "needs"} <= set(s) for s in steps)
    assert run("reg", "create", "Q", cwd=folder).code == run("reg", "add", "Q", "Q", "--value=V", "--data=x", cwd=folder).code == 0
    key = value(run("reg", "query", "Q", "Q", "--json", cwd=folder))["keys"][0]
    assert key["key"] == "Q" and key["values"][0]["name"] == "V"
    r = run("reg", "diff", "Q", "odd", "--json", cwd=folder)
    found = value(r)
    assert r.code == 1 and found["old"] == "Q" and found["summary"]["removed"] == len(found["registry"]) > 0, r
    page = (ROOT / "docs" / "json.md").read_text()
    for name in GOOD:
        assert re.search(rf"\b{name}\b", page), f"docs/json.md says nothing of {name}"
