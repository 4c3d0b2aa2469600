"""Rules of many layers on the published library: proven, the same as was found in other ways."""

from __future__ import annotations

import time

import pytest

import puzzle_widgets as pw
from tests.support.libraries import RUNTIME, published_folder

KL = "metrics.kl_div"


def problem(share: int, names: str) -> pw.SearchProblem:
    """The published library within a share of the parent's runtime, under rules."""
    library = pw.load_library(published_folder())
    layers = [layer.name for layer in library.layers]
    ranges = [(layers[at], layers[at + 9]) for at in range(0, 80, 10)]
    rules = {
        "1 in a row": [pw.rules.attention_free_in_a_row(library, 1)],
        "2 in a row": [pw.rules.attention_free_in_a_row(library, 2)],
        "4 in a row": [pw.rules.attention_free_in_a_row(library, 4)],
        "ranges": [pw.rules.same_ffn(library, *ends) for ends in ranges],
        "4 blocks": [pw.rules.few_blocks(library, 4)],
        "2 FFNs": [pw.rules.few_blocks(library, 2, part="ffn")],
    }
    wanted = [rule for name in names.split(", ") for rule in rules[name]]
    return pw.SearchProblem(library, minimize=KL, budgets={RUNTIME: f"{share} %"}, rules=wanted)


@pytest.mark.published
@pytest.mark.parametrize(
    ("names", "share", "score"),
    [
        ("1 in a row", 80, 5.044737025571521),
        ("2 in a row", 60, 11.650813860498602),
        ("4 in a row", 40, 19.250045182328904),
        ("ranges", 40, 19.469286332532647),
        ("ranges", 60, 10.97634735435713),
    ],
)
def test_known_optima(names: str, share: int, score: float) -> None:
    """As proven with a row for every window, or by branching over kinds, which takes longer."""
    found = pw.search(problem(share, names))
    assert (found.status, found.gap) == ("optimal", 0)
    assert found.score == pytest.approx(score, rel=1e-12)


@pytest.mark.published
@pytest.mark.parametrize(
    ("names", "share"),
    [
        ("1 in a row", 40),
        ("2 in a row, ranges", 40),
        ("2 in a row, 2 FFNs", 60),
        ("1 in a row, 4 blocks", 80),
        ("4 blocks, ranges", 50),
    ],
)
def test_what_left_a_gap_is_proven(names: str, share: int) -> None:
    """Within ten seconds of CPU time, with a wide margin."""
    ruled = problem(share, names)
    begin = time.process_time()
    found = pw.search(ruled)
    assert time.process_time() - begin < 10
    assert (found.status, found.gap) == ("optimal", 0)
    assert pw.evaluate(ruled, found).reason == ""
