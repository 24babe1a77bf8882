"""What a load balancer, a scraper and a supervisor ask."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django_prometheus.exports import ExportToDjangoView
from redis.exceptions import RedisError


def health(request: HttpRequest) -> JsonResponse:
    """The process answers. Says nothing of what it depends on, so a slow database does not get it killed."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """Database and broker answer: 200, else 503 and which one does not."""
    state = {"database": database_answers(), "redis": redis_answers()}
    return JsonResponse({name: "ok" if up else "down" for name, up in state.items()}, status=200 if all(state.values()) else 503)


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True
    except DatabaseError:
        return False


def redis_answers() -> bool:
    try:
        cache.get("ready")
        return True
    except (RedisError, OSError):
        return False


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics, for the holder of METRICS_TOKEN only; without one the page does not exist."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        raise Http404
    return HttpResponse(ExportToDjangoView(request))
