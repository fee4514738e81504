"""Words for a change, as a person reads them beside "Undo".

Invariant: the words are the same whether the change came from the mouse, a key or Python.
"""

from __future__ import annotations

import numpy as np

from specwidget.annotations.columns import Columns, differences
from specwidget.annotations.delta import Delta

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
_STATUS_VERBS = {"accepted": "accept", "rejected": "reject", "draft": "mark as draft"}


def describe(delta: Delta) -> str:
    """Name what a change did, such as ``"add song"`` or ``"move 3 annotations"``."""
    kinds = [rows for rows in (delta.removed, delta.after, delta.added) if len(rows)]
    if len(kinds) > 1:
        return f"change {len(delta)} annotations"
    if len(delta.added):
        return f"add {_what(delta.added)}"
    if len(delta.removed):
        return f"remove {_what(delta.removed)}"
    if delta.columns_changed:
        return "change columns"
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
