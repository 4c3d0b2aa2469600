"""What the widgets' tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from puzzle_widgets.widgets import panel as guard

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def no_silent_errors() -> Iterator[list[Exception]]:
    """Fail a test in which a callback raised; a test that wants the error clears the list."""
    errors: list[Exception] = []
    guard.watchers.append(errors.append)
    yield errors
    guard.watchers.remove(errors.append)
    assert not errors, errors
