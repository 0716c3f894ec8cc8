# SPDX-License-Identifier: Apache-2.0
"""Resources and the PE reader, judged by tools that nobody here wrote: Go's linker, ld, lld, icoutils,
exiftool, pefile, objdump, osslsigncode and Wine.

pe_tool (tests/tools/pe_tool.c) drives fmt/pe, fmt/ico and fmt/rsrc without a project file.
"""
import hashlib
import importlib.util
import os
import pathlib
import re
import shutil
import struct

import pytest

from conftest import ROOT, needs, start
from winelab import wine  # noqa: F401  (a fixture)

spec = importlib.util.spec_from_file_location("icons", ROOT / "scripts/gen-bad-ico.py")
icons = importlib.util.module_from_spec(spec)
spec.loader.exec_module(icons)

TEXTS = {
    "company": "Exämple GmbH", "description": "Kiosk agent 😀", "product": "Kiosk", "copyright": "© 2026 Exämple",
    "trademarks": "Kiosk™", "comments": "a & b", "internal_name": "agent", "original_filename": "agent.exe",
    "file_version": "v1.4.0-rc1", "product_version": "2.1",
}
KEYS = {
    "company": "CompanyName", "description": "FileDescription", "product": "ProductName", "copyright": "LegalCopyright",
    "trademarks": "LegalTrademarks", "comments": "Comments", "internal_name": "InternalName",
    "original_filename": "OriginalFilename", "file_version": "FileVersion", "product_version": "ProductVersion",
}
MACHINES = {"amd64": 0x8664, "arm64": 0xAA64, "386": 0x14C}
DEBIAN_GO = pathlib.Path("/usr/lib/go-1.19/bin/go")


def go_tools():
    """Every Go there is: the one on PATH, one under /usr/local/go, Debian's."""
    found = {}
    for path in (shutil.which("go"), "/usr/local/go/bin/go", str(DEBIAN_GO)):
        if path and os.path.exists(path):
            found[os.path.realpath(path)] = path
    return list(found.values())


@pytest.fixture(scope="module")
def tool():
    """pe_tool of the build that is tested."""
    build = pathlib.Path(os.environ.get("WINGO", ROOT / "build/wingo")).resolve().parent
    path = build / "tests/unit/fmt/pe/pe_tool"
    assert path.exists(), "build first: ninja -C build"

    def call(*args, ok=True):
        r = start([path, *args])
        assert (r.code == 0) == ok, r
        return r

    call.path = path
    return call


@pytest.fixture(scope="module")
def icon(tmp_path_factory):
    """An icon with every kind of image."""
    images = [(16, 16, b, icons.dib(16, 16, b)) for b in (1, 4, 8, 24, 32)]
    images += [(32, 32, 32, icons.dib(32, 32, 32)), (48, 48, 32, icons.png(48, 48)), (256, 256, 32, icons.png(256, 256))]
    path = tmp_path_factory.mktemp("icon") / "app.ico"
    path.write_bytes(icons.ico(*images))
    return path, images


@pytest.fixture(scope="module")
def sysos(tool, icon, tmp_path_factory):
    """The resource object of each architecture."""
    d = tmp_path_factory.mktemp("syso")
    for arch in MACHINES:
        tool("syso", arch, d / f"{arch}.syso", f"icon={icon[0]}", "level=admin", "dpi=4", "long_paths=true", "utf8=true",
             "name=Example.Agent", *[f"{k}={v}" for k, v in TEXTS.items()])
    return {arch: d / f"{arch}.syso" for arch in MACHINES}


def dump(tool, path):
    """What pe_tool prints, key -> list of values."""
    out = {}
    for line in tool("dump", path).out.splitlines():
        key, _, value = line.partition("=")
        out.setdefault(key, []).append(value)
    return out


@pytest.fixture(scope="module", params=[(g, a) for g in go_tools() for a in MACHINES] or [(None, None)],
                ids=lambda p: "no-go" if p[0] is None else f"{pathlib.Path(p[0]).resolve().parents[1].name}-{p[1]}")
def exe(request, sysos, go_caches, tmp_path_factory):
    """(arch, program): a Go program with the resources, linked by Go itself."""
    go, arch = request.param
    if go is None:
        pytest.skip("needs a Go toolchain, none is installed")
    d = tmp_path_factory.mktemp("mod")
    (d / "go.mod").write_text("module example.com/m\n\ngo 1.19\n")
    (d / "main.go").write_text('package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("it runs") }\n')
    shutil.copy(sysos[arch], d / f"zz_windows_{arch}.syso")
    env = {**os.environ, **go_caches, "GOOS": "windows", "GOARCH": arch, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local",
           "GOFLAGS": "-buildvcs=false", "HOME": str(d)}
    r = start([go, "build", "-trimpath", "-o", "app.exe", "."], cwd=d, env=env, timeout=600)
    assert r.code == 0, r
    return arch, d / "app.exe"


def check_resources(tool, path, arch, icon):
    got = dump(tool, path)
    assert got["machine"] == [f"0x{MACHINES[arch]:04x}"]
    assert got["string"] == [f"{KEYS[k]}:{TEXTS[k]}" for k in sorted(TEXTS, key=KEYS.get)]
    assert got["file_version"] == ["1.4.0.0"] and got["product_version"] == ["2.1.0.0"]
    assert len(got["icon"]) == len(icon[1])
    back = path.with_suffix(".back.ico")
    tool("icon", path, back)
    assert back.read_bytes() == icon[0].read_bytes()


def test_we_read_back_what_we_put_in(tool, exe, icon):
    check_resources(tool, exe[1], exe[0], icon)


def test_icoutils_reads_icon_and_manifest(exe, icon, tmp_path):
    needs("wrestool", "icotool")
    listing = start(["wrestool", "-l", exe[1]]).out
    assert len(re.findall("--type=3 ", listing)) == len(icon[1])
    assert all(f"--type={t} --name=1 --language=1033" in listing for t in (14, 16, 24)), listing
    start(["wrestool", "-x", "-t14", "-o", tmp_path / "got.ico", exe[1]])
    want = start(["icotool", "-l", icon[0]]).out
    assert start(["icotool", "-l", tmp_path / "got.ico"]).out == want and "--width=256" in want
    xml = start(["wrestool", "-x", "--raw", "-t24", exe[1]]).out
    assert 'level="requireAdministrator" uiAccess="false"' in xml and "PerMonitorV2" in xml


def test_exiftool_reads_version_information(exe):
    needs("exiftool")
    out = start(["exiftool", "-s", exe[1]]).out
    got = dict(re.findall(r"^(\w+) +: (.*)$", out, re.M))
    assert got["FileVersionNumber"] == "1.4.0.0" and got["ProductVersionNumber"] == "2.1.0.0"
    assert got["CompanyName"] == TEXTS["company"] and got["FileVersion"] == TEXTS["file_version"]
    assert got["LegalTrademarks"] == TEXTS["trademarks"] \
        and got["FileDescription"].startswith("Kiosk agent ")  # exiftool breaks surrogate pairs
    assert got["FileFlags"] == "Pre-release" and got["CharacterSet"] == "Unicode"


def test_pefile_agrees(tool, exe):
    if importlib.util.find_spec("pefile") is None:
        pytest.skip("needs python3-pefile, which is not installed")
    compare_with_pefile(tool, exe[1])


def compare_with_pefile(tool, path):
    """Headers, sections, imports, exports, resources and checksum of a PE file."""
    import pefile
    p = pefile.PE(str(path))
    got = dump(tool, path)
    assert int(got["entry"][0], 16) == p.OPTIONAL_HEADER.AddressOfEntryPoint
    assert int(got["image_base"][0], 16) == p.OPTIONAL_HEADER.ImageBase
    assert int(got["subsystem"][0]) == p.OPTIONAL_HEADER.Subsystem
    sections = [s.rsplit(" ", 5)[1:] for s in got["section"]]
    assert [[int(v, 16) for v in s] for s in sections] == [
        [s.VirtualAddress, s.Misc_VirtualSize, s.PointerToRawData if s.SizeOfRawData else int(v[2], 16),
         s.SizeOfRawData if s.PointerToRawData else 0, s.Characteristics] for s, v in zip(p.sections, sections)]
    def imports(attr):
        return [f"{d.dll.decode()} " + (f"#{f.ordinal}" if f.import_by_ordinal else f.name.decode())
                for d in getattr(p, attr, []) for f in d.imports]
    assert got.get("import", []) == imports("DIRECTORY_ENTRY_IMPORT")
    assert got.get("delay_import", []) == imports("DIRECTORY_ENTRY_DELAY_IMPORT")
    if hasattr(p, "DIRECTORY_ENTRY_EXPORT"):
        named = [e for e in p.DIRECTORY_ENTRY_EXPORT.symbols if e.name]
        ours = [e.split(" ") for e in got.get("export", [])]
        assert sorted((int(o), n) for o, _, n, _ in ours) == sorted((e.ordinal, e.name.decode()) for e in named)
    leaves = []
    for t in getattr(getattr(p, "DIRECTORY_ENTRY_RESOURCE", None), "entries", []):
        for n in t.directory.entries:
            for lang in n.directory.entries:
                def ident(e):
                    return f'"{e.name}"' if e.name is not None else str(e.id)
                e = lang.data.struct
                digest = hashlib.sha256(p.get_data(e.OffsetToData, e.Size)).hexdigest()
                leaves.append(f" {ident(t)} {ident(n)} {ident(lang)} {e.Size} {digest}")
    assert got.get("resource", []) == leaves


@pytest.mark.slow
def test_other_peoples_programs_are_read(tool):
    """Every PE file that Wine and others brought to this machine: read by us as by pefile."""
    if importlib.util.find_spec("pefile") is None:
        pytest.skip("needs python3-pefile, which is not installed")
    folders = [pathlib.Path(p) for p in ("/usr/lib/x86_64-linux-gnu/wine", "/usr/lib/i386-linux-gnu/wine", "/usr/share/wine",
                                         "/usr/lib/gcc/x86_64-w64-mingw32", "/usr/lib/systemd/boot/efi", "/usr/lib/shim")]
    files = sorted(f for d in folders if d.is_dir() for f in d.rglob("*")
                   if f.suffix in (".dll", ".exe", ".efi", ".drv", ".sys", ".ocx", ".cpl") and f.is_file() and not f.is_symlink())
    if not files:
        pytest.skip("no PE files on this machine: wine, mingw-w64 and systemd-boot bring some")
    small = [f for f in files if f.stat().st_size < 400_000 and f.read_bytes()[:2] == b"MZ"]
    step = max(1, len(small) // 60)
    assert small
    for f in small[::step]:
        compare_with_pefile(tool, f)


def test_objdump_reads_the_object(sysos):
    needs("objdump")
    out = start(["objdump", "-r", "-h", sysos["amd64"]]).out
    assert "pe-x86-64" in out and out.count("IMAGE_REL_AMD64_ADDR32NB") == 8 + 3
    assert "CONTENTS, ALLOC, LOAD, RELOC, READONLY, DATA" in out


C_MAIN = "int __main(void) { return 0; }\nint mainCRTStartup(void) { return 0; }\n"


def test_gnu_ld_links_the_object(tool, sysos, icon, tmp_path):
    needs("x86_64-w64-mingw32-gcc")
    (tmp_path / "m.c").write_text(C_MAIN)
    exe = tmp_path / "ld.exe"
    shutil.copy(sysos["amd64"], tmp_path / "res.o")
    r = start(["x86_64-w64-mingw32-gcc", "-nostdlib", "-o", exe, "m.c", "res.o"], cwd=tmp_path)
    assert r.code == 0, r
    check_resources(tool, exe, "amd64", icon)


@pytest.mark.parametrize("arch", MACHINES)
def test_lld_links_the_object(tool, sysos, icon, tmp_path, arch):
    lld = shutil.which("lld-link") or shutil.which("lld-link-14")
    if lld is None or shutil.which("clang") is None:
        pytest.skip("needs clang and lld-link, which are not installed")
    (tmp_path / "m.c").write_text("int entry(void) { return 0; }\n")
    triple = {"amd64": "x86_64", "arm64": "aarch64", "386": "i686"}[arch] + "-pc-windows-msvc"
    r = start(["clang", f"--target={triple}", "-ffreestanding", "-c", "m.c", "-o", "m.obj"], cwd=tmp_path)
    assert r.code == 0, r
    shutil.copy(sysos[arch], tmp_path / "res.obj")
    exe = tmp_path / "lld.exe"
    r = start([lld, "/nodefaultlib", "/entry:entry", "/subsystem:console", "/safeseh:no", f"/out:{exe}", "m.obj", "res.obj"],
              cwd=tmp_path)
    assert r.code == 0, r
    check_resources(tool, exe, arch, icon)


def test_osslsigncode_signs_and_agrees_on_the_digest(tool, exe, tmp_path):
    needs("osslsigncode", "openssl")
    r = start(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "c.pem", "-days", "30",
               "-subj", "/CN=Test", "-addext", "extendedKeyUsage=codeSigning"], cwd=tmp_path)
    assert r.code == 0, r
    signed = tmp_path / "signed.exe"
    r = start(["osslsigncode", "sign", "-certs", "c.pem", "-key", "k.pem", "-h", "sha256", "-in", exe[1], "-out", signed],
              cwd=tmp_path)
    assert r.code == 0, r
    before, after = tool("digest", exe[1]).out, tool("digest", signed).out
    ours = re.search(r"sha256=(\w+)", before)[1]
    assert ours == re.search(r"sha256=(\w+)", after)[1] and "gaps=0" in before
    said = start(["osslsigncode", "verify", "-in", signed, "-CAfile", "c.pem"], cwd=tmp_path).out
    assert {d.lower() for d in re.findall(r"message digest *: (\w{64})", said)} == {ours}, said
    got = dump(tool, signed)
    off, size, revision, kind = got["cert"][0].split()
    assert (revision, kind) == ("0x200", "2") and int(off, 16) + int(size) <= signed.stat().st_size
    assert re.search(r"checksum=(\w+)", after)[1] == got["checksum"][0]
    # extracting the signature gives the certificate table's content
    start(["osslsigncode", "extract-signature", "-in", signed, "-out", tmp_path / "sig"], cwd=tmp_path)
    sig = (tmp_path / "sig").read_bytes()
    at = int(off, 16)
    assert sig in (signed.read_bytes()[at:at + len(sig)], signed.read_bytes()[at + 8:at + 8 + len(sig)])


READ_VERSION_C = r"""
#include <windows.h>
#include <stdio.h>
int wmain(int argc, wchar_t **argv) {
  static char buf[1 << 16];
  VS_FIXEDFILEINFO *f;
  UINT n;
  WORD *t;
  if (argc < 2 || !GetFileVersionInfoW(argv[1], 0, sizeof(buf), buf)) return 1;
  if (!VerQueryValueW(buf, L"\\", (void **)&f, &n)) return 2;
  printf("%08lx %08lx %lx\n", f->dwFileVersionMS, f->dwFileVersionLS, f->dwFileFlags);
  if (!VerQueryValueW(buf, L"\\VarFileInfo\\Translation", (void **)&t, &n)) return 3;
  for (int i = 2; i < argc; i++) {
    wchar_t path[200], *s;
    swprintf(path, 200, L"\\StringFileInfo\\%04x%04x\\%ls", t[0], t[1], argv[i]);
    if (!VerQueryValueW(buf, path, (void **)&s, &n)) return 4;
    for (; *s; s++) printf("%04x", *s);
    printf("\n");
  }
  HMODULE m = LoadLibraryExW(argv[1], NULL, LOAD_LIBRARY_AS_DATAFILE);
  HRSRC g = FindResourceW(m, MAKEINTRESOURCEW(1), (LPCWSTR)RT_GROUP_ICON);
  HRSRC x = FindResourceW(m, MAKEINTRESOURCEW(1), (LPCWSTR)RT_MANIFEST);
  if (!g || !x) return 5;
  printf("%lu %lu\n", SizeofResource(m, g), SizeofResource(m, x));
  HICON icon = (HICON)LoadImageW(m, MAKEINTRESOURCEW(1), IMAGE_ICON, 32, 32, 0);
  printf("icon %d\n", icon != NULL);
  return 0;
}
"""


@pytest.mark.slow
def test_windows_own_api_reads_them_in_wine(wine, exe, icon, tmp_path):
    needs("x86_64-w64-mingw32-gcc")
    (tmp_path / "r.c").write_text(READ_VERSION_C)
    r = start(["x86_64-w64-mingw32-gcc", "-municode", "-o", "r.exe", "r.c", "-lversion"], cwd=tmp_path)
    assert r.code == 0, r
    shutil.copy(exe[1], tmp_path / "app.exe")
    r = wine("r.exe", "app.exe", "CompanyName", "FileDescription", "FileVersion", cwd=tmp_path)
    assert r.code == 0, r
    lines = r.out.split("\n")
    assert lines[0].strip() == "00010004 00000000 2"
    for line, key in zip(lines[1:4], ("company", "description", "file_version")):
        assert bytes.fromhex(line.strip()).decode("utf-16be") == TEXTS[key]
    assert lines[4].split()[0] == str(6 + 14 * len(icon[1]))
    assert lines[5].strip() == "icon 1"


# Debian's wine on amd64 runs programs of that machine only.
@pytest.mark.parametrize("exe", [(g, "amd64") for g in go_tools()] or [(None, None)], indirect=True)
@pytest.mark.slow
def test_a_program_with_resources_runs_in_wine(wine, exe, tmp_path):
    r = wine(exe[1], cwd=tmp_path)
    assert r.code == 0 and r.out.strip() == "it runs", r


def test_the_object_is_the_same_every_time(tool, sysos, icon, tmp_path):
    tool("syso", "amd64", tmp_path / "again.syso", f"icon={icon[0]}", "level=admin", "dpi=4", "long_paths=true", "utf8=true",
         "name=Example.Agent", *[f"{k}={v}" for k, v in TEXTS.items()])
    data = (tmp_path / "again.syso").read_bytes()
    assert data == sysos["amd64"].read_bytes()
    assert struct.unpack_from("<I", data, 4) == (0,)


def test_broken_inputs_are_refused_with_reason(tool, tmp_path):
    (tmp_path / "bad.ico").write_bytes(b"\0\0\1\0\1\0" + bytes(16))
    r = tool("syso", "amd64", tmp_path / "x", f"icon={tmp_path / 'bad.ico'}", ok=False)
    assert r.err.startswith("FORMAT 14: icon: image 1: ") and not (tmp_path / "x").exists()
    (tmp_path / "bad.xml").write_text("<assembly>\n<a></b></assembly>")
    r = tool("syso", "amd64", tmp_path / "x", f"manifest={tmp_path / 'bad.xml'}", ok=False)
    assert r.err.startswith("FORMAT 14: manifest: ") and "line 2" in r.err
    r = tool("syso", "amd64", tmp_path / "x", "file_version=1.2.3.4.5", ok=False)
    assert "more than four numbers" in r.err
