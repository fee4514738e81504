"""Measurements of annotations as the columns of a DataFrame.

Invariant: a recording is read forwards, in order of the annotations' starts, and no block of it
twice, however many annotations there are; rows come out in the order in which they came in.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from specwidget._check import check_number, shown
from specwidget.annotations.frames import to_rows
from specwidget.audio import AudioSource, ChannelSpec, check_channel, open_audio
from specwidget.errors import ParameterError, ParameterTypeError
from specwidget.measurements import definitions
from specwidget.measurements.excerpt import Excerpt
from specwidget.measurements.reading import KeptBlocks
from specwidget.transforms import Stft

__all__ = ["MEASUREMENTS", "UserMeasure", "measure"]

UserMeasure: TypeAlias = Callable[[NDArray[np.float32], float], Any]
"""A measurement of a user's own: of samples and their rate, a number or a dict of several."""


def _bandwidth_90(box: Excerpt) -> float:
    low, high = (
        definitions.frequency_quantile(box.energy, box.frequencies, share) for share in (0.05, 0.95)
    )
    return high - low


def _quantile(share: float) -> Callable[[Excerpt], float]:
    return lambda box: definitions.frequency_quantile(box.energy, box.frequencies, share)


MEASUREMENTS: Final[Mapping[str, Callable[[Excerpt], float]]] = {
    "duration": lambda box: box.end - box.start,
    "low_freq": lambda box: box.low,
    "high_freq": lambda box: box.high,
    "peak_freq": lambda box: definitions.peak_frequency(box.loudest, box.frequencies),
    "center_freq": _quantile(0.5),
    "freq_5": _quantile(0.05),
    "freq_95": _quantile(0.95),
    "bandwidth_90": _bandwidth_90,
    "centroid": lambda box: definitions.centroid(box.energy, box.frequencies),
    "entropy": lambda box: definitions.entropy(box.energy),
    "rms_db": lambda box: definitions.rms_db(box.levels.mean_square),
    "peak_db": lambda box: definitions.peak_db(box.levels.peak),
    "snr_db": lambda box: definitions.snr_db(box.levels.mean_square, box.noise),
    "zero_crossing_rate": lambda box: definitions.zero_crossing_rate(
        box.levels.crossings, box.levels.n_samples
    ),
}
"""The columns that there are, and how each is measured."""


def measure(
    source: object,
    annotations: object,
    *,
    sr: float | None = None,
    columns: Iterable[str] | None = None,
    measure: UserMeasure | Iterable[UserMeasure] = (),
    n_fft: int = 2048,
    hop_length: int | None = None,
    window: Any = "hann",
) -> pd.DataFrame:
    """Measure annotations.

    A box is measured within its band, an interval over all frequencies, a point by the frame
    nearest to it (it has no levels), a label of the whole recording over all of it. Frames are
    those of the picture whose centres lie within the annotation, or the nearest one. An annotation
    of all channels is measured on their mean.

    ============================  =============================================================
    Column                        What it is (see `specwidget.measurements.definitions`)
    ============================  =============================================================
    ``duration``                  seconds
    ``low_freq``, ``high_freq``   the band measured, Hz
    ``peak_freq``                 of the loudest cell, interpolated, Hz
    ``center_freq``               half of the energy lies below it, Hz
    ``freq_5``, ``freq_95``       5 % and 95 % of the energy lie below, Hz
    ``bandwidth_90``              ``freq_95 - freq_5``, Hz
    ``centroid``                  mean frequency, weighted by energy, Hz
    ``entropy``                   how evenly the energy is spread over the bins, bits
    ``rms_db``, ``peak_db``       level in the band, dBFS: a sine of full scale reads 0
    ``snr_db``                    over as much time before and after, in the same band, dB
    ``zero_crossing_rate``        changes of sign per sample
    ============================  =============================================================

    Parameters
    ----------
    source : str, path, array-like, (sr, array) or AudioSource
        The recording, as `open_audio` takes it.
    annotations : DataFrame, list of dict or list of tuple
        ``start`` and ``end`` in seconds (both NaN: the whole recording); ``low_freq``,
        ``high_freq`` and ``channel`` where there are any.
    sr : number > 0, optional
        Sampling rate in Hz; an array needs it.
    columns : iterable of str, optional
        Which of the columns above, and in which order; all by default.
    measure : callable or iterable of callable, optional
        Functions of your own, ``f(y, sr)``, with the samples in the band [shape=(n,)]: each gives
        a number, for a column of the function's name, or a dict of several columns. All of an
        annotation is in memory for them.
    n_fft, hop_length, window
        What makes frames, as in `Stft`.

    Returns
    -------
    DataFrame
        A row for each annotation, in their order; its index is their ``id``, or their own index
        where they have none.

    Raises
    ------
    ParameterError, ParameterTypeError
        A column is unknown, a row has times, frequencies or a channel that make no sense, or a
        function gives what is no number.

    Examples
    --------
    >>> y = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 8000)
    >>> rows = [{"start": 0.5, "end": 1.5, "label": "tone", "low_freq": 800, "high_freq": 1200}]
    >>> measure(y, rows, sr=8000, columns=["peak_freq", "rms_db"]).round(1)
       peak_freq  rms_db
    0     1000.0    -6.0
    """
    names = _known(columns)
    functions = [measure] if callable(measure) else list(measure)
    for function in functions:
        if not callable(function):
            raise ParameterTypeError(
                f"measure={shown(function)} is no function; give functions of (y, sr)"
            )
    kept = KeptBlocks(open_audio(source, sr))
    stft = Stft(n_fft=n_fft, hop_length=hop_length, window=window)
    frame = to_rows(annotations)
    boxes = _excerpts(kept, frame, stft, surroundings="snr_db" in names)
    index = frame["id"] if "id" in frame.columns else frame.index
    values: dict[str, Any] = {name: np.full(len(boxes), math.nan) for name in names}
    for place in sorted(range(len(boxes)), key=lambda i: boxes[i].start):
        box = replace(boxes[place])  # what one keeps for itself is not kept for all
        for name in names:
            values[name][place] = MEASUREMENTS[name](box)
        if functions:
            y = box.sound()
            for function in functions:
                for name, value in _own(function, y, kept.sr, index[place], names).items():
                    column = values.setdefault(name, np.full(len(boxes), math.nan))
                    column[place] = value
    return pd.DataFrame(values, index=pd.Index(index, name=getattr(index, "name", None)))


def _known(columns: Iterable[str] | None) -> list[str]:
    if columns is None:
        return list(MEASUREMENTS)
    names = [columns] if isinstance(columns, str) else list(columns)
    for name in names:
        if name not in MEASUREMENTS:
            near = difflib.get_close_matches(str(name), MEASUREMENTS, n=1)
            way = (
                f"did you mean {near[0]!r}?" if near else f"give some of {', '.join(MEASUREMENTS)}"
            )
            raise ParameterError(f"columns: {shown(name)} is not measured; {way}")
    return list(dict.fromkeys(names))


def _excerpts(
    source: AudioSource, frame: pd.DataFrame, stft: Stft, *, surroundings: bool
) -> list[Excerpt]:
    duration, nyquist = source.n_samples / source.sr, source.sr / 2.0
    starts, ends = (_numbers(frame, name) for name in ("start", "end"))
    lows, highs = (_numbers(frame, name) for name in ("low_freq", "high_freq"))
    channels = _channels(source, frame)
    found = []
    for place, (start, end, low, high) in enumerate(zip(starts, ends, lows, highs, strict=True)):
        if math.isnan(start) != math.isnan(end) or start > end:
            raise ParameterError(
                f"annotations: row {place} has start={start:g} and end={end:g}; give seconds with "
                "start <= end, or neither for the whole recording"
            )
        low = 0.0 if math.isnan(low) else max(0.0, low)
        high = nyquist if math.isnan(high) else min(high, nyquist)
        if low >= high:
            raise ParameterError(
                f"annotations: row {place} has the band {low:g} to {high:g} Hz, in which there is "
                f"nothing; give low_freq < high_freq, below {nyquist:g}"
            )
        whole = math.isnan(start)
        found.append(
            Excerpt(
                source,
                channels[place],
                0.0 if whole else min(max(start, 0.0), duration),
                duration if whole else min(max(end, 0.0), duration),
                low,
                high,
                stft,
                surroundings,
            )
        )
    return found


def _numbers(frame: pd.DataFrame, name: str) -> list[float]:
    if name not in frame.columns:
        return [math.nan] * len(frame)
    try:
        return pd.to_numeric(frame[name]).astype("float64").tolist()
    except (TypeError, ValueError) as error:
        raise ParameterTypeError(f"annotations: {name} holds what is no number: {error}") from None


def _channels(source: AudioSource, frame: pd.DataFrame) -> list[ChannelSpec]:
    everything: ChannelSpec = 0 if source.n_channels == 1 else "mix"
    return [
        everything if math.isnan(number) else check_channel(int(number), source.n_channels)
        for number in _numbers(frame, "channel")
    ]


def _own(
    function: UserMeasure, y: NDArray[np.float32], sr: float, id: object, taken: Sequence[str]
) -> dict[str, float]:
    """Return what a user's function makes of a sound, by column."""
    try:
        value = function(y, sr)
    except Exception as error:
        error.add_note(f"measure: this was raised for annotation {id!r}, of {len(y)} samples")
        raise
    name = getattr(function, "__name__", type(function).__name__)
    given = dict(value) if isinstance(value, Mapping) else {name: value}
    for column in given:
        if column in taken:
            raise ParameterError(
                f"measure: {name} gives a column {column!r}, which there is already; rename it"
            )
    return {
        str(column): _number(f"measure: {name}: {column}", one) for column, one in given.items()
    }


def _number(name: str, value: Any) -> float:
    scalar = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
    if isinstance(scalar, (float, np.floating)) and not math.isfinite(scalar):
        return float(scalar)
    return check_number(name, scalar)
