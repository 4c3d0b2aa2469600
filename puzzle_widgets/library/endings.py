"""Files that are not opened, refused in words that fit them."""

from __future__ import annotations

from pathlib import PurePath

from puzzle_widgets.library.checks import Location, short_repr

READ = (".json", ".csv", ".tsv", ".xlsx", ".parquet", ".zip", ".tar.gz", ".tgz")
_SHEET = ("a workbook of a kind that is not read", "Save it as .xlsx ('Excel Workbook') or CSV.")
_PACKED = ("packed in a way that is not read", "Unpack it, or pack it as .zip or .tar.gz.")
_PICTURE = ("a picture or a document, and no block library", "Give the figures, as CSV or .xlsx.")
_WEIGHTS = (
    "weights or pickled objects, which are never opened",
    "Give the figures as CSV or JSON.",
)
_TEXT = ("text of a kind that is not read", "If cells are parted by commas or tabs, name it .csv.")
_LINES = (
    "lines of JSON, which are not read as they are",
    "Give load_library the frame that pandas.read_json(path, lines=True) makes of it, or save CSV.",
)
_WORDS = {
    **dict.fromkeys((".xls", ".xlsm", ".xlsb", ".xltx", ".xltm", ".ods", ".numbers"), _SHEET),
    **dict.fromkeys((".gz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".lz4"), _PACKED),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".pdf", ".docx"), _PICTURE),
    **dict.fromkeys((".pkl", ".pickle", ".pt", ".pth", ".bin", ".npz", ".npy", ".h5"), _WEIGHTS),
    **dict.fromkeys((".safetensors", ".gguf", ".onnx"), _WEIGHTS),
    **dict.fromkeys((".txt", ".dat", ".log", ".md"), _TEXT),
    **dict.fromkeys((".jsonl", ".ndjson"), _LINES),
    **dict.fromkeys((".pq", ".parq"), ("Parquet by another name", "End the name in .parquet.")),
}
_BEGINNINGS = {
    b"PK\x03\x04": ("a zip archive or a workbook", "End the name in .zip or .xlsx."),
    b"\x1f\x8b": _PACKED,
    b"\xd0\xcf\x11\xe0": _SHEET,
    b"PAR1": ("Parquet by another name", "End the name in .parquet."),
    **dict.fromkeys((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF"), _PICTURE),
}


def check_ending(file: str) -> None:
    """Refuse a file by its name.

    Raises
    ------
    LibraryError
        If files that end so are not opened.
    """
    name, suffix = file.lower(), PurePath(file).suffix.lower()
    if not suffix or name.endswith(READ):
        return
    what, fix = _WORDS.get(suffix, (f"{short_repr(suffix)} is not an ending that is read", ""))
    _refuse(file, what, fix)


def check_beginning(content: bytes, file: str) -> None:
    """Refuse what is not a text in spite of its name.

    Raises
    ------
    LibraryError
        If its first bytes are those of another kind of file.
    """
    for start, (what, fix) in _BEGINNINGS.items():
        if content.startswith(start):
            _refuse(file, what, fix)


def _refuse(file: str, what: str, fix: str) -> None:
    Location(file).fail(f"{what}.", f"{fix} Files that are read end in {', '.join(READ)}.".strip())
