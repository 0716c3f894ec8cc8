# SPDX-License-Identifier: Apache-2.0
"""docs/wingo.schema.json takes and refuses what the program does, as far as a schema can say it.

The judges are Debian's python3-jsonschema and python3-yaml, which know nothing of wingo.
"""
import copy
import json
import random
import re

import pytest
from conftest import ROOT

jsonschema = pytest.importorskip("jsonschema")
yaml = pytest.importorskip("yaml")

BAD = ROOT / "tests" / "bad" / "config"

# What needs to know more than one value at a time, or the world: the program refuses these, and a schema
# can't.
BEYOND_A_SCHEMA = {
    "app-name-clash": "two names", "app-name-device": "device names",
    "base-dir-without-arch": "one key depends on another", "base-dir-with-sha256": "one key depends on another", "base-home": "path rules",
    "base-image-negative": "numbers and names", "base-image-zero": "numbers and names",
    "base-none": "refers to another place", "base-of-image": "refers to another place",
    "base-windows-path": "path rules",
    "files-protected": "path rules", "duplicate-app": "gone after parsing", "duplicate-in-flow": "gone after parsing",
    "duplicate-key": "gone after parsing", "image-app-no-target": "refers to another place",
    "image-app-other-arch": "refers to another place", "image-app-twice": "compares items",
    "image-app-unknown": "refers to another place", "image-app-variants": "refers to another place",
    "image-app-without-apps": "refers to another place", "ldflags-conflict": "refers to another place",
    "ldflags-windowsgui": "rules of flags", "main-forms": "path rules",
    "manifest-file-and-keys": "one key depends on another", "path-device": "device names",
    "path-long-name": "path rules",
    "release-too-big-for-windows": "refers to another place", "time-date": "calendar",
    "variable-bad-value": "the environment", "variable-broken": "the environment",
    "variable-empty": "the environment", "variable-unset": "the environment",
    "version-float": "1.0 equals 1",
    "block-scalar": "to Python, $ also matches before a last line end",
}


class Core(yaml.SafeLoader):
    """YAML 1.2's core schema: PyYAML's own is YAML 1.1, where `no` is false."""


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in (
        ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
        ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
        ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
        ("float", r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)"
                  r"|\.(?:nan|NaN|NAN))$", list("-+0123456789."))):
    Core.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(pattern), first)
Core.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^(?:<<)$"), ["<"])
Core.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value, 10)
                     if not node.value.startswith(("0o", "0x")) else int(node.value, 0))
Core.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(
    node.value.lower().replace(".inf", "inf").replace(".nan", "nan")))


@pytest.fixture(scope="module")
def schema():
    s = json.loads((ROOT / "docs" / "wingo.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(s)
    return jsonschema.Draft7Validator(s)


def program_takes(run, folder, text):
    """What `wingo check` says of the text itself; files that are not there don't count."""
    (folder / "wingo.yaml").write_text(text)
    r = run("check", "--json", cwd=folder, env={"WINGO_TEST_EMPTY": "", "WINGO_TEST_WORD": "word"})
    assert r.code in (0, 3), r
    files = re.compile(r"there is no '(?!.* app)|is not in a Go module|has no Go source|is not an icon")
    return not [f for f in json.loads(r.out)["faults"] if f["severity"] == "error" and
                (not files.search(f["text"]) or "there is no app" in f["text"])]


def test_faulty_files_are_refused_by_both(schema):
    seen = 0
    accepted = []
    for f in sorted(BAD.glob("*.yaml")):
        try:
            doc = yaml.load(f.read_bytes(), Core)
        except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError):
            continue  # no document to judge
        if f.stem in ("alias-bomb", "alias-recursive"):
            continue  # a tree for a schema would be endless
        seen += 1
        if schema.is_valid(doc):
            accepted.append(f.stem)
    beyond = [s for s in accepted if s not in BEYOND_A_SCHEMA]
    assert not beyond, f"the schema takes what the program refuses: {beyond}"
    stale = [s for s in BEYOND_A_SCHEMA if s not in accepted]
    assert not stale, f"the schema refuses these after all, or they are gone: {stale}"
    assert seen > 90 and len(accepted) < 45


GOOD = [
    "version: 1\nname: x\napps: {a: {targets: [linux/amd64]}}\n",
    "version: 1\nname: x\nimages: {a: {base: {dir: b}, arch: 386, outputs: [wim]}}\n",
    (ROOT / "fuzz/config/corpus/example.yaml").read_text(),
    (ROOT / "src/cli/project/template/wingo.yaml").read_text().replace("@NAME@", "x"),
    "version: 1\nname: x\nrelease: ${WINGO_TEST_UNSET:-1.0}\ntime: 1700000000\n"
    "apps:\n  a:\n    targets: [windows/amd64/v3, linux/arm/7, windows/amd64]\n"
    "    env: {A: 1, B: ''}\n    vars: {main.x: 1.10}\n    tags: [netgo]\n    gcflags: [-l]\n"
    "    go: 1.22\n    mod: vendor\n"
    "    windows: {subsystem: gui, version_info: {file_version: 1.2}, manifest: {level: admin, dpi: system}}\n"
    "images:\n  i:\n    base: {file: b.wim, image: 2, sha256: '" + "0" * 64 + "'}\n    arch: amd64\n"
    "    apps: [{app: a, to: 'C:\\x'}]\n    files: [{from: f, to: 'c:/y/'}]\n    outputs: [wim]\n",
]


@pytest.mark.parametrize("text", GOOD)
def test_good_files_are_taken_by_both(schema, run, tmp_path, text):
    errors = [e.message for e in schema.iter_errors(yaml.load(text, Core))]
    assert not errors
    assert program_takes(run, tmp_path, text)


@pytest.fixture
def overlay_schema(run):
    s = json.loads(run("__schema", "overlay").out)
    jsonschema.Draft7Validator.check_schema(s)
    return jsonschema.Draft7Validator(s)


OVERLAYS = [
    "release: 2.0\n",
    "apps: {a: {+targets: [linux/arm64], mod: null, env: {A: null}}}\n",
    "images: {i: {base: {image: 2}, +files: [{from: f, to: 'C:\\z'}], +outputs: [esd]}}\n",
    "images: {i: {+registry: [{key: 'HKLM\\SOFTWARE\\X', values: {A: b}}]}}\napps: {a: {windows: null}}\n",
    "publish: {share: {to: /srv/x, +outputs: [image/i]}}\n",
]


@pytest.mark.parametrize("text", OVERLAYS)
def test_overlays_are_taken_by_both(overlay_schema, schema, run, tmp_path, text):
    assert not [e.message for e in overlay_schema.iter_errors(yaml.load(text, Core))]
    assert not schema.is_valid(yaml.load(text, Core))  # it is no project file
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "e.yaml").write_text(text)
    (tmp_path / "wingo.yaml").write_text(GOOD[-1])
    r = run("config", "--env", "e", env={"A": "1"})
    assert r.code == 0, r


@pytest.mark.parametrize("text", GOOD)
def test_a_project_file_is_an_overlay(overlay_schema, text):
    assert not [e.message for e in overlay_schema.iter_errors(yaml.load(text, Core))]


@pytest.mark.parametrize("text", [
    "+apps: {a: {}}\n", "apps: {a: {+env: {A: 1}}}\n", "apps: {a: {+targets: linux/arm64}}\n",
    "images: {i: {+files: [{from: f}], files: null, +fils: []}}\n", "images: {i: {files: [{+from: f}]}}\n"])
def test_overlays_that_both_refuse(overlay_schema, run, tmp_path, text):
    assert not overlay_schema.is_valid(yaml.load(text, Core))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "e.yaml").write_text(text)
    (tmp_path / "wingo.yaml").write_text(GOOD[-1])
    assert run("check", "--env", "e").code == 3


def places(doc, path=()):
    """Every place in a document, as paths of keys and indexes."""
    yield path
    items = doc.items() if isinstance(doc, dict) else enumerate(doc) if isinstance(doc, list) else ()
    for k, v in items:
        yield from places(v, path + (k,))


VALUES = [None, True, 0, 1, -1, 1.5, "", "x", "X y", "no", "windows/amd64", "linux/386/v9", "C:\\x", "C:x", [],
          {}, ["x"], {"x": "y"}, ["wim", "wim"], "wim", "1.2.3", "v1", "sha256", "vendor", "commit", "${A}",
          "2024-01-01T00:00:00Z", ["linux/amd64"], {"a": {"targets": ["js/wasm"]}}, "gui", "386", 386]


def mutate(rng, doc):
    doc = copy.deepcopy(doc)
    where = rng.choice([p for p in places(doc) if p])
    parent = doc
    for k in where[:-1]:
        parent = parent[k]
    kind = rng.randrange(4)
    if kind == 0:
        del parent[where[-1]]
    elif kind == 1 and isinstance(parent, dict):
        parent[rng.choice(["x", "main", "file", "dir", "to", "Mod", "windows"])] = parent.pop(where[-1])
    elif kind == 2 and isinstance(parent, list):
        parent.append(copy.deepcopy(parent[where[-1]]))
    else:
        parent[where[-1]] = copy.deepcopy(rng.choice(VALUES))
    return doc


@pytest.mark.slow
def test_what_the_schema_refuses_the_program_refuses(schema, run, tmp_path):
    """Changed documents: the schema may be more lenient, an editor must never see an error where there is none."""
    rng = random.Random(7)
    n_refused = n_both = n_taken = 0
    for _ in range(400):
        doc = yaml.load(rng.choice(GOOD), Core)
        for _ in range(rng.randrange(1, 3)):
            if len(list(places(doc))) > 1:
                doc = mutate(rng, doc)
        text = json.dumps(doc, ensure_ascii=False, indent=1)  # JSON is YAML
        doc = yaml.load(text, Core)
        takes = program_takes(run, tmp_path, text)
        if not schema.is_valid(doc):
            n_refused += 1
            assert not takes, (text, [e.message for e in schema.iter_errors(doc)])
        n_both += not takes and not schema.is_valid(doc)
        n_taken += takes
    assert n_refused > 150 and n_taken > 20
    assert n_both == n_refused
