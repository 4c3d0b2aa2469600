"""Write a library, or a sheet to start one from."""

from __future__ import annotations

from pathlib import Path

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.checks import Location, need
from puzzle_widgets.library.json_forms import dump_library
from puzzle_widgets.library.model import BlockLibrary
from puzzle_widgets.library.tables import dump_csv, dump_parquet, dump_xlsx
from puzzle_widgets.library.tables.cells import Mark
from puzzle_widgets.library.tables.sheet import Cells, csv_of
from puzzle_widgets.library.tables.xlsx import workbook_of
from puzzle_widgets.writing import atomic_write

_FORMS = {
    ".json": lambda library: dump_library(library).encode(),
    ".csv": lambda library: dump_csv(library).encode(),
    ".parquet": dump_parquet,
    ".xlsx": dump_xlsx,
}
_HEAD: Cells = [
    *("layer", "variant", "parent", "attention", "ffn", "kl"),
    *("memory (MiB)", "runtime (ms)", "parameters"),
    *("library", "batch size", "sequence length", "gpu", "origin", "comment"),
]
_BLOCKS: list[tuple[str, str, int | str, int | str, float, float, float, int]] = [
    ("as the parent", "yes", 8, 14336, 0.0, 416.0, 20.5, 218_112_000),
    ("half the KV heads", "no", 4, 14336, 0.012, 410.0, 19.25, 214_958_080),
    ("half the FFN", "no", 8, 7168, 0.05, 248.0, 14.0, 130_031_616),
    ("no attention", "no", "no_op", 14336, 0.4, 336.0, 11.5, 176_164_864),
]
_ONCE: Cells = ["My library", 64, 2048, "", "unknown", "an example: replace it"]
_COLUMNS = {
    "layer": "Number or name of the layer, in every row.",
    "variant": "Any name, each once in its layer.",
    "parent": "yes for the block that the parent has in this layer, once per layer; else no.",
    "attention": "Number of KV heads, or no_op, or linear.",
    "ffn": "Intermediate size, or no_op, or linear.",
    "kl": "KL divergence: how much the variant harms the model. Other scores: 'score: NAME'.",
    "memory (MiB)": "What the variant costs; in GiB or GB, say so in the brackets.",
    "runtime (ms)": "Of a whole batch; in s or us, say so. Other costs: 'cost: NAME (unit)'.",
    "parameters": "How many the variant has; 'parameters (M)' if in millions.",
    "library": "Title; this and the columns behind it are filled in once, in the first row.",
    "batch size": "Sequences per batch, as measured; for several, one row per block and size.",
    "sequence length": "Tokens per sequence, as the runtime was measured.",
    "gpu": "What it was measured on.",
    "origin": "measured, modeled, generated or unknown.",
    "comment": "For people; never read.",
}


def write_library(library: BlockLibrary, path: str | Path) -> None:
    """Write a library; read again it is equal, as far as its form goes.

    Parameters
    ----------
    library
        What to write.
    path
        File to create or replace, ending in ``.json`` (the project's own form, holds
        everything), ``.parquet``, ``.csv`` or ``.xlsx``; ``docs/formats.md`` says what each of
        them cannot hold.

    Raises
    ------
    LibraryError
        If the ending is another, what writes it is not installed, or the file cannot be written.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.random_library(2, 3)
    >>> pw.write_library(library, "mine.csv")
    >>> pw.load_library("mine.csv").layers == library.layers
    True
    """
    target = Path(path).expanduser()
    form = _FORMS.get(target.suffix.lower())
    if form is None:
        Location(target.name).fail("no known form.", f"End it in {', '.join(_FORMS)}.")
    _save(target, form(library))


def write_template(
    path: str | Path, *, layers: int = 2, decimal: Mark = ".", overwrite: bool = False
) -> None:
    """Write a sheet to fill in, with an example to type over; it opens as a library as it is.

    Parameters
    ----------
    path
        File to create, ending in ``.csv`` or ``.xlsx``.
    layers
        Layers of the example, 1 or more.
    decimal
        ``","`` for a CSV file as European spreadsheets open it: semicolons between cells and
        decimal commas. Has no bearing on ``.xlsx``.
    overwrite
        Whether a file that is there is replaced.

    Raises
    ------
    LibraryError
        If the ending is another, there are no layers, or the file cannot be written or is there.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> pw.write_template("template.csv", layers=4)
    >>> len(pw.load_library("template.csv").layers)
    4
    """
    target = Path(path).expanduser()
    _save(target, dump_template(target.name, layers=layers, decimal=decimal), overwrite=overwrite)


def _save(target: Path, content: bytes, *, overwrite: bool = True) -> None:
    try:
        if overwrite:
            atomic_write(target, content)
        else:
            with target.open("xb") as file:
                file.write(content)
    except FileExistsError as error:
        raise LibraryError(
            f"{target}: this file exists and was not overwritten. Name another, or "
            "allow it to be replaced (overwrite=True, or --force on the command line)."
        ) from error
    except OSError as error:
        raise LibraryError(
            f"{target}: cannot be written ({error.strerror}). Name a file in an existing folder."
        ) from error


def dump_template(file: str = "template.csv", *, layers: int = 2, decimal: Mark = ".") -> bytes:
    """Give the template's bytes; ``file`` is its name, the rest as for :func:`write_template`."""
    place, ending = Location(file), Path(file).suffix.lower()
    if layers < 1:
        place.fail(f"{layers} layers do not make an example.", "Ask for 1 layer or more.")
    if ending == ".xlsx":
        need("openpyxl", "excel", place)
        return workbook_of(
            [
                ("Block library", _rows(layers)),
                ("Columns", [["Column", "What to write"], *map(list, _COLUMNS.items())]),
            ]
        )
    if ending != ".csv":
        place.fail("a template must be a sheet.", "Name a file that ends in .csv or .xlsx.")
    rows = _rows(layers)
    if decimal == ".":
        return csv_of(rows).encode()
    return csv_of([[_with_comma(cell) for cell in row] for row in rows], mark=";").encode()


def _rows(layers: int) -> list[Cells]:
    rows: list[Cells] = [
        [layer, *block, *([""] * len(_ONCE))] for layer in range(layers) for block in _BLOCKS
    ]
    rows[0][-len(_ONCE) :] = _ONCE
    return [list(_HEAD), *rows]


def _with_comma(cell: object) -> object:
    return str(cell).replace(".", ",") if isinstance(cell, float) else cell
