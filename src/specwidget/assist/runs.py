"""The runs of assistants that are under way in one widget.

Invariant: no two of one name at a time, so that a name tells which run is meant.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from specwidget._check import shown
from specwidget.assist.run import AssistRun
from specwidget.errors import ParameterError

__all__ = ["Runs"]

_MOST = 16
_CLOSE_SECONDS = 2.0


class Runs:
    """Runs by name.

    Parameters
    ----------
    tell : callable
        Gets a run whenever something has changed with it; may be called on any thread.
    """

    def __init__(self, tell: Callable[[AssistRun], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._running: dict[str, AssistRun] = {}
        self._closed = False

    def start(self, run: AssistRun) -> None:
        """Begin a run.

        Raises
        ------
        ParameterError
            One of the same name is under way, or too many are.
        """
        with self._lock:
            if self._closed:
                raise ParameterError("the widget was closed; run its cell again")
            if run.name in self._running:
                raise ParameterError(
                    f"{shown(run.name)} is running; wait for it or cancel it, or give another name="
                )
            if len(self._running) >= _MOST:
                raise ParameterError(f"{_MOST} assistants are running; wait for one of them")
            self._running[run.name] = run
        run.start()

    def changed(self, run: AssistRun) -> None:
        """Take note of how a run stands."""
        if run.state != "running":
            with self._lock:
                if self._running.get(run.name) is run:
                    del self._running[run.name]
        self._tell(run)

    def cancel(self, name: str) -> None:
        """Cancel the run of a name, if there is one."""
        with self._lock:
            run = self._running.get(name)
        if run is not None:
            run.cancel()

    def running(self) -> list[AssistRun]:
        """Return the runs under way."""
        with self._lock:
            return list(self._running.values())

    def close(self) -> None:
        """Cancel all, and wait a little for them to end. May be called twice."""
        with self._lock:
            self._closed = True
            running = list(self._running.values())
        for run in running:
            run.cancel()
        for run in running:
            run.wait(_CLOSE_SECONDS)
