"""What a load balancer and a supervisor ask."""

from __future__ import annotations

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
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
