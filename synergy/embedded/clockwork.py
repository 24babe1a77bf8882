"""Worker and beat without Celery's command line: its plug-ins (a shell, Flower) take a second to import on every start.

``python -m synergy.embedded.clockwork worker QUEUES`` or ``… beat SCHEDULE_FILE``. Elsewhere use ``celery -A synergy.celery``.
"""

from __future__ import annotations

import sys

from django.conf import settings

from synergy.celery import app


def main() -> int:
    """Run until a signal; the exit code of the process."""
    what, argument = sys.argv[1:]
    app.set_current()
    if what == "beat":
        app.Beat(schedule=argument, pidfile="", loglevel=settings.LOG_LEVEL).run()
        return 0
    worker = app.Worker(
        queues=argument,
        without_gossip=True,
        without_mingle=True,
        loglevel=settings.LOG_LEVEL,
    )
    worker.start()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main())
