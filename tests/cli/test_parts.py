# SPDX-License-Identifier: Apache-2.0
"""Parts of an image: the key of a step is what the step does, and two entries that put something at one place."""
import copy
import json
import re

import pytest

from conftest import needs

REG = "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\FromFile]\n\"A\"=dword:%08x\n"
# Every key of an image that decides its bytes.
IMAGE = {
    "base": {"synthetic": "windows-11", "image": "Windows 11 Pro", "state": "generalized"},
    "arch": "amd64",
    "name": "Kiosk", "description": "d", "display_name": "K", "display_description": "dd",
    "apps": [{
        "app": "agent", "to": "C:\\Program Files\\Kiosk", "path": True,
        "service": {
            "name": "KioskAgent", "display_name": "Kiosk", "description": "d", "args": ["a b", "c"], "start": "delayed",
            "account": "LocalService", "sid": "unrestricted", "privileges": ["SeChangeNotifyPrivilege"],
            "descriptor": "D:(A;;0x1ff;;;SY)", "depends": ["Tcpip"], "environment": {"A": "b", "C": "d"},
            "failures": [{"action": "restart", "delay": "10s"}, {"action": "none"}], "failure_reset": "1h",
            "failure_on_exit_code": True, "triggers": ["network-up"], "event_source": True, "replace": False},
        "firewall": [{"name": "web", "protocol": "tcp", "ports": "8080", "direction": "in", "action": "allow"}],
        "uninstall": {"name": "Kiosk", "version": "1.0", "publisher": "P", "replace": False},
        "shortcut": {"name": "Kiosk", "folder": "K", "args": "x", "working_dir": "C:\\W", "icon": "C:\\i.dll,3",
                     "description": "s"}}],
    "files": [
        {"from": "note.txt", "to": "C:\\Kiosk\\", "attributes": ["hidden"], "owner": "SYSTEM", "sddl": "D:PAI(A;;FA;;;SY)"},
        {"from": "tree", "to": "C:\\Kiosk\\tree", "owner": "SYSTEM"},
        {"mkdir": "C:\\Kiosk\\made"},
        {"delete": "C:\\gone", "if_present": True},
        {"rename": "C:\\here", "to": "C:\\there", "if_present": True, "replace": True},
        {"set": "C:\\Windows\\Web", "attributes": ["system"], "if_present": True, "all_below": False},
        {"from": "t*/**/*.txt", "to": "C:\\Kiosk\\some", "exclude": ["b*"]},
        {"from": "tree", "to": "C:\\Kiosk\\all", "attributes": ["hidden"], "exclude": ["*.pdb"], "all_below": True}],
    "registry": [
        {"file": "t.reg", "map": {"HKLM\\RTS": "HKLM\\SOFTWARE"}},
        {"key": "HKLM\\SOFTWARE\\Example", "values": {"Mode": "single", "N": 3, "L": ["a", "b"], "M": {"append": ["x"]}},
         "expect": {"Mode": None}, "view": 64},
        {"key": "HKLM\\SOFTWARE\\Made"},
        {"delete_key": "HKLM\\SOFTWARE\\Gone"}],
    "drivers": {"from": ["drv/a"], "only": ["one.inf"], "exclude": ["two.inf"], "boot": ["three.inf"],
                "allow": ["unsigned", "missing-file", "uncovered"], "setup_network": False, "replace": False,
                "hardware": ["hw/a.yaml"], "pin": ["PCI*=one.inf"], "prefer": ["class=Net"]},
    "outputs": ["wim"],
    "compact": False,
}
INF = """[Version]\r\nSignature = "$Windows NT$"\r\nClass = Net\r\nClassGuid = {4d36e972-e325-11ce-bfc1-08002be10318}\r\nProvider = P\r
DriverVer = 01/02/2024,%s\r\n[Manufacturer]\r\nP = Models,NTamd64\r\n[Models.NTamd64]\r\nD = Install,PCI\\VEN_1234&DEV_%04x\r\n[Install.NT]\r\n"""
# What is said of one index beside what holds for all of them.
INDEX = {"name": "One", "description": "d", "display_name": "K", "display_description": "dd",
         "apps": [{"app": "agent", "to": "C:\\Kiosk"}],
         "files": [{"from": "note.txt", "to": "C:\\Kiosk\\"}],
         "registry": [{"key": "HKLM\\SOFTWARE\\One", "values": {"A": 1}}]}
BOTH = {"base": {"synthetic": "windows-11-setup"}, "files": [{"from": "tree", "to": "C:\\Both"}],
        "registry": [{"key": "HKLM\\SOFTWARE\\Both", "values": {"A": 1}}],
        "indexes": {"1": INDEX, "2": {"registry": [{"key": "HKLM\\SOFTWARE\\Two", "values": {"A": 1}}]}},
        "outputs": ["wim"]}
RECOVERY = {"base": {"synthetic": "windows-11"}, "outputs": ["wim"],
            "winre": {"files": [{"from": "note.txt", "to": "C:\\N\\"}],
                      "registry": [{"key": "HKLM\\SOFTWARE\\Re", "values": {"A": 1}}]}}
PROJECT = {"version": 1, "name": "t", "release": "1.2.3", "apps": {"agent": {"dir": "app", "targets": ["windows/amd64"]}},
           "images": {"full": IMAGE, "both": BOTH, "rec": RECOVERY}}
BOTH["drivers"] = {"from": ["drv/a"], "allow": ["unsigned"]}
INDEX["drivers"] = {"from": ["drv/b"], "allow": ["missing-file"]}
RECOVERY["drivers"] = {"from": ["drv/a"], "allow": ["unsigned"]}
# Where the value is put into the project, and what it becomes. Each alone must change what is built.
CHANGES = [
    ("base.state", "complete"), ("base.image", "Windows 11 Home"), ("base", {"synthetic": "windows-10"}),
    ("apps.0.to", "C:\\Program Files\\Other"), ("apps.0.to", "C:\\Program Files\\Kiosk\\helper.exe"), ("apps.0.path", False),
    ("apps.0.service.name", "Other"), ("apps.0.service.display_name", "Other"), ("apps.0.service.description", "e"),
    ("apps.0.service.args", ["a", "b c"]), ("apps.0.service.args", ["a b c"]), ("apps.0.service.start", "manual"),
    ("apps.0.service.account", "NetworkService"), ("apps.0.service.sid", "restricted"),
    ("apps.0.service.privileges", ["SeImpersonatePrivilege"]), ("apps.0.service.descriptor", "D:(A;;0x1fe;;;SY)"),
    ("apps.0.service.depends", ["Dhcp"]), ("apps.0.service.environment", {"A": "b"}),
    ("apps.0.service.environment", {"A": "b", "C": "e"}), ("apps.0.service.failures.0.action", "reboot"),
    ("apps.0.service.failures.0.delay", "11s"), ("apps.0.service.failure_reset", "2h"),
    ("apps.0.service.failure_on_exit_code", False), ("apps.0.service.triggers", ["network-down"]),
    ("apps.0.service.event_source", False), ("apps.0.service.replace", True), ("apps.0.uninstall.replace", True), ("apps.0.firewall.0.name", "other"), ("apps.0.firewall.0.protocol", "udp"),
    ("apps.0.firewall.0.ports", "8081"), ("apps.0.firewall.0.direction", "out"), ("apps.0.firewall.0.action", "block"),
    ("apps.0.uninstall.name", "Other"), ("apps.0.uninstall.version", "1.1"), ("apps.0.uninstall.publisher", "Q"),
    ("apps.0.shortcut.name", "Other"), ("apps.0.shortcut.folder", "L"), ("apps.0.shortcut.args", "y"),
    ("apps.0.shortcut.working_dir", "C:\\V"), ("apps.0.shortcut.icon", "C:\\i.dll,4"), ("apps.0.shortcut.description", "t"),
    ("apps.0.shortcut", False), ("files.0.from", "other.txt"), ("files.0.to", "C:\\Kiosk\\renamed.txt"),
    ("files.0.attributes", ["system"]), ("files.0.attributes", []), ("files.0.owner", "Users"),
    ("files.0.sddl", "D:AI(A;;FA;;;SY)"), ("files.1.from", "tree2"), ("files.1.owner", "Users"), ("files.2.mkdir", "C:\\K\\m"),
    ("files.3.delete", "C:\\gone2"), ("files.3.if_present", False), ("files.4.rename", "C:\\here2"),
    ("files.4.to", "C:\\there2"), ("files.4.replace", False), ("files.5.set", "C:\\Users"),
    ("files.5.all_below", True), ("files.6.from", "t*/*.txt"), ("files.6.exclude", ["b*", "c*"]), ("files.6.exclude", ["b"]),
    ("files.7.all_below", False), ("files.7.exclude", ["*.pd"]),
    ("registry.0.file", "u.reg"), ("registry.0.map", {"HKLM\\RTS": "HKLM\\SYSTEM"}), ("registry.1.key", "HKLM\\SOFTWARE\\Example2"), ("registry.1.values.Mode", "double"),
    ("registry.1.values.Mode", {"type": "sz", "value": "single"}), ("registry.1.values.N", 4),
    ("registry.1.values.L", ["a", "c"]), ("registry.1.values.L", ["ab"]), ("registry.1.values.M", {"remove": ["x"]}),
    ("registry.1.values.M", {"append": ["y"]}), ("registry.1.values", {"Mode": "single"}), ("registry.1.expect", {"Mode": "x"}),
    ("registry.1.expect", {"Other": None}), ("registry.1.view", 32), ("registry.2.key", "HKLM\\SOFTWARE\\Made2"),
    ("registry.3.delete_key", "HKLM\\SOFTWARE\\Gone2"), ("compact", True),
    ("drivers.from", ["drv/b"]), ("drivers.from", ["drv/a", "drv/b"]), ("drivers.only", ["one.inf", "two.inf"]),
    ("drivers.exclude", ["four.inf"]), ("drivers.boot", ["one.inf"]), ("drivers.allow", ["unsigned"]),
    ("drivers.setup_network", True), ("drivers.replace", True), ("drivers.remove", ["oem1.inf"]),
    ("drivers.hardware", ["hw/b.yaml"]), ("drivers.pin", ["PCI*=drv/a"]), ("drivers.prefer", ["class=Net", "drv"]),
    ("name", "Other"), ("description", "e"), ("display_name", "L"), ("display_description", "ee"),
]
# The same of the image with indexes.
BOTH_CHANGES = [
    ("files.0.to", "C:\\All"), ("registry.0.values.A", 2), ("indexes.1.name", "Other"), ("indexes.1.description", "e"),
    ("indexes.1.display_name", "L"), ("indexes.1.display_description", "ee"), ("indexes.1.apps.0.to", "C:\\Other"),
    ("indexes.1.files.0.from", "other.txt"), ("indexes.1.registry.0.values.A", 2), ("indexes.2.registry.0.values.A", 2),
    ("indexes.1.drivers.from", ["drv/a"]), ("indexes.1.drivers.allow", ["uncovered"]), ("indexes.1.drivers.only", ["one.inf"]),
    ("indexes.1.drivers.exclude", ["one.inf"]), ("indexes.1.drivers.boot", ["one.inf"]), ("indexes.1.drivers.remove", ["one.inf"]),
    ("indexes.1.drivers.hardware", ["hw/a.yaml"]),
    ("indexes.1.drivers", {"from": ["drv/b"], "hardware": ["hw/b.yaml"], "pin": ["PCI*=one.inf"]}), ("indexes.1.drivers.setup_network", True), ("indexes.1.drivers.replace", True), ("drivers.from", ["drv/b"]),
    ("indexes", {"1": INDEX}), ("indexes", {"1": INDEX, "2": {"files": [{"mkdir": "C:\\x"}]}}),
    ("indexes", {"2": INDEX, "1": {"registry": [{"key": "HKLM\\SOFTWARE\\Two", "values": {"A": 1}}]}}),
]
# The same of what is done to the Winre.wim, whose step is its own.
WINRE_CHANGES = [("winre.files.0.from", "other.txt"), ("winre.files.0.to", "C:\\M\\"), ("winre.registry.0.values.A", 2),
                 ("winre.registry", [{"key": "HKLM\\SOFTWARE\\Other"}]), ("winre.drivers", True)]
# They decide which steps there are, or where a base is; not what is in the image's own step.
NOT_HERE = {"base.synthetic", "base.wim", "base.file", "base.dir", "base.sha256", "arch", "outputs", "outputs.0.swm", "into", "apps", "files", "registry",
            "apps.0.app", "apps.0.service", "apps.0.firewall", "apps.0.uninstall", "apps.0.service.failures", "drivers", "drivers.stage", "indexes.*.drivers",
            "indexes.*.drivers.pin", "indexes.*.drivers.prefer", "indexes.*.drivers.stage"}
STEP = "image/full/wim"


def changed(project, where, value, image="full"):
    project = copy.deepcopy(project)
    at = project["images"][image]
    *way, last = where.split(".")
    for name in way:
        at = at[int(name)] if isinstance(at, list) else at[name]
    at[int(last) if isinstance(at, list) else last] = value
    return project


def keys(run, folder, project=None):
    """Each step's key, or that it is not known yet."""
    if project is not None:
        (folder / "wingo.yaml").write_text(json.dumps(project, indent=1))  # JSON is YAML
    r = run("plan", "--json", cwd=folder)
    assert r.code == 0, r
    return {s["step"]: s.get("key", "?") for s in json.loads(r.out)["steps"]}


@pytest.fixture(scope="module")
def built(tmp_path_factory, wingo, go_caches):
    """A project that uses every key of an image, built once."""
    needs("go")
    folder = tmp_path_factory.mktemp("parts")
    (folder / "app").mkdir()
    (folder / "app" / "go.mod").write_text("module example.com/agent\n\ngo 1.19\n")
    (folder / "app" / "main.go").write_text("package main\n\nfunc main() { println(\"hi\") }\n")
    for name in ("note.txt", "other.txt", "tree/a.txt", "tree/sub/b.txt", "tree2/a.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "hw").mkdir()
    for name, number in (("a", 1), ("b", 2)):
        (folder / "hw" / f"{name}.yaml").write_text(f"devices: ['PCI\\VEN_1234&DEV_{number:04x}']\n")
        (folder / "drv" / name).mkdir(parents=True)
        (folder / "drv" / name / "one.inf").write_bytes((INF % (f"1.0.0.{number}", number)).encode())
    (folder / "t.reg").write_text(REG % 1)
    (folder / "u.reg").write_text(REG % 2)
    return folder


@pytest.fixture
def full(built, run, tmp_path_factory, env):
    """The project in its first state, with everything in the store."""
    env["XDG_CACHE_HOME"] = str(built / "cache")
    (built / "wingo.yaml").write_text(json.dumps(PROJECT, indent=1))
    r = run("build", cwd=built)
    assert r.code == 0, r
    return built


def schema_keys(schema, where=""):
    """Names of keys below, as CHANGES has them."""
    for name, s in schema.get("properties", {}).items():
        path = f"{where}.{name}" if where else name
        yield path
        if name in ("indexes", "winre"):  # what they hold are the image's own keys again
            below, map_ = (".*", s["additionalProperties"]) if name == "indexes" else ("", s)
            yield from (f"{path}{below}.{key}" for key in map_["properties"])
            continue
        for form in [s, *s.get("oneOf", []), *s.get("anyOf", [])]:
            if form.get("type") == "object":
                yield from schema_keys(form, path)
            if isinstance(form.get("items"), dict):
                for item in [form["items"], *form["items"].get("oneOf", []), *form["items"].get("anyOf", [])]:
                    yield from schema_keys(item, path + ".0")


def test_every_key_of_an_image_is_changed_below(root):
    """The list above is whole: a new key of the project file must say how it changes a step."""
    schema = json.loads((root / "docs" / "wingo.schema.json").read_text())
    known = {w for w, _ in CHANGES} | NOT_HERE
    flat = {re.sub(r"\.\d+\.", ".0.", w) for w in known}
    flat |= {w for w, _ in WINRE_CHANGES}
    flat |= {re.sub(r"^indexes\.\d+\.", "indexes.*.", w) for w, _ in BOTH_CHANGES}
    missing = []
    for path in schema_keys(schema["properties"]["images"]["additionalProperties"]):
        if path not in flat and not any(f.startswith(path + ".") for f in flat):
            missing.append(path)
    assert "apps.0.service.failures.0.delay" in set(schema_keys(schema["properties"]["images"]["additionalProperties"]))
    unserviced = {"updates", "features", "capabilities", "languages", "packages", "answer", "firstboot"}
    assert not [m for m in missing if m.split(".")[0] not in unserviced], missing


@pytest.mark.slow
def test_each_key_alone_changes_the_steps_key(full, run):
    first = keys(run, full)
    assert first[STEP] != "?", first
    same = []
    for where, value in CHANGES:
        now = keys(run, full, changed(PROJECT, where, value))
        if where.split(".")[0] == "base":
            same += [(where, value)] if now == first else []
        elif now[STEP] in ("?", first[STEP]):
            same.append((where, value, now[STEP]))
    for where, value in BOTH_CHANGES:
        now = keys(run, full, changed(PROJECT, where, value, "both"))
        if now["image/both/wim"] in ("?", first["image/both/wim"]) or now[STEP] != first[STEP]:
            same.append((where, value, now["image/both/wim"]))
    for where, value in WINRE_CHANGES:
        now = keys(run, full, changed(PROJECT, where, value, "rec"))
        if now["image/rec/winre"] in ("?", first["image/rec/winre"]) or now[STEP] != first[STEP]:
            same.append((where, value, now["image/rec/winre"]))
    assert not same
    swapped = copy.deepcopy(PROJECT)
    swapped["images"]["full"]["files"][2:4] = reversed(swapped["images"]["full"]["files"][2:4])
    assert keys(run, full, swapped)[STEP] != first[STEP]
    values = {"N": 3, "Mode": "single", "L": ["a", "b"], "M": {"append": ["x"]}}
    assert keys(run, full, changed(PROJECT, "registry.1.values", values))[STEP] != first[STEP]  # order is part of it
    assert keys(run, full, PROJECT) == first


def test_content_of_files_changes_the_key(full, run):
    first = keys(run, full)
    for name in ("note.txt", "tree/sub/b.txt", "t.reg"):
        old = (full / name).read_text()
        (full / name).write_text(old.replace("1", "9") + "\n")
        assert keys(run, full)[STEP] != first[STEP], name
        (full / name).write_text(old)
    (full / "tree" / "new").write_text("n")
    assert keys(run, full)[STEP] != first[STEP]
    (full / "tree" / "new").unlink()
    assert keys(run, full) == first


def test_form_does_not_change_the_key(full, run):
    """Other places in the file, other spacing, quotes, defaults that are written out, another folder."""
    first = keys(run, full)
    (full / "wingo.yaml").write_text("# a comment\n\n\n" + json.dumps(PROJECT))
    assert keys(run, full) == first
    (full / "wingo.yaml").write_text(json.dumps(PROJECT, indent=7, sort_keys=False))
    assert keys(run, full) == first


@pytest.mark.slow
def test_fields_that_join_to_one_text_are_two_keys(full, run):
    a = changed(PROJECT, "registry.2", {"key": "HKLM\\SOFTWARE\\A|B", "values": {"C": "x"}})
    b = changed(PROJECT, "registry.2", {"key": "HKLM\\SOFTWARE\\A", "values": {"B|C": "x"}})
    assert keys(run, full, a)[STEP] != keys(run, full, b)[STEP]


def test_plan_says_which_entry_changed(full, run):
    (full / "wingo.yaml").write_text(json.dumps(changed(PROJECT, "registry.1.values.Mode", "double"), indent=1))
    r = run("plan", cwd=full)
    lines = [line.strip() for line in r.out.splitlines() if "registry[" in line]
    assert len(lines) == 1 and lines[0].startswith("changed: registry[1] Mode (wingo.yaml:"), r
    (full / "wingo.yaml").write_text(json.dumps(changed(PROJECT, "files.2", {"mkdir": "C:\\new"}), indent=1))
    r = run("plan", cwd=full)
    assert "new: files[2] make C:\\new (wingo.yaml:" in r.out and "files[2] make C:\\Kiosk\\made is gone" in r.out, r


@pytest.mark.slow
def test_recheck_of_every_key(full, run):
    """Everything is made again and gives the same bytes."""
    r = run("build", "--recheck", cwd=full)
    assert r.code == 0, r


def test_facts_come_back_from_the_worker(full, run):
    log = "".join(p.read_text() for p in (full / ".wingo" / "log").glob("*.jsonl"))
    events = [json.loads(line) for line in log.splitlines()]
    facts = {e["name"]: e.get("number", e.get("text")) for e in events if e["event"] == "step_fact" and e["identity"] == STEP}
    assert int(facts["registry_values_set"]) > 20 and int(facts["files_put"]) >= 5, facts
    rows = [e["rows"] for e in events if e["event"] == "step_table" and e["name"] == "folders"]
    assert rows and all(set(r) == {"folder", "below", "bytes", "bytes_put"} for r in rows[0])


CLASH = r"""
version: 1
name: t
apps: {agent: {dir: app, targets: [windows/amd64]}}
images:
  i:
    base: {synthetic: windows-11}
    apps:
      - {app: agent, to: 'C:\K\helper.EXE', shortcut: {name: S}}
      - {app: agent, to: 'C:\K\', shortcut: {name: s}}
    files:
      - {from: a.txt, to: 'C:\K\'}
      - {from: d, to: 'c:/k'}
      - {from: a.txt, to: 'C:\K\AGENT.exe'}
      - {from: a.txt, to: 'C:\K\helper.exe\below'}
      - {from: bad, to: 'C:\bad'}
      - {from: link, to: 'C:\link'}
    outputs: [wim]
"""


def test_entries_that_put_something_at_one_place(run, tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "go.mod").write_text("module example.com/agent\n\ngo 1.19\n")
    (tmp_path / "app" / "main.go").write_text("package main\n\nfunc main() {}\n")
    for name in ("a.txt", "d/A.txt", "bad/AUX.txt", "link/a"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "link" / "l").symlink_to("a")
    (tmp_path / "wingo.yaml").write_text(CLASH)
    r = run("check", "--json")
    assert r.code == 3, r
    found = {(f["line"], f["text"].split("see ")[-1]) for f in json.loads(r.out)["faults"] if "see " in f["text"]}
    assert found == {(9, "wingo.yaml:15:16 (files)"), (10, "wingo.yaml:14:16 (files)"),
                     (10, "wingo.yaml:9:45 (the shortcut of app 'agent')"), (13, "wingo.yaml:12:16 (files)")}, r
    texts = {f["line"]: f["text"] for f in json.loads(r.out)["faults"]}
    assert "AUX.txt" in texts[16] and "symbolic link" in texts[17], r
    # Without a look at the files the two shortcuts are one already; with them the plan stops as well.
    r = run("build")
    assert r.code == 3 and "is put there twice: see wingo.yaml:9:45" in r.err, r
    (tmp_path / "wingo.yaml").write_text(CLASH.replace(", shortcut: {name: s}", ""))
    r = run("plan")
    assert r.code == 3 and "see wingo.yaml:1" in r.err, r


def test_an_app_under_another_name(full, run, tmp_path):
    """A path that ends in .exe is the program itself, as it is for a file."""
    p = changed(PROJECT, "apps.0.to", "C:\\Tools\\helper.EXE")
    p["images"]["full"] = {"base": {"synthetic": "windows-11"}, "apps": p["images"]["full"]["apps"], "outputs": ["wim"]}
    (full / "wingo.yaml").write_text(json.dumps(p))
    r = run("build", cwd=full)
    assert r.code == 0, r
    out = f"{full}/out/full.wim:2"
    r = run("wim", "dir", full / "out" / "full.wim", "2", cwd=full)
    assert "\\Tools\\helper.EXE" in r.out and "agent.exe" not in r.out, r
    r = run("reg", "query", out, "HKLM\\SYSTEM\\CurrentControlSet\\Services\\KioskAgent", cwd=full)
    assert "C:\\Tools\\helper.EXE" in r.out, r
