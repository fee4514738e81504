"""Words for a change, as a person reads them beside "Undo".

Invariant: the words are the same whether the change came from the mouse, a key or Python.
"""

from __future__ import annotations

import numpy as np

from specwidget.annotations.columns import Columns, differences
from specwidget.annotations.delta import Delta, State
from specwidget.annotations.geometry import kinds_of

__all__ = ["describe"]

_MAX_LABEL = 40
_TIMES = {"start", "end"}
_BAND = {"low_freq", "high_freq"}
_TOLERANCE = 1e-9
_VERBS = {
    "label": "relabel",
    "note": "edit the note of",
    "tier": "change the tier of",
    "channel": "change the channel of",
}
_KINDS = {
    "interval": ("an interval", "intervals"),
    "point": ("a point", "points"),
    "box": ("a box", "boxes"),
    "recording": ("a label of the recording", "labels of the recording"),
}
_STATUS_VERBS = {"accepted": "accept", "rejected": "reject", "draft": "mark as draft"}


def describe(delta: Delta, state: State) -> str:
    """Name what a change did, such as ``"add song"`` or ``"move 3 annotations"``.

    Parameters
    ----------
    delta : Delta
    state : State
        What there was before.
    """
    kinds = [rows for rows in (delta.removed, delta.after, delta.added) if len(rows)]
    if len(kinds) > 1:
        if _is_split(delta):
            return f"split {_what(delta.before)}"
        if _is_merge(delta, state):
            return f"merge {len(delta)} annotations"
        return f"change {len(delta)} annotations"
    if len(delta.added):
        return f"add {_what(delta.added)}"
    if len(delta.removed):
        return f"remove {_what(delta.removed)}"
    if delta.columns_changed:
        return "change columns"
    kind = _new_kind(delta, state)
    if kind:
        return f"make {_what(delta.before)} {kind}"
    verb = _verb(delta.before, delta.after)
    if verb == "relabel" and len(delta.after) == 1:
        return verb
    return f"{verb} {_what(delta.before)}"


def _what(rows: Columns) -> str:
    if len(rows) > 1:
        return f"{len(rows)} annotations"
    label = str(rows["label"][0])
    if len(label) > _MAX_LABEL:
        label = label[: _MAX_LABEL - 1] + "…"
    return label or "annotation"


def _is_split(delta: Delta) -> bool:
    """Say whether rows were cut short, and others begin where they end now."""
    after, added = delta.after, delta.added
    if len(delta.removed) or len(after) != len(added) or "end" not in after.arrays:
        return False
    return "start" not in after.arrays and bool(np.all(added["start"] == after["end"]))


def _is_merge(delta: Delta, state: State) -> bool:
    """Say whether one row has grown over all that went."""
    if len(delta.added) or len(delta.after) != 1 or not len(delta.removed):
        return False
    [row] = state.places.find(delta.after.ids)
    there = delta.after.arrays
    start = there.get("start", state.columns["start"][row : row + 1])[0]
    end = there.get("end", state.columns["end"][row : row + 1])[0]
    gone = delta.removed
    return bool(np.all((gone["start"] >= start) & (gone["end"] <= end)))


def _new_kind(delta: Delta, state: State) -> str:
    """Name the kind that all rows are now, if all were of another."""
    changed = delta.after.arrays.keys() & (_TIMES | _BAND)
    if not changed:
        return ""
    before = state.columns.take(state.places.find(delta.after.ids))
    after = before.replaced({name: delta.after[name] for name in changed})
    old, new = kinds_of(before), kinds_of(after)
    if (old == new).any() or len(set(new.tolist())) > 1:
        return ""
    return _KINDS[new[0]][len(new) > 1]


def _verb(before: Columns, after: Columns) -> str:
    changed = differences(before, after).keys() - {"updated_at"}
    if changed and changed <= _TIMES | _BAND:
        moved = _is_moved(before, after, "start", "end") and _is_moved(
            before, after, "low_freq", "high_freq"
        )
        return "move" if moved else "resize"
    if changed == {"status"} and len(set(after["status"].tolist())) == 1:
        return _STATUS_VERBS[after["status"][0]]
    return _VERBS.get(changed.pop(), "change") if len(changed) == 1 else "change"


def _is_moved(before: Columns, after: Columns, low: str, high: str) -> bool:
    """Say whether both bounds went the same way by the same amount, or stayed."""
    if low not in before.arrays or high not in before.arrays:
        return low not in before.arrays and high not in before.arrays
    first, last = after[low] - before[low], after[high] - before[high]
    scale = np.maximum(np.abs(before[high]), np.abs(after[high]))
    stayed = (before[low] == after[low]) | (np.isnan(before[low]) & np.isnan(after[low]))
    stayed &= (before[high] == after[high]) | (np.isnan(before[high]) & np.isnan(after[high]))
    return bool(np.all(stayed | (np.abs(first - last) <= _TOLERANCE * np.maximum(scale, 1))))
