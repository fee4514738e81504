"""A picture by a function of the user's own.

Invariant: a frame has the values that the function gives for the whole recording, or there is an
error that names the function. It never runs twice at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_int, shown
from specwidget.audio.signal import Signal
from specwidget.errors import ParameterTypeError, TransformError
from specwidget.transforms.framing import MAX_HOP
from specwidget.transforms.given import GivenRows
from specwidget.transforms.valued import any_between, finite_samples

__all__ = ["FromFunction"]

MAX_HALO = 1 << 22
# Seconds that a step of work may take are not known beforehand: steps are short.
_COST = 4
_PROBE_CUT = 4
_PROBE_FRAMES = 4
_NEAR = 0.01

_one_at_a_time = threading.RLock()


class FromFunction(GivenRows):
    """What a function of your own makes of samples: ``f(y, sr)`` -> array.

    The function is given stretches of a recording, never all of a long one, and what it says of a
    frame must not depend on the stretch: neither on its loudest value (``power_to_db(S, ref=1.0,
    top_db=None)`` does not), nor on anything further than `halo` from the frame's centre. That is
    tried, with noise, before it is used.

    Parameters
    ----------
    f : callable
        Takes ``y``, float32 [shape=(n,)], and ``sr``, and returns real numbers
        [shape=(n_bins, n_frames)], the lowest row first; frame f is centred at
        ``y[f * hop_length]``, so that there are ``1 + n // hop_length`` frames, give or take one.
        So do librosa's features, with ``center=True``. It is called by one thread at a time.
    hop_length : int in 1..1048576
        Samples from one frame to the next.
    halo : int in 0..4194304
        How many samples on either side of its centre a frame depends on, such as ``n_fft // 2``.
    frequencies : array-like, optional
        The centre of every row in Hz, ascending; without, rows are numbered.
    name : str, optional
        What a value is called; by default as the function is.
    unit : str
        The unit of values, such as "dB".
    limits : (float, float), optional
        The least and the most that values are drawn at; by default what some of them span.

    Raises
    ------
    ParameterError, ParameterTypeError
        A parameter has a value or a type that makes no sense.
    TransformError
        Where it is used: the function failed, or returned what is no picture.

    Notes
    -----
    Samples that are not finite are given as zeros, and frames that depend on one are NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from specwidget import FromFunction, SpecWidget
    >>> def loudness(y, sr):
    ...     frames = np.lib.stride_tricks.sliding_window_view(np.pad(y, 200), 400)[::100]
    ...     return np.sqrt(np.mean(frames**2, axis=1))[np.newaxis]
    >>> w = SpecWidget(
    ...     np.ones(1000), sr=8000, transform=FromFunction(loudness, hop_length=100, halo=200)
    ... )
    >>> w.spectrogram().round(2)
    array([[0.71, 0.87, 1.  , 1.  , 1.  , 1.  , 1.  , 1.  , 1.  , 0.87, 0.71]],
          dtype=float32)
    """

    def __init__(
        self,
        f: Callable[..., Any],
        *,
        hop_length: int,
        halo: int,
        frequencies: object = None,
        name: str | None = None,
        unit: str = "",
        limits: tuple[float, float] | None = None,
    ) -> None:
        if not callable(f):
            raise ParameterTypeError(f"f={shown(f)} is no function; give one of (y, sr)")
        own = getattr(f, "__name__", type(f).__name__)
        self._called = "a lambda" if own == "<lambda>" else f"{own}()"
        default = "value" if own == "<lambda>" else str(own)
        super().__init__(frequencies, default if name is None else name, unit, limits)
        self._f = f
        self._hop = check_int("hop_length", hop_length, 1, MAX_HOP)
        self._halo = check_int("halo", halo, 0, MAX_HALO)
        self._known: dict[float, int] = {}

    @property
    def hop(self) -> int:
        """Samples from the centre of one frame to that of the next: `hop_length`."""
        return self._hop

    @property
    def span(self) -> int:
        """Samples that the work for one frame is in proportion to."""
        return _COST * (self._hop + 2 * self._halo)

    def n_rows(self, sr: float) -> int:
        """Return how many values a frame has, which is found by trying once.

        Raises
        ------
        TransformError
            The function failed, or returned what is no picture.
        """
        with _one_at_a_time:
            if sr not in self._known:
                self._known[sr] = self._tried(sr)
            return self._known[sr]

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames are centred in a recording: ``1 + n_samples // hop_length``."""
        return 1 + n_samples // self._hop

    def frame_range(self, start: int, stop: int) -> tuple[int, int]:
        """Return the samples ``(start, stop)`` that the function needs, unclipped."""
        around = self._halo_frames
        return (start - around) * self._hop, (max(start, stop) + around) * self._hop

    @property
    def _halo_frames(self) -> int:
        return -(-self._halo // self._hop)

    def values(
        self, signal: Signal, start: int, stop: int, *, exact: bool = True
    ) -> NDArray[np.float32]:
        """Return frames ``[start, stop)`` [shape=(n_bins, stop - start)].

        The last of a recording is NaN if the function makes one less.
        """
        rows = self.n_rows(signal.sr)
        out = np.full((rows, max(0, stop - start)), np.nan, np.float32)
        if stop <= start:
            return out
        first, last = self.frame_range(start, stop)
        first, last = max(0, first), min(last, signal.n_samples)
        samples, bad = finite_samples(signal, first, last)
        made = self._made(samples.copy(), signal.sr, rows)
        part = made[:, start - first // self._hop :][:, : stop - start]
        out[:, : part.shape[1]] = part
        if bad.size:
            centres = np.arange(start, stop) * self._hop
            out[:, any_between(bad, centres - self._halo, centres + self._halo + 1)] = np.nan
        return out

    def to_json(self) -> dict[str, Any]:
        """Return what can be told of it in JSON: not the function itself."""
        return {**super().to_json(), "hop_length": self._hop, "halo": self._halo}

    def _key(self) -> tuple[object, ...]:
        return (id(self._f), self._hop, self._halo)

    def _made(
        self, samples: NDArray[np.float32], sr: float, rows: int | None
    ) -> NDArray[np.floating]:
        """Return what the function makes of samples, which is a picture.

        Raises
        ------
        TransformError
            It is none.
        """
        try:
            with _one_at_a_time:
                made = np.asarray(self._f(samples, sr))
        except Exception as problem:
            raise TransformError(
                f"{self._called} failed: {type(problem).__name__}: {problem}"
            ) from problem
        if made.dtype.kind not in "fiub":
            way_out = "; take np.abs() of them" if made.dtype.kind == "c" else ""
            raise TransformError(
                f"{self._called} returned values of type {made.dtype}, and should return real "
                f"numbers{way_out}"
            )
        if made.ndim != 2 or not made.shape[0]:
            raise TransformError(
                f"{self._called} returned an array of shape {made.shape}, and should return one of "
                "(n_bins, n_frames)"
            )
        if rows is not None and made.shape[0] != rows:
            raise TransformError(
                f"{self._called} returned {made.shape[0]} rows where it returned {rows} before, or "
                "has as many frequencies; their number must not change"
            )
        wanted = 1 + len(samples) // self._hop
        if abs(made.shape[1] - wanted) > 1:
            raise TransformError(
                f"{self._called} returned {made.shape[1]} frames for {len(samples)} samples, and "
                f"should return {wanted}, 1 + n // hop_length; is hop_length={self._hop} its own, "
                "and does it pad both ends, as librosa does with center=True?"
            )
        return made

    def _tried(self, sr: float) -> int:
        """Try the function on noise, as a whole and in part, and return how many rows it makes."""
        hop, cut, around = self._hop, _PROBE_CUT, self._halo_frames
        n_frames = 2 * (cut + around) + _PROBE_FRAMES
        noise = np.random.default_rng(0).standard_normal(n_frames * hop).astype(np.float32)
        # What is loud is cut off: nothing of it may be seen in the rest.
        noise[cut * hop : -cut * hop] *= np.float32(1e-5)
        whole = self._made(0.1 * noise, sr, self._given_rows)
        part = self._made(0.1 * noise[cut * hop : -cut * hop], sr, whole.shape[0])
        a = whole[:, cut + around :][:, :_PROBE_FRAMES].astype(np.float64)
        b = part[:, around:][:, :_PROBE_FRAMES].astype(np.float64)
        values = np.concatenate([a, b])
        values = values[np.isfinite(values)]
        spread = float(np.ptp(values)) if values.size else 0.0
        if not np.allclose(a, b, rtol=1e-4, atol=_NEAR * spread, equal_nan=True):
            raise TransformError(
                f"{self._called} gives a frame other values when less is given around it. Make "
                f"halo={self._halo} larger, if frames depend on more; leave out what depends on "
                "the whole, such as ref=np.max or top_db of power_to_db; or show what it makes of "
                "the whole recording by Frames(f(y, sr), hop_length=...)"
            )
        return int(whole.shape[0])
