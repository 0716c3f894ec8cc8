#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/bad/ico and the corpora of fuzz/ico and fuzz/rsrc from small icons.

Usage: scripts/gen-bad-ico.py   (tests/bad/ico/README.md lists what is wrong where)
"""
import pathlib
import struct
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[1]
HERE = ROOT / "tests/bad/ico"
FUZZ = ROOT / "fuzz"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(w, h, depth=8, kind=6, palette=b""):
    raw = b"".join(b"\0" + bytes((w * depth * {0: 1, 2: 3, 3: 1, 6: 4}[kind] + 7) // 8) for _ in range(h))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, kind, 0, 0, 0))
            + (chunk(b"PLTE", palette) if palette else b"") + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def dib(w, h, bits, compression=0, mask=True):
    palette = bytes(4 << bits) if bits <= 8 else b""
    row, mask_row = (w * bits + 31) // 32 * 4, (w + 31) // 32 * 4 if mask else 0
    return struct.pack("<IiiHHIIiiII", 40, w, 2 * h, 1, bits, compression, 0, 0, 0, 0, 0) + palette + bytes((row + mask_row) * h)


def ico(*images):
    """images: (width, height, bits, data)."""
    off, entries, body = 6 + 16 * len(images), b"", b""
    for w, h, bits, data in images:
        entries += struct.pack("<BBBBHHII", w & 255, h & 255, (1 << bits) & 255 if bits < 8 else 0, 0, 1, bits, len(data), off + len(body))
        body += data
    return struct.pack("<HHH", 0, 1, len(images)) + entries + body


def main():
    good = ico((8, 8, 4, dib(8, 8, 4)), (16, 16, 32, png(16, 16)))
    one, second = 6 + 32, 6 + 32 + len(dib(8, 8, 4))
    lines = []

    def bad(name, what, code, off=None, edit=(), cut=None, data=None):
        b = bytearray(good if data is None else data)
        for at, v in edit:
            b[at:at + len(v)] = v
        (HERE / name).write_bytes(bytes(b[:cut]))
        lines.append(f"- {name}: {what} -> {code}" + ("" if off is None else f" 0x{off:x}"))

    F = "FORMAT"
    bad("empty.ico", "no byte at all", F, 0, cut=0)
    bad("cut-header.ico", "ends inside of the header", F, 5, cut=5)
    bad("cursor.ico", "a cursor file", "UNSUPPORTED", None, [(2, b"\2")])
    bad("type.ico", "type 3", F, 0, [(2, b"\3")])
    bad("reserved.ico", "reserved word not 0", F, 0, [(0, b"\1")])
    bad("none.ico", "no image", F, 4, [(4, b"\0")])
    bad("many.ico", "257 images", "LIMIT", 4, [(4, b"\1\1")])
    bad("entries-cut.ico", "ends inside of the directory", F, 4, cut=30)
    bad("data-beyond.ico", "image data behind the end", F, 6 + 8, [(6 + 12, struct.pack("<I", 0xFFFFFF00))])
    bad("data-empty.ico", "image of no bytes", F, 6 + 8, [(6 + 8, bytes(4))])
    bad("data-huge.ico", "image of 4 GiB", "LIMIT", 6 + 8, [(6 + 8, b"\xff\xff\xff\xff")])
    bad("data-cut.ico", "the second image is cut off", F, 22 + 8, cut=len(good) - 10)
    bad("size-lies.ico", "directory says 9 x 8, the image is 8 x 8", F, 6, [(6, b"\x09")])
    bad("dib-header.ico", "bitmap header of 12 bytes", F, one, [(one, b"\x0c")])
    bad("dib-bits.ico", "5 bits per pixel", F, one + 4, [(one + 14, b"\5")])
    bad("dib-odd-height.ico", "odd doubled height", F, one + 4, [(one + 8, b"\x11")])
    bad("dib-huge.ico", "four billion pixels wide", F, one + 4, [(one + 4, b"\xff\xff\xff\xff")])
    bad("dib-short.ico", "pixel rows missing", F, one, [(6 + 8, struct.pack("<I", 120))])
    bad("dib-rle.ico", "RLE compression", "UNSUPPORTED", one + 16, [(one + 16, b"\2")])
    bad("dib-jpeg.ico", "a JPEG inside of the bitmap", "UNSUPPORTED", one + 16, [(one + 16, b"\4")])
    bad("dib-palette.ico", "24 bits with a palette of 4 billion", F, 22 + 32, data=ico((8, 8, 24, dib(8, 8, 24))),
        edit=[(22 + 32, b"\xff\xff\xff\xff")])
    bad("png-crc.ico", "wrong checksum", F, second + 8, [(second + 20, b"\x77")])
    bad("png-cut-chunk.ico", "chunk longer than the image", F, second + 33, [(second + 33, b"\x7f")])
    plain = png(16, 16)
    no_header = plain[:8] + plain[33:]
    bad("png-no-header.ico", "PNG without IHDR", F, 22 + 8, data=ico((16, 16, 32, no_header)))
    no_data = plain[:33] + chunk(b"IEND", b"")
    bad("png-no-data.ico", "PNG without IDAT", F, 22 + 33, data=ico((16, 16, 32, no_data)))
    no_end = plain[:-12]
    bad("png-no-end.ico", "PNG without IEND", F, 22 + len(no_end), data=ico((16, 16, 32, no_end)))
    bad("png-depth.ico", "RGBA of depth 4", F, 22 + 16 + 8, data=ico((16, 16, 32, png(16, 16)[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 4, 6, 0, 0, 0)) + plain[33:])))
    bad("png-huge.ico", "100,000 pixels wide", "LIMIT", 22, data=ico((0, 16, 32, plain[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", 100000, 16, 8, 6, 0, 0, 0)) + plain[33:])))
    bad("not-an-image.ico", "neither PNG nor bitmap", F, 22, data=ico((16, 16, 32, b"GIF89a" + bytes(60))))
    (HERE / "README.md").write_text("Hostile icon files, made by scripts/gen-bad-ico.py. Each line: file: what is wrong -> code, and the offset that must be named.\n\n"
                                    + "\n".join(lines) + "\n")
    seeds = {
        "mixed": good,
        "bits": ico(*[(8, 8, b, dib(8, 8, b)) for b in (1, 4, 8, 16, 24, 32)], (8, 8, 32, dib(8, 8, 32, mask=False))),
        "png-palette": ico((8, 8, 8, png(8, 8, 8, 3, bytes(9)))),
        "png-rgb": ico((8, 8, 24, png(8, 8, 8, 2))),
    }
    for name, data in seeds.items():
        for target in ("ico", "rsrc"):
            d = FUZZ / target / "corpus"
            d.mkdir(parents=True, exist_ok=True)
            # fuzz/ico: the icon. fuzz/rsrc: three texts with a length byte each, then the icon.
            head = b"" if target == "ico" else b"\x071.2.3-a\x04Name\x0b<assembly/>"
            (d / name).write_bytes(head + data)


if __name__ == "__main__":
    main()
