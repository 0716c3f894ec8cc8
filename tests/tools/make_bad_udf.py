#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/bad/udf and fuzz/udf/corpus: UDF volumes in short form (udfgen.py)."""
import struct
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from udfgen import BLOCK, PART, Volume, tag, windows  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "tests" / "bad" / "udf"
rows = []


def sound():
    return windows({"install.wim": lambda v: v.file(b"x" * 5000)})


def save(name, what, code, v, off="-"):
    (OUT / f"{name}.udf").write_bytes(v.pack())
    rows.append(f"- {name}.udf: {what} -> {code} {off}")


def find(v, ident, nth=0):
    """Number of the nth block that holds a descriptor with this tag."""
    return [at for at, data in sorted(v.blocks.items()) if data[:2] == struct.pack("<H", ident) and at > 30][nth]


def change(v, at, *edits):
    """Bytes of a descriptor changed, its tag made right again."""
    data = bytearray(v.blocks[at].ljust(BLOCK, b"\0"))
    for off, fmt, value in edits:
        struct.pack_into(fmt, data, off, value)
    ident, length, place = struct.unpack_from("<H", data)[0], struct.unpack_from("<H", data, 10)[0], struct.unpack_from("<I", data, 12)[0]
    v.blocks[at] = tag(ident, bytes(data[16:]), place, min(length, BLOCK - 16))
    return v


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.glob("*.udf"):
        old.unlink()
    v = sound()
    del v.blocks[256], v.blocks[v.n_blocks - 1]
    save("no-anchor", "no anchor", "FORMAT", v)
    v = sound()
    for i in range(5):
        del v.blocks[32 + i], v.blocks[48 + i]
    save("no-descriptors", "no volume descriptors", "FORMAT", v)
    v = sound()
    for at in (32, 48):
        v.blocks[at] = tag(3, struct.pack("<III", 0, BLOCK * 2000000, at).ljust(496, b"\0"), at)
    save("pointer-loop", "a descriptor pointer that leads to itself", "LIMIT", v)
    v = sound()
    for at in (256, v.n_blocks - 1):
        change(v, at, (16, "<I", 0xFFFFF800), (20, "<I", 0x7FFFFFFF), (24, "<I", 0xFFFFF800), (28, "<I", 0x7FFFFFFF))
    save("descriptors-behind-end", "volume descriptors behind the end", "FORMAT", v, 0x7FFFFFFF * BLOCK)
    v = sound()
    for at in (34, 50):
        change(v, at, (212, "<I", 512))
    save("block-size", "blocks of 512 bytes", "FORMAT", v)
    v = sound()
    for at in (34, 50):
        change(v, at, (264, "<I", 0xFFFFFFFF), (268, "<I", 0xFFFFFFFF), (440, "<H", 0))
    save("partition-maps", "four billion partition maps", "FORMAT", v)
    v = sound()
    for at in (34, 50):
        change(v, at, (248, "<I", 0), (252, "<I", 0x00FFFFFF))
    save("file-set-behind-end", "a file set of no bytes, behind the end", "FORMAT", v, (PART + 0x00FFFFFF) * BLOCK)
    v = change(sound(), PART, (404, "<I", 0x00FFFFFF))
    save("root-behind-end", "the root folder behind the end", "FORMAT", v, (PART + 0x00FFFFFF) * BLOCK)
    v = change(sound(), PART, (400, "<I", 0x3FFFFFFF))
    save("root-entry-long", "a root folder whose entry has 2^30 bytes", "FORMAT", v, sound().n_blocks * BLOCK)
    v = sound()
    change(v, PART + v.root, (56, "<Q", 1 << 40), (176, "<I", 0x3FFFF800))
    save("root-long", "a root folder of 2^30 bytes", "FORMAT", v, sound().n_blocks * BLOCK)
    v = sound()
    change(v, PART + v.root, (176, "<I", 0x3FFFF800))
    v.n_blocks = 1 << 19
    save("root-long-inside", "a root folder of 2^30 bytes in a large image", "LIMIT", v)
    v = sound()
    change(v, PART + v.root, (16 + 11, "<B", 5))
    save("root-file", "a root folder that is a file", "FORMAT", v)
    v = sound()
    v.blocks[PART + v.root + 1] = b""
    v.blocks = {at: data for at, data in v.blocks.items() if data[:2] != struct.pack("<H", 257)}
    save("root-empty", "a root folder of zeros", "FORMAT", v)
    v = Volume()
    v.root = v.dir([("sources", v.root, True)], at=v.root)
    save("folder-loop", "a folder that is its own", "NOT_FOUND", v.build())
    v = Volume()
    inner = v.file(b"a file")
    v.root = v.dir([("sources", inner, True)], at=v.root)
    save("folder-is-file", "a folder whose entry is a file's", "FORMAT", v.build())
    v = windows({"other.wim": lambda v: v.file(b"x" * 5000)})
    save("no-image", "no install.wim", "NOT_FOUND", v)
    v = windows({"install.wim": lambda v: v.entry(5, 5, b"hello", 3)})
    save("inline", "a file kept in its entry", "UNSUPPORTED", v)
    v = windows({"install.wim": lambda v: v.entry(5, 10000, struct.pack("<II", 10000, 0x00FFFFF0))})
    save("file-behind-end", "a file behind the end", "FORMAT", v, (PART + 0x00FFFFF0) * BLOCK)
    v = windows({"install.wim": lambda v: v.entry(5, 1 << 50, struct.pack("<II", 10000, 1))})
    save("file-long", "a file larger than the image", "FORMAT", v)
    v = windows({"install.wim": lambda v: v.entry(5, 100000, struct.pack("<II", 10000, 1))})
    save("file-short-list", "extents of fewer bytes than the file has", "FORMAT", v, 5 * BLOCK)
    v = windows({"install.wim": lambda v: v.entry(5, 3 * BLOCK, struct.pack("<IIII", BLOCK, 1, 2 << 30 | 2 * BLOCK, 0))})
    save("file-hole", "a file with a hole", "FORMAT", v, BLOCK)
    v = Volume()
    at = v.take(1)
    v.put(at, tag(258, struct.pack("<III", 0, 8, 3 << 30 | BLOCK) + struct.pack("<I", at), at))
    inner = v.dir([("install.wim", v.entry(5, 5000, struct.pack("<II", 3 << 30 | BLOCK, at)), False)])
    v.root = v.dir([("sources", inner, True)], at=v.root)
    save("extents-loop", "a list of extents that goes on in itself", "FORMAT", v.build(), 0)
    v = sound()
    v.n_blocks = PART + 3
    save("cut", "an image cut short before the root's entry", "FORMAT", v, (PART + v.root) * BLOCK)
    (OUT / "README.md").write_text(
        "Hostile UDF volumes in short form (tests/tools/udfgen.py), written by tests/tools/make_bad_udf.py. Each line: file: what is\n"
        "wrong -> code that opening it and mapping sources/install.wim must give, and the offset that must be named (-: none).\n\n"
        + "\n".join(rows) + "\n")
    corpus = ROOT / "fuzz" / "udf" / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    pieces = [BLOCK, BLOCK, 904]
    for name, v in {"sound": sound(), "pieces": windows({"INSTALL.ESD": lambda v: v.file(b"y" * 5000, pieces, gap=2)}, folder="SOURCES"),
                    "continued": windows({"install.swm": lambda v: v.file(b"z" * 5000, pieces, gap=1, aed=1)}),
                    "names": windows({"install.wim": lambda v: v.file(b"n" * 3000), "\u65e5\u672c.txt": lambda v: v.file(b"a"),
                                      "\u00e9t\u00e9": lambda v: v.entry(5, 5, b"hello", 3)})}.items():
        packed = v.pack()
        (corpus / f"{name}.udf").write_bytes(struct.pack("<I", struct.unpack("<I", packed[:4])[0] | 1 << 31) + packed[4:])
    print(len(rows), "files")


main()
