# SPDX-License-Identifier: Apache-2.0
"""`wingo diff`: images, folders, hives and registry text."""
import json
import re
import shutil
import sys

import pytest

from conftest import ROOT, needs, start

sys.path.insert(0, str(ROOT / "tests" / "tools"))
import wimgen  # noqa: E402  (a tool of the tests, in its own folder)
from wimgen import ARCHIVE, HIDDEN, Node, Wim, descriptor, junction  # noqa: E402

CONFIG = ("Windows", "System32", "config")


def write(path, tree, sds=(), name="one"):
    path.write_bytes(Wim().add(tree, f"<NAME>{name}</NAME>", sds).build())
    return path


def diff(run, a, b, *args):
    r = run("diff", a, b, "--json", *args)
    assert r.code in (0, 1), r
    d = json.loads(r.out)
    n = sum(sum(c.values()) for c in d["summary"].values())
    assert (r.code == 0) == (n == 0), r
    return d


def changes(d):
    """path -> (change, what differs)"""
    return {(f.get("new") or f["old"])["path"]: (f["change"], set(f.get("differs", ()))) for f in d["files"]}


def test_an_image_does_not_differ_from_itself(run, tmp_path):
    a = tmp_path / "a.wim"
    a.write_bytes(wimgen.rich_wim().build())
    for x, y in ((f"{a}:1", f"{a}:1"), (f"{a}:Rich One", f"{a}:1")):
        assert diff(run, x, y, "--times")["files"] == []
    r = run("diff", f"{a}:1", f"{a}:1")
    assert r.code == 0 and "0 added, 0 removed, 0 changed" in r.out, r
    c = changes(diff(run, f"{a}:1", f"{a}:2"))
    linked = {"\\Windows\\System32\\linked1.exe", "\\Windows\\System32\\linked2.exe"}
    assert set(c) == linked | {"\\Windows\\System32\\config\\SYSTEM"}
    assert all(v == ("changed", {"content"}) for v in c.values()), c


def test_every_fact_that_differs_is_named_and_nothing_else(run, tmp_path):
    sds = [descriptor(0x1F01FF), descriptor(0x1200A9)]

    def tree(**k):
        f = dict(attributes=ARCHIVE, security=0, short="SHORT~1.TXT", streams={"s": b"1"}, times=(5, 6, 7), tagged=b"")
        f.update(k)
        data, name = f.pop("data", b"data"), f.pop("name", "file.txt")
        return Node(security=0, children=[Node("same.txt", b"same", security=1), Node(name, data, **f)])

    a = write(tmp_path / "a.wim", tree(), sds)
    for change, says in ((dict(data=b"other"), {"content"}), (dict(attributes=ARCHIVE | HIDDEN), {"attributes"}),
                         (dict(security=1), {"security descriptor"}), (dict(short="OTHER~1.TXT"), {"short name"}),
                         (dict(streams={"s": b"2"}), {"streams"}), (dict(streams={"t": b"1"}), {"streams"}),
                         (dict(streams={}), {"streams"}), (dict(name="File.TXT"), {"name case"}),
                         (dict(tagged=wimgen.object_id(1)), {"object id or extended attributes"}),
                         (dict(times=(5, 6, 8)), set())):
        b = write(tmp_path / "b.wim", tree(**change), sds)
        c = changes(diff(run, a, b))
        name = "\\" + change.get("name", "file.txt")
        assert c == ({name: ("changed", says)} if says else {}), (change, c)
    c = changes(diff(run, a, b, "--times"))
    assert c == {"\\file.txt": ("changed", {"times"})}
    text = run("diff", a, write(tmp_path / "c.wim", tree(security=1), sds))
    assert "-> O:BAG:BAD:(A;;0x1200a9;;;WD)" in text.out or "-> O:BAG:BAD:(A;;FRFX;;;WD)" in text.out \
        or "security descriptor: O:BAG:BA" in text.out, text
    # The order of descriptors in the table and of streams says nothing.
    other = Node(security=1, children=[Node("same.txt", b"same", security=0),
                                       Node("file.txt", b"data", attributes=ARCHIVE, security=1, short="SHORT~1.TXT",
                                            streams={"s": b"1"}, times=(5, 6, 7))])
    assert changes(diff(run, a, write(tmp_path / "d.wim", other, sds[::-1]))) == {}


def test_links_are_compared_as_sets_of_names(run, tmp_path):
    def tree(*groups):
        return Node(children=[Node(f"f{i}", b"content", link=g) for i, g in enumerate(groups)])

    a = write(tmp_path / "a.wim", tree(7, 7, 9, 9, 0))
    assert changes(diff(run, a, write(tmp_path / "b.wim", tree(2, 2, 5, 5, 0)))) == {}
    assert set(changes(diff(run, a, write(tmp_path / "b.wim", tree(2, 5, 2, 5, 0))))) == \
        {"\\f0", "\\f1", "\\f2", "\\f3"}
    c = diff(run, a, write(tmp_path / "b.wim", tree(7, 7, 9, 0, 0)))
    assert changes(c) == {"\\f2": ("changed", {"links"}), "\\f3": ("changed", {"links"})}


def test_added_removed_renamed_and_kinds(run, tmp_path):
    a = write(tmp_path / "a.wim", Node(children=[
        Node("gone", children=[Node("x", b"x"), Node("deep", children=[Node("y", b"yy")])]),
        Node("old name.bin", b"n" * 100), Node("twice", b"t"), Node("f", b"file"),
        Node("j", children=[], reparse=junction("C:\\Users"))]))
    b = write(tmp_path / "b.wim", Node(children=[
        Node("new name.bin", b"n" * 100), Node("copy1", b"t"), Node("copy2", b"t"),
        Node("f", children=[Node("now a folder", b"1")]), Node("j", children=[], reparse=junction("C:\\Temp"))]))
    d = diff(run, a, b)
    assert changes(d) == {
        "\\gone": ("removed", set()), "\\gone\\x": ("removed", set()), "\\gone\\deep": ("removed", set()),
        "\\gone\\deep\\y": ("removed", set()), "\\new name.bin": ("renamed", set()), "\\twice": ("removed", set()),
        "\\copy1": ("added", set()), "\\copy2": ("added", set()), "\\f": ("added", set()),
        "\\f\\now a folder": ("added", set()), "\\j": ("changed", {"reparse point"})}
    assert sum(1 for f in d["files"] if f["change"] == "removed" and f["old"]["path"] == "\\f") == 1
    r = run("diff", a, b)
    assert "  - gone\\  2 files, 3 bytes\n" in r.out and "deep" not in r.out, r
    assert "  > new name.bin  was \\old name.bin\n" in r.out, r


@pytest.fixture
def two(run, tmp_path):
    """Folders a and b with hives that differ in one service, one value; logs beside them."""
    def add(config, hive, key, *value):
        r = run("reg", "add", config / hive, key, *value)
        assert r.code == 0, r

    a, b = tmp_path / "a", tmp_path / "b"
    config = a.joinpath(*CONFIG)
    config.mkdir(parents=True)
    dword, text = ("-t", "REG_DWORD", "-d"), ("-t", "REG_SZ", "-d")
    for h in ("SOFTWARE", "SYSTEM", "DEFAULT"):
        assert run("reg", "create", config / h).code == 0
    add(config, "SOFTWARE", "Acme", "--value=Mode", "-d", "one")
    add(config, "SYSTEM", "Select", "--value=Default", *dword, "2")
    add(config, "SYSTEM", r"ControlSet001\Services\Stale", "--value=Type", *dword, "16")
    for name, start_type in (("Kept", "2"), ("Moved", "3"), ("Gone", "2")):
        add(config, "SYSTEM", rf"ControlSet002\Services\{name}", "--value=Type", *dword, "16")
        add(config, "SYSTEM", rf"ControlSet002\Services\{name}", "--value=Start", *dword, start_type)
    shutil.copytree(a, b)
    config = b.joinpath(*CONFIG)
    add(config, "SOFTWARE", "Acme", "--value=Mode", "-d", "two")
    add(config, "SYSTEM", r"ControlSet002\Services\Moved", "--value=Start", *dword, "4")
    add(config, "SYSTEM", r"ControlSet002\Services\Moved", "--value=ObjectName", *text, r"NT AUTHORITY\LocalService")
    add(config, "SYSTEM", r"ControlSet002\Services\Moved\Parameters", "--value=P", "-d", "1")
    add(config, "SYSTEM", r"ControlSet002\Services\Fresh", "--value=Type", *dword, "1")
    add(config, "SYSTEM", r"ControlSet001\Services\Stale", "--value=Type", *dword, "32")
    assert run("reg", "delete", config / "SYSTEM", r"ControlSet002\Services\Gone").code == 0
    # Written again, with another time, and the same in what it says.
    add(config, "DEFAULT", "X", "--value=V", "-d", "1")
    assert run("reg", "delete", config / "DEFAULT", "X").code == 0
    return a, b


def check_two(d):
    reg = {h["hive"].rsplit("\\", 1)[1]: h["differences"] for h in d["registry"]}
    assert reg["DEFAULT"] == []
    assert [(x["what"], x["change"], x["key"], x["name"], x["old"]["data"], x["new"]["data"])
            for x in reg["SOFTWARE"]] == [("value", "changed", "Acme", "Mode", "one", "two")]
    assert {x["key"] for x in reg["SYSTEM"]} == {
        r"ControlSet001\Services\Stale", r"ControlSet002\Services\Moved", r"ControlSet002\Services\Fresh",
        r"ControlSet002\Services\Gone", r"ControlSet002\Services\Moved\Parameters"}
    services = {s["name"]: (s["change"], s["kind"], {f["name"]: (f.get("old"), f.get("new")) for f in s["fields"]})
                for s in d["services"]}
    assert services == {
        "Fresh": ("added", "driver", {"type": (None, "kernel driver")}),
        "Gone": ("removed", "service", {"type": ("own process", None), "start": ("auto", None)}),
        "Moved": ("changed", "service", {"start": ("manual", "disabled"),
                                         "account": (None, r"NT AUTHORITY\LocalService"),
                                         "parameters and security": (None, "1 difference")})}


def test_registry_and_services_of_folders_and_images(run, two, tmp_path):
    needs("wimlib-imagex")
    a, b = two
    check_two(diff(run, a, b))
    for t in (a, b):
        r = start(["wimlib-imagex", "capture", t, tmp_path / f"{t.name}.wim"])
        assert r.code == 0, r
    check_two(diff(run, tmp_path / "a.wim", tmp_path / "b.wim"))
    check_two(diff(run, a, tmp_path / "b.wim"))
    assert diff(run, a, tmp_path / "a.wim")["files"] == []
    r = run("diff", a, b)
    assert "  ~ Moved\n      start: manual -> disabled\n" in r.out, r


def test_a_damaged_hive_is_a_note_and_equal_blobs_are_not_read(run, two, tmp_path):
    needs("wimlib-imagex")
    a, b = two
    hive = b.joinpath(*CONFIG, "SOFTWARE")
    bytes_ = bytearray(hive.read_bytes())
    bytes_[4096:4100] = b"xxxx"
    hive.write_bytes(bytes_)
    r = run("diff", a, b)
    assert r.code == 1 and "SOFTWARE' is not compared" in r.err and "Services" in r.out, r
    # An image whose contents are destroyed, but not its metadata, equals the whole one.
    (a / "big.bin").write_bytes(bytes(range(256)) * 4000)
    r = start(["wimlib-imagex", "capture", a, tmp_path / "a.wim", "--compress=none"])
    assert r.code == 0, r
    whole = (tmp_path / "a.wim").read_bytes()
    at = whole.index(bytes(range(256)) * 8)
    broken = tmp_path / "broken.wim"
    broken.write_bytes(whole[:at] + b"\xff" * 100000 + whole[at + 100000:])
    assert diff(run, tmp_path / "a.wim", broken)["files"] == []


def test_hives_and_registry_text(run, two, tmp_path):
    a, b = two
    d = diff(run, a.joinpath(*CONFIG, "SYSTEM"), b.joinpath(*CONFIG, "SYSTEM"))
    assert d["summary"]["services"] == {"added": 1, "removed": 1, "changed": 1}
    head = "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\A]\n"
    x, y = tmp_path / "x.reg", tmp_path / "y.reg"
    x.write_text(head + '"V"="1"\n"W"=-\n')
    y.write_bytes(b"\xff\xfe" + (head + '"V"="2"\n[-HKEY_LOCAL_MACHINE\\SOFTWARE\\B]\n').encode("utf-16-le"))
    d = diff(run, x, y)
    assert [(i["what"], i["change"], i["key"]) for i in d["registry"][0]["differences"]] == [
        ("key", "removed", r"(deletes)\HKEY_LOCAL_MACHINE\SOFTWARE\A"),
        ("key", "added", r"(deletes)\HKEY_LOCAL_MACHINE\SOFTWARE\B"),
        ("value", "changed", r"HKEY_LOCAL_MACHINE\SOFTWARE\A")], d
    assert diff(run, x, x)["registry"][0]["differences"] == []


def test_trouble_is_neither_same_nor_different(run, two, tmp_path):
    a, _ = two
    w = write(tmp_path / "with:colon.wim", Node(children=[Node("f", b"1")]))
    assert diff(run, w, f"{w}:1")["files"] == []
    for args, code, says in (((a, tmp_path / "nope"), 2, "No such file"), ((f"{w}:9", w), 2, "no image '9'"),
                             ((f"{w}:x:y", w), 2, "no image 'x:y'"), ((a, a.joinpath(*CONFIG, "SYSTEM")), 2, "kind"),
                             ((f"{a}:1", a), 2, "no images")):
        r = run("diff", *args)
        assert r.code == code and says in r.err and r.out == "", r
    bad = tmp_path / "bad.wim"
    bad.write_bytes(w.read_bytes()[:150])
    r = run("diff", bad, w)
    assert r.code == 4 and "offset" in r.err, r


@pytest.mark.slow
def test_a_hundred_thousand_files(run, tmp_path):
    files = [Node(f"d{i:03}", children=[Node(f"file{k:04}.dll", b"%d %d" % (i, k)) for k in range(1000)])
             for i in range(100)]
    a = write(tmp_path / "a.wim", Node(children=files))
    files[50].children[500].data = b"changed"
    files[50].children.pop(3)
    b = write(tmp_path / "b.wim", Node(children=files))
    d = diff(run, a, b)
    assert changes(d) == {"\\d050\\file0500.dll": ("changed", {"content"}), "\\d050\\file0003.dll": ("removed", set())}


def test_a_folder_and_its_capture_are_the_same(run, tmp_path):
    """Hard links too: a folder of this machine has no link sets to compare."""
    needs("wimlib-imagex")
    (tmp_path / "t" / "sub").mkdir(parents=True)
    for name in ("a", "sub/b"):
        (tmp_path / "t" / name).write_text(name * 100)
    (tmp_path / "t" / "a2").hardlink_to(tmp_path / "t" / "a")
    (tmp_path / "t" / "sub" / "a3").hardlink_to(tmp_path / "t" / "a")
    assert start(["wimlib-imagex", "capture", tmp_path / "t", tmp_path / "t.wim", "T", "--quiet"]).code == 0
    assert run("wim", "capture", tmp_path / "t", tmp_path / "ours.esd", "T").code == 0
    for pair in (("t", "t.wim"), ("t.wim", "t"), ("t", "ours.esd"), ("t.wim", "ours.esd"), ("t", "t")):
        r = run("diff", *(tmp_path / p for p in pair))
        assert r.code == 0 and "~" not in r.out, (pair, r)
    (tmp_path / "t" / "sub" / "a3").unlink()
    r = run("diff", tmp_path / "t.wim", tmp_path / "t", "--json")
    assert r.code == 1 and [f["change"] for f in json.loads(r.out)["files"]] == ["removed"], r


def test_a_new_key_is_told_with_its_values(run, tmp_path):
    """And with the keys below it; of very many the rest is counted."""
    for name in ("a", "b"):
        assert run("reg", "create", name).code == 0
    text = "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\New]\n@=\"d\"\n\"N\"=dword:7\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\New\\Sub]\n\"S\"=\"x\"\n"
    (tmp_path / "t.reg").write_text(text)
    assert run("reg", "import", "b", "t.reg", "--prefix=HKLM\\SOFTWARE").code == 0
    for command in (("diff",), ("reg", "diff")):
        r = run(*command, "a", "b")
        assert r.code == 1, r
        assert [line.strip() for line in r.out.splitlines() if line.strip().startswith("+ ")] == [
            "+ New", "+ (Default)  REG_SZ  d", "+ N  REG_DWORD  0x7", "+ New\\Sub", "+ S  REG_SZ  x"], r
    found = json.loads(run("reg", "diff", "a", "b", "--json").out)["registry"]
    assert [(v["key"], v["name"], v["data"]) for v in found[0]["values"]] == [
        ("New", "(Default)", "d"), ("New", "N", "0x7"), ("New\\Sub", "S", "x")] and found[0]["more_values"] == 0
    (tmp_path / "t.reg").write_text(text + "".join(f"\"V{i}\"=dword:{i}\n" for i in range(500)))
    assert run("reg", "import", "b", "t.reg", "--prefix=HKLM\\SOFTWARE").code == 0
    r = run("reg", "diff", "a", "b")
    assert re.search(r"\.\.\. and \d+ keys and values more", r.out) and r.out.count("\n") < 250, r
    assert run("reg", "diff", "b", "a").out == "- New\n"
