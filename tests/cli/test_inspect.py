# SPDX-License-Identifier: Apache-2.0
"""`wingo inspect`, held against readelf, llvm-readobj, `go version -m` and the CycloneDX schema."""
import base64
import glob
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from conftest import ROOT, needs, start

BAD = ROOT / "tests" / "bad"
FEW = ["windows/amd64", "linux/amd64", "linux/s390x", "darwin/arm64"]
MORE = ["windows/386", "windows/arm64", "linux/386", "linux/arm", "linux/arm64", "linux/riscv64",
        "linux/ppc64", "linux/ppc64le", "linux/mips", "linux/mips64le", "darwin/amd64",
        "freebsd/amd64"]


def described(run, *paths, **more):
    r = run("inspect", "--json", *paths, **more)
    assert r.code == 0, r
    return json.loads(r.out)


# ---- Go programs -------------------------------------------------------------------------------

def toolchains():
    """Go as found on PATH and, beside it, Debian's versioned packages."""
    found = [shutil.which("go")] + sorted(glob.glob("/usr/lib/go-*/bin/go"))
    unique = []
    for go in filter(None, found):
        if os.path.realpath(go) not in map(os.path.realpath, unique):
            unique.append(go)
    return unique


@pytest.fixture(scope="session")
def proxy(tmp_path_factory):
    """A module proxy of two modules in a folder, so that the programs have real sums."""
    top = tmp_path_factory.mktemp("proxy")
    for path, version in (("example.org/Upper/dep", "v1.2.3"), ("example.org/old", "v0.1.0"),
                          ("example.org/fork", "v0.2.0-pre")):
        escaped = re.sub("[A-Z]", lambda m: "!" + m.group().lower(), path)
        at = top / escaped / "@v"
        at.mkdir(parents=True)
        name = path.rsplit("/", 1)[1]
        mod = f"module {'example.org/old' if name == 'fork' else path}\n\ngo 1.19\n"
        (at / "list").write_text(version + "\n")
        (at / f"{version}.info").write_text(json.dumps({"Version": version}))
        (at / f"{version}.mod").write_text(mod)
        with zipfile.ZipFile(at / f"{version}.zip", "w") as z:
            z.writestr(f"{path}@{version}/go.mod", mod)
            z.writestr(f"{path}@{version}/x.go", f"package {'old' if name == 'fork' else name}\n\nconst X = 1\n")
    return top


@pytest.fixture(scope="session")
def source(tmp_path_factory, proxy):
    """A program with a plain module, one replaced by a module, one replaced by a folder."""
    top = tmp_path_factory.mktemp("source")
    (top / "local").mkdir()
    (top / "local" / "go.mod").write_text("module example.org/local\n\ngo 1.19\n")
    (top / "local" / "x.go").write_text("package local\n\nconst X = 1\n")
    (top / "go.mod").write_text("""module example.com/prog

go 1.19

require (
	example.org/Upper/dep v1.2.3
	example.org/local v0.0.1
	example.org/old v0.1.0
)

replace example.org/local => ./local

replace example.org/old => example.org/fork v0.2.0-pre
""")
    (top / "main.go").write_text("""package main

import (
	"example.org/Upper/dep"
	"example.org/local"
	"example.org/old"
)

var text = "x"

func main() { println(text, dep.X+local.X+old.X) }
""")
    return top


@pytest.fixture(scope="session")
def go_build(source, proxy, go_caches, tmp_path_factory):
    """go_build(go, "linux/arm64", ...flags) -> path of the program; each is built once."""
    done = {}
    mod_cache = tmp_path_factory.mktemp("modcache")
    out = tmp_path_factory.mktemp("programs")

    def call(go, target, *flags, cgo="0"):
        key = (go, target, flags, cgo)
        if key in done:
            return done[key]
        goos, goarch = target.split("/")
        path = out / f"p{len(done)}"
        env = {"PATH": os.environ["PATH"], "HOME": str(out), "GOOS": goos, "GOARCH": goarch,
               "GOPROXY": f"file://{proxy}", "GOSUMDB": "off", "GOFLAGS": "-mod=mod -modcacherw",
               "GOTOOLCHAIN": "local", "CGO_ENABLED": cgo, "GOCACHE": go_caches["GOCACHE"],
               "GOMODCACHE": str(mod_cache)}
        args = [go, "build", "-o", path, *flags]
        if "buildvcs" not in " ".join(flags):
            args.append("-buildvcs=false")
        r = start([*args, "."], cwd=source, env=env, timeout=900)
        assert r.code == 0, r
        done[key] = path
        return path

    yield call
    subprocess.run(["chmod", "-R", "u+w", str(mod_cache)], check=False)


def unquoted(text):
    if text.startswith('"'):
        return json.loads(text)
    return text[1:-1] if text.startswith("`") else text


def go_says(path):
    """What `go version -m` prints, as the model of inspect."""
    out = start([toolchains()[0], "version", "-m", path], cwd="/").out
    lines = out.splitlines()
    model = {"version": lines[0].rsplit(": ", 1)[1], "path": None, "main": None, "deps": [],
             "settings": []}
    for line in lines[1:]:
        word, *cols = line.lstrip("\t").split("\t")
        if word == "path":
            model["path"] = cols[0]
        elif word == "mod":
            model["main"] = (cols + [""])[:3]
        elif word == "dep":
            model["deps"].append((cols + [""])[:3] + ["", "", ""])
        elif word == "=>":
            model["deps"][-1][3:] = cols
        elif word == "build":
            key, value = cols[0].split("=", 1)
            model["settings"].append([unquoted(key), unquoted(value)])
    return model


def ours(go):
    order = ("path", "version", "sum", "replaced_by", "replaced_by_version", "replaced_by_sum")
    deps = [[d[k] for k in order] for d in go["deps"]]
    for d in deps:
        if d[3]:
            d[2] = ""  # go does not print the sum of what is replaced
    return {"version": go["version"], "path": go["path"],
            "main": [go["main"][k] for k in order[:3]], "deps": deps,
            "settings": [[s["key"], s["value"]] for s in go["settings"]]}


def check_go(run, path, goos=None, goarch=None):
    got = described(run, path)
    assert ours(got["go"]) == go_says(path)
    settings = dict(ours(got["go"])["settings"])
    assert len(got["go"]["deps"]) == 3
    assert got["go"]["deps"][0]["path"] == "example.org/Upper/dep"
    assert got["go"]["deps"][0]["sum"].startswith("h1:")
    if goos:
        assert settings["GOOS"] == goos and settings["GOARCH"] == goarch
    assert got["sha256"] == hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
    return got


@pytest.mark.parametrize("target", FEW + [pytest.param(t, marks=pytest.mark.slow) for t in MORE])
def test_go_modules_as_go_prints_them(run, go_build, target):
    needs("go")
    path = go_build(toolchains()[0], target)
    got = check_go(run, path, *target.split("/"))
    assert got["format"] == {"windows": "PE", "darwin": "Mach-O"}.get(target.split("/")[0], "ELF")


@pytest.mark.slow
@pytest.mark.parametrize("target", FEW)
def test_go_of_every_installed_version(run, go_build, target):
    needs("go")
    if len(toolchains()) < 2:
        pytest.skip("needs a second Go, such as Debian's golang-1.19")
    for go in toolchains()[1:]:
        check_go(run, go_build(go, target), *target.split("/"))


def test_go_stripped_and_with_quoted_settings(run, go_build):
    needs("go")
    flags = ("-trimpath", "-ldflags", "-s -w -X 'main.text=a b'")
    for target in ("linux/amd64", "windows/amd64"):
        got = check_go(run, go_build(toolchains()[0], target, *flags), *target.split("/"))
        assert got.get("symbols", False) is False
        assert {"key": "-trimpath", "value": "true"} in got["go"]["settings"]


@pytest.mark.parametrize("mode", ["pie", "c-shared"])
def test_go_build_modes(run, go_build, mode):
    needs("go", "gcc")
    machine = start([toolchains()[0], "env", "GOARCH"], cwd="/").out.strip()
    got = check_go(run, go_build(toolchains()[0], f"linux/{machine}", f"-buildmode={mode}", cgo="1"))
    assert {"key": "-buildmode", "value": mode} in got["go"]["settings"]


def test_go_windows_gui(run, go_build):
    needs("go")
    go = toolchains()[0]
    got = described(run, go_build(go, "windows/amd64", "-ldflags", "-H=windowsgui"))
    assert (got["machine"], got["subsystem"], got["bits"]) == ("x86-64", "Windows GUI", 64)
    assert described(run, go_build(go, "windows/amd64"))["subsystem"] == "Windows console"
    assert any(d["dll"].lower() == "kernel32.dll" and "WriteFile" in d["functions"]
               for d in got["imports"])


def test_go_cases_as_go_reads_them(run):
    """The crafted files, old pointer layouts among them: found by Go if and only if by us."""
    needs("go")
    go = toolchains()[0]
    for path in sorted((BAD / "gobuildinfo").glob("*.elf")):
        if path.name == "misaligned-first.elf":
            continue  # Go adds an offset twice here and misses the info that is there
        said = start([go, "version", "-m", path], cwd="/").out
        r = run("inspect", "--json", path)
        found = json.loads(r.out).get("go") if r.code == 0 else None
        assert bool(said) == bool(found), (path, said, r)
        if found:
            assert found["version"] in said.splitlines()[0]
            for dep in found["deps"]:
                assert f"\tdep\t{dep['path']}\t{dep['version']}" in said


# ---- ELF ---------------------------------------------------------------------------------------

def system_elfs(n):
    found = []
    for folder in ("/usr/bin", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"):
        for path in sorted(glob.glob(folder + "/*")):
            if os.path.isfile(path) and not os.path.islink(path) and os.access(path, os.R_OK):
                with open(path, "rb") as f:
                    if f.read(4) == b"\x7fELF":
                        found.append(path)
    step = max(1, len(found) // n)
    return found[::step][:n]


def check_readelf(run, path):
    got = described(run, path)
    said = start(["readelf", "-hWSldn", path], env={"PATH": os.environ["PATH"], "LC_ALL": "C"}).out
    assert got["needed"] == re.findall(r"\(NEEDED\).*\[(.*)\]", said)
    interpreter = re.findall(r"Requesting program interpreter: (.*)\]", said)
    assert ([got["interpreter"]] if "interpreter" in got else []) == interpreter
    assert ([got["soname"]] if "soname" in got else []) == re.findall(r"\(SONAME\).*\[(.*)\]", said)
    assert ([got["build_id"]] if "build_id" in got else []) == \
        re.findall(r"Build ID: ([0-9a-f]+)", said)[:1]
    assert got["entry"] == re.findall(r"Entry point address:\s+(0x[0-9a-f]+)", said)[0]
    sections = re.findall(
        r"^\s+\[\s*(\d+)\] (\S*)\s+(\S+)\s+([0-9a-f]{8,16}) ([0-9a-f]{6,}) ([0-9a-f]{6,})", said, re.M)
    assert [(s["name"], int(s["address"], 16), s["offset"], s["bytes"]) for s in got["sections"]] == \
        [(s[1], int(s[3], 16), int(s[4], 16), int(s[5], 16)) for s in sections if s[0] != "0"]
    hexa = r"(0x[0-9a-f]{5,})"
    segments = re.findall(rf"^  ([A-Z_]+|0x\w+|LOOS\S+)\s+{hexa} {hexa} 0x[0-9a-f]+ {hexa} {hexa}",
                          said, re.M)
    assert [(int(s["address"], 16), s["offset"], s["file_bytes"], s["memory_bytes"])
            for s in got["segments"]] == \
        [(int(s[2], 16), int(s[1], 16), int(s[3], 16), int(s[4], 16)) for s in segments]


def test_system_files_as_readelf_reads_them(run):
    needs("readelf")
    files = system_elfs(40)
    assert files
    for path in files:
        check_readelf(run, path)


@pytest.mark.parametrize("target", ["linux/s390x", pytest.param("linux/mips", marks=pytest.mark.slow)])
def test_big_endian_as_readelf_reads_it(run, go_build, target):
    needs("go", "readelf")
    check_readelf(run, go_build(toolchains()[0], target))


# ---- Mach-O ------------------------------------------------------------------------------------

def llvm(tool):
    for name in [tool] + sorted(glob.glob(f"/usr/bin/{tool}-[0-9]*"), reverse=True):
        if shutil.which(name):
            return name
    return pytest.skip(f"needs {tool}, which is not installed")


def readobj(path):
    args = ["--file-headers", "--sections", "--needed-libs", "--macho-segment", "--macho-version-min"]
    r = start([llvm("llvm-readobj"), *args, path])
    assert r.code == 0, r
    return r.out


def check_readobj(got, said):
    number = r"(0x[0-9A-F]+|\d+)"
    segments = re.findall(
        rf"Segment {{\s+Cmd: \w+\s+Name: (\S*)\s+Size: {number}\s+vmaddr: {number}\s+vmsize: {number}"
        rf"\s+fileoff: {number}\s+filesize: {number}", said)
    assert len(segments) == said.count("Segment {")
    assert [(s["name"], int(s["address"], 16), s["memory_bytes"], s["offset"], s["file_bytes"])
            for s in got["segments"]] == \
        [(s[0], int(s[2], 0), int(s[3], 0), int(s[4], 0), int(s[5], 0)) for s in segments]
    sections = re.findall(rf"Section {{\s+Index: \d+\s+Name: (\S*) .*\s+Segment: (\S*) .*\s+"
                          rf"Address: {number}\s+Size: {number}\s+Offset: {number}", said)
    assert len(sections) == said.count("Section {")
    assert [(s["name"], s["segment"], int(s["address"], 16), s["bytes"], s["offset"])
            for s in got["sections"]] == \
        [(s[0], s[1], int(s[2], 0), int(s[3], 0), int(s[4], 0)) for s in sections]
    libraries = re.search(r"NeededLibraries \[(.*?)\]", said, re.S).group(1).split()
    assert sorted(d["name"] for d in got["needed"]) == sorted(libraries)


def test_macho_as_llvm_reads_it(run, go_build):
    needs("go")
    for target in ("darwin/arm64", "darwin/amd64"):
        path = go_build(toolchains()[0], target)
        got = described(run, path)
        check_readobj(got, readobj(path))
        assert got["platform"] == "macOS" and got["min_os"] and got["pie"]
        assert got["machine"] == {"arm64": "arm64", "amd64": "x86_64"}[target.split("/")[1]]
        assert got["signature"] == (target == "darwin/arm64")  # Go signs for arm64 only


def test_macho_fat(run, go_build, tmp_path):
    needs("go")
    thin = [go_build(toolchains()[0], t) for t in ("darwin/amd64", "darwin/arm64")]
    fat = tmp_path / "fat"
    assert start([llvm("llvm-lipo"), "-create", *thin, "-output", fat]).code == 0
    got = described(run, fat)
    assert got["universal"] and len(got["images"]) == 2
    for image in got["images"]:
        at, n = image["offset"], image["bytes"]
        assert fat.read_bytes()[at:at + n] in [p.read_bytes() for p in thin]
        assert image["go"]["version"].startswith("go")
    # go reads the first part
    assert ours(got["images"][0]["go"]) == go_says(fat)


def test_macho_objects(run, tmp_path):
    needs("clang")
    (tmp_path / "x.c").write_text("int x[100]; int y = 1; int f(void) { return x[y]; }\n")
    for target in ("x86_64-apple-macos11", "arm64-apple-macos11", "armv7-apple-ios7"):
        out = tmp_path / f"{target}.o"
        r = start(["clang", f"--target={target}", "-c", tmp_path / "x.c", "-o", out])
        if r.code != 0:
            pytest.skip(f"this clang cannot make Mach-O objects: {r.err}")
        got = described(run, out)
        check_readobj(got, readobj(out))
        assert got["type"] == "object file"
        assert got["bits"] == (32 if target.startswith("armv7") else 64)


# ---- SBOM --------------------------------------------------------------------------------------

def validator():
    """An interpreter that has the CycloneDX schema and a JSON Schema validator."""
    for python in filter(None, (os.environ.get("CYCLONEDX_PYTHON"), sys.executable,
                                shutil.which("python3"))):
        if start([python, "-c", "import cyclonedx.validation.json, jsonschema"]).code == 0:
            return python
    return pytest.skip("needs PyPI's cyclonedx-python-lib[json-validation]; CYCLONEDX_PYTHON may name "
                       "a Python that has it")


VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
errors = JsonStrictValidator(SchemaVersion.V1_5).validate_str(open(sys.argv[1]).read())
sys.exit(f"{errors}" if errors else 0)
"""


def sbom(run, path, **more):
    r = run("inspect", "--sbom", path, **more)
    assert r.code == 0, r
    return r.out, json.loads(r.out)


def test_sbom_is_valid(run, go_build, tmp_path):
    needs("go")
    python = validator()
    for k, path in enumerate([go_build(toolchains()[0], t) for t in FEW] +
                             [BAD / "gobuildinfo" / "pointers-32-big.elf",
                              BAD / "gobuildinfo" / "no-text.elf"]):
        for epoch in (None, "1700000000"):
            text, _ = sbom(run, path, env={"SOURCE_DATE_EPOCH": epoch})
            file = tmp_path / f"{k}.json"
            file.write_text(text)
            r = start([python, "-c", VALIDATE, file])
            assert r.code == 0, r


def test_sbom_says_what_go_says(run, go_build):
    needs("go")
    path = go_build(toolchains()[0], "windows/amd64")
    text, doc = sbom(run, path)
    said = go_says(path)
    main = doc["metadata"]["component"]
    assert main["name"] == "prog" and main["purl"] == "pkg:golang/example.com/prog"
    assert main["hashes"] == [{"alg": "SHA-256",
                               "content": hashlib.sha256(path.read_bytes()).hexdigest()}]
    properties = {p["name"]: p["value"] for p in main["properties"]}
    assert properties["cdx:gomod:build:env:GOOS"] == "windows"
    assert properties["cdx:gomod:build:env:GOARCH"] == "amd64"
    by_name = {c["name"]: c for c in doc["components"]}
    assert set(by_name) == {"example.org/Upper/dep", "example.org/local", "example.org/fork", "std"}
    dep = by_name["example.org/Upper/dep"]
    assert (dep["version"], dep["purl"]) == ("v1.2.3", "pkg:golang/example.org/upper/dep@v1.2.3")
    sums = {c["name"]: p["value"] for c in doc["components"] for p in c.get("properties", [])
            if p["name"] == "wingo:go:sum"}
    assert sums == {"example.org/Upper/dep": said["deps"][0][2],
                    "example.org/fork": said["deps"][2][5]}
    for value in sums.values():
        # a directory hash is never shown as the hash of a file
        assert base64.b64decode(value[3:]).hex() not in text
    assert all("hashes" not in c for c in doc["components"])
    assert "purl" not in by_name["example.org/local"] and "version" not in by_name["example.org/local"]
    assert by_name["example.org/fork"]["pedigree"]["ancestors"][0]["name"] == "example.org/old"
    assert by_name["std"]["version"] == said["version"]
    refs = [c["bom-ref"] for c in doc["components"]]
    assert doc["dependencies"] == [{"ref": "main", "dependsOn": refs}]


def test_sbom_is_deterministic(run, go_build, tmp_path):
    needs("go")
    path = go_build(toolchains()[0], "linux/amd64")
    first, doc = sbom(run, path)
    assert "timestamp" not in doc["metadata"]
    assert first == sbom(run, path, cwd=path.parent)[0]
    timed, doc = sbom(run, path, env={"SOURCE_DATE_EPOCH": "1700000000"})
    assert doc["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"
    assert json.loads(first)["serialNumber"] != doc["serialNumber"]
    r = run("inspect", "--sbom", path, env={"SOURCE_DATE_EPOCH": "yesterday"})
    assert r.code == 2 and "SOURCE_DATE_EPOCH" in r.err


def test_sbom_names_the_modules_that_cyclonedx_gomod_names(run, go_build):
    needs("go", "cyclonedx-gomod")
    path = go_build(toolchains()[0], "linux/amd64")
    other = json.loads(start(["cyclonedx-gomod", "bin", "-json", "-std", path]).out)
    theirs = {(c["name"], c["version"]) for c in other["components"] if not c["name"].startswith(".")}
    mine = {(c["name"], c["version"]) for c in sbom(run, path)[1]["components"] if "version" in c}
    assert mine == theirs


def test_sbom_of_what_is_no_go_program(run):
    r = run("inspect", "--sbom", "/bin/sh")
    assert r.code == 1 and "no Go build info" in r.err and r.out == ""
    r = run("inspect", "--sbom", BAD / "elf" / "class-3.elf")
    assert r.code == 4 and "offset 0x4" in r.err


# ---- the command -------------------------------------------------------------------------------

def bad_files():
    for folder in ("elf", "macho", "gobuildinfo"):
        for line in (BAD / folder / "README.md").read_text().splitlines():
            m = re.match(r"- (\S+): .* -> (\w+)$", line)
            if m:
                yield pytest.param(BAD / folder / m[1], m[2], id=m[1])


@pytest.mark.parametrize("path, code", bad_files())
def test_hostile_files(run, path, code):
    r = run("inspect", "--json", path)
    assert r.code == {"OK": 0, "NOT_FOUND": 0, "FORMAT": 4, "LIMIT": 1}[code], r
    if r.code == 0:
        assert ("go" in json.loads(r.out)) == (code == "OK" and path.parent.name == "gobuildinfo")
    else:
        error = json.loads(r.out)["error"]
        assert (error["code"], error["exit"]) == (code, r.code), r
        assert len(r.err.splitlines()) == 1 and f"'{path}'" in r.err and "offset 0x" in r.err


def test_formats_by_content_not_by_name(run, tmp_path):
    shutil.copy(BAD / "elf" / "whole-64.elf", tmp_path / "program.exe")
    assert described(run, tmp_path / "program.exe")["format"] == "ELF"


def test_unknown_formats(run, tmp_path):
    (tmp_path / "text").write_text("hello\n")
    (tmp_path / "empty").write_text("")
    r = run("inspect", "text")
    assert r.code == 1 and "'text'" in r.err and "ELF" in r.err and "PE" in r.err
    r = run("inspect", "empty")
    assert r.code == 1 and "empty" in r.err
    r = run("inspect", ".")
    assert r.code == 1 and "directory" in r.err
    r = run("inspect", "absent")
    assert r.code == 1 and "absent" in r.err
    assert run("inspect").code == 2


def test_several_files(run, tmp_path):
    good = BAD / "elf" / "whole-64.elf"
    r = run("inspect", good, BAD / "elf" / "class-3.elf", good)
    assert r.code == 4
    assert r.out.count("Format") == 2 and r.err.count("error") == 1
    r = run("inspect", "--json", good, good)
    one = json.loads(run("inspect", "--json", good).out)
    assert r.code == 0 and json.loads(r.out) == {"files": [one, one]}
    r = run("inspect", "--json", good, BAD / "elf" / "class-3.elf", tmp_path / "absent", good)
    found = json.loads(r.out)
    assert r.code == 4 and found["error"]["exit"] == 4 and found["files"][0] == found["files"][3] == one, r
    assert [f["error"]["code"] for f in found["files"][1:3]] == ["FORMAT", "NOT_FOUND"], r


def test_text_does_not_reach_the_terminal_raw(run, tmp_path):
    data = (BAD / "elf" / "whole-64.elf").read_bytes()
    evil = data.replace(b".interp\0", b"\x1b[2Jx\xff\xfe\0").replace(b"libc.so.6\0", b"\xe2\x80\xaelib\x07.\r\0")
    assert len(evil) == len(data) and evil != data
    (tmp_path / "evil").write_bytes(evil)
    r = run("inspect", tmp_path / "evil")
    assert r.code == 0
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", r.out)
    assert "\\x1b[2Jx\\xff\\xfe" in r.out and "\\u202elib\\x07.\\x0d" in r.out
    assert described(run, tmp_path / "evil")["needed"] == ["\u202elib\x07.\r"]


def test_text_and_json_agree(run):
    path = BAD / "gobuildinfo" / "inline.elf"
    text = run("inspect", path).out
    got = described(run, path)
    assert got["sha256"] in text and got["go"]["version"] in text
    for dep in got["go"]["deps"]:
        assert dep["path"] in text and dep["version"] in text
    assert len(text.splitlines()) < 60 and max(map(len, text.splitlines())) < 200
