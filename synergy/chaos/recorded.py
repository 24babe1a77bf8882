"""A model that answers as it was recorded: ``fixtures/recorded/*.json``, found by what is asked and for which wish."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from inference.llm.prompts import prompt
from synergy.core.stacks import FIXTURES

FOLDER = FIXTURES / "recorded"
ACTIVITIES = ("plan", "backend", "ui", "repair")


class Recorded:
    """A script for ``Models``. Each file: ``message`` and ``answers``, each with its activity, the wish, and the answer.

    An answer that is a list holds one for each time it is asked for; the last stays. What was not recorded is answered with
    nothing, which no question takes.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self.files = [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]
        self._asked: dict[int, int] = {}

    @property
    def messages(self) -> list[str]:
        return [file["message"] for file in self.files]

    def __call__(self, request: dict[str, Any]) -> str:
        system, asked = (str(message["content"]) for message in request["messages"][:2])
        activity = next((name for name in ACTIVITIES if system.startswith(prompt(f"write-{name}"))), "")
        for file in self.files:
            for answer in file["answers"]:
                if answer["activity"] == activity and answer["wish"] in asked:
                    return json.dumps(self._next(answer), ensure_ascii=False)
        return ""

    def _next(self, answer: dict[str, Any]) -> Any:
        if not isinstance(answer["answer"], list):
            return answer["answer"]
        number = self._asked[id(answer)] = self._asked.get(id(answer), -1) + 1
        return answer["answer"][min(number, len(answer["answer"]) - 1)]
