"""The renderer: what a folder of templates becomes, and that no text of a message can become code."""

from __future__ import annotations

import ast
import json

import pytest
import yaml as pyyaml

from synergy.core.errors import UnsafePath
from tests.factories import plan
from uiagents import literals
from uiagents.blueprints import TemplateFault, render_tree

NASTY = ["plain", "it's", 'say "hi"', "'\"both\"'", "</script><b>&amp;", "a\nb\r\tc", "\\", "{x} ${y} «z» [% w %]", "naïve 日本 🎂",
         "\x00\x1b\u202e\u2028\u0085\ufeff", "\ud800", "*/ // # -- ;", "", " lead", "{{7*7}}", "- [x]: y | z"]  # fmt: skip


def blueprint(tmp_path, **files):
    """A folder of templates: ``a__b`` in a keyword is ``a/b``."""
    for name, text in files.items():
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
    return tmp_path


def test_a_template_is_rendered_and_anything_else_is_copied(tmp_path):
    folder = blueprint(
        tmp_path, **{"a.txt": "«plan.slug»\n", "raw.txt": "{{ plan }} ${x} {% y %}\n", "dot.png": b"\x89PNG\x00\xff"}
    )
    files = render_tree(folder, {"plan": plan()})
    assert files == {"a.txt": b"bakery-orders\n", "dot.png": b"\x89PNG\x00\xff", "raw.txt": b"{{ plan }} ${x} {% y %}\n"}


def test_a_path_that_names_the_entity_is_rendered_for_each(tmp_path):
    folder = blueprint(
        tmp_path, **{"app/__entity.table__.py": "NAME = «entity.label|py»\n", "__plan.slug__.md": "# «plan.name|md»\n"}
    )
    files = render_tree(folder, {"plan": plan()}, prefix="backend/")
    assert files == {
        "backend/app/customers.py": b'NAME = "Customer"\n',
        "backend/app/orders.py": b'NAME = "Order"\n',
        "backend/bakery-orders.md": b"# Bakery Orders\n",
    }


def test_anything_can_be_repeated(tmp_path):
    folder = blueprint(tmp_path, **{"pages/__page.slug__.tsx": "«page.title|js»\n"})
    some = plan()
    files = render_tree(folder, {"plan": some}, each={"page": some.pages[:2]})
    assert files == {"pages/login.tsx": b'"Sign in"\n', "pages/register.tsx": b'"Create account"\n'}


def test_macros_are_imported_and_never_written(tmp_path):
    folder = blueprint(
        tmp_path,
        **{
            "parts.jinja": "[% macro line(text) %]x = «text|py»[% endmacro %]",
            "a.py": '[% from "parts.jinja" import line %]\n«line("it\'s")»\n',
        },
    )
    assert render_tree(folder, {"plan": plan()}) == {"a.py": b'x = "it\'s"\n'}


def test_a_template_that_renders_to_nothing_writes_no_file(tmp_path):
    folder = blueprint(tmp_path, **{"a.py": "[% if false %]\nx\n[% endif %]\n", "__init__.py": ""})
    assert render_tree(folder, {"plan": plan()}) == {"__init__.py": b""}


def test_rendering_twice_gives_the_same_bytes(tmp_path):
    folder = blueprint(
        tmp_path, **{"a.py": "[% for e in plan.entities %]\n«e.fields|map(attribute='label')|join(', ')|py»\n[% endfor %]\n"}
    )
    assert render_tree(folder, {"plan": plan()}) == render_tree(folder, {"plan": plan()})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ok\n«plan.nothing»", "line 2"),
        ("[% if %]", "line 1"),
        ("«missing»", "missing"),
        ("«plan.message»", "without a filter"),
        ("«plan.entities[0].fields[0].minimum»", "without a filter"),
        ("«''.__class__.__mro__»", "unsafe|without a filter"),
    ],
)
def test_a_wrong_template_is_named_with_its_line(tmp_path, text, says):
    folder = blueprint(tmp_path, **{"wrong.txt": text})
    with pytest.raises(TemplateFault, match=says):
        render_tree(folder, {"plan": plan()})


def test_a_path_cannot_leave_the_project(tmp_path):
    folder = blueprint(tmp_path, **{"__entity.slug__": "x"})
    evil = plan().entities[0].model_copy(update={"slug": "../../.ssh/authorized_keys"})
    with pytest.raises(UnsafePath):
        render_tree(folder, {"plan": plan()}, each={"entity": [evil]})


def test_an_unknown_name_in_a_path_and_a_path_written_twice_are_refused(tmp_path):
    with pytest.raises(TemplateFault, match="not known"):
        render_tree(blueprint(tmp_path / "a", **{"__plan.nothing__": "x"}), {"plan": plan()})
    with pytest.raises(TemplateFault, match="Two templates"):
        render_tree(blueprint(tmp_path / "b", **{"__plan.slug__": "x", "bakery-orders": "y"}), {"plan": plan()})
    with pytest.raises(TemplateFault, match="no blueprint"):
        render_tree(tmp_path / "c", {"plan": plan()})


@pytest.mark.parametrize("text", NASTY)
def test_every_literal_says_just_the_text(text):
    kept = text.replace("\ud800", "\ufffd")
    assert ast.literal_eval(str(literals.py(text))) == kept
    assert json.loads(literals.js(text)) == kept
    assert pyyaml.safe_load(f"a: {literals.yaml(text)}")["a"] == kept
    assert "<" not in literals.js(text)
    for filtered in (
        literals.py(text),
        literals.js(text),
        literals.jsx(text),
        literals.html(text),
        literals.md(text),
        literals.yaml(text),
    ):
        assert "\n" not in filtered
        assert all(c.isprintable() for c in filtered)


def test_nested_values_become_literals():
    value = {"a": [1, 2.5, None, True, ("x",)], "b": "</script>"}
    assert ast.literal_eval(str(literals.py(value))) == value
    assert json.loads(literals.js(value)) == {"a": [1, 2.5, None, True, ["x"]], "b": "</script>"}


@pytest.mark.parametrize(
    ("text", "child"),
    [("New order", "New order"), ("a < b", '{"a \\u003c b"}'), ("{x}", '{"{x}"}'), ("it's", '{"it\'s"}'), (" x", '{" x"}')],
)
def test_jsx_text_is_bare_only_where_that_is_safe(text, child):
    assert literals.jsx(text) == child


def test_markdown_and_html_carry_no_markup():
    assert literals.md("<img onerror=x> [a](b) | `c`\n# d") == "\\<img onerror=x\\> \\[a\\](b) \\| \\`c\\` \\# d"
    assert literals.html("<a href='x'>") == "&lt;a href=&#x27;x&#x27;&gt;"


def test_macros_are_imported_from_a_shared_folder(tmp_path):
    shared = blueprint(tmp_path / "shared", **{"parts.jinja": "[% macro twice(x) %]«x»«x»[% endmacro %]"})
    folder = blueprint(tmp_path / "own", **{"a.txt": '[% import "parts.jinja" as parts %]«parts.twice("ab")»'})
    assert render_tree(folder, {"plan": plan()}, shared=shared) == {"a.txt": b"abab"}
    with pytest.raises(TemplateFault, match=r"parts\.jinja"):
        render_tree(folder, {"plan": plan()})
