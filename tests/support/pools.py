"""Executors of each kind, of two workers."""

from __future__ import annotations

from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context


def pool_of(kind: str) -> Executor:
    """Threads, or processes that are started anew as they are on every system."""
    if kind == "threads":
        return ThreadPoolExecutor(2)
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))
