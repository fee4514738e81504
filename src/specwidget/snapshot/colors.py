"""The colours of a still picture.

Invariant: the fixed ones are those of the live widget in a light theme, and colormaps come from the
file that the front end reads too, so that both show the same picture.
"""

from __future__ import annotations

import base64
import json
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from specwidget.errors import ParameterError

__all__ = ["Color", "blend", "colormap_colors", "ink_on", "lighter", "parse_color"]

Color: TypeAlias = tuple[int, int, int]

_COLORMAPS = Path(__file__).parent.parent / "colormaps.json"

PAGE: Color = (255, 255, 255)
PANE: Color = (245, 245, 245)
TEXT: Color = (33, 33, 33)
MUTED: Color = (95, 95, 95)
LINE: Color = (208, 208, 208)
WAVE: Color = (74, 127, 181)
RMS: Color = (42, 90, 140)
RIM: Color = (24, 24, 24)
UNLABELLED: Color = (138, 138, 138)


def parse_color(text: object, default: Color = UNLABELLED) -> Color:
    """Read "#rrggbb"; anything else gives `default`."""
    if isinstance(text, str) and len(text) == 7 and text.startswith("#"):
        try:
            red, green, blue = bytes.fromhex(text[1:])
        except ValueError:
            return default
        return red, green, blue
    return default


@lru_cache(maxsize=4096)
def blend(ground: Color, color: Color, share: float) -> Color:
    """Mix two colours, `share` of the second."""
    red, green, blue = (round(g + share * (c - g)) for g, c in zip(ground, color, strict=True))
    return red, green, blue


def lighter(color: Color) -> Color:
    """Give a colour on its way to white, for lines on the dark ground of most colormaps."""
    return blend(color, (255, 255, 255), 0.4)


def ink_on(color: Color) -> Color:
    """Give black or white, whichever reads better on a colour."""
    linear = [c / 3294.6 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in color]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return (0, 0, 0) if luminance > 0.179 else (255, 255, 255)


@lru_cache(maxsize=1)
def _colormaps() -> dict[str, NDArray[np.uint8]]:
    stored = json.loads(_COLORMAPS.read_text(encoding="utf-8"))
    return {
        name: np.frombuffer(base64.b64decode(table), dtype=np.uint8).reshape(256, 3)
        for name, table in stored.items()
    }


def colormap_colors(name: str, n: int) -> list[Color]:
    """Give `n` colours of a colormap, evenly spaced; ``_r`` at the end of its name reverses it.

    Raises
    ------
    ParameterError
        If there is no colormap of that name.
    """
    tables = _colormaps()
    base = name.removesuffix("_r")
    if base not in tables:
        raise ParameterError(
            f"colormap={name!r} is not known; there are {', '.join(tables)}, and each with '_r'"
        )
    table = tables[base][::-1] if name.endswith("_r") else tables[base]
    chosen = table[np.round(np.linspace(0, 255, n)).astype(int)]
    return [(int(red), int(green), int(blue)) for red, green, blue in chosen]
