"""Datasets: listed, agreed to, fetched once, checked by hash; told well when they cannot be."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import datasets
from puzzle_widgets.library.agreements import has_agreed
from puzzle_widgets.library.datasets import Dataset, find_dataset, is_here
from puzzle_widgets.resources import data_folder
from tests.support.datasets import NAME
from tests.support.libraries import EMBEDDED, ROOT, published_files, published_folder
from tests.support.mirror import Mirror, Trouble


def test_the_list_says_license_size_and_source() -> None:
    """The embedded library first; the published one by its commit, with a hash of every file."""
    embedded, *_, published = pw.list_datasets()
    assert (embedded.name, embedded.embedded, embedded.license.to_agree) == (EMBEDDED, True, False)
    assert (published.name, published.embedded) == (NAME, False)
    assert published.license.name == "NVIDIA Source Code License-NC"
    assert "on-commercial" in published.license.summary
    assert published.size_text == "0.8 MiB"
    assert re.fullmatch("19f3ce3[0-9a-f]{33}", published.version)
    for address in (published.source, published.license.address):
        assert address.startswith("https://github.com/NVlabs/puzzle/")
        assert published.version in address
    for file in published.files:
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert published.address(file).startswith(
            "https://raw.githubusercontent.com/NVlabs/puzzle/"
        )
        assert published.address(file).endswith(
            f"{published.version}/{datasets._FOLDER}/{file.name}"
        )


@pytest.mark.published
def test_the_hashes_are_of_the_published_files() -> None:
    """Size and SHA-256 of all three."""
    folder = published_folder()
    for file in find_dataset(NAME).files:
        content = (folder / file.name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.size, file.sha256)


@pytest.mark.published
def test_the_published_library_opens_from_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Named itself or by the folder above it; it has the known optimum's 80 layers."""
    folder = published_folder()
    for named in (folder, folder.parent):
        monkeypatch.setenv("PUZZLE_WIDGETS_DATA", str(named))
        library = pw.load_dataset(NAME, agree=True)
        assert library.layers == pw.load_library(folder).layers
        assert library.measurement == pw.Measurement(256, 1200, "NVIDIA H100 80GB HBM3", "fp8")
        assert library.provenance.origin == "measured"
        assert "License-NC" in library.provenance.note


@pytest.mark.parametrize("dataset", pw.list_datasets(), ids=lambda dataset: dataset.name)
def test_what_the_list_says_is_so(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Title, origin and counts are those of the library itself; the docs say the same."""
    if not dataset.embedded:
        monkeypatch.setenv("PUZZLE_WIDGETS_DATA", str(published_folder()))
    library = pw.load_dataset(dataset.name, agree=True)
    counts = (len(library.layers), int(library.starts[-1]))
    assert (library.name, library.provenance.origin) == (dataset.title, dataset.origin)
    assert counts == (dataset.layers, dataset.variants)
    said = f"{dataset.layers} layers of {dataset.variants // dataset.layers} variants"
    assert said in dataset.about
    assert ("not measured" in dataset.about) == (dataset.origin != "measured")
    (row,) = [
        line
        for line in (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8").splitlines()
        if line.startswith(f"| `{dataset.name}`")
    ]
    assert said in row
    assert dataset.license.name in row
    assert dataset.size_text in row
    assert ("not measured" in row) == (dataset.origin != "measured")
    assert dataset.name in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_library_that_ships_is_listed() -> None:
    """A file in the data folder is a library with a name, or says in it that it is none."""
    files = {path.stem for path in data_folder().glob("*.json")}
    assert files == set(pw.embedded_libraries())


def test_every_name_opens_by_load_library(mirror: Mirror) -> None:
    """As in the app and on the command line; before the agreement the error says how to give it."""
    for name in pw.embedded_libraries():
        assert pw.load_library(name) == pw.load_dataset(name)
    with pytest.raises(pw.DatasetError, match=rf"load_dataset\('{NAME}', agree=True\)"):
        pw.load_library(NAME)
    assert mirror.asked == []
    library = pw.load_dataset(NAME, agree=True)
    assert pw.load_library(NAME) == library
    assert pw.load_library(NAME, name="Mine").name == "Mine"
    assert pw.open_run(NAME) is None
    with pytest.raises(pw.LibraryError, match=f"{NAME}: no workloads here"):
        pw.load_library(NAME, workload="x")


def test_an_unknown_name_is_told_with_those_there_are() -> None:
    """Every name, whether it ships or is fetched."""
    with pytest.raises(pw.LibraryError, match=f"'x': no such file.*{EMBEDDED}.*{NAME}"):
        pw.load_library("x")


def test_a_path_goes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of one's own that has a dataset's name is what is opened."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / NAME).mkdir()
    for name, content in published_files().items():
        (tmp_path / NAME / name).write_bytes(content)
    assert len(pw.load_library(NAME).layers) == 3


def test_an_embedded_one_opens_without_a_question() -> None:
    """It is the library itself."""
    assert pw.load_dataset(EMBEDDED) == pw.load_library(EMBEDDED)


def test_an_unknown_one_is_told_with_those_there_are() -> None:
    """By name."""
    told = rf"No dataset 'x'\. There are: {EMBEDDED}, .*{NAME}"
    with pytest.raises(pw.DatasetError, match=told):
        pw.load_dataset("x")


def test_nothing_is_fetched_before_the_license_is_agreed_to(mirror: Mirror, cache: Path) -> None:
    """The question names the license and where its text is; an agreement is remembered."""
    with pytest.raises(pw.DatasetError, match=r"License-NC.*Non-commercial.*LICENSE\.txt.*agree=T"):
        pw.load_dataset(NAME)
    assert mirror.asked == []
    assert not cache.exists()
    library = pw.load_dataset(NAME, agree=True)
    assert pw.load_dataset(NAME) == library
    assert has_agreed(find_dataset(NAME))
    assert json.loads((cache / "agreed.json").read_text())[NAME]["license"].startswith("NVIDIA")


@pytest.mark.parametrize("content", ["{", "[]", '{"llama-3.3-70b-instruct": {"license": "MIT"}}'])
def test_an_agreement_to_something_else_does_not_count(
    small: Dataset, cache: Path, content: str
) -> None:
    """Nor does a broken file."""
    cache.mkdir()
    (cache / "agreed.json").write_text(content)
    assert not has_agreed(small)


def test_files_are_fetched_once_with_progress(mirror: Mirror, small: Dataset) -> None:
    """From nothing to all bytes; a second time nothing is asked for."""
    told: list[tuple[int, int]] = []
    assert not is_here(small)
    library = pw.load_dataset(NAME, agree=True, progress=lambda *how: told.append(how))
    assert library.layers == pw.load_files(published_files()).layers
    assert library.name == small.title
    assert len(mirror.asked) == len(small.files)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (small.size, small.size)
    assert is_here(small)
    assert pw.load_dataset(NAME) == library
    assert len(mirror.asked) == len(small.files)


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("wrong", "is not the published file .its SHA-256 differs., and is not kept"),
        ("endless", "is not the published file"),
        ("broken off", "the transfer broke off"),
        ("missing", "the server answers 404"),
    ],
)
def test_what_goes_wrong_is_told_and_nothing_is_kept(
    mirror: Mirror, small: Dataset, cache: Path, trouble: Trouble, words: str
) -> None:
    """With file, address and fix; afterwards a sound mirror serves."""
    mirror.trouble = trouble
    with pytest.raises(pw.DatasetError, match=words) as caught:
        pw.load_dataset(NAME, agree=True)
    assert "block_library.json" in str(caught.value)
    assert mirror.url in str(caught.value)
    assert "PUZZLE_WIDGETS_DATA" in str(caught.value)
    assert [path.name for path in cache.rglob("*") if path.is_file()] == ["agreed.json"]
    mirror.trouble = ""
    assert len(pw.load_dataset(NAME).layers) == 3
    assert is_here(small)


def test_offline_is_told(small: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that nobody listens at stands for no network."""
    assert small.files
    monkeypatch.setenv("PUZZLE_WIDGETS_DATA", "http://127.0.0.1:9")
    with pytest.raises(pw.DatasetError, match="no connection, perhaps this machine is offline"):
        pw.load_dataset(NAME, agree=True)


def test_a_fetch_can_be_stopped(mirror: Mirror, small: Dataset) -> None:
    """What the progress raises ends it."""

    class StopError(Exception):
        """The user has had enough."""

    def stop(done: int, total: int) -> None:
        raise StopError(f"{done} of {total}")

    with pytest.raises(StopError):
        pw.load_dataset(NAME, agree=True, progress=stop)
    assert not is_here(small)
    assert mirror.asked


def test_a_damaged_file_in_the_cache_is_fetched_again(mirror: Mirror, cache: Path) -> None:
    """The hash is checked at every opening."""
    library = pw.load_dataset(NAME, agree=True)
    (kept,) = cache.rglob("block_library.json")
    kept.write_bytes(kept.read_bytes()[:-1] + b"?")
    assert pw.load_dataset(NAME) == library
    assert [path.rpartition("/")[2] for path in mirror.asked].count("block_library.json") == 2


def test_a_folder_is_checked_as_well(
    small: Dataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A missing file, one that is not the published one, and the whole."""
    monkeypatch.setenv("PUZZLE_WIDGETS_DATA", str(tmp_path))
    folder = tmp_path / small.folder
    folder.mkdir()
    with pytest.raises(pw.DatasetError, match=r"block_library\.json: missing in the folder"):
        pw.load_dataset(NAME, agree=True)
    for name, content in published_files().items():
        (folder / name).write_bytes(content)
    assert len(pw.load_dataset(NAME).layers) == 3
    assert is_here(small)
    (folder / "measurement_info.json").write_bytes(b"{}")
    with pytest.raises(pw.DatasetError, match=r"measurement_info\.json in .*SHA-256 differs"):
        pw.load_dataset(NAME)


def test_a_cache_that_cannot_be_written_is_told(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Such as a file where the folder should be."""
    assert mirror.url
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PUZZLE_WIDGETS_CACHE", str(tmp_path / "file"))
    with pytest.raises(pw.DatasetError, match="cannot be kept in"):
        pw.load_dataset(NAME, agree=True)


def test_nothing_of_it_is_in_the_repository() -> None:
    """No tracked file is one of the published ones, by name or by content."""
    done = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("this is no git checkout")
    names = [ROOT / name for name in done.stdout.decode().split("\0") if name]
    _check_free([(path.name, path.read_bytes()) for path in names if path.is_file()])


def test_nothing_of_it_is_in_the_wheel(tmp_path: Path) -> None:
    """The wheel as it is built holds none of the published files either."""
    hatchling = pytest.importorskip("hatchling.builders.wheel", reason="hatchling builds the wheel")
    (built,) = hatchling.WheelBuilder(str(ROOT)).build(directory=str(tmp_path))
    with zipfile.ZipFile(built) as wheel:
        files = [(Path(name).name, wheel.read(name)) for name in wheel.namelist()]
    assert "datasets.py" in dict(files)
    _check_free(files)


def _check_free(files: list[tuple[str, bytes]]) -> None:
    published = {file.name: file.sha256 for file in find_dataset(NAME).files}
    assert len(files) > 50
    for name, content in files:
        assert name not in published
        assert hashlib.sha256(content).hexdigest() not in published.values(), name


def test_a_folder_that_is_not_there_is_told(
    small: Dataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is the variable that has to be fixed, not one of the files."""
    monkeypatch.setenv("PUZZLE_WIDGETS_DATA", str(tmp_path / "nowhere"))
    assert not is_here(small)
    with pytest.raises(pw.DatasetError, match=r"PUZZLE_WIDGETS_DATA names .*no such folder"):
        pw.load_dataset(NAME, agree=True)
