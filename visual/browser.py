"""The browser: started in its own sandbox, driven through Playwright. The only file that knows Playwright."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from playwright.async_api import (
    Browser,
    BrowserContext,
    CDPSession,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    Response,
    async_playwright,
)

from synergy.core import spans, tools
from synergy.core.errors import ServiceDown
from visual.events import Events, Failure
from visual.isolation import ARGS, ORIGIN, isolated
from visual.proxy import NOWHERE, VISIT, Proxy

__all__ = ["POLL", "BrowserCrashed", "Chromium", "Error", "Locator", "Page", "Profile", "Session", "Tab", "is_crash", "session"]

NOW = datetime(2026, 1, 15, 10, tzinfo=UTC)  #: what pages take for the time, so that "3 days ago" stays as it is
CALM = 2  #: looks, 10 ms apart, in which a page that is at rest does not change
PATIENCE_MS, IMPATIENCE_MS = 5000, 300  #: longest wait for rest; and for a page that did not rest before
SETTLED = "([looks, limit]) => __view.settled(looks, limit)"
ENDLESS = ("eventsource", "websocket", "media", "ping")  #: requests that nobody waits for
PAGE_SCRIPT = (Path(__file__).parent / "js" / "page.js").read_text()
MAX_HEIGHT = 16_384  #: pixels of a page that are drawn; Chromium repeats itself below
POLL = 0.1
Result = TypeVar("Result")


class BrowserCrashed(ServiceDown):
    """The browser died or hung: the page could not be tested, which says nothing about the page."""


class Tab:
    """One page of the browser at one time."""

    def __init__(self, page: Page, wire: CDPSession, proxy: Proxy) -> None:
        self.page, self._wire, self._proxy = page, wire, proxy
        self._waiting: set[Request] = set()
        self._theme = "light"
        self.visit = ""
        self.events = Events()
        self.downloads: list[str] = []  #: names of the files
        self.rested = True  #: whether the page came to rest whenever it was waited for
        self.status = 0  #: of the document: HTTP status, 0 = there was no answer
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.events.console.append(str(error)))
        page.on("request", self._on_request)
        page.on("requestfailed", self._on_failed)
        page.on("requestfinished", lambda request: self._waiting.discard(request))
        page.on("response", self._on_response)
        page.on("dialog", self._on_dialog)
        page.on("popup", self._on_popup)
        page.on("download", self._on_download)
        page.on("filechooser", lambda chooser: self.events.signs.append("file chooser"))

    async def begin(self, visit: str) -> None:
        """Forget what was before; from now on requests count for ``visit``."""
        self.visit, self.events, self.rested, self.downloads = visit, Events(), True, []
        await self.page.set_extra_http_headers({VISIT.decode(): visit})

    @property
    def path(self) -> str:
        """The address without the origin."""
        return self.page.url.removeprefix(ORIGIN) or "/"

    def take_over(self, other: Tab) -> None:
        """Count what went wrong in ``other`` for this tab."""
        self.rested = self.rested and other.rested
        self.events.console += other.events.take_console()
        self.events.failures += other.events.take_failures()

    async def open(self, path: str, calm: int = CALM) -> None:
        """Load ``path`` anew and wait until it is at rest."""
        self.status = 0
        self._waiting.clear()
        try:
            response = await self.page.goto(ORIGIN + path, wait_until="commit", timeout=20_000)
        except Error as error:
            if is_crash(error):
                raise
            return
        await self.settle(calm)
        self.status = response.status if response else 200

    async def settle(self, calm: int = CALM) -> None:
        """Wait until the page has nothing more to load or to change; four times as long for answers that are still to come."""
        patience = (PATIENCE_MS if self.rested else IMPATIENCE_MS) / 1000
        deadline, loads = monotonic() + patience, False
        while (left := deadline - monotonic()) > 0 or (loads and left > -3 * patience):
            try:
                rested = await self.page.evaluate(SETTLED, [calm, max(left, patience / 5) * 1000])
            except Error as error:
                if is_crash(error):
                    raise
                await self.page.wait_for_load_state("domcontentloaded", timeout=20_000)  # it went to another document
                continue
            loads = bool(self._waiting or self._proxy.pending(self.visit))
            if rested and not loads:
                return
        self.rested = False

    async def evaluate(self, script: str, argument: object = None) -> Any:
        """The value of a JavaScript expression or function in the page; None when the page went to another document meanwhile."""
        try:
            return await self.page.evaluate(script, argument)
        except Error as error:
            if "Execution context was destroyed" not in str(error):
                raise
            return None

    async def resize(self, width: int, height: int) -> None:
        """Give the window another size; the page is laid out in it when this returns."""
        if self.page.viewport_size != {"width": width, "height": height}:
            await self.page.set_viewport_size({"width": width, "height": height})
            await self.evaluate("size => window.__view?.sized(size)", [width, height])

    async def theme(self, name: str) -> None:
        """Tell the page that the person prefers ``light`` or ``dark``."""
        if name != self._theme:
            await self.page.emulate_media(color_scheme="dark" if name == "dark" else "light")
            self._theme = name

    async def picture(self) -> bytes:
        """The whole page as PNG, without animations and caret."""
        posed = await self.page.evaluate("most => __view.pose(most)", MAX_HEIGHT)
        shot = await self._wire.send("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True, **posed["frame"]})
        if posed["sunk"]:
            await self.evaluate("__view.rise()")
        return base64.b64decode(shot["data"])

    async def back(self) -> None:
        """To the page before, as with the browser's button."""
        with suppress(Error):
            await self.page.go_back(wait_until="commit", timeout=2000)

    async def press(self, x: float, y: float) -> None:
        """Click at a point of the window, as a mouse does."""
        await self.page.mouse.click(x, y)

    async def key(self, name: str) -> None:
        await self.page.keyboard.press(name)

    async def type(self, text: str) -> None:
        await self.page.keyboard.insert_text(text)

    async def sign_in(self, path: str, email: str, password: str) -> bool:
        """As a person does: fill Email and Password, press "Sign in". Whether another page came."""
        await self.open(path)
        try:
            await self.page.get_by_label("Email").fill(email, timeout=5000)
            await self.page.get_by_label("Password", exact=True).fill(password, timeout=5000)
            await self.page.get_by_role("button", name="Sign in").click(timeout=5000)
            await self.page.wait_for_url(lambda url: not url.startswith(ORIGIN + path), timeout=8000)
        except Error as error:
            if is_crash(error):
                raise
            return False
        await self.settle()
        return True

    async def leave(self) -> None:
        """Go to an empty page of the site, which keeps the process. Nothing that was stored for the site is left."""
        await self.evaluate("() => { try { sessionStorage.clear(); } catch { } }")
        await self.page.goto(ORIGIN + NOWHERE)
        await self._wire.send("Storage.clearDataForOrigin", {"origin": ORIGIN, "storageTypes": "all"})

    async def remember(self, items: dict[str, str]) -> None:
        """Put ``items`` into the local storage of the site."""
        place = {"securityOrigin": ORIGIN, "isLocalStorage": True}
        for key, value in items.items():
            await self._wire.send("DOMStorage.setDOMStorageItem", {"storageId": place, "key": key, "value": value})

    def _on_console(self, message: ConsoleMessage) -> None:
        # a resource that failed to load is the network check's
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.events.console.append(message.text)

    def _on_request(self, request: Request) -> None:
        self.events.requests += 1
        self.events.writes += request.method not in ("GET", "HEAD", "OPTIONS")
        if request.resource_type not in ENDLESS:
            self._waiting.add(request)

    def _on_failed(self, request: Request) -> None:
        self._waiting.discard(request)
        reason = request.failure or "failed"
        if reason != "net::ERR_ABORTED":  # the page itself went on or gave it up
            self.events.failures.append(Failure(request.method, request.url, 0, reason))

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            request = response.request
            self.events.failures.append(Failure(request.method, request.url, response.status, response.status_text))

    def _on_download(self, download: Any) -> None:
        self.events.signs.append("download")
        self.downloads.append(download.suggested_filename)

    async def _on_dialog(self, dialog: Any) -> None:
        self.events.signs.append("dialog")
        with suppress(Error):
            await dialog.accept()

    async def _on_popup(self, page: Page) -> None:
        self.events.signs.append("popup")
        with suppress(Error):
            await page.close()


class Profile:
    """A browser context: cookies and storage of one person."""

    def __init__(self, context: BrowserContext, proxy: Proxy) -> None:
        self._context, self._proxy = context, proxy
        self._idle: dict[tuple[str, ...], list[Tab]] = {}

    @asynccontextmanager
    async def tab(self, visit: str, scripts: tuple[str, ...] = ()) -> AsyncIterator[Tab]:
        """A tab of its own, used again because a new one costs a process. Its requests are counted for ``visit``, a slug.

        ``scripts`` run in its documents only, and before those of the page.
        """
        idle = self._idle.setdefault(scripts, [])
        tab = idle.pop() if idle else await self.new_tab(scripts)
        await tab.begin(visit)
        yield tab
        idle.append(tab)

    async def new_tab(self, scripts: tuple[str, ...] = ()) -> Tab:
        page = await self._context.new_page()
        for script in scripts:
            await page.add_init_script(script)
        return Tab(page, await self._context.new_cdp_session(page), self._proxy)

    async def become(self, tab: Tab, state: dict[str, Any]) -> None:
        """Forget everything and go on in ``tab`` as the person with ``state``. A new profile is slower: its cache is empty."""
        await tab.leave()
        await self._context.clear_cookies()
        if state.get("cookies"):
            await self._context.add_cookies(state["cookies"])
        await tab.remember({item["name"]: item["value"] for o in state.get("origins", ()) for item in o["localStorage"]})

    async def state(self) -> dict[str, Any]:
        """Cookies and local storage, to be given to another profile."""
        return dict(await self._context.storage_state())

    async def close(self) -> None:
        with suppress(Error):
            await self._context.close()


class Chromium:
    """The started browser."""

    def __init__(self, browser: Browser, proxy: Proxy, scripts: tuple[str, ...]) -> None:
        self._browser, self._proxy, self._scripts = browser, proxy, scripts
        self.version = f"Chromium {browser.version}"

    async def profile(self, state: dict[str, Any] | None = None, *, live: bool = False) -> Profile:
        """A new person, or one whose ``state`` is known. With ``live``, time goes by as it does for the server."""
        context = await self._browser.new_context(
            viewport={"width": 1280, "height": 800} if live else {"width": 1920, "height": 1080},
            device_scale_factor=1,
            reduced_motion="reduce",
            locale="en-US",
            timezone_id="UTC",
            color_scheme="light",
            accept_downloads=live,
            storage_state=state,  # type: ignore[arg-type]  # what ``state`` returned
        )
        if not live:
            await context.clock.set_fixed_time(NOW)
        for script in (PAGE_SCRIPT, *self._scripts):
            await context.add_init_script(script)
        return Profile(context, self._proxy)


class Session:
    """A browser that starts in the background while the project is being built and served."""

    def __init__(self, scripts: tuple[str, ...]) -> None:
        self._scripts = scripts
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="browser", daemon=True)
        self._ready: Future[None] | None = None
        self._end: asyncio.Event | None = None
        self._owner: Future[None] | None = None
        self._browser: Browser | None = None
        self._listener: Any = None

    def start(self) -> None:
        self._thread.start()
        self._ready = Future()
        self._owner = asyncio.run_coroutine_threadsafe(self._own(self._ready), self._loop)

    async def _own(self, ready: Future[None]) -> None:
        """Hold the browser from start to end in one task, as Playwright wants it."""
        self._end = asyncio.Event()
        tool = tools.browser()
        try:
            with isolated(tool) as box:
                async with async_playwright() as playwright:
                    waiting = asyncio.create_task(asyncio.to_thread(box.listener))
                    self._browser = await _launch(playwright.chromium, str(box.executable))
                    self._listener = await waiting
                    ready.set_result(None)
                    await self._end.wait()
                    with suppress(Error):
                        await self._browser.close()
        except (Error, OSError, TimeoutError) as error:
            if not ready.done():
                ready.set_exception(BrowserCrashed(f"The browser did not start: {str(error)[:500]}", hint=tools.HINTS["browser"]))

    def run(
        self, upstream: Path, work: Callable[[Chromium, Proxy], Awaitable[Result]], tick: Callable[[], None], seconds: float
    ) -> Result:
        """Run ``work`` with the browser in front of the server at ``upstream``.

        ``tick`` is called ten times a second in this thread and may raise to end it. Raises BrowserCrashed, also after
        ``seconds``, and what ``work`` raises.
        """
        assert self._ready is not None
        self._ready.result(timeout=60)
        future = asyncio.run_coroutine_threadsafe(self._work(upstream, work, seconds), self._loop)
        try:
            while not wait([future], timeout=POLL).done:
                tick()
            return future.result()
        except TimeoutError:
            raise BrowserCrashed(f"The pages could not be looked at within {seconds:.0f} s.") from None
        except Error as error:
            raise BrowserCrashed(f"The browser failed: {error.message[:500]}") from error
        finally:
            future.cancel()

    async def _work(self, upstream: Path, work: Callable[[Chromium, Proxy], Awaitable[Result]], seconds: float) -> Result:
        assert self._browser is not None
        proxy = Proxy(upstream)
        server = await proxy.start(self._listener)
        try:
            return await asyncio.wait_for(work(Chromium(self._browser, proxy, self._scripts), proxy), seconds)
        finally:
            server.close()
            await proxy.close()

    def stop(self) -> None:
        if self._end is not None:
            self._loop.call_soon_threadsafe(self._end.set)
        if self._owner is not None:
            with suppress(TimeoutError):
                self._owner.result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        if self._listener is not None:
            self._listener.close()


@contextmanager
def session(scripts: tuple[str, ...] = ()) -> Iterator[Session]:
    """A browser for the time of the context; ``scripts`` run in every document before its own."""
    (running := Session(scripts)).start()
    try:
        with spans.span("browser"):
            yield running
    finally:
        running.stop()


async def _launch(chromium: Any, executable: str) -> Browser:
    """Start it with its inner sandbox; without where the system forbids that one. Ours is around it in both cases."""
    try:
        return await chromium.launch(executable_path=executable, chromium_sandbox=True, args=ARGS)  # type: ignore[no-any-return]
    except Error as error:
        if "No usable sandbox" not in str(error):
            raise
        return await chromium.launch(executable_path=executable, chromium_sandbox=False, args=ARGS)  # type: ignore[no-any-return]


def is_crash(error: Error) -> bool:
    return any(words in str(error) for words in ("Target crashed", "has been closed", "Connection closed", "Page crashed"))
