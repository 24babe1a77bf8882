"""Every address Synergy answers."""

from django.contrib import admin
from django.urls import include, path

from slo.api import metrics
from synergy import health
from synergy.workflow.alertmanager import alerts

urlpatterns = [
    path("health", health.health),
    path("ready", health.ready),
    path("metrics", metrics),
    path("internal/alerts", alerts),
    path("admin/", admin.site.urls),
    path("api/", include("synergy.workflow.api")),
]
