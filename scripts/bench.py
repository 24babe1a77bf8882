"""``make bench``: how long a warm build takes, next to the bare tools run by hand on the very same files.

The message is built twice; the second build counts. Then pytest, vitest and vite run on the delivered project without any of
Synergy's machinery, and a plain Playwright script visits its pages: signs in, loads every page twice at each width and once in
dark, waits for its heading (not for its data: that is the least), takes a picture of the whole page, runs axe on each view.
Each tool has the machine to itself.
Prints seconds of every step, of every tool, and their ratio. Numbers differ from machine to machine: compare within one run.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from progress import say

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synergy.settings")

from playwright.async_api import Browser, BrowserContext, Page, async_playwright  # noqa: E402  # the path comes first

from synergy.core import tools  # noqa: E402
from synergy.core.stacks import StackSpec, stack  # noqa: E402
from synergy.core.toolchains import Toolchain, node_prefix, prepare  # noqa: E402
from visual import axe  # noqa: E402
from visual.room import HEIGHTS  # noqa: E402
from visual.tour import VISITOR  # noqa: E402

AT_A_TIME = 2  #: pages: as many as the notebooks of this world have cores at least
OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],
    "preload": False,
}
TOOLS = ("backend-test", "frontend-test", "frontend-build")  #: commands of the stack: pytest, vitest, vite build


def main() -> int:
    message = os.environ.get("SYNERGY_MESSAGE", "Build dashboard with auth")
    for which in ("first", "warm"):
        report, wall = build(message)
        say(f"{which} build: {report['state']}, run {report['seconds']:.1f} s, with starting and stopping {wall:.1f} s")
        if report["state"] != "completed":
            say(report["reason"])
            return 1
    for step in report["steps"]:
        say(f"  {step['name']:<16} {step['seconds']:6.1f} s")
    bare = by_hand(Path(report["paths"]["Project"]), report["stack"]["built_with"])
    say("the bare tools, one after the other")
    for name, seconds in bare.items():
        say(f"  {name:<16} {seconds:6.1f} s")
    total = sum(bare.values())
    say(f"run {report['seconds']:.1f} s / bare tools {total:.1f} s = {report['seconds'] / total:.2f}")
    return 0


def build(message: str) -> tuple[dict[str, Any], float]:
    """The report of ``manage.py build --json`` and its wall seconds."""
    started = time.monotonic()
    argv = [sys.executable, "manage.py", "build", "--json", "--", message]
    done = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    return json.loads(done.stdout), time.monotonic() - started


def by_hand(delivered: Path, slug: str) -> dict[str, float]:
    """Seconds of each bare tool on a copy of the delivered project."""
    spec = stack(slug)
    chain = prepare(spec, say)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        project = Path(shutil.copytree(delivered, Path(folder, "project")))
        if chain.modules:
            subprocess.run(["cp", "-al", chain.modules, project / spec.node_cwd / "node_modules"], check=True)
        found = {name: command(spec, chain, project, name) for name in TOOLS}
        plan = json.loads((delivered.parent / "evidence" / "plan.json").read_text())
        with served(spec, chain, project) as origin:
            started = time.monotonic()
            asyncio.run(render(origin, plan))
            return found | {"renders": time.monotonic() - started}


def environment(spec: StackSpec, chain: Toolchain, project: Path) -> dict[str, str]:
    bins = [f"{chain.venv}/bin", str(project / spec.node_cwd / "node_modules/.bin"), f"{node_prefix()}/bin"]
    return {"PATH": ":".join([*bins, os.environ["PATH"]]), "HOME": str(project), "CI": "1", "NO_COLOR": "1"}


def command(spec: StackSpec, chain: Toolchain, project: Path, name: str) -> float:
    """Run a command of the stack; its seconds. What fails ends the benchmark."""
    told = spec.commands[name]
    env = {**environment(spec, chain, project), "COVERAGE_FILE": str(project / ".coverage")}
    started = time.monotonic()
    done = subprocess.run(told.argv, cwd=project / told.cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return time.monotonic() - started


@contextmanager
def served(spec: StackSpec, chain: Toolchain, project: Path) -> Iterator[str]:
    """The origin of the project, served with demo data on a free port of this machine."""
    told = spec.commands["serve"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [word for word in told.argv if word not in ("--uds", "{socket}")] + ["--host", "127.0.0.1", "--port", str(port)]
    env = {**environment(spec, chain, project), "DATABASE_URL": f"sqlite:///{project}/bench.db", "SEED": "1"}
    server = subprocess.Popen(argv, cwd=project / told.cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{spec.health}"):
                break
            if server.poll() is not None:
                raise SystemExit("The project's server ended at its start.")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


async def render(origin: str, plan: dict[str, Any]) -> None:
    """Every page, as somebody would write it down who wants pictures and axe's word."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(tools.browser().path), args=["--disable-gpu"])
        member = await signed_in(browser, origin, plan)
        visitor = await browser.new_context(reduced_motion="reduce")
        gate = asyncio.Semaphore(AT_A_TIME)

        async def visit(context: BrowserContext, path: str) -> None:
            async with gate:
                page = await context.new_page()
                for width in HEIGHTS:
                    for again in (False, True):
                        await view(page, origin + path, width, look=not again)
                await page.emulate_media(color_scheme="dark")
                await view(page, origin + path, max(HEIGHTS), look=True)
                await page.close()

        visits: list[Awaitable[None]] = [
            visit(visitor if page["kind"] in VISITOR else member, page["sample"]) for page in plan["pages"]
        ]
        await asyncio.gather(*visits)
        await browser.close()


async def view(page: Page, address: str, width: int, *, look: bool) -> None:
    await page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
    await page.goto(address, wait_until="load")
    await page.get_by_role("heading", level=1).first.wait_for()
    await page.screenshot(full_page=True, animations="disabled", caret="hide", scale="css")
    if look:
        await page.evaluate(axe.SOURCE)
        await page.evaluate("options => axe.run(document, options)", OPTIONS)


async def signed_in(browser: Browser, origin: str, plan: dict[str, Any]) -> BrowserContext:
    context = await browser.new_context(reduced_motion="reduce")
    page = await context.new_page()
    await page.goto(f"{origin}/login")
    await page.get_by_label("Email").fill(plan["demo_email"])
    await page.get_by_label("Password", exact=True).fill(plan["demo_password"])
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(lambda url: not url.endswith("/login"))
    await page.close()
    return context


if __name__ == "__main__":
    sys.exit(main())
