"""Cell of the notebook that the server tests serve: one of each kind of widget."""

from __future__ import annotations

import os
import sys

import anywidget
import bqplot as bq
import ipywidgets as W  # noqa: N812
import numpy as np
import traitlets


class Counter(anywidget.AnyWidget):
    """Button that counts its clicks, in the page and in the kernel."""

    _esm = """
    function render({ model, el }) {
      const button = document.createElement("button");
      const show = () => { button.textContent = `counted ${model.get("value")}`; };
      button.addEventListener("click", () => {
        model.set("value", model.get("value") + 1);
        model.save_changes();
      });
      model.on("change:value", show);
      show();
      el.appendChild(button);
    }
    export default { render };
    """
    value = traitlets.Int(0).tag(sync=True)


def named(widget: W.DOMWidget, name: str) -> W.DOMWidget:
    """Give the widget a CSS class to find it by."""
    widget.add_class(name)
    return widget


def figure() -> bq.Figure:
    """Bars over two labeled axes."""
    scales = {"x": bq.LinearScale(), "y": bq.LinearScale()}
    bars = bq.Bars(x=np.arange(80.0), y=np.arange(80.0) % 9 + 1, scales=scales)
    axes = [
        bq.Axis(scale=scales["x"], label="layer"),
        bq.Axis(scale=scales["y"], label="runtime, ms", orientation="vertical"),
    ]
    return bq.Figure(marks=[bars], axes=axes, layout=W.Layout(width="100%", height="320px"))


def presses() -> W.Box:
    """Button with an icon beside the number of its clicks."""
    button = named(W.Button(description="Press", icon="plus", tooltip="Press"), "t-button")
    told = named(W.HTML("pressed 0"), "t-pressed")

    def on_click(_: W.Button) -> None:
        told.value = f"pressed {int(told.value.split()[1]) + 1}"

    button.on_click(on_click)
    return W.HBox([button, told])


def upload() -> W.Box:
    """File upload beside the size of what arrived."""
    chooser = named(W.FileUpload(), "t-upload")
    told = named(W.HTML("nothing"), "t-size")

    def on_value(_: object) -> None:
        told.value = f"{len(chooser.value[0].content)} bytes"

    chooser.observe(on_value, "value")
    return W.HBox([chooser, told])


facts = named(W.HTML(f"{os.getpid()} {sys.executable}"), "t-facts")
filler = W.HTML("<div style='height: 1200px'></div>")
counter = named(Counter(), "t-counter")
chart = named(figure(), "t-figure")
W.VBox([presses(), facts, counter, upload(), chart, filler])
