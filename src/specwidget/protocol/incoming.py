"""What the front end may say to the kernel: one frozen dataclass for each message.

Invariant: made by `parse_message` only, so every member is there, of its type, and within bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from specwidget.annotations.operations import Op

__all__ = [
    "AssistCancel",
    "AssistRun",
    "AudioGet",
    "Edit",
    "Hello",
    "History",
    "HistoryGet",
    "Key",
    "Message",
    "Ping",
    "SeriesGet",
    "SpectrumGet",
    "TilesCancel",
    "TilesGet",
    "TransformSet",
    "ValueGet",
]

Key: TypeAlias = tuple[str, int, int]
"""A tile's ``(layer, level, index)``."""


@dataclass(frozen=True, slots=True)
class Hello:
    """A page has come and wants the annotations."""

    id: str


@dataclass(frozen=True, slots=True)
class Ping:
    """A page has had no answer for a while, and wants to know whether messages are taken up."""

    id: str


@dataclass(frozen=True, slots=True)
class TilesGet:
    """These tiles are wanted, the most urgent first."""

    id: str
    epoch: int
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class TilesCancel:
    """These tiles are wanted no more."""

    id: str
    epoch: int
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class AudioGet:
    """Samples ``start`` (inclusive) to ``stop`` (exclusive) are wanted, to be heard."""

    id: str
    start: int
    stop: int
    channel: int | Literal["mix", "all"]


@dataclass(frozen=True, slots=True)
class ValueGet:
    """The exact number at a time (seconds) and a frequency (hertz) is wanted."""

    id: str
    epoch: int
    channel: int | Literal["mix"]
    time: float
    freq: float


@dataclass(frozen=True, slots=True)
class Edit:
    """Operations on the annotations, made while the page knew revision ``base_rev``."""

    id: str
    base_rev: int
    ops: tuple[Op, ...]


@dataclass(frozen=True, slots=True)
class History:
    """One step back or forth in the history of the annotations, or to any ``step`` of it.

    ``of`` is the request whose change is meant, where the page knows: if that one was refused,
    there is nothing to take back.
    """

    id: str
    action: Literal["undo", "redo", "goto"]
    of: str | None
    step: int | None


@dataclass(frozen=True, slots=True)
class HistoryGet:
    """The steps of the history are wanted, to be shown."""

    id: str


@dataclass(frozen=True, slots=True)
class TransformSet:
    """Another transform; its parameters are JSON, bounded in size, and not yet understood."""

    id: str
    transform: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SpectrumGet:
    """The spectrum between two times (seconds) is wanted, in at most so many points."""

    id: str
    epoch: int
    start: float
    end: float
    channel: int | Literal["mix"]
    columns: int | None


@dataclass(frozen=True, slots=True)
class SeriesGet:
    """A line of an overlay is wanted between two times (seconds), in so many columns."""

    id: str
    series: str
    start: float
    end: float
    columns: int


@dataclass(frozen=True, slots=True)
class AssistRun:
    """An assistant is to look through a span (seconds), or the whole recording.

    ``ids`` are the selected annotations, of which some assistants take the first as their example.
    """

    id: str
    name: str
    start: float | None
    end: float | None
    channel: int | Literal["mix"]
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AssistCancel:
    """The run of an assistant is to end."""

    id: str
    name: str


Message: TypeAlias = (
    Hello
    | Ping
    | TilesGet
    | TilesCancel
    | AudioGet
    | ValueGet
    | Edit
    | History
    | HistoryGet
    | TransformSet
    | SpectrumGet
    | SeriesGet
    | AssistRun
    | AssistCancel
)
