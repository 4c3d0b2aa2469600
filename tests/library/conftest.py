"""The small dataset and its mirror, for all tests here."""

from tests.support.datasets import cache, mirror, small

__all__ = ["cache", "mirror", "small"]
