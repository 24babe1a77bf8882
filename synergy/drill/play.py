"""The drill: a whole Synergy is watched by a real Prometheus and a real Alertmanager, is broken in every way that an alert is
made for, and everything that was to be told must have been told, and taken back. Used by ``scripts/observe.py``."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

import synergy.celery  # noqa: F401  # messages go by the configured application
from slo.models import AlertTarget
from synergy.core.models import LIVE_RUN, Run, RunState, Step, StepState, Tenant
from synergy.drill import rows, scaled, watch
from synergy.drill.sinks import Sinks
from synergy.drill.watchers import Prometheus, Watchers
from synergy.embedded.client import session
from synergy.embedded.programs import BASE_DIR
from synergy.workflow import services, wire

MESSAGE = "Build dashboard with auth"
BROKEN, QUIET = "broken", "quiet"  #: tenants: all of its runs go wrong, all of its runs go well
WAVES = 5  #: one a second, each of three runs of a tenant
DEAR_USD = Decimal("5.20")
PATIENCE = 180.0  #: seconds for everything to be told
BUILD_SECONDS = 900.0
LOOK = 0.25
TELL = 10.0  #: seconds between two words about how far it is

#: what the real build is asked for: title → query
FIGURES = {
    "pictures taken": 'visual_tests_total{tenant="default"}',
    "of them failed": 'visual_tests_failed_total{tenant="default"}',
    "components written": 'sum(ui_components_generated_total{tenant="default"})',
    "gates passed": 'sum(gate_results_total{tenant="default",result="passed"})',
    "gates failed": 'sum(gate_results_total{tenant="default",result="failed"})',
    "confidence in the stack": 'sum(stack_confidence_sum{tenant="default"}) / sum(stack_confidence_count{tenant="default"})',
    "seconds from claim to end": 'workflow_duration_seconds_sum{tenant="default"}',
    "steps recorded": 'sum(workflow_steps_total{state="done"})',
}


@dataclass
class Drill:
    folder: Path
    sinks: Sinks
    factor: float = scaled.FACTOR
    built: bool = True  #: a real project is built first

    def __post_init__(self) -> None:
        self.began = time.monotonic()
        self.wrong: list[str] = []

    def say(self, words: str) -> None:
        sys.stdout.write(f"[{time.monotonic() - self.began:5.1f} s] {words}\n")
        sys.stdout.flush()

    def play(self) -> int:
        """1 when something that was to happen did not."""
        with ExitStack() as up:
            self.say("Synergy starts: PostgreSQL, Valkey, worker, beat, web")
            running = up.enter_context(session(("worker", "beat", "web"), wait=("worker", "web")))
            web = urlsplit(running.parts["web"].address).netloc
            watchers = Watchers(self.folder / "watchers")
            up.callback(watchers.stop)
            prometheus = self.watched(watchers, web)
            if self.built:
                self.build()
                self.figures(prometheus)
            dear = self.prepare()
            told = self.breach(prometheus, dear)
            self.judge(told)
        self.say("Everything that was started has ended")
        return 1 if self.wrong else 0

    def watched(self, watchers: Watchers, web: str) -> Prometheus:
        """Start both; Prometheus has read the metrics when this returns."""
        alerts = watchers.secret("alerts", settings.ALERTS_TOKEN)
        metrics = watchers.secret("metrics", settings.METRICS_TOKEN)
        rules = watchers.config("rules.yml", scaled.rules(self.factor))
        routes = watchers.config("alertmanager.yml", scaled.routes(self.factor, f"http://{web}/internal/alerts", alerts))
        self.say(f"Alertmanager and Prometheus start: shipped rules, {self.factor:g} times quicker, thresholds as they are")
        alertmanager = watchers.alertmanager(routes)
        prometheus = Prometheus(
            watchers.prometheus(watchers.config("prometheus.yml", scaled.scraping(web, metrics, rules, alertmanager)))
        )
        self.until("Prometheus has read the metrics", lambda: prometheus.value('up{job="synergy"}') == 1)
        return prometheus

    # --- real figures ---

    def build(self) -> None:
        """Build a project as a person does, in a process of its own."""
        self.say(f"A real build, without a model: {MESSAGE!r}")
        log = self.folder / "build.log"
        argv = [sys.executable, "manage.py", "build", "--json", "--fresh", "--", MESSAGE]
        with log.open("wb") as out:
            process = subprocess.Popen(argv, cwd=BASE_DIR, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=out)
            try:
                self.follow(process)
                output = process.stdout.read() if process.stdout else b""
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait()
        try:
            state = json.loads(output)["state"]
        except ValueError:
            state = log.read_text()[-500:]
        if state != RunState.COMPLETED:
            self.wrong.append(f"The build ended as {state}.")
        self.say(f"The build is {state}")

    def follow(self, process: subprocess.Popen[bytes]) -> None:
        """Say how far it is, until it has ended."""
        next_word, end = time.monotonic() + TELL, time.monotonic() + BUILD_SECONDS
        while process.poll() is None and time.monotonic() < end:
            time.sleep(LOOK)
            if time.monotonic() > next_word:
                steps = Step.objects.filter(run__tenant__slug="default")
                self.say(f"  {steps.filter(state=StepState.DONE).count()} of {steps.count()} steps")
                next_word += TELL

    def figures(self, prometheus: Prometheus) -> None:
        """What Prometheus says of the build: each must be there."""
        self.until("Prometheus has counted the build", lambda: prometheus.value(FIGURES["steps recorded"]))
        for title, query in FIGURES.items():
            value = prometheus.value(query)
            self.say(f"  {title:<28}{'MISSING' if value is None else f'{value:.4g}':>10}   {query}")
            if value is None:
                self.wrong.append(f"Prometheus knows nothing of: {title}.")

    # --- breaches ---

    def prepare(self) -> Run:
        """Two tenants, targets of every kind, and a run that goes on."""
        broken, _ = rows.tenant_called(BROKEN), rows.tenant_called(QUIET)
        for kind, address in self.sinks.addresses().items():
            target = AlertTarget.objects.create(tenant=broken, name=kind, kind=kind, address=address)
            self.sinks.secret = target.secret if kind == "webhook" else self.sinks.secret
        run, ready = services.create_run(MESSAGE, tenant=broken, project="Dear", budget_usd=50)
        # An hour after its beginning a run that has ended is no longer shown: so this alert can end within the drill.
        Run.objects.filter(id=run.id).update(created_at=timezone.now() - timedelta(hours=2))
        time.sleep(3.0)  # Prometheus reads the series of both tenants at 0
        wire.send(ready)
        return run

    def breach(self, prometheus: Prometheus, dear: Run) -> list[watch.Told]:
        """Break everything, and look until all of it was told and taken back."""
        told = watch.awaited(scaled.rules(self.factor))
        mark = time.time()
        rows.charge(dear, DEAR_USD, activity="ui", model="drill", tokens_in=1_000, tokens_out=1_000)
        self.say(f"Breaches: runs of {BROKEN!r} are slow, unsure, in conflict and look wrong; a live one costs ${DEAR_USD}")
        waves, next_word, over = 0, mark + TELL, False
        kinds = set(self.sinks.addresses())
        while time.time() < mark + PATIENCE and not all(one.complete for one in told):
            if waves < WAVES and time.time() >= mark + waves:
                self.wave()
                waves += 1
            if not over and next(one for one in told if one.name == "ProjectCostExceeded").delivered:
                over = self.rested(dear)
            watch.look(told, prometheus, BROKEN, mark, time.time(), kinds)
            self.listen(prometheus)
            if time.time() > next_word:
                next_word += TELL
                self.say(f"  {self.count(told)}")
            time.sleep(LOOK)
        self.say(f"  {self.count(told)}")
        return told

    def wave(self) -> None:
        for tenant, well in ((BROKEN, False), (QUIET, True)):
            for _ in range(3):
                rows.ended(rows.tenant_called(tenant), rows.results(well=well), seconds=100.0 if well else 900.0)

    def count(self, told: list[watch.Told]) -> str:
        steps = {"fired": "fired", "routed": "routed", "delivered": "delivered", "ended": "taken back"}
        counts = (f"{sum(getattr(one, step) is not None for one in told)} {word}" for step, word in steps.items())
        return f"{', '.join(counts)} of {len(told)}"

    def rested(self, dear: Run) -> bool:
        """The alert let the live run rest. A person cancels it, so that the alert can end."""
        dear.refresh_from_db()
        if dear.state == RunState.PAUSED and "ProjectCostExceeded" in dear.reason:
            self.say(f"  The run that costs too much rests: {dear.reason}")
        else:
            self.wrong.append(f"The run that costs too much does not rest, it is {dear.state}: {dear.reason}")
        if dear.state in LIVE_RUN:
            services.cancel(dear)
        return True

    def listen(self, prometheus: Prometheus) -> None:
        """Nothing may be said of the tenant whose runs go well."""
        for alert in prometheus.alerts():
            words = f"{alert['labels']['alertname']} is {alert['state']} for {QUIET!r}."
            if alert["labels"].get("tenant") == QUIET and words not in self.wrong:
                self.wrong.append(words)

    # --- the end ---

    def judge(self, told: list[watch.Told]) -> None:
        first = self.sinks.first
        put_off = sum(status == 503 for status in first.values())
        self.say("Seconds since the first breach:\n\n" + "\n".join(watch.table(told)) + "\n")
        for kind, answers in sorted(self.sinks.answers.items()):
            counts = ", ".join(f"{answers.count(status)} × {status}" for status in dict.fromkeys(answers))
            self.say(f"  {kind:<10} answered {counts}")
        self.wrong += [
            f"{one.title} is not complete: {one.targets or 'it came to no target'}." for one in told if not one.complete
        ]
        self.wrong += [f"{one.title} was delivered at the first try." for one in told if one.complete and one.attempts < 2]
        self.wrong += self.sinks.wrong
        if put_off < len(first) or not first:
            self.wrong.append("The webhook did not answer 503 first.")
        if not Tenant.objects.filter(slug=QUIET, runs__isnull=False).exists():
            self.wrong.append("There was no tenant whose runs went well.")
        for words in self.wrong:
            self.say(f"WRONG: {words}")
        done = sum(one.complete for one in told)
        self.say(f"{done} of {len(told)} alerts fired, were delivered to {len(self.sinks.answers)} kinds of targets, and ended")

    def until(self, what: str, ready: Callable[[], object], seconds: float = 30.0) -> None:
        """Wait for ``ready()``; what did not happen is wrong."""
        end = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > end:
                self.wrong.append(f"It did not happen within {seconds:.0f} s: {what}.")
                return
            time.sleep(LOOK)
