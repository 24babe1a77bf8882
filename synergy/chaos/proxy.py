"""A fault proxy on loopback between two processes: it passes bytes on, or does to them what networks do.

Modes: ``up``; ``latency`` (milliseconds, each way); ``cut`` (open connections are reset, new ones too); ``blackhole`` (whoever
connects is let in, and hears nothing); ``reset_after`` (so many bytes of answers pass, then the connection is reset: what was
asked was done, the answer is lost).
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)  #: SO_LINGER: close with RST

Result = TypeVar("Result")


@dataclass(eq=False)
class Link:
    """One pair of processes: a port on loopback in front of a unix socket or another port."""

    upstream: Path | int
    mode: str = "up"
    amount: float = 0.0
    port: int = 0
    accepted: int = 0  #: connections so far
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def set(self, mode: str, amount: float) -> None:
        self.mode, self.amount = mode, amount
        if mode == "cut":
            for writer in list(self._open):
                _reset(writer)

    async def close(self) -> None:
        self._server.close()
        for writer in list(self._open):
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self.mode == "cut":
            _reset(writer)
            return
        try:
            if isinstance(self.upstream, Path):
                far_reader, far_writer = await asyncio.open_unix_connection(str(self.upstream))
            else:
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        except OSError:
            _reset(writer)
            return
        pair = {writer, far_writer}
        self._open |= pair
        try:
            asked = asyncio.ensure_future(self._pump(reader, far_writer, answers=False))
            answered = asyncio.ensure_future(self._pump(far_reader, writer, answers=True))
            await asyncio.wait({asked, answered}, return_when=asyncio.FIRST_COMPLETED)
            asked.cancel()
            answered.cancel()
        finally:
            self._open -= pair
            for end in pair:
                with suppress(OSError, RuntimeError):
                    end.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                while self.mode == "blackhole":
                    await asyncio.sleep(0.02)
                if self.mode == "latency":
                    await asyncio.sleep(self.amount / 1000)
                if self.mode == "reset_after" and answers:
                    self.amount -= len(data)
                    if self.amount < 0:
                        self.mode = "up"
                        _reset(writer)
                        return
                writer.write(data)
                await writer.drain()


async def _end_all() -> None:
    """Cancel what still runs in this loop, and wait for it."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST where there is such a thing."""
    with suppress(OSError, AttributeError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


class Proxy:
    """All links of a stage, on one thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._links: list[Link] = []

    def link(self, upstream: Path | int) -> Link:
        """A new pair in front of ``upstream``, listening."""
        made = Link(upstream)
        self._do(made.listen())
        self._links.append(made)
        return made

    def set(self, link: Link, mode: str, amount: float = 0.0) -> None:
        """Change what happens on ``link``, to open connections too."""
        self._do(link.set(mode, amount))

    def stop(self) -> None:
        for link in self._links:
            self._do(link.close())
        self._do(_end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)
