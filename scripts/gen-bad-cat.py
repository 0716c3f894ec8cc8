#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the hostile catalogues of tests/bad/cat and the messages of tests/bad/der with their README.md, and the corpora of both
fuzzers. Keys are made anew each time, so the bytes of signatures are others; everything else stays."""
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/tools"))
import catgen as g  # noqa: E402

INF = b'[Version]\r\nSignature="$Windows NT$"\r\n'
SYS = g.program()


def cut(b, n):
    return b[:n]


def swap(b, old, new, count=1):
    assert b.count(old) >= 1 and len(old) == len(new), (old, b.count(old))
    return b.replace(old, new, count)


def write(folder, files, heading):
    at = ROOT / "tests/bad" / folder
    at.mkdir(parents=True, exist_ok=True)
    for old in at.iterdir():
        old.unlink()
    lines = [heading, ""]
    for name, (data, what, code) in files.items():
        (at / name).write_bytes(data)
        lines.append(f"- {name}: {what} -> {code}")
    (at / "README.md").write_text("\n".join(lines) + "\n")


def corpus(folder, files):
    at = ROOT / "fuzz" / folder / "corpus"
    at.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (at / name).write_bytes(data)


def list_of(*members, version=2):
    return g.unsigned(g.ctl(list(members), version))


def catalogues():
    good = g.member(INF, name="x.inf", os_attr="2:10.0")
    plain = list_of(good)
    other = g.message(g.DATA, g.octets(b"text"), [], [])
    short = g.member(INF, digest=bytes(20))
    two = g.member(INF, more=[g.attribute(g.SPC_INDIRECT, g.indirect(bytes(32), "sha256", False))])
    odd = g.seq(g.oid("1.3.6.1.4.1.311.12.2.1"), g.set_of(g.seq(g.tlv(0x1E, b"\0a\0"), g.integer(1), g.octets(b""))))
    return {
        "empty.cat": (b"", "no byte at all", "FORMAT 0x0"),
        "cut.cat": (cut(plain, len(plain) - 3), "ends three bytes early", "FORMAT 0x0"),
        "data.cat": (other, "a signed message that is no list", "FORMAT 0x0"),
        "no-list.cat": (g.seq(g.oid(g.SIGNED_DATA), g.tlv(0xA0, g.seq(g.integer(1), g.set_of(), g.seq(g.oid(g.CTL)), g.set_of()))),
                        "the list is left out", "FORMAT 0x0"),
        "text-for-list.cat": (g.message(g.CTL, g.octets(b"list"), [], []), "text where the list belongs", "FORMAT 0x25"),
        "other-list.cat": (swap(plain, g.oid("1.3.6.1.4.1.311.12.1.1"), g.oid("1.3.6.1.4.1.311.12.1.9")), "a list for another use",
                           "FORMAT 0x33"),
        "other-members.cat": (swap(plain, g.oid("1.3.6.1.4.1.311.12.1.3"), g.oid("1.3.6.1.4.1.311.12.1.9")),
                              "members of an unknown kind", "FORMAT 0x62"),
        "no-time.cat": (swap(plain, b"\x17\x0d231114221320Z", b"\x17\x0d231314221320Z"), "made in the thirteenth month", "FORMAT 0x53"),
        "digest-short.cat": (list_of(short), "a SHA-256 digest of 20 bytes", "FORMAT"),
        "two-digests.cat": (list_of(two), "a member with two digests", "FORMAT"),
        "member-text.cat": (list_of(g.octets(b"member")), "a member that is text", "FORMAT 0x68"),
        "member-beyond.cat": (list_of(swap(good, good[:4], good[:2] + b"\x7f\xff")), "a member longer than the list", "FORMAT 0x76"),
        "name-odd.cat": (list_of(g.member(INF, more=[odd])), "a name of three bytes", "FORMAT"),
        "after-list.cat": (g.unsigned(g.ctl([good])[:1] + b"\x82" + (len(g.body(g.ctl([good]))) + 2).to_bytes(2, "big") +
                                      g.body(g.ctl([good])) + g.tlv(5)), "something behind the list's parts", "FORMAT"),
        "attributes.cat": (g.unsigned(g.ctl([g.seq(g.octets(bytes(32)), g.set_of(*[g.tlv(5)] * 65537))])),
                           "65,537 attributes of a member", "LIMIT"),
    }


def messages(leaf):
    good = g.message(g.DATA, g.octets(b"text"), [g.signer_info(leaf, g.DATA, b"text")], [leaf])
    info = g.signer_info(leaf, g.DATA, b"text")
    deep = g.tlv(5)
    for _ in range(2000):
        deep = g.seq(deep)
    return {
        "empty.p7": (b"", "no byte at all", "FORMAT 0x0"),
        "endless.p7": (b"\x30\x80" + good[4:] + b"\0\0", "a length without end: BER, not DER", "FORMAT 0x0"),
        "long-length.p7": (b"\x30\x83\x00" + good[2:], "a length of three bytes where two do", "FORMAT 0x0"),
        "huge-length.p7": (b"\x30\x84\xff\xff\xff\xff" + good[4:], "4 GiB long", "FORMAT 0x0"),
        "length-of-nine.p7": (b"\x30\x89" + bytes(9), "a length of nine bytes", "FORMAT 0x0"),
        "high-tag.p7": (b"\x3f\x81\x01\x00", "a tag of two bytes", "FORMAT 0x0"),
        "not-signed.p7": (g.seq(g.oid("1.2.840.113549.1.7.3"), g.tlv(0xA0, g.seq())), "an encrypted message", "FORMAT 0x0"),
        "type-cut.p7": (swap(good, g.oid(g.SIGNED_DATA), g.oid(g.SIGNED_DATA)[:-1] + b"\x82"), "an object identifier without its end",
                        "FORMAT 0x4"),
        "type-huge.p7": (swap(good, g.oid(g.SIGNED_DATA), b"\x06\x09\x2a\xff\xff\xff\xff\xff\xff\xff\x7f"), "an arc of 56 bits",
                         "FORMAT 0x4"),
        "deep.p7": (deep, "2,000 sequences in each other", "FORMAT 0x4"),
        "signers.p7": (g.message(g.DATA, g.octets(b"text"), [info] * 17, [leaf]), "17 signers", "LIMIT"),
        "certificates.p7": (g.message(g.DATA, g.octets(b"text"), [info], [leaf] * 129), "129 certificates", "LIMIT"),
        "attributes.p7": (g.message(g.DATA, g.octets(b"text"), [g.signer_info(leaf, g.DATA, b"text", unsigned=[
            g.attribute("1.2.3", g.tlv(5))] * 129)], [leaf]), "129 attributes", "LIMIT"),
        "signer-text.p7": (g.message(g.DATA, g.octets(b"text"), [g.octets(b"signer")], []), "a signer that is text", "FORMAT"),
        "no-signature.p7": (g.message(g.DATA, g.octets(b"text"), [g.seq(*list(g.children(g.body(info)))[:-1])], [leaf]),
                            "a signer without a signature", "FORMAT"),
    }


def main():
    with tempfile.TemporaryDirectory() as d:
        ca = g.Id(d, "Root", ca=True, key="ec", days=36500)
        leaf = g.Id(d, "Maker", ca, usages=["codeSigning"], key="ec", days=36500)
        tsa = g.Id(d, "Clock", ca, usages=["timeStamping"], key="ec", days=36500)
        old = g.Id(d, "Old", usages=["codeSigning"], days=36500)
        write("cat", catalogues(), "Hostile catalogues, made by scripts/gen-bad-cat.py. Each line: file: what is wrong -> code, and the "
              "offset that must be named.")
        write("der", messages(leaf), "Hostile signed messages, made by scripts/gen-bad-cat.py. Each line: file: what is wrong -> code, "
              "and the offset that must be named.")
        v2 = g.ctl([g.member(SYS, name="x.sys", os_attr="2:10.0"), g.member(INF, "sha1", "x.inf", version=2)],
                   attrs=[("OS", "_v100_X64"), ("HWID1", "pci\\ven_1af4"), ("Raw", b"\1\2\3")])
        v1 = g.ctl([g.member(SYS, "sha1", "x.sys", version=1), g.member(INF, "sha1", version=1), g.member(INF, tag=b"x\0.\0i\0\0\0")],
                   version=1)
        stamp = lambda s: [g.token(tsa, [tsa, ca], 1790000000, s)]  # noqa: E731
        both = lambda s: [g.countersignature(tsa, 1790000000, s)]  # noqa: E731
        corpus("cat", {"v2-stamped.cat": g.signed(v2, leaf, [leaf, ca], unsigned=stamp),
                       "v1-counter.cat": g.signed(v1, leaf, [leaf, tsa, ca], unsigned=both),
                       "v1-rsa-sha1.cat": g.signed(v1, old, [old], "sha1"), "unsigned.cat": g.unsigned(v2)})
        corpus("der", {"signed.p7": g.message(g.DATA, g.octets(b"text"), [g.signer_info(leaf, g.DATA, b"text")], [leaf]),
                       "bare.p7": g.message(g.DATA, g.octets(b"text"), [g.signer_info(leaf, g.DATA, b"text", bare=True)], [leaf]),
                       "program.p7": g.message(g.SPC_INDIRECT, g.indirect(bytes(32), "sha256", True), [
                           g.signer_info(leaf, g.SPC_INDIRECT, g.body(g.indirect(bytes(32), "sha256", True)), unsigned=stamp)], [leaf])})


main()
