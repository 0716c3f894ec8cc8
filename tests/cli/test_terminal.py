# SPDX-License-Identifier: Apache-2.0
"""What a terminal shows, and `make install`."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

import pytest
from conftest import ROOT, needs, start


def on_terminal(wingo, env, folder, columns, *args):
    """What the program wrote to a terminal that wide, and its exit code."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen([wingo, *args], cwd=folder, env=dict(env, TERM="xterm"), stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs) as p:
        os.close(theirs)
        seen = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            seen += part
    os.close(ours)
    return seen.decode(), p.returncode


def rows(text):
    """Lines without what colours and moves the cursor."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "\n").split("\n")


@pytest.mark.parametrize("columns", [80, 60, 40])
def test_done_lines_take_one_row(wingo, env, tmp_path, columns):
    """However long names and paths are; nothing else of a good run is wider either."""
    name = "an-image-with-a-name-that-is-longer-than-anybody-would-give-it"
    (tmp_path / "wingo.yaml").write_text(
        f"version: 1\nname: p\nimages:\n  {name}: {{base: {{synthetic: windows-11}}, files: [{{mkdir: 'C:\\X'}}], outputs: [wim]}}\n"
        "  k: {base: {synthetic: windows-11}, files: [{mkdir: 'C:\\Y'}], outputs: [wim]}\n")
    text, code = on_terminal(wingo, env, tmp_path, columns, "build", "--color=always")
    done = [r for r in rows(text) if "done" in r]
    assert code == 0 and len(done) == 3, text
    assert max(map(len, done)) <= columns, done
    assert not re.search(r"\b99 ?%", text)


def installed(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.slow
def test_make_install_obeys_prefix_at_any_time(tmp_path, env):
    """From a fresh clone, and again with another PREFIX; DESTDIR goes in front."""
    needs("git", "make", "meson", "ninja", "cc")
    env = dict(env, CCACHE_BASEDIR=str(tmp_path), CCACHE_NOHASHDIR="1", CCACHE_DIR=os.environ.get("CCACHE_DIR", os.path.expanduser("~/.cache/ccache")))
    clone = tmp_path / "clone"
    assert start(["git", "clone", "-q", "--no-hardlinks", ROOT, clone], env=env).code == 0
    for prefix, more in ((tmp_path / "one", []), (tmp_path / "two", []), ("/usr", [f"DESTDIR={tmp_path / 'three'}"])):
        r = start(["make", "-C", clone, "install", f"PREFIX={prefix}", *more], env=env, timeout=1800)
        assert r.code == 0, r
    found = installed(tmp_path / "one")
    assert {"bin/wingo", "share/man/man1/wingo.1", "share/man/man5/wingo.yaml.5", "share/wingo/wingo.schema.json",
            "share/bash-completion/completions/wingo", "share/zsh/site-functions/_wingo", "share/fish/vendor_completions.d/wingo.fish"} <= found
    assert installed(tmp_path / "two") == found == {p.removeprefix("usr/") for p in installed(tmp_path / "three")}
    assert start([tmp_path / "two/bin/wingo", "help", "keys", "name"]).code == 0
