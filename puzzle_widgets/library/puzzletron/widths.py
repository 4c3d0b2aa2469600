"""Widths of one run of the second version: ``scenarios/width-0112/depth-00/`` and so on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

Paths = list[tuple[PurePosixPath, str]]
_SCENARIOS = "scenarios"
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Width:
    """One width (and depth) of a run: its folder, and the run's own above all of them."""

    root: PurePosixPath
    run: PurePosixPath

    @property
    def label(self) -> str:
        """Its name, such as ``"width-0112 depth-00"``."""
        return f"{self.root.parent.name} {self.root.name}"

    @property
    def order(self) -> tuple[int, int, str]:
        """The widest first, then the deepest."""
        width, depth = (_NUMBER.search(name) for name in (self.root.parent.name, self.root.name))
        return (
            -int(width.group()) if width else 0,
            int(depth.group()) if depth else 0,
            self.label,
        )


def find_widths(roots: Iterable[PurePosixPath], tops: list[PurePosixPath]) -> list[Width]:
    """Find the widths of the only run there is; none where runs are not those of widths."""
    widths = [Width(root, root.parents[2]) for root in roots if _is_width(root)]
    runs = {width.run for width in widths}
    within = {width.root for width in widths} | runs
    if len(runs) != 1 or not within.issuperset(tops):
        return []
    return sorted(widths, key=lambda width: width.order)


def shared_files(paths: Paths, width: Width, widths: list[Width]) -> Paths:
    """Files in the run's folder outside all widths that are a width's, or nobody's alone."""
    return [
        (pure, path)
        for pure, path in paths
        if width.run in pure.parents
        and all(other.root not in pure.parents for other in widths)
        and _owner(pure, widths) in (None, width)
    ]


def _owner(path: PurePosixPath, widths: list[Width]) -> Width | None:
    """The width whose name is in a path; where it says a depth that none has, the first."""
    mine = [width for width in widths if width.root.parent.name in path.parts]
    exact = [width for width in mine if width.root.name in path.parts]
    return next(iter([*exact, *mine]), None)


def _is_width(root: PurePosixPath) -> bool:
    return len(root.parts) > 2 and root.parent.parent.name == _SCENARIOS
