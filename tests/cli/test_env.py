# SPDX-License-Identifier: Apache-2.0
"""Environments: overlays, where their outputs go, and what is remembered of them."""
import json

import pytest

from conftest import needs, start

PROJECT = r"""version: 1
name: kiosk
release: 1.4.0
images:
  kiosk:
    base: {synthetic: windows-11}
    registry:
      - {key: 'HKLM\SOFTWARE\Kiosk', values: {Server: test.example.com}}
    outputs: [wim]
"""


@pytest.fixture
def kiosk(tmp_path):
    """A project with two environments; production differs from the plain one by a value."""
    d = tmp_path / "kiosk"
    (d / "config").mkdir(parents=True)
    (d / "wingo.yaml").write_text(PROJECT)
    (d / "config" / "production.yaml").write_text(
        "images: {kiosk: {registry: [{key: 'HKLM\\SOFTWARE\\Kiosk', values: {Server: example.com}}]}}\n")
    (d / "config" / "same.yaml").write_text("release: 1.4.0\n")
    return d


def server(run, wim):
    r = run("reg", "query", wim, r"HKLM\SOFTWARE\Kiosk", "--value=Server")
    assert r.code == 0, r
    return r.out


def test_each_environment_has_a_folder_of_outputs(run, kiosk):
    assert run("build", cwd=kiosk).out == "out/kiosk.wim\n"
    r = run("build", "--env", "production", cwd=kiosk)
    assert r.code == 0 and r.out == "out/production/kiosk.wim\n", r
    assert "test.example.com" in server(run, kiosk / "out" / "kiosk.wim")
    made = server(run, kiosk / "out" / "production" / "kiosk.wim")
    assert "example.com" in made and "test.example.com" not in made
    needs("wimlib-imagex")
    assert start(["wimlib-imagex", "verify", kiosk / "out" / "production" / "kiosk.wim"]).code == 0


def test_the_log_and_the_report_name_the_environment(run, kiosk):
    assert run("build", "--env", "production", cwd=kiosk).code == 0
    first = json.loads((kiosk / ".wingo" / "log" / "latest.jsonl").read_text().splitlines()[0])
    assert first["event"] == "run_started" and first["environment"] == "production", first
    assert "environment <code>production</code>" in (kiosk / ".wingo" / "report" / "latest.html").read_text()
    assert run("build", cwd=kiosk).code == 0
    first = json.loads((kiosk / ".wingo" / "log" / "latest.jsonl").read_text().splitlines()[0])
    assert "environment" not in first, first


def test_what_is_remembered_is_kept_for_each_environment(run, kiosk):
    """A build of one environment is no change of another: both stay cached, and reasons are told of the own last run."""
    assert run("build", cwd=kiosk).code == 0
    assert run("build", "-E", "production", cwd=kiosk).code == 0
    for env in ([], ["-E", "production"]):
        r = run("plan", "--json", *env, cwd=kiosk)
        assert {s["state"] for s in json.loads(r.out)} == {"cached"}, r
    r = run("plan", "-E", "production", "--set", "images.kiosk.compact=true", cwd=kiosk)
    assert "parameter compact: was 'no', is 'yes'" in r.out and "Server" not in r.out, r


def test_the_same_image_in_two_environments_lies_in_both_folders(run, kiosk):
    for env in ([], ["-E", "same"], [], ["-E", "same"]):
        assert run("build", *env, cwd=kiosk).code == 0
        assert (kiosk / "out" / "kiosk.wim").exists()
    assert (kiosk / "out" / "kiosk.wim").read_bytes() == (kiosk / "out" / "same" / "kiosk.wim").read_bytes()
    assert (kiosk / "out" / "kiosk.wim").stat().st_ino != (kiosk / "out" / "same" / "kiosk.wim").stat().st_ino


def test_an_environment_that_is_named_like_an_output(run, kiosk):
    (kiosk / "config" / "kiosk.wim.yaml").write_text("release: 2.0.0\n")
    assert run("check", cwd=kiosk).code == 0
    r = run("check", "--env", "kiosk.wim", cwd=kiosk)
    assert r.code == 3 and "wingo.yaml:5:3: error: images.kiosk: its outputs without --env go where" in r.out, r
    assert "hint: give config/kiosk.wim.yaml another name" in r.out, r


def test_a_release_is_the_same_from_whatever_environment(run, kiosk):
    """publish: what is below out/production/ is published without that folder's name."""
    (kiosk / "config" / "production.yaml").write_text("publish: {share: {to: ../share}}\n")
    r = run("publish", "-E", "production", cwd=kiosk)
    assert r.code == 0, r
    assert (kiosk.parent / "share" / "1.4.0" / "kiosk.wim").exists(), list((kiosk.parent / "share").rglob("*"))
