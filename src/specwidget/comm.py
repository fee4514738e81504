"""The widget's line to its views, spoken and listened to on several threads at once.

While a cell runs in the main thread, a kernel that has subshells takes up what a person does on
another, where the same traits are set. ipywidgets counts on one thread alone: here, what one thread
holds back or has just heard from a view concerns no other thread.

Invariant: in the end the views have the value that the trait has, whoever wrote it last.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import anywidget
import traitlets

__all__ = ["CommWidget"]


class _OneThread(threading.local):
    """What one thread is at."""

    def __init__(self) -> None:
        self.holding = False
        self.held: set[str] = set()
        self.heard: dict[str, Any] = {}
        self.listening = False


class CommWidget(anywidget.AnyWidget):
    """A widget whose traits may be set on the main thread and by its views at the same time."""

    def __init__(self, **traits: Any) -> None:
        self._thread = _OneThread()
        self._speaking = threading.RLock()
        self._spoke: dict[str, int] = {}
        super().__init__(**traits)

    # ipywidgets keeps these three for all threads together.

    @property
    def _holding_sync(self) -> bool:
        return self._thread.holding

    @_holding_sync.setter
    def _holding_sync(self, holding: bool) -> None:
        self._thread.holding = holding

    @property
    def _states_to_send(self) -> set[str]:
        return self._thread.held

    @property
    def _property_lock(self) -> dict[str, Any]:
        return self._thread.heard

    @_property_lock.setter
    def _property_lock(self, heard: dict[str, Any]) -> None:
        self._thread.heard = heard

    @contextlib.contextmanager
    def hold_trait_notifications(self) -> Iterator[None]:
        """Bundle changes, as traitlets does; a view's are checked and told one by one.

        traitlets would hold back, and leave unchecked, what other threads set meanwhile.
        """
        if self._thread.listening:
            yield
            return
        with super().hold_trait_notifications():
            yield

    def send_state(self, key: str | Iterable[str] | None = None) -> None:
        """Send traits as they are now; a later value never comes before an earlier one."""
        names = self.keys if key is None else [key] if isinstance(key, str) else list(key)
        with self._speaking:
            self._spoke.update(dict.fromkeys(names, threading.get_ident()))
            super().send_state(names)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take traits from a view, and tell it only of those that hold another value in the end."""
        with self._speaking:
            for name in sync_data:
                self._spoke.pop(name, None)
        self._thread.listening = True
        try:
            super().set_state(sync_data)
        finally:
            self._thread.listening = False
        me = threading.get_ident()
        crossed = [name for name in sync_data if self._spoke.get(name, me) != me]
        if crossed:
            self.send_state(crossed)

    @traitlets.observe("comm")
    def _listen_on_a_subshell(self, change: dict[str, Any]) -> None:
        """Have the kernel take up a view's messages on the thread the front end names.

        ipykernel 7.4 takes them up where the widget last spoke: in the main thread, once the cell
        that runs there has changed a trait, and then they wait for its end.
        """
        if hasattr(change["new"], "_reply_subshell_for"):
            change["new"]._reply_subshell_for = lambda data, default: default
