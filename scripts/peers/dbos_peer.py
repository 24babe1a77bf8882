"""DBOS: its workflows start in the worker itself, their steps are recorded in PostgreSQL."""

from __future__ import annotations

import asyncio
import os

from dbos import DBOS, SetWorkflowID

from peers.dag import LEVELS, body, orders, submitted

POOL = 32


@DBOS.step()
async def do(run: str, name: str) -> str:
    return body(run, name)


@DBOS.workflow()
async def flow(run: str) -> str:
    for level in LEVELS:
        if len(level) == 1:
            await do(run, level[0])
        else:
            await asyncio.gather(*(do(run, name) for name in level))
    return run


def main() -> None:
    DBOS(
        config={
            "name": "peers",
            "system_database_url": os.environ["PEERS_DATABASE"],
            "log_level": "ERROR",
            "application_version": "1",
            "sys_db_pool_size": POOL,
            "run_admin_server": False,
        }
    )
    DBOS.launch()
    for runs in orders():
        for run in runs:
            submitted(run)
            with SetWorkflowID(run):
                DBOS.start_workflow(flow, run)


if __name__ == "__main__":
    main()
