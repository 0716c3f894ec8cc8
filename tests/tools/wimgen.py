# SPDX-License-Identifier: Apache-2.0
"""Makes WIM files byte by byte, so that tests have bases with everything in them, and hostile ones.

A second implementation of the format, from docs/formats/wim.md; wimlib judges it in the tests that use it.
Resources are stored, not compressed (wimlib-imagex export recompresses where a test wants that).
"""
import hashlib
import struct

ZERO = bytes(20)
DIR, ARCHIVE, REPARSE, HIDDEN, READONLY, SYSTEM, SPARSE = 0x10, 0x20, 0x400, 2, 1, 4, 0x200
NO_SECURITY = 0xFFFFFFFF
TIME = 130000000000000000


def u16(text):
    return text.encode("utf-16-le", "surrogatepass")


def pad8(b):
    return b + bytes(-len(b) % 8)


class Node:
    """A file or folder. data: unnamed stream; streams: name -> bytes; reparse: (tag, bytes)."""

    def __init__(self, name="", data=None, children=None, attributes=None, security=NO_SECURITY, short="",
                 streams=None, reparse=None, link=0, tagged=b"", times=(TIME, TIME + 1, TIME + 2), unknown=0):
        self.name, self.data, self.children = name, data, children
        self.attributes = (DIR if children is not None else ARCHIVE) if attributes is None else attributes
        if reparse:
            self.attributes |= REPARSE
        self.security, self.short, self.streams, self.reparse = security, short, streams or {}, reparse
        self.link, self.tagged, self.times, self.unknown = link, tagged, times, unknown

    def walk(self):
        yield self
        for c in self.children or []:
            yield from c.walk()


class Wim:
    """images: list of (xml inside IMAGE, root Node, list of descriptors)."""

    def __init__(self):
        self.images, self.boot, self.flags, self.blobs = [], 0, 0, {}
        self.guid, self.parts, self.version, self.root_xml = bytes(range(16)), (1, 1), 0x10D00, ""

    def add(self, root, xml="<NAME>one</NAME>", descriptors=()):
        self.images.append((xml, root, list(descriptors)))
        return self

    def blob(self, data):
        if not data:
            return ZERO
        h = hashlib.sha1(data).digest()
        self.blobs.setdefault(h, [data, 0])[1] += 1
        return h

    def entry(self, n, list_off):
        data = self.blob(n.data) if n.data else ZERO
        extra, main, folder = [], data, bool(n.attributes & DIR)
        if n.reparse:
            extra.append(("", self.blob(n.reparse[1])))
        if not folder and (n.reparse or n.streams):
            extra.append(("", data))
        if len(extra) == 1 and not n.streams:  # a folder's reparse data alone
            main, extra = extra[0][1], []
        elif n.reparse or n.streams:
            main = ZERO
            extra += [(k, self.blob(v)) for k, v in n.streams.items()]
        word = struct.pack("<IHH", n.reparse[0], 0, 0) if n.reparse else struct.pack("<Q", n.link)
        name, short = u16(n.name), u16(n.short)
        tail = (name + b"\0\0" if name else b"") + (short + b"\0\0" if short else b"")
        tail = bytes(tail)
        fixed = struct.pack("<IIQQQQQQ", n.attributes, n.security, list_off, 0, 0, *n.times)
        fixed += main + struct.pack("<I", n.unknown) + word + struct.pack("<HHH", len(extra), len(short), len(name))
        body = pad8(bytes(8) + fixed + tail) + pad8(n.tagged)
        body = struct.pack("<Q", len(body)) + body[8:]
        pieces = [body]
        for k, h in extra:
            s = struct.pack("<QQ20sH", 0, 0, h, len(u16(k))) + (u16(k) + b"\0\0" if k else b"")
            s = pad8(s)
            pieces.append(struct.pack("<Q", len(s)) + s[8:])
        return b"".join(pieces)

    def metadata(self, root, descriptors):
        sizes = b"".join(struct.pack("<Q", len(d)) for d in descriptors)
        sec = bytes(8) + sizes + b"".join(descriptors)
        sec = pad8(struct.pack("<II", len(sec), len(descriptors)) + sec[8:])
        dirs, sized = [n for n in root.walk() if n.children is not None and not n.reparse], {}
        counts = {h: b[1] for h, b in self.blobs.items()}
        for n in root.walk():  # sizes only: uses are counted in the second pass
            sized[id(n)] = len(self.entry(n, 0))
        for h, b in self.blobs.items():
            b[1] = counts.get(h, 0)
        at, offs = len(sec) + sized[id(root)] + 8, {}
        for d in dirs:
            offs[id(d)] = at
            at += sum(sized[id(c)] for c in d.children) + 8
        out = bytearray(sec + self.entry(root, offs[id(root)]) + bytes(8))
        for d in dirs:
            for c in d.children:
                out += self.entry(c, offs.get(id(c), 0))
            out += bytes(8)
        return bytes(out)

    def xml(self):
        body = "".join(f'<IMAGE INDEX="{i}">{x}</IMAGE>' for i, (x, _, _) in enumerate(self.images, 1))
        return b"\xff\xfe" + u16(f"<WIM>{body}{self.root_xml}</WIM>")

    @staticmethod
    def res(off, size, flags=0, orig=None):
        return struct.pack("<QQQ", size | flags << 56, off, size if orig is None else orig)

    def build(self):
        metas = [self.metadata(r, d) for _, r, d in self.images]
        out, rows, res = bytearray(208), bytearray(), []
        for h, (data, n) in self.blobs.items():
            rows += self.res(len(out), len(data)) + struct.pack("<HI", self.parts[0], n) + h
            out += data
        for m in metas:
            res.append(self.res(len(out), len(m), 2))
            rows += res[-1] + struct.pack("<HI", self.parts[0], 1) + hashlib.sha1(m).digest()
            out += m
        table = self.res(len(out), len(rows), 2)
        out += rows
        x = self.xml()
        xml = self.res(len(out), len(x), 2)
        out += x
        head = b"MSWIM\0\0\0" + struct.pack("<IIII", 208, self.version, self.flags, 0) + self.guid
        head += struct.pack("<HHI", *self.parts, len(self.images)) + table + xml
        head += (res[self.boot - 1] if self.boot else bytes(24)) + struct.pack("<I", self.boot) + bytes(24)
        out[:len(head)] = head
        return bytes(out)


def symlink(target, absolute=True):
    """IO_REPARSE_TAG_SYMLINK with the same name to print."""
    sub, show = u16("\\??\\" + target if absolute else target), u16(target)
    return 0xA000000C, struct.pack("<HHHHI", 0, len(sub), len(sub), len(show), 0 if absolute else 1) + sub + show


def junction(target):
    """IO_REPARSE_TAG_MOUNT_POINT."""
    sub, show = u16("\\??\\" + target), u16(target)
    return 0xA0000003, struct.pack("<HHHH", 0, len(sub), len(sub) + 2, len(show)) + sub + b"\0\0" + show + b"\0\0"


def descriptor(mask):
    """Self-relative: owner and group Administrators, one rule for Everyone."""
    admins = struct.pack("<BB6sII", 1, 2, b"\0\0\0\0\0\5", 32, 544)
    ace = struct.pack("<BBHI", 0, 3, 20, mask) + struct.pack("<BB6sI", 1, 1, b"\0\0\0\0\0\1", 0)
    acl = struct.pack("<BBHHH", 2, 0, 8 + len(ace), 1, 0) + ace
    return struct.pack("<BBHIIII", 1, 0, 0x8004, 20, 36, 0, 52) + admins + admins + acl


def object_id(seed):
    """A tagged item: NTFS object id and its three birth ids."""
    return struct.pack("<II", 1, 64) + bytes((seed + i) % 256 for i in range(64))


def windows_xml(name, arch=9, extra=""):
    return (f"<NAME>{name}</NAME><DESCRIPTION>{name} &amp; more</DESCRIPTION><FLAGS>Professional</FLAGS>"
            f"<DISPLAYNAME>Shown {name}</DISPLAYNAME><VENDOR a='1'>kept<!-- kept --></VENDOR>"
            f"<WINDOWS><ARCH>{arch}</ARCH><PRODUCTNAME>Microsoft Windows</PRODUCTNAME>"
            "<EDITIONID>Professional</EDITIONID><INSTALLATIONTYPE>Client</INSTALLATIONTYPE>"
            "<LANGUAGES><LANGUAGE>en-US</LANGUAGE><DEFAULT>en-US</DEFAULT></LANGUAGES>"
            "<VERSION><MAJOR>10</MAJOR><MINOR>0</MINOR><BUILD>22631</BUILD></VERSION>"
            f"<SYSTEMROOT>WINDOWS</SYSTEMROOT></WINDOWS>{extra}")


def rich_tree(salt=b""):
    """Everything the format can say, in a small tree."""
    linked = b"linked content " + salt
    return Node(children=[
        Node("Documents and Settings", children=[], attributes=DIR | HIDDEN | SYSTEM, reparse=junction("C:\\Users"),
             security=1),
        Node("PROGRAM FILES", short="PROGRA~1", security=0, children=[
            Node("Common", children=[Node("a.dll", b"a" * 5000, link=7, security=2)], security=1),
            Node("read only.txt", b"ro", attributes=ARCHIVE | READONLY | HIDDEN, short="READON~1.TXT", security=0),
        ]),
        Node("Users", security=0, streams={"dirstream": b"a stream of a folder"}, children=[
            Node("All Users", children=[], reparse=symlink("C:\\ProgramData"), attributes=DIR, security=1),
            Node("\u65e5\u672c\u8a9e \U0001F600.txt", "\u65e5".encode(), streams={"Zone.Identifier": b"[ZoneTransfer]"}),
        ]),
        Node("Windows", security=0, tagged=object_id(3), children=[
            Node("System32", security=0, children=[
                Node("a.dll", b"a" * 5000, link=7, security=2),
                Node("config", children=[Node("SYSTEM", b"regf" + salt * 100)], security=1),
                Node("empty.txt"),
                Node("linked1.exe", linked, link=9, security=2, streams={"s1": b"one", "s2": b"two" * 1000}),
                Node("linked2.exe", linked, link=9, security=2, streams={"s1": b"one", "s2": b"two" * 1000}),
                Node("sparse.bin", bytes(200000), attributes=ARCHIVE | SPARSE),
                Node("wof.dll", reparse=(0x80000017, struct.pack("<IIII", 1, 2, 1, 1)), tagged=object_id(9)),
                Node("link.txt", reparse=symlink("empty.txt", False)),
            ]),
            Node("unknown.bin", b"x" * 70000, unknown=0x12345678),
        ]),
    ])


def rich_wim():
    """Two images, the second bootable."""
    w = Wim()
    sds = [descriptor(0x1F01FF), descriptor(0x1200A9), descriptor(0x120089)]
    w.add(rich_tree(b"one"), windows_xml("Rich One"), sds)
    w.add(rich_tree(b"two"), windows_xml("Rich Two", 12), sds)
    w.boot = 2
    return w
