"""Libraries by name: what ships with the package, and published ones, fetched once by pooch."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from puzzle_widgets.errors import DatasetError
from puzzle_widgets.hosted import hosted
from puzzle_widgets.library.checks import format_size
from puzzle_widgets.library.model import Origin
from puzzle_widgets.resources import data_folder

_REPOSITORY = "NVlabs/puzzle"
_COMMIT = "19f3ce3a71cc19bed4f4a4d9a3c0f94a2613a58b"
_FOLDER = "examples/data/Llama-3.3-70B-Instruct"
DATA_VARIABLE = "PUZZLE_WIDGETS_DATA"
CACHE_VARIABLE = "PUZZLE_WIDGETS_CACHE"
Progress = Callable[[int, int], None]
"""Called with the bytes that are here and the bytes in all."""
_TIMEOUT_SECONDS = 30.0
_CHUNK = 2**14
_SLACK = 4 * _CHUNK
_BROKEN_OFF = ("ChunkedEncodingError", "ContentDecodingError", "ConnectionResetError")


@dataclass(frozen=True)
class License:
    """Terms of a dataset.

    Parameters
    ----------
    name
        As its owner calls it.
    summary
        The main terms in our words; the text itself is what counts.
    address
        Where the text is.
    to_agree
        Whether it has to be agreed to before the data is opened.
    """

    name: str
    summary: str
    address: str = ""
    to_agree: bool = False


@dataclass(frozen=True)
class DatasetFile:
    """One file: its name, its size in bytes and its SHA-256 in hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Dataset:
    """A block library that can be had by its name.

    Parameters
    ----------
    name
        To open it by.
    title
        For people.
    about
        What it is, in a sentence.
    license
        Its terms.
    source
        Where it comes from: a page, or words.
    size
        Bytes in all.
    origin
        Where its figures come from: ``"measured"``, ``"modeled"``, ``"scores modeled"`` (with
        runtimes that are measured) or ``"generated"``.
    layers, variants
        How many it has; variants of all layers together.
    files
        What is fetched; empty where it ships with the package.
    folder
        Folder of the files, here and on a mirror.
    version
        Commit of the source.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> dataset = pw.list_datasets()[-1]
    >>> dataset.embedded, dataset.size_text, dataset.license.to_agree
    (False, '0.8 MiB', True)
    """

    name: str
    title: str
    about: str
    license: License
    source: str
    size: int
    origin: Origin
    layers: int
    variants: int
    files: tuple[DatasetFile, ...] = ()
    folder: str = ""
    version: str = ""

    @property
    def embedded(self) -> bool:
        """Whether it ships with the package."""
        return not self.files

    @property
    def size_text(self) -> str:
        """Size in words, such as ``"0.8 MiB"``."""
        return format_size(max(self.size, 2**20 // 10))

    @property
    def source_words(self) -> str:
        """Source in short, such as ``"NVlabs/puzzle at 19f3ce3"``."""
        return f"{_REPOSITORY} at {self.version[:7]}" if self.files else self.source

    def address(self, file: DatasetFile, mirror: str = "") -> str:
        """Where a file is fetched from; a mirror has it in a folder of the same name."""
        base = f"https://raw.githubusercontent.com/{_REPOSITORY}/{self.version}/{_FOLDER}"
        return f"{f'{mirror}/{self.folder}' if mirror else base}/{file.name}"


_NON_COMMERCIAL = License(
    "NVIDIA Source Code License-NC",
    "Non-commercial: for research or evaluation only, NVIDIA and its affiliates excepted. Whoever "
    "passes the data or a work derived from it on has to do so under the same license.",
    f"https://github.com/{_REPOSITORY}/blob/{_COMMIT}/LICENSE.txt",
    to_agree=True,
)
_OWN = License("MIT", "The license of puzzle-widgets.")

_FILES = (
    DatasetFile(
        "block_library.json",
        816_313,
        "49f0bf37208b9a13d7f815811f2272d2d1b6e45b8b5ca1ac2ccc33e26a997d07",
    ),
    DatasetFile(
        "measurement_info.json",
        110,
        "e28adb9db8fea67fb27c6697a1fea204ca387728beeb1ddcd1053e1e13359bea",
    ),
    DatasetFile(
        "parent_block_stats.json",
        483,
        "3d77fe143f9ef456f0254b7d3792091e0dec9881e78c93e5896327974c852fc5",
    ),
)

_PUBLISHED = (
    Dataset(
        "llama-3.3-70b-instruct",
        "Llama-3.3-70B-Instruct",
        "80 layers of 16 variants, measured on an H100 in FP8, as published with the Puzzle demo.",
        _NON_COMMERCIAL,
        f"https://github.com/{_REPOSITORY}/tree/{_COMMIT}/{_FOLDER}",
        sum(file.size for file in _FILES),
        origin="measured",
        layers=80,
        variants=1280,
        files=_FILES,
        folder="Llama-3.3-70B-Instruct",
        version=_COMMIT,
    ),
)


def embedded_libraries() -> tuple[str, ...]:
    """Names of the libraries that ship with the package.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> for name in pw.embedded_libraries():
    ...     print(name)
    llama-3.3-70b-modeled
    llama-3.3-70b-modeled-h200
    llama-3.3-70b-modeled-h100
    stdlib-2m-measured
    """
    return tuple(dataset.name for dataset in _embedded())


def list_datasets() -> tuple[Dataset, ...]:
    """All libraries that have a name: first those that ship, then those that are fetched.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> for dataset in pw.list_datasets():
    ...     print(dataset.name, dataset.origin, dataset.layers, dataset.license.name)
    llama-3.3-70b-modeled modeled 80 MIT
    llama-3.3-70b-modeled-h200 scores modeled 80 MIT
    llama-3.3-70b-modeled-h100 scores modeled 80 MIT
    stdlib-2m-measured measured 8 MIT
    llama-3.3-70b-instruct measured 80 NVIDIA Source Code License-NC
    """
    return (*_embedded(), *_PUBLISHED)


def find_dataset(name: str) -> Dataset:
    """Find a dataset by its name."""
    datasets = {dataset.name: dataset for dataset in list_datasets()}
    if name not in datasets:
        raise DatasetError(f"No dataset {name!r}. There are: {', '.join(datasets)}.")
    return datasets[name]


@functools.cache
def _embedded() -> tuple[Dataset, ...]:
    return (
        _shipped(
            "llama-3.3-70b-modeled",
            "Llama-3.3-70B (modeled)",
            "80 layers of 54 variants in the shape of Llama-3.3-70B. Modeled, not measured: "
            "memory and parameters are exact, runtime is a roofline model, scores are a formula.",
            "modeled",
            80,
        ),
        *(_timed(gpu) for gpu in ("H200", "H100")),
        _shipped(
            "stdlib-2m-measured",
            "stdlib-2m-measured",
            "8 layers of 54 variants of a real model of 2.4 million parameters, measured on a CPU "
            "by puzzle-widgets build, with measurements of whole architectures.",
            "measured",
            8,
        ),
    )


def _timed(gpu: str) -> Dataset:
    """The modeled library with runtimes of a GPU: a file of readings that ships."""
    return _shipped(
        f"llama-3.3-70b-modeled-{gpu.lower()}",
        f"Llama-3.3-70B on {gpu} (scores modeled)",
        f"80 layers of 54 variants: runtimes measured on one {gpu} in bfloat16 at six batch sizes, "
        "with random weights and PyTorch's kernels; scores modeled, not measured.",
        "scores modeled",
        80,
    )


def _shipped(name: str, title: str, about: str, origin: Origin, layers: int) -> Dataset:
    """Describe what ships: each layer has the 54 variants of the paper's space."""
    return Dataset(
        name,
        title,
        about,
        _OWN,
        "ships with puzzle-widgets",
        _size_of(name),
        origin=origin,
        layers=layers,
        variants=54 * layers,
    )


def _size_of(name: str) -> int:
    return (data_folder() / f"{name}.json").stat().st_size


def cache_folder() -> Path:
    """Folder of fetched files: what ``PUZZLE_WIDGETS_CACHE`` names, else the user's cache."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).expanduser() if named else Path(_pooch().os_cache("puzzle-widgets"))


def is_here(dataset: Dataset) -> bool:
    """Whether a dataset can be opened without fetching anything."""
    folder = _local_folder(dataset) or _kept(dataset)
    return dataset.embedded or all(_has(folder, file) for file in dataset.files)


def can_open(dataset: Dataset) -> bool:
    """Whether a dataset is here, or may be fetched."""
    return hosted().fetch or is_here(dataset)


def read_files(dataset: Dataset, progress: Progress | None = None) -> dict[str, bytes]:
    """Give every file's bytes, from the cache where it is, else from its source or a mirror.

    An exception of ``progress`` ends the fetch.
    """
    here = _local_folder(dataset)
    if here is not None:
        _check_folder(here)
        return {file.name: _read_local(here, file) for file in dataset.files}
    if not can_open(dataset):
        raise DatasetError(f"{dataset.title}: this server fetches no datasets.")
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
