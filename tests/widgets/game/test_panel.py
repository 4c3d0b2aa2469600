"""The game on its widgets: choosing, hints, the proof, new deals."""

from __future__ import annotations

from collections.abc import Iterator

import ipywidgets as widgets
import pytest

import puzzle_widgets as pw
from puzzle_widgets.widgets.game.panel import BeatTheSolver
from puzzle_widgets.workshop.game import Game


@pytest.fixture
def play() -> Iterator[BeatTheSolver]:
    """A game of four layers."""
    panel = pw.BeatTheSolver("stdlib-2m-measured", layers=4, variants=3)
    yield panel
    panel.close()


def below(box: widgets.Widget) -> Iterator[widgets.Widget]:
    """All widgets in a box."""
    for child in getattr(box, "children", ()):
        yield child
        yield from below(child)


def radios(play: BeatTheSolver) -> list[widgets.RadioButtons]:
    """The choices, layer by layer."""
    return [one for one in below(play) if isinstance(one, widgets.RadioButtons)]


def button(play: BeatTheSolver, words: str) -> widgets.Button:
    """Find a button by its words."""
    found = (one for one in below(play) if isinstance(one, widgets.Button))
    return next(one for one in found if one.description == words)


def text(play: BeatTheSolver) -> str:
    """All that is shown as HTML."""
    return " ".join(one.value for one in below(play) if isinstance(one, widgets.HTML))


def test_choosing_moves_the_sums(play: BeatTheSolver) -> None:
    """By the page and by code alike, and each tells who observes."""
    seen: list[Game] = []
    play.observe(lambda change: seen.append(change["new"]), "game")
    before = text(play)
    radios(play)[1].index = 2
    assert play.game.choice == (0, 2, 0, 0)
    assert text(play) != before
    play.choose(1, 1)
    assert radios(play)[1].index == 1
    assert [game.choice[1] for game in seen] == [2, 1]


def test_the_proof_comes_when_it_is_asked_for(play: BeatTheSolver) -> None:
    """Then the optimum's blocks can be taken."""
    assert "LP bound" not in text(play)
    button(play, "Show the optimum").click()
    assert "LP bound" in text(play)
    assert "No rank" in text(play)
    button(play, "Take the optimum").click()
    assert play.game.score == pytest.approx(play.game.deal.solution.score)
    assert "met the solver" in text(play)
    assert [one.index for one in radios(play)] == list(play.game.choice)


def test_a_hint_goes_with_the_next_choice(play: BeatTheSolver) -> None:
    """It was about the choice before."""
    button(play, "Hint").click()
    assert "Look at layer" in text(play)
    play.choose(0, 2)
    assert "Look at layer" not in text(play)


def test_a_new_deal_has_other_blocks(play: BeatTheSolver) -> None:
    """By the button the next number, by the field any; widgets of the old one are closed."""
    first, old = play.game.deal.problem, radios(play)
    button(play, "New deal").click()
    assert play.game.deal.number == 1
    assert play.game.deal.problem != first
    assert all(one.comm is None for one in old)
    number = next(one for one in below(play) if isinstance(one, widgets.BoundedIntText))
    assert number.value == 1
    number.value = 0
    assert play.game.deal.problem == first
    assert len(radios(play)) == 4


def test_begin_again_goes_back_to_the_parent(play: BeatTheSolver) -> None:
    """The best so far stays."""
    for place in range(4):
        play.choose(place, 2)
    assert play.game.best is not None
    button(play, "Begin again").click()
    assert play.game.choice == (0, 0, 0, 0)
    assert "your best within the budgets" in text(play)


def test_what_goes_wrong_is_said(play: BeatTheSolver, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the panel, not in a log."""

    def refuse(_game: Game) -> Game:
        raise pw.ProblemError("Not <now>.")

    monkeypatch.setattr("puzzle_widgets.workshop.game.begin_again", refuse)
    button(play, "Begin again").click()
    assert "Not &lt;now&gt;." in text(play)


def test_both_ways_at_once_are_refused() -> None:
    """A score is either summed down or up."""
    with pytest.raises(pw.ProblemError, match="not both"):
        pw.BeatTheSolver("stdlib-2m-measured", minimize="a", maximize="b")
