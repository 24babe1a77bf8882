"""Whose rows are they: what the words say, what is usual, and what follows for roles, pages and references."""

import pytest

from inference.planning.check import check_plan
from inference.planning.owning import with_members
from synergy.core.types import ClauseStatus, Kind, Role
from tests.factories import owned_plan

PRIVATE = [
    ("Guests can view their own reservations and cancel them.", "Reservation"),
    ("A library where members see their own loans", "Loan"),
    ("Users should be able to track their expenses", "Expense"),
    ("Patients can view their appointments. Administrators can view all appointments", "Appointment"),
    ("A personal diary app where users write diary entries", "DiaryEntry"),
    ("Runners record their workouts and look at their statistics", "Workout"),
    ("Users manage their own pets", "Pet"),
    ("A website with apartments where visitors book apartments and view booking records", "Booking"),
    ("Employees submit leave requests, managers approve them", "LeaveRequest"),
    ("Members can add, edit and delete their own notes", "Note"),
    ("Gardeners keep a list of plants. Users can see only what is theirs: users manage their own tools", "Tool"),
]
PUBLIC = [
    ("A recipe site where users share and manage their own recipes and visitors browse recipes", "Recipe"),
    ("A website for families. Users keep their own obituaries and read others' obituaries", "Obituary"),
    ("A magazine website where authors edit their own articles", "Article"),
    ("Users should be able to publish their own photos", "Photo"),
    ("Members can manage their own recipes and look at the recipes of other members", "Recipe"),
    ("A site for the public. Users manage their own events and trips", "Trip"),
]
SHARED = [
    ("CRM for a sales team: manage customers, deals and tasks", "Deal"),
    ("Track orders and products for a bakery", "Order"),
    ("Staff can manage customers and their orders", "Order"),
    ("I need to keep track of pets and their owners", "Pet"),
    ("Students view their own courses", "Course"),
    ("Students query their own grades", "Grade"),
    ("Users record orders and manage products for a factory", "Order"),
    ("Students apply for internships. Companies review applications.", "Application"),
    ("Users should be able to book rooms. Employees manage bookings.", "Booking"),
    ("Users vote on options of polls and view results", "Vote"),
    ("Managers can view their own tasks", "Task"),
    ("Build a notes app", "Note"),
    ("Users can manage their own bookings and view rooms", "Room"),
]


def entity(plan, name):
    return next(e for e in plan.entities if e.name == name)


@pytest.mark.parametrize(("message", "name"), PRIVATE)
def test_rows_that_are_ones_own_are_private(plan_for, message, name):
    plan = plan_for(message)
    found = entity(plan, name)
    assert found.owned == "private", [(e.name, e.owned) for e in plan.entities]
    assert check_plan(plan) == []
    assert all(e.auth for e in plan.endpoints if e.entity == name)
    assert not any(p.public for p in plan.pages if p.entity == name)
    clauses = [c for c in plan.clauses if f"{found.slug}.own" in c.features]
    assert clauses
    assert all(c.status is ClauseStatus.ASSUMED for c in clauses)  # built only when proved


@pytest.mark.parametrize(("message", "name"), PUBLIC)
def test_rows_that_others_see_are_only_changed_by_who_made_them(plan_for, message, name):
    plan = plan_for(message)
    assert entity(plan, name).owned == "public", [(e.name, e.owned) for e in plan.entities]
    assert check_plan(plan) == []


@pytest.mark.parametrize(("message", "name"), SHARED)
def test_rows_of_which_nothing_is_said_are_everybodys(plan_for, message, name):
    plan = plan_for(message)
    found = entity(plan, name)
    assert found.owned == "", [(e.name, e.owned) for e in plan.entities]
    assert f"{found.slug}.own" not in {f.id for f in plan.features}


def test_a_wish_for_own_rows_is_answered_with_the_feature_and_without_excuse(plan_for):
    clause = next(c for c in plan_for("Users can view their own bookings").clauses if "own bookings" in c.text)
    assert clause.features == ("bookings.list", "bookings.detail", "bookings.own")
    assert clause.reason == ""


def test_what_is_usual_is_said_to_be_assumed(plan_for):
    clause = next(c for c in plan_for("Users write diary entries").clauses if "belong" in c.text)
    assert clause.reason.startswith("Assumed")


def test_what_refers_to_private_rows_is_private(plan_for):
    plan = plan_for("Users manage their own pets and add vaccination records with a pet")
    private = {e.name for e in plan.entities if e.owned == "private"}
    referring = {e.name for e in plan.entities for f in e.fields if f.kind is Kind.REF and f.target in private}
    assert referring <= private


def test_a_field_called_like_the_account_gets_another_name(plan_for):
    pet = entity(plan_for("Users manage their own pets with name and owner"), "Pet")
    assert not {"owner", "owner_id", "owner_label"} & {f.name for f in pet.fields}
    assert "Owner" in {f.label for f in pet.fields}
    assert all(set(row) == {f.name for f in pet.fields} for row in pet.seed)


def test_a_person_who_registers_may_have_rows_but_not_change_those_of_others():
    reader, staff = Role(name="reader", label="Reader", can_write=False), Role(name="staff", label="Staff", can_delete=True)
    author, admin = Role(name="author", label="Author"), Role(name="admin", label="Administrator", can_delete=True)
    owned = owned_plan("private", "private", "").entities
    assert [r.name for r in with_members((staff, author, admin), owned)] == ["author", "staff", "admin"]
    assert [r.name for r in with_members((reader, staff, admin), owned)] == ["member", "reader", "staff", "admin"]
    assert with_members((staff, admin), owned_plan("", "", "").entities) == (staff, admin)
