# SPDX-License-Identifier: Apache-2.0
"""What a build refuses and needs no packing to know, `wingo check` finds: all of it, at its line."""
import hashlib
import json
import os
import random
import time

import pytest

from conftest import needs, start

HEAD = "version: 1\nname: kiosk\n"
APPS = "apps: {agent: {targets: [windows/amd64]}}\n"
IMAGE = "images:\n  i:\n    base: {synthetic: windows-11}\n    outputs: [wim]\n"


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "p"
    path.mkdir()
    (path / "go.mod").write_text("module x\n\ngo 1.19\n")
    (path / "main.go").write_text("package main\n\nvar version string\n\nfunc main() { _ = version }\n")
    (path / "a.txt").write_text("a")
    return path


def faults(run, folder, yaml, *options):
    (folder / "wingo.yaml").write_text(yaml)
    r = run("check", "--json", *options, cwd=folder)
    assert r.err == "", r
    out = json.loads(r.out)["faults"]
    assert r.code == (3 if any(f["severity"] == "error" for f in out) else 0), r
    return ["%s:%d: %s" % (f["file"], f["line"], f["text"]) for f in out if f["severity"] == "error"]


def tree(folder, *names):
    for name in names:
        path = folder / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


# Name: (what is behind IMAGE, files, the faults).
REGISTRY = {
    "sam": ("registry: [{key: 'HKLM\\SAM\\X'}]",
            ["wingo.yaml:8: images.i.registry.key: 'HKLM\\SAM\\X' cannot be changed offline"]),
    "typo": ("registry: [{key: 'HKLM\\Sofware\\X'}]",
             ["wingo.yaml:8: images.i.registry.key: 'HKLM\\Sofware\\X' is in no hive of an image"]),
    "hardware": ("registry: [{key: 'HKLM\\HARDWARE\\X'}]",
                 ["wingo.yaml:8: images.i.registry.key: 'HKLM\\HARDWARE\\X' cannot be changed offline"]),
    "root": ("registry: [{delete_key: 'HKLM\\SOFTWARE'}]",
             ["wingo.yaml:8: images.i.registry.delete_key: 'HKLM\\SOFTWARE' is the root of a hive, which cannot be "
              "deleted"]),
    "all": ("registry: [{delete_key: 'HKLM\\System\\currentcontrolset'}]",
            ["wingo.yaml:8: images.i.registry.delete_key: 'HKLM\\System\\currentcontrolset' is all of the control set that starts next, "
             "without which no Windows starts"]),
}


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_registry_keys(run, folder, name):
    line, want = REGISTRY[name]
    assert faults(run, folder, HEAD + APPS + IMAGE + "    " + line + "\n") == want


def test_registry_text_has_its_own_lines(run, folder):
    (folder / "bad.reg").write_text("Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\X]\n\"a\"=dword:xyz\n")
    (folder / "keys.reg").write_text("REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SAM\\X]\n\"a\"=\"b\"\n[-HKEY_LOCAL_MACHINE\\SOFTWARE]\n"
                                     "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Y]\n[HKEY_LOCAL_MACHINE\\Nowhere]\n[-HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet]\n")
    got = faults(run, folder, HEAD + APPS + IMAGE + "    registry: [{file: bad.reg}, {file: keys.reg}]\n")
    assert len(got) == 5 and got[0].startswith("bad.reg:4: "), got
    assert got[1:] == ["keys.reg:3: key 'HKEY_LOCAL_MACHINE\\SAM\\X' cannot be changed offline",
                       "keys.reg:5: key 'HKEY_LOCAL_MACHINE\\SOFTWARE' is the root of a hive, which cannot be deleted",
                       "keys.reg:7: key 'HKEY_LOCAL_MACHINE\\Nowhere' is in no hive of an image",
                       "keys.reg:8: key 'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet' is all of the control set that starts next, without "
                       "which no Windows starts"], got


def test_names_that_windows_refuses(run, folder):
    tree(folder, "AUX.txt", "ok/COM0", "ok/fine.txt", "ok/com1.log", "ends.")
    os.symlink("a.txt", folder / "tree" / "link")
    got = faults(run, folder, HEAD + APPS + IMAGE + "    files:\n      - {from: tree, to: 'C:\\T'}\n"
                 "      - {from: a.txt, to: 'C:\\com0'}\n      - {mkdir: 'C:\\x\\lpt0.y'}\n")
    assert len(got) == 7, got
    text = "\n".join(got)
    for name in ("AUX.txt", "COM0", "com1.log", "ends.", "link' is a symbolic link"):
        assert "wingo.yaml:9: " in text and name in text, (name, got)
    assert "wingo.yaml:10: images.i.files.to: 'C:\\com0' is no path in an image" in text, got
    assert "wingo.yaml:11: images.i.files.mkdir: 'C:\\x\\lpt0.y' is no path in an image" in text, got


CONFLICTS = [
    (["{from: a.txt, to: 'C:\\K\\a.txt'}", "{from: a.txt, to: 'c:\\k\\A.TXT'}"], 10, "is put there twice"),
    (["{from: tree, to: 'C:\\T'}", "{from: a.txt, to: 'C:\\T\\sub\\x.txt'}"], 10, "is put there twice"),
    (["{from: a.txt, to: 'C:\\T\\'}", "{delete: 'C:\\T'}"], 10, "would be deleted"),
    (["{mkdir: 'C:\\T'}", "{from: a.txt, to: 'C:\\T'}"], 10, "is a file here, and a folder before"),
    (["{from: a.txt, to: 'C:\\T'}", "{mkdir: 'C:\\T\\x'}"], 10, "needs a folder where"),
    (["{rename: 'C:\\A', to: 'C:\\A\\B'}"], 9, "a folder cannot go below itself"),
    (["{from: a.txt, to: 'C:\\N'}", "{rename: 'C:\\O', to: 'C:\\N', replace: true}"], 10, "would be replaced"),
    (["{rename: 'C:\\O', to: 'C:\\N'}", "{from: a.txt, to: 'C:\\N'}"], 10, "would undo that"),
    (["{set: 'C:\\O', attributes: [hidden]}", "{from: a.txt, to: 'C:\\O'}"], 10, "would undo that"),
    (["{from: a.txt, to: 'C:\\Agent\\agent.exe'}"], 11, "is put there twice"),
]
FINE = [
    ["{delete: 'C:\\T'}", "{from: a.txt, to: 'C:\\T'}"],
    ["{from: a.txt, to: 'C:\\T'}", "{rename: 'C:\\T', to: 'C:\\U'}", "{from: a.txt, to: 'C:\\T'}"],
    ["{mkdir: 'C:\\T'}", "{from: tree, to: 'C:\\T'}", "{set: 'C:\\T\\sub', attributes: [hidden]}"],
    ["{from: a.txt, to: 'C:\\T\\a'}", "{from: a.txt, to: 'C:\\T\\b'}", "{rename: 'C:\\Old', to: 'C:\\T2'}"],
    ["{rename: 'C:\\O', to: 'C:\\N'}", "{from: a.txt, to: 'C:\\N\\a.txt'}"],
]


@pytest.mark.parametrize("n", range(len(CONFLICTS)))
def test_conflicts_of_files(run, folder, n):
    tree(folder, "sub/x.txt")
    entries, line, text = CONFLICTS[n]
    yaml = HEAD + APPS + IMAGE + "    files:\n" + "".join("      - %s\n" % e for e in entries)
    yaml += "    apps:\n      - {app: agent, to: 'C:\\Agent'}\n"
    got = faults(run, folder, yaml)
    assert len(got) == 1 and got[0].startswith("wingo.yaml:%d: images.i: " % line) and text in got[0], got


@pytest.mark.parametrize("n", range(len(FINE)))
def test_what_is_no_conflict(run, folder, n):
    tree(folder, "sub/x.txt")
    yaml = HEAD + APPS + IMAGE + "    files:\n" + "".join("      - %s\n" % e for e in FINE[n])
    assert faults(run, folder, yaml) == []


def test_an_app_without_the_architecture_of_the_base(run, folder, tmp_path):
    base = tmp_path / "base.wim"
    assert run("wim", "synthetic", "windows-11", base, "--arch", "arm64").code == 0
    image = "images:\n  i:\n    base: {file: %s, image: 1}\n    outputs: [wim]\n    apps: [{app: agent, to: 'C:\\A'}]\n" % base
    got = faults(run, folder, HEAD + APPS + image)
    assert got == ["wingo.yaml:8: images.i.apps: app 'agent' has no target windows/arm64"], got
    image = IMAGE + "    apps: [{app: agent, to: 'C:\\A'}]\n"
    got = faults(run, folder, HEAD + APPS.replace("amd64", "arm64") + image)
    assert got == ["wingo.yaml:8: images.i.apps: app 'agent' has no target windows/amd64"], got


def test_accounts_and_names_of_services_and_rules(run, folder):
    got = faults(run, folder, HEAD + APPS + IMAGE + "    apps:\n      - app: agent\n        to: 'C:\\A'\n        service:\n"
                 "          name: Agent\n          account: '.\\joe'\n          descriptor: 'D:(A;;XX;;;SY)'\n"
                 "        firewall: [{name: 'a|b'}, {name: c, ports: \"0\"}]\n")
    assert [g.split(": ")[0] for g in got] == ["wingo.yaml:13", "wingo.yaml:14", "wingo.yaml:15", "wingo.yaml:15"], got
    assert "'.\\joe' needs a password" in got[0] and "is not SDDL" in got[1], got
    assert "cannot be a firewall rule's name" in got[2] and "is not a list of ports" in got[3], got


def test_sources_of_an_app(run, folder):
    (folder / "res_windows_amd64.syso").write_bytes(b"x")
    (folder / "other_linux.syso").write_bytes(b"x")
    (folder / "x.ico").write_bytes(b"\0\0\1\0\1\0")
    got = faults(run, folder, HEAD + "apps:\n  agent:\n    targets: [windows/amd64]\n    windows: {icon: x.ico}\n"
                 "    vars: {main.versoin: \"1\", main.version: \"a'b\\\"c\"}\n    ldflags: ['-X main.a=\"b'' c']\n")
    text = "\n".join(got)
    assert "wingo.yaml:4: apps.agent.windows: '.' has resources of its own (res_windows_amd64.syso)" in got, got
    assert "other_linux" not in text, got
    assert "wingo.yaml:6: apps.agent.windows.icon: 'x.ico': " in text, got
    assert "wingo.yaml:7: apps.agent.vars: there is no variable 'main.versoin'" in text, got
    (folder / "main.go").write_text("package agent\n")
    got = faults(run, folder, HEAD + APPS)
    assert got == ["wingo.yaml:3: apps.agent.main: '.' is package agent, which makes no program"], got


def test_a_manifest_that_is_none(run, folder):
    app = "apps:\n  agent:\n    targets: [windows/amd64]\n    windows: {manifest: {file: m.xml}}\n"
    (folder / "m.xml").write_text("<nope/>")
    got = faults(run, folder, HEAD + app)
    assert len(got) == 1 and got[0].startswith("wingo.yaml:6: apps.agent.windows.manifest.file: 'm.xml': ") and "root element" in got[0], got
    (folder / "m.xml").write_text("<assembly xmlns='urn:schemas-microsoft-com:asm.v1' manifestVersion='1.0'/>")
    assert faults(run, folder, HEAD + app) == []


def test_a_folder_that_cannot_be_on_path(run, folder):
    got = faults(run, folder, HEAD + APPS + IMAGE + "    apps: [{app: agent, to: 'C:\\A;B', path: true}]\n")
    assert got == ["wingo.yaml:8: images.i.apps: 'C:\\A;B' cannot stand in PATH, whose folders a ';' separates"], got
    assert faults(run, folder, HEAD + APPS + IMAGE + "    apps: [{app: agent, to: 'C:\\A;B'}]\n") == []


def test_all_of_it_at_once(run, folder):
    tree(folder, "AUX.txt")
    (folder / "bad.reg").write_text("nonsense\n")
    got = faults(run, folder, HEAD + APPS.replace("amd64", "arm64") + IMAGE +
                 "    registry: [{key: 'HKLM\\SAM\\X'}, {file: bad.reg}]\n"
                 "    files: [{from: tree, to: 'C:\\T'}, {from: a.txt, to: 'C:\\a'}, {from: a.txt, to: 'C:\\A'}]\n"
                 "    apps: [{app: agent, to: 'C:\\A\\B', service: {name: A, account: joe}}]\n")
    assert len(got) == 7, got


def test_a_base_is_hashed_once(run, folder, tmp_path):
    base = tmp_path / "base.wim"
    assert run("wim", "synthetic", "windows-11", base).code == 0
    os.utime(base, (1000000000, 1000000000))
    yaml = HEAD + "images: {i: {base: {file: %s, image: 1}, outputs: [wim]}}\n" % base
    (folder / "wingo.yaml").write_text(yaml)
    time.sleep(0.1)  # a file that was just written is not remembered
    store = tmp_path / "store"
    first = run("check", "--store", store, cwd=folder)
    assert first.code == 0 and "add 'sha256: " in first.out, first
    known = store / "v1" / "stat"
    remembered = known.read_bytes()
    assert len(remembered) > 0
    again = run("check", "--store", store, cwd=folder)
    assert again.out == first.out and known.read_bytes() == remembered, again
    base.write_bytes(base.read_bytes() + b"x")
    changed = run("check", "--store", store, cwd=folder)
    assert changed.out != first.out, changed


def bytes_read(wingo, env, log, path, *args, cwd):
    """How many bytes of the file the command reads, counted at the calls."""
    r = start(["strace", "-f", "-y", "-e", "trace=read,pread64,readv,preadv,mmap,copy_file_range", "-o", log, wingo, *args],
              cwd=cwd, env=env)
    assert r.code == 0, r
    lines = [line for line in log.read_text(errors="replace").splitlines() if f"<{path}>" in line]
    assert lines and not any(" mmap(" in line or "copy_file_range(" in line for line in lines), lines
    return sum(int(line.rsplit(" = ", 1)[1]) for line in lines)


def test_check_reads_a_known_base_no_more_than_it_must(wingo, env, folder, tmp_path):
    needs("strace")
    tree(tmp_path, "Windows/a.txt")
    (tmp_path / "tree" / "Windows" / "noise.bin").write_bytes(random.Random(2).randbytes(3_000_000))
    base, store, log = tmp_path / "base.wim", tmp_path / "store", tmp_path / "log"
    assert start([wingo, "wim", "capture", tmp_path / "tree", base], env=env).code == 0
    os.utime(base, (1000000000, 1000000000))
    yaml = HEAD + "images: {i: {base: {file: %s, image: 1}, arch: amd64, outputs: [wim]}}\n" % base
    (folder / "wingo.yaml").write_text(yaml)
    time.sleep(0.1)  # a file that was just written is not remembered
    size = base.stat().st_size
    assert bytes_read(wingo, env, log, base, "check", "--store", store, cwd=folder) >= size
    assert bytes_read(wingo, env, log, base, "check", "--store", store, cwd=folder) < 20_000
    other = tmp_path / "another store"  # what a build found out serves as well
    assert start([wingo, "build", "--store", other], cwd=folder, env=env).code == 0
    assert bytes_read(wingo, env, log, base, "check", "--store", other, cwd=folder) < 20_000
    base.write_bytes(base.read_bytes() + b"x")
    assert bytes_read(wingo, env, log, base, "check", "--store", store, cwd=folder) >= size


def test_the_first_fault_is_told_once(run, folder):
    (folder / "wingo.yaml").write_text(HEAD + APPS + "x: 1\ny: 2\n")
    r = run("build", cwd=folder)
    assert r.code == 3 and r.err.count("unknown key 'x'") == 1, r
    assert r.err.endswith("wingo: error: wingo.yaml has 2 faults\n"), r


@pytest.mark.parametrize("epoch", ["yesterday", "-1", "4294967296", "1e9", " 1"])
def test_source_date_epoch_is_one_thing_everywhere(run, folder, tmp_path, epoch):
    env = {"SOURCE_DATE_EPOCH": epoch}
    (folder / "wingo.yaml").write_text(HEAD + APPS)
    assert run("wim", "capture", folder, tmp_path / "good.wim").code == 0
    assert run("reg", "create", tmp_path / "SOFTWARE").code == 0
    for code, words in ((3, ("check",)), (3, ("build",)),
                        (2, ("wim", "update", tmp_path / "good.wim", "--delete=/a.txt")),
                        (2, ("reg", "create", tmp_path / "NEW")),
                        (2, ("reg", "add", tmp_path / "SOFTWARE", "HKLM\\SOFTWARE\\X"))):
        r = run(*words, cwd=folder, env=env)
        assert r.code == code and "SOURCE_DATE_EPOCH is '%s'" % epoch in r.out + r.err, (words, r)


def test_a_release_may_be_written_as_a_tag(run, folder):
    assert faults(run, folder, HEAD + "release: v1.2.3\n" + APPS) == []
    assert faults(run, folder, HEAD + "release: 'v'\n" + APPS) != []


# --- what the base itself has against it

BASED = "images:\n  i:\n    base: {file: base.wim, image: 2, sha256: %s}\n    outputs: [wim]\n"


@pytest.fixture
def based(run, folder):
    assert run("wim", "synthetic", "windows-11", "base.wim", cwd=folder).code == 0
    return HEAD + BASED % hashlib.sha256((folder / "base.wim").read_bytes()).hexdigest()


REFUSED = {
    "{delete: 'C:\\nope'}": "'C:\\nope' is not in the image",
    "{rename: 'C:\\nope', to: 'C:\\x'}": "'C:\\nope' is not in the image",
    "{set: 'C:\\nope', attributes: [hidden]}": "'C:\\nope' is not in the image",
    "{from: a.txt, to: 'C:\\Windows'}": "'C:\\Windows' in the image is a folder, where a file is to go",
    "{from: a.txt, to: 'C:\\Windows\\explorer.exe\\x'}": "'C:\\Windows\\explorer.exe' in the image is a file, where a folder is needed",
    "{from: tree, to: 'C:\\Windows\\explorer.exe'}": "'C:\\Windows\\explorer.exe' in the image is a file, where a folder is needed",
    "{delete: 'C:\\Windows'}": "is not changed: it is the component store",
}


@pytest.mark.parametrize("entry", REFUSED)
def test_what_the_base_refuses(run, folder, based, entry):
    tree(folder, "x.txt")
    got = faults(run, folder, based + "    files:\n      - {mkdir: 'C:\\Before'}\n      - %s\n" % entry)
    assert len(got) == 1 and got[0].startswith("wingo.yaml:9: images.i: files: ") and REFUSED[entry] in got[0], got
    r = run("build", cwd=folder)
    assert r.code in (1, 2) and REFUSED[entry] in r.err, r


def test_all_that_the_base_refuses_at_once(run, folder, based):
    entries = [e for e in REFUSED if "tree" not in e]
    got = faults(run, folder, based + "    files:\n" + "".join(f"      - {e}\n" for e in entries[:4]))
    assert [g.split(": ")[0] for g in got] == [f"wingo.yaml:{n}" for n in range(8, 12)], got
    got = faults(run, folder, based.replace("image: 2, ", "") + "    files: [{delete: 'C:\\nope'}]\n"
                 "    indexes:\n      1: {}\n      2:\n        files: [{from: a.txt, to: 'C:\\Windows'}]\n")
    assert [g.split(": ")[0] for g in got] == ["wingo.yaml:7", "wingo.yaml:11"], got


def test_hundreds_that_the_base_refuses(run, folder, based):
    """However many: all of them are told."""
    got = faults(run, folder, based + "    files:\n" + "".join("      - {delete: 'C:\\nope%d'}\n" % i for i in range(150)))
    assert len(got) == 150, got
    got = faults(run, folder, based + "    registry:\n" + "".join(
        "      - {key: 'HKLM\\SOFTWARE\\X%d', expect: {A: x}, values: {A: y}}\n" % i for i in range(150)))
    assert len(got) == 150, got


def test_what_the_base_takes(run, folder, based):
    entries = ("{delete: 'C:\\nope', if_present: true}", "{mkdir: 'C:\\New'}", "{from: a.txt, to: 'C:\\New\\a.txt'}", "{from: a.txt, to: 'C:\\Windows\\explorer.exe'}",
               "{rename: 'C:\\Windows\\notepad.exe', to: 'C:\\New\\n.exe'}", "{delete: 'C:\\Windows\\regedit.exe'}", "{set: 'C:\\New', attributes: [hidden]}")
    assert faults(run, folder, based + "    files:\n" + "".join(f"      - {e}\n" for e in entries)) == []
    assert run("build", cwd=folder).code == 0


def test_what_a_base_refuses_of_a_service_is_told_at_its_key(run, folder, based):
    with_app = based.replace("images:\n", APPS + "images:\n")
    got = faults(run, folder, with_app + "    apps:\n      - app: agent\n        to: 'C:\\A'\n        service:\n          start: manual\n"
                 "          name: Ag\n          depends:\n            - Tcpip\n            - Spoler\n            - Tcpipp\n"
                 "        uninstall:\n          name: Ag\n")
    first = with_app.count("\n") + 1
    assert [f.split(": images.")[0] for f in got] == [f"wingo.yaml:{first + 8}", f"wingo.yaml:{first + 9}"], got
    got = faults(run, folder, with_app + "    apps:\n      - app: agent\n        to: 'C:\\A'\n        service:\n          start: manual\n"
                 "          name: Spooler\n")
    assert len(got) == 1 and got[0].startswith(f"wingo.yaml:{first + 5}: images.") and "not this app's" in got[0], got


EDITS = """    registry:
      - {key: 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\Spooler', values: {Start: abc, T: {secret: {prompt: Token}}}}
      - {key: 'HKLM\\SOFTWARE\\X', expect: {A: x}, values: {A: y}}
      - {file: t.reg}
    apps:
      - {app: agent, to: 'C:\\A', service: {name: %s}}
"""
SAID = ["service 'Ag' depends on 'Spoler', which the image has not; did you mean 'Spooler'?",
        "'HKLM\\SYSTEM\\CurrentControlSet\\Services\\Spooler': value 'Start' has type 4 in the image and would get type 1",
        "'HKLM\\SOFTWARE\\X': value 'A' is not there, against what 'expect' says",
        "'HKLM\\SYSTEM\\CurrentControlSet\\Services\\Spooler' is in the image already and not this app's"]


@pytest.mark.parametrize("base", ["file", "index", "folder"])
def test_what_the_registry_of_a_base_refuses(run, folder, base):
    """All of it at once, each at its line, with nobody asked for a secret; and a build says the first of them."""
    assert run("wim", "synthetic", "-q", "windows-11", folder / "base.wim").code == 0
    assert run("wim", "apply", "-q", folder / "base.wim", "2", folder / "tree").code == 0
    (folder / "t.reg").write_text("Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\W]\n\"a\"=\"b\"\n")
    head = HEAD + APPS + "images:\n  i:\n    outputs: [wim]\n    base: "
    head += {"file": "{file: base.wim, image: 2}\n    arch: amd64\n", "index": "{file: base.wim}\n    indexes: {1: {}, 2: {}}\n",
             "folder": "{dir: tree}\n    arch: amd64\n"}[base]
    got = faults(run, folder, head + EDITS % "Ag, depends: [Spoler]")
    for text, line in zip(SAID[:3], (14, 10, 11)):
        assert sum(f.startswith(f"wingo.yaml:{line}: images.i: {text}") for f in got) == 1, (line, text, got)
    assert len(got) == 3, got
    plain = EDITS.replace(", T: {secret: {prompt: Token}}", "").replace("Start: abc", "Start2: abc").replace("expect: {A: x}, ", "")
    got = faults(run, folder, head + plain % "Spooler")
    assert len(got) == 1 and got[0].startswith("wingo.yaml:14: images.i: " + SAID[3]), got
    r = run("build", cwd=folder)
    assert r.code == 1 and SAID[3] in r.err, r
    assert faults(run, folder, head + plain % "Ag") == []
