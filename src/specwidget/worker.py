"""Work in the background that is not to keep tiles waiting: one thread, first come, first served.

The thread ends by itself when there is no work, and with the interpreter.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

__all__ = ["Worker"]

_log = logging.getLogger("specwidget")

IDLE_SECONDS = 10.0


class Worker:
    """Carries out jobs, one after the other, on a thread of its own."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._jobs: deque[Callable[[], None]] = deque()
        self._thread: threading.Thread | None = None
        self._closed = False

    def run(self, job: Callable[[], None]) -> bool:
        """Have something done; False if the worker is closed, and it will not be."""
        with self._changed:
            if self._closed:
                return False
            self._jobs.append(job)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="specwidget-worker", daemon=True
                )
                self._thread.start()
            self._changed.notify()
        return True

    def close(self) -> None:
        """End, without the jobs that have not begun. May be called twice."""
        with self._changed:
            self._closed = True
            self._jobs.clear()
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._jobs:
                    if self._closed or not self._changed.wait(IDLE_SECONDS):
                        if self._jobs:
                            continue
                        self._thread = None
                        return
                job = self._jobs.popleft()
            try:
                job()
            except Exception:  # a job answers for itself; the thread goes on
                _log.exception("a job in the background failed")
