# SPDX-License-Identifier: Apache-2.0
"""The run report, as headless Chromium shows it.

Runs are made by tests/tools/build_toy.c; its graph files say what the steps do.
"""
import hashlib
import html.parser
import json
import re
import struct
import zlib

import pytest

from conftest import needs, start
from test_engine import Toy, toy_program  # noqa: F401 (a fixture)

CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
            "--host-resolver-rules=MAP * ~NOTFOUND"]


@pytest.fixture
def toy(toy_program, tmp_path, env):  # noqa: F811
    return Toy(toy_program, tmp_path, env)


class Page(html.parser.HTMLParser):
    """Text by section id; tags seen, and what they would load."""

    def __init__(self, dom):
        super().__init__()
        self.sections, self.at, self.tags, self.loads, self.svg_text = {"": ""}, "", {}, [], []
        self.bars, self.last = [], ""
        self.feed(dom)

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.last = tag
        if tag == "section":
            self.at = a.get("id", "")
            self.sections[self.at] = ""
        if tag in ("h1", "footer"):
            self.at = ""
        if tag == "rect":
            self.bars.append((a["class"], float(a["x"]), float(a["width"])))
        if tag == "a":  # a link loads nothing; it stays within the project
            assert a["href"].startswith("../../") and "/../" not in a["href"][5:] and ":" not in a["href"], a
        else:
            self.loads += [v for k, v in attrs if k in ("src", "href", "data", "action", "srcset", "xlink:href")]
        if tag in ("tr", "li", "h3", "p", "pre", "div", "text", "title"):
            self.sections[self.at] += "\n"
        elif tag in ("td", "span", "th"):
            self.sections[self.at] += " "

    def handle_data(self, data):
        if self.last == "style":
            self.loads += re.findall(r"url\(|@import", data)
        elif data.strip():
            self.sections[self.at] += data

    def __getitem__(self, section):
        return re.sub(r"[ \t]+", " ", self.sections[section])


class Browser:
    def __init__(self, folder):
        self.folder, self.n = folder, 0

    def look(self, path, *flags):
        """The page as parsed and laid out by the browser, and every address it asked for."""
        self.n += 1
        net = self.folder / f"net{self.n}.json"
        r = start([*CHROMIUM, f"--user-data-dir={self.folder}/profile{self.n}", f"--log-net-log={net}", *flags,
                   "--dump-dom", f"file://{path}"], timeout=120)
        assert r.code == 0, r
        asked = set()
        for line in net.read_text().split("\n"):
            m = re.search(r'"initiator":"([^"]*)".*"url":"([^"]*)"', line)
            # What the browser asks by itself has no origin.
            if m and m.group(1) != "not an origin" and not m.group(2).startswith(("file:", "data:", "chrome")):
                asked.add(m.group(2))
        return Page(r.out), asked

    def shot(self, path, *flags):
        """Pixels as rows of (r, g, b)."""
        self.n += 1
        png = self.folder / f"shot{self.n}.png"
        r = start([*CHROMIUM, f"--user-data-dir={self.folder}/profile{self.n}", "--window-size=1200,1300", *flags,
                   f"--screenshot={png}", f"file://{path}"], timeout=120)
        assert r.code == 0 and png.exists(), r
        return read_png(png.read_bytes())


def read_png(data):
    """8-bit RGB or RGBA, not interlaced: what Chromium writes."""
    pos, idat = 8, b""
    while pos < len(data):
        n, kind = struct.unpack(">I4s", data[pos:pos + 8])
        body = data[pos + 8:pos + 8 + n]
        if kind == b"IHDR":
            width, height, depth, color = struct.unpack(">IIBB", body[:10])
            assert depth == 8 and color in (2, 6)
            bpp = 3 if color == 2 else 4
        elif kind == b"IDAT":
            idat += body
        pos += 12 + n
    raw, stride, rows, before = zlib.decompress(idat), width * bpp, [], bytes(width * bpp)
    for y in range(height):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        if kind == 1:
            for i in range(bpp, stride):
                line[i] = (line[i] + line[i - bpp]) & 255
        elif kind == 2:
            for i in range(stride):
                line[i] = (line[i] + before[i]) & 255
        elif kind == 3:
            for i in range(stride):
                line[i] = (line[i] + ((line[i - bpp] if i >= bpp else 0) + before[i]) // 2) & 255
        elif kind == 4:
            for i in range(stride):
                a, b, c = (line[i - bpp] if i >= bpp else 0), before[i], (before[i - bpp] if i >= bpp else 0)
                p = a + b - c
                best = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
                line[i] = (line[i] + best) & 255
        before = bytes(line)
        rows.append([tuple(before[i:i + 3]) for i in range(0, stride, bpp)])
    return rows


def count(rows, color):
    want = tuple(int(color[i:i + 2], 16) for i in (1, 3, 5))
    return sum(row.count(want) for row in rows)


@pytest.fixture
def browser(tmp_path):
    needs("chromium")
    folder = tmp_path / "browser"
    folder.mkdir()
    return Browser(folder)


def report(toy, *args, code=0):
    r = toy.run("--report", "-j", "3", *args)
    assert r.code == code, r
    path = toy.project / ".wingo" / "report" / "latest.html"
    assert path.resolve() == path.parent / r.out.strip().rsplit("/", 1)[1]
    return path


def test_a_page_that_asks_is_noticed(browser, tmp_path):
    (tmp_path / "page.html").write_text("<section id=x>text <img src='http://example.invalid/x.png'></section>")
    page, asked = browser.look(tmp_path / "page.html")
    assert asked == {"http://example.invalid/x.png"} == set(page.loads)
    assert page["x"] == "text "


HOSTILE = "<script>document.title='owned'</script><img src=http://example.invalid/x>&amp; \"quoted\" 'single'"


@pytest.mark.slow
def test_a_good_run(toy, browser):
    toy.steps(
        dict(id="app/agent/windows-amd64", verb="compile", ms=400, size=8_000_000, out="out/agent.exe", warn="mind the gap",
             **{"in": toy.source}),
        dict(id="app/agent/linux-amd64", verb="compile", ms=600, size=2_000_000, out="out/agent", warn="mind the gap"),
        dict(id="image/kiosk", verb="write image", ms=500, size=16_000_000, out="out/kiosk.wim", big=1,
             deps=["app/agent/windows-amd64"]))
    page, asked = browser.look(report(toy))
    assert asked == set() and page.loads == ["data:,"]
    assert "script" not in page.tags and page.tags["svg"] == 1
    assert "toy <project>" in page[""] and "built" in page[""]
    assert re.search(r"3 steps\s+3 ran\s+0 cached\s+0 failed\s+2 warnings\s+24\.7 MiB outputs", page[""]), page[""]
    assert page["warnings"].count("mind the gap") == 1
    assert "app/agent/windows-amd64, app/agent/linux-amd64" in page["warnings"]
    for name in ("agent.exe", "agent", "kiosk.wim"):
        sha = hashlib.sha256((toy.project / "out" / name).read_bytes()).hexdigest()
        assert re.search(rf"out/{name} \S+ \S+ ran {sha}", page["outputs"]), page["outputs"]
    assert "failures" not in page.sections
    # The bars: as long as the steps took, the image after the program it holds.
    bars = [b for b in page.bars if b[0] == "ran"]
    assert len(bars) == 3
    # Rows go by start; which program starts first is chance.
    assert bars[2][1] >= min(b[1] + b[2] for b in bars[:2]) - 1
    assert "compile app/agent/windows-amd64: ran, " in page["timeline"]
    assert "first run here" in page["steps"] and "bytes: 16000" in page["steps"]
    # The same again: nothing ran.
    page, asked = browser.look(report(toy))
    assert asked == set()
    assert re.search(r"3 steps\s+0 ran\s+3 cached", page[""]), page[""]
    assert [b[0] for b in page.bars if b[0] in ("ran", "cached")] == ["cached"] * 3
    assert page["steps"].count("cached") == 3
    # One changed input: says which.
    toy.source.write_text("two")
    page, _ = browser.look(report(toy))
    assert "changed: in" in page["steps"] and "changed: app/agent/windows-amd64" in page["steps"]


@pytest.mark.slow
def test_a_failed_run(toy, browser):
    toy.steps(*[dict(id=f"app/a{i}", verb="compile", ms=200, fail="go build: exit status 1",
                     details="main.go:3:1: undefined: <x> & \"y\"\n") for i in range(2)],
              dict(id="app/good", verb="compile", ms=300, size=1000, out="out/good"),
              dict(id="image", verb="write image", deps=["app/a0"]))
    path = report(toy, "-k", code=1)
    page, asked = browser.look(path)
    assert asked == set()
    assert "failed" in page[""].split("\n")[1]
    assert page["failures"].count("main.go:3:1: undefined: <x> & \"y\"") == 1
    assert "app/a0, app/a1" in page["failures"]
    assert re.search(r"skipped write image image\s+needs 'app/a0'", page["steps"]), page["steps"]
    assert [b[0] for b in page.bars if b[0] in ("ran", "failed")].count("failed") == 2
    light, dark = browser.shot(path), browser.shot(path, "--blink-settings=preferredColorScheme=0", "--force-dark-mode")
    assert count(light, "#f6f7f9") > 50_000 and count(light, "#cf2f3c") > 2_000  # page, bars
    assert count(dark, "#12161c") > 50_000 and count(dark, "#f0596a") > 2_000


def test_hostile_names_stay_text(toy, browser):
    toy.steps(dict(id=f"app/{HOSTILE}", verb=HOSTILE, ms=0, warn=HOSTILE, note=HOSTILE, out="out/<b>bold"),
              dict(id="app/bad", ms=0, fail=HOSTILE, details=HOSTILE))
    page, asked = browser.look(report(toy, "-k", code=1))
    assert asked == set() and page.loads == ["data:,"]
    assert not {"script", "img", "b2"} & set(page.tags) and page.tags["b"] <= 8
    for section in ("warnings", "steps", "failures", "timeline"):
        assert re.sub(r"\s+", " ", HOSTILE) in re.sub(r"\s+", " ", page[section]), section
    assert "out/<b>bold" in page["outputs"]


@pytest.mark.slow
def test_one_step_and_five_hundred(toy, browser):
    toy.steps(dict(id="only", verb="toy", ms=30))
    page, _ = browser.look(report(toy))
    assert re.search(r"1 step\s+1 ran", page[""]), page[""]
    assert "outputs" not in page.sections
    toy.steps(*[dict(id=f"app/m{i:03}", verb="compile", ms=i % 7, size=100 + i, out=f"out/m{i}") for i in range(500)])
    path = report(toy)
    page, _ = browser.look(path)
    assert re.search(r"500 steps\s+500 ran", page[""]), page[""]
    assert all(f"app/m{i:03}" in page["steps"] for i in range(500))
    bars = [b for b in page.bars if b[0] == "ran"]
    assert len(bars) == 500 and len(page["timeline"]) > 5000
    svg_height = float(re.search(r'viewBox="0 0 \d+ (\d+)"', path.read_text()).group(1))
    assert svg_height < 300  # as many rows as there were workers
    assert path.stat().st_size < 1_000_000


def test_no_run_no_report(toy):
    toy.steps(dict(id="only", ms=0))
    r = toy.run("--report", "no-such-target")
    assert r.code == 1 and "unknown target 'no-such-target'" in r.err
    assert not (toy.project / ".wingo" / "report").exists()
    assert not (toy.project / ".wingo" / "log").exists()


@pytest.mark.slow
def test_wingo_writes_both(project, run, browser):
    needs("go")
    assert run("build", cwd=project, timeout=600).code == 0
    page, asked = browser.look(project / ".wingo" / "report" / "latest.html")
    assert asked == set()
    assert "wingo build" in page[""] and "out/kiosk.wim" in page["outputs"], page["outputs"]
    events = [json.loads(line) for line in (project / ".wingo" / "log" / "latest.jsonl").read_text().split("\n")[:-1]]
    assert events[-1]["event"] == "run_ended" and events[-1]["code"] == "OK"


@pytest.mark.slow
def test_what_the_report_says_and_at_400_px(project, run, env, browser, tmp_path):
    """Command, environment, commit, base, what is changed in the image in words, links; nothing is cut on a narrow screen."""
    needs("go", "git")
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@example.com"]
    for args in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        assert start(git + args, cwd=project, env=env).code == 0
    commit = start(["git", "rev-parse", "--short", "HEAD"], cwd=project, env=env).out.strip()
    assert run("build", "--env", "production", "image/kiosk", cwd=project, timeout=600).code == 0
    path = project / ".wingo" / "report" / "latest.html"
    page, _ = browser.look(path)
    for words in ("wingo build --env=production image/kiosk", "production", commit, "1.0.0"):
        assert words in page[""], (words, page[""])
    changes = next(text for name, text in page.sections.items() if name.startswith("changes-"))
    assert "synthetic windows-11" in " ".join(page.sections.values())
    for words in ("put folder", "C:\\ProgramData\\Kiosk", "set value", "Mode"):
        assert words in changes, (words, changes)
    text = path.read_text()
    assert 'href="../../out/production/kiosk.wim"' in text and re.search(r'href="../../\.wingo/log/[^"]+\.jsonl"', text)
    # As wide as the window, as the browser lays it out at 400 px.
    narrow = tmp_path / "narrow.html"
    inner = re.sub(r"<meta http-equiv[^>]*>", "", text)
    narrow.write_text(inner + '<script>document.title = "WIDTH " + document.documentElement.scrollWidth + " " + innerWidth</script>')
    dom = start([*CHROMIUM, f"--user-data-dir={tmp_path}/narrow-profile", "--window-size=400,900", "--dump-dom", f"file://{narrow}"], timeout=120).out
    width, window = map(int, re.search(r"<title>WIDTH (\d+) (\d+)</title>", dom).groups())
    assert window <= 500 and width <= window, (width, window)


def test_command_line_and_base_are_told(run, tmp_path):
    """As it was typed, but for what --set sets; the base by its SHA-256, whichever step read it."""
    assert run("wim", "synthetic", "windows-11", "base.wim").code == 0
    (tmp_path / "wingo.yaml").write_text("version: 1\nname: t\nimages:\n  k:\n    base: {file: base.wim, image: 2}\n    files: [{mkdir: 'C:\\A'}]\n    outputs: [wim, esd]\n")
    assert run("build", "-q", "--jobs", "2", "--set", "release=7.7.7-marked", "--set=name=u", "image/k").code == 0
    text = (tmp_path / ".wingo" / "report" / "latest.html").read_text()
    assert "wingo build --quiet --jobs=2 --set=release=... --set=name=... image/k" in text
    assert "7.7.7-marked" in text  # a release is told as what it is
    digest = hashlib.sha256((tmp_path / "base.wim").read_bytes()).hexdigest()
    told = [json.loads(line) for line in (tmp_path / ".wingo" / "log" / "latest.jsonl").read_text().splitlines() if '"name":"base"' in line]
    told = {e["identity"]: e["text"] for e in told if e["event"] == "step_fact"}
    assert told["image/k/wim"] == f"file base.wim, image 2, SHA-256 {digest}", told
    assert told["base/base.wim/esd"].startswith("file base.wim") and digest in told["base/base.wim/esd"], told
    assert digest in text
