"""What is said of an answer to an exercise: right, not yet, or nothing to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

Outcome = Literal["right", "not yet", "no answer"]
_BEGIN: dict[Outcome, str] = {
    "right": "Right.",
    "not yet": "Not yet.",
    "no answer": "No answer yet.",
}
_SIGNS: dict[Outcome, str] = {"right": "✓", "not yet": "✗", "no answer": "…"}
_EDGES: dict[Outcome, str] = {"right": "#008060", "not yet": "#d55e00", "no answer": "#808080"}
_BOX = Markup(
    "<div role='status' style='border-left:4px solid {};padding:6px 12px;max-width:80ch;"
    "font-size:14px;line-height:1.5;overflow-wrap:anywhere'>"
    "<b><span aria-hidden='true'>{}</span> Exercise {}. {}</b> {}</div>"
)


@dataclass(frozen=True, repr=False)
class Verdict:
    """What a check says; true where the answer is right.

    Parameters
    ----------
    exercise
        Number of the exercise.
    outcome
        ``"right"``, ``"not yet"`` or ``"no answer"``.
    words
        What to learn from it, or a hint that does not give the answer away.

    Examples
    --------
    >>> Verdict(3, "right", "Its shadow price is not 0.")
    Exercise 3. Right. Its shadow price is not 0.
    >>> bool(Verdict(3, "not yet", "Look at the shadow prices."))
    False
    """

    exercise: int
    outcome: Outcome
    words: str

    @property
    def right(self) -> bool:
        """Whether the answer is right."""
        return self.outcome == "right"

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return f"Exercise {self.exercise}. {_BEGIN[self.outcome]} {self.words}"

    def _repr_mimebundle_(self, **_wanted: object) -> dict[str, str]:
        """Give plain text and HTML; a hook of Jupyter's."""
        begin, edge, sign = (part[self.outcome] for part in (_BEGIN, _EDGES, _SIGNS))
        html = _BOX.format(edge, sign, self.exercise, begin, self.words)
        return {"text/plain": repr(self), "text/html": str(html)}
