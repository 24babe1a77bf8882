"""Starts runs of Synergy as a person's request does: through Django into the ledger, then a message."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synergy.settings")
django.setup()

from peers.dag import orders, submitted  # noqa: E402  # models need the line above
from synergy.celery import app  # noqa: E402
from synergy.workflow import services, wire  # noqa: E402


def main() -> None:
    app.set_current()
    tenant = services.default_tenant()
    for runs in orders():
        for run in runs:
            submitted(run)
            _, ready = services.create_run(f"Build a dashboard with auth for team {run}", tenant=tenant)
            wire.send(ready)


if __name__ == "__main__":
    main()
