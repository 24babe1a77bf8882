import json

import pytest
from django.core.management import CommandError, call_command

from uiagents.similarity import CONFLICT, SETTLED, cosines, nearest

pytestmark = pytest.mark.django_db


def side(method="GET", path="/api/tasks/{id}", pagination=None, **fields):
    return {"method": method, "path": path, "pagination": pagination, **fields}


TASK = {"id": "int", "title": "str", "due": "date", "points": "float", "done": "bool"}

PAIRS = {
    "equal": (side(reads=TASK, sends={}), side(returns=TASK, accepts={}), []),
    "another way of writing": (side(path="/api/tasks/:taskId/", reads={"dueOn": "date"}), side(path="/api/tasks/{id}", returns={"due_on": "date"}), []),
    "a version in the base": (side(path="/tasks"), side(path="/api/v1/tasks"), []),
    "more is offered": (side(reads={"id": "int"}, sends={}), side(returns=TASK, accepts={"note": "str"}), []),
    "a whole number where any will do": (side(reads={"points": "float"}), side(returns={"points": "int"}), []),
    "a date is a string": (side(reads={"due": "str"}), side(returns={"due": "datetime"}), []),
    "another version": (side(path="/api/v2/tasks"), side(path="/api/v1/tasks"), ["path"]),
    "a renamed field": (side(reads={"completed": "bool"}), side(returns=TASK), ["field"]),
    "an unknown field is sent": (side("PATCH", sends={"colour": "str"}), side("PATCH", accepts={"title": "str"}), ["field"]),
    "a wrong method": (side("PUT", sends=TASK), side("PATCH", accepts=TASK), ["method"]),
    "a missing endpoint": (side(path="/api/reports"), side(path="/api/tasks/{id}"), ["missing_endpoint"]),
    "a misspelt path": (side(path="/api/task/{id}"), side(path="/api/tasks/{id}"), ["path"]),
    "a wrong type": (side(reads={"id": "str"}), side(returns={"id": "int"}), ["type"]),
    "a fraction where a whole number is needed": (side(reads={"points": "int"}), side(returns={"points": "float"}), ["type"]),
    "a list instead of a page": (side(path="/tasks", reads=TASK, pagination="page"), side(path="/tasks", returns=TASK, pagination="list"), ["pagination"]),
}  # fmt: skip


@pytest.mark.parametrize(("ui", "backend", "kinds"), PAIRS.values(), ids=PAIRS.keys())
def test_a_pair_is_judged(ui, backend, kinds, tmp_path):
    source, out = tmp_path / "pairs.jsonl", tmp_path / "out.json"
    source.write_text(json.dumps({"id": 7, "ui": ui, "backend": backend, "conflict": bool(kinds)}) + "\n")
    call_command("evaluate", "contracts", source, json=out)
    document = json.loads(out.read_text())
    row = document["rows"][0]
    assert (row["id"], row["conflict"], row["kinds"]) == (7, bool(kinds), kinds)
    assert row["similarity"] < CONFLICT if kinds else row["similarity"] >= SETTLED
    assert document["summary"] == {"pairs": 1, "right": 1, "missed": 0, "false_alarms": 0}


@pytest.mark.parametrize("line", ["no json", "{}", '{"ui": {}, "backend": {}}', '{"ui": 1, "backend": 2}'])
def test_a_line_that_is_no_pair_is_named(line, tmp_path):
    source = tmp_path / "pairs.jsonl"
    source.write_text(line)
    with pytest.raises(CommandError, match="line 1: not a pair"):
        call_command("evaluate", "contracts", source)


def test_cosines_are_computed_for_each_pair_and_vectors_kept():
    first = cosines([("total", "total"), ("total", "amount"), ("user name", "shoe size")])
    assert first[0] == pytest.approx(1)
    assert first[0] > first[1] > first[2]
    assert cosines([("total", "amount")]) == [pytest.approx(first[1])]
    assert cosines([]) == []


def test_the_nearest_text_comes_first():
    assert nearest("completed", ["done", "colour", "address"], 2)[0][0] == "done"
    assert nearest("completed", []) == []
