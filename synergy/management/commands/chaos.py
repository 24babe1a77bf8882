"""``manage.py chaos``: break everything, in every way we know, and prove that nothing is lost or paid twice."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from synergy.chaos import promises
from synergy.chaos.faults.base import Fault, every, registry
from synergy.chaos.matrix import Matrix, row, sound, table

SOUND = "Nothing lost, nothing charged twice, nothing left behind."


class Command(BaseCommand):
    help = "Inject faults into a running system of its own and check the ledger afterwards."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("faults", nargs="*", metavar="FAULT", help="only these (see --list)")
        parser.add_argument("--only", choices=registry.names(), help="only faults of one kind")
        parser.add_argument("--quick", action="store_true", help="the short subset, about three minutes")
        parser.add_argument("--times", type=int, help="repetitions of each fault instead of its own number")
        parser.add_argument("--seed", default="synergy", help="same seed, same faults at the same places")
        parser.add_argument("--lanes", type=int, default=3, help="systems side by side (3)")
        parser.add_argument("--minutes", type=float, default=24.0, help="no scene is begun after that (24)")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to this file")
        parser.add_argument("--report", action="store_true", help="the promises and what the newest measurement says of each")
        parser.add_argument("--list", action="store_true", help="the faults there are")

    def handle(self, *args: Any, **options: Any) -> None:
        faults = every()
        last = settings.SYNERGY_HOME / "chaos.json"
        if options["list"]:
            for fault in faults.values():
                self.stdout.write(f"{fault.name:<24}{fault.code:<5}{fault.title}")
            return
        if options["report"] and not (options["faults"] or options["quick"] or options["times"]):
            self.report(json.loads(last.read_text())["rows"] if last.exists() else [])
            return
        counts = self.chosen(faults, options)
        rows = self.measure(faults, counts, options, last)
        if options["report"]:
            self.report(rows)

    def chosen(self, faults: dict[str, Fault], options: dict[str, Any]) -> dict[str, int]:
        """fault → repetitions."""
        if unknown := set(options["faults"]) - faults.keys():
            raise CommandError(f"There is no fault {', '.join(sorted(unknown))}. `manage.py chaos --list` shows all.")
        kind = {fault.name for fault in registry.get(options["only"])} if options["only"] else faults.keys()
        wanted = {name: faults[name] for name in faults if name in (options["faults"] or kind)}
        counts = {name: fault.quick if options["quick"] else options["times"] or fault.times for name, fault in wanted.items()}
        for name in list(counts):
            if words := faults[name].missing():
                self.say(f"{name} is left out: {words}")
                del counts[name]
        return {name: count for name, count in counts.items() if count}

    def measure(
        self, faults: dict[str, Fault], counts: dict[str, int], options: dict[str, Any], last: Path
    ) -> list[dict[str, Any]]:
        matrix = Matrix(
            counts, faults, options["seed"], min(options["lanes"], sum(counts.values())), options["minutes"], self.say
        )
        began = time.monotonic()
        self.say(f"{sum(counts.values())} scenes of {len(counts)} faults on {matrix.lanes} systems, seed {options['seed']}")
        matrix.play()
        rows = [row(faults[name], matrix.played.get(name, [])) for name in counts]
        for line in table(rows):
            self.stdout.write(line)
        for r in rows:
            for words in r["problems"]:
                self.stdout.write(f"{r['fault']}: {words}")
        for words in (*matrix.left, *(f"not played, time was over: {scene}" for scene in matrix.late)):
            self.stdout.write(words)
        good = sound(rows) and not matrix.left and not matrix.late
        total = {
            name: sum(r[name] for r in rows)
            for name in ("injected", "runs", "finished", "lost", "steps_twice", "charged_twice", "fenced")
        }
        self.stdout.write(", ".join(f"{name} {count}" for name, count in total.items()))
        missed = [r["fault"] for r in rows if not r["met"]]
        self.stdout.write(
            f"{len(rows) - len(missed)} of {len(rows)} faults within their bars{': not ' + ', '.join(missed) if missed else ''}."
        )
        self.stdout.write(f"{SOUND if good else 'NOT SOUND.'} {time.monotonic() - began:.0f} s.")
        if matrix.kept:
            self.stdout.write(f"Logs are kept in {', '.join(matrix.kept)}.")
        document = {
            "seed": options["seed"],
            "rows": rows,
            "total": total,
            "left": matrix.left,
            "late": matrix.late,
            "sound": good,
        }
        self.keep(document, [last, *([options["json"]] if options["json"] else [])])
        if not good:
            sys.exit(1)
        return rows

    def keep(self, document: dict[str, Any], files: list[Path]) -> None:
        for file in files:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(document, indent=1) + "\n")

    def report(self, rows: list[dict[str, Any]]) -> None:
        for line in promises.lines(promises.judged({r["fault"]: r for r in rows})):
            self.stdout.write(line)

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
