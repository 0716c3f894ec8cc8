# SPDX-License-Identifier: Apache-2.0
"""Environments: overlays, where their outputs go, and what is remembered of them."""
import hashlib
import json
import os
import shutil

import pytest

from conftest import needs, start

PROJECT = r"""version: 1
name: kiosk
release: 1.4.0
images:
  kiosk:
    base: {synthetic: windows-11}
    registry:
      - {key: 'HKLM\SOFTWARE\Kiosk', values: {Server: test.example.com}}
    outputs: [wim]
"""


@pytest.fixture
def kiosk(tmp_path):
    """A project with two environments; production differs from the plain one by a value."""
    d = tmp_path / "kiosk"
    (d / "config").mkdir(parents=True)
    (d / "wingo.yaml").write_text(PROJECT)
    (d / "config" / "production.yaml").write_text(
        "images: {kiosk: {registry: [{key: 'HKLM\\SOFTWARE\\Kiosk', values: {Server: example.com}}]}}\n")
    (d / "config" / "same.yaml").write_text("release: 1.4.0\n")
    return d


def server(run, wim):
    r = run("reg", "query", f"{wim}:2", r"HKLM\SOFTWARE\Kiosk", "--value=Server")
    assert r.code == 0, r
    return r.out


def test_each_environment_has_a_folder_of_outputs(run, kiosk):
    assert run("build", cwd=kiosk).out == "out/kiosk.wim\n"
    r = run("build", "--env", "production", cwd=kiosk)
    assert r.code == 0 and r.out == "out/production/kiosk.wim\n", r
    assert "test.example.com" in server(run, kiosk / "out" / "kiosk.wim")
    made = server(run, kiosk / "out" / "production" / "kiosk.wim")
    assert "example.com" in made and "test.example.com" not in made
    needs("wimlib-imagex")
    assert start(["wimlib-imagex", "verify", kiosk / "out" / "production" / "kiosk.wim"]).code == 0


def test_the_log_and_the_report_name_the_environment(run, kiosk):
    assert run("build", "--env", "production", cwd=kiosk).code == 0
    first = json.loads((kiosk / ".wingo" / "log" / "latest.jsonl").read_text().splitlines()[0])
    assert first["event"] == "run_started" and first["environment"] == "production", first
    assert "environment <code>production</code>" in (kiosk / ".wingo" / "report" / "latest.html").read_text()
    assert run("build", cwd=kiosk).code == 0
    first = json.loads((kiosk / ".wingo" / "log" / "latest.jsonl").read_text().splitlines()[0])
    assert "environment" not in first, first


def test_what_is_remembered_is_kept_for_each_environment(run, kiosk):
    """A build of one environment is no change of another: both stay cached, and reasons are told of the own last run."""
    assert run("build", cwd=kiosk).code == 0
    assert run("build", "-E", "production", cwd=kiosk).code == 0
    for env in ([], ["-E", "production"]):
        r = run("plan", "--json", *env, cwd=kiosk)
        assert {s["state"] for s in json.loads(r.out)["steps"]} == {"cached"}, r
    r = run("plan", "-E", "production", "--set", "images.kiosk.compact=true", cwd=kiosk)
    assert "parameter compact: was 'no', is 'yes'" in r.out and "Server" not in r.out, r


def test_the_same_image_in_two_environments_lies_in_both_folders(run, kiosk):
    for env in ([], ["-E", "same"], [], ["-E", "same"]):
        assert run("build", *env, cwd=kiosk).code == 0
        assert (kiosk / "out" / "kiosk.wim").exists()
    assert (kiosk / "out" / "kiosk.wim").read_bytes() == (kiosk / "out" / "same" / "kiosk.wim").read_bytes()
    assert (kiosk / "out" / "kiosk.wim").stat().st_ino != (kiosk / "out" / "same" / "kiosk.wim").stat().st_ino


def test_an_environment_that_is_named_like_an_output(run, kiosk):
    (kiosk / "config" / "kiosk.wim.yaml").write_text("release: 2.0.0\n")
    assert run("check", cwd=kiosk).code == 0
    r = run("check", "--env", "kiosk.wim", cwd=kiosk)
    assert r.code == 3 and "wingo.yaml:5:3: error: images.kiosk: its outputs without --env go where" in r.out, r
    assert "hint: give config/kiosk.wim.yaml another name" in r.out, r


def test_a_release_is_the_same_from_whatever_environment(run, kiosk):
    """publish: what is below out/production/ is published without that folder's name."""
    (kiosk / "config" / "production.yaml").write_text("publish: {share: {to: ../share}}\n")
    r = run("publish", "-E", "production", cwd=kiosk)
    assert r.code == 0, r
    assert (kiosk.parent / "share" / "1.4.0" / "kiosk.wim").exists(), list((kiosk.parent / "share").rglob("*"))


# --- wingo config

MESSY = r"""version: 1
name: kiosk
release: 1.10
images:
  kiosk: &k
    base: {synthetic: windows-11}
    files: [{from: a.txt, to: 'C:\a b.txt'}, {from: "a.txt", to: "C:\\\u00e4'.txt"}]
    registry:
      - key: 'HKLM\SOFTWARE\Kiosk'
        values: {Text: "it's\ta \"test\"", 'On': yes, 'True': 'true', Number: 5, Hex: 0x10, 'a: b #c': '- x', '': e,
                 Lines: "a\nb", Ends: "a\u0085b\u2028c\u2029", Plain: a # no comment
                 , Long: one
                   two}
      - {key: 'HKLM\SOFTWARE\Kiosk\Sub', values: {"Key with \u00fc": "#", Var: '${HIVE:-Kiosk}\x'}}
    outputs: [wim, {swm: 2GiB}]
  other:
    <<: *k
    compact: true
"""


@pytest.fixture
def messy(tmp_path):
    d = tmp_path / "messy"
    (d / "config").mkdir(parents=True)
    (d / "a.txt").write_text("a")
    (d / "wingo.yaml").write_text(MESSY)
    (d / "config" / "prod.yaml").write_text(
        "images:\n  kiosk:\n    +files:\n      - {from: a.txt, to: 'C:\\more.txt'}\n  other: {compact: null}\n")
    return d


def keys(run, folder, *args):
    r = run("plan", "--json", *args, cwd=folder)
    assert r.code == 0, r
    return {s["step"]: s.get("key") for s in json.loads(r.out)["steps"]}


@pytest.mark.parametrize("more", [(), ("-E", "prod"), ("-E", "prod", "--set", "images.other.+outputs=[esd]")])
def test_config_reads_back_to_the_same_plan(run, messy, more):
    assert run("build", cwd=messy).code == 0  # so that keys behind the bases are known
    r = run("config", *more, cwd=messy)
    assert r.code == 0, r
    (messy / "merged.yaml").write_text(r.out)
    want = keys(run, messy, *more)
    assert any(want.values()) and keys(run, messy, "-f", "merged.yaml") == want
    again = run("config", "-f", "merged.yaml", cwd=messy).out
    assert [line.split("  # ")[0] for line in again.splitlines()] == \
        [line.split("  # ")[0] for line in r.out.splitlines()]


def test_config_is_what_another_reader_of_yaml_makes_of_it(run, messy):
    yaml = pytest.importorskip("yaml")
    text = run("config", "-E", "prod", cwd=messy).out
    doc = yaml.safe_load(text)
    want = json.loads(json.dumps(yaml.safe_load((messy / "wingo.yaml").read_text())))  # without shared parts
    want["images"]["kiosk"]["files"].append({"from": "a.txt", "to": "C:\\more.txt"})
    del want["images"]["other"]["compact"]
    assert doc == want


def test_config_says_where_values_come_from(run, messy):
    lines = run("config", "-E", "prod", "--set", "release=2.0", cwd=messy).out.splitlines()
    assert "release: 2.0  # --set" in lines
    assert "name: kiosk  # wingo.yaml:2" in lines
    assert "        to: 'C:\\more.txt'  # config/prod.yaml:4" in lines
    assert "          Var: '${HIVE:-Kiosk}\\x'  # wingo.yaml:14" in lines  # not filled in
    doc = json.loads(run("config", "-E", "prod", "--json", cwd=messy).out)
    assert doc["environment"] == "prod" and doc["out"].endswith("/out/prod")
    assert doc["project"]["images"]["kiosk"]["files"][2]["to"] == "C:\\more.txt"
    assert doc["project"]["version"] == 1 and doc["project"]["release"] == "1.10"
    assert doc["origins"]["/images/kiosk/files/2/to"] == {"file": "config/prod.yaml", "line": 4, "column": 27}


def test_config_of_a_faulty_project(run, messy):
    r = run("config", "--set", "images.kisok.compact=true", cwd=messy)
    assert r.code == 3 and r.out == "" and "did you mean 'kiosk'?" in r.err, r


# --- outputs that are no longer made

TWO = PROJECT + r"""  old:
    base: {synthetic: windows-11}
    outputs: [wim, {swm: 1MiB}]
"""


@pytest.fixture
def built(run, kiosk):
    """kiosk, with what two images made in two environments, of which one image is no longer in the project."""
    (kiosk / "wingo.yaml").write_text(TWO)
    for env in ([], ["-E", "production"]):
        r = run("build", *env, cwd=kiosk)
        assert r.code == 0, r
    (kiosk / "wingo.yaml").write_text(PROJECT)
    return kiosk


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in (folder / "out").rglob("*") if p.is_file())


def test_clean_lists_and_removes_what_is_no_longer_made(run, built):
    before = files(built)
    assert before == ["out/kiosk.wim", "out/old.swm", "out/old.wim", "out/production/kiosk.wim",
                      "out/production/old.swm", "out/production/old.wim"]
    r = run("clean", cwd=built)
    assert r.code == 0 and "no longer made: out/old.wim (image/old/wim)\n" in r.out, r
    assert "no longer made: out/production/old.swm (image/old/swm --env production)\n" in r.out
    assert "kiosk.wim" not in r.out and "'wingo clean --outputs' removes them" in r.out
    r = run("clean", "--outputs", "-n", cwd=built)
    assert r.code == 0 and "would remove: out/old.wim" in r.out and files(built) == before, r
    (built / "sub").mkdir()
    r = run("clean", "--outputs", cwd=built / "sub")
    assert r.code == 0 and "removed: ../out/old.wim (image/old/wim)\n" in r.out and "4 outputs, " in r.out, r
    assert files(built) == ["out/kiosk.wim", "out/production/kiosk.wim"]
    assert "every output that wingo made here is still made" in run("clean", cwd=built).out
    assert {s["state"] for s in json.loads(run("plan", "--json", cwd=built).out)["steps"]} == {"cached"}


def test_what_was_changed_or_put_there_by_the_user_is_kept(run, built):
    changed = built / "out" / "old.wim"
    changed.write_bytes(changed.read_bytes() + b"x")
    (built / "out" / "notes.txt").write_text("mine")
    linked = built / "out" / "production" / "old.wim"
    aside = built / "aside.wim"
    linked.rename(aside)
    linked.symlink_to(aside)
    r = run("clean", "--outputs", "--json", cwd=built)
    assert r.code == 0, r
    states = {o["path"].split("/out/")[1]: o["state"] for o in json.loads(r.out)["outputs"]}
    assert states == {"old.wim": "changed", "old.swm": "removed", "production/old.wim": "changed",
                      "production/old.swm": "removed"}
    assert changed.exists() and aside.exists() and linked.is_symlink() and (built / "out" / "notes.txt").exists()
    assert "kept, changed since wingo made it: out/old.wim" in run("clean", cwd=built).out


def test_the_outputs_of_an_environment_that_is_gone(run, built):
    (built / "config" / "production.yaml").unlink()
    assert run("clean", "--outputs", cwd=built).code == 0
    assert files(built) == ["out/kiosk.wim"] and not (built / "out" / "production").exists()


def test_a_project_that_cannot_be_read_keeps_its_outputs(run, built):
    (built / "config" / "production.yaml").write_text("images: [")
    r = run("clean", "--outputs", cwd=built)
    assert r.code == 0 and "outputs of wingo.yaml --env production are kept" in r.err, r
    assert files(built) == ["out/kiosk.wim", "out/production/kiosk.wim", "out/production/old.swm",
                            "out/production/old.wim"]


def test_two_project_files_in_one_folder(run, kiosk):
    (kiosk / "other.yaml").write_text(PROJECT.replace("  kiosk:", "  other:").replace("name: kiosk", "name: other"))
    assert run("build", cwd=kiosk).code == 0 and run("build", "-f", "other.yaml", cwd=kiosk).code == 0
    assert run("clean", "--outputs", cwd=kiosk).code == 0
    assert files(kiosk) == ["out/kiosk.wim", "out/other.wim"]
    (kiosk / "other.yaml").unlink()
    assert run("clean", "--outputs", cwd=kiosk).code == 0
    assert files(kiosk) == ["out/kiosk.wim"]


def test_a_forged_note_removes_nothing(run, kiosk):
    """.wingo may come with a project from anywhere: a note is believed below out/ only, and never through a link."""
    outside = kiosk.parent / "precious.txt"
    outside.write_text("precious")
    (kiosk / "precious.txt").write_text("precious")
    (kiosk / "out").mkdir()
    (kiosk / "out" / "up").symlink_to(kiosk.parent)
    (kiosk / ".wingo" / "made").mkdir(parents=True)
    for path in ("../precious.txt", "precious.txt", "out/../precious.txt", "out/up/precious.txt", str(outside)):
        name = hashlib.sha256(path.encode()).hexdigest()[:32]
        (kiosk / ".wingo" / "made" / name).write_text(json.dumps(
            {"path": path, "sha256": hashlib.sha256(b"precious").hexdigest(), "bytes": 8, "step": "s",
             "file": "gone.yaml", "environment": ""}))
    r = run("clean", "--outputs", cwd=kiosk)
    assert r.code == 0 and outside.exists() and (kiosk / "precious.txt").exists(), r


# --- values from git

def git(folder, *args):
    needs("git")
    r = start(["git", "-C", folder, "-c", "user.name=t", "-c", "user.email=t@example.com", *args],
              env=dict(os.environ, GIT_CONFIG_GLOBAL="/dev/null", GIT_COMMITTER_DATE="2026-01-02T03:04:05Z"))
    assert r.code == 0, r
    return r.out.strip()


@pytest.fixture
def repo(kiosk):
    """kiosk in a repository with a tag, a commit behind it, and every fact of git in the image's registry."""
    facts = ", ".join(f"{w}: '${{git.{w}}}'" for w in ("commit", "short", "branch", "tag", "describe", "dirty", "time"))
    (kiosk / "wingo.yaml").write_text(PROJECT.replace("release: 1.4.0", "release: ${git.tag}").replace(
        "Server: test.example.com", facts + ", Release: 'r${release}'"))
    (kiosk / ".gitignore").write_text("/out/\n/.wingo/\n")
    (kiosk / "a.txt").write_text("a")
    git(kiosk, "init", "-q", "-b", "trunk")
    git(kiosk, "add", ".")
    git(kiosk, "commit", "-qm", "one")
    git(kiosk, "tag", "v2.3.4")
    git(kiosk, "commit", "-qm", "two", "--allow-empty")
    return kiosk


def values(run, folder):
    r = run("build", cwd=folder)
    assert r.code == 0, r
    r = run("reg", "query", "out/kiosk.wim:2", r"HKLM\SOFTWARE\Kiosk", "--json", cwd=folder)
    assert r.code == 0, r
    return {v["name"]: v["data"] for v in json.loads(r.out)["keys"][0]["values"]}


def test_values_from_git(run, repo):
    head = git(repo, "rev-parse", "HEAD")
    got = values(run, repo)
    assert got == {"commit": head, "short": head[:12], "branch": "trunk", "tag": "v2.3.4", "dirty": "false",
                   "describe": f"v2.3.4-1-g{head[:12]}", "time": "1767323045", "Release": "r2.3.4"}
    (repo / "a.txt").write_text("b")
    got = values(run, repo)
    assert got["dirty"] == "true" and got["describe"] == f"v2.3.4-1-g{head[:12]}-dirty"
    git(repo, "checkout", "-q", "--detach")
    r = run("check", cwd=repo)
    assert r.code == 3 and "takes ${git.branch}, and git says: a commit is checked out, and no branch" in r.out, r


def test_only_steps_whose_text_uses_a_value_run_again(run, repo):
    (repo / "wingo.yaml").write_text(PROJECT.replace("test.example.com", "'${git.commit}'") + r"""  other:
    base: {synthetic: windows-11}
    registry: [{key: 'HKLM\SOFTWARE\Other', values: {A: b}}]
    outputs: [wim]
""")
    git(repo, "commit", "-qam", "three")
    assert run("build", cwd=repo).code == 0
    git(repo, "commit", "-qm", "four", "--allow-empty")
    states = {s["step"]: s["state"] for s in json.loads(run("plan", "--json", cwd=repo).out)["steps"]}
    assert states["image/kiosk/wim"] == "run" and states["image/other/wim"] == "cached", states


def test_no_repository_is_an_error_at_the_line(run, repo, home):
    shutil.rmtree(repo / ".git")
    r = run("check", cwd=repo, env={"GIT_CEILING_DIRECTORIES": str(repo.parent)})
    assert r.code == 3 and "wingo.yaml:3:10: error: release: takes ${git.tag}, and git says: fatal: not a git" in r.out, r
    r = run("check", cwd=repo, env={"PATH": str(home)})
    assert r.code == 3 and "wingo.yaml:3:10: error: release: takes ${git.tag}, and git says: git" in r.out, r
    (repo / "wingo.yaml").write_text(PROJECT.replace("1.4.0", "'${git.tag:-v0.1}'"))
    r = run("config", "--json", cwd=repo, env={"PATH": str(home)})
    assert r.code == 0, r


def test_no_commit_and_no_tag_are_told_in_plain_words(run, repo, tmp_path):
    shutil.rmtree(repo / ".git")
    (repo / "wingo.yaml").write_text(PROJECT.replace("1.4.0", "'${git.tag}'"))
    git(repo, "init", "-q")
    (repo / "commit.yaml").write_text((repo / "wingo.yaml").read_text().replace("git.tag", "git.short"))
    r = run("check", "-f", "commit.yaml", cwd=repo)
    assert r.code == 3 and "takes ${git.short}, and git says: there is no commit yet" in r.out, r
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "one")
    r = run("check", cwd=repo)
    assert r.code == 3 and "takes ${git.tag}, and git says: no tag is at HEAD or before it (git tag v1.0.0" in r.out, r
    git(repo, "tag", "v2.0.0")
    r = run("config", "--json", cwd=repo)
    assert r.code == 0, r


def test_a_hostile_repository_runs_nothing(run, repo, tmp_path):
    """Monitors, hooks, filters, signature programs, pagers, aliases, submodules and transports of the repository."""
    needs("git")
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\necho \"$0 $*\" >> {tmp_path}/ran\ncat\n")
    trap.chmod(0o755)
    (repo / ".gitattributes").write_text("* filter=evil\n")
    git(repo, "add", ".")
    git(repo, "commit", "-qm", "attributes")
    git(repo, "init", "-q", str(repo / "sub"))
    git(repo / "sub", "commit", "-qm", "x", "--allow-empty")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", "./sub", "sub")
    git(repo, "commit", "-qm", "sub")
    for key in ("core.fsmonitor", "gpg.program", "core.pager", "core.sshCommand", "filter.evil.clean", "filter.evil.smudge",
                "filter.evil.process", "diff.external", "core.editor", "core.askPass", "credential.helper",
                "core.alternateRefsCommand", "remote.origin.uploadpack"):
        git(repo, "config", key, str(trap))
    for key, value in (("filter.evil.required", "true"), ("log.showSignature", "true"), ("core.hooksPath", str(tmp_path)),
                       ("remote.origin.url", f"ext::{trap}"), ("remote.origin.promisor", "true"),
                       ("protocol.ext.allow", "always"), ("alias.status", f"!{trap}"), ("alias.describe", f"!{trap}")):
        git(repo, "config", key, value)
    git(repo / "sub", "config", "core.fsmonitor", str(trap))
    for name in ("post-index-change", "pre-commit", "reference-transaction"):
        shutil.copy(trap, tmp_path / name)
        (repo / ".git" / "hooks").mkdir(exist_ok=True)
        shutil.copy(trap, repo / ".git" / "hooks" / name)
    os.utime(repo / "a.txt", (1, 1))  # its content has to be looked at
    (repo / "sub" / "new").write_text("x")
    (tmp_path / "ran").unlink(missing_ok=True)
    start(["git", "-C", repo, "status"])
    assert (tmp_path / "ran").exists()  # the trap is one
    (tmp_path / "ran").unlink()
    got = values(run, repo)
    assert got["tag"] == "v2.3.4" and got["dirty"] == "false", got
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()


@pytest.mark.parametrize("n, line", [(2000, "clean = cat"), (60, "clean = cat " + "x" * 80_000)])
def test_more_filters_than_can_be_stopped_are_refused(run, repo, tmp_path, n, line):
    needs("git")
    (repo / ".gitattributes").write_text("* filter=zz\n")
    git(repo, "add", ".")
    git(repo, "commit", "-qm", "attributes")
    with open(repo / ".git" / "config", "a", encoding="utf-8") as f:
        f.write("".join(f'[filter "f{i}"]\n\t{line}\n' for i in range(n)))
        f.write(f'[filter "zz"]\n\tclean = touch {tmp_path}/ran; cat\n')
    (repo / "wingo.yaml").write_text(PROJECT.replace("1.4.0", "'${git.dirty}'"))
    os.utime(repo / "a.txt", (1, 1))
    r = run("check", cwd=repo)
    assert r.code == 3 and "release: takes ${git.dirty}, and git says" in r.out, r
    assert not (tmp_path / "ran").exists()
    start(["git", "-C", repo, "status"])
    assert (tmp_path / "ran").exists()  # the trap is one
