"""Reports: complete, self-contained, escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest
from markupsafe import escape

import puzzle_widgets as pw
from puzzle_widgets.export import report
from puzzle_widgets.library import FrozenMapping, SubBlock
from puzzle_widgets.library.json_forms import library_digest
from tests.support.export import NO_OP, PARENT, chosen, export_library
from tests.support.libraries import LOSS, MEMORY, RUNTIME
from tests.support.two_libraries import best, small, without

SMALL = (SubBlock("sized", 4), SubBlock("sized", 1024))
NASTY = "<script>alert('x')</script> & \"q\""


class Reader(HTMLParser):
    """Notes tags, addresses and the words of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and what it would load."""
        self.tags.append(tag)
        loads = ("src", "href", "srcset", "data", "action", "xlink:href")
        self.addresses += [str(value) for name, value in attrs if name in loads]
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        """Note words."""
        self.words += data


def kept(*choices: Sequence[int], name: str = "kept") -> list[pw.Scenario]:
    """Scenarios of one library by the places of their variants."""
    library = export_library(SMALL, (NO_OP, NO_OP))
    return [pw.Scenario(f"{name} {n}", chosen(library, one)) for n, one in enumerate(choices)]


def test_nothing_is_loaded_and_nothing_runs() -> None:
    """No script, no address, and a policy that forbids both."""
    page = report(kept([0, 1, 2, 0], [1] * 4))
    reader = Reader(page)
    assert "script" not in reader.tags
    assert reader.addresses == []
    assert "default-src 'none'" in page
    assert page.count("<svg") == 4
    assert "url(" not in page
    assert "@import" not in page


def test_names_are_escaped() -> None:
    """Names of scenario, library, layer and variant are words, never markup."""
    (one,) = kept([0, 1, 2, 0], name=NASTY)
    solution = one.solution
    library = replace(
        solution.library,
        name=NASTY,
        provenance=pw.Provenance("measured", NASTY, NASTY),
        layers=tuple(
            replace(
                layer,
                name=f"{NASTY}{layer.name}",
                variants=tuple(
                    replace(v, name=f"{NASTY}{n}") for n, v in enumerate(layer.variants)
                ),
                parent=f"{NASTY}0",
            )
            for layer in solution.library.layers
        ),
    )
    found = pw.search(
        pw.SearchProblem(library, minimize="metrics.kl_div", budgets={"stats.memory_mib": 397})
    )
    page = report([pw.Scenario(NASTY, found), pw.Scenario(f"{NASTY}2", found)])
    reader = Reader(page)
    assert "script" not in reader.tags
    assert reader.words.count(NASTY) > 10


def test_proof_travels_along() -> None:
    """Status, bound and gap are said, and what is not proven stands out."""
    (proven,) = kept([1] * 4)
    words = Reader(report([proven])).words
    assert "Optimal, proven: summed KL divergence 4.000000, bound 4.000000, gap 0 %" in words
    assert "4 layers fixed" in words
    open_one = replace(proven, solution=replace(proven.solution, status="feasible", bound=3.0))
    page = report([open_one])
    assert "Feasible, not proven optimal" in page
    assert "gap 25 %" in page
    assert "class='state warn'" in page


def test_figures_come_from_the_library() -> None:
    """Totals with the non-block costs, their share of the parent, each layer."""
    (one,) = kept([0, 1, 2, 0])
    library = replace(
        one.solution.library, non_block_costs=FrozenMapping({"stats.memory_mib": 7.0})
    )
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", fixed=one.solution.problem.fixed)
    words = Reader(report([pw.Scenario("x", pw.search(problem))], made=date(2026, 1, 2))).words
    assert "Made on 2026-01-02" in words
    assert "Memory 7 MiB" in words
    assert "404" in words
    assert "99.3 %" in words
    assert "4 KV heads, FFN width 1,024" in words
    assert "batch size 2, sequence length 50" in words
    assert "Throughput is batch size x sequence length / summed runtime" in words


def test_comparisons() -> None:
    """Several scenarios are compared in a table and counted by the layers that differ."""
    reader = Reader(report(kept([0, 1, 2, 0], [1] * 4, [0] * 4)))
    assert "Comparison" in reader.words
    assert "Layers that differ" in reader.words
    assert "3 architectures of small" in reader.words


def test_the_front_is_drawn() -> None:
    """With how far it is searched and proven."""
    scenarios = kept([0, 1, 2, 0])
    problem = pw.SearchProblem(scenarios[0].solution.library, minimize="metrics.kl_div")
    front = pw.pareto_front(problem, "stats.memory_mib", 4)
    words = Reader(report(scenarios, front)).words
    assert f"{len(front.solutions)} points, {len(front.solutions)} proven optimal" in words
    assert "4 of 4 searches done" in words


def test_infeasible_scenarios_say_why() -> None:
    """A scenario without an architecture has its reason, and no picture."""
    problem = pw.SearchProblem(
        export_library(), minimize="metrics.kl_div", budgets={"stats.memory_mib": 1}
    )
    page = report([pw.Scenario("none", pw.search(problem))])
    assert "Infeasible." in page
    assert "<svg" not in page


def test_notes_of_an_answer_stand_under_its_proof() -> None:
    """What to know before trusting it, escaped; a warning makes it no plain success."""
    library = export_library((PARENT[0], NO_OP))
    parent, empty = (chosen(library, [place] * 4) for place in (0, 1))
    for found in (parent, empty):
        page = report(found)
        assert found.notes
        assert all(str(escape(said.text)) in page for said in found.notes)
        assert ("state warn" in page) == found.warned == (found is empty)


def test_layers_that_do_not_match_are_refused() -> None:
    """Naming the scenario, its library and what differs; none at all cannot be reported."""
    short = chosen(export_library(layers=3), [0] * 3)
    with pytest.raises(pw.ExportError, match=r"'b' of small .* 4 layers against 3"):
        report([*kept([0] * 4), pw.Scenario("b", short)])
    with pytest.raises(pw.ExportError, match="needs a scenario"):
        report([])


def test_two_libraries_of_one_parent_stand_side_by_side() -> None:
    """Both hashes and measurements, a parent each, differences, and each on the other's."""
    h100, h200 = small(), small("NVIDIA H200", 0.5)
    bare = without(small("NVIDIA B200"), MEMORY)
    one, two = pw.Scenario("one", best(h100, 6.0)), pw.Scenario("two", best(h200, 2.6))
    words = Reader(report([one, two])).words
    for library in (h100, h200):
        assert library_digest(library) in words
    assert "NVIDIA H200, fp8, batch size 2, sequence length 50" in words
    assert "H100 against H200" in words
    assert "Each architecture on the other library" in words
    assert words.count("Library: H") == 2
    page = report([one, pw.Scenario("bare", best(bare, 6.0))])
    assert "Memory: not known of small" in Reader(page).words
    assert "<td>\N{EN DASH}</td>" in page
    assert "Each architecture on" not in report([one])


def test_a_front_shows_the_scenarios_of_its_own_library() -> None:
    """Those of another GPU have no place on its axes."""
    h100, h200 = small(), small("NVIDIA H200", 0.5)
    front = pw.pareto_front(pw.SearchProblem(h100, minimize=LOSS), RUNTIME, 5)
    both = [pw.Scenario("mine", best(h100, 6.0)), pw.Scenario("theirs", best(h200, 2.6))]
    drawn = report(both, front).partition("<h2>Pareto front</h2>")[2].partition("<details>")[0]
    assert "Scenario: mine" in drawn
    assert "theirs" not in drawn


def test_whatever_holds_architectures_is_reported() -> None:
    """A solution or a scenario alone, and sequences of either; what has no name gets one."""
    one, two = kept([0] * 4, [1] * 4)
    assert "<h2>solution</h2>" in report(one.solution)
    assert report([one.solution]) == report(one.solution)
    assert f"<h2>{one.name}</h2>" in report(one)
    assert report(one) == report((one,))
    several = report([one.solution, two])
    assert "<h2>solution 1</h2>" in several
    assert f"<h2>{two.name}</h2>" in several
    for wrong in (None, "solution", [one, "x"], 3):
        with pytest.raises(pw.ExportError, match="Give a Solution, a Scenario, or a list"):
            report(wrong)  # type: ignore[arg-type]
