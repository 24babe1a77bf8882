"""What is wrong with a compose file, as far as can be told without an engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.deploy import commands, variables

#: What the Compose specification calls a service's parts, of those in use. Another one is a misspelling, or belongs here.
KEYS = set(
    "build cap_drop command depends_on deploy environment healthcheck image init logging networks ports read_only restart "  # noqa: SIM905
    "secrets security_opt shm_size stop_grace_period tmpfs user volumes".split()
)
TOP = {"name", "services", "networks", "volumes", "secrets"}
HEALTH = {"test", "interval", "timeout", "retries", "start_period"}
NO_HEALTH = {"otel": "nothing in its image can ask", "migrate": "it ends"}
PINNED = re.compile(r":v?\d+\.\d+\.\d+[\w.-]*$")
APP = "synergy:"

Service = dict[str, Any]


def faults(doc: dict[str, Any], text: str) -> list[str]:
    """All of them. ``text`` is the file, for what is lost by parsing."""
    found = [f"{key} is no part of a compose file" for key in doc if key not in TOP and not key.startswith("x-")]
    found += [
        f"${{{name}}} has no value when it is not set"
        for name in re.findall(r"(?<!\$)\$\{?(\w+)(?![\w:])", re.sub(r"#.*", "", text))
    ]
    for name, service in doc["services"].items():
        checks = (keys, runs_safely, is_limited, is_healthy, refers, speaks)
        found += [f"{name}: {fault}" for check in checks for fault in check(name, service, doc)]
    for kind in ("volumes", "secrets", "networks"):
        used = {use for service in doc["services"].values() for use in uses(service)[kind]}
        found += [f"{kind}: nobody uses {name}" for name in doc[kind] if name not in used]
    return found


def keys(name: str, service: Service, doc: Service) -> Iterator[str]:
    yield from (f"{key} is no part of a service" for key in service if key not in KEYS)
    yield from (f"{key} is no part of a health check" for key in service.get("healthcheck", {}) if key not in HEALTH)


def runs_safely(name: str, service: Service, doc: Service) -> Iterator[str]:
    if not PINNED.search(service.get("image", "")):
        yield "its image is not pinned to a version"
    if service.get("user", "root").partition(":")[0] in ("root", "0"):
        yield "runs as root"
    if service.get("cap_drop") != ["ALL"] or not service.get("read_only"):
        yield "keeps capabilities or may write its own files"
    if "no-new-privileges:true" not in service.get("security_opt", ()):
        yield "may gain privileges"
    loose = [option for option in service["security_opt"] if option.endswith("unconfined")] if "security_opt" in service else []
    if loose and not name.startswith("worker-"):
        yield f"{loose} are for the workers' sandbox only"
    yield from (f"port {port} is open to the network" for port in service.get("ports", ()) if not port.startswith("127.0.0.1:"))


def is_limited(name: str, service: Service, doc: Service) -> Iterator[str]:
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    yield from (f"has no limit of {what}" for what in ("cpus", "memory", "pids") if what not in limits)


def is_healthy(name: str, service: Service, doc: Service) -> Iterator[str]:
    if name not in NO_HEALTH and not service.get("healthcheck", {}).get("test"):
        yield "has no health check"
    for other, wait in (service.get("depends_on") or {}).items():
        wanted = "service_completed_successfully" if doc["services"].get(other, {}).get("restart") == "no" else "service_healthy"
        if wait["condition"] != wanted:
            yield f"waits for {other} by {wait['condition']}"


def uses(service: Service) -> dict[str, set[str]]:
    named = {volume.partition(":")[0] for volume in service.get("volumes", ()) if not volume.startswith((".", "/"))}
    return {"volumes": named, "secrets": set(service.get("secrets", ())), "networks": set(service.get("networks", ()))}


def refers(name: str, service: Service, doc: Service) -> Iterator[str]:
    for kind, names in uses(service).items():
        yield from (f"{kind}: {one} is not declared" for one in sorted(names - set(doc[kind])))
    yield from (f"depends on {one}, which is not there" for one in service.get("depends_on", {}) if one not in doc["services"])
    for one in service.get("depends_on", {}):
        if not uses(service)["networks"] & uses(doc["services"].get(one, {}))["networks"]:
            yield f"has no network in common with {one}"
    for volume in service.get("volumes", ()):
        host = volume.partition(":")[0]
        if host.startswith(".") and not (commands.ROOT / host).exists():
            yield f"{host} does not exist"


def speaks(name: str, service: Service, doc: Service) -> Iterator[str]:
    own = service.get("image", "").startswith(APP)
    known = variables.of_synergy() if own else variables.OTHERS.get(name, set())
    yield from variables.faults(service.get("environment", {}), known, uses(service)["secrets"])
    text = f"{service.get('command')} {service.get('healthcheck')}"
    yield from (f"there is no secret {s}" for s in re.findall(r"/run/secrets/(\w+)", text) if s not in uses(service)["secrets"])
    if own and "command" in service:
        yield from commands.faults(service["command"])
