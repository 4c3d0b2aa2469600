"""``mip/active_profiles.json``: which searches of the second version count; others are history."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from puzzle_widgets.library.checks import Location, mapping, text

_FOLDER, _WIDTHS, _SOLUTIONS = "profiles", "scenarios", "puzzle_solutions"


@dataclass(frozen=True)
class Profiles:
    """Names of the active profiles; ``None`` where no file says which are."""

    active: frozenset[str] | None = None

    def counts(self, path: str) -> bool:
        """Whether a file is of an active search, or of none with a profile."""
        profile = profile_of(path)
        return not profile or self.active is None or profile in self.active


def read_profiles(content: object, place: Location) -> Profiles:
    """Read the names of the active profiles."""
    found = mapping(content, place, "the file").get("profile_ids")
    here = place.at(field="profile_ids")
    if not isinstance(found, list):
        here.fail("no list of profiles.", "Give the file as the search wrote it.")
    return Profiles(frozenset(text(name, here, "a profile") for name in found))


def profile_of(path: str) -> str:
    """Name of the profile whose search wrote a file, ``""`` where it has none."""
    parts = PurePosixPath(path).parts
    place = parts.index(_FOLDER) + 1 if _FOLDER in parts else len(parts)
    return parts[place] if place < len(parts) - 1 else ""


def search_name(path: str) -> str:
    """Name of the search that wrote a file: its profile and depth, else its folder."""
    pure, profile = PurePosixPath(path), profile_of(path)
    if not profile:
        return pure.parent.name
    parts = pure.parts[pure.parts.index(profile) :]
    within = parts[parts.index(_WIDTHS) + 1 :] if _WIDTHS in parts else ()
    end = within.index(_SOLUTIONS) if _SOLUTIONS in within else 0
    return " ".join((profile, *within[:end]))
