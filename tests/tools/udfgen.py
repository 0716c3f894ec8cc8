# SPDX-License-Identifier: Apache-2.0
"""Makes UDF 1.02 volumes block by block, so that tests have ISO images with files in pieces, and hostile ones.

From ECMA-167 and the OSTA UDF specification; 7-Zip judges it in the tests that use it. A volume is a dict of blocks; `image` makes the
bytes, `pack` the short form that fuzz/udf and tests/bad/udf have: size in blocks (4 bytes), then for each block its number (4), the bytes
that follow (2), the block without the zeros at its end.
"""
import struct

BLOCK = 2048
PART = 260  # where the partition begins
TIME = struct.pack("<HhBBBBBBBB", 0x1000, 2020, 1, 1, 0, 0, 0, 0, 0, 0)


def crc(data):
    c = 0
    for b in data:
        c ^= b << 8
        for _ in range(8):
            c = (c << 1 ^ 0x1021 if c & 0x8000 else c << 1) & 0xFFFF
    return c


def tag(ident, body, location, length=None):
    """A descriptor: its tag in front of the body."""
    covered = body[:length if length is not None else len(body)]
    t = bytearray(struct.pack("<HHBBHHHI", ident, 2, 0, 0, 0, crc(covered), len(covered), location))
    t[4] = sum(t) & 0xFF
    return bytes(t) + body


def regid(name, suffix=b""):
    return b"\0" + name.ljust(23, b"\0") + suffix.ljust(8, b"\0")


def dstring(text, n):
    raw = b"\x08" + text.encode("latin-1")
    return raw.ljust(n - 1, b"\0") + bytes([len(raw)])


def cs0(name):
    try:
        return b"\x08" + name.encode("latin-1")
    except UnicodeEncodeError:
        return b"\x10" + name.encode("utf-16-be")


def long_ad(length, block, part=0):
    return struct.pack("<IIH6x", length, block, part)


CHARSET = b"\0" + b"OSTA Compressed Unicode".ljust(63, b"\0")
DOMAIN = regid(b"*OSTA UDF Compliant", struct.pack("<H", 0x0102))


class Volume:
    def __init__(self, label="WINTEST"):
        self.blocks, self.next, self.label = {}, 1, label
        self.n_blocks = None  # of the image; None: as many as it takes
        self.root = self.dir([])

    def put(self, block, data):  # in the partition
        for i in range(0, max(len(data), 1), BLOCK):
            self.blocks[PART + block + i // BLOCK] = bytes(data[i:i + BLOCK])

    def take(self, n):
        self.next += n
        return self.next - n

    def entry(self, file_type, size, ads, kind=0, at=None):
        """A file entry; ads: its allocation descriptors as bytes, or its content (kind 3)."""
        at = self.take(1) if at is None else at
        icb = struct.pack("<IHHHBBIHH", 0, 4, 0, 1, 0, file_type, 0, 0, kind)
        body = icb + struct.pack("<IIIHBBI", 0, 0, 0x14A5, 1, 0, 0, 0)
        body += struct.pack("<QQ", size, -(-size // BLOCK)) + TIME * 3 + struct.pack("<I", 1) + bytes(16) + regid(b"*wingo test")
        body += struct.pack("<QII", at, 0, len(ads)) + ads
        self.put(at, tag(261, body, at))
        return at

    def file(self, data, pieces=None, gap=0, aed=None):
        """pieces: sizes of its extents (multiples of a block but for the last); gap: blocks between them; aed: after how many
        descriptors the list goes on in another block."""
        ads, off = [], 0
        for n in pieces or [len(data)]:
            at = self.take(-(-n // BLOCK) + gap)
            self.put(at, data[off:off + n])
            ads.append(struct.pack("<II", n, at))
            off += n
        if aed is not None:
            more = self.take(1)
            rest = b"".join(ads[aed:])
            self.put(more, tag(258, struct.pack("<II", 0, len(rest)) + rest, more))
            ads = ads[:aed] + [struct.pack("<II", 3 << 30 | BLOCK, more)]
        return self.entry(5, len(data), b"".join(ads))

    def fid(self, name, icb, flags, at):
        raw = cs0(name) if name else b""
        body = struct.pack("<HBB", 1, flags, len(raw)) + long_ad(BLOCK, icb) + struct.pack("<H", 0) + raw
        return tag(257, body + bytes(-(len(body) + 16) % 4), at)

    def dir(self, entries, at=None):
        """entries: (name, block of the file entry, is a folder)."""
        data_at = self.take(8)
        data = self.fid("", at if at is not None else 0, 0x0A, data_at)
        for name, icb, is_dir in entries:
            data += self.fid(name, icb, 2 if is_dir else 0, data_at)
        self.put(data_at, data)
        return self.entry(4, len(data), struct.pack("<II", len(data), data_at), at=at)

    def descriptors(self, first):
        ident = struct.pack("<II", 0, 0) + dstring(self.label, 32) + struct.pack("<HHHHII", 1, 1, 2, 2, 1, 1) + dstring("set", 128)
        ident += CHARSET * 2 + bytes(16) + regid(b"") + TIME + regid(b"*wingo test")
        part = struct.pack("<IHH", 1, 1, 0) + regid(b"+NSR02") + bytes(128) + struct.pack("<III", 1, PART, self.next) + regid(b"*wingo test")
        logical = struct.pack("<I", 2) + CHARSET + dstring(self.label, 128) + struct.pack("<I", BLOCK) + DOMAIN + long_ad(BLOCK, 0)
        logical += struct.pack("<II", 6, 1) + regid(b"*wingo test") + bytes(128) + struct.pack("<II", BLOCK, 64)
        logical += struct.pack("<BBHH", 1, 6, 1, 0)
        for i, (ident_no, body) in enumerate([(1, ident), (5, part), (6, logical), (7, struct.pack("<II", 3, 0)), (8, b"")]):
            self.blocks[first + i] = tag(ident_no, body.ljust(496, b"\0"), first + i)

    def build(self):
        """All blocks; call it last."""
        for i, name in enumerate([b"BEA01", b"NSR02", b"TEA01"]):
            self.blocks[16 + i] = b"\0" + name + b"\1"
        self.descriptors(32)
        self.descriptors(48)
        integrity = TIME + struct.pack("<I", 1) + bytes(40) + struct.pack("<IIII", 1, 46, 0, self.next) + regid(b"*wingo test")
        self.blocks[64] = tag(9, integrity + struct.pack("<IIHHH", 1, 1, 0x102, 0x102, 0x102), 64)
        self.blocks[65] = tag(8, bytes(496), 65)
        files = TIME + struct.pack("<HHIIII", 3, 3, 1, 1, 0, 0) + CHARSET + dstring(self.label, 128) + CHARSET + dstring("files", 32)
        files += bytes(64) + long_ad(BLOCK, self.root) + DOMAIN + bytes(64)
        self.put(0, tag(256, files, 0))
        n = self.n_blocks or PART + self.next + 300
        for at in (256, n - 1):
            self.blocks[at] = tag(2, struct.pack("<IIII", 16 * BLOCK, 32, 16 * BLOCK, 48).ljust(496, b"\0"), at)
        self.n_blocks = n
        return self

    def image(self):
        out = bytearray(self.n_blocks * BLOCK)
        for at, data in self.blocks.items():
            out[at * BLOCK:at * BLOCK + len(data)] = data
        return bytes(out[:self.n_blocks * BLOCK])

    def pack(self):
        out = struct.pack("<I", self.n_blocks)
        for at, data in sorted(self.blocks.items()):
            data = data.rstrip(b"\0")
            out += struct.pack("<IH", at, len(data)) + data
        return out


def windows(files, label="WINTEST", folder="sources", more=()):
    """A volume with a folder of files: name -> block of its entry, given the volume."""
    v = Volume(label)
    inner = v.dir([(name, make(v), False) for name, make in files.items()])
    v.root = v.dir([(folder, inner, True), *more], at=v.root)
    return v.build()
