import pytest

from inference.planning.colors import names, read_design


def roles(sentence):
    design = read_design(sentence)
    return {role: color for role, _, color in design.roles} if design else None


@pytest.mark.parametrize(
    ("sentence", "background", "components"),
    [
        ("Use light gray as the default background and dark red for component styling", "#d3d3d3", "#8b0000"),
        ("Color the background using white and set component styles to navy", "#ffffff", "#000080"),
        ("white background, navy buttons", "#ffffff", "#000080"),
        ("Style all pages with a lavender background and indigo components", "#e6e6fa", "#4b0082"),
        ("Implement styling with old lace for the background and rosy brown for components", "#fdf5e6", "#bc8f8f"),
        ("Assign light goldenrod to body backgrounds and olive drab to main components", "#eedd82", "#6b8e23"),
        ("Color all components with medium violet red", None, "#c71585"),
        ("Select ghost white for layout background and slate gray for component details", "#f8f8ff", "#708090"),
        ("the background is #FFF and buttons are #0af", "#ffffff", "#00aaff"),
        ("a blue and white theme", "#ffffff", "#0000ff"),
        ("colour scheme: cream and bottle green", "#fffdd0", "#006a4e"),
        ("buttons in dark-green on a lightgrey background", "#d3d3d3", "#006400"),
        ("make the header dark green", None, "#006400"),
        ("Make it pink", "#ffc0cb", None),
    ],
)
def test_colours_find_the_part_they_are_meant_for(sentence, background, components):
    found = roles(sentence)
    assert found.get("background") == background
    assert found.get("components") == components


def test_text_has_a_colour_too():
    assert roles("The page is black with gold buttons and white text") == {
        "background": "#000000",
        "components": "#ffd700",
        "text": "#ffffff",
    }


@pytest.mark.parametrize(
    "sentence",
    [
        "An orange juice shop",
        "Track red wine and white wine",
        "A football app that counts red cards and yellow cards",
        "I sell chocolate, salmon and olives",
        "Gold members get silver tickets",
    ],
)
def test_words_that_are_also_colours_are_left_alone(sentence):
    assert read_design(sentence) is None


def test_the_rest_of_the_sentence_is_given_back():
    design = read_design("Build a recipe site with a linen background and maroon buttons")
    assert design.text == "a linen background and maroon buttons"
    assert design.rest == "Build a recipe site"


def test_a_shade_of_a_colour_without_a_name_is_made():
    light, plain = roles("soft teal buttons")["components"], roles("teal buttons")["components"]
    assert light != plain == "#008080"


def test_all_148_names_of_css_are_known():
    css = {"".join(parts) for parts in names()}
    assert {"rebeccapurple", "papayawhip", "lightslategrey", "darkslategray", "lightgoldenrodyellow"} <= css
    assert len(css) > 148
