# ruff: noqa: T201  # it talks to a person
"""``python -m tests.inference.messages [--show N]``: plan all generated messages, say what was understood, and what was not.

With ``--sample N --write FILE`` some of them are written for ``manage.py evaluate messages FILE``, which builds them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from pathlib import Path

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
    parser.add_argument("--sample", type=int, default=20, help="how many are written")
    parser.add_argument("--write", type=Path, help="a file for some of the messages, which are not planned then")
    given = parser.parse_args()
    written = messages(given.count, given.seed)
    if given.write:
        sample = random.Random(given.seed).sample(written, given.sample)
        rows = [{"id": f"{message.number:03}", "message": message.text} for message in sorted(sample, key=lambda m: m.number)]
        given.write.parent.mkdir(parents=True, exist_ok=True)
        given.write.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return 0
    judged = judge(written, planner())
    print("\n".join(judged.lines()))
    for title in ("problems", "missed", "extra", "unkept", "stray"):
        found = getattr(judged, title)
        print(f"\n{title}: {len(found)}", *found[: given.show], sep="\n  ")
    return bool(judged.problems)


if __name__ == "__main__":
    raise SystemExit(main())
