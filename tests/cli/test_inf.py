# SPDX-License-Identifier: Apache-2.0
"""wingo inf: what INF files say. SetupAPI (Wine's) is the second reader of their text."""
import json

import pytest

from conftest import ROOT, needs, start
from winelab import wine  # noqa: F401  (a fixture)

NET = (ROOT / "fuzz/inf/corpus/net.inf").read_text()


@pytest.fixture
def inf(run, tmp_path):
    """inf(command, text, *options) -> Result, with the text as net.inf in the folder p."""
    def go(command, text, *options, encoding="utf-8", **kw):
        (tmp_path / "p").mkdir(exist_ok=True)
        (tmp_path / "p/net.inf").write_bytes(text.replace("\r", "").replace("\n", "\r\n").encode(encoding))
        return run("inf", command, "p/net.inf", *options, cwd=tmp_path, **kw)
    return go


def test_show_says_what_a_windows_takes(inf):
    r = inf("show", NET)
    assert r.code == 0 and r.err == "", r
    assert r.out.splitlines()[:5] == [
        "p/net.inf: class Net {4d36e972-e325-11ce-bfc1-08002be10318}, Example, 2026-11-28 1.2.3.4, catalogue example.cat", "",
        "Example card (Example): [Install]", "  PCI\\VEN_1234&DEV_5678", "  PCI\\VEN_1234&DEV_5679"], r
    for line in ("[Install.NT]", "  file example.sys -> the driver store\\example.sys", "  file sub\\extra.dll -> the driver store\\extra.dll",
                 "  service example, of the device: kernel driver, start on demand,", '  registry HKR A "quoted" name REG_DWORD 0x5',
                 "  registry HKR\\Ndi\\Params List REG_MULTI_SZ"):
        assert "\n" + line in r.out, (line, r)


def test_show_names_the_windows_that_it_is_for(inf):
    r = inf("show", NET, "--for", "10.0.14393")
    assert r.code == 0 and "Example card" not in r.out
    assert "nothing in it is for Windows 10.0.14393 on amd64; it is for NTamd64.10.0...16299" in r.err, r
    r = inf("show", NET, "--arch", "arm64", "--json")
    assert json.loads(r.out)["models"] == [] and json.loads(r.out)["arch"] == "arm64", r


def test_show_as_json(inf):
    r = inf("show", NET, "--language", "0407", "--json")
    v = json.loads(r.out)
    assert (v["file"], v["for"], v["class"], v["provider"], v["date"], v["version"], v["catalog"], v["encoding"]) == (
        "p/net.inf", "10.0.26100", "Net", "Beispiel", "2026-11-28", "1.2.3.4", "example.cat", "ANSI"), r
    [model], [install] = v["models"], v["installs"]
    assert model["ids"] == ["PCI\\VEN_1234&DEV_5678", "PCI\\VEN_1234&DEV_5679"] and model["install"] == "Install", r
    assert install["section"] == "Install.NT" and v["package_files"] == ["example.sys", "sub\\extra.dll"], r
    [service] = install["services"]
    assert (service["name"], service["flags"], service["start"], service["dirid"]) == ("example", 2, 3, 13), r
    values = {(x["key"], x["name"]): (x["type"], x["bytes"]) for x in install["registry"]}
    assert values == {("", 'A "quoted" name'): ("REG_DWORD", "05000000"), ("", "Bytes"): ("REG_BINARY", "00010203"),
                      ("Ndi\\Params", "List"): ("REG_MULTI_SZ", "a;b\0c\0\0".encode("utf-16-le").hex())}, r


def test_show_takes_what_is_needed_from_the_folder_of_windows_infs(inf, tmp_path):
    text = NET.replace("[Drivers]", "Include = Inbox.inf\nNeeds = Inbox.Install\n\n[Drivers]")
    r = inf("show", text)
    assert "Not read further:" in r.out and "REG_SZ from there" not in r.out, r
    (tmp_path / "INF").mkdir()
    (tmp_path / "INF/inbox.INF").write_text('[Version]\nSignature="$Windows NT$"\n[Inbox.Install]\nAddReg=R\n[R]\nHKR,,X,,"%from%"\n[Strings]\nfrom="from there"\n')
    r = inf("show", text, "--include", "INF")
    assert "registry HKR X REG_SZ from there" in r.out and "takes from" in r.out and "Not read" not in r.out, r


def test_show_in_a_code_page(inf):
    r = inf("show", NET.replace('"Example"', '"ソ表"'), "--code-page", "932", encoding="cp932")
    assert ", ソ表, 2026" in r.out, r


def test_what_cannot_be_shown(inf, run, tmp_path):
    r = inf("show", "[Version\n")
    assert r.code == 4 and "p/net.inf: line 1: the ']' of the section's name is missing" in r.err, r
    r = run("inf", "show", "absent.inf", cwd=tmp_path)
    assert r.code == 1 and "absent.inf" in r.err, r
    for option, said in (("--arch=mips", "amd64"), ("--for=eleven", "10.0.26100"), ("--for=11", "(Windows 11 24H2)"), ("--for=10.0.1.2.3", "10.0.26100"), ("--code-page=x", "1252"), ("--language=xx", "0409"),
                         ("--code-page=0", "1252")):
        r = inf("show", NET, option)
        assert r.code == 2 and said in r.err, r
    assert inf("show", NET.replace("Beispiel", "Ä"), "--code-page=40000", encoding="latin-1").code == 1
    assert inf("show", NET, "--include=absent").code == 1
    assert inf("show", NET, "--for=10.0.26100.1742").out == inf("show", NET, "--for=26100").out  # as 'wim info' shows it


# --- Wine's SetupAPI reads the same lines

READER = r"""
#include <windows.h>
#include <setupapi.h>
#include <stdio.h>
static void put(const char *what, const WCHAR *w) {
  static char b[70000];
  int n = WideCharToMultiByte(CP_UTF8, 0, w, -1, b, sizeof(b), NULL, NULL);
  printf("%s ", what);
  for (int i = 0; i + 1 < n; i++) {
    printf("%02x", (unsigned char)b[i]);
  }
  printf("\n");
}
int wmain(int argc, WCHAR **argv) {
  static WCHAR name[512], value[8192];
  UINT line = 0, need;
  HINF h = SetupOpenInfFileW(argv[1], NULL, INF_STYLE_WIN4, &line);
  if (h == INVALID_HANDLE_VALUE) {
    return 1;
  }
  for (UINT i = 0; SetupEnumInfSectionsW(h, i, name, 512, &need); i++) {
    put("section", name);
    for (LONG k = 0; k < SetupGetLineCountW(h, name); k++) {
      INFCONTEXT c;
      DWORD size;
      SetupGetLineByIndexW(h, name, k, &c);
      printf("line\n");
      for (DWORD f = 0; f <= SetupGetFieldCount(&c); f++) {
        if (SetupGetStringFieldW(&c, f, value, 8192, &size)) {
          put(f == 0 ? "key" : "field", value);
        }
      }
    }
  }
  return 0;
}
"""


def test_setupapi_in_wine_sees_the_same_registry(inf, wine, tmp_path):  # noqa: F811
    """What AddReg sections hold, by SetupAPI and by wingo: keys, names, lists with quotes and continued lines."""
    needs("x86_64-w64-mingw32-gcc")
    (tmp_path / "reader.c").write_text(READER)
    r = start(["x86_64-w64-mingw32-gcc", "-municode", "-O1", "-o", tmp_path / "reader.exe", tmp_path / "reader.c", "-lsetupapi"])
    assert r.code == 0, r
    odd = ["HKR,, plain name ,, one two ", 'HKR,,"a;b","0x0"," c "" d"', "HKR,Sub\\\\x,y%Vendor%,0x10000,%Vendor%,%%,%none%, ; comment",
           "HKR, 'q', z,,\\ ;c\n  next\\ \\ \n line", 'HKR,,open,,"not closed', "hkr,,tail\\ x,,y\\\\z"]
    text = NET.replace("[Install.NT.Services]", "\n".join(odd) + "\n\n[Install.NT.Services]")
    found = json.loads(inf("show", text, "--json").out)["installs"][0]["registry"]
    ours = [(x["key"], x["name"], x["data"]) for x in found]
    assert len(ours) == 3 + len(odd)
    r = wine(tmp_path / "reader.exe", "Z:" + str(tmp_path / "p/net.inf").replace("/", "\\"))
    assert r.code == 0, r
    theirs, section, lines = [], None, []
    for line in r.out.split("\n"):
        what, _, data = line.strip().partition(" ")
        data = bytes.fromhex(data).decode().rstrip("\r")
        if what == "section":
            section = data
        elif what == "line" and section == "Reg":
            lines.append([])
        elif what == "field" and section == "Reg":
            lines[-1].append(data)
    for f in lines:
        if f[2] != "Bytes" and f[3][:7] not in ("0x00010", "0x10000"):
            theirs.append((f[1], f[2], f[4]))
        elif f[3] == "0x10000":
            theirs.append((f[1], f[2], f[4:]))
    for key, name, value in theirs:
        mine = [d for k, n, d in ours if (k, n) == (key, name)]
        if type(value) is list:
            assert mine and all(v in mine[0] for v in value), (key, name, value, ours)
        else:
            assert mine == [value], (key, name, value, ours)
    assert len(theirs) == len(odd)
