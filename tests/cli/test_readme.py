# SPDX-License-Identifier: Apache-2.0
"""What README.md and the guide show is what happens: their commands are run, and their output is compared.

A page's commands stand in console blocks between <!-- tour: begin --> and <!-- tour: end -->; they are run one after the other in one folder:
an empty one, or, with <!-- tour: begin; in examples/x -->, a copy of that example. WINGO_WRITE_TOURS=1 writes what came out into the pages.
"""
import os
import re
import shlex
import shutil

import pytest
from conftest import ROOT, needs, start

PAGES = ["README.md", *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs/guide").glob("*.md"))]
DOCUMENTS = ["CONTRIBUTING.md", "SECURITY.md", "docs/HACKING.md", "docs/ARCHITECTURE.md", "docs/COMPATIBILITY.md", "docs/RELEASE.md", "docs/errors.md", *PAGES]
TOUR = re.compile(r"<!-- tour: begin(?:; in (?P<folder>[\w/.-]+))?.*?-->(?P<body>.*?)<!-- tour: end -->", re.S)
BLOCK = re.compile(r"(```console\n)(.*?)(```)", re.S)


def steps_of(text):
    """[(command, [line of output])] of a tour."""
    steps = []
    for block in BLOCK.findall(text):
        for line in block[1].splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            else:
                steps[-1][1].append(line)
    return steps


def plain(lines):
    """Times and sizes differ from run to run, and steps that run side by side end in any order."""
    out = []
    for line in lines:
        line = re.sub(r"\b[0-9a-f]{12}\b|\b[0-9a-f]{64}\b", "DIGEST", line)
        line = re.sub(r"(\d+ min )?\d+(\.\d+)? (s|ms)\b", "TIME", line)
        out.append(re.sub(r"\d+(\.\d+)*", "N", line).rstrip())
    return sorted(out)


def rewritten(text, outputs):
    rest = iter(outputs)

    def block(m):
        lines = []
        for line in m.group(2).splitlines():
            if line.startswith("$ "):
                lines += [line, *(got.rstrip() for got in next(rest))]
        return m.group(1) + "".join(line + "\n" for line in lines) + m.group(3)

    return BLOCK.sub(block, text)


@pytest.mark.parametrize("page", [p for p in PAGES if TOUR.search((ROOT / p).read_text())])
@pytest.mark.slow
def test_the_tour(root, wingo, env, tmp_path, page):
    needs("go", "bash")
    found = TOUR.search((root / page).read_text())
    steps = steps_of(found["body"])
    assert len(steps) >= 3
    folder = tmp_path / "tour"
    if found["folder"]:
        shutil.copytree(root / found["folder"], folder, ignore=shutil.ignore_patterns("out", ".wingo"))
    else:
        folder.mkdir()
    e = dict(env, PATH=f"{wingo.parent}:{env['PATH']}")
    mark = "--- next ---"
    script = "\n".join(f"echo {shlex.quote(mark)}; {command}" for command, _ in steps)
    r = start(["bash", "--norc", "-c", f"exec 2>&1\n{script}\n"], cwd=folder, env=e, timeout=900)
    outputs = [part.splitlines() for part in r.out.split(mark + "\n")[1:]]
    assert len(outputs) == len(steps), r
    if os.environ.get("WINGO_WRITE_TOURS"):
        text = (root / page).read_text()
        (root / page).write_text(text[:found.start("body")] + rewritten(found["body"], outputs) + text[found.end("body"):])
        return
    for (command, want), got in zip(steps, outputs):
        assert plain(got) == plain(want), f"{page} shows another output of: {command}\n" + "\n".join(got)


def test_every_command_that_the_documents_name_exists(root, run):
    for name in DOCUMENTS:
        for command in set(re.findall(r"`wingo ([a-z]+)", (root / name).read_text())):
            if command not in ("init",):
                r = run("help", command)
                assert r.code == 0, f"{name} names 'wingo {command}', which does not exist"


def test_every_make_target_that_the_documents_name_exists(root):
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.M))
    for name in DOCUMENTS:
        for target in re.findall(r"(?:^    |`)make ([a-z]+)", (root / name).read_text(), re.M):
            assert target in targets, f"{name} names 'make {target}'"


def test_every_file_that_the_documents_name_exists(root):
    for name in DOCUMENTS:
        for path in re.findall(r"`((?:src|docs|scripts|tests|fuzz|\.ci)/[\w./-]+)`", (root / name).read_text()):
            assert (root / path).exists(), f"{name} names {path}, which is not there"
