"""Arrays that a thread makes once and uses again: fresh memory costs as much as what is done in it.

What an array holds is lost as soon as its thread asks for the same name again.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["Scratch"]


class Scratch(threading.local):
    """The arrays of the calling thread, by name.

    Examples
    --------
    >>> scratch = Scratch()
    >>> first = scratch.array("power", (2, 3), np.float32)
    >>> np.shares_memory(first, scratch.array("power", (3, 2), np.float32))
    True
    """

    def __init__(self) -> None:
        self._held: dict[str, NDArray[Any]] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return an array with any contents, contiguous, in the memory that has this name."""
        size = math.prod(shape)
        held = self._held.get(name)
        if held is None or held.size < size or held.dtype != dtype:
            held = self._held[name] = np.empty(size, dtype)
        return held[:size].reshape(shape)
