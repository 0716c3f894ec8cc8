# SPDX-License-Identifier: Apache-2.0
"""Changes of an image's files: delete, rename, folders, attributes, descriptors, what is protected.

Judged by wimlib-imagex and 7-Zip, and on NTFS by ntfs-3g; random sequences are compared with a model.
"""
import hashlib
import json
import random
import re
import struct

import pytest

from conftest import ROOT, needs, start
from test_image import WIM, bases, details, extract, put, tools, wimgen, xml  # noqa: F401
from test_image import run as tool
from winelab import wine  # noqa: F401

THEIRS = re.compile(r"<(DIRCOUNT|FILECOUNT|TOTALBYTES|HARDLINKBYTES)>(\d+)<")


def blobs(wim):
    """SHA-1 -> uses, of all contents in the file (wimlib's numbers)."""
    found = {}
    for block in tool(WIM, "info", wim, "--blobs").split("\n\n"):
        h = re.search(r"Hash +=? *0x([0-9a-f]{40})", block)
        if h and "METADATA" not in block:
            found[h.group(1)] = re.search(r"Reference Count +=? *(\d+)", block).group(1)
    return found


def test_delete_and_rename(bases, put, tools, tmp_path):
    """wimlib's own update, asked for the same, leaves the same tree, counts and contents."""
    base, out, theirs = bases["check"], tmp_path / "out.wim", tmp_path / "theirs.wim"
    tool(WIM, "export", base, "all", theirs, "--boot", "--quiet")
    (tmp_path / "first").write_bytes(b"first")
    tool(WIM, "update", theirs, "1", f"--command=add {tmp_path / 'first'} /first", "--quiet")
    got = put(theirs, out, "delete:c:\\windows\\system32\\LINKED2.EXE", "delete:C:\\Program Files\\Common",
              "rename:C:\\Windows\\SYSTEM32\\b.DLL=C:/Windows/system32/a.dll", "rename:C:\\FIRST=C:\\first", image="1")
    tool(WIM, "update", theirs, "1", "--command=delete /Windows/System32/linked2.exe", "--quiet")
    tool(WIM, "update", theirs, "1", "--command=delete --recursive '/PROGRAM FILES/Common'", "--quiet")
    tool(WIM, "update", theirs, "1", "--command=rename /Windows/System32/a.dll /Windows/System32/b.DLL", "--quiet")
    tool(WIM, "update", theirs, "1", "--command=rename /first /FIRST", "--quiet")
    ours, other = details(out, 1), details(theirs, 1)
    assert ours.keys() == other.keys()
    assert {p: re.sub(r"Short Name.*", "", d) for p, d in ours.items()} == \
        {p: re.sub(r"Short Name.*", "", d) for p, d in other.items()}
    assert got["n_renamed"] == "2"
    assert THEIRS.findall(xml(out, tmp_path).split("</IMAGE>")[0]) == THEIRS.findall(xml(theirs, tmp_path).split("</IMAGE>")[0])
    assert blobs(out) == blobs(theirs)
    tool(WIM, "verify", out, "--quiet")
    tool(tools / "wim_tool", "verify", out)
    tool(tools / "wim_tool", "roundtrip", out)
    assert "Everything is Ok" in tool("7z", "t", out)


def test_hard_links_lose_one_name(bases, put, tmp_path):
    """The other name keeps content and streams; a content that no name uses leaves the file."""
    base, out = bases["check"], tmp_path / "out.wim"
    put(base, out, "delete:C:\\Windows\\System32\\linked1.exe", image="1")
    assert extract(out, 1, "/Windows/System32/linked2.exe", tmp_path) == b"linked content one"
    assert set(blobs(out)) == set(blobs(base))
    put(base, tmp_path / "none.wim", "delete:C:\\Windows\\System32\\linked1.exe",
        "delete:C:\\Windows\\System32\\linked2.exe", image="1")
    gone = hashlib.sha1(b"linked content one").hexdigest()
    assert set(blobs(base)) - set(blobs(tmp_path / "none.wim")) == {gone}  # its streams are in image 2 too


def test_short_names(bases, put, tmp_path):
    """A short name names its file; it goes with the old name, and stays when only letter case changes."""
    base, new = bases["check"], tmp_path / "new"
    new.write_bytes(b"new")
    short = lambda wim, path: re.search(r'Short Name += "(.*)"', details(wim, 1)[path]).group(1)
    out = tmp_path / "a.wim"
    put(base, out, "rename:C:\\Program Files=C:\\Progra~1", f"file:C:\\PROGRAM FILES\\READON~1.TXT={new}", image="1")
    assert short(out, "/Program Files") == "PROGRA~1"
    assert short(out, "/Program Files/read only.txt") == "READON~1.TXT"
    assert extract(out, 1, "/Program Files/read only.txt", tmp_path) == b"new"
    out = tmp_path / "b.wim"
    put(base, out, "rename:C:\\Program Files\\other.txt=C:\\Program Files\\read only.txt", image="1")
    assert short(out, "/PROGRAM FILES/other.txt") == ""
    err = put(base, tmp_path / "c.wim", f"file:C:\\Program Files\\x={new}",
              "rename:C:\\Program Files\\READON~1.TXT=C:\\Program Files\\x", image="1", ok=False)
    assert err.startswith("CONFLICT:") and "read only.txt' in the image is there already" in err
    put(base, tmp_path / "d.wim", "delete:C:\\PROGRA~1\\readon~1.txt", image="1")
    assert "/PROGRAM FILES/read only.txt" not in details(tmp_path / "d.wim", 1)


def test_short_names_that_somebody_chose(put, tmp_path):
    """A short name needs no '~': a file put under it is that file."""
    n, new = wimgen.Node, tmp_path / "new"
    new.write_bytes(b"new")
    base, out = tmp_path / "base.wim", tmp_path / "out.wim"
    base.write_bytes(wimgen.Wim().add(n(children=[n("a long name.txt", b"old", short="ODD.TXT"), n("b", b"b")])).build())
    got = put(base, out, f"file:C:\\odd.txt={new}")
    assert got["n_replaced"] == "1" and extract(out, 1, "/a long name.txt", tmp_path) == b"new"
    err = put(base, tmp_path / "c.wim", "rename:C:\\Odd.txt=C:\\b", ok=False)
    assert "a long name.txt' in the image is there already" in err


CONFLICTS = [
    (["delete:C:\\nothing"], "NOT_FOUND", "'C:\\nothing' is not in the image"),
    (["delete:C:\\nothing\\below|if-present"], None, ""),
    (["rename:C:\\x=C:\\nothing"], "NOT_FOUND", "'C:\\nothing' is not in the image"),
    (["rename:C:\\x=C:\\nothing|if-present"], None, ""),
    (["set:C:\\nothing|attributes=h"], "NOT_FOUND", "not in the image"),
    (["delete:C:\\"], "CONFLICT", "root"),
    (["rename:C:\\x=C:\\"], "CONFLICT", "root"),
    (["rename:C:\\Windows\\System32\\x=C:\\Windows|any"], "CONFLICT", "below itself"),
    (["rename:C:\\Windows\\unknown.bin=C:\\Windows\\System32\\a.dll"], "CONFLICT", "there already"),
    (["rename:C:\\Windows\\unknown.bin=C:\\Windows\\System32\\a.dll|replace"], None, ""),
    (["rename:C:\\Users=C:\\Program Files\\Common|replace"], "CONFLICT", "only a file"),
    (["rename:C:\\Users=C:\\Windows\\unknown.bin|replace"], "CONFLICT", "only a file"),
    (["rename:C:\\Windows\\unknown.bin\\x=C:\\Windows\\System32\\a.dll"], "CONFLICT", "where a folder is needed"),
    (["file:C:\\n=@", "delete:C:\\n"], "CONFLICT", "was put there by an earlier change"),
    (["file:C:\\Windows\\n=@", "delete:C:\\Windows\\System32|any"], None, ""),
    (["file:C:\\Windows\\Sub\\n=@", "delete:C:\\Windows\\Sub"], "CONFLICT", "earlier change"),
    (["dir:C:\\d", "delete:C:\\d"], "CONFLICT", "was made by an earlier change"),
    (["delete:C:\\Windows\\unknown.bin", "delete:C:\\Windows\\unknown.bin"], "NOT_FOUND", "not in the image"),
    (["delete:C:\\Windows\\unknown.bin", "file:C:\\Windows\\unknown.bin=@"], None, ""),
    (["rename:C:\\u=C:\\Windows\\unknown.bin", "file:C:\\Windows\\unknown.bin=@"], None, ""),
    (["rename:C:\\u=C:\\Windows\\unknown.bin", "file:C:\\U=@"], "CONFLICT", "was renamed to before"),
    (["rename:C:\\u=C:\\Windows\\unknown.bin", "delete:C:\\u"], "CONFLICT", "was renamed by an earlier change"),
    (["set:C:\\Windows\\unknown.bin|attributes=h", "file:C:\\Windows\\unknown.bin=@"], "CONFLICT", "would undo that"),
    (["delete:C:\\Documents and Settings\\x"], "CONFLICT", "a link to another folder"),
    (["delete:C:\\Documents and Settings"], None, ""),
    (["set:C:\\Users|owner=KIOSK\\joe"], "USAGE", "no account"),
    (["set:C:\\Users|sddl=D:(A;;FA;;;ZZ)"], "FORMAT", "ZZ"),
]


@pytest.mark.parametrize("changes,code,text", CONFLICTS, ids=[str(i) for i in range(len(CONFLICTS))])
def test_conflicts(changes, code, text, bases, put, tmp_path):
    new, out = tmp_path / "new", tmp_path / "out.wim"
    new.write_bytes(b"n")
    changes = [c.replace("@", str(new)) for c in changes]
    if code is None:
        put(bases["lzx"], out, *changes, image="1")
        tool(WIM, "verify", out, "--quiet")
    else:
        err = put(bases["lzx"], out, *changes, image="1", ok=False)
        assert err.startswith(code + ":") and text in err and err.count("\n") == 1, err


# ---- Random sequences beside a model ----------------------------------------------------------------

class Model:
    """The image as a dict, and what earlier changes touched. Paths are as wimlib shows them."""

    def __init__(self, wim, rng, folder):
        self.rng, self.folder, self.at = rng, folder, {}
        for path, text in details(wim, 1).items():
            is_link = "REPARSE_POINT" in text
            is_dir = "ATTRIBUTE_DIRECTORY" in text
            self.at[path] = "link" if is_link else None if is_dir else re.search(r"Hash += 0x(\w+)", text).group(1)
        self.touched, self.n = set(), 0

    def below(self, path):
        return [p for p in self.at if p == path or p.startswith(path.rstrip("/") + "/")]

    def find(self, path):
        return next((p for p in self.at if p.lower() == path.lower()), None)

    def dirs(self):
        return [p for p, c in self.at.items() if c is None]

    def windows(self, path):
        text = "C:" + path.replace("/", "\\")
        return "".join(c.upper() if self.rng.random() < 0.3 else c for c in text)

    def new_name(self):
        self.n += 1
        where = self.rng.choice(self.dirs())
        extra = f"/d{self.n}" if self.rng.random() < 0.3 else ""
        return where.rstrip("/") + extra + f"/n{self.n}.bin"

    def make_dirs(self, path):
        """Parents of path, made; those that are new count as touched."""
        names = path.strip("/").split("/")[:-1]
        for k in range(1, len(names) + 1):
            p = "/" + "/".join(names[:k])
            if p not in self.at:
                self.at[p] = None
                self.touched.add(p)

    def put(self):
        path = self.new_name()
        written = "C:" + path
        free = [p for p, c in self.at.items() if c not in (None, "link") and p not in self.touched]
        if free and self.rng.random() < 0.5:
            path = self.rng.choice(free)
            written = self.windows(path)
        data = b"%d" % self.rng.randrange(10)
        source = self.folder / data.decode()
        source.write_bytes(data)
        self.make_dirs(path)
        self.at[path] = hashlib.sha1(data).hexdigest()
        self.touched.add(path)
        return f"file:{written}={source}"

    def mkdir(self):
        path = self.new_name()
        self.make_dirs(path)
        self.at[path] = None
        self.touched.add(path)
        return f"dir:C:{path}"

    def delete(self):
        free = [p for p in self.at if p != "/" and not self.touched & set(self.below(p))]
        if not free:
            return None
        path = self.rng.choice(free)
        for p in self.below(path):
            del self.at[p]
        return f"delete:{self.windows(path)}"

    def rename(self):
        path, to, flag = self.rng.choice([p for p in self.at if p != "/"]), self.new_name(), ""
        if to.startswith(path + "/") or (to + "/").startswith(path + "/"):
            return None
        files = [p for p, c in self.at.items() if c is not None and p not in self.touched and p != path]
        if self.at[path] is not None and files and self.rng.random() < 0.3:
            to, flag = self.rng.choice(files), "|replace"
            if self.at[to] == "link" and "Documents" in to or "All Users" in to:
                return None  # a folder
            if self.at[path] == "link" and ("Documents" in path or "All Users" in path):
                return None
            del self.at[to]
        elif self.rng.random() < 0.2:
            to = path[:path.rindex("/") + 1] + path[path.rindex("/") + 1:].swapcase()
        self.make_dirs(to)
        moved = {to + p[len(path):]: self.at.pop(p) for p in self.below(path)}
        self.touched = {to + p[len(path):] if p == path or p.startswith(path + "/") else p for p in self.touched} | {to}
        self.at.update(moved)
        return f"rename:C:{to}={self.windows(path)}{flag}"


@pytest.mark.parametrize("seed", range(30))
def test_random_sequences(seed, bases, put, tools, tmp_path):
    rng, out = random.Random(seed), tmp_path / "out.wim"
    (tmp_path / "new").mkdir()
    model = Model(bases["lzx"], rng, tmp_path / "new")
    steps = [rng.choice([model.put, model.mkdir, model.delete, model.rename])() for _ in range(rng.randrange(1, 25))]
    steps = [s for s in steps if s]
    put(bases["lzx"], out, *(s + "|any" for s in steps), image="1",
        **({"esd": True} if seed % 5 == 4 else {}))
    tool(WIM, "verify", out, "--quiet")
    now = details(out, 1)
    assert sorted(now) == sorted(model.at), steps
    for path, want in model.at.items():
        if want not in (None, "link"):
            assert re.search(r"Hash += 0x(\w+)", now[path]).group(1) == want, (path, steps)
    assert details(out, 2) == details(bases["lzx"], 2)
    uses = {}
    for path, text in {**{(1, k): v for k, v in now.items()}, **{(2, k): v for k, v in details(out, 2).items()}}.items():
        for h in re.findall(r"Hash += 0x(\w+)", text):
            if h != "0" * 40:
                uses[h] = uses.get(h, 0) + 1
    assert set(blobs(out)) == set(uses)
    # A junction is a file to those who count, as it is to libwim.
    n_dirs = sum((c is None or "ATTRIBUTE_DIRECTORY" in now[p]) and "REPARSE_POINT" not in now[p] for p, c in model.at.items())
    counts = dict(THEIRS.findall(xml(out, tmp_path).split("</IMAGE>")[0]))
    assert int(counts["DIRCOUNT"]) + int(counts["FILECOUNT"]) == len(now) and int(counts["DIRCOUNT"]) == n_dirs
    tool(tools / "wim_tool", "verify", out)


# ---- Attributes and descriptors -----------------------------------------------------------------

SYSTEM_SID, ADMINS_SID = bytes.fromhex("010100000000000512000000"), bytes.fromhex("01020000000000052000000020020000")
INSTALLER_SID = struct.pack("<BB6s6I", 1, 6, b"\0\0\0\0\0\5", 80, 956008885, 3418522649, 1831038044, 1853292631, 2271478464)


def descriptor(wim, path, image=1):
    text = re.findall(r"Security Descriptor = (\w+)", details(wim, image)[path])
    return bytes.fromhex("".join(text))


def parts(sd):
    """control, owner, group, access entries of a descriptor."""
    control, owner, group, _, dacl = struct.unpack_from("<xxHIIII", sd)
    sid = lambda at: sd[at:at + 8 + 4 * sd[at + 1]] if at else b""
    aces, at = [], dacl + 8
    for _ in range(struct.unpack_from("<4xH", sd, dacl)[0] if dacl else 0):
        kind, flags, size, mask = struct.unpack_from("<BBHI", sd, at)
        aces.append((kind, flags, mask, sd[at + 8:at + size]))
        at += size
    return control, sid(owner), sid(group), aces


def attributes(wim, path):
    return int(re.search(r"Attributes += 0x(\w+)", details(wim, 1)[path]).group(1), 16)


def test_attributes_and_descriptors(bases, put, tmp_path):
    """As asked for, seen by wimlib in the file and on an NTFS volume; what is below inherits from what was given."""
    needs("mkntfs")
    out, new = tmp_path / "out.wim", tmp_path / "new"
    new.write_bytes(b"new")
    rule = "D:PAI(A;OICI;FA;;;SY)(A;OICI;0x1200a9;;;BU)"
    put(bases["lzx"], out, f"dir:C:\\Data|attributes=hs|owner=SYSTEM|sddl={rule}", f"file:C:\\Data\\a.bin={new}|attributes=r",
        f"file:C:\\Data\\b.bin={new}|owner=NT SERVICE\\TrustedInstaller|sddl=G:BA",
        "set:C:\\Program Files\\read only.txt|attributes=", "set:C:\\Users|owner=S-1-5-18",
        "set:C:\\Windows\\System32\\linked1.exe|attributes=hr", f"file:C:\\bare={new}|owner=SYSTEM", image="1")
    assert attributes(out, "/Data") == 0x16 and attributes(out, "/Data/a.bin") == 0x21
    assert attributes(out, "/PROGRAM FILES/read only.txt") == 0x20
    assert attributes(out, "/Windows/System32/linked1.exe") == attributes(out, "/Windows/System32/linked2.exe") == 0x23
    users = struct.pack("<BB6sII", 1, 2, b"\0\0\0\0\0\5", 32, 545)
    control, owner, group, aces = parts(descriptor(out, "/Data"))
    assert control & 0x1000 and owner == SYSTEM_SID and group == SYSTEM_SID
    assert aces == [(0, 3, 0x1F01FF, SYSTEM_SID), (0, 3, 0x1200A9, users)]
    control, owner, group, aces = parts(descriptor(out, "/Data/a.bin"))
    assert (owner, group) == (ADMINS_SID, SYSTEM_SID) and not control & 0x1000
    assert aces == [(0, 0x10, 0x1F01FF, SYSTEM_SID), (0, 0x10, 0x1200A9, users)]
    _, owner, group, aces = parts(descriptor(out, "/Data/b.bin"))
    assert (owner, group) == (INSTALLER_SID, ADMINS_SID) and len(aces) == 2
    was, now = parts(descriptor(bases["lzx"], "/Users")), parts(descriptor(out, "/Users"))
    assert now[1] == SYSTEM_SID and now[3] == was[3]
    assert parts(descriptor(out, "/bare"))[3] == [(0, 0, 0x1F01FF, SYSTEM_SID), (0, 0, 0x1F01FF, ADMINS_SID)]
    volume, back = tmp_path / "v.img", tmp_path / "back.wim"
    with open(volume, "wb") as f:
        f.truncate(64 << 20)
    tool("mkntfs", "-F", "-Q", volume)
    tool(WIM, "apply", out, "1", volume, "--quiet")
    tool(WIM, "capture", volume, back, "Back", "--quiet")
    for path in ["/Data", "/Data/a.bin", "/Data/b.bin", "/Users", "/bare", "/PROGRAM FILES/read only.txt"]:
        assert parts(descriptor(back, path))[1:] == parts(descriptor(out, path))[1:], path
        assert attributes(back, path) & 7 == attributes(out, path) & 7, path


def test_folder_of_this_machine_with_a_descriptor(bases, put, tmp_path):
    tree, out = tmp_path / "tree", tmp_path / "out.wim"
    (tree / "sub").mkdir(parents=True)
    (tree / "sub" / "f").write_bytes(b"f")
    put(bases["lzx"], out, "dir:C:\\T|sddl=D:P(A;OICI;FA;;;SY)", f"tree:C:\\T={tree}", image="1")
    assert parts(descriptor(out, "/T/sub/f"))[3] == [(0, 0x10, 0x1F01FF, SYSTEM_SID)]
    assert parts(descriptor(out, "/T/sub"))[3] == [(0, 0x13, 0x1F01FF, SYSTEM_SID)]


# ---- What belongs to Windows servicing ----------------------------------------------------------

def serviced_base(folder):
    n = wimgen.Node
    both = b"kernel"
    root = n(children=[n("Windows", children=[
        n("WinSxS", short="WINSXS~1", children=[n("amd64_x", children=[n("k.exe", both, link=5), n("own.exe", b"own", link=6)])]),
        n("servicing", children=[n("Packages", children=[])]),
        n("System32", children=[
            n("k.exe", both, link=5), n("k2.exe", both, link=5), n("free.exe", b"free"),
            n("config", children=[n(x, b"regf") for x in ("COMPONENTS", "SAM", "SAM.LOG1", "SECURITY", "SOFTWARE", "SYSTEM")])])]),
        n("Users", children=[n("Default", children=[n("NTUSER.DAT", b"regf")])])])
    path = folder / "serviced.wim"
    path.write_bytes(wimgen.Wim().add(root, wimgen.windows_xml("S")).build())
    return path


@pytest.mark.parametrize("change,why", [
    ("file:C:\\Windows\\WinSxS\\x=@", "component store"), ("file:C:/WINDOWS/winsxs~1/amd64_x/k.exe=@", "component store"),
    ("delete:C:\\Windows\\WinSxS", "component store"), ("delete:C:\\Windows", "component store"),
    ("rename:C:\\Win=C:\\Windows", "component store"), ("rename:C:\\k=C:\\Windows\\WinSxS\\amd64_x\\k.exe", "component store"),
    ("rename:C:\\Windows\\WinSxS\\k=C:\\Windows\\System32\\k.exe", "component store"),
    ("set:C:\\Windows\\WinSxS\\amd64_x|attributes=h", "component store"), ("dir:C:\\Windows\\servicing\\x", "knows of its packages"),
    ("file:C:\\Windows\\System32\\config\\components=@", "database of Windows servicing"),
    ("delete:C:\\Windows\\System32\\config\\SAM.LOG1", "answer file"), ("file:C:\\Windows\\System32\\config\\SECURITY=@", "answer file"),
    ("file:C:\\Windows\\System32\\Config\\SOFTWARE=@", "'registry'"), ("delete:C:\\Users\\Default", "'registry'"),
    ("rename:C:\\Windows\\System32\\config\\SYSTEM=C:\\Windows\\System32\\free.exe|replace", "'registry'"),
    ("delete:C:\\Windows\\System32\\config", "")])
def test_protected(change, why, put, tmp_path):
    base, new = serviced_base(tmp_path), tmp_path / "new"
    new.write_bytes(b"new")
    err = put(base, tmp_path / "out.wim", change.replace("@", str(new)), ok=False)
    assert err.startswith("USAGE:") and "is not changed: " in err and why in err, err


def test_protected_names_are_no_prefixes(put, tmp_path):
    base, new = serviced_base(tmp_path), tmp_path / "new"
    new.write_bytes(b"new")
    put(base, tmp_path / "out.wim", f"file:C:\\Windows\\WinSxS.txt={new}", f"file:C:\\Windows\\System32\\config\\SYSTEMS={new}",
        f"file:C:\\Windows\\System32\\config\\BCD-Template={new}", f"file:C:\\x\\Windows\\WinSxS\\a={new}",
        "delete:C:\\Windows\\System32\\free.exe", "delete:C:\\Windows\\System32\\config\\SYSTEM|any")


def test_files_of_the_component_store_are_warnings(tools, tmp_path):
    base, out, new = serviced_base(tmp_path), tmp_path / "out.wim", tmp_path / "new"
    new.write_bytes(b"new")
    done = start([tools / "image_tool", "--quiet", "--tmp", tmp_path, base, out, f"file:C:\\Windows\\System32\\k.exe={new}",
                  "delete:C:\\Windows\\System32\\k2.exe", "delete:C:\\Windows\\System32\\free.exe"])
    assert done.code == 0, done
    warnings = done.err.splitlines()
    assert len(warnings) == 2 and all(w.startswith("warning: ") and "component store" in w for w in warnings), done
    assert "k.exe' replaces" in warnings[0] and "k2.exe' deletes 1 file of Windows: the component store keeps its own copy, and sfc" in warnings[1]
    assert extract(out, 1, "/Windows/WinSxS/amd64_x/k.exe", tmp_path) == b"kernel"
    done = start([tools / "image_tool", "--quiet", "--tmp", tmp_path, base, tmp_path / "b.wim",
                  "set:C:\\Windows\\System32\\k.exe|attributes=h"])
    assert done.code == 1 and "one file with its copy below Windows\\WinSxS" in done.err, done


# ---- The project file, and shortcuts ------------------------------------------------------------

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
    files:
      - {delete: 'C:\Windows\Web\Old'}
      - {delete: 'C:\nothing', if_present: true}
      - {rename: 'C:\windows\web\Img0.jpg', to: 'C:\Windows\Web\img0.bak'}
      - {from: branding, to: 'C:\Windows\Web', owner: SYSTEM}
      - {from: note.txt, to: 'C:\Data\', attributes: [hidden, readonly]}
      - {mkdir: 'C:\Data\Logs', attributes: [], owner: 'NT SERVICE\Shop', sddl: 'D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;LS)'}
      - {set: 'C:\Windows', attributes: [system]}
    apps:
      - {app: agent, to: 'C:\Program Files\Shop', shortcut: true}
      - app: agent
        to: 'c:\Läden\東京'
        shortcut:
          name: Konsole für alle
          folder: Beispiel GmbH
          args: --console "a b" ü
          working_dir: '%USERPROFILE%'
          icon: '%SystemRoot%\System32\shell32.dll,12'
          description: Öffnet die Konsole
    outputs: [wim]
"""
MENU = "ProgramData/Microsoft/Windows/Start Menu/Programs"


@pytest.fixture
def shop(run, tmp_path):
    needs("go")
    p = tmp_path / "shop"
    for name, data in {"agent/go.mod": "module agent\n\ngo 1.19\n", "agent/main.go": "package main\n\nfunc main() {}\n",
                       "branding/img0.jpg": "new", "note.txt": "note", "base/Windows/Web/img0.jpg": "old",
                       "base/Windows/Web/Old/a": "a", "wingo.yaml": PROJECT}.items():
        (p / name).parent.mkdir(parents=True, exist_ok=True)
        (p / name).write_text(data, encoding="utf-8")
    return p


@pytest.fixture
def built(run, shop):
    r = run("build", cwd=shop)
    assert r.code == 0, r
    return shop / "out" / "shop.wim"


def test_files_from_the_project_file(run, shop, built, tmp_path):
    found = details(built, 1)
    assert "/Windows/Web/Old" not in found and extract(built, 1, "/Windows/Web/img0.bak", tmp_path) == b"old"
    assert extract(built, 1, "/Windows/Web/img0.jpg", tmp_path) == b"new"
    assert attributes(built, "/Data/note.txt") == 0x23 and attributes(built, "/Data/Logs") == 0x10
    assert attributes(built, "/Windows") == 0x14
    _, owner, _, aces = parts(descriptor(built, "/Data/Logs"))
    assert len(aces) == 2 and owner[:12].hex() == "010600000000000550000000"
    assert parts(descriptor(built, "/Windows/Web/img0.jpg"))[1] == SYSTEM_SID
    again = run("build", cwd=shop)
    assert again.code == 0 and "write image" not in again.out, again
    text = (shop / "wingo.yaml").read_text(encoding="utf-8")
    (shop / "wingo.yaml").write_text(text.replace("[hidden, readonly]", "[hidden]"), encoding="utf-8")
    r = run("build", cwd=shop)
    assert r.code == 0 and attributes(built, "/Data/note.txt") == 0x22, r


def test_a_conflict_names_the_path(run, shop):
    text = (shop / "wingo.yaml").read_text(encoding="utf-8")
    (shop / "wingo.yaml").write_text(text.replace("- {set:", "- {delete: 'C:\\Data'}\n      - {set:"), encoding="utf-8")
    r = run("build", cwd=shop)
    assert r.code == 3 and "files: 'C:\\Data'" in r.err and "give one of the two another place" in r.err, r
    assert not (shop / "out" / "shop.wim").exists()


SHORTCUTS = {
    f"{MENU}/agent.lnk": {"path": "C:\\Program Files\\Shop\\agent.exe", "arguments": "", "working_dir": "C:\\Program Files\\Shop",
                          "description": "", "icon": "", "icon_index": "0"},
    f"{MENU}/Beispiel GmbH/Konsole für alle.lnk": {
        "path": "C:\\Läden\\東京\\agent.exe", "arguments": '--console "a b" ü', "working_dir": "%USERPROFILE%",
        "description": "Öffnet die Konsole", "icon": "%SystemRoot%\\System32\\shell32.dll", "icon_index": "12"}}


def links(built, tmp_path):
    for k, (path, want) in enumerate(SHORTCUTS.items()):
        at = tmp_path / f"{k}.lnk"
        at.write_bytes(extract(built, 1, "/" + path, tmp_path))
        yield at, want


def test_shortcuts_as_exiftool_reads_them(run, built, tmp_path):
    needs("exiftool")
    for at, want in links(built, tmp_path):
        got = json.loads(tool("exiftool", "-j", "-charset", "utf8", at))[0]
        if want["path"].isascii():
            assert got["LocalBasePath"] == want["path"]
        assert got.get("CommandLineArguments", "") == want["arguments"]
        assert got["WorkingDirectory"] == want["working_dir"] and got.get("Description", "") == want["description"]
        assert got["DriveType"] == "Fixed Disk" and got["FileAttributes"] == "Archive" and got["RunWindow"] == "Normal"
        assert got.get("IconFileName", "") == want["icon"] and str(got["IconIndex"]).split()[0] in ("(none)", want["icon_index"])
        assert got.get("TargetFileDOSName") == "agent.exe" and "Warning" not in got
        shown = json.loads(run("inspect", "--json", at).out)
        assert shown["format"] == "shortcut" and shown["target"] == shown["target_items"] == want["path"]
        assert shown.get("arguments", "") == want["arguments"] and shown["items"] == want["path"].count("\\") + 2


@pytest.mark.slow
def test_shortcuts_as_the_shell_reads_them(built, wine, tmp_path):
    """Wine's own reader, which is the program that follows shortcuts there."""
    needs("x86_64-w64-mingw32-gcc")
    tool("x86_64-w64-mingw32-gcc", "-municode", "-O2", "-o", tmp_path / "readlnk.exe", ROOT / "tests" / "lab" / "readlnk.c",
             "-lole32", "-lshell32", "-luuid")
    for at, want in links(built, tmp_path):
        done = wine(tmp_path / "readlnk.exe", f"Z:{str(at)}".replace("/", "\\"))
        assert done.code == 0, done
        got = dict(line.split("=", 1) for line in done.out.splitlines())
        assert got["items"] == want["path"]
        if want["path"].isascii():  # Wine's LinkInfo knows no Unicode
            assert got["path"] == want["path"]
        for key in ("arguments", "working_dir", "description", "icon", "icon_index"):
            assert got[key] == want[key], (key, got)


def test_the_build_warns_of_files_of_the_component_store(run, tmp_path):
    """Once in the terminal; the run's log has it as well."""
    (tmp_path / "p").mkdir()
    serviced_base(tmp_path / "p")
    (tmp_path / "p" / "wingo.yaml").write_text("""
version: 1
name: p
images:
  i:
    base: {file: serviced.wim}
    files: [{delete: 'C:\\Windows\\System32\\k.exe'}]
    outputs: [wim]
""")
    r = run("build", cwd=tmp_path / "p")
    assert r.code == 0 and (r.out + r.err).count("the component store keeps its own copy") == 1, r
    logs = list((tmp_path / "p" / ".wingo" / "log").iterdir())
    assert any("component store" in f.read_text() for f in logs if f.is_file()), logs


CLASSES = "base/Users/Default/AppData/Local/Microsoft/Windows/UsrClass.dat"


def test_classes_of_the_default_user(run, shop, tmp_path):
    """In its UsrClass.dat; where there is none, that is an error that says what to do."""
    text = (shop / "wingo.yaml").read_text(encoding="utf-8")
    edit = "    registry: [{key: 'HKCU\\Software\\Classes\\.acme', values: {\"\": AcmeFile}}]\n    outputs"
    (shop / "wingo.yaml").write_text(text.replace("    outputs", edit), encoding="utf-8")
    r = run("build", cwd=shop)
    assert r.code != 0 and "no UsrClass.dat" in r.err and "HKLM\\SOFTWARE\\Classes" in r.err, r
    (shop / CLASSES).parent.mkdir(parents=True)
    assert run("reg", "create", shop / CLASSES).code == 0
    r = run("build", cwd=shop)
    assert r.code == 0, r
    hive = tmp_path / "UsrClass.dat"
    hive.write_bytes(extract(shop / "out" / "shop.wim", 1, "/" + CLASSES[5:], tmp_path))
    needs("hivexget")
    assert tool("hivexget", hive, "\\.acme", "@") == "AcmeFile\n"


def test_a_hive_that_is_edited_stays_hidden(run, tmp_path):
    """NTUSER.DAT is hidden and a system file in Windows, and so are its logs."""
    hive, out = tmp_path / "NTUSER.DAT", tmp_path / "out"
    assert run("reg", "create", hive).code == 0
    n, hidden = wimgen.Node, 0x26
    root = n(children=[n("Users", children=[n("Default", children=[
        n("NTUSER.DAT", hive.read_bytes(), attributes=hidden), n("ntuser.dat.LOG1", b"", attributes=hidden)])])])
    project = tmp_path / "p"
    project.mkdir()
    (project / "base.wim").write_bytes(wimgen.Wim().add(root, wimgen.windows_xml("S")).build())
    (project / "wingo.yaml").write_text("""
version: 1
name: p
images:
  i:
    base: {file: base.wim}
    registry: [{key: 'HKCU\\Software\\Acme', values: {A: b}}]
    files: [{from: base.wim, to: 'C:\\copy'}]
    outputs: [wim]
""")
    r = run("build", cwd=project)
    assert r.code == 0, r
    assert attributes(project / "out" / "i.wim", "/Users/Default/NTUSER.DAT") == hidden
    assert attributes(project / "out" / "i.wim", "/Users/Default/ntuser.dat.LOG1") == hidden
