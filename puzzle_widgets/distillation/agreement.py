"""How well predictions agree with the truth: rank correlations and errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from puzzle_widgets.library.model import FloatArray


def agreement(predicted: Sequence[float], true: Sequence[float]) -> dict[str, float | None]:
    """Compare predictions with what was measured.

    Parameters
    ----------
    predicted, true
        One value a model each, in the same unit.

    Returns
    -------
    dict
        Models compared; Spearman's rho and Kendall's tau-b (``None`` where either side has no
        two values); mean absolute error in the unit; median of |predicted - true| / |true| and
        of predicted / true over the models whose true value is not 0.
    """
    left, right = np.asarray(predicted, dtype=float), np.asarray(true, dtype=float)
    shown = right != 0
    ratios = left[shown] / right[shown]
    return {
        "models": len(left),
        "spearman": _or_none(spearman(left, right)),
        "kendall": _or_none(kendall(left, right)),
        "mean_absolute_error": _or_none(float(np.abs(left - right).mean()) if len(left) else None),
        "median_relative_error": _or_none(_median(np.abs(ratios - 1))),
        "median_predicted_over_true": _or_none(_median(ratios)),
    }


def spearman(left: Sequence[float] | FloatArray, right: Sequence[float] | FloatArray) -> float:
    """Spearman's rho: the correlation of mid-ranks; NaN where a side is constant."""
    first, second = (pd.Series(list(values)).rank().to_numpy(float) for values in (left, right))
    return _cosine(first - first.mean(), second - second.mean())


def kendall(left: Sequence[float] | FloatArray, right: Sequence[float] | FloatArray) -> float:
    """Kendall's tau-b, which allows for ties; NaN where a side is constant."""
    first, second = (np.sign(np.subtract.outer(values, values)) for values in (left, right))
    return _cosine(first, second)


def _cosine(left: FloatArray, right: FloatArray) -> float:
    length = float(np.sqrt((left**2).sum() * (right**2).sum()))
    return float((left * right).sum()) / length if length else float("nan")


def _median(values: FloatArray) -> float | None:
    return float(np.median(values)) if values.size else None


def _or_none(value: float | None) -> float | None:
    """Round for a file; JSON has no NaN."""
    return None if value is None or np.isnan(value) else float(f"{value:.6g}")
