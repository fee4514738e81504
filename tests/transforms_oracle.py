"""What librosa makes of a whole recording, for every kind of transform."""

from __future__ import annotations

import warnings
from typing import Any

import librosa
import numpy as np
from numpy.typing import NDArray

from specwidget.transforms import Chroma, Cqt, Mfcc, Pcen, Reassigned, Vqt

__all__ = ["whole"]


def whole(y: NDArray[np.float32], sr: float, transform: Any) -> NDArray[np.float32]:
    """Every frame of a recording that librosa can read [shape=(n_bins, n_frames)]."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _MAKERS[type(transform)](y, sr, transform)


def _given(transform: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(transform, name) for name in names}


def _framing(transform: Any) -> dict[str, Any]:
    return {"hop_length": transform.hop, **_given(transform, "n_fft", "win_length", "window")}


def _constant_q(y: NDArray[np.float32], sr: float, transform: Any) -> NDArray[np.float32]:
    made = librosa.vqt if isinstance(transform, Vqt) else librosa.cqt
    names = transform.__dataclass_fields__
    magnitude = np.abs(made(y, sr=sr, **_given(transform, *names)))
    db = librosa.amplitude_to_db(magnitude, ref=1.0, top_db=None)
    return db[:, : 1 + len(y) // transform.hop_length]


def _mel(y: NDArray[np.float32], sr: float, t: Any, norm: Any, power: float) -> Any:
    return librosa.feature.melspectrogram(
        y=y,
        sr=sr,
        norm=norm,
        power=power,
        **_framing(t),
        **_given(t, "n_mels", "fmin", "fmax", "htk"),
    )


def _mfcc(y: NDArray[np.float32], sr: float, t: Mfcc) -> NDArray[np.float32]:
    S = librosa.power_to_db(_mel(y, sr, t, t.mel_norm, 2.0), ref=1.0, top_db=None)
    return librosa.feature.mfcc(S=S, **_given(t, "n_mfcc", "dct_type", "norm", "lifter"))


def _pcen(y: NDArray[np.float32], sr: float, t: Pcen) -> NDArray[np.float32]:
    y = y * np.float32(t.scale)
    if t.n_mels is None:
        S = np.abs(librosa.stft(y, **_framing(t))) ** t.spectrum_power
    else:
        S = _mel(y, sr, t, t.norm, t.spectrum_power)
    names = ("gain", "bias", "power", "time_constant", "eps", "b", "max_size")
    return librosa.pcen(S, sr=sr, hop_length=t.hop, **_given(t, *names)).astype(np.float32)


def _chroma(y: NDArray[np.float32], sr: float, t: Chroma) -> NDArray[np.float32]:
    names = ("norm", "tuning", "n_chroma", "ctroct", "octwidth", "base_c")
    return librosa.feature.chroma_stft(y=y, sr=sr, **_framing(t), **_given(t, *names))


def _reassigned(y: NDArray[np.float32], sr: float, t: Reassigned) -> NDArray[np.float32]:
    names = ("reassign_frequencies", "reassign_times", "ref_power", "fill_nan")
    hz, seconds, magnitude = librosa.reassigned_spectrogram(
        y, sr=sr, clip=False, **_framing(t), **_given(t, *names)
    )
    known = ~(np.isnan(hz) | np.isnan(seconds))
    own = np.arange(magnitude.shape[1]) * t.hop / sr
    half = (t.n_fft // 2) / sr
    seconds = np.clip(np.clip(seconds, own - half, own + half), 0.0, len(y) / sr)
    frame = np.floor(np.where(known, seconds, 0.0) * sr / t.hop + 0.5).astype(int)
    bins = np.floor(np.clip(np.where(known, hz, 0.0), 0.0, sr / 2) * t.n_fft / sr + 0.5).astype(int)
    shape = 1 + t.n_fft // 2, t.n_frames(len(y))
    power = np.zeros(shape)
    places = np.minimum(bins, shape[0] - 1), np.minimum(frame, shape[1] - 1)
    np.add.at(power, (places[0][known], places[1][known]), magnitude[known].astype(np.float64) ** 2)
    return librosa.power_to_db(power, ref=1.0, top_db=None).astype(np.float32)


_MAKERS: dict[type, Any] = {
    Cqt: _constant_q,
    Vqt: _constant_q,
    Mfcc: _mfcc,
    Pcen: _pcen,
    Chroma: _chroma,
    Reassigned: _reassigned,
}
