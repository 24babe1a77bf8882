"""Stacks that nobody prepared: chosen or described by a model, decided by a person, found by similarity with a measured sureness."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from inference import services
from inference.llm import ask
from inference.models import Passage, StackProposal
from inference.novel import KIND, Described, decide, recognised, sureness, wrong
from inference.stack import infer_stack as infer_anew
from synergy.chaos.models import Models
from synergy.core.types import Message

pytestmark = pytest.mark.django_db
MESSAGE = "An Elixir Phoenix LiveView application for the parts in our stock room"
EXEMPLARS = (
    "Build an inventory with Phoenix LiveView",
    "An Elixir web application with LiveView and Ecto",
    "Write our booking tool in Elixir and Phoenix",
    "We want Phoenix channels and presence for a chat",
    "A real time dashboard on the Erlang virtual machine, written in Elixir",
    "Customer list with LiveView components rendered on the server",
    "An Elixir site with Ecto and PostgreSQL",
    "Stock room application in Elixir with Phoenix LiveView",
    "Port our shop to Phoenix with LiveView forms",
    "Task board in Elixir, live on the server, no JavaScript of our own",
)
PHOENIX = {
    "known": "",
    "slug": "phoenix-liveview",
    "title": "Phoenix + LiveView",
    "sentence": "A real time web application in Elixir with Phoenix LiveView and Ecto.",
    "paragraph": "Elixir on the BEAM with the Phoenix framework, LiveView components rendered on the server, Ecto with PostgreSQL, and PubSub.",
    "exemplars": EXEMPLARS,
    "reason": "It names Phoenix LiveView.",
}
WEB = {"kind": "web", "restated": MESSAGE, "technology": ["Elixir", "Phoenix"], "reason": "A tool is asked for."}


@pytest.fixture
def says(settings, monkeypatch, live_valkey):
    """A model that restates the message, and says this of its stack."""
    servers = []

    def start(answer):
        def script(request):
            name = request["response_format"]["json_schema"]["name"]
            return json.dumps(WEB if name == "Restated" else answer) if not isinstance(answer, str) else answer

        server = Models(script)
        server.start()
        servers.append(server)
        settings.MODELS = {
            "url": server.url, "key": "sk-or-v1-0123456789abcdef0123456789abcdef", "model": "x-ai/grok-4-fast",
            "fallback": "google/gemini-2.5-flash-lite", "rate": 60_000, "concurrency": 8, "deadline": 5,
        }  # fmt: skip
        return server

    monkeypatch.setattr(ask, "RETRIES", (0.05,))
    yield start
    for server in servers:
        server.stop()


def infer(bench, text=MESSAGE):
    return services.infer_stack(bench, Message(text=text))


def test_what_is_not_known_waits_for_a_person_and_the_run_does_not_go_on(templates, bench, says):
    assert infer_anew(bench, Message(text=MESSAGE)).abstained
    says(PHOENIX)
    choice = infer(bench)
    assert (choice.abstained, choice.built_with) == (True, None)
    assert "Phoenix + LiveView" in choice.reason
    assert "waiting for approval in the admin" in choice.reason
    assert choice.usage.calls == 2
    proposal = StackProposal.objects.get()
    assert (proposal.slug, proposal.state, proposal.message) == ("phoenix-liveview", "waiting", MESSAGE)
    assert not Passage.objects.filter(kind=KIND).exists()
    infer(bench, MESSAGE + " Please.")
    assert StackProposal.objects.count() == 1


def test_once_approved_it_is_found_without_a_model_and_once_rejected_it_is_not(templates, bench, says, settings):
    says(PHOENIX)
    infer(bench)
    settings.MODELS = {**settings.MODELS, "key": ""}
    assert infer(bench).abstained
    assert decide(["phoenix-liveview"], "ada", approved=True) == 1
    choice = infer(bench)
    assert (choice.inferred, choice.built_with, choice.abstained) == ("phoenix-liveview", "fastapi-react", False)
    assert 0.8 <= choice.confidence < 1
    assert "which ada approved" in choice.reason
    assert decide(["phoenix-liveview"], "bea", approved=False) == 1
    assert infer(bench).abstained
    assert not Passage.objects.filter(kind=KIND).exists()


def test_messages_for_other_stacks_are_not_taken(templates, bench, says):
    says(PHOENIX)
    infer(bench)
    decide(["phoenix-liveview"], "ada", approved=True)
    for text in (
        "Build dashboard with auth",
        "An Android app in Kotlin",
        "Django with Vue for a library",
        "Write me a poem about autumn",
    ):
        message = Message(text=text)
        assert recognised(message, infer_anew(bench, message)) is None


def test_sureness_falls_with_the_similarity_and_needs_support(templates, bench, says):
    says(PHOENIX)
    infer(bench)
    assert sureness("phoenix-liveview", 0.9) == 0  # nothing is embedded yet
    decide(["phoenix-liveview"], "ada", approved=True)
    values = [sureness("phoenix-liveview", near) for near in (0.9, 0.5, 0.3, 0.1, -1.0)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.8 > values[-1]


def test_a_model_may_choose_a_known_one_and_its_measured_confidence_is_kept(templates, bench, says):
    says(PHOENIX | {"known": "django-vue", "reason": "It wants pages rendered on the server."})
    choice = infer(bench)
    assert (choice.inferred, choice.abstained, choice.built_with) == ("django-vue", False, "fastapi-react")
    assert choice.confidence < 0.8  # so that its gate stays red until a person confirms it
    assert "Confirm it with --stack django-vue" in choice.reason
    assert not StackProposal.objects.exists()


@pytest.mark.parametrize(
    "answer",
    [
        "garbage",
        PHOENIX | {"known": "cobol"},
        PHOENIX | {"slug": "../etc"},
        PHOENIX | {"slug": "mern"},
        PHOENIX | {"exemplars": EXEMPLARS[:3]},
        PHOENIX | {"exemplars": [EXEMPLARS[0]] * 10},
        PHOENIX | {"title": "x" * 500},
    ],
)
def test_anything_else_changes_nothing(templates, bench, says, answer):
    says(answer)
    assert infer(bench).abstained
    assert not StackProposal.objects.exists()


def test_answers_are_checked():
    assert wrong(Described.model_validate(PHOENIX)) == ""
    assert wrong(Described.model_validate(PHOENIX | {"known": "mern", "slug": "", "exemplars": ()})) == ""


def test_a_person_decides_in_the_admin(templates, bench, says):
    says(PHOENIX)
    infer(bench)
    user = get_user_model().objects.create_superuser("ada", password="x")
    client = Client()
    client.force_login(user)
    url = "/admin/inference/stackproposal/"
    assert b"Phoenix + LiveView" in client.get(url).content
    assert client.get(f"{url}phoenix-liveview/change/").status_code == 200
    client.post(url, {"action": "approve", "_selected_action": ["phoenix-liveview"]})
    proposal = StackProposal.objects.get()
    assert (proposal.state, proposal.decided_by) == ("approved", "ada")
    assert Passage.objects.filter(kind=KIND).count() == len(EXEMPLARS) + 2
    viewer = get_user_model().objects.create_user("eve", password="x", is_staff=True)
    client.force_login(viewer)
    client.post(url, {"action": "reject", "_selected_action": ["phoenix-liveview"]})
    proposal.refresh_from_db()
    assert proposal.state == "approved"
