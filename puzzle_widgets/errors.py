"""What goes wrong by the caller's doing, said as what, where and what to do."""

from __future__ import annotations


class PuzzleError(Exception):
    """Base of every error that this package raises on purpose."""


class LibraryError(PuzzleError):
    """A block library cannot be read: names file, layer, variant, field and the fix."""


class ProblemError(PuzzleError):
    """A search problem makes no sense for its library, such as a budget on an unknown stat."""


class SolverError(PuzzleError):
    """The solver asked for is not there, or broke down while it ran."""


class ScenarioError(PuzzleError):
    """Kept scenarios cannot be read, or do not belong to the library that is open."""


class ExportError(PuzzleError):
    """An architecture cannot be exported as asked: the target would get it wrong."""


class ServerError(PuzzleError):
    """The app cannot be served as asked."""


class DatasetError(PuzzleError):
    """A dataset cannot be had: unknown, not agreed to, not reachable, or not the published one."""


class BuildError(PuzzleError):
    """A block library cannot be built as asked."""
