"""The exact search to read: bound, first architecture, core, dynamic program, in plain NumPy.

It checks the kernel, which does the same faster, and steps in where WebAssembly cannot run.
Sums of products are written with einsum: a matrix product would wake threads that nobody asked for.

The steps and their sources:

1. ``form``: the knapsack with every limit as an upper one, scaled, its limits tightened.
2. ``bound``: Lagrangian multipliers that make the bound as good as the LP relaxation's.
3. ``feasible``: an architecture at once, by rounding, repair and swaps.
4. ``core``: reduced-cost fixing leaves few variants of few layers.
5. ``dynamic``: dynamic programming over those layers proves the optimum.
6. ``search``: the steps in turn; what is too large for step 5 goes to the MIP solver.
7. ``ties``: of optima of equal score the one that uses least, whatever engine found the score.

Lagrangian relaxation, reduced-cost fixing and the idea of a core: Kellerer, Pferschy, Pisinger,
*Knapsack Problems* (Springer 2004), ch. 11.
"""

from puzzle_widgets.search.reference.search import ReferenceOptions, solve_by_reference
from puzzle_widgets.search.reference.ties import settle_by_reference

__all__ = ["ReferenceOptions", "settle_by_reference", "solve_by_reference"]
