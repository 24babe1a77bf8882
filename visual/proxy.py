"""The only server the browser can reach: hands every request on to the project's unix socket and remembers what was said."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import h11

from synergy.core.types import ObservedCall
from visual.shapes import shape

VISIT = b"x-visit"  #: header by which a tab says for whom it asks; the project never sees it
NOWHERE = "/.synergy-nowhere"  #: an empty page, of which the project knows nothing
KEPT = 1 << 20  #: bytes of a body that are looked at
CHUNK = 65536


@dataclass
class Exchange:
    """One request and its answer."""

    visit: str
    method: str
    target: str
    sent: bytes = b""
    status: int = 0
    kind: str = ""  #: content type
    got: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    def observed(self) -> ObservedCall:
        keys = dict.fromkeys(name for name, _ in parse_qsl(urlsplit(self.target).query, keep_blank_values=True))
        return ObservedCall(
            method=self.method,
            path=self.path,
            query=tuple(sorted(keys)),
            status=self.status,
            request=shape(self.sent),
            response=shape(self.got) if "json" in self.kind else {},
            page=self.visit,
        )


class Proxy:
    """An HTTP/1.1 server on the browser's listening socket. Every connection of the browser has its own one to the project."""

    def __init__(self, upstream: Path) -> None:
        self._upstream = str(upstream)
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: Counter[str] = Counter()
        self.exchanges: list[Exchange] = []

    async def start(self, listener: socket.socket) -> asyncio.Server:
        """Serve on a copy of ``listener``, so that another proxy can follow this one."""
        own = listener.dup()
        own.setblocking(False)
        return await asyncio.start_server(self._accepted, sock=own)

    def pending(self, visit: str) -> int:
        """How many requests of ``visit`` wait for their answer."""
        return self._open[visit]

    async def close(self) -> None:
        """End all connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        link = _Link(reader, writer, self._upstream)
        try:
            while (exchange := await link.request()) is not None:
                self.exchanges.append(exchange)
                self._open[exchange.visit] += 1
                try:
                    await link.answer(exchange)
                finally:
                    self._open[exchange.visit] -= 1
        except (OSError, h11.ProtocolError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the browser left, or one side does not speak HTTP: a status of 0 says that there was no answer
        finally:
            self._tasks.discard(task)
            await link.close()


class _Link:
    """A connection of the browser and the one to the project that belongs to it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, upstream: str) -> None:
        self._browser = h11.Connection(h11.SERVER, max_incomplete_event_size=CHUNK)
        self._project: h11.Connection | None = None
        self._from_browser, self._to_browser = reader, writer
        self._from_project: asyncio.StreamReader | None = None
        self._to_project: asyncio.StreamWriter | None = None
        self._upstream = upstream

    async def request(self) -> Exchange | None:
        """Pass the next request on; None when the browser has no more."""
        while _is_nowhere(event := await _next(self._browser, self._from_browser)):
            await self._nowhere()
        if not isinstance(event, h11.Request):
            return None
        await self._connect()
        headers = [(name, value) for name, value in event.headers.raw_items() if name.lower() != VISIT]
        visit = next((value for name, value in event.headers if name == VISIT), b"").decode("latin-1")
        exchange = Exchange(visit, event.method.decode(), event.target.decode("latin-1"))
        await self._say(h11.Request(method=event.method, target=event.target, headers=headers))
        while not isinstance(part := await _next(self._browser, self._from_browser), h11.EndOfMessage):
            assert isinstance(part, h11.Data)
            exchange.sent += bytes(part.data[: KEPT - len(exchange.sent)])
            await self._say(part)
        await self._say(h11.EndOfMessage())
        return exchange

    async def _nowhere(self) -> None:
        """Answer with nothing."""
        while not isinstance(await _next(self._browser, self._from_browser), h11.EndOfMessage):
            pass
        headers = [("content-type", "text/html"), ("content-length", "0")]
        for event in (h11.Response(status_code=200, headers=headers), h11.EndOfMessage()):
            self._to_browser.write(self._browser.send(event) or b"")
        await self._to_browser.drain()
        self._browser.start_next_cycle()

    async def answer(self, exchange: Exchange) -> None:
        """Pass the answer back."""
        assert self._project is not None
        assert self._from_project is not None
        while True:
            event = await _next(self._project, self._from_project)
            if not isinstance(event, h11.Response | h11.InformationalResponse | h11.Data | h11.EndOfMessage):
                raise h11.RemoteProtocolError("the project closed the connection")
            if isinstance(event, h11.Response):
                exchange.status = event.status_code
                exchange.kind = next((value for name, value in event.headers if name == b"content-type"), b"").decode("latin-1")
            if isinstance(event, h11.Data) and "json" in exchange.kind:
                exchange.got += bytes(event.data[: KEPT - len(exchange.got)])
            data = self._browser.send(event)
            if data:
                self._to_browser.write(data)
                await self._to_browser.drain()
            if isinstance(event, h11.EndOfMessage):
                break
        if self._browser.our_state is h11.MUST_CLOSE or self._browser.their_state is h11.MUST_CLOSE:
            raise h11.RemoteProtocolError("done")
        self._browser.start_next_cycle()

    async def _connect(self) -> None:
        """Use the connection to the project again when it can be, else open a new one."""
        idle = self._project is not None and self._from_project is not None and not self._from_project.at_eof()
        if idle and self._project and self._project.our_state is h11.DONE and self._project.their_state is h11.DONE:
            self._project.start_next_cycle()
            return
        if self._to_project:
            self._to_project.close()
        self._from_project, self._to_project = await asyncio.open_unix_connection(self._upstream)
        self._project = h11.Connection(h11.CLIENT, max_incomplete_event_size=CHUNK)

    async def _say(self, event: h11.Request | h11.Data | h11.EndOfMessage) -> None:
        assert self._project is not None
        assert self._to_project is not None
        data = self._project.send(event)
        if data:
            self._to_project.write(data)
            await self._to_project.drain()

    async def close(self) -> None:
        for writer in (self._to_browser, self._to_project):
            if writer is not None:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()


def _is_nowhere(event: object) -> bool:
    return isinstance(event, h11.Request) and event.target == NOWHERE.encode()


async def _next(connection: h11.Connection, reader: asyncio.StreamReader) -> object:
    """The next event of ``connection``, fed from ``reader``."""
    while (event := connection.next_event()) is h11.NEED_DATA:
        connection.receive_data(await reader.read(CHUNK))
    return event
