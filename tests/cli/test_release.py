# SPDX-License-Identifier: Apache-2.0
"""scripts/release in a clone: the version in three places, a tag, an archive whose digests hold."""
import os
import subprocess

import pytest
from conftest import needs, start


@pytest.fixture
def clone(root, tmp_path):
    needs("git")
    if start(["git", "-C", root, "rev-parse", "HEAD"]).code != 0:
        pytest.skip("needs a git checkout, and this is none")
    folder = tmp_path / "clone"
    env = dict(os.environ, GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null", SOURCE_DATE_EPOCH="1800000000")
    for who in ("AUTHOR", "COMMITTER"):
        env.update({f"GIT_{who}_NAME": "a", f"GIT_{who}_EMAIL": "a@example"})

    def call(*argv):
        return start(argv, cwd=folder, env=env)

    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{root}", str(folder)], check=True, env=env)
    # What is being tested is the script as it stands, committed or not.
    for name in ("scripts/release", "NEWS.md", "meson.build", "debian/changelog"):
        (folder / name).write_bytes((root / name).read_bytes())
    (folder / "scripts/release").chmod(0o755)
    call("git", "add", "-A")
    call("git", "commit", "-qm", "as it stands")
    return folder, call


@pytest.mark.slow
def test_prepare_then_make(clone):
    folder, call = clone
    r = call("scripts/release", "prepare", "7.8.9")
    assert r.code == 0, r
    assert "  version: '7.8.9'," in (folder / "meson.build").read_text()
    assert "\n## 7.8.9, 2027-01-15\n" in (folder / "NEWS.md").read_text()
    log = (folder / "debian/changelog").read_text()
    assert log.startswith("wingo (7.8.9-1) unstable; urgency=medium\n") and "UNRELEASED" not in log
    if start(["dpkg-parsechangelog", "--version"]).code == 0:
        assert call("dpkg-parsechangelog", "-S", "Version").out == "7.8.9-1\n"
        assert "Fri, 15 Jan 2027" in call("dpkg-parsechangelog", "-S", "Date").out
    r = call("scripts/release", "make", "--no-deb")
    assert r.code == 0, r
    assert call("git", "rev-parse", "v7.8.9^{commit}").out == call("git", "rev-parse", "HEAD").out
    assert start(["sha256sum", "-c", "SHA256SUMS"], cwd=folder / "build-release").code == 0
    listed = start(["tar", "tzf", folder / "build-release/wingo-7.8.9.tar.gz"]).out.splitlines()
    assert "wingo-7.8.9/meson.build" in listed
    first = (folder / "build-release/SHA256SUMS").read_text()
    assert call("scripts/release", "make", "--no-deb").code == 0
    assert (folder / "build-release/SHA256SUMS").read_text() == first


@pytest.mark.slow
def test_prepare_refuses(clone):
    folder, call = clone
    assert "not MAJOR.MINOR.PATCH" in call("scripts/release", "prepare", "1.2").err
    (folder / "README.md").write_text("changed")
    assert "has changes" in call("scripts/release", "prepare", "7.8.9").err
    call("git", "checkout", "-q", "README.md")
    call("git", "tag", "v9.0.0")
    assert "older than the last release, 9.0.0" in call("scripts/release", "prepare", "7.8.9").err
    assert call("scripts/release", "prepare", "9.0.1").code == 0
    assert "begins with '9.0.1" in call("scripts/release", "prepare", "9.0.2").err
    (folder / "more").write_text("x")
    call("git", "add", "more")
    call("git", "commit", "-qm", "more")
    assert "HEAD is not the commit" in call("scripts/release", "make", "--no-deb").err
