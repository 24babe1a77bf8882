"""What Prometheus, Alertmanager and the collector are told. The first two are asked themselves, where their tools are."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.test_compose import DOC, ROOT
from tests.watchers import PATHS, needs

DEPLOY = ROOT / "deploy"
COLLECTOR = yaml.safe_load((DEPLOY / "otel/collector.yml").read_text())
PORTS = {"web": 8000, "prometheus": 9090, "alertmanager": 9093, "otel": 4318}

PROMTOOL, AMTOOL = PATHS["promtool"], PATHS["amtool"]


def copied(tmp_path: Path, name: str, replace: tuple[str, str] = ("", "")) -> Path:
    """A folder of ``deploy/`` whose secrets are files that exist: the tools look whether they do."""
    folder = Path(shutil.copytree(DEPLOY / name, tmp_path / name))
    (tmp_path / "secret").write_text("x")
    for file in folder.iterdir():
        file.write_text(re.sub(r"/run/secrets/\w+", str(tmp_path / "secret"), file.read_text()).replace(*replace))
    return folder


def said(*argv: str | Path) -> tuple[int, str]:
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@needs("promtool")
@pytest.mark.parametrize(
    ("replace", "wrong"),
    [
        (("", ""), ""),
        (("scrape_interval", "scrape_intervall"), "scrape_intervall not found"),
        (("rules.yml", "rulez.yml"), "does not point to an existing file"),
    ],
)
def test_prometheus_takes_its_configuration(tmp_path, replace, wrong):
    code, text = said(PROMTOOL, "check", "config", copied(tmp_path, "prometheus", replace) / "prometheus.yml")
    assert bool(code) == bool(wrong), text
    assert wrong in text


@needs("promtool")
def test_prometheus_takes_its_rules(tmp_path):
    assert said(PROMTOOL, "check", "rules", DEPLOY / "prometheus/rules.yml")[0] == 0
    broken = copied(tmp_path, "prometheus", ("sum by (tenant) (", "sum by (tenant) ((")) / "rules.yml"
    assert said(PROMTOOL, "check", "rules", broken)[0]


@needs("amtool")
@pytest.mark.parametrize(
    ("replace", "wrong"),
    [
        (("", ""), ""),
        (("send_resolved", "send_resolvd"), "send_resolvd not found"),
        (('"receiver": "synergy"\n   }', '"receiver": "nobody"\n   }'), "undefined receiver"),
    ],
)
def test_alertmanager_takes_its_configuration(tmp_path, replace, wrong):
    code, text = said(AMTOOL, "check-config", copied(tmp_path, "alertmanager", replace) / "alertmanager.yml")
    assert bool(code) == bool(wrong), text
    assert wrong in text


def strangers(text: str, asker: str, doc: dict[str, Any]) -> Iterator[str]:
    """Whom a configuration names that is not there, or not within reach."""
    services = doc["services"]
    for name, port in re.findall(r"(?<![\w.])([a-z]+):(\d{4})\b", re.sub(r"#.*", "", text)):
        if name not in services or int(port) != PORTS.get(name):
            yield f"nobody answers at {name}:{port}"
        elif not set(services[name]["networks"]) & set(services[asker]["networks"]):
            yield f"{asker} does not reach {name}"
    for secret in re.findall(r"/run/secrets/(\w+)", text):
        if secret not in services[asker].get("secrets", ()):
            yield f"{asker} does not get {secret}"


ASKERS = {
    "prometheus": (DEPLOY / "prometheus/prometheus.yml").read_text(),
    "alertmanager": (DEPLOY / "alertmanager/alertmanager.yml").read_text(),
    "web": DOC["services"]["web"]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"],
}


@pytest.mark.parametrize("asker", ASKERS)
def test_whom_they_ask_is_there_and_within_reach(asker):
    assert list(strangers(ASKERS[asker], asker, DOC)) == []


def test_a_wrong_address_is_seen():
    doc = copy.deepcopy(DOC)
    text = ASKERS["prometheus"]
    assert list(strangers(text.replace("web:8000", "web:8080"), "prometheus", doc)) == ["nobody answers at web:8080"]
    assert "nobody answers at alertmanger:9093" in strangers(text.replace("alertmanager:", "alertmanger:"), "prometheus", doc)
    assert list(strangers(text.replace("metrics_token", "token"), "prometheus", doc)) == ["prometheus does not get token"]
    doc["services"]["prometheus"]["networks"] = ["front"]
    assert "prometheus does not reach alertmanager" in strangers(text, "prometheus", doc)


def collector_faults(config: dict[str, Any]) -> list[str]:
    found = []
    for name, line in config["service"]["pipelines"].items():
        for kind in ("receivers", "processors", "exporters"):
            used = re.findall(r"\w+", line[kind].partition(":-")[2]) if isinstance(line[kind], str) else line[kind]
            found += [f"{name}: there is no {part} among the {kind}" for part in used if part not in config[kind]]
        if line["processors"][0] != "memory_limiter":
            found.append(f"{name}: the memory is limited too late")
    found += [f"there is no extension {name}" for name in config["service"]["extensions"] if name not in config["extensions"]]
    return found


def test_the_collector_is_wired():
    assert collector_faults(COLLECTOR) == []


def test_a_loose_wire_of_the_collector_is_seen():
    broken = copy.deepcopy(COLLECTOR)
    line = broken["service"]["pipelines"]["traces"]
    line["processors"] = ["batch", "memory_limit"]
    line["exporters"] = "${env:TRACES_EXPORTERS:-[debugg]}"
    broken["service"]["extensions"] = ["healthcheck"]
    assert len(collector_faults(broken)) == 4
