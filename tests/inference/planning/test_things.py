"""What a person would expect to be kept, for messages in many voices."""

import pytest

from synergy.core.types import Kind

MESSAGES = [
    ("Track orders, customers and invoices for a bakery; white background, navy buttons", {"Orders", "Customers", "Invoices"}),
    ("todo app", {"Todos"}),
    ("Inventory system with suppliers, orders and reports", {"Inventory", "Suppliers", "Orders", "Reports"}),
    ("CRM for a small agency with contacts, deals and tasks", {"Contacts", "Deals", "Tasks"}),
    (
        "hi, we're a vet clinic and we need something to keep track of pets, their owners, and appointments. Thanks!",
        {"Pets", "Owners", "Appointments"},
    ),
    ("recipe site with comments and ratings", {"Recipes", "Comments", "Ratings"}),
    ("Library management system with books, members and loans", {"Books", "Members", "Loans"}),
    ("I need to track my beehives: location, queen age, honey yield", {"Beehives"}),
    ("Create an expense tracker with categories and monthly budgets", {"Expenses", "Categories", "Budgets"}),
    ("School management: students, teachers, courses, grades", {"Students", "Teachers", "Courses", "Grades"}),
    ("fleet tracking app for trucks, drivers and trips", {"Trucks", "Drivers", "Trips"}),
    ("an app for tracking satellites and ground stations", {"Satellites", "Ground stations"}),
    (
        "Internal tool for HR to manage employees, leave requests and job applicants",
        {"Employees", "Leave requests", "Jobs", "Applicants"},
    ),
    ("short-term apartment rental website, users can search and book apartments", {"Apartments", "Bookings"}),
    ("a polls website where users vote on options and leave comments", {"Polls", "Options", "Votes", "Comments"}),
    ("A museum site to show paintings, exhibitions and a contact form", {"Paintings", "Exhibitions", "Messages"}),
    ("Kanban board with projects and tasks", {"Projects", "Tasks"}),
    ("hospital app where doctors manage patients and appointments", {"Doctors", "Patients", "Appointments"}),
    ("we sell handmade candles and want customers to order them", {"Handmade candles", "Orders", "Customers"}),
    ("manage classes, orders, selects and events", {"Classes", "Orders", "Selects", "Events"}),
    ("A pet adoption website. Users search for pets by breed and view pet details", {"Pets"}),
    (
        "I run a small plumbing business. I need to keep track of customers, quotes and invoices",
        {"Customers", "Quotes", "Invoices"},
    ),
    ("A gym application that tracks members, trainers, classes and payments", {"Members", "Trainers", "Classes", "Payments"}),
    ("a restaurant website to showcase the menu and let customers reserve tables online", {"Menu", "Tables", "Bookings"}),
    ("family recipe site with ingredients, categories and ratings", {"Recipes", "Ingredients", "Categories", "Ratings"}),
    ("Doctors can view patients and write prescriptions", {"Doctors", "Patients", "Prescriptions"}),
    ("Record raw materials and finished products of a paper mill", {"Raw materials", "Products"}),
    (
        "News blog with news, company profiles and events; people can subscribe to newsletters",
        {"News", "Companies", "Events", "Subscribers"},
    ),
    ("An IT helpdesk with incidents, bugs and releases", {"Incidents", "Bugs", "Releases"}),
    ("A wedding website with guest list, gifts and RSVP", {"Invitations", "Gifts"}),
    (
        "City portal where citizens report complaints, sign petitions and see announcements",
        {"Complaints", "Petitions", "Announcements"},
    ),
    ("meal planner with recipes and a shopping list", {"Recipes", "Planned meals", "Shopping items"}),
    ("farm management: crops, livestock, harvests", {"Crops", "Farm animals"}),
    ("A page with FAQ, success stories and contact form", {"FAQ entries", "Success stories", "Messages"}),
    ("movie review site", {"Movies", "Reviews"}),
    ("parking management with parking spaces and bookings", {"Parking spaces", "Bookings"}),
    (
        "A finance tracker. Users record income and expenses, and it warns when a budget is exceeded",
        {"Income", "Expenses", "Budgets"},
    ),
    ("Flashcard app: flashcards, and users can edit cards", {"Flashcards"}),
    ("A charity site where donors pledge food or money", {"Donations", "Charities"}),
]


@pytest.mark.parametrize(
    ("message", "archetype"),
    [
        ("Users can search tickets for a concert", "event_ticket"),
        ("A helpdesk where customers open tickets", "ticket"),
        ("Users open support tickets about a concert", "ticket"),
    ],
)
def test_a_word_of_two_meanings_has_that_of_its_company(plan_for, message, archetype):
    assert archetype in {e.archetype for e in plan_for(message).entities}


@pytest.mark.parametrize(("message", "kept"), MESSAGES, ids=[m[:40] for m, _ in MESSAGES])
def test_what_is_kept_is_what_was_named(plan_for, message, kept):
    plan = plan_for(message)
    assert {e.label_plural for e in plan.entities} == kept
    assert not any(e.assumed for e in plan.entities)


@pytest.mark.parametrize(
    ("message", "kept", "why"),
    [
        ("Build dashboard with auth", {"Projects", "Tasks", "Team members"}, "nothing to keep was named"),
        ("Make a website for my bakery", {"Products", "Orders", "Customers"}, "bakery"),
        ("I need an app for my dental clinic", {"Patients", "Doctors", "Appointments"}, "clinic"),
        ("2048 game website for users to play the 2048 game", {"Scores", "Members"}, "game"),
        ("a forum for cyclists", {"Threads", "Comments", "Members"}, "forum"),
        ("Make a website for our church", {"Sermons", "Events", "Donations"}, "church"),
        ("I need an app for my pharmacy", {"Medications", "Prescriptions", "Customers"}, "pharmacy"),
    ],
)
def test_when_nothing_is_named_the_usual_is_assumed_and_said(plan_for, message, kept, why):
    plan = plan_for(message)
    assert {e.label_plural for e in plan.entities} == kept
    assert all(e.assumed for e in plan.entities)
    assert any("are kept" in c.text and why in c.reason and c.reason.startswith("Assumed") for c in plan.clauses)


def fields(plan, label):
    entity = next(e for e in plan.entities if e.label_plural == label)
    return {f.label: f for f in entity.fields}


def test_named_fields_come_in_and_the_others_are_marked_as_assumed(plan_for):
    found = fields(plan_for("A site with tools, including tool name, description, function and price"), "Tools")
    assert {"Name", "Description", "Function", "Price"} <= {label for label, f in found.items() if not f.assumed}
    assert found["Price"].kind is Kind.MONEY


def test_fields_of_something_new_get_fitting_kinds(plan_for):
    found = fields(
        plan_for("Each satellite has a name, an orbit, a launch date, a weight and a status. Track satellites."), "Satellites"
    )
    assert {label: f.kind for label, f in found.items()} == {
        "Name": Kind.STRING, "Orbit": Kind.STRING, "Launch date": Kind.DATE, "Weight": Kind.DECIMAL, "Status": Kind.ENUM,
    }  # fmt: skip


def test_a_field_that_names_another_thing_is_a_relation(plan_for):
    plan = plan_for("Track machines and repairs. Each repair has a machine, a cost and a date.")
    repair = next(e for e in plan.entities if e.label == "Repair")
    assert any(f.kind is Kind.REF and f.target == plan.entities[0].name for f in repair.fields)


def test_the_values_of_a_kind_become_its_choices(plan_for):
    plan = plan_for("A diagram maker to create diagrams. Users choose from diagram types such as flowcharts and mind maps.")
    (entity,) = plan.entities
    choices = {c.label for f in entity.fields for c in f.choices}
    assert {"Flowchart", "Mind map"} <= choices


def test_fields_that_are_filled_in_belong_to_what_they_describe(plan_for):
    found = fields(
        plan_for(
            "Customers customize shirts. Customers should be able to input information such as shirt model, fabric, and measurements."
        ),
        "Shirts",
    )
    assert {"Shirt model", "Fabric", "Measurement"} <= set(found)


def test_amounts_take_the_currency_that_is_named(plan_for):
    assert {f.unit for f in plan_for("Track invoices in US dollars").entities[0].fields if f.kind is Kind.MONEY} == {"USD"}
    assert {f.unit for f in plan_for("Track invoices").entities[0].fields if f.kind is Kind.MONEY} == {"EUR"}


def test_things_of_one_archetype_have_rows_of_their_own(plan_for):
    plan = plan_for("A site with success stories, press releases and guides")
    titles = [row[e.display] for e in plan.entities for row in e.seed]
    assert len(plan.entities) == 3
    assert len(set(titles)) == len(titles) or len({e.archetype for e in plan.entities}) == 1


def test_content_speaks_of_the_topic(plan_for):
    plan = plan_for("A news site for the shipping industry with articles and events")
    assert all("shipping industry" in str(row["title"]) for e in plan.entities for row in e.seed)


def test_what_no_archetype_fits_gets_rows_named_after_it(plan_for):
    (entity,) = plan_for("Track my telescopes and nothing else").entities
    assert all("telescope" in str(row["name"]) for row in entity.seed) or entity.archetype


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("A shop with products and categories", {"Kitchen", "Textiles", "Lighting", "Bags"}),
        ("A blog with articles and categories", {"Guides", "News", "Stories", "Reference"}),
        ("A system to keep categories", {"Kitchen", "Textiles", "Lighting", "Bags", "Guides", "News", "Stories", "Reference"}),
    ],
)
def test_what_sorts_others_has_no_rows_that_sort_nothing(plan_for, message, names):
    plan = plan_for(message)
    assert {row["name"] for row in plan.entity("Category").seed} == names


@pytest.mark.parametrize(
    ("name", "unit", "low", "high"), [("waist", "cm", 0, 1000), ("temperature", "°C", -100, 2000), ("pressure", "", 0, 1_000_000)]
)
def test_a_measure_has_the_bounds_of_its_unit(plan_for, name, unit, low, high):
    entity = plan_for(f"A system to keep samples, including name and {name}").entities[0]
    field = next(f for f in entity.fields if f.name == name)
    assert (field.unit, field.minimum, field.maximum) == (unit, low, high)
