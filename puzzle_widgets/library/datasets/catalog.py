"""What datasets there are: license, size, source, and the hash of every file."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from puzzle_widgets.errors import DatasetError
from puzzle_widgets.library.checks import format_size
from puzzle_widgets.library.model import Origin
from puzzle_widgets.resources import data_folder

_REPOSITORY = "NVlabs/puzzle"
_COMMIT = "19f3ce3a71cc19bed4f4a4d9a3c0f94a2613a58b"
_FOLDER = "examples/data/Llama-3.3-70B-Instruct"


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
        Where its figures come from: ``"measured"``, ``"modeled"`` or ``"generated"``.
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
    >>> pw.embedded_libraries()
    ('llama-3.3-70b-modeled', 'stdlib-2m-measured')
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
    modeled, measured = "llama-3.3-70b-modeled", "stdlib-2m-measured"
    return (
        Dataset(
            modeled,
            "Llama-3.3-70B (modeled)",
            "80 layers of 54 variants in the shape of Llama-3.3-70B. Modeled, not measured: "
            "memory and parameters are exact, runtime is a roofline model, scores are a formula.",
            _OWN,
            "ships with puzzle-widgets",
            _size_of(modeled),
            origin="modeled",
            layers=80,
            variants=4320,
        ),
        Dataset(
            measured,
            measured,
            "8 layers of 54 variants of a real model of 2.4 million parameters, measured on a CPU "
            "by puzzle-widgets build, with measurements of whole architectures.",
            _OWN,
            "ships with puzzle-widgets",
            _size_of(measured),
            origin="measured",
            layers=8,
            variants=432,
        ),
    )


def _size_of(name: str) -> int:
    return (data_folder() / f"{name}.json").stat().st_size
