"""Pages for one program that holds a token; for everybody else, and without a token, they do not exist."""

from __future__ import annotations

import hmac

from django.http import Http404, HttpRequest


def require(request: HttpRequest, token: str) -> None:
    """Raise Http404 unless the request carries ``Authorization: Bearer <token>``."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise Http404
