# SPDX-License-Identifier: Apache-2.0
"""Secrets in registry data: from the environment, from a file, asked for at a terminal. They are in the image, and in
nothing else that is written or said."""
import json
import os
import pty
import re
import select
import stat
import subprocess
import time

import pytest

from conftest import needs, start

VALUE = "S3cr3t-marked-value"
KEY = r"HKLM\SOFTWARE\Secret"


def project(form, more="", publish=""):
    return (f"version: 1\nname: p\nrelease: 1.0.0\nimages:\n  i:\n    base: {{synthetic: windows-11}}\n    registry:\n"
            f"      - key: '{KEY}'\n        values:\n          Open: text\n          Token: {{secret: {form}{more}}}\n"
            f"    outputs: [wim]\n{publish}")


@pytest.fixture
def folder(tmp_path):
    d = tmp_path / "p"
    d.mkdir()
    return d


def data(run, wim, name="Token"):
    r = run("reg", "query", f"{wim}:2", KEY, "--value=" + name, "--json")
    assert r.code == 0, r
    return json.loads(r.out)["keys"][0]["values"][0]


def nowhere(folder, home, *said):
    """VALUE is in no file of the project but the image, in no file of the store but what images are made of, and in no
    text of said."""
    needles = [VALUE.encode(), VALUE.encode("utf-16-le"), VALUE.encode().hex().encode()]
    for root, but in ((folder, r"out/.*\.wim|.*\.txt"), (home / ".cache" / "wingo", r"v1/blobs/.*")):
        for path in root.rglob("*"):
            if path.is_file() and not path.is_symlink() and not re.fullmatch(but, str(path.relative_to(root))):
                content = path.read_bytes()
                assert not [n for n in needles if n in content], path
    for r in said:
        assert VALUE not in r.out + r.err, r


def test_a_secret_of_the_environment(run, folder, home):
    (folder / "wingo.yaml").write_text(project("{env: TOKEN}"))
    env = {"TOKEN": VALUE}
    said = [run(*a, cwd=folder, env=env) for a in (
        ["check"], ["plan", "--json"], ["build", "-v", "-v"], ["plan", "-v"], ["build", "--json"], ["build", "--recheck"],
        ["config"], ["config", "--json"])]
    assert all(r.code == 0 for r in said), said
    wim = folder / "out" / "i.wim"
    assert stat.S_IMODE(wim.stat().st_mode) == 0o600
    assert data(run, wim)["data"] == VALUE and data(run, wim)["type"] == "REG_SZ"
    assert data(run, wim, "Open")["data"] == "text"
    nowhere(folder, home, *said)
    needs("wimlib-imagex", "hivexget")  # judges of the product
    assert start(["wimlib-imagex", "extract", wim, "2", "/Windows/System32/config/SOFTWARE", f"--dest-dir={folder}"]).code == 0
    r = start(["hivexget", folder / "SOFTWARE", "\\Secret", "Token"])
    (folder / "SOFTWARE").unlink()
    assert r.out.strip() == VALUE, r


@pytest.mark.parametrize("given,state", [({}, "not set"), ({"TOKEN": ""}, "empty")])
def test_an_unset_variable_is_told_alike(run, folder, given, state):
    (folder / "wingo.yaml").write_text(project("{env: TOKEN}"))
    text = f"the environment variable 'TOKEN', which has a secret, is {state}"
    r = run("check", cwd=folder, env=given)
    assert r.code == 3 and f"wingo.yaml:11:33: error: images.i.registry: {text}\n  hint: set TOKEN for wingo" in r.out, r
    for command in ("build", "plan"):  # a plan asks for it when the base is there
        r = run(command, cwd=folder, env=given)
        assert r.code == 1 and f"secret 'registry[0] Token': wingo.yaml:11:33: {text}; set TOKEN for wingo" in r.err, r


def test_another_secret_is_another_image(run, folder, home):
    (folder / "wingo.yaml").write_text(project("{env: TOKEN}"))
    assert run("build", cwd=folder, env={"TOKEN": VALUE + "1"}).code == 0
    r = run("plan", cwd=folder, env={"TOKEN": VALUE})
    assert "run " in r.out and "registry[0] Token" in r.out, r
    assert run("build", cwd=folder, env={"TOKEN": VALUE}).code == 0
    assert data(run, folder / "out" / "i.wim")["data"] == VALUE
    nowhere(folder, home, r)


def test_a_secret_of_a_file(run, folder, home):
    (folder / "wingo.yaml").write_text(project("{file: token.txt}"))
    (folder / "token.txt").write_text(VALUE + "\n")
    (folder / "sub").mkdir()
    r = run("build", cwd=folder / "sub")  # from the project's folder, wherever one stands
    assert r.code == 0 and data(run, folder / "out" / "i.wim")["data"] == VALUE, r
    (folder / "wingo.yaml").write_text(project("{file: token.txt}", ", type: binary"))
    (folder / "token.txt").write_bytes(b"\xff\x00\x01")
    r = run("build", cwd=folder)
    assert r.code == 0 and data(run, folder / "out" / "i.wim")["bytes"] == "ff0001", r
    (folder / "wingo.yaml").write_text(project("{file: token.txt}"))
    r = run("build", cwd=folder)
    assert r.code != 0 and "is no text in UTF-8" in r.err and "wingo.yaml:11:11" in r.err, r


@pytest.mark.parametrize("form, more, fault", [
    (VALUE, "", "a secret is not written here"),
    ("{env: TOKEN_THAT_IS_NOT_SET}", "", "the environment variable 'TOKEN_THAT_IS_NOT_SET', which has a secret, is not set"),
    ("{file: not-there}", "", "there is no"),
    ("{env: TOKEN, file: x}", "", "exactly one of"),
    ("{env: 'A B'}", "", "is not the name of an environment variable"),
    ("{env: TOKEN}", ", type: dword", "a secret is of type sz, expand_sz or binary"),
    ("{env: TOKEN}", ", value: x", "a secret is {secret: ...}")])
def test_faults_are_at_their_line(run, folder, form, more, fault):
    (folder / "wingo.yaml").write_text(project(form, more))
    r = run("check", cwd=folder, env={"TOKEN": VALUE})
    assert r.code == 3 and "wingo.yaml:11:" in r.out and fault in r.out and VALUE not in r.out, r


def test_what_is_expected_is_no_secret(run, folder):
    (folder / "wingo.yaml").write_text(project("{env: TOKEN}").replace("    outputs", "        expect: {A: {secret: {env: B}}}\n    outputs"))
    r = run("check", cwd=folder, env={"TOKEN": VALUE})
    assert r.code == 3 and "what is expected can't be a secret" in r.out, r


def test_plain_is_no_secret(run, folder):
    (folder / "wingo.yaml").write_text(project("{plain: open}"))
    assert run("build", cwd=folder).code == 0
    wim = folder / "out" / "i.wim"
    assert data(run, wim)["data"] == "open" and stat.S_IMODE(wim.stat().st_mode) & 0o044


def test_publishing_takes_a_word(run, folder, home):
    env = {"TOKEN": VALUE}
    (folder / "wingo.yaml").write_text(project("{env: TOKEN}", publish="publish: {share: {to: ../share}}\n"))
    r = run("publish", cwd=folder, env=env)
    assert r.code != 0 and "holds a secret: write 'allow_secrets: true'" in r.err, r
    assert not (folder.parent / "share" / "1.0.0").exists()
    (folder / "wingo.yaml").write_text(project("{env: TOKEN}", publish="publish: {share: {to: ../share, allow_secrets: true}}\n"))
    r2 = run("publish", cwd=folder, env=env)
    assert r2.code == 0 and (folder.parent / "share" / "1.0.0" / "i.wim").exists(), r2
    nowhere(folder, home, r, r2)


# --- asked for

def at_terminal(wingo, env, folder, args, answer):
    """Runs wingo at a terminal of its own and answers its question; (exit code, all that the terminal showed)."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execve(wingo, [str(wingo), *args], env)
    shown, answered, end = b"", False, time.monotonic() + 120
    while time.monotonic() < end:
        ready, _, _ = select.select([fd], [], [], 0.2)
        if ready:
            try:
                got = os.read(fd, 65536)
            except OSError:
                break
            if not got:
                break
            shown += got
        if not answered and b"Token please" in shown:
            time.sleep(0.2)  # until it listens without echo
            os.write(fd, answer.encode() + b"\n")
            answered = True
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    return os.waitstatus_to_exitcode(status), shown.decode("utf-8", "replace")


def test_a_prompt_is_asked_by_a_build_at_a_terminal(run, wingo, env, folder, home):
    (folder / "wingo.yaml").write_text(project("{prompt: Token please}"))
    for args in (["check"], ["plan"], ["plan", "--json"], ["config"]):
        code, shown = at_terminal(wingo, env, folder, args, VALUE)
        assert code == 0 and (args == ["config"] or "Token please" not in shown), shown
    assert run("build", "base", cwd=folder).code == 0
    assert "needs the secret 'registry[0] Token', which a build asks for" in run("plan", cwd=folder).out
    code, shown = at_terminal(wingo, env, folder, ["build"], VALUE)
    assert code == 0 and shown.count("Token please") == 1 and VALUE not in shown, shown
    assert data(run, folder / "out" / "i.wim")["data"] == VALUE
    assert stat.S_IMODE((folder / "out" / "i.wim").stat().st_mode) == 0o600
    code, shown = at_terminal(wingo, env, folder, ["build"], VALUE)
    assert code == 0 and "cached" in shown and VALUE not in shown, shown
    nowhere(folder, home)


def test_a_prompt_without_a_terminal_is_an_error(run, wingo, env, folder):
    (folder / "wingo.yaml").write_text(project("{prompt: Token please}"))
    assert run("check", cwd=folder).code == 0
    with subprocess.Popen([wingo, "build"], cwd=folder, env=env, start_new_session=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
        _, err = p.communicate(b"from a pipe\n", timeout=120)
    assert p.returncode != 0 and b"terminal" in err and b"wingo.yaml:11:" in err, err
    assert not (folder / "out" / "i.wim").exists()


def test_a_missing_file_is_told_where_it_stands(run, folder):
    (folder / "wingo.yaml").write_text(project("{file: absent.txt}"))
    r = run("check", cwd=folder)
    assert r.code == 3 and "wingo.yaml:11:34: error: images.i.registry: there is no '" in r.out, r
