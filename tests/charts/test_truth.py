"""Predicted against measured: spots, words, and the models that are furthest off."""

from __future__ import annotations

import puzzle_widgets as pw
from puzzle_widgets.charts.truth import truth_figure, truth_keys, truth_words, worst_words
from puzzle_widgets.library import FrozenMapping
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

ROWS = [(0.0, 10, 60), (0.5, 6, 40), (2.0, 1, 9)]
LIBRARY = make_library([ROWS, ROWS])
CHOSEN = [("v0", "v0"), ("v1", "v0"), ("v1", "v1"), ("v2", "v1"), ("v2", "v2")]


def measured(*scores: float, named: str = "model") -> list[pw.MeasuredPoint]:
    """Models with these losses: the parent, then smaller and smaller ones."""
    return [
        pw.MeasuredPoint(
            f"{named} {place}",
            FrozenMapping({LOSS: score}),
            "",
            FrozenMapping((layer, name) for layer, name in enumerate(CHOSEN[place])),
        )
        for place, score in enumerate(scores)
    ]


def test_a_spot_a_model_at_both_figures() -> None:
    """The parent has a mark of its own; on the line predictions are right; both axes are alike."""
    points = measured(0, 0.5, 1.5, 2.5, 4.0)
    figure = truth_figure(points, LIBRARY, LOSS)
    assert [(s.x, s.y) for s in figure.named("points").spots] == [
        (0.5, 0.5),
        (1.0, 1.5),
        (2.5, 2.5),
        (4.0, 4.0),
    ]
    assert [(s.x, s.y) for s in figure.named("parent").spots] == [(0, 0)]
    assert (figure.x.low, figure.x.high) == (figure.y.low, figure.y.high)
    (line,) = figure.curves
    assert all(x == y for x, y in line.points)
    assert figure.named("points").spots[1].words.splitlines() == [
        "model 2",
        "Predicted: 1",
        "Measured: 1.5",
    ]
    assert [(s.x, s.y) for s in figure.named("worst").spots] == [(1.0, 1.5)]
    assert [key.words for key in figure.legend] == [
        "Models (4)",
        "As predicted",
        "Parent",
        "Furthest off",
    ]


def test_the_words_count_models_and_say_how_they_are_ranked() -> None:
    """One that is ranked wrong lowers both; too few, or all alike, say nothing."""
    assert truth_words(measured(0, 0.5, 1.5, 2.5, 4.0), LIBRARY, LOSS) == (
        "Rank correlation over 4 models: Spearman 1.000, Kendall 1.000 (1: the same order)."
    )
    assert "Spearman 0.800, Kendall 0.667" in truth_words(
        measured(0, 0.5, 2.6, 2.5, 4.0), LIBRARY, LOSS
    )
    assert truth_words(measured(0, 0.5), LIBRARY, LOSS).startswith("1 model measured: too few")
    assert "all of one value" in truth_words(measured(0, 1, 1, 1), LIBRARY, LOSS)


def test_the_worst_are_named_with_both_figures() -> None:
    """The furthest first; names are on one line, and nothing is said of right ones."""
    points = measured(0, 0.25, 1.5, 2.5, 4.0, named="a\nb")
    assert worst_words(points, LIBRARY, LOSS) == [
        "a b 2: predicted 1, measured 1.5 (\N{MINUS SIGN}33.3 %)",
        "a b 1: predicted 0.5, measured 0.25 (+100 %)",
    ]
    assert worst_words(measured(0, 0.5), LIBRARY, LOSS) == []
    assert worst_words(measured(0, 0), LIBRARY, LOSS)[0].endswith("measured 0 (+0.5)")


def test_only_what_was_measured_can_be_chosen() -> None:
    """In the library's order; nothing of models whose blocks are not known."""
    points = measured(0, 0.5)
    more = pw.MeasuredPoint(
        "x", FrozenMapping({MEMORY: 3.0}), "", FrozenMapping([(0, "v2"), (1, "v2")])
    )
    assert truth_keys([*points, more], LIBRARY) == [LOSS, MEMORY]
    bare = pw.MeasuredPoint("x", FrozenMapping({LOSS: 3.0, RUNTIME: 2.0}))
    assert truth_keys([bare], LIBRARY) == []
    assert truth_figure([bare], LIBRARY, LOSS).named("points").spots == ()
