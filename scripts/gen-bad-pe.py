#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/bad/pe and fuzz/pe/corpus from one small, complete PE image.

Usage: scripts/gen-bad-pe.py   (tests/bad/pe/README.md lists what is wrong where)
"""
import pathlib
import struct

ROOT = pathlib.Path(__file__).resolve().parents[1]
HERE = ROOT / "tests/bad/pe"
CORPUS = ROOT / "fuzz/pe/corpus"
PE, COFF, OPT = 0x80, 0x84, 0x98
TEXT, RDATA, RSRC = (0x1000, 0x400), (0x2000, 0x600), (0x3000, 0x800)


class Blob:
    """Bytes at a known address; put() returns the address of what was put."""

    def __init__(self, rva):
        self.rva, self.b = rva, bytearray()

    def put(self, data, align=4):
        self.b += bytes(-len(self.b) % align)
        at = self.rva + len(self.b)
        self.b += data
        return at

    def set32(self, rva, v):
        struct.pack_into("<I", self.b, rva - self.rva, v)


def thunks(plus, values):
    return b"".join(struct.pack("<Q" if plus else "<I", v) for v in values + [0])


def make_rdata(plus, where):
    s = Blob(RDATA[0])
    top = 1 << (63 if plus else 31)
    where["imports"] = s.put(bytes(60))
    where["delay"] = s.put(bytes(64))
    where["exports"] = s.put(bytes(40))
    where["debug"] = s.put(bytes(28))
    names = [s.put(struct.pack("<H", i) + n + b"\0", 2) for i, n in enumerate([b"ExitProcess", b"GetTickCount"])]
    where["hint_name"] = names[0]
    where["lookup"] = s.put(thunks(plus, names), 8)
    iat = s.put(thunks(plus, names), 8)
    kernel = s.put(b"KERNEL32.dll\0")
    lookup2 = s.put(thunks(plus, [top | 17]), 8)
    iat2 = s.put(thunks(plus, [top | 17]), 8)
    user = s.put(b"COMCTL32.dll\0")
    late = s.put(b"\0\0MessageBoxW\0", 2)
    int3 = s.put(thunks(plus, [late]), 8)
    iat3 = s.put(thunks(plus, [late]), 8)
    lname = s.put(b"USER32.dll\0")
    base = where["imports"] - s.rva
    struct.pack_into("<5I", s.b, base, where["lookup"], 0, 0, kernel, iat)
    struct.pack_into("<5I", s.b, base + 20, lookup2, 0, 0, user, iat2)
    struct.pack_into("<8I", s.b, where["delay"] - s.rva, 1, lname, 0, iat3, int3, 0, 0, 0)
    where["funcs"] = s.put(struct.pack("<3I", 0x1000, 0x1010, 0))
    n1, n2 = s.put(b"Alpha\0"), s.put(b"Beta\0")
    where["names"] = s.put(struct.pack("<2I", n1, n2))
    where["ords"] = s.put(struct.pack("<2H", 0, 2))
    dll = s.put(b"small.dll\0")
    struct.pack_into("<2I2H7I", s.b, where["exports"] - s.rva, 0, 0, 0, 0, dll, 5, 3, 2, where["funcs"],
                     where["names"], where["ords"])
    forward = s.put(b"NTDLL.RtlBeta\0")
    s.set32(where["funcs"] + 8, forward)
    where["exports_end"] = s.rva + len(s.b)
    pdb = b"RSDS" + bytes(range(16)) + struct.pack("<I", 3) + b"small.pdb\0"
    at = s.put(pdb)
    struct.pack_into("<IIHHIIII", s.b, where["debug"] - s.rva, 0, 0, 0, 0, 2, len(pdb), at, at - s.rva + RDATA[1])
    return s


def wide(t):
    return t.encode("utf-16le")


def block(kind, key, value=b"", value_len=None, children=()):
    b = struct.pack("<3H", 0, len(value) if value_len is None else value_len, kind) + wide(key) + b"\0\0"
    b += bytes(-len(b) % 4) + value
    for c in children:
        b += bytes(-len(b) % 4) + c
    return struct.pack("<H", len(b)) + b[2:]


def version_block():
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, 0x10002, 0x30004, 0x10002, 0x30004, 0x3F, 0, 0x40004, 1, 0, 0, 0)
    strings = [block(1, k, wide(v) + b"\0\0", len(v) + 1) for k, v in (("CompanyName", "Example"), ("FileVersion", "1.2.3.4"))]
    return block(0, "VS_VERSION_INFO", fixed, None, [
        block(1, "StringFileInfo", children=[block(1, "040904b0", children=strings)]),
        block(1, "VarFileInfo", children=[block(0, "Translation", struct.pack("<HH", 0x409, 1200))])])


def dib(side):
    row, mask = side // 2, (side + 31) // 32 * 4
    return struct.pack("<IiiHHIIiiII", 40, side, 2 * side, 1, 4, 0, 0, 0, 0, 0, 0) + bytes(64) + bytes((row + mask) * side)


def make_rsrc(where):
    icon = dib(8)
    group = struct.pack("<3H", 0, 1, 1) + struct.pack("<4B2HIH", 8, 8, 16, 0, 1, 4, len(icon), 1)
    items = [(3, 1, icon), (14, 1, group), (16, 1, version_block()), (24, 1, b"<assembly/>"), ("DATA", "ONE", b"own data")]
    items.sort(key=lambda i: (isinstance(i[0], int), i[0]))
    s, n = Blob(RSRC[0]), len(items)
    named = sum(isinstance(i[0], str) for i in items)
    root = s.put(struct.pack("<IIHHHH", 0, 0, 0, 0, named, n - named) + bytes(8 * n)) - s.rva
    where["rsrc_entry"] = root + 16
    for k, (kind, name, data) in enumerate(items):
        def ident(v):
            return v if isinstance(v, int) else 0x80000000 | s.put(struct.pack("<H", len(v)) + wide(v), 2) - s.rva
        level2 = s.put(struct.pack("<IIHHHH", 0, 0, 0, 0, isinstance(name, str), isinstance(name, int)) + bytes(8)) - s.rva
        level3 = s.put(struct.pack("<IIHHHHI", 0, 0, 0, 0, 0, 1, 0x409) + bytes(4)) - s.rva
        leaf = s.put(bytes(16)) - s.rva
        at = s.put(data, 8)
        struct.pack_into("<II", s.b, root + 16 + 8 * k, ident(kind), 0x80000000 | level2)
        struct.pack_into("<II", s.b, level2 + 16, ident(name), 0x80000000 | level3)
        struct.pack_into("<I", s.b, level3 + 20, leaf)
        struct.pack_into("<IIII", s.b, leaf, at, len(data), 0, 0)
        where[f"leaf_{kind}"], where[f"data_{kind}"], where[f"level2_{kind}"], where[f"level3_{kind}"] = leaf, at - s.rva, level2, level3
    return s


def make_pe(plus=True, signed=True):
    """A whole image and the places in it that the hostile files change."""
    w = {}
    rdata, rsrc = make_rdata(plus, w), make_rsrc(w)
    sections = [(b".text", TEXT, bytes([0xC3]) * 16, 0x60000020), (b".rdata", RDATA, bytes(rdata.b), 0x40000040),
                (b".rsrc", RSRC, bytes(rsrc.b), 0x40000040)]
    fixed, n_dirs = (112 if plus else 96), 16
    opt_bytes = fixed + 8 * n_dirs
    w["dirs"], w["sections"] = OPT + fixed, OPT + opt_bytes
    h = bytearray(0x400)
    h[0:2] = b"MZ"
    struct.pack_into("<I", h, 0x3C, PE)
    h[PE:PE + 4] = b"PE\0\0"
    struct.pack_into("<HHIIIHH", h, COFF, 0x8664 if plus else 0x14C, len(sections), 0, 0, 0, opt_bytes, 0x22 if plus else 0x102)
    struct.pack_into("<HBBIIIII", h, OPT, 0x20B if plus else 0x10B, 1, 0, 0x200, 0x800, 0, 0x1000, 0x1000)
    struct.pack_into("<Q", h, OPT + 24, 0x140000000) if plus else struct.pack_into("<II", h, OPT + 24, 0x2000, 0x400000)
    struct.pack_into("<IIHHHHHHIIIIHH", h, OPT + 32, 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0, 0x4000, 0x400, 0, 3, 0x8160)
    struct.pack_into("<5I" if not plus else "<4QI", h, OPT + 72, 0x100000, 0x1000, 0x100000, 0x1000, 0)
    struct.pack_into("<I", h, OPT + fixed - 4, n_dirs)
    body = b""
    for i, (name, (rva, off), data, chars) in enumerate(sections):
        padded = data + bytes(-len(data) % 0x200)
        assert off == 0x400 + len(body), (name, hex(0x400 + len(body)))
        struct.pack_into("<8sIIIIIIHHI", h, w["sections"] + 40 * i, name, len(data), rva, len(padded), off, 0, 0, 0, 0, chars)
        body += padded
    dirs = {0: (w["exports"], w["exports_end"] - w["exports"]), 1: (w["imports"], 60), 2: (RSRC[0], len(rsrc.b)),
            6: (w["debug"], 28), 13: (w["delay"], 64)}
    image = bytes(h) + body
    if signed:
        dirs[4] = (len(image), 24)
        image += struct.pack("<IHH", 20, 0x200, 2) + b"not-a-pkcs7!" + bytes(4)
    image = bytearray(image)
    for i, (rva, n) in dirs.items():
        struct.pack_into("<II", image, w["dirs"] + 8 * i, rva, n)
    return image, w


def main():
    good, w = make_pe()
    rd = RDATA[1] - RDATA[0]
    rs = RSRC[1]
    lines = []

    def bad(name, what, code, off="", edit=None, cut=None, data=None):
        b = bytearray(good if data is None else data)
        for at, v in edit or []:
            b[at:at + len(v)] = v
        (HERE / name).write_bytes(bytes(b[:cut]))
        lines.append(f"- {name}: {what} -> {code}" + (f" 0x{off:x}" if off != "" else ""))

    def u16(v):
        return struct.pack("<H", v)

    def u32(v):
        return struct.pack("<I", v)

    sec = w["sections"]
    F = "FORMAT"
    bad("empty.exe", "no byte at all", F, 0, cut=0)
    bad("not-mz.exe", "begins with ZM", F, 0, [(0, b"ZM")])
    bad("cut-dos.exe", "ends inside of the DOS header", F, 40, cut=40)
    bad("lfanew-far.exe", "header offset behind the end", F, 0x3C, [(0x3C, u32(0x7FFFFFF0))])
    bad("no-signature.exe", "no PE signature where the offset leads", F, PE, [(PE, b"XE")])
    bad("ne.exe", "a 16-bit program", "UNSUPPORTED", "", [(PE, b"NE")])
    bad("cut-coff.exe", "ends inside of the COFF header", F, PE + 10, cut=PE + 10)
    bad("object.obj", "no optional header", "UNSUPPORTED", "", [(COFF + 16, u16(0))])
    bad("rom.exe", "ROM image magic", "UNSUPPORTED", "", [(OPT, u16(0x107))])
    bad("magic.exe", "unknown optional header magic", F, OPT, [(OPT, u16(0x30B))])
    bad("optional-short.exe", "optional header of 60 bytes", F, COFF + 16, [(COFF + 16, u16(60))])
    bad("optional-cut.exe", "ends inside of the optional header", F, OPT, cut=OPT + 50)
    bad("dirs-many.exe", "16 directories in room for 4", F, OPT + 108, [(COFF + 16, u16(112 + 32))])
    bad("alignment.exe", "section alignment 0x1001", F, OPT + 32, [(OPT + 32, u32(0x1001))])
    bad("headers-beyond.exe", "SizeOfHeaders beyond the file", F, OPT + 60, [(OPT + 60, u32(0x3000000)), (OPT + 56, u32(0x4000000))])
    bad("image-size-zero.exe", "SizeOfImage 0", F, OPT + 56, [(OPT + 56, u32(0))])
    bad("entry-outside.exe", "entry point behind the image", F, OPT + 16, [(OPT + 16, u32(0x40000000))])
    bad("sections-many.exe", "1,000 sections in a small file", F, sec, [(COFF + 2, u16(1000))])
    bad("sections-limit.exe", "65,535 sections", "LIMIT", COFF + 2, [(COFF + 2, u16(0xFFFF))])
    bad("section-beyond.exe", ".rsrc cut off", F, sec + 80 + 16, cut=RSRC[1] + 0x100)
    bad("section-overlap.exe", ".rdata at .text's address", F, sec + 40 + 12, [(sec + 40 + 12, u32(0x1000))])
    bad("section-wrap.exe", ".rsrc of nearly 4 GiB", F, sec + 80 + 8, [(sec + 80 + 8, u32(0xFFFFFFFF))])
    bad("cert-beyond.exe", "certificate table behind the end", F, w["dirs"] + 32, [(w["dirs"] + 32, u32(0x7FFF0000))])
    bad("cert-in-section.exe", "certificate table inside of .text", F, w["dirs"] + 32, [(w["dirs"] + 32, u32(0x400))])
    bad("cert-length.exe", "certificate longer than its table", F, len(good) - 24, [(len(good) - 24, u32(0x1000))])
    bad("cert-length-zero.exe", "certificate of length 0", F, len(good) - 24, [(len(good) - 24, u32(0))])
    imp, look = w["imports"] + rd, w["lookup"] + rd
    bad("import-dir.exe", "import table at an address without bytes", F, w["dirs"] + 8, [(w["dirs"] + 8, u32(0x3F000000))])
    bad("import-name.exe", "DLL name at an address without bytes", F, imp, [(imp + 12, u32(0x7000))])
    bad("import-lookup.exe", "lookup table at an address without bytes", F, imp, [(imp, u32(0x9000))])
    bad("import-hint.exe", "function name outside of the image", F, look, [(look, struct.pack("<Q", 0x123456789))])
    bad("delay-name.exe", "delay-loaded DLL's name outside", F, w["delay"] + rd, [(w["delay"] + rd + 4, u32(0x70000000))])
    exp = w["exports"] + rd
    bad("export-count.exe", "200,000 exported names", F, exp + 20, [(exp + 24, u32(200000))])
    bad("export-limit.exe", "four billion exported names", "LIMIT", exp + 24, [(exp + 24, u32(0xFFFFFFFF))])
    bad("export-ordinal.exe", "name for a function that is not there", F, w["ords"] + rd, [(w["ords"] + rd, u16(9))])
    bad("export-name.exe", "exported name outside of the image", F, w["names"] + rd, [(w["names"] + rd, u32(0x50000000))])
    e0 = rs + w["rsrc_entry"]
    bad("rsrc-dir.exe", "resource tree at an address without bytes", F, w["dirs"] + 16, [(w["dirs"] + 16, u32(0x3F000000))])
    bad("rsrc-count.exe", "65,535 named entries in a small tree", F, rs + 12, [(rs + 12, u16(0xFFFF))])
    bad("rsrc-subdir.exe", "directory outside of the tree", F, e0 + 4, [(e0 + 4, u32(0x80F00000))])
    bad("rsrc-deep.exe", "a fourth level", F, rs + w["level3_3"] + 20, [(rs + w["level3_3"] + 20, u32(0x80000000))])
    bad("rsrc-shallow.exe", "data at the first level", F, e0 + 4, [(e0 + 4, u32(w["leaf_3"]))])
    bad("rsrc-loop.exe", "the root as its own child", F, rs + 20, [(e0 + 4, u32(0x80000000))])
    bad("rsrc-leaf.exe", "data entry outside of the tree", F, rs + w["level3_3"] + 20, [(rs + w["level3_3"] + 20, u32(0x00700000))])
    bad("rsrc-name.exe", "name outside of the tree", F, e0, [(e0, u32(0x80F00000))])
    bad("rsrc-data.exe", "data behind the image", F, rs + w["leaf_3"], [(rs + w["leaf_3"], u32(0xFFFFFF00))])
    bad("rsrc-data-size.exe", "data longer than its section", F, rs + w["leaf_3"], [(rs + w["leaf_3"] + 4, u32(0xF00))])
    ver, grp = rs + w["data_16"], rs + w["data_14"]
    bad("version-length.exe", "version block longer than its resource", F, ver, [(ver, u16(0x7FFF))])
    bad("version-signature.exe", "no VS_FIXEDFILEINFO signature", F, ver + 40, [(ver + 40, u32(0))])
    bad("version-key.exe", "version block with another key", F, ver, [(ver + 6, wide("X"))])
    bad("version-string.exe", "string block longer than its table", F, ver + 152, [(ver + 152, u16(0x300))])
    bad("group-header.exe", "icon group of cursors", F, grp, [(grp + 2, u16(2))])
    bad("group-count.exe", "300 images in a small icon group", F, grp, [(grp + 4, u16(300))])
    bad("group-image.exe", "icon group with an image that is not there", F, grp, [(grp + 18, u16(77))])
    text = ("Hostile PE images, made by scripts/gen-bad-pe.py. Each line: file: what is wrong -> code, and the offset that must be named.\n\n"
            + "\n".join(lines) + "\n")
    (HERE / "README.md").write_text(text)
    CORPUS.mkdir(parents=True, exist_ok=True)
    for name, args in (("pe64-signed", (True, True)), ("pe64", (True, False)), ("pe32", (False, False))):
        (CORPUS / name).write_bytes(bytes(make_pe(*args)[0]))


if __name__ == "__main__":
    main()
