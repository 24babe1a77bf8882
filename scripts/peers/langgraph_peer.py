"""LangGraph with its PostgreSQL checkpointer, every step durable before the next; 32 threads in one process."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Annotated, Any, TypedDict

from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.graph import END, START, StateGraph
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from peers.dag import LEVELS, body, orders, submitted

THREADS = 32


class State(TypedDict):
    run: str
    done: Annotated[list[str], operator.add]


def node(name: str) -> Callable[[State], dict[str, list[str]]]:
    return lambda state: {"done": [body(state["run"], name)]}


def graph(saver: PostgresSaver) -> Any:
    made = StateGraph(State)
    for level in LEVELS:
        for name in level:
            made.add_node(name.replace(":", "-"), node(name))  # a colon is LangGraph's own
    for before, after in pairwise(((START,), *LEVELS, (END,))):
        for name in after:
            made.add_edge([word.replace(":", "-") for word in before] if len(before) > 1 else before[0], name.replace(":", "-"))
    return made.compile(checkpointer=saver)


def main() -> None:
    settings = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    with ConnectionPool(os.environ["PEERS_DATABASE"], min_size=THREADS, max_size=THREADS, kwargs=settings) as pool:
        saver = PostgresSaver(pool)
        saver.setup()
        flow = graph(saver)

        def work(run: str) -> None:
            flow.invoke({"run": run, "done": []}, {"configurable": {"thread_id": run}}, durability="sync")

        with ThreadPoolExecutor(THREADS) as threads:
            for runs in orders():
                for run in runs:
                    submitted(run)
                    threads.submit(work, run)


if __name__ == "__main__":
    main()
