"""Open decoders, kept for the next reader; one thread at a time uses one.

A handle that has failed is closed and never used again. Whoever goes on where a handle stands,
gets that handle.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Generic, Protocol, TypeVar

__all__ = ["Handle", "Handles"]

MOST_HANDLES = 4


class Handle(Protocol):
    """An open decoder."""

    position: int
    """The sample that it would give next."""

    def close(self) -> Any:
        """Let go of it."""


H = TypeVar("H", bound=Handle)


class Handles(Generic[H]):
    """Up to a few handles of one recording, opened when there is none left.

    Parameters
    ----------
    make : callable
        Opens another.
    *handles
        Those that are open already.
    """

    def __init__(self, make: Callable[[], H], *handles: H) -> None:
        self._make = make
        self._idle = list(handles)
        self._free = MOST_HANDLES - len(handles)
        self._changed = threading.Condition()

    @contextmanager
    def use(self, start: int) -> Iterator[H]:
        """Lend a handle for a read from `start` on; wait for one where all are lent."""
        handle = self._take(start)
        try:
            if handle is None:
                handle = self._make()
            yield handle
        except BaseException:
            if handle is not None:
                with suppress(Exception):
                    handle.close()
            handle = None
            raise
        finally:
            with self._changed:
                if handle is None:
                    self._free += 1
                else:
                    self._idle.append(handle)
                self._changed.notify()

    def _take(self, start: int) -> H | None:
        with self._changed:
            self._changed.wait_for(lambda: self._idle or self._free)
            for place, handle in enumerate(self._idle):
                if handle.position == start:
                    return self._idle.pop(place)
            if self._idle:
                return self._idle.pop(0)  # The one longest unused: nobody will go on there.
            self._free -= 1
            return None
