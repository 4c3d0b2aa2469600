"""Answers of two libraries: what compares, what does not, and one summed by the other."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping, LayerName, SubBlock
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution.across import (
    SPEEDUP,
    Pairing,
    carried,
    change_of,
    differing_places,
    elsewhere,
    libraries_of,
    pairing,
    sharing_sums,
    summed_by,
)
from tests.support.export import NO_OP, export_library
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library, scaled_library
from tests.support.two_libraries import best, small, without

H100, H200 = small(), small("NVIDIA H200", 0.5)
ON_H100, ON_H200 = best(H100, 5.0), best(H200, 2.6)


def measured(**fields: object) -> pw.BlockLibrary:
    """The H200's library, measured otherwise."""
    return replace(H200, measurement=replace(H200.measurement, **fields))  # type: ignore[arg-type]


def test_runtimes_of_two_gpus_are_compared_and_labelled() -> None:
    """The same workload on another GPU: a difference, with both GPUs said."""
    change = change_of(ON_H100, ON_H200, RUNTIME)
    assert change.difference == ON_H200.totals[RUNTIME] - ON_H100.totals[RUNTIME]
    assert change.ground.remark == "H100 against H200"
    assert change.words.endswith("ms (H100 against H200)")
    assert change_of(ON_H100, ON_H100, RUNTIME).ground.remark == ""
    assert change_of(ON_H100, ON_H200, MEMORY).ground.remark == ""
    speedup = change_of(ON_H100, ON_H200, SPEEDUP)
    assert speedup.ground.remark == "each over its own parent"


def test_another_workload_is_not_subtracted() -> None:
    """Runtimes of unlike batches are not; throughput is of tokens, and the batches are said."""
    pair = Pairing(H100, measured(batch_size=4))
    assert (
        pair.ground(RUNTIME).obstacle
        == "for batch size 2, 50 tokens and for batch size 4, 50 tokens"
    )
    assert pair.ground(MEMORY).obstacle
    assert pair.ground("throughput").remark == "H100 against H200, batch size 2 against 4"
    longer = Pairing(H100, measured(sequence_length=60))
    assert longer.ground("throughput").obstacle == "for 50 tokens and for 60 tokens"
    unknown = Pairing(measured(batch_size=None), replace(measured(batch_size=None), name="other"))
    assert unknown.ground(RUNTIME).remark == "workload not known"
    assert Pairing(H100, measured(dtype="bf16")).ground(MEMORY).remark == "fp8 against bf16"


def test_a_cost_that_one_lacks_is_missing_and_not_zero() -> None:
    """Of both sides: no total, no difference, and words."""
    bare = best(replace(without(H200, MEMORY), name="bare"), 2.6)
    for change in (change_of(ON_H100, bare, MEMORY), change_of(bare, ON_H100, MEMORY)):
        assert change.difference is None
        assert None in (change.first, change.second)
        assert change.words == "Memory: not compared, not known of bare"


def test_other_units_are_not_subtracted() -> None:
    """MiB and GiB of one key."""
    other = replace(H200, units=FrozenMapping({MEMORY: "GiB"}))
    change = change_of(ON_H100, best(other, 2.6), MEMORY)
    assert change.difference is None
    assert change.ground.obstacle == "given in MiB and in GiB"


def test_summed_scores_are_compared_of_the_same_metric_only() -> None:
    """The same key is; where the same blocks have other scores, that is said."""
    assert change_of(ON_H100, ON_H200, LOSS).ground.remark == ""
    again = scaled_library(H200, LOSS, 2.0)
    ground = Pairing(H100, again).ground(LOSS)
    assert ground.remark == "4 of the same blocks are scored differently"
    other = make_library(
        [[(0, 1, 1), (1, 1, 1)]] * 2, ("metrics.kl_div", MEMORY, RUNTIME), H200.measurement
    )
    assert Pairing(H100, other).ground(LOSS).obstacle == "not known of small"


def test_an_architecture_is_summed_exactly_by_the_other_library() -> None:
    """Of every architecture: the sums are those that adding up by hand gives."""
    for names in product(("v0", "v1", "v2"), repeat=2):
        chosen: dict[LayerName, str] = dict(enumerate(names))
        there = summed_by(pw.evaluate(H100, chosen), H200)
        by_hand = math.fsum(H200.layer(n).variant(v).values[RUNTIME] for n, v in chosen.items())
        assert there.totals[RUNTIME] == by_hand
        assert there.library is H200
        assert pw.evaluate(H200, pw.evaluate(H100, chosen)).totals == there.totals


def test_budgets_of_the_other_problem_are_checked() -> None:
    """The H100's optimum within the H200's limits, or what it breaks."""
    free = SearchProblem(H200, minimize=LOSS)
    assert pw.evaluate(free, ON_H100).reason == ""
    tight = free.with_budget(RUNTIME, upper=1.1)
    scenario = pw.Scenario("best", ON_H100)
    assert pw.evaluate(tight, scenario).reason == "Breaks Runtime ≤ 1.1 ms."


def test_blocks_are_found_by_what_they_are_not_by_name() -> None:
    """Where another library names its variants otherwise, and refused where it has them not."""
    tiny = (SubBlock("sized", 2), SubBlock("sized", 512))
    one = export_library(tiny, (NO_OP, NO_OP))
    layers = tuple(
        replace(
            layer,
            variants=tuple(replace(v, name=f"b{n}") for n, v in enumerate(layer.variants)),
            parent="b0",
        )
        for layer in one.layers
    )
    other = replace(one, layers=layers)
    solution = pw.evaluate(one, {n: layer.variants[1].name for n, layer in enumerate(one.layers)})
    assert set(carried(solution, other).values()) == {"b1"}
    assert differing_places(solution, pw.evaluate(other, dict.fromkeys(range(4), "b1"))) == []
    assert differing_places(solution, pw.evaluate(other, dict.fromkeys(range(4), "b0"))) == [
        0,
        1,
        2,
        3,
    ]
    with pytest.raises(
        pw.ProblemError, match=r"does not have the blocks of layers 0, 1, 2 and 1 more"
    ):
        carried(solution, export_library((NO_OP, NO_OP)))
    with pytest.raises(pw.ProblemError, match=r"4 layers against 3"):
        carried(solution, export_library(tiny, layers=3))


def test_each_architecture_is_told_on_every_other_library() -> None:
    """And where it has no block, why not."""
    few = replace(H200, layers=tuple(replace(la, variants=la.variants[:2]) for la in H200.layers))
    gone = pw.evaluate(H100, {0: "v2", 1: "v0"})
    scenarios = [
        pw.Scenario("kept", pw.evaluate(H100, {0: "v1", 1: "v0"})),
        pw.Scenario("gone", gone),
        pw.Scenario("few", pw.evaluate(few, {0: "v1", 1: "v1"})),
    ]
    found = elsewhere(scenarios)
    assert [(one.name, one.library, one.solution is None) for one in found] == [
        ("kept", few, False),
        ("gone", few, True),
        ("few", H100, False),
    ]
    assert "layers 0 of this" in found[1].reason
    assert libraries_of(scenarios) == [H100, few]


def test_weighted_sums_are_shared_where_the_scores_are_known() -> None:
    """So that a weighted score compares; a library without its terms lacks it."""
    weighted = pw.SearchProblem(H100, minimize={LOSS: 2.0}, layer_weights={1: 3.0})
    one, other = sharing_sums([pw.Scenario("a", pw.search(weighted)), pw.Scenario("b", ON_H200)])
    key = one.solution.problem.objective
    assert other.solution.totals[key] == pytest.approx(
        sum((2, 6)[n] * block.values[LOSS] for n, block in enumerate(ON_H200.blocks))
    )
    assert change_of(one.solution, other.solution, key).difference is not None
    assert sharing_sums([pw.Scenario("b", ON_H200)])[0].solution is ON_H200


def test_pairings_are_remembered() -> None:
    """Tiles ask at every move of a slider."""
    assert pairing(H100, H200) is pairing(H100, H200)
    assert pairing(H100, H200).ground(RUNTIME) is pairing(H100, H200).ground(RUNTIME)
