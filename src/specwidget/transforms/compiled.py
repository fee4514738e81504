"""Frames computed by compiled code: what it is given, from what a plan says.

What comes out is as exact as what NumPy computes, yet not the same to the last bit: of a hundred
thousand levels, a few are one higher or lower, where a value lies on the edge between two.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from specwidget.transforms.levels import Levels
from specwidget.transforms.melbank import MelBank
from specwidget.transforms.precision import REACH, TONAL, Precision
from specwidget.transforms.scratch import Scratch

__all__ = ["Compiled", "fits", "warm"]

_SHORTEST, _LONGEST = 32, 16384


def warm() -> None:
    """Load what is compiled from Numba's cache, or compile it."""
    from specwidget.transforms import kernels

    precision = Precision(np.ones(17, np.float32), Levels.over((-100.0, 0.0)))
    frames = Compiled(kernels, np.ones(32), None, precision)
    samples, starts = np.zeros(32, np.float32), np.zeros(1, np.int64)
    out = np.zeros((17, 1), np.uint8)
    for norms in (np.zeros(1, np.float32), None):
        frames.put(samples, starts, norms, starts, out, Scratch())
    kernels.pool_levels(out, 1, np.empty((17, 1), np.uint8))
    # What fits none of these would be compiled while a picture is waited for.
    kernels.put_levels.disable_compile()
    kernels.pool_levels.disable_compile()


def fits(n_fft: int) -> bool:
    """Return whether there is compiled code for frames of this length: a power of two."""
    return _SHORTEST <= n_fft <= _LONGEST and n_fft & (n_fft - 1) == 0


@dataclass(eq=False)
class Compiled:
    """Compiled code, and what it needs for one kind of frames.

    Attributes
    ----------
    kernels : module
        The module `kernels`.
    window : np.ndarray, float64 [shape=(n_fft,)]
        The window times the gain of the scale.
    bank : MelBank or None
        Filters that sum the power in the FFT bins.
    precision : Precision
        What tells where float32 is not enough.
    """

    kernels: ModuleType
    window: NDArray[np.float64]
    bank: MelBank | None
    precision: Precision

    def put(
        self,
        samples: NDArray[np.float32],
        starts: NDArray[np.int64],
        norms: NDArray[np.float32] | None,
        columns: NDArray[np.int64],
        out: NDArray[np.uint8],
        working: Scratch,
    ) -> NDArray[np.uint8]:
        """Put the levels of frames in their columns.

        Parameters
        ----------
        samples : np.ndarray, float32 [shape=(n_samples,)]
            Contiguous.
        starts : np.ndarray, int64 [shape=(n,)]
            Where the frames start in it.
        norms : np.ndarray, float32 [shape=(n,)], optional
            What the norms of the windowed frames do not exceed; without, they are computed in
            float64.
        columns : np.ndarray, int64 [shape=(n,)]
            The columns of the frames, ascending.
        out : np.ndarray, uint8 [shape=(n_bins, n_columns)]
            The items of a row lie side by side.
        working : Scratch
            Memory of the thread.

        Returns
        -------
        np.ndarray, uint8 [shape=(n,)]
            1 for frames that float32 is not enough for, 2 where it is not in many bins.
        """
        lanes = self.kernels.LANES
        wanted = -(-starts.size // lanes) * lanes
        more = (0, wanted - starts.size)
        if norms is None:
            padded = np.zeros(wanted, np.float32)
        else:
            harmful = np.where(norms > self.precision.harmless, norms, np.float32(0.0))
            padded = np.pad(harmful, more)
        flags = np.empty(wanted, np.uint8)
        n_bins = len(self.window) // 2 + 1
        pitch = out.strides[0]
        flat = np.lib.stride_tricks.as_strided(
            out, ((out.shape[0] - 1) * pitch + out.shape[1],), (1,)
        )
        self.kernels.put_levels(
            samples.ctypes.data,
            np.pad(starts, more, "edge"),
            padded,
            np.ascontiguousarray(columns),
            self._fourier(np.float64 if norms is None else np.float32, working),
            self._filters,
            self._rule,
            working.array("rows", ((n_bins + len(self.precision.noise)) * lanes,), np.float32),
            flat,
            pitch,
            flags,
        )
        flags = flags[: starts.size]
        if norms is not None:
            # What is too much for float32 is NaN there, and in no comparison.
            flags[np.isinf(norms)] |= 1
        return flags

    def pooled(self, levels: NDArray[np.uint8], pool: int) -> NDArray[np.uint8]:
        """Return the maxima over every `pool` columns of levels that lie row by row."""
        out = np.empty((len(levels), -(-levels.shape[1] // pool)), np.uint8)
        self.kernels.pool_levels(levels, pool, out)
        return out

    def _fourier(self, dtype: DTypeLike, working: Scratch) -> Any:
        """Return the FFT in a precision, with memory of the thread."""
        window, turns, last = self._factors[np.dtype(dtype).name]
        shape = 4, len(self.window) // 2 * self.kernels.LANES
        work = working.array(f"fft {window.dtype.name}", shape, window.dtype)
        return self.kernels.Fourier(window, *turns, *last, work)

    @cached_property
    def _factors(self) -> dict[str, tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]:
        """The window and the factors of the FFT, in each precision."""
        n_fft = len(self.window)
        turns = []
        n = n_fft // 2
        while n % 4 == 0:
            place = np.arange(n // 4)
            turns.append(np.exp(-2j * np.pi / n * np.outer(place, [1, 2, 3])).reshape(-1))
            n //= 4
        all_turns = np.concatenate(turns)
        last = np.exp(-2j * np.pi / n_fft * np.arange(n_fft // 4 + 1))
        return {
            name: (
                (self.window / 2.0).astype(name),
                np.array([all_turns.real, all_turns.imag], name),
                np.array([last.real, last.imag], name),
            )
            for name in ("float32", "float64")
        }

    @cached_property
    def _filters(self) -> Any:
        if self.bank is None:
            empty = np.empty(0, np.int64)
            return self.kernels.Filters(empty, empty, np.empty(0, np.float32))
        ends = np.cumsum([len(band) for band in self.bank.bands])
        weights = np.concatenate(self.bank.bands)
        return self.kernels.Filters(np.array(self.bank.starts), ends, weights)

    @cached_property
    def _rule(self) -> Any:
        precision, scale = self.precision, self.precision.levels
        return self.kernels.Rule(
            lowest=np.float32(scale.least**2),
            highest=np.float32(min(scale.most**2, float(np.finfo(np.float32).max))),
            per_octave=np.float32(scale.per_octave),
            offset=np.float32(scale.offset),
            noise=np.array(precision.noise),
            reach=REACH,
            tonal=TONAL,
            within=np.float32(precision.within),
            few=precision.few,
        )
