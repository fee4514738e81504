"""Builders of the messages from the kernel to the front end.

Invariant: what a builder gives is strict JSON: no NaN, no infinity, no half of a surrogate pair.
Numbers that are not finite become null. The binary buffers travel beside it, in the same order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

from specwidget.protocol.incoming import Key
from specwidget.protocol.parsing import VERSION

__all__ = [
    "ErrorCode",
    "annotations_patch",
    "annotations_snapshot",
    "assist_state",
    "audio_data",
    "edit_reject",
    "error",
    "history_data",
    "ok",
    "progress",
    "series_data",
    "spectrum_data",
    "tile_data",
    "value",
]

ErrorCode: TypeAlias = Literal[
    "bad-message",
    "bad-version",
    "unknown-type",
    "bad-key",
    "stale-epoch",
    "audio",
    "bad-value",
    "internal",
]

_MAX_REASON = 4_000


def _envelope(kind: str, **members: Any) -> dict[str, Any]:
    return {"v": VERSION, "type": kind, **members}


def _text(text: str) -> str:
    """Shorten a text for people, and make it one that can be written as UTF-8."""
    if len(text) > _MAX_REASON:
        text = text[: _MAX_REASON - 1] + "…"
    return text.encode("utf-8", "replace").decode("utf-8")


def _finite(number: float | None) -> float | None:
    return None if number is None or not math.isfinite(number) else float(number)


def annotations_snapshot(
    *,
    id: str | None,
    rev: int,
    n: int,
    columns: Iterable[Mapping[str, Any]],
    extras: Mapping[str, Mapping[str, Any]],
    undo: str | None,
    redo: str | None,
) -> dict[str, Any]:
    """Every annotation there is; answers ``hello``, and ``edit`` and ``history`` of many rows.

    Parameters
    ----------
    id : str or None
        The request this answers; ``None`` if it comes unasked.
    rev : int
        Revision of the table.
    n : int
        Number of rows.
    columns : iterable of Mapping
        As `annotations.packing.pack` gives them; the buffers beside them are the message's.
    extras : Mapping
        Column of the user's -> what it holds, as `kinds_json` gives it.
    undo, redo : str or None
        What the next step back and forth would undo and redo.
    """
    return _envelope(
        "annotations.snapshot",
        id=id,
        rev=rev,
        n=n,
        columns=list(columns),
        extras=dict(extras),
        undo=undo,
        redo=redo,
    )


def annotations_patch(
    *,
    edit_id: str | None,
    rev: int,
    ops: Iterable[Mapping[str, Any]],
    undo: str | None,
    redo: str | None,
    extras: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """One change of the table, complete; answers ``edit`` and ``history``, or comes unasked.

    Parameters
    ----------
    edit_id : str or None
        The request this answers.
    rev : int
        Revision after the change; the one before it is ``rev - 1``.
    ops : iterable of Mapping
        Operations in JSON, as `Change.ops` has them.
    undo, redo : str or None
        What the next step back and forth would undo and redo.
    extras : Mapping, optional
        Column of the user's -> what it holds, if that has changed.
    """
    more = {} if extras is None else {"extras": dict(extras)}
    return _envelope(
        "annotations.patch", edit_id=edit_id, rev=rev, ops=list(ops), undo=undo, redo=redo, **more
    )


def history_data(*, id: str, entries: Iterable[Mapping[str, Any]], at: int) -> dict[str, Any]:
    """Steps of the history.

    Parameters
    ----------
    id : str
        The request this answers.
    entries : iterable of Mapping
        ``step`` (from 1), ``text``, ``source``, ``time`` and ``rows`` of each, in order; of a long
        history those near ``at``.
    at : int
        The step that was done last, 0 if none is; those after it are undone.
    """
    return _envelope("history.data", id=id, entries=list(entries), at=at)


def edit_reject(*, id: str, reason: str) -> dict[str, Any]:
    """The edit or step in history ``id`` was refused, and nothing was changed."""
    return _envelope("edit.reject", id=id, reason=_text(reason))


def tile_data(
    *,
    id: str | None,
    epoch: int,
    tiles: Iterable[tuple[Key, int, bool]],
    last: bool,
) -> dict[str, Any]:
    """Some tiles, with one buffer for each.

    Parameters
    ----------
    id : str or None
        The request this answers, in part or in full; ``None`` if the tiles come unasked.
    epoch : int
        The epoch the tiles belong to.
    tiles : iterable
        For each tile its key, its number of columns, and whether it is exact.
    last : bool
        Whether the request has now had its answer.
    """
    members = [
        {"layer": layer, "level": level, "index": index, "columns": columns, "exact": exact}
        for (layer, level, index), columns, exact in tiles
    ]
    return _envelope("tile.data", id=id, epoch=epoch, tiles=members, last=last)


def audio_data(
    *, id: str | None, channel: int | str, start: int, stop: int, n_channels: int
) -> dict[str, Any]:
    """Samples to be heard, with one buffer: int16, planar [shape=(n_channels, stop - start)].

    Parameters
    ----------
    id : str or None
        The request this answers; ``None`` if the samples come unasked.
    channel : int, "mix" or "all"
        What is heard, as it can be asked for.
    start, stop : int
        Which samples.
    n_channels : int
        How many there are of them.
    """
    return _envelope(
        "audio.data", id=id, channel=channel, start=start, stop=stop, n_channels=n_channels
    )


def value(
    *,
    id: str,
    frame: int,
    bin: int,
    time: float,
    freq: float,
    db: float | None,
    sample: int,
    amplitude: float | None,
) -> dict[str, Any]:
    """The exact numbers at one place.

    Parameters
    ----------
    id : str
        The request this answers.
    frame, bin : int
        Frame and bin of the spectrogram.
    time, freq : float
        Their centres, in seconds and hertz.
    db : float
        The value there with ``ref=1.0``.
    sample : int
        Index of the nearest sample.
    amplitude : float
        Its value.
    """
    return _envelope(
        "value",
        id=id,
        frame=frame,
        bin=bin,
        time=_finite(time),
        freq=_finite(freq),
        db=_finite(db),
        sample=sample,
        amplitude=_finite(amplitude),
    )


def spectrum_data(
    *,
    id: str,
    start: float,
    end: float,
    channel: int | str,
    n: int,
    n_fft: int,
    n_frames: int,
    peaks: Iterable[tuple[float, float]],
) -> dict[str, Any]:
    """A spectrum, with one buffer: float32 [shape=(2, n)], Hz and dBFS.

    Parameters
    ----------
    id : str
        The request this answers.
    start, end : float
        Seconds, as they were asked for.
    channel : int or "mix"
        Likewise.
    n : int
        How many points there are.
    n_fft, n_frames : int
        Length of the FFT, and of how many frames it is the mean.
    peaks : iterable of (float, float)
        Hz and dBFS of the highest peaks, found between the bins.
    """
    return _envelope(
        "spectrum.data",
        id=id,
        start=start,
        end=end,
        channel=channel,
        n=n,
        n_fft=n_fft,
        n_frames=n_frames,
        peaks=[[freq, db] for freq, db in peaks],
    )


def series_data(
    *, id: str, series: str, start: float, end: float, columns: int, complete: bool
) -> dict[str, Any]:
    """A line of an overlay, with one buffer: float32 [shape=(3, columns)].

    The rows are minimum, maximum and mean, NaN where there is nothing. If it is not `complete`,
    some of it is still to be computed: whoever asks again gets more.
    """
    return _envelope(
        "series.data",
        id=id,
        series=series,
        start=start,
        end=end,
        columns=columns,
        complete=complete,
    )


def assist_state(
    *, name: str, state: str, done: float, total: float, text: str, n: int
) -> dict[str, Any]:
    """How the run of an assistant stands; comes unasked.

    Parameters
    ----------
    name : str
        The assistant's.
    state : "running", "done", "cancelled" or "failed"
    done, total : float
        Seconds of sound that it has looked through, and that there are.
    text : str
        In words: how many were found, or what went wrong.
    n : int
        How many annotations were added.
    """
    return _envelope(
        "assist.state",
        name=name,
        state=state,
        done=min(done, total),
        total=total,
        text=_text(text),
        n=n,
    )


def ok(*, id: str) -> dict[str, Any]:
    """The request was carried out, and there is nothing more to say."""
    return _envelope("ok", id=id)


def error(*, id: str | None, code: ErrorCode | str, message: str) -> dict[str, Any]:
    """The request ``id``, or something unasked, went wrong."""
    return _envelope("error", id=id, code=code, message=_text(message))


def progress(*, done: float, total: float, text: str) -> dict[str, Any]:
    """Work in the background has come to ``done`` of ``total``."""
    return _envelope("progress", done=min(done, total), total=total, text=_text(text))
