"""Which pieces of work are being done, and which one a thread is to do next.

A thread goes on with the piece after its last one, so that it reads a recording on; it begins anew
where no other thread is about to come.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["Claims"]

# Pieces that a thread has for itself, one after the other.
RUN = 8
# Threads come and go; those that worked last are remembered.
THREADS = 4


class Claims:
    """Pieces of work by their numbers, each done by one thread at a time.

    Examples
    --------
    >>> claims = Claims()
    >>> lacks = lambda first: first if first < 3 else None
    >>> claims.take(0, lacks), claims.take(0, lacks)
    (0, 1)
    >>> claims.release(1)
    >>> claims.take(0, lacks)
    2
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: set[int] = set()
        self._last: dict[int, int] = {}

    def take(self, first: int, lacks: Callable[[int], int | None]) -> int | None:
        """Return the number of a piece that is this thread's now, or None if there is none.

        Parameters
        ----------
        first : int
            The least number.
        lacks : callable
            Gives the first number that is not done, from a number on; or None.
        """
        me = threading.get_ident()
        with self._lock:
            found = self._next(me, first, lacks)
            if found is not None:
                self._taken.add(found)
                self._last.pop(me, None)
                self._last[me] = found
                for thread in list(self._last)[:-THREADS]:
                    del self._last[thread]
            return found

    def release(self, number: int) -> None:
        """Have a piece done with, or given up."""
        with self._lock:
            self._taken.discard(number)

    def _next(self, me: int, first: int, lacks: Callable[[int], int | None]) -> int | None:
        after = self._last.get(me, first - 1) + 1
        if after > first and after not in self._taken and lacks(after) == after:
            return after
        others = {last // RUN for thread, last in self._last.items() if thread != me}
        free: int | None = None
        at = lacks(first)
        while at is not None:
            if at // RUN in others:
                if free is None and at not in self._taken:
                    free = at
                at = lacks((at // RUN + 1) * RUN if free is not None else at + 1)
            elif at in self._taken:
                at = lacks(at + 1)
            else:
                return at
        return free
