"""Where times, frequencies and panes lie on the stage of a widget, as js/src/layout.ts has them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness import Lab, Point
from playwright.sync_api import Locator

GUTTER = 58
MARGIN = 58
OVERVIEW = 30
TIME_AXIS = 22
GAP = 4
WAVE_SHARE = 0.26


@dataclass(frozen=True)
class Places:
    """The stage of a widget that shows `n_channels` at a linear frequency axis."""

    stage: Locator
    width: float
    height: float
    view: tuple[float, float]
    band: tuple[float, float]
    duration: float
    n_channels: int = 1

    @property
    def plot(self) -> tuple[float, float]:
        """The left and the right end of panes, strip and time axis."""
        return GUTTER, self.width - MARGIN

    @property
    def _heights(self) -> tuple[float, float]:
        free = self.height - TIME_AXIS - OVERVIEW - GAP - GAP * (2 * self.n_channels - 1)
        share = WAVE_SHARE / self.n_channels
        return math.floor(free * share), math.floor(free * (1 - WAVE_SHARE) / self.n_channels)

    def wave(self, channel: int = 0) -> tuple[float, float]:
        """Top and bottom of a waveform."""
        height = self._heights[0]
        top = OVERVIEW + GAP + channel * (height + GAP)
        return top, top + height

    def spec(self, channel: int = 0) -> tuple[float, float]:
        """Top and bottom of a spectrogram."""
        height = self._heights[1]
        top = self.wave(self.n_channels - 1)[1] + GAP + channel * (height + GAP)
        return top, top + height

    def x(self, time: float) -> float:
        left, right = self.plot
        t0, t1 = self.view
        return left + (time - t0) / (t1 - t0) * (right - left)

    def time(self, x: float) -> float:
        left, right = self.plot
        return self.view[0] + (x - left) / (right - left) * (self.view[1] - self.view[0])

    def y(self, freq: float, channel: int = 0) -> float:
        top, bottom = self.spec(channel)
        f0, f1 = self.band
        return bottom - (freq - f0) / (f1 - f0) * (bottom - top)

    def on_wave(self, time: float, channel: int = 0) -> Point:
        """A point in the middle of a waveform."""
        top, bottom = self.wave(channel)
        return self.x(time), (top + bottom) / 2

    def on_spec(self, time: float, freq: float, channel: int = 0) -> Point:
        return self.x(time), self.y(freq, channel)

    def on_strip(self, time: float) -> Point:
        left, right = self.plot
        return left + time / self.duration * (right - left), OVERVIEW / 2

    def on_time_axis(self, time: float) -> Point:
        return self.x(time), self.height - TIME_AXIS / 2

    def on_freq_axis(self, freq: float) -> Point:
        return GUTTER / 2, self.y(freq)

    @property
    def second(self) -> float:
        """Pixels in a second."""
        return self.x(1) - self.x(0)

    @property
    def hertz(self) -> float:
        """Pixels in a hertz."""
        return abs(self.y(1) - self.y(0))


def places(lab: Lab, name: str = "w", *, index: int = 0) -> Places:
    """The stage of a view of the widget `name` as it lies now; its last move must have settled."""
    stage = lab.widgets.nth(index).locator(".sw-stage")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box, "the stage is not visible"
    view, band, duration, channels, chosen = lab.get(
        f"[{name}.view, {name}.freq_view, {name}.duration, "
        f"{name}.recording.source.n_channels, {name}.channel]"
    )
    return Places(
        stage=stage,
        width=box["width"],
        height=box["height"],
        view=tuple(view),
        band=tuple(band),
        duration=duration,
        n_channels=channels if chosen == "all" else 1,
    )


def rest(lab: Lab) -> None:
    """Wait until a gesture has settled and the kernel has heard of it, however slow the machine.

    Timers of one page run in the order in which they are due: this one after the widget's own.
    """
    lab.look("() => new Promise((resolve) => setTimeout(resolve, 300))")
    lab.settle()


def wait_until_drawn(lab: Lab, index: int = 0) -> None:
    """Wait until a view has its annotations, and every tile that it wants."""
    state = lab.widgets.nth(index).locator(".sw-state")
    lab.page.wait_for_function(
        "(state) => /annotation|^Drag/.test(state.textContent)", arg=state.element_handle()
    )
