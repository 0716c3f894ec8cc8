#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the hostile ELF, Mach-O and Go files of tests/bad: one small whole file per format, and for
each case one thing wrong in it. The README of each folder is written with them.

    scripts/gen-bad-binaries.py            # writes tests/bad/{elf,macho,gobuildinfo}

Nothing here is random: the same script writes the same bytes.
"""
import pathlib
import struct

ROOT = pathlib.Path(__file__).resolve().parents[1] / "tests" / "bad"


class Elf:
    """A shared object with an interpreter, a dynamic table naming one library, a note, sections."""

    def __init__(self, wide=True, big=False):
        self.wide, self.e = wide, ">" if big else "<"
        self.eh, self.ph, self.sh = (64, 56, 64) if wide else (52, 32, 40)
        self.base = 0x400000
        self.n_ph, self.n_sh = 4, 5
        self.at = {}
        self.ph_off = self.eh
        body = self.eh + self.n_ph * self.ph
        body = self._place("interp", body, b"/lib/ld.so\0")
        body = self._place("strings", body, b"\0libc.so.6\0libx.so\0")
        body = self._place("note", body, self._note(b"GNU\0", 3, bytes(range(20))))
        w = "QQ" if wide else "II"
        self.dyn = [(1, 1), (14, 11), (5, self.base + self.at["strings"][0]), (10, 19), (0, 0)]
        body = self._place("dynamic", body, b"".join(struct.pack(self.e + w, *d) for d in self.dyn))
        self.names = b"\0.interp\0.note\0.bss\0.shstrtab\0"
        body = self._place("names", body, self.names)
        self.sh_off = (body + 7) & ~7
        self.n_bytes = self.sh_off + self.n_sh * self.sh
        self.header = dict(magic=b"\x7fELF", cls=2 if wide else 1, order=2 if big else 1, version=1,
                           type=3, machine=62 if wide else 3, version2=1, entry=self.base,
                           ph_off=self.ph_off, sh_off=self.sh_off, flags=0, eh=self.eh, ph=self.ph,
                           n_ph=self.n_ph, sh=self.sh, n_sh=self.n_sh, names=4)
        self.segments = [dict(type=1, flags=5, off=0, va=self.base, file=self.n_bytes,
                              mem=self.n_bytes, align=0x1000)]
        for kind, name in ((3, "interp"), (2, "dynamic"), (4, "note")):
            off, n = self.at[name]
            self.segments.append(dict(type=kind, flags=4, off=off, va=self.base + off, file=n, mem=n,
                                      align=4))
        self.sections = [dict(name=0, type=0, flags=0, addr=0, off=0, size=0, link=0, info=0, align=0)]
        for name, kind, place in ((1, 1, "interp"), (9, 7, "note"), (15, 8, None), (20, 3, "names")):
            off, n = self.at[place] if place else (0, 4096)
            self.sections.append(dict(name=name, type=kind, flags=2, addr=self.base + off, off=off,
                                      size=n, link=0, info=0, align=4))

    def _place(self, name, off, data):
        off = (off + 7) & ~7
        self.at[name] = (off, len(data))
        setattr(self, "_" + name, data)
        return off + len(data)

    def _note(self, name, kind, desc):
        return struct.pack(self.e + "III", len(name), len(desc), kind) + name + desc

    def bytes(self):
        out = bytearray(self.n_bytes)
        h = self.header
        w = "QQQ" if self.wide else "III"
        out[:self.eh] = h["magic"] + struct.pack(
            self.e + "BBB9xHHI" + w + "IHHHHHH", h["cls"], h["order"], h["version"], h["type"],
            h["machine"], h["version2"], h["entry"], h["ph_off"], h["sh_off"], h["flags"], h["eh"],
            h["ph"], h["n_ph"], h["sh"], h["n_sh"], h["names"])
        for i, s in enumerate(self.segments):
            v = (s["off"], s["va"], s["va"], s["file"], s["mem"])
            p = struct.pack(self.e + "IIQQQQQQ", s["type"], s["flags"], *v, s["align"]) if self.wide \
                else struct.pack(self.e + "IIIIIIII", s["type"], *v, s["flags"], s["align"])
            out[self.ph_off + i * self.ph:self.ph_off + (i + 1) * self.ph] = p
        for name in ("interp", "strings", "note", "dynamic", "names"):
            off, n = self.at[name]
            out[off:off + n] = getattr(self, "_" + name)
        for i, s in enumerate(self.sections):
            f = "IIQQQQIIQQ" if self.wide else "IIIIIIIIII"
            p = struct.pack(self.e + f, s["name"], s["type"], s["flags"], s["addr"], s["off"],
                            s["size"], s["link"], s["info"], s["align"], 0)
            out[self.sh_off + i * self.sh:self.sh_off + (i + 1) * self.sh] = p
        return bytes(out)


class Macho:
    """An executable for x86-64 with one segment of one section, a library, a minimum OS, a UUID."""

    def __init__(self):
        self.e = "<"
        self.header = dict(magic=0xFEEDFACF, cpu=0x01000007, sub=3, type=2, n=None, size=None,
                           flags=0x200085)
        self.seg = dict(name=b"__TEXT", va=0x100000000, mem=0x1000, off=0, file=None, max=5, init=5,
                        n=1, flags=0)
        self.sec = dict(name=b"__text", seg=b"__TEXT", va=0x100000000, size=8, off=None, flags=0)
        self.dylib = dict(name_off=24, name=b"/usr/lib/libSystem.B.dylib\0\0")
        self.size_of = {}
        self.entry = None
        self.sign = None
        self.symtab = None
        self.text = b"\x90" * 8

    def _command(self, kind, body):
        body += b"\0" * (-len(body) % 8)
        n = self.size_of.get(kind, 8 + len(body))
        return struct.pack(self.e + "II", kind, n) + body

    def bytes(self):
        s, t, d = self.seg, self.sec, self.dylib
        n_fixed = 32 + (72 + 80) + (24 + 32) + 24 + 24 + 24
        n_fixed += 16 if self.sign else 0
        n_fixed += 24 if self.symtab else 0
        text_off = t["off"] if t["off"] is not None else n_fixed
        total = n_fixed + len(self.text)
        seg = struct.pack(self.e + "16sQQQQIIII", s["name"], s["va"], s["mem"], s["off"],
                          total if s["file"] is None else s["file"], s["max"], s["init"], s["n"],
                          s["flags"])
        seg += struct.pack(self.e + "16s16sQQIIIIIIII", t["name"], t["seg"], t["va"], t["size"],
                           text_off, 0, 0, 0, t["flags"], 0, 0, 0)
        lib = struct.pack(self.e + "IIII", d["name_off"], 2, 0x05270000, 0x10000) + d["name"]
        lib += b"\0" * (48 - len(lib))
        commands = [self._command(0x19, seg), self._command(0xC, lib),
                    self._command(0x32, struct.pack(self.e + "IIII", 1, 0x000C0000, 0x000D0100, 0)),
                    self._command(0x1B, bytes(range(16))),
                    self._command(0x80000028, struct.pack(
                        self.e + "QQ", text_off if self.entry is None else self.entry, 0))]
        if self.sign:
            commands.append(self._command(0x1D, struct.pack(self.e + "II", *self.sign)))
        if self.symtab:
            commands.append(self._command(0x2, struct.pack(self.e + "IIII", *self.symtab)))
        area = b"".join(commands)
        h = self.header
        head = struct.pack(self.e + "IIIIIIII", h["magic"], h["cpu"], h["sub"], h["type"],
                           len(commands) if h["n"] is None else h["n"],
                           len(area) if h["size"] is None else h["size"], h["flags"], 0)
        out = head + area
        assert len(out) == n_fixed, (len(out), n_fixed)
        return out + self.text


def fat(parts, magic=0xCAFEBABE, n=None):
    """parts: (cpu, offset, size, align, bytes); offset or size None: as it comes."""
    head = struct.pack(">II", magic, len(parts) if n is None else n)
    at = 8 + 20 * len(parts)
    body = b""
    for cpu, off, size, align, data in parts:
        at = (at + 63) & ~63
        head += struct.pack(">IIIII", cpu, 3, at if off is None else off,
                            len(data) if size is None else size, align)
        body += b"\0" * (at - (8 + 20 * len(parts)) - len(body)) + data
        at += len(data)
    return head + body


def elf_cases():
    def case(change, wide=True, big=False):
        e = Elf(wide, big)
        return change(e) or e.bytes()

    def put(part, index, key, value):
        def change(e):
            where = getattr(e, part)
            (where if index is None else where[index])[key] = value
        return change

    yield "whole-64.elf", "nothing: the file that the others are made from", "OK", Elf().bytes()
    yield "whole-32-big.elf", "nothing: 32 bits, big-endian", "OK", Elf(False, True).bytes()
    whole = Elf().bytes()
    yield "cut-ident.elf", "ends within the identification", "FORMAT", whole[:12]
    yield "cut-header.elf", "ends within the header", "FORMAT", whole[:50]
    yield "cut-segments.elf", "ends within the program headers", "FORMAT", whole[:100]
    yield "cut-sections.elf", "ends within the section headers", "FORMAT", whole[:-70]
    yield "class-3.elf", "class 3", "FORMAT", case(put("header", None, "cls", 3))
    yield "order-0.elf", "byte order 0", "FORMAT", case(put("header", None, "order", 0))
    yield "version-9.elf", "version 9", "FORMAT", case(put("header", None, "version", 9))
    yield "header-too-small.elf", "header size 20", "FORMAT", case(put("header", None, "eh", 20))
    yield "ph-size.elf", "program header size 55", "FORMAT", case(put("header", None, "ph", 55))
    yield "sh-size.elf", "section header size 1", "FORMAT", case(put("header", None, "sh", 1))
    yield "ph-off-wraps.elf", "program headers at 2^64 - 8", "FORMAT", \
        case(put("header", None, "ph_off", 2**64 - 8))
    yield "sh-off-wraps.elf", "section headers at 2^64 - 64", "FORMAT", \
        case(put("header", None, "sh_off", 2**64 - 64))
    yield "sections-without-table.elf", "a section count but no table", "FORMAT", \
        case(put("header", None, "sh_off", 0))
    yield "names-index.elf", "names in section 77 of 5", "FORMAT", \
        case(put("header", None, "names", 77))
    yield "names-not-strings.elf", "names in a section that is no string table", "FORMAT", \
        case(put("header", None, "names", 1))
    yield "name-outside.elf", "a section name behind its table", "FORMAT", \
        case(put("sections", 2, "name", 5000))

    def no_nul(e):
        e._names = e.names[:-1] + b"x"
    yield "name-without-nul.elf", "the last section name does not end", "FORMAT", case(no_nul)
    yield "section-outside.elf", "a section of 2^63 bytes", "FORMAT", \
        case(put("sections", 1, "size", 2**63))
    yield "segment-outside.elf", "a segment one byte longer than the file", "FORMAT", \
        case(lambda e: e.segments[0].update(file=e.n_bytes + 1, mem=e.n_bytes + 1))
    yield "segment-file-over-memory.elf", "a segment larger in the file than in memory", "FORMAT", \
        case(put("segments", 0, "mem", 8))
    yield "segment-wraps.elf", "a segment that wraps around the address space", "FORMAT", \
        case(put("segments", 0, "va", 2**64 - 16))
    yield "segment-wraps-32.elf", "the same in 32 bits", "FORMAT", \
        case(put("segments", 0, "va", 2**32 - 16), wide=False)
    yield "segment-align.elf", "alignment 3", "FORMAT", case(put("segments", 0, "align", 3))

    def interp(e):
        e._interp = b"/lib/ld.sooo"[:len(e._interp)]
    yield "interpreter-without-nul.elf", "an interpreter's name that does not end", "FORMAT", \
        case(interp)

    def dynamic(index, value):
        def change(e):
            w = "QQ" if e.wide else "II"
            e.dyn[index] = value
            e._dynamic = b"".join(struct.pack(e.e + w, *d) for d in e.dyn)
        return change
    yield "needed-outside.elf", "a library name behind the string table", "FORMAT", \
        case(dynamic(0, (1, 1000)))
    yield "strings-unmapped.elf", "a dynamic string table at an address nothing has", "FORMAT", \
        case(dynamic(2, (5, 0x10)))
    yield "strings-too-long.elf", "a dynamic string table longer than the file", "FORMAT", \
        case(dynamic(3, (10, 1 << 40)))
    yield "strings-missing.elf", "a library name without a string table", "FORMAT", \
        case(dynamic(2, (0x15, 0)))

    def note(e):
        e._note = struct.pack(e.e + "III", 4, 2**32 - 4, 3) + e._note[12:]
    yield "note-too-long.elf", "a note of 2^32 - 4 bytes", "FORMAT", case(note)
    yield "note-in-section-0.elf", "nothing: section 0 says it is a note at 2^64 - 1, and is no place", \
        "OK", case(lambda e: e.sections[0].update(type=7, off=2**64 - 1, size=20))
    yield "huge-count.elf", "2^61 sections by extended numbering", "FORMAT", \
        case(lambda e: (e.header.update(n_sh=0), e.sections[0].update(size=2**61))[0])


def macho_cases():
    def case(change):
        m = Macho()
        change(m)
        return m.bytes()

    def put(part, key, value):
        return lambda m: getattr(m, part).__setitem__(key, value)

    whole = Macho().bytes()
    other = case(put("header", "cpu", 0x0100000C))
    cpu, arm = 0x01000007, 0x0100000C
    good = [(cpu, None, None, 6, whole), (arm, None, None, 6, other)]
    yield "whole.macho", "nothing: the file that the others are made from", "OK", whole
    yield "whole-fat.macho", "nothing: two parts", "OK", fat(good)
    yield "cut-header.macho", "ends within the header", "FORMAT", whole[:20]
    yield "cut-commands.macho", "ends within the load commands", "FORMAT", whole[:100]
    yield "cut-text.macho", "ends within the code", "FORMAT", whole[:-4]
    yield "commands-too-many.macho", "one more command than the area holds", "FORMAT", \
        case(put("header", "n", 6))
    yield "commands-2-32.macho", "2^32 - 1 commands", "LIMIT", case(put("header", "n", 2**32 - 1))
    yield "commands-size.macho", "a command area of 2^32 - 1 bytes", "FORMAT", \
        case(put("header", "size", 2**32 - 1))
    yield "command-size-0.macho", "a command of no bytes", "FORMAT", \
        case(lambda m: m.size_of.update({0xC: 0}))
    yield "command-size-odd.macho", "a command of 57 bytes", "FORMAT", \
        case(lambda m: m.size_of.update({0xC: 57}))
    yield "command-size-over.macho", "a command longer than the area", "FORMAT", \
        case(lambda m: m.size_of.update({0xC: 4096}))
    yield "segment-cut.macho", "a segment command of 48 bytes", "FORMAT", \
        case(lambda m: m.size_of.update({0x19: 48}))
    yield "segment-outside.macho", "a segment of 2^63 bytes", "FORMAT", \
        case(lambda m: m.seg.update(file=2**63, mem=2**63))
    yield "segment-file-over-memory.macho", "a segment larger in the file than in memory", "FORMAT", \
        case(put("seg", "mem", 16))
    yield "segment-wraps.macho", "a segment that wraps around the address space", "FORMAT", \
        case(put("seg", "va", 2**64 - 16))
    yield "sections-too-many.macho", "more sections than fit the segment's command", "FORMAT", \
        case(put("seg", "n", 2**32 - 1))
    yield "section-outside.macho", "a section behind the end of the file", "FORMAT", \
        case(put("sec", "off", 0x7FFFFFFF))
    yield "library-name-outside.macho", "a library's name behind its command", "FORMAT", \
        case(put("dylib", "name_off", 0x1000))
    yield "library-name-in-fields.macho", "a library's name inside the command's fields", "FORMAT", \
        case(put("dylib", "name_off", 4))
    yield "library-name-without-nul.macho", "a library's name that does not end", "FORMAT", \
        case(put("dylib", "name", b"x" * 32))
    yield "entry-outside.macho", "an entry point behind the end of the file", "FORMAT", \
        case(lambda m: setattr(m, "entry", 2**64 - 1))
    yield "signature-outside.macho", "a code signature behind the end of the file", "FORMAT", \
        case(lambda m: setattr(m, "sign", (0xFFFFFFF0, 0xFFFFFFF0)))
    yield "symbols-outside.macho", "2^32 - 1 symbols", "FORMAT", \
        case(lambda m: setattr(m, "symtab", (0, 2**32 - 1, 0, 0)))
    yield "fat-none.macho", "a fat file without parts", "FORMAT", fat([])
    yield "fat-cut.macho", "a fat header that ends early", "FORMAT", fat(good, n=40)[:64]
    yield "fat-many.macho", "a 64-bit fat header with 2^31 parts", "LIMIT", \
        fat(good, magic=0xCAFEBABF, n=2**31)
    yield "fat-outside.macho", "a part longer than the file", "FORMAT", \
        fat([(cpu, None, 2**32 - 1, 6, whole)])
    yield "fat-in-header.macho", "a part that starts in the fat header", "FORMAT", \
        fat([(cpu, 0, None, 0, whole)])
    yield "fat-overlap.macho", "two parts that overlap", "FORMAT", \
        fat([(cpu, 64, None, 6, whole), (arm, 128, None, 6, whole)])
    yield "fat-align.macho", "a part that is not aligned as it says", "FORMAT", \
        fat([(cpu, None, None, 12, whole)])
    yield "fat-align-255.macho", "a part aligned to 2^255", "FORMAT", \
        fat([(cpu, None, None, 255, whole)])
    yield "fat-wrong-cpu.macho", "a part for another CPU than the fat header says", "FORMAT", \
        fat([(arm, None, None, 6, whole)])
    yield "fat-in-fat.macho", "a fat file as a part", "FORMAT", fat([(cpu, None, None, 6, fat(good))])


INFO_START = bytes.fromhex("3077af0c9274080241e1c107e6d618e6")
INFO_END = bytes.fromhex("f932433186182072008242104116d8f2")
TEXT = ("path\texample.com/p\nmod\texample.com/p\t(devel)\t\n"
        "dep\ta.b/c\tv1.0.0\th1:AAAA=\ndep\ta.b/d\tv1.0.0\n=>\t../d\t(devel)\t\n"
        "build\tGOOS=linux\nbuild\t-ldflags=\"-X 'a=b c'\"\n")


def uvarint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def go_elf(blob_of, wide=True, big=False, section=True):
    """An ELF file with one writable segment that holds what blob_of(address) gives."""
    e = ">" if big else "<"
    eh, ph, sh = (64, 56, 64) if wide else (52, 32, 40)
    base = 0x10000
    off = (eh + ph + 15) & ~15
    blob = blob_of(base + off)
    names = b"\0.go.buildinfo\0.shstrtab\0"
    names_off = off + len(blob)
    sh_off = (names_off + len(names) + 7) & ~7 if section else 0
    n = sh_off + 3 * sh if section else names_off
    w = "QQQ" if wide else "III"
    out = bytearray(n)
    out[:eh] = b"\x7fELF" + struct.pack(
        e + "BBB9xHHI" + w + "IHHHHHH", 2 if wide else 1, 2 if big else 1, 1, 2, 62 if wide else 8, 1,
        base, eh, sh_off, 0, eh, ph, 1, sh, 3 if section else 0, 2 if section else 0)
    v = (off, base + off, base + off, len(blob), len(blob))
    out[eh:eh + ph] = struct.pack(e + "IIQQQQQQ", 1, 6, *v, 16) if wide else \
        struct.pack(e + "IIIIIIII", 1, *v, 6, 16)
    out[off:off + len(blob)] = blob
    if section:
        out[names_off:names_off + len(names)] = names
        f = e + ("IIQQQQIIQQ" if wide else "IIIIIIIIII")
        out[sh_off + sh:] = struct.pack(f, 1, 1, 3, base + off, off, len(blob), 0, 0, 16, 0) + \
            struct.pack(f, 15, 3, 0, 0, names_off, len(names), 0, 0, 1, 0)
    return bytes(out)


def inline(version=b"go1.26.8", text=TEXT, frame=True, tail=b"", lie=0):
    text = text.encode() if isinstance(text, str) else text
    body = INFO_START + text + INFO_END if frame else text
    return b"\xff Go buildinf:\x08\x02" + bytes(16) + uvarint(len(version)) + version + \
        uvarint(len(body) + lie) + body + tail


def pointers(wide, big, version=b"go1.17.13", text=TEXT, at=None, length=None, ptr_byte=None):
    def blob(va):
        e, p = (">" if big else "<"), ("Q" if wide else "I")
        n = 8 if wide else 4
        body = INFO_START + text.encode() + INFO_END
        v_head = va + 32
        m_head = v_head + 2 * n
        data = m_head + 2 * n
        out = b"\xff Go buildinf:" + bytes([n if ptr_byte is None else ptr_byte, 1 if big else 0])
        out += struct.pack(e + p + p, v_head if at is None else at, m_head)
        out = out.ljust(32, b"\0")
        out += struct.pack(e + p + p, data, len(version) if length is None else length)
        out += struct.pack(e + p + p, data + len(version), len(body))
        return out + version + body
    return blob


def go_cases():
    def one(**kw):
        return go_elf(lambda va: inline(**kw))

    def setting(line):
        return one(text=TEXT + line + "\n")

    yield "inline.elf", "nothing: Go 1.18 and later", "OK", one()
    for wide in (False, True):
        for big in (False, True):
            name = f"pointers-{64 if wide else 32}{'-big' if big else ''}.elf"
            yield name, "nothing: before Go 1.18", "OK", go_elf(pointers(wide, big), wide, big)
    yield "no-section.elf", "nothing: found in the writable segment, behind 48 other bytes", "OK", \
        go_elf(lambda va: b"\xff Go buildinf" + bytes(35) + inline(), section=False)
    yield "misaligned-first.elf", "nothing: a magic that is not aligned is passed over", "OK", \
        go_elf(lambda va: b"1234\xff Go buildinf:".ljust(32, b"\0") + inline())
    yield "no-text.elf", "nothing: built without modules", "OK", one(text="", frame=False, tail=bytes(16))
    yield "no-frame.elf", "nothing: text without its frame counts as none", "OK", \
        one(text="path\tx\n", frame=False, tail=bytes(16))
    yield "last-line-open.elf", "nothing: text whose frame is not behind a newline counts as none", \
        "OK", one(text="path\tx\nmod\ta")
    yield "not-go.elf", "no magic at all", "NOT_FOUND", go_elf(lambda va: bytes(256))
    yield "cut-blob.elf", "the segment ends within the blob's header", "NOT_FOUND", \
        go_elf(lambda va: inline()[:20])
    yield "version-empty.elf", "an empty Go version", "NOT_FOUND", one(version=b"")
    yield "text-too-long.elf", "a text longer than its segment", "NOT_FOUND", one(lie=1)
    yield "text-2-63.elf", "a text of 2^63 bytes", "NOT_FOUND", one(lie=2**63)
    yield "varint-endless.elf", "a length that does not end", "NOT_FOUND", \
        go_elf(lambda va: inline()[:32] + b"\xff" * 64)
    yield "pointer-size-3.elf", "pointers of 3 bytes", "NOT_FOUND", \
        go_elf(pointers(True, False, ptr_byte=3))
    yield "pointer-wild.elf", "a version at an address nothing has", "NOT_FOUND", \
        go_elf(pointers(True, False, at=2**64 - 8))
    yield "pointer-length.elf", "a version of 2^60 bytes", "NOT_FOUND", \
        go_elf(pointers(True, False, length=2**60))
    yield "module-columns.elf", "a module of four columns", "FORMAT", \
        one(text="path\tx\nmod\ta\tb\tc\td\n")
    yield "module-column.elf", "a module of one column", "FORMAT", one(text="path\tx\ndep\ta\n")
    yield "replace-first.elf", "a replacement with nothing before it", "FORMAT", \
        one(text="path\tx\n=>\ta\tb\tc\n")
    yield "replace-twice.elf", "two replacements of one module", "FORMAT", \
        one(text="dep\ta\tb\tc\n=>\ta\tb\tc\n=>\ta\tb\tc\n")
    yield "replace-columns.elf", "a replacement of two columns", "FORMAT", \
        one(text="dep\ta\tb\tc\n=>\ta\tb\n")
    yield "setting-no-equals.elf", "a setting without '='", "FORMAT", setting("build\tGOOS")
    yield "setting-no-key.elf", "a setting without a key", "FORMAT", setting("build\t=linux")
    yield "setting-bare.elf", "a setting of nothing", "FORMAT", setting("build\t")
    yield "setting-bad-quote.elf", "a value whose quote does not end", "FORMAT", \
        setting('build\tk="abc')
    yield "setting-behind-quote.elf", "text behind a quoted value", "FORMAT", \
        setting('build\tk="abc"d')
    yield "setting-bad-escape.elf", "an escape that Go does not have", "FORMAT", \
        setting('build\tk="\\q"')
    yield "setting-surrogate.elf", "an escaped surrogate", "FORMAT", setting('build\tk="\\ud800"')
    yield "setting-octal.elf", "an octal escape over 255", "FORMAT", setting('build\tk="\\400"')
    yield "setting-unquoted.elf", "a value with a space and no quotes", "FORMAT", \
        setting("build\tk=a b")
    yield "setting-key-quote.elf", "a quoted key without '='", "FORMAT", setting('build\t"a"b=c')


def write(folder, intro, cases):
    path = ROOT / folder
    path.mkdir(parents=True, exist_ok=True)
    for old in path.iterdir():
        old.unlink()
    lines = [intro, "", "Written by scripts/gen-bad-binaries.py. Each line: file: what is wrong -> code.", ""]
    for name, what, code, data in cases:
        (path / name).write_bytes(data)
        lines.append(f"- {name}: {what} -> {code}")
    (path / "README.md").write_text("\n".join(lines) + "\n")


def main():
    write("elf", "Hostile ELF files.", elf_cases())
    write("macho", "Hostile Mach-O files.", macho_cases())
    write("gobuildinfo", "ELF files whose Go build info is old, new, missing or broken.", go_cases())


if __name__ == "__main__":
    main()
