# SPDX-License-Identifier: Apache-2.0
"""Makes security catalogues, their signatures and time stamps, piece by piece, so that tests can have each right and wrong.

DER is written here; keys, certificates and the bare signatures come from the openssl program. osslsigncode judges what is made
(tests/cli/test_catalogue.py), and signs some itself.
"""
import hashlib
import pathlib
import struct
import subprocess
import time

SHA1, SHA256 = "1.3.14.3.2.26", "2.16.840.1.101.3.4.2.1"
ALG = {"sha1": SHA1, "sha256": SHA256, "sha384": "2.16.840.1.101.3.4.2.2", "sha512": "2.16.840.1.101.3.4.2.3"}
SIGNED_DATA, CTL, TST = "1.2.840.113549.1.7.2", "1.3.6.1.4.1.311.10.1", "1.2.840.113549.1.9.16.1.4"
SPC_INDIRECT, DATA = "1.3.6.1.4.1.311.2.1.4", "1.2.840.113549.1.7.1"
STAMP_MS, STAMP_LEGACY = "1.3.6.1.4.1.311.3.3.1", "1.2.840.113549.1.9.6"
PE_GUID, FLAT_GUID = "{C689AAB8-8E78-11D0-8C47-00C04FC295EE}", "{DE351A42-8E59-11D0-8C47-00C04FC295EE}"


def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 0x80:
        return bytes([tag, n]) + body
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def seq(*parts):
    return tlv(0x30, *parts)


def set_of(*parts):
    return tlv(0x31, *parts)


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def octets(b):
    return tlv(4, b)


def oid(dotted):
    arcs = [int(a) for a in dotted.split(".")]
    out = b""
    for a in [arcs[0] * 40 + arcs[1], *arcs[2:]]:
        one = bytes([a & 0x7F])
        while a > 0x7F:
            a >>= 7
            one = bytes([a & 0x7F | 0x80]) + one
        out += one
    return tlv(6, out)


def algorithm(dotted):
    return seq(oid(dotted), tlv(5))


def bmp(text):
    return tlv(0x1E, text.encode("utf-16-be"))


def utc(unix):
    return tlv(0x17, time.strftime("%y%m%d%H%M%SZ", time.gmtime(unix)).encode())


def name_value(name, value, flags=0x10010001):
    raw = value if isinstance(value, bytes) else (value + "\0").encode("utf-16-le")
    return seq(bmp(name), integer(flags), octets(raw))


def attribute(dotted, *values):
    return seq(oid(dotted), set_of(*values))


def indirect(digest, alg, program):
    if program:
        link = tlv(0xA0, tlv(0xA2, tlv(0x80, "<<<Obsolete>>>".encode("utf-16-be"))))
        data = seq(oid("1.3.6.1.4.1.311.2.1.15"), seq(tlv(3, b"\0"), link))
    else:
        data = seq(oid("1.3.6.1.4.1.311.2.1.25"), tlv(0xA2, tlv(0x80)))
    return seq(data, seq(algorithm(ALG[alg]), octets(digest)))


def authenticode(b, alg):
    """The digest of a program: all but checksum, certificate entry and certificates; an unsigned one padded to 8."""
    pe = struct.unpack_from("<I", b, 60)[0]
    plus = struct.unpack_from("<H", b, pe + 24)[0] == 0x20B
    entry = pe + 24 + (112 if plus else 96) + 32
    off, size = struct.unpack_from("<II", b, entry)
    end = off if size else len(b)
    h = hashlib.new(alg, b[:pe + 88] + b[pe + 92:entry] + b[entry + 8:end])
    h.update(b"" if size else bytes(-end % 8))
    return h.digest()


def digest_of(b, alg):
    return authenticode(b, alg) if b[:2] == b"MZ" else hashlib.new(alg, b).digest()


def member(data, alg="sha256", name=None, os_attr=None, version=2, tag=None, more=(), digest=None):
    digest = digest or digest_of(data, alg)
    program = data[:2] == b"MZ"
    if tag is None:
        tag = digest if version == 2 else (digest.hex().upper() + "\0").encode("utf-16-le")
    attrs = [attribute(SPC_INDIRECT, indirect(digest, alg, program)),
             attribute("1.3.6.1.4.1.311.12.2.2", seq(bmp(PE_GUID if program else FLAT_GUID), integer(0x200)))]
    if name:
        attrs.append(attribute("1.3.6.1.4.1.311.12.2.1", name_value("File", name)))
    if os_attr:
        attrs.append(attribute("1.3.6.1.4.1.311.12.2.1", name_value("OSAttr", os_attr)))
    return seq(octets(tag), set_of(*attrs, *more))


def ctl(members, version=2, when=1700000000, attrs=(), list_id=bytes(range(16))):
    extensions = tlv(0xA0, seq(*(seq(oid("1.3.6.1.4.1.311.12.2.1"), octets(name_value(k, v))) for k, v in attrs))) if attrs else b""
    return seq(seq(oid("1.3.6.1.4.1.311.12.1.1")), octets(list_id), utc(when),
               algorithm("1.3.6.1.4.1.311.12.1.%d" % (version + 1)), seq(*members), extensions)


def children(b):
    """The elements of b, whole."""
    at = 0
    while at < len(b):
        n, head = b[at + 1], 2
        if n & 0x80:
            head = 2 + (n & 0x7F)
            n = int.from_bytes(b[at + 2:at + head], "big")
        yield b[at:at + head + n]
        at += head + n


def body(b):
    return b[2 + (b[1] & 0x7F if b[1] & 0x80 else 0):]


def openssl(*args, stdin=None):
    return subprocess.run(["openssl", *map(str, args)], input=stdin, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout


class Id:
    """A key with its certificate: Id(folder, name) is its own issuer."""

    def __init__(self, folder, name, issuer=None, ca=False, usages=(), key="rsa:2048", days=30):
        self.folder, self.name, self.issuer = pathlib.Path(folder), name, issuer
        stem = self.folder / name.replace(" ", "_")
        self.key, self.pem = stem.with_suffix(".key"), stem.with_suffix(".pem")
        ext = ["basicConstraints=critical,CA:" + ("TRUE" if ca else "FALSE"), "subjectKeyIdentifier=hash"]
        if usages:
            ext.append("extendedKeyUsage=" + ",".join(usages))
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else ["-newkey", key]
        request = stem.with_suffix(".csr")
        openssl("req", "-new", *kind, "-nodes", "-keyout", self.key, "-out", request, "-subj", f"/O=Test/CN={name}")
        (stem.with_suffix(".ext")).write_text("\n".join(ext) + "\n")
        sign = ["-CA", issuer.pem, "-CAkey", issuer.key, "-CAcreateserial"] if issuer else ["-signkey", self.key]
        openssl("x509", "-req", "-in", request, *sign, "-days", days, "-extfile", stem.with_suffix(".ext"), "-out", self.pem)
        self.der = openssl("x509", "-in", self.pem, "-outform", "DER")
        fields = list(children(body(next(children(body(self.der))))))
        self.serial, self.issuer_name = fields[1], fields[3]
        self.spki = fields[6]

    @property
    def key_id(self):
        return hashlib.sha1(body(list(children(body(self.spki)))[1])[1:]).digest()

    @property
    def key_sha256(self):
        return hashlib.sha256(self.spki).hexdigest()

    def sign(self, data, alg):
        (self.folder / "to-sign").write_bytes(data)
        return openssl("dgst", "-" + alg, "-sign", self.key, self.folder / "to-sign")

    def algorithm(self):
        return algorithm("1.2.840.113549.1.1.1") if len(self.spki) > 200 else seq(oid("1.2.840.10045.2.1"))


def signer_info(who, content_type, content, alg="sha256", unsigned=(), signed_more=(), digest=None, bare=False):
    """content: what is digested. unsigned: attributes, or a function of the signature that gives them."""
    digest = digest or hashlib.new(alg, content).digest()
    attrs = [attribute("1.2.840.113549.1.9.3", oid(content_type)), attribute("1.2.840.113549.1.9.4", octets(digest)), *signed_more]
    inner = b"".join(sorted(attrs))
    signature = who.sign(content if bare else tlv(0x31, inner), alg)
    loose = unsigned(signature) if callable(unsigned) else unsigned
    return seq(integer(1), seq(who.issuer_name, who.serial), algorithm(ALG[alg]), b"" if bare else tlv(0xA0, inner),
               who.algorithm(), octets(signature), tlv(0xA1, *loose) if loose else b"")


def message(content_type, content, infos, certs, alg="sha256"):
    return seq(oid(SIGNED_DATA), tlv(0xA0, seq(integer(1), set_of(algorithm(ALG[alg])) if infos else set_of(),
                                               seq(oid(content_type), tlv(0xA0, content)),
                                               tlv(0xA0, *(c.der for c in certs)) if certs else b"", set_of(*infos))))


def unsigned(content):
    return message(CTL, content, [], [])


def signed(content, who, certs, alg="sha256", **more):
    return message(CTL, content, [signer_info(who, CTL, body(content), alg, **more)], certs, alg)


def token(tsa, certs, when, signature, alg="sha256"):
    """A time stamp of RFC 3161 as an attribute."""
    gen = tlv(0x18, time.strftime("%Y%m%d%H%M%SZ", time.gmtime(when)).encode())
    info = seq(integer(1), oid("1.2.3.4"), seq(algorithm(ALG[alg]), octets(hashlib.new(alg, signature).digest())), integer(7), gen)
    return attribute(STAMP_MS, message(TST, octets(info), [signer_info(tsa, TST, info, alg)], certs, alg))


def countersignature(tsa, when, signature, alg="sha256"):
    """A legacy time stamp as an attribute."""
    return attribute(STAMP_LEGACY, signer_info(tsa, DATA, signature, alg,
                                               signed_more=[attribute("1.2.840.113549.1.9.5", utc(when))]))


def program(text=b"text"):
    """A small driver for amd64."""
    code = text.ljust(0x200, b"\0")
    optional = struct.pack("<HBBIIIIIQIIHHHHHHIIIIHHQQQQII", 0x20B, 14, 0, 0x200, 0, 0, 0x1000, 0x1000, 0x140000000, 0x1000, 0x200,
                           10, 0, 10, 0, 10, 0, 0, 0x2000, 0x200, 0, 1, 0, 0x100000, 0x1000, 0x100000, 0x1000, 0, 16) + bytes(128)
    head = b"MZ".ljust(60, b"\0") + struct.pack("<I", 0x40) + b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, len(optional), 0x22)
    section = b".text\0\0\0" + struct.pack("<IIIIIIHHI", 0x200, 0x1000, 0x200, 0x200, 0, 0, 0, 0, 0x60000020)
    return (head + optional + section).ljust(0x200, b"\0") + code
