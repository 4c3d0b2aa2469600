"""What the game says, as HTML."""

from __future__ import annotations

from dataclasses import replace

import puzzle_widgets as pw
from puzzle_widgets.widgets.game import words
from puzzle_widgets.workshop.deal import Deal, deal
from puzzle_widgets.workshop.game import choose, reveal, start, take_optimum
from tests.support.libraries import LOSS, make_library

EVIL = "<img src=x onerror=alert(1)>"


def small() -> Deal:
    """Four layers of three variants."""
    return deal(pw.load_library("stdlib-2m-measured"), layers=4, variants=3)


def test_a_block_is_told_with_its_units() -> None:
    """Label, score and costs; scores with decimals that compare."""
    dealt = small()
    layer = dealt.library.layers[0]
    label, score, costs = words.option(dealt, layer.parent_variant, own=True).split("\n")
    assert label == layer.parent_variant.label
    assert score.endswith("nats/byte")
    assert "MiB" in costs
    assert "ms" in costs
    assert costs.endswith("· parent")
    other = words.option(dealt, layer.variants[1], own=False)
    assert "parent" not in other
    assert "e-" not in other


def test_a_broken_budget_is_said_in_words() -> None:
    """Beside its color."""
    game = start(small())
    assert "too much" in words.sums(game)
    assert "Over Memory and Runtime." in words.state_words(game)
    kept = take_optimum(reveal(game))
    assert "to spare" in words.sums(kept)
    assert "Within the budgets." in words.state_words(kept)


def test_the_proof_is_empty_before_it_is_asked_for() -> None:
    """Then it has bound, rank, and where both differ."""
    game = choose(start(small()), 0, 1)
    assert words.proof(game) == ""
    shown = words.proof(reveal(game))
    for part in ("LP bound", "optimal, proven", "The optimum&#39;s", "No rank"):
        assert part in shown
    assert "The optimum&#39;s" not in words.proof(take_optimum(reveal(game)))


def test_names_are_escaped() -> None:
    """Of libraries, layers and variants."""
    rows = [[(0, 10, 10), (1, 5, 5)] for _ in range(3)]
    plain = make_library(rows)
    layers = tuple(replace(layer, name=f"{EVIL}{layer.name}") for layer in plain.layers)
    dealt = deal(replace(plain, name=EVIL, layers=layers), objective=LOSS, goal="minimize")
    game = reveal(choose(start(dealt), 0, 1))
    everything = (words.sums(game), words.proof(game), words.state_words(game), words.task(dealt))
    assert all("<img" not in text for text in everything)
    assert "&lt;img" in words.proof(game)
