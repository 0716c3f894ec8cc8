# SPDX-License-Identifier: Apache-2.0
"""A base is parsed once a run, by the worker: what a run must know beforehand is remembered with the base's digest."""
import os
import pathlib
import re
import time

import pytest

from conftest import needs, start

PROJECT = """version: 1
name: facts
images:
  i:
    base: {file: base.wim}
    files: [{from: note.txt, to: 'C:\\note.txt'}]
    outputs: [wim]
"""


def capture(wingo, env, folder, n_files, arch):
    for i in range(n_files):
        p = folder / "tree" / "Windows" / f"{i}.txt"
        p.parent.mkdir(parents=True, exist_ok=True)
        p.write_text(f"file {i} of {n_files}\n")
    (folder / "base.wim").unlink(missing_ok=True)
    r = start([wingo, "wim", "capture", folder / "tree", "base.wim"], cwd=folder, env=env)
    assert r.code == 0, r
    r = start(["wimlib-imagex", "info", "base.wim", "1", "--image-property", f"WINDOWS/ARCH={arch}"], cwd=folder)
    assert r.code == 0, r
    time.sleep(0.1)  # a file that was just written is not remembered


def build(wingo, env, folder, note):
    """Bytes that the program itself, and its children, read of the base."""
    log = folder / "log"
    (folder / "note.txt").write_text(note)
    r = start(["strace", "-f", "-y", "-e", "trace=execve,read,pread64,copy_file_range", "-o", log, wingo, "build"], cwd=folder,
              env=env)
    assert r.code == 0, r
    lines = log.read_text(errors="replace").splitlines()
    workers = {line.split()[0] for line in lines if "__wim-worker" in line}
    of = f"<{pathlib.Path(os.path.realpath(folder))}/base.wim>"
    found = {True: 0, False: 0}
    for line in lines:
        m = re.search(r" = (\d+)", line[line.rfind(")"):])
        if of in line and m and ("read(" in line or "pread64(" in line):
            found[line.split()[0] in workers] += int(m.group(1))
    return found[False], found[True]


@pytest.mark.slow
def test_the_parent_reads_no_table_of_a_known_base(wingo, env, tmp_path):
    needs("strace", "wimlib-imagex")
    capture(wingo, env, tmp_path, 900, 9)
    (tmp_path / "wingo.yaml").write_text(PROJECT)
    table = 900 * 50
    first, _ = build(wingo, env, tmp_path, "1\n")
    second, _ = build(wingo, env, tmp_path, "2\n")  # the digest is known from here on
    third, by_worker = build(wingo, env, tmp_path, "3\n")
    assert first > table and second > table > third > 0 and by_worker > table, (first, second, third, by_worker)
    assert third < 4096, third


def test_another_base_is_looked_at(wingo, env, tmp_path):
    needs("strace", "wimlib-imagex")
    (tmp_path / "wingo.yaml").write_text(PROJECT)
    capture(wingo, env, tmp_path, 20, 9)
    for note in "123":
        build(wingo, env, tmp_path, note)
    capture(wingo, env, tmp_path, 21, 12)
    (tmp_path / "wingo.yaml").write_text(PROJECT.replace("base.wim}", "base.wim}\n    arch: amd64"))
    r = start([wingo, "build"], cwd=tmp_path, env=env)
    assert r.code == 3 and "its base is arm64" in r.err, r
