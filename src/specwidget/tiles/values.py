"""The numbers of a spectrogram, as they are and not as bytes: those of the whole recording's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_int
from specwidget.audio.signal import ChannelSignal
from specwidget.audio.source import AudioSource, ChannelSpec, check_channel
from specwidget.errors import ParameterError
from specwidget.tiles.grid import ranges, step_frames
from specwidget.transforms.base import Transform

__all__ = ["spectrogram_db"]


def spectrogram_db(
    source: AudioSource,
    transform: Transform,
    start_frame: int,
    stop_frame: int,
    channel: ChannelSpec,
    *,
    exact: bool = True,
) -> NDArray[np.float32]:
    """Return the frames ``[start_frame, stop_frame)`` of one channel; dB have ref=1.0.

    Parameters
    ----------
    source : AudioSource
        The recording.
    transform : Transform
        Such as `Stft` or `MelSpectrogram`.
    start_frame, stop_frame : int in 0..n_frames
        Frame f is centred at sample ``f * transform.hop``.
    channel : int or "mix"
        A channel, or the mean of all.
    exact : bool
        True for librosa's numbers, False for a faster float32 transform.

    Returns
    -------
    np.ndarray, float32 [shape=(n_bins, stop_frame - start_frame)]
        The same numbers as in the transform of the whole recording, padded with zeros at its
        true ends only.

    Raises
    ------
    ParameterError, ParameterTypeError
        The range or the channel does not exist.
    AudioFileError
        The samples cannot be read.

    Examples
    --------
    >>> from specwidget.audio import open_audio
    >>> from specwidget.transforms import Stft
    >>> source = open_audio(np.ones(64, np.float32), sr=8)
    >>> spectrogram_db(source, Stft(n_fft=4, window="boxcar"), 3, 5, 0).round(1)
    array([[  12.,   12.],
           [-100., -100.],
           [-100., -100.]], dtype=float32)
    """
    n_frames = transform.n_frames(source.n_samples)
    start = check_int("start_frame", start_frame, 0, n_frames)
    stop = check_int("stop_frame", stop_frame, 0, n_frames)
    if stop < start:
        raise ParameterError(f"stop_frame={stop} is before start_frame={start}; swap them")
    channel = check_channel(channel, source.n_channels)
    out = np.empty((transform.n_rows(source.sr), stop - start), np.float32)
    signal = ChannelSignal(source, channel)
    for first, last in ranges(start, stop, step_frames(transform)):
        out[:, first - start : last - start] = transform.values(signal, first, last, exact=exact)
    return out
