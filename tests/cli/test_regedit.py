# SPDX-License-Identifier: Apache-2.0
"""Registry text beside Wine's regedit: what it writes we read, what we write it imports, with the same content."""
import pytest

from winelab import wine  # noqa: F401  (a fixture)

KEY = "HKEY_LOCAL_MACHINE\\SOFTWARE\\WingoTest"


def hexed(b):
    return ",".join(f"{x:02x}" for x in b)


def u(s):
    return hexed((s + "\0").encode("utf-16-le"))


# Left out: Wine's regedit gives a DWORD of 2 bytes two bytes more, and text without its NUL one.
FULL = "\r\n".join([
    "Windows Registry Editor Version 5.00", "", f"[{KEY}]", '@="the default"', '"Text"="a \\"quoted\\" back\\\\slash"',
    '"Empty"=""', '"Accents"="\u00e4\u00f6\u00fc \u20ac \u65e5\u672c \U0001F600"', '"Name with \\"quotes\\" \\\\ and = []"="x"',
    '"Dword"=dword:deadbeef', '"Zero"=dword:00000000', f'"Binary"=hex:{hexed(bytes(range(256)))}', '"NoBytes"=hex:',
    '"Expand"=hex(2):' + u("%SystemRoot%\\x;%PATH%"), f'"Multi"=hex(7):{u("one")},{u("two words")},00,00',
    '"MultiEmpty"=hex(7):00,00', '"Qword"=hex(b):01,02,03,04,05,06,07,08', '"None"=hex(0):01,02',
    '"BigEndian"=hex(5):00,00,00,01', '"Resource"=hex(8):00,01,02', '"Odd type"=hex(12345):aa,bb',
    f'"Big"=hex:{hexed(bytes(i * 7 % 256 for i in range(40000)))}', '"Lines"=hex(1):' + u("one\r\ntwo"),
    "", f"[{KEY}\\Empty key]", "", f"[{KEY}\\\u00c4rger\\Deep \u65e5\\x]", '"v"="1"', "", f"[{KEY}\\Brackets ] and [ in it]",
    '"v"="2"', ""]) + "\r\n"
CHANGES = "\r\n".join([
    "Windows Registry Editor Version 5.00", "", "; a comment", f"[-{KEY}\\\u00c4rger]", f"[{KEY}]", '"Text"=-', "@=-",
    '"zero"=dword:1', '"Binary"=hex:01,02,\\', "  03,\\", "  04", f"[-{KEY}\\not there]", f"[{KEY}\\not there either]",
    '"x"=-', f"[{KEY}\\Brackets ] and [ in it]", '"v"="changed"', ""]) + "\r\n"
REGEDIT4 = "\r\n".join([
    "REGEDIT4", "", f"[{KEY}\\Four]", '"Plain"="text"', '"Umlaut"="\u00e4\u00f6"', '"D"=dword:7',
    '"E"=hex(2):25,50,41,54,48,25,00', '"M"=hex(7):61,00,62,63,00,00', '"B"=hex:00,ff', ""]) + "\r\n"


@pytest.fixture(scope="module")
def apply(wine, tmp_path_factory):  # noqa: F811
    """Imports texts one after the other with Wine's regedit; gives what it then exports."""
    folder = tmp_path_factory.mktemp("regedit")

    def call(*texts):
        wine("reg", "delete", "HKLM\\Software\\WingoTest", "/f")
        for i, t in enumerate(texts):
            p = folder / f"{i}.reg"
            p.write_bytes(t)
            r = wine("regedit", "/S", f"Z:{p}")
            assert r.code == 0, r
        out = folder / "out.reg"
        out.unlink(missing_ok=True)
        r = wine("regedit", "/E", f"Z:{out}", KEY)
        assert r.code == 0 and out.exists(), r
        return out.read_bytes()

    return call


def wide(text):
    return b"\xff\xfe" + text.encode("utf-16-le")


@pytest.fixture
def ours(run, tmp_path):
    """The hive that wingo makes of texts."""
    def call(name, *texts):
        folder = tmp_path / name
        folder.mkdir()
        hive = folder / "SOFTWARE"
        assert run("reg", "create", hive).code == 0
        for i, t in enumerate(texts):
            p = folder / f"{i}.reg"
            p.write_bytes(t)
            r = run("reg", "import", hive, p)
            assert r.code == 0, r
        return hive

    return call


def check_same(run, a, b):
    r = run("reg", "diff", a, b, "WingoTest")
    assert r.code == 0 and r.out == "", r


@pytest.mark.slow
def test_what_wine_writes_says_the_same(run, apply, ours):
    check_same(run, ours("direct", wide(FULL)), ours("by wine", apply(wide(FULL))))


def test_wine_imports_what_we_write(run, apply, ours, tmp_path):
    direct, out = ours("direct", wide(FULL)), tmp_path / "export.reg"
    r = run("reg", "export", direct, "WingoTest", "-o", out)
    assert r.code == 0, r
    check_same(run, direct, ours("by wine", apply(out.read_bytes())))
    check_same(run, direct, ours("by us", out.read_bytes()))


def test_deletions_and_changes(run, apply, ours):
    check_same(run, ours("direct", wide(FULL), wide(CHANGES)), ours("by wine", apply(wide(FULL), wide(CHANGES))))


def test_regedit4(run, apply, ours):
    text = REGEDIT4.encode("cp1252")
    check_same(run, ours("direct", text), ours("by wine", apply(text)))
