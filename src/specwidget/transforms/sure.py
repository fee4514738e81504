"""Levels of dB that are exact: by float32, and by float64 where that is not enough.

Of every few frames the first speaks for all: if float32 is not enough for many of its bins, all are
computed in float64. Where that was so a moment ago the first ones are looked at before the others,
which saves computing those twice; what comes out is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from specwidget.transforms import fast
from specwidget.transforms.compiled import fits
from specwidget.transforms.levels import Levels
from specwidget.transforms.melbank import COLUMNS, MelBank
from specwidget.transforms.plan import Working
from specwidget.transforms.pooling import max_pooled
from specwidget.transforms.precision import framed, norm_bounds

__all__ = ["SureFrames"]

# Frames that are transformed at once have no more bytes than this.
_BLOCK_BYTES = 1 << 20
# The frames that the first of them speaks for, and their samples.
_TOGETHER = 16
_TOGETHER_SAMPLES = 1 << 18
# The most frames at once where there are filters.
_BANK_FRAMES = 256

_WORKING = Working()


class SureFrames:
    """The frames of some samples.

    Parameters
    ----------
    samples : np.ndarray, float32 [shape=(n,)]
        Contiguous; they have a whole frame at least.
    window : np.ndarray, float64 [shape=(n_fft,)]
        The window, padded to the frame.
    hop : int > 0
        Samples from one frame to the next.
    bank : MelBank or None
        Filters that sum the power in the FFT bins.
    scale : Levels
        What the amplitudes are rounded to.
    """

    def __init__(
        self,
        samples: NDArray[np.float32],
        window: NDArray[np.float64],
        hop: int,
        bank: MelBank | None,
        scale: Levels,
    ) -> None:
        self._plan = plan = _WORKING.plan(window, bank, scale)
        self._samples = samples
        self._hop = hop
        self._frames = framed(samples, len(window), hop)
        self._norms = norm_bounds(samples, plan.double, hop)
        loudest = float(self._norms.max())
        # NaN is not harmless, nor in range.
        self._harmless = loudest <= plan.precision.harmless
        self._in_range = loudest * len(window) ** 0.5 <= scale.most
        self._finite = bool(np.isfinite(loudest))
        self._together = max(1, min(_TOGETHER, _TOGETHER_SAMPLES // len(window)))
        kernels = fast.kernels() if fits(len(window)) else None
        self._compiled = None if kernels is None else plan.compiled(kernels)

    @property
    def order(self) -> Literal["C", "F"]:
        """How the levels are laid out that are found quickest."""
        return "C" if self._compiled is None and self._plan.bank is None else "F"

    def pooled(self, levels: NDArray[np.uint8], pool: int) -> NDArray[np.uint8]:
        """Return the maxima of levels in this order over every `pool` frames."""
        if self._compiled is None:
            return max_pooled(levels, pool)
        return self._compiled.pooled(levels.T, pool).T

    def quantise(self, start: int, stop: int, out: NDArray[np.uint8]) -> None:
        """Put the levels of the frames ``[start, stop)`` in `out` [shape=(n, n_bins)].

        Frames with samples that are not finite get the lowest level.
        """
        n, plan = stop - start, self._plan
        double, wide = np.zeros((2, n), bool)
        rest = np.arange(n)
        if plan.doubted and not self._harmless:
            probes = rest[:: self._together]
            wide[probes] = self._single(start, probes, out)[1]
            double = self._spread(wide)
            rest = np.flatnonzero(~double)
        if rest.size:
            double[rest], wide[rest] = self._single(start, rest, out)
            double |= self._spread(wide)
        rows = np.flatnonzero(double)
        plan.doubted = 4 * rows.size > n
        if rows.size:
            self._double(start, rows, out)
        if not self._finite:
            whole = np.isfinite(self._frames[start:stop]).all(axis=1)
            out[~whole] = plan.scale.lowest

    def _spread(self, wide: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return what the first of every few frames says for all."""
        return np.repeat(wide[:: self._together], self._together)[: len(wide)]

    def _single(
        self, start: int, rows: NDArray[np.intp], out: NDArray[np.uint8]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Put the levels of some frames after `start` in their rows, by float32.

        Returns
        -------
        (np.ndarray of bool, np.ndarray of bool)
            For which of them float32 is not enough, and for which not in many bins.
        """
        if self._compiled is not None:
            flags = self._compiled.put(
                self._samples,
                (start + rows) * self._hop,
                self._norms[start + rows],
                rows,
                out.T,
                _WORKING,
            )
            return flags > 0, flags > 1
        plan, frames, norms = self._plan, self._frames[start:], self._norms[start:]
        wrong, wide = np.zeros((2, rows.size), bool)
        suspects, found = [], []
        for first, some in self._blocks(rows, plan.single):
            values = self._values(frames[some], some, plan.single)
            least = None if plan.bank else plan.precision.least(values)
            if not self._harmless:
                near = plan.precision.suspects(values, norms[some], least)
                if near.size:
                    suspects.append(first + near)
                    found.append(values[near])
            self._round(values, out, some, least if self._in_range else None)
        if suspects:
            among = np.concatenate(suspects)
            wrong[among], wide[among] = plan.precision.doubtful(
                np.concatenate(found), norms[rows[among]]
            )
        return wrong, wide

    def _double(self, start: int, rows: NDArray[np.intp], out: NDArray[np.uint8]) -> None:
        """Put the levels of some frames after `start` in their rows, by float64."""
        if self._compiled is not None:
            starts = (start + rows) * self._hop
            self._compiled.put(self._samples, starts, None, rows, out.T, _WORKING)
            return
        window = self._plan.double
        for _, some in self._blocks(rows, window):
            part: NDArray[Any]
            if isinstance(some, slice) and self._hop < len(window):
                # A sample is converted once, though it lies under several frames.
                first, last = (start + some.start) * self._hop, (start + some.stop - 1) * self._hop
                samples = self._samples[first : last + len(window)].astype(np.float64)
                part = framed(samples, len(window), self._hop)
            else:
                part = self._frames[start:][some]
            self._round(self._values(part, some, window), out, some, None)

    def _blocks(
        self, rows: NDArray[np.intp], window: NDArray[Any]
    ) -> Iterator[tuple[int, slice | NDArray[np.intp]]]:
        """Yield rows to be computed at once, after how many there were before.

        Rows are ascending numbers; they come as a slice where there is no gap.
        """
        step = max(1, _BLOCK_BYTES // window.nbytes)
        if self._plan.bank is not None:
            # Rows of bins at a distance of 4096 bytes would share one place in the cache.
            step = min(step, _BANK_FRAMES)
        for first in range(0, rows.size, step):
            some = rows[first : first + step]
            if some[-1] - some[0] == some.size - 1:
                yield first, slice(int(some[0]), int(some[-1]) + 1)
            else:
                yield first, some

    def _values(
        self, frames: NDArray[Any], rows: slice | NDArray[np.intp], window: NDArray[Any]
    ) -> NDArray[np.float32]:
        """Return the amplitude or the power in every bin of some frames, in their rows.

        They are computed as exactly as the window is, and overwritten by the next call.
        """
        import scipy.fft

        bank = self._plan.bank
        windowed = _WORKING.array(window.dtype.name, frames.shape, window.dtype)
        np.multiply(frames, window, out=windowed)
        if bank is None:
            spectrum = scipy.fft.rfft(windowed, axis=1)
        else:
            # Filters are multiplied with bins by frames.
            spectrum = scipy.fft.rfft(windowed.T, axis=0)
        if spectrum.dtype != np.complex64:
            spectrum = spectrum.astype(np.complex64)
        values = _WORKING.array("values", spectrum.shape, np.float32)
        np.abs(spectrum, out=values)
        if bank is not None:
            values = _filtered(np.square(values, out=values), rows, bank).T
        if not self._finite:
            values[np.isnan(values)] = 0.0
        return values

    def _round(
        self,
        values: NDArray[np.float32],
        out: NDArray[np.uint8],
        rows: slice | NDArray[np.intp],
        least: NDArray[np.float32] | None,
    ) -> None:
        """Put the levels of values in their rows; overwrites the values.

        If the least value of every row is given, none is more than the most there is.
        """
        scale, power = self._plan.scale, self._plan.power
        low = None if least is None else np.flatnonzero(least < scale.least)
        if low is None or 4 * low.size > len(values):
            scale.clip(values, power)
        elif low.size:
            values[low] = scale.clip(values[low], power)
        if isinstance(rows, slice):
            scale.quantise(values, out[rows], power)
        else:
            levels = _WORKING.array("levels", values.shape, np.uint8)
            scale.quantise(values, levels, power)
            out[rows] = levels


def _filtered(
    power: NDArray[np.float32], rows: slice | NDArray[np.intp], bank: MelBank
) -> NDArray[np.float32]:
    """Return power by filter of power by bin, of frames that have these rows.

    Each frame is in the column, of those multiplied at once, that it has among all frames.
    """
    if isinstance(rows, slice):
        if rows.start % COLUMNS == 0:
            return bank.sums(power)
        rows = np.arange(rows.start, rows.stop)
    blocks, block = np.unique(rows // COLUMNS, return_inverse=True)
    columns = block * COLUMNS + rows % COLUMNS
    placed = np.zeros((len(power), len(blocks) * COLUMNS), np.float32)
    placed[:, columns] = power
    return bank.sums(placed)[:, columns]
