"""Replace-1-block scores."""

from __future__ import annotations

import json
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from puzzle_widgets.distillation.parent import load_parent
from puzzle_widgets.distillation.presets import NO_OP, block_name
from puzzle_widgets.distillation.run import open_run, read_lines
from puzzle_widgets.distillation.score import (
    KL,
    LM_LOSS,
    METRICS,
    SCORES,
    TOP_1,
    load_block,
    make_reference,
    read_scores,
    replace_one_block,
    score_blocks,
    validation_windows,
)


def test_the_parent_s_own_block_scores_exactly_zero(built: Any) -> None:
    """Divergence and cosine loss are 0, not nearly 0, in every sample of every layer."""
    scores, own = read_scores(built), block_name(*built.preset.shape.parent_block)
    for layer in range(2):
        assert set(scores[layer, own][KL]) == {0.0}
        assert set(scores[layer, own]["cosine_embedding_loss_hidden_states"]) == {0.0}
        assert scores[layer, own] == scores[0, own]


def test_all_blocks_are_scored_sample_by_sample(built: Any) -> None:
    """54 blocks a layer, four metrics, one value a sample; other blocks diverge."""
    scores = read_scores(built)
    assert len(scores) == 108
    for (_, name), found in scores.items():
        assert set(found) == set(METRICS)
        assert {len(values) for values in found.values()} == {4}
        if name != block_name(*built.preset.shape.parent_block):
            assert min(found[KL]) > 0


@torch.no_grad()
def test_scores_by_hand(built: Any) -> None:
    """Divergence, loss and accuracy of one block from whole passes through a changed model."""
    parent = load_parent(built)
    windows = validation_windows(built)
    reference = make_reference(parent, windows)
    scores = replace_one_block(parent, reference, 0, load_block(built, parent, 0, (NO_OP, NO_OP)))
    theirs = torch.softmax(parent(windows[:, :-1]), dim=-1)
    parent.blocks = parent.blocks[1:]
    mine = torch.softmax(parent(windows[:, :-1]), dim=-1)
    divergence = (theirs * (theirs / mine).log()).sum(dim=-1).mean(dim=1)
    torch.testing.assert_close(torch.tensor(scores[KL]), divergence, atol=1e-5, rtol=1e-4)
    chances = mine.gather(-1, windows[:, 1:, None])
    torch.testing.assert_close(
        torch.tensor(scores[LM_LOSS]), -chances.log().mean(dim=(1, 2)), atol=1e-5, rtol=1e-4
    )
    right = (mine.argmax(dim=-1) == windows[:, 1:]).float().mean(dim=1)
    torch.testing.assert_close(torch.tensor(scores[TOP_1]), right)


def test_scoring_goes_on_where_it_was_cut_off(built: Any) -> None:
    """Half a record at the end is scored again; the file is the same as without interruption."""
    path = built.folder / SCORES
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[: len(whole) // 2], encoding="utf-8")
    lines: list[str] = []
    score_blocks(open_run(built.preset, built.folder, lines.append))
    assert "resuming after" in lines[0]
    assert path.read_text(encoding="utf-8") == whole


def test_a_record_cut_off_is_taken_out(tmp_path: Any) -> None:
    """Only whole lines count."""
    path = tmp_path / "lines.jsonl"
    path.write_text(json.dumps({"a": 1}) + '\n{"a": ', encoding="utf-8")
    assert read_lines(path) == [{"a": 1}]
    assert path.read_text(encoding="utf-8") == '{"a": 1}\n'
