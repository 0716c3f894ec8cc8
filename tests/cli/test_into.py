# SPDX-License-Identifier: Apache-2.0
"""Images that end in one file: `into: win11.wim`."""
import json
import re

import pytest

from conftest import needs, start

HEAD = "version: 1\nname: t\nimages:\n"


def tool(*argv):
    r = start(argv)
    assert r.code == 0, r
    return r.out


def names(path):
    return re.findall(r"^Name: +(.*)$", tool("wimlib-imagex", "info", path), re.M)


def has(path, image, *folders):
    found = tool("wimlib-imagex", "dir", path, str(image)).splitlines()
    return [f for f in folders if f"/{f}" in found]


@pytest.fixture
def make(tmp_path, run):
    needs("wimlib-imagex")
    (tmp_path / "a.txt").write_text("in both\n")

    def call(*images, args=(), code=0, more=""):
        (tmp_path / "wingo.yaml").write_text(HEAD + "".join(f"  {i}\n" for i in images) + more)
        r = run("build", *args)
        assert r.code == code, r
        return r

    return call


PRO = "pro: {base: {%s}, into: %s, files: [{from: a.txt, to: 'C:\\Pro\\'}], registry: [{key: 'HKLM\\SOFTWARE\\Ours', values: {Is: pro}}]}"
HOME = "home: {base: {%s}, into: %s, files: [{from: a.txt, to: 'C:\\Home\\'}], registry: [{key: 'HKLM\\SOFTWARE\\Ours', values: {Is: home}}]}"
BASES = {"synthetic": ("synthetic: windows-11", "synthetic: windows-11, image: Windows 11 Home"),
         "wim": ("file: base.wim, image: 2", "file: base.wim, image: 1"),
         "esd": ("file: base.esd, image: 2", "file: base.esd, image: 1"),
         "two": ("file: base.wim, image: 2", "synthetic: windows-10, image: Windows 10 Home")}


@pytest.mark.parametrize("base", sorted(BASES))
@pytest.mark.parametrize("file", ["win.wim", "win.esd"])
@pytest.mark.slow
def test_two_images_in_one_file(make, run, tmp_path, base, file):
    needs("hivexget")
    if base in ("wim", "esd", "two"):
        assert run("wim", "synthetic", "windows-11", "base.wim").code == 0
    if base == "esd":
        tool("wimlib-imagex", "export", tmp_path / "base.wim", "all", tmp_path / "base.esd", "--solid")
    pro, home = BASES[base]
    make(PRO % (pro, file), HOME % (home, file))
    out = tmp_path / "out" / file
    assert [p.name for p in (tmp_path / "out").iterdir()] == [file]
    assert names(out) == ["Windows 11 Pro", "Windows 10 Home" if base == "two" else "Windows 11 Home"]
    assert has(out, 1, "Pro", "Home") == ["Pro"] and has(out, 2, "Pro", "Home") == ["Home"]
    for image, word in ((1, "pro"), (2, "home")):
        tool("wimlib-imagex", "extract", out, str(image), "/Windows/System32/config/SOFTWARE", "--dest-dir", tmp_path / word)
        assert tool("hivexget", tmp_path / word / "SOFTWARE", "\\Ours", "Is").strip() == word
    tool("wimlib-imagex", "verify", out)
    assert run("wim", "verify", out).code == 0
    sha1 = tool("sha1sum", tmp_path / "a.txt").split()[0]
    assert tool("wimlib-imagex", "info", "--blobs", out).lower().count(sha1) == 1
    if base != "two":  # what both have is there once: two are hardly larger than one
        one, two = (start(["stat", "-c", "%s", p]).out for p in (tmp_path / "base.wim", out)) if base == "wim" and file == "win.wim" else (1, 1)
        assert int(two) < 1.2 * int(one)
    again = run("build")
    assert again.code == 0 and " ran" not in again.err, again
    assert run("build", "--recheck").code == 0


@pytest.mark.slow
def test_order_names_and_targets(make, run, tmp_path):
    std = "std: {base: {synthetic: windows-11}, into: all.wim, files: [{mkdir: 'C:\\Std'}]}"
    shop = "shop: {base: {image: std}, into: all.wim, name: Shop, files: [{mkdir: 'C:\\Shop'}]}"
    both = "both: {base: {synthetic: windows-11}, into: all.wim, indexes: {1: {}, 3: {name: Three}}}"
    make(shop, both, std)
    out = tmp_path / "out" / "all.wim"
    assert names(out) == ["Shop", "Windows 11 Home", "Three", "Windows 11 Pro"]
    assert [has(out, i, "Std", "Shop") for i in (1, 2, 3, 4)] == [["Std", "Shop"], [], [], ["Std"]]
    for target in ("image/all.wim", "image/shop", "std", "image"):
        out.unlink(missing_ok=True)
        make(shop, both, std, args=(target,))
        assert len(names(out)) == 4
    r = run("plan", "--json")
    steps = {s["step"]: s for s in json.loads(r.out)["steps"]}
    assert {s["state"] for s in steps.values()} == {"cached"} and "image/all.wim" in steps, r
    make(std, shop, both)  # another order is another file
    assert names(out) == ["Windows 11 Pro", "Shop", "Windows 11 Home", "Three"]
    r = run("__complete", "target")
    assert r.code == 0 and r.out.split() == ["image/std", "image/all.wim", "image/shop", "image/both"], r
    r = run("wim", "info", out)
    assert r.code == 0 and "Image 4" in r.out, r


def test_one_image_alone(make, tmp_path):
    """Nothing else of its base is in the file."""
    make("pro: {base: {synthetic: windows-11}, into: only.wim}")
    assert names(tmp_path / "out" / "only.wim") == ["Windows 11 Pro"]


def test_published(make, run, tmp_path):
    (tmp_path / "to").mkdir()
    make("pro: {base: {synthetic: windows-11}, into: only.wim}", more="publish: {p: {to: to/there, outputs: [image/only.wim]}}\nrelease: 1.0.0\n")
    r = run("publish")
    assert r.code == 0 and (tmp_path / "to" / "there" / "1.0.0" / "only.wim").read_bytes() == (tmp_path / "out" / "only.wim").read_bytes(), r
    make("pro: {base: {synthetic: windows-11}, outputs: [wim]}")
    r = run("clean", "--dry-run")
    assert r.code == 0 and "out/only.wim" in r.out + r.err, r


@pytest.mark.slow
def test_names_that_meet(make, run, tmp_path):
    """Which the project file does not show: they are what two bases call their images."""
    for name in ("a.wim", "b.wim"):
        assert run("wim", "synthetic", "windows-11", name).code == 0
    pair = ("pro: {base: {file: a.wim, image: 2}, into: x.wim}", "more: {base: {file: b.wim, image: 2}, into: x.wim}")
    r = make(*pair, code=1)
    assert "wingo.yaml:5:47: image 'more' would have the name of another image in x.wim: give it a 'name' of its own" in r.err, r
    assert not (tmp_path / "out" / "x.wim").exists()
    make(pair[0], pair[1][:-1] + ", name: Mehr}")
    assert names(tmp_path / "out" / "x.wim") == ["Windows 11 Pro", "Mehr"]


TREE = "{base: {dir: tree}, arch: amd64, into: f.wim%s}"
MEET = {
    "synthetic": (["a: {base: {synthetic: windows-11}, into: f.wim}", "b: {base: {synthetic: windows-11, image: 2}, into: f.wim}"], "Windows 11 Pro", 5, 4),
    "files": (["a: {base: {file: a.wim, image: 1}, into: f.wim}", "b: {base: {file: b.wim, image: windows 11 home}, into: f.wim}"], "Windows 11 Home", 5, 4),
    "indexes": (["a: {base: {file: a.wim}, into: f.wim, indexes: {1: {name: One}, 2: {}}}", "b:", "  base: {file: b.wim}", "  into: f.wim", "  indexes:", "    1: {}", "    Windows 11 Pro: {}"], "Windows 11 Pro", 10, 4),
    "given and found": (["a: {base: {file: a.wim, image: 3}, into: f.wim}", "b: {base: {file: b.wim, image: 1}, into: f.wim, name: windows 11 enterprise}"], "windows 11 enterprise", 5, 4),
    "of an image": (["a: {base: {file: a.wim, image: 1}, outputs: [wim], name: Eins}", "b: {base: {image: a}, into: f.wim}", "c: {base: {file: b.wim, image: 2}, into: f.wim, name: eins}"], "eins", 6, 5),
    "of an index": (["a: {base: {file: a.wim}, outputs: [wim], indexes: {1: {}, 2: {name: Zwei}}}", "b: {base: {image: a}, into: f.wim, indexes: {Zwei: {}}}", "c: {base: {file: b.wim, image: 2}, into: f.wim, name: Zwei}"], "Zwei", 6, 5),
    "folders": (["a: " + TREE % "", "b: " + TREE % ", name: A"], "A", 5, 4),
    "two that differ": (["a: " + TREE % "", "b: " + TREE % "", "c: {base: {file: a.wim, image: 1}, into: f.wim}", "d: {base: {file: b.wim, image: 2}, into: f.wim}"], None, 0, 0),
}


@pytest.mark.parametrize("case", MEET)
def test_check_finds_names_that_meet(run, tmp_path, case):
    for name in ("a.wim", "b.wim"):
        assert run("wim", "synthetic", "windows-11", name).code == 0
    (tmp_path / "tree").mkdir()
    images, name, line, other = MEET[case]
    (tmp_path / "wingo.yaml").write_text(HEAD + "".join(f"  {i}\n" for i in images))
    r = run("check", "--json")
    said = json.loads(r.out)
    errors = [(f["line"], f["text"]) for f in said["faults"] if f["severity"] == "error"]
    if name is None:
        assert (r.code, errors) == (0, []), r
        return
    assert r.code == 3 and len(errors) == 1, r
    assert errors[0][0] == line and f"f.wim would have two images of the name '{name}': see wingo.yaml:{other}:" in errors[0][1], r
    r = run("build", "--quiet")
    assert r.code == 1 and "would have the name of another image in f.wim" in r.err and not (tmp_path / "out" / "f.wim").exists(), r


def test_a_base_is_opened_once(run, wingo, env, tmp_path):
    """By a build that knows nothing of it: its indexes are facts of one look."""
    needs("strace", "wimlib-imagex")
    assert run("wim", "synthetic", "windows-11", "a.wim").code == 0
    opened = {}
    for n, indexes in (("one", "{1: {name: A}}"), ("three", "{1: {name: A}, 2: {name: B}, 3: {name: C}}")):
        (tmp_path / "wingo.yaml").write_text(HEAD + "  a: {base: {file: a.wim}, into: f.wim, indexes: %s}\n" % indexes)
        log = tmp_path / f"{n}.trace"
        r = start(["strace", "-o", log, "-e", "trace=openat,open", wingo, "plan", "--store", tmp_path / n], cwd=tmp_path, env=env)
        assert r.code == 0, r
        opened[n] = sum('a.wim"' in line for line in log.read_text().splitlines())
    assert opened["three"] == opened["one"] > 0, opened


def test_images_are_put_together_in_the_worker(run, wingo, env, tmp_path):
    """The child with the memory limit writes the file; the parent gives it its name."""
    needs("strace")
    assert run("wim", "synthetic", "windows-11", "a.wim").code == 0
    (tmp_path / "wingo.yaml").write_text(HEAD + "  a: {base: {file: a.wim}, into: f.wim, indexes: {1: {name: A}, 2: {name: B}}}\n")
    log = tmp_path / "trace"
    r = start(["strace", "-f", "-o", log, "-e", "trace=execve,openat", wingo, "build"], cwd=tmp_path, env=env)
    assert r.code == 0, r
    text = log.read_text()
    workers = set(re.findall(r'^(\d+) +execve\(.*"__wim-worker"', text, re.M))
    writers = set(re.findall(r'^(\d+) +openat\([^\n]*out/f\.wim\.wgtmp-[^\n]*(?:O_RDWR|O_WRONLY)', text, re.M))
    assert writers and writers <= workers, (writers, workers)
