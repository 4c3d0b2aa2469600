"""The kernel by a browser alone: kernel.js and kernel.wasm give what Python gives."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

import puzzle_widgets as pw
from puzzle_widgets.problem.mckp import Mckp
from puzzle_widgets.search.engine import solve_many
from puzzle_widgets.search.kernel import host
from puzzle_widgets.search.kernel.engine import solve_by_kernel
from puzzle_widgets.search.options import Changes, SearchOptions
from tests.support.instances import KINDS, instance, strongly_correlated, tightened
from tests.support.libraries import golden, published_folder
from tests.support.native_kernel import SOURCE
from tests.support.static_server import served

PAGE = """
<!doctype html>
<link rel="icon" href="data:,">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:">
<script type="module" src="page.js"></script>
"""
SCRIPT = """
import { load } from "./kernel.js";
window.kernel = await load();
"""
WORKER = """
import { load } from "./kernel.js";
const kernel = load();
onmessage = async ({ data }) => postMessage(await (await kernel).solve(data));
"""
SOLVE = """
async ([problem, options]) => {
  const answer = await kernel.solve(problem, options);
  return { ...answer, choice: answer.choice && [...answer.choice],
    prices: answer.prices && [...answer.prices] };
}
"""
IN_A_WORKER = """
async (problem) => {
  const worker = new Worker("worker.js", { type: "module" });
  const answer = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  worker.postMessage(problem);
  const { status, score, choice } = await answer;
  worker.terminate();
  return { status, score, choice: [...choice] };
}
"""
CANCEL = """
async (problem) => {
  const stop = new AbortController();
  const told = [];
  let ticks = 0;
  const timer = setInterval(() => { ticks += 1; if (ticks === 20) stop.abort(); }, 5);
  const onProgress = ({ score }) => told.push(score);
  const options = { signal: stop.signal, timeLimit: 60000, onProgress };
  const answer = await kernel.solve(problem, options);
  clearInterval(timer);
  return { ticks, aborted: stop.signal.aborted, told, status: answer.status,
    score: answer.score, bound: answer.bound, choice: [...answer.choice] };
}
"""
TOGETHER = """
(problems) => Promise.all(problems.map(
  async (problem) => [...((await kernel.solve(problem)).choice || [])]))
"""
MANY = """
async ([problem, changes, options]) => {
  const told = [];
  const onProgress = (count) => told.push(count);
  const answers = await kernel.solveMany(problem, changes, { ...options, onProgress });
  return { told, answers: answers.map((answer) => ({ ...answer,
    choice: answer.choice && [...answer.choice], prices: answer.prices && [...answer.prices] })) };
}
"""
MANY_REFUSED = """
async ([problem, changes]) =>
  kernel.solveMany(problem, changes).then(() => "", (error) => error.message)
"""
REFUSED = """
async ([problem, options]) =>
  kernel.solve(problem, options).then(() => "", (error) => error.message)
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a static page with the kernel is served."""
    folder = tmp_path_factory.mktemp("kernel")
    shutil.copy(host.KERNEL, folder / "kernel.wasm")
    shutil.copy(SOURCE.with_name("kernel.js"), folder)
    (folder / "index.html").write_text(PAGE)
    (folder / "page.js").write_text(SCRIPT)
    (folder / "worker.js").write_text(WORKER)
    with served(folder) as url:
        yield url


@pytest.fixture
def kernel(watched_page: Page, address: str) -> Page:
    """The page, with the kernel loaded."""
    watched_page.goto(address)
    watched_page.wait_for_function("() => window.kernel")
    return watched_page


def stated(mckp: Mckp) -> dict[str, Any]:
    """A knapsack as the script takes it."""
    return {
        "layers": np.diff(mckp.starts).tolist(),
        "score": mckp.score.tolist(),
        "cost": mckp.cost.tolist(),
        "lower": [limit if np.isfinite(limit) else None for limit in mckp.lower.tolist()],
        "upper": [limit if np.isfinite(limit) else None for limit in mckp.upper.tolist()],
        "allowed": mckp.allowed.tolist(),
        "ties": [] if mckp.ties is None else mckp.ties.tolist(),
    }


def check(kernel: Page, mckp: Mckp) -> str:
    """Browser and Python answer alike; the status that both have."""
    theirs = kernel.evaluate(SOLVE, [stated(mckp), {}])
    ours = solve_by_kernel(mckp, SearchOptions(settle=True))
    assert (theirs["status"], theirs["score"]) == (ours.status, ours.score)
    assert theirs["choice"] == (None if ours.choice is None else ours.choice.tolist())
    if ours.status == "optimal":
        assert theirs["bound"] == ours.bound
        assert ours.prices is not None
        assert theirs["prices"] == pytest.approx(ours.prices.tolist())
        if mckp.ties is not None and len(mckp.ties):
            assert theirs["ties"] == ours.ties
    return ours.status


@pytest.mark.published
def test_known_optima_of_the_published_library(kernel: Page) -> None:
    """All cases, and the architectures are those that Python gives."""
    library = pw.load_library(published_folder())
    cases = golden()["cases"]
    assert len(cases) == 25
    for case in cases:
        limits = {key: tuple(given) for key, given in case["constraints"].items()}
        problem = pw.SearchProblem(library, minimize=case["objective"], budgets=limits)
        status = check(kernel, problem.mckp)
        assert status == ("infeasible" if case["optimum"] is None else "optimal")


@pytest.mark.parametrize("share", [0.5, 0.6, 0.75, 0.9])
def test_the_embedded_library(kernel: Page, library: pw.BlockLibrary, share: float) -> None:
    """What needs no download is solved alike, too."""
    budgets = {"stats.memory_mib": pw.Share(share), "stats.runtime_ms": pw.Share(share)}
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
    assert check(kernel, problem.mckp) == "optimal"


@pytest.mark.parametrize("kind", KINDS)
def test_random_knapsacks(kernel: Page, kind: str) -> None:
    """Every kind: ties, lower limits, bans, one layer, five hundred, none feasible."""
    for seed in range(4):
        check(kernel, instance(kind, seed))


def test_a_start_changes_nothing(kernel: Page) -> None:
    """Prices and choice of an earlier search lead to the same answer."""
    mckp = instance("published-like", 1)
    cold = kernel.evaluate(SOLVE, [stated(mckp), {}])
    start = {"prices": cold["prices"], "choice": cold["choice"], "gap": 0, "maxStates": 100}
    warm = kernel.evaluate(SOLVE, [stated(mckp), start])
    assert (warm["status"], warm["choice"]) == ("optimal", cold["choice"])


def test_a_worker_solves_the_same(kernel: Page) -> None:
    """Off the page's thread."""
    mckp = instance("published-like", 2)
    found = kernel.evaluate(IN_A_WORKER, stated(mckp))
    ours = solve_by_kernel(mckp, SearchOptions(settle=True))
    assert ours.choice is not None
    assert found == {"status": ours.status, "score": ours.score, "choice": ours.choice.tolist()}


def test_several_searches_at_once_do_not_meet(kernel: Page) -> None:
    """Each has the kernel to itself."""
    drawn = [instance(kind, seed) for kind in ("bands", "uniform", "ties") for seed in range(4)]
    ours = [solve_by_kernel(mckp, SearchOptions(settle=True)).choice for mckp in drawn]
    theirs = kernel.evaluate(TOGETHER, [stated(mckp) for mckp in drawn])
    assert theirs == [[] if choice is None else choice.tolist() for choice in ours]


def many(mckp: Mckp) -> list[Changes]:
    """Other scores, forced variants, moved limits with a level of the ties of their own."""
    rng = np.random.default_rng(0)
    n, rows = len(mckp.score), len(mckp.rows)
    moved = [tightened(mckp, rng) for _ in range(4)]
    limits = [np.array([getattr(one, side) for one in moved]) for side in ("lower", "upper")]
    found = [
        Changes(scores=mckp.score * rng.uniform(0.8, 1.2, (4, n))),
        Changes(forced=rng.integers(0, n, 4)),
    ]
    if mckp.ties is not None and len(mckp.ties):
        weights = rng.choice([0.0, 0.5, 2.0], (4, rows))
        found.append(Changes(lower=limits[0], upper=limits[1], weights=weights, level=0))
    return found


def worded(changes: Changes) -> dict[str, Any]:
    """Changes as the script takes them."""
    words: dict[str, Any] = {
        name: [[one if np.isfinite(one) else None for one in row] for row in values.tolist()]
        for name in ("scores", "lower", "upper", "weights")
        if (values := getattr(changes, name)) is not None
    }
    if changes.forced is not None:
        words["forced"] = changes.forced.tolist()
    return words | {"level": changes.level}


@pytest.mark.parametrize("kind", ["uniform", "ties", "published-like", "bands", "duplicates"])
def test_many_in_one_call(kernel: Page, kind: str) -> None:
    """Each as Python's own call of many gives it."""
    for mckp in (instance(kind, seed) for seed in range(3)):
        for changes in many(mckp):
            ours = solve_many(mckp, changes, SearchOptions(settle=True), engine="kernel")
            found = kernel.evaluate(MANY, [stated(mckp), worded(changes), {}])
            assert found["told"][-1] == len(found["answers"]) == len(ours) == 4
            for theirs, mine in zip(found["answers"], ours, strict=True):
                assert (theirs["status"], theirs["score"]) == (mine.status, mine.score)
                assert theirs["choice"] == (None if mine.choice is None else mine.choice.tolist())
                if mine.prices is not None:
                    assert theirs["prices"] == pytest.approx(mine.prices.tolist())


def test_many_have_one_time_limit(kernel: Page) -> None:
    """When it is over, those that are done are given."""
    mckp = strongly_correlated(60, 33, 3)
    changes = {"scores": [mckp.score.tolist()] * 3}
    found = kernel.evaluate(MANY, [stated(mckp), changes, {"timeLimit": 100}])
    assert found["answers"] == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "changes need scores, limits or forced variants"),
        ({"scores": [[1, 2, 3]]}, "scores has 3 numbers where 4 are needed"),
        ({"forced": [4]}, "forced needs indices of variants"),
        ({"forced": [-1]}, "forced needs indices of variants"),
        ({"upper": [[1], [1, 2]]}, "upper has 3 numbers where 2 are needed"),
        ({"weights": [[1]], "level": 1}, "level is none of the ties"),
    ],
)
def test_changes_that_do_not_fit_are_refused(
    kernel: Page, changes: dict[str, Any], words: str
) -> None:
    """Before they reach the kernel's memory."""
    problem = {"layers": [2, 2], "score": [0, 1, 0, 3], "cost": [[1, 2, 3, 4]], "ties": [[1] * 4]}
    assert words in kernel.evaluate(MANY_REFUSED, [problem, changes])


def test_the_page_goes_on_and_can_cancel(kernel: Page) -> None:
    """A timer of the page ends a search that would take long; the answer so far is honest."""
    mckp = strongly_correlated(200, 54, 3)
    found = kernel.evaluate(CANCEL, stated(mckp))
    assert found["aborted"]
    assert found["ticks"] >= 20
    assert found["status"] == "feasible"
    choice = np.array(found["choice"])
    assert not mckp.broken_rows(choice)
    assert found["bound"] <= found["score"] == pytest.approx(mckp.score[choice].sum())
    assert found["told"] == sorted(found["told"], reverse=True)
    assert found["told"]


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ({"layers": [], "score": []}, "each layer needs a variant"),
        ({"layers": [1, 0], "score": [1]}, "each layer needs a variant"),
        ({"layers": [2], "score": [1]}, "score has 1 numbers where 2 are needed"),
        ({"layers": [1], "score": [None]}, "score has what is no number"),
        ({"layers": [2], "score": [1, 2], "cost": [[1]]}, "cost has 1 numbers"),
        ({"layers": [1], "score": [1], "cost": [[1]], "upper": [1, 2]}, "upper has 2 numbers"),
        ({"layers": [1], "score": [1], "allowed": [True, True]}, "allowed has 2 numbers"),
    ],
)
def test_what_does_not_fit_is_refused(kernel: Page, problem: dict[str, Any], words: str) -> None:
    """Before it reaches the kernel's memory, with words that say what."""
    assert words in kernel.evaluate(REFUSED, [problem, {}])


@pytest.mark.parametrize("choice", [[0], [0, 1], [0, 4], [-1, 2]])
def test_a_start_that_does_not_fit_is_refused(kernel: Page, choice: list[int]) -> None:
    """An index is a place in the kernel's memory."""
    problem = {"layers": [2, 2], "score": [0, 1, 0, 3]}
    words = "choice needs a variant of each layer"
    assert words in kernel.evaluate(REFUSED, [problem, {"choice": choice}])
