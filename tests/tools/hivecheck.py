# SPDX-License-Identifier: Apache-2.0
"""What a hive must be, from the format itself (docs/formats/regf.md), not from any reader or writer.

check(bytes) -> (faults, inventory, keys): faults is a list of texts, empty when everything holds; inventory counts
cells by kind; keys is {path: {value name: (type, bytes)}}. Run: python3 hivecheck.py FILE...
"""
import struct
import sys

NIL = 0xFFFFFFFF
SEGMENT = 16344


def upper(name):
    """Windows' simple mapping, one UTF-16 unit at a time."""
    units = struct.unpack(f"<{len(name) // 2}H", name)
    out = []
    for u in units:
        c = chr(u).upper() if not 0xD800 <= u < 0xE000 else chr(u)
        out.append(ord(c) if len(c) == 1 and ord(c) < 0x10000 else u)
    return out


class Check:
    def __init__(self, data):
        self.data, self.faults, self.cells, self.used = data, [], {}, set()
        self.inventory = {k: 0 for k in ("nk", "vk", "sk", "lf", "lh", "li", "ri", "db", "free", "data")}
        self.sk_refs, self.keys = {}, {}

    def fault(self, text):
        self.faults.append(text)

    def u32(self, off):
        return struct.unpack_from("<I", self.bins, off)[0]

    def base(self):
        d = self.data
        seq1, seq2, _, major, minor, kind, form, self.root, size, cluster = struct.unpack_from("<IIQIIIIIII", d, 4)
        total = 0
        for (w,) in struct.iter_unpack("<I", d[:508]):
            total ^= w
        total = {0: 1, NIL: NIL - 1}.get(total, total)
        if d[:4] != b"regf" or total != struct.unpack_from("<I", d, 508)[0]:
            self.fault("base block: signature or checksum")
        if (major, kind, form, cluster) != (1, 0, 1, 1) or not 3 <= minor <= 6 or seq1 != seq2:
            self.fault(f"base block: version {major}.{minor}, type {kind}, format {form}, {seq1} {seq2}")
        if len(d) % 4096 or size != len(d) - 4096:
            self.fault(f"bins of {size} bytes in a file of {len(d)}")
        self.minor, self.bins = minor, d[4096:4096 + size]

    def map(self):
        at = 0
        while at < len(self.bins):
            sig, off, size = struct.unpack_from("<4sII", self.bins, at)
            if sig != b"hbin" or off != at or not size or size % 4096 or at + size > len(self.bins):
                return self.fault(f"bin at {at:#x}: {sig} {off:#x} {size:#x}")
            cell, free = at + 32, False
            while cell < at + size:
                (n,) = struct.unpack_from("<i", self.bins, cell)
                length = abs(n)
                if length < 8 or length % 8 or cell + length > at + size:
                    return self.fault(f"cell at {cell:#x} of {n} bytes")
                if n > 0:
                    self.inventory["free"] += 1
                    if free:
                        self.fault(f"free cell at {cell:#x} follows a free cell")
                else:
                    self.cells[cell] = length - 4
                free = n > 0
                cell += length
            at += size

    def body(self, off, what, shared=False):
        if off not in self.cells:
            self.fault(f"{what}: {off:#x} is no allocated cell")
            return None
        if off in self.used and not shared:
            self.fault(f"{what}: cell {off:#x} is used twice")
            return None
        self.used.add(off)
        return self.bins[off + 4:off + 4 + self.cells[off]]

    def name(self, raw, latin1):
        wide = raw.decode("latin-1").encode("utf-16-le") if latin1 else raw
        if not latin1 and all(b == 0 for b in raw[1::2]) and raw:
            self.fault(f"name {raw!r} could be compressed")
        return wide

    def value(self, off):
        b = self.body(off, "value")
        if b is None or b[:2] != b"vk":
            return self.fault(f"value at {off:#x}: no vk")
        self.inventory["vk"] += 1
        n_name, size, data_off, kind, flags = struct.unpack_from("<HIIIH", b, 2)
        name = self.name(b[20:20 + n_name], flags & 1)
        if size & 0x80000000:
            size &= 0x7FFFFFFF
            if size > 4:
                self.fault(f"value at {off:#x}: {size} resident bytes")
            data = b[8:8 + size]
        elif size == 0:
            data = b""
        else:
            if size <= 4:
                self.fault(f"value at {off:#x}: {size} bytes in a cell of their own")
            data = self.data_of(data_off, size)
        return name, kind, data

    def data_of(self, off, size):
        b = self.body(off, "data") or b""
        if size <= SEGMENT or self.minor < 4:
            self.inventory["data"] += 1
            if len(b) < size:
                self.fault(f"data at {off:#x}: {size} bytes do not fit")
            return b[:size]
        n, list_off = struct.unpack_from("<HI", b, 2)
        self.inventory["db"] += 1
        if b[:2] != b"db" or n != -(-size // SEGMENT):
            self.fault(f"big data at {off:#x}: {b[:2]}, {n} segments")
        offs = struct.unpack_from(f"<{n}I", self.body(list_off, "db list") or bytes(4 * n))
        out = b""
        for i, o in enumerate(offs):
            want = min(SEGMENT, size - i * SEGMENT)
            part = self.body(o, "segment") or b""
            if len(part) < want:
                self.fault(f"segment at {o:#x}: {want} bytes do not fit")
            out += part[:want]
        return out

    def leaf(self, off, b):
        kind, n = b[:2].decode("latin-1"), struct.unpack_from("<H", b, 2)[0]
        self.inventory[kind] += 1
        if kind == "li":
            return [(o, None, kind) for o in struct.unpack_from(f"<{n}I", b, 4)]
        if kind != ("lh" if self.minor >= 5 else "lf"):
            self.fault(f"{kind} list in a hive of version 1.{self.minor}")
        return [(*struct.unpack_from("<I4s", b, 4 + 8 * i), kind) for i in range(n)]

    def children(self, off):
        b = self.body(off, "subkey list") or b"xx\0\0"
        if b[:2] in (b"lf", b"lh", b"li"):
            return self.leaf(off, b)
        if b[:2] != b"ri":
            self.fault(f"subkey list at {off:#x}: {b[:2]}")
            return []
        self.inventory["ri"] += 1
        out = []
        for o in struct.unpack_from(f"<{struct.unpack_from('<H', b, 2)[0]}I", b, 4):
            part = self.body(o, "leaf") or b"xx\0\0"
            if part[:2] not in (b"lf", b"lh", b"li"):
                self.fault(f"leaf at {o:#x}: {part[:2]}")
            else:
                out += self.leaf(o, part)
        return out

    def hint(self, name, hint, kind, off):
        if kind == "lh":
            h = 0
            for u in upper(name):
                h = (h * 37 + u) & NIL
            if struct.pack("<I", h) != hint:
                self.fault(f"hash of key at {off:#x} is {hint.hex()}, must be {h:08x}")
        elif kind == "lf":
            units = struct.unpack(f"<{len(name) // 2}H", name)[:4]
            want = bytes(u if u < 256 else 0 for u in units).ljust(4, b"\0")
            if want != hint and 0 not in want[:len(units)]:
                self.fault(f"hint of key at {off:#x} is {hint!r}, must be {want!r}")

    def key(self, off, parent, path):
        b = self.body(off, "key")
        if b is None or b[:2] != b"nk":
            return self.fault(f"key at {off:#x}: no nk")
        self.inventory["nk"] += 1
        flags = struct.unpack_from("<H", b, 2)[0]
        up, n_sub, n_vol, sub_off, _, n_val, val_off, sk, cls = struct.unpack_from("<IIIIIIIII", b, 16)
        max_name = struct.unpack_from("<H", b, 52)[0]
        max_class, max_vname, max_vdata = struct.unpack_from("<III", b, 56)
        n_name, n_class = struct.unpack_from("<HH", b, 72)
        name = self.name(b[76:76 + n_name], flags & 0x20)
        if parent is not None and up != parent:
            self.fault(f"key at {off:#x}: parent is {up:#x}, must be {parent:#x}")
        if n_vol:
            self.fault(f"key at {off:#x}: volatile subkeys on disk")
        if (parent is None) != bool(flags & 4):
            self.fault(f"key at {off:#x}: root flag")
        path = path + "\\" + name.decode("utf-16-le", "surrogatepass") if path else \
            ("" if parent is None else name.decode("utf-16-le", "surrogatepass"))
        if sk != NIL:
            self.sk_refs[sk] = self.sk_refs.get(sk, 0) + 1
        if n_class and len(self.body(cls, "class") or b"") < n_class:
            self.fault(f"key at {off:#x}: class does not fit")
        values = []
        if n_val:
            offs = struct.unpack_from(f"<{n_val}I", self.body(val_off, "value list") or bytes(4 * n_val))
            values = [v for v in map(self.value, offs) if v]
        elif val_off != NIL:
            self.fault(f"key at {off:#x}: a list for no values")
        self.keys[path] = {n.decode("utf-16-le", "surrogatepass"): (t, d) for n, t, d in values}
        if len(self.keys[path]) != len(values):
            self.fault(f"key at {off:#x}: two values of one name")
        if max([0] + [len(n) for n, _, _ in values]) > max_vname or max([0] + [len(d) for _, _, d in values]) > max_vdata:
            self.fault(f"key at {off:#x}: longest value name or data")
        kids, names, longest = self.children(sub_off) if n_sub else [], [], 0
        if len(kids) != n_sub:
            self.fault(f"key at {off:#x}: {n_sub} subkeys, {len(kids)} listed")
        classes = 0
        for o, hint, kind in kids:
            done = yield o, off, path
            if done:
                names.append(upper(done[0]))
                longest, classes = max(longest, len(done[0])), max(classes, done[1])
                self.hint(done[0], hint, kind, o)
        if any(x >= y for x, y in zip(names, names[1:])):
            self.fault(f"subkeys of {path!r} are not in order")
        if longest != max_name or classes > max_class:
            self.fault(f"key at {off:#x}: longest subkey name is {longest}, field says {max_name}")
        return name, n_class

    def walk(self):
        """Keys may nest deeper than Python's stack: generators on a stack of ours."""
        stack, send = [self.key(self.root, None, "")], None
        while stack:
            try:
                stack.append(self.key(*stack[-1].send(send)))
                send = None
            except StopIteration as e:
                stack.pop()
                send = e.value

    def security(self):
        for off, refs in self.sk_refs.items():
            b = self.body(off, "security", shared=True)
            if b is None or b[:2] != b"sk":
                self.fault(f"security at {off:#x}: no sk")
                continue
            self.inventory["sk"] += 1
            n, size = struct.unpack_from("<II", b, 12)
            if n != refs or size > len(b) - 20:
                self.fault(f"security at {off:#x}: {n} references, must be {refs}; {size} bytes")
        if not self.sk_refs:
            return
        start = at = next(iter(self.sk_refs))
        seen = set()
        while at not in seen and at in self.sk_refs:
            seen.add(at)
            nxt = self.u32(at + 8)
            if nxt in self.cells and self.u32(nxt + 12) != at:
                self.fault(f"security ring: {nxt:#x} does not point back at {at:#x}")
            at = nxt
        if at != start or seen != set(self.sk_refs):
            self.fault(f"security ring: {len(seen)} of {len(self.sk_refs)} cells")

    def run(self):
        self.base()
        self.map()
        if not self.faults:
            self.walk()
            self.security()
            for off in set(self.cells) - self.used:
                self.fault(f"allocated cell at {off:#x} belongs to nothing")
        return self.faults, self.inventory, self.keys


def check(data):
    return Check(data).run()


# --- transaction logs, to test who replays them

def marvin32(data, seed=0x82EF4D887A4E55C5):
    lo, hi = seed & NIL, seed >> 32

    def rotate(v, n):
        return (v << n | v >> (32 - n)) & NIL

    data += b"\x80" + bytes(-(len(data) + 1) % 4)
    for (w,) in [*struct.iter_unpack("<I", data), (0,)]:
        lo = (lo + w) & NIL
        hi ^= lo
        lo = (rotate(lo, 20) + hi) & NIL
        hi = rotate(hi, 9) ^ lo
        lo = (rotate(lo, 27) + hi) & NIL
        hi = rotate(hi, 19)
    return struct.pack("<II", lo, hi)


def sealed(base):
    """The base block with its checksum."""
    total = 0
    for (w,) in struct.iter_unpack("<I", base[:508]):
        total ^= w
    return bytes(base[:508]) + struct.pack("<I", {0: 1, NIL: NIL - 1}.get(total, total)) + bytes(base[512:])


def dirty(old, seq):
    """The hive as it stands when a write after sequence number seq was not finished."""
    base = bytearray(old[:4096])
    struct.pack_into("<II", base, 4, seq + 1, seq)
    return sealed(base) + old[4096:]


def log_of(old, new, seq, kind=6):
    """The log that makes new of old; kind 6: one entry in the new format, 1: a dirty vector."""
    bins = new[4096:]
    base = bytearray(old[:512])
    struct.pack_into("<II", base, 4, seq + (kind == 6), seq + (kind == 6))
    struct.pack_into("<I", base, 28, kind)
    struct.pack_into("<I", base, 40, len(bins))
    pages = [i for i in range(0, len(bins), 512) if old[4096 + i:4608 + i] != bins[i:i + 512]]
    if kind != 6:
        bits = bytearray(len(bins) // 4096)
        for i in pages:
            bits[i // 4096] |= 1 << (i // 512 % 8)
        head = b"DIRT" + bits
        return sealed(base) + head + bytes(-len(head) % 512) + b"".join(bins[i:i + 512] for i in pages)
    body = b"".join(struct.pack("<II", i, 512) for i in pages) + b"".join(bins[i:i + 512] for i in pages)
    body += bytes(-(len(body) + 40) % 512)
    head = b"HvLE" + struct.pack("<IIIII", len(body) + 40, 0, seq, len(bins), len(pages)) + marvin32(body)
    return sealed(base) + head + marvin32(head) + body


if __name__ == "__main__":
    BAD = 0
    for p in sys.argv[1:]:
        with open(p, "rb") as f:
            found, inv, _ = check(f.read())
        print(p, inv, *found[:20], sep="\n  ")
        BAD += bool(found)
    sys.exit(BAD > 0)
