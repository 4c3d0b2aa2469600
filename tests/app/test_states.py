"""What a page is told of all widgets at once, and when that has to be written anew."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import comm
import ipywidgets as widgets
import pytest
from ipykernel.kernelbase import Kernel
from ipywidgets.widgets import widget as of_widgets

from puzzle_widgets.app import states as module
from puzzle_widgets.app.states import CONTROL, States, WidgetLine, answer_pages, lead_widgets

ASKED = {"content": {"data": {"method": "request_states"}}}


class Heard:
    """A kernel's session and socket: remembers what was sent."""

    iopub_socket = "iopub"

    def __init__(self) -> None:
        self.session = self
        self.sent: list[tuple[str, Any, list[Any]]] = []

    def get_parent(self) -> dict[str, Any]:
        """Nobody asked."""
        return {}

    def send(self, _socket: object, kind: str, content: Any, **how: Any) -> None:
        """Remember it."""
        told = json.loads(content) if isinstance(content, bytes) else content
        self.sent.append((kind, told, how.get("buffers") or []))


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """A kernel that listens; widgets that are made meanwhile speak by it."""
    heard = Heard()
    monkeypatch.setattr(comm, "create_comm", comm.create_comm)
    monkeypatch.setattr(WidgetLine, "kernel", None)
    monkeypatch.setattr(Kernel, "initialized", lambda: True)
    monkeypatch.setattr(Kernel, "instance", lambda: heard)
    monkeypatch.setattr(module, "states", States())
    monkeypatch.setattr(of_widgets, "_instances", {})  # without what other tests left open
    lead_widgets()
    return heard


def line() -> Any:
    """A page's line to the kernel."""
    return SimpleNamespace(comm_id='a "name"', topic=b"topic", on_msg=lambda _: None)


def test_what_is_written_ahead_is_what_is_asked_for(kernel: Heard) -> None:
    """The same words and buffers, whether they were written before or only then."""
    slider = widgets.FloatSlider(3.0, max=9.0)
    states = States()
    states.tell(line())
    states.write()
    states.tell(line())
    (kind, now, _), (_, before, _) = kernel.sent[-2:]
    assert kind == "comm_msg"
    assert now == before
    assert now["comm_id"] == 'a "name"'
    told = now["data"]["states"][slider.model_id]
    assert (told["model_name"], told["state"]["value"]) == ("FloatSliderModel", 3.0)
    assert now["data"]["method"] == "update_states"
    slider.close()


def test_it_holds_until_a_widget_is_made_changed_or_closed(kernel: Heard) -> None:
    """Then a page that asks is told what there is now."""
    slider = widgets.FloatSlider(3.0, max=9.0)
    WidgetLine.kernel = kernel  # type: ignore[assignment]
    changes = (
        lambda: setattr(slider, "value", 5.0),
        widgets.IntText,
        slider.close,
    )
    for change in changes:
        module.states.write()
        assert module.states.are_written
        change()
        assert not module.states.are_written
    module.states.tell(line())
    assert kernel.sent[-1][1]["data"]["states"]


def test_widgets_made_before_their_kernel_speak_by_it(
    kernel: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one, ipywidgets would tell of no change."""
    monkeypatch.setattr(Kernel, "initialized", lambda: False)
    slider = widgets.FloatSlider(3.0, max=9.0)
    slider.value = 4.0
    assert kernel.sent == []
    monkeypatch.setattr(Kernel, "initialized", lambda: True)
    answer_pages(kernel)  # type: ignore[arg-type]
    slider.value = 5.0
    (told,) = (content["data"]["state"] for _, content, _ in kernel.sent)
    assert told == {"value": 5.0}
    slider.close()


def test_a_page_of_another_language_is_refused(kernel: Heard) -> None:
    """By ipywidgets, as ever; one of ours is answered."""
    answer_pages(kernel)  # type: ignore[arg-type]
    slider = widgets.FloatSlider(3.0)
    opened: Any = comm.get_comm_manager().targets[CONTROL]
    with pytest.raises(ValueError, match="Incompatible"):
        opened(line(), {"metadata": {"version": "99.0"}})
    heard: list[Any] = []
    page = SimpleNamespace(comm_id="page", topic=b"", on_msg=heard.append)
    opened(page, {"metadata": {"version": "1.0.0"}})
    heard[-1](ASKED)
    assert slider.model_id in kernel.sent[-1][1]["data"]["states"]
    with pytest.raises(RuntimeError, match="Unknown front-end"):
        heard[-1]({"content": {"data": {"method": "other"}}})
