"""The engines that have to give the same answers."""

from __future__ import annotations

import pytest

from puzzle_widgets.search.engine import Engine


@pytest.fixture(scope="module", params=["kernel", "reference"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    found: Engine = request.param
    return found
