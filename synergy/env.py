"""Typed readers of environment variables. Nonsense stops the start with ImproperlyConfigured, it never becomes a default.

Any setting may come from a file instead: ``SECRET_KEY_FILE=/run/secrets/key`` gives ``SECRET_KEY``.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
SOCKET_PATH_MAX = 107  #: bytes of ``sun_path`` on Linux, without the closing zero
LONGEST_SOCKET = ".s.PGSQL.5432.lock"  #: longest name that is put into the runtime folder


def env_str(name: str, default: str = "") -> str:
    """``name``, or the contents of the file that ``<name>_FILE`` names, or ``default``. An empty value counts as not set."""
    file = os.environ.get(f"{name}_FILE")
    if file and os.environ.get(name):
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
    if file:
        try:
            return Path(file).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE={file} cannot be read: {error.strerror}.") from error
    return os.environ.get(name) or default


def env_url(name: str, password: str) -> str:
    """The URL ``name``. Its password may be apart, as variable or file ``password``: then the URL itself is no secret."""
    url, word = env_str(name), env_str(password)
    if not url or not word:
        return url
    parts = urlsplit(url)
    if parts.password:
        raise ImproperlyConfigured(f"{name} holds a password already: {password} is one too many.")
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}:{quote(word, safe='')}@{host}").geturl()


def env_bool(name: str, default: bool) -> bool:
    value = env_str(name).lower()
    if not value:
        return default
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name}={value!r} is neither true nor false.")
    return value in TRUE


def env_int(name: str, default: int, *, low: int = 0, high: int = 2**31) -> int:
    value = env_str(name)
    try:
        number = int(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number.") from None
    if not low <= number <= high:
        raise ImproperlyConfigured(f"{name}={number} is not between {low} and {high}.")
    return number


def env_choice(name: str, choices: tuple[str, ...]) -> str:
    """One of ``choices``; the first is the default."""
    value = env_str(name, choices[0])
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r} is not one of {', '.join(choices)}.")
    return value


def env_list(name: str, default: list[str]) -> list[str]:
    """Comma-separated words."""
    words = [word.strip() for word in env_str(name).split(",")]
    return [word for word in words if word] or default


def env_path(name: str, default: Path) -> Path:
    """An absolute path; a relative value is taken from the working directory."""
    return Path(env_str(name, str(default))).expanduser().absolute()


def stored_secret(home: Path, name: str) -> str:
    """A random secret of 43 characters, made once and kept in ``home/secrets/name`` (0600). Racing processes get the same one."""
    file = home / "secrets" / name
    try:
        if not file.exists():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, fresh = tempfile.mkstemp(dir=file.parent, prefix=".new-")
            with os.fdopen(handle, "w") as out:
                out.write(secrets.token_urlsafe(32))
            try:
                os.link(fresh, file)  # fails when another process was first: theirs is kept
            except FileExistsError:
                pass
            finally:
                os.unlink(fresh)
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise ImproperlyConfigured(f"{file} can be read by others. Run: chmod 600 {file}")
        return file.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{file}: {error.strerror}. Set SYNERGY_HOME to a folder you may write to.") from error


def runtime_dir(home: Path) -> Path:
    """The folder of our unix sockets: ``home/run``; where that is too long for a socket, one in /tmp that cannot be guessed."""
    own = home / "run"
    if len(os.fsencode(own / LONGEST_SOCKET)) <= SOCKET_PATH_MAX:
        return own
    mark = hashlib.sha256(stored_secret(home, "runtime").encode()).hexdigest()[:16]
    return Path("/tmp") / f"synergy-{mark}"  # noqa: S108  # made 0700 and its owner checked before use


def database(url: str) -> dict[str, object]:
    """Django's settings for ``postgresql://user:password@host:port/name?option=value``; ``?host=/folder`` is a unix socket."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL must look like postgresql://user:password@host:5432/name.")
    return {
        "ENGINE": "synergy.core.postgres",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or options.pop("port", "")),
        "OPTIONS": options,
    }


def redis_db(url: str, number: int) -> str:
    """``url`` (redis://, rediss:// or unix://) with database ``number``."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return parts._replace(query=f"db={number}").geturl()
    if parts.scheme not in ("redis", "rediss"):
        raise ImproperlyConfigured("REDIS_URL must begin with redis://, rediss:// or unix://.")
    return parts._replace(path=f"/{number}").geturl()


def broker_url(url: str, number: int) -> str:
    """The same address as Celery writes it: ``redis+socket://`` for a unix socket."""
    parts = urlsplit(redis_db(url, number))
    if parts.scheme != "unix":
        return parts.geturl()
    password = f":{quote(parts.password, safe='')}@" if parts.password else ""
    return f"redis+socket://{password}{parts.path}?virtual_host={number}"
