"""Fetch the files of a dataset by pooch, once, and check every one by its hash."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from puzzle_widgets.errors import DatasetError
from puzzle_widgets.library.datasets.catalog import Dataset, DatasetFile
from puzzle_widgets.writing import atomic_write

DATA_VARIABLE = "PUZZLE_WIDGETS_DATA"
CACHE_VARIABLE = "PUZZLE_WIDGETS_CACHE"
Progress = Callable[[int, int], None]
"""Called with the bytes that are here and the bytes in all."""

_TIMEOUT_SECONDS = 30.0
_CHUNK = 2**14
_SLACK = 4 * _CHUNK
_BROKEN_OFF = ("ChunkedEncodingError", "ContentDecodingError", "ConnectionResetError")
FILE = "agreed.json"


def cache_folder() -> Path:
    """Folder of fetched files: what ``PUZZLE_WIDGETS_CACHE`` names, else the user's cache."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).expanduser() if named else Path(_pooch().os_cache("puzzle-widgets"))


def is_here(dataset: Dataset) -> bool:
    """Whether a dataset can be opened without fetching anything."""
    folder = _local_folder(dataset) or _kept(dataset)
    return dataset.embedded or all(_has(folder, file) for file in dataset.files)


def read_files(dataset: Dataset, progress: Progress | None = None) -> dict[str, bytes]:
    """Give every file's bytes, from the cache where it is, else from its source or a mirror.

    What ``progress`` raises, when it is told how far the fetch is, ends the fetch.
    """
    here = _local_folder(dataset)
    if here is not None:
        _check_folder(here)
        return {file.name: _read_local(here, file) for file in dataset.files}
    meter = _Meter(dataset, progress)
    return {file.name: _fetch(dataset, file, meter) for file in dataset.files}


@dataclass
class _Meter:
    """A progress bar as pooch knows them, over all files of a dataset."""

    dataset: Dataset
    progress: Progress | None
    size: int = 0
    before: int = 0
    done: int = 0
    total: int = 0
    response: Any = None

    def begin(self, file: DatasetFile) -> None:
        """Count a file from its first byte; those before it are whole."""
        self.before, self.size, self.done = self.before + self.size, file.size, 0

    def update(self, size: int) -> None:
        """Count a chunk; far too many mean that it is another file."""
        self.done += size
        if self.done > self.size + _SLACK:
            raise ValueError("longer than the published file")
        self.tell()

    def answered(self, response: Any, *_: object, **__: object) -> None:  # noqa: ANN401
        """Keep what answered, to hang up when the fetch is over, however it ends."""
        self.response = response

    def hang_up(self) -> None:
        """Let the connection go."""
        if self.response is not None:
            self.response.close()

    def tell(self) -> None:
        """Tell how far the fetch is; the last chunk counts whole, so it may say too much."""
        if self.progress is not None:
            self.progress(self.before + min(self.done, self.size), self.dataset.size)

    def reset(self) -> None:
        """Start a file over."""
        self.done = 0

    def close(self) -> None:
        """Nothing is held."""


def _fetch(dataset: Dataset, file: DatasetFile, meter: _Meter) -> bytes:
    pooch = _pooch()
    address = dataset.address(file, _mirror())
    downloader = pooch.HTTPDownloader(
        progressbar=meter,
        chunk_size=_CHUNK,
        timeout=_TIMEOUT_SECONDS,
        hooks={"response": meter.answered},
    )
    meter.begin(file)
    try:
        path = pooch.retrieve(
            address, f"sha256:{file.sha256}", file.name, _kept(dataset), downloader=downloader
        )
        content = Path(path).read_bytes()
    except OSError as error:
        _fail(dataset, file, address, _why(error), "Check the connection, or name a mirror", error)
    except ValueError as error:
        what = "what is there is not the published file (its SHA-256 differs), and is not kept"
        _fail(dataset, file, address, what, "Try again, or name another mirror", error)
    finally:
        meter.hang_up()
    meter.done = file.size
    meter.tell()
    return content


def _fail(
    dataset: Dataset, file: DatasetFile, address: str, why: str, fix: str, error: Exception
) -> NoReturn:
    raise DatasetError(
        f"{dataset.title}, {file.name}: cannot be fetched from {address}: {why}. "
        f"{fix} or a folder that has it in {DATA_VARIABLE}."
    ) from error


def _why(error: OSError) -> str:
    """Say why a fetch failed; the errors of requests are such ones."""
    response, kind = getattr(error, "response", None), type(error).__name__
    if response is not None:
        return f"the server answers {response.status_code}"
    if kind in _BROKEN_OFF:
        return "the transfer broke off"
    if "Timeout" in kind:
        return "no answer in time"
    if type(error).__module__.startswith("requests"):
        return "no connection, perhaps this machine is offline"
    return f"it cannot be kept in {str(error.filename or cache_folder())!r} ({error.strerror})"


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise DatasetError(
            f"{DATA_VARIABLE} names {str(folder)!r}, and there is no such folder. Name the folder "
            "that has the files or the address of a mirror, or unset it."
        )


def _read_local(folder: Path, file: DatasetFile) -> bytes:
    path = folder / file.name
    try:
        content = path.read_bytes() if path.stat().st_size == file.size else b""
    except OSError as error:
        raise DatasetError(
            f"{file.name}: missing in the folder that {DATA_VARIABLE} names ({folder})."
        ) from error
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise DatasetError(
            f"{file.name} in the folder that {DATA_VARIABLE} names ({folder}) is not the published "
            "file: its SHA-256 differs. Download it again from its source."
        )
    return content


def _local_folder(dataset: Dataset) -> Path | None:
    named = os.environ.get(DATA_VARIABLE, "")
    if not named or _mirror():
        return None
    folder = Path(named).expanduser()
    return folder / dataset.folder if (folder / dataset.folder).is_dir() else folder


def _mirror() -> str:
    named = os.environ.get(DATA_VARIABLE, "")
    return named.rstrip("/") if named.startswith(("http://", "https://")) else ""


def _kept(dataset: Dataset) -> Path:
    return cache_folder() / dataset.name / dataset.version[:7]


def _has(folder: Path, file: DatasetFile) -> bool:
    try:
        return (folder / file.name).stat().st_size == file.size
    except OSError:
        return False


def _pooch() -> Any:  # noqa: ANN401
    pooch = import_module("pooch")
    pooch.get_logger().setLevel("WARNING")  # the caller tells how far it is
    return pooch


def has_agreed(dataset: Dataset, folder: Path) -> bool:
    """Whether a dataset's license needs no agreement, or was agreed to before."""
    if not dataset.license.to_agree:
        return True
    return _read(folder).get(dataset.name) == _terms(dataset)


def remember(dataset: Dataset, folder: Path) -> None:
    """Remember an agreement; where that cannot be written down it is asked for again."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        agreed = {**_read(folder), dataset.name: _terms(dataset)}
        atomic_write(folder / FILE, json.dumps(agreed, indent=1))


def ask_for(dataset: Dataset) -> DatasetError:
    """Give the error that says which license has to be agreed to, and how."""
    terms = dataset.license
    return DatasetError(
        f"{dataset.title} is under the {terms.name}. {terms.summary} Its text is at "
        f"{terms.address}. Read it, and if you agree: load_dataset({dataset.name!r}, agree=True)."
    )


def _terms(dataset: Dataset) -> dict[str, str]:
    return {"license": dataset.license.name, "text": dataset.license.address}


def _read(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
