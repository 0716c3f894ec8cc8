# SPDX-License-Identifier: Apache-2.0
"""Outputs of pinned inputs have pinned bytes (tests/golden). What they mean others judge elsewhere; here it is that they stay."""
import hashlib
import os
import re
import shutil
import sys

import pytest

from conftest import ROOT, needs, start

sys.path.insert(0, str(ROOT / "tests" / "tools"))
import wimgen  # noqa: E402

GOLDEN = ROOT / "tests" / "golden"
TIME = "1700000000"
LIBWIM = "1.13."
PROJECT = """version: 1
name: golden
images:
  %(name)s:
    base: {%(base)s}
    arch: amd64
    files: [{from: files, to: 'C:\\Golden'}]
%(more)s    outputs: [wim, esd, {swm: 1MiB}]
"""


def base(path):
    Node, sd = wimgen.Node, [wimgen.descriptor(1)]
    one = Node(children=[Node("Windows", children=[Node("x.txt", data=b"stored " * 500, security=0, short="X~1.TXT"),
                                                   Node("s", data=b"", streams={"stream": b"of a file"})]), Node("gone.bin", data=bytes(70000))])
    two = Node(children=[Node("x.txt", data=b"stored " * 500), Node("only here", data=b"second")])
    w = wimgen.Wim().add(one, "<NAME>one</NAME>", sd).add(two, "<NAME>two</NAME>")
    path.write_bytes(w.build())


def outputs(run, folder):
    """name -> path of all that is pinned."""
    source, made = GOLDEN / "inputs", {}

    def do(*argv, cwd=folder):
        r = run(*argv, cwd=cwd, env={"SOURCE_DATE_EPOCH": TIME})
        assert r.code == 0, r
        return r

    base(folder / "base.wim")
    for name, of, more in (("tree", f"dir: '{source / 'tree'}'", ""), ("file", f"file: '{folder / 'base.wim'}', image: 1", ""),
                           ("compact", f"file: '{folder / 'base.wim'}', image: 2", "    compact: true\n")):
        project = folder / name
        project.mkdir()
        (project / "wingo.yaml").write_text(PROJECT % {"name": name, "base": of, "more": more})
        shutil.copytree(source / "files", project / "files")
        do("build", cwd=project)
        made.update({f"build/{p.name}": p for p in sorted((project / "out").iterdir())})
    wim, esd = made["build/file.wim"], made["build/tree.esd"]
    do("wim", "export", wim, "all", folder / "export.esd")
    do("wim", "export", wim, "1", folder / "export.wim", "--boot", "--name=Other")
    do("wim", "export", esd, "1", folder / "export.wim", "--name=Added")
    do("wim", "update", wim, "2", f"--add={source / 'values.reg'}:\\v.reg", "--delete=\\x.txt", f"--out={folder / 'update.wim'}")
    do("wim", "split", wim, folder / "split.swm", "64KiB")
    do("wim", "join", folder / "join.wim", folder / "split.swm")
    do("wim", "capture", source / "tree", folder / "capture.wim", "Captured")
    for product in ("windows-7", "windows-11", "server-2022"):
        do("wim", "synthetic", product, folder / f"synthetic-{product}.wim")
    do("reg", "create", folder / "SOFTWARE")
    do("reg", "import", folder / "SOFTWARE", source / "values.reg")
    made.update({p.name: p for p in sorted(folder.iterdir()) if p.suffix in (".wim", ".esd", ".swm") or p.name == "SOFTWARE"})
    del made["base.wim"]
    return made


@pytest.mark.slow
def test_bytes_are_as_pinned(run, tmp_path):
    needs("wimlib-imagex")
    version = re.search(r"using wimlib ([\d.]+)", start(["wimlib-imagex", "--version"]).out).group(1)
    if not version.startswith(LIBWIM):
        pytest.skip(f"libwim {version} may pack other bytes than {LIBWIM}x")
    have = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in outputs(run, tmp_path).items()}
    sums = GOLDEN / "sums"
    lines = sums.read_text().splitlines() if sums.exists() else []
    notes = [line for line in lines if line.startswith("#")]
    want = {line.split(" ", 1)[1]: line.split(" ", 1)[0] for line in lines if line and not line.startswith("#")}
    why = os.environ.get("WINGO_GOLDEN")
    if why and have != want:
        notes.append(f"# {len(notes) + 1}: {why}")
        sums.write_text("\n".join([*notes, *(f"{digest} {name}" for name, digest in sorted(have.items()))]) + "\n")
        return
    changed = sorted(n for n in have.keys() | want.keys() if have.get(n) != want.get(n))
    assert not changed, f"other bytes than tests/golden/sums has; if that is meant, tests/golden/README.md says what to do: {changed}"
