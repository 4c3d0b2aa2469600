"""The other solvers, each given the same knapsack in its own package's plainest form.

The program is the one of the Puzzle paper: a binary variable for each variant, one variant a
layer, each budget a limit on a sum, the summed score least. A peer whose package is not installed
is left out. Nothing else of the project is imported here: OR-Tools, python-mip and HiGHS bring
libraries that cannot be loaded into one process.
"""

from __future__ import annotations

import importlib
import math
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
    claims the optimum within its gap.
    """

    choice: IntArray | None
    seconds: float
    build: float
    proven: bool


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
        States the model: takes the knapsack and seconds allowed, gives a function that solves it
        and returns the variables' values (``None`` without an answer) and the claim.
    most_variables
        Largest model that its license allows.
    """

    name: str
    package: str
    gap: float
    state: Callable[[Program, float, float], Callable[[], tuple[list[float] | None, bool]]]
    most_variables: float = math.inf

    def fits(self, program: Program) -> bool:
        """Whether the model is within the license."""
        return program.score.size <= self.most_variables

    def solve(self, program: Program, seconds: float) -> Answer:
        """State and solve, and take the time of both."""
        begin = time.perf_counter()
        run = self.state(program, self.gap, seconds)
        built = time.perf_counter()
        values, proven = run()
        choice = None if values is None else _choice(program, values)
        return Answer(choice, time.perf_counter() - begin, built - begin, proven)


def solve_by(name: str, program: Program, seconds: float) -> Answer:
    """Solve by the peer of a name; what a peer's process runs."""
    return next(peer for peer in PEERS if peer.name == name).solve(program, seconds)


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


def _state_python_mip(program: Program, gap: float, seconds: float) -> Callable[[], Any]:
    mip = importlib.import_module("mip")
    model = mip.Model(sense=mip.MINIMIZE, solver_name=mip.CBC)
    model.verbose = 0
    model.max_mip_gap = gap
    x = [model.add_var(var_type=mip.BINARY) for _ in program.score]
    model.objective = mip.xsum(
        score * xj for score, xj in zip(program.score.tolist(), x, strict=True)
    )
    for start, end in _layers(program):
        model += mip.xsum(x[start:end]) == 1
    for cost, limit, side in _limits(program):
        total = mip.xsum(c * xj for c, xj in zip(cost, x, strict=True))
        model += total <= limit if side > 0 else total >= limit

    def run() -> tuple[list[float] | None, bool]:
        status = model.optimize(max_seconds=seconds)
        values = [float(xj.x) for xj in x] if model.num_solutions else None
        return values, status == mip.OptimizationStatus.OPTIMAL

    return run


def _state_pulp(name: str, program: Program, gap: float, seconds: float) -> Callable[[], Any]:
    pulp = importlib.import_module("pulp")
    model = pulp.LpProblem("mckp", pulp.LpMinimize)
    x = [model.add_variable(f"x{j}", 0, 1, pulp.LpBinary) for j in range(program.score.size)]
    model += pulp.lpSum(s * xj for s, xj in zip(program.score.tolist(), x, strict=True))
    for start, end in _layers(program):
        model += pulp.lpSum(x[start:end]) == 1
    for cost, limit, side in _limits(program):
        total = pulp.lpSum(c * xj for c, xj in zip(cost, x, strict=True))
        model += total <= limit if side > 0 else total >= limit
    solver = _pulp_solver(pulp, name, gap, seconds)

    def run() -> tuple[list[float] | None, bool]:
        result = model.solve(solver)
        values = [xj.varValue for xj in x]
        if None in values:
            return None, False
        # PuLP 3 returns a number and notes the solution's status; PuLP 4 returns a record.
        return values, (model.sol_status if isinstance(result, int) else result.status) == 1

    return run


def _pulp_solver(pulp: Any, name: str, gap: float, seconds: float) -> Any:
    options = {"msg": False, "gapRel": gap, "timeLimit": seconds}
    if name == "HiGHS":
        return pulp.getSolver(name, **options)
    if "PULP_CBC_CMD" in pulp.listSolvers(onlyAvailable=True):
        return pulp.getSolver("PULP_CBC_CMD", **options, _skip_v4_deprecation=True)
    return pulp.getSolver("COIN_CMD", **options)


def _state_cp_sat(program: Program, gap: float, seconds: float) -> Callable[[], Any]:
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
    scores = np.rint(program.score * (_INTEGER / max(float(worst), 1e-9))).astype(np.int64)
    model.minimize(cp.LinearExpr.weighted_sum(x, scores.tolist()))
    solver = cp.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.relative_gap_limit = gap

    def run() -> tuple[list[float] | None, bool]:
        status = solver.solve(model)
        found = status in (cp.OPTIMAL, cp.FEASIBLE)
        values = [float(solver.value(xj)) for xj in x] if found else None
        return values, status == cp.OPTIMAL

    return run


def _state_gurobi(program: Program, gap: float, seconds: float) -> Callable[[], Any]:
    gurobi = importlib.import_module("gurobipy")
    model = gurobi.Model(env=_gurobi_environment())
    model.Params.MIPGap, model.Params.TimeLimit = gap, seconds
    if not gap:
        model.Params.MIPGapAbs = 0.0
    x = list(model.addVars(program.score.size, vtype="B").values())
    model.setObjective(gurobi.LinExpr(program.score.tolist(), x))
    for start, end in _layers(program):
        model.addConstr(gurobi.LinExpr([1.0] * (end - start), x[start:end]) == 1)
    for cost, limit, side in _limits(program):
        total = gurobi.LinExpr(cost, x)
        model.addConstr(total <= limit if side > 0 else total >= limit)

    def run() -> tuple[list[float] | None, bool]:
        model.optimize()
        values = [xj.X for xj in x] if model.SolCount else None
        return values, model.Status == gurobi.GRB.OPTIMAL

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
