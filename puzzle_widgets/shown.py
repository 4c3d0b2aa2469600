"""What a notebook shows of an object: words, and a short table with its chart."""

from __future__ import annotations


class Shown:
    """Something that a notebook shows as a table and a chart; what these are, the charts know."""

    def _repr_mimebundle_(self, **_wanted: object) -> dict[str, str]:
        """Give plain text and HTML; a hook of Jupyter's, which also says what it wants of them."""
        # Charts stand above all that can be shown, and load when something is shown first.
        from puzzle_widgets.charts.display import bundle  # noqa: PLC0415

        return bundle(self)
