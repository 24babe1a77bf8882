"""``python -m tests.acceptance.walker MESSAGES.jsonl --deliveries FOLDER [--only ID …] [--out FOLDER]``: walk the checks of messages."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synergy.settings")
import django

django.setup()

from synergy.core.errors import SynergyError  # noqa: E402
from tests.acceptance.walker import report, started  # noqa: E402
from tests.acceptance.walker.reading import Check  # noqa: E402
from tests.acceptance.walker.screen import SCRIPT  # noqa: E402
from tests.acceptance.walker.walk import Message, Result, Walker  # noqa: E402
from visual.browser import Chromium, session  # noqa: E402
from visual.proxy import Proxy  # noqa: E402

SECONDS = 1800.0  #: for one message


def main(argv: Sequence[str] | None = None) -> int:
    """0 when every check that a script can do has passed, 1 when one failed, 2 when nothing was walked."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.walker", description=__doc__)
    parser.add_argument("messages", type=Path, help="JSON lines with id, message and user_checks")
    parser.add_argument("--deliveries", type=Path, required=True, help="folder with the delivered projects")
    parser.add_argument("--only", action="append", default=[], help="walk this message alone; may be given again")
    parser.add_argument("--out", type=Path, default=Path("walker-out"), help="where walker.json and pictures go")
    given = parser.parse_args(argv)
    walked: dict[str, list[Result]] = {}
    for message in read_messages(given.messages):
        if given.only and message.id not in given.only:
            continue
        try:
            walked[message.id] = walk(message, given.deliveries)
        except SynergyError as error:
            print(f"{message.id}: {error}", file=sys.stderr)
            continue
        print(report.table(message, walked[message.id]), end="\n\n", flush=True)
        report.write(given.out, walked)
    everything = [result for results in walked.values() for result in results]
    if not everything:
        print("Nothing was walked.", file=sys.stderr)
        return 2
    print(report.by_kind(everything))
    print(f"{len(walked)} messages: {report.totals(everything)}; {report.write(given.out, walked)}")
    return int(any(result.status == "failed" for result in everything))


def read_messages(file: Path) -> list[Message]:
    found = [json.loads(line) for line in file.read_text().splitlines() if line.strip()]
    return [
        Message(one["id"], one["message"], tuple(Check(check["do"], check["expect"]) for check in one["user_checks"]))
        for one in found
    ]


def walk(message: Message, deliveries: Path) -> list[Result]:
    """Start the message's project and walk its checks. NotStarted, BrowserCrashed."""
    delivered = started.find(deliveries, message.id, message.text)

    async def work(chromium: Chromium, proxy: Proxy) -> list[Result]:
        return await Walker(chromium, message, delivered.account, lambda line: print(line, file=sys.stderr, flush=True)).run()

    with session((SCRIPT,)) as running, started.started(delivered) as socket:
        return running.run(socket, work, lambda: None, SECONDS)


if __name__ == "__main__":
    sys.exit(main())
