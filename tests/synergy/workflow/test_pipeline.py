"""The pipeline's table says the truth: what a step reads was written before, and is what its function takes."""

from __future__ import annotations

import inspect
import typing

import pytest

from synergy.chaos import pipeline as tiny
from synergy.core.bench import Bench
from synergy.core.types import ChangeSet, Verdict
from synergy.workflow import pipeline
from synergy.workflow.shape import GIVEN, Shape, StepSpec

SHAPES = {"real": pipeline.PIPELINE, "tiny": tiny.PIPELINE}
STEPS = [pytest.param(shape, spec, id=f"{name} {spec.name}") for name, shape in SHAPES.items() for spec in shape]


def unwritten(shape: Shape) -> list[str]:
    """Values that a step reads although no earlier step writes them."""
    return [
        f"{spec.name} reads {value}"
        for spec in shape
        for value in spec.wants
        if value not in GIVEN and not shape.writers(value, spec.name)
    ]


def mismatches(spec: StepSpec) -> list[str]:
    """How the function differs from what the table says of it."""
    function = spec.load()
    first, *others = inspect.signature(function).parameters
    hints = typing.get_type_hints(function)
    wrong = [] if tuple(others) == spec.wants else [f"{spec.function} takes {others}, the table says {list(spec.wants)}"]
    if hints[first] is not Bench:
        wrong.append(f"{spec.function} takes no bench")
    if hints["return"] is not spec.result:
        wrong.append(f"{spec.function} gives {hints['return']}, the table says {spec.result}")
    return wrong


@pytest.mark.parametrize("name", SHAPES)
def test_what_a_step_reads_was_written_by_an_earlier_step(name):
    assert unwritten(SHAPES[name]) == []


@pytest.mark.parametrize(("shape", "spec"), STEPS)
def test_the_table_and_the_function_agree(shape, spec):
    assert mismatches(spec) == []


def test_a_step_that_reads_what_comes_later_is_seen():
    early = StepSpec("slo", f"{tiny.HERE}.slo", "verdict", Verdict)
    assert unwritten(Shape("s", 1, (early,))) == ["slo reads verdict"]


def test_a_function_that_takes_something_else_is_seen():
    assert "takes ['agent', 'message', 'plan']" in mismatches(StepSpec("code", f"{tiny.HERE}.code", "plan", ChangeSet))[0]
    assert "gives" in mismatches(StepSpec("code", f"{tiny.HERE}.code", "agent message plan", Verdict))[0]


def test_the_tiny_pipeline_has_the_shape_of_the_real_one():
    shapes = [[[spec.name for spec in level] for level in shape.levels] for shape in SHAPES.values()]
    assert shapes[0] == shapes[1]


def test_every_step_names_a_queue_that_exists(settings):
    assert {spec.queue for spec in pipeline.PIPELINE} <= set(settings.QUEUES)
