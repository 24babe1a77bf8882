"""What a picture of a whole page shows."""

from __future__ import annotations

import pytest

from tests.visual.sites import Site, page
from visual.diff import load

pytestmark = pytest.mark.browser

BLUE = (0x00, 0x40, 0x8A)


def test_what_keeps_to_the_lower_edge_of_a_window_is_at_the_lower_edge_of_its_picture(tour):
    """And it is back in its place afterwards: the other widths are pictured in the same tab."""
    bar = f'<div style="position:fixed;inset:auto 0 0;height:40px;background:rgb{BLUE}"></div>'
    seen = tour(Site({"/": page("Long", f'<div style="height:3000px">First</div>{bar}')}), home="/", checks=[])
    assert {drawing.width for drawing in seen.drawings} == {375, 768, 1920}
    for drawing in seen.drawings:
        pixels = load(drawing.picture)
        rows = (pixels[:, 5, :3] == BLUE).all(axis=1).nonzero()[0]
        assert (rows.min(), rows.max()) == (len(pixels) - 40, len(pixels) - 1)
