"""Which variables somebody reads: Synergy by its code, the other images by what their makers document."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from opentelemetry.sdk import environment_variables as otel

ROOT = Path(__file__).resolve().parents[2]
READERS = ("synergy/settings.py", "synergy/celery.py", "synergy/embedded/flowerconfig.py")
OTHERS = {
    "postgres": {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD_FILE"},
    "grafana": {
        "GF_SECURITY_ADMIN_PASSWORD__FILE", "GF_USERS_ALLOW_SIGN_UP", "GF_ANALYTICS_REPORTING_ENABLED",
        "GF_ANALYTICS_CHECK_FOR_UPDATES", "GF_PLUGINS_PREINSTALL_DISABLED",
    },
    "otel": set(re.findall(r"env:([A-Z_]+)", (ROOT / "deploy/otel/collector.yml").read_text())),
}  # fmt: skip
SECRET = re.compile(r"(SECRET|PASSWORD|TOKEN|_KEY|BASIC_AUTH)")


def of_synergy() -> set[str]:
    """Every name that is an argument of ``env_…()`` or ``environ.get()``, with its ``_FILE``; and those of OpenTelemetry."""
    found: set[str] = set()
    for name in READERS:
        for node in ast.walk(ast.parse((ROOT / name).read_text())):
            if isinstance(node, ast.Call) and re.search(r"env_\w+|environ", ast.unparse(node.func)):
                texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
                found.update(text for text in texts if re.fullmatch(r"[A-Z][A-Z_]+", text))
    return found | {f"{name}_FILE" for name in found} | {name for name in dir(otel) if name.startswith("OTEL_")}


def faults(variables: dict[str, str], known: set[str], secrets: set[str]) -> list[str]:
    """What is wrong with a process's environment: names nobody reads, secrets in the open, files that are not there."""
    found = [f"{name} is set, but nothing reads it" for name in variables if name not in known]
    for name, value in variables.items():
        file = re.fullmatch(r"/run/secrets/(\w+)", value)
        if file and file[1] not in secrets:
            found.append(f"{name}: there is no secret {file[1]}")
        if SECRET.search(name) and not file:
            found.append(f"{name} holds a secret in the open")
        if re.search(r"://[^/@]*:[^/@]+@", value):
            found.append(f"{name} holds a password in the open")
    return found
