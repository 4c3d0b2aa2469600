"""Measures the exact search against other solvers, and writes the tables of the documentation.

Run from the checkout: ``python tests/benchmarks/search_speed.py [--quick] [--markdown FILE]``.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # The peers' processes import this file too, and must not load our own solver's libraries.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from tests.benchmarks.compare import main

    main()
