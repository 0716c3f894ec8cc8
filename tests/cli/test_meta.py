# SPDX-License-Identifier: Apache-2.0
"""The sidecar .wingo-meta, and extended attributes: what a folder of Linux has no form for is kept from image to image."""
import json
import os
import random
import shutil
import struct
import sys

import pytest

from conftest import ROOT, needs, start

sys.path.insert(0, str(ROOT / "tests" / "tools"))
import wimgen

META = ".wingo-meta"
SD_A, SD_B = wimgen.descriptor(0x1F01FF), wimgen.descriptor(0x120089)


def details(wim, image):
    """wimlib's word on every entry, without where its content lies."""
    r = start(["wimlib-imagex", "dir", wim, str(image), "--detailed"])
    assert r.code == 0, r
    return [line for line in r.out.splitlines() if not line.startswith(("Offset in WIM", "Reference Count", "Compressed size", "Flags  "))]


def nodes():
    """Everything an image may have that Linux has no form for."""
    n = wimgen.Node
    cloud = (0x9000001A, b"cloud file data")  # a reparse point with content of its own
    return n(security=0, attributes=0x10, children=[
        n("plain.txt", b"plain", attributes=0x2022, security=1, short="PLAIN~1.TXT", times=(133000000000000001, 133000000000000002, 133000000000000003)),
        n("streams.txt", b"data", security=0, streams={"Zone.Identifier": b"[ZoneTransfer]\r\nZoneId=3\r\n", "empty": b"", "a b%c": b"x" * 70000}),
        n("only streams", None, streams={"s": b"1"}),
        n("dir", attributes=0x11, security=1, children=[n("in it", b"plain", attributes=0x20), n("linked", b"same", link=9)],
          streams={"of the folder": b"folder stream"}),
        n("linked too", b"same", link=9),
        n("alone", b"alone", link=77), n("old", b"old", times=(1, 2, 3)), n("late", b"late", times=(1 << 62, 1 << 62, 1 << 62)),
        n("Case", b"1"), n("case", b"2", attributes=0x21),
        n("cloud", b"content", reparse=cloud),
        n("cloud folder", attributes=0x10, children=[n("below", b"b")], reparse=(0x9000101A, b"folder data")),
        n("junction", attributes=0x10, reparse=wimgen.junction("C:\\dir")),
        n("elsewhere", attributes=0x10, reparse=wimgen.junction("Volume{26a21bda-a627-11d7-9931-806e6f6e6963}\\")),
        n("symlink", reparse=wimgen.symlink("dir\\in it", absolute=False)),
        n("efs", b"raw encrypted data", attributes=0x4020),
        n("id", b"with an object id", tagged=wimgen.object_id(3)),
        n("\u00fc \u65e5\u672c %20", b"name"),
    ])


@pytest.fixture
def rich(tmp_path):
    """An image with everything, whose header lets links lead below where it is applied."""
    w = wimgen.Wim().add(nodes(), descriptors=[SD_A, SD_B])
    path = tmp_path / "rich.wim"
    path.write_bytes(w.build())
    return path


def same_images(run, a, i, b, k):
    r = run("diff", f"{a}:{i}", f"{b}:{k}", "--json")
    assert r.code == 0, r


def test_synthetic_image_comes_back(run, tmp_path):
    needs("wimlib-imagex")
    assert run("wim", "synthetic", "-q", "windows-11", "b.wim").code == 0
    r = run("wim", "apply", "b.wim", "2", "tree", "--meta", "--json")
    told = json.loads(r.out)
    assert r.code == 0 and told["left_out_descriptors"] == told["left_out_attributes"] == told["left_out_short_names"] == 0, r
    r = run("wim", "capture", "tree", "c.wim", "x")
    assert r.code == 0 and "warning" not in r.err, r
    assert details(tmp_path / "b.wim", 2) == details(tmp_path / "c.wim", 1)
    same_images(run, "b.wim", 2, "c.wim", 1)
    assert META in os.listdir(tmp_path / "tree")
    # and as ESD, and as one more image
    assert run("wim", "capture", "tree", "c.esd").code == 0
    assert run("wim", "capture", "tree", "c.wim", "y", "--append").code == 0
    same_images(run, "c.esd", 1, "c.wim", 2)
    assert start(["wimlib-imagex", "verify", tmp_path / "c.wim"]).code == 0


def test_everything_comes_back(run, rich, tmp_path):
    needs("wimlib-imagex")
    assert start(["wimlib-imagex", "verify", rich]).code == 0
    r = run("wim", "apply", rich, "1", "tree", "--meta")
    assert r.code == 0 and "left out" not in r.err, r
    tree = tmp_path / "tree"
    assert (tree / "efs").read_bytes() == b"" and (tree / "cloud").read_bytes() == b"content" and (tree / "elsewhere").is_dir()
    r = run("wim", "capture", tree, "c.wim", "one")
    assert r.code == 0, r
    assert details(rich, 1) == details(tmp_path / "c.wim", 1)
    same_images(run, rich, 1, "c.wim", 1)
    assert run("wim", "verify", "c.wim").code == 0
    # by way of a copy without hard links and holes
    shutil.copytree(tree, tmp_path / "copy", symlinks=True)
    assert run("wim", "capture", "copy", "d.wim", "one").code == 0
    assert details(rich, 1) == details(tmp_path / "d.wim", 1)
    # an NTFS volume has it, too
    needs("mkntfs")
    with open(tmp_path / "v.img", "wb") as f:
        f.truncate(16 << 20)
    assert start(["mkntfs", "-F", "-Q", tmp_path / "v.img"]).code == 0
    small = tmp_path / "small.wim"
    shutil.copy(tmp_path / "c.wim", small)
    assert run("wim", "update", small, "1", "--delete=\\efs", "--delete=\\case", "--delete=\\cloud folder", "--delete=\\cloud").code == 0
    r = run("wim", "apply", small, "1", "v.img", "--ntfs")
    assert r.code == 0, r


def test_a_wim_of_wimlib_comes_back(run, rich, tmp_path):
    """Streams and descriptors on a volume, captured by wimlib, applied and captured by wingo."""
    needs("wimlib-imagex", "mkntfs")
    with open(tmp_path / "v.img", "wb") as f:
        f.truncate(16 << 20)
    assert start(["mkntfs", "-F", "-Q", tmp_path / "v.img"]).code == 0
    assert run("wim", "update", rich, "1", "--delete=\\efs", "--delete=\\case", "--delete=\\cloud folder", "--delete=\\cloud").code == 0
    assert start(["wimlib-imagex", "apply", rich, "1", tmp_path / "v.img"]).code == 0
    r = start(["wimlib-imagex", "capture", tmp_path / "v.img", tmp_path / "by-wimlib.wim", "one", "--compress=LZX"])
    assert r.code == 0, r
    assert run("wim", "apply", "by-wimlib.wim", "1", "tree", "--meta").code == 0
    assert run("wim", "capture", "tree", "c.wim", "one").code == 0
    assert details(tmp_path / "by-wimlib.wim", 1) == details(tmp_path / "c.wim", 1)
    same_images(run, "by-wimlib.wim", 1, "c.wim", 1)


def test_a_project_reads_it(run, tmp_path):
    assert run("wim", "synthetic", "-q", "windows-11", "b.wim").code == 0
    assert run("wim", "apply", "-q", "b.wim", "2", "tree", "--meta").code == 0
    (tmp_path / "tree" / "stream.txt").write_text("x")
    meta = tmp_path / "tree" / META
    meta.write_text(meta.read_text().replace("\nend\n", "\nentry stream.txt attributes=0x22\nstream note =68656c6c6f\nend\n"))
    (tmp_path / "wingo.yaml").write_text("version: 1\nname: p\nimages:\n  k: {base: {dir: tree}, arch: amd64, outputs: [wim, esd], "
                                         "files: [{mkdir: 'C:\\X'}, {delete: 'C:\\Program Files\\desktop.ini'}]}\n")
    r = run("build")
    assert r.code == 0 and "no security descriptor" not in r.err + r.out, r
    for out in ("out/k.wim", "out/k.esd"):
        told = json.loads(run("diff", "b.wim:2", f"{out}:1", "--json").out)
        assert {((f.get("new") or f["old"])["path"], f["change"]) for f in told["files"]} == {("\\X", "added"), ("\\stream.txt", "added"), ("\\Program Files\\desktop.ini", "removed")}, told
        entry, = (e for e in json.loads(run("wim", "dir", out, "1", "--json").out)["entries"] if e["path"] == "\\stream.txt")
        assert entry["attributes"] == "0x22", entry
    assert "wingo: 4 cached" in run("build").err
    # the sidecar is an input: a changed one makes another image
    before = (tmp_path / "out/k.wim").read_bytes()
    meta.write_text(meta.read_text().replace("attributes=0x22\nstream", "attributes=0x21\nstream"))
    assert run("build").code == 0 and (tmp_path / "out/k.wim").read_bytes() != before


def info(wim, image):
    """What wimlib says of an image, but the time of writing; both count the same way."""
    r = start(["wimlib-imagex", "info", wim, str(image)])
    assert r.code == 0, r
    return [line for line in r.out.splitlines()
            if ":" in line and not line.startswith(("Index:", "Last Modification Time:"))]


def test_what_the_xml_says_comes_back(run, tmp_path):
    needs("wimlib-imagex")
    assert run("wim", "synthetic", "-q", "windows-11", "b.wim").code == 0
    b, c = tmp_path / "b.wim", tmp_path / "c.wim"
    assert start(["wimlib-imagex", "info", b, "2", "--image-property", "WINDOWS/SERVICINGDATA/GDRDUREVISION=50 %", "--image-property",
                  "DESCRIPTION=a <b> & \u00e4"]).code == 0
    assert run("wim", "apply", "-q", "b.wim", "2", "tree", "--meta").code == 0
    meta = tmp_path / "tree" / META
    text = meta.read_text()
    assert text.startswith("wingo-meta 2\nimage <CREATIONTIME>") and "image <DESCRIPTION>a &lt;b&gt; &amp; \u00e4</DESCRIPTION>\n" in text
    assert run("wim", "capture", "tree", "c.wim").code == 0
    want = info(b, 2)
    assert len(want) > 20 and info(c, 1) == want and any("x86_64" in x for x in want) and any("1742" in x for x in want)
    xml = run("wim", "info", "c.wim", "--xml").out
    assert "<GDRDUREVISION>50 %</GDRDUREVISION>" in xml and "<BRANCH>ge_release</BRANCH>" in xml
    # a name that is given is the name; the rest stays, in one more image and in a solid file, too
    assert run("wim", "capture", "tree", "c.wim", "Mine", "--append").code == 0
    assert run("wim", "capture", "tree", "c.esd", "Mine").code == 0
    other = [f"Name:                   Mine" if x.startswith("Name:") else x for x in want]
    assert info(c, 2) == other and info(tmp_path / "c.esd", 1) == other
    r = run("wim", "capture", "tree", "c.wim", "--append")
    assert r.code == 1 and "'Windows 11 Pro' already; a NAME behind the file gives the new one another name" in r.err, r
    # with fixed times the same bytes again, and no time of the image's own
    for n in ("one.wim", "two.wim"):
        assert run("wim", "capture", "tree", n, env={"SOURCE_DATE_EPOCH": "1600000000"}).code == 0
    assert (tmp_path / "one.wim").read_bytes() == (tmp_path / "two.wim").read_bytes()
    assert any(x.startswith("Creation Time:") and "2020" in x for x in info(tmp_path / "one.wim", 1))
    # a line is edited, another removed
    meta.write_text(text.replace("<FLAGS>Professional<", "<FLAGS>Mine<").replace("image <WIMBOOT>0</WIMBOOT>\n", ""))
    assert run("wim", "capture", "tree", "d.wim").code == 0
    assert info(tmp_path / "d.wim", 1) == [x.replace("Professional", "Mine") if x.startswith("Flags:") else x for x in want]
    # what an older wingo wrote is found anew
    meta.write_text("wingo-meta 1\n" + "".join(line + "\n" for line in text.splitlines()[1:] if not line.startswith("image ")))
    assert run("wim", "capture", "tree", "e.wim").code == 0
    assert "Name:                   tree" in info(tmp_path / "e.wim", 1)


def test_a_project_has_what_the_xml_says(run, tmp_path):
    needs("wimlib-imagex")
    assert run("wim", "synthetic", "-q", "windows-11", "b.wim").code == 0
    assert run("wim", "apply", "-q", "b.wim", "2", "tree", "--meta").code == 0
    project = tmp_path / "wingo.yaml"
    project.write_text("version: 1\nname: p\nimages: {k: {base: {dir: tree}, arch: amd64, display_name: Shown, outputs: [wim, esd]}}\n")
    r = run("build")
    assert r.code == 0, r
    made = {"Name:                   k", "Display Name:           Shown"}
    for out in ("k.wim", "k.esd"):
        got = info(tmp_path / "out" / out, 1)
        lost = {x for x in info(tmp_path / "b.wim", 2) if not x.startswith("Creation Time:")} - set(got)
        assert lost == {"Name:                   Windows 11 Pro", "Display Name:           Windows 11 Pro"} and made <= set(got), (out, got)
    project.write_text(project.read_text().replace("amd64", "arm64"))
    for command in ("check", "build"):
        r = run(command)
        assert r.code != 0 and "says that the image is for amd64, and 'arch: arm64' was asked for" in r.out + r.err, r


def test_what_changed_since(run, rich, tmp_path):
    """Files that were changed, removed, added or replaced by others, after the image was applied."""
    assert run("wim", "apply", rich, "1", "tree", "--meta").code == 0
    tree = tmp_path / "tree"
    (tree / "plain.txt").write_text("changed")
    (tree / "streams.txt").unlink()
    (tree / "linked too").unlink()
    (tree / "linked too").write_text("another")
    (tree / "new").write_text("new")
    (tree / "efs").write_text("no longer encrypted")
    (tree / "only streams").unlink()
    (tree / "only streams").mkdir()
    (tree / "junction").unlink()
    (tree / "junction").symlink_to("dir")
    (tree / "symlink").unlink()
    (tree / "symlink").write_text("a file")
    (tree / "elsewhere" / "f").write_text("below")
    os.link(tree / "dir" / "linked", tree / "third")
    r = run("wim", "capture", tree, "c.wim")
    assert r.code == 0 and run("wim", "verify", "c.wim").code == 0, r
    e = {x["path"]: x for x in json.loads(run("wim", "dir", "c.wim", "1", "--json", "-l").out)["entries"]}
    assert "\\streams.txt" not in e and "\\" + META not in e
    assert e["\\plain.txt"]["attributes"] == "0x2022" and e["\\plain.txt"]["short_name"] == "PLAIN~1.TXT"
    assert e["\\efs"]["attributes"] == "0x20" and e["\\efs"]["bytes"] == 19
    assert int(e["\\only streams"]["attributes"], 16) == 0x10 and int(e["\\symlink"]["attributes"], 16) & 0x400 == 0
    assert int(e["\\elsewhere"]["attributes"], 16) & 0x400 == 0 and "\\elsewhere\\f" in e
    same = {x["path"] for x in e.values() if x.get("link_group") == e["\\third"].get("link_group")}
    assert same == {"\\third", "\\dir\\linked"}, same
    assert int(e["\\junction"]["attributes"], 16) & 0x400
    assert run("wim", "cat", "c.wim", "1", "\\plain.txt").out == "changed"
    # times: of what was not touched as they were, of what was written its own
    old = {x["path"]: x for x in json.loads(run("wim", "dir", rich, "1", "--json", "-l").out)["entries"]}
    assert e["\\alone"]["written"] == old["\\alone"]["written"] and e["\\plain.txt"]["written"] != old["\\plain.txt"]["written"]
    assert e["\\plain.txt"]["created"] == old["\\plain.txt"]["created"]


def test_an_object_id_stays_with_another_short_name(run, tmp_path):
    """What stands behind the names moves with them."""
    needs("wimlib-imagex")
    n = wimgen.Node
    names = ["a", "ab", "abc", "abcd", "abcde", "abcdef"]
    (tmp_path / "a.wim").write_bytes(wimgen.Wim().add(n(children=[
        n(x, x.encode(), tagged=wimgen.object_id(i), short=f"S{'x' * i}~1" if i % 2 else "") for i, x in enumerate(names)])).build())
    assert run("wim", "apply", "a.wim", "1", "t", "--meta").code == 0

    def ids(wim):
        return [x for x in details(tmp_path / wim, 1) if "Object ID" in x]

    meta = tmp_path / "t" / META
    text = meta.read_text()
    assert len(ids("a.wim")) == 2 * len(names)
    for i, short in enumerate(("", "A~1", "AB~1", "ABC~1", "ABCD~1")):
        lines = []
        for line in text.splitlines():
            words = [w for w in line.split(" ") if not w.startswith("short=")]
            if "items=" in line and short:
                words.insert(3, f"short={words[1][0].upper()}{len(words[1])}{short[1:]}")
            lines.append(" ".join(words))
        meta.write_text("\n".join(lines + [""]))
        r = run("wim", "capture", "t", f"{i}.wim")
        assert r.code == 0 and ids(f"{i}.wim") == ids("a.wim"), (short, r)


def test_over_a_folder_that_has_one(run, rich, tmp_path):
    one = wimgen.Node(children=[wimgen.Node("other", b"o", attributes=0x21, security=0), wimgen.Node("plain.txt", b"new", attributes=0x20)])
    (tmp_path / "other.wim").write_bytes(wimgen.Wim().add(one, descriptors=[SD_B]).build())
    assert run("wim", "apply", rich, "1", "tree", "--meta").code == 0
    r = run("wim", "apply", "other.wim", "1", "tree", "--meta", "--force")
    assert r.code == 0, r
    assert run("wim", "capture", "tree", "c.wim").code == 0
    e = {x["path"]: x for x in json.loads(run("wim", "dir", "c.wim", "1", "--json", "-l").out)["entries"]}
    assert e["\\other"]["attributes"] == "0x21" and e["\\plain.txt"]["attributes"] == "0x20" and e["\\dir"]["attributes"] == "0x11"
    text = (tmp_path / "tree" / META).read_text()
    assert text.count("entry plain.txt ") == 1


def test_its_name_is_taken(run, tmp_path):
    (tmp_path / "a.wim").write_bytes(wimgen.Wim().add(wimgen.Node(children=[wimgen.Node(META, b"mine")])).build())
    r = run("wim", "apply", "a.wim", "1", "t", "--meta")
    assert r.code == 1 and META in r.err and "--meta needs" in r.err and not (tmp_path / "t").exists(), r
    r = run("wim", "apply", "a.wim", "1", "v.img", "--meta", "--ntfs")
    assert r.code == 2, r
    for make in (lambda p: p.mkdir(), lambda p: p.symlink_to("/etc/passwd")):
        d = tmp_path / "d"
        d.mkdir()
        make(d / META)
        r = run("wim", "capture", "d", "x.wim")
        assert r.code == 1 and META in r.err and not (tmp_path / "x.wim").exists(), r
        shutil.rmtree(d)


HOSTILE = {
    "wingo-meta 1\nentry ../a attributes=0x20\nend\n": (2, "not one below"),
    "wingo-meta 1\nentry a/../../b\nend\n": (2, "not one below"),
    "wingo-meta 1\nentry /etc/passwd\nend\n": (2, "not one below"),
    "wingo-meta 1\nentry a%00b\nend\n": (2, "no text"),
    "wingo-meta 1\nentry f\nentry g\nentry f\nend\n": (4, "line 2"),
    "wingo-meta 1\nentry f descriptor=4294967295\nend\n": (2, "no descriptor"),
    "wingo-meta 1\nentry f links=99999999999999999999999\nend\n": (2, "number"),
    "wingo-meta 1\nentry f attributes=0x20 attributes=0x21\nend\n": (2, "twice"),
    "wingo-meta 1\nstream a =00\nend\n": (2, "before the first"),
    "wingo-meta 1\nentry f\nstream a =0\nend\n": (3, "hex"),
    "wingo-meta 1\nentry f\n": (3, "cut off"),
    "wingo-meta 3\nend\n": (1, "newer"),
    "wingo-meta 1\nimage <NAME>a</NAME>\nend\n": (2, "version 2"),
    "wingo-meta 2\nimage <NAME>a</NAME><FLAGS/>\nend\n": (2, "one element"),
    "wingo-meta 2\nimage <A>&b;</A>\nend\n": (2, "no XML"),
    "wingo-meta 2\nimage <TOTALBYTES>1</TOTALBYTES>\nend\n": (2, "counted"),
    "something else\n": (1, "first line"),
    "wingo-meta 1\nend\nentry f\n": (3, "behind the end"),
    "wingo-meta 1\nentry f colour=red\nend\n": (2, "no field"),
    "wingo-meta 1\nentry \x1b[31m\nend\n": (2, "control"),
    "wingo-meta 1\nentry f short=.\nend\n": (2, "no name of a file"),
    "wingo-meta 1\nentry f short=%2E%2E\nend\n": (2, "no name of a file"),
    "wingo-meta 1\nentry f short=A/B\nend\n": (2, "no name of a file"),
    "wingo-meta 1\nentry d attributes=0x410 reparse=0x80000017 reparse-data=00\nend\n": (2, "has entries in it"),
}


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: HOSTILE[t][1].replace(" ", "-") + str(len(t)))
def test_hostile_ones(text, run, tmp_path):
    line, word = HOSTILE[text]
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "f").write_text("x")
    (tmp_path / "t" / "d").mkdir()
    (tmp_path / "t" / "d" / "g").write_text("x")
    (tmp_path / "t" / META).write_text(text)
    r = run("wim", "capture", "t", "a.wim")
    assert r.code == (1 if "newer" in word else 4) and f"t/{META}:{line}: " in r.err and word in r.err, r
    assert "\x1b" not in r.err and not (tmp_path / "a.wim").exists()


def link(tag, target, flags=1):
    """reparse=... reparse-data=... of a link, by MS-FSCC 2.1.2.4 and 2.1.2.5."""
    text = target.encode("utf-16-le")
    head = struct.pack("<HHHH", 0, len(text), 0, len(text)) + (struct.pack("<I", flags) if tag == 0xA000000C else b"")
    return f"reparse={tag:#x} reparse-data={(head + text).hex()}"


SD_GOOD, SELF = SD_A.hex(), "01000480"
# What no image, or no file of Windows, can have: found where it stands, by capture and by check.
REFUSED = [
    ("descriptor 0100\n", 2, "not a security descriptor"),
    ("descriptor 01000400" + "00" * 16 + "\n", 2, "self-relative"),
    (f"descriptor {SD_GOOD}\ndescriptor {SELF}" + "ff000000" + "00" * 12 + "\n", 3, "not a whole SID"),
    (f"descriptor {SELF}" + "00" * 12 + "14000000" + "0200ff0001000000\n", 2, "does not fit"),
    ("entry f attributes=0x420 reparse=0xa000000c\n", 2, "'f': a link (tag 0xa000000c), and its reparse data is damaged; without"),
    ("entry d attributes=0x410 reparse=0xa0000003 reparse-data=0102\n", 2, "its reparse data is damaged"),
    (f"entry f {link(0xA000000C, 'a' + chr(0) + 'b')}\n", 2, "NUL"),
    (f"entry f {link(0xA000000C, '')}\n", 2, "empty"),
    ("entry f reparse=0xa000001d reparse-data=02000000\n", 2, "empty"),
    (f"entry f attributes=0x4420 {link(0xA000000C, 'x')}\n", 2, "encrypted"),
    ("entry f reparse=0x9000001a reparse-data=00 efs=00\n", 2, "one of the two"),
    (f"entry . {link(0xA0000003, 'C:' + chr(92) + 'x')}\n", 2, "'.': the top folder"),
    ("entry f reparse=0x1 reparse-data=00\n", 2, "no reparse point"),
    ("entry f reparse-data=00\n", 2, "without 'reparse'"),
    ("entry f reparse=0x9000001a reparse-data=" + "00" * 16377 + "\n", 2, "16376 at most"),
    ("entry f short=NINECHARS\n", 2, "8.3"),
    ("entry f short=A.HTML\n", 2, "8.3"),
    ("entry f short=A%20B.%20\nentry d short=A*B\n", 3, "8.3"),
    ("entry f short=A\\B\n", 2, "8.3"),
    ("entry f\nstream a/b =00\n", 3, "Windows refuses"),
    ("entry f\nstream ok =00\nstream a:$DATA =00\n", 4, "Windows refuses"),
    ("entry f\nstream .. =00\n", 3, "Windows refuses"),
    ("entry f\nstream " + "x" * 256 + " =00\n", 3, "255 at most"),
    ("entry f\nstream Zone =00\nstream b =00\nstream zone =00\nentry d\n", 5, "the name of one above"),
    ("entry f written=9223372036854775808\n", 2, "'written' is a time"),
    ("entry d attributes=0x110\n", 2, "temporary"),
    ("entry f short=D\n", 2, "the short name of 'f' is the name of 'd'"),
    ("entry f short=A~1\nentry d short=a~1\n", 3, "'d' and 'f' (line 2) have one short name"),
    ("entry d/g short=NAME.TXT\n", 2, "the short name of 'd/g' is the name of 'd/Name.txt'"),
]


@pytest.mark.parametrize("text,line,says", REFUSED, ids=range(len(REFUSED)))
def test_what_would_be_refused_later_is_refused_at_its_line(text, line, says, run, tmp_path):
    t = tmp_path / "t"
    (t / "d").mkdir(parents=True)
    for name in ("f", "d/g", "d/Name.txt"):
        (t / name).write_text("x")
    (t / META).write_text(f"wingo-meta 1\n{text}end\n")
    r = run("wim", "capture", "t", "a.wim")
    assert r.code in (1, 4) and f"t/{META}:{line}: " in r.err and says in r.err and not (tmp_path / "a.wim").exists(), r
    (tmp_path / "wingo.yaml").write_text("version: 1\nname: p\nimages:\n  k: {base: {dir: t}, arch: amd64, outputs: [wim]}\n")
    r = run("check")
    assert r.code == 3 and "wingo.yaml:4:19: error: images.k.base: " in r.out and f"t/{META}:{line}: " in r.out and says in r.out, r
    r = run("build")
    assert r.code in (1, 4) and f"t/{META}:{line}: " in r.err and says in r.err and not (tmp_path / "out").exists(), r
    # a file that is gone takes nobody's name
    if "short name" in says:
        (t / "f").unlink()
        shutil.rmtree(t / "d")
        assert run("wim", "capture", "t", "a.wim").code == 0 and run("check").code == 0


def test_check_finds_names_that_no_image_can_have(run, tmp_path):
    t = tmp_path / "t"
    t.mkdir()
    (tmp_path / "wingo.yaml").write_text("version: 1\nname: p\nimages:\n  k: {base: {dir: t}, arch: amd64, outputs: [wim]}\n")
    assert run("check").code == 0
    os.mkfifo(t / "pipe")
    (t / "A").write_text("x")
    (t / "a").write_text("x")
    r = run("check")
    assert r.code == 3 and "wingo.yaml:4:19: error: images.k.base: 2 names can't be packed; the first: " in r.out, r


def test_what_capture_takes_apply_and_verify_take(run, tmp_path):
    """Random sidecars: either a line of it is refused, or all that follows goes well."""
    r, taken = random.Random(11), 0
    words = {  # what may stand there, and what may not or not with the rest
        "attributes": (["0x20", "0x10", "0x410", "0x4020", "0x2417", "0x0", "0x80"], ["0x4410", "0x420", "0x110"]),
        "descriptor": (["0", "1", "2"], ["3"]), "short": (["A~1", "AB.TXT", "\u00c4", "Q%20.B"], ["F", "A.B.C", "LONGNAME.X"]),
        "created": (["0", "133000000000000000"], ["18446744073709551615"]), "written": (["1", "9223372036854775807"], ["9223372036854775808"]),
        "links": (["0", "3", "18446744073709551615"], [""]),
        "reparse": (["0x9000001a", "0x80000017", "0x9000701a"], ["0x2", "0xa000000c", "0xa0000003", "0xa000001d"]),
        "target": (["d", "x", "../d"], [""]), "efs": (["", "00", "0102"], ["0"]),
        "items": (["", "00", "0100000000000000", "00000100000010000000" + "11" * 16], ["0"])}
    links = [link(0xA000000C, "d"), link(0xA0000003, "\\??\\C:\\d"), link(0xA000000C | 1 << 48, "C:\\d", 0), "reparse=0xa000001d reparse-data=0200000061"]

    def pick(good, bad):
        return r.choice(bad if r.random() < .03 else good)

    order = ["attributes", "descriptor", "short", "created", "written", "links", "reparse", "reparse-data", "target", "efs", "items"]
    sds = [SD_A.hex(), SD_B.hex(), "", "0100"]
    for turn in range(60):
        t = tmp_path / f"t{turn}"
        (t / "d" / "empty").mkdir(parents=True)
        (t / "f").write_text("x")
        (t / "none").write_text("")
        (t / "d" / "h").write_text("x")
        (t / "l").symlink_to("d")
        lines = [f"descriptor {r.choice(sds[:3] if r.random() < .99 else sds)}" for _ in range(3)]
        for path in (".", "f", "none", "d", "d/empty", "d/h", "l", "gone"):
            fields = {k: pick(*v) for k, v in words.items() if r.random() < .15}
            if r.random() < .2 and not {"efs", "attributes"} & set(fields):
                fields.update(f.split("=") for f in r.choice(links).split())
            elif "reparse" in fields and r.random() < .8:
                fields["reparse-data"] = pick(["", "00", "ffff" * 8], ["0"])
            lines.append(" ".join([f"entry {path}"] + [f"{k}={fields[k]}" for k in order if k in fields]))
            lines += [f"stream {n} ={d}" for n, d in (("Zone", "00"), ("%01x", "616263"), ("other", "")) if r.random() < .2]
            lines += [f"stream {r.choice(['zone', 'a:b', 'b'])} =00"] if r.random() < .02 else []
        (t / META).write_text("\n".join(["wingo-meta 1", *lines, "end", ""]), encoding="utf-8")
        got = run("wim", "capture", t, "c.wim", "--force")
        if got.code != 0:
            assert f"{META}:" in got.err, (lines, got)
            continue
        taken += 1
        for args in (("verify", "c.wim"), ("apply", "c.wim", "1", f"o{turn}"), ("apply", "c.wim", "1", f"m{turn}", "--meta"), ("dir", "c.wim", "1", "-l")):
            after = run("wim", *args)
            assert after.code == 0, (args, lines, after)
        after = run("wim", "capture", f"m{turn}", "again.wim", "--force")
        assert after.code == 0, (lines, after)
    assert 15 < taken < 50, taken


def test_apply_says_what_capture_will_refuse(run, tmp_path):
    """An image may hold what no file of Windows can have."""
    n = wimgen.Node
    w = wimgen.Wim().add(n(security=0, children=[n("a", b"1"), n("b", b"2", short="NINECHARS")]), descriptors=[SD_A])
    (tmp_path / "odd.wim").write_bytes(w.build())
    r = run("wim", "apply", "odd.wim", "1", "t", "--meta")
    assert r.code == 0 and "will refuse the folder" in r.err and f"t/{META}:6: " in r.err and "8.3" in r.err, r
    why = json.loads(run("wim", "apply", "odd.wim", "1", "j", "--meta", "--json").out)["capture_refuses"]
    assert f"j/{META}:6: " in why, why
    again = run("wim", "capture", "j", "a.wim")
    assert again.code == 4 and why in again.err, again
    r = run("wim", "apply", "odd.wim", "1", "plain", "--json")
    assert r.code == 0 and "capture_refuses" not in r.out, r


def test_entries_of_files_that_are_not_there(run, tmp_path):
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "f").write_text("x")
    (tmp_path / "t" / META).write_text("wingo-meta 1\n" + "".join(f"entry gone/{i} attributes=0x22\nstream s =6161\n" for i in range(20000))
                                       + "entry f attributes=0x22\nstream s =6162\nend\n")
    r = run("wim", "capture", "t", "a.wim")
    assert r.code == 0, r
    assert run("wim", "dir", "a.wim").out.split() == ["\\", "\\f"]
    # names that only differ in case are two files only where the sidecar has both
    (tmp_path / "t" / "F").write_text("y")
    r = run("wim", "capture", "t", "b.wim")
    assert r.code == 1 and "same name" in r.err, r


def test_sambas_attributes(run, tmp_path):
    """As Samba 4.17's own packer (python3-samba, ndr_pack of xattr.DOSATTRIB) made them."""
    needs("setfattr", "wimlib-imagex")
    t = tmp_path / "t"
    t.mkdir()
    values = {"v1": "30783232000001000100000022000000000000000000000000000000000000000000000000005af64cf5d4010000000000000000",
              "v3": "3078323200000300030000001100000022000000000000000000000000000000000000000000000000005af64cf5d4010000000000000000",
              "v4": "00000400040000001100000022000000000000000000000000005af64cf5d401",
              "v5": "0000050005000000110000002200000000005af64cf5d401",
              "old": b"0x22".hex() + "00", "folder": b"0x12".hex() + "00"}
    for name, value in values.items():
        (t / name).mkdir() if name == "folder" else (t / name).write_text("x")
        if start(["setfattr", "-n", "user.DOSATTRIB", "-v", "0x" + value, t / name]).code != 0:
            pytest.skip("needs a file system with user.* attributes")
    assert start(["setfattr", "-n", "user.DosStream.Zone.Identifier:$DATA", "-v", "0x5b5a5d00", t / "v5"]).code == 0
    assert start(["setfattr", "-n", "user.note", "-v", "mine", t / "v4"]).code == 0
    r = run("wim", "capture", "t", "a.wim")
    assert r.code == 0 and "extended attributes of 1 file" in r.err, r
    e = {x["path"][1:]: x for x in json.loads(run("wim", "dir", "a.wim", "1", "--json", "-l").out)["entries"]}
    assert {e[n]["attributes"] for n in ("v1", "v3", "v4", "v5", "old")} == {"0x22"} and e["folder"]["attributes"] == "0x12", e
    assert all(e[n]["created"].startswith("2019-04-17T18:40:00") for n in ("v1", "v3", "v4", "v5")), e
    assert "[Z]" == run("wim", "cat", "a.wim", "1", "\\v5:Zone.Identifier").out
    assert 'Named data stream "Zone.Identifier"' in "\n".join(details(tmp_path / "a.wim", 1))
    # the sidecar's word comes first, and what it does not say is the file's
    (t / META).write_text("wingo-meta 1\nentry v5 attributes=0x21\nend\n")
    assert run("wim", "capture", "t", "b.wim").code == 0
    e = {x["path"][1:]: x for x in json.loads(run("wim", "dir", "b.wim", "1", "--json", "-l").out)["entries"]}
    assert e["v5"]["attributes"] == "0x21" and e["v5"]["created"].startswith("2019-04-17") and e["v4"]["attributes"] == "0x22"
    # damaged: said, with the file
    assert start(["setfattr", "-n", "user.DOSATTRIB", "-v", "0x000009000900", t / "v4"]).code == 0
    r = run("wim", "capture", "t", "c.wim")
    assert r.code == 4 and "'t/v4': extended attribute 'user.DOSATTRIB'" in r.err, r


def test_attributes_are_inputs_of_a_build(run, tmp_path):
    needs("setfattr")
    t = tmp_path / "t"
    t.mkdir()
    (t / "f").write_text("x")
    if start(["setfattr", "-n", "user.DOSATTRIB", "-v", "0x3078323200", t / "f"]).code != 0:
        pytest.skip("needs a file system with user.* attributes")
    (tmp_path / "wingo.yaml").write_text("version: 1\nname: p\nimages:\n  k: {base: {dir: t}, arch: amd64, outputs: [wim], files: [{mkdir: 'C:\\X'}]}\n")

    def attributes():
        assert run("build").code == 0
        return {x["path"]: x["attributes"] for x in json.loads(run("wim", "dir", "out/k.wim", "--json").out)["entries"]}["\\f"]
    assert attributes() == "0x22"
    assert start(["setfattr", "-n", "user.DOSATTRIB", "-v", "0x3078323100", t / "f"]).code == 0
    assert attributes() == "0x21"


def test_a_mounted_ntfs_volume(run, rich, tmp_path):
    """ntfs-3g shows descriptors, attributes, times, short names and streams as extended attributes."""
    needs("mkntfs", "ntfs-3g", "fusermount3")
    if not os.access("/dev/fuse", os.R_OK | os.W_OK) or os.getuid() != 0:
        pytest.skip("needs root and /dev/fuse")
    volume, mount = tmp_path / "v.img", tmp_path / "m"
    with open(volume, "wb") as f:
        f.truncate(16 << 20)
    mount.mkdir()
    assert start(["mkntfs", "-F", "-Q", volume]).code == 0
    assert run("wim", "update", rich, "1", "--delete=\\efs", "--delete=\\case", "--delete=\\cloud folder", "--delete=\\cloud").code == 0
    assert run("wim", "apply", rich, "1", volume, "--ntfs").code == 0

    def capture():
        r = start(["ntfs-3g", "-o", "streams_interface=xattr", volume, mount])
        if r.code != 0:
            pytest.skip("needs mounts by FUSE: " + r.err.strip())
        try:
            r = run("wim", "capture", mount, "c.wim")
            start(["setfattr", "-h", "-x", "user.a b%c", mount / "streams.txt"])
        finally:
            start(["umount", mount])
        return r
    r = capture()  # a stream of 70,000 bytes
    assert r.code == 1 and "'user.a b%c' is larger than" in r.err, r
    r = capture()
    assert r.code == 0, r
    by_wimlib = tmp_path / "w.wim"
    assert start(["wimlib-imagex", "capture", volume, by_wimlib, "x"]).code == 0
    a = {x["path"]: x for x in json.loads(run("wim", "dir", by_wimlib, "1", "--json", "-l").out)["entries"]}
    c = {x["path"]: x for x in json.loads(run("wim", "dir", "c.wim", "1", "--json", "-l").out)["entries"]}
    for path in ("\\plain.txt", "\\streams.txt", "\\dir", "\\dir\\in it", "\\id"):
        for key in ("attributes", "created", "written", "short_name", "security", "streams"):
            x, y = (sorted(v, key=lambda s: s["name"]) if key == "streams" else v for v in (a[path].get(key, []), c[path].get(key, [])))
            assert x == y, (path, key, x, y)
