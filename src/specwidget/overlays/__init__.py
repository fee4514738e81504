"""Series of values over the picture: given, or made by functions of the samples."""

from specwidget.overlays.features import FEATURES, Axis
from specwidget.overlays.overlay import Line, Overlay, Overlays
from specwidget.overlays.series import Drawn, Series

__all__ = ["FEATURES", "Axis", "Drawn", "Line", "Overlay", "Overlays", "Series"]
