"""The explain command."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.conftest import Ran

Run = Callable[..., Ran]
LIMITED = ("--max", "stats.memory_mib=16")


def strict(text: str) -> Any:
    """JSON without NaN."""

    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_says_what_holds_the_score_back(run: Run, library: str) -> None:
    """The budget, its next steps both ways, in sentences."""
    ran = run("explain", library, *LIMITED)
    assert ran.code == 0
    said = " ".join(ran.out.split())
    assert "Memory ≤ 16 MiB holds the score back: 16 MiB (100 %), 0 MiB to spare." in said
    assert (
        "Memory: 4 MiB more, a limit of 20 MiB, lowers the summed KL divergence by 1: layer 0: FFN "
        "from width 50 to width 100."
    ) in said
    assert "a limit just below 16 MiB raises the summed KL divergence by 2" in said


def test_each_option_adds_a_part(run: Run, library: str) -> None:
    """Costs of blocks, sensitivity, alternatives and baselines, with their tables."""
    options = ("--costs-of-blocks", "--sensitivity", "--samples", "20", "--alternatives", "0.5")
    ran = run("explain", library, *LIMITED, *options, "--few-blocks", "1", "--baselines")
    said = " ".join(ran.out.split())
    assert ran.code == 0
    assert "All 6 inclusion costs are proven" in said
    assert "(20 samples, seed 0)" in said
    assert "Within 50 % of the optimum" in said
    assert "The best of at most 1 distinct blocks has a summed KL divergence of 3" in said
    assert "Greedy: a summed KL divergence of" in said
    assert "Best homogeneous: a summed KL divergence of 3" in said


def test_json_is_strict_and_has_every_row(run: Run, library: str) -> None:
    """Infinite costs are null."""
    options = ("--costs-of-blocks", "--baselines", "--format", "json")
    ran = run("explain", library, *LIMITED, "--fix", "1=full", *options)
    found = strict(ran.out)
    assert found["status"] == "optimal"
    rows = {(row["layer"], row["variant"]): row for row in found["costs_of_blocks"]["rows"]}
    assert rows[0, "half"]["cost"] == 0
    assert rows[1, "half"]["cost"] is None
    assert rows[1, "half"]["reason"] == "layer 1 is fixed to another block"
    assert found["baselines"]["rows"][0]["baseline"] == "search"
    assert found["explanation"]["rows"][0]["resource"] == "stats.memory_mib"


def test_csv_holds_one_table(run: Run, library: str) -> None:
    """That of the option, or of the budgets; two are refused."""
    ran = run("explain", library, *LIMITED, "--costs-of-blocks", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [row["variant"] for row in rows if row["chosen"] == "True"] == ["half", "full"]
    budgets = run("explain", library, *LIMITED, "--format", "csv")
    assert "loosened_limit" in budgets.out.splitlines()[0]
    both = run("explain", library, *LIMITED, "--costs-of-blocks", "--baselines", "--format", "csv")
    assert both.code == 1
    assert "CSV holds one table" in both.err


def test_infeasible_leaves_by_two_with_what_would_help(run: Run, library: str) -> None:
    """The conflict and the least changes; what needs an optimum is left out."""
    ran = run("explain", library, "--max", "stats.memory_mib=-1", "--costs-of-blocks")
    assert ran.code == 2
    said = " ".join(ran.out.split())
    assert "This alone cannot be met: Memory ≤ -1 MiB." in said
    assert "Raise the limit on memory to 0 MiB (1 MiB more)." in said
    assert "inclusion costs" not in said


def test_the_seed_is_taken(run: Run, library: str) -> None:
    """And said."""
    ran = run("explain", library, *LIMITED, "--sensitivity", "0.2", "--samples", "5", "--seed", "7")
    assert "With 20 % noise" in " ".join(ran.out.split())
    assert "seed 7" in " ".join(ran.out.split())
    assert run("explain", library, "--sensitivity", "-1").code == 1


def test_a_bootstrap_is_asked_for_by_its_word(run: Run) -> None:
    """Where the library has scores by sample; refused elsewhere, and so are other words."""
    asked = ("--max", "stats.memory_mib=41", "--samples", "20", "--sensitivity")
    ran = run("explain", "stdlib-2m-measured", *asked, "bootstrap")
    assert ran.code == 0
    assert "a bootstrap over 32 samples" in " ".join(ran.out.split())
    ran = run("explain", "llama-3.3-70b-modeled", "--sensitivity", "bootstrap")
    assert ran.code == 1
    assert "comes with no scores by sample" in " ".join(ran.err.split())
    assert run("explain", "stdlib-2m-measured", *asked, "boot").code != 0
