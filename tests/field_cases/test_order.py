"""Layers out of order, and layers that are missing, as people's sheets have them."""

from __future__ import annotations

import json
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.export import check, export
from tests.support.export import LLAMA

AS_IT_STANDS = "layer,variant,parent,attention,ffn,kl,memory"
DOCUMENTED = "layer,variant,parent,attention,ffn,metrics.kl_div,stats.memory_mib"
BOTH = pytest.mark.parametrize("head", [AS_IT_STANDS, DOCUMENTED])


def opened(head: str, rows: list[str]) -> pw.BlockLibrary:
    """Open a sheet; headings that are not documented may be refused, by their names."""
    try:
        return pw.load_files({"sheet.csv": "\n".join([head, *rows]).encode()})
    except pw.LibraryError as error:
        if head == AS_IT_STANDS and any(word in str(error) for word in ("'kl'", "'memory'")):
            pytest.skip(f"refused in words that fit: {error}")
        raise


def widths(library: pw.BlockLibrary, memory: float) -> list[float]:
    """FFN width of each layer of the best architecture, as vLLM takes it."""
    problem = pw.SearchProblem(
        library, minimize="metrics.kl_div", budgets={"stats.memory_mib": memory}
    )
    parent: dict[str, Any] = LLAMA | {"num_hidden_layers": len(library.layers)}
    made = export(pw.search(problem), "vllm", parent_config=json.dumps(parent).encode())
    return [block["ffn"]["ffn_mult"] for block in json.loads(made.text)["block_configs"]]


@BOTH
def test_order_1_a_sheet_sorted_by_another_column(head: str) -> None:
    """The narrow block of layer 1 stands second, whatever row it is in."""
    rows = [
        *("1,whole,x,8,4096,0,90", "1,narrow,,8,1024,0.2,50"),
        *("2,whole,x,8,4096,0,90", "2,narrow,,8,512,4,45"),
        *("0,whole,x,8,4096,0,90", "0,narrow,,8,256,6,40"),
    ]
    library = opened(head, rows)
    assert [layer.name for layer in library.layers] == [0, 1, 2]
    assert widths(library, 230) == [6.0, 1.5, 6.0]


@BOTH
def test_order_3_layers_sorted_as_text(head: str) -> None:
    """Layer 10 comes after layer 9, not after layer 1."""
    rows = []
    for number in sorted(range(12), key=str):
        loss = 0.1 if number == 2 else 9
        rows += [f"layer_{number},whole,x,8,4096,0,100", f"layer_{number},narrow,,8,768,{loss},40"]
    library = opened(head, rows)
    found = widths(library, 1199)
    assert [place for place, width in enumerate(found) if width < max(found)] == [2]


@BOTH
def test_gap_1_a_layer_is_missing(head: str) -> None:
    """It is named."""
    rows = [f"{number},whole,x,8,4096,0,10" for number in (0, 1, 3)]
    with pytest.raises(pw.LibraryError, match="layer 2 missing"):
        opened(head, rows)


def test_order_without_numbers_is_said_by_every_config() -> None:
    """Nothing tells the order then but the file."""
    rows = [f"{name},whole,x,8,4096,0,10" for name in ("low", "middle", "high", "top")]
    library = opened(DOCUMENTED, rows)
    solution = pw.search(pw.SearchProblem(library, minimize="metrics.kl_div"))
    parent = json.dumps(LLAMA).encode()
    for target in ("vllm", "mlx", "anymodel", "puzzletron"):
        said = [found.text for found in check(solution, target, parent_config=parent)]
        assert any("carry no numbers" in words for words in said)
    assert not any("numbers" in found.text for found in check(solution, "layers-csv"))
