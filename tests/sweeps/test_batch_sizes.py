"""Several batch sizes: each by brute force, the best told, none shown with a wrong runtime."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library.rescale import KV_CACHE
from puzzle_widgets.problem.restated import restated
from puzzle_widgets.sweeps.batch_sizes import BatchSize
from tests.support.libraries import EMBEDDED, LOSS, MEMORY, RUNTIME, make_library

KEYS = (LOSS, MEMORY, KV_CACHE, RUNTIME, f"{RUNTIME}@batch 2", f"{RUNTIME}@batch 16")
TABLE = """layer,variant,parent,batch size,sequence length,kl,latency (ms),memory,kv cache
0,full,x,1,100,0,10,6,2
0,full,x,8,100,0,40,20,16
0,thin,,1,100,1,6,4,1
0,thin,,8,100,1,20,11,8
"""


def random_one(seed: int) -> pw.BlockLibrary:
    """Three layers of three variants, with runtimes at three batch sizes."""
    random = np.random.default_rng(seed)

    def row(loss: float) -> list[float]:
        kv, weights, times = (float(one) for one in random.integers(1, 9, 3))
        return [loss, kv + weights, kv, 4 * times, 2 * times + 1, 6 * times]

    rows = [[row(0.0), row(random.random()), row(random.random())] for _ in range(3)]
    return make_library(rows, KEYS, pw.Measurement(8, 10))


def answer(one: BatchSize | None) -> pw.Solution:
    """What was found for a size."""
    assert one is not None
    assert one.solution is not None
    return one.solution


def best_by_hand(library: pw.BlockLibrary, size: int, memory: float, rate: float) -> float:
    """Least loss of all 27 choices at a batch size."""
    column = {8: RUNTIME, 2: f"{RUNTIME}@batch 2", 16: f"{RUNTIME}@batch 16"}[size]
    found = [float("inf")]
    for blocks in product(*(layer.variants for layer in library.layers)):
        used = sum(b.values[MEMORY] + b.values[KV_CACHE] * (size / 8 - 1) for b in blocks)
        runtime = sum(b.values[column] for b in blocks)
        if used <= memory and 1000 * size * 10 / runtime >= rate:
            found.append(sum(b.values[LOSS] for b in blocks))
    return min(found)


@pytest.mark.parametrize("seed", range(10))
def test_each_size_and_the_best_are_those_of_all_choices(seed: int) -> None:
    """Memory and throughput limited; the best is the least of the three."""
    library = random_one(seed)
    problem = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: 30}, throughput=1500)
    found = pw.search_batch_sizes(problem, [2, 8, 16])
    truth = [best_by_hand(library, size, 30, 1500) for size in (2, 8, 16)]
    scores = [answer(one).score if one.found else float("inf") for one in found]
    assert scores == pytest.approx(truth)
    if min(truth) < float("inf"):
        assert answer(found.best).score == pytest.approx(min(truth))
        size = answer(found.best).library.measurement.batch_size
        assert found.sentences[-1] == f"Best batch size: {size}."
    else:
        assert found.best is None


def test_a_size_without_a_runtime_is_not_searched_for_throughput() -> None:
    """It is said why; without a limit on it, it is searched, and no throughput is told."""
    library = random_one(0)
    limited = pw.SearchProblem(library, minimize=LOSS, throughput=10)
    (one,) = pw.search_batch_sizes(limited, [4])
    assert one.solution is None
    assert "Runtime is limited, and is not known for batch 4" in one.reason
    free = pw.search_batch_sizes(pw.SearchProblem(library, minimize=LOSS), [4])
    assert answer(free.best).throughput is None
    assert "throughput not known for this batch size" in free.sentences[0]


def test_the_sizes_of_a_run_are_those_that_it_measured() -> None:
    """With their own runtimes; another size has none."""
    run = pw.open_run({"mine.csv": TABLE.encode()})
    assert run is not None
    library = run.library("batch_size 1")
    problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    found = pw.search_batch_sizes(problem, run=run)
    assert [one.batch_size for one in found] == [1, 8]
    assert [answer(one).throughput for one in found] == [10_000, 20_000]
    (other,) = pw.search_batch_sizes(problem, [4], run=run)
    assert (answer(other).throughput, answer(other).totals[MEMORY]) == (None, 4 + 8)


def test_without_sizes_those_with_runtimes_are_searched() -> None:
    """The library's own, and those of its columns; without any there is nothing to search."""
    library = random_one(3)
    found = pw.search_batch_sizes(pw.SearchProblem(library, minimize=LOSS))
    assert [one.batch_size for one in found] == [2, 8, 16]
    assert all(answer(one).throughput for one in found)
    bare = make_library([[[0.0, 2.0], [1.0, 1.0]]], (LOSS, MEMORY))
    with pytest.raises(pw.ProblemError, match="Give 1 to"):
        pw.search_batch_sizes(pw.SearchProblem(bare, minimize=LOSS))


def test_what_each_gpu_holds_is_counted_anew() -> None:
    """The rule of a deployment target follows the workload."""
    library = pw.load_library(EMBEDDED)
    half = pw.with_workload(library, batch_size=128)
    target = pw.deployment_target("L40S", gpus=2)
    before, after = target.rule(library), target.rule(half)
    assert before is not None
    assert after is not None
    assert before != after
    problem = pw.SearchProblem(
        library, minimize="metrics.kl_div", budgets=target.budgets, rules=[before]
    )
    assert restated(problem, half).rows == after.rows
    own = problem.with_rows([pw.Row("mine", {0: {library.layer(0).parent: 1}}, upper=2)])
    assert restated(own, half).rows[-1] == own.rows[-1]


@pytest.mark.parametrize("sizes", [[], [0], [True], ["8"], list(range(1, 200))])
def test_sizes_that_are_none_are_refused(sizes: list[int]) -> None:
    """In plain words."""
    with pytest.raises(pw.ProblemError, match="sizes: "):
        pw.search_batch_sizes(pw.SearchProblem(random_one(1), minimize=LOSS), sizes)
