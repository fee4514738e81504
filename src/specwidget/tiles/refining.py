"""The way of tiles from estimates to exact ones.

A spectrogram's tile is guided first where that pays: as soon as it is known where the waveform
changes most, a better estimate is made. Then the frames under it are computed, all of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from specwidget.tiles.base import Step, Tile
from specwidget.tiles.framepass import FramePass
from specwidget.tiles.overview import Overview
from specwidget.tiles.targets import Target, Targets
from specwidget.tiles.wavepass import WavePass

__all__ = ["FrameRefinement", "WaveRefinement"]

# What is next, the most urgent first: see `Refinement.urgency`.
WAVEFORM, GUIDED, EXACT, LATER = range(4)

# A tile with fewer pieces of work under it, in a recording of fewer, is exact soon enough.
GUIDED_PIECES = 16
GUIDED_RECORDING = 128


class _Pass(Protocol):
    def step(self, start: int, stop: int, wanting: Overview) -> Step | None: ...


class WaveRefinement:
    """The refinement of a waveform's tile.

    Parameters
    ----------
    waves : WavePass
        What reads the recording.
    targets : Targets
        What is wanted of the tile's channel.
    target : Target
        What must be known for the tile.
    make : callable
        Makes the tile of it.
    """

    def __init__(
        self, waves: WavePass, targets: Targets, target: Target, make: Callable[[], Tile]
    ) -> None:
        self._waves = waves
        self._targets = targets
        self._target = target
        self._make = make
        self._lock = threading.Lock()
        self._is_made = False
        targets.add(target)

    def urgency(self) -> tuple[int, int]:
        """Return when it is its turn: where reading is dear, spectrograms bring it along."""
        kind = LATER if self._waves.is_dear else WAVEFORM
        return kind, self._target.stop - self._target.start

    def fraction(self) -> float:
        """Return how much of the tile is known."""
        return self._target.fraction()

    def step(self) -> Step | None:
        """Return the reading of a piece."""
        return self._waves.step(self._target.start, self._target.stop, self._target.overview)

    def made(self) -> Tile | None:
        """Return the exact tile, once."""
        if not self._target.is_met():
            return None
        with self._lock:
            if self._is_made:
                return None
            self._is_made = True
        return self._make()

    def close(self) -> None:
        """Want no more."""
        self._targets.remove(self._target)


class FrameRefinement:
    """The refinement of a spectrogram's tile.

    Parameters
    ----------
    frames : FramePass
        What computes the recording.
    targets : Targets
        What is wanted of the tile's channel.
    target : Target
        What must be known for the tile.
    make : callable
        Makes the tile of it.
    guide : callable, optional
        Makes a guided estimate; None if there is one already.
    """

    def __init__(
        self,
        frames: FramePass,
        targets: Targets,
        target: Target,
        make: Callable[[], Tile],
        guide: Callable[[], Tile] | None,
    ) -> None:
        self._frames = frames
        self._targets = targets
        self._target = target
        self._make = make
        self._guide = guide if _pays(frames, target) else None
        self._samples = frames.samples(target.start, target.stop)
        self._lock = threading.Lock()
        self._guided: Tile | None = None
        self._is_made = False
        targets.add(target)

    def urgency(self) -> tuple[int, int]:
        """Return when it is its turn."""
        if not self._waits_for_guidance():
            kind = EXACT
        else:
            kind = GUIDED if self._is_charted() else WAVEFORM
        return kind, self._target.stop - self._target.start

    def fraction(self) -> float:
        """Return how much of the tile is known."""
        return self._target.fraction()

    def step(self) -> Step | None:
        """Return the reading of a piece for guidance, the guided estimate, or frames."""
        if self._target.is_met():
            return None
        if self._waits_for_guidance():
            if self._is_charted():
                with self._lock:
                    guide, self._guide = self._guide, None
                if guide is not None:
                    return lambda: self._estimate(guide)
            else:
                changes = self._frames.waves.changes
                assert changes is not None
                step = self._frames.waves.step(*self._samples, changes)
                if step is not None:
                    return step
        return self._frames.step(self._target.start, self._target.stop, self._target.overview)

    def made(self) -> Tile | None:
        """Return the guided estimate, once, or the exact tile, once."""
        met = self._target.is_met()
        with self._lock:
            if self._is_made:
                return None
            if not met:
                tile, self._guided = self._guided, None
                return tile
            self._is_made = True
        return self._make()

    def close(self) -> None:
        """Want no more."""
        self._targets.remove(self._target)

    def _waits_for_guidance(self) -> bool:
        return self._guide is not None and not self._frames.waves.is_dear

    def _is_charted(self) -> bool:
        changes = self._frames.waves.changes
        return changes is not None and changes.covers(*self._samples)

    def _estimate(self, guide: Callable[[], Tile]) -> None:
        tile = guide()
        with self._lock:
            self._guided = tile


def _pays(frames: FramePass, target: Target) -> bool:
    """Return whether a guided estimate comes much sooner than the exact tile."""
    grain = frames.grid.grain
    pieces = target.stop - target.start >> grain
    whole = frames.grid.pyramid.n_units >> grain
    charted = frames.waves.changes is not None
    return charted and pieces >= GUIDED_PIECES and whole >= GUIDED_RECORDING
