"""Objective, targets, rules and what is refused."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

LIBRARY = make_library([[(0, 10, 60), (1, 6, 40)], [(0, 20, 40), (2, 5, 10)]])
NO_TOKENS = make_library([[(0, 1, 1)]], measurement=pw.Measurement(batch_size=2))
NO_RUNTIME = make_library([[(0, 1)]], keys=[LOSS, MEMORY])


def problem(library: pw.BlockLibrary = LIBRARY, **rules: Any) -> pw.SearchProblem:
    """Minimize the loss of the small library."""
    return pw.SearchProblem(library, minimize=LOSS, **rules)


def test_objective_may_be_any_key_either_way() -> None:
    """Scores and costs can be minimized and maximized."""
    assert (problem().objective, problem().goal, problem().sign) == (LOSS, "minimize", 1)
    most = pw.SearchProblem(LIBRARY, maximize=MEMORY)
    assert (most.objective, most.goal, most.sign) == (MEMORY, "maximize", -1)


def differing(layer: Any, layers: Any) -> pw.Difference:
    """Make a rule, sensible or not."""
    return pw.Difference(FrozenMapping({layer: "v0"}), layers)


@pytest.mark.parametrize("goals", [{}, {"minimize": LOSS, "maximize": MEMORY}])
def test_exactly_one_objective(goals: dict[str, Any]) -> None:
    """Neither and both are refused, with an example that would do."""
    with pytest.raises(pw.ProblemError, match=r"such as minimize='metrics\.loss'"):
        pw.SearchProblem(LIBRARY, **goals)


def test_throughput_and_latency_become_runtime_budgets() -> None:
    """100 tokens at 2,000 tokens/s are 50 ms; the tightest of all runtime limits holds."""
    assert problem(throughput=2000).budgets == {RUNTIME: pw.Budget(RUNTIME, upper=50.0)}
    assert problem(latency_ms=45).budgets == {RUNTIME: pw.Budget(RUNTIME, upper=45.0)}
    assert problem(latency_ms="50 %").budgets[RUNTIME].upper == 50.0  # of the parent's 100 ms
    both = problem(throughput=2000, latency_ms=70, budgets={RUNTIME: (30, 60)})
    assert both.budgets[RUNTIME] == pw.Budget(RUNTIME, 30, 50)
    assert problem(throughput=1000, latency_ms=70).budgets[RUNTIME].upper == 70


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"throughput": None, "latency_ms": None},
        {"throughput": math.inf, "latency_ms": math.inf},
        {"budgets": {MEMORY: None, RUNTIME: (None, math.inf)}},
        {"fixed": None, "banned": None},
    ],
)
def test_no_limit_leaves_no_budget(rules: dict[str, Any]) -> None:
    """``None`` and infinity are no limits."""
    assert problem(**rules).budgets == {}
    assert problem(**rules) == problem()


@pytest.mark.parametrize(
    ("library", "rules", "words"),
    [
        (LIBRARY, {"throughput": 0}, "Throughput 0: give tokens/s above 0"),
        (LIBRARY, {"throughput": -math.inf}, "Throughput -inf"),
        (LIBRARY, {"throughput": math.nan}, "Throughput nan"),
        (LIBRARY, {"throughput": "fast"}, "Throughput 'fast'"),
        (LIBRARY, {"throughput": True}, "Throughput True"),
        (LIBRARY, {"latency_ms": "soon"}, "'soon' is not a limit"),
        (LIBRARY, {"latency_ms": math.nan}, "nan is not a limit"),
        (NO_TOKENS, {"throughput": 5}, r"needs batch size and sequence length.*measurement="),
        (NO_RUNTIME, {"throughput": 5}, r"'stats\.runtime_ms'.*It has metrics\.loss"),
        (NO_RUNTIME, {"latency_ms": 5}, r"'stats\.runtime_ms'"),
        (LIBRARY, {"budgets": {"stats.disk": 5}}, r"'stats\.disk': small has no such"),
        (LIBRARY, {"budgets": {MEMORY: (9, 3)}}, "is above"),
        (LIBRARY, {"fixed": {7: "v0"}}, "fixed: no layer 7 in small: its layers run from 0 to"),
        (LIBRARY, {"fixed": {"layer_0": "v0"}}, "fixed: no layer 'layer_0'"),
        (LIBRARY, {"fixed": {0: "v9"}}, "0 has no variant 'v9'. It has 'v0', 'v1', 'parent'"),
        (LIBRARY, {"fixed": {0: 3}}, "layer 0 has no variant 3"),
        (LIBRARY, {"fixed": {0: "v0", "0": "v1"}}, "fixed: layer 0 is given two variants"),
        (LIBRARY, {"banned": {7: ["v0"]}}, "banned: no layer 7"),
        (LIBRARY, {"banned": {0: ["v9"]}}, "banned: layer 0 has no variant 'v9'"),
        (LIBRARY, {"banned": {0: "v0"}}, "give a list of variants, not 'v0'"),
        (LIBRARY, {"differences": [differing(9, 1)]}, "no layer 9"),
        (LIBRARY, {"differences": [differing(0, -1)]}, "from 0 on"),
        (LIBRARY, {"differences": [differing(0, 1.5)]}, "from 0 on"),
        (LIBRARY, {"differences": [differing(0, layers=True)]}, "from 0 on"),
    ],
)
def test_what_makes_no_sense_is_refused(
    library: pw.BlockLibrary, rules: dict[str, Any], words: str
) -> None:
    """Unknown keys, layers and variants and senseless targets are named."""
    with pytest.raises(pw.ProblemError, match=words):
        problem(library, **rules)


def test_an_unknown_objective_is_refused() -> None:
    """The keys that there are get listed."""
    with pytest.raises(pw.ProblemError, match=r"objective on 'metrics\.x'.*metrics\.loss"):
        pw.SearchProblem(LIBRARY, minimize="metrics.x")


def test_one_budget_can_be_changed() -> None:
    """``with_budget`` sets, replaces and lifts one budget and leaves the rest alone."""
    start = problem(budgets={MEMORY: 20}, fixed={0: "v1"})
    tighter = start.with_budget(MEMORY, upper=15)
    assert tighter == problem(budgets={MEMORY: 15}, fixed={0: "v1"})
    assert tighter.with_budget(MEMORY) == problem(fixed={0: "v1"})
    assert start.with_budget(RUNTIME, 5, 50).budgets[RUNTIME] == pw.Budget(RUNTIME, 5, 50)
    assert start == problem(budgets={MEMORY: 20}, fixed={0: "v1"})
    with pytest.raises(pw.ProblemError, match=r"'stats\.disk'"):
        start.with_budget("stats.disk", upper=1)
    with pytest.raises(pw.ProblemError, match="nan is not a limit"):
        start.with_budget(MEMORY, upper=math.nan)


def test_a_budget_is_changed_by_shares_too() -> None:
    """In every form that a budget can be stated in; the parent's memory is 30."""
    start = problem(budgets={MEMORY: 20})
    for half in ("50 %", "50%", pw.Share(0.5), 15):
        assert start.with_budget(MEMORY, upper=half) == problem(budgets={MEMORY: 15})
    assert start.with_budget(MEMORY, lower="10 %", upper="50 %").budgets[MEMORY].lower == 3
    for wrong in ("half", True):
        with pytest.raises(pw.ProblemError, match="is not a limit"):
            start.with_budget(MEMORY, upper=wrong)


def test_rules_take_the_words_of_tables_and_command_line() -> None:
    """A block by its name, its label or ``parent``; a layer by its name as text, too."""
    library = pw.load_library("stdlib-2m-measured")
    parent, other = library.layer(0).parent_variant, library.layer(0).variants[1]
    asked = pw.SearchProblem(library, minimize="metrics.kl_div", fixed={0: parent.name})
    words: tuple[dict[Any, str], ...]
    words = ({0: "parent"}, {0: " Parent"}, {"0": parent.label}, {np.int64(0): "parent"})
    for fixed in words:
        assert pw.SearchProblem(library, minimize="metrics.kl_div", fixed=fixed) == asked
    banned: dict[Any, list[str]] = {0: [parent.label, other.name], "0": ["parent"]}
    found = pw.SearchProblem(library, minimize="metrics.kl_div", banned=banned)
    assert found.banned == {0: {parent.name, other.name}}
    assert found.with_banned({"1": ["parent"]}).banned[1] == {library.layer(1).parent}
    assert found.with_fixed({"1": "parent"}).fixed == {1: library.layer(1).parent}
    differing = found.with_difference(dict.fromkeys(range(8), "parent"), 2)
    assert differing.differences[0].architecture == library.parent_architecture


def test_a_variant_called_parent_is_that_variant() -> None:
    """Names go before words."""
    library = make_library([[(0, 1, 1), (1, 1, 1)]])
    layer = library.layers[0]
    named = replace(layer, variants=(layer.variants[0], replace(layer.variants[1], name="parent")))
    changed = replace(library, layers=(named,))
    assert problem(changed, fixed={0: "parent"}).fixed == {0: "parent"}
    assert named.parent != "parent"


def test_an_unknown_block_is_answered_with_those_there_are() -> None:
    """The likeliest first, and how many more."""
    library = pw.load_library("llama-3.3-70b-modeled")
    with pytest.raises(pw.ProblemError) as caught:
        pw.SearchProblem(
            library, minimize="metrics.kl_div", fixed={3: "4 KV heads, FFN width 7168"}
        )
    assert str(caught.value).startswith(
        "fixed: layer 3 has no variant '4 KV heads, FFN width 7168'. "
        "It has '4 KV heads, FFN width 7,168', "
    )
    assert str(caught.value).endswith(" and 49 more.")


@pytest.mark.parametrize(
    "ask",
    [
        pw.search,
        pw.parent_solution,
        lambda given: pw.search_diverse(given, 2, 1),
        lambda given: pw.pareto_front(given, MEMORY),
        pw.budget_surface,
        pw.decision_map,
        lambda given: pw.full_front(given, MEMORY),
    ],
)
def test_a_library_alone_asks_for_nothing(ask: Any) -> None:
    """Every search says what it takes, and how that is made of a library."""
    with pytest.raises(
        pw.ProblemError, match=r"BlockLibrary is not a SearchProblem.*\(library, min"
    ):
        ask(LIBRARY)
    with pytest.raises(pw.ProblemError, match="'small' is not a block library"):
        pw.SearchProblem("small", minimize=LOSS)  # type: ignore[arg-type]


def test_equal_problems_are_equal_and_can_be_pickled() -> None:
    """Equality, hash and pickle go by content."""
    rules: dict[str, Any] = {
        "budgets": {MEMORY: "50 %"},
        "banned": {0: ["v1"]},
        "differences": [pw.Difference({0: "v0"}, np.int64(1))],  # type: ignore[arg-type]
    }
    one, two = problem(**rules), problem(**rules)
    assert one == two
    assert hash(one) == hash(two)
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301
    assert one != problem(budgets={MEMORY: "50 %"})
    assert one != pw.SearchProblem(LIBRARY, maximize=LOSS, **rules)


def test_throughput_takes_a_share_of_the_parents() -> None:
    """150 % of the parent's throughput is two thirds of its runtime; other words are refused."""
    library = pw.load_library("llama-3.3-70b-modeled")
    asked = pw.SearchProblem(library, minimize="metrics.kl_div", throughput="150 %")
    parent = library.parent_totals["stats.runtime_ms"]
    assert asked.budgets["stats.runtime_ms"].upper == pytest.approx(parent / 1.5)
    same = pw.SearchProblem(library, minimize="metrics.kl_div", throughput=pw.Share(1.5))
    assert same.budgets == asked.budgets
    for wrong in ("fast", "0 %", -1):
        with pytest.raises(pw.ProblemError, match="Throughput"):
            pw.SearchProblem(library, minimize="metrics.kl_div", throughput=wrong)


def test_the_knapsack_is_written_once() -> None:
    """The same arrays at each asking; another budget has its own; none travels in a pickle."""
    start = problem(budgets={MEMORY: 15})
    assert start.mckp is start.mckp
    tighter = start.with_budget(MEMORY, upper=14)
    assert tighter.mckp is not start.mckp
    assert tighter.mckp.upper[0] < start.mckp.upper[0]
    assert "mckp" not in pickle.loads(pickle.dumps(start)).__dict__  # noqa: S301
