# SPDX-License-Identifier: Apache-2.0
"""Security catalogues: `wingo inspect FILE.cat`, and what sig_tool (src/driver/package/signature.h) says of packages, held against
osslsigncode and openssl. tests/tools/catgen.py makes catalogues with every fault."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import pytest

from conftest import ROOT, needs, start

sys.path.insert(0, str(ROOT / "tests/tools"))
import catgen as g  # noqa: E402

INF = b"[Version]\r\nSignature = \"$Windows NT$\"\r\nCatalogFile = x.cat\r\n"
SYS = g.program()
NOW = int(time.time()) + 3600  # the certificates are made in a moment
LATER = NOW + 20 * 365 * 86400


@pytest.fixture(scope="module")
def ids(tmp_path_factory):
    """A root, a maker of drivers, a clock, and some that are not right."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl, which is not installed")
    d = tmp_path_factory.mktemp("ids")
    found = {"root": g.Id(d, "Root", ca=True, days=20000)}
    root = found["root"]
    found["middle"] = g.Id(d, "Middle", root, ca=True, days=20000)
    found["maker"] = g.Id(d, "Maker", found["middle"], usages=["codeSigning"])
    found["clock"] = g.Id(d, "Clock", root, usages=["timeStamping"], days=20000)
    found["ec"] = g.Id(d, "Curve", root, usages=["codeSigning"], key="ec")
    found["self"] = g.Id(d, "Self", usages=["codeSigning"])
    found["no_ca"] = g.Id(d, "No CA", root, usages=["codeSigning"])
    found["below_no_ca"] = g.Id(d, "Below", found["no_ca"], usages=["codeSigning"])
    found["lifetime"] = g.Id(d, "Lifetime", root, usages=["codeSigning", "1.3.6.1.4.1.311.10.3.13"])
    found["other_clock"] = g.Id(d, "Other Clock", usages=["timeStamping"], days=20000)
    return type("Ids", (), found)


@pytest.fixture(scope="module")
def tool():
    """sig_tool of the build that is tested: facts of a package as a dictionary, with "files"."""
    build = pathlib.Path(os.environ.get("WINGO", ROOT / "build/wingo")).resolve().parent
    path = build / "tests/unit/driver/sig_tool"
    assert path.exists(), "build first: ninja -C build"

    def call(folder, *files, catalog="x.cat", now=NOW, trust="", ok=True):
        r = start([path, folder, catalog, str(now), trust, *files])
        assert (r.code == 0) == ok, r
        if not ok:
            return r.err
        found = {"files": {}, "problems": {}}
        for line in r.out.splitlines():
            m = re.fullmatch(r"file (.*) cover=(\w+) pe=(\d) embedded=(\S+) signer=(.*)", line)
            if m:
                name = m[1]
                found["files"][name] = (m[2], m[4], m[5])
            elif line.startswith("problem "):
                found["problems"][name] = line[8:]
            else:
                key, _, value = line.partition("=")
                found[key] = value
        return found
    return call


def package(folder, catalogue, files=(("x.inf", INF), ("x.sys", SYS))):
    for name, data in files:
        (folder / name).write_bytes(data)
    if catalogue is not None:
        (folder / "x.cat").write_bytes(catalogue)
    return folder


def members(version=2):
    algs = ("sha1", "sha256") if version == 2 else ("sha1",)
    return [g.member(data, alg, name, "2:10.0", version) for name, data in (("x.inf", INF), ("x.sys", SYS)) for alg in algs]


def list_of(version=2, **more):
    return g.ctl(members(version), version, attrs=[("OS", "_v100_X64"), ("Submission ID", "1_2_3"), ("HWID1", "pci\\ven_1af4")], **more)


def signed(who, certs, version=2, **more):
    return g.signed(list_of(version), who, certs, **more)


# ---- wingo inspect -----------------------------------------------------------------------------

@pytest.mark.parametrize("version", [1, 2])
def test_inspect_shows_what_was_made(run, ids, tmp_path, version):
    made = signed(ids.maker, [ids.maker, ids.middle], version, unsigned=lambda s: [g.token(ids.clock, [ids.clock], NOW, s)])
    path = tmp_path / "renamed.bin"
    path.write_bytes(made)
    r = run("inspect", "--json", path)
    assert r.code == 0, r
    got = json.loads(r.out)
    assert (got["format"], got["version"], got["made"], got["n_members"]) == ("catalogue", version, "2023-11-14T22:13:20Z", 2 * version)
    assert {a["name"]: a["value"] for a in got["attributes"]} == {"OS": "_v100_X64", "Submission ID": "1_2_3", "HWID1": "pci\\ven_1af4"}
    have = {(m["digest"], m["algorithm"], m["program"], m["file"], m["os"]) for m in got["members"]}
    want = {(g.digest_of(d, a).hex(), a.upper().replace("A", "A-", 1).replace("SHA--", "SHA-"), d == SYS, n, "2:10.0")
            for n, d in (("x.inf", INF), ("x.sys", SYS)) for a in (("sha1", "sha256") if version == 2 else ("sha1",))}
    assert have == want
    s = got["signature"]
    assert (s["class"], s["right"], s["signer"], s["digest"]) == ("unknown", True, "Maker", "SHA-256")
    assert "Root" in s["why"]
    assert [c["subject"] for c in s["chain"]] == ["CN=Maker,O=Test", "CN=Middle,O=Test"]
    assert s["chain"][0]["usages"] == ["1.3.6.1.5.5.7.3.3"]
    assert s["chain"][1]["key_sha256"] == ids.middle.key_sha256
    assert s["chain"][0]["sha1"] == hashlib.sha1(ids.maker.der).hexdigest()
    stamp = s["time_stamp"]
    assert stamp["right"] and stamp["kind"] == "RFC 3161" and stamp["signer"] == "Clock"
    assert stamp["time"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW))
    text = run("inspect", path)
    assert text.code == 0 and "catalogue" in text.out and "x.sys" in text.out and "Maker" in text.out
    assert "CN=Middle" not in text.out and "CN=Middle" in run("inspect", "-v", path).out


def test_openssl_sees_the_same_certificates_and_structure(run, ids, tmp_path):
    path = tmp_path / "x.cat"
    path.write_bytes(signed(ids.maker, [ids.maker, ids.middle, ids.root]))
    said = g.openssl("pkcs7", "-inform", "DER", "-in", path, "-print_certs", "-noout").decode()
    assert len(re.findall("^subject", said, re.M)) == json.loads(run("inspect", "--json", path).out)["n_certificates"] == 3
    assert g.openssl("asn1parse", "-inform", "DER", "-in", path)


def test_many_members_and_attributes(run, ids, tmp_path):
    path = tmp_path / "x.cat"
    n = 3000
    path.write_bytes(g.signed(g.ctl([g.member(b"%d" % k, name=f"{k}.bin") for k in range(n)],
                                    attrs=[(f"HWID{k}", f"pci\\ven_{k}") for k in range(1000)]), ids.ec, [ids.ec, ids.root]))
    got = json.loads(run("inspect", "--json", path).out)
    assert len(got["members"]) == n and len(got["attributes"]) == 1000 and got["signature"]["right"]
    assert "and 2980 more" in run("inspect", path).out


def test_a_broken_one_is_refused_with_its_offset(run, tmp_path):
    bad = ROOT / "tests/bad/cat"
    r = run("inspect", bad / "other-members.cat")
    assert r.code == 4 and "1.3.6.1.4.1.311.12.1.9" in r.err and "0x62" in r.err, r


# ---- packages ----------------------------------------------------------------------------------

@pytest.mark.parametrize("version", [1, 2])
def test_a_package_of_a_trusted_maker(tool, ids, tmp_path, version):
    package(tmp_path, signed(ids.maker, [ids.maker, ids.middle, ids.root], version))
    got = tool(tmp_path, "x.inf", "X.SYS", "x.cat", trust=ids.root.key_sha256)
    assert (got["class"], got["score"], got["signer"], got["issuer"]) == ("trusted", "0F000000", "Maker", "Middle")
    assert (got["catalog"], got["os"], got["submission"]) == ("x.cat", "_v100_X64", "1_2_3")
    assert {n: f[0] for n, f in got["files"].items()} == {"x.inf": "yes", "X.SYS": "yes", "x.cat": "yes"}
    assert got["not_covered"] == "0" and not any(got["problems"].values())
    # an issuer may be what is trusted; without trust nobody is known
    assert tool(tmp_path, "x.inf", trust=ids.middle.key_sha256)["class"] == "trusted"
    assert tool(tmp_path, "x.inf")["class"] == "unknown"
    # without its issuer the chain ends in the air
    package(tmp_path, signed(ids.maker, [ids.maker, ids.root], version))
    got = tool(tmp_path, "x.inf", trust=ids.root.key_sha256)
    assert got["class"] == "unknown" and "'Middle'" in got["why"]


def test_osslsigncode_and_wingo_agree(tool, ids, tmp_path):
    """Both judge what the other signed, file by file."""
    needs("osslsigncode")
    (tmp_path / "u.cat").write_bytes(g.unsigned(list_of()))
    chain = tmp_path / "chain.pem"
    chain.write_text(ids.maker.pem.read_text() + ids.middle.pem.read_text())
    r = start(["osslsigncode", "sign", "-certs", chain, "-key", ids.maker.key, "-h", "sha256", "-in", tmp_path / "u.cat", "-out",
               tmp_path / "x.cat"])
    assert r.code == 0, r
    theirs = (tmp_path / "x.cat").read_bytes()
    for catalogue in (theirs, signed(ids.maker, [ids.maker, ids.middle])):
        changed = SYS[:-1] + b"!"
        package(tmp_path, catalogue, (("x.inf", INF), ("x.sys", SYS), ("y.sys", changed)))
        got = tool(tmp_path, "x.inf", "x.sys", "y.sys", trust=ids.middle.key_sha256)
        assert got["class"] == "trusted" and {n: f[0] for n, f in got["files"].items()} == {"x.inf": "yes", "x.sys": "yes", "y.sys": "no"}
        for name, want in (("x.sys", True), ("y.sys", False)):
            said = start(["osslsigncode", "verify", "-catalog", tmp_path / "x.cat", "-CAfile", ids.root.pem, "-in", tmp_path / name])
            assert (said.code == 0) == want, said
    package(tmp_path, theirs)
    assert tool(tmp_path, "x.sys", trust=ids.middle.key_sha256)["signer"] == "Maker"


def test_classes_without_trust(tool, ids, tmp_path):
    package(tmp_path, g.unsigned(list_of()))
    got = tool(tmp_path, "x.inf")
    assert (got["class"], got["score"]) == ("none", "80000000") and "nobody signed" in got["why"]
    package(tmp_path, signed(ids.self, [ids.self]))
    got = tool(tmp_path, "x.inf")
    assert (got["class"], got["score"], got["signer"]) == ("self-signed", "0F000000", "Self")
    package(tmp_path, signed(ids.maker, []))
    got = tool(tmp_path, "x.inf")
    assert got["class"] == "unknown" and "not in the file" in got["why"]
    got = tool(tmp_path, "x.inf", catalog="absent.cat")
    assert (got["class"], got["catalog"], got["not_covered"]) == ("none", "", "1") and "absent.cat" in got["why"]
    assert "names no catalogue" in tool(tmp_path, "x.inf", catalog="")["why"]
    (tmp_path / "x.cat").write_bytes(b"text")
    assert tool(tmp_path, "x.inf", ok=False).startswith("FORMAT 0")


def test_every_changed_byte_of_the_signed_part_is_found(tool, ids, tmp_path):
    made = signed(ids.ec, [ids.ec, ids.root])
    trust = ids.root.key_sha256
    package(tmp_path, made)
    assert tool(tmp_path, "x.inf", trust=trust)["class"] == "trusted"
    at = made.index(g.digest_of(INF, "sha256"))
    for off in (at, at + 31, made.index(b"_\0v\0001"), len(made) - 1, made.index(g.oid("1.2.840.113549.1.9.4")) + 20):
        changed = bytearray(made)
        changed[off] ^= 1
        package(tmp_path, bytes(changed))
        got = tool(tmp_path, "x.inf", trust=trust)
        assert (got["class"], got["score"]) == ("broken", "80000000"), off


@pytest.mark.parametrize("wrong", ["digest", "type", "twice", "bare", "md5", "pss"])
def test_wrong_signed_attributes(tool, ids, tmp_path, wrong):
    content = list_of()
    more = {}
    if wrong == "digest":
        more["digest"] = bytes(32)
    elif wrong == "twice":
        more["signed_more"] = [g.attribute("1.2.840.113549.1.9.4", g.octets(bytes(32)))]
    elif wrong == "bare":
        more["bare"] = True
    kind = g.DATA if wrong == "type" else g.CTL
    info = g.signer_info(ids.maker, kind, g.body(content), **more)
    if wrong == "md5":
        info = rebuilt(info.replace(g.algorithm(g.SHA256), g.algorithm("1.2.840.113549.2.5")))
    if wrong == "pss":
        info = rebuilt(info.replace(g.oid("1.2.840.113549.1.1.1"), g.oid("1.2.840.113549.1.1.10")))
    package(tmp_path, g.message(g.CTL, content, [info], [ids.maker, ids.middle, ids.root]))
    got = tool(tmp_path, "x.inf", trust=ids.root.key_sha256)
    assert got["class"] == ("unknown" if wrong in ("md5", "pss") else "broken") and got["why"], got


@pytest.mark.parametrize("alg", ["sha1", "sha384", "sha512"])
def test_other_digests_of_the_signature(run, tool, ids, tmp_path, alg):
    package(tmp_path, signed(ids.ec, [ids.ec, ids.root], alg=alg))
    assert tool(tmp_path, "x.inf", trust=ids.root.key_sha256)["class"] == "trusted"
    got = json.loads(run("inspect", "--json", tmp_path / "x.cat").out)
    assert got["signature"]["digest"] == {"sha1": "SHA-1", "sha384": "SHA-384", "sha512": "SHA-512"}[alg]


def test_a_signer_named_by_its_key(tool, ids, tmp_path):
    content = list_of()
    info = g.signer_info(ids.ec, g.CTL, g.body(content))
    parts = list(g.children(g.body(info)))
    parts[1] = g.tlv(0x80, ids.ec.key_id)
    package(tmp_path, g.message(g.CTL, content, [g.seq(*parts)], [ids.root, ids.ec]))
    got = tool(tmp_path, "x.inf", trust=ids.root.key_sha256)
    assert (got["class"], got["signer"]) == ("trusted", "Curve")


def test_two_certificates_of_one_number(tool, ids, tmp_path):
    """Who puts a certificate of the same issuer and number in front gains nothing."""
    other = g.Id(tmp_path, "Other", usages=["codeSigning"], key="ec")
    fields = list(g.children(g.body(next(g.children(g.body(ids.ec.der))))))
    fields[6] = other.spki
    fake = g.seq(g.seq(*fields), *list(g.children(g.body(ids.ec.der)))[1:])
    liar = type("Liar", (), {"der": fake})
    package(tmp_path, signed(ids.ec, [liar, ids.ec, ids.root]))
    assert tool(tmp_path, "x.inf", trust=ids.root.key_sha256)["class"] in ("broken", "unknown")
    content = list_of()
    other.issuer_name, other.serial = ids.ec.issuer_name, ids.ec.serial
    package(tmp_path, g.signed(content, other, [liar, ids.root]))
    got = tool(tmp_path, "x.inf", trust=ids.root.key_sha256)
    assert got["class"] == "unknown" and "chain is wrong" in got["why"]


def rebuilt(info):
    """A SignerInfo with a digest of another length: its outer length made right again."""
    head = 2 + (info[1] & 0x7F)
    return g.tlv(0x30, info[head:])


def test_chains_that_may_not_be(tool, ids, tmp_path):
    trust = ids.root.key_sha256
    package(tmp_path, signed(ids.below_no_ca, [ids.below_no_ca, ids.no_ca, ids.root]))
    got = tool(tmp_path, "x.inf", trust=trust)
    assert got["class"] == "unknown" and "chain is wrong" in got["why"]
    # a certificate that claims the root's name with another key
    fake = g.Id(tmp_path, "Root", ca=True)
    leaf = g.Id(tmp_path, "Leaf", fake, usages=["codeSigning"])
    package(tmp_path, signed(leaf, [leaf, ids.root]))
    assert tool(tmp_path, "x.inf", trust=trust)["class"] == "unknown"
    package(tmp_path, signed(leaf, [leaf, fake, ids.root]))
    assert tool(tmp_path, "x.inf", trust=trust)["class"] == "unknown"


def test_time_stamps(tool, ids, tmp_path):
    trust = ids.root.key_sha256
    certs = [ids.maker, ids.middle, ids.root]

    def judged(unsigned=(), now=LATER, who=ids.maker, more=()):
        package(tmp_path, signed(who, [who, *certs, *more], unsigned=unsigned))
        return tool(tmp_path, "x.inf", now=now, trust=trust)

    got = judged()
    assert got["class"] == "unknown" and "not valid on" in got["why"] and "no time stamp" in got["why"]
    got = judged(lambda s: [g.token(ids.clock, [ids.clock], NOW, s)])
    assert (got["class"], got["time"], got["time_signer"]) == ("trusted", str(NOW), "Clock")
    got = judged(lambda s: [g.countersignature(ids.clock, NOW, s)], more=[ids.clock])
    assert (got["class"], got["time"]) == ("trusted", str(NOW))
    # wrong ones: of another signature, by one who is no clock, of a time without its certificate, or none at all
    for unsigned in (lambda s: [g.token(ids.clock, [ids.clock], NOW, s[:-1])],
                     lambda s: [g.token(ids.maker, [ids.maker], NOW, s)],
                     lambda s: [g.token(ids.clock, [], NOW, s)],
                     lambda s: [g.token(ids.clock, [ids.clock], NOW - 40 * 365 * 86400, s)],
                     lambda s: [g.attribute(g.STAMP_MS, g.octets(b"stamp"))],
                     lambda s: [g.countersignature(ids.clock, NOW, s[1:])]):
        got = judged(unsigned)
        assert got["class"] == "unknown" and "time" not in got, got
    # a wrong one in front of a right one
    got = judged(lambda s: [g.attribute(g.STAMP_MS, g.octets(b"stamp")), g.token(ids.clock, [ids.clock], NOW, s)])
    assert got["class"] == "trusted"
    # a clock that nobody knows: enough while the certificate lives, no more
    unknown = lambda s: [g.token(ids.other_clock, [ids.other_clock], NOW, s)]  # noqa: E731
    assert judged(unknown, now=NOW)["class"] == "trusted"
    got = judged(unknown)
    assert got["class"] == "unknown" and "who stamped" in got["why"]
    # a certificate that lives as long as its signatures
    got = judged(lambda s: [g.token(ids.clock, [ids.clock], NOW, s)], who=ids.lifetime)
    assert got["class"] == "unknown" and "not valid on" in got["why"]


def test_a_token_of_openssl(tool, ids, tmp_path):
    """openssl ts is a clock that nobody here wrote."""
    (tmp_path / "ts.cnf").write_text("[tsa]\nserial = serial\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\n"
                                     "digests = sha256\ness_cert_id_alg = sha256\nordering = no\ntsa_name = no\n")
    clock = g.Id(tmp_path, "TS", ids.root, usages=["critical", "timeStamping"], days=20000)

    def stamp(signature):
        (tmp_path / "sig").write_bytes(signature)
        for args in (["-query", "-data", "sig", "-sha256", "-cert", "-out", "q"],
                     ["-reply", "-config", "ts.cnf", "-section", "tsa", "-queryfile", "q", "-signer", clock.pem, "-inkey", clock.key,
                      "-token_out", "-out", "t"]):
            subprocess.run(["openssl", "ts", *map(str, args)], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        return [g.attribute(g.STAMP_MS, (tmp_path / "t").read_bytes())]
    package(tmp_path, signed(ids.maker, [ids.maker, ids.middle, ids.root], unsigned=stamp))
    got = tool(tmp_path, "x.inf", now=LATER, trust=ids.root.key_sha256)
    assert (got["class"], got["time_signer"]) == ("trusted", "TS") and abs(int(got["time"]) - time.time()) < 86400


def test_files_that_are_not_covered(tool, ids, tmp_path):
    made = signed(ids.maker, [ids.maker, ids.middle, ids.root])
    lf = INF.replace(b"\r\n", b"\n")
    package(tmp_path, made, (("x.inf", lf), ("x.sys", SYS), ("new.bin", b"a\nb")))
    got = tool(tmp_path, "x.inf", "x.sys", "new.bin", "gone.dll")
    assert {n: f[0] for n, f in got["files"].items()} == {"x.inf": "crlf", "x.sys": "yes", "new.bin": "no", "gone.dll": "absent"}
    assert (got["not_covered"], got["crlf"]) == ("3", "1")
    assert "went through git" in got["problems"]["x.inf"] and "x.cat" in got["problems"]["x.inf"]
    assert got["problems"]["new.bin"] == "new.bin: not covered by x.cat"
    assert got["problems"]["gone.dll"] == "gone.dll: the file is not there"
    # a program is never text
    package(tmp_path, made, (("x.sys", SYS.replace(b"text\0", b"tex\n\0")),))
    assert tool(tmp_path, "x.sys")["files"]["x.sys"][0] == "no"


def test_names_and_folders_are_found_whatever_their_case(tool, ids, tmp_path):
    made = signed(ids.maker, [ids.maker, ids.middle])
    (tmp_path / "AMD64").mkdir()
    (tmp_path / "AMD64" / "X.Sys").write_bytes(SYS)
    (tmp_path / "X.CAT").write_bytes(made)
    got = tool(tmp_path, "amd64\\x.SYS", "amd64/x.sys", "..\\x.sys", "amd64", catalog="x.cat")
    assert got["catalog"] == "X.CAT"
    assert [f[0] for f in got["files"].values()] == ["yes", "yes", "absent", "absent"]


def test_a_tag_that_says_another_digest_covers_nothing(tool, ids, tmp_path):
    for m, want in ((g.member(INF, tag=bytes(32)), "no"), (g.member(INF, tag="a name\0".encode("utf-16-le")), "yes"),
                    (g.seq(g.octets(g.digest_of(INF, "sha256"))), "yes"),
                    (g.member(INF, digest=bytes(32), tag=g.digest_of(INF, "sha256")), "no")):
        package(tmp_path, g.signed(g.ctl([m]), ids.ec, [ids.ec, ids.root]))
        got = tool(tmp_path, "x.inf", trust=ids.root.key_sha256)
        assert (got["class"], got["files"]["x.inf"][0]) == ("trusted", want)


def test_embedded_signatures(run, tool, ids, tmp_path):
    needs("osslsigncode")
    trust = ids.root.key_sha256
    chain = tmp_path / "chain.pem"
    chain.write_text(ids.maker.pem.read_text() + ids.middle.pem.read_text() + ids.root.pem.read_text())
    (tmp_path / "x.sys").write_bytes(SYS)

    def sign(source, out, who, certs, *more):
        r = start(["osslsigncode", "sign", "-certs", certs, "-key", who.key, "-h", "sha256", *more, "-in", tmp_path / source, "-out",
                   tmp_path / out])
        assert r.code == 0, r

    sign("x.sys", "one.sys", ids.maker, chain)
    sign("x.sys", "self.sys", ids.self, ids.self.pem)
    sign("self.sys", "two.sys", ids.maker, chain, "-nest")
    data = bytearray((tmp_path / "one.sys").read_bytes())
    data[0x210] ^= 1
    (tmp_path / "changed.sys").write_bytes(data)
    got = tool(tmp_path, "x.sys", "one.sys", "self.sys", "two.sys", "changed.sys", catalog="", trust=trust)
    assert {n: f[1:] for n, f in got["files"].items()} == {
        "x.sys": ("-", ""), "one.sys": ("trusted", "Maker"), "self.sys": ("self-signed", "Self"), "two.sys": ("trusted", "Maker"),
        "changed.sys": ("broken", "Maker")}
    seen = json.loads(run("inspect", "--json", tmp_path / "changed.sys").out)
    assert (seen["signature"], seen["signature_class"], seen["signed_by"]) == (True, "broken", "Maker")
    seen = json.loads(run("inspect", "--json", tmp_path / "one.sys").out)
    assert (seen["signature_class"], seen["signed_by"]) == ("unknown", "Maker")
    # a catalogue covers a program whether or not it is signed itself
    package(tmp_path, signed(ids.maker, [ids.maker, ids.middle, ids.root]), ())
    got = tool(tmp_path, "x.sys", "one.sys", "two.sys", "changed.sys", trust=trust)
    assert [f[0] for f in got["files"].values()] == ["yes", "yes", "yes", "no"]
    # what the catalogue signed is no signature of a program
    data = (tmp_path / "x.cat").read_bytes()
    pe = bytearray(SYS)
    pe += (len(data) + 8).to_bytes(4, "little") + b"\0\2\2\0" + data
    pe += bytes(-len(pe) % 8)
    at = 0x40 + 24 + 112 + 32
    pe[at:at + 8] = len(SYS).to_bytes(4, "little") + (len(pe) - len(SYS)).to_bytes(4, "little")
    (tmp_path / "fake.sys").write_bytes(pe)
    assert tool(tmp_path, "fake.sys", trust=trust)["files"]["fake.sys"] == ("yes", "broken", "Maker")
