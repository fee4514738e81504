"""Onsets, as librosa finds them, in sound of any length."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_int, check_number
from specwidget.assist.results import Row
from specwidget.assist.sound import Sound, sound_of
from specwidget.assist.windows import Scan, exhausted
from specwidget.transforms import MelSpectrogram

__all__ = ["FindOnsets"]

_N_FFT = 2048
_FRAMES_AT_A_TIME = 1024
# What librosa.power_to_db leaves of the range below the loudest cell.
_TOP_DB = 80.0


@dataclass(frozen=True, kw_only=True)
class FindOnsets:
    """Mark where sounds begin, with a point each.

    Equal to ``librosa.onset.onset_detect(y=y, sr=sr, units="time")`` with the same parameters, of
    the whole stretch however long it is. The score is the onset strength, 1 for the strongest.

    Parameters
    ----------
    hop_length : int > 0
        Samples from one frame to the next.
    delta : float >= 0
        By how much a peak of the onset strength stands out of its mean; more gives fewer onsets.
    backtrack : bool
        Whether an onset is moved back to where the onset strength began to rise.

    Examples
    --------
    >>> y = np.zeros(44100, np.float32)
    >>> y[22050:] = 0.5 * np.sin(np.arange(22050))
    >>> [round(row["start"], 2) for row in FindOnsets()(y, 22050)]
    [1.02]
    """

    hop_length: int = 512
    delta: float = 0.07
    backtrack: bool = False

    name = "find_onsets"
    label = "onset"

    def __post_init__(self) -> None:
        check_int("hop_length", self.hop_length, 1)
        check_number("delta", self.delta, 0.0)

    def __call__(self, y: NDArray[np.float32], sr: float) -> list[Row]:
        """Return the onsets in samples [shape=(n,)], in seconds from their start."""
        return exhausted(self.scan(sound_of(y, sr)))

    def scan(self, sound: Sound) -> Scan:
        """Look through a sound of any length, twice."""
        import librosa

        mel = MelSpectrogram(n_fft=_N_FFT, hop_length=self.hop_length)
        total = mel.n_frames(sound.n_samples)
        pieces = [
            (first, min(first + _FRAMES_AT_A_TIME, total))
            for first in range(0, total, _FRAMES_AT_A_TIME)
        ]
        loudest = -math.inf
        for first, stop in pieces:
            db = mel.values(sound, first, stop, exact=False)
            loudest = max(loudest, float(np.nan_to_num(db, nan=-math.inf).max()))
            yield 0.5 * stop / total
        if not math.isfinite(loudest):
            return []
        parts = []
        for first, stop in pieces:
            # Strength is a difference of two frames.
            before = max(0, first - 1)
            db = mel.values(sound, before, stop, exact=False)
            db = np.maximum(np.nan_to_num(db, nan=-math.inf), loudest - _TOP_DB)
            strength = librosa.onset.onset_strength(S=db, sr=sound.sr, center=False)
            parts.append(strength[first - before :])
            yield 0.5 + 0.5 * stop / total
        envelope = np.concatenate(parts)
        # A frame hears an onset half its length before the onset is at its centre.
        late = _N_FFT // (2 * self.hop_length)
        envelope = np.concatenate([np.zeros(late, envelope.dtype), envelope])[:total]
        return self._rows(envelope, sound)

    def _rows(self, envelope: NDArray[np.float32], sound: Sound) -> list[Row]:
        import librosa

        frames = librosa.onset.onset_detect(
            onset_envelope=envelope,
            sr=sound.sr,
            hop_length=self.hop_length,
            backtrack=self.backtrack,
            delta=self.delta,
        )
        strongest = float(envelope.max()) or 1.0
        times = np.minimum(frames * self.hop_length / sound.sr, sound.duration)
        return [
            {
                "start": sound.start + time,
                "end": sound.start + time,
                "score": float(envelope[frame]) / strongest,
            }
            for frame, time in zip(frames.tolist(), times.tolist(), strict=True)
        ]
