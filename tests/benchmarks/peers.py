"""The other solvers, each given the same knapsack in its own package's plainest form.

The program is the one of the Puzzle paper: a binary variable for each variant, one variant a
layer, each budget a limit on a sum, the summed score least. A peer whose package is not installed
is left out. Nothing else of the project is imported here: OR-Tools, python-mip and HiGHS bring
libraries that cannot be loaded into one process.
"""

from __future__ import annotations

import importlib
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

_FREE_GUROBI_VARIABLES = 2000
_INTEGER = 10**9
_SOLVED = 0.5


@dataclass(frozen=True, eq=False)
class Program:
    """A bare knapsack: layer ``i`` owns the variables ``starts[i]:starts[i + 1]``."""

    score: FloatArray
    starts: IntArray
    cost: FloatArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True, eq=False)
class Answer:
    """What a solver found: one flat variable index a layer, and the seconds it took.

    ``build`` is the part of ``seconds`` that stated the model; ``proven`` is whether the solver
    claims the optimum within its gap; no score is below ``bound``. ``cpu`` are the CPU seconds of
    the solving alone, of all threads and finished child processes.
    """

    choice: IntArray | None
    seconds: float
    build: float
    proven: bool
    bound: float = -math.inf
    cpu: float = 0.0


@dataclass(frozen=True)
class Terms:
    """What a solver is told besides the model: relative gap, seconds, threads (0: its default)."""

    gap: float
    seconds: float
    threads: int = 0


@dataclass(frozen=True)
class Found:
    """What a package says: values of the variables, if any, its claim, and its bound."""

    values: list[float] | None
    proven: bool
    bound: float = -math.inf


@dataclass(frozen=True)
class Peer:
    """A solver to compare with.

    Parameters
    ----------
    name, package
        What the table calls it, and the distribution whose version it tells.
    gap
        Relative gap that it stops at.
    state
        States the model, and gives a function that solves it.
    most_variables
        Largest model that its license allows.
    """

    name: str
    package: str
    gap: float
    state: Callable[[Program, Terms], Callable[[], Found]]
    most_variables: float = math.inf

    def fits(self, program: Program) -> bool:
        """Whether the model is within the license."""
        return program.score.size <= self.most_variables

    def solve(self, program: Program, seconds: float, threads: int = 0) -> Answer:
        """State and solve, and take the time of both."""
        begin = time.perf_counter()
        run = self.state(program, Terms(self.gap, seconds, threads))
        built, spent = time.perf_counter(), cpu_seconds()
        found = run()
        spent, end = cpu_seconds() - spent, time.perf_counter()
        choice = None if found.values is None else _choice(program, found.values)
        return Answer(choice, end - begin, built - begin, found.proven, found.bound, spent)


def cpu_seconds() -> float:
    """CPU time so far, user and system, of all threads and finished child processes."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def solve_by(name: str, program: Program, seconds: float, threads: int = 0) -> Answer:
    """Solve by the peer of a name; what a peer's process runs."""
    return next(peer for peer in PEERS if peer.name == name).solve(program, seconds, threads)


def installed_peers() -> list[Peer]:
    """The peers whose packages are there."""
    return [peer for peer in PEERS if _there(peer)]


def missing_peers() -> list[Peer]:
    """The peers whose packages are not."""
    return [peer for peer in PEERS if not _there(peer)]


def _there(peer: Peer) -> bool:
    try:
        version(peer.package)
    except PackageNotFoundError:
        return False
    if peer.name == _PULP_CBC:
        return _pulp_finds_cbc()
    return peer.name != _HIGHS or find_spec("highspy") is not None


def _pulp_finds_cbc() -> bool:
    """PuLP 4 brings no CBC of its own."""
    found = importlib.import_module("pulp").listSolvers(onlyAvailable=True)
    return "PULP_CBC_CMD" in found or "COIN_CMD" in found


def _choice(program: Program, values: list[float]) -> IntArray | None:
    found = np.array(values)
    choice = [start + int(found[start:end].argmax()) for start, end in _layers(program)]
    return np.array(choice, dtype=np.intp) if (found[choice] > _SOLVED).all() else None


def _layers(program: Program) -> list[tuple[int, int]]:
    starts = program.starts.tolist()
    return list(pairwise(starts))


def _limits(program: Program) -> Iterator[tuple[list[float], float, int]]:
    """Each side of each budget: costs, limit, and 1 for an upper limit or -1 for a lower one."""
    for cost, lower, upper in zip(program.cost.tolist(), program.lower, program.upper, strict=True):
        if math.isfinite(upper):
            yield cost, float(upper), 1
        if math.isfinite(lower):
            yield cost, float(lower), -1


def _state_python_mip(program: Program, terms: Terms) -> Callable[[], Found]:
    mip = importlib.import_module("mip")
    model = mip.Model(sense=mip.MINIMIZE, solver_name=mip.CBC)
    model.verbose = 0
    model.max_mip_gap = terms.gap
    model.threads = terms.threads
    x = [model.add_var(var_type=mip.BINARY) for _ in program.score]
    model.objective = mip.xsum(
        score * xj for score, xj in zip(program.score.tolist(), x, strict=True)
    )
    for start, end in _layers(program):
        model += mip.xsum(x[start:end]) == 1
    for cost, limit, side in _limits(program):
        total = mip.xsum(c * xj for c, xj in zip(cost, x, strict=True))
        model += total <= limit if side > 0 else total >= limit

    def run() -> Found:
        status = model.optimize(max_seconds=terms.seconds)
        values = [float(xj.x) for xj in x] if model.num_solutions else None
        return Found(values, status == mip.OptimizationStatus.OPTIMAL, model.objective_bound)

    return run


def _state_pulp(name: str, program: Program, terms: Terms) -> Callable[[], Found]:
    pulp = importlib.import_module("pulp")
    model = pulp.LpProblem("mckp", pulp.LpMinimize)
    x = [model.add_variable(f"x{j}", 0, 1, pulp.LpBinary) for j in range(program.score.size)]
    model += pulp.lpSum(s * xj for s, xj in zip(program.score.tolist(), x, strict=True))
    for start, end in _layers(program):
        model += pulp.lpSum(x[start:end]) == 1
    for cost, limit, side in _limits(program):
        total = pulp.lpSum(c * xj for c, xj in zip(cost, x, strict=True))
        model += total <= limit if side > 0 else total >= limit
    solver = _pulp_solver(pulp, name, terms)

    def run() -> Found:
        result = model.solve(solver)
        values, bound = [xj.varValue for xj in x], _pulp_bound(model)
        if None in values:
            return Found(None, proven=False, bound=bound)
        # PuLP 3 returns a number and notes the solution's status; PuLP 4 returns a record.
        status = model.sol_status if isinstance(result, int) else result.status
        return Found(values, status == 1, bound)

    return run


def _pulp_bound(model: Any) -> float:
    """HiGHS's own bound; PuLP tells none, and CBC's is not kept."""
    highs = getattr(model, "solverModel", None)
    return -math.inf if highs is None else float(highs.getInfo().mip_dual_bound)


def _pulp_solver(pulp: Any, name: str, terms: Terms) -> Any:
    options = {"msg": False, "gapRel": terms.gap, "timeLimit": terms.seconds}
    if terms.threads:
        options["threads"] = terms.threads
    if name == "HiGHS":
        return pulp.getSolver(name, **options)
    if "PULP_CBC_CMD" in pulp.listSolvers(onlyAvailable=True):
        return pulp.getSolver("PULP_CBC_CMD", **options, _skip_v4_deprecation=True)
    return pulp.getSolver("COIN_CMD", **options)


def _state_cp_sat(program: Program, terms: Terms) -> Callable[[], Found]:
    """CP-SAT takes whole numbers: scores and costs are rounded to 1e-9 of their largest sum."""
    cp = importlib.import_module("ortools.sat.python.cp_model")
    model = cp.CpModel()
    x = [model.new_bool_var("") for _ in program.score]
    for start, end in _layers(program):
        model.add_exactly_one(x[start:end])
    for cost, limit, side in _limits(program):
        unit = _INTEGER / max(abs(limit), *map(abs, cost))
        whole = np.rint(np.array(cost) * unit).astype(np.int64).tolist()
        total = cp.LinearExpr.weighted_sum(x, whole)
        model.add(
            total <= math.floor(limit * unit) if side > 0 else total >= math.ceil(limit * unit)
        )
    worst = np.maximum.reduceat(np.abs(program.score), program.starts[:-1]).sum()
    per_score = _INTEGER / max(float(worst), 1e-9)
    scores = np.rint(program.score * per_score).astype(np.int64)
    model.minimize(cp.LinearExpr.weighted_sum(x, scores.tolist()))
    solver = cp.CpSolver()
    solver.parameters.max_time_in_seconds = terms.seconds
    solver.parameters.relative_gap_limit = terms.gap
    solver.parameters.num_workers = terms.threads

    def run() -> Found:
        status = solver.solve(model)
        found = status in (cp.OPTIMAL, cp.FEASIBLE)
        values = [float(solver.value(xj)) for xj in x] if found else None
        return Found(values, status == cp.OPTIMAL, solver.best_objective_bound / per_score)

    return run


def _state_gurobi(program: Program, terms: Terms) -> Callable[[], Found]:
    gurobi = importlib.import_module("gurobipy")
    model = gurobi.Model(env=_gurobi_environment())
    model.Params.MIPGap, model.Params.TimeLimit = terms.gap, terms.seconds
    model.Params.Threads = terms.threads
    if not terms.gap:
        model.Params.MIPGapAbs = 0.0
    x = list(model.addVars(program.score.size, vtype="B").values())
    model.setObjective(gurobi.LinExpr(program.score.tolist(), x))
    for start, end in _layers(program):
        model.addConstr(gurobi.LinExpr([1.0] * (end - start), x[start:end]) == 1)
    for cost, limit, side in _limits(program):
        total = gurobi.LinExpr(cost, x)
        model.addConstr(total <= limit if side > 0 else total >= limit)

    def run() -> Found:
        model.optimize()
        values = [xj.X for xj in x] if model.SolCount else None
        return Found(values, model.Status == gurobi.GRB.OPTIMAL, model.ObjBound)

    return run


@cache
def _gurobi_environment() -> Any:
    """Checking the license takes long and is no part of a search."""
    return importlib.import_module("gurobipy").Env(params={"OutputFlag": 0})


_HIGHS = "PuLP + HiGHS, gap 0"
_PULP_CBC = "PuLP + CBC, gap 0"
PEERS = (
    Peer("python-mip + CBC, its default gap 1e-4", "mip", 1e-4, _state_python_mip),
    Peer(_PULP_CBC, "pulp", 0.0, partial(_state_pulp, "CBC")),
    Peer(_HIGHS, "pulp", 0.0, partial(_state_pulp, "HiGHS")),
    Peer("OR-Tools CP-SAT, gap 0", "ortools", 0.0, _state_cp_sat),
    Peer("Gurobi, its default gap 1e-4", "gurobipy", 1e-4, _state_gurobi, _FREE_GUROBI_VARIABLES),
    Peer("Gurobi, gap 0", "gurobipy", 0.0, _state_gurobi, _FREE_GUROBI_VARIABLES),
)
