"""A process for each peer, since their libraries do not go together in one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

import numpy as np

from tests.benchmarks.peers import Answer, Peer, Program, solve_by

_TINY = Program(
    score=np.array([0.0, 1.0, 0.0, 1.0]),
    starts=np.array([0, 2, 4]),
    cost=np.array([[1.0, 0.0, 1.0, 0.0]]),
    lower=np.array([-np.inf]),
    upper=np.array([1.0]),
)


P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """Solves by peers, each in a process that lives as long as the ``with`` block.

    The first call of a peer solves a tiny knapsack before, so that imports are in no time.

    Parameters
    ----------
    threads
        Threads of a solver; 0 for each package's default.
    """

    def __init__(self, threads: int = 0) -> None:
        self._threads = threads
        self._pools: dict[str, ProcessPoolExecutor] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for pool in self._pools.values():
            pool.shutdown()

    def solve(self, peer: Peer, program: Program, seconds: float) -> Answer:
        """Solve by one peer; its times are taken in its process."""
        if peer.name not in self._pools:
            self.call(peer.name, solve_by, peer.name, _TINY, 10.0, self._threads)
        return self.call(peer.name, solve_by, peer.name, program, seconds, self._threads)

    def call(self, name: str, do: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function in the process of a name."""
        if name not in self._pools:
            self._pools[name] = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        return self._pools[name].submit(do, *args, **kwargs).result()
