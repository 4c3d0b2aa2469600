"""Tests of the units, shares and slider spans of amounts."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

import puzzle_widgets as pw
from puzzle_widgets.problem.budget_rows import BudgetRange
from puzzle_widgets.widgets.budgets.amounts import Scale, Units, amount, scale_of
from tests.support.libraries import MEMORY, RUNTIME, make_library

PARAMETERS = "stats.num_params"


@pytest.fixture(scope="module")
def library() -> pw.BlockLibrary:
    """Two layers: parent of 4,096 MiB, 2,000 ms, 4 billion parameters."""
    rows = [[0, 2048, 1000, 2e9], [1, 100, 10, 1e9]]
    return make_library([rows, rows], ("metrics.loss", MEMORY, RUNTIME, PARAMETERS))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2000", 2000),
        (" 2,000.5 ", 2000.5),
        ("2 000", 2000),
        ("1e3", 1000),
        ("-3", -3),
        ("2 GiB", 2048),
        ("2gib", 2048),
        ("50 %", 2048),
        (".5 GiB", 512),
        ("12 MiB", 12),
    ],
)
def test_what_a_person_types_is_read(library: pw.BlockLibrary, text: str, value: float) -> None:
    """Numbers with thousands, exponents, units and percent signs become MiB."""
    assert scale_of(library, MEMORY).read(text) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "text", ["", "abc", "80,5", "1,2345", "nan", "inf", "1e999", "5 kg", "- 3", "1.2.3", "٣٣ %%"]
)
def test_what_is_no_amount_is_not_guessed_at(library: pw.BlockLibrary, text: str) -> None:
    """Text, half-written thousands, other units and infinities read as nothing."""
    assert scale_of(library, MEMORY).read(text) is None


def test_shown_unit_is_meant_where_none_is_typed(library: pw.BlockLibrary) -> None:
    """A bare 50 means GiB where GiB are shown, and percent where shares are."""
    assert scale_of(library, MEMORY, Units(gib=True)).read("50") == 50 * 1024
    assert scale_of(library, MEMORY, Units(share=True)).read("50") == 2048
    assert scale_of(library, MEMORY, Units(share=True)).read("50 MiB") == 50


def test_big_counts_are_shown_and_typed_in_billions(library: pw.BlockLibrary) -> None:
    """Parameters read 4 billion, are typed as 3.5, and other sizes may be named."""
    scale = scale_of(library, PARAMETERS)
    assert scale.shown_unit == "billion"
    assert scale.field(4e9) == "4"
    assert scale.read("3.5") == 3.5e9
    assert scale.read("900 million") == 9e8
    assert amount(library, PARAMETERS, 4e9) == "4 billion"


def test_field_rounds_what_was_reckoned_and_keeps_what_was_typed(library: pw.BlockLibrary) -> None:
    """A computed value is cut for reading; the very digits typed come back."""
    scale = scale_of(library, MEMORY)
    assert scale.field(1234.56789) == "1,235"
    assert scale.field(1234.56789, exact=True) == "1,234.56789"
    assert scale.field(1234.5) == "1,234.5"


def test_remark_sets_a_value_against_the_parent(library: pw.BlockLibrary) -> None:
    """The remark gives the share and the parent's total, or the amount where shares are typed."""
    assert scale_of(library, MEMORY).remark(1024) == "25 % of the parent (4,096 MiB)"
    shares = scale_of(library, MEMORY, Units(share=True, gib=True))
    assert shares.remark(1024) == "1 GiB (parent: 4 GiB)"


def test_shares_need_a_parent_that_has_something() -> None:
    """Where the parent's total is 0, the absolute unit stays and no share is named."""
    library = make_library([[[0, 0, 5], [1, 7, 1]]])
    scale = scale_of(library, MEMORY, Units(share=True))
    assert scale.shown_unit == "MiB"
    assert scale.remark(3) == "The parent has 0 MiB"
    assert scale.read("50 %") is None


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (0, 114_968.75),
        (4_700.28, 23_501.4),
        (0, 640),
        (0.3, 0.9),
        (7, 7),
        (0, 0),
        (-5, 5),
        (0, 1e11),
    ],
)
def test_slider_spans_all_in_round_steps(low: float, high: float) -> None:
    """Both ends lie within, the step is 1, 2 or 5 of a power of ten, and steps are few."""
    scale = Scale(
        "MiB", 1.0, BudgetRange(low, high, 1.0), shares=False, own_unit="MiB", whole=False
    )
    span = scale.span()
    steps = (span.high - span.low) / span.step
    digit = span.step / 10 ** math.floor(math.log10(span.step) + 1e-9)
    assert span.low <= low <= high <= span.high
    assert steps == pytest.approx(round(steps), abs=1e-6)
    assert 0.99 < steps <= 402
    assert round(digit, 9) in (1, 2, 5)


def test_slider_of_whole_sums_steps_by_whole_numbers(library: pw.BlockLibrary) -> None:
    """Twelve heads are chosen one by one."""
    scale = scale_of(library, MEMORY)
    small = replace(scale, reach=BudgetRange(0, 12, 12), whole=True)
    assert small.span().step == 1
    assert replace(small, whole=False).span().step < 1


def test_slider_sits_at_its_end_for_values_outside(library: pw.BlockLibrary) -> None:
    """Values outside the span are placed at the nearer end, others at the nearest step."""
    span = scale_of(library, MEMORY).span()
    assert span.place(1e9) == span.high
    assert span.place(-1e9) == span.low
    assert abs(span.place(1234.5) - 1234.5) <= span.step / 2


def test_throughput_without_runtime_still_has_a_span() -> None:
    """A parent of no runtime gives an endless throughput; the slider stays finite."""
    library = make_library([[[0, 1, 0], [1, 1, 0]]])
    span = scale_of(library, "throughput").span()
    assert math.isfinite(span.low)
    assert span.low < span.high < math.inf


def test_other_units_and_multiples_are_read(library: pw.BlockLibrary) -> None:
    """GB are 10^9 bytes, 2x is twice the parent's; bits are no bytes."""
    scale = scale_of(library, MEMORY)
    assert scale.read("80 GB") == pytest.approx(80e9 / 2**20)
    assert scale.read("0.5x") == 2048
    assert scale.read("80 Gb") is None
    assert scale_of(library, RUNTIME).read("2 s") == 2000


def test_what_may_be_typed_is_said_by_examples(library: pw.BlockLibrary) -> None:
    """Of the unit shown, of others, and of shares; each of them is read."""
    scale = scale_of(library, MEMORY)
    assert scale.examples() == "4,096 MiB, 80 GB, 75 GiB or 60 %"
    for words in ("4,096 MiB", "80 GB", "75 GiB", "60 %"):
        assert scale.read(words) is not None
