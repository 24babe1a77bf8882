"""Temporal: ``work ADDRESS normal|local`` is a worker with activities of that kind, ``feed …`` starts workflows."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from peers.dag import LEVELS, body, orders, submitted

QUEUE = "peers"
SLOTS = 32  #: activities at once
CALLS = 16  #: that start workflows, at once
LIMIT = timedelta(seconds=60)


@activity.defn
async def do(run: str, name: str) -> str:
    return body(run, name)


@workflow.defn
class Flow:
    @workflow.run
    async def run(self, run: str, local: bool) -> str:
        execute = workflow.execute_local_activity if local else workflow.execute_activity
        for level in LEVELS:
            await asyncio.gather(*(execute(do, args=[run, name], start_to_close_timeout=LIMIT) for name in level))
        return run


async def connected(address: str) -> Client:
    """A client, once the server answers."""
    for _ in range(300):
        try:
            return await Client.connect(address)
        except (RPCError, RuntimeError):
            await asyncio.sleep(0.1)
    raise SystemExit(f"Nothing answers at {address}.")


async def work(address: str) -> None:
    client = await connected(address)
    await Worker(client, task_queue=QUEUE, workflows=[Flow], activities=[do], max_concurrent_activities=SLOTS).run()


async def feed(address: str, *, local: bool) -> None:
    client, calls = await connected(address), asyncio.Semaphore(CALLS)

    async def start(run: str) -> None:
        async with calls:
            submitted(run)
            await client.start_workflow(Flow.run, args=[run, local], id=run, task_queue=QUEUE)

    source = orders()
    while runs := await asyncio.to_thread(next, source, None):
        await asyncio.gather(*map(start, runs))


if __name__ == "__main__":
    what, where, kind = sys.argv[1:]
    asyncio.run(work(where) if what == "work" else feed(where, local=kind == "local"))
