"""Sources of a person's own: what they say is checked, and what goes wrong in them is said."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_int, check_number
from specwidget.audio.arrays import MAX_CHANNELS
from specwidget.audio.base import BaseSource
from specwidget.audio.condition import Damage
from specwidget.errors import AudioDataError, AudioFileError, ParameterError

__all__ = ["ObjectSource", "is_source"]


def is_source(audio: object) -> bool:
    """Whether something has what a source must have."""
    return callable(getattr(audio, "read", None)) and all(
        hasattr(audio, name) for name in ("sr", "n_samples", "n_channels")
    )


class ObjectSource(BaseSource):
    """An object with `sr`, `n_samples`, `n_channels` and ``read(start, stop)``.

    It may also have `name`, `peak`, `warning`, `damage`, `fingerprint`, and ``thread_safe=True``,
    without which it is asked by one thread at a time.

    Parameters
    ----------
    source : object
        As described.

    Raises
    ------
    ParameterError, ParameterTypeError
        Its numbers make no sense.
    """

    def __init__(self, source: Any) -> None:
        sr = check_number("audio.sr", source.sr)
        if sr <= 0:
            raise ParameterError(f"audio.sr={sr:g} makes no sense; give samples per second")
        peak = getattr(source, "peak", None)
        name = getattr(source, "name", None)
        super().__init__(
            name if isinstance(name, str) and name else type(source).__name__,
            int(sr) if sr.is_integer() else sr,
            check_int("audio.n_channels", source.n_channels, 1, MAX_CHANNELS),
            check_int("audio.n_samples", source.n_samples, 1),
            None if peak is None else check_number("audio.peak", peak, 0.0),
        )
        self._source = source
        self._lock = nullcontext() if getattr(source, "thread_safe", False) else threading.Lock()

    @property
    def warning(self) -> str | None:
        """What the object warns of, and what was found while it was read."""
        own = getattr(self._source, "warning", None)
        return "; ".join(str(text) for text in (own, super().warning) if text) or None

    @property
    def damage(self) -> tuple[Damage, ...]:
        """What the object says is damaged, and what was found while it was read."""
        own = getattr(self._source, "damage", None) or ()
        return tuple(sorted([*(Damage(*one) for one in own), *super().damage]))

    def fingerprint(self) -> str | None:
        fingerprint: Callable[[], object] | None = getattr(self._source, "fingerprint", None)
        key = fingerprint() if callable(fingerprint) else None
        return None if key is None else str(key)

    def _fetch(self, start: int, stop: int) -> NDArray[np.float32]:
        try:
            with self._lock:
                given = np.asarray(self._source.read(start, stop))
        except OSError as error:
            raise self._failed(start, stop, error) from error
        except Exception as error:  # whatever it is, it is of the object's own
            reason = f"{type(error).__name__}: {error}"
            raise AudioFileError(self._cannot(start, stop, reason)) from error
        out = self._checked(given, start, stop)
        self._condition.note_not_finite(out, start, self.sr, self.name)
        return out

    def _checked(self, given: NDArray[Any], start: int, stop: int) -> NDArray[np.float32]:
        asked = f"{self.name}: read({start}, {stop}) gave"
        if given.ndim == 1 and self.n_channels == 1:
            given = given.reshape(1, -1)
        wanted = (self.n_channels, stop - start)
        if given.shape != wanted:
            raise AudioDataError(
                f"{asked} shape={given.shape}; it has to give (n_channels, stop - start), which "
                f"is {wanted}"
            )
        if given.dtype.kind != "f":
            raise AudioDataError(
                f"{asked} dtype={given.dtype}; it has to give float32, full scale at 1"
            )
        with np.errstate(over="ignore", invalid="ignore"):
            return np.ascontiguousarray(given, np.float32)
