#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/bad/lnk and the corpus of fuzz/lnk from one small shortcut, put together here by hand.

Usage: scripts/gen-bad-lnk.py   (tests/bad/lnk/README.md lists what is wrong where)
"""
import pathlib
import struct

ROOT = pathlib.Path(__file__).resolve().parents[1]
HERE = ROOT / "tests/bad/lnk"
CLASS = bytes.fromhex("0114020000000000c000000000000046")
COMPUTER = bytes.fromhex("e04fd020ea3a6910a2d808002b30309d")


def u16(text):
    return text.encode("utf-16-le")


def header(flags, size=0x4C, guid=CLASS):
    return struct.pack("<I16sIIQQQIiIHHII", size, guid, flags, 0x20, 1, 2, 3, 4096, 0, 1, 0, 0, 0, 0)


def item(data):
    return struct.pack("<H", len(data) + 2) + data


def entry(name, kind=0x32, ext=True, name_off=0x14):
    data = struct.pack("<BBIIH", kind, 0, 0, 0, 0x20) + name.encode("ascii", "replace") + b"\0"
    data += bytes(len(data) % 2)
    if ext:
        long = u16(name) + b"\0\0"
        data += struct.pack("<HHIIIHH", 0x14 + len(long) + 2, 3, 0xBEEF0004, 0, 0, name_off, 0) + long + struct.pack("<H", len(data) + 2)
    return item(data)


ROOT_ITEM, DRIVE = item(b"\x1f\x50" + COMPUTER), item(b"\x2fC:\\" + bytes(19))


def idlist(*items, end=b"\0\0", size=None):
    body = b"".join(items) + end
    return struct.pack("<H", len(body) if size is None else size) + body


def info(path="C:\\dir\\a.exe", header_size=0x1C, volume_size=None, base_off=None, size=None, kind=1):
    volume = struct.pack("<IIII", 0x11 if volume_size is None else volume_size, 3, 0x1234, 0x10) + b"\0"
    at = header_size + len(volume)
    unicode = struct.pack("<II", at + len(path) + 2, at + len(path) + 2 + 2 * len(path) + 2) if header_size >= 0x24 else b""
    tail = (u16(path) + b"\0\0\0\0") if unicode else b""
    body = struct.pack("<IIIIII", header_size, kind, header_size, at if base_off is None else base_off, 0, at + len(path) + 1)
    body += unicode + volume + path.encode() + b"\0\0" + tail
    return struct.pack("<I", len(body) + 4 if size is None else size) + body


def text(t):
    return struct.pack("<H", len(t)) + u16(t)


def env(path, size=0x314):
    return struct.pack("<II", size, 0xA0000001) + path.encode().ljust(260, b"\0") + u16(path).ljust(520, b"\0")


ITEMS = idlist(ROOT_ITEM, DRIVE, entry("dir", 0x31), entry("a.exe"))
END = struct.pack("<I", 0)


def main():
    whole = header(0x83) + ITEMS + info() + END
    good = {
        "whole": whole,
        "unicode": header(0x83) + ITEMS + info(header_size=0x24) + END,
        "texts": header(0xFF) + ITEMS + info() + text("n") + text(".\\a") + text("C:\\dir") + text("-x") + text("i.ico") + END,
        "ansi": header(0x07) + ITEMS + info() + struct.pack("<H", 3) + b"n\xe9x" + END,
        "variables": header(0x283) + ITEMS + info() + env("%X%\\a.exe") + END,
        "other-items": header(0x81) + idlist(item(b"\x61url")) + END,
        "network": header(0x82) + info(kind=2) + END,
        "no-extension": header(0x81) + idlist(ROOT_ITEM, DRIVE, entry("a.exe", ext=False)) + END,
    }
    bad = {
        "empty": b"",
        "header-size": header(0x83, size=0x4D) + ITEMS + info() + END,
        "class": header(0x83, guid=COMPUTER) + ITEMS + info() + END,
        "header-cut": whole[:0x40],
        "list-beyond": header(0x81) + idlist(ROOT_ITEM, size=5000),
        "list-without-end": header(0x81) + idlist(ROOT_ITEM, DRIVE, end=b"") + END,
        "list-tail": header(0x81) + idlist(ROOT_ITEM, DRIVE, end=b"\0\0zz") + END,
        "item-beyond": header(0x81) + idlist(ROOT_ITEM, struct.pack("<H", 400) + b"\x32") + END,
        "item-of-one-byte": header(0x81) + idlist(b"\1\0") + END,
        "item-without-name": header(0x81) + idlist(ROOT_ITEM, DRIVE, item(struct.pack("<BBIIH", 0x32, 0, 0, 0, 0) + b"abc")) + END,
        "item-long-name-beyond": header(0x81) + idlist(ROOT_ITEM, DRIVE, entry("a.exe", name_off=0x1000)) + END,
        "info-beyond": header(0x82) + info(size=0x7FFFFFFF) + END,
        "info-tiny": header(0x82) + info(size=8) + END,
        "info-header": header(0x82) + info().replace(struct.pack("<I", 0x1C), struct.pack("<I", 0x10), 1) + END,
        "volume-beyond": header(0x82) + info(volume_size=0xFFFFFFFF) + END,
        "volume-tiny": header(0x82) + info(volume_size=0x10) + END,
        "path-beyond": header(0x82) + info(base_off=0x10000) + END,
        "text-beyond": header(0x84) + struct.pack("<H", 0xFFFF) + u16("x") + END,
        "text-missing": header(0x84),
        "text-with-nul": header(0x84) + text("a\0b") + END,
        "block-beyond": header(0x80) + struct.pack("<II", 0x1000, 0xA0000003),
        "block-tiny": header(0x80) + struct.pack("<I", 5) + b"xxxxx",
        "block-variables-short": header(0x280) + struct.pack("<II", 12, 0xA0000001) + bytes(4) + END,
        "block-variables-endless": header(0x280) + struct.pack("<II", 0x314, 0xA0000001) + b"a" * 780 + END,
    }
    for folder, files in ((HERE, bad), (ROOT / "fuzz/lnk/corpus", good)):
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / (name + ".lnk")).write_bytes(data)


main()
