"""What runs the kernel: machine code kept safely, failures told, nothing left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import wasmtime

from puzzle_widgets.search import engine as door
from puzzle_widgets.search.kernel import host
from puzzle_widgets.search.kernel.engine import _PLACES, solve_by_kernel
from puzzle_widgets.search.options import Changes, SearchOptions
from tests.support.instances import instance
from tests.support.libraries import ROOT
from tests.support.standin_javascript import StandInForJavaScript

MCKP = instance("published-like", 1)
SETTLE = SearchOptions(settle=True)
BEGIN = """
from puzzle_widgets.search.engine import solve, usual_engine
from puzzle_widgets.search.options import Changes, SearchOptions
from tests.support.instances import instance, strongly_correlated

def answer():
    return solve(instance("published-like", 1), SearchOptions(settle=True)).choice.tolist()
"""
ANSWER = "print(usual_engine(), answer())"
FORK = """
import os, warnings
warnings.simplefilter("ignore")  # that there are threads: numpy's
before = answer()
child = os.fork()
if child == 0:
    os._exit(0 if usual_engine() == "kernel" and answer() == before else 1)
assert os.waitpid(child, 0)[1] == 0
assert answer() == before
"""
THREADS = """
import threading
found = []
threads = [threading.Thread(target=lambda: found.append(answer())) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert found == [answer()] * 6
endless = threading.Thread(
    target=solve, args=(strongly_correlated(200, 54, 3), SearchOptions()), daemon=True)
endless.start()
endless.join(0.5)
assert endless.is_alive()
"""
LEFT = """
import os, threading
import numpy
def threads():
    return threading.active_count(), len(os.listdir("/proc/self/task"))
before = threads()
answer()
assert usual_engine() == "kernel"
assert threads() == before, (before, threads())
"""
LIMITED = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
"""
GROWING = """
import numpy as np
from puzzle_widgets.search.kernel import host
mckp = instance("uniform", 3)
parts = [solve(mckp, SearchOptions(settle=True)).choice.tolist()]
with host.borrowed() as one:
    before = one.size
    one.write(one.sizes, np.array([200, 200_000, 3, 0], dtype=np.int32))
    assert one.call("problem_new")
    assert one.size > before
    one.write(one.size - 8, np.array([7.0]))
    parts.append(one.read(one.size - 8, np.float64, 1).tolist())
print(parts)
"""
NONE_LEFT = """
from puzzle_widgets.search.kernel import host
import wasmtime
def none_left(*_):
    raise wasmtime.WasmtimeError("mmap failed")
wasmtime.Instance = none_left
"""


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where machine code is kept: in an empty cache, as a new process finds it."""
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    host._let_go()
    yield tmp_path / "puzzle-widgets" / "kernel"
    host._let_go()


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What is compiled from now on."""
    seen: list[bytes] = []

    class Counted(wasmtime.Module):
        def __init__(self, engine: wasmtime.Engine, code: bytes) -> None:
            seen.append(code)
            super().__init__(engine, code)

    monkeypatch.setattr(wasmtime, "Module", Counted)
    return seen


def again() -> list[int]:
    """Search as a new process does."""
    host._let_go()
    choice = solve_by_kernel(MCKP, SETTLE).choice
    assert choice is not None
    found: list[int] = choice.tolist()
    return found


def run(code: str, **environment: str) -> str:
    """Run code in a process of its own, and give all that it prints."""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", BEGIN + code],
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


def expected(engine: str) -> str:
    """What ``ANSWER`` prints."""
    return f"{engine} {again()}"


def problem_new(one: host.Host, *sizes: int) -> int:
    """Ask for place for a problem of some layers, variants, rows and ties."""
    one.write(one.sizes, np.array(sizes, dtype=np.int32))
    return one.call("problem_new")


def break_off(one: host.Host) -> None:
    """Let an instance begin a problem whose layers are beyond its memory."""
    table = problem_new(one, 2, 4, 1, 0)
    found = one.read(table, one.pointer, len(_PLACES)).tolist()
    places = dict(zip(_PLACES, found, strict=True))
    one.write(places["start"], np.array([0, 2**30, 2**31 - 1], dtype=np.int32))
    one.write(places["control"], np.array([1e6, 0, 60_000, 0]))
    one.call("task_new")


def test_machine_code_is_kept_in_the_users_own_cache(tmp_path: Path) -> None:
    """One file of the user's home, which nobody else can read or write."""
    run(ANSWER, HOME=str(tmp_path), XDG_CACHE_HOME="")
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert file.parent.parts[-2:] == ("puzzle-widgets", "kernel")
    assert file.name.startswith(sha256(host.KERNEL.read_bytes()).hexdigest()[:32])
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == 0o700


def test_what_is_kept_is_used(kept: Path, compiled: list[bytes]) -> None:
    """The kernel is compiled once; whatever the user's mask for new files."""
    before = os.umask(0o002)
    try:
        assert again() == again() == again()
    finally:
        os.umask(before)
    assert len(compiled) == 1
    assert len(list(kept.iterdir())) == 1


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o602, 0o620, 0o666])
def test_a_file_that_others_can_write_is_not_read(
    kept: Path, compiled: list[bytes], mode: int
) -> None:
    """It is compiled anew, and the file replaced by one of the user's own."""
    first = again()
    (file,) = kept.iterdir()
    file.chmod(mode)
    assert again() == first
    assert len(compiled) == 2
    assert file.stat().st_mode & 0o777 == 0o600
    again()
    assert len(compiled) == 2


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o702, 0o770, 0o777])
def test_a_folder_that_others_can_write_is_not_used(
    kept: Path, compiled: list[bytes], mode: int
) -> None:
    """Neither to read from nor to write to."""
    first = again()
    (file,) = kept.iterdir()
    file.write_bytes(b"what another user has put there")
    kept.chmod(mode)
    assert again() == first
    assert len(compiled) == 2
    assert file.read_bytes() == b"what another user has put there"


def cut(content: bytes) -> bytes:
    """Half of it."""
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    """One bit of the machine code is another."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def empty(_content: bytes) -> bytes:
    """Nothing is left."""
    return b""


def foreign(_content: bytes) -> bytes:
    """Whole, but of another program."""
    return sha256(b"another").digest() + b"another"


@pytest.mark.parametrize("damage", [cut, flipped, empty, foreign])
def test_a_damaged_file_is_replaced(
    kept: Path, compiled: list[bytes], damage: Callable[[bytes], bytes]
) -> None:
    """The kernel is compiled anew, and what is kept is whole again."""
    first = again()
    (file,) = kept.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert again() == first
    again()
    assert len(compiled) == 2
    assert len(file.read_bytes()) == len(whole)


@pytest.mark.skipif(os.name != "posix", reason="the path is POSIX's")
@pytest.mark.parametrize("home", ["/proc/no-such", "/dev/null/home"])
def test_a_home_that_cannot_be_written_will_do(home: str) -> None:
    """Nothing is kept then, and nothing said."""
    assert run(ANSWER, HOME=home, XDG_CACHE_HOME="") == expected("kernel")


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    """Each finds no machine code, or all of it; no part of a file stays."""
    words = [sys.executable, "-c", BEGIN + ANSWER]
    home = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": ""}
    running = [
        subprocess.Popen(words, cwd=ROOT, env=home, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    answers = [process.communicate(timeout=120)[0].strip() for process in running]
    assert answers == [expected("kernel")] * 3
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_the_kernel_can_be_switched_off() -> None:
    """The reference then gives the same answer."""
    assert run(ANSWER, PUZZLE_WIDGETS_NO_KERNEL="1") == expected("reference")


def test_another_build_can_be_named(tmp_path: Path) -> None:
    """It runs if it is there; else the reference does."""
    other = tmp_path / "other.wasm"
    assert run(ANSWER, PUZZLE_WIDGETS_KERNEL=str(other)) == expected("reference")
    other.write_bytes(host.KERNEL.read_bytes())
    assert run(ANSWER, PUZZLE_WIDGETS_KERNEL=str(other)) == expected("kernel")


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_a_limited_address_space_is_searched_in_with_frugal_code() -> None:
    """WebAssembly usually reserves more of it than some clusters give to a process."""
    assert run(LIMITED + ANSWER) == expected("kernel")
    assert run(LIMITED + GROWING) == run(GROWING)


def test_frugal_code_answers_as_the_usual_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bounds are looked at in another way; nothing else is different."""
    usual = again()
    compiled = host._compiled
    monkeypatch.setattr(host, "_compiled", lambda **_: compiled(frugal=True))
    host._IDLE.clear()
    with pytest.raises(host.KernelError, match="broke off"):
        break_off(host.new_host())
    choice = solve_by_kernel(MCKP, SETTLE).choice
    assert choice is not None
    assert choice.tolist() == usual
    host._IDLE.clear()


def test_too_few_addresses_leave_the_reference() -> None:
    """Where not even the kernel's own memory can be had."""
    assert run(NONE_LEFT + ANSWER) == expected("reference")


def test_what_is_too_large_is_told() -> None:
    """Arrays that end beyond the kernel's memory are neither written nor read."""
    one = host.new_host()
    with pytest.raises(host.KernelError, match="too large"):
        one.write(one.size - 8, np.zeros(2))
    with pytest.raises(host.KernelError, match="too large"):
        one.read(one.size - 8, np.float64, 2)


@pytest.mark.parametrize("size", [(1, 400_000_000, 1, 0), (1, 2**30, 1, 0), (9, 9, 2**30, 0)])
def test_a_problem_beyond_all_memory_breaks_off(size: tuple[int, ...]) -> None:
    """Sizes whose bytes no address can tell do not come out as small ones."""
    one = host.new_host()
    with pytest.raises(host.KernelError, match="broke off"):
        problem_new(one, *size)


def test_an_instance_that_breaks_off_is_not_used_again() -> None:
    """A step beyond the memory ends the call; what the memory then holds is not known."""
    host._IDLE.clear()
    with pytest.raises(host.KernelError, match="broke off"), host.borrowed() as one:
        break_off(one)
    assert not host._IDLE


def test_what_breaks_off_is_searched_by_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """One search, many, and the ties of an answer; unless the kernel was asked for."""
    one = door.solve(MCKP, SETTLE)
    scores = np.array([MCKP.score, MCKP.score[::-1]])
    many = door.solve_many(MCKP, Changes(scores=scores), SearchOptions())

    def broken(*_: object) -> int:
        message = "broken"
        raise host.KernelError(message)

    assert door.usual_engine() == "kernel"
    monkeypatch.setattr(host.WasmtimeHost, "call", broken)
    again = door.solve(MCKP, SETTLE)
    settled = door.settle(MCKP, one, SETTLE)
    assert one.choice is not None
    assert again.choice is not None
    assert settled.choice is not None
    assert again.engine != one.engine
    assert one.choice.tolist() == again.choice.tolist() == settled.choice.tolist()
    repeated = door.solve_many(MCKP, Changes(scores=scores), SearchOptions())
    assert repeated.scores == pytest.approx(many.scores)
    with pytest.raises(host.KernelError):
        door.solve(MCKP, SETTLE, "kernel")


def test_what_a_large_search_has_grown_is_given_back() -> None:
    """Small instances wait for the next search; large ones go."""
    host._IDLE.clear()
    with host.borrowed() as one:
        small = one
    assert list(host._IDLE) == [small]
    with host.borrowed() as one:
        assert one is small
        problem_new(one, 1, 10_000_000, 1, 0)
        assert one.size > host._MOST_KEPT
    assert not host._IDLE


def test_a_browsers_python_runs_the_same_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the page's JavaScript is asked for is what it can do; the answers are the same."""
    ours = solve_by_kernel(MCKP, SETTLE)
    host._IDLE.clear()
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setitem(sys.modules, "js", StandInForJavaScript())
    theirs = solve_by_kernel(MCKP, SETTLE)
    (one,) = host._IDLE
    host._IDLE.clear()
    assert isinstance(one, host.BrowserHost)
    assert one.size >= 65536
    assert ours.choice is not None
    assert theirs.choice is not None
    assert (theirs.status, theirs.score) == (ours.status, ours.score)
    assert theirs.choice.tolist() == ours.choice.tolist()
    with pytest.raises(host.KernelError, match="broke off"):
        one.call("no_such_function")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_an_instance_works_after_a_fork() -> None:
    """In the child and in the parent."""
    assert run(FORK) == ""


def test_nothing_is_printed_at_the_end() -> None:
    """Though threads have searched, and one still does."""
    assert run(THREADS) == ""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_no_thread_is_left_behind() -> None:
    """Neither Python's nor the system's."""
    assert run(LEFT) == ""
