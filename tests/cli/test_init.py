# SPDX-License-Identifier: Apache-2.0
"""wingo init and wingo doctor."""
import json
import os
import stat

import pytest
import yaml
from conftest import needs, start


def tree(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_makes_the_project_it_promises(run, tmp_path):
    r = run("init", "shop")
    assert r.code == 0 and r.err == "" and "cd shop" in r.out and "wingo build" in r.out, r
    made = tree(tmp_path / "shop")
    for name in ["wingo.yaml", "config/production.yaml", ".gitignore", "keys/.gitignore", "agent/go.mod", "agent/main.go",
                 "agent/main_test.go", "scripts/run.sh", "tests/smoke.sh", "branding/welcome.txt"]:
        assert name in made, name
    assert os.stat(tmp_path / "shop/scripts/run.sh").st_mode & stat.S_IXUSR
    doc = yaml.safe_load(made["wingo.yaml"])
    assert doc["version"] == 1 and doc["name"] == "shop"
    assert {"windows/amd64", "linux/amd64"} <= set(doc["apps"]["agent"]["targets"])
    assert doc["images"]["kiosk"]["outputs"] == ["wim"]
    assert b"@NAME@" not in b"".join(made.values())


def test_same_name_same_bytes(run, tmp_path):
    assert run("init", "a/shop").code == 0 and run("init", "b/shop").code == 0
    assert tree(tmp_path / "a/shop") == tree(tmp_path / "b/shop")


@pytest.mark.slow
def test_the_app_passes_its_own_test(project, env):
    needs("go")
    env["CGO_ENABLED"] = "0"  # as wingo builds it, and with the same parts of the standard library
    for argv in (["go", "vet", "./..."], ["go", "test", "./..."]):
        r = start(argv, cwd=project / "agent", env=env)
        assert r.code == 0, r
    assert start(["gofmt", "-l", "."], cwd=project / "agent", env=env).out == ""


def test_names(run, tmp_path):
    assert run("init", "My Shop.2").code == 0
    assert yaml.safe_load((tmp_path / "My Shop.2/wingo.yaml").read_text())["name"] == "my-shop-2"
    assert run("init", "--name=till-7", "x").code == 0
    assert yaml.safe_load((tmp_path / "x/wingo.yaml").read_text())["name"] == "till-7"
    for bad in ["", "Upper", "-x", "x-", "a b", "a/b", "x" * 64]:
        r = run("init", f"--name={bad}", "y")
        assert r.code == 2 and not (tmp_path / "y").exists(), r
    assert run("init", "日本").code == 0  # a folder whose name gives no letters
    assert yaml.safe_load((tmp_path / "日本/wingo.yaml").read_text())["name"] == "kiosk"


def test_in_the_current_folder(run, tmp_path):
    (tmp_path / "here").mkdir()
    r = run("init", cwd=tmp_path / "here")
    assert r.code == 0 and "cd " not in r.out and (tmp_path / "here/wingo.yaml").exists(), r


def test_never_overwrites(run, tmp_path, project):
    before = tree(project)
    r = run("init", "project")
    assert r.code == 1 and "holds a project already" in r.err and tree(project) == before, r

    other = tmp_path / "other"
    (other / "agent").mkdir(parents=True)
    (other / "agent/main.go").write_text("mine")
    r = run("init", "other")
    assert r.code == 1 and "agent/main.go" in r.err, r
    assert tree(other) == {"agent/main.go": b"mine"}

    file = tmp_path / "file"
    file.write_text("mine")
    r = run("init", "file")
    assert r.code == 1 and "is not a folder" in r.err and file.read_text() == "mine", r


def test_keeps_what_a_repository_has_already(run, tmp_path):
    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / ".gitignore").write_text("*.swp\n")
    (repo / "README.md").write_text("mine\n")
    (repo / "LICENSE").write_text("mine\n")
    r = run("init", "repo")
    assert r.code == 0 and ".gitignore is kept" in r.err, r
    assert (repo / ".gitignore").read_text() == "*.swp\n" and (repo / "README.md").read_text() == "mine\n"


def test_a_dangling_link_is_not_followed(run, tmp_path):
    (tmp_path / "links").mkdir()
    (tmp_path / "links/wingo.yaml").symlink_to(tmp_path / "elsewhere")
    assert run("init", "links").code == 1
    assert not (tmp_path / "elsewhere").exists()


def test_private_keys_stay_out_of_git(project, env):
    needs("git")
    assert start(["git", "init", "-q", "."], cwd=project, env=env).code == 0
    for name in ["keys/sign.key", "keys/sign.pem", "keys/a.pfx", "out/kiosk.wim", ".wingo/log/x"]:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("x")
        assert start(["git", "check-ignore", "-q", name], cwd=project, env=env).code == 0, name
    assert start(["git", "check-ignore", "-q", "keys/sign.pub"], cwd=project, env=env).code == 1


def test_json(run):
    out = json.loads(run("init", "j", "--json").out)
    assert out["name"] == "j" and "wingo.yaml" in out["files"]


def test_doctor_finds_what_is_there_and_what_is_not(run, tmp_path):
    needs("go")
    r = run("doctor", "--json")
    found = json.loads(r.out)
    assert r.code == 0 and found["good"] is True, r
    go = next(t for t in found["tools"] if t["name"] == "go")
    assert go["installed"] and go["version"] in start([go["path"], "version"]).out
    assert found["libraries"]["libwim"].startswith("1.")

    (tmp_path / "bin").mkdir()
    r = run("doctor", env={"PATH": str(tmp_path / "bin")})
    assert r.code == 1 and "MISSING" in r.out and "apt install golang-go" in r.out, r


def test_doctor_survives_a_program_that_says_nothing(run, tmp_path):
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    (bin_dir / "go").write_text("#!/bin/sh\nexit 3\n")
    (bin_dir / "go").chmod(0o755)
    r = run("doctor", "--json", env={"PATH": f"{bin_dir}:/usr/bin:/bin"})
    go = next(t for t in json.loads(r.out)["tools"] if t["name"] == "go")
    assert go["installed"] and go["version"] is None


def test_doctor_tells_the_tools_nothing_of_the_environment(run, tmp_path):
    bin_dir, seen = tmp_path / "bin", tmp_path / "seen"
    bin_dir.mkdir()
    for name in ("go", "git", "wine64", "unshare"):
        (bin_dir / name).write_text(f"#!/bin/sh\nenv >>{seen}\necho 1.2.3\n")
        (bin_dir / name).chmod(0o755)
    r = run("doctor", "--json", env={"PATH": f"{bin_dir}:/usr/bin:/bin", "DEPLOY_TOKEN": "marked-secret", "GOFLAGS": "-marked"})
    tools = {t["name"]: t["version"] for t in json.loads(r.out)["tools"]}
    assert tools["go"] == tools["git"] == tools["wine"] == "1.2.3", r
    text = seen.read_text()
    assert text.count("LC_ALL=C.UTF-8") == 4 and f"PATH={bin_dir}" in text and "marked" not in text, text


# --- in a Go module

def module(folder, *mains, path="example.com/tools", **files):
    """A Go module with programs in these folders."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "go.mod").write_text(f"module {path}\n\ngo 1.19\n")
    for main in mains:
        (folder / main).mkdir(parents=True, exist_ok=True)
        (folder / main / "main.go").write_text("package main\n\nfunc main() { println(\"hi\") }\n")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def apps(folder):
    return {name: (a["dir"], a["main"]) for name, a in yaml.safe_load((folder / "wingo.yaml").read_text())["apps"].items()}


def test_in_a_go_module_its_programs_are_used(run, tmp_path):
    """Every package main, by the name `go install` gives it; nothing but wingo.yaml and .gitignore is made."""
    src = module(tmp_path / "src", "cmd/agent", "cmd/ctl", "internal/x", "vendor/v", "testdata/t", "_old", ".hidden", "nested/prog")
    (src / "internal/x/main.go").write_text("package x\n")
    (src / "nested/go.mod").write_text("module example.com/nested\n")
    (src / "internal/gen").mkdir()
    (src / "internal/gen/gen.go").write_text("//go:build ignore\n\npackage main\n")
    before = set(tree(src))
    r = run("init", cwd=src)
    assert r.code == 0 and "example.com/tools" in r.out and "./cmd/agent" in r.out and "./cmd/ctl" in r.out, r
    assert "Remove from wingo.yaml" in r.out
    assert set(tree(src)) - before == {"wingo.yaml", ".gitignore", ".wingo/wingo.schema.json", ".wingo/wingo.overlay.schema.json"}
    assert apps(src) == {"agent": (".", "./cmd/agent"), "ctl": (".", "./cmd/ctl")}
    r = run("check", cwd=src)
    assert r.code == 0, r


def test_a_go_mod_in_a_folder_above(run, tmp_path):
    src = module(tmp_path / "src", ".", "cmd/a/tool", "cmd/b/tool", path="example.com/x/thing/v2")
    out = json.loads(run("init", "deploy/win", "--json", cwd=src).out)
    assert out["module"] == "example.com/x/thing/v2" and out["files"] == ["wingo.yaml", ".gitignore"], out
    assert {p["main"] for p in out["programs"]} == {".", "./cmd/a/tool", "./cmd/b/tool"}
    assert apps(src / "deploy/win") == {"thing": ("../..", "."), "tool": ("../..", "./cmd/a/tool"), "cmd-b-tool": ("../..", "./cmd/b/tool")}
    assert run("check", cwd=src / "deploy/win").code == 0
    # A folder that is a program itself comes first.
    assert run("init", cwd=src / "cmd/b/tool").code == 0
    assert list(apps(src / "cmd/b/tool").items())[0] == ("tool", ("../../..", "./cmd/b/tool"))
    assert run("check", cwd=src / "cmd/b/tool").code == 0


def test_the_programs_of_a_module_build_at_once(run, tmp_path):
    needs("go")
    src = module(tmp_path / "src", "cmd/agent")
    assert run("init", cwd=src).code == 0
    r = run("build", cwd=src)
    assert r.code == 0 and (src / "out/agent/linux-amd64/agent").exists() and (src / "out/windows.wim").exists(), r
    assert start([src / "out/agent/linux-amd64/agent"]).err == "hi\n"


def test_a_module_without_a_program_or_with_sample_gets_one(run, tmp_path):
    src = module(tmp_path / "lib", **{"lib.go": "package lib\n"})
    r = run("init", cwd=src)
    assert r.code == 0 and "has no package main" in r.err and (src / "agent/main.go").exists(), r
    src = module(tmp_path / "src", ".")
    r = run("init", "--sample", cwd=src)
    assert r.code == 0 and (src / "agent/main.go").exists() and set(apps(src)) == {"agent"}, r


def test_a_gitignore_that_lacks_what_wingo_makes_is_told(run, tmp_path):
    src = module(tmp_path / "src", ".", **{".gitignore": "*.o\n"})
    r = run("init", cwd=src)
    assert r.code == 0 and "/out/ and /.wingo/" in r.err and (src / ".gitignore").read_text() == "*.o\n", r


# --- the schema for editors

def test_the_modeline_names_a_schema_that_is_there_and_current(run, project):
    """Relative to the file, as the YAML language server takes it; any command puts it back."""
    for name in ("wingo.yaml", "config/production.yaml"):
        line = (project / name).read_text().splitlines()[0]
        assert line.startswith("# yaml-language-server: $schema=")
        schema = (project / name).parent / line.split("=", 1)[1]
        want = run("schema", *(["overlay"] if "config" in name else [])).out
        assert schema.read_text() == want
        schema.resolve().write_text("{}")
        assert run("check", cwd=project).code == 0
        assert schema.read_text() == want
        schema.resolve().unlink()
        assert run("plan", cwd=project / "agent").code == 0
        assert schema.read_text() == want


def test_no_schema_beside_a_file_that_asks_for_none(run, tmp_path):
    (tmp_path / "wingo.yaml").write_text("version: 1\nname: x\nimages: {a: {base: {synthetic: windows-11}, outputs: [wim]}}\n")
    assert run("check").code == 0 and not (tmp_path / ".wingo/wingo.schema.json").exists()


def test_a_schema_that_cannot_be_written_stops_nothing(run, project):
    (project / ".wingo/wingo.schema.json").unlink()
    (project / ".wingo/wingo.schema.json").mkdir()
    assert run("check", cwd=project).code == 0
