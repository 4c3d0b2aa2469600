"""What goes wrong by the caller's doing, said as what, where and what to do.

::

    Exception
    └── PuzzleError
        ├── LibraryError     a block library cannot be read
        ├── DatasetError     a dataset cannot be fetched
        ├── ProblemError     a search problem makes no sense for its library
        ├── SolverError      a solver is not available, or failed
        ├── ScenarioError    saved solutions cannot be read, or belong to another library
        ├── ExportError      an architecture cannot be exported to its target
        ├── BuildError       a block library cannot be built
        └── ServerError      the app cannot be served

Examples
--------
>>> import puzzle_widgets as pw
>>> try:
...     pw.load_library("no-such-library")
... except pw.PuzzleError as error:
...     print(type(error).__name__)
LibraryError
"""

from __future__ import annotations


class PuzzleError(Exception):
    """Base of every error that this package raises on purpose."""


class LibraryError(PuzzleError):
    """A block library cannot be read: names file, layer, variant, field and the fix.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> pw.load_files({"mine.csv": b"layer,variant"})
    Traceback (most recent call last):
    puzzle_widgets.errors.LibraryError: mine.csv, ...
    """


class DatasetError(PuzzleError):
    """A dataset cannot be fetched: unknown, license not accepted, not reachable, or altered.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> pw.load_dataset("llama-4")
    Traceback (most recent call last):
    puzzle_widgets.errors.DatasetError: No dataset 'llama-4'. There are: ...
    """


class ProblemError(PuzzleError):
    """A search problem makes no sense for its library, such as a budget on an unknown cost.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> pw.SearchProblem(library, minimize="metrics.kl_div", budgets={"stats.price": 1})
    Traceback (most recent call last):
    puzzle_widgets.errors.ProblemError: ...
    """


class SolverError(PuzzleError):
    """The solver asked for is not available, or failed while it ran.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> problem = pw.SearchProblem(
    ...     pw.load_library("stdlib-2m-measured"), minimize="metrics.kl_div"
    ... )
    >>> pw.search(problem, solver="abacus")
    Traceback (most recent call last):
    puzzle_widgets.errors.SolverError: ...
    """


class ScenarioError(PuzzleError):
    """Saved solutions cannot be read, or do not belong to the library that is open.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> pw.ExplorerState("stdlib-2m-measured").load_scenarios("no-such-file.json")
    Traceback (most recent call last):
    puzzle_widgets.errors.ScenarioError: ...
    """


class ExportError(PuzzleError):
    """An architecture cannot be exported as asked: the target would get it wrong.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> pw.export.find_target("fax")
    Traceback (most recent call last):
    puzzle_widgets.errors.ExportError: ...
    """


class BuildError(PuzzleError):
    """A block library cannot be built as asked, such as by a preset that does not exist."""


class ServerError(PuzzleError):
    """The app cannot be served as asked, such as on a port that is taken."""
