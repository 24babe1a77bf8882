"""The Dockerfile: a few rules of Hadolint's, which is in no package of its makers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "deploy" / "Dockerfile").read_text()


def steps(text: str) -> list[tuple[str, str]]:
    """(instruction, rest), continued lines joined, comments left out."""
    plain = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", text))
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in plain.splitlines() if line.strip()]


def faults(text: str) -> list[str]:
    done = steps(text)
    found = []
    for word, rest in done:
        found += image(rest) if word == "FROM" else run(rest) if word == "RUN" else copied(rest) if word == "COPY" else []
        if word == "ADD":
            found.append("ADD: use COPY, which fetches and unpacks nothing")
        if word in ("ENV", "ARG") and re.search(r"SECRET|PASSWORD|TOKEN|_KEY", rest):
            found.append(f"{word} puts a secret into the image")
        if word in ("CMD", "HEALTHCHECK") and not re.search(r'(^|CMD )\["', rest):
            found.append(f"{word} runs in a shell, which passes no signals on")
    users = [rest for word, rest in done if word == "USER"]
    if not users or not users[-1].isdigit() or users[-1] == "0":
        found.append("the last USER is no number above 0: Kubernetes cannot tell that it is not root")
    found += [f"there is no {word}" for word in ("HEALTHCHECK", "CMD") if word not in dict(done)]
    return found


def image(rest: str) -> list[str]:
    return [] if re.match(r"\S+:\d+\.\d+\.\d+\S*( AS \w+)?$", rest) else [f"FROM {rest} is not pinned to a version"]


def run(rest: str) -> list[str]:
    found = []
    for command in re.split(r"&&|;", rest):
        if "apt-get install" in command and "--no-install-recommends" not in command:
            found.append("apt-get installs what is only recommended")
        if re.search(r"pip install", command) and "--require-hashes" not in command:
            found.append("pip installs without hashes")
        if re.search(r"pip install", command) and "--no-cache" not in command:
            found.append("pip leaves its cache in the image")
        if re.search(r"\b(curl|wget|sudo)\b", command):
            found.append("RUN fetches what nobody checks, or is root in disguise")
    if "apt-get update" in rest and "rm -rf /var/lib/apt/lists" not in rest:
        found.append("apt-get leaves its lists in the image")
    return found


def copied(rest: str) -> list[str]:
    if rest.startswith("--from="):
        return []
    return [f"{name} does not exist" for name in rest.split()[:-1] if not (ROOT / name).exists()]


def test_nothing_is_wrong():
    assert faults(TEXT) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (r"python:3.13.7-slim-trixie", "python:latest", "not pinned"),
        (r"USER 10001", "USER root", "no number above 0"),
        (r"COPY . .", "ADD https://example.com/a.tar.gz .", "use COPY"),
        (r" --no-install-recommends", "", "only recommended"),
        (r" --require-hashes", "", "without hashes"),
        (r"rm -rf /var/lib/apt/lists/*", "true", "leaves its lists"),
        (r"requirements/base.txt requirements/node.txt", "requirements/bose.txt", "bose.txt does not exist"),
        (r"SYNERGY_HOME=/state", "SECRET_KEY=abc", "puts a secret into the image"),
        (r"HEALTHCHECK", "LABEL", "there is no HEALTHCHECK"),
        (r'CMD ["uvicorn",', 'CMD uvicorn "', "runs in a shell"),
    ],
)
def test_a_defect_is_seen(old, new, says):
    assert old in TEXT
    assert says in "\n".join(faults(TEXT.replace(old, new)))
