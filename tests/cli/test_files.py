"""Changes of an image's files: delete, rename, folders, attributes, descriptors, what is protected.

Judged by wimlib-imagex and 7-Zip, and on NTFS by ntfs-3g; random sequences are compared with a model.
"""
import hashlib
import random
import re
import struct
import subprocess

import pytest

from conftest import needs, start
from test_image import WIM, bases, check_only_asked, details, extract, put, run, tools, wimgen, xml  # noqa: F401

THEIRS = re.compile(r"<(DIRCOUNT|FILECOUNT|TOTALBYTES|HARDLINKBYTES)>(\d+)<")


def blobs(wim):
    """SHA-1 -> uses, of all contents in the file (wimlib's numbers)."""
    found = {}
    for block in run(WIM, "info", wim, "--blobs").split("\n\n"):
        h = re.search(r"Hash +=? *0x([0-9a-f]{40})", block)
        if h and "METADATA" not in block:
            found[h.group(1)] = re.search(r"Reference Count +=? *(\d+)", block).group(1)
    return found


def test_delete_and_rename(bases, put, tools, tmp_path):
    """wimlib's own update, asked for the same, leaves the same tree, counts and contents."""
    base, out, theirs = bases["check"], tmp_path / "out.wim", tmp_path / "theirs.wim"
    run(WIM, "export", base, "all", theirs, "--boot", "--quiet")
    (tmp_path / "first").write_bytes(b"first")
    run(WIM, "update", theirs, "1", f"--command=add {tmp_path / 'first'} /first", "--quiet")
    got = put(theirs, out, "delete:c:\\windows\\system32\\LINKED2.EXE", "delete:C:\\Program Files\\Common",
              "rename:C:\\Windows\\SYSTEM32\\b.DLL=C:/Windows/system32/a.dll", "rename:C:\\FIRST=C:\\first", image="1")
    run(WIM, "update", theirs, "1", "--command=delete /Windows/System32/linked2.exe", "--quiet")
    run(WIM, "update", theirs, "1", "--command=delete --recursive '/PROGRAM FILES/Common'", "--quiet")
    run(WIM, "update", theirs, "1", "--command=rename /Windows/System32/a.dll /Windows/System32/b.DLL", "--quiet")
    run(WIM, "update", theirs, "1", "--command=rename /first /FIRST", "--quiet")
    ours, other = details(out, 1), details(theirs, 1)
    assert ours.keys() == other.keys()
    assert {p: re.sub(r"Short Name.*", "", d) for p, d in ours.items()} == \
        {p: re.sub(r"Short Name.*", "", d) for p, d in other.items()}
    assert got["n_renamed"] == "2"
    assert THEIRS.findall(xml(out, tmp_path).split("</IMAGE>")[0]) == THEIRS.findall(xml(theirs, tmp_path).split("</IMAGE>")[0])
    assert blobs(out) == blobs(theirs)
    run(WIM, "verify", out, "--quiet")
    run(tools / "wim_tool", "verify", out)
    run(tools / "wim_tool", "roundtrip", out)
    assert "Everything is Ok" in run("7z", "t", out)
