"""Plans that give rows other times, bands, labels or states, and keep each of them.

Invariant: a plan moves nothing beyond the recording, and never turns a row around: rows that are
moved together stop together. ``js/src/shaping.ts`` are the same plans for a view;
``tests/protocol/operations.json`` holds both to one meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import numpy as np

from specwidget.annotations.cells import Mask, read_cells
from specwidget.annotations.checks import Bounds
from specwidget.annotations.columns import Columns
from specwidget.annotations.geometry import GeometryKind
from specwidget.annotations.problems import quoted, refuse, show
from specwidget.annotations.revising import Revision
from specwidget.annotations.schema import COLUMNS, Array
from specwidget.errors import AnnotationError

__all__ = [
    "EDGES",
    "Edge",
    "convert",
    "mark",
    "move_boundary",
    "nudge",
    "relabel",
    "rename",
    "shifts",
]

Edge: TypeAlias = Literal["start", "end"]
EDGES: Final[tuple[Edge, ...]] = ("start", "end")

_TOUCHING: Final = 1e-9
"""Seconds by which boundaries that are one may differ."""


def relabel(rows: Columns, bounds: Bounds, *, label: object) -> Revision:
    """Give all rows one label."""
    cells, _ = read_cells(COLUMNS["label"], [label], lambda _: "the new label")
    return Revision(rows.replaced({"label": np.full(len(rows), cells[0], dtype=object)}))


def rename(rows: Columns, bounds: Bounds, *, names: Mapping[str, object]) -> Revision:
    """Give rows the label that stands for the one they have, if any does."""
    new, _ = read_cells(COLUMNS["label"], list(names.values()), lambda n: f"new label {n}")
    known = dict(zip(names, new.tolist(), strict=True))
    labels = np.array([known.get(label, label) for label in rows["label"].tolist()], dtype=object)
    return Revision(rows.replaced({"label": labels}))


def mark(
    rows: Columns,
    bounds: Bounds,
    *,
    status: str,
    low: float | None = None,
    high: float | None = None,
    drafts_only: bool,
) -> Revision:
    """Give rows another status: all of them, or drafts with a score in ``[low, high)``."""
    chosen = np.ones(len(rows), dtype=np.bool_)
    if drafts_only:
        chosen &= rows["status"] == "draft"
    if low is not None:
        chosen &= rows["score"] >= low
    if high is not None:
        chosen &= rows["score"] < high
    return Revision(rows.replaced({"status": np.where(chosen, status, rows["status"])}))


# --- in time and frequency -----------------------------------------------------------------------


def nudge(rows: Columns, bounds: Bounds, *, by: float, freq: float, edge: Edge | None) -> Revision:
    """Move rows, or one edge of each, by as much as all of them can."""
    start, end = rows["start"], rows["end"]
    low, high = rows["low_freq"], rows["high_freq"]
    if by and np.isnan(start).all():
        _refuse_all("it labels the whole recording, and has no time", rows, "name others")
    if freq and np.isnan(low).all() and np.isnan(high).all():
        _refuse_all("it has no band", rows, "convert it to a box first")
    points = start == end
    starts = points | (edge != "end")
    ends = points | (edge != "start")
    dt = shifts(start, end, starts, ends, by, bounds)
    moved = {"start": np.where(starts, start + dt, start), "end": np.where(ends, end + dt, end)}
    df = _within(freq, -_least(np.r_[low, high]), bounds.nyquist - _most(np.r_[low, high]))
    return Revision(rows.replaced({**moved, "low_freq": low + df, "high_freq": high + df}))


def shifts(start: Array, end: Array, starts: Mask, ends: Mask, by: float, bounds: Bounds) -> float:
    """Give how far edges can move together: inside the recording, and not past the other edge."""
    least, most = -np.inf, np.inf
    least = max(least, -_least(start[starts & ~np.isnan(start)]))
    most = min(most, bounds.duration - _most(end[ends & ~np.isnan(end)]))
    room = np.maximum(0.0, end - start - 2 * bounds.half_sample)
    most = min(most, _least(room[starts & ~ends & ~np.isnan(room)]))
    least = max(least, -_least(room[ends & ~starts & ~np.isnan(room)]))
    return _within(by, least, most)


def convert(
    rows: Columns,
    bounds: Bounds,
    *,
    kind: GeometryKind,
    width: float,
    band: tuple[float, float],
    at: Literal["start", "centre", "end"],
) -> Revision:
    """Make rows of another kind of them."""
    start = np.where(np.isnan(rows["start"]), 0.0, rows["start"])
    end = np.where(np.isnan(rows["end"]), bounds.duration, rows["end"])
    low, high = rows["low_freq"], rows["high_freq"]
    nothing = np.full(len(rows), np.nan)
    if kind == "recording":
        start = end = low = high = nothing
    elif kind == "point":
        start = end = {"start": start, "centre": (start + end) / 2, "end": end}[at]
        low = high = nothing
    else:
        points = start == end
        begin = np.clip(start, 0.0, max(0.0, bounds.duration - width))
        start = np.where(points, begin, start)
        end = np.where(points, np.minimum(begin + width, bounds.duration), end)
        if kind == "interval":
            low = high = nothing
        else:
            none = np.isnan(low) & np.isnan(high)
            low = np.where(none, band[0], np.where(np.isnan(low), 0.0, low))
            high = np.where(none, band[1], np.where(np.isnan(high), bounds.nyquist, high))
    return Revision(rows.replaced({"start": start, "end": end, "low_freq": low, "high_freq": high}))


def move_boundary(rows: Columns, bounds: Bounds, *, time: float) -> Revision:
    """Move the boundary nearest to a time there, with all of its tier that lie on it."""
    start, end = rows["start"], rows["end"]
    if np.isnan(start).all():
        raise AnnotationError(f"there is no boundary to move to {show(time)} s; add an annotation")
    edges = np.r_[start, end]
    edges = edges[~np.isnan(edges)]
    distance = np.abs(edges - time)
    nearest = edges[distance == distance.min()].min()
    here = np.flatnonzero((start == nearest) | (end == nearest))[0]
    lane = rows["tier"] == rows["tier"][here]
    starts = lane & (np.abs(start - nearest) <= _TOUCHING)
    ends = lane & (np.abs(end - nearest) <= _TOUCHING)
    return Revision(
        rows.replaced({"start": np.where(starts, time, start), "end": np.where(ends, time, end)})
    )


def _least(values: Array) -> float:
    values = values[~np.isnan(values)]
    return float(values.min()) if len(values) else np.inf


def _most(values: Array) -> float:
    values = values[~np.isnan(values)]
    return float(values.max()) if len(values) else -np.inf


def _within(value: float, low: float, high: float) -> float:
    return float(max(low, min(high, value)))


def _refuse_all(problem: str, rows: Columns, way_out: str) -> None:
    bad = np.ones(len(rows), dtype=np.bool_)
    refuse(problem, bad, quoted(rows.ids), lambda n: f"label={show(rows['label'][n])}", way_out)
