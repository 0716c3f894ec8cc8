# SPDX-License-Identifier: Apache-2.0
"""What the programs that wingo starts are given: no secret, and no value of a variable that is not for them."""
import re

import pytest

from conftest import needs
from test_secrets import at_terminal

TOKEN, FILED, ASKED, OPEN, LINKED = ("t0ken-of-env-marked", "t0ken-of-file-marked", "t0ken-of-prompt-marked", "v4lue-of-open-marked",
                                     "v4lue-of-linker-marked")
MAIN = "package main\n\nvar token string\n\nfunc main() { println(token) }\n"
PROJECT = r"""version: 1
name: p
release: ${git.tag:-0.1.0}
apps:
  agent: {dir: src, targets: [windows/amd64], ldflags: ['-X main.token=${LINKED}']}
images:
  i:
    base: {synthetic: windows-11}
    apps: [{app: agent, to: 'C:\Agent', service: {name: Agent, args: ['--token=${OPEN}']}}]
    registry:
      - key: 'HKLM\SOFTWARE\Secret'
        values:
          A: {secret: {env: TOKEN}}
          B: {secret: {file: token.txt}}
          C: {secret: {prompt: Token please}}
          D: ${OPEN}
    outputs: [wim, esd]
"""


def children(log):
    """Of each program that was started: its file, its words, its environment, as strace -v prints them."""
    found = []
    for line in log.read_text(errors="replace").splitlines():
        m = re.search(r'execve\("((?:[^"\\]|\\.)*)", \[(.*?)\], \[(.*)\]\) += 0$', line)
        if m:
            found.append(m.groups())
        else:
            assert "execve(" not in line or re.search(r"\) += -1|<unfinished|resumed>|exited", line), line
    return found


@pytest.mark.parametrize("command", [["build"], ["build", "--recheck"], ["plan"], ["check"]], ids=" ".join)
def test_no_child_is_given_a_secret(run, wingo, env, tmp_path, command):
    needs("strace", "go", "git")
    folder = tmp_path / "p"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "go.mod").write_text("module example.com/agent\n\ngo 1.21\n")
    (folder / "src" / "main.go").write_text(MAIN)
    (folder / "token.txt").write_text(FILED + "\n")
    (folder / "wingo.yaml").write_text(PROJECT)
    from conftest import start
    assert start(["git", "init", "-q", folder], env=env).code == 0
    env = dict(env, TOKEN=TOKEN, OPEN=OPEN, LINKED=LINKED)
    log = tmp_path / "trace"
    strace = start(["which", "strace"]).out.strip()
    code, shown = at_terminal(strace, env, folder, ["-f", "-v", "-s", "100000", "-e", "trace=execve", "-o", str(log), str(wingo), *command], ASKED)
    assert code == 0, shown
    first, *rest = children(log)
    assert first[0] == str(wingo) and TOKEN in first[2]  # which shows that the trace has environments
    names = {path.rsplit("/", 1)[-1] for path, _, _ in rest}
    assert "git" in names and (command[0] == "check" or "go" in names), names
    if command[0] == "build":
        assert {"wingo", "link"} <= names and ("Token please" in shown), (names, shown)
    for path, words, environ in rest:
        for secret in (TOKEN, FILED, ASKED, OPEN):
            assert secret not in words + environ, (path, words)
        if path.rsplit("/", 1)[-1] not in ("go", "link", "compile"):
            assert LINKED not in words + environ, (path, words)
        assert path != str(wingo) or environ == '"LC_ALL=C.UTF-8"', environ
