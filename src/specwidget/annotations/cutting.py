"""Plans by which rows become more, or fewer: split, merge, duplicate.

Invariant: nothing is lost: what splits can be merged to what there was, and all that rows say in
notes is kept. ``js/src/cutting.ts`` are the same plans for a view;
``tests/protocol/operations.json`` holds both to one meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from specwidget.annotations.cells import read_cells
from specwidget.annotations.checks import Bounds
from specwidget.annotations.columns import Columns
from specwidget.annotations.problems import quoted, refuse, show
from specwidget.annotations.revising import Revision
from specwidget.annotations.schema import ALL_CHANNELS, COLUMNS, Array
from specwidget.annotations.shaping import shifts
from specwidget.errors import AnnotationError

__all__ = ["duplicate", "merge", "split"]

_LEAST: Final = 1e-9
"""Seconds that a part has to last."""


def split(rows: Columns, bounds: Bounds, *, time: float) -> Revision:
    """Cut each row in two at a time inside it; the note stays with the first part."""
    start, end = rows["start"], rows["end"]
    inside = (time - start > _LEAST) & (end - time > _LEAST)
    if not inside.all():
        refuse(
            f"{show(time)} s does not lie inside",
            ~inside,
            quoted(rows.ids),
            lambda n: f"start={show(start[n])}, end={show(end[n])}",
            "name a time between start and end, or other annotations",
        )
    at = np.full(len(rows), float(time))
    blank = np.full(len(rows), "", dtype=object)
    return Revision(
        kept=rows.replaced({"end": at}), added=rows.replaced({"start": at, "note": blank})
    )


def merge(rows: Columns, bounds: Bounds) -> Revision:
    """Make one row of several: the first one, as long and as high as all of them together."""
    if len(rows) < 2:
        raise AnnotationError("there is nothing to merge; name two annotations or more")
    names = quoted(rows.ids)
    whole = np.isnan(rows["start"])
    if whole.any():
        refuse(
            "it labels the whole recording, and cannot be merged",
            whole,
            names,
            lambda n: f"label={show(rows['label'][n])}",
            "leave it out, or convert it first",
        )
    others = rows["tier"] != rows["tier"][0]
    if others.any():
        refuse(
            f"it lies in another tier than {names(0)}",
            others,
            names,
            lambda n: f"tier={show(rows['tier'][n])}",
            "merge within a tier, or give them the same tier first",
        )
    order = np.lexsort((rows["end"], rows["start"]))
    first = order[:1]
    channels = np.unique(rows["channel"])
    merged = {
        "start": np.min(rows["start"]),
        "end": np.max(rows["end"]),
        "low_freq": np.min(rows["low_freq"]),  # NaN, the full band, wins
        "high_freq": np.max(rows["high_freq"]),
        "channel": channels[0] if len(channels) == 1 else ALL_CHANNELS,
        "score": _lowest(rows["score"]),
        "note": _joined(rows["note"][order]),
    }
    kept = rows.take(first)
    return Revision(
        kept=kept.replaced({name: _single(kept[name], value) for name, value in merged.items()}),
        kept_at=first,
        removed_at=np.sort(order[1:]),
    )


def duplicate(rows: Columns, bounds: Bounds, *, by: float, cells: Mapping[str, Any]) -> Revision:
    """Copy rows, moved by as much as all of them can, with other cells in some columns."""
    every = np.ones(len(rows), dtype=np.bool_)
    dt = shifts(rows["start"], rows["end"], every, every, by, bounds)
    copies = rows.replaced({"start": rows["start"] + dt, "end": rows["end"] + dt})
    unknown = [name for name in cells if name not in COLUMNS or name == "id"]
    if unknown:
        raise AnnotationError(
            f"copies cannot be given {', '.join(map(show, unknown))}, but "
            f"{', '.join(name for name in COLUMNS if name != 'id')}"
        )
    for name, cell in cells.items():
        values, given = read_cells(COLUMNS[name], [cell], lambda _: "a copy")
        if given[0] or COLUMNS[name].nullable:
            copies = copies.replaced({name: np.repeat(values, len(rows))})
    return Revision(added=copies)


def _single(like: Array, value: object) -> Array:
    array = np.empty(1, dtype=like.dtype)
    array[0] = value
    return array


def _lowest(scores: Array) -> float:
    known = scores[~np.isnan(scores)]
    return float(known.min()) if len(known) else np.nan


def _joined(notes: Array) -> str:
    text = " ".join(note for note in notes.tolist() if note)
    if len(text) > COLUMNS["note"].max_length:
        raise AnnotationError(
            f"the notes together have {len(text)} characters; "
            f"{COLUMNS['note'].max_length} are the most, so shorten some first"
        )
    return text
