# SPDX-License-Identifier: Apache-2.0
"""`files:` with wildcards, `exclude:` and `all_below:`; what goes in is listed by wimlib-imagex."""
import json
import os
import re
import tarfile

import pytest

from conftest import needs, start

PRO = "Windows 11 Pro"


def listing(wim, *below):
    """Files and folders of the image that lie in these folders, as wimlib lists them."""
    r = start(["wimlib-imagex", "dir", wim, PRO])
    assert r.code == 0, r
    return sorted(line for line in r.out.splitlines() if line.startswith(tuple(f"/{b}" for b in below)))


def detail(wim, path):
    """Attributes and the descriptor's hex of one entry."""
    r = start(["wimlib-imagex", "dir", wim, PRO, "--detailed", "--one-file-only", f"--path={path}"])
    assert r.code == 0, r
    return int(re.search(r"Attributes += 0x(\w+)", r.out).group(1), 16), re.search(r"Descriptor = (\w+)", r.out).group(1)


@pytest.fixture
def folder(tmp_path):
    for name in ("dist/a.dll", "dist/x/y/b.DLL", "dist/x/c.pdb", "dist/obj/d.dll", "dist/none/e.txt", "brand/l.png", "brand/sub/m.txt",
                 "brand/sub/n.pdb", "a[1].txt"):
        path = tmp_path / "p" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "p/dist/empty").mkdir()
    return tmp_path / "p"


@pytest.fixture
def image(folder, run):
    """image(entries...) builds an image with them and gives its path; code: what the build ends with."""
    needs("wimlib-imagex")

    def make(*entries, code=0, command="build"):
        (folder / "wingo.yaml").write_text(json.dumps({
            "version": 1, "name": "p", "images": {"k": {
                "base": {"synthetic": "windows-11", "image": PRO}, "files": list(entries), "outputs": ["wim"]}}}, indent=1))
        r = run(command, cwd=folder)
        assert r.code == code, r
        return r if code or command != "build" else folder / "out/k.wim"
    return make


def test_wildcards(image, folder):
    """Files that match come with their folders, and no others; letter case is ignored."""
    os.symlink("nowhere", folder / "dist/x/link")  # matches nothing, so it is no fault
    wim = image({"from": "dist/**/*.dll", "to": "C:\\D"}, {"from": "dist/*", "to": "C:\\E\\"}, {"from": "brand/?.PNG", "to": "C:\\F"},
                {"from": "a[1].txt", "to": "C:\\F\\"})
    assert listing(wim, "D/", "D", "E", "F/") == [
        "/D", "/D/a.dll", "/D/obj", "/D/obj/d.dll", "/D/x", "/D/x/y", "/D/x/y/b.DLL", "/Documents and Settings", "/E", "/E/a.dll", "/F/a[1].txt",
        "/F/l.png"]


def test_exclude(image, folder, run):
    """What stays out is as if it were not there: it may be a link, and its change is no reason to build."""
    os.symlink("nowhere", folder / "brand/link.pdb")
    entries = ({"from": "brand", "to": "C:\\B", "exclude": ["*.pdb", "!n.pdb"]},
               {"from": "dist", "to": "C:\\D", "exclude": ["/obj/", "x/*.pdb", "none/**"]},
               {"from": "dist/**/*.dll", "to": "C:\\E", "exclude": ["obj"]})
    wim = image(*entries)
    assert listing(wim, "B", "D/", "E") == [
        "/B", "/B/l.png", "/B/sub", "/B/sub/m.txt", "/B/sub/n.pdb", "/D/a.dll", "/D/empty", "/D/none", "/D/x", "/D/x/y", "/D/x/y/b.DLL",
        "/E", "/E/a.dll", "/E/x", "/E/x/y", "/E/x/y/b.DLL"]
    for name, again in (("dist/obj/d.dll", False), ("dist/x/c.pdb", False), ("dist/a.dll", True), ("dist/x/new.dll", True),
                        ("dist/x/new.pdb", False)):
        (folder / name).write_text("other")
        r = run("build", "--json", cwd=folder)
        assert r.code == 0 and (json.loads(r.out)["ran"] > 0) == again, (name, r)
    plans = [image(*entries, command="plan").out]
    for changed in (["*.pdb"], ["*.pdb", "!n.pd"], None):
        first = {k: v for k, v in {**entries[0], "exclude": changed}.items() if v}
        if changed is None:
            os.unlink(folder / "brand/link.pdb")
        plans.append(image(first, *entries[1:], command="plan").out)
    assert "1 cached" in plans[0] or "cached" in plans[0], plans[0]
    assert all("files[0]" in p for p in plans[1:]), plans


def test_for_all_below(image):
    """Attributes and descriptor of everything put, of everything that was there, and of the files that match."""
    sddl = "D:PAI(A;OICI;FA;;;SY)"
    wim = image({"from": "brand", "to": "C:\\B", "attributes": ["readonly"], "sddl": sddl, "all_below": True},
                {"from": "dist/**/*.dll", "to": "C:\\D", "attributes": ["hidden"], "sddl": sddl, "owner": "SYSTEM"},
                {"from": "dist", "to": "C:\\E", "attributes": ["hidden"]},
                {"set": "C:\\Program Files", "attributes": ["system"], "owner": "SYSTEM", "all_below": True})
    acl = detail(wim, "/B")[1]
    assert [detail(wim, p)[0] for p in ("/B", "/B/sub", "/B/sub/m.txt")] == [0x11, 0x11, 0x21]
    assert {detail(wim, p)[1] for p in ("/B", "/B/sub", "/B/sub/m.txt")} == {acl}
    assert [detail(wim, p)[0] for p in ("/D", "/D/x", "/D/x/y/b.DLL", "/D/a.dll")] == [0x10, 0x10, 0x22, 0x22]
    assert detail(wim, "/D/a.dll")[1] == detail(wim, "/D/x/y/b.DLL")[1] != detail(wim, "/D/x")[1] == detail(wim, "/E/x")[1]
    assert [detail(wim, p)[0] for p in ("/E", "/E/x", "/E/a.dll")] == [0x12, 0x10, 0x20]
    assert [detail(wim, p)[0] & 7 for p in ("/Program Files", "/Program Files/Common Files")] == [4, 4]


def test_set_for_all_below_keeps_off_what_is_protected(image):
    r = image({"set": "C:\\Users", "attributes": ["hidden"], "all_below": True}, code=2)
    assert "UsrClass.dat' is not changed: it is a hive" in r.err, r


@pytest.mark.parametrize("entry, text, hint", [
    ({"from": "dits/*.dll"}, "there is no 'dits'", "did you mean 'dist'?"),
    ({"from": "dist/*.dlx"}, "nothing matches 'dist/*.dlx'", "did you mean 'dist/*.dll'?"),
    ({"from": "dist/*.pdb"}, "nothing matches 'dist/*.pdb'", "did you mean 'dist/**/*.pdb'?"),
    ({"from": "dist/empty/*"}, "nothing matches 'dist/empty/*'", "there is no file in that folder"),
    ({"from": "dist/*.unknown"}, "nothing matches", "there is, among others, 'dist/a.dll'"),
    ({"from": "brand", "exclude": ["**"]}, "'exclude' leaves nothing of 'brand'", "narrower"),
    ({"from": "brand/*.png", "exclude": ["l*"]}, "'exclude' leaves nothing of 'brand/*.png'", "narrower"),
    ({"from": "dist/a.dll", "exclude": ["*"]}, "'exclude' is of a folder, and 'dist/a.dll' is a file", "remove it"),
    ({"from": "dist/a.dll", "all_below": True, "sddl": "D:"}, "'all_below' is of a folder", "remove it"),
    ({"from": "brand", "all_below": True}, "'all_below' without what it is about", "add 'attributes' or 'sddl'"),
    ({"from": "brand/*", "all_below": True}, "'all_below' does not belong to wildcards", "anyway"),
    ({"from": "dist/*/"}, "wildcards match files", "'dist/*/**'"),
    ({"from": "dist/*/../x"}, "'.' or '..' in a pattern", ""),
    ({"from": "dist", "exclude": ["a\\b"]}, "in a pattern '/' stands between folders", ""),
    ({"from": "dist", "exclude": ["a//b"]}, "a '/' with no name before it", ""),
    ({"from": "dist", "exclude": ["!"]}, "'!' names nothing", "'!keep.pdb'"),
    ({"from": "dist", "exclude": ["/"]}, "'/' names nothing", "'*.pdb'"),
])
def test_what_is_refused_with_a_cure(image, folder, entry, text, hint):
    """By check, at the line of the entry, and by build before anything is made."""
    r = image({**entry, "to": "C:\\D"}, code=3, command="check")
    lines = r.out.splitlines()
    assert text in lines[0] and "1 error" in r.out + r.err, r
    assert hint in lines[1] if hint else True, r
    begins = (folder / "wingo.yaml").read_text().splitlines().index('     "from": "%s",' % entry["from"])
    assert begins <= int(lines[0].split(":")[1]) <= begins + 6, r
    if "leaves nothing" in text or "nothing matches" in text:
        b = image({**entry, "to": "C:\\D"}, code=3)
        assert "wingo.yaml:" in b.err and not (folder / "out").exists(), b


def test_archives_take_wildcards(folder, run):
    needs("go")
    (folder / "go.mod").write_text("module example.com/p\n\ngo 1.19\n")
    (folder / "main.go").write_text("package main\n\nfunc main() {}\n")

    def project(files):
        (folder / "wingo.yaml").write_text(json.dumps({"version": 1, "name": "p", "apps": {"p": {
            "dir": ".", "targets": ["linux/amd64"], "archive": {"files": files}}}}))
    project(["brand/**/*.txt", "dist/**/*.dll", "a[1].txt"])
    r = run("build", cwd=folder)
    assert r.code == 0, r
    with tarfile.open(folder / "out/p/p_linux_amd64.tar.gz") as tar:
        assert tar.getnames() == ["p", "m.txt", "a.dll", "d.dll", "b.DLL", "a[1].txt"]
    (folder / "dist/x/a.dll").write_text("")
    r = run("check", cwd=folder)
    assert r.code == 3 and "'dist/a.dll' and 'dist/x/a.dll' have one name in the archive" in r.out, r
    project(["dist/*.dlx"])
    r = run("check", cwd=folder)
    assert r.code == 3 and "did you mean 'dist/*.dll'?" in r.out, r
