"""The benchmarks run, hold every answer against ours, and write their tables."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import comm
import numpy as np
import pytest

from puzzle_widgets.problem.mckp import IntArray
from puzzle_widgets.search.mip import available_solvers
from tests.benchmarks import compare, report, tick
from tests.benchmarks.app_speed import import_rows
from tests.benchmarks.growth import measure_growth
from tests.benchmarks.instances import (
    COSTS,
    OWN,
    SHARED,
    Family,
    Instance,
    by_shares,
    families,
    random_published_like,
)
from tests.benchmarks.peak import measure_peaks
from tests.benchmarks.peers import PEERS, Answer, Found, Peer, Program, Terms, installed_peers
from tests.benchmarks.race import OURS, Course, DisagreementError, Effort, check, ours, race
from tests.benchmarks.workers import Workers


@pytest.fixture
def small() -> Instance:
    """A search of 6 layers, 9 variants and three budgets."""
    library = random_published_like(6, 3, 3)
    return by_shares("small", library, dict.fromkeys(COSTS, 0.6))


@pytest.fixture
def peer() -> Peer:
    """A peer that is never asked."""

    def state(_program: Program, _terms: Terms) -> Callable[[], Found]:
        raise NotImplementedError

    return Peer("peer", "numpy", 1e-3, state)


def answer(choice: IntArray | None, *, proven: bool = True) -> Answer:
    """An answer that took no time."""
    return Answer(choice, 0.0, 0.0, proven)


def worse_choice(instance: Instance) -> IntArray:
    """A choice within the budgets that is far from the best: no layer has any block."""
    return np.asarray(instance.mckp.starts[1:] - 1, dtype=np.intp)


@pytest.mark.slow
def test_race_runs_everyone_and_makes_a_table(small: Instance) -> None:
    """Each peer that is here solves the search, agrees with ours, and stands in the table."""
    peers = installed_peers()
    with Workers() as workers:
        lines = race(Family("Small", (small,)), Course(peers, workers, Effort(2, limit=20.0)))
    assert [line.solver for line in lines] == [OURS, *(peer.name for peer in peers)]
    assert all(line.slowest >= line.median > line.build >= 0 for line in lines)
    assert not any(line.unproven for line in lines)
    table = report.race_table("Small", lines)
    assert all(f"| {line.solver} |" in table for line in lines)


def test_pulp_is_always_a_peer() -> None:
    """PuLP's two solvers come with the package, so something is always compared."""
    names = {peer.name for peer in installed_peers()}
    assert "PuLP + HiGHS, gap 0" in names
    assert ("PuLP + CBC, gap 0" in names) == (
        {"PULP_CBC_CMD", "COIN_CMD"} & set(available_solvers()) != set()
    )


def test_published_demo_is_met_at_its_default_gap() -> None:
    """Python-mip runs with the gap that it has by default, and only it and Gurobi have any."""
    assert {peer.name: peer.gap for peer in PEERS if peer.gap} == {
        "python-mip + CBC, its default gap 1e-4": 1e-4,
        "Gurobi, its default gap 1e-4": 1e-4,
    }


def test_large_models_are_beyond_the_free_license() -> None:
    """Gurobi is asked only where its restricted license allows the size."""
    gurobi = next(peer for peer in PEERS if peer.package == "gurobipy")
    small, large = (
        by_shares("", random_published_like(layers), dict.fromkeys(COSTS, 0.6)).program
        for layers in (30, 40)
    )
    assert gurobi.fits(small)
    assert not gurobi.fits(large)


def test_equal_answers_agree(small: Instance, peer: Peer) -> None:
    """Ours, and the same from a peer, raise nothing."""
    mine = ours(small)
    assert mine.proven
    check(small, mine, answer(mine.choice), peer)


def test_better_answer_of_a_peer_is_caught(small: Instance, peer: Peer) -> None:
    """Ours may not be worse than a peer's."""
    with pytest.raises(DisagreementError, match="better than ours"):
        check(small, answer(worse_choice(small)), ours(small), peer)


def test_wrong_proof_of_a_peer_is_caught(small: Instance, peer: Peer) -> None:
    """A peer may not call optimal what is worse than ours by more than its gap."""
    with pytest.raises(DisagreementError, match="calls"):
        check(small, ours(small), answer(worse_choice(small)), peer)
    check(small, ours(small), answer(worse_choice(small), proven=False), peer)


def test_answer_beyond_a_budget_is_no_better(small: Instance, peer: Peer) -> None:
    """A peer's answer that breaks a budget does not count, and ours may not break one."""
    parent = np.asarray(small.mckp.starts[:-1], dtype=np.intp)
    check(small, ours(small), answer(parent), peer)
    with pytest.raises(DisagreementError, match="within the budgets"):
        check(small, answer(parent), ours(small), peer)


def test_unproven_answer_of_ours_is_caught(small: Instance, peer: Peer) -> None:
    """Ours must be there and proven."""
    mine = ours(small)
    for bad in (answer(None), answer(mine.choice, proven=False)):
        with pytest.raises(DisagreementError, match="no proven answer"):
            check(small, bad, mine, peer)


@pytest.mark.parametrize(("kind", "different"), [(SHARED, False), (OWN, True)])
def test_random_libraries_have_the_traits_they_claim(kind: str, different: bool) -> None:  # noqa: FBT001
    """Costs are the same in all layers or not; the parent costs most and loses nothing."""
    library = random_published_like(5, 3, 4, seed=2, kind=kind, more_costs=1)
    columns = {key: library.column(key).reshape(5, 12) for key in library.keys}
    assert columns.pop("metrics.loss")[:, 0].tolist() == [0.0] * 5
    assert len(columns) == 4
    assert all(bool(np.ptp(costs, axis=0).max()) is different for costs in columns.values())


def test_families_keep_their_sizes() -> None:
    """The random families are those that the documentation names."""
    sizes = {
        (len(i.problem.library.layers), len(i.problem.library.layers[0].variants))
        for family in families(quick=True)
        for i in family.instances
    }
    assert {(80, 54), (32, 100)} <= sizes <= {(80, 16), (80, 54), (32, 100)}


def test_figures_replace_only_their_own(tmp_path: Path) -> None:
    """New figures take the place of the old; the text around and other figures stay."""
    file = tmp_path / "page.md"
    file.write_text("Words before.\n", encoding="utf-8")
    for name, figures in [("search", "one"), ("app", "two"), ("search", "three")]:
        report.put_into(file, figures, name)
    text = file.read_text(encoding="utf-8")
    assert text.startswith("Words before.\n")
    assert "one" not in text
    assert text.index("three") < text.index("two")


def test_growth_covers_layers_variants_and_budgets() -> None:
    """Each of the three grows while the others stay."""
    grown = list(measure_growth(quick=True))
    assert [(g.layers, g.variants, g.budgets) for g in grown] == [
        (20, 54, 3),
        (80, 54, 3),
        (80, 9, 3),
        (80, 54, 3),
        (80, 54, 1),
        (80, 54, 3),
    ]
    assert all(0 < g.median <= g.slowest for g in grown)


@pytest.mark.slow
def test_memory_of_a_search_stays_small() -> None:
    """Also a search that time ends, with many states and open nodes, adds less than 200 MiB."""
    peaks = {peak.case: peak for peak in measure_peaks()}
    assert peaks["published-like own 200x300, 5 budgets"].status == "feasible"
    assert all(0 < peak.added < 200 for peak in peaks.values())


def test_command_prints_and_writes_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The script's options choose the parts; the file gets what is printed."""
    file = tmp_path / "speed.md"
    compare.main(["--quick", "--only", "growth", "--markdown", str(file)])
    printed = capsys.readouterr().out
    assert "python tests/benchmarks/search_speed.py --quick --only growth" in printed
    assert "### How the time grows" in printed
    assert all(line in file.read_text(encoding="utf-8") for line in printed.splitlines())


def test_imports_are_timed() -> None:
    """Both imports have a row, in ms."""
    rows = import_rows(1)
    assert len(rows) == 2
    assert all(row[1].endswith(" ms") for row in rows)


def test_a_tick_is_told_by_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Search, figures, messages and the rest add up to what a tick of the slider takes."""
    monkeypatch.setattr(comm, "create_comm", tick.Line)
    found, by_hand = asyncio.run(tick.measure(2, profile=False))
    words = tick.report(found, by_hand)
    assert all(seconds > 0 for parts in found for seconds in parts.values())
    for part in ("search", "figures", "messages", "state and widgets"):
        assert part in words
