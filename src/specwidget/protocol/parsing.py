"""The border: JSON of unknown origin goes in, a dataclass with known bounds comes out.

Invariant: every number that passes is finite and within its bounds, every text has a length limit
and can be written as UTF-8, and an integer is not a boolean. Nothing behind this border asks
"is it there?". Members that are not of the protocol are left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from specwidget.annotations.operations import Add, Op, Remove, Scalar, Update
from specwidget.errors import ProtocolError
from specwidget.protocol.incoming import (
    AssistCancel,
    AssistRun,
    AudioGet,
    Edit,
    Hello,
    History,
    HistoryGet,
    Key,
    Message,
    Ping,
    SeriesGet,
    SpectrumGet,
    TilesCancel,
    TilesGet,
    TransformSet,
    ValueGet,
)

__all__ = ["VERSION", "is_text", "parse_message", "request_id"]

VERSION: Final = 1
MAX_KEYS: Final = 512
MAX_OPS: Final = 10_000
MAX_AUDIO_SAMPLES: Final = 2**20
MAX_TEXT: Final = 65_536
MAX_ROW_ID: Final = 256
MAX_COLUMNS: Final = 256
MAX_DRAWN: Final = 16_384
MAX_NAME: Final = 256
MAX_SELECTED: Final = 1_000
MAX_LEVEL: Final = 64
MAX_CHANNEL: Final = 9_999
MAX_SECONDS: Final = 1e9
MAX_HERTZ: Final = 1e9
_MAX_INT: Final = 2**53 - 1  # what a JavaScript number holds exactly

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_LAYER = re.compile(r"(?:spec|wave|layer(?:0|[1-9][0-9]{0,5}))/(?:mix|0|[1-9][0-9]{0,3})\Z")
_SERIES = re.compile(r"o(?:0|[1-9][0-9]{0,8})\.(?:0|[1-9][0-9]{0,3})\Z")


def parse_message(message: object, n_buffers: int = 0) -> Message:
    """Turn a message of the front end into one of the dataclasses above.

    Parameters
    ----------
    message : object
        What the comm delivered.
    n_buffers : int
        How many binary buffers came with it; no message of the front end has any.

    Returns
    -------
    Message
        Members that are not of the protocol are left out.

    Raises
    ------
    ProtocolError
        Its ``code`` is ``"bad-version"``, ``"unknown-type"``, ``"bad-key"`` (a tile address) or
        ``"bad-message"`` (all else).
    """
    if not isinstance(message, Mapping):
        raise _bad("a message", message, "a JSON object")
    version = message.get("v")
    if type(version) is not int or version != VERSION:
        raise _bad("v", version, f"{VERSION}", code="bad-version")
    kind = message.get("type")
    parser = _PARSERS.get(kind) if isinstance(kind, str) else None
    if parser is None:
        raise _bad("type", kind, f"one of {', '.join(_PARSERS)}", code="unknown-type")
    if n_buffers != 0:
        raise _bad("the number of buffers", n_buffers, "0")
    identifier = message.get("id")
    if not isinstance(identifier, str) or not _ID.match(identifier):
        raise _bad("id", identifier, "1 to 64 of the characters A-Z a-z 0-9 . _ -")
    return parser(identifier, message)


def request_id(message: object) -> str | None:
    """Find the id to answer under, in a message that may be anything.

    Parameters
    ----------
    message : object
        What the comm delivered.

    Returns
    -------
    str or None
        ``None`` if there is no valid id.
    """
    identifier = message.get("id") if isinstance(message, Mapping) else None
    return identifier if isinstance(identifier, str) and _ID.match(identifier) else None


# --- parsing -------------------------------------------------------------------------------------


def _show(value: object) -> str:
    """Write a value of unknown size briefly."""
    if isinstance(value, str):
        return repr(value[:80])
    if value is None or isinstance(value, bool | float):
        return repr(value)
    if isinstance(value, int):
        return repr(value) if value.bit_length() < 128 else "an enormous integer"
    return f"a {type(value).__name__}"


def _bad(name: str, value: object, wanted: str, *, code: str = "bad-message") -> ProtocolError:
    return ProtocolError(f"{name} is {_show(value)}, and should be {wanted}", code=code)


def _int(message: Mapping[str, Any], name: str, high: int = _MAX_INT, *, low: int = 0) -> int:
    value = message.get(name)
    if type(value) is not int or not low <= value <= high:
        raise _bad(name, value, f"an integer in [{low}, {high}]")
    return value


def _number(message: Mapping[str, Any], name: str, high: float) -> float:
    value = message.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= high:
        raise _bad(name, value, f"a number in [0, {high:g}]")
    return float(value)


def is_text(value: object, high: int) -> bool:
    if not isinstance(value, str) or len(value) > high:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _keys(message: Mapping[str, Any]) -> tuple[Key, ...]:
    keys = message.get("keys")
    if not isinstance(keys, list) or not 1 <= len(keys) <= MAX_KEYS:
        raise _bad("keys", keys, f"a list of 1 to {MAX_KEYS} tile keys")
    return tuple(_key(key) for key in keys)


def _key(key: object) -> Key:
    if isinstance(key, list) and len(key) == 3:
        layer, level, index = key
        if (
            isinstance(layer, str)
            and _LAYER.match(layer)
            and type(level) is int
            and 0 <= level <= MAX_LEVEL
            and type(index) is int
            and 0 <= index <= _MAX_INT
        ):
            return layer, level, index
        wanted = f'["spec/0" or "wave/mix" or ..., 0 to {MAX_LEVEL}, 0 or more]'
        raise _bad("a tile key", ", ".join(_show(part) for part in key), wanted, code="bad-key")
    raise _bad("a tile key", key, "[layer, level, index]", code="bad-key")


def _hello(identifier: str, message: Mapping[str, Any]) -> Hello:
    return Hello(identifier)


def _ping(identifier: str, message: Mapping[str, Any]) -> Ping:
    return Ping(identifier)


def _tiles_get(identifier: str, message: Mapping[str, Any]) -> TilesGet:
    return TilesGet(identifier, _int(message, "epoch"), _keys(message))


def _tiles_cancel(identifier: str, message: Mapping[str, Any]) -> TilesCancel:
    return TilesCancel(identifier, _int(message, "epoch"), _keys(message))


def _audio_get(identifier: str, message: Mapping[str, Any]) -> AudioGet:
    start = _int(message, "start")
    stop = _int(message, "stop", start + MAX_AUDIO_SAMPLES, low=start + 1)
    channel = message.get("channel")
    if channel in ("mix", "all"):
        return AudioGet(identifier, start, stop, channel)
    return AudioGet(identifier, start, stop, _int(message, "channel", MAX_CHANNEL))


def _one_channel(message: Mapping[str, Any]) -> int | Literal["mix"]:
    return "mix" if message.get("channel") == "mix" else _int(message, "channel", MAX_CHANNEL)


def _value_get(identifier: str, message: Mapping[str, Any]) -> ValueGet:
    channel = _one_channel(message)
    time = _number(message, "time", MAX_SECONDS)
    freq = _number(message, "freq", MAX_HERTZ)
    return ValueGet(identifier, _int(message, "epoch"), channel, time, freq)


def _edit(identifier: str, message: Mapping[str, Any]) -> Edit:
    ops = message.get("ops")
    if not isinstance(ops, list) or not 1 <= len(ops) <= MAX_OPS:
        raise _bad("ops", ops, f"a list of 1 to {MAX_OPS} operations")
    return Edit(identifier, _int(message, "base_rev"), tuple(_op(op) for op in ops))


def _op(op: object) -> Op:
    if not isinstance(op, Mapping):
        raise _bad("an operation", op, "a JSON object")
    kind = op.get("op")
    if kind == "add":
        return Add(_cells(op, "row"))
    if kind not in ("update", "remove"):
        raise _bad("op", kind, '"add", "update" or "remove"')
    identifier = op.get("id")
    if not identifier or not is_text(identifier, MAX_ROW_ID):
        raise _bad("the id of an operation", identifier, f"1 to {MAX_ROW_ID} characters")
    return Remove(identifier) if kind == "remove" else Update(identifier, _cells(op, "set"))


def _cells(op: Mapping[str, Any], name: str) -> dict[str, Scalar]:
    cells = op.get(name)
    if not isinstance(cells, Mapping) or not 1 <= len(cells) <= MAX_COLUMNS:
        raise _bad(name, cells, f"an object of 1 to {MAX_COLUMNS} columns")
    for column, cell in cells.items():
        if not column or not is_text(column, MAX_ROW_ID):
            raise _bad("the name of a column", column, f"1 to {MAX_ROW_ID} characters")
        if not (
            cell is None
            or isinstance(cell, bool)
            or (isinstance(cell, int) and abs(cell) < 2**63)
            or (isinstance(cell, float) and math.isfinite(cell))
            or is_text(cell, MAX_TEXT)
        ):
            wanted = f"null, a boolean, a finite number or at most {MAX_TEXT} characters"
            raise _bad(f"column {column!r}", cell, wanted)
    return dict(cells)


def _history(identifier: str, message: Mapping[str, Any]) -> History:
    action = message.get("action")
    if action not in ("undo", "redo", "goto"):
        raise _bad("action", action, '"undo", "redo" or "goto"')
    if "of" not in message:
        raise _bad("of", None, "the id of a request, or null")
    of = message["of"]
    if of is not None and not (isinstance(of, str) and _ID.match(of)):
        raise _bad("of", of, "the id of a request, or null")
    step = _int(message, "step") if action == "goto" else None
    return History(identifier, action, of, step)


def _history_get(identifier: str, message: Mapping[str, Any]) -> HistoryGet:
    return HistoryGet(identifier)


def _transform_set(identifier: str, message: Mapping[str, Any]) -> TransformSet:
    transform = message.get("transform")
    if not isinstance(transform, Mapping) or not is_text(transform.get("type"), 64):
        raise _bad("transform", transform, 'an object with a "type"')
    if not _is_bounded(transform, depth=4):
        raise _bad("transform", transform, "parameters of finite numbers and short texts")
    return TransformSet(identifier, dict(transform))


def _between(message: Mapping[str, Any]) -> tuple[float, float]:
    start, end = _number(message, "start", MAX_SECONDS), _number(message, "end", MAX_SECONDS)
    if not start < end:
        raise _bad("end", end, "a number beyond start")
    return start, end


def _spectrum_get(identifier: str, message: Mapping[str, Any]) -> SpectrumGet:
    start, end = _between(message)
    columns = None
    if message.get("columns") is not None:
        columns = _int(message, "columns", MAX_DRAWN, low=1)
    channel = _one_channel(message)
    return SpectrumGet(identifier, _int(message, "epoch"), start, end, channel, columns)


def _series_get(identifier: str, message: Mapping[str, Any]) -> SeriesGet:
    series = message.get("series")
    if not isinstance(series, str) or not _SERIES.match(series):
        raise _bad("series", series, 'the id of a line, such as "o0.0"')
    start, end = _between(message)
    return SeriesGet(identifier, series, start, end, _int(message, "columns", MAX_DRAWN, low=1))


def _name(message: Mapping[str, Any]) -> str:
    name = message.get("name")
    if not name or not is_text(name, MAX_NAME):
        raise _bad("name", name, f"1 to {MAX_NAME} characters")
    return str(name)


def _assist_run(identifier: str, message: Mapping[str, Any]) -> AssistRun:
    name = _name(message)
    start: float | None = None
    end: float | None = None
    if message.get("start") is not None or message.get("end") is not None:
        start, end = _between(message)
    ids = message.get("ids")
    if (
        not isinstance(ids, list)
        or len(ids) > MAX_SELECTED
        or not all(is_text(one, MAX_ROW_ID) for one in ids)
    ):
        raise _bad("ids", ids, f"a list of at most {MAX_SELECTED} ids of annotations")
    return AssistRun(identifier, name, start, end, _one_channel(message), tuple(ids))


def _assist_cancel(identifier: str, message: Mapping[str, Any]) -> AssistCancel:
    return AssistCancel(identifier, _name(message))


def _is_bounded(value: object, depth: int) -> bool:
    """Say whether a JSON value is shallow, and small in each of its parts."""
    if value is None or isinstance(value, bool) or is_text(value, 256):
        return True
    if isinstance(value, int | float):
        return abs(value) <= _MAX_INT
    if depth == 0:
        return False
    if isinstance(value, list):
        return len(value) <= 65_536 and all(_is_bounded(item, depth - 1) for item in value)
    if isinstance(value, Mapping):
        return len(value) <= 64 and all(
            is_text(name, 64) and _is_bounded(item, depth - 1) for name, item in value.items()
        )
    return False


_PARSERS: Final[Mapping[str, Callable[[str, Mapping[str, Any]], Message]]] = {
    "hello": _hello,
    "ping": _ping,
    "tiles.get": _tiles_get,
    "tiles.cancel": _tiles_cancel,
    "audio.get": _audio_get,
    "value.get": _value_get,
    "edit": _edit,
    "history": _history,
    "history.get": _history_get,
    "transform.set": _transform_set,
    "spectrum.get": _spectrum_get,
    "series.get": _series_get,
    "assist.run": _assist_run,
    "assist.cancel": _assist_cancel,
}
