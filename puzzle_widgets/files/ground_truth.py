"""Read a ground-truth file: what was measured of whole models of a library, for its Pareto plot."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from puzzle_widgets.library import BlockLibrary, FrozenMapping, LayerName
from puzzle_widgets.library.checks import (
    Location,
    check_bytes,
    mapping,
    number,
    parse_json,
    sequence,
    short_repr,
    text,
)
from puzzle_widgets.library.json_forms import library_digest
from puzzle_widgets.resources import data_folder
from puzzle_widgets.solution.measured import MeasuredPoint

FORMAT, VERSION = "puzzle-widgets/ground-truth", 1
GROUND_TRUTH_FILE = "ground_truth.json"


def load_ground_truth(path: str | os.PathLike[str]) -> tuple[MeasuredPoint, ...]:
    """Open the ground-truth file of a built library.

    Parameters
    ----------
    path
        The file, as ``puzzle-widgets build`` writes it.

    Returns
    -------
    tuple of MeasuredPoint
        One for each model that was assembled and measured.

    Raises
    ------
    LibraryError
        Naming file, model and field.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> from puzzle_widgets.resources import data_folder
    >>> points = pw.load_ground_truth(data_folder() / "stdlib-2m-measured" / "ground_truth.json")
    >>> len(points), points[0].name
    (40, 'parent')
    """
    return _points(_read(Path(path)), Path(path).name)


def embedded_ground_truth(library: BlockLibrary) -> tuple[MeasuredPoint, ...]:
    """Find what was measured of an embedded library's models; nothing for any other library.

    The file names its library by a digest of its content, so that figures of one library are
    never shown with another of the same name.
    """
    if library.provenance.origin != "measured":
        return ()
    for path in sorted(data_folder().glob(f"*/{GROUND_TRUTH_FILE}")):
        content = _read(path)
        same_name = content.get("library") == library.name
        if same_name and content.get("library_sha256") == library_digest(library):
            return _points(content, f"{path.parent.name}/{GROUND_TRUTH_FILE}")
    return ()


def _read(path: Path) -> Mapping[str, Any]:
    place = Location(path.name)
    try:
        check_bytes(path.stat().st_size, place)
        content = path.read_bytes()
    except OSError as error:
        place.fail(f"cannot be read ({error.strerror}).", "Give an existing ground-truth file.")
    found = mapping(parse_json(content, place), place, "the file")
    if (found.get("format"), found.get("version")) != (FORMAT, VERSION):
        place.fail(
            f"format {short_repr(found.get('format'))}, version "
            f"{short_repr(found.get('version'))}.",
            f"A ground-truth file is {FORMAT!r}, version {VERSION}.",
        )
    return found


def _points(content: Mapping[str, Any], file: str) -> tuple[MeasuredPoint, ...]:
    place = Location(file)
    models = sequence(content.get("models"), place.at(field="models"), "'models'")
    return tuple(_point(mapping(model, place, "a model"), place) for model in models)


def _point(model: Mapping[str, Any], place: Location) -> MeasuredPoint:
    name = text(model.get("name"), place, "a model's name")
    here = place.at(variant=name)
    values = mapping(model.get("true"), here.at(field="true"), "it")
    numbers = {key: number(value, here.at(field=key)) for key, value in values.items()}
    return MeasuredPoint(name, FrozenMapping(numbers), place.file, _architecture(model, here))


def _architecture(model: Mapping[str, Any], here: Location) -> FrozenMapping[LayerName, str] | None:
    """The blocks of a model; of one that was trained on they are not the library's any more."""
    rows, place = model.get("architecture"), here.at(field="architecture")
    if rows is None or model.get("distilled"):
        return None
    pairs = [sequence(row, place, "a layer") for row in sequence(rows, place, "it")]
    if any(len(pair) != 2 or isinstance(pair[0], list | dict) for pair in pairs):
        place.fail("not pairs of a layer and its variant.", "Give the file as it was written.")
    return FrozenMapping({layer: text(name, place, "a variant") for layer, name in pairs})
