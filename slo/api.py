"""What a scraper asks."""

from __future__ import annotations

import hmac
import time

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import generate_latest

from slo.folding import fold
from slo.metrics import Ledger

FOLDING_SECONDS = 1.0  #: that one scrape spends on runs which have ended; what is left is added by the next one


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics, for the holder of METRICS_TOKEN only; without one the page does not exist."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        raise Http404
    end = time.monotonic() + FOLDING_SECONDS
    while fold() and time.monotonic() < end:
        pass
    page = ExportToDjangoView(request)  # web requests and database, of this process
    return HttpResponse(page.content + generate_latest(Ledger()), content_type=page["Content-Type"])
