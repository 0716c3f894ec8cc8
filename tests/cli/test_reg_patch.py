# SPDX-License-Identifier: Apache-2.0
"""A change of a large hive is made where it stands: the rest of its bytes stay, and every reader finds what was changed."""
import os
import pathlib
import shutil
import subprocess

import pytest

from conftest import needs, start

TREES = 40


@pytest.fixture(scope="module")
def pristine(wingo, tmp_path_factory):
    """A hive of some 6 MB, as reg import writes it."""
    folder = tmp_path_factory.mktemp("large")
    path, text = folder / "SOFTWARE", folder / "large.reg"
    data = bytes(i * 7 % 256 for i in range(8192))
    with open(text, "w", encoding="utf-8") as f:
        f.write("Windows Registry Editor Version 5.00\n\n")
        for t in range(TREES):
            for k in range(20):
                f.write(f"[HKEY_LOCAL_MACHINE\\SOFTWARE\\Tree{t}\\Key{k}]\n")
                f.write(f'"Name"="tree {t} key {k}"\n"Number"=dword:{t * k:08x}\n')
                f.write('"Data"=hex:' + data[t + k:t + k + 7000].hex(",") + "\n\n")
    for words in (["create", path], ["import", path, text]):
        r = start([wingo, "reg", *words], env={"PATH": os.environ["PATH"], "HOME": str(folder)})
        assert r.code == 0, r
    assert path.stat().st_size > 5_000_000
    return path


@pytest.fixture
def large(pristine, tmp_path):
    """A copy of it."""
    return pathlib.Path(shutil.copy(pristine, tmp_path / "SOFTWARE"))


def pages(a, b):
    """How many pages of a are not in b at the same place."""
    return sum(a[i:i + 4096] != b[i:i + 4096] for i in range(4096, len(a), 4096))


def exported(path):
    """The whole hive as a tool says that nobody here wrote: lines, but for the times hivexregedit doesn't give."""
    needs("hivexregedit")
    p = subprocess.run(["hivexregedit", "--export", "--prefix", "HKLM", str(path), "\\"], capture_output=True, check=True)
    return p.stdout.decode("utf-8").split("\n")


def sound(run, path):
    r = run("reg", "check", path)
    assert r.code == 0 and "lost cells     0 (0 bytes)" in r.out, r


@pytest.mark.slow
def test_a_value_moves_nothing_else(run, large):
    was, text = large.read_bytes(), exported(large)
    assert run("reg", "add", large, r"Tree3\Key4", "--value=New", "--data=x").code == 0
    now = large.read_bytes()
    assert len(now) <= len(was) + 4096 and pages(was, now) <= 4
    sound(run, large)
    lines, known = exported(large), set(text)
    assert [x for x in lines if x not in known] == ['"New"=hex(1):78,00,00,00']
    assert len(lines) == len(text) + 1


@pytest.mark.slow
def test_keys_come_and_go(run, large):
    was, text = large.read_bytes(), exported(large)
    assert run("reg", "add", large, r"Tree9\Made\Below", "--value=V", "--data=1").code == 0
    assert run("reg", "delete", large, r"Tree9\Key7").code == 0
    assert run("reg", "delete", large, r"Tree8\Key1", "--value=Data").code == 0
    sound(run, large)
    assert pages(was, large.read_bytes()) <= 20
    lines = exported(large)
    assert "[HKLM\\Tree9\\Made\\Below]" in lines and "[HKLM\\Tree9\\Key7]" not in lines
    assert run("reg", "add", large, r"Tree9\Key7", "--value=Name", "--data=tree 9 key 7").code == 0
    assert run("reg", "delete", large, r"Tree9\Made").code == 0
    sound(run, large)
    left = set(exported(large))
    gone = {x for x in text if x not in left}
    assert all(x.startswith('"Data"=') or x.startswith('"Number"=') for x in gone), gone


def test_the_same_change_again_makes_it_no_larger(run, large):
    for n in range(5):
        assert run("reg", "add", large, r"Tree1\Key1", "--value=Again", f"--data={n}").code == 0
        size = large.stat().st_size if n == 0 else size
    assert large.stat().st_size == size
    sound(run, large)


def test_out_is_another_file(run, large, tmp_path):
    was = large.read_bytes()
    assert run("reg", "add", large, r"Tree1", "--value=New", "--data=x", "--out", tmp_path / "new").code == 0
    assert large.read_bytes() == was
    sound(run, tmp_path / "new")


def test_much_that_is_deleted_is_written_compact(run, large, tmp_path):
    size, text = large.stat().st_size, tmp_path / "half.reg"
    text.write_text("Windows Registry Editor Version 5.00\n\n" +
                    "".join(f"[-HKEY_LOCAL_MACHINE\\SOFTWARE\\Tree{t}]\n" for t in range(TREES // 2)))
    assert run("reg", "import", large, text).code == 0
    assert run("reg", "add", large, "Tree30", "--value=New", "--data=x").code == 0
    assert large.stat().st_size < size * 3 // 4
    sound(run, large)


def test_what_is_to_be_mended_is_mended(run, large, tmp_path):
    data = bytearray(large.read_bytes())
    at = data.index(b"lh", 4096)
    data[at + 8:at + 12] = b"\0\0\0\1"  # the hash of a subkey's name
    bad = tmp_path / "bad"
    bad.write_bytes(data)
    shutil.copymode(large, bad)
    assert run("reg", "check", bad).code != 0
    assert run("reg", "add", bad, "Tree1", "--value=New", "--data=x").code == 0
    sound(run, bad)
