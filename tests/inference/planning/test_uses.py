"""Capabilities in whole plans: found, bound, written into the plan, answered in the ledger; each gate fails on a planted defect."""

import shutil

import pytest

from inference.planning.check import check_plan
from inference.planning.missing import parts
from inference.planning.planner import _read
from inference.planning.uses.claims import find_claims
from inference.planning.uses.scoring import Parameters, parameters
from synergy.core.capabilities import capabilities
from synergy.core.stacks import FIXTURES
from synergy.core.types import ClauseStatus, Kind, PageKind
from tests.inference.planning.conftest import SAMPLES, use_folder

UNSEEN = [
    line.split("\t") for line in (SAMPLES.parent / "unseen_capabilities.tsv").read_text().splitlines() if line and line[0] != "#"
]
PRECISION, RECALL = 0.9, 0.85  #: least on the unseen sentences

pytestmark = pytest.mark.usefixtures("samples")


def found_in(text, nearest):
    return {c.capability.name for claims in find_claims(_read(text).asks, nearest).values() for c in claims if c.clear}


def accuracy(nearest):
    """(precision, recall) on the unseen sentences."""
    taken = right = wanted = 0
    for label, sentence in UNSEEN:
        accepted = set(label.split(",")) - {"-"}
        found = found_in(sentence, nearest)
        taken, right, wanted = taken + len(found), right + len(found & accepted), wanted + bool(accepted)
    return right / taken, right / wanted


def row(plan, words):
    return next(c for c in plan.clauses if words in c.text)


def uses(plan):
    return {u.name: u for u in plan.uses}


# --- finding ---------------------------------------------------------------------------------------------------------------


def test_unseen_sentences_are_understood(nearest):
    precision, recall = accuracy(nearest)
    assert precision >= PRECISION
    assert recall >= RECALL


@pytest.mark.parametrize("threshold", [0.02, 0.99])
def test_a_moved_threshold_is_noticed(nearest, monkeypatch, threshold):
    moved = parameters().model_copy(update={"threshold": threshold})
    monkeypatch.setattr("inference.planning.uses.claims.parameters", lambda: moved)
    precision, recall = accuracy(nearest)
    assert precision < PRECISION or recall < RECALL


def test_a_phrase_that_asks_for_something_else_is_noticed(nearest, monkeypatch, tmp_path):
    folder = tmp_path / "library"
    shutil.copytree(SAMPLES, folder)
    with (folder / "reviews" / "phrases.txt").open("a") as file:
        file.write("view {thing}s\nadd {thing}s\nmanage {thing}s\nkeep a history of {thing}s\n{thing}s\nsort {thing}s by price\n")
    before = accuracy(nearest)
    use_folder(monkeypatch, folder, SAMPLES / "calibration.json")
    assert accuracy(nearest)[0] < before[0]


def test_numbers_of_a_moved_sign_are_noticed(nearest, monkeypatch):
    numbers = parameters()
    flipped = numbers.model_copy(update={"weights": (*numbers.weights[:2], -numbers.weights[2], *numbers.weights[3:])})
    monkeypatch.setattr("inference.planning.uses.claims.parameters", lambda: flipped)
    assert accuracy(nearest)[1] < RECALL


def test_one_folder_more_is_found_without_a_new_fit_or_any_other_change(nearest, plan_for, monkeypatch, tmp_path):
    message = "A gardening club with plants. Members water plants on rotation duty and see the watering rota."
    assert "rota" not in {u.capability for u in plan_for(message).uses}
    folder = tmp_path / "library"
    shutil.copytree(SAMPLES, folder)
    new = folder / "rota"
    new.mkdir()
    (new / "capability.toml").write_text(
        'title = "Rota"\ndoes = "Duties go round among the members, week by week."\ndoes_not = "Nobody is reminded."\n'
        'verbs = ["rotate"]\nnouns = ["rota", "rotation", "duty", "roster"]\nexclusive = true\n'
        '[[page]]\nslug = "rota"\npath = "/rota"\ntitle = "Rota"\ncomponent = "Rota"\n'
        '[[feature]]\nid = "see"\nlabel = "See whose turn it is"\npages = ["rota"]\n'
    )
    (new / "phrases.txt").write_text(
        "duty roster\nwhose turn it is\nshifts that go round\nweekly rota of duties\n- list of members\n"
    )
    use_folder(monkeypatch, folder, SAMPLES / "calibration.json")
    plan = plan_for(message)
    assert uses(plan)["rota"].evidence
    assert "rota.see" in row(plan, "watering rota").features
    assert check_plan(plan) == []


def test_parameters_for_other_evidence_are_refused(monkeypatch, tmp_path):
    file = tmp_path / "calibration.json"
    numbers = parameters()
    file.write_text(numbers.model_copy(update={"features": numbers.features[1:]}).model_dump_json())
    use_folder(monkeypatch, SAMPLES, file)
    with pytest.raises(Exception, match="calibrated for other evidence"):
        parameters()


def test_a_probability_is_one(nearest):
    assert isinstance(parameters(), Parameters)
    assert 0 <= parameters().probability([99.0] * len(parameters().weights)) <= 1


# --- binding ---------------------------------------------------------------------------------------------------------------


def test_one_capability_on_several_entities_and_two_on_one(plan_for):
    plan = plan_for(
        "A travel site. Visitors can browse hotels and trips, rate hotels, rate trips and comment on trips. Users can bookmark trips."
    )
    found = {(u.capability, plan.entity(u.entity).label) for u in plan.uses if u.entity}
    assert {("reviews", "Hotel"), ("reviews", "Trip"), ("comments", "Trip"), ("favourites", "Trip")} <= found
    assert len({u.name for u in plan.uses}) == len(plan.uses)


def test_a_wish_without_an_entity_takes_that_of_its_neighbours(plan_for):
    plan = plan_for("A recipe site. Users should be able to browse recipes, view ingredients, and post comments.")
    assert uses(plan)["recipes_comments"].entity == "Recipe"
    assert uses(plan)["recipes_comments"].evidence == "post comments"


def test_parts_join_the_plan_and_point_to_the_entity(plan_for):
    plan = plan_for("A town website where residents can vote.")
    use = next(u for u in plan.uses if u.capability == "polls")
    part = plan.entity(use.parts["option"])
    assert part.assumed
    assert any(f.kind is Kind.REF and f.target == use.entity for f in part.fields)
    assert "needed for" in row(plan, f"{part.label_plural} are kept").reason


def test_a_field_that_is_needed_is_taken_or_added(plan_for):
    plan = plan_for("Shop for mugs. Each mug has a name, a size and a glaze. Customers add mugs to a shopping cart.")
    use = next(u for u in plan.uses if u.capability == "cart")
    price = plan.entity(use.entity).field(use.fields["price"])
    assert price.kind is Kind.MONEY
    assert price.assumed
    assert all(float(r[price.name]) > 0 for r in plan.entity(use.entity).seed)
    named = plan_for("Shop for mugs. Each mug has a name and a price. Customers add mugs to a shopping cart.")
    use = next(u for u in named.uses if u.capability == "cart")
    assert not named.entity(use.entity).field(use.fields["price"]).assumed


def test_what_comes_along_is_assumed_and_an_exclusive_one_is_there_once(plan_for):
    plan = plan_for("A shop where customers put books into the cart and put toys into the cart.")
    found = [u.capability for u in plan.uses]
    assert found.count("cart") == 1
    assert found.count("checkout") == 1
    checkout = next(u for u in plan.uses if u.capability == "checkout")
    assert checkout.evidence == ""
    assert "comes with" in row(plan, "Checkout").reason


def test_options_are_chosen_by_the_words(plan_for):
    days = plan_for("A campsite. Guests book cottages.")
    hours = plan_for("A campsite. Guests book cottages by the hour.")
    options = [next(u.options for u in plan.uses if u.capability == "booking") for plan in (days, hours)]
    assert options == [{"unit": "day"}, {"unit": "slot"}]


def test_names_never_clash_with_entities_or_reserved_words(plan_for):
    plan = plan_for("Manage chats, carts and imports. Users can chat with each other. Users can import carts from CSV.")
    assert check_plan(plan) == []
    assert "chat" in {u.capability for u in plan.uses}
    assert not {u.slug for u in plan.uses} & {e.slug for e in plan.entities}


# --- the plan ----------------------------------------------------------------------------------------------------------------


def test_pages_features_and_endpoints_are_those_of_the_folder(plan_for):
    plan = plan_for("A cottage website where visitors browse cottages. Guests can book cottages.")
    use = next(u for u in plan.uses if u.capability == "booking")
    pages = {p.slug: p for p in plan.pages if p.use == use.name}
    assert {p.kind for p in pages.values()} == {PageKind.FEATURE}
    assert pages[f"{use.slug}-calendar"].public  # as the list of cottages
    assert not pages[f"{use.slug}-mine"].public
    assert {f.id for f in plan.features if f.use == use.name} == {f"{use.slug}.{i}" for i in ("book", "calendar", "mine")}
    assert all(e.auth for e in plan.endpoints if e.use == use.name)
    private = plan_for("Internal tool for staff. Track vans. Staff book vans.")
    assert not any(p.public for p in private.pages if p.use)


@pytest.mark.parametrize(
    ("defect", "says"),
    [
        (lambda p: {"uses": (p.uses[0].model_copy(update={"name": p.entities[0].table}), *p.uses[1:])}, "called like an entity"),
        (lambda p: {"uses": (*p.uses, p.uses[0])}, "is there 2 times"),
        (lambda p: {"uses": ()}, "no use of this plan"),
        (lambda p: {"uses": (p.uses[0].model_copy(update={"entity": "Nothing"}), *p.uses[1:])}, "put to work on"),
        (lambda p: {"uses": (p.uses[0].model_copy(update={"parts": {}}), *p.uses[1:])}, "has no record"),
        (lambda p: {"uses": (p.uses[0].model_copy(update={"fields": {}}), *p.uses[1:])}, "has no field for price"),
        (lambda p: {"uses": (p.uses[0].model_copy(update={"capability": "magic"}), *p.uses[1:])}, "is not there"),
        (lambda p: {"pages": tuple(x for x in p.pages if not (x.use and x.slug.endswith("mine")))}, "of 2 pages"),
        (lambda p: {"features": tuple(x for x in p.features if not x.id.endswith(".book"))}, "has the features"),
        (lambda p: {"endpoints": tuple(x for x in p.endpoints if not x.use)}, "of 2 endpoints"),
        (lambda p: {"pages": tuple(x.model_copy(update={"use": None}) for x in p.pages)}, "do not go together"),
    ],
)
def test_a_broken_use_is_noticed(plan_for, defect, says):
    plan = plan_for("Guests book cottages.")
    assert [u.capability for u in plan.uses] == ["booking"]
    assert check_plan(plan) == []
    assert any(says in problem for problem in check_plan(plan.model_copy(update=defect(plan))))


# --- the ledger ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "words", "feature"),
    [
        ("Guests can book cottages.", "book cottages", ".book"),
        ("Players spin the wheel of fortune to win prizes.", "spin", ".spin"),
        ("Track tasks. Workers drag tasks on a kanban board.", "kanban", ".move"),
        ("A club site with news. Visitors can subscribe to a newsletter.", "newsletter", ".join"),
        ("Track workouts with a leaderboard", "leaderboard", ".see"),
    ],
)
def test_a_wish_that_a_capability_answers_is_no_longer_refused_or_kept_as_a_record(plan_for, message, words, feature):
    clause = row(plan_for(message), words)
    assert any(f.endswith(feature) for f in clause.features)
    assert clause.status is ClauseStatus.ASSUMED
    assert clause.reason == ""


def test_a_specific_wish_means_its_own_feature(plan_for):
    plan = plan_for("A club where members vote on proposals and see the results of the vote.")
    assert all(f.endswith(".results") for f in row(plan, "results").features)


@pytest.mark.parametrize(
    ("message", "words", "says"),
    [
        ("A shop for lamps. Customers pay with a credit card.", "credit card", "card number"),
        ("Track deliveries. Drivers get SMS alerts.", "SMS", "no SMS"),
    ],
)
def test_a_limit_that_the_wish_touches_is_said(plan_for, message, words, says):
    clause = row(plan_for(message), words)
    assert clause.features
    assert clause.reason.startswith("Assumed")
    assert says in clause.reason


def test_a_limit_that_the_wish_only_mentions_is_not_held_against_it(plan_for):
    plan = plan_for(
        "A site where visitors spin the wheel to win prizes, and members vote on proposals and see the results of the vote."
    )
    for words in ("spin the wheel", "vote on proposals", "results"):
        clause = row(plan, words)
        assert clause.features
        assert clause.reason == "", words


def test_what_no_capability_does_is_still_refused(plan_for):
    plan = plan_for("Track bees. Keepers see hives on a map and get a weather forecast.")
    assert row(plan, "map").status is ClauseStatus.NOT_BUILT


def test_what_a_found_capability_deals_with_is_its_own_and_no_record_beside_it(plan_for):
    plan = plan_for("A polls website. Users should be able to vote in polls, cast votes for selected options and view the votes.")
    assert "vote" not in {e.archetype for e in plan.entities}
    clause = row(plan, "selected options")
    assert any(f.endswith(".vote") for f in clause.features)
    assert clause.status is ClauseStatus.ASSUMED


def test_examples_are_answered_one_by_one(plan_for):
    plan = plan_for("A community site. It should have features such as a photo gallery, a leaderboard and a chat room.")
    assert {"files", "leaderboard", "chat"} <= {u.capability for u in plan.uses}


def test_without_capabilities_a_plan_has_no_uses(plan_for, monkeypatch, tmp_path):
    use_folder(monkeypatch, tmp_path / "empty")
    assert capabilities() == {}
    assert plan_for("Guests book cottages.").uses == ()


def test_what_the_library_does_is_not_called_missing(monkeypatch, tmp_path):
    part = next(p for p in parts() if p.name == "payments")
    folder = tmp_path / "library"
    shutil.copytree(SAMPLES / "cart", folder / "cart")
    use_folder(monkeypatch, folder, SAMPLES / "calibration.json")
    assert "can be built, but these words did not ask" in part.why
    assert capabilities()["cart"].title in part.why
    shutil.rmtree(folder / "cart")
    use_folder(monkeypatch, folder, SAMPLES / "calibration.json")
    assert part.why == part.reason


def test_every_capability_that_a_reason_names_is_there():
    shipped = {folder.name for folder in (FIXTURES / "capabilities").iterdir()}
    assert {name for part in parts() for name in part.library} <= shipped
