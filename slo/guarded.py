"""HTTP to addresses that people typed in: public ones only, looked at when the connection is made, so no name can be rebound.

Every address that a name has must be public; the connection goes to the one that was looked at. No redirects, no proxies.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx
from django.conf import settings

from synergy.core.errors import BadInput

PORTS = (80, 443)
SECONDS = 5.0
NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: What Python calls global although it leads elsewhere: 6to4, Teredo, and the old site-local addresses
TUNNELS = [ipaddress.ip_network(net) for net in ("2002::/16", "2001::/32", "fec0::/10")]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Forbidden(BadInput):
    """An address that alerts are not sent to."""


def check_address(text: str) -> None:
    """Forbidden when ``text`` (an IP address) is not on the public internet."""
    address: Address = ipaddress.ip_address(text.split("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if any(address in net for net in TUNNELS):
            raise Forbidden(f"{address} is not a public address.")
        inner = address.ipv4_mapped or (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None)
        address = inner or address
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        raise Forbidden(f"{address} is not a public address.", hint="An operator may allow one: SYNERGY_ALERT_HOSTS=host:port.")


def allowed() -> frozenset[tuple[str, int]]:
    """Pairs of host and port that the operator allows, whatever their address is."""
    pairs = (pair.rpartition(":") for pair in settings.ALERT_HOSTS)
    return frozenset((host, int(port)) for host, _, port in pairs if port.isdecimal())


def addresses(host: str, port: int) -> list[str]:
    """The addresses of ``host``. Forbidden when one of them, or the port, is not allowed; OSError when it has none."""
    if (host, port) not in allowed() and port not in PORTS:
        raise Forbidden(f"Port {port} is not allowed.", hint="Alerts go to port 80 or 443.")
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if (host, port) not in allowed():
        for address in found:
            check_address(address)
    return found


def check_url(url: str) -> None:
    """Forbidden when alerts cannot go to ``url``, as far as that can be said before they are sent."""
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise Forbidden("The port is no number.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise Forbidden("This is no address that alerts can go to.", hint="Give an address like https://example.com/hook.")
    try:
        addresses(parts.hostname, port)
    except (OSError, UnicodeError):
        raise Forbidden(f"Nothing is known about the host {parts.hostname[:80]!r}.") from None


class _Backend(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = addresses(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error
        return super().connect_tcp(found[0], port, timeout, local_address, socket_options)

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        raise Forbidden("Alerts do not go to sockets.")


class _Transport(httpx.HTTPTransport):
    def __init__(self) -> None:
        super().__init__(trust_env=False, retries=0)
        context = self._pool._ssl_context  # as httpx made it
        self._pool = httpcore.ConnectionPool(ssl_context=context, network_backend=_Backend(), max_connections=10)


def client() -> httpx.Client:
    """A client that reaches public addresses only."""
    timeout = httpx.Timeout(SECONDS, connect=3.0)
    return httpx.Client(transport=_Transport(), follow_redirects=False, trust_env=False, timeout=timeout)
