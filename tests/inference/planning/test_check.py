"""Every rule of the check is shown to fail on a plan that breaks it."""

import pytest

from inference.planning.check import check_plan
from synergy.core.types import Choice, Clause, ClauseStatus, Entity, Feature, Kind, PlanField, Role
from tests.factories import customer, order, plan


def changed(entity: Entity, field: str, **update) -> Entity:
    return entity.model_copy(
        update={"fields": tuple(f.model_copy(update=update) if f.name == field else f for f in entity.fields)}
    )


def seeded(entity: Entity, **update) -> Entity:
    return entity.model_copy(update={"seed": ({**entity.seed[0], **update}, *entity.seed[1:])})


def belonging(entity: Entity, owned: str) -> Entity:
    return entity.model_copy(update={"owned": owned})


def opened(made):
    return made.model_copy(update={"endpoints": tuple(e.model_copy(update={"auth": False}) for e in made.endpoints)})


def sound_order() -> Entity:
    """The sample order, with a name for its amount that no framework uses."""
    entity = order()
    fields = tuple(f.model_copy(update={"name": "amount"}) if f.name == "total" else f for f in entity.fields)
    seed = tuple({("amount" if k == "total" else k): v for k, v in row.items()} for row in entity.seed)
    return entity.model_copy(update={"fields": fields, "seed": seed})


def sound(**update):
    return plan(customer(), sound_order()).model_copy(update=update)


def test_a_sound_plan_has_no_faults():
    assert check_plan(sound()) == []


def bare(**update):
    base = sound()
    return base.model_copy(update={key: make(base) for key, make in update.items()})


PALETTE = {
    "text": "#cccccc",
    "muted": "#dddddd",
    "primary": "#ffff00",
    "border": "#eeeeee",
    "on_primary": "#000090",
    "danger": "#ffaaaa",
}
FAULTS = [
    ("0 entities", lambda: sound(entities=(), pages=sound().pages[:4], endpoints=(), features=(), clauses=())),
    ("entities; 1 to 40", lambda: plan(*(customer() for _ in range(41)))),
    ("no package name", lambda: sound(slug="Bad Slug")),
    ("no package name", lambda: sound(slug="2048")),
    ("title or message is empty", lambda: sound(title=" ")),
    ("entity 'customer' is there 2 times", lambda: plan(customer(), customer(), sound_order())),
    ("no safe names", lambda: plan(customer().model_copy(update={"name": "bad name"}))),
    ("no safe names", lambda: plan(customer().model_copy(update={"table": "drop table;"}))),
    ("taken by the framework", lambda: plan(customer().model_copy(update={"slug": "auth"}))),
    ("taken by the framework", lambda: plan(customer().model_copy(update={"table": "users"}))),
    ("has no label", lambda: plan(customer().model_copy(update={"label": ""}))),
    ("does not have", lambda: plan(customer().model_copy(update={"display": "nothing"}))),
    ("is no safe name", lambda: plan(changed(customer(), "phone", name="class"))),
    ("is no safe name", lambda: plan(changed(customer(), "phone", name="metadata"))),
    ("column 'customer_id' is there 2 times", lambda: plan(customer(), changed(sound_order(), "pieces", name="customer_id"))),
    ("an enum has some", lambda: plan(customer(), changed(sound_order(), "status", choices=()))),
    ("an enum has some", lambda: plan(changed(customer(), "name", choices=(Choice(value="a", label="A"),)))),
    ("a ref has one", lambda: plan(customer(), changed(sound_order(), "customer", target=""))),
    ("minimum is above maximum", lambda: plan(customer(), changed(sound_order(), "pieces", minimum=600))),
    ("choice 'new' is there 2 times", lambda: plan(customer(), changed(sound_order(), "status", choices=(Choice(value="new", label="N"),) * 2))),
    ("its state 'title' is no enum", lambda: plan(customer(), sound_order().model_copy(update={"status": "title"}))),
    ("does not come before it", lambda: plan(sound_order(), customer())),
    ("does not come before it", lambda: plan(customer(), changed(sound_order(), "customer", target="Order"))),
    ("customer is 99, there are 5 rows", lambda: plan(customer(), seeded(sound_order(), customer=99))),
    ("customer is None", lambda: plan(customer(), seeded(sound_order(), customer=None))),
    ("has no seed rows", lambda: plan(customer().model_copy(update={"seed": ()}))),
    ("has other fields", lambda: plan(customer().model_copy(update={"seed": ({"name": "x"},)}))),
    ("is no date", lambda: plan(customer(), seeded(sound_order(), due_on="soon"))),
    ("is no enum", lambda: plan(customer(), seeded(sound_order(), status="burnt"))),
    ("is no integer", lambda: plan(customer(), seeded(sound_order(), pieces=1.5))),
    ("is no integer", lambda: plan(customer(), seeded(sound_order(), pieces=9999))),
    ("is no money", lambda: plan(customer(), seeded(sound_order(), amount="12"))),
    ("is no email", lambda: plan(seeded(customer(), email="a@real-mail.org"))),
    ("is no boolean", lambda: plan(seeded(customer(), newsletter=1))),
    ("is no string", lambda: plan(seeded(customer(), name=""))),
    ("is no string", lambda: plan(seeded(customer(), name="x" * 121))),
    ("value 'ben@example.com' is there 2 times", lambda: plan(seeded(customer(), email="ben@example.com"))),
    ("names private rows to everybody", lambda: plan(belonging(customer(), "private"), belonging(sound_order(), "public"))),
    ("names private rows to everybody", lambda: plan(belonging(customer(), "private"), sound_order())),
    ("visitors may read Customer", lambda: opened(plan(belonging(customer(), "private")))),
    ("called like the account", lambda: plan(belonging(changed(customer(), "phone", name="owner"), "public"))),
    ("who registers, may change all", lambda: plan(belonging(customer(), "public")).model_copy(update={"roles": sound().roles[1:]})),
    ("all rights", lambda: sound(roles=(Role(name="admin", label="A", can_delete=False),))),
    ("role 'a' is there 2 times", lambda: sound(roles=(Role(name="a", label="A", can_delete=True),) * 2)),
    ("role 'A b' is no safe name", lambda: sound(roles=(Role(name="A b", label="A", can_delete=True),))),
    ("no page at /", lambda: bare(pages=lambda p: tuple(page for page in p.pages if page.path != "/"))),
    ("is there 2 times", lambda: bare(pages=lambda p: (*p.pages, p.pages[0]))),
    ("which is not there", lambda: bare(pages=lambda p: (*p.pages[:-1], p.pages[-1].model_copy(update={"entity": "Ghost"})))),
    ("3 of 4 pages", lambda: bare(pages=lambda p: p.pages[:-1])),
    ("names the page 'ghost'", lambda: bare(features=lambda p: (*p.features, Feature(id="x", label="X", pages=("ghost",))))),
    ("operation 'list_orders' is there 2 times", lambda: bare(endpoints=lambda p: (*p.endpoints[:-1], p.endpoints[-1].model_copy(update={"operation": "list_orders"})))),
    ("4 of 5 endpoints", lambda: bare(endpoints=lambda p: p.endpoints[:-1])),
    ("unsafe names", lambda: bare(endpoints=lambda p: (*p.endpoints[:-1], p.endpoints[-1].model_copy(update={"path": "/../etc"})))),
    ("which is not planned", lambda: sound(clauses=(Clause(id="R1", text="x", features=("ghost.list",), status=ClauseStatus.ASSUMED),))),
    ("before anything was proved", lambda: sound(clauses=(Clause(id="R1", text="x", status=ClauseStatus.BUILT),))),
    ("does not say why", lambda: sound(clauses=(Clause(id="R1", text="x", status=ClauseStatus.NOT_BUILT),))),
    ("has no words", lambda: sound(clauses=(Clause(id="R1", text=" ", status=ClauseStatus.ASSUMED),))),
    ("clause 'R1' is there 2 times", lambda: sound(clauses=(Clause(id="R1", text="x", status=ClauseStatus.ASSUMED),) * 2)),
    *((f"{role} on", lambda role=role, color=color: with_light(role, color)) for role, color in PALETTE.items()),
    ("is no colour", lambda: with_light("text", "red")),
    ("chart colour", lambda: sound(tokens=sound().tokens.model_copy(update={"chart": ("blue",)}))),
]  # fmt: skip


def with_light(role, color):
    tokens = sound().tokens
    return sound(tokens=tokens.model_copy(update={"light": tokens.light.model_copy(update={role: color})}))


@pytest.mark.parametrize(("says", "broken"), FAULTS, ids=[f"{i}-{says[:30]}" for i, (says, _) in enumerate(FAULTS)])
def test_a_fault_is_found(says, broken):
    found = check_plan(broken())
    assert any(says in problem for problem in found), found


def test_a_field_kind_that_does_not_fit_is_found():
    text = PlanField(name="opens", label="Opens", kind=Kind.TIME)
    entity = customer().model_copy(
        update={"fields": (*customer().fields, text), "seed": tuple({**r, "opens": "25:00"} for r in customer().seed)}
    )
    assert any("opens = '25:00' is no time" in problem for problem in check_plan(plan(entity)))
