"""Tests of deployment targets: memory of GPUs, and what each of several holds."""

from __future__ import annotations

import math

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.library.model import SubBlock
from puzzle_widgets.library.rescale import KV_CACHE
from puzzle_widgets.problem.deployment import GPUS, recognize, runtime_words
from tests.support.libraries import MEMORY

KL = "metrics.kl_div"
FFN = SubBlock("sized", 128)


def heads_library(*, split: bool, widths: tuple[int, ...] = (8, 2)) -> pw.BlockLibrary:
    """Two layers whose blocks have 10 MiB of weights, and 4 of KV cache for each head."""

    def block(heads: int) -> pw.BlockVariant:
        cache = 4.0 * heads
        values = {KL: 8.0 - heads, MEMORY: 10 + cache} | ({KV_CACHE: cache} if split else {})
        return pw.BlockVariant(f"h{heads}", SubBlock("sized", heads), FFN, FrozenMapping(values))

    variants = tuple(block(heads) for heads in widths)
    layers = tuple(pw.Layer(place, variants, variants[0].name) for place in range(2))
    return pw.BlockLibrary("heads", layers)


def test_gigabytes_are_read_as_the_least_they_can_mean() -> None:
    """80 GB are 80 * 10^9 bytes, and a tenth of it stays free."""
    target = pw.deployment_target("H100")
    assert target.gpu.memory_mib == 80e9 / 2**20
    assert target.each_mib == pytest.approx(72e9 / 2**20)
    assert target.budgets == {MEMORY: target.each_mib}


def test_every_gpu_names_its_source_and_is_found_by_its_name() -> None:
    """By the menu's name, in any case, with hyphens and the maker's name or without."""
    for gpu in GPUS:
        assert gpu.source
        assert pw.deployment_target(gpu.name).gpu is gpu
        assert pw.deployment_target(gpu.name.lower().replace(" ", "-")).gpu is gpu
    assert pw.deployment_target("NVIDIA A100-40GB").gpu.gigabytes == 40
    assert pw.deployment_target("rtx 4090").gpu.gigabytes == 24


@pytest.mark.parametrize(
    ("gpu", "other", "words"),
    [
        ("A100", {}, "give one of A100 40 GB, A100 80 GB"),
        ("H1000", {}, "give one of H100 80 GB"),
        ("H100", {"gpus": 0}, "from 1 to 8"),
        ("H100", {"gpus": True}, "from 1 to 8"),
        ("H100", {"reserve": 1.0}, "from 0 to below 1"),
        ("H100", {"reserve": math.nan}, "from 0 to below 1"),
    ],
)
def test_what_is_no_target_is_refused(gpu: str, other: dict[str, float], words: str) -> None:
    """With what may be given instead."""
    with pytest.raises(pw.ProblemError, match=words):
        pw.deployment_target(gpu, **other)  # type: ignore[arg-type]


def test_kv_heads_that_do_not_divide_are_copied() -> None:
    """2 heads on 4 GPUs: each keeps one head, twice of a quarter; weights split evenly."""
    library = heads_library(split=True)
    target = pw.deployment_target("L4", gpus=4)
    load = target.load(library, {0: "h8", 1: "h2"})
    assert load.memory_mib == pytest.approx((10 + 32) / 4 + 10 / 4 + 4)
    assert (load.uneven, load.split) == ((1,), True)
    even = target.load(library, library.parent_architecture)
    assert even.memory_mib == pytest.approx(84 / 4)
    assert not even.uneven


def test_without_a_kv_cache_the_load_is_the_least_and_says_so() -> None:
    """An even split of all is assumed, and the layers that break it are named."""
    library = heads_library(split=False)
    load = pw.deployment_target("L4", gpus=4).load(library, {0: "h2", 1: "h2"})
    assert load.memory_mib == pytest.approx(36 / 4)
    assert (load.uneven, load.split) == ((0, 1), False)


def test_the_rule_keeps_every_gpu_within_its_memory() -> None:
    """A row counts the copies where the library tells the cache; elsewhere heads must divide."""
    target = pw.deployment_target("L4", gpus=4, reserve=0.9)
    row = target.rule(heads_library(split=True))
    assert row is not None
    (limit,) = row.rows
    assert limit.total({0: "h2", 1: "h2"}) == pytest.approx(2 * (10 / 4 + 4))
    assert limit.upper == pytest.approx(target.each_mib)
    even = target.rule(heads_library(split=False))
    assert even is not None
    assert dict(even.banned) == {0: {"h2"}, 1: {"h2"}}


def test_there_is_no_rule_where_none_is_needed_or_none_can_be_kept() -> None:
    """One GPU; heads that all divide; and heads of which none does."""
    library = heads_library(split=False)
    assert pw.deployment_target("L4").rule(library) is None
    assert pw.deployment_target("L4", gpus=2).rule(library) is None
    assert pw.deployment_target("L4", gpus=3).rule(library) is None


def test_the_searched_answer_fits_each_gpu() -> None:
    """With the row, what a search finds is within the memory that an even split would overrate."""
    library = heads_library(split=True)
    full = pw.deployment_target("L4", gpus=4)
    target = pw.deployment_target("L4", gpus=4, reserve=1 - 13 / full.gpu.memory_mib)
    rule = target.rule(library)
    assert rule is not None
    problem = pw.SearchProblem(library, maximize=KL, budgets=target.budgets)
    loose, kept = pw.search(problem), pw.search(problem.with_rule(rule))
    assert loose.architecture is not None
    assert target.load(library, loose.architecture).memory_mib <= 13.0 + 1e-6
    assert kept.architecture == {0: "h2", 1: "h2"}
    tighter = pw.deployment_target("L4", gpus=4, reserve=1 - 12 / full.gpu.memory_mib)
    tight_rule = tighter.rule(library)
    assert tight_rule is not None
    tight = pw.SearchProblem(library, maximize=KL, budgets=tighter.budgets)
    overfull = pw.search(tight).architecture
    assert overfull is not None
    assert tighter.load(library, overfull).memory_mib > 12.0
    assert pw.search(tight.with_rule(tight_rule)).status == "infeasible"


def test_a_limit_tells_its_target() -> None:
    """The one it was where several fit; none for a limit of one's own."""
    for target in (pw.deployment_target("A100 80 GB"), pw.deployment_target("H200", gpus=3)):
        assert recognize(target.memory_mib, target) == target
    assert recognize(pw.deployment_target("L40S", gpus=4).memory_mib) is not None
    assert recognize(12_345.0) is None


def test_runtimes_stay_those_of_the_measured_gpu() -> None:
    """Said where the GPU is another, or more than one, or not named; not where it is the same."""
    h100 = pw.deployment_target("H100")
    assert runtime_words(h100, "NVIDIA H100 80GB HBM3") == ""
    assert "those of NVIDIA H100" in runtime_words(
        pw.deployment_target("L4"), "NVIDIA H100 80GB HBM3"
    )
    assert runtime_words(pw.deployment_target("H100", gpus=2), "NVIDIA H100 80GB HBM3")
    assert "does not name" in runtime_words(h100, "")


def test_a_library_without_memory_has_no_target() -> None:
    """It is refused, naming what the library has."""
    library = pw.load_library("stdlib-2m-measured")
    bare = pw.BlockLibrary(
        "bare",
        tuple(
            pw.Layer(
                layer.name,
                tuple(
                    pw.BlockVariant(v.name, v.attention, v.ffn, FrozenMapping({KL: v.values[KL]}))
                    for v in layer.variants
                ),
                layer.parent,
            )
            for layer in library.layers
        ),
    )
    with pytest.raises(pw.ProblemError, match=MEMORY):
        pw.deployment_target("L4", gpus=2).rule(bare)
