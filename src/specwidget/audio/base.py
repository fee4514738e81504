"""What all sources have in common: ranges are clipped, and what is wrong is kept and told."""

from __future__ import annotations

import errno
from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.condition import Condition, Damage
from specwidget.errors import AudioFileError, AudioUnavailableError

__all__ = ["BaseSource"]


class BaseSource(ABC):
    """A recording of known shape.

    Parameters
    ----------
    name : str
        What the recording is called.
    sr : int or float > 0
        Samples per second.
    n_channels, n_samples : int
        Its shape.
    peak : float, optional
        Largest absolute sample, or a bound of it, where that is known.
    condition : Condition, optional
        What is known to be wrong with it.
    """

    def __init__(
        self,
        name: str,
        sr: float,
        n_channels: int,
        n_samples: int,
        peak: float | None = None,
        condition: Condition | None = None,
    ) -> None:
        self.name = name
        self.sr = sr
        self.n_channels = n_channels
        self.n_samples = n_samples
        self.peak = peak
        self._condition = Condition() if condition is None else condition

    def __repr__(self) -> str:
        return f"<{self.name}: {self.n_channels} x {self.n_samples} samples at {self.sr} Hz>"

    @property
    def warning(self) -> str | None:
        """What a person must know before trusting the picture, or None."""
        return self._condition.warning

    @property
    def damage(self) -> tuple[Damage, ...]:
        """Stretches ``(start, stop, reason)`` that cannot be read or trusted, as far as known."""
        return self._condition.damage

    def fingerprint(self) -> str | None:
        """Return a key of the content, or None where there is none to be had cheaply."""
        return None

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return samples ``[start, stop)``, clipped to the recording [shape=(n_channels, n)].

        Where some of a range cannot be read, the samples there are NaN, and `damage` and `warning`
        say so.

        Raises
        ------
        AudioFileError
            Nothing of the range can be read.
        """
        start, stop = max(0, start), min(stop, self.n_samples)
        if stop <= start:
            return np.zeros((self.n_channels, 0), np.float32)
        return self._fetch(start, stop)

    @abstractmethod
    def _fetch(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return samples ``[start, stop)``, which are in the recording [shape=(n_channels, n)]."""

    def _failed(self, start: int, stop: int, error: Exception) -> AudioFileError:
        """Return what to raise for a range that an error of the system keeps from being read."""
        kind = AudioUnavailableError if _passes(error) else AudioFileError
        return kind(self._cannot(start, stop, str(error) or type(error).__name__))

    def _cannot(self, start: int, stop: int, reason: str) -> str:
        """Return the message for a range that cannot be read."""
        return (
            f"{self.name}: samples {start} to {stop} (at {start / self.sr:.3f} s) cannot be read: "
            f"{reason}"
        )


def _passes(error: Exception) -> bool:
    """Whether an error is of the way to a recording, and not of the recording."""
    passing = (ConnectionError, TimeoutError, InterruptedError, BlockingIOError)
    return isinstance(error, passing) or getattr(error, "errno", None) == errno.ESTALE
