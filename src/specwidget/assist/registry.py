"""The assistants that a widget offers, by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from specwidget._check import shown
from specwidget.assist.onsets import FindOnsets
from specwidget.assist.similar import FindSimilar
from specwidget.assist.sounds import FindSounds
from specwidget.errors import ParameterError, ParameterTypeError

__all__ = ["Assistants", "built_in", "name_of", "needs_of"]

_MOST = 100
_LONGEST_NAME = 100
_LONGEST_DOC = 200


def built_in() -> dict[str, Any]:
    """Return the assistants that every widget has, by their names."""
    return {"find_sounds": FindSounds(), "find_onsets": FindOnsets(), "find_similar": FindSimilar()}


class Assistants(MutableMapping[str, Any]):
    """Assistants by name; what is put in or taken out is told.

    Parameters
    ----------
    assistants : Mapping
        Name -> function of ``(y, sr)``.
    changed : callable
        Called after every change.

    Examples
    --------
    >>> assistants = Assistants(built_in(), lambda: None)
    >>> assistants["mine"] = lambda y, sr: [(0.0, 1.0, "start")]
    >>> list(assistants)
    ['find_sounds', 'find_onsets', 'find_similar', 'mine']
    """

    def __init__(self, assistants: Mapping[str, Any], changed: Callable[[], None]) -> None:
        self._changed: Callable[[], None] = lambda: None
        self._functions: dict[str, Any] = {}
        self.update(assistants)
        self._changed = changed

    def __getitem__(self, name: str) -> Any:
        return self._functions[name]

    def __setitem__(self, name: str, f: Any) -> None:
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
            raise ParameterTypeError(
                f"assistants: {shown(name)} is no name; give text of 1 to {_LONGEST_NAME} "
                "characters"
            )
        if not callable(f):
            raise ParameterTypeError(
                f"assistants[{name!r}]={shown(f)} is no function; give a function of (y, sr)"
            )
        if name not in self._functions and len(self._functions) >= _MOST:
            raise ParameterError(f"assistants: {_MOST} are the most; take one out first")
        self._functions[name] = f
        self._changed()

    def __delitem__(self, name: str) -> None:
        del self._functions[name]
        self._changed()

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._functions))

    def __len__(self) -> int:
        return len(self._functions)

    def __repr__(self) -> str:
        return f"<assistants: {', '.join(self._functions) or 'none'}>"

    def to_json(self) -> list[dict[str, str | None]]:
        """Return what a menu needs: ``name``, ``doc`` and ``needs`` of each."""
        return [
            {"name": name, "doc": _doc(f), "needs": needs_of(f)}
            for name, f in self._functions.items()
        ]


def name_of(f: Any) -> str:
    """Return what an assistant is called where nobody has named it."""
    name = getattr(f, "name", None) or getattr(f, "__name__", None) or type(f).__name__
    return "assistant" if name == "<lambda>" else str(name)[:_LONGEST_NAME]


def needs_of(f: Any) -> str | None:
    """Return ``"selection"`` for an assistant that looks for what is selected."""
    return "selection" if getattr(f, "needs", None) == "selection" else None


def _doc(f: Any) -> str:
    text = inspect.getdoc(f if inspect.isroutine(f) else type(f)) or ""
    return text.strip().split("\n\n")[0].replace("\n", " ")[:_LONGEST_DOC]
