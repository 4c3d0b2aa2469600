"""Rules kept layer by layer: limits on runs, and one kind over a range.

A row for every window of the network says little by itself, and a dynamic program that keeps the
use of each has too many states. But to keep all windows it is enough to know how many marked layers
came last; to keep one FFN over a range, which it was. Such rules together are a chain of states.
The steps are those of the reference, with the chain's state beside them:

1. ``chain``: find the rules, and write them down as states.
2. ``path``: at given multipliers of the rows, the best choice that keeps the chain is a shortest
   path over layers and states.
3. ``climb``: multipliers that make this bound the best. Of runs it is the LP bound of all windows,
   whose matrix has whole corners (A. J. Hoffman, J. B. Kruskal, 1956); of one kind it is better.
4. ``states``: dynamic programming over the chain's state, use and score proves the optimum.
5. ``search``: the steps in turn.
6. ``engine``: before them a search without the chain, after them one without its states; and ties.
"""

# The engine, and the reference that it is built on, are loaded when a problem has a chain.
from puzzle_widgets.search.chains.chain import Chain, Unchained, find_chain

__all__ = ["Chain", "Unchained", "find_chain"]
