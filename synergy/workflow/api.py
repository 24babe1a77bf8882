"""The HTTP interface: start a run, look at it."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
