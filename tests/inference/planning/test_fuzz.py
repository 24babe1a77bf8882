"""Any text gives a whole plan or a refusal with words, never another error."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.planning.archetypes import terms, verbs
from inference.planning.check import check_plan
from inference.planning.colors import names
from inference.planning.lexicon import lexicon
from synergy.core.errors import BadInput

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
SIGNS = [",", ".", ":", ";", "(", ")", "and", "or", "with", "such as", "including", "to", "for", "of", "that", "where", "users", "can", "should be able to",
         "have", "a", "the", "-", "/", "'s", "&", "class", "None", "<script>", "../..", "{{x}}", "$(rm)", "2048", "each", "has", "name", "price", "date"]  # fmt: skip
WORDS = sorted({*terms(), *verbs(), *lexicon().verbs, *lexicon().application, *(" ".join(n) for n in names())})
talk = st.lists(st.one_of(st.sampled_from(SIGNS), st.sampled_from(WORDS)), min_size=1, max_size=60).map(" ".join)


def plan_or_refusal(plan_for, text):
    try:
        plan = plan_for(text)
    except BadInput:
        return
    assert check_plan(plan) == []
    assert plan.entities
    assert plan.clauses


@SLOW
@given(text=st.text(max_size=300))
def test_any_text(plan_for, text):
    plan_or_refusal(plan_for, text)


@SLOW
@given(text=talk)
def test_any_heap_of_words_the_planner_knows(plan_for, text):
    plan_or_refusal(plan_for, text)


@SLOW
@given(text=st.lists(st.sampled_from(WORDS), min_size=1, max_size=45).map(lambda words: "Manage " + ", ".join(words)))
def test_any_list_of_things(plan_for, text):
    plan_or_refusal(plan_for, text)
