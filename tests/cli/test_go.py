# SPDX-License-Identifier: Apache-2.0
"""Go programs through `wingo build`: what is built, from what, when again, and what is said when it can't be.

Judges: `go version -m`, go itself with GOPROXY=off, Wine, wrestool, readelf; a module proxy of our own on the loopback
address or in a folder.
"""
import base64
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import stat
import tarfile
import threading
import zipfile

import pytest

from conftest import needs, start
from winelab import wine  # noqa: F401, a fixture

SIX = ["windows/amd64", "windows/arm64", "windows/386", "linux/amd64", "linux/arm64", "darwin/arm64"]
pytestmark = pytest.mark.skipif(shutil.which("go") is None, reason="needs go, which is not installed")


def put(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text)


def yaml(targets=("linux/amd64",), **app):
    """A project file with one app, `tool`; JSON is YAML."""
    body = {"version": 1, "name": "p", "apps": {"tool": {"dir": ".", "targets": list(targets), **app}}}
    return json.dumps(body, indent=1)


MAIN = 'package main\n\nfunc main() { println("hello") }\n'
MOD = "module example.com/tool\n\ngo 1.19\n"


@pytest.fixture
def make(tmp_path):
    """make({name: text}, folder="src") -> the project's folder."""

    def call(files, folder="src"):
        where = tmp_path / folder
        put(where, {"go.mod": MOD, "main.go": MAIN, "wingo.yaml": yaml(), **files})
        return where

    return call


@pytest.fixture
def build(run):
    """build(folder, *args, env={}) -> what `wingo build --json` prints, with the exit code as "code"."""

    def call(folder, *args, **more):
        r = run("build", "--json", *args, cwd=folder, **more)
        assert r.out, r
        result = json.loads(r.out)
        result["code"] = r.code
        result["stderr"] = r.err
        return result

    return call


def good(result):
    assert result["code"] == 0, result
    return result


def failure(result, *words):
    """The one failure of a build, whose text has all the words."""
    assert result["code"] != 0, result
    texts = {f["text"] for f in result["failures"]}
    assert len(texts) == 1, result
    text = texts.pop()
    for w in words:
        assert w in text, (w, result)
    return text


def program(folder, target="linux/amd64", name="tool"):
    return folder / "out" / name / target.replace("/", "-") / (name + (".exe" if target.startswith("windows") else ""))


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build_info(path):
    """`go version -m` as {key: [fields, ...]}."""
    r = start(["go", "version", "-m", path], cwd="/")
    assert r.code == 0, r
    info = {}
    for line in r.out.splitlines()[1:]:
        key, *fields = line.strip().split("\t")
        info.setdefault(key, []).append(fields)
    info["version"] = r.out.splitlines()[0].split(": ")[1]
    return info


@pytest.fixture
def counted_go(tmp_path):
    """A PATH whose `go` notes each call, and the file where it does."""
    log = tmp_path / "go-calls"
    log.touch()
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "go"
    script.write_text(f'#!/bin/sh\necho "$1" >>{log}\nexec {shutil.which("go")} "$@"\n')
    script.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}", log


# --- what is built


@pytest.mark.slow
def test_six_platforms(make, build):
    src = make({"wingo.yaml": yaml(SIX)})
    r = good(build(src))
    assert r["ran"] == 6
    for target in SIX:
        path = program(src, target)
        info = build_info(path)
        settings = dict(f[0].split("=", 1) for f in info["build"])
        assert f"{settings['GOOS']}/{settings['GOARCH']}" == target
        assert settings["CGO_ENABLED"] == "0"
        assert settings["-trimpath"] == "true"
        assert info["path"] == [["example.com/tool"]]
        assert path.stat().st_mode & 0o111
    assert start([program(src)]).err == "hello\n"


@pytest.mark.slow
def test_a_pe_runs_under_wine(make, build, wine):  # noqa: F811
    src = make({"wingo.yaml": yaml(["windows/amd64"]),
                "main.go": 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("from windows") }\n'})
    good(build(src))
    r = wine(program(src, "windows/amd64"))
    assert r.out.strip() == "from windows", r


@pytest.mark.slow
def test_variants_have_folders_of_their_own(make, build):
    src = make({"wingo.yaml": yaml(["linux/amd64", "linux/amd64/v3", "linux/arm/7"])})
    good(build(src))
    settings = [f[0] for f in build_info(program(src, "linux/amd64/v3"))["build"]]
    assert "GOAMD64=v3" in settings
    assert "GOAMD64=v1" in [f[0] for f in build_info(program(src))["build"]]
    assert "GOARM=7" in [f[0] for f in build_info(program(src, "linux/arm/7"))["build"]]


def test_flags_tags_and_variables(make, build):
    src = make({
        "wingo.yaml": yaml(ldflags=["-s", "-w"], tags=["extra", "more"],
                           vars={"main.version": "1.0 \"beta\" of it", "example.com/tool/v.Name": "it's"}),
        "main.go": 'package main\n\nimport "example.com/tool/v"\n\nvar version, tag = "none", "no"\n\n'
                   "func main() { println(version, v.Name, tag) }\n",
        "v/v.go": "package v\n\nvar Name = \"\"\n",
        "tagged.go": '//go:build extra && more\n\npackage main\n\nfunc init() { tag = "yes" }\n',
    })
    good(build(src))
    assert start([program(src)]).err == '1.0 "beta" of it it\'s yes\n'


@pytest.mark.slow
def test_cgo_files_are_left_out_unless_asked_for(make, build):
    needs("gcc")
    files = {"c.go": 'package main\n\n// int one(void) { return 1; }\nimport "C"\n\nfunc init() { println("cgo", C.one()) }\n'}
    src = make(files)
    good(build(src))
    assert start([program(src)]).err == "hello\n"
    put(src, {"wingo.yaml": yaml(env={"CGO_ENABLED": "1"})})
    good(build(src))
    assert start([program(src)]).err == "cgo 1\nhello\n"
    # What the shell says does not count: a build is what the project file says.
    put(src, {"wingo.yaml": yaml()})
    good(build(src, env={"CGO_ENABLED": "1"}))
    assert start([program(src)]).err == "hello\n"


@pytest.mark.slow
def test_workspace_and_replaced_module(make, build):
    src = make({
        "wingo.yaml": yaml(dir="app"),
        "go.work": "go 1.19\n\nuse (\n\t./app\n\t./lib\n)\n",
        "app/go.mod": "module example.com/app\n\ngo 1.19\n\nrequire example.com/near v0.0.0\n\n"
                      "replace example.com/near => ../near\n",
        "app/main.go": 'package main\n\nimport (\n\t"example.com/lib"\n\t"example.com/near"\n)\n\n'
                       "func main() { println(lib.Name, near.Name) }\n",
        "lib/go.mod": "module example.com/lib\n\ngo 1.19\n",
        "lib/lib.go": 'package lib\n\nconst Name = "lib"\n',
        "near/go.mod": "module example.com/near\n\ngo 1.19\n",
        "near/near.go": 'package near\n\nconst Name = "near"\n',
    })
    (src / "go.mod").unlink()
    (src / "main.go").unlink()
    good(build(src))
    assert start([program(src)]).err == "lib near\n"
    for name in ("lib", "near"):
        put(src, {f"{name}/{name}.go": f'package {name}\n\nconst Name = "{name} 2"\n'})
        assert good(build(src))["ran"] == 1
    assert start([program(src)]).err == "lib 2 near 2\n"
    (src / "go.work").unlink()
    failure(build(src), "example.com/lib")


# --- the same bytes, and when again


@pytest.mark.slow
def test_two_folders_homes_and_stores_give_the_same_bytes(make, build, tmp_path):
    files = {
        "wingo.yaml": yaml(SIX, ldflags=["-s"], vars={"main.version": "7"}),
        "go.mod": MOD + "\nrequire example.com/lib v0.0.0\n\nreplace example.com/lib => ./lib\n",
        "main.go": 'package main\n\nimport (\n\t_ "embed"\n\n\t"example.com/lib"\n)\n\n//go:embed text\nvar text string\n\n'
                   "var version string\n\nfunc main() { println(lib.Name(), version, text) }\n",
        "text": "embedded",
        "lib/go.mod": "module example.com/lib\n\ngo 1.19\n",
        "lib/lib.go": "package lib\n\nfunc Name() string { panic(1) }\n",
    }
    digests = []
    for folder in ("one", "two/deeper"):
        src = make(files, folder)
        home = tmp_path / folder / "home"
        (home / "tmp").mkdir(parents=True)
        own = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "TMPDIR": str(home / "tmp")}
        good(build(src, env=own))
        digests.append([digest(program(src, t)) for t in SIX])
        for target in SIX:
            assert str(tmp_path).encode() not in program(src, target).read_bytes()
    # Go's build cache may speed it up; it is no part of the result.
    program(src, SIX[0]).unlink()
    own.update(GOCACHE=str(home / "go-build"), XDG_CACHE_HOME=str(home / "cache2"))
    assert good(build(src, "app/tool/windows-amd64", env=own))["ran"] == 1
    assert digest(program(src, SIX[0])) == digests[0][0]
    assert digests[0] == digests[1]


@pytest.mark.slow
def test_another_checkout_takes_everything_from_the_store(make, build, counted_go):
    path, calls = counted_go
    first, second = make({"wingo.yaml": yaml(SIX[:3])}, "a"), make({"wingo.yaml": yaml(SIX[:3])}, "b/c")
    assert good(build(first, env={"PATH": path}))["ran"] == 3
    calls.write_text("")
    r = good(build(second, env={"PATH": path}))
    assert r["ran"] == 0 and r["cached"] == 3
    assert "build" not in calls.read_text().split()
    assert digest(program(second, SIX[0])) == digest(program(first, SIX[0]))


@pytest.mark.slow
def test_nothing_to_do_starts_no_go(make, build, counted_go):
    path, calls = counted_go
    src = make({"wingo.yaml": yaml(SIX[:2])})
    good(build(src, env={"PATH": path}))
    assert "build" in calls.read_text()
    calls.write_text("")
    for _ in range(2):
        r = good(build(src, env={"PATH": path}))
        assert r["ran"] == 0
    (src / "notes.txt").write_text("not a source")
    assert good(build(src, env={"PATH": path}))["ran"] == 0
    assert calls.read_text() == ""


@pytest.mark.slow
def test_a_file_of_one_target_rebuilds_that_alone(make, build, counted_go):
    path, calls = counted_go
    src = make({"wingo.yaml": yaml(["windows/amd64", "linux/amd64", "linux/arm64"]),
                "x_windows.go": "package main\n", "x_linux.go": "package main\n",
                "x_unused.go": "//go:build never\n\npackage main\n", "x_test.go": "package main\n"})
    env = {"PATH": path}
    good(build(src, env=env))

    def change(name, text="package main\n\nfunc init() {}\n"):
        calls.write_text("")
        (src / name).write_text(text)
        return good(build(src, env=env))["ran"]

    assert change("x_windows.go") == 1
    assert calls.read_text().split().count("build") == 1
    assert change("x_linux.go") == 2
    assert change("x_unused.go", "//go:build never && ever\n\npackage main\n") == 0
    assert change("x_unused.go", "package main\n") == 3
    assert change("x_test.go") == 0
    assert change("main.go", MAIN.replace("hello", "changed")) == 3
    assert change("main.go", MAIN) == 0  # known before
    assert start([program(src)]).err == "hello\n"
    assert change("new_arm64.go") == 1
    (src / "new_arm64.go").unlink()
    assert good(build(src, env=env))["ran"] == 0


@pytest.mark.slow
def test_embedded_files_count(make, build):
    src = make({"main.go": 'package main\n\nimport "embed"\n\n//go:embed static *.tmpl\nvar fs embed.FS\n\nfunc main() {\n'
                           '\tfor _, d := range []string{".", "static", "static/deep"} {\n\t\tes, _ := fs.ReadDir(d)\n'
                           "\t\tfor _, e := range es {\n\t\t\tprintln(e.Name())\n\t\t}\n\t}\n}\n",
                "static/a": "a", "static/deep/b": "b", "page.tmpl": "t"})
    good(build(src))
    assert start([program(src)]).err.split() == ["page.tmpl", "static", "a", "deep", "b"]
    for name, ran in (("static/deep/new", 1), ("second.tmpl", 1), ("readme.txt", 0), ("static/.hidden", 0)):
        (src / name).write_text("x")
        assert good(build(src))["ran"] == ran, name
    (src / "static/a").write_text("changed")
    assert good(build(src))["ran"] == 1
    assert start([program(src)]).err.split() == ["page.tmpl", "second.tmpl", "static", "a", "deep", "b", "new"]
    (src / "second.tmpl").unlink()
    (src / "static/deep/new").unlink()
    (src / "static/a").write_text("a")
    assert good(build(src))["ran"] == 0
    assert start([program(src)]).err.split() == ["page.tmpl", "static", "a", "deep", "b"]


@pytest.mark.slow
def test_settings_count_wherever_they_are_made(make, build, home):
    src = make({"tagged.go": "//go:build special\n\npackage main\n\nfunc init() { println(\"tagged\") }\n"})
    assert good(build(src))["ran"] == 1
    assert good(build(src, env={"GOFLAGS": "-tags=special"}))["ran"] == 1
    assert start([program(src)]).err == "tagged\nhello\n"
    assert good(build(src))["ran"] == 0
    assert start([program(src)]).err == "hello\n"
    put(home / ".config/go", {"env": "GOFLAGS=-tags=special\n"})
    good(build(src, env={"GOFLAGS": None}))
    assert start([program(src)]).err == "tagged\nhello\n"


@pytest.mark.slow
def test_a_profile_beside_main_counts(make, build):
    if tuple(map(int, go_version().split(".")[:2])) < (1, 21):
        pytest.skip("needs Go 1.21 for default.pgo")
    src = make({"go.mod": MOD.replace("1.19", "1.21")})
    good(build(src))
    (src / "default.pgo").write_bytes(b"")
    assert good(build(src))["ran"] == 1


def go_version():
    return start(["go", "env", "GOVERSION"], cwd="/").out.strip()[2:]


# --- modules


def add_module(proxy, path, version, files):
    folder = proxy / path / "@v"
    folder.mkdir(parents=True, exist_ok=True)
    files = {"go.mod": f"module {path}\n\ngo 1.19\n", **files}
    (folder / "list").write_text(version + "\n")
    (folder / f"{version}.info").write_text(json.dumps({"Version": version}))
    (folder / f"{version}.mod").write_text(files["go.mod"])
    with zipfile.ZipFile(folder / f"{version}.zip", "w") as z:
        for name, text in files.items():
            z.writestr(zipfile.ZipInfo(f"{path}@{version}/{name}"), text)


def hash1(pairs):
    """Go's h1: hash over (name, bytes)."""
    lines = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(pairs))
    return "h1:" + base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()


def go_sum(proxy, path, version):
    folder = proxy / path / "@v"
    with zipfile.ZipFile(folder / f"{version}.zip") as z:
        whole = hash1([(n, z.read(n)) for n in z.namelist()])
    return (f"{path} {version} {whole}\n"
            f"{path} {version}/go.mod {hash1([('go.mod', (folder / f'{version}.mod').read_bytes())])}\n")


@pytest.fixture
def private(tmp_path):
    """A proxy's folder with corp.example/dep v1.2.0."""
    proxy = tmp_path / "proxy"
    add_module(proxy, "corp.example/dep", "v1.2.0", {"dep.go": 'package dep\n\nconst Name = "private"\n'})
    return proxy


@pytest.fixture
def uses_private(make, private):
    return make({
        "go.mod": MOD + "\nrequire corp.example/dep v1.2.0\n",
        "go.sum": go_sum(private, "corp.example/dep", "v1.2.0"),
        "main.go": 'package main\n\nimport "corp.example/dep"\n\nfunc main() { println(dep.Name) }\n',
    })


@pytest.fixture
def own_cache(tmp_path):
    """An empty module cache, removed afterwards although it is read-only."""
    cache = tmp_path / "modcache"
    yield {"GOMODCACHE": str(cache), "GOSUMDB": "off", "GONOSUMDB": None, "GOFLAGS": None}
    for folder, _, _ in os.walk(cache):
        os.chmod(folder, 0o755)


def untouched(src):
    return {n: (src / n).read_bytes() for n in ("go.mod", "go.sum") if (src / n).exists()}


@pytest.mark.slow
def test_a_private_proxy_in_a_folder(uses_private, private, build, own_cache):
    before = untouched(uses_private)
    r = good(build(uses_private, env={**own_cache, "GOPROXY": f"file://{private}"}))
    assert r["ran"] == 1
    assert start([program(uses_private)]).err == "private\n"
    assert untouched(uses_private) == before
    assert build_info(program(uses_private))["dep"][0][:2] == ["corp.example/dep", "v1.2.0"]
    # Now it is in the module cache, and nothing is fetched any more.
    put(uses_private, {"more.go": "package main\n\nfunc init() {}\n"})
    assert good(build(uses_private, env={**own_cache, "GOPROXY": "off"}))["ran"] == 1


@pytest.mark.slow
def test_a_private_proxy_on_the_loopback_address(uses_private, private, build, own_cache):
    seen = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args, **kw):
            super().__init__(*args, directory=str(private), **kw)

        def log_message(self, *_):
            seen.append(self.path)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        put(uses_private, {"wingo.yaml": yaml(["linux/amd64", "windows/amd64"], env={"GOPROXY": url})})
        assert good(build(uses_private, env=own_cache))["ran"] == 2
        server.shutdown()
    assert any("dep/@v/v1.2.0.zip" in p for p in seen)


def test_credentials_are_in_no_message_log_or_store(uses_private, build, own_cache, home, tmp_path):
    r = build(uses_private, env={**own_cache, "GOPROXY": "http://user:hunter2secret@127.0.0.1:9/x", "GOAUTH": "off"})
    failure(r, "corp.example/dep@v1.2.0", "***")
    put(uses_private, {"wingo.yaml": yaml(env={"GOPROXY": "https://user:hunter2secret@127.0.0.1:9/x"})})
    failure(build(uses_private, env=own_cache), "corp.example/dep", "GOPROXY")
    assert "hunter2" not in json.dumps(r)
    for base in (uses_private, home):
        for path in base.rglob("*"):
            if path.is_file() and path.name != "wingo.yaml":
                assert b"hunter2" not in path.read_bytes(), path


def test_missing_modules_are_named_with_the_cure(uses_private, build, own_cache, tmp_path):
    before = untouched(uses_private)
    empty = tmp_path / "empty"
    empty.mkdir()
    failure(build(uses_private, env={**own_cache, "GOPROXY": "off"}),
            "main.go:3:8", "corp.example/dep@v1.2.0", "GOPROXY=off forbids")
    failure(build(uses_private, env={**own_cache, "GOPROXY": f"file://{empty}"}),
            "corp.example/dep@v1.2.0", "GOPRIVATE")
    failure(build(uses_private, env={**own_cache, "GOPROXY": "http://127.0.0.1:9"}),
            "corp.example/dep@v1.2.0", "proxy cannot be reached")
    assert untouched(uses_private) == before


def test_go_sum_that_lacks_a_line(uses_private, private, build, own_cache):
    (uses_private / "go.sum").unlink()
    failure(build(uses_private, env={**own_cache, "GOPROXY": f"file://{private}"}),
            "missing go.sum entry", "corp.example/dep", "run `go ")
    assert not (uses_private / "go.sum").exists()


def test_go_sum_that_disagrees(uses_private, private, build, own_cache):
    add_module(private, "corp.example/dep", "v1.2.0", {"dep.go": 'package dep\n\nconst Name = "evil"\n'})
    r = build(uses_private, env={**own_cache, "GOPROXY": f"file://{private}"})
    failure(r, "checksum mismatch", "do not use it")
    assert r["failures"][0]["code"] == "VERIFY"
    assert not program(uses_private).exists()


def test_a_module_nobody_requires(make, build, own_cache):
    src = make({"main.go": 'package main\n\nimport _ "example.org/not/there"\n\nfunc main() {}\n'})
    failure(build(src, env={**own_cache, "GOPROXY": "off"}), "main.go:3:8: no required module provides package",
            "go get example.org/not/there")


def test_vendor(uses_private, private, build, env, own_cache, tmp_path):
    fetch = {**{k: v for k, v in env.items() if k != "GOFLAGS"}, **{k: v for k, v in own_cache.items() if v},
             "GOPROXY": f"file://{private}"}
    r = start(["go", "mod", "vendor"], cwd=uses_private, env=fetch)
    assert r.code == 0, r
    offline = {**own_cache, "GOMODCACHE": str(tmp_path / "none"), "GOPROXY": "off"}
    assert good(build(uses_private, env=offline))["ran"] == 1
    assert start([program(uses_private)]).err == "private\n"
    dep = uses_private / "vendor/corp.example/dep/dep.go"
    dep.write_text(dep.read_text().replace("private", "patched"))
    assert good(build(uses_private, env=offline))["ran"] == 1
    assert start([program(uses_private)]).err == "patched\n"
    modules = uses_private / "vendor/modules.txt"
    modules.write_text(modules.read_text().replace("v1.2.0", "v1.1.0"))
    failure(build(uses_private, env=offline), "inconsistent vendoring", "go mod vendor")
    shutil.rmtree(uses_private / "vendor")
    put(uses_private, {"wingo.yaml": yaml(mod="vendor")})
    r = build(uses_private, env=offline)
    assert r["code"] != 0 and "go mod vendor" in r["failures"][0]["text"], r


# --- what goes wrong


@pytest.mark.slow
def test_a_compile_error_is_told_once(make, build, run):
    src = make({"wingo.yaml": yaml(SIX, dir="sub"), "sub/go.mod": MOD, "sub/main.go": MAIN,
                "sub/pkg/p.go": "package pkg\n\nvar A = undefinedThing\n\nvar B int = \"text\"\n",
                "sub/use.go": 'package main\n\nimport _ "example.com/tool/pkg"\n'})
    r = build(src, "--keep-going")
    text = failure(r, "sub/pkg/p.go:3:9: undefined: undefinedThing", "(and 1 more)")
    assert len(r["failures"]) == 6
    assert len({f["details"] for f in r["failures"]}) == 1
    shown = run("build", "--keep-going", cwd=src)
    assert shown.code == 1
    assert shown.err.count("sub/pkg/p.go:5:13") == 1, shown
    assert text


def test_go_versions_that_do_not_fit(make, build):
    for wanted in (">=1.99", "1.2.3"):
        src = make({"wingo.yaml": yaml(go=wanted)})
        failure(build(src), f"asks for Go {wanted}, installed is go{go_version()}", "PATH")
    src = make({"wingo.yaml": yaml(go=go_version()), "go.mod": MOD})
    good(build(src))
    src = make({"go.mod": MOD.replace("1.19", "1.99"), "wingo.yaml": yaml()})
    failure(build(src), "go.mod asks for Go 1.99, installed is go", "GOTOOLCHAIN")


def test_no_go_at_all(make, build, tmp_path):
    src = make({})
    failure(build(src, env={"PATH": str(tmp_path)}), "there is no `go` in PATH", "apt-get install golang-go")


def test_what_is_no_program(make, build):
    failure(build(make({"main.go": "package lib\n"})), "not a program (package main)")
    failure(build(make({"wingo.yaml": yaml(["linux/amd64"]), "main.go": "//go:build windows\n\n" + MAIN})),
            "linux/amd64")


def test_settings_that_go_behind_the_key_are_refused(make, build, tmp_path):
    src = make({})
    failure(build(src, env={"GOFLAGS": "-toolexec=/bin/true"}), "GOFLAGS holds -toolexec")
    failure(build(src, env={"GOFLAGS": f"-overlay={tmp_path}/o.json"}), "GOFLAGS holds -overlay")


def test_a_subsystem_other_than_asked_is_found(make, build):
    src = make({"wingo.yaml": yaml(["windows/amd64"])})
    failure(build(src, env={"GOFLAGS": "-ldflags=-H=windowsgui"}), "read back: the program's subsystem is ")
    assert not program(src, "windows/amd64").exists()


# --- bill of materials


def test_bill_of_materials(uses_private, private, build, own_cache):
    put(uses_private, {"wingo.yaml": yaml(["windows/amd64", "linux/amd64"], revision="abc123").replace(
        '"name": "p"', '"name": "p", "release": "1.4.0"')})
    good(build(uses_private, env={**own_cache, "GOPROXY": f"file://{private}"}))
    for target in ("windows/amd64", "linux/amd64"):
        path = program(uses_private, target)
        bom = json.loads((path.parent / (path.name + ".cdx.json")).read_text())
        assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.5")
        main = bom["metadata"]["component"]
        assert (main["name"], main["version"]) == ("tool", "1.4.0")
        assert "abc123" in json.dumps(bom["metadata"])
        assert digest(path) in json.dumps(bom)
        modules = {(c["name"], c["version"]) for c in bom["components"]}
        assert {tuple(d[:2]) for d in build_info(path)["dep"]} <= modules, bom


# --- Windows resources


def tiny_icon():
    """One 16x16 image, 32 bits a pixel."""
    pixels = bytes([0, 0, 255, 255]) * 256 + bytes(16 * 4)
    head = (40).to_bytes(4, "little") + (16).to_bytes(4, "little") + (32).to_bytes(4, "little") + \
        (1).to_bytes(2, "little") + (32).to_bytes(2, "little") + bytes(24)
    image = head + pixels
    entry = bytes([16, 16, 0, 0]) + (1).to_bytes(2, "little") + (32).to_bytes(2, "little") + \
        len(image).to_bytes(4, "little") + (22).to_bytes(4, "little")
    return bytes([0, 0, 1, 0, 1, 0]) + entry + image


@pytest.mark.slow
def test_resources_of_windows_programs(make, build):
    needs("wrestool")
    targets = ["windows/amd64", "windows/arm64", "windows/386", "linux/amd64"]
    src = make({
        "tool.ico": tiny_icon(),
        "wingo.yaml": yaml(targets, windows={
            "icon": "tool.ico", "subsystem": "gui",
            "version_info": {"company": "Example Ltd", "description": "A tool", "file_version": "1.4.0.7"},
            "manifest": {"level": "as-invoker", "long_paths": True}}),
    })
    before = sorted(p.name for p in src.iterdir())
    r = good(build(src))
    assert r["ran"] == 4 + 3
    assert sorted(p.name for p in src.iterdir() if p.name not in ("out", ".wingo")) == before
    for target in targets[:3]:
        path = program(src, target)
        types = {line.split()[0] for line in start(["wrestool", "-l", path]).out.splitlines()}
        assert {"--type=3", "--type=14", "--type=16", "--type=24"} <= types, types
        info = start(["wrestool", "-x", "--raw", "-t16", path], stdin=b"")
        assert "E\0x\0a\0m\0p\0l\0e" in info.out and "1\0.\0004\0.\0000\0.\0007" in info.out
        manifest = start(["wrestool", "-x", "--raw", "-t24", path])
        assert "asInvoker" in manifest.out and "longPathAware" in manifest.out
    (src / "tool.ico").write_bytes(tiny_icon().replace(bytes([0, 0, 255, 255]), bytes([255, 0, 0, 255])))
    assert good(build(src))["ran"] == 6  # resources and programs of Windows, not the other
    assert good(build(src))["ran"] == 0
    put(src, {"rsrc_windows_amd64.syso": b"x"})
    failure(build(src), "rsrc_windows_amd64.syso")


def test_a_broken_icon_is_named(make, build):
    src = make({"tool.ico": b"\0\0\1\0\1\0 cut", "wingo.yaml": yaml(["windows/amd64"], windows={"icon": "tool.ico"})})
    failure(build(src), "tool.ico")


# --- other people's programs, through the configured proxy


def fetched(src, env):
    """go.sum from the configured proxy; skips where there is none."""
    if start(["go", "mod", "tidy"], cwd=src, env=env, timeout=600).code != 0:
        pytest.skip("needs a Go module proxy that can be reached")


REAL = {
    "uuid": ("github.com/google/uuid v1.6.0", '"github.com/google/uuid"', "println(uuid.NewSHA1(uuid.Nil, nil).String())"),
    "text": ("golang.org/x/text v0.14.0", '"golang.org/x/text/unicode/norm"', 'println(norm.NFC.String("x"))'),
    "cobra": ("github.com/spf13/cobra v1.8.0", '"github.com/spf13/cobra"', "_ = (&cobra.Command{Use: \"x\"}).Execute()"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(REAL))
def test_programs_with_modules_of_others(name, make, build, env):
    module, imported, statement = REAL[name]
    src = make({"wingo.yaml": yaml(["windows/amd64", "linux/amd64"]),
                "go.mod": MOD + f"\nrequire {module}\n",
                "main.go": f"package main\n\nimport {imported}\n\nfunc main() {{ {statement} }}\n"})
    fetched(src, env)
    before = untouched(src)
    good(build(src))
    assert untouched(src) == before
    listed = start(["go", "list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}}{{end}}", "."], cwd=src,
                   env={**env, "GOOS": "windows", "GOARCH": "amd64", "CGO_ENABLED": "0"})
    want = {tuple(line.split()) for line in listed.out.splitlines() if len(line.split()) == 2}
    assert {tuple(d[:2]) for d in build_info(program(src, "windows/amd64"))["dep"]} == want
    assert start([program(src)]).code == 0


def old_go():
    return next((p for p in pathlib.Path("/usr/lib").glob("go-1.*/bin") if (p / "go").exists()), None)


@pytest.mark.slow
@pytest.mark.skipif(old_go() is None, reason="needs Debian's golang-go beside the Go on PATH")
def test_debians_go(make, build):
    src = make({"wingo.yaml": yaml(["windows/amd64", "linux/amd64"])})
    good(build(src))
    new = digest(program(src))
    r = good(build(src, env={"PATH": f"{old_go()}:{os.environ['PATH']}", "GOFLAGS": None}))
    assert r["ran"] == 2
    assert digest(program(src)) != new
    assert good(build(src))["ran"] == 0
    assert digest(program(src)) == new
    assert stat.S_ISREG(program(src, "windows/amd64").stat().st_mode)


# --- what Go's own users expect

def test_flags_with_spaces_reach_the_tool_whole(make, build):
    src = make({"main.go": 'package main\n\nvar motto, other string\n\nfunc main() { println(motto + "|" + other) }\n',
                "wingo.yaml": yaml(ldflags=["-s", "-X main.motto=to be or not", "-X main.other=1 -w"], gcflags=["-N -l"])})
    good(build(src))
    assert start([program(src)]).err == "to be or not|1\n"
    assert build_info(program(src))["build"].count(["-gcflags=\"-N -l\""]) == 1


def test_an_experiment_of_the_toolchain(make, build):
    src = make({"wingo.yaml": yaml(env={"GOEXPERIMENT": "jsonv2" if int(go_version().split(".")[1]) >= 25 else "boringcrypto"})})
    good(build(src))
    assert "X:" in build_info(program(src))["version"]


def test_settings_of_the_environment_without_effect_are_said(make, build):
    src = make({})
    err = good(build(src, env={"CGO_ENABLED": "1", "GOFLAGS": "-buildvcs=true", "GOOS": "plan9"}))["stderr"]
    for words in ('CGO_ENABLED=1 in the environment has no effect: an app uses cgo when its env: has CGO_ENABLED: "1"',
                  "GOFLAGS=-buildvcs=true in the environment has no effect", "GOOS=plan9 in the environment has no effect"):
        assert words in err, err
    assert "has no effect" not in good(build(src, env={"CGO_ENABLED": "0", "GOFLAGS": "-mod=mod"}))["stderr"]


def test_a_name_that_go_generate_makes(make, build):
    src = make({"main.go": "package main\n\n//go:generate stringer -type=Pill\n\nfunc main() { println(Pill(1)) }\n"})
    failure(build(src), "undefined: Pill", "run `go generate` there first")
    (src / "main.go").write_text("package main\n\nfunc main() { println(Pill(1)) }\n")
    assert "generate" not in failure(build(src), "undefined: Pill")


def test_check_sees_what_the_sources_show(make, run):
    src = make({"lib/lib.go": "package lib\n\nvar Commit string\nvar Count = len(Commit)\n",
                "gen.go": "//go:build ignore\n\npackage other\n",
                "wingo.yaml": yaml(vars={"main.versoin": "1", "example.com/tool/lib.Commit": "2", "example.com/tool/lib.Count": "3",
                                         "main.both": "'\"", "example.com/elsewhere.X": "4"}),
                "main.go": "package main\n\nvar version, both string\n\nfunc main() { println(version, both) }\n"})
    r = run("check", cwd=src)
    assert r.code == 3, r
    for words in ("there is no variable 'main.versoin'", "did you mean 'main.version'?", "'example.com/tool/lib.Count' is no text, or computed",
                  "vars.main.both: a value with both kinds of quotes"):
        assert words in r.out + r.err, (words, r)
    assert "3 errors" in r.out + r.err, r
    (src / "wingo.yaml").write_text(yaml(main="./lib"))
    r = run("check", cwd=src)
    assert r.code == 3 and "'./lib' is package lib, which makes no program" in r.out + r.err, r


def test_check_knows_the_platforms_of_the_go_in_path(make, run):
    if int(go_version().split(".")[1].split("rc")[0]) < 26:
        pytest.skip("this Go still knows windows/arm")
    r = run("check", cwd=make({"wingo.yaml": yaml(targets=["windows/arm", "linux/amd64"])}))
    assert r.code == 3 and "does not know windows/arm" in r.out + r.err and "1 error" in r.out + r.err, r


def test_check_compares_versions_with_the_go_in_path(make, run):
    r = run("check", cwd=make({"wingo.yaml": yaml(go="9.9")}))
    assert r.code == 3 and "apps.tool.go: the project asks for Go 9.9, installed is go" in r.out, r
    src = make({"go.mod": "module example.com/tool\n\ngo 1.999\n", "wingo.yaml": yaml()})
    r = run("check", cwd=src)
    assert r.code == 3 and "go.mod asks for Go 1.999, installed is go" in r.out and "1 error" in r.out, r
    (src / "go.mod").write_text("modul example.com/tool\n\ngo 1.18\n")
    r = run("check", cwd=src)
    assert r.code == 3 and "apps.tool: go.mod has no line 'module PATH'" in r.out, r
    (src / "go.mod").write_text("module example.com/tool\n\ngo 1.18\n")
    assert run("check", cwd=src).code == 0


# --- archives

@pytest.mark.slow
def test_archives_and_checksums(make, build, run, tmp_path):
    src = make({"LICENSE": "free\n", "wingo.yaml": json.dumps({
        "version": 1, "name": "p", "release": "1.2.3", "time": "2024-05-06T07:08:09Z",
        "apps": {"tool": {"dir": ".", "targets": ["windows/amd64", "linux/amd64", "linux/arm/7"], "archive": {"files": ["LICENSE"]}}}})})
    good(build(src))
    out = src / "out/tool"
    names = ["tool_1.2.3_linux_amd64.tar.gz", "tool_1.2.3_linux_armv7.tar.gz", "tool_1.2.3_windows_amd64.zip"]
    assert sorted(p.name for p in out.glob("*.*")) == ["checksums.txt", *names]
    assert start(["sha256sum", "-c", "checksums.txt"], cwd=out).code == 0
    zipped = zipfile.ZipFile(out / names[2])
    assert zipped.testzip() is None and zipped.namelist() == ["tool.exe", "LICENSE"]
    assert zipped.read("tool.exe") == program(src, "windows/amd64").read_bytes()
    assert zipped.getinfo("tool.exe").date_time == (2024, 5, 6, 7, 8, 8) and zipped.getinfo("tool.exe").external_attr >> 16 == 0o100755
    for name, target in ((names[0], "linux/amd64"), (names[1], "linux/arm/7")):
        with tarfile.open(out / name) as tar:
            assert [(m.name, m.mode, m.mtime, m.uid) for m in tar] == [("tool", 0o755, 1714979289, 0), ("LICENSE", 0o644, 1714979289, 0)]
            assert tar.extractfile("tool").read() == program(src, target).read_bytes()
    if shutil.which("7z"):
        for name in names:
            assert start(["7z", "t", out / name]).code == 0
    if shutil.which("unzip"):
        assert start(["unzip", "-tq", out / names[2]]).code == 0
    before = {n: digest(out / n) for n in names}
    (src / "LICENSE").write_text("freer\n")
    result = good(build(src))
    assert (result["ran"], result["cached"]) == (4, 3), result
    (src / "LICENSE").write_text("free\n")
    shutil.rmtree(src / "out")
    good(build(src, "--recheck"))
    assert {n: digest(out / n) for n in names} == before


def test_archives_that_cannot_be(make, run):
    def check(archive, **more):
        return run("check", cwd=make({"wingo.yaml": yaml(archive=archive, **more), "a/x": "", "b/x": ""}))

    assert "has a part in braces that there is not" in check({"name": "{app}-{arhc}"}).out
    assert "have one name in the archive" in check({"files": ["a/x", "b/x"]}).out
    assert "there is no 'c'" in check({"files": ["c"]}).out
    assert "'rar'" in check("rar").out
    r = run("build", cwd=make({"wingo.yaml": yaml(["linux/amd64", "linux/arm64"], archive={"name": "{app}"})}))
    assert r.code == 3 and "linux/amd64 and linux/arm64 would both be 'tool.tar.gz'" in r.err, r
    same = "linux/amd64 and windows/amd64 would both be 'tool.zip'"
    r = check({"format": "zip", "name": "{app}"}, targets=["linux/amd64", "windows/amd64"])
    assert r.code == 3 and ": error: apps.tool.archive: " + same in r.out and r.out.startswith("wingo.yaml:"), r
    assert check({"format": "auto", "name": "{app}"}, targets=["linux/amd64", "windows/amd64"]).code == 0


def test_a_target_has_an_environment_of_its_own(make, build):
    src = make({"wingo.yaml": yaml(["linux/amd64", {"target": "linux/arm64", "env": {"GOFLAGS": "-tags=special"}}], env={"CGO_ENABLED": "0"}),
                "special.go": "//go:build special\n\npackage main\n\nfunc init() { println(\"special\") }\n"})
    good(build(src))
    assert ["-tags=special"] in build_info(program(src, "linux/arm64"))["build"]
    assert not [f for f in build_info(program(src))["build"] if f[0].startswith("-tags")]
