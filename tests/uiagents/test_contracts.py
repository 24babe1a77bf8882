import pytest

from synergy.core.types import ObservedCall, Operation
from uiagents.contracts import Document, accepts, matches, observed, pagination, path_of, snake


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        ("/api/orders/", "/api/orders"),
        ("/api/orders/:id", "/api/orders/{}"),
        ("/api/orders/{order_id}/lines/<int:line>", "/api/orders/{}/lines/{}"),
        ("/api/orders/${id}?page=1", "/api/orders/{}"),
        ("api//orders/[id]", "/api/orders/{}"),
        ("/", "/"),
    ],
)
def test_paths_are_written_in_one_way(path, normal):
    assert path_of(path) == normal


def test_the_base_of_a_path_can_be_left_out():
    assert path_of("/api/v1/movies", without_base=True) == path_of("/movies/", without_base=True) == "/movies"
    assert path_of("/apiary/v1x", without_base=True) == "/apiary/v1x"


@pytest.mark.parametrize("name", ["created_at", "createdAt", "CreatedAt", "created-at", "created at"])
def test_names_are_written_in_one_way(name):
    assert snake(name) == "created_at"
    assert snake("items[].userID") == "items[].user_id"


@pytest.mark.parametrize(
    ("wanted", "given", "fine"),
    [
        ("string", "string", True),
        ("number", "integer", True),
        ("integer", "number", False),
        ("string", "integer", False),
        ("null|string", "string", True),
        ("string", "null|string", False),
        ("numeric", "integer", True),
        ("numeric", "number", True),
        ("integer", "numeric", True),
        ("string", "numeric", False),
        ("any", "object", True),
        ("boolean", "any", True),
    ],
)
def test_a_type_is_accepted_when_everything_it_may_be_is(wanted, given, fine):
    assert accepts(wanted, given) is fine


@pytest.mark.parametrize(
    ("fields", "form"),
    [
        ({"items": "array", "total": "integer"}, "page"),
        ({"results": "array", "count": "integer", "next": "string"}, "page"),
        ({"items": "array", "next_cursor": "string"}, "cursor"),
        ({"[]": "object", "[].id": "integer"}, "list"),
        ({"items": "array", "subtotal": "number"}, None),
        ({"cart.items": "array", "cart.total": "number"}, None),
        ({}, None),
    ],
)
def test_pagination_is_read_off_the_fields(fields, form):
    assert pagination(fields) == form


def document(schema, **more):
    answer = {"200": {"content": {"application/json": {"schema": schema}}}}
    return {"paths": {"/a": {"get": {"responses": answer, **more}}}, "components": {"schemas": {
        "User": {"type": "object", "properties": {"userName": {"type": "string"}, "boss": {"$ref": "#/components/schemas/User"}}, "required": ["userName"]},
    }}}  # fmt: skip


def response(schema, **more):
    return Document(document(schema, **more)).operations("declared")[0].response


@pytest.mark.parametrize(
    ("schema", "fields"),
    [
        ({"type": "object", "properties": {"a": {"type": ["string", "null"]}}}, {"a": "null|string"}),
        ({"type": "array", "items": {"type": "integer"}}, {"[]": "integer"}),
        ({"anyOf": [{"type": "object", "properties": {"a": {"type": "integer"}}}, {"type": "null"}]}, {"a": "integer"}),
        ({"allOf": [{"properties": {"a": {"type": "integer"}}}, {"properties": {"b": {"enum": ["x"]}}}]}, {"a": "integer", "b": "string"}),
        ({"type": "object", "properties": {"a": {}}}, {"a": "any"}),
    ],
)  # fmt: skip
def test_schemas_become_fields_with_types(schema, fields):
    assert response(schema) == fields


def test_a_schema_that_refers_to_itself_ends():
    found = response({"$ref": "#/components/schemas/User"})
    assert found["user_name"] == "string"
    assert 2 < len(found) < 20
    loop = {"allOf": [{"$ref": "#/components/schemas/User"}] * 40}
    assert len(Document(document(loop)).operations("declared")) == 1


def test_what_a_request_needs_and_whether_it_needs_a_session():
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}}
    query = [{"in": "query", "name": "pageSize"}, {"in": "path", "name": "id"}]
    operation = Document(document({}, requestBody=body, parameters=query, security=[{"session": []}])).operations("declared")[0]
    assert (operation.required, operation.query, operation.auth) == (("user_name",), ("page_size",), True)
    assert Document(document({}) | {"security": [{"session": []}]}).operations("declared")[0].auth is True
    assert Document(document({}, security=[]) | {"security": [{"session": []}]}).operations("declared")[0].auth is False


@pytest.mark.parametrize(
    "junk",
    [
        None, [], "text", {"paths": []}, {"paths": {"/a": 1}}, {"paths": {"/a": {"get": {"responses": [], "parameters": {"a": 1}}}}},
        {"paths": {"/a": {"get": {"parameters": [1, {"in": "query", "name": 3}]}}}},
        {"paths": {"/a": {"get": {"responses": {"200": {"content": {"json": {"schema": {"anyOf": 3, "type": [["a"]], "required": "abc"}}}}}}}}},
        {"paths": {"/a": {"get": {"responses": {"200": {"$ref": "#/components/none"}}}}}},
    ],
)  # fmt: skip
def test_any_document_can_be_read(junk):
    assert all(isinstance(o, Operation) for o in Document(junk).operations("declared"))


def test_observed_calls_take_the_form_of_the_declared_paths():
    known = [Operation(method="GET", path=p) for p in ("/api/orders/{}", "/api/orders/latest", "/api/{}/{}")]
    calls = [
        ObservedCall(method="GET", path=p, status=200)
        for p in ("/api/orders/17", "/api/orders/latest", "/api/a/b/c", "/index.html")
    ]
    assert [o.path for _, o in observed(calls, known)] == ["/api/orders/{}", "/api/orders/latest", "/api/a/b/c"]
    assert matches("/a/{}", "/a/1")


def test_an_empty_list_says_nothing_of_its_rows_but_is_an_answer():
    call = ObservedCall(method="GET", path="/api/orders", status=200, response={"[]": "empty"})
    [(_, seen)] = observed([call], [])
    assert (seen.response, seen.pagination) == (None, "list")
    [(_, silent)] = observed([call.model_copy(update={"response": {}})], [])
    assert (silent.response, silent.pagination) == (None, None)
