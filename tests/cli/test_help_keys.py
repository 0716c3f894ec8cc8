# SPDX-License-Identifier: Apache-2.0
"""`wingo help keys` and `wingo schema`: the reference without a browser."""
import json
import re

import pytest
from conftest import ROOT, needs, start


def rows():
    """Every heading of the reference page."""
    return re.findall(r"^### `(.+)`$", (ROOT / "docs" / "wingo.yaml.md").read_text(), re.M)


@pytest.mark.slow
def test_every_key_of_the_reference_is_explained(run):
    """As it is headed there, with wildcards, and with a name and an index in it."""
    page = (ROOT / "docs" / "wingo.yaml.md").read_text()
    for key in rows():
        doc = page.split(f"### `{key}`\n\n")[1].split("\n\n")[0]
        for asked in (key, key.replace("<name>", "*"), key.replace("<name>", "some-name").replace("[]", "[0]"), key.replace("[]", "")):
            r = run("help", "keys", asked)
            assert r.code == 0 and r.out.splitlines()[0] == key, (asked, r)
            again = doc.startswith("As `")  # told in its first place; the terminal has it at both
            assert again or " ".join(r.out.split("\n\n")[1].split()) == " ".join(doc.split()), asked
        found = json.loads(run("help", "keys", key, "--json").out)["keys"]
        assert [k["key"] for k in found] == [key] and (again or found[0]["doc"] == doc)


def test_the_list_and_what_is_below(run):
    top = run("help", "keys")
    assert top.code == 0
    for key in rows():
        if "." not in key:
            assert re.search(rf"^  {key} ", top.out, re.M), key
    image = run("help", "keys", "images.kiosk").out
    assert all(f"\n  {k} " in image for k in ("base", "files", "registry", "outputs")), image
    files = run("help", "keys", "images.*.files").out
    assert "Keys below it:" in files and "\n  exclude " in files, files
    assert max(map(len, (top.out + image + files).splitlines())) <= 110


def test_a_word_alone_is_looked_for_everywhere(run):
    assert run("help", "keys", "sddl").out.startswith("images.<name>.files[].sddl\n")
    several = run("help", "keys", "files").out
    assert "indexes" not in several and "Also, for that place alone: images.<name>.indexes.<name>.files" in run("help", "keys", "images.*.files").out
    assert "images.<name>.files " in several and "apps.<name>.archive.files" in several
    assert len(json.loads(run("help", "keys", "*.*.files", "--json").out)["keys"]) == 1
    assert len(json.loads(run("help", "keys", "files", "--json").out)["keys"]) > 1


@pytest.mark.parametrize("typed, meant", [
    ("imges.x.base", "images.x.base"), ("images.k.fles", "images.k.files"), ("images.*.files.form", "images.*.files.from"),
    ("sdll", "sddl"), ("apps.a.env.FOO", "apps.a.env"), ("images.k.base.fiel", "images.k.base.file")])
def test_a_typing_error(run, typed, meant):
    r = run("help", "keys", typed)
    assert r.code == 2 and r.out == "" and f"no key '{typed}'; did you mean '{meant}'?" in r.err, r
    r = run("help", "keys", typed, "--json")
    assert r.code == 2 and json.loads(r.out)["error"]["exit"] == 2


@pytest.mark.parametrize("typed", ["", ".", "xyzzy", "a.b.c", "." * 100, "[", "x" * 300, "x.y" * 99])
def test_nonsense_is_no_key(run, typed):
    r = run("help", "keys", typed)
    assert r.code == 2 and "no key '" in r.err and r.out == "", r


def test_the_schema_is_a_command(run):
    assert run("schema").out == (ROOT / "docs" / "wingo.schema.json").read_text() == run("__schema").out
    assert json.loads(run("schema", "overlay").out)["title"] != json.loads(run("schema").out)["title"]
    assert "schema" in run("help").out and "keys" in run("help").out
    r = run("schema", "other")
    assert r.code == 2 and "'overlay' is one" in r.err, r


def test_completion_of_keys(run, wingo, tmp_path):
    """bash, zsh and fish offer `keys` behind `help`, and keys behind `keys`."""
    names = run("__complete", "keys").out.split()
    assert len(names) >= len(rows()) and "images.*.files.from" in names
    for shell in ("bash", "zsh", "fish"):
        assert "keys" in run("completion", shell).out
    script = tmp_path / "c.bash"
    script.write_text(run("completion", "bash").out + f"""
wingo() {{ {wingo} "$@"; }}
words() {{ COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _wingo; printf '%s\\n' "${{COMPREPLY[@]}}"; }}
words wingo help ke
words wingo help keys images.\\*.fil
words wingo schema ov
""")
    r = start(["bash", script])
    assert r.code == 0 and r.out.split()[0] == "keys" and "images.*.files.from" in r.out and r.out.split()[-1] == "overlay", r
    needs("fish", "zsh")
    (tmp_path / "wingo.fish").write_text(run("completion", "fish").out)
    env = {"PATH": f"{wingo.parent}:/usr/bin:/bin", "HOME": str(tmp_path)}
    r = start(["fish", "-c", f"source {tmp_path}/wingo.fish; complete -C 'wingo help ke'; complete -C 'wingo help keys apps.'"], env=env)
    assert "keys" in r.out and "apps.*.dir" in r.out, r
    (tmp_path / "_wingo").write_text(run("completion", "zsh").out)
    assert start(["zsh", "-n", tmp_path / "_wingo"]).code == 0


def test_a_name_may_be_left_out(run):
    """`images.files` is no image called 'files': it is the key of every image."""
    for asked, key in (("images.files", "images.<name>.files"), ("apps.vars", "apps.<name>.vars")):
        r = run("help", "keys", asked)
        assert r.code == 0 and r.out.splitlines()[0] == key, r
