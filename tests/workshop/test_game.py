"""The game: sums, ranks, hints and the proof, without anything on a screen."""

from __future__ import annotations

import itertools
import re

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import MEMORY, RUNTIME
from puzzle_widgets.workshop.deal import Deal, deal
from puzzle_widgets.workshop.game import (
    Game,
    begin_again,
    choose,
    hint,
    proof_words,
    reveal,
    standing,
    start,
    take_optimum,
)
from tests.support.libraries import LOSS, make_library


@pytest.fixture(scope="module")
def dealt() -> Deal:
    """Four layers of three variants."""
    return deal(pw.load_library("stdlib-2m-measured"), 2, layers=4, variants=3)


def every_game(dealt: Deal) -> list[Game]:
    """All choices there are."""
    sizes = [range(len(layer.variants)) for layer in dealt.library.layers]
    return [Game(dealt, choice) for choice in itertools.product(*sizes)]


def test_choosing_gives_another_game(dealt: Deal) -> None:
    """The one before stays as it was."""
    begun = start(dealt)
    chosen = choose(begun, 1, 2)
    assert begun.choice == (0, 0, 0, 0)
    assert chosen.choice == (0, 2, 0, 0)
    assert chosen.architecture[dealt.library.layers[1].name] == chosen.blocks[1].name


@pytest.mark.parametrize(("layer", "variant"), [(-1, 0), (4, 0), (0, -1), (0, 3)])
def test_what_is_not_dealt_cannot_be_chosen(dealt: Deal, layer: int, variant: int) -> None:
    """Whatever a page sends."""
    with pytest.raises(pw.ProblemError, match="There is no variant"):
        choose(start(dealt), layer, variant)


def test_sums_are_the_library_s(dealt: Deal) -> None:
    """And a budget is broken exactly where its sum is more."""
    for game in every_game(dealt):
        totals = dealt.library.totals(game.architecture)
        assert game.score == totals[dealt.problem.objective]
        assert [use.total for use in game.uses] == [totals[key] for key in dealt.problem.budgets]
        assert game.within == (not pw.evaluate(dealt.problem, game.architecture).reason)
        for use in game.uses:
            assert ("too much" in use.words) == use.over
            assert use.quantity.unit in use.words


def test_the_rank_counts_what_is_better(dealt: Deal) -> None:
    """Of all within the budgets; the optimum alone is first."""
    games = every_game(dealt)
    scores = [game.score for game in games if game.within]
    for game in games:
        found = standing(game)
        assert found.feasible == len(scores)
        assert found.architectures == len(games)
        if game.within:
            assert found.rank == 1 + sum(score < game.score - 1e-12 for score in scores)
            assert (found.rank == 1) == (game.score == pytest.approx(dealt.solution.score))
            assert found.excess == pytest.approx(game.score - dealt.solution.score)
        else:
            assert found.rank is None
            assert "No rank" in found.words


def test_ties_share_a_rank() -> None:
    """Sums that differ by the order of adding are the same."""
    rows = [[(0.0, 10, 10), (0.1, 5, 5), (0.7, 1, 1)] for _ in range(4)]
    tied = deal(make_library(rows), objective=LOSS, goal="minimize", variants=3)
    ranks: dict[float, set[int | None]] = {}
    for game in every_game(tied):
        if game.within:
            ranks.setdefault(round(game.score, 6), set()).add(standing(game).rank)
    assert all(len(found) == 1 for found in ranks.values())
    assert 1 in set.union(*ranks.values())


def test_the_best_so_far_is_kept(dealt: Deal) -> None:
    """It gets better only, and only within the budgets."""
    game, best = start(dealt), None
    for place, variant in [(0, 1), (1, 1), (2, 2), (3, 2), (0, 0), (1, 2), (0, 1)]:
        game = choose(game, place, variant)
        if game.within:
            best = game.score if best is None else min(best, game.score)
        assert game.best == best
    assert best is not None
    assert begin_again(game).best == best


def test_the_optimum_can_be_taken_once_it_was_shown(dealt: Deal) -> None:
    """Not before."""
    with pytest.raises(pw.ProblemError, match="not shown yet"):
        take_optimum(start(dealt))
    taken = take_optimum(reveal(start(dealt)))
    assert taken.score == pytest.approx(dealt.solution.score)
    assert "met the solver" in standing(taken).words


def test_the_proof_tells_optimum_bound_and_gap(dealt: Deal) -> None:
    """With units, and no claim that was not proven."""
    words = " ".join(proof_words(reveal(start(dealt))))
    assert "optimal, proven" in words
    assert "optimality gap 0 %" in words
    assert re.search(r"LP bound: [\d.]+ nats/byte\. Nothing within the budgets", words)


@pytest.mark.parametrize("number", range(5))
def test_hints_lead_on(number: int) -> None:
    """The layer that is named has what is promised; no hint names a block."""
    dealt = deal(pw.load_library("stdlib-2m-measured"), number, layers=4, variants=3)
    names = [layer.name for layer in dealt.library.layers]
    for game in every_game(dealt):
        words = hint(game)
        assert "KV" not in words
        named = [names.index(int(found)) for found in re.findall(r"\d+", words)]
        others = [
            later
            for later in every_game(dealt)
            if all(
                a == b or place in named
                for place, (a, b) in enumerate(zip(later.choice, game.choice, strict=True))
            )
        ]
        if not game.within:
            assert min(_missing(one) for one in others) < _missing(game)
        elif named:
            assert any(one.within and one.score < game.score for one in others)
        else:
            assert "No change of one or two" in words
    assert "Is it the optimum?" in hint(take_optimum(reveal(start(dealt))))


def _missing(game: Game) -> float:
    return sum(max(0.0, use.total - use.limit) / use.limit for use in game.uses)


def test_a_game_without_budgets_that_can_be_met_ends_in_words() -> None:
    """No single block saves: there is nothing to point at."""
    rows = [[(0, 10, 10), (1, 12, 8)]]
    odd = deal(make_library(rows), objective=LOSS, goal="minimize", variants=2)
    assert {use.quantity.key for use in start(odd).uses} == {MEMORY, RUNTIME}
    assert hint(start(odd))
