import json

import pytest

from inference.lexicon import distance, lexicon, mentions, read
from synergy.core.stacks import FIXTURES


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("MongoDB, Express and React", {"mern"}),
        ("Next.js with tRPC", {"t3"}),
        ("a fast-api service", {"fastapi-react"}),
        ("Vue.js and DRF", {"django-vue"}),
        ("rows guarded by row-level security", {"supabase"}),
        ("dajngo and vuejs", {"django-vue"}),
        ("monogdb please", {"mern"}),
        ("a shop for mangos", set()),
        ("not Django but FastAPI", {"fastapi-react"}),
        ("from Express to Next.js", {"t3"}),
        ("replace Firebase and Supabase by our own FastAPI", {"fastapi-react"}),
        ("no Django, no Express: Prisma", {"t3"}),
        ("instead of Vue use tRPC", {"t3"}),
        ("", set()),
    ],
)
def test_a_stack_is_named_unless_it_is_turned_down(text, named):
    assert {slug for slug, count in read(text).names.items() if count} == named


def test_what_is_turned_down_is_counted_against_its_stack():
    signals = read("I don't want Django")
    assert signals.refused["django-vue"] == 1
    assert not signals.names


def test_a_hint_for_one_stack_speaks_against_the_others():
    signals = read("stored in a document database")
    assert signals.hints == {"mern": 1}
    assert signals.against["t3"] == 1
    assert signals.against["mern"] == 0


def test_words_that_fit_several_stacks_point_to_none_alone():
    signals = read("a React dashboard")
    assert set(signals.fits) == {"mern", "t3", "fastapi-react", "supabase"}
    assert not signals.hints


@pytest.mark.parametrize(
    "text",
    [
        "a travel site with an express train",
        "the next book",
        "insurance policies of a family",
        "Swift river tours",
        "Build a shop for bikes. We show it to our partners in spring.",
        "Members send direct messages, teachers grade essays",
    ],
)
def test_plain_english_is_not_taken_for_technology(text):
    signals = read(text)
    assert not signals.names
    assert not signals.hints
    assert not signals.asks["foreign"]
    assert not signals.asks["elsewhere"]


def test_no_word_that_the_embedding_model_knows_is_taken_for_a_misspelt_name():
    """Such words are listed in ``spelt``; a new name in the lexicon may ask for more of them."""
    vocabulary = json.loads((FIXTURES / "models" / "minilm" / "tokenizer.json").read_text())["model"]["vocab"]
    known = [word for word in vocabulary if word.isascii() and word.isalpha()]
    assert len(known) > 20_000
    found = {
        word: mention.term.words
        for word in known
        for mention in mentions([word], lexicon())
        if not mention.term.matches([word], 0)
    }
    assert found == {}
    assert read("a Djanog site").names["django-vue"]  # a misspelling is still one


@pytest.mark.parametrize("text", ["Ruby on Rails shop", "a Laravel API", "Flutter app", "Spring Boot service", "C# desktop app"])
def test_foreign_technology_is_seen(text):
    assert read(text).asks["foreign"]


def test_foreign_technology_that_is_left_behind_is_not_counted():
    signals = read("migrate from Laravel to Django")
    assert not signals.asks["foreign"]
    assert signals.asks["avoided"] == 1


@pytest.mark.parametrize("text", ["Write a poem about rain", "what is Django", "please explain hooks", "fix this code"])
def test_what_is_no_order_for_software_is_seen(text):
    assert read(text).asks["opens"] + read(text).asks["other"]


def test_words_are_found_in_scripts_without_spaces():
    assert read("请做一个网上书店网站").asks["web"]


def test_only_the_beginning_of_a_long_message_is_read():
    assert not read("word " * 2000 + "Django").names


@pytest.mark.parametrize(
    ("a", "b", "edits"), [("django", "django", 0), ("dajngo", "django", 1), ("djago", "django", 1), ("vue", "react", 3)]
)
def test_distance_counts_swapped_neighbours_once(a, b, edits):
    assert min(distance(a, b, 2), 3) == edits
