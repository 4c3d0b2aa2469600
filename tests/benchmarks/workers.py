"""A process for each peer, since their libraries do not go together in one."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from types import TracebackType
from typing import Self

import numpy as np

from tests.benchmarks.peers import Answer, Peer, Program, solve_by

_TINY = Program(
    score=np.array([0.0, 1.0, 0.0, 1.0]),
    starts=np.array([0, 2, 4]),
    cost=np.array([[1.0, 0.0, 1.0, 0.0]]),
    lower=np.array([-np.inf]),
    upper=np.array([1.0]),
)


class Workers:
    """Solves by peers, each in a process that lives as long as the ``with`` block.

    The first call of a peer solves a tiny knapsack before, so that imports are in no time.
    """

    def __init__(self) -> None:
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
        return self._pool(peer).submit(solve_by, peer.name, program, seconds).result()

    def _pool(self, peer: Peer) -> ProcessPoolExecutor:
        if peer.name not in self._pools:
            pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
            self._pools[peer.name] = pool
            pool.submit(solve_by, peer.name, _TINY, 10.0).result()
        return self._pools[peer.name]
