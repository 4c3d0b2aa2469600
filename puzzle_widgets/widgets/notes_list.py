"""What an opened library or run left out or set right, listed for everyone."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup


def notes_list(notices: Sequence[str]) -> Markup:
    """List the notices beneath a line that opens by key or click; empty where there are none."""
    if not notices:
        return Markup("")
    items = Markup("").join(Markup("<li>{}</li>").format(notice) for notice in notices)
    return Markup(
        "<details class='pw-measured'><summary>Notes on what was opened ({})</summary>"
        "<ul>{}</ul></details>"
    ).format(len(notices), items)
