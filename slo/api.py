"""What a scraper asks."""

from __future__ import annotations

import time

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import generate_latest

from slo.folding import fold
from slo.metrics import Ledger
from synergy.core import bearer

FOLDING_SECONDS = 1.0  #: that one scrape spends on runs which have ended; what is left is added by the next one


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics, for the holder of METRICS_TOKEN only; without one the page does not exist."""
    bearer.require(request, settings.METRICS_TOKEN)
    end = time.monotonic() + FOLDING_SECONDS
    while fold() and time.monotonic() < end:
        pass
    page = ExportToDjangoView(request)  # web requests and database, of this process
    return HttpResponse(page.content + generate_latest(Ledger()), content_type=page["Content-Type"])
