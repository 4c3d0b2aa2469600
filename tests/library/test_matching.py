"""Whether two libraries are of one parent, and which of their blocks are the same."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import puzzle_widgets as pw
from puzzle_widgets.library import SubBlock
from puzzle_widgets.library.matching import (
    counterpart,
    library_words,
    measurement_words,
    same_block,
    short_gpu,
)
from tests.support.export import LINEAR, LLAMA, NO_OP, export_library
from tests.support.libraries import make_library

SMALL = (SubBlock("sized", 4), SubBlock("sized", 1024))
LIBRARY = export_library(SMALL, (NO_OP, NO_OP), parent_config=json.dumps(LLAMA))


def changed(place: int, **fields: object) -> pw.BlockLibrary:
    """The library with another layer at a place."""
    layers = list(LIBRARY.layers)
    layers[place] = replace(layers[place], **fields)  # type: ignore[arg-type]
    return replace(LIBRARY, layers=tuple(layers))


def test_other_variants_and_costs_do_not_count() -> None:
    """A library of the same parent with fewer variants, other names and figures matches."""
    fewer = export_library((LINEAR, NO_OP))
    renamed = replace(fewer, name="other", measurement=pw.Measurement(1, 2, "B200"))
    assert pw.match_layers(LIBRARY, renamed)
    assert pw.match_layers(renamed, LIBRARY).words == ""


def test_what_differs_is_said_layer_by_layer() -> None:
    """Count, names, the parent's blocks, and the shape that configurations tell."""
    short = pw.match_layers(LIBRARY, export_library(SMALL, layers=3))
    assert short.differences == ("4 layers against 3.",)
    named = pw.match_layers(LIBRARY, changed(2, name="two"))
    assert named.differences == ("Layer at place 3: named 2 against 'two'.",)
    variants = LIBRARY.layers[1].variants
    shaped = pw.match_layers(LIBRARY, changed(1, parent=variants[1].name))
    words = "Layer 1: the parent's block is '8 KV heads, FFN width 4,096' against "
    assert shaped.differences == (f"{words}'4 KV heads, FFN width 1,024'.",)
    wide = replace(LIBRARY, parent_config=json.dumps({**LLAMA, "hidden_size": 2048}))
    assert pw.match_layers(LIBRARY, wide).words == "The parent's hidden_size: 1024 against 2048."


def test_of_many_differences_the_first_are_said_in_full() -> None:
    """Three, and how many more there are."""
    layers = tuple(replace(one, name=f"l{one.name}") for one in LIBRARY.layers)
    match = pw.match_layers(LIBRARY, replace(LIBRARY, layers=layers))
    assert len(match.differences) == 4
    assert match.words.endswith("And 1 more.")
    assert not match


def test_a_broken_config_of_the_parent_says_nothing() -> None:
    """It is untrusted text."""
    for text in ("{", "[1]", "null"):
        assert pw.match_layers(LIBRARY, replace(LIBRARY, parent_config=text))


def test_blocks_are_the_same_by_what_they_are() -> None:
    """By kind and size, and config where both have one; by name where nothing else is known."""
    one = LIBRARY.layers[0].variants[1]
    assert same_block(one, replace(one, name="another"))
    assert not same_block(one, replace(one, ffn=SubBlock("sized", 1025)))
    a, b = replace(one, block_config='{"a": 1, "b": 2}'), replace(one, block_config='{"b":2,"a":1}')
    assert same_block(a, b)
    assert same_block(a, one)
    assert not same_block(a, replace(one, block_config='{"a": 3}'))
    assert not same_block(a, replace(one, block_config="{"))
    unknown = make_library([[(0, 1, 1), (1, 1, 1)]]).layers[0].variants
    assert same_block(unknown[0], unknown[0])
    assert not same_block(unknown[0], unknown[1])
    assert not same_block(replace(one, name="v0"), unknown[0])


def test_a_counterpart_has_the_same_name_or_is_the_only_one() -> None:
    """One of the same name that is another block is none; of two twins neither is guessed."""
    layer = LIBRARY.layers[0]
    one = layer.variants[1]
    assert counterpart(one, layer) is one
    assert counterpart(replace(one, name="x"), layer) is one
    twins = replace(layer, variants=(*layer.variants, replace(one, name="twin")))
    assert counterpart(replace(one, name="x"), twins) is None
    assert counterpart(one, twins) is one
    swapped = replace(one, name=layer.variants[0].name)
    assert counterpart(swapped, layer) is one
    assert counterpart(replace(one, attention=LINEAR), layer) is None


def test_a_library_is_named_by_title_hash_and_measurement() -> None:
    """What is not known is left out."""
    bare = library_words(replace(LIBRARY, measurement=pw.Measurement()))
    assert re.fullmatch(r"small \([0-9a-f]{8}\)", bare)
    measured = replace(LIBRARY, measurement=pw.Measurement(8, 4096, "H100", "fp8", 1024))
    words = "H100, fp8, batch size 8, sequence length 4,096 (1,024 of them prefill)"
    assert measurement_words(measured) == words
    assert library_words(measured).endswith(f": {words}")
    assert short_gpu("NVIDIA-H200") == "H200"
