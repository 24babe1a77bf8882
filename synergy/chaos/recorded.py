"""A model that answers as it was recorded: ``fixtures/recorded/*.json``, found by what is asked and for which wish."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inference.llm.prompts import prompt
from synergy.core.stacks import FIXTURES

FOLDER = FIXTURES / "recorded"
ACTIVITIES = ("plan", "backend", "ui", "repair")


class Recorded:
    """A script for ``Models``. Each file: ``message`` and ``answers``, each with its activity, the wish, and the answer.

    What is to be done about a wish (``amend``, ``plan``) is recorded without the clause's id, which the question says; one that
    was not recorded is left out. Any other question that was not recorded is answered with nothing, which none takes.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self.files = [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]

    @property
    def messages(self) -> list[str]:
        return [file["message"] for file in self.files]

    def __call__(self, request: dict[str, Any]) -> str:
        system, asked = (str(message["content"]) for message in request["messages"][:2])
        activity = next((name for name in ACTIVITIES if system.startswith(prompt(f"write-{name}"))), "")
        known = [answer for file in self.files for answer in file["answers"] if answer["activity"] == activity]
        if system.startswith(prompt("amend")):
            known = [answer for file in self.files for answer in file["answers"] if answer["activity"] == "amend"]
            return json.dumps({"amendments": list(_orders(known, asked))}, ensure_ascii=False)
        if activity == "plan":
            return json.dumps({"orders": list(_orders(known, asked))}, ensure_ascii=False)
        found = next((answer["answer"] for answer in known if answer["wish"] in asked), None)
        return "" if found is None else json.dumps(found, ensure_ascii=False)


def _orders(known: list[dict[str, Any]], asked: str) -> Iterator[dict[str, Any]]:
    for answer in known:
        clause = re.search(rf"^(R\d+): {re.escape(answer['wish'])}$", asked, re.MULTILINE)
        if clause:
            yield {"clause": clause[1], **answer["answer"]}
