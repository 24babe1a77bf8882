"""Each seeded defect is found; the client is made to follow the contract, what only the backend could mend stays open."""

import json

import pytest

from synergy.core.types import ObservedCall
from tests.factories import customer, order, plan
from tests.uiagents.interface import CLIENT, SPEC, SPOKEN, Project
from uiagents import conflicts
from uiagents.services import resolve_conflicts
from uiagents.sides import CONTRACT, SCHEMA
from uiagents.similarity import CONFLICT, SETTLED

pytestmark = [pytest.mark.django_db, pytest.mark.sandbox]


@pytest.fixture(autouse=True)
def commands(monkeypatch):
    monkeypatch.setattr(conflicts, "stack", lambda slug: SPEC)


@pytest.fixture
def resolve(bench):
    def run(project, bakery=None):
        return resolve_conflicts(*project.arguments(bench, bakery or plan()))

    return run


def served(change):
    """A defect of the backend: it serves another document than the contract."""

    def seed(project):
        document = project.document(SPOKEN)
        change(document["paths"], document["components"]["schemas"])
        project.files[SPOKEN] = json.dumps(document)

    return seed


def swap(name, old, new):
    return lambda project: project.replace(name, old, new)


def rename(schemas, component, old, new):
    properties = schemas[component]["properties"]
    properties[new] = properties.pop(old)


def answers(method, path, **update):
    """A defect that only the browser sees: the backend answers otherwise than it says."""

    def seed(project):
        at = next(i for i, c in enumerate(project.calls) if (c.method, c.path) == (method, path))
        project.calls[at] = project.calls[at].model_copy(update=update)

    return seed


def lost_page(paths, schemas):
    content = paths["/api/orders"]["get"]["responses"]["200"]["content"]["application/json"]
    content["schema"] = {"type": "array", "items": {"$ref": "#/components/schemas/OrderOut"}}


def lost_parameters(paths, schemas):
    parameters = paths["/api/orders"]["get"]["parameters"]
    paths["/api/orders"]["get"]["parameters"] = [p for p in parameters if p["name"] not in ("page", "page_size")]


STATIC, SERVED, OBSERVED = "static", "served", "observed"
LIST = "/api/orders"
ROW = {
    "items": "array",
    "items[]": "object",
    "items[].id": "integer",
    "total": "integer",
    "page": "integer",
    "page_size": "integer",
}

DEFECTS = {
    # the client does not follow the contract: mediated
    "a field is renamed in the client's types": (swap(SCHEMA, "total: number; pieces", "amount: number; pieces"), "field", STATIC, True),
    "a type is wrong in the client's types": (swap(SCHEMA, "pieces: number;", "pieces: string;"), "type", STATIC, True),
    "a field is never null for the client": (swap(SCHEMA, "notes: string | null;", "notes: string;"), "type", STATIC, True),
    "pages are lost in the client's types": (
        swap(SCHEMA, 'OrderPage: { items: components["schemas"]["OrderOut"][];', 'OrderPage: components["schemas"]["OrderOut"][] & {'), "pagination", STATIC, True),
    "the client's types lack an endpoint": (swap(SCHEMA, 'delete: operations["delete_order"];', "delete?: never;"), "missing_endpoint", STATIC, True),
    "the client's types are no types": (lambda p: p.files.update({SCHEMA: "export interface paths {"}), "missing_endpoint", STATIC, True),
    "the client's types are missing": (lambda p: p.files.pop(SCHEMA), "missing_endpoint", STATIC, True),
    "the client calls a wrong method": (swap(CLIENT, 'http.DELETE("/api/orders/{id}"', 'http.POST("/api/orders/{id}"'), "method", STATIC, True),
    "the client calls a misspelt path": (swap(CLIENT, 'http.GET("/api/stats")', 'http.GET("/api/stat")'), "path", STATIC, True),
    "another client calls a wrong method": (
        lambda p: p.files.update({"frontend/src/lib/x.ts": 'export const leave = () => fetch("/api/auth/logout", { method: "DELETE" });'}), "method", STATIC, True),
    # the client asks for what nobody offers: open
    "the client calls what does not exist": (swap(CLIENT, "export const getStats", 'export const fax = () => http.POST("/api/fax");\nexport const getStats'), "missing_endpoint", STATIC, False),
    # the backend does not keep the contract: open
    "a field is renamed in the backend": (served(lambda p, s: rename(s, "OrderOut", "total", "amount")), "field", SERVED, False),
    "a field of a request is renamed in the backend": (served(lambda p, s: rename(s, "OrderIn", "pieces", "count")), "field", SERVED, False),
    "the backend needs a field the contract does not": (
        served(lambda p, s: (s["OrderIn"]["properties"].update(coupon={"type": "string"}), s["OrderIn"]["required"].append("coupon"))), "field", SERVED, False),
    "an endpoint is missing in the backend": (served(lambda p, s: p.pop("/api/stats")), "missing_endpoint", SERVED, False),
    "a method is wrong in the backend": (served(lambda p, s: p["/api/orders/{id}"].update(put=p["/api/orders/{id}"].pop("patch"))), "method", SERVED, False),
    "a path is misspelt in the backend": (served(lambda p, s: p.update({"/api/order": p.pop("/api/orders")})), "path", SERVED, False),
    "a type is wrong in the backend": (served(lambda p, s: s["OrderOut"]["properties"].update(total={"type": "string"})), "type", SERVED, False),
    "the session is lost in the backend": (served(lambda p, s: p["/api/orders"]["get"].pop("security")), "auth", SERVED, False),
    "pages are lost in the backend": (served(lost_page), "pagination", SERVED, False),
    "page parameters are lost in the backend": (served(lost_parameters), "pagination", SERVED, False),
    "the backend says nothing": (lambda p: p.files.pop(SPOKEN), "missing_endpoint", SERVED, False),
    "the backend says something else": (lambda p: p.files.update({SPOKEN: "Traceback"}), "missing_endpoint", SERVED, False),
    "there is no contract": (lambda p: p.files.pop(CONTRACT), "missing_endpoint", SERVED, False),
    # only the browser sees it: open
    "an answer lacks a field": (answers("GET", LIST, response={k: v for k, v in ROW.items() if k != "page_size"}), "field", OBSERVED, False),
    "an answer has a wrong type": (answers("GET", LIST, response=ROW | {"items[].id": "string"}), "type", OBSERVED, False),
    "an answer is a bare list": (answers("GET", LIST, response={"[]": "object", "[].id": "integer"}), "pagination", OBSERVED, False),
    "an answer is not JSON": (answers("GET", LIST, response={}), "type", OBSERVED, False),
    "a page sends an unknown field": (answers("POST", LIST, request={"tip": "integer"}), "field", OBSERVED, False),
    "a page asks with an unknown parameter": (answers("GET", LIST, query=("colour",)), "field", OBSERVED, False),
    "a method is not allowed": (answers("PATCH", "/api/orders/1", status=405, response={}), "method", OBSERVED, False),
    "an endpoint is not there": (answers("GET", LIST, status=404, response={}), "missing_endpoint", OBSERVED, False),
    "what is open to everybody asks for a session": (
        lambda p: (p.files.update({CONTRACT: p.files[CONTRACT].replace('"security"', '"x-security"'), SPOKEN: p.files[SPOKEN].replace('"security"', '"x-security"')}),
                   answers("GET", LIST, status=401, response={})(p)), "auth", OBSERVED, False),
    "a page calls what is not declared": (lambda p: p.calls.append(ObservedCall(method="GET", path="/api/secrets", status=200)), "missing_endpoint", OBSERVED, False),
}  # fmt: skip


@pytest.mark.parametrize(("seed", "kind", "side", "settled"), DEFECTS.values(), ids=DEFECTS.keys())
def test_a_seeded_defect_is_found(resolve, seed, kind, side, settled):
    project = Project.of(plan())
    seed(project)
    result = resolve(project)
    found = [c for c in result.conflicts if c.kind == kind and c.sides == ("declared", side)]
    assert found, f"found only {[(c.kind, c.sides, c.detail) for c in result.conflicts]}"
    assert all(c.similarity < CONFLICT for c in result.conflicts)
    assert result.similarity_before < CONFLICT
    assert all(c.resolved is settled for c in found)
    if settled:
        assert all(c.resolved and c.similarity_after >= SETTLED and c.remedy for c in result.conflicts)
        assert result.similarity_after >= SETTLED
    else:
        assert result.similarity_after < SETTLED


@pytest.mark.parametrize(
    "bakery", [plan(), plan(customer()), plan(order().model_copy(update={"fields": order().fields[:1]}), customer())]
)
def test_a_sound_project_has_no_conflict(resolve, bakery):
    project = Project.of(bakery)
    result = resolve(project, bakery)
    assert result.conflicts == ()
    assert (result.similarity_before, result.similarity_after, result.changes) == (1.0, 1.0, None)
    assert result.operations == 3 * len(bakery.endpoints) - len(bakery.endpoints)
    assert project.rendered == []


def test_what_is_offered_beyond_the_contract_is_no_conflict(resolve):
    project = Project.of(plan())
    served(lambda p, s: (p.update({"/health": p["/api/stats"]}), s["OrderOut"]["properties"].update(weight={"type": "number"})))(
        project
    )
    answers("GET", LIST, response=ROW | {"took": "number", "items[].weight": "number"} | dict.fromkeys(
        ("items[].title", "items[].status", "items[].due_on", "items[].created_at"), "string") | dict.fromkeys(
        ("items[].customer_id", "items[].pieces", "items[].total"), "integer") | {"items[].customer_label": "null"})(project)  # fmt: skip
    assert resolve(project).conflicts == ()


@pytest.mark.parametrize(
    "call",
    [
        ObservedCall(method="GET", path="/api/orders/99", status=404, response={"detail": "string"}),
        ObservedCall(method="GET", path="/api/auth/me", status=401, response={"detail": "string"}),
        ObservedCall(method="POST", path="/api/auth/login", status=401, request={"email": "string", "password": "string"}),
        ObservedCall(method="POST", path="/api/orders", status=422, request={"nonsense": "string"}),
        ObservedCall(
            method="POST",
            path="/api/auth/login",
            status=401,
            request={"email": "string", "password": "string"},
            response={"detail": "string", "errors": "array"},
        ),
        ObservedCall(
            method="GET",
            path="/api/orders",
            status=200,
            response={"items": "array", "total": "integer", "page": "integer", "page_size": "integer"},
        ),
        ObservedCall(method="GET", path="/assets/index.js", status=200),
        ObservedCall(method="GET", path="/health", status=200, response={"status": "string"}),
    ],
)
def test_what_a_browser_sees_on_a_sound_project_is_no_conflict(resolve, call):
    project = Project.of(plan())
    project.calls.append(call)
    assert resolve(project).conflicts == ()


def test_mediation_generates_the_types_again_and_renders_once_more(resolve, bench):
    project = Project.of(plan())
    sound = project.files[SCHEMA]
    swap(SCHEMA, "total: number; pieces", "amount: number; pieces")(project)
    result = resolve(project)
    assert result.changes.agent == "conflicts"
    assert bench.store.get_text(result.changes.files[SCHEMA]) == sound
    assert [c.name for c in result.changes.checks] == ["client-types"]
    assert project.rendered == [result.changes]
    assert result.rerendered == ("orders-list",)
    assert "(perhaps total)" in " ".join(c.detail for c in result.conflicts)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('http.DELETE("/api/orders/{id}"', 'http.POST("/api/orders/{id}"'),
        ('http.PATCH("/api/orders/{id}"', 'http.PUT("/api/orders/{id}"'),
        ('http.GET("/api/orders", {', 'http.GET("/api/ordrs", {'),
        ('http.GET("/api/orders/{id}"', 'http.GET("/api/order/{id}"'),
        ('http.POST("/api/auth/register"', 'http.POST("/api/auth/registr"'),
    ],
)
def test_mediation_restores_the_call_that_was_meant(resolve, bench, right, wrong):
    project = Project.of(plan())
    sound = project.files[CLIENT]
    swap(CLIENT, right, wrong)(project)
    result = resolve(project)
    assert bench.store.get_text(result.changes.files[CLIENT]) == sound
    assert all(c.resolved for c in result.conflicts)
    assert CLIENT in result.conflicts[0].remedy


def test_a_conflict_that_mediation_causes_stays_open(resolve, bench):
    project = Project.of(plan())
    swap(SCHEMA, "pieces: number;", "pieces: string;")(project)
    project.rerender = lambda changes: (
        project.calls.append(ObservedCall(method="GET", path="/api/nothing", status=404)),
        project.report(),
    )[1]
    result = resolve(project)
    assert [c.kind for c in result.conflicts if not c.resolved] == ["missing_endpoint"]
    assert result.similarity_after < SETTLED


def test_the_report_holds_every_side_and_every_pair(resolve, bench):
    project = Project.of(plan())
    served(lambda p, s: p["/api/orders"]["get"].pop("security"))(project)
    report = json.loads(bench.store.get_text(resolve(project).report))
    assert len(report["declared"]) == len(report["served"]) == 16
    assert {tuple(p["sides"]) for p in report["pairs"]} == {("declared", "served"), ("declared", "static")}
    assert all(p["text_similarity"] >= SETTLED for p in report["pairs"])
    assert [c["kind"] for c in report["conflicts"]] == ["auth"]
    assert all(call["file"] == CLIENT for call in report["calls"])


def test_evidence_of_the_same_files_is_not_made_again(bench):
    project = Project.of(plan())
    first = project.arguments(bench, plan())
    bench.apply(first[2])
    run = conflicts.read_sides(bench, SPEC, first[2][0].files, first[2], ()).checks[0]
    known = (first[2][0].model_copy(update={"checks": (run,)}),)
    assert conflicts.read_sides(bench, SPEC, first[2][0].files, known, ()).checks == ()
    changed = first[2][0].files | {SPOKEN: bench.store.put_text("{}")}
    assert [check.name for check in conflicts.read_sides(bench, SPEC, changed, known, ()).checks] == ["openapi"]
