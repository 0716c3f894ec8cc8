# SPDX-License-Identifier: Apache-2.0
"""Every example is a project that checks and builds as it stands, for each of its environments."""
import shutil

import pytest
from conftest import ROOT, needs

EXAMPLES = sorted(p.parent.name for p in (ROOT / "examples").glob("*/wingo.yaml"))


def environments(folder):
    return [None, *sorted(p.stem for p in (folder / "config").glob("*.yaml"))]


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.slow
def test_example(run, root, tmp_path, name):
    folder = tmp_path / name
    shutil.copytree(root / "examples" / name, folder, ignore=shutil.ignore_patterns("out", ".wingo"))
    if "apps:" in (folder / "wingo.yaml").read_text():
        needs("go")
    for env_name in environments(folder):
        more = ["--env", env_name] if env_name else []
        r = run("check", *more, cwd=folder)
        assert r.code == 0 and "no faults" in r.out + r.err, r
        r = run("build", *more, cwd=folder, timeout=900)
        assert r.code == 0 and r.out.split(), r
        for path in r.out.split():
            assert (folder / path).stat().st_size > 0, path
        again = run("build", *more, cwd=folder)
        assert again.code == 0 and " ran" not in again.err and again.out == r.out, again
