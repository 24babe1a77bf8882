"""Wishes that the planner does not understand, put by a model into its terms; never less than the plan without it."""

from __future__ import annotations

import json

import pytest

from inference.amending import Amendment, Amendments, Keep, Work, amended, sentences, wrong
from inference.llm import ask
from inference.planning.planner import make_plan
from synergy.chaos.models import Models
from synergy.core.types import ClauseStatus, Message, StackChoice

STACK = StackChoice(inferred="fastapi-react", confidence=1, abstained=False, by_hand=True, built_with="fastapi-react", reason="-")
MESSAGE = Message(text="Build a website for a bike club. Members can post photos and join rides.")
RIDES = {
    "clause": "R2",
    "keep": [{"thing": "rides", "fields": ["title", "meeting point", "date", "distance"]}],
    "work": [{"capability": "join", "thing": "rides"}],
}


@pytest.fixture
def planned(bench, shipped, nearest, settings, monkeypatch, live_valkey):
    """``planned(answer)``: the plan of a message with a model that answers so; without one when there is no answer."""
    servers = []

    def plan(answer=None, message=MESSAGE):
        key = "sk-or-v1-0123456789abcdef0123456789abcdef"
        given = {"model": "x-ai/grok-4-fast", "fallback": "google/gemini-2.5-flash-lite", "rate": 60_000, "concurrency": 8}
        settings.MODELS = {**settings.MODELS, "key": ""}
        if answer is not None:
            server = Models(lambda request: answer if isinstance(answer, str) else json.dumps(answer))
            server.start()
            servers.append(server)
            settings.MODELS = {**given, "url": server.url, "key": key, "deadline": 5}
        return amended(bench, message, make_plan(message, STACK, nearest), STACK, nearest)

    monkeypatch.setattr(ask, "RETRIES", (0.05,))
    yield plan
    for server in servers:
        server.stop()


def test_what_a_model_says_becomes_part_of_the_plan(planned):
    plan = planned({"amendments": [RIDES]})
    (ride,) = [e for e in plan.entities if e.label == "Ride"]
    assert {"title", "meeting_point"} <= {f.name for f in ride.fields}
    assert len(ride.fields) == 4
    assert ("join", ride.name) in {(use.capability, use.entity) for use in plan.uses}
    clause = next(c for c in plan.clauses if c.text == "join rides")
    assert clause.status is ClauseStatus.ASSUMED
    assert clause.reason.startswith("Assumed: a model read it as: Keep rides with title,")
    assert set(clause.features) <= {f.id for f in plan.features}
    assert plan.message == MESSAGE.text
    assert len({c.id for c in plan.clauses}) == len(plan.clauses)


def test_nothing_of_the_plan_without_it_is_lost(planned):
    without, plan = planned(), planned({"amendments": [RIDES]})
    assert {e.name for e in without.entities} < {e.name for e in plan.entities}
    assert {f.id for f in without.features} < {f.id for f in plan.features}
    assert (plan.title, plan.slug, plan.access) == (without.title, without.slug, without.access)
    assert [c.text for c in plan.clauses if not c.ours] == [c.text for c in without.clauses if not c.ours]


@pytest.mark.parametrize(
    "answer",
    [
        "",
        {"amendments": []},
        {"amendments": [RIDES | {"clause": "R7"}]},
        {"amendments": [RIDES | {"work": [{"capability": "teleport", "thing": "rides"}]}]},
        {"amendments": [RIDES | {"keep": [{"thing": "rides; drop table users", "fields": ["title"]}]}]},
        {"amendments": [RIDES | {"keep": [{"thing": "../rides", "fields": ["title"]}]}]},
        {"amendments": [RIDES | {"keep": [{"thing": "rides", "fields": []}]}]},
    ],
)
def test_anything_else_leaves_the_plan_as_it_is(planned, answer):
    assert planned(answer) == planned()


def test_a_change_starts_from_what_was_understood(planned, bench):
    plan = planned({"amendments": [RIDES]})
    assert plan.amended == ("Keep rides with title, meeting point, date and distance.", "Members can apply for rides.")


def test_answers_are_checked_and_said_in_the_planners_words(shipped):
    good = Amendment(
        clause="R1", keep=(Keep(thing="Rides", fields=("title",)),), work=(Work(capability="follow", thing="rides"),)
    )
    assert wrong(Amendments(amendments=(good,)), {"R1"}) == ""
    assert list(sentences(good)) == ["Keep rides with title.", "Members can follow rides."]
    many = good.model_copy(update={"keep": good.keep * 4})
    assert "at most 3 things" in wrong(Amendments(amendments=(many,)), {"R1"})
