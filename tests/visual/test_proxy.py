"""What the browser asked and what it got, field by field."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import nullcontext

import httpx
import pytest

from tests.visual.sites import Site, as_json
from visual.proxy import NOWHERE, Proxy
from visual.shapes import shape
from visual.tour import calls


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"id": 1, "name": None}, {"id": "integer", "name": "null"}),
        (
            {"items": [{"a": 1}, {"a": 2.5}, {"a": None}]},
            {"items": "array", "items[]": "object", "items[].a": "integer|null|number"},
        ),
        ([{"ok": True}], {"[]": "object", "[].ok": "boolean"}),
        ({"user": {"mail": "x"}}, {"user": "object", "user.mail": "string"}),
        ([], {"[]": "empty"}),
        ("text", {}),
    ],
)
def test_the_shape_of_a_json_text_has_every_field_and_type(value, expected):
    assert shape(json.dumps(value).encode()) == expected


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"cut', b"\xff\xfe"])
def test_what_is_no_json_has_no_shape(body):
    assert shape(body) == {}


def visit(site, work):
    """Run ``work(client)`` against a proxy in front of ``site``; returns the proxy."""

    async def run(upstream):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            proxy = Proxy(upstream)
            server = await proxy.start(listener)
            base = f"http://127.0.0.1:{listener.getsockname()[1]}"
            async with httpx.AsyncClient(base_url=base, headers={"x-visit": "home"}) as client:
                await work(client)
            server.close()
            await proxy.close()
            return proxy

    with site.served() as upstream:
        return asyncio.run(run(upstream))


def test_the_project_knows_nothing_of_the_empty_page():
    asked = []

    async def work(client):
        asked.append(await client.get(NOWHERE))
        asked.append(await client.get("/here"))

    proxy = visit(Site(pages={"/here": "<p>here</p>"}), work)
    assert (asked[0].status_code, asked[0].text) == (200, "")
    assert "here" in asked[1].text
    assert [exchange.path for exchange in proxy.exchanges] == ["/here"]


def test_requests_and_answers_pass_unchanged_and_are_remembered():
    site = Site({"/api/orders": lambda handler: as_json({"got": json.loads(handler.body or b"null"), "n": 1}, 201)})

    async def work(client):
        answer = await client.post("/api/orders?page=2&q=", json={"title": "Cake", "pieces": 3})
        assert (answer.status_code, answer.json()["got"]) == (201, {"title": "Cake", "pieces": 3})
        assert (await client.get("/nothing")).status_code == 404

    proxy = visit(site, work)
    (call,) = calls(proxy.exchanges)
    assert (call.method, call.path, call.query, call.status, call.page) == ("POST", "/api/orders", ("page", "q"), 201, "home")
    assert call.request == {"title": "string", "pieces": "integer"}
    assert call.response["got.title"] == "string"
    assert all("x-visit" not in {name.lower() for name in headers} for _, _, headers in site.requests), (
        "the project never sees it"
    )


def test_many_requests_at_once_and_big_bodies_pass():
    big = b"x" * 3_000_000
    site = Site({"/big": (200, "application/octet-stream", big)})

    async def work(client):
        answers = await asyncio.gather(*(client.get("/big") for _ in range(8)))
        assert all(answer.content == big for answer in answers)

    proxy = visit(site, work)
    assert proxy.pending("home") == 0
    assert calls(proxy.exchanges) == ()


def test_a_server_that_is_gone_gives_no_answer_and_hangs_nobody(tmp_path):
    async def work(client):
        with pytest.raises(httpx.HTTPError):
            await client.get("/")

    class Gone(Site):
        def served(self):
            return nullcontext(tmp_path / "gone")

    visit(Gone({}), work)
