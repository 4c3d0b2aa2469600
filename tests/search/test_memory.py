"""The watch on a process's own memory."""

from __future__ import annotations

import numpy as np

from puzzle_widgets.search.reference.search import grown_by, resident_mib


def test_growth_is_seen() -> None:
    """Sixty MiB that are written to count as growth by more than 20, and not by more than 2,000."""
    assert resident_mib() > 1
    little, much = grown_by(20), grown_by(2000)
    assert not little()
    block = np.ones(60 * 2**17)
    assert little()
    assert not much()
    assert block.size
