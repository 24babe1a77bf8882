"""``python -m slo.dashboards write|check|schema``, or ``panels --prometheus URL``: see the package."""

from __future__ import annotations

import argparse
import os
import sys

import httpx

from slo.dashboards import files, live, schema
from synergy.core.errors import PermanentError


def check() -> int:
    old = files.stale()
    told = "\n".join(f"grafana/{name} is not up to date: python -m slo.dashboards write" for name in old)
    sys.stdout.write(f"{told or 'The dashboards are up to date.'}\n")
    return 1 if old else 0


def fits() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synergy.settings")  # where tools and the cache are
    try:
        wrong = schema.faults(files.made())
    except PermanentError as error:
        wrong = [str(error)]
    told = "\n".join(wrong) or f"The dashboards fit Grafana's types; {len(schema.PLANTED)} planted defects were found."
    sys.stdout.write(f"{told}\n")
    return 1 if wrong else 0


def panels(url: str) -> int:
    try:
        found = list(live.answers(files.made(), url))
    except httpx.HTTPError as error:
        sys.stdout.write(f"{url} does not answer: {error}\n")
        return 1
    sys.stdout.write(f"{live.table(found)}\n")
    return 1 if any(answer.fault for answer in found) else 0


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="slo.dashboards")
    parser.add_argument("action", choices=["write", "check", "schema", "panels"])
    parser.add_argument("--prometheus", default="http://127.0.0.1:9090", help="where `panels` asks")
    options = parser.parse_args(argv)
    if options.action == "schema":
        return fits()
    if options.action == "panels":
        return panels(options.prometheus)
    if options.action == "write":
        files.write()
    return check()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
