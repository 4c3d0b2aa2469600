"""Runs the kernel's WebAssembly: by wasmtime on a computer, by the browser under Pyodide."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import os
import sys
from collections import deque
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from puzzle_widgets.writing import atomic_write

Array = npt.NDArray[Any]
# Another build of the kernel than the one that comes along, to test it.
OTHER = "PUZZLE_WIDGETS_KERNEL"
KERNEL = Path(os.environ.get(OTHER) or Path(__file__).with_name("kernel.wasm"))
OFF = "PUZZLE_WIDGETS_NO_KERNEL"
_EXPORTS = (
    "sizes_at", "problem_new", "task_new", "task_run", "jobs_new", "jobs_run", "job_leave",
)  # fmt: skip
# WebAssembly memory never shrinks: what a large search has grown is given back with its instance.
_MOST_KEPT = 48 << 20
_GROWTH = 16 << 20
_WRITABLE_BY_OTHERS = 0o022
_DIGEST = sha256().digest_size


class KernelError(Exception):
    """The kernel cannot run here, or it broke off."""


class Host(Protocol):
    """One instance of the kernel with its memory."""

    @property
    def pointer(self) -> npt.DTypeLike:
        """What an address is in the kernel's memory."""

    @property
    def sizes(self) -> int:
        """Where a problem's sizes are written."""

    def call(self, name: str) -> int:
        """Call an exported function."""

    def write(self, address: int, values: Array) -> None:
        """Put an array's bytes into the kernel's memory."""

    def read(self, address: int, kind: npt.DTypeLike, count: int) -> Array:
        """Copy an array out of the kernel's memory."""

    @property
    def size(self) -> int:
        """Bytes of memory that the instance has taken."""


class WasmtimeHost:
    """The kernel by wasmtime; the interpreter's lock is free while it works."""

    pointer = np.uint32

    def __init__(self) -> None:
        import wasmtime  # noqa: PLC0415 - loaded by the first search, not with the package

        self._failures = (wasmtime.Trap, wasmtime.WasmtimeError)
        try:
            instance = self._made(frugal=False)
        except self._failures:  # such as an address space that is limited
            try:
                instance = self._made(frugal=True)
            except self._failures as error:
                raise KernelError(f"WebAssembly cannot be run here: {error}") from error
        exports = instance.exports(self._store)
        self._functions: dict[str, Any] = {name: exports[name] for name in _EXPORTS}
        self._memory: Any = exports["memory"]
        self._view: Array = np.zeros(0, dtype=np.uint8)
        self._look()
        self.sizes = self.call("sizes_at")

    def _made(self, *, frugal: bool) -> Any:  # noqa: ANN401 - wasmtime's
        import wasmtime  # noqa: PLC0415

        engine, module = _compiled(frugal=frugal)
        self._store = wasmtime.Store(engine)
        return wasmtime.Instance(self._store, module, [])

    def call(self, name: str) -> int:
        """Call an exported function.

        Raises
        ------
        KernelError
            If the kernel breaks off, such as for want of memory.
        """
        try:
            given = self._functions[name](self._store)
        except self._failures as error:
            raise KernelError(f"The search kernel broke off: {error}") from error
        if self._address() != self._begin:  # memory that grows may move
            self._look()
        return int(given)

    def write(self, address: int, values: Array) -> None:
        """Put an array's bytes into the kernel's memory."""
        end = address + values.nbytes
        self._within(end)[address:end] = np.ascontiguousarray(values).view(np.uint8).ravel()

    def read(self, address: int, kind: npt.DTypeLike, count: int) -> Array:
        """Copy an array out of the kernel's memory."""
        end = address + count * np.dtype(kind).itemsize
        return self._within(end)[address:end].copy().view(kind)

    @property
    def size(self) -> int:
        """Bytes of memory that the instance has taken."""
        return int(self._memory.data_len(self._store))

    def _within(self, end: int) -> Array:
        """The memory, looked at anew where it has grown."""
        if end > len(self._view):
            self._look()
        if end > len(self._view):
            raise KernelError("This is too large for the search kernel's memory.")
        return self._view

    def _address(self) -> int:
        return ctypes.addressof(self._memory.data_ptr(self._store).contents)

    def _look(self) -> None:
        self._begin = self._address()
        area = (ctypes.c_uint8 * self.size).from_address(self._begin)
        self._view = np.frombuffer(memoryview(area), dtype=np.uint8)


class BrowserHost:
    """The same file by the browser that runs Python (Pyodide)."""

    pointer = np.uint32

    def __init__(self) -> None:
        js = _javascript()
        code = js.Uint8Array.new(KERNEL.stat().st_size)
        code.assign(KERNEL.read_bytes())
        instance = js.WebAssembly.Instance.new(js.WebAssembly.Module.new(code))
        self._js, self._exports = js, instance.exports
        self.sizes = self.call("sizes_at")

    def call(self, name: str) -> int:
        """Call an exported function."""
        try:
            return int(getattr(self._exports, name)())
        except Exception as error:
            raise KernelError(f"The search kernel broke off: {error}") from error

    def write(self, address: int, values: Array) -> None:
        """Put an array's bytes into the kernel's memory."""
        self._area(address, values.nbytes).assign(np.ascontiguousarray(values).tobytes())

    def read(self, address: int, kind: npt.DTypeLike, count: int) -> Array:
        """Copy an array out of the kernel's memory."""
        held = self._area(address, count * np.dtype(kind).itemsize).to_bytes()
        return np.frombuffer(held, dtype=kind).copy()

    @property
    def size(self) -> int:
        """Bytes of memory that the instance has taken."""
        return int(self._exports.memory.buffer.byteLength)

    def _area(self, address: int, count: int) -> Any:  # noqa: ANN401 - a JavaScript object
        return self._js.Uint8Array.new(self._exports.memory.buffer, address, count)


# Instances that wait for the next search. A search within a search gets one of its own.
_IDLE: deque[Host] = deque(maxlen=4)


@contextlib.contextmanager
def borrowed() -> Iterator[Host]:
    """Lend an instance for one search.

    Raises
    ------
    KernelError
        If the kernel cannot run here.
    """
    try:
        host = _IDLE.pop()
    except IndexError:
        host = new_host()
    yield host
    # Not after an exception: what the memory holds then is not known.
    if host.size <= _MOST_KEPT:
        _IDLE.append(host)


def forget_instances() -> None:
    """Drop the instances that wait: a process that forks keeps the machine code alone."""
    _IDLE.clear()


def new_host() -> Host:
    """Make an instance of the kernel.

    Raises
    ------
    KernelError
        If it is switched off, or neither wasmtime nor a browser is there.
    """
    if os.environ.get(OFF):
        raise KernelError(f"{OFF} is set.")
    try:
        return BrowserHost() if sys.platform == "emscripten" else WasmtimeHost()
    except (ImportError, OSError) as error:
        raise KernelError(f"WebAssembly cannot be run here: {error}") from error


@cache
def kernel_runs() -> bool:
    """Whether the kernel can run here."""
    try:
        with borrowed():
            return True
    except KernelError:
        return False


def _javascript() -> Any:  # noqa: ANN401 - a JavaScript object
    import js  # type: ignore[import-not-found]  # noqa: PLC0415 - under Pyodide only

    return js


@cache
def _compiled(*, frugal: bool) -> tuple[Any, Any]:
    """Engine and machine code; compiling takes 0.1 s, so it is kept in the user's own cache.

    Usually 4 GiB of addresses are set aside for an instance, and the processor finds what is out
    of bounds. Where so many cannot be had, or a sandbox hands no such signals on, the frugal code
    looks at each access itself, which takes 1.5 times as long.
    """
    import wasmtime  # noqa: PLC0415 - loaded by the first search, not with the package

    atexit.register(_let_go)
    config = wasmtime.Config()
    config.parallel_compilation = False
    if frugal:
        config.memory_reservation = config.memory_guard_size = 0
        config.memory_reservation_for_growth = _GROWTH
        config.signals_based_traps = False
    engine, code = wasmtime.Engine(config), KERNEL.read_bytes()
    kept = _cache_file(code, "-frugal" if frugal else "")
    known = None if kept is None else _taken(kept)
    if known is not None:
        with contextlib.suppress(wasmtime.WasmtimeError):  # of another version or machine
            return engine, wasmtime.Module.deserialize(engine, known)
    module = wasmtime.Module(engine, code)
    if kept is not None:
        _keep(kept, bytes(module.serialize()))
    return engine, module


def _let_go() -> None:
    """Free what wasmtime holds while the interpreter is still whole."""
    _IDLE.clear()
    _compiled.cache_clear()


def _cache_file(code: bytes, kind: str = "") -> Path | None:
    from platformdirs import user_cache_path  # noqa: PLC0415 - by the first search only

    try:
        name = f"{sha256(code).hexdigest()[:32]}{kind}.bin"
        return user_cache_path("puzzle-widgets") / "kernel" / name
    except (OSError, RuntimeError):  # no home
        return None


def _taken(kept: Path) -> bytes | None:
    """Machine code as it was kept; none where others could have written it, or it is damaged."""
    if not (_is_ours(kept) and _is_ours(kept.parent)):
        return None
    try:
        content = kept.read_bytes()
    except OSError:
        return None
    digest, machine_code = content[:_DIGEST], content[_DIGEST:]
    return machine_code if sha256(machine_code).digest() == digest else None


def _keep(kept: Path, machine_code: bytes) -> None:
    """Keep machine code for the next process, in a folder of nobody else."""
    with contextlib.suppress(OSError):
        kept.parent.parent.mkdir(parents=True, exist_ok=True)
        kept.parent.mkdir(exist_ok=True, mode=0o700)
        if _is_ours(kept.parent):
            atomic_write(kept, sha256(machine_code).digest() + machine_code)
            kept.chmod(0o600)


def _is_ours(path: Path) -> bool:
    """Whether nobody else can have written it: machine code is not taken from a shared place."""
    try:
        state = path.stat()
    except OSError:
        return False
    if not hasattr(os, "getuid"):
        return True
    return state.st_uid == os.getuid() and not state.st_mode & _WRITABLE_BY_OTHERS
