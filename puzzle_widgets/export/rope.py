"""RoPE as every reader takes it: the form of transformers 5 and the one before it, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from puzzle_widgets.library.checks import Location, short_repr

USUAL_THETA = 10_000.0
_NEW, _OLD, _THETA = "rope_parameters", "rope_scaling", "rope_theta"
# Some readers look for these at the top level only.
_AT_TOP = ("original_max_position_embeddings", "partial_rotary_factor")


def rope_forms(content: Mapping[str, Any], theta: float | None = None) -> dict[str, Any]:
    """Say a configuration's RoPE in both forms.

    Parameters
    ----------
    content
        A configuration with either form, or with both.
    theta
        The base where it gives none; without one nothing is added then.

    Returns
    -------
    dict
        ``rope_theta``, ``rope_scaling`` (``None`` for plain RoPE) and ``rope_parameters``; empty
        where there is no RoPE, or one for each kind of layer.

    Examples
    --------
    >>> rope_forms({"rope_parameters": {"rope_type": "default", "rope_theta": 1e6}})["rope_theta"]
    1000000.0
    """
    if _by_layer(content):
        return {}
    scaling = _scaling(content)
    base = scaling.pop(_THETA, None) or content.get(_THETA) or theta
    if base is None:
        return {}
    kind = {"rope_type": rope_type(content)}
    old = None if kind["rope_type"] == "default" else kind | scaling
    top = {key: scaling[key] for key in _AT_TOP if key in scaling}
    return top | {_THETA: base, _OLD: old, _NEW: kind | scaling | {_THETA: base}}


def rope_type(content: Mapping[str, Any]) -> str:
    """Name the kind of RoPE, such as ``"llama3"``; ``"default"`` is plain."""
    found = _form(content)
    return str(found.get("rope_type") or found.get("type") or "default")


def check_rope(content: Mapping[str, Any], place: Location) -> None:
    """Refuse two bases that contradict each other."""
    bases = [content.get(_THETA), _form(content).get(_THETA)]
    told = [base for base in bases if base is not None]
    if not _by_layer(content) and len(told) == 2 and told[0] != told[1]:
        place.at(field=_THETA).fail(
            f"{short_repr(told[0])}, and {short_repr(told[1])} in {_NEW}.",
            "Keep the correct one.",
        )


def _form(content: Mapping[str, Any]) -> Mapping[str, Any]:
    found = content.get(_NEW) or content.get(_OLD)
    return found if isinstance(found, Mapping) else {}


def _scaling(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in _form(content).items() if key not in ("type", "rope_type")}


def _by_layer(content: Mapping[str, Any]) -> bool:
    return any(isinstance(value, Mapping) for value in _form(content).values())
