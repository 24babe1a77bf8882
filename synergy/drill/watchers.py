"""Prometheus and Alertmanager as processes of ours: on loopback, their data in a folder that is thrown away."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from synergy.core import tools
from synergy.core.errors import ServiceDown
from synergy.embedded.process import Child, Service, spawn, tail
from synergy.embedded.programs import free_port, http

START_SECONDS = 30.0


class Watchers:
    """``start`` from the main thread, ``stop`` always: what was started here ends, by its pid."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.children: list[Child] = []
        folder.mkdir(mode=0o700)

    def secret(self, name: str, text: str) -> Path:
        """A file that only we may read."""
        file = self.folder / name
        file.touch(0o600)
        file.write_text(text)
        return file

    def config(self, name: str, data: dict[str, Any]) -> Path:
        """JSON is YAML."""
        file = self.folder / name
        file.write_text(json.dumps(data, indent=1))
        return file

    def alertmanager(self, config: Path) -> str:
        """host:port, once it has answered. Alone: it opens no port for others of its kind."""
        port = free_port(0)
        argv = [f"--config.file={config}", f"--storage.path={self.folder / 'alertmanager'}", "--cluster.listen-address="]
        return self._start("alertmanager", port, [*argv, f"--web.listen-address=127.0.0.1:{port}"])

    def prometheus(self, config: Path) -> str:
        port = free_port(0)
        argv = [f"--config.file={config}", f"--storage.tsdb.path={self.folder / 'prometheus'}", "--log.level=warn"]
        return self._start("prometheus", port, [*argv, f"--web.listen-address=127.0.0.1:{port}"])

    def _start(self, name: str, port: int, argv: list[str]) -> str:
        program = tools.watcher(name)
        log = self.folder / f"{name}.log"
        child = spawn(
            Service(name=name, argv=[*program.argv, *argv], cwd=self.folder, env={"PATH": os.environ.get("PATH", "")}, log=log)
        )
        self.children.append(child)
        end = time.monotonic() + START_SECONDS
        while not http(port, "/-/ready"):
            if child.ended() or time.monotonic() > end:
                raise ServiceDown(f"{name} did not start.\n{tail(log)}")
            time.sleep(0.1)
        return f"127.0.0.1:{port}"

    def stop(self) -> None:
        for child in self.children:
            child.ask()
        for child in self.children:
            child.end()


class Prometheus:
    """Its HTTP interface; empty answers while it is busy."""

    def __init__(self, host: str) -> None:
        self.host = host

    def alerts(self) -> list[dict[str, Any]]:
        """What is pending or fires."""
        return list(self._ask("alerts").get("alerts", []))

    def value(self, query: str) -> float | None:
        """The only value of ``query`` now; None when there is none."""
        found = self._ask("query", query=query).get("result", [])
        return float(found[0]["value"][1]) if len(found) == 1 else None

    def _ask(self, what: str, **query: str) -> dict[str, Any]:
        address = f"http://{self.host}/api/v1/{what}?{urllib.parse.urlencode(query)}"
        with suppress(OSError, ValueError, urllib.error.URLError), urllib.request.urlopen(address, timeout=5) as answer:
            data: dict[str, Any] = json.loads(answer.read())["data"]
            return data
        return {}
