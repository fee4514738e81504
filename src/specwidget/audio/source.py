"""What a source of samples is, and how one channel is read of it.

A source is asked for ``[start, stop)`` in samples and gives float32 [shape=(n_channels, n)];
it may be asked by several threads at once.
"""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_int, shown
from specwidget.errors import ParameterError, ParameterTypeError

__all__ = ["AudioSource", "ChannelSpec", "channel_data", "check_channel", "read_channel"]

ChannelSpec: TypeAlias = int | Literal["mix"]
"""A channel's number, counted from 0, or ``"mix"`` for the mean of all channels."""

READ_VALUES = 1 << 20
"""Samples times channels that are read at a time."""


@runtime_checkable
class AudioSource(Protocol):
    """A recording that can be read anywhere."""

    @property
    def sr(self) -> float:
        """Samples per second; an int where it is integral."""

    @property
    def n_samples(self) -> int:
        """Length in samples."""

    @property
    def n_channels(self) -> int:
        """Number of channels."""

    @property
    def name(self) -> str:
        """The path as it was given, or ``"array"``."""

    @property
    def peak(self) -> float | None:
        """Largest absolute sample, or a bound of it, where that is cheaply known, else None."""

    # A source may also have:
    # - `warning`, a str or None: what a person must know before trusting its picture;
    # - `damage`, a tuple of ``(start_sample, stop_sample, reason)`` in order of time: stretches
    #   known to be unreadable or untrustworthy, where `read` gives NaN if it gives anything; what
    #   is missing at the end of a file cut short lies beyond `n_samples`;
    # - ``fingerprint()``, a str or None: a cheap key that changes when the content does;
    # - ``will_read(start, stop)``, which is told of many places before they are read one by one;
    # - ``read_places(starts, n)``, float32 [shape=(n_channels, n_places, n)], where it is quicker.
    # The first two may grow while it is read, from any thread.

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return samples ``[start, stop)``, clipped to the recording [shape=(n_channels, n)]."""


def check_channel(channel: object, n_channels: int) -> ChannelSpec:
    """Return `channel` if a recording of `n_channels` has it.

    Raises
    ------
    ParameterError, ParameterTypeError
        It is neither ``"mix"`` nor the number of a channel.
    """
    if isinstance(channel, str):
        if channel != "mix":
            raise ParameterError(f"channel={shown(channel)} is unknown; give a number or 'mix'")
        return "mix"
    if isinstance(channel, bool) or not isinstance(channel, (int, np.integer)):
        raise ParameterTypeError(f"channel={shown(channel)} is unknown; give a number or 'mix'")
    return check_int("channel", channel, 0, n_channels - 1)


def channel_data(block: NDArray[np.float32], channel: ChannelSpec) -> NDArray[np.float32]:
    """Return one channel of a block, or the mean of all as ``librosa.to_mono`` makes it.

    Parameters
    ----------
    block : np.ndarray, float32 [shape=(n_channels, n)]
        Samples as `AudioSource.read` gives them.
    channel : int or "mix"
        Which.

    Returns
    -------
    np.ndarray, float32 [shape=(n,)]

    Examples
    --------
    >>> channel_data(np.array([[1, 2], [3, 4]], dtype=np.float32), "mix")
    array([2., 3.], dtype=float32)
    """
    if channel == "mix":
        if block.shape[0] > 1:
            with np.errstate(invalid="ignore", over="ignore"):
                return np.asarray(block.mean(axis=0), dtype=np.float32)
        channel = 0
    one: NDArray[np.float32] = block[channel]
    return one


def read_channel(
    source: AudioSource, start: int, stop: int, channel: ChannelSpec
) -> NDArray[np.float32]:
    """Return one channel's samples ``[start, stop)``, zeros outside the recording.

    However long the range is, no more than a bounded number of samples of other channels is
    held at a time.

    Returns
    -------
    np.ndarray, float32 [shape=(stop - start,)]
    """
    out = np.zeros(max(0, stop - start), np.float32)
    first, last = max(start, 0), min(stop, source.n_samples)
    step = max(1, READ_VALUES // source.n_channels)
    for begin in range(first, last, step):
        end = min(begin + step, last)
        out[begin - start : end - start] = channel_data(source.read(begin, end), channel)
    return out
