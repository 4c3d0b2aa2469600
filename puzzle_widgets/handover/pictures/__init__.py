"""Pictures as SVG, drawn here, for files and reports: no browser and no chart library is needed."""

from puzzle_widgets.handover.pictures.comparison import comparison_picture
from puzzle_widgets.handover.pictures.decisions import decisions_picture
from puzzle_widgets.handover.pictures.front import front_picture
from puzzle_widgets.handover.pictures.layers import layers_picture
from puzzle_widgets.handover.pictures.surface import surface_picture
from puzzle_widgets.handover.pictures.svg import Drawing

__all__ = [
    "Drawing",
    "comparison_picture",
    "decisions_picture",
    "front_picture",
    "layers_picture",
    "surface_picture",
]
