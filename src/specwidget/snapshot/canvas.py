"""A small canvas of palette indices that becomes a PNG.

Invariant: every pixel is an index into one palette of at most 256 colours, so the file is small
and drawing is slicing. Text is drawn on a plain ground of known colour, smoothed by a ramp of
colours between the two. Any text can be drawn: what the font lacks shows as its empty box.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from specwidget.snapshot.colors import Color, blend
from specwidget.snapshot.layout import Rect

__all__ = ["Canvas", "Indices", "Palette", "plain", "text_mask"]

Indices: TypeAlias = NDArray[np.uint8]

TEXT_SIZE = 12

# Letters are drawn larger and averaged: their distances need not be whole pixels then.
_FINER = 4
_STEPS = 6
_MOST_CHARACTERS = 120


class Palette:
    """Colours by number. When all 256 are taken, a new colour gets the nearest one's number."""

    def __init__(self) -> None:
        self._numbers: dict[Color, int] = {}
        self._colors: list[Color] = []

    def number(self, color: Color) -> int:
        """Give the number of a colour, a new one where there is room."""
        found = self._numbers.get(color)
        if found is None:
            if len(self._colors) < 256:
                found = len(self._colors)
                self._colors.append(color)
            else:
                distances = ((np.array(self._colors) - np.array(color)) ** 2).sum(axis=1)
                found = int(distances.argmin())
            self._numbers[color] = found
        return found

    def ramp(self, ground: Color, color: Color) -> Indices:
        """Give the numbers of even steps from one colour to another [shape=(6,)]."""
        steps = [blend(ground, color, k / (_STEPS - 1)) for k in range(_STEPS)]
        return np.array([self.number(step) for step in steps], dtype=np.uint8)

    def to_bytes(self) -> bytes:
        """Give red, green and blue by number."""
        return bytes(value for color in self._colors for value in color)


def plain(text: object) -> str:
    """Give one line of `text` that can be drawn, whatever it holds, shortened if very long."""
    line = str(text)[:_MOST_CHARACTERS]
    return "".join(c if c.isprintable() else " " for c in line).strip()


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_FINER * TEXT_SIZE)


@lru_cache(maxsize=1024)
def text_mask(text: str) -> Indices:
    """Coverage, 0 to 5, of one line of text [shape=(line height, width)]."""
    font = _font()
    width, height = -(-int(font.getbbox(text)[2]) // _FINER), TEXT_SIZE + 4
    image = Image.new("L", (_FINER * max(width, 1), _FINER * height))
    ImageDraw.Draw(image).text((0, 0), text, fill=255, font=font)
    coverage = np.asarray(image.reduce(_FINER), dtype=np.uint16)
    return np.asarray((coverage * (_STEPS - 1) + 127) // 255, dtype=np.uint8)


class Canvas:
    """Indices [shape=(height, width)] and the calls that set them; nothing is drawn outside."""

    def __init__(self, width: int, height: int, ground: Color) -> None:
        self.palette = Palette()
        self.bounds = Rect(0, 0, width, height)
        self.pixels: Indices = np.full((height, width), self.palette.number(ground), np.uint8)

    def block(self, rect: Rect) -> Indices:
        """Give a view of the pixels in a rectangle, to be read and set."""
        r = rect.clip(self.bounds)
        return self.pixels[r.y : r.bottom, r.x : r.right]

    def fill(self, rect: Rect, color: Color) -> None:
        """Fill a rectangle."""
        self.block(rect)[:] = self.palette.number(color)

    def border(
        self, rect: Rect, color: Color, clip: Rect, *, sides: str = "lrtb", dashed: bool = False
    ) -> None:
        """Draw some sides of a rectangle's inner border, one pixel wide, where inside `clip`."""
        width, height = min(rect.width, 1), min(rect.height, 1)
        lines = {
            "l": Rect(rect.x, rect.y, width, rect.height),
            "r": Rect(rect.right - width, rect.y, width, rect.height),
            "t": Rect(rect.x, rect.y, rect.width, height),
            "b": Rect(rect.x, rect.bottom - height, rect.width, height),
        }
        number = self.palette.number(color)
        for side in sides:
            part = self.block(lines[side].clip(clip))
            if not dashed:
                part[:] = number
            elif side in "lr":
                part[np.arange(part.shape[0]) % 8 < 5] = number
            else:
                part[:, np.arange(part.shape[1]) % 8 < 5] = number

    def text(self, x: int, y: int, mask: Indices, ramp: Indices, clip: Rect | None = None) -> None:
        """Draw a text's mask over a ground of ``ramp[0]``, its upper left corner at `x`, `y`."""
        whole = Rect(x, y, mask.shape[1], mask.shape[0])
        r = whole.clip(clip or self.bounds).clip(self.bounds)
        part = mask[r.y - y : r.bottom - y, r.x - x : r.right - x]
        np.copyto(self.block(r), ramp[part], where=part > 0)

    def png(self) -> bytes:
        """Give the picture as the bytes of a PNG file."""
        height, width = self.pixels.shape
        image = Image.frombytes("P", (width, height), self.pixels.tobytes())
        image.putpalette(self.palette.to_bytes())
        out = io.BytesIO()
        image.save(out, "PNG", compress_level=4)
        return out.getvalue()
