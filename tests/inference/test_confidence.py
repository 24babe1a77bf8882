import numpy as np
import pytest

from inference.confidence import FEATURES, Parameters, acceptable, calibrated, choose, fit, fit_platt, softmax
from synergy.core.errors import PermanentError


def test_the_fit_finds_the_weights_that_made_the_data():
    rng = np.random.default_rng(7)
    table = rng.normal(size=(4000, 3, 2))
    truth = np.array([1.5, -0.7])
    p = softmax(table @ truth)
    labels = (p.cumsum(axis=1) > rng.random((4000, 1))).argmax(axis=1)
    assert np.allclose(fit(table, np.eye(3, dtype=bool)[labels]), truth, atol=0.1)


def test_a_label_may_allow_several_classes():
    table = np.zeros((200, 3, 1))
    table[:, 2, 0] = 1
    weights = fit(table, np.tile([True, True, False], (200, 1)))
    assert softmax(table @ weights)[0, 2] < 0.01


def test_platt_scaling_makes_overconfidence_honest():
    rng = np.random.default_rng(3)
    right = rng.random(5000) < 0.7
    slope, shift = fit_platt(np.full(5000, 0.95) + rng.normal(0, 1e-3, 5000), right)
    assert calibrated(np.array([0.95]), slope, shift)[0] == pytest.approx(0.7, abs=0.03)


def test_a_generic_message_counts_for_every_stack_that_nothing_speaks_against():
    p = np.array([[0.1, 0.1, 0.7, 0.1]])
    assert acceptable(p, np.array([[True, False]])).tolist() == [[pytest.approx(0.8), pytest.approx(0.1)]]


@pytest.mark.parametrize(
    ("p", "open_to", "chosen"),
    [
        ([0.02, 0.03, 0.9, 0.05], [True, True], 0),  # left open: the default
        ([0.02, 0.03, 0.9, 0.05], [False, True], 1),  # something speaks against the default
        ([0.02, 0.9, 0.03, 0.05], [True, True], 1),
        ([0.01, 0.29, 0.6, 0.1], [True, True], 1),  # left open, but another fits clearly better
    ],
)
def test_the_default_is_chosen_where_it_is_as_good_as_any(p, open_to, chosen):
    assert choose(np.array([p]), np.array([open_to]), default=0)[0] == chosen


@pytest.mark.parametrize("change", [{"model": "other"}, {"exemplars": "other"}, {"lexicon": "other"}, {"features": ("bias",)}])
def test_parameters_of_something_else_are_refused(change):
    mine = dict(
        model="m", exemplars="e", lexicon="l", features=FEATURES, weights=(0.0,) * len(FEATURES), slope=1, shift=0, messages=1
    )
    Parameters(**mine).check("m", "e", "l")
    with pytest.raises(PermanentError, match="calibrated for another"):
        Parameters(**{**mine, **change}).check("m", "e", "l")
