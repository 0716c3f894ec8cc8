# SPDX-License-Identifier: Apache-2.0
"""What the check scripts share: our C files, and their text without comments and strings."""
import hashlib
import os
import pathlib
import re
import subprocess
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


class Seen:
    """Files that a slow check passed: not looked at again until they, or a header of ours that they include, change."""

    def __init__(self, build, folder, rules):
        """folder: where it is kept; rules: bytes of whatever the verdict depends on beside the file."""
        self.build, self.folder, self.rules = build, folder, rules
        folder.mkdir(parents=True, exist_ok=True)

    def mark(self, path):
        """A file that is there when path passed as it is now; touch it when it did."""
        h = hashlib.sha256(self.rules)
        done = subprocess.run(["gcc", "-MM", "-D_GNU_SOURCE", f"-I{ROOT}/src", f"-I{self.build}/src", path], check=True,
                              text=True, stdout=subprocess.PIPE)
        for name in sorted(set(done.stdout.replace("\\\n", " ").split(":", 1)[1].split())):
            if os.path.isfile(name):
                h.update(name.encode() + b"\0" + pathlib.Path(name).read_bytes())
        return self.folder / h.hexdigest()


def report(found):
    """Prints the findings, ends with 1 when there are any."""
    for line in found:
        print(line)
    sys.exit(1 if found else 0)
