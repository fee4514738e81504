"""Per-channel energy normalisation, as ``librosa.pcen`` gives it.

It divides by a recursive mean over the past. Here the past is cut off where what lies before
weighs less than `FORGOTTEN`; from the beginning of a recording on it is whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_int, check_number
from specwidget.audio.signal import Signal
from specwidget.errors import ParameterError
from specwidget.transforms.framing import Framing
from specwidget.transforms.mel import MAX_MELS, MelSpectrogram
from specwidget.transforms.spectra import frames_of, spectra
from specwidget.transforms.units import Units
from specwidget.transforms.valued import Valued

__all__ = ["FORGOTTEN", "Pcen"]

FORGOTTEN = 1e-9
MAX_PAST_VALUES = 1 << 24
_USUAL_RATE = 44_100.0


@dataclass(frozen=True, kw_only=True)
class Pcen(Valued, Framing):
    """Per-channel energy normalisation: what stands out of the last moments in its own band.

    Equal to ``librosa.pcen(S, sr=sr, hop_length=..., gain=..., ...)`` of ``S =
    librosa.feature.melspectrogram(y=y * scale, sr=sr, power=spectrum_power, ...)`` with the same
    parameters, or, with ``n_mels=None``, of ``S = np.abs(librosa.stft(y * scale, ...)) **
    spectrum_power``. The defaults of `scale` and `spectrum_power` are those that librosa recommends
    for the others.

    librosa's running mean reaches back to the beginning. Here what lies further back than the mean
    needs to forget all but a part in 1e9, some 21 times `time_constant`, counts as if it had been
    like the frame there. What was 120 dB louder, and further back, changes values by a thousandth.

    Parameters
    ----------
    n_fft, hop_length, win_length, window
        As for `Stft`; `hop_length` is 512 by default.
    n_mels : int in 1..4096, or None
        How many mel filters; None for the bins of the FFT.
    fmin, fmax, htk, norm
        As for `MelSpectrogram`.
    gain : float >= 0
        Exponent of the mean that is divided by.
    bias : float >= 0
        Point from which values are compressed.
    power : float >= 0
        Exponent of the compression; logarithmic if 0.
    time_constant : float > 0
        Of the mean, in seconds.
    eps : float > 0
        The least that is divided by.
    b : float in 0..1, optional
        Weight of each frame in the mean; found of `time_constant` if None.
    max_size : int > 0
        How many neighbouring bands the mean takes the largest of.
    scale : float > 0
        By what samples are multiplied first.
    spectrum_power : float > 0
        Exponent of the magnitudes that are normalised: 1, or 2 for power.

    Raises
    ------
    ParameterError, ParameterTypeError
        A parameter has a value or a type that makes no sense.

    Notes
    -----
    Samples that are not finite count as zero, and frames over them are NaN; librosa refuses such a
    recording.

    Examples
    --------
    >>> pcen = Pcen(n_mels=40, time_constant=0.06)
    >>> pcen.n_rows(sr=22050), pcen.past_frames(sr=22050)
    (40, 54)
    """

    hop_length: int | None = 512
    n_mels: int | None = 128
    fmin: float = 0.0
    fmax: float | None = None
    htk: bool = False
    norm: str | float | None = "slaney"
    gain: float = 0.98
    bias: float = 2.0
    power: float = 0.5
    time_constant: float = 0.4
    eps: float = 1e-6
    b: float | None = None
    max_size: int = 1
    scale: float = 2.0**31
    spectrum_power: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_mels is not None:
            self._set("n_mels", check_int("n_mels", self.n_mels, 1, MAX_MELS))
        mel = self._mel()
        for name in ("fmin", "fmax", "htk", "norm"):
            self._set(name, getattr(mel, name))
        for name, low, high in (
            ("gain", 0.0, 1e3),
            ("bias", 0.0, 1e30),
            ("power", 0.0, 1e3),
            ("time_constant", 1e-6, 1e6),
            ("eps", 1e-30, 1e30),
            ("scale", 1e-15, 1e15),
            ("spectrum_power", 0.1, 4.0),
        ):
            self._set(name, check_number(name, getattr(self, name), low, high))
        if self.b is not None:
            self._set("b", check_number("b", self.b, 0.0, 1.0))
        self._set("max_size", check_int("max_size", self.max_size, 1, MAX_MELS))

    @property
    def span(self) -> int:
        """Samples that the work for one frame is in proportion to: the past is worked on, too."""
        return 4 * self.n_fft

    def _mel(self) -> MelSpectrogram:
        return MelSpectrogram(
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            win_length=self.win_length,
            window=self.window,
            n_mels=self.n_mels or 1,
            fmin=self.fmin,
            fmax=self.fmax,
            htk=self.htk,
            norm=self.norm,
        )

    def n_rows(self, sr: float) -> int:
        """Return how many values a frame has: `n_mels`, or ``1 + n_fft // 2``."""
        return self.n_mels or 1 + self.n_fft // 2

    def frequencies(self, sr: float) -> NDArray[np.float64]:
        """Return the centre of every row in Hz, ascending [shape=(n_rows,)]."""
        if self.n_mels is None:
            return np.asarray(np.fft.rfftfreq(self.n_fft, 1.0 / sr), dtype=np.float64)
        return self._mel().frequencies(sr)

    def band(self, sr: float) -> tuple[float, float]:
        """Return the lowest and the highest frequency in Hz."""
        return (0.0, sr / 2.0) if self.n_mels is None else self._mel().band(sr)

    def units(self, sr: float) -> Units:
        """Return what values mean: a bare number, 0 or more."""
        self.past_frames(sr)
        return Units(name="PCEN", unit="")

    def past_frames(self, sr: float) -> int:
        """Return after how many frames one is forgotten, see `FORGOTTEN`.

        Raises
        ------
        ParameterError
            They are more than can be computed for every tile.
        """
        weight = self._weight(sr)
        if weight >= 1.0:
            return 0
        most = MAX_PAST_VALUES // self.n_fft
        if weight <= 0.0 or math.log(FORGOTTEN) / math.log1p(-weight) > most:
            what = f"time_constant={self.time_constant:g}" if self.b is None else f"b={self.b:g}"
            raise ParameterError(
                f"{what} makes every frame depend on more than the {most:,} before it; "
                + ("make it smaller" if self.b is None else "make it larger")
            )
        return math.ceil(math.log(FORGOTTEN) / math.log1p(-weight))

    def _weight(self, sr: float) -> float:
        """Return the weight of each frame in the mean: librosa's `b`."""
        if self.b is not None:
            return self.b
        frames = self.time_constant * sr / float(self.hop)
        return float((np.sqrt(1 + 4 * frames**2) - 1) / (2 * frames**2))

    def frame_range(self, start: int, stop: int) -> tuple[int, int]:
        """Return the samples ``(start, stop)`` that frames come of, with their past, unclipped.

        At a usual sampling rate; at another they may be more or less.
        """
        weight = max(self._weight(_USUAL_RATE), 1e-6)
        past = math.ceil(math.log(FORGOTTEN) / math.log1p(-weight)) if weight < 1.0 else 0
        return super().frame_range(max(min(0, start), start - past), stop)

    def values(
        self, signal: Signal, start: int, stop: int, *, exact: bool = True
    ) -> NDArray[np.float32]:
        """Return frames ``[start, stop)`` [shape=(n_rows, stop - start)]."""
        import librosa

        first = max(0, start - self.past_frames(signal.sr))
        spectrum, bad = self._spectrogram(signal, first, stop)
        # As if all that lies before had been like the first frame; at the beginning, as librosa.
        weight = self._weight(signal.sr)
        before = None if first == 0 else (1.0 - weight) * spectrum[:, :1].astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            values = librosa.pcen(
                spectrum,
                sr=signal.sr,
                hop_length=self.hop,
                gain=self.gain,
                bias=self.bias,
                power=self.power,
                time_constant=self.time_constant,
                eps=self.eps,
                b=self.b,
                max_size=self.max_size,
                zi=before,
            )[:, start - first :].astype(np.float32)
        values[:, bad[start - first :]] = np.nan
        return values

    def _spectrogram(
        self, signal: Signal, start: int, stop: int
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return what is normalised, and which frames are over samples that are not finite."""
        bank = None if self.n_mels is None else self._mel().bank(signal.sr)
        frames, bad = frames_of(signal, self, start, stop)
        out = np.empty((self.n_rows(signal.sr), len(frames)), np.float32)
        for first, (spectrum,) in spectra(frames, self.frame_window(), scale=self.scale):
            magnitude = np.abs(spectrum)
            if self.spectrum_power != 1.0:
                magnitude **= np.float32(self.spectrum_power)
            rows = magnitude if bank is None else bank(magnitude)
            out[:, first : first + len(rows)] = rows.T
        return out, bad
