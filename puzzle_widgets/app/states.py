"""What a page is told of all widgets as it opens, written before anyone comes.

A page asks its kernel for the states of all widgets at once. Of a page that was made ahead they
are the same for every visitor: the answer is written once, and holds until a widget changes.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import comm
from ipykernel.comm.comm import BaseComm
from ipykernel.kernelbase import Kernel
from ipywidgets import Widget
from ipywidgets.widgets import widget as of_widgets
from jupyter_client.session import json_packer

CONTROL = "jupyter.widget.control"
_KIND = ("model_name", "model_module", "model_module_version")
Written = tuple[bytes, list[Any]]


class WidgetLine(BaseComm):
    """A widget's line to its page, which may be made before the kernel that it belongs to."""

    def publish_msg(self, *args: Any, **keys: Any) -> None:  # noqa: ANN401 - as ipykernel has it
        """Send a message; what was written of all widgets holds no longer."""
        states.forget()
        super().publish_msg(*args, **keys)


class States:
    """The answer to a page that asks for all widgets."""

    def __init__(self) -> None:
        self._written: Written | None = None

    @property
    def are_written(self) -> bool:
        """Whether what was written still holds."""
        return self._written is not None

    def write(self) -> None:
        """Write the answer ahead."""
        self._written = _write()

    def forget(self) -> None:
        """Write it anew when it is next asked for: a widget was made, changed or closed."""
        self._written = None

    def tell(self, line: Any) -> None:  # noqa: ANN401 - ipykernel's
        """Answer on a page's line."""
        data, buffers = self._written or _write()
        kernel: Any = Kernel.instance()
        kernel.session.send(
            kernel.iopub_socket,
            "comm_msg",
            b'{"data": %b, "comm_id": %b}' % (data, json.dumps(line.comm_id).encode()),
            parent=kernel.get_parent(),
            ident=line.topic,
            buffers=buffers,
        )


states = States()


def lead_widgets() -> None:
    """Have all widgets that are made from now on speak by lines of ours."""
    comm.create_comm = WidgetLine


def answer_pages(kernel: Kernel) -> None:
    """Let the widgets speak by a kernel, and answer its pages."""
    WidgetLine.kernel = kernel
    comm.get_comm_manager().register_target(CONTROL, _opened)


def _opened(line: Any, message: dict[str, Any]) -> None:  # noqa: ANN401
    Widget.handle_control_comm_opened(line, message)  # refuses what speaks another language
    line.on_msg(partial(_asked, line))


def _asked(line: Any, message: dict[str, Any]) -> None:  # noqa: ANN401
    if message["content"]["data"].get("method") == "request_states":
        states.tell(line)
    else:
        Widget._handle_control_comm_msg(message)  # noqa: SLF001 - as it would be without us


def _write() -> Written:
    """Write as ipywidgets does, which gathers everything twice."""
    held: Any = {name: _state(widget) for name, widget in of_widgets._instances.items()}  # noqa: SLF001
    held, paths, buffers = of_widgets._remove_buffers(held)  # noqa: SLF001 - no public way
    told = {"method": "update_states", "states": held, "buffer_paths": paths}
    return json_packer(told), buffers


def _state(widget: Widget) -> dict[str, Any]:
    state = widget.get_state()
    kind = {name: state[f"_{name}"] for name in _KIND}
    return {**kind, "state": state}
