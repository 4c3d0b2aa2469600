"""The bar that tells the user things: the one place for messages on a page."""

from __future__ import annotations

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.panel import button, guard


class MessageBar(widgets.HBox):
    """Shows the newest message of a state until it is dismissed; takes no room without one.

    Parameters
    ----------
    state
        Whose ``message`` to show. The text is untrusted and escaped.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self.state = state
        self.text = widgets.HTML()
        self.text.add_class("pw-message-text")
        self.dismiss = button("Dismiss", "Dismiss this message")
        self.dismiss.on_click(guard(state, lambda *_: state.dismiss()))
        self.children = (self.text, self.dismiss)
        for name in ("pw-ui", "pw-message"):
            self.add_class(name)
        self._refresh = guard(state, lambda *_: self._show())
        self._follows = True
        state.observe(self._refresh, "message")
        self._show()

    def close(self) -> None:
        """Let go of the state, then close; ipywidgets closes once more at the very end."""
        if self._follows:
            self.state.unobserve(self._refresh, "message")
            self._follows = False
        super().close()

    def _show(self) -> None:
        message = self.state.message
        self.layout.display = "none" if message is None else "flex"
        if message is None:
            self.text.value = ""
            return
        error = message.level == "error"
        (self.add_class if error else self.remove_class)("pw-error")
        role, before = ("alert", Markup("<b>Error.</b> ")) if error else ("status", Markup(""))
        self.text.value = Markup("<div role='{}'>{}{}</div>").format(role, before, message.text)
