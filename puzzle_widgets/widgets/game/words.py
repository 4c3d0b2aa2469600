"""What the game shows of itself, as HTML; names are untrusted and escaped."""

from __future__ import annotations

import math

import numpy as np
from markupsafe import Markup

from puzzle_widgets.library import BlockVariant
from puzzle_widgets.library.quantity import Quantity, format_brief
from puzzle_widgets.widgets.html import render, table
from puzzle_widgets.workshop.deal import Deal
from puzzle_widgets.workshop.game import Game, proof_words, standing

_SUMS = """
<dl class='pw-game-sums'>
<div class='pw-game-score'><dt>{{ label }}, {{ better }}</dt><dd><b>{{ score }}</b>
<span class='pw-quiet'>{{ best }}</span></dd></div>
{%- for use, part, mark in uses %}
<div><dt>{{ use.quantity.label }}</dt>
<dd class='{{ "pw-warn" if use.over else "" }}'>{{ use.words }}
<span class='pw-game-bar{{ " pw-over" if use.over else "" }}' aria-hidden='true'>
<i style='width:{{ part }}%'></i><b style='left:{{ mark }}%'></b></span></dd></div>
{%- endfor %}</dl>
"""
_TASK = """
<p>Choose a block in each layer. Bring the summed {{ label }} {{ way }} as far as you can, within
the budgets.</p>
"""
_PROOF = """
<div class='pw-game-proof'><h3>The proof</h3>
{%- for line in lines %}<p>{{ line }}</p>{% endfor %}{{ table }}</div>
"""


def about(deal: Deal) -> str:
    """Say what was dealt."""
    layers, library = deal.library.layers, deal.library
    counted = f"{len(layers)} layers, {deal.architectures:,} architectures"
    return f"deal {deal.number} of {library.name}, {library.provenance.origin}: {counted}"


def task(deal: Deal) -> Markup:
    """Say what to do."""
    quantity = deal.library.quantity(deal.problem.objective)
    way = "down" if deal.problem.goal == "minimize" else "up"
    return render(_TASK, label=quantity.label, way=way)


def option(deal: Deal, variant: BlockVariant, *, own: bool) -> str:
    """A block's words: what it is, its score, its costs."""
    problem, library = deal.problem, deal.library
    costs = [_figure(library.quantity(key), variant.values[key]) for key in problem.budgets]
    quantity, score = library.quantity(problem.objective), variant.values[problem.objective]
    told = _with_unit(quantity, f"{score:,.{_decimals(deal)}f}")
    marked = [*costs, "parent"] if own else costs
    return "\n".join((variant.label, told, " · ".join(marked)))


def _decimals(deal: Deal) -> int:
    """Decimals that show four digits of the largest score, so that scores compare at a glance."""
    largest = float(np.abs(deal.library.column(deal.problem.objective)).max())
    return max(0, 3 - math.floor(math.log10(largest))) if largest else 0


def _figure(quantity: Quantity, value: float) -> str:
    return _with_unit(quantity, format_brief(value))


def _with_unit(quantity: Quantity, number: str) -> str:
    """Number and unit, which stay on one line; without a unit the name says what it is."""
    unit = quantity.unit
    return f"{number}\N{NO-BREAK SPACE}{unit}" if unit else f"{quantity.label} {number}"


def sums(game: Game) -> Markup:
    """Score and budgets, with bars up to the parent's sum and a mark at each limit."""
    deal, library = game.deal, game.deal.library
    quantity = library.quantity(deal.problem.objective)
    uses = []
    for key, use in zip(deal.problem.budgets, game.uses, strict=True):
        whole = max(use.total, use.limit, library.parent_totals[key])
        uses.append((use, _percent(use.total, whole), _percent(use.limit, whole)))
    best = "" if game.best is None else f"your best within the budgets: {quantity.text(game.best)}"
    return render(
        _SUMS,
        label=f"Summed {quantity.label}",
        better="less is better" if deal.problem.goal == "minimize" else "more is better",
        score=quantity.text(game.score),
        best=best,
        uses=uses,
    )


def state_words(game: Game) -> Markup:
    """Whether the budgets hold, in a line that is read out."""
    over = [use.quantity.label for use in game.uses if use.over]
    if over:
        words = Markup("<span class='pw-warn'>Over {}.</span>").format(" and ".join(over))
    else:
        words = Markup("<span class='pw-good'>Within the budgets.</span>")
    return Markup("<div class='pw-state'>{}</div>").format(words)


def proof(game: Game) -> Markup:
    """The optimum, its bound, the player's rank, and where both differ; empty before."""
    if not game.revealed:
        return Markup("")
    lines = list(proof_words(game))
    found = game.deal.solution.architecture
    if found is None:
        return render(_PROOF, lines=lines, table="")
    place = standing(game)
    quantity = game.deal.library.quantity(game.deal.problem.objective)
    if place.rank is not None and place.excess:
        lines.append(f"Yours is {quantity.text(place.excess)} worse than the optimum.")
    lines.append(place.words)
    layers = game.deal.library.layers
    rows = [
        (str(layer.name), mine.label, layer.variant(found[layer.name]).label)
        for layer, mine in zip(layers, game.blocks, strict=True)
        if mine.name != found[layer.name]
    ]
    differing = table(["Layer", "Yours", "The optimum's"], rows, caption="Where both differ")
    return render(_PROOF, lines=lines, table=differing if rows else "")


def _percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 2) if whole > 0 and math.isfinite(whole) else 0.0
