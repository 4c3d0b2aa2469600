"""The bound panel: a price in place of a budget, and what it proves."""

from __future__ import annotations

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.charts import Drawing, draw, lagrangian_figure, lagrangian_words
from puzzle_widgets.charts.about import about
from puzzle_widgets.errors import ProblemError
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.reasons import LagrangianBound, lagrangian_bound
from puzzle_widgets.solution import Solution
from puzzle_widgets.widgets.charts import BoundChart, legend_line
from puzzle_widgets.widgets.files import picture_buttons
from puzzle_widgets.widgets.html import render
from puzzle_widgets.widgets.panel import Panel, named, row

_STEPS = 200
_ABOUT = "each layer chooses by itself at a price; no price gives a bound above the optimum"
_TOLD = "{% for words in said %}<p class='pw-says'>{{ words }}</p>{% endfor %}"


class BoundPanel(Panel):
    """Move the price of a budget; see the bound, what the layers choose, and the best found.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> panel = pw.BoundPanel(problem)
    >>> panel.set_price(panel.bound.best)
    >>> "nothing within the budgets is better" in panel.told.value
    True
    >>> panel.close()
    """

    title = "Lagrangian bound"
    css_class = "pw-bound"

    def build(self) -> list[widgets.Widget]:
        """Make the choice of the budget, the price, the words, and the chart."""
        self._known: tuple[SearchProblem, str] | None = None
        self.bound: LagrangianBound | None = None
        self.chart = BoundChart()
        self.resource = widgets.Dropdown(layout=widgets.Layout(width="240px"))
        # Steps, since prices are too small for what a slider writes of its value.
        self.price = widgets.IntSlider(
            max=_STEPS, readout=False, layout=widgets.Layout(flex="1 1 160px", width="auto")
        )
        self.amount, self.told, self.legend = (widgets.HTML() for _ in range(3))
        self.told.add_class("pw-live")
        self.box = widgets.Box()
        self.pictures = picture_buttons(
            self.state, "the bound by price", "lagrangian-bound", self.picture
        )
        priced = named("Price", self.price, css="pw-priced")
        self.controls = widgets.VBox(
            [row(named("Budget", self.resource, css="")), priced, self.amount]
        )
        return [self.controls, self.legend, self.box, self.told, self.pictures]

    def bind(self) -> None:
        """Follow the problem, its answer, and the price that was chosen."""
        self.head.value = self.heading(_ABOUT)
        self.when("problem", "solution", "looks", do=self._show)
        self.changed(self.price, self._step_to)
        self.changed(self.resource, lambda key: self.state.set_looks(priced=key, multiplier=0.0))

    def set_price(self, price: float) -> None:
        """Move to a price, in the objective's unit per unit of the budget."""
        self.state.set_looks(multiplier=float(price))

    def _step_to(self, step: int) -> None:
        if self.bound is not None:
            self.set_price(step * self.bound.last / _STEPS)

    def _show(self) -> None:
        problem = self.state.problem
        keys = (
            [] if problem is None else [row for row in problem.mckp.rows if row in problem.budgets]
        )
        wanted = self.state.looks.priced
        why = self._work_out(problem, wanted if wanted in keys else next(iter(keys), ""))
        for part in (self.controls, self.legend, self.box, self.pictures):
            part.layout.display = "none" if self.bound is None else ""
        if self.bound is None:
            self.told.value = Markup("<p class='pw-says'>{}</p>").format(why)
        else:
            self._draw(self.bound, keys)

    def _work_out(self, problem: SearchProblem | None, key: str) -> str:
        """Work out the bound of another problem or budget; why there is none."""
        if problem is None or not key:
            self.bound = self._known = None
            return "There is no budget to price: limit a cost."
        if self._known is None or self._known[1] != key or self._known[0] != problem:
            self._known, self.bound = (problem, key), None
            try:
                self.bound = lagrangian_bound(problem, key)
            except ProblemError as error:
                return str(error)
        return "" if self.bound is not None else "Nothing is within the budgets."

    def _draw(self, bound: LagrangianBound, keys: list[str]) -> None:
        library = bound.problem.library
        with self.silence():
            self.resource.options = [(library.quantity(key).title, key) for key in keys]
            self.resource.value = bound.resource
            self.price.value = round(_STEPS * self._now(bound) / bound.last)
        now = bound.at(self._now(bound))
        figure = lagrangian_figure(bound, now, self._answer)
        self.chart.show(figure)
        self.legend.value = legend_line(figure.legend)
        self.amount.value = Markup("<span class='pw-name'>{:.3g} {}</span>").format(
            now.price, figure.x.title[figure.x.title.find("(") + 1 : -1]
        )
        self.told.value = render(_TOLD, said=lagrangian_words(bound, now, self._answer))
        if not self.box.children:  # a chart fails in a hidden box
            self.box.children = (self.chart.figure,)

    def _now(self, bound: LagrangianBound) -> float:
        return min(max(0.0, self.state.looks.multiplier), bound.last)

    @property
    def _answer(self) -> Solution | None:
        """The search's answer, where it is of the problem that is shown."""
        found = self.state.solution
        return found if found is not None and found.problem == self.state.problem else None

    def picture(self) -> Drawing | None:
        """What is on the screen, for a file."""
        if self.bound is None:
            return None
        now = self.bound.at(self._now(self.bound))
        drawing = draw(lagrangian_figure(self.bound, now, self._answer))
        return about(drawing, self.bound.problem)
