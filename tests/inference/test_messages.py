"""Generated messages: every plan is whole, what is asked for in clear words is found, nothing else is, and it does not take long.

CI plays a sample; with ALL_MESSAGES=1 all three hundred are played, and ``make messages`` prints what was understood.
"""

import os
from statistics import median

import pytest

from inference.planning.check import check_plan
from synergy.core.capabilities import capabilities
from tests.inference.messages import judging, writer
from tests.inference.messages.library import planner

COUNT = writer.COUNT if os.environ.get("ALL_MESSAGES") else 60
RECALL, PRECISION, THINGS, STRICT, MILLISECONDS = 0.9, 0.9, 0.9, 0.9, 300


@pytest.fixture(scope="module")
def plan_for():
    return planner()


@pytest.fixture(scope="module")
def written():
    every = writer.messages()
    return every[:: max(1, len(every) // COUNT)][:COUNT]


@pytest.fixture(scope="module")
def judged(plan_for, written):
    plan_for(written[0].text)  # the model and the libraries are read once
    return judging.judge(written, plan_for)


def test_every_plan_is_whole(judged, written):
    assert judged.problems == []
    assert len(judged.written) == len(written)


def test_what_is_asked_for_in_clear_words_is_in_the_plan(judged):
    assert judged.recall >= RECALL, judged.missed


def test_nothing_is_in_the_plan_that_nobody_asked_for(judged):
    assert judged.precision >= PRECISION, judged.extra


def test_nothing_is_kept_that_nobody_named(judged):
    assert judged.strict >= STRICT, judged.stray


def test_what_is_named_is_kept(judged):
    assert judged.kept >= THINGS, judged.unkept


def test_planning_is_quick(judged):
    assert median(judged.milliseconds) <= MILLISECONDS


def test_the_same_message_gives_the_same_plan_byte_for_byte(plan_for, written):
    for message in written[:3]:
        assert plan_for(message.text).model_dump_json() == plan_for(message.text).model_dump_json()


def test_colours_are_those_of_the_message(plan_for, written):
    coloured = [message for message in written if message.colours][:8]
    assert coloured
    for message in coloured:
        asked = plan_for(message.text).tokens.asked
        assert set(message.colours) <= {colour.lower() for colour in asked.values()}, message.text


# --- the messages -----------------------------------------------------------------------------------------------------


def test_messages_come_from_their_seed_alone():
    assert writer.messages(20) == writer.messages(20)
    assert writer.messages(20, seed=8) != writer.messages(20)
    assert writer.messages(300)[:20] == writer.messages(20)


def test_every_capability_and_every_way_of_writing_comes_up():
    every = writer.messages()
    assert set(writer.wishes()) == set(capabilities())
    assert {w.capability for m in every for w in m.wanted} == set(capabilities())
    assert {m.style for m in every} == set(writer.STYLES)


def test_no_wish_is_a_phrase_of_a_folder():
    phrases = {phrase.replace("{thing}", "{many}").lower() for c in capabilities().values() for phrase in c.phrases()[0]}
    assert not phrases & {wish.lower() for spec in writer.wishes().values() for wish in spec["wishes"]}


# --- the judge ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def one(plan_for):
    message = next(m for m in writer.messages() if m.style == "plain" and len(m.wanted) == 1)
    return message, plan_for(message.text)


def test_a_capability_that_is_not_found_is_noticed(one):
    message, plan = one
    found = judging.judge([message], lambda _: plan.model_copy(update={"uses": ()}))
    assert found.recall == 0
    assert message.wanted[0].capability in found.missed[0]


def test_a_capability_that_nobody_asked_for_is_noticed(one):
    message, plan = one
    found = judging.judge([writer.Written(0, "plain", message.text, message.kept, ())], lambda _: plan)
    assert found.precision == 0
    assert plan.uses[0].capability in found.extra[0]


def test_a_plan_that_is_not_whole_is_noticed(one):
    message, plan = one
    broken = plan.model_copy(update={"pages": plan.pages[1:]})
    assert check_plan(broken)
    assert judging.judge([message], lambda _: broken).problems


def test_a_refusal_is_noticed(one):
    def refuse(text):
        raise ValueError(text)

    assert judging.judge([one[0]], refuse).problems[0].startswith(f"{one[0].number}: ValueError")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "Build a website for sports teams. Members can follow sports teams and read a feed.",
            False,
        ),  # nothing refers to a team
        ("Build a website for companies with jobs. Members can follow companies.", True),
    ],
)
def test_news_of_what_one_follows_is_planned_where_there_can_be_any(plan_for, text, told):
    plan = plan_for(text)
    [use] = [use for use in plan.uses if use.capability == "follow"]
    assert f"{use.slug}.list" in {feature.id for feature in plan.features}
    assert (f"{use.slug}.notify" in {feature.id for feature in plan.features}) is told
    assert check_plan(plan) == []
