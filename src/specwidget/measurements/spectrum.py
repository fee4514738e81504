"""The spectrum of a stretch of sound, as a book on acoustics draws it, and where its peaks are.

Levels are in dBFS: a sine of amplitude 1 reads 0 dB at its peak, whatever the window and the length
of the FFT. Work and memory are bounded however long the stretch is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_int, check_number
from specwidget.audio import AudioSource, ChannelSpec, check_channel, read_channel
from specwidget.errors import ParameterError
from specwidget.transforms.windows import frame_window, window_spec

__all__ = ["Spectrum", "peaks", "spectrum"]

MAX_N_FFT = 1 << 16
LONGEST_FRAME = MAX_N_FFT // 2
MOST_FRAMES = 512
FLOOR_DB = -200.0
_FLOOR_POWER = 1e-20
# Near 0 Hz leakage of a tone and of its image at minus its frequency adds up to twice as much.
_LEAKAGE_MARGIN_DB = 6.5
_VALUES_AT_A_TIME = 1 << 20


@dataclass(frozen=True)
class Spectrum:
    """Levels by frequency.

    Attributes
    ----------
    frequencies : np.ndarray, float64 [shape=(n,)]
        Hz, ascending.
    db : np.ndarray, float64 [shape=(n,)]
        dBFS, at least -200; NaN where the sound is no number.
    n_fft : int
        Length of the FFT.
    n_frames : int
        How many frames they are the mean of; 1 for a single FFT.
    leakage : np.ndarray, float64 [shape=(n,)]
        dB by which what the window makes of a tone is lower than the tone, so many bins and more
        away from it.
    """

    frequencies: NDArray[np.float64]
    db: NDArray[np.float64]
    n_fft: int
    n_frames: int
    leakage: NDArray[np.float64]

    def columns(self, n: int) -> Spectrum:
        """Return at most `n` points that look the same: the loudest of every few bins.

        Each keeps its own frequency, so that peaks stay where they are.

        Examples
        --------
        >>> levels = np.array([0.0, 5, 1, 2, 7, 3])
        >>> few = Spectrum(np.arange(6.0), levels, 10, 1, np.zeros(6)).columns(3)
        >>> few.frequencies, few.db
        (array([1., 3., 4.]), array([5., 2., 7.]))
        """
        size = -(-len(self.db) // n)
        if size <= 1:
            return self
        edges = np.arange(0, len(self.db), size)
        padded = np.full(len(edges) * size, -np.inf)
        padded[: len(self.db)] = np.where(np.isnan(self.db), -np.inf, self.db)
        loudest = edges + padded.reshape(-1, size).argmax(axis=1)
        return replace(self, frequencies=self.frequencies[loudest], db=self.db[loudest])


def spectrum(
    source: AudioSource,
    start: float,
    end: float,
    *,
    channel: ChannelSpec = "mix",
    n_fft: int | None = None,
    window: Any = "hann",
) -> Spectrum:
    """Return the spectrum of a stretch of a recording.

    A short stretch is windowed and transformed once, with zeros after it up to `n_fft`. Of a longer
    one the mean power of frames is taken that overlap by half (Welch 1967), of 512 evenly spaced
    ones if there are more.

    Parameters
    ----------
    source : AudioSource
        The recording.
    start, end : float
        Seconds, ``start < end``; what lies outside the recording is left out.
    channel : int or "mix"
        A channel, or the mean of all.
    n_fft : int in 2..65536, optional
        Length of the FFT and, at most, of a frame. By default frames are as long as the stretch,
        at most 32768 samples, and the FFT twice as long, so that little is lost between bins.
    window : str, number, tuple, array-like or callable
        As in `Stft`.

    Raises
    ------
    ParameterError, ParameterTypeError
        There are no samples between the two times, or an argument makes no sense.

    Examples
    --------
    >>> from specwidget.audio import open_audio
    >>> y = np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)
    >>> found = spectrum(open_audio(y, sr=8000), 0.0, 0.5)
    >>> found.frequencies[found.db.argmax()], bool(abs(found.db.max()) < 0.001)
    (np.float64(1000.0), True)
    """
    start, end = check_number("start", start), check_number("end", end)
    channel = check_channel(channel, source.n_channels)
    first = min(max(0, round(start * source.sr)), source.n_samples)
    stop = max(first, min(round(end * source.sr), source.n_samples))
    n = stop - first
    if n < 2:
        raise ParameterError(
            f"start={start:g} and end={end:g} hold {n} samples; give a stretch of at least two, "
            f"within 0 and {source.n_samples / source.sr:g} s"
        )
    length = min(n, LONGEST_FRAME if n_fft is None else check_int("n_fft", n_fft, 2, MAX_N_FFT))
    size = 2 * length if n_fft is None else n_fft
    values = frame_window(window_spec(window, length), length, length)
    places = np.arange(first, stop - length + 1, max(1, length // 2))
    if len(places) > MOST_FRAMES:
        places = np.linspace(first, stop - length, MOST_FRAMES).astype(np.int64)
    power = _mean_power(source, channel, places, values, size)
    # Half of a sine's amplitude is at its frequency, the other half at minus that frequency.
    power *= np.square(2.0 / np.abs(values.sum()))
    power[0] /= 4.0
    if size % 2 == 0:
        power[-1] /= 4.0
    db = 10.0 * np.log10(np.maximum(power, _FLOOR_POWER))
    frequencies = np.asarray(np.fft.rfftfreq(size, 1.0 / source.sr), np.float64)
    return Spectrum(frequencies, db, size, len(places), _leakage(values, size))


def _mean_power(
    source: AudioSource,
    channel: ChannelSpec,
    places: NDArray[np.int64],
    window: NDArray[np.float64],
    n_fft: int,
) -> NDArray[np.float64]:
    """Return the mean power of the frames that begin at some samples [shape=(1 + n_fft // 2,)]."""
    import scipy.fft

    total = np.zeros(n_fft // 2 + 1)
    at_a_time = max(1, _VALUES_AT_A_TIME // n_fft)
    for begin in range(0, len(places), at_a_time):
        some = places[begin : begin + at_a_time]
        frames = np.stack(
            [read_channel(source, int(at), int(at) + len(window), channel) for at in some]
        )
        with np.errstate(invalid="ignore", over="ignore"):
            found = scipy.fft.rfft(frames * window, n_fft, axis=1, overwrite_x=True)
            total += (np.square(found.real) + np.square(found.imag)).sum(axis=0)
    return total / len(places)


def _leakage(window: NDArray[np.float64], n_fft: int) -> NDArray[np.float64]:
    """Return dB below a tone, so many bins and more from it [shape=(1 + n_fft // 2,)]."""
    response = np.abs(np.fft.rfft(window, n_fft))
    highest = np.maximum.accumulate(response[::-1])[::-1]
    return np.asarray(20.0 * np.log10(np.maximum(highest / highest[0], _FLOOR_POWER)))


def peaks(
    found: Spectrum, n: int = 5, *, range_db: float = 60.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where a spectrum has its highest peaks.

    What lies no higher than the window's leakage from a higher peak is none. A parabola through the
    decibels of a peak's bin and its two neighbours gives frequency and level between the bins
    (J. O. Smith, Spectral Audio Signal Processing, "Quadratic Interpolation of Spectral Peaks"); a
    steady tone is found within a fiftieth of a bin (a third, with a flat-top window).

    Parameters
    ----------
    found : Spectrum
        With all its bins.
    n : int > 0
        How many peaks at most.
    range_db : float >= 0
        How far below the highest peak the others may be.

    Returns
    -------
    frequencies, db : np.ndarray, float64 [shape=(m,)]
        The highest first; m is at most `n`.

    Examples
    --------
    >>> from specwidget.audio import open_audio
    >>> t = np.arange(8000) / 8000
    >>> y = np.sin(2 * np.pi * 440.3 * t) + 0.01 * np.sin(2 * np.pi * 880.6 * t)
    >>> frequencies, db = peaks(spectrum(open_audio(y, sr=8000), 0.0, 1.0))
    >>> frequencies.round(2), abs(db.round(1))
    (array([440.3, 880.6]), array([ 0., 40.]))
    """
    db = np.where(np.isnan(found.db), FLOOR_DB, found.db)
    inner = db[1:-1]
    places = 1 + np.flatnonzero((inner > db[:-2]) & (inner >= db[2:]) & (inner > FLOOR_DB))
    if not len(places):
        return np.empty(0), np.empty(0)
    left, top, right = db[places - 1], db[places], db[places + 1]
    shift = 0.5 * (left - right) / (left - 2.0 * top + right)
    levels = top - 0.25 * (left - right) * shift
    kept: list[int] = []
    alive = levels >= levels.max() - range_db
    while len(kept) < n and alive.any():
        best = int(np.where(alive, levels, -np.inf).argmax())
        kept.append(best)
        leaked = found.leakage[np.abs(places - places[best])]
        alive &= levels > levels[best] + leaked + _LEAKAGE_MARGIN_DB
    step = found.frequencies[1] - found.frequencies[0]
    return found.frequencies[places[kept]] + shift[kept] * step, levels[kept]
