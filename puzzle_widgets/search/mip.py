"""The knapsack as a mixed-integer program; the only module that knows PuLP (3 and 4)."""

from __future__ import annotations

import inspect
import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pulp

from puzzle_widgets.errors import SolverError
from puzzle_widgets.problem.mckp import FloatArray, IntArray, Mckp
from puzzle_widgets.search.outcome import Cancelled, Outcome, Status, infeasible, never
from puzzle_widgets.search.rescale import least_score, narrowed, rescale

_CBC = ("PULP_CBC_CMD", "COIN_CMD")
# By default CBC is content with an optimum that is 1e-5 off.
_CBC_EXACT = ["increment 1e-9"]
_MAX_CUTS = 30
# Scores closer than this share of their range may be one to a solver.
_RESOLUTION = 1e-6
_ROW = 1e-9
_SOLVED = 1
_REFUTED = -1
_NAME = re.compile(r"x_(\d+)_(\d+)", re.ASCII)
_LONGEST = 60


@dataclass(frozen=True)
class MipOptions:
    """How to solve: solver by PuLP's name (or ``"CBC"``), relative gap, seconds, a cancel."""

    solver: str = "HiGHS"
    gap: float = 0.0
    time_limit: float | None = None
    cancelled: Cancelled = never


@dataclass(frozen=True, eq=False)
class _Answer:
    """What PuLP says, in one form for its versions 3 and 4."""

    finished: bool
    refuted: bool
    values: FloatArray | None
    bound: float | None


def available_solvers() -> list[str]:
    """Names of the solvers that PuLP finds on this machine."""
    return [str(name) for name in pulp.listSolvers(onlyAvailable=True)]


def solve_mip(mckp: Mckp, options: MipOptions) -> Outcome:
    """Solve a knapsack by a MIP solver.

    Solvers know absolute tolerances only. Where a few variants score so badly that the others'
    scores vanish beside them, the optimum found first rules those out, and the rest is solved
    again in its own magnitudes.

    Parameters
    ----------
    mckp
        The knapsack.
    options
        Solver, gap and limits.

    Returns
    -------
    Outcome
        With a bound that holds also where time ran out.

    Raises
    ------
    SolverError
        If the solver is not available or fails.
    """
    deadline = _deadline(options.time_limit)
    outcome = _solve_within(mckp, options, deadline)
    while not options.gap and outcome.status == "optimal" and outcome.choice is not None:
        smaller = narrowed(mckp, outcome.choice, _RESOLUTION * float(np.ptp(mckp.score)))
        if smaller is None:
            break
        mckp, before = smaller, outcome
        outcome = _solve_within(mckp, options, deadline)
        if outcome.choice is None or outcome.score > before.score:
            return replace(before, status="feasible", bound=least_score(mckp))
    return outcome


def to_pulp(mckp: Mckp, *, sign: int = 1, outside: float = 0.0) -> Any:  # noqa: ANN401
    """State a knapsack as a model for people: names to read, the score in its own sense.

    Parameters
    ----------
    mckp
        The knapsack.
    sign
        1 where the score is minimized, -1 where it is the score turned round.
    outside
        What every architecture has beside its blocks' scores.

    Returns
    -------
    pulp.LpProblem
        Variable ``x_3_5`` chooses variant 5 of layer 3, both counted from 0.
    """
    program = pulp.LpProblem("puzzle", pulp.LpMinimize if sign > 0 else pulp.LpMaximize)
    variables = _named_variables(mckp, program)
    terms = [float(sign * mckp.score[j]) * x for j, x in variables.items()]
    program += pulp.lpSum(terms) + outside, "score"
    for layer, (start, end) in enumerate(zip(mckp.starts[:-1], mckp.starts[1:], strict=True)):
        one = [variables[j] for j in range(int(start), int(end)) if j in variables]
        program += pulp.lpSum(one) == 1, f"one_of_layer_{layer}"
    for place, row in enumerate(mckp.rows):
        total = pulp.lpSum(float(mckp.cost[place, j]) * x for j, x in variables.items())
        name = f"row_{place}_{re.sub(r'[^A-Za-z0-9]+', '_', row)[:_LONGEST]}"
        if math.isfinite(mckp.upper[place]):
            program += total <= float(mckp.upper[place]), f"{name}_at_most"
        if math.isfinite(mckp.lower[place]):
            program += total >= float(mckp.lower[place]), f"{name}_at_least"
    _add_kinds(program, mckp, variables)
    return program


def read_pulp(mckp: Mckp, model: Any) -> IntArray:  # noqa: ANN401
    """Read the choice of a solved model that :func:`to_pulp` stated, shape (layers,).

    Raises
    ------
    SolverError
        If the model is not solved, or is another one.
    """
    values = np.zeros(mckp.score.size)
    for variable in model.variables():
        found = _NAME.fullmatch(variable.name)
        if found is not None and int(found[1]) < mckp.layers:
            values[int(mckp.starts[int(found[1])]) + int(found[2])] = variable.varValue or 0.0
    choice = _choice(mckp, values)
    if choice is None:
        raise SolverError("The model has no solution to read. Solve it first: model.solve().")
    return choice


def _named_variables(mckp: Mckp, program: Any) -> dict[int, Any]:  # noqa: ANN401
    layers = np.searchsorted(mckp.starts, np.arange(mckp.score.size), side="right") - 1
    return {
        int(j): program.add_variable(
            f"x_{layers[j]}_{int(j - mckp.starts[layers[j]])}", 0, 1, pulp.LpBinary
        )
        for j in np.flatnonzero(mckp.allowed)
    }


def _solve_within(mckp: Mckp, options: MipOptions, deadline: float | None) -> Outcome:
    """Solve once, and again while the answer breaks a row.

    A solver keeps rows within a tolerance of its own, so a choice is summed again here. One that
    breaks a row is cut off and the rest solved again, until the best one left is clean. Where
    there are too many of these, the rows are tightened by what they were broken by: the answer is
    then not proven.
    """
    name, engine = _find_solver(options.solver), f"PuLP {options.solver}"
    scaled = rescale(mckp, shift_score=not options.gap)
    if scaled is None:
        return infeasible(engine)
    program, bound, proven = scaled.mckp, least_score(mckp), True
    cuts: list[IntArray] = []
    while _left(deadline) != 0:
        left = replace(options, time_limit=_left(deadline))
        answer = _solve_once(program, cuts, name, left)
        if proven:
            bound = max(bound, scaled.original(_bound_of(answer, program, cuts, name, left)))
        if answer.values is None:
            return infeasible(engine) if answer.refuted and proven else _unanswered(bound, engine)
        choice = _choice(mckp, answer.values)
        if choice is None or len(cuts) > 2 * _MAX_CUTS:
            break
        if not mckp.broken(choice):
            exact = proven and answer.finished and not options.gap
            return _outcome(mckp, choice, bound, engine, exact=exact)
        cuts.append(choice)
        if len(cuts) > _MAX_CUTS:
            program, proven = _tightened(program, cuts[-1]), False
    return _unanswered(bound, engine)


def _tightened(program: Mckp, broken: IntArray) -> Mckp:
    """Leave the rows less, so that the tolerance that let a choice pass does no more."""
    over = np.maximum(program.totals(broken) - program.upper, 0.0)
    return replace(program, upper=program.upper - 2 * np.maximum(over, _ROW))


def _solve_once(mckp: Mckp, cuts: Sequence[IntArray], name: str, options: MipOptions) -> _Answer:
    if options.cancelled() or options.time_limit == 0:
        return _Answer(finished=False, refuted=False, values=None, bound=None)
    return _run(mckp, cuts, name, options, integer=True)


def _run(
    mckp: Mckp, cuts: Sequence[IntArray], name: str, options: MipOptions, *, integer: bool
) -> _Answer:
    program, variables = _formulate(mckp, cuts, integer=integer)
    solver = _make_solver(name, options, integer=integer)
    deadline = _deadline(options.time_limit)
    try:
        result = program.solve(solver)
    except pulp.PulpSolverError as error:
        raise SolverError(f"{options.solver} failed: {error}. Try another solver.") from error
    answer = _read_answer(program, variables, result, mckp.score.size)
    if name != "HiGHS" and _left(deadline) == 0:
        # CBC calls a program infeasible that it had no time to look at.
        return replace(answer, finished=False, refuted=False)
    return answer


def _formulate(
    mckp: Mckp, cuts: Sequence[IntArray], *, integer: bool
) -> tuple[Any, dict[int, Any]]:
    """State the program: one binary per variant, one variant per layer, sums within the rows."""
    program = pulp.LpProblem("mckp", pulp.LpMinimize)
    category = pulp.LpBinary if integer else pulp.LpContinuous
    variables = {
        int(j): program.add_variable(f"x{j}", 0, 1, category) for j in np.flatnonzero(mckp.allowed)
    }
    program += pulp.lpSum(float(mckp.score[j]) * x for j, x in variables.items())
    for start, end in zip(mckp.starts[:-1], mckp.starts[1:], strict=True):
        one = [variables[j] for j in range(int(start), int(end)) if j in variables]
        program += pulp.lpSum(one) == 1
    for row, lower, upper in zip(mckp.cost, mckp.lower, mckp.upper, strict=True):
        terms = [float(row[j]) * x for j, x in variables.items() if row[j]]
        _add_row(program, terms, lower, upper)
    _add_kinds(program, mckp, variables, category)
    for cut in cuts:
        ones = [variables[int(j)] for j in cut]
        program += pulp.lpSum(ones) <= mckp.layers - 1
    return program, variables


def _add_kinds(
    program: Any,  # noqa: ANN401
    mckp: Mckp,
    variables: dict[int, Any],
    category: str = pulp.LpBinary,
) -> None:
    """State the rules that count: a variable for each kind says whether a layer may have it."""
    for place, rule in enumerate(mckp.kinds):
        kinds = rule.used(np.flatnonzero(mckp.allowed)).tolist()
        used = {k: program.add_variable(f"kind_{place}_{k}", 0, 1, category) for k in kinds}
        program += pulp.lpSum(used.values()) <= rule.most, f"kinds_{place}_at_most_{rule.most}"
        for layer, (start, end) in enumerate(zip(mckp.starts[:-1], mckp.starts[1:], strict=True)):
            own = [j for j in range(int(start), int(end)) if j in variables]
            for kind in rule.used(np.array(own, dtype=np.intp)).tolist():
                some = pulp.lpSum(variables[j] for j in own if rule.kind[j] == kind)
                program += some <= used[kind], f"kind_{place}_{kind}_in_layer_{layer}"


def _add_row(program: Any, terms: list[Any], lower: float, upper: float) -> None:  # noqa: ANN401
    if not terms:
        return
    total = pulp.lpSum(terms)
    if math.isfinite(upper):
        program += total <= float(upper)
    if math.isfinite(lower):
        program += total >= float(lower)


def _find_solver(name: str) -> str:
    available = available_solvers()
    wanted = _CBC if name.upper() == "CBC" else (name,)
    for candidate in wanted:
        if candidate in available:
            return candidate
    raise SolverError(
        f"Solver {name!r} is not available. Leave it out, which searches exactly without PuLP, or "
        f"take one that PuLP finds here: {', '.join(available) or 'none'}."
    )


def _make_solver(name: str, options: MipOptions, *, integer: bool) -> Any:  # noqa: ANN401
    wanted: dict[str, Any] = {
        "msg": False,
        "mip": integer,
        "timeLimit": options.time_limit,
        "gapRel": options.gap,
        "gapAbs": 0.0 if options.gap == 0 else None,
        "threads": 1,
    }
    if name == "HiGHS":
        return pulp.getSolver(name, **wanted, **_highs_options(options.cancelled))
    quiet: dict[str, Any] = {"msg": False}
    if name == "PULP_CBC_CMD":
        quiet["_skip_v4_deprecation"] = True
    if name in _CBC:
        wanted["options"] = _CBC_EXACT
    known = inspect.signature(type(pulp.getSolver(name, **quiet)).__init__).parameters
    taken = {key: value for key, value in wanted.items() if key in known}
    return pulp.getSolver(name, **taken, **{k: v for k, v in quiet.items() if k not in taken})


def _highs_options(cancelled: Cancelled) -> dict[str, Any]:
    """Keep rows closely, and let HiGHS ask now and then whether to stop.

    HiGHS frees the interpreter's lock while it works.
    """
    exact = {"mip_feasibility_tolerance": _ROW, "primal_feasibility_tolerance": _ROW}
    if cancelled is never:
        return exact
    kinds = pulp.HiGHS.hscb.HighsCallbackType

    def ask(_kind: Any, _text: Any, _out: Any, answer: Any, _user: Any) -> None:  # noqa: ANN401
        if answer is not None and cancelled():
            answer.user_interrupt = True

    wanted = [kinds.kCallbackMipInterrupt, kinds.kCallbackSimplexInterrupt]
    return {**exact, "callbackTuple": (ask, None), "callbacksToActivate": wanted}


def _read_answer(program: Any, variables: dict[int, Any], result: Any, size: int) -> _Answer:  # noqa: ANN401
    """Read PuLP 3, which returns a number, and PuLP 4, which returns a record."""
    if isinstance(result, int):
        solved = program.sol_status in (1, 2)
        finished = result == _SOLVED and program.sol_status == 1
        refuted, bound = result == _REFUTED, None
    else:
        solved, finished = result.has_solution, int(result.status) == _SOLVED
        refuted, bound = int(result.status) == _REFUTED, result.best_bound
    if bound is None:
        bound = _highs_bound(program)
    values = np.zeros(size)
    if solved:
        for j, x in variables.items():
            values[j] = x.varValue or 0.0
    return _Answer(finished, refuted, values if solved else None, bound)


def _highs_bound(program: Any) -> float | None:  # noqa: ANN401
    model = getattr(program, "solverModel", None)
    if model is None or not hasattr(model, "getInfo"):
        return None
    bound = float(model.getInfo().mip_dual_bound)
    return bound if math.isfinite(bound) else None


def _bound_of(
    answer: _Answer, mckp: Mckp, cuts: Sequence[IntArray], name: str, options: MipOptions
) -> float:
    if answer.refuted:
        return math.inf
    if answer.bound is not None:
        return answer.bound
    if answer.finished and answer.values is not None and not options.gap:
        return float(mckp.score @ answer.values)
    if options.cancelled():
        return -math.inf
    relaxed = _run(mckp, cuts, name, MipOptions(options.solver), integer=False)
    return -math.inf if relaxed.values is None else float(mckp.score @ relaxed.values)


def _choice(mckp: Mckp, values: FloatArray) -> IntArray | None:
    """One variant per layer, or ``None`` where the solver left a layer undecided."""
    pairs = zip(mckp.starts[:-1], mckp.starts[1:], strict=True)
    choice = np.array([start + int(np.argmax(values[start:end])) for start, end in pairs])
    return choice.astype(np.intp) if (values[choice] > 0.5).all() else None


def _outcome(mckp: Mckp, choice: IntArray, bound: float, engine: str, *, exact: bool) -> Outcome:
    score = math.fsum(mckp.score[choice].tolist())
    closed = score - bound <= 1e-9 * abs(score)
    status: Status = "optimal" if exact or closed else "feasible"
    return Outcome(status, choice, score, score if status == "optimal" else bound, engine)


def _unanswered(bound: float, engine: str) -> Outcome:
    return Outcome("no_solution_in_time", bound=bound, engine=engine)


def _deadline(time_limit: float | None) -> float | None:
    return None if time_limit is None else time.monotonic() + time_limit


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())
