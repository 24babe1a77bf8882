# ruff: noqa: T201  # it talks to a person
"""``python -m tests.inference.messages [--show N]``: plan all generated messages, say what was understood, and what was not."""

from __future__ import annotations

import argparse
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synergy.settings")
django.setup()

from tests.inference.messages.judging import judge  # noqa: E402
from tests.inference.messages.library import planner  # noqa: E402
from tests.inference.messages.writer import COUNT, SEED, messages  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--show", type=int, default=20, help="how many of what was missed are shown")
    given = parser.parse_args()
    judged = judge(messages(given.count, given.seed), planner())
    print("\n".join(judged.lines()))
    for title in ("problems", "missed", "extra", "unkept"):
        found = getattr(judged, title)
        print(f"\n{title}: {len(found)}", *found[: given.show], sep="\n  ")
    return bool(judged.problems)


if __name__ == "__main__":
    raise SystemExit(main())
