# SPDX-License-Identifier: Apache-2.0
"""`wingo reg` on an image: FILE:IMAGE and full key paths."""
import json
import os
import shutil
import subprocess
import sys
import time

import pytest

from conftest import ROOT, needs, start

sys.path.insert(0, str(ROOT / "tests" / "tools"))
from wimgen import Node, Wim, descriptor, windows_xml  # noqa: E402  (a tool of the tests, in its own folder)


@pytest.fixture
def image(run, tmp_path):
    """Two images with hives, the second with a control set that is not the first."""
    hives = {}
    for h, *adds in (("SOFTWARE", ("Acme", "--value=Mode", "-d", "one")),
                     ("SYSTEM", ("Select", "--value=Default", "-t", "REG_DWORD", "-d", "2"),
                      ("Select", "--value=Current", "-t", "REG_DWORD", "-d", "1"),
                      (r"ControlSet002\Control", "--value=X", "-d", "two")),
                     ("SAM", ("SAM",)), ("NTUSER.DAT", ("Software",))):
        assert run("reg", "create", tmp_path / h).code == 0
        for key, *value in adds:
            assert run("reg", "add", tmp_path / h, key, *value).code == 0
        hives[h] = (tmp_path / h).read_bytes()

    def tree(salt):
        config = Node("config", security=0, children=[Node("SAM", hives["SAM"], security=0),
                                                      Node("SOFTWARE", hives["SOFTWARE"], security=0),
                                                      Node("SOFTWARE.LOG1", b"old log", security=0),
                                                      Node("SYSTEM", hives["SYSTEM"], security=0)])
        return Node(security=0, children=[
            Node("Users", security=0, children=[Node("Default", security=0, children=[
                Node("NTUSER.DAT", hives["NTUSER.DAT"], security=0)])]),
            Node("Windows", security=0, children=[Node("System32", security=0, children=[config]),
                                                  Node("salt", salt, security=0)])])

    w = Wim()
    for n in ("One", "Two"):
        w.add(tree(n.encode()), windows_xml(n), [descriptor(0x1F01FF)])
    path = tmp_path / "install.wim"
    path.write_bytes(w.build())
    return path


def query(run, image, key):
    r = run("reg", "query", image, key, "--json")
    assert r.code == 0, r
    return {v["name"]: v["data"] for v in json.loads(r.out)["keys"][0]["values"]}


def test_query_by_full_path(run, image):
    assert query(run, f"{image}:2", r"HKLM\SOFTWARE\Acme") == {"Mode": "one"}
    assert query(run, f"{image}:Two", r"HKEY_LOCAL_MACHINE\software\acme") == {"Mode": "one"}
    assert query(run, f"{image}:1", r"HKLM\SYSTEM\CurrentControlSet\Control") == {"X": "two"}
    for key in (r"HKLM\SAM\SAM", r"HKCU\Software", "HKLM\\SYSTEM"):
        assert run("reg", "query", f"{image}:1", key).code == 0, key
    for args, code, says in (((image, r"HKLM\SOFTWARE"), 1, "2 images"), ((f"{image}:1",), 2, "full path"),
                             ((f"{image}:1", r"HKLM\SOFTWARE\Nope"), 1, "no key 'Nope'"),
                             ((f"{image}:1", r"HKLM\HARDWARE"), 2, "in no hive"),
                             ((f"{image}:1", r"HKU\.DEFAULT"), 1, "DEFAULT"), ((f"{image}:1", "Acme"), 2, "full path")):
        r = run("reg", "query", *args)
        assert r.code == code and says in r.err, r


@pytest.mark.parametrize("where", ["file", "image"])
def test_what_is_missing_says_how_far_it_goes_and_what_is_near(run, image, tmp_path, where):
    """One text for reading, deleting, exporting and comparing, in a hive file and in an image."""
    subject, name = (tmp_path / "SYSTEM", str(tmp_path / "SYSTEM")) if where == "file" else \
        (f"{image}:1", f"{image}:1': '\\Windows\\System32\\config\\SYSTEM")
    whole = image.read_bytes(), (tmp_path / "SYSTEM").read_bytes()
    for key, says in (
            (r"ControlSet002\Contrl\Below", r"'ControlSet002\Contrl\Below': 'ControlSet002' is there, 'Contrl' below it is not; "
             "did you mean 'Control'?"),
            (r"CurrentControlSet\Contrl", r"'ControlSet002\Contrl': 'ControlSet002' is there, 'Contrl' below it is not; "
             "did you mean 'Control'?"),
            (r"ControlSet002\Control\Q", r"'ControlSet002\Control\Q': 'ControlSet002\Control' is there, 'Q' below it is not"),
            ("Slect", "'Slect'; did you mean 'Select'?"),
            (r"Slect\X", r"'Slect\X': its root has no 'Slect'; did you mean 'Select'?"),
            (r"SYSTEM\ControlSet002\Control", r"'SYSTEM\ControlSet002\Control': its root has no 'SYSTEM'; "
             r"did you mean 'ControlSet002\Control'?"),
            ("Nothing", "'Nothing'")):
        full = "HKLM\\SYSTEM\\" + key
        for args in (("query", subject, full), ("delete", subject, full), ("export", subject, full), ("diff", subject, subject, full),
                     ("query", subject, full, "--value=V"), ("delete", subject, full, "--value=V")):
            r = run("reg", *args)
            assert r.code == (2 if args[0] == "diff" else 1) and r.err == f"wingo: error: '{name}' has no key {says}\n", (args, r)
    for command in "query", "delete":
        r = run("reg", command, subject, r"HKLM\SYSTEM\Select", "--value=Defalt", "--json")
        assert r.code == 1 and json.loads(r.out)["error"]["text"] == \
            f"'{name}': key 'Select' has no value 'Defalt'; did you mean 'Default'?", r
    assert (image.read_bytes(), (tmp_path / "SYSTEM").read_bytes()) == whole


def test_edits_in_place_change_one_image_only(run, image, tmp_path):
    needs("wimlib-imagex")
    before = tmp_path / "before.wim"
    shutil.copy(image, before)
    os.chmod(image, 0o640)
    r = run("reg", "add", f"{image}:2", r"HKLM\SYSTEM\CurrentControlSet\Control", "--value=Y", "-t", "REG_DWORD", "-d", "7")
    assert r.code == 0 and "Select\\Default is 2 and Select\\Current is 1" in r.err, r
    r = run("reg", "add", f"{image}:2", r"HKLM\SOFTWARE\Acme\New")
    assert r.code == 0, r
    assert start(["wimlib-imagex", "verify", image]).code == 0
    assert oct(image.stat().st_mode & 0o777) == "0o640"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".wingo")] == []
    assert json.loads(run("diff", f"{before}:1", f"{image}:1", "--json").out)["files"] == []
    d = json.loads(run("diff", f"{before}:2", f"{image}:2", "--json").out)
    assert {(f["new"]["path"].rsplit("\\", 1)[1], f["new"]["bytes"]) for f in d["files"]} >= {("SOFTWARE.LOG1", 0)}
    assert {h["hive"].rsplit("\\", 1)[1]: [x["key"] for x in h["differences"]] for h in d["registry"]} == {
        "SOFTWARE": [r"Acme\New"], "SYSTEM": [r"ControlSet002\Control"]}
    # Independent of our own readers: hivex on what wimlib extracts.
    hivex = pytest.importorskip("hivex", reason="needs python3-hivex")
    r = start(["wimlib-imagex", "extract", image, "2", "/Windows/System32/config/SYSTEM", "--dest-dir", tmp_path / "x"])
    assert r.code == 0, r
    h = hivex.Hivex(str(tmp_path / "x" / "SYSTEM"))
    k = h.node_get_child(h.node_get_child(h.root(), "ControlSet002"), "Control")
    assert h.value_value(h.node_get_value(k, "Y")) == (4, b"\7\0\0\0")


def test_out_delete_import_export_diff(run, image, tmp_path):
    whole, new = image.read_bytes(), tmp_path / "new.wim"
    text = tmp_path / "x.reg"
    text.write_text("Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\T]\n\"A\"=dword:5\n\n"
                    "[HKEY_CURRENT_USER\\Software\\T]\n@=\"d\"\n[-HKEY_LOCAL_MACHINE\\SOFTWARE\\Acme]\n")
    r = run("reg", "import", f"{image}:1", text, "--out", new)
    assert r.code == 0 and image.read_bytes() == whole, r
    assert query(run, f"{new}:1", r"HKLM\SOFTWARE\T") == {"A": "0x5"}
    assert run("reg", "import", f"{image}:1", text, "--out", new).code == 1  # there already
    r = run("reg", "diff", f"{image}:1", f"{new}:1", r"HKLM\SOFTWARE")
    assert r.code == 1 and r.out == "- Acme\n+ T\n  + A  REG_DWORD  0x5\n", r
    r = run("reg", "export", f"{new}:1", r"HKCU\Software\T")
    assert r.out.replace("\r", "") == ("Windows Registry Editor Version 5.00\n\n"
                                       "[HKEY_CURRENT_USER\\Software\\T]\n@=\"d\"\n"), r
    assert run("reg", "check", f"{new}:1", r"HKCU").code == 0
    r = run("reg", "delete", f"{new}:1", r"HKLM\SOFTWARE\T", "--value=A")
    assert r.code == 0 and query(run, f"{new}:1", r"HKLM\SOFTWARE\T") == {}, r
    for args, says in (((r"HKLM\SOFTWARE\T", "--value=A"), "no value"), ((r"HKLM\SOFTWARE\Acme",), "no key"),
                       ((r"HKLM\SAM\SAM",), "setup")):
        before = new.read_bytes()
        r = run("reg", "delete", f"{new}:1", *args)
        assert r.code != 0 and says in r.err and new.read_bytes() == before, r


def test_discs_and_parts_are_read_and_not_written_over(run, image, tmp_path):
    needs("genisoimage", "wimlib-imagex")
    (tmp_path / "iso" / "sources").mkdir(parents=True)
    shutil.copy(image, tmp_path / "iso" / "sources" / "install.wim")
    disc, new = tmp_path / "d.iso", tmp_path / "new.wim"
    r = start(["genisoimage", "-quiet", "-udf", "-o", disc, tmp_path / "iso"])
    assert r.code == 0, r
    whole = disc.read_bytes()
    assert query(run, f"{disc}:1", r"HKLM\SOFTWARE\Acme") == {"Mode": "one"}
    assert run("diff", f"{disc}:2", f"{image}:2").code == 0
    r = run("reg", "add", f"{disc}:1", r"HKLM\SOFTWARE\Acme", "--value=V", "-d", "x")
    assert r.code == 1 and "--out" in r.err and disc.read_bytes() == whole, r
    r = run("reg", "add", f"{disc}:1", r"HKLM\SOFTWARE\Acme", "--value=V", "-d", "x", "--out", new)
    assert r.code == 0 and query(run, f"{new}:1", r"HKLM\SOFTWARE\Acme") == {"Mode": "one", "V": "x"}, r
    r = start(["wimlib-imagex", "split", new, tmp_path / "s.swm", "0.0005"])
    assert r.code == 0 and (tmp_path / "s2.swm").exists(), r
    assert run("diff", f"{tmp_path / 's.swm'}:1", f"{new}:1").code == 0
    r = run("reg", "add", f"{tmp_path / 's.swm'}:1", r"HKLM\SOFTWARE\Acme", "--value=V", "-d", "y")
    assert r.code == 1 and "--out" in r.err, r


def test_names_with_colons_are_files_first(run, image, tmp_path):
    h = tmp_path / "config:SOFTWARE"
    assert run("reg", "create", h).code == 0
    assert run("reg", "add", h, "K", "--value=V", "-d", "x").code == 0
    assert query(run, h, "K") == {"V": "x"}
    odd = tmp_path / "a:1"
    shutil.copy(image, odd)
    assert query(run, f"{odd}:2", r"HKLM\SOFTWARE\Acme") == {"Mode": "one"}


def test_a_failure_leaves_the_old_file(run, image, tmp_path):
    whole = bytearray(image.read_bytes())
    whole[whole.index(b"hbin")] ^= 1
    image.write_bytes(whole)
    r = run("reg", "add", f"{image}:1", r"HKLM\SOFTWARE\X")
    assert r.code in (4, 5) and image.read_bytes() == whole, r
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".wingo")] == []


def test_inspect_says_what_a_hive_and_registry_text_are(run, image, tmp_path):
    d = json.loads(run("inspect", tmp_path / "SYSTEM", "--json").out)
    assert d["format"] == "registry hive" and d["version"] == "1.5" and d["dirty"] is False
    assert d["keys"] == 4 and d["values"] == 3 and d["root_keys"] == ["ControlSet002", "Select"]
    assert d["live_bytes"] + d["slack_bytes"] == d["bytes"] == (tmp_path / "SYSTEM").stat().st_size
    (tmp_path / "SYSTEM.LOG1").write_bytes(b"12345")
    r = run("inspect", tmp_path / "SYSTEM", env={"SOURCE_DATE_EPOCH": "0"})
    assert "SYSTEM.LOG1 (5 bytes)" in r.out, r
    for text, encoding, says in (
            (b"REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\A]\r\n", "code page (read as 1252)", (1, 0, 0, 0)),
            (b"\xff\xfe" + ("Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\A]\n\"a\"=\"b\"\n\"c\"=-\n"
                            "[-HKEY_LOCAL_MACHINE\\B]\n").encode("utf-16-le"), "UTF-16LE", (1, 1, 1, 1))):
        (tmp_path / "x").write_bytes(text)
        d = json.loads(run("inspect", tmp_path / "x", "--json").out)
        assert (d["format"], d["encoding"]) == ("registry text", encoding), d
        assert (d["keys"], d["values"], d["deleted_keys"], d["deleted_values"]) == says, d
    hive = bytearray((tmp_path / "SYSTEM").read_bytes())
    hive[4096] ^= 1
    (tmp_path / "bad").write_bytes(hive)
    r = run("inspect", tmp_path / "bad")
    assert r.code == 4 and "offset 0x1000" in r.err, r


def test_killed_while_it_changes_an_image_in_place(image, wingo, tmp_path):
    """At any moment the file is the old one or the new one, whole."""
    needs("wimlib-imagex")
    old, n_old, n_new = image.read_bytes(), 0, 0
    began = time.monotonic()
    assert start([wingo, "reg", "add", f"{image}:2", r"HKLM\SOFTWARE\Acme\Killed"]).code == 0
    took = time.monotonic() - began
    for i in range(25):
        image.write_bytes(old)
        with subprocess.Popen([str(wingo), "reg", "add", f"{image}:2", r"HKLM\SOFTWARE\Acme\Killed"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as p:
            time.sleep(took * i / 24)
            p.kill()
        if image.read_bytes() == old:
            n_old += 1
        else:
            n_new += 1
            assert start(["wimlib-imagex", "verify", image, "--quiet"]).code == 0, i
    assert n_old > 0, "killed too late each time: nothing was tried"
    # What a killed one left is in nobody's way.
    assert start([wingo, "reg", "add", f"{image}:2", r"HKLM\SOFTWARE\Acme\After"]).code == 0
    assert start([wingo, "reg", "query", f"{image}:2", r"HKLM\SOFTWARE\Acme\After"]).code == 0


def test_a_file_of_several_images_is_named_with_them(run, image):
    r = run("reg", "query", image, r"HKLM\SOFTWARE\Acme")
    assert r.code != 0 and f"'{image}': the file has 2 images; name one (IMAGE behind the file, or FILE:1): 1 " in r.err, r
