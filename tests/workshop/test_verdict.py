"""What is said of an answer, as text and in a notebook."""

from __future__ import annotations

import pytest

from puzzle_widgets.workshop.verdict import Outcome, Verdict


@pytest.mark.parametrize(
    ("outcome", "begin"),
    [("right", "Right."), ("not yet", "Not yet."), ("no answer", "No answer yet.")],
)
def test_a_verdict_begins_with_its_outcome(outcome: Outcome, begin: str) -> None:
    """In text and HTML alike; color is never alone."""
    shown = Verdict(2, outcome, "Look again.")._repr_mimebundle_()
    assert shown["text/plain"] == f"Exercise 2. {begin} Look again."
    assert begin in shown["text/html"]
    assert "Look again." in shown["text/html"]


def test_only_a_right_answer_is_true() -> None:
    """So that a cell can assert it."""
    assert Verdict(1, "right", "")
    assert not Verdict(1, "not yet", "")
    assert not Verdict(1, "no answer", "")


def test_words_are_escaped() -> None:
    """A hint may repeat what was handed in."""
    html = Verdict(1, "not yet", "<script>alert(1)</script>")._repr_mimebundle_()["text/html"]
    assert "<script" not in html
    assert "&lt;script&gt;" in html
