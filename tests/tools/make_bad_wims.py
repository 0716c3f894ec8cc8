#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/bad/wim: small WIM files, each with one lie, and README.md that says which and what must come back."""
import pathlib
import struct
import sys

sys.dont_write_bytecode = True
import wimgen
from wimgen import Node

OUT = pathlib.Path(__file__).resolve().parents[1] / "bad" / "wim"
rows = []


def small(xml="<NAME>one</NAME>"):
    w = wimgen.Wim()
    root = Node(children=[Node("d", children=[Node("f.txt", b"some content"), Node("g", b"more", streams={"s": b"x"})]),
                          Node("e", children=[])])
    return w.add(root, xml, [wimgen.descriptor(1)])


def put(data, at, fmt, *values):
    struct.pack_into(fmt, data, at, *values)
    return data


def save(name, data, what, code, offset):
    (OUT / f"{name}.wim").write_bytes(bytes(data))
    rows.append(f"- {name}.wim: {what} -> {code} {offset}")


def at_header():
    good = lambda: bytearray(small().build())
    save("not-a-wim", put(good(), 0, "<B", ord("X")), "other first bytes", "FORMAT", 0)
    save("header-size", put(good(), 8, "<I", 207), "a header of 207 bytes", "FORMAT", 8)
    save("version", put(good(), 0x0C, "<I", 0x10C00), "an unknown version", "UNSUPPORTED", 12)
    save("codec", put(good(), 0x10, "<I", 0x2), "compressed, but not how", "UNSUPPORTED", 16)
    save("part-zero", put(good(), 0x28, "<H", 0), "part 0 of 1", "FORMAT", 40)
    save("image-count", put(good(), 0x2C, "<I", 0xFFFFFFFF), "four billion images", "LIMIT", 44)
    save("boot-index", put(good(), 0x78, "<I", 2), "boots image 2 of 1", "FORMAT", 120)
    save("short", good()[:200], "less than a header", "FORMAT", 200)
    save("table-behind-end", put(good(), 0x38, "<Q", 1 << 40), "blob table behind the end", "FORMAT", 1 << 40)
    save("table-over-header", put(good(), 0x38, "<Q", 100), "blob table over the header", "FORMAT", 100)
    g = good()
    off = struct.unpack_from("<Q", g, 0x38)[0]
    save("table-size", put(put(g, 0x30, "<Q", 151 | 2 << 56), 0x40, "<Q", 151), "a blob table of 151 bytes", "FORMAT", off)
    g = put(good(), 0x14, "<I", 32768)
    put(g, 0x10, "<I", 0x40002)
    save("table-bomb", put(put(g, 0x30, "<Q", 50 | 6 << 56), 0x40, "<Q", 50 << 20), "a blob table that shrank a millionfold",
         "FORMAT", off)
    save("table-none", put(put(good(), 0x30, "<Q", 2 << 56), 0x40, "<Q", 0), "no blob table", "FORMAT", 48)


def at_table():
    good = lambda: bytearray(small().build())
    off, n = struct.unpack_from("<Q", good(), 0x38)[0], struct.unpack_from("<Q", good(), 0x40)[0] // 50
    last = off + (n - 1) * 50
    save("blob-behind-end", put(good(), off + 8, "<Q", 1 << 50), "a content behind the end", "FORMAT", 1 << 50)
    save("blob-long", put(put(good(), off, "<Q", 1 << 40), off + 16, "<Q", 1 << 40), "a content longer than the file", "FORMAT", 208)
    save("blob-two-sizes", put(good(), off + 16, "<Q", 99), "stored, with two sizes", "FORMAT", off)
    save("metadata-missing", put(good(), 0x2C, "<I", 2), "metadata of one image of two", "FORMAT", off)
    save("metadata-too-many", put(good(), 0x2C, "<I", 0), "metadata of one image of none", "FORMAT", last)
    save("metadata-hash", put(good(), last + 30, "<B", 1), "another SHA-1 of the metadata", "VERIFY",
         struct.unpack_from("<Q", good(), last + 8)[0])
    g = put(put(good(), 0x10, "<I", 0x40002), 0x14, "<I", 32768)
    save("lzx-garbage", put(put(g, off, "<B", 12 - 1), off + 7, "<B", 4), "LZX data that is none", "FORMAT", 208)
    g = put(put(good(), 0x10, "<I", 0x40002), 0x14, "<I", 32768)
    put(put(g, off, "<Q", 12 | 4 << 56), off + 16, "<Q", 1 << 30)
    save("chunk-table-long", g, "a chunk table longer than its resource", "FORMAT", 208)
    g = put(put(good(), 0x10, "<I", 0x40002), 0x14, "<I", 32768)
    put(put(g, off, "<Q", 12 | 4 << 56), off + 16, "<Q", 40000)
    save("chunk-behind-end", put(g, 208, "<I", 0xFFFFFFF0), "a chunk behind its resource", "FORMAT", 208)
    g = put(put(put(good(), 0x10, "<I", 0x40002), 0x14, "<I", 24576), off, "<Q", 11 | 4 << 56)
    save("chunk-size", g, "chunks that are no power of two", "FORMAT", 208)
    solid = lambda: put(put(good(), 0x0C, "<I", 0xE00), off, "<Q", 12 | 0x10 << 56)
    save("solid-outside", put(solid(), off + 16, "<Q", 12), "a solid run without a resource", "FORMAT", off)
    save("solid-small", put(solid(), off + 16, "<Q", 1 << 32), "a solid resource of 12 bytes", "FORMAT", off)


def at_xml():
    def save_xml(name, xml, what, code, offset):
        save(name, small(xml).build(), what, code, offset)
    head = len('<WIM><IMAGE INDEX="1">')
    save_xml("xml-doctype", "<!DOCTYPE x>", "a document type", "FORMAT", head)
    save_xml("xml-crossed", "<A><B></A></B>", "crossed tags", "FORMAT", head + 6)
    save_xml("xml-comment", "<!-- no end", "a comment without end", "FORMAT", head)
    deep = "<A>" * 70 + "</A>" * 70
    save_xml("xml-deep", deep, "70 elements deep", "LIMIT", head + 3 * 62)
    g = bytearray(small().build())
    size, off = struct.unpack_from("<QQ", g, 0x48)
    put(put(g, 0x48, "<Q", size - 1), 0x58, "<Q", (size - 1) & 0xFFFFFF)
    save("xml-odd", g, "half a UTF-16 unit", "FORMAT", off)


class Raw(wimgen.Wim):
    """A WIM whose metadata bytes a function changes."""

    def __init__(self, change):
        super().__init__()
        self.change = change
        self.images = small().images

    def metadata(self, root, descriptors):
        return bytes(self.change(bytearray(super().metadata(root, descriptors))))


def at_metadata():
    plain = small()
    m = plain.metadata(plain.images[0][1], plain.images[0][2])
    root = (struct.unpack_from("<I", m, 0)[0] + 7) & ~7
    root_list = struct.unpack_from("<Q", m, root + 16)[0]
    d = root_list
    d_list = struct.unpack_from("<Q", m, d + 16)[0]
    f, e = d_list, d + struct.unpack_from("<Q", m, d)[0]
    g = f + struct.unpack_from("<Q", m, f)[0]
    stream = g + struct.unpack_from("<Q", m, g)[0]

    def bad(name, what, code, offset, *changes):
        def change(b):
            for at, fmt, *v in changes:
                put(b, at, fmt, *v)
            return b
        save("meta-" + name, Raw(change).build(), what, code, offset)
    bad("security-length", "security data longer than all", "FORMAT", 0, (0, "<I", 1 << 30))
    bad("security-count", "two billion descriptors", "FORMAT", 4, (4, "<I", 1 << 31))
    bad("security-size", "a descriptor longer than all", "FORMAT", 8, (8, "<Q", 1 << 62))
    bad("no-root", "no root folder", "FORMAT", root, (root, "<Q", 0))
    bad("root-file", "the root is a file", "FORMAT", root, (root + 16, "<Q", 0), (root + 8, "<I", 0x20))
    bad("cycle-root", "a folder whose entries are its parent's", "FORMAT", d, (d + 16, "<Q", root_list))
    bad("cycle-self", "two folders with the same entries", "FORMAT", f, (e + 16, "<Q", d_list))
    bad("overlap", "a list that begins inside another", "FORMAT", g, (e + 16, "<Q", g))
    bad("list-behind-end", "entries behind the end", "FORMAT", d, (d + 16, "<Q", 1 << 40))
    bad("list-odd", "entries at an odd offset", "FORMAT", d, (d + 16, "<Q", d_list + 4))
    bad("length-all-ones", "an entry of 2^64-1 bytes", "FORMAT", f, (f, "<Q", (1 << 64) - 1))
    bad("length-small", "an entry of 100 bytes", "FORMAT", f, (f, "<Q", 100))
    bad("name-long", "a name longer than its entry", "FORMAT", f, (f + 100, "<H", 0xFFFE))
    bad("name-odd", "a name of 9 bytes", "FORMAT", f, (f + 100, "<H", 9))
    bad("name-none", "an entry without a name", "FORMAT", f, (f + 100, "<H", 0))
    bad("name-dot", "an entry named .", "FORMAT", g, (g + 100, "<H", 2), (g + 102, "<H", ord(".")))
    bad("name-slash", "a slash in a name", "FORMAT", f, (f + 102, "<H", ord("/")))
    bad("name-nul", "a NUL in a name", "FORMAT", f, (f + 104, "<H", 0))
    bad("file-with-children", "a file with children", "FORMAT", d, (d + 8, "<I", 0x20))
    bad("security-id", "descriptor 1 of 1", "FORMAT", f, (f + 12, "<I", 1))
    bad("streams-many", "65,535 streams", "FORMAT", stream, (g + 96, "<H", 0xFFFF))
    bad("stream-length", "a stream entry of 2^64-1 bytes", "FORMAT", stream, (stream, "<Q", (1 << 64) - 1))
    bad("stream-name", "a stream's name outside its entry", "FORMAT", stream, (stream + 36, "<H", 200))
    bad("name-twice", "two entries of one name", "FORMAT", d_list, (g + 102, "<H", ord("h")), (f + 100, "<H", 2), (f + 102, "<H", ord("h")))
    bad("reparse-children", "a junction with entries in it", "FORMAT", d_list, (d + 8, "<I", 0x410), (d + 88, "<I", 0xA0000003))
    cut = Raw(lambda b: put(b, e + 16, "<Q", 0)[:-16])
    save("meta-no-end", cut.build(), "the last list has no end", "FORMAT", len(m) - 16)


OUT.mkdir(parents=True, exist_ok=True)
for old in OUT.glob("*.wim"):
    old.unlink()
at_header()
at_table()
at_xml()
at_metadata()
(OUT / "README.md").write_text(
    "Hostile WIM files, written by tests/tools/make_bad_wims.py. Each line: file: what is wrong -> code, and the offset\n"
    "that must be named (in the file; in the XML's text for xml-*; in the uncompressed metadata for meta-*).\n\n"
    + "\n".join(rows) + "\n")
print(len(rows), "files")
