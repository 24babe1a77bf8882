import time
from contextlib import suppress

import pytest

from tests.factories import plan
from tests.uiagents.interface import CLIENT, SCHEMA, Project
from uiagents.contracts import Document, accepts, key
from uiagents.openapi import declare
from uiagents.typescript import Unreadable, believed, calls_in


def calls(text):
    return [(c.method, c.path) for c in calls_in("x.tsx", text)]


def test_the_types_of_a_client_say_what_the_contract_says():
    types = {key(o): o for o in believed(Project.of(plan()).files[SCHEMA])}
    for declared in Document(declare(plan())).operations("declared"):
        mine = types.pop(key(declared))
        assert mine.auth is None
        assert (mine.query, mine.required, mine.pagination) == (declared.query, declared.required, declared.pagination)
        for ours, theirs in ((mine.response, declared.response), (mine.request, declared.request)):
            assert ours.keys() == theirs.keys()
            assert all(accepts(ours[name], theirs[name]) for name in ours)
    assert not types


@pytest.mark.parametrize(
    "text", ["export interface paths {", "export interface a { b: c", "export interface a " + "{ b: " * 60, "x" * 1_000_001]
)
def test_what_are_no_types_is_refused(text):
    with pytest.raises(Unreadable):
        believed(text)


def test_a_file_without_interfaces_knows_no_operation():
    assert believed("const a = 1;") == []


def test_every_call_of_the_client_is_found():
    found = calls_in(CLIENT, Project.of(plan()).files[CLIENT])
    assert {c.key for c in found} == {key(o) for o in Document(declare(plan())).operations("declared")}
    remove = next(c for c in found if c.key == ("DELETE", "/api/orders/{}"))
    assert (remove.name, remove.has_body) == ("remove", False)
    assert next(c for c in found if c.key == ("PATCH", "/api/orders/{}")).has_body


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('http.GET("/api/a")', [("GET", "/api/a")]),
        ("client . POST<X>(\n  '/api/a', { body })", [("POST", "/api/a")]),
        ("http.GET(`/api/a/${id}`)", [("GET", "/api/a/{}")]),
        ('fetch("/api/a")', [("GET", "/api/a")]),
        ('fetch("/api/a", { headers: {}, method: "post" })', [("POST", "/api/a")]),
        ('axios.delete("/api/a/" )', [("DELETE", "/api/a/")]),
        ('map.get("/not/the/api")', []),
        ('fetch("https://example.com/api/a")', []),
        ("http.GET(path)", []),
        ('// http.GET("/api/a")', []),
        ('/* http.GET("/api/a") */ http.GET("/api/b")', [("GET", "/api/b")]),
        ("const text = 'http.GET(\"/api/a\")';", []),
        ("<p>Don't</p>; http.GET(\"/api/a\"); <p>isn't</p>", [("GET", "/api/a")]),
        ('const re = /[^"]/; \nhttp.GET("/api/a")', [("GET", "/api/a")]),
        ('const a = "//"; http.GET("/api/a")', [("GET", "/api/a")]),
        ("`${http.GET('/api/a')}`", []),
        ("", []),
    ],
)
def test_calls_are_read_from_source(text, found):
    assert calls(text) == found


@pytest.mark.parametrize(
    "text", ["/*", "/**/", "`", "`a`", "'\n", '"\\', "`\\", "a", "a.", "http.GET(", 'http.GET("\\', "(<", "a.GET <"]
)
def test_hostile_source_costs_no_time(text):
    started = time.process_time()
    long = (text * 200_000)[:400_000]
    calls_in("x.ts", long)
    with suppress(Unreadable):
        believed(f"interface paths {long}")
    assert time.process_time() - started < 8


def test_a_file_that_is_too_long_is_not_read():
    assert calls('http.GET("/api/a")' + " " * 1_000_001) == []
