"""Labels, units and numbers for readers."""

from __future__ import annotations

import math

import pytest

from puzzle_widgets.library.quantity import describe_key, format_figure, format_number, format_share


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("stats.memory_mib", "Memory (MiB)"),
        ("stats.runtime_ms", "Runtime (ms)"),
        ("stats.num_params", "Parameters"),
        ("stats.num_kv_heads", "KV heads"),
        ("metrics.kl_div", "KL divergence"),
        ("throughput", "Throughput (tokens/s)"),
        ("stats.attention_memory_mib", "Attention memory (MiB)"),
        ("stats.ffn_runtime_ms", "FFN runtime (ms)"),
        ("stats.attention_num_params", "Attention parameters"),
        ("stats.ffn_num_params", "FFN parameters"),
        ("stats.load_seconds", "Load (s)"),
        ("stats.", "stats."),
    ],
)
def test_a_key_has_a_title_with_its_unit(key: str, title: str) -> None:
    """Known keys have a label of their own, others are made readable; suffixes tell the unit."""
    assert describe_key(key).title == title


def test_a_stated_unit_goes_before_the_suffix() -> None:
    """A library may state another unit, also none at all."""
    assert describe_key("stats.memory_mib", "pages").text(3) == "3 pages"
    assert describe_key("stats.memory_mib", "").title == "Memory"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (80000.0, "80,000"),
        (123456.7, "123,457"),
        (640.0, "640"),
        (123.44, "123.4"),
        (8.0, "8"),
        (6.861455, "6.861"),
        (-0.00001234, "-1.234e-05"),
        (math.nan, "unknown"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
    ],
)
def test_numbers_are_written_for_reading(value: float, text: str) -> None:
    """Thousands are separated, small numbers keep four digits, NaN and infinity have words."""
    assert format_number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1e-9, "1e-09"),
        (-2.5e-7, "-2.5e-07"),
        (0.000123456, "0.000123456"),
        (0.25, "0.250000"),
        (1234.5, "1,234.500000"),
        (1140799.125, "1,140,799.12"),
        (math.nan, "unknown"),
    ],
)
def test_scores_keep_digits_that_tell_them_apart(value: float, text: str) -> None:
    """Six decimals where these say enough, and significant digits below; costs are shorter."""
    assert format_figure("metrics.kl_div", value) == text
    assert format_figure("stats.memory_mib", value) == format_number(value)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1e-6, "0.0001 %"),
        (0.8459, "84.6 %"),
        (1.0, "100 %"),
        (25.0, "2,500 %"),
        (math.inf, "∞"),
    ],
)
def test_shares_are_percent_and_0_only_where_nothing_is_left(share: float, text: str) -> None:
    """To a tenth; smaller ones by their digits."""
    assert format_share(share) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(68e9, "68 billion"), (1_414_000, "1.414 million"), (-2e9, "-2 billion"), (512, "512")],
)
def test_parameters_are_counted_in_words(value: float, text: str) -> None:
    """A limit that was typed as 68 billion is nowhere a number of eleven digits."""
    assert describe_key("stats.num_params").text(value) == text
    assert describe_key("stats.ffn_num_params").text(value) == text
    assert describe_key("stats.num_params", "units").text(512) == "512 units"


def test_limits_in_words() -> None:
    """Label, sign, value and unit."""
    memory = describe_key("stats.memory_mib")
    assert memory.limit("at most", 80_000) == "Memory ≤ 80,000 MiB"
    assert describe_key("throughput").limit("at least", 5) == "Throughput ≥ 5 tokens/s"
