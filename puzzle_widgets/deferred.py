"""Packages that load when something of them is first used, so that importing this one is quick."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from typing_extensions import TypeIs

__all__ = ["is_frame", "is_na", "pd"]


class Deferred:
    """Stands for a module, which loads when a name of it is first asked for.

    Parameters
    ----------
    name
        Of the module.

    Examples
    --------
    >>> Deferred("math").sqrt(4)
    2.0
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(import_module(self._name), name)


if not TYPE_CHECKING:
    pd = Deferred("pandas")


def is_frame(value: object) -> TypeIs[pd.DataFrame]:
    """Whether a value is a frame of pandas; who has one has loaded pandas, and this does not."""
    return "pandas" in sys.modules and isinstance(value, pd.DataFrame)


def is_na(value: object) -> bool:
    """Whether a value is one of those by which pandas says that there is none."""
    return "pandas" in sys.modules and (value is pd.NA or value is pd.NaT)
