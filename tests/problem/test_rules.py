"""Rules that deployments ask for: each holds in the optimum, and costs no more than it must."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping, SubBlock
from puzzle_widgets.problem.budget_rows import SearchRule
from tests.support.libraries import LOSS, MEMORY, architectures, keeps, published_folder

NO_OP, LINEAR = SubBlock("no_op"), SubBlock("linear")
ATTENTION = (SubBlock("sized", 8), SubBlock("sized", 2), LINEAR, NO_OP)
FFN = (SubBlock("sized", 64), SubBlock("sized", 32))


def library(seed: int, layers: int = 4) -> pw.BlockLibrary:
    """Layers of four attentions and two FFNs, with random scores and memory."""
    rng = np.random.default_rng(seed)
    kinds = list(itertools.product(ATTENTION, FFN))

    def variant(place: int, attention: SubBlock, ffn: SubBlock) -> pw.BlockVariant:
        figures = {LOSS: float(rng.uniform(0, 9)), MEMORY: float(rng.uniform(1, 9))}
        return pw.BlockVariant(f"v{place}", attention, ffn, FrozenMapping(figures))

    return pw.BlockLibrary(
        "small",
        tuple(
            pw.Layer(n, tuple(variant(p, *kind) for p, kind in enumerate(kinds)), "v0")
            for n in range(layers)
        ),
    )


def blocks(one: pw.BlockLibrary, architecture: dict[int | str, str]) -> list[pw.BlockVariant]:
    """The chosen variants in order."""
    return [layer.variant(architecture[layer.name]) for layer in one.layers]


def longest_run(chosen: list[pw.BlockVariant]) -> int:
    """Most neighboring layers without attention."""
    runs = itertools.groupby(block.attention.kind == "no_op" for block in chosen)
    return max((len(list(run)) for free, run in runs if free), default=0)


Holds = Callable[[list[pw.BlockVariant]], bool]
Make = Callable[[pw.BlockLibrary], SearchRule]
RULES: dict[str, tuple[Make, Holds]] = {
    "ends": (
        lambda one: pw.rules.keep_ends(one, 1),
        lambda chosen: chosen[0].name == "v0" == chosen[-1].name,
    ),
    "linear": (
        pw.rules.no_linear_attention,
        lambda chosen: all(block.attention.kind != "linear" for block in chosen),
    ),
    "heads": (
        lambda one: pw.rules.heads_divisible_by(one, 4),
        lambda chosen: all((block.attention.size or 0) % 4 == 0 for block in chosen),
    ),
    "same": (
        lambda one: pw.rules.same_ffn(one, 1, 3),
        lambda chosen: len({block.ffn for block in chosen[1:4]}) == 1,
    ),
    "same attention": (
        lambda one: pw.rules.same_attention(one, 0, 2),
        lambda chosen: len({block.attention for block in chosen[:3]}) == 1,
    ),
    "in a row": (
        lambda one: pw.rules.attention_free_in_a_row(one, 1),
        lambda chosen: longest_run(chosen) <= 1,
    ),
    "none free": (
        lambda one: pw.rules.attention_free_in_a_row(one, 0),
        lambda chosen: longest_run(chosen) == 0,
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_the_best_that_holds_is_found(name: str) -> None:
    """By trying every architecture of a library with no other rule than the budget."""
    make, holds = RULES[name]
    for seed in range(4):
        one = library(seed)
        problem = pw.SearchProblem(one, minimize=LOSS, budgets={MEMORY: 14})
        best = min(
            (
                one.totals(a)[LOSS]
                for a in architectures(one)
                if keeps(problem, a) and holds(blocks(one, a))
            ),
            default=float("nan"),
        )
        found = pw.search(problem.with_rule(make(one)))
        assert found.found != math.isnan(best)
        if found.found:
            assert found.score == pytest.approx(best)
            assert holds(list(found.blocks))


def test_rules_hold_together() -> None:
    """Given at once, with fixed ones beside them; contradicting ones are refused."""
    one = library(9)
    rules = [make(one) for make, _ in RULES.values()]
    problem = pw.SearchProblem(one, minimize=LOSS, fixed={0: "v0"}, rules=rules[:5])
    found = pw.search(problem)
    assert found.found
    assert all(holds(list(found.blocks)) for _, holds in list(RULES.values())[:5])
    with pytest.raises(pw.ProblemError, match="layer 0 is fixed to two blocks"):
        pw.SearchProblem(one, minimize=LOSS, fixed={0: "v1"}, rules=rules[:1])


def test_a_rule_of_sameness_counts_one() -> None:
    """At most one distinct FFN, or attention, in its layers."""
    one = pw.load_library("stdlib-2m-measured")
    (rule,) = pw.rules.same_ffn(one, 2, 5).distinct
    assert (rule.most, rule.part, rule.layers) == (1, "ffn", (2, 3, 4, 5))
    (rule,) = pw.rules.same_attention(one, "0", "7").distinct
    assert (rule.part, len(rule.layers)) == ("attention", 8)


def test_words_of_few_blocks_say_what_is_counted() -> None:
    """In the singular where it is one."""
    one, few = library(0), pw.rules.few_blocks
    assert few(one, 2).words == "at most 2 distinct blocks"
    assert few(one, 1, part="ffn", layers=(1, 3)).words == "at most 1 distinct FFN in layers 1 to 3"
    assert few(one, 3, layers=(1, 1)).words == "at most 3 distinct blocks in layer 1"


def test_unknown_blocks_are_alike_by_name() -> None:
    """What is not known of an FFN is told by the variant's name."""
    from tests.support.libraries import make_library  # noqa: PLC0415 - of another kind

    rows = np.random.default_rng(0).uniform(0, 9, (4, 3, 3)).tolist()
    one = make_library(rows)
    problem = pw.SearchProblem(one, minimize=LOSS, rules=[pw.rules.same_ffn(one, 0, 3)])
    assert len(set((pw.search(problem).architecture or {}).values())) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda one: pw.rules.keep_ends(one, -1),
        lambda one: pw.rules.heads_divisible_by(one, 0),
        lambda one: pw.rules.attention_free_in_a_row(one, 1.5),  # type: ignore[arg-type]
        lambda one: pw.rules.same_ffn(one, 3, 1),
        lambda one: pw.rules.same_ffn(one, 0, 99),
        lambda one: pw.rules.same_ffn(one, 2, 2),
        lambda one: pw.rules.few_blocks(one, 0),
        lambda one: pw.rules.few_blocks(one, 1, part="mlp"),  # type: ignore[arg-type]
        lambda one: pw.rules.few_blocks(one, 1, layers=(3, 1)),
    ],
)
def test_what_makes_no_sense_is_refused(make: Callable[[pw.BlockLibrary], SearchRule]) -> None:
    """With what to give."""
    with pytest.raises(pw.ProblemError, match=r"give|No layer"):
        make(library(0))


@pytest.mark.published
def test_rules_on_the_published_library() -> None:
    """Optima that a MIP solver agrees with."""
    one = pw.load_library(published_folder())
    budgets = {"stats.runtime_ms": "60 %"}
    problem = pw.SearchProblem(one, minimize="metrics.kl_div", budgets=budgets)
    two = pw.search(problem.with_rule(pw.rules.attention_free_in_a_row(one, 2)))
    assert two.score == pytest.approx(11.650813860, abs=1e-8)
    same = pw.search(problem.with_rule(pw.rules.same_ffn(one, 10, 15)))
    assert same.score == pytest.approx(10.441439288, abs=1e-8)
    assert same.status == "optimal"


def test_rule_prints_what_it_asks_for() -> None:
    """A line of words, however many variants it bans."""
    assert repr(pw.rules.no_linear_attention(library(0))) == "SearchRule('no linear attention')"
