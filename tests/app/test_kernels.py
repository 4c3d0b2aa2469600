"""The kernels behind the pages: which Python they run, and why they end."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import zmq
import zmq.asyncio
from ipykernel.kernelbase import Kernel
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.session import Session

from puzzle_widgets.app.kernels import (
    KERNEL_NAME,
    OwnPythonKernels,
    PageKernel,
    PageKernels,
    QuietClient,
)


def test_kernel_is_this_python() -> None:
    """The kernel is started by the very interpreter of the server, not one found by name."""
    assert OwnPythonKernels().get_kernel_spec(KERNEL_NAME).argv[0] == sys.executable


def test_no_other_kernel_is_known() -> None:
    """Kernels that the machine has registered are neither listed nor started."""
    kernels = OwnPythonKernels()
    assert list(kernels.get_all_specs()) == [KERNEL_NAME]
    with pytest.raises(NoSuchKernel):
        kernels.get_kernel_spec("other")


def test_kernel_imports_this_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel of a bare checkout finds the package, beside what the caller's path holds."""
    monkeypatch.setenv("PYTHONPATH", "known")
    path = OwnPythonKernels().get_kernel_spec(KERNEL_NAME).env.get("PYTHONPATH", "known")
    assert path.split(os.pathsep)[-1] == "known"


@pytest.mark.parametrize("made", [PageKernel, QuietClient])
def test_no_message_is_dropped(made: type[Any], tmp_path: Any) -> None:
    """Whoever listens to a kernel keeps all that it has not read yet."""

    async def listen() -> None:  # the line wants a loop that runs
        with zmq.asyncio.Context() as context:
            one = made(transport="ipc", ip=str(tmp_path / "k"), iopub_port=1, context=context)
            line = one.connect_iopub()
            assert line.getsockopt(zmq.RCVHWM) == 0
            line.close(linger=0)

    asyncio.run(listen())


class Kernels(PageKernels):
    """Kernels without processes."""

    def __init__(self, *, unused: float, taken: int) -> None:
        super().__init__()
        last = datetime.now(UTC) - timedelta(seconds=unused)
        self.held = {"one": SimpleNamespace(last_activity=last)}
        self.taken = taken
        self.ended: list[tuple[str, str]] = []

    def get_kernel(self, kernel_id: str) -> Any:
        """The stand-in."""
        return self.held[kernel_id]

    def list_kernel_ids(self) -> list[str]:
        """Those that run."""
        return list(self.held)

    def memory_bytes(self, kernel_id: str) -> int:
        """What each takes."""
        assert kernel_id in self.held
        return self.taken

    async def end(self, kernel_id: str, why: str) -> None:
        """Note it."""
        self.ended.append((kernel_id, why))


@pytest.mark.parametrize(("unused", "ends"), [(5.0, False), (15.0, True)])
def test_unused_kernels_end_once_their_page_has_come(unused: float, ends: bool) -> None:  # noqa: FBT001
    """A kernel whose page is still to come is not unused."""
    kernels = Kernels(unused=unused, taken=0)
    kernels.cull_idle_timeout = 10
    asyncio.run(kernels.cull_kernel_if_idle("one"))
    assert kernels.ended == []
    kernels._met.add("one")
    asyncio.run(kernels.cull_kernel_if_idle("one"))
    assert kernels.ended == ([("one", "idle")] if ends else [])


@pytest.mark.parametrize(("taken", "ends"), [(100, False), (101, True)])
def test_a_session_that_runs_away_is_ended(taken: int, ends: bool) -> None:  # noqa: FBT001
    """What holds more memory than is allowed is ended, and why is noted."""
    kernels = Kernels(unused=0, taken=taken)
    asyncio.run(kernels.end_those_above(100))
    assert kernels.ended == ([("one", "memory")] if ends else [])


class Speaker:
    """A kernel whose words are heard; ``connect_iopub`` gives its line."""

    def __init__(self) -> None:
        self.session = Session(key=b"mine")
        self.execution_state = "starting"
        self.last_activity: datetime | None = None
        self.line: Any = None

    def connect_iopub(self) -> Any:
        """What is subscribed to, and who listens."""
        self.line = SimpleNamespace(wanted=[b""], hear=None)
        options = {zmq.SUBSCRIBE: self.line.wanted.append, zmq.UNSUBSCRIBE: self.line.wanted.remove}
        self.line.setsockopt = lambda option, value: options[option](value)
        self.line.on_recv = lambda hear: setattr(self.line, "hear", hear)
        return self.line

    def say(self, kind: str, content: dict[str, Any], parent: str = "") -> None:
        """Say something, in answer to a message or to none."""
        asked = {"msg_type": parent} if parent else {}
        message = self.session.msg(kind, content, parent={"header": asked})
        self.line.hear(self.session.serialize(message, [b"kernel.1.status"]))


def test_whether_a_kernel_works_is_known_by_its_own_words() -> None:
    """Nothing that its widgets say is read for that; asking what it is keeps none alive."""
    kernels, speaker = Kernels(unused=0, taken=0), Speaker()
    kernels.held["one"] = speaker  # type: ignore[assignment]
    kernels.start_watching_activity("one")
    assert speaker.line.wanted == [b"kernel."]
    assert Kernel._topic(SimpleNamespace(ident="1"), "status").startswith(b"kernel.")  # type: ignore[arg-type,no-untyped-call]
    speaker.last_activity = None
    speaker.say("status", {"execution_state": "busy"}, "kernel_info_request")
    assert (speaker.execution_state, speaker.last_activity) == ("idle", None)
    for state in ("busy", "idle"):
        speaker.last_activity = None
        speaker.say("status", {"execution_state": state}, "comm_msg")
        assert speaker.execution_state == state
        assert speaker.last_activity is not None
