"""One run of an assistant: on a thread of its own, with progress, to be waited for or cancelled.

Invariant: a run ends once, as done, cancelled or failed, and adds all it has found or nothing.
Whatever an assistant raises ends its run and nothing else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Literal, TypeAlias

import pandas as pd

from specwidget.assist.results import Row
from specwidget.assist.windows import Scan
from specwidget.errors import SpecWidgetError

__all__ = ["AssistRun", "RunState"]

RunState: TypeAlias = Literal["running", "done", "cancelled", "failed"]

_TELL_SECONDS = 0.2


class _Cancelled(BaseException):
    """Ends the work of a run that was cancelled."""


class AssistRun:
    """A run of an assistant; `SpecWidget.assist` makes them.

    Attributes
    ----------
    name : str
        The assistant's; the `source` of the rows that it adds.
    state : "running", "done", "cancelled" or "failed"
    total : float
        Seconds of sound to look through.
    text : str
        How it stands, in words.
    error : BaseException or None
        What the assistant raised.
    result : DataFrame or None
        The rows that were added, once it is done.
    """

    def __init__(
        self,
        name: str,
        total: float,
        work: Callable[[], Scan],
        finish: Callable[[list[Row]], pd.DataFrame],
        tell: Callable[[AssistRun], None],
    ) -> None:
        self.name = name
        self.total = total
        self.state: RunState = "running"
        self.text = ""
        self.error: BaseException | None = None
        self.result: pd.DataFrame | None = None
        self._fraction = 0.0
        self._work = work
        self._finish = finish
        self._tell = tell
        self._told = 0.0
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="specwidget-assist", daemon=True)

    def __repr__(self) -> str:
        return f"<AssistRun {self.name}: {self.state}, {self.text or f'{self.progress:.0%}'}>"

    @property
    def progress(self) -> float:
        """What part of the sound has been looked through, from 0 to 1."""
        return self._fraction

    @property
    def n(self) -> int:
        """How many rows were added."""
        return 0 if self.result is None else len(self.result)

    def start(self) -> None:
        """Begin."""
        self._tell(self)
        self._thread.start()

    def cancel(self) -> None:
        """Ask it to end; it does when the function that it runs next returns or yields."""
        self._stop.set()

    def wait(self, timeout: float | None = None) -> AssistRun:
        """Wait until it has ended, or so many seconds; whether it has is in `state`."""
        self._ended.wait(timeout)
        return self

    def _run(self) -> None:
        try:
            rows = self._scan()
            self._check()
            self.result = self._finish(rows)
            self._fraction, self.state = 1.0, "done"
            self.text = f"{len(rows)} found"
        except _Cancelled:
            self.state, self.text = "cancelled", "cancelled"
        except BaseException as error:  # also what would end a thread silently, such as SystemExit
            self.error, self.state = error, "failed"
            ours = isinstance(error, SpecWidgetError)
            self.text = str(error) if ours else f"{type(error).__name__}: {error}"
        try:
            self._tell(self)
        finally:
            self._ended.set()

    def _scan(self) -> list[Row]:
        self._check()
        with closing(self._work()) as steps:
            while True:
                try:
                    self._fraction = max(self._fraction, min(1.0, next(steps)))
                except StopIteration as end:
                    rows: list[Row] = end.value
                    return rows
                self._check()
                now = time.monotonic()
                if now - self._told > _TELL_SECONDS:
                    self._told = now
                    self._tell(self)

    def _check(self) -> None:
        if self._stop.is_set():
            raise _Cancelled
