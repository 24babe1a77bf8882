"""System checks: what an operator got wrong, with a stable id and what to do. Quick enough to run before every command."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from synergy.core.errors import PermanentError
from synergy.core.tools import ToolMissing, chosen
from synergy.embedded import postgres, valkey

DISK_MB = 1000  #: below this a run is likely to fail half-way

Apps = Sequence[AppConfig] | None


@register(Tags.files)
def home_is_ours(app_configs: Apps, **_: object) -> list[CheckMessage]:
    home = nearest(settings.SYNERGY_HOME)
    if not os.access(home, os.W_OK | os.X_OK):
        hint = "Set SYNERGY_HOME to a folder you may write to."
        return [Error(f"SYNERGY_HOME={settings.SYNERGY_HOME} cannot be written.", hint=hint, id="synergy.E001")]
    free = shutil.disk_usage(home).free // 1_000_000
    if free < DISK_MB:
        hint = "Free some space, or set SYNERGY_HOME to another disk."
        return [Warning(f"Only {free} MB are free under {home}.", hint=hint, id="synergy.W001")]
    return []


@register("services")
def wheels_are_installed(app_configs: Apps, **_: object) -> list[CheckMessage]:
    """What is embedded must be there."""
    carriers = [(settings.EMBEDDED_POSTGRES, postgres.binaries, "E002"), (settings.EMBEDDED_VALKEY, valkey.binary, "E003")]
    found: list[CheckMessage] = []
    for wanted, find, number in carriers:
        try:
            if wanted:
                find()
        except PermanentError as error:
            found.append(Error(error.message, hint=error.hint, id=f"synergy.{number}"))
    return found


@register("tools")
def chosen_tools_exist(app_configs: Apps, **_: object) -> list[CheckMessage]:
    """A path that was set by hand is right."""
    found: list[CheckMessage] = []
    for name in settings.TOOL_PATHS:
        try:
            list(chosen(name))
        except ToolMissing as error:
            found.append(Error(error.message, hint=error.hint, id="synergy.E004"))
    return found


@register(Tags.security, deploy=True)
def production_uses_real_services(app_configs: Apps, **_: object) -> list[CheckMessage]:
    embedded = [n for n, on in (("DATABASE_URL", settings.EMBEDDED_POSTGRES), ("REDIS_URL", settings.EMBEDDED_VALKEY)) if on]
    if not settings.PRODUCTION or not embedded:
        return []
    hint = "Embedded services serve one machine. Point these at services that all machines reach."
    return [Warning(f"Production without {' and '.join(embedded)}.", hint=hint, id="synergy.W002")]


def nearest(folder: Path) -> Path:
    """``folder``, or the first of its parents that exists."""
    return folder if folder.exists() else nearest(folder.parent)
