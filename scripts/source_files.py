# SPDX-License-Identifier: Apache-2.0
"""What the check scripts share: our C files, and their text without comments and strings."""
import pathlib
import re
import sys

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[1]


def files(*folders, suffixes=(".c", ".h")):
    """Our C files below these folders, sorted, relative to the root."""
    found = []
    for folder in folders:
        found += [p.relative_to(ROOT) for p in (ROOT / folder).rglob("*") if p.suffix in suffixes and p.is_file()]
    return sorted(found)


_TOKEN = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)


def code_of(path):
    """The text with comments, strings and characters blanked out; lines stay where they are."""
    text = (ROOT / path).read_text(encoding="utf-8")

    def blank(m):
        s = m.group(0)
        return re.sub(r"[^\n]", " ", s) if s[0] == "/" else s[0] + " " * (len(s) - 2) + s[-1]

    return _TOKEN.sub(blank, text)


def report(found):
    """Prints the findings, ends with 1 when there are any."""
    for line in found:
        print(line)
    sys.exit(1 if found else 0)
